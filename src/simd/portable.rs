//! Blocks as plain arrays: for every machine, without fused multiply-adds, which would be library
//! calls where the target has none.

use super::lanes::{Job, Lanes, Squares};
use super::number::Blocks;

/// Eight f64.
#[derive(Clone, Copy)]
pub struct Doubles([f64; 8]);

/// Sixteen f32.
#[derive(Clone, Copy)]
pub struct Singles([f32; 16]);

/// The lanes of one number type. A macro, because arrays of two lengths share no trait.
macro_rules! lanes {
    ($name:ident, $number:ty, $width:literal) => {
        impl $name {
            #[inline(always)]
            fn map(self, f: impl Fn($number) -> $number) -> Self {
                $name(self.0.map(f))
            }

            #[inline(always)]
            fn zip(self, b: Self, f: impl Fn($number, $number) -> $number) -> Self {
                $name(std::array::from_fn(|lane| f(self.0[lane], b.0[lane])))
            }
        }

        impl Lanes for $name {
            type Number = $number;
            type Proof = ();
            type Narrow = Self;
            const REGISTERS: usize = 8;

            #[inline(never)]
            fn call<J: Job<$number>>(proof: (), job: J) -> J::Output {
                job.run::<Self>(proof)
            }

            #[inline(always)]
            fn splat(_proof: (), value: $number) -> Self {
                $name([value; $width])
            }

            #[inline(always)]
            fn load(_proof: (), block: &[$number; $width]) -> Self {
                $name(*block)
            }

            #[inline(always)]
            fn store(self, block: &mut [$number; $width]) {
                *block = self.0;
            }

            #[inline]
            fn add(self, b: Self) -> Self {
                self.zip(b, |a, b| a + b)
            }

            #[inline]
            fn sub(self, b: Self) -> Self {
                self.zip(b, |a, b| a - b)
            }

            #[inline]
            fn mul(self, b: Self) -> Self {
                self.zip(b, |a, b| a * b)
            }

            #[inline]
            fn div(self, b: Self) -> Self {
                self.zip(b, |a, b| a / b)
            }

            #[inline]
            fn neg(self) -> Self {
                self.map(|a| -a)
            }

            #[inline]
            fn sqrt(self) -> Self {
                self.map(<$number>::sqrt)
            }

            #[inline]
            fn mul_add(self, b: Self, c: Self) -> Self {
                self.mul(b).add(c)
            }

            #[inline]
            fn mul_sub(self, b: Self, c: Self) -> Self {
                self.mul(b).sub(c)
            }

            #[inline]
            fn neg_mul_add(self, b: Self, c: Self) -> Self {
                c.sub(self.mul(b))
            }

            #[inline]
            fn all_within(self, low: $number, high: $number) -> bool {
                self.0.iter().all(|value| (low..=high).contains(value))
            }

            #[inline(always)]
            fn load_points(_proof: (), rows: &[$number]) -> [Self; 3] {
                let rows = &rows[..3 * $width];
                [0, 1, 2].map(|axis| $name(std::array::from_fn(|lane| rows[3 * lane + axis])))
            }

            #[expect(unsafe_code, reason = "the caller keeps the contract of the trait")]
            #[inline(always)]
            unsafe fn transpose(
                _proof: (),
                from: Squares<*const $number>,
                to: Squares<*mut $number>,
                count: usize,
            ) {
                for square in 0..count {
                    for row in 0..$width {
                        for column in 0..$width {
                            let at = square * from.step + row * from.stride + column;
                            let target = square * to.step + column * to.stride + row;
                            // SAFETY: both are inside the squares that the caller vouches for.
                            unsafe { *to.first.add(target) = *from.first.add(at) }
                        }
                    }
                }
            }

            fn stream(
                _proof: (),
                from: &[<$number as Blocks>::Block],
                to: &mut [<$number as Blocks>::Block],
            ) {
                to.copy_from_slice(from);
            }
        }
    };
}

lanes!(Doubles, f64, 8);
lanes!(Singles, f32, 16);
