//! Layers: derivatives, precision, equivariance, records and training.

mod common {
    pub mod layer;
    pub mod on_graphs;
}

use std::sync::Arc;

use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{DType, Device, Tensor};
use common::layer::*;
use common::on_graphs::*;
use tesseral::coupling::COUPLING_LMAX;
use tesseral::equivariance::{Equivariance, Output};
use tesseral::graph::{Batch, Graph, SelfEdges};
use tesseral::kernels::{self, Pairing, ProductInputs, ScalarFunction, SecondMoment};
use tesseral::nn::{
    BatchNorm, Convolution, Dropout, EdgeAttributes, Init, Linear, NormGate, Pooling,
    RadialNetwork, Species, SymmetricContraction, TensorProduct, WeightedProduct, pool,
};
use tesseral::{Irrep, Irreps};

/// No layer: what has no parameters.
fn nothing(_: &mut Init) -> Vec<NormGate> {
    Vec::new()
}

// Derivatives, precision and records of every layer.

#[test]
fn linear_layers() {
    let (input, output) = (irreps("2x0e + 2x1o + 1x1e"), irreps("2x1o + 1x0e + 1x2o"));
    Layer {
        name: "linear",
        make: |init: &mut Init| Linear::with_unreached(&input, &output, true, init).unwrap(),
        inputs: vec![normal([3, input.dim()], 1)],
        forward: |layer: &Linear, x: &[Tensor<2>]| {
            layer.forward(&features(&input, &x[0])).unwrap().into_values()
        },
    }
    .check();
}

#[test]
fn tensor_products() {
    let (first, second) = (irreps("2x0e + 2x1o"), irreps("2x0o + 2x1o + 2x2e"));
    let inputs = vec![normal([3, first.dim()], 1), normal([3, second.dim()], 2)];
    let forward = |layer: &TensorProduct, x: &[Tensor<2>]| {
        let product = layer.forward(&features(&first, &x[0]), &features(&second, &x[1]));
        product.unwrap().into_values()
    };
    let elementwise = |init: &mut Init| {
        let (first, second) = (irreps("2x0e + 2x1o"), irreps("2x0o + 2x1o"));
        let kernel = kernels::TensorProduct::elementwise(&first, &second, |irrep| irrep.l <= 1);
        TensorProduct::new(kernel.unwrap(), init)
    };
    let full = |init: &mut Init| {
        let kept = |irrep: Irrep| irrep.l <= COUPLING_LMAX;
        TensorProduct::new(kernels::TensorProduct::full(&first, &second, kept).unwrap(), init)
    };
    let output = irreps("2x0e + 3x1o + 2x1e + 1x2e");
    let connected = |init: &mut Init| {
        let kernel = kernels::TensorProduct::fully_connected(&first, &second, &output);
        TensorProduct::new(kernel.unwrap(), init)
    };
    Layer { name: "full", make: full, inputs: inputs.clone(), forward }.check();
    Layer { name: "fully connected", make: connected, inputs, forward }.check();
    let (first, second) = (irreps("2x0e + 2x1o"), irreps("2x0o + 2x1o"));
    let inputs = vec![normal([3, first.dim()], 1), normal([3, second.dim()], 2)];
    let forward = |layer: &TensorProduct, x: &[Tensor<2>]| {
        let product = layer.forward(&features(&first, &x[0]), &features(&second, &x[1]));
        product.unwrap().into_values()
    };
    Layer { name: "elementwise", make: elementwise, inputs, forward }.check();
}

