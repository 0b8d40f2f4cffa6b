//! The linear map on slices: against naive sums on every path, its derivatives against dual
//! numbers, equivariance, variances, and errors.

#[path = "common/jet.rs"]
mod jet;

use jet::Jet;
use tesseral::coupling::COUPLING_LMAX;
use tesseral::equivariance::{Equivariance, Random, Report};
use tesseral::kernels::{Linear, LinearCotangents, LinearGradients, LinearInputs};
use tesseral::simd::Path;
use tesseral::{Irrep, Irreps, Number, Scalar};

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

/// Blocks narrower and wider than a block of lanes of either type, several for one irrep, and none.
const LINEAR: [(&str, &str); 8] = [
    ("2x0e + 3x1o + 1x0o + 2x0e + 1x2e", "3x0e + 2x1o + 1x1e + 1x0e + 2x2e"),
    ("17x1o + 5x0e + 9x2e", "16x0e + 33x1o + 8x2e"),
    ("64x0e + 3x1o", "35x0e + 2x1o + 1x0e"),
    ("1x2e + 7x3o", "40x2e + 7x3o"),
    ("2x0e", "1x0o"),
    ("", "2x0e + 1o"),
    ("2x1o + 0e", ""),
    ("0x1o + 0e", "2x1o + 0x0e"),
];

/// A map with random arguments.
struct Case {
    name: String,
    linear: Linear,
    rows: usize,
    x: Vec<f64>,
    parameters: Vec<f64>,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (input, output) in LINEAR {
        // More rows than are worked on at once, and fewer.
        for rows in [19, 1] {
            let linear = Linear::with_unreached(irreps(input), irreps(output), true).unwrap();
            let mut random = Random::new(5);
            cases.push(Case {
                name: format!("{input} to {output}, {rows} rows"),
                rows,
                x: random.normals(rows * linear.input().dim()),
                parameters: random.normals(linear.num_weights() + linear.num_biases()),
                linear,
            });
        }
    }
    cases
}

/// The map by loops over everything.
fn naive<T: Scalar>(linear: &Linear, rows: usize, x: &[T], parameters: &[T]) -> Vec<T> {
    let (input, output) = (linear.input(), linear.output());
    let (weights, biases) = parameters.split_at(linear.num_weights());
    let mut found = vec![T::constant(0.0, 0.0); rows * output.dim()];
    for row in 0..rows {
        let (mut weights, mut biases) = (weights.iter(), biases.iter());
        for (target, slice) in output.iter().zip(output.slices()) {
            let z = &mut found[row * output.dim()..][slice];
            let size = target.irrep.dim();
            let scale = (input.count(target.irrep) as f64).sqrt().recip();
            for (source, slice) in input.iter().zip(input.slices()) {
                let x = &x[row * input.dim()..][slice];
                let channels = if source.irrep == target.irrep { source.mul } else { 0 };
                for u in 0..channels {
                    for v in 0..target.mul {
                        let weight = *weights.next().unwrap() * T::constant(scale, scale as f32);
                        for m in 0..size {
                            z[v * size + m] = z[v * size + m] + weight * x[u * size + m];
                        }
                    }
                }
            }
            if target.irrep == Irrep::SCALAR {
                z.iter_mut().for_each(|z| *z = *z + *biases.next().unwrap());
            }
        }
        assert!(weights.next().is_none() && biases.next().is_none());
    }
    found
}

/// Within some ε of the largest value: sums of up to 80 terms of one magnitude in another order.
fn assert_close(what: &str, found: &[f64], expected: &[f64], epsilon: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(1.0_f64, |a, b| a.max(b.abs()));
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let error = (found - expected).abs() / largest;
        assert!(error <= 4.0 * epsilon, "{what} at {index}: {found:e}, expected {expected:e}");
    }
}

#[test]
fn a_linear_map_mixes_channels_of_one_irrep() {
    for case in cases() {
        let Case { name, linear, rows, x, parameters } = case;
        assert_eq!(linear.num_biases(), linear.output().count(Irrep::SCALAR));
        let expected = naive(&linear, rows, &x, &parameters);
        for path in Path::available() {
            let linear = linear.clone().on(path);
            let what = format!("{name} on {path:?}");
            // The other slice says how many rows there are where one is empty.
            let mut found = vec![4.0; expected.len()];
            let inputs = LinearInputs { input: &x, parameters: &parameters };
            linear.forward(inputs, &mut found).unwrap();
            assert_close(&what, &found, &expected, f64::EPSILON);
            let mut single = vec![4.0_f32; expected.len()];
            let (x, parameters) = (singles(&x), singles(&parameters));
            let inputs = LinearInputs { input: &x, parameters: &parameters };
            linear.forward(inputs, &mut single).unwrap();
            let epsilon = f64::from(f32::EPSILON);
            assert_close(&what, &doubles(&single), &expected, epsilon);
        }
    }
}

