//! The file of the batched harmonics: programs over lanes, which fill one block for each value,
//! and the coefficients of derivatives for the loops that climb down a degree.
//!
//! Unlike the generic functions, programs over lanes name every fused operation and store a value
//! as soon as it is known, column by column, so that few registers are needed.

use std::collections::HashSet;

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

use crate::emit::rounding;
use crate::ir::harmonics::{Derivatives, Points, all_degrees, monic_row, pull_back, single_degree};
use crate::ir::{Id, Op, Program};
use crate::tables::harmonics::GradientTerm;
use crate::tables::{Harmonics, Surd};

/// The highest degree for which programs of values are written: beyond it they are no faster than
/// loops over tables, and take long to compile.
const UNROLLED_LMAX: usize = 12;

/// The highest degree for which programs with gradients are written: beyond it they take too long
/// to compile.
const GRADIENT_LMAX: usize = 12;

/// The highest degree for which programs with Hessians are written, likewise.
const HESSIAN_LMAX: usize = 4;

/// The highest degree for which programs of pull-backs are written, likewise.
const PULL_BACK_LMAX: usize = 6;

/// The text of `batch.rs`.
pub fn module(tables: &Harmonics) -> TokenStream {
    let lmax = tables.lmax();
    let families = [
        Family::new("Unit", lmax.min(UNROLLED_LMAX), |l| {
            let program = all_degrees(tables, l, Points::Unit, Derivatives::None);
            (program, Order::ByOrder)
        }),
        Family::new("Degree", lmax.min(UNROLLED_LMAX), |l| {
            (single_degree(tables, l, Derivatives::None), Order::ByDegree)
        }),
        solid(tables, "Solid", lmax.min(UNROLLED_LMAX), Derivatives::None),
        solid(tables, "SolidGradient", lmax.min(GRADIENT_LMAX), Derivatives::First),
        solid(tables, "SolidHessian", lmax.min(HESSIAN_LMAX), Derivatives::Second),
    ];
    let texts = families.iter().map(Family::text);
    let [programs, gradients, hessians] = [UNROLLED_LMAX, GRADIENT_LMAX, HESSIAN_LMAX]
        .map(|limit| Literal::usize_unsuffixed(lmax.min(limit)));
    let recurrence = recurrence(tables);
    let coefficients = coefficients(tables);
    let pull_backs = pull_backs(tables, lmax.min(PULL_BACK_LMAX));
    quote! {
        #(#texts)*
        /// The highest degree with programs of its own; above it there are loops.
        pub(super) const UNROLLED_LMAX: usize = #programs;
        /// The highest degree with programs for gradients.
        pub(super) const GRADIENT_LMAX: usize = #gradients;
        /// The highest degree with programs for Hessians.
        pub(super) const HESSIAN_LMAX: usize = #hessians;
        #pull_backs
        #coefficients
        #recurrence
    }
}

