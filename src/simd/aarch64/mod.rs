//! The path of aarch64.

use super::{Blocks, Job, Lanes, Narrow, Squares};

pub(super) mod neon;
