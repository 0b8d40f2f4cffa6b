//! Tensor products that cannot be made, and slices that do not fit one.

#[path = "common/degrees.rs"]
mod degrees;

use degrees::above;
use tesseral::coupling::COUPLING_LMAX;
use tesseral::error::DegreeLimit;
use tesseral::kernels::{
    CouplingPath, KernelError, Mode, Pairing, ProductCotangents, ProductGradients, ProductInputs,
    TensorProduct,
};
use tesseral::{Irrep, Irreps, Parity};

fn parsed(text: &str) -> Irreps {
    text.parse().unwrap()
}

fn path(first: usize, second: usize, output: usize, mode: Mode) -> CouplingPath {
    CouplingPath::new(first, second, output, mode).weighted()
}

/// The message of a product that cannot be made.
fn refused(first: &str, second: &str, output: &str, paths: &[CouplingPath]) -> String {
    let [first, second, output] = [first, second, output].map(parsed);
    TensorProduct::new(first, second, output, paths).unwrap_err().to_string()
}

#[test]
fn outputs_that_no_path_reaches_are_refused() {
    let [scalars, pseudoscalars] = ["4x0e", "2x0e + 4x0o"].map(|text| text.parse().unwrap());
    let refused = TensorProduct::fully_connected(&scalars, &scalars, &pseudoscalars).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "no path leads from `4x0e` x `4x0e` to `0o` of the output `2x0e+4x0o`, expected one to every \
         block: it would be zero whatever the weights; the function `with_unreached` allows it"
    );
    let allowed = TensorProduct::with_unreached(&scalars, &scalars, &pseudoscalars).unwrap();
    assert_eq!(allowed.output_mask(), [true, true, false, false, false, false]);
    // An empty block misses nothing.
    let empty = "2x0e + 0x0o".parse().unwrap();
    assert!(TensorProduct::fully_connected(&scalars, &scalars, &empty).is_ok());
}

#[test]
fn paths_that_do_not_fit_are_refused() {
    let good = path(0, 0, 0, Mode::Uvu);
    let refused_with = |paths: &[CouplingPath]| refused("2x0e + 0o", "3x0e", "2x0e + 6x0e", paths);
    assert_eq!(
        refused_with(&[good, path(2, 0, 0, Mode::Uvu)]),
        "path 1: block 2 of the first irreps `2x0e+1x0o`, expected one below 2"
    );
    assert_eq!(
        refused_with(&[path(0, 1, 0, Mode::Uvu)]),
        "path 0: block 1 of the second irreps `3x0e`, expected one below 1"
    );
    assert_eq!(
        refused_with(&[path(0, 0, 7, Mode::Uvu)]),
        "path 0: block 7 of the output irreps `2x0e+6x0e`, expected one below 2"
    );
    assert_eq!(
        refused_with(&[good, good, path(1, 0, 0, Mode::Uvu)]),
        "path 2: 0o x 0e to 0e, expected the parity `o`, their product"
    );
    assert_eq!(
        refused_with(&[path(0, 0, 0, Mode::Uuu)]),
        "path 0: mode uuu takes multiplicities u x u to u, found 2 x 3 to 2"
    );
    assert_eq!(
        refused_with(&[path(0, 0, 1, Mode::Uvu)]),
        "path 0: mode uvu takes multiplicities u x v to u, found 2 x 3 to 6"
    );
    assert_eq!(
        refused_with(&[path(0, 0, 0, Mode::Uvuv)]),
        "path 0: mode uvuv takes multiplicities u x v to u·v, found 2 x 3 to 2"
    );
    assert_eq!(
        refused_with(&[CouplingPath::new(0, 0, 1, Mode::Uvw)]),
        "path 0: mode uvw without weights, expected a path with weights: it would fill all channels \
         alike"
    );
    assert_eq!(
        refused_with(&[good.with_path_weight(-1.0)]),
        "path 0: the path weight is -1, expected a finite number of at least zero"
    );
    assert_eq!(
        TensorProduct::elementwise(&parsed("2x0e"), &parsed("3x0o"), |_| true)
            .unwrap_err()
            .to_string(),
        "an elementwise product of 2 and 3 channels: expected as many in both"
    );
    if COUPLING_LMAX >= 2 {
        assert_eq!(
            refused("0e", "1e", "2e", &[good]),
            "degrees 0 and 1 do not couple to 2: expected 1 to 1"
        );
    }
}

