//! The coupling of one triple of degrees on lanes: straight-line code for low degrees, loops over
//! the table of the coupling tensor for all others.
//!
//! Lanes are whatever there is much of: channels, or rows. With channels on the lanes the second
//! factor y, the same for all of them, becomes a matrix first,
//! `M[m1, m3] = scale · Σ C[m1, m2, m3] y[m2]`, of which only the entries that C allows are kept. How
//! they lie is up to the code of the triple, which alone reads them: straight-line code keeps equal
//! ones once.

use super::wide::Wide;
use crate::coupling::{Entry, Tensor};
use crate::simd::{BlockOf, Job, Lanes, Number, Unrolled, UnrolledJob};

/// The coupling of degrees (l1, l2) to l3. B blocks of lanes at once share what is read of M.
pub(super) trait Triple: Copy {
    /// 2l + 1 of each degree.
    fn sizes(&self) -> [usize; 3];

    /// The number of entries of M that are kept.
    fn entries(&self) -> usize;

    /// M of y.
    fn matrix<T: Number>(&self, scale: T, y: &[T], m: &mut [T]);

    /// `z[m3] += w · Σ M[m1, m3] x[m1]`.
    fn forward<V: Lanes, const B: usize>(
        &self,
        proof: V::Proof,
        m: &[V::Number],
        w: [V; B],
        x: [&[BlockOf<V>]; B],
        z: [&mut [BlockOf<V>]; B],
    );

    /// Of x and dz, with `g[m1] = Σ M[m1, m3] dz[m3]`: `dx[m1] += w g[m1]`, and the result is `Σ x[m1] g[m1]`,
    /// the derivative by w.
    fn backward<V: Lanes, const B: usize>(
        &self,
        proof: V::Proof,
        m: &[V::Number],
        w: [V; B],
        inputs: [[&[BlockOf<V>]; B]; 2],
        dx: Option<[&mut [BlockOf<V>]; B]>,
    ) -> [V; B];

    /// Of x and dz, `dM[m1, m3] += w x[m1] dz[m3]`, summed over the B blocks.
    fn outer<V: Lanes, const B: usize>(
        &self,
        proof: V::Proof,
        w: [V; B],
        inputs: [[&[BlockOf<V>]; B]; 2],
        dm: &mut [BlockOf<V>],
    );

    /// `dy[m2] += scale · Σ C[m1, m2, m3] dM[m1, m3]`.
    fn contract<V: Lanes>(
        &self,
        proof: V::Proof,
        scale: V,
        dm: &[BlockOf<V>],
        dy: &mut [BlockOf<V>],
    );

    /// `z[m3] = scale · Σ C[m1, m2, m3] x[m1] y[m2]`.
    fn couple<V: Lanes>(
        &self,
        proof: V::Proof,
        scale: V,
        x: &[BlockOf<V>],
        y: &[BlockOf<V>],
        z: &mut [BlockOf<V>],
    );

    /// Adds the vector-Jacobian product of [`Triple::couple`] to `dx` and `dy`.
    fn couple_back<V: Lanes>(
        &self,
        proof: V::Proof,
        scale: V,
        inputs: [&[BlockOf<V>]; 3],
        dx: &mut [BlockOf<V>],
        dy: &mut [BlockOf<V>],
    );
}

/// Something to do with the coupling of a triple on lanes of T.
pub(super) trait Work<T> {
    fn run<V: Lanes<Number = T>, K: Triple>(self, proof: V::Proof, triple: K);
}

/// Does some work with the fastest code for a triple, in a function of its own.
#[inline(always)]
pub(super) fn with_triple<V: Lanes, W: Work<V::Number>>(proof: V::Proof, table: &Table, work: W) {
    let unrolled = UnrolledWork { degrees: table.degrees, work };
    let rest = match V::unrolled(proof, unrolled) {
        Ok(rest) => rest,
        Err(unrolled) => Err(unrolled.work),
    };
    if let Err(work) = rest {
        Ready::<V, W> { proof, work }.enter(table);
    }
}

/// Some work with straight-line code, or given back where there is none.
struct UnrolledWork<W> {
    degrees: [usize; 3],
    work: W,
}

impl<T: Number, W: Work<T>> UnrolledJob<T> for UnrolledWork<W> {
    type Output = Result<(), W>;

