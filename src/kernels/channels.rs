//! Operations on whole channels: the norm of each, and its product with a number. They commute with
//! rotations whatever is done to the norms in between.

use super::{KernelError, check_length};
use crate::{Irrep, Irreps, Real};

/// Keeps the derivative of a norm finite at zero: the norm is √(|x|² + ε), with ε = 10⁻¹².
const EPSILON: f64 = 1e-12;

/// The channels of a feature vector, one for every copy of every irrep.
#[derive(Clone, Debug)]
pub struct Channels {
    irreps: Irreps,
    channels: Vec<Channel>,
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
        Channels { irreps, channels }
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
    /// √(|x|² + 10⁻¹²) for every other.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    pub fn invariants<T: Real>(&self, x: &[T], out: &mut [T]) -> Result<(), KernelError> {
        self.check(x.len(), out.len())?;
        for (x, out) in self.rows(x).zip(out.chunks_exact_mut(self.len().max(1))) {
            for (channel, out) in self.channels.iter().zip(out) {
                *out = channel.invariant(x);
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
                if channel.is_scalar {
                    dx[channel.start] = dx[channel.start] + dout;
                    continue;
                }
                let factor = dout / channel.invariant(x);
                for index in channel.range() {
                    dx[index] = dx[index] + factor * x[index];
                }
            }
        }
        Ok(())
    }

    /// Every channel times its factor, `factors` being `[row][channel]`.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    pub fn scale<T: Real>(&self, x: &[T], factors: &[T], out: &mut [T]) -> Result<(), KernelError> {
        self.check(x.len(), factors.len())?;
        check_length("the output", x.len(), out.len())?;
        let size = self.irreps.dim().max(1);
        let factors = factors.chunks_exact(self.len().max(1));
        for ((x, out), factors) in self.rows(x).zip(out.chunks_exact_mut(size)).zip(factors) {
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
        self.check(x.len(), factors.len())?;
        check_length("the gradient of the output", x.len(), out_gradient.len())?;
        for (what, expected, found) in [
            ("the gradient of the features", x.len(), x_gradient.as_deref()),
            ("the gradient of the factors", factors.len(), factor_gradient.as_deref()),
        ] {
            check_length(what, expected, found.map_or(expected, <[T]>::len))?;
        }
        for row in 0..factors.len().checked_div(self.len()).unwrap_or(0) {
            for (index, channel) in self.channels.iter().enumerate() {
                let factor = row * self.len() + index;
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

    fn invariant<T: Real>(&self, row: &[T]) -> T {
        if self.is_scalar {
            return row[self.start];
        }
        let epsilon = T::constant(EPSILON, EPSILON as f32);
        row[self.range()].iter().fold(epsilon, |sum, &x| sum + x * x).sqrt()
    }
}