#[test]
fn degrees_without_tables_are_refused() {
    let l = COUPLING_LMAX + 1;
    let message = above(DegreeLimit::Coupling, l, &format!(" of the coupling (0, {l}, {l})"));
    let high: Irreps = [Irrep::new(l, Parity::Even)].into_iter().collect();
    let scalar = Irreps::scalars(1);
    let paths = [path(0, 0, 0, Mode::Uvu)];
    let product = TensorProduct::new(scalar.clone(), high.clone(), high.clone(), &paths);
    assert_eq!(product.unwrap_err().to_string(), message);
    let made = [
        TensorProduct::elementwise(&scalar, &high, |_| true),
        TensorProduct::full(&scalar, &high, |_| true),
        TensorProduct::convolution(&scalar, &high, |_| true),
    ];
    for product in made {
        assert_eq!(product.unwrap_err().to_string(), message);
    }
    // What is not kept is not asked for.
    let kept = TensorProduct::full(&scalar, &high, |irrep| irrep.l <= COUPLING_LMAX).unwrap();
    assert!(kept.output().is_empty());
    // An error at once, not after a list of 10¹³ degrees.
    let huge: Irreps = parsed("10000000000000e");
    assert!(TensorProduct::full(&huge, &huge, |_| true).is_err());
}

#[test]
fn sizes_beyond_a_usize_are_refused() {
    let most = usize::MAX;
    let [all, some] = [Irreps::scalars(most), Irreps::scalars(5_000_000_000)];
    let weighted = [path(0, 0, 0, Mode::Uvu)];
    let error = TensorProduct::new(some.clone(), some.clone(), some.clone(), &weighted);
    assert_eq!(error.unwrap_err(), KernelError::Weights { path: 0 });
    let twice = [path(0, 0, 0, Mode::Uuu); 2];
    let error = TensorProduct::new(all.clone(), all.clone(), all.clone(), &twice).unwrap_err();
    assert_eq!(error.to_string(), "path 1: the weights are more than a usize counts");

    // Without weights they are possible, if useless.
    let free = twice.map(|path| CouplingPath { weighted: false, ..path });
    let product = TensorProduct::new(all.clone(), all.clone(), all.clone(), &free).unwrap();
    let pairing = Pairing::RowByRow { rows: 2 };
    let inputs = ProductInputs { pairing, first: &[1.0], second: &[1.0], weights: &[] };
    let error = product.forward(inputs, &mut [1.0]).unwrap_err();
    let message = format!("the slice of the second input has length 1, expected {most}");
    assert_eq!(error.to_string(), message);

    let two = parsed("0e + 0o");
    let error = TensorProduct::full(&all, &two, |_| true).unwrap_err();
    assert!(matches!(error, KernelError::Irreps(_)), "{error}");
    let error = TensorProduct::full(&some, &some, |_| true).unwrap_err();
    assert!(matches!(error, KernelError::Weights { .. }), "{error}");
}

