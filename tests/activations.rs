//! Functions of scalars, gates and standardization on slices: values, both derivatives against dual
//! numbers of second order, constants, parity and errors.

#[path = "common/jet.rs"]
mod jet;

use jet::Jet;
use tesseral::coupling::COUPLING_LMAX;
use tesseral::equivariance::{Equivariance, Random};
use tesseral::kernels::{
    Activation, ActivationError, ChannelNorm, Channels, Gate, GateConfig, Groups, KernelError,
    ScalarFunction, ScaleCotangents, ScaleGradients, ScaleInputs, SecondMoment, Standardize,
    StandardizeInputs,
};
use tesseral::simd::Path;
use tesseral::{Irreps, Parity, Real as _};

fn irreps(text: &str) -> Irreps {
    text.parse::<Irreps>().unwrap().filter_lmax(COUPLING_LMAX)
}

fn number(value: f64) -> Jet {
    Jet::constant(value)
}

fn exp(x: Jet) -> Jet {
    let e = x.value.exp();
    x.chain([e; 3])
}

fn logistic(x: Jet) -> Jet {
    number(1.0) / (number(1.0) + exp(-x))
}

fn softplus(x: Jet) -> Jet {
    let y = number(1.0) + exp(x);
    let inverse = y.value.recip();
    y.chain([y.value.ln(), inverse, -inverse * inverse])
}

/// A function with its formula.
type Reference = (ScalarFunction, fn(Jet) -> Jet);

/// The functions once more, from exp and arithmetic.
fn references() -> Vec<Reference> {
    vec![
        (ScalarFunction::SILU, |x| x * logistic(x)),
        (ScalarFunction::TANH, |x| (exp(x) - exp(-x)) / (exp(x) + exp(-x))),
        (ScalarFunction::SIGMOID, logistic),
        (ScalarFunction::RELU, |x| if x.value > 0.0 { x } else { number(0.0) }),
        (ScalarFunction::ABS, |x| x.abs()),
        (ScalarFunction::SOFTPLUS, softplus),
        (ScalarFunction::SHIFTED_SOFTPLUS, |x| softplus(x) - number(2.0_f64.ln())),
        (ScalarFunction::SIN, |x| x.chain([x.value.sin(), x.value.cos(), -x.value.sin()])),
        (ScalarFunction::COS, |x| x.chain([x.value.cos(), -x.value.sin(), -x.value.cos()])),
        (ScalarFunction::RECIPROCAL, |x| number(1.0) / x),
        (ScalarFunction::IDENTITY, |x| x),
    ]
}

#[test]
fn functions_have_the_derivatives_of_their_formulas() {
    for (function, reference) in references() {
        for i in -60..=60 {
            let x = f64::from(i) / 8.0 + 1e-3;
            let jet = reference(Jet::variable(0, x));
            let expected = [jet.value, jet.first[0], jet.second[0][0]];
            let found = function.derivatives(x);
            for order in 0..3 {
                let error = (found[order] - expected[order]).abs();
                // The quotients of exponentials cancel in second derivatives.
                let allowed = 16.0 * f64::EPSILON * (1.0 + x.abs() + expected[order].abs());
                assert!(error <= allowed, "{function:?} {order} at {x}: {error:e}");
            }
        }
    }
}

