//! What is done with the couplings of channel pairs, with rows on the lanes: weighted sums to
//! channels of the output, and their derivatives.
//!
//! Couplings lie as `[pair][m3]`, channels of the output as `[channel][m3]`, in blocks of lanes.
//! The sums to all channels of the output are products of matrices, done in registers a few
//! channels at a time.

use std::ops::Range;

use super::plan::Plan;
use super::triple::{BlockOf, add_to};
use crate::Scalar;
use crate::simd::Lanes;

/// The weights of one path for the rows on the lanes.
#[derive(Clone, Copy)]
pub(super) enum Weights<'a, V: Lanes> {
    /// There are none.
    One,
    /// The same for all rows.
    Shared(&'a [V::Number]),
    /// Those of each row.
    Rows(&'a [BlockOf<V>]),
}

impl<V: Lanes> Weights<'_, V> {
    #[inline(always)]
    fn at(&self, proof: V::Proof, index: usize) -> V {
        match self {
            Weights::One => V::splat(proof, V::Number::constant(1.0, 1.0)),
            Weights::Shared(weights) => V::splat(proof, weights[index]),
            Weights::Rows(blocks) => V::load(proof, &blocks[index]),
        }
    }
}

/// Some of the channel pairs of a path: the index of the first among all, and the pairs.
#[derive(Clone, Copy)]
pub(super) struct Pairs<'a> {
    pub first: usize,
    pub pairs: &'a [[usize; 2]],
}

/// Adds the couplings of pairs to the channels of the output.
#[inline(always)]
pub(super) fn forward<V: Lanes>(
    proof: V::Proof,
    plan: &Plan,
    pairs: Pairs,
    weights: Weights<V>,
    couplings: &[BlockOf<V>],
    output: &mut [BlockOf<V>],
) {
    let size = plan.sizes[2];
    if !plan.mode.is_dense() {
        for (place, &pair) in pairs.pairs.iter().enumerate() {
            let weight = weights.at(proof, pairs.first + place);
            let target = plan.target(pair, pairs.first + place) * size;
            for m in 0..size {
                let coupling = V::load(proof, &couplings[place * size + m]);
                add_to(proof, weight, coupling, &mut output[target + m]);
            }
        }
        return;
    }
    match weights {
        Weights::One => {
            let at = |_| V::splat(proof, V::Number::constant(1.0, 1.0));
            mix::<V, 1, 1>(proof, plan, pairs, at, 0..size, couplings, output);
        }
        Weights::Shared(weights) => {
            let at = |index: usize| V::splat(proof, weights[index]);
            mix_all(proof, plan, pairs, at, couplings, output);
        }
        Weights::Rows(weights) => {
            let at = |index: usize| V::load(proof, &weights[index]);
            mix_all(proof, plan, pairs, at, couplings, output);
        }
    }
}

/// [`mix`] for all columns, as many at a time as fit the registers.
#[inline(always)]
fn mix_all<V: Lanes>(
    proof: V::Proof,
    plan: &Plan,
    pairs: Pairs,
    weight: impl Fn(usize) -> V + Copy,
    couplings: &[BlockOf<V>],
    output: &mut [BlockOf<V>],
) {
    let size = plan.sizes[2];
    let (fives, rest) = (size / 5 * 5, size % 5);
    mix::<V, 5, 4>(proof, plan, pairs, weight, 0..fives, couplings, output);
    let threes = fives + rest / 3 * 3;
    mix::<V, 3, 6>(proof, plan, pairs, weight, fives..threes, couplings, output);
    mix::<V, 1, 8>(proof, plan, pairs, weight, threes..size, couplings, output);
}

/// Adds to the gradients of couplings those of the channels that they go to.
#[inline(always)]
pub(super) fn backward<V: Lanes>(
    proof: V::Proof,
    plan: &Plan,
    pairs: Pairs,
    weights: Weights<V>,
    output_gradient: &[BlockOf<V>],
    coupling_gradient: &mut [BlockOf<V>],
) {
    let size = plan.sizes[2];
    if !plan.mode.is_dense() {
        for (place, &pair) in pairs.pairs.iter().enumerate() {
            let weight = weights.at(proof, pairs.first + place);
            let target = plan.target(pair, pairs.first + place) * size;
            for m in 0..size {
                let gradient = V::load(proof, &output_gradient[target + m]);
                weight.mul(gradient).store(&mut coupling_gradient[place * size + m]);
            }
        }
        return;
    }
    let (from, to) = (output_gradient, coupling_gradient);
    match weights {
        Weights::One => {
            let at = |_| V::splat(proof, V::Number::constant(1.0, 1.0));
            unmix::<V, 1, 1>(proof, plan, pairs, at, 0..size, from, to);
        }
        Weights::Shared(weights) => {
            let at = |index: usize| V::splat(proof, weights[index]);
            unmix_all(proof, plan, pairs, at, from, to);
        }
        Weights::Rows(weights) => {
            let at = |index: usize| V::load(proof, &weights[index]);
            unmix_all(proof, plan, pairs, at, from, to);
        }
    }
}

/// [`unmix`] for all columns, as many at a time as fit the registers.
#[inline(always)]
fn unmix_all<V: Lanes>(
    proof: V::Proof,
    plan: &Plan,
    pairs: Pairs,
    weight: impl Fn(usize) -> V + Copy,
    output_gradient: &[BlockOf<V>],
    coupling_gradient: &mut [BlockOf<V>],
) {
    let size = plan.sizes[2];
    let (from, to) = (output_gradient, coupling_gradient);
    let (fives, rest) = (size / 5 * 5, size % 5);
    unmix::<V, 5, 4>(proof, plan, pairs, weight, 0..fives, from, to);
    let threes = fives + rest / 3 * 3;
    unmix::<V, 3, 6>(proof, plan, pairs, weight, fives..threes, from, to);
    unmix::<V, 1, 8>(proof, plan, pairs, weight, threes..size, from, to);
}

