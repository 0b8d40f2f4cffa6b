//! The tensor product of two feature vectors along coupling paths, with its derivatives, row by row
//! or gathered and summed along the edges of a graph.
//!
//! Along one path, channel pairs (u, v) of the two inputs couple to a channel of the output,
//! `z[w, m3] += scale · weight · Σ C[m1, m2, m3] x[u, m1] y[v, m2]`. For each v the sum over m2 is
//! done once, into a matrix from m1 to m3 that all channels u share.

use std::fmt;

use super::{KernelError, check_length};
use crate::coupling::Tensor;
use crate::{Irrep, Irreps, Real};

/// Which channels of the inputs couple to which of the output, by the names of e3nn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Channel by channel: `z[u]` from `x[u]` and `y[u]`.
    Uuu,
    /// Every channel of the second with every one of the first, summed: `z[u]` from `x[u]` and all
    /// `y[v]`. With one channel v, that of a convolution.
    Uvu,
    /// The outer product: `z[u, v]` from `x[u]` and `y[v]`.
    Uvuv,
}

impl Mode {
    /// The multiplicity of the output, if the inputs' fit.
    fn output(self, [first, second]: [usize; 2]) -> Option<usize> {
        match self {
            Mode::Uuu => (first == second).then_some(first),
            Mode::Uvu => Some(first),
            Mode::Uvuv => first.checked_mul(second),
        }
    }

    fn expectation(self) -> &'static str {
        match self {
            Mode::Uuu => "u x u to u",
            Mode::Uvu => "u x v to u",
            Mode::Uvuv => "u x v to u·v",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Mode::Uuu => "uuu",
            Mode::Uvu => "uvu",
            Mode::Uvuv => "uvuv",
        })
    }
}

/// One path: blocks of the two inputs, the block of the output, and how channels connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Path {
    /// The block of the first input.
    pub first: usize,
    /// The block of the second input.
    pub second: usize,
    /// The block of the output.
    pub output: usize,
    /// The connection of channels.
    pub mode: Mode,
    /// Whether every channel pair has a weight.
    pub weighted: bool,
}

/// The rows that are multiplied: which row of each input goes to which row of the output.
#[derive(Clone, Copy, Debug)]
pub enum Rows<'a> {
    /// Row i with row i, to row i.
    Each,
    /// For every edge e the row `senders[e]` of the first input with row e of the second and of
    /// the weights, added to the row `receivers[e]` of the output: message passing without
    /// messages in memory.
    Edges {
        /// The row of the first input of each edge.
        senders: &'a [usize],
        /// The row of the output of each edge.
        receivers: &'a [usize],
    },
}

/// A tensor product along chosen paths.
///
/// Outputs of unit variance come from inputs and weights of unit variance: with the native coupling
/// tensors every path has it, and a block of the output that k terms are summed to is divided by
/// √k.
///
/// # Example
/// ```
/// use tesseral::Irreps;
/// use tesseral::kernels::{Rows, TensorProduct};
///
/// // The dot product of two vectors is -√3 or √3 times their coupling to a scalar.
/// let vector: Irreps = "1o".parse()?;
/// let product = TensorProduct::channelwise(&vector, &vector, Some(0), false)?;
/// assert_eq!(product.output().to_string(), "1x0e");
/// let mut z = [0.0_f64];
/// product.forward(Rows::Each, 1, &[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0], &[], &mut z)?;
/// assert!((z[0].abs() - 32.0 / 3.0_f64.sqrt()).abs() < 1e-14);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct TensorProduct {
    first: Irreps,
    second: Irreps,
    output: Irreps,
    plans: Vec<Plan>,
    num_weights: usize,
}

/// One path with everything that evaluation needs.
#[derive(Clone, Debug)]
struct Plan {
    mode: Mode,
    multiplicities: [usize; 2],
    /// 2l + 1 of the inputs and the output.
    sizes: [usize; 3],
    /// Where the blocks begin in a row.
    starts: [usize; 3],
    /// Where the weights begin in a row of weights.
    weights: Option<usize>,
    scale: f64,
    /// (m1 + l1, m2 + l2, m3 + l3, C).
    entries: Vec<([usize; 3], f64)>,
}

