//! The paths of x86-64. Results for rows are computed on registers of 32 bytes on both (`ymm`).

pub(super) mod avx2;
pub(super) mod avx512;
mod full;
mod half;
mod proof;
mod ymm;

pub(super) use proof::{Avx2, Avx512};
