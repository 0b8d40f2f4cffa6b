//! Agreement with e3nn: every mode and normalization of tensor products, linear maps, irreps,
//! Wigner matrices, coupling tensors, harmonics, radial functions and Cartesian tensors against a
//! file of what e3nn answers. `tests/data/renew_e3nn.py` makes it.
//!
//! e3nn's polar axis is y: its harmonics are the native ones at (z, x, y) and its Wigner matrices
//! those of the rotation in these axes. Features are the same numbers.

#[path = "common/e3nn.rs"]
mod e3nn;

use e3nn::{assert_near, cases, counts, irreps, numbers, reference, text, texts};
use nalgebra::{Matrix3, RowVector3};
use serde_json::Value;
use tesseral::coupling::{COUPLING_LMAX, Convention, Tensor};
use tesseral::kernels::cartesian::CartesianTensor;
use tesseral::kernels::{
    CouplingPath, IrrepNormalization, Linear, LinearGradients, LinearInputs, Mode, Normalization,
    Pairing, PathNormalization, ProductGradients, ProductInputs, TensorProduct,
};
use tesseral::radial::{OneHotFunction, RadialBasis, SoftOneHot};
use tesseral::sh::{Axes, Form, Harmonics};
use tesseral::wigner::{self, EulerAngles, Orthogonal};
use tesseral::{Irrep, Irreps, LMAX, sh};

/// Sums of a few dozen terms, in another order than e3nn's.
const SUMS: f64 = 16.0;

/// e3nn goes through sines and cosines of multiples of angles and stored matrices: its D are only
/// orthogonal to within 18 ε at l = 1 and 74 ε at l = 6.
const WIGNER: f64 = 128.0;

fn irrep_normalization(name: &Value) -> IrrepNormalization {
    match text(name) {
        "component" => IrrepNormalization::Component,
        "norm" => IrrepNormalization::Norm,
        "none" => IrrepNormalization::None,
        other => panic!("no normalization {other}"),
    }
}

fn path_normalization(name: &Value) -> PathNormalization {
    match text(name) {
        "element" => PathNormalization::Element,
        "path" => PathNormalization::Path,
        "none" => PathNormalization::None,
        other => panic!("no normalization {other}"),
    }
}

/// Whether this build couples all degrees.
fn is_coupled(irreps: [&Irreps; 3]) -> bool {
    irreps.iter().all(|irreps| irreps.lmax().is_none_or(|l| l <= COUPLING_LMAX))
}

fn coupling_paths(list: &Value) -> Vec<CouplingPath> {
    let list = list.as_array().unwrap();
    let path = |entry: &Value| CouplingPath {
        first: entry[0].as_u64().unwrap() as usize,
        second: entry[1].as_u64().unwrap() as usize,
        output: entry[2].as_u64().unwrap() as usize,
        mode: Mode::from_name(text(&entry[3])).unwrap(),
        weighted: entry[4].as_bool().unwrap(),
        path_weight: entry[5].as_f64().unwrap(),
    };
    list.iter().map(path).collect()
}

/// The output of a product and the gradients of its inputs and weights.
fn evaluate(
    product: &TensorProduct,
    count: usize,
    [x, y, weights]: [&[f64]; 3],
    cotangent: &[f64],
) -> [Vec<f64>; 4] {
    let mut output = vec![f64::NAN; count * product.output().dim()];
    let inputs =
        ProductInputs { pairing: Pairing::RowByRow { rows: count }, first: x, second: y, weights };
    product.forward(inputs, &mut output).unwrap();
    let [mut dx, mut dy, mut dw] = [x, y, weights].map(|input| vec![0.0; input.len()]);
    let gradients =
        ProductGradients { first: Some(&mut dx), second: Some(&mut dy), weights: Some(&mut dw) };
    product.backward(inputs, cotangent, gradients).unwrap();
    [output, dx, dy, dw]
}