#[test]
fn lanes_agree_with_single_numbers() {
    let mut numbers: Vec<f64> = (-4000..4000).map(|i| f64::from(i) * 0.011).collect();
    numbers.extend([0.0, -0.0, 1e-300, -1e-300, 1e-9, -1e-9, 0.3465, 0.3467, 1e300, -1e300]);
    numbers.extend([-708.0, -708.1, -709.5, -745.0, -800.0, 708.5, 800.0, f64::NAN]);
    let all =
        [ScalarFunction::SILU, ScalarFunction::TANH, ScalarFunction::SIGMOID, ScalarFunction::GELU];
    for function in all {
        for path in Path::available() {
            let scalars = Irreps::scalars(1);
            let kernel = Activation::new(scalars, &[Some(function)], SecondMoment::Free).unwrap();
            let kernel = kernel.on(path);
            let n = numbers.len();
            let (mut value, mut slope, mut curvature) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
            let ones = vec![1.0; n];
            kernel.forward(&numbers, &mut value).unwrap();
            kernel.backward(&numbers, &ones, &mut slope).unwrap();
            kernel.backward_twice(&numbers, &ones, &ones, Some(&mut curvature), None).unwrap();
            for (index, &x) in numbers.iter().enumerate() {
                let found = [value[index], slope[index], curvature[index]];
                for (order, expected) in function.derivatives(x).into_iter().enumerate() {
                    let found = found[order];
                    // Values keep their digits; derivatives are sums that cancel.
                    let size = if order == 0 { expected.abs() } else { 1.0 + x.abs().min(50.0) };
                    let error = (found - expected).abs();
                    let is_near = error <= 4.0 * f64::EPSILON * size + 1e-300;
                    let is_same =
                        is_near || found == expected || found.is_nan() && expected.is_nan();
                    assert!(
                        is_same,
                        "{function:?} {order} at {x:e}: {found:e}, expected {expected:e}, {path:?}"
                    );
                }
            }
            let signs = [0.0, -0.0].map(|x: f64| {
                let mut z = [1.0];
                kernel.forward(&[x], &mut z).unwrap();
                z[0].is_sign_negative()
            });
            assert_eq!(signs, [0.0, -0.0].map(|x| function.value(x).is_sign_negative()));
        }
    }
}

