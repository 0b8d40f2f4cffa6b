//! Values of harmonics: their accuracy in every form and range, and the laws they obey.
#![allow(clippy::absurd_extreme_comparisons, reason = "LMAX may be 0")]

mod common {
    pub mod definition;
    pub mod double_double;
    pub mod errors;
    pub mod points;
    pub mod precision;
}

use common::definition::{Definition, Exact};
use common::double_double::DoubleDouble;
use common::errors::{Errors, unit_form_units, units};
use common::points;
use common::precision::Precision;
use tesseral::LMAX;
use tesseral::sh::{self, Harmonics};

/// Points against the higher-precision evaluation, for each precision.
const POINTS: usize = 100_000;

/// One of this many points is also evaluated with the programs for all degrees to every L.
const LOWER_EVERY: usize = 25;

/// The part of degree `l` of values of all degrees.
fn of_degree<T>(values: &[T], l: usize) -> &[T] {
    &values[l * l..(l + 1) * (l + 1)]
}

/// The forms whose accuracy is checked at a point.
struct Forms {
    solid_degree: Errors,
    solid_all: Errors,
    spherical_degree: Errors,
    spherical_all: Errors,
    unit: Errors,
}

impl Forms {
    fn new(what: &str) -> Forms {
        let errors = |form: &str| Errors::new(format!("{what}, {form}"));
        Forms {
            solid_degree: errors("solid, single degree"),
            solid_all: errors("solid, all degrees"),
            spherical_degree: errors("spherical, single degree"),
            spherical_all: errors("spherical, all degrees"),
            unit: errors("for unit vectors"),
        }
    }

    /// Solid harmonics of all degrees where |r|^l does not leave the range.
    fn take_solid<T: Precision>(&mut self, r: [T; 3], exact: &[DoubleDouble], lmax: usize) {
        let mut values = [T::nearest(0.0); (LMAX + 1) * (LMAX + 1)];
        for l in 0..=lmax {
            let (values, exact) = (&mut values[..2 * l + 1], of_degree(exact, l));
            Harmonics::SOLID.degree(l, r, values).unwrap();
            self.solid_degree.take(l, r, values, exact, units(l));
        }
        take_all(&mut self.solid_all, Harmonics::SOLID, lmax, r, exact);
    }

    fn take_spherical<T: Precision>(&mut self, r: [T; 3], exact: &[DoubleDouble]) {
        let mut values = [T::nearest(0.0); 2 * LMAX + 1];
        for l in 0..=LMAX {
            let (values, exact) = (&mut values[..2 * l + 1], of_degree(exact, l));
            Harmonics::NATIVE.degree(l, r, values).unwrap();
            self.spherical_degree.take(l, r, values, exact, units(l));
        }
        take_all(&mut self.spherical_all, Harmonics::NATIVE, LMAX, r, exact);
    }

    /// The form for unit vectors at the rounded direction.
    fn take_unit<T: Precision>(&mut self, r: [T; 3], exact: &[DoubleDouble]) {
        let values = by_name::unit(LMAX, sh::direction(r));
        for l in 0..=LMAX {
            let (values, exact) = (of_degree(&values, l), of_degree(exact, l));
            self.unit.take(l, r, values, exact, unit_form_units(l));
        }
    }

    fn finish(self) {
        let Forms { solid_degree, solid_all, spherical_degree, spherical_all, unit } = self;
        for errors in [solid_degree, solid_all, spherical_degree, spherical_all, unit] {
            errors.finish();
        }
    }
}

/// Takes up the values of all degrees to `lmax` from one call.
fn take_all<T: Precision>(
    errors: &mut Errors,
    harmonics: Harmonics,
    lmax: usize,
    r: [T; 3],
    exact: &[DoubleDouble],
) {
    let mut values = [T::nearest(0.0); (LMAX + 1) * (LMAX + 1)];
    let values = &mut values[..(lmax + 1) * (lmax + 1)];
    harmonics.up_to(lmax, r, values).unwrap();
    for l in 0..=lmax {
        errors.take(l, r, of_degree(values, l), of_degree(exact, l), units(l));
    }
}

// Accuracy.