#[test]
fn tensor_products_of_every_mode_and_normalization() {
    for case in cases("tensor_products") {
        let [first, second, output] =
            ["first", "second", "irreps_out"].map(|side| irreps(&case[side]));
        if !is_coupled([&first, &second, &output]) {
            continue;
        }
        let paths = coupling_paths(&case["instructions"]);
        let inputs = ["x1", "x2", "weights"].map(|name| numbers(&case[name]));
        let inputs = inputs.each_ref().map(Vec::as_slice);
        let cotangent = numbers(&case["cotangent"]);
        for answer in case["answers"].as_array().unwrap() {
            let name = format!(
                "{} {} {}, weighted: {}",
                case["mode"], answer["irrep"], answer["path"], case["weighted"]
            );
            let normalization = Normalization {
                irreps: irrep_normalization(&answer["irrep"]),
                paths: path_normalization(&answer["path"]),
            };
            let [first, second, output] = [&first, &second, &output].map(Irreps::clone);
            let product =
                TensorProduct::with_normalization(first, second, output, &paths, normalization)
                    .unwrap();
            let [output, dx, dy, dw] = evaluate(&product, 1, inputs, &cotangent);
            assert_near(&name, &output, &numbers(&answer["output"]), SUMS);
            assert_near(&name, &dx, &numbers(&answer["d_x1"]), SUMS);
            assert_near(&name, &dy, &numbers(&answer["d_x2"]), SUMS);
            if !dw.is_empty() {
                assert_near(&name, &dw, &numbers(&answer["d_weights"]), SUMS);
            }
        }
    }
}

/// The filter of a case.
fn keep(case: &Value) -> impl Fn(Irrep) -> bool {
    let kept: Option<Vec<Irrep>> = case["filter"]
        .as_array()
        .map(|list| list.iter().map(|irrep| text(irrep).parse().unwrap()).collect());
    move |irrep| kept.as_ref().is_none_or(|kept| kept.contains(&irrep))
}

/// Rows whose blocks are in the order of e3nn, which has odd irreps of every degree first, in the
/// order of this crate.
fn reordered(irreps: &Irreps, rows: &[f64]) -> Vec<f64> {
    let slices = irreps.slices();
    let order = irreps.sort().inverse;
    let rows = rows.chunks_exact(irreps.dim());
    rows.flat_map(|row| order.iter().flat_map(|&block| row[slices[block].clone()].to_vec()))
        .collect()
}

#[test]
fn full_fully_connected_and_elementwise_products() {
    for case in cases("constructors") {
        let [first, second, output] =
            ["first", "second", "irreps_out"].map(|side| irreps(&case[side]));
        if !is_coupled([&first, &second, &output]) {
            continue;
        }
        let name = text(&case["name"]);
        let keep = keep(&case);
        let product = match name {
            "full" => TensorProduct::full(&first, &second, keep),
            "elementwise" => TensorProduct::elementwise(&first, &second, keep),
            // Also where no path leads to an output.
            _ => TensorProduct::with_unreached(&first, &second, &output),
        };
        let normalization = Normalization {
            irreps: irrep_normalization(&case["irrep"]),
            paths: case.get("path").map_or(PathNormalization::Element, path_normalization),
        };
        let product = product.unwrap().normalized_by(normalization);
        let inputs = ["x1", "x2", "weights"].map(|name| numbers(&case[name]));
        let inputs = inputs.each_ref().map(Vec::as_slice);
        // Only full products are sorted, on both sides.
        let is_sorted = product.output() != &output;
        assert!(!is_sorted || name == "full", "{name}: {}, not {output}", product.output());
        let sorted = |rows: &Value| match is_sorted {
            true => reordered(&output, &numbers(rows)),
            false => numbers(rows),
        };
        let [found, dx, dy, dw] = evaluate(&product, 2, inputs, &sorted(&case["cotangent"]));
        assert_near(name, &found, &sorted(&case["output"]), SUMS);
        assert_near(name, &dx, &numbers(&case["d_x1"]), SUMS);
        assert_near(name, &dy, &numbers(&case["d_x2"]), SUMS);
        if !dw.is_empty() {
            assert_near(name, &dw, &numbers(&case["d_weights"]), SUMS);
        }
    }
}

#[test]
fn tensor_squares() {
    for case in cases("squares") {
        let [input, output] = ["irreps_in", "irreps_out"].map(|side| irreps(&case[side]));
        if !is_coupled([&input, &input, &output]) {
            continue;
        }
        let (what, filter) = (text(&case["what"]), texts(&case["filter"]));
        let name = format!("square {what} {}", case["irrep"]);
        let normalization = irrep_normalization(&case["irrep"]);
        let keep = |irrep: Irrep| filter.is_empty() || filter.contains(&&*irrep.to_string());
        let product = match what {
            "to" => TensorProduct::square_to(&input, &output, normalization).unwrap(),
            _ => TensorProduct::square(&input, normalization, keep).unwrap(),
        };
        let sorted = |rows: &Value| match what {
            "to" => numbers(rows),
            _ => reordered(&output, &numbers(rows)),
        };
        let [x, weights] = ["x", "weights"].map(|name| numbers(&case[name]));
        let [found, dx, dy, dw] =
            evaluate(&product, 2, [&x, &x, &weights], &sorted(&case["cotangent"]));
        assert_near(&name, &found, &sorted(&case["output"]), SUMS);
        let both: Vec<f64> = dx.iter().zip(&dy).map(|(dx, dy)| dx + dy).collect();
        assert_near(&name, &both, &numbers(&case["d_x"]), SUMS);
        if !dw.is_empty() {
            assert_near(&name, &dw, &numbers(&case["d_weights"]), SUMS);
        }
    }
}

