//! Shuffles of registers of 64 bytes, a whole block: points, squares of numbers, and channels beside
//! components, between memory and registers.
#![expect(unsafe_code, reason = "instructions of a path; see the contract of the module above")]

use std::arch::x86_64::*;
use std::hint::black_box;

use crate::simd::lanes::Squares;

/// For one axis, which element of (a, b), then of (that, c), each lane takes: element 3 · lane +
/// axis of the three registers. The second list keeps what the first has found.
macro_rules! picks {
    ($integer:ty, $width:literal, $axis:literal) => {{
        const PICKS: [[$integer; $width]; 2] = {
            let mut picks = [[0; $width]; 2];
            let mut lane = 0;
            while lane < $width {
                let element = 3 * lane + $axis;
                let late = element >= 2 * $width;
                picks[0][lane as usize] = if late { 0 } else { element };
                picks[1][lane as usize] = if late { element - $width } else { lane };
                lane += 1;
            }
            picks
        };
        &PICKS
    }};
}

#[target_feature(enable = "avx512f")]
#[inline]
pub(super) unsafe fn load_points_f64(rows: *const f64) -> [__m512d; 3] {
    // SAFETY: the caller vouches for 24 numbers.
    unsafe {
        let (a, b) = (_mm512_loadu_pd(rows), _mm512_loadu_pd(rows.add(8)));
        let c = _mm512_loadu_pd(rows.add(16));
        [
            pick_f64(a, b, c, picks!(i64, 8, 0)),
            pick_f64(a, b, c, picks!(i64, 8, 1)),
            pick_f64(a, b, c, picks!(i64, 8, 2)),
        ]
    }
}

#[target_feature(enable = "avx512f")]
#[inline]
fn pick_f64(a: __m512d, b: __m512d, c: __m512d, picks: &[[i64; 8]; 2]) -> __m512d {
    // SAFETY: the lists are as long as registers.
    let (first, second) =
        unsafe { (_mm512_loadu_epi64(picks[0].as_ptr()), _mm512_loadu_epi64(picks[1].as_ptr())) };
    _mm512_permutex2var_pd(_mm512_permutex2var_pd(a, first, b), second, c)
}

#[target_feature(enable = "avx512f")]
#[inline]
pub(super) unsafe fn load_points_f32(rows: *const f32) -> [__m512; 3] {
    // SAFETY: the caller vouches for 48 numbers.
    unsafe {
        let (a, b) = (_mm512_loadu_ps(rows), _mm512_loadu_ps(rows.add(16)));
        let c = _mm512_loadu_ps(rows.add(32));
        [
            pick_f32(a, b, c, picks!(i32, 16, 0)),
            pick_f32(a, b, c, picks!(i32, 16, 1)),
            pick_f32(a, b, c, picks!(i32, 16, 2)),
        ]
    }
}

#[target_feature(enable = "avx512f")]
#[inline]
fn pick_f32(a: __m512, b: __m512, c: __m512, picks: &[[i32; 16]; 2]) -> __m512 {
    // SAFETY: the lists are as long as registers.
    let (first, second) =
        unsafe { (_mm512_loadu_epi32(picks[0].as_ptr()), _mm512_loadu_epi32(picks[1].as_ptr())) };
    _mm512_permutex2var_ps(_mm512_permutex2var_ps(a, first, b), second, c)
}

/// Halves of two rows in one register: the second is loaded through a mask, which costs no shuffle.
/// The mask is not known to the compiler, which would make a shuffle of it.
#[target_feature(enable = "avx512f,avx512dq")]
#[inline]
unsafe fn join_f64(low: *const f64, high: *const f64, mask: __mmask8) -> __m512d {
    // SAFETY: the caller vouches for 4 numbers at both.
    unsafe {
        let low = _mm512_castpd256_pd512(_mm256_loadu_pd(low));
        _mm512_mask_broadcast_f64x4(low, mask, _mm256_loadu_pd(high))
    }
}

