//! Radial functions: against other formulas and e3nn's, derivatives, limits, and errors.

use std::f64::consts::PI;
use tesseral::radial::{
    Bernstein, Bessel, Chebyshev, CosineCutoff, Envelope, Enveloped, Gaussian, OneHotFunction,
    PolynomialCutoff, RadialBasis, RadialError, SoftOneHot, UnitVariance, XplorCutoff,
};

const ALL: [OneHotFunction; 5] = [
    OneHotFunction::Gaussian,
    OneHotFunction::Cosine,
    OneHotFunction::SmoothFinite,
    OneHotFunction::Fourier,
    OneHotFunction::Bessel,
];

/// Values of e3nn's `soft_one_hot_linspace(x, -0.5, 1.5, 4, function, cutoff)`, its formulas
/// evaluated in double precision.
type Reference = (OneHotFunction, bool, f64, [f64; 4]);
const REFERENCE: [Reference; 30] = [
    (
        OneHotFunction::Gaussian,
        true,
        -0.75,
        [0.06367560955156967, 0.000908283788941697, 1.7534001972310682e-06, 4.580908059010498e-10],
    ),
    (
        OneHotFunction::Gaussian,
        true,
        0.32,
        [0.29646423691487567, 0.890627787854875, 0.36210223666367874, 0.019924031050862868],
    ),
    (
        OneHotFunction::Gaussian,
        true,
        1.7,
        [1.4332393349871633e-09, 4.272426242972344e-06, 0.0017236197644890335, 0.0941064505016647],
    ),
    (
        OneHotFunction::Gaussian,
        false,
        -0.75,
        [0.7757277288061099, 0.1348012664784952, 0.0031702219261094096, 1.0090121467094917e-05],
    ),
    (
        OneHotFunction::Gaussian,
        false,
        0.32,
        [0.19666988129682283, 0.8468525493085753, 0.4935018431280304, 0.038920713657570175],
    ),
    (
        OneHotFunction::Gaussian,
        false,
        1.7,
        [1.6646198510282844e-05, 0.004501571660438378, 0.16474957499374038, 0.8160099868493108],
    ),
    (OneHotFunction::Cosine, true, -0.75, [0.0, 0.0, 0.0, 0.0]),
    (OneHotFunction::Cosine, true, 0.32, [0.0, 0.996917333733128, 0.07845909572784433, 0.0]),
    (OneHotFunction::Cosine, true, 1.7, [0.0, 0.0, 0.0, 0.0]),
    (OneHotFunction::Cosine, false, -0.75, [0.8314696123025452, 0.0, 0.0, 0.0]),
    (OneHotFunction::Cosine, false, 0.32, [0.0, 0.9354440308298673, 0.35347484377925753, 0.0]),
    (OneHotFunction::Cosine, false, 1.7, [0.0, 0.0, 0.0, 0.8910065241883679]),
    (OneHotFunction::SmoothFinite, true, -0.75, [0.0, 0.0, 0.0, 0.0]),
    (
        OneHotFunction::SmoothFinite,
        true,
        0.32,
        [0.0, 1.135653211918934, 1.040894838623574e-08, 0.0],
    ),
    (OneHotFunction::SmoothFinite, true, 1.7, [0.0, 0.0, 0.0, 0.0]),
    (OneHotFunction::SmoothFinite, false, -0.75, [0.8227917125985746, 0.0, 0.0, 0.0]),
    (
        OneHotFunction::SmoothFinite,
        false,
        0.32,
        [0.0, 1.0207229033507856, 0.06200270260123819, 0.0],
    ),
    (OneHotFunction::SmoothFinite, false, 1.7, [0.0, 0.0, 0.0, 0.9365225634788953]),
    (OneHotFunction::Fourier, true, -0.75, [0.0, 0.0, 0.0, 0.0]),
    (
        OneHotFunction::Fourier,
        true,
        0.32,
        [0.6401957904512954, 0.3572178633193311, -0.4408745768824347, -0.6032180349773464],
    ),
    (OneHotFunction::Fourier, true, 1.7, [0.0, 0.0, 0.0, 0.0]),
    (
        OneHotFunction::Fourier,
        false,
        -0.75,
        [0.6666666666666666, 0.6159196883408579, 0.47140452079103173, 0.2551222882433932],
    ),
    (
        OneHotFunction::Fourier,
        false,
        0.32,
        [0.6666666666666666, 0.1859940706928195, -0.56288528366801, -0.5000740464203063],
    ),
    (
        OneHotFunction::Fourier,
        false,
        1.7,
        [0.6666666666666666, -0.6340376775301023, 0.5393446629166313, -0.39185683486164896],
    ),
    (OneHotFunction::Bessel, true, -0.75, [0.0, 0.0, 0.0, 0.0]),
    (
        OneHotFunction::Bessel,
        true,
        0.32,
        [1.1710898605816378, 0.6534473109499959, -0.806477884541039, -1.1034476249585603],
    ),
    (OneHotFunction::Bessel, true, 1.7, [0.0, 0.0, 0.0, 0.0]),
    (
        OneHotFunction::Bessel,
        false,
        -0.75,
        [1.5307337294603591, 2.82842712474619, 3.695518130045147, 4.0],
    ),
    (
        OneHotFunction::Bessel,
        false,
        0.32,
        [1.1710898605816378, 0.6534473109499959, -0.806477884541039, -1.1034476249585603],
    ),
    (
        OneHotFunction::Bessel,
        false,
        1.7,
        [-0.14046227017043078, 0.26717511467839705, -0.3677349974431578, 0.4322984164977972],
    ),
];

