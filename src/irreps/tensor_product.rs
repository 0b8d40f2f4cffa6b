//! The irreps of a tensor product of two representations.

use std::collections::BTreeMap;

use super::{Irrep, Irreps, IrrepsError, MulIrrep, or_panic};

impl Irreps {
    /// The irreps of the full tensor product with `other`, sorted and
    /// simplified; with an `lmax`, only those of at most that degree.
    ///
    /// Every copy of an irrep of one side meets every copy of one of the other,
    /// so the multiplicities of each pair of blocks are multiplied. Without an
    /// `lmax` the dimension is the product of the dimensions.
    ///
    /// # Panics
    ///
    /// If the total dimension does not fit in a `usize`;
    /// [`Irreps::try_tensor_product`] returns an error instead.
    ///
    /// ```
    /// use tesseral::irreps::Irreps;
    ///
    /// let x: Irreps = "2x1o + 0o".parse()?;
    /// let y: Irreps = "2x1o + 0e".parse()?;
    /// assert_eq!(x.tensor_product(&y, None).to_string(), "4x0e+1x0o+2x1o+6x1e+4x2e");
    /// assert_eq!(x.tensor_product(&y, Some(0)).to_string(), "4x0e+1x0o");
    /// # Ok::<(), tesseral::irreps::IrrepsError>(())
    /// ```
    pub fn tensor_product(&self, other: &Irreps, lmax: Option<usize>) -> Irreps {
        or_panic(self.try_tensor_product(other, lmax))
    }

    /// As [`tensor_product`](Irreps::tensor_product), with an error for a
    /// result that is too large.
    ///
    /// # Errors
    ///
    /// [`IrrepsError::DimensionTooLarge`] if the total dimension does not fit
    /// in a `usize`.
    pub fn try_tensor_product(
        &self,
        other: &Irreps,
        lmax: Option<usize>,
    ) -> Result<Irreps, IrrepsError> {
        let lmax = lmax.unwrap_or(usize::MAX);
        let mut dim: usize = 0;
        let mut muls: BTreeMap<Irrep, usize> = BTreeMap::new();
        for (a, b) in self.pairs_present(other) {
            // The whole dimension is checked before any irrep is listed, so
            // that no product below overflows and no time is lost on one that
            // will be refused.
            let added = product_dim(a, b, lmax);
            let total = added.and_then(|added| dim.checked_add(added));
            dim = total.ok_or_else(|| IrrepsError::DimensionTooLarge {
                added: format!("the product of `{a}` and `{b}`"),
            })?;
            for irrep in a.irrep.product_up_to(b.irrep, lmax) {
                *muls.entry(irrep).or_insert(0) += a.mul * b.mul;
            }
        }
        // The map is ordered by irrep and has each once: sorted and simplified.
        let blocks = muls.into_iter().map(|(irrep, mul)| MulIrrep::new(mul, irrep)).collect();
        Ok(Irreps { blocks })
    }

    /// The pairs of a block of `self` and one of `other`, without those that
    /// have no copies.
    fn pairs_present(&self, other: &Irreps) -> impl Iterator<Item = (MulIrrep, MulIrrep)> {
        let pairs = self.iter().flat_map(|&a| other.iter().map(move |&b| (a, b)));
        pairs.filter(|(a, b)| a.mul > 0 && b.mul > 0)
    }
}

/// The dimension of the product of two blocks up to degree `lmax`, where that
/// fits in a `usize`.
fn product_dim(a: MulIrrep, b: MulIrrep, lmax: usize) -> Option<usize> {
    let smallest = a.irrep.l.abs_diff(b.irrep.l) as u128;
    let largest = (a.irrep.l as u128 + b.irrep.l as u128).min(lmax as u128);
    if largest < smallest {
        return Some(0);
    }
    // The sum of 2 l + 1 from the smallest degree to the largest.
    let copy = (largest + 1).pow(2) - smallest.pow(2);
    let mul = a.mul as u128 * b.mul as u128;
    mul.checked_mul(copy)?.try_into().ok()
}
