//! Operations on channels: values, derivatives, equivariance, and errors.

use std::cmp::Ordering;
use std::ops::{Add, Div, Mul, Neg, Sub};

use tesseral::coupling::COUPLING_LMAX;
use tesseral::equivariance::{Equivariance, Random, Report};
use tesseral::kernels::{
    Channels, KernelError, Linear, LinearInputs, ScaleCotangents, ScaleGradients, ScaleInputs,
};
use tesseral::{Irreps, Real, Scalar};

/// A number and its derivative.
#[derive(Clone, Copy, Debug)]
struct Dual(f64, f64);

impl Add for Dual {
    type Output = Dual;
    fn add(self, b: Dual) -> Dual {
        Dual(self.0 + b.0, self.1 + b.1)
    }
}

impl Sub for Dual {
    type Output = Dual;
    fn sub(self, b: Dual) -> Dual {
        Dual(self.0 - b.0, self.1 - b.1)
    }
}

impl Mul for Dual {
    type Output = Dual;
    fn mul(self, b: Dual) -> Dual {
        Dual(self.0 * b.0, self.0 * b.1 + self.1 * b.0)
    }
}

impl Div for Dual {
    type Output = Dual;
    fn div(self, b: Dual) -> Dual {
        Dual(self.0 / b.0, (self.1 - self.0 / b.0 * b.1) / b.0)
    }
}

impl Neg for Dual {
    type Output = Dual;
    fn neg(self) -> Dual {
        Dual(-self.0, -self.1)
    }
}

impl PartialEq for Dual {
    fn eq(&self, b: &Dual) -> bool {
        self.0 == b.0
    }
}

impl PartialOrd for Dual {
    fn partial_cmp(&self, b: &Dual) -> Option<Ordering> {
        self.0.partial_cmp(&b.0)
    }
}

impl Scalar for Dual {
    fn constant(value: f64, _single: f32) -> Dual {
        Dual(value, 0.0)
    }
}

impl Real for Dual {
    fn sqrt(self) -> Dual {
        let root = self.0.sqrt();
        Dual(root, self.1 / (2.0 * root))
    }

    fn abs(self) -> Dual {
        if self.0 < 0.0 { -self } else { self }
    }

    fn range_factor(self) -> Dual {
        Dual(self.0.range_factor(), 0.0)
    }
}

/// Irreps without the degrees that this build cannot couple.
fn irreps(text: &str) -> Irreps {
    text.parse::<Irreps>().unwrap().filter_lmax(COUPLING_LMAX)
}

fn parsed(text: &str) -> Irreps {
    text.parse().unwrap()
}

fn singles(values: &[f64]) -> Vec<f32> {
    values.iter().map(|&value| value as f32).collect()
}

fn doubles(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| value.into()).collect()
}

/// Fails where a value differs by more than a share of the sum of the magnitudes of its terms.
fn assert_near(what: &str, found: &[f64], expected: &[f64], magnitudes: &[f64], share: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let error = (found - expected).abs();
        let allowed = share * magnitudes[index];
        assert!(
            error <= allowed,
            "{what} at {index}: {found:e}, expected {expected:e}: error {error:e} > {allowed:e}"
        );
    }
}

/// The gradient of Σ cotangent · f(x), one entry of x after the other.
fn dual_gradient(x: &[f64], cotangent: &[f64], f: impl Fn(&[Dual]) -> Vec<Dual>) -> Vec<f64> {
    let entry = |place: usize| {
        let seed = |index: usize| if index == place { 1.0 } else { 0.0 };
        let x: Vec<Dual> = x.iter().enumerate().map(|(i, &x)| Dual(x, seed(i))).collect();
        f(&x).iter().zip(cotangent).map(|(y, c)| y.1 * c).sum()
    };
    (0..x.len()).map(entry).collect()
}

fn constants(values: &[f64]) -> Vec<Dual> {
    values.iter().map(|&value| Dual(value, 0.0)).collect()
}

