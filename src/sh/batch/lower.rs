//! Derivatives and their contractions: loops over orders in which every derivative of degree l is
//! a combination of harmonics of degree l - 1.
//!
//! A *row* is the blocks of one degree by m = -l..=l. The coefficients (a, b, c) are those of the
//! generated tables:
//! - ∂x Y_{±m} = a Y_{±(m-1)} + b Y_{±(m+1)},
//! - ∂y Y_{±m} = ∓a Y_{∓(m-1)} ± b Y_{∓(m+1)},
//! - ∂z Y_{±m} = c Y_{±m},
//!
//! with Y_{-0} = 0 and what is above degree l - 1 left out.

use crate::Scalar;
use crate::simd::{BlockOf, Lanes};

/// The harmonics of one order: cosine (+m) and sine (-m).
#[derive(Clone, Copy)]
struct Pair<V> {
    cosine: V,
    sine: V,
}

/// The pair of order m of a row.
#[inline(always)]
fn pair<V: Lanes>(proof: V::Proof, row: &[BlockOf<V>], m: usize) -> Pair<V> {
    let l = row.len() / 2;
    Pair { cosine: V::load(proof, &row[l + m]), sine: V::load(proof, &row[l - m]) }
}

#[inline(always)]
fn zero<V: Lanes>(proof: V::Proof) -> V {
    V::splat(proof, V::Number::constant(0.0, 0.0))
}

#[inline(always)]
fn store_pair<V: Lanes>(row: &mut [BlockOf<V>], m: usize, cosine: V, sine: V) {
    let l = row.len() / 2;
    cosine.store(&mut row[l + m]);
    sine.store(&mut row[l - m]);
}

/// The derivatives of the row of degree l, from the one below it, along x, y and z. Each is stored
/// as `finish` gives it.
#[inline(always)]
pub(super) fn gradient<V: Lanes, F: Finish<V>>(
    proof: V::Proof,
    coefficients: &[[V::Number; 3]],
    below: &[BlockOf<V>],
    [dx, dy, dz]: [&mut [BlockOf<V>]; 3],
    finish: &F,
) {
    let l = dx.len() / 2;
    let none = zero::<V>(proof);
    if l == 0 {
        for row in [dx, dy, dz] {
            none.store(&mut row[0]);
        }
        return;
    }
    let (size, values) = (2 * l + 1, finish.values());
    // With these no index below needs a check of its own.
    assert!(coefficients.len() == l + 1 && below.len() == size - 2, "tables of another degree");
    assert!(dx.len() == size && dy.len() == size && dz.len() == size, "rows of another degree");
    assert!(!F::READS_VALUES || values.len() == size, "values of another degree");
    let mut previous = Pair { cosine: none, sine: none };
    let mut here = Pair { cosine: V::load(proof, &below[l - 1]), sine: none };
    for (m, &[a, b, c]) in coefficients.iter().enumerate() {
        let next =
            if m + 1 < l { pair(proof, below, m + 1) } else { Pair { cosine: none, sine: none } };
        let value = match F::READS_VALUES {
            true => Pair {
                cosine: V::load(proof, &values[l + m]),
                sine: V::load(proof, &values[l - m]),
            },
            false => here,
        };
        let (a, b, c) = (V::splat(proof, a), V::splat(proof, b), V::splat(proof, c));
        let up = Pair { cosine: b.mul(next.cosine), sine: b.mul(next.sine) };
        if m == 0 {
            finish.finish(0, value.cosine, up.cosine).store(&mut dx[l]);
            finish.finish(1, value.cosine, up.sine).store(&mut dy[l]);
            finish.finish(2, value.cosine, c.mul(here.cosine)).store(&mut dz[l]);
        } else {
            let down = Pair { cosine: a.mul(previous.cosine), sine: a.mul(previous.sine) };
            let (cosine, sine) = (down.cosine.add(up.cosine), down.sine.add(up.sine));
            finish.finish(0, value.cosine, cosine).store(&mut dx[l + m]);
            finish.finish(0, value.sine, sine).store(&mut dx[l - m]);
            let (cosine, sine) = (up.sine.sub(down.sine), down.cosine.sub(up.cosine));
            finish.finish(1, value.cosine, cosine).store(&mut dy[l + m]);
            finish.finish(1, value.sine, sine).store(&mut dy[l - m]);
            let (cosine, sine) = (c.mul(here.cosine), c.mul(here.sine));
            finish.finish(2, value.cosine, cosine).store(&mut dz[l + m]);
            finish.finish(2, value.sine, sine).store(&mut dz[l - m]);
        }
        previous = here;
        here = next;
    }
}

