//! Energies, forces and stress of structures, the gradients of losses of all three, and layers whose
//! state a pass changes.

mod common {
    pub mod layer;
}

use std::sync::Arc;

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::{DType, Device, Tensor};
use common::layer::{
    assert_close, central_differences, features, gradients_by_parameters, irreps, parameters,
    tensor, values, with_parameters,
};
use tesseral::equivariance::Random;
use tesseral::graph::{Batch, Cell, Graph, SelfEdges};
use tesseral::nn::{
    BatchNorm, BatchNormConfig, Convolution, ConvolutionConfig, Dropout, Dual, EdgeAttributes,
    Init, NnError, NormGate, Pooling, Prediction, Structures, pool_dual,
};
use tesseral::radial::{Bessel, Enveloped, PolynomialCutoff};
use tesseral::{Irreps, LMAX};

const DEGREE: usize = if LMAX < 2 { LMAX } else { 2 };
const CUTOFF: f64 = 2.5;

/// Two convolutions; between them a gate, and layers that change in training where `changing`.
#[derive(Module, Debug)]
struct Potential {
    first: Convolution,
    norm: Option<BatchNorm>,
    dropout: Option<Dropout>,
    gate: NormGate,
    second: Convolution,
}

impl Potential {
    fn new(changing: bool, device: &Device) -> Potential {
        let mut init = Init::new(3, device).with_dtype(DType::F64).unwrap();
        let hidden = irreps("4x0e + 2x1o + 1x2e");
        let config = |input: &Irreps, output: &Irreps| ConvolutionConfig {
            input: input.clone(),
            output: output.clone(),
            lmax: DEGREE,
            basis: 4,
            hidden: vec![6],
            neighbours: 3.0,
        };
        let one = Irreps::scalars(1);
        let norm = BatchNorm::new(&hidden, BatchNormConfig::default(), &mut init);
        let dropout = Dropout::new(&hidden, 0.3, &mut init).unwrap();
        Potential {
            first: Convolution::new(&config(&one, &hidden), &mut init).unwrap(),
            norm: changing.then_some(norm),
            dropout: changing.then_some(dropout),
            gate: NormGate::new(&hidden, &mut init),
            second: Convolution::new(&config(&hidden, &one), &mut init).unwrap(),
        }
    }

    fn energies(&self, edges: &EdgeAttributes, batch: &Arc<Batch>) -> Result<Dual, NnError> {
        let device = edges.basis().device();
        let ones = Tensor::ones([batch.graph().num_nodes(), 1], (&device, DType::F64));
        let mut x = Dual::constant(features(&Irreps::scalars(1), &ones));
        x = self.first.forward_dual(&x, edges)?;
        if let (Some(norm), Some(dropout)) = (&self.norm, &self.dropout) {
            x = dropout.forward_dual(&norm.forward_dual(&x)?)?;
        }
        x = self.second.forward_dual(&self.gate.forward_dual(&x)?, edges)?;
        pool_dual(Pooling::Sum, &x, batch)
    }
}

/// A triclinic crystal, a slab and a cluster.
struct Sample {
    positions: Vec<f64>,
    cells: [Cell; 3],
    batch: Arc<Batch>,
}

const SIZES: [usize; 3] = [3, 2, 4];

fn sample() -> Sample {
    let crystal = Cell::new([[2.9, 0.2, -0.1], [0.4, 3.1, 0.3], [-0.2, 0.1, 2.7]]);
    let slab = Cell { periodic: [true, true, false], ..crystal };
    let open = Cell { vectors: [[0.0; 3]; 3], periodic: [false; 3] };
    let cells = [crystal, slab, open];
    let mut random = Random::new(5);
    let mut positions = Vec::new();
    let mut graphs = Vec::new();
    for (size, cell) in SIZES.into_iter().zip(cells) {
        let own: Vec<[f64; 3]> = (0..size).map(|_| random.normal_vector()).collect();
        let Cell { vectors, periodic } = cell;
        let graph =
            Graph::within_radius_periodic(&own, vectors, periodic, CUTOFF, SelfEdges::Without);
        graphs.push(graph.unwrap());
        positions.extend(own.into_iter().flatten());
    }
    Sample { positions, cells, batch: Arc::new(Batch::new(&graphs)) }
}

