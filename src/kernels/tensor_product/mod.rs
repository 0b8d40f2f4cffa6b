//! The tensor product of two feature vectors along paths, with its derivatives, row by row or
//! gathered and summed along the edges of a graph.
//!
//! Along one path, a channel pair (u, v) couples to
//! `t[u, v][m3] = Σ C[m1, m2, m3] x[u, m1] y[v, m2]`, which the path's [`Mode`] brings to channels
//! of the output. The product is linear in x, in y and in the weights, so second derivatives are
//! first ones with arguments exchanged.
//!
//! Two kernels do the work. One has channels on the lanes: in a convolution every channel of a
//! block is multiplied with the same matrix. The other has rows on the lanes, and does every mode.

mod ahead;
mod arguments;
mod call;
mod channel_rows;
mod combine;
mod coupling_path;
mod make;
mod over_channels;
mod over_rows;
mod pairing;
mod parts;
mod resolved_path;
mod triple;
mod wide;

pub use arguments::{ProductCotangents, ProductGradients, ProductInputs};
pub use coupling_path::{CouplingPath, IrrepNormalization, Mode, Normalization, PathNormalization};
pub use pairing::Pairing;

use call::Call;
use resolved_path::ResolvedPath;

use super::{KernelError, unreached};
use crate::error::check_length;
use crate::parallel::Threads;
use crate::simd::{Path, last_level_cache};
use crate::{Irreps, Number};

/// A tensor product along chosen paths.
///
/// By default outputs of unit variance come from inputs and weights of unit variance; see
/// [`Normalization`].
///
/// # Example
/// ```
/// use tesseral::Irreps;
/// use tesseral::kernels::{Pairing, ProductInputs, TensorProduct};
///
/// // The dot product of two vectors is -√3 or √3 times their coupling to a scalar.
/// let vector: Irreps = "1o".parse()?;
/// let product = TensorProduct::elementwise(&vector, &vector, |irrep| irrep.l == 0)?;
/// assert_eq!(product.output().to_string(), "1x0e");
/// let inputs = ProductInputs {
///     pairing: Pairing::RowByRow { rows: 1 },
///     first: &[1.0, 2.0, 3.0],
///     second: &[4.0, 5.0, 6.0],
///     weights: &[],
/// };
/// let mut z = [0.0_f64];
/// product.forward(inputs, &mut z)?;
/// assert!((z[0].abs() - 32.0 / 3.0_f64.sqrt()).abs() < 1e-14);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct TensorProduct {
    first: Irreps,
    second: Irreps,
    output: Irreps,
    paths: Vec<CouplingPath>,
    /// The same paths, resolved.
    resolved: Vec<ResolvedPath>,
    num_weights: usize,
    /// The lanes that it runs on.
    lanes: Path,
    /// The bytes of output from which on it is written past the caches.
    streaming: usize,
    threads: Threads,
}

