//! How a call is computed. It is decided here, once.
//!
//! - *Fused*: harmonics of all degrees to a low one, in one function for the whole batch, in any convention.
//!   Only lanes with programs ([`Unrolled`](crate::simd::Unrolled)) can run it; on others the same call
//!   goes through memory.
//! - *Direct*: in blocks of lanes, where all that is computed is wanted. Values are computed where the
//!   caller wants them, and derivatives from them.
//! - *Tiled*: in tiles that stay in the first cache, and from there to where they are wanted.
//!
//! Results too large for the last-level cache are computed in one of these ways part by part, in a
//! stage (`stage`).

use super::contraction::Contraction;
use super::plan::Plan;
use super::programs::{
    GRADIENT_LMAX, HESSIAN_LMAX, PULL_BACK_LMAX, PUSH_FORWARD_LMAX, SPHERICAL_GRADIENT_LMAX,
    VALUES_LMAX,
};
use super::{Layout, Streaming};
use crate::sh::Form;
use crate::simd::{Number, last_level_cache};

/// The most blocks of points that are filled at once.
pub(super) const CHUNK: usize = 8;

/// The blocks that a tile of several blocks of points may have, so that it stays in the first
/// cache.
const TILE: usize = 256;

/// Results through memory: see the module.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Direct,
    Tiled,
}

impl Way {
    /// The way of values and derivatives.
    pub fn of(plan: &Plan) -> Way {
        match plan.layout == Layout::Lanes && plan.computed() == plan.columns() {
            true => Way::Direct,
            false => Way::Tiled,
        }
    }

    /// The blocks of points that are filled at once.
    pub fn chunk(self, plan: &Plan) -> usize {
        match self {
            Way::Direct => CHUNK,
            Way::Tiled => (TILE / plan.computed()).clamp(1, CHUNK),
        }
    }
}

/// Whether values to a degree have a program, where lanes have any; others take loops over tables.
pub(super) fn has_program(high: usize) -> bool {
    high <= VALUES_LMAX
}

/// Whether values of n points and derivatives up to `order` are fused.
pub(super) fn is_fused<T: Number>(plan: &Plan, n: usize, order: usize) -> bool {
    let lmax = match (order, plan.frame.form) {
        (0, _) => VALUES_LMAX,
        (1, Form::Solid) => GRADIENT_LMAX,
        (1, Form::Spherical) => SPHERICAL_GRADIENT_LMAX,
        (_, Form::Solid) => HESSIAN_LMAX,
        (_, Form::Spherical) => return false,
    };
    // The half turn of a phase changes the signs of derivatives, and where results are stored as they
    // are nothing changes them back.
    let signs = order == 0 || plan.frame.form == Form::Spherical || !plan.turning_frame().turned;
    plan.is_all_to(lmax) && signs && (plan.layout == Layout::Lanes || fills_rows::<T>(n))
}

/// Whether a contraction at n points is fused.
pub(super) fn is_fused_contraction<T: Number>(
    plan: &Plan,
    n: usize,
    contraction: &Contraction<'_, T>,
) -> bool {
    let lmax = match contraction {
        Contraction::PullBack { .. } => PULL_BACK_LMAX,
        Contraction::PushForward { .. } => PUSH_FORWARD_LMAX,
        Contraction::Twice { .. } => return false,
    };
    plan.is_all_to(lmax) && plan.layout == Layout::Rows && fills_rows::<T>(n)
}

/// Fewer points than a block do not fill the registers that go to rows.
fn fills_rows<T: Number>(n: usize) -> bool {
    n >= T::WIDTH
}

/// Whether results of so many bytes are staged, and written past the caches.
pub(super) fn is_staged(streaming: Streaming, bytes: usize) -> bool {
    match streaming {
        // What is smaller than any last-level cache is not compared with it.
        Streaming::ByCache => bytes > 1 << 20 && bytes > last_level_cache(),
        Streaming::From(least) => bytes >= least,
    }
}