fn structures(sample: &Sample, device: &Device) -> Structures {
    let Sample { positions, cells, batch } = sample;
    let positions = tensor(positions, [positions.len() / 3, 3], DType::F64, device);
    let basis = Bessel::new(4, CUTOFF).unwrap();
    let basis = Enveloped::new(basis, PolynomialCutoff::new(CUTOFF, 6).unwrap());
    Structures::new(batch.clone(), positions, Some(cells), DEGREE, basis).unwrap()
}

fn predict(model: &Potential, sample: &Sample) -> Prediction {
    let found = structures(sample, &Device::flex().autodiff());
    found.predict(model, |model, edges| model.energies(edges, &sample.batch)).unwrap()
}

fn total(model: &Potential, sample: &Sample) -> f64 {
    values(&predict(model, sample).energies).iter().sum()
}

/// The structure of graph `index` with positions and cell under a strain.
fn strained(sample: &Sample, index: usize, strain: &[f64]) -> Sample {
    let deform = |r: &[f64]| -> Vec<f64> {
        (0..3).map(|a| r[a] + (0..3).map(|b| strain[3 * a + b] * r[b]).sum::<f64>()).collect()
    };
    let nodes = sample.batch.node_ranges().nth(index).unwrap();
    let mut positions = sample.positions.clone();
    for node in nodes {
        let moved = deform(&positions[3 * node..3 * node + 3]);
        positions[3 * node..3 * node + 3].copy_from_slice(&moved);
    }
    let mut cells = sample.cells;
    for vector in &mut cells[index].vectors {
        *vector = deform(vector).try_into().unwrap();
    }
    Sample { positions, cells, batch: sample.batch.clone() }
}

#[test]
fn forces_and_stress_are_derivatives_of_the_energy() {
    let model = Potential::new(false, &Device::flex().autodiff());
    let sample = sample();
    let found = predict(&model, &sample);
    let at = |positions: &[f64]| {
        let (cells, batch) = (sample.cells, sample.batch.clone());
        total(&model, &Sample { positions: positions.to_vec(), cells, batch })
    };
    let slopes = central_differences(&sample.positions, at);
    let forces: Vec<f64> = slopes.iter().map(|slope| -slope).collect();
    assert_close("forces", &values(&found.forces), &forces, 1e-8);
    let gradient = values(&found.strain_gradient);
    for (graph, own) in gradient.chunks_exact(9).enumerate() {
        let slopes = central_differences(&[0.0; 9], |strain| {
            total(&model, &strained(&sample, graph, strain))
        });
        assert_close("strain", own, &slopes, 1e-8);
        assert!(own.iter().all(|entry| *entry != 0.0), "six unequal components");
        // Energies do not change under rotations.
        for (entry, across) in [(1, 3), (2, 6), (5, 7)] {
            assert!((own[entry] - own[across]).abs() < 1e-13 * own[entry].abs().max(1.0));
        }
    }
}

#[test]
fn stress_is_the_strain_gradient_by_volume() {
    let model = Potential::new(false, &Device::flex().autodiff());
    let all = sample();
    let found = predict(&model, &all);
    let error = found.stress().unwrap_err();
    assert_eq!(
        error.to_string(),
        "graph 1 has no volume to divide by, expected a cell that is periodic along all three \
         vectors: use the gradient by strain instead of the stress"
    );
    let graph = Graph::within_radius_periodic(
        all.positions[..9].as_chunks().0,
        all.cells[0].vectors,
        [true; 3],
        CUTOFF,
        SelfEdges::Without,
    );
    let positions = tensor(&all.positions[..9], [3, 3], DType::F64, &Device::flex());
    let batch = Arc::new(Batch::new(&[graph.unwrap()]));
    let basis =
        Enveloped::new(Bessel::new(4, CUTOFF).unwrap(), PolynomialCutoff::new(CUTOFF, 6).unwrap());
    // Without autodiff on the structure's device it is the same.
    let alone =
        Structures::new(batch.clone(), positions, Some(&all.cells[..1]), DEGREE, basis).unwrap();
    let alone = alone.predict(&model, |model, edges| model.energies(edges, &batch)).unwrap();
    let stress = values(&alone.stress().unwrap());
    let volume = all.cells[0].volume().unwrap();
    let expected: Vec<f64> =
        values(&found.strain_gradient)[..9].iter().map(|entry| entry / volume).collect();
    assert_close("stress", &stress, &expected, 1e-14);
    assert!(!alone.forces.is_autodiff() && !alone.energies.is_autodiff());
}

