//! Rows of features with channels on the lanes: a block `mul x irrep` is `[⌈mul/W⌉][m][W]` there, W the
//! numbers of a block of lanes. Channels beyond `mul` are zeros, which products leave zeros.

use std::ops::Range;

use crate::Irreps;
use crate::simd::{BlockMemory, BlockOf, Lanes, Number, deinterleave, interleave};

/// Rows of features with channels on the lanes.
pub(super) struct ChannelRows<T> {
    pub blocks: Vec<ChannelBlock>,
    /// The blocks of lanes of a row.
    pub size: usize,
    /// The numbers of a row.
    pub columns: usize,
    pub memory: BlockMemory<T>,
}

/// One block of irreps.
#[derive(Clone, Copy)]
pub(super) struct ChannelBlock {
    mul: usize,
    /// 2l + 1.
    size: usize,
    /// Where it begins in a row.
    column: usize,
    /// Where it begins among the blocks of lanes.
    start: usize,
}

impl ChannelBlock {
    /// Channels and components.
    pub fn shape(&self) -> [usize; 2] {
        [self.mul, self.size]
    }

    /// Where it is in a row.
    pub fn columns(&self) -> Range<usize> {
        self.column..self.column + self.mul * self.size
    }

    /// The blocks of lanes.
    pub fn lanes<T: Number>(&self) -> usize {
        self.mul.div_ceil(T::WIDTH) * self.size
    }
}

impl<T: Number> ChannelRows<T> {
    /// Memory for some rows, zeros at first.
    pub fn new(irreps: &Irreps, rows: usize) -> Self {
        let (mut blocks, mut column, mut start) = (Vec::new(), 0, 0);
        for block in irreps {
            let block = ChannelBlock { mul: block.mul, size: block.irrep.dim(), column, start };
            column += block.mul * block.size;
            start += block.lanes::<T>();
            blocks.push(block);
        }
        ChannelRows { blocks, size: start, columns: column, memory: BlockMemory::new(rows * start) }
    }

    /// Memory for other rows of the same irreps.
    pub fn like(&self, rows: usize) -> Self {
        let memory = BlockMemory::new(rows * self.size);
        ChannelRows { blocks: self.blocks.clone(), memory, ..*self }
    }

    /// The blocks of lanes of a block of a row.
    pub fn part(&self, row: usize, block: usize) -> &[T::Block] {
        let block = &self.blocks[block];
        &self.memory[row * self.size + block.start..][..block.lanes::<T>()]
    }

    pub fn part_mut(&mut self, row: usize, block: usize) -> &mut [T::Block] {
        let block = &self.blocks[block];
        &mut self.memory[row * self.size + block.start..][..block.lanes::<T>()]
    }

    /// Sets a row from one of an array.
    #[inline(always)]
    pub fn take<V: Lanes<Number = T>>(&mut self, proof: V::Proof, row: usize, from: &[T]) {
        let target = &mut self.memory[row * self.size..][..self.size];
        turn::<V>(proof, &self.blocks, from, target);
    }

    /// Turns a row of an array into other memory than its own.
    #[inline(always)]
    pub fn turn<V: Lanes<Number = T>>(&self, proof: V::Proof, from: &[T], to: &mut [T::Block]) {
        turn::<V>(proof, &self.blocks, from, to);
    }

    /// Sets one block of the first row from a row of an array.
    #[inline(always)]
    pub fn take_block<V: Lanes<Number = T>>(&mut self, proof: V::Proof, block: usize, from: &[T]) {
        let shape = self.blocks[block].shape();
        let numbers = &from[self.blocks[block].columns()];
        deinterleave::<V>(proof, shape, numbers, self.part_mut(0, block));
    }

    /// Sets a row of an array.
    #[inline(always)]
    pub fn set<V: Lanes<Number = T>>(&self, proof: V::Proof, row: usize, to: &mut [T]) {
        let source = &self.memory[row * self.size..][..self.size];
        for block in &self.blocks {
            let source = &source[block.start..][..block.lanes::<T>()];
            interleave::<V>(proof, block.shape(), source, &mut to[block.columns()]);
        }
    }

    /// Adds to a row of an array. `stage` is memory for a row.
    #[inline(always)]
    pub fn add<V: Lanes<Number = T>>(
        &self,
        proof: V::Proof,
        row: usize,
        to: &mut [T],
        stage: &mut [T],
    ) {
        self.set::<V>(proof, row, stage);
        for (sum, &term) in to.iter_mut().zip(stage.iter()) {
            *sum = *sum + term;
        }
    }

    pub fn clear(&mut self, row: usize) {
        self.memory[row * self.size..][..self.size].fill(T::ZERO);
    }
}

/// Turns a row of an array.
#[inline(always)]
fn turn<V: Lanes>(
    proof: V::Proof,
    blocks: &[ChannelBlock],
    from: &[V::Number],
    to: &mut [BlockOf<V>],
) {
    for block in blocks {
        let to = &mut to[block.start..][..block.lanes::<V::Number>()];
        deinterleave::<V>(proof, block.shape(), &from[block.columns()], to);
    }
}

/// One block at a time of a row with channels on the lanes.
pub(super) struct ChannelTile<T> {
    pub blocks: Vec<ChannelBlock>,
    pub memory: BlockMemory<T>,
}

impl<T: Number> ChannelTile<T> {
    pub fn new(irreps: &Irreps) -> Self {
        let blocks = ChannelRows::<T>::new(irreps, 0).blocks;
        let largest = blocks.iter().map(ChannelBlock::lanes::<T>).max().unwrap_or(0);
        ChannelTile { blocks, memory: BlockMemory::new(largest) }
    }
}
