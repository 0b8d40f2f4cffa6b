//! Functions of scalars: activations, alone and as gates of other channels.
//!
//! Invariants may go through any function; pseudoscalars, `0o`, through an odd one, or an even one
//! that makes them scalars. Everything else is multiplied with scalars ([`Gate`]).

mod erf;
mod error;
mod function;
mod gate;
mod moment;

use std::ops::Range;

pub use error::ActivationError;
pub use function::ScalarFunction;
pub use gate::{Gate, GateConfig};
pub use moment::SecondMoment;

use super::KernelError;
use super::arithmetic::rounded;
use crate::error::{LengthError, check_length, check_rows};
use crate::{Irrep, Irreps, Parity, Real};

/// Functions of the scalars of a feature vector, block by block: e3nn's `nn.Activation`.
///
/// # Example
/// ```
/// use tesseral::kernels::{Activation, ScalarFunction, SecondMoment};
///
/// let functions = [Some(ScalarFunction::RELU), Some(ScalarFunction::ABS), None];
/// let activation =
///     Activation::new("2x0e + 0o + 1o".parse()?, &functions, SecondMoment::Free)?;
/// // An even function of a pseudoscalar is a scalar.
/// assert_eq!(activation.output().to_string(), "2x0e+1x0e+1x1o");
/// let mut z = [0.0; 6];
/// activation.forward(&[1.0, -1.0, -2.0, 3.0, 4.0, 5.0], &mut z)?;
/// assert_eq!(z, [1.0, 0.0, 2.0, 3.0, 4.0, 5.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Activation {
    input: Irreps,
    output: Irreps,
    blocks: Vec<(Range<usize>, Option<Scaled>)>,
}

/// A function times a constant.
#[derive(Clone, Copy, Debug)]
struct Scaled {
    function: ScalarFunction,
    scale: f64,
}

impl Activation {
    /// One function, or none, for every block of `input`.
    ///
    /// A scalar of irrep `0e` stays one; `0o` becomes `0e` by an even function, stays `0o` by an
    /// odd one.
    ///
    /// # Errors
    /// If there is not one entry for every block, a function is for something that is no scalar or
    /// has no parity and its scalar is odd, or it cannot be normalized as asked.
    pub fn new(
        input: Irreps,
        functions: &[Option<ScalarFunction>],
        moment: SecondMoment,
    ) -> Result<Self, ActivationError> {
        if functions.len() != input.len() {
            let (expected, found) = (input.len(), functions.len());
            return Err(ActivationError::Count { irreps: input, expected, found });
        }
        let mut output = Vec::with_capacity(input.len());
        let mut blocks = Vec::with_capacity(input.len());
        let each = input.iter().zip(input.slices()).zip(functions).enumerate();
        for (index, ((&block, columns), &function)) in each {
            let irrep = match function {
                None => block.irrep,
                Some(function) => image(index, block.irrep, function)?,
            };
            output.push((block.mul, irrep));
            let scaled = function.map(|function| Scaled::new(function, moment)).transpose()?;
            blocks.push((columns, scaled));
        }
        let output = output.into_iter().collect();
        Ok(Activation { input, output, blocks })
    }

    /// The irreps of the input.
    pub fn input(&self) -> &Irreps {
        &self.input
    }

    /// The irreps of the output.
    pub fn output(&self) -> &Irreps {
        &self.output
    }

