//! Classifies the eight Tetris pieces: trains on one orientation of each, tests on every other.
//!
//! `cargo run --example tetris`

mod network;
mod pieces;

use std::error::Error;
use std::time::Instant;

use burn::module::Module;
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor, TensorData};
use indicatif::{ProgressBar, ProgressStyle};
use tesseral::equivariance::Random;
use tesseral::nn::Init;

use network::{Cloud, Network};
use pieces::{CHIRAL, PIECES, Piece};

/// The most steps of training.
const STEPS: usize = 150;

/// Training ends below this loss.
const LOSS: f64 = 2e-2;

/// Random rotations and translations of each piece in the test.
const TRIALS: usize = 1000;

fn main() -> Result<(), Box<dyn Error>> {
    let seed = std::env::args().nth(1).map_or(Ok(0), |seed| seed.parse())?;
    let begun = Instant::now();
    let network = train(seed)?;
    let trained = begun.elapsed();
    test(&network)?;
    println!(
        "time: {:.2} s, of which training {:.2} s",
        begun.elapsed().as_secs_f64(),
        trained.as_secs_f64()
    );
    Ok(())
}

/// Trains a network on the pieces as they are.
fn train(seed: u64) -> Result<Network, Box<dyn Error>> {
    let device = Device::flex().autodiff();
    let mut network = Network::new(&mut Init::new(seed, &device))?;
    let mut optimizer = AdamConfig::new().init();
    let pieces = Cloud::new(&PIECES, &device)?;
    let targets = Tensor::<1, Int>::from_data(TensorData::from([0, 1, 2, 3, 4, 5, 6, 7]), &device);
    let bar = progress("training", STEPS);
    let mut first_perfect = None;
    for step in 1..=STEPS {
        let logits = network.forward(&pieces)?;
        let correct = correct(&logits)?;
        if correct == PIECES.len() {
            first_perfect.get_or_insert(step - 1);
        }
        let target = targets.clone().unsqueeze_dim::<2>(1);
        let loss = log_softmax(logits, 1).gather(1, target).mean().neg();
        let value: f64 = loss.clone().into_scalar();
        bar.set_message(format!("loss {value:.4}, {correct}/8"));
        bar.inc(1);
        if value < LOSS {
            break;
        }
        let gradients = GradientsParams::from_grads(loss.backward(), &network);
        network = optimizer.step(1e-2, network, gradients);
    }
    bar.finish();
    match first_perfect {
        Some(steps) => println!("training: 100 % after {steps} steps"),
        None => println!("training: not yet 100 % after {STEPS} steps"),
    }
    Ok(network.valid())
}

/// Tests on random rotations and translations, and on mirror images.
fn test(network: &Network) -> Result<(), Box<dyn Error>> {
    let device = Device::flex();
    let reference = rows(&network.forward(&Cloud::new(&PIECES, &device)?)?)?;
    let mut random = Random::new(1);
    let bar = progress("testing", TRIALS);
    let (mut right, mut largest_change) = (0, 0.0_f64);
    // Several trials are one batch.
    const TOGETHER: usize = 50;
    for _ in 0..TRIALS / TOGETHER {
        let turned: Vec<Piece> = (0..TOGETHER)
            .flat_map(|_| PIECES.map(|piece| pieces::moved(&piece, &mut random)))
            .collect();
        let logits = network.forward(&Cloud::new(&turned, &device)?)?;
        right += correct(&logits)?;
        for (index, row) in rows(&logits)?.iter().enumerate() {
            for (logit, expected) in row.iter().zip(&reference[index % PIECES.len()]) {
                largest_change = largest_change.max(f64::from((logit - expected).abs()));
            }
        }
        bar.inc(TOGETHER as u64);
    }
    bar.finish();
    let all = TRIALS * PIECES.len();
    println!(
        "accuracy: {:.2} % of {all} rotated and translated pieces",
        100.0 * right as f64 / all as f64
    );
    println!("equivariance: largest change of a logit {largest_change:.1e}");
    let mirrored = CHIRAL.map(|piece| pieces::mirrored(&PIECES[piece]));
    let found = classes(&network.forward(&Cloud::new(&mirrored, &device)?)?)?;
    println!("mirror images: pieces {CHIRAL:?} are classified as {found:?}");
    if right < all || largest_change > 1e-4 || found != [CHIRAL[1], CHIRAL[0]] {
        return Err("expected 100 %, changes below 1e-4, and mirror images exchanged".into());
    }
    Ok(())
}

/// The number of rows whose class is their index modulo 8.
fn correct(logits: &Tensor<2>) -> Result<usize, Box<dyn Error>> {
    let classes = classes(logits)?;
    Ok(classes.iter().enumerate().filter(|(row, class)| row % PIECES.len() == **class).count())
}

/// The class of each row: its largest logit.
fn classes(logits: &Tensor<2>) -> Result<Vec<usize>, Box<dyn Error>> {
    let largest = |row: &Vec<f32>| {
        let best = row.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
        best.map_or(0, |(index, _)| index)
    };
    Ok(rows(logits)?.iter().map(largest).collect())
}

fn rows(logits: &Tensor<2>) -> Result<Vec<Vec<f32>>, Box<dyn Error>> {
    let values = logits.to_data().try_into_vec::<f32>().map_err(|error| format!("{error:?}"))?;
    Ok(values.chunks_exact(PIECES.len()).map(<[f32]>::to_vec).collect())
}

fn progress(what: &'static str, steps: usize) -> ProgressBar {
    let bar = ProgressBar::new(steps as u64).with_prefix(what);
    let style = ProgressStyle::with_template("{prefix:>8} [{bar:40}] {pos}/{len} {msg}");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
