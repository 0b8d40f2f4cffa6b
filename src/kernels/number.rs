//! The number types that kernels on lanes are compiled for, in this crate and not in every crate
//! that calls them.

use super::linear::{Sums, WeightGradient};
use super::symmetric_contraction::{Contraction, Derivatives, Values};
use super::tensor_product::{over_channels, over_rows};
use crate::simd::{Number, Path};

/// A number of features: f32 or f64. No other type can implement it.
#[expect(private_bounds, reason = "sealed: kernels are compiled for two types, in this crate")]
pub trait FeatureNumber: Number + Kernels {}

impl FeatureNumber for f32 {}
impl FeatureNumber for f64 {}

/// What there is to do on lanes.
pub(super) enum Task<'a, 'b, T> {
    Channels(over_channels::Forward<'a, 'b, T>),
    ChannelsBackward(over_channels::Backward<'a, 'b, T>),
    Rows(over_rows::Forward<'a, 'b, T>),
    RowsBackward(over_rows::Backward<'a, 'b, T>),
    Sums(Sums<'a, T>),
    WeightGradient(WeightGradient<'a, T>),
    Contraction(Contraction<'a, T, Values>),
    ContractionTwice(Contraction<'a, T, Derivatives>),
}

impl<T: Number> Task<'_, '_, T> {
    #[inline(always)]
    fn run(self, path: Path) {
        match self {
            Task::Channels(task) => T::run(path, task),
            Task::ChannelsBackward(task) => T::run(path, task),
            Task::Rows(task) => T::run(path, task),
            Task::RowsBackward(task) => T::run(path, task),
            Task::Sums(task) => T::run(path, task),
            Task::WeightGradient(task) => T::run(path, task),
            Task::Contraction(task) => T::run(path, task),
            Task::ContractionTwice(task) => T::run(path, task),
        }
    }
}

/// The kernels of one number type.
pub(super) trait Kernels: Number {
    /// Does a task on a lane path.
    fn start(path: Path, task: Task<'_, '_, Self>);
}

impl Kernels for f32 {
    fn start(path: Path, task: Task<'_, '_, f32>) {
        task.run(path);
    }
}

impl Kernels for f64 {
    fn start(path: Path, task: Task<'_, '_, f64>) {
        task.run(path);
    }
}
