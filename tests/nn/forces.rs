//! Dual features: derivatives along a direction, their gradients by parameters, and training on
//! forces.

mod common {
    pub mod layer;
    pub mod on_graphs;
}

use std::sync::Arc;

use burn::module::Module;
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{DType, Device, Tensor};
use common::layer::{
    self, assert_close, central_differences, gradients_by_parameters, irreps, parameters, values,
    with_parameters,
};
use common::on_graphs::weighted_products;
use tesseral::coupling::COUPLING_LMAX;
use tesseral::equivariance::Random;
use tesseral::graph::{Batch, Graph, SelfEdges};
use tesseral::kernels::{self, GateConfig, ScalarFunction, SecondMoment};
use tesseral::nn::{
    Activation, BatchNorm, BatchNormConfig, CartesianTensor, Convolution, ConvolutionConfig,
    Dropout, Dual, EdgeAttributes, Features, Gate, Init, LayerNorm, Linear, NnError, Norm,
    NormActivation, NormGate, Pooling, RadialNetwork, Species, SymmetricContraction, TensorProduct,
    WeightedProduct, gather_receivers, gather_receivers_dual, gather_senders, gather_senders_dual,
    pool, pool_dual, softmax_by_receiver, softmax_by_receiver_dual, sum_into_receivers,
    sum_into_receivers_dual,
};
use tesseral::radial::Bessel;
use tesseral::{Irrep, Irreps, LMAX};

const DEGREE: usize = if LMAX < 2 { LMAX } else { 2 };

const SILU: Option<ScalarFunction> = Some(ScalarFunction::SILU);
const TANH: Option<ScalarFunction> = Some(ScalarFunction::TANH);

fn tensor(values: &[f64], shape: [usize; 2], device: &Device) -> Tensor<2> {
    layer::tensor(values, shape, DType::F64, device)
}

fn features(irreps: &Irreps, values: Tensor<2>) -> Features {
    layer::features(irreps, &values)
}

/// A layer of rows, checked in one go: the value is that of the plain forward pass, the tangent its
/// derivative along a direction, and Σ cotangent · tangent has the gradients of that by input and
/// parameters.
fn check<M: Module>(
    name: &str,
    make: impl Fn(&mut Init) -> M,
    input: &Irreps,
    forward: impl Fn(&M, &Features) -> Features,
    forward_dual: impl Fn(&M, &Dual) -> Dual,
) {
    let device = Device::flex().autodiff();
    let module = make(&mut Init::new(1, &device).with_dtype(DType::F64).unwrap());
    let shape = [3, input.dim()];
    let mut random = Random::new(11);
    let [x, direction] = [(); 2].map(|()| random.normals(shape[0] * shape[1]));
    let theta = random.normals(parameters(&module).values.len());

    let plain = |theta: &[f64], x: &[f64]| {
        let module = with_parameters(module.clone(), theta);
        values(forward(&module, &features(input, tensor(x, shape, &device))).values())
    };
    let cotangent = random.normals(plain(&theta, &x).len());
    // The derivative along the direction, by differences of the plain pass.
    let along = |theta: &[f64], x: &[f64]| -> Vec<f64> {
        let at = |t: f64| -> Vec<f64> {
            plain(theta, &x.iter().zip(&direction).map(|(x, d)| x + t * d).collect::<Vec<_>>())
        };
        const STEP: f64 = 1e-3;
        let [a, b, c, d] = [1.0, -1.0, 2.0, -2.0].map(|steps| at(steps * STEP));
        (0..a.len()).map(|i| (8.0 * (a[i] - b[i]) - (c[i] - d[i])) / (12.0 * STEP)).collect()
    };

    let module = with_parameters(module.clone(), &theta);
    let [x_tensor, d_tensor] =
        [&x, &direction].map(|values| tensor(values, shape, &device).require_grad());
    let dual = Dual::new(features(input, x_tensor.clone()), d_tensor.clone()).unwrap();
    let dual = forward_dual(&module, &dual);
    assert_eq!(values(dual.value().values()), plain(&theta, &x), "{name}");
    assert_close(name, &values(&dual.tangent()), &along(&theta, &x), 1e-9);

    let weights = tensor(&cotangent, dual.tangent().dims(), &device);
    let gradients = (dual.tangent() * weights).sum().backward();
    // The tangent is linear in the direction: its gradient is the plain one.
    let plain_gradient = {
        let x_tensor = tensor(&x, shape, &device).require_grad();
        let z = forward(&module, &features(input, x_tensor.clone())).into_values();
        let weights = tensor(&cotangent, z.dims(), &device);
        values(&x_tensor.grad(&(z * weights).sum().backward()).unwrap())
    };
    let found = values(&d_tensor.grad(&gradients).unwrap());
    assert_close(&format!("{name}, by the direction"), &found, &plain_gradient, 1e-13);
    // Differences of differences: errors of 10⁻¹³/10⁻⁶ from rounding.
    let loss = |theta: &[f64], x: &[f64]| -> f64 {
        along(theta, x).iter().zip(&cotangent).map(|(z, c)| z * c).sum()
    };
    if let Some(found) = x_tensor.grad(&gradients) {
        let expected = central_differences(&x, |x| loss(&theta, x));
        assert_close(&format!("{name}, by the input"), &values(&found), &expected, 1e-6);
    }
    let of_module = GradientsParams::from_grads(gradients, &module);
    let expected = central_differences(&theta, |theta| loss(theta, &x));
    let found = gradients_by_parameters(&of_module, &module);
    assert_close(&format!("{name}, by parameters"), &found, &expected, 1e-6);
}