/// Tests an f64 function and its f32 sibling.
fn assert_equivariant(
    name: &str,
    input: &Irreps,
    output: &Irreps,
    double: impl Fn(&[f64]) -> Vec<f64>,
    single: impl Fn(&[f32]) -> Vec<f32>,
) {
    let test = Equivariance::new(input.clone(), output.clone()).seed(3);
    let report: Report = test.of_features(double).unwrap();
    assert!(report.worst().relative() < 1e-13, "{name}: {report}");
    let report: Report = test.of_features(|x| doubles(&single(&singles(x)))).unwrap();
    assert!(report.worst().relative() < 1e-5, "{name} in f32: {report}");
}

#[test]
fn outputs_beyond_memory_are_refused() {
    let most = usize::MAX;
    let output = parsed("18446744073709551615x0o");
    let linear = Linear::with_unreached(Irreps::scalars(1), output, false).unwrap();
    let inputs = LinearInputs { input: &[1.0, 2.0], parameters: &[] };
    let error = linear.forward(inputs, &mut [0.0]).unwrap_err();
    let message = format!("the slice of the output has length 1, expected {most}");
    assert_eq!(error.to_string(), message);
}

#[test]
fn a_linear_map_of_too_many_weights_is_refused() {
    let many = Irreps::scalars(5_000_000_000);
    let error = Linear::try_new(many.clone(), many, false).unwrap_err();
    assert_eq!(error, KernelError::Weights { path: 0 });
}

#[test]
#[should_panic(expected = "the weights are more than a usize counts")]
fn a_linear_map_of_too_many_weights_panics() {
    let many = Irreps::scalars(5_000_000_000);
    Linear::new(many.clone(), many, false);
}

#[test]
#[should_panic(expected = "the least norm is NaN")]
fn a_least_norm_that_is_none_panics() {
    Channels::with_norms_above(Irreps::scalars(1), f64::NAN);
}

// Channels.

const CHANNELS: [&str; 4] = ["2x0e + 2x1o + 1x0o + 1x2e", "0e", "", "0x1o + 0o + 0x0e"];

/// The invariants times the features: both operations at once, their factors the invariants.
fn gated<T: Real + Send + Sync>(channels: &Channels, x: &[T]) -> Vec<T> {
    let zero = T::constant(0.0, 0.0);
    let rows = x.len().checked_div(channels.irreps().dim()).unwrap_or(0);
    let mut factors = vec![zero; rows * channels.len()];
    channels.invariants(x, &mut factors).unwrap();
    let mut scaled = vec![zero; x.len()];
    channels.scale(ScaleInputs { input: x, factors: &factors }, &mut scaled).unwrap();
    scaled
}

#[test]
fn norms_of_any_size_have_values_and_derivatives() {
    if COUPLING_LMAX < 1 {
        return;
    }
    // The smooth norm has no direction below 10⁻⁶.
    let norms: [(Channels, &[f32]); 2] = [
        (Channels::with_norms_above(parsed("1o"), 0.0), &[1e20, 3e37, 1.0, 1e-20, 1e-37]),
        (Channels::new(parsed("1o")), &[1e20, 3e37, 1.0]),
    ];
    for (channels, sizes) in norms {
        for &size in sizes {
            let x = [0.0, 0.6 * size, -0.8 * size];
            let mut norm = [0.0];
            channels.invariants(&x, &mut norm).unwrap();
            assert!((norm[0] / size - 1.0).abs() <= 2.0 * f32::EPSILON, "{size}: {norm:?}");
            let mut gradient = [0.0; 3];
            channels.invariants_backward(&x, &[2.0], &mut gradient).unwrap();
            for (found, expected) in gradient.into_iter().zip([0.0, 1.2, -1.6]) {
                assert!((found - expected).abs() <= 4.0 * f32::EPSILON, "{size}: {gradient:?}");
            }
            // Across the vector the second derivative is 1/|x|, along it none.
            let (mut by_x, mut by_dz) = ([0.0; 3], [0.0]);
            let w = [1.0, 0.6, -0.8];
            let (by_x_given, by_dz_given) = (Some(&mut by_x[..]), Some(&mut by_dz[..]));
            channels.invariants_backward_twice(&x, &[1.0], &w, by_x_given, by_dz_given).unwrap();
            assert!((by_dz[0] - 1.0).abs() <= 4.0 * f32::EPSILON, "{size}: {by_dz:?}");
            for (found, expected) in by_x.into_iter().zip([1.0, 0.0, 0.0]) {
                assert!((found * size - expected).abs() <= 4.0 * f32::EPSILON, "{size}: {by_x:?}");
            }
        }
    }
}

