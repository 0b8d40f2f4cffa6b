//! Contracted derivatives: products of vectors with the Jacobian, which is never stored.
//!
//! In native terms, with the linear maps of [`lower`]: the pull-back of cotangents g is
//! v = Σ g ∇Y; the derivative along w is D_w Y. Since D_w maps degree l - 1 to degree l with
//! constant coefficients, the derivative of Σ g D_w Y by position is the pull-back of D_wᵀ g.
//!
//! Spherical harmonics are solid ones at u = r/|r|, and P = 1 - u uᵀ projects on the sphere:
//! - pull-back: P v/|r|;
//! - along w: D_{w'} Y at u, with w' = P w/|r|;
//! - twice: w · P v/|r| = w' · v, whose derivative is P v'/|r| for v (v' is the pull-back of
//!   D_{w'}ᵀ g at u) and, for w', -(w' · v) u/|r| - (u · v) w'/|r| - (w · u) P v/|r|².

use super::contraction::{Contract, Contraction};
use super::fill::DegreeTables;
use super::fused_contraction::FusedContraction;
use super::lower;
use super::output::{Output, read, read_vectors, write_vectors};
use super::plan::{MOST, Plan};
use super::points::{Inverse, dot};
use super::way::is_fused_contraction;
use crate::sh::Form;
use crate::simd::{Aligned, BlockOf, Job, Lanes, Number, Path};

impl<T: DegreeTables> Contract<'_, T> {
    /// Runs in one function where there is one, or with enough memory on the stack.
    pub fn start(self, path: Path) {
        let Err(task) = self.fused(path) else { return };
        match 3 * task.plan.computed() {
            0..=48 => task.with_stack::<48>(path),
            49..=512 => task.with_stack::<512>(path),
            _ => task.with_stack::<{ 3 * MOST }>(path),
        }
    }

    /// Runs in one function, if there is one on the path.
    #[expect(clippy::result_large_err, reason = "no error: what is given back goes on another way")]
    fn fused(self, path: Path) -> Result<(), Self> {
        if !is_fused_contraction(&self.plan, self.n, &self.contraction) {
            return Err(self);
        }
        let job = FusedContraction::new(self)?;
        T::run_unrolled(path, job).map_err(FusedContraction::into_contract)
    }

    #[inline(never)]
    fn with_stack<const N: usize>(self, path: Path) {
        let mut scratch = Aligned([T::ZERO; N]);
        T::run(path, WithScratch { task: self, scratch: &mut scratch.0 });
    }
}

struct WithScratch<'a, 'b, T: Number> {
    task: Contract<'a, T>,
    scratch: &'b mut [T::Block],
}

impl<T: DegreeTables> Job<T> for WithScratch<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(self, proof: V::Proof) {
        let Contract { plan, positions, n, mut contraction } = self.task;
        let computed = plan.computed();
        let columns = plan.columns();
        let (values, scratch) = self.scratch.split_at_mut(computed);
        let (first, scratch) = scratch.split_at_mut(computed);
        let second = &mut scratch[..computed];
        let factors = plan.factors::<T>();
        let factors = factors.as_ref().map(|all| &all[..columns]);
        let mut point = Aligned([[T::ZERO; 3]]);
        let mut inverse = Aligned([T::ZERO; 2]);
        for block in 0..n.div_ceil(T::WIDTH) {
            let at = block * T::WIDTH;
            plan.frame.load::<V>(proof, positions, at, &mut point.0[0], &mut inverse.0);
            plan.fill::<V>(proof, &point.0, values);
            let here = Here::<V>::new(proof, plan, values, &point.0[0], &inverse.0);
            match &mut contraction {
                Contraction::PullBack { cotangents, gradient } => {
                    let g = &mut first[..columns];
                    read::<V>(proof, cotangents, plan.layout, [block, n], g);
                    scale::<V>(proof, g, factors);
                    let pulled = here.pull_back(proof, g);
                    write_vectors::<V>(plan.frame.axes.to_caller(pulled), gradient, at);
                }
                Contraction::PushForward { tangents, derivatives } => {
                    let out = &mut first[..columns];
                    let w = plan.frame.axes.to_native(read_vectors(proof, tangents, at));
                    here.push_forward(proof, w, out);
                    scale::<V>(proof, out, factors);
                    write::<V>(proof, plan, derivatives, [block, n], out);
                }
                Contraction::Twice { cotangents, weights, by_positions } => {
                    let w = plan.frame.axes.to_native(read_vectors(proof, weights, at));
                    let g = &mut first[..columns];
                    read::<V>(proof, cotangents, plan.layout, [block, n], g);
                    scale::<V>(proof, g, factors);
                    let pulled = here.pull_back_twice(proof, w, g, second);
                    write_vectors::<V>(plan.frame.axes.to_caller(pulled), by_positions, at);
                }
            }
        }
    }
}

/// Writes the block of points `index` of an array of the caller.
#[inline(always)]
fn write<V: Lanes>(
    proof: V::Proof,
    plan: Plan,
    numbers: &mut [V::Number],
    at: [usize; 2],
    tile: &[BlockOf<V>],
) {
    let (layout, columns) = (plan.layout, plan.columns());
    let mut output = Output { numbers, layout, components: 1, columns };
    output.write::<V>(proof, &[tile], at);
}