#[test]
fn dual_layers_have_exact_derivatives() {
    let input = irreps("2x0e + 1x0o + 2x1o + 1x2e");
    let output = irreps("2x0e + 1x1o + 1x2e");
    check(
        "linear",
        |init| Linear::new(&input, &output, init),
        &input,
        |layer, x| layer.forward(x).unwrap(),
        |layer, x| layer.forward_dual(x).unwrap(),
    );
    check(
        "norm gate",
        |init| NormGate::new(&input, init),
        &input,
        |layer, x| layer.forward(x).unwrap(),
        |layer, x| layer.forward_dual(x).unwrap(),
    );
    for normalize in [true, false] {
        check(
            "norm activation",
            |init| NormActivation::new(&input, ScalarFunction::TANH, normalize, true, init),
            &input,
            |layer, x| layer.forward(x).unwrap(),
            |layer, x| layer.forward_dual(x).unwrap(),
        );
    }
    check(
        "layer norm",
        |init| LayerNorm::new(&input, true, init),
        &input,
        |layer, x| layer.forward(x).unwrap(),
        |layer, x| layer.forward_dual(x).unwrap(),
    );
    let mut functions = vec![SILU, TANH];
    functions.resize(input.len(), None);
    check(
        "activation",
        |_| Activation::new(&input, &functions, SecondMoment::One).unwrap(),
        &input,
        |layer, x| layer.forward(x).unwrap(),
        |layer, x| layer.forward_dual(x).unwrap(),
    );
    let gated = irreps("2x1o + 1x2e");
    let config = GateConfig {
        scalars: irreps("1x0e"),
        scalar_functions: vec![SILU],
        gates: Irreps::scalars(gated.num_irreps()),
        gate_functions: vec![SILU],
        gated,
        moment: SecondMoment::One,
    };
    let gate = || Gate::new(&config).unwrap();
    check(
        "gate",
        |_| gate(),
        gate().input(),
        |layer, x| layer.forward(x).unwrap(),
        |layer, x| layer.forward_dual(x).unwrap(),
    );
    check(
        "square",
        |init| {
            let kept = |irrep: Irrep| irrep.l <= DEGREE.min(COUPLING_LMAX);
            let kernel = kernels::TensorProduct::full(&input, &input, kept).unwrap();
            TensorProduct::new(kernel, init)
        },
        &input,
        |layer, x| layer.forward(x, x).unwrap(),
        |layer, x| layer.forward_dual(x, x).unwrap(),
    );
    let batch = Arc::new(Batch::new(&[1, 2].map(|n| Graph::complete(n, SelfEdges::Without))));
    check(
        "pool",
        |_| Vec::<Linear>::new(),
        &input,
        |_, x| pool(Pooling::Mean, x, &batch).unwrap(),
        |_, x| pool_dual(Pooling::Mean, x, &batch).unwrap(),
    );
}

