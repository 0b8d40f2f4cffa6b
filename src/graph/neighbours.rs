//! Neighbour search: the graph of all points nearer than a cutoff.

use std::ops::Range;

use super::bins::Bins;
use super::displacements::{difference, displacement};
use super::images::Images;
use super::lattice::Lattice;
use super::search::How;
use super::{Cell, Graph, GraphError, Search, SelfEdges};
use crate::Real;
use crate::parallel::{Work, even_ranges};

impl Graph {
    /// Edges, both ways, between all points nearer than the cutoff: distance < cutoff. Points at
    /// the same place are near each other if the cutoff is not zero.
    ///
    /// Distances are those of [`displacements`](Graph::displacements) in f64. Time and memory
    /// grow with the number of points, sorted once, and of pairs in adjacent cubes of the
    /// cutoff's width, however far apart points lie.
    ///
    /// # Errors
    /// If the cutoff is negative or not finite, or a coordinate is not finite.
    ///
    /// ```
    /// use tesseral::graph::{Graph, SelfEdges};
    ///
    /// let line = [[0.0_f32, 0.0, 0.0], [1.0, 0.0, 0.0], [2.5, 0.0, 0.0]];
    /// let graph = Graph::within_radius(&line, 1.5, SelfEdges::Without)?;
    /// assert_eq!((graph.senders(), graph.receivers()), (&[1, 0][..], &[0, 1][..]));
    /// # Ok::<(), tesseral::graph::GraphError>(())
    /// ```
    #[doc(alias = "radius_graph")]
    pub fn within_radius<T: Copy + Into<f64>>(
        positions: &[[T; 3]],
        cutoff: f64,
        self_edges: SelfEdges,
    ) -> Result<Graph, GraphError> {
        Search::within(cutoff).self_edges(self_edges).graph(positions)
    }

    /// Edges between all points and images of points nearer than the cutoff, in a cell that
    /// repeats along the vectors `cell[a]` for which `periodic[a]` holds: all three for a
    /// crystal, two for a slab, one for a wire.
    ///
    /// The cell may have any shape, the cutoff may exceed it, and positions may lie outside it.
    /// A node is a neighbour of its own images, which are not self edges. Cell vectors that are
    /// not periodic have no effect and may be zero. Distances are those of
    /// [`displacements_periodic`](Graph::displacements_periodic) in f64, and an edge exists if
    /// and only if its reverse does.
    ///
    /// # Errors
    /// If the cutoff is negative or not finite, a coordinate or a cell entry is not finite, the
    /// periodic vectors are linearly dependent, a position is 2²⁹ cells outside, more than
    /// 2²⁶ images of nodes are within reach, or a shift, as of a cell that is tilted a billion times, does not
    /// fit an `i32`.
    ///
    /// ```
    /// use tesseral::graph::{Graph, SelfEdges};
    ///
    /// // Face-centred cubic: twelve nearest neighbours.
    /// let cell = [[0.0, 1.0, 1.0], [1.0, 0.0, 1.0], [1.0, 1.0, 0.0]];
    /// let atom = [[0.0; 3]];
    /// let graph =
    ///     Graph::within_radius_periodic(&atom, cell, [true; 3], 1.5, SelfEdges::Without)?;
    /// assert_eq!(graph.num_edges(), 12);
    /// # Ok::<(), tesseral::graph::GraphError>(())
    /// ```
    #[doc(alias = "radius_graph")]
    pub fn within_radius_periodic<T: Copy + Into<f64>>(
        positions: &[[T; 3]],
        cell: [[T; 3]; 3],
        periodic: [bool; 3],
        cutoff: f64,
        self_edges: SelfEdges,
    ) -> Result<Graph, GraphError> {
        let cell = Cell { vectors: cell.map(|vector| vector.map(Into::into)), periodic };
        Search::within(cutoff).in_cell(cell).self_edges(self_edges).graph(positions)
    }
}

/// The positions in f64, checked to be finite.
pub(super) fn doubles<T: Copy + Into<f64>>(
    positions: &[[T; 3]],
) -> Result<Vec<[f64; 3]>, GraphError> {
    let doubles: Vec<[f64; 3]> = positions.iter().map(|point| point.map(Into::into)).collect();
    check_positions(&doubles)?;
    Ok(doubles)
}

/// Checks that positions are finite.
pub(crate) fn check_positions(positions: &[[f64; 3]]) -> Result<(), GraphError> {
    for (node, point) in positions.iter().enumerate() {
        if let Some(axis) = point.iter().position(|entry| !entry.is_finite()) {
            return Err(GraphError::Position { node, axis, found: point[axis] });
        }
    }
    Ok(())
}

