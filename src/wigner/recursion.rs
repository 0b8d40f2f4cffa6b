//! The recursion D_l = Gᵀ (R ⊗ D_{l-1}) G on slices.

use super::WignerError;
use super::generated::ISOMETRIES;
use crate::{LMAX, Scalar};

/// A nonzero entry of G in one row m.
pub(super) struct Term {
    /// The slot of the vector factor, in the order (y, z, x).
    pub(super) slot: usize,
    /// The index m' + l - 1 of the factor of degree l - 1.
    pub(super) column: usize,
    /// The entry, for f64 and for f32.
    pub(super) value: (f64, f32),
    /// The entry divided by the sum of the squares of those with the same |m'|, likewise.
    pub(super) inverse: (f64, f32),
}

/// An entry of a generated table.
#[allow(dead_code, reason = "for LMAX = 0 there are no entries")]
pub(super) const fn term(
    [slot, column]: [usize; 2],
    value: (f64, f32),
    inverse: (f64, f32),
) -> Term {
    Term { slot, column, value, inverse }
}

/// The length of D_0, …, D_lmax one after the other: Σ (2l + 1)².
///
/// # Panics
/// If the length is more than a `usize` counts, in builds that check arithmetic.
pub const fn all_len(lmax: usize) -> usize {
    (lmax + 1) * (2 * lmax + 1) * (2 * lmax + 3) / 3
}

/// D_0, …, D_lmax of a rotation matrix, one after the other, each row-major.
///
/// `rotation` is row-major in x, y, z and proper. Nothing is allocated.
///
/// # Errors
/// If `lmax` is above LMAX or `out` is not [`all_len`] long.
///
/// ```
/// use tesseral::wigner;
///
/// let quarter_turn = [[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]];
/// let mut matrices = [0.0; wigner::all_len(1)];
/// wigner::all_into(1, quarter_turn, &mut matrices)?;
/// // D_1 is the rotation in the order y, z, x.
/// assert_eq!(matrices, [1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, -1.0, 0.0, 0.0]);
/// # Ok::<(), wigner::WignerError>(())
/// ```
pub fn all_into<T: Scalar>(
    lmax: usize,
    rotation: [[T; 3]; 3],
    out: &mut [T],
) -> Result<(), WignerError> {
    if lmax > LMAX {
        return Err(WignerError::Degree { l: lmax });
    }
    if out.len() != all_len(lmax) {
        return Err(WignerError::Length { expected: all_len(lmax), found: out.len() });
    }
    out[0] = T::constant(1.0, 1.0);
    if lmax == 0 {
        return Ok(());
    }
    let first = in_order_of_degree_1(rotation);
    out[1..10].copy_from_slice(first.as_flattened());
    for l in 2..=lmax {
        let (below, rest) = out.split_at_mut(all_len(l - 1));
        let below = &below[all_len(l - 2)..];
        lift(l, &first, below, &mut rest[..(2 * l + 1) * (2 * l + 1)]);
    }
    Ok(())
}

/// R with rows and columns in the order (y, z, x).
fn in_order_of_degree_1<T: Copy>(rotation: [[T; 3]; 3]) -> [[T; 3]; 3] {
    [1, 2, 0].map(|row| [1, 2, 0].map(|column| rotation[row][column]))
}

/// D_l from D_1 and D_{l-1}.
fn lift<T: Scalar>(l: usize, first: &[[T; 3]; 3], below: &[T], out: &mut [T]) {
    let (size, size_below) = (2 * l + 1, 2 * l - 1);
    let zero = T::constant(0.0, 0.0);
    let value = |term: &Term| T::constant(term.value.0, term.value.1);
    for (n, column) in ISOMETRIES[l - 1].iter().enumerate() {
        // (R ⊗ D_{l-1}) times the column n of G.
        let mut image = [[zero; 2 * LMAX + 1]; 3];
        for (slot, image) in image.iter_mut().enumerate() {
            for (row, image) in below.chunks_exact(size_below).zip(image) {
                for term in *column {
                    *image = *image + value(term) * first[slot][term.slot] * row[term.column];
                }
            }
        }
        for (m, row) in ISOMETRIES[l - 1].iter().enumerate() {
            let mut sum = zero;
            for term in *row {
                sum = sum + value(term) * image[term.slot][term.column];
            }
            out[m * size + n] = sum;
        }
    }
}
