//! The gradient of the weights of a linear map: for every pair of channels a sum over all rows and
//! orders, on lanes of output channels.
//!
//! For each pair of blocks it is one product of matrices, summed over the vectors of [`super::mix`],
//! one for each row and order. The sums `[block of lanes][u]` are kept for the whole call. Rows are
//! taken a few at a time: their dz is brought to lanes once, and is then in the first cache while
//! tiles of 4 channels u times one or two blocks of lanes run over their vectors, in registers.

use super::BlockPair;
use crate::kernels::arithmetic::rounded;
use crate::simd::{BlockMemory, Compiled, Job, Lanes, Number, Path, Start, deinterleave};

/// How many rows are brought to lanes at once.
const CHUNK: usize = 16;

/// The input channels of a tile.
const TILE: usize = 4;

/// `dw[u, v] += scale · Σ x[row, u, m] dz[row, v, m]` for every pair of blocks.
pub(super) struct WeightGradient<'a, T> {
    pub(super) pairs: &'a [BlockPair],
    pub(super) input: &'a [T],
    pub(super) output_gradient: &'a [T],
    pub(super) gradient: &'a mut [T],
    /// The dimensions of an input and an output row.
    pub(super) dims: [usize; 2],
    pub(super) rows: usize,
    /// Whether tiles are two blocks wide: if the registers hold them.
    pub(super) wide: bool,
}

/// [`WeightGradient`], compiled for both number types.
pub(super) struct WeightGradientKernel;

impl Compiled for WeightGradientKernel {
    type Task<'a, T: Number> = WeightGradient<'a, T>;

    fn f32(path: Path, task: WeightGradient<'_, f32>) {
        f32::run(path, task);
    }

    fn f64(path: Path, task: WeightGradient<'_, f64>) {
        f64::run(path, task);
    }
}

impl<T: Number> Job<T> for WeightGradient<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(mut self, proof: V::Proof) {
        for pair in self.pairs {
            self.add::<V>(proof, pair);
        }
    }
}

impl<T: Number> WeightGradient<'_, T> {
    #[inline(always)]
    fn add<V: Lanes<Number = T>>(&mut self, proof: V::Proof, pair: &BlockPair) {
        let [channels_in, channels_out] = pair.channels;
        let parts = channels_out.div_ceil(T::WIDTH);
        let mut sums = BlockMemory::<T>::new(parts * channels_in);
        let most = CHUNK * pair.size;
        let mut lanes = BlockMemory::<T>::new(parts * most);
        for first in (0..self.rows).step_by(CHUNK) {
            let count = CHUNK.min(self.rows - first);
            let vectors = count * pair.size;
            for row in 0..count {
                let start = (first + row) * self.dims[1] + pair.starts[1];
                let dz = &self.output_gradient[start..][..channels_out * pair.size];
                for part in 0..parts {
                    let from = part * T::WIDTH * pair.size;
                    let to = &mut lanes[part * most + row * pair.size..][..pair.size];
                    let channels = T::WIDTH.min(channels_out - part * T::WIDTH);
                    let numbers = &dz[from..][..channels * pair.size];
                    deinterleave::<V>(proof, [channels, pair.size], numbers, to);
                }
            }
            let input = &self.input[first * self.dims[0]..][..count * self.dims[0]];
            let vectors_in = Vectors { input, pair, dim: self.dims[0], count: vectors };
            let mut part = 0;
            while part < parts {
                let width = if self.wide && part + 2 <= parts { 2 } else { 1 };
                let lanes = &lanes[part * most..(part + width) * most];
                let sums = &mut sums[part * channels_in..(part + width) * channels_in];
                match width {
                    2 => vectors_in.tiles::<V, 2>(proof, lanes, sums),
                    _ => vectors_in.tiles::<V, 1>(proof, lanes, sums),
                }
                part += width;
            }
        }
        let scale: T = rounded(pair.scale);
        for u in 0..channels_in {
            let row = &mut self.gradient[pair.weights + u * channels_out..][..channels_out];
            for (v, dw) in row.iter_mut().enumerate() {
                *dw = *dw + scale * sums[v / T::WIDTH * channels_in + u][v % T::WIDTH];
            }
        }
    }
}

/// The vectors of a block of some rows: one for every row and order.
struct Vectors<'a, T> {
    input: &'a [T],
    pair: &'a BlockPair,
    dim: usize,
    count: usize,
}

impl<T: Number> Vectors<'_, T> {
    /// Adds to the sums `[part][u]` of WIDTH parts.
    #[inline(always)]
    fn tiles<V: Lanes<Number = T>, const WIDTH: usize>(
        &self,
        proof: V::Proof,
        lanes: &[T::Block],
        sums: &mut [T::Block],
    ) {
        let channels = self.pair.channels[0];
        let most = lanes.len() / WIDTH;
        for u in (0..channels).step_by(TILE) {
            // A tile that is not full repeats its last channel, and stores the same sums again.
            let at: [usize; TILE] = std::array::from_fn(|i| (u + i).min(channels - 1));
            let mut totals: [[V; WIDTH]; TILE] =
                at.map(|u| std::array::from_fn(|part| V::load(proof, &sums[part * channels + u])));
            let (mut place, mut order) = (self.pair.starts[0], 0);
            for vector in 0..self.count {
                let dz: [V; WIDTH] =
                    std::array::from_fn(|part| V::load(proof, &lanes[part * most + vector]));
                for (totals, u) in totals.iter_mut().zip(at) {
                    let x = V::splat(proof, self.input[place + u * self.pair.size + order]);
                    for (total, dz) in totals.iter_mut().zip(dz) {
                        *total = x.mul_add(dz, *total);
                    }
                }
                order += 1;
                if order == self.pair.size {
                    (place, order) = (place + self.dim, 0);
                }
            }
            for (totals, u) in totals.iter().zip(at) {
                for (part, total) in totals.iter().enumerate() {
                    total.store(&mut sums[part * channels + u]);
                }
            }
        }
    }
}