    #[inline(always)]
    fn run<V: Unrolled<Number = T>>(self, proof: V::Proof) -> Result<(), W> {
        // Not for f64 in registers of AVX2, to build less.
        if const { V::REGISTERS < 32 && size_of::<T>() > size_of::<f32>() } {
            return Err(self.work);
        }
        with_unrolled(self.degrees, Ready::<V, W> { proof, work: self.work })
            .map_err(|ready| ready.work)
    }
}

/// Some work that waits for the code of its triple.
struct Ready<V: Lanes, W> {
    proof: V::Proof,
    work: W,
}

impl<V: Lanes, W: Work<V::Number>> Ready<V, W> {
    #[inline(always)]
    fn enter<K: Triple>(self, triple: K) {
        V::call(self.proof, Entered { work: self.work, triple });
    }
}

struct Entered<W, K> {
    work: W,
    triple: K,
}

impl<T, W: Work<T>, K: Triple> Job<T> for Entered<W, K> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(self, proof: V::Proof) {
        self.work.run::<V, K>(proof, self.triple);
    }
}

/// One nonzero entry of the coupling tensor: indices m + l, the place of (m1, m3) in M, the value.
#[derive(Clone, Copy, Debug)]
struct Term {
    m: [u8; 3],
    place: u16,
    narrow: f32,
    value: f64,
}

impl Term {
    fn value<T: Number>(&self) -> T {
        T::constant(self.value, self.narrow)
    }

    fn m1(&self) -> usize {
        self.m[0].into()
    }

    fn m2(&self) -> usize {
        self.m[1].into()
    }

    fn m3(&self) -> usize {
        self.m[2].into()
    }
}

/// The coupling tensor as lists, for any degrees.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub degrees: [usize; 3],
    /// Sorted by m3.
    by_output: Vec<Term>,
    /// Sorted by (m1, m2).
    by_inputs: Vec<Term>,
    /// (m1, m3) of each entry of M.
    pairs: Vec<[usize; 2]>,
}

impl Table {
    pub fn new(tensor: &Tensor) -> Table {
        let degrees = tensor.degrees();
        let place = |m: i8, l: usize| (i32::from(m) + l as i32) as usize;
        let index = |m: [i8; 3]| [0, 1, 2].map(|side| place(m[side], degrees[side]) as u8);
        let term = |entry: &Entry| {
            let Entry { m, exact, value } = *entry;
            Term { m: index(m), place: 0, narrow: exact.to_f32(), value }
        };
        let mut terms: Vec<Term> = tensor.nonzeros().iter().map(term).collect();
        terms.sort_by_key(|term| (term.m[0], term.m[2], term.m[1]));
        let mut pairs: Vec<[usize; 2]> = Vec::new();
        for term in &mut terms {
            let pair = [term.m1(), term.m3()];
            if pairs.last() != Some(&pair) {
                pairs.push(pair);
            }
            term.place = (pairs.len() - 1) as u16;
        }
        let [mut by_output, mut by_inputs] = [terms.clone(), terms];
        by_output.sort_by_key(|term| term.m[2]);
        by_inputs.sort_by_key(|term| (term.m[0], term.m[1]));
        Table { degrees, by_output, by_inputs, pairs }
    }
}

impl Triple for &Table {
    fn sizes(&self) -> [usize; 3] {
        self.degrees.map(|l| 2 * l + 1)
    }

    fn entries(&self) -> usize {
        self.pairs.len()
    }

    #[inline(always)]
    fn matrix<T: Number>(&self, scale: T, y: &[T], m: &mut [T]) {
        m[..self.pairs.len()].fill(T::default());
        for term in &self.by_output {
            let entry = &mut m[usize::from(term.place)];
            *entry = *entry + term.value::<T>() * (scale * y[term.m2()]);
        }
    }

    #[inline(always)]
    fn forward<V: Lanes, const B: usize>(
        &self,
        proof: V::Proof,
        m: &[V::Number],
        w: [V; B],
        x: [&[BlockOf<V>]; B],
        z: [&mut [BlockOf<V>]; B],
    ) {
        for b in 0..B {
            for (&[m1, m3], &entry) in self.pairs.iter().zip(m) {
                let x = V::load(proof, &x[b][m1]).mul(V::splat(proof, entry));
                add_to(proof, w[b], x, &mut z[b][m3]);
            }
        }
    }