/// The points of the reference file, with its values to LMAX.
fn reference() -> Vec<([f64; 3], Exact)> {
    let text = include_str!("data/spherical_harmonics.json");
    let file: serde_json::Value = serde_json::from_str(text).expect("the file is JSON");
    let points = file["points"].as_array().expect("a list of points");
    points
        .iter()
        .map(|point| {
            let r = [0, 1, 2].map(|axis| point["r"][axis].as_f64().expect("a component"));
            let degrees = point["y"].as_array().expect("a list of degrees");
            let texts = degrees[..=LMAX].iter().flat_map(|row| row.as_array().expect("a list"));
            let values = texts.map(|text| DoubleDouble::parse(text.as_str().expect("a string")));
            let [x, y, z] = r.map(DoubleDouble::from);
            (r, Exact { values: values.collect(), length: (x * x + y * y + z * z).sqrt() })
        })
        .collect()
}

#[test]
fn the_higher_precision_evaluation_agrees_with_the_reference_file() {
    let definition = Definition::new(LMAX);
    let reference = reference();
    assert_eq!(reference.len(), 17);
    for (r, expected) in reference {
        let found = definition.at(r);
        for l in 0..=LMAX {
            for (&found, &expected) in found.degree(l).iter().zip(expected.degree(l)) {
                // The file has 25 digits.
                let error = (found - expected).to_f64().abs();
                assert!(error <= 1e-24, "l = {l} at {r:?}: {error:e}");
            }
        }
    }
}

/// The degree to which |r|^l keeps to a range.
fn lmax_in_range(length: f64, smallest: f64) -> usize {
    let in_range = |l: &usize| {
        let power = length.powi(*l as i32);
        power > smallest && power < smallest.recip()
    };
    (0..=LMAX).take_while(in_range).last().unwrap_or(0)
}

#[test]
fn f64_is_accurate_at_every_point_of_the_reference_file() {
    let mut forms = Forms::new("f64, file");
    for (r, exact) in reference() {
        let lmax = lmax_in_range(exact.length.to_f64(), 1e-250);
        forms.take_solid(r, &exact.solid(LMAX), lmax);
        forms.take_spherical(r, &exact.values);
        forms.take_unit(r, &exact.values);
    }
    forms.finish();
}

/// Points that are not f32 are rounded, and the values there taken from the definition.
#[test]
fn f32_is_accurate_at_every_point_of_the_reference_file() {
    let mut forms = Forms::new("f32, file");
    let definition = Definition::new(LMAX);
    for (r, exact) in reference() {
        let narrow = r.map(|component| component as f32);
        let exact =
            if narrow.map(f64::from) == r { exact } else { definition.at(narrow.map(f64::from)) };
        let lmax = lmax_in_range(exact.length.to_f64(), 1e-30);
        forms.take_solid(narrow, &exact.solid(LMAX), lmax);
        forms.take_spherical(narrow, &exact.values);
        forms.take_unit(narrow, &exact.values);
    }
    forms.finish();
}

/// Every form at random points, a tenth of them within 1 % of the poles.
fn check_random_points<T: Precision>(what: &str, seed: u64) {
    let definition = Definition::new(LMAX);
    let mut random = fastrand::Rng::with_seed(seed);
    let mut elsewhere = Forms::new(&format!("{what}, seed {seed}"));
    let mut near_poles = Forms::new(&format!("{what}, seed {seed}, near poles"));
    let mut lower = Errors::new(format!("{what}, seed {seed}, solid, all degrees to every L"));
    for index in 0..POINTS {
        let at_pole = index % 10 == 0;
        let r = if at_pole { points::near_a_pole(&mut random) } else { points::any(&mut random) };
        let r = r.map(T::nearest);
        let exact = definition.at(r.map(Into::into));
        let solid = exact.solid(LMAX);
        let forms = if at_pole { &mut near_poles } else { &mut elsewhere };
        forms.take_solid(r, &solid, LMAX);
        forms.take_spherical(r, &exact.values);
        forms.take_unit(r, &exact.values);
        if index % LOWER_EVERY == 0 {
            for lmax in 0..=LMAX {
                take_all(&mut lower, Harmonics::SOLID, lmax, r, &solid);
            }
        }
    }
    elsewhere.finish();
    near_poles.finish();
    lower.finish();
}

