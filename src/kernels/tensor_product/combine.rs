//! What is done with the couplings of channel pairs, with rows on the lanes: weighted sums to
//! channels of the output, and their derivatives.
//!
//! Couplings lie as `[pair][m3]`, channels of the output as `[channel][m3]`, in blocks of lanes.
//!
//! # The algorithm
//! In most modes a pair goes to one channel of the output: one multiply-add for each m3. In the dense
//! modes a pair goes to all of them, and with the weights `W[p, w]` of pairs p and channels w there
//! are three products of matrices:
//!
//! - forward, `z[w][m] += Σ_p W[p, w] t[p][m]`;
//! - backward, `dt[p][m] = Σ_w W[p, w] dz[w][m]`;
//! - of the weights, `dW[p, w] += Σ_m t[p][m] dz[w][m]`.
//!
//! Each holds a tile of sums in registers while the summed index runs: N orders m by W channels or
//! pairs. N · W sums, N factors and W weights fit the 32 registers of AVX-512 with (N, W) = (5, 4),
//! (3, 4) and (1, 8), so the 2l + 1 orders are taken in fives, then threes, then ones, and what is
//! left of channels or pairs one by one. A weight that rows share is broadcast from a number, one of
//! each row is a block; [`Matrix`] is the difference, so that loops know it when they are compiled.

use std::ops::Range;

use super::resolved_path::ResolvedPath;
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
    Own(&'a [BlockOf<V>]),
}

impl<V: Lanes> Weights<'_, V> {
    #[inline(always)]
    fn at(&self, proof: V::Proof, index: usize) -> V {
        match self {
            Weights::One => V::splat(proof, V::Number::constant(1.0, 1.0)),
            Weights::Shared(weights) => V::splat(proof, weights[index]),
            Weights::Own(blocks) => V::load(proof, &blocks[index]),
        }
    }
}

/// Weights of one kind, so that loops over them are compiled for each.
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

/// Some of the channel pairs of a path.
#[derive(Clone, Copy)]
pub(super) struct Pairs<'a> {
    pub path: &'a ResolvedPath,
    /// The index of the first of them among all, the place of its weights.
    pub first: usize,
    pub pairs: &'a [[usize; 2]],
}

/// The orders that are done five, three and one at a time.
fn split(size: usize) -> [Range<usize>; 3] {
    let fives = size / 5 * 5;
    let threes = fives + size % 5 / 3 * 3;
    [0..fives, fives..threes, threes..size]
}