/// A loss that is no sum of squares: a smooth Huber loss of energies and forces, and the spread of the
/// strain gradient.
fn loss(found: &Prediction) -> Result<Tensor<1>, NnError> {
    let huber = |x: Tensor<1>| ((x.powf_scalar(2.0) + 1.0).sqrt() - 1.0).mean();
    let forces = found.forces.clone().add_scalar(0.1).reshape([-1]);
    let strain: Tensor<1> = found.strain_gradient.clone().reshape([-1]);
    let coupled = found.energies.clone().sum() * strain.clone().powf_scalar(2.0).sum();
    Ok(huber(found.energies.clone().sub_scalar(0.3))
        + huber(forces).mul_scalar(2.0)
        + coupled.mul_scalar(1e-3))
}

/// The loss in training, by a copy, so that nothing is learned.
fn training_loss(model: &Potential, sample: &Sample) -> f64 {
    let structures = structures(sample, &Device::flex().autodiff());
    let energies = |model: &Potential, edges: &EdgeAttributes| model.energies(edges, &sample.batch);
    structures.loss_gradients(&model.clone(), energies, loss).unwrap().loss
}

#[test]
fn gradients_of_any_loss_are_its_derivatives() {
    let sample = sample();
    for changing in [false, true] {
        let model = Potential::new(changing, &Device::flex().autodiff());
        let theta = parameters(&model).values;
        let structures = structures(&sample, &Device::flex().autodiff());
        let energies =
            |model: &Potential, edges: &EdgeAttributes| model.energies(edges, &sample.batch);
        let copy = model.clone();
        let step = structures.loss_gradients(&copy, energies, loss).unwrap();
        assert_eq!(step.loss, training_loss(&model, &sample));
        let gradients = GradientsParams::from_grads(step.gradients, &copy);
        let found = gradients_by_parameters(&gradients, &copy);
        // Running averages are among the numbers of the module; in training nothing depends on
        // them.
        let expected = central_differences(&theta, |theta| {
            training_loss(&with_parameters(model.clone(), theta), &sample)
        });
        assert_close("the gradients of a loss", &found, &expected, 1e-8);
    }
}

#[test]
fn a_loss_of_energies_alone_and_of_nothing() {
    let sample = sample();
    let model = Potential::new(false, &Device::flex().autodiff());
    let theta = parameters(&model).values;
    let structures = structures(&sample, &Device::flex().autodiff());
    let energies = |model: &Potential, edges: &EdgeAttributes| model.energies(edges, &sample.batch);
    let of_energies = |found: &Prediction| Ok(found.energies.clone().powf_scalar(2.0).sum());
    let step = structures.loss_gradients(&model, energies, of_energies).unwrap();
    let gradients = GradientsParams::from_grads(step.gradients, &model);
    let expected = central_differences(&theta, |theta| {
        let model = with_parameters(model.clone(), theta);
        values(&predict(&model, &sample).energies).iter().map(|e| e * e).sum()
    });
    let found = gradients_by_parameters(&gradients, &model);
    assert_close("of energies", &found, &expected, 1e-8);
    let nothing = |_: &Prediction| Ok(Tensor::ones([1], (&Device::flex(), DType::F64)));
    let step = structures.loss_gradients(&model, energies, nothing).unwrap();
    assert_eq!(step.loss, 1.0);
    let gradients = GradientsParams::from_grads(step.gradients, &model);
    assert!(gradients_by_parameters(&gradients, &model).iter().all(|g| *g == 0.0));
}

