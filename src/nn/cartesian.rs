//! Cartesian tensors from features, and features from Cartesian tensors.

use std::sync::Arc;

use burn::module::Module;
use burn::tensor::Tensor;

use super::functions::CHECKED;
use super::operation::{Element, Operation, apply1};
use super::{Dual, Features, NnError};
use crate::Irreps;
use crate::kernels::cartesian::{self, CartesianError};

/// Cartesian tensors with index symmetry, such as a stress, as features and back: e3nn's
/// `io.CartesianTensor`; see [`cartesian`]. It has no parameters.
///
/// Tensors are `[rows][3^rank]`, row-major over x, y, z. Both directions are linear and orthonormal:
/// each is the vector-Jacobian product of the other.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use tesseral::nn::{CartesianTensor, Features};
///
/// let stress = CartesianTensor::new("ij=ji")?;
/// assert_eq!(stress.irreps().to_string(), "1x0e+1x2e");
/// let x = Features::new(stress.irreps().clone(), Tensor::ones([5, 6], &Device::flex()))?;
/// assert_eq!(stress.from_features(&x)?.dims(), [5, 9]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Module, Debug)]
pub struct CartesianTensor {
    #[module(skip)]
    kernel: Arc<cartesian::CartesianTensor>,
}

impl CartesianTensor {
    /// The tensors with the symmetry of a formula, such as `ij=ji`; see
    /// [`cartesian::CartesianTensor::new`].
    ///
    /// # Errors
    /// If the formula is none, or a degree has no coupling tensor in this build.
    pub fn new(formula: &str) -> Result<Self, CartesianError> {
        Ok(Self::of_kernel(cartesian::CartesianTensor::new(formula)?))
    }

    /// A layer of a given change of basis, such as that of
    /// [`cartesian::CartesianTensor::of_vectors`].
    pub fn of_kernel(kernel: cartesian::CartesianTensor) -> Self {
        CartesianTensor { kernel: Arc::new(kernel) }
    }

    /// The change of basis on slices.
    pub fn kernel(&self) -> &cartesian::CartesianTensor {
        &self.kernel
    }

    /// The irreps of the features.
    pub fn irreps(&self) -> &Irreps {
        self.kernel.irreps()
    }

    /// The features `[rows][irreps.dim()]` of tensors `[rows][3^rank]`; of a tensor without the
    /// symmetry, those of the nearest that has it.
    ///
    /// # Errors
    /// If the tensors have another shape, another type than f32 or f64, or are not on the CPU.
    pub fn to_features(&self, tensors: &Tensor<2>) -> Result<Features, NnError> {
        let found = tensors.dims();
        let expected = [found[0], self.kernel.dim()];
        if found != expected {
            return Err(NnError::Shape {
                what: "the matrix of Cartesian tensors",
                expected,
                found,
            });
        }
        let values = apply1(ToIrreps(self.kernel.clone()), tensors.clone())?;
        Features::new(self.irreps().clone(), values)
    }

    /// The features of tensors and of their derivative, `[value, derivative]`; see [`Dual`].
    ///
    /// # Errors
    /// As [`CartesianTensor::to_features`], and if the two differ in rows or type.
    pub fn to_features_dual(&self, tensors: [&Tensor<2>; 2]) -> Result<Dual, NnError> {
        let [value, derivative] = tensors;
        Dual::new(self.to_features(value)?, self.to_features(derivative)?.into_values())
    }

    /// The tensors `[rows][3^rank]` of features; they have the symmetry.
    ///
    /// # Errors
    /// If the features have other irreps, another type than f32 or f64, or are not on the CPU.
    pub fn from_features(&self, x: &Features) -> Result<Tensor<2>, NnError> {
        x.expect("the input", self.irreps())?;
        apply1(FromIrreps(self.kernel.clone()), x.values().clone())
    }

    /// The tensors of features and their derivative, `[value, derivative]`; see [`Dual`].
    ///
    /// # Errors
    /// As [`CartesianTensor::from_features`].
    pub fn from_features_dual(&self, x: &Dual) -> Result<[Tensor<2>; 2], NnError> {
        let value = self.from_features(&x.value())?;
        Ok([value, apply1(FromIrreps(self.kernel.clone()), x.tangent())?])
    }
}

#[derive(Debug)]
struct ToIrreps(Arc<cartesian::CartesianTensor>);

impl Operation<1> for ToIrreps {
    fn output_shape(&self, [[rows, _]]: [[usize; 2]; 1]) -> [usize; 2] {
        [rows, self.0.irreps().dim()]
    }

    fn forward<T: Element>(&self, [tensors]: [&[T]; 1], output: &mut [T]) {
        self.0.to_irreps(tensors, output).expect(CHECKED);
    }

    fn backward<T: Element>(&self, _x: [&[T]; 1], dz: &[T], [dx]: [Option<&mut [T]>; 1]) {
        if let Some(dx) = dx {
            // The gradient begins as zeros, so that overwriting it is adding.
            self.0.from_irreps(dz, dx).expect(CHECKED);
        }
    }
}

#[derive(Debug)]
struct FromIrreps(Arc<cartesian::CartesianTensor>);

impl Operation<1> for FromIrreps {
    fn output_shape(&self, [[rows, _]]: [[usize; 2]; 1]) -> [usize; 2] {
        [rows, self.0.dim()]
    }

    fn forward<T: Element>(&self, [x]: [&[T]; 1], output: &mut [T]) {
        self.0.from_irreps(x, output).expect(CHECKED);
    }

    fn backward<T: Element>(&self, _x: [&[T]; 1], dz: &[T], [dx]: [Option<&mut [T]>; 1]) {
        if let Some(dx) = dx {
            // As above.
            self.0.to_irreps(dz, dx).expect(CHECKED);
        }
    }
}
