//! Lanes: the same operation on many numbers at once, on the instructions that the machine has.
//!
//! A *block* is 64 bytes of numbers, 8 f64 or 16 f32, on every machine. A *path* is a set of
//! instructions that works on blocks: AVX-512, AVX2 with FMA, NEON, or plain Rust. It is chosen
//! when the program runs; nothing need be built for a particular processor. Paths differ in the
//! last digits, since some fuse multiplications with additions and some do not.
//!
//! The path for NEON is tested in an emulator, by `.ci/neon`. No machine for aarch64 was at hand to
//! measure its speed.
//!
//! # Contract
//! This is the only module with `unsafe` code. It relies on these rules:
//! - A `Lanes` value comes only from functions that take its `Lanes::Proof`, and a proof only
//!   from a check of the running processor. So every instruction that is reached exists.
//! - Instructions of a path are only fast inside functions compiled for it. `Lanes::call` enters
//!   one; everything below it is `#[inline(always)]` or goes through `call` again.
//! - Raw pointers are made from slices whose lengths the same function has asserted just before, or,
//!   for groups of rows, the function that made the group; sums and products in these assertions
//!   cannot wrap. Loads and stores are unaligned ones, except streaming stores, which write to
//!   addresses that were rounded up to a whole block.
//! - After streaming stores comes a fence, before the slices go back to the caller.

#[cfg(target_arch = "aarch64")]
mod aarch64;
mod blocks;
mod cache;
mod dispatch;
mod exchange;
mod lanes;
mod layout;
pub mod limits;
mod narrow;
mod number;
mod path;
mod portable;
mod whole;
#[cfg(target_arch = "x86_64")]
mod x86;

pub use layout::Layout;
pub use number::Number;
pub use path::Path;

pub(crate) use blocks::few_rows::{FewRows, RowGroups, RowsToRead};
pub(crate) use blocks::interleave::{deinterleave, interleave};
pub(crate) use blocks::memory::{Aligned, BlockMemory};
pub(crate) use blocks::rows::{blocks_to_rows, from_rows, tiles_to_rows, to_rows};
pub(crate) use blocks::stream::stream;
pub(crate) use cache::last_level_cache;
#[cfg(target_arch = "aarch64")]
use lanes::Squares;
pub(crate) use lanes::{BlockOf, Job, Lanes, Unrolled, UnrolledJob, constant};
pub(crate) use narrow::{Arithmetic, HalfOf, Narrow};
pub(crate) use number::{Blocks, Compiled, Half, Start, half};
