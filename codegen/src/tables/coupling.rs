//! Exact coupling tensors: Wigner 3j symbols, complex Clebsch–Gordan coefficients and the real
//! tensors C(l1,l2→l3) made from them, with their proofs.
//!
//! Only 3j symbols with l1 ≤ l2 ≤ l3 are stored; the others follow from the symmetries under
//! permutation and under m → -m.

use std::collections::BTreeMap;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, ToPrimitive, Zero};
use thiserror::Error;

use super::surd::Surd;

/// The degrees (l1, l2, l3) of a tensor.
pub type Degrees = [usize; 3];

/// One nonzero 3j symbol of given degrees; m3 = -m1 - m2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreeJ {
    /// The orders m1 and m2.
    pub m: [i32; 2],
    /// The symbol, with Condon–Shortley phase.
    pub value: Surd,
}

/// One nonzero entry of a real coupling tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The orders (m1, m2, m3).
    pub m: [i32; 3],
    /// C(l1,l2→l3) at those orders.
    pub value: Surd,
}

/// All 3j symbols up to a degree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coupling {
    lmax: usize,
    symbols: BTreeMap<Degrees, Vec<ThreeJ>>,
}

/// A proof about coupling tensors that failed.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProofError {
    /// Σ_{m1,m2} C C' is not δ.
    #[error("coupling {degrees:?}: Σ C(m1,m2→{m3}) C(m1,m2→{other}) is not {expected}")]
    NotOrthonormal {
        /// (l1, l2, l3).
        degrees: Degrees,
        /// The first order of degree l3.
        m3: i32,
        /// The second order of degree l3.
        other: i32,
        /// One or zero.
        expected: u8,
    },
    /// Σ_{l3,m3} C C' is not δ.
    #[error("coupling {l1} x {l2}: the tensors for all l3 are not complete")]
    NotComplete {
        /// The first degree.
        l1: usize,
        /// The second degree.
        l2: usize,
    },
    /// A square does not fit a pair of u32.
    #[error("coupling {degrees:?}: the square {square} does not fit two u32")]
    TooLarge {
        /// (l1, l2, l3).
        degrees: Degrees,
        /// The square that does not fit.
        square: BigRational,
    },
}

impl Coupling {
    /// Tables up to degree `lmax` from the symbols with l1 ≤ l2 ≤ l3, each list in order of
    /// (m1, m2).
    pub fn new(lmax: usize, symbols: BTreeMap<Degrees, Vec<ThreeJ>>) -> Self {
        Coupling { lmax, symbols }
    }

    /// The highest degree.
    pub fn lmax(&self) -> usize {
        self.lmax
    }

    /// The stored symbols, those with l1 ≤ l2 ≤ l3.
    pub fn symbols(&self) -> &BTreeMap<Degrees, Vec<ThreeJ>> {
        &self.symbols
    }

    /// The tables up to degree `lmax` only.
    pub fn truncated(&self, lmax: usize) -> Coupling {
        let kept = self.symbols.iter().filter(|(degrees, _)| degrees[2] <= lmax);
        Coupling { lmax, symbols: kept.map(|(d, s)| (*d, s.clone())).collect() }
    }

    /// All (l1, l2, l3) up to [`Coupling::lmax`] that satisfy the triangle inequality.
    pub fn triples(&self) -> Vec<Degrees> {
        triples(self.lmax)
    }

    /// The 3j symbol (l1 l2 l3; m1 m2 m3), zero where it vanishes.
    pub fn three_j(&self, degrees: Degrees, m: [i32; 3]) -> Surd {
        if m.iter().sum::<i32>() != 0 {
            return Surd::zero();
        }
        let mut order = [0, 1, 2];
        order.sort_by_key(|&slot| degrees[slot]);
        let sorted = order.map(|slot| degrees[slot]);
        let Some(symbols) = self.symbols.get(&sorted) else { return Surd::zero() };
        let key = [m[order[0]], m[order[1]]];
        let Ok(found) = symbols.binary_search_by_key(&key, |symbol| symbol.m) else {
            return Surd::zero();
        };
        let value = &symbols[found].value;
        let odd_permutation = matches!(order, [1, 0, 2] | [0, 2, 1] | [2, 1, 0]);
        let odd_sum = degrees.iter().sum::<usize>() % 2 == 1;
        if odd_permutation && odd_sum { -value } else { value.clone() }
    }

    /// The complex Clebsch–Gordan coefficient ⟨l1 m1; l2 m2 | l3 m3⟩ with Condon–Shortley phase.
    pub fn clebsch_gordan(&self, degrees: Degrees, m: [i32; 3]) -> Surd {
        let [l1, l2, l3] = degrees.map(|l| l as i32);
        let symbol = self.three_j(degrees, [m[0], m[1], -m[2]]);
        let scaled = &symbol * &Surd::sqrt(BigRational::from(BigInt::from(2 * l3 + 1)));
        if (l1 - l2 + m[2]).rem_euclid(2) == 1 { -&scaled } else { scaled }
    }

