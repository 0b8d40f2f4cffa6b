//! Between rows of features and lanes of channels.

use crate::Irreps;
use crate::simd::{BlockOf, Blocks, Lanes, Number, from_rows, to_rows};

/// The nodes that are evaluated at once.
pub(super) const TILE: usize = 4;

/// Where the blocks of some irreps lie, in a row of features and among the components of a channel.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    blocks: Vec<LayoutBlock>,
    dim: usize,
}

#[derive(Clone, Copy, Debug)]
struct LayoutBlock {
    /// Where the block begins in a row.
    start: usize,
    /// Where it begins among the components of a channel.
    component: usize,
    /// 2l + 1.
    size: usize,
}

/// Some nodes, at most [`TILE`], and some channels, at most a block.
pub(super) struct Window<'a> {
    pub nodes: &'a [usize],
    pub first_channel: usize,
    pub channels: usize,
    /// The blocks of one number.
    pub parts: usize,
}

/// One part of the numbers of features: their values, or their derivative.
pub(super) struct Part<'a, T> {
    /// Zeros if there are none.
    pub features: Option<&'a [T]>,
    /// Which of the parts of a number.
    pub index: usize,
}

impl Layout {
    pub fn new(irreps: &Irreps) -> Self {
        let mut next = 0;
        let blocks = irreps.iter().zip(irreps.slices()).map(|(block, slice)| {
            let (component, size) = (next, block.irrep.dim());
            next += size;
            LayoutBlock { start: slice.start, component, size }
        });
        Layout { blocks: blocks.collect(), dim: irreps.dim() }
    }

    /// The components of a channel.
    pub fn components(&self) -> usize {
        self.blocks.iter().map(|block| block.size).sum()
    }

    /// The blocks that [`Layout::load`] and [`Layout::add`] need for themselves.
    pub fn stage(&self) -> usize {
        2 * self.blocks.iter().map(|block| block.size).max().unwrap_or(0)
    }

    /// Reads one part of the numbers `[component][node of the tile][part]`; zeros without features,
    /// for nodes that are missing in the tile and for channels that are missing in the block.
    #[inline(always)]
    pub fn load<V: Lanes>(
        &self,
        proof: V::Proof,
        part: Part<'_, V::Number>,
        window: &Window,
        to: &mut [BlockOf<V>],
        stage: &mut [BlockOf<V>],
    ) {
        let Some(features) = part.features else {
            to.iter_mut()
                .skip(part.index)
                .step_by(window.parts)
                .for_each(|block| *block = V::Number::ZERO);
            return;
        };
        for block in &self.blocks {
            let (columns, rows) = stage.split_at_mut(block.size);
            for slot in 0..TILE {
                columns.fill(V::Number::ZERO);
                if let Some(&node) = window.nodes.get(slot) {
                    let from = &features[self.place(block, node, window)..]
                        [..block.size * window.channels];
                    if window.channels == V::Number::WIDTH {
                        from_rows::<V>(proof, from, block.size, columns);
                    } else {
                        rows[..block.size].fill(V::Number::ZERO);
                        let padded = V::Number::numbers_mut(&mut rows[..block.size]);
                        padded[..from.len()].copy_from_slice(from);
                        from_rows::<V>(proof, padded, block.size, columns);
                    }
                }
                for (m, column) in columns.iter().enumerate() {
                    to[((block.component + m) * TILE + slot) * window.parts + part.index] = *column;
                }
            }
        }
    }

    /// Adds the last part of numbers `[component][node of the tile][part]` to features.
    #[inline(always)]
    pub fn add<V: Lanes>(
        &self,
        proof: V::Proof,
        from: &[BlockOf<V>],
        window: &Window,
        features: &mut [V::Number],
        stage: &mut [BlockOf<V>],
    ) {
        for block in &self.blocks {
            let (columns, rows) = stage.split_at_mut(block.size);
            let rows = V::Number::numbers_mut(&mut rows[..block.size]);
            for (slot, &node) in window.nodes.iter().enumerate() {
                for (m, column) in columns.iter_mut().enumerate() {
                    let number = (block.component + m) * TILE + slot;
                    *column = from[number * window.parts + window.parts - 1];
                }
                to_rows::<V>(proof, columns, rows, block.size);
                let sums = &mut features[self.place(block, node, window)..];
                let sums = &mut sums[..block.size * window.channels];
                sums.iter_mut().zip(&*rows).for_each(|(sum, &added)| *sum = *sum + added);
            }
        }
    }

    fn place(&self, block: &LayoutBlock, node: usize, window: &Window) -> usize {
        node * self.dim + block.start + window.first_channel * block.size
    }
}
