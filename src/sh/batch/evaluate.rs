//! Values, gradients and Hessians of a batch, block by block.
//!
//! # The algorithm
//! For each chunk of blocks of points:
//! 1. *Load.* Positions become native arguments; where lengths are divided by, 1/|r| of each block is kept.
//! 2. *Fill.* Native values of all degrees from the lowest that a derivative needs, for the whole chunk
//!    in one call of a program: at low degrees the call costs as much as the work.
//! 3. *Derive*, block by block. Every derivative of degree l is a combination of values of degree l - 1
//!    ([`lower`](super::lower)), so one pass over the values gives gradients, and one over the native
//!    gradients Hessians.
//! 4. *Finish.* The chain rule of the spherical form and the normalization are applied in place, to
//!    Hessians first, then to gradients, then to values: each reads what the next would change.
//! 5. *Write.* Blocks that are the caller's ([`Way::Direct`]) are there already. Others lie in a tile
//!    that stays in the first cache, and are transposed to rows; rows of values of a whole chunk at once.
//!
//! Two index spaces meet: *computed* rows hold degrees from `base` on, the caller's *columns* from `low`
//! on; the first `unwanted` blocks of a computed row are left out when it is written.

use super::fill::DegreeTables;
use super::lower::{self, AsItIs, Finish};
use super::output::Output;
use super::plan::{MOST, Plan};
use super::points::{Inverse, Positions};
use super::way::{CHUNK, Way, is_fused};
use crate::Scalar;
use crate::parallel::Cut;
use crate::sh::Form;
use crate::simd::{Aligned, BlockOf, Job, Lanes, Number, Path};

/// Values and the derivatives up to the order of the last array given.
pub(super) struct Evaluate<'a, T> {
    pub plan: Plan,
    pub positions: Positions<'a, T>,
    pub n: usize,
    pub values: Output<'a, T>,
    pub gradients: Option<Output<'a, T>>,
    pub hessians: Option<Output<'a, T>>,
}

/// The memory that a call needs beside its arguments, in blocks.
#[derive(Clone, Copy)]
struct Needs {
    values: usize,
    gradients: usize,
    hessians: usize,
}

impl Needs {
    fn total(&self) -> usize {
        self.values + self.gradients + self.hessians
    }
}

/// The most blocks that a call needs: values of eight blocks of points, and derivatives of one.
pub(super) const MOST_SCRATCH: usize = 20 * MOST;

impl<'a, T: DegreeTables> Evaluate<'a, T> {
    fn needs(&self) -> Needs {
        let way = Way::of(&self.plan);
        let chunk = way.chunk(&self.plan);
        let tiled = way == Way::Tiled;
        let computed = self.plan.computed();
        let or_none = |needed: bool, size: usize| if needed { size } else { 0 };
        let gradients = self.gradients.as_ref().map_or(0, |_| 3 * computed);
        let hessians = self.hessians.as_ref().map_or(0, |_| 9 * self.plan.columns());
        Needs {
            values: or_none(tiled, chunk * computed),
            gradients: or_none(tiled, gradients),
            hessians: or_none(tiled, hessians),
        }
    }

    /// The order of the derivatives.
    pub fn order(&self) -> usize {
        usize::from(self.gradients.is_some()) + usize::from(self.hessians.is_some())
    }

    /// Runs in one function where there is one, or with enough memory on the stack.
    pub fn start(self, path: Path) {
        let Err(task) = self.fused(path) else { return };
        match task.needs().total() {
            0 => task.through_memory(path, &mut []),
            1..=128 => task.with_stack::<128>(path),
            129..=512 => task.with_stack::<512>(path),
            513..=2048 => task.with_stack::<2048>(path),
            _ => task.with_stack::<MOST_SCRATCH>(path),
        }
    }

    /// Runs with memory that is there, at most [`MOST_SCRATCH`] blocks.
    pub fn start_with(self, path: Path, scratch: &mut [T::Block]) {
        let Err(task) = self.fused(path) else { return };
        task.through_memory(path, scratch);
    }

    /// Runs in one function, if there is one on the path.
    #[expect(clippy::result_large_err, reason = "no error: what is given back goes on another way")]
    fn fused(self, path: Path) -> Result<(), Self> {
        match is_fused::<T>(&self.plan, self.n, self.order()) {
            true => T::run_unrolled(path, self),
            false => Err(self),
        }
    }

    fn through_memory(self, path: Path, scratch: &mut [T::Block]) {
        T::run(path, WithScratch { task: self, scratch });
    }

    #[inline(never)]
    fn with_stack<const N: usize>(self, path: Path) {
        let mut scratch = Aligned([T::ZERO; N]);
        self.through_memory(path, &mut scratch.0);
    }
}