/// Halves of two rows are joined as they are loaded; then pairs, then quarters are exchanged.
#[target_feature(enable = "avx512f,avx512dq")]
#[inline]
pub(super) unsafe fn transpose_f64(from: Squares<*const f64>, to: Squares<*mut f64>, count: usize) {
    let mask = black_box(0xf0);
    let stride = from.stride;
    for half in 0..2 * count {
        // SAFETY: the caller vouches for 8 numbers in each of 8 rows on both sides.
        unsafe {
            let from = from.first.add(half / 2 * from.step + half % 2 * 4);
            let a = join_f64(from, from.add(2 * stride), mask);
            let b = join_f64(from.add(stride), from.add(3 * stride), mask);
            let c = join_f64(from.add(4 * stride), from.add(6 * stride), mask);
            let d = join_f64(from.add(5 * stride), from.add(7 * stride), mask);
            let (even_low, odd_low) = (_mm512_unpacklo_pd(a, b), _mm512_unpackhi_pd(a, b));
            let (even_high, odd_high) = (_mm512_unpacklo_pd(c, d), _mm512_unpackhi_pd(c, d));
            let target = to.first.add(half / 2 * to.step + half % 2 * 4 * to.stride);
            _mm512_storeu_pd(target, _mm512_shuffle_f64x2::<0x88>(even_low, even_high));
            let target = target.add(to.stride);
            _mm512_storeu_pd(target, _mm512_shuffle_f64x2::<0x88>(odd_low, odd_high));
            let target = target.add(to.stride);
            _mm512_storeu_pd(target, _mm512_shuffle_f64x2::<0xdd>(even_low, even_high));
            let target = target.add(to.stride);
            _mm512_storeu_pd(target, _mm512_shuffle_f64x2::<0xdd>(odd_low, odd_high));
        }
    }
}

/// Halves of two rows in one register, as for f64.
#[target_feature(enable = "avx512f,avx512dq")]
#[inline]
unsafe fn join_f32(low: *const f32, high: *const f32, mask: __mmask16) -> __m512 {
    // SAFETY: the caller vouches for 8 numbers at both.
    unsafe {
        let low = _mm512_castps256_ps512(_mm256_loadu_ps(low));
        _mm512_mask_broadcast_f32x8(low, mask, _mm256_loadu_ps(high))
    }
}

/// As for f64, with squares of four inside each quarter.
#[target_feature(enable = "avx512f,avx512dq")]
#[inline]
pub(super) unsafe fn transpose_f32(from: Squares<*const f32>, to: Squares<*mut f32>, count: usize) {
    let mask = black_box(0xff00);
    let stride = from.stride;
    for half in 0..2 * count {
        // SAFETY: the caller vouches for 16 numbers in each of 16 rows on both sides.
        unsafe {
            let from = from.first.add(half / 2 * from.step + half % 2 * 8);
            let high = from.add(8 * stride);
            let low = quarters(
                join_f32(from, from.add(4 * stride), mask),
                join_f32(from.add(stride), from.add(5 * stride), mask),
                join_f32(from.add(2 * stride), from.add(6 * stride), mask),
                join_f32(from.add(3 * stride), from.add(7 * stride), mask),
            );
            let high = quarters(
                join_f32(high, high.add(4 * stride), mask),
                join_f32(high.add(stride), high.add(5 * stride), mask),
                join_f32(high.add(2 * stride), high.add(6 * stride), mask),
                join_f32(high.add(3 * stride), high.add(7 * stride), mask),
            );
            let target = to.first.add(half / 2 * to.step + half % 2 * 8 * to.stride);
            for row in 0..4 {
                let target = target.add(row * to.stride);
                let (low, high) = (low[row], high[row]);
                _mm512_storeu_ps(target, _mm512_shuffle_f32x4::<0x88>(low, high));
                let target = target.add(4 * to.stride);
                _mm512_storeu_ps(target, _mm512_shuffle_f32x4::<0xdd>(low, high));
            }
        }
    }
}

