//! Registers of 32 bytes: a few points for rows, on the paths AVX2 and AVX-512.
#![expect(unsafe_code, reason = "instructions of a path; see the contract of the module above")]

use std::arch::x86_64::*;
use std::marker::PhantomData;

use super::half;
use super::proof::HasAvx2;
use crate::simd::narrow::{Arithmetic, Narrow};
use crate::simd::number::Blocks;

/// Four f64.
#[derive(Clone, Copy)]
pub struct Doubles<P>(__m256d, PhantomData<P>);

/// Eight f32.
#[derive(Clone, Copy)]
pub struct Singles<P>(__m256, PhantomData<P>);

/// The operations that differ only in the names of instructions.
macro_rules! lanes {
    ($name:ident, $number:ty, $points:literal, $paired:literal,
     $splat:ident, $load:ident, $store:ident, $add:ident, $sub:ident, $mul:ident, $div:ident,
     $sqrt:ident, $compare:ident, $and:ident, $mask:ident, $fmadd:ident, $fmsub:ident, $fnmadd:ident, $load_points:ident) => {
        impl<P: HasAvx2> Arithmetic for $name<P> {
            type Number = $number;
            type Proof = P;

            #[inline(always)]
            fn splat(_proof: P, value: $number) -> Self {
                // SAFETY: by the proof, as in every function that takes one.
                $name(unsafe { $splat(value) }, PhantomData)
            }

            #[inline(always)]
            fn of_half(_proof: P, half: &<$number as Blocks>::Half) -> Self {
                // SAFETY: by the proof; a half is as long as the register.
                $name(unsafe { $load(half.0.as_ptr()) }, PhantomData)
            }

            #[inline(always)]
            fn add(self, b: Self) -> Self {
                // SAFETY: a value of this type exists only with a proof, here and below.
                $name(unsafe { $add(self.0, b.0) }, PhantomData)
            }

            #[inline(always)]
            fn sub(self, b: Self) -> Self {
                // SAFETY: see `add`.
                $name(unsafe { $sub(self.0, b.0) }, PhantomData)
            }

            #[inline(always)]
            fn mul(self, b: Self) -> Self {
                // SAFETY: see `add`.
                $name(unsafe { $mul(self.0, b.0) }, PhantomData)
            }

            #[inline(always)]
            fn div(self, b: Self) -> Self {
                // SAFETY: see `add`.
                $name(unsafe { $div(self.0, b.0) }, PhantomData)
            }

            #[inline(always)]
            fn neg(self) -> Self {
                // SAFETY: see `add`.
                $name(unsafe { $sub($splat(-0.0), self.0) }, PhantomData)
            }

            #[inline(always)]
            fn sqrt(self) -> Self {
                // SAFETY: see `add`.
                $name(unsafe { $sqrt(self.0) }, PhantomData)
            }

            #[inline(always)]
            fn mul_add(self, b: Self, c: Self) -> Self {
                // SAFETY: see `add`.
                $name(unsafe { $fmadd(self.0, b.0, c.0) }, PhantomData)
            }

            #[inline(always)]
            fn mul_sub(self, b: Self, c: Self) -> Self {
                // SAFETY: see `add`.
                $name(unsafe { $fmsub(self.0, b.0, c.0) }, PhantomData)
            }

            #[inline(always)]
            fn neg_mul_add(self, b: Self, c: Self) -> Self {
                // SAFETY: see `add`.
                $name(unsafe { $fnmadd(self.0, b.0, c.0) }, PhantomData)
            }

            #[inline(always)]
            fn all_within(self, low: $number, high: $number) -> bool {
                // SAFETY: see `add`.
                let inside = unsafe {
                    let above = $compare::<_CMP_GE_OQ>(self.0, $splat(low));
                    let below = $compare::<_CMP_LE_OQ>(self.0, $splat(high));
                    $mask($and(above, below))
                };
                inside == (1 << $points) - 1
            }

            #[inline(always)]
            fn to_blocks([a, b, c]: [Self; 3]) -> [<$number as Blocks>::Block; 3] {
                let mut blocks = [<$number>::ZERO; 3];
                // SAFETY: see `add`; a block is longer than the register.
                unsafe {
                    $store(blocks[0].as_mut_ptr(), a.0);
                    $store(blocks[1].as_mut_ptr(), b.0);
                    $store(blocks[2].as_mut_ptr(), c.0);
                }
                blocks
            }

            #[inline(always)]
            fn from_blocks(proof: P, [a, b, c]: &[<$number as Blocks>::Block; 3]) -> [Self; 3] {
                [Narrow::load(proof, a), Narrow::load(proof, b), Narrow::load(proof, c)]
            }
        }

        impl<P: HasAvx2> Narrow for $name<P> {
            const POINTS: usize = $points;
            const PAIRED: bool = $paired;

            #[inline(always)]
            fn load(_proof: P, numbers: &[$number]) -> Self {
                let numbers = &numbers[..$points];
                // SAFETY: by the proof; the slice is as long as the register.
                $name(unsafe { $load(numbers.as_ptr()) }, PhantomData)
            }

            #[inline(always)]
            fn load_points(_proof: P, rows: &[$number]) -> [Self; 3] {
                let rows = &rows[..3 * $points];
                // SAFETY: by the proof; the slice holds three registers.
                let axes = unsafe { half::$load_points(rows.as_ptr()) };
                axes.map(|axis| $name(axis, PhantomData))
            }

            #[inline(always)]
            unsafe fn read_one(_proof: P, from: *const $number, stride: usize) -> Self {
                let mut numbers = [0.0; $points];
                for (point, number) in numbers.iter_mut().enumerate() {
                    // SAFETY: the caller vouches for a number in each row.
                    *number = unsafe { *from.add(point * stride) };
                }
                // SAFETY: by the proof; the array is as long as the register.
                $name(unsafe { $load(numbers.as_ptr()) }, PhantomData)
            }

            #[inline(always)]
            unsafe fn read_four(_proof: P, from: *const $number, stride: usize) -> [Self; 4] {
                // SAFETY: by the proof, and by what the caller vouches for.
                let columns = unsafe { Self::read_square(from, stride) };
                columns.map(|column| $name(column, PhantomData))
            }

            #[inline(always)]
            unsafe fn write_one(self, to: *mut $number, stride: usize) {
                // SAFETY: by the proof, and by what the caller vouches for, here and below.
                unsafe { Self::column(self.0, to, stride) }
            }

            #[inline(always)]
            unsafe fn write_four(columns: [Self; 4], to: *mut $number, stride: usize) {
                // SAFETY: see `write_one`.
                unsafe { Self::square(columns.map(|column| column.0), to, stride) }
            }

            #[inline(always)]
            unsafe fn write_eight(columns: [Self; 8], to: *mut $number, stride: usize) {
                // SAFETY: see `write_one`.
                unsafe { Self::eight(columns.map(|column| column.0), to, stride) }
            }
        }
    };
}