/// The programs of pull-backs, and the function that chooses one by its degree.
fn pull_backs(tables: &Harmonics, lmax: usize) -> TokenStream {
    let programs = (0..=lmax).map(|l| {
        let program = pull_back(tables, l);
        let mut writer = Writer::new(&program);
        let [x, y, z] = writer.by_node();
        let lines = writer.lines;
        let inputs = program_inputs(&program);
        let cotangents = if l == 0 { quote!(_) } else { quote!(cotangents) };
        let doc = format!(" {}.", program.count());
        let name = format_ident!("PullBack{l}");
        quote! {
            #[doc = #doc]
            pub(super) struct #name;
            impl PullBack for #name {
                #[inline(always)]
                fn run<A: Arithmetic>(
                    proof: A::Proof,
                    [#(#inputs),*]: [A; 3],
                    #cotangents: &impl Columns<A>,
                ) -> [A; 3] {
                    #(#lines)*
                    [#x, #y, #z]
                }
            }
        }
    });
    let arms = (0..=lmax).map(|l| {
        let name = format_ident!("PullBack{l}");
        let count = Literal::usize_unsuffixed((l + 1) * (l + 1));
        let l = Literal::usize_unsuffixed(l);
        quote!(#l => job.with::<#name, #count>(),)
    });
    let highest = Literal::usize_unsuffixed(lmax);
    quote! {
        #(#programs)*
        /// The highest degree with programs for pull-backs.
        pub(super) const PULL_BACK_LMAX: usize = #highest;
        /// Does a job with `PullBack<l>`. The degree has been checked.
        #[inline(always)]
        pub(super) fn pull_back(l: usize, job: impl WithPullBack) {
            match l {
                #(#arms)*
                _ => unreachable!("degree {l} has no program for pull-backs"),
            }
        }
    }
}

/// The programs of one kind, for degrees from 0 on.
struct Family {
    name: &'static str,
    programs: Vec<(Program, Order)>,
}

/// The order in which results are stored.
#[derive(Clone, Copy)]
enum Order {
    /// Four at a time, degree by degree: as rows want them.
    ByDegree,
    /// One by one, order by order: as columns over degrees give them.
    ByOrder,
}

/// Programs of solid harmonics of all degrees.
fn solid(tables: &Harmonics, name: &'static str, lmax: usize, derivatives: Derivatives) -> Family {
    let program = |l| all_degrees(tables, l, Points::Solid, derivatives);
    Family::new(name, lmax, |l| (program(l), Order::ByDegree))
}

impl Family {
    fn new(name: &'static str, lmax: usize, program: impl Fn(usize) -> (Program, Order)) -> Self {
        Family { name, programs: (0..=lmax).map(program).collect() }
    }

    /// The number of components of gradients and Hessians.
    fn components(&self) -> [usize; 2] {
        match self.programs[0].0.outputs.len() {
            1 => [0, 0],
            2 => [3, 0],
            _ => [3, 9],
        }
    }

    /// A type for each program, and the function that chooses one by its degree.
    fn text(&self) -> TokenStream {
        let programs = self.programs.iter().enumerate().map(|(l, _)| self.program(l));
        let dispatcher = self.dispatcher();
        quote!(#(#programs)* #dispatcher)
    }

    fn dispatcher(&self) -> TokenStream {
        let arms = self.programs.iter().enumerate().map(|(l, (program, _))| {
            let name = format_ident!("{}{l}", self.name);
            let count = Literal::usize_unsuffixed(program.outputs[0].values.len());
            let l = Literal::usize_unsuffixed(l);
            quote!(#l => job.with::<#name, #count>(),)
        });
        let [first, second] = self.components().map(Literal::usize_unsuffixed);
        let name = format_ident!("{}", snake_case(self.name));
        let doc = format!(" Does a job with `{}<l>`. The degree has been checked.", self.name);
        quote! {
            #[doc = #doc]
            #[inline(always)]
            pub(super) fn #name<J: WithProgram<#first, #second>>(l: usize, job: J) {
                match l {
                    #(#arms)*
                    _ => unreachable!("degree {l} has no program"),
                }
            }
        }
    }

    /// The type that runs the program of one degree.
    fn program(&self, l: usize) -> TokenStream {
        let (program, order) = &self.programs[l];
        let mut writer = Writer::new(program);
        match order {
            Order::ByDegree => writer.by_degree(),
            Order::ByOrder => writer.by_order(l),
        }
        let lines = writer.lines;
        let doc = format!(" {}.", program.count());
        let name = format_ident!("{}{l}", self.name);
        let inputs = program_inputs(program);
        let [first, second] = self.components();
        let [first, second] = [first, second].map(Literal::usize_unsuffixed);
        quote! {
            #[doc = #doc]
            pub(super) struct #name;
            impl Program<#first, #second> for #name {
                #[inline(always)]
                fn run<A: Arithmetic>(
                    proof: A::Proof,
                    [#(#inputs),*]: [A; 3],
                    out: &mut impl Sink<A>,
                ) {
                    #(#lines)*
                }
            }
        }
    }
}

/// `SolidGradient` to `solid_gradient`.
fn snake_case(name: &str) -> String {
    let mut text = String::new();
    for (index, letter) in name.char_indices() {
        if letter.is_uppercase() && index > 0 {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

/// Indices l² + l ± m, order by order.
fn column_order(lmax: usize) -> Vec<usize> {
    let pair = |l: usize, m: usize| {
        let center = l * l + l;
        if m == 0 { vec![center] } else { vec![center + m, center - m] }
    };
    (0..=lmax).flat_map(|m| (m..=lmax).flat_map(move |l| pair(l, m))).collect()
}

/// The pattern of the inputs, `_` where one is unused.
fn program_inputs(program: &Program) -> [TokenStream; 3] {
    [0, 1, 2].map(|axis| {
        let name = format_ident!("{}", program.inputs[axis]);
        let used = program.nodes.iter().any(|node| node.op == Op::Input(axis));
        if used { quote!(#name) } else { quote!(_) }
    })
}

/// Writes the nodes that a value needs before the value itself.
struct Writer<'a> {
    program: &'a Program,
    written: Vec<bool>,
    /// The first cotangents of the groups that were read.
    read: HashSet<usize>,
    lines: Vec<TokenStream>,
}

impl<'a> Writer<'a> {
    fn new(program: &'a Program) -> Self {
        let written = vec![false; program.nodes.len()];
        Writer { program, written, read: HashSet::new(), lines: Vec::new() }
    }

    /// Stores the values one by one, order by order.
    fn by_order(&mut self, lmax: usize) {
        for index in column_order(lmax) {
            let value = self.value(self.program.outputs[0].values[index]);
            let index = Literal::usize_unsuffixed(index);
            self.lines.push(quote!(out.one(0, #index, #value);));
        }
    }

    /// Stores all components four columns at a time, as soon as a degree has them.
    fn by_degree(&mut self) {
        let program = self.program;
        let size = program.outputs[0].values.len();
        let components: Vec<&[Id]> =
            program.outputs.iter().flat_map(|output| output.values.chunks(size)).collect();
        let mut ends: Vec<usize> = (1..).map(|l| l * l).take_while(|end| *end < size).collect();
        ends.push(size);
        let mut done = 0;
        for end in ends {
            let next = if end == size { size } else { end / 4 * 4 };
            for (component, ids) in components.iter().enumerate() {
                for first in (done..next).step_by(4) {
                    self.columns(component, first, ids);
                }
            }
            done = next;
        }
    }

    /// Stores up to four columns of one component.
    fn columns(&mut self, component: usize, first: usize, ids: &[Id]) {
        let own = &ids[first..ids.len().min(first + 4)];
        let values: Vec<TokenStream> = own.iter().map(|&id| self.value(id)).collect();
        let held = |first: usize| format_ident!("held_{component}_{first}");
        let name = Literal::usize_unsuffixed(component);
        let index = Literal::usize_unsuffixed(first);
        if values.len() < 4 {
            for (index, value) in (first..).zip(values) {
                let index = Literal::usize_unsuffixed(index);
                self.lines.push(quote!(out.one(#name, #index, #value);));
            }
        } else if first % 8 == 4 {
            let before = held(first - 4);
            self.lines.push(quote!(out.next_four(#name, #index, #before, [#(#values),*]);));
        } else if first + 8 <= ids.len() {
            let held = held(first);
            self.lines.push(quote!(let #held = out.first_four(#name, #index, [#(#values),*]);));
        } else {
            self.lines.push(quote!(out.four(#name, #index, [#(#values),*]);));
        }
    }

    /// Writes all operations in the order of the program; returns the values of the first output.
    fn by_node(&mut self) -> [TokenStream; 3] {
        let program = self.program;
        for (index, node) in program.nodes.iter().enumerate() {
            // Negations are absorbed where their values are read.
            if !matches!(node.op, Op::Input(_) | Op::Constant(_) | Op::Neg(_)) {
                self.value(Id::of_index(index));
            }
        }
        let values = &program.outputs[0].values;
        [0, 1, 2].map(|axis| self.value(values[axis]))
    }

    /// The cotangent `index`; four are read at a time.
    fn cotangent(&mut self, index: usize) -> TokenStream {
        let count = self.program.inputs.len() - 3;
        let first = index / 4 * 4;
        let group = if first + 4 <= count { first..first + 4 } else { index..index + 1 };
        let name = format_ident!("g{index}");
        if self.read.insert(group.start) {
            let used = |index: usize| {
                self.program.nodes.iter().any(|node| node.op == Op::Input(index + 3))
            };
            let names = group.clone().map(|index| match used(index) {
                true => {
                    let name = format_ident!("g{index}");
                    quote!(#name)
                }
                false => quote!(_),
            });
            let at = Literal::usize_unsuffixed(group.start);
            self.lines.push(match group.len() {
                1 => quote!(let #name = cotangents.one(#at);),
                _ => quote!(let [#(#names),*] = cotangents.four(#at);),
            });
        }
        quote!(#name)
    }

    /// The expression of a value whose nodes have been written.
    fn value(&mut self, id: Id) -> TokenStream {
        let op = &self.program.node(id).op;
        match op {
            Op::Input(index) if *index >= 3 => return self.cotangent(*index - 3),
            Op::Input(index) => {
                let name = format_ident!("{}", self.program.inputs[*index]);
                return quote!(#name);
            }
            Op::Constant(value) => return constant(value),
            _ => {}
        }
        let name = self.name(id);
        if !self.written[id.index()] {
            self.written[id.index()] = true;
            let value = self.operation(op);
            self.lines.push(quote!(let #name = #value;));
        }
        quote!(#name)
    }

    fn name(&self, id: Id) -> Ident {
        match &self.program.node(id).label {
            Some(label) => format_ident!("{label}"),
            None => format_ident!("t{}", id.index()),
        }
    }

    fn operation(&mut self, op: &Op) -> TokenStream {
        match *op {
            Op::Neg(a) => {
                let a = self.value(a);
                quote!(#a.neg())
            }
            Op::Mul(a, b) => {
                let (a, b) = (self.value(a), self.value(b));
                quote!(#a.mul(#b))
            }
            Op::Add(a, b) => self.sum(a, b),
            Op::MulAdd(a, b, c) => self.multiply_add(a, b, c),
            Op::Input(_) | Op::Constant(_) => unreachable!("written where they are used"),
        }
    }

    fn sum(&mut self, a: Id, b: Id) -> TokenStream {
        let [(minus_a, a), (minus_b, b)] = [a, b].map(|id| self.sign(id));
        let (a, b) = (self.value(a), self.value(b));
        match (minus_a, minus_b) {
            (false, false) => quote!(#a.add(#b)),
            (false, true) => quote!(#a.sub(#b)),
            (true, false) => quote!(#b.sub(#a)),
            (true, true) => quote!(#a.neg().sub(#b)),
        }
    }

    fn multiply_add(&mut self, a: Id, b: Id, c: Id) -> TokenStream {
        let [(minus_a, a), (minus_c, c)] = [a, c].map(|id| self.sign(id));
        let (a, b, c) = (self.value(a), self.value(b), self.value(c));
        match (minus_a, minus_c) {
            (false, false) => quote!(#a.mul_add(#b, #c)),
            (false, true) => quote!(#a.mul_sub(#b, #c)),
            (true, false) => quote!(#a.neg_mul_add(#b, #c)),
            (true, true) => quote!(#a.neg().mul_sub(#b, #c)),
        }
    }

    /// Whether a value is negated, and what is.
    fn sign(&self, id: Id) -> (bool, Id) {
        match self.program.node(id).op {
            Op::Neg(inner) => (true, inner),
            _ => (false, id),
        }
    }
}

fn constant(value: &Surd) -> TokenStream {
    let (wide, narrow) = (wide_literal(value), narrow_literal(value));
    quote!(constant::<A>(proof, #wide, #narrow))
}

fn wide_literal(value: &Surd) -> TokenStream {
    let rounded = rounding::to_f64(value);
    let size = Literal::f64_unsuffixed(rounded.abs());
    if rounded < 0.0 { quote!(-#size) } else { quote!(#size) }
}

fn narrow_literal(value: &Surd) -> TokenStream {
    let rounded = rounding::to_f32(value);
    let size = Literal::f32_unsuffixed(rounded.abs());
    if rounded < 0.0 { quote!(-#size) } else { quote!(#size) }
}

/// The tables `LOWER_F64` and `LOWER_F32`: for l = 0..=LMAX and m = 0..=l, at l(l + 1)/2 + m, the
/// coefficients (a, b, c) with
/// - ∂x Y_{±m} = a Y_{±(m-1)} + b Y_{±(m+1)},
/// - ∂y Y_{±m} = ∓a Y_{∓(m-1)} ± b Y_{∓(m+1)},
/// - ∂z Y_{±m} = c Y_{±m},
///
/// all on the right of degree l - 1, zero where the order is above it, Y_{-0} = 0; for m = 0 only
/// the terms with b, as if Y_0 were Y_{+0}.
fn coefficients(tables: &Harmonics) -> TokenStream {
    let mut wide = Vec::new();
    let mut narrow = Vec::new();
    for l in 0..=tables.lmax() {
        for m in 0..=l as i32 {
            let row = lowering(tables, l, m);
            let f64s = row.each_ref().map(wide_literal);
            wide.push(quote!([#(#f64s),*]));
            let f32s = row.each_ref().map(narrow_literal);
            narrow.push(quote!([#(#f32s),*]));
        }
    }
    let count = Literal::usize_unsuffixed(wide.len());
    quote! {
        /// The coefficients (a, b, c) of derivatives, at l(l + 1)/2 + m.
        pub(super) static LOWER_F64: [[f64; 3]; #count] = [#(#wide),*];
        /// The same, rounded to f32.
        pub(super) static LOWER_F32: [[f32; 3]; #count] = [#(#narrow),*];
    }
}

/// The tables `RECURRENCE_F64` and `RECURRENCE_F32`: for l = 0..=LMAX and m = l, l-1, …, 0, degree by
/// degree, (c, n) with the monic z-parts T_m = z T_{m+1} - c (x² + y²) T_{m+2} and Y_{l,±m} = n T_m
/// {C_m, S_m}. That the recurrence holds is proved by the programs of all degrees, which use it too.
fn recurrence(tables: &Harmonics) -> TokenStream {
    let rows: Vec<[Surd; 2]> = (0..=tables.lmax()).flat_map(|l| monic_row(tables, l)).collect();
    let wide =
        rows.iter().map(|row| row.each_ref().map(wide_literal)).map(|[c, n]| quote!([#c, #n]));
    let narrow =
        rows.iter().map(|row| row.each_ref().map(narrow_literal)).map(|[c, n]| quote!([#c, #n]));
    let count = Literal::usize_unsuffixed(rows.len());
    quote! {
        /// The recurrence of z-parts and the factors of values, at l(l + 1)/2 + l - m.
        pub(super) static RECURRENCE_F64: [[f64; 2]; #count] = [#(#wide),*];
        /// The same, rounded to f32.
        pub(super) static RECURRENCE_F32: [[f32; 2]; #count] = [#(#narrow),*];
    }
}

/// (a, b, c) of one row, checked against every derivative of orders ±m.
fn lowering(tables: &Harmonics, l: usize, m: i32) -> [Surd; 3] {
    let term = |axis: usize, m: i32, below: i32| -> Surd {
        let terms: &[GradientTerm] = tables.gradient(l, axis, m);
        let found = terms.iter().find(|term| term.m == below);
        found.map_or_else(Surd::zero, |term| term.coefficient.clone())
    };
    if l == 0 {
        return [Surd::zero(), Surd::zero(), Surd::zero()];
    }
    let a = if m == 0 { Surd::zero() } else { term(0, m, m - 1) };
    let [b, c] = [term(0, m, m + 1), term(2, m, m)];
    let negative = [-&a, -&b];
    let mut expected = vec![(1, m, -(m + 1), &b), (0, m, m + 1, &b), (2, m, m, &c)];
    if m >= 1 {
        expected.push((0, -m, -(m + 1), &b));
        expected.push((1, -m, m - 1, &a));
        expected.push((1, -m, m + 1, &negative[1]));
        expected.push((2, -m, -m, &c));
    }
    if m >= 2 {
        expected.push((1, m, -(m - 1), &negative[0]));
        expected.push((0, -m, -(m - 1), &a));
    }
    let mut terms = 0;
    for (axis, order, below, coefficient) in expected {
        assert_eq!(&term(axis, order, below), coefficient, "l = {l}, {order}, axis {axis}");
        terms += usize::from(!coefficient.is_zero());
    }
    if m >= 1 {
        terms += usize::from(!a.is_zero());
    }
    let signs: &[i32] = if m == 0 { &[0] } else { &[m, -m] };
    let all = signs.iter().flat_map(|&m| (0..3).map(move |axis| tables.gradient(l, axis, m).len()));
    assert_eq!(terms, all.sum::<usize>(), "l = {l}, m = {m}: other derivatives than expected");
    [a, b, c]
}
