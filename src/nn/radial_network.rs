//! The learnable radial filter: a network from the radial basis of an edge to the weights of its
//! tensor product.

use std::sync::Arc;

use burn::module::Module;
use burn::tensor::Tensor;

use super::dual::DualTensor;
use super::functions::Functions;
use super::operation::check_tensors;
use super::weights::Matrix;
use super::{Dual, Init, NnError};
use crate::Irreps;
use crate::error::check_length;
use crate::kernels::{Activation, ActivationError, KernelError, ScalarFunction, SecondMoment};

/// A perceptron without biases, `h ← f(h W / √width)` in hidden layers and `h W / √width` in the
/// last: e3nn's `nn.FullyConnectedNet`. f is SiLU normalized by [`SecondMoment::One`], unless
/// chosen: zero where the basis is, so that weights vanish smoothly at the cutoff. Outputs of unit
/// variance come from inputs of unit variance.
///
/// # Example
/// ```
/// use burn::module::Module;
/// use burn::tensor::{Device, Tensor};
/// use tesseral::nn::{Init, RadialNetwork};
///
/// // From 4 functions by 16 hidden channels to 8 weights of an edge.
/// let device = Device::flex();
/// let network = RadialNetwork::new(&[4, 16, 8], &mut Init::new(1, &device));
/// assert_eq!(network.num_params(), 4 * 16 + 16 * 8);
/// // At the cutoff, where the basis is zero, the weights are.
/// let weights = network.forward(&Tensor::zeros([1, 4], &device))?;
/// assert_eq!(weights.to_data().as_slice::<f32>()?, [0.0; 8]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Module, Debug)]
pub struct RadialNetwork {
    layers: Vec<Matrix>,
    /// The function of the channels of every hidden layer.
    #[module(skip)]
    activations: Vec<Arc<Activation>>,
}

impl RadialNetwork {
    /// A network of given widths, from the size of the basis to the number of weights.
    ///
    /// # Panics
    /// If there are fewer than two widths.
    #[track_caller]
    pub fn new(widths: &[usize], init: &mut Init) -> Self {
        let count = widths.len();
        assert!(count >= 2, "widths of a basis and of weights are expected, found {count}");
        let matrix = |pair: &[usize]| Matrix::new(init.normal([pair[0], pair[1]]));
        let layers = widths.windows(2).map(matrix).collect();
        let hidden = &widths[1..count - 1];
        let silu = |&width: &usize| {
            let activation = activation(width, ScalarFunction::SILU, SecondMoment::One);
            activation.expect("SiLU of even scalars can be normalized")
        };
        let activations = hidden.iter().map(silu).collect();
        RadialNetwork { layers, activations }
    }

