//! A Tensor Field Network that tells the pieces apart.

use std::error::Error;
use std::sync::Arc;

use burn::module::Module;
use burn::tensor::{Tensor, TensorCreationOptions, TensorData};
use tesseral::graph::{Batch, Graph, SelfEdges};
use tesseral::nn::{
    Convolution, ConvolutionConfig, EdgeAttributes, Features, Init, NormGate, Pooling, pool,
};
use tesseral::radial::Bessel;
use tesseral::{Irreps, LMAX};

use super::pieces::Piece;

/// The degree of the edge harmonics.
const DEGREE: usize = 2;

/// Cubes that share a face are neighbours.
const CUTOFF: f64 = 2.0;

/// The size of the radial basis.
const BASIS: usize = 3;

/// Pieces as one graph, with what all layers share.
pub struct Cloud {
    batch: Arc<Batch>,
    edges: EdgeAttributes,
    nodes: Features,
}

impl Cloud {
    /// The graph of pieces: every cube has the same feature, a scalar 1.
    ///
    /// `options` say where the tensors are, and of which type: a device, or a device and a type.
    pub fn new(
        pieces: &[Piece],
        options: impl Into<TensorCreationOptions>,
    ) -> Result<Self, Box<dyn Error>> {
        let options = options.into();
        let graph = |piece: &Piece| Graph::within_radius(piece, CUTOFF, SelfEdges::Without);
        let graphs = pieces.iter().map(graph).collect::<Result<Vec<_>, _>>()?;
        let batch = Arc::new(Batch::new(&graphs));
        let points = pieces.as_flattened();
        let positions = TensorData::new(points.as_flattened().to_vec(), [points.len(), 3]);
        let positions = Tensor::from_data(positions, options.clone());
        let edges = EdgeAttributes::new(
            batch.graph().clone(),
            positions,
            None,
            DEGREE,
            Bessel::new(BASIS, CUTOFF)?,
        )?;
        let nodes = Features::new(Irreps::scalars(1), Tensor::ones([points.len(), 1], options))?;
        Ok(Cloud { batch, edges, nodes })
    }
}

/// Three convolutions with gates between them, then the mean over the cubes of a piece.
#[derive(Module, Debug)]
pub struct Network {
    convolutions: Vec<Convolution>,
    gates: Vec<NormGate>,
}

impl Network {
    /// A network with random weights.
    pub fn new(init: &mut Init) -> Result<Self, Box<dyn Error>> {
        if LMAX < DEGREE {
            return Err(
                format!("this example needs LMAX of at least {DEGREE}, it is {LMAX}").into()
            );
        }
        let output: Irreps = "7x0e + 1x0o".parse()?;
        // From scalars, harmonics reach only irreps of their own parity; products of these reach axial
        // vectors, and those the pseudoscalar.
        let first: Irreps = "16x0e + 8x1o + 4x2e".parse()?;
        let second: Irreps = "16x0e + 8x1e + 8x1o + 4x2e + 4x2o".parse()?;
        let widths = [Irreps::scalars(1), first, second, output];
        let convolution = |pair: &[Irreps]| {
            let config = ConvolutionConfig {
                input: pair[0].clone(),
                output: pair[1].clone(),
                lmax: DEGREE,
                basis: BASIS,
                hidden: vec![32],
                neighbours: 3.0,
            };
            Convolution::new(&config, init)
        };
        let convolutions = widths.windows(2).map(convolution).collect::<Result<_, _>>()?;
        let gates = widths[1..3].iter().map(|irreps| NormGate::new(irreps, init)).collect();
        Ok(Network { convolutions, gates })
    }

    /// The logits `[pieces][8]`.
    ///
    /// A pseudoscalar changes sign under reflections, and so does an odd function of it. The first
    /// two logits, ± its product with a scalar, are exchanged by them, as the two chiral pieces
    /// are.
    pub fn forward(&self, cloud: &Cloud) -> Result<Tensor<2>, Box<dyn Error>> {
        let mut x = cloud.nodes.clone();
        for (layer, convolution) in self.convolutions.iter().enumerate() {
            x = convolution.forward(&x, &cloud.edges)?;
            if let Some(gate) = self.gates.get(layer) {
                x = gate.forward(&x)?;
            }
        }
        let pooled = pool(Pooling::Mean, &x, &cloud.batch)?.into_values();
        let [scalar, others, pseudoscalar] =
            [(0, 1), (1, 6), (7, 1)].map(|(start, length)| pooled.clone().narrow(1, start, length));
        let chiral = scalar * pseudoscalar.tanh();
        Ok(Tensor::cat(vec![chiral.clone(), chiral.neg(), others], 1))
    }
}
