//! Harmonics with a program, in one function for each degree: it loads positions, computes and
//! stores the results of all points. At low degrees a call for every step costs more than the
//! arithmetic.
//!
//! Every convention takes the same programs. Directions are computed in registers, axes are exchanged and
//! the phase is a half turn about the pole ([`Frame`]), the normalization is a table of constants of the
//! program, and the chain rule of the spherical form is applied to derivatives before they are
//! stored ([`Tangential`]).

use std::marker::PhantomData;

use super::Layout;
use super::evaluate::Evaluate;
use super::plan::Plan;
use super::points::{Argument, Frame, Positions, careful_polar, load_block};
use super::programs::{self, BlockSink, Program, RowSink, Tangential, WithProgram};
use crate::sh::Form;
use crate::simd::{
    Aligned, BlockOf, Blocks, Job, Lanes, Narrow, Number, RowGroups, Unrolled, UnrolledJob,
};

/// What is computed, and where it goes.
struct Fused<'a, T> {
    plan: Plan,
    positions: Positions<'a, T>,
    n: usize,
    values: &'a mut [T],
    /// Empty if not asked for.
    gradients: &'a mut [T],
    /// Empty if not asked for.
    hessians: &'a mut [T],
}

impl<T: Number> UnrolledJob<T> for Evaluate<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Unrolled<Number = T>>(self, proof: V::Proof) {
        let task = Fused {
            plan: self.plan,
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
        let Plan { high, layout, frame, .. } = self.plan;
        let (first, second) = (!self.gradients.is_empty(), !self.hessians.is_empty());
        let spherical = frame.form == Form::Spherical;
        match layout {
            Layout::Rows => {
                let job = ToRows::<V, false> { task: self, proof };
                match (second, first, spherical) {
                    (true, ..) => programs::solid_hessian(high, job),
                    (_, true, true) => programs::spherical_gradient(
                        high,
                        ToRows::<V, true> { task: job.task, proof },
                    ),
                    (_, true, false) => programs::solid_gradient(high, job),
                    _ => programs::solid(high, job),
                }
            }
            Layout::Lanes => {
                let job = ToBlocks::<V, false> { task: self, proof };
                match (second, first, spherical) {
                    (true, ..) => programs::solid_hessian(high, job),
                    (_, true, true) => programs::spherical_gradient(
                        high,
                        ToBlocks::<V, true> { task: job.task, proof },
                    ),
                    (_, true, false) => programs::solid_gradient(high, job),
                    _ => programs::solid(high, job),
                }
            }
        }
    }
}

/// Results as blocks, once the program is chosen; derivatives by the chain rule if `SPHERICAL`.
struct ToBlocks<'a, V: Unrolled, const SPHERICAL: bool> {
    task: Fused<'a, V::Number>,
    proof: V::Proof,
}

/// Results as rows, likewise.
struct ToRows<'a, V: Unrolled, const SPHERICAL: bool> {
    task: Fused<'a, V::Number>,
    proof: V::Proof,
}

impl<V: Unrolled, const S: bool, const G: usize, const H: usize> WithProgram<G, H>
    for ToBlocks<'_, V, S>
{
    #[inline(always)]
    fn with<P: Program<G, H>, const K: usize>(self) {
        let job = BlockJob::<_, P, S, G, H, K> { task: self.task, program: PhantomData };
        V::call(self.proof, job);
    }
}

impl<V: Unrolled, const S: bool, const G: usize, const H: usize> WithProgram<G, H>
    for ToRows<'_, V, S>
{
    #[inline(always)]
    fn with<P: Program<G, H>, const K: usize>(self) {
        let job = RowJob::<_, P, S, G, H, K> { task: self.task, program: PhantomData };
        V::call(self.proof, job);
    }
}

struct BlockJob<'a, T, P, const S: bool, const G: usize, const H: usize, const K: usize> {
    task: Fused<'a, T>,
    program: PhantomData<P>,
}

/// C components of K blocks of a block of points, along native axes.
#[inline(always)]
fn components<T: Number, const C: usize, const K: usize>(
    numbers: &mut [T],
    block: usize,
    places: [usize; C],
) -> [&mut [T::Block; K]; C] {
    let (columns, _) = T::blocks_mut(numbers).0.as_chunks_mut();
    let all: &mut [[T::Block; K]; C] =
        columns[C * block..].first_chunk_mut().expect("a block of points");
    let mut all = all.each_mut().map(Some);
    places.map(|place| all[place].take().expect("a place for each component"))
}

impl<T, P, const S: bool, const G: usize, const H: usize, const K: usize> Job<T>
    for BlockJob<'_, T, P, S, G, H, K>
where
    T: Number,
    P: Program<G, H>,
{
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(self, proof: V::Proof) {
        let Fused { plan, positions, n, values, gradients, hessians } = self.task;
        let (frame, constants) = (plan.turning_frame(), plan.constants::<P, T>());
        let mut is_careful = false;
        for block in 0..n.div_ceil(T::WIDTH) {
            let at = frame.argument(proof, load_block::<V>(proof, positions, block * T::WIDTH));
            let [values] = components::<T, 1, K>(values, block, [0]);
            let gradient = components::<T, G, K>(gradients, block, places(frame));
            let hessian = components::<T, H, K>(hessians, block, places(frame));
            let mut sink = BlockSink { values, gradient, hessian };
            is_careful |= at.is_careful;
            evaluate::<V, P, S, G, H, K>(proof, constants, (frame, at), &mut sink);
        }
        if S && is_careful {
            finish_carefully(plan, positions, n, gradients);
        }
    }
}

