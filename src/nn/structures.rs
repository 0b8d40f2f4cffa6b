//! Energies, forces and stress of structures, and the gradients of a loss of all three by parameters.
//!
//! # How a loss of forces is differentiated
//! burn has one level of autodiff. Forces are F = -dE/dr and S = dE/dε, by a backward pass to positions
//! and strains; a loss L(E, F, S) depends on parameters θ through them:
//!
//! dL/dθ = Σ (∂L/∂E) dE/dθ + d/dθ (the derivative of E along δr = -∂L/∂F and δε = ∂L/∂S),
//!
//! in which the derivatives of L are constants. So a step takes two passes: one without gradients by
//! parameters that gives E, F and S, then the loss on its own, then one with [`Dual`], forwards along
//! (δr, δε), whose backward pass gives the gradients of the whole loss.
//!
//! The first pass is made by a copy of the model. Its averages and random numbers are its own, so the
//! second pass drops the same channels, and the model learns averages once.

use std::fmt::{self, Debug};
use std::sync::Arc;

use burn::module::Module;
use burn::tensor::{Gradients, Tensor};

use super::edges::{EdgeFunctions, Vectors, edge_functions};
use super::strain::Strained;
use super::{Dual, EdgeAttributes, NnError};
use crate::Irreps;
use crate::graph::{Batch, Cell};
use crate::radial::RadialBasis;

/// Structures whose energies are to be differentiated: several graphs as one, with positions and cells.
///
/// # Example
/// ```
/// use burn::optim::{AdamConfig, GradientsParams};
/// use burn::tensor::{Device, Tensor};
/// use tesseral::Irreps;
/// use tesseral::graph::{Batch, Graph, SelfEdges};
/// use tesseral::nn::{
///     Convolution, ConvolutionConfig, Dual, EdgeAttributes, Features, Init, NnError, Pooling,
///     Structures, pool_dual,
/// };
/// use tesseral::radial::Bessel;
/// use std::sync::Arc;
///
/// let device = Device::flex().autodiff();
/// let config = ConvolutionConfig {
///     input: Irreps::scalars(1),
///     output: Irreps::scalars(1),
///     lmax: 0,
///     basis: 4,
///     hidden: vec![8],
///     neighbours: 2.0,
/// };
/// let mut model = Convolution::new(&config, &mut Init::new(1, &device))?;
/// let batch = Arc::new(Batch::new(&[Graph::complete(3, SelfEdges::Without)]));
/// let r = Tensor::from_data([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.5, 0.0]], &device);
/// let structures = Structures::new(batch.clone(), r, None, 0, Bessel::new(4, 3.0)?)?;
///
/// // From edges to energies: here the sum over nodes.
/// let nodes = Features::new(Irreps::scalars(1), Tensor::ones([3, 1], &device))?;
/// let nodes = Dual::constant(nodes);
/// let energies = |model: &Convolution, edges: &EdgeAttributes| -> Result<Dual, NnError> {
///     pool_dual(Pooling::Sum, &model.forward_dual(&nodes, edges)?, &batch)
/// };
///
/// // Ten steps to forces of zero.
/// let mut optimizer = AdamConfig::new().init();
/// let mut losses = Vec::new();
/// for _ in 0..10 {
///     let step = structures.loss_gradients(&model, energies, |found| {
///         Ok(found.forces.clone().powf_scalar(2.0).mean())
///     })?;
///     losses.push(step.loss);
///     let gradients = GradientsParams::from_grads(step.gradients, &model);
///     model = optimizer.step(1e-2, model, gradients);
/// }
/// assert!(losses[9] < losses[0]);
/// let found = structures.predict(&model, energies)?;
/// assert_eq!((found.energies.dims(), found.forces.dims()), ([1], [3, 3]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Structures {
    batch: Arc<Batch>,
    positions: Tensor<2>,
    cells: Option<Vec<Cell>>,
    vectors: Vectors,
    strained: Strained,
    lmax: usize,
    functions: Arc<dyn EdgeFunctions>,
}

impl Structures {
    /// Structures at positions `[nodes][3]`, with a cell for each graph where they are periodic.
    /// Edges have harmonics to degree `lmax` and the functions of `basis`, as in
    /// [`EdgeAttributes::new`].
    ///
    /// # Errors
    /// As [`EdgeAttributes::of_batch`], and if the vectors along which a cell repeats are linearly dependent.
    pub fn new(
        batch: impl Into<Arc<Batch>>,
        positions: Tensor<2>,
        cells: Option<&[Cell]>,
        lmax: usize,
        basis: impl RadialBasis + Debug + Send + Sync + 'static,
    ) -> Result<Self, NnError> {
        let batch = batch.into();
        let cells = cells.map(<[Cell]>::to_vec);
        let own: Option<Vec<_>> =
            cells.as_ref().map(|cells| cells.iter().map(|cell| cell.vectors).collect());
        let vectors = Vectors::of_batch(&batch, own.as_deref())?;
        for (graph, cell) in cells.iter().flatten().enumerate() {
            cell.check().map_err(|error| NnError::Cell { graph, error })?;
        }
        let strained = Strained::new(&batch);
        let functions = edge_functions(basis);
        let structures = Structures { batch, positions, cells, vectors, strained, lmax, functions };
        // What does not fit is told now and not at the first step.
        structures.edges(structures.positions.clone(), None)?;
        Ok(structures)
    }

