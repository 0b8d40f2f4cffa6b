//! Functions of scalars, and gates.

use std::sync::Arc;

use burn::module::Module;

use super::functions::{Functions, Gated};
use super::{Dual, Features, NnError};
use crate::Irreps;
use crate::kernels::{self, ActivationError, GateConfig, ScalarFunction, SecondMoment};

/// Functions of scalars, block by block: e3nn's `nn.Activation`; see [`kernels::Activation`].
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
    pub fn new(
        input: &Irreps,
        functions: &[Option<ScalarFunction>],
        moment: SecondMoment,
    ) -> Result<Self, ActivationError> {
        let kernel = kernels::Activation::new(input.clone(), functions, moment)?;
        Ok(Activation { kernel: Arc::new(kernel) })
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
    pub fn forward(&self, x: &Features) -> Result<Features, NnError> {
        Ok(self.forward_dual(&Dual::constant(x.clone()))?.into_value())
    }

    /// The functions and their derivative; see [`Dual`].
    ///
    /// # Errors
    /// As [`Activation::forward`].
    pub fn forward_dual(&self, x: &Dual) -> Result<Dual, NnError> {
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
/// let x = Features::new("2x0e + 2x1o".parse::<tesseral::Irreps>()?, Tensor::ones([3, 8], &device))?;
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
    pub fn new(config: &GateConfig) -> Result<Self, ActivationError> {
        Ok(Gate { kernel: Arc::new(kernels::Gate::new(config)?) })
    }

    /// The irreps of the input: scalars, gates and gated channels, one block for each irrep.
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
    pub fn forward(&self, x: &Features) -> Result<Features, NnError> {
        Ok(self.forward_dual(&Dual::constant(x.clone()))?.into_value())
    }

    /// The gated features and their derivative; see [`Dual`].
    ///
    /// # Errors
    /// As [`Gate::forward`].
    pub fn forward_dual(&self, x: &Dual) -> Result<Dual, NnError> {
        x.expect("the input", self.kernel.input())?;
        let values = x.tensors.smooth(Gated(self.kernel.clone()))?;
        Ok(Dual::of_shape(self.kernel.output().clone(), values))
    }
}
