//! What one call computes: the degrees, the memory it needs, the factors of its convention.

use std::ops::RangeInclusive;

use super::fill::{self, DegreeTables, Filling};
use super::points::Frame;
use super::programs::Constants;
use super::{Batch, Layout};
use crate::LMAX;
use crate::sh::{Harmonics, Phase};
use crate::simd::{BlockOf, Lanes, Number};

/// The most values of a point.
pub(super) const MOST: usize = (LMAX + 1) * (LMAX + 1);

/// The index of the first harmonic of a degree.
pub(super) fn start(l: usize) -> usize {
    l * l
}

/// One evaluation of a [`Batch`], in native terms.
#[derive(Clone, Copy)]
pub(super) struct Plan {
    pub low: usize,
    pub high: usize,
    /// The lowest degree whose values are computed: derivatives need those below.
    pub base: usize,
    pub frame: Frame,
    pub layout: Layout,
    convention: Harmonics,
}

impl Plan {
    /// The plan for derivatives up to `order`.
    pub fn new(batch: &Batch, order: usize) -> Plan {
        let (low, high) = (batch.low, batch.high);
        let options = &batch.options;
        let base = low.saturating_sub(order);
        // A value of a single degree costs up to one and a half times one of all.
        let degrees_alone = 3 * (start(high + 1) - start(base)) < 2 * start(high + 1);
        Plan {
            low,
            high,
            base: if degrees_alone { base } else { 0 },
            frame: Frame {
                form: options.form,
                axes: options.axes,
                unit: batch.unit,
                turned: false,
            },
            layout: batch.layout,
            convention: batch.options,
        }
    }

    /// The values of one point.
    pub fn columns(&self) -> usize {
        start(self.high + 1) - start(self.low)
    }

    /// The values of one point that are computed.
    pub fn computed(&self) -> usize {
        start(self.high + 1) - start(self.base)
    }

    /// The harmonics of degree l among the computed ones.
    pub fn row(&self, l: usize) -> std::ops::Range<usize> {
        start(l) - start(self.base)..start(l + 1) - start(self.base)
    }

    /// The harmonics of degree l among the caller's.
    pub fn column(&self, l: usize) -> std::ops::Range<usize> {
        start(l) - start(self.low)..start(l + 1) - start(self.low)
    }

    /// The degrees of the caller.
    pub fn degrees(&self) -> RangeInclusive<usize> {
        self.low..=self.high
    }

    /// Fills the computed values of blocks of points, [`Plan::computed`] blocks for each.
    #[inline(always)]
    pub fn fill<V: Lanes>(
        &self,
        proof: V::Proof,
        points: &[[BlockOf<V>; 3]],
        out: &mut [BlockOf<V>],
    ) where
        V::Number: DegreeTables,
    {
        let Plan { base, high, frame, .. } = *self;
        let stride = self.computed();
        fill::fill::<V>(proof, Filling { base, high, unit: frame.unit, points, out, stride });
    }

    /// The three parts of an array of the caller `[3][computed]`, by native axis.
    #[inline(always)]
    pub fn by_native_axis<'a, B>(&self, array: &'a mut [B]) -> [&'a mut [B]; 3] {
        let size = self.computed();
        let (first, rest) = array.split_at_mut(size);
        let (second, third) = rest.split_at_mut(size);
        let third = &mut third[..size];
        self.frame.axes.to_native([first, second, third])
    }

    /// Whether all degrees to one within `lmax` are asked for.
    pub fn is_all_to(&self, lmax: usize) -> bool {
        self.low == 0 && self.high <= lmax
    }

    /// The frame with the phase in it, for what has no factors.
    pub fn turning_frame(&self) -> Frame {
        Frame { turned: self.has_signs(), ..self.frame }
    }

    /// The constants of a program in the normalization of the caller.
    pub fn constants<P: Constants, T: Number>(&self) -> &'static [T::Half] {
        P::of::<T>(self.convention.normalization)
    }

    /// Whether values are not the native ones.
    pub fn has_factors(&self) -> bool {
        self.convention.has_factors()
    }

    /// Whether the harmonics of one degree have factors of different signs.
    pub fn has_signs(&self) -> bool {
        self.convention.phase == Phase::CondonShortley
    }

    /// The factor of all harmonics of a degree, if there is one and it is not one.
    pub fn degree_factor<T: Number>(&self, l: usize) -> Option<T> {
        if self.has_signs() { None } else { self.convention.normalization.factor(l) }
    }

    /// The factor of each of the caller's harmonics, if any is not one.
    pub fn factors<T: Number>(&self) -> Option<[T; MOST]> {
        if !self.has_factors() {
            return None;
        }
        let one = T::constant(1.0, 1.0);
        let mut factors = [one; MOST];
        for l in self.degrees() {
            for column in self.column(l) {
                let factor = self.convention.normalization.factor(l).unwrap_or(one);
                let negative = self.convention.phase.negates(start(self.low) + column);
                factors[column] = if negative { -factor } else { factor };
            }
        }
        Some(factors)
    }
}
