//! Wigner matrices D_l of rotations and reflections: Y_l(R r) = D_l(R) Y_l(r).
//!
//! D_1 is R in the order (y, z, x), and D_l(R S) = D_l(R) D_l(S). The matrices come from an exact
//! recursion on the entries of R: the gradient of a solid harmonic, ∂Y_l = √(l(2l + 1)) G Y_{l-1},
//! is an isometry G that commutes with rotations, so D_l = Gᵀ (R ⊗ D_{l-1}) G. There are no Euler
//! angles inside, so there is no singular point, and entries are polynomials of those of R: with
//! dual numbers for `T` their derivatives are right everywhere.
//!
//! # Rotations
//! Everything here takes a rotation as nalgebra's `Rotation3` or `UnitQuaternion`, as
//! [`EulerAngles`], or as an [`Orthogonal`], which may be improper. Conversions among them are
//! nalgebra's, save for angles; with e3nn's functions of `o3`:
//!
//! | e3nn | here |
//! |---|---|
//! | `rand_matrix`, `rand_quaternion` | [`Random::rotation`](crate::Random::rotation) |
//! | `angles_to_matrix` | [`EulerAngles::to_e3nn_rotation`], in its axes |
//! | `matrix_to_angles` | [`EulerAngles::from_e3nn_rotation`], in its axes |
//! | `quaternion_to_matrix`, `matrix_to_quaternion` | `UnitQuaternion::to_rotation_matrix`, `from_rotation_matrix` |
//! | `axis_angle_to_matrix`, `matrix_to_axis_angle` | `Rotation3::from_axis_angle`, `axis_angle` |
//! | `inverse_angles`, `compose_quaternion`, ... | `inverse` and `*` of nalgebra's types |
//! | `wigner_D(l, alpha, beta, gamma)` | [`d`] of [`EulerAngles`]: the same numbers |
//! | `Irrep.D_from_quaternion`, `D_from_matrix`, ... | [`d_irrep`] |
//! | `Irreps.D_from_matrix`, ... | [`d_irreps`]; for features of many rotations [`batch::Action`] |
//!
//! # Example
//! ```
//! use nalgebra::{Rotation3, Vector3};
//! use tesseral::{sh, wigner};
//!
//! let rotation = Rotation3::from_euler_angles(0.1, 0.2, 0.3);
//! let r = Vector3::new(1.0, -2.0, 0.5);
//! let d = wigner::d(2, rotation)?;
//! let turned = d * nalgebra::SVector::from(sh::y_2(r.into()));
//! let directly = nalgebra::SVector::from(sh::y_2((rotation * r).into()));
//! assert!((turned - directly).norm() < 1e-14);
//! # Ok::<(), tesseral::wigner::WignerError>(())
//! ```

pub mod batch;
mod euler;
mod generators;
mod orthogonal;
mod recursion;

/// The static tables.
#[allow(clippy::approx_constant, reason = "generated: constants such as 1/√2 are numbers here")]
#[allow(unused_imports, reason = "for LMAX = 0 there are no entries")]
mod generated {
    use super::recursion::{Term, term};
    include!(concat!(env!("OUT_DIR"), "/wigner.rs"));
}

pub use euler::EulerAngles;
pub use generators::generators;
pub use orthogonal::Orthogonal;
pub use recursion::{all_into, all_len};

use nalgebra::{DMatrix, RealField};
use thiserror::Error;

use crate::error::{DegreeError, LengthError, check_degree, debug_is_text};
use crate::{Irrep, Irreps, Scalar};