#[test]
fn linear_maps() {
    for case in cases("linears") {
        // This crate has the other normalization of paths for tensor products only.
        if text(&case["path"]) != "element" {
            continue;
        }
        let [input, output] = ["irreps_in", "irreps_out"].map(|side| irreps(&case[side]));
        let biases = case["has_biases"].as_bool().unwrap();
        let linear = Linear::with_unreached(input.clone(), output.clone(), biases).unwrap();
        let parameters = |weights: &str, biases: &str| {
            let weights = linear.weights_from_e3nn(&numbers(&case[weights])).unwrap();
            let biases = case.get(biases).map(numbers).unwrap_or_default();
            [weights, biases].concat()
        };
        let (x, parameters, expected) = (
            numbers(&case["x"]),
            parameters("weights", "biases"),
            parameters("d_weights", "d_biases"),
        );
        let mut z = vec![f64::NAN; 2 * output.dim()];
        let inputs = LinearInputs { input: &x, parameters: &parameters };
        linear.forward(inputs, &mut z).unwrap();
        assert_near("linear", &z, &numbers(&case["output"]), SUMS);
        let (mut dx, mut dp) = (vec![0.0; x.len()], vec![0.0; parameters.len()]);
        let cotangent = numbers(&case["cotangent"]);
        let gradients = LinearGradients { input: Some(&mut dx), parameters: Some(&mut dp) };
        linear.backward(inputs, &cotangent, gradients).unwrap();
        assert_near("the gradient of linear", &dx, &numbers(&case["d_x"]), SUMS);
        assert_near("the gradient of parameters", &dp, &expected, SUMS);
    }
}

#[test]
fn irreps_and_their_order() {
    for case in cases("irreps") {
        let x = irreps(&case["irreps"]);
        let name = &case["irreps"];
        assert_eq!(Some(x.dim() as u64), case["dim"].as_u64(), "{name}");
        assert_eq!(Some(x.num_irreps() as u64), case["num_irreps"].as_u64(), "{name}");
        assert_eq!(x.degrees().collect::<Vec<_>>(), counts(&case["ls"]), "{name}");
        let slices: Vec<_> = x.slices().iter().flat_map(|slice| [slice.start, slice.end]).collect();
        let expected = case["slices"].as_array().unwrap();
        assert_eq!(slices, expected.iter().flat_map(counts).collect::<Vec<_>>(), "{name}");
        assert_eq!(x.simplify(), irreps(&case["simplify"]), "{name}");
        assert_eq!(x.remove_zero_multiplicities(), irreps(&case["remove_zero"]), "{name}");
        // Both sort stably; only the order of parities differs.
        let (sorted, inverse) = (irreps(&case["sorted"]), counts(&case["inv"]));
        let again = sorted.sort();
        assert_eq!(x.sort().irreps, again.irreps, "{name}");
        let inverse: Vec<usize> = again.inverse.iter().map(|&block| inverse[block]).collect();
        assert_eq!(x.sort().inverse, inverse, "{name}");
        assert_eq!(
            x.sort().irreps.degrees().collect::<Vec<_>>(),
            sorted.degrees().collect::<Vec<_>>()
        );
        assert_eq!(x.regroup(), irreps(&case["regroup"]).regroup(), "{name}");
        let product = x.tensor_product(&"1x0o+2x1o".parse().unwrap(), None);
        assert_eq!(product, irreps(&case["product"]).regroup(), "{name}");
    }
}

/// A matrix in e3nn's axes as the same operation in native ones: P R Pᵀ with P(x, y, z) = (z, x, y).
fn in_native_axes(matrix: &[f64]) -> Orthogonal<f64> {
    let matrix = Matrix3::from_row_slice(matrix);
    let p = Matrix3::from_rows(&[
        RowVector3::new(0.0, 0.0, 1.0),
        RowVector3::new(1.0, 0.0, 0.0),
        RowVector3::new(0.0, 1.0, 0.0),
    ]);
    Orthogonal::from_matrix(p * matrix * p.transpose()).unwrap()
}

