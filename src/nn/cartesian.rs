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
    ///
    /// ```
    /// use tesseral::Parity;
    /// use tesseral::kernels::cartesian;
    /// use tesseral::nn::CartesianTensor;
    ///
    /// // A vector that the inversion leaves as it is, such as a magnetic moment.
    /// let axial = cartesian::CartesianTensor::of_vectors("i", Parity::Even)?;
    /// assert_eq!(CartesianTensor::of_kernel(axial).irreps().to_string(), "1x1e");
    /// assert_eq!(CartesianTensor::new("i")?.irreps().to_string(), "1x1o");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of_kernel(kernel: cartesian::CartesianTensor) -> Self {
        CartesianTensor { kernel: Arc::new(kernel.in_parallel()) }
    }

    /// The change of basis on slices.
    pub fn kernel(&self) -> &cartesian::CartesianTensor {
        &self.kernel
    }

    /// The irreps of the features.
    ///
    /// ```
    /// use tesseral::nn::CartesianTensor;
    ///
    /// // Without symmetry, antisymmetric, and symmetric in all of three indices.
    /// let irreps =
    ///     |formula| CartesianTensor::new(formula).map(|layer| layer.irreps().to_string());
    /// assert_eq!(irreps("ij")?, "1x0e+1x1e+1x2e");
    /// assert_eq!(irreps("ij=-ji")?, "1x1e");
    /// assert_eq!(irreps("ijk=jik=ikj")?, "1x1o+1x3o");
    /// # Ok::<(), tesseral::kernels::cartesian::CartesianError>(())
    /// ```
    pub fn irreps(&self) -> &Irreps {
        self.kernel.irreps()
    }

    /// The features `[rows][irreps.dim()]` of tensors `[rows][3^rank]`; of a tensor without the
    /// symmetry, those of the nearest that has it.
    ///
    /// # Errors
    /// If the tensors have another shape, another type than f32 or f64, or are not on the CPU.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor, TensorData, Tolerance};
    /// use tesseral::nn::CartesianTensor;
    ///
    /// let stress = CartesianTensor::new("ij=ji")?;
    /// // T_xy = 3 and T_yx = 1: there and back they are 2, the mean.
    /// let tensor = [[0.0, 3.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]];
    /// let x = stress.to_features(&Tensor::from_data(tensor, &Device::flex()))?;
    /// let nearest = stress.from_features(&x)?.to_data();
    /// let expected = TensorData::from([[0.0, 2.0, 0.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0]]);
    /// nearest.assert_approx_eq::<f32>(&expected, Tolerance::absolute(1e-6));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn to_features(&self, tensors: &Tensor<2>) -> Result<Features, NnError> {
        self.irreps_of(tensors).map_err(NnError::in_layer("CartesianTensor"))
    }

    fn irreps_of(&self, tensors: &Tensor<2>) -> Result<Features, NnError> {
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
        let [value, derivative] = [self.to_features(value)?, self.to_features(derivative)?];
        let dual = Dual::new(value, derivative.into_values());
        dual.map_err(NnError::in_layer("CartesianTensor"))
    }

    /// The tensors `[rows][3^rank]` of features; they have the symmetry.
    ///
    /// # Errors
    /// If the features have other irreps, another type than f32 or f64, or are not on the CPU.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor, TensorData, Tolerance};
    /// use tesseral::nn::{CartesianTensor, Features};
    ///
    /// // The 0e of a stress is √3 times its pressure.
    /// let stress = CartesianTensor::new("ij=ji")?;
    /// let x = Tensor::from_data([[12_f64.sqrt(), 0.0, 0.0, 0.0, 0.0, 0.0]], &Device::flex());
    /// let tensor = stress.from_features(&Features::new(stress.irreps().clone(), x)?)?;
    /// let pressure = TensorData::from([[2.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 2.0]]);
    /// tensor.to_data().assert_approx_eq::<f32>(&pressure, Tolerance::absolute(1e-6));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_features(&self, x: &Features) -> Result<Tensor<2>, NnError> {
        self.tensors_of(x).map_err(NnError::in_layer("CartesianTensor"))
    }

    fn tensors_of(&self, x: &Features) -> Result<Tensor<2>, NnError> {
        x.expect("the input", self.irreps())?;
        apply1(FromIrreps(self.kernel.clone()), x.values().clone())
    }

    /// The tensors of features and their derivative, `[value, derivative]`; see [`Dual`].
    ///
    /// # Errors
    /// As [`CartesianTensor::from_features`].
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::nn::{CartesianTensor, Dual, Features};
    ///
    /// let (stress, device) = (CartesianTensor::new("ij=ji")?, Device::flex());
    /// let x = Tensor::from_data([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]], &device);
    /// let direction = x.clone() * 2.0;
    /// let x = Dual::new(Features::new(stress.irreps().clone(), x)?, direction)?;
    /// // The map is linear: features change by twice what they are, and so does the tensor.
    /// let [tensor, derivative] = stress.from_features_dual(&x)?;
    /// assert_eq!(derivative.to_data(), (tensor * 2.0).to_data());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_features_dual(&self, x: &Dual) -> Result<[Tensor<2>; 2], NnError> {
        let tangent = Features::new(x.irreps().clone(), x.tangent())?;
        Ok([self.from_features(&x.value())?, self.from_features(&tangent)?])
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
