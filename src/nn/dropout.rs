//! Dropout of whole channels.

use std::sync::Arc;

use burn::module::{Flag, Module, Param};
use burn::tensor::{Tensor, TensorData};

use super::functions::Scale;
use super::kept::KeptRandom;
use super::operation::{apply2, check_tensors};
use super::{Dual, Features, Init, NnError};
use crate::Irreps;
use crate::kernels::Channels;

/// e3nn's `nn.Dropout`: in training, every channel of every row, with all its components, becomes
/// zero with a given probability p, and is multiplied by 1/(1 - p) otherwise.
///
/// As in burn, a layer trains if its input is on a device with autodiff and the layer is not frozen
/// ([`Module::freeze`]); otherwise it changes nothing. It draws from a sequence of random numbers that is
/// its own, from the seed of its [`Init`]: a clone goes on with the same numbers, so that it drops
/// the same channels in its next call, and does not change what the layer drops. Records hold how far
/// the sequence has gone.
///
/// [`Module::freeze`]: burn::module::Module::freeze
///
/// # Example
/// ```
/// use burn::module::Module;
/// use burn::tensor::{Device, Tensor};
/// use tesseral::Irreps;
/// use tesseral::nn::{Dropout, Features, Init};
///
/// let (irreps, device): (Irreps, _) = ("4x1o".parse()?, Device::flex().autodiff());
/// let layer = Dropout::new(&irreps, 0.5, &mut Init::new(1, &device))?;
/// let x = Features::new(irreps, Tensor::ones([100, 12], &device))?;
/// // Whole vectors are lost, the others doubled.
/// let z = layer.forward(&x)?.values().to_data();
/// let vectors = z.as_slice::<f32>()?.as_chunks::<3>().0;
/// assert!(vectors.iter().all(|v| *v == [0.0; 3] || *v == [2.0; 3]));
/// assert!(vectors.contains(&[0.0; 3]) && vectors.contains(&[2.0; 3]));
/// // Once training is over nothing is.
/// assert_eq!(layer.freeze().forward(&x)?.values().to_data(), x.values().to_data());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Module, Debug)]
pub struct Dropout {
    probability: f64,
    training: Param<Flag>,
    #[module(skip)]
    channels: Arc<Channels>,
    random: KeptRandom,
}

impl Dropout {
    /// Dropout with a probability.
    ///
    /// # Errors
    /// If the probability is not from 0 to 1.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::Device;
    /// use tesseral::Irreps;
    /// use tesseral::nn::{Dropout, Init};
    ///
    /// // A probability, no percentage.
    /// let error = Dropout::new(&Irreps::scalars(8), 20.0, &mut Init::new(1, &Device::flex()));
    /// assert_eq!(
    ///     error.unwrap_err().to_string(),
    ///     "`Dropout`: the probability is 20, expected 0 to 1"
    /// );
    /// ```
    pub fn new(irreps: &Irreps, probability: f64, init: &mut Init) -> Result<Self, NnError> {
        check_probability(probability).map_err(NnError::in_layer("Dropout"))?;
        Ok(Dropout {
            probability,
            training: Param::from_bool(true),
            channels: Arc::new(Channels::new(irreps.clone()).in_parallel()),
            random: KeptRandom::new(init.fork_random()),
        })
    }

    /// The features that are left.
    ///
    /// # Errors
    /// If the features have other irreps, another type than f32 or f64, or are not on the CPU.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::Irreps;
    /// use tesseral::nn::{Dropout, Features, Init, NnError};
    ///
    /// let (irreps, device) = (Irreps::scalars(50), Device::flex().autodiff());
    /// let x = Features::new(irreps.clone(), Tensor::ones([1, 50], &device))?;
    /// let make = || Dropout::new(&irreps, 0.5, &mut Init::new(1, &device));
    /// let left = |layer: &Dropout| layer.forward(&x).map(|z| z.values().to_data());
    /// // From one seed the same channels are lost, and others in the next call.
    /// let (one, other) = (make()?, make()?);
    /// let first = left(&one)?;
    /// assert_eq!(left(&other)?, first);
    /// assert_ne!(left(&one)?, first);
    /// # Ok::<(), NnError>(())
    /// ```
    pub fn forward(&self, x: &Features) -> Result<Features, NnError> {
        Ok(self.forward_dual(&Dual::constant(x.clone()))?.into_value())
    }

    /// The features that are left and their derivative, which loses the same channels; see [`Dual`].
    /// In training, every call drops others.
    ///
    /// # Errors
    /// As [`Dropout::forward`].
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::Irreps;
    /// use tesseral::nn::{Dropout, Dual, Features, Init};
    ///
    /// let (irreps, device) = (Irreps::scalars(50), Device::flex().autodiff());
    /// let layer = Dropout::new(&irreps, 0.5, &mut Init::new(1, &device))?;
    /// let x = Features::new(irreps, Tensor::ones([1, 50], &device))?;
    /// let z = layer.forward_dual(&Dual::new(x, Tensor::full([1, 50], 10.0, &device))?)?;
    /// // Where a channel is lost its derivative is, too.
    /// let tenfold = z.value().into_values().mul_scalar(10.0);
    /// assert_eq!(z.tangent().to_data(), tenfold.to_data());
    /// # Ok::<(), tesseral::nn::NnError>(())
    /// ```
    pub fn forward_dual(&self, x: &Dual) -> Result<Dual, NnError> {
        self.evaluate(x).map_err(NnError::in_layer("Dropout"))
    }

    fn evaluate(&self, x: &Dual) -> Result<Dual, NnError> {
        x.expect("the input", self.channels.irreps())?;
        let value = &x.tensors.value;
        check_tensors(&[value])?;
        let trains = value.device().is_autodiff() && self.training.is_enabled();
        if !trains || self.probability == 0.0 || self.channels.is_empty() {
            return Ok(x.clone());
        }
        let shape = [value.dims()[0], self.channels.len()];
        let factors = TensorData::new(self.factors(shape[0] * shape[1]), shape);
        let factors = Tensor::from_data(factors, (&value.device(), value.dtype()));
        let scale = |x| apply2(Scale(self.channels.clone()), x, factors.clone());
        Ok(Dual::of_shape(self.channels.irreps().clone(), x.tensors.linear(scale)?))
    }

    /// Zeros and 1/(1 - p).
    fn factors(&self, count: usize) -> Vec<f64> {
        let kept = (1.0 - self.probability).recip();
        self.random.draw(|random| {
            let factor = |_| if random.uniform() < self.probability { 0.0 } else { kept };
            (0..count).map(factor).collect()
        })
    }
}

fn check_probability(found: f64) -> Result<(), NnError> {
    match (0.0..=1.0).contains(&found) {
        true => Ok(()),
        false => Err(NnError::Probability { found }),
    }
}
