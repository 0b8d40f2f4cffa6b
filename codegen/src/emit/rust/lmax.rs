//! The file of LMAX itself, with what is told where more is needed.

use proc_macro2::TokenStream;
use quote::quote;

use super::tokens;
use crate::build::LMAX_FEATURES;
use crate::tables::{COUPLING_LMAX, LMAX_LIMIT};

/// The text of `lmax.rs`.
pub fn module(lmax: usize) -> TokenStream {
    let remedies = (0..=LMAX_LIMIT).map(remedy);
    let messages = (0..=LMAX_LIMIT).map(|needed| too_low(lmax, needed));
    let count = tokens::index(LMAX_LIMIT + 1);
    let coupling = tokens::index(lmax.min(COUPLING_LMAX));
    let coupling_limit = tokens::index(COUPLING_LMAX);
    let lmax = tokens::index(lmax);
    let limit = tokens::index(LMAX_LIMIT);
    quote! {
        /// The highest degree of the harmonics and Wigner matrices in this build: the largest of
        /// the features `lmax-5` to `lmax-12` and the variable LMAX at build time, 4 without them.
        pub const LMAX: usize = #lmax;
        /// The highest LMAX that can be set.
        pub const LMAX_LIMIT: usize = #limit;
        /// The highest degree of the coupling tensors and of what is made of them: min(LMAX, 8).
        pub const COUPLING_LMAX: usize = #coupling;
        /// The highest degree of the coupling tensors in any build.
        const COUPLING_LIMIT: usize = #coupling_limit;
        /// How to have the degree of the index.
        const REMEDIES: [&str; #count] = [#(#remedies),*];
        /// What a crate is told that needs the degree of the index.
        const TOO_LOW: [&str; #count] = [#(#messages),*];
    }
}

/// What a crate is told that needs a degree which the build does not have.
pub fn too_low(lmax: usize, needed: usize) -> String {
    format!(
        "this crate needs tesseral built with LMAX of at least {needed}, but it was built with \
         {lmax}: {}",
        remedy(needed)
    )
}

/// How to have a degree. The feature comes first: it is there however cargo is started.
fn remedy(needed: usize) -> String {
    let variable =
        format!("set LMAX = \"{needed}\" under [env] in .cargo/config.toml, or in the environment");
    let feature = needed.max(*LMAX_FEATURES.start());
    match LMAX_FEATURES.contains(&feature) {
        true => format!("turn on the feature `lmax-{feature}` of tesseral, or {variable}"),
        false => variable,
    }
}