#[test]
fn slices_of_wrong_lengths_are_refused() {
    let product =
        TensorProduct::convolution(&parsed("2x0e"), &parsed("0e + 0o"), |_| true).unwrap();
    assert_eq!((product.output().dim(), product.num_weights()), (4, 4));
    let values = [1.0; 100];
    let forward = |[x, y, w, z]: [usize; 4], pairing: Pairing| {
        let mut output = [0.0; 100];
        let [first, second, weights] = [x, y, w].map(|length| &values[..length]);
        let inputs = ProductInputs { pairing, first, second, weights };
        product.forward(inputs, &mut output[..z]).map_err(|error| error.to_string())
    };
    let each = |lengths| forward(lengths, Pairing::RowByRow { rows: 3 });
    let message = |what: &str, found: usize, expected: usize| {
        Err(format!("the slice of {what} has length {found}, expected {expected}"))
    };
    assert_eq!(each([6, 6, 12, 12]), Ok(()));
    assert_eq!(each([6, 6, 4, 12]), Ok(()));
    assert_eq!(each([5, 6, 12, 12]), message("the first input", 5, 6));
    assert_eq!(each([6, 7, 12, 12]), message("the second input", 7, 6));
    assert_eq!(each([6, 6, 8, 12]), message("the weights", 8, 12));
    assert_eq!(each([6, 6, 0, 12]), message("the weights", 0, 12));
    assert_eq!(each([6, 6, 12, 0]), message("the output", 0, 12));

    let edges = |lengths, senders: &[usize], receivers: &[usize]| {
        forward(lengths, Pairing::Edges { senders, receivers })
    };
    let nodes = [4, 6, 12, 8];
    assert_eq!(edges(nodes, &[0, 1, 1], &[1, 1, 0]), Ok(()));
    assert_eq!(edges(nodes, &[0, 1], &[1, 1, 0]), message("receivers", 3, 2));
    assert_eq!(edges(nodes, &[0, 1, 1], &[1; 4]), message("receivers", 4, 3));
    assert_eq!(edges(nodes, &[0, 1], &[1, 1]), message("the second input", 6, 4));
    let multiple = |what: &str, found: usize, of: usize| {
        Err(format!("the slice of {what} has length {found}, expected a multiple of {of}"))
    };
    assert_eq!(edges([5, 6, 12, 8], &[0; 3], &[0; 3]), multiple("the first input", 5, 2));
    assert_eq!(edges([4, 6, 12, 9], &[0; 3], &[0; 3]), multiple("the output", 9, 4));
    assert_eq!(
        edges(nodes, &[0, 2, 7], &[0; 3]),
        Err("edge 1: the sender is row 2, expected one below 2".into())
    );
    assert_eq!(
        edges(nodes, &[0; 3], &[0, 1, usize::MAX]),
        Err(format!("edge 2: the receiver is row {}, expected one below 2", usize::MAX))
    );

    let pairing = Pairing::RowByRow { rows: 3 };
    let inputs =
        ProductInputs { pairing, first: &values[..6], second: &values[..6], weights: &values[..4] };
    let message = |error: KernelError| error.to_string();
    let mut wrong = [0.0; 1];
    let gradients = ProductGradients { second: Some(&mut wrong[..]), ..ProductGradients::NONE };
    let error = product.backward(inputs, &values[..12], gradients).unwrap_err();
    assert_eq!(
        message(error),
        "the slice of the gradient of the second input has length 1, expected 6"
    );
    let error = product.backward(inputs, &values[..11], ProductGradients::NONE).unwrap_err();
    assert_eq!(
        message(error),
        "the slice of the gradient of the output has length 11, expected 12"
    );
    let along = ProductCotangents { weights: Some(&values[..5]), ..ProductCotangents::NONE };
    let twice = |along: ProductCotangents<f64>, by: Option<&mut [f64]>| {
        let error =
            product.backward_twice(inputs, &values[..12], along, ProductGradients::NONE, by);
        message(error.unwrap_err())
    };
    assert_eq!(
        twice(along, None),
        "the slice of the cotangent of the weights has length 5, expected 4"
    );
    assert_eq!(
        twice(ProductCotangents::NONE, Some(&mut wrong)),
        "the slice of the derivative by the gradient of the output has length 1, expected 12"
    );
}
