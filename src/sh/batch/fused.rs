//! Solid harmonics with a program, in one function for each degree: it loads positions, computes
//! and stores the results of all points. At low degrees a call for every step costs more than the
//! arithmetic.

use std::marker::PhantomData;

use super::Layout;
use super::evaluate::Evaluate;
use super::points::{Frame, Positions, load_block};
use super::programs::{self, BlockSink, Program, RowSink, WithProgram};
use crate::sh::Axes;
use crate::simd::{
    Aligned, BlockOf, Blocks, Job, Lanes, Narrow, Number, RowGroups, Unrolled, UnrolledJob,
};

/// What is computed, and where it goes.
struct Fused<'a, T> {
    pub frame: Frame,
    pub layout: Layout,
    pub lmax: usize,
    pub positions: Positions<'a, T>,
    pub n: usize,
    pub values: &'a mut [T],
    /// Empty if not asked for.
    pub gradients: &'a mut [T],
    /// Empty if not asked for.
    pub hessians: &'a mut [T],
}

impl<T: Number> UnrolledJob<T> for Evaluate<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Unrolled<Number = T>>(self, proof: V::Proof) {
        let task = Fused {
            frame: self.plan.frame,
            layout: self.plan.layout,
            lmax: self.plan.high,
            positions: self.positions,
            n: self.n,
            values: self.values.numbers,
            gradients: self.gradients.map_or(&mut [], |output| output.numbers),
            hessians: self.hessians.map_or(&mut [], |output| output.numbers),
        };
        task.run::<V>(proof);
    }
}

impl<T: Number> Fused<'_, T> {
    /// Chooses the program.
    #[inline(always)]
    fn run<V: Unrolled<Number = T>>(self, proof: V::Proof) {
        let Fused { lmax, frame, layout, .. } = self;
        let (first, second) = (!self.gradients.is_empty(), !self.hessians.is_empty());
        let rows = layout == Layout::Rows;
        match (second, first, rows) {
            (true, _, true) => programs::solid_hessian(lmax, ToRows::<V> { task: self, proof }),
            (true, _, false) => programs::solid_hessian(lmax, ToBlocks::<V> { task: self, proof }),
            (_, true, true) => programs::solid_gradient(lmax, ToRows::<V> { task: self, proof }),
            (_, true, false) => programs::solid_gradient(lmax, ToBlocks::<V> { task: self, proof }),
            (_, _, true) => programs::solid(lmax, ToRows::<V> { task: self, proof }),
            _ if frame.unit => programs::unit(lmax, ToBlocks::<V> { task: self, proof }),
            _ => programs::solid(lmax, ToBlocks::<V> { task: self, proof }),
        }
    }
}

/// Results as blocks, once the program is chosen.
struct ToBlocks<'a, V: Unrolled> {
    task: Fused<'a, V::Number>,
    proof: V::Proof,
}

/// Results as rows, once the program is chosen.
struct ToRows<'a, V: Unrolled> {
    task: Fused<'a, V::Number>,
    proof: V::Proof,
}

impl<V: Unrolled, const G: usize, const H: usize> WithProgram<G, H> for ToBlocks<'_, V> {
    #[inline(always)]
    fn with<P: Program<G, H>, const K: usize>(self) {
        let job = BlockJob::<_, P, G, H, K> { task: self.task, program: PhantomData };
        V::call(self.proof, job);
    }
}

impl<V: Unrolled, const G: usize, const H: usize> WithProgram<G, H> for ToRows<'_, V> {
    #[inline(always)]
    fn with<P: Program<G, H>, const K: usize>(self) {
        let job = RowJob::<_, P, G, H, K> { task: self.task, program: PhantomData };
        V::call(self.proof, job);
    }
}

struct BlockJob<'a, T, P, const G: usize, const H: usize, const K: usize> {
    task: Fused<'a, T>,
    program: PhantomData<P>,
}

/// C components of K blocks of a block of points.
#[inline(always)]
fn components<T: Number, const C: usize, const K: usize>(
    numbers: &mut [T],
    block: usize,
) -> &mut [[T::Block; K]; C] {
    let (columns, _) = T::blocks_mut(numbers).0.as_chunks_mut();
    columns[C * block..].first_chunk_mut().expect("a block of points")
}

impl<T: Number, P: Program<G, H>, const G: usize, const H: usize, const K: usize> Job<T>
    for BlockJob<'_, T, P, G, H, K>
{
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(self, proof: V::Proof) {
        let Fused { frame, positions, n, values, gradients, hessians, .. } = self.task;
        for block in 0..n.div_ceil(T::WIDTH) {
            let r = arguments::<V>(proof, frame, positions, block * T::WIDTH);
            let [values] = components::<T, 1, K>(values, block);
            let gradient = components::<T, G, K>(gradients, block);
            let hessian = components::<T, H, K>(hessians, block);
            P::run::<V>(proof, r, &mut BlockSink { values, gradient, hessian });
        }
    }
}