lanes!(
    Doubles,
    f64,
    4,
    false,
    _mm256_set1_pd,
    _mm256_loadu_pd,
    _mm256_storeu_pd,
    _mm256_add_pd,
    _mm256_sub_pd,
    _mm256_mul_pd,
    _mm256_div_pd,
    _mm256_sqrt_pd,
    _mm256_cmp_pd,
    _mm256_and_pd,
    _mm256_movemask_pd,
    _mm256_fmadd_pd,
    _mm256_fmsub_pd,
    _mm256_fnmadd_pd,
    load_points_f64
);
lanes!(
    Singles,
    f32,
    8,
    true,
    _mm256_set1_ps,
    _mm256_loadu_ps,
    _mm256_storeu_ps,
    _mm256_add_ps,
    _mm256_sub_ps,
    _mm256_mul_ps,
    _mm256_div_ps,
    _mm256_sqrt_ps,
    _mm256_cmp_ps,
    _mm256_and_ps,
    _mm256_movemask_ps,
    _mm256_fmadd_ps,
    _mm256_fmsub_ps,
    _mm256_fnmadd_ps,
    load_points_f32
);

impl<P> Doubles<P> {
    /// One column of four rows.
    #[inline(always)]
    unsafe fn column(column: __m256d, to: *mut f64, stride: usize) {
        // SAFETY: the caller vouches for the instructions and for a number in each row.
        unsafe {
            let (low, high) = (_mm256_castpd256_pd128(column), _mm256_extractf128_pd::<1>(column));
            _mm_storel_pd(to, low);
            _mm_storeh_pd(to.add(stride), low);
            _mm_storel_pd(to.add(2 * stride), high);
            _mm_storeh_pd(to.add(3 * stride), high);
        }
    }

    /// Four columns of four rows: halves of two rows are joined as they are loaded.
    #[inline(always)]
    unsafe fn read_square(from: *const f64, stride: usize) -> [__m256d; 4] {
        // SAFETY: the caller vouches for the instructions and for four numbers in each row.
        unsafe {
            let join = |at: usize| half::join_f64(from.add(at), from.add(at + 2 * stride));
            let (even, odd) = (join(0), join(stride));
            let (even_high, odd_high) = (join(2), join(stride + 2));
            [
                _mm256_unpacklo_pd(even, odd),
                _mm256_unpackhi_pd(even, odd),
                _mm256_unpacklo_pd(even_high, odd_high),
                _mm256_unpackhi_pd(even_high, odd_high),
            ]
        }
    }