impl TensorProduct {
    /// The product along given paths.
    ///
    /// # Errors
    /// If a path names a block that is not there, has no coupling tensor, or does not fit in
    /// parity or multiplicity, or the weights are more than a `usize` counts.
    pub fn new(
        first: Irreps,
        second: Irreps,
        output: Irreps,
        paths: &[Path],
    ) -> Result<Self, KernelError> {
        let starts = [&first, &second, &output].map(block_starts);
        let mut plans = Vec::new();
        let mut num_weights = 0_usize;
        // Counted in f64, which does not overflow and is exact as long as it matters.
        let mut terms = vec![0.0; output.len()];
        for (index, path) in paths.iter().enumerate() {
            let plan = Plan::new(index, path, [&first, &second, &output], &starts, num_weights)?;
            if path.weighted {
                num_weights = plan
                    .pairs()
                    .and_then(|added| num_weights.checked_add(added))
                    .ok_or(KernelError::Weights { path: index })?;
            }
            terms[path.output] +=
                if path.mode == Mode::Uvu { plan.multiplicities[1] as f64 } else { 1.0 };
            plans.push(plan);
        }
        for (plan, path) in plans.iter_mut().zip(paths) {
            plan.scale = f64::sqrt(terms[path.output]).recip();
        }
        Ok(TensorProduct { first, second, output, plans, num_weights })
    }

    /// Channel by channel, to all degrees up to `lmax`: the product of blocks of equal
    /// multiplicity, every path to a block of its own in the order of irreps.
    ///
    /// # Errors
    /// If two blocks of different multiplicity meet, a degree has no coupling tensor, or the
    /// dimension of the output does not fit in a `usize`.
    pub fn channelwise(
        first: &Irreps,
        second: &Irreps,
        lmax: Option<usize>,
        weighted: bool,
    ) -> Result<Self, KernelError> {
        Self::all_paths(first, second, Mode::Uuu, weighted, |irrep| {
            lmax.is_none_or(|lmax| irrep.l <= lmax)
        })
    }

    /// The outer product: every channel of the first with every channel of the second, to all
    /// degrees up to `lmax`.
    ///
    /// # Errors
    /// If a degree has no coupling tensor, or the number of weights or the dimension of the output
    /// does not fit in a `usize`.
    pub fn outer(
        first: &Irreps,
        second: &Irreps,
        lmax: Option<usize>,
        weighted: bool,
    ) -> Result<Self, KernelError> {
        Self::all_paths(first, second, Mode::Uvuv, weighted, |irrep| {
            lmax.is_none_or(|lmax| irrep.l <= lmax)
        })
    }

    /// The product of features with harmonics of an edge, to the irreps in `keep`, one weight for
    /// every channel of every path: the convolution of Tensor Field Networks.
    ///
    /// # Errors
    /// If a degree has no coupling tensor, or the number of weights or the dimension of the output
    /// does not fit in a `usize`.
    pub fn convolution(
        features: &Irreps,
        harmonics: &Irreps,
        keep: impl Fn(Irrep) -> bool,
    ) -> Result<Self, KernelError> {
        Self::all_paths(features, harmonics, Mode::Uvu, true, keep)
    }

