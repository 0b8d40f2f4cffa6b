//! Cartesian tensors with index symmetry, such as a stress, and their irreps.
//!
//! A tensor T[i, j, …] of up to four indices x, y, z, each of which turns with R, is a direct sum of
//! irreps; index symmetry leaves some of them out. The change of basis between the independent
//! components and the irreps is orthonormal: the norm of a tensor, Σ T², is that of its irreps.
//!
//! # Basis
//! The indices are coupled one after the other with the tensors C(l1,l2→l3) of [`crate::coupling`],
//! through all degrees on the way, lower ones first and the first coupling outermost. For every
//! degree the results are projected on the symmetry and brought by Gram and Schmidt, in this order,
//! to orthonormal tensors; those that vanish or depend on their predecessors are left out. The
//! irreps are sorted by degree. Without multiplicities the result is the coupling itself: for
//! `ij=ji`, in the orders -l … l,
//!
//! - `0e`: (T_xx + T_yy + T_zz)/√3;
//! - `2e`: √2 T_xy, √2 T_yz, (2 T_zz - T_xx - T_yy)/√6, √2 T_xz, (T_xx - T_yy)/√2: for T = r rᵀ that is
//!   √(8π/15) Y_2(r);
//!
//! for `ij=-ji`, `1e`: √2 (T_zx, T_xy, T_yz), the dual vector (y, z, x) times √2; for `i`, `1o`:
//! (T_y, T_z, T_x).

mod formula;

use thiserror::Error;

use super::arithmetic::rounded;
use super::orthonormal;
use crate::coupling::{CouplingError, Tensor};
use crate::error::{LengthError, check_length, check_rows, debug_is_text};
use crate::parallel::{Rows, RowsMut, Threads, Work};
use crate::{Irrep, Irreps, Parity, Real};
use formula::{MAX_RANK, Symmetry};

/// A formula that is none, or arguments that do not fit.
///
/// ```
/// use tesseral::kernels::cartesian::CartesianTensor;
///
/// let error = CartesianTensor::new("ij=jk").unwrap_err();
/// assert_eq!(error.to_string(), "formula `ij=jk`: found `jk`, expected a permutation of `ij`");
/// ```
#[derive(Clone, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CartesianError {
    /// A character is no index.
    #[error("formula `{formula}`: `{found}` in `{term}` is no index: expected letters a to z")]
    Letter {
        /// The formula.
        formula: String,
        /// The term.
        term: String,
        /// The character.
        found: char,
    },
    /// A term has no index, or too many.
    #[error("formula `{formula}`: `{term}` has {found} indices, expected 1 to {MAX_RANK}")]
    Rank {
        /// The formula.
        formula: String,
        /// The term.
        term: String,
        /// Its number of indices.
        found: usize,
    },
    /// An index is twice in a term.
    #[error("formula `{formula}`: the index `{found}` is twice in `{term}`, expected each once")]
    Repeated {
        /// The formula.
        formula: String,
        /// The term.
        term: String,
        /// The index.
        found: char,
    },
    /// A term has other indices than the first.
    #[error("formula `{formula}`: found `{term}`, expected a permutation of `{first}`")]
    Permutation {
        /// The formula.
        formula: String,
        /// The term.
        term: String,
        /// The first term.
        first: String,
    },
    /// A degree has no coupling tensor in this build.
    #[error(transparent)]
    Coupling(#[from] CouplingError),
    /// A slice has the wrong length.
    #[error(transparent)]
    Length(#[from] LengthError),
}

debug_is_text!(CartesianError);

/// The change of basis between Cartesian tensors with index symmetry and irreps. See the
/// [module](self).
///
/// Tensors are row-major, `[x, y, z]` for each index, all 3^rank components; many are one after the
/// other.
///
/// # Example
/// ```
/// use tesseral::kernels::cartesian::CartesianTensor;
///
/// let stress = CartesianTensor::new("ij=ji")?;
/// assert_eq!(stress.irreps().to_string(), "1x0e+1x2e");
/// let pressure = [2.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 2.0];
/// let mut irreps = [0.0; 6];
/// stress.to_irreps(&pressure, &mut irreps)?;
/// assert!((irreps[0] - 6.0 / 3f64.sqrt()).abs() < 1e-15);
/// let mut again = [0.0; 9];
/// stress.from_irreps(&irreps, &mut again)?;
/// assert!((again[0] - 2.0).abs() < 1e-15);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct CartesianTensor {
    formula: String,
    rank: usize,
    irreps: Irreps,
    /// The nonzero entries of the matrix `[irreps.dim()][3^rank]`, by row.
    entries: Vec<Entry>,
    threads: Threads,
}

/// An entry of the change of basis.
#[derive(Clone, Copy, Debug)]
struct Entry {
    row: usize,
    column: usize,
    value: f64,
}

