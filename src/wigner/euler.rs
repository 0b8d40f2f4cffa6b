//! Euler angles: to rotations and back.

use nalgebra::{Matrix3, RealField, Rotation3, Vector3};

use crate::sh::Axes;

/// Intrinsic z-y-z angles: R = R_z(α) R_y(β) R_z(γ), in radians.
///
/// e3nn's angles are y-x-y, which is the same rotation seen in its axes: at equal angles its Wigner
/// matrices are the same numbers as here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EulerAngles<T> {
    /// The last rotation, about z.
    pub alpha: T,
    /// The second rotation, about y.
    pub beta: T,
    /// The first rotation, about z.
    pub gamma: T,
}

impl<T: RealField> EulerAngles<T> {
    /// The rotation.
    pub fn to_rotation(self) -> Rotation3<T> {
        let z = Vector3::z_axis();
        Rotation3::from_axis_angle(&z, self.alpha)
            * Rotation3::from_axis_angle(&Vector3::y_axis(), self.beta)
            * Rotation3::from_axis_angle(&z, self.gamma)
    }

    /// The angles of a rotation: α and γ from -π to π, β from 0 to π. Where β is 0 or π, only the
    /// sum or the difference of α and γ matters; there α is 0 or, to rounding, arbitrary, and the
    /// angles still give the rotation.
    ///
    /// ```
    /// use nalgebra::Rotation3;
    /// use tesseral::wigner::EulerAngles;
    ///
    /// let rotation = Rotation3::from_euler_angles(0.3, -0.2, 2.0);
    /// let angles = EulerAngles::from_rotation(&rotation);
    /// assert!((angles.to_rotation().matrix() - rotation.matrix()).amax() < 1e-15);
    /// ```
    pub fn from_rotation(rotation: &Rotation3<T>) -> Self {
        let entry = |row, column| rotation[(row, column)].clone();
        let alpha = entry(1, 2).atan2(entry(0, 2));
        let sin_beta = entry(0, 2).hypot(entry(1, 2));
        // Of R_z(-α) R = R_y(β) R_z(γ), so that rounding of α is made good by γ.
        let (sin, cos) = alpha.clone().sin_cos();
        let row = |column| cos.clone() * entry(1, column) - sin.clone() * entry(0, column);
        EulerAngles { gamma: row(0).atan2(row(1)), beta: sin_beta.atan2(entry(2, 2)), alpha }
    }

    /// The angles that e3nn means by a rotation in its own axes: the inverse of
    /// [`to_e3nn_rotation`](EulerAngles::to_e3nn_rotation), as e3nn's `matrix_to_angles`.
    ///
    /// ```
    /// use nalgebra::Rotation3;
    /// use tesseral::wigner::EulerAngles;
    ///
    /// let rotation = Rotation3::from_euler_angles(0.3, -0.2, 2.0);
    /// let angles = EulerAngles::from_e3nn_rotation(&rotation);
    /// assert!((angles.to_e3nn_rotation().matrix() - rotation.matrix()).amax() < 1e-15);
    /// ```
    pub fn from_e3nn_rotation(rotation: &Rotation3<T>) -> Self {
        let place = Axes::YPolar.to_native([0, 1, 2]);
        let native = Matrix3::from_fn(|row, column| rotation[(place[row], place[column])].clone());
        EulerAngles::from_rotation(&Rotation3::from_matrix_unchecked(native))
    }

    /// The rotation that e3nn means by these angles, in its own axes: R_y(α) R_x(β) R_y(γ).
    pub fn to_e3nn_rotation(self) -> Rotation3<T> {
        let y = Vector3::y_axis();
        Rotation3::from_axis_angle(&y, self.alpha)
            * Rotation3::from_axis_angle(&Vector3::x_axis(), self.beta)
            * Rotation3::from_axis_angle(&y, self.gamma)
    }
}