    /// The same with given weights, layer by layer, each `[channel in][channel out]` as in e3nn.
    ///
    /// # Errors
    /// If their number is wrong.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::nn::{Init, RadialNetwork};
    ///
    /// let init = &mut Init::new(0, &Device::flex());
    /// let network = RadialNetwork::new(&[4, 2], init);
    /// let weights = vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
    /// let z = network.with_weights(weights, init)?.forward(&Tensor::ones([1, 4], init.device()))?;
    /// assert_eq!(z.into_data().to_vec::<f32>().unwrap(), [8.0, 10.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_weights(self, weights: Vec<f64>, init: &Init) -> Result<Self, KernelError> {
        let sizes = self.layers.iter().map(|layer| layer.val().dims().iter().product::<usize>());
        check_length("the weights", sizes.sum(), weights.len())?;
        let mut rest = weights.as_slice();
        let with_its_own = |layer: Matrix| {
            let shape = layer.val().dims();
            let (own, others) = rest.split_at(shape[0] * shape[1]);
            rest = others;
            layer.with_values(init.tensor(own.to_vec(), shape))
        };
        let layers = self.layers.into_iter().map(with_its_own).collect();
        Ok(RadialNetwork { layers, ..self })
    }

    /// The same with another function in hidden layers. Networks trained with e3nn rely on its
    /// constants, [`SecondMoment::E3nn`]. With a function that is not zero at zero, weights do not
    /// vanish at the cutoff.
    ///
    /// # Errors
    /// If the function cannot be normalized as asked.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::kernels::{ScalarFunction, SecondMoment};
    /// use tesseral::nn::{Init, RadialNetwork};
    ///
    /// let device = Device::flex();
    /// let make = || RadialNetwork::new(&[4, 16, 1], &mut Init::new(1, &device));
    /// let at_cutoff = |network: RadialNetwork| network.forward(&Tensor::zeros([1, 4], &device));
    /// let e3nn = make().with_activation(ScalarFunction::SILU, SecondMoment::E3nn)?;
    /// assert_eq!(at_cutoff(e3nn)?.into_scalar::<f32>(), 0.0);
    /// // σ(0) is not zero: the messages of an edge end with a jump.
    /// let sigmoid = make().with_activation(ScalarFunction::SIGMOID, SecondMoment::One)?;
    /// assert_ne!(at_cutoff(sigmoid)?.into_scalar::<f32>(), 0.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_activation(
        mut self,
        function: ScalarFunction,
        moment: SecondMoment,
    ) -> Result<Self, ActivationError> {
        for hidden in &mut self.activations {
            *hidden = activation(hidden.output().dim(), function, moment)?;
        }
        Ok(self)
    }

    /// The weights `[edges][last width]` of a basis `[edges][first width]`.
    ///
    /// # Errors
    /// If the basis has another width, type or device.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::nn::{Init, RadialNetwork};
    ///
    /// let device = Device::flex();
    /// let network = RadialNetwork::new(&[4, 16, 8], &mut Init::new(1, &device));
    /// assert_eq!(network.forward(&Tensor::ones([20, 4], &device))?.dims(), [20, 8]);
    /// assert_eq!(
    ///     network.forward(&Tensor::ones([20, 6], &device)).unwrap_err().to_string(),
    ///     "`RadialNetwork`: the radial basis has the shape [20, 6], expected [20, 4]"
    /// );
    /// # Ok::<(), tesseral::nn::NnError>(())
    /// ```
    pub fn forward(&self, basis: &Tensor<2>) -> Result<Tensor<2>, NnError> {
        let scalars = Irreps::scalars(basis.dims()[1]);
        let basis = Dual::of_shape(scalars, DualTensor::constant(basis.clone()));
        Ok(self.forward_dual(&basis)?.into_value().into_values())
    }

    /// The weights and their derivative as scalars, `Irreps::scalars(last width)`, of a basis of
    /// scalars such as [`EdgeAttributes::basis_dual`](super::EdgeAttributes::basis_dual); see
    /// [`Dual`].
    ///
    /// # Errors
    /// As [`RadialNetwork::forward`], and if the basis has other irreps than `0e`.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::graph::{Graph, SelfEdges};
    /// use tesseral::nn::{EdgeAttributes, Init, RadialNetwork};
    /// use tesseral::radial::Bessel;
    ///
    /// let device = Device::flex();
    /// let network = RadialNetwork::new(&[4, 16, 8], &mut Init::new(1, &device));
    /// let r = Tensor::from_data([[0.0, 0.0, 0.0], [0.0, 0.0, 1.0]], &device);
    /// let pair = Graph::complete(2, SelfEdges::Without);
    /// let edges = EdgeAttributes::new(pair, r, None, 0, Bessel::new(4, 3.0)?)?;
    /// // The atom moves sideways: at first the distance stays, and so do the weights.
    /// let sideways = Tensor::from_data([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]], &device);
    /// let weights = network.forward_dual(&edges.dual(&sideways)?.basis_dual())?;
    /// assert_eq!(weights.irreps().to_string(), "8x0e");
    /// assert_eq!(weights.tangent().to_data().as_slice::<f32>()?, [0.0; 16]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn forward_dual(&self, basis: &Dual) -> Result<Dual, NnError> {
        self.evaluate(basis).map_err(NnError::in_layer("RadialNetwork"))
    }

    fn evaluate(&self, basis: &Dual) -> Result<Dual, NnError> {
        basis.expect("the radial basis", &Irreps::scalars(basis.irreps().dim()))?;
        let mut values = basis.tensors.clone();
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
        let [_, columns] = values.value.dims();
        Ok(Dual::of_shape(Irreps::scalars(columns), values))
    }
}

/// A function of so many channels.
fn activation(
    width: usize,
    function: ScalarFunction,
    moment: SecondMoment,
) -> Result<Arc<Activation>, ActivationError> {
    let activation = Activation::new(Irreps::scalars(width), &[Some(function)], moment)?;
    Ok(Arc::new(activation.in_parallel()))
}
