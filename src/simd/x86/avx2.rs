//! AVX2 with FMA: a block is two registers.
#![expect(unsafe_code, reason = "instructions of a path; see the contract of the module above")]

use std::arch::x86_64::*;

use super::half::{
    load_points_f32, load_points_f64, narrow_f32, narrow_f64, transpose_f32, transpose_f64,
};
use super::proof::Avx2;
use crate::simd::lanes::{Job, Lanes, Squares, Unrolled, UnrolledJob};
use crate::simd::number::Blocks;

/// Eight f64.
#[derive(Clone, Copy)]
pub struct Doubles([__m256d; 2]);

/// Sixteen f32.
#[derive(Clone, Copy)]
pub struct Singles([__m256; 2]);

#[target_feature(enable = "avx2,fma")]
#[inline(never)]
fn enter<V: Lanes<Proof = Avx2>, J: Job<V::Number>>(proof: Avx2, job: J) -> J::Output {
    job.run::<V>(proof)
}

/// The operations that differ only in the names of instructions.
macro_rules! lanes {
    ($name:ident, $number:ty, $register:ty, $width:literal,
     $splat:ident, $load:ident, $store:ident, $stream:ident, $add:ident, $sub:ident, $mul:ident,
     $div:ident, $sqrt:ident, $fmadd:ident, $fmsub:ident, $fnmadd:ident, $and:ident,
     $compare:ident, $mask:ident, $load_points:ident, $transpose:ident, $transpose_narrow:ident) => {
        impl Unrolled for $name {}

        impl Lanes for $name {
            type Number = $number;
            type Proof = Avx2;
            type Narrow = super::ymm::$name<Avx2>;
            const REGISTERS: usize = 8;

            #[inline(always)]
            fn call<J: Job<$number>>(proof: Avx2, job: J) -> J::Output {
                // SAFETY: the proof says that the machine has the features.
                unsafe { enter::<Self, J>(proof, job) }
            }

            #[inline(always)]
            fn unrolled<J: UnrolledJob<$number>>(proof: Avx2, job: J) -> Result<J::Output, J> {
                Ok(job.run::<Self>(proof))
            }

            #[inline(always)]
            fn splat(_proof: Avx2, value: $number) -> Self {
                // SAFETY: by the proof, as in every function that takes one.
                $name([unsafe { $splat(value) }; 2])
            }

            #[inline(always)]
            fn of_half(_proof: Avx2, half: &<$number as Blocks>::Half) -> Self {
                // SAFETY: by the proof; a half is as long as a register.
                $name([unsafe { $load(half.0.as_ptr()) }; 2])
            }

            #[inline(always)]
            fn load(_proof: Avx2, block: &[$number; 2 * $width]) -> Self {
                // SAFETY: by the proof; a block is as long as two registers.
                unsafe { $name([$load(block.as_ptr()), $load(block.as_ptr().add($width))]) }
            }

            #[inline(always)]
            fn store(self, block: &mut [$number; 2 * $width]) {
                // SAFETY: a value of this type exists only with a proof, here and below; a block
                // is as long as two registers.
                unsafe {
                    $store(block.as_mut_ptr(), self.0[0]);
                    $store(block.as_mut_ptr().add($width), self.0[1]);
                }
            }

            #[inline(always)]
            fn add(self, b: Self) -> Self {
                // SAFETY: see `store`.
                $name(unsafe { [$add(self.0[0], b.0[0]), $add(self.0[1], b.0[1])] })
            }

            #[inline(always)]
            fn sub(self, b: Self) -> Self {
                // SAFETY: see `store`.
                $name(unsafe { [$sub(self.0[0], b.0[0]), $sub(self.0[1], b.0[1])] })
            }

            #[inline(always)]
            fn mul(self, b: Self) -> Self {
                // SAFETY: see `store`.
                $name(unsafe { [$mul(self.0[0], b.0[0]), $mul(self.0[1], b.0[1])] })
            }

            #[inline(always)]
            fn div(self, b: Self) -> Self {
                // SAFETY: see `store`.
                $name(unsafe { [$div(self.0[0], b.0[0]), $div(self.0[1], b.0[1])] })
            }

            #[inline(always)]
            fn neg(self) -> Self {
                // SAFETY: see `store`.
                let zero = unsafe { $splat(-0.0) };
                // SAFETY: see `store`.
                $name(unsafe { [$sub(zero, self.0[0]), $sub(zero, self.0[1])] })
            }

            #[inline(always)]
            fn sqrt(self) -> Self {
                // SAFETY: see `store`.
                $name(unsafe { [$sqrt(self.0[0]), $sqrt(self.0[1])] })
            }

            #[inline(always)]
            fn mul_add(self, b: Self, c: Self) -> Self {
                let ([a0, a1], [b0, b1], [c0, c1]) = (self.0, b.0, c.0);
                // SAFETY: see `store`.
                $name(unsafe { [$fmadd(a0, b0, c0), $fmadd(a1, b1, c1)] })
            }

            #[inline(always)]
            fn mul_sub(self, b: Self, c: Self) -> Self {
                let ([a0, a1], [b0, b1], [c0, c1]) = (self.0, b.0, c.0);
                // SAFETY: see `store`.
                $name(unsafe { [$fmsub(a0, b0, c0), $fmsub(a1, b1, c1)] })
            }

            #[inline(always)]
            fn neg_mul_add(self, b: Self, c: Self) -> Self {
                let ([a0, a1], [b0, b1], [c0, c1]) = (self.0, b.0, c.0);
                // SAFETY: see `store`.
                $name(unsafe { [$fnmadd(a0, b0, c0), $fnmadd(a1, b1, c1)] })
            }

            #[inline(always)]
            fn all_within(self, low: $number, high: $number) -> bool {
                // SAFETY: see `store`.
                let (low, high) = unsafe { ($splat(low), $splat(high)) };
                let [a, b] = self.0;
                // SAFETY: see `store`.
                let inside = unsafe {
                    let above =
                        $and($compare::<_CMP_GE_OQ>(a, low), $compare::<_CMP_GE_OQ>(b, low));
                    let below =
                        $and($compare::<_CMP_LE_OQ>(a, high), $compare::<_CMP_LE_OQ>(b, high));
                    $mask($and(above, below))
                };
                inside == (1 << $width) - 1
            }

            #[inline(always)]
            fn load_points(_proof: Avx2, rows: &[$number]) -> [Self; 3] {
                let rows = &rows[..6 * $width];
                // SAFETY: by the proof; the slice holds six registers.
                let [low, high] = unsafe {
                    [$load_points(rows.as_ptr()), $load_points(rows.as_ptr().add(3 * $width))]
                };
                [$name([low[0], high[0]]), $name([low[1], high[1]]), $name([low[2], high[2]])]
            }

            #[inline(always)]
            unsafe fn transpose(
                _proof: Avx2,
                from: Squares<*const $number>,
                to: Squares<*mut $number>,
                count: usize,
            ) {
                for square in 0..count {
                    for quarter in 0..4 {
                        let (row, column) = (quarter / 2 * $width, quarter % 2 * $width);
                        // SAFETY: by the proof, and by what the caller vouches for: a quarter of
                        // the square.
                        unsafe {
                            let at = square * from.step + row * from.stride + column;
                            let target = square * to.step + column * to.stride + row;
                            let (at, target) = (from.first.add(at), to.first.add(target));
                            $transpose(at, from.stride, target, to.stride);
                        }
                    }
                }
            }

            #[inline(always)]
            unsafe fn transpose_narrow(
                _proof: Avx2,
                from: *const $number,
                from_stride: usize,
                to: *mut $number,
                to_stride: usize,
                columns: usize,
            ) {
                // SAFETY: by the proof, and by what the caller vouches for.
                unsafe { $transpose_narrow(from, from_stride, to, to_stride, columns) }
            }

            #[inline(always)]
            fn stream(
                _proof: Avx2,
                from: &[<$number as Blocks>::Block],
                to: &mut [<$number as Blocks>::Block],
            ) {
                assert!(from.len() == to.len() && to.as_ptr().addr() % 64 == 0, "misaligned");
                for (from, to) in from.iter().zip(to) {
                    // SAFETY: by the proof; both are blocks, and `to` is aligned.
                    unsafe {
                        $stream(to.as_mut_ptr(), $load(from.as_ptr()));
                        $stream(to.as_mut_ptr().add($width), $load(from.as_ptr().add($width)));
                    }
                }
            }

            #[inline(always)]
            fn prefetch(_proof: Avx2, numbers: &[$number]) {
                for line in numbers.chunks(64 / size_of::<$number>()) {
                    // SAFETY: every processor with the path has it, and it never faults.
                    unsafe { _mm_prefetch::<_MM_HINT_T1>(line.as_ptr().cast()) };
                }
            }

            #[inline(always)]
            fn fence(_proof: Avx2) {
                // SAFETY: every processor with the path has it.
                unsafe { _mm_sfence() };
            }
        }
    };
}

