//! The linear map between irreps: channels of one irrep mix among themselves, and scalars get a
//! bias. Nothing else commutes with rotations (Schur's lemma).

mod gradient;
mod mix;

use super::{KernelError, check_length};
use crate::irreps::MulIrrep;
use crate::simd::Path;
use crate::{Irrep, Irreps, Number};
use gradient::{WeightGradient, WeightGradientKernel};
use mix::{Mix, Source, Sums, SumsKernel};

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
    forward: Vec<Mix>,
    backward: Vec<Mix>,
    /// Whether every output block has an input block of its irrep.
    covers_output: bool,
    path: Path,
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
    /// If the weights are more than a `usize` counts; [`Linear::try_new`] gives an error.
    #[track_caller]
    pub fn new(input: Irreps, output: Irreps, bias: bool) -> Self {
        match Self::try_new(input, output, bias) {
            Ok(linear) => linear,
            Err(error) => panic!("a linear map: {error}"),
        }
    }

    /// The same as [`Linear::new`] without its panic.
    ///
    /// # Errors
    /// If the weights are more than a `usize` counts.
    pub fn try_new(input: Irreps, output: Irreps, bias: bool) -> Result<Self, KernelError> {
        let (input_slices, output_slices) = (input.slices(), output.slices());
        let mut blocks = Vec::new();
        let mut biases = Vec::new();
        let mut num_weights = 0_usize;
        for (target, slice) in output.iter().zip(&output_slices) {
            let terms: usize =
                input.iter().filter(|b| b.irrep == target.irrep).map(|b| b.mul).sum();
            for (source, source_slice) in input.iter().zip(&input_slices) {
                if source.irrep == target.irrep {
                    let path = blocks.len();
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
                        .ok_or(KernelError::Weights { path })?;
                }
            }
            if bias && target.irrep == Irrep::SCALAR {
                biases.extend(slice.clone());
            }
        }
        let forward = forward_mixes(&output, &blocks);
        let covered: usize = forward.iter().map(|mix| mix.channels * mix.size).sum();
        Ok(Linear {
            backward: backward_mixes(&input, &blocks),
            covers_output: covered == output.dim(),
            forward,
            input,
            output,
            blocks,
            biases,
            adds_biases: true,
            num_weights,
            path: Path::best(),
        })
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

    /// The flat weights of e3nn's `o3.Linear` in the order of this map. Biases have the same order.
    ///
    /// Of two blocks of one irrep both have the matrix `[channel in][channel out]`. e3nn takes these
    /// pairs of blocks input by input; this crate takes them output by output. Both divide by the
    /// same root if e3nn's map has `path_normalization="element"`, which is its default.
    ///
    /// ```
    /// use tesseral::kernels::Linear;
    ///
    /// let linear = Linear::new("1x0e+2x0e".parse()?, "1x0e+1x0e".parse()?, false);
    /// // e3nn: both outputs of the first input, then those of the second.
    /// let weights = linear.weights_from_e3nn(&[1, 2, 10, 11, 20, 21])?;
    /// assert_eq!(weights, [1, 10, 11, 2, 20, 21]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If there are not [`Linear::num_weights`] of them.
    pub fn weights_from_e3nn<T: Copy>(&self, weights: &[T]) -> Result<Vec<T>, KernelError> {
        check_length("weights", self.num_weights, weights.len())?;
        let mut input_by_input: Vec<&Block> = self.blocks.iter().collect();
        // Blocks that begin at one place are but for one empty, and have no weights.
        input_by_input.sort_by_key(|block| block.starts);
        let (mut ours, mut rest) = (weights.to_vec(), weights);
        for block in input_by_input {
            let (own, others) = rest.split_at(block.channels[0] * block.channels[1]);
            ours[block.weights..][..own.len()].copy_from_slice(own);
            rest = others;
        }
        Ok(ours)
    }

    /// On another path, or on the portable one if the machine lacks it: for tests and comparisons.
    pub fn on(self, path: Path) -> Self {
        Linear { path: path.or_portable(), ..self }
    }

    /// Maps every row of `input`. `parameters` are the weights, then the biases.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    pub fn forward<T: Number>(
        &self,
        input: &[T],
        parameters: &[T],
        output: &mut [T],
    ) -> Result<(), KernelError> {
        let rows = self.check(input.len(), parameters.len(), output.len())?;
        if !self.covers_output {
            output.fill(T::default());
        }
        let (weights, biases) = parameters.split_at(self.num_weights);
        self.sum(Direction::Forward, [input, weights], output, rows, false);
        self.add_biases(biases, output);
        Ok(())
    }

    /// The vector-Jacobian product: adds to the gradients that are given.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    pub fn backward<T: Number>(
        &self,
        input: &[T],
        parameters: &[T],
        output_gradient: &[T],
        input_gradient: Option<&mut [T]>,
        parameter_gradient: Option<&mut [T]>,
    ) -> Result<(), KernelError> {
        let rows = self.check(input.len(), parameters.len(), output_gradient.len())?;
        let gradients = [
            ("the gradient of the input", input.len(), input_gradient.as_deref()),
            ("the gradient of the parameters", parameters.len(), parameter_gradient.as_deref()),
        ];
        for (what, expected, found) in gradients {
            check_length(what, expected, found.map_or(expected, <[T]>::len))?;
        }
        if let Some(dx) = input_gradient {
            let weights = &parameters[..self.num_weights];
            self.sum(Direction::Backward, [output_gradient, weights], dx, rows, true);
        }
        if let Some(gradient) = parameter_gradient {
            let (dw, db) = gradient.split_at_mut(self.num_weights);
            self.add_weight_gradient(input, output_gradient, dw, rows);
            for dz in output_gradient.chunks_exact(self.output.dim().max(1)) {
                for (&place, db) in self.added_biases().zip(db.iter_mut()) {
                    *db = *db + dz[place];
                }
            }
        }
        Ok(())
    }

    /// The derivative of [`Linear::backward`]: of Σ `cotangents` · (the gradients of input and
    /// parameters), adds the gradients with respect to input and parameters and, last, to the
    /// gradient of the output.
    ///
    /// The map is linear in x and in (W, b): with the cotangents ẋ and (Ẇ, ḃ), the last is
    /// W ẋ + Ẇ x + ḃ, and the others are the gradients of Σ `output_gradient` · Ẇ ẋ.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    pub fn backward_twice<T: Number>(
        &self,
        input: &[T],
        parameters: &[T],
        output_gradient: &[T],
        cotangents: [&[T]; 2],
        gradients: [Option<&mut [T]>; 2],
        by_output_gradient: Option<&mut [T]>,
    ) -> Result<(), KernelError> {
        let rows = self.check(input.len(), parameters.len(), output_gradient.len())?;
        check_length("the cotangent of the input", input.len(), cotangents[0].len())?;
        check_length("the cotangent of the parameters", parameters.len(), cotangents[1].len())?;
        let [by_input, by_parameters] = gradients;
        if let Some(by_parameters) = by_parameters.as_deref() {
            let expected = parameters.len();
            check_length("the gradient of the parameters", expected, by_parameters.len())?;
        }
        self.backward(cotangents[0], cotangents[1], output_gradient, by_input, None)?;
        if let Some(by_parameters) = by_parameters {
            let dw = &mut by_parameters[..self.num_weights];
            self.add_weight_gradient(cotangents[0], output_gradient, dw, rows);
        }
        let Some(by_output_gradient) = by_output_gradient else { return Ok(()) };
        let expected = output_gradient.len();
        check_length("the gradient by gradients", expected, by_output_gradient.len())?;
        let (weights, biases) = (&parameters[..self.num_weights], &cotangents[1]);
        let (weight_cotangents, biases) = biases.split_at(self.num_weights);
        for terms in [[cotangents[0], weights], [input, weight_cotangents]] {
            self.sum(Direction::Forward, terms, by_output_gradient, rows, true);
        }
        self.add_biases(biases, by_output_gradient);
        Ok(())
    }

    /// Sums of products of rows with weights, or with their transpose.
    fn sum<T: Number>(
        &self,
        direction: Direction,
        [input, weights]: [&[T]; 2],
        output: &mut [T],
        rows: usize,
        adds: bool,
    ) {
        let (mixes, dims) = match direction {
            Direction::Forward => (&self.forward, [self.input.dim(), self.output.dim()]),
            Direction::Backward => (&self.backward, [self.output.dim(), self.input.dim()]),
        };
        let wide = self.path == Path::Avx512;
        let task = Sums { mixes, weights, input, output, dims, rows, adds, wide };
        T::start::<SumsKernel>(self.path, task);
    }

    fn add_weight_gradient<T: Number>(
        &self,
        input: &[T],
        output_gradient: &[T],
        gradient: &mut [T],
        rows: usize,
    ) {
        let (blocks, dims) = (&self.blocks[..], [self.input.dim(), self.output.dim()]);
        let wide = self.path == Path::Avx512;
        let task = WeightGradient { blocks, input, output_gradient, gradient, dims, rows, wide };
        T::start::<WeightGradientKernel>(self.path, task);
    }

    fn add_biases<T: Number>(&self, biases: &[T], output: &mut [T]) {
        for z in output.chunks_exact_mut(self.output.dim().max(1)) {
            for (&place, &bias) in self.added_biases().zip(biases) {
                z[place] = z[place] + bias;
            }
        }
    }

    /// The places of the biases that are added.
    fn added_biases(&self) -> std::slice::Iter<'_, usize> {
        if self.adds_biases { self.biases.iter() } else { [].iter() }
    }

    /// Checks lengths; the number of rows.
    fn check(&self, input: usize, parameters: usize, output: usize) -> Result<usize, KernelError> {
        check_length("parameters", self.num_weights + self.num_biases(), parameters)?;
        let (size_in, size_out) = (self.input.dim(), self.output.dim());
        let rows = input.checked_div(size_in).or(output.checked_div(size_out)).unwrap_or(0);
        check_length("the input", rows * size_in, input)?;
        check_length("the output", rows.saturating_mul(size_out), output)?;
        Ok(rows)
    }
}

