//! 3j symbols and Clebsch–Gordan coefficients of any spins, half-integer ones too, with the phase of
//! Condon and Shortley: evaluated exactly and rounded once.
//!
//! With a = j1 + j2 - j3, b = j1 - j2 + j3, c = -j1 + j2 + j3 and binomial coefficients C the symbol is
//!
//! ```text
//! (-1)^(j1 - j2 - m3) S √(Π_i (j_i + m_i)! (j_i - m_i)! / (a! b! c! (a + b + c + 1)!)),
//! S = Σ_k (-1)^k C(a, k) C(b, j1 - m1 - k) C(c, j2 + m2 - k).
//! ```
//!
//! This is Racah's formula (DLMF 34.2.4; Varshalovich, Moskalev and Khersonskii, "Quantum Theory of
//! Angular Momentum", chapter 8) with a! b! c! taken into its sum, which makes that an integer. Under
//! the root is a rational whose primes are known.

use super::CouplingError;
use super::factorials::Quotient;
use super::natural::Natural;
use super::root::{SignedRoot, root};
use super::rounding::nearest_root;

/// A 3j symbol or Clebsch–Gordan coefficient of spins.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct SpinCoefficient {
    /// The exact value, where the numerator and denominator of its square are below 2^64: if
    /// j1 + j2 + j3 is at most 45 or the value is zero always, beyond that where they happen to be.
    pub exact: Option<SignedRoot>,
    /// The value, correctly rounded. It is 0 where the exact one is, or is at most 2^-1075 in size.
    pub value: f64,
}

/// The 3j symbol (j1 j2 j3; m1 m2 m3) of spins 0, 1/2, 1, 3/2, …, with the same phase as
/// [`three_j`](super::three_j). Spins and orders are given as *twice* their values: 3 stands for 3/2.
/// It is zero unless m1 + m2 + m3 = 0.
///
/// No table is read, so that no build has a limit. In an optimized build one takes some microseconds for
/// spins to 20, 15 µs at 100, half a millisecond at 1000, and less than a second at the highest, 65535/2.
///
/// # Errors
/// If the spins do not couple, since j1 + j2 + j3 is no integer or the triangle inequality does not
/// hold, or an order is none of -j, -j + 1, …, j.
///
/// ```
/// use tesseral::coupling::three_j_of_spins;
///
/// // (1/2 1/2 1; 1/2 -1/2 0) = √(1/6).
/// let symbol = three_j_of_spins([1, 1, 2], [1, -1, 0])?;
/// assert_eq!(symbol.value, (1.0_f64 / 6.0).sqrt());
/// assert_eq!(symbol.exact.unwrap().to_string(), "√(1/6)");
/// # Ok::<(), tesseral::coupling::CouplingError>(())
/// ```
#[doc(alias = "wigner_3j")]
#[doc(alias = "racah")]
pub fn three_j_of_spins(
    twice_spins: [u16; 3],
    twice_orders: [i32; 3],
) -> Result<SpinCoefficient, CouplingError> {
    check(twice_spins, twice_orders)?;
    if twice_orders.iter().sum::<i32>() != 0 {
        return Ok(ZERO);
    }
    let [j1, j2, _] = twice_spins.map(i32::from);
    let odd = (j1 - j2 - twice_orders[2]) / 2 % 2 != 0;
    Ok(Formula::new(twice_spins, twice_orders).evaluate(odd, 1))
}

/// The Clebsch–Gordan coefficient ⟨j1 m1; j2 m2 | j3 m3⟩ of spins 0, 1/2, 1, 3/2, …, with the same
/// phase as [`clebsch_gordan`](super::clebsch_gordan). Spins and orders are given as *twice* their
/// values: 3 stands for 3/2. It is zero unless m3 = m1 + m2. It takes as long as [`three_j_of_spins`].
///
/// # Errors
/// As [`three_j_of_spins`].
///
/// ```
/// use tesseral::coupling::clebsch_gordan_of_spins;
///
/// // ⟨1/2 1/2; 1/2 -1/2 | 0 0⟩ = √(1/2), of the singlet.
/// let coefficient = clebsch_gordan_of_spins([1, 1, 0], [1, -1, 0])?;
/// assert_eq!(coefficient.value, 0.5_f64.sqrt());
/// assert_eq!(coefficient.exact.unwrap().to_string(), "√(1/2)");
/// # Ok::<(), tesseral::coupling::CouplingError>(())
/// ```
#[doc(alias = "clebsch")]
#[doc(alias = "half_integer")]
pub fn clebsch_gordan_of_spins(
    twice_spins: [u16; 3],
    twice_orders: [i32; 3],
) -> Result<SpinCoefficient, CouplingError> {
    check(twice_spins, twice_orders)?;
    let [m1, m2, m3] = twice_orders;
    if m1 + m2 != m3 {
        return Ok(ZERO);
    }
    // (-1)^(j1 - j2 + m3) √(2j3 + 1) (j1 j2 j3; m1 m2 -m3), where the sign is that of the formula.
    let formula = Formula::new(twice_spins, [m1, m2, -m3]);
    Ok(formula.evaluate(false, u64::from(twice_spins[2]) + 1))
}