#[test]
fn gelu_is_x_times_the_normal_distribution() {
    // Φ from mpmath, rounded.
    let table = [
        (-8.0, 6.220960574271784e-16),
        (-3.0, 0.0013498980316300946),
        (-2.5, 0.006209665325776135),
        (-1.0, 0.15865525393145705),
        (0.0, 0.5),
        (0.5, 0.6914624612740131),
        (2.0, 0.9772498680518208),
        (2.9, 0.998134186699616),
        (6.0, 0.9999999990134123),
    ];
    for (x, phi) in table {
        let x: f64 = x;
        let density = (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt();
        let expected = [x * phi, phi + x * density, (2.0 - x * x) * density];
        for (found, expected) in ScalarFunction::GELU.derivatives(x).iter().zip(expected) {
            assert!((found - expected).abs() <= 8.0 * f64::EPSILON, "{x}: {found:e}, {expected:e}");
        }
    }
}

#[test]
fn functions_far_out_are_finite_and_nan_stays() {
    let all = references().into_iter().map(|(function, _)| function);
    for function in all.chain([ScalarFunction::GELU]) {
        for x in [-1e6, -800.0, -30.0, 30.0, 800.0, 1e6] {
            let found = function.derivatives(x);
            assert!(found.iter().all(|x| x.is_finite()), "{function:?} at {x}: {found:?}");
        }
        assert!(function.value(f64::NAN).is_nan(), "{function:?}");
    }
}

#[test]
fn constants_normalize_the_second_moment() {
    // By integration in 30 digits with mpmath: 1/sqrt(E[f(x)^2]).
    let table = [
        (ScalarFunction::SILU, 1.676532470331091),
        (ScalarFunction::TANH, 1.5925374197228314),
        (ScalarFunction::SIGMOID, 1.8462285453386054),
        (ScalarFunction::RELU, std::f64::consts::SQRT_2),
        (ScalarFunction::ABS, 1.0),
        (ScalarFunction::GELU, 1.5335304411955352),
        (ScalarFunction::SOFTPLUS, 1.0418668355353017),
        (ScalarFunction::SHIFTED_SOFTPLUS, 1.8755962561350417),
        (ScalarFunction::IDENTITY, 1.0),
    ];
    for (function, expected) in table {
        let found = function.normalizing_constant();
        let error = (found - expected).abs();
        assert!(error <= 2.0 * f64::EPSILON, "{function:?}: {found:.17}, expected {expected:.17}");
        // e3nn's come from 10⁶ random numbers.
        if let Some(stored) = function.e3nn_constant() {
            assert!((stored / expected - 1.0).abs() < 4e-3, "{function:?}: {stored}");
        }
    }
    assert_eq!(ScalarFunction::SILU.e3nn_constant(), Some(1.6791767923989418));
    let sine = (0.5 * (1.0 - (-2.0_f64).exp())).sqrt().recip();
    assert!((ScalarFunction::SIN.normalizing_constant() - sine).abs() < 4.0 * f64::EPSILON);
}

/// The gradient of Σ cotangent · f at x, and of its derivative along w the gradients by x and by
/// the cotangent.
fn derivatives(
    x: &[f64],
    cotangent: &[f64],
    w: &[f64],
    f: impl Fn(&[Jet]) -> Vec<Jet>,
) -> [Vec<f64>; 3] {
    let at = |place: usize| {
        let jets = x.iter().zip(w).enumerate().map(|(index, (&x, &w))| {
            let mut jet = number(x);
            jet.first = [if index == place { 1.0 } else { 0.0 }, w, 0.0];
            jet
        });
        f(&jets.collect::<Vec<_>>())
    };
    let sum = |part: fn(&Jet) -> f64| {
        let total = |z: Vec<Jet>| z.iter().zip(cotangent).map(|(z, c)| part(z) * c).sum();
        (0..x.len()).map(|place| total(at(place))).collect()
    };
    let along = at(usize::MAX).iter().map(|z| z.first[1]).collect();
    [sum(|z| z.first[0]), sum(|z| z.second[0][1]), along]
}

/// Checks the output of a kernel and both derivatives, which add to what is there.
fn check(
    name: &str,
    x: &[f64],
    size_out: usize,
    forward: impl Fn(&[f64], &mut [f64]),
    backward: impl Fn(&[f64], &[f64], &mut [f64]),
    twice: impl Fn(&[f64], &[f64], &[f64], Option<&mut [f64]>, Option<&mut [f64]>),
    reference: impl Fn(&[Jet]) -> Vec<Jet>,
) {
    let mut random = Random::new(9);
    let cotangent = random.normals(size_out);
    let w = random.normals(x.len());
    let mut z = vec![7.0; size_out];
    forward(x, &mut z);
    let constants: Vec<Jet> = x.iter().map(|&x| number(x)).collect();
    let values: Vec<f64> = reference(&constants).iter().map(|z| z.value).collect();
    assert_close(name, &z, &values);
    let [gradient, by_x, by_dz] = derivatives(x, &cotangent, &w, reference);
    let mut found = vec![1.0; x.len()];
    backward(x, &cotangent, &mut found);
    assert_close(name, &found, &add_one(&gradient));
    for asked in [[true, true], [true, false], [false, true]] {
        let mut found = [vec![1.0; x.len()], vec![1.0; size_out]];
        let [a, b] = &mut found;
        let (a, b) = (asked[0].then_some(&mut a[..]), asked[1].then_some(&mut b[..]));
        twice(x, &cotangent, &w, a, b);
        for (found, (expected, asked)) in found.iter().zip([(&by_x, asked[0]), (&by_dz, asked[1])])
        {
            let expected = if asked { add_one(expected) } else { vec![1.0; expected.len()] };
            assert_close(&format!("{name}, second derivative"), found, &expected);
        }
    }
}
fn add_one(values: &[f64]) -> Vec<f64> {
    values.iter().map(|value| 1.0 + value).collect()
}

/// Within rounding of sums of some ten terms, of the largest of them.
fn assert_close(what: &str, found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(1.0_f64, |a, b| a.max(b.abs()));
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let error = (found - expected).abs() / largest;
        assert!(
            error <= 32.0 * f64::EPSILON,
            "{what} at {index}: {found:e}, expected {expected:e}"
        );
    }
}

const SILU: Option<ScalarFunction> = Some(ScalarFunction::SILU);
const TANH: Option<ScalarFunction> = Some(ScalarFunction::TANH);
const COS: Option<ScalarFunction> = Some(ScalarFunction::COS);

