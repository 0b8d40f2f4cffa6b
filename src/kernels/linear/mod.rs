//! The linear map between irreps: channels of one irrep mix among themselves, and scalars get a
//! bias. Nothing else commutes with rotations (Schur's lemma).

mod arguments;
mod by_species;
mod gradient;
mod mix;

use super::{KernelError, unreached};
use crate::error::{check_length, check_rows};
use crate::irreps::MulIrrep;
use crate::parallel::{Rows, RowsMut, Threads, Work};
use crate::simd::Path;
use crate::{Irrep, Irreps, Number};
use gradient::{WeightGradient, WeightGradientKernel};
use mix::{Mix, Source, Sums, SumsKernel};

pub use arguments::{LinearCotangents, LinearGradients, LinearInputs};
pub use by_species::{SpeciesInputs, SpeciesLinear};

/// A linear map from features of one list of irreps to another: `z[v, m] = Σ_u W[u, v] x[u, m]`,
/// plus a bias for every output channel of irrep `0e`.
///
/// With weights of unit variance, outputs have the variance of the inputs: sums of k terms are
/// divided by √k.
///
/// # Example
/// ```
/// use tesseral::kernels::{Linear, LinearInputs};
///
/// let linear = Linear::new("2x0e+1x1o".parse()?, "1x0e+1x1o".parse()?, true);
/// assert_eq!((linear.num_weights(), linear.num_biases()), (3, 1));
/// let inputs =
///     LinearInputs { input: &[1.0, 2.0, 3.0, 4.0, 5.0], parameters: &[0.0, 0.0, 2.0, 7.0] };
/// let mut z = [0.0; 4];
/// linear.forward(inputs, &mut z)?;
/// assert_eq!(z, [7.0, 6.0, 8.0, 10.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Linear {
    input: Irreps,
    output: Irreps,
    pairs: Vec<BlockPair>,
    /// The places of the biases in an output row.
    biases: Vec<usize>,
    adds_biases: bool,
    num_weights: usize,
    forward: Vec<Mix>,
    backward: Vec<Mix>,
    /// Whether every output block has an input block of its irrep.
    covers_output: bool,
    path: Path,
    threads: Threads,
}

/// One pair of blocks of the same irrep.
#[derive(Clone, Debug)]
struct BlockPair {
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
    /// If the weights are more than a `usize` counts, or an output has no input of its irrep and no bias;
    /// [`Linear::try_new`] gives an error.
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
    /// If the weights are more than a `usize` counts, or an output has no input of its irrep and no bias.
    ///
    /// ```
    /// use tesseral::kernels::Linear;
    ///
    /// let error = Linear::try_new("4x0e".parse()?, "4x0e + 4x0o".parse()?, false).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "no path leads from `4x0e` to `0o` of the output `4x0e+4x0o`, expected one to every block: \
    ///      it would be zero whatever the weights; the function `with_unreached` allows it"
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_new(input: Irreps, output: Irreps, bias: bool) -> Result<Self, KernelError> {
        let linear = Self::with_unreached(input, output, bias)?;
        let inputs = format!("`{}`", linear.input);
        unreached::check(&linear.output, &linear.reached(), inputs)?;
        Ok(linear)
    }

