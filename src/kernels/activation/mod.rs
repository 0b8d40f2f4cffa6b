//! Functions of scalars: activations, alone and as gates of other channels.
//!
//! Invariants may go through any function; pseudoscalars, `0o`, through an odd one, or an even one
//! that makes them scalars. Everything else is multiplied with scalars ([`Gate`]).

mod erf;
mod error;
mod evaluate;
mod function;
mod gate;
mod gate_rows;
mod lanes;
mod moment;

use std::ops::Range;

use evaluate::{Evaluate, EvaluateKernel, Wanted};

pub use error::ActivationError;
pub use function::ScalarFunction;
pub use gate::{Gate, GateConfig};
pub use moment::SecondMoment;

use super::KernelError;
use crate::error::{LengthError, check_length, check_rows};
use crate::parallel::{Rows, RowsMut, Threads, Work};
use crate::simd::Path;
use crate::{Irrep, Irreps, Number, Parity};

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
    path: Path,
    threads: Threads,
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
        Ok(Activation { input, output, blocks, path: Path::best(), threads: Threads::Caller })
    }

    /// On another lane path, or on the portable one if the machine lacks it: for tests and
    /// comparisons.
    pub fn on(self, path: Path) -> Self {
        Activation { path: path.or_portable(), ..self }
    }

    /// Splits large calls among threads; see [`kernels`](crate::kernels#threads).
    #[cfg(feature = "rayon")]
    pub fn in_parallel(self) -> Self {
        Activation { threads: Threads::Pool, ..self }
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
    pub fn forward<T: Number>(&self, input: &[T], output: &mut [T]) -> Result<(), KernelError> {
        self.check(input.len(), &[("the output", output.len())])?;
        let rows = [self.rows(input)];
        self.threads.each(self.work(input), (rows, self.rows_mut(output)), &|([x], z)| {
            self.start(x.numbers, Wanted::Value { output: z.numbers });
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
    pub fn backward<T: Number>(
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
        let rows = [input, output_gradient].map(|array| self.rows(array));
        let target = self.rows_mut(input_gradient);
        self.threads.each(self.work(input), (rows, target), &|([x, dz], dx)| {
            let (output_gradient, input_gradient) = (dz.numbers, dx.numbers);
            self.start(x.numbers, Wanted::Slope { output_gradient, input_gradient });
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
    pub fn backward_twice<T: Number>(
        &self,
        input: &[T],
        output_gradient: &[T],
        cotangent: &[T],
        by_input: Option<&mut [T]>,
        by_output_gradient: Option<&mut [T]>,
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
        let rows = [input, output_gradient, cotangent].map(|array| self.rows(array));
        let targets = [by_input, by_output_gradient].map(|by| by.map(|by| self.rows_mut(by)));
        self.threads.each(self.work(input), (rows, targets), &|([x, dz, w], targets)| {
            let [by_input, by_output_gradient] = targets.map(|by| by.map(|by| by.numbers));
            let (output_gradient, cotangent) = (dz.numbers, w.numbers);
            let wanted = Wanted::Twice { output_gradient, cotangent, by_input, by_output_gradient };
            self.start(x.numbers, wanted);
        });
        Ok(())
    }

    fn rows<'a, T>(&self, numbers: &'a [T]) -> Rows<'a, T> {
        Rows { numbers, size: self.input.dim() }
    }

    fn rows_mut<'a, T>(&self, numbers: &'a mut [T]) -> RowsMut<'a, T> {
        RowsMut { numbers, size: self.input.dim() }
    }

    fn work<T>(&self, input: &[T]) -> Work {
        Work::of_functions(input.len(), self.input.dim(), self.input.dim())
    }

    fn start<T: Number>(&self, input: &[T], wanted: Wanted<'_, T>) {
        let size = self.input.dim();
        let task = Evaluate { blocks: &self.blocks, size, input, wanted };
        T::start::<EvaluateKernel>(self.path, task);
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
}
