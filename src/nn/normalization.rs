//! Layer and batch normalization that commute with rotations.

use std::sync::Arc;

use burn::module::{Flag, Module, Param};
use burn::tensor::{Tensor, TensorData};

use super::dual::DualTensor;
use super::functions::{AddToScalars, RowGroups, Scale, Standardized};
use super::kept::Kept;
use super::operation::{apply2, check_tensors};
use super::weights::{BelongsTo, Weights};
use super::{Dual, Features, Init, NnError};
use crate::Irreps;
use crate::graph::Batch;
use crate::kernels::{ChannelNorm, Channels, Groups, KernelError, Standardize, StandardizeInputs};

/// The learnable scale of every channel and shift of every scalar `0e`.
#[derive(Module, Debug)]
struct Affine {
    weight: Weights,
    bias: Weights,
    #[module(skip)]
    channels: Arc<Channels>,
}

impl Affine {
    fn new(irreps: &Irreps, init: &mut Init) -> Self {
        let channels = Channels::new(irreps.clone()).in_parallel();
        let ones = init.tensor(vec![1.0; channels.len()], [1, channels.len()]);
        Affine {
            weight: Weights::new(Param::from_tensor(ones), BelongsTo::new(irreps.to_string())),
            bias: Weights::new(
                init.normal_then_zero(0, irreps.num_scalars()),
                BelongsTo::new(irreps.to_string()),
            ),
            channels: Arc::new(channels),
        }
    }

    fn with_weights(
        self,
        weights: Vec<f64>,
        biases: Vec<f64>,
        init: &Init,
    ) -> Result<Self, KernelError> {
        let weight = self.weight.with_row("the weights", weights, init)?;
        let bias = self.bias.with_row("the biases", biases, init)?;
        Ok(Affine { weight, bias, ..self })
    }

    fn forward(&self, x: &DualTensor) -> Result<DualTensor, NnError> {
        let scale = |x| apply2(Scale(self.channels.clone()), x, self.weight.val());
        let scaled = x.linear(scale)?;
        let value = apply2(AddToScalars(self.channels.clone()), scaled.value, self.bias.val())?;
        Ok(DualTensor { value, ..scaled })
    }
}

/// Equivariant layer normalization: in every row, the scalars `0e` of a block are centred, and every
/// block is divided by the root of its mean square over channels and components, plus ε; then
/// channels get learnable weights, and scalars biases (Liao and Smidt 2023, arXiv:2206.11990,
/// section 4.1, with centred scalars as in its code).
///
/// Weights begin as ones, biases as zeros. A block of one scalar, `1x0e`, is its own mean: what comes
/// out is its bias.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor, TensorData, Tolerance};
/// use tesseral::Irreps;
/// use tesseral::nn::{Features, Init, LayerNorm};
///
/// let (irreps, device): (Irreps, _) = ("2x0e + 2x1o".parse()?, Device::flex());
/// let layer = LayerNorm::new(&irreps, true, &mut Init::new(1, &device));
/// // Vectors are not centred; the mean square of their six components becomes 1.
/// let x = Tensor::from_data([[1.0, 7.0, 0.0, 0.0, 30.0, 0.0, 30.0, 0.0]], &device);
/// let z = layer.forward(&Features::new(irreps, x)?)?;
/// let v = 3_f32.sqrt();
/// let expected = TensorData::from([[-1.0, 1.0, 0.0, 0.0, v, 0.0, v, 0.0]]);
/// z.values().to_data().assert_approx_eq::<f32>(&expected, Tolerance::absolute(1e-5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Module, Debug)]
pub struct LayerNorm {
    affine: Option<Affine>,
    #[module(skip)]
    kernel: Arc<Standardize>,
}

