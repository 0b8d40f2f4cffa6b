//! Times of large calls on one thread and on several, one line for each case read from standard input:
//! the side of this library in `benches/compare.py threads`, which says what the cases are.
//!
//! The answer is milliseconds of wall clock, the fastest of several samples: on the calling thread without
//! `in_parallel`, then with it in a pool of 1, 2, ... threads. Layers are always parallel, so their first
//! number is `-`. Ways take turns, sample by sample, so that a machine that slows down slows all.

use std::error::Error;
use std::hint::black_box;
use std::io::{self, BufRead, Write};
use std::sync::Arc;
use std::time::Instant;

use burn::module::Module;
use burn::tensor::{DType, Device, Tensor, TensorData};
use rayon::{ThreadPool, ThreadPoolBuilder};
use tesseral::graph::{Batch, Cell, Graph, Search, SelfEdges};
use tesseral::kernels::{
    Linear, LinearGradients, LinearInputs, Pairing, ProductGradients, ProductInputs, TensorProduct,
};
use tesseral::nn::{
    Convolution, ConvolutionConfig, Dual, EdgeAttributes, Features, Init, NnError, NormGate,
    Pooling, Structures, pool_dual,
};
use tesseral::radial::{Bessel, Enveloped, PolynomialCutoff};
use tesseral::sh::{Axes, Harmonics, Normalization};
use tesseral::{Irrep, Irreps};

/// The samples of each way, and the least that one lasts, in seconds.
const SAMPLES: usize = 25;
const SAMPLE: f64 = 5e-3;

/// The edges into each node of a convolution.
const NEIGHBOURS: usize = 20;

fn main() -> Result<(), Box<dyn Error>> {
    let most = std::thread::available_parallelism()?.get();
    let pools: Vec<ThreadPool> = (1..=most)
        .map(|threads| ThreadPoolBuilder::new().num_threads(threads).build())
        .collect::<Result<_, _>>()?;
    for line in io::stdin().lock().lines() {
        let answer = measure(line?.trim(), &pools)?;
        let answer: Vec<String> = answer
            .into_iter()
            .map(|time| time.map_or("-".to_string(), |time| (1e3 * time).to_string()))
            .collect();
        println!("{}", answer.join(" "));
        io::stdout().flush()?;
    }
    Ok(())
}

/// A call; on one thread if the argument is false. `None` where there is no such way.
type Call = Box<dyn FnMut(bool) + Send>;

struct Case {
    call: Call,
    /// Whether there is a way without `in_parallel`.
    has_plain: bool,
}

fn measure(case: &str, pools: &[ThreadPool]) -> Result<Vec<Option<f64>>, Box<dyn Error>> {
    let Case { mut call, has_plain } = parse(case)?;
    call(has_plain);
    let begun = Instant::now();
    call(true);
    let calls = (SAMPLE / begun.elapsed().as_secs_f64()).ceil() as usize;
    let mut best = vec![None; pools.len() + 1];
    for _ in 0..SAMPLES {
        for (way, best) in best.iter_mut().enumerate() {
            let mut sample = |parallel: bool| {
                let begun = Instant::now();
                (0..calls).for_each(|_| call(parallel));
                begun.elapsed().as_secs_f64() / calls as f64
            };
            let time = match way {
                0 if !has_plain => continue,
                0 => sample(false),
                _ => pools[way - 1].install(|| sample(true)),
            };
            *best = Some(best.map_or(time, |before: f64| before.min(time)));
        }
    }
    Ok(best)
}

fn parse(case: &str) -> Result<Case, Box<dyn Error>> {
    let parts: Vec<&str> = case.split('/').collect();
    let ["convolution" | "linear" | "harmonics" | "training" | "neighbours", size, what] =
        parts[..]
    else {
        return Err(format!("`{case}` is no case").into());
    };
    let size = size.parse()?;
    let backward = what == "forward-backward";
    let (call, has_plain) = match parts[0] {
        "convolution" => (convolution(size, backward)?, true),
        "linear" => (linear(size, backward)?, true),
        "harmonics" => (harmonics(size, backward)?, true),
        "neighbours" => (neighbours(size), true),
        _ => (training(size)?, false),
    };
    Ok(Case { call, has_plain })
}

fn numbers(random: &mut fastrand::Rng, length: usize) -> Vec<f32> {
    (0..length).map(|_| random.f32() - 0.5).collect()
}

