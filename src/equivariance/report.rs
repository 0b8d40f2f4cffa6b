//! What a test found: the worst deviation of each symmetry and where it is.

use std::fmt;

use crate::{Irrep, Irreps};

/// A kind of symmetry operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Symmetry {
    /// A proper rotation.
    Rotation,
    /// A rotation followed by the inversion.
    Reflection,
    /// A translation of all points.
    Translation,
    /// A permutation of the points.
    Permutation,
}

impl Symmetry {
    /// All kinds.
    pub const ALL: [Symmetry; 4] =
        [Symmetry::Rotation, Symmetry::Reflection, Symmetry::Translation, Symmetry::Permutation];

    /// Whether it changes features without points.
    pub(super) fn acts_on_features(self) -> bool {
        matches!(self, Symmetry::Rotation | Symmetry::Reflection)
    }
}

impl fmt::Display for Symmetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Symmetry::Rotation => "rotation",
            Symmetry::Reflection => "reflection",
            Symmetry::Translation => "translation",
            Symmetry::Permutation => "permutation",
        })
    }
}

/// The largest difference between f(D_in x) and D_out f(x) under one kind of symmetry.
#[derive(Clone, Debug, PartialEq)]
pub struct Deviation {
    /// The symmetry.
    pub symmetry: Symmetry,
    /// The trial in which it occurred.
    pub trial: usize,
    /// The row of the output: the point, or 0.
    pub row: usize,
    /// The index in the row.
    pub index: usize,
    /// The irrep at that index; `None` for an empty output.
    pub irrep: Option<Irrep>,
    /// D_out f(x) there.
    pub expected: f64,
    /// f(D_in x) there.
    pub found: f64,
    /// The largest magnitude of an output of that trial.
    pub scale: f64,
}

impl Deviation {
    /// The absolute difference; infinite where a value is NaN.
    pub fn absolute(&self) -> f64 {
        let difference = (self.expected - self.found).abs();
        if difference.is_nan() { f64::INFINITY } else { difference }
    }

    /// The difference relative to the largest output of the trial; 0 where it vanishes, infinite
    /// where it is.
    pub fn relative(&self) -> f64 {
        match self.absolute() {
            0.0 => 0.0,
            f64::INFINITY => f64::INFINITY,
            difference => difference / self.scale,
        }
    }
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:.2e} (relative {:.2e})", self.symmetry, self.absolute(), self.relative())?;
        if let Some(irrep) = self.irrep {
            let (trial, row, index) = (self.trial, self.row, self.index);
            write!(f, " in {irrep} at index {index} of row {row}, trial {trial}")?;
            write!(f, ": expected {:e}, found {:e}", self.expected, self.found)?;
        }
        Ok(())
    }
}

/// The result of a test.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    output: Irreps,
    seed: u64,
    deviations: Vec<Deviation>,
}

impl Report {
    pub(super) fn new(output: Irreps, seed: u64) -> Self {
        Report { output, seed, deviations: Vec::new() }
    }

    /// The worst deviation of each symmetry that was tried.
    pub fn deviations(&self) -> &[Deviation] {
        &self.deviations
    }

    /// The worst deviation under one symmetry, if it was tried.
    pub fn of(&self, symmetry: Symmetry) -> Option<&Deviation> {
        self.deviations.iter().find(|deviation| deviation.symmetry == symmetry)
    }

    /// The worst deviation of all.
    pub fn worst(&self) -> &Deviation {
        let worse = |a: &&Deviation, b: &&Deviation| a.relative().total_cmp(&b.relative());
        self.deviations.iter().max_by(worse).expect("a test has at least one trial")
    }

    pub(super) fn record(
        &mut self,
        symmetry: Symmetry,
        trial: usize,
        expected: &[f64],
        found: &[f64],
    ) {
        let deviation = self.deviation(symmetry, trial, expected, found);
        match self.deviations.iter_mut().find(|known| known.symmetry == symmetry) {
            Some(known) if deviation.relative() > known.relative() => *known = deviation,
            Some(_) => {}
            None => self.deviations.push(deviation),
        }
    }

    fn deviation(
        &self,
        symmetry: Symmetry,
        trial: usize,
        expected: &[f64],
        found: &[f64],
    ) -> Deviation {
        let scale = expected.iter().chain(found).fold(0.0, |a: f64, b| a.max(b.abs()));
        let mut worst = Deviation {
            symmetry,
            trial,
            row: 0,
            index: 0,
            irrep: self.irrep_at(0),
            expected: expected.first().copied().unwrap_or(0.0),
            found: found.first().copied().unwrap_or(0.0),
            scale,
        };
        for (place, (&expected, &found)) in expected.iter().zip(found).enumerate() {
            let (row, index) = (place / self.output.dim(), place % self.output.dim());
            let irrep = self.irrep_at(index);
            let here = Deviation { row, index, irrep, expected, found, ..worst.clone() };
            if here.absolute() > worst.absolute() {
                worst = here;
            }
        }
        worst
    }

    /// The irrep at an index of an output row.
    fn irrep_at(&self, index: usize) -> Option<Irrep> {
        let slices = self.output.slices();
        let block = slices.iter().position(|slice| slice.contains(&index))?;
        self.output.get(block).map(|block| block.irrep)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "output {}, seed {}", self.output, self.seed)?;
        for deviation in &self.deviations {
            writeln!(f, "  {deviation}")?;
        }
        Ok(())
    }
}
