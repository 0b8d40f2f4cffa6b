//! Features of all degrees in one tensor, with the irreps that say what is where.

use std::sync::Arc;

use burn::tensor::Tensor;

use super::NnError;
use crate::Irreps;

/// Rows of features: a tensor `[rows][irreps.dim()]` in the layout `mul_ir`, and its irreps.
///
/// The block i, `mul` copies of an irrep of degree l, is at the columns `irreps.slices()[i]`; the
/// copy u and order m in it at u (2l + 1) + l + m.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use tesseral::Irreps;
/// use tesseral::nn::Features;
///
/// // Two scalars, and a vector whose components are in the order y, z, x.
/// let irreps: Irreps = "2x0e + 1x1o".parse()?;
/// let rows = [[7.0, 8.0, 0.0, 0.0, 1.0], [9.0, 10.0, 2.0, 0.0, 0.0]];
/// let x = Features::new(irreps, Tensor::from_data(rows, &Device::flex()))?;
/// let columns = x.irreps().slices()[1].clone();
/// assert_eq!(columns, 2..5);
/// let vectors = x.values().clone().narrow(1, columns.start, columns.len());
/// assert_eq!(vectors.to_data().as_slice::<f32>()?, [0.0, 0.0, 1.0, 2.0, 0.0, 0.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
    ///
    /// # Example
    /// ```
    /// use std::sync::Arc;
    ///
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::Irreps;
    /// use tesseral::nn::Features;
    ///
    /// // Many features can share their irreps.
    /// let irreps: Arc<Irreps> = Arc::new("8x0e + 4x1o".parse()?);
    /// let x = Features::new(irreps.clone(), Tensor::zeros([10, 20], &Device::flex()))?;
    /// assert_eq!(x.rows(), 10);
    /// let error = Features::new(irreps, Tensor::zeros([10, 12], &Device::flex())).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "the feature tensor has the shape [10, 12], expected [10, 20]"
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    ///
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::Irreps;
    /// use tesseral::nn::Features;
    ///
    /// let irreps: Irreps = "1x0e + 2x1o".parse()?;
    /// let row = [[9.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]];
    /// let x = Features::new(irreps, Tensor::from_data(row, &Device::flex()))?;
    /// let vectors = x.block(1).unwrap();
    /// assert_eq!(vectors.dims(), [1, 2, 3]);
    /// let mean = vectors.mean_dim(1);
    /// assert_eq!(mean.to_data().as_slice::<f32>()?, [2.5, 3.5, 4.5]);
    /// assert!(x.block(2).is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::Irreps;
    /// use tesseral::nn::Features;
    ///
    /// let device = Device::flex();
    /// let ones = |irreps: &Irreps| Features::new(irreps.clone(), Tensor::ones([1, 3], &device));
    /// let (joined, split, vector) = ("3x0e".parse()?, "1x0e + 2x0e".parse()?, "1x1o".parse()?);
    /// // Where neighbouring blocks of one irrep are split does not matter.
    /// let sum = ones(&joined)?.add(&ones(&split)?)?;
    /// assert_eq!(sum.values().to_data().as_slice::<f32>()?, [2.0; 3]);
    /// assert_eq!(sum.irreps(), &joined);
    /// // Three scalars are no vector.
    /// let error = ones(&joined)?.add(&ones(&vector)?).unwrap_err();
    /// assert_eq!(error.to_string(), "the second summand has the irreps `1x1o`, expected `3x0e`");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