#[test]
fn f64_is_accurate_at_random_points() {
    check_random_points::<f64>("f64", 1);
}

#[test]
fn f32_is_accurate_at_random_points() {
    check_random_points::<f32>("f32", 2);
}

// Range.

/// Vectors of many lengths, and such with components of very different magnitude.
fn vectors_of_many_lengths<T: Precision>(lengths: &[f64]) -> Vec<[T; 3]> {
    let mut random = fastrand::Rng::with_seed(3);
    let mut vectors = Vec::new();
    for &length in lengths {
        for _ in 0..20 {
            let direction: [f64; 3] = sh::direction(points::any(&mut random));
            vectors.push(direction.map(|component| T::nearest(component * length)));
        }
        vectors.push([length; 3].map(T::nearest));
        for &other in lengths {
            vectors.push([length, 0.3 * other, 0.0].map(T::nearest));
            vectors.push([0.7 * other, length, -other].map(T::nearest));
            vectors.push([other, -0.1 * other, length].map(T::nearest));
        }
    }
    vectors.retain(|r| r.iter().any(|&component| component != T::nearest(0.0)));
    vectors
}

/// Spherical values are those of the direction, and no derivative is NaN.
fn check_range<T: Precision>(what: &str, lengths: &[f64]) {
    let definition = Definition::new(LMAX);
    let mut forms = Forms::new(what);
    for r in vectors_of_many_lengths::<T>(lengths) {
        let exact = definition.at(r.map(Into::into));
        forms.take_spherical(r, &exact.values);
        forms.take_unit(r, &exact.values);
        assert_no_nan(Harmonics::NATIVE, r);
    }
    forms.finish();
}

fn assert_no_nan<T: Precision>(harmonics: Harmonics, r: [T; 3]) {
    let no_nan = |array: &[T]| {
        let is_nan = |&value: &T| -> bool { Into::<f64>::into(value).is_nan() };
        assert!(!array.iter().any(is_nan), "NaN at {r:?}");
    };
    let size = (LMAX + 1) * (LMAX + 1);
    let [mut values, mut gradient] = [vec![T::nearest(0.0); size], vec![T::nearest(0.0); 3 * size]];
    harmonics.up_to_grad(LMAX, r, &mut values, &mut gradient).unwrap();
    no_nan(&values);
    no_nan(&gradient);
    for l in 0..=LMAX {
        let size = 2 * l + 1;
        let [mut values, mut gradient, mut hessian] =
            [1, 3, 9].map(|blocks| vec![T::nearest(0.0); blocks * size]);
        harmonics.degree_hess(l, r, &mut values, &mut gradient, &mut hessian).unwrap();
        for array in [values, gradient, hessian] {
            no_nan(&array);
        }
    }
}

#[test]
fn f64_spherical_harmonics_are_right_at_any_length() {
    let lengths = [
        5e-324, 4e-323, 1e-310, 1e-300, 1e-200, 1e-154, 1e-130, 1e-100, 1e-20, 1.0, 1e20, 1e100,
        1e150, 1e154, 1e200, 1e300, 1e308,
    ];
    check_range::<f64>("f64, any length", &lengths);
    assert_no_nan(Harmonics::NATIVE, [f64::MAX; 3]);
}

#[test]
fn f32_spherical_harmonics_are_right_at_any_length() {
    let lengths = [
        1.5e-45, 1e-44, 1e-40, 1e-37, 1e-30, 1e-19, 1e-15, 1e-10, 1.0, 1e10, 1e18, 1e19, 1e30,
        1e37, 2e38,
    ];
    check_range::<f32>("f32, any length", &lengths);
    assert_no_nan(Harmonics::NATIVE, [f32::MAX; 3]);
}

