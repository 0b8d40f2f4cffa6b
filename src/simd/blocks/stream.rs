//! Copies to memory past the caches, for results that do not fit them.

use crate::simd::lanes::{Job, Lanes};
use crate::simd::number::{Blocks, Number};

/// Copies numbers to memory past the caches; [`Lanes::fence`] must follow the last copy.
///
/// # Panics
/// If the lengths differ.
#[inline(always)]
pub(crate) fn stream<V: Lanes>(proof: V::Proof, from: &[V::Number], to: &mut [V::Number]) {
    V::call(proof, Stream { from, to });
}

struct Stream<'a, T> {
    from: &'a [T],
    to: &'a mut [T],
}

impl<T: Number> Job<T> for Stream<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(self, proof: V::Proof) {
        copy_past_caches::<V>(proof, self.from, self.to);
    }
}

#[inline(always)]
fn copy_past_caches<V: Lanes>(proof: V::Proof, from: &[V::Number], to: &mut [V::Number]) {
    assert!(from.len() == to.len(), "{} numbers to copy into {}", from.len(), to.len());
    // What lies before the first whole line and after the last is written as usual.
    let head = to.as_ptr().align_offset(64).min(to.len());
    let (from_head, from) = from.split_at(head);
    let (to_head, to) = to.split_at_mut(head);
    to_head.copy_from_slice(from_head);
    let (blocks, rest) = V::Number::blocks(from);
    let (to_blocks, to_rest) = V::Number::blocks_mut(to);
    if !blocks.is_empty() {
        V::stream(proof, blocks, to_blocks);
    }
    to_rest.copy_from_slice(rest);
}
