//! Harmonics with a program, in one function for each degree: it loads positions, computes and
//! stores the results of all points. At low degrees a call for every step costs more than the
//! arithmetic.
//!
//! Every convention takes the same programs. Directions are prepared before them, axes are exchanged and
//! the phase is a half turn about the pole ([`Frame`]), the normalization is a table of constants of the
//! program, and the chain rule of the spherical form is applied to derivatives before they are
//! stored ([`Tangential`]).

use std::marker::PhantomData;

use super::Layout;
use super::evaluate::Evaluate;
use super::plan::Plan;
use super::points::{Frame, Inverse, Positions, careful_polar, load_block};
use super::programs::{self, BlockSink, Program, RowSink, Sink, Tangential, WithProgram};
use super::way::CHUNK;
use crate::sh::Form;
use crate::simd::{
    Aligned, Arithmetic, BlockOf, Blocks, HalfOf, Job, Lanes, Narrow, Number, RowGroups, Unrolled,
    UnrolledJob, constant,
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
        let unit = frame.unit && spherical;
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
                    // These go from order to order, which does not suit rows.
                    _ if unit => programs::unit(high, job),
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
            let at = (at.r, at.inverse[0]);
            evaluate::<V, P, S, G, H, K>(proof, constants, frame, at, &mut sink);
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
    constants: &[HalfOf<A>],
    frame: Frame,
    (r, inverse): ([A; 3], A),
    sink: &mut impl Sink<A>,
) where
    A: Arithmetic,
    P: Program<G, H>,
{
    if S {
        let mut sink = Tangential::<_, _, K>::new(proof, frame, (r, inverse), sink);
        P::run::<A>(proof, constants, r, &mut sink);
    } else {
        P::run::<A>(proof, constants, r, sink);
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
        let mut stock = stock::<V>();
        for [first, groups] in runs(n, points) {
            let values = &mut values[first * K..];
            let [mut values] = RowGroups::<V::Narrow, 1, K>::by_component(values, groups, [0]);
            let gradients = &mut gradients[first * G * K..];
            let mut gradients =
                RowGroups::<V::Narrow, G, K>::by_component(gradients, groups, places(frame));
            let hessians = &mut hessians[first * H * K..];
            let mut hessians =
                RowGroups::<V::Narrow, H, K>::by_component(hessians, groups, places(frame));
            let mut source = Source::<V>::new(frame, positions, first, &mut stock);
            for _ in 0..groups {
                let r = source.next(proof);
                let mut sink = RowSink {
                    values: values.next(),
                    gradient: gradients.each_mut().map(RowGroups::next),
                    hessian: hessians.each_mut().map(RowGroups::next),
                };
                let inverse = if S { source.inverse(proof)[0] } else { r[0] };
                evaluate::<V::Narrow, P, S, G, H, K>(
                    proof,
                    constants,
                    frame,
                    (r, inverse),
                    &mut sink,
                );
            }
        }
        if S && stock.0.is_careful {
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

/// Native arguments of the points of a batch, a few at a time. Positions that need nothing done are loaded
/// from where they are. Others are prepared many at once, so that roots and divisions of many points are
/// under way at the same time.
pub(super) struct Source<'a, 'b, V: Lanes> {
    frame: Frame,
    positions: Positions<'a, V::Number>,
    /// Positions that need nothing done, or none.
    straight: &'a [V::Number],
    /// The arguments before `next`, which are not used up. They are not in here, so that the rest can
    /// stay in registers.
    stock: &'b mut Stock<V>,
    used: usize,
    next: usize,
}

/// Native arguments in memory.
pub(super) type Stock<V> = Aligned<Prepared<BlockOf<V>>>;

/// The arguments of some blocks of points, and 1/|r| of each.
pub(super) struct Prepared<B> {
    points: [[B; 3]; CHUNK],
    inverses: [Inverse<B>; CHUNK],
    is_careful: bool,
}

/// Memory for a [`Source`].
#[inline(always)]
pub(super) fn stock<V: Lanes>() -> Stock<V> {
    let zero = V::Number::ZERO;
    Aligned(Prepared {
        points: [[zero; 3]; CHUNK],
        inverses: [[zero; 2]; CHUNK],
        is_careful: false,
    })
}

impl<'a, 'b, V: Lanes> Source<'a, 'b, V> {
    #[inline(always)]
    pub fn new(
        frame: Frame,
        positions: Positions<'a, V::Number>,
        first: usize,
        stock: &'b mut Stock<V>,
    ) -> Self {
        let straight = match positions {
            Positions::Rows(rows) if frame.is_native() => &rows[3 * first..],
            _ => &[],
        };
        Source { frame, positions, straight, stock, used: CHUNK * V::Number::WIDTH, next: first }
    }

    #[inline(always)]
    pub fn next(&mut self, proof: V::Proof) -> [V::Narrow; 3] {
        if let Some((point, rest)) = self.straight.split_at_checked(3 * V::Narrow::POINTS) {
            self.straight = rest;
            return V::Narrow::load_points(proof, point);
        }
        if self.used == CHUNK * V::Number::WIDTH {
            self.used = 0;
            let (frame, positions, first) = (self.frame, self.positions, self.next);
            V::call(proof, Prepare { frame, positions, first, prepared: &mut self.stock.0 });
            self.next += CHUNK * V::Number::WIDTH;
        }
        let (block, lane) = (self.used / V::Number::WIDTH, self.used % V::Number::WIDTH);
        self.used += V::Narrow::POINTS;
        let [x, y, z] = &self.stock.0.points[block];
        let load = |axis: &BlockOf<V>| V::Narrow::load(proof, &axis.as_ref()[lane..]);
        [load(x), load(y), load(z)]
    }

    /// Whether arguments are no directions.
    #[inline(always)]
    pub fn is_solid(&self) -> bool {
        self.frame.form == Form::Solid
    }

    /// 1/|r| of the points that [`Source::next`] has given last.
    #[inline(always)]
    pub fn inverse(&self, proof: V::Proof) -> Inverse<V::Narrow> {
        if !self.frame.divides() {
            return [constant(proof, 1.0, 1.0); 2];
        }
        let last = self.used - V::Narrow::POINTS;
        let (block, lane) = (last / V::Number::WIDTH, last % V::Number::WIDTH);
        let [first, second] = &self.stock.0.inverses[block];
        let load = |factor: &BlockOf<V>| V::Narrow::load(proof, &factor.as_ref()[lane..]);
        [load(first), load(second)]
    }
}

/// Prepares the arguments of some blocks of points, as many as there are and the stock holds.
struct Prepare<'a, 'b, T: Number> {
    frame: Frame,
    positions: Positions<'a, T>,
    first: usize,
    prepared: &'b mut Prepared<T::Block>,
}

impl<T: Number> Job<T> for Prepare<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(self, proof: V::Proof) {
        let Prepare { frame, positions, first, prepared } = self;
        let left = positions.count().map_or(0, |n| n - first).div_ceil(T::WIDTH);
        let Prepared { points, inverses, is_careful } = prepared;
        for block in 0..left.min(CHUNK) {
            let r = load_block::<V>(proof, positions, first + block * T::WIDTH);
            let argument = frame.argument(proof, r);
            let ([x, y, z], [scaled, rest]) = (argument.r, argument.inverse);
            let ([a, b, c], [d, e]) = (&mut points[block], &mut inverses[block]);
            x.store(a);
            y.store(b);
            z.store(c);
            scaled.store(d);
            rest.store(e);
            *is_careful |= argument.is_careful;
        }
    }
}
