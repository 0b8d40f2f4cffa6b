//! Strained edges: a structure and its cell deformed by a small homogeneous strain, so that energies
//! can be differentiated by it.

use std::ops::Range;
use std::sync::Arc;

use super::operation::{Element, Operation};
use crate::graph::Batch;

/// r' = r + ε r for the vectors `[edges][3]` of each graph with its own strain `[graphs][9]`, row-major.
/// Positions and cell vectors deform alike, so the vectors of edges do.
#[derive(Clone, Debug)]
pub(super) struct Strained {
    /// The edges of each graph.
    pub edges: Arc<Vec<Range<usize>>>,
}

impl Strained {
    /// For the graphs of a batch.
    pub fn new(batch: &Batch) -> Strained {
        Strained { edges: Arc::new(batch.edge_ranges().collect()) }
    }

    /// The vectors of each graph, and where its strain is.
    fn graphs(&self) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
        self.edges
            .iter()
            .enumerate()
            .map(|(graph, edges)| (3 * edges.start..3 * edges.end, 9 * graph..9 * (graph + 1)))
    }
}

impl Operation<2> for Strained {
    fn output_shape(&self, [vectors, _]: [[usize; 2]; 2]) -> [usize; 2] {
        vectors
    }

    fn forward<T: Element>(&self, [vectors, strain]: [&[T]; 2], output: &mut [T]) {
        for (own, strained) in self.graphs() {
            let strain = &strain[strained];
            let vectors = vectors[own.clone()].as_chunks::<3>().0;
            for (r, output) in vectors.iter().zip(output[own].as_chunks_mut::<3>().0) {
                for axis in 0..3 {
                    output[axis] = r[axis] + dot(&strain[3 * axis..], r);
                }
            }
        }
    }

    fn backward<T: Element>(
        &self,
        [vectors, strain]: [&[T]; 2],
        output_gradient: &[T],
        [mut by_vectors, mut by_strain]: [Option<&mut [T]>; 2],
    ) {
        for (own, strained) in self.graphs() {
            let strain = &strain[strained.clone()];
            let gradients = output_gradient[own.clone()].as_chunks::<3>().0;
            if let Some(by_vectors) = by_vectors.as_deref_mut() {
                let targets = by_vectors[own.clone()].as_chunks_mut::<3>().0;
                for (target, g) in targets.iter_mut().zip(gradients) {
                    for axis in 0..3 {
                        let column = [strain[axis], strain[3 + axis], strain[6 + axis]];
                        target[axis] = target[axis] + g[axis] + dot(&column, g);
                    }
                }
            }
            if let Some(by_strain) = by_strain.as_deref_mut() {
                let target = &mut by_strain[strained];
                for (r, g) in vectors[own].as_chunks::<3>().0.iter().zip(gradients) {
                    for (entry, target) in target.iter_mut().enumerate() {
                        *target = *target + g[entry / 3] * r[entry % 3];
                    }
                }
            }
        }
    }
}

fn dot<T: Element>(a: &[T], b: &[T; 3]) -> T {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}
