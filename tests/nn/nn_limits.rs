//! Layers: the edges of their definitions, and what they refuse.

mod common {
    #[path = "../../common/degrees.rs"]
    pub mod degrees;
    pub mod layer;
    pub mod on_graphs;
}

use std::error::Error;
use std::fmt::Debug;
use std::sync::Arc;

use burn::optim::GradientsParams;
use burn::tensor::{DType, Device, Tensor};
use common::degrees::above;
use common::layer::*;
use common::on_graphs::*;
use tesseral::error::DegreeLimit;
use tesseral::graph::{Batch, Graph, GraphError, SelfEdges};
use tesseral::kernels::{GateConfig, ScalarFunction, SecondMoment};
use tesseral::nn::{
    Activation, BatchNorm, BatchNormConfig, CartesianTensor, Convolution, ConvolutionConfig,
    Dropout, Dual, EdgeAttributes, Features, Gate, Init, LayerNorm, Linear, NnError, Norm,
    NormActivation, NormGate, Pooling, RadialNetwork, Species, SpeciesEmbedding, SpeciesLinear,
    SymmetricContraction, TensorProduct, gather_receivers, gather_receivers_dual, gather_senders,
    gather_senders_dual, pool, pool_dual, softmax_by_receiver, softmax_by_receiver_dual,
    sum_into_receivers, sum_into_receivers_dual,
};
use tesseral::radial::Bessel;
use tesseral::{Irreps, LMAX, kernels};