    /// Four columns of four rows: pairs are exchanged, then halves.
    #[inline(always)]
    unsafe fn square([a, b, c, d]: [__m256d; 4], to: *mut f64, stride: usize) {
        // SAFETY: the caller vouches for the instructions and for four numbers in each row.
        unsafe {
            let (ab_even, ab_odd) = (_mm256_unpacklo_pd(a, b), _mm256_unpackhi_pd(a, b));
            let (cd_even, cd_odd) = (_mm256_unpacklo_pd(c, d), _mm256_unpackhi_pd(c, d));
            let even = _mm256_permute2f128_pd::<0x20>(ab_even, cd_even);
            let odd = _mm256_permute2f128_pd::<0x20>(ab_odd, cd_odd);
            _mm256_storeu_pd(to, even);
            _mm256_storeu_pd(to.add(stride), odd);
            let even = _mm256_permute2f128_pd::<0x31>(ab_even, cd_even);
            let odd = _mm256_permute2f128_pd::<0x31>(ab_odd, cd_odd);
            _mm256_storeu_pd(to.add(2 * stride), even);
            _mm256_storeu_pd(to.add(3 * stride), odd);
        }
    }

    /// Eight columns of four rows.
    #[inline(always)]
    unsafe fn eight([a, b, c, d, e, f, g, h]: [__m256d; 8], to: *mut f64, stride: usize) {
        // SAFETY: the caller vouches for the instructions and for eight numbers in each row.
        unsafe {
            Self::square([a, b, c, d], to, stride);
            Self::square([e, f, g, h], to.add(4), stride);
        }
    }
}

impl<P> Singles<P> {
    /// One column of eight rows.
    #[inline(always)]
    unsafe fn column(column: __m256, to: *mut f32, stride: usize) {
        // SAFETY: the caller vouches for the instructions and for a number in each row.
        unsafe {
            let (low, high) = (_mm256_castps256_ps128(column), _mm256_extractf128_ps::<1>(column));
            for (index, four) in [low, high].into_iter().enumerate() {
                let to = to.add(4 * index * stride);
                let four = _mm_castps_si128(four);
                *to = f32::from_bits(_mm_extract_epi32::<0>(four) as u32);
                *to.add(stride) = f32::from_bits(_mm_extract_epi32::<1>(four) as u32);
                *to.add(2 * stride) = f32::from_bits(_mm_extract_epi32::<2>(four) as u32);
                *to.add(3 * stride) = f32::from_bits(_mm_extract_epi32::<3>(four) as u32);
            }
        }
    }

    /// Row by row, four columns: of rows 0 to 3 in the low halves, 4 to 7 in the high ones.
    #[inline(always)]
    unsafe fn quarters([a, b, c, d]: [__m256; 4]) -> [__m256; 4] {
        // SAFETY: the caller vouches for the instructions.
        unsafe {
            let (ab_low, ab_high) = (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
            let (cd_low, cd_high) = (_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
            [
                _mm256_shuffle_ps::<0x44>(ab_low, cd_low),
                _mm256_shuffle_ps::<0xee>(ab_low, cd_low),
                _mm256_shuffle_ps::<0x44>(ab_high, cd_high),
                _mm256_shuffle_ps::<0xee>(ab_high, cd_high),
            ]
        }
    }

    /// Four columns of eight rows: a quarter of row k and one of row k + 4 are joined as they are
    /// loaded.
    #[inline(always)]
    unsafe fn read_square(from: *const f32, stride: usize) -> [__m256; 4] {
        // SAFETY: the caller vouches for the instructions and for four numbers in each row.
        unsafe {
            let join =
                |row: usize| half::join_f32(from.add(row * stride), from.add((row + 4) * stride));
            Self::quarters([join(0), join(1), join(2), join(3)])
        }
    }

    /// Four columns of eight rows.
    #[inline(always)]
    unsafe fn square(columns: [__m256; 4], to: *mut f32, stride: usize) {
        // SAFETY: the caller vouches for the instructions and for four numbers in each row.
        unsafe {
            for (row, four) in Self::quarters(columns).into_iter().enumerate() {
                _mm_storeu_ps(to.add(row * stride), _mm256_castps256_ps128(four));
                _mm_storeu_ps(to.add((row + 4) * stride), _mm256_extractf128_ps::<1>(four));
            }
        }
    }

    /// Eight columns of eight rows.
    #[inline(always)]
    unsafe fn eight([a, b, c, d, e, f, g, h]: [__m256; 8], to: *mut f32, stride: usize) {
        // SAFETY: the caller vouches for the instructions and for eight numbers in each row.
        unsafe {
            let (left, right) = (Self::quarters([a, b, c, d]), Self::quarters([e, f, g, h]));
            for (row, (left, right)) in left.into_iter().zip(right).enumerate() {
                let low = _mm256_permute2f128_ps::<0x20>(left, right);
                let high = _mm256_permute2f128_ps::<0x31>(left, right);
                _mm256_storeu_ps(to.add(row * stride), low);
                _mm256_storeu_ps(to.add((row + 4) * stride), high);
            }
        }
    }
}
