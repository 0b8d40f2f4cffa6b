//! The file of the coupling tensors: the nonzero entries of every C(l1,l2→l3) and of the 3j symbols
//! with l1 ≤ l2 ≤ l3, as static tables, exact and rounded.

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

use super::tokens;
use crate::tables::{Coupling, Surd};

/// The text of `coupling.rs`.
pub fn module(tables: &Coupling) -> TokenStream {
    let mut statics = Vec::new();
    let mut tensors = Vec::new();
    for degrees in tables.triples() {
        let [l1, l2, l3] = degrees;
        let name = format_ident!("C_{l1}_{l2}_{l3}");
        let entries = tables.tensor(degrees);
        let length = tokens::index(entries.len());
        let doc = format!(" C({l1},{l2}→{l3}): {length} nonzeros.");
        let entries = entries.iter().map(|entry| {
            let m = entry.m.map(Literal::i32_unsuffixed);
            let (square, value) = (square(&entry.value), tokens::wide(&entry.value));
            quote!(entry([#(#m),*], #square, #value))
        });
        statics.push(quote! {
            #[doc = #doc]
            static #name: [Entry; #length] = [#(#entries),*];
        });
        let degrees = degrees.map(tokens::index);
        tensors.push(quote!(([#(#degrees),*], &#name)));
    }
    for (degrees, symbols) in tables.symbols() {
        let [l1, l2, l3] = degrees;
        let name = format_ident!("W_{l1}_{l2}_{l3}");
        let length = tokens::index(symbols.len());
        let doc = format!(" The 3j symbols of degrees ({l1}, {l2}, {l3}): {length} nonzeros.");
        let symbols = symbols.iter().map(|symbol| {
            let m = symbol.m.map(Literal::i32_unsuffixed);
            let square = square(&symbol.value);
            quote!(([#(#m),*], #square))
        });
        statics.push(quote! {
            #[doc = #doc]
            static #name: [([i8; 2], SignedRoot); #length] = [#(#symbols),*];
        });
    }
    let symbols = tables.symbols().keys().map(|&[l1, l2, l3]| {
        let name = format_ident!("W_{l1}_{l2}_{l3}");
        let degrees = [l1, l2, l3].map(tokens::index);
        quote!(([#(#degrees),*], &#name))
    });
    let count = tokens::index(tensors.len());
    let symbol_count = tokens::index(tables.symbols().len());
    quote! {
        /// Every tensor, in lexical order of its degrees.
        pub(super) static TENSORS: [([usize; 3], &[Entry]); #count] = [#(#tensors),*];
        /// Every list of 3j symbols with l1 ≤ l2 ≤ l3, in lexical order of its degrees.
        pub(super) static SYMBOLS: [([usize; 3], &[([i8; 2], SignedRoot)]); #symbol_count] = [#(#symbols),*];
        #(#statics)*
    }
}

/// The exact value.
fn square(value: &Surd) -> TokenStream {
    let negative = value.sign() < 0;
    let [numerator, denominator] = [value.square().numer(), value.square().denom()].map(|part| {
        Literal::u64_unsuffixed(part.try_into().expect("a 3j symbol's square fits u64"))
    });
    quote!(root(#negative, #numerator, #denominator))
}
