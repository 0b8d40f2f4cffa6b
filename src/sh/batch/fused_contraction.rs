//! Contractions with a program, in one function for each degree: pull-backs read cotangents from
//! rows into registers and write nothing but the gradient, push-forwards write rows. The chain rule of the
//! spherical form is applied to vectors: to the gradient, or to the tangents before the program.

use std::marker::PhantomData;

use super::contraction::{Contract, Contraction};
use super::fused::{Source, runs, stock};
use super::plan::Plan;
use super::points::{Frame, Positions, dot};
use super::programs::{self, PullBack, PushForward, RowSink, WithPullBack, WithPushForward};
use crate::sh::Form;
use crate::simd::{
    Arithmetic, Job, Lanes, Narrow, Number, RowGroups, RowsToRead, Unrolled, UnrolledJob,
};

/// What is read, and where the result goes.
pub(super) struct FusedContraction<'a, T> {
    plan: Plan,
    positions: Positions<'a, T>,
    n: usize,
    read: &'a [T],
    written: &'a mut [T],
    backwards: bool,
}

impl<'a, T> FusedContraction<'a, T> {
    /// The contraction, or what was given if it is none of those with programs.
    #[expect(clippy::result_large_err, reason = "no error: what is given back goes on another way")]
    pub fn new(task: Contract<'a, T>) -> Result<Self, Contract<'a, T>> {
        let Contract { plan, positions, n, contraction } = task;
        let (read, written, backwards) = match contraction {
            Contraction::PullBack { cotangents, gradient } => (cotangents, gradient, true),
            Contraction::PushForward { tangents, derivatives } => (tangents, derivatives, false),
            contraction => return Err(Contract { plan, positions, n, contraction }),
        };
        Ok(FusedContraction { plan, positions, n, read, written, backwards })
    }

    /// What was given.
    pub fn into_contract(self) -> Contract<'a, T> {
        let FusedContraction { plan, positions, n, read, written, backwards } = self;
        let contraction = match backwards {
            true => Contraction::PullBack { cotangents: read, gradient: written },
            false => Contraction::PushForward { tangents: read, derivatives: written },
        };
        Contract { plan, positions, n, contraction }
    }
}

impl<T: Number> UnrolledJob<T> for FusedContraction<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Unrolled<Number = T>>(self, proof: V::Proof) {
        let (lmax, backwards) = (self.plan.high, self.backwards);
        let job = OnRows::<V> { task: self, proof };
        match backwards {
            true => programs::pull_back(lmax, job),
            false => programs::push_forward(lmax, job),
        }
    }
}

/// The task, once the program is chosen.
struct OnRows<'a, V: Unrolled> {
    task: FusedContraction<'a, V::Number>,
    proof: V::Proof,
}

impl<V: Unrolled> WithPullBack for OnRows<'_, V> {
    #[inline(always)]
    fn with<P: PullBack, const K: usize>(self) {
        V::call(self.proof, Backwards::<_, P, K> { task: self.task, program: PhantomData });
    }
}

impl<V: Unrolled> WithPushForward for OnRows<'_, V> {
    #[inline(always)]
    fn with<P: PushForward, const K: usize>(self) {
        V::call(self.proof, Forwards::<_, P, K> { task: self.task, program: PhantomData });
    }
}

/// P a/|r| for spherical harmonics, where P projects on the sphere; a for solid ones.
#[inline(always)]
fn tangential<V: Lanes>(
    proof: V::Proof,
    source: &Source<'_, '_, V>,
    u: [V::Narrow; 3],
    a: [V::Narrow; 3],
) -> [V::Narrow; 3] {
    if source.is_solid() {
        return a;
    }
    let radial = dot(u, a);
    let ([u, v, w], [x, y, z]) = (u, a);
    let [first, second] = source.inverse(proof);
    [
        radial.neg_mul_add(u, x).mul(first).mul(second),
        radial.neg_mul_add(v, y).mul(first).mul(second),
        radial.neg_mul_add(w, z).mul(first).mul(second),
    ]
}

struct Backwards<'a, T, P, const K: usize> {
    task: FusedContraction<'a, T>,
    program: PhantomData<P>,
}

impl<T: Number, P: PullBack, const K: usize> Job<T> for Backwards<'_, T, P, K> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(self, proof: V::Proof) {
        let FusedContraction { plan, positions, n, read, written, .. } = self.task;
        let (frame, constants) = (plan.turning_frame(), plan.constants::<P, T>());
        let (points, mut stock) = (V::Narrow::POINTS, stock::<V>());
        for [first, groups] in runs(n, points) {
            let gradient = &mut written[3 * first..];
            let [mut rows] = RowGroups::<V::Narrow, 1, 3>::by_component(gradient, groups, [0]);
            let cotangents = read[first * K..].chunks_exact(points * K).take(groups);
            let mut source = Source::<V>::new(frame, positions, first, &mut stock);
            for cotangents in cotangents {
                let r = source.next(proof);
                let cotangents = RowsToRead::<V::Narrow>::new(proof, cotangents, K);
                let pulled = P::run::<V::Narrow>(proof, constants, r, &cotangents);
                let [x, y, z] = frame.to_caller(tangential(proof, &source, r, pulled));
                let mut rows = rows.next();
                rows.one(0, x);
                rows.one(1, y);
                rows.one(2, z);
            }
        }
    }
}

struct Forwards<'a, T, P, const K: usize> {
    task: FusedContraction<'a, T>,
    program: PhantomData<P>,
}

impl<T: Number, P: PushForward, const K: usize> Job<T> for Forwards<'_, T, P, K> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(self, proof: V::Proof) {
        let FusedContraction { plan, positions, n, read, written, .. } = self.task;
        let (frame, constants) = (plan.turning_frame(), plan.constants::<P, T>());
        let (points, mut stock, mut other) = (V::Narrow::POINTS, stock::<V>(), stock::<V>());
        // Tangents are exchanged and turned as positions are, and keep their lengths.
        let straight = Frame { form: Form::Solid, ..frame };
        for [first, groups] in runs(n, points) {
            let rows = &mut written[first * K..];
            let [mut rows] = RowGroups::<V::Narrow, 1, K>::by_component(rows, groups, [0]);
            let mut source = Source::<V>::new(frame, positions, first, &mut stock);
            let mut tangents = Source::<V>::new(straight, Positions::Rows(read), first, &mut other);
            for _ in 0..groups {
                let r = source.next(proof);
                let w = tangential(proof, &source, r, tangents.next(proof));
                let mut sink = RowSink { values: rows.next(), gradient: [], hessian: [] };
                P::run::<V::Narrow>(proof, constants, r, w, &mut sink);
            }
        }
    }
}
