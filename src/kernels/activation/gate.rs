//! Gates: scalars through functions, and other channels multiplied with functions of scalars.
//!
//! # The algorithm
//! The input is sorted by irrep and the output is in the order that was given, and blocks are joined
//! on either side, so no block of one is one of the other. All that is settled when a gate is made: it
//! is a list of scalars and a list of channels with their gates, each with its place in a row of the
//! input and of the output. Evaluation goes through the lists row by row and knows no irreps.
//!
//! With the gate g, f its function and x its channel, z = f(g) x, so with the gradient dz:
//!
//! - backward, `dg = f'(g) x · dz` and `dx = f(g) dz`;
//! - twice, along the cotangents (a, w) of (g, x), of S = a f'(g) x · dz + f(g) w · dz: by g
//!   `a f''(g) x · dz + f'(g) w · dz`, by x `a f'(g) dz`, and by dz `a f'(g) x + f(g) w`, which is the
//!   derivative of z along (a, w).

use super::gate_rows::{Evaluate, EvaluateKernel, Run, Wanted};
use super::{Activation, ActivationError, KernelError, ScalarFunction, SecondMoment};
use crate::error::{LengthError, check_length, check_rows};
use crate::parallel::{Rows, RowsMut, Threads, Work};
use crate::simd::Path;
use crate::{Irrep, Irreps, Number};

/// e3nn's `nn.Gate`: scalars s, gates g and gated channels x become c f(s) and c f(g) x.
///
/// The input holds all three, sorted by irrep ([`Irreps::regroup`]), as it comes out of a product
/// or linear map; the output is the scalars, then the gated channels, in the order they were given.
///
/// # Example
/// ```
/// use tesseral::kernels::{Gate, GateConfig, ScalarFunction, SecondMoment};
///
/// let gate = Gate::new(&GateConfig {
///     scalars: "16x0e".parse()?,
///     scalar_functions: vec![Some(ScalarFunction::SILU)],
///     gates: "8x0e".parse()?,
///     gate_functions: vec![Some(ScalarFunction::SIGMOID)],
///     gated: "8x1o".parse()?,
///     moment: SecondMoment::One,
/// })?;
/// assert_eq!(gate.input().to_string(), "24x0e+8x1o");
/// assert_eq!(gate.output().to_string(), "16x0e+8x1o");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Gate {
    input: Irreps,
    output: Irreps,
    /// Where scalars are in a row of the input; in the output they are the first numbers.
    pub(super) scalars: Vec<usize>,
    pub(super) gates: Vec<Gated>,
    /// The functions of scalars, then those of gates.
    pub(super) runs: Vec<Run>,
    path: Path,
    threads: Threads,
}

/// A channel with its gate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gated {
    /// The place of the gate in a row of the input.
    pub gate: usize,
    /// Where the channel begins in a row of the input and of the output, and its components.
    pub from: usize,
    pub to: usize,
    pub size: usize,
}

/// What a [`Gate`] is made of.
#[derive(Clone, Debug)]
pub struct GateConfig {
    /// The scalars that go through functions.
    pub scalars: Irreps,
    /// A function, or none, for every block of the scalars.
    pub scalar_functions: Vec<Option<ScalarFunction>>,
    /// The scalars that multiply channels, one for each.
    pub gates: Irreps,
    /// A function, or none, for every block of the gates.
    pub gate_functions: Vec<Option<ScalarFunction>>,
    /// The channels that are multiplied.
    pub gated: Irreps,
    /// How functions are normalized.
    pub moment: SecondMoment,
}

