//! AVX-512: a block is one register.
#![expect(unsafe_code, reason = "instructions of a path; see the contract of the module above")]

use std::arch::x86_64::*;

use super::{Blocks, Job, Lanes};

/// That the machine has AVX-512 F and DQ.
#[derive(Clone, Copy)]
pub struct Avx512(());

impl Avx512 {
    /// Asks the processor.
    #[inline]
    pub fn detect() -> Option<Avx512> {
        let all = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma");
        all.then_some(Avx512(()))
    }
}

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
     $load_points:ident, $transpose:ident) => {
        impl Lanes for $name {
            type Number = $number;
            type Proof = Avx512;
            const UNROLLED: bool = true;

            #[inline(always)]
            fn call<J: Job<$number>>(proof: Avx512, job: J) -> J::Output {
                // SAFETY: the proof says that the machine has the features.
                unsafe { enter::<Self, J>(proof, job) }
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
                unsafe { $load_points(rows.as_ptr()) }.map($name)
            }

            #[inline(always)]
            unsafe fn transpose(
                _proof: Avx512,
                from: *const $number,
                from_stride: usize,
                to: *mut $number,
                to_stride: usize,
            ) {
                // SAFETY: by the proof, and by what the caller vouches for.
                unsafe { $transpose(from, from_stride, to, to_stride) }
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
    transpose_f64
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
    transpose_f32
);

/// For one axis, which element of (a, b), then of (that, c), each lane takes: element 3 · lane +
/// axis of the three registers. The second list keeps what the first has found.
const fn picks<const W: usize>(axis: usize) -> [[usize; W]; 2] {
    let mut picks = [[0; W]; 2];
    let mut lane = 0;
    while lane < W {
        let element = 3 * lane + axis;
        let late = element >= 2 * W;
        picks[0][lane] = if late { 0 } else { element };
        picks[1][lane] = if late { element - W } else { lane };
        lane += 1;
    }
    picks
}

#[target_feature(enable = "avx512f")]
#[inline]
unsafe fn load_points_f64(rows: *const f64) -> [__m512d; 3] {
    const PICKS: [[[usize; 8]; 2]; 3] = [picks(0), picks(1), picks(2)];
    // SAFETY: the caller vouches for 24 numbers; the lists are as long as registers.
    unsafe {
        let [a, b, c] = [0, 8, 16].map(|offset| _mm512_loadu_pd(rows.add(offset)));
        PICKS.map(|picks| {
            let [first, second] =
                picks.map(|pick| _mm512_loadu_epi64(pick.map(|i| i as i64).as_ptr()));
            let early = _mm512_permutex2var_pd(a, first, b);
            _mm512_permutex2var_pd(early, second, c)
        })
    }
}

#[target_feature(enable = "avx512f")]
#[inline]
unsafe fn load_points_f32(rows: *const f32) -> [__m512; 3] {
    const PICKS: [[[usize; 16]; 2]; 3] = [picks(0), picks(1), picks(2)];
    // SAFETY: the caller vouches for 48 numbers; the lists are as long as registers.
    unsafe {
        let [a, b, c] = [0, 16, 32].map(|offset| _mm512_loadu_ps(rows.add(offset)));
        PICKS.map(|picks| {
            let [first, second] =
                picks.map(|pick| _mm512_loadu_epi32(pick.map(|i| i as i32).as_ptr()));
            let early = _mm512_permutex2var_ps(a, first, b);
            _mm512_permutex2var_ps(early, second, c)
        })
    }
}

/// Halves of two rows are joined as they are loaded; then pairs, then quarters are exchanged.
#[target_feature(enable = "avx512f")]
#[inline]
unsafe fn transpose_f64(from: *const f64, from_stride: usize, to: *mut f64, to_stride: usize) {
    for half in 0..2 {
        // SAFETY: the caller vouches for 8 numbers in each of 8 rows on both sides.
        unsafe {
            let join = |low: usize, high: usize| {
                let at = |row: usize| _mm256_loadu_pd(from.add(row * from_stride + 4 * half));
                _mm512_insertf64x4::<1>(_mm512_castpd256_pd512(at(low)), at(high))
            };
            let [a, b, c, d] = [join(0, 2), join(1, 3), join(4, 6), join(5, 7)];
            let [even_low, odd_low] = [_mm512_unpacklo_pd(a, b), _mm512_unpackhi_pd(a, b)];
            let [even_high, odd_high] = [_mm512_unpacklo_pd(c, d), _mm512_unpackhi_pd(c, d)];
            let store = |row: usize, value| {
                _mm512_storeu_pd(to.add((4 * half + row) * to_stride), value);
            };
            store(0, _mm512_shuffle_f64x2::<0x88>(even_low, even_high));
            store(1, _mm512_shuffle_f64x2::<0x88>(odd_low, odd_high));
            store(2, _mm512_shuffle_f64x2::<0xdd>(even_low, even_high));
            store(3, _mm512_shuffle_f64x2::<0xdd>(odd_low, odd_high));
        }
    }
}

/// As for f64, with squares of four inside each quarter.
#[target_feature(enable = "avx512f,avx512dq")]
#[inline]
unsafe fn transpose_f32(from: *const f32, from_stride: usize, to: *mut f32, to_stride: usize) {
    for half in 0..2 {
        // SAFETY: the caller vouches for 16 numbers in each of 16 rows on both sides.
        unsafe {
            let join = |low: usize, high: usize| {
                let at = |row: usize| _mm256_loadu_ps(from.add(row * from_stride + 8 * half));
                _mm512_insertf32x8::<1>(_mm512_castps256_ps512(at(low)), at(high))
            };
            let low = quarters([join(0, 4), join(1, 5), join(2, 6), join(3, 7)]);
            let high = quarters([join(8, 12), join(9, 13), join(10, 14), join(11, 15)]);
            for (row, (low, high)) in low.into_iter().zip(high).enumerate() {
                let first = _mm512_shuffle_f32x4::<0x88>(low, high);
                let second = _mm512_shuffle_f32x4::<0xdd>(low, high);
                _mm512_storeu_ps(to.add((8 * half + row) * to_stride), first);
                _mm512_storeu_ps(to.add((8 * half + 4 + row) * to_stride), second);
            }
        }
    }
}

/// Transposes the square of four in each quarter of four registers.
#[target_feature(enable = "avx512f")]
#[inline]
fn quarters([a, b, c, d]: [__m512; 4]) -> [__m512; 4] {
    let pairs = [
        _mm512_unpacklo_ps(a, b),
        _mm512_unpackhi_ps(a, b),
        _mm512_unpacklo_ps(c, d),
        _mm512_unpackhi_ps(c, d),
    ];
    let [ab_low, ab_high, cd_low, cd_high] = pairs.map(|pair| _mm512_castps_pd(pair));
    [
        _mm512_castpd_ps(_mm512_unpacklo_pd(ab_low, cd_low)),
        _mm512_castpd_ps(_mm512_unpackhi_pd(ab_low, cd_low)),
        _mm512_castpd_ps(_mm512_unpacklo_pd(ab_high, cd_high)),
        _mm512_castpd_ps(_mm512_unpackhi_pd(ab_high, cd_high)),
    ]
}
