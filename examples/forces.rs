//! Learns energies and forces of small clusters bound by a Morse potential, and checks the forces
//! of clusters that it has not seen.
//!
//! `cargo run --example forces`

use std::error::Error;
use std::sync::Arc;

use burn::module::Module;
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{DType, Device, Tensor, TensorData};
use tesseral::graph::{Batch, Graph, SelfEdges};
use tesseral::nn::{
    Convolution, ConvolutionConfig, Dual, EdgeAttributes, Features, Init, NnError, NormGate,
    Pooling, Prediction, Structures, pool_dual,
};
use tesseral::radial::{Bessel, Enveloped, PolynomialCutoff};
use tesseral::{Irreps, LMAX, Random};

const ATOMS: usize = 5;
const CUTOFF: f64 = 4.0;
const DEGREE: usize = if LMAX < 1 { LMAX } else { 1 };
const STEPS: usize = 700;
/// The clusters of one step, and the sets of them that steps take in turn.
const CLUSTERS: usize = 16;
const SETS: usize = 40;
/// The root mean square error of forces that this example promises, as a share of the forces.
const PROMISE: f64 = 0.03;

/// Two convolutions with a gate between them; the energy is the sum over atoms.
#[derive(Module, Debug)]
struct Potential {
    first: Convolution,
    gate: NormGate,
    second: Convolution,
}

impl Potential {
    fn new(init: &mut Init) -> Result<Self, NnError> {
        let hidden: Irreps = "16x0e + 8x1o".parse::<Irreps>().expect("irreps");
        let hidden = hidden.filter_lmax(DEGREE);
        let convolution = |input: &Irreps, output: &Irreps, init: &mut Init| {
            let config = ConvolutionConfig {
                input: input.clone(),
                output: output.clone(),
                lmax: DEGREE,
                basis: 8,
                hidden: vec![32, 32],
                neighbours: 4.0,
            };
            Convolution::new(&config, init)
        };
        let scalar = Irreps::scalars(1);
        Ok(Potential {
            first: convolution(&scalar, &hidden, init)?,
            gate: NormGate::new(&hidden, init),
            second: convolution(&hidden, &scalar, init)?,
        })
    }
}

/// Clusters with their energies `[clusters]` and forces `[atoms][3]`.
struct Clusters {
    structures: Structures,
    nodes: Dual,
    energies: Tensor<1>,
    forces: Tensor<2>,
}

impl Clusters {
    fn new(random: &mut Random, device: &Device) -> Result<Self, Box<dyn Error>> {
        // The corners of a trigonal bipyramid, displaced.
        let corners = [[0.6, 0.0], [-0.3, 0.52], [-0.3, -0.52]];
        let [a, b, c] = corners.map(|[x, y]| [x, y, 0.0]);
        let shape = [a, b, c, [0.0, 0.0, 0.85], [0.0, 0.0, -0.85]];
        let mut positions = Vec::new();
        let (mut energies, mut forces) = (Vec::new(), Vec::new());
        for _ in 0..CLUSTERS {
            let cluster = shape.map(|r| r.map(|x| x + 0.05 * random.normal()));
            let (energy, force) = morse(&cluster);
            energies.push(energy);
            forces.extend(force);
            positions.extend(cluster);
        }
        let tensor = |values: &[[f64; 3]]| {
            let data = TensorData::new(values.as_flattened().to_vec(), [values.len(), 3]);
            Tensor::from_data(data, (device, DType::F32))
        };
        let graphs = vec![Graph::complete(ATOMS, SelfEdges::Without); CLUSTERS];
        let basis = Enveloped::new(Bessel::new(8, CUTOFF)?, PolynomialCutoff::new(CUTOFF, 6)?);
        let batch = Arc::new(Batch::new(&graphs));
        let ones = Tensor::ones([CLUSTERS * ATOMS, 1], (device, DType::F32));
        Ok(Clusters {
            structures: Structures::new(batch, tensor(&positions), None, DEGREE, basis)?,
            nodes: Dual::constant(Features::new(Irreps::scalars(1), ones)?),
            energies: Tensor::from_data(TensorData::from(&energies[..]), (device, DType::F32)),
            forces: tensor(&forces),
        })
    }

