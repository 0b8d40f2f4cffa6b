//! The smallest pieces of Rust: exact constants, each rounded once for f64 and once for f32, indices
//! and patterns.

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

use crate::emit::rounding;
use crate::tables::Surd;

/// The nearest f64.
pub fn wide(value: &Surd) -> TokenStream {
    let rounded = rounding::to_f64(value);
    let size = Literal::f64_unsuffixed(rounded.abs());
    if rounded < 0.0 { quote!(-#size) } else { quote!(#size) }
}

/// The nearest f32.
pub fn narrow(value: &Surd) -> TokenStream {
    let rounded = rounding::to_f32(value);
    let size = Literal::f32_unsuffixed(rounded.abs());
    if rounded < 0.0 { quote!(-#size) } else { quote!(#size) }
}

/// An index or a length.
pub fn index(value: usize) -> Literal {
    Literal::usize_unsuffixed(value)
}

/// The pattern of an element of an array, `_` where it is unused.
pub fn pattern(name: Option<&str>) -> TokenStream {
    match name.map(|name| format_ident!("{name}")) {
        Some(name) => quote!(#name),
        None => quote!(_),
    }
}
