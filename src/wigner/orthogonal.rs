//! Rotations and reflections of space.

use nalgebra::{Matrix3, RealField, Rotation3, UnitQuaternion, Vector3};

use super::{EulerAngles, WignerError};
use crate::Scalar;

/// An element of O(3): a rotation, possibly followed by the inversion r → -r.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "quaternion")]
pub struct Orthogonal<T> {
    proper: Rotation3<T>,
    improper: bool,
}

impl<T: RealField + Scalar> Orthogonal<T> {
    /// A rotation or reflection from its matrix.
    ///
    /// # Errors
    /// If the matrix is not orthogonal to within 100 ε in every entry of MᵀM.
    pub fn from_matrix(matrix: Matrix3<T>) -> Result<Self, WignerError> {
        let difference = matrix.transpose() * matrix - Matrix3::identity();
        // A NaN is not orthogonal either, and is kept: `max` would drop it.
        let error = difference.iter().fold(0.0, |largest: f64, &entry| {
            let entry = nalgebra::try_convert(entry).map_or(f64::NAN, f64::abs);
            if largest.is_nan() || entry <= largest { largest } else { entry }
        });
        let bound: f64 = nalgebra::try_convert(T::default_epsilon()).unwrap_or(0.0);
        if error.is_nan() || error > 100.0 * bound {
            return Err(WignerError::NotOrthogonal { error });
        }
        let improper = matrix.determinant() < T::constant(0.0, 0.0);
        let proper = if improper { -matrix } else { matrix };
        Ok(Orthogonal { proper: Rotation3::from_matrix_unchecked(proper), improper })
    }

    /// The reflection at the plane through the origin with this normal.
    ///
    /// ```
    /// use nalgebra::Vector3;
    /// use tesseral::wigner::Orthogonal;
    ///
    /// let mirror = Orthogonal::reflection(Vector3::<f64>::z_axis());
    /// let [x, y, z] = mirror.apply([1.0, 2.0, 3.0]);
    /// assert!((x - 1.0).abs() < 1e-15 && (y - 2.0).abs() < 1e-15 && z == -3.0);
    /// assert!(mirror.is_improper() && !mirror.after(&mirror).is_improper());
    /// ```
    pub fn reflection(normal: nalgebra::Unit<Vector3<T>>) -> Self {
        // A reflection is a half turn about the normal, then the inversion.
        let half_turn = UnitQuaternion::from_axis_angle(&normal, T::pi());
        Orthogonal::from(half_turn).inverted()
    }

    /// This operation followed by the inversion.
    pub fn inverted(self) -> Self {
        Orthogonal { improper: !self.improper, ..self }
    }

    /// Whether this is a rotation followed by the inversion.
    pub fn is_improper(&self) -> bool {
        self.improper
    }

    /// The matrix, row-major.
    pub fn matrix(&self) -> [[T; 3]; 3] {
        let proper = self.proper();
        if self.improper { proper.map(|row| row.map(|entry| -entry)) } else { proper }
    }

    /// The matrix of the rotation without the inversion, row-major.
    pub fn proper(&self) -> [[T; 3]; 3] {
        self.proper.matrix().transpose().into()
    }

    /// The image of a vector.
    pub fn apply(&self, r: [T; 3]) -> [T; 3] {
        let image: [T; 3] = (self.proper * Vector3::from(r)).into();
        if self.improper { image.map(|component| -component) } else { image }
    }

    /// The product: `self` after `other`.
    pub fn after(&self, other: &Self) -> Self {
        Orthogonal { proper: self.proper * other.proper, improper: self.improper != other.improper }
    }
}

impl<T: RealField> From<Rotation3<T>> for Orthogonal<T> {
    fn from(proper: Rotation3<T>) -> Self {
        Orthogonal { proper, improper: false }
    }
}

impl<T: RealField> From<UnitQuaternion<T>> for Orthogonal<T> {
    fn from(quaternion: UnitQuaternion<T>) -> Self {
        quaternion.to_rotation_matrix().into()
    }
}

impl<T: RealField> From<EulerAngles<T>> for Orthogonal<T> {
    fn from(angles: EulerAngles<T>) -> Self {
        angles.to_rotation().into()
    }
}
