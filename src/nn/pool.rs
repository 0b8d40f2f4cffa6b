//! Pooling: from features of nodes to features of graphs.

use std::sync::Arc;

use super::operation::{Element, Operation, apply1};
use super::{Dual, Features, NnError};
use crate::graph::Batch;

/// How the features of a graph's nodes are put together.
///
/// # Example
/// ```
/// use std::sync::Arc;
///
/// use burn::tensor::{Device, Tensor};
/// use tesseral::Irreps;
/// use tesseral::graph::{Batch, Graph, SelfEdges};
/// use tesseral::nn::{Features, Pooling, pool};
///
/// // An energy is a sum over atoms. The mean over a graph without nodes is zero.
/// let graphs = [4, 0].map(|nodes| Graph::complete(nodes, SelfEdges::Without));
/// let batch = Arc::new(Batch::new(&graphs));
/// let x = Features::new(Irreps::scalars(1), Tensor::full([4, 1], 2.5, &Device::flex()))?;
/// let sum = pool(Pooling::Sum, &x, &batch)?;
/// assert_eq!(sum.values().to_data().as_slice::<f32>()?, [10.0, 0.0]);
/// let mean = pool(Pooling::Mean, &x, &batch)?;
/// assert_eq!(mean.values().to_data().as_slice::<f32>()?, [2.5, 0.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
///
/// # Example
/// ```
/// use std::sync::Arc;
///
/// use burn::tensor::{Device, Tensor};
/// use tesseral::Irreps;
/// use tesseral::graph::{Batch, Graph, SelfEdges};
/// use tesseral::nn::{Features, Pooling, pool};
///
/// // The dipole of every molecule from vectors of its atoms.
/// let irreps: Irreps = "1x1o".parse()?;
/// let graphs = [2, 1].map(|atoms| Graph::complete(atoms, SelfEdges::Without));
/// let batch = Arc::new(Batch::new(&graphs));
/// let atoms = [[0.0, 0.0, 1.0], [0.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
/// let x = Features::new(irreps, Tensor::from_data(atoms, &Device::flex()))?;
/// let dipoles = pool(Pooling::Sum, &x, &batch)?;
/// assert_eq!(dipoles.irreps(), x.irreps());
/// let expected = [0.0, 2.0, 4.0, 4.0, 5.0, 6.0];
/// assert_eq!(dipoles.values().to_data().as_slice::<f32>()?, expected);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
///
/// # Example
/// ```
/// use std::sync::Arc;
///
/// use burn::tensor::{Device, Tensor};
/// use tesseral::Irreps;
/// use tesseral::graph::{Batch, Graph, SelfEdges};
/// use tesseral::nn::{Dual, Features, Pooling, pool_dual};
///
/// let device = Device::flex();
/// let batch = Arc::new(Batch::new(&[Graph::complete(2, SelfEdges::Without)]));
/// let x = Features::new(Irreps::scalars(1), Tensor::from_data([[5.0], [7.0]], &device))?;
/// let x = Dual::new(x, Tensor::from_data([[1.0], [2.0]], &device))?;
/// let energy = pool_dual(Pooling::Sum, &x, &batch)?;
/// assert_eq!(energy.value().into_values().into_scalar::<f32>(), 12.0);
/// assert_eq!(energy.tangent().into_scalar::<f32>(), 3.0);
/// # Ok::<(), tesseral::nn::NnError>(())
/// ```
pub fn pool_dual(pooling: Pooling, features: &Dual, batch: &Arc<Batch>) -> Result<Dual, NnError> {
    pool_rows(pooling, features, batch).map_err(NnError::in_layer("pool"))
}

fn pool_rows(pooling: Pooling, features: &Dual, batch: &Arc<Batch>) -> Result<Dual, NnError> {
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