/// A way to couple the indices so far.
struct Chain {
    l: usize,
    /// `[2l + 1][3^indices]`.
    tensors: Vec<Vec<f64>>,
}

impl CartesianTensor {
    /// The tensors with the symmetry of a formula, whose indices are of polar vectors: the inversion
    /// negates each.
    ///
    /// A formula names the indices, `ij`, and says what permutations leave as it is, `ij=ji`, or
    /// negate, `ij=-ji`; several are joined, `ijkl=jikl=klij`, and their products follow.
    ///
    /// # Errors
    /// If the formula is none, or a degree has no coupling tensor in this build: rank r needs
    /// LMAX ≥ r.
    pub fn new(formula: &str) -> Result<Self, CartesianError> {
        Self::of_vectors(formula, Parity::Odd)
    }

    /// The same with indices of polar (odd) or axial (even) vectors.
    ///
    /// # Errors
    /// As [`CartesianTensor::new`].
    ///
    /// ```
    /// use tesseral::Parity;
    /// use tesseral::kernels::cartesian::CartesianTensor;
    ///
    /// assert_eq!(CartesianTensor::of_vectors("ijk", Parity::Even)?.irreps().lmax(), Some(3));
    /// assert_eq!(CartesianTensor::of_vectors("i", Parity::Even)?.irreps().to_string(), "1x1e");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of_vectors(formula: &str, vector: Parity) -> Result<Self, CartesianError> {
        let (rank, group) = formula::parse(formula)?;
        let parity = (1..rank).fold(vector, |parity, _| parity * vector);
        let chains = chains(rank)?;
        let mut irreps = Vec::new();
        let mut entries = Vec::new();
        let mut row = 0;
        for l in 0..=rank {
            let mut basis = Vec::new();
            for chain in chains.iter().filter(|chain| chain.l == l) {
                let projected: Vec<f64> =
                    chain.tensors.iter().flat_map(|tensor| project(tensor, &group)).collect();
                orthonormal::extend(&mut basis, projected);
            }
            irreps.push((basis.len(), Irrep::new(l, parity)));
            for member in basis {
                for tensor in member.chunks_exact(3_usize.pow(rank as u32)) {
                    // The members have the norm one, all orders together.
                    let scale = ((2 * l + 1) as f64).sqrt();
                    let values = tensor.iter().map(|value| nearest_root(scale * value));
                    let nonzero = values.enumerate().filter(|&(_, value)| value != 0.0);
                    entries.extend(nonzero.map(|(column, value)| Entry { row, column, value }));
                    row += 1;
                }
            }
        }
        let irreps = irreps.into_iter().filter(|&(mul, _)| mul > 0).collect();
        Ok(CartesianTensor {
            formula: formula.to_owned(),
            rank,
            irreps,
            entries,
            threads: Threads::Caller,
        })
    }

    /// The formula.
    pub fn formula(&self) -> &str {
        &self.formula
    }

    /// The number of indices.
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// The number of components of a tensor, 3^rank; [`Irreps::dim`] of
    /// [`CartesianTensor::irreps`] of them are independent.
    pub fn dim(&self) -> usize {
        3_usize.pow(self.rank as u32)
    }

    /// The irreps, sorted by degree; empty where the symmetry leaves no tensor but zero.
    pub fn irreps(&self) -> &Irreps {
        &self.irreps
    }

    /// The change of basis, row-major `[irreps.dim()][3^rank]`. Its rows are orthonormal.
    ///
    /// ```
    /// use tesseral::kernels::cartesian::CartesianTensor;
    ///
    /// // The orders -1, 0, 1 of a vector are y, z, x.
    /// let matrix = CartesianTensor::new("i")?.matrix();
    /// assert_eq!(matrix, [0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn matrix(&self) -> Vec<f64> {
        let mut matrix = vec![0.0; self.irreps.dim() * self.dim()];
        for entry in &self.entries {
            matrix[entry.row * self.dim() + entry.column] = entry.value;
        }
        matrix
    }

    /// The irreps `[row][irreps.dim()]` of tensors `[row][3^rank]`. Of a tensor without the symmetry
    /// they are those of the nearest one that has it. It is also the vector-Jacobian product of
    /// [`CartesianTensor::from_irreps`].
    ///
    /// # Errors
    /// If a slice has the wrong length.
    ///
    /// ```
    /// use tesseral::kernels::cartesian::CartesianTensor;
    ///
    /// // The dual vector of a rotation about x, in the order y, z, x, times √2.
    /// let antisymmetric = CartesianTensor::new("ij=-ji")?;
    /// let mut dual = [0.0_f64; 3];
    /// antisymmetric.to_irreps(&[0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, -1.0, 0.0], &mut dual)?;
    /// assert!(dual[0] == 0.0 && dual[1] == 0.0 && (dual[2] - 2.0_f64.sqrt()).abs() < 1e-15);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn to_irreps<T: Real + Send + Sync>(
        &self,
        tensors: &[T],
        output: &mut [T],
    ) -> Result<(), CartesianError> {
        let rows = check_rows("the tensors", self.dim(), tensors.len())?;
        check_length("the irreps", rows * self.irreps.dim(), output.len())?;
        let tensors = Rows { numbers: tensors, size: self.dim() };
        let output = RowsMut { numbers: output, size: self.irreps.dim() };
        self.threads.each(self.work(rows), (tensors, output), &|(tensors, output)| {
            for (tensor, out) in tensors.iter().zip(output.iter()) {
                out.fill(T::constant(0.0, 0.0));
                for entry in &self.entries {
                    let value = rounded::<T>(entry.value);
                    out[entry.row] = out[entry.row] + value * tensor[entry.column];
                }
            }
        });
        Ok(())
    }

    /// The tensors `[row][3^rank]` of irreps `[row][irreps.dim()]`; they have the symmetry. It is also
    /// the vector-Jacobian product of [`CartesianTensor::to_irreps`].
    ///
    /// # Errors
    /// If a slice has the wrong length.
    pub fn from_irreps<T: Real + Send + Sync>(
        &self,
        irreps: &[T],
        output: &mut [T],
    ) -> Result<(), CartesianError> {
        let rows = check_rows("the tensors", self.dim(), output.len())?;
        check_length("the irreps", rows * self.irreps.dim(), irreps.len())?;
        let output = RowsMut { numbers: output, size: self.dim() };
        self.threads.each(self.work(rows), (0..rows, output), &|(rows, output)| {
            for (row, out) in rows.zip(output.iter()) {
                let irreps = &irreps[row * self.irreps.dim()..];
                out.fill(T::constant(0.0, 0.0));
                for entry in &self.entries {
                    let value = rounded::<T>(entry.value);
                    out[entry.column] = out[entry.column] + value * irreps[entry.row];
                }
            }
        });
        Ok(())
    }

    fn work(&self, rows: usize) -> Work {
        Work { rows, each: self.dim() + self.entries.len() }
    }

    /// Splits large calls among threads; see [`kernels`](crate::kernels#threads).
    #[cfg(feature = "rayon")]
    pub fn in_parallel(self) -> Self {
        CartesianTensor { threads: Threads::Pool, ..self }
    }
}