fn values(basis: &impl RadialBasis, r: f64) -> Vec<f64> {
    let mut values = vec![f64::NAN; basis.count()];
    basis.values_into(r, &mut values).unwrap();
    values
}

fn derivatives(basis: &impl RadialBasis, r: f64) -> Vec<f64> {
    let mut both = [vec![f64::NAN; basis.count()], vec![f64::NAN; basis.count()]];
    let [again, derivatives] = &mut both;
    basis.values_and_derivatives_into(r, again, derivatives).unwrap();
    assert_eq!(again, &values(basis, r));
    both[1].clone()
}

fn assert_near(found: f64, expected: f64, tolerance: f64) {
    let error = (found - expected).abs() / expected.abs().max(1.0);
    assert!(error <= tolerance, "found {found}, expected {expected}");
}

fn assert_all_near(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (&found, &expected) in found.iter().zip(expected) {
        assert_near(found, expected, tolerance);
    }
}

/// The fourth-order central difference.
fn difference(f: impl Fn(f64) -> f64, r: f64) -> f64 {
    let h = 1e-3;
    (8.0 * (f(r + h) - f(r - h)) - (f(r + 2.0 * h) - f(r - 2.0 * h))) / (12.0 * h)
}

fn check_derivatives(basis: &impl RadialBasis, at: &[f64]) {
    for &r in at {
        for (i, derivative) in derivatives(basis, r).into_iter().enumerate() {
            assert_near(derivative, difference(|r| values(basis, r)[i], r), 1e-7);
        }
    }
}

/// A trapezoid rule that is exact enough for what vanishes at both ends.
fn integral(f: impl Fn(f64) -> f64, end: f64) -> f64 {
    let steps = 2000;
    (1..steps).map(|i| f(end * f64::from(i) / f64::from(steps))).sum::<f64>() * end
        / f64::from(steps)
}

// Bases.

#[test]
fn derivatives_are_those_of_the_values() {
    let at = [0.0, 1e-3, 0.05, 0.3, 0.7, 1.234, 2.6, 3.9];
    check_derivatives(&Bessel::new(6, 4.0).unwrap(), &at);
    check_derivatives(&Gaussian::new(5, 0.5, 4.0).unwrap(), &at);
    check_derivatives(&Gaussian::new(5, 0.5, 4.0).unwrap().with_width(1.3).unwrap(), &at);
    for count in [1, 2, 7] {
        check_derivatives(&Bernstein::new(count, 0.9).unwrap(), &at);
        check_derivatives(&Chebyshev::new(count, 4.0).unwrap(), &at);
    }
    for function in ALL {
        // Not at kinks.
        for cutoff in [true, false] {
            let basis = SoftOneHot::new(-0.5, 4.0, 4, function, cutoff).unwrap();
            check_derivatives(&basis, &at[1..]);
            check_derivatives(&basis, &[-2.1, 5.1]);
        }
    }
}