/// 64x(0e+1o+2e+3o) along edges to the irreps of harmonics to l = 3, weights for each edge.
fn convolution(edges: usize, backward: bool) -> Result<Call, Box<dyn Error>> {
    let nodes = edges.div_ceil(NEIGHBOURS);
    let harmonics = Irreps::spherical_harmonics(3);
    let features = Irreps::new((0..=3).map(|l| (64, Irrep::spherical_harmonic(l))))?;
    let plain = TensorProduct::convolution(&features, &harmonics, |i| harmonics.count(i) > 0)?;
    let parallel = plain.clone().in_parallel();
    let mut random = fastrand::Rng::with_seed(1);
    let senders: Vec<usize> = (0..edges).map(|_| random.usize(..nodes)).collect();
    let receivers: Vec<usize> = (0..edges).map(|edge| edge / NEIGHBOURS).collect();
    let first = numbers(&mut random, nodes * features.dim());
    let second = numbers(&mut random, edges * harmonics.dim());
    let weights = numbers(&mut random, edges * plain.num_weights());
    let mut output = vec![0.0; nodes * plain.output().dim()];
    let cotangent = numbers(&mut random, output.len());
    let mut gradients = [&first, &second, &weights].map(|input| vec![0.0; input.len()]);
    Ok(Box::new(move |is_parallel| {
        let product = if is_parallel { &parallel } else { &plain };
        let pairing = Pairing::Edges { senders: &senders, receivers: &receivers };
        let inputs = ProductInputs { pairing, first: &first, second: &second, weights: &weights };
        product.forward(inputs, black_box(&mut output)).expect("the lengths fit");
        if backward {
            let [first, second, weights] = &mut gradients;
            let gradients = ProductGradients {
                first: Some(first),
                second: Some(second),
                weights: Some(weights),
            };
            product.backward(inputs, &cotangent, gradients).expect("the lengths fit");
        }
    }))
}

/// 64x(0e+1o+2e+3o) to itself, row by row.
fn linear(rows: usize, backward: bool) -> Result<Call, Box<dyn Error>> {
    let features = Irreps::new((0..=3).map(|l| (64, Irrep::spherical_harmonic(l))))?;
    let plain = Linear::new(features.clone(), features.clone(), true);
    let parallel = plain.clone().in_parallel();
    let mut random = fastrand::Rng::with_seed(1);
    let input = numbers(&mut random, rows * features.dim());
    let parameters = numbers(&mut random, plain.num_weights() + plain.num_biases());
    let mut output = vec![0.0; input.len()];
    let cotangent = numbers(&mut random, input.len());
    let mut gradients = [&input, &parameters].map(|input| vec![0.0; input.len()]);
    Ok(Box::new(move |is_parallel| {
        let linear = if is_parallel { &parallel } else { &plain };
        let inputs = LinearInputs { input: &input, parameters: &parameters };
        linear.forward(inputs, black_box(&mut output)).expect("the lengths fit");
        if backward {
            let [input, parameters] = &mut gradients;
            let gradients = LinearGradients { input: Some(input), parameters: Some(parameters) };
            linear.backward(inputs, &cotangent, gradients).expect("the lengths fit");
        }
    }))
}

/// Spherical harmonics to l = 3 in rows, in the convention of e3nn; with the pull-back.
fn harmonics(points: usize, backward: bool) -> Result<Call, Box<dyn Error>> {
    let e3nn = Harmonics {
        normalization: Normalization::Component,
        axes: Axes::YPolar,
        ..Harmonics::default()
    };
    let plain = e3nn.batch(0..=3)?;
    let parallel = plain.in_parallel();
    let mut random = fastrand::Rng::with_seed(1);
    let positions = numbers(&mut random, 3 * points);
    let mut values = vec![0.0; 16 * points];
    let cotangents = numbers(&mut random, values.len());
    let mut gradient = vec![0.0; 3 * points];
    Ok(Box::new(move |is_parallel| {
        let batch = if is_parallel { &parallel } else { &plain };
        batch.values(&positions, black_box(&mut values)).expect("the lengths fit");
        if backward {
            let gradient = black_box(&mut gradient);
            batch.pull_back(&positions, &cotangents, gradient).expect("the lengths fit");
        }
    }))
}

