//! Euler angles, as input only.

use nalgebra::{RealField, Rotation3, Vector3};

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

    /// The rotation that e3nn means by these angles, in its own axes: R_y(α) R_x(β) R_y(γ).
    pub fn to_e3nn_rotation(self) -> Rotation3<T> {
        let y = Vector3::y_axis();
        Rotation3::from_axis_angle(&y, self.alpha)
            * Rotation3::from_axis_angle(&Vector3::x_axis(), self.beta)
            * Rotation3::from_axis_angle(&y, self.gamma)
    }
}
