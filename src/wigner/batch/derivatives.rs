//! Derivatives of the matrices along rotations, by the generators: d/dt D = L_a D.

use super::Batch;
use super::recursion::{Recursion, lift};
use super::rows::{Columns, Entries, load_rotations};
use crate::parallel::Cut;
use crate::simd::{BlockMemory, BlockOf, Blocks, Compiled, Job, Lanes, Number, Path};
use crate::wigner::all_len;
use crate::wigner::generators::{Entry, entries};
use crate::{LMAX, Scalar};

/// The most entries of one degree.
const MOST: usize = (2 * LMAX + 1) * (2 * LMAX + 1);

/// What is computed; see the functions of [`Batch`].
pub(super) enum Contraction<'a, T> {
    Torques {
        cotangents: &'a [T],
        torques: &'a mut [T],
    },
    PullBack {
        cotangents: &'a [T],
        gradient: &'a mut [T],
    },
    PushForward {
        tangents: &'a [T],
        derivatives: &'a mut [T],
    },
    Twice {
        cotangents: &'a [T],
        weights: &'a [T],
        torques: &'a mut [T],
        by_cotangents: &'a mut [T],
    },
}

/// Derivatives at the rotations.
pub(super) struct Derivatives<'a, T> {
    pub batch: Batch,
    pub rotations: &'a [[[T; 3]; 3]],
    pub contraction: Contraction<'a, T>,
}

impl<T> Cut for Derivatives<'_, T> {
    fn cut(self, at: usize) -> (Self, Self) {
        let batch = self.batch;
        let (rotations, others) = self.rotations.split_at(at);
        let (contraction, other) = self.contraction.cut(at, batch.columns());
        let first = Derivatives { batch, rotations, contraction };
        (first, Derivatives { batch, rotations: others, contraction: other })
    }
}

impl<T> Contraction<'_, T> {
    /// What belongs to the rotations before `at`, and the rest, where one has so many entries.
    fn cut(self, at: usize, columns: usize) -> (Self, Self) {
        match self {
            Contraction::Torques { cotangents, torques } => {
                let (cotangents, other) = cotangents.split_at(at * columns);
                let (torques, rest) = torques.split_at_mut(3 * at);
                (
                    Contraction::Torques { cotangents, torques },
                    Contraction::Torques { cotangents: other, torques: rest },
                )
            }
            Contraction::PullBack { cotangents, gradient } => {
                let (cotangents, other) = cotangents.split_at(at * columns);
                let (gradient, rest) = gradient.split_at_mut(9 * at);
                (
                    Contraction::PullBack { cotangents, gradient },
                    Contraction::PullBack { cotangents: other, gradient: rest },
                )
            }
            Contraction::PushForward { tangents, derivatives } => {
                let (tangents, other) = tangents.split_at(3 * at);
                let (derivatives, rest) = derivatives.split_at_mut(at * columns);
                (
                    Contraction::PushForward { tangents, derivatives },
                    Contraction::PushForward { tangents: other, derivatives: rest },
                )
            }
            Contraction::Twice { cotangents, weights, torques, by_cotangents } => {
                let (cotangents, other) = cotangents.split_at(at * columns);
                let (weights, other_weights) = weights.split_at(3 * at);
                let (torques, rest) = torques.split_at_mut(3 * at);
                let (by_cotangents, by_other) = by_cotangents.split_at_mut(at * columns);
                let first = Contraction::Twice { cotangents, weights, torques, by_cotangents };
                let (cotangents, weights) = (other, other_weights);
                let (torques, by_cotangents) = (rest, by_other);
                (first, Contraction::Twice { cotangents, weights, torques, by_cotangents })
            }
        }
    }
}

/// [`Derivatives`], compiled for both number types.
pub(super) struct DerivativesKernel;

impl Compiled for DerivativesKernel {
    type Task<'a, T: Number> = Derivatives<'a, T>;

    fn f32(path: Path, task: Derivatives<'_, f32>) {
        task.start(path);
    }

    fn f64(path: Path, task: Derivatives<'_, f64>) {
        task.start(path);
    }
}

