//! Equivariant layers on [burn] tensors, with its autodiff, modules, records and optimizers.
//!
//! Features of all degrees are one tensor `[rows][irreps.dim()]` with its [`Irreps`]
//! beside it ([`Features`]). What depends on positions alone — edge vectors, harmonics, the radial
//! basis — is computed once per graph ([`EdgeAttributes`]) and shared by all layers. Everything
//! works in f32 and f64, as the tensors are, on burn's CPU backend `flex`; a tensor elsewhere is an
//! error.
//!
//! | layer | what it does |
//! | --- | --- |
//! | [`Convolution`] | message passing (Thomas et al. 2018, arXiv:1802.08219) |
//! | [`Species`], [`SpeciesEmbedding`] | elements of atoms: one-hot features, embeddings, energies of atoms |
//! | [`Linear`], [`SpeciesLinear`] | self-interaction: channels of one irrep mix, by weights of each species |
//! | [`TensorProduct`] | products of features, row by row |
//! | [`WeightedProduct`] | products with given weights, row by row or summed along edges |
//! | [`SymmetricContraction`] | products of up to four factors of the features of a node (MACE) |
//! | [`Activation`], [`Gate`], [`NormActivation`], [`NormGate`] | nonlinearities |
//! | [`LayerNorm`], [`BatchNorm`], [`Dropout`] | normalization and regularization |
//! | [`Norm`], [`CartesianTensor`] | invariants of channels; tensors such as a stress from irreps |
//! | [`gather_senders`], [`gather_receivers`], [`sum_into_receivers`] | between nodes and edges |
//! | [`softmax_by_receiver`] | weights of the edges into a node, for attention |
//! | [`pool`] | from nodes to graphs |
//! | [`Structures`] | energies, forces and stress, and gradients of a loss of all three |
//!
//! Derivatives are hand-written kernels, registered as custom operations. burn has no second
//! derivatives: `.autodiff()` twice is one level; training on forces goes by [`Structures`] or, by hand, by
//! [`Dual`]. Tensors whose
//! devices have different strategies of gradient checkpointing do not meet in one operation, burn
//! panics.
//!
//! # Threads
//! Layers split large calls among the threads of the rayon pool that they are called in: by
//! default rayon's own with a thread for each core. `RAYON_NUM_THREADS=1`, or a pool of one thread
//! around the calls (`rayon::ThreadPool::install`), keeps them on one. What kernels compute does
//! not depend on the number of threads; see [`kernels`](crate::kernels#threads).
//!
//! # Example
//! What comes out of layers turns with what goes in:
//! ```
//! use burn::tensor::{DType, Device, Tensor};
//! use tesseral::Irreps;
//! use tesseral::equivariance::Equivariance;
//! use tesseral::nn::{Features, Init, Linear, NnError, NormGate};
//!
//! let irreps: Irreps = "2x0e + 2x1o".parse()?;
//! let init = &mut Init::new(1, &Device::flex()).with_dtype(DType::F64)?;
//! let (linear, gate) = (Linear::new(&irreps, &irreps, init), NormGate::new(&irreps, init));
//! let layers = |x: Tensor<2>| -> Result<Tensor<2>, NnError> {
//!     let x = Features::new(irreps.clone(), x)?;
//!     Ok(gate.forward(&linear.forward(&x)?)?.into_values())
//! };
//! let report = Equivariance::new(irreps.clone(), irreps.clone()).of_features(|x| {
//!     let z = layers(init.tensor(x.to_vec(), [1, 8])).expect("the features fit");
//!     z.to_data().iter::<f64>().collect()
//! })?;
//! assert!(report.worst().relative() < 1e-13, "{report}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Saving and loading
//! Parameters are saved and loaded by burn's records, and, with the feature `safetensors`, as
//! safetensors. Make the module as before, then load:
//!
//! ```
//! use burn::module::Module;
//! use burn::store::ModuleRecord;
//! use burn::tensor::{Device, Tensor};
//! use tesseral::Irreps;
//! use tesseral::nn::{Features, Init, Linear};
//!
//! let device = Device::flex();
//! let make = |irreps: &Irreps| Linear::new(irreps, irreps, &mut Init::new(0, &device));
//! let irreps: Irreps = "1x0e+2x1o".parse()?;
//! let weights = vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
//! let trained = make(&irreps).with_weights(weights, &Init::new(0, &device))?;
//!
//! // To a file: `.save("model.bpk")` and `ModuleRecord::load("model.bpk")`.
//! let bytes = trained.clone().into_record().into_bytes()?;
//! let loaded = make(&irreps).try_load_record(ModuleRecord::from_bytes(bytes.clone())?)?;
//! let x = Features::new(irreps, Tensor::ones([1, 7], &device))?;
//! let [z, again] = [&trained, &loaded].map(|layer| layer.forward(&x).map(Features::into_values));
//! assert_eq!(z?.into_data(), again?.into_data());
//!
//! // As many weights, but not of these irreps.
//! let other = make(&"2x0e+1x1o".parse()?);
//! let error = other.try_load_record(ModuleRecord::from_bytes(bytes)?).unwrap_err();
//! assert!(error.to_string().contains(
//!     "parameters.irreps of the file are `1x0e+2x1o -> 1x0e+2x1o, with biases`, \
//!      expected `2x0e+1x1o -> 2x0e+1x1o, with biases`"
//! ));
//!
//! # #[cfg(feature = "safetensors")] {
//! use burn::store::{ModuleSnapshot, SafetensorsStore};
//!
//! // The same as safetensors; to a file: `SafetensorsStore::from_file("model.safetensors")`.
//! let mut file = SafetensorsStore::from_bytes(None);
//! trained.save_into(&mut file)?;
//! let mut loaded = loaded;
//! loaded.load_from(&mut SafetensorsStore::from_bytes(Some(file.get_bytes()?)))?;
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Beside every tensor whose shape does not tell its irreps, or the paths of its product, files have
//! these as text, in 256 bytes named `irreps` or alike. Burn compares them where it loads: a file of
//! other irreps, or without any, is an error like that above, for each tensor, and the tensor is left
//! as it was. Where burn is told that a part is enough (`allow_partial`), what is missing is in its
//! result. Other options, such as functions and normalizations, are not saved.
//!
//! Parameters keep the type they have: numbers of f32 are cast where a module in f64 loads them, and
//! the other way.
//!
//! Weights of a model in e3nn are loaded by `load_e3nn`, with the feature `safetensors`.
//!
//! To go on training, save the optimizer too (`save` and `load` of burn's `ModuleOptimizer`), and the
//! module as a record or by `BurnpackStore`: these keep the ids by which the optimizer knows
//! parameters. Safetensors have no ids, so that the optimizer begins anew. Burn 0.22 loads the state
//! of an optimizer in the default type of the device, and panics where f32 meets gradients in f64. So
//! begin a program that trains in f64 with `Device::flex().configure(FloatDType::F64)`, before any
//! tensor is made.

