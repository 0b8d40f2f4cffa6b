//! The pull-back of solid harmonics with a program, in one function for each degree: cotangents are
//! read from rows into registers, and nothing but the gradient is written.

use std::marker::PhantomData;

use super::fused::Source;
use super::points::{Frame, Positions};
use super::programs::{self, PullBack, WithPullBack};
use crate::sh::{Axes, Form};
use crate::simd::{Job, Lanes, Narrow, Number, RowGroups, RowsToRead, Unrolled, UnrolledJob};

/// What is read, and where the gradient goes.
pub(super) struct FusedPullBack<'a, T> {
    pub lmax: usize,
    pub positions: Positions<'a, T>,
    pub n: usize,
    pub cotangents: &'a [T],
    pub gradient: &'a mut [T],
}

const NATIVE: Frame = Frame { form: Form::Solid, axes: Axes::ZPolar, unit: false };

impl<T: Number> UnrolledJob<T> for FusedPullBack<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Unrolled<Number = T>>(self, proof: V::Proof) {
        programs::pull_back(self.lmax, FromRows::<V> { task: self, proof });
    }
}

/// The task, once the program is chosen.
struct FromRows<'a, V: Unrolled> {
    task: FusedPullBack<'a, V::Number>,
    proof: V::Proof,
}

impl<V: Unrolled> WithPullBack for FromRows<'_, V> {
    #[inline(always)]
    fn with<P: PullBack, const K: usize>(self) {
        V::call(self.proof, RowJob::<_, P, K> { task: self.task, program: PhantomData });
    }
}

struct RowJob<'a, T, P, const K: usize> {
    task: FusedPullBack<'a, T>,
    program: PhantomData<P>,
}

impl<T: Number, P: PullBack, const K: usize> Job<T> for RowJob<'_, T, P, K> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(self, proof: V::Proof) {
        let FusedPullBack { positions, n, cotangents, gradient, .. } = self.task;
        let points = V::Narrow::POINTS;
        let whole = n / points * points;
        // Where points are left at the end, the last ones are computed again with them.
        for (first, end) in [(0, whole), (n - points, n)] {
            if whole == n && first > 0 {
                break;
            }
            let groups = (end - first) / points;
            let mut rows = RowGroups::new(&mut gradient[3 * first..], groups, [points, 3]);
            let cotangents = cotangents[first * K..end * K].chunks_exact(points * K);
            let mut source = Source::<V>::new(NATIVE, positions, first);
            for cotangents in cotangents {
                let r = source.next(proof);
                let cotangents = RowsToRead::<V::Narrow>::new(proof, cotangents, K);
                let [x, y, z] = P::run::<V::Narrow>(proof, r, &cotangents);
                let mut rows = rows.next();
                rows.one(0, x);
                rows.one(1, y);
                rows.one(2, z);
            }
        }
    }
}
