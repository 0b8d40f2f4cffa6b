//! What is done with the couplings of channel pairs, with rows on the lanes: weighted sums to
//! channels of the output, and their derivatives.
//!
//! Couplings lie as `[pair][m3]`, channels of the output as `[channel][m3]`, in blocks of lanes.
//! The sums to all channels of the output are products of matrices, done in registers a few
//! channels at a time.

use std::ops::Range;

use super::plan::Plan;
use super::triple::add_to;
use crate::Scalar;
use crate::simd::{BlockOf, Lanes};

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

/// Weights `[row][column]` of one kind, so that loops over them are compiled for each.
trait Matrix<V: Lanes>: Copy {
    /// Some weights from an index on, `stride` apart.
    fn some<const W: usize>(self, proof: V::Proof, index: usize, stride: usize) -> [V; W];
}

#[derive(Clone, Copy)]
struct Shared<'a, T>(&'a [T]);

impl<V: Lanes> Matrix<V> for Shared<'_, V::Number> {
    #[inline(always)]
    fn some<const W: usize>(self, proof: V::Proof, index: usize, stride: usize) -> [V; W] {
        let weights = &self.0[index..][..(W - 1) * stride + 1];
        std::array::from_fn(|w| V::splat(proof, weights[w * stride]))
    }
}

#[derive(Clone, Copy)]
struct Own<'a, B>(&'a [B]);

impl<V: Lanes> Matrix<V> for Own<'_, BlockOf<V>> {
    #[inline(always)]
    fn some<const W: usize>(self, proof: V::Proof, index: usize, stride: usize) -> [V; W] {
        let weights = &self.0[index..][..(W - 1) * stride + 1];
        std::array::from_fn(|w| V::load(proof, &weights[w * stride]))
    }
}

/// One in every place.
#[derive(Clone, Copy)]
struct Ones;

impl<V: Lanes> Matrix<V> for Ones {
    #[inline(always)]
    fn some<const W: usize>(self, proof: V::Proof, _index: usize, _stride: usize) -> [V; W] {
        [V::splat(proof, V::Number::constant(1.0, 1.0)); W]
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
        Weights::One => mix::<V, 1, 1>(proof, plan, pairs, Ones, 0..size, couplings, output),
        Weights::Shared(weights) => {
            mix_all::<V>(proof, plan, pairs, Shared(weights), couplings, output);
        }
        Weights::Rows(weights) => mix_all::<V>(proof, plan, pairs, Own(weights), couplings, output),
    }
}

/// [`mix`] for all columns, as many at a time as fit the registers.
#[inline(always)]
fn mix_all<V: Lanes>(
    proof: V::Proof,
    plan: &Plan,
    pairs: Pairs,
    weights: impl Matrix<V>,
    couplings: &[BlockOf<V>],
    output: &mut [BlockOf<V>],
) {
    let size = plan.sizes[2];
    let (fives, rest) = (size / 5 * 5, size % 5);
    let threes = fives + rest / 3 * 3;
    mix::<V, 5, 4>(proof, plan, pairs, weights, 0..fives, couplings, output);
    mix::<V, 3, 4>(proof, plan, pairs, weights, fives..threes, couplings, output);
    mix::<V, 1, 8>(proof, plan, pairs, weights, threes..size, couplings, output);
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
        Weights::One => unmix::<V, 1, 1>(proof, plan, pairs, Ones, 0..size, from, to),
        Weights::Shared(weights) => unmix_all::<V>(proof, plan, pairs, Shared(weights), from, to),
        Weights::Rows(weights) => unmix_all::<V>(proof, plan, pairs, Own(weights), from, to),
    }
}

/// [`unmix`] for all columns, as many at a time as fit the registers.
#[inline(always)]
fn unmix_all<V: Lanes>(
    proof: V::Proof,
    plan: &Plan,
    pairs: Pairs,
    weights: impl Matrix<V>,
    output_gradient: &[BlockOf<V>],
    coupling_gradient: &mut [BlockOf<V>],
) {
    let size = plan.sizes[2];
    let (from, to) = (output_gradient, coupling_gradient);
    let (fives, rest) = (size / 5 * 5, size % 5);
    let threes = fives + rest / 3 * 3;
    unmix::<V, 5, 4>(proof, plan, pairs, weights, 0..fives, from, to);
    unmix::<V, 3, 4>(proof, plan, pairs, weights, fives..threes, from, to);
    unmix::<V, 1, 8>(proof, plan, pairs, weights, threes..size, from, to);
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
    if !plan.mode.is_dense() {
        for (place, &pair) in pairs.pairs.iter().enumerate() {
            let coupling = &couplings[place * size..][..size];
            let index = pairs.first + place;
            let target = &output_gradient[plan.target(pair, index) * size..][..size];
            add_dot::<V>(proof, coupling, target, &mut gradient[index]);
        }
        return;
    }
    let (fives, rest) = (size / 5 * 5, size % 5);
    let threes = fives + rest / 3 * 3;
    let (from, to) = (output_gradient, gradient);
    weight_products::<V, 5, 4>(proof, plan, pairs, 0..fives, couplings, from, to);
    weight_products::<V, 3, 4>(proof, plan, pairs, fives..threes, couplings, from, to);
    weight_products::<V, 1, 8>(proof, plan, pairs, threes..size, couplings, from, to);
}

