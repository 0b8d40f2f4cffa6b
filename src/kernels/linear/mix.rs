//! The matrix products of a linear map, on lanes of output channels.
//!
//! # The algorithm
//! A row of a block is `[channel][m]`: for every m the channels are a vector, which is multiplied by
//! the matrix of weights. So a block of so many rows is so many times 2l + 1 vectors, and they are
//! one matrix: it does not matter to which row a vector belongs.
//!
//! All blocks of the input that go to one block of the output are one sum, with the channels of all
//! of them as terms ([`Mix`]), so that an output is written once however many sources it has. Its
//! weights are packed once per call into *panels*, `[block of lanes][term]`: what a tile needs next
//! is what lies next, already scaled, and the tail of the last block is zeros.
//!
//! A *tile* is 4 vectors times one or two panels. Its sums stay in registers while the terms run,
//! each term being a block of weights for each panel, read once for all vectors, and a number of
//! each vector, broadcast. Two panels wide it is 8 sums, 2 weights and a number, which the 32 registers
//! of AVX-512 hold; elsewhere a block of lanes is several registers, and one panel is what fits.
//!
//! Tiles leave `[row][block of lanes][m]`. A few rows at a time stay in the first cache until they
//! are turned to `[channel][m]` and written.
//!
//! The gradient of the input is the same with the weights read the other way, which is only another
//! pair of strides when panels are packed.

use crate::kernels::arithmetic::rounded;
use crate::simd::{BlockMemory, Blocks, Compiled, Job, Lanes, Number, Path, Start, interleave};

/// How many rows are worked on before their results are written.
const CHUNK: usize = 8;

/// The vectors of a tile.
const TILE: usize = 4;

/// A block of the output with the blocks that it is a sum of.
#[derive(Clone, Debug)]
pub(super) struct Mix {
    /// Where the block begins in an output row.
    pub start: usize,
    pub channels: usize,
    /// 2l + 1.
    pub size: usize,
    pub sources: Vec<Source>,
}

/// A block of the input and the matrix that it is multiplied with.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// Where the block begins in an input row.
    pub start: usize,
    pub channels: usize,
    /// Where its weights begin, and how far apart they are for input and output channels.
    pub weights: usize,
    pub strides: [usize; 2],
    pub scale: f64,
}

/// Sums for all rows.
pub(super) struct Sums<'a, T: Number> {
    pub(super) mixes: &'a [Mix],
    /// The weights of each mix.
    pub(super) panels: &'a [BlockMemory<T>],
    pub(super) input: &'a [T],
    pub(super) output: &'a mut [T],
    /// The dimensions of an input and an output row.
    pub(super) dims: [usize; 2],
    pub(super) rows: usize,
    /// Whether sums are added to what is there, or written over it.
    pub(super) adds: bool,
    /// Whether tiles are two blocks wide: if the registers hold them.
    pub(super) wide: bool,
}

/// [`Sums`], compiled for both number types.
pub(super) struct SumsKernel;

impl Compiled for SumsKernel {
    type Task<'a, T: Number> = Sums<'a, T>;

    fn f32(path: Path, task: Sums<'_, f32>) {
        f32::run(path, task);
    }

    fn f64(path: Path, task: Sums<'_, f64>) {
        f64::run(path, task);
    }
}

impl<T: Number> Job<T> for Sums<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(mut self, proof: V::Proof) {
        for (mix, panels) in self.mixes.iter().zip(self.panels) {
            self.sum::<V>(proof, mix, panels);
        }
    }
}

