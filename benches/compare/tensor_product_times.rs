//! Times of tensor products, Wigner matrices and coupling tensors in f32, one line for each case
//! read from standard input: the side of this library in `benches/compare.py tensor-products`.
//!
//! Cases are `channelwise/64/forward`, `convolution/64/forward`, `full/3/forward` and
//! `fully-connected/8/forward`, each also with `forward-backward`, which takes the gradients of
//! both inputs and the weights; `wigner/8/forward`, `coupling/8/cold`, and `memory/64/forward`. The
//! answer is the time and the limit in milliseconds of thread CPU time, the limit `-` where none is
//! known. For `memory` both are the largest resident memory of the process so far, divided by the
//! size of inputs and outputs: it takes a process of its own. Degrees up to 8 need LMAX=8.

use std::error::Error;
use std::hint::black_box;
use std::io::{self, BufRead, Write};

use nalgebra::{UnitQuaternion, Vector3};
use tesseral::coupling::Tensor;
use tesseral::kernels::{Pairing, ProductGradients, ProductInputs, TensorProduct};
use tesseral::wigner::batch::Batch;
use tesseral::{Irrep, Irreps};
use timing::{fastest, multiply_add_time, store_time, thread_time};

/// The degrees of features and harmonics.
const LMAX: usize = 3;

/// The edges into each node.
const NEIGHBOURS: usize = 20;

fn main() -> Result<(), Box<dyn Error>> {
    for line in io::stdin().lock().lines() {
        let line = line?;
        let parts: Vec<&str> = line.trim().split('/').collect();
        let [subject, size, what] = parts[..] else {
            return Err(format!("`{line}` is no case").into());
        };
        let backward = what == "forward-backward";
        let size = size.parse()?;
        let (ours, limit) = match subject {
            "channelwise" => time(&Case::channelwise(size, 1000)?, backward)?,
            "convolution" => time(&Case::convolution(size, 1000)?, backward)?,
            "full" => time(&Case::full(size, 1000)?, backward)?,
            "fully-connected" => time(&Case::fully_connected(size, 1000)?, backward)?,
            "memory" => (memory(&Case::convolution(size, 100_000)?, backward)?, None),
            "wigner" => (wigner_matrices(size)?, None),
            "coupling" => (coupling_tensors(size)?, None),
            other => return Err(format!("`{other}` is nothing to measure").into()),
        };
        println!("{ours} {}", limit.map_or("-".to_string(), |limit: f64| limit.to_string()));
        io::stdout().flush()?;
    }
    Ok(())
}

/// A product with its inputs.
struct Case {
    product: TensorProduct,
    count: usize,
    edges: Option<[Vec<usize>; 2]>,
    first: Vec<f32>,
    second: Vec<f32>,
    weights: Vec<f32>,
    cotangent: Vec<f32>,
    /// The multiply-adds of one product, where the least is known.
    operations: Option<usize>,
}

impl Case {
    /// Features times harmonics with weights per edge, to every irrep of harmonics.
    fn channelwise(channels: usize, count: usize) -> Result<Self, Box<dyn Error>> {
        let harmonics = Irreps::spherical_harmonics(LMAX);
        let features = copies(channels, LMAX)?;
        let keep = |irrep| harmonics.count(irrep) > 0;
        let product = TensorProduct::convolution(&features, &harmonics, keep)?;
        let operations = channelwise_operations(channels)?;
        Ok(Self::new(product, count, None, true, Some(operations)))
    }

    /// The same, gathered at senders and summed at receivers.
    fn convolution(channels: usize, count: usize) -> Result<Self, Box<dyn Error>> {
        let Case { product, operations, .. } = Self::channelwise(channels, 0)?;
        let nodes = count.div_ceil(NEIGHBOURS);
        let mut random = fastrand::Rng::with_seed(2);
        let senders = (0..count).map(|_| random.usize(..nodes)).collect();
        let receivers = (0..count).map(|edge| edge / NEIGHBOURS).collect();
        Ok(Self::new(product, count, Some([senders, receivers]), true, operations))
    }

    /// One copy of every degree with itself, to all irreps.
    fn full(lmax: usize, count: usize) -> Result<Self, Box<dyn Error>> {
        let irreps = Irreps::spherical_harmonics(lmax);
        let product = TensorProduct::full(&irreps, &irreps, |_| true)?;
        Ok(Self::new(product, count, None, false, None))
    }

    /// Everything with everything, with one row of weights.
    fn fully_connected(channels: usize, count: usize) -> Result<Self, Box<dyn Error>> {
        let irreps = copies(channels, 2)?;
        let product = TensorProduct::fully_connected(&irreps, &irreps, &irreps)?;
        Ok(Self::new(product, count, None, false, None))
    }

    fn new(
        product: TensorProduct,
        count: usize,
        edges: Option<[Vec<usize>; 2]>,
        weights_per_row: bool,
        operations: Option<usize>,
    ) -> Self {
        let nodes = if edges.is_some() { count.div_ceil(NEIGHBOURS) } else { count };
        let mut random = fastrand::Rng::with_seed(1);
        let mut numbers = |length: usize| (0..length).map(|_| random.f32() - 0.5).collect();
        let weights = product.num_weights() * if weights_per_row { count } else { 1 };
        Case {
            first: numbers(nodes * product.first().dim()),
            second: numbers(count * product.second().dim()),
            weights: numbers(weights),
            cotangent: numbers(nodes * product.output().dim()),
            product,
            count,
            edges,
            operations,
        }
    }

