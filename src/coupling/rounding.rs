//! The nearest f64 to the square root of a rational of any size.

use std::cmp::Ordering;

use super::natural::Natural;

/// √(numerator / denominator), rounded once: to nearest, ties to even. Both are positive, and the
/// numerator is below 2^64 times the denominator.
///
/// c = ⌊√(n/d) · 2^shift⌋, with one bit more than an f64 has, comes from the leading bits and is
/// made exact by comparing c² d with n · 2^(2 shift).
pub(super) fn nearest_root(numerator: &Natural, denominator: &Natural) -> f64 {
    let (mut floor, shift) = from_below(numerator, denominator);
    let scaled = numerator.shifted(2 * shift);
    let compare = |root: u64| {
        let mut product = denominator.clone();
        product.multiply(root);
        product.multiply(root);
        product.cmp(&scaled)
    };
    if compare(floor + 1) != Ordering::Greater {
        floor += 1;
    }
    let half = floor % 2 == 1;
    let up = half && (floor / 2 % 2 == 1 || compare(floor) != Ordering::Equal);
    // At most 2^53, so exact; so are powers of two, and the product is a multiple of 2^-1074.
    let rounded = (floor / 2 + u64::from(up)) as f64;
    let scale = shift - 1;
    rounded * power_of_half(scale / 2) * power_of_half(scale - scale / 2)
}

/// 2^-exponent, for exponents below 1023.
fn power_of_half(exponent: u64) -> f64 {
    f64::from_bits((1023 - exponent) << 52)
}

/// ⌊√(n/d) · 2^shift⌋ or one less, and the shift. The bits after the first 53 are half of what is
/// in the last place of an f64, of a subnormal one too.
fn from_below(numerator: &Natural, denominator: &Natural) -> (u64, u64) {
    // q · 2^exponent is below n/d, by less than 2^-61 of it: q has 64 or 65 bits.
    let quotient =
        (u128::from(numerator.leading()) << 64) / (u128::from(denominator.leading()) + 1);
    let exponent = numerator.bits() - denominator.bits() - 64;
    let even = quotient << (60 + exponent.rem_euclid(2));
    // root · 2^(exponent / 2 - 30), of 62 or 63 bits, is below √(n/d) by less than 2^-60 of it.
    let root = even.isqrt() as u64;
    let exponent = exponent.div_euclid(2) - 30;
    let dropped = i64::from(root.ilog2()) - 53;
    // The last place is 2^-1074 or more.
    let shift = (-exponent - dropped).min(1075);
    // More than all bits are dropped from what rounds to zero.
    let floor = root.checked_shr((-exponent - shift) as u32).unwrap_or(0);
    (floor, shift as u64)
}
