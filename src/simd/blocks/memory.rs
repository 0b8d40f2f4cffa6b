//! Memory for blocks that begins at a cache line, on the stack and on the heap.

use std::ops::{Deref, DerefMut};

use crate::simd::number::Number;

/// Memory that begins at a cache line: blocks of lanes that lie across two are slow.
#[repr(C, align(64))]
#[derive(Clone, Copy)]
pub struct Aligned<M>(pub M);
/// Blocks of zeros at first, each in one cache line.
#[derive(Clone, Debug)]
pub(crate) struct BlockMemory<T> {
    numbers: Vec<T>,
    start: usize,
    length: usize,
}

impl<T: Number> BlockMemory<T> {
    /// So many blocks.
    pub fn new(blocks: usize) -> Self {
        let length = blocks * T::WIDTH;
        let numbers = vec![T::default(); length + T::WIDTH];
        // Never usize::MAX for a whole number that divides a cache line, but then 0 is right too.
        let start = numbers.as_ptr().align_offset(64).min(T::WIDTH);
        BlockMemory { numbers, start, length }
    }
}

impl<T: Number> Deref for BlockMemory<T> {
    type Target = [T::Block];

    fn deref(&self) -> &[T::Block] {
        T::blocks(&self.numbers[self.start..][..self.length]).0
    }
}

impl<T: Number> DerefMut for BlockMemory<T> {
    fn deref_mut(&mut self) -> &mut [T::Block] {
        T::blocks_mut(&mut self.numbers[self.start..][..self.length]).0
    }
}
