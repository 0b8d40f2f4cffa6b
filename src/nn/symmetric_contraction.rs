//! The symmetric contraction of MACE.

use std::sync::Arc;

use burn::module::Module;
use burn::tensor::Tensor;

use super::dual::DualTensor;
use super::functions::CHECKED;
use super::operation::{Element, Operation, apply2, apply3};
use super::species::check_species;
use super::weights::{BelongsTo, Weights};
use super::{Dual, Features, Init, NnError, Species};
use crate::Irreps;
use crate::kernels::symmetric_contraction::{
    self as kernel, ContractionCotangents, ContractionError, ContractionGradients,
    ContractionInputs,
};

/// All equivariant products of up to four factors of the features of a node, channel by channel,
/// with learnable weights for every species, product and channel; see [`kernel`].
///
/// The weights are one matrix `[species][paths · channels]`.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use tesseral::nn::{Features, Init, Species, SymmetricContraction};
///
/// let device = Device::flex();
/// let (input, output) = ("8x0e+8x1o".parse()?, "8x0e".parse()?);
/// let layer = SymmetricContraction::new(&input, &output, 2, 3, &mut Init::new(0, &device))?;
/// let x = Features::new(input, Tensor::ones([2, 32], &device))?;
/// let invariants = layer.forward(&x, &Species::new([0, 2], 3)?)?;
/// assert_eq!(invariants.values().dims(), [2, 8]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Module, Debug)]
pub struct SymmetricContraction {
    weights: Weights,
    #[module(skip)]
    kernel: Arc<kernel::SymmetricContraction>,
}

impl SymmetricContraction {
    /// The contraction of `input` to `output` with products of up to `correlation` factors, for
    /// `species` kinds of nodes.
    ///
    /// Weights begin as normal numbers, divided by √n for the n paths of the same output and number
    /// of factors.
    ///
    /// # Errors
    /// As [`kernel::SymmetricContraction::new`].
    ///
    /// # Example
    /// ```
    /// use burn::module::Module;
    /// use burn::tensor::Device;
    /// use tesseral::nn::{Init, SymmetricContraction};
    ///
    /// let init = &mut Init::new(0, &Device::flex());
    /// // Of a scalar s and a vector v: s, then s² and v·v, then s³ and s v·v.
    /// let (input, output) = ("8x0e + 8x1o".parse()?, "8x0e".parse()?);
    /// let layer = SymmetricContraction::new(&input, &output, 3, 2, init)?;
    /// assert_eq!(layer.kernel().paths().len(), 5);
    /// // Two species and eight channels.
    /// assert_eq!(layer.num_params(), 2 * 5 * 8);
    ///
    /// let error =
    ///     SymmetricContraction::new(&"8x0e + 4x1o".parse()?, &output, 3, 2, init).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "the input irreps `8x0e+4x1o` have different multiplicities, expected 8 each"
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(
        input: &Irreps,
        output: &Irreps,
        correlation: usize,
        species: usize,
        init: &mut Init,
    ) -> Result<Self, ContractionError> {
        let kernel = kernel::SymmetricContraction::new(input, output, correlation, species)?;
        Ok(Self::of_kernel(kernel, init))
    }

