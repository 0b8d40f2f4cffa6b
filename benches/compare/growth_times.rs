//! Times and memory of the convolution in f32 along one axis at a time, one line for each case read from
//! standard input: the side of this library in `benches/compare.py growth`.
//!
//! A case is `edges/1000/forward`, `channels/16/forward`, `degree/1/forward` or `harmonics/1/forward`, or
//! with `forward-backward`: one number that differs from 10⁴ edges, 64 channels and degree 3. `degree` is
//! that of features and harmonics, `harmonics` that of harmonics alone. Senders are any nodes; there are
//! twenty edges into each.
//!
//! The answer is the time and the limit in milliseconds of thread CPU time; the bytes of inputs and
//! outputs; those of them that are gathered or scattered at senders; and by how much the largest
//! resident memory of the process grew for one call with its inputs and outputs, which takes a
//! process of its own. `-` stands for what is not known: all times where memory is missing.

use std::error::Error;
use std::hint::black_box;
use std::io::{self, BufRead, Write};

use tesseral::coupling::Tensor;
use tesseral::kernels::{Pairing, ProductGradients, ProductInputs, TensorProduct};
use tesseral::{Irrep, Irreps};
use timing::{fastest, memory, multiply_add_time, store_time};

/// The edges into each node.
const NEIGHBOURS: usize = 20;

/// How much of the memory that is available a case may need.
const SHARE: f64 = 0.8;

fn main() -> Result<(), Box<dyn Error>> {
    for line in io::stdin().lock().lines() {
        let line = line?;
        let (sizes, backward) = parse(&line).ok_or_else(|| format!("`{line}` is no case"))?;
        let answer = measure(&sizes, backward)?;
        let answer = answer.map(|number| number.map_or("-".to_string(), |n| n.to_string()));
        println!("{}", answer.join(" "));
        io::stdout().flush()?;
    }
    Ok(())
}

fn parse(line: &str) -> Option<(Sizes, bool)> {
    let parts: Vec<&str> = line.trim().split('/').collect();
    let [axis, value, what] = parts[..] else { return None };
    let value = value.parse().ok()?;
    let mut sizes = Sizes { edges: 10_000, channels: 64, features: 3, harmonics: 3 };
    match axis {
        "edges" => sizes.edges = value,
        "channels" => sizes.channels = value,
        "degree" => (sizes.features, sizes.harmonics) = (value, value),
        "harmonics" => sizes.harmonics = value,
        _ => return None,
    }
    let backward = match what {
        "forward" => false,
        "forward-backward" => true,
        _ => return None,
    };
    Some((sizes, backward))
}

/// How large a case is: `features` and `harmonics` are degrees.
struct Sizes {
    edges: usize,
    channels: usize,
    features: usize,
    harmonics: usize,
}

impl Sizes {
    fn nodes(&self) -> usize {
        self.edges.div_ceil(NEIGHBOURS)
    }

    /// Features times harmonics with weights per edge, to every irrep of harmonics.
    fn product(&self) -> Result<TensorProduct, Box<dyn Error>> {
        let of_features =
            (0..=self.features).map(|l| (self.channels, Irrep::spherical_harmonic(l)));
        let harmonics = Irreps::spherical_harmonics(self.harmonics);
        let keep = |irrep| harmonics.count(irrep) > 0;
        Ok(TensorProduct::convolution(&Irreps::new(of_features)?, &harmonics, keep)?)
    }

    /// The multiply-adds of one edge, once Σ C y is formed for all channels: one for every entry (m1, m3)
    /// that is not zero, and the weight.
    fn operations(&self) -> Result<usize, Box<dyn Error>> {
        let mut operations = 0;
        for l1 in 0..=self.features {
            for l2 in 0..=self.harmonics {
                for l3 in (l1.abs_diff(l2)..=(l1 + l2).min(self.harmonics)).step_by(2) {
                    let entries = Tensor::new(l1, l2, l3)?;
                    let mut pairs: Vec<_> =
                        entries.nonzeros().iter().map(|e| (e.m[0], e.m[2])).collect();
                    pairs.sort_unstable();
                    pairs.dedup();
                    operations += pairs.len() + 2 * l1.min(l3) + 1;
                }
            }
        }
        Ok(self.channels * operations)
    }
}

