//! Real coupling tensors and their conventions.

use super::generated::TENSORS;
use super::root::SignedRoot;
use super::{CouplingError, check_degrees};
use crate::error::check_length;

/// One nonzero entry of a coupling tensor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry {
    /// The orders (m1, m2, m3).
    pub m: [i8; 3],
    /// The exact value.
    pub exact: SignedRoot,
    /// The value, correctly rounded.
    pub value: f64,
}

/// An entry of a generated table.
pub(super) const fn entry(m: [i8; 3], exact: SignedRoot, value: f64) -> Entry {
    Entry { m, exact, value }
}

/// The sign and normalization of a coupling tensor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Convention {
    /// Σ_{m1,m2} C² = 1 for each m3, with the signs of e3nn ≥ 0.5. The native one, and that of
    /// cuEquivariance.
    #[default]
    Native,
    /// `wigner_3j` of e3nn ≥ 0.5 and e3nn-jax: divided by √(2l3 + 1), total norm 1.
    Wigner3j,
    /// `wigner_3j` of e3nn ≤ 0.4.4, which checkpoints of MACE and SevenNet need: as `Wigner3j`, but
    /// 70 of the 369 tensors with l ≤ 8 have the other sign.
    OldWigner3j,
}

/// The real coupling tensor C(l1,l2→l3).
///
/// ```
/// use tesseral::coupling::Tensor;
///
/// // Two vectors couple to a scalar by their dot product, divided by √3.
/// let dot = Tensor::new(1, 1, 0)?;
/// assert_eq!(dot.shape(), [3, 3, 1]);
/// assert_eq!(dot.get(1, 1, 0), (1.0_f64 / 3.0).sqrt());
/// assert_eq!(dot.get(1, 0, 0), 0.0);
/// # Ok::<(), tesseral::coupling::CouplingError>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[doc(alias = "clebsch")]
pub struct Tensor {
    degrees: [usize; 3],
    entries: &'static [Entry],
}

impl Tensor {
    /// The tensor of degrees l1 and l2 to l3.
    ///
    /// # Errors
    /// If a degree is above [`COUPLING_LMAX`](super::COUPLING_LMAX) or the triangle inequality does
    /// not hold.
    pub fn new(l1: usize, l2: usize, l3: usize) -> Result<Tensor, CouplingError> {
        check_degrees(l1, l2, l3)?;
        let found = TENSORS.binary_search_by_key(&[l1, l2, l3], |(degrees, _)| *degrees);
        let index = found.map_err(|_| CouplingError::Triangle { l1, l2, l3 })?;
        let (degrees, entries) = TENSORS[index];
        Ok(Tensor { degrees, entries })
    }

    /// The degrees (l1, l2, l3).
    pub fn degrees(&self) -> [usize; 3] {
        self.degrees
    }

    /// The lengths (2l1 + 1, 2l2 + 1, 2l3 + 1).
    pub fn shape(&self) -> [usize; 3] {
        self.degrees.map(|l| 2 * l + 1)
    }

