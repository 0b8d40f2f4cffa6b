//! Programs as Rust over lanes: a statement for each operation, fused ones by name.
//!
//! Where elements of arrays come from and where results go is up to the module that uses this; it
//! goes through the steps of a [`Reading`](crate::ir::reading::Reading) of operations.

use std::collections::HashMap;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::tokens;
use crate::ir::reading::{Expression, MultiplyAdd, Statement, Term};
use crate::tables::Surd;

/// Writes statements and expressions.
pub struct Writer {
    /// The type of values.
    kind: TokenStream,
    /// Elements that are read anew where they are used.
    anew: HashMap<String, TokenStream>,
    /// Constants that are read from the table `c`.
    table: Vec<Surd>,
}

impl Writer {
    /// For values of a type.
    pub fn new(kind: TokenStream) -> Writer {
        Writer { kind, anew: HashMap::new(), table: Vec::new() }
    }

    /// Reads some constants from the table `c`, where they are in this order.
    pub fn with_table(self, table: Vec<Surd>) -> Writer {
        Writer { table, ..self }
    }

    /// Reads an element by an expression wherever it is used, so that no register need hold it.
    pub fn read_anew(&mut self, name: &str, value: TokenStream) {
        self.anew.insert(name.to_string(), value);
    }

    /// Whether an element is read anew.
    pub fn is_read_anew(&self, name: &str) -> bool {
        self.anew.contains_key(name)
    }

    /// `let name = value;`
    pub fn statement(&self, Statement { name, value }: &Statement) -> TokenStream {
        let (name, value) = (format_ident!("{name}"), self.expression(value));
        quote!(let #name = #value;)
    }

    /// The sum after a term, of lanes that each have their own.
    pub fn added(&self, term: &Term, sum: TokenStream) -> TokenStream {
        let first = self.expression(&term.first);
        let second = term.second.as_ref().map(|second| self.expression(second));
        match (second, term.negative) {
            (Some(second), false) => quote!(#first.mul_add(#second, #sum)),
            (Some(second), true) => quote!(#first.neg_mul_add(#second, #sum)),
            (None, false) => quote!(#sum.add(#first)),
            (None, true) => quote!(#sum.sub(#first)),
        }
    }

    /// One block that is the sum of several, after a term of them.
    pub fn gathered(&self, term: &Term, sum: TokenStream) -> TokenStream {
        let first = self.expression(&term.first);
        let second = term.second.as_ref().map(|second| self.expression(second));
        match (second, term.negative) {
            (Some(second), false) => quote!(#first.product_to(#second, #sum)),
            (Some(second), true) => quote!(#first.product_from(#second, #sum)),
            (None, false) => quote!(#first.0.into_iter().fold(#sum, V::add)),
            (None, true) => quote!(#first.0.into_iter().fold(#sum, V::sub)),
        }
    }

    /// An expression.
    pub fn expression(&self, value: &Expression) -> TokenStream {
        if let Some(fused) = value.as_multiply_add() {
            return self.multiply_add(fused);
        }
        let call = |a: &Expression, method: &str, b: &Expression| {
            let (a, method, b) =
                (self.expression(a), format_ident!("{method}"), self.expression(b));
            quote!(#a.#method(#b))
        };
        match value {
            Expression::Name(name) => self.name(name),
            Expression::Constant(value) => self.constant(value),
            Expression::Neg(a) => {
                let a = self.expression(a);
                quote!(#a.neg())
            }
            Expression::Product(a, b) => call(a, "mul", b),
            Expression::Sum(a, b) => call(a, "add", b),
            Expression::Difference(a, b) => call(a, "sub", b),
            // Calls bind tighter than anything.
            Expression::Parentheses(a) => self.expression(a),
        }
    }

    fn multiply_add(&self, fused: MultiplyAdd) -> TokenStream {
        let [a, b] = fused.factors.map(|factor| self.expression(factor));
        let c = self.expression(fused.other);
        match (fused.negative, fused.minus) {
            (false, false) => quote!(#a.mul_add(#b, #c)),
            (false, true) => quote!(#a.mul_sub(#b, #c)),
            (true, false) => quote!(#a.neg_mul_add(#b, #c)),
            (true, true) => quote!(#a.neg().mul_sub(#b, #c)),
        }
    }

    fn name(&self, name: &str) -> TokenStream {
        match self.anew.get(name) {
            Some(value) => value.clone(),
            None => {
                let name = format_ident!("{name}");
                quote!(#name)
            }
        }
    }

    fn constant(&self, value: &Surd) -> TokenStream {
        if let Some(place) = self.table.iter().position(|constant| constant == value) {
            let (kind, place) = (&self.kind, tokens::index(place));
            return quote!(#kind::of_half(proof, &c[#place]));
        }
        let (kind, wide, narrow) = (&self.kind, tokens::wide(value), tokens::narrow(value));
        quote!(constant::<#kind>(proof, #wide, #narrow))
    }
}
