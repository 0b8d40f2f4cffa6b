//! Programs as Rust over one number at a time: functions that are generic over the number type.
//!
//! Values used once are written where they are used, with the operators of Rust.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::tokens;
use crate::ir::reading::{Expression, Reading, Statement};
use crate::ir::{Input, Program};
use crate::tables::Surd;

/// What a generated function is called and says of itself.
pub struct Header {
    /// The name.
    pub name: String,
    /// The lines of its documentation.
    pub doc: Vec<String>,
}

/// The function of a program: `pub fn name<T: Scalar>(r: [T; 3]) -> ...`, with an argument for each
/// input. It returns the outputs; of those that are added to, what is added.
pub fn function(header: &Header, program: &Program) -> TokenStream {
    let name = format_ident!("{}", header.name);
    let doc = header.doc.iter().map(|line| format!(" {line}").trim_end().to_string());
    let reading = Reading::new(program);
    let arguments = reading.inputs().iter().map(argument);
    let patterns = patterns(&reading);
    let statements = statements(&reading);
    let types = reading.outputs().iter().map(|output| array_type(&output.shape));
    let results = (0..reading.outputs().len()).map(|output| array(&reading, output));
    let (return_type, result) = match reading.outputs().len() {
        1 => (quote!(#(#types)*), quote!(#(#results)*)),
        _ => (quote!((#(#types),*)), quote!((#(#results),*))),
    };
    quote! {
        #(#[doc = #doc])*
        #[inline]
        pub fn #name<T: Scalar>(#(#arguments),*) -> #return_type {
            #patterns
            #statements
            #result
        }
    }
}

fn argument(input: &Input) -> TokenStream {
    let name = format_ident!("{}", input.name);
    let kind = array_type(&input.shape);
    quote!(#name: #kind)
}

/// `[[T; b]; a]` for the shape `[a, b]`.
fn array_type(shape: &[usize]) -> TokenStream {
    shape.iter().rev().fold(quote!(T), |inner, length| {
        let length = tokens::index(*length);
        quote!([#inner; #length])
    })
}

/// Takes arrays apart, `_` for what is unused.
pub fn patterns(reading: &Reading) -> TokenStream {
    let inputs = reading.inputs().iter().enumerate().filter(|(_, input)| !input.shape.is_empty());
    let lines = inputs.map(|(index, input)| {
        let elements = reading.elements(index).into_iter().map(tokens::pattern);
        let pattern = nested(elements.collect(), &input.shape);
        let name = format_ident!("{}", input.name);
        quote!(let #pattern = #name;)
    });
    quote!(#(#lines)*)
}

/// All statements.
pub fn statements(reading: &Reading) -> TokenStream {
    let statements = reading.statements();
    let lines = statements.iter().map(|Statement { name, value }| {
        let (name, value) = (format_ident!("{name}"), expression(value));
        quote!(let #name = #value;)
    });
    quote!(#(#lines)*)
}

/// The array of an output.
pub fn array(reading: &Reading, output: usize) -> TokenStream {
    let items = reading.values(output).iter().map(expression).collect();
    nested(items, &reading.outputs()[output].shape)
}

fn nested(mut items: Vec<TokenStream>, shape: &[usize]) -> TokenStream {
    for length in shape.iter().rev() {
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
    let (wide, narrow) = (tokens::wide(value), tokens::narrow(value));
    quote!(T::constant(#wide, #narrow))
}