/// Which way a map is taken.
#[derive(Clone, Copy)]
enum Direction {
    Forward,
    /// By the transposed weights.
    Backward,
}

/// The sums of every output block over the input blocks of its irrep.
fn forward_mixes(output: &Irreps, blocks: &[Block]) -> Vec<Mix> {
    mixes(output, blocks, 1, |block| Source {
        start: block.starts[0],
        channels: block.channels[0],
        weights: block.weights,
        strides: [block.channels[1], 1],
        scale: block.scale,
    })
}

/// The sums of every input block over the output blocks of its irrep.
fn backward_mixes(input: &Irreps, blocks: &[Block]) -> Vec<Mix> {
    mixes(input, blocks, 0, |block| Source {
        start: block.starts[1],
        channels: block.channels[1],
        weights: block.weights,
        strides: [1, block.channels[1]],
        scale: block.scale,
    })
}

fn mixes(
    targets: &Irreps,
    blocks: &[Block],
    side: usize,
    source: impl Fn(&Block) -> Source,
) -> Vec<Mix> {
    let mix = |(target, slice): (&MulIrrep, std::ops::Range<usize>)| {
        let is_here = |block: &&Block| {
            let [a, b] = block.channels;
            block.starts[side] == slice.start && block.size == target.irrep.dim() && a * b > 0
        };
        let sources: Vec<Source> = blocks.iter().filter(is_here).map(&source).collect();
        let (start, channels, size) = (slice.start, target.mul, target.irrep.dim());
        (channels > 0 && !sources.is_empty()).then_some(Mix { start, channels, size, sources })
    };
    targets.iter().zip(targets.slices()).filter_map(mix).collect()
}