/// What becomes of a derivative before it is stored. No closure, which would not be compiled for the
/// instructions of the lanes.
pub(super) trait Finish<V: Lanes> {
    /// Whether the values of the row matter.
    const READS_VALUES: bool;

    /// The values of the row, if they matter.
    fn values(&self) -> &[BlockOf<V>] {
        &[]
    }

    /// Of the derivative along an axis, and the value.
    fn finish(&self, axis: usize, value: V, derivative: V) -> V;
}

/// Derivatives as they are.
pub(super) struct AsItIs;

impl<V: Lanes> Finish<V> for AsItIs {
    const READS_VALUES: bool = false;

    #[inline(always)]
    fn finish(&self, _axis: usize, _value: V, derivative: V) -> V {
        derivative
    }
}

/// The second derivatives xx, xy, xz, yy, yz, zz of the row of degree l, from the gradients
/// (x, y, z) of the row below it.
#[inline(always)]
pub(super) fn hessian<V: Lanes>(
    proof: V::Proof,
    coefficients: &[[V::Number; 3]],
    below: [&[BlockOf<V>]; 3],
    [xx, xy, xz, yy, yz, zz]: [&mut [BlockOf<V>]; 6],
) {
    let l = xx.len() / 2;
    gradient::<V, _>(proof, coefficients, below[2], [xz, yz, &mut *zz], &AsItIs);
    let none = zero::<V>(proof);
    if l == 0 {
        for row in [xx, xy, yy] {
            none.store(&mut row[0]);
        }
        return;
    }
    // ∂x of the derivatives along x and y; yy from the vanishing trace.
    let nothing = Pair { cosine: none, sine: none };
    let mut previous = [nothing; 2];
    let mut here = [
        Pair { cosine: V::load(proof, &below[0][l - 1]), sine: none },
        Pair { cosine: V::load(proof, &below[1][l - 1]), sine: none },
    ];
    for (m, &[a, b, _]) in coefficients.iter().enumerate() {
        let next = match m + 1 < l {
            true => [pair(proof, below[0], m + 1), pair(proof, below[1], m + 1)],
            false => [nothing; 2],
        };
        let (a, b) = (V::splat(proof, a), V::splat(proof, b));
        let x = Pair { cosine: b.mul(next[0].cosine), sine: b.mul(next[0].sine) };
        let y = Pair { cosine: b.mul(next[1].cosine), sine: b.mul(next[1].sine) };
        if m == 0 {
            x.cosine.store(&mut xx[l]);
            y.cosine.store(&mut xy[l]);
            x.cosine.add(V::load(proof, &zz[l])).neg().store(&mut yy[l]);
        } else {
            let [x_cosine, x_sine] =
                [a.mul_add(previous[0].cosine, x.cosine), a.mul_add(previous[0].sine, x.sine)];
            store_pair(xx, m, x_cosine, x_sine);
            let trace = pair::<V>(proof, zz, m);
            store_pair(yy, m, x_cosine.add(trace.cosine).neg(), x_sine.add(trace.sine).neg());
            store_pair(
                xy,
                m,
                a.mul_add(previous[1].cosine, y.cosine),
                a.mul_add(previous[1].sine, y.sine),
            );
        }
        previous = here;
        here = next;
    }
}

/// Adds Σ_m cotangent_m ∇Y_m of the row of degree l to `sum`.
#[inline(always)]
pub(super) fn pull_back<V: Lanes>(
    proof: V::Proof,
    coefficients: &[[V::Number; 3]],
    below: &[BlockOf<V>],
    cotangents: &[BlockOf<V>],
    [mut x, mut y, mut z]: [V; 3],
) -> [V; 3] {
    let l = cotangents.len() / 2;
    if l == 0 {
        return [x, y, z];
    }
    let none = zero::<V>(proof);
    let nothing = Pair { cosine: none, sine: none };
    let mut previous = nothing;
    let mut here = Pair { cosine: V::load(proof, &below[l - 1]), sine: none };
    for (m, &[a, b, c]) in coefficients.iter().enumerate() {
        let next = if m + 1 < l { pair(proof, below, m + 1) } else { nothing };
        let mut g = pair::<V>(proof, cotangents, m);
        if m == 0 {
            g.sine = none;
        }
        // For m = 0 the terms with `previous` are zero.
        let along = next.cosine.mul_add(g.cosine, next.sine.mul(g.sine));
        let across = next.sine.mul_sub(g.cosine, next.cosine.mul(g.sine));
        x = V::splat(proof, b).mul_add(along, x);
        y = V::splat(proof, b).mul_add(across, y);
        let along = previous.cosine.mul_add(g.cosine, previous.sine.mul(g.sine));
        let across = previous.cosine.mul_sub(g.sine, previous.sine.mul(g.cosine));
        x = V::splat(proof, a).mul_add(along, x);
        y = V::splat(proof, a).mul_add(across, y);
        let straight = here.cosine.mul_add(g.cosine, here.sine.mul(g.sine));
        z = V::splat(proof, c).mul_add(straight, z);
        previous = here;
        here = next;
    }
    [x, y, z]
}