    /// The real coupling tensor C(l1,l2→l3): its nonzero entries in order of (m1, m2, m3).
    ///
    /// With k = l1 + l2 - l3 and Y_real = U Y_complex, C is (-1)^⌊k/2⌋ times the real part (k even)
    /// or the imaginary part (k odd) of Σ U1* U2* U3 CG.
    ///
    /// # Panics
    /// If the symbols are not those of any invariant, so that symbols of opposite orders differ in
    /// size.
    pub fn tensor(&self, degrees: Degrees) -> Vec<Entry> {
        let [l1, l2, l3] = degrees.map(|l| l as i32);
        let mut entries = Vec::new();
        for m1 in -l1..=l1 {
            for m2 in -l2..=l2 {
                for m3 in candidates(m1, m2, l3) {
                    let value = self.entry(degrees, [m1, m2, m3]);
                    if !value.is_zero() {
                        entries.push(Entry { m: [m1, m2, m3], value });
                    }
                }
            }
        }
        entries
    }

    /// One entry of the real tensor.
    fn entry(&self, degrees: Degrees, m: [i32; 3]) -> Surd {
        let k = degrees[0] + degrees[1] - degrees[2];
        let mut sum = Surd::zero();
        for (mu1, u1) in unitary_row(m[0]) {
            for (mu2, u2) in unitary_row(m[1]) {
                for (mu3, u3) in unitary_row(m[2]) {
                    if mu1 + mu2 != mu3 {
                        continue;
                    }
                    // The conjugates of U1 and U2 negate their powers of i.
                    let quarter_turns = (u3.quarter_turns - u1.quarter_turns - u2.quarter_turns)
                        .rem_euclid(4) as usize;
                    if quarter_turns % 2 != k % 2 {
                        continue;
                    }
                    let size = &(&u1.size * &u2.size) * &u3.size;
                    let coefficient = self.clebsch_gordan(degrees, [mu1, mu2, mu3]);
                    let term = &size * &coefficient;
                    let term = if quarter_turns >= 2 { -&term } else { term };
                    sum = sum.checked_add(&term).expect("terms of one entry are commensurate");
                }
            }
        }
        if (k / 2) % 2 == 1 { -&sum } else { sum }
    }

    /// Proves exactly that every tensor is orthonormal in (m1, m2), that the tensors of l1 and l2
    /// are complete wherever l1 + l2 ≤ lmax, and that every square fits a pair of u32.
    pub fn prove(&self) -> Result<(), ProofError> {
        let mut tensors = BTreeMap::new();
        for degrees in self.triples() {
            let entries = small_entries(degrees, &self.tensor(degrees))?;
            prove_orthonormal(degrees, &entries)?;
            tensors.insert(degrees, entries);
        }
        for l1 in 0..=self.lmax {
            for l2 in 0..=self.lmax - l1 {
                let all = (l1.abs_diff(l2)..=l1 + l2).map(|l3| &tensors[&[l1, l2, l3]]);
                prove_complete([l1, l2], all)?;
            }
        }
        Ok(())
    }
}

/// All (l1, l2, l3) up to `lmax` that satisfy the triangle inequality, in lexical order.
pub fn triples(lmax: usize) -> Vec<Degrees> {
    let mut all = Vec::new();
    for l1 in 0..=lmax {
        for l2 in 0..=lmax {
            all.extend((l1.abs_diff(l2)..=(l1 + l2).min(lmax)).map(|l3| [l1, l2, l3]));
        }
    }
    all
}

/// The orders of degree l3 that (m1, m2) can couple to: ±m1 ± m2.
fn candidates(m1: i32, m2: i32, l3: i32) -> Vec<i32> {
    let mut orders = vec![m1 + m2, m1 - m2, m2 - m1, -m1 - m2];
    orders.retain(|m3| m3.abs() <= l3);
    orders.sort_unstable();
    orders.dedup();
    orders
}

/// An entry of U: i^quarter_turns · size.
struct UnitaryEntry {
    quarter_turns: i32,
    size: Surd,
}

/// The nonzero entries of the row m of U, Y_real = U Y_complex, by complex order μ.
fn unitary_row(m: i32) -> Vec<(i32, UnitaryEntry)> {
    if m == 0 {
        return vec![(0, UnitaryEntry { quarter_turns: 0, size: Surd::one() })];
    }
    let half = Surd::sqrt(BigRational::new(1.into(), 2.into()));
    let order = m.abs();
    // cos: (Y^{-m} + (-1)^m Y^m)/√2; sin: i (Y^{-m} - (-1)^m Y^m)/√2.
    let quarter_turns = if m > 0 { 0 } else { 1 };
    let negative = (order % 2 == 1) == (m > 0);
    let upper = if negative { -&half } else { half.clone() };
    vec![
        (-order, UnitaryEntry { quarter_turns, size: half }),
        (order, UnitaryEntry { quarter_turns, size: upper }),
    ]
}