    /// A path from every pair of blocks to every irrep in their product that is kept, sorted by
    /// irrep.
    fn all_paths(
        first: &Irreps,
        second: &Irreps,
        mode: Mode,
        weighted: bool,
        keep: impl Fn(Irrep) -> bool,
    ) -> Result<Self, KernelError> {
        let mut found = Vec::new();
        for (index1, block1) in first.iter().enumerate() {
            for (index2, block2) in second.iter().enumerate() {
                let found_mul = [block1.mul, block2.mul];
                for irrep in (block1.irrep * block2.irrep).filter(|irrep| keep(*irrep)) {
                    let Some(mul) = mode.output(found_mul) else {
                        return Err(KernelError::Multiplicity {
                            path: found.len(),
                            mode,
                            expected: mode.expectation(),
                            found: [block1.mul, block2.mul, block1.mul],
                        });
                    };
                    // Here, before a list of all degrees up to any number is in memory.
                    Tensor::new(block1.irrep.l, block2.irrep.l, irrep.l)?;
                    found.push((irrep, mul, index1, index2));
                }
            }
        }
        found.sort_by_key(|&(irrep, ..)| irrep);
        let output = Irreps::new(found.iter().map(|&(irrep, mul, ..)| (mul, irrep)))?;
        let path =
            |(output, &(_, _, first, second))| Path { first, second, output, mode, weighted };
        let paths: Vec<Path> = found.iter().enumerate().map(path).collect();
        Self::new(first.clone(), second.clone(), output, &paths)
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

    /// The number of weights of one row.
    pub fn num_weights(&self) -> usize {
        self.num_weights
    }

    /// The products of rows, added up in `output`, which is overwritten.
    ///
    /// `count` is the number of products: of rows, or of edges. Weights are `[count][num_weights]`,
    /// or one row of them for all, or empty where no path is weighted.
    ///
    /// # Errors
    /// If a slice has the wrong length or an edge names a row that is not there.
    pub fn forward<T: Real>(
        &self,
        rows: Rows,
        count: usize,
        first: &[T],
        second: &[T],
        weights: &[T],
        output: &mut [T],
    ) -> Result<(), KernelError> {
        self.check(rows, count, first.len(), second.len(), weights.len(), output.len())?;
        let zero = T::constant(0.0, 0.0);
        output.fill(zero);
        let mut matrix = Vec::new();
        for item in 0..count {
            let [row1, row2, row_out] = rows.at(item);
            let x = row(first, row1, self.first.dim());
            let y = row(second, row2, self.second.dim());
            let w = self.weight_row(weights, item);
            let z = row_mut(output, row_out, self.output.dim());
            for plan in &self.plans {
                for v in 0..plan.multiplicities[1] {
                    plan.fill_matrix(plan.channel(1, y, v), &mut matrix);
                    for u in plan.partners(v) {
                        let weight = plan.weight(w, u, v);
                        let target = plan.output_range(u, v);
                        plan.transform(weight, plan.channel(0, x, u), &matrix, &mut z[target]);
                    }
                }
            }
        }
        Ok(())
    }

    /// The vector-Jacobian product: adds to each gradient that is given the derivative of
    /// Σ `output_gradient` · output with respect to that input.
    ///
    /// # Errors
    /// As [`TensorProduct::forward`], and if a gradient has another length than its input.
    #[expect(clippy::too_many_arguments, reason = "three inputs and what belongs to each")]
    pub fn backward<T: Real>(
        &self,
        rows: Rows,
        count: usize,
        first: &[T],
        second: &[T],
        weights: &[T],
        output_gradient: &[T],
        gradients: Gradients<'_, T>,
    ) -> Result<(), KernelError> {
        self.check(rows, count, first.len(), second.len(), weights.len(), output_gradient.len())?;
        let Gradients {
            first: mut first_gradient,
            second: mut second_gradient,
            weights: mut weight_gradient,
        } = gradients;
        let given = [
            ("the gradient of the first input", first.len(), first_gradient.as_deref()),
            ("the gradient of the second input", second.len(), second_gradient.as_deref()),
            ("the gradient of the weights", weights.len(), weight_gradient.as_deref()),
        ];
        for (what, expected, found) in given {
            check_length(what, expected, found.map_or(expected, <[T]>::len))?;
        }
        let mut matrix = Vec::new();
        let mut matrix_gradient = Vec::new();
        for item in 0..count {
            let [row1, row2, row_out] = rows.at(item);
            let x = row(first, row1, self.first.dim());
            let y = row(second, row2, self.second.dim());
            let w = self.weight_row(weights, item);
            let dz = row(output_gradient, row_out, self.output.dim());
            let mut dx = first_gradient.as_deref_mut().map(|g| row_mut(g, row1, self.first.dim()));
            let mut dy =
                second_gradient.as_deref_mut().map(|g| row_mut(g, row2, self.second.dim()));
            let mut dw = weight_gradient.as_deref_mut().map(|g| {
                let size = self.num_weights;
                let weight_row = if g.len() == size { 0 } else { item };
                row_mut(g, weight_row, size)
            });
            for plan in &self.plans {
                for v in 0..plan.multiplicities[1] {
                    plan.fill_matrix(plan.channel(1, y, v), &mut matrix);
                    matrix_gradient.clear();
                    matrix_gradient.resize(matrix.len(), T::constant(0.0, 0.0));
                    for u in plan.partners(v) {
                        let weight = plan.weight(w, u, v);
                        let dz = &dz[plan.output_range(u, v)];
                        let x = plan.channel(0, x, u);
                        if let Some(dx) = dx.as_deref_mut() {
                            let range = plan.channel_range(0, u);
                            plan.transform_back(weight, dz, &matrix, &mut dx[range]);
                        }
                        if let (Some(dw), Some(start)) = (dw.as_deref_mut(), plan.weights) {
                            let index = start + plan.pair(u, v);
                            dw[index] = dw[index] + plan.bilinear(x, &matrix, dz);
                        }
                        if dy.is_some() {
                            plan.add_outer(weight, x, dz, &mut matrix_gradient);
                        }
                    }
                    if let Some(dy) = dy.as_deref_mut() {
                        let range = plan.channel_range(1, v);
                        plan.contract_matrix(&matrix_gradient, &mut dy[range]);
                    }
                }
            }
        }
        Ok(())
    }

    fn weight_row<'a, T>(&self, weights: &'a [T], item: usize) -> &'a [T] {
        let item = if weights.len() == self.num_weights { 0 } else { item };
        row(weights, item, self.num_weights)
    }

    fn check(
        &self,
        rows: Rows,
        count: usize,
        first: usize,
        second: usize,
        weights: usize,
        output: usize,
    ) -> Result<(), KernelError> {
        check_length("the second input", count.saturating_mul(self.second.dim()), second)?;
        if weights != self.num_weights {
            check_length("weights", count.saturating_mul(self.num_weights), weights)?;
        }
        let Rows::Edges { senders, receivers } = rows else {
            check_length("the first input", count.saturating_mul(self.first.dim()), first)?;
            return check_length("the output", count.saturating_mul(self.output.dim()), output);
        };
        check_length("senders", count, senders.len())?;
        check_length("receivers", count, receivers.len())?;
        check_rows("sender", senders, first, self.first.dim(), "the first input")?;
        check_rows("receiver", receivers, output, self.output.dim(), "the output")
    }
}

