//! What layers share of a graph: edge vectors, their harmonics and the radial basis, computed once
//! from the positions and differentiable with respect to them.

use std::fmt::Debug;
use std::sync::Arc;

use burn::tensor::{Tensor, TensorData};

use super::dual::DualTensor;
use super::lengths::{Directions, Lengths};
use super::operation::{Element, Operation, apply1, apply2, check_tensors};
use super::strain::Strained;
use super::{Dual, Features, NnError};
use crate::Irreps;
use crate::error::{check_degree, check_length};
use crate::graph::{Batch, Graph, GraphError, check_finite, check_positions, translation};
use crate::parallel::{Rows, RowsMut, Threads, Work};
use crate::radial::RadialBasis;
use crate::sh::{self, Harmonics, Normalization};

/// The harmonics of the edge directions, as all layers take them.
const HARMONICS: Harmonics =
    Harmonics { normalization: Normalization::Component, ..Harmonics::NATIVE };

/// They for all edges, on all threads.
fn harmonics_to(lmax: usize) -> sh::batch::Batch {
    HARMONICS.batch(0..=lmax).expect("the degree was checked").in_parallel()
}

/// What strained edges came from.
#[derive(Clone, Debug)]
struct Strain {
    operation: Strained,
    /// The vectors before.
    vectors: Tensor<2>,
    /// The strain `[graphs][9]`.
    strain: Tensor<2>,
}

/// Where the nodes of several graphs are, and how they are deformed.
#[derive(Clone, Debug)]
pub struct Geometry<'a> {
    /// The positions `[nodes][3]`.
    pub positions: Tensor<2>,
    /// The cell vectors of each graph, where graphs are periodic.
    pub cells: Option<&'a [[[f64; 3]; 3]]>,
    /// The strain ε of each graph, `[graphs][9]`, row-major: all vectors r of edges become r + ε r.
    pub strain: Option<Tensor<2>>,
}

/// The edges of a graph with everything that depends on positions alone.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor, TensorData, Tolerance};
/// use tesseral::graph::{Graph, SelfEdges};
/// use tesseral::nn::EdgeAttributes;
/// use tesseral::radial::Chebyshev;
///
/// let r = Tensor::from_data([[0.0, 0.0, 0.0], [0.0, 0.0, 1.5]], &Device::flex());
/// let pair = Graph::complete(2, SelfEdges::Without);
/// let edges = EdgeAttributes::new(pair, r, None, 1, Chebyshev::new(2, 2.0)?)?;
/// // From receiver to sender, up and down: 1 and √3 (y, z, x) of the direction.
/// assert_eq!(edges.harmonics().irreps().to_string(), "1x0e+1x1o");
/// let z = 3_f32.sqrt();
/// let expected = TensorData::from([[1.0, 0.0, z, 0.0], [1.0, 0.0, -z, 0.0]]);
/// let harmonics = edges.harmonics().values().to_data();
/// harmonics.assert_approx_eq::<f32>(&expected, Tolerance::absolute(1e-6));
/// // This basis is 1 and r - 1.
/// assert_eq!(edges.basis().to_data().as_slice::<f32>()?, [1.0, 0.5, 1.0, 0.5]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct EdgeAttributes {
    graph: Arc<Graph>,
    vectors: Tensor<2>,
    harmonics: Features,
    basis: Tensor<2>,
    functions: Arc<dyn EdgeFunctions>,
    strain: Option<Strain>,
    /// The derivatives of vectors, harmonics and basis along a direction.
    tangents: Option<[Tensor<2>; 3]>,
}

