//! What layers share of a graph: edge vectors, their harmonics and the radial basis, computed once
//! from the positions and differentiable with respect to them.

use std::fmt::Debug;
use std::sync::Arc;

use burn::tensor::Tensor;

use super::operation::{Element, Operation, apply1};
use super::{Features, NnError};
use crate::graph::{Graph, GraphError};
use crate::radial::RadialBasis;
use crate::sh::{Harmonics, HarmonicsError, Normalization};
use crate::{Irreps, LMAX};

/// The harmonics of the edge directions, as all layers take them.
const HARMONICS: Harmonics =
    Harmonics { normalization: Normalization::Component, ..Harmonics::NATIVE };

/// The edges of a graph with everything that depends on positions alone.
#[derive(Clone, Debug)]
pub struct EdgeAttributes {
    graph: Arc<Graph>,
    harmonics: Features,
    basis: Tensor<2>,
}

impl EdgeAttributes {
    /// The attributes of a graph at `positions`, a tensor `[nodes][3]`: spherical harmonics to
    /// degree `lmax`, normalized by `Component`, and a radial basis. `cell` holds the cell vectors
    /// of a periodic graph.
    ///
    /// Edges of length zero, such as self edges, have zero harmonics for l > 0, and give no
    /// gradient to the positions.
    ///
    /// # Errors
    /// If `lmax` is above LMAX, an edge has a shift and there is no cell, or the positions have another shape than the graph needs, another
    /// type than f32 or f64, or are not on the CPU.
    pub fn new(
        graph: impl Into<Arc<Graph>>,
        positions: Tensor<2>,
        cell: Option<[[f64; 3]; 3]>,
        lmax: usize,
        basis: impl RadialBasis + Debug + Send + Sync + 'static,
    ) -> Result<Self, NnError> {
        if lmax > LMAX {
            return Err(HarmonicsError::Degree { l: lmax }.into());
        }
        let graph = graph.into();
        let (expected, found) = ([graph.num_nodes(), 3], positions.dims());
        if expected != found {
            return Err(NnError::Shape { what: "the tensor of positions", expected, found });
        }
        if cell.is_none()
            && let Some(edge) = graph.shifts().iter().position(|&shift| shift != [0; 3])
        {
            return Err(GraphError::MissingCell { edge, shift: graph.shifts()[edge] }.into());
        }
        let vectors = apply1(Vectors { graph: graph.clone(), cell }, positions)?;
        let harmonics = apply1(DirectionHarmonics { lmax }, vectors.clone())?;
        let harmonics = Features::new(Irreps::spherical_harmonics(lmax), harmonics)?;
        let basis = apply1(LengthBasis { basis }, vectors)?;
        Ok(EdgeAttributes { graph, harmonics, basis })
    }

    /// The graph.
    pub fn graph(&self) -> &Arc<Graph> {
        &self.graph
    }

    /// The harmonics `[edges][(lmax + 1)²]`.
    pub fn harmonics(&self) -> &Features {
        &self.harmonics
    }

    /// The radial basis `[edges][functions]`.
    pub fn basis(&self) -> &Tensor<2> {
        &self.basis
    }
}

/// The vector of each edge from its receiver to its sender.
#[derive(Debug)]
struct Vectors {
    graph: Arc<Graph>,
    cell: Option<[[f64; 3]; 3]>,
}

impl Vectors {
    fn ends(&self) -> impl Iterator<Item = (usize, usize)> {
        self.graph.senders().iter().copied().zip(self.graph.receivers().iter().copied())
    }
}

impl Operation<1> for Vectors {
    fn output_shape(&self, _shapes: [[usize; 2]; 1]) -> [usize; 2] {
        [self.graph.num_edges(), 3]
    }

    fn forward<T: Element>(&self, [positions]: [&[T]; 1], vectors: &mut [T]) {
        let edges = self.ends().zip(self.graph.shifts()).zip(vectors.chunks_exact_mut(3));
        for (((sender, receiver), shift), vector) in edges {
            for (axis, component) in vector.iter_mut().enumerate() {
                *component = positions[3 * sender + axis] - positions[3 * receiver + axis];
                if let Some(cell) = self.cell {
                    let offset: f64 = (0..3).map(|a| f64::from(shift[a]) * cell[a][axis]).sum();
                    *component = *component + T::from_f64(offset);
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
        for (r, values) in points(vectors).zip(harmonics.chunks_exact_mut(self.size())) {
            HARMONICS.up_to(self.lmax, r, values).expect("the degree was checked");
        }
    }

    fn backward<T: Element>(
        &self,
        [vectors]: [&[T]; 1],
        harmonic_gradient: &[T],
        [gradient]: [Option<&mut [T]>; 1],
    ) {
        let Some(gradient) = gradient else { return };
        let zero = T::constant(0.0, 0.0);
        let mut values = vec![zero; self.size()];
        let mut derivatives = vec![zero; 3 * self.size()];
        let edges = points(vectors).zip(harmonic_gradient.chunks_exact(self.size()));
        for ((r, cotangent), target) in edges.zip(gradient.chunks_exact_mut(3)) {
            HARMONICS
                .up_to_grad(self.lmax, r, &mut values, &mut derivatives)
                .expect("the degree was checked");
            for (target, row) in target.iter_mut().zip(derivatives.chunks_exact(self.size())) {
                for (&derivative, &cotangent) in row.iter().zip(cotangent) {
                    *target = *target + derivative * cotangent;
                }
            }
        }
    }
}

/// A radial basis of edge lengths.
#[derive(Debug)]
struct LengthBasis<B> {
    basis: B,
}

impl<B: RadialBasis + Debug + Send + Sync + 'static> Operation<1> for LengthBasis<B> {
    fn output_shape(&self, [[edges, _]]: [[usize; 2]; 1]) -> [usize; 2] {
        [edges, self.basis.count()]
    }

    fn forward<T: Element>(&self, [vectors]: [&[T]; 1], output: &mut [T]) {
        for (r, output) in points(vectors).zip(output.chunks_exact_mut(self.basis.count().max(1))) {
            for (output, (value, _)) in output.iter_mut().zip(self.basis.functions(length(r))) {
                *output = T::from_f64(value);
            }
        }
    }

    fn backward<T: Element>(
        &self,
        [vectors]: [&[T]; 1],
        output_gradient: &[T],
        [gradient]: [Option<&mut [T]>; 1],
    ) {
        let Some(gradient) = gradient else { return };
        let edges = points(vectors).zip(output_gradient.chunks_exact(self.basis.count().max(1)));
        for ((r, cotangent), target) in edges.zip(gradient.chunks_exact_mut(3)) {
            let length = length(r);
            if length == 0.0 {
                // The direction of the derivative has no limit there.
                continue;
            }
            let terms = self.basis.functions(length).zip(cotangent);
            let slope = terms.map(|((_, slope), c)| slope * c.to_f64()).sum::<f64>();
            for (target, component) in target.iter_mut().zip(r) {
                *target = *target + T::from_f64(slope * (component.to_f64() / length));
            }
        }
    }
}

/// The vectors of an array `[edges][3]`.
fn points<T: Copy>(vectors: &[T]) -> impl Iterator<Item = [T; 3]> {
    vectors.chunks_exact(3).map(|r| [r[0], r[1], r[2]])
}

/// The length of a vector, in f64 whatever the tensor holds.
fn length<T: Element>(r: [T; 3]) -> f64 {
    let [x, y, z] = r.map(T::to_f64);
    x.hypot(y).hypot(z)
}
