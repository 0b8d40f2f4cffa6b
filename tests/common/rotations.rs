//! Random rotations and reflections.

use fastrand::Rng;
use nalgebra::{Quaternion, RealField, Rotation3, UnitQuaternion};
use tesseral::Scalar;
use tesseral::wigner::Orthogonal;

/// A rotation, uniformly distributed.
pub fn random<T: RealField + Scalar>(random: &mut Rng) -> Rotation3<T> {
    loop {
        let [w, x, y, z] = [(); 4].map(|()| 2.0 * random.f64() - 1.0);
        let square = w * w + x * x + y * y + z * z;
        if (0.01..1.0).contains(&square) {
            let [w, x, y, z] = [w, x, y, z].map(|part| T::constant(part, part as f32));
            return UnitQuaternion::from_quaternion(Quaternion::new(w, x, y, z)).into();
        }
    }
}

/// A rotation followed by the inversion.
pub fn improper<T: RealField + Scalar>(rotation: Rotation3<T>) -> Orthogonal<T> {
    Orthogonal::from(rotation).inverted()
}