    fn inputs(&self) -> ProductInputs<'_, f32> {
        let pairing = match &self.edges {
            Some([senders, receivers]) => Pairing::Edges { senders, receivers },
            None => Pairing::RowByRow { rows: self.count },
        };
        let Case { first, second, weights, .. } = self;
        ProductInputs { pairing, first, second, weights }
    }

    fn forward(&self, output: &mut [f32]) -> Result<(), Box<dyn Error>> {
        Ok(self.product.forward(self.inputs(), output)?)
    }

    fn backward(&self, gradients: &mut [Vec<f32>; 3]) -> Result<(), Box<dyn Error>> {
        gradients.iter_mut().for_each(|gradient| gradient.fill(0.0));
        let [d_first, d_second, d_weights] = gradients;
        let gradients = ProductGradients {
            first: Some(d_first),
            second: Some(d_second),
            weights: Some(d_weights),
        };
        Ok(self.product.backward(self.inputs(), &self.cotangent, gradients)?)
    }

    /// Room for the gradients, none for a forward pass alone.
    fn gradients(&self, backward: bool) -> [Vec<f32>; 3] {
        [&self.first, &self.second, &self.weights]
            .map(|input| vec![0.0; if backward { input.len() } else { 0 }])
    }
}

/// So many copies of the irrep of every harmonic.
fn copies(channels: usize, lmax: usize) -> Result<Irreps, Box<dyn Error>> {
    Ok(Irreps::new((0..=lmax).map(|l| (channels, Irrep::spherical_harmonic(l))))?)
}

/// The multiply-adds of a channelwise product of one row, once Σ C y is formed for all channels: one
/// for every entry (m1, m3) that is not zero, and the weight.
fn channelwise_operations(channels: usize) -> Result<usize, Box<dyn Error>> {
    let mut operations = 0;
    for l1 in 0..=LMAX {
        for l2 in 0..=LMAX {
            for l3 in (l1.abs_diff(l2)..=(l1 + l2).min(LMAX)).step_by(2) {
                let entries = Tensor::new(l1, l2, l3)?;
                let mut pairs: Vec<_> =
                    entries.nonzeros().iter().map(|e| (e.m[0], e.m[2])).collect();
                pairs.sort_unstable();
                pairs.dedup();
                operations += pairs.len() + 2 * l1.min(l3) + 1;
            }
        }
    }
    Ok(channels * operations)
}

/// The time and the limit of a forward pass, or of one and a backward pass, in milliseconds.
fn time(case: &Case, backward: bool) -> Result<(f64, Option<f64>), Box<dyn Error>> {
    let mut output = vec![0.0; case.cotangent.len()];
    let mut gradients = case.gradients(backward);
    case.forward(&mut output)?;
    let ours = fastest(|| {
        case.forward(black_box(&mut output)).expect("the lengths fit");
        if backward {
            case.backward(black_box(&mut gradients)).expect("the lengths fit");
        }
    });
    // A backward pass has no known least number of operations.
    let operations = case.operations.filter(|_| !backward);
    let limit = operations.map(|operations| {
        let multiply_adds = (operations * case.count) as f64 * multiply_add_time();
        multiply_adds.max(store_time(size_of_val(&output[..]) as f64)) / 1e6
    });
    Ok((ours / 1e6, limit))
}

/// The largest resident memory of this process, divided by the size of inputs and outputs.
fn memory(case: &Case, backward: bool) -> Result<f64, Box<dyn Error>> {
    let mut output = vec![0.0; case.cotangent.len()];
    let mut gradients = case.gradients(backward);
    case.forward(black_box(&mut output))?;
    if backward {
        case.backward(black_box(&mut gradients))?;
    }
    let edges = case.edges.iter().flatten().map(|rows| size_of_val(rows.as_slice()));
    let numbers = [&case.first, &case.second, &case.weights, &case.cotangent, &output];
    let numbers = numbers.into_iter().chain(&gradients).map(|a| size_of_val(a.as_slice()));
    let needed: usize = edges.chain(numbers).sum();
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|line| line.trim().strip_suffix("kB")).ok_or("no VmHWM")?;
    Ok(peak.trim().parse::<f64>()? * 1024.0 / needed as f64)
}

/// Milliseconds for D of all degrees of 1000 rotations.
fn wigner_matrices(lmax: usize) -> Result<f64, Box<dyn Error>> {
    let mut random = fastrand::Rng::with_seed(3);
    let mut rotation = || {
        let axis = [(); 3].map(|()| random.f32() - 0.5);
        let turn = UnitQuaternion::new(6.0 * Vector3::from(axis)).to_rotation_matrix();
        <[[f32; 3]; 3]>::from(turn.matrix().transpose())
    };
    let rotations: Vec<_> = (0..1000).map(|_| rotation()).collect();
    let batch = Batch::new(0..=lmax)?;
    let mut matrices = vec![0.0; batch.length::<f32>(rotations.len())];
    let time = fastest(|| {
        batch.matrices(&rotations, black_box(&mut matrices)).expect("the lengths fit");
    });
    Ok(time / 1e6)
}

/// Milliseconds to read every entry of all coupling tensors, once.
fn coupling_tensors(lmax: usize) -> Result<f64, Box<dyn Error>> {
    let begun = thread_time();
    let mut sum = 0.0;
    for l1 in 0..=lmax {
        for l2 in 0..=lmax {
            for l3 in l1.abs_diff(l2)..=(l1 + l2).min(lmax) {
                sum += Tensor::new(l1, l2, l3)?.nonzeros().iter().map(|e| e.value).sum::<f64>();
            }
        }
    }
    black_box(sum);
    Ok((thread_time() - begun) / 1e6)
}
