//! Tensor products of features, row by row.

use std::sync::Arc;

use burn::module::{Module, Param};
use burn::tensor::Tensor;

use super::operation::{Element, Operation, apply3};
use super::{Dual, Features, Init, NnError};
use crate::Irreps;
use crate::kernels::{self, Gradients, Rows};

/// The product of two features along coupling paths, with one learnable weight for every channel
/// pair of a weighted path, shared by all rows; see [`kernels::TensorProduct`].
#[derive(Module, Debug)]
pub struct TensorProduct {
    weights: Param<Tensor<2>>,
    #[module(skip)]
    kernel: Arc<kernels::TensorProduct>,
}

impl TensorProduct {
    /// A product of given paths.
    pub fn new(kernel: kernels::TensorProduct, init: &mut Init) -> Self {
        let weights = init.normal([1, kernel.num_weights()]);
        TensorProduct { weights, kernel: Arc::new(kernel) }
    }

    /// The irreps of the output.
    pub fn output(&self) -> &Irreps {
        self.kernel.output()
    }

    /// The products of rows.
    ///
    /// # Errors
    /// If irreps, numbers of rows, types or devices do not fit.
    pub fn forward(&self, first: &Features, second: &Features) -> Result<Features, NnError> {
        let [first, second] = [first, second].map(|x| Dual::constant(x.clone()));
        Ok(self.forward_dual(&first, &second)?.into_value())
    }

    /// The products of rows and their derivative; see [`Dual`].
    ///
    /// # Errors
    /// As [`TensorProduct::forward`].
    pub fn forward_dual(&self, first: &Dual, second: &Dual) -> Result<Dual, NnError> {
        first.expect("the first factor", self.kernel.first())?;
        second.expect("the second factor", self.kernel.second())?;
        let [rows, _] = first.tensors.value.dims();
        let found = second.tensors.value.dims();
        let expected = [rows, found[1]];
        if expected != found {
            return Err(NnError::Shape { what: "the second factor", expected, found });
        }
        let product = first.tensors.product(&second.tensors, |x, y| {
            apply3(ProductOperation { kernel: self.kernel.clone(), rows }, x, y, self.weights.val())
        })?;
        Ok(Dual::of_shape(self.kernel.output().clone(), product))
    }
}

#[derive(Debug)]
struct ProductOperation {
    kernel: Arc<kernels::TensorProduct>,
    rows: usize,
}

impl Operation<3> for ProductOperation {
    fn output_shape(&self, _shapes: [[usize; 2]; 3]) -> [usize; 2] {
        [self.rows, self.kernel.output().dim()]
    }

    fn forward<T: Element>(&self, [x, y, weights]: [&[T]; 3], output: &mut [T]) {
        self.kernel
            .forward(Rows::Each, self.rows, x, y, weights, output)
            .expect("the layer checked the shapes");
    }

    fn backward<T: Element>(
        &self,
        [x, y, weights]: [&[T]; 3],
        output_gradient: &[T],
        [first, second, weight_gradient]: [Option<&mut [T]>; 3],
    ) {
        let gradients = Gradients { first, second, weights: weight_gradient };
        self.kernel
            .backward(Rows::Each, self.rows, x, y, weights, output_gradient, gradients)
            .expect("the layer checked the shapes");
    }
}
