//! New irreps from old ones: sums, repetitions, sorting, merging, filtering.

use std::ops::{Add, Mul};

use super::{Irrep, Irreps, IrrepsError, MulIrrep, or_panic};

/// The result of [`Irreps::sort`]: the sorted irreps and where the blocks went.
///
/// For irreps `x`, `sorted.irreps[sorted.permutation[i]]` is `x[i]` and
/// `sorted.irreps[j]` is `x[sorted.inverse[j]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sorted {
    /// The blocks in the order of their irreps.
    pub irreps: Irreps,
    /// The new index of each old block (e3nn's `p`).
    pub permutation: Vec<usize>,
    /// The old index of each new block (e3nn's `inv`).
    pub inverse: Vec<usize>,
}

impl Irreps {
    /// The blocks of `self`, then those of `other`; `+` is the same.
    ///
    /// # Errors
    ///
    /// [`IrrepsError::DimensionTooLarge`] if the total dimension does not fit
    /// in a `usize`.
    pub fn try_concat(&self, other: &Irreps) -> Result<Irreps, IrrepsError> {
        let dim = self.dim().checked_add(other.dim());
        dim.ok_or_else(|| IrrepsError::DimensionTooLarge { added: format!("`{other}`") })?;
        let blocks = [self.blocks.as_slice(), &other.blocks].concat();
        Ok(Irreps { blocks })
    }

    /// The blocks, `times` over; `*` is the same. The multiplicities stay as
    /// they are: twice `0e+1e` is `0e+1e+0e+1e`.
    ///
    /// # Errors
    ///
    /// [`IrrepsError::DimensionTooLarge`] if the total dimension does not fit
    /// in a `usize`, [`IrrepsError::TooManyBlocks`] if the blocks do not fit in
    /// memory.
    pub fn try_repeat(&self, times: usize) -> Result<Irreps, IrrepsError> {
        let dim = self.dim().checked_mul(times);
        dim.ok_or_else(|| IrrepsError::DimensionTooLarge {
            added: format!("`{self}` {times} times"),
        })?;
        let mut blocks = Vec::new();
        // Blocks of multiplicity 0 have no dimension that would bound them.
        let length = self.len().checked_mul(times);
        let room = length.map(|length| blocks.try_reserve_exact(length));
        if !matches!(room, Some(Ok(()))) {
            let blocks = self.len();
            return Err(IrrepsError::TooManyBlocks { blocks, times });
        }
        if !self.is_empty() {
            (0..times).for_each(|_| blocks.extend_from_slice(&self.blocks));
        }
        Ok(Irreps { blocks })
    }

    /// The blocks in the order of their irreps, and the permutation of blocks
    /// that leads there.
    ///
    /// Blocks of equal irreps keep their order and are not merged;
    /// [`regroup`](Irreps::regroup) merges them.
    ///
    /// ```
    /// use tesseral::irreps::Irreps;
    ///
    /// let sorted = "2o + 1e + 0e + 1e".parse::<Irreps>()?.sort();
    /// assert_eq!(sorted.irreps.to_string(), "1x0e+1x1e+1x1e+1x2o");
    /// assert_eq!(sorted.permutation, [3, 1, 0, 2]);
    /// assert_eq!(sorted.inverse, [2, 1, 3, 0]);
    /// # Ok::<(), tesseral::irreps::IrrepsError>(())
    /// ```
    pub fn sort(&self) -> Sorted {
        let mut inverse: Vec<usize> = (0..self.len()).collect();
        // The sort is stable, and the multiplicity must not take part in it.
        inverse.sort_by_key(|&old| self.blocks[old].irrep);
        let mut permutation = vec![0; inverse.len()];
        for (new, &old) in inverse.iter().enumerate() {
            permutation[old] = new;
        }
        let blocks = inverse.iter().map(|&old| self.blocks[old]).collect();
        Sorted { irreps: Irreps { blocks }, permutation, inverse }
    }