impl EdgeAttributes {
    /// The attributes of a graph at `positions`, a tensor `[nodes][3]`: spherical harmonics to
    /// degree `lmax`, normalized by `Component`, and a radial basis. `cell` holds the cell vectors
    /// of a periodic graph; see [`EdgeAttributes::of_batch`] for several graphs with their cells.
    ///
    /// Edges of length zero, such as self edges, have zero harmonics for l > 0, and give no
    /// gradient to the positions.
    ///
    /// # Errors
    /// If `lmax` is above LMAX, an edge has a shift and there is no cell, the positions have
    /// another shape than the graph needs, another type than f32 or f64, or are not on the CPU, or
    /// a position or an entry of the cell is not finite.
    ///
    /// # Panics
    /// If the positions cannot be read from their device, which burn's CPU backend always can.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::graph::Graph;
    /// use tesseral::nn::EdgeAttributes;
    /// use tesseral::radial::Chebyshev;
    ///
    /// // A chain: one atom and its images at ±1.5 on the x axis.
    /// let shifts = [[1, 0, 0], [-1, 0, 0]];
    /// let (chain, _) = Graph::from_edges_periodic(1, &[0, 0], &[0, 0], &shifts)?;
    /// let cell = [[1.5, 0.0, 0.0], [0.0, 9.0, 0.0], [0.0, 0.0, 9.0]];
    /// let (r, basis) = (Tensor::zeros([1, 3], &Device::flex()), Chebyshev::new(2, 2.0)?);
    /// let edges = EdgeAttributes::new(chain.clone(), r.clone(), Some(cell), 1, basis)?;
    /// assert_eq!(edges.basis().to_data().as_slice::<f32>()?, [1.0, 0.5, 1.0, 0.5]);
    /// let error = EdgeAttributes::new(chain, r, None, 1, basis).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "edge 0 crosses cells with shift [-1, 0, 0], expected no shift where no cell is given"
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(
        graph: impl Into<Arc<Graph>>,
        positions: Tensor<2>,
        cell: Option<[[f64; 3]; 3]>,
        lmax: usize,
        basis: impl RadialBasis + Debug + Send + Sync + 'static,
    ) -> Result<Self, NnError> {
        let graph = graph.into();
        let translations = match cell {
            Some(cell) => {
                check_finite(&cell)?;
                Some(graph.shifts().iter().map(|&shift| translation(shift, &cell)).collect())
            }
            None => {
                graph.check_no_shifts()?;
                None
            }
        };
        let vectors = Vectors { graph, translations };
        Self::of_vectors(vectors, (positions, None), lmax, edge_functions(basis))
    }