    /// The nonzero entries in order of (m1, m2, m3): the sparse view.
    pub fn nonzeros(&self) -> &'static [Entry] {
        self.entries
    }

    /// The entry at (m1, m2, m3); zero where there is none.
    pub fn get(&self, m1: i32, m2: i32, m3: i32) -> f64 {
        self.find(m1, m2, m3).map_or(0.0, |entry| entry.value)
    }

    /// The exact entry at (m1, m2, m3).
    pub fn exact(&self, m1: i32, m2: i32, m3: i32) -> SignedRoot {
        self.find(m1, m2, m3).map_or(SignedRoot::ZERO, |entry| entry.exact)
    }

    fn find(&self, m1: i32, m2: i32, m3: i32) -> Option<&'static Entry> {
        let key = [m1, m2, m3];
        let found = self.entries.binary_search_by_key(&key, |entry| entry.m.map(i32::from));
        found.ok().map(|index| &self.entries[index])
    }

    /// All entries, row-major `[2l1 + 1][2l2 + 1][2l3 + 1]`: the dense view.
    pub fn dense(&self) -> Vec<f64> {
        self.dense_in(Convention::Native)
    }

    /// All entries in another convention, row-major `[2l1 + 1][2l2 + 1][2l3 + 1]`.
    ///
    /// ```
    /// use tesseral::coupling::{Convention, Tensor};
    ///
    /// let e3nn = Tensor::new(1, 1, 0)?.dense_in(Convention::Wigner3j);
    /// assert_eq!(e3nn[0], (1.0_f64 / 3.0).sqrt());
    /// # Ok::<(), tesseral::coupling::CouplingError>(())
    /// ```
    pub fn dense_in(&self, convention: Convention) -> Vec<f64> {
        let [l1, l2, l3] = self.degrees.map(|l| l as i32);
        let [size1, size2, size3] = self.shape();
        let mut dense = vec![0.0; size1 * size2 * size3];
        for entry in self.entries {
            let [m1, m2, m3] = entry.m.map(i32::from);
            let (row, column) = ((m1 + l1) as usize, (m2 + l2) as usize);
            dense[(row * size2 + column) * size3 + (m3 + l3) as usize] =
                self.value_in(entry, convention);
        }
        dense
    }

    /// The value of an entry in another convention.
    pub fn value_in(&self, entry: &Entry, convention: Convention) -> f64 {
        let wigner = || entry.exact.divided(2 * self.degrees[2] as u64 + 1).to_f64();
        match convention {
            Convention::Native => entry.value,
            Convention::Wigner3j => wigner(),
            Convention::OldWigner3j if self.is_flipped_in_old_e3nn() => -wigner(),
            Convention::OldWigner3j => wigner(),
        }
    }

    /// Whether e3nn ≤ 0.4.4 has the other sign: those tables made the entry at m = 0 positive, or,
    /// where it is zero (odd l1 + l2 + l3), the first nonzero one of the tensor of sorted degrees.
    /// The native first entry has the sign (-1)^((a - b + c + 1)/2) there, except that it is
    /// positive for a = b, c = 2a - 1.
    pub fn is_flipped_in_old_e3nn(&self) -> bool {
        let mut sorted = self.degrees;
        sorted.sort_unstable();
        let [a, b, c] = sorted;
        (a + b + c) % 2 == 1 && (a + c - b) % 4 == 1 && !(a == b && c + 1 == 2 * a)
    }

    /// Couples two vectors: `c[m3] = Σ C[m1, m2, m3] a[m1] b[m2]`.
    ///
    /// # Errors
    /// If a slice has another length than 2l + 1 of its degree.
    ///
    /// ```
    /// use tesseral::coupling::Tensor;
    ///
    /// // The cross product of the axes y and z is the axis x; vectors are in the order y, z, x.
    /// let mut cross = [0.0; 3];
    /// Tensor::new(1, 1, 1)?.couple(&[1.0, 0.0, 0.0], &[0.0, 1.0, 0.0], &mut cross)?;
    /// assert_eq!(cross, [0.0, 0.0, 0.5_f64.sqrt()]);
    /// # Ok::<(), tesseral::coupling::CouplingError>(())
    /// ```
    pub fn couple(&self, a: &[f64], b: &[f64], c: &mut [f64]) -> Result<(), CouplingError> {
        let found = [a.len(), b.len(), c.len()];
        let names = ["the first vector", "the second vector", "the result"];
        for ((what, expected), found) in names.into_iter().zip(self.shape()).zip(found) {
            check_length(what, expected, found)?;
        }
        c.fill(0.0);
        for entry in self.entries {
            let [i, j, k] =
                [0, 1, 2].map(|n| (i32::from(entry.m[n]) + self.degrees[n] as i32) as usize);
            c[k] += entry.value * a[i] * b[j];
        }
        Ok(())
    }
}

/// All tensors of this build, in lexical order of (l1, l2, l3).
///
/// ```
/// use tesseral::coupling::tensors;
///
/// let scalar = tensors().next().map(|tensor| tensor.degrees());
/// assert_eq!(scalar, Some([0, 0, 0]));
/// ```
pub fn tensors() -> impl ExactSizeIterator<Item = Tensor> {
    TENSORS.iter().map(|&(degrees, entries)| Tensor { degrees, entries })
}
