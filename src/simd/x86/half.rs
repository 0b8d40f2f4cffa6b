//! Shuffles of registers of 32 bytes, half a block: points and squares of numbers between memory
//! and registers, for both paths.
#![expect(unsafe_code, reason = "instructions of a path; see the contract of the module above")]

use std::arch::x86_64::*;

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
pub(super) unsafe fn transpose_f64(
    from: *const f64,
    stride: usize,
    to: *mut f64,
    to_stride: usize,
) {
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
pub(super) unsafe fn transpose_f32(
    from: *const f32,
    stride: usize,
    to: *mut f32,
    to_stride: usize,
) {
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