fn scaled(function: ScalarFunction, moment: SecondMoment) -> impl Fn(Jet) -> Jet {
    let constant = match moment {
        SecondMoment::Free => 1.0,
        SecondMoment::One => function.normalizing_constant(),
        SecondMoment::E3nn => function.e3nn_constant().unwrap(),
    };
    move |x| x.chain(function.derivatives(x.value).map(|value| constant * value))
}

#[test]
fn the_derivatives_of_activations_are_exact() {
    let input = irreps("2x0e + 1x1o + 1x0o + 1x0o");
    if COUPLING_LMAX == 0 {
        println!("skipped: LMAX is 0");
        return;
    }
    for moment in [SecondMoment::Free, SecondMoment::One, SecondMoment::E3nn] {
        let activation = Activation::new(input.clone(), &[SILU, None, TANH, COS], moment).unwrap();
        assert_eq!(activation.output().to_string(), "2x0e+1x1o+1x0o+1x0e");
        let x = Random::new(1).normals(3 * 7);
        let [silu, tanh, cos] = [SILU, TANH, COS].map(|f| scaled(f.unwrap(), moment));
        check(
            &format!("{moment:?}"),
            &x,
            x.len(),
            |x, z| activation.forward(x, z).unwrap(),
            |x, dz, dx| activation.backward(x, dz, dx).unwrap(),
            |x, dz, w, a, b| activation.backward_twice(x, dz, w, a, b).unwrap(),
            |x| {
                let row = |x: &[Jet]| {
                    vec![silu(x[0]), silu(x[1]), x[2], x[3], x[4], tanh(x[5]), cos(x[6])]
                };
                x.chunks_exact(7).flat_map(row).collect()
            },
        );
    }
}

#[test]
fn the_derivatives_of_gates_are_exact() {
    if COUPLING_LMAX == 0 {
        println!("skipped: LMAX is 0");
        return;
    }
    // Sorted: 0e (two scalars, a gate), 0o (a scalar, a gate), 1o, 1e.
    let [scalars, gates, gated] = ["0o + 2x0e", "0e + 0o", "1e + 1o"].map(irreps);
    let moment = SecondMoment::One;
    let gate = Gate::new(&GateConfig {
        scalars,
        scalar_functions: vec![TANH, SILU],
        gates,
        gate_functions: vec![SILU, TANH],
        gated,
        moment,
    })
    .unwrap();
    assert_eq!(gate.input().to_string(), "3x0e+2x0o+1x1o+1x1e");
    // A vector times a pseudoscalar is a pseudovector.
    assert_eq!(gate.output().to_string(), "1x0o+2x0e+1x1e+1x1e");
    let x = Random::new(2).normals(3 * 11);
    let [silu, tanh] = [SILU, TANH].map(|f| scaled(f.unwrap(), moment));
    check(
        "gate",
        &x,
        3 * 9,
        |x, z| gate.forward(x, z).unwrap(),
        |x, dz, dx| gate.backward(x, dz, dx).unwrap(),
        |x, dz, w, a, b| gate.backward_twice(x, dz, w, a, b).unwrap(),
        |x| {
            let row = |x: &[Jet]| {
                let mut z = vec![tanh(x[3]), silu(x[0]), silu(x[1])];
                z.extend((8..11).map(|m| silu(x[2]) * x[m]));
                z.extend((5..8).map(|m| tanh(x[4]) * x[m]));
                z
            };
            x.chunks_exact(11).flat_map(row).collect()
        },
    );
}

#[test]
fn the_second_derivatives_of_channels_are_exact() {
    let irreps = irreps("2x0e + 2x1o + 1x0o + 1x2e");
    let (size, channels) = (irreps.dim(), irreps.num_irreps());
    let kinds = [
        ("value or norm", Channels::new(irreps.clone())),
        ("norm", Channels::with_norms_above(irreps.clone(), 0.5)),
    ];
    for (name, kernel) in kinds {
        check(
            name,
            &Random::new(3).normals(3 * size),
            3 * channels,
            |x, z| kernel.invariants(x, z).unwrap(),
            |x, dz, dx| kernel.invariants_backward(x, dz, dx).unwrap(),
            |x, dz, w, a, b| kernel.invariants_backward_twice(x, dz, w, a, b).unwrap(),
            |x| {
                let mut z = vec![number(0.0); x.len() / size * channels];
                kernel.invariants(x, &mut z).unwrap();
                z
            },
        );
    }
}