    /// The attributes of several periodic graphs as one, each with its own cell vectors; as
    /// [`EdgeAttributes::new`] otherwise.
    ///
    /// # Errors
    /// As [`EdgeAttributes::new`], and if there is not one cell for each graph.
    ///
    /// # Panics
    /// As [`EdgeAttributes::new`].
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::graph::{Batch, Graph};
    /// use tesseral::nn::EdgeAttributes;
    /// use tesseral::radial::Chebyshev;
    ///
    /// // Two chains of one atom each, whose images are at ±1 and at ±1.5.
    /// let shifts = [[1, 0, 0], [-1, 0, 0]];
    /// let (chain, _) = Graph::from_edges_periodic(1, &[0, 0], &[0, 0], &shifts)?;
    /// let batch = Batch::new(&[chain.clone(), chain]);
    /// let cells = [1.0, 1.5].map(|a| [[a, 0.0, 0.0], [0.0, 9.0, 0.0], [0.0, 0.0, 9.0]]);
    /// let (r, basis) = (Tensor::zeros([2, 3], &Device::flex()), Chebyshev::new(2, 2.0)?);
    /// let edges = EdgeAttributes::of_batch(&batch, r, &cells, 1, basis)?;
    /// // 1 and r - 1 of every edge.
    /// let expected = [1.0, 0.0, 1.0, 0.0, 1.0, 0.5, 1.0, 0.5];
    /// assert_eq!(edges.basis().to_data().as_slice::<f32>()?, expected);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of_batch(
        batch: &Batch,
        positions: Tensor<2>,
        cells: &[[[f64; 3]; 3]],
        lmax: usize,
        basis: impl RadialBasis + Debug + Send + Sync + 'static,
    ) -> Result<Self, NnError> {
        let geometry = Geometry { positions, cells: Some(cells), strain: None };
        Self::strained(batch, geometry, lmax, basis)
    }

    /// The attributes of several graphs as one, periodic or not, under a strain: the gradient of
    /// energies by a tracked strain of zeros is dE/dε, and divided by the volume of the cell it is
    /// the stress. As [`EdgeAttributes::of_batch`] otherwise.
    ///
    /// # Errors
    /// As [`EdgeAttributes::of_batch`], and if the strain has another shape than `[graphs][9]` or another
    /// type than the positions.
    ///
    /// # Panics
    /// As [`EdgeAttributes::new`].
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::graph::{Batch, Graph, SelfEdges};
    /// use tesseral::nn::{EdgeAttributes, Geometry};
    /// use tesseral::radial::Bessel;
    ///
    /// let batch = Batch::new(&[Graph::complete(2, SelfEdges::Without)]);
    /// let device = Device::flex().autodiff();
    /// let positions = Tensor::from_data([[0.0, 0.0, 0.0], [0.0, 0.0, 1.0]], &device);
    /// let strain = Tensor::zeros([1, 9], &device).require_grad();
    /// let geometry = Geometry { positions, cells: None, strain: Some(strain.clone()) };
    /// let edges = EdgeAttributes::strained(&batch, geometry, 0, Bessel::new(1, 2.0)?)?;
    /// // Only a strain along the bond, which is on the z axis, changes its length.
    /// let gradients = edges.basis().clone().sum().backward();
    /// let by_strain = strain.grad(&gradients).unwrap().into_data().to_vec::<f32>().unwrap();
    /// assert_eq!(by_strain[..8], [0.0; 8]);
    /// assert!(by_strain[8] < -1.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn strained(
        batch: &Batch,
        geometry: Geometry<'_>,
        lmax: usize,
        basis: impl RadialBasis + Debug + Send + Sync + 'static,
    ) -> Result<Self, NnError> {
        let vectors = Vectors::of_batch(batch, geometry.cells)?;
        let strain = geometry.strain.map(|strain| (Strained::new(batch), strain));
        Self::of_vectors(vectors, (geometry.positions, strain), lmax, edge_functions(basis))
    }

    /// From positions, and strains where there are any.
    pub(super) fn of_vectors(
        operation: Vectors,
        (positions, strain): (Tensor<2>, Option<(Strained, Tensor<2>)>),
        lmax: usize,
        functions: Arc<dyn EdgeFunctions>,
    ) -> Result<Self, NnError> {
        check_degree(lmax)?;
        let graph = operation.graph.clone();
        let (expected, found) = ([graph.num_nodes(), 3], positions.dims());
        if expected != found {
            return Err(NnError::Shape { what: "the tensor of positions", expected, found });
        }
        check_tensors(&[&positions])?;
        check_positions(numbers(&positions).as_chunks().0)?;
        let mut vectors = apply1(operation, positions)?;
        let mut strained = None;
        if let Some((operation, strain)) = strain {
            let (expected, found) = ([operation.edges.len(), 9], strain.dims());
            if expected != found {
                return Err(NnError::Shape { what: "the strain", expected, found });
            }
            let before = vectors.clone().detach();
            vectors = apply2(operation.clone(), vectors, strain.clone())?;
            let strain = strain.detach();
            strained = Some(Strain { operation, vectors: before, strain });
        }
        let harmonics = apply1(DirectionHarmonics { lmax }, vectors.clone())?;
        let harmonics = Features::new(Irreps::spherical_harmonics(lmax), harmonics)?;
        let basis = functions.clone().values(vectors.clone())?;
        let strain = strained;
        Ok(EdgeAttributes { graph, vectors, harmonics, basis, functions, strain, tangents: None })
    }

    /// The same attributes with their derivatives along a direction `[nodes][3]` of the positions,
    /// for [`Convolution::forward_dual`](super::Convolution::forward_dual); see
    /// [`Dual`](super::Dual). Cell vectors and strains are fixed.
    ///
    /// Positions and direction are constants here: nothing is differentiated with respect to them.
    ///
    /// # Errors
    /// If the direction has another shape than the positions, or is not on the CPU.
    ///
    /// # Panics
    /// If a tensor cannot be read from its device, which burn's CPU backend always can.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::graph::{Graph, SelfEdges};
    /// use tesseral::nn::EdgeAttributes;
    /// use tesseral::radial::Chebyshev;
    ///
    /// let device = Device::flex();
    /// let r = Tensor::from_data([[0.0, 0.0, 0.0], [1.5, 0.0, 0.0]], &device);
    /// let pair = Graph::complete(2, SelfEdges::Without);
    /// let edges = EdgeAttributes::new(pair, r, None, 1, Chebyshev::new(2, 2.0)?)?;
    /// // The second atom moves away: of the basis, 1 and r - 1, the second changes at that speed.
    /// let away = Tensor::from_data([[0.0, 0.0, 0.0], [10.0, 0.0, 0.0]], &device);
    /// let edges = edges.dual(&away)?;
    /// let slopes = edges.basis_dual().tangent().to_data();
    /// assert_eq!(slopes.as_slice::<f32>()?, [0.0, 10.0, 0.0, 10.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn dual(&self, direction: &Tensor<2>) -> Result<Self, NnError> {
        self.dual_strained(direction, None)
    }

    /// The same along a direction of the positions and, at once, one `[graphs][9]` of the strain.
    pub(super) fn dual_strained(
        &self,
        direction: &Tensor<2>,
        strain_direction: Option<&Tensor<2>>,
    ) -> Result<Self, NnError> {
        let (expected, found) = ([self.graph.num_nodes(), 3], direction.dims());
        if expected != found {
            return Err(NnError::Shape { what: "the direction of the positions", expected, found });
        }
        check_tensors(&[&self.vectors, direction])?;
        let vectors = numbers(&self.vectors);
        let along = self.along(direction, strain_direction);

        let tensor = |values: Vec<f64>, like: &Tensor<2>| {
            let data = TensorData::new(values, like.dims());
            Tensor::from_data(data, (&like.device(), like.dtype()))
        };
        let mut harmonics = vec![0.0; self.harmonics.values().shape().num_elements()];
        let batch = harmonics_to(self.lmax());
        batch.push_forward(&vectors, &along, &mut harmonics).expect("lengths are those of edges");
        let basis = self.functions.along(&vectors, &along);
        let [value, radial] = [self.harmonics.values(), &self.basis].map(|t| t.clone().detach());
        let value_of_vectors = self.vectors.clone().detach();
        let tangents =
            [tensor(along, &value_of_vectors), tensor(harmonics, &value), tensor(basis, &radial)];
        Ok(EdgeAttributes {
            vectors: value_of_vectors,
            harmonics: Features::new(self.harmonics.irreps().clone(), value)?,
            basis: radial,
            tangents: Some(tangents),
            ..self.clone()
        })
    }

    /// The derivatives of the vectors.
    fn along(&self, direction: &Tensor<2>, strain_direction: Option<&Tensor<2>>) -> Vec<f64> {
        let lifted = Vectors { graph: self.graph.clone(), translations: None };
        let mut along = vec![0.0; 3 * self.graph.num_edges()];
        lifted.forward([numbers(direction).as_slice()], &mut along);
        let Some(Strain { operation, vectors, strain }) = &self.strain else { return along };
        // Of r + ε r: dr + ε dr, and then dε r.
        let mut strained = along.clone();
        operation.forward([&along, &numbers(strain)], &mut strained);
        if let Some(direction) = strain_direction {
            let (vectors, mut turned) = (numbers(vectors), along);
            operation.forward([&vectors, &numbers(direction)], &mut turned);
            for (sum, (with, without)) in strained.iter_mut().zip(turned.iter().zip(&vectors)) {
                *sum += with - without;
            }
        }
        strained
    }

    fn lmax(&self) -> usize {
        self.harmonics.irreps().lmax().unwrap_or(0)
    }

    /// Harmonics and basis without derivatives.
    pub(super) fn value_tensors(&self) -> [DualTensor; 2] {
        [self.harmonics.values(), &self.basis].map(|value| DualTensor::constant(value.clone()))
    }

    /// Harmonics and basis with derivatives along the direction, if there is one.
    pub(super) fn dual_tensors(&self) -> [DualTensor; 2] {
        let [mut harmonics, mut basis] = self.value_tensors();
        if let Some([_, dharmonics, dbasis]) = self.tangents.clone() {
            (harmonics.tangent, basis.tangent) = (Some(dharmonics), Some(dbasis));
        }
        [harmonics, basis]
    }

    /// The graph.
    pub fn graph(&self) -> &Arc<Graph> {
        &self.graph
    }

    /// The vectors `[edges][3]` from receivers to senders, along x, y and z.
    pub fn vectors(&self) -> &Tensor<2> {
        &self.vectors
    }

    /// The lengths of the vectors, as scalars `1x0e`.
    ///
    /// # Errors
    /// If the vectors have been moved from the CPU, where they were when this was made.
    pub fn lengths(&self) -> Result<Features, NnError> {
        Ok(self.lengths_dual()?.into_value())
    }

    /// The lengths and their derivative along the direction, if there is one; see [`Dual`].
    ///
    /// # Errors
    /// As [`EdgeAttributes::lengths`].
    pub fn lengths_dual(&self) -> Result<Dual, NnError> {
        Ok(Dual::of_shape(Irreps::scalars(1), self.vectors_dual().smooth(Lengths)?))
    }

    /// The directions of the vectors as features `1x1o`, that is in the order y, z, x, of length 1, and
    /// zeros for edges of length zero.
    ///
    /// # Errors
    /// As [`EdgeAttributes::lengths`].
    pub fn directions(&self) -> Result<Features, NnError> {
        Ok(self.directions_dual()?.into_value())
    }

    /// The directions and their derivative along the direction, if there is one; see [`Dual`].
    ///
    /// # Errors
    /// As [`EdgeAttributes::lengths`].
    pub fn directions_dual(&self) -> Result<Dual, NnError> {
        let irreps = Irreps::from(crate::Irrep::spherical_harmonic(1));
        Ok(Dual::of_shape(irreps, self.vectors_dual().smooth(Directions)?))
    }

    fn vectors_dual(&self) -> DualTensor {
        let tangent = self.tangents.as_ref().map(|[along, _, _]| along.clone());
        DualTensor { value: self.vectors.clone(), tangent }
    }

    /// The harmonics `[edges][(lmax + 1)²]`.
    pub fn harmonics(&self) -> &Features {
        &self.harmonics
    }

    /// The radial basis `[edges][functions]`.
    ///
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::graph::{Graph, SelfEdges};
    /// use tesseral::nn::EdgeAttributes;
    /// use tesseral::radial::Chebyshev;
    ///
    /// let rows = [[0.0, 0.0, 0.0], [0.0, 1.5, 0.0]];
    /// let r = Tensor::<2>::from_data(rows, &Device::flex().autodiff()).require_grad();
    /// let pair = Graph::complete(2, SelfEdges::Without);
    /// let edges = EdgeAttributes::new(pair, r.clone(), None, 0, Chebyshev::new(2, 2.0)?)?;
    /// // It is differentiable: two edges of the length r have 2 + 2 (r - 1).
    /// let gradient = r.grad(&edges.basis().clone().sum().backward()).unwrap();
    /// assert_eq!(gradient.to_data().as_slice::<f32>()?, [0.0, -2.0, 0.0, 0.0, 2.0, 0.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn basis(&self) -> &Tensor<2> {
        &self.basis
    }

    /// The harmonics and their derivative along the direction, if there is one; see [`Dual`].
    ///
    /// ```
    /// use burn::tensor::{Device, Tensor, TensorData, Tolerance};
    /// use tesseral::graph::Graph;
    /// use tesseral::nn::EdgeAttributes;
    /// use tesseral::radial::Bessel;
    ///
    /// let device = Device::flex();
    /// let r = Tensor::from_data([[0.0, 0.0, 0.0], [0.0, 0.0, 2.0]], &device);
    /// let (edge, _) = Graph::from_edges(2, &[1], &[0])?;
    /// let edges = EdgeAttributes::new(edge, r, None, 1, Bessel::new(4, 3.0)?)?;
    /// // The sender, at (0, 0, 2), moves along x: its direction (y, z, x) turns to x by 1/2.
    /// let along_x = Tensor::from_data([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]], &device);
    /// let slopes = edges.dual(&along_x)?.harmonics_dual().tangent();
    /// let expected = TensorData::from([[0.0, 0.0, 0.0, 3_f32.sqrt() / 2.0]]);
    /// slopes.to_data().assert_approx_eq::<f32>(&expected, Tolerance::absolute(1e-6));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn harmonics_dual(&self) -> Dual {
        let [harmonics, _] = self.dual_tensors();
        Dual::of_shape(self.harmonics.irreps().clone(), harmonics)
    }

    /// The radial basis, as scalars, and its derivative along the direction, if there is one; see
    /// [`Dual`].
    pub fn basis_dual(&self) -> Dual {
        let [_, basis] = self.dual_tensors();
        Dual::of_shape(Irreps::scalars(self.basis.dims()[1]), basis)
    }
}