mod activation;
mod along_edges;
mod cartesian;
mod convolution;
mod dropout;
mod dual;
#[cfg(feature = "safetensors")]
mod e3nn;
mod edges;
mod features;
mod functions;
mod init;
mod kept;
mod lengths;
mod linear;
mod norm;
mod norm_activation;
mod norm_gate;
mod normalization;
mod operation;
mod pool;
mod radial_network;
mod species;
mod species_linear;
mod strain;
mod structures;
mod symmetric_contraction;
mod tensor_product;
mod weighted_product;
mod weights;

pub use activation::{Activation, Gate};
pub use along_edges::{
    gather_receivers, gather_receivers_dual, gather_senders, gather_senders_dual,
    softmax_by_receiver, softmax_by_receiver_dual, sum_into_receivers, sum_into_receivers_dual,
};
pub use cartesian::CartesianTensor;
pub use convolution::{Convolution, ConvolutionConfig};
pub use dropout::Dropout;
pub use dual::Dual;
#[cfg(feature = "safetensors")]
pub use e3nn::{E3nnError, load_e3nn};
pub use edges::{EdgeAttributes, Geometry};
pub use features::Features;
pub use init::Init;
pub use linear::Linear;
pub use norm::Norm;
pub use norm_activation::NormActivation;
pub use norm_gate::NormGate;
pub use normalization::{BatchNorm, BatchNormConfig, LayerNorm};
pub use pool::{Pooling, pool, pool_dual};
pub use radial_network::RadialNetwork;
pub use species::{Species, SpeciesEmbedding};
pub use species_linear::SpeciesLinear;
pub use structures::{LossGradients, Prediction, Structures};
pub use symmetric_contraction::SymmetricContraction;
pub use tensor_product::TensorProduct;
pub use weighted_product::WeightedProduct;

