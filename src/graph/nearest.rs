//! The graph of the k nearest points of each point.
//!
//! All points nearer than a radius are looked at, and those that have too few neighbours there again
//! with twice the radius. What is found within a radius is complete, so the nearest of them are the
//! nearest of all.

use super::bins::Bins;
use super::displacements::displacement;
use super::images::Images;
use super::lattice::Lattice;
use super::neighbours::{LOOK_AROUND, Near, Room, given_shift};
use super::search::How;
use super::{Cell, Graph, GraphError, Search, SelfEdges};
use crate::parallel::{Work, even_ranges};

/// A neighbour of a node, in the order of a graph's edges.
type Neighbour = (usize, [i32; 3]);

impl Graph {
    /// Edges to every point from its `count` nearest other points, or from all others where there are
    /// fewer. The edges of a point at equal distances are taken in the order of senders. Edges to
    /// the points themselves come besides.
    ///
    /// # Errors
    /// If a coordinate is not finite, or points are so far apart that their distance is not.
    ///
    /// ```
    /// use tesseral::graph::{Graph, SelfEdges};
    ///
    /// let line = [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [2.5, 0.0, 0.0]];
    /// let graph = Graph::nearest(&line, 1, SelfEdges::Without)?;
    /// assert_eq!(graph.senders(), [1, 0, 1]);
    /// assert_eq!(graph.receivers(), [0, 1, 2]);
    /// # Ok::<(), tesseral::graph::GraphError>(())
    /// ```
    #[doc(alias = "knn")]
    #[doc(alias = "knn_graph")]
    pub fn nearest<T: Copy + Into<f64>>(
        positions: &[[T; 3]],
        count: usize,
        self_edges: SelfEdges,
    ) -> Result<Graph, GraphError> {
        Search::nearest(count).self_edges(self_edges).graph(positions)
    }

    /// Edges to every point from its `count` nearest points and images of points, its own images among
    /// them, in a cell as for [`within_radius_periodic`](Graph::within_radius_periodic).
    ///
    /// # Errors
    /// As [`within_radius_periodic`](Graph::within_radius_periodic), but for the cutoff.
    ///
    /// ```
    /// use tesseral::graph::{Graph, SelfEdges};
    ///
    /// // Body-centred cubic: eight nearest neighbours, then six.
    /// let cell = [[2.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 2.0]];
    /// let atoms = [[0.0; 3], [1.0; 3]];
    /// let graph = Graph::nearest_periodic(&atoms, cell, [true; 3], 8, SelfEdges::Without)?;
    /// assert_eq!(graph.edges_into(0).len(), 8);
    /// assert!(graph.senders()[graph.edges_into(0)].iter().all(|&sender| sender == 1));
    /// # Ok::<(), tesseral::graph::GraphError>(())
    /// ```
    pub fn nearest_periodic<T: Copy + Into<f64>>(
        positions: &[[T; 3]],
        cell: [[T; 3]; 3],
        periodic: [bool; 3],
        count: usize,
        self_edges: SelfEdges,
    ) -> Result<Graph, GraphError> {
        let cell = Cell { vectors: cell.map(|vector| vector.map(Into::into)), periodic };
        Search::nearest(count).in_cell(cell).self_edges(self_edges).graph(positions)
    }
}

/// The graph of finite positions in a lattice.
pub(super) fn nearest(
    positions: &[[f64; 3]],
    lattice: &Lattice,
    count: usize,
    How { self_edges, threads }: How,
) -> Result<Graph, GraphError> {
    let mut neighbours: Vec<Vec<Neighbour>> = vec![Vec::new(); positions.len()];
    let mut missing: Vec<usize> = (0..positions.len()).collect();
    let mut radius = first_radius(positions, lattice, count);
    while count > 0 && !missing.is_empty() {
        if !radius.is_finite() {
            return Err(GraphError::TooFarApart);
        }
        let images = Images::new(positions, lattice, radius)?;
        let bins = Bins::new(&images.points, images.reach);
        let near = Near::new(positions, lattice, &images, radius, SelfEdges::Without);
        let looking = Looking { near, images: &images, bins: &bins, lattice, count };
        let parts = threads.parts(Work { rows: missing.len(), each: LOOK_AROUND });
        let found = threads.map(even_ranges(missing.len(), parts), |range| {
            looking.around(positions, &missing[range])
        });
        let mut still = Vec::new();
        let mut receivers = missing.into_iter();
        for found in found {
            for (own, receiver) in found?.into_iter().zip(&mut receivers) {
                match own {
                    Some(own) => neighbours[receiver] = own,
                    None => still.push(receiver),
                }
            }
        }
        missing = still;
        radius *= 2.0;
    }
    graph(neighbours, self_edges)
}

