//! Learns energies and forces of small clusters bound by a Morse potential, and checks the forces
//! of clusters that it has not seen.
//!
//! `cargo run --example forces`

use std::error::Error;
use std::sync::Arc;

use burn::module::Module;
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{DType, Device, Tensor, TensorData};
use tesseral::equivariance::Random;
use tesseral::graph::{Batch, Graph, SelfEdges};
use tesseral::nn::{
    Convolution, ConvolutionConfig, Dual, EdgeAttributes, Features, Init, NnError, NormGate,
    Pooling, pool_dual,
};
use tesseral::radial::{Bessel, Enveloped, PolynomialCutoff};
use tesseral::{Irreps, LMAX};

const ATOMS: usize = 5;
const CUTOFF: f64 = 4.0;
const DEGREE: usize = if LMAX < 2 { LMAX } else { 2 };
const STEPS: usize = 400;

/// Two convolutions with a gate between them; the energy is the sum over atoms.
#[derive(Module, Debug)]
struct Potential {
    first: Convolution,
    gate: NormGate,
    second: Convolution,
}

impl Potential {
    fn new(init: &mut Init) -> Result<Self, Box<dyn Error>> {
        let hidden = "16x0e + 8x1o + 4x2e".parse::<Irreps>()?.filter_lmax(DEGREE);
        let convolution = |input: &Irreps, output: &Irreps, init: &mut Init| {
            let config = ConvolutionConfig {
                input: input.clone(),
                output: output.clone(),
                lmax: DEGREE,
                basis: 8,
                hidden: vec![16],
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

    /// One energy for every cluster, with its derivative if the edges have a direction.
    fn energies(&self, clusters: &Clusters, edges: &EdgeAttributes) -> Result<Dual, NnError> {
        let hidden = self.gate.forward_dual(&self.first.forward_dual(&clusters.nodes, edges)?)?;
        pool_dual(Pooling::Sum, &self.second.forward_dual(&hidden, edges)?, &clusters.batch)
    }
}

/// Clusters as one graph, with their energies `[clusters][1]` and forces `[atoms][3]`.
struct Clusters {
    batch: Arc<Batch>,
    nodes: Dual,
    positions: Tensor<2>,
    energies: Tensor<2>,
    forces: Tensor<2>,
}

impl Clusters {
    fn new(count: usize, seed: u64, device: &Device) -> Result<Self, Box<dyn Error>> {
        // The corners of a trigonal bipyramid, displaced.
        let corners = [[0.6, 0.0], [-0.3, 0.52], [-0.3, -0.52]];
        let [a, b, c] = corners.map(|[x, y]| [x, y, 0.0]);
        let shape = [a, b, c, [0.0, 0.0, 0.85], [0.0, 0.0, -0.85]];
        let mut random = Random::new(seed);
        let mut positions = Vec::new();
        let (mut energies, mut forces) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let cluster = shape.map(|r| r.map(|x| x + 0.08 * random.normal()));
            let (energy, force) = morse(&cluster);
            energies.push(energy);
            forces.extend(force);
            positions.extend(cluster);
        }
        let tensor = |values: &[f64], columns: usize| {
            let shape = [values.len() / columns, columns];
            Tensor::from_data(TensorData::new(values.to_vec(), shape), (device, DType::F32))
        };
        let graphs = vec![Graph::complete(ATOMS, SelfEdges::Without); count];
        let ones = Tensor::ones([count * ATOMS, 1], (device, DType::F32));
        Ok(Clusters {
            batch: Arc::new(Batch::new(&graphs)),
            nodes: Dual::constant(Features::new(Irreps::scalars(1), ones)?),
            positions: tensor(positions.as_flattened(), 3),
            energies: tensor(&energies, 1),
            forces: tensor(forces.as_flattened(), 3),
        })
    }

    fn edges(&self, positions: Tensor<2>) -> Result<EdgeAttributes, Box<dyn Error>> {
        let envelope = PolynomialCutoff::new(CUTOFF, 6)?;
        let basis = Enveloped::new(Bessel::new(8, CUTOFF)?, envelope);
        Ok(EdgeAttributes::new(self.batch.graph().clone(), positions, None, DEGREE, basis)?)
    }

    /// Predicted forces, by a plain backward pass to the positions.
    fn predict(&self, model: &Potential) -> Result<Tensor<2>, Box<dyn Error>> {
        let positions = self.positions.clone().require_grad();
        let model = model.clone().no_grad();
        let energies = model.energies(self, &self.edges(positions.clone())?)?;
        let gradients = energies.into_value().into_values().sum().backward();
        let gradient = positions.grad(&gradients).ok_or("the energy depends on no position")?;
        Ok(Tensor::from_inner(gradient.neg()))
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
fn root_mean_square(x: Tensor<2>) -> Result<f64, Box<dyn Error>> {
    let mean = x.powf_scalar(2.0).mean().to_data().iter::<f64>().next();
    Ok(mean.ok_or("a mean is one number")?.sqrt())
}

fn main() -> Result<(), Box<dyn Error>> {
    let device = Device::flex().autodiff();
    let (seen, unseen) = (Clusters::new(16, 1, &device)?, Clusters::new(16, 2, &device)?);
    let mut model = Potential::new(&mut Init::new(3, &device))?;
    let mut optimizer = AdamConfig::new().init();
    for step in 0..=STEPS {
        // The loss is the mean square error of energies plus that of forces.
        let error = (seen.predict(&model)? - seen.forces.clone()).detach();
        if step % 50 == 0 {
            println!("step {step}: forces within {:.4}", root_mean_square(error.clone())?);
        }
        let count = error.shape().num_elements() as f64;
        let direction = error.mul_scalar(2.0 / count);
        let edges = seen.edges(seen.positions.clone())?.dual(&direction)?;
        let energies = model.energies(&seen, &edges)?;
        let of_energies = (energies.value().into_values() - seen.energies.clone()).powf_scalar(2.0);
        let loss = of_energies.mean() - energies.tangent().sum();
        let gradients = GradientsParams::from_grads(loss.backward(), &model);
        let rate = if step < STEPS / 2 { 1e-2 } else { 2e-3 };
        model = optimizer.step(rate, model, gradients);
    }
    let size = root_mean_square(unseen.forces.clone())?;
    let error = root_mean_square(unseen.predict(&model)? - unseen.forces.clone())?;
    println!("unseen clusters: forces of {size:.4} within {error:.4}");
    if error > 0.5 * size {
        return Err("the forces of unseen clusters are off by more than half their size".into());
    }
    Ok(())
}
