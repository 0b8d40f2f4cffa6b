//! Times of the periodic neighbour search in f64, one line for each case read from standard input: the
//! side of this library in `benches/compare.py neighbours`.
//!
//! Cases are `lattice/100000` and `shuffled/100000`: atoms of a jittered cubic lattice, in the order of
//! the lattice or in none. The answer is the time and the limit in milliseconds of thread CPU time, and
//! to `pairs/lattice/100000` the number of edges and `-`. The limit is the time of writing the edges,
//! 28 bytes each, to memory that is there. `compare/neighbours.py` makes the same atoms.

use std::error::Error;
use std::hint::black_box;
use std::io::{self, BufRead, Write};

use tesseral::graph::{Graph, SelfEdges};
use timing::{fastest, store_time};

/// In units of the lattice: about fifty neighbours.
const CUTOFF: f64 = 2.3;

/// The most that an atom is moved along an axis.
const JITTER: f64 = 0.5;

fn main() -> Result<(), Box<dyn Error>> {
    for line in io::stdin().lock().lines() {
        let line = line?;
        let case = line.trim();
        let only_pairs = case.starts_with("pairs/");
        let atoms = Atoms::of_case(case.strip_prefix("pairs/").unwrap_or(case))
            .ok_or_else(|| format!("`{line}` is no case"))?;
        let edges = atoms.graph()?.num_edges();
        if only_pairs {
            println!("{edges} -");
        } else {
            let ours = fastest(|| {
                black_box(black_box(&atoms).graph().expect("the cell is one"));
            });
            // A sender, a receiver and a shift.
            let bytes = 2 * size_of::<usize>() + size_of::<[i32; 3]>();
            println!("{} {}", ours / 1e6, store_time((bytes * edges) as f64) / 1e6);
        }
        io::stdout().flush()?;
    }
    Ok(())
}

/// Atoms in a cell.
struct Atoms {
    positions: Vec<[f64; 3]>,
    cell: [[f64; 3]; 3],
}

impl Atoms {
    fn of_case(case: &str) -> Option<Self> {
        let (order, count) = case.split_once('/')?;
        let atoms = Self::lattice(count.parse().ok()?);
        match order {
            "lattice" => Some(atoms),
            "shuffled" => Some(atoms.shuffled()),
            _ => None,
        }
    }

    fn lattice(count: usize) -> Self {
        let [nx, ny, nz] = sides(count);
        let mut positions = Vec::with_capacity(count);
        for x in 0..nx {
            for y in 0..ny {
                for z in 0..nz {
                    let first = 3 * positions.len();
                    let moved = |axis: usize, at: usize| at as f64 + JITTER * random(first + axis);
                    positions.push([moved(0, x), moved(1, y), moved(2, z)]);
                }
            }
        }
        let [a, b, c] = [nx, ny, nz].map(|side| side as f64);
        Atoms { positions, cell: [[a, 0.0, 0.0], [0.0, b, 0.0], [0.0, 0.0, c]] }
    }

    /// In the order of further random numbers.
    fn shuffled(self) -> Self {
        let count = self.positions.len();
        let key = |&atom: &usize| random(3 * count + atom).to_bits();
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by_key(key);
        let positions = order.into_iter().map(|atom| self.positions[atom]).collect();
        Atoms { positions, ..self }
    }

    fn graph(&self) -> Result<Graph, Box<dyn Error>> {
        let Atoms { positions, cell } = self;
        let without = SelfEdges::Without;
        Ok(Graph::within_radius_periodic(positions, *cell, [true; 3], CUTOFF, without)?)
    }
}

/// The sides of a box of so many cubes, as nearly a cube as its divisors allow.
fn sides(count: usize) -> [usize; 3] {
    let divisor = |of: usize, root: f64| {
        (1..=root.round() as usize).rev().find(|side| of.is_multiple_of(*side)).unwrap_or(1)
    };
    let z = divisor(count, (count as f64).cbrt());
    let y = divisor(count / z, ((count / z) as f64).sqrt());
    [count / z / y, y, z]
}

/// A number of a fixed sequence in [0, 1): splitmix64 at an index.
fn random(index: usize) -> f64 {
    let mut bits = (index as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^= bits >> 31;
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}
