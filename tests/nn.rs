//! Layers: derivatives, precision, equivariance, edges of their definitions, errors and records.
#![cfg(feature = "nn")]

mod common {
    pub mod layer;
}

use std::sync::Arc;

use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{DType, Device, Tensor};
use common::layer::*;
use tesseral::coupling::COUPLING_LMAX;
use tesseral::equivariance::{Equivariance, Output};
use tesseral::graph::{Batch, Graph, SelfEdges};
use tesseral::kernels;
use tesseral::nn::{
    Convolution, ConvolutionConfig, EdgeAttributes, Features, Init, Linear, NnError, NormGate,
    Pooling, RadialNetwork, SymmetricContraction, TensorProduct, pool,
};
use tesseral::radial::Bessel;
use tesseral::{Irrep, Irreps, LMAX};

/// The degree of the harmonics in these tests.
const DEGREE: usize = if LMAX < 2 { LMAX } else { 2 };

/// Four nodes with edges both ways, twice, from a node to itself, and none to node 3.
fn graph() -> Graph {
    Graph::from_edges(4, &[1, 0, 2, 2, 0, 2, 3, 3], &[0, 1, 1, 1, 2, 2, 0, 1]).unwrap()
}

fn basis() -> Bessel {
    Bessel::new(2, 8.0).unwrap()
}

fn attributes(graph: Graph, positions: Tensor<2>) -> EdgeAttributes {
    EdgeAttributes::new(graph, positions, None, DEGREE, basis()).unwrap()
}

fn config() -> ConvolutionConfig {
    ConvolutionConfig {
        input: irreps("2x0e + 1x1o"),
        output: irreps("1x0e + 1x1o + 1x1e + 1x2e"),
        lmax: DEGREE,
        basis: 2,
        hidden: vec![3],
        neighbours: 2.0,
    }
}

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
        make: |init: &mut Init| Linear::new(&input, &output, init),
        inputs: vec![normal([3, input.dim()], 1)],
        forward: |layer: &Linear, x: &[Tensor<2>]| {
            layer.forward(&features(&input, &x[0])).unwrap().into_values()
        },
    }
    .check();
}

