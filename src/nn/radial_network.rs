//! The learnable radial filter: a network from the radial basis of an edge to the weights of its
//! tensor product.

use std::sync::Arc;

use burn::module::{Module, Param};
use burn::tensor::Tensor;

use super::dual::DualTensor;
use super::functions::Functions;
use super::operation::check_tensors;
use super::{Init, NnError};
use crate::Irreps;
use crate::kernels::{Activation, ScalarFunction, SecondMoment};

/// A perceptron with SiLU activations, without biases, so that it is zero where the basis is:
/// weights vanish smoothly at the cutoff. Outputs of unit variance come from inputs of unit
/// variance.
#[derive(Module, Debug)]
pub struct RadialNetwork {
    layers: Vec<Param<Tensor<2>>>,
    /// SiLU of the channels of every hidden layer.
    #[module(skip)]
    activations: Vec<Arc<Activation>>,
}

impl RadialNetwork {
    /// A network of given widths, from the size of the basis to the number of weights.
    pub fn new(widths: &[usize], init: &mut Init) -> Self {
        let layers = widths.windows(2).map(|pair| init.normal([pair[0], pair[1]])).collect();
        let hidden = widths.get(1..widths.len().max(2) - 1).unwrap_or_default();
        let activations = hidden.iter().map(|&width| Arc::new(silu(width))).collect();
        RadialNetwork { layers, activations }
    }

    /// The weights `[edges][last width]` of a basis `[edges][first width]`.
    ///
    /// # Errors
    /// If the basis has another width, type or device.
    pub fn forward(&self, basis: &Tensor<2>) -> Result<Tensor<2>, NnError> {
        Ok(self.forward_dual(&DualTensor::constant(basis.clone()))?.value)
    }

    /// The weights and their derivative.
    pub(super) fn forward_dual(&self, basis: &DualTensor) -> Result<DualTensor, NnError> {
        let mut values = basis.clone();
        for (index, layer) in self.layers.iter().enumerate() {
            let weights = layer.val();
            check_tensors(&[&values.value, &weights])?;
            let ([rows, columns], [width, _]) = (values.value.dims(), weights.dims());
            if columns != width {
                let (expected, found) = ([rows, width], [rows, columns]);
                return Err(NnError::Shape { what: "the radial basis", expected, found });
            }
            // Not div_scalar, whose backward step rounds to f32.
            let scale = (width.max(1) as f64).sqrt().recip();
            values = values.linear(|x| Ok(x.matmul(weights.clone()).mul_scalar(scale)))?;
            if let Some(activation) = self.activations.get(index) {
                values = values.smooth(Functions(activation.clone()))?;
            }
        }
        Ok(values)
    }
}

/// SiLU of so many channels, normalized.
fn silu(width: usize) -> Activation {
    let functions = [Some(ScalarFunction::SILU)];
    let activation = Activation::new(Irreps::scalars(width), &functions, SecondMoment::One);
    activation.expect("any function of even scalars is one")
}
