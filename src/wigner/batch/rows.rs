//! Rows of the caller as tiles of lanes.

use super::recursion::First;
use super::{Batch, Layout};
use crate::simd::{BlockOf, Blocks, Lanes, Number, blocks_to_rows, from_rows, to_rows};

/// The rotations of a block, in the order of degree 1; one that is not full repeats the last.
#[inline(always)]
pub(super) fn load_rotations<V: Lanes>(
    rotations: &[[[V::Number; 3]; 3]],
    block: usize,
) -> First<BlockOf<V>> {
    let width = V::Number::WIDTH;
    let mut first = [[V::Number::ZERO; 3]; 3];
    let rotations = &rotations[block * width..];
    for lane in 0..width {
        let rotation = &rotations[lane.min(rotations.len() - 1)];
        for (row, axis) in [1, 2, 0].into_iter().enumerate() {
            first[row][0][lane] = rotation[axis][1];
            first[row][1][lane] = rotation[axis][2];
            first[row][2][lane] = rotation[axis][0];
        }
    }
    first
}

/// Some columns of rows `[n][stride]`.
#[derive(Clone, Copy)]
pub(super) struct Columns {
    pub n: usize,
    pub stride: usize,
    pub start: usize,
}

impl Columns {
    /// Writes a tile to the columns of a block of rows.
    #[inline(always)]
    pub fn write<V: Lanes>(
        self,
        proof: V::Proof,
        tile: &[BlockOf<V>],
        rows: &mut [V::Number],
        block: usize,
    ) {
        let first = block * V::Number::WIDTH;
        let rows = &mut rows[first * self.stride + self.start..];
        if self.n - first < V::Number::WIDTH {
            return partial_rows::<V::Number>(tile, rows, self.stride, self.n - first);
        }
        match tile.len() {
            0 => {}
            1..=4 => blocks_to_rows::<V>(proof, tile, rows, self.stride),
            _ => to_rows::<V>(proof, tile, rows, self.stride),
        }
    }

    /// Reads a tile from the columns of a block of rows; lanes past the last row are zero.
    #[inline(always)]
    pub fn read<V: Lanes>(
        self,
        proof: V::Proof,
        rows: &[V::Number],
        tile: &mut [BlockOf<V>],
        block: usize,
    ) {
        if tile.is_empty() {
            return;
        }
        let first = block * V::Number::WIDTH;
        let rows = &rows[first * self.stride + self.start..];
        if self.n - first < V::Number::WIDTH {
            return partial_tile::<V::Number>(rows, self.stride, self.n - first, tile);
        }
        from_rows::<V>(proof, rows, self.stride, tile);
    }
}

#[cold]
#[inline(never)]
fn partial_rows<T: Number>(tile: &[T::Block], rows: &mut [T], stride: usize, count: usize) {
    for (column, block) in tile.iter().enumerate() {
        for row in 0..count {
            rows[row * stride + column] = block[row];
        }
    }
}

#[cold]
#[inline(never)]
fn partial_tile<T: Number>(rows: &[T], stride: usize, count: usize, tile: &mut [T::Block]) {
    for (column, block) in tile.iter_mut().enumerate() {
        *block = T::ZERO;
        for row in 0..count {
            block[row] = rows[row * stride + column];
        }
    }
}

/// An array of matrices of the caller.
#[derive(Clone, Copy)]
pub(super) struct Entries {
    layout: Layout,
    columns: Columns,
}

impl Entries {
    /// The entries of degree `l`, at least the lowest of the batch.
    pub fn of_degree(batch: &Batch, n: usize, l: usize) -> Entries {
        let size = (2 * l + 1) * (2 * l + 1);
        let start = super::all_len(l) - size - batch.skipped();
        Entries { layout: batch.layout, columns: Columns { n, stride: batch.columns(), start } }
    }

    /// Writes the matrices of a block of rotations.
    #[inline(always)]
    pub fn write<V: Lanes>(
        self,
        proof: V::Proof,
        tile: &[BlockOf<V>],
        numbers: &mut [V::Number],
        block: usize,
    ) {
        let Columns { stride, start, .. } = self.columns;
        match self.layout {
            Layout::Rows => self.columns.write::<V>(proof, tile, numbers, block),
            Layout::Lanes => {
                let blocks = V::Number::blocks_mut(numbers).0;
                blocks[block * stride + start..][..tile.len()].copy_from_slice(tile);
            }
        }
    }

    /// Reads the matrices of a block of rotations.
    #[inline(always)]
    pub fn read<V: Lanes>(
        self,
        proof: V::Proof,
        numbers: &[V::Number],
        tile: &mut [BlockOf<V>],
        block: usize,
    ) {
        let Columns { stride, start, .. } = self.columns;
        match self.layout {
            Layout::Rows => self.columns.read::<V>(proof, numbers, tile, block),
            Layout::Lanes => {
                let blocks = V::Number::blocks(numbers).0;
                tile.copy_from_slice(&blocks[block * stride + start..][..tile.len()]);
            }
        }
    }
}
