//! Tensor products: every mode and normalization against the definition, on every lane path; made
//! products, edges, numbers of rows, equivariance and variances.

mod common {
    pub mod products;
}

use std::ops::Range;

use common::products::*;
use tesseral::coupling::COUPLING_LMAX;
use tesseral::equivariance::{Equivariance, Random};
use tesseral::kernels::{
    CouplingPath, IrrepNormalization, Pairing, ProductGradients, ProductInputs, TensorProduct,
};
use tesseral::simd::Path;
use tesseral::{Irreps, Number};

/// The inputs of so many rows, row by row.
fn each<'a, T>(rows: usize, [first, second, weights]: [&'a [T]; 3]) -> ProductInputs<'a, T> {
    ProductInputs { pairing: Pairing::RowByRow { rows }, first, second, weights }
}

#[test]
fn a_tensor_product_is_its_definition() {
    for case in cases() {
        let (x, y, w) = (&case.first, &case.second, &case.weights);
        let expected = case.definition(x, y, w);
        let magnitudes = case.magnitudes(x, y, w);
        let [x32, y32, w32] = [x, y, w].map(|values| singles(values));
        for path in Path::available() {
            let what = format!("{}, {path:?}", case.name);
            // Sums of up to 500 terms in another order; errors of sums grow like the root.
            let found = case.forward(path, x, y, w);
            assert_near(&what, &found, &expected, &magnitudes, 8.0 * f64::EPSILON);
            let found = doubles(&case.forward(path, &x32, &y32, &w32));
            assert_near(&what, &found, &expected, &magnitudes, 8.0 * f64::from(f32::EPSILON));
        }
    }
}

#[test]
fn made_products_have_the_paths_of_the_filter() {
    if COUPLING_LMAX < 2 {
        println!("skipped: LMAX is below 2");
        return;
    }
    let product =
        TensorProduct::convolution(&parsed("4x0e + 2x1o"), &parsed("0e + 1o + 2e"), |irrep| {
            irrep.l <= 1
        })
        .unwrap();
    assert_eq!(product.output().to_string(), "4x0e+2x0e+4x1o+2x1o+2x1o+2x1e");
    assert_eq!(product.num_weights(), 16);
    assert_eq!(product.weights_of(0), Some(0..4));

    // Blocks are cut where those of the other input end.
    let (first, second) = (parsed("2x0e + 2x1o"), parsed("3x1e + 0o"));
    let product = TensorProduct::elementwise(&first, &second, |_| true).unwrap();
    assert_eq!(product.output().to_string(), "2x1e+1x0o+1x1o+1x2o+1x1e");
    assert_eq!(product.first().to_string(), "2x0e+1x1o+1x1o");
    assert_eq!(product.second().to_string(), "2x1e+1x1e+1x0o");
    // Neighbouring blocks of one irrep are one, as in e3nn.
    let split = parsed("1o + 1o");
    let product = TensorProduct::elementwise(&split, &split, |_| true).unwrap();
    assert_eq!(product.output().to_string(), "2x0e+2x1e+2x2e");
    assert_eq!(product.num_weights(), 0);

    let product =
        TensorProduct::full(&parsed("2x1o"), &parsed("3x1o"), |irrep| irrep.l <= 1).unwrap();
    assert_eq!(product.output().to_string(), "6x0e+6x1e");

    let output = parsed("5x0e + 2x1e");
    let product =
        TensorProduct::fully_connected(&parsed("2x1o"), &parsed("3x1o"), &output).unwrap();
    assert_eq!(product.num_weights(), 30 + 12);

    let square = TensorProduct::square(&parsed("3x1o"), IrrepNormalization::Component, |_| true);
    let square = square.unwrap();
    assert_eq!(square.output().to_string(), "3x0e+3x0e+3x1e+3x2e+3x2e");
    let (irreps, output) = (parsed("3x1o"), parsed("2x0e + 1e"));
    let square = TensorProduct::square_to(&irreps, &output, IrrepNormalization::Norm).unwrap();
    assert_eq!(square.num_weights(), 6 + 6 + 3);
}

#[test]
fn along_edges_rows_are_gathered_and_summed() {
    let product = TensorProduct::full(&parsed("0e"), &parsed("0e"), |_| true).unwrap();
    let mut sums = [9.0; 4];
    let pairing = Pairing::Edges { senders: &[0, 1, 1], receivers: &[2, 2, 0] };
    let inputs =
        ProductInputs { pairing, first: &[10.0, 20.0], second: &[1.0, 2.0, 3.0], weights: &[] };
    product.forward(inputs, &mut sums).unwrap();
    // Node 1 and node 3 receive nothing.
    assert_eq!(sums, [60.0, 0.0, 50.0, 0.0]);
}