fn row_major(matrix: &nalgebra::DMatrix<f64>) -> Vec<f64> {
    matrix.transpose().as_slice().to_vec()
}

#[test]
fn representations_of_rotations_and_reflections() {
    for case in cases("representations") {
        let x = irreps(&case["irreps"]);
        if x.lmax() > Some(LMAX) {
            continue;
        }
        let d = wigner::d_irreps(&x, in_native_axes(&numbers(&case["matrix"]))).unwrap();
        assert_near("D", &row_major(&d), &numbers(&case["d"]), WIGNER);
    }
}

#[test]
fn wigner_matrices_at_equal_angles() {
    for case in cases("wigner_matrices") {
        let angles = numbers(&case["angles"]);
        let angles = EulerAngles { alpha: angles[0], beta: angles[1], gamma: angles[2] };
        let rotation = row_major(&nalgebra::DMatrix::from_column_slice(
            3,
            3,
            angles.to_e3nn_rotation().matrix().as_slice(),
        ));
        assert_near("the rotation", &rotation, &numbers(&case["matrix"]), 4.0);
        for (l, expected) in case["d"].as_array().unwrap().iter().enumerate().take(LMAX + 1) {
            let d = wigner::d(l, angles).unwrap();
            assert_near("D", &row_major(&d), &numbers(expected), WIGNER);
        }
    }
}

#[test]
fn coupling_tensors_are_wigner_3j() {
    for case in cases("coupling_tensors") {
        let degrees = counts(&case["degrees"]);
        if degrees.iter().any(|&l| l > COUPLING_LMAX) {
            continue;
        }
        let tensor = Tensor::new(degrees[0], degrees[1], degrees[2]).unwrap();
        let mut expected = vec![0.0; tensor.shape().iter().product()];
        for entry in case["entries"].as_array().unwrap() {
            let entry = numbers(entry);
            let place = entry[..3]
                .iter()
                .zip(tensor.shape())
                .fold(0, |place, (&index, size)| place * size + index as usize);
            expected[place] = entry[3];
        }
        let found = tensor.dense_in(Convention::Wigner3j);
        // e3nn's tensors come from a change of basis in complex arithmetic.
        assert_near("wigner_3j", &found, &expected, 16.0);
    }
}

#[test]
fn harmonics_and_their_gradients() {
    for case in cases("harmonics") {
        let lmax = (case["lmax"].as_u64().unwrap() as usize).min(LMAX);
        let all = (case["lmax"].as_u64().unwrap() as usize + 1).pow(2);
        let size = (lmax + 1).pow(2);
        let harmonics = Harmonics {
            form: if case["normalize"].as_bool().unwrap() { Form::Spherical } else { Form::Solid },
            normalization: match text(&case["normalization"]) {
                "component" => sh::Normalization::Component,
                "norm" => sh::Normalization::Norm,
                _ => sh::Normalization::Integral,
            },
            axes: Axes::YPolar,
            ..Harmonics::default()
        };
        let [points, expected, cotangent, gradient] =
            ["points", "output", "cotangent", "d_points"].map(|name| numbers(&case[name]));
        for (index, point) in points.chunks_exact(3).enumerate() {
            let point: [f64; 3] = point.try_into().unwrap();
            let (mut values, mut slopes) = (vec![0.0; size], vec![0.0; 3 * size]);
            harmonics.up_to_grad(lmax, point, &mut values, &mut slopes).unwrap();
            let row = index * all..index * all + size;
            for l in 0..=lmax {
                let degree = l * l..(l + 1) * (l + 1);
                let expected = &expected[row.clone()][degree.clone()];
                assert_near("harmonics", &values[degree], expected, 16.0);
            }
            if size == all {
                let pulled: Vec<f64> = slopes
                    .chunks_exact(size)
                    .map(|slope| {
                        slope.iter().zip(&cotangent[row.clone()]).map(|(a, b)| a * b).sum()
                    })
                    .collect();
                let expected = &gradient[3 * index..3 * index + 3];
                assert_near("the gradient of harmonics", &pulled, expected, 256.0);
            }
        }
    }
}