#[test]
fn bessel_functions_are_orthonormal() {
    let basis = Bessel::new(4, 3.0).unwrap();
    for m in 0..4 {
        for n in 0..4 {
            let product = |r: f64| {
                let b = values(&basis, r);
                b[m] * b[n] * r * r
            };
            assert_near(integral(product, 3.0), f64::from(m == n), 1e-12);
        }
    }
}

#[test]
fn bessel_functions_have_their_limits() {
    let basis = Bessel::new(5, 3.0).unwrap();
    let limits: Vec<f64> =
        (1..6).map(|n| (2.0_f64 / 3.0).sqrt() * f64::from(n) * PI / 3.0).collect();
    assert_all_near(&values(&basis, 0.0), &limits, 1e-15);
    assert_all_near(&values(&basis, f64::MIN_POSITIVE), &limits, 1e-15);
    assert_all_near(&derivatives(&basis, 0.0), &[0.0; 5], 0.0);
    assert_all_near(&values(&basis, 3.0), &[0.0; 5], 1e-14);
    // Where the series takes over from the closed form.
    for n in 1..6 {
        let edge = 3.0 / (f64::from(n) * PI);
        let (below, above) = (edge.next_down().next_down(), edge.next_up().next_up());
        assert_all_near(&values(&basis, below), &values(&basis, above), 1e-14);
        assert_all_near(&derivatives(&basis, below), &derivatives(&basis, above), 1e-13);
    }
}

#[test]
fn many_bessel_functions_stay_accurate() {
    let basis = Bessel::new(200, 5.0).unwrap();
    for r in [0.01, 0.5, 2.0, 4.9] {
        for (i, value) in values(&basis, r).into_iter().enumerate() {
            let k = (i + 1) as f64 * PI / 5.0;
            assert_near(value, 0.4_f64.sqrt() * (k * r).sin() / r, 1e-12);
        }
    }
}

#[test]
fn bernstein_polynomials_add_up_to_one() {
    for (count, decay) in [(1, 1.0), (2, 0.5), (16, 0.9), (512, 2.0)] {
        let basis = Bernstein::new(count, decay).unwrap();
        for r in [0.0, 1e-9, 0.1, 1.0, 7.0, 1e3] {
            let values = values(&basis, r);
            assert!(values.iter().all(|&value| value >= 0.0));
            assert_near(values.iter().sum(), 1.0, 1e-12);
            let slope: f64 = derivatives(&basis, r).iter().sum();
            assert_near(slope, 0.0, 1e-10);
        }
        let at_zero = values(&basis, 0.0);
        assert_eq!((at_zero[count - 1], at_zero.iter().sum()), (1.0, 1.0));
    }
}

#[test]
fn chebyshev_polynomials_are_cosines_of_multiples() {
    let basis = Chebyshev::new(30, 4.0).unwrap();
    for r in [0.0_f64, 0.1, 1.0, 2.0, 3.7, 4.0] {
        let angle = (r / 2.0 - 1.0).acos();
        for (n, value) in values(&basis, r).into_iter().enumerate() {
            assert_near(value, (n as f64 * angle).cos(), 1e-12);
        }
    }
}

#[test]
fn soft_one_hots_are_those_of_e3nn() {
    for (function, cutoff, r, expected) in REFERENCE {
        let basis = SoftOneHot::new(-0.5, 1.5, 4, function, cutoff).unwrap();
        assert_all_near(&values(&basis, r), &expected, 2e-15);
    }
}

#[test]
fn soft_one_hots_end_at_the_cutoff() {
    for function in ALL {
        let basis = SoftOneHot::new(0.0, 3.0, 5, function, true).unwrap();
        let most = if function == OneHotFunction::Gaussian { 0.5 } else { 0.0 };
        for r in [-1.0, 0.0, 3.0, 4.0] {
            assert!(values(&basis, r).iter().all(|value| value.abs() <= most));
        }
    }
    let open = SoftOneHot::new(1.0, 3.0, 2, OneHotFunction::Bessel, false).unwrap();
    assert_all_near(&values(&open, 1.0), &[PI / 2.0, PI], 1e-15);
}