/// Adds to the gradients of the weights, in blocks, the products of couplings with the gradients of
/// the channels that they go to.
#[inline(always)]
pub(super) fn weight_gradient<V: Lanes>(
    proof: V::Proof,
    plan: &Plan,
    pairs: Pairs,
    couplings: &[BlockOf<V>],
    output_gradient: &[BlockOf<V>],
    gradient: &mut [BlockOf<V>],
) {
    let size = plan.sizes[2];
    for (place, &pair) in pairs.pairs.iter().enumerate() {
        let coupling = &couplings[place * size..][..size];
        let index = pairs.first + place;
        if !plan.mode.is_dense() {
            let target = &output_gradient[plan.target(pair, index) * size..][..size];
            add_dot::<V>(proof, coupling, target, &mut gradient[index]);
            continue;
        }
        let channels = plan.multiplicities[2];
        let row = &mut gradient[index * channels..][..channels];
        for (target, gradient) in output_gradient.chunks_exact(size).zip(row) {
            add_dot::<V>(proof, coupling, target, gradient);
        }
    }
}

/// Adds Σ a · b to a block.
#[inline(always)]
fn add_dot<V: Lanes>(proof: V::Proof, a: &[BlockOf<V>], b: &[BlockOf<V>], sum: &mut BlockOf<V>) {
    let mut total = V::load(proof, sum);
    for (a, b) in a.iter().zip(b) {
        total = V::load(proof, a).mul_add(V::load(proof, b), total);
    }
    total.store(sum);
}

/// `output[w][m] += Σ_p weight[p, w] coupling[p][m]` for some columns m, N at a time, and W channels
/// w at a time.
#[inline(always)]
fn mix<V: Lanes, const N: usize, const W: usize>(
    proof: V::Proof,
    plan: &Plan,
    pairs: Pairs,
    weight: impl Fn(usize) -> V + Copy,
    columns: Range<usize>,
    couplings: &[BlockOf<V>],
    output: &mut [BlockOf<V>],
) {
    let (size, channels) = (plan.sizes[2], plan.multiplicities[2]);
    for column in columns.step_by(N) {
        for first in (0..channels).step_by(W) {
            let width = W.min(channels - first);
            let mut sums = [[V::splat(proof, V::Number::default()); N]; W];
            for place in 0..pairs.pairs.len() {
                let coupling: [V; N] = components(proof, &couplings[place * size + column..]);
                let row = (pairs.first + place) * channels + first;
                if width == W {
                    add_products(&mut sums, &coupling, |w| weight(row + w));
                } else {
                    add_products(&mut sums[..width], &coupling, |w| weight(row + w));
                }
            }
            for (w, sums) in sums.into_iter().enumerate().take(width) {
                for (m, sum) in sums.into_iter().enumerate() {
                    let block = &mut output[(first + w) * size + column + m];
                    V::load(proof, block).add(sum).store(block);
                }
            }
        }
    }
}

/// `coupling_gradient[p][m] = Σ_w weight[p, w] output_gradient[w][m]` for some columns m, N at a
/// time, and P pairs p at a time.
#[inline(always)]
fn unmix<V: Lanes, const N: usize, const P: usize>(
    proof: V::Proof,
    plan: &Plan,
    pairs: Pairs,
    weight: impl Fn(usize) -> V + Copy,
    columns: Range<usize>,
    output_gradient: &[BlockOf<V>],
    coupling_gradient: &mut [BlockOf<V>],
) {
    let (size, channels) = (plan.sizes[2], plan.multiplicities[2]);
    let count = pairs.pairs.len();
    for column in columns.step_by(N) {
        for first in (0..count).step_by(P) {
            let height = P.min(count - first);
            let mut sums = [[V::splat(proof, V::Number::default()); N]; P];
            for w in 0..channels {
                let gradient: [V; N] = components(proof, &output_gradient[w * size + column..]);
                let at = |p: usize| weight((pairs.first + first + p) * channels + w);
                if height == P {
                    add_products(&mut sums, &gradient, at);
                } else {
                    add_products(&mut sums[..height], &gradient, at);
                }
            }
            for (p, sums) in sums.into_iter().enumerate().take(height) {
                for (m, sum) in sums.into_iter().enumerate() {
                    sum.store(&mut coupling_gradient[(first + p) * size + column + m]);
                }
            }
        }
    }
}

/// The first N blocks.
#[inline(always)]
fn components<V: Lanes, const N: usize>(proof: V::Proof, blocks: &[BlockOf<V>]) -> [V; N] {
    let blocks = &blocks[..N];
    std::array::from_fn(|m| V::load(proof, &blocks[m]))
}

/// `sums[w][m] += weight[w] x[m]`.
#[inline(always)]
fn add_products<V: Lanes, const N: usize>(
    sums: &mut [[V; N]],
    x: &[V; N],
    weight: impl Fn(usize) -> V,
) {
    for (w, sums) in sums.iter_mut().enumerate() {
        let weight = weight(w);
        for m in 0..N {
            sums[m] = weight.mul_add(x[m], sums[m]);
        }
    }
}