impl<T: Number> Sums<'_, T> {
    #[inline(always)]
    fn sum<V: Lanes<Number = T>>(&mut self, proof: V::Proof, mix: &Mix, panels: &[T::Block]) {
        let (parts, terms) = (mix.channels.div_ceil(T::WIDTH), mix.terms());
        let mut stage = BlockMemory::<T>::new(CHUNK * parts * mix.size);
        let mut results = BlockMemory::<T>::new(parts * mix.size);
        for first in (0..self.rows).step_by(CHUNK) {
            let count = CHUNK.min(self.rows - first);
            let input = &self.input[first * self.dims[0]..][..count * self.dims[0]];
            let vectors = count * mix.size;
            let mut part = 0;
            while part < parts {
                // An odd panel is done alone at the end.
                let width = if self.wide && part + 2 <= parts { 2 } else { 1 };
                let panels = &panels[part * terms..(part + width) * terms];
                for vector in (0..vectors).step_by(TILE) {
                    // A tile that is not full repeats its last vector, and stores the same sums again.
                    let at: [usize; TILE] = std::array::from_fn(|i| (vector + i).min(vectors - 1));
                    // Vector q is order q mod 2l + 1 of a row, in the input and on the stage.
                    let places = at.map(|q| q / mix.size * self.dims[0] + q % mix.size);
                    let targets =
                        at.map(|q| (q / mix.size * parts + part) * mix.size + q % mix.size);
                    let tile = Tile { mix, panels, places, targets };
                    match width {
                        2 => tile.sum::<V, 2>(proof, input, &mut stage),
                        _ => tile.sum::<V, 1>(proof, input, &mut stage),
                    }
                }
                part += width;
            }
            for row in 0..count {
                let blocks = &stage[row * parts * mix.size..][..parts * mix.size];
                let numbers = &mut T::numbers_mut(&mut results)[..mix.channels * mix.size];
                interleave::<V>(proof, [mix.channels, mix.size], blocks, numbers);
                let place = (first + row) * self.dims[1] + mix.start;
                let length = mix.channels * mix.size;
                let output = &mut self.output[place..place + length];
                if self.adds {
                    for (z, &sum) in output.iter_mut().zip(&*numbers) {
                        *z = *z + sum;
                    }
                } else {
                    output.copy_from_slice(numbers);
                }
            }
        }
    }
}

impl Mix {
    /// The input channels of all sources.
    fn terms(&self) -> usize {
        self.sources.iter().map(|source| source.channels).sum()
    }

    /// The scaled weights `[part][term]`, each the block of its output channels.
    pub(super) fn panels<T: Number>(&self, weights: &[T]) -> BlockMemory<T> {
        let terms = self.terms();
        let mut panels = BlockMemory::<T>::new(self.channels.div_ceil(T::WIDTH) * terms);
        let mut before = 0;
        for source in &self.sources {
            let scale: T = rounded(source.scale);
            let weights = &weights[source.weights..];
            for from in 0..source.channels {
                for to in 0..self.channels {
                    let block = &mut panels[to / T::WIDTH * terms + before + from];
                    let weight = weights[from * source.strides[0] + to * source.strides[1]];
                    block[to % T::WIDTH] = scale * weight;
                }
            }
            before += source.channels;
        }
        panels
    }
}

/// Some vectors and some panels.
struct Tile<'a, B> {
    mix: &'a Mix,
    /// One after the other, `[panel][term]`.
    panels: &'a [B],
    /// Where the vectors begin in the input, but for the start of a source.
    places: [usize; TILE],
    /// Where the results of the first panel go; those of the second 2l + 1 blocks further on.
    targets: [usize; TILE],
}

impl<B> Tile<'_, B> {
    /// The sums over all terms of TILE vectors times WIDTH panels, in registers.
    #[inline(always)]
    fn sum<V: Lanes, const WIDTH: usize>(
        &self,
        proof: V::Proof,
        input: &[V::Number],
        stage: &mut [B],
    ) where
        V::Number: Blocks<Block = B>,
    {
        let terms = self.panels.len() / WIDTH;
        let mut sums = [[V::splat(proof, V::Number::default()); WIDTH]; TILE];
        let mut term = 0;
        for source in &self.mix.sources {
            let vectors = self.places.map(|place| &input[place + source.start..]);
            for channel in 0..source.channels {
                let weights: [V; WIDTH] =
                    std::array::from_fn(|part| V::load(proof, &self.panels[part * terms + term]));
                for (sums, vector) in sums.iter_mut().zip(vectors) {
                    let x = V::splat(proof, vector[channel * self.mix.size]);
                    for (sum, weight) in sums.iter_mut().zip(weights) {
                        *sum = x.mul_add(weight, *sum);
                    }
                }
                term += 1;
            }
        }
        for (sums, target) in sums.iter().zip(self.targets) {
            for (part, sum) in sums.iter().enumerate() {
                sum.store(&mut stage[target + part * self.mix.size]);
            }
        }
    }
}