/// An entry whose square is a quotient of two u32, for quick exact sums.
#[derive(Clone, Copy)]
struct SmallEntry {
    m: [i32; 3],
    negative: bool,
    numerator: u32,
    denominator: u32,
}

fn small_entries(degrees: Degrees, entries: &[Entry]) -> Result<Vec<SmallEntry>, ProofError> {
    let small = |entry: &Entry| {
        let square = entry.value.square();
        let parts = (square.numer().to_u32(), square.denom().to_u32());
        let (Some(numerator), Some(denominator)) = parts else {
            return Err(ProofError::TooLarge { degrees, square: square.clone() });
        };
        Ok(SmallEntry { m: entry.m, negative: entry.value.sign() < 0, numerator, denominator })
    };
    entries.iter().map(small).collect()
}

/// A sum of products of two entries, exact: squarefree radicand to rational factor.
#[derive(Default)]
struct RadicalSum(BTreeMap<u64, BigRational>);

impl RadicalSum {
    fn add_product(&mut self, a: &SmallEntry, b: &SmallEntry) {
        // √(p/q) √(r/s) = √(pr·qs) / (qs), and √(pr·qs) is split square by square.
        let mut radicand = 1;
        let mut root = BigInt::one();
        for part in [a.numerator, a.denominator, b.numerator, b.denominator] {
            let (square, free) = split_square(u64::from(part));
            let shared = num_integer::gcd(radicand, free);
            root *= square * shared;
            radicand = radicand / shared * (free / shared);
        }
        if a.negative != b.negative {
            root = -root;
        }
        let denominator = BigInt::from(a.denominator) * BigInt::from(b.denominator);
        let factor = BigRational::new(root, denominator);
        *self.0.entry(radicand).or_insert_with(BigRational::zero) += factor;
    }

    fn equals(&self, expected: u8) -> bool {
        let rational = self.0.get(&1).cloned().unwrap_or_else(BigRational::zero);
        rational == BigRational::from(BigInt::from(expected))
            && self.0.iter().all(|(&radicand, factor)| radicand == 1 || factor.is_zero())
    }
}

/// `value = square² · free` with squarefree `free`.
fn split_square(mut value: u64) -> (u64, u64) {
    let (mut square, mut free, mut prime) = (1, 1, 2);
    while prime * prime <= value {
        while value.is_multiple_of(prime * prime) {
            value /= prime * prime;
            square *= prime;
        }
        if value.is_multiple_of(prime) {
            value /= prime;
            free *= prime;
        }
        prime += 1;
    }
    (square, free * value)
}

/// Σ_{m1,m2} C(m1,m2→m3) C(m1,m2→m3') = δ.
fn prove_orthonormal(degrees: Degrees, entries: &[SmallEntry]) -> Result<(), ProofError> {
    let sums = pair_sums(entries.iter().map(|entry| ([entry.m[0], entry.m[1]], entry.m[2], entry)));
    let l3 = degrees[2] as i32;
    for m3 in -l3..=l3 {
        for other in m3..=l3 {
            let expected = u8::from(m3 == other);
            let holds = match sums.get(&(m3, other)) {
                Some(sum) => sum.equals(expected),
                None => expected == 0,
            };
            if !holds {
                return Err(ProofError::NotOrthonormal { degrees, m3, other, expected });
            }
        }
    }
    Ok(())
}

/// Σ_{l3,m3} C(m1,m2→m3) C(m1',m2'→m3) = δ, over the tensors of all l3.
fn prove_complete<'a>(
    [l1, l2]: [usize; 2],
    tensors: impl Iterator<Item = &'a Vec<SmallEntry>>,
) -> Result<(), ProofError> {
    let entries = tensors.enumerate().flat_map(|(l3, entries)| {
        entries.iter().map(move |entry| ((l3, entry.m[2]), [entry.m[0], entry.m[1]], entry))
    });
    let sums = pair_sums(entries);
    let diagonal = sums.keys().filter(|(a, b)| a == b).count();
    let complete = diagonal == (2 * l1 + 1) * (2 * l2 + 1)
        && sums.iter().all(|((a, b), sum)| sum.equals(u8::from(a == b)));
    if complete { Ok(()) } else { Err(ProofError::NotComplete { l1, l2 }) }
}

/// Sums of products of two entries that share a key, by the ordered pair of their labels.
fn pair_sums<'a, K: Ord, P: Ord + Copy>(
    entries: impl Iterator<Item = (K, P, &'a SmallEntry)>,
) -> BTreeMap<(P, P), RadicalSum> {
    let mut groups: BTreeMap<K, Vec<(P, &SmallEntry)>> = BTreeMap::new();
    for (key, label, entry) in entries {
        groups.entry(key).or_default().push((label, entry));
    }
    let mut sums: BTreeMap<(P, P), RadicalSum> = BTreeMap::new();
    for group in groups.values_mut() {
        group.sort_by_key(|(label, _)| *label);
        for (index, (first, a)) in group.iter().enumerate() {
            for (second, b) in &group[index..] {
                sums.entry((*first, *second)).or_default().add_product(a, b);
            }
        }
    }
    sums
}
