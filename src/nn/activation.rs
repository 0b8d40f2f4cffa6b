//! Functions of scalars, and gates.

use std::sync::Arc;

use burn::module::Module;

use super::functions::{Functions, Gated};
use super::{Dual, Features, NnError};
use crate::Irreps;
use crate::kernels::{self, ActivationError, GateConfig, ScalarFunction, SecondMoment};

/// Functions of scalars, block by block: e3nn's `nn.Activation`; see [`kernels::Activation`].
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use tesseral::Irreps;
/// use tesseral::kernels::{ScalarFunction, SecondMoment};
/// use tesseral::nn::{Activation, Features};
///
/// let irreps: Irreps = "2x0e + 1x0o + 1x1o".parse()?;
/// let functions = [Some(ScalarFunction::RELU), Some(ScalarFunction::ABS), None];
/// let activation = Activation::new(&irreps, &functions, SecondMoment::Free)?;
/// // An even function makes a scalar of a pseudoscalar.
/// assert_eq!(activation.output().to_string(), "2x0e+1x0e+1x1o");
/// let x = Tensor::from_data([[1.0, -1.0, -2.0, 3.0, 4.0, 5.0]], &Device::flex());
/// let z = activation.forward(&Features::new(irreps, x)?)?;
/// assert_eq!(z.values().to_data().as_slice::<f32>()?, [1.0, 0.0, 2.0, 3.0, 4.0, 5.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Module, Debug)]
pub struct Activation {
    #[module(skip)]
    kernel: Arc<kernels::Activation>,
}

impl Activation {
    /// One function, or none, for every block.
    ///
    /// # Errors
    /// If there is not one entry for every block, a function is for something that is no scalar or
    /// has no parity and its scalar is odd, or it cannot be normalized as asked.
    ///
    /// # Example
    /// ```
    /// use tesseral::kernels::{ScalarFunction, SecondMoment};
    /// use tesseral::nn::Activation;
    ///
    /// let pseudoscalars = "4x0o".parse()?;
    /// let tanh = [Some(ScalarFunction::TANH)];
    /// let activation = Activation::new(&pseudoscalars, &tanh, SecondMoment::One)?;
    /// assert_eq!(activation.output(), &pseudoscalars);
    /// // SiLU is neither even nor odd: what came out would be neither `0e` nor `0o`.
    /// let silu = [Some(ScalarFunction::SILU)];
    /// let error = Activation::new(&pseudoscalars, &silu, SecondMoment::One).unwrap_err();
    /// assert!(error.to_string().ends_with("expected an even or odd function"), "{error}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(
        input: &Irreps,
        functions: &[Option<ScalarFunction>],
        moment: SecondMoment,
    ) -> Result<Self, ActivationError> {
        let kernel = kernels::Activation::new(input.clone(), functions, moment)?;
        Ok(Activation { kernel: Arc::new(kernel.in_parallel()) })
    }

    /// The irreps of the output.
    pub fn output(&self) -> &Irreps {
        self.kernel.output()
    }

    /// The functions on slices.
    pub fn kernel(&self) -> &kernels::Activation {
        &self.kernel
    }

    /// The functions of the scalars.
    ///
    /// # Errors
    /// If the features have other irreps, another type than f32 or f64, or are not on the CPU.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::Irreps;
    /// use tesseral::kernels::{ScalarFunction, SecondMoment};
    /// use tesseral::nn::{Activation, Features};
    ///
    /// let (scalar, relu) = (Irreps::scalars(1), [Some(ScalarFunction::RELU)]);
    /// let one = Features::new(scalar.clone(), Tensor::ones([1, 1], &Device::flex()))?;
    /// let at_one = |moment| -> Result<f32, Box<dyn std::error::Error>> {
    ///     let activation = Activation::new(&scalar, &relu, moment)?;
    ///     Ok(activation.forward(&one)?.into_values().into_scalar())
    /// };
    /// // As it is; with the second moment one, and what e3nn takes for that.
    /// assert_eq!(at_one(SecondMoment::Free)?, 1.0);
    /// assert_eq!(at_one(SecondMoment::One)?, 2_f32.sqrt());
    /// assert_eq!(at_one(SecondMoment::E3nn)?, 1.4163394);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn forward(&self, x: &Features) -> Result<Features, NnError> {
        Ok(self.forward_dual(&Dual::constant(x.clone()))?.into_value())
    }

    /// The functions and their derivative; see [`Dual`].
    ///
    /// # Errors
    /// As [`Activation::forward`].
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::Irreps;
    /// use tesseral::kernels::{ScalarFunction, SecondMoment};
    /// use tesseral::nn::{Activation, Dual, Features};
    ///
    /// let (scalar, device) = (Irreps::scalars(1), Device::flex());
    /// let cube = ScalarFunction::new("cube", |x| [x * x * x, 3.0 * x * x, 6.0 * x]);
    /// let activation = Activation::new(&scalar, &[Some(cube)], SecondMoment::Free)?;
    /// let x = Features::new(scalar, Tensor::from_data([[2.0]], &device))?;
    /// let z = activation.forward_dual(&Dual::new(x, Tensor::from_data([[10.0]], &device))?)?;
    /// assert_eq!(z.value().into_values().into_scalar::<f32>(), 8.0);
    /// assert_eq!(z.tangent().into_scalar::<f32>(), 12.0 * 10.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn forward_dual(&self, x: &Dual) -> Result<Dual, NnError> {
        self.evaluate(x).map_err(NnError::in_layer("Activation"))
    }

    fn evaluate(&self, x: &Dual) -> Result<Dual, NnError> {
        x.expect("the input", self.kernel.input())?;
        let values = x.tensors.smooth(Functions(self.kernel.clone()))?;
        Ok(Dual::of_shape(self.kernel.output().clone(), values))
    }
}