/// A power of two in the length changes no bit of the values, and derivatives by that power.
fn check_powers_of_two<T: Precision>(exponents: &[i32]) {
    let size = 2 * LMAX + 1;
    let arrays = |r: [T; 3]| {
        let [mut values, mut gradient, mut hessian] =
            [1, 3, 9].map(|blocks| vec![T::nearest(0.0); blocks * size]);
        Harmonics::NATIVE.degree_hess(LMAX, r, &mut values, &mut gradient, &mut hessian).unwrap();
        [values, gradient, hessian]
    };
    let mut random = fastrand::Rng::with_seed(4);
    for _ in 0..20 {
        let r = points::any(&mut random).map(T::nearest);
        let expected = arrays(r);
        for &exponent in exponents {
            let power = |exponent: i32| T::nearest(2.0_f64.powi(exponent));
            let scaled = arrays(r.map(|component| component * power(exponent)));
            for (order, (scaled, expected)) in (0..).zip(scaled.iter().zip(&expected)) {
                let back = power(exponent * order);
                let back: Vec<T> = scaled.iter().map(|&derivative| derivative * back).collect();
                assert_eq!(&back, expected, "derivative {order} of {r:?} times 2^{exponent}");
            }
        }
    }
}

#[test]
fn a_power_of_two_in_the_length_changes_no_digit() {
    check_powers_of_two::<f64>(&[-500, -440, -150, 1, 150, 490, 500]);
    check_powers_of_two::<f32>(&[-55, -40, 1, 40, 55]);
}

#[test]
fn the_zero_vector_has_values_and_no_derivatives() {
    fn check<T: Precision>(zero: [T; 3]) {
        let nought = T::nearest(0.0);
        let one = T::nearest(1.0);
        let [first] = sh::y_0([one; 3]);
        let size = (LMAX + 1) * (LMAX + 1);
        let [mut values, mut gradient] = [vec![one; size], vec![one; 3 * size]];
        Harmonics::NATIVE.up_to_grad(LMAX, zero, &mut values, &mut gradient).unwrap();
        let mut only_values = vec![one; size];
        Harmonics::NATIVE.up_to(LMAX, zero, &mut only_values).unwrap();
        assert_eq!(values, only_values);
        assert_eq!(values[0], first);
        assert!(values[1..].iter().chain(&gradient).all(|&value| value == nought));
        for l in 0..=LMAX {
            let size = 2 * l + 1;
            let [mut values, mut gradient, mut hessian] =
                [1, 3, 9].map(|blocks| vec![one; blocks * size]);
            Harmonics::NATIVE
                .degree_hess(l, zero, &mut values, &mut gradient, &mut hessian)
                .unwrap();
            let expected = if l == 0 { first } else { nought };
            assert!(values.iter().all(|&value| value == expected), "l = {l}");
            assert!(gradient.iter().chain(&hessian).all(|&value| value == nought), "l = {l}");
            values.fill(one);
            Harmonics::NATIVE.degree_grad(l, zero, &mut values, &mut gradient).unwrap();
            assert!(values.iter().all(|&value| value == expected), "l = {l}");
            assert!(gradient.iter().all(|&value| value == nought), "l = {l}");
        }
        assert_eq!(sh::direction(zero), zero);
    }
    check([0.0_f64; 3]);
    check([0.0_f64, -0.0, 0.0]);
    check([0.0_f32; 3]);
}

#[test]
fn directions_have_length_one() {
    let lengths = [5e-324, 1e-310, 1e-300, 1e-150, 1.0, 1e150, 1e300, 1e308];
    for r in vectors_of_many_lengths::<f64>(&lengths) {
        let [x, y, z] = sh::direction(r).map(DoubleDouble::from);
        let length = (x * x + y * y + z * z).sqrt();
        assert!(length.distance(1.0) <= 1.5 * f64::EPSILON, "{r:?}");
    }
}

// Laws.

/// P_l(t) for l = 0..=LMAX.
fn legendre(t: DoubleDouble) -> Vec<DoubleDouble> {
    let mut values = vec![DoubleDouble::from(1.0), t];
    while values.len() <= LMAX {
        let l = values.len();
        let [a, b] = [2 * l - 1, l - 1].map(|n| DoubleDouble::from(n as f64));
        values.push((a * t * values[l - 1] - b * values[l - 2]) / DoubleDouble::from(l as f64));
    }
    values
}

