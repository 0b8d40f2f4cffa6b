//! The geometry of a periodic cell: independent vectors, heights and fractional coordinates.

use super::GraphError;

/// Below this ratio of the volume to that of a box with edges as long, vectors count as dependent.
const FLAT: f64 = 1e-12;

/// A checked cell.
pub(super) struct Lattice {
    /// The cell vectors; zero for those that are not periodic.
    pub(super) cell: [[f64; 3]; 3],
    /// For each periodic vector the one whose product with a point is its fractional coordinate;
    /// zero for the others.
    duals: [[f64; 3]; 3],
}

impl Lattice {
    /// No periodic vector.
    pub(super) fn open() -> Lattice {
        Lattice { cell: [[0.0; 3]; 3], duals: [[0.0; 3]; 3] }
    }

    /// A cell of finite entries whose periodic vectors are linearly independent.
    pub(super) fn new(mut cell: [[f64; 3]; 3], periodic: [bool; 3]) -> Result<Lattice, GraphError> {
        check_finite(&cell)?;
        let [a, b, c] = completed(cell, periodic);
        let volume = dot(a, cross(b, c));
        let of_box = norm(a) * norm(b) * norm(c);
        if !(volume.is_finite() && volume.abs() > FLAT * of_box) {
            return Err(GraphError::FlatCell { found: volume.abs() });
        }
        let mut duals = [cross(b, c), cross(c, a), cross(a, b)];
        duals = duals.map(|dual| dual.map(|entry| entry / volume));
        for axis in (0..3).filter(|&axis| !periodic[axis]) {
            (cell[axis], duals[axis]) = ([0.0; 3], [0.0; 3]);
        }
        Ok(Lattice { cell, duals })
    }

    /// Coordinates in units of the cell vectors; zero along open ones.
    pub(super) fn fractions(&self, point: [f64; 3]) -> [f64; 3] {
        self.duals.map(|dual| dot(dual, point))
    }

    /// How far a length reaches along each axis in fractional coordinates; zero along open ones.
    pub(super) fn reach(&self, length: f64) -> [f64; 3] {
        // The height of the cell over the face of the other two vectors is 1 / |dual|.
        self.duals.map(|dual| length * norm(dual))
    }

    /// The lengths of the cell vectors.
    pub(super) fn lengths(&self) -> [f64; 3] {
        self.cell.map(norm)
    }
}

/// Checks that all entries are finite.
pub(crate) fn check_finite(cell: &[[f64; 3]; 3]) -> Result<(), GraphError> {
    for (vector, entries) in cell.iter().enumerate() {
        if let Some(axis) = entries.iter().position(|entry| !entry.is_finite()) {
            return Err(GraphError::CellEntry { vector, axis, found: entries[axis] });
        }
    }
    Ok(())
}

/// The cell with vectors of length one, normal to all others, in place of those that are not
/// periodic. Its volume is the volume, area or length that the periodic vectors span.
fn completed(mut cell: [[f64; 3]; 3], periodic: [bool; 3]) -> [[f64; 3]; 3] {
    match periodic {
        [true, true, true] => {}
        [true, true, false] => cell[2] = unit(cross(cell[0], cell[1])),
        [true, false, true] => cell[1] = unit(cross(cell[2], cell[0])),
        [false, true, true] => cell[0] = unit(cross(cell[1], cell[2])),
        [true, false, false] => [cell[1], cell[2]] = normals(cell[0]),
        [false, true, false] => [cell[2], cell[0]] = normals(cell[1]),
        [false, false, true] => [cell[0], cell[1]] = normals(cell[2]),
        [false, false, false] => cell = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
    }
    cell
}

/// Two unit vectors normal to a vector and to each other.
fn normals(vector: [f64; 3]) -> [[f64; 3]; 2] {
    // The axis that the vector is least along is not parallel to it.
    let [x, y, z] = vector.map(f64::abs);
    let axis = match x <= y && x <= z {
        true => [1.0, 0.0, 0.0],
        false if y <= z => [0.0, 1.0, 0.0],
        false => [0.0, 0.0, 1.0],
    };
    let first = unit(cross(vector, axis));
    [first, unit(cross(vector, first))]
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

fn norm(a: [f64; 3]) -> f64 {
    dot(a, a).sqrt()
}

/// The vector at length one; zero stays zero.
fn unit(a: [f64; 3]) -> [f64; 3] {
    let norm = norm(a);
    if norm == 0.0 { a } else { a.map(|entry| entry / norm) }
}
