//! Tensor products of features, row by row.

use std::sync::Arc;

use burn::module::Module;

use super::dual::DualTensor;
use super::weighted_product::{ProductOperation, RowsOrEdges};
use super::weights::{BelongsTo, Weights};
use super::{Dual, Features, Init, NnError};
use crate::Irreps;
use crate::kernels::{self, KernelError};

/// The product of two features along coupling paths, with one learnable weight for every channel
/// pair of a weighted path, shared by all rows; see [`kernels::TensorProduct`], and
/// [`WeightedProduct`](super::WeightedProduct) for weights of each row.
#[derive(Module, Debug)]
pub struct TensorProduct {
    weights: Weights,
    #[module(skip)]
    kernel: Arc<kernels::TensorProduct>,
}

impl TensorProduct {
    /// A product of given paths.
    pub fn new(kernel: kernels::TensorProduct, init: &mut Init) -> Self {
        let weights = init.normal([1, kernel.num_weights()]);
        let weights = Weights::new(weights, BelongsTo::product(&kernel));
        TensorProduct { weights, kernel: Arc::new(kernel) }
    }

    /// The same with given weights, path by path; see [`kernels::TensorProduct::weights_of`].
    ///
    /// # Errors
    /// If their number is wrong.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::kernels;
    /// use tesseral::nn::{Features, Init, TensorProduct};
    ///
    /// let init = &mut Init::new(0, &Device::flex());
    /// let scalars = "1x0e".parse()?;
    /// let product = kernels::TensorProduct::fully_connected(&scalars, &scalars, &scalars)?;
    /// let product = TensorProduct::new(product, init).with_weights(vec![3.0], init)?;
    /// let x = Features::new(scalars, Tensor::from_data([[2.0]], init.device()))?;
    /// assert_eq!(product.forward(&x, &x)?.into_values().into_scalar::<f32>(), 12.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_weights(self, weights: Vec<f64>, init: &Init) -> Result<Self, KernelError> {
        let weights = self.weights.with_row("the weights", weights, init)?;
        Ok(TensorProduct { weights, ..self })
    }

    /// The product on slices: its paths, and which weights are whose.
    pub fn kernel(&self) -> &kernels::TensorProduct {
        &self.kernel
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
        let rows = RowsOrEdges::Rows(rows);
        let product = ProductOperation { kernel: self.kernel.clone(), rows };
        let weights = DualTensor::constant(self.weights.val());
        let values = product.evaluate([&first.tensors, &second.tensors, &weights])?;
        Ok(Dual::of_shape(self.kernel.output().clone(), values))
    }
}