/// The one smooth finite function between 0 and 2 is 1.14136 e² s(r) s(2 - r), with e3nn's unit
/// step s(x) = exp(-1/x), zero for x ≤ 0.
#[test]
fn soft_unit_steps() {
    let steps = &reference()["unit_steps"];
    let [points, values, derivatives] =
        ["x", "values", "derivatives"].map(|name| numbers(&steps[name]));
    let basis = SoftOneHot::new(0.0, 2.0, 1, OneHotFunction::SmoothFinite, true).unwrap();
    let factor = 1.14136 * 2.0_f64.exp();
    for (index, &r) in points.iter().enumerate() {
        let (mut value, mut derivative) = ([f64::NAN], [f64::NAN]);
        basis.values_and_derivatives_into(r, &mut value, &mut derivative).unwrap();
        let (rest, inverse) = (2.0 - r, (2.0 - r).recip());
        let other = if rest > 0.0 { factor * (-inverse).exp() } else { 0.0 };
        let slope = -other * inverse * inverse;
        let expected = derivatives[index] * other + values[index] * slope;
        // The step is taken of (r - 1) + 1, whose rounding 1/r² multiplies.
        let allowed = if r > 0.0 { 16.0 + (r * r).recip() } else { 16.0 };
        assert_near("a unit step", &value, &[values[index] * other], allowed);
        let size = factor.max(expected.abs());
        assert_near("its derivative", &[derivative[0] + size], &[expected + size], 16.0);
    }
}

#[test]
fn soft_one_hot_functions_and_their_derivatives() {
    for case in cases("one_hots") {
        let function = match text(&case["basis"]) {
            "gaussian" => OneHotFunction::Gaussian,
            "cosine" => OneHotFunction::Cosine,
            "smooth_finite" => OneHotFunction::SmoothFinite,
            "fourier" => OneHotFunction::Fourier,
            _ => OneHotFunction::Bessel,
        };
        let [start, end] = ["start", "end"].map(|name| case[name].as_f64().unwrap());
        let number = case["number"].as_u64().unwrap() as usize;
        let cutoff = case["cutoff"].as_bool().unwrap();
        let basis = SoftOneHot::new(start, end, number, function, cutoff).unwrap();
        let name = format!("{function:?} {cutoff}");
        let [values, derivatives] = ["values", "derivatives"].map(|name| numbers(&case[name]));
        let points = numbers(&case["x"]);
        let [mut value, mut derivative] =
            [&points; 2].map(|points| vec![0.0; points.len() * number]);
        let rows = value.chunks_exact_mut(number).zip(derivative.chunks_exact_mut(number));
        for (&r, (value, derivative)) in points.iter().zip(rows) {
            basis.values_and_derivatives_into(r, value, derivative).unwrap();
        }
        assert_near(&name, &value, &values, 16.0);
        assert_near(&name, &derivative, &derivatives, 16.0);
    }
}

/// A tensor in e3nn's axes in native ones, whose x, y, z are e3nn's z, x, y.
fn tensor_in_native_axes(tensor: &[f64], rank: u32) -> Vec<f64> {
    let place = |index: usize| {
        let digit = |place: u32| [2, 0, 1][index / 3_usize.pow(place) % 3] * 3_usize.pow(place);
        (0..rank).map(digit).sum::<usize>()
    };
    (0..tensor.len()).map(|index| tensor[place(index)]).collect()
}

#[test]
fn cartesian_tensors_up_to_signs_of_irreps() {
    for case in cases("cartesian_tensors") {
        // Tensors of rank r hold degrees up to r.
        if text(&case["formula"]).chars().take_while(|index| index.is_alphabetic()).count() > LMAX {
            continue;
        }
        let conversion = CartesianTensor::new(text(&case["formula"])).unwrap();
        let (irreps, rank) = (irreps(&case["irreps"]), conversion.rank() as u32);
        assert_eq!(conversion.irreps(), &irreps, "{}", case["formula"]);
        let tensor = tensor_in_native_axes(&numbers(&case["cartesian"]), rank);
        let (expected, mut found) = (numbers(&case["features"]), vec![0.0; irreps.dim()]);
        conversion.to_irreps(&tensor, &mut found).unwrap();
        let mut back = vec![0.0; tensor.len()];
        conversion.from_irreps(&found, &mut back).unwrap();
        for (block, slice) in irreps.iter().zip(irreps.slices()) {
            // With several copies the basis among them would be free.
            assert_eq!(block.mul, 1, "{}", case["formula"]);
            let (expected, found) = (&expected[slice.clone()], &mut found[slice]);
            if expected.iter().zip(&*found).map(|(a, b)| a * b).sum::<f64>() < 0.0 {
                found.iter_mut().for_each(|value| *value = -*value);
            }
            assert_near(text(&case["formula"]), found, expected, SUMS);
        }
        let expected = tensor_in_native_axes(&numbers(&case["back"]), rank);
        assert_near(text(&case["formula"]), &back, &expected, SUMS);
    }
}
