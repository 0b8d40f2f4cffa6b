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

use super::{Activation, ActivationError, KernelError, ScalarFunction, Scaled, SecondMoment};
use crate::error::{LengthError, check_length, check_rows};
use crate::kernels::arithmetic::dot;
use crate::{Irrep, Irreps, Real};

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
    scalars: Vec<Scalar>,
    gates: Vec<Gated>,
}

/// A scalar that goes through a function.
#[derive(Clone, Copy, Debug)]
struct Scalar {
    /// Its place in a row of the input and of the output.
    from: usize,
    to: usize,
    function: Option<Scaled>,
}

/// A channel with its gate.
#[derive(Clone, Copy, Debug)]
struct Gated {
    /// The place of the gate in a row of the input.
    gate: usize,
    function: Option<Scaled>,
    /// Where the channel begins in a row of the input and of the output, and its components.
    from: usize,
    to: usize,
    size: usize,
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
        let functions = |map: &Activation| functions(map).collect::<Vec<_>>();
        let places = channels(scalars, scalar_starts).zip(functions(&scalar_map));
        let scalars: Vec<Scalar> = places
            .enumerate()
            .map(|(to, ((from, _), function))| Scalar { from, to, function })
            .collect();
        // Channel n meets gate n, whatever their blocks are.
        let mut to = scalars.len();
        let pairs = channels(gates, gate_starts).zip(functions(&gate_map));
        let gates = pairs
            .zip(channels(gated, gated_starts))
            .map(|(((gate, _), function), (from, size))| {
                to += size;
                Gated { gate, function, from, to: to - size, size }
            })
            .collect();
        Ok(Gate { input: sorted.irreps.simplify(), output, scalars, gates })
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
    pub fn forward<T: Real + Into<f64>>(
        &self,
        input: &[T],
        output: &mut [T],
    ) -> Result<(), KernelError> {
        let rows = self.check(input.len(), &[], &[("the output", output.len())])?;
        for row in 0..rows {
            let x = self.input_row(input, row);
            let z = &mut output[row * self.output.dim()..][..self.output.dim()];
            for scalar in &self.scalars {
                z[scalar.to] = derivatives(scalar.function, x[scalar.from])[0];
            }
            for gated in &self.gates {
                let factor = derivatives(gated.function, x[gated.gate])[0];
                for m in 0..gated.size {
                    z[gated.to + m] = factor * x[gated.from + m];
                }
            }
        }
        Ok(())
    }