/// Features and factors that are one slice.
fn halves<T>(x: &[T], n: usize) -> ScaleInputs<'_, T> {
    ScaleInputs { input: &x[..n], factors: &x[n..] }
}

#[test]
fn the_second_derivatives_of_scaled_channels_are_exact() {
    let irreps = irreps("2x0e + 2x1o + 1x2e");
    let kernel = Channels::new(irreps.clone());
    let (size, channels) = (irreps.dim(), irreps.num_irreps());
    for factor_rows in [3, 1] {
        // Features and factors as one input.
        let (n, m) = (3 * size, factor_rows * channels);
        check(
            &format!("{factor_rows} rows of factors"),
            &Random::new(4).normals(n + m),
            n,
            |x, z| kernel.scale(halves(x, n), z).unwrap(),
            |x, dz, dx| {
                let (dx, df) = dx.split_at_mut(n);
                let gradients = ScaleGradients { input: Some(dx), factors: Some(df) };
                kernel.scale_backward(halves(x, n), dz, gradients).unwrap();
            },
            |x, dz, w, by_x, mut by_dz| {
                // The derivatives are linear in the cotangents: together and one by one it is the
                // same.
                let [a, b] = [Some(&w[..n]), Some(&w[n..])];
                let together = by_x.is_some() && by_dz.is_some();
                let given = if together { vec![[a, b]] } else { vec![[a, None], [None, b]] };
                let (mut by_input, mut by_factors) = by_x.map(|by_x| by_x.split_at_mut(n)).unzip();
                for [input, factors] in given {
                    let cotangents = ScaleCotangents { input, factors };
                    let gradients = ScaleGradients {
                        input: by_input.as_deref_mut(),
                        factors: by_factors.as_deref_mut(),
                    };
                    let by_dz = by_dz.as_deref_mut();
                    let x = halves(x, n);
                    kernel.scale_backward_twice(x, dz, cotangents, gradients, by_dz).unwrap();
                }
            },
            |x| {
                let mut z = vec![number(0.0); n];
                kernel.scale(halves(x, n), &mut z).unwrap();
                z
            },
        );
    }
}

fn grouped<'a, T>(groups: Groups<'a>, input: &'a [T]) -> StandardizeInputs<'a, T> {
    StandardizeInputs { groups, input }
}

/// Standardization of sets of columns, written again.
fn standardized(
    x: &[Jet],
    size: usize,
    sets: &[(Vec<usize>, bool, f64)],
    rows: &[usize],
) -> Vec<Jet> {
    let mut z = vec![number(f64::NAN); x.len()];
    let mut start = 0;
    for &count in rows {
        for (columns, centred, per_row) in sets {
            let places: Vec<usize> = (start..start + count)
                .flat_map(|row| columns.iter().map(move |column| row * size + column))
                .collect();
            let sum = places.iter().fold(number(0.0), |sum, &place| sum + x[place]);
            let mean = if *centred { sum / number(places.len() as f64) } else { number(0.0) };
            let square = |place: &usize| (x[*place] - mean) * (x[*place] - mean);
            let sum = places.iter().fold(number(0.0), |sum, place| sum + square(place));
            let moment = sum / number(per_row * count as f64);
            for &place in &places {
                z[place] = (x[place] - mean) / (moment + number(1e-3)).sqrt();
            }
        }
        start += count;
    }
    z
}

