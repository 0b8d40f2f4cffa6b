//! Self-interaction: the linear map between irreps.

use std::sync::Arc;

use burn::module::Module;
use burn::tensor::Tensor;

use super::dual::DualTensor;
use super::functions::CHECKED;
use super::operation::{Element, Operation, apply2};
use super::weights::{BelongsTo, Weights};
use super::{Dual, Features, Init, NnError};
use crate::Irreps;
use crate::kernels::{self, KernelError, LinearGradients, LinearInputs};

/// Mixes the channels of every irrep among themselves, and gives biases to scalars; see
/// [`kernels::Linear`].
///
/// # Example
/// ```
/// use burn::module::Module;
/// use burn::tensor::{Device, Tensor};
/// use tesseral::Irreps;
/// use tesseral::nn::{Features, Init, Linear};
///
/// let device = Device::flex();
/// let (input, output): (Irreps, Irreps) = ("4x0e + 2x1o".parse()?, "8x0e + 3x1o".parse()?);
/// let linear = Linear::new(&input, &output, &mut Init::new(1, &device));
/// // Weights from 0e to 0e and from 1o to 1o, and biases of the 0e.
/// assert_eq!(linear.num_params(), 4 * 8 + 2 * 3 + 8);
/// let z = linear.forward(&Features::new(input, Tensor::ones([5, 10], &device))?)?;
/// assert_eq!(z.values().dims(), [5, 17]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Module, Debug)]
pub struct Linear {
    parameters: Weights,
    #[module(skip)]
    kernel: Arc<kernels::Linear>,
    /// The map that takes biases and leaves them out.
    #[module(skip)]
    without_biases: Arc<kernels::Linear>,
}

impl Linear {
    /// A map between two lists of irreps, with biases for output channels of irrep `0e`.
    ///
    /// # Panics
    /// If the weights are more than a `usize` counts, or an output has neither an input of its irrep nor
    /// a bias: it would be zero for ever ([`Linear::with_unreached`] allows it).
    #[track_caller]
    pub fn new(input: &Irreps, output: &Irreps, init: &mut Init) -> Self {
        Self::with_biases(input, output, true, init)
    }