/// No layer: what has no parameters.
fn nothing(_: &mut Init) -> Vec<NormGate> {
    Vec::new()
}

#[test]
fn between_nodes_and_edges_derivatives_are_exact() {
    // Three nodes and three edges, two of them into one node and none into another.
    let (graph, _) = Graph::from_edges(3, &[0, 2, 1], &[1, 1, 2]).unwrap();
    let graph = Arc::new(graph);
    let mixed = irreps("1x0e + 1x1o");
    check(
        "senders",
        nothing,
        &mixed,
        |_, x| gather_senders(x, &graph).unwrap(),
        |_, x| gather_senders_dual(x, &graph).unwrap(),
    );
    check(
        "receivers",
        nothing,
        &mixed,
        |_, x| gather_receivers(x, &graph).unwrap(),
        |_, x| gather_receivers_dual(x, &graph).unwrap(),
    );
    check(
        "sums",
        nothing,
        &mixed,
        |_, x| sum_into_receivers(x, &graph).unwrap(),
        |_, x| sum_into_receivers_dual(x, &graph).unwrap(),
    );
    check(
        "softmax",
        nothing,
        &Irreps::scalars(2),
        |_, x| softmax_by_receiver(x, &graph).unwrap(),
        |_, x| softmax_by_receiver_dual(x, &graph).unwrap(),
    );
}

#[test]
fn functions_of_duals_have_exact_derivatives() {
    let (one, two) = (Irreps::scalars(1), Irreps::scalars(2));
    let square = |x: &Dual| {
        let sum = x.map_linear(one.clone(), |x| x.sum_dim(1)).unwrap();
        sum.map_product(&sum, one.clone(), |x, y| x * y).unwrap()
    };
    let function = |x: &Dual| square(x).map_scalars(ScalarFunction::SILU).unwrap();
    check(
        "functions",
        nothing,
        &two,
        |_, x| function(&Dual::constant(x.clone())).into_value(),
        |_, x| function(x),
    );
    let x = Dual::constant(features(&two, Tensor::zeros([3, 2], (&Device::flex(), DType::F64))));
    let message = |result: Result<Dual, NnError>| result.unwrap_err().to_string();
    assert_eq!(
        message(x.map_linear(one, |x| x)),
        "the feature tensor has the shape [3, 2], expected [3, 1]"
    );
    let vector = irreps("1x1o");
    let zeros = Tensor::zeros([3, vector.dim()], (&Device::flex(), DType::F64));
    if vector.dim() > 0 {
        assert_eq!(
            message(Dual::constant(features(&vector, zeros)).map_scalars(ScalarFunction::TANH)),
            "the input has the irreps `1x1o`, expected `3x0e`"
        );
    }
}

/// Lengths or directions of edges.
type OfEdges = fn(&EdgeAttributes) -> Dual;

