//! What a contraction of derivatives reads and writes.

use super::plan::Plan;
use super::points::Positions;
#[cfg(feature = "rayon")]
use crate::simd::Number;

/// What is contracted, and where the results go.
pub(super) enum Contraction<'a, T> {
    PullBack {
        cotangents: &'a [T],
        gradient: &'a mut [T],
    },
    PushForward {
        tangents: &'a [T],
        derivatives: &'a mut [T],
    },
    /// The derivative by positions of Σ weights · (the pull-back of the cotangents).
    Twice {
        cotangents: &'a [T],
        weights: &'a [T],
        by_positions: &'a mut [T],
    },
}

impl<T> Contraction<'_, T> {
    /// The order of the derivatives.
    pub fn order(&self) -> usize {
        match self {
            Contraction::PullBack { .. } | Contraction::PushForward { .. } => 1,
            Contraction::Twice { .. } => 2,
        }
    }
}

/// One contraction of a batch.
pub(super) struct Contract<'a, T> {
    pub plan: Plan,
    pub positions: Positions<'a, T>,
    pub n: usize,
    pub contraction: Contraction<'a, T>,
}

#[cfg(feature = "rayon")]
impl<'a, T: Number> Contract<'a, T> {
    /// The first half of the points, in whole blocks, and the others.
    pub fn halves(self) -> (Self, Self) {
        let at = (self.n / 2).next_multiple_of(T::WIDTH);
        let (left, right) = self.positions.split(at);
        let (first, second) = self.contraction.split(at, self.plan.columns());
        let part =
            |positions, n, contraction| Contract { plan: self.plan, positions, n, contraction };
        (part(left, at, first), part(right, self.n - at, second))
    }
}

#[cfg(feature = "rayon")]
impl<'a, T> Contraction<'a, T> {
    /// What belongs to the points before `at`, a whole number of blocks, and the rest.
    fn split(self, at: usize, columns: usize) -> (Contraction<'a, T>, Contraction<'a, T>) {
        match self {
            Contraction::PullBack { cotangents, gradient } => {
                let (cotangents, other) = cotangents.split_at(at * columns);
                let (gradient, rest) = gradient.split_at_mut(3 * at);
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
            Contraction::Twice { cotangents, weights, by_positions } => {
                let (cotangents, other) = cotangents.split_at(at * columns);
                let (weights, other_weights) = weights.split_at(3 * at);
                let (by_positions, rest) = by_positions.split_at_mut(3 * at);
                (
                    Contraction::Twice { cotangents, weights, by_positions },
                    Contraction::Twice {
                        cotangents: other,
                        weights: other_weights,
                        by_positions: rest,
                    },
                )
            }
        }
    }
}