#[test]
fn the_derivatives_of_standardization_are_exact() {
    if COUPLING_LMAX == 0 {
        println!("skipped: LMAX is 0");
        return;
    }
    let irreps = irreps("3x0e + 2x1o + 0o");
    let size = irreps.dim();
    for norm in [ChannelNorm::Component, ChannelNorm::Norm] {
        let per = |channels: f64, dim: f64| match norm {
            ChannelNorm::Component => channels * dim,
            ChannelNorm::Norm => channels,
        };
        let blocks = vec![
            (vec![0, 1, 2], true, per(3.0, 1.0)),
            ((3..9).collect(), false, per(2.0, 3.0)),
            (vec![9], false, per(1.0, 1.0)),
        ];
        let mut channels: Vec<_> = (0..3).map(|i| (vec![i], true, 1.0)).collect();
        channels.push((vec![3, 4, 5], false, per(1.0, 3.0)));
        channels.push((vec![6, 7, 8], false, per(1.0, 3.0)));
        channels.push((vec![9], false, 1.0));
        let layer = Standardize::of_blocks(irreps.clone(), norm, 1e-3);
        let batch = Standardize::of_channels(irreps.clone(), norm, 1e-3);
        assert_eq!((layer.num_sets(), batch.num_sets()), (3, 6));
        let cases = [
            ("layer", &layer, &blocks, Groups::EachRow, vec![1; 5]),
            ("batch", &batch, &channels, Groups::AllRows, vec![5]),
            ("instance", &batch, &channels, Groups::Runs(&[2, 0, 3]), vec![2, 0, 3]),
        ];
        for (name, kernel, sets, groups, rows) in cases {
            check(
                &format!("{name}, {norm:?}"),
                &Random::new(5).normals(5 * size),
                5 * size,
                |x, z| kernel.forward(grouped(groups, x), z).unwrap(),
                |x, dz, dx| kernel.backward(grouped(groups, x), dz, dx).unwrap(),
                |x, dz, w, a, b| kernel.backward_twice(grouped(groups, x), dz, w, a, b).unwrap(),
                |x| standardized(x, size, sets, &rows),
            );
        }
    }
}

#[test]
fn moments_are_those_of_the_features() {
    let kernel = Standardize::of_channels(irreps("0e + 0o"), ChannelNorm::Component, 0.0);
    let (mut means, mut moments) = ([0.0; 2], [0.0; 2]);
    let x = [1.0_f32, 2.0, 3.0, 4.0];
    kernel.moments(grouped(Groups::AllRows, &x), &mut means, &mut moments).unwrap();
    assert_eq!((means, moments), ([2.0, 0.0], [1.0, 10.0]));
}

#[test]
fn without_epsilon_sets_of_zeros_stay_zeros() {
    let irreps = irreps("1x0e + 2x0o");
    for layer in [
        Standardize::of_blocks(irreps.clone(), ChannelNorm::Component, 0.0),
        Standardize::of_channels(irreps, ChannelNorm::Norm, 0.0),
    ] {
        // A single scalar is its own mean.
        let (x, ones) = ([3.0, 0.0, 0.0], [1.0; 3]);
        let [mut z, mut dx, mut by_x, mut by_dz] = [[5.0; 3], [0.0; 3], [0.0; 3], [0.0; 3]];
        let inputs = grouped(Groups::EachRow, &x);
        layer.forward(inputs, &mut z).unwrap();
        layer.backward(inputs, &ones, &mut dx).unwrap();
        let (by_x_given, by_dz_given) = (Some(&mut by_x[..]), Some(&mut by_dz[..]));
        layer.backward_twice(inputs, &ones, &ones, by_x_given, by_dz_given).unwrap();
        assert_eq!([z, dx, by_x, by_dz], [[0.0; 3]; 4]);
    }
}

#[test]
fn epsilon_that_is_none_panics() {
    for epsilon in [-1e-9, f64::NAN, f64::INFINITY] {
        for make in [Standardize::of_blocks, Standardize::of_channels] {
            let made = std::panic::catch_unwind(|| {
                make(Irreps::scalars(1), ChannelNorm::Component, epsilon)
            });
            let message = made.unwrap_err().downcast::<String>().unwrap();
            let expected = format!("ε is {epsilon}, expected a finite number of at least zero");
            assert_eq!(*message, expected);
        }
    }
}

