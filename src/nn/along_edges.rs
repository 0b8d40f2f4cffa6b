//! Between nodes and edges: features of nodes at the ends of edges, sums of edges into receivers, and
//! softmax over the edges into a receiver.
//!
//! Each is there for [`Features`] and for [`Dual`]. A convolution does not need them: it gathers,
//! multiplies and sums in one pass ([`Convolution`](super::Convolution),
//! [`WeightedProduct`](super::WeightedProduct)).

use std::ops::Range;
use std::sync::Arc;

use super::operation::{Element, Operation, Smooth, apply1};
use super::{Dual, Features, NnError};
use crate::Irreps;
use crate::graph::Graph;
use crate::parallel::{Rows, RowsMut, Threads, Work, add_rows};

/// The features of the sender of each edge, `[edges][irreps.dim()]`.
///
/// # Errors
/// If there is not one row of features for every node, they are of another type than f32 or f64,
/// or are not on the CPU.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use tesseral::Irreps;
/// use tesseral::graph::Graph;
/// use tesseral::nn::{Features, gather_receivers, gather_senders, sum_into_receivers};
/// use std::sync::Arc;
///
/// let (graph, _) = Graph::from_edges(3, &[0, 2, 1], &[1, 1, 2])?;
/// let graph = Arc::new(graph);
/// let nodes = Tensor::from_data([[1.0], [2.0], [4.0]], &Device::flex());
/// let nodes = Features::new(Irreps::scalars(1), nodes)?;
///
/// let sent = gather_senders(&nodes, &graph)?;
/// assert_eq!(sent.values().to_data().iter::<f32>().collect::<Vec<_>>(), [1.0, 4.0, 2.0]);
/// let received = gather_receivers(&nodes, &graph)?;
/// assert_eq!(received.values().to_data().iter::<f32>().collect::<Vec<_>>(), [2.0, 2.0, 4.0]);
/// let sums = sum_into_receivers(&sent, &graph)?;
/// assert_eq!(sums.values().to_data().iter::<f32>().collect::<Vec<_>>(), [0.0, 5.0, 2.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn gather_senders(x: &Features, graph: &Arc<Graph>) -> Result<Features, NnError> {
    Ok(gather_senders_dual(&Dual::constant(x.clone()), graph)?.into_value())
}

/// The same of features and their derivative; see [`Dual`].
///
/// # Errors
/// As [`gather_senders`].
pub fn gather_senders_dual(x: &Dual, graph: &Arc<Graph>) -> Result<Dual, NnError> {
    gather(x, graph, End::Sender).map_err(NnError::in_layer("gather_senders"))
}

/// The features of the receiver of each edge, `[edges][irreps.dim()]`.
///
/// # Errors
/// As [`gather_senders`].
pub fn gather_receivers(x: &Features, graph: &Arc<Graph>) -> Result<Features, NnError> {
    Ok(gather_receivers_dual(&Dual::constant(x.clone()), graph)?.into_value())
}

/// The same of features and their derivative; see [`Dual`].
///
/// # Errors
/// As [`gather_senders`].
pub fn gather_receivers_dual(x: &Dual, graph: &Arc<Graph>) -> Result<Dual, NnError> {
    gather(x, graph, End::Receiver).map_err(NnError::in_layer("gather_receivers"))
}

/// The sum of the features of the edges into each node, `[nodes][irreps.dim()]`; zeros where there are
/// none.
///
/// # Errors
/// If there is not one row of features for every edge, they are of another type than f32 or f64,
/// or are not on the CPU.
#[doc(alias = "scatter")]
pub fn sum_into_receivers(x: &Features, graph: &Arc<Graph>) -> Result<Features, NnError> {
    Ok(sum_into_receivers_dual(&Dual::constant(x.clone()), graph)?.into_value())
}

/// The same of features and their derivative; see [`Dual`].
///
/// # Errors
/// As [`sum_into_receivers`].
pub fn sum_into_receivers_dual(x: &Dual, graph: &Arc<Graph>) -> Result<Dual, NnError> {
    sum_rows(x, graph).map_err(NnError::in_layer("sum_into_receivers"))
}

fn sum_rows(x: &Dual, graph: &Arc<Graph>) -> Result<Dual, NnError> {
    check_edges(x, graph)?;
    let columns = x.irreps().dim();
    let operation = || Sum { graph: graph.clone(), columns };
    let sums = x.tensors.linear(|x| apply1(operation(), x))?;
    Ok(Dual::of_shape(x.irreps().clone(), sums))
}

