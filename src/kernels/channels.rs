//! Operations on whole channels: the norm of each, and its product with a number. They commute with
//! rotations whatever is done to the norms in between.

use super::arithmetic::{add_scaled, dot, rounded};
use super::{KernelError, check_length};
use crate::{Irrep, Irreps, Real};

/// Keeps the derivative of a norm finite at zero: the norm is √(|x|² + ε), with ε = 10⁻¹².
const EPSILON: f64 = 1e-12;

/// The channels of a feature vector, one for every copy of every irrep.
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
    pub fn invariants<T: Real>(&self, x: &[T], out: &mut [T]) -> Result<(), KernelError> {
        self.check(x.len(), out.len())?;
        for (x, out) in self.rows(x).zip(out.chunks_exact_mut(self.len().max(1))) {
            for (channel, out) in self.channels.iter().zip(out) {
                *out = channel.invariant(x, self.invariant).0;
            }
        }
        Ok(())
    }

    /// Adds the vector-Jacobian product of [`Channels::invariants`] to `x_gradient`.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    pub fn invariants_backward<T: Real>(
        &self,
        x: &[T],
        out_gradient: &[T],
        x_gradient: &mut [T],
    ) -> Result<(), KernelError> {
        self.check(x.len(), out_gradient.len())?;
        check_length("the gradient of the features", x.len(), x_gradient.len())?;
        let size = self.irreps.dim().max(1);
        let gradients = out_gradient.chunks_exact(self.len().max(1));
        for ((x, dx), dout) in self.rows(x).zip(x_gradient.chunks_exact_mut(size)).zip(gradients) {
            for (channel, &dout) in self.channels.iter().zip(dout) {
                match channel.invariant(x, self.invariant) {
                    (_, Slope::One) => dx[channel.start] = dx[channel.start] + dout,
                    (_, Slope::Zero) => {}
                    (norm, Slope::Direction) => {
                        add_scaled(dout / norm, channel.of(x), &mut dx[channel.range()]);
                    }
                }
            }
        }
        Ok(())
    }

    /// The derivative of [`Channels::invariants_backward`]: of Σ `cotangent` · `x_gradient`, adds
    /// the gradients with respect to x and to the gradient of the output, which is also the
    /// derivative of the invariants along `cotangent`.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    pub fn invariants_backward_twice<T: Real>(
        &self,
        x: &[T],
        out_gradient: &[T],
        cotangent: &[T],
        mut by_x: Option<&mut [T]>,
        mut by_out_gradient: Option<&mut [T]>,
    ) -> Result<(), KernelError> {
        self.check(x.len(), out_gradient.len())?;
        check_length("the cotangent", x.len(), cotangent.len())?;
        for (what, expected, found) in [
            ("the gradient by the features", x.len(), by_x.as_deref()),
            ("the gradient by gradients", out_gradient.len(), by_out_gradient.as_deref()),
        ] {
            check_length(what, expected, found.map_or(expected, <[T]>::len))?;
        }
        let each = self.rows(x).zip(self.rows(cotangent));
        for (row, ((x, w), dout)) in
            each.zip(out_gradient.chunks_exact(self.len().max(1))).enumerate()
        {
            for (index, (channel, &dout)) in self.channels.iter().zip(dout).enumerate() {
                let (norm, slope) = channel.invariant(x, self.invariant);
                let (x, w) = (channel.of(x), channel.of(w));
                let along = match slope {
                    Slope::One => w[0],
                    Slope::Zero => continue,
                    Slope::Direction => dot(x, w) / norm,
                };
                if let Some(by) = by_out_gradient.as_deref_mut() {
                    let place = row * self.len() + index;
                    by[place] = by[place] + along;
                }
                if let (Some(by_x), Slope::Direction) = (by_x.as_deref_mut(), slope) {
                    let by_x = &mut by_x[row * self.irreps.dim()..][channel.range()];
                    add_scaled(dout / norm, w, by_x);
                    add_scaled(-(dout / norm * (along / norm)), x, by_x);
                }
            }
        }
        Ok(())
    }

    /// Every channel times its factor, `factors` being `[row][channel]`, or one row of them for all
    /// rows.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    pub fn scale<T: Real>(&self, x: &[T], factors: &[T], out: &mut [T]) -> Result<(), KernelError> {
        self.check_factors(x.len(), factors.len())?;
        check_length("the output", x.len(), out.len())?;
        let size = self.irreps.dim().max(1);
        for (row, (x, out)) in self.rows(x).zip(out.chunks_exact_mut(size)).enumerate() {
            let factors = &factors[self.factor_row(factors.len(), row)..][..self.len()];
            for (channel, &factor) in self.channels.iter().zip(factors) {
                for index in channel.range() {
                    out[index] = factor * x[index];
                }
            }
        }
        Ok(())
    }

    /// Adds the vector-Jacobian product of [`Channels::scale`] to the gradients that are given.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    pub fn scale_backward<T: Real>(
        &self,
        x: &[T],
        factors: &[T],
        out_gradient: &[T],
        mut x_gradient: Option<&mut [T]>,
        mut factor_gradient: Option<&mut [T]>,
    ) -> Result<(), KernelError> {
        self.check_factors(x.len(), factors.len())?;
        check_length("the gradient of the output", x.len(), out_gradient.len())?;
        for (what, expected, found) in [
            ("the gradient of the features", x.len(), x_gradient.as_deref()),
            ("the gradient of the factors", factors.len(), factor_gradient.as_deref()),
        ] {
            check_length(what, expected, found.map_or(expected, <[T]>::len))?;
        }
        for row in 0..x.len().checked_div(self.irreps.dim()).unwrap_or(0) {
            let factor_row = self.factor_row(factors.len(), row);
            for (index, channel) in self.channels.iter().enumerate() {
                let factor = factor_row + index;
                for place in channel.range() {
                    let place = row * self.irreps.dim() + place;
                    let dout = out_gradient[place];
                    if let Some(dx) = x_gradient.as_deref_mut() {
                        dx[place] = dx[place] + factors[factor] * dout;
                    }
                    if let Some(df) = factor_gradient.as_deref_mut() {
                        df[factor] = df[factor] + x[place] * dout;
                    }
                }
            }
        }
        Ok(())
    }

    /// The derivative of [`Channels::scale_backward`]. The product is bilinear: with `cotangents`
    /// ẋ and ḟ of the two gradients, ẋ f + x ḟ is added to the gradient with respect to
    /// `out_gradient`, and the gradients of Σ `out_gradient` · ẋ ḟ to the other two.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    pub fn scale_backward_twice<T: Real>(
        &self,
        x: &[T],
        factors: &[T],
        out_gradient: &[T],
        cotangents: [&[T]; 2],
        gradients: [Option<&mut [T]>; 2],
        by_out_gradient: Option<&mut [T]>,
    ) -> Result<(), KernelError> {
        check_length("the cotangent of the features", x.len(), cotangents[0].len())?;
        check_length("the cotangent of the factors", factors.len(), cotangents[1].len())?;
        let [by_x, by_factors] = gradients;
        // The gradient by x is that of ẋ in the product of ẋ and ḟ, and the other way round.
        self.scale_backward(cotangents[0], cotangents[1], out_gradient, by_x, by_factors)?;
        let Some(by_out_gradient) = by_out_gradient else { return Ok(()) };
        check_length("the gradient by gradients", x.len(), by_out_gradient.len())?;
        for row in 0..x.len().checked_div(self.irreps.dim()).unwrap_or(0) {
            let factor_row = self.factor_row(factors.len(), row);
            for (index, channel) in self.channels.iter().enumerate() {
                let place = row * self.irreps.dim() + channel.start;
                let places = place..place + channel.size;
                let target = &mut by_out_gradient[places.clone()];
                add_scaled(factors[factor_row + index], &cotangents[0][places.clone()], target);
                add_scaled(cotangents[1][factor_row + index], &x[places], target);
            }
        }
        Ok(())
    }

    /// Every row plus one number for each copy of the irrep `0e`, in order.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    pub fn add_to_scalars<T: Real>(
        &self,
        x: &[T],
        bias: &[T],
        out: &mut [T],
    ) -> Result<(), KernelError> {
        check_length("the biases", self.irreps.num_scalars(), bias.len())?;
        check_length("the output", x.len(), out.len())?;
        out.copy_from_slice(x);
        for out in out.chunks_exact_mut(self.irreps.dim().max(1)) {
            for (channel, &bias) in self.scalars().zip(bias) {
                out[channel.start] = out[channel.start] + bias;
            }
        }
        Ok(())
    }

    /// Adds the sum over rows of the values of each copy of `0e`: the gradient of the biases of
    /// [`Channels::add_to_scalars`], given that of the output.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    pub fn sum_scalars<T: Real>(&self, x: &[T], sums: &mut [T]) -> Result<(), KernelError> {
        check_length("the sums", self.irreps.num_scalars(), sums.len())?;
        for x in self.rows(x) {
            for (channel, sum) in self.scalars().zip(sums.iter_mut()) {
                *sum = *sum + x[channel.start];
            }
        }
        Ok(())
    }

    fn scalars(&self) -> impl Iterator<Item = &Channel> {
        self.channels.iter().filter(|channel| channel.is_scalar)
    }

    /// Where the factors of a row begin, if there are so many.
    fn factor_row(&self, factors: usize, row: usize) -> usize {
        if factors == self.len() { 0 } else { row * self.len() }
    }

    fn check_factors(&self, features: usize, factors: usize) -> Result<(), KernelError> {
        // One row of factors serves any number of rows.
        let is_shared = factors == self.len() && features.is_multiple_of(self.irreps.dim().max(1));
        if is_shared && !self.is_empty() { Ok(()) } else { self.check(features, factors) }
    }

    fn rows<'a, T>(&self, x: &'a [T]) -> std::slice::ChunksExact<'a, T> {
        x.chunks_exact(self.irreps.dim().max(1))
    }

    fn check(&self, features: usize, channels: usize) -> Result<(), KernelError> {
        let rows = features.checked_div(self.irreps.dim()).unwrap_or(0);
        check_length("the features", rows * self.irreps.dim(), features)?;
        check_length("the channels", rows * self.len(), channels)
    }
}

impl Channel {
    fn range(&self) -> std::ops::Range<usize> {
        self.start..self.start + self.size
    }

    fn of<'a, T>(&self, row: &'a [T]) -> &'a [T] {
        &row[self.range()]
    }

    fn invariant<T: Real>(&self, row: &[T], kind: Invariant) -> (T, Slope) {
        match kind {
            Invariant::ValueOrNorm if self.is_scalar => (row[self.start], Slope::One),
            Invariant::ValueOrNorm => {
                let square = self.of(row).iter().fold(rounded::<T>(EPSILON), |sum, &x| sum + x * x);
                (square.sqrt(), Slope::Direction)
            }
            Invariant::NormAbove(least) => {
                let norm: T = dot(self.of(row), self.of(row)).sqrt();
                // NaN is not at or below anything.
                let is_low = norm <= rounded(least);
                if is_low { (rounded(least), Slope::Zero) } else { (norm, Slope::Direction) }
            }
        }
    }
}

/// The derivative of an invariant.
#[derive(Clone, Copy, PartialEq)]
enum Slope {
    /// That of the value itself.
    One,
    /// None.
    Zero,
    /// x/|x|, that of a norm.
    Direction,
}
