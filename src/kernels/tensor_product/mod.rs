//! The tensor product of two feature vectors along paths, with its derivatives, row by row or
//! gathered and summed along the edges of a graph.
//!
//! Along one path, a channel pair (u, v) couples to
//! `t[u, v][m3] = Σ C[m1, m2, m3] x[u, m1] y[v, m2]`, which the path's [`Mode`] brings to channels
//! of the output. The product is linear in x, in y and in the weights, so second derivatives are
//! first ones with arguments exchanged.
//!
//! Two kernels do the work. One has channels on the lanes: in a convolution every channel of a
//! block is multiplied with the same matrix. The other has rows on the lanes, and does every mode.

mod ahead;
mod channel_rows;
mod combine;
mod instruction;
mod make;
pub(super) mod over_channels;
pub(super) mod over_rows;
mod plan;
mod rows;
mod triple;
mod wide;

pub use instruction::{Instruction, IrrepNormalization, Mode, Normalization, PathNormalization};
pub use rows::Rows;

use over_channels::OverChannels;
use over_rows::OverRows;
use plan::Plan;

use super::{KernelError, check_length};
use crate::simd::{Path, last_level_cache};
use crate::{Irreps, Number};

/// A tensor product along chosen paths.
///
/// By default outputs of unit variance come from inputs and weights of unit variance; see
/// [`Normalization`].
///
/// # Example
/// ```
/// use tesseral::Irreps;
/// use tesseral::kernels::{Rows, TensorProduct};
///
/// // The dot product of two vectors is -√3 or √3 times their coupling to a scalar.
/// let vector: Irreps = "1o".parse()?;
/// let product = TensorProduct::elementwise(&vector, &vector, |irrep| irrep.l == 0)?;
/// assert_eq!(product.output().to_string(), "1x0e");
/// let mut z = [0.0_f64];
/// product.forward(Rows::Each, 1, &[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0], &[], &mut z)?;
/// assert!((z[0].abs() - 32.0 / 3.0_f64.sqrt()).abs() < 1e-14);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct TensorProduct {
    first: Irreps,
    second: Irreps,
    output: Irreps,
    instructions: Vec<Instruction>,
    plans: Vec<Plan>,
    num_weights: usize,
    path: Path,
    /// The bytes of output from which on it is written past the caches.
    streaming: usize,
}

/// The gradients that [`TensorProduct::backward`] adds to; `None` where one is not needed.
#[derive(Debug)]
pub struct Gradients<'a, T> {
    /// Of the first input.
    pub first: Option<&'a mut [T]>,
    /// Of the second input.
    pub second: Option<&'a mut [T]>,
    /// Of the weights.
    pub weights: Option<&'a mut [T]>,
}

impl<T> Gradients<'_, T> {
    /// None of them.
    pub const NONE: Self = Gradients { first: None, second: None, weights: None };

    fn reborrow(&mut self) -> Gradients<'_, T> {
        Gradients {
            first: self.first.as_deref_mut(),
            second: self.second.as_deref_mut(),
            weights: self.weights.as_deref_mut(),
        }
    }

    fn is_none(&self) -> bool {
        self.first.is_none() && self.second.is_none() && self.weights.is_none()
    }
}

/// What the results of [`TensorProduct::backward`] are multiplied with and summed in
/// [`TensorProduct::backward_twice`]; `None` stands for zeros.
#[derive(Clone, Copy, Debug)]
pub struct Cotangents<'a, T> {
    /// For the gradient of the first input.
    pub first: Option<&'a [T]>,
    /// For the gradient of the second input.
    pub second: Option<&'a [T]>,
    /// For the gradient of the weights.
    pub weights: Option<&'a [T]>,
}

/// The slices of one call, checked.
struct Arguments<'a, T> {
    rows: Rows<'a>,
    count: usize,
    first: &'a [T],
    second: &'a [T],
    weights: &'a [T],
    /// Paths without weights are left out: they do not depend on them.
    weighted_only: bool,
}

impl<T> Clone for Arguments<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Arguments<'_, T> {}

