//! Functions of norms.

use std::sync::Arc;

use burn::module::{Module, Param};

use super::functions::{Functions, Invariants, Scale, functions};
use super::operation::{apply2, check_tensors};
use super::weights::{BelongsTo, Weights};
use super::{Dual, Features, Init, NnError};
use crate::Irreps;
use crate::kernels::{self, Channels, KernelError, ScalarFunction};

/// e3nn's `nn.NormActivation`: every channel x becomes f(|x| + b) x/|x|, or f(|x| + b) x if not
/// normalized, with a learnable bias b of the channel if there are biases.
///
/// The function is taken as it is, its second moment not normalized. With normalization, norms
/// below 10⁻⁸ count as 10⁻⁸.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use tesseral::Irreps;
/// use tesseral::kernels::ScalarFunction;
/// use tesseral::nn::{Features, Init, NormActivation};
///
/// let (irreps, device): (Irreps, _) = ("1x0e + 1x1o".parse()?, Device::flex());
/// let square = ScalarFunction::new("square", |x| [x * x, 2.0 * x, 2.0]);
/// let layer = NormActivation::new(&irreps, square, true, false, &mut Init::new(1, &device));
/// // Norms are squared; directions stay, and so does the sign of a scalar.
/// let x = Features::new(irreps, Tensor::from_data([[-4.0, 0.0, 0.0, 2.0]], &device))?;
/// let z = layer.forward(&x)?;
/// assert_eq!(z.values().to_data().as_slice::<f32>()?, [-16.0, 0.0, 0.0, 4.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Module, Debug)]
pub struct NormActivation {
    bias: Option<Weights>,
    normalize: bool,
    #[module(skip)]
    channels: Arc<Channels>,
    #[module(skip)]
    function: Arc<kernels::Activation>,
    #[module(skip)]
    reciprocal: Arc<kernels::Activation>,
}

impl NormActivation {
    /// The activation of every channel of `irreps`, scalars too. Biases begin as zeros.
    ///
    /// ```
    /// use burn::module::Module;
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::Irreps;
    /// use tesseral::kernels::ScalarFunction;
    /// use tesseral::nn::{Features, Init, NormActivation};
    ///
    /// let (irreps, device): (Irreps, _) = ("1x1o".parse()?, Device::flex());
    /// let init = &mut Init::new(1, &device);
    /// // Without `normalize`, f(|x|) is a factor: 3 for a norm of 3, where f is the identity.
    /// let f = ScalarFunction::IDENTITY;
    /// let layer = NormActivation::new(&irreps, f, false, false, init);
    /// let x = Features::new(irreps.clone(), Tensor::from_data([[0.0, 3.0, 0.0]], &device))?;
    /// assert_eq!(layer.forward(&x)?.values().to_data().as_slice::<f32>()?, [0.0, 9.0, 0.0]);
    /// // With `bias`, a parameter for every channel.
    /// assert_eq!(NormActivation::new(&irreps, f, true, true, init).num_params(), 1);
    /// assert_eq!(layer.num_params(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(
        irreps: &Irreps,
        function: ScalarFunction,
        normalize: bool,
        bias: bool,
        init: &mut Init,
    ) -> Self {
        let least = if normalize { 1e-8 } else { 0.0 };
        let channels = Channels::with_norms_above(irreps.clone(), least).in_parallel();
        let count = channels.len();
        NormActivation {
            bias: bias.then(|| zero_biases(&channels, init)),
            normalize,
            channels: Arc::new(channels),
            function: functions(count, function),
            reciprocal: functions(count, ScalarFunction::RECIPROCAL),
        }
    }

    /// The same with given biases, one for each channel, which it then has in any case.
    ///
    /// # Errors
    /// If their number is wrong.
    pub fn with_biases(self, biases: Vec<f64>, init: &Init) -> Result<Self, KernelError> {
        let bias = self.bias.unwrap_or_else(|| zero_biases(&self.channels, init));
        Ok(NormActivation { bias: Some(bias.with_row("the biases", biases, init)?), ..self })
    }

    /// The channels on slices: their norms, and their products with factors.
    pub fn kernel(&self) -> &Channels {
        &self.channels
    }

    /// The activated features.
    ///
    /// # Errors
    /// If the features have other irreps, or another type or device than the biases.
    pub fn forward(&self, x: &Features) -> Result<Features, NnError> {
        Ok(self.forward_dual(&Dual::constant(x.clone()))?.into_value())
    }

    /// The activated features and their derivative; see [`Dual`].
    ///
    /// # Errors
    /// As [`NormActivation::forward`].
    pub fn forward_dual(&self, x: &Dual) -> Result<Dual, NnError> {
        self.evaluate(x).map_err(NnError::in_layer("NormActivation"))
    }

    fn evaluate(&self, x: &Dual) -> Result<Dual, NnError> {
        x.expect("the input", self.channels.irreps())?;
        let norms = x.tensors.smooth(Invariants(self.channels.clone()))?;
        let mut argument = norms.clone();
        if let Some(bias) = &self.bias {
            let bias = bias.val();
            check_tensors(&[&argument.value, &bias])?;
            if self.channels.is_empty() {
                return Ok(x.clone());
            }
            argument.value = argument.value + bias;
        }
        let mut factors = argument.smooth(Functions(self.function.clone()))?;
        if self.normalize {
            let inverse = norms.smooth(Functions(self.reciprocal.clone()))?;
            factors = factors.product(&inverse, |a, b| Ok(a * b))?;
        }
        let scale = |x, f| apply2(Scale(self.channels.clone()), x, f);
        let values = x.tensors.product(&factors, scale)?;
        Ok(Dual::of_shape(self.channels.irreps().clone(), values))
    }
}

/// A zero for each channel.
fn zero_biases(channels: &Channels, init: &Init) -> Weights {
    let zeros = init.tensor(vec![0.0; channels.len()], [1, channels.len()]);
    Weights::new(Param::from_tensor(zeros), BelongsTo::new(channels.irreps().to_string()))
}