impl<T: Number> Cut for Evaluate<'_, T> {
    fn cut(self, at: usize) -> (Self, Self) {
        let (positions, other_positions) = self.positions.cut(at);
        let (values, other_values) = self.values.cut(at);
        let (gradients, other_gradients) = self.gradients.cut(at);
        let (hessians, other_hessians) = self.hessians.cut(at);
        let first = Evaluate { plan: self.plan, positions, n: at, values, gradients, hessians };
        let second = Evaluate {
            plan: self.plan,
            positions: other_positions,
            n: self.n - at,
            values: other_values,
            gradients: other_gradients,
            hessians: other_hessians,
        };
        (first, second)
    }
}

struct WithScratch<'a, 'b, T: Number> {
    task: Evaluate<'a, T>,
    scratch: &'b mut [T::Block],
}

/// Tiles for what is not the caller's.
struct Memory<'a, B> {
    values: &'a mut [B],
    gradients: &'a mut [B],
    hessians: &'a mut [B],
}

/// Blocks of points that are filled at once.
struct Chunk<'a, T: Number> {
    plan: Plan,
    factors: Option<&'a [T]>,
    points: Aligned<[[T::Block; 3]; CHUNK]>,
    inverses: Aligned<[Inverse<T::Block>; CHUNK]>,
}

impl<T: DegreeTables> Job<T> for WithScratch<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(self, proof: V::Proof) {
        let WithScratch { mut task, scratch } = self;
        let needs = task.needs();
        let (values, scratch) = scratch.split_at_mut(needs.values);
        let (gradients, scratch) = scratch.split_at_mut(needs.gradients);
        let hessians = &mut scratch[..needs.hessians];
        let mut memory = Memory { values, gradients, hessians };
        let plan = task.plan;
        let way = Way::of(&plan);
        let size = way.chunk(&plan);
        let factors = plan.factors::<T>();
        let mut chunk = Chunk {
            plan,
            factors: factors.as_ref().map(|all| &all[..plan.columns()]),
            points: Aligned([[T::ZERO; 3]; CHUNK]),
            inverses: Aligned([[T::ZERO; 2]; CHUNK]),
        };
        let blocks = task.n.div_ceil(T::WIDTH);
        for first in (0..blocks).step_by(size) {
            let count = size.min(blocks - first);
            let points = &mut chunk.points.0[..count];
            let inverses = &mut chunk.inverses.0[..count];
            plan.frame.load_many::<V>(proof, task.positions, first, points, inverses);
            match way {
                Way::Direct => task.direct::<V>(proof, &chunk, first, count),
                Way::Tiled => task.tiled::<V>(proof, &chunk, first, count, &mut memory),
            }
        }
    }
}

impl<T: DegreeTables> Evaluate<'_, T> {
    /// Evaluates blocks of points where the caller wants them.
    #[inline(always)]
    fn direct<V: Lanes<Number = T>>(
        &mut self,
        proof: V::Proof,
        chunk: &Chunk<T>,
        first: usize,
        count: usize,
    ) {
        let values = self.values.blocks(first, count);
        self.plan.fill::<V>(proof, &chunk.points.0[..count], values);
        if self.gradients.is_none() && chunk.factors.is_none() {
            return;
        }
        for (block, values) in values.chunks_exact_mut(self.plan.computed()).enumerate() {
            let own = first + block;
            let gradients = self.gradients.as_mut().map(|output| output.blocks(own, 1));
            let hessians = self.hessians.as_mut().map(|output| output.blocks(own, 1));
            let point = chunk.point(block, values);
            V::call(proof, Derive { point, gradients, hessians });
        }
    }

    /// Evaluates blocks of points in tiles and writes them where the caller wants them.
    #[inline(always)]
    fn tiled<V: Lanes<Number = T>>(
        &mut self,
        proof: V::Proof,
        chunk: &Chunk<T>,
        first: usize,
        count: usize,
        memory: &mut Memory<'_, T::Block>,
    ) {
        let computed = self.plan.computed();
        let unwanted = computed - self.plan.columns();
        let Memory { values, gradients, hessians } = memory;
        let values = &mut values[..count * computed];
        self.plan.fill::<V>(proof, &chunk.points.0[..count], values);
        for (block, values) in values.chunks_exact_mut(computed).enumerate() {
            let at = [first + block, self.n];
            if self.gradients.is_some() || chunk.factors.is_some() {
                let point = chunk.point(block, values);
                let gradients = self.gradients.as_ref().map(|_| &mut **gradients);
                let hessians = self.hessians.as_ref().map(|_| &mut **hessians);
                // In a function of its own, so that its loops are compiled once for both ways.
                V::call(proof, Derive { point, gradients, hessians });
            }
            if let Some(output) = &mut self.gradients {
                // One tile of three components where they follow one another without a gap.
                if unwanted == 0 {
                    output.write::<V>(proof, &[gradients], at);
                } else {
                    let wanted = |c: usize| c * computed + unwanted..(c + 1) * computed;
                    let tiles =
                        [&gradients[wanted(0)], &gradients[wanted(1)], &gradients[wanted(2)]];
                    output.write::<V>(proof, &tiles, at);
                }
            }
            if let Some(output) = &mut self.hessians {
                output.write::<V>(proof, &[hessians], at);
            }
        }
        // Whole chunks of rows are transposed at once; what it leaves, as a block that points do not fill,
        // goes one by one.
        let tile = [computed, unwanted];
        let whole = self.values.write_whole::<V>(proof, values, tile, [first, self.n]);
        for (block, values) in values.chunks_exact(computed).enumerate().skip(whole) {
            let at = [first + block, self.n];
            self.values.write::<V>(proof, &[&values[unwanted..]], at);
        }
    }
}