    /// A layer of a given kernel, which may have outputs that no product reaches
    /// ([`kernel::SymmetricContraction::with_unreached`]).
    ///
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::Irreps;
    /// use tesseral::kernels::symmetric_contraction as kernel;
    /// use tesseral::nn::{Features, Init, Species, SymmetricContraction};
    ///
    /// // The basis is derived once for two layers.
    /// let irreps: Irreps = "4x0e + 4x1o".parse()?;
    /// let kernel = kernel::SymmetricContraction::new(&irreps, &irreps, 3, 1)?;
    /// let init = &mut Init::new(0, &Device::flex());
    /// let [first, second] =
    ///     [(); 2].map(|()| SymmetricContraction::of_kernel(kernel.clone(), init));
    /// let x = Features::new(irreps, Tensor::ones([1, 16], &Device::flex()))?;
    /// // They have weights of their own.
    /// let species = Species::new([0], 1)?;
    /// let [a, b] = [first.forward(&x, &species)?, second.forward(&x, &species)?];
    /// assert_ne!(a.values().to_data(), b.values().to_data());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of_kernel(kernel: kernel::SymmetricContraction, init: &mut Init) -> Self {
        let paths = kernel.paths();
        let deviation = |path: &kernel::ContractionPath| {
            let alike = paths.iter().filter(|other| {
                other.output == path.output && other.factors.len() == path.factors.len()
            });
            (alike.count() as f64).sqrt().recip()
        };
        let deviations: Vec<f64> = paths
            .iter()
            .flat_map(|path| std::iter::repeat_n(deviation(path), kernel.channels()))
            .collect();
        let weights = init.normal_columns(kernel.num_species(), &deviations);
        let (input, output) = (kernel.input(), kernel.output());
        let (factors, species) = (kernel.correlation(), kernel.num_species());
        let text = format!("{input} -> {output}, up to {factors} factors, {species} species");
        let weights = Weights::new(weights, BelongsTo::new(text));
        SymmetricContraction { weights, kernel: Arc::new(kernel.in_parallel()) }
    }

    /// The same with given weights `[species][path][channel]`, such as those that
    /// [`kernel::SymmetricContraction::weights_from_mace`] gives.
    ///
    /// # Errors
    /// If their number is wrong.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::Irreps;
    /// use tesseral::nn::{Features, Init, Species, SymmetricContraction};
    ///
    /// let (scalar, device) = (Irreps::scalars(1), Device::flex());
    /// let init = &mut Init::new(0, &device);
    /// // 5 s + 7 s².
    /// let layer = SymmetricContraction::new(&scalar, &scalar, 2, 1, init)?;
    /// let layer = layer.with_weights(vec![5.0, 7.0], init)?;
    /// let s = Features::new(scalar, Tensor::from_data([[3.0]], &device))?;
    /// let species = Species::new([0], 1)?;
    /// assert_eq!(layer.forward(&s, &species)?.into_values().into_scalar::<f32>(), 15.0 + 63.0);
    /// assert_eq!(
    ///     layer.with_weights(vec![1.0], init).unwrap_err().to_string(),
    ///     "the slice of the weights has length 1, expected 2"
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_weights(self, weights: Vec<f64>, init: &Init) -> Result<Self, ContractionError> {
        self.kernel.check_weights("the weights", &weights)?;
        let shape = [self.kernel.num_species(), self.kernel.paths().len() * self.kernel.channels()];
        let weights = self.weights.with_values(init.tensor(weights, shape));
        Ok(SymmetricContraction { weights, ..self })
    }

    /// The contraction on slices: its basis, and the conversion of weights.
    pub fn kernel(&self) -> &kernel::SymmetricContraction {
        &self.kernel
    }

    /// Whether each component of the output depends on the input; the others are zero.
    pub fn output_mask(&self) -> Vec<bool> {
        self.kernel.output_mask()
    }

    /// The irreps of the output.
    pub fn output(&self) -> &Irreps {
        self.kernel.output()
    }

    /// The products of the features of every node, given the species of each.
    ///
    /// # Errors
    /// If irreps, numbers of nodes, species, types or devices do not fit.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::Irreps;
    /// use tesseral::nn::{Features, Init, Species, SymmetricContraction};
    ///
    /// let (scalar, device) = (Irreps::scalars(1), Device::flex());
    /// let init = &mut Init::new(0, &device);
    /// // Every species has weights of its own: 1 s and 10 s.
    /// let layer = SymmetricContraction::new(&scalar, &scalar, 1, 2, init)?;
    /// let layer = layer.with_weights(vec![1.0, 10.0], init)?;
    /// let s = Features::new(scalar, Tensor::from_data([[3.0], [3.0], [4.0]], &device))?;
    /// let z = layer.forward(&s, &Species::new([0, 1, 1], 2)?)?;
    /// assert_eq!(z.values().to_data().as_slice::<f32>()?, [3.0, 30.0, 40.0]);
    /// assert_eq!(
    ///     layer.forward(&s, &Species::new([0, 1, 2], 3)?).unwrap_err().to_string(),
    ///     "`SymmetricContraction`: nodes are of 3 species, expected 2"
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn forward(&self, x: &Features, species: &Species) -> Result<Features, NnError> {
        Ok(self.forward_dual(&Dual::constant(x.clone()), species)?.into_value())
    }

    /// The products and their derivative; see [`Dual`].
    ///
    /// # Errors
    /// As [`SymmetricContraction::forward`].
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::Irreps;
    /// use tesseral::nn::{Dual, Features, Init, Species, SymmetricContraction};
    ///
    /// let (scalar, device) = (Irreps::scalars(1), Device::flex());
    /// let init = &mut Init::new(0, &device);
    /// // 5 s + 7 s² has the derivative 5 + 14 s.
    /// let layer = SymmetricContraction::new(&scalar, &scalar, 2, 1, init)?;
    /// let layer = layer.with_weights(vec![5.0, 7.0], init)?;
    /// let s = Features::new(scalar, Tensor::from_data([[3.0]], &device))?;
    /// let species = Species::new([0], 1)?;
    /// let z = layer.forward_dual(&Dual::new(s, Tensor::ones([1, 1], &device))?, &species)?;
    /// assert_eq!(z.tangent().into_scalar::<f32>(), 47.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn forward_dual(&self, x: &Dual, species: &Species) -> Result<Dual, NnError> {
        self.evaluate(x, species).map_err(NnError::in_layer("SymmetricContraction"))
    }

    fn evaluate(&self, x: &Dual, species: &Species) -> Result<Dual, NnError> {
        x.expect("the input", self.kernel.input())?;
        check_species(species, self.kernel.num_species())?;
        let [found, columns] = x.tensors.value.dims();
        let nodes = species.indices().len();
        if nodes != found {
            let (expected, found) = ([nodes, columns], [found, columns]);
            return Err(NnError::Shape { what: "the input", expected, found });
        }
        let nodes = Nodes { kernel: self.kernel.clone(), species: species.clone() };
        let (value, weights) = (x.tensors.value.clone(), self.weights.val());
        let along = |direction: &Tensor<2>| {
            let operation = ContractionTangent(nodes.clone());
            apply3(operation, value.clone(), direction.clone(), weights.clone())
        };
        let tangent = x.tensors.tangent.as_ref().map(along).transpose()?;
        let value = apply2(ContractionOperation(nodes), value, weights)?;
        Ok(Dual::of_shape(self.kernel.output().clone(), DualTensor { value, tangent }))
    }
}