/// Runs a program at native arguments.
#[inline(always)]
fn evaluate<A, P, const S: bool, const G: usize, const H: usize, const K: usize>(
    proof: A::Proof,
    constants: &[A::Number],
    (frame, at): (Frame, Argument<A>),
    sink: &mut impl programs::Sink<A>,
) where
    A: crate::simd::Arithmetic,
    P: Program<G, H>,
{
    if S {
        let mut sink = Tangential::<_, _, K>::new(proof, frame, at, sink);
        P::run::<A>(proof, constants, at.r, &mut sink);
    } else {
        P::run::<A>(proof, constants, at.r, sink);
    }
}

/// Where the component of the caller is that belongs to each component along native axes, of
/// gradients or of Hessians.
#[inline(always)]
fn places<const C: usize>(frame: Frame) -> [usize; C] {
    let axes = frame.axes.to_native([0, 1, 2]);
    std::array::from_fn(|component| match C {
        9 => 3 * axes[component / 3] + axes[component % 3],
        _ => axes[component],
    })
}

/// Multiplies gradients at vectors of extreme lengths by what is left of 1/|r|.
#[cold]
#[inline(never)]
fn finish_carefully<T: Number>(
    plan: Plan,
    positions: Positions<'_, T>,
    n: usize,
    gradients: &mut [T],
) {
    let columns = 3 * plan.columns();
    for point in 0..plan.layout.rows::<T>(n) {
        let (_, [_, factor]) = careful_polar(positions.at(point.min(n - 1)));
        let places = match plan.layout {
            Layout::Rows => (point * columns, 1),
            Layout::Lanes => (point / T::WIDTH * T::WIDTH * columns + point % T::WIDTH, T::WIDTH),
        };
        for column in 0..columns {
            let derivative = &mut gradients[places.0 + column * places.1];
            *derivative = *derivative * factor;
        }
    }
}

struct RowJob<'a, T, P, const S: bool, const G: usize, const H: usize, const K: usize> {
    task: Fused<'a, T>,
    program: PhantomData<P>,
}

impl<T, P, const S: bool, const G: usize, const H: usize, const K: usize> Job<T>
    for RowJob<'_, T, P, S, G, H, K>
where
    T: Number,
    P: Program<G, H>,
{
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(self, proof: V::Proof) {
        let Fused { plan, positions, n, values, gradients, hessians } = self.task;
        let (frame, constants) = (plan.turning_frame(), plan.constants::<P, T>());
        let points = V::Narrow::POINTS;
        let mut is_careful = false;
        for [first, groups] in runs(n, points) {
            let shape = [points, K];
            let [mut values] =
                RowGroups::by_component(&mut values[first * K..], groups, shape, [0]);
            let mut gradients = RowGroups::by_component::<G>(
                &mut gradients[first * G * K..],
                groups,
                shape,
                places(frame),
            );
            let mut hessians = RowGroups::by_component::<H>(
                &mut hessians[first * H * K..],
                groups,
                shape,
                places(frame),
            );
            let mut source = Source::<V>::new(positions, first);
            for _ in 0..groups {
                let at = frame.argument(proof, source.next(proof));
                let mut sink = RowSink {
                    values: values.next(),
                    gradient: gradients.each_mut().map(RowGroups::next),
                    hessian: hessians.each_mut().map(RowGroups::next),
                };
                is_careful |= at.is_careful;
                evaluate::<V::Narrow, P, S, G, H, K>(proof, constants, (frame, at), &mut sink);
            }
        }
        if S && is_careful {
            finish_carefully(plan, positions, n, gradients);
        }
    }
}

/// Where groups of points begin, and how many there are. Where points are left at the end, the last ones
/// are computed again with them.
pub(super) fn runs(n: usize, points: usize) -> impl Iterator<Item = [usize; 2]> {
    let rest = (!n.is_multiple_of(points)).then(|| [n - points, 1]);
    std::iter::once([0, n / points]).chain(rest)
}

/// The points of a batch, a few at a time.
pub(super) struct Source<'a, V: Lanes> {
    positions: Positions<'a, V::Number>,
    /// Positions that need no copy, or none.
    straight: &'a [V::Number],
    /// The block of points before `next`, which are not used up.
    block: Aligned<[BlockOf<V>; 3]>,
    used: usize,
    next: usize,
}

impl<'a, V: Lanes> Source<'a, V> {
    #[inline(always)]
    pub fn new(positions: Positions<'a, V::Number>, first: usize) -> Self {
        let straight = match positions {
            Positions::Rows(rows) => &rows[3 * first..],
            Positions::Axes(_) => &[],
        };
        let block = Aligned([V::Number::ZERO; 3]);
        Source { positions, straight, block, used: V::Number::WIDTH, next: first }
    }

    #[inline(always)]
    pub fn next(&mut self, proof: V::Proof) -> [V::Narrow; 3] {
        if let Some((point, rest)) = self.straight.split_at_checked(3 * V::Narrow::POINTS) {
            self.straight = rest;
            return V::Narrow::load_points(proof, point);
        }
        if self.used == V::Number::WIDTH {
            self.used = 0;
            let (positions, first) = (self.positions, self.next);
            V::call(proof, LoadOne { positions, first, block: &mut self.block.0 });
            self.next += V::Number::WIDTH;
        }
        let used = self.used;
        self.used += V::Narrow::POINTS;
        self.block.0.each_ref().map(|axis| V::Narrow::load(proof, &axis.as_ref()[used..]))
    }
}

/// Loads one block of points, in a function of its own.
struct LoadOne<'a, 'b, T: Number> {
    positions: Positions<'a, T>,
    first: usize,
    block: &'b mut [T::Block; 3],
}

impl<T: Number> Job<T> for LoadOne<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(self, proof: V::Proof) {
        let r = load_block::<V>(proof, self.positions, self.first);
        for (axis, block) in r.into_iter().zip(self.block) {
            axis.store(block);
        }
    }
}
