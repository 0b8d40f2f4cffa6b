//! Kernels on slices: against naive sums, their derivatives, equivariance, variances, and errors.

use std::cmp::Ordering;
use std::ops::{Add, Div, Mul, Neg, Sub};

use tesseral::coupling::COUPLING_LMAX;
use tesseral::equivariance::{Equivariance, Random, Report};
use tesseral::kernels::{Channels, KernelError, Linear};
use tesseral::{Irrep, Irreps, Real, Scalar};

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

/// The mean square of each block of rows of features.
fn mean_squares(irreps: &Irreps, values: &[f64]) -> Vec<f64> {
    let rows = values.len() / irreps.dim();
    let of = |slice: std::ops::Range<usize>| {
        let row = |row: usize| &values[row * irreps.dim()..][slice.clone()];
        let sum: f64 = (0..rows).flat_map(row).map(|x| x * x).sum();
        sum / (rows * slice.len()) as f64
    };
    irreps.slices().into_iter().filter(|slice| !slice.is_empty()).map(of).collect()
}

#[test]
fn outputs_beyond_memory_are_refused() {
    let most = usize::MAX;
    let linear = Linear::new(Irreps::scalars(1), parsed("18446744073709551615x0o"), false);
    let error = linear.forward(&[1.0, 2.0], &[], &mut [0.0]).unwrap_err();
    let message = format!("the slice of the output has length 1, expected {most}");
    assert_eq!(error.to_string(), message);
}

#[test]
#[should_panic(expected = "the weights are more than a usize counts")]
fn a_linear_map_of_too_many_weights_panics() {
    let many = Irreps::scalars(5_000_000_000);
    Linear::new(many.clone(), many, false);
}

// The linear map.

const LINEAR: [(&str, &str); 5] = [
    ("2x0e + 3x1o + 1x0o + 2x0e + 1x2e", "3x0e + 2x1o + 1x1e + 1x0e + 2x2e"),
    ("2x0e", "1x0o"),
    ("", "2x0e + 1o"),
    ("2x1o + 0e", ""),
    ("0x1o + 0e", "2x1o + 0x0e"),
];

#[test]
fn a_linear_map_mixes_channels_of_one_irrep() {
    for (input, output) in LINEAR {
        let (input, output) = (irreps(input), irreps(output));
        let linear = Linear::new(input.clone(), output.clone(), true);
        assert_eq!(linear.num_biases(), output.count(Irrep::SCALAR));
        let mut random = Random::new(5);
        let rows = 3;
        let x = random.normals(rows * input.dim());
        let parameters = random.normals(linear.num_weights() + linear.num_biases());
        // The other slice says how many rows there are where one is empty.
        let mut found = vec![4.0; rows * output.dim()];
        linear.forward(&x, &parameters, &mut found).unwrap();

        let (weights, biases) = parameters.split_at(linear.num_weights());
        let mut expected = vec![0.0; found.len()];
        for row in 0..rows {
            let (mut weights, mut biases) = (weights.iter(), biases.iter());
            for (target, slice) in output.iter().zip(output.slices()) {
                let z = &mut expected[row * output.dim()..][slice];
                let size = target.irrep.dim();
                let terms = input.count(target.irrep) as f64;
                for (source, slice) in input.iter().zip(input.slices()) {
                    let x = &x[row * input.dim()..][slice];
                    let channels = if source.irrep == target.irrep { source.mul } else { 0 };
                    for u in 0..channels {
                        for v in 0..target.mul {
                            let weight = weights.next().unwrap() / terms.sqrt();
                            for m in 0..size {
                                z[v * size + m] += weight * x[u * size + m];
                            }
                        }
                    }
                }
                if target.irrep == Irrep::SCALAR {
                    z.iter_mut().for_each(|z| *z += biases.next().unwrap());
                }
            }
            assert_eq!((weights.next(), biases.next()), (None, None));
        }
        let magnitudes = vec![10.0; expected.len()];
        let name = format!("{input} to {output}");
        assert_near(&name, &found, &expected, &magnitudes, f64::EPSILON);
        let mut single = vec![0.0_f32; found.len()];
        linear.forward(&singles(&x), &singles(&parameters), &mut single).unwrap();
        let share = f64::from(f32::EPSILON);
        assert_near(&name, &doubles(&single), &expected, &magnitudes, share);
    }
}

#[test]
fn the_gradients_of_a_linear_map_are_its_derivatives() {
    for (input, output) in LINEAR {
        let linear = Linear::new(irreps(input), irreps(output), true);
        let mut random = Random::new(6);
        let rows = 3;
        let x = random.normals(rows * linear.input().dim());
        let parameters = random.normals(linear.num_weights() + linear.num_biases());
        let cotangent = random.normals(rows * linear.output().dim());
        let forward = |x: &[Dual], parameters: &[Dual]| {
            let mut z = vec![Dual(0.0, 0.0); cotangent.len()];
            linear.forward(x, parameters, &mut z).unwrap();
            z
        };
        let expected = [
            dual_gradient(&x, &cotangent, |x| forward(x, &constants(&parameters))),
            dual_gradient(&parameters, &cotangent, |p| forward(&constants(&x), p)),
        ];
        for asked in [[true, false], [false, true], [true, true]] {
            let mut found = [vec![1.0; x.len()], vec![1.0; parameters.len()]];
            let [dx, dp] = &mut found;
            let (dx, dp) = (asked[0].then_some(&mut dx[..]), asked[1].then_some(&mut dp[..]));
            linear.backward(&x, &parameters, &cotangent, dx, dp).unwrap();
            for side in 0..2 {
                let sign = if asked[side] { 1.0 } else { 0.0 };
                let wanted: Vec<f64> = expected[side].iter().map(|g| 1.0 + sign * g).collect();
                let name = format!("{input} to {output}, gradient {side}");
                let magnitudes = vec![10.0; wanted.len()];
                assert_near(&name, &found[side], &wanted, &magnitudes, f64::EPSILON);
            }
        }
    }
}