#[test]
fn products_with_given_weights() {
    let graph = Arc::new(graph());
    let edges = graph.num_edges();
    for product in weighted_products() {
        let kernel = product.kernel().clone();
        let [first, second] = [kernel.first(), kernel.second()];
        let make = |_: &mut Init| product.clone();
        for messages in [false, true] {
            let rows = if messages { graph.num_nodes() } else { edges };
            let inputs = vec![
                normal([rows, first.dim()], 1),
                normal([edges, second.dim()], 2),
                normal([edges, kernel.num_weights()], 3),
            ];
            let forward = |layer: &WeightedProduct, x: &[Tensor<2>]| {
                let (a, b) = (features(first, &x[0]), features(second, &x[1]));
                let z = match messages {
                    true => layer.sum_messages(&graph, &a, &b, &x[2]),
                    false => layer.forward(&a, &b, &x[2]),
                };
                z.unwrap().into_values()
            };
            let layer = Layer { name: "given weights", make, inputs: inputs.clone(), forward };
            layer.check();
            // The kernel, and one row of weights for all.
            let pairing = match messages {
                true => Pairing::Edges { senders: graph.senders(), receivers: graph.receivers() },
                false => Pairing::RowByRow { rows: edges },
            };
            let shared = normal([1, kernel.num_weights()], 4);
            for weights in [&inputs[2], &shared] {
                let [a, b] = [&inputs[0], &inputs[1]];
                let mut expected = vec![0.0; rows * kernel.output().dim()];
                let [first, second, weight_values] = [a, b, weights].map(|input| &input.values[..]);
                let given = ProductInputs { pairing, first, second, weights: weight_values };
                kernel.forward(given, &mut expected).unwrap();
                let inputs = [a.clone(), b.clone(), weights.clone()];
                assert_eq!(layer.plain(&inputs, &[], DType::F64), expected);
            }
        }
    }
}

/// A contraction that this build has tables for.
fn contraction(init: &mut Init) -> SymmetricContraction {
    let (input, output) = (irreps("3x0e + 3x0o + 3x1o"), irreps("3x0e + 3x1o + 3x0o"));
    let correlation = if COUPLING_LMAX < 2 { 2 } else { 3 };
    SymmetricContraction::new(&input, &output, correlation, 3, init).unwrap()
}

#[test]
fn symmetric_contractions() {
    let input = irreps("3x0e + 3x0o + 3x1o");
    let species = Species::new([2, 0, 2, 2], 3).unwrap();
    Layer {
        name: "symmetric contraction",
        make: contraction,
        inputs: vec![normal([4, input.dim()], 8)],
        forward: |layer: &SymmetricContraction, x: &[Tensor<2>]| {
            layer.forward(&features(&input, &x[0]), &species).unwrap().into_values()
        },
    }
    .check();
}

#[test]
fn weights_of_a_symmetric_contraction_can_be_given() {
    for dtype in TYPES {
        let mut init = Init::new(1, &Device::flex()).with_dtype(dtype).unwrap();
        let layer = contraction(&mut init);
        let count = layer.kernel().num_weights();
        assert_eq!(
            layer.clone().with_weights(vec![0.0; count - 1], &init).unwrap_err().to_string(),
            format!("the slice of the weights has length {}, expected {count}", count - 1)
        );
        let layer = layer.with_weights(vec![0.0; count], &init).unwrap();
        let x = features(
            layer.kernel().input(),
            &Tensor::ones([1, layer.kernel().input().dim()], (&Device::flex(), dtype)),
        );
        assert!(
            values(layer.forward(&x, &Species::new([1], 3).unwrap()).unwrap().values())
                .iter()
                .all(|&z| z == 0.0)
        );
    }
}

#[test]
fn norm_gates() {
    let irreps = irreps("2x0e + 1x0o + 2x1o + 1x2e");
    Layer {
        name: "gate",
        make: |init: &mut Init| NormGate::new(&irreps, init),
        inputs: vec![normal([3, irreps.dim()], 3)],
        forward: |layer: &NormGate, x: &[Tensor<2>]| {
            layer.forward(&features(&irreps, &x[0])).unwrap().into_values()
        },
    }
    .check();
}