const ZERO: SpinCoefficient = SpinCoefficient { exact: Some(SignedRoot::ZERO), value: 0.0 };

/// Checks that spins couple and that every order belongs to its spin.
fn check(twice_spins: [u16; 3], twice_orders: [i32; 3]) -> Result<(), CouplingError> {
    let [j1, j2, j3] = twice_spins.map(u32::from);
    if (j1 + j2 + j3) % 2 == 1 || j3 < j1.abs_diff(j2) || j3 > j1 + j2 {
        return Err(CouplingError::SpinTriangle { twice_spins });
    }
    for (twice_spin, twice_order) in twice_spins.into_iter().zip(twice_orders) {
        let other_parity = twice_order.rem_euclid(2) != i32::from(twice_spin % 2);
        if other_parity || twice_order.unsigned_abs() > u32::from(twice_spin) {
            return Err(CouplingError::SpinOrder { twice_spin, twice_order });
        }
    }
    Ok(())
}

/// The numbers of the formula: a, b and c, and j + m and j - m of every spin.
struct Formula {
    excess: [u64; 3],
    raised: [u64; 3],
    lowered: [u64; 3],
}

impl Formula {
    /// Of spins that couple and orders with the sum zero, given as twice their values.
    fn new(twice_spins: [u16; 3], twice_orders: [i32; 3]) -> Formula {
        // Sums that are even and not negative.
        let half = |sum: i32| sum as u64 / 2;
        let [j1, j2, j3] = twice_spins.map(i32::from);
        let pairs = [0, 1, 2].map(|slot| (i32::from(twice_spins[slot]), twice_orders[slot]));
        Formula {
            excess: [j1 + j2 - j3, j1 - j2 + j3, j2 + j3 - j1].map(half),
            raised: pairs.map(|(j, m)| half(j + m)),
            lowered: pairs.map(|(j, m)| half(j - m)),
        }
    }

    /// S times the root, times √(factor) and negated if asked.
    fn evaluate(&self, negate: bool, factor: u64) -> SpinCoefficient {
        let [even, odd] = self.sums();
        let sum = even.distance(&odd);
        if sum.is_zero() {
            return ZERO;
        }
        let (numerator, denominator) = self.under_root(factor).times_square(sum);
        let negative = (even < odd) != negate;
        let size = nearest_root(&numerator, &denominator);
        let parts = numerator.to_u64().zip(denominator.to_u64());
        SpinCoefficient {
            exact: parts.map(|(numerator, denominator)| root(negative, numerator, denominator)),
            value: if negative { -size } else { size },
        }
    }

    /// What is under the root, times a factor n = n! / (n - 1)!.
    fn under_root(&self, factor: u64) -> Quotient {
        let [a, b, c] = self.excess;
        Quotient::of_factorials(
            &[&self.raised[..], &self.lowered, &[factor]].concat(),
            &[a, b, c, a + b + c + 1, factor - 1],
        )
    }

    /// The sum of the terms of S with even k, and of those with odd k without their sign.
    fn sums(&self) -> [Natural; 2] {
        let [a, b, c] = self.excess;
        let (u, v) = (self.lowered[0], self.raised[1]);
        let first = u.saturating_sub(b).max(v.saturating_sub(c));
        let mut term = Natural::from(1);
        for (n, k) in [(a, first), (b, u - first), (c, v - first)] {
            choose(&mut term, n, k);
        }
        let mut sums = [Natural::from(0), Natural::from(0)];
        for k in first..=a.min(u).min(v) {
            sums[k as usize % 2].add(&term);
            // Now the next term, an integer. Each of the factors is at most 2^16.
            term.multiply((a - k) * (u - k) * (v - k));
            term.divide((k + 1) * (b + k + 1 - u) * (c + k + 1 - v));
        }
        sums
    }
}

/// Multiplies by the binomial coefficient C(n, k).
fn choose(number: &mut Natural, n: u64, k: u64) {
    for i in 0..k.min(n - k) {
        number.multiply(n - i);
        number.divide(i + 1);
    }
}
