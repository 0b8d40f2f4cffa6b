//! The geometry of a periodic cell: independent vectors, heights and fractional coordinates.
//!
//! The same lattice of points has cells of any tilt, and a cell that is very tilted is very flat: the
//! number of its images within a cutoff grows with the tilt, without limit. So the search is done in
//! another cell of the same lattice, whose vectors are short, and each of its vectors is known as
//! a sum of the given ones.

use super::GraphError;

/// Below this ratio of the volume to that of a box with edges as long, vectors count as dependent.
const FLAT: f64 = 1e-12;

/// The most rounds of shortening. A round that changes something at least halves one vector's
/// square, or is one of a few after that.
const MOST_ROUNDS: usize = 4096;

/// The largest number of given vectors in one of the lattice: products of it with the numbers of
/// cells that are searched fit in an i64.
const MOST_GIVEN: f64 = (1_u64 << 32) as f64;

/// A checked cell.
pub(super) struct Lattice {
    /// The given cell vectors; zero for those that are not periodic.
    pub(super) given: [[f64; 3]; 3],
    /// Short vectors of the same lattice; zero for those that are not periodic.
    pub(super) cell: [[f64; 3]; 3],
    /// How many of each given vector each short one has.
    parts: [[i64; 3]; 3],
    /// For each periodic vector the one whose product with a point is its fractional coordinate;
    /// zero for the others.
    duals: [[f64; 3]; 3],
}

impl Lattice {
    /// No periodic vector.
    pub(super) fn open() -> Lattice {
        let none = [[0.0; 3]; 3];
        Lattice { given: none, cell: none, parts: IDENTITY, duals: none }
    }

    /// A cell of finite entries whose periodic vectors are linearly independent.
    pub(super) fn new(cell: [[f64; 3]; 3], periodic: [bool; 3]) -> Result<Lattice, GraphError> {
        check_finite(&cell)?;
        let (mut given, mut parts) = (cell, IDENTITY);
        check_volume(completed(given, periodic))?;
        let mut cell = given;
        shorten(&mut cell, &mut parts, periodic);
        let [a, b, c] = completed(cell, periodic);
        let volume = check_volume([a, b, c])?;
        let mut duals = [cross(b, c), cross(c, a), cross(a, b)];
        duals = duals.map(|dual| dual.map(|entry| entry / volume));
        for axis in (0..3).filter(|&axis| !periodic[axis]) {
            (given[axis], cell[axis], duals[axis]) = ([0.0; 3], [0.0; 3], [0.0; 3]);
        }
        Ok(Lattice { given, cell, parts, duals })
    }

    /// Whether no vector is periodic.
    pub(super) fn is_open(&self) -> bool {
        self.cell == [[0.0; 3]; 3]
    }

    /// Whether the short vectors are the given ones.
    pub(super) fn is_given(&self) -> bool {
        self.parts == IDENTITY
    }

    /// Numbers of the short vectors as numbers of the given ones.
    pub(super) fn in_given(&self, shift: [i32; 3]) -> [i64; 3] {
        [0, 1, 2].map(|given| {
            (0..3).map(|short| i64::from(shift[short]) * self.parts[short][given]).sum()
        })
    }

    /// The length of all given vectors in so many of each short one, one after the other: what
    /// translations are rounded by is in units of it.
    pub(super) fn path(&self, counts: [f64; 3]) -> f64 {
        let lengths = self.given.map(norm);
        let along = |short: usize| -> f64 {
            (0..3).map(|given| self.parts[short][given].abs() as f64 * lengths[given]).sum()
        };
        (0..3).map(|short| counts[short] * along(short)).sum()
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
}

/// Each short vector is the given one.
const IDENTITY: [[i64; 3]; 3] = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];

/// The volume of a cell, or why it has none.
fn check_volume([a, b, c]: [[f64; 3]; 3]) -> Result<f64, GraphError> {
    let volume = dot(a, cross(b, c));
    let of_box = norm(a) * norm(b) * norm(c);
    if !(volume.is_finite() && volume.abs() > FLAT * of_box) {
        return Err(GraphError::FlatCell { found: volume.abs() });
    }
    Ok(volume)
}

/// Shortens the periodic vectors, each by whole numbers of the others, as long as that pays: as in
/// Gauss' reduction, by the nearest number of one other, and where none helps by one of both others.
fn shorten(cell: &mut [[f64; 3]; 3], parts: &mut [[i64; 3]; 3], periodic: [bool; 3]) {
    for _ in 0..MOST_ROUNDS {
        let pairs = [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)];
        let mut shorter = false;
        for (vector, other) in pairs {
            if periodic[vector] && periodic[other] {
                let square = dot(cell[other], cell[other]);
                let count = -(dot(cell[vector], cell[other]) / square).round();
                let mut counts = [0.0; 3];
                counts[other] = count;
                shorter |= shorten_by(cell, parts, vector, counts);
            }
        }
        if !shorter && periodic == [true; 3] {
            let signs = [[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]];
            shorter = (0..3).any(|vector| {
                signs.iter().any(|[first, second]| {
                    let mut counts = [0.0; 3];
                    (counts[(vector + 1) % 3], counts[(vector + 2) % 3]) = (*first, *second);
                    shorten_by(cell, parts, vector, counts)
                })
            });
        }
        if !shorter {
            return;
        }
    }
}

/// Adds so many of each to a vector, if that makes it shorter.
fn shorten_by(
    cell: &mut [[f64; 3]; 3],
    parts: &mut [[i64; 3]; 3],
    vector: usize,
    counts: [f64; 3],
) -> bool {
    let (mut sum, mut of_given) = (cell[vector], parts[vector].map(|count| count as f64));
    for (other, count) in counts.into_iter().enumerate() {
        for axis in 0..3 {
            sum[axis] = count.mul_add(cell[other][axis], sum[axis]);
            of_given[axis] += count * parts[other][axis] as f64;
        }
    }
    // Not by a hair, which rounding could take back.
    let shorter = dot(sum, sum) < 0.999 * dot(cell[vector], cell[vector]);
    let exact = of_given.iter().all(|count| count.abs() <= MOST_GIVEN);
    if shorter && exact {
        (cell[vector], parts[vector]) = (sum, of_given.map(|count| count as i64));
    }
    shorter && exact
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