/// Multiplies each block by its factor, if there are any.
#[inline(always)]
fn scale<V: Lanes>(proof: V::Proof, blocks: &mut [BlockOf<V>], factors: Option<&[V::Number]>) {
    for (block, &factor) in blocks.iter_mut().zip(factors.unwrap_or_default()) {
        V::load(proof, block).mul(V::splat(proof, factor)).store(block);
    }
}

/// One block of points: the native values there, and the sphere they are on.
struct Here<'a, V: Lanes> {
    plan: Plan,
    values: &'a [BlockOf<V>],
    spherical: bool,
    u: [V; 3],
    inverse: Option<[V; 2]>,
}

impl<'a, V: Lanes> Here<'a, V>
where
    V::Number: DegreeTables,
{
    #[inline(always)]
    fn new(
        proof: V::Proof,
        plan: Plan,
        values: &'a [BlockOf<V>],
        [x, y, z]: &[BlockOf<V>; 3],
        [scaled, factor]: &Inverse<BlockOf<V>>,
    ) -> Self {
        let inverse = [V::load(proof, scaled), V::load(proof, factor)];
        Here {
            plan,
            values,
            spherical: plan.frame.form == Form::Spherical,
            u: [V::load(proof, x), V::load(proof, y), V::load(proof, z)],
            inverse: plan.frame.divides().then_some(inverse),
        }
    }

    /// The harmonics of degree l - 1; none for l = 0.
    #[inline(always)]
    fn below(&self, l: usize) -> &[BlockOf<V>] {
        match l {
            0 => &[],
            _ => &self.values[self.plan.row(l - 1)],
        }
    }

    /// a/|r|.
    #[inline(always)]
    fn per_length(&self, a: V) -> V {
        match self.inverse {
            Some([scaled, factor]) => a.mul(scaled).mul(factor),
            None => a,
        }
    }

    /// P a/|r| for spherical harmonics, a for solid ones.
    #[inline(always)]
    fn tangential(&self, a: [V; 3]) -> [V; 3] {
        if !self.spherical {
            return a;
        }
        let [u, v, w] = self.u;
        let radial = dot(self.u, a);
        let [x, y, z] = a;
        [
            self.per_length(radial.neg_mul_add(u, x)),
            self.per_length(radial.neg_mul_add(v, y)),
            self.per_length(radial.neg_mul_add(w, z)),
        ]
    }

    /// Σ g ∇Y of solid harmonics.
    #[inline(always)]
    fn solid_pull_back(&self, proof: V::Proof, g: &[BlockOf<V>]) -> [V; 3] {
        let none = V::splat(proof, V::Number::default());
        let mut sum = [none; 3];
        for l in self.plan.degrees() {
            let g = &g[self.plan.column(l)];
            sum = lower::pull_back(proof, V::Number::lowering(l), self.below(l), g, sum);
        }
        sum
    }

    #[inline(always)]
    fn pull_back(&self, proof: V::Proof, g: &[BlockOf<V>]) -> [V; 3] {
        self.tangential(self.solid_pull_back(proof, g))
    }

    #[inline(always)]
    fn push_forward(&self, proof: V::Proof, w: [V; 3], out: &mut [BlockOf<V>]) {
        let w = self.tangential(w);
        for l in self.plan.degrees() {
            let out = &mut out[self.plan.column(l)];
            lower::push_forward(proof, V::Number::lowering(l), self.below(l), w, out);
        }
    }

    /// The derivative by position of the pull-back of `g` along `w`. `memory` is for as many
    /// blocks as there are computed values.
    #[inline(always)]
    fn pull_back_twice(
        &self,
        proof: V::Proof,
        w: [V; 3],
        g: &[BlockOf<V>],
        memory: &mut [BlockOf<V>],
    ) -> [V; 3] {
        let none = V::splat(proof, V::Number::default());
        let tangent = self.tangential(w);
        let mut second = [none; 3];
        for l in self.plan.low.max(2)..=self.plan.high {
            let lowered = &mut memory[..2 * l - 1];
            let g = &g[self.plan.column(l)];
            lower::transpose::<V>(proof, V::Number::lowering(l), g, tangent, lowered);
            let below = &self.values[self.plan.row(l - 2)];
            second = lower::pull_back(proof, V::Number::lowering(l - 1), below, lowered, second);
        }
        if !self.spherical {
            return second;
        }
        let first = self.solid_pull_back(proof, g);
        let [wv, uv] = [dot(tangent, first), dot(self.u, first)];
        let projected = self.tangential(first);
        let wu = self.per_length(dot(w, self.u));
        let second = self.tangential(second);
        let mut sum = second;
        for axis in 0..3 {
            let along = wv.mul_add(self.u[axis], uv.mul(tangent[axis]));
            let rest = self.per_length(along);
            sum[axis] = sum[axis].sub(rest).sub(wu.mul(projected[axis]));
        }
        sum
    }
}
