//! Chebyshev polynomials of the distance.

use super::error::{RadialError, check_count, check_positive};
use super::{MAX_COUNT, RadialBasis};

/// Chebyshev polynomials of the first kind over the distances up to the cutoff c: for
/// n = 0, ..., count - 1,
///
/// t_n(r) = T_n(2r/c - 1), T_n(cos θ) = cos(nθ).
///
/// Within the cutoff they are between -1 and 1. Beyond it the polynomials go on and grow;
/// multiply by an envelope to end them. No units. The argument is that of Artrith, Urban and
/// Ceder, Phys. Rev. B 96, 014112 (2017).
///
/// # Example
/// ```
/// use tesseral::radial::{Chebyshev, RadialBasis};
///
/// let mut values = [0.0; 4];
/// Chebyshev::new(4, 2.0)?.values_into(1.5, &mut values)?;
/// assert_eq!(values, [1.0, 0.5, -0.5, -1.0]);
/// # Ok::<(), tesseral::radial::RadialError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chebyshev {
    count: usize,
    cutoff: f64,
}

impl Chebyshev {
    /// The polynomials of degrees below `count`.
    ///
    /// # Errors
    /// If the count is not 1 to 65535, or the cutoff is not a finite number above zero.
    pub fn new(count: usize, cutoff: f64) -> Result<Chebyshev, RadialError> {
        check_count(1, MAX_COUNT, count)?;
        check_positive("cutoff", cutoff)?;
        Ok(Chebyshev { count, cutoff })
    }
}

impl RadialBasis for Chebyshev {
    fn count(&self) -> usize {
        self.count
    }

    fn jets(&self, r: f64) -> impl Iterator<Item = [f64; 3]> {
        let x = 2.0 * r / self.cutoff - 1.0;
        let slope = 2.0 / self.cutoff;
        // T_{n+1} = 2x T_n - T_{n-1}, and its derivatives.
        let mut now = [1.0, 0.0, 0.0];
        let mut next = [x, slope, 0.0];
        (0..self.count).map(move |_| {
            let after = [
                2.0 * x * next[0] - now[0],
                2.0 * (slope * next[0] + x * next[1]) - now[1],
                2.0 * (2.0 * slope * next[1] + x * next[2]) - now[2],
            ];
            let function = now;
            (now, next) = (next, after);
            function
        })
    }
}
