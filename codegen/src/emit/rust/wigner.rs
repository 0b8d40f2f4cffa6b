//! The file of the Wigner recursion: for every degree l the isometry V_l → ℝ³ ⊗ V_{l-1}, which is
//! the gradient divided by √(l(2l + 1)).

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::tokens;
use crate::tables::Harmonics;

/// The text of `wigner.rs`.
pub fn module(tables: &Harmonics) -> TokenStream {
    let names = (1..=tables.lmax()).map(|l| format_ident!("ISOMETRY_{l}"));
    let statics = (1..=tables.lmax()).map(|l| isometry(tables, l));
    let count = tokens::index(tables.lmax());
    quote! {
        /// The isometries of degrees 1 to LMAX.
        pub(super) static ISOMETRIES: [&[&[Term]]; #count] = [#(&#names),*];
        #(#statics)*
    }
}

/// The rows m = -l..=l of one isometry: the nonzero entries by axis and m'.
fn isometry(tables: &Harmonics, l: usize) -> TokenStream {
    let name = format_ident!("ISOMETRY_{l}");
    let size = tokens::index(2 * l + 1);
    let rows = (-(l as i32)..=l as i32).map(|m| {
        let terms = tables.isometry(l, m).into_iter().map(|entry| {
            // Axes in the order of degree 1: y, z, x.
            let slot = tokens::index((entry.axis + 2) % 3);
            let column = tokens::index((entry.m + l as i32 - 1) as usize);
            let (wide, narrow) = (tokens::wide(&entry.value), tokens::narrow(&entry.value));
            let [inverse_wide, inverse_narrow] =
                [tokens::wide(&entry.inverse), tokens::narrow(&entry.inverse)];
            quote!(term([#slot, #column], (#wide, #narrow), (#inverse_wide, #inverse_narrow)))
        });
        quote!(&[#(#terms),*])
    });
    let doc = format!(" Y_{l} → ∂Y_{l} / √({l} · {}), in Y_{}.", 2 * l + 1, l - 1);
    quote! {
        #[doc = #doc]
        static #name: [&[Term]; #size] = [#(#rows),*];
    }
}
