//! What a contraction of derivatives reads and writes.

use super::plan::Plan;
use super::points::Positions;
use crate::parallel::Cut;

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

impl<T> Cut for Contract<'_, T> {
    fn cut(self, at: usize) -> (Self, Self) {
        let (plan, columns) = (self.plan, self.plan.columns());
        let (positions, other_positions) = self.positions.cut(at);
        let (contraction, other) = self.contraction.cut(at, columns);
        let first = Contract { plan, positions, n: at, contraction };
        let rest = self.n - at;
        (first, Contract { plan, positions: other_positions, n: rest, contraction: other })
    }
}

impl<T> Contraction<'_, T> {
    /// What belongs to the points before `at`, and the rest, where a point has so many harmonics.
    fn cut(self, at: usize, columns: usize) -> (Self, Self) {
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
                let first = Contraction::Twice { cotangents, weights, by_positions };
                let (cotangents, weights, by_positions) = (other, other_weights, rest);
                (first, Contraction::Twice { cotangents, weights, by_positions })
            }
        }
    }
}