/// Weights of the edges into each node, from scalars `[edges][n]`: each column is
/// exp(x) / Σ exp(x), the sum over the edges into one node. They are positive and add up to 1.
///
/// # Errors
/// As [`sum_into_receivers`], and if the features are not scalars `0e`.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use tesseral::Irreps;
/// use tesseral::graph::Graph;
/// use tesseral::nn::{Features, softmax_by_receiver};
/// use std::sync::Arc;
///
/// let (graph, _) = Graph::from_edges(3, &[0, 2, 1], &[1, 1, 2])?;
/// let scores = Tensor::from_data([[1000.0], [1000.0], [-3.0]], &Device::flex());
/// let scores = Features::new(Irreps::scalars(1), scores)?;
/// let weights = softmax_by_receiver(&scores, &Arc::new(graph))?;
/// assert_eq!(weights.values().to_data().iter::<f32>().collect::<Vec<_>>(), [0.5, 0.5, 1.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "softmax")]
pub fn softmax_by_receiver(x: &Features, graph: &Arc<Graph>) -> Result<Features, NnError> {
    Ok(softmax_by_receiver_dual(&Dual::constant(x.clone()), graph)?.into_value())
}

/// The same of scalars and their derivative; see [`Dual`].
///
/// # Errors
/// As [`softmax_by_receiver`].
pub fn softmax_by_receiver_dual(x: &Dual, graph: &Arc<Graph>) -> Result<Dual, NnError> {
    softmax(x, graph).map_err(NnError::in_layer("softmax_by_receiver"))
}

fn softmax(x: &Dual, graph: &Arc<Graph>) -> Result<Dual, NnError> {
    let columns = x.irreps().dim();
    x.expect("the tensor of scores", &Irreps::scalars(columns))?;
    check_edges(x, graph)?;
    let weights = x.tensors.smooth(Softmax { graph: graph.clone(), columns })?;
    Ok(Dual::of_shape(x.irreps().clone(), weights))
}

fn gather(x: &Dual, graph: &Arc<Graph>, end: End) -> Result<Dual, NnError> {
    let (expected, found) = ([graph.num_nodes(), x.irreps().dim()], x.tensors.value.dims());
    if expected != found {
        return Err(NnError::Shape { what: "the tensor of node features", expected, found });
    }
    let operation = || Gather { graph: graph.clone(), end, columns: found[1] };
    let rows = x.tensors.linear(|x| apply1(operation(), x))?;
    Ok(Dual::of_shape(x.irreps().clone(), rows))
}

fn check_edges(x: &Dual, graph: &Graph) -> Result<(), NnError> {
    let (expected, found) = ([graph.num_edges(), x.irreps().dim()], x.tensors.value.dims());
    match expected == found {
        true => Ok(()),
        false => Err(NnError::Shape { what: "the tensor of edge features", expected, found }),
    }
}

/// An end of edges.
#[derive(Clone, Copy, Debug)]
enum End {
    Sender,
    Receiver,
}

/// The rows of nodes at one end of each edge.
#[derive(Debug)]
struct Gather {
    graph: Arc<Graph>,
    end: End,
    columns: usize,
}

impl Gather {
    fn nodes(&self) -> &[usize] {
        match self.end {
            End::Sender => self.graph.senders(),
            End::Receiver => self.graph.receivers(),
        }
    }
}

impl Operation<1> for Gather {
    fn output_shape(&self, _shapes: [[usize; 2]; 1]) -> [usize; 2] {
        [self.graph.num_edges(), self.columns]
    }

    fn forward<T: Element>(&self, [x]: [&[T]; 1], output: &mut [T]) {
        copy_rows(x, self.nodes(), output, self.columns);
    }

    fn backward<T: Element>(&self, _x: [&[T]; 1], dz: &[T], [dx]: [Option<&mut [T]>; 1]) {
        let Some(dx) = dx else { return };
        add_rows(Threads::Pool, dz, self.nodes(), dx, self.columns);
    }
}

/// The sum of the rows of edges into each node.
#[derive(Debug)]
struct Sum {
    graph: Arc<Graph>,
    columns: usize,
}

impl Operation<1> for Sum {
    fn output_shape(&self, _shapes: [[usize; 2]; 1]) -> [usize; 2] {
        [self.graph.num_nodes(), self.columns]
    }