/// The vector of each edge from its receiver to its sender.
#[derive(Clone, Debug)]
pub(super) struct Vectors {
    graph: Arc<Graph>,
    /// From the sender of each edge to its image, if the graph is periodic.
    translations: Option<Arc<[[f64; 3]]>>,
}

impl Vectors {
    /// Those of several graphs, with the cell vectors of each where they are periodic.
    pub fn of_batch(batch: &Batch, cells: Option<&[[[f64; 3]; 3]]>) -> Result<Vectors, NnError> {
        let graph = Arc::new(batch.graph().clone());
        let Some(cells) = cells else {
            graph.check_no_shifts()?;
            return Ok(Vectors { graph, translations: None });
        };
        check_length("cells", batch.num_graphs(), cells.len()).map_err(GraphError::from)?;
        let mut translations = Vec::with_capacity(graph.num_edges());
        for (index, (edges, cell)) in batch.edge_ranges().zip(cells).enumerate() {
            check_finite(cell).map_err(|error| NnError::Cell { graph: index, error })?;
            translations
                .extend(graph.shifts()[edges].iter().map(|&shift| translation(shift, cell)));
        }
        Ok(Vectors { graph, translations: Some(translations.into()) })
    }

    fn ends(&self) -> impl Iterator<Item = (usize, usize)> {
        self.graph.senders().iter().copied().zip(self.graph.receivers().iter().copied())
    }
}

