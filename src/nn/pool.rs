//! Pooling: from features of nodes to features of graphs.

use std::sync::Arc;

use super::operation::{Element, Operation, apply1};
use super::{Dual, Features, NnError};
use crate::graph::Batch;

/// How the features of a graph's nodes are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pooling {
    /// Their sum.
    Sum,
    /// Their mean; zero for a graph without nodes.
    Mean,
}

/// One row of features for every graph of a batch.
///
/// # Errors
/// If there is not one row of features for every node, they are of another type than f32 or f64,
/// or are not on the CPU.
pub fn pool(
    pooling: Pooling,
    features: &Features,
    batch: &Arc<Batch>,
) -> Result<Features, NnError> {
    Ok(pool_dual(pooling, &Dual::constant(features.clone()), batch)?.into_value())
}

/// The same of features and their derivative; see [`Dual`].
///
/// # Errors
/// As [`pool`].
pub fn pool_dual(pooling: Pooling, features: &Dual, batch: &Arc<Batch>) -> Result<Dual, NnError> {
    let found = features.tensors.value.dims();
    let expected = [batch.graph().num_nodes(), found[1]];
    if found != expected {
        return Err(NnError::Shape { what: "the tensor of node features", expected, found });
    }
    let operation = || Pool { pooling, batch: batch.clone(), columns: found[1] };
    let pooled = features.tensors.linear(|x| apply1(operation(), x))?;
    Ok(Dual::of_shape(features.irreps().clone(), pooled))
}

#[derive(Debug)]
struct Pool {
    pooling: Pooling,
    batch: Arc<Batch>,
    columns: usize,
}

impl Pool {
    /// For every node, the place where the row of its graph begins, and the node's weight in it.
    fn nodes<T: Element>(&self) -> impl Iterator<Item = (usize, T)> {
        let weights: Vec<T> = self
            .batch
            .node_ranges()
            .map(|nodes| match self.pooling {
                Pooling::Sum => T::from_f64(1.0),
                Pooling::Mean => T::from_f64((nodes.len() as f64).recip()),
            })
            .collect();
        self.batch.graph_of_node().iter().map(move |&graph| (graph * self.columns, weights[graph]))
    }
}

impl Operation<1> for Pool {
    fn output_shape(&self, _shapes: [[usize; 2]; 1]) -> [usize; 2] {
        [self.batch.num_graphs(), self.columns]
    }

    fn forward<T: Element>(&self, [x]: [&[T]; 1], sums: &mut [T]) {
        for (row, (start, weight)) in x.chunks_exact(self.columns.max(1)).zip(self.nodes::<T>()) {
            for (sum, &x) in sums[start..].iter_mut().zip(row) {
                *sum = *sum + weight * x;
            }
        }
    }

    fn backward<T: Element>(&self, _x: [&[T]; 1], dsums: &[T], [dx]: [Option<&mut [T]>; 1]) {
        let Some(dx) = dx else { return };
        for (row, (start, weight)) in
            dx.chunks_exact_mut(self.columns.max(1)).zip(self.nodes::<T>())
        {
            for (dx, &dsum) in row.iter_mut().zip(&dsums[start..]) {
                *dx = *dx + weight * dsum;
            }
        }
    }
}
