//! Self-interaction: the linear map between irreps.

use std::sync::Arc;

use burn::module::{Module, Param};
use burn::tensor::Tensor;

use super::operation::{Element, Operation, apply2};
use super::{Features, Init, NnError};
use crate::{Irreps, kernels};

/// Mixes the channels of every irrep among themselves, and gives biases to scalars; see
/// [`kernels::Linear`].
#[derive(Module, Debug)]
pub struct Linear {
    parameters: Param<Tensor<2>>,
    #[module(skip)]
    kernel: Arc<kernels::Linear>,
}

impl Linear {
    /// A map between two lists of irreps, with biases for output channels of irrep `0e`.
    ///
    /// # Panics
    /// If the weights are more than a `usize` counts.
    pub fn new(input: &Irreps, output: &Irreps, init: &mut Init) -> Self {
        Self::with_biases(input, output, true, init)
    }

    /// The same with or without biases.
    pub(super) fn with_biases(
        input: &Irreps,
        output: &Irreps,
        biases: bool,
        init: &mut Init,
    ) -> Self {
        let kernel = kernels::Linear::new(input.clone(), output.clone(), biases);
        let parameters = init.normal_then_zero(kernel.num_weights(), kernel.num_biases());
        Linear { parameters, kernel: Arc::new(kernel) }
    }

    /// The irreps of the output.
    pub fn output(&self) -> &Irreps {
        self.kernel.output()
    }

    /// The image of every row.
    ///
    /// # Errors
    /// If the features have other irreps, or another type or device than the parameters.
    pub fn forward(&self, x: &Features) -> Result<Features, NnError> {
        x.expect("the input", self.kernel.input())?;
        let operation = LinearOperation(self.kernel.clone());
        let values = apply2(operation, x.values().clone(), self.parameters.val())?;
        Features::new(self.kernel.output().clone(), values)
    }
}

#[derive(Debug)]
struct LinearOperation(Arc<kernels::Linear>);

impl Operation<2> for LinearOperation {
    fn output_shape(&self, [[rows, _], _]: [[usize; 2]; 2]) -> [usize; 2] {
        [rows, self.0.output().dim()]
    }

    fn forward<T: Element>(&self, [x, parameters]: [&[T]; 2], output: &mut [T]) {
        self.0.forward(x, parameters, output).expect("the layer checked the shapes");
    }

    fn backward<T: Element>(
        &self,
        [x, parameters]: [&[T]; 2],
        output_gradient: &[T],
        [dx, dparameters]: [Option<&mut [T]>; 2],
    ) {
        self.0
            .backward(x, parameters, output_gradient, dx, dparameters)
            .expect("the layer checked the shapes");
    }
}