#[test]
fn squares_of_soft_one_hots_add_up_to_about_one() {
    for function in &ALL[..4] {
        let basis = SoftOneHot::new(0.0, 3.0, 10, *function, false).unwrap();
        let squares = |r: f64| values(&basis, r).iter().map(|v| v * v).sum::<f64>();
        let mean = (0..=100).map(|i| squares(0.5 + 0.02 * f64::from(i))).sum::<f64>() / 101.0;
        assert!((mean - 1.0).abs() < 0.05, "{function:?}: {mean}");
    }
}

#[test]
fn single_precision_is_double_precision_rounded() {
    let basis = Bessel::new(3, 5.0).unwrap();
    let (mut single, mut slopes) = ([0.0_f32; 3], [0.0_f32; 3]);
    basis.values_and_derivatives_into(1.25_f32, &mut single, &mut slopes).unwrap();
    assert_eq!(single.to_vec(), values(&basis, 1.25).iter().map(|&v| v as f32).collect::<Vec<_>>());
    let exact = derivatives(&basis, 1.25);
    assert_eq!(slopes.to_vec(), exact.iter().map(|&v| v as f32).collect::<Vec<_>>());
}

// Envelopes.

fn check_envelope(envelope: &impl Envelope, flat_at_zero: bool) {
    let c = envelope.cutoff();
    let both = |r: f64| envelope.value_and_derivative(r);
    assert_eq!(both(0.0).0, 1.0);
    if flat_at_zero {
        assert_eq!(both(0.0).1, 0.0);
    }
    for r in [c, c.next_up(), 2.0 * c, f64::INFINITY] {
        assert_eq!(both(r), (0.0, 0.0));
    }
    // The limits at the cutoff are those values.
    let (value, derivative) = both(c.next_down());
    assert!((0.0..1e-25).contains(&value) && (-1e-13..=0.0).contains(&derivative));
    let mut previous = 1.0;
    for i in 1..200 {
        let r = c * f64::from(i) / 200.0;
        let (value, derivative) = both(r);
        assert!((0.0..=previous + 1e-14).contains(&value));
        assert_eq!(value, envelope.value(r));
        assert_near(derivative, difference(|r| envelope.value(r), r), 1e-4);
        previous = value;
    }
    assert!(both(f64::NAN).0.is_nan());
}

#[test]
fn envelopes_fall_from_one_to_zero() {
    for power in [1, 2, 3, 6, 10, 50] {
        check_envelope(&PolynomialCutoff::new(3.0, power).unwrap(), power > 1);
    }
    check_envelope(&CosineCutoff::new(3.0).unwrap(), true);
    for onset in [0.0, 1.0, 2.5] {
        check_envelope(&XplorCutoff::new(onset, 3.0).unwrap(), true);
    }
}

#[test]
fn envelopes_have_their_formulas() {
    let (c, a) = (3.0_f64, 1.1_f64);
    for r in [1.2_f64, 1.7, 2.2, 2.9] {
        let x = r / c;
        for power in [1_u16, 2, 6, 9] {
            let p = f64::from(power);
            let expected = 1.0 - (p + 1.0) * (p + 2.0) / 2.0 * x.powf(p)
                + p * (p + 2.0) * x.powf(p + 1.0)
                - p * (p + 1.0) / 2.0 * x.powf(p + 2.0);
            assert_near(PolynomialCutoff::new(c, power).unwrap().value(r), expected, 1e-13);
        }
        let cosine = 0.5 * (1.0 + (PI * x).cos());
        assert_near(CosineCutoff::new(c).unwrap().value(r), cosine, 1e-15);
        let (c2, a2, r2) = (c * c, a * a, r * r);
        let xplor = (c2 - r2).powi(2) * (c2 + 2.0 * r2 - 3.0 * a2) / (c2 - a2).powi(3);
        assert_near(XplorCutoff::new(a, c).unwrap().value(r), xplor, 1e-14);
    }
}

