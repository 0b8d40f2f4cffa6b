//! Tensor products whose weights are given, row by row or along the edges of a graph.

use std::sync::Arc;

use burn::module::Module;
use burn::tensor::Tensor;

use super::dual::DualTensor;
use super::functions::CHECKED;
use super::operation::{Element, Operation, apply3};
use super::weights::BelongsTo;
use super::{Dual, Features, NnError};
use crate::Irreps;
use crate::graph::Graph;
use crate::kernels::{self, Pairing, ProductCotangents, ProductGradients, ProductInputs};

/// Products of features with weights that another layer gives, such as a
/// [`RadialNetwork`](super::RadialNetwork); see [`kernels::TensorProduct`]. It has no parameters;
/// files hold its paths, which say what those weights are for.
///
/// - [`WeightedProduct::forward`]: row by row, `z_i = x_i ⊗_{w_i} y_i`.
/// - [`WeightedProduct::sum_messages`]: along edges, `z_i = Σ_{j→i} x_j ⊗_{w_ij} y_ij`, which is what
///   NequIP and MACE do between their linear maps. Features are gathered, multiplied and summed in
///   one pass; nothing is stored for an edge.
///
/// Weights are `[row or edge][num_weights]`, or one row of them for all.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use tesseral::Irreps;
/// use tesseral::graph::{Graph, SelfEdges};
/// use tesseral::kernels::TensorProduct;
/// use tesseral::nn::{EdgeAttributes, Features, Init, RadialNetwork, WeightedProduct};
/// use tesseral::radial::Bessel;
///
/// let device = Device::flex();
/// let r = Tensor::from_data([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.5, 0.0]], &device);
/// let graph = Graph::complete(3, SelfEdges::Without);
/// let edges = EdgeAttributes::new(graph, r, None, 1, Bessel::new(4, 3.0)?)?;
///
/// // Every channel of the nodes with every harmonic; of the results, scalars and vectors.
/// let nodes = Features::new(Irreps::scalars(8), Tensor::ones([3, 8], &device))?;
/// let product =
///     TensorProduct::convolution(nodes.irreps(), edges.harmonics().irreps(), |ir| ir.l <= 1)?;
/// let product = WeightedProduct::new(product);
/// let radial = RadialNetwork::new(&[4, 16, product.num_weights()], &mut Init::new(1, &device));
/// let weights = radial.forward(edges.basis())?;
/// let sums = product.sum_messages(edges.graph(), &nodes, edges.harmonics(), &weights)?;
/// assert_eq!(sums.irreps().to_string(), "8x0e+8x1o");
/// assert_eq!(sums.values().dims(), [3, 32]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Module, Debug)]
pub struct WeightedProduct {
    paths: BelongsTo,
    #[module(skip)]
    kernel: Arc<kernels::TensorProduct>,
}