#[test]
fn an_invariant_is_a_value_or_a_norm() {
    let channels = Channels::new(parsed("2x0e + 0o"));
    assert_eq!(channels.len(), 3);
    let mut invariants = [0.0; 6];
    channels.invariants(&[-1.0, 2.0, -3.0, 0.5, 0.0, 0.0], &mut invariants).unwrap();
    assert_eq!(invariants, [-1.0, 2.0, f64::sqrt(9.0 + 1e-12), 0.5, 0.0, 1e-6]);
    if COUPLING_LMAX >= 1 {
        let channels = Channels::new(parsed("2x1o + 0e"));
        let mut invariants = [0.0; 3];
        channels.invariants(&[1.0, 2.0, 2.0, 0.0, -3.0, 4.0, 7.0], &mut invariants).unwrap();
        let expected = [f64::sqrt(9.0 + 1e-12), f64::sqrt(25.0 + 1e-12), 7.0];
        assert_near("norms", &invariants, &expected, &expected, 2.0 * f64::EPSILON);
        let mut scaled = [0.0; 7];
        let x = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];
        let inputs = ScaleInputs { input: &x, factors: &[2.0, -1.0, 10.0] };
        channels.scale(inputs, &mut scaled).unwrap();
        assert_eq!(scaled, [2.0, 4.0, 6.0, -4.0, -5.0, -6.0, 70.0]);
    }
}

#[test]
fn the_gradients_of_channels_are_their_derivatives() {
    for text in CHANNELS {
        let channels = Channels::new(irreps(text));
        let mut random = Random::new(8);
        let rows = if channels.is_empty() { 0 } else { 3 };
        let x = random.normals(rows * channels.irreps().dim());
        let factors = random.normals(rows * channels.len());
        let invariants = |x: &[Dual]| {
            let mut invariants = vec![Dual(0.0, 0.0); factors.len()];
            channels.invariants(x, &mut invariants).unwrap();
            invariants
        };
        let cotangent = random.normals(factors.len());
        let mut found = vec![1.0; x.len()];
        channels.invariants_backward(&x, &cotangent, &mut found).unwrap();
        let wanted = dual_gradient(&x, &cotangent, invariants);
        let wanted: Vec<f64> = wanted.iter().map(|g| 1.0 + g).collect();
        let magnitudes = vec![10.0; wanted.len()];
        assert_near(text, &found, &wanted, &magnitudes, f64::EPSILON);

        let scale = |x: &[Dual], factors: &[Dual]| {
            let mut scaled = vec![Dual(0.0, 0.0); x.len()];
            channels.scale(ScaleInputs { input: x, factors }, &mut scaled).unwrap();
            scaled
        };
        let cotangent = random.normals(x.len());
        let expected = [
            dual_gradient(&x, &cotangent, |x| scale(x, &constants(&factors))),
            dual_gradient(&factors, &cotangent, |factors| scale(&constants(&x), factors)),
        ];
        for asked in [[true, false], [false, true], [true, true]] {
            let mut found = [vec![1.0; x.len()], vec![1.0; factors.len()]];
            let [dx, df] = &mut found;
            let (dx, df) = (asked[0].then_some(&mut dx[..]), asked[1].then_some(&mut df[..]));
            let inputs = ScaleInputs { input: &x, factors: &factors };
            let gradients = ScaleGradients { input: dx, factors: df };
            channels.scale_backward(inputs, &cotangent, gradients).unwrap();
            for side in 0..2 {
                let sign = if asked[side] { 1.0 } else { 0.0 };
                let wanted: Vec<f64> = expected[side].iter().map(|g| 1.0 + sign * g).collect();
                let magnitudes = vec![10.0; wanted.len()];
                assert_near(text, &found[side], &wanted, &magnitudes, f64::EPSILON);
            }
        }
    }
}