/// The graph of finite positions in a lattice.
pub(super) fn within(
    positions: &[[f64; 3]],
    lattice: &Lattice,
    cutoff: f64,
    How { self_edges, threads }: How,
) -> Result<Graph, GraphError> {
    if !(cutoff.is_finite() && cutoff >= 0.0) {
        return Err(GraphError::Cutoff { found: cutoff });
    }
    let images = Images::new(positions, lattice, cutoff)?;
    let bins = Bins::new(&images.points, images.reach);
    let near = Near::new(positions, lattice, &images, cutoff, self_edges);

    // Images that send to each receiver, found in the order of bins, where neighbours are in the
    // caches, and then brought into that of receivers.
    let is_home = |&image: &usize| images.homes[images.nodes[image]] == image;
    let homes: Vec<usize> = bins.in_order().filter(is_home).collect();
    let parts = threads.parts(Work { rows: homes.len(), each: LOOK_AROUND });
    let found = threads
        .map(even_ranges(homes.len(), parts), |range| Found::new(&near, &bins, &homes[range]));
    let mut places = vec![(0, 0..0); positions.len()];
    let mut rest = homes.iter();
    for (part, found) in found.iter().enumerate() {
        for (range, &home) in found.ranges().zip(&mut rest) {
            places[images.nodes[home]] = (part, range);
        }
    }
    let edges = threads.map(even_ranges(positions.len(), parts), |receivers| {
        let of_receiver = |receiver: usize| {
            let (part, range) = places[receiver].clone();
            (receiver, &found[part].images[range])
        };
        Edges::new(lattice, &images, receivers.map(of_receiver))
    });
    let mut all = Edges::default();
    for edges in edges {
        all.append(edges?);
    }
    Graph::from_sorted(positions.len(), all.senders, all.receivers, all.shifts)
}

/// What it takes to look around a point, as work of [`Threads`](crate::parallel::Threads): microseconds.
pub(super) const LOOK_AROUND: usize = 4000;

/// The images that send to each of some receivers.
struct Found {
    images: Vec<usize>,
    /// Where those of each receiver end.
    ends: Vec<usize>,
}

impl Found {
    fn new(near: &Near<'_>, bins: &Bins, homes: &[usize]) -> Found {
        let mut images = Vec::with_capacity(16 * homes.len());
        let mut room = Room::default();
        let ends = homes.iter().map(|&home| {
            near.append_senders(bins, home, &mut room, &mut images);
            images.len()
        });
        let ends = ends.collect();
        Found { images, ends }
    }

    fn ranges(&self) -> impl Iterator<Item = Range<usize>> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| start..end)
    }
}

/// Edges in the order of a graph.
#[derive(Default)]
struct Edges {
    senders: Vec<usize>,
    receivers: Vec<usize>,
    shifts: Vec<[i32; 3]>,
}

impl Edges {
    /// The edges from images to receivers.
    fn new<'a>(
        lattice: &Lattice,
        images: &Images,
        found: impl Iterator<Item = (usize, &'a [usize])> + Clone,
    ) -> Result<Edges, GraphError> {
        let count = found.clone().map(|(_, images)| images.len()).sum();
        let mut senders = Vec::with_capacity(count);
        let mut receivers = Vec::with_capacity(count);
        let mut shifts = Vec::with_capacity(count);
        for (receiver, found) in found {
            let home = images.shifts[images.homes[receiver]];
            let first = senders.len();
            senders.extend(found.iter().map(|&image| images.nodes[image]));
            receivers.resize(senders.len(), receiver);
            if lattice.is_given() {
                shifts.extend(found.iter().map(|&image| between(images.shifts[image], home)));
                continue;
            }
            for (&image, &sender) in found.iter().zip(&senders[first..]) {
                let both = [images.shifts[image], home];
                shifts.push(given_shift(lattice, both, [sender, receiver])?);
            }
            // Images of one sender are in the order of their shifts, but in other vectors.
            sort_shifts(&senders[first..], &mut shifts[first..]);
        }
        Ok(Edges { senders, receivers, shifts })
    }

    fn append(&mut self, other: Edges) {
        if self.senders.is_empty() {
            *self = other;
            return;
        }
        self.senders.extend(other.senders);
        self.receivers.extend(other.receivers);
        self.shifts.extend(other.shifts);
    }
}

/// Memory for what is around a node, used again for the next.
#[derive(Default)]
pub(super) struct Room {
    /// Squares of distances in one run of points.
    squares: Vec<f64>,
    /// Where in the bins the points are that may be near, and the squares of their distances; after
    /// them anything.
    near: Vec<(usize, f64)>,
}

/// Which images are near a node.
pub(super) struct Near<'a> {
    positions: &'a [[f64; 3]],
    lattice: &'a Lattice,
    images: &'a Images,
    nearby: Ball,
    inside: Ball,
    certain: Ball,
    /// The square of the certain radius, scaled as those of `nearby`.
    certain_square: f64,
    self_edges: SelfEdges,
}