    /// Adds the vector-Jacobian product of [`Gate::forward`] to `input_gradient`.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    pub fn backward<T: Real + Into<f64>>(
        &self,
        input: &[T],
        output_gradient: &[T],
        input_gradient: &mut [T],
    ) -> Result<(), KernelError> {
        let inputs = [("the gradient of the input", input_gradient.len())];
        let outputs = [("the gradient of the output", output_gradient.len())];
        let rows = self.check(input.len(), &inputs, &outputs)?;
        for row in 0..rows {
            let x = self.input_row(input, row);
            let dz = self.output_row(output_gradient, row);
            let dx = &mut input_gradient[row * self.input.dim()..][..self.input.dim()];
            for scalar in &self.scalars {
                let slope = derivatives(scalar.function, x[scalar.from])[1];
                dx[scalar.from] = dx[scalar.from] + slope * dz[scalar.to];
            }
            for gated in &self.gates {
                let [factor, slope, _] = derivatives(gated.function, x[gated.gate]);
                let (x, dz) = (gated.input(x), gated.output(dz));
                dx[gated.gate] = dx[gated.gate] + slope * dot(x, dz);
                for (m, &dz) in dz.iter().enumerate() {
                    dx[gated.from + m] = dx[gated.from + m] + factor * dz;
                }
            }
        }
        Ok(())
    }

    /// The derivative of [`Gate::backward`]: of Σ `cotangent` · `input_gradient`, adds the gradients
    /// with respect to the input and to the gradient of the output, which is also the derivative of
    /// the output along `cotangent`.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    pub fn backward_twice<T: Real + Into<f64>>(
        &self,
        input: &[T],
        output_gradient: &[T],
        cotangent: &[T],
        mut by_input: Option<&mut [T]>,
        mut by_output_gradient: Option<&mut [T]>,
    ) -> Result<(), KernelError> {
        let (dz, by_dz) = (output_gradient, &mut by_output_gradient);
        let by_dz_length = by_dz.as_deref().map_or(dz.len(), <[T]>::len);
        let inputs = [
            ("the cotangent of the input", cotangent.len()),
            ("the derivative by the input", by_input.as_deref().map_or(input.len(), <[T]>::len)),
        ];
        let outputs = [
            ("the gradient of the output", dz.len()),
            ("the derivative by the gradient of the output", by_dz_length),
        ];
        let rows = self.check(input.len(), &inputs, &outputs)?;
        for row in 0..rows {
            let (x, w) = (self.input_row(input, row), self.input_row(cotangent, row));
            let dz = self.output_row(dz, row);
            if let Some(by_input) = by_input.as_deref_mut() {
                let by_x = &mut by_input[row * self.input.dim()..][..self.input.dim()];
                self.row_by_input(x, dz, w, by_x);
            }
            if let Some(by_dz) = by_dz.as_deref_mut() {
                let by_dz = &mut by_dz[row * self.output.dim()..][..self.output.dim()];
                self.row_by_gradient(x, w, by_dz);
            }
        }
        Ok(())
    }

    fn row_by_input<T: Real + Into<f64>>(&self, x: &[T], dz: &[T], w: &[T], by_x: &mut [T]) {
        for scalar in &self.scalars {
            let curvature = derivatives(scalar.function, x[scalar.from])[2];
            let product = curvature * w[scalar.from] * dz[scalar.to];
            by_x[scalar.from] = by_x[scalar.from] + product;
        }
        for gated in &self.gates {
            let [_, slope, curvature] = derivatives(gated.function, x[gated.gate]);
            let (x, channel_w, dz) = (gated.input(x), gated.input(w), gated.output(dz));
            let w = w[gated.gate];
            let sum = curvature * w * dot(x, dz) + slope * dot(channel_w, dz);
            by_x[gated.gate] = by_x[gated.gate] + sum;
            for (m, &dz) in dz.iter().enumerate() {
                by_x[gated.from + m] = by_x[gated.from + m] + slope * w * dz;
            }
        }
    }

    fn row_by_gradient<T: Real + Into<f64>>(&self, x: &[T], w: &[T], by_dz: &mut [T]) {
        for scalar in &self.scalars {
            let slope = derivatives(scalar.function, x[scalar.from])[1];
            by_dz[scalar.to] = by_dz[scalar.to] + slope * w[scalar.from];
        }
        for gated in &self.gates {
            let [factor, slope, _] = derivatives(gated.function, x[gated.gate]);
            let (x, channel_w) = (gated.input(x), gated.input(w));
            let w = w[gated.gate];
            for (m, (&x, &channel_w)) in x.iter().zip(channel_w).enumerate() {
                let sum = slope * w * x + factor * channel_w;
                by_dz[gated.to + m] = by_dz[gated.to + m] + sum;
            }
        }
    }

    fn input_row<'a, T>(&self, array: &'a [T], row: usize) -> &'a [T] {
        &array[row * self.input.dim()..][..self.input.dim()]
    }

    fn output_row<'a, T>(&self, array: &'a [T], row: usize) -> &'a [T] {
        &array[row * self.output.dim()..][..self.output.dim()]
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
    fn input<'a, T>(&self, row: &'a [T]) -> &'a [T] {
        &row[self.from..][..self.size]
    }

    fn output<'a, T>(&self, row: &'a [T]) -> &'a [T] {
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

/// The function of every scalar.
fn functions(map: &Activation) -> impl Iterator<Item = Option<Scaled>> {
    map.blocks.iter().flat_map(|(columns, function)| columns.clone().map(move |_| *function))
}

/// A function with its derivatives; without one, the number itself.
fn derivatives<T: Real + Into<f64>>(function: Option<Scaled>, x: T) -> [T; 3] {
    let [zero, one] = [T::constant(0.0, 0.0), T::constant(1.0, 1.0)];
    function.map_or([x, one, zero], |f| f.at(x))
}
