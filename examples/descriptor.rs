//! Descriptors of the atoms of a crystal: the density of each atom's neighbours in radial functions and
//! spherical harmonics, and its power spectrum, which stays the same when the crystal is turned.
//!
//! The neighbours of atom i are the senders j of the edges into it, all atoms nearer than the cutoff:
//!
//! c_{i,nlm} = Σ_j g_n(r_ij) Y_lm(r_ij / |r_ij|)
//!
//! p_{i,nn'l} = Σ_m c_{i,nlm} c_{i,n'lm} / √(2l + 1)
//!
//! This is SOAP with neighbours that are points; Bartók, Kondor and Csányi, Phys. Rev. B 87, 184115
//! (2013), widen them to Gaussians and have another constant in p.
//!
//! Atoms are taken in parts: what is computed for the edges of a part is summed while it is in the cache,
//! and the next part is computed in the same arrays. The times printed beside it, of all edges at once,
//! say why.
//!
//! `cargo run --release --example descriptor`

use std::any::type_name;
use std::error::Error;
use std::hint::black_box;
use std::ops::Range;
use std::time::Instant;

use tesseral::graph::{Graph, GraphError, SelfEdges};
use tesseral::radial::{Chebyshev, CosineCutoff, Enveloped, RadialBasis};
use tesseral::sh::Harmonics;
use tesseral::sh::batch::{Batch, BatchError};
use tesseral::wigner::Orthogonal;
use tesseral::{LMAX, Number, Random};

/// The atoms along each side of the cell. Without `--release` there are fewer, so that it takes seconds, and
/// times say nothing.
const SIDE: usize = if cfg!(debug_assertions) { 12 } else { 22 };
/// Lengths in ångström: atoms are displaced by `JITTER` along each axis, and have about 86 neighbours.
const SPACING: f64 = 2.5;
const JITTER: f64 = 0.2;
const CUTOFF: f64 = 7.0;

/// The highest degree l, and the number of harmonics to it.
const DEGREE: usize = if LMAX < 3 { LMAX } else { 3 };
const HARMONICS: usize = (DEGREE + 1) * (DEGREE + 1);
/// The number of radial functions g_n, and of their pairs n ≤ n'.
const RADIAL: usize = 8;
const PAIRS: usize = RADIAL * (RADIAL + 1) / 2;

/// The atoms of a part: their 1370 edges have 24 numbers each, in f64 263 kB, which the second cache of a
/// core holds. Any number from 4 to 100 takes about as long.
const PART: usize = 16;
/// How often everything is timed; the fastest counts.
const ROUNDS: usize = 3;

fn main() -> Result<(), Box<dyn Error>> {
    let mut random = Random::new(1);
    let crystal = Crystal::jittered(&mut random);
    let turned = crystal.turned(&random.rotation());
    let (graph, turned_graph) = (crystal.graph()?, turned.graph()?);
    println!("{} atoms, {} edges", graph.num_nodes(), graph.num_edges());

    // What a rotation may change, as a share of a spectrum. Coordinates of up to 95 Å that are turned and
    // subtracted leave some 1e-13 Å in a vector, and rounding 7 Å to f32 leaves 4e-7 Å. In an ångström the
    // functions change by about four times their size, 2/c n/sin θ for T_n(cos θ) and l/r for Y_lm, and p is
    // quadratic in them: ten times as much. In f32 the bound of the harmonics is as large again.
    check::<f64>(&crystal.edges(&graph)?, &turned.edges(&turned_graph)?, 1e-12)?;
    check::<f32>(&crystal.edges(&graph)?, &turned.edges(&turned_graph)?, 1e-5)
}