impl Pairs<'_> {
    /// 2l + 1 of the output.
    fn size(&self) -> usize {
        self.path.sizes[2]
    }

    /// Where each pair goes in a mode that is not dense: its place among these, its index among
    /// all, and where its channel of the output begins.
    fn targets(&self) -> impl Iterator<Item = [usize; 3]> {
        self.pairs.iter().enumerate().map(|(place, &pair)| {
            let index = self.first + place;
            [place, index, self.path.target(pair, index) * self.size()]
        })
    }

    /// Adds the couplings of pairs to the channels of the output.
    #[inline(always)]
    pub fn forward<V: Lanes>(
        self,
        proof: V::Proof,
        weights: Weights<V>,
        couplings: &[BlockOf<V>],
        output: &mut [BlockOf<V>],
    ) {
        let size = self.size();
        if !self.path.mode.is_dense() {
            for [place, index, target] in self.targets() {
                let weight = weights.at(proof, index);
                for m in 0..size {
                    let coupling = V::load(proof, &couplings[place * size + m]);
                    add_to(proof, weight, coupling, &mut output[target + m]);
                }
            }
            return;
        }
        match weights {
            Weights::One => self.mix::<V, 1, 1>(proof, Ones, 0..size, couplings, output),
            Weights::Shared(weights) => {
                self.mix_all::<V>(proof, Shared(weights), couplings, output);
            }
            Weights::Own(weights) => self.mix_all::<V>(proof, Own(weights), couplings, output),
        }
    }

    /// [`Pairs::mix`] for all orders.
    #[inline(always)]
    fn mix_all<V: Lanes>(
        self,
        proof: V::Proof,
        weights: impl Matrix<V>,
        couplings: &[BlockOf<V>],
        output: &mut [BlockOf<V>],
    ) {
        let [fives, threes, ones] = split(self.size());
        self.mix::<V, 5, 4>(proof, weights, fives, couplings, output);
        self.mix::<V, 3, 4>(proof, weights, threes, couplings, output);
        self.mix::<V, 1, 8>(proof, weights, ones, couplings, output);
    }

    /// Sets the gradients of couplings from those of the channels that they go to.
    #[inline(always)]
    pub fn backward<V: Lanes>(
        self,
        proof: V::Proof,
        weights: Weights<V>,
        output_gradient: &[BlockOf<V>],
        coupling_gradient: &mut [BlockOf<V>],
    ) {
        let size = self.size();
        if !self.path.mode.is_dense() {
            for [place, index, target] in self.targets() {
                let weight = weights.at(proof, index);
                for m in 0..size {
                    let gradient = V::load(proof, &output_gradient[target + m]);
                    weight.mul(gradient).store(&mut coupling_gradient[place * size + m]);
                }
            }
            return;
        }
        let (from, to) = (output_gradient, coupling_gradient);
        match weights {
            Weights::One => self.unmix::<V, 1, 1>(proof, Ones, 0..size, from, to),
            Weights::Shared(weights) => self.unmix_all::<V>(proof, Shared(weights), from, to),
            Weights::Own(weights) => self.unmix_all::<V>(proof, Own(weights), from, to),
        }
    }

    /// [`Pairs::unmix`] for all orders.
    #[inline(always)]
    fn unmix_all<V: Lanes>(
        self,
        proof: V::Proof,
        weights: impl Matrix<V>,
        output_gradient: &[BlockOf<V>],
        coupling_gradient: &mut [BlockOf<V>],
    ) {
        let (from, to) = (output_gradient, coupling_gradient);
        let [fives, threes, ones] = split(self.size());
        self.unmix::<V, 5, 4>(proof, weights, fives, from, to);
        self.unmix::<V, 3, 4>(proof, weights, threes, from, to);
        self.unmix::<V, 1, 8>(proof, weights, ones, from, to);
    }

    /// Adds to the gradients of the weights, in blocks, the products of couplings with the gradients
    /// of the channels that they go to.
    #[inline(always)]
    pub fn weight_gradient<V: Lanes>(
        self,
        proof: V::Proof,
        couplings: &[BlockOf<V>],
        output_gradient: &[BlockOf<V>],
        gradient: &mut [BlockOf<V>],
    ) {
        let size = self.size();
        if !self.path.mode.is_dense() {
            for [place, index, target] in self.targets() {
                let coupling = &couplings[place * size..][..size];
                let target = &output_gradient[target..][..size];
                add_dot::<V>(proof, coupling, target, &mut gradient[index]);
            }
            return;
        }
        let (from, to) = (output_gradient, gradient);
        let [fives, threes, ones] = split(size);
        self.weight_products::<V, 5, 4>(proof, fives, couplings, from, to);
        self.weight_products::<V, 3, 4>(proof, threes, couplings, from, to);
        self.weight_products::<V, 1, 8>(proof, ones, couplings, from, to);
    }

    /// `gradient[p, w] += Σ_m coupling[p][m] output_gradient[w][m]` over some orders m, N at a time,
    /// and W channels w at a time.
    #[inline(always)]
    fn weight_products<V: Lanes, const N: usize, const W: usize>(
        self,
        proof: V::Proof,
        orders: Range<usize>,
        couplings: &[BlockOf<V>],
        output_gradient: &[BlockOf<V>],
        gradient: &mut [BlockOf<V>],
    ) {
        let (size, channels) = (self.size(), self.path.multiplicities[2]);
        for order in orders.step_by(N) {
            let couplings = couplings[order..].chunks(size).take(self.pairs.len());
            let mut first = 0;
            while first < channels {
                let output = output_gradient[first * size + order..].chunks(size);
                let rows = gradient[self.first * channels + first..].chunks_mut(channels);
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

    /// `output[w][m] += Σ_p weight[p, w] coupling[p][m]` for some orders m, N at a time, and W
    /// channels w at a time.
    #[inline(always)]
    fn mix<V: Lanes, const N: usize, const W: usize>(
        self,
        proof: V::Proof,
        weights: impl Matrix<V>,
        orders: Range<usize>,
        couplings: &[BlockOf<V>],
        output: &mut [BlockOf<V>],
    ) {
        let (size, channels) = (self.size(), self.path.multiplicities[2]);
        for order in orders.step_by(N) {
            let couplings = couplings[order..].chunks(size).take(self.pairs.len());
            let index = self.first * channels;
            let mut first = 0;
            while first < channels {
                let output = &mut output[first * size + order..];
                // Weights are [p][w]: the next term is a row of them on, the next sum one on.
                let places = [index + first, channels, 1];
                if channels - first >= W {
                    let sums = sums_of::<V, N, W>(proof, weights, places, couplings.clone());
                    add_sums(proof, sums, output, size);
                    first += W;
                } else {
                    let sums = sums_of::<V, N, 1>(proof, weights, places, couplings.clone());
                    add_sums(proof, sums, output, size);
                    first += 1;
                }
            }
        }
    }

    /// `coupling_gradient[p][m] = Σ_w weight[p, w] output_gradient[w][m]` for some orders m, N at a
    /// time, and P pairs p at a time.
    #[inline(always)]
    fn unmix<V: Lanes, const N: usize, const P: usize>(
        self,
        proof: V::Proof,
        weights: impl Matrix<V>,
        orders: Range<usize>,
        output_gradient: &[BlockOf<V>],
        coupling_gradient: &mut [BlockOf<V>],
    ) {
        let (size, channels) = (self.size(), self.path.multiplicities[2]);
        let count = self.pairs.len();
        for order in orders.step_by(N) {
            let gradients = output_gradient[order..].chunks(size).take(channels);
            let mut first = 0;
            while first < count {
                // The other way round: the next term is one weight on, the next sum a row of them.
                let places = [(self.first + first) * channels, 1, channels];
                let target = &mut coupling_gradient[first * size + order..];
                if count - first >= P {
                    let sums = sums_of::<V, N, P>(proof, weights, places, gradients.clone());
                    set_sums(sums, target, size);
                    first += P;
                } else {
                    let sums = sums_of::<V, N, 1>(proof, weights, places, gradients.clone());
                    set_sums(sums, target, size);
                    first += 1;
                }
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

/// `Σ_k weight[start + k step + w stride] x[k][m]` for w below W and m below N.
#[inline(always)]
fn sums_of<'a, V: Lanes, const N: usize, const W: usize>(
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
fn add_sums<V: Lanes, const N: usize, const W: usize>(
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
fn set_sums<V: Lanes, const N: usize, const W: usize>(
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