impl WeightedProduct {
    /// A product of given paths, weighted or not.
    ///
    /// ```
    /// use burn::module::Module;
    /// use tesseral::kernels::TensorProduct;
    /// use tesseral::nn::WeightedProduct;
    ///
    /// let (nodes, harmonics) = ("8x0e".parse()?, "0e + 1o".parse()?);
    /// let product = TensorProduct::convolution(&nodes, &harmonics, |_| true)?;
    /// let product = WeightedProduct::new(product);
    /// assert_eq!(product.output().to_string(), "8x0e+8x1o");
    /// // Two paths of 8 channels; what the weights are is said in every call.
    /// assert_eq!(product.num_weights(), 16);
    /// assert_eq!(product.num_params(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(kernel: impl Into<Arc<kernels::TensorProduct>>) -> Self {
        let kernel = Arc::new(Arc::unwrap_or_clone(kernel.into()).in_parallel());
        WeightedProduct { paths: BelongsTo::product(&kernel), kernel }
    }

    /// The product on slices.
    ///
    /// ```
    /// use tesseral::kernels::TensorProduct;
    /// use tesseral::nn::WeightedProduct;
    ///
    /// let (nodes, harmonics) = ("8x0e + 8x1o".parse()?, "0e + 1o".parse()?);
    /// let product = TensorProduct::convolution(&nodes, &harmonics, |irrep| irrep.l == 0)?;
    /// let product = WeightedProduct::new(product);
    /// // The columns of weights that belong to the path from 1o and 1o to 0e.
    /// let path = &product.kernel().paths()[1];
    /// assert_eq!((path.first, path.second), (1, 1));
    /// assert_eq!(product.kernel().weights_of(1), Some(8..16));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn kernel(&self) -> &kernels::TensorProduct {
        &self.kernel
    }

    /// Whether each component of the output depends on the inputs; the others are zero.
    pub fn output_mask(&self) -> Vec<bool> {
        self.kernel.output_mask()
    }

    /// The irreps of the output.
    pub fn output(&self) -> &Irreps {
        self.kernel.output()
    }

    /// The number of weights of a row or edge.
    pub fn num_weights(&self) -> usize {
        self.kernel.num_weights()
    }

    /// The products of rows: row i with row i and the weights i.
    ///
    /// # Errors
    /// If irreps, numbers of rows or weights, types or devices do not fit.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::Irreps;
    /// use tesseral::kernels::TensorProduct;
    /// use tesseral::nn::{Features, WeightedProduct};
    ///
    /// let (two, one, device) = (Irreps::scalars(2), Irreps::scalars(1), Device::flex());
    /// let product = WeightedProduct::new(TensorProduct::convolution(&two, &one, |_| true)?);
    /// let x = Features::new(two, Tensor::from_data([[1.0, 10.0], [2.0, 20.0]], &device))?;
    /// let y = Features::new(one, Tensor::from_data([[1.0], [3.0]], &device))?;
    /// // A weight for every channel of every row, or one row of weights for all.
    /// let each = Tensor::from_data([[1.0, 0.0], [0.0, 1.0]], &device);
    /// let z = product.forward(&x, &y, &each)?.into_values();
    /// assert_eq!(z.to_data().as_slice::<f32>()?, [1.0, 0.0, 0.0, 60.0]);
    /// let z = product.forward(&x, &y, &Tensor::from_data([[2.0, 1.0]], &device))?.into_values();
    /// assert_eq!(z.to_data().as_slice::<f32>()?, [2.0, 10.0, 12.0, 60.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn forward(
        &self,
        first: &Features,
        second: &Features,
        weights: &Tensor<2>,
    ) -> Result<Features, NnError> {
        let [first, second] = [first, second].map(|x| Dual::constant(x.clone()));
        let weights = DualTensor::constant(weights.clone());
        let product = self.rows(&first, &second, &weights);
        Ok(product.map_err(NnError::in_layer("WeightedProduct"))?.into_value())
    }

    /// The products of rows and their derivative; see [`Dual`]. Weights are scalars,
    /// `Irreps::scalars(num_weights)`.
    ///
    /// # Errors
    /// As [`WeightedProduct::forward`].
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::Irreps;
    /// use tesseral::kernels::TensorProduct;
    /// use tesseral::nn::{Dual, Features, WeightedProduct};
    ///
    /// let (scalar, device) = (Irreps::scalars(1), Device::flex());
    /// let product = WeightedProduct::new(TensorProduct::convolution(&scalar, &scalar, |_| true)?);
    /// let number = |value: f32, slope: f32| {
    ///     let value = Features::new(scalar.clone(), Tensor::from_data([[value]], &device))?;
    ///     Dual::new(value, Tensor::from_data([[slope]], &device))
    /// };
    /// // The weight 5 changes too: (1 · 3 + 2 · 10) · 5 + 2 · 3 · 100.
    /// let (x, y, weight) = (number(2.0, 1.0)?, number(3.0, 10.0)?, number(5.0, 100.0)?);
    /// let z = product.forward_dual(&x, &y, &weight)?;
    /// assert_eq!(z.value().into_values().into_scalar::<f32>(), 30.0);
    /// assert_eq!(z.tangent().into_scalar::<f32>(), 715.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn forward_dual(
        &self,
        first: &Dual,
        second: &Dual,
        weights: &Dual,
    ) -> Result<Dual, NnError> {
        self.check_scalars(weights)
            .and_then(|()| self.rows(first, second, &weights.tensors))
            .map_err(NnError::in_layer("WeightedProduct"))
    }

    /// The sums of messages into every node, `[nodes][output.dim()]`: for every edge, the features
    /// of its sender times those of the edge, such as harmonics, with its weights.
    ///
    /// # Errors
    /// If irreps, numbers of nodes, edges or weights, types or devices do not fit.
    ///
    /// # Example
    /// ```
    /// use std::sync::Arc;
    ///
    /// use burn::tensor::{Device, Tensor, TensorData};
    /// use tesseral::Irreps;
    /// use tesseral::graph::Graph;
    /// use tesseral::kernels::TensorProduct;
    /// use tesseral::nn::{Features, WeightedProduct};
    ///
    /// let (scalar, device) = (Irreps::scalars(1), Device::flex());
    /// let product = WeightedProduct::new(TensorProduct::convolution(&scalar, &scalar, |_| true)?);
    /// // From node 2 with the feature 3 and from node 1 with 2, in the order of the graph.
    /// let (graph, order) = Graph::from_edges(3, &[2, 1], &[0, 0])?;
    /// let edges = TensorData::new(order.sort(&[3.0, 2.0])?, [2, 1]);
    /// let edges = Features::new(scalar.clone(), Tensor::from_data(edges, &device))?;
    /// let nodes = Tensor::from_data([[1.0], [10.0], [100.0]], &device);
    /// let (graph, nodes) = (Arc::new(graph), Features::new(scalar, nodes)?);
    /// let sums = product.sum_messages(&graph, &nodes, &edges, &Tensor::ones([1, 1], &device))?;
    /// assert_eq!(sums.values().to_data().as_slice::<f32>()?, [320.0, 0.0, 0.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "scatter")]
    pub fn sum_messages(
        &self,
        graph: &Arc<Graph>,
        nodes: &Features,
        edges: &Features,
        weights: &Tensor<2>,
    ) -> Result<Features, NnError> {
        let [nodes, edges] = [nodes, edges].map(|x| Dual::constant(x.clone()));
        let weights = DualTensor::constant(weights.clone());
        let sums = self.messages(graph, &nodes, &edges, &weights);
        Ok(sums.map_err(NnError::in_layer("WeightedProduct"))?.into_value())
    }

    /// The sums of messages and their derivative; see [`Dual`],
    /// [`EdgeAttributes::harmonics_dual`](super::EdgeAttributes::harmonics_dual) and
    /// [`RadialNetwork::forward_dual`](super::RadialNetwork::forward_dual). Weights are scalars,
    /// `Irreps::scalars(num_weights)`.
    ///
    /// # Errors
    /// As [`WeightedProduct::sum_messages`].
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor, TensorData, Tolerance};
    /// use tesseral::Irreps;
    /// use tesseral::graph::{Graph, SelfEdges};
    /// use tesseral::kernels::TensorProduct;
    /// use tesseral::nn::{Dual, EdgeAttributes, Features, WeightedProduct};
    /// use tesseral::radial::Chebyshev;
    ///
    /// let device = Device::flex();
    /// let r = Tensor::from_data([[0.0, 0.0, 0.0], [1.5, 0.0, 0.0]], &device);
    /// let pair = Graph::complete(2, SelfEdges::Without);
    /// let edges = EdgeAttributes::new(pair, r, None, 0, Chebyshev::new(2, 2.0)?)?;
    /// // The second node moves away. Weights are the basis itself: 1 and r - 1.
    /// let edges = edges.dual(&Tensor::from_data([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]], &device))?;
    /// let (harmonics, weights) = (edges.harmonics_dual(), edges.basis_dual());
    /// let nodes =
    ///     Dual::constant(Features::new(Irreps::scalars(2), Tensor::ones([2, 2], &device))?);
    /// let product = TensorProduct::convolution(nodes.irreps(), harmonics.irreps(), |_| true)?;
    /// let product = WeightedProduct::new(product);
    /// let sums = product.sum_messages_dual(edges.graph(), &nodes, &harmonics, &weights)?;
    /// let slopes = TensorData::from([[0.0, 1.0], [0.0, 1.0]]);
    /// sums.tangent().to_data().assert_approx_eq::<f32>(&slopes, Tolerance::absolute(1e-6));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn sum_messages_dual(
        &self,
        graph: &Arc<Graph>,
        nodes: &Dual,
        edges: &Dual,
        weights: &Dual,
    ) -> Result<Dual, NnError> {
        self.check_scalars(weights)
            .and_then(|()| self.messages(graph, nodes, edges, &weights.tensors))
            .map_err(NnError::in_layer("WeightedProduct"))
    }

    fn check_scalars(&self, weights: &Dual) -> Result<(), NnError> {
        weights.expect("the tensor of weights", &Irreps::scalars(self.num_weights()))
    }

    fn rows(&self, first: &Dual, second: &Dual, weights: &DualTensor) -> Result<Dual, NnError> {
        first.expect("the first factor", self.kernel.first())?;
        second.expect("the second factor", self.kernel.second())?;
        let [rows, _] = first.tensors.value.dims();
        check_rows("the second factor", rows, &second.tensors)?;
        self.multiply(RowsOrEdges::Rows(rows), first, second, weights)
    }

    fn messages(
        &self,
        graph: &Arc<Graph>,
        nodes: &Dual,
        edges: &Dual,
        weights: &DualTensor,
    ) -> Result<Dual, NnError> {
        nodes.expect("the tensor of node features", self.kernel.first())?;
        edges.expect("the tensor of edge features", self.kernel.second())?;
        check_rows("the tensor of node features", graph.num_nodes(), &nodes.tensors)?;
        check_rows("the tensor of edge features", graph.num_edges(), &edges.tensors)?;
        self.multiply(RowsOrEdges::Edges(graph.clone()), nodes, edges, weights)
    }

    fn multiply(
        &self,
        rows: RowsOrEdges,
        first: &Dual,
        second: &Dual,
        weights: &DualTensor,
    ) -> Result<Dual, NnError> {
        let found = weights.value.dims();
        let weight_rows = if found[0] == 1 { 1 } else { rows.count() };
        let expected = [weight_rows, self.num_weights()];
        if found != expected {
            return Err(NnError::Shape { what: "the tensor of weights", expected, found });
        }
        let product = ProductOperation { kernel: self.kernel.clone(), rows };
        let values = product.evaluate([&first.tensors, &second.tensors, weights])?;
        Ok(Dual::of_shape(self.output().clone(), values))
    }
}