/// Prints the times for the edges of a crystal in one precision, and checks that power spectra stay the same
/// when the crystal is turned, and not when half of an atom's neighbours are.
fn check<T: Number>(
    edges: &Edges<T>,
    turned: &Edges<T>,
    tolerance: f64,
) -> Result<(), Box<dyn Error>> {
    let descriptor = Descriptor::new()?;
    let spectra = descriptor.compare_times(edges)?;
    let changes = differences(&spectra, &descriptor.spectra_in_parts(turned)?);
    let contrasts = differences(&spectra, &descriptor.spectra_in_parts(&edges.half(turned))?);
    println!(
        "  changes of spectra: with all neighbours turned at most {:.1e}, with half of them at least {:.1e}",
        changes.iter().copied().fold(0.0, f64::max),
        contrasts.iter().copied().fold(f64::INFINITY, f64::min)
    );
    // A spectrum that is not a number passes neither.
    if !changes.iter().all(|&change| change <= tolerance) {
        return Err(format!("turning all may change a spectrum by {tolerance:.0e} at most").into());
    }
    // Without degrees above 0 there are no angles.
    if DEGREE > 0 && !contrasts.iter().all(|&contrast| contrast > 100.0 * tolerance) {
        return Err("different environments have the same spectrum".into());
    }
    Ok(())
}

/// Atoms in a cell that repeats along its three vectors.
struct Crystal {
    positions: Vec<[f64; 3]>,
    cell: [[f64; 3]; 3],
}

impl Crystal {
    /// A cubic lattice with every atom displaced at random, so that no two have the same environment.
    fn jittered(random: &mut Random) -> Crystal {
        let site = |index| [index / (SIDE * SIDE), index / SIDE % SIDE, index % SIDE];
        let mut displaced = |place| SPACING * place as f64 + JITTER * random.normal();
        let positions = (0..SIDE.pow(3)).map(|index| site(index).map(&mut displaced)).collect();
        let side = SPACING * SIDE as f64;
        Crystal { positions, cell: [[side, 0.0, 0.0], [0.0, side, 0.0], [0.0, 0.0, side]] }
    }

    /// The same atoms, turned with their cell.
    fn turned(&self, rotation: &Orthogonal<f64>) -> Crystal {
        Crystal {
            positions: self.positions.iter().map(|&r| rotation.apply(r)).collect(),
            cell: self.cell.map(|vector| rotation.apply(vector)),
        }
    }

    /// All pairs of neighbours.
    fn graph(&self) -> Result<Graph, GraphError> {
        let Crystal { positions, cell } = self;
        Graph::within_radius_periodic(positions, *cell, [true; 3], CUTOFF, SelfEdges::Without)
    }

    /// The edges of that graph with their vectors. These are differences in f64 that are rounded
    /// afterwards: coordinates in f32 would have lost the digits that count.
    fn edges<'a, T: Number>(&self, graph: &'a Graph) -> Result<Edges<'a, T>, GraphError> {
        let vectors = graph.displacements_periodic(&self.positions, &self.cell)?;
        let vectors = vectors.into_iter().map(|vector| vector.map(T::from_f64)).collect();
        Ok(Edges { graph, vectors })
    }
}

/// Edges with their vectors; those into one atom are contiguous.
struct Edges<'a, T> {
    graph: &'a Graph,
    vectors: Vec<[T; 3]>,
}

impl<T: Number> Edges<'_, T> {
    /// The atoms in parts of so many, and the edges into those of each.
    fn parts(&self, size: usize) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
        let (offsets, count) = (self.graph.row_offsets(), self.graph.num_nodes());
        let atoms = (0..count).step_by(size).map(move |first| first..count.min(first + size));
        atoms.map(|atoms| (atoms.clone(), offsets[atoms.start]..offsets[atoms.end]))
    }

    /// Arrays for the part that has most edges.
    fn buffers(&self, size: usize) -> Buffers<T> {
        let most = self.parts(size).map(|(_, edges)| edges.len()).max().unwrap_or(0);
        let (harmonics, radial) = ([T::default(); HARMONICS], [T::default(); RADIAL]);
        Buffers { harmonics: vec![harmonics; most], radial: vec![radial; most] }
    }

    /// Every second vector from another list: at each atom the same distances and other angles.
    fn half(&self, other: &Edges<T>) -> Self {
        let mut vectors = self.vectors.clone();
        for (vector, &other) in vectors.iter_mut().zip(&other.vectors).step_by(2) {
            *vector = other;
        }
        Edges { graph: self.graph, vectors }
    }

    /// A spectrum of zeros for every atom.
    fn no_spectra(&self) -> Vec<Spectrum<T>> {
        vec![[[T::default(); PAIRS]; DEGREE + 1]; self.graph.num_nodes()]
    }
}

