//! The recursion over degrees on blocks of rotations.
//!
//! (R ⊗ D_{l-1}) G = G D_l holds column by column, and the column n of D_l follows from a part of
//! the column n of G that no other column shares: its entry along z, or the two entries that raise
//! |n| - 1 to |n|. That is five products for an entry of D_l, or ten, where all of
//! Gᵀ (R ⊗ D_{l-1}) G takes twenty and more. The result is divided by the squared norm of the part,
//! and rounding is amplified where that is small: so the entry along z is used up to
//! |n| = l/2 + 3, and the raising ones beyond. Ivanic and Ruedenberg, J. Phys. Chem. 100, 6342
//! (1996), use the one along z up to |n| = l - 1.

use crate::Scalar;
use crate::simd::{BlockOf, Job, Lanes, Number};
use crate::wigner::generated::ISOMETRIES;
use crate::wigner::recursion::{Term, all_len};

/// The slots of the vector factor.
const Y: usize = 0;
const Z: usize = 1;
const X: usize = 2;

/// R of a block of rotations, rows and columns in the order (y, z, x).
pub(super) type First<B> = [[B; 3]; 3];

/// How the columns of D_l follow from those of D_{l-1}, for all degrees.
pub(super) struct Recursion<T> {
    degrees: Vec<Degree<T>>,
}

/// How the columns of D_l follow from those of D_{l-1}.
struct Degree<T> {
    /// The factors of the columns -inner..=inner, which follow from the entry along z.
    inner: Vec<T>,
    /// The other columns.
    edges: Vec<Edge<T>>,
}

/// A column |n| > 1 that follows from the two entries that raise |n| - 1.
struct Edge<T> {
    column: usize,
    along_y: Part<T>,
    along_x: Part<T>,
}

/// A column of D_{l-1} and its factor.
struct Part<T> {
    column: usize,
    factor: T,
}

impl<T: Number> Recursion<T> {
    /// For degrees to `high`, at most LMAX.
    pub fn new(high: usize) -> Recursion<T> {
        Recursion { degrees: (0..=high).map(Degree::new).collect() }
    }
}

impl<T: Number> Degree<T> {
    fn new(l: usize) -> Degree<T> {
        if l < 2 {
            return Degree { inner: Vec::new(), edges: Vec::new() };
        }
        let inner = (l - 1).min(l / 2 + 3);
        let along_z = |column: &[Term]| {
            let entry = column.iter().find(|term| term.slot == Z);
            factor(entry)
        };
        let columns = ISOMETRIES[l - 1];
        let edges = (0..2 * l + 1).filter(|column| column.abs_diff(l) > inner);
        Degree {
            inner: columns[l - inner..=l + inner].iter().map(|column| along_z(column)).collect(),
            edges: edges.map(|column| Edge::new(l, column)).collect(),
        }
    }
}

impl<T: Number> Edge<T> {
    fn new(l: usize, column: usize) -> Edge<T> {
        let order = column.abs_diff(l);
        let raises = |term: &&Term| term.slot != Z && term.column.abs_diff(l - 1) == order - 1;
        let raising = || ISOMETRIES[l - 1][column].iter().filter(raises);
        let part = |slot| {
            let term = raising().find(|term| term.slot == slot);
            Part { column: term.map_or(0, |term| term.column), factor: factor(term) }
        };
        Edge { column, along_y: part(Y), along_x: part(X) }
    }
}

/// The factor that inverts the part of a column that an entry is of; zero without one.
fn factor<T: Scalar>(entry: Option<&Term>) -> T {
    let (wide, narrow) = entry.map_or((0.0, 0.0), |term| term.inverse);
    T::constant(wide, narrow)
}

/// Fills D_l of a block of rotations, behind those of the degrees below it in `matrices`.
#[inline(always)]
pub(super) fn lift<V: Lanes>(
    proof: V::Proof,
    recursion: &Recursion<V::Number>,
    l: usize,
    first: &First<BlockOf<V>>,
    matrices: &mut [BlockOf<V>],
) {
    let size = (2 * l + 1) * (2 * l + 1);
    let (below, rest) = matrices.split_at_mut(all_len(l) - size);
    let out = &mut rest[..size];
    match l {
        0 => V::splat(proof, V::Number::constant(1.0, 1.0)).store(&mut out[0]),
        1 => out.copy_from_slice(first.as_flattened()),
        _ => {
            let below = &below[all_len(l - 2)..];
            let degree = &recursion.degrees[l];
            V::call(proof, Lift { l, degree, first, below, out });
        }
    }
}

/// D_l from D_1 and D_{l-1}.
struct Lift<'a, T: Number> {
    l: usize,
    degree: &'a Degree<T>,
    first: &'a First<T::Block>,
    below: &'a [T::Block],
    out: &'a mut [T::Block],
}

impl<T: Number> Job<T> for Lift<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(self, proof: V::Proof) {
        let Lift { l, degree, first, below, out } = self;
        for (terms, out) in ISOMETRIES[l - 1].iter().zip(out.chunks_exact_mut(2 * l + 1)) {
            match terms.len() {
                1 => row::<V, 1>(proof, degree, terms, first, below, out),
                2 => row::<V, 2>(proof, degree, terms, first, below, out),
                3 => row::<V, 3>(proof, degree, terms, first, below, out),
                4 => row::<V, 4>(proof, degree, terms, first, below, out),
                _ => row::<V, 5>(proof, degree, terms, first, below, out),
            }
        }
    }
}

/// The row of D_l that has the given entries in G, of which there are S.
#[inline(always)]
fn row<V: Lanes, const S: usize>(
    proof: V::Proof,
    degree: &Degree<V::Number>,
    terms: &[Term],
    first: &First<BlockOf<V>>,
    below: &[BlockOf<V>],
    out: &mut [BlockOf<V>],
) {
    let size_below = out.len() - 2;
    let zero = V::splat(proof, V::Number::constant(0.0, 0.0));
    // The entries times R, for each slot on the right.
    let mut factors = [[zero; S]; 3];
    let mut rows = [below; S];
    for s in 0..S {
        let term = &terms[s];
        let entry = V::splat(proof, V::Number::constant(term.value.0, term.value.1));
        rows[s] = &below[term.column * size_below..][..size_below];
        for slot in 0..3 {
            factors[slot][s] = entry.mul(V::load(proof, &first[term.slot][slot]));
        }
    }
    let along_z = factors[Z];
    let count = degree.inner.len();
    let start = (out.len() - count) / 2;
    let mut inner = rows;
    for s in 0..S {
        // Columns of D_{l-1} begin at an order higher by one.
        inner[s] = &rows[s][start - 1..start - 1 + count];
    }
    for (n, (out, &factor)) in out[start..start + count].iter_mut().zip(&degree.inner).enumerate() {
        let mut sum = along_z[0].mul(V::load(proof, &inner[0][n]));
        for s in 1..S {
            sum = along_z[s].mul_add(V::load(proof, &inner[s][n]), sum);
        }
        sum.mul(V::splat(proof, factor)).store(out);
    }
    for Edge { column, along_y, along_x } in &degree.edges {
        let mut y = zero;
        let mut x = zero;
        for s in 0..S {
            y = factors[Y][s].mul_add(V::load(proof, &rows[s][along_y.column]), y);
            x = factors[X][s].mul_add(V::load(proof, &rows[s][along_x.column]), x);
        }
        let sum = y.mul(V::splat(proof, along_y.factor));
        x.mul_add(V::splat(proof, along_x.factor), sum).store(&mut out[*column]);
    }
}