impl TensorProduct {
    /// The product along given paths, with the default [`Normalization`].
    ///
    /// # Errors
    /// If a path names a block that is not there, has no coupling tensor, or does not fit in
    /// parity or multiplicity, lacks the weights that its mode needs, has a path weight that is not
    /// a finite number ≥ 0, or the weights are more than a `usize` counts.
    ///
    /// ```
    /// use tesseral::kernels::{CouplingPath, Mode, TensorProduct};
    ///
    /// let [first, second, output] = ["2x0e", "3x0e", "4x0e"].map(|text| text.parse());
    /// let path = CouplingPath::new(0, 0, 0, Mode::Uvw).weighted();
    /// let product = TensorProduct::new(first?, second?, output?, &[path])?;
    /// assert_eq!(product.num_weights(), 2 * 3 * 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(
        first: Irreps,
        second: Irreps,
        output: Irreps,
        paths: &[CouplingPath],
    ) -> Result<Self, KernelError> {
        Self::with_normalization(first, second, output, paths, Normalization::default())
    }

    /// The product along given paths.
    ///
    /// # Errors
    /// As [`TensorProduct::new`].
    pub fn with_normalization(
        first: Irreps,
        second: Irreps,
        output: Irreps,
        paths: &[CouplingPath],
        normalization: Normalization,
    ) -> Result<Self, KernelError> {
        let (resolved, num_weights) =
            resolved_path::resolve([&first, &second, &output], paths, normalization)?;
        Ok(TensorProduct {
            first,
            second,
            output,
            paths: paths.to_vec(),
            resolved,
            num_weights,
            lanes: Path::best(),
            streaming: last_level_cache() / 2,
            threads: Threads::Caller,
        })
    }

    /// The same paths with another normalization.
    ///
    /// ```
    /// use tesseral::kernels::{IrrepNormalization, Normalization, TensorProduct};
    ///
    /// let vectors = "4x1o".parse()?;
    /// let normalization = Normalization { irreps: IrrepNormalization::Norm, ..Default::default() };
    /// let product = TensorProduct::full(&vectors, &vectors, |_| true)?;
    /// let product = product.normalized_by(normalization);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn normalized_by(self, normalization: Normalization) -> Self {
        let irreps = [&self.first, &self.second, &self.output];
        let (resolved, _) = resolved_path::resolve(irreps, &self.paths, normalization)
            .expect("the paths were valid before");
        TensorProduct { resolved, ..self }
    }

    /// On another lane path, or on the portable one if the machine lacks it: for tests and
    /// comparisons.
    pub fn on(self, path: Path) -> Self {
        TensorProduct { lanes: path.or_portable(), ..self }
    }

    /// Writes the output of [`Pairing::RowByRow`] past the caches once it has that many bytes, where
    /// channels lie on the lanes; without it, once it would not fit half of the last-level cache.
    pub fn streaming_from(self, bytes: usize) -> Self {
        TensorProduct { streaming: bytes, ..self }
    }

    /// Splits large calls among threads; see [`kernels`](crate::kernels#threads).
    ///
    /// Along edges the gradient of the first input is summed part by part, in memory for the rows
    /// that the edges of each part name.
    #[cfg(feature = "rayon")]
    pub fn in_parallel(self) -> Self {
        TensorProduct { threads: Threads::Pool, ..self }
    }

    /// The irreps of the first input.
    pub fn first(&self) -> &Irreps {
        &self.first
    }

    /// The irreps of the second input.
    pub fn second(&self) -> &Irreps {
        &self.second
    }

    /// The irreps of the output.
    pub fn output(&self) -> &Irreps {
        &self.output
    }

    /// The paths.
    pub fn paths(&self) -> &[CouplingPath] {
        &self.paths
    }

    /// Whether each component of the output is on a path; the others are zero.
    ///
    /// ```
    /// use tesseral::kernels::{CouplingPath, Mode, TensorProduct};
    ///
    /// let [first, second, output] = ["2x0e", "1x0e", "2x0e + 1x1o"].map(|text| text.parse());
    /// let path = CouplingPath::new(0, 0, 0, Mode::Uvu).weighted();
    /// let product = TensorProduct::new(first?, second?, output?, &[path])?;
    /// assert_eq!(product.output_mask(), [true, true, false, false, false]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn output_mask(&self) -> Vec<bool> {
        unreached::mask(&self.output, &self.reached())
    }

    /// Whether each block of the output is on a path.
    fn reached(&self) -> Vec<bool> {
        let mut reached = vec![false; self.output.len()];
        for path in &self.paths {
            let inputs = [self.first.get(path.first), self.second.get(path.second)];
            reached[path.output] |= inputs.iter().flatten().all(|block| block.mul > 0);
        }
        reached
    }

    /// The number of weights of one row.
    pub fn num_weights(&self) -> usize {
        self.num_weights
    }

    /// The weights of one path in a row of weights: `[u][v][w]`, `[u][v]`, `[u][w]` or `[u]` as its
    /// mode has them, pairs u < v in lexical order; none if it is not weighted.
    ///
    /// ```
    /// use tesseral::kernels::TensorProduct;
    ///
    /// let (features, harmonics) = ("8x0e + 8x1o".parse()?, "0e + 1o".parse()?);
    /// let product = TensorProduct::convolution(&features, &harmonics, |irrep| irrep.l == 0)?;
    /// // 0e x 0e and 1o x 1o, one weight for each of 8 channels.
    /// assert_eq!(product.paths().len(), 2);
    /// assert_eq!(product.weights_of(1), Some(8..16));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn weights_of(&self, path: usize) -> Option<std::ops::Range<usize>> {
        let path = self.resolved.get(path)?;
        path.weights.map(|start| start..start + path.num_weights())
    }

    /// The products of rows, added up in `output`, which is overwritten.
    ///
    /// Beyond the arguments it needs memory for the rows of one block of lanes, and, along edges,
    /// for one copy of the first input, with the channels of each block filled up to whole registers
    /// of 64 bytes.
    ///
    /// # Errors
    /// If a slice has the wrong length or an edge names a row that is not there.
    ///
    /// # Example
    /// Two messages to one node, each the feature of its sender times the number of the edge:
    /// ```
    /// use tesseral::kernels::{Pairing, ProductInputs, TensorProduct};
    ///
    /// let scalar = "0e".parse()?;
    /// let product = TensorProduct::elementwise(&scalar, &scalar, |_| true)?;
    /// let inputs = ProductInputs {
    ///     pairing: Pairing::Edges { senders: &[0, 1], receivers: &[1, 1] },
    ///     first: &[10.0, 20.0],
    ///     second: &[2.0, 3.0],
    ///     weights: &[],
    /// };
    /// let mut sums = [0.0; 2];
    /// product.forward(inputs, &mut sums)?;
    /// assert_eq!(sums, [0.0, 80.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn forward<T: Number>(
        &self,
        inputs: ProductInputs<'_, T>,
        output: &mut [T],
    ) -> Result<(), KernelError> {
        inputs.check(self, output.len(), "the output")?;
        if !(self.covers_output() && matches!(inputs.pairing, Pairing::RowByRow { .. })) {
            output.fill(T::default());
        }
        self.call(inputs).add_forward(output);
        Ok(())
    }

    /// The vector-Jacobian product: adds to each gradient that is given the derivative of
    /// Σ `output_gradient` · output with respect to that input. Memory as in
    /// [`TensorProduct::forward`], and along edges a copy of the gradient of the first input.
    ///
    /// # Errors
    /// As [`TensorProduct::forward`], and if a gradient has another length than its input.
    ///
    /// # Example
    /// ```
    /// use tesseral::kernels::{Pairing, ProductGradients, ProductInputs, TensorProduct};
    ///
    /// let scalar = "0e".parse()?;
    /// let product = TensorProduct::elementwise(&scalar, &scalar, |_| true)?;
    /// let pairing = Pairing::RowByRow { rows: 1 };
    /// let inputs = ProductInputs { pairing, first: &[2.0], second: &[3.0], weights: &[] };
    /// let mut first = [0.0];
    /// let gradients = ProductGradients { first: Some(&mut first), ..ProductGradients::NONE };
    /// product.backward(inputs, &[1.0], gradients)?;
    /// assert_eq!(first, [3.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn backward<T: Number>(
        &self,
        inputs: ProductInputs<'_, T>,
        output_gradient: &[T],
        gradients: ProductGradients<'_, T>,
    ) -> Result<(), KernelError> {
        inputs.check(self, output_gradient.len(), "the gradient of the output")?;
        gradients.check(&inputs)?;
        self.call(inputs).add_backward(output_gradient, gradients);
        Ok(())
    }

    /// The derivative of the vector-Jacobian product: of
    /// S = Σ `cotangents` · (the gradients that [`TensorProduct::backward`] gives), adds to each
    /// gradient that is given the derivative of S with respect to that input, and to
    /// `by_output_gradient` the derivative with respect to the gradient of the output.
    ///
    /// With T(x, y, w; dz) = Σ dz · output, S is T(ẋ, y, w; dz) + T(x, ẏ, w; dz) + T(x, y, ẇ; dz),
    /// the last without the paths that have no weights.
    ///
    /// # Errors
    /// As [`TensorProduct::backward`], and if a cotangent has another length than its input.
    ///
    /// ```
    /// use tesseral::kernels::{
    ///     Pairing, ProductCotangents, ProductGradients, ProductInputs, TensorProduct,
    /// };
    ///
    /// // Of z = x y with dz = 1 and the cotangent 10 of the gradient of x, S = 10 dz y.
    /// let scalar = "0e".parse()?;
    /// let product = TensorProduct::elementwise(&scalar, &scalar, |_| true)?;
    /// let pairing = Pairing::RowByRow { rows: 1 };
    /// let inputs = ProductInputs { pairing, first: &[2.0], second: &[3.0], weights: &[] };
    /// let along = ProductCotangents { first: Some(&[10.0]), ..ProductCotangents::NONE };
    /// let (mut by_y, mut by_dz) = ([0.0], [0.0]);
    /// let gradients = ProductGradients { second: Some(&mut by_y), ..ProductGradients::NONE };
    /// product.backward_twice(inputs, &[1.0], along, gradients, Some(&mut by_dz))?;
    /// assert_eq!((by_y, by_dz), ([10.0], [30.0]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn backward_twice<T: Number>(
        &self,
        inputs: ProductInputs<'_, T>,
        output_gradient: &[T],
        cotangents: ProductCotangents<'_, T>,
        mut gradients: ProductGradients<'_, T>,
        mut by_output_gradient: Option<&mut [T]>,
    ) -> Result<(), KernelError> {
        inputs.check(self, output_gradient.len(), "the gradient of the output")?;
        gradients.check(&inputs)?;
        cotangents.check(&inputs)?;
        if let Some(gradient) = by_output_gradient.as_deref() {
            let what = "the derivative by the gradient of the output";
            check_length(what, output_gradient.len(), gradient.len())?;
        }
        let ProductCotangents { first: dx, second: dy, weights: dw } = cotangents;
        for (side, cotangent) in [dx, dy, dw].into_iter().enumerate() {
            let Some(cotangent) = cotangent else { continue };
            // S is linear in each input: a term of it is the product with one input exchanged, and
            // does not depend on that one.
            let mut exchanged = self.call(inputs);
            let mut others = gradients.reborrow();
            match side {
                0 => (exchanged.inputs.first, others.first) = (cotangent, None),
                1 => (exchanged.inputs.second, others.second) = (cotangent, None),
                _ => {
                    (exchanged.inputs.weights, others.weights) = (cotangent, None);
                    exchanged.weighted_only = true;
                }
            }
            if !others.is_none() {
                exchanged.add_backward(output_gradient, others);
            }
            if let Some(gradient) = by_output_gradient.as_deref_mut() {
                exchanged.sum_forward(gradient);
            }
        }
        Ok(())
    }

    /// A call along all paths.
    fn call<'a, T: Number>(&'a self, inputs: ProductInputs<'a, T>) -> Call<'a, T> {
        Call {
            product: self,
            inputs,
            weighted_only: false,
            turned: None,
            output_rows: None,
            gradient_rows: None,
        }
    }

    /// Whether every number of the output is written by a path.
    fn covers_output(&self) -> bool {
        let written = |block| self.paths.iter().any(|path| path.output == block);
        let blocks = (0..self.output.len()).filter(|&block| self.output[block].dim() > 0);
        let mut blocks = blocks.peekable();
        blocks.peek().is_some() && blocks.all(written)
    }
}