fn species<const N: usize>(indices: [usize; N], count: usize) -> Species {
    Species::new(indices, count).unwrap()
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
        let linear = Linear::with_unreached(&none, &some, true, &mut init).unwrap();
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
        assert_eq!(
            contraction.forward(&empty, &species([0; 3], 1)).unwrap().values().dims(),
            [3, 0]
        );
        let pair = irreps("2x0e + 2x0o");
        let contraction = SymmetricContraction::new(&pair, &pair, 2, 3, &mut init).unwrap();
        let no_rows_of_pair = features(&pair, &Tensor::zeros([0, 4], (&device, dtype)));
        assert_eq!(
            contraction.forward(&no_rows_of_pair, &species([], 3)).unwrap().values().dims(),
            [0, 4]
        );

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

/// What one row of `4x0e`, and the same with a derivative, is refused with by everything that takes
/// something else.
fn refusals() -> Vec<(&'static str, [NnError; 2])> {
    fn both<T: Debug>(value: Result<T, NnError>, dual: Result<Dual, NnError>) -> [NnError; 2] {
        [value.unwrap_err(), dual.unwrap_err()]
    }
    let (two, init) = (Irreps::scalars(2), &mut Init::new(1, &Device::flex()));
    let x = &features(&Irreps::scalars(4), &zeros([1, 4], DType::F32));
    let dx = &Dual::constant(x.clone());

    let linear = Linear::new(&two, &two, init);
    let norm_gate = NormGate::new(&two, init);
    let norm_activation = NormActivation::new(&two, ScalarFunction::TANH, true, true, init);
    let silu = [Some(ScalarFunction::SILU)];
    let activation = Activation::new(&two, &silu, SecondMoment::One).unwrap();
    let gate = Gate::new(&GateConfig {
        scalars: two.clone(),
        scalar_functions: silu.to_vec(),
        gates: Irreps::scalars(0),
        gate_functions: silu.to_vec(),
        gated: Irreps::default(),
        moment: SecondMoment::One,
    });
    let gate = gate.unwrap();
    let layer_norm = LayerNorm::new(&two, true, init);
    let batch_norm = BatchNorm::new(&two, BatchNormConfig::default(), init);
    let dropout = Dropout::new(&two, 0.5, init).unwrap();
    let norm = Norm::new(&two);
    let network = RadialNetwork::new(&[2, 2], init);
    let product = full_product(&two, &two, init);
    let [weighted, ..] = weighted_products();
    let contraction = SymmetricContraction::new(&two, &two, 2, 1, init).unwrap();
    let one = species([0], 1);
    let by_species = SpeciesLinear::new(&two, &two, 1, init).unwrap();
    let embedding = SpeciesEmbedding::new(2, 4, init);
    let convolution = Convolution::new(&config(), init).unwrap();
    let edges = &attributes(graph(), zeros([4, 3], DType::F32));
    let graph = edges.graph();
    let batch = &Arc::new(Batch::new(&[Graph::complete(2, SelfEdges::Without)]));
    let (w, sum) = (x.values(), Pooling::Sum);

    let mut refusals = vec![
        ("Linear", both(linear.forward(x), linear.forward_dual(dx))),
        ("NormGate", both(norm_gate.forward(x), norm_gate.forward_dual(dx))),
        ("NormActivation", both(norm_activation.forward(x), norm_activation.forward_dual(dx))),
        ("Activation", both(activation.forward(x), activation.forward_dual(dx))),
        ("Gate", both(gate.forward(x), gate.forward_dual(dx))),
        ("LayerNorm", both(layer_norm.forward(x), layer_norm.forward_dual(dx))),
        ("BatchNorm", both(batch_norm.forward(x), batch_norm.forward_dual(dx))),
        (
            "BatchNorm",
            both(
                batch_norm.forward_instances(x, batch),
                batch_norm.forward_instances_dual(dx, batch),
            ),
        ),
        ("Dropout", both(dropout.forward(x), dropout.forward_dual(dx))),
        ("Norm", both(norm.forward(x), norm.forward_dual(dx))),
        ("RadialNetwork", both(network.forward(w), network.forward_dual(dx))),
        ("TensorProduct", both(product.forward(x, x), product.forward_dual(dx, dx))),
        ("WeightedProduct", both(weighted.forward(x, x, w), weighted.forward_dual(dx, dx, dx))),
        (
            "WeightedProduct",
            both(
                weighted.sum_messages(graph, x, x, w),
                weighted.sum_messages_dual(graph, dx, dx, dx),
            ),
        ),
        (
            "SymmetricContraction",
            both(contraction.forward(x, &one), contraction.forward_dual(dx, &one)),
        ),
        ("SpeciesLinear", both(by_species.forward(x, &one), by_species.forward_dual(dx, &one))),
        (
            "SpeciesEmbedding",
            both(embedding.forward(&one), embedding.forward(&one).map(Dual::constant)),
        ),
        ("Convolution", both(convolution.forward(x, edges), convolution.forward_dual(dx, edges))),
        ("gather_senders", both(gather_senders(x, graph), gather_senders_dual(dx, graph))),
        ("gather_receivers", both(gather_receivers(x, graph), gather_receivers_dual(dx, graph))),
        (
            "sum_into_receivers",
            both(sum_into_receivers(x, graph), sum_into_receivers_dual(dx, graph)),
        ),
        (
            "softmax_by_receiver",
            both(softmax_by_receiver(x, graph), softmax_by_receiver_dual(dx, graph)),
        ),
        ("pool", both(pool(sum, x, batch), pool_dual(sum, dx, batch))),
    ];
    if let Ok(tensor) = CartesianTensor::new("i") {
        let from =
            [tensor.from_features(x).unwrap_err(), tensor.from_features_dual(dx).unwrap_err()];
        let to = both(tensor.to_features(w), tensor.to_features_dual([w, w]));
        // Both fit, but not one another.
        let [one, other] = [1, 2].map(|rows| zeros([rows, 3], DType::F32));
        let differ = tensor.to_features_dual([&one, &other]).unwrap_err();
        let names = ["CartesianTensor"; 3];
        refusals.extend(names.into_iter().zip([from, to, [differ.clone(), differ]]));
    }
    refusals
}

#[test]
fn errors_of_layers_begin_with_their_names() {
    for (layer, errors) in refusals() {
        for error in errors {
            let NnError::Layer { layer: found, error: inner } = &error else {
                panic!("{layer}: {error}")
            };
            assert_eq!(*found, layer);
            assert_eq!(refused::<(), _>(Err(error.clone())), format!("`{layer}`: {inner}"));
            // What prints the chain of sources prints nothing twice.
            assert!(error.source().is_none());
            // Every name once, and then what is wrong.
            assert!(!inner.to_string().contains(&format!("`{layer}`")), "{error}");
            let innermost = error.innermost().to_string();
            assert!(error.to_string().ends_with(&innermost) && !innermost.starts_with('`'));
        }
    }
}

#[test]
fn blocks_of_one_irrep_may_be_split() {
    let device = Device::flex();
    let mut init = Init::new(1, &device).with_dtype(DType::F64).unwrap();
    let [split, joined]: [Irreps; 2] = ["1x0e + 2x0e", "3x0e"].map(|text| text.parse().unwrap());
    let kernel = kernels::TensorProduct::elementwise(&split, &joined, |_| true).unwrap();
    let product = TensorProduct::new(kernel, &mut init);
    let x = tensor(&[1.0, 2.0, 3.0], [1, 3], DType::F64, &device);
    let found = product.forward(&features(&split, &x), &features(&joined, &x)).unwrap();
    assert_eq!(values(&found.into_values()), [1.0, 4.0, 9.0]);
}

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
        "`Linear`: the input has the irreps `3x0e`, expected `2x0e`"
    );
    let gate = NormGate::new(&scalars(2), &mut init);
    assert_eq!(
        refused(gate.forward(&rows(&scalars(3), 1))),
        "`NormGate`: the input has the irreps `3x0e`, expected `2x0e`"
    );
    let contraction = SymmetricContraction::new(&scalars(2), &scalars(2), 2, 3, &mut init).unwrap();
    assert_eq!(
        refused(contraction.forward(&rows(&scalars(3), 1), &species([0], 3))),
        "`SymmetricContraction`: the input has the irreps `3x0e`, expected `2x0e`"
    );
    assert_eq!(
        refused(contraction.forward(&rows(&scalars(2), 1), &species([0, 1], 3))),
        "`SymmetricContraction`: the input has the shape [1, 2], expected [2, 2]"
    );
    assert_eq!(
        refused(contraction.forward(&rows(&scalars(2), 1), &species([3], 4))),
        "`SymmetricContraction`: nodes are of 4 species, expected 3"
    );
    let product = full_product(&scalars(2), &scalars(3), &mut init);
    assert_eq!(
        refused(product.forward(&rows(&scalars(3), 2), &rows(&scalars(3), 2))),
        "`TensorProduct`: the first factor has the irreps `3x0e`, expected `2x0e`"
    );
    assert_eq!(
        refused(product.forward(&rows(&scalars(2), 2), &rows(&scalars(2), 2))),
        "`TensorProduct`: the second factor has the irreps `2x0e`, expected `3x0e`"
    );
    assert_eq!(
        refused(product.forward(&rows(&scalars(2), 2), &rows(&scalars(3), 4))),
        "`TensorProduct`: the second factor has the shape [4, 3], expected [2, 3]"
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
        "`pool`: the tensor of node features has the shape [4, 2], expected [3, 2]"
    );
    let network = RadialNetwork::new(&[3, 2], &mut init);
    assert_eq!(
        refused(network.forward(&zeros([5, 2], DType::F32))),
        "`RadialNetwork`: the radial basis has the shape [5, 2], expected [5, 3]"
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
        above(DegreeLimit::Lmax, LMAX + 1, "")
    );
    let periodic = Graph::from_edges_periodic(1, &[0], &[0], &[[0, 1, 0]]).unwrap().0;
    assert_eq!(
        make(periodic, positions(1), None, DEGREE).unwrap_err(),
        NnError::Graph(GraphError::MissingCell { edge: 0, shift: [0, 1, 0] })
    );

    let mut init = Init::new(1, &device);
    let convolution = Convolution::new(&config(), &mut init).unwrap();
    let x = |rows| features(&config().input, &zeros([rows, config().input.dim()], DType::F32));
    let edges = attributes(graph(), positions(4));
    assert_eq!(
        refused(convolution.forward(&x(5), &edges)),
        format!(
            "`Convolution`: the tensor of node features has the shape [5, {0}], expected [4, {0}]",
            config().input.dim()
        )
    );
    if DEGREE > 0 {
        let lower = make(graph(), positions(4), None, 0).unwrap();
        assert_eq!(
            refused(convolution.forward(&x(4), &lower)),
            format!(
                "`Convolution`: the tensor of edge harmonics has the irreps `1x0e`, expected `{}`",
                Irreps::spherical_harmonics(DEGREE)
            )
        );
    }
    let larger = Bessel::new(3, 8.0).unwrap();
    let larger = EdgeAttributes::new(graph(), positions(4), None, DEGREE, larger).unwrap();
    assert_eq!(
        refused(convolution.forward(&x(4), &larger)),
        "`Convolution`: `RadialNetwork`: the radial basis has the shape [8, 3], expected [8, 2]"
    );

    for lmax in [LMAX + 1, usize::MAX] {
        assert_eq!(
            refused(Convolution::new(&ConvolutionConfig { lmax, ..config() }, &mut init)),
            format!("`Convolution`: {}", above(DegreeLimit::Lmax, lmax, ""))
        );
    }
    for neighbours in [0.0, -1.0, f64::INFINITY, f64::NAN] {
        assert_eq!(
            refused(Convolution::new(&ConvolutionConfig { neighbours, ..config() }, &mut init)),
            format!(
                "`Convolution`: the number of neighbours is {neighbours}, expected a finite number \
                 above zero"
            )
        );
    }
}

