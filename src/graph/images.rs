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

/// Points in and around the cell, each a node moved by cell vectors, sorted by node, then shift.
pub(super) struct Images {
    /// Where the images are.
    pub(super) points: Vec<[f64; 3]>,
    /// The image of each node that is in the cell.
    pub(super) homes: Vec<usize>,
    /// The node of each image.
    pub(super) nodes: Vec<usize>,
    /// By how many short vectors of the lattice each image is moved from the node's given position.
    pub(super) shifts: Vec<[i32; 3]>,
    /// A little more than the cutoff: points this far apart may, before rounding, be nearer.
    pub(super) reach: f64,
    /// A little less than the cutoff, or zero: points nearer than this are so before rounding too.
    pub(super) certain: f64,
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
        let rounding = rounding(lattice, &shifts, cutoff);
        let reach = 1.001 * cutoff + rounding;
        // Of the least positive width where the cutoff is zero.
        let reach = reach.max(f64::MIN_POSITIVE);
        let mut images = Images {
            points: Vec::with_capacity(positions.len()),
            homes: Vec::with_capacity(positions.len()),
            nodes: Vec::with_capacity(positions.len()),
            shifts: Vec::with_capacity(positions.len()),
            reach,
            certain: (0.999 * cutoff - rounding).max(0.0),
        };
        let ranges = ranges(positions, &shifts, lattice, reach);
        check_number(&ranges)?;
        for (node, ranges) in ranges.into_iter().enumerate() {
            images.add(node, positions[node], shifts[node], ranges, lattice);
        }
        Ok(images)
    }

    /// Adds the images of one node at the given numbers of cells from the one inside.
    fn add(
        &mut self,
        node: usize,
        position: [f64; 3],
        home: [i32; 3],
        [along_a, along_b, along_c]: [RangeInclusive<i32>; 3],
        lattice: &Lattice,
    ) {
        for i in along_a {
            for j in along_b.clone() {
                for k in along_c.clone() {
                    if [i, j, k] == [0; 3] {
                        self.homes.push(self.points.len());
                    }
                    let shift = [home[0] + i, home[1] + j, home[2] + k];
                    self.points.push(moved(position, shift, lattice));
                    self.nodes.push(node);
                    self.shifts.push(shift);
                }
            }
        }
    }
}

/// For each node and cell vector, the numbers of cells at which its images may be near any node,
/// counted from the image in the cell. Zero is in all of them, and alone along open vectors.
fn ranges(
    positions: &[[f64; 3]],
    shifts: &[[i32; 3]],
    lattice: &Lattice,
    reach: f64,
) -> Vec<[RangeInclusive<i32>; 3]> {
    let inside = positions.iter().zip(shifts).map(|(&p, &s)| moved(p, s, lattice));
    let fractions: Vec<[f64; 3]> = inside.map(|point| lattice.fractions(point)).collect();
    let reach = lattice.reach(reach);
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
/// translation, in given vectors, since edges are measured with these.
fn rounding(lattice: &Lattice, shifts: &[[i32; 3]], cutoff: f64) -> f64 {
    let beyond = lattice.reach(cutoff);
    let most = |axis: usize| {
        let largest = shifts.iter().map(|shift| shift[axis].unsigned_abs()).max().unwrap_or(0);
        f64::from(largest) + 1.0 + beyond[axis]
    };
    16.0 * f64::EPSILON * lattice.path([0, 1, 2].map(most))
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
