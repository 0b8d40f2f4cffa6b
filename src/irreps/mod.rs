//! Direct sums of irreducible representations of O(3): the types of features.
//!
//! An [`Irrep`] such as `1o` is one irreducible representation, a [`MulIrrep`]
//! such as `4x1o` is a block of copies of it, and [`Irreps`] such as
//! `8x0e+4x1o` is the list of blocks that says what the components of a
//! feature vector are. In text `1y` has the parity of the harmonics, as `1o`
//! has. None of them holds feature data. Notation and operations are those of
//! e3nn's `Irreps`, the order is that of e3nn-jax.
//!
//! The total dimension of an [`Irreps`] always fits in a `usize`. Every way to
//! build one checks that: parsing, [`Irreps::new`] and the `try_` methods
//! return an error where it does not hold; `collect`, `+`, `*`,
//! [`Irreps::spherical_harmonics`] and [`Irreps::tensor_product`], which return
//! an [`Irreps`] itself, panic with the message of that error.

mod arrange;
mod error;
mod irrep;
mod layout;
mod mul_irrep;
mod parse;
mod permute;
#[cfg(feature = "serde")]
mod serialize;
mod tensor_product;

use std::fmt;
use std::iter::Sum;
use std::ops::{Index, Range, RangeBounds};

pub use arrange::Sorted;
pub use error::IrrepsError;
pub use irrep::{Irrep, IrrepProduct, Parity};
pub use mul_irrep::MulIrrep;

/// A direct sum of irreps with multiplicities, in a given order.
///
/// A feature vector of these irreps has [`dim`](Irreps::dim) components, one
/// block after the other; inside a block `mul x irrep` the components of one
/// copy are contiguous (the `mul_ir` layout).
///
/// Two `Irreps` are equal when their lists of blocks are: `1o+1o` is not
/// `2x1o` until it is [simplified](Irreps::simplify).
///
/// ```
/// use tesseral::irreps::Irreps;
///
/// let irreps: Irreps = "8x0e + 4x1o".parse()?;
/// assert_eq!(irreps.dim(), 8 + 4 * 3);
/// assert_eq!(irreps.slices(), [0..8, 8..20]);
/// assert_eq!(irreps.to_string(), "8x0e+4x1o");
/// # Ok::<(), tesseral::irreps::IrrepsError>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Irreps {
    // Invariant: every irrep's dimension fits in a usize, and so does the sum
    // of the dimensions of the blocks.
    blocks: Vec<MulIrrep>,
}

impl Irreps {
    /// The sum of the given blocks, each a [`MulIrrep`], a pair
    /// `(multiplicity, irrep)`, or an [`Irrep`], which counts once.
    ///
    /// # Errors
    ///
    /// [`IrrepsError::DimensionTooLarge`] if the total dimension does not fit
    /// in a `usize`.
    ///
    /// ```
    /// use tesseral::irreps::{Irrep, Irreps, Parity};
    ///
    /// let vector = Irrep::new(1, Parity::Odd);
    /// let irreps = Irreps::new([(8, Irrep::SCALAR), (4, vector)])?;
    /// assert_eq!(irreps.to_string(), "8x0e+4x1o");
    /// # Ok::<(), tesseral::irreps::IrrepsError>(())
    /// ```
    pub fn new<I>(blocks: I) -> Result<Self, IrrepsError>
    where
        I: IntoIterator,
        I::Item: Into<MulIrrep>,
    {
        let mut irreps = Irreps::default();
        let mut dim = 0;
        for block in blocks {
            let block = block.into();
            dim = dim_with(dim, block)
                .ok_or_else(|| IrrepsError::DimensionTooLarge { added: format!("`{block}`") })?;
            irreps.blocks.push(block);
        }
        Ok(irreps)
    }

    /// `n` even scalars: `nx0e`, one block even where `n` is 0 or 1.
    pub fn scalars(n: usize) -> Self {
        let blocks = vec![MulIrrep::new(n, Irrep::SCALAR)];
        Irreps { blocks }
    }

    /// The irreps of the spherical harmonics up to degree `lmax`: one irrep of
    /// each degree `l`, of parity `(-1)^l`.
    ///
    /// # Panics
    ///
    /// If their dimension, `(lmax + 1)^2`, does not fit in a `usize`.
    ///
    /// ```
    /// use tesseral::irreps::Irreps;
    ///
    /// let irreps = Irreps::spherical_harmonics(3);
    /// assert_eq!(irreps.to_string(), "1x0e+1x1o+1x2e+1x3o");
    /// ```
    pub fn spherical_harmonics(lmax: usize) -> Self {
        // Checked first, so that the failure is not one of memory.
        let dim = lmax.checked_add(1).and_then(|n| n.checked_mul(n));
        let checked = dim.ok_or_else(|| IrrepsError::DimensionTooLarge {
            added: format!("the spherical harmonics up to degree {lmax}"),
        });
        or_panic(checked);
        (0..=lmax).map(Irrep::spherical_harmonic).collect()
    }