fn full_product(first: &Irreps, second: &Irreps, init: &mut Init) -> TensorProduct {
    let kernel = kernels::TensorProduct::full(first, second, |_| true).unwrap();
    TensorProduct::new(kernel, init)
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

/// A contraction that this build has tables for.
fn contraction(init: &mut Init) -> SymmetricContraction {
    let (input, output) = (irreps("3x0e + 3x0o + 3x1o"), irreps("3x0e + 3x1o + 3x0o"));
    let correlation = if COUPLING_LMAX < 2 { 2 } else { 3 };
    SymmetricContraction::new(&input, &output, correlation, 3, init).unwrap()
}

#[test]
fn symmetric_contractions() {
    let input = irreps("3x0e + 3x0o + 3x1o");
    Layer {
        name: "symmetric contraction",
        make: contraction,
        inputs: vec![normal([4, input.dim()], 8)],
        forward: |layer: &SymmetricContraction, x: &[Tensor<2>]| {
            layer.forward(&features(&input, &x[0]), &[2, 0, 2, 2]).unwrap().into_values()
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
        assert!(values(layer.forward(&x, &[1]).unwrap().values()).iter().all(|&z| z == 0.0));
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
    let periodic = Graph::from_edges_periodic(2, &[0, 1, 1], &[1, 0, 1], &shifts).unwrap();
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
    let explicit = Graph::from_edges(6, &[0, 2, 4], &[1, 3, 5]).unwrap();
    let ends: Vec<f64> = vectors.iter().flat_map(|r| [*r, [0.0; 3]]).flatten().collect();
    let ends = tensor(&ends, [6, 3], DType::F64, &Device::flex());
    assert_close("periodic edges", &found, &values(&both(attributes(explicit, ends))), 1e-14);
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
    for (dtype, allowed) in [(DType::F64, 1e-12), (DType::F32, 1e-5)] {
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
    let output = irreps("2x0e + 1x1o + 2x1e + 1x2e");
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
        values(make(dtype).forward(&x, &[1]).unwrap().values())
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

// Edges of the definitions.

/// Features after a convolution, a gate and pooling, with gradients by positions and features.
fn run_all(batch: Batch, dtype: DType, x: f64, positions: &[f64]) -> [Vec<f64>; 3] {
    let device = Device::flex().autodiff();
    let config = config();
    let mut init = Init::new(1, &device).with_dtype(dtype).unwrap();
    let convolution = Convolution::new(&config, &mut init).unwrap();
    let gate = NormGate::new(&config.output, &mut init);
    let nodes = batch.graph().num_nodes();
    let positions = tensor(positions, [nodes, 3], dtype, &device).require_grad();
    let shape = [nodes, config.input.dim()];
    let x = tensor(&vec![x; shape[0] * shape[1]], shape, dtype, &device).require_grad();
    let edges = attributes(batch.graph().clone(), positions.clone());
    let gated = convolution.forward(&features(&config.input, &x), &edges).unwrap();
    let gated = gate.forward(&gated).unwrap();
    let pooled = pool(Pooling::Mean, &gated, &Arc::new(batch)).unwrap().into_values();
    let gradients = (pooled.clone() * pooled.clone()).sum().backward();
    let [dx, dpositions] =
        [x, positions].map(|x| x.grad(&gradients).map_or(vec![], |gradient| values(&gradient)));
    [values(&pooled), dx, dpositions]
}

#[test]
fn graphs_without_edges_or_nodes_and_edges_without_length_are_possible() {
    let complete = |nodes| Graph::complete(nodes, SelfEdges::With);
    let at_one_point = [0.5, 0.25, -1.0].repeat(3);
    let cases = [
        ("no nodes", vec![], vec![]),
        ("graphs without nodes", vec![complete(0), complete(0)], vec![]),
        ("no edges", vec![Graph::complete(1, SelfEdges::Without)], vec![1.0, 2.0, 3.0]),
        ("self edges", vec![complete(1), complete(0), complete(1)], normal([2, 3], 41).values),
        ("an isolated node", vec![graph()], normal([4, 3], 42).values),
        ("nodes at one point", vec![complete(3)], at_one_point),
        ("nodes far apart", vec![complete(2)], vec![0.0, 0.0, 0.0, 1e15, 0.0, 0.0]),
    ];
    for (name, graphs, positions) in cases {
        for dtype in TYPES {
            for x in [0.0, 1.0] {
                let batch = Batch::new(&graphs);
                let nodes = batch.graph().num_nodes();
                let [pooled, dx, dpositions] = run_all(batch, dtype, x, &positions);
                assert_eq!(pooled.len(), graphs.len() * config().output.dim(), "{name}");
                for values in [&pooled, &dx, &dpositions] {
                    assert!(values.iter().all(|x| x.is_finite()), "{name} in {dtype:?}");
                }
                assert_eq!(dx.len(), nodes * config().input.dim(), "{name}");
                if name == "self edges" || name == "nodes at one point" {
                    assert!(dpositions.iter().all(|&x| x == 0.0), "{name} in {dtype:?}");
                }
            }
        }
    }
}

#[test]
fn lengths_down_to_the_least_have_finite_values() {
    let pair = Graph::complete(2, SelfEdges::Without);
    for (dtype, lengths) in [(DType::F32, [1e-30, 1e-44]), (DType::F64, [1e-200, 5e-324])] {
        for length in lengths {
            let r = tensor(
                &[0.0, 0.0, 0.0, length, 0.0, 0.0],
                [2, 3],
                dtype,
                &Device::flex().autodiff(),
            );
            let r = r.require_grad();
            let edges = attributes(pair.clone(), r.clone());
            let harmonics = values(edges.harmonics().values());
            assert!(harmonics.iter().all(|x| x.is_finite()), "{length:e}: {harmonics:?}");
            // The gradient of the basis is that of its slope, whatever the length.
            let gradient = values(&r.grad(&edges.basis().clone().sum().backward()).unwrap());
            assert!(gradient.iter().all(|x| x.is_finite()), "{length:e}: {gradient:?}");
        }
    }
}

#[test]
fn layers_without_dimensions_are_possible() {
    let device = Device::flex().autodiff();
    for dtype in TYPES {
        let mut init = Init::new(1, &device).with_dtype(dtype).unwrap();
        let none = Irreps::default();
        let some = irreps("2x0e + 1x0o");
        let empty = features(&none, &Tensor::zeros([3, 0], (&device, dtype)));
        let full = features(&some, &Tensor::ones([3, 3], (&device, dtype)));

        // Biases alone, which begin as zeros.
        let linear = Linear::new(&none, &some, &mut init);
        let output = linear.forward(&empty).unwrap();
        assert_eq!(values(output.values()), [0.0; 9]);
        let gradients = output.into_values().sum().backward();
        let of_layer = GradientsParams::from_grads(gradients, &linear);
        let id = parameters(&linear).ids[0];
        assert_eq!(values(&of_layer.get::<2>(id).unwrap()), [3.0, 3.0]);

        let linear = Linear::new(&some, &none, &mut init);
        assert_eq!(linear.forward(&full).unwrap().values().dims(), [3, 0]);
        let linear = Linear::new(&none, &none, &mut init);
        assert_eq!(linear.forward(&empty).unwrap().values().dims(), [3, 0]);

        let gate = NormGate::new(&none, &mut init);
        assert_eq!(gate.forward(&empty).unwrap().values().dims(), [3, 0]);
        let gate = NormGate::new(&some, &mut init);
        let no_rows = features(&some, &Tensor::zeros([0, 3], (&device, dtype)));
        assert_eq!(gate.forward(&no_rows).unwrap().values().dims(), [0, 3]);

        let batch = Arc::new(Batch::new(&[Graph::complete(3, SelfEdges::Without)]));
        assert_eq!(pool(Pooling::Mean, &empty, &batch).unwrap().values().dims(), [1, 0]);

        let product = full_product(&none, &some, &mut init);
        assert_eq!(product.forward(&empty, &full).unwrap().values().dims(), [3, 0]);
        let product = full_product(&some, &some, &mut init);
        assert_eq!(product.forward(&no_rows, &no_rows).unwrap().values().dims(), [0, 9]);

        let contraction = SymmetricContraction::new(&none, &none, 2, 1, &mut init).unwrap();
        assert_eq!(contraction.forward(&empty, &[0; 3]).unwrap().values().dims(), [3, 0]);
        let pair = irreps("2x0e + 2x0o");
        let contraction = SymmetricContraction::new(&pair, &pair, 2, 3, &mut init).unwrap();
        let no_rows_of_pair = features(&pair, &Tensor::zeros([0, 4], (&device, dtype)));
        assert_eq!(contraction.forward(&no_rows_of_pair, &[]).unwrap().values().dims(), [0, 4]);

        // A basis without functions, and a layer without width: the weights are zero.
        let network = RadialNetwork::new(&[0, 2], &mut init);
        let no_basis = Tensor::zeros([3, 0], (&device, dtype));
        assert_eq!(values(&network.forward(&no_basis).unwrap()), [0.0; 6]);
        let network = RadialNetwork::new(&[2, 0, 1], &mut init);
        let basis = Tensor::ones([3, 2], (&device, dtype));
        assert_eq!(values(&network.forward(&basis).unwrap()), [0.0; 3]);

        // Without paths: what is left is the skip connection.
        let config = ConvolutionConfig { input: irreps("0o"), output: irreps("0e"), ..config() };
        let convolution = Convolution::new(&config, &mut init).unwrap();
        let x = features(&config.input, &Tensor::ones([4, 1], (&device, dtype)));
        let positions = tensor(&normal([4, 3], 43).values, [4, 3], dtype, &device);
        if convolution.num_edge_weights() == 0 {
            let z = convolution.forward(&x, &attributes(graph(), positions)).unwrap();
            assert_eq!(values(z.values()), [0.0; 4]);
        }
    }
}

#[test]
fn blocks_of_features_are_found() {
    let irreps = irreps("2x0e + 0x0o + 2x0o");
    let x = tensor(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], [2, 4], DType::F64, &Device::flex());
    let x = features(&irreps, &x);
    let block = x.block(2).unwrap();
    assert_eq!(block.dims(), [2, 2, 1]);
    assert_eq!(values(&block), [3.0, 4.0, 7.0, 8.0]);
    assert_eq!(x.block(1).unwrap().dims(), [2, 0, 1]);
    assert!(x.block(3).is_none());
    let no_rows = features(&irreps, &zeros([0, 4], DType::F64));
    assert_eq!(no_rows.block(0).unwrap().dims(), [0, 2, 1]);
    assert_eq!(values(x.add(&x).unwrap().values()), [2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0, 16.0]);
}

// Errors.

#[test]
fn features_that_do_not_fit_are_refused() {
    let device = Device::flex();
    let mut init = Init::new(1, &device);
    let scalars = Irreps::scalars;
    let rows = |irreps: &Irreps, rows| features(irreps, &zeros([rows, irreps.dim()], DType::F32));
    assert_eq!(
        refused(Features::new(scalars(3), zeros([2, 4], DType::F32))),
        "the feature tensor has the shape [2, 4], expected [2, 3]"
    );
    let linear = Linear::new(&scalars(2), &scalars(1), &mut init);
    assert_eq!(
        refused(linear.forward(&rows(&scalars(3), 1))),
        "the input has the irreps `3x0e`, expected `2x0e`"
    );
    let gate = NormGate::new(&scalars(2), &mut init);
    assert_eq!(
        refused(gate.forward(&rows(&scalars(3), 1))),
        "the input has the irreps `3x0e`, expected `2x0e`"
    );
    let contraction = SymmetricContraction::new(&scalars(2), &scalars(2), 2, 3, &mut init).unwrap();
    assert_eq!(
        refused(contraction.forward(&rows(&scalars(3), 1), &[0])),
        "the input has the irreps `3x0e`, expected `2x0e`"
    );
    assert_eq!(
        refused(contraction.forward(&rows(&scalars(2), 1), &[0, 1])),
        "the input has the shape [1, 2], expected [2, 2]"
    );
    assert_eq!(
        refused(contraction.forward(&rows(&scalars(2), 1), &[3])),
        "node 0 has the element 3, expected one below 3"
    );
    let product = full_product(&scalars(2), &scalars(3), &mut init);
    assert_eq!(
        refused(product.forward(&rows(&scalars(3), 2), &rows(&scalars(3), 2))),
        "the first factor has the irreps `3x0e`, expected `2x0e`"
    );
    assert_eq!(
        refused(product.forward(&rows(&scalars(2), 2), &rows(&scalars(2), 2))),
        "the second factor has the irreps `2x0e`, expected `3x0e`"
    );
    assert_eq!(
        refused(product.forward(&rows(&scalars(2), 2), &rows(&scalars(3), 4))),
        "the second factor has the shape [4, 3], expected [2, 3]"
    );
    assert_eq!(
        refused(rows(&scalars(2), 2).add(&rows(&scalars(3), 2))),
        "the second summand has the irreps `3x0e`, expected `2x0e`"
    );
    assert_eq!(
        refused(rows(&scalars(2), 2).add(&rows(&scalars(2), 1))),
        "the second summand has the shape [1, 2], expected [2, 2]"
    );
    let batch = Arc::new(Batch::new(&[Graph::complete(3, SelfEdges::Without)]));
    assert_eq!(
        refused(pool(Pooling::Sum, &rows(&scalars(2), 4), &batch)),
        "the tensor of node features has the shape [4, 2], expected [3, 2]"
    );
    let network = RadialNetwork::new(&[3, 2], &mut init);
    assert_eq!(
        refused(network.forward(&zeros([5, 2], DType::F32))),
        "the radial basis has the shape [5, 2], expected [5, 3]"
    );
}

#[test]
fn graphs_that_do_not_fit_are_refused() {
    let device = Device::flex();
    let positions = |rows| zeros([rows, 3], DType::F32);
    let make = |graph: Graph, positions, cell, lmax| {
        EdgeAttributes::new(graph, positions, cell, lmax, basis())
    };
    assert_eq!(
        refused(make(graph(), positions(3), None, DEGREE)),
        "the tensor of positions has the shape [3, 3], expected [4, 3]"
    );
    assert_eq!(
        refused(make(graph(), zeros([4, 2], DType::F32), None, DEGREE)),
        "the tensor of positions has the shape [4, 2], expected [4, 3]"
    );
    assert_eq!(
        refused(make(graph(), positions(4), None, LMAX + 1)),
        format!("degree {} is above this build's LMAX of {LMAX}", LMAX + 1)
    );
    let periodic = Graph::from_edges_periodic(1, &[0], &[0], &[[0, 1, 0]]).unwrap();
    assert_eq!(
        make(periodic, positions(1), None, DEGREE).unwrap_err(),
        NnError::Graph(tesseral::graph::GraphError::MissingCell { edge: 0, shift: [0, 1, 0] })
    );

    let mut init = Init::new(1, &device);
    let convolution = Convolution::new(&config(), &mut init).unwrap();
    let x = |rows| features(&config().input, &zeros([rows, config().input.dim()], DType::F32));
    let edges = attributes(graph(), positions(4));
    assert_eq!(
        refused(convolution.forward(&x(5), &edges)),
        format!(
            "the tensor of node features has the shape [5, {0}], expected [4, {0}]",
            config().input.dim()
        )
    );
    if DEGREE > 0 {
        let lower = make(graph(), positions(4), None, 0).unwrap();
        assert_eq!(
            refused(convolution.forward(&x(4), &lower)),
            format!(
                "the tensor of edge harmonics has the irreps `1x0e`, expected `{}`",
                Irreps::spherical_harmonics(DEGREE)
            )
        );
    }
    let larger = Bessel::new(3, 8.0).unwrap();
    let larger = EdgeAttributes::new(graph(), positions(4), None, DEGREE, larger).unwrap();
    assert_eq!(
        refused(convolution.forward(&x(4), &larger)),
        "the radial basis has the shape [8, 3], expected [8, 2]"
    );

    for lmax in [LMAX + 1, usize::MAX] {
        assert_eq!(
            refused(Convolution::new(&ConvolutionConfig { lmax, ..config() }, &mut init)),
            format!("degree {lmax} is above this build's LMAX of {LMAX}")
        );
    }
    for neighbours in [0.0, -1.0, f64::INFINITY, f64::NAN] {
        assert_eq!(
            refused(Convolution::new(&ConvolutionConfig { neighbours, ..config() }, &mut init)),
            format!(
                "the number of neighbours is {neighbours}, expected a finite number above zero"
            )
        );
    }
}

#[test]
fn tensors_of_other_types_are_refused() {
    let device = Device::flex();
    let mut init = Init::new(1, &device).with_dtype(DType::F64).unwrap();
    let two = Irreps::scalars(2);
    let linear = Linear::new(&two, &two, &mut init);
    let gate = NormGate::new(&two, &mut init);
    let product = full_product(&two, &two, &mut init);
    let network = RadialNetwork::new(&[2, 2], &mut init);
    let batch = Arc::new(Batch::new(&[Graph::complete(3, SelfEdges::Without)]));
    let mixed =
        |first: DType, second: DType| format!("tensors of {first:?} and {second:?} meet: cast one");
    for dtype in [DType::F32, DType::F16, DType::BF16] {
        let tensor = Tensor::<2>::zeros([3, 2], &device).cast(dtype);
        let x = features(&two, &tensor);
        let message = match dtype {
            DType::F32 => mixed(DType::F32, DType::F64),
            _ => format!("a tensor holds {dtype:?}, expected F32 or F64"),
        };
        assert_eq!(refused(linear.forward(&x)), message);
        assert_eq!(refused(gate.forward(&x)), message);
        assert_eq!(refused(product.forward(&x, &x)), message);
        assert_eq!(refused(network.forward(&tensor)), message);
        let y = features(&two, &zeros([3, 2], DType::F64));
        let other = match dtype {
            DType::F32 => mixed(DType::F64, DType::F32),
            _ => message.clone(),
        };
        assert_eq!(refused(y.add(&x)), other);
        assert_eq!(refused(product.forward(&y, &x)), other);
        if dtype != DType::F32 {
            assert_eq!(refused(pool(Pooling::Sum, &x, &batch)), message);
            let positions = Tensor::<2>::zeros([4, 3], &device).cast(dtype);
            let edges = EdgeAttributes::new(graph(), positions, None, 0, basis());
            assert_eq!(refused(edges), message);
        }
    }
    // Parameters are of a type that layers have.
    for dtype in [DType::F16, DType::I32] {
        let message = format!("a tensor holds {dtype:?}, expected F32 or F64");
        assert_eq!(refused(Init::new(1, &device).with_dtype(dtype)), message);
    }
    // Edges in f32, features in f64.
    let config = config();
    let convolution = Convolution::new(&config, &mut init).unwrap();
    let x = features(&config.input, &zeros([4, config.input.dim()], DType::F64));
    let edges = attributes(graph(), zeros([4, 3], DType::F32));
    assert_eq!(refused(convolution.forward(&x, &edges)), mixed(DType::F32, DType::F64));
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

#[test]
fn training_from_one_seed_gives_one_network() {
    for dtype in TYPES {
        let once = trained(dtype);
        assert_eq!(once, trained(dtype), "{dtype:?}");
        let init = &mut Init::new(5, &Device::flex()).with_dtype(dtype).unwrap();
        assert_ne!(once, parameters(&Convolution::new(&config(), init).unwrap()).values);
    }
}
