//! Native solid values: the generated programs, run on blocks of points.

use std::marker::PhantomData;

use super::points::{Frame, Positions};
use crate::LMAX;
use crate::sh::Axes;
use crate::simd::{Aligned, Blocks, Job, Lanes, Number, blocks_to_rows};

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
    program: PhantomData<P>,
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

/// A generated program: lanes of x, y, z to values and derivatives along the native axes.
trait GradientProgram {
    fn run<V: Lanes>(
        proof: V::Proof,
        r: [V; 3],
        values: &mut [BlockOf<V>],
        gradient: [&mut [BlockOf<V>]; 3],
    );
}

/// A program with gradients on one block of points.
struct FillGradient<'a, B, P> {
    point: &'a [B; 3],
    values: &'a mut [B],
    gradient: [&'a mut [B]; 3],
    program: PhantomData<P>,
}

impl<T: Number, P: GradientProgram> Job<T> for FillGradient<'_, T::Block, P> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(self, proof: V::Proof) {
        let [x, y, z] = self.point;
        let r = [V::load(proof, x), V::load(proof, y), V::load(proof, z)];
        P::run(proof, r, self.values, self.gradient);
    }
}

/// What [`small_rows`] reads and writes.
pub(super) struct SmallArguments<'a, T> {
    pub frame: Frame,
    pub positions: Positions<'a, T>,
    /// Whole blocks of points.
    pub blocks: usize,
    pub values: &'a mut [T],
    pub gradients: Option<&'a mut [T]>,
}

/// Programs whose N values go to rows at once.
struct SmallRows<'a, T, P, G, const N: usize> {
    arguments: SmallArguments<'a, T>,
    programs: PhantomData<(P, G)>,
}

/// Stands where there is no program with gradients.
impl GradientProgram for () {
    fn run<V: Lanes>(
        _proof: V::Proof,
        _r: [V; 3],
        _values: &mut [BlockOf<V>],
        _gradient: [&mut [BlockOf<V>]; 3],
    ) {
        unreachable!("gradients of this degree were not asked for");
    }
}

impl<T: Number, P: Program, G: GradientProgram, const N: usize> Job<T>
    for SmallRows<'_, T, P, G, N>
{
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(self, proof: V::Proof) {
        let SmallArguments { frame, positions, blocks, values, gradients } = self.arguments;
        let size = N;
        let mut tile = Aligned([T::ZERO; N]);
        let tile = &mut tile.0;
        let mut point = Aligned([T::ZERO; 3]);
        let mut inverse = [T::ZERO; 2];
        let rows = values.chunks_exact_mut(T::WIDTH * size).take(blocks).enumerate();
        let Some(gradients) = gradients else {
            for (block, rows) in rows {
                frame.load::<V>(proof, positions, block * T::WIDTH, &mut point.0, &mut inverse);
                let [x, y, z] = &point.0;
                let r = [V::load(proof, x), V::load(proof, y), V::load(proof, z)];
                P::run(proof, r, tile);
                blocks_to_rows::<V>(proof, tile, rows, size);
            }
            return;
        };
        let mut derivatives = Aligned([[T::ZERO; N]; 3]);
        let derivatives = derivatives.0.as_flattened_mut();
        for ((block, rows), gradients) in rows.zip(gradients.chunks_exact_mut(3 * T::WIDTH * size))
        {
            frame.load::<V>(proof, positions, block * T::WIDTH, &mut point.0, &mut inverse);
            let [x, y, z] = &point.0;
            let r = [V::load(proof, x), V::load(proof, y), V::load(proof, z)];
            let (first, rest) = derivatives.split_at_mut(size);
            let (second, third) = rest.split_at_mut(size);
            let along = match frame.axes {
                Axes::ZPolar => [first, second, third],
                Axes::YPolar => [third, first, second],
            };
            G::run(proof, r, tile, along);
            blocks_to_rows::<V>(proof, tile, rows, size);
            blocks_to_rows::<V>(proof, derivatives, gradients, 3 * size);
        }
    }
}