#[test]
fn linear_maps_are_equivariant() {
    for (input, output) in LINEAR {
        let linear = Linear::new(irreps(input), irreps(output), true);
        if linear.input().dim() == 0 {
            continue;
        }
        let parameters = Random::new(7).normals(linear.num_weights() + linear.num_biases());
        fn apply<T: Real>(linear: &Linear, parameters: &[T], x: &[T]) -> Vec<T> {
            let mut z = vec![T::constant(0.0, 0.0); linear.output().dim()];
            linear.forward(x, parameters, &mut z).unwrap();
            z
        }
        let rounded = singles(&parameters);
        assert_equivariant(
            &format!("{input} to {output}"),
            linear.input(),
            linear.output(),
            |x| apply(&linear, &parameters, x),
            |x| apply(&linear, &rounded, x),
        );
    }
}

#[test]
fn linear_maps_of_unit_variance_have_unit_variance() {
    // Over weights too: a new map for each of 8000 rows. The mean square of n products of normal
    // numbers has the relative deviation √(8/n), here 3.2 % or less: 15 % is more than four times.
    let mut random = Random::new(12);
    let (input, output) = (irreps("2x0e + 3x1o + 2x0e + 2x2e"), irreps("1x0e + 1x1o + 3x2e"));
    let linear = Linear::new(input.clone(), output.clone(), false);
    let rows = 8000;
    let mut z = vec![0.0; rows * output.dim()];
    for z in z.chunks_exact_mut(output.dim()) {
        let weights = random.normals(linear.num_weights());
        linear.forward(&random.normals(input.dim()), &weights, z).unwrap();
    }
    for (block, mean) in mean_squares(&output, &z).into_iter().enumerate() {
        assert!((mean - 1.0).abs() < 0.15, "seed 12, block {block}: {mean}");
    }
}

#[test]
fn wrong_lengths_of_a_linear_map_are_refused() {
    let linear = Linear::new(parsed("2x0e"), parsed("3x0e"), true);
    let values = [1.0; 20];
    let forward = |[x, p, z]: [usize; 3]| {
        let mut output = [0.0; 20];
        let result = linear.forward(&values[..x], &values[..p], &mut output[..z]);
        result.map_err(|error| error.to_string())
    };
    assert_eq!(forward([4, 9, 6]), Ok(()));
    assert_eq!(forward([0, 9, 0]), Ok(()));
    let message = |what: &str, found: usize, expected: usize| {
        Err(format!("the slice of {what} has length {found}, expected {expected}"))
    };
    assert_eq!(forward([4, 8, 6]), message("parameters", 8, 9));
    assert_eq!(forward([5, 9, 6]), message("the input", 5, 4));
    assert_eq!(forward([4, 9, 7]), message("the output", 7, 6));
    let mut short = [0.0; 3];
    let (x, p, dz) = (&values[..4], &values[..9], &values[..6]);
    let error = linear.backward(x, p, dz, Some(&mut short), None).unwrap_err();
    let message = "the slice of the gradient of the input has length 3, expected 4";
    assert_eq!(error.to_string(), message);
    let error = linear.backward(x, p, dz, None, Some(&mut short)).unwrap_err();
    let message = "the slice of the gradient of the parameters has length 3, expected 9";
    assert_eq!(error.to_string(), message);
}

// Channels.

const CHANNELS: [&str; 4] = ["2x0e + 2x1o + 1x0o + 1x2e", "0e", "", "0x1o + 0o + 0x0e"];

/// The invariants times the features: both operations at once, their factors the invariants.
fn gated<T: Real>(channels: &Channels, x: &[T]) -> Vec<T> {
    let zero = T::constant(0.0, 0.0);
    let rows = x.len().checked_div(channels.irreps().dim()).unwrap_or(0);
    let mut factors = vec![zero; rows * channels.len()];
    channels.invariants(x, &mut factors).unwrap();
    let mut scaled = vec![zero; x.len()];
    channels.scale(x, &factors, &mut scaled).unwrap();
    scaled
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
        channels.scale(&x, &[2.0, -1.0, 10.0], &mut scaled).unwrap();
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
            channels.scale(x, factors, &mut scaled).unwrap();
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
            channels.scale_backward(&x, &factors, &cotangent, dx, df).unwrap();
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
    fn check<T: Real>(finite: impl Fn(T) -> bool) {
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
    assert_eq!(message(invariants(5, 3)), "the slice of the features has length 5, expected 3");
    assert_eq!(message(invariants(6, 3)), "the slice of the channels has length 3, expected 6");
    assert_eq!(
        message(channels.scale(&values[..6], &values[..6], &mut [0.0; 5])),
        "the slice of the output has length 5, expected 6"
    );
    assert_eq!(
        message(channels.invariants_backward(&values[..6], &values[..6], &mut [0.0; 7])),
        "the slice of the gradient of the features has length 7, expected 6"
    );
    let (x, f) = (&values[..6], &values[..6]);
    assert_eq!(
        message(channels.scale_backward(x, f, &values[..5], None, None)),
        "the slice of the gradient of the output has length 5, expected 6"
    );
    assert_eq!(
        message(channels.scale_backward(x, f, x, None, Some(&mut [0.0; 2]))),
        "the slice of the gradient of the factors has length 2, expected 6"
    );
    assert_eq!(
        message(Channels::new(parsed("")).invariants(&[1.0], &mut [])),
        "the slice of the features has length 1, expected 0"
    );
}
