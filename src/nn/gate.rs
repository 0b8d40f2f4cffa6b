//! The norm gate: a nonlinearity that commutes with rotations.

use std::sync::Arc;

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use burn::tensor::activation::sigmoid;

use super::operation::{Element, Operation, apply1, apply2};
use super::{Features, Init, NnError};
use crate::Irreps;
use crate::kernels::Channels;

/// Multiplies every channel x by σ(n + b), where σ is the logistic function, b a learnable bias of
/// the channel and n its invariant: the value for the irrep `0e`, the norm for every other
/// (Thomas et al. 2018, section 4.1.4, with η(n) = σ(n)). A scalar with b = 0 becomes SiLU.
#[derive(Module, Debug)]
pub struct NormGate {
    bias: Param<Tensor<2>>,
    #[module(skip)]
    channels: Arc<Channels>,
}

impl NormGate {
    /// A gate for features of given irreps, with zero biases.
    pub fn new(irreps: &Irreps, init: &mut Init) -> Self {
        let channels = Channels::new(irreps.clone());
        let bias = init.normal_then_zero(0, channels.len());
        NormGate { bias, channels: Arc::new(channels) }
    }

    /// The gated features.
    ///
    /// # Errors
    /// If the features have other irreps, or another type or device than the biases.
    pub fn forward(&self, x: &Features) -> Result<Features, NnError> {
        x.expect("the input", self.channels.irreps())?;
        let bias = self.bias.val();
        super::operation::check_tensors(&[x.values(), &bias])?;
        if self.channels.is_empty() {
            return Ok(x.clone());
        }
        let invariants = apply1(Invariants(self.channels.clone()), x.values().clone())?;
        let factors = sigmoid(invariants + bias);
        let values = apply2(Scale(self.channels.clone()), x.values().clone(), factors)?;
        Features::new(x.irreps().clone(), values)
    }
}

#[derive(Debug)]
struct Invariants(Arc<Channels>);

impl Operation<1> for Invariants {
    fn output_shape(&self, [[rows, _]]: [[usize; 2]; 1]) -> [usize; 2] {
        [rows, self.0.len()]
    }

    fn forward<T: Element>(&self, [x]: [&[T]; 1], output: &mut [T]) {
        self.0.invariants(x, output).expect("the layer checked the shapes");
    }

    fn backward<T: Element>(&self, [x]: [&[T]; 1], dz: &[T], [dx]: [Option<&mut [T]>; 1]) {
        if let Some(dx) = dx {
            self.0.invariants_backward(x, dz, dx).expect("the layer checked the shapes");
        }
    }
}

#[derive(Debug)]
struct Scale(Arc<Channels>);

impl Operation<2> for Scale {
    fn output_shape(&self, [shape, _]: [[usize; 2]; 2]) -> [usize; 2] {
        shape
    }

    fn forward<T: Element>(&self, [x, factors]: [&[T]; 2], output: &mut [T]) {
        self.0.scale(x, factors, output).expect("the layer checked the shapes");
    }

    fn backward<T: Element>(
        &self,
        [x, factors]: [&[T]; 2],
        dz: &[T],
        [dx, dfactors]: [Option<&mut [T]>; 2],
    ) {
        self.0.scale_backward(x, factors, dz, dx, dfactors).expect("the layer checked the shapes");
    }
}