impl Gate {
    /// The gate of given scalars, gates and channels.
    ///
    /// # Errors
    /// If scalars or gates are of degrees above zero, there are not as many gates as gated
    /// channels, or functions do not fit as in [`Activation::new`].
    pub fn new(config: &GateConfig) -> Result<Self, ActivationError> {
        let GateConfig { scalars, gates, gated, moment, .. } = config;
        for (what, irreps) in [("scalars", scalars), ("gates", gates)] {
            if irreps.lmax().is_some_and(|l| l > 0) {
                return Err(ActivationError::GateScalars { what, irreps: irreps.clone() });
            }
        }
        let counts = [gates, gated].map(Irreps::num_irreps);
        if counts[0] != counts[1] {
            return Err(ActivationError::Gates { gates: counts[0], gated: counts[1] });
        }
        let scalar_map = Activation::new(scalars.clone(), &config.scalar_functions, *moment)?;
        let gate_map = Activation::new(gates.clone(), &config.gate_functions, *moment)?;
        let output = scalar_map.output() + &products(gated, gate_map.output());

        // The blocks as they were given, and where the sort puts each in a row.
        let all = &(scalars + gates) + gated;
        let sorted = all.sort();
        let slices = sorted.irreps.slices();
        let starts: Vec<usize> = sorted.permutation.iter().map(|&new| slices[new].start).collect();
        let (scalar_starts, rest) = starts.split_at(scalars.len());
        let (gate_starts, gated_starts) = rest.split_at(gates.len());
        let places: Vec<usize> = channels(scalars, scalar_starts).map(|(from, _)| from).collect();
        // Channel n meets gate n, whatever their blocks are.
        let mut to = places.len();
        let pairs = channels(gates, gate_starts).zip(channels(gated, gated_starts));
        let gated = pairs
            .map(|((gate, _), (from, size))| {
                to += size;
                Gated { gate, from, to: to - size, size }
            })
            .collect();
        let mut runs = runs(&scalar_map, scalar_starts);
        runs.extend(self::runs(&gate_map, gate_starts));
        Ok(Gate {
            input: sorted.irreps.simplify(),
            output,
            scalars: places,
            gates: gated,
            runs,
            path: Path::best(),
            threads: Threads::Caller,
        })
    }

    /// On another lane path, or on the portable one if the machine lacks it: for tests and
    /// comparisons.
    pub fn on(self, path: Path) -> Self {
        Gate { path: path.or_portable(), ..self }
    }

    /// Splits large calls among threads; see [`kernels`](crate::kernels#threads).
    #[cfg(feature = "rayon")]
    pub fn in_parallel(self) -> Self {
        Gate { threads: Threads::Pool, ..self }
    }

    /// The irreps of the input, one block for each irrep.
    pub fn input(&self) -> &Irreps {
        &self.input
    }

    /// The irreps of the output.
    pub fn output(&self) -> &Irreps {
        &self.output
    }