/// Scalars through functions, and other channels times functions of scalars: e3nn's `nn.Gate`; see
/// [`kernels::Gate`].
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use tesseral::kernels::{GateConfig, ScalarFunction, SecondMoment};
/// use tesseral::nn::{Features, Gate, Init, Linear};
///
/// let device = Device::flex();
/// let gate = Gate::new(&GateConfig {
///     scalars: "8x0e".parse()?,
///     scalar_functions: vec![Some(ScalarFunction::SILU)],
///     gates: "4x0e".parse()?,
///     gate_functions: vec![Some(ScalarFunction::SIGMOID)],
///     gated: "4x1o".parse()?,
///     moment: SecondMoment::One,
/// })?;
/// // A layer before the gate gives it what it takes.
/// let x =
///     Features::new("2x0e + 2x1o".parse::<tesseral::Irreps>()?, Tensor::ones([3, 8], &device))?;
/// let linear = Linear::new(x.irreps(), gate.input(), &mut Init::new(1, &device));
/// let z = gate.forward(&linear.forward(&x)?)?;
/// assert_eq!(z.irreps().to_string(), "8x0e+4x1o");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Module, Debug)]
pub struct Gate {
    #[module(skip)]
    kernel: Arc<kernels::Gate>,
}

impl Gate {
    /// The gate of given scalars, gates and channels.
    ///
    /// # Errors
    /// As [`kernels::Gate::new`].
    ///
    /// # Example
    /// ```
    /// use tesseral::kernels::{GateConfig, ScalarFunction, SecondMoment};
    /// use tesseral::nn::Gate;
    ///
    /// let sigmoid = Some(ScalarFunction::SIGMOID);
    /// let error = Gate::new(&GateConfig {
    ///     scalars: "8x0e".parse()?,
    ///     scalar_functions: vec![Some(ScalarFunction::SILU)],
    ///     gates: "4x0e".parse()?,
    ///     gate_functions: vec![sigmoid],
    ///     gated: "4x1o + 4x2e".parse()?,
    ///     moment: SecondMoment::One,
    /// })
    /// .unwrap_err();
    /// assert_eq!(error.to_string(), "4 gates for 8 gated channels, expected as many");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(config: &GateConfig) -> Result<Self, ActivationError> {
        Ok(Gate { kernel: Arc::new(kernels::Gate::new(config)?.in_parallel()) })
    }

    /// The irreps of the input: scalars, gates and gated channels, one block for each irrep.
    ///
    /// ```
    /// use tesseral::kernels::{GateConfig, ScalarFunction, SecondMoment};
    /// use tesseral::nn::Gate;
    ///
    /// let gate = Gate::new(&GateConfig {
    ///     scalars: "16x0e".parse()?,
    ///     scalar_functions: vec![Some(ScalarFunction::SILU)],
    ///     gates: "8x0e".parse()?,
    ///     gate_functions: vec![Some(ScalarFunction::SIGMOID)],
    ///     gated: "4x2e + 4x1o".parse()?,
    ///     moment: SecondMoment::One,
    /// })?;
    /// // The layer before it makes this; the gates do not come out.
    /// assert_eq!(gate.input().to_string(), "24x0e+4x1o+4x2e");
    /// assert_eq!(gate.output().to_string(), "16x0e+4x2e+4x1o");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn input(&self) -> &Irreps {
        self.kernel.input()
    }

    /// The irreps of the output.
    pub fn output(&self) -> &Irreps {
        self.kernel.output()
    }

    /// The gate on slices.
    pub fn kernel(&self) -> &kernels::Gate {
        &self.kernel
    }

    /// The gated features.
    ///
    /// # Errors
    /// If the features have other irreps, another type than f32 or f64, or are not on the CPU.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::kernels::{GateConfig, ScalarFunction, SecondMoment};
    /// use tesseral::nn::{Features, Gate};
    ///
    /// let gate = Gate::new(&GateConfig {
    ///     scalars: "0e".parse()?,
    ///     scalar_functions: vec![None],
    ///     gates: "0e".parse()?,
    ///     gate_functions: vec![Some(ScalarFunction::RELU)],
    ///     gated: "1o".parse()?,
    ///     moment: SecondMoment::Free,
    /// })?;
    /// // The scalar 7; the gate 2 and its vector, then the gate -2.
    /// let rows = [[7.0, 2.0, 1.0, 2.0, 3.0], [7.0, -2.0, 1.0, 2.0, 3.0]];
    /// let x = Features::new(gate.input().clone(), Tensor::from_data(rows, &Device::flex()))?;
    /// let z = gate.forward(&x)?;
    /// let expected = [7.0, 2.0, 4.0, 6.0, 7.0, 0.0, 0.0, 0.0];
    /// assert_eq!(z.values().to_data().as_slice::<f32>()?, expected);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn forward(&self, x: &Features) -> Result<Features, NnError> {
        Ok(self.forward_dual(&Dual::constant(x.clone()))?.into_value())
    }

    /// The gated features and their derivative; see [`Dual`].
    ///
    /// # Errors
    /// As [`Gate::forward`].
    pub fn forward_dual(&self, x: &Dual) -> Result<Dual, NnError> {
        self.evaluate(x).map_err(NnError::in_layer("Gate"))
    }

    fn evaluate(&self, x: &Dual) -> Result<Dual, NnError> {
        x.expect("the input", self.kernel.input())?;
        let values = x.tensors.smooth(Gated(self.kernel.clone()))?;
        Ok(Dual::of_shape(self.kernel.output().clone(), values))
    }
}