/// Checks the number of rows.
fn check_rows(what: &'static str, rows: usize, tensors: &DualTensor) -> Result<(), NnError> {
    let found = tensors.value.dims();
    let expected = [rows, found[1]];
    if found == expected { Ok(()) } else { Err(NnError::Shape { what, expected, found }) }
}

/// What is multiplied with what: a [`Pairing`] that owns the graph.
#[derive(Clone, Debug)]
pub(super) enum RowsOrEdges {
    Rows(usize),
    Edges(Arc<Graph>),
}

impl RowsOrEdges {
    fn pairing(&self) -> Pairing<'_> {
        match self {
            RowsOrEdges::Rows(rows) => Pairing::RowByRow { rows: *rows },
            RowsOrEdges::Edges(graph) => {
                Pairing::Edges { senders: graph.senders(), receivers: graph.receivers() }
            }
        }
    }

    /// The number of products.
    fn count(&self) -> usize {
        self.pairing().count()
    }

    /// The number of rows of the output.
    fn outputs(&self) -> usize {
        match self {
            RowsOrEdges::Rows(rows) => *rows,
            RowsOrEdges::Edges(graph) => graph.num_nodes(),
        }
    }
}

/// The product as a function of both factors and the weights, whose shapes are right.
#[derive(Clone, Debug)]
pub(super) struct ProductOperation {
    pub kernel: Arc<kernels::TensorProduct>,
    pub rows: RowsOrEdges,
}