impl<T: Number> Chunk<'_, T> {
    fn point<'a>(&'a self, block: usize, values: &'a mut [T::Block]) -> Point<'a, T> {
        Point {
            plan: self.plan,
            values,
            factors: self.factors,
            at: &self.points.0[block],
            inverse: &self.inverses.0[block],
        }
    }
}

/// One block of points on its way.
struct Point<'a, T: Number> {
    plan: Plan,
    values: &'a mut [T::Block],
    factors: Option<&'a [T]>,
    at: &'a [T::Block; 3],
    inverse: &'a Inverse<T::Block>,
}

/// Derivatives of one block of points from its values, and the caller's normalization of all.
struct Derive<'a, T: Number> {
    point: Point<'a, T>,
    gradients: Option<&'a mut [T::Block]>,
    hessians: Option<&'a mut [T::Block]>,
}

impl<T: DegreeTables> Job<T> for Derive<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(mut self, proof: V::Proof) {
        match (self.gradients, self.hessians) {
            (Some(gradients), Some(hessians)) => {
                self.point.gradients::<V>(proof, gradients);
                self.point.hessians::<V>(proof, gradients, hessians);
                mirror(hessians, self.point.plan.columns());
                self.point.finish_gradients::<V>(proof, gradients);
            }
            (Some(gradients), None) => self.point.finished_gradients::<V>(proof, gradients),
            _ => {}
        }
        self.point.finish_values::<V>(proof);
    }
}

/// Equal parts of a slice.
#[inline(always)]
fn parts<B, const C: usize>(blocks: &mut [B], size: usize) -> [&mut [B]; C] {
    let mut rest = blocks.chunks_exact_mut(size);
    std::array::from_fn(|_| rest.next().expect("a part for each component"))
}

/// The index of each second derivative xx, xy, xz, yy, yz, zz in `[3][3]`.
const UPPER: [usize; 6] = [0, 1, 2, 4, 5, 8];