impl TensorProduct {
    /// The product along given paths, with the default [`Normalization`].
    ///
    /// # Errors
    /// If a path names a block that is not there, has no coupling tensor, or does not fit in
    /// parity or multiplicity, lacks the weights that its mode needs, has a path weight that is not
    /// a finite number ≥ 0, or the weights are more than a `usize` counts.
    pub fn new(
        first: Irreps,
        second: Irreps,
        output: Irreps,
        instructions: &[Instruction],
    ) -> Result<Self, KernelError> {
        Self::with_normalization(first, second, output, instructions, Normalization::default())
    }

    /// The product along given paths.
    ///
    /// # Errors
    /// As [`TensorProduct::new`].
    pub fn with_normalization(
        first: Irreps,
        second: Irreps,
        output: Irreps,
        instructions: &[Instruction],
        normalization: Normalization,
    ) -> Result<Self, KernelError> {
        let (plans, num_weights) =
            plan::plans([&first, &second, &output], instructions, normalization)?;
        Ok(TensorProduct {
            first,
            second,
            output,
            instructions: instructions.to_vec(),
            plans,
            num_weights,
            path: Path::best(),
            streaming: last_level_cache() / 2,
        })
    }

    /// The same paths with another normalization.
    ///
    /// ```
    /// use tesseral::kernels::{IrrepNormalization, Normalization, TensorProduct};
    ///
    /// let vectors = "4x1o".parse()?;
    /// let normalization = Normalization { irreps: IrrepNormalization::Norm, ..Default::default() };
    /// let product = TensorProduct::full(&vectors, &vectors, |_| true)?;
    /// let product = product.normalized_by(normalization);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn normalized_by(self, normalization: Normalization) -> Self {
        let irreps = [&self.first, &self.second, &self.output];
        let (plans, _) = plan::plans(irreps, &self.instructions, normalization)
            .expect("the paths were valid before");
        TensorProduct { plans, ..self }
    }

    /// On another lane path, or on the portable one if the machine lacks it: for tests and
    /// comparisons.
    pub fn on(self, path: Path) -> Self {
        TensorProduct { path: path.or_portable(), ..self }
    }

    /// Writes the output of [`Rows::Each`] past the caches once it has that many bytes, where
    /// channels lie on the lanes; without it, once it would not fit half of the last-level cache.
    pub fn streaming_from(self, bytes: usize) -> Self {
        TensorProduct { streaming: bytes, ..self }
    }

    /// The irreps of the first input.
    pub fn first(&self) -> &Irreps {
        &self.first
    }

    /// The irreps of the second input.
    pub fn second(&self) -> &Irreps {
        &self.second
    }

    /// The irreps of the output.
    pub fn output(&self) -> &Irreps {
        &self.output
    }

    /// The paths.
    pub fn instructions(&self) -> &[Instruction] {
        &self.instructions
    }

    /// The number of weights of one row.
    pub fn num_weights(&self) -> usize {
        self.num_weights
    }

    /// The weights of one path in a row of weights: `[u][v][w]`, `[u][v]`, `[u][w]` or `[u]` as its
    /// mode has them, pairs u < v in lexical order; none if it is not weighted.
    pub fn weights_of(&self, instruction: usize) -> Option<std::ops::Range<usize>> {
        let plan = self.plans.get(instruction)?;
        plan.weights.map(|start| start..start + plan.num_weights())
    }

    /// The products of rows, added up in `output`, which is overwritten.
    ///
    /// `count` is the number of products: of rows, or of edges. Weights are `[count][num_weights]`,
    /// or one row of them for all, or empty where no path is weighted. Beyond the arguments it
    /// needs memory for the rows of one block of lanes, and, along edges, for one copy of the first
    /// input, with the channels of each block filled up to whole registers of 64 bytes.
    ///
    /// # Errors
    /// If a slice has the wrong length or an edge names a row that is not there.
    pub fn forward<T: Number>(
        &self,
        rows: Rows,
        count: usize,
        first: &[T],
        second: &[T],
        weights: &[T],
        output: &mut [T],
    ) -> Result<(), KernelError> {
        self.check(rows, count, first.len(), second.len(), weights.len(), output.len())?;
        if !(self.covers_output() && matches!(rows, Rows::Each)) {
            output.fill(T::default());
        }
        self.add_forward(
            Arguments { rows, count, first, second, weights, weighted_only: false },
            output,
        );
        Ok(())
    }

    /// The vector-Jacobian product: adds to each gradient that is given the derivative of
    /// Σ `output_gradient` · output with respect to that input. Memory as in
    /// [`TensorProduct::forward`], and along edges a copy of the gradient of the first input.
    ///
    /// # Errors
    /// As [`TensorProduct::forward`], and if a gradient has another length than its input.
    #[expect(clippy::too_many_arguments, reason = "three inputs and what belongs to each")]
    pub fn backward<T: Number>(
        &self,
        rows: Rows,
        count: usize,
        first: &[T],
        second: &[T],
        weights: &[T],
        output_gradient: &[T],
        gradients: Gradients<'_, T>,
    ) -> Result<(), KernelError> {
        self.check(rows, count, first.len(), second.len(), weights.len(), output_gradient.len())?;
        check_given(GRADIENTS, [first, second, weights], gradients_lengths(&gradients))?;
        let arguments = Arguments { rows, count, first, second, weights, weighted_only: false };
        self.add_backward(arguments, output_gradient, gradients);
        Ok(())
    }

    /// The derivative of the vector-Jacobian product: of
    /// S = Σ `cotangents` · (the gradients that [`TensorProduct::backward`] gives), adds to each
    /// gradient that is given the derivative of S with respect to that input, and to
    /// `by_output_gradient` the derivative with respect to the gradient of the output.
    ///
    /// With T(x, y, w; dz) = Σ dz · output, S is T(ẋ, y, w; dz) + T(x, ẏ, w; dz) + T(x, y, ẇ; dz),
    /// the last without the paths that have no weights.
    ///
    /// # Errors
    /// As [`TensorProduct::backward`], and if a cotangent has another length than its input.
    #[expect(clippy::too_many_arguments, reason = "four inputs and what belongs to each")]
    pub fn backward_twice<T: Number>(
        &self,
        rows: Rows,
        count: usize,
        first: &[T],
        second: &[T],
        weights: &[T],
        output_gradient: &[T],
        cotangents: Cotangents<'_, T>,
        mut gradients: Gradients<'_, T>,
        mut by_output_gradient: Option<&mut [T]>,
    ) -> Result<(), KernelError> {
        self.check(rows, count, first.len(), second.len(), weights.len(), output_gradient.len())?;
        let inputs = [first, second, weights];
        check_given(GRADIENTS, inputs, gradients_lengths(&gradients))?;
        let Cotangents { first: dx, second: dy, weights: dw } = cotangents;
        check_given(COTANGENTS, inputs, [dx, dy, dw].map(|c| c.map(<[T]>::len)))?;
        if let Some(gradient) = by_output_gradient.as_deref() {
            check_length(
                "the derivative by the gradient of the output",
                output_gradient.len(),
                gradient.len(),
            )?;
        }
        let arguments = Arguments { rows, count, first, second, weights, weighted_only: false };
        for (side, cotangent) in [dx, dy, dw].into_iter().enumerate() {
            let Some(cotangent) = cotangent else { continue };
            let mut exchanged = arguments;
            let mut others = gradients.reborrow();
            match side {
                0 => (exchanged.first, others.first) = (cotangent, None),
                1 => (exchanged.second, others.second) = (cotangent, None),
                _ => {
                    (exchanged.weights, others.weights) = (cotangent, None);
                    exchanged.weighted_only = true;
                }
            }
            if !others.is_none() {
                self.add_backward(exchanged, output_gradient, others);
            }
            if let Some(gradient) = by_output_gradient.as_deref_mut() {
                self.sum_forward(exchanged, gradient);
            }
        }
        Ok(())
    }

    /// The paths that a call evaluates.
    fn plans_of<T>(&self, arguments: &Arguments<'_, T>) -> impl Iterator<Item = &Plan> {
        let all = !arguments.weighted_only;
        let is_empty = |plan: &Plan| plan.multiplicities.contains(&0);
        let is_asked = move |plan: &Plan| all || plan.weights.is_some();
        self.plans.iter().filter(move |plan| is_asked(plan) && !is_empty(plan))
    }

    /// Whether every number of the output is written by a path.
    fn covers_output(&self) -> bool {
        let written = |block| self.instructions.iter().any(|path| path.output == block);
        let blocks = (0..self.output.len()).filter(|&block| self.output[block].dim() > 0);
        let mut blocks = blocks.peekable();
        blocks.peek().is_some() && blocks.all(written)
    }

    /// Sets the output of separate rows, where paths cover it; adds to that of edges.
    fn add_forward<T: Number>(&self, arguments: Arguments<'_, T>, output: &mut [T]) {
        if arguments.count == 0 {
            return;
        }
        let product = self;
        if self.over_channels::<T>() {
            let task = OverChannels { product, arguments }.forward(output);
            T::start::<over_channels::ForwardKernel>(self.path, task);
        } else {
            let task = OverRows { product, arguments }.forward(output);
            T::start::<over_rows::ForwardKernel>(self.path, task);
        }
    }

    /// Adds to an output whatever the rows.
    fn sum_forward<T: Number>(&self, arguments: Arguments<'_, T>, output: &mut [T]) {
        if matches!(arguments.rows, Rows::Edges { .. }) {
            return self.add_forward(arguments, output);
        }
        let mut result = vec![T::default(); output.len()];
        self.add_forward(arguments, &mut result);
        for (sum, term) in output.iter_mut().zip(result) {
            *sum = *sum + term;
        }
    }

    fn add_backward<T: Number>(
        &self,
        arguments: Arguments<'_, T>,
        output_gradient: &[T],
        gradients: Gradients<'_, T>,
    ) {
        if arguments.count == 0 {
            return;
        }
        let product = self;
        if self.over_channels::<T>() {
            let call = OverChannels { product, arguments };
            let task = call.backward(output_gradient, gradients);
            T::start::<over_channels::BackwardKernel>(self.path, task);
        } else {
            let call = OverRows { product, arguments };
            let task = call.backward(output_gradient, gradients);
            T::start::<over_rows::BackwardKernel>(self.path, task);
        }
    }

    /// Whether channels are many enough to lie on the lanes: a block takes whole ones.
    fn over_channels<T: Number>(&self) -> bool {
        let fits = |plan: &Plan| plan.mode == Mode::Uvu && plan.multiplicities[1] == 1;
        let is_full = |irreps: &Irreps| {
            let lanes = irreps.iter().map(|b| b.mul.next_multiple_of(T::WIDTH) * b.irrep.dim());
            lanes.sum::<usize>() <= 4 * irreps.dim()
        };
        self.plans.iter().all(fits) && is_full(&self.first) && is_full(&self.output)
    }

    fn check(
        &self,
        rows: Rows,
        count: usize,
        first: usize,
        second: usize,
        weights: usize,
        output: usize,
    ) -> Result<(), KernelError> {
        check_length("the second input", count.saturating_mul(self.second.dim()), second)?;
        if weights != self.num_weights {
            check_length("weights", count.saturating_mul(self.num_weights), weights)?;
        }
        rows.check(count, [first, self.first.dim()], [output, self.output.dim()])
    }
}

fn gradients_lengths<T>(gradients: &Gradients<'_, T>) -> [Option<usize>; 3] {
    let Gradients { first, second, weights } = gradients;
    [first, second, weights].map(|gradient| gradient.as_ref().map(|gradient| gradient.len()))
}

const GRADIENTS: [&str; 3] = [
    "the gradient of the first input",
    "the gradient of the second input",
    "the gradient of the weights",
];

const COTANGENTS: [&str; 3] = [
    "the cotangent of the first input",
    "the cotangent of the second input",
    "the cotangent of the weights",
];

/// Checks the lengths of what belongs to inputs.
fn check_given<T>(
    names: [&'static str; 3],
    inputs: [&[T]; 3],
    found: [Option<usize>; 3],
) -> Result<(), KernelError> {
    for ((name, input), found) in names.into_iter().zip(inputs).zip(found) {
        check_length(name, input.len(), found.unwrap_or(input.len()))?;
    }
    Ok(())
}
