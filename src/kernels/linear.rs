//! The linear map between irreps: channels of one irrep mix among themselves, and scalars get a
//! bias. Nothing else commutes with rotations (Schur's lemma).

use super::tensor_product::number;
use super::{KernelError, check_length};
use crate::{Irrep, Irreps, Real};

/// A linear map from features of one list of irreps to another: `z[v, m] = Σ_u W[u, v] x[u, m]`,
/// plus a bias for every output channel of irrep `0e`.
///
/// With weights of unit variance, outputs have the variance of the inputs: sums of k terms are
/// divided by √k. Output blocks without an input of their irrep are zero, but for biases.
///
/// # Example
/// ```
/// use tesseral::kernels::Linear;
///
/// let linear = Linear::new("2x0e+1x1o".parse()?, "1x0e+1x1o".parse()?, true);
/// assert_eq!((linear.num_weights(), linear.num_biases()), (3, 1));
/// let mut z = [0.0; 4];
/// linear.forward(&[1.0, 2.0, 3.0, 4.0, 5.0], &[0.0, 0.0, 2.0, 7.0], &mut z)?;
/// assert_eq!(z, [7.0, 6.0, 8.0, 10.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Linear {
    input: Irreps,
    output: Irreps,
    blocks: Vec<Block>,
    /// The places of the biases in an output row.
    biases: Vec<usize>,
    adds_biases: bool,
    num_weights: usize,
}

/// One pair of blocks of the same irrep.
#[derive(Clone, Debug)]
struct Block {
    /// Channels in and out.
    channels: [usize; 2],
    /// 2l + 1.
    size: usize,
    /// Where the blocks begin in an input and an output row.
    starts: [usize; 2],
    /// Where the weights `[u][v]` begin.
    weights: usize,
    scale: f64,
}

impl Linear {
    /// The map between two lists of irreps, with biases for scalars if asked.
    ///
    /// # Panics
    /// If the weights are more than a `usize` counts.
    pub fn new(input: Irreps, output: Irreps, bias: bool) -> Self {
        let (input_slices, output_slices) = (input.slices(), output.slices());
        let mut blocks = Vec::new();
        let mut biases = Vec::new();
        let mut num_weights = 0_usize;
        for (target, slice) in output.iter().zip(&output_slices) {
            let terms: usize =
                input.iter().filter(|b| b.irrep == target.irrep).map(|b| b.mul).sum();
            for (source, source_slice) in input.iter().zip(&input_slices) {
                if source.irrep == target.irrep {
                    blocks.push(Block {
                        channels: [source.mul, target.mul],
                        size: target.irrep.dim(),
                        starts: [source_slice.start, slice.start],
                        weights: num_weights,
                        scale: (terms as f64).sqrt().recip(),
                    });
                    num_weights = source
                        .mul
                        .checked_mul(target.mul)
                        .and_then(|added| num_weights.checked_add(added))
                        .expect("the weights are more than a usize counts");
                }
            }
            if bias && target.irrep == Irrep::SCALAR {
                biases.extend(slice.clone());
            }
        }
        Linear { input, output, blocks, biases, adds_biases: true, num_weights }
    }

    /// The same map without adding the biases, which stay among the parameters: the derivative of
    /// the map along a direction of the input.
    pub fn ignoring_biases(self) -> Self {
        Linear { adds_biases: false, ..self }
    }

    /// The irreps of the input.
    pub fn input(&self) -> &Irreps {
        &self.input
    }

    /// The irreps of the output.
    pub fn output(&self) -> &Irreps {
        &self.output
    }

    /// The number of weights, without biases.
    pub fn num_weights(&self) -> usize {
        self.num_weights
    }

    /// The number of biases.
    pub fn num_biases(&self) -> usize {
        self.biases.len()
    }

