//! AVX-512: a block is one register.
#![expect(unsafe_code, reason = "instructions of a path; see the contract of the module above")]

use std::arch::x86_64::*;

use super::full::{
    exchange_f32, exchange_f64, load_points_f32, load_points_f64, transpose_f32, transpose_f64,
};
use super::half::{narrow_f32, narrow_f64};
use super::proof::Avx512;
use crate::simd::exchange;
use crate::simd::lanes::{Job, Lanes, Squares, Unrolled, UnrolledJob};
use crate::simd::number::Blocks;

/// Eight f64.
#[derive(Clone, Copy)]
pub struct Doubles(__m512d);

/// Sixteen f32.
#[derive(Clone, Copy)]
pub struct Singles(__m512);

#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx2,fma")]
#[inline(never)]
fn enter<V: Lanes<Proof = Avx512>, J: Job<V::Number>>(proof: Avx512, job: J) -> J::Output {
    job.run::<V>(proof)
}

/// The operations that differ only in the names of instructions.
macro_rules! lanes {
    ($name:ident, $number:ty, $register:ty, $width:literal, $comparison:ty,
     $splat:ident, $load:ident, $store:ident, $stream:ident, $add:ident, $sub:ident, $mul:ident,
     $div:ident, $sqrt:ident, $fmadd:ident, $fmsub:ident, $fnmadd:ident, $compare:ident,
     $load_points:ident, $transpose:ident, $transpose_narrow:ident, $exchange:ident) => {
        impl Unrolled for $name {}

        impl Lanes for $name {
            type Number = $number;
            type Proof = Avx512;
            type Narrow = super::ymm::$name<Avx512>;
            const REGISTERS: usize = 32;

            #[inline(always)]
            fn call<J: Job<$number>>(proof: Avx512, job: J) -> J::Output {
                // SAFETY: the proof says that the machine has the features.
                unsafe { enter::<Self, J>(proof, job) }
            }

            #[inline(always)]
            fn unrolled<J: UnrolledJob<$number>>(proof: Avx512, job: J) -> Result<J::Output, J> {
                Ok(job.run::<Self>(proof))
            }

            #[inline(always)]
            fn splat(_proof: Avx512, value: $number) -> Self {
                // SAFETY: by the proof, as in every function that takes one.
                $name(unsafe { $splat(value) })
            }

            #[inline(always)]
            fn load(_proof: Avx512, block: &[$number; $width]) -> Self {
                // SAFETY: by the proof; a block is as long as the register.
                $name(unsafe { $load(block.as_ptr()) })
            }

            #[inline(always)]
            fn store(self, block: &mut [$number; $width]) {
                // SAFETY: a value of this type exists only with a proof, here and below; a block
                // is as long as the register.
                unsafe { $store(block.as_mut_ptr(), self.0) }
            }

            #[inline(always)]
            fn add(self, b: Self) -> Self {
                // SAFETY: see `store`.
                $name(unsafe { $add(self.0, b.0) })
            }

            #[inline(always)]
            fn sub(self, b: Self) -> Self {
                // SAFETY: see `store`.
                $name(unsafe { $sub(self.0, b.0) })
            }

            #[inline(always)]
            fn mul(self, b: Self) -> Self {
                // SAFETY: see `store`.
                $name(unsafe { $mul(self.0, b.0) })
            }

            #[inline(always)]
            fn div(self, b: Self) -> Self {
                // SAFETY: see `store`.
                $name(unsafe { $div(self.0, b.0) })
            }

            #[inline(always)]
            fn neg(self) -> Self {
                // SAFETY: see `store`.
                $name(unsafe { $sub($splat(-0.0), self.0) })
            }

            #[inline(always)]
            fn sqrt(self) -> Self {
                // SAFETY: see `store`.
                $name(unsafe { $sqrt(self.0) })
            }

            #[inline(always)]
            fn mul_add(self, b: Self, c: Self) -> Self {
                // SAFETY: see `store`.
                $name(unsafe { $fmadd(self.0, b.0, c.0) })
            }

            #[inline(always)]
            fn mul_sub(self, b: Self, c: Self) -> Self {
                // SAFETY: see `store`.
                $name(unsafe { $fmsub(self.0, b.0, c.0) })
            }

            #[inline(always)]
            fn neg_mul_add(self, b: Self, c: Self) -> Self {
                // SAFETY: see `store`.
                $name(unsafe { $fnmadd(self.0, b.0, c.0) })
            }

            #[inline(always)]
            fn all_within(self, low: $number, high: $number) -> bool {
                // SAFETY: see `store`.
                let inside = unsafe {
                    $compare::<_CMP_GE_OQ>(self.0, $splat(low))
                        & $compare::<_CMP_LE_OQ>(self.0, $splat(high))
                };
                inside == <$comparison>::MAX
            }

            #[inline(always)]
            fn load_points(_proof: Avx512, rows: &[$number]) -> [Self; 3] {
                let rows = &rows[..3 * $width];
                // SAFETY: by the proof; the slice holds three registers.
                let [x, y, z] = unsafe { $load_points(rows.as_ptr()) };
                [$name(x), $name(y), $name(z)]
            }

            #[inline(always)]
            unsafe fn transpose(
                _proof: Avx512,
                from: Squares<*const $number>,
                to: Squares<*mut $number>,
                count: usize,
            ) {
                // SAFETY: by the proof, and by what the caller vouches for.
                unsafe { $transpose(from, to, count) }
            }

            #[inline(always)]
            unsafe fn transpose_narrow(
                _proof: Avx512,
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
            fn deinterleave(
                _proof: Avx512,
                size: usize,
                numbers: &[[$number; $width]],
                blocks: &mut [[$number; $width]],
            ) {
                // SAFETY: by the proof.
                unsafe {
                    match size {
                        1 => blocks.copy_from_slice(numbers),
                        3 => $exchange::<3, false>(numbers, blocks),
                        5 => $exchange::<5, false>(numbers, blocks),
                        7 => $exchange::<7, false>(numbers, blocks),
                        _ => exchange::deinterleave::<$number>(size, numbers, blocks),
                    }
                }
            }

            #[inline(always)]
            fn interleave(
                _proof: Avx512,
                size: usize,
                blocks: &[[$number; $width]],
                numbers: &mut [[$number; $width]],
            ) {
                // SAFETY: by the proof.
                unsafe {
                    match size {
                        1 => numbers.copy_from_slice(blocks),
                        3 => $exchange::<3, true>(blocks, numbers),
                        5 => $exchange::<5, true>(blocks, numbers),
                        7 => $exchange::<7, true>(blocks, numbers),
                        _ => exchange::interleave::<$number>(size, blocks, numbers),
                    }
                }
            }

            #[inline(always)]
            fn stream(
                _proof: Avx512,
                from: &[<$number as Blocks>::Block],
                to: &mut [<$number as Blocks>::Block],
            ) {
                assert!(from.len() == to.len() && to.as_ptr().addr() % 64 == 0, "misaligned");
                for (from, to) in from.iter().zip(to) {
                    // SAFETY: by the proof; both are blocks, and `to` is aligned.
                    unsafe { $stream(to.as_mut_ptr(), $load(from.as_ptr())) }
                }
            }

            #[inline(always)]
            fn prefetch(_proof: Avx512, numbers: &[$number]) {
                for line in numbers.chunks(64 / size_of::<$number>()) {
                    // SAFETY: every processor with the path has it, and it never faults.
                    unsafe { _mm_prefetch::<_MM_HINT_T1>(line.as_ptr().cast()) };
                }
            }

            #[inline(always)]
            fn fence(_proof: Avx512) {
                // SAFETY: every processor with the path has it.
                unsafe { _mm_sfence() };
            }
        }
    };
}

lanes!(
    Doubles,
    f64,
    __m512d,
    8,
    __mmask8,
    _mm512_set1_pd,
    _mm512_loadu_pd,
    _mm512_storeu_pd,
    _mm512_stream_pd,
    _mm512_add_pd,
    _mm512_sub_pd,
    _mm512_mul_pd,
    _mm512_div_pd,
    _mm512_sqrt_pd,
    _mm512_fmadd_pd,
    _mm512_fmsub_pd,
    _mm512_fnmadd_pd,
    _mm512_cmp_pd_mask,
    load_points_f64,
    transpose_f64,
    narrow_f64,
    exchange_f64
);
lanes!(
    Singles,
    f32,
    __m512,
    16,
    __mmask16,
    _mm512_set1_ps,
    _mm512_loadu_ps,
    _mm512_storeu_ps,
    _mm512_stream_ps,
    _mm512_add_ps,
    _mm512_sub_ps,
    _mm512_mul_ps,
    _mm512_div_ps,
    _mm512_sqrt_ps,
    _mm512_fmadd_ps,
    _mm512_fmsub_ps,
    _mm512_fnmadd_ps,
    _mm512_cmp_ps_mask,
    load_points_f32,
    transpose_f32,
    narrow_f32,
    exchange_f32
);
