//! Features of all degrees in one tensor, with the irreps that say what is where.

use std::sync::Arc;

use burn::tensor::Tensor;

use super::NnError;
use crate::Irreps;

/// Rows of features: a tensor `[rows][irreps.dim()]` in the layout `mul_ir`, and its irreps.
///
/// The block i, `mul` copies of an irrep of degree l, is at the columns `irreps.slices()[i]`; the
/// copy u and order m in it at u (2l + 1) + l + m.
#[derive(Clone, Debug)]
pub struct Features {
    irreps: Arc<Irreps>,
    values: Tensor<2>,
}

impl Features {
    /// Features of given irreps.
    ///
    /// # Errors
    /// If the tensor has another number of columns than the irreps' dimension.
    pub fn new(irreps: impl Into<Arc<Irreps>>, values: Tensor<2>) -> Result<Self, NnError> {
        let irreps = irreps.into();
        let found = values.dims();
        let expected = [found[0], irreps.dim()];
        if found != expected {
            return Err(NnError::Shape { what: "the feature tensor", expected, found });
        }
        Ok(Features { irreps, values })
    }

    /// The irreps.
    pub fn irreps(&self) -> &Irreps {
        &self.irreps
    }

    /// The tensor `[rows][irreps.dim()]`.
    pub fn values(&self) -> &Tensor<2> {
        &self.values
    }

    /// The tensor, without a copy.
    pub fn into_values(self) -> Tensor<2> {
        self.values
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.values.dims()[0]
    }

    /// The block of index `index` as `[rows][multiplicity][2l + 1]`, if there is one.
    pub fn block(&self, index: usize) -> Option<Tensor<3>> {
        let block = self.irreps.get(index)?;
        let shape = [self.rows(), block.mul, block.irrep.dim()];
        let columns = self.irreps.slices().swap_remove(index);
        if columns.is_empty() {
            // burn has no slice without columns.
            return Some(Tensor::zeros(shape, (&self.values.device(), self.values.dtype())));
        }
        Some(self.values.clone().narrow(1, columns.start, columns.len()).reshape(shape))
    }

    /// The sum, a skip connection.
    ///
    /// # Errors
    /// If irreps or numbers of rows differ.
    pub fn add(&self, other: &Features) -> Result<Features, NnError> {
        other.expect("the second summand", &self.irreps)?;
        let (expected, found) = (self.values.dims(), other.values.dims());
        if expected != found {
            return Err(NnError::Shape { what: "the second summand", expected, found });
        }
        super::operation::check_tensors(&[&self.values, &other.values])?;
        let values = self.values.clone() + other.values.clone();
        Ok(Features { irreps: self.irreps.clone(), values })
    }

    /// Features of a tensor whose shape is right.
    pub(super) fn of_shape(irreps: Arc<Irreps>, values: Tensor<2>) -> Self {
        Features { irreps, values }
    }

    /// The irreps, without a copy.
    pub(super) fn shared_irreps(&self) -> Arc<Irreps> {
        self.irreps.clone()
    }

    /// Checks the irreps. Where neighbouring blocks of one irrep are split does not matter: rows are
    /// the same.
    pub(super) fn expect(&self, what: &'static str, irreps: &Irreps) -> Result<(), NnError> {
        if *self.irreps == *irreps || self.irreps.simplify() == irreps.simplify() {
            return Ok(());
        }
        let (expected, found) = (irreps.clone(), self.irreps().clone());
        Err(NnError::Irreps { what, expected, found })
    }
}
