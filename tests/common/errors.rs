//! The largest errors of one form of the harmonics, by degree, in units of the bound that the
//! library promises.

use tesseral::LMAX;

use super::double_double::DoubleDouble;
use super::precision::Precision;

/// The largest errors of one form by degree, in units of its bound.
pub struct Errors {
    what: String,
    by_degree: [Worst; LMAX + 1],
}

#[derive(Clone, Copy, Default)]
struct Worst {
    ratio: f64,
    point: [f64; 3],
}

impl Errors {
    pub fn new(what: impl Into<String>) -> Errors {
        Errors { what: what.into(), by_degree: [Worst::default(); LMAX + 1] }
    }

    /// Takes up the values of degree `l`, which have the bound `units` ε · max_m |Y_{lm}|.
    pub fn take<T: Precision>(
        &mut self,
        l: usize,
        r: [T; 3],
        values: &[T],
        exact: &[DoubleDouble],
        units: f64,
    ) {
        assert_eq!(values.len(), exact.len());
        let (mut largest, mut error) = (0.0_f64, 0.0_f64);
        for (&value, exact) in values.iter().zip(exact) {
            largest = largest.max(exact.to_f64().abs());
            let distance = exact.distance(value.into());
            // A NaN is no error below any bound.
            error = error.max(if distance.is_nan() { f64::MAX } else { distance });
        }
        let ratio = error / (units * T::EPSILON * largest);
        if ratio > self.by_degree[l].ratio {
            self.by_degree[l] = Worst { ratio, point: r.map(Into::into) };
        }
    }

    /// Prints the largest errors and fails where one is above its bound.
    pub fn finish(self) {
        let ratios: Vec<String> =
            self.by_degree.iter().map(|worst| format!("{:.2}", worst.ratio)).collect();
        println!("{}: error / bound by degree: {}", self.what, ratios.join(" "));
        for (l, worst) in self.by_degree.iter().enumerate() {
            let (ratio, point) = (worst.ratio, worst.point);
            assert!(ratio <= 1.0, "{}: {ratio} of the bound at l = {l}, r = {point:?}", self.what);
        }
    }
}

/// The bound of the harmonics, in ε · max_m |Y_{lm}|.
pub fn units(l: usize) -> f64 {
    6.0 * (l + 2) as f64
}

/// The bound of the form for unit vectors: the length of a rounded unit vector is off by up to
/// 1.5 ε, and l(l + 1)/2 is the condition of its polynomials near the poles.
pub fn unit_form_units(l: usize) -> f64 {
    units(l) + 1.5 * (l * (l + 1) / 2) as f64
}
