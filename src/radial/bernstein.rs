//! The exponential Bernstein basis of SpookyNet.

use super::RadialBasis;
use super::error::{RadialError, check_count, check_positive};

/// The largest number whose binomial coefficients are computed within the range of f64.
const MAX_COUNT: usize = 512;

/// Bernstein polynomials of x = exp(-γr): with N = count - 1, for v = 0, ..., N,
///
/// b_v(r) = C(N, v) x^v (1 - x)^(N - v).
///
/// For r ≥ 0 they are positive and add up to one, and resolve short distances better than long
/// ones; the decay rate γ has units of inverse length. No units. Unke et al., "SpookyNet", Nature
/// Communications 12, 7273 (2021), without its envelope; there γ is learnt, from 1/2 bohr⁻¹ on.
///
/// # Example
/// ```
/// use tesseral::radial::{Bernstein, RadialBasis};
///
/// let mut values = [0.0; 3];
/// // x = 1/2.
/// Bernstein::new(3, 1.0)?.values_into(2.0_f64.ln(), &mut values)?;
/// assert!((values[0] - 0.25).abs() < 1e-15);
/// assert!((values[1] - 0.5).abs() < 1e-15);
/// # Ok::<(), tesseral::radial::RadialError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Bernstein {
    binomials: Vec<f64>,
    decay: f64,
}

impl Bernstein {
    /// The polynomials of degree `count - 1` in exp(-decay r).
    ///
    /// # Errors
    /// If the count is not 1 to 512, or the decay rate is not a finite number above zero.
    pub fn new(count: usize, decay: f64) -> Result<Bernstein, RadialError> {
        check_count(1, MAX_COUNT, count)?;
        check_positive("decay rate", decay)?;
        // C(N, v) = C(N, v - 1) (N - v + 1) / v, symmetric even in rounding.
        let mut binomials = vec![1.0; count];
        for v in 1..count.div_ceil(2) {
            let binomial = binomials[v - 1] * (count - v) as f64 / v as f64;
            (binomials[v], binomials[count - 1 - v]) = (binomial, binomial);
        }
        Ok(Bernstein { binomials, decay })
    }
}

impl RadialBasis for Bernstein {
    fn count(&self) -> usize {
        self.binomials.len()
    }

    fn jets(&self, r: f64) -> impl Iterator<Item = [f64; 3]> {
        let x = (-self.decay * r).exp();
        // 1 - x without cancellation.
        let y = -(-self.decay * r).exp_m1();
        // (power of x, power of y), from x^0 y^N on.
        let powers = (0_i32..).zip((0..self.binomials.len() as i32).rev());
        self.binomials.iter().zip(powers).map(move |(binomial, (v, rest))| {
            // With the powers of y that all three have in common.
            let head = binomial * x.powi(v) * y.powi((rest - 2).max(0));
            let (v, w) = (f64::from(v), f64::from(rest));
            // dx/dr = -γx and dy/dr = γx.
            let [value, first, second] = match rest {
                0 => [1.0, -v, v * v],
                1 => [y, x - v * y, v * v * y - (2.0 * v + 1.0) * x],
                _ => {
                    let mixed = w * (2.0 * v + 1.0) * x * y;
                    let second = v * v * y * y - mixed + w * (w - 1.0) * x * x;
                    [y * y, y * (w * x - v * y), second]
                }
            };
            let slope = self.decay * head;
            [value * head, first * slope, second * self.decay * slope]
        })
    }
}
