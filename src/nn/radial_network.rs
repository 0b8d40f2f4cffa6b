//! The learnable radial filter: a network from the radial basis of an edge to the weights of its
//! tensor product.

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use burn::tensor::activation::silu;

use super::operation::check_tensors;
use super::{Init, NnError};

/// 1/√E[silu(x)²] for a normal x of variance 1.
const SILU_GAIN: f64 = 1.676532470331091;

/// A perceptron with SiLU activations, without biases, so that it is zero where the basis is:
/// weights vanish smoothly at the cutoff. Outputs of unit variance come from inputs of unit
/// variance.
#[derive(Module, Debug)]
pub struct RadialNetwork {
    layers: Vec<Param<Tensor<2>>>,
}

impl RadialNetwork {
    /// A network of given widths, from the size of the basis to the number of weights.
    pub fn new(widths: &[usize], init: &mut Init) -> Self {
        let layers = widths.windows(2).map(|pair| init.normal([pair[0], pair[1]])).collect();
        RadialNetwork { layers }
    }

    /// The weights `[edges][last width]` of a basis `[edges][first width]`.
    ///
    /// # Errors
    /// If the basis has another width, type or device.
    pub fn forward(&self, basis: &Tensor<2>) -> Result<Tensor<2>, NnError> {
        let mut values = basis.clone();
        for (index, layer) in self.layers.iter().enumerate() {
            let weights = layer.val();
            check_tensors(&[&values, &weights])?;
            let ([rows, columns], [width, _]) = (values.dims(), weights.dims());
            if columns != width {
                let (expected, found) = ([rows, width], [rows, columns]);
                return Err(NnError::Shape { what: "the radial basis", expected, found });
            }
            // Not div_scalar, whose backward step rounds to f32.
            let scale = (width.max(1) as f64).sqrt().recip();
            values = values.matmul(weights).mul_scalar(scale);
            if index + 1 < self.layers.len() {
                values = silu(values).mul_scalar(SILU_GAIN);
            }
        }
        Ok(values)
    }
}
