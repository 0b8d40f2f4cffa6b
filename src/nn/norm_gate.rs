//! The norm gate: a nonlinearity that commutes with rotations.

use std::sync::Arc;

use burn::module::Module;

use super::functions::{Functions, Invariants, Scale, functions};
use super::operation::{apply2, check_tensors};
use super::weights::{BelongsTo, Weights};
use super::{Dual, Features, Init, NnError};
use crate::Irreps;
use crate::kernels::{self, Channels, KernelError, ScalarFunction};

/// Multiplies every channel x by σ(n + b), where σ is the logistic function, b a learnable bias of
/// the channel and n its invariant: the value for the irrep `0e`, the smooth norm √(|x|² + 10⁻¹²) for every
/// other (Thomas et al. 2018, section 4.1.4, with η(n) = σ(n)). A scalar with b = 0 becomes SiLU.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use tesseral::Irreps;
/// use tesseral::kernels::ScalarFunction;
/// use tesseral::nn::{Features, Init, NormGate};
///
/// let (irreps, device): (Irreps, _) = ("1x0e + 1x1o".parse()?, Device::flex());
/// let gate = NormGate::new(&irreps, &mut Init::new(1, &device));
/// // The value of the scalar and the norm of the vector are both 2.
/// let x = Features::new(irreps, Tensor::from_data([[2.0, 0.0, 2.0, 0.0]], &device))?;
/// let silu = ScalarFunction::SILU.value(2.0) as f32;
/// let z = gate.forward(&x)?;
/// assert_eq!(z.values().to_data().as_slice::<f32>()?, [silu, 0.0, silu, 0.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Module, Debug)]
pub struct NormGate {
    bias: Weights,
    #[module(skip)]
    channels: Arc<Channels>,
    #[module(skip)]
    sigmoid: Arc<kernels::Activation>,
}

impl NormGate {
    /// A gate for features of given irreps, with zero biases.
    pub fn new(irreps: &Irreps, init: &mut Init) -> Self {
        let channels = Channels::new(irreps.clone()).in_parallel();
        let bias = init.normal_then_zero(0, channels.len());
        let bias = Weights::new(bias, BelongsTo::new(irreps.to_string()));
        let sigmoid = functions(channels.len(), ScalarFunction::SIGMOID);
        NormGate { bias, channels: Arc::new(channels), sigmoid }
    }

    /// The same with given biases, one for each channel.
    ///
    /// # Errors
    /// If their number is wrong.
    pub fn with_biases(self, biases: Vec<f64>, init: &Init) -> Result<Self, KernelError> {
        Ok(NormGate { bias: self.bias.with_row("the biases", biases, init)?, ..self })
    }

    /// The channels on slices: their invariants, and their products with factors.
    pub fn kernel(&self) -> &Channels {
        &self.channels
    }

    /// The gated features.
    ///
    /// # Errors
    /// If the features have other irreps, or another type or device than the biases.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::Irreps;
    /// use tesseral::kernels::ScalarFunction;
    /// use tesseral::nn::{Features, Init, NormGate};
    ///
    /// let (irreps, device): (Irreps, _) = ("1x0e + 1x0o".parse()?, Device::flex());
    /// let gate = NormGate::new(&irreps, &mut Init::new(1, &device));
    /// let x = Features::new(irreps, Tensor::from_data([[-2.0, -2.0]], &device))?;
    /// // The sign of a pseudoscalar is not looked at, and is kept.
    /// let silu = |x| ScalarFunction::SILU.value(x) as f32;
    /// let z = gate.forward(&x)?;
    /// assert_eq!(z.values().to_data().as_slice::<f32>()?, [silu(-2.0), -silu(2.0)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn forward(&self, x: &Features) -> Result<Features, NnError> {
        Ok(self.forward_dual(&Dual::constant(x.clone()))?.into_value())
    }

    /// The gated features and their derivative; see [`Dual`].
    ///
    /// # Errors
    /// As [`NormGate::forward`].
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor, TensorData, Tolerance};
    /// use tesseral::Irreps;
    /// use tesseral::nn::{Dual, Features, Init, NormGate};
    ///
    /// let (irreps, device): (Irreps, _) = ("1x1o".parse()?, Device::flex());
    /// let gate = NormGate::new(&irreps, &mut Init::new(1, &device));
    /// // At zero a vector is multiplied by σ(0) = 1/2, and so is what it changes by.
    /// let x = Features::new(irreps, Tensor::zeros([1, 3], &device))?;
    /// let z = gate.forward_dual(&Dual::new(x, Tensor::from_data([[2.0, 4.0, 6.0]], &device))?)?;
    /// let expected = TensorData::from([[1.0, 2.0, 3.0]]);
    /// z.tangent().to_data().assert_approx_eq::<f32>(&expected, Tolerance::absolute(1e-5));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn forward_dual(&self, x: &Dual) -> Result<Dual, NnError> {
        self.evaluate(x).map_err(NnError::in_layer("NormGate"))
    }

    fn evaluate(&self, x: &Dual) -> Result<Dual, NnError> {
        x.expect("the input", self.channels.irreps())?;
        let bias = self.bias.val();
        check_tensors(&[&x.tensors.value, &bias])?;
        if self.channels.is_empty() {
            return Ok(x.clone());
        }
        let mut factors = x.tensors.smooth(Invariants(self.channels.clone()))?;
        factors.value = factors.value + bias;
        let factors = factors.smooth(Functions(self.sigmoid.clone()))?;
        let gated =
            x.tensors.product(&factors, |x, f| apply2(Scale(self.channels.clone()), x, f))?;
        Ok(Dual::of_shape(self.channels.irreps().clone(), gated))
    }
}