impl<T: Number> Derivatives<'_, T> {
    fn start(self, path: Path) {
        let recursion = Recursion::new(self.batch.high);
        let generators = (0..=self.batch.high).map(entries).collect();
        let mut scratch = BlockMemory::<T>::new(all_len(self.batch.high) + 2 * MOST);
        T::run(path, Run { task: self, recursion, generators, scratch: &mut scratch });
    }
}

struct Run<'a, 'b, T: Number> {
    task: Derivatives<'a, T>,
    recursion: Recursion<T>,
    generators: Vec<Vec<Entry>>,
    scratch: &'b mut [T::Block],
}

impl<T: Number> Job<T> for Run<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(self, proof: V::Proof) {
        let Run {
            task: Derivatives { batch, rotations, mut contraction },
            recursion,
            generators,
            scratch,
        } = self;
        let n = rotations.len();
        let (matrices, scratch) = scratch.split_at_mut(all_len(batch.high));
        let (tile, other) = scratch.split_at_mut(MOST);
        let vectors = Columns { n, stride: 3, start: 0 };
        for block in 0..n.div_ceil(T::WIDTH) {
            let first = load_rotations::<V>(rotations, block);
            let mut along = [T::ZERO; 3];
            if let Contraction::PushForward { tangents, .. }
            | Contraction::Twice { weights: tangents, .. } = &contraction
            {
                vectors.read::<V>(proof, tangents, &mut along, block);
            }
            let mut torque = [T::ZERO; 3];
            for l in 0..=batch.high {
                lift::<V>(proof, &recursion, l, &first, matrices);
                if l < batch.low {
                    continue;
                }
                let size = 2 * l + 1;
                let matrix = &matrices[all_len(l) - size * size..all_len(l)];
                let (tile, other) = (&mut tile[..size * size], &mut other[..size * size]);
                let caller = Entries::of_degree(&batch, n, l);
                let generators = &generators[l];
                match &mut contraction {
                    Contraction::Torques { cotangents, .. }
                    | Contraction::PullBack { cotangents, .. } => {
                        caller.read::<V>(proof, cotangents, tile, block);
                        add_torque::<V>(proof, generators, size, [tile, matrix], &mut torque);
                    }
                    Contraction::PushForward { derivatives, .. } => {
                        turn::<V>(proof, generators, size, &along, matrix, tile);
                        caller.write::<V>(proof, tile, derivatives, block);
                    }
                    Contraction::Twice { cotangents, by_cotangents, .. } => {
                        turn::<V>(proof, generators, size, &along, matrix, tile);
                        caller.write::<V>(proof, tile, by_cotangents, block);
                        // τ along another axis of Lᵀ c, where L is along the weights.
                        caller.read::<V>(proof, cotangents, tile, block);
                        turn::<V>(proof, generators, size, &along, tile, other);
                        subtract_torque::<V>(proof, generators, size, [other, matrix], &mut torque);
                    }
                }
            }
            match &mut contraction {
                Contraction::Torques { torques, .. } | Contraction::Twice { torques, .. } => {
                    vectors.write::<V>(proof, &torque, torques, block);
                }
                Contraction::PullBack { gradient, .. } => {
                    let tangent = tangent_matrix::<V>(proof, &torque, &first);
                    let columns = Columns { n, stride: 9, start: 0 };
                    columns.write::<V>(proof, &tangent, gradient, block);
                }
                Contraction::PushForward { .. } => {}
            }
        }
    }
}

/// Adds τ_a = Σ cotangent · (L_a value), for matrices `[size][columns]` of cotangents and values.
#[inline(always)]
pub(super) fn add_torque<V: Lanes>(
    proof: V::Proof,
    generators: &[Entry],
    size: usize,
    [cotangents, values]: [&[BlockOf<V>]; 2],
    torque: &mut [BlockOf<V>; 3],
) {
    V::call(proof, Torque { generators, size, cotangents, values, torque, negative: false });
}