    /// The irreps of the spherical harmonics, up to degree `lmax`, of a vector of
    /// the given parity (e3nn's `p`): odd for a polar vector, which is
    /// [`spherical_harmonics`](Irreps::spherical_harmonics), even for a
    /// pseudovector, whose harmonics are all even.
    ///
    /// # Panics
    ///
    /// If their dimension, `(lmax + 1)^2`, does not fit in a `usize`.
    ///
    /// ```
    /// use tesseral::irreps::{Irreps, Parity};
    ///
    /// let irreps = Irreps::spherical_harmonics_of(3, Parity::Even);
    /// assert_eq!(irreps.to_string(), "1x0e+1x1e+1x2e+1x3e");
    /// ```
    pub fn spherical_harmonics_of(lmax: usize, vector: Parity) -> Self {
        let mut irreps = Irreps::spherical_harmonics(lmax);
        if vector == Parity::Even {
            irreps.blocks.iter_mut().for_each(|block| block.irrep.parity = Parity::Even);
        }
        irreps
    }

    /// The number of components of a feature vector of these irreps.
    ///
    /// ```
    /// use tesseral::irreps::Irreps;
    ///
    /// assert_eq!("3x0e + 2x1e".parse::<Irreps>()?.dim(), 9);
    /// # Ok::<(), tesseral::irreps::IrrepsError>(())
    /// ```
    pub fn dim(&self) -> usize {
        self.blocks.iter().map(|block| block.dim()).sum()
    }

    /// The number of irreps: the sum of the multiplicities.
    pub fn num_irreps(&self) -> usize {
        self.blocks.iter().map(|block| block.mul).sum()
    }

    /// The largest degree that is present, or `None` where no irrep is.
    ///
    /// A block of multiplicity 0 holds no irrep and does not count.
    pub fn lmax(&self) -> Option<usize> {
        let present = self.blocks.iter().filter(|block| block.mul > 0);
        present.map(|block| block.irrep.l).max()
    }

    /// The degree of every irrep in order, each as often as its multiplicity
    /// (e3nn's `ls`): `0, 0, 0, 1, 1` for `3x0e+2x1e`.
    pub fn degrees(&self) -> impl Iterator<Item = usize> {
        self.blocks.iter().flat_map(|block| std::iter::repeat_n(block.irrep.l, block.mul))
    }

    /// The range of each block in a feature vector, in order.
    ///
    /// The ranges follow one another from 0 to [`dim`](Irreps::dim); that of a
    /// block of multiplicity 0 is empty.
    ///
    /// ```
    /// use tesseral::irreps::Irreps;
    ///
    /// let irreps: Irreps = "2x0e + 1e".parse()?;
    /// assert_eq!(irreps.slices(), [0..2, 2..5]);
    /// # Ok::<(), tesseral::irreps::IrrepsError>(())
    /// ```
    pub fn slices(&self) -> Vec<Range<usize>> {
        self.blocks_and_slices().map(|(_, slice)| slice).collect()
    }

    /// The ranges, in a feature vector, of the blocks of degree `l`, of either
    /// parity, in order.
    pub fn slices_of_degree(&self, l: usize) -> Vec<Range<usize>> {
        self.blocks_and_slices()
            .filter(|(block, _)| block.irrep.l == l)
            .map(|(_, slice)| slice)
            .collect()
    }

    fn blocks_and_slices(&self) -> impl Iterator<Item = (MulIrrep, Range<usize>)> {
        self.blocks.iter().scan(0, |end, &block| {
            let start = *end;
            *end += block.dim();
            Some((block, start..*end))
        })
    }

