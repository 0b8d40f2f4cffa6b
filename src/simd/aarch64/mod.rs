//! The path of aarch64.

use super::{Blocks, Job, Lanes, Narrow, Squares, Unrolled, UnrolledJob};

pub(super) mod neon;