impl Operation<1> for Vectors {
    fn output_shape(&self, _shapes: [[usize; 2]; 1]) -> [usize; 2] {
        [self.graph.num_edges(), 3]
    }

    fn forward<T: Element>(&self, [positions]: [&[T]; 1], vectors: &mut [T]) {
        let edges = self.ends().zip(vectors.chunks_exact_mut(3)).enumerate();
        for (edge, ((sender, receiver), vector)) in edges {
            let translation = self.translations.as_ref().map(|all| all[edge]);
            for (axis, component) in vector.iter_mut().enumerate() {
                *component = positions[3 * sender + axis] - positions[3 * receiver + axis];
                if let Some(translation) = translation {
                    *component = *component + T::from_f64(translation[axis]);
                }
            }
        }
    }

    fn backward<T: Element>(
        &self,
        _positions: [&[T]; 1],
        vector_gradient: &[T],
        [gradient]: [Option<&mut [T]>; 1],
    ) {
        let Some(gradient) = gradient else { return };
        for ((sender, receiver), vector) in self.ends().zip(vector_gradient.chunks_exact(3)) {
            for (axis, &component) in vector.iter().enumerate() {
                let (to_sender, to_receiver) = (3 * sender + axis, 3 * receiver + axis);
                gradient[to_sender] = gradient[to_sender] + component;
                gradient[to_receiver] = gradient[to_receiver] - component;
            }
        }
    }
}

