//! What the machine can do at most, for benchmarks: multiply-adds, reciprocal roots and stores on one
//! path.

use std::hint::black_box;

use super::{Blocks, Job, Lanes, Number, Path};

/// The operations of one round of [`multiply_adds`] or [`reciprocal_roots`], in each lane.
pub const CHAINS: usize = 24;

/// Runs `rounds` of [`CHAINS`] independent multiply-adds on whole blocks and returns a number that
/// depends on all of them. That is `rounds · CHAINS · T::WIDTH` multiply-adds.
pub fn multiply_adds<T: Number>(path: Path, rounds: usize) -> T {
    T::run(path, MultiplyAdds { rounds })
}

/// Runs `rounds` of [`CHAINS`] independent reciprocal square roots, a root and a division each, and returns
/// a number that depends on all of them. That is `rounds · CHAINS · T::WIDTH` of them.
pub fn reciprocal_roots<T: Number>(path: Path, rounds: usize) -> T {
    T::run(path, ReciprocalRoots { rounds })
}

/// Writes a value to every whole block of a slice.
pub fn stores<T: Number>(path: Path, value: T, numbers: &mut [T]) {
    T::run(path, Stores { value, numbers });
}

/// Writes a value to every whole line of a slice, past the caches.
pub fn streaming_stores<T: Number>(path: Path, value: T, numbers: &mut [T]) {
    T::run(path, Streaming { value, numbers });
}

struct MultiplyAdds {
    rounds: usize,
}

impl<T: Number> Job<T> for MultiplyAdds {
    type Output = T;

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(self, proof: V::Proof) -> T {
        let near_one = V::splat(proof, black_box(T::constant(0.999, 0.999)));
        let step = V::splat(proof, black_box(T::constant(0.001, 0.001)));
        let mut chains = [step; CHAINS];
        for _ in 0..self.rounds {
            for chain in &mut chains {
                *chain = chain.mul_add(near_one, step);
            }
        }
        first_of_sum(chains)
    }
}

struct ReciprocalRoots {
    rounds: usize,
}

impl<T: Number> Job<T> for ReciprocalRoots {
    type Output = T;

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(self, proof: V::Proof) -> T {
        let one = V::splat(proof, black_box(T::constant(1.0, 1.0)));
        let mut chains = [V::splat(proof, black_box(T::constant(1.1, 1.1))); CHAINS];
        for _ in 0..self.rounds {
            for chain in &mut chains {
                *chain = one.div(chain.sqrt());
            }
        }
        first_of_sum(chains)
    }
}

/// The first number of the sum of all.
#[inline(always)]
fn first_of_sum<V: Lanes>(chains: [V; CHAINS]) -> V::Number {
    let mut sum = chains[0];
    for chain in &chains[1..] {
        sum = sum.add(*chain);
    }
    let mut block = V::Number::ZERO;
    sum.store(&mut block);
    block[0]
}

struct Stores<'a, T> {
    value: T,
    numbers: &'a mut [T],
}

impl<T: Number> Job<T> for Stores<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(self, proof: V::Proof) {
        let value = V::splat(proof, self.value);
        for block in T::blocks_mut(self.numbers).0 {
            value.store(block);
        }
    }
}

struct Streaming<'a, T> {
    value: T,
    numbers: &'a mut [T],
}

impl<T: Number> Job<T> for Streaming<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(self, proof: V::Proof) {
        let mut page = [T::ZERO; 64];
        let value = V::splat(proof, self.value);
        for block in &mut page {
            value.store(block);
        }
        let page = T::numbers(&page);
        for part in self.numbers.chunks_mut(page.len()) {
            super::stream::<V>(proof, &page[..part.len()], part);
        }
        V::fence(proof);
    }
}