#[test]
fn convolutions() {
    let config = config();
    Layer {
        name: "convolution",
        make: |init: &mut Init| Convolution::new(&config, init).unwrap(),
        inputs: vec![normal([4, config.input.dim()], 4), normal([4, 3], 5)],
        forward: |layer: &Convolution, x: &[Tensor<2>]| {
            let edges = attributes(graph(), x[1].clone());
            layer.forward(&features(&config.input, &x[0]), &edges).unwrap().into_values()
        },
    }
    .check();
}

#[test]
fn radial_networks() {
    Layer {
        name: "radial network",
        make: |init: &mut Init| RadialNetwork::new(&[3, 4, 5, 2], init),
        inputs: vec![normal([6, 3], 6)],
        forward: |layer: &RadialNetwork, x: &[Tensor<2>]| layer.forward(&x[0]).unwrap(),
    }
    .check();
}

#[test]
fn the_function_of_radial_networks_can_be_chosen() {
    let device = Device::flex();
    let make = || {
        RadialNetwork::new(&[2, 3, 1], &mut Init::new(1, &device).with_dtype(DType::F64).unwrap())
    };
    let basis = tensor(&normal([4, 2], 5).values, [4, 2], DType::F64, &device);
    let output = |network: RadialNetwork| values(&network.forward(&basis).unwrap());
    let with = |function, moment| output(make().with_activation(function, moment).unwrap());
    let silu = ScalarFunction::SILU;
    assert_eq!(with(silu, SecondMoment::One), output(make()));
    // With one hidden layer its constant is a factor of the output.
    let free = with(silu, SecondMoment::Free);
    let scaled = |factor: f64| free.iter().map(|x| factor * x).collect::<Vec<_>>();
    let constant = 1.6791767923989418;
    assert_close("e3nn", &with(silu, SecondMoment::E3nn), &scaled(constant), 1e-15);
    assert!(with(ScalarFunction::TANH, SecondMoment::One) != output(make()));

    // The same of a convolution.
    let config = config();
    let mut init = Init::new(1, &device).with_dtype(DType::F64).unwrap();
    let convolution = Convolution::new(&config, &mut init).unwrap();
    let edges = attributes(graph(), tensor(&normal([4, 3], 5).values, [4, 3], DType::F64, &device));
    let shape = [4, config.input.dim()];
    let x = features(&config.input, &tensor(&normal(shape, 4).values, shape, DType::F64, &device));
    let output = |layer: &Convolution| values(layer.forward(&x, &edges).unwrap().values());
    let by_default = output(&convolution);
    let same = convolution.clone().with_radial_activation(silu, SecondMoment::One).unwrap();
    assert_eq!(output(&same), by_default);
    let other = convolution.with_radial_activation(silu, SecondMoment::E3nn).unwrap();
    assert_ne!(output(&other), by_default);
}

#[test]
fn pooling() {
    let irreps = irreps("2x0e + 1x1o");
    // The second graph has no nodes.
    let sizes = [2, 0, 3];
    let graphs = sizes.map(|size| Graph::complete(size, SelfEdges::Without));
    let batch = Arc::new(Batch::new(&graphs));
    let x = normal([5, irreps.dim()], 7);
    for (name, kind) in [("sum", Pooling::Sum), ("mean", Pooling::Mean)] {
        let forward = |_: &Vec<NormGate>, x: &[Tensor<2>]| {
            pool(kind, &features(&irreps, &x[0]), &batch).unwrap().into_values()
        };
        let layer = Layer { name, make: nothing, inputs: vec![x.clone()], forward };
        layer.check();
        let pooled = layer.plain(std::slice::from_ref(&x), &[], DType::F64);
        let (columns, mut start) = (irreps.dim(), 0);
        for (graph, size) in sizes.into_iter().enumerate() {
            for column in 0..columns {
                let rows = x.values.chunks_exact(columns).skip(start).take(size);
                let sum: f64 = rows.map(|row| row[column]).sum();
                let weight = if kind == Pooling::Mean { size.max(1) as f64 } else { 1.0 };
                let error = (pooled[graph * columns + column] - sum / weight).abs();
                assert!(error < 4.0 * f64::EPSILON, "{name} {graph} {column}: {error:e}");
            }
            start += size;
        }
    }
}