#[test]
fn channels_are_equivariant() {
    for text in CHANNELS {
        let channels = Channels::new(irreps(text));
        let irreps = channels.irreps();
        assert_equivariant(
            text,
            irreps,
            irreps,
            |x| if x.is_empty() { vec![] } else { gated(&channels, x) },
            |x| if x.is_empty() { vec![] } else { gated(&channels, x) },
        );
    }
}

#[test]
fn gradients_at_zero_features_are_finite() {
    fn check<T: Real + Send + Sync>(finite: impl Fn(T) -> bool) {
        let channels = Channels::new(irreps("0e + 0o + 1o + 2e"));
        let zero = T::constant(0.0, 0.0);
        let x = vec![zero; channels.irreps().dim()];
        let mut gradient = x.clone();
        let ones = vec![T::constant(1.0, 1.0); channels.len()];
        channels.invariants_backward(&x, &ones, &mut gradient).unwrap();
        assert!(gradient.iter().all(|&g| finite(g)));
        // Nothing but the scalar has a gradient there.
        assert!(gradient[0] == T::constant(1.0, 1.0) && gradient[1..].iter().all(|&g| g == zero));
    }
    check::<f32>(f32::is_finite);
    check::<f64>(f64::is_finite);
}

#[test]
fn wrong_lengths_of_channels_are_refused() {
    let channels = Channels::new(parsed("2x0e + 0o"));
    let values = [1.0; 12];
    let message = |result: Result<(), KernelError>| result.unwrap_err().to_string();
    let invariants =
        |x: usize, out: usize| channels.invariants(&values[..x], &mut [0.0; 12][..out]);
    assert_eq!(
        message(invariants(5, 3)),
        "the slice of the input has length 5, expected a multiple of 3"
    );
    assert_eq!(message(invariants(6, 3)), "the slice of the output has length 3, expected 6");
    let inputs = ScaleInputs { input: &values[..6], factors: &values[..6] };
    assert_eq!(
        message(channels.scale(inputs, &mut [0.0; 5])),
        "the slice of the output has length 5, expected 6"
    );
    assert_eq!(
        message(channels.scale(ScaleInputs { factors: &values[..4], ..inputs }, &mut [0.0; 6])),
        "the slice of the factors has length 4, expected 6"
    );
    assert_eq!(
        message(channels.invariants_backward(&values[..6], &values[..6], &mut [0.0; 7])),
        "the slice of the gradient of the input has length 7, expected 6"
    );
    let none = || ScaleGradients { input: None, factors: None };
    assert_eq!(
        message(channels.scale_backward(inputs, &values[..5], none())),
        "the slice of the gradient of the output has length 5, expected 6"
    );
    let gradients = ScaleGradients { input: None, factors: Some(&mut [0.0; 2]) };
    assert_eq!(
        message(channels.scale_backward(inputs, &values[..6], gradients)),
        "the slice of the gradient of the factors has length 2, expected 6"
    );
    let along = ScaleCotangents { input: None, factors: Some(&values[..3]) };
    assert_eq!(
        message(channels.scale_backward_twice(inputs, &values[..6], along, none(), None)),
        "the slice of the cotangent of the factors has length 3, expected 6"
    );
    assert_eq!(
        message(Channels::new(parsed("")).invariants(&[1.0], &mut [])),
        "the slice of the input has length 1, expected 0"
    );
}