/// Random points with about 50 neighbours each.
fn neighbours(points: usize) -> Call {
    const CUTOFF: f64 = 1.0;
    let mut random = fastrand::Rng::with_seed(1);
    let length = (points as f64 * 4.19 * CUTOFF.powi(3) / 50.0).cbrt();
    let positions: Vec<[f64; 3]> =
        (0..points).map(|_| [0; 3].map(|_| random.f64() * length)).collect();
    let cell = Cell::new([[length, 0.0, 0.0], [0.0, length, 0.0], [0.0, 0.0, length]]);
    let plain = Search::within(CUTOFF).in_cell(cell);
    let parallel = plain.in_parallel();
    Box::new(move |is_parallel| {
        let search = if is_parallel { &parallel } else { &plain };
        black_box(search.graph(&positions).expect("the positions are finite"));
    })
}

/// Two convolutions with a gate between them; the energy is the sum over atoms.
#[derive(Module, Debug)]
struct Potential {
    first: Convolution,
    gate: NormGate,
    second: Convolution,
}

impl Potential {
    fn new(hidden: &Irreps, init: &mut Init) -> Result<Self, NnError> {
        let convolution = |input: &Irreps, output: &Irreps, init: &mut Init| {
            let config = ConvolutionConfig {
                input: input.clone(),
                output: output.clone(),
                lmax: 2,
                basis: 8,
                hidden: vec![64, 64],
                neighbours: NEIGHBOURS as f64,
            };
            Convolution::new(&config, init)
        };
        Ok(Potential {
            first: convolution(&Irreps::scalars(64), hidden, init)?,
            gate: NormGate::new(hidden, init),
            second: convolution(hidden, &Irreps::scalars(1), init)?,
        })
    }

    fn energies(
        &self,
        nodes: &Dual,
        batch: &Arc<Batch>,
        edges: &EdgeAttributes,
    ) -> Result<Dual, NnError> {
        let hidden = self.gate.forward_dual(&self.first.forward_dual(nodes, edges)?)?;
        pool_dual(Pooling::Sum, &self.second.forward_dual(&hidden, edges)?, batch)
    }
}

/// One step of training on energies and forces: 64x0e + 64x1o + 64x2e, two convolutions.
fn training(edges: usize) -> Result<Call, Box<dyn Error>> {
    const CUTOFF: f64 = 1.0;
    let device = Device::flex().autodiff();
    let mut random = fastrand::Rng::with_seed(1);
    // So many points in a cube that a ball has as many as there are neighbours, near the middle.
    let atoms = edges.div_ceil(NEIGHBOURS);
    let volume = atoms as f64 * 4.19 * CUTOFF.powi(3) / (1.35 * NEIGHBOURS as f64);
    let positions: Vec<[f64; 3]> =
        (0..atoms).map(|_| [0; 3].map(|_| random.f64() * volume.cbrt())).collect();
    let graph = Graph::within_radius(&positions, CUTOFF, SelfEdges::Without)?;
    eprintln!("{atoms} atoms, {} edges", graph.num_edges());
    let tensor = |values: &[[f64; 3]]| {
        let data = TensorData::new(values.as_flattened().to_vec(), [values.len(), 3]);
        Tensor::<2>::from_data(data, (&device, DType::F32))
    };
    let basis = Enveloped::new(Bessel::new(8, CUTOFF)?, PolynomialCutoff::new(CUTOFF, 6)?);
    let batch = Arc::new(Batch::new(&[graph]));
    let structures = Structures::new(batch.clone(), tensor(&positions), None, 2, basis)?;
    let ones = Tensor::ones([atoms, 64], (&device, DType::F32));
    let nodes = Dual::constant(Features::new(Irreps::scalars(64), ones)?);
    let target = tensor(&vec![[0.1, 0.2, 0.3]; atoms]);
    let model = Potential::new(&"64x0e + 64x1o + 64x2e".parse()?, &mut Init::new(3, &device))?;
    Ok(Box::new(move |_| {
        let found = structures.loss_gradients(
            &model,
            |model, edges| model.energies(&nodes, &batch, edges),
            |found| {
                let errors = found.forces.clone() - target.clone();
                Ok::<_, NnError>(found.energies.clone().sum() + errors.powf_scalar(2.0).mean())
            },
        );
        black_box(found.expect("the model fits its edges").loss);
    }))
}