    /// The gated features of every row.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    ///
    /// # Example
    /// ```
    /// use tesseral::kernels::{Gate, GateConfig, ScalarFunction, SecondMoment};
    ///
    /// let gate = Gate::new(&GateConfig {
    ///     scalars: "0e".parse()?,
    ///     scalar_functions: vec![None],
    ///     gates: "0e".parse()?,
    ///     gate_functions: vec![Some(ScalarFunction::RELU)],
    ///     gated: "1o".parse()?,
    ///     moment: SecondMoment::Free,
    /// })?;
    /// let mut z = [0.0; 4];
    /// gate.forward(&[7.0, 2.0, 1.0, 2.0, 3.0], &mut z)?;
    /// assert_eq!(z, [7.0, 2.0, 4.0, 6.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn forward<T: Number>(&self, input: &[T], output: &mut [T]) -> Result<(), KernelError> {
        let rows = self.check(input.len(), &[], &[("the output", output.len())])?;
        let parts = (self.inputs(input), RowsMut { numbers: output, size: self.output.dim() });
        self.threads.each(self.work(rows), parts, &|(x, z)| {
            self.start(x, Wanted::Value { output: z });
        });
        Ok(())
    }

    /// Adds the vector-Jacobian product of [`Gate::forward`] to `input_gradient`.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    pub fn backward<T: Number>(
        &self,
        input: &[T],
        output_gradient: &[T],
        input_gradient: &mut [T],
    ) -> Result<(), KernelError> {
        let inputs = [("the gradient of the input", input_gradient.len())];
        let outputs = [("the gradient of the output", output_gradient.len())];
        let rows = self.check(input.len(), &inputs, &outputs)?;
        let given = (self.inputs(input), self.outputs(output_gradient));
        let target = RowsMut { numbers: input_gradient, size: self.input.dim() };
        self.threads.each(self.work(rows), (given, target), &|((x, dz), dx)| {
            self.start(x, Wanted::Gradient { output_gradient: dz, input_gradient: dx });
        });
        Ok(())
    }

    /// The derivative of [`Gate::backward`]: of Σ `cotangent` · `input_gradient`, adds the gradients
    /// with respect to the input and to the gradient of the output, which is also the derivative of
    /// the output along `cotangent`.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    pub fn backward_twice<T: Number>(
        &self,
        input: &[T],
        output_gradient: &[T],
        cotangent: &[T],
        by_input: Option<&mut [T]>,
        by_output_gradient: Option<&mut [T]>,
    ) -> Result<(), KernelError> {
        let dz = output_gradient;
        let by_dz_length = by_output_gradient.as_deref().map_or(dz.len(), <[T]>::len);
        let inputs = [
            ("the cotangent of the input", cotangent.len()),
            ("the derivative by the input", by_input.as_deref().map_or(input.len(), <[T]>::len)),
        ];
        let outputs = [
            ("the gradient of the output", dz.len()),
            ("the derivative by the gradient of the output", by_dz_length),
        ];
        let rows = self.check(input.len(), &inputs, &outputs)?;
        let given = ([self.inputs(input), self.inputs(cotangent)], self.outputs(dz));
        let by_input = by_input.map(|by| RowsMut { numbers: by, size: self.input.dim() });
        let by_dz = by_output_gradient.map(|by| RowsMut { numbers: by, size: self.output.dim() });
        let targets = (by_input, by_dz);
        self.threads.each(self.work(rows), (given, targets), &|(([x, w], dz), (by_x, by_dz))| {
            self.start(
                x,
                Wanted::Twice {
                    output_gradient: dz,
                    cotangent: w,
                    by_input: by_x,
                    by_output_gradient: by_dz,
                },
            );
        });
        Ok(())
    }

    fn start<T: Number>(&self, input: Rows<'_, T>, wanted: Wanted<'_, T>) {
        T::start::<EvaluateKernel>(self.path, Evaluate { gate: self, input, wanted });
    }

    fn inputs<'a, T>(&self, numbers: &'a [T]) -> Rows<'a, T> {
        Rows { numbers, size: self.input.dim() }
    }

    fn outputs<'a, T>(&self, numbers: &'a [T]) -> Rows<'a, T> {
        Rows { numbers, size: self.output.dim() }
    }

    fn work(&self, rows: usize) -> Work {
        let functions = self.scalars.len() + self.gates.len();
        Work::of_functions(rows * self.input.dim(), self.input.dim(), functions)
    }

    /// Checks lengths of arrays like the input and like the output; the number of rows.
    fn check(
        &self,
        input: usize,
        inputs: &[(&'static str, usize)],
        outputs: &[(&'static str, usize)],
    ) -> Result<usize, LengthError> {
        // Without inputs there are no outputs.
        let rows = check_rows("the input", self.input.dim(), input)?;
        inputs.iter().try_for_each(|&(what, found)| check_length(what, input, found))?;
        let length = rows * self.output.dim();
        outputs.iter().try_for_each(|&(what, found)| check_length(what, length, found))?;
        Ok(rows)
    }
}

impl Gated {
    pub fn input<'a, T>(&self, row: &'a [T]) -> &'a [T] {
        &row[self.from..][..self.size]
    }

    pub fn output<'a, T>(&self, row: &'a [T]) -> &'a [T] {
        &row[self.to..][..self.size]
    }
}

/// The irreps of gated channels times gates, channel by channel, in blocks that both agree on.
fn products(gated: &Irreps, gates: &Irreps) -> Irreps {
    let each = |irreps: &Irreps| -> Vec<Irrep> {
        let repeated =
            |block: &crate::irreps::MulIrrep| std::iter::repeat_n(block.irrep, block.mul);
        irreps.iter().flat_map(repeated).collect()
    };
    let (gated, gates) = (each(gated), each(gates));
    let mut blocks: Vec<(usize, [Irrep; 2])> = Vec::new();
    for (&channel, &gate) in gated.iter().zip(&gates) {
        match blocks.last_mut() {
            Some((mul, pair)) if *pair == [channel, gate] => *mul += 1,
            _ => blocks.push((1, [channel, gate])),
        }
    }
    let irrep = |[channel, gate]: [Irrep; 2]| Irrep::new(channel.l, channel.parity * gate.parity);
    blocks.into_iter().map(|(mul, pair)| (mul, irrep(pair))).collect()
}

/// Where every channel begins in a row, given where its block begins, and its size.
fn channels(irreps: &Irreps, starts: &[usize]) -> impl Iterator<Item = (usize, usize)> {
    irreps.iter().zip(starts).flat_map(|(block, &start)| {
        let size = block.irrep.dim();
        (0..block.mul).map(move |channel| (start + channel * size, size))
    })
}

/// The function of every block of scalars, given where it begins in a row.
fn runs(map: &Activation, starts: &[usize]) -> Vec<Run> {
    let blocks = map.blocks.iter().zip(starts);
    blocks
        .map(|((columns, function), &from)| Run { from, count: columns.len(), function: *function })
        .collect()
}
