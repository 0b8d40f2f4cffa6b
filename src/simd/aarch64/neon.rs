//! NEON: a block is four registers. Written for aarch64, where every processor has it; not built by
//! the tests of this library.
#![expect(unsafe_code, reason = "instructions of a path; see the contract of the module above")]

use std::arch::aarch64::*;

use super::{Blocks, Job, Lanes, Squares};

/// That the machine has NEON.
#[derive(Clone, Copy)]
pub struct Neon;

/// Eight f64.
#[derive(Clone, Copy)]
pub struct Doubles([float64x2_t; 4]);

/// Sixteen f32.
#[derive(Clone, Copy)]
pub struct Singles([float32x4_t; 4]);

/// The operations that differ only in the names of instructions.
macro_rules! lanes {
    ($name:ident, $number:ty, $width:literal, $splat:ident, $load:ident, $store:ident, $add:ident,
     $sub:ident, $mul:ident, $div:ident, $neg:ident, $sqrt:ident, $fma:ident, $fms:ident,
     $load_points:ident) => {
        impl $name {
            #[inline(always)]
            fn quarters(block: &[$number; 4 * $width]) -> [&[$number; $width]; 4] {
                let (quarters, _) = block.as_chunks();
                [&quarters[0], &quarters[1], &quarters[2], &quarters[3]]
            }
        }

        impl Lanes for $name {
            type Number = $number;
            type Proof = Neon;
            type Narrow = Self;
            const UNROLLED: bool = true;
            const REGISTERS: usize = 8;

            #[inline(never)]
            fn call<J: Job<$number>>(proof: Neon, job: J) -> J::Output {
                job.run::<Self>(proof)
            }

            #[inline(always)]
            fn splat(_proof: Neon, value: $number) -> Self {
                // SAFETY: every aarch64 processor has NEON, here and below.
                $name([unsafe { $splat(value) }; 4])
            }

            #[inline(always)]
            fn load(_proof: Neon, block: &[$number; 4 * $width]) -> Self {
                // SAFETY: a quarter is as long as a register.
                $name(Self::quarters(block).map(|quarter| unsafe { $load(quarter.as_ptr()) }))
            }

            #[inline(always)]
            fn store(self, block: &mut [$number; 4 * $width]) {
                let (quarters, _) = block.as_chunks_mut::<$width>();
                for (quarter, value) in quarters.iter_mut().zip(self.0) {
                    // SAFETY: a quarter is as long as a register.
                    unsafe { $store(quarter.as_mut_ptr(), value) }
                }
            }

            #[inline(always)]
            fn add(self, b: Self) -> Self {
                $name(std::array::from_fn(|i| unsafe { $add(self.0[i], b.0[i]) }))
            }

            #[inline(always)]
            fn sub(self, b: Self) -> Self {
                $name(std::array::from_fn(|i| unsafe { $sub(self.0[i], b.0[i]) }))
            }

            #[inline(always)]
            fn mul(self, b: Self) -> Self {
                $name(std::array::from_fn(|i| unsafe { $mul(self.0[i], b.0[i]) }))
            }

            #[inline(always)]
            fn div(self, b: Self) -> Self {
                $name(std::array::from_fn(|i| unsafe { $div(self.0[i], b.0[i]) }))
            }

            #[inline(always)]
            fn neg(self) -> Self {
                $name(self.0.map(|a| unsafe { $neg(a) }))
            }

            #[inline(always)]
            fn sqrt(self) -> Self {
                $name(self.0.map(|a| unsafe { $sqrt(a) }))
            }

            #[inline(always)]
            fn mul_add(self, b: Self, c: Self) -> Self {
                $name(std::array::from_fn(|i| unsafe { $fma(c.0[i], self.0[i], b.0[i]) }))
            }

            #[inline(always)]
            fn mul_sub(self, b: Self, c: Self) -> Self {
                self.neg_mul_add(b, c).neg()
            }

            #[inline(always)]
            fn neg_mul_add(self, b: Self, c: Self) -> Self {
                $name(std::array::from_fn(|i| unsafe { $fms(c.0[i], self.0[i], b.0[i]) }))
            }

            #[inline(always)]
            fn all_within(self, low: $number, high: $number) -> bool {
                let mut block = <$number as Blocks>::ZERO;
                self.store(&mut block);
                block.iter().all(|value| (low..=high).contains(value))
            }

            #[inline(always)]
            fn load_points(_proof: Neon, rows: &[$number]) -> [Self; 3] {
                let rows = &rows[..12 * $width];
                // SAFETY: the slice holds four times three registers.
                let quarters = [0, 1, 2, 3].map(|quarter| unsafe {
                    $load_points(rows.as_ptr().add(3 * $width * quarter))
                });
                [
                    $name(quarters.map(|quarter| quarter.0)),
                    $name(quarters.map(|quarter| quarter.1)),
                    $name(quarters.map(|quarter| quarter.2)),
                ]
            }

            #[inline(always)]
            unsafe fn transpose(
                _proof: Neon,
                from: Squares<*const $number>,
                to: Squares<*mut $number>,
                count: usize,
            ) {
                for square in 0..count {
                    for row in 0..4 * $width {
                        for column in 0..4 * $width {
                            let at = square * from.step + row * from.stride + column;
                            let target = square * to.step + column * to.stride + row;
                            // SAFETY: both are inside the squares that the caller vouches for.
                            unsafe { *to.first.add(target) = *from.first.add(at) }
                        }
                    }
                }
            }

            #[inline(always)]
            fn stream(
                _proof: Neon,
                from: &[<$number as Blocks>::Block],
                to: &mut [<$number as Blocks>::Block],
            ) {
                // There are no streaming stores behind stable intrinsics.
                to.copy_from_slice(from);
            }
        }
    };
}

lanes!(
    Doubles,
    f64,
    2,
    vdupq_n_f64,
    vld1q_f64,
    vst1q_f64,
    vaddq_f64,
    vsubq_f64,
    vmulq_f64,
    vdivq_f64,
    vnegq_f64,
    vsqrtq_f64,
    vfmaq_f64,
    vfmsq_f64,
    vld3q_f64
);
lanes!(
    Singles,
    f32,
    4,
    vdupq_n_f32,
    vld1q_f32,
    vst1q_f32,
    vaddq_f32,
    vsubq_f32,
    vmulq_f32,
    vdivq_f32,
    vnegq_f32,
    vsqrtq_f32,
    vfmaq_f32,
    vfmsq_f32,
    vld3q_f32
);