#[test]
fn kernels_are_equivariant() {
    let input = irreps("2x0e + 1x0o + 1x1o + 1x2e");
    let mut functions = vec![SILU, TANH];
    functions.resize(input.len(), None);
    let activation = Activation::new(input.clone(), &functions, SecondMoment::One).unwrap();
    let layer = Standardize::of_blocks(input.clone(), ChannelNorm::Component, 1e-5);
    let gated = irreps("1x1o + 1x2e");
    let gates = Irreps::new([(gated.num_irreps(), "0o".parse().unwrap())]).unwrap();
    let gate = Gate::new(&GateConfig {
        scalars: irreps("2x0e"),
        scalar_functions: vec![SILU],
        gates,
        gate_functions: vec![TANH],
        gated,
        moment: SecondMoment::One,
    })
    .unwrap();
    let batch = Standardize::of_channels(input.clone(), ChannelNorm::Component, 1e-5);
    // Three rows as one vector: the moments are taken over all of them.
    let rows = &(&input + &input) + &input;
    // A closure is of one number type; the two of each line are the same text.
    macro_rules! check {
        ($name:literal, $input:expr, $output:expr, $f:expr) => {
            check_double($name, $input, $output, $f);
            check_single($name, $input, $output, $f);
        };
    }
    let output = activation.output();
    check!("activation", &input, output, |x, z| activation.forward(x, z).unwrap());
    check!("layer", &input, &input, |x, z| {
        layer.forward(grouped(Groups::EachRow, x), z).unwrap();
    });
    check!("batch", &rows, &rows, |x, z| {
        batch.forward(grouped(Groups::AllRows, x), z).unwrap();
    });
    check!("gate", gate.input(), gate.output(), |x, z| gate.forward(x, z).unwrap());
}

fn check_double(name: &str, input: &Irreps, output: &Irreps, f: impl Fn(&[f64], &mut [f64])) {
    let test = Equivariance::new(input.clone(), output.clone()).seed(6);
    let report = test.of_features(|x| {
        let mut z = vec![0.0; output.dim()];
        f(x, &mut z);
        z
    });
    let report = report.unwrap();
    assert!(report.worst().relative() < 1e-13, "{name}: {report}");
}

fn check_single(name: &str, input: &Irreps, output: &Irreps, f: impl Fn(&[f32], &mut [f32])) {
    let test = Equivariance::new(input.clone(), output.clone()).seed(6);
    let report = test.of_features(|x| {
        let x: Vec<f32> = x.iter().map(|&value| value as f32).collect();
        let mut z = vec![0.0; output.dim()];
        f(&x, &mut z);
        z.into_iter().map(f64::from).collect()
    });
    let report = report.unwrap();
    assert!(report.worst().relative() < 1e-5, "{name} in f32: {report}");
}

#[test]
fn parity_is_that_of_the_function() {
    let parities = [
        (ScalarFunction::TANH, Some(Parity::Odd)),
        (ScalarFunction::SIN, Some(Parity::Odd)),
        (ScalarFunction::IDENTITY, Some(Parity::Odd)),
        (ScalarFunction::RECIPROCAL, Some(Parity::Odd)),
        (ScalarFunction::new("inverse square", |x| [1.0 / (x * x); 3]), Some(Parity::Even)),
        (ScalarFunction::ABS, Some(Parity::Even)),
        (ScalarFunction::COS, Some(Parity::Even)),
        (ScalarFunction::SILU, None),
        (ScalarFunction::RELU, None),
        (ScalarFunction::GELU, None),
    ];
    for (function, parity) in parities {
        assert_eq!(function.parity(), parity, "{function:?}");
    }
}