/// The harmonics of edge directions.
#[derive(Debug)]
struct DirectionHarmonics {
    lmax: usize,
}

impl DirectionHarmonics {
    fn size(&self) -> usize {
        (self.lmax + 1) * (self.lmax + 1)
    }
}

impl Operation<1> for DirectionHarmonics {
    fn output_shape(&self, [[edges, _]]: [[usize; 2]; 1]) -> [usize; 2] {
        [edges, self.size()]
    }

    fn forward<T: Element>(&self, [vectors]: [&[T]; 1], harmonics: &mut [T]) {
        let batch = harmonics_to(self.lmax);
        batch.values(vectors, harmonics).expect("the shape of the output is that of the edges");
    }

    fn backward<T: Element>(
        &self,
        [vectors]: [&[T]; 1],
        harmonic_gradient: &[T],
        [gradient]: [Option<&mut [T]>; 1],
    ) {
        let Some(gradient) = gradient else { return };
        let batch = harmonics_to(self.lmax);
        // The gradient begins as zeros, so that overwriting it is adding.
        let result = batch.pull_back(vectors, harmonic_gradient, gradient);
        result.expect("the shape of the gradient is that of the edges");
    }
}

/// Functions of the lengths of edges, whatever their basis.
pub(super) trait EdgeFunctions: Debug + Send + Sync {
    /// Their values `[edges][functions]`.
    fn values(self: Arc<Self>, vectors: Tensor<2>) -> Result<Tensor<2>, NnError>;

    /// Their derivatives `[edges][functions]`, from vectors and directions `[edges][3]`.
    fn along(&self, vectors: &[f64], directions: &[f64]) -> Vec<f64>;
}

/// The functions of a radial basis.
pub(super) fn edge_functions(
    basis: impl RadialBasis + Debug + Send + Sync + 'static,
) -> Arc<dyn EdgeFunctions> {
    Arc::new(LengthBasis { basis })
}