/// Every way to couple so many indices, one after the other.
fn chains(rank: usize) -> Result<Vec<Chain>, CouplingError> {
    // The orders -1, 0, 1 of a vector are y, z, x.
    let vector = |m: usize| [0, 1, 2].map(|axis| if axis == (m + 1) % 3 { 1.0 } else { 0.0 });
    let mut chains = vec![Chain { l: 1, tensors: (0..3).map(|m| vector(m).to_vec()).collect() }];
    for _ in 1..rank {
        let mut longer = Vec::new();
        for chain in &chains {
            for l in chain.l.abs_diff(1)..=chain.l + 1 {
                longer.push(couple(chain, l)?);
            }
        }
        chains = longer;
    }
    Ok(chains)
}

/// One more index.
fn couple(chain: &Chain, l: usize) -> Result<Chain, CouplingError> {
    let size = chain.tensors[0].len();
    let mut tensors = vec![vec![0.0; 3 * size]; 2 * l + 1];
    for entry in Tensor::new(chain.l, 1, l)?.nonzeros() {
        let [m1, m2, m3] = [(0, chain.l), (1, 1), (2, l)]
            .map(|(slot, l)| (i32::from(entry.m[slot]) + l as i32) as usize);
        let axis = (m2 + 1) % 3;
        for (place, value) in chain.tensors[m1].iter().enumerate() {
            tensors[m3][3 * place + axis] += entry.value * value;
        }
    }
    Ok(Chain { l, tensors })
}

/// The mean of a tensor over a group of symmetries.
fn project(tensor: &[f64], group: &[Symmetry]) -> Vec<f64> {
    let mut mean = vec![0.0; tensor.len()];
    let rank = group[0].places.len() as u32;
    for (index, value) in mean.iter_mut().enumerate() {
        let digit = |place: usize| index / 3_usize.pow(rank - 1 - place as u32) % 3;
        for symmetry in group {
            let image = symmetry.places.iter().fold(0, |image, &place| 3 * image + digit(place));
            *value += if symmetry.negative { -tensor[image] } else { tensor[image] };
        }
        *value /= group.len() as f64;
    }
    mean
}

/// The root of a rational with a small denominator that a value with an error of rounding stands
/// for; the value itself if there is none.
fn nearest_root(value: f64) -> f64 {
    const LARGEST: u32 = 2000;
    let square = value * value;
    for denominator in 1..=LARGEST {
        let denominator = f64::from(denominator);
        let root = ((square * denominator).round() / denominator).sqrt();
        if (root - value.abs()).abs() < 1e-14 {
            return root.copysign(value) + 0.0;
        }
    }
    value
}