    /// The graphs.
    pub fn batch(&self) -> &Arc<Batch> {
        &self.batch
    }

    /// The positions `[nodes][3]`.
    pub fn positions(&self) -> &Tensor<2> {
        &self.positions
    }

    /// Energies, forces and stress of a model, in evaluation: nothing is dropped, running averages
    /// are used. `energies` gives one energy for each graph, `1x0e`, from a model and edges; it is
    /// called with a copy of the model that has no gradients.
    ///
    /// # Errors
    /// Those of `energies`, and if what it gives is not one energy for each graph.
    #[doc(alias = "forces")]
    pub fn predict<M: Module, E: From<NnError>>(
        &self,
        model: &M,
        energies: impl Fn(&M, &EdgeAttributes) -> Result<Dual, E>,
    ) -> Result<Prediction, E> {
        self.differentiate(&model.clone().train().freeze(), energies)
    }

    /// The gradients of a loss of energies, forces and stress by the parameters of a model, in training.
    ///
    /// `energies` is as in [`Structures::predict`], written with the `forward_dual` of layers; `loss` is any
    /// function of what is predicted to one number.
    ///
    /// # Errors
    /// Those of `energies` and `loss`, if what `energies` gives is not one energy for each graph, and if it has
    /// lost the derivative that edges bring, as [`Dual::constant`] of features does. Use `forward_dual` in all
    /// layers between edges and energies: what one of them drops, no check finds.
    pub fn loss_gradients<M: Module, E: From<NnError>>(
        &self,
        model: &M,
        energies: impl Fn(&M, &EdgeAttributes) -> Result<Dual, E>,
        loss: impl FnOnce(&Prediction) -> Result<Tensor<1>, E>,
    ) -> Result<LossGradients, E> {
        let prediction = self.differentiate(&model.clone().no_grad(), &energies)?;
        let tracked = prediction.tracked();
        let loss = loss(&tracked)?;
        let value = loss.clone().to_data().iter::<f64>().sum();
        let by_prediction = if loss.is_tracked() { Some(loss.backward()) } else { None };
        let by = |tensor: &Tensor<2>| by_prediction.as_ref().and_then(|g| tensor.grad(g));

        let edges = self.edges(self.positions.clone().autodiff(), Some(self.no_strain()))?;
        let graphs = self.batch.num_graphs();
        let by_forces = by(&tracked.forces).map(Tensor::neg);
        let by_strain = by_prediction.as_ref().and_then(|g| tracked.strain_gradient.grad(g));
        let by_strain = by_strain.map(|gradient| gradient.reshape([graphs, 9]));
        let has_direction = by_forces.is_some() || by_strain.is_some();
        let edges = match (by_forces, by_strain) {
            (None, None) => edges,
            (by_forces, by_strain) => {
                let direction = by_forces.unwrap_or_else(|| self.positions.zeros_like());
                edges.dual_strained(&direction.without_autodiff(), by_strain.as_ref())?
            }
        };
        let found = energies(model, &edges)?;
        self.check(&found)?;
        if has_direction && found.tensors.tangent.is_none() && prediction.has_slopes() {
            return Err(NnError::NotDual.into());
        }
        let by_energies = by_prediction.as_ref().and_then(|g| tracked.energies.grad(g));
        let mut surrogate = found.tangent().sum();
        if let Some(weights) = by_energies {
            let weights = weights.reshape([graphs, 1]).autodiff();
            surrogate = surrogate + (found.value().into_values() * weights).sum();
        }
        if !surrogate.is_tracked() {
            // The loss depends on no parameter. What burn refuses to differentiate gets an empty leaf.
            let like = (&self.positions.device(), self.positions.dtype());
            surrogate = Tensor::zeros([1], like).autodiff().require_grad();
        }
        Ok(LossGradients { loss: value, gradients: surrogate.backward(), prediction })
    }

