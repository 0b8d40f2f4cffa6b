//! The images of nodes in a periodic cell that a cutoff can reach.

use std::ops::RangeInclusive;

use super::GraphError;
use super::displacements::translation;
use super::lattice::Lattice;

/// The most images outside the cell, some gigabytes.
const MAX_IMAGES: usize = 1 << 26;

/// The most cells a position may be outside: differences of two, and an image's number added to
/// them, fit in an i32.
const MAX_CELLS: i32 = 1 << 29;

/// Points in and around the cell, each a node moved by cell vectors.
///
/// The first are the nodes themselves in order, moved into the cell.
pub(super) struct Images {
    /// Where the images are.
    pub(super) points: Vec<[f64; 3]>,
    /// The node of each image.
    pub(super) nodes: Vec<usize>,
    /// By how many cell vectors each image is moved from the node's given position.
    pub(super) shifts: Vec<[i32; 3]>,
    /// A little more than the cutoff: points this far apart may, before rounding, be nearer.
    pub(super) reach: f64,
}

impl Images {
    /// All images that may be within the cutoff of a node in the cell.
    pub(super) fn new(
        positions: &[[f64; 3]],
        lattice: &Lattice,
        cutoff: f64,
    ) -> Result<Images, GraphError> {
        let mut shifts = Vec::with_capacity(positions.len());
        for (node, &position) in positions.iter().enumerate() {
            shifts.push(shift_into_cell(node, lattice.fractions(position))?);
        }
        let reach = 1.001 * cutoff + rounding(lattice, &shifts);
        // Of the least positive width where the cutoff is zero.
        let reach = reach.max(f64::MIN_POSITIVE);
        let points = positions.iter().zip(&shifts).map(|(&p, &s)| moved(p, s, lattice)).collect();
        let mut images = Images { points, nodes: (0..positions.len()).collect(), shifts, reach };
        images.add_outside(positions, lattice)?;
        Ok(images)
    }

    /// Adds the images outside the cell.
    fn add_outside(&mut self, positions: &[[f64; 3]], lattice: &Lattice) -> Result<(), GraphError> {
        let ranges = self.ranges(lattice);
        check_number(&ranges)?;
        for (node, [along_a, along_b, along_c]) in ranges.into_iter().enumerate() {
            let home = self.shifts[node];
            for i in along_a {
                for j in along_b.clone() {
                    for k in along_c.clone().filter(|&k| [i, j, k] != [0; 3]) {
                        let shift = [home[0] + i, home[1] + j, home[2] + k];
                        self.points.push(moved(positions[node], shift, lattice));
                        self.nodes.push(node);
                        self.shifts.push(shift);
                    }
                }
            }
        }
        Ok(())
    }

    /// For each node and cell vector, the numbers of cells at which its images may be near any
    /// node. Zero is in all of them, and alone along open vectors.
    fn ranges(&self, lattice: &Lattice) -> Vec<[RangeInclusive<i32>; 3]> {
        let fractions: Vec<[f64; 3]> = self.points.iter().map(|&p| lattice.fractions(p)).collect();
        let reach = lattice.reach(self.reach);
        let bounds: [(f64, f64); 3] = std::array::from_fn(|axis| {
            let along = fractions.iter().map(|point| point[axis]);
            let low = along.clone().fold(f64::INFINITY, f64::min);
            (low - reach[axis], along.fold(f64::NEG_INFINITY, f64::max) + reach[axis])
        });
        let range = |point: &[f64; 3], axis: usize| {
            let (low, high) = bounds[axis];
            // A conversion that saturates exceeds the limit on images.
            (low - point[axis]).ceil() as i32..=(high - point[axis]).floor() as i32
        };
        fractions.iter().map(|point| [0, 1, 2].map(|axis| range(point, axis))).collect()
    }
}

/// By how many cell vectors a point at the given fractional coordinates is moved into the cell.
fn shift_into_cell(node: usize, fractions: [f64; 3]) -> Result<[i32; 3], GraphError> {
    for (vector, found) in fractions.into_iter().enumerate() {
        // NaN where products overflow.
        if found.is_nan() || found.abs() >= MAX_CELLS.into() {
            return Err(GraphError::FarPosition { node, vector, limit: MAX_CELLS, found });
        }
    }
    Ok(fractions.map(|fraction| -fraction.floor() as i32))
}

/// A bound on how far rounding displaces images: some units in the last place of the largest
/// translation.
fn rounding(lattice: &Lattice, shifts: &[[i32; 3]]) -> f64 {
    let lengths = lattice.lengths();
    let translation = |axis: usize| {
        let largest = shifts.iter().map(|shift| shift[axis].unsigned_abs()).max().unwrap_or(0);
        (f64::from(largest) + 1.0) * lengths[axis]
    };
    16.0 * f64::EPSILON * (translation(0) + translation(1) + translation(2))
}

/// Checks that the images outside the cell are not too many.
fn check_number(ranges: &[[RangeInclusive<i32>; 3]]) -> Result<(), GraphError> {
    let count = |range: &RangeInclusive<i32>| f64::from(*range.end()) - f64::from(*range.start());
    let images = |[a, b, c]: &[_; 3]| (count(a) + 1.0) * (count(b) + 1.0) * (count(c) + 1.0) - 1.0;
    let found: f64 = ranges.iter().map(images).sum();
    if found > MAX_IMAGES as f64 {
        return Err(GraphError::TooManyImages { limit: MAX_IMAGES, found });
    }
    Ok(())
}

/// A position moved by cell vectors.
fn moved(position: [f64; 3], shift: [i32; 3], lattice: &Lattice) -> [f64; 3] {
    let [tx, ty, tz] = translation(shift, &lattice.cell);
    [position[0] + tx, position[1] + ty, position[2] + tz]
}
