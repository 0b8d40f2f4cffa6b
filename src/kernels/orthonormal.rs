//! Linearly independent, orthonormal vectors out of a list that may have too many.

/// What is left of a unit vector that is a combination of others is rounding, 10⁻¹⁴; what is left
/// of one that is not is a square root of a rational with a small denominator.
const NEGLIGIBLE: f64 = 1e-7;

/// Adds the part of a vector that is orthogonal to a basis, brought to length one, unless there is
/// none: one step of Gram and Schmidt, done twice, so that rounding does not add up.
pub(super) fn extend(basis: &mut Vec<Vec<f64>>, mut vector: Vec<f64>) -> bool {
    let before = dot(&vector, &vector).sqrt();
    if before < NEGLIGIBLE {
        return false;
    }
    for _ in 0..2 {
        for member in basis.iter() {
            let share = dot(member, &vector);
            vector.iter_mut().zip(member).for_each(|(entry, unit)| *entry -= share * unit);
        }
    }
    let length = dot(&vector, &vector).sqrt();
    if length < NEGLIGIBLE * before {
        return false;
    }
    vector.iter_mut().for_each(|entry| *entry /= length);
    basis.push(vector);
    true
}

/// The inner product.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
