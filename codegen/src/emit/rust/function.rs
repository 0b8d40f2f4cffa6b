//! A program as a generic Rust function over any scalar type.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use crate::emit::rounding;
use crate::ir::reading::{Expression, Reading, Statement};
use crate::ir::{Output, Program};
use crate::tables::Surd;

/// What a generated function is called and says of itself.
pub struct Header {
    /// The name.
    pub name: String,
    /// The lines of its documentation.
    pub doc: Vec<String>,
}

/// The function of a program of x, y, z: `pub fn name<T: Scalar>(r: [T; 3]) -> ...`.
pub fn function(header: &Header, program: &Program) -> TokenStream {
    let name = format_ident!("{}", header.name);
    let doc = header.doc.iter().map(|line| format!(" {line}").trim_end().to_string());
    let reading = Reading::new(program);
    let inputs = reading.inputs().into_iter().map(input);
    let statements = reading.statements();
    let statements = statements.iter().map(statement);
    let types = program.outputs.iter().map(|output| array_type(&output.shape));
    let results = program.outputs.iter().map(|output| array(&reading, output));
    let (return_type, result) = match program.outputs.len() {
        1 => (quote!(#(#types)*), quote!(#(#results)*)),
        _ => (quote!((#(#types),*)), quote!((#(#results),*))),
    };
    quote! {
        #(#[doc = #doc])*
        #[inline]
        pub fn #name<T: Scalar>(r: [T; 3]) -> #return_type {
            let [#(#inputs),*] = r;
            #(#statements)*
            #result
        }
    }
}

/// `[[T; b]; a]` for the shape `[a, b]`.
fn array_type(shape: &[usize]) -> TokenStream {
    shape.iter().rev().fold(quote!(T), |inner, length| {
        let length = proc_macro2::Literal::usize_unsuffixed(*length);
        quote!([#inner; #length])
    })
}

/// The pattern of an input, `_` where it is unused.
fn input(name: Option<&'static str>) -> TokenStream {
    match name.map(|name| format_ident!("{name}")) {
        Some(name) => quote!(#name),
        None => quote!(_),
    }
}

fn statement(statement: &Statement) -> TokenStream {
    let name = format_ident!("{}", statement.name);
    let value = expression(&statement.value);
    quote!(let #name = #value;)
}

fn array(reading: &Reading, output: &Output) -> TokenStream {
    let mut items: Vec<TokenStream> = reading.values(output).iter().map(expression).collect();
    for length in output.shape.iter().rev() {
        items = items.chunks(*length).map(|chunk| quote!([#(#chunk),*])).collect();
    }
    items.into_iter().collect()
}

fn expression(value: &Expression) -> TokenStream {
    let binary = |a: &Expression, operator: TokenStream, b: &Expression| {
        let (a, b) = (expression(a), expression(b));
        quote!(#a #operator #b)
    };
    match value {
        Expression::Name(name) => {
            let name = format_ident!("{name}");
            quote!(#name)
        }
        Expression::Constant(value) => constant(value),
        Expression::Neg(a) => {
            let a = expression(a);
            quote!(-#a)
        }
        Expression::Product(a, b) => binary(a, quote!(*), b),
        Expression::Sum(a, b) => binary(a, quote!(+), b),
        Expression::Difference(a, b) => binary(a, quote!(-), b),
        Expression::Parentheses(a) => {
            let a = expression(a);
            quote!((#a))
        }
    }
}

fn constant(value: &Surd) -> TokenStream {
    let wide = proc_macro2::Literal::f64_unsuffixed(rounding::to_f64(value));
    let narrow = proc_macro2::Literal::f32_unsuffixed(rounding::to_f32(value));
    quote!(T::constant(#wide, #narrow))
}