/// `gradient[p, w] += Σ_m coupling[p][m] output_gradient[w][m]` over some columns m, N at a time,
/// and W channels w at a time.
#[inline(always)]
fn weight_products<V: Lanes, const N: usize, const W: usize>(
    proof: V::Proof,
    plan: &Plan,
    pairs: Pairs,
    columns: Range<usize>,
    couplings: &[BlockOf<V>],
    output_gradient: &[BlockOf<V>],
    gradient: &mut [BlockOf<V>],
) {
    let (size, channels) = (plan.sizes[2], plan.multiplicities[2]);
    let count = pairs.pairs.len();
    for column in columns.step_by(N) {
        let couplings = couplings[column..].chunks(size).take(count);
        let mut first = 0;
        while first < channels {
            let output = output_gradient[first * size + column..].chunks(size);
            let rows = gradient[pairs.first * channels + first..].chunks_mut(channels);
            let rows = couplings.clone().zip(rows);
            if channels - first >= W {
                add_products::<V, N, W>(proof, output, rows);
                first += W;
            } else {
                add_products::<V, N, 1>(proof, output, rows);
                first += 1;
            }
        }
    }
}

/// `row[w] += Σ_m x[m] y[w][m]` for pairs (x, row), w below W and m below N.
#[inline(always)]
fn add_products<'a, V: Lanes, const N: usize, const W: usize>(
    proof: V::Proof,
    mut y: impl Iterator<Item = &'a [BlockOf<V>]>,
    rows: impl Iterator<Item = (&'a [BlockOf<V>], &'a mut [BlockOf<V>])>,
) where
    BlockOf<V>: 'a,
{
    let y: [[V; N]; W] = std::array::from_fn(|_| {
        let y = y.next().expect("as many channels as were counted");
        components(proof, y)
    });
    for (x, row) in rows {
        let x: [V; N] = components(proof, x);
        for (y, sum) in y.iter().zip(&mut row[..W]) {
            let mut total = V::load(proof, sum);
            for m in 0..N {
                total = x[m].mul_add(y[m], total);
            }
            total.store(sum);
        }
    }
}

/// The first N blocks.
#[inline(always)]
fn components<V: Lanes, const N: usize>(proof: V::Proof, blocks: &[BlockOf<V>]) -> [V; N] {
    let blocks = &blocks[..N];
    std::array::from_fn(|m| V::load(proof, &blocks[m]))
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
    weights: impl Matrix<V>,
    columns: Range<usize>,
    couplings: &[BlockOf<V>],
    output: &mut [BlockOf<V>],
) {
    let (size, channels) = (plan.sizes[2], plan.multiplicities[2]);
    for column in columns.step_by(N) {
        let couplings = couplings[column..].chunks(size).take(pairs.pairs.len());
        let index = pairs.first * channels;
        let mut first = 0;
        while first < channels {
            let left = channels - first;
            let output = &mut output[first * size + column..];
            if left >= W {
                let sums = columns_of::<V, N, W>(
                    proof,
                    weights,
                    [index + first, channels, 1],
                    couplings.clone(),
                );
                add_columns(proof, sums, output, size);
                first += W;
            } else {
                let sums = columns_of::<V, N, 1>(
                    proof,
                    weights,
                    [index + first, channels, 1],
                    couplings.clone(),
                );
                add_columns(proof, sums, output, size);
                first += 1;
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
    weights: impl Matrix<V>,
    columns: Range<usize>,
    output_gradient: &[BlockOf<V>],
    coupling_gradient: &mut [BlockOf<V>],
) {
    let (size, channels) = (plan.sizes[2], plan.multiplicities[2]);
    let count = pairs.pairs.len();
    for column in columns.step_by(N) {
        let gradients = output_gradient[column..].chunks(size).take(channels);
        let mut first = 0;
        while first < count {
            let index = (pairs.first + first) * channels;
            let target = &mut coupling_gradient[first * size + column..];
            if count - first >= P {
                let sums =
                    columns_of::<V, N, P>(proof, weights, [index, 1, channels], gradients.clone());
                set_columns(sums, target, size);
                first += P;
            } else {
                let sums =
                    columns_of::<V, N, 1>(proof, weights, [index, 1, channels], gradients.clone());
                set_columns(sums, target, size);
                first += 1;
            }
        }
    }
}

/// `Σ_k weight[start + k step + w stride] x[k][m]` for w below W and m below N.
#[inline(always)]
fn columns_of<'a, V: Lanes, const N: usize, const W: usize>(
    proof: V::Proof,
    weights: impl Matrix<V>,
    [start, step, stride]: [usize; 3],
    x: impl Iterator<Item = &'a [BlockOf<V>]>,
) -> [[V; N]; W]
where
    BlockOf<V>: 'a,
{
    let mut sums = [[V::splat(proof, V::Number::default()); N]; W];
    let mut index = start;
    for x in x {
        let x: [V; N] = components(proof, x);
        let weights: [V; W] = weights.some(proof, index, stride);
        for w in 0..W {
            for m in 0..N {
                sums[w][m] = weights[w].mul_add(x[m], sums[w][m]);
            }
        }
        index += step;
    }
    sums
}

#[inline(always)]
fn add_columns<V: Lanes, const N: usize, const W: usize>(
    proof: V::Proof,
    sums: [[V; N]; W],
    blocks: &mut [BlockOf<V>],
    size: usize,
) {
    for (sums, blocks) in sums.into_iter().zip(blocks.chunks_mut(size)) {
        for (sum, block) in sums.into_iter().zip(blocks) {
            V::load(proof, block).add(sum).store(block);
        }
    }
}

#[inline(always)]
fn set_columns<V: Lanes, const N: usize, const W: usize>(
    sums: [[V; N]; W],
    blocks: &mut [BlockOf<V>],
    size: usize,
) {
    for (sums, blocks) in sums.into_iter().zip(blocks.chunks_mut(size)) {
        for (sum, block) in sums.into_iter().zip(blocks) {
            sum.store(block);
        }
    }
}