/// A radial basis of edge lengths.
#[derive(Debug)]
struct LengthBasis<B> {
    basis: B,
}

impl<B: RadialBasis> LengthBasis<B> {
    /// The functions of every edge.
    fn values_of<'a, T>(&self, numbers: &'a mut [T]) -> RowsMut<'a, T> {
        RowsMut { numbers, size: self.basis.count() }
    }

    fn work<T>(&self, vectors: &[T]) -> Work {
        Work::of_functions(vectors.len(), 3, self.basis.count())
    }
}

impl<B: RadialBasis + Debug + Send + Sync + 'static> Operation<1> for LengthBasis<B> {
    fn output_shape(&self, [[edges, _]]: [[usize; 2]; 1]) -> [usize; 2] {
        [edges, self.basis.count()]
    }

    fn forward<T: Element>(&self, [vectors]: [&[T]; 1], output: &mut [T]) {
        let parts = (Rows { numbers: vectors, size: 3 }, self.values_of(output));
        Threads::Pool.each(self.work(vectors), parts, &|(vectors, output)| {
            for (r, output) in points(vectors.numbers).zip(output.iter()) {
                for (output, (value, _)) in output.iter_mut().zip(self.basis.functions(length(r))) {
                    *output = T::from_f64(value);
                }
            }
        });
    }

    fn backward<T: Element>(
        &self,
        [vectors]: [&[T]; 1],
        output_gradient: &[T],
        [gradient]: [Option<&mut [T]>; 1],
    ) {
        let Some(gradient) = gradient else { return };
        let cotangents = Rows { numbers: output_gradient, size: self.basis.count() };
        let given = (Rows { numbers: vectors, size: 3 }, cotangents);
        let target = RowsMut { numbers: gradient, size: 3 };
        Threads::Pool.each(self.work(vectors), (given, target), &|(
            (vectors, cotangents),
            target,
        )| {
            let edges = points(vectors.numbers).zip(cotangents.iter());
            for ((r, cotangent), target) in edges.zip(target.iter()) {
                let length = length(r);
                if length == 0.0 {
                    // The direction of the derivative has no limit there.
                    continue;
                }
                let terms = self.basis.functions(length).zip(cotangent);
                let slope = terms.map(|((_, slope), c)| slope * (*c).into()).sum::<f64>();
                for (target, component) in target.iter_mut().zip(r) {
                    *target = *target + T::from_f64(slope * (component.into() / length));
                }
            }
        });
    }
}

impl<B: RadialBasis + Debug + Send + Sync + 'static> EdgeFunctions for LengthBasis<B> {
    fn values(self: Arc<Self>, vectors: Tensor<2>) -> Result<Tensor<2>, NnError> {
        apply1(self, vectors)
    }

    fn along(&self, vectors: &[f64], directions: &[f64]) -> Vec<f64> {
        let mut derivatives = vec![0.0; vectors.len() / 3 * self.basis.count()];
        let given = [vectors, directions].map(|numbers| Rows { numbers, size: 3 });
        let parts = (given, self.values_of(&mut derivatives));
        Threads::Pool.each(self.work(vectors), parts, &|([vectors, directions], derivatives)| {
            let edges = points(vectors.numbers).zip(points(directions.numbers));
            for ((r, direction), derivatives) in edges.zip(derivatives.iter()) {
                let length = length(r);
                // No gradient where the direction of the derivative has no limit.
                let speed = match length {
                    0.0 => 0.0,
                    _ => (0..3).map(|axis| r[axis] / length * direction[axis]).sum(),
                };
                let functions = self.basis.functions(length);
                for (derivative, (_, slope)) in derivatives.iter_mut().zip(functions) {
                    *derivative = slope * speed;
                }
            }
        });
        derivatives
    }
}

/// The numbers of a tensor.
fn numbers(tensor: &Tensor<2>) -> Vec<f64> {
    tensor.to_data().iter::<f64>().collect()
}

/// The vectors of an array `[edges][3]`.
fn points<T: Copy>(vectors: &[T]) -> impl Iterator<Item = [T; 3]> {
    vectors.chunks_exact(3).map(|r| [r[0], r[1], r[2]])
}

/// The length of a vector, in f64 whatever the tensor holds.
fn length<T: Element>(r: [T; 3]) -> f64 {
    let [x, y, z] = r.map(Into::into);
    x.hypot(y).hypot(z)
}