#[test]
fn derivatives_of_envelopes_are_smooth_differences() {
    let envelopes = |r: f64| {
        let polynomial = PolynomialCutoff::new(3.0, 6).unwrap();
        let cosine = CosineCutoff::new(3.0).unwrap();
        let xplor = XplorCutoff::new(0.5, 3.0).unwrap();
        [
            polynomial.value_and_derivative(r),
            cosine.value_and_derivative(r),
            xplor.value_and_derivative(r),
        ]
    };
    for r in [0.6, 1.0, 1.5, 2.0, 2.9] {
        for (i, (_, derivative)) in envelopes(r).into_iter().enumerate() {
            assert_near(derivative, difference(|r| envelopes(r)[i].0, r), 1e-9);
        }
    }
}

#[test]
fn an_enveloped_basis_is_the_product() {
    let (basis, envelope) = (Gaussian::new(4, 0.0, 3.0), PolynomialCutoff::new(3.0, 4));
    let (basis, envelope) = (basis.unwrap(), envelope.unwrap());
    let product = Enveloped::new(basis, envelope);
    check_derivatives(&product, &[0.3, 1.0, 2.0, 2.9]);
    let expected: Vec<f64> = values(&basis, 1.5).iter().map(|b| b * envelope.value(1.5)).collect();
    assert_eq!(values(&product, 1.5), expected);
    // Where the polynomials themselves overflow.
    let far = Enveloped::new(Chebyshev::new(300, 1.0).unwrap(), CosineCutoff::new(1.0).unwrap());
    assert_eq!(values(&far, 1e10), [0.0; 300]);
}

// Errors.

fn message<T: std::fmt::Debug>(result: Result<T, RadialError>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn bad_counts_are_refused() {
    let expected = "the number of functions is 0, expected 1 to";
    assert_eq!(message(Bessel::new(0, 1.0)), format!("{expected} 65535"));
    assert_eq!(message(Chebyshev::new(0, 1.0)), format!("{expected} 65535"));
    assert_eq!(message(Bernstein::new(0, 1.0)), format!("{expected} 512"));
    assert!(message(Bernstein::new(513, 1.0)).contains("513"));
    assert!(message(Gaussian::new(1, 0.0, 1.0)).contains("is 1, expected 2 to"));
    let soft = |count, cutoff| SoftOneHot::new(0.0, 1.0, count, OneHotFunction::Cosine, cutoff);
    assert!(message(soft(1, false)).contains("is 1, expected 2 to"));
    assert!(soft(1, true).is_ok());
    assert!(message(soft(usize::MAX, true)).contains("to 65535"));
}

#[test]
fn bad_parameters_are_refused() {
    let tail = "expected a finite number above zero";
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let cutoff = format!("the cutoff is {bad}, {tail}");
        assert_eq!(message(Bessel::new(1, bad)), cutoff);
        assert_eq!(message(Chebyshev::new(1, bad)), cutoff);
        assert_eq!(message(PolynomialCutoff::new(bad, 6)), cutoff);
        assert_eq!(message(CosineCutoff::new(bad)), cutoff);
        assert_eq!(message(XplorCutoff::new(0.0, bad)), cutoff);
        assert_eq!(message(Bernstein::new(3, bad)), format!("the decay rate is {bad}, {tail}"));
        let wide = Gaussian::new(2, 0.0, 1.0).unwrap().with_width(bad);
        assert_eq!(message(wide), format!("the width is {bad}, {tail}"));
    }
    assert_eq!(message(PolynomialCutoff::new(1.0, 0)), format!("the power is 0, {tail}"));
    for onset in [-0.5, 2.0, 3.0, f64::NAN] {
        let expected = format!("the onset is {onset}, expected at least 0 and below the cutoff 2");
        assert_eq!(message(XplorCutoff::new(onset, 2.0)), expected);
    }
}

