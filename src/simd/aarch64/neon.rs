//! NEON: a block is four registers. Written for aarch64, where every processor has it. Tested in an
//! emulator by `.ci/neon`; its speed was never measured.
#![expect(unsafe_code, reason = "instructions of a path; see the contract of the module above")]

use std::arch::aarch64::*;

use super::{Blocks, Job, Lanes, Narrow, Squares, Unrolled, UnrolledJob};

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
     $load_points:ident, $within:ident, $transpose:ident, $read_four:ident, $write_four:ident) => {
        impl Unrolled for $name {}

        impl Lanes for $name {
            type Number = $number;
            type Proof = Neon;
            type Narrow = Self;
            const REGISTERS: usize = 8;

            #[inline(never)]
            fn call<J: Job<$number>>(proof: Neon, job: J) -> J::Output {
                job.run::<Self>(proof)
            }

            #[inline(always)]
            fn unrolled<J: UnrolledJob<$number>>(proof: Neon, job: J) -> Result<J::Output, J> {
                Ok(job.run::<Self>(proof))
            }

            #[inline(always)]
            fn splat(_proof: Neon, value: $number) -> Self {
                // SAFETY: every aarch64 processor has NEON.
                $name([unsafe { $splat(value) }; 4])
            }

            #[inline(always)]
            fn load(_proof: Neon, block: &[$number; 4 * $width]) -> Self {
                let at = block.as_ptr();
                // SAFETY: a block is as long as four registers.
                $name(unsafe {
                    [
                        $load(at),
                        $load(at.add($width)),
                        $load(at.add(2 * $width)),
                        $load(at.add(3 * $width)),
                    ]
                })
            }

            #[inline(always)]
            fn store(self, block: &mut [$number; 4 * $width]) {
                let (at, [a, b, c, d]) = (block.as_mut_ptr(), self.0);
                // SAFETY: a block is as long as four registers.
                unsafe {
                    $store(at, a);
                    $store(at.add($width), b);
                    $store(at.add(2 * $width), c);
                    $store(at.add(3 * $width), d);
                }
            }

            #[inline(always)]
            fn add(self, b: Self) -> Self {
                let ([a0, a1, a2, a3], [b0, b1, b2, b3]) = (self.0, b.0);
                // SAFETY: see `splat`.
                $name(unsafe { [$add(a0, b0), $add(a1, b1), $add(a2, b2), $add(a3, b3)] })
            }

            #[inline(always)]
            fn sub(self, b: Self) -> Self {
                let ([a0, a1, a2, a3], [b0, b1, b2, b3]) = (self.0, b.0);
                // SAFETY: see `splat`.
                $name(unsafe { [$sub(a0, b0), $sub(a1, b1), $sub(a2, b2), $sub(a3, b3)] })
            }

            #[inline(always)]
            fn mul(self, b: Self) -> Self {
                let ([a0, a1, a2, a3], [b0, b1, b2, b3]) = (self.0, b.0);
                // SAFETY: see `splat`.
                $name(unsafe { [$mul(a0, b0), $mul(a1, b1), $mul(a2, b2), $mul(a3, b3)] })
            }

            #[inline(always)]
            fn div(self, b: Self) -> Self {
                let ([a0, a1, a2, a3], [b0, b1, b2, b3]) = (self.0, b.0);
                // SAFETY: see `splat`.
                $name(unsafe { [$div(a0, b0), $div(a1, b1), $div(a2, b2), $div(a3, b3)] })
            }

            #[inline(always)]
            fn neg(self) -> Self {
                let [a, b, c, d] = self.0;
                // SAFETY: see `splat`.
                $name(unsafe { [$neg(a), $neg(b), $neg(c), $neg(d)] })
            }

            #[inline(always)]
            fn sqrt(self) -> Self {
                let [a, b, c, d] = self.0;
                // SAFETY: see `splat`.
                $name(unsafe { [$sqrt(a), $sqrt(b), $sqrt(c), $sqrt(d)] })
            }

            #[inline(always)]
            fn mul_add(self, b: Self, c: Self) -> Self {
                let ([a0, a1, a2, a3], [b0, b1, b2, b3]) = (self.0, b.0);
                let [c0, c1, c2, c3] = c.0;
                // SAFETY: see `splat`.
                $name(unsafe {
                    [$fma(c0, a0, b0), $fma(c1, a1, b1), $fma(c2, a2, b2), $fma(c3, a3, b3)]
                })
            }

            #[inline(always)]
            fn mul_sub(self, b: Self, c: Self) -> Self {
                // Not the negative of `neg_mul_add`: of equal terms it would be -0.
                self.mul_add(b, c.neg())
            }

            #[inline(always)]
            fn neg_mul_add(self, b: Self, c: Self) -> Self {
                let ([a0, a1, a2, a3], [b0, b1, b2, b3]) = (self.0, b.0);
                let [c0, c1, c2, c3] = c.0;
                // SAFETY: see `splat`.
                $name(unsafe {
                    [$fms(c0, a0, b0), $fms(c1, a1, b1), $fms(c2, a2, b2), $fms(c3, a3, b3)]
                })
            }

            #[inline(always)]
            fn all_within(self, low: $number, high: $number) -> bool {
                let [a, b, c, d] = self.0.map(|lanes| $within(lanes, low, high));
                // SAFETY: see `splat`.
                unsafe { vminvq_u32(vandq_u32(vandq_u32(a, b), vandq_u32(c, d))) == u32::MAX }
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
                    for part in 0..16 {
                        let (row, column) = (part / 4 * $width, part % 4 * $width);
                        let at = square * from.step + row * from.stride + column;
                        let target = square * to.step + column * to.stride + row;
                        // SAFETY: both are inside the squares that the caller vouches for.
                        unsafe {
                            let (at, target) = (from.first.add(at), to.first.add(target));
                            $transpose(at, from.stride, target, to.stride);
                        }
                    }
                }
            }

            #[inline(always)]
            unsafe fn transpose_narrow(
                _proof: Neon,
                from: *const $number,
                from_stride: usize,
                to: *mut $number,
                to_stride: usize,
                columns: usize,
            ) {
                let whole = columns / $width * $width;
                for column in (0..whole).step_by($width) {
                    for point in (0..4 * $width).step_by($width) {
                        // SAFETY: the columns are among those that the caller vouches for.
                        unsafe {
                            let at = from.add(column * from_stride + point);
                            let target = to.add(point * to_stride + column);
                            $transpose(at, from_stride, target, to_stride);
                        }
                    }
                }
                for column in whole..columns {
                    for point in 0..4 * $width {
                        // SAFETY: as above.
                        unsafe {
                            let value = *from.add(column * from_stride + point);
                            *to.add(point * to_stride + column) = value;
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

        impl Narrow for $name {
            const POINTS: usize = 4 * $width;
            const PAIRED: bool = false;

            #[inline(always)]
            fn load(proof: Neon, numbers: &[$number]) -> Self {
                Lanes::load(proof, numbers.first_chunk().expect("a number for each lane"))
            }

            #[inline(always)]
            fn load_points(proof: Neon, rows: &[$number]) -> [Self; 3] {
                Lanes::load_points(proof, rows)
            }

            #[inline(always)]
            unsafe fn read_one(proof: Neon, from: *const $number, stride: usize) -> Self {
                // SAFETY: the caller vouches for a number in each row.
                let numbers = std::array::from_fn(|point| unsafe { *from.add(point * stride) });
                Lanes::load(proof, &numbers)
            }

            #[inline(always)]
            unsafe fn read_four(_proof: Neon, from: *const $number, stride: usize) -> [Self; 4] {
                // SAFETY: the caller vouches for four numbers in each row, a quarter of them here.
                let quarters = [0, 1, 2, 3].map(|quarter| unsafe {
                    $read_four(from.add(quarter * $width * stride), stride)
                });
                [0, 1, 2, 3].map(|column| $name(quarters.map(|quarter| quarter[column])))
            }

            #[inline(always)]
            unsafe fn write_one(self, to: *mut $number, stride: usize) {
                let mut block = <$number as Blocks>::ZERO;
                self.store(&mut block);
                for (point, value) in block.into_iter().enumerate() {
                    // SAFETY: the caller vouches for a number in each row.
                    unsafe { *to.add(point * stride) = value }
                }
            }

            #[inline(always)]
            unsafe fn write_four(columns: [Self; 4], to: *mut $number, stride: usize) {
                for quarter in 0..4 {
                    let columns = columns.map(|column| column.0[quarter]);
                    // SAFETY: the caller vouches for four numbers in each row.
                    unsafe { $write_four(columns, to.add(quarter * $width * stride), stride) }
                }
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
    vld3q_f64,
    within_f64,
    transpose_f64,
    read_four_f64,
    write_four_f64
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
    vld3q_f32,
    within_f32,
    transpose_f32,
    read_four_f32,
    write_four_f32
);

/// All bits of a lane where it is from `low` to `high`.
#[inline(always)]
fn within_f64(lanes: float64x2_t, low: f64, high: f64) -> uint32x4_t {
    // SAFETY: every aarch64 processor has NEON.
    unsafe {
        let above = vcgeq_f64(lanes, vdupq_n_f64(low));
        vreinterpretq_u32_u64(vandq_u64(above, vcleq_f64(lanes, vdupq_n_f64(high))))
    }
}

/// All bits of a lane where it is from `low` to `high`.
#[inline(always)]
fn within_f32(lanes: float32x4_t, low: f32, high: f32) -> uint32x4_t {
    // SAFETY: as in `within_f64`.
    unsafe {
        let above = vcgeq_f32(lanes, vdupq_n_f32(low));
        vandq_u32(above, vcleq_f32(lanes, vdupq_n_f32(high)))
    }
}

/// Rows of two numbers to columns, or columns to rows.
#[inline(always)]
fn exchange_f64([a, b]: [float64x2_t; 2]) -> [float64x2_t; 2] {
    // SAFETY: as in `within_f64`.
    unsafe { [vtrn1q_f64(a, b), vtrn2q_f64(a, b)] }
}

/// Rows of four numbers to columns, or columns to rows: numbers are exchanged, then pairs of them.
#[inline(always)]
fn exchange_f32([a, b, c, d]: [float32x4_t; 4]) -> [float32x4_t; 4] {
    // SAFETY: as in `within_f64`.
    unsafe {
        let pairs = |even, odd| {
            let (even, odd) = (vreinterpretq_f64_f32(even), vreinterpretq_f64_f32(odd));
            exchange_f64([even, odd]).map(|pair| vreinterpretq_f32_f64(pair))
        };
        let [first, third] = pairs(vtrn1q_f32(a, b), vtrn1q_f32(c, d));
        let [second, fourth] = pairs(vtrn2q_f32(a, b), vtrn2q_f32(c, d));
        [first, second, third, fourth]
    }
}

/// A square of two.
#[inline(always)]
unsafe fn transpose_f64(from: *const f64, stride: usize, to: *mut f64, to_stride: usize) {
    // SAFETY: the caller vouches for 2 numbers in each of 2 rows on both sides.
    unsafe {
        let [a, b] = exchange_f64([vld1q_f64(from), vld1q_f64(from.add(stride))]);
        vst1q_f64(to, a);
        vst1q_f64(to.add(to_stride), b);
    }
}

/// A square of four.
#[inline(always)]
unsafe fn transpose_f32(from: *const f32, stride: usize, to: *mut f32, to_stride: usize) {
    // SAFETY: the caller vouches for 4 numbers in each of 4 rows on both sides.
    unsafe { write_four_f32(rows_f32(from, stride), to, to_stride) }
}

/// Four columns of two rows.
#[inline(always)]
unsafe fn read_four_f64(from: *const f64, stride: usize) -> [float64x2_t; 4] {
    // SAFETY: the caller vouches for 4 numbers in each of 2 rows.
    unsafe {
        let pair = |at: usize| [vld1q_f64(from.add(at)), vld1q_f64(from.add(stride + at))];
        let ([a, b], [c, d]) = (exchange_f64(pair(0)), exchange_f64(pair(2)));
        [a, b, c, d]
    }
}

/// Four columns of four rows.
#[inline(always)]
unsafe fn read_four_f32(from: *const f32, stride: usize) -> [float32x4_t; 4] {
    // SAFETY: the caller vouches for 4 numbers in each of 4 rows.
    exchange_f32(unsafe { rows_f32(from, stride) })
}

/// Four rows of four numbers.
#[inline(always)]
unsafe fn rows_f32(from: *const f32, stride: usize) -> [float32x4_t; 4] {
    // SAFETY: the caller vouches for 4 numbers in each of 4 rows.
    [0, 1, 2, 3].map(|row| unsafe { vld1q_f32(from.add(row * stride)) })
}

/// Four columns of two rows.
#[inline(always)]
unsafe fn write_four_f64([a, b, c, d]: [float64x2_t; 4], to: *mut f64, stride: usize) {
    let rows = exchange_f64([a, b]).into_iter().zip(exchange_f64([c, d]));
    for (row, (left, right)) in rows.enumerate() {
        // SAFETY: the caller vouches for 4 numbers in each of 2 rows.
        unsafe {
            vst1q_f64(to.add(row * stride), left);
            vst1q_f64(to.add(row * stride + 2), right);
        }
    }
}

/// Four columns of four rows.
#[inline(always)]
unsafe fn write_four_f32(columns: [float32x4_t; 4], to: *mut f32, stride: usize) {
    for (row, numbers) in exchange_f32(columns).into_iter().enumerate() {
        // SAFETY: the caller vouches for 4 numbers in each of 4 rows.
        unsafe { vst1q_f32(to.add(row * stride), numbers) }
    }
}
