//! Initial parameters, drawn on the host from a seed, so that a network is the same on every run.

use burn::module::Param;
use burn::tensor::{DType, Device, Tensor, TensorData};

use super::NnError;
use crate::Random;

/// The source of initial parameters: a seed, the device and the type of the tensors.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor, TensorData};
/// use tesseral::Irreps;
/// use tesseral::nn::{Features, Init, Linear, NnError};
///
/// let (irreps, device) = (Irreps::scalars(4), Device::flex());
/// let x = Features::new(irreps.clone(), Tensor::ones([1, 4], &device))?;
/// let output = |init: &mut Init| -> Result<TensorData, NnError> {
///     Ok(Linear::new(&irreps, &irreps, init).forward(&x)?.values().to_data())
/// };
/// let [mut one, mut other] = [Init::new(7, &device), Init::new(7, &device)];
/// assert_eq!(output(&mut one)?, output(&mut other)?);
/// // The next layer has other parameters.
/// assert_ne!(output(&mut one)?, output(&mut Init::new(7, &device))?);
/// # Ok::<(), NnError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Init {
    random: Random,
    device: Device,
    dtype: DType,
}

impl Init {
    /// Parameters in f32 on a device, with or without autodiff.
    ///
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::Irreps;
    /// use tesseral::nn::{Features, Init, Linear, NnError};
    ///
    /// let irreps = Irreps::scalars(2);
    /// let output = |device: &Device| -> Result<Tensor<2>, NnError> {
    ///     let linear = Linear::new(&irreps, &irreps, &mut Init::new(7, device));
    ///     let x = Features::new(irreps.clone(), Tensor::ones([3, 2], device))?;
    ///     Ok(linear.forward(&x)?.into_values())
    /// };
    /// // A layer is trained on a device with autodiff; its numbers are the same.
    /// let (plain, tracked) = (output(&Device::flex())?, output(&Device::flex().autodiff())?);
    /// assert!(tracked.device().is_autodiff() && !plain.device().is_autodiff());
    /// assert_eq!(tracked.to_data(), plain.to_data());
    /// # Ok::<(), NnError>(())
    /// ```
    pub fn new(seed: u64, device: &Device) -> Self {
        Init { random: Random::new(seed), device: device.clone(), dtype: DType::F32 }
    }

    /// The same in another type, F32 or F64.
    ///
    /// # Errors
    /// If it is another type.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{DType, Device, Tensor};
    /// use tesseral::Irreps;
    /// use tesseral::nn::{Features, Init, Linear};
    ///
    /// let device = Device::flex();
    /// let mut init = Init::new(1, &device).with_dtype(DType::F64)?;
    /// let irreps = Irreps::scalars(2);
    /// let linear = Linear::new(&irreps, &irreps, &mut init);
    /// let x = Features::new(irreps, Tensor::ones([3, 2], (&device, DType::F64)))?;
    /// assert_eq!(linear.forward(&x)?.values().dtype(), DType::F64);
    ///
    /// let error = init.with_dtype(DType::F16).unwrap_err();
    /// assert_eq!(error.to_string(), "a tensor holds F16, expected F32 or F64");
    /// # Ok::<(), tesseral::nn::NnError>(())
    /// ```
    pub fn with_dtype(self, dtype: DType) -> Result<Self, NnError> {
        match dtype {
            DType::F32 | DType::F64 => Ok(Init { dtype, ..self }),
            found => Err(NnError::Type { found }),
        }
    }

    /// The device.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The type.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// A tensor of this device and type, its values in rows.
    ///
    /// # Panics
    /// If there are not as many values as the shape says.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{DType, Device};
    /// use tesseral::nn::Init;
    ///
    /// let init = Init::new(1, &Device::flex()).with_dtype(DType::F64)?;
    /// let x = init.tensor(vec![1.0, 2.0, 3.0, 0.1, 0.2, 0.3], [2, 3]);
    /// let second_row = x.narrow(0, 1, 1).to_data();
    /// // No value was rounded to f32.
    /// assert_eq!(second_row.as_slice::<f64>()?, [0.1, 0.2, 0.3]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn tensor(&self, values: Vec<f64>, shape: [usize; 2]) -> Tensor<2> {
        Tensor::from_data(TensorData::new(values, shape), (&self.device, self.dtype))
    }

    /// Another sequence of random numbers.
    pub(super) fn fork_random(&mut self) -> Random {
        // All 53 bits of a uniform number.
        Random::new((self.random.uniform() * 2.0_f64.powi(53)) as u64)
    }

    /// A parameter of independent normal numbers of variance 1.
    pub(super) fn normal(&mut self, shape: [usize; 2]) -> Param<Tensor<2>> {
        let values = self.random.normals(shape[0] * shape[1]);
        Param::from_tensor(self.tensor(values, shape))
    }

    /// A parameter of independent normal numbers, those of each column with its own deviation.
    pub(super) fn normal_columns(&mut self, rows: usize, deviations: &[f64]) -> Param<Tensor<2>> {
        let mut values = self.random.normals(rows * deviations.len());
        for row in values.chunks_exact_mut(deviations.len().max(1)) {
            row.iter_mut().zip(deviations).for_each(|(value, deviation)| *value *= deviation);
        }
        Param::from_tensor(self.tensor(values, [rows, deviations.len()]))
    }

    /// A parameter of one row: normal numbers, then zeros.
    pub(super) fn normal_then_zero(&mut self, normal: usize, zeros: usize) -> Param<Tensor<2>> {
        let mut values = self.random.normals(normal);
        values.resize(normal + zeros, 0.0);
        Param::from_tensor(self.tensor(values, [1, normal + zeros]))
    }
}
