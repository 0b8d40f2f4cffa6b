//! Message passing: the tensor-product convolution over the edges of a graph.

use std::sync::Arc;

use burn::module::Module;

use super::dual::DualTensor;
use super::weighted_product::{ProductOperation, RowsOrEdges};
use super::weights::BelongsTo;
use super::{Dual, EdgeAttributes, Features, Init, Linear, NnError, RadialNetwork};
use crate::error::{check_degree, check_length};
use crate::kernels::{self, ActivationError, KernelError, ScalarFunction, SecondMoment, unreached};
use crate::{Irrep, Irreps};

/// What a [`Convolution`] is made of.
///
/// # Example
/// ```
/// use burn::tensor::Device;
/// use tesseral::nn::{Convolution, ConvolutionConfig, Init};
///
/// let config = ConvolutionConfig {
///     input: "8x0e".parse()?,
///     output: "4x0e + 4x1o".parse()?,
///     lmax: 2,
///     basis: 6,
///     hidden: vec![32],
///     neighbours: 12.0,
/// };
/// let layer = Convolution::new(&config, &mut Init::new(1, &Device::flex()))?;
/// // Of 8x0e times 0e+1o+2e, what is in the output, 0e and 1o: a weight for each of 8 channels.
/// assert_eq!(layer.num_edge_weights(), 2 * 8);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ConvolutionConfig {
    /// The irreps of the features that come in.
    pub input: Irreps,
    /// The irreps of the features that go out.
    pub output: Irreps,
    /// The degree of the edge harmonics.
    pub lmax: usize,
    /// The number of radial basis functions.
    pub basis: usize,
    /// The widths of the hidden layers of the radial network; for its function see
    /// [`Convolution::with_radial_activation`].
    pub hidden: Vec<usize>,
    /// The typical number of edges into a node: sums over them are divided by its square root.
    pub neighbours: f64,
}

/// One layer of a Tensor Field Network:
/// `z_i = W_out Σ_{j→i} w(|r|) (W_in x_j ⊗ Y(r)) / √neighbours + W_self x_i + b`.
///
/// Every channel of every path has its own weight from the radial network; only irreps of the
/// output are formed. The second term is a skip connection with self-interaction; biases are for
/// scalars. [`WeightedProduct::sum_messages`](super::WeightedProduct::sum_messages) is the sum alone.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use tesseral::graph::{Graph, SelfEdges};
/// use tesseral::nn::{Convolution, ConvolutionConfig, EdgeAttributes, Features, Init};
/// use tesseral::radial::Bessel;
///
/// let pair = Graph::complete(2, SelfEdges::Without);
/// let config = ConvolutionConfig {
///     input: "4x0e".parse()?,
///     output: "1x1o".parse()?,
///     lmax: 1,
///     basis: 4,
///     hidden: vec![8],
///     neighbours: pair.mean_degree(),
/// };
/// let device = Device::flex();
/// let layer = Convolution::new(&config, &mut Init::new(1, &device))?;
/// // Two alike atoms on the x axis: their vectors, (y, z, x), lie along it and are opposite.
/// let r = Tensor::from_data([[0.0, 0.0, 0.0], [1.5, 0.0, 0.0]], &device);
/// let edges = EdgeAttributes::new(pair, r, None, 1, Bessel::new(4, 3.0)?)?;
/// let atoms = Features::new(config.input, Tensor::ones([2, 4], &device))?;
/// let z = layer.forward(&atoms, &edges)?.values().to_data();
/// let z = z.as_slice::<f32>()?;
/// assert_eq!([z[0], z[1], z[3], z[4]], [0.0; 4]);
/// assert!(z[2] != 0.0 && (z[2] + z[5]).abs() < 1e-6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Module, Debug)]
pub struct Convolution {
    linear_in: Linear,
    radial: RadialNetwork,
    linear_out: Linear,
    skip: Linear,
    neighbours: f64,
    /// What the weights of the radial network are for.
    messages: BelongsTo,
    #[module(skip)]
    product: Arc<kernels::TensorProduct>,
}

impl Convolution {
    /// A layer with random weights.
    ///
    /// # Errors
    /// If a degree is above LMAX or has no coupling tensor, `neighbours` is not a finite number above
    /// zero, or neither messages nor the node itself reach a block of the output, which would be zero
    /// for ever ([`Convolution::with_unreached`] allows it).
    ///
    /// # Panics
    /// If the weights of a linear map are more than a `usize` counts.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::Device;
    /// use tesseral::nn::{Convolution, ConvolutionConfig, Init};
    ///
    /// let config = ConvolutionConfig {
    ///     input: "8x0e".parse()?,
    ///     output: "8x0e".parse()?,
    ///     lmax: 0,
    ///     basis: 4,
    ///     hidden: vec![16],
    ///     neighbours: 0.0,
    /// };
    /// assert_eq!(
    ///     Convolution::new(&config, &mut Init::new(1, &Device::flex())).unwrap_err().to_string(),
    ///     "`Convolution`: the number of neighbours is 0, expected a finite number above zero"
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(config: &ConvolutionConfig, init: &mut Init) -> Result<Self, NnError> {
        let layer = Self::with_unreached(config, init)?;
        layer.check_reached(config).map_err(NnError::in_layer("Convolution"))?;
        Ok(layer)
    }

