//! The generators of rotations on harmonics.

use nalgebra::DMatrix;

use super::WignerError;
use crate::LMAX;

/// The generators (L_x, L_y, L_z) of degree `l`: real antisymmetric matrices with
/// D_l(R_axis(θ)) = exp(θ L_axis) and [L_x, L_y] = L_z.
///
/// Their entries are ±m and ±√((l - m)(l + m + 1))/2, correctly rounded.
///
/// # Errors
/// If `l` is above LMAX.
///
/// ```
/// let [x, y, z] = tesseral::wigner::generators(2)?;
/// assert!((&x * &y - &y * &x - &z).amax() < 1e-15);
/// # Ok::<(), tesseral::wigner::WignerError>(())
/// ```
pub fn generators(l: usize) -> Result<[DMatrix<f64>; 3], WignerError> {
    if l > LMAX {
        return Err(WignerError::Degree { l });
    }
    let size = 2 * l + 1;
    let mut generators = [0; 3].map(|_| DMatrix::zeros(size, size));
    for Entry { axis, row, column, value } in entries(l) {
        generators[axis][(row, column)] = value.0;
        generators[axis][(column, row)] = -value.0;
    }
    Ok(generators)
}

/// An entry of a generator; the entry across the diagonal is its negative.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    /// The axis of the rotation.
    pub axis: usize,
    /// The row m + l.
    pub row: usize,
    /// The column m + l.
    pub column: usize,
    /// The entry, for f64 and for f32.
    pub value: (f64, f32),
}

/// One of each pair of nonzero entries of the generators of degree `l`.
pub(super) fn entries(l: usize) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut set = |axis: usize, row: i32, column: i32, square: f32| {
        let [row, column] = [row, column].map(|m| (m + l as i32) as usize);
        // The square is exact in f32, and roots are rounded once.
        entries.push(Entry { axis, row, column, value: (f64::from(square).sqrt(), square.sqrt()) });
    };
    for m in 1..=l as i32 {
        set(2, -m, m, (m * m) as f32);
    }
    for m in 0..l as i32 {
        let next = m + 1;
        let square = ((l as i32 - m) * (l as i32 + next)) as f32;
        // Between orders 0 and ±1 the normalization of the real basis brings √2.
        let half = if m == 0 { square / 2.0 } else { square / 4.0 };
        set(0, m, -next, half);
        set(1, next, m, half);
        if m > 0 {
            set(0, next, -m, half);
            set(1, -next, -m, half);
        }
    }
    entries
}
