//! Calls that are split among threads: the same results, bit for bit, on any number of them, and those of
//! one thread but for the rounding of sums over parts.
#![cfg(feature = "rayon")]

use fastrand::Rng;
use nalgebra::UnitQuaternion;
use rayon::ThreadPoolBuilder;
use tesseral::graph::{Cell, Search};
use tesseral::kernels::cartesian::CartesianTensor;
use tesseral::kernels::symmetric_contraction::{
    ContractionCotangents, ContractionGradients, ContractionInputs, SymmetricContraction,
};
use tesseral::kernels::{
    Activation, ChannelNorm, Channels, CouplingPath, Gate, GateConfig, Groups, Linear,
    LinearCotangents, LinearGradients, LinearInputs, Mode, Pairing, ProductCotangents,
    ProductGradients, ProductInputs, ScalarFunction, ScaleCotangents, ScaleGradients, ScaleInputs,
    SecondMoment, SpeciesInputs, SpeciesLinear, Standardize, StandardizeInputs, TensorProduct,
};
use tesseral::wigner::Orthogonal;
use tesseral::wigner::batch::{Action, Batch};
use tesseral::{Irreps, LMAX};

/// Compares the results of a call: without threads, and in pools of several sizes.
fn check(name: &str, call: impl Fn(bool) -> Vec<Vec<f64>> + Sync) {
    let plain = call(false);
    let in_pool = |threads: usize| {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| call(true))
    };
    let parallel = in_pool(1);
    for threads in [2, 5] {
        assert!(in_pool(threads) == parallel, "{name}: {threads} threads differ from one");
    }
    for (array, (plain, parallel)) in plain.iter().zip(&parallel).enumerate() {
        let largest = plain.iter().fold(0.0_f64, |largest, x| largest.max(x.abs()));
        assert!(largest > 0.0, "{name}: result {array} is zero");
        for (a, b) in plain.iter().zip(parallel) {
            // Sums over tens of thousands of terms, in another order.
            assert!(
                (a - b).abs() <= 1e-13 * largest.max(1.0),
                "{name}: result {array}: {a} or {b}"
            );
        }
    }
}

/// The same where nothing is summed over parts: equal, bit for bit.
fn check_equal(name: &str, call: impl Fn(bool) -> Vec<Vec<f64>> + Sync) {
    check(name, &call);
    let pool = ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    assert!(call(false) == pool.install(|| call(true)), "{name}: a thread changes the result");
}

fn numbers(seed: u64, length: usize) -> Vec<f64> {
    let mut random = Rng::with_seed(seed);
    (0..length).map(|_| random.f64() - 0.5).collect()
}

fn irreps(text: &str) -> Irreps {
    text.parse().unwrap()
}

/// Irreps without the degrees that this build lacks.
fn low(text: &str) -> Irreps {
    irreps(text).filter_lmax(LMAX)
}

/// All three calls of a product.
fn products(
    product: &TensorProduct,
    pairing: Pairing<'_>,
    [first_rows, output_rows]: [usize; 2],
    shares_weights: bool,
) -> Vec<Vec<f64>> {
    let count = pairing.count();
    let first = numbers(1, first_rows * product.first().dim());
    let second = numbers(2, count * product.second().dim());
    let rows = if shares_weights { 1 } else { count };
    let weights = numbers(3, rows * product.num_weights());
    let dz = numbers(4, output_rows * product.output().dim());
    let inputs = ProductInputs { pairing, first: &first, second: &second, weights: &weights };
    let mut results = vec![vec![0.0; dz.len()]];
    product.forward(inputs, &mut results[0]).unwrap();
    let gradients = || [&first, &second, &weights].map(|input| vec![0.0; input.len()]);
    let mut once = gradients();
    let [a, b, c] = &mut once;
    let given = ProductGradients { first: Some(a), second: Some(b), weights: Some(c) };
    product.backward(inputs, &dz, given).unwrap();
    let mut twice = gradients();
    let [a, b, c] = &mut twice;
    let given = ProductGradients { first: Some(a), second: Some(b), weights: Some(c) };
    let [along_first, along_second, along_weights] =
        [(5, &first), (6, &second), (7, &weights)].map(|(seed, input)| numbers(seed, input.len()));
    let along = ProductCotangents {
        first: Some(&along_first),
        second: Some(&along_second),
        weights: Some(&along_weights),
    };
    let mut by_dz = vec![0.0; dz.len()];
    product.backward_twice(inputs, &dz, along, given, Some(&mut by_dz)).unwrap();
    results.extend(once);
    results.extend(twice);
    results.push(by_dz);
    results.retain(|result| !result.is_empty());
    results
}