    fn check_reached(&self, config: &ConvolutionConfig) -> Result<(), NnError> {
        let reached: Vec<bool> = self.output_mask();
        let blocks: Vec<bool> = config
            .output
            .slices()
            .into_iter()
            .map(|slice| !reached[slice].contains(&false))
            .collect();
        let inputs = format!("`{}` along edges to l = {}", config.input, config.lmax);
        Ok(unreached::check(&config.output, &blocks, inputs)?)
    }

    /// The same, where outputs are allowed that neither messages nor the features of the node reach:
    /// they are zero.
    ///
    /// # Errors
    /// As [`Convolution::new`] otherwise.
    pub fn with_unreached(config: &ConvolutionConfig, init: &mut Init) -> Result<Self, NnError> {
        Self::of_config(config, init).map_err(NnError::in_layer("Convolution"))
    }

    fn of_config(config: &ConvolutionConfig, init: &mut Init) -> Result<Self, NnError> {
        check_degree(config.lmax)?;
        if !(config.neighbours.is_finite() && config.neighbours > 0.0) {
            return Err(NnError::Neighbours { found: config.neighbours });
        }
        let harmonics = Irreps::spherical_harmonics(config.lmax);
        let wanted = |irrep: Irrep| config.output.count(irrep) > 0;
        let product = kernels::TensorProduct::convolution(&config.input, &harmonics, wanted)?;
        let product = product.in_parallel();
        let mut widths = vec![config.basis];
        widths.extend(&config.hidden);
        widths.push(product.num_weights());
        Ok(Convolution {
            linear_in: Linear::with_biases(&config.input, &config.input, false, init),
            radial: RadialNetwork::new(&widths, init),
            linear_out: Linear::with_unreached(product.output(), &config.output, false, init)?,
            skip: Linear::with_unreached(&config.input, &config.output, true, init)?,
            neighbours: config.neighbours,
            messages: BelongsTo::product(&product),
            product: Arc::new(product),
        })
    }

    /// The same with another function in the radial network, SiLU with [`SecondMoment::One`] by
    /// default; see [`RadialNetwork::with_activation`].
    ///
    /// # Errors
    /// If the function cannot be normalized as asked.
    pub fn with_radial_activation(
        self,
        function: ScalarFunction,
        moment: SecondMoment,
    ) -> Result<Self, ActivationError> {
        Ok(Convolution { radial: self.radial.with_activation(function, moment)?, ..self })
    }

    /// The same with given weights: of the map of the senders, of the radial network, of the map of
    /// the sums, and of the skip connection with its biases.
    ///
    /// # Errors
    /// If a number of weights is wrong.
    pub fn with_weights(
        self,
        [linear_in, radial, linear_out, skip]: [Vec<f64>; 4],
        init: &Init,
    ) -> Result<Self, KernelError> {
        let of_linear = |layer: &Linear| layer.kernel().num_weights() + layer.kernel().num_biases();
        let counts = [
            ("the weights of the map of the senders", of_linear(&self.linear_in), &linear_in),
            ("the weights of the map of the sums", of_linear(&self.linear_out), &linear_out),
            ("the weights of the skip connection", of_linear(&self.skip), &skip),
        ];
        for (what, expected, given) in counts {
            check_length(what, expected, given.len())?;
        }
        Ok(Convolution {
            linear_in: self.linear_in.with_weights(linear_in, init)?,
            radial: self.radial.with_weights(radial, init)?,
            linear_out: self.linear_out.with_weights(linear_out, init)?,
            skip: self.skip.with_weights(skip, init)?,
            ..self
        })
    }

    /// The irreps of the output.
    pub fn output(&self) -> &Irreps {
        self.linear_out.output()
    }

    /// The tensor product of the messages, on slices.
    pub fn kernel(&self) -> &kernels::TensorProduct {
        &self.product
    }

    /// Whether each component of the output depends on messages, on the features of the node or on a
    /// bias; the others are zero.
    pub fn output_mask(&self) -> Vec<bool> {
        let [messages, own] = [&self.linear_out, &self.skip].map(|l| l.kernel().output_mask());
        messages.into_iter().zip(own).map(|(messages, own)| messages || own).collect()
    }

    /// The number of weights that the radial network gives an edge.
    pub fn num_edge_weights(&self) -> usize {
        self.product.num_weights()
    }