#[test]
fn products_whose_weights_do_not_fit_are_refused() {
    let [product, ..] = weighted_products();
    let [first, second] = [product.kernel().first(), product.kernel().second()];
    let rows = |irreps: &Irreps, rows| features(irreps, &zeros([rows, irreps.dim()], DType::F32));
    let count = product.num_weights();
    let graph = Arc::new(graph());
    let (nodes, edges) = (rows(first, 4), rows(second, 8));
    let weights = |rows, columns| zeros([rows, columns], DType::F32);
    assert_eq!(
        refused(product.sum_messages(&graph, &nodes, &edges, &weights(7, count))),
        format!(
            "`WeightedProduct`: the tensor of weights has the shape [7, {count}], expected \
             [8, {count}]"
        )
    );
    assert_eq!(
        refused(product.sum_messages(&graph, &nodes, &edges, &weights(1, count + 1))),
        format!(
            "`WeightedProduct`: the tensor of weights has the shape [1, {}], expected [1, {count}]",
            count + 1
        )
    );
    assert_eq!(
        refused(product.sum_messages(&graph, &rows(first, 5), &edges, &weights(8, count))),
        format!(
            "`WeightedProduct`: the tensor of node features has the shape [5, {0}], expected \
             [4, {0}]",
            first.dim()
        )
    );
    assert_eq!(
        refused(product.sum_messages(&graph, &nodes, &rows(second, 4), &weights(8, count))),
        format!(
            "`WeightedProduct`: the tensor of edge features has the shape [4, {0}], expected \
             [8, {0}]",
            second.dim()
        )
    );
    assert_eq!(
        refused(product.forward(&nodes, &edges, &weights(4, count))),
        format!(
            "`WeightedProduct`: the second factor has the shape [8, {0}], expected [4, {0}]",
            second.dim()
        )
    );
    let scalars = Irreps::scalars(first.dim() + 1);
    assert_eq!(
        refused(product.sum_messages(&graph, &rows(&scalars, 4), &edges, &weights(8, count))),
        format!(
            "`WeightedProduct`: the tensor of node features has the irreps `{scalars}`, expected \
             `{first}`"
        )
    );
    // No edges, and no nodes.
    for nodes in [3, 0] {
        let none = Arc::new(Graph::from_edges(nodes, &[], &[]).unwrap().0);
        let sums =
            product.sum_messages(&none, &rows(first, nodes), &rows(second, 0), &weights(0, count));
        assert_eq!(values(sums.unwrap().values()), vec![0.0; nodes * product.output().dim()]);
    }
}