/// What is looked at within one radius.
struct Looking<'a> {
    near: Near<'a>,
    images: &'a Images,
    bins: &'a Bins,
    lattice: &'a Lattice,
    count: usize,
}

impl Looking<'_> {
    /// The nearest of each receiver, none where there are too few within the radius.
    fn around(
        &self,
        positions: &[[f64; 3]],
        receivers: &[usize],
    ) -> Result<Vec<Option<Vec<Neighbour>>>, GraphError> {
        let Looking { near, images, bins, lattice, count } = self;
        let mut found = Vec::new();
        let mut room = Room::default();
        let mut around = Vec::with_capacity(receivers.len());
        for &receiver in receivers {
            found.clear();
            let home = images.homes[receiver];
            near.append_senders(bins, home, &mut room, &mut found);
            let all = lattice.is_open() && found.len() + 1 == positions.len();
            if found.len() < *count && !all {
                around.push(None);
                continue;
            }
            let mut own = Vec::with_capacity(found.len());
            for &image in &found {
                let (sender, shifts) =
                    (images.nodes[image], [image, home].map(|i| images.shifts[i]));
                own.push((sender, given_shift(lattice, shifts, [sender, receiver])?));
            }
            keep_nearest(&mut own, *count, |(sender, shift)| {
                let cell = &lattice.given;
                length(displacement(positions[sender], positions[receiver], shift, cell))
            });
            around.push(Some(own));
        }
        Ok(around)
    }
}

/// A radius that has about as many neighbours as asked for, if points are spread evenly.
fn first_radius(positions: &[[f64; 3]], lattice: &Lattice, count: usize) -> f64 {
    // Of most points: one that is far away would make a radius that holds all others.
    let extent = |axis: usize| {
        let mut values: Vec<f64> = positions.iter().map(|point| point[axis]).collect();
        let (last, tenth) = (values.len().saturating_sub(1), values.len() / 10);
        let mut between = |low: usize, high: usize| {
            let mut at = |place| *values.select_nth_unstable_by(place, f64::total_cmp).1;
            if last == 0 { 0.0 } else { (at(high) - at(low)).max(0.0) }
        };
        let most = if tenth > 0 { 1.25 * between(tenth, last - tenth) } else { 0.0 };
        if most > 0.0 { most } else { between(0, last) }
    };
    let mut extents: Vec<f64> = [0, 1, 2].map(extent).into();
    extents.extend(lattice.cell.map(length).into_iter().filter(|&length| length > 0.0));
    let largest = extents.iter().copied().fold(0.0, f64::max);
    // Points on a line or in a plane have no extent along the others.
    let share = (count as f64 + 1.0) / (positions.len() as f64 + 1.0);
    let dimensions = extents[..3].iter().filter(|&&extent| extent > 1e-3 * largest).count();
    let radius = 0.7 * largest * share.powf(1.0 / dimensions.max(1) as f64);
    if radius > 0.0 { radius } else { f64::MIN_POSITIVE.sqrt() }
}

/// Keeps so many at the smallest distances, in the order of a graph's edges.
fn keep_nearest(
    neighbours: &mut Vec<Neighbour>,
    count: usize,
    distance: impl Fn(Neighbour) -> f64,
) {
    let mut by_distance: Vec<(f64, Neighbour)> =
        neighbours.iter().map(|&neighbour| (distance(neighbour), neighbour)).collect();
    by_distance.sort_by(|(a, first), (b, second)| a.total_cmp(b).then(first.cmp(second)));
    by_distance.truncate(count);
    *neighbours = by_distance.into_iter().map(|(_, neighbour)| neighbour).collect();
}

/// The graph of the neighbours of each node.
fn graph(neighbours: Vec<Vec<Neighbour>>, self_edges: SelfEdges) -> Result<Graph, GraphError> {
    let num_nodes = neighbours.len();
    let (mut senders, mut receivers, mut shifts) = (Vec::new(), Vec::new(), Vec::new());
    for (receiver, mut own) in neighbours.into_iter().enumerate() {
        if self_edges == SelfEdges::With {
            own.push((receiver, [0; 3]));
        }
        own.sort_unstable();
        for (sender, shift) in own {
            senders.push(sender);
            receivers.push(receiver);
            shifts.push(shift);
        }
    }
    Graph::from_sorted(num_nodes, senders, receivers, shifts)
}

fn length([x, y, z]: [f64; 3]) -> f64 {
    x.hypot(y).hypot(z)
}
