//! Between numbers `[channel][component]` and blocks `[⌈channels/W⌉][component][W]`: components of
//! channels, brought to channels on the lanes and back.
//!
//! Channels and components are given, not found from the lengths: for the few channels of one row
//! divisions took as long as the rest.

use crate::simd::lanes::{BlockOf, Lanes};
use crate::simd::number::{Blocks, Number};

/// Brings `numbers[channel · size + component]` to lanes; those without a channel are zero.
///
/// # Panics
/// If there are other than `channels` · `size` numbers and ⌈channels/W⌉ · `size` blocks.
#[inline(always)]
pub(crate) fn deinterleave<V: Lanes>(
    proof: V::Proof,
    [channels, size]: [usize; 2],
    numbers: &[V::Number],
    blocks: &mut [BlockOf<V>],
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
    blocks: &[BlockOf<V>],
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
