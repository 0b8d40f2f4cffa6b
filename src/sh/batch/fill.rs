//! Native solid values of blocks of points, by the generated programs or by loops.

use std::marker::PhantomData;

use super::programs::{
    self, BlockSink, LOWER_F32, LOWER_F64, Program, RECURRENCE_F32, RECURRENCE_F64, WithProgram,
};
use super::way::has_program;
use crate::LMAX;
use crate::sh::Normalization;
use crate::simd::{BlockOf, Job, Lanes, Number, Unrolled, UnrolledJob, constant};

/// What is filled: all harmonics of degrees `base` to `high`, at many blocks of points. Those of one
/// block of points begin `stride` after those of the last.
pub(super) struct Filling<'a, B> {
    pub base: usize,
    pub high: usize,
    /// The points have length one.
    pub unit: bool,
    pub points: &'a [[B; 3]],
    pub out: &'a mut [B],
    pub stride: usize,
}

/// Fills by programs where the lanes and the degree have them, by loops elsewhere.
#[inline(always)]
pub(super) fn fill<V: Lanes>(proof: V::Proof, filling: Filling<'_, BlockOf<V>>)
where
    V::Number: DegreeTables,
{
    let rest = match has_program(filling.high) {
        true => V::unrolled(proof, filling),
        false => Err(filling),
    };
    if let Err(filling) = rest {
        V::call(proof, Looped(filling));
    }
}

impl<T: Number> UnrolledJob<T> for Filling<'_, T::Block> {
    type Output = ();

    #[inline(always)]
    fn run<V: Unrolled<Number = T>>(self, proof: V::Proof) {
        let Filling { base, high, unit, points, out, stride } = self;
        if base > 0 {
            for l in base..=high {
                let out = &mut out[l * l - base * base..];
                programs::degree(l, FillBlocks::<V> { proof, points, out, stride });
            }
            return;
        }
        let job = FillBlocks::<V> { proof, points, out, stride };
        match unit {
            true => programs::unit(high, job),
            false => programs::solid(high, job),
        }
    }
}

/// Values of many blocks of points in blocks of lanes, once the program is chosen. Those of one
/// block of points begin `stride` after those of the last.
struct FillBlocks<'a, V: Unrolled> {
    proof: V::Proof,
    points: &'a [[BlockOf<V>; 3]],
    out: &'a mut [BlockOf<V>],
    stride: usize,
}

impl<V: Unrolled> WithProgram<0, 0> for FillBlocks<'_, V> {
    #[inline(always)]
    fn with<P: Program<0, 0>, const K: usize>(self) {
        let FillBlocks { proof, points, out, stride } = self;
        V::call(proof, Fill::<_, P, K> { points, out, stride, program: PhantomData });
    }
}

/// A program on many blocks of points.
struct Fill<'a, B, P, const K: usize> {
    points: &'a [[B; 3]],
    out: &'a mut [B],
    stride: usize,
    program: PhantomData<P>,
}

impl<T: Number, P: Program<0, 0>, const K: usize> Job<T> for Fill<'_, T::Block, P, K> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(self, proof: V::Proof) {
        let constants = P::of::<T>(Normalization::Integral);
        for (point, out) in self.points.iter().zip(self.out.chunks_mut(self.stride)) {
            let r = point.each_ref().map(|axis| V::load(proof, axis));
            let values: &mut [_; K] = out.first_chunk_mut().expect("a block for each value");
            let mut out = BlockSink { values, gradient: [], hessian: [] };
            P::run::<V>(proof, constants, r, &mut out);
        }
    }
}

/// Loops over tables, degree by degree. As in programs, a degree is a column in z and x² + y², which
/// loses nothing near the poles; at unit vectors too.
struct Looped<'a, B>(Filling<'a, B>);

impl<T: DegreeTables> Job<T> for Looped<'_, T::Block> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(self, proof: V::Proof) {
        let Filling { base, high, points, out, stride, .. } = self.0;
        let one = constant::<V>(proof, 1.0, 1.0);
        // Both parts of order 0 are written to the same place.
        let mut azimuthal = [[one; 2]; LMAX + 1];
        for ([x, y, z], out) in points.iter().zip(out.chunks_mut(stride)) {
            let [x, y, z] = [V::load(proof, x), V::load(proof, y), V::load(proof, z)];
            let (mut cosine, mut sine) = (one, constant::<V>(proof, 0.0, 0.0));
            for parts in &mut azimuthal[1..=high] {
                let next = x.mul_sub(cosine, y.mul(sine));
                sine = x.mul_add(sine, y.mul(cosine));
                cosine = next;
                *parts = [cosine, sine];
            }
            let square = x.mul_add(x, y.mul(y));
            for l in base..=high {
                let out = &mut out[l * l - base * base..];
                degree(proof, T::recurrence(l), [z, square], &azimuthal, out);
            }
        }
    }
}

/// The values of one degree, from m = l down.
#[inline(always)]
fn degree<V: Lanes>(
    proof: V::Proof,
    table: &[[V::Number; 2]],
    [z, square]: [V; 2],
    azimuthal: &[[V; 2]],
    out: &mut [BlockOf<V>],
) {
    let l = table.len() - 1;
    let one = constant::<V>(proof, 1.0, 1.0);
    let (mut part, mut before) = (one, one);
    for (d, &[c, n]) in table.iter().enumerate() {
        (part, before) = match d {
            0 => (one, one),
            1 => (z, one),
            _ => (z.mul_sub(part, V::splat(proof, c).mul(square).mul(before)), part),
        };
        let value = V::splat(proof, n).mul(part);
        let [cosine, sine] = azimuthal[l - d];
        value.mul(sine).store(&mut out[d]);
        value.mul(cosine).store(&mut out[2 * l - d]);
    }
}

/// The tables of one number type.
pub(super) trait DegreeTables: Number {
    /// (c, n) for m = l, l-1, …, 0: see the generated tables.
    fn recurrence(l: usize) -> &'static [[Self; 2]];

    /// (a, b, c) for m = 0..=l.
    fn lowering(l: usize) -> &'static [[Self; 3]];
}

impl DegreeTables for f64 {
    #[inline(always)]
    fn recurrence(l: usize) -> &'static [[f64; 2]] {
        &RECURRENCE_F64[l * (l + 1) / 2..][..l + 1]
    }

    #[inline(always)]
    fn lowering(l: usize) -> &'static [[f64; 3]] {
        &LOWER_F64[l * (l + 1) / 2..][..l + 1]
    }
}

impl DegreeTables for f32 {
    #[inline(always)]
    fn recurrence(l: usize) -> &'static [[f32; 2]] {
        &RECURRENCE_F32[l * (l + 1) / 2..][..l + 1]
    }

    #[inline(always)]
    fn lowering(l: usize) -> &'static [[f32; 3]] {
        &LOWER_F32[l * (l + 1) / 2..][..l + 1]
    }
}
