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
    pub fn new(irreps: &Irreps, probability: f64, init: &mut Init) -> Result<Self, NnError> {
        if !(0.0..=1.0).contains(&probability) {
            return Err(NnError::Probability { found: probability });
        }
        Ok(Dropout {
            probability,
            training: Param::from_bool(true),
            channels: Arc::new(Channels::new(irreps.clone())),
            random: KeptRandom::new(init.fork_random()),
        })
    }

    /// The features that are left.
    ///
    /// # Errors
    /// If the features have other irreps, another type than f32 or f64, or are not on the CPU.
    pub fn forward(&self, x: &Features) -> Result<Features, NnError> {
        Ok(self.forward_dual(&Dual::constant(x.clone()))?.into_value())
    }

    /// The features that are left and their derivative, which loses the same channels; see [`Dual`].
    /// In training, every call drops others.
    ///
    /// # Errors
    /// As [`Dropout::forward`].
    pub fn forward_dual(&self, x: &Dual) -> Result<Dual, NnError> {
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