    fn forward<T: Element>(&self, [x]: [&[T]; 1], output: &mut [T]) {
        add_rows(Threads::Pool, x, self.graph.receivers(), output, self.columns);
    }

    fn backward<T: Element>(&self, _x: [&[T]; 1], dz: &[T], [dx]: [Option<&mut [T]>; 1]) {
        let Some(dx) = dx else { return };
        copy_rows(dz, self.graph.receivers(), dx, self.columns);
    }
}

/// Sets every row to the one that it names.
fn copy_rows<T: Element>(rows: &[T], names: &[usize], output: &mut [T], size: usize) {
    let work = Work { rows: names.len(), each: size };
    let parts = (Rows { numbers: names, size: 1 }, RowsMut { numbers: output, size });
    Threads::Pool.each(work, parts, &|(names, output)| {
        for (row, &name) in output.iter().zip(names.numbers) {
            row.copy_from_slice(&rows[name * size..][..size]);
        }
    });
}

/// Softmax over the edges into each node, of each column.
#[derive(Debug)]
struct Softmax {
    graph: Arc<Graph>,
    columns: usize,
}

impl Softmax {
    /// The places of the numbers of each column of the edges into each node.
    fn runs(&self) -> impl Iterator<Item = impl Iterator<Item = usize> + Clone> {
        let columns = self.columns;
        let places = move |edges: Range<usize>, column: usize| {
            edges.map(move |edge| edge * columns + column)
        };
        let nodes = 0..self.graph.num_nodes();
        nodes.flat_map(move |node| {
            let edges = self.graph.edges_into(node);
            (0..columns).map(move |column| places(edges.clone(), column))
        })
    }

    fn weights<T: Element>(&self, x: &[T]) -> Vec<T> {
        let mut weights = vec![T::from_f64(0.0); x.len()];
        for run in self.runs() {
            let values = run.clone().map(|place| x[place].into());
            // Of the largest the exponential is 1, so none overflows and their sum is not 0.
            let largest = values.clone().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = values.map(|x| (x - largest).exp()).sum();
            for place in run {
                weights[place] = T::from_f64((x[place].into() - largest).exp() / sum);
            }
        }
        weights
    }

    /// Adds w (g - Σ w g), the gradient by scores from that by weights.
    fn pull_back<T: Element>(&self, weights: &[T], gradient: &[T], target: &mut [T]) {
        for run in self.runs() {
            let mean = sum(run.clone().map(|place| weights[place] * gradient[place]));
            for place in run {
                target[place] = target[place] + weights[place] * (gradient[place] - mean);
            }
        }
    }
}

fn sum<T: Element>(terms: impl Iterator<Item = T>) -> T {
    terms.fold(T::from_f64(0.0), |sum, term| sum + term)
}

impl Operation<1> for Softmax {
    fn output_shape(&self, [shape]: [[usize; 2]; 1]) -> [usize; 2] {
        shape
    }

    fn forward<T: Element>(&self, [x]: [&[T]; 1], output: &mut [T]) {
        output.copy_from_slice(&self.weights(x));
    }

    fn backward<T: Element>(&self, [x]: [&[T]; 1], dz: &[T], [dx]: [Option<&mut [T]>; 1]) {
        let Some(dx) = dx else { return };
        self.pull_back(&self.weights(x), dz, dx);
    }
}

impl Smooth for Softmax {
    /// With s = Σ w g and t = Σ w c over a run: Σ c w (g - s) has the gradient w (c - t) by g and,
    /// by the weights, c g - g t - c s.
    fn backward_twice<T: Element>(
        &self,
        x: &[T],
        dz: &[T],
        cotangent: &[T],
        by_x: Option<&mut [T]>,
        by_dz: Option<&mut [T]>,
    ) {
        let weights = self.weights(x);
        if let Some(by_dz) = by_dz {
            self.pull_back(&weights, cotangent, by_dz);
        }
        let Some(by_x) = by_x else { return };
        let mut by_weights = vec![T::from_f64(0.0); x.len()];
        for run in self.runs() {
            let [s, t] =
                [dz, cotangent].map(|g| sum(run.clone().map(|place| weights[place] * g[place])));
            for place in run {
                let (g, c) = (dz[place], cotangent[place]);
                by_weights[place] = c * g - g * t - c * s;
            }
        }
        self.pull_back(&weights, &by_weights, by_x);
    }
}
