//! The file of LMAX itself, with the messages for crates that need more.

use proc_macro2::TokenStream;
use quote::quote;

use super::tokens;
use crate::tables::{COUPLING_LMAX, LMAX_LIMIT};

/// The text of `lmax.rs`.
pub fn module(lmax: usize) -> TokenStream {
    let messages = (0..=LMAX_LIMIT).map(|needed| message(lmax, needed));
    let count = tokens::index(LMAX_LIMIT + 1);
    let coupling = tokens::index(lmax.min(COUPLING_LMAX));
    let lmax = tokens::index(lmax);
    let limit = tokens::index(LMAX_LIMIT);
    quote! {
        /// The highest degree of the harmonics and Wigner matrices in this build: the variable LMAX
        /// at build time, 4 without it.
        pub const LMAX: usize = #lmax;
        /// The highest LMAX that can be set.
        pub const LMAX_LIMIT: usize = #limit;
        /// The highest degree of the coupling tensors and of what is made of them: min(LMAX, 8).
        pub const COUPLING_LMAX: usize = #coupling;
        /// What a crate is told that needs the degree of the index.
        const TOO_LOW: [&str; #count] = [#(#messages),*];
    }
}

fn message(lmax: usize, needed: usize) -> String {
    format!(
        "this crate needs tesseral built with LMAX of at least {needed}, but it was built with \
         {lmax}: set LMAX = \"{needed}\" under [env] in .cargo/config.toml, or in the environment"
    )
}
