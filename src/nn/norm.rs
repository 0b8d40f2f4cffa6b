//! The invariants of channels.

use std::sync::Arc;

use burn::module::Module;

use super::functions::Invariants;
use super::{Dual, Features, NnError};
use crate::Irreps;
use crate::kernels::Channels;

/// One scalar for every channel: by default its norm |x|, e3nn's `o3.Norm`. It has no parameters.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use tesseral::Irreps;
/// use tesseral::nn::{Features, Norm};
///
/// let irreps: Irreps = "1x0e + 1x1o".parse()?;
/// let x = Tensor::from_data([[-2.0, 3.0, 0.0, 4.0]], &Device::flex());
/// let norms = Norm::new(&irreps).forward(&Features::new(irreps, x)?)?;
/// assert_eq!(norms.irreps().to_string(), "2x0e");
/// assert_eq!(norms.values().to_data().iter::<f32>().collect::<Vec<_>>(), [2.0, 5.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Module, Debug)]
pub struct Norm {
    #[module(skip)]
    channels: Arc<Channels>,
}

impl Norm {
    /// The norms |x| of channels of `irreps`, scalars too. Their derivative at zero is taken as
    /// zero.
    ///
    /// # Panics
    /// If there is no memory for a few words per channel.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::Irreps;
    /// use tesseral::nn::{Features, Norm};
    ///
    /// let (irreps, device): (Irreps, _) = ("2x1o".parse()?, Device::flex().autodiff());
    /// // The gradient is x/|x|, and zero for the vector that is zero.
    /// let x = Tensor::<2>::from_data([[0.0, 0.0, 0.0, 0.0, 4.0, 0.0]], &device).require_grad();
    /// let norms = Norm::new(&irreps).forward(&Features::new(irreps, x.clone())?)?;
    /// let gradient = x.grad(&norms.into_values().sum().backward()).unwrap();
    /// assert_eq!(gradient.to_data().as_slice::<f32>()?, [0.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(irreps: &Irreps) -> Self {
        Norm { channels: Arc::new(Channels::with_norms_above(irreps.clone(), 0.0).in_parallel()) }
    }

    /// The values of scalars `0e` as they are, and √(|x|² + 10⁻¹²) of every other channel, which is
    /// smooth everywhere.
    ///
    /// # Panics
    /// As [`Norm::new`].
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::Irreps;
    /// use tesseral::nn::{Features, Norm};
    ///
    /// let irreps: Irreps = "1x0e + 1x0o".parse()?;
    /// let x = Tensor::from_data([[-2.0, -2.0]], &Device::flex());
    /// let x = Features::new(irreps.clone(), x)?;
    /// let [norm, smooth] = [Norm::new(&irreps), Norm::smooth(&irreps)];
    /// assert_eq!(norm.forward(&x)?.values().to_data().as_slice::<f32>()?, [2.0, 2.0]);
    /// // A scalar keeps its sign; that of a pseudoscalar is no invariant.
    /// assert_eq!(smooth.forward(&x)?.values().to_data().as_slice::<f32>()?, [-2.0, 2.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn smooth(irreps: &Irreps) -> Self {
        Norm { channels: Arc::new(Channels::new(irreps.clone()).in_parallel()) }
    }

    /// The irreps of the output: `0e`, as many as channels.
    pub fn output(&self) -> Irreps {
        Irreps::scalars(self.channels.len())
    }

    /// The invariants `[rows][channels]`.
    ///
    /// # Errors
    /// If the features have other irreps, another type than f32 or f64, or are not on the CPU.
    pub fn forward(&self, x: &Features) -> Result<Features, NnError> {
        Ok(self.forward_dual(&Dual::constant(x.clone()))?.into_value())
    }

    /// The invariants and their derivative; see [`Dual`].
    ///
    /// # Errors
    /// As [`Norm::forward`].
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::Irreps;
    /// use tesseral::nn::{Dual, Features, Norm};
    ///
    /// let (irreps, device): (Irreps, _) = ("2x1o".parse()?, Device::flex());
    /// let norm = Norm::new(&irreps);
    /// // One vector grows, the other begins to turn.
    /// let x = Tensor::from_data([[0.0, 0.0, 4.0, 0.0, 0.0, 4.0]], &device);
    /// let direction = Tensor::from_data([[0.0, 0.0, 1.0, 1.0, 0.0, 0.0]], &device);
    /// let norms = norm.forward_dual(&Dual::new(Features::new(irreps, x)?, direction)?)?;
    /// assert_eq!(norms.value().values().to_data().as_slice::<f32>()?, [4.0, 4.0]);
    /// assert_eq!(norms.tangent().to_data().as_slice::<f32>()?, [1.0, 0.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn forward_dual(&self, x: &Dual) -> Result<Dual, NnError> {
        self.evaluate(x).map_err(NnError::in_layer("Norm"))
    }

    fn evaluate(&self, x: &Dual) -> Result<Dual, NnError> {
        x.expect("the input", self.channels.irreps())?;
        let values = x.tensors.smooth(Invariants(self.channels.clone()))?;
        Ok(Dual::of_shape(self.output(), values))
    }
}