lanes!(
    Doubles,
    f64,
    __m256d,
    4,
    _mm256_set1_pd,
    _mm256_loadu_pd,
    _mm256_storeu_pd,
    _mm256_stream_pd,
    _mm256_add_pd,
    _mm256_sub_pd,
    _mm256_mul_pd,
    _mm256_div_pd,
    _mm256_sqrt_pd,
    _mm256_fmadd_pd,
    _mm256_fmsub_pd,
    _mm256_fnmadd_pd,
    _mm256_and_pd,
    _mm256_cmp_pd,
    _mm256_movemask_pd,
    load_points_f64,
    transpose_f64,
    narrow_f64
);
lanes!(
    Singles,
    f32,
    __m256,
    8,
    _mm256_set1_ps,
    _mm256_loadu_ps,
    _mm256_storeu_ps,
    _mm256_stream_ps,
    _mm256_add_ps,
    _mm256_sub_ps,
    _mm256_mul_ps,
    _mm256_div_ps,
    _mm256_sqrt_ps,
    _mm256_fmadd_ps,
    _mm256_fmsub_ps,
    _mm256_fnmadd_ps,
    _mm256_and_ps,
    _mm256_cmp_ps,
    _mm256_movemask_ps,
    load_points_f32,
    transpose_f32,
    narrow_f32
);