impl ProductOperation {
    /// The product and its derivative.
    pub fn evaluate(&self, [x, y, weights]: [&DualTensor; 3]) -> Result<DualTensor, NnError> {
        let product = x.product(y, |x, y| apply3(self.clone(), x, y, weights.value.clone()))?;
        let Some(direction) = weights.tangent.clone() else { return Ok(product) };
        let (x, y) = (x.value.clone(), y.value.clone());
        let by_weights = if self.kernel.paths().iter().all(|path| path.weighted) {
            apply3(self.clone(), x, y, direction)?
        } else {
            apply3(WeightedPaths(self.clone()), x, y, direction)?
        };
        let tangent = match product.tangent {
            Some(tangent) => tangent + by_weights,
            None => by_weights,
        };
        Ok(DualTensor { tangent: Some(tangent), ..product })
    }

    fn output_shape(&self) -> [usize; 2] {
        [self.rows.outputs(), self.kernel.output().dim()]
    }

    fn inputs<'a, T>(&'a self, [first, second, weights]: [&'a [T]; 3]) -> ProductInputs<'a, T> {
        ProductInputs { pairing: self.rows.pairing(), first, second, weights }
    }
}

impl Operation<3> for ProductOperation {
    fn output_shape(&self, _shapes: [[usize; 2]; 3]) -> [usize; 2] {
        self.output_shape()
    }

