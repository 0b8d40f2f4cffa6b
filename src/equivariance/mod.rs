//! Testing a function for equivariance: random rotations, reflections, translations and
//! permutations, and the worst error with the place where it occurred.
//!
//! # Example
//! ```
//! use tesseral::equivariance::{Equivariance, Symmetry};
//!
//! // The cross product of two vectors is a pseudovector.
//! let test = Equivariance::new("2x1o".parse()?, "1e".parse()?);
//! let report = test.of_features(|x| {
//!     // A block of degree 1 holds (y, z, x).
//!     let ([ay, az, ax], [by, bz, bx]) = ([x[0], x[1], x[2]], [x[3], x[4], x[5]]);
//!     vec![az * bx - ax * bz, ax * by - ay * bx, ay * bz - az * by]
//! })?;
//! assert!(report.worst().relative() < 1e-13, "{report}");
//!
//! // Declared a vector, it fails under reflections alone.
//! let wrong = Equivariance::new("2x1o".parse()?, "1o".parse()?).of_features(|x| {
//!     let ([ay, az, ax], [by, bz, bx]) = ([x[0], x[1], x[2]], [x[3], x[4], x[5]]);
//!     vec![az * bx - ax * bz, ax * by - ay * bx, ay * bz - az * by]
//! })?;
//! assert!(wrong.of(Symmetry::Rotation).is_some_and(|d| d.relative() < 1e-13));
//! assert!(wrong.of(Symmetry::Reflection).is_some_and(|d| d.relative() > 0.1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod report;

pub use crate::random::{FeatureNormalization, Random};
pub use report::{Deviation, Report, Symmetry};

use nalgebra::DMatrix;
use thiserror::Error;

use crate::Irreps;
use crate::error::{LengthError, check_length_for, debug_is_text};
use crate::wigner::{self, Orthogonal, WignerError};

/// A function that could not be tested.
///
/// ```
/// use tesseral::equivariance::Equivariance;
///
/// let test = Equivariance::new("0e".parse()?, "1o".parse()?);
/// let error = test.of_features(|_| vec![0.0]).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "the slice of values that the function returned for 1 rows has length 1, expected 3"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Error, PartialEq)]
#[non_exhaustive]
pub enum EquivarianceError {
    /// A degree of the irreps has no Wigner matrix.
    #[error(transparent)]
    Wigner(#[from] WignerError),
    /// The function returned another number of values than its irreps say.
    #[error(transparent)]
    Length(#[from] LengthError),
}

debug_is_text!(EquivarianceError);

/// What the output of a function of points belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Output {
    /// One feature vector for each point, in the order of the points.
    PerPoint,
    /// One feature vector for all points.
    Global,
}

/// A test of f(D_in x) = D_out f(x).
#[derive(Clone, Debug)]
pub struct Equivariance {
    input: Irreps,
    output: Irreps,
    trials: usize,
    seed: u64,
}

impl Equivariance {
    /// A test of 10 trials of a function from features of `input` to features of `output`, both in
    /// the layout `mul_ir`.
    pub fn new(input: Irreps, output: Irreps) -> Self {
        Equivariance { input, output, trials: 10, seed: 0 }
    }

    /// The same with another number of trials, at least one.
    pub fn trials(self, trials: usize) -> Self {
        Equivariance { trials: trials.max(1), ..self }
    }

    /// The same with other random numbers.
    pub fn seed(self, seed: u64) -> Self {
        Equivariance { seed, ..self }
    }

    /// Tests a function of one feature vector, under rotations and reflections.
    ///
    /// # Errors
    /// If a degree is above LMAX or the function returns a wrong number of values.
    pub fn of_features(
        &self,
        mut f: impl FnMut(&[f64]) -> Vec<f64>,
    ) -> Result<Report, EquivarianceError> {
        self.of_points(0, Output::Global, 1, |_, features| f(features))
    }

    /// Tests a function of `num_points` positions and their features, `[point][feature]`, under
    /// rotations, reflections, translations and permutations of the points. It should not change
    /// under translations.
    ///
    /// # Errors
    /// If a degree is above LMAX or the function returns a wrong number of values.
    ///
    /// ```
    /// use tesseral::equivariance::{Equivariance, Output};
    ///
    /// // The vector from the mean position to each point.
    /// let test = Equivariance::new("".parse()?, "1o".parse()?);
    /// let report = test.of_point_cloud(5, Output::PerPoint, |points, _| {
    ///     let mean = [0, 1, 2].map(|axis| points.iter().map(|p| p[axis]).sum::<f64>() / 5.0);
    ///     points.iter().flat_map(|p| [1, 2, 0].map(|axis| p[axis] - mean[axis])).collect()
    /// })?;
    /// assert!(report.worst().relative() < 1e-14, "{report}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of_point_cloud(
        &self,
        num_points: usize,
        output: Output,
        f: impl FnMut(&[[f64; 3]], &[f64]) -> Vec<f64>,
    ) -> Result<Report, EquivarianceError> {
        self.of_points(num_points, output, num_points, f)
    }