/// Σ_m Y_{lm}(a) Y_{lm}(b) = (2l + 1)/(4π) P_l(a · b).
#[test]
fn the_addition_theorem_holds() {
    let seed = 5;
    let mut random = fastrand::Rng::with_seed(seed);
    let mut worst = 0.0_f64;
    for _ in 0..1000 {
        let [a, b] = [points::any(&mut random), points::any(&mut random)];
        let [exact_a, exact_b] = [a, b].map(|r| {
            let r = r.map(DoubleDouble::from);
            let length = (r[0] * r[0] + r[1] * r[1] + r[2] * r[2]).sqrt();
            r.map(|component| component / length)
        });
        let product = (0..3).fold(DoubleDouble::from(0.0), |sum, i| sum + exact_a[i] * exact_b[i]);
        for (l, exact) in legendre(product).into_iter().enumerate().take(LMAX + 1) {
            let [mut at_a, mut at_b] = [[0.0; 2 * LMAX + 1]; 2];
            Harmonics::NATIVE.degree(l, a, &mut at_a[..2 * l + 1]).unwrap();
            Harmonics::NATIVE.degree(l, b, &mut at_b[..2 * l + 1]).unwrap();
            let sum: f64 = at_a.iter().zip(&at_b).map(|(a, b)| a * b).sum();
            let factor = (2 * l + 1) as f64 / (4.0 * std::f64::consts::PI);
            // By Cauchy and Schwarz, the errors of both factors and of the sum.
            let bound = 3.0 * units(l) * f64::EPSILON * factor;
            let error = (sum - factor * exact.to_f64()).abs();
            worst = worst.max(error / bound);
            assert!(error <= bound, "seed {seed}, l = {l}: {error:e} at {a:?}, {b:?}");
        }
    }
    println!("addition theorem: error / bound {worst:.2}");
}

/// Y_l(-r) = (-1)^l Y_l(r), to the last bit.
#[test]
fn harmonics_have_parity() {
    let mut random = fastrand::Rng::with_seed(6);
    for _ in 0..200 {
        let r = points::any(&mut random);
        for harmonics in [Harmonics::SOLID, Harmonics::NATIVE] {
            for l in 0..=LMAX {
                let [mut values, mut inverted] = [vec![0.0; 2 * l + 1], vec![0.0; 2 * l + 1]];
                harmonics.degree(l, r, &mut values).unwrap();
                harmonics.degree(l, r.map(|component| -component), &mut inverted).unwrap();
                if l % 2 == 1 {
                    inverted.iter_mut().for_each(|value| *value = -*value);
                }
                assert_eq!(values, inverted, "l = {l} at {r:?}");
            }
        }
    }
}

// Names.

/// The generated functions by name, for a degree known at run time.
mod by_name {
    use tesseral::Scalar;

    macro_rules! degrees {
        ($($l:literal $cfg:literal: $y:ident $to:ident $unit:ident;)*) => {
            pub fn degree<T: Scalar>(l: usize, r: [T; 3]) -> Vec<T> {
                match l {
                    $(#[cfg(degree = $cfg)]
                    $l => tesseral::sh::$y(r).to_vec(),)*
                    _ => unreachable!(),
                }
            }

            pub fn all<T: Scalar>(l: usize, r: [T; 3]) -> Vec<T> {
                match l {
                    $(#[cfg(degree = $cfg)]
                    $l => tesseral::sh::$to(r).to_vec(),)*
                    _ => unreachable!(),
                }
            }

            pub fn unit<T: Scalar>(l: usize, r: [T; 3]) -> Vec<T> {
                match l {
                    $(#[cfg(degree = $cfg)]
                    $l => tesseral::sh::$unit(r).to_vec(),)*
                    _ => unreachable!(),
                }
            }
        };
    }