impl<T: DegreeTables> Point<'_, T> {
    /// The component of the caller along each native axis.
    #[inline(always)]
    fn components(&self) -> [usize; 3] {
        self.plan.frame.axes.to_native([0, 1, 2])
    }

    /// Native gradients of all computed degrees above the lowest, by the caller's axes.
    #[inline(always)]
    fn gradients<V: Lanes<Number = T>>(&self, proof: V::Proof, out: &mut [T::Block]) {
        for l in self.plan.base..=self.plan.high {
            self.gradient::<V>(proof, l, out, &AsItIs);
        }
    }

    /// Gradients in the caller's form and normalization, each before it is stored.
    #[inline(always)]
    fn finished_gradients<V: Lanes<Number = T>>(&self, proof: V::Proof, out: &mut [T::Block]) {
        let plan = &self.plan;
        let one = integer::<V>(proof, 1);
        let [scaled, rest] = match plan.frame.divides() {
            true => [V::load(proof, &self.inverse[0]), V::load(proof, &self.inverse[1])],
            false => [one; 2],
        };
        let is_plain = rest.all_within(T::constant(1.0, 1.0), T::constant(1.0, 1.0));
        let [x, y, z] = self.at;
        let [x, y, z] = [V::load(proof, x), V::load(proof, y), V::load(proof, z)];
        for l in plan.degrees() {
            let factor = match plan.degree_factor::<T>(l) {
                Some(factor) => V::splat(proof, factor),
                None => one,
            };
            if plan.frame.form == Form::Solid {
                match plan.has_factors() {
                    false => self.gradient::<V>(proof, l, out, &AsItIs),
                    true => self.gradient::<V>(proof, l, out, &Times(factor)),
                }
                continue;
            }
            let degree = integer::<V>(proof, l);
            let values = &self.values[plan.row(l)];
            let along = [degree.mul(x), degree.mul(y), degree.mul(z)];
            let on_sphere = OnSphere { values, along, inverse: scaled.mul(factor) };
            match is_plain {
                true => self.gradient::<V>(proof, l, out, &on_sphere),
                false => self.gradient::<V>(proof, l, out, &Twofold(on_sphere, rest)),
            }
        }
        if plan.has_signs() {
            self.scale_gradients::<V>(proof, out);
        }
    }

    /// The gradients of one degree along native axes, by the caller's axes. Nothing is done where
    /// the degree below is not computed.
    #[inline(always)]
    fn gradient<V: Lanes<Number = T>>(
        &self,
        proof: V::Proof,
        l: usize,
        out: &mut [T::Block],
        finish: &impl Finish<V>,
    ) {
        let below = match l > self.plan.base {
            true => &self.values[self.plan.row(l - 1)],
            false if l == 0 => &[],
            false => return,
        };
        let row = self.plan.row(l);
        let [x, y, z] = self.plan.by_native_axis(out);
        let rows = [&mut x[row.clone()], &mut y[row.clone()], &mut z[row]];
        lower::gradient::<V, _>(proof, T::lowering(l), below, rows, finish);
    }

    /// Second derivatives, complete, into the upper triangle of `[3][3]` by the caller's axes.
    #[inline(always)]
    fn hessians<V: Lanes<Number = T>>(
        &self,
        proof: V::Proof,
        gradients: &[T::Block],
        out: &mut [T::Block],
    ) {
        let plan = &self.plan;
        let (size, computed) = (plan.columns(), plan.computed());
        let components = self.components();
        let [first, second, third] = parts(out, 3 * size);
        let mut all: [[&mut [T::Block]; 3]; 3] =
            [parts(first, size), parts(second, size), parts(third, size)];
        for l in plan.degrees() {
            let below = match l {
                0 => 0..0,
                _ => plan.row(l - 1),
            };
            let below = components.map(|c| &gradients[c * computed..][below.clone()]);
            let column = plan.column(l);
            let [first, second, third] =
                all.each_mut().map(|row| row.each_mut().map(|part| &mut part[column.clone()]));
            let natively = plan.frame.axes.upper_to_native([first, second, third]);
            lower::hessian::<V>(proof, T::lowering(l), below, natively);
        }
        if plan.frame.form == Form::Spherical {
            self.spherical_hessians::<V>(proof, gradients, out);
        }
        if let Some(factors) = self.factors {
            for component in UPPER {
                scale::<V>(proof, &mut out[component * size..][..size], factors);
            }
        }
    }

    /// ∂_i ∂_j (Y / |r|^l) from solid derivatives at the direction u:
    /// (∂_i∂_j Y - l (u_i ∂_j Y + u_j ∂_i Y + δ_ij Y) + l (l + 2) u_i u_j Y) / |r|².
    #[inline(always)]
    fn spherical_hessians<V: Lanes<Number = T>>(
        &self,
        proof: V::Proof,
        gradients: &[T::Block],
        out: &mut [T::Block],
    ) {
        let plan = &self.plan;
        let (size, computed) = (plan.columns(), plan.computed());
        let u = self.direction::<V>(proof);
        for component in UPPER {
            let (i, j) = (component / 3, component % 3);
            for l in plan.degrees() {
                let [degree, square] = [l, l * (l + 2)].map(|l| integer::<V>(proof, l));
                let radial = square.mul(u[i].mul(u[j]));
                for (column, row) in plan.column(l).zip(plan.row(l)) {
                    let value = V::load(proof, &self.values[row]);
                    let [along_i, along_j] =
                        [i, j].map(|axis| V::load(proof, &gradients[axis * computed + row]));
                    let mut mixed = u[i].mul_add(along_j, u[j].mul(along_i));
                    if i == j {
                        mixed = mixed.add(value);
                    }
                    let block = &mut out[component * size + column];
                    let tangential = degree.neg_mul_add(mixed, V::load(proof, block));
                    let second = radial.mul_add(value, tangential);
                    self.per_length(proof, self.per_length(proof, second)).store(block);
                }
            }
        }
    }

    /// Native gradients to the caller's form and normalization:
    /// ∂_i (Y / |r|^l) = (∂_i Y - l u_i Y) / |r|.
    #[inline(always)]
    fn finish_gradients<V: Lanes<Number = T>>(&self, proof: V::Proof, out: &mut [T::Block]) {
        let plan = &self.plan;
        let computed = plan.computed();
        if plan.frame.form == Form::Spherical {
            let u = self.direction::<V>(proof);
            for (u, out) in u.into_iter().zip(out.chunks_exact_mut(computed)) {
                for l in plan.degrees() {
                    let factor = integer::<V>(proof, l).mul(u);
                    for row in plan.row(l) {
                        let value = V::load(proof, &self.values[row]);
                        let solid = V::load(proof, &out[row]);
                        let tangential = factor.neg_mul_add(value, solid);
                        self.per_length(proof, tangential).store(&mut out[row]);
                    }
                }
            }
        }
        self.scale_gradients::<V>(proof, out);
    }

    #[inline(always)]
    fn scale_gradients<V: Lanes<Number = T>>(&self, proof: V::Proof, out: &mut [T::Block]) {
        let (computed, columns) = (self.plan.computed(), self.plan.columns());
        if let Some(factors) = self.factors {
            for out in out.chunks_exact_mut(computed) {
                scale::<V>(proof, &mut out[computed - columns..], factors);
            }
        }
    }

    #[inline(always)]
    fn finish_values<V: Lanes<Number = T>>(&mut self, proof: V::Proof) {
        if let Some(factors) = self.factors {
            let unwanted = self.plan.computed() - self.plan.columns();
            scale::<V>(proof, &mut self.values[unwanted..], factors);
        }
    }

    /// u by the caller's axes.
    #[inline(always)]
    fn direction<V: Lanes<Number = T>>(&self, proof: V::Proof) -> [V; 3] {
        let native = [0, 1, 2].map(|axis| V::load(proof, &self.at[axis]));
        self.plan.frame.axes.to_caller(native)
    }

    /// Divided by |r|.
    #[inline(always)]
    fn per_length<V: Lanes<Number = T>>(&self, proof: V::Proof, derivative: V) -> V {
        if !self.plan.frame.divides() {
            return derivative;
        }
        let [scaled, factor] = self.inverse;
        derivative.mul(V::load(proof, scaled)).mul(V::load(proof, factor))
    }
}

