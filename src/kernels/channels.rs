//! Operations on whole channels: the norm of each, and its product with a number. They commute with
//! rotations whatever is done to the norms in between.

use std::ops::Range;

use super::KernelError;
use super::arithmetic::{add_scaled, dot, rounded};
use crate::error::{LengthError, check_length, check_rows};
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
        Channels { irreps, channels, invariant: Invariant::ValueOrNorm }
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
    pub fn invariants<T: Real>(&self, input: &[T], output: &mut [T]) -> Result<(), KernelError> {
        self.check(input.len(), ("the output", output.len()))?;
        for (x, z) in self.rows(input).zip(output.chunks_exact_mut(self.len().max(1))) {
            for (channel, z) in self.channels.iter().zip(z) {
                *z = channel.invariant(x, self.invariant).value();
            }
        }
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
    pub fn invariants_backward<T: Real>(
        &self,
        input: &[T],
        output_gradient: &[T],
        input_gradient: &mut [T],
    ) -> Result<(), KernelError> {
        self.check(input.len(), ("the gradient of the output", output_gradient.len()))?;
        check_length("the gradient of the input", input.len(), input_gradient.len())?;
        let gradients = input_gradient.chunks_exact_mut(self.irreps.dim().max(1));
        let output_gradients = output_gradient.chunks_exact(self.len().max(1));
        for ((x, dx), dz) in self.rows(input).zip(gradients).zip(output_gradients) {
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
        Ok(())
    }

    /// The derivative of [`Channels::invariants_backward`]: of Σ `cotangent` · `input_gradient`, adds
    /// the gradients with respect to the input and to the gradient of the output, which is also the
    /// derivative of the invariants along `cotangent`.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    pub fn invariants_backward_twice<T: Real>(
        &self,
        input: &[T],
        output_gradient: &[T],
        cotangent: &[T],
        mut by_input: Option<&mut [T]>,
        mut by_output_gradient: Option<&mut [T]>,
    ) -> Result<(), KernelError> {
        self.check(input.len(), ("the gradient of the output", output_gradient.len()))?;
        check_length("the cotangent of the input", input.len(), cotangent.len())?;
        check_given("the derivative by the input", input, by_input.as_deref())?;
        let what = "the derivative by the gradient of the output";
        check_given(what, output_gradient, by_output_gradient.as_deref())?;
        let each = self.rows(input).zip(self.rows(cotangent));
        for (row, ((x, w), dz)) in
            each.zip(output_gradient.chunks_exact(self.len().max(1))).enumerate()
        {
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
                if let Some(by) = by_output_gradient.as_deref_mut() {
                    let place = row * self.len() + index;
                    by[place] = by[place] + along;
                }
                if let (Some(by), Norm::Of(length)) = (by_input.as_deref_mut(), &norm) {
                    // (w - (u · w) u) / |x|, with u = x/|x|.
                    let by = &mut by[row * self.irreps.dim()..][channel.range()];
                    for ((by, &x), &w) in by.iter_mut().zip(x).zip(w) {
                        *by = *by + length.per_length(w - along * length.unit(x)) * dz;
                    }
                }
            }
        }
        Ok(())
    }

    /// Every channel times its factor.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    pub fn scale<T: Real>(
        &self,
        inputs: ScaleInputs<'_, T>,
        output: &mut [T],
    ) -> Result<(), KernelError> {
        let ScaleInputs { input, factors } = inputs;
        self.check_factors(&inputs)?;
        check_length("the output", input.len(), output.len())?;
        let size = self.irreps.dim().max(1);
        for (row, (x, z)) in self.rows(input).zip(output.chunks_exact_mut(size)).enumerate() {
            let factors = &factors[self.factor_row(factors.len(), row)..][..self.len()];
            for (channel, &factor) in self.channels.iter().zip(factors) {
                for index in channel.range() {
                    z[index] = factor * x[index];
                }
            }
        }
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
    pub fn scale_backward<T: Real>(
        &self,
        inputs: ScaleInputs<'_, T>,
        output_gradient: &[T],
        gradients: ScaleGradients<'_, T>,
    ) -> Result<(), KernelError> {
        let ScaleInputs { input, factors } = inputs;
        let ScaleGradients { input: mut by_input, factors: mut by_factors } = gradients;
        self.check_factors(&inputs)?;
        check_length("the gradient of the output", input.len(), output_gradient.len())?;
        check_given("the gradient of the input", input, by_input.as_deref())?;
        check_given("the gradient of the factors", factors, by_factors.as_deref())?;
        self.for_each_channel(&inputs, |places, factor| {
            for place in places {
                let dz = output_gradient[place];
                if let Some(dx) = by_input.as_deref_mut() {
                    dx[place] = dx[place] + factors[factor] * dz;
                }
                if let Some(df) = by_factors.as_deref_mut() {
                    df[factor] = df[factor] + input[place] * dz;
                }
            }
        });
        Ok(())
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
    pub fn scale_backward_twice<T: Real>(
        &self,
        inputs: ScaleInputs<'_, T>,
        output_gradient: &[T],
        cotangents: ScaleCotangents<'_, T>,
        gradients: ScaleGradients<'_, T>,
        mut by_output_gradient: Option<&mut [T]>,
    ) -> Result<(), KernelError> {
        let ScaleInputs { input, factors } = inputs;
        let ScaleGradients { input: mut by_input, factors: mut by_factors } = gradients;
        self.check_factors(&inputs)?;
        check_length("the gradient of the output", input.len(), output_gradient.len())?;
        check_given("the cotangent of the input", input, cotangents.input)?;
        check_given("the cotangent of the factors", factors, cotangents.factors)?;
        check_given("the gradient of the input", input, by_input.as_deref())?;
        check_given("the gradient of the factors", factors, by_factors.as_deref())?;
        let what = "the derivative by the gradient of the output";
        check_given(what, output_gradient, by_output_gradient.as_deref())?;
        self.for_each_channel(&inputs, |places, factor| {
            let (x, dz) = (&input[places.clone()], &output_gradient[places.clone()]);
            if let Some(along) = cotangents.input.map(|along| &along[places.clone()]) {
                if let Some(by) = by_factors.as_deref_mut() {
                    by[factor] = by[factor] + dot(along, dz);
                }
                if let Some(by) = by_output_gradient.as_deref_mut() {
                    add_scaled(factors[factor], along, &mut by[places.clone()]);
                }
            }
            if let Some(along) = cotangents.factors.map(|along| along[factor]) {
                if let Some(by) = by_input.as_deref_mut() {
                    add_scaled(along, dz, &mut by[places.clone()]);
                }
                if let Some(by) = by_output_gradient.as_deref_mut() {
                    add_scaled(along, x, &mut by[places]);
                }
            }
        });
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
    pub fn add_to_scalars<T: Real>(
        &self,
        input: &[T],
        biases: &[T],
        output: &mut [T],
    ) -> Result<(), KernelError> {
        check_rows("the input", self.irreps.dim(), input.len())?;
        check_length("the biases", self.irreps.num_scalars(), biases.len())?;
        check_length("the output", input.len(), output.len())?;
        output.copy_from_slice(input);
        for z in output.chunks_exact_mut(self.irreps.dim().max(1)) {
            for (channel, &bias) in self.scalars().zip(biases) {
                z[channel.start] = z[channel.start] + bias;
            }
        }
        Ok(())
    }

    /// Adds the sum over rows of the values of each copy of `0e`: the gradient of the biases of
    /// [`Channels::add_to_scalars`], given that of the output.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    pub fn sum_scalars<T: Real>(&self, input: &[T], sums: &mut [T]) -> Result<(), KernelError> {
        check_rows("the input", self.irreps.dim(), input.len())?;
        check_length("the sums", self.irreps.num_scalars(), sums.len())?;
        for x in self.rows(input) {
            for (channel, sum) in self.scalars().zip(sums.iter_mut()) {
                *sum = *sum + x[channel.start];
            }
        }
        Ok(())
    }

    /// Calls a function with the places of the components of every channel of every row, and that
    /// of its factor.
    fn for_each_channel<T>(
        &self,
        inputs: &ScaleInputs<'_, T>,
        mut f: impl FnMut(Range<usize>, usize),
    ) {
        let size = self.irreps.dim();
        for row in 0..inputs.input.len().checked_div(size).unwrap_or(0) {
            let factor_row = self.factor_row(inputs.factors.len(), row);
            for (index, channel) in self.channels.iter().enumerate() {
                let start = row * size + channel.start;
                f(start..start + channel.size, factor_row + index);
            }
        }
    }

    fn scalars(&self) -> impl Iterator<Item = &Channel> {
        self.channels.iter().filter(|channel| channel.is_scalar)
    }

    /// Where the factors of a row begin, if there are so many.
    fn factor_row(&self, factors: usize, row: usize) -> usize {
        if factors == self.len() { 0 } else { row * self.len() }
    }

    fn check_factors<T>(&self, inputs: &ScaleInputs<'_, T>) -> Result<(), LengthError> {
        let (input, factors) = (inputs.input.len(), inputs.factors.len());
        // One row of factors serves any number of rows.
        let is_shared = factors == self.len() && input.is_multiple_of(self.irreps.dim().max(1));
        if is_shared && !self.is_empty() {
            return Ok(());
        }
        self.check(input, ("the factors", factors))
    }

    fn rows<'a, T>(&self, x: &'a [T]) -> std::slice::ChunksExact<'a, T> {
        x.chunks_exact(self.irreps.dim().max(1))
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
