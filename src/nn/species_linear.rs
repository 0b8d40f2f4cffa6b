//! Self-interaction with weights of each species.

use std::sync::Arc;

use burn::module::Module;
use burn::tensor::Tensor;

use super::dual::DualTensor;
use super::functions::CHECKED;
use super::operation::{Element, Operation, apply2};
use super::species::check_species;
use super::weights::{BelongsTo, Weights};
use super::{Dual, Features, Init, NnError, Species};
use crate::Irreps;
use crate::error::check_length;
use crate::kernels::{self, KernelError, LinearGradients, SpeciesInputs};

/// A linear map, as [`Linear`](super::Linear), with weights of its own for every species of node; see
/// [`kernels::SpeciesLinear`]. It has no biases: a
/// [`SpeciesEmbedding`](super::SpeciesEmbedding) can be added.
///
/// In e3nn and MACE it is `FullyConnectedTensorProduct(irreps, "8x0e", irreps)` with one-hot vectors.
///
/// # Example
/// ```
/// use burn::module::Module;
/// use burn::tensor::{Device, Tensor};
/// use tesseral::Irreps;
/// use tesseral::nn::{Features, Init, Species, SpeciesLinear};
///
/// let device = Device::flex();
/// let irreps: Irreps = "4x0e + 2x1o".parse()?;
/// let linear = SpeciesLinear::new(&irreps, &irreps, 3, &mut Init::new(1, &device))?;
/// assert_eq!(linear.num_params(), 3 * (4 * 4 + 2 * 2));
/// let x = Features::new(irreps, Tensor::ones([2, 10], &device))?;
/// let z = linear.forward(&x, &Species::new([2, 0], 3)?)?;
/// assert_eq!(z.values().dims(), [2, 10]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Module, Debug)]
pub struct SpeciesLinear {
    /// `[species][weights]`.
    parameters: Weights,
    #[module(skip)]
    kernel: Arc<kernels::SpeciesLinear>,
}

impl SpeciesLinear {
    /// A map between two lists of irreps for each of so many species.
    ///
    /// # Errors
    /// If the weights are more than a `usize` counts, or an output has no input of its irrep: it would be
    /// zero for ever.
    pub fn new(
        input: &Irreps,
        output: &Irreps,
        species: usize,
        init: &mut Init,
    ) -> Result<Self, KernelError> {
        let map = kernels::Linear::try_new(input.clone(), output.clone(), false)?;
        Self::of_kernel(map, species, init)
    }

    /// The same, where outputs that nothing reaches are allowed: they are zero.
    ///
    /// # Errors
    /// If the weights are more than a `usize` counts.
    pub fn with_unreached(
        input: &Irreps,
        output: &Irreps,
        species: usize,
        init: &mut Init,
    ) -> Result<Self, KernelError> {
        let map = kernels::Linear::with_unreached(input.clone(), output.clone(), false)?;
        Self::of_kernel(map, species, init)
    }

    fn of_kernel(
        map: kernels::Linear,
        species: usize,
        init: &mut Init,
    ) -> Result<Self, KernelError> {
        let belongs_to = BelongsTo::new(format!("{} -> {}, by species", map.input(), map.output()));
        let kernel = Arc::new(kernels::SpeciesLinear::new(map, species)?.in_parallel());
        let weights = init.normal([species, kernel.map().num_weights()]);
        Ok(SpeciesLinear { parameters: Weights::new(weights, belongs_to), kernel })
    }

    /// The same with given weights, species by species as in [`kernels::SpeciesLinear`].
    ///
    /// # Errors
    /// If their number is wrong.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::Device;
    /// use tesseral::nn::{Init, SpeciesLinear};
    ///
    /// let init = &mut Init::new(0, &Device::flex());
    /// let linear = SpeciesLinear::new(&"2x0e".parse()?, &"1x0e".parse()?, 2, init)?;
    /// // `tp.weight` of e3nn's `FullyConnectedTensorProduct("2x0e", "2x0e", "1x0e")`.
    /// let weights = linear.kernel().parameters_from_e3nn(&[1.0, 2.0, 3.0, 4.0])?;
    /// let linear = linear.with_weights(weights, init)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_weights(self, weights: Vec<f64>, init: &Init) -> Result<Self, KernelError> {
        let shape = self.parameters.val().dims();
        check_length("the weights", shape[0] * shape[1], weights.len())?;
        let parameters = self.parameters.with_values(init.tensor(weights, shape));
        Ok(SpeciesLinear { parameters, ..self })
    }

    /// The map on slices.
    pub fn kernel(&self) -> &kernels::SpeciesLinear {
        &self.kernel
    }

    /// Whether each component of the output depends on the input; the others are zero.
    pub fn output_mask(&self) -> Vec<bool> {
        self.kernel.output_mask()
    }

    /// The irreps of the output.
    pub fn output(&self) -> &Irreps {
        self.kernel.map().output()
    }

    /// The image of the row of every node by the map of its species.
    ///
    /// # Errors
    /// If the features have other irreps, another number of rows than there are nodes, or another type or device
    /// than the parameters, or species were counted otherwise.
    pub fn forward(&self, x: &Features, species: &Species) -> Result<Features, NnError> {
        Ok(self.forward_dual(&Dual::constant(x.clone()), species)?.into_value())
    }

    /// The image of every row and of its derivative; see [`Dual`].
    ///
    /// # Errors
    /// As [`SpeciesLinear::forward`].
    pub fn forward_dual(&self, x: &Dual, species: &Species) -> Result<Dual, NnError> {
        self.evaluate(x, species).map_err(NnError::in_layer("SpeciesLinear"))
    }

    fn evaluate(&self, x: &Dual, species: &Species) -> Result<Dual, NnError> {
        x.expect("the input", self.kernel.map().input())?;
        check_species(species, self.kernel.num_species())?;
        let found = x.tensors.value.dims();
        let expected = [species.indices().len(), found[1]];
        if found != expected {
            return Err(NnError::Shape { what: "the input", expected, found });
        }
        let operation =
            || SpeciesLinearOperation { kernel: self.kernel.clone(), species: species.clone() };
        let map = |x: Tensor<2>| apply2(operation(), x, self.parameters.val());
        let values: DualTensor = x.tensors.linear(map)?;
        Ok(Dual::of_shape(self.output().clone(), values))
    }
}

#[derive(Debug)]
struct SpeciesLinearOperation {
    kernel: Arc<kernels::SpeciesLinear>,
    species: Species,
}

impl SpeciesLinearOperation {
    fn inputs<'a, T>(&'a self, [input, parameters]: [&'a [T]; 2]) -> SpeciesInputs<'a, T> {
        SpeciesInputs { species: self.species.indices(), input, parameters }
    }
}

impl Operation<2> for SpeciesLinearOperation {
    fn output_shape(&self, [[rows, _], _]: [[usize; 2]; 2]) -> [usize; 2] {
        [rows, self.kernel.map().output().dim()]
    }

    fn forward<T: Element>(&self, inputs: [&[T]; 2], output: &mut [T]) {
        self.kernel.forward(self.inputs(inputs), output).expect(CHECKED);
    }

    fn backward<T: Element>(
        &self,
        inputs: [&[T]; 2],
        output_gradient: &[T],
        [by_input, by_parameters]: [Option<&mut [T]>; 2],
    ) {
        let gradients = LinearGradients { input: by_input, parameters: by_parameters };
        self.kernel.backward(self.inputs(inputs), output_gradient, gradients).expect(CHECKED);
    }
}
