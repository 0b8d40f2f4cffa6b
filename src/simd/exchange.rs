//! The two orders of channels and components exchanged number by number: what paths without
//! instructions for it do, and the others for sizes that they have none for.

use super::number::Number;

/// Brings numbers `[channel][component]` to blocks `[channel / WIDTH][component]`, for a number of
/// channels that WIDTH divides.
#[inline(always)]
pub(super) fn deinterleave<T: Number>(size: usize, numbers: &[T::Block], blocks: &mut [T::Block]) {
    for (numbers, blocks) in numbers.chunks_exact(size).zip(blocks.chunks_exact_mut(size)) {
        let numbers = T::numbers(numbers);
        for (component, block) in blocks.iter_mut().enumerate() {
            for lane in 0..T::WIDTH {
                block[lane] = numbers[lane * size + component];
            }
        }
    }
}

/// Brings blocks `[channel / WIDTH][component]` to numbers `[channel][component]`.
#[inline(always)]
pub(super) fn interleave<T: Number>(size: usize, blocks: &[T::Block], numbers: &mut [T::Block]) {
    for (blocks, numbers) in blocks.chunks_exact(size).zip(numbers.chunks_exact_mut(size)) {
        let numbers = T::numbers_mut(numbers);
        for (component, block) in blocks.iter().enumerate() {
            for lane in 0..T::WIDTH {
                numbers[lane * size + component] = block[lane];
            }
        }
    }
}
