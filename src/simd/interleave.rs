//! Between numbers `[channel][component]` and blocks `[⌈channels/W⌉][component][W]`: components of
//! channels, brought to channels on the lanes and back.
//!
//! Channels and components are given, not found from the lengths: for the few channels of one row
//! divisions took as long as the rest.

use super::{Blocks, Lanes, Number};

/// Brings `numbers[channel · size + component]` to lanes; those without a channel are zero.
///
/// # Panics
/// If there are other than `channels` · `size` numbers and ⌈channels/W⌉ · `size` blocks.
#[inline(always)]
pub(crate) fn deinterleave<V: Lanes>(
    proof: V::Proof,
    [channels, size]: [usize; 2],
    numbers: &[V::Number],
    blocks: &mut [<V::Number as Blocks>::Block],
) {
    check::<V::Number>([channels, size], numbers.len(), blocks.len());
    let whole = channels / V::Number::WIDTH * size;
    let (blocks, rest) = blocks.split_at_mut(whole);
    let (numbers, rest_numbers) = numbers.split_at(whole * V::Number::WIDTH);
    V::deinterleave(proof, size, V::Number::blocks(numbers).0, blocks);
    for (component, block) in rest.iter_mut().enumerate() {
        *block = V::Number::ZERO;
        for (lane, channel) in rest_numbers.chunks_exact(size).enumerate() {
            block[lane] = channel[component];
        }
    }
}

/// Brings lanes to `numbers[channel · size + component]`.
///
/// # Panics
/// If there are other than `channels` · `size` numbers and ⌈channels/W⌉ · `size` blocks.
#[inline(always)]
pub(crate) fn interleave<V: Lanes>(
    proof: V::Proof,
    [channels, size]: [usize; 2],
    blocks: &[<V::Number as Blocks>::Block],
    numbers: &mut [V::Number],
) {
    check::<V::Number>([channels, size], numbers.len(), blocks.len());
    let whole = channels / V::Number::WIDTH * size;
    let (blocks, rest) = blocks.split_at(whole);
    let (numbers, rest_numbers) = numbers.split_at_mut(whole * V::Number::WIDTH);
    V::interleave(proof, size, blocks, V::Number::blocks_mut(numbers).0);
    for (component, block) in rest.iter().enumerate() {
        for (lane, channel) in rest_numbers.chunks_exact_mut(size).enumerate() {
            channel[component] = block[lane];
        }
    }
}

fn check<T: Number>([channels, size]: [usize; 2], numbers: usize, blocks: usize) {
    let expected = [channels * size, channels.div_ceil(T::WIDTH) * size];
    assert!([numbers, blocks] == expected, "{numbers} in {blocks} blocks, expected {expected:?}");
}

/// The same for WIDTH channels at a time without instructions for it.
#[inline(always)]
pub(super) fn deinterleave_numbers<T: Number>(
    size: usize,
    numbers: &[T::Block],
    blocks: &mut [T::Block],
) {
    for (numbers, blocks) in numbers.chunks_exact(size).zip(blocks.chunks_exact_mut(size)) {
        let numbers = T::numbers(numbers);
        for (component, block) in blocks.iter_mut().enumerate() {
            for lane in 0..T::WIDTH {
                block[lane] = numbers[lane * size + component];
            }
        }
    }
}

/// The same for WIDTH channels at a time without instructions for it.
#[inline(always)]
pub(super) fn interleave_numbers<T: Number>(
    size: usize,
    blocks: &[T::Block],
    numbers: &mut [T::Block],
) {
    for (blocks, numbers) in blocks.chunks_exact(size).zip(numbers.chunks_exact_mut(size)) {
        let numbers = T::numbers_mut(numbers);
        for (component, block) in blocks.iter().enumerate() {
            for lane in 0..T::WIDTH {
                numbers[lane * size + component] = block[lane];
            }
        }
    }
}
