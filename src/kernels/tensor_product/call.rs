//! One call of a product, checked: what both kernels read, and the choice between them.

use super::arguments::{ProductGradients, ProductInputs};
use super::channel_rows::ChannelRows;
use super::coupling_path::Mode;
use super::pairing::Pairing;
use super::resolved_path::ResolvedPath;
use super::{TensorProduct, over_channels, over_rows, parts};
use crate::parallel::{Rows, RowsMut, Work};
use crate::simd::BlockMemory;
use crate::{Irreps, Number};

/// A product with inputs that fit it, or a part of one ([`super::parts`]).
#[derive(Clone, Copy)]
pub(super) struct Call<'a, T: Number> {
    pub product: &'a TensorProduct,
    pub inputs: ProductInputs<'a, T>,
    /// Paths without weights are left out: they do not depend on them.
    pub weighted_only: bool,
    /// The first input with channels on the lanes, where edges read it so.
    pub turned: Option<&'a ChannelRows<T>>,
    /// The row of the output of each item, if it is not that of the pairing.
    pub output_rows: Option<&'a [usize]>,
    /// The row of the gradient of the first input of each item, if it is not that of the pairing.
    pub gradient_rows: Option<&'a [usize]>,
}

impl<'a, T: Number> Call<'a, T> {
    /// The paths that are evaluated.
    pub fn paths(&self) -> impl Iterator<Item = &'a ResolvedPath> + use<'a, T> {
        let all = !self.weighted_only;
        let is_empty = |path: &ResolvedPath| path.multiplicities.contains(&0);
        let is_asked = move |path: &ResolvedPath| all || path.weights.is_some();
        self.product.resolved.iter().filter(move |path| is_asked(path) && !is_empty(path))
    }

    /// Whether each item has its own weights.
    pub fn has_own_weights(&self) -> bool {
        self.inputs.weights.len() != self.product.num_weights
    }

    /// The row of the output of an item.
    pub fn output_row(&self, item: usize) -> usize {
        self.output_rows.map_or_else(|| self.inputs.pairing.output(item), |rows| rows[item])
    }

    /// The row of the gradient of the first input of an item.
    pub fn gradient_row(&self, item: usize) -> usize {
        self.gradient_rows.map_or_else(|| self.inputs.pairing.first(item), |rows| rows[item])
    }
}

impl<T: Number> Call<'_, T> {
    /// Sets the output of separate rows, where paths cover it; adds to that of edges.
    pub fn add_forward(self, output: &mut [T]) {
        if self.inputs.pairing.count() == 0 {
            return;
        }
        let streams = size_of_val(output) >= self.product.streaming;
        let turned = self.turn_first();
        parts::forward(Call { turned: turned.as_ref(), ..self }, output, streams);
    }

    /// The same in one part.
    pub fn run_forward(self, output: &mut [T], streams: bool) {
        let path = self.product.lanes;
        if channels_fill_lanes::<T>(self.product) {
            let task = over_channels::Forward { call: self, output, streams };
            T::start::<over_channels::ForwardKernel>(path, task);
        } else {
            let task = over_rows::Forward { call: self, output };
            T::start::<over_rows::ForwardKernel>(path, task);
        }
    }

    /// Adds to an output whatever the pairing.
    pub fn sum_forward(self, output: &mut [T]) {
        if matches!(self.inputs.pairing, Pairing::Edges { .. }) {
            return self.add_forward(output);
        }
        let mut result = vec![T::default(); output.len()];
        self.add_forward(&mut result);
        for (sum, term) in output.iter_mut().zip(result) {
            *sum = *sum + term;
        }
    }

    /// Adds the vector-Jacobian product to the gradients.
    pub fn add_backward(self, output_gradient: &[T], gradients: ProductGradients<'_, T>) {
        if self.inputs.pairing.count() == 0 {
            return;
        }
        let turned = self.turn_first();
        let call = Call { turned: turned.as_ref(), ..self };
        parts::backward(call, output_gradient, gradients);
    }

    /// The same in one part. Where the first input has been turned, so is its gradient.
    pub fn run_backward(
        self,
        output_gradient: &[T],
        gradients: ProductGradients<'_, T>,
        turned_gradient: Option<&mut ChannelRows<T>>,
    ) {
        let path = self.product.lanes;
        if channels_fill_lanes::<T>(self.product) {
            let task =
                over_channels::Backward { call: self, output_gradient, gradients, turned_gradient };
            T::start::<over_channels::BackwardKernel>(path, task);
        } else {
            let task = over_rows::Backward { call: self, output_gradient, gradients };
            T::start::<over_rows::BackwardKernel>(path, task);
        }
    }

    /// All rows of the first input with channels on the lanes, for edges that read rows again and
    /// again.
    fn turn_first(&self) -> Option<ChannelRows<T>> {
        let TensorProduct { first, lanes, threads, .. } = self.product;
        let is_along_edges = matches!(self.inputs.pairing, Pairing::Edges { .. });
        if !(is_along_edges && channels_fill_lanes::<T>(self.product)) {
            return None;
        }
        let rows = self.inputs.first.len().checked_div(first.dim()).unwrap_or(0);
        let none = ChannelRows::<T>::new(first, 0);
        let mut memory = BlockMemory::<T>::new(rows * none.size);
        let from = Rows { numbers: self.inputs.first, size: first.dim() };
        let to = RowsMut { numbers: &mut memory[..], size: none.size };
        let work = Work { rows, each: first.dim() };
        threads.each(work, (from, to), &|(from, to)| {
            let task = over_channels::Turn { rows: &none, from: from.numbers, to: to.numbers };
            T::start::<over_channels::TurnKernel>(*lanes, task);
        });
        Some(ChannelRows { memory, ..none })
    }
}

/// Whether channels are many enough to lie on the lanes: a block takes whole ones.
fn channels_fill_lanes<T: Number>(product: &TensorProduct) -> bool {
    let fits = |path: &ResolvedPath| path.mode == Mode::Uvu && path.multiplicities[1] == 1;
    let is_full = |irreps: &Irreps| {
        let lanes = irreps.iter().map(|b| b.mul.next_multiple_of(T::WIDTH) * b.irrep.dim());
        lanes.sum::<usize>() <= 4 * irreps.dim()
    };
    product.resolved.iter().all(fits) && is_full(&product.first) && is_full(&product.output)
}
