//! One call of a product, checked: what both kernels read, and the choice between them.

use super::arguments::{ProductGradients, ProductInputs};
use super::coupling_path::Mode;
use super::pairing::Pairing;
use super::resolved_path::ResolvedPath;
use super::{TensorProduct, over_channels, over_rows};
use crate::{Irreps, Number};

/// A product with inputs that fit it.
#[derive(Clone, Copy)]
pub(super) struct Call<'a, T> {
    pub product: &'a TensorProduct,
    pub inputs: ProductInputs<'a, T>,
    /// Paths without weights are left out: they do not depend on them.
    pub weighted_only: bool,
}

impl<'a, T> Call<'a, T> {
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
}

impl<T: Number> Call<'_, T> {
    /// Sets the output of separate rows, where paths cover it; adds to that of edges.
    pub fn add_forward(self, output: &mut [T]) {
        if self.inputs.pairing.count() == 0 {
            return;
        }
        let path = self.product.lanes;
        if channels_fill_lanes::<T>(self.product) {
            let task = over_channels::Forward { call: self, output };
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
        let path = self.product.lanes;
        if channels_fill_lanes::<T>(self.product) {
            let task = over_channels::Backward { call: self, output_gradient, gradients };
            T::start::<over_channels::BackwardKernel>(path, task);
        } else {
            let task = over_rows::Backward { call: self, output_gradient, gradients };
            T::start::<over_rows::BackwardKernel>(path, task);
        }
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