use burn::tensor::DType;
use thiserror::Error;

use crate::Irreps;
use crate::error::{DegreeError, debug_is_text};
use crate::graph::GraphError;
use crate::kernels::symmetric_contraction::ContractionError;
use crate::kernels::{ActivationError, KernelError};

/// Tensors that do not fit a layer.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use tesseral::Irreps;
/// use tesseral::nn::{Features, NnError};
///
/// let values = Tensor::zeros([5, 3], &Device::flex());
/// let error = Features::new(Irreps::scalars(4), values).unwrap_err();
/// assert_eq!(error.to_string(), "the feature tensor has the shape [5, 3], expected [5, 4]");
/// let NnError::Shape { expected, found, .. } = error else { unreachable!() };
/// assert_eq!((expected, found), ([5, 4], [5, 3]));
/// ```
///
/// The error of a call begins with the name of the layer that returns it; that of a layer inside another follows,
/// so that the names read as a path: "`Convolution`: `RadialNetwork`: the radial basis has the
/// shape …". Functions such as [`pool`] are named like layers. What is wrong is told by `innermost`:
/// ```
/// use burn::tensor::{Device, Tensor};
/// use tesseral::Irreps;
/// use tesseral::nn::{Features, Init, Linear, NnError};
///
/// let (irreps, device) = (Irreps::scalars(4), Device::flex());
/// let linear = Linear::new(&irreps, &irreps, &mut Init::new(1, &device));
/// let x = Features::new(Irreps::scalars(3), Tensor::zeros([5, 3], &device))?;
/// let error = linear.forward(&x).unwrap_err();
/// assert_eq!(error.to_string(), "`Linear`: the input has the irreps `3x0e`, expected `4x0e`");
/// assert!(matches!(error, NnError::Layer { layer: "Linear", .. }));
/// assert!(matches!(error.innermost(), NnError::Irreps { what: "the input", .. }));
/// # Ok::<(), NnError>(())
/// ```
#[derive(Clone, Error, PartialEq)]
#[non_exhaustive]
pub enum NnError {
    /// What a layer refused.
    #[error("`{layer}`: {error}")]
    Layer {
        /// The name of the layer or function.
        layer: &'static str,
        /// What is wrong; of a layer inside that one, again a `Layer`.
        error: Box<NnError>,
    },
    /// A tensor is not on burn's CPU backend.
    #[error(
        "a tensor is on the device {device}, expected burn's `flex` CPU backend, on which layers run"
    )]
    NotCpu {
        /// The device.
        device: String,
    },
    /// A tensor is neither f32 nor f64.
    #[error("a tensor holds {found:?}, expected F32 or F64")]
    Type {
        /// What it holds.
        found: DType,
    },
    /// Two tensors of one operation have different types.
    #[error("tensors of {first:?} and {second:?} meet, expected one type: cast one")]
    MixedTypes {
        /// The type of the first.
        first: DType,
        /// The type of another.
        second: DType,
    },
    /// A tensor has the wrong shape.
    #[error("{what} has the shape {found:?}, expected {expected:?}")]
    Shape {
        /// Which tensor.
        what: &'static str,
        /// The shape it needs.
        expected: [usize; 2],
        /// The shape it has.
        found: [usize; 2],
    },
    /// Features have other irreps than the layer takes.
    #[error("{what} has the irreps `{found}`, expected `{expected}`")]
    Irreps {
        /// Which features.
        what: &'static str,
        /// The irreps that it needs.
        expected: Irreps,
        /// The irreps that it has.
        found: Irreps,
    },
    /// A node is of a species that there is none of.
    #[error("node {node} is of the species {found}, expected one below {expected}")]
    Species {
        /// The node.
        node: usize,
        /// Its species.
        found: usize,
        /// The number of species.
        expected: usize,
    },
    /// A node is of an element that a table does not have.
    #[error("node {node} is of the element {found}, expected one of {expected:?}")]
    Element {
        /// The node.
        node: usize,
        /// Its element.
        found: u32,
        /// The table.
        expected: Vec<u32>,
    },
    /// A table that names an element twice.
    #[error("the table names the element {found} twice, expected each once: {table:?}")]
    RepeatedElement {
        /// The element.
        found: u32,
        /// The table.
        table: Vec<u32>,
    },
    /// Species that were counted otherwise than those of a layer.
    #[error("nodes are of {found} species, expected {expected}")]
    SpeciesCount {
        /// The number of species among nodes.
        found: usize,
        /// The number of species of the layer.
        expected: usize,
    },
    /// A probability outside 0 to 1.
    #[error("the probability is {found}, expected 0 to 1")]
    Probability {
        /// The probability.
        found: f64,
    },
    /// A convolution cannot divide by the square root of its number of neighbours.
    #[error("the number of neighbours is {found}, expected a finite number above zero")]
    Neighbours {
        /// The number.
        found: f64,
    },
    /// A kernel cannot be made from the irreps, or its arguments do not fit.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// A symmetric contraction cannot be made, or its arguments do not fit.
    #[error(transparent)]
    Contraction(#[from] ContractionError),
    /// An activation cannot be made from functions and irreps.
    #[error(transparent)]
    Activation(#[from] ActivationError),
    /// Energies without the derivative along edges, of which a loss of forces or stress needs the gradient.
    #[error(
        "the energies have no derivative along the edges, expected a `Dual` that has it: use \
         `forward_dual` in every layer between edges and energies, and not `Dual::constant`"
    )]
    NotDual,
    /// There is no stress, since a graph has no cell or one with an open axis.
    #[error(
        "graph {graph} has no volume to divide by, expected a cell that is periodic along all three \
         vectors: use the gradient by strain instead of the stress"
    )]
    NoVolume {
        /// The graph.
        graph: usize,
    },
    /// Harmonics that this build does not have.
    #[error(transparent)]
    Degree(#[from] DegreeError),
    /// The cell of a graph in a batch cannot be one.
    #[error("the cell of graph {graph}: {error}")]
    Cell {
        /// The graph.
        graph: usize,
        /// What is wrong with its cell.
        error: GraphError,
    },
    /// A graph does not fit what is computed on it.
    #[error(transparent)]
    Graph(#[from] GraphError),
}

debug_is_text!(NnError);

impl NnError {
    /// What is wrong, without the names of layers.
    pub fn innermost(&self) -> &NnError {
        match self {
            NnError::Layer { error, .. } => error.innermost(),
            error => error,
        }
    }

    /// Puts the name of a layer before what is wrong, once for each layer that an error passes.
    fn in_layer(layer: &'static str) -> impl FnOnce(NnError) -> NnError {
        move |error| NnError::Layer { layer, error: Box::new(error) }
    }
}