#[test]
fn edge_attributes() {
    let both = |edges: EdgeAttributes| {
        Tensor::cat(vec![edges.harmonics().values().clone(), edges.basis().clone()], 1)
    };
    Layer {
        name: "edges",
        make: nothing,
        inputs: vec![normal([4, 3], 8)],
        forward: |_: &Vec<NormGate>, x: &[Tensor<2>]| both(attributes(graph(), x[0].clone())),
    }
    .check();

    let cell = [[2.0, 0.0, 0.0], [0.5, 2.0, 0.0], [0.0, 0.25, 2.0]];
    let shifts = [[0, 0, 0], [1, 0, -1], [0, 2, 0]];
    let periodic = Graph::from_edges_periodic(2, &[0, 1, 1], &[1, 0, 1], &shifts).unwrap().0;
    let positions = normal([2, 3], 9);
    let layer = Layer {
        name: "periodic edges",
        make: nothing,
        inputs: vec![positions.clone()],
        forward: |_: &Vec<NormGate>, x: &[Tensor<2>]| {
            let positions = x[0].clone();
            let edges =
                EdgeAttributes::new(periodic.clone(), positions, Some(cell), DEGREE, basis());
            both(edges.unwrap())
        },
    };
    layer.check();
    // Against the vectors of the graph.
    let found = layer.plain(std::slice::from_ref(&positions), &[], DType::F64);
    let positions: Vec<[f64; 3]> = positions.values.as_chunks().0.to_vec();
    let vectors = periodic.displacements_periodic(&positions, &cell).unwrap();
    let explicit = Graph::from_edges(6, &[0, 2, 4], &[1, 3, 5]).unwrap().0;
    let ends: Vec<f64> = vectors.iter().flat_map(|r| [*r, [0.0; 3]]).flatten().collect();
    let ends = tensor(&ends, [6, 3], DType::F64, &Device::flex());
    assert_close("periodic edges", &found, &values(&both(attributes(explicit, ends))), 1e-14);
}

#[test]
fn crystals_of_a_batch_have_their_own_cells() {
    let cells = [
        [[2.0, 0.0, 0.0], [0.5, 2.0, 0.0], [0.0, 0.25, 2.0]],
        [[3.0, 0.5, 0.0], [0.0, 1.5, 0.0], [1.0, 0.0, 2.5]],
    ];
    let shifts = [[0, 0, 0], [1, 0, -1], [0, 2, 0]];
    let crystal = Graph::from_edges_periodic(2, &[0, 1, 1], &[1, 0, 1], &shifts).unwrap().0;
    let batch = Batch::new(&[crystal.clone(), crystal.clone()]);
    let positions = normal([4, 3], 10);
    let both = |edges: EdgeAttributes| {
        Tensor::cat(vec![edges.harmonics().values().clone(), edges.basis().clone()], 1)
    };
    let layer = Layer {
        name: "a batch of crystals",
        make: nothing,
        inputs: vec![positions.clone()],
        forward: |_: &Vec<NormGate>, x: &[Tensor<2>]| {
            both(EdgeAttributes::of_batch(&batch, x[0].clone(), &cells, DEGREE, basis()).unwrap())
        },
    };
    layer.check();
    // Each alone.
    let alone = cells.iter().zip(positions.values.chunks_exact(6)).flat_map(|(cell, positions)| {
        let positions = tensor(positions, [2, 3], DType::F64, &Device::flex());
        let edges =
            EdgeAttributes::new(crystal.clone(), positions, Some(*cell), DEGREE, basis()).unwrap();
        values(&both(edges))
    });
    let found = layer.plain(std::slice::from_ref(&positions), &[], DType::F64);
    assert_eq!(found, alone.collect::<Vec<_>>());
}

