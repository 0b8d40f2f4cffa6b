//! Between numbers `[channel][component]` and blocks `[⌈channels/W⌉][component][W]`: components of
//! channels, brought to channels on the lanes and back.

use super::{Blocks, Lanes, Number};

/// Brings `numbers[channel · size + component]` to lanes; those without a channel are zero.
///
/// # Panics
/// If there are other than ⌈channels/W⌉ · `size` blocks.
#[inline(always)]
pub(crate) fn deinterleave<V: Lanes>(
    proof: V::Proof,
    size: usize,
    numbers: &[V::Number],
    blocks: &mut [<V::Number as Blocks>::Block],
) {
    let whole = size * V::Number::WIDTH;
    let parts = numbers.len().div_ceil(whole);
    assert!(blocks.len() == parts * size, "{} blocks, expected {}", blocks.len(), parts * size);
    for (numbers, blocks) in numbers.chunks(whole).zip(blocks.chunks_exact_mut(size)) {
        if numbers.len() == whole {
            V::deinterleave(proof, V::Number::blocks(numbers).0, blocks);
            continue;
        }
        for (component, block) in blocks.iter_mut().enumerate() {
            *block = V::Number::ZERO;
            for (lane, channel) in numbers.chunks_exact(size).enumerate() {
                block[lane] = channel[component];
            }
        }
    }
}

/// Brings lanes to `numbers[channel · size + component]`.
///
/// # Panics
/// If there are other than ⌈channels/W⌉ · `size` blocks.
#[inline(always)]
pub(crate) fn interleave<V: Lanes>(
    proof: V::Proof,
    size: usize,
    blocks: &[<V::Number as Blocks>::Block],
    numbers: &mut [V::Number],
) {
    let whole = size * V::Number::WIDTH;
    let parts = numbers.len().div_ceil(whole);
    assert!(blocks.len() == parts * size, "{} blocks, expected {}", blocks.len(), parts * size);
    for (numbers, blocks) in numbers.chunks_mut(whole).zip(blocks.chunks_exact(size)) {
        if numbers.len() == whole {
            V::interleave(proof, blocks, V::Number::blocks_mut(numbers).0);
            continue;
        }
        for (component, block) in blocks.iter().enumerate() {
            for (lane, channel) in numbers.chunks_exact_mut(size).enumerate() {
                channel[component] = block[lane];
            }
        }
    }
}

/// The same for WIDTH channels without instructions for it.
#[inline(always)]
pub(super) fn deinterleave_numbers<T: Number>(numbers: &[T::Block], blocks: &mut [T::Block]) {
    let numbers = T::numbers(numbers);
    let size = blocks.len();
    for (component, block) in blocks.iter_mut().enumerate() {
        for lane in 0..T::WIDTH {
            block[lane] = numbers[lane * size + component];
        }
    }
}

/// The same for WIDTH channels without instructions for it.
#[inline(always)]
pub(super) fn interleave_numbers<T: Number>(blocks: &[T::Block], numbers: &mut [T::Block]) {
    let size = blocks.len();
    let numbers = T::numbers_mut(numbers);
    for (component, block) in blocks.iter().enumerate() {
        for lane in 0..T::WIDTH {
            numbers[lane * size + component] = block[lane];
        }
    }
}
