//! Random rotations, vectors, features and permutations from a seed: for tests, and for the parameters
//! that layers begin with.

use nalgebra::{Quaternion, UnitQuaternion};

use crate::Irreps;
use crate::wigner::Orthogonal;

/// How large random features are, as the `normalization` of e3nn's `Irreps.randn`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FeatureNormalization {
    /// Every component is normal, of mean 0 and variance 1.
    #[default]
    Component,
    /// Every copy of an irrep is uniform on the sphere of radius 1.
    Norm,
}

/// A deterministic source of random geometry.
///
/// ```
/// use tesseral::Random;
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

    /// The state of the sequence: `Random::new` of it goes on from here.
    ///
    /// ```
    /// use tesseral::Random;
    ///
    /// let mut random = Random::new(7);
    /// random.uniform();
    /// let mut again = Random::new(random.state());
    /// assert_eq!(random.uniform(), again.uniform());
    /// ```
    pub fn state(&self) -> u64 {
        self.numbers.get_seed()
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

    /// `n` feature vectors, one after the other. See [`FeatureNormalization`].
    ///
    /// ```
    /// use tesseral::{FeatureNormalization, Random};
    ///
    /// let irreps = "2x0e + 1o".parse()?;
    /// let x = Random::new(7).features(&irreps, 10, FeatureNormalization::Norm);
    /// assert_eq!(x.len(), 10 * 5);
    /// assert!((x[2] * x[2] + x[3] * x[3] + x[4] * x[4] - 1.0).abs() < 1e-15);
    /// # Ok::<(), tesseral::irreps::IrrepsError>(())
    /// ```
    pub fn features(
        &mut self,
        irreps: &Irreps,
        n: usize,
        normalization: FeatureNormalization,
    ) -> Vec<f64> {
        let mut x = self.normals(n * irreps.dim());
        if normalization == FeatureNormalization::Component {
            return x;
        }
        let mut rest = x.as_mut_slice();
        for l in (0..n).flat_map(|_| irreps.degrees()) {
            let (copy, others) = rest.split_at_mut(2 * l + 1);
            let norm = copy.iter().map(|entry| entry * entry).sum::<f64>().sqrt();
            copy.iter_mut().for_each(|entry| *entry /= norm);
            rest = others;
        }
        x
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