    fn forward<T: Element>(&self, inputs: [&[T]; 3], output: &mut [T]) {
        self.kernel.forward(self.inputs(inputs), output).expect(CHECKED);
    }

    fn backward<T: Element>(
        &self,
        inputs: [&[T]; 3],
        output_gradient: &[T],
        [first, second, weights]: [Option<&mut [T]>; 3],
    ) {
        let gradients = ProductGradients { first, second, weights };
        self.kernel.backward(self.inputs(inputs), output_gradient, gradients).expect(CHECKED);
    }
}

/// The product along those paths that have weights: the derivative along a direction of the
/// weights, on which the others do not depend.
#[derive(Debug)]
struct WeightedPaths(ProductOperation);

impl WeightedPaths {
    /// The derivatives of Σ `output_gradient` · output by the factors, and the output itself.
    fn differentiate<T: Element>(
        &self,
        [x, y, direction]: [&[T]; 3],
        output_gradient: &[T],
        gradients: ProductGradients<'_, T>,
        output: Option<&mut [T]>,
    ) {
        let along = ProductCotangents { weights: Some(direction), ..ProductCotangents::NONE };
        // The weights themselves do not matter: the product is linear in them.
        let inputs = self.0.inputs([x, y, direction]);
        self.0
            .kernel
            .backward_twice(inputs, output_gradient, along, gradients, output)
            .expect(CHECKED);
    }
}

impl Operation<3> for WeightedPaths {
    fn output_shape(&self, _shapes: [[usize; 2]; 3]) -> [usize; 2] {
        self.0.output_shape()
    }

    fn forward<T: Element>(&self, inputs: [&[T]; 3], output: &mut [T]) {
        let zeros = vec![T::constant(0.0, 0.0); output.len()];
        self.differentiate(inputs, &zeros, ProductGradients::NONE, Some(output));
    }

    fn backward<T: Element>(
        &self,
        inputs: [&[T]; 3],
        output_gradient: &[T],
        [first, second, by_direction]: [Option<&mut [T]>; 3],
    ) {
        let gradients = ProductGradients { first, second, weights: None };
        self.differentiate(inputs, output_gradient, gradients, None);
        self.0.backward(inputs, output_gradient, [None, None, by_direction]);
    }
}