/// The derivatives of the row of degree l along the vectors `w`.
#[inline(always)]
pub(super) fn push_forward<V: Lanes>(
    proof: V::Proof,
    coefficients: &[[V::Number; 3]],
    below: &[BlockOf<V>],
    [x, y, z]: [V; 3],
    out: &mut [BlockOf<V>],
) {
    let l = out.len() / 2;
    let none = zero::<V>(proof);
    if l == 0 {
        none.store(&mut out[0]);
        return;
    }
    let nothing = Pair { cosine: none, sine: none };
    let mut previous = nothing;
    let mut here = Pair { cosine: V::load(proof, &below[l - 1]), sine: none };
    for (m, &[a, b, c]) in coefficients.iter().enumerate() {
        let next = if m + 1 < l { pair(proof, below, m + 1) } else { nothing };
        let (ax, ay) = (V::splat(proof, a).mul(x), V::splat(proof, a).mul(y));
        let (bx, by, cz) =
            (V::splat(proof, b).mul(x), V::splat(proof, b).mul(y), V::splat(proof, c).mul(z));
        let up = bx.mul_add(next.cosine, by.mul(next.sine));
        let down = ax.mul_sub(previous.cosine, ay.mul(previous.sine));
        let cosine = cz.mul_add(here.cosine, up.add(down));
        if m == 0 {
            cosine.store(&mut out[l]);
        } else {
            let up = bx.mul_sub(next.sine, by.mul(next.cosine));
            let down = ax.mul_add(previous.sine, ay.mul(previous.cosine));
            store_pair(out, m, cosine, cz.mul_add(here.sine, up.add(down)));
        }
        previous = here;
        here = next;
    }
}

/// The cotangents of the row of degree l - 1 from those of the row of degree l, for the map that
/// takes Y_{l-1} to the derivative of Y_l along `w`: the adjoint of [`push_forward`].
#[inline(always)]
pub(super) fn transpose<V: Lanes>(
    proof: V::Proof,
    coefficients: &[[V::Number; 3]],
    cotangents: &[BlockOf<V>],
    [x, y, z]: [V; 3],
    out: &mut [BlockOf<V>],
) {
    let below = out.len() / 2;
    let none = zero::<V>(proof);
    // Of order m of the row below: from orders m + 1 (a), m - 1 (b) and m (c) of the row.
    for m in 0..=below {
        let above = pair::<V>(proof, cotangents, m + 1);
        let mut here = pair::<V>(proof, cotangents, m);
        if m == 0 {
            here.sine = none;
        }
        let [a, c] = [V::splat(proof, coefficients[m + 1][0]), V::splat(proof, coefficients[m][2])];
        let (ax, ay, cz) = (a.mul(x), a.mul(y), c.mul(z));
        let mut cosine = ax.mul_add(above.cosine, cz.mul_add(here.cosine, ay.mul(above.sine)));
        let mut sine = ax.mul_add(above.sine, cz.mul_sub(here.sine, ay.mul(above.cosine)));
        if m > 0 {
            let mut last = pair::<V>(proof, cotangents, m - 1);
            if m == 1 {
                last.sine = none;
            }
            let b = V::splat(proof, coefficients[m - 1][1]);
            let (bx, by) = (b.mul(x), b.mul(y));
            cosine = by.neg_mul_add(last.sine, bx.mul_add(last.cosine, cosine));
            sine = by.mul_add(last.cosine, bx.mul_add(last.sine, sine));
        }
        store_pair(out, m, cosine, if m == 0 { cosine } else { sine });
    }
}
