//! Initial parameters, drawn on the host from a seed, so that a network is the same on every run.

use burn::module::Param;
use burn::tensor::{DType, Device, Tensor, TensorData};

use super::NnError;
use crate::Random;

/// The source of initial parameters: a seed, the device and the type of the tensors.
#[derive(Clone, Debug)]
pub struct Init {
    random: Random,
    device: Device,
    dtype: DType,
}

impl Init {
    /// Parameters in f32 on a device, with or without autodiff.
    pub fn new(seed: u64, device: &Device) -> Self {
        Init { random: Random::new(seed), device: device.clone(), dtype: DType::F32 }
    }

    /// The same in another type, F32 or F64.
    ///
    /// # Errors
    /// If it is another type.
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