    /// The same with or without biases, `z = W x` or `z = W x + b`; e3nn's has none unless asked.
    ///
    /// # Panics
    /// If the weights are more than a `usize` counts, or an output has neither an input of its irrep nor
    /// a bias: it would be zero for ever ([`Linear::with_unreached`] allows it).
    ///
    /// # Example
    /// ```
    /// use burn::module::Module;
    /// use burn::tensor::Device;
    /// use tesseral::Irreps;
    /// use tesseral::nn::{Init, Linear};
    ///
    /// let irreps: Irreps = "4x0e + 4x0o + 4x1o".parse()?;
    /// let init = &mut Init::new(1, &Device::flex());
    /// let with = Linear::with_biases(&irreps, &irreps, true, init);
    /// let without = Linear::with_biases(&irreps, &irreps, false, init);
    /// assert_eq!(without.num_params(), 3 * 4 * 4);
    /// // A bias would turn neither with a vector nor, under inversion, with a pseudoscalar.
    /// assert_eq!(with.num_params(), without.num_params() + 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn with_biases(input: &Irreps, output: &Irreps, biases: bool, init: &mut Init) -> Self {
        Self::of_kernel(kernels::Linear::new(input.clone(), output.clone(), biases), init)
    }

    /// The same, where outputs that nothing reaches are allowed: they are zero.
    ///
    /// # Errors
    /// If the weights are more than a `usize` counts.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::nn::{Features, Init, Linear};
    ///
    /// let (input, output) = ("2x0e".parse()?, "2x0e + 1x0o".parse()?);
    /// let init = &mut Init::new(1, &Device::flex());
    /// let linear = Linear::with_unreached(&input, &output, false, init)?;
    /// let x = Features::new(input, Tensor::ones([1, 2], init.device()))?;
    /// assert_eq!(linear.forward(&x)?.values().to_data().iter::<f32>().last(), Some(0.0));
    /// assert_eq!(linear.kernel().output_mask(), [true, true, false]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_unreached(
        input: &Irreps,
        output: &Irreps,
        biases: bool,
        init: &mut Init,
    ) -> Result<Self, KernelError> {
        let kernel = kernels::Linear::with_unreached(input.clone(), output.clone(), biases)?;
        Ok(Self::of_kernel(kernel, init))
    }

    fn of_kernel(kernel: kernels::Linear, init: &mut Init) -> Self {
        let kernel = kernel.in_parallel();
        let (input, output, biases) = (kernel.input(), kernel.output(), kernel.num_biases() > 0);
        let parameters = init.normal_then_zero(kernel.num_weights(), kernel.num_biases());
        let with = if biases { ", with biases" } else { "" };
        let belongs_to = BelongsTo::new(format!("{input} -> {output}{with}"));
        let parameters = Weights::new(parameters, belongs_to);
        let without_biases = Arc::new(kernel.clone().ignoring_biases());
        Linear { parameters, kernel: Arc::new(kernel), without_biases }
    }

    /// The same with given weights, those of [`kernels::Linear`], then biases.
    ///
    /// # Errors
    /// If their number is wrong.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::Device;
    /// use tesseral::nn::{Init, Linear};
    ///
    /// let init = &mut Init::new(0, &Device::flex());
    /// let linear = Linear::new(&"2x0e+2x1o".parse()?, &"1x0e+1x1o".parse()?, init);
    /// let weights = linear.kernel().weights_from_e3nn(&[1.0, 2.0, 3.0, 4.0])?;
    /// let biases = [0.5];
    /// let linear = linear.with_weights([&weights[..], &biases].concat(), init)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_weights(self, weights: Vec<f64>, init: &Init) -> Result<Self, KernelError> {
        let parameters = self.parameters.with_row("the weights", weights, init)?;
        Ok(Linear { parameters, ..self })
    }

    /// The map on slices: the numbers of weights and biases, and the conversion of e3nn's.
    pub fn kernel(&self) -> &kernels::Linear {
        &self.kernel
    }

    /// Whether each component of the output depends on the input or a bias; the others are zero.
    pub fn output_mask(&self) -> Vec<bool> {
        self.kernel.output_mask()
    }

    /// The irreps of the output.
    pub fn output(&self) -> &Irreps {
        self.kernel.output()
    }

    /// The image of every row.
    ///
    /// # Errors
    /// If the features have other irreps, or another type or device than the parameters.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::Irreps;
    /// use tesseral::nn::{Features, Init, Linear};
    ///
    /// let (device, input, output) = (Device::flex(), "2x0e + 1x1o".parse()?, "4x0e".parse()?);
    /// let linear = Linear::new(&input, &output, &mut Init::new(1, &device));
    /// // As many columns, but what they mean is something else.
    /// let x = Features::new(Irreps::scalars(5), Tensor::ones([3, 5], &device))?;
    /// assert_eq!(
    ///     linear.forward(&x).unwrap_err().to_string(),
    ///     "`Linear`: the input has the irreps `5x0e`, expected `2x0e+1x1o`"
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn forward(&self, x: &Features) -> Result<Features, NnError> {
        Ok(self.forward_dual(&Dual::constant(x.clone()))?.into_value())
    }

    /// The image of every row and of its derivative; see [`Dual`].
    ///
    /// # Errors
    /// As [`Linear::forward`].
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::Irreps;
    /// use tesseral::nn::{Dual, Features, Init, Linear};
    ///
    /// let (irreps, device) = (Irreps::scalars(3), Device::flex());
    /// let linear = Linear::new(&irreps, &irreps, &mut Init::new(1, &device));
    /// let x = Tensor::from_data([[1.0, 2.0, 3.0]], &device);
    /// // Biases begin as zeros: the derivative along the features themselves is the image.
    /// let dual = Dual::new(Features::new(irreps, x.clone())?, x)?;
    /// let z = linear.forward_dual(&dual)?;
    /// assert_eq!(z.tangent().to_data(), z.value().values().to_data());
    /// # Ok::<(), tesseral::nn::NnError>(())
    /// ```
    pub fn forward_dual(&self, x: &Dual) -> Result<Dual, NnError> {
        self.evaluate(x).map_err(NnError::in_layer("Linear"))
    }

    fn evaluate(&self, x: &Dual) -> Result<Dual, NnError> {
        x.expect("the input", self.kernel.input())?;
        let map = |x: Tensor<2>, kernel: &Arc<kernels::Linear>| {
            apply2(LinearOperation(kernel.clone()), x, self.parameters.val())
        };
        // The derivative of biases is zero.
        let along = |tangent: &Tensor<2>| map(tangent.clone(), &self.without_biases);
        let tangent = x.tensors.tangent.as_ref().map(along).transpose()?;
        let value = map(x.tensors.value.clone(), &self.kernel)?;
        Ok(Dual::of_shape(self.kernel.output().clone(), DualTensor { value, tangent }))
    }
}

#[derive(Debug)]
struct LinearOperation(Arc<kernels::Linear>);

impl Operation<2> for LinearOperation {
    fn output_shape(&self, [[rows, _], _]: [[usize; 2]; 2]) -> [usize; 2] {
        [rows, self.0.output().dim()]
    }

    fn forward<T: Element>(&self, [input, parameters]: [&[T]; 2], output: &mut [T]) {
        self.0.forward(LinearInputs { input, parameters }, output).expect(CHECKED);
    }

    fn backward<T: Element>(
        &self,
        [input, parameters]: [&[T]; 2],
        output_gradient: &[T],
        [by_input, by_parameters]: [Option<&mut [T]>; 2],
    ) {
        let inputs = LinearInputs { input, parameters };
        let gradients = LinearGradients { input: by_input, parameters: by_parameters };
        self.0.backward(inputs, output_gradient, gradients).expect(CHECKED);
    }
}