/// Transposes the square of four in each quarter of four registers.
#[target_feature(enable = "avx512f")]
#[inline]
fn quarters(a: __m512, b: __m512, c: __m512, d: __m512) -> [__m512; 4] {
    let ab_low = _mm512_castps_pd(_mm512_unpacklo_ps(a, b));
    let ab_high = _mm512_castps_pd(_mm512_unpackhi_ps(a, b));
    let cd_low = _mm512_castps_pd(_mm512_unpacklo_ps(c, d));
    let cd_high = _mm512_castps_pd(_mm512_unpackhi_ps(c, d));
    [
        _mm512_castpd_ps(_mm512_unpacklo_pd(ab_low, cd_low)),
        _mm512_castpd_ps(_mm512_unpackhi_pd(ab_low, cd_low)),
        _mm512_castpd_ps(_mm512_unpacklo_pd(ab_high, cd_high)),
        _mm512_castpd_ps(_mm512_unpackhi_pd(ab_high, cd_high)),
    ]
}

/// Which lanes of two registers, what is found so far and a source, each lane of a result takes:
/// the source's where it has what the lane needs, else the lane as it is. The source 0 is what is
/// found at first. Results are N registers of numbers
/// `[channel][component]` from N of `[component][channel]`, or the other way round.
macro_rules! exchanges {
    ($name:ident, $integer:ty, $width:literal) => {
        const fn $name<const N: usize>(interleaves: bool) -> [[[$integer; $width]; N]; N] {
            let mut picks = [[[0; $width]; N]; N];
            let mut at = 0;
            while at < N * $width {
                let (result, lane) = (at / $width, at % $width);
                let needed = if interleaves { at % N * $width + at / N } else { lane * N + result };
                // The first list chooses among the sources 0 and 1.
                let mut source = 1;
                while source < N {
                    let found = needed / $width == source;
                    let first = source == 1 && needed < $width;
                    picks[result][source][lane] = (match (found, first) {
                        (true, _) => $width + needed % $width,
                        (_, true) => needed,
                        _ => lane,
                    }) as $integer;
                    source += 1;
                }
                at += 1;
            }
            picks
        }
    };
}

/// Lists of lanes that each begin at a cache line.
#[repr(align(64))]
struct Aligned<A>(A);

exchanges!(exchanges_f64, i64, 8);
exchanges!(exchanges_f32, i32, 16);

/// Exchanges the two orders of N components of 8 channels at a time.
#[target_feature(enable = "avx512f")]
#[inline]
pub(super) fn exchange_f64<const N: usize, const INTERLEAVES: bool>(
    from: &[[f64; 8]],
    to: &mut [[f64; 8]],
) {
    let Aligned(picks) = const { &Aligned(exchanges_f64::<N>(INTERLEAVES)) };
    let (from, to) = (from.as_chunks::<N>().0, to.as_chunks_mut::<N>().0);
    for (from, to) in from.iter().zip(to) {
        // SAFETY: blocks and lists are as long as registers.
        unsafe {
            let sources: [__m512d; N] = std::array::from_fn(|n| _mm512_loadu_pd(from[n].as_ptr()));
            for result in 0..N {
                let mut found = sources[0];
                // Not `skip(1)`, which was left as calls.
                for source in 1..N {
                    let list = _mm512_loadu_epi64(picks[result][source].as_ptr());
                    found = _mm512_permutex2var_pd(found, list, sources[source]);
                }
                _mm512_storeu_pd(to[result].as_mut_ptr(), found);
            }
        }
    }
}

/// Exchanges the two orders of N components of 16 channels at a time.
#[target_feature(enable = "avx512f")]
#[inline]
pub(super) fn exchange_f32<const N: usize, const INTERLEAVES: bool>(
    from: &[[f32; 16]],
    to: &mut [[f32; 16]],
) {
    let Aligned(picks) = const { &Aligned(exchanges_f32::<N>(INTERLEAVES)) };
    let (from, to) = (from.as_chunks::<N>().0, to.as_chunks_mut::<N>().0);
    for (from, to) in from.iter().zip(to) {
        // SAFETY: blocks and lists are as long as registers.
        unsafe {
            let sources: [__m512; N] = std::array::from_fn(|n| _mm512_loadu_ps(from[n].as_ptr()));
            for result in 0..N {
                let mut found = sources[0];
                // Not `skip(1)`, which was left as calls.
                for source in 1..N {
                    let list = _mm512_loadu_epi32(picks[result][source].as_ptr());
                    found = _mm512_permutex2var_ps(found, list, sources[source]);
                }
                _mm512_storeu_ps(to[result].as_mut_ptr(), found);
            }
        }
    }
}
