//! AVX2 with FMA: a block is two registers.
#![expect(unsafe_code, reason = "instructions of a path; see the contract of the module above")]

use std::arch::x86_64::*;

use super::{Blocks, Job, Lanes, Squares};

/// That the machine has AVX2 and FMA.
#[derive(Clone, Copy)]
pub struct Avx2(());

impl Avx2 {
    /// Asks the processor.
    #[inline]
    pub fn detect() -> Option<Avx2> {
        let all = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        all.then_some(Avx2(()))
    }
}

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
        impl Lanes for $name {
            type Number = $number;
            type Proof = Avx2;
            type Narrow = super::ymm::$name<Avx2>;
            const UNROLLED: bool = true;
            const REGISTERS: usize = 8;

            #[inline(always)]
            fn call<J: Job<$number>>(proof: Avx2, job: J) -> J::Output {
                // SAFETY: the proof says that the machine has the features.
                unsafe { enter::<Self, J>(proof, job) }
            }

            #[inline(always)]
            fn splat(_proof: Avx2, value: $number) -> Self {
                // SAFETY: by the proof, as in every function that takes one.
                $name([unsafe { $splat(value) }; 2])
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

/// x, y, z of four points.
#[target_feature(enable = "avx2")]
#[inline]
pub(super) unsafe fn load_points_f64(rows: *const f64) -> [__m256d; 3] {
    // SAFETY: the caller vouches for 12 numbers.
    let (a, b, c) = unsafe {
        (_mm256_loadu_pd(rows), _mm256_loadu_pd(rows.add(4)), _mm256_loadu_pd(rows.add(8)))
    };
    // a = x0 y0 | z0 x1, b = y1 z1 | x2 y2, c = z2 x3 | y3 z3.
    let xy_zx = _mm256_permute2f128_pd::<0x30>(a, b); // x0 y0 | x2 y2
    let zx_zx = _mm256_permute2f128_pd::<0x21>(a, c); // z0 x1 | z2 x3
    let yz_yz = _mm256_permute2f128_pd::<0x30>(b, c); // y1 z1 | y3 z3
    [
        _mm256_shuffle_pd::<0b1010>(xy_zx, zx_zx),
        _mm256_shuffle_pd::<0b0101>(xy_zx, yz_yz),
        _mm256_shuffle_pd::<0b1010>(zx_zx, yz_yz),
    ]
}

/// x, y, z of eight points.
#[target_feature(enable = "avx2")]
#[inline]
pub(super) unsafe fn load_points_f32(rows: *const f32) -> [__m256; 3] {
    // In each half: a = x0 y0 z0 x1, b = y1 z1 x2 y2, c = z2 x3 y3 z3.
    // SAFETY: the caller vouches for 24 numbers.
    let (a, b, c) = unsafe {
        (
            join_f32(rows, rows.add(12)),
            join_f32(rows.add(4), rows.add(16)),
            join_f32(rows.add(8), rows.add(20)),
        )
    };
    let xy = _mm256_shuffle_ps::<0b10_01_11_10>(b, c); // x2 y2 x3 y3
    let yz = _mm256_shuffle_ps::<0b01_00_10_01>(a, b); // y0 z0 y1 z1
    [
        _mm256_shuffle_ps::<0b10_00_11_00>(a, xy),
        _mm256_shuffle_ps::<0b11_01_10_00>(yz, xy),
        _mm256_shuffle_ps::<0b11_00_11_01>(yz, c),
    ]
}

/// Halves of two rows in one register.
#[target_feature(enable = "avx2")]
#[inline]
pub(super) unsafe fn join_f64(low: *const f64, high: *const f64) -> __m256d {
    // SAFETY: the caller vouches for 2 numbers at both.
    unsafe {
        _mm256_insertf128_pd::<1>(_mm256_castpd128_pd256(_mm_loadu_pd(low)), _mm_loadu_pd(high))
    }
}

/// A square of four.
#[target_feature(enable = "avx2")]
#[inline]
unsafe fn transpose_f64(from: *const f64, stride: usize, to: *mut f64, to_stride: usize) {
    for half in 0..2 {
        // SAFETY: the caller vouches for 4 numbers in each of 4 rows on both sides.
        unsafe {
            let from = from.add(2 * half);
            let to = to.add(2 * half * to_stride);
            let a = join_f64(from, from.add(2 * stride));
            let b = join_f64(from.add(stride), from.add(3 * stride));
            _mm256_storeu_pd(to, _mm256_unpacklo_pd(a, b));
            _mm256_storeu_pd(to.add(to_stride), _mm256_unpackhi_pd(a, b));
        }
    }
}

/// Halves of two rows in one register.
#[target_feature(enable = "avx2")]
#[inline]
pub(super) unsafe fn join_f32(low: *const f32, high: *const f32) -> __m256 {
    // SAFETY: the caller vouches for 4 numbers at both.
    unsafe {
        _mm256_insertf128_ps::<1>(_mm256_castps128_ps256(_mm_loadu_ps(low)), _mm_loadu_ps(high))
    }
}

/// A square of eight.
#[target_feature(enable = "avx2")]
#[inline]
unsafe fn transpose_f32(from: *const f32, stride: usize, to: *mut f32, to_stride: usize) {
    for half in 0..2 {
        // SAFETY: the caller vouches for 8 numbers in each of 8 rows on both sides.
        unsafe {
            let from = from.add(4 * half);
            let to = to.add(4 * half * to_stride);
            let a = join_f32(from, from.add(4 * stride));
            let b = join_f32(from.add(stride), from.add(5 * stride));
            let c = join_f32(from.add(2 * stride), from.add(6 * stride));
            let d = join_f32(from.add(3 * stride), from.add(7 * stride));
            let (ab_low, ab_high) = (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
            let (cd_low, cd_high) = (_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
            _mm256_storeu_ps(to, _mm256_shuffle_ps::<0x44>(ab_low, cd_low));
            let to = to.add(to_stride);
            _mm256_storeu_ps(to, _mm256_shuffle_ps::<0xee>(ab_low, cd_low));
            let to = to.add(to_stride);
            _mm256_storeu_ps(to, _mm256_shuffle_ps::<0x44>(ab_high, cd_high));
            let to = to.add(to_stride);
            _mm256_storeu_ps(to, _mm256_shuffle_ps::<0xee>(ab_high, cd_high));
        }
    }
}

/// Fewer than eight columns of eight points: a half, and the rest number by number.
#[target_feature(enable = "avx2")]
#[inline]
pub(super) unsafe fn narrow_f64(
    from: *const f64,
    stride: usize,
    to: *mut f64,
    to_stride: usize,
    columns: usize,
) {
    let mut done = 0;
    // SAFETY: the caller vouches for 8 numbers in `columns` rows and for `columns` in 8 rows.
    unsafe {
        if columns >= 4 {
            transpose_f64(from, stride, to, to_stride);
            transpose_f64(from.add(4), stride, to.add(4 * to_stride), to_stride);
            done = 4;
        }
        for column in done..columns {
            let (from, to) = (from.add(column * stride), to.add(column));
            for point in 0..8 {
                *to.add(point * to_stride) = *from.add(point);
            }
        }
    }
}

/// Fewer than sixteen columns of sixteen points: a half, a quarter, and the rest number by number.
#[target_feature(enable = "avx2")]
#[inline]
pub(super) unsafe fn narrow_f32(
    from: *const f32,
    stride: usize,
    to: *mut f32,
    to_stride: usize,
    columns: usize,
) {
    let mut done = 0;
    // SAFETY: the caller vouches for 16 numbers in `columns` rows and for `columns` in 16 rows.
    unsafe {
        if columns >= 8 {
            transpose_f32(from, stride, to, to_stride);
            transpose_f32(from.add(8), stride, to.add(8 * to_stride), to_stride);
            done = 8;
        }
        if columns >= done + 4 {
            let (from, to) = (from.add(done * stride), to.add(done));
            for point in [0, 4, 8, 12] {
                quarter_f32(from.add(point), stride, to.add(point * to_stride), to_stride);
            }
            done += 4;
        }
        for column in done..columns {
            let (from, to) = (from.add(column * stride), to.add(column));
            for point in 0..16 {
                *to.add(point * to_stride) = *from.add(point);
            }
        }
    }
}

/// A square of four.
#[target_feature(enable = "avx2")]
#[inline]
unsafe fn quarter_f32(from: *const f32, stride: usize, to: *mut f32, to_stride: usize) {
    // SAFETY: the caller vouches for 4 numbers in each of 4 rows on both sides.
    unsafe {
        let (a, b) = (_mm_loadu_ps(from), _mm_loadu_ps(from.add(stride)));
        let (c, d) = (_mm_loadu_ps(from.add(2 * stride)), _mm_loadu_ps(from.add(3 * stride)));
        let (ab_low, ab_high) = (_mm_unpacklo_ps(a, b), _mm_unpackhi_ps(a, b));
        let (cd_low, cd_high) = (_mm_unpacklo_ps(c, d), _mm_unpackhi_ps(c, d));
        _mm_storeu_ps(to, _mm_movelh_ps(ab_low, cd_low));
        _mm_storeu_ps(to.add(to_stride), _mm_movehl_ps(cd_low, ab_low));
        _mm_storeu_ps(to.add(2 * to_stride), _mm_movelh_ps(ab_high, cd_high));
        _mm_storeu_ps(to.add(3 * to_stride), _mm_movehl_ps(cd_high, ab_high));
    }
}
