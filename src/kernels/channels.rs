//! Operations on whole channels: the norm of each, and its product with a number. They commute with
//! rotations whatever is done to the norms in between.

use std::ops::Range;

use super::KernelError;
use super::arithmetic::{add_scaled, dot, rounded};
use crate::error::{LengthError, check_length, check_rows};
use crate::parallel::{Rows, RowsMut, Threads, Work};
use crate::{Irrep, Irreps, Real};

/// Keeps the derivative of a norm finite at zero: the norm is √(|x|² + ε), with ε = 10⁻¹².
const EPSILON: f64 = 1e-12;

/// The channels of a feature vector, one for every copy of every irrep.
///
/// # Example
/// ```
/// use tesseral::kernels::{Channels, ScaleInputs};
///
/// let channels = Channels::new("0e + 1o".parse()?);
/// let input = &[-2.0, 3.0, 0.0, 4.0];
/// let mut invariants = [0.0_f64; 2];
/// channels.invariants(input, &mut invariants)?;
/// assert_eq!(invariants[0], -2.0);
/// assert!((invariants[1] - 5.0).abs() < 1e-12);
/// let mut scaled = [0.0; 4];
/// channels.scale(ScaleInputs { input, factors: &[1.0, 2.0] }, &mut scaled)?;
/// assert_eq!(scaled, [-2.0, 6.0, 0.0, 8.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Channels {
    irreps: Irreps,
    channels: Vec<Channel>,
    invariant: Invariant,
    threads: Threads,
}

/// What [`Channels::invariants`] gives.
#[derive(Clone, Copy, Debug)]
enum Invariant {
    /// The value of `0e`, the smoothed norm of everything else.
    ValueOrNorm,
    /// The norm, or a least value where that is larger.
    NormAbove(f64),
}

#[derive(Clone, Copy, Debug)]
struct Channel {
    start: usize,
    size: usize,
    is_scalar: bool,
}

/// The inputs of [`Channels::scale`] and its derivatives.
#[derive(Clone, Copy, Debug)]
pub struct ScaleInputs<'a, T> {
    /// The features, `[row][irreps.dim()]`.
    pub input: &'a [T],
    /// The factors, `[row][channel]`, or one row of them for all rows.
    pub factors: &'a [T],
}

/// The gradients that the derivatives of [`Channels::scale`] are added to, each as long as its input;
/// `None` where one is not needed.
#[derive(Debug)]
pub struct ScaleGradients<'a, T> {
    /// With respect to the features.
    pub input: Option<&'a mut [T]>,
    /// With respect to the factors.
    pub factors: Option<&'a mut [T]>,
}

/// What the gradients that [`Channels::scale_backward`] gives are multiplied with and summed in its
/// derivative, each as long as its input; `None` stands for zeros.
#[derive(Clone, Copy, Debug)]
pub struct ScaleCotangents<'a, T> {
    /// For the gradient of the features.
    pub input: Option<&'a [T]>,
    /// For the gradient of the factors.
    pub factors: Option<&'a [T]>,
}

impl Channels {
    /// The channels of features of given irreps.
    ///
    /// # Panics
    /// If there is no memory for a few words per channel.
    pub fn new(irreps: Irreps) -> Self {
        let mut channels = Vec::with_capacity(irreps.num_irreps());
        let mut start = 0;
        for block in &irreps {
            let (size, is_scalar) = (block.irrep.dim(), block.irrep == Irrep::SCALAR);
            for _ in 0..block.mul {
                channels.push(Channel { start, size, is_scalar });
                start += size;
            }
        }
        Channels { irreps, channels, invariant: Invariant::ValueOrNorm, threads: Threads::Caller }
    }