/// The contraction of nodes of given species.
#[derive(Clone, Debug)]
struct Nodes {
    kernel: Arc<kernel::SymmetricContraction>,
    species: Species,
}

impl Nodes {
    fn output_shape(&self) -> [usize; 2] {
        [self.species.indices().len(), self.kernel.output().dim()]
    }

    fn inputs<'a, T>(&'a self, [input, weights]: [&'a [T]; 2]) -> ContractionInputs<'a, T> {
        ContractionInputs { species: self.species.indices(), input, weights }
    }

    fn backward<T: Element>(
        &self,
        inputs: [&[T]; 2],
        output_gradient: &[T],
        gradients: ContractionGradients<'_, T>,
    ) {
        self.kernel.backward(self.inputs(inputs), output_gradient, gradients).expect(CHECKED);
    }

    /// The derivatives of Σ `output_gradient` · (the derivative of the output along a direction of
    /// x), and that derivative itself.
    fn backward_along<T: Element>(
        &self,
        [x, direction, weights]: [&[T]; 3],
        output_gradient: &[T],
        gradients: ContractionGradients<'_, T>,
        derivative: Option<&mut [T]>,
    ) {
        let along = ContractionCotangents { input: Some(direction), weights: None };
        self.kernel
            .backward_twice(
                self.inputs([x, weights]),
                output_gradient,
                along,
                gradients,
                derivative,
            )
            .expect(CHECKED);
    }
}

/// The contraction as a function of x and the weights.
#[derive(Debug)]
struct ContractionOperation(Nodes);

impl Operation<2> for ContractionOperation {
    fn output_shape(&self, _shapes: [[usize; 2]; 2]) -> [usize; 2] {
        self.0.output_shape()
    }

    fn forward<T: Element>(&self, inputs: [&[T]; 2], output: &mut [T]) {
        self.0.kernel.forward(self.0.inputs(inputs), output).expect(CHECKED);
    }

    fn backward<T: Element>(
        &self,
        inputs: [&[T]; 2],
        output_gradient: &[T],
        [input, weights]: [Option<&mut [T]>; 2],
    ) {
        self.0.backward(inputs, output_gradient, ContractionGradients { input, weights });
    }
}

/// Its derivative along a direction of x, as a function of x, the direction and the weights.
#[derive(Debug)]
struct ContractionTangent(Nodes);

impl Operation<3> for ContractionTangent {
    fn output_shape(&self, _shapes: [[usize; 2]; 3]) -> [usize; 2] {
        self.0.output_shape()
    }

    fn forward<T: Element>(&self, inputs: [&[T]; 3], output: &mut [T]) {
        // The derivative along a direction does not depend on the gradient.
        let zeros = vec![T::constant(0.0, 0.0); output.len()];
        self.0.backward_along(inputs, &zeros, ContractionGradients::NONE, Some(output));
    }

    fn backward<T: Element>(
        &self,
        inputs: [&[T]; 3],
        output_gradient: &[T],
        [by_x, by_direction, by_weights]: [Option<&mut [T]>; 3],
    ) {
        if by_x.is_some() || by_weights.is_some() {
            let gradients = ContractionGradients { input: by_x, weights: by_weights };
            self.0.backward_along(inputs, output_gradient, gradients, None);
        }
        if by_direction.is_some() {
            let [x, _, weights] = inputs;
            let gradients = ContractionGradients { input: by_direction, weights: None };
            self.0.backward([x, weights], output_gradient, gradients);
        }
    }
}