// Symmetry.

/// Tests a function of points in both precisions.
fn assert_points_equivariant(
    name: &str,
    irreps: [&Irreps; 2],
    output: Output,
    f: impl Fn(DType, Tensor<2>, &[f64]) -> Vec<f64>,
) {
    let test = Equivariance::new(irreps[0].clone(), irreps[1].clone()).seed(32);
    for (dtype, allowed) in [(DType::F64, 1e-13), (DType::F32, 1e-5)] {
        let report = test
            .of_point_cloud(POINTS, output, |points, x| {
                let positions = tensor(points.as_flattened(), [POINTS, 3], dtype, &Device::flex());
                f(dtype, positions, x)
            })
            .unwrap();
        assert!(report.worst().relative() < allowed, "{name} in {dtype:?}: {report}");
    }
}

const POINTS: usize = 5;

#[test]
fn layers_of_rows_are_equivariant() {
    let device = Device::flex();
    let input = irreps("2x0e + 2x1o + 1x1e + 1x0o");
    let output = irreps("2x0e + 1x1o + 2x1e");
    assert_equivariant("linear", &input, &output, |dtype, x| {
        let layer =
            Linear::new(&input, &output, &mut Init::new(1, &device).with_dtype(dtype).unwrap());
        let x = tensor(x, [1, input.dim()], dtype, &device);
        values(layer.forward(&features(&input, &x)).unwrap().values())
    });
    assert_equivariant("gate", &input, &input, |dtype, x| {
        let layer = NormGate::new(&input, &mut Init::new(1, &device).with_dtype(dtype).unwrap());
        let x = tensor(x, [1, input.dim()], dtype, &device);
        values(layer.forward(&features(&input, &x)).unwrap().values())
    });
    let make = |dtype| contraction(&mut Init::new(1, &device).with_dtype(dtype).unwrap());
    let kernel = make(DType::F64).kernel().clone();
    assert_equivariant("contraction", kernel.input(), kernel.output(), |dtype, x| {
        let x = tensor(x, [1, kernel.input().dim()], dtype, &device);
        let x = features(kernel.input(), &x);
        values(make(dtype).forward(&x, &Species::new([1], 3).unwrap()).unwrap().values())
    });
    let (first, second) = (irreps("2x0e + 2x1o"), irreps("2x0o + 2x1o + 2x2e"));
    for name in ["full", "fully connected"] {
        let make = |dtype| {
            let init = &mut Init::new(1, &device).with_dtype(dtype).unwrap();
            let kernel = match name {
                "full" => {
                    kernels::TensorProduct::full(&first, &second, |irrep| irrep.l <= COUPLING_LMAX)
                }
                _ => kernels::TensorProduct::fully_connected(&first, &second, &first),
            };
            TensorProduct::new(kernel.unwrap(), init)
        };
        let output = make(DType::F64).output().clone();
        assert_equivariant(name, &(&first + &second), &output, |dtype, x| {
            let (x, y) = x.split_at(first.dim());
            let x = features(&first, &tensor(x, [1, first.dim()], dtype, &device));
            let y = features(&second, &tensor(y, [1, second.dim()], dtype, &device));
            values(make(dtype).forward(&x, &y).unwrap().values())
        });
    }
}