    /// The same with other invariants: max(|x|, `least`) for every channel, scalars too, with the
    /// derivative zero where the norm is not above `least`. e3nn's `NormActivation` has `least` =
    /// 10⁻⁸.
    ///
    /// # Panics
    /// If `least` is negative or NaN, or there is no memory for a few words per channel.
    ///
    /// ```
    /// use tesseral::kernels::Channels;
    ///
    /// let channels = Channels::with_norms_above("0e + 1o".parse()?, 0.5);
    /// let mut norms = [0.0; 2];
    /// channels.invariants(&[-2.0, 0.1, 0.0, 0.1], &mut norms)?;
    /// assert_eq!(norms, [2.0, 0.5]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn with_norms_above(irreps: Irreps, least: f64) -> Self {
        assert!(least >= 0.0, "the least norm is {least}, expected a number of at least zero");
        Channels { invariant: Invariant::NormAbove(least), ..Self::new(irreps) }
    }

    /// Splits large calls among threads; see [`kernels`](crate::kernels#threads).
    #[cfg(feature = "rayon")]
    pub fn in_parallel(self) -> Self {
        Channels { threads: Threads::Pool, ..self }
    }

    /// The irreps.
    pub fn irreps(&self) -> &Irreps {
        &self.irreps
    }

    /// The number of channels.
    pub fn len(&self) -> usize {
        self.channels.len()
    }

    /// Whether there is no channel.
    pub fn is_empty(&self) -> bool {
        self.channels.is_empty()
    }

    /// The invariant of every channel, `[row][channel]`: the value itself for the irrep `0e`,
    /// √(|x|² + 10⁻¹²) for every other; see [`Channels::with_norms_above`] for others.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    pub fn invariants<T: Real + Send + Sync>(
        &self,
        input: &[T],
        output: &mut [T],
    ) -> Result<(), KernelError> {
        self.check(input.len(), ("the output", output.len()))?;
        let parts = (self.rows(input), RowsMut { numbers: output, size: self.len() });
        self.threads.each(self.work(input), parts, &|(x, z)| {
            for (x, z) in x.iter().zip(z.iter()) {
                for (channel, z) in self.channels.iter().zip(z) {
                    *z = channel.invariant(x, self.invariant).value();
                }
            }
        });
        Ok(())
    }

    /// Adds the vector-Jacobian product of [`Channels::invariants`] to `input_gradient`.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    ///
    /// ```
    /// use tesseral::kernels::Channels;
    ///
    /// // The direction of a vector.
    /// let channels = Channels::with_norms_above("1o".parse()?, 0.0);
    /// let mut gradient = [0.0; 3];
    /// channels.invariants_backward(&[0.0, 3.0, 4.0], &[10.0], &mut gradient)?;
    /// assert_eq!(gradient, [0.0, 6.0, 8.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn invariants_backward<T: Real + Send + Sync>(
        &self,
        input: &[T],
        output_gradient: &[T],
        input_gradient: &mut [T],
    ) -> Result<(), KernelError> {
        self.check(input.len(), ("the gradient of the output", output_gradient.len()))?;
        check_length("the gradient of the input", input.len(), input_gradient.len())?;
        let given = (self.rows(input), Rows { numbers: output_gradient, size: self.len() });
        let parts = (given, self.rows_mut(input_gradient));
        self.threads.each(self.work(input), parts, &|((x, dz), dx)| {
            let each = x.iter().zip(dz.iter()).zip(dx.iter());
            each.for_each(|((x, dz), dx)| self.row_of_invariants_backward(x, dz, dx));
        });
        Ok(())
    }

    fn row_of_invariants_backward<T: Real>(&self, x: &[T], dz: &[T], dx: &mut [T]) {
        for (channel, &dz) in self.channels.iter().zip(dz) {
            match channel.invariant(x, self.invariant) {
                Norm::Value(_) => dx[channel.start] = dx[channel.start] + dz,
                Norm::Least(_) => {}
                Norm::Of(length) => {
                    for index in channel.range() {
                        dx[index] = dx[index] + dz * length.unit(x[index]);
                    }
                }
            }
        }
    }

    /// The derivative of [`Channels::invariants_backward`]: of Σ `cotangent` · `input_gradient`, adds
    /// the gradients with respect to the input and to the gradient of the output, which is also the
    /// derivative of the invariants along `cotangent`.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    pub fn invariants_backward_twice<T: Real + Send + Sync>(
        &self,
        input: &[T],
        output_gradient: &[T],
        cotangent: &[T],
        by_input: Option<&mut [T]>,
        by_output_gradient: Option<&mut [T]>,
    ) -> Result<(), KernelError> {
        self.check(input.len(), ("the gradient of the output", output_gradient.len()))?;
        check_length("the cotangent of the input", input.len(), cotangent.len())?;
        check_given("the derivative by the input", input, by_input.as_deref())?;
        let what = "the derivative by the gradient of the output";
        check_given(what, output_gradient, by_output_gradient.as_deref())?;
        let given = [input, cotangent].map(|array| self.rows(array));
        let dz = Rows { numbers: output_gradient, size: self.len() };
        let by_x = by_input.map(|by| self.rows_mut(by));
        let by_dz = by_output_gradient.map(|numbers| RowsMut { numbers, size: self.len() });
        let parts = ((given, dz), (by_x, by_dz));
        self.threads.each(self.work(input), parts, &|(([x, w], dz), (by_x, by_dz))| {
            let [mut by_x, mut by_dz] = [by_x.map(RowsMut::iter), by_dz.map(RowsMut::iter)];
            for ((x, w), dz) in x.iter().zip(w.iter()).zip(dz.iter()) {
                let targets =
                    [&mut by_x, &mut by_dz].map(|by| by.as_mut().and_then(Iterator::next));
                self.row_of_invariants_backward_twice([x, w], dz, targets);
            }
        });
        Ok(())
    }

    fn row_of_invariants_backward_twice<T: Real>(
        &self,
        [x, w]: [&[T]; 2],
        dz: &[T],
        [mut by_x, mut by_dz]: [Option<&mut [T]>; 2],
    ) {
        for (index, (channel, &dz)) in self.channels.iter().zip(dz).enumerate() {
            let norm = channel.invariant(x, self.invariant);
            let (x, w) = (channel.of(x), channel.of(w));
            let along = match &norm {
                Norm::Value(_) => w[0],
                Norm::Least(_) => continue,
                Norm::Of(length) => {
                    let products = x.iter().zip(w).map(|(&x, &w)| length.unit(x) * w);
                    products.fold(T::constant(0.0, 0.0), |sum, product| sum + product)
                }
            };
            if let Some(by) = by_dz.as_deref_mut() {
                by[index] = by[index] + along;
            }
            if let (Some(by), Norm::Of(length)) = (by_x.as_deref_mut(), &norm) {
                // (w - (u · w) u) / |x|, with u = x/|x|.
                for ((by, &x), &w) in by[channel.range()].iter_mut().zip(x).zip(w) {
                    *by = *by + length.per_length(w - along * length.unit(x)) * dz;
                }
            }
        }
    }

    /// Every channel times its factor.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    pub fn scale<T: Real + Send + Sync>(
        &self,
        inputs: ScaleInputs<'_, T>,
        output: &mut [T],
    ) -> Result<(), KernelError> {
        let ScaleInputs { input, factors } = inputs;
        self.check_factors(&inputs)?;
        check_length("the output", input.len(), output.len())?;
        let work = self.work(input);
        self.threads.each(work, (0..work.rows, self.rows_mut(output)), &|(rows, z)| {
            for (row, z) in rows.zip(z.iter()) {
                let (x, factors) = (self.row(input, row), self.factors(factors, row));
                for (channel, &factor) in self.channels.iter().zip(factors) {
                    for index in channel.range() {
                        z[index] = factor * x[index];
                    }
                }
            }
        });
        Ok(())
    }

    /// Adds the vector-Jacobian product of [`Channels::scale`] to the gradients that are given.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    ///
    /// ```
    /// use tesseral::kernels::{Channels, ScaleGradients, ScaleInputs};
    ///
    /// let channels = Channels::new("0e + 1o".parse()?);
    /// let inputs = ScaleInputs { input: &[-2.0, 3.0, 0.0, 4.0], factors: &[1.0, 2.0] };
    /// let (mut dx, mut df) = ([0.0; 4], [0.0; 2]);
    /// let gradients = ScaleGradients { input: Some(&mut dx), factors: Some(&mut df) };
    /// channels.scale_backward(inputs, &[1.0; 4], gradients)?;
    /// assert_eq!((dx, df), ([1.0, 2.0, 2.0, 2.0], [-2.0, 7.0]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn scale_backward<T: Real + Send + Sync>(
        &self,
        inputs: ScaleInputs<'_, T>,
        output_gradient: &[T],
        gradients: ScaleGradients<'_, T>,
    ) -> Result<(), KernelError> {
        let ScaleInputs { input, factors } = inputs;
        self.check_factors(&inputs)?;
        check_length("the gradient of the output", input.len(), output_gradient.len())?;
        check_given("the gradient of the input", input, gradients.input.as_deref())?;
        check_given("the gradient of the factors", factors, gradients.factors.as_deref())?;
        self.for_each_row(&inputs, gradients, None, |row, by_x, by_factors, _| {
            let (x, dz) = (self.row(input, row), self.row(output_gradient, row));
            let factors = self.factors(factors, row);
            let (mut by_x, mut by_factors) = (by_x, by_factors);
            for (index, channel) in self.channels.iter().enumerate() {
                if let Some(by_x) = by_x.as_deref_mut() {
                    add_scaled(factors[index], channel.of(dz), &mut by_x[channel.range()]);
                }
                if let Some(by) = by_factors.as_deref_mut() {
                    by[index] = by[index] + dot(channel.of(x), channel.of(dz));
                }
            }
        });
        Ok(())
    }

    /// Calls a function for every row, with the row of each gradient that is given: of the input, of the
    /// factors, and by the gradient of the output. Factors that all rows share have one sum.
    fn for_each_row<T: Real + Send + Sync>(
        &self,
        inputs: &ScaleInputs<'_, T>,
        gradients: ScaleGradients<'_, T>,
        by_output_gradient: Option<&mut [T]>,
        run: impl Fn(usize, Option<&mut [T]>, Option<&mut [T]>, Option<&mut [T]>) + Sync,
    ) {
        let work = self.work(inputs.input);
        let is_shared = self.shares_factors(inputs.factors);
        let (own, shared) = match gradients.factors {
            Some(factors) if is_shared => (None, factors),
            given => (given, &mut [][..]),
        };
        let own = own.map(|numbers| RowsMut { numbers, size: self.len() });
        let of_inputs = [gradients.input, by_output_gradient];
        let of_inputs = of_inputs.map(|array| array.map(|array| self.rows_mut(array)));
        let parts = (0..work.rows, (of_inputs, own));
        self.threads.sum(work, parts, shared, &|(rows, (of_inputs, own)), shared| {
            let [mut by_x, mut by_dz] = of_inputs.map(|array| array.map(RowsMut::iter));
            let mut own = own.map(RowsMut::iter);
            for row in rows {
                let [x, dz] =
                    [&mut by_x, &mut by_dz].map(|by| by.as_mut().and_then(Iterator::next));
                let factors = match shared.is_empty() {
                    true => own.as_mut().and_then(Iterator::next),
                    false => Some(&mut *shared),
                };
                run(row, x, factors, dz);
            }
        });
    }

    /// The derivative of [`Channels::scale_backward`]: of S = Σ `cotangents` · (the gradients that
    /// it gives), adds to each gradient that is given the derivative of S with respect to that
    /// input, and to `by_output_gradient` that with respect to the gradient of the output.
    ///
    /// The product is bilinear: with the cotangents ẋ and ḟ, the last is ẋ f + x ḟ, and the others
    /// are the gradients of Σ `output_gradient` · ẋ ḟ.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    pub fn scale_backward_twice<T: Real + Send + Sync>(
        &self,
        inputs: ScaleInputs<'_, T>,
        output_gradient: &[T],
        cotangents: ScaleCotangents<'_, T>,
        gradients: ScaleGradients<'_, T>,
        by_output_gradient: Option<&mut [T]>,
    ) -> Result<(), KernelError> {
        let ScaleInputs { input, factors } = inputs;
        self.check_factors(&inputs)?;
        check_length("the gradient of the output", input.len(), output_gradient.len())?;
        check_given("the cotangent of the input", input, cotangents.input)?;
        check_given("the cotangent of the factors", factors, cotangents.factors)?;
        check_given("the gradient of the input", input, gradients.input.as_deref())?;
        check_given("the gradient of the factors", factors, gradients.factors.as_deref())?;
        let what = "the derivative by the gradient of the output";
        check_given(what, output_gradient, by_output_gradient.as_deref())?;
        self.for_each_row(
            &inputs,
            gradients,
            by_output_gradient,
            |row, by_x, by_factors, by_dz| {
                let (x, dz) = (self.row(input, row), self.row(output_gradient, row));
                let factors = self.factors(factors, row);
                let along = ScaleCotangents {
                    input: cotangents.input.map(|along| self.row(along, row)),
                    factors: cotangents.factors.map(|along| self.factors(along, row)),
                };
                let (mut by_x, mut by_factors, mut by_dz) = (by_x, by_factors, by_dz);
                for (index, channel) in self.channels.iter().enumerate() {
                    let (x, dz) = (channel.of(x), channel.of(dz));
                    if let Some(along) = along.input.map(|along| channel.of(along)) {
                        if let Some(by) = by_factors.as_deref_mut() {
                            by[index] = by[index] + dot(along, dz);
                        }
                        if let Some(by) = by_dz.as_deref_mut() {
                            add_scaled(factors[index], along, &mut by[channel.range()]);
                        }
                    }
                    if let Some(along) = along.factors.map(|along| along[index]) {
                        if let Some(by) = by_x.as_deref_mut() {
                            add_scaled(along, dz, &mut by[channel.range()]);
                        }
                        if let Some(by) = by_dz.as_deref_mut() {
                            add_scaled(along, x, &mut by[channel.range()]);
                        }
                    }
                }
            },
        );
        Ok(())
    }

    /// Every row plus one number for each copy of the irrep `0e`, in order.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    ///
    /// ```
    /// use tesseral::kernels::Channels;
    ///
    /// let channels = Channels::new("2x0e + 1o".parse()?);
    /// let mut z = [0.0; 5];
    /// channels.add_to_scalars(&[1.0, 2.0, 3.0, 4.0, 5.0], &[10.0, 20.0], &mut z)?;
    /// assert_eq!(z, [11.0, 22.0, 3.0, 4.0, 5.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn add_to_scalars<T: Real + Send + Sync>(
        &self,
        input: &[T],
        biases: &[T],
        output: &mut [T],
    ) -> Result<(), KernelError> {
        check_rows("the input", self.irreps.dim(), input.len())?;
        check_length("the biases", self.irreps.num_scalars(), biases.len())?;
        check_length("the output", input.len(), output.len())?;
        let parts = (self.rows(input), self.rows_mut(output));
        self.threads.each(self.work(input), parts, &|(x, z)| {
            for (x, z) in x.iter().zip(z.iter()) {
                z.copy_from_slice(x);
                for (channel, &bias) in self.scalars().zip(biases) {
                    z[channel.start] = z[channel.start] + bias;
                }
            }
        });
        Ok(())
    }

    /// Adds the sum over rows of the values of each copy of `0e`: the gradient of the biases of
    /// [`Channels::add_to_scalars`], given that of the output.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    pub fn sum_scalars<T: Real + Send + Sync>(
        &self,
        input: &[T],
        sums: &mut [T],
    ) -> Result<(), KernelError> {
        check_rows("the input", self.irreps.dim(), input.len())?;
        check_length("the sums", self.irreps.num_scalars(), sums.len())?;
        self.threads.sum(self.work(input), self.rows(input), sums, &|x, sums| {
            for x in x.iter() {
                for (channel, sum) in self.scalars().zip(sums.iter_mut()) {
                    *sum = *sum + x[channel.start];
                }
            }
        });
        Ok(())
    }

    fn scalars(&self) -> impl Iterator<Item = &Channel> {
        self.channels.iter().filter(|channel| channel.is_scalar)
    }

    fn check_factors<T>(&self, inputs: &ScaleInputs<'_, T>) -> Result<(), LengthError> {
        let (input, factors) = (inputs.input.len(), inputs.factors.len());
        // One row of factors serves any number of rows.
        let is_shared =
            self.shares_factors(inputs.factors) && input.is_multiple_of(self.irreps.dim().max(1));
        if is_shared && !self.is_empty() {
            return Ok(());
        }
        self.check(input, ("the factors", factors))
    }

    fn rows<'a, T>(&self, numbers: &'a [T]) -> Rows<'a, T> {
        Rows { numbers, size: self.irreps.dim() }
    }

    fn rows_mut<'a, T>(&self, numbers: &'a mut [T]) -> RowsMut<'a, T> {
        RowsMut { numbers, size: self.irreps.dim() }
    }

    fn row<'a, T>(&self, x: &'a [T], row: usize) -> &'a [T] {
        &x[row * self.irreps.dim()..][..self.irreps.dim()]
    }

    /// The factors of a row.
    fn factors<'a, T>(&self, factors: &'a [T], row: usize) -> &'a [T] {
        let start = if self.shares_factors(factors) { 0 } else { row * self.len() };
        &factors[start..][..self.len()]
    }

    /// Whether all rows have the same factors.
    fn shares_factors<T>(&self, factors: &[T]) -> bool {
        factors.len() == self.len()
    }

    /// The rows of an input and what one takes.
    fn work<T>(&self, input: &[T]) -> Work {
        Work::of_functions(input.len(), self.irreps.dim(), self.len() / 4)
    }

    /// Checks features, and what has a number for each channel.
    fn check(&self, input: usize, (what, found): (&'static str, usize)) -> Result<(), LengthError> {
        let rows = check_rows("the input", self.irreps.dim(), input)?;
        check_length(what, rows * self.len(), found)
    }
}