#[test]
fn zero_rows_are_possible() {
    for case in cases() {
        case.product.forward(each::<f64>(0, [&[]; 3]), &mut []).unwrap();
        // No edges, but nodes: the sums are zero.
        let mut sums = vec![5.0; 3 * case.product.output().dim()];
        let x = vec![1.0; 2 * case.product.first().dim()];
        let pairing = Pairing::Edges { senders: &[], receivers: &[] };
        let inputs = ProductInputs { pairing, first: &x, second: &[], weights: &[] };
        case.product.forward(inputs, &mut sums).unwrap();
        assert!(sums.iter().all(|&sum| sum == 0.0), "{}", case.name);
        let mut dx = vec![0.0; x.len()];
        let gradients =
            ProductGradients { first: Some(&mut dx), second: Some(&mut []), weights: None };
        case.product.backward(inputs, &sums, gradients).unwrap();
        assert!(dx.iter().all(|&dx| dx == 0.0), "{}", case.name);
    }
}

/// Output that begins anywhere in a cache line, in rows that are no whole lines.
fn check_streaming<T: Number + PartialEq + std::fmt::Debug>(singles: fn(f64) -> T) {
    let harmonics = irreps("0e + 1o");
    for features in ["9x0e + 9x1o", "16x0e + 16x1o", "37x0e + 5x1o"] {
        let features = irreps(features);
        let keep = |irrep: tesseral::Irrep| irrep.l <= COUPLING_LMAX.min(1);
        let product = TensorProduct::convolution(&features, &harmonics, keep).unwrap();
        let (count, size) = (23, product.output().dim());
        let mut random = Random::new(6);
        let mut numbers =
            |length: usize| -> Vec<T> { random.normals(length).into_iter().map(singles).collect() };
        let x = numbers(count * features.dim());
        let y = numbers(count * harmonics.dim());
        let w = numbers(count * product.num_weights());
        for path in Path::available() {
            let [cached, streamed] =
                [usize::MAX, 0].map(|bytes| product.clone().on(path).streaming_from(bytes));
            let mut expected = vec![singles(0.0); count * size];
            let inputs = each(count, [&x, &y, &w]);
            cached.forward(inputs, &mut expected).unwrap();
            for shift in 0..17 {
                let mut found = vec![singles(f64::NAN); count * size + shift];
                let found = &mut found[shift..];
                streamed.forward(inputs, found).unwrap();
                assert_eq!(found, &expected[..], "{features}, {path:?}, {shift}");
            }
        }
    }
}

#[test]
fn output_past_the_caches_is_the_same() {
    check_streaming::<f64>(|value| value);
    check_streaming::<f32>(|value| value as f32);
}

#[test]
fn blocks_without_channels_have_no_part() {
    let cases = [("8x3o", "1x0e", "0x3o"), ("0x3o", "1x0e", "2x3o"), ("8x3o", "0x0e", "2x3o")];
    for [first, second, output] in cases.map(|(a, b, c)| [a, b, c].map(irreps)) {
        if COUPLING_LMAX < 3 {
            continue;
        }
        let product = TensorProduct::with_unreached(&first, &second, &output).unwrap();
        let [x, y, z] = [&first, &second, &output].map(|irreps| vec![1.0; 2 * irreps.dim()]);
        let w = vec![1.0; product.num_weights()];
        let mut found = vec![f64::NAN; z.len()];
        let inputs = each(2, [&x, &y, &w]);
        product.forward(inputs, &mut found).unwrap();
        assert!(found.iter().all(|&value| value == 0.0), "{first} and {second} to {output}");
        let (mut dx, mut dy) = (vec![0.0; x.len()], vec![0.0; y.len()]);
        let gradients =
            ProductGradients { first: Some(&mut dx), second: Some(&mut dy), weights: None };
        product.backward(inputs, &z, gradients).unwrap();
        let all = dx.iter().chain(&dy);
        assert!(all.into_iter().all(|&value| value == 0.0), "{first} and {second} to {output}");
    }
}