/// The gradients that [`TensorProduct::backward`] adds to; `None` where one is not needed.
#[derive(Debug)]
pub struct Gradients<'a, T> {
    /// Of the first input.
    pub first: Option<&'a mut [T]>,
    /// Of the second input.
    pub second: Option<&'a mut [T]>,
    /// Of the weights.
    pub weights: Option<&'a mut [T]>,
}

/// Checks that an array of rows is whole and has every row that edges name.
fn check_rows(
    what: &'static str,
    named: &[usize],
    length: usize,
    size: usize,
    array: &'static str,
) -> Result<(), KernelError> {
    let rows = length.checked_div(size).unwrap_or(usize::MAX);
    if size > 0 {
        check_length(array, rows * size, length)?;
    }
    match named.iter().position(|&row| row >= rows) {
        Some(edge) => Err(KernelError::Row { edge, what, row: named[edge], rows }),
        None => Ok(()),
    }
}

impl Rows<'_> {
    /// The rows of the first input, the second input and the output.
    fn at(&self, item: usize) -> [usize; 3] {
        match self {
            Rows::Each => [item; 3],
            Rows::Edges { senders, receivers } => [senders[item], item, receivers[item]],
        }
    }
}

fn row<T>(array: &[T], index: usize, size: usize) -> &[T] {
    &array[index * size..][..size]
}

fn row_mut<T>(array: &mut [T], index: usize, size: usize) -> &mut [T] {
    &mut array[index * size..][..size]
}

fn block_starts(irreps: &Irreps) -> Vec<usize> {
    irreps.slices().into_iter().map(|slice| slice.start).collect()
}

impl Plan {
    fn new(
        index: usize,
        path: &Path,
        irreps: [&Irreps; 3],
        starts: &[Vec<usize>; 3],
        weights: usize,
    ) -> Result<Self, KernelError> {
        let blocks = [path.first, path.second, path.output];
        let mut found = [None; 3];
        for side in 0..3 {
            found[side] = irreps[side].get(blocks[side]);
        }
        let [Some(first), Some(second), Some(output)] = found else {
            let missing = found.iter().position(Option::is_none).unwrap_or(0);
            return Err(KernelError::Block {
                path: index,
                side: ["first", "second", "output"][missing],
                block: blocks[missing],
                irreps: irreps[missing].clone(),
            });
        };
        if first.irrep.parity * second.irrep.parity != output.irrep.parity {
            return Err(KernelError::Parity {
                path: index,
                first: first.irrep,
                second: second.irrep,
                output: output.irrep,
            });
        }
        if path.mode.output([first.mul, second.mul]) != Some(output.mul) {
            return Err(KernelError::Multiplicity {
                path: index,
                mode: path.mode,
                expected: path.mode.expectation(),
                found: [first.mul, second.mul, output.mul],
            });
        }
        let degrees = [first, second, output].map(|block| block.irrep.l);
        let tensor = Tensor::new(degrees[0], degrees[1], degrees[2])?;
        let place = |m: [i8; 3]| [0, 1, 2].map(|i| (i32::from(m[i]) + degrees[i] as i32) as usize);
        Ok(Plan {
            mode: path.mode,
            multiplicities: [first.mul, second.mul],
            sizes: degrees.map(|l| 2 * l + 1),
            starts: [0, 1, 2].map(|side| starts[side][blocks[side]]),
            weights: path.weighted.then_some(weights),
            scale: 1.0,
            entries: tensor.nonzeros().iter().map(|e| (place(e.m), e.value)).collect(),
        })
    }

    /// The number of channel pairs, which is that of weights, if a usize counts them.
    fn pairs(&self) -> Option<usize> {
        match self.mode {
            Mode::Uuu => Some(self.multiplicities[0]),
            Mode::Uvu | Mode::Uvuv => self.multiplicities[0].checked_mul(self.multiplicities[1]),
        }
    }