#[test]
fn activations_that_cannot_be_are_refused() {
    let one = SecondMoment::One;
    let refused = |input: &str, functions: &[Option<ScalarFunction>], moment| {
        Activation::new(input.parse().unwrap(), functions, moment).unwrap_err().to_string()
    };
    assert_eq!(
        refused("0e + 0o", &[SILU], one),
        "1 functions for the blocks of `1x0e+1x0o`, expected 2"
    );
    assert_eq!(
        refused("0e + 2x1o", &[None, SILU], one),
        "block 1: silu of `1o`, expected a scalar, `0e` or `0o`"
    );
    assert_eq!(
        refused("0o", &[SILU], one),
        "block 0: silu of `0o`, which changes sign under inversion: expected an even or odd function"
    );
    let zero = ScalarFunction::new("zero", |_| [0.0; 3]);
    assert_eq!(
        refused("0e", &[Some(zero)], one),
        "zero cannot be normalized: the constant is inf, expected a finite number above zero"
    );
    assert_eq!(
        refused("0o", &[Some(ScalarFunction::RECIPROCAL)], one),
        "reciprocal cannot be normalized: the constant is 0, expected a finite number above zero"
    );
    assert_eq!(
        refused("0e", &[Some(ScalarFunction::IDENTITY)], SecondMoment::E3nn),
        "no constant of e3nn is stored for identity, expected one: give it one"
    );
    let gate = |scalars: &str, gates: &str, gated: &str| -> ActivationError {
        let [scalars, gates, gated] = [scalars, gates, gated].map(|text| text.parse().unwrap());
        let functions = vec![SILU];
        Gate::new(&GateConfig {
            scalars,
            scalar_functions: functions.clone(),
            gates,
            gate_functions: functions,
            gated,
            moment: one,
        })
        .unwrap_err()
    };
    assert_eq!(
        gate("1o", "0e", "1o").to_string(),
        "the scalars of a gate are `1x1o`, expected scalars"
    );
    assert_eq!(
        gate("0e", "1e", "1o").to_string(),
        "the gates of a gate are `1x1e`, expected scalars"
    );
    assert_eq!(
        gate("0e", "2x0e", "3x1o").to_string(),
        "2 gates for 3 gated channels, expected as many"
    );
}

#[test]
fn slices_of_wrong_lengths_are_refused() {
    let message = |result: Result<(), KernelError>| result.unwrap_err().to_string();
    let values = [1.0; 12];
    let activation = Activation::new(irreps("2x0e"), &[SILU], SecondMoment::One).unwrap();
    assert_eq!(
        message(activation.forward(&values[..3], &mut [0.0; 3])),
        "the slice of the input has length 3, expected a multiple of 2"
    );
    assert_eq!(
        message(activation.backward(&values[..4], &values[..3], &mut [0.0; 4])),
        "the slice of the gradient of the output has length 3, expected 4"
    );
    let two = &values[..2];
    assert_eq!(
        message(activation.backward_twice(two, two, &values[..1], None, None)),
        "the slice of the cotangent of the input has length 1, expected 2"
    );
    let (one, free) = (irreps("0e"), SecondMoment::Free);
    let gate = Gate::new(&GateConfig {
        scalars: one.clone(),
        scalar_functions: vec![SILU],
        gates: one.clone(),
        gate_functions: vec![SILU],
        gated: one,
        moment: free,
    })
    .unwrap();
    assert_eq!(
        message(gate.forward(&values[..6], &mut [0.0; 5])),
        "the slice of the output has length 5, expected 4"
    );
    assert_eq!(
        message(gate.backward(&values[..3], &values[..2], &mut [0.0; 2])),
        "the slice of the gradient of the input has length 2, expected 3"
    );
    let batch = Standardize::of_channels(irreps("2x0e"), ChannelNorm::Norm, 0.0);
    assert_eq!(
        message(batch.forward(grouped(Groups::Runs(&[1, 3]), &values[..6]), &mut [0.0; 6])),
        "the slice of the rows of all groups has length 4, expected 3"
    );
    let channels = Channels::new(irreps("2x0e"));
    assert_eq!(
        message(channels.add_to_scalars(&values[..4], &values[..1], &mut [0.0; 4])),
        "the slice of the biases has length 1, expected 2"
    );
}