    /// The functions of every row.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    pub fn forward<T: Real + Into<f64>>(
        &self,
        input: &[T],
        output: &mut [T],
    ) -> Result<(), KernelError> {
        self.check(input.len(), &[("the output", output.len())])?;
        self.for_each(input.len(), |place, scaled| {
            output[place] = scaled.map_or(input[place], |f| f.at(input[place])[0]);
        });
        Ok(())
    }

    /// Adds the vector-Jacobian product of [`Activation::forward`] to `input_gradient`.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    ///
    /// # Example
    /// ```
    /// use tesseral::kernels::{Activation, ScalarFunction, SecondMoment};
    ///
    /// let functions = [Some(ScalarFunction::RELU)];
    /// let activation = Activation::new("2x0e".parse()?, &functions, SecondMoment::Free)?;
    /// let mut gradient = [10.0; 2];
    /// activation.backward(&[3.0, -3.0], &[1.0, 1.0], &mut gradient)?;
    /// assert_eq!(gradient, [11.0, 10.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn backward<T: Real + Into<f64>>(
        &self,
        input: &[T],
        output_gradient: &[T],
        input_gradient: &mut [T],
    ) -> Result<(), KernelError> {
        let lengths = [
            ("the gradient of the output", output_gradient.len()),
            ("the gradient of the input", input_gradient.len()),
        ];
        self.check(input.len(), &lengths)?;
        self.for_each(input.len(), |place, scaled| {
            let dz = output_gradient[place];
            let dx = scaled.map_or(dz, |f| f.at(input[place])[1] * dz);
            input_gradient[place] = input_gradient[place] + dx;
        });
        Ok(())
    }

    /// The derivative of [`Activation::backward`]: of Σ `cotangent` · `input_gradient`, adds the
    /// gradients with respect to the input and to the gradient of the output, which is also the
    /// derivative of the output along `cotangent`.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    ///
    /// ```
    /// use tesseral::kernels::{Activation, ScalarFunction, SecondMoment};
    ///
    /// let square = ScalarFunction::new("square", |x| [x * x, 2.0 * x, 2.0]);
    /// let activation = Activation::new("0e".parse()?, &[Some(square)], SecondMoment::Free)?;
    /// let (mut by_x, mut by_dz) = ([0.0], [0.0]);
    /// activation.backward_twice(&[3.0], &[1.0], &[1.0], Some(&mut by_x), Some(&mut by_dz))?;
    /// assert_eq!((by_x, by_dz), ([2.0], [6.0]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn backward_twice<T: Real + Into<f64>>(
        &self,
        input: &[T],
        output_gradient: &[T],
        cotangent: &[T],
        mut by_input: Option<&mut [T]>,
        mut by_output_gradient: Option<&mut [T]>,
    ) -> Result<(), KernelError> {
        let n = input.len();
        let by_dz = by_output_gradient.as_deref().map_or(n, <[T]>::len);
        let lengths = [
            ("the gradient of the output", output_gradient.len()),
            ("the cotangent of the input", cotangent.len()),
            ("the derivative by the input", by_input.as_deref().map_or(n, <[T]>::len)),
            ("the derivative by the gradient of the output", by_dz),
        ];
        self.check(n, &lengths)?;
        let [zero, one] = [T::constant(0.0, 0.0), T::constant(1.0, 1.0)];
        self.for_each(n, |place, scaled| {
            let [_, slope, curvature] = scaled.map_or([zero, one, zero], |f| f.at(input[place]));
            if let Some(by) = by_input.as_deref_mut() {
                by[place] = by[place] + curvature * cotangent[place] * output_gradient[place];
            }
            if let Some(by) = by_output_gradient.as_deref_mut() {
                by[place] = by[place] + slope * cotangent[place];
            }
        });
        Ok(())
    }

    /// Every place in an array of whole rows, with its function.
    fn for_each(&self, length: usize, mut f: impl FnMut(usize, Option<&Scaled>)) {
        let size = self.input.dim();
        for row in 0..length.checked_div(size).unwrap_or(0) {
            for (columns, scaled) in &self.blocks {
                for column in columns.clone() {
                    f(row * size + column, scaled.as_ref());
                }
            }
        }
    }

    fn check(&self, input: usize, others: &[(&'static str, usize)]) -> Result<(), LengthError> {
        check_rows("the input", self.input.dim(), input)?;
        others.iter().try_for_each(|&(what, found)| check_length(what, input, found))
    }
}

/// The irrep of a function of a scalar.
fn image(block: usize, irrep: Irrep, f: ScalarFunction) -> Result<Irrep, ActivationError> {
    let function = f.name();
    if irrep.l > 0 {
        return Err(ActivationError::NotScalar { block, function, irrep });
    }
    if irrep.parity == Parity::Even {
        return Ok(irrep);
    }
    match f.parity() {
        Some(parity) => Ok(Irrep::new(0, parity)),
        None => Err(ActivationError::Parity { block, function }),
    }
}

impl Scaled {
    fn new(function: ScalarFunction, moment: SecondMoment) -> Result<Self, ActivationError> {
        let name = function.name();
        let scale = match moment {
            SecondMoment::Free => 1.0,
            SecondMoment::One => function.normalizing_constant(),
            SecondMoment::E3nn => {
                function.e3nn_constant().ok_or(ActivationError::NoConstant { function: name })?
            }
        };
        if !(scale.is_finite() && scale > 0.0) {
            return Err(ActivationError::Moment { function: name, constant: scale });
        }
        Ok(Scaled { function, scale })
    }

    /// The value and the first two derivatives.
    fn at<T: Real + Into<f64>>(&self, x: T) -> [T; 3] {
        self.function.derivatives(x.into()).map(|value| rounded(self.scale * value))
    }
}