#[test]
fn products_along_edges() {
    const NODES: usize = 300;
    const EDGES: usize = 5000;
    let mut random = Rng::with_seed(8);
    let senders: Vec<usize> = (0..EDGES).map(|_| random.usize(..NODES)).collect();
    let mut sorted: Vec<usize> = (0..EDGES).map(|_| random.usize(..NODES - 20)).collect();
    let unsorted = sorted.clone();
    sorted.sort_unstable();
    // Nearly all edges into one node, which cannot be cut between receivers.
    let one: Vec<usize> = (0..EDGES).map(|edge| if edge < 9 { edge } else { 200 }).collect();
    let harmonics = Irreps::spherical_harmonics(LMAX.min(2));
    let wide = TensorProduct::convolution(&low("16x0e + 9x1o"), &harmonics, |_| true).unwrap();
    // A block for which rows go on the lanes.
    let narrow = TensorProduct::convolution(&low("1x0e + 2x1o"), &harmonics, |_| true).unwrap();
    for (name, receivers) in [("sorted", &sorted), ("unsorted", &unsorted), ("one", &one)] {
        for (product, lanes) in [(&wide, "channels"), (&narrow, "rows")] {
            check(&format!("edges, {name}, {lanes}"), |parallel| {
                let product = product.clone();
                let product = if parallel { product.in_parallel() } else { product };
                let pairing = Pairing::Edges { senders: &senders, receivers };
                products(&product, pairing, [NODES; 2], false)
            });
        }
    }
    check("edges that share weights", |parallel| {
        let product = if parallel { wide.clone().in_parallel() } else { wide.clone() };
        let pairing = Pairing::Edges { senders: &senders, receivers: &unsorted };
        products(&product, pairing, [NODES; 2], true)
    });
}

#[test]
fn products_of_nothing_may_name_any_row() {
    const EDGES: usize = 100_000;
    let named = vec![usize::MAX - 1; EDGES];
    let harmonics = Irreps::spherical_harmonics(LMAX.min(2));
    let product = TensorProduct::convolution(&irreps(""), &harmonics, |_| true).unwrap();
    let product = product.in_parallel();
    let second = vec![1.0; EDGES * harmonics.dim()];
    let pairing = Pairing::Edges { senders: &named, receivers: &named };
    let inputs = ProductInputs { pairing, first: &[], second: &second, weights: &[] };
    product.forward(inputs, &mut []).unwrap();
    let mut by_second = vec![0.0; second.len()];
    let gradients =
        ProductGradients { first: Some(&mut []), second: Some(&mut by_second), weights: None };
    product.backward(inputs, &[], gradients).unwrap();
    assert!(by_second.iter().all(|&gradient| gradient == 0.0));
}

#[test]
fn products_row_by_row() {
    const ROWS: usize = 3001;
    let features = low("16x0e + 8x1o");
    let channelwise = TensorProduct::convolution(&features, &low("0e + 1o"), |_| true).unwrap();
    let dense = TensorProduct::fully_connected(
        &low("4x0e + 2x1o"),
        &low("3x0e + 2x1o"),
        &low("4x0e + 2x1o"),
    );
    let dense = dense.unwrap();
    let plain = TensorProduct::full(&low("4x0e + 2x1o"), &low("3x0e + 2x1o"), |_| true).unwrap();
    let path = CouplingPath::new(0, 0, 0, Mode::Uuu);
    let partly =
        TensorProduct::new(irreps("64x0e"), irreps("64x0e"), irreps("64x0e + 2x0o"), &[path]);
    let partly = partly.unwrap();
    let cases = [
        ("channelwise", channelwise, false),
        ("dense, own weights", dense.clone(), false),
        ("dense", dense, true),
        ("full", plain, true),
        ("an output that no path covers", partly, true),
    ];
    for (name, product, shares) in cases {
        check(name, |parallel| {
            let product = product.clone();
            let product = if parallel { product.in_parallel() } else { product };
            let product = product.streaming_from(1 << 16);
            products(&product, Pairing::RowByRow { rows: ROWS }, [ROWS; 2], shares)
        });
    }
}