    /// The features of all nodes after one round of messages.
    ///
    /// # Errors
    /// If features, edges and layer do not fit each other in irreps, rows, type or device.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::graph::{Graph, SelfEdges};
    /// use tesseral::nn::{Convolution, ConvolutionConfig, EdgeAttributes, Features, Init};
    /// use tesseral::radial::Bessel;
    ///
    /// let config = ConvolutionConfig {
    ///     input: "4x0e".parse()?,
    ///     output: "4x0e + 4x1o".parse()?,
    ///     lmax: 1,
    ///     basis: 4,
    ///     hidden: vec![8],
    ///     neighbours: 1.0,
    /// };
    /// let device = Device::flex();
    /// let layer = Convolution::new(&config, &mut Init::new(1, &device))?;
    /// // No edge leads to the third atom: it gets no vector, but scalars, from itself.
    /// let r = [[0.0, 0.0, 0.0], [1.0, 0.5, 0.0], [0.0, 9.0, 0.0]];
    /// let graph = Graph::within_radius(&r, 3.0, SelfEdges::Without)?;
    /// let r = Tensor::from_data(r, &device);
    /// let edges = EdgeAttributes::new(graph, r, None, 1, Bessel::new(4, 3.0)?)?;
    /// let atoms = Features::new(config.input, Tensor::ones([3, 4], &device))?;
    /// let z = layer.forward(&atoms, &edges)?;
    /// let third = z.into_values().narrow(0, 2, 1).to_data();
    /// let (scalars, vectors) = third.as_slice::<f32>()?.split_at(4);
    /// assert_eq!(vectors, [0.0; 12]);
    /// assert!(!scalars.contains(&0.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn forward(&self, x: &Features, edges: &EdgeAttributes) -> Result<Features, NnError> {
        let x = Dual::constant(x.clone());
        let z = self.evaluate(&x, edges, edges.value_tensors());
        Ok(z.map_err(NnError::in_layer("Convolution"))?.into_value())
    }

    /// The features of all nodes and their derivative along the direction of the edges
    /// ([`EdgeAttributes::dual`]); see [`Dual`].
    ///
    /// # Errors
    /// As [`Convolution::forward`].
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::graph::{Graph, SelfEdges};
    /// use tesseral::nn::{Convolution, ConvolutionConfig, Dual, EdgeAttributes, Features, Init};
    /// use tesseral::radial::Bessel;
    ///
    /// let config = ConvolutionConfig {
    ///     input: "4x0e".parse()?,
    ///     output: "1x0e".parse()?,
    ///     lmax: 0,
    ///     basis: 4,
    ///     hidden: vec![8],
    ///     neighbours: 2.0,
    /// };
    /// let device = Device::flex();
    /// let layer = Convolution::new(&config, &mut Init::new(1, &device))?;
    /// let r = Tensor::from_data([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.5, 0.0]], &device);
    /// let graph = Graph::complete(3, SelfEdges::Without);
    /// let edges = EdgeAttributes::new(graph, r, None, 0, Bessel::new(4, 3.0)?)?;
    /// let atoms = Dual::constant(Features::new(config.input, Tensor::ones([3, 4], &device))?);
    /// // Where all atoms move alike no energy changes: forces sum to zero.
    /// let alike = edges.dual(&Tensor::ones([3, 3], &device))?;
    /// let energies = layer.forward_dual(&atoms, &alike)?;
    /// assert_eq!(energies.tangent().to_data().as_slice::<f32>()?, [0.0; 3]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn forward_dual(&self, x: &Dual, edges: &EdgeAttributes) -> Result<Dual, NnError> {
        self.evaluate(x, edges, edges.dual_tensors()).map_err(NnError::in_layer("Convolution"))
    }

    fn evaluate(
        &self,
        x: &Dual,
        edges: &EdgeAttributes,
        [harmonics, basis]: [DualTensor; 2],
    ) -> Result<Dual, NnError> {
        edges.harmonics().expect("the tensor of edge harmonics", self.product.second())?;
        let sent = self.linear_in.forward_dual(x)?;
        let graph = edges.graph();
        let (expected, found) = ([graph.num_nodes(), x.irreps().dim()], x.tensors.value.dims());
        if expected != found {
            return Err(NnError::Shape { what: "the tensor of node features", expected, found });
        }
        let basis = Dual::of_shape(Irreps::scalars(basis.value.dims()[1]), basis);
        let weights = self.radial.forward_dual(&basis)?.tensors;
        let rows = RowsOrEdges::Edges(graph.clone());
        let messages = ProductOperation { kernel: self.product.clone(), rows };
        let sums = messages.evaluate([&sent.tensors, &harmonics, &weights])?;
        // Not div_scalar, whose backward step rounds to f32.
        let scale = self.neighbours.sqrt().recip();
        let sums = sums.linear(|sums| Ok(sums.mul_scalar(scale)))?;
        let received = Dual::of_shape(self.product.output().clone(), sums);
        self.linear_out.forward_dual(&received)?.add(&self.skip.forward_dual(x)?)
    }
}