impl<'a> Near<'a> {
    /// For a cutoff, and the images made for it.
    pub(super) fn new(
        positions: &'a [[f64; 3]],
        lattice: &'a Lattice,
        images: &'a Images,
        cutoff: f64,
        self_edges: SelfEdges,
    ) -> Near<'a> {
        let nearby = Ball::new(images.reach);
        let certain = images.certain * nearby.factor;
        Near {
            positions,
            lattice,
            images,
            nearby,
            certain_square: certain * certain,
            inside: Ball::new(cutoff),
            certain: Ball::new(images.certain),
            self_edges,
        }
    }

    /// Appends, in order, the images that send to the node of the image `home`.
    pub(super) fn append_senders(
        &self,
        bins: &Bins,
        home: usize,
        room: &mut Room,
        found: &mut Vec<usize>,
    ) {
        let first = found.len();
        let (count, uncertain) = self.look_around(bins, home, room);
        found.extend(room.near[..count].iter().map(|&(place, _)| bins.point(place)));
        let mut kept = first;
        for index in first..found.len() {
            let image = found[index];
            found[kept] = image;
            kept += usize::from(match image == home {
                true => self.self_edges == SelfEdges::With,
                false => !uncertain || self.is_inside(image, home),
            });
        }
        found.truncate(kept);
        found[first..].sort_unstable();
    }

    /// Finds where in the bins points are that may be near an image: says how many, and whether
    /// that is uncertain of any.
    fn look_around(&self, bins: &Bins, home: usize, room: &mut Room) -> (usize, bool) {
        let centre = self.images.points[home];
        let Room { squares, near } = room;
        let mut count = 0;
        for run in bins.around(home) {
            let length = run.len();
            squares.resize(squares.len().max(length), 0.0);
            near.resize(near.len().max(count + length), (0, 0.0));
            let squares = &mut squares[..length];
            self.nearby.scaled_squares(bins.coordinates(run.clone()), centre, squares);
            // Every point is written and one that is not near is written over: no branch depends
            // on which are.
            let near = &mut near[..count + length];
            for (offset, &square) in squares.iter().enumerate() {
                near[count] = (run.start + offset, square);
                count += usize::from(square < self.nearby.square);
            }
        }
        let uncertain = near[..count].iter().any(|&(_, square)| square >= self.certain_square);
        (count, uncertain)
    }

    /// Decided by the edge's own vector, not by the images, which are rounded otherwise, where that
    /// can make a difference.
    fn is_inside(&self, image: usize, home: usize) -> bool {
        let [point, centre] = [image, home].map(|image| self.images.points[image]);
        if self.certain.contains(difference(point, centre)) {
            return true;
        }
        let Images { nodes, shifts, .. } = self.images;
        let [sender, receiver] = [image, home].map(|image| self.positions[nodes[image]]);
        let shift = between(shifts[image], shifts[home]);
        let [Ok(i), Ok(j), Ok(k)] = self.lattice.in_given(shift).map(i32::try_from) else {
            // Refused where it becomes an edge.
            return true;
        };
        let shift = [i, j, k];
        self.inside.contains(displacement(sender, receiver, shift, &self.lattice.given))
    }
}

/// The shift of an edge in given vectors, from those of the two images.
pub(super) fn given_shift(
    lattice: &Lattice,
    [image, home]: [[i32; 3]; 2],
    [sender, receiver]: [usize; 2],
) -> Result<[i32; 3], GraphError> {
    let counts = lattice.in_given(between(image, home));
    let [Ok(i), Ok(j), Ok(k)] = counts.map(i32::try_from) else {
        return Err(GraphError::FarShift { sender, receiver, found: counts });
    };
    Ok([i, j, k])
}

/// Sorts the shifts of each sender.
fn sort_shifts(senders: &[usize], shifts: &mut [[i32; 3]]) {
    let mut rest = shifts;
    for run in senders.chunk_by(|a, b| a == b) {
        let (own, others) = rest.split_at_mut(run.len());
        own.sort_unstable();
        rest = others;
    }
}

/// The shift from a receiver's image to a sender's.
fn between(sender: [i32; 3], receiver: [i32; 3]) -> [i32; 3] {
    std::array::from_fn(|axis| sender[axis] - receiver[axis])
}

/// The vectors shorter than a radius.
struct Ball {
    /// A power of two that keeps the squares in range.
    factor: f64,
    /// The square of the radius times the factor.
    square: f64,
}

impl Ball {
    fn new(radius: f64) -> Ball {
        let factor = radius.max(f64::MIN_POSITIVE).range_factor();
        Ball { factor, square: (radius * factor) * (radius * factor) }
    }

    fn contains(&self, vector: [f64; 3]) -> bool {
        self.scaled_square(vector) < self.square
    }

    /// The squares of vectors from a centre to points, of which the coordinates are given axis by
    /// axis.
    fn scaled_squares(&self, [x, y, z]: [&[f64]; 3], centre: [f64; 3], squares: &mut [f64]) {
        let length = squares.len();
        let (x, y, z) = (&x[..length], &y[..length], &z[..length]);
        for (index, square) in squares.iter_mut().enumerate() {
            let vector = difference([x[index], y[index], z[index]], centre);
            *square = self.scaled_square(vector);
        }
    }

    /// The square of the length times the factor.
    #[inline(always)]
    fn scaled_square(&self, vector: [f64; 3]) -> f64 {
        let [x, y, z] = vector.map(|entry| entry * self.factor);
        x * x + y * y + z * z
    }
}