#[test]
fn linear_maps() {
    const ROWS: usize = 3001;
    let (input, output) = (low("16x0e + 8x1o"), low("8x1o + 20x0e"));
    let map = Linear::new(input.clone(), output.clone(), true);
    let x = numbers(1, ROWS * input.dim());
    let dz = numbers(2, ROWS * output.dim());
    let species: Vec<usize> = (0..ROWS).map(|row| row % 3 % 2).collect();
    for by_species in [false, true] {
        let count = if by_species { 2 } else { 1 };
        let parameters = numbers(3, count * (map.num_weights() + map.num_biases()));
        let along = [(4, &x), (5, &parameters)].map(|(seed, a)| numbers(seed, a.len()));
        check(if by_species { "linear by species" } else { "linear" }, |parallel| {
            let map = if parallel { map.clone().in_parallel() } else { map.clone() };
            let mut z = vec![0.0; dz.len()];
            let mut by_dz = vec![0.0; dz.len()];
            let [mut dx, mut dp, mut ddx, mut ddp] =
                [&x, &parameters, &x, &parameters].map(|array| vec![0.0; array.len()]);
            let once = LinearGradients { input: Some(&mut dx), parameters: Some(&mut dp) };
            let twice = LinearGradients { input: Some(&mut ddx), parameters: Some(&mut ddp) };
            let along = LinearCotangents { input: Some(&along[0]), parameters: Some(&along[1]) };
            if by_species {
                let map = SpeciesLinear::new(map, 2).unwrap();
                let map = if parallel { map.in_parallel() } else { map };
                let inputs =
                    SpeciesInputs { species: &species, input: &x, parameters: &parameters };
                map.forward(inputs, &mut z).unwrap();
                map.backward(inputs, &dz, once).unwrap();
                map.backward_twice(inputs, &dz, along, twice, Some(&mut by_dz)).unwrap();
            } else {
                let inputs = LinearInputs { input: &x, parameters: &parameters };
                map.forward(inputs, &mut z).unwrap();
                map.backward(inputs, &dz, once).unwrap();
                map.backward_twice(inputs, &dz, along, twice, Some(&mut by_dz)).unwrap();
            }
            vec![z, by_dz, dx, dp, ddx, ddp]
        });
    }
}

#[test]
fn functions_and_gates() {
    const ROWS: usize = 3001;
    let scalars = irreps("20x0e");
    let functions = [Some(ScalarFunction::SILU)];
    let activation = Activation::new(scalars, &functions, SecondMoment::One).unwrap();
    let gate = Gate::new(&GateConfig {
        scalars: irreps("6x0e"),
        scalar_functions: vec![Some(ScalarFunction::TANH)],
        gates: irreps("4x0e"),
        gate_functions: vec![Some(ScalarFunction::SIGMOID)],
        gated: low("4x1o").simplify(),
        moment: SecondMoment::One,
    });
    let [x, dz, w] = [1, 2, 3].map(|seed| numbers(seed, ROWS * 20));
    check_equal("activation", |parallel| {
        let kernel = activation.clone();
        let kernel = if parallel { kernel.in_parallel() } else { kernel };
        let [mut z, mut dx, mut ddx, mut ddz] = [(); 4].map(|()| vec![0.0; x.len()]);
        kernel.forward(&x, &mut z).unwrap();
        kernel.backward(&x, &dz, &mut dx).unwrap();
        kernel.backward_twice(&x, &dz, &w, Some(&mut ddx), Some(&mut ddz)).unwrap();
        vec![z, dx, ddx, ddz]
    });
    // Without degree 1 there is nothing to gate.
    let Ok(gate) = gate else { return assert_eq!(LMAX, 0) };
    let [x, w] = [4, 5].map(|seed| numbers(seed, ROWS * gate.input().dim()));
    let dz = numbers(6, ROWS * gate.output().dim());
    check_equal("gate", |parallel| {
        let kernel = if parallel { gate.clone().in_parallel() } else { gate.clone() };
        let [mut z, mut ddz] = [(); 2].map(|()| vec![0.0; dz.len()]);
        let [mut dx, mut ddx] = [(); 2].map(|()| vec![0.0; x.len()]);
        kernel.forward(&x, &mut z).unwrap();
        kernel.backward(&x, &dz, &mut dx).unwrap();
        kernel.backward_twice(&x, &dz, &w, Some(&mut ddx), Some(&mut ddz)).unwrap();
        vec![z, dx, ddx, ddz]
    });
}