#[test]
fn lengths_and_directions_have_exact_derivatives() {
    let device = Device::flex().autodiff();
    let mut random = Random::new(8);
    let [positions, direction] = [(); 2].map(|()| random.normals(3 * ATOMS));
    let graph = Graph::complete(ATOMS, SelfEdges::Without);
    let at = |positions: Tensor<2>| {
        EdgeAttributes::new(graph.clone(), positions, None, 0, Bessel::new(1, 6.0).unwrap())
    };
    let functions: [OfEdges; 2] =
        [|edges| edges.lengths_dual().unwrap(), |edges| edges.directions_dual().unwrap()];
    for function in functions {
        let plain = |positions: &[f64]| {
            let edges = at(tensor(positions, [ATOMS, 3], &device)).unwrap();
            values(function(&edges).value().values())
        };
        let cotangent = random.normals(plain(&positions).len());
        let sum = |z: &[f64]| z.iter().zip(&cotangent).map(|(z, c)| z * c).sum::<f64>();
        let r = tensor(&positions, [ATOMS, 3], &device).require_grad();
        let z = function(&at(r.clone()).unwrap()).into_value().into_values();
        let weights = tensor(&cotangent, z.dims(), &device);
        let found = values(&r.grad(&(z * weights).sum().backward()).unwrap());
        let expected = central_differences(&positions, |r| sum(&plain(r)));
        assert_close("by positions", &found, &expected, 1e-8);
        let edges = at(tensor(&positions, [ATOMS, 3], &device)).unwrap();
        let dual = edges.dual(&tensor(&direction, [ATOMS, 3], &device)).unwrap();
        let along: f64 = expected.iter().zip(&direction).map(|(slope, d)| slope * d).sum();
        let found = sum(&values(&function(&dual).tangent()));
        assert!((found - along).abs() < 1e-8, "{found}, expected {along}");
    }
    // The order of an irrep, and no direction where there is no length.
    let points = tensor(&[0.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 0.0], [3, 3], &device);
    let (graph, _) = Graph::from_edges(3, &[1, 2], &[0, 0]).unwrap();
    let edges = EdgeAttributes::new(graph, points, None, 0, Bessel::new(1, 6.0).unwrap()).unwrap();
    assert_eq!(values(edges.lengths().unwrap().values()), [2.0, 0.0]);
    let directions = edges.directions_dual().unwrap();
    assert_eq!(values(directions.value().values()), [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(directions.irreps(), &"1x1o".parse::<Irreps>().unwrap());
    assert_eq!(values(edges.vectors()), [0.0, 2.0, 0.0, 0.0, 0.0, 0.0]);
}

#[test]
fn what_does_not_fit_between_nodes_and_edges_is_refused() {
    let graph = Arc::new(Graph::from_edges(3, &[0, 2], &[1, 1]).unwrap().0);
    let rows = |rows| {
        let zeros = Tensor::zeros([rows, 1], (&Device::flex(), DType::F64));
        features(&Irreps::scalars(1), zeros)
    };
    let message = |result: Result<Features, NnError>| result.unwrap_err().to_string();
    assert_eq!(
        message(gather_senders(&rows(2), &graph)),
        "`gather_senders`: the tensor of node features has the shape [2, 1], expected [3, 1]"
    );
    assert_eq!(
        message(sum_into_receivers(&rows(3), &graph)),
        "`sum_into_receivers`: the tensor of edge features has the shape [3, 1], expected [2, 1]"
    );
    let odd =
        features(&"1x0o".parse().unwrap(), Tensor::zeros([2, 1], (&Device::flex(), DType::F64)));
    assert_eq!(
        message(softmax_by_receiver(&odd, &graph)),
        "`softmax_by_receiver`: the tensor of scores has the irreps `1x0o`, expected `1x0e`"
    );
    // No edges and no columns.
    let none = Arc::new(Graph::from_edges(2, &[], &[]).unwrap().0);
    assert_eq!(values(sum_into_receivers(&rows(0), &none).unwrap().values()), [0.0; 2]);
    assert_eq!(softmax_by_receiver(&rows(0), &none).unwrap().rows(), 0);
}

#[test]
fn dual_norms_and_cartesian_tensors_have_exact_derivatives() {
    let input = irreps("2x0e + 1x0o + 2x1o + 1x2e");
    for (name, make) in [("norm", Norm::new as fn(&Irreps) -> Norm), ("smooth norm", Norm::smooth)]
    {
        check(
            name,
            |_| make(&input),
            &input,
            |layer, x| layer.forward(x).unwrap(),
            |layer, x| layer.forward_dual(x).unwrap(),
        );
    }
    let Ok(tensors) = CartesianTensor::new("ij=ji") else { return };
    // To tensors and back.
    check(
        "Cartesian tensor",
        |_| tensors.clone(),
        tensors.irreps(),
        |layer, x| layer.to_features(&layer.from_features(x).unwrap()).unwrap(),
        |layer, x| {
            let [value, derivative] = layer.from_features_dual(x).unwrap();
            layer.to_features_dual([&value, &derivative]).unwrap()
        },
    );
}

/// Blocks of every row, as factors of a product.
fn parts<const N: usize>(x: &Dual, irreps: [&Irreps; N]) -> [Dual; N] {
    let mut start = 0;
    irreps.map(|irreps| {
        let part = |x: Tensor<2>| x.narrow(1, start, irreps.dim());
        let value = features(irreps, part(x.value().into_values()));
        let dual = Dual::new(value, part(x.tangent())).unwrap();
        start += irreps.dim();
        dual
    })
}

#[test]
fn dual_products_with_given_weights_have_exact_derivatives() {
    // Node 1 receives twice, node 2 from itself.
    let graph = Arc::new(Graph::from_edges(3, &[0, 2, 2], &[1, 1, 2]).unwrap().0);
    for product in weighted_products() {
        let kernel = product.kernel();
        let weights = Irreps::scalars(kernel.num_weights());
        if weights.dim() == 0 {
            continue;
        }
        let irreps = [kernel.first(), kernel.second(), &weights];
        let input = &(irreps[0] + irreps[1]) + irreps[2];
        // As many edges as nodes: the rows of both are the rows of the input.
        let plain = |product: &WeightedProduct, x: &Features, messages: bool| {
            let [a, b, w] = parts(&Dual::constant(x.clone()), irreps).map(Dual::into_value);
            match messages {
                true => product.sum_messages(&graph, &a, &b, w.values()).unwrap(),
                false => product.forward(&a, &b, w.values()).unwrap(),
            }
        };
        let dual = |product: &WeightedProduct, x: &Dual, messages: bool| {
            let [a, b, w] = parts(x, irreps);
            match messages {
                true => product.sum_messages_dual(&graph, &a, &b, &w).unwrap(),
                false => product.forward_dual(&a, &b, &w).unwrap(),
            }
        };
        for messages in [true, false] {
            check(
                "given weights",
                |_| product.clone(),
                &input,
                |product, x| plain(product, x, messages),
                |product, x| dual(product, x, messages),
            );
        }
    }
}

#[test]
fn messages_have_derivatives_along_positions() {
    let device = Device::flex().autodiff();
    let mut random = Random::new(8);
    let [r, c] = [(); 2].map(|()| tensor(&random.normals(3 * ATOMS), [ATOMS, 3], &device));
    let along = edges(r).dual(&c).unwrap();
    let degree = if DEGREE < 1 { DEGREE } else { 1 };
    let harmonics = along.harmonics().irreps().clone();
    let scalars = Irreps::scalars(2);
    let kernel = kernels::TensorProduct::convolution(&scalars, &harmonics, |ir| ir.l <= degree);
    let product = WeightedProduct::new(kernel.unwrap());
    let widths = [6, 4, product.num_weights()];
    let init = &mut Init::new(1, &device).with_dtype(DType::F64).unwrap();
    let radial = RadialNetwork::new(&widths, init);
    let x = features(&scalars, tensor(&random.normals(2 * ATOMS), [ATOMS, 2], &device));
    let weights = radial.forward_dual(&along.basis_dual()).unwrap();
    let (nodes, edges_dual) = (Dual::constant(x.clone()), along.harmonics_dual());
    let sums = product.sum_messages_dual(along.graph(), &nodes, &edges_dual, &weights).unwrap();
    // By differences of the plain pass over positions.
    let at = |step: f64| {
        let r = along_positions(&mut Random::new(8), step);
        let moved = edges(tensor(&r, [ATOMS, 3], &device));
        let weights = radial.forward(moved.basis()).unwrap();
        let sums = product.sum_messages(moved.graph(), &x, moved.harmonics(), &weights);
        values(sums.unwrap().values())
    };
    assert_eq!(values(sums.value().values()), at(0.0));
    let [a, b, c, d] = [1e-3, -1e-3, 2e-3, -2e-3].map(at);
    let slopes: Vec<f64> =
        (0..a.len()).map(|i| (8.0 * (a[i] - b[i]) - (c[i] - d[i])) / 12e-3).collect();
    assert_close("messages", &values(&sums.tangent()), &slopes, 1e-9);
}

/// Random positions, moved along a random direction.
fn along_positions(random: &mut Random, step: f64) -> Vec<f64> {
    let [r, c] = [(); 2].map(|()| random.normals(3 * ATOMS));
    r.iter().zip(&c).map(|(r, c)| r + step * c).collect()
}

#[test]
fn dual_contractions_have_exact_derivatives() {
    let (input, output) = (irreps("3x0e + 3x0o + 3x1o"), irreps("3x0e + 3x1o + 3x0o"));
    let correlation = if COUPLING_LMAX < 2 { 2 } else { 3 };
    let species = Species::new([1, 0, 1], 2).unwrap();
    check(
        "symmetric contraction",
        |init| SymmetricContraction::new(&input, &output, correlation, 2, init).unwrap(),
        &input,
        |layer, x| layer.forward(x, &species).unwrap(),
        |layer, x| layer.forward_dual(x, &species).unwrap(),
    );
}

#[test]
fn dual_batch_norms_have_exact_derivatives() {
    let input = irreps("2x0e + 1x0o + 2x1o");
    let batch = Batch::new(&[1, 2].map(|n| Graph::complete(n, SelfEdges::Without)));
    // Groups of one node have small moments: with a large ε differences are exact.
    let config = BatchNormConfig { epsilon: 0.5, ..BatchNormConfig::default() };
    check(
        "instances",
        |init| BatchNorm::new(&input, config, init),
        &input,
        |layer, x| layer.forward_instances(x, &batch).unwrap(),
        |layer, x| layer.forward_instances_dual(x, &batch).unwrap(),
    );
    check(
        "batch norm",
        |init| BatchNorm::new(&input, config, init),
        &input,
        |layer, x| layer.forward(x).unwrap(),
        |layer, x| layer.forward_dual(x).unwrap(),
    );
    // Frozen, it is an affine map.
    let device = Device::flex().autodiff();
    let init = &mut Init::new(1, &device).with_dtype(DType::F64).unwrap();
    let layer = BatchNorm::new(&input, config, init).freeze();
    let row = |seed| tensor(&Random::new(seed).normals(input.dim()), [1, input.dim()], &device);
    let dual = Dual::new(features(&input, row(1)), row(2)).unwrap();
    let along = values(&layer.forward_dual(&dual).unwrap().tangent());
    let at = |x: Tensor<2>| layer.forward(&features(&input, x)).unwrap().into_values();
    let difference = values(&(at(row(1) + row(2)) - at(row(1))));
    assert_close("frozen batch norm", &along, &difference, 1e-14);
}

#[test]
fn dropout_drops_channels_and_their_derivatives() {
    let input = irreps("4x0e + 4x1o");
    let device = Device::flex().autodiff();
    let shape = [20, input.dim()];
    let [x, direction] =
        [1.0, 2.0].map(|value| Tensor::<2>::full(shape, value, (&device, DType::F64)));
    let layer = Dropout::new(&input, 0.5, &mut Init::new(1, &device)).unwrap();
    let dual = Dual::new(features(&input, x), direction).unwrap();
    let dropped = layer.forward_dual(&dual).unwrap();
    let value = values(dropped.value().values());
    assert!(value.contains(&0.0) && value.contains(&2.0));
    let twice: Vec<f64> = value.iter().map(|x| 2.0 * x).collect();
    assert_eq!(values(&dropped.tangent()), twice);
}

/// A small potential: two convolutions with a gate between them.
#[derive(Module, Debug)]
struct Potential {
    first: Convolution,
    gate: NormGate,
    second: Convolution,
}

const ATOMS: usize = 4;

impl Potential {
    fn new(init: &mut Init) -> Self {
        let hidden = irreps("4x0e + 2x1o + 1x2e");
        let config = |input: Irreps, output: Irreps| ConvolutionConfig {
            input,
            output,
            lmax: DEGREE,
            basis: 6,
            hidden: vec![8],
            neighbours: 3.0,
        };
        let first = config(Irreps::scalars(1), hidden.clone());
        let second = config(hidden.clone(), Irreps::scalars(1));
        Potential {
            first: Convolution::new(&first, init).unwrap(),
            gate: NormGate::new(&hidden, init),
            second: Convolution::new(&second, init).unwrap(),
        }
    }

    /// The energies of nodes and, if the edges have a direction, their derivatives.
    fn energies(&self, nodes: &Dual, edges: &EdgeAttributes) -> Result<Dual, NnError> {
        let hidden = self.gate.forward_dual(&self.first.forward_dual(nodes, edges)?)?;
        self.second.forward_dual(&hidden, edges)
    }
}

fn nodes(device: &Device) -> Dual {
    let ones = Tensor::ones([ATOMS, 1], (device, DType::F64));
    Dual::constant(features(&Irreps::scalars(1), ones))
}

fn edges(positions: Tensor<2>) -> EdgeAttributes {
    let graph = Graph::complete(ATOMS, SelfEdges::Without);
    EdgeAttributes::new(graph, positions, None, DEGREE, Bessel::new(6, 6.0).unwrap()).unwrap()
}

/// Forces by the plain backward pass.
fn forces(model: &Potential, positions: &[f64], device: &Device) -> Vec<f64> {
    let r = tensor(positions, [ATOMS, 3], device).require_grad();
    let model = model.clone().no_grad();
    let energies = model.energies(&nodes(device), &edges(r.clone())).unwrap().into_value();
    let gradients = energies.into_values().sum().backward();
    values(&r.grad(&gradients).unwrap()).into_iter().map(|x| -x).collect()
}

/// The mean square error of forces, and its derivative by them.
fn force_loss(found: &[f64], wanted: &[f64]) -> (f64, Vec<f64>) {
    let n = found.len() as f64;
    let errors: Vec<f64> = found.iter().zip(wanted).map(|(f, w)| f - w).collect();
    let loss = errors.iter().map(|e| e * e).sum::<f64>() / n;
    (loss, errors.iter().map(|e| 2.0 * e / n).collect())
}

/// The gradient of the loss of forces by parameters.
fn force_gradients(
    model: &Potential,
    positions: &[f64],
    wanted: &[f64],
    device: &Device,
) -> (f64, GradientsParams) {
    let (loss, c) = force_loss(&forces(model, positions, device), wanted);
    let r = tensor(positions, [ATOMS, 3], device);
    let along = edges(r).dual(&tensor(&c, [ATOMS, 3], device)).unwrap();
    let energies = model.energies(&nodes(device), &along).unwrap();
    let gradients = energies.tangent().sum().neg().backward();
    (loss, GradientsParams::from_grads(gradients, model))
}

#[test]
fn the_gradient_of_a_loss_of_forces_is_its_derivative() {
    let device = Device::flex().autodiff();
    let model = Potential::new(&mut Init::new(3, &device).with_dtype(DType::F64).unwrap());
    let mut random = Random::new(4);
    let positions = random.normals(3 * ATOMS);
    let wanted = random.normals(3 * ATOMS);
    let theta = parameters(&model).values;
    let (_, gradients) = force_gradients(&model, &positions, &wanted, &device);
    let found = gradients_by_parameters(&gradients, &model);
    let loss = |theta: &[f64]| {
        let model = with_parameters(model.clone(), theta);
        force_loss(&forces(&model, &positions, &device), &wanted).0
    };
    assert_close("forces", &found, &central_differences(&theta, loss), 1e-9);
}

/// The forces of the Morse potential (1 - exp(1 - r))² between all pairs.
fn morse_forces(positions: &[f64]) -> Vec<f64> {
    let mut forces = vec![0.0; positions.len()];
    for i in 0..ATOMS {
        for j in 0..ATOMS {
            let d = [0, 1, 2].map(|axis| positions[3 * i + axis] - positions[3 * j + axis]);
            let r = d.iter().map(|x| x * x).sum::<f64>().sqrt();
            if i != j {
                let e = (1.0 - r).exp();
                let slope = 2.0 * (1.0 - e) * e;
                for axis in 0..3 {
                    forces[3 * i + axis] -= slope * d[axis] / r;
                }
            }
        }
    }
    forces
}

#[test]
fn a_potential_fits_forces() {
    let device = Device::flex().autodiff();
    let mut model = Potential::new(&mut Init::new(5, &device).with_dtype(DType::F64).unwrap());
    let corners = [0.0, 0.0, 0.0, 1.2, 0.0, 0.0, 0.0, 1.2, 0.0, 0.0, 0.0, 1.2];
    let mut random = Random::new(6);
    let clusters: Vec<Vec<f64>> =
        (0..4).map(|_| corners.iter().map(|x| x + 0.1 * random.normal()).collect()).collect();
    let mut optimizer = AdamConfig::new().init();
    let mut losses = Vec::new();
    for step in 0..120 {
        let cluster = &clusters[step % clusters.len()];
        let (loss, gradients) = force_gradients(&model, cluster, &morse_forces(cluster), &device);
        losses.push(loss);
        model = optimizer.step(1e-2, model, gradients);
    }
    let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
    let [first, last] = [mean(&losses[..4]), mean(&losses[losses.len() - 4..])];
    println!("mean square error of forces: {first:e}, then {last:e}");
    assert!(last < first / 50.0, "seeds 5 and 6: the loss fell from {first:e} to {last:e}");
}

#[test]
fn positions_and_constants_have_no_derivative() {
    let device = Device::flex().autodiff();
    let mut random = Random::new(7);
    let r = tensor(&random.normals(3 * ATOMS), [ATOMS, 3], &device).require_grad();
    let direction = tensor(&random.normals(3 * ATOMS), [ATOMS, 3], &device).require_grad();
    let model = Potential::new(&mut Init::new(3, &device).with_dtype(DType::F64).unwrap());
    let along = edges(r.clone()).dual(&direction).unwrap();
    let energies = model.energies(&nodes(&device), &along).unwrap();
    let gradients = energies.tangent().sum().backward();
    assert!(r.grad(&gradients).is_none() && direction.grad(&gradients).is_none());
    // Without a direction the tangent is zero.
    let energies = model.energies(&nodes(&device), &edges(r)).unwrap();
    assert_eq!(values(&energies.tangent()), [0.0; ATOMS]);
    // Edges of length zero have no derivative either.
    let origin = Tensor::zeros([ATOMS, 3], (&device, DType::F64));
    let energies = model.energies(&nodes(&device), &edges(origin).dual(&direction).unwrap());
    assert_eq!(values(&energies.unwrap().tangent()), [0.0; ATOMS]);
}

#[test]
fn duals_that_do_not_fit_are_refused() {
    let device = Device::flex();
    let message = |result: Result<Dual, NnError>| result.unwrap_err().to_string();
    let zeros = |shape, dtype| Tensor::<2>::zeros(shape, (&device, dtype));
    let two = Irreps::scalars(2);
    let x = || features(&two, zeros([3, 2], DType::F32));
    assert_eq!(
        message(Dual::new(x(), zeros([3, 1], DType::F32))),
        "the tangent has the shape [3, 1], expected [3, 2]"
    );
    assert_eq!(
        message(Dual::new(x(), zeros([3, 2], DType::F64))),
        "tensors of F32 and F64 meet, expected one type: cast one"
    );
    let other = Dual::constant(features(&Irreps::scalars(1), zeros([3, 1], DType::F32)));
    assert_eq!(
        message(Dual::constant(x()).add(&other)),
        "the second summand has the irreps `1x0e`, expected `2x0e`"
    );
    let edges = edges(zeros([ATOMS, 3], DType::F64));
    let refused = |direction| edges.dual(&direction).unwrap_err().to_string();
    assert_eq!(
        refused(zeros([3, 3], DType::F64)),
        "the direction of the positions has the shape [3, 3], expected [4, 3]"
    );
    assert_eq!(
        refused(zeros([4, 3], DType::F32)),
        "tensors of F64 and F32 meet, expected one type: cast one"
    );
}