#[test]
fn positions_and_cells_that_are_not_finite_are_refused() {
    let pair = Graph::complete(2, SelfEdges::Without);
    let batch = Batch::new(&[pair.clone(), pair.clone()]);
    let cell = [[2.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 2.0]];
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for dtype in TYPES {
            let r = tensor(&[0.0, 0.0, 0.0, 1.0, value, 0.0], [2, 3], dtype, &Device::flex());
            assert_eq!(
                refused(EdgeAttributes::new(pair.clone(), r, None, 0, basis())),
                format!("position 1 has {value} on axis 1, expected a finite number")
            );
        }
        let mut bad = cell;
        bad[2][1] = value;
        let message = format!("cell vector 2 has {value} on axis 1, expected a finite number");
        let r = |nodes| zeros([nodes, 3], DType::F32);
        assert_eq!(
            refused(EdgeAttributes::new(pair.clone(), r(2), Some(bad), 0, basis())),
            message
        );
        assert_eq!(
            refused(EdgeAttributes::of_batch(&batch, r(4), &[cell, bad], 0, basis())),
            format!("the cell of graph 1: {message}")
        );
    }
    assert_eq!(
        refused(EdgeAttributes::of_batch(&batch, zeros([4, 3], DType::F32), &[cell], 0, basis())),
        "the slice of cells has length 1, expected 2"
    );
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
    let mixed = |first: DType, second: DType| {
        format!("tensors of {first:?} and {second:?} meet, expected one type: cast one")
    };
    let of = |layer: &str, message: &str| format!("`{layer}`: {message}");
    for dtype in [DType::F32, DType::F16, DType::BF16] {
        let tensor = Tensor::<2>::zeros([3, 2], &device).cast(dtype);
        let x = features(&two, &tensor);
        let message = match dtype {
            DType::F32 => mixed(DType::F32, DType::F64),
            _ => format!("a tensor holds {dtype:?}, expected F32 or F64"),
        };
        assert_eq!(refused(linear.forward(&x)), of("Linear", &message));
        assert_eq!(refused(gate.forward(&x)), of("NormGate", &message));
        assert_eq!(refused(product.forward(&x, &x)), of("TensorProduct", &message));
        assert_eq!(refused(network.forward(&tensor)), of("RadialNetwork", &message));
        let y = features(&two, &zeros([3, 2], DType::F64));
        let other = match dtype {
            DType::F32 => mixed(DType::F64, DType::F32),
            _ => message.clone(),
        };
        assert_eq!(refused(y.add(&x)), other);
        assert_eq!(refused(product.forward(&y, &x)), of("TensorProduct", &other));
        if dtype != DType::F32 {
            assert_eq!(refused(pool(Pooling::Sum, &x, &batch)), of("pool", &message));
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
    let message = of("RadialNetwork", &mixed(DType::F32, DType::F64));
    assert_eq!(refused(convolution.forward(&x, &edges)), of("Convolution", &message));
}