#[inline(always)]
fn subtract_torque<V: Lanes>(
    proof: V::Proof,
    generators: &[Entry],
    size: usize,
    [cotangents, values]: [&[BlockOf<V>]; 2],
    torque: &mut [BlockOf<V>; 3],
) {
    V::call(proof, Torque { generators, size, cotangents, values, torque, negative: true });
}

struct Torque<'a, T: Number> {
    generators: &'a [Entry],
    size: usize,
    cotangents: &'a [T::Block],
    values: &'a [T::Block],
    torque: &'a mut [T::Block; 3],
    negative: bool,
}

impl<T: Number> Job<T> for Torque<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(self, proof: V::Proof) {
        let columns = self.values.len() / self.size;
        for &Entry { axis, row, column, value: (wide, narrow) } in self.generators {
            let cotangents = [row, column].map(|row| &self.cotangents[row * columns..][..columns]);
            let values = [column, row].map(|row| &self.values[row * columns..][..columns]);
            let mut plus = V::splat(proof, T::default());
            let mut minus = plus;
            for n in 0..columns {
                let [c, other_c] = [&cotangents[0][n], &cotangents[1][n]];
                let [v, other_v] = [&values[0][n], &values[1][n]];
                plus = V::load(proof, c).mul_add(V::load(proof, v), plus);
                minus = V::load(proof, other_c).mul_add(V::load(proof, other_v), minus);
            }
            let factor = V::splat(proof, T::constant(wide, narrow));
            let turned = if self.negative { minus.sub(plus) } else { plus.sub(minus) };
            let slot = &mut self.torque[axis];
            let sum = V::load(proof, slot);
            turned.mul_add(factor, sum).store(slot);
        }
    }
}

/// The matrix Σ_a along_a L_a times matrices `[size][columns]`.
#[inline(always)]
fn turn<V: Lanes>(
    proof: V::Proof,
    generators: &[Entry],
    size: usize,
    along: &[BlockOf<V>; 3],
    matrix: &[BlockOf<V>],
    out: &mut [BlockOf<V>],
) {
    V::call(proof, Turn { generators, size, along, matrix, out });
}

struct Turn<'a, T: Number> {
    generators: &'a [Entry],
    size: usize,
    along: &'a [T::Block; 3],
    matrix: &'a [T::Block],
    out: &'a mut [T::Block],
}

impl<T: Number> Job<T> for Turn<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(self, proof: V::Proof) {
        let columns = self.matrix.len() / self.size;
        self.out.fill(T::ZERO);
        for &Entry { axis, row, column, value: (wide, narrow) } in self.generators {
            let factor = V::splat(proof, T::constant(wide, narrow));
            let factor = factor.mul(V::load(proof, &self.along[axis]));
            let (row, column) = (row * columns, column * columns);
            for (out, value) in self.out[row..][..columns].iter_mut().zip(&self.matrix[column..]) {
                let sum = V::load(proof, out);
                factor.mul_add(V::load(proof, value), sum).store(out);
            }
            for (out, value) in self.out[column..][..columns].iter_mut().zip(&self.matrix[row..]) {
                let sum = V::load(proof, out);
                factor.neg_mul_add(V::load(proof, value), sum).store(out);
            }
        }
    }
}

/// ½ \[τ\]× R, in the order x, y, z.
#[inline(always)]
fn tangent_matrix<V: Lanes>(
    proof: V::Proof,
    torque: &[BlockOf<V>; 3],
    first: &[[BlockOf<V>; 3]; 3],
) -> [BlockOf<V>; 9] {
    let half = V::splat(proof, V::Number::constant(0.5, 0.5));
    let mut out = [V::Number::ZERO; 9];
    for (row, [a, b]) in [[1, 2], [2, 0], [0, 1]].into_iter().enumerate() {
        let [after, before] = [V::load(proof, &torque[a]), V::load(proof, &torque[b])];
        for column in 0..3 {
            // Axes in the order of degree 1, where x is the last.
            let entry = |axis: usize| &first[(axis + 2) % 3][(column + 2) % 3];
            let product = after.mul(V::load(proof, entry(b)));
            let product = before.neg_mul_add(V::load(proof, entry(a)), product);
            product.mul(half).store(&mut out[3 * row + column]);
        }
    }
    out
}