/// The derivatives of the naive map: Σ dz · z by x and parameters; of its derivative along ẋ and ṗ
/// the same, and the derivative itself.
fn derivatives(case: &Case, dz: &[f64], along: [&[f64]; 2]) -> [Vec<f64>; 5] {
    let n = case.x.len();
    let values = [&case.x[..], &case.parameters].concat();
    let along = along.concat();
    let at = |place: usize| {
        let jet = |index: usize| {
            let mut jet = Jet::constant(values[index]);
            jet.first = [if index == place { 1.0 } else { 0.0 }, along[index], 0.0];
            jet
        };
        let jets: Vec<Jet> = (0..values.len()).map(jet).collect();
        naive(&case.linear, case.rows, &jets[..n], &jets[n..])
    };
    let sum = |part: fn(&Jet) -> f64, place: usize| -> f64 {
        at(place).iter().zip(dz).map(|(z, dz)| part(z) * dz).sum()
    };
    let all = |part: fn(&Jet) -> f64| {
        let mut found: Vec<f64> = (0..values.len()).map(|place| sum(part, place)).collect();
        let parameters = found.split_off(n);
        [found, parameters]
    };
    let [dx, dp] = all(|z| z.first[0]);
    let [ddx, ddp] = all(|z| z.second[0][1]);
    [dx, dp, ddx, ddp, at(usize::MAX).iter().map(|z| z.first[1]).collect()]
}

#[test]
fn both_derivatives_of_a_linear_map_are_exact() {
    for (input, output) in LINEAR {
        let linear = Linear::with_unreached(irreps(input), irreps(output), true).unwrap();
        // Dual numbers take a pass of the map for every entry.
        if linear.num_weights() > 100 {
            continue;
        }
        check_derivatives(input, output, 3);
    }
    check_derivatives("5x1o + 2x0e", "3x0e + 18x1o", 2);
}

/// Which cotangents are given: of the input and of the parameters.
const GIVEN: [[bool; 2]; 3] = [[true, true], [true, false], [false, true]];

fn check_derivatives(input: &str, output: &str, rows: usize) {
    let linear = Linear::with_unreached(irreps(input), irreps(output), true).unwrap();
    let mut random = Random::new(6);
    let x = random.normals(rows * linear.input().dim());
    let parameters = random.normals(linear.num_weights() + linear.num_biases());
    let dz = random.normals(rows * linear.output().dim());
    let along = [random.normals(x.len()), random.normals(parameters.len())];
    let name = format!("{input} to {output}");
    let case = Case { name, linear, rows, x, parameters };
    // A cotangent that is not given is zeros.
    let zeros = [vec![0.0; case.x.len()], vec![0.0; case.parameters.len()]];
    let expected = GIVEN.map(|given| {
        let along = [0, 1].map(|side| if given[side] { &along[side] } else { &zeros[side] });
        derivatives(&case, &dz, [along[0], along[1]])
    });
    let [dx, dp, ..] = &expected[0];
    let Case { name, linear, x, parameters, .. } = &case;
    let inputs = LinearInputs { input: x, parameters };
    let add_one = |values: &[f64], asked: bool| -> Vec<f64> {
        values.iter().map(|value| if asked { 1.0 + value } else { 1.0 }).collect()
    };
    for path in Path::available() {
        let linear = linear.clone().on(path);
        for asked in [[true, false, false], [false, true, false], [true, true, true]] {
            let what = format!("{name} on {path:?}, {asked:?}");
            let mut found = [vec![1.0; x.len()], vec![1.0; parameters.len()]];
            let [a, b] = &mut found;
            let (a, b) = (asked[0].then_some(&mut a[..]), asked[1].then_some(&mut b[..]));
            linear.backward(inputs, &dz, LinearGradients { input: a, parameters: b }).unwrap();
            assert_close(&what, &found[0], &add_one(dx, asked[0]), f64::EPSILON);
            assert_close(&what, &found[1], &add_one(dp, asked[1]), f64::EPSILON);

            for (given, [_, _, ddx, ddp, ddz]) in GIVEN.into_iter().zip(&expected) {
                let mut found =
                    [vec![1.0; x.len()], vec![1.0; parameters.len()], vec![1.0; dz.len()]];
                let [a, b, c] = &mut found;
                let gradients = LinearGradients {
                    input: asked[0].then_some(&mut a[..]),
                    parameters: asked[1].then_some(&mut b[..]),
                };
                let c = asked[2].then_some(&mut c[..]);
                let cotangents = LinearCotangents {
                    input: given[0].then_some(&along[0][..]),
                    parameters: given[1].then_some(&along[1][..]),
                };
                linear.backward_twice(inputs, &dz, cotangents, gradients, c).unwrap();
                for (side, expected) in [ddx, ddp, ddz].into_iter().enumerate() {
                    let what = format!("{what}, second derivative {side} of {given:?}");
                    let expected = add_one(expected, asked[side]);
                    assert_close(&what, &found[side], &expected, f64::EPSILON);
                }
            }
        }
    }
}