#[test]
fn one_step_learns_averages_once_and_drops_the_same_channels() {
    let sample = sample();
    let device = Device::flex().autodiff();
    let model = Potential::new(true, &device);
    let moments = |model: &Potential| model.norm.as_ref().unwrap().running_moments();
    // By hand: one pass in training.
    let by_hand = model.clone();
    let edges = EdgeAttributes::of_batch(
        &sample.batch,
        tensor(&sample.positions, [9, 3], DType::F64, &device),
        &sample.cells.map(|cell| cell.vectors),
        DEGREE,
        Enveloped::new(Bessel::new(4, CUTOFF).unwrap(), PolynomialCutoff::new(CUTOFF, 6).unwrap()),
    );
    let first = values(by_hand.energies(&edges.unwrap(), &sample.batch).unwrap().value().values());
    let before = moments(&model);
    let structures = structures(&sample, &device);
    let energies = |model: &Potential, edges: &EdgeAttributes| model.energies(edges, &sample.batch);
    let step = structures.loss_gradients(&model, energies, loss).unwrap();
    assert_close("energies", &values(&step.prediction.energies), &first, 1e-14);
    for (found, expected) in moments(&model).iter().zip(moments(&by_hand)) {
        assert_close("averages", found, &expected, 1e-14);
    }
    assert_ne!(moments(&model), before);
    // Predictions change nothing, and drop nothing: they are the same twice.
    let after = moments(&model);
    let found = predict(&model, &sample);
    assert_eq!(values(&found.energies), values(&predict(&model, &sample).energies));
    assert_eq!(moments(&model), after);
    // The next step drops others.
    let energies_of = |step: &tesseral::nn::LossGradients| values(&step.prediction.energies);
    let next = structures.loss_gradients(&model, energies, loss).unwrap();
    assert_ne!(energies_of(&step), energies_of(&next));
}

#[test]
fn energies_that_do_not_fit_are_refused() {
    let sample = sample();
    let device = Device::flex().autodiff();
    let model = Potential::new(false, &device);
    let structures = structures(&sample, &device);
    let nodes = |irreps: &str, rows: usize| {
        let irreps: Irreps = irreps.parse().unwrap();
        let zeros = Tensor::zeros([rows, irreps.dim()], (&device, DType::F64));
        Dual::constant(features(&irreps, &zeros))
    };
    let message = |energies: Dual| {
        let found: Result<Prediction, NnError> =
            structures.predict(&model, |_, _| Ok(energies.clone()));
        found.unwrap_err().to_string()
    };
    assert_eq!(
        message(nodes("1x0e", 9)),
        "the tensor of energies has the shape [9, 1], expected [3, 1]"
    );
    assert_eq!(
        message(nodes("1x0o", 3)),
        "the tensor of energies has the irreps `1x0o`, expected `1x0e`"
    );
    // Energies that depend on nothing have no forces.
    let found: Result<_, NnError> = structures.predict(&model, |_, _| Ok(nodes("1x0e", 3)));
    assert_eq!(values(&found.unwrap().forces), [0.0; 27]);
}

/// Layers by `forward` predict forces and lose the derivative along edges, which a loss of forces needs.
#[test]
fn energies_that_lose_their_derivative_are_refused() {
    let sample = sample();
    let device = Device::flex().autodiff();
    let model = Potential::new(false, &device);
    let structures = structures(&sample, &device);
    let plain = |model: &Potential, edges: &EdgeAttributes| -> Result<Dual, NnError> {
        Ok(Dual::constant(model.energies(edges, &sample.batch)?.value()))
    };
    let found = structures.predict(&model, plain).unwrap();
    assert_eq!(values(&found.forces), values(&predict(&model, &sample).forces));
    let error = structures.loss_gradients(&model, plain, loss).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the energies have no derivative along the edges, expected a `Dual` that has it: use \
         `forward_dual` in every layer between edges and energies, and not `Dual::constant`"
    );
    // A loss of energies alone needs none.
    let of_energies = |found: &Prediction| Ok(found.energies.clone().sum());
    structures.loss_gradients(&model, plain, of_energies).unwrap();
}

#[test]
fn cells_without_volume_are_refused() {
    let batch = Arc::new(Batch::new(&[Graph::complete(2, SelfEdges::Without)]));
    let made = |cell: Cell| {
        let positions =
            tensor(&[0.0, 0.0, 0.0, 1.0, 0.0, 0.0], [2, 3], DType::F64, &Device::flex());
        let basis = Bessel::new(4, CUTOFF).unwrap();
        Structures::new(batch.clone(), positions, Some(&[cell]), 0, basis)
    };
    let flat = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, 1.0, 0.0]];
    for vectors in [[[0.0; 3]; 3], flat] {
        let message = made(Cell::new(vectors)).unwrap_err().to_string();
        assert!(message.starts_with("the cell of graph 0: the periodic cell vectors"), "{message}");
    }
    made(Cell { periodic: [true, true, false], ..Cell::new(flat) }).unwrap();
}

// State that a pass changes.