/// A wrong argument of a function of this module.
///
/// ```
/// use nalgebra::Matrix3;
/// use tesseral::wigner::Orthogonal;
///
/// let error = Orthogonal::from_matrix(Matrix3::from_diagonal_element(1.5)).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "the matrix is not orthogonal: an entry of MᵀM differs from the identity by 1.25e0"
/// );
/// ```
#[derive(Clone, Error, PartialEq)]
#[non_exhaustive]
pub enum WignerError {
    /// The degree is above LMAX.
    #[error(transparent)]
    Degree(#[from] DegreeError),
    /// A slice has the wrong length.
    #[error(transparent)]
    Length(#[from] LengthError),
    /// The range of degrees holds none.
    #[error("the degrees {from}..={to} are none: expected a range that is not empty")]
    NoDegrees {
        /// The lowest.
        from: usize,
        /// The highest.
        to: usize,
    },
    /// A matrix is neither a rotation nor a reflection.
    #[error("the matrix is not orthogonal: an entry of MᵀM differs from the identity by {error:e}")]
    NotOrthogonal {
        /// The largest difference of MᵀM from the identity.
        error: f64,
    },
}

debug_is_text!(WignerError);

/// D_l of a rotation, a `(2l + 1) × (2l + 1)` orthogonal matrix. An improper operation acts as on
/// harmonics, with parity (-1)^l; see [`d_irrep`] for another.
///
/// # Errors
/// If `l` is above LMAX.
///
/// ```
/// use nalgebra::{DMatrix, Rotation3, Vector3};
/// use tesseral::wigner;
///
/// // Two quarter turns about z are a half turn: x y stays, x z and y z change sign.
/// let quarter = Rotation3::from_axis_angle(&Vector3::z_axis(), std::f64::consts::FRAC_PI_2);
/// let d = wigner::d(2, quarter)?;
/// let half = DMatrix::from_diagonal(&[1.0, -1.0, 1.0, -1.0, 1.0].to_vec().into());
/// assert!((&d * &d - half).amax() < 1e-15);
/// # Ok::<(), wigner::WignerError>(())
/// ```
#[doc(alias = "wigner_d")]
pub fn d<T: RealField + Scalar>(
    l: usize,
    rotation: impl Into<Orthogonal<T>>,
) -> Result<DMatrix<T>, WignerError> {
    d_irrep(Irrep::spherical_harmonic(l), rotation)
}

/// D of an irrep: D_l of the proper part, times the parity where the operation is improper.
///
/// # Errors
/// If the degree is above LMAX.
///
/// ```
/// use nalgebra::{DMatrix, Rotation3};
/// use tesseral::wigner::{self, Orthogonal};
///
/// // A pseudovector does not change under inversion.
/// let inversion = Orthogonal::from(Rotation3::<f64>::identity()).inverted();
/// assert_eq!(wigner::d_irrep("1e".parse()?, inversion)?, DMatrix::identity(3, 3));
/// assert_eq!(wigner::d_irrep("1o".parse()?, inversion)?, -DMatrix::identity(3, 3));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn d_irrep<T: RealField + Scalar>(
    irrep: Irrep,
    rotation: impl Into<Orthogonal<T>>,
) -> Result<DMatrix<T>, WignerError> {
    check_degree(irrep.l)?;
    let operation = rotation.into();
    let mut matrices = vec![T::constant(0.0, 0.0); all_len(irrep.l)];
    all_into(irrep.l, operation.proper(), &mut matrices)?;
    let size = 2 * irrep.l + 1;
    let mut matrix = DMatrix::from_row_slice(size, size, &matrices[matrices.len() - size * size..]);
    if operation.is_improper() && irrep.parity.sign() < 0 {
        matrix.neg_mut();
    }
    Ok(matrix)
}

/// The block-diagonal D of a feature vector: one block for every copy of every irrep, in the
/// layout `mul_ir`.
///
/// # Errors
/// If a degree is above LMAX.
///
/// ```
/// use nalgebra::{DMatrix, Rotation3};
/// use tesseral::wigner;
///
/// let d = wigner::d_irreps(&"2x0e + 1o".parse()?, Rotation3::from_euler_angles(0.1, 0.2, 0.3))?;
/// assert_eq!((d.nrows(), d.view((0, 0), (2, 2)).into_owned()), (5, DMatrix::identity(2, 2)));
/// assert!((&d * d.transpose() - DMatrix::identity(5, 5)).amax() < 1e-15);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn d_irreps<T: RealField + Scalar>(
    irreps: &Irreps,
    rotation: impl Into<Orthogonal<T>>,
) -> Result<DMatrix<T>, WignerError> {
    // Before the matrix is allocated, which may be large beyond memory.
    check_degree(irreps.lmax().unwrap_or(0))?;
    let operation = rotation.into();
    let mut matrix = DMatrix::zeros(irreps.dim(), irreps.dim());
    let mut start = 0;
    for block in irreps.iter().filter(|block| block.mul > 0) {
        let d = d_irrep(block.irrep, operation)?;
        for _ in 0..block.mul {
            matrix.view_mut((start, start), d.shape()).copy_from(&d);
            start += d.nrows();
        }
    }
    Ok(matrix)
}