    /// Energies and their derivatives, by one backward pass.
    fn differentiate<M: Module, E: From<NnError>>(
        &self,
        model: &M,
        energies: impl Fn(&M, &EdgeAttributes) -> Result<Dual, E>,
    ) -> Result<Prediction, E> {
        let positions = self.positions.clone().autodiff().detach().require_grad();
        let strain = self.no_strain().require_grad();
        let edges = self.edges(positions.clone(), Some(strain.clone()))?;
        let found = energies(model, &edges)?;
        self.check(&found)?;
        let graphs = self.batch.num_graphs();
        let energies = found.into_value().into_values();
        // Energies may depend on neither, and then have no backward pass.
        let gradients = energies.is_tracked().then(|| energies.clone().sum().backward());
        let by = |tensor: &Tensor<2>| {
            let gradient = gradients.as_ref().and_then(|gradients| tensor.grad(gradients));
            gradient.unwrap_or_else(|| tensor.zeros_like().without_autodiff())
        };
        Ok(Prediction {
            energies: energies.without_autodiff().reshape([graphs]),
            forces: by(&positions).neg(),
            strain_gradient: by(&strain).reshape([graphs, 3, 3]),
            cells: self.cells.clone(),
        })
    }

    fn edges(
        &self,
        positions: Tensor<2>,
        strain: Option<Tensor<2>>,
    ) -> Result<EdgeAttributes, NnError> {
        let strain = strain.map(|strain| (self.strained.clone(), strain));
        let geometry = (positions, strain);
        EdgeAttributes::of_vectors(
            self.vectors.clone(),
            geometry,
            self.lmax,
            self.functions.clone(),
        )
    }

    /// No strain of any graph, as a tensor of autodiff.
    fn no_strain(&self) -> Tensor<2> {
        let like = (&self.positions.device(), self.positions.dtype());
        Tensor::zeros([self.batch.num_graphs(), 9], like).autodiff()
    }

    /// Checks that there is one energy for each graph.
    fn check(&self, energies: &Dual) -> Result<(), NnError> {
        energies.expect("the tensor of energies", &Irreps::scalars(1))?;
        let (expected, found) = ([self.batch.num_graphs(), 1], energies.tensors.value.dims());
        match expected == found {
            true => Ok(()),
            false => Err(NnError::Shape { what: "the tensor of energies", expected, found }),
        }
    }
}

/// What a model says of structures, in its units: eV and Å, say.
#[derive(Clone, Debug)]
pub struct Prediction {
    /// The energy of each graph, `[graphs]`.
    pub energies: Tensor<1>,
    /// The forces -dE/dr, `[nodes][3]`, where E is the sum of all energies.
    pub forces: Tensor<2>,
    /// dE/dε of each graph, `[graphs][3][3]`: by a strain of positions and cell, r → r + ε r. It is
    /// there without a cell, too; minus it is the virial.
    pub strain_gradient: Tensor<3>,
    cells: Option<Vec<Cell>>,
}

impl Prediction {
    /// The stress of each graph, `[graphs][3][3]`: dE/dε divided by the volume, positive under
    /// tension.
    ///
    /// # Errors
    /// If a graph has no cell, or one with an open axis: it has no volume.
    pub fn stress(&self) -> Result<Tensor<3>, NnError> {
        let graphs = self.strain_gradient.dims()[0];
        let volume = |graph: usize| {
            let cell = self.cells.as_ref().map(|cells| cells[graph]);
            cell.and_then(|cell| cell.volume()).ok_or(NnError::NoVolume { graph })
        };
        let volumes: Vec<f64> = (0..graphs).map(volume).collect::<Result<_, _>>()?;
        let inverse: Vec<f64> = volumes.into_iter().map(f64::recip).collect();
        let data = burn::tensor::TensorData::new(inverse, [graphs, 1, 1]);
        let like = (&self.strain_gradient.device(), self.strain_gradient.dtype());
        Ok(self.strain_gradient.clone() * Tensor::from_data(data, like))
    }

    /// Whether energies change with positions or strains.
    fn has_slopes(&self) -> bool {
        let is_zero = |data: burn::tensor::TensorData| data.iter::<f64>().all(|slope| slope == 0.0);
        !is_zero(self.forces.to_data()) || !is_zero(self.strain_gradient.to_data())
    }

    /// The same numbers, by which a loss can be differentiated.
    fn tracked(&self) -> Prediction {
        Prediction {
            energies: self.energies.clone().autodiff().require_grad(),
            forces: self.forces.clone().autodiff().require_grad(),
            strain_gradient: self.strain_gradient.clone().autodiff().require_grad(),
            cells: self.cells.clone(),
        }
    }
}

/// A loss and its gradients.
pub struct LossGradients {
    /// The loss.
    pub loss: f64,
    /// Its gradients by all parameters, for `GradientsParams::from_grads`.
    pub gradients: Gradients,
    /// What the loss was taken of.
    pub prediction: Prediction,
}

impl Debug for LossGradients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // burn's gradients say nothing of themselves.
        let mut fields = f.debug_struct("LossGradients");
        fields.field("loss", &self.loss).field("prediction", &self.prediction);
        fields.finish_non_exhaustive()
    }
}