#[test]
fn bad_intervals_are_refused() {
    let infinite = f64::INFINITY;
    for (start, end) in [(1.0, 1.0), (2.0, 1.0), (f64::NAN, 1.0), (0.0, infinite), (-1e308, 1e308)]
    {
        let expected = format!(
            "the interval is {start} to {end}, expected finite numbers, the start below the end"
        );
        assert_eq!(message(Gaussian::new(2, start, end)), expected);
        let soft = SoftOneHot::new(start, end, 2, OneHotFunction::Cosine, true);
        assert_eq!(message(soft), expected);
    }
}

#[test]
fn slices_of_the_wrong_length_are_refused() {
    let basis = Bessel::new(3, 1.0).unwrap();
    assert_eq!(
        message(basis.values_into(0.5, &mut [0.0; 2])),
        "the slice of values has length 2, expected 3"
    );
    assert_eq!(
        message(basis.values_and_derivatives_into(0.5, &mut [0.0; 3], &mut [0.0; 4])),
        "the slice of derivatives has length 4, expected 3"
    );
}

// Unit variance.

/// The mean of Σ bₙ²/n by the midpoint rule.
fn mean_square(basis: &impl RadialBasis, cutoff: f64) -> f64 {
    const POINTS: u32 = 20_000;
    let squares = |r| basis.functions(r).map(|(value, _)| value * value).sum::<f64>();
    let at = |i: u32| cutoff * (f64::from(i) + 0.5) / f64::from(POINTS);
    (0..POINTS).map(|i| squares(at(i))).sum::<f64>() / f64::from(POINTS) / basis.count() as f64
}

#[test]
fn the_mean_square_is_one() {
    for cutoff in [0.7, 5.0, 80.0] {
        let bessel = UnitVariance::new(Bessel::new(8, cutoff).unwrap(), cutoff).unwrap();
        // The midpoint rule is off by 10⁻⁸ here.
        assert!((mean_square(&bessel, cutoff) - 1.0).abs() < 1e-7);
        let envelope = PolynomialCutoff::new(cutoff, 6).unwrap();
        let enveloped = Enveloped::new(Bessel::new(20, cutoff).unwrap(), envelope);
        let enveloped = UnitVariance::new(enveloped, cutoff).unwrap();
        assert!((mean_square(&enveloped, cutoff) - 1.0).abs() < 1e-6);
        for function in ALL {
            let basis = SoftOneHot::new(0.0, cutoff, 10, function, true).unwrap();
            let unit = UnitVariance::new(basis, cutoff).unwrap();
            assert!((mean_square(&unit, cutoff) - 1.0).abs() < 1e-6, "{function:?}");
        }
    }
    // Of a constant, to the rounding of some hundred terms.
    let one = UnitVariance::new(Chebyshev::new(1, 2.0).unwrap(), 2.0).unwrap();
    let [value, first, second] = one.jets(0.3).next().unwrap();
    assert!((value - 1.0).abs() <= 16.0 * f64::EPSILON && [first, second] == [0.0; 2], "{value}");
}

#[test]
fn derivatives_are_scaled_alike() {
    let basis = Bessel::new(3, 2.0).unwrap();
    let unit = UnitVariance::new(basis, 2.0).unwrap();
    let factor = unit.jets(0.4).next().unwrap()[0] / basis.jets(0.4).next().unwrap()[0];
    for (scaled, plain) in unit.jets(1.1).zip(basis.jets(1.1)) {
        for (scaled, plain) in scaled.into_iter().zip(plain) {
            assert!((scaled - factor * plain).abs() <= 4.0 * f64::EPSILON * scaled.abs());
        }
    }
}

#[test]
fn what_has_no_variance_is_refused() {
    let message = |error: RadialError| error.to_string();
    let basis = Bessel::new(3, 2.0).unwrap();
    assert_eq!(
        message(UnitVariance::new(basis, 0.0).unwrap_err()),
        "the cutoff is 0, expected a finite number above zero"
    );
    // Zero beyond its own cutoff, so within another envelope's.
    let nothing = Enveloped::new(basis, PolynomialCutoff::new(1e-300, 6).unwrap());
    assert_eq!(
        message(UnitVariance::new(nothing, 2.0).unwrap_err()),
        "the mean square of the basis is 0, expected a finite number above zero"
    );
}