    degrees! {
        0 "0": y_0 to_0 to_0_unit;
        1 "1": y_1 to_1 to_1_unit;
        2 "2": y_2 to_2 to_2_unit;
        3 "3": y_3 to_3 to_3_unit;
        4 "4": y_4 to_4 to_4_unit;
        5 "5": y_5 to_5 to_5_unit;
        6 "6": y_6 to_6 to_6_unit;
        7 "7": y_7 to_7 to_7_unit;
        8 "8": y_8 to_8 to_8_unit;
        9 "9": y_9 to_9 to_9_unit;
        10 "10": y_10 to_10 to_10_unit;
        11 "11": y_11 to_11 to_11_unit;
        12 "12": y_12 to_12 to_12_unit;
        13 "13": y_13 to_13 to_13_unit;
        14 "14": y_14 to_14 to_14_unit;
        15 "15": y_15 to_15 to_15_unit;
        16 "16": y_16 to_16 to_16_unit;
        17 "17": y_17 to_17 to_17_unit;
        18 "18": y_18 to_18 to_18_unit;
        19 "19": y_19 to_19 to_19_unit;
        20 "20": y_20 to_20 to_20_unit;
    }
}

#[test]
fn every_degree_has_functions_of_its_name() {
    let r = [0.3_f64, -0.5, 0.7];
    let direction = sh::direction(r);
    for l in 0..=LMAX {
        let size = (l + 1) * (l + 1);
        let [mut degree, mut all] = [vec![0.0; 2 * l + 1], vec![0.0; size]];
        Harmonics::SOLID.degree(l, r, &mut degree).unwrap();
        Harmonics::SOLID.up_to(l, r, &mut all).unwrap();
        assert_eq!(by_name::degree(l, r), degree);
        assert_eq!(by_name::all(l, r), all);
        // Both forms within their bounds of the same values, which are below 1 for l = 0..=20.
        let unit = by_name::unit(l, direction);
        let solid = by_name::all(l, direction);
        for (index, (unit, solid)) in unit.iter().zip(&solid).enumerate() {
            let error = (unit - solid).abs();
            assert!(
                error <= 2.0 * unit_form_units(l) * f64::EPSILON,
                "l = {l}, {index}: {error:e}"
            );
        }
    }
    let values: [f64; 1] = sh::y_0(r);
    assert_eq!(sh::y_0_grad(r), (values, [[0.0]; 3]));
    assert_eq!(sh::to_0_grad(r), (values, [[0.0]; 3]));
    assert_eq!(sh::y_0_hess(r), (values, [[0.0]; 3], [[[0.0]; 3]; 3]));
}

// Other number types.

mod lanes {
    use std::ops::{Add, Mul, Neg, Sub};

    use tesseral::Scalar;

    /// Four points at once.
    #[derive(Clone, Copy)]
    pub struct Lanes(pub [f64; 4]);

    impl Lanes {
        fn zip(self, other: Lanes, operation: impl Fn(f64, f64) -> f64) -> Lanes {
            Lanes([0, 1, 2, 3].map(|lane| operation(self.0[lane], other.0[lane])))
        }
    }

    impl Add for Lanes {
        type Output = Lanes;
        fn add(self, other: Lanes) -> Lanes {
            self.zip(other, |a, b| a + b)
        }
    }

    impl Sub for Lanes {
        type Output = Lanes;
        fn sub(self, other: Lanes) -> Lanes {
            self.zip(other, |a, b| a - b)
        }
    }

    impl Mul for Lanes {
        type Output = Lanes;
        fn mul(self, other: Lanes) -> Lanes {
            self.zip(other, |a, b| a * b)
        }
    }

    impl Neg for Lanes {
        type Output = Lanes;
        fn neg(self) -> Lanes {
            Lanes(self.0.map(|lane| -lane))
        }
    }

    impl Scalar for Lanes {
        fn constant(value: f64, _single: f32) -> Lanes {
            Lanes([value; 4])
        }
    }
}

#[test]
fn lanes_are_points_of_their_own() {
    let mut random = fastrand::Rng::with_seed(7);
    let points = [(); 4].map(|()| points::any(&mut random));
    let r = [0, 1, 2].map(|axis| lanes::Lanes(points.map(|point| point[axis])));
    for l in 0..=LMAX {
        let (degree, all) = (by_name::degree(l, r), by_name::all(l, r));
        for (lane, &point) in points.iter().enumerate() {
            let lane = |values: &[lanes::Lanes]| -> Vec<f64> {
                values.iter().map(|value| value.0[lane]).collect()
            };
            assert_eq!(lane(&degree), by_name::degree(l, point));
            assert_eq!(lane(&all), by_name::all(l, point));
        }
    }
}