#[test]
fn channels() {
    const ROWS: usize = 4001;
    let irreps = irreps("8x0e + 8x1o + 4x2e");
    let kernel = Channels::new(irreps.clone());
    let [x, w] = [1, 2].map(|seed| numbers(seed, ROWS * irreps.dim()));
    let each = numbers(3, ROWS * kernel.len());
    check_equal("invariants", |parallel| {
        let kernel = if parallel { kernel.clone().in_parallel() } else { kernel.clone() };
        let [mut z, mut ddz] = [(); 2].map(|()| vec![0.0; each.len()]);
        let [mut dx, mut ddx] = [(); 2].map(|()| vec![0.0; x.len()]);
        kernel.invariants(&x, &mut z).unwrap();
        kernel.invariants_backward(&x, &each, &mut dx).unwrap();
        kernel.invariants_backward_twice(&x, &each, &w, Some(&mut ddx), Some(&mut ddz)).unwrap();
        vec![z, dx, ddx, ddz]
    });
    let dz = numbers(4, x.len());
    for rows in [1, ROWS] {
        let factors = numbers(5, rows * kernel.len());
        let along = numbers(6, factors.len());
        check(&format!("channels times {rows} rows of factors"), |parallel| {
            let kernel = if parallel { kernel.clone().in_parallel() } else { kernel.clone() };
            let inputs = ScaleInputs { input: &x, factors: &factors };
            let [mut z, mut dx, mut ddx, mut ddz] = [(); 4].map(|()| vec![0.0; x.len()]);
            let [mut df, mut ddf] = [(); 2].map(|()| vec![0.0; factors.len()]);
            let once = ScaleGradients { input: Some(&mut dx), factors: Some(&mut df) };
            let twice = ScaleGradients { input: Some(&mut ddx), factors: Some(&mut ddf) };
            let along = ScaleCotangents { input: Some(&w), factors: Some(&along) };
            kernel.scale(inputs, &mut z).unwrap();
            kernel.scale_backward(inputs, &dz, once).unwrap();
            kernel.scale_backward_twice(inputs, &dz, along, twice, Some(&mut ddz)).unwrap();
            let mut biased = vec![0.0; x.len()];
            kernel.add_to_scalars(&x, &each[..8], &mut biased).unwrap();
            let mut sums = vec![0.0; 8];
            kernel.sum_scalars(&x, &mut sums).unwrap();
            vec![z, dx, df, ddx, ddf, ddz, biased, sums]
        });
    }
}

#[test]
fn normalization() {
    const ROWS: usize = 4001;
    let irreps = irreps("8x0e + 8x1o + 4x2e");
    let [x, dz, w] = [1, 2, 3].map(|seed| numbers(seed, ROWS * irreps.dim()));
    let mut runs = vec![40; 99];
    runs.extend([0, ROWS - 99 * 40]);
    for groups in [Groups::EachRow, Groups::AllRows, Groups::Runs(&runs)] {
        check(&format!("{groups:?}"), |parallel| {
            let kernel = Standardize::of_channels(irreps.clone(), ChannelNorm::Component, 1e-5);
            let kernel = if parallel { kernel.in_parallel() } else { kernel };
            let inputs = StandardizeInputs { groups, input: &x };
            let [mut z, mut dx, mut ddx, mut ddz] = [(); 4].map(|()| vec![0.0; x.len()]);
            kernel.forward(inputs, &mut z).unwrap();
            kernel.backward(inputs, &dz, &mut dx).unwrap();
            kernel.backward_twice(inputs, &dz, &w, Some(&mut ddx), Some(&mut ddz)).unwrap();
            vec![z, dx, ddx, ddz]
        });
    }
}

#[test]
fn symmetric_contractions_and_tensors() {
    const ROWS: usize = 2003;
    let (input, output) = (low("24x0e + 24x1o"), low("24x0e + 24x1o"));
    let kernel = SymmetricContraction::new(&input, &output, 3, 4).unwrap();
    // A species that no node has, and one that only a part has.
    let species: Vec<usize> = (0..ROWS).map(|row| if row > 1990 { 3 } else { row % 2 }).collect();
    let x = numbers(1, ROWS * input.dim());
    let weights = numbers(2, kernel.num_weights());
    let dz = numbers(3, ROWS * output.dim());
    let along = [(4, &x), (5, &weights)].map(|(seed, array)| numbers(seed, array.len()));
    check("symmetric contraction", |parallel| {
        let kernel = if parallel { kernel.clone().in_parallel() } else { kernel.clone() };
        let inputs = ContractionInputs { species: &species, input: &x, weights: &weights };
        let [mut z, mut ddz] = [(); 2].map(|()| vec![0.0; dz.len()]);
        let [mut dx, mut dw, mut ddx, mut ddw] =
            [&x, &weights, &x, &weights].map(|array| vec![0.0; array.len()]);
        let once = ContractionGradients { input: Some(&mut dx), weights: Some(&mut dw) };
        let twice = ContractionGradients { input: Some(&mut ddx), weights: Some(&mut ddw) };
        let along = ContractionCotangents { input: Some(&along[0]), weights: Some(&along[1]) };
        kernel.forward(inputs, &mut z).unwrap();
        kernel.backward(inputs, &dz, once).unwrap();
        kernel.backward_twice(inputs, &dz, along, twice, Some(&mut ddz)).unwrap();
        vec![z, dx, dw, ddx, ddw, ddz]
    });
    if LMAX < 2 {
        return;
    }
    let tensor = CartesianTensor::new("ij=ji").unwrap();
    let tensors = numbers(6, 20_001 * 9);
    check_equal("tensors", |parallel| {
        let tensor = if parallel { tensor.clone().in_parallel() } else { tensor.clone() };
        let mut irreps = vec![0.0; 20_001 * 6];
        let mut back = vec![0.0; tensors.len()];
        tensor.to_irreps(&tensors, &mut irreps).unwrap();
        tensor.from_irreps(&irreps, &mut back).unwrap();
        vec![irreps, back]
    });
}