/// One training pass of a layer of `1x0e` over the rows 0 and 10.
fn trained(device: &Device) -> BatchNorm {
    let irreps = Irreps::scalars(1);
    let layer = BatchNorm::new(&irreps, BatchNormConfig::default(), &mut Init::new(1, device));
    let x = tensor(&[0.0, 10.0], [2, 1], DType::F32, device);
    layer.forward(&features(&irreps, &x)).unwrap();
    layer
}

/// 0.9 of the first values and 0.1 of the mean 5 and the variance 25.
const AVERAGES: [f64; 2] = [0.5, 3.4];

fn assert_averages(layer: &BatchNorm) {
    let [mean, moment] = layer.running_moments();
    for (found, expected) in [mean[0], moment[0]].into_iter().zip(AVERAGES) {
        assert!((found - expected).abs() < 1e-6, "{found}, expected {expected}");
    }
}

#[test]
fn averages_are_seen_at_once() {
    let device = Device::flex().autodiff();
    // A record, taken before anything else looks.
    let record = trained(&device).into_record();
    let fresh =
        BatchNorm::new(&Irreps::scalars(1), BatchNormConfig::default(), &mut Init::new(1, &device));
    assert_averages(&fresh.clone().load_record(record));
    // The one that was not loaded into has its own still.
    assert_eq!(fresh.running_moments(), [vec![0.0], vec![1.0]]);
    // Frozen, in evaluation and on another device.
    assert_averages(&trained(&device).clone().freeze());
    assert_averages(&trained(&device).valid());
    assert_averages(&trained(&device).valid().train());
    let frozen = trained(&device).freeze();
    let x = tensor(&[0.5], [1, 1], DType::F32, &device);
    let z = frozen.forward(&features(&Irreps::scalars(1), &x)).unwrap();
    assert!(values(z.values())[0].abs() < 1e-6);
}

#[test]
fn averages_are_cast_where_they_are_loaded() {
    let device = Device::flex().autodiff();
    let irreps = Irreps::scalars(1);
    let mut init = Init::new(1, &device).with_dtype(DType::F64).unwrap();
    let layer = BatchNorm::new(&irreps, BatchNormConfig::default(), &mut init);
    let layer = layer.load_record(trained(&device).into_record());
    assert_averages(&layer);
    let x = features(&irreps, &tensor(&[0.5], [1, 1], DType::F64, &device));
    assert_eq!(layer.freeze().forward(&x).unwrap().values().dtype(), DType::F64);
}

#[test]
fn averages_of_another_thread_count_the_same() {
    let device = Device::flex().autodiff();
    assert_averages(&std::thread::spawn(move || trained(&device)).join().unwrap());
    let device = Device::flex().autodiff();
    let layer = trained(&device);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let x = tensor(&[0.0, 10.0], [2, 1], DType::F32, &device);
            layer.forward(&features(&Irreps::scalars(1), &x)).unwrap();
        });
    });
    let [mean, _] = layer.running_moments();
    assert!((mean[0] - 0.95).abs() < 1e-6, "{mean:?}");
}

#[test]
fn clones_learn_for_themselves() {
    let device = Device::flex().autodiff();
    let best = trained(&device);
    let going_on = best.clone();
    let x = tensor(&[3.0, 4.0], [2, 1], DType::F32, &device);
    going_on.forward(&features(&Irreps::scalars(1), &x)).unwrap();
    assert_averages(&best);
    assert_ne!(best.running_moments(), going_on.running_moments());
}

#[test]
fn dropout_goes_on_where_it_was() {
    let device = Device::flex().autodiff();
    let irreps = Irreps::scalars(16);
    let ones = || features(&irreps, &Tensor::ones([4, 16], (&device, DType::F32)));
    let layer = Dropout::new(&irreps, 0.5, &mut Init::new(1, &device)).unwrap();
    let draw = |layer: &Dropout| values(layer.forward(&ones()).unwrap().values());
    let first = draw(&layer);
    let copy = layer.clone();
    let record = layer.clone().into_record();
    let second = draw(&layer);
    assert_ne!(first, second);
    // A copy drops the same next, and leaves the layer alone.
    assert_eq!(draw(&copy), second);
    let third = draw(&layer);
    assert_eq!(draw(&copy), third);
    // So does a layer that is loaded, whatever its seed.
    let other = Dropout::new(&irreps, 0.5, &mut Init::new(2, &device)).unwrap();
    assert_eq!(draw(&other.load_record(record)), second);
    assert_eq!(layer.num_params(), 0);
}
