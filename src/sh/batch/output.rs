//! Where results go: straight into the caller's blocks, or through a tile into rows.

use super::Layout;
use crate::parallel::Cut;
use crate::simd::{BlockOf, Blocks, Lanes, Number, from_rows, tiles_to_rows, to_rows};

/// An array `[n][components][columns]` of the caller in one of the layouts.
pub(super) struct Output<'a, T> {
    pub numbers: &'a mut [T],
    pub layout: Layout,
    pub components: usize,
    pub columns: usize,
}

impl<T> Cut for Output<'_, T> {
    fn cut(self, at: usize) -> (Self, Self) {
        let (left, right) = self.numbers.split_at_mut(at * self.components * self.columns);
        (Output { numbers: left, ..self }, Output { numbers: right, ..self })
    }
}

impl<T: Number> Output<'_, T> {
    /// The numbers of one point.
    pub fn size(&self) -> usize {
        self.components * self.columns
    }

    /// The same for other memory.
    pub fn with<'b>(&self, numbers: &'b mut [T]) -> Output<'b, T> {
        Output { numbers, ..*self }
    }

    /// The caller's blocks for the block of points `index` and the `count - 1` after it.
    #[inline(always)]
    pub fn blocks(&mut self, index: usize, count: usize) -> &mut [T::Block] {
        let size = self.size();
        let (blocks, _) = T::blocks_mut(self.numbers);
        &mut blocks[index * size..(index + count) * size]
    }

    /// Writes values of the blocks of points from `first` on, one tile for each, of which the
    /// first blocks are left out; returns how many it has written. The others take [`Output::write`].
    #[inline(always)]
    pub fn write_whole<V: Lanes<Number = T>>(
        &mut self,
        proof: V::Proof,
        blocks: &[BlockOf<V>],
        [tile, skipped]: [usize; 2],
        [first, n]: [usize; 2],
    ) -> usize {
        if self.layout != Layout::Rows {
            return 0;
        }
        let size = self.size();
        let whole = (blocks.len() / tile).min(n / T::WIDTH - first);
        let rows = &mut self.numbers[first * T::WIDTH * size..];
        tiles_to_rows::<V>(proof, &blocks[..whole * tile], [tile, skipped], rows, size);
        whole
    }

    /// Writes the block of points `index` of `n` from tiles that together are `[components]
    /// [columns]`.
    #[inline(always)]
    pub fn write<V: Lanes<Number = T>>(
        &mut self,
        proof: V::Proof,
        tiles: &[&[BlockOf<V>]],
        [index, n]: [usize; 2],
    ) {
        let first = index * T::WIDTH;
        let count = T::WIDTH.min(n - first);
        let size = self.size();
        let mut at = 0;
        for tile in tiles {
            match self.layout {
                Layout::Rows => {
                    let rows = &mut self.numbers[first * size + at..];
                    match count == T::WIDTH {
                        true => to_rows::<V>(proof, tile, rows, size),
                        false => partial_rows::<T>(tile, rows, size, count),
                    }
                }
                Layout::Lanes => {
                    self.blocks(index, 1)[at..at + tile.len()].copy_from_slice(tile);
                }
            }
            at += tile.len();
        }
    }
}

/// The rows of a block that is not full.
#[cold]
#[inline(never)]
fn partial_rows<T: Number>(tile: &[T::Block], rows: &mut [T], stride: usize, count: usize) {
    for (column, block) in tile.iter().enumerate() {
        for point in 0..count {
            rows[point * stride + column] = block[point];
        }
    }
}

/// Reads the block of points `index` of an array `[n][columns]` of the caller into a tile; lanes
/// past the last point are zero in rows.
#[inline(always)]
pub(super) fn read<V: Lanes>(
    proof: V::Proof,
    numbers: &[V::Number],
    layout: Layout,
    [index, n]: [usize; 2],
    tile: &mut [BlockOf<V>],
) {
    let columns = tile.len();
    let width = V::Number::WIDTH;
    match layout {
        Layout::Lanes => {
            let (blocks, _) = V::Number::blocks(numbers);
            tile.copy_from_slice(&blocks[index * columns..(index + 1) * columns]);
        }
        Layout::Rows => {
            let first = index * width;
            let rows = &numbers[first * columns..];
            if n - first >= width {
                from_rows::<V>(proof, rows, columns, tile);
            } else {
                partial_tile::<V::Number>(rows, columns, n - first, tile);
            }
        }
    }
}

#[cold]
#[inline(never)]
fn partial_tile<T: Number>(rows: &[T], stride: usize, count: usize, tile: &mut [T::Block]) {
    for (column, block) in tile.iter_mut().enumerate() {
        *block = T::ZERO;
        for point in 0..count {
            block[point] = rows[point * stride + column];
        }
    }
}

/// Reads a block of vectors `[n][3]`.
#[inline(always)]
pub(super) fn read_vectors<V: Lanes>(
    proof: V::Proof,
    vectors: &[V::Number],
    first: usize,
) -> [V; 3] {
    super::points::load_block(proof, super::points::Positions::Rows(vectors), first)
}

/// Writes a block of vectors `[n][3]`, by the caller's axes.
#[inline(always)]
pub(super) fn write_vectors<V: Lanes>(vectors: [V; 3], rows: &mut [V::Number], first: usize) {
    let mut blocks = [V::Number::ZERO; 3];
    let [x, y, z] = &mut blocks;
    vectors[0].store(x);
    vectors[1].store(y);
    vectors[2].store(z);
    let rows = &mut rows[3 * first..];
    let count = V::Number::WIDTH.min(rows.len() / 3);
    for (point, row) in rows.as_chunks_mut::<3>().0[..count].iter_mut().enumerate() {
        *row = [blocks[0][point], blocks[1][point], blocks[2][point]];
    }
}