#[test]
fn layers_of_points_are_equivariant() {
    let device = Device::flex();
    let complete = |self_edges| Graph::complete(POINTS, self_edges);
    let config = config();
    for self_edges in [SelfEdges::With, SelfEdges::Without] {
        let irreps = [&config.input, &config.output];
        assert_points_equivariant("convolution", irreps, Output::PerPoint, |dtype, r, x| {
            let layer =
                Convolution::new(&config, &mut Init::new(1, &device).with_dtype(dtype).unwrap())
                    .unwrap();
            let x = tensor(x, [POINTS, config.input.dim()], dtype, &device);
            let edges = attributes(complete(self_edges), r);
            values(layer.forward(&features(&config.input, &x), &edges).unwrap().values())
        });
    }
    let [product, ..] = weighted_products();
    let irreps_of_product = [product.kernel().first(), product.output()];
    let graph = Arc::new(complete(SelfEdges::Without));
    assert_points_equivariant("messages", irreps_of_product, Output::PerPoint, |dtype, r, x| {
        let init = &mut Init::new(1, &device).with_dtype(dtype).unwrap();
        let degree = product.kernel().second().lmax().unwrap_or(0);
        let edges = EdgeAttributes::new(graph.clone(), r, None, degree, basis()).unwrap();
        let radial = RadialNetwork::new(&[2, 3, product.num_weights()], init);
        let weights = radial.forward(edges.basis()).unwrap();
        let x = tensor(x, [POINTS, product.kernel().first().dim()], dtype, &device);
        let nodes = features(product.kernel().first(), &x);
        let sums = product.sum_messages(&graph, &nodes, edges.harmonics(), &weights);
        values(sums.unwrap().values())
    });
    let input = irreps("2x0e + 1x1o + 1x2e");
    for kind in [Pooling::Sum, Pooling::Mean] {
        let batch = Arc::new(Batch::new(&[complete(SelfEdges::Without)]));
        assert_points_equivariant("pool", [&input; 2], Output::Global, |dtype, _, x| {
            let x = tensor(x, [POINTS, input.dim()], dtype, &device);
            values(pool(kind, &features(&input, &x), &batch).unwrap().values())
        });
    }
    // The sum of what the edges into a node have.
    let output = &Irreps::spherical_harmonics(DEGREE) + &Irreps::scalars(2);
    let none = Irreps::default();
    assert_points_equivariant("edges", [&none, &output], Output::PerPoint, |_, r, _| {
        let edges = attributes(complete(SelfEdges::Without), r);
        let all = vec![edges.harmonics().values().clone(), edges.basis().clone()];
        let [rows, columns] = [POINTS, output.dim()];
        // Edges are sorted by receiver, and every receiver has as many.
        values(&Tensor::cat(all, 1).reshape([rows, POINTS - 1, columns]).sum_dim(1))
    });
}

// Training.

/// The parameters after a few steps.
fn trained(dtype: DType) -> Vec<f64> {
    let device = Device::flex().autodiff();
    let config = config();
    let mut init = Init::new(5, &device).with_dtype(dtype).unwrap();
    let mut layer = Convolution::new(&config, &mut init).unwrap();
    let mut optimizer = AdamConfig::new().init();
    let positions = tensor(&normal([4, 3], 51).values, [4, 3], dtype, &device);
    let edges = attributes(graph(), positions);
    let shape = [4, config.input.dim()];
    let x = features(&config.input, &tensor(&normal(shape, 52).values, shape, dtype, &device));
    for _ in 0..10 {
        let output = layer.forward(&x, &edges).unwrap().into_values();
        let loss = (output.clone() * output - 1.0).abs().sum();
        let gradients = GradientsParams::from_grads(loss.backward(), &layer);
        layer = optimizer.step(1e-2, layer, gradients);
    }
    parameters(&layer).values
}

fn assert_thread_safe<T: Send + Sync>() {}

#[test]
fn layers_go_between_threads() {
    assert_thread_safe::<Convolution>();
    assert_thread_safe::<BatchNorm>();
    assert_thread_safe::<Dropout>();
    assert_thread_safe::<EdgeAttributes>();
}

#[test]
fn training_from_one_seed_gives_one_network() {
    for dtype in TYPES {
        let once = trained(dtype);
        assert_eq!(once, trained(dtype), "{dtype:?}");
        let init = &mut Init::new(5, &Device::flex()).with_dtype(dtype).unwrap();
        assert_ne!(once, parameters(&Convolution::new(&config(), init).unwrap()).values);
    }
}
