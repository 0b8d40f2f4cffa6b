//! A program as a generic Rust function over any scalar type.
//!
//! The function reads like hand-written code: values that the mathematics names keep their names,
//! values used once are written where they are used, subtractions are subtractions.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use crate::emit::rounding;
use crate::ir::{Id, Node, Op, Output, Program};

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
    let writer = Writer::new(program);
    let inputs = writer.inputs();
    let statements = writer.statements();
    let types = program.outputs.iter().map(|output| array_type(&output.shape));
    let results = program.outputs.iter().map(|output| writer.array(output));
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

/// How tightly an expression binds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binding {
    Sum,
    Negation,
    Product,
    Atom,
}

/// An expression and how tightly it binds.
struct Expression {
    tokens: TokenStream,
    binding: Binding,
}

impl Expression {
    /// The expression as an operand that must bind at least so tightly.
    fn within(self, binding: Binding) -> TokenStream {
        let tokens = self.tokens;
        if self.binding >= binding { tokens } else { quote!((#tokens)) }
    }
}

/// Writes the statements and expressions of one program.
struct Writer<'a> {
    program: &'a Program,
    /// The variable of each node that has one; the others are written where they are used.
    names: Vec<Option<Ident>>,
}

impl<'a> Writer<'a> {
    fn new(program: &'a Program) -> Self {
        let uses = program.uses();
        let (mut constants, mut temporaries) = (0, 0);
        let mut name = |node: &Node, uses: usize| match (&node.op, &node.label) {
            (Op::Neg(_), _) => None,
            (Op::Constant(value), _) if uses > 1 && value.is_zero() => Some(format_ident!("zero")),
            (Op::Constant(_), _) if uses > 1 => {
                constants += 1;
                Some(format_ident!("k{constants}"))
            }
            (Op::Constant(_), _) => None,
            (_, Some(label)) => Some(format_ident!("{label}")),
            (_, None) if uses > 1 => {
                temporaries += 1;
                Some(format_ident!("t{temporaries}"))
            }
            (_, None) => None,
        };
        let names = program.nodes.iter().zip(uses).map(|(node, uses)| name(node, uses));
        Writer { program, names: names.collect() }
    }

    /// The pattern of the inputs, `_` where one is unused.
    fn inputs(&self) -> Vec<TokenStream> {
        let used = |index: usize| self.program.nodes.iter().any(|n| n.op == Op::Input(index));
        let pattern = |(index, name): (usize, &&str)| {
            let name = format_ident!("{name}");
            if used(index) { quote!(#name) } else { quote!(_) }
        };
        self.program.inputs.iter().enumerate().map(pattern).collect()
    }

    fn statements(&self) -> Vec<TokenStream> {
        let mut statements = Vec::new();
        for (node, name) in self.program.nodes.iter().zip(&self.names) {
            if let (Some(name), false) = (name, matches!(node.op, Op::Input(_))) {
                let value = self.operation(&node.op).tokens;
                statements.push(quote!(let #name = #value;));
            }
        }
        statements
    }

    fn array(&self, output: &Output) -> TokenStream {
        let mut items: Vec<TokenStream> =
            output.values.iter().map(|&id| self.value(id).tokens).collect();
        for length in output.shape.iter().rev() {
            items = items.chunks(*length).map(|chunk| quote!([#(#chunk),*])).collect();
        }
        items.into_iter().collect()
    }

    /// A value: its variable, or its operation.
    fn value(&self, id: Id) -> Expression {
        match &self.names[id.index()] {
            Some(name) => Expression { tokens: quote!(#name), binding: Binding::Atom },
            None => self.operation(&self.program.node(id).op),
        }
    }

    fn operation(&self, op: &Op) -> Expression {
        match op {
            Op::Input(index) => {
                let name = format_ident!("{}", self.program.inputs[*index]);
                Expression { tokens: quote!(#name), binding: Binding::Atom }
            }
            Op::Constant(value) => {
                let (wide, narrow) = (rounding::to_f64(value), rounding::to_f32(value));
                let wide = proc_macro2::Literal::f64_unsuffixed(wide);
                let narrow = proc_macro2::Literal::f32_unsuffixed(narrow);
                let tokens = quote!(T::constant(#wide, #narrow));
                Expression { tokens, binding: Binding::Atom }
            }
            Op::Neg(a) => {
                let a = self.value(*a).within(Binding::Product);
                Expression { tokens: quote!(-#a), binding: Binding::Negation }
            }
            Op::Mul(a, b) => self.product(*a, *b),
            Op::Add(a, b) => self.sum(self.signed(*a), self.signed(*b)),
            Op::MulAdd(a, b, c) => {
                let (negative, factor) = self.sign(*a);
                self.sum((negative, self.product(factor, *b)), self.signed(*c))
            }
        }
    }

    fn product(&self, a: Id, b: Id) -> Expression {
        let a = self.value(a).within(Binding::Product);
        let b = self.value(b).within(Binding::Atom);
        Expression { tokens: quote!(#a * #b), binding: Binding::Product }
    }

    /// `a + b` with the signs as subtractions.
    fn sum(&self, a: (bool, Expression), b: (bool, Expression)) -> Expression {
        let tokens = match (a, b) {
            ((false, a), (false, b)) => {
                let (a, b) = (a.tokens, b.within(Binding::Product));
                quote!(#a + #b)
            }
            ((false, a), (true, b)) | ((true, b), (false, a)) => {
                let (a, b) = (a.tokens, b.within(Binding::Product));
                quote!(#a - #b)
            }
            ((true, a), (true, b)) => {
                let (a, b) = (a.within(Binding::Product), b.within(Binding::Product));
                quote!(-#a - #b)
            }
        };
        Expression { tokens, binding: Binding::Sum }
    }

    /// Whether a value is negated, and what is.
    fn sign(&self, id: Id) -> (bool, Id) {
        match self.program.node(id).op {
            Op::Neg(inner) => (true, inner),
            _ => (false, id),
        }
    }

    fn signed(&self, id: Id) -> (bool, Expression) {
        let (negative, inner) = self.sign(id);
        (negative, self.value(inner))
    }
}
