//! Native solid values: the generated programs, run on blocks of points.

use crate::simd::{Blocks, Job, Lanes, Number};

/// The block of the lanes V.
pub(super) type BlockOf<V> = <<V as Lanes>::Number as Blocks>::Block;

/// A generated program: lanes of x, y, z to one block for each value.
trait Program {
    /// The number of values.
    const VALUES: usize;

    fn run<V: Lanes>(proof: V::Proof, r: [V; 3], out: &mut [BlockOf<V>]);
}

/// A program on many blocks of points. Those of one block begin `stride` after those of the last.
struct Fill<'a, B, P> {
    points: &'a [[B; 3]],
    out: &'a mut [B],
    stride: usize,
    program: P,
}

impl<T: Number, P: Program> Job<T> for Fill<'_, T::Block, P> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(self, proof: V::Proof) {
        for ([x, y, z], out) in self.points.iter().zip(self.out.chunks_mut(self.stride)) {
            let r = [V::load(proof, x), V::load(proof, y), V::load(proof, z)];
            P::run(proof, r, &mut out[..P::VALUES]);
        }
    }
}

/// A correctly rounded constant in every lane.
#[inline(always)]
fn constant<V: Lanes>(proof: V::Proof, wide: f64, narrow: f32) -> V {
    V::splat(proof, V::Number::pick(wide, narrow))
}

include!(concat!(env!("OUT_DIR"), "/batch.rs"));

/// The coefficients of derivatives: see the generated tables.
pub(super) trait Lower: Number {
    /// (a, b, c) for m = 0..=l.
    fn lower(l: usize) -> &'static [[Self; 3]];
}

impl Lower for f64 {
    #[inline(always)]
    fn lower(l: usize) -> &'static [[f64; 3]] {
        &LOWER_F64[l * (l + 1) / 2..][..l + 1]
    }
}

impl Lower for f32 {
    #[inline(always)]
    fn lower(l: usize) -> &'static [[f32; 3]] {
        &LOWER_F32[l * (l + 1) / 2..][..l + 1]
    }
}