impl LayerNorm {
    /// The normalization of features, with ε = 10⁻⁵, and with learnable weights and biases if
    /// `affine`.
    ///
    /// ```
    /// use burn::module::Module;
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::Irreps;
    /// use tesseral::nn::{Features, Init, LayerNorm};
    ///
    /// let (irreps, device): (Irreps, _) = ("1x0e + 4x1o".parse()?, Device::flex());
    /// let init = &mut Init::new(1, &device);
    /// // Five weights and the bias of the scalar, or no parameters.
    /// let layer = LayerNorm::new(&irreps, true, init);
    /// assert_eq!(layer.num_params(), 5 + 1);
    /// assert_eq!(LayerNorm::new(&irreps, false, init).num_params(), 0);
    /// // A single scalar is lost.
    /// let x = Features::new(irreps, Tensor::full([2, 13], 9.0, &device))?;
    /// assert_eq!(layer.forward(&x)?.block(0).unwrap().to_data().as_slice::<f32>()?, [0.0, 0.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(irreps: &Irreps, affine: bool, init: &mut Init) -> Self {
        let kernel =
            Standardize::of_blocks(irreps.clone(), ChannelNorm::Component, 1e-5).in_parallel();
        let affine = affine.then(|| Affine::new(irreps, init));
        LayerNorm { affine, kernel: Arc::new(kernel) }
    }

    /// The same with a given weight for each channel and bias for each scalar `0e`, which it then
    /// has in any case.
    ///
    /// # Errors
    /// If their numbers are wrong.
    pub fn with_weights(
        self,
        weights: Vec<f64>,
        biases: Vec<f64>,
        init: &mut Init,
    ) -> Result<Self, KernelError> {
        let affine = self.affine.unwrap_or_else(|| Affine::new(self.kernel.irreps(), init));
        Ok(LayerNorm { affine: Some(affine.with_weights(weights, biases, init)?), ..self })
    }

    /// The normalization on slices.
    pub fn kernel(&self) -> &Standardize {
        &self.kernel
    }

    /// The normalized features.
    ///
    /// # Errors
    /// If the features have other irreps, or another type or device than the parameters.
    pub fn forward(&self, x: &Features) -> Result<Features, NnError> {
        Ok(self.forward_dual(&Dual::constant(x.clone()))?.into_value())
    }

    /// The normalized features and their derivative; see [`Dual`].
    ///
    /// # Errors
    /// As [`LayerNorm::forward`].
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::Irreps;
    /// use tesseral::nn::{Dual, Features, Init, LayerNorm};
    ///
    /// let (irreps, device) = (Irreps::scalars(3), Device::flex());
    /// let layer = LayerNorm::new(&irreps, true, &mut Init::new(1, &device));
    /// let x = Features::new(irreps, Tensor::from_data([[1.0, 2.0, 6.0]], &device))?;
    /// // What is added to all scalars of a block is taken away with their mean.
    /// let z = layer.forward_dual(&Dual::new(x, Tensor::ones([1, 3], &device))?)?;
    /// assert_eq!(z.tangent().to_data().as_slice::<f32>()?, [0.0; 3]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn forward_dual(&self, x: &Dual) -> Result<Dual, NnError> {
        self.evaluate(x).map_err(NnError::in_layer("LayerNorm"))
    }

    fn evaluate(&self, x: &Dual) -> Result<Dual, NnError> {
        x.expect("the input", self.kernel.irreps())?;
        let standardized = Standardized { kernel: self.kernel.clone(), groups: RowGroups::EachRow };
        finish(x.tensors.smooth(standardized)?, &self.affine, self.kernel.irreps())
    }
}

/// What a [`BatchNorm`] is made of; the defaults are e3nn's.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use tesseral::Irreps;
/// use tesseral::kernels::ChannelNorm;
/// use tesseral::nn::{BatchNorm, BatchNormConfig, Features, Init};
///
/// let (irreps, device): (Irreps, _) = ("1x1o".parse()?, Device::flex().autodiff());
/// // The second moment of a vector is its square norm, not the mean square of its components.
/// let norm = ChannelNorm::Norm;
/// let config = BatchNormConfig { norm, epsilon: 0.0, ..BatchNormConfig::default() };
/// let layer = BatchNorm::new(&irreps, config, &mut Init::new(1, &device));
/// let x = Features::new(irreps, Tensor::from_data([[0.0, 0.0, 4.0], [0.0, 4.0, 0.0]], &device))?;
/// let z = layer.forward(&x)?;
/// assert_eq!(z.values().to_data().as_slice::<f32>()?, [0.0, 0.0, 1.0, 0.0, 1.0, 0.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchNormConfig {
    /// Added to second moments.
    pub epsilon: f64,
    /// The share of a new batch in the running moments.
    pub momentum: f64,
    /// Whether channels have learnable weights and scalars biases.
    pub affine: bool,
    /// What the second moment of a channel is.
    pub norm: ChannelNorm,
}

