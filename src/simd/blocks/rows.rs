//! Between blocks of lanes and rows: a transposition, square by square.

use crate::simd::lanes::{BlockOf, Job, Lanes, Squares};
use crate::simd::number::{Blocks, Number};

/// Writes one block of points as rows: `rows[point · stride + column] = blocks[column][point]` for
/// every column of `blocks` and the WIDTH points.
///
/// # Panics
/// If `rows` is too short.
#[inline(always)]
pub(crate) fn to_rows<V: Lanes>(
    proof: V::Proof,
    blocks: &[BlockOf<V>],
    rows: &mut [V::Number],
    stride: usize,
) {
    let tile = blocks.len();
    V::call(proof, ToRows { blocks, tile, skipped: 0, rows, stride });
}

/// Writes many blocks of points as rows, from tiles of `tile` blocks of which the first `skipped`
/// are left out.
///
/// # Panics
/// If `rows` is too short.
#[inline(always)]
pub(crate) fn tiles_to_rows<V: Lanes>(
    proof: V::Proof,
    blocks: &[BlockOf<V>],
    [tile, skipped]: [usize; 2],
    rows: &mut [V::Number],
    stride: usize,
) {
    V::call(proof, ToRows { blocks, tile, skipped, rows, stride });
}

struct ToRows<'a, T: Number> {
    blocks: &'a [T::Block],
    tile: usize,
    skipped: usize,
    rows: &'a mut [T],
    stride: usize,
}

impl<T: Number> Job<T> for ToRows<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(self, proof: V::Proof) {
        let size = T::WIDTH * self.stride;
        for (index, tile) in self.blocks.chunks_exact(self.tile).enumerate() {
            let rows = &mut self.rows[index * size..];
            blocks_to_rows::<V>(proof, &tile[self.skipped..], rows, self.stride);
        }
    }
}

/// As [`to_rows`], in the function that calls it.
#[inline(always)]
pub(crate) fn blocks_to_rows<V: Lanes>(
    proof: V::Proof,
    blocks: &[BlockOf<V>],
    rows: &mut [V::Number],
    stride: usize,
) {
    let width = V::Number::WIDTH;
    let columns = blocks.len();
    let needed = (width - 1).saturating_mul(stride).saturating_add(columns);
    assert!(rows.len() >= needed && stride >= columns, "rows too short");
    let whole = columns / width * width;
    // SAFETY: `from` has WIDTH whole blocks for each square; the last row written ends at
    // (WIDTH - 1) · stride + whole ≤ (WIDTH - 1) · stride + columns.
    #[expect(unsafe_code, reason = "squares inside two slices checked above")]
    unsafe {
        let first = V::Number::numbers(blocks).as_ptr();
        let from = Squares { first, stride: width, step: width * width };
        let to = Squares { first: rows.as_mut_ptr(), stride, step: width };
        V::transpose(proof, from, to, columns / width);
    }
    if whole < columns {
        let from = V::Number::numbers(&blocks[whole..]).as_ptr();
        // SAFETY: `from` has the remaining blocks; the last row written ends at
        // (WIDTH - 1) · stride + columns.
        #[expect(unsafe_code, reason = "a part of a square inside two slices checked above")]
        unsafe {
            let to = rows.as_mut_ptr().add(whole);
            V::transpose_narrow(proof, from, width, to, stride, columns - whole);
        }
    }
}

/// Reads one block of points from rows: `blocks[column][point] = rows[point · stride + column]`.
///
/// # Panics
/// If `rows` is too short.
#[inline(always)]
pub(crate) fn from_rows<V: Lanes>(
    proof: V::Proof,
    rows: &[V::Number],
    stride: usize,
    blocks: &mut [BlockOf<V>],
) {
    V::call(proof, FromRows { rows, stride, blocks });
}

struct FromRows<'a, T: Number> {
    rows: &'a [T],
    stride: usize,
    blocks: &'a mut [T::Block],
}

impl<T: Number> Job<T> for FromRows<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(self, proof: V::Proof) {
        rows_to_blocks::<V>(proof, self.rows, self.stride, self.blocks);
    }
}

#[inline(always)]
fn rows_to_blocks<V: Lanes>(
    proof: V::Proof,
    rows: &[V::Number],
    stride: usize,
    blocks: &mut [BlockOf<V>],
) {
    let width = V::Number::WIDTH;
    let columns = blocks.len();
    let needed = (width - 1).saturating_mul(stride).saturating_add(columns);
    assert!(rows.len() >= needed && stride >= columns, "rows too short");
    let whole = columns / width * width;
    // SAFETY: as in `to_rows`, with the two exchanged.
    #[expect(unsafe_code, reason = "squares inside two slices checked above")]
    unsafe {
        let first = V::Number::numbers_mut(blocks).as_mut_ptr();
        let from = Squares { first: rows.as_ptr(), stride, step: width };
        let to = Squares { first, stride: width, step: width * width };
        V::transpose(proof, from, to, columns / width);
    }
    for (column, block) in blocks.iter_mut().enumerate().skip(whole) {
        let mut at = column;
        for point in 0..width {
            block[point] = rows[at];
            at += stride;
        }
    }
}
