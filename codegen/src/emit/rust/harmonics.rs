//! The file of the harmonics: one function for every degree, with first and second derivatives,
//! and functions for all degrees to L, for every L ≤ LMAX; above, a line that says what to set.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::scalar::{Header, function};
use super::{lmax, tokens};
use crate::ir::Program;
use crate::ir::harmonics::{Derivatives, Points, all_degrees, single_degree};
use crate::tables::{Harmonics, LMAX_LIMIT, Normalization, Surd};

/// The text of `harmonics.rs`.
pub fn module(tables: &Harmonics) -> TokenStream {
    let lmax = tables.lmax();
    let functions = (0..=lmax).flat_map(|l| degree(tables, l));
    let dispatchers = dispatchers(lmax);
    let missing = (lmax + 1..=LMAX_LIMIT).map(|l| missing(lmax, l));
    let component = pair(&Normalization::Component.factor(0));
    let norm = (0..=lmax).map(|l| pair(&Normalization::Norm.factor(l)));
    let count = tokens::index(lmax + 1);
    quote! {
        /// √(4π), from `Integral` to `Component`, for f64 and f32.
        pub(super) const COMPONENT_FACTOR: (f64, f32) = #component;
        /// √(4π/(2l + 1)), from `Integral` to `Norm`, by degree, for f64 and f32.
        pub(super) const NORM_FACTORS: [(f64, f32); #count] = [#(#norm),*];
        #(#functions)*
        #dispatchers
        #(#missing)*
    }
}

/// A constant as a pair of f64 and f32.
fn pair(value: &Surd) -> TokenStream {
    let (wide, narrow) = (tokens::wide(value), tokens::narrow(value));
    quote!((#wide, #narrow))
}

/// All functions of one degree.
fn degree(tables: &Harmonics, l: usize) -> Vec<TokenStream> {
    use Derivatives::{First, None, Second};
    use Points::{Solid, Unit};
    let size = 2 * l + 1;
    let all = (l + 1) * (l + 1);
    let single = |derivatives| single_degree(tables, l, derivatives);
    let to = |points, derivatives| all_degrees(tables, l, points, derivatives);
    let mut values_doc = vec![
        format!(
            "The solid harmonics of degree {l} at `r`: `[Y_{{{l},m}}; {size}]`, m = {}..={l}.",
            -(l as i32)
        ),
        String::new(),
    ];
    for m in -(l as i32)..=l as i32 {
        values_doc.push(format!("- `Y[{l},{m}] = {}`", tables.formula(l, m)));
    }
    let doc = |text: String| vec![text];
    vec![
        documented(format!("y_{l}"), values_doc, &single(None)),
        documented(
            format!("y_{l}_grad"),
            doc(format!(
                "The solid harmonics of degree {l} at `r` and their gradients: `([Y; {size}], \
                 [[∂Y; {size}]; 3])`."
            )),
            &single(First),
        ),
        documented(
            format!("y_{l}_hess"),
            doc(format!(
                "The solid harmonics of degree {l} at `r`, their gradients and Hessians: `([Y; \
                 {size}], [[∂Y; {size}]; 3], [[[∂∂Y; {size}]; 3]; 3])`."
            )),
            &single(Second),
        ),
        documented(
            format!("to_{l}"),
            doc(format!(
                "All solid harmonics of degrees 0 to {l} at `r`: `[Y; {all}]` in order l² + l + m."
            )),
            &to(Solid, None),
        ),
        documented(
            format!("to_{l}_grad"),
            doc(format!(
                "All solid harmonics of degrees 0 to {l} at `r` and their gradients: `([Y; {all}], \
                 [[∂Y; {all}]; 3])`."
            )),
            &to(Solid, First),
        ),
        documented(
            format!("to_{l}_unit"),
            vec![
                format!(
                    "All harmonics of degrees 0 to {l} at a vector of length one: `[Y; {all}]` in \
                     order l² + l + m."
                ),
                String::new(),
                format!(
                    "r² = 1 is used, so a vector whose length is off by δ gives values off by up to \
                     about l(l + 1)/2 · δ = {} δ near the poles: where the last digits matter, use \
                     [`to_{l}`].",
                    l * (l + 1) / 2
                ),
            ],
            &to(Unit, None),
        ),
    ]
}

/// The functions of a degree above LMAX, which the macro `missing` of `sh` declares: whoever calls
/// one is told how to have it.
fn missing(lmax: usize, l: usize) -> TokenStream {
    let message = lmax::too_low(lmax, l);
    let degree = tokens::index(l);
    let names = ["y_#", "y_#_grad", "y_#_hess", "to_#", "to_#_grad", "to_#_unit"]
        .map(|name| format_ident!("{}", name.replace('#', &l.to_string())));
    quote!(missing!(#degree, #message, #(#names),*);)
}

/// A function with its operation count.
fn documented(name: String, mut doc: Vec<String>, program: &Program) -> TokenStream {
    doc.push(String::new());
    doc.push(format!("{}.", program.count()));
    function(&Header { name, doc }, program)
}

/// The functions that choose a degree at run time.
fn dispatchers(lmax: usize) -> TokenStream {
    let arms = |suffix: &str, prefix: &str, body: fn(TokenStream) -> TokenStream| -> TokenStream {
        let arms = (0..=lmax).map(|l| {
            let name = format_ident!("{prefix}_{l}{suffix}");
            let body = body(quote!(#name(r)));
            let l = tokens::index(l);
            quote!(#l => #body)
        });
        quote!(#(#arms,)*)
    };
    let values = |call: TokenStream| quote!(out.copy_from_slice(&#call));
    let gradient = |call: TokenStream| {
        quote! {{
            let (values, gradient) = #call;
            out.copy_from_slice(&values);
            grad.copy_from_slice(gradient.as_flattened());
        }}
    };
    let hessian = |call: TokenStream| {
        quote! {{
            let (values, gradient, hessian) = #call;
            out.copy_from_slice(&values);
            grad.copy_from_slice(gradient.as_flattened());
            hess.copy_from_slice(hessian.as_flattened().as_flattened());
        }}
    };
    let degree_values = arms("", "y", values);
    let degree_gradient = arms("_grad", "y", gradient);
    let degree_hessian = arms("_hess", "y", hessian);
    let all_values = arms("", "to", values);
    let all_gradient = arms("_grad", "to", gradient);
    let unreachable = quote!(_ => unreachable!("degree {l} was checked against LMAX"));
    quote! {
        /// `y_l` into a slice of 2l + 1, both checked by the caller.
        pub(super) fn degree_into<T: Scalar>(l: usize, r: [T; 3], out: &mut [T]) {
            match l { #degree_values #unreachable }
        }
        /// `y_l_grad` into slices of 2l + 1 and 3(2l + 1), checked by the caller.
        pub(super) fn degree_grad_into<T: Scalar>(l: usize, r: [T; 3], out: &mut [T], grad: &mut [T]) {
            match l { #degree_gradient #unreachable }
        }
        /// `y_l_hess` into slices of 2l + 1, 3(2l + 1) and 9(2l + 1), checked by the caller.
        pub(super) fn degree_hess_into<T: Scalar>(
            l: usize, r: [T; 3], out: &mut [T], grad: &mut [T], hess: &mut [T],
        ) {
            match l { #degree_hessian #unreachable }
        }
        /// `to_l` into a slice of (l + 1)², checked by the caller.
        pub(super) fn all_into<T: Scalar>(l: usize, r: [T; 3], out: &mut [T]) {
            match l { #all_values #unreachable }
        }
        /// `to_l_grad` into slices of (l + 1)² and 3(l + 1)², checked by the caller.
        pub(super) fn all_grad_into<T: Scalar>(l: usize, r: [T; 3], out: &mut [T], grad: &mut [T]) {
            match l { #all_gradient #unreachable }
        }
    }
}