impl Default for BatchNormConfig {
    fn default() -> Self {
        BatchNormConfig { epsilon: 1e-5, momentum: 0.1, affine: true, norm: ChannelNorm::Component }
    }
}

/// e3nn's `nn.BatchNorm`: scalars `0e` are centred, and every channel is divided by the root of its
/// second moment, both over all rows of the batch in training, running averages otherwise.
///
/// As in burn, a layer trains if its input is on a device with autodiff and the layer is not frozen
/// ([`Module::freeze`]): freeze it to compute forces with running averages. Rows are samples;
/// e3nn's `reduce`, over samples of one batch entry, has no counterpart. Running averages are the
/// layer's own: a clone has a copy of them, and learns for itself. They are saved in records.
///
/// [`Module::freeze`]: burn::module::Module::freeze
///
/// # Example
/// ```
/// use burn::module::Module;
/// use burn::tensor::{Device, Tensor};
/// use tesseral::Irreps;
/// use tesseral::nn::{BatchNorm, BatchNormConfig, Features, Init};
///
/// let irreps = Irreps::scalars(1);
/// let (device, evaluation) = (Device::flex().autodiff(), Device::flex());
/// let config = BatchNormConfig { epsilon: 0.0, momentum: 1.0, ..BatchNormConfig::default() };
/// let layer = BatchNorm::new(&irreps, config, &mut Init::new(1, &device));
/// // In training by the mean 3 and the mean square 4 about it, which are remembered.
/// let x = Features::new(irreps.clone(), Tensor::from_data([[1.0], [5.0]], &device))?;
/// let z = layer.forward(&x)?;
/// assert_eq!(z.values().to_data().as_slice::<f32>()?, [-1.0, 1.0]);
/// // Of other rows these are taken away, and not their own.
/// let x = Features::new(irreps, Tensor::from_data([[3.0], [13.0]], &evaluation))?;
/// let z = layer.valid().forward(&x)?;
/// assert_eq!(z.values().to_data().as_slice::<f32>()?, [0.0, 5.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Module, Debug)]
pub struct BatchNorm {
    affine: Option<Affine>,
    /// What the running moments are of.
    running: BelongsTo,
    /// The running means of scalars `0e`, `[1][scalars]`.
    running_mean: Kept,
    /// The running second moments of channels, `[1][channels]`.
    running_moment: Kept,
    training: Param<Flag>,
    epsilon: f64,
    momentum: f64,
    #[module(skip)]
    kernel: Arc<Standardize>,
    #[module(skip)]
    channels: Arc<Channels>,
}

impl BatchNorm {
    /// The normalization of features. Running means begin as zeros, moments as ones.
    ///
    /// # Panics
    /// If `epsilon` is not a finite number ≥ 0 or `momentum` not one from 0 to 1.
    #[track_caller]
    pub fn new(irreps: &Irreps, config: BatchNormConfig, init: &mut Init) -> Self {
        let momentum = config.momentum;
        assert!((0.0..=1.0).contains(&momentum), "a momentum from 0 to 1 is expected: {momentum}");
        let channels = Channels::new(irreps.clone()).in_parallel();
        let kernel =
            Standardize::of_channels(irreps.clone(), config.norm, config.epsilon).in_parallel();
        let state =
            |value: f64, count: usize| Kept::new(init.tensor(vec![value; count], [1, count]));
        let (running_mean, running_moment) =
            (state(0.0, irreps.num_scalars()), state(1.0, channels.len()));
        BatchNorm {
            affine: config.affine.then(|| Affine::new(irreps, init)),
            running: BelongsTo::new(irreps.to_string()),
            running_mean,
            running_moment,
            training: Param::from_bool(true),
            epsilon: config.epsilon,
            momentum: config.momentum,
            kernel: Arc::new(kernel),
            channels: Arc::new(channels),
        }
    }