/// A correctly rounded constant in every lane.
#[inline(always)]
fn constant<V: Lanes>(proof: V::Proof, wide: f64, narrow: f32) -> V {
    V::splat(proof, V::Number::pick(wide, narrow))
}

include!(concat!(env!("OUT_DIR"), "/batch.rs"));

/// All degrees to `l` by loops over tables, order by order: where there is no program.
#[inline(always)]
pub(super) fn looped<V: Lanes>(
    proof: V::Proof,
    l: usize,
    unit: bool,
    points: &[[BlockOf<V>; 3]],
    out: &mut [BlockOf<V>],
    stride: usize,
) where
    V::Number: Lower,
{
    V::call(proof, Looped { l, unit, points, out, stride });
}

struct Looped<'a, B> {
    l: usize,
    unit: bool,
    points: &'a [[B; 3]],
    out: &'a mut [B],
    stride: usize,
}

impl<T: Lower> Job<T> for Looped<'_, T::Block> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(self, proof: V::Proof) {
        let one = constant::<V>(proof, 1.0, 1.0);
        for ([x, y, z], out) in self.points.iter().zip(self.out.chunks_mut(self.stride)) {
            let [x, y, z] = [V::load(proof, x), V::load(proof, y), V::load(proof, z)];
            let square = if self.unit { one } else { x.mul_add(x, y.mul_add(y, z.mul(z))) };
            let (mut cosine, mut sine) = (one, constant::<V>(proof, 0.0, 0.0));
            for m in 0..=self.l {
                let table = &T::recurrence(m)[..=self.l - m];
                if m == 0 {
                    // Both are written to the same place.
                    column(proof, table, m, [z, square], [one, one], out);
                } else {
                    let next = x.mul_sub(cosine, y.mul(sine));
                    sine = x.mul_add(sine, y.mul(cosine));
                    cosine = next;
                    column(proof, table, m, [z, square], [cosine, sine], out);
                }
            }
        }
    }
}

/// The values of orders ±m, all degrees.
#[inline(always)]
fn column<V: Lanes>(
    proof: V::Proof,
    table: &[[V::Number; 2]],
    m: usize,
    [z, square]: [V; 2],
    [cosine, sine]: [V; 2],
    out: &mut [BlockOf<V>],
) {
    let mut below = constant::<V>(proof, 0.0, 0.0);
    let mut part = constant::<V>(proof, 1.0, 1.0);
    for (d, &[c, n]) in table.iter().enumerate() {
        if d > 0 {
            let scaled = V::splat(proof, c).mul(square).mul(below);
            (part, below) = (z.mul_sub(part, scaled), part);
        }
        let l = m + d;
        let value = V::splat(proof, n).mul(part);
        value.mul(sine).store(&mut out[l * l + l - m]);
        value.mul(cosine).store(&mut out[l * l + l + m]);
    }
}

/// The tables of one number type.
pub(super) trait Lower: Number {
    /// (c, n) for l = m..=LMAX: see the generated tables.
    fn recurrence(m: usize) -> &'static [[Self; 2]];

    /// (a, b, c) for m = 0..=l.
    fn lower(l: usize) -> &'static [[Self; 3]];
}

/// Where the recurrence of order m begins.
fn column_start(m: usize) -> usize {
    m * (LMAX + 1) - m * m.saturating_sub(1) / 2
}

impl Lower for f64 {
    #[inline(always)]
    fn recurrence(m: usize) -> &'static [[f64; 2]] {
        &RECURRENCE_F64[column_start(m)..][..LMAX + 1 - m]
    }

    #[inline(always)]
    fn lower(l: usize) -> &'static [[f64; 3]] {
        &LOWER_F64[l * (l + 1) / 2..][..l + 1]
    }
}

impl Lower for f32 {
    #[inline(always)]
    fn recurrence(m: usize) -> &'static [[f32; 2]] {
        &RECURRENCE_F32[column_start(m)..][..LMAX + 1 - m]
    }

    #[inline(always)]
    fn lower(l: usize) -> &'static [[f32; 3]] {
        &LOWER_F32[l * (l + 1) / 2..][..l + 1]
    }
}