    /// The energy of each cluster by a model, from edges.
    fn energies(&self, model: &Potential, edges: &EdgeAttributes) -> Result<Dual, NnError> {
        let hidden = model.gate.forward_dual(&model.first.forward_dual(&self.nodes, edges)?)?;
        let energies = model.second.forward_dual(&hidden, edges)?;
        pool_dual(Pooling::Sum, &energies, self.structures.batch())
    }

    /// A smooth Huber loss of energies per atom and of forces: as squares up to errors of about `WIDTH`,
    /// then as their size, so that few clusters with large forces do not decide alone.
    fn loss(&self, found: &Prediction) -> Result<Tensor<1>, NnError> {
        const WIDTH: f64 = 0.05;
        let huber = |error: Tensor<1>| {
            let root = error.div_scalar(WIDTH).powf_scalar(2.0).add_scalar(1.0).sqrt();
            root.sub_scalar(1.0).mean().mul_scalar(WIDTH * WIDTH)
        };
        let energies = (found.energies.clone() - self.energies.clone()).div_scalar(ATOMS as f64);
        let forces = found.forces.clone() - self.forces.clone();
        Ok(huber(energies) + huber(forces.reshape([-1])))
    }
}

/// The energy Σ (1 - exp(1 - r))² - 1 over pairs, and the forces.
fn morse(cluster: &[[f64; 3]; ATOMS]) -> (f64, [[f64; 3]; ATOMS]) {
    let (mut energy, mut forces) = (0.0, [[0.0; 3]; ATOMS]);
    for i in 0..ATOMS {
        for j in 0..i {
            let d: [f64; 3] = std::array::from_fn(|axis| cluster[i][axis] - cluster[j][axis]);
            let r = d.iter().map(|x| x * x).sum::<f64>().sqrt();
            let e = (1.0 - r).exp();
            energy += (1.0 - e).powi(2) - 1.0;
            for axis in 0..3 {
                let force = -2.0 * (1.0 - e) * e * d[axis] / r;
                forces[i][axis] += force;
                forces[j][axis] -= force;
            }
        }
    }
    (energy, forces)
}

/// The root of the mean square.
fn root_mean_square(x: Tensor<2>) -> f64 {
    let squares: Vec<f64> = x.to_data().iter::<f64>().map(|x| x * x).collect();
    (squares.iter().sum::<f64>() / squares.len() as f64).sqrt()
}

fn main() -> Result<(), Box<dyn Error>> {
    let device = Device::flex().autodiff();
    let mut random = Random::new(1);
    let sets = (0..SETS).map(|_| Clusters::new(&mut random, &device));
    let sets = sets.collect::<Result<Vec<_>, _>>()?;
    let unseen = Clusters::new(&mut random, &device)?;

    let mut model = Potential::new(&mut Init::new(3, &device))?;
    let mut optimizer = AdamConfig::new().init();
    for step in 0..STEPS {
        let seen = &sets[step % SETS];
        let found = seen.structures.loss_gradients(
            &model,
            |model, edges| seen.energies(model, edges),
            |found| seen.loss(found),
        )?;
        if step % 100 == 0 {
            println!("step {step}: loss {:.2e}", found.loss);
        }
        let gradients = GradientsParams::from_grads(found.gradients, &model);
        // The rate falls to zero as half a wave of the cosine.
        let progress = step as f64 / STEPS as f64;
        let rate = 1e-2 * 0.5 * (1.0 + (std::f64::consts::PI * progress).cos());
        model = optimizer.step(rate, model, gradients);
    }

    let found = unseen.structures.predict(&model, |model, edges| unseen.energies(model, edges))?;
    let size = root_mean_square(unseen.forces.clone());
    let error = root_mean_square(found.forces - unseen.forces.clone()) / size;
    println!(
        "forces of unseen clusters, {size:.3} in the mean square, are off by {:.1} %",
        100.0 * error
    );
    if error.is_nan() || error > PROMISE {
        return Err(format!("that is more than {:.0} %", 100.0 * PROMISE).into());
    }
    Ok(())
}
