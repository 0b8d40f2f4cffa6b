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
///
/// # Example
/// ```
/// use burn::module::Module;
/// use burn::tensor::{Device, Tensor};
/// use tesseral::Irreps;
/// use tesseral::kernels;
/// use tesseral::nn::{Features, Init, TensorProduct};
///
/// let device = Device::flex();
/// let (first, second): (Irreps, Irreps) = ("4x0e + 2x1o".parse()?, "1x1o".parse()?);
/// // Every pair of channels to every channel: 1o x 1o to 0e, and 0e x 1o to 1o.
/// let output = "3x0e + 5x1o".parse()?;
/// let kernel = kernels::TensorProduct::fully_connected(&first, &second, &output)?;
/// let product = TensorProduct::new(kernel, &mut Init::new(1, &device));
/// assert_eq!(product.num_params(), 2 * 3 + 4 * 5);
/// let x = Features::new(first, Tensor::ones([7, 10], &device))?;
/// let y = Features::new(second, Tensor::ones([7, 3], &device))?;
/// assert_eq!(product.forward(&x, &y)?.values().dims(), [7, 18]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
        TensorProduct { weights, kernel: Arc::new(kernel.in_parallel()) }
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

    /// Whether each component of the output depends on the inputs; the others are zero.
    pub fn output_mask(&self) -> Vec<bool> {
        self.kernel.output_mask()
    }

    /// The irreps of the output.
    pub fn output(&self) -> &Irreps {
        self.kernel.output()
    }

    /// The products of rows.
    ///
    /// # Errors
    /// If irreps, numbers of rows, types or devices do not fit.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::Irreps;
    /// use tesseral::kernels;
    /// use tesseral::nn::{Features, Init, TensorProduct};
    ///
    /// let (vector, device): (Irreps, _) = ("1x1o".parse()?, Device::flex());
    /// let kernel = kernels::TensorProduct::elementwise(&vector, &vector, |irrep| irrep.l < 2)?;
    /// let product = TensorProduct::new(kernel, &mut Init::new(1, &device));
    /// let v = Features::new(vector, Tensor::from_data([[1.0, 2.0, 2.0]], &device))?;
    /// let z = product.forward(&v, &v)?;
    /// assert_eq!(z.irreps().to_string(), "1x0e+1x1e");
    /// // v·v/√3, and v × v, which is zero, over √2.
    /// let z = z.values().to_data();
    /// let z = z.as_slice::<f32>()?;
    /// assert!((z[0] - 9.0 / 3_f32.sqrt()).abs() < 1e-6);
    /// assert_eq!(z[1..], [0.0; 3]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn forward(&self, first: &Features, second: &Features) -> Result<Features, NnError> {
        let [first, second] = [first, second].map(|x| Dual::constant(x.clone()));
        Ok(self.forward_dual(&first, &second)?.into_value())
    }

    /// The products of rows and their derivative; see [`Dual`].
    ///
    /// # Errors
    /// As [`TensorProduct::forward`].
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::Irreps;
    /// use tesseral::kernels;
    /// use tesseral::nn::{Dual, Features, Init, TensorProduct};
    ///
    /// let (scalar, device) = (Irreps::scalars(1), Device::flex());
    /// let kernel = kernels::TensorProduct::elementwise(&scalar, &scalar, |_| true)?;
    /// let product = TensorProduct::new(kernel, &mut Init::new(1, &device));
    /// let number = |value: f32, slope: f32| {
    ///     let value = Features::new(scalar.clone(), Tensor::from_data([[value]], &device))?;
    ///     Dual::new(value, Tensor::from_data([[slope]], &device))
    /// };
    /// // The product rule: 2 · 10 + 1 · 3.
    /// let z = product.forward_dual(&number(2.0, 1.0)?, &number(3.0, 10.0)?)?;
    /// assert_eq!(z.value().into_values().into_scalar::<f32>(), 6.0);
    /// assert_eq!(z.tangent().into_scalar::<f32>(), 23.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn forward_dual(&self, first: &Dual, second: &Dual) -> Result<Dual, NnError> {
        self.evaluate(first, second).map_err(NnError::in_layer("TensorProduct"))
    }

    fn evaluate(&self, first: &Dual, second: &Dual) -> Result<Dual, NnError> {
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