/// Checks the length of what belongs to an input, if it is given.
fn check_given<T>(what: &'static str, input: &[T], given: Option<&[T]>) -> Result<(), LengthError> {
    check_length(what, input.len(), given.map_or(input.len(), <[T]>::len))
}

impl Channel {
    fn range(&self) -> Range<usize> {
        self.start..self.start + self.size
    }

    fn of<'a, T>(&self, row: &'a [T]) -> &'a [T] {
        &row[self.range()]
    }

    fn invariant<T: Real>(&self, row: &[T], kind: Invariant) -> Norm<T> {
        match kind {
            Invariant::ValueOrNorm if self.is_scalar => Norm::Value(row[self.start]),
            Invariant::ValueOrNorm => Norm::Of(Length::new(self.of(row), EPSILON)),
            Invariant::NormAbove(least) => {
                let length = Length::new(self.of(row), 0.0);
                // NaN is not at or below anything.
                let is_low = length.value() <= rounded(least);
                if is_low { Norm::Least(rounded(least)) } else { Norm::Of(length) }
            }
        }
    }
}

/// An invariant, which says what its derivative is.
enum Norm<T> {
    /// The value itself.
    Value(T),
    /// A norm that is not above the least one: the derivative is taken as zero.
    Least(T),
    /// A norm, with the derivative x/|x|.
    Of(Length<T>),
}

