//! Lanes with and without a derivative: the evaluation is written once for both.

use crate::simd::{BlockOf, Lanes};

/// Numbers in lanes that can be multiplied and added.
pub(in crate::kernels) trait Ring<V: Lanes>: Copy {
    /// The blocks of one number.
    const PARTS: usize;

    fn zero(proof: V::Proof) -> Self;
    /// From the first [`Ring::PARTS`] blocks.
    fn load(proof: V::Proof, blocks: &[BlockOf<V>]) -> Self;
    fn store(self, blocks: &mut [BlockOf<V>]);
    fn add(self, b: Self) -> Self;
    fn mul(self, b: Self) -> Self;
    /// `self · b + c`.
    fn mul_add(self, b: Self, c: Self) -> Self;
}

/// A kind of numbers, whatever the lanes are.
pub(in crate::kernels) trait Kind {
    /// The numbers over lanes V.
    type Of<V: Lanes>: Ring<V>;
}

/// The kind of [`Plain`].
pub(in crate::kernels) struct Values;

impl Kind for Values {
    type Of<V: Lanes> = Plain<V>;
}

/// The kind of [`Dual`].
pub(in crate::kernels) struct Derivatives;

impl Kind for Derivatives {
    type Of<V: Lanes> = Dual<V>;
}

/// Values.
#[derive(Clone, Copy)]
pub(in crate::kernels) struct Plain<V>(V);

impl<V: Lanes> Ring<V> for Plain<V> {
    const PARTS: usize = 1;

    #[inline(always)]
    fn zero(proof: V::Proof) -> Self {
        Plain(V::splat(proof, V::Number::default()))
    }

    #[inline(always)]
    fn load(proof: V::Proof, blocks: &[BlockOf<V>]) -> Self {
        Plain(V::load(proof, &blocks[0]))
    }

    #[inline(always)]
    fn store(self, blocks: &mut [BlockOf<V>]) {
        self.0.store(&mut blocks[0]);
    }

    #[inline(always)]
    fn add(self, b: Self) -> Self {
        Plain(self.0.add(b.0))
    }

    #[inline(always)]
    fn mul(self, b: Self) -> Self {
        Plain(self.0.mul(b.0))
    }

    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        Plain(self.0.mul_add(b.0, c.0))
    }
}

/// Values with a derivative along one direction.
#[derive(Clone, Copy)]
pub(in crate::kernels) struct Dual<V>(V, V);

impl<V: Lanes> Ring<V> for Dual<V> {
    const PARTS: usize = 2;

    #[inline(always)]
    fn zero(proof: V::Proof) -> Self {
        let zero = V::splat(proof, V::Number::default());
        Dual(zero, zero)
    }

    #[inline(always)]
    fn load(proof: V::Proof, blocks: &[BlockOf<V>]) -> Self {
        Dual(V::load(proof, &blocks[0]), V::load(proof, &blocks[1]))
    }

    #[inline(always)]
    fn store(self, blocks: &mut [BlockOf<V>]) {
        self.0.store(&mut blocks[0]);
        self.1.store(&mut blocks[1]);
    }

    #[inline(always)]
    fn add(self, b: Self) -> Self {
        Dual(self.0.add(b.0), self.1.add(b.1))
    }

    #[inline(always)]
    fn mul(self, b: Self) -> Self {
        Dual(self.0.mul(b.0), self.0.mul_add(b.1, self.1.mul(b.0)))
    }

    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        Dual(self.0.mul_add(b.0, c.0), self.0.mul_add(b.1, self.1.mul_add(b.0, c.1)))
    }
}