/// What is computed for the edges of one part.
struct Buffers<T> {
    harmonics: Vec<[T; HARMONICS]>,
    radial: Vec<[T; RADIAL]>,
}

/// The density c of one atom, `[lm][n]`.
type Density<T> = [[T; RADIAL]; HARMONICS];

/// The power spectrum p of one atom, `[l][n ≤ n']`: it is symmetric in n and n'.
type Spectrum<T> = [[T; PAIRS]; DEGREE + 1];

/// The functions of the density.
struct Descriptor {
    harmonics: Batch,
    radial: Enveloped<Chebyshev, CosineCutoff>,
}

impl Descriptor {
    /// Chebyshev polynomials take a multiplication each, and the envelope lets neighbours come and go
    /// smoothly at the cutoff.
    fn new() -> Result<Descriptor, Box<dyn Error>> {
        let polynomials = Chebyshev::new(RADIAL, CUTOFF)?;
        Ok(Descriptor {
            harmonics: Harmonics::NATIVE.batch(0..=DEGREE)?,
            radial: Enveloped::new(polynomials, CosineCutoff::new(CUTOFF)?),
        })
    }

    /// The power spectra of all atoms, in parts of so many.
    fn spectra<T: Number>(
        &self,
        edges: &Edges<T>,
        size: usize,
        buffers: &mut Buffers<T>,
        spectra: &mut [Spectrum<T>],
    ) -> Result<(), Box<dyn Error>> {
        for (atoms, part) in edges.parts(size) {
            let first = part.start;
            let vectors = &edges.vectors[part];
            let harmonics = &mut buffers.harmonics[..vectors.len()];
            self.harmonics.values(vectors, harmonics.as_flattened_mut())?;
            let radial = &mut buffers.radial[..vectors.len()];
            for (&vector, functions) in vectors.iter().zip(&mut *radial) {
                self.radial.values_into(length(vector), functions)?;
            }
            for atom in atoms {
                let Range { start, end } = edges.graph.edges_into(atom);
                let own = start - first..end - first;
                let density = density(&harmonics[own.clone()], &radial[own]);
                spectra[atom] = power_spectrum(&density);
            }
        }
        Ok(())
    }

    /// The power spectra of all atoms, in parts.
    fn spectra_in_parts<T: Number>(
        &self,
        edges: &Edges<T>,
    ) -> Result<Vec<Spectrum<T>>, Box<dyn Error>> {
        let mut spectra = edges.no_spectra();
        self.spectra(edges, PART, &mut edges.buffers(PART), &mut spectra)?;
        Ok(spectra)
    }

    /// The harmonics of all edges and nothing else, in parts of so many atoms.
    fn harmonics<T: Number>(
        &self,
        edges: &Edges<T>,
        size: usize,
        buffers: &mut Buffers<T>,
    ) -> Result<(), BatchError> {
        for (_, part) in edges.parts(size) {
            let harmonics = &mut buffers.harmonics[..part.len()];
            self.harmonics.values(&edges.vectors[part], harmonics.as_flattened_mut())?;
            black_box(harmonics);
        }
        Ok(())
    }

