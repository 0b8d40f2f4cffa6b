//! Random rotations, vectors and permutations from a seed.

use nalgebra::{Quaternion, UnitQuaternion};

use crate::wigner::Orthogonal;

/// A deterministic source of random geometry.
///
/// ```
/// use tesseral::equivariance::Random;
///
/// assert_eq!(Random::new(7).normal_vector(), Random::new(7).normal_vector());
/// ```
#[derive(Clone, Debug)]
pub struct Random {
    numbers: fastrand::Rng,
}

impl Random {
    /// The source of a seed.
    pub fn new(seed: u64) -> Self {
        Random { numbers: fastrand::Rng::with_seed(seed) }
    }

    /// A uniform number in [0, 1).
    pub fn uniform(&mut self) -> f64 {
        self.numbers.f64()
    }

    /// A normal number of mean 0 and variance 1 (Box and Muller).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// Normal numbers.
    pub fn normals(&mut self, count: usize) -> Vec<f64> {
        (0..count).map(|_| self.normal()).collect()
    }

    /// A vector of normal components.
    pub fn normal_vector(&mut self) -> [f64; 3] {
        [0; 3].map(|_| self.normal())
    }

    /// A rotation, uniform over SO(3): a normal quaternion brought to length one.
    pub fn rotation(&mut self) -> Orthogonal<f64> {
        let [x, y, z] = self.normal_vector();
        let quaternion = Quaternion::new(self.normal(), x, y, z);
        UnitQuaternion::from_quaternion(quaternion).into()
    }

    /// Permutes a list.
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        self.numbers.shuffle(list);
    }
}