/// The time, the limit, and bytes: of everything, at senders, and by which the process grew.
fn measure(sizes: &Sizes, backward: bool) -> Result<[Option<f64>; 5], Box<dyn Error>> {
    let before = memory("/proc/self/status", "VmHWM")?;
    let product = sizes.product()?;
    let [all, at_senders] = bytes(&product, sizes, backward);
    if all > SHARE * memory("/proc/meminfo", "MemAvailable")? {
        return Ok([None, None, Some(all), Some(at_senders), None]);
    }
    let mut case = Case::new(product, sizes, backward);
    case.run();
    let grown = memory("/proc/self/status", "VmHWM")? - before;
    let ours = fastest(|| black_box(&mut case).run());
    // A backward pass has no known least number of operations.
    let limit = match backward {
        true => None,
        false => {
            let operations = (sizes.operations()? * sizes.edges) as f64;
            let stores = store_time(size_of_val(case.output.as_slice()) as f64);
            Some((operations * multiply_add_time()).max(stores) / 1e6)
        }
    };
    Ok([Some(ours / 1e6), limit, Some(all), Some(at_senders), Some(grown)])
}

/// The bytes of all inputs and outputs, and of features and gradients at senders.
fn bytes(product: &TensorProduct, sizes: &Sizes, backward: bool) -> [f64; 2] {
    let first = sizes.nodes() * product.first().dim();
    let per_edge = sizes.edges * (product.second().dim() + product.num_weights());
    let output = sizes.nodes() * product.output().dim();
    let indices = 2 * sizes.edges * size_of::<usize>();
    // With the backward pass every input has a gradient and the output a cotangent.
    let times = if backward { 2 } else { 1 };
    let numbers = times * (first + per_edge + output) * size_of::<f32>();
    [(numbers + indices) as f64, (times * first * size_of::<f32>()) as f64]
}

/// A product with its inputs, outputs and, for a backward pass, gradients.
struct Case {
    product: TensorProduct,
    senders: Vec<usize>,
    receivers: Vec<usize>,
    inputs: [Vec<f32>; 3],
    output: Vec<f32>,
    cotangent: Vec<f32>,
    gradients: Option<[Vec<f32>; 3]>,
}

impl Case {
    fn new(product: TensorProduct, sizes: &Sizes, backward: bool) -> Self {
        let (edges, nodes) = (sizes.edges, sizes.nodes());
        let mut random = fastrand::Rng::with_seed(1);
        let senders = (0..edges).map(|_| random.usize(..nodes)).collect();
        let receivers = (0..edges).map(|edge| edge / NEIGHBOURS).collect();
        let mut numbers =
            |length: usize| -> Vec<f32> { (0..length).map(|_| random.f32() - 0.5).collect() };
        let inputs = [
            nodes * product.first().dim(),
            edges * product.second().dim(),
            edges * product.num_weights(),
        ]
        .map(&mut numbers);
        let length = nodes * product.output().dim();
        let cotangent = numbers(if backward { length } else { 0 });
        let gradients = backward.then(|| inputs.each_ref().map(|input| vec![0.0; input.len()]));
        let output = vec![0.0; length];
        Case { product, senders, receivers, inputs, output, cotangent, gradients }
    }

    /// A forward pass, and a backward pass if there is room for gradients.
    fn run(&mut self) {
        let Case { product, senders, receivers, inputs, output, cotangent, gradients } = self;
        let [first, second, weights] = &*inputs;
        let pairing = Pairing::Edges { senders, receivers };
        let inputs = || ProductInputs { pairing, first, second, weights };
        product.forward(inputs(), output).expect("the lengths fit");
        let Some(gradients) = gradients else { return };
        gradients.iter_mut().for_each(|gradient| gradient.fill(0.0));
        let [first, second, weights] = gradients;
        let gradients =
            ProductGradients { first: Some(first), second: Some(second), weights: Some(weights) };
        product.backward(inputs(), cotangent, gradients).expect("the lengths fit");
    }
}