/// The native arguments of the block of points that begins at `first`.
#[inline(always)]
fn arguments<V: Lanes>(
    proof: V::Proof,
    frame: Frame,
    positions: Positions<'_, V::Number>,
    first: usize,
) -> [V; 3] {
    if frame.divides() {
        let mut point = Aligned([V::Number::ZERO; 3]);
        frame.load::<V>(proof, positions, first, &mut point.0, &mut [V::Number::ZERO; 2]);
        return point.0.each_ref().map(|axis| V::load(proof, axis));
    }
    frame.native(load_block::<V>(proof, positions, first))
}

struct RowJob<'a, T, P, const G: usize, const H: usize, const K: usize> {
    task: Fused<'a, T>,
    program: PhantomData<P>,
}

impl<T: Number, P: Program<G, H>, const G: usize, const H: usize, const K: usize> Job<T>
    for RowJob<'_, T, P, G, H, K>
{
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(self, proof: V::Proof) {
        let Fused { frame, positions, n, values, gradients, hessians, .. } = self.task;
        let points = V::Narrow::POINTS;
        let whole = n / points * points;
        // Where points are left at the end, the last ones are computed again with them.
        for (first, end) in [(0, whole), (n - points, n)] {
            if whole == n && first > 0 {
                break;
            }
            let groups = (end - first) / points;
            let mut values = rows(values, [first, groups], [points, K]);
            let mut gradients = rows(gradients, [first, groups], [points, G * K]);
            let mut hessians = rows(hessians, [first, groups], [points, H * K]);
            let mut source = Source::<V>::new(frame, positions, first);
            for _ in 0..groups {
                let r = source.next(proof);
                let mut out = RowSink::<_, K> {
                    values: values.next(),
                    gradient: gradients.next(),
                    hessian: hessians.next(),
                };
                P::run::<V::Narrow>(proof, r, &mut out);
            }
        }
    }
}

/// So many groups of rows from a point on.
#[inline(always)]
fn rows<T>(numbers: &mut [T], [first, groups]: [usize; 2], shape: [usize; 2]) -> RowGroups<'_, T> {
    RowGroups::new(&mut numbers[first * shape[1]..], groups, shape)
}

/// The points of a batch, a few at a time.
pub(super) struct Source<'a, V: Lanes> {
    frame: Frame,
    positions: Positions<'a, V::Number>,
    /// Positions that need nothing done, or none.
    straight: &'a [V::Number],
    /// The native arguments of the block before `next`, which are not used up.
    block: Aligned<[BlockOf<V>; 3]>,
    used: usize,
    next: usize,
}

impl<'a, V: Lanes> Source<'a, V> {
    #[inline(always)]
    pub fn new(frame: Frame, positions: Positions<'a, V::Number>, first: usize) -> Self {
        let straight = match positions {
            Positions::Rows(rows) if !frame.divides() && frame.axes == Axes::ZPolar => {
                &rows[3 * first..]
            }
            _ => &[],
        };
        let block = Aligned([V::Number::ZERO; 3]);
        Source { frame, positions, straight, block, used: V::Number::WIDTH, next: first }
    }

    #[inline(always)]
    pub fn next(&mut self, proof: V::Proof) -> [V::Narrow; 3] {
        if let Some((point, rest)) = self.straight.split_at_checked(3 * V::Narrow::POINTS) {
            self.straight = rest;
            return V::Narrow::load_points(proof, point);
        }
        if self.used == V::Number::WIDTH {
            self.used = 0;
            let frame = self.frame;
            let job = LoadOne {
                frame,
                positions: self.positions,
                first: self.next,
                block: &mut self.block.0,
            };
            V::call(proof, job);
            self.next += V::Number::WIDTH;
        }
        let used = self.used;
        self.used += V::Narrow::POINTS;
        self.block.0.each_ref().map(|axis| V::Narrow::load(proof, &axis.as_ref()[used..]))
    }
}

/// Loads the native arguments of one block of points, in a function of its own.
struct LoadOne<'a, 'b, T: Number> {
    frame: Frame,
    positions: Positions<'a, T>,
    first: usize,
    block: &'b mut [T::Block; 3],
}

impl<T: Number> Job<T> for LoadOne<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(self, proof: V::Proof) {
        let mut inverse = [T::ZERO; 2];
        self.frame.load::<V>(proof, self.positions, self.first, self.block, &mut inverse);
    }
}