    /// The same with a given weight for each channel and bias for each scalar `0e`, which it then
    /// has in any case.
    ///
    /// # Errors
    /// If their numbers are wrong.
    pub fn with_weights(
        self,
        weights: Vec<f64>,
        biases: Vec<f64>,
        init: &mut Init,
    ) -> Result<Self, KernelError> {
        let affine = self.affine.unwrap_or_else(|| Affine::new(self.kernel.irreps(), init));
        Ok(BatchNorm { affine: Some(affine.with_weights(weights, biases, init)?), ..self })
    }

    /// The normalization on slices.
    pub fn kernel(&self) -> &Standardize {
        &self.kernel
    }

    /// The running means of scalars `0e` and second moments of channels, in order.
    ///
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::Irreps;
    /// use tesseral::nn::{BatchNorm, BatchNormConfig, Features, Init};
    ///
    /// let (irreps, device): (Irreps, _) = ("1x0e + 1x0o".parse()?, Device::flex().autodiff());
    /// let config = BatchNormConfig { momentum: 0.5, ..BatchNormConfig::default() };
    /// let layer = BatchNorm::new(&irreps, config, &mut Init::new(1, &device));
    /// assert_eq!(layer.running_moments(), [vec![0.0], vec![1.0, 1.0]]);
    /// // Half of what was there, half of the batch; a pseudoscalar has no mean.
    /// let x = Features::new(irreps, Tensor::from_data([[1.0, 1.0], [5.0, 5.0]], &device))?;
    /// layer.forward(&x)?;
    /// assert_eq!(layer.running_moments(), [vec![1.5], vec![0.5 + 2.0, 0.5 + 6.5]]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn running_moments(&self) -> [Vec<f64>; 2] {
        let values =
            |state: &Kept| state.value().to_data().convert::<f64>().iter::<f64>().collect();
        [values(&self.running_mean), values(&self.running_moment)]
    }

    /// The normalized features.
    ///
    /// # Errors
    /// If the features have other irreps, or another type or device than the parameters.
    pub fn forward(&self, x: &Features) -> Result<Features, NnError> {
        Ok(self.forward_dual(&Dual::constant(x.clone()))?.into_value())
    }

    /// The normalized features and their derivative; see [`Dual`]. In training, the running
    /// averages take in the batch once more.
    ///
    /// # Errors
    /// As [`BatchNorm::forward`].
    ///
    /// # Example
    /// ```
    /// use burn::module::Module;
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::Irreps;
    /// use tesseral::nn::{BatchNorm, BatchNormConfig, Dual, Features, Init};
    ///
    /// let (irreps, device) = (Irreps::scalars(1), Device::flex().autodiff());
    /// let config = BatchNormConfig { momentum: 0.5, ..BatchNormConfig::default() };
    /// let layer = BatchNorm::new(&irreps, config, &mut Init::new(1, &device));
    /// let x = Dual::constant(Features::new(irreps, Tensor::full([3, 1], 8.0, &device))?);
    /// layer.forward(&x.value())?;
    /// layer.forward_dual(&x)?;
    /// // Half of half the way to 8 is left. Frozen, it stays.
    /// assert_eq!(layer.running_moments()[0], [6.0]);
    /// layer.clone().freeze().forward_dual(&x)?;
    /// assert_eq!(layer.running_moments()[0], [6.0]);
    /// # Ok::<(), tesseral::nn::NnError>(())
    /// ```
    pub fn forward_dual(&self, x: &Dual) -> Result<Dual, NnError> {
        self.evaluate(x).map_err(NnError::in_layer("BatchNorm"))
    }

    fn evaluate(&self, x: &Dual) -> Result<Dual, NnError> {
        x.expect("the input", self.kernel.irreps())?;
        check_tensors(&[&x.tensors.value, &self.running_moment.value()])?;
        let trains = x.tensors.value.device().is_autodiff() && self.training.is_enabled();
        // No rows have no moments.
        let values = if trains && x.tensors.value.dims()[0] > 0 {
            self.update(&x.tensors.value)?;
            x.tensors.smooth(self.standardized(RowGroups::AllRows))?
        } else {
            self.by_running_moments(&x.tensors)?
        };
        finish(values, &self.affine, self.kernel.irreps())
    }

    /// Features normalized by the moments of each graph of a batch alone, in training or not:
    /// e3nn's option `instance`. The running averages take no part.
    ///
    /// # Errors
    /// As [`BatchNorm::forward`], and if there is not one row for every node.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::Irreps;
    /// use tesseral::graph::{Batch, Graph, SelfEdges};
    /// use tesseral::nn::{BatchNorm, BatchNormConfig, Features, Init};
    ///
    /// let (irreps, device) = (Irreps::scalars(1), Device::flex());
    /// let config = BatchNormConfig { epsilon: 0.0, ..BatchNormConfig::default() };
    /// let layer = BatchNorm::new(&irreps, config, &mut Init::new(1, &device));
    /// let batch = Batch::new(&[2, 2].map(|nodes| Graph::complete(nodes, SelfEdges::Without)));
    /// let x =
    ///     Features::new(irreps, Tensor::from_data([[1.0], [3.0], [100.0], [140.0]], &device))?;
    /// let z = layer.forward_instances(&x, &batch)?;
    /// assert_eq!(z.values().to_data().as_slice::<f32>()?, [-1.0, 1.0, -1.0, 1.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn forward_instances(&self, x: &Features, batch: &Batch) -> Result<Features, NnError> {
        Ok(self.forward_instances_dual(&Dual::constant(x.clone()), batch)?.into_value())
    }

    /// The same and its derivative; see [`Dual`].
    ///
    /// # Errors
    /// As [`BatchNorm::forward_instances`].
    pub fn forward_instances_dual(&self, x: &Dual, batch: &Batch) -> Result<Dual, NnError> {
        self.evaluate_instances(x, batch).map_err(NnError::in_layer("BatchNorm"))
    }

    fn evaluate_instances(&self, x: &Dual, batch: &Batch) -> Result<Dual, NnError> {
        x.expect("the input", self.kernel.irreps())?;
        let found = x.tensors.value.dims();
        let expected = [batch.graph().num_nodes(), found[1]];
        if found != expected {
            return Err(NnError::Shape { what: "the tensor of node features", expected, found });
        }
        let sizes = batch.node_ranges().map(|nodes| nodes.len()).collect();
        let values = x.tensors.smooth(self.standardized(RowGroups::Runs(sizes)))?;
        finish(values, &self.affine, self.kernel.irreps())
    }

    fn standardized(&self, groups: RowGroups) -> Standardized {
        Standardized { kernel: self.kernel.clone(), groups }
    }

    /// Takes the moments of a batch into the running ones.
    fn update(&self, x: &Tensor<2>) -> Result<(), NnError> {
        let values: Vec<f64> = x.to_data().convert::<f64>().iter::<f64>().collect();
        let mut means = vec![0.0; self.kernel.num_sets()];
        let mut moments = means.clone();
        let inputs = StandardizeInputs { groups: Groups::AllRows, input: &values[..] };
        self.kernel.moments(inputs, &mut means, &mut moments)?;
        let scalars = self
            .channels
            .irreps()
            .iter()
            .flat_map(|block| std::iter::repeat_n(block.irrep.is_scalar(), block.mul));
        let means = means.into_iter().zip(scalars).filter(|(_, scalar)| *scalar).map(|(m, _)| m);
        for (state, new) in [(&self.running_mean, means.collect()), (&self.running_moment, moments)]
        {
            state.update(|old| {
                let data = TensorData::new::<f64, _>(new, old.dims());
                let new = Tensor::from_data(data, (&old.device(), old.dtype()));
                old.mul_scalar(1.0 - self.momentum) + new.mul_scalar(self.momentum)
            });
        }
        Ok(())
    }

    /// (x - mean) / √(moment + ε) with running moments.
    fn by_running_moments(&self, x: &DualTensor) -> Result<DualTensor, NnError> {
        let shift = self.running_mean.value().neg();
        let factors = self.running_moment.value().add_scalar(self.epsilon).sqrt().recip();
        let value = apply2(AddToScalars(self.channels.clone()), x.value.clone(), shift)?;
        let centred = DualTensor { value, tangent: x.tangent.clone() };
        centred.linear(|x| apply2(Scale(self.channels.clone()), x, factors.clone()))
    }
}

/// Weights and biases, if there are any.
fn finish(values: DualTensor, affine: &Option<Affine>, irreps: &Irreps) -> Result<Dual, NnError> {
    let values = match affine {
        Some(affine) => affine.forward(&values)?,
        None => values,
    };
    Ok(Dual::of_shape(irreps.clone(), values))
}