    /// The same, where outputs without an input of their irrep and without a bias are allowed: they are
    /// zero.
    ///
    /// # Errors
    /// If the weights are more than a `usize` counts.
    ///
    /// ```
    /// use tesseral::kernels::Linear;
    ///
    /// let linear = Linear::with_unreached("4x0e".parse()?, "1x0e + 1x0o".parse()?, false)?;
    /// assert_eq!(linear.output_mask(), [true, false]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_unreached(input: Irreps, output: Irreps, bias: bool) -> Result<Self, KernelError> {
        let (input_slices, output_slices) = (input.slices(), output.slices());
        let mut pairs = Vec::new();
        let mut biases = Vec::new();
        let mut num_weights = 0_usize;
        for (target, slice) in output.iter().zip(&output_slices) {
            let terms: usize =
                input.iter().filter(|b| b.irrep == target.irrep).map(|b| b.mul).sum();
            for (source, source_slice) in input.iter().zip(&input_slices) {
                if source.irrep == target.irrep {
                    let path = pairs.len();
                    pairs.push(BlockPair {
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
        let forward = forward_mixes(&output, &pairs);
        let covered: usize = forward.iter().map(|mix| mix.channels * mix.size).sum();
        Ok(Linear {
            backward: backward_mixes(&input, &pairs),
            covers_output: covered == output.dim(),
            forward,
            input,
            output,
            pairs,
            biases,
            adds_biases: true,
            num_weights,
            path: Path::best(),
            threads: Threads::Caller,
        })
    }

    /// The same map without adding the biases, which stay among the parameters: the derivative of
    /// the map along a direction of the input.
    ///
    /// ```
    /// use tesseral::kernels::{Linear, LinearInputs};
    ///
    /// let linear = Linear::new("0e".parse()?, "0e".parse()?, true);
    /// let inputs = LinearInputs { input: &[3.0], parameters: &[2.0, 100.0] };
    /// let mut z = [0.0];
    /// linear.clone().ignoring_biases().forward(inputs, &mut z)?;
    /// assert_eq!(z, [6.0]);
    /// linear.forward(inputs, &mut z)?;
    /// assert_eq!(z, [106.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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

    /// Whether each component of the output depends on the input or a bias; the others are zero.
    pub fn output_mask(&self) -> Vec<bool> {
        unreached::mask(&self.output, &self.reached())
    }

    /// Whether each block of the output has an input or a bias.
    fn reached(&self) -> Vec<bool> {
        let has_input = |irrep| self.input.count(irrep) > 0;
        let has_bias = |irrep| irrep == Irrep::SCALAR && !self.biases.is_empty();
        self.output.iter().map(|block| has_input(block.irrep) || has_bias(block.irrep)).collect()
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
        check_length("the weights", self.num_weights, weights.len())?;
        let mut input_by_input: Vec<&BlockPair> = self.pairs.iter().collect();
        // Blocks that begin at one place are but for one empty, and have no weights.
        input_by_input.sort_by_key(|pair| pair.starts);
        let (mut ours, mut rest) = (weights.to_vec(), weights);
        for pair in input_by_input {
            let (own, others) = rest.split_at(pair.channels[0] * pair.channels[1]);
            ours[pair.weights..][..own.len()].copy_from_slice(own);
            rest = others;
        }
        Ok(ours)
    }

    /// On another path, or on the portable one if the machine lacks it: for tests and comparisons.
    pub fn on(self, path: Path) -> Self {
        Linear { path: path.or_portable(), ..self }
    }

    /// Splits large calls among threads; see [`kernels`](crate::kernels#threads).
    #[cfg(feature = "rayon")]
    pub fn in_parallel(self) -> Self {
        Linear { threads: Threads::Pool, ..self }
    }

    /// Maps every row of the input.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    pub fn forward<T: Number>(
        &self,
        inputs: LinearInputs<'_, T>,
        output: &mut [T],
    ) -> Result<(), KernelError> {
        let rows = self.check(&inputs, ("the output", output.len()))?;
        if !self.covers_output {
            output.fill(T::default());
        }
        let (weights, biases) = inputs.parameters.split_at(self.num_weights);
        self.sum(Direction::Forward { adds: false }, [inputs.input, weights], output, rows);
        self.add_biases(biases, output);
        Ok(())
    }

    /// The vector-Jacobian product: adds to each gradient that is given the derivative of
    /// Σ `output_gradient` · output.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    ///
    /// # Example
    /// ```
    /// use tesseral::kernels::{Linear, LinearGradients, LinearInputs};
    ///
    /// let linear = Linear::new("1o".parse()?, "1o".parse()?, false);
    /// let inputs = LinearInputs { input: &[1.0, 2.0, 3.0], parameters: &[5.0] };
    /// let (mut dx, mut dw) = ([0.0; 3], [0.0]);
    /// let gradients = LinearGradients { input: Some(&mut dx), parameters: Some(&mut dw) };
    /// linear.backward(inputs, &[1.0, 1.0, 0.0], gradients)?;
    /// assert_eq!((dx, dw), ([5.0, 5.0, 0.0], [3.0]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn backward<T: Number>(
        &self,
        inputs: LinearInputs<'_, T>,
        output_gradient: &[T],
        gradients: LinearGradients<'_, T>,
    ) -> Result<(), KernelError> {
        let rows = self.check(&inputs, ("the gradient of the output", output_gradient.len()))?;
        gradients.check(&inputs)?;
        let LinearInputs { input, parameters } = inputs;
        if let Some(dx) = gradients.input {
            let weights = &parameters[..self.num_weights];
            self.sum(Direction::Backward, [output_gradient, weights], dx, rows);
        }
        if let Some(gradient) = gradients.parameters {
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

    /// The derivative of [`Linear::backward`]: of S = Σ `cotangents` · (the gradients that it
    /// gives), adds to each gradient that is given the derivative of S with respect to that input,
    /// and to `by_output_gradient` that with respect to the gradient of the output.
    ///
    /// The map is linear in x and in (W, b): with the cotangents ẋ and (Ẇ, ḃ), the last is
    /// W ẋ + Ẇ x + ḃ, and the others are the gradients of Σ `output_gradient` · Ẇ ẋ.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    ///
    /// ```
    /// use tesseral::kernels::{Linear, LinearCotangents, LinearGradients, LinearInputs};
    ///
    /// // The derivative along a direction of the input is the map of that direction.
    /// let linear = Linear::new("1o".parse()?, "1o".parse()?, false);
    /// let inputs = LinearInputs { input: &[1.0, 2.0, 3.0], parameters: &[5.0] };
    /// let along = LinearCotangents { input: Some(&[1.0, 0.0, 0.0]), parameters: None };
    /// let mut derivative = [0.0; 3];
    /// let (dz, none) = ([0.0; 3], LinearGradients::NONE);
    /// linear.backward_twice(inputs, &dz, along, none, Some(&mut derivative))?;
    /// assert_eq!(derivative, [5.0, 0.0, 0.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn backward_twice<T: Number>(
        &self,
        inputs: LinearInputs<'_, T>,
        output_gradient: &[T],
        cotangents: LinearCotangents<'_, T>,
        gradients: LinearGradients<'_, T>,
        by_output_gradient: Option<&mut [T]>,
    ) -> Result<(), KernelError> {
        let rows = self.check(&inputs, ("the gradient of the output", output_gradient.len()))?;
        cotangents.check(&inputs)?;
        gradients.check(&inputs)?;
        let given = by_output_gradient.as_deref().map_or(output_gradient.len(), <[T]>::len);
        let what = "the derivative by the gradient of the output";
        check_length(what, output_gradient.len(), given)?;
        let (weights, _) = inputs.parameters.split_at(self.num_weights);
        let along = cotangents.parameters.map(|along| along.split_at(self.num_weights));
        if let (Some(by_input), Some((along, _))) = (gradients.input, along) {
            self.sum(Direction::Backward, [output_gradient, along], by_input, rows);
        }
        if let (Some(by_parameters), Some(along)) = (gradients.parameters, cotangents.input) {
            let dw = &mut by_parameters[..self.num_weights];
            self.add_weight_gradient(along, output_gradient, dw, rows);
        }
        let Some(by_output_gradient) = by_output_gradient else { return Ok(()) };
        let add = Direction::Forward { adds: true };
        if let Some(along) = cotangents.input {
            self.sum(add, [along, weights], by_output_gradient, rows);
        }
        if let Some((along, biases)) = along {
            self.sum(add, [inputs.input, along], by_output_gradient, rows);
            self.add_biases(biases, by_output_gradient);
        }
        Ok(())
    }

    /// Sums of products of rows with weights, or with their transpose.
    fn sum<T: Number>(
        &self,
        direction: Direction,
        [input, weights]: [&[T]; 2],
        output: &mut [T],
        rows: usize,
    ) {
        let (size_in, size_out) = (self.input.dim(), self.output.dim());
        let (mixes, dims, adds) = match direction {
            Direction::Forward { adds } => (&self.forward, [size_in, size_out], adds),
            Direction::Backward => (&self.backward, [size_out, size_in], true),
        };
        let wide = self.path == Path::Avx512;
        let panels: Vec<_> = mixes.iter().map(|mix| mix.panels(weights)).collect();
        let panels = &panels[..];
        let parts = (
            Rows { numbers: input, size: dims[0] },
            (RowsMut { numbers: output, size: dims[1] }, 0..rows),
        );
        self.threads.each(self.work(rows), parts, &|(input, (output, rows))| {
            let (input, output, rows) = (input.numbers, output.numbers, rows.len());
            let task = Sums { mixes, panels, input, output, dims, rows, adds, wide };
            T::start::<SumsKernel>(self.path, task);
        });
    }

    /// The multiply-adds of a row, and what moves it.
    fn work(&self, rows: usize) -> Work {
        let of_pair = |pair: &BlockPair| pair.channels[0] * pair.channels[1] * pair.size;
        let products: usize = self.pairs.iter().map(of_pair).sum();
        Work { rows, each: products / 8 + (self.input.dim() + self.output.dim()) / 4 }
    }

    fn add_weight_gradient<T: Number>(
        &self,
        input: &[T],
        output_gradient: &[T],
        gradient: &mut [T],
        rows: usize,
    ) {
        let (pairs, dims) = (&self.pairs[..], [self.input.dim(), self.output.dim()]);
        let wide = self.path == Path::Avx512;
        let parts = (
            Rows { numbers: input, size: dims[0] },
            (Rows { numbers: output_gradient, size: dims[1] }, 0..rows),
        );
        self.threads.sum(self.work(rows), parts, gradient, &|(input, (dz, rows)), gradient| {
            let (input, output_gradient, rows) = (input.numbers, dz.numbers, rows.len());
            let task = WeightGradient { pairs, input, output_gradient, gradient, dims, rows, wide };
            T::start::<WeightGradientKernel>(self.path, task);
        });
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

    /// Checks the inputs, and an output or its gradient; the number of rows.
    fn check<T>(
        &self,
        inputs: &LinearInputs<'_, T>,
        (what, output): (&'static str, usize),
    ) -> Result<usize, KernelError> {
        let parameters = self.num_weights + self.num_biases();
        check_length("the parameters", parameters, inputs.parameters.len())?;
        let (size_in, size_out) = (self.input.dim(), self.output.dim());
        let rows = check_rows("the input", size_in, inputs.input.len())?;
        // Rows of nothing may be any number: the output says how many, if it can.
        let rows = if size_in > 0 { rows } else { check_rows(what, size_out, output)? };
        check_length(what, rows.saturating_mul(size_out), output)?;
        Ok(rows)
    }
}

/// Which way a map is taken.
#[derive(Clone, Copy)]
enum Direction {
    /// Written over the output, or added to it.
    Forward { adds: bool },
    /// By the transposed weights, added to the gradient of the input.
    Backward,
}

/// The sums of every output block over the input blocks of its irrep.
fn forward_mixes(output: &Irreps, pairs: &[BlockPair]) -> Vec<Mix> {
    mixes(output, pairs, 1, |pair| Source {
        start: pair.starts[0],
        channels: pair.channels[0],
        weights: pair.weights,
        strides: [pair.channels[1], 1],
        scale: pair.scale,
    })
}

/// The sums of every input block over the output blocks of its irrep.
fn backward_mixes(input: &Irreps, pairs: &[BlockPair]) -> Vec<Mix> {
    mixes(input, pairs, 0, |pair| Source {
        start: pair.starts[1],
        channels: pair.channels[1],
        weights: pair.weights,
        strides: [1, pair.channels[1]],
        scale: pair.scale,
    })
}

fn mixes(
    targets: &Irreps,
    pairs: &[BlockPair],
    side: usize,
    source: impl Fn(&BlockPair) -> Source,
) -> Vec<Mix> {
    let mix = |(target, slice): (&MulIrrep, std::ops::Range<usize>)| {
        let is_here = |pair: &&BlockPair| {
            let [a, b] = pair.channels;
            pair.starts[side] == slice.start && pair.size == target.irrep.dim() && a * b > 0
        };
        let sources: Vec<Source> = pairs.iter().filter(is_here).map(&source).collect();
        let (start, channels, size) = (slice.start, target.mul, target.irrep.dim());
        (channels > 0 && !sources.is_empty()).then_some(Mix { start, channels, size, sources })
    };
    targets.iter().zip(targets.slices()).filter_map(mix).collect()
}