    /// Without the blocks of multiplicity 0, and with neighbouring blocks of
    /// equal irreps merged.
    ///
    /// Blocks are not moved: equal irreps with others between them stay apart.
    ///
    /// ```
    /// use tesseral::irreps::Irreps;
    ///
    /// let irreps: Irreps = "1e + 1e + 0e + 1e".parse()?;
    /// assert_eq!(irreps.simplify().to_string(), "2x1e+1x0e+1x1e");
    /// # Ok::<(), tesseral::irreps::IrrepsError>(())
    /// ```
    pub fn simplify(&self) -> Irreps {
        let mut blocks: Vec<MulIrrep> = Vec::new();
        for &block in self.blocks.iter().filter(|block| block.mul > 0) {
            match blocks.last_mut() {
                Some(last) if last.irrep == block.irrep => last.mul += block.mul,
                _ => blocks.push(block),
            }
        }
        Irreps { blocks }
    }

    /// Sorted and then simplified: one block for each irrep that is present.
    ///
    /// Merging neighbours moves no component in the layout `mul_ir`, so
    /// features that [`Sorted::sort_features`] has moved belong to it as well.
    ///
    /// ```
    /// use tesseral::irreps::Irreps;
    ///
    /// let irreps: Irreps = "1e + 0e + 1e + 0x2e".parse()?;
    /// assert_eq!(irreps.regroup().to_string(), "1x0e+2x1e");
    /// # Ok::<(), tesseral::irreps::IrrepsError>(())
    /// ```
    pub fn regroup(&self) -> Irreps {
        self.sort().irreps.simplify()
    }

    /// Without the blocks of multiplicity 0.
    pub fn remove_zero_multiplicities(&self) -> Irreps {
        self.filter(|block| block.mul > 0)
    }

    /// The blocks for which `keep` holds, in order.
    ///
    /// ```
    /// use tesseral::irreps::{Irreps, Parity};
    ///
    /// let irreps: Irreps = "8x0e + 2x0o + 4x1o".parse()?;
    /// let odd = irreps.filter(|block| block.irrep.parity == Parity::Odd);
    /// assert_eq!(odd.to_string(), "2x0o+4x1o");
    /// # Ok::<(), tesseral::irreps::IrrepsError>(())
    /// ```
    pub fn filter(&self, keep: impl Fn(MulIrrep) -> bool) -> Irreps {
        let kept = self.blocks.iter().copied().filter(|&block| keep(block));
        let blocks = kept.collect();
        Irreps { blocks }
    }

    /// The blocks whose irrep is one of `irreps`, in order.
    pub fn filter_keep(&self, irreps: &[Irrep]) -> Irreps {
        self.filter(|block| irreps.contains(&block.irrep))
    }

    /// The blocks whose irrep is none of `irreps`, in order.
    pub fn filter_drop(&self, irreps: &[Irrep]) -> Irreps {
        self.filter(|block| !irreps.contains(&block.irrep))
    }

    /// The blocks whose degree is at most `lmax`, in order.
    pub fn filter_lmax(&self, lmax: usize) -> Irreps {
        self.filter(|block| block.irrep.l <= lmax)
    }
}

/// The blocks of the left side, then those of the right.
///
/// # Panics
///
/// If the total dimension does not fit in a `usize`; [`Irreps::try_concat`]
/// returns an error instead.
impl Add<&Irreps> for &Irreps {
    type Output = Irreps;

    fn add(self, other: &Irreps) -> Irreps {
        or_panic(self.try_concat(other))
    }
}

/// See `&Irreps + &Irreps`.
impl Add for Irreps {
    type Output = Irreps;

    fn add(self, other: Irreps) -> Irreps {
        &self + &other
    }
}

/// The blocks, as many times over; the multiplicities stay as they are.
///
/// # Panics
///
/// If the total dimension does not fit in a `usize` or the blocks do not fit in
/// memory; [`Irreps::try_repeat`] returns an error instead.
impl Mul<usize> for &Irreps {
    type Output = Irreps;

    fn mul(self, times: usize) -> Irreps {
        or_panic(self.try_repeat(times))
    }
}

/// See `&Irreps * usize`.
impl Mul<usize> for Irreps {
    type Output = Irreps;

    fn mul(self, times: usize) -> Irreps {
        &self * times
    }
}
