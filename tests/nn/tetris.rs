//! The Tetris network: equivariant whatever its weights, and trained on one orientation of each
//! piece, it knows all others.

#[path = "../../examples/tetris/network.rs"]
mod network;
#[path = "../../examples/tetris/pieces.rs"]
mod pieces;

use burn::module::Module;
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::activation::log_softmax;
use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use tesseral::LMAX;
use tesseral::equivariance::{Equivariance, Output, Random};
use tesseral::nn::Init;

use network::{Cloud, Network};
use pieces::{CHIRAL, PIECES, Piece};

const SEED: u64 = 0;

/// The most steps of training, and the loss where it ends.
const STEPS: usize = 150;
const LOSS: f64 = 2e-2;

/// Random rotations and translations of each piece.
const TRIALS: usize = 50;

fn train() -> Network {
    let device = Device::flex().autodiff();
    let mut network = Network::new(&mut Init::new(SEED, &device)).unwrap();
    let mut optimizer = AdamConfig::new().init();
    let pieces = Cloud::new(&PIECES, &device).unwrap();
    let targets = Tensor::<1, Int>::from_data(TensorData::from([0, 1, 2, 3, 4, 5, 6, 7]), &device);
    for _ in 0..STEPS {
        let logits = network.forward(&pieces).unwrap();
        let target = targets.clone().unsqueeze_dim::<2>(1);
        let loss = log_softmax(logits, 1).gather(1, target).mean().neg();
        if loss.clone().into_scalar::<f64>() < LOSS {
            return network.valid();
        }
        let gradients = GradientsParams::from_grads(loss.backward(), &network);
        network = optimizer.step(1e-2, network, gradients);
    }
    panic!("seed {SEED}: the loss is not below {LOSS} after {STEPS} steps");
}

fn logits(network: &Network, pieces: &[Piece]) -> Vec<[f32; 8]> {
    let logits = network.forward(&Cloud::new(pieces, &Device::flex()).unwrap()).unwrap();
    let values = logits.to_data().try_into_vec::<f32>().unwrap();
    values.as_chunks().0.to_vec()
}

fn class(logits: &[f32; 8]) -> usize {
    (0..8).max_by(|&a, &b| logits[a].total_cmp(&logits[b])).unwrap()
}

/// Whether this build has the degrees of the network.
fn has_degrees() -> bool {
    if LMAX < 2 {
        println!("skipped: the network needs LMAX of at least 2, it is {LMAX}");
    }
    LMAX >= 2
}

#[test]
fn the_whole_network_is_equivariant() {
    if !has_degrees() {
        return;
    }
    let device = Device::flex();
    // The first two logits change sign under reflections, the others do not change.
    let test = Equivariance::new("".parse().unwrap(), "2x0o + 6x0e".parse().unwrap());
    for (dtype, allowed) in [(DType::F64, 1e-12), (DType::F32, 1e-5)] {
        for seed in 0..4 {
            let init = &mut Init::new(seed, &device).with_dtype(dtype).unwrap();
            let network = Network::new(init).unwrap();
            let logits = |points: &[[f64; 3]], _: &[f64]| {
                let piece: Piece = points.try_into().unwrap();
                let cloud = Cloud::new(&[piece], (&device, dtype)).unwrap();
                let logits = network.forward(&cloud).unwrap().cast(DType::F64);
                logits.to_data().try_into_vec::<f64>().unwrap()
            };
            let test = test.clone().seed(seed);
            let report = test.of_point_cloud(4, Output::Global, logits).unwrap();
            let worst = report.worst().relative();
            println!("{dtype:?}, seed {seed}: {worst:.1e}");
            assert!(worst < allowed, "{dtype:?}: {report}");
        }
    }
}

#[test]
fn a_network_trained_on_one_orientation_knows_all() {
    if !has_degrees() {
        return;
    }
    let network = train();
    let reference = logits(&network, &PIECES);
    let mut random = Random::new(1);
    let turned: Vec<Piece> =
        (0..TRIALS).flat_map(|_| PIECES.map(|piece| pieces::moved(&piece, &mut random))).collect();
    let mut largest_change = 0.0_f32;
    for (index, found) in logits(&network, &turned).iter().enumerate() {
        let piece = index % PIECES.len();
        assert_eq!(class(found), piece, "seed {SEED}, trial {}", index / PIECES.len());
        for (found, expected) in found.iter().zip(reference[piece]) {
            largest_change = largest_change.max((found - expected).abs());
        }
    }
    println!("largest change of a logit: {largest_change:.1e}");
    assert!(largest_change < 1e-4, "seed {SEED}: {largest_change:e}");

    let mirrored = CHIRAL.map(|piece| pieces::mirrored(&PIECES[piece]));
    let [first, second] = CHIRAL;
    let found: Vec<usize> = logits(&network, &mirrored).iter().map(class).collect();
    assert_eq!(found, [second, first], "seed {SEED}");
}
