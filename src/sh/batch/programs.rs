//! The generated programs: straight-line code for all degrees to a low one, over lanes of any kind
//! and for results of any place.

use super::fill::BlockOf;
use crate::Scalar;
use crate::simd::{Arithmetic, Lanes, Narrow, Strip};

/// Where the columns of one component go.
pub(super) trait Sink<A> {
    /// Takes the column `index`.
    fn one(&mut self, index: usize, value: A);

    /// Takes the columns from `index` on, a multiple of four.
    fn four(&mut self, index: usize, columns: [A; 4]);
}

/// A generated program: lanes of x, y, z to values, G components of the gradient and H of the
/// Hessian, along the native axes.
pub(super) trait Program<const G: usize, const H: usize> {
    fn run<A: Arithmetic, S: Sink<A>>(
        proof: A::Proof,
        r: [A; 3],
        values: &mut S,
        gradient: &mut [S; G],
        hessian: &mut [S; H],
    );
}

/// What is done with a program once it is chosen. K is the number of its columns.
pub(super) trait WithProgram<const G: usize, const H: usize> {
    fn with<P: Program<G, H>, const K: usize>(self);
}

/// Blocks of lanes, one for each column.
pub(super) struct BlockSink<'a, B, const K: usize>(pub &'a mut [B; K]);

impl<V: Lanes, const K: usize> Sink<V> for BlockSink<'_, BlockOf<V>, K> {
    #[inline(always)]
    fn one(&mut self, index: usize, value: V) {
        value.store(&mut self.0[index]);
    }

    #[inline(always)]
    fn four(&mut self, index: usize, columns: [V; 4]) {
        for (index, value) in (index..).zip(columns) {
            value.store(&mut self.0[index]);
        }
    }
}

/// Columns of a few rows.
pub(super) struct RowSink<'a, N: Narrow, const K: usize> {
    strip: Strip<'a, N::Number>,
    /// Four columns that wait for the next four.
    held: [N; 4],
}

impl<'a, N: Narrow, const K: usize> RowSink<'a, N, K> {
    #[inline(always)]
    pub fn new(proof: N::Proof, strip: Strip<'a, N::Number>) -> Self {
        let nothing = N::splat(proof, N::Number::constant(0.0, 0.0));
        RowSink { strip, held: [nothing; 4] }
    }
}

impl<N: Narrow, const K: usize> Sink<N> for RowSink<'_, N, K> {
    #[inline(always)]
    fn one(&mut self, index: usize, value: N) {
        self.strip.one(index, value);
    }

    #[inline(always)]
    fn four(&mut self, index: usize, columns: [N; 4]) {
        let odd = index % 8 == 4;
        if N::PAIRED && odd {
            let ([a, b, c, d], [e, f, g, h]) = (self.held, columns);
            self.strip.eight(index - 4, [a, b, c, d, e, f, g, h]);
        } else if N::PAIRED && index + 8 <= K {
            self.held = columns;
        } else {
            self.strip.four(index, columns);
        }
    }
}

/// A correctly rounded constant in every lane.
#[inline(always)]
fn constant<A: Arithmetic>(proof: A::Proof, wide: f64, narrow: f32) -> A {
    A::splat(proof, A::Number::constant(wide, narrow))
}

include!(concat!(env!("OUT_DIR"), "/batch.rs"));
