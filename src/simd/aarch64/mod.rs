//! The path of aarch64.

use super::{Blocks, Job, Lanes, Squares};

pub(super) mod neon;