    /// Maps every row of `input`. `parameters` are the weights, then the biases.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    pub fn forward<T: Real>(
        &self,
        input: &[T],
        parameters: &[T],
        output: &mut [T],
    ) -> Result<(), KernelError> {
        self.check(input.len(), parameters.len(), output.len())?;
        output.fill(T::constant(0.0, 0.0));
        let (weights, biases) = parameters.split_at(self.num_weights);
        for (x, z) in self.rows(input).zip(output.chunks_exact_mut(self.output.dim().max(1))) {
            for block in &self.blocks {
                block.forward(x, weights, z);
            }
            for (&place, &bias) in self.added_biases().zip(biases) {
                z[place] = z[place] + bias;
            }
        }
        Ok(())
    }

    /// The vector-Jacobian product: adds to the gradients that are given.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    pub fn backward<T: Real>(
        &self,
        input: &[T],
        parameters: &[T],
        output_gradient: &[T],
        mut input_gradient: Option<&mut [T]>,
        mut parameter_gradient: Option<&mut [T]>,
    ) -> Result<(), KernelError> {
        self.check(input.len(), parameters.len(), output_gradient.len())?;
        let gradients = [
            ("the gradient of the input", input.len(), input_gradient.as_deref()),
            ("the gradient of the parameters", parameters.len(), parameter_gradient.as_deref()),
        ];
        for (what, expected, found) in gradients {
            check_length(what, expected, found.map_or(expected, <[T]>::len))?;
        }
        let weights = &parameters[..self.num_weights];
        let output_rows = output_gradient.chunks_exact(self.output.dim().max(1));
        for (row, (x, dz)) in self.rows(input).zip(output_rows).enumerate() {
            if let Some(gradient) = input_gradient.as_deref_mut() {
                let dx = &mut gradient[row * self.input.dim()..][..self.input.dim()];
                for block in &self.blocks {
                    block.input_gradient(dz, weights, dx);
                }
            }
            if let Some(gradient) = parameter_gradient.as_deref_mut() {
                let (dw, db) = gradient.split_at_mut(self.num_weights);
                for block in &self.blocks {
                    block.weight_gradient(x, dz, dw);
                }
                for (&place, db) in self.added_biases().zip(db) {
                    *db = *db + dz[place];
                }
            }
        }
        Ok(())
    }

    /// The places of the biases that are added.
    fn added_biases(&self) -> std::slice::Iter<'_, usize> {
        if self.adds_biases { self.biases.iter() } else { [].iter() }
    }

    /// The rows of the input; as many as the output has where the input has no dimension.
    fn rows<'a, T>(&self, input: &'a [T]) -> impl Iterator<Item = &'a [T]> {
        let size = self.input.dim();
        let count = input.len().checked_div(size).unwrap_or(usize::MAX);
        (0..count).map(move |row| &input[row * size..(row + 1) * size])
    }

    fn check(&self, input: usize, parameters: usize, output: usize) -> Result<(), KernelError> {
        check_length("parameters", self.num_weights + self.num_biases(), parameters)?;
        let (size_in, size_out) = (self.input.dim(), self.output.dim());
        let rows = input.checked_div(size_in).or(output.checked_div(size_out)).unwrap_or(0);
        check_length("the input", rows * size_in, input)?;
        check_length("the output", rows.saturating_mul(size_out), output)
    }
}

impl Block {
    fn weight<T: Real>(&self, weights: &[T], u: usize, v: usize) -> T {
        number::<T>(self.scale) * weights[self.weights + u * self.channels[1] + v]
    }

    fn input_range(&self, u: usize) -> std::ops::Range<usize> {
        let start = self.starts[0] + u * self.size;
        start..start + self.size
    }

    fn output_range(&self, v: usize) -> std::ops::Range<usize> {
        let start = self.starts[1] + v * self.size;
        start..start + self.size
    }

    fn forward<T: Real>(&self, x: &[T], weights: &[T], z: &mut [T]) {
        for u in 0..self.channels[0] {
            let x = &x[self.input_range(u)];
            for v in 0..self.channels[1] {
                let weight = self.weight(weights, u, v);
                add_scaled(weight, x, &mut z[self.output_range(v)]);
            }
        }
    }

    fn input_gradient<T: Real>(&self, dz: &[T], weights: &[T], dx: &mut [T]) {
        for u in 0..self.channels[0] {
            let dx = &mut dx[self.input_range(u)];
            for v in 0..self.channels[1] {
                let weight = self.weight(weights, u, v);
                add_scaled(weight, &dz[self.output_range(v)], dx);
            }
        }
    }

    fn weight_gradient<T: Real>(&self, x: &[T], dz: &[T], dw: &mut [T]) {
        let scale = number::<T>(self.scale);
        for u in 0..self.channels[0] {
            let x = &x[self.input_range(u)];
            for v in 0..self.channels[1] {
                let dz = &dz[self.output_range(v)];
                let entry = &mut dw[self.weights + u * self.channels[1] + v];
                let sum = x.iter().zip(dz).fold(T::constant(0.0, 0.0), |s, (&x, &dz)| s + x * dz);
                *entry = *entry + scale * sum;
            }
        }
    }
}

/// `z += factor · x`.
fn add_scaled<T: Real>(factor: T, x: &[T], z: &mut [T]) {
    for (z, &x) in z.iter_mut().zip(x) {
        *z = *z + factor * x;
    }
}