    fn of_points(
        &self,
        num_points: usize,
        output: Output,
        feature_rows: usize,
        mut f: impl FnMut(&[[f64; 3]], &[f64]) -> Vec<f64>,
    ) -> Result<Report, EquivarianceError> {
        let output_rows = if output == Output::PerPoint { num_points } else { 1 };
        let mut random = Random::new(self.seed);
        let mut report = Report::new(self.output.clone(), self.seed);
        for trial in 0..self.trials {
            let positions: Vec<[f64; 3]> =
                (0..num_points).map(|_| random.normal_vector()).collect();
            let features = random.normals(feature_rows * self.input.dim());
            let before = self.call(&mut f, &positions, &features, output_rows)?;
            for symmetry in Symmetry::ALL {
                if num_points == 0 && !symmetry.acts_on_features() {
                    continue;
                }
                let action = self.action(symmetry, num_points, &mut random)?;
                let moved = action.positions(&positions);
                let acted = action.features(&features, feature_rows);
                let after = self.call(&mut f, &moved, &acted, output_rows)?;
                let expected = action.results(&before, output_rows);
                report.record(symmetry, trial, &expected, &after);
            }
        }
        Ok(report)
    }

    fn call(
        &self,
        f: &mut impl FnMut(&[[f64; 3]], &[f64]) -> Vec<f64>,
        positions: &[[f64; 3]],
        features: &[f64],
        rows: usize,
    ) -> Result<Vec<f64>, EquivarianceError> {
        let result = f(positions, features);
        let what = "values that the function returned";
        check_length_for((rows, "rows"), what, rows * self.output.dim(), result.len())?;
        Ok(result)
    }

    /// A random element of a symmetry.
    fn action(
        &self,
        symmetry: Symmetry,
        num_points: usize,
        random: &mut Random,
    ) -> Result<Action, EquivarianceError> {
        let mut action = Action::identity(num_points);
        match symmetry {
            Symmetry::Rotation => action.turn(random.rotation(), &self.input, &self.output)?,
            Symmetry::Reflection => {
                let improper = random.rotation().inverted();
                action.turn(improper, &self.input, &self.output)?;
            }
            Symmetry::Translation => action.shift = random.normal_vector(),
            Symmetry::Permutation => random.shuffle(&mut action.order),
        }
        Ok(action)
    }
}

/// An element of the symmetry group and how it acts. Matrices are absent where it does not turn.
struct Action {
    turn: Option<(Orthogonal<f64>, DMatrix<f64>, DMatrix<f64>)>,
    shift: [f64; 3],
    /// The old index of each new point.
    order: Vec<usize>,
}

impl Action {
    fn identity(num_points: usize) -> Self {
        Action { turn: None, shift: [0.0; 3], order: (0..num_points).collect() }
    }

    fn turn(
        &mut self,
        operation: Orthogonal<f64>,
        input: &Irreps,
        output: &Irreps,
    ) -> Result<(), EquivarianceError> {
        let input = wigner::d_irreps(input, operation)?;
        let output = wigner::d_irreps(output, operation)?;
        self.turn = Some((operation, input, output));
        Ok(())
    }

    fn positions(&self, positions: &[[f64; 3]]) -> Vec<[f64; 3]> {
        let image = |&old: &usize| {
            let r = positions[old];
            let r = self.turn.as_ref().map_or(r, |(operation, ..)| operation.apply(r));
            [0, 1, 2].map(|axis| r[axis] + self.shift[axis])
        };
        self.order.iter().map(image).collect()
    }

    fn features(&self, features: &[f64], rows: usize) -> Vec<f64> {
        self.rows(features, rows, self.turn.as_ref().map(|(_, input, _)| input))
    }

    fn results(&self, results: &[f64], rows: usize) -> Vec<f64> {
        self.rows(results, rows, self.turn.as_ref().map(|(.., output)| output))
    }

    /// Rows in the new order, each multiplied by D. A single row belongs to all points.
    fn rows(&self, values: &[f64], rows: usize, d: Option<&DMatrix<f64>>) -> Vec<f64> {
        let size = values.len().checked_div(rows).unwrap_or(0);
        let old = |row: usize| if rows == self.order.len() { self.order[row] } else { row };
        let image = |row: usize| {
            let values = &values[old(row) * size..][..size];
            match d {
                Some(d) => (d * nalgebra::DVector::from_column_slice(values)).data.into(),
                None => values.to_vec(),
            }
        };
        (0..rows).flat_map(image).collect()
    }
}