    /// The index of a channel pair among them.
    fn pair(&self, u: usize, v: usize) -> usize {
        match self.mode {
            Mode::Uuu => u,
            Mode::Uvu | Mode::Uvuv => u * self.multiplicities[1] + v,
        }
    }

    /// The channels of the first input that meet the channel v of the second.
    fn partners(&self, v: usize) -> std::ops::Range<usize> {
        match self.mode {
            Mode::Uuu => v..v + 1,
            Mode::Uvu | Mode::Uvuv => 0..self.multiplicities[0],
        }
    }

    fn channel_range(&self, side: usize, channel: usize) -> std::ops::Range<usize> {
        let start = self.starts[side] + channel * self.sizes[side];
        start..start + self.sizes[side]
    }

    fn channel<'a, T>(&self, side: usize, row: &'a [T], channel: usize) -> &'a [T] {
        &row[self.channel_range(side, channel)]
    }

    fn output_range(&self, u: usize, v: usize) -> std::ops::Range<usize> {
        let channel = match self.mode {
            Mode::Uuu | Mode::Uvu => u,
            Mode::Uvuv => self.pair(u, v),
        };
        self.channel_range(2, channel)
    }

    fn weight<T: Real>(&self, weights: &[T], u: usize, v: usize) -> T {
        self.weights.map_or(T::constant(1.0, 1.0), |start| weights[start + self.pair(u, v)])
    }

    /// `matrix[m1][m3] = scale · Σ C[m1, m2, m3] y[m2]`.
    fn fill_matrix<T: Real>(&self, y: &[T], matrix: &mut Vec<T>) {
        matrix.clear();
        matrix.resize(self.sizes[0] * self.sizes[2], T::constant(0.0, 0.0));
        for &([m1, m2, m3], value) in &self.entries {
            let entry = &mut matrix[m1 * self.sizes[2] + m3];
            *entry = *entry + number::<T>(self.scale * value) * y[m2];
        }
    }

    /// `z[m3] += weight · Σ x[m1] matrix[m1][m3]`.
    fn transform<T: Real>(&self, weight: T, x: &[T], matrix: &[T], z: &mut [T]) {
        for (&x, row) in x.iter().zip(matrix.chunks_exact(self.sizes[2])) {
            let x = weight * x;
            for (z, &entry) in z.iter_mut().zip(row) {
                *z = *z + x * entry;
            }
        }
    }

    /// `dx[m1] += weight · Σ matrix[m1][m3] dz[m3]`.
    fn transform_back<T: Real>(&self, weight: T, dz: &[T], matrix: &[T], dx: &mut [T]) {
        for (dx, row) in dx.iter_mut().zip(matrix.chunks_exact(self.sizes[2])) {
            *dx = *dx + weight * dot(row, dz);
        }
    }

    /// `Σ x[m1] matrix[m1][m3] dz[m3]`.
    fn bilinear<T: Real>(&self, x: &[T], matrix: &[T], dz: &[T]) -> T {
        let mut sum = T::constant(0.0, 0.0);
        for (&x, row) in x.iter().zip(matrix.chunks_exact(self.sizes[2])) {
            sum = sum + x * dot(row, dz);
        }
        sum
    }

    /// `matrix_gradient[m1][m3] += weight · x[m1] dz[m3]`.
    fn add_outer<T: Real>(&self, weight: T, x: &[T], dz: &[T], matrix_gradient: &mut [T]) {
        for (&x, row) in x.iter().zip(matrix_gradient.chunks_exact_mut(self.sizes[2])) {
            let x = weight * x;
            for (entry, &dz) in row.iter_mut().zip(dz) {
                *entry = *entry + x * dz;
            }
        }
    }

    /// `dy[m2] += scale · Σ C[m1, m2, m3] matrix_gradient[m1][m3]`.
    fn contract_matrix<T: Real>(&self, matrix_gradient: &[T], dy: &mut [T]) {
        for &([m1, m2, m3], value) in &self.entries {
            let entry = matrix_gradient[m1 * self.sizes[2] + m3];
            dy[m2] = dy[m2] + number::<T>(self.scale * value) * entry;
        }
    }
}

fn dot<T: Real>(a: &[T], b: &[T]) -> T {
    a.iter().zip(b).fold(T::constant(0.0, 0.0), |sum, (&a, &b)| sum + a * b)
}

/// A coefficient of a plan in the type of the features.
pub(super) fn number<T: Real>(value: f64) -> T {
    T::constant(value, value as f32)
}