#[test]
fn every_number_of_rows_gives_the_same_rows() {
    // Full blocks of lanes and parts of them, in both kernels.
    for (first, second) in [("9x0e + 9x1o", "0e + 1o"), ("2x0e + 1x1o", "1x0e + 2x1o")] {
        let (first, second) = (irreps(first), irreps(second));
        let product =
            TensorProduct::convolution(&first, &second, |irrep| irrep.l <= COUPLING_LMAX.min(1));
        let product = product.unwrap();
        let mut random = Random::new(4);
        let most = 70;
        let x = singles(&random.normals(most * first.dim()));
        let y = singles(&random.normals(most * second.dim()));
        let w = singles(&random.normals(most * product.num_weights()));
        let size = product.output().dim();
        let mut all = vec![0.0; most * size];
        product.forward(each(most, [&x, &y, &w]), &mut all).unwrap();
        for count in 0..most {
            let mut some = vec![0.0; count * size];
            let (x, y) = (&x[..count * first.dim()], &y[..count * second.dim()]);
            let w = &w[..count * product.num_weights()];
            // One row of weights would be shared.
            product.forward(each(count, [x, y, w]), &mut some).unwrap();
            assert_eq!(some, all[..count * size], "{count} rows");
        }
    }
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
    let report = test.of_features(double).unwrap();
    assert!(report.worst().relative() < 1e-13, "{name}: {report}");
    let report = test.of_features(|x| doubles(&single(&singles(x)))).unwrap();
    assert!(report.worst().relative() < 1e-5, "{name} in f32: {report}");
}

#[test]
fn tensor_products_are_equivariant() {
    for case in cases().iter().filter(|case| !case.edges) {
        // Both inputs are one feature vector: the rows of the first, then those of the second.
        let product = &case.product;
        let input = product.first() + product.second();
        let weights = &case.weights[..product.num_weights()];
        fn apply<T: Number>(product: &TensorProduct, weights: &[T], x: &[T]) -> Vec<T> {
            let (first, second) = x.split_at(product.first().dim());
            let mut output = vec![T::default(); product.output().dim()];
            product.forward(each(1, [first, second, weights]), &mut output).unwrap();
            output
        }
        let rounded = singles(weights);
        assert_equivariant(
            &case.name,
            &input,
            product.output(),
            |x| apply(product, weights, x),
            |x| apply(product, &rounded, x),
        );
    }
}

/// The mean square of each block of rows of features.
fn mean_squares(irreps: &Irreps, values: &[f64]) -> Vec<f64> {
    let rows = values.len() / irreps.dim();
    let of = |slice: Range<usize>| {
        let row = |row: usize| &values[row * irreps.dim()..][slice.clone()];
        let sum: f64 = (0..rows).flat_map(row).map(|x| x * x).sum();
        sum / (rows * slice.len()) as f64
    };
    irreps.slices().into_iter().filter(|slice| !slice.is_empty()).map(of).collect()
}

#[test]
fn products_of_unit_variance_have_unit_variance() {
    // Weights too: a row of them for each of 8000 rows. The square of a product of three normal
    // numbers has the variance 26, so a mean square of one channel and term deviates by
    // √(26/8000) = 5.7 %, others by less.
    let rows = 8000;
    let mut random = Random::new(11);
    let (first, second) = (irreps("2x0e + 3x1o + 1x2e"), irreps("2x0e + 2x1o"));
    let output = irreps("2x0e + 3x1o + 3x1e + 1x2e");
    let paths: Vec<CouplingPath> = every_path(&first, &second, &output)
        .into_iter()
        .map(|path| CouplingPath { path_weight: 1.0, ..path.weighted() })
        .collect();
    let all = [
        TensorProduct::new(first.clone(), second.clone(), output, &paths).unwrap(),
        TensorProduct::full(&first, &second, |irrep| irrep.l <= COUPLING_LMAX).unwrap(),
        TensorProduct::convolution(&first, &second, |irrep| irrep.l <= COUPLING_LMAX).unwrap(),
    ];
    for product in all {
        let x = random.normals(rows * first.dim());
        let y = random.normals(rows * second.dim());
        let w = random.normals(rows * product.num_weights());
        let mut z = vec![0.0; rows * product.output().dim()];
        product.forward(each(rows, [&x, &y, &w]), &mut z).unwrap();
        for (block, mean) in mean_squares(product.output(), &z).into_iter().enumerate() {
            assert!((mean - 1.0).abs() < 0.2, "seed 11, block {block}: {mean}");
        }
    }
}

#[test]
fn squares_without_a_path_are_refused() {
    let (scalars, odd) = (parsed("2x0e"), parsed("1x0o"));
    let error = TensorProduct::square_to(&scalars, &odd, IrrepNormalization::Norm).unwrap_err();
    let message = "no path leads from `2x0e x 2x0e` to `0o` of the output `1x0o`";
    assert!(error.to_string().starts_with(message), "{error}");
}