/// Times a factor.
struct Times<V>(V);

impl<V: Lanes> Finish<V> for Times<V> {
    const READS_VALUES: bool = false;

    #[inline(always)]
    fn finish(&self, _axis: usize, _value: V, derivative: V) -> V {
        derivative.mul(self.0)
    }
}

/// ∂_i (Y / |r|^l) = (∂_i Y - l u_i Y) / |r|, from native values and l u.
struct OnSphere<'a, V: Lanes> {
    values: &'a [BlockOf<V>],
    along: [V; 3],
    inverse: V,
}

impl<V: Lanes> Finish<V> for OnSphere<'_, V> {
    const READS_VALUES: bool = true;

    #[inline(always)]
    fn values(&self) -> &[BlockOf<V>] {
        self.values
    }

    #[inline(always)]
    fn finish(&self, axis: usize, value: V, derivative: V) -> V {
        self.along[axis].neg_mul_add(value, derivative).mul(self.inverse)
    }
}

/// Times a second factor of 1/|r|.
struct Twofold<'a, V: Lanes>(OnSphere<'a, V>, V);

impl<V: Lanes> Finish<V> for Twofold<'_, V> {
    const READS_VALUES: bool = true;

    #[inline(always)]
    fn values(&self) -> &[BlockOf<V>] {
        self.0.values
    }

    #[inline(always)]
    fn finish(&self, axis: usize, value: V, derivative: V) -> V {
        self.0.finish(axis, value, derivative).mul(self.1)
    }
}

/// The lower triangle of `[3][3]` from the upper one.
#[inline(always)]
fn mirror<B: Copy>(hessians: &mut [B], size: usize) {
    for (from, to) in [(1, 3), (2, 6), (5, 7)] {
        hessians.copy_within(from * size..(from + 1) * size, to * size);
    }
}

/// Multiplies each block by its factor.
#[inline(always)]
fn scale<V: Lanes>(proof: V::Proof, blocks: &mut [BlockOf<V>], factors: &[V::Number]) {
    for (block, &factor) in blocks.iter_mut().zip(factors) {
        V::load(proof, block).mul(V::splat(proof, factor)).store(block);
    }
}

/// A small integer.
#[inline(always)]
fn integer<V: Lanes>(proof: V::Proof, l: usize) -> V {
    V::splat(proof, V::Number::constant(l as f64, l as f32))
}