impl<T: Real> Norm<T> {
    fn value(&self) -> T {
        match self {
            Norm::Value(value) | Norm::Least(value) => *value,
            Norm::Of(length) => length.value(),
        }
    }
}

/// √(|x|² + ε), kept as a quotient, since in f32 the square of a component above 10¹⁹ is infinite,
/// and that of one below 10⁻²² is zero.
struct Length<T> {
    scaled: T,
    factor: T,
}

impl<T: Real> Length<T> {
    fn new(x: &[T], epsilon: f64) -> Length<T> {
        let larger = |a: T, b: &T| if b.abs() > a { b.abs() } else { a };
        let factor = x.iter().fold(rounded(epsilon.sqrt()), larger).range_factor();
        let square = |x: T| (x * factor) * (x * factor);
        let least = rounded::<T>(epsilon) * factor * factor;
        let sum = x.iter().fold(least, |sum, &x| sum + square(x));
        Length { scaled: sum.sqrt(), factor }
    }

    fn value(&self) -> T {
        self.scaled / self.factor
    }

    /// The component of the direction.
    fn unit(&self, x: T) -> T {
        x * self.factor / self.scaled
    }

    /// Divided by the length.
    fn per_length(&self, x: T) -> T {
        x / self.scaled * self.factor
    }
}