#[test]
fn large_maps_have_the_gradients_of_their_transposes() {
    // <dz, W x> = <Wᵀ dz, x> = <xᵀ dz, W>, for maps too large for dual numbers.
    for case in cases() {
        let Case { name, linear, x, parameters, .. } = case;
        let mut z = vec![0.0; naive(&linear, case.rows, &x, &parameters).len()];
        let inputs = LinearInputs { input: &x, parameters: &parameters };
        linear.forward(inputs, &mut z).unwrap();
        let dz = Random::new(7).normals(z.len());
        let (mut dx, mut dp) = (vec![0.0; x.len()], vec![0.0; parameters.len()]);
        let gradients = LinearGradients { input: Some(&mut dx), parameters: Some(&mut dp) };
        linear.backward(inputs, &dz, gradients).unwrap();
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let (weights, biases) = (linear.num_weights(), &parameters[linear.num_weights()..]);
        let value = dot(&z, &dz);
        let by_biases = dot(biases, &dp[weights..]);
        let size = dot(&z, &z).sqrt() * dot(&dz, &dz).sqrt();
        let by_input = dot(&x, &dx) + by_biases;
        let by_weights = dot(&parameters, &dp);
        for found in [by_input, by_weights] {
            assert!((found - value).abs() <= 1e-14 * size, "{name}: {found:e}, {value:e}");
        }
    }
}

#[test]
fn without_biases_the_rest_is_the_same() {
    let linear = Linear::new(parsed("2x0e"), parsed("0e"), true).ignoring_biases();
    let mut z = [0.0];
    let inputs = LinearInputs { input: &[1.0, 2.0], parameters: &[2.0, 3.0, 100.0] };
    linear.forward(inputs, &mut z).unwrap();
    assert!((z[0] - 8.0 / 2.0_f64.sqrt()).abs() < 1e-15);
    let mut dp = [0.0; 3];
    let gradients = LinearGradients { parameters: Some(&mut dp), ..LinearGradients::NONE };
    linear.backward(inputs, &[1.0], gradients).unwrap();
    assert_eq!(dp[2], 0.0);
}

#[test]
fn linear_maps_are_equivariant() {
    for (input, output) in LINEAR {
        let linear = Linear::with_unreached(irreps(input), irreps(output), true).unwrap();
        if linear.input().dim() == 0 {
            continue;
        }
        let parameters = Random::new(7).normals(linear.num_weights() + linear.num_biases());
        fn apply<T: Number>(linear: &Linear, parameters: &[T], x: &[T]) -> Vec<T> {
            let mut z = vec![T::constant(0.0, 0.0); linear.output().dim()];
            linear.forward(LinearInputs { input: x, parameters }, &mut z).unwrap();
            z
        }
        let rounded = singles(&parameters);
        let name = format!("{input} to {output}");
        let test = Equivariance::new(linear.input().clone(), linear.output().clone()).seed(3);
        let report: Report = test.of_features(|x| apply(&linear, &parameters, x)).unwrap();
        assert!(report.worst().relative() < 1e-13, "{name}: {report}");
        let report: Report =
            test.of_features(|x| doubles(&apply(&linear, &rounded, &singles(x)))).unwrap();
        assert!(report.worst().relative() < 1e-5, "{name} in f32: {report}");
    }
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
        let x = random.normals(input.dim());
        linear.forward(LinearInputs { input: &x, parameters: &weights }, z).unwrap();
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
        let inputs = LinearInputs { input: &values[..x], parameters: &values[..p] };
        let result = linear.forward(inputs, &mut output[..z]);
        result.map_err(|error| error.to_string())
    };
    assert_eq!(forward([4, 9, 6]), Ok(()));
    assert_eq!(forward([0, 9, 0]), Ok(()));
    let message = |what: &str, found: usize, expected: &str| {
        Err(format!("the slice of {what} has length {found}, expected {expected}"))
    };
    assert_eq!(forward([4, 8, 6]), message("the parameters", 8, "9"));
    assert_eq!(forward([5, 9, 6]), message("the input", 5, "a multiple of 2"));
    assert_eq!(forward([4, 9, 7]), message("the output", 7, "6"));
    let mut short = [0.0; 3];
    let (inputs, dz) =
        (LinearInputs { input: &values[..4], parameters: &values[..9] }, &values[..6]);
    let gradients = LinearGradients { input: Some(&mut short), ..LinearGradients::NONE };
    let error = linear.backward(inputs, dz, gradients).unwrap_err();
    let message = "the slice of the gradient of the input has length 3, expected 4";
    assert_eq!(error.to_string(), message);
    let gradients = LinearGradients { parameters: Some(&mut short), ..LinearGradients::NONE };
    let error = linear.backward(inputs, dz, gradients).unwrap_err();
    let message = "the slice of the gradient of the parameters has length 3, expected 9";
    assert_eq!(error.to_string(), message);
    let error = linear.backward(inputs, &dz[1..], LinearGradients::NONE).unwrap_err();
    let message = "the slice of the gradient of the output has length 5, expected 6";
    assert_eq!(error.to_string(), message);
    let along = LinearCotangents { input: Some(&values[..5]), parameters: None };
    let error = linear.backward_twice(inputs, dz, along, LinearGradients::NONE, None).unwrap_err();
    let message = "the slice of the cotangent of the input has length 5, expected 4";
    assert_eq!(error.to_string(), message);
}