    /// The blocks, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, MulIrrep> {
        self.blocks.iter()
    }

    /// The blocks, in order, as a slice.
    pub fn as_slice(&self) -> &[MulIrrep] {
        &self.blocks
    }

    /// The number of blocks, those of multiplicity 0 included.
    pub fn len(&self) -> usize {
        self.blocks.len()
    }

    /// Whether there is no block.
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// The block at `index`, or `None` past the last.
    pub fn get(&self, index: usize) -> Option<MulIrrep> {
        self.blocks.get(index).copied()
    }

    /// The total multiplicity of `irrep`.
    ///
    /// ```
    /// use tesseral::irreps::Irreps;
    ///
    /// let irreps: Irreps = "2x0e + 3x1o + 0e".parse()?;
    /// assert_eq!(irreps.count("0e".parse()?), 3);
    /// # Ok::<(), tesseral::irreps::IrrepsError>(())
    /// ```
    pub fn count(&self, irrep: Irrep) -> usize {
        let equal = self.blocks.iter().filter(|block| block.irrep == irrep);
        equal.map(|block| block.mul).sum()
    }

    /// Whether there is at least one copy of `irrep` (e3nn's `in`).
    pub fn contains(&self, irrep: Irrep) -> bool {
        self.count(irrep) > 0
    }

    /// The blocks at a range of indices: `irreps.get_range(1..)`, or `None` where
    /// it leaves them (e3nn's slices, such as `irreps[1:]`).
    ///
    /// ```
    /// use tesseral::irreps::Irreps;
    ///
    /// let irreps: Irreps = "8x0e + 4x1o + 2x2e".parse()?;
    /// assert_eq!(irreps.get_range(1..), Some("4x1o + 2x2e".parse()?));
    /// assert_eq!(irreps.get_range(2..4), None);
    /// # Ok::<(), tesseral::irreps::IrrepsError>(())
    /// ```
    pub fn get_range(&self, range: impl RangeBounds<usize>) -> Option<Irreps> {
        let bounds = (range.start_bound().cloned(), range.end_bound().cloned());
        self.blocks.get(bounds).map(|blocks| Irreps { blocks: blocks.to_vec() })
    }

    /// The greatest common divisor of the multiplicities: 0 where there is no
    /// copy of any irrep (e3nn-jax's `mul_gcd`).
    pub fn mul_gcd(&self) -> usize {
        self.blocks.iter().fold(0, |divisor, block| gcd(divisor, block.mul))
    }

    /// Whether there is a block and every block is of irrep `0e`.
    ///
    /// As in e3nn, a block counts whatever its multiplicity, and empty irreps
    /// are not scalar.
    pub fn is_scalar(&self) -> bool {
        !self.is_empty() && self.blocks.iter().all(|block| block.irrep.is_scalar())
    }

    /// The number of even scalars: the total multiplicity of `0e`.
    pub fn num_scalars(&self) -> usize {
        self.count(Irrep::SCALAR)
    }
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// `dim` and the dimension of `block` together, where that fits.
fn dim_with(dim: usize, block: MulIrrep) -> Option<usize> {
    block.checked_dim().and_then(|added| dim.checked_add(added))
}

/// The value of a checked operation, for its form that returns no error.
fn or_panic<T>(result: Result<T, IrrepsError>) -> T {
    result.unwrap_or_else(|error| panic!("{error}"))
}

/// Writes the form that parses back, without spaces: `8x0e+4x1o`; nothing for
/// empty irreps.
impl fmt::Display for Irreps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, block) in self.blocks.iter().enumerate() {
            if i > 0 {
                f.write_str("+")?;
            }
            write!(f, "{block}")?;
        }
        Ok(())
    }
}

/// The text in quotes, so that empty irreps are seen too.
impl fmt::Debug for Irreps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// Collects blocks, as [`Irreps::new`] does.
///
/// # Panics
///
/// If the total dimension does not fit in a `usize`.
impl<T: Into<MulIrrep>> FromIterator<T> for Irreps {
    fn from_iter<I: IntoIterator<Item = T>>(blocks: I) -> Self {
        or_panic(Irreps::new(blocks))
    }
}

/// One block.
///
/// # Panics
///
/// If its dimension does not fit in a `usize`.
impl From<MulIrrep> for Irreps {
    fn from(block: MulIrrep) -> Self {
        or_panic(Irreps::new([block]))
    }
}

/// One copy of the irrep.
///
/// # Panics
///
/// If its dimension does not fit in a `usize`.
impl From<Irrep> for Irreps {
    fn from(irrep: Irrep) -> Self {
        MulIrrep::from(irrep).into()
    }
}

/// The blocks of all, one after the other.
///
/// # Panics
///
/// If the total dimension does not fit in a `usize`.
impl Sum for Irreps {
    fn sum<I: Iterator<Item = Irreps>>(all: I) -> Self {
        all.flatten().collect()
    }
}

/// The block at an index.
///
/// # Panics
///
/// If the index is not below [`Irreps::len`]; [`Irreps::get`] does not.
impl Index<usize> for Irreps {
    type Output = MulIrrep;

    fn index(&self, index: usize) -> &MulIrrep {
        &self.blocks[index]
    }
}

impl<'a> IntoIterator for &'a Irreps {
    type Item = &'a MulIrrep;
    type IntoIter = std::slice::Iter<'a, MulIrrep>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for Irreps {
    type Item = MulIrrep;
    type IntoIter = std::vec::IntoIter<MulIrrep>;

    fn into_iter(self) -> Self::IntoIter {
        self.blocks.into_iter()
    }
}