    /// Prints the times of the harmonics alone and of all, in parts and with all edges as one part, and
    /// that in arrays made for each call, as in a function that returns them. Gives the last spectra.
    fn compare_times<T: Number>(
        &self,
        edges: &Edges<T>,
    ) -> Result<Vec<Spectrum<T>>, Box<dyn Error>> {
        let (count, all) = (edges.vectors.len(), edges.graph.num_nodes());
        let mut spectra = edges.no_spectra();
        println!("\n{}, ns per edge: harmonics, with spectra", type_name::<T>());
        let row = |what: &str, times: [f64; 2]| {
            let [harmonics, whole] = times.map(|time| 1e9 * time / count as f64);
            println!("  {what:30} {harmonics:8.1} {whole:8.1}");
        };
        for (what, size) in [(format!("parts of {PART} atoms"), PART), ("all at once".into(), all)]
        {
            let mut buffers = edges.buffers(size);
            let harmonics = seconds(|| Ok(self.harmonics(edges, size, &mut buffers)?))?;
            let whole = seconds(|| self.spectra(edges, size, &mut buffers, &mut spectra))?;
            row(&what, [harmonics, whole]);
        }
        let harmonics = seconds(|| Ok(self.harmonics(edges, all, &mut edges.buffers(all))?))?;
        let whole = seconds(|| self.spectra(edges, all, &mut edges.buffers(all), &mut spectra))?;
        row("all at once, in new arrays", [harmonics, whole]);
        Ok(spectra)
    }
}

/// The seconds of the fastest run.
fn seconds(mut run: impl FnMut() -> Result<(), Box<dyn Error>>) -> Result<f64, Box<dyn Error>> {
    let mut fastest = f64::INFINITY;
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        run()?;
        fastest = fastest.min(begun.elapsed().as_secs_f64());
    }
    Ok(fastest)
}

/// The length of a vector.
fn length<T: Number>([x, y, z]: [T; 3]) -> T {
    (x * x + y * y + z * z).sqrt()
}

/// c of one atom, from what was computed for the edges into it. The sums of one harmonic are few enough for
/// registers, and stay there while all edges pass.
fn density<T: Number>(harmonics: &[[T; HARMONICS]], radial: &[[T; RADIAL]]) -> Density<T> {
    std::array::from_fn(|lm| {
        let mut sums = [T::default(); RADIAL];
        for (harmonics, radial) in harmonics.iter().zip(radial) {
            for (sum, &g) in sums.iter_mut().zip(radial) {
                *sum = *sum + g * harmonics[lm];
            }
        }
        sums
    })
}

/// p of one atom. The sum over m with its factor is the coupling of two degrees l to a scalar, so any
/// rotation leaves it as it is.
fn power_spectrum<T: Number>(density: &Density<T>) -> Spectrum<T> {
    let mut spectrum = [[T::default(); PAIRS]; DEGREE + 1];
    for (l, products) in spectrum.iter_mut().enumerate() {
        let orders = &density[l * l..(l + 1) * (l + 1)];
        let factor = T::from_f64(1.0 / ((2 * l + 1) as f64).sqrt());
        let pairs = (0..RADIAL).flat_map(|n| (n..RADIAL).map(move |other| (n, other)));
        for (product, (n, other)) in products.iter_mut().zip(pairs) {
            let sum = orders.iter().fold(T::default(), |sum, c| sum + c[n] * c[other]);
            *product = factor * sum;
        }
    }
    spectrum
}

/// By how much each spectrum differs from another of the same atom.
fn differences<T: Number>(spectra: &[Spectrum<T>], others: &[Spectrum<T>]) -> Vec<f64> {
    spectra.iter().zip(others).map(|(p, q)| difference(p, q)).collect()
}

/// The length of p - q as a share of that of p.
fn difference<T: Number>(p: &Spectrum<T>, q: &Spectrum<T>) -> f64 {
    let (mut change, mut size) = (0.0, 0.0);
    for (&p, &q) in p.as_flattened().iter().zip(q.as_flattened()) {
        let (p, q): (f64, f64) = (p.into(), q.into());
        change += (p - q).powi(2);
        size += p.powi(2);
    }
    (change / size).sqrt()
}
