//! Several blocks of lanes as one value, so that straight-line code for channels reads what they
//! share once: a processor with 32 registers takes two.
//!
//! The functions are those of [`Lanes`], block by block.

use std::array::from_fn;

use crate::simd::{BlockOf, Lanes};

/// B blocks of lanes.
#[derive(Clone, Copy)]
pub(super) struct Wide<V, const B: usize>(pub [V; B]);

#[allow(dead_code, reason = "which operations generated code needs depends on LMAX")]
impl<V: Lanes, const B: usize> Wide<V, B> {
    /// The same number in every lane.
    #[inline(always)]
    pub fn splat(proof: V::Proof, value: V::Number) -> Self {
        Wide([V::splat(proof, value); B])
    }

    /// One component of B arrays.
    #[inline(always)]
    pub fn load<const N: usize>(
        proof: V::Proof,
        arrays: &[&[BlockOf<V>; N]; B],
        index: usize,
    ) -> Self {
        Wide(from_fn(|b| V::load(proof, &arrays[b][index])))
    }

    /// The same of arrays that are written.
    #[inline(always)]
    pub fn load_mut<const N: usize>(
        proof: V::Proof,
        arrays: &[&mut [BlockOf<V>; N]; B],
        index: usize,
    ) -> Self {
        Wide(from_fn(|b| V::load(proof, &arrays[b][index])))
    }

    /// Stores one component of B arrays.
    #[inline(always)]
    pub fn store<const N: usize>(self, arrays: &mut [&mut [BlockOf<V>; N]; B], index: usize) {
        for (value, array) in self.0.into_iter().zip(arrays) {
            value.store(&mut array[index]);
        }
    }

    /// `self + b`.
    #[inline(always)]
    pub fn add(self, other: Self) -> Self {
        Wide(from_fn(|b| self.0[b].add(other.0[b])))
    }

    /// `self - b`.
    #[inline(always)]
    pub fn sub(self, other: Self) -> Self {
        Wide(from_fn(|b| self.0[b].sub(other.0[b])))
    }

    /// `self · b`.
    #[inline(always)]
    pub fn mul(self, other: Self) -> Self {
        Wide(from_fn(|b| self.0[b].mul(other.0[b])))
    }

    /// `-self`.
    #[inline(always)]
    pub fn neg(self) -> Self {
        Wide(from_fn(|b| self.0[b].neg()))
    }

    /// `self · other + sum`.
    #[inline(always)]
    pub fn mul_add(self, other: Self, sum: Self) -> Self {
        Wide(from_fn(|b| self.0[b].mul_add(other.0[b], sum.0[b])))
    }

    /// `self · other - sum`.
    #[inline(always)]
    pub fn mul_sub(self, other: Self, sum: Self) -> Self {
        Wide(from_fn(|b| self.0[b].mul_sub(other.0[b], sum.0[b])))
    }

    /// `sum - self · other`.
    #[inline(always)]
    pub fn neg_mul_add(self, other: Self, sum: Self) -> Self {
        Wide(from_fn(|b| self.0[b].neg_mul_add(other.0[b], sum.0[b])))
    }

    /// One block plus `self · other` of all blocks.
    #[inline(always)]
    pub fn product_to(self, other: Self, sum: V) -> V {
        (0..B).fold(sum, |sum, b| self.0[b].mul_add(other.0[b], sum))
    }

    /// One block minus `self · other` of all blocks.
    #[inline(always)]
    pub fn product_from(self, other: Self, sum: V) -> V {
        (0..B).fold(sum, |sum, b| self.0[b].neg_mul_add(other.0[b], sum))
    }
}