#[test]
fn wigner_matrices() {
    const ROWS: usize = 5003;
    let angles = numbers(1, 3 * ROWS);
    let turn = |[a, b, c]: &[f64; 3]| {
        Orthogonal::from(UnitQuaternion::from_euler_angles(6.0 * a, 6.0 * b, 6.0 * c)).matrix()
    };
    let rotations: Vec<[[f64; 3]; 3]> = angles.as_chunks().0.iter().map(turn).collect();
    let plain = Batch::new(0..=LMAX.min(3)).unwrap();
    let cotangents = numbers(2, plain.length::<f64>(ROWS));
    let vectors = numbers(3, 3 * ROWS);
    check_equal("matrices", |parallel| {
        let batch = if parallel { plain.in_parallel() } else { plain };
        let [mut d, mut derivatives, mut by_cotangents] =
            [(); 3].map(|()| vec![0.0; cotangents.len()]);
        let [mut torques, mut again] = [(); 2].map(|()| vec![0.0; 3 * ROWS]);
        let mut gradient = vec![0.0; 9 * ROWS];
        batch.matrices(&rotations, &mut d).unwrap();
        batch.torques(&rotations, &cotangents, &mut torques).unwrap();
        batch.pull_back(&rotations, &cotangents, &mut gradient).unwrap();
        batch.push_forward(&rotations, &vectors, &mut derivatives).unwrap();
        batch
            .torques_twice(&rotations, &cotangents, &vectors, &mut again, &mut by_cotangents)
            .unwrap();
        let mut results = vec![d];
        // Degree 0 does not turn.
        if LMAX > 0 {
            results.extend([torques, gradient, derivatives, again, by_cotangents]);
        }
        results
    });
    let features = low("4x0e + 4x1o + 2x1e + 3x2e");
    let action = Action::new(&features).unwrap();
    let [x, c] = [4, 5].map(|seed| numbers(seed, ROWS * features.dim()));
    check_equal("action", |parallel| {
        let action = if parallel { action.clone().in_parallel() } else { action.clone() };
        let [mut y, mut back] = [(); 2].map(|()| vec![0.0; x.len()]);
        let mut torques = vec![0.0; 3 * ROWS];
        action.apply(&rotations, &x, &mut y).unwrap();
        action.apply_transposed(&rotations, &x, &mut back).unwrap();
        action.torques(&rotations, &x, &c, &mut torques).unwrap();
        if LMAX > 0 { vec![y, back, torques] } else { vec![y, back] }
    });
}

#[test]
fn neighbours() {
    const POINTS: usize = 3000;
    let positions = numbers(1, 3 * POINTS);
    let positions = positions.as_chunks::<3>().0;
    let sheared = Cell::new([[1.0, 0.0, 0.0], [0.9, 1.1, 0.0], [3.1, -0.2, 1.0]]);
    let slab = Cell { periodic: [true, true, false], ..sheared };
    for cell in [None, Some(sheared), Some(slab)] {
        for search in [Search::within(0.12), Search::nearest(13)] {
            let search = cell.map_or(search, |cell| search.in_cell(cell));
            let expected = search.graph(positions).unwrap();
            assert!(expected.num_edges() > 10 * POINTS);
            for threads in [1, 3] {
                let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                let found = pool.install(|| search.in_parallel().graph(positions)).unwrap();
                assert!(found == expected, "{search:?} on {threads} threads");
            }
        }
    }
    let none = Search::within(1.0).in_parallel().graph::<f64>(&[]).unwrap();
    assert_eq!(none.num_nodes(), 0);
}
