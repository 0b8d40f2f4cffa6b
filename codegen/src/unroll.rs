//! Up to which degree there is straight-line code over lanes, and the measurements that say so.
//!
//! Measured on 2026-11-24 on a shared AMD EPYC (Zen 4), f64, ns per point in lanes / rows:
//!
//! | | unrolled | loop over tables |
//! |---|---|---|
//! | gradients, L = 6 | 19 / 32 | 27 / 53 |
//! | gradients, L = 10 | 55 / 86 | 63 / 137 |
//! | gradients, L = 12 | 81 / 127 | 89 / 216 |
//! | Hessians, L = 4 | 32 / 56 | 56 / 100 |
//! | Hessians, L = 6 | 70 / 114 | 101 / 200 |
//! | Hessians, L = 10 | 288 / 1305 | 299 / 535 |
//!
//! An unrolled number costs 2 to 3 ms of compilation in `release` for each of four kinds of lanes and
//! two places of results, at every degree: in seconds of one core, LMAX = 12 took 277 with gradients
//! to 12 and Hessians to 10.

/// Values: beyond, loops take 1.75 to 2 times the limit of memory in lanes, about as programs do, and
/// programs take long to compile.
pub const VALUES_LMAX: usize = 12;

/// Gradients: faster than loops as far as was measured, and beyond values there is no program.
pub const GRADIENT_LMAX: usize = 12;

/// Hessians: compilation ends them, not speed. Unrolled to 8 they took 1.3 to 1.7 times the limit in
/// lanes where loops take twice, but the build at LMAX = 6 took 10 s more of two cores in `dev`.
pub const HESSIAN_LMAX: usize = 4;

/// Gradients of the spherical form, whose programs are compiled a second time with the projection on the
/// sphere in them: at low degrees loops take longest against the work.
pub const SPHERICAL_GRADIENT_LMAX: usize = 4;

/// Pull-backs: beyond, they take too long to compile.
pub const PULL_BACK_LMAX: usize = 6;

/// Push-forwards, likewise; layers of networks need no more.
pub const PUSH_FORWARD_LMAX: usize = 4;

/// Products: code grows with the fourth power of the degree and gains less. The 34 triples to 3 were
/// half of the build at LMAX = 6.
pub const PRODUCT_LMAX: usize = 3;
