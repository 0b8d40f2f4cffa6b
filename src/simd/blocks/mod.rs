//! Blocks of lanes in memory, and what brings numbers in other orders to them and back: rows,
//! channels beside components, a few rows at a time.

pub(super) mod few_rows;
pub(super) mod interleave;
pub(super) mod memory;
pub(super) mod rows;
pub(super) mod stream;