    #[inline(always)]
    fn backward<V: Lanes, const B: usize>(
        &self,
        proof: V::Proof,
        m: &[V::Number],
        w: [V; B],
        [x, dz]: [[&[BlockOf<V>]; B]; 2],
        mut dx: Option<[&mut [BlockOf<V>]; B]>,
    ) -> [V; B] {
        let mut sums = [V::splat(proof, V::Number::default()); B];
        for b in 0..B {
            for (&[m1, m3], &entry) in self.pairs.iter().zip(m) {
                let g = V::load(proof, &dz[b][m3]).mul(V::splat(proof, entry));
                sums[b] = V::load(proof, &x[b][m1]).mul_add(g, sums[b]);
                if let Some(dx) = &mut dx {
                    add_to(proof, w[b], g, &mut dx[b][m1]);
                }
            }
        }
        sums
    }

    #[inline(always)]
    fn outer<V: Lanes, const B: usize>(
        &self,
        proof: V::Proof,
        w: [V; B],
        [x, dz]: [[&[BlockOf<V>]; B]; 2],
        dm: &mut [BlockOf<V>],
    ) {
        for b in 0..B {
            for (&[m1, m3], dm) in self.pairs.iter().zip(&mut *dm) {
                let x = w[b].mul(V::load(proof, &x[b][m1]));
                add_to(proof, x, V::load(proof, &dz[b][m3]), dm);
            }
        }
    }

    #[inline(always)]
    fn contract<V: Lanes>(
        &self,
        proof: V::Proof,
        scale: V,
        dm: &[BlockOf<V>],
        dy: &mut [BlockOf<V>],
    ) {
        for term in &self.by_output {
            let factor = scale.mul(V::splat(proof, term.value()));
            let dm = V::load(proof, &dm[usize::from(term.place)]);
            add_to(proof, factor, dm, &mut dy[term.m2()]);
        }
    }

    #[inline(always)]
    fn couple<V: Lanes>(
        &self,
        proof: V::Proof,
        scale: V,
        x: &[BlockOf<V>],
        y: &[BlockOf<V>],
        z: &mut [BlockOf<V>],
    ) {
        for (terms, z) in self.by_output.chunk_by(|a, b| a.m[2] == b.m[2]).zip(z) {
            let mut sum = V::splat(proof, V::Number::default());
            for term in terms {
                let x = V::load(proof, &x[term.m1()]);
                let product = x.mul(V::load(proof, &y[term.m2()]));
                sum = V::splat(proof, term.value()).mul_add(product, sum);
            }
            scale.mul(sum).store(z);
        }
    }

    #[inline(always)]
    fn couple_back<V: Lanes>(
        &self,
        proof: V::Proof,
        scale: V,
        [x, y, dz]: [&[BlockOf<V>]; 3],
        dx: &mut [BlockOf<V>],
        dy: &mut [BlockOf<V>],
    ) {
        for terms in self.by_inputs.chunk_by(|a, b| a.m[0] == b.m[0]) {
            let m1 = terms[0].m1();
            let (x, mut gradient) = (V::load(proof, &x[m1]), V::load(proof, &dx[m1]));
            for terms in terms.chunk_by(|a, b| a.m[1] == b.m[1]) {
                let m2 = terms[0].m2();
                let mut sum = V::splat(proof, V::Number::default());
                for term in terms {
                    let dz = V::load(proof, &dz[term.m3()]);
                    sum = V::splat(proof, term.value()).mul_add(dz, sum);
                }
                let sum = scale.mul(sum);
                gradient = sum.mul_add(V::load(proof, &y[m2]), gradient);
                add_to(proof, sum, x, &mut dy[m2]);
            }
            gradient.store(&mut dx[m1]);
        }
    }
}

// What the generated code is written with.

/// A slice whose length is known.
#[inline(always)]
fn sized<B, const N: usize>(slice: &[B]) -> &[B; N] {
    slice[..N].try_into().expect("the slice has just been cut")
}

/// A slice whose length is known.
#[inline(always)]
fn sized_mut<B, const N: usize>(slice: &mut [B]) -> &mut [B; N] {
    (&mut slice[..N]).try_into().expect("the slice has just been cut")
}

/// Adds x · y to a block.
#[inline(always)]
pub(super) fn add_to<V: Lanes>(proof: V::Proof, x: V, y: V, block: &mut BlockOf<V>) {
    x.mul_add(y, V::load(proof, block)).store(block);
}

#[allow(clippy::approx_constant, reason = "generated: constants such as 1/√2 are numbers here")]
mod generated {
    use super::*;
    #[allow(unused_imports, reason = "at LMAX = 0 no program has a constant")]
    use crate::simd::constant;

    include!(concat!(env!("OUT_DIR"), "/products.rs"));
}

use generated::with_unrolled;
