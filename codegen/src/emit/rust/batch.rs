//! The file of the batched harmonics: programs over lanes, which fill one block for each value,
//! and the coefficients of derivatives for the loops that climb down a degree.
//!
//! Programs store a value as soon as it is known, column by column, so that few registers are
//! needed. They serve every normalization: constants that depend on it come from a table beside the program.

use std::collections::HashSet;
use std::ops::Range;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::lanes::Writer;
use super::tokens;
use crate::ir::Program;
use crate::ir::harmonics::{
    Derivatives, Points, all_degrees, monic_row, pull_back, push_forward, single_degree,
};
use crate::ir::marked::{constants, marked, with_factors};
use crate::ir::reading::{Element, Order, Reading, Step, Walk};
use crate::tables::harmonics::GradientTerm;
use crate::tables::{Harmonics, Normalization, Surd};
use crate::unroll::{
    GRADIENT_LMAX, HESSIAN_LMAX, PULL_BACK_LMAX, PUSH_FORWARD_LMAX, SPHERICAL_GRADIENT_LMAX,
    VALUES_LMAX,
};

// What the programs of a family compute, for their documentation.
const UNIT: &str = "Y[0..=L] at vectors of length one";
const DEGREE: &str = "Y[L]";
const SOLID: &str = "Y[0..=L]";
const GRADIENT: &str = "Y[0..=L] and ∂Y";
const HESSIAN: &str = "Y[0..=L], ∂Y and ∂∂Y";

/// The text of `batch.rs`.
pub fn module(tables: &Harmonics) -> TokenStream {
    let lmax = tables.lmax();
    let marked = marked(tables);
    let families = [
        Family::new("Unit", UNIT, lmax.min(VALUES_LMAX), |l| {
            (all_degrees(&marked, l, Points::Unit, Derivatives::None), Stores::ByOrder)
        }),
        Family::new("Degree", DEGREE, lmax.min(VALUES_LMAX), |l| {
            (single_degree(&marked, l, Derivatives::None), Stores::ByDegree)
        }),
        solid(&marked, ("Solid", SOLID), lmax.min(VALUES_LMAX), Derivatives::None),
        solid(&marked, ("SolidGradient", GRADIENT), lmax.min(GRADIENT_LMAX), Derivatives::First),
        solid(&marked, ("SolidHessian", HESSIAN), lmax.min(HESSIAN_LMAX), Derivatives::Second),
    ];
    let texts = families.iter().map(Family::text);
    let spherical = spherical_gradients(lmax.min(SPHERICAL_GRADIENT_LMAX));
    let [programs, gradients, hessians, tangential] =
        [VALUES_LMAX, GRADIENT_LMAX, HESSIAN_LMAX, SPHERICAL_GRADIENT_LMAX]
            .map(|limit| tokens::index(lmax.min(limit)));
    let recurrence = recurrence(tables);
    let coefficients = coefficients(tables);
    let contractions = contractions(&marked);
    quote! {
        #(#texts)*
        #spherical
        /// The highest degree with programs of its own; above it there are loops.
        pub(super) const VALUES_LMAX: usize = #programs;
        /// The highest degree with programs for gradients.
        pub(super) const GRADIENT_LMAX: usize = #gradients;
        /// The highest degree with programs for gradients of the spherical form.
        pub(super) const SPHERICAL_GRADIENT_LMAX: usize = #tangential;
        /// The highest degree with programs for Hessians.
        pub(super) const HESSIAN_LMAX: usize = #hessians;
        #contractions
        #coefficients
        #recurrence
    }
}

/// The choice of a program of gradients for the spherical form, which needs code of its own.
fn spherical_gradients(lmax: usize) -> TokenStream {
    let arms = arms("SolidGradient", lmax);
    quote! {
        /// Does a job with `SolidGradient<l>`, for low degrees. The degree has been checked.
        #[inline(always)]
        pub(super) fn spherical_gradient<J: WithProgram<3, 0>>(l: usize, job: J) {
            match l {
                #(#arms)*
                _ => unreachable!("degree {l} has no program"),
            }
        }
    }
}

/// The programs of pull-backs and push-forwards, and the functions that choose one by its degree.
fn contractions(marked: &Harmonics) -> TokenStream {
    let [backmost, foremost] = [PULL_BACK_LMAX, PUSH_FORWARD_LMAX].map(|l| l.min(marked.lmax()));
    let backwards = (0..=backmost).map(|l| pull_back_program(&pull_back(marked, l), l));
    let forwards = (0..=foremost).map(|l| push_forward_program(&push_forward(marked, l), l));
    let (back, forward) = (arms("PullBack", backmost), arms("PushForward", foremost));
    let [backmost, foremost] = [backmost, foremost].map(tokens::index);
    quote! {
        #(#backwards)*
        #(#forwards)*
        /// The highest degree with programs for pull-backs.
        pub(super) const PULL_BACK_LMAX: usize = #backmost;
        /// The highest degree with programs for push-forwards.
        pub(super) const PUSH_FORWARD_LMAX: usize = #foremost;
        /// Does a job with `PullBack<l>`. The degree has been checked.
        #[inline(always)]
        pub(super) fn pull_back(l: usize, job: impl WithPullBack) {
            match l {
                #(#back)*
                _ => unreachable!("degree {l} has no program for pull-backs"),
            }
        }
        /// Does a job with `PushForward<l>`. The degree has been checked.
        #[inline(always)]
        pub(super) fn push_forward(l: usize, job: impl WithPushForward) {
            match l {
                #(#forward)*
                _ => unreachable!("degree {l} has no program for push-forwards"),
            }
        }
    }
}

/// For each degree L the arm that chooses the program for all degrees to it.
fn arms(kind: &str, lmax: usize) -> Vec<TokenStream> {
    let arm = |l: usize| {
        let name = format_ident!("{kind}{l}");
        let count = tokens::index((l + 1) * (l + 1));
        let l = tokens::index(l);
        quote!(#l => job.with::<#name, #count>(),)
    };
    (0..=lmax).map(arm).collect()
}

/// The constants of a program by normalization, and the line that brings them into it.
struct Table {
    constants: Vec<Surd>,
}

impl Table {
    fn new(program: &Program) -> Table {
        Table { constants: constants(program) }
    }

    fn writer(&self) -> Writer {
        Writer::new(quote!(A)).with_table(self.constants.clone())
    }

    /// The tables of a program.
    fn text(&self, name: &proc_macro2::Ident) -> TokenStream {
        let values = Normalization::ALL.map(|normalization| {
            let value = |constant| with_factors(constant, |l| normalization.factor(l));
            self.constants.iter().map(value).collect::<Vec<Surd>>()
        });
        let rows = |literal: fn(&Surd) -> TokenStream| {
            values.each_ref().map(|values| {
                let values = values.iter().map(literal);
                quote!(&[#(half(#values)),*])
            })
        };
        let (wide, narrow) = (rows(tokens::wide), rows(tokens::narrow));
        quote! {
            impl Constants for #name {
                const WIDE: [&'static [Half<f64, 4>]; 3] = [#(#wide),*];
                const NARROW: [&'static [Half<f32, 8>]; 3] = [#(#narrow),*];
            }
        }
    }

    /// The name of the argument, and the line that knows how many constants it has.
    fn argument(&self) -> (TokenStream, TokenStream) {
        if self.constants.is_empty() {
            return (quote!(_), quote!());
        }
        let count = tokens::index(self.constants.len());
        let line = quote! {
            let c: &[HalfOf<A>; #count] = c.first_chunk().expect("the constants of the program");
        };
        (quote!(c), line)
    }
}

/// The type that runs the program of one push-forward.
fn push_forward_program(program: &Program, l: usize) -> TokenStream {
    let reading = Reading::of_operations(program);
    let table = Table::new(program);
    let mut body = Body::new(&reading, table.writer());
    body.by_degree();
    let lines = body.lines;
    let doc = format!(" w · ∂Y[0..={l}]: {}.", program.count());
    let name = format_ident!("PushForward{l}");
    let [point, tangent] =
        [0, 1].map(|array| reading.elements(array).into_iter().map(tokens::pattern));
    let (c, constants) = table.argument();
    let tables = table.text(&name);
    quote! {
        #[doc = #doc]
        pub(super) struct #name;
        #tables
        impl PushForward for #name {
            #[inline(always)]
            fn run<A: Arithmetic>(
                proof: A::Proof,
                #c: &[HalfOf<A>],
                [#(#point),*]: [A; 3],
                [#(#tangent),*]: [A; 3],
                out: &mut impl Sink<A>,
            ) {
                #constants
                #(#lines)*
            }
        }
    }
}

/// The type that runs the program of one pull-back.
fn pull_back_program(program: &Program, l: usize) -> TokenStream {
    let reading = Reading::of_operations(program);
    let table = Table::new(program);
    let writer = table.writer();
    let mut cotangents = Cotangents { reading: &reading, read: HashSet::new() };
    let (mut lines, mut results) = (Vec::new(), Vec::new());
    for step in reading.steps(Order::Operations) {
        match step {
            Step::Read(element) => lines.extend(cotangents.read(element)),
            Step::Let(statement) => lines.push(writer.statement(&statement)),
            Step::Set(_, value) => results.push(writer.expression(&value)),
            Step::Add(..) => unreachable!("pull-backs are set"),
        }
    }
    let inputs = reading.elements(0).into_iter().map(tokens::pattern);
    let argument = if cotangents.read.is_empty() { quote!(_) } else { quote!(cotangents) };
    let doc = format!(" Σ g ∂Y[0..={l}]: {}.", program.count());
    let name = format_ident!("PullBack{l}");
    let (c, constants) = table.argument();
    let tables = table.text(&name);
    quote! {
        #[doc = #doc]
        pub(super) struct #name;
        #tables
        impl PullBack for #name {
            #[inline(always)]
            fn run<A: Arithmetic>(
                proof: A::Proof,
                #c: &[HalfOf<A>],
                [#(#inputs),*]: [A; 3],
                #argument: &impl Columns<A>,
            ) -> [A; 3] {
                #constants
                #(#lines)*
                [#(#results),*]
            }
        }
    }
}

/// Reads the cotangents of a pull-back, four at a time.
struct Cotangents<'a> {
    reading: &'a Reading<'a>,
    /// The first of the groups that were read.
    read: HashSet<usize>,
}

impl Cotangents<'_> {
    /// What is read when an element is needed, if it was not read before.
    fn read(&mut self, Element { array, index }: Element) -> Option<TokenStream> {
        let names = self.reading.elements(array);
        if self.reading.inputs()[array].name != "g" {
            return None;
        }
        let first = index / 4 * 4;
        let group = if first + 4 <= names.len() { first..first + 4 } else { index..index + 1 };
        if !self.read.insert(group.start) {
            return None;
        }
        let at = tokens::index(group.start);
        let count = group.len();
        let group = names[group].iter().map(|name| tokens::pattern(*name));
        Some(match count {
            1 => quote!(let #(#group)* = cotangents.one(#at);),
            _ => quote!(let [#(#group),*] = cotangents.four(#at);),
        })
    }
}

/// The programs of one kind, for degrees from 0 on.
struct Family {
    name: &'static str,
    /// What is computed, for L.
    result: &'static str,
    programs: Vec<(Program, Stores)>,
}

/// The order in which results are stored.
#[derive(Clone, Copy)]
enum Stores {
    /// Four at a time, degree by degree: as rows want them.
    ByDegree,
    /// One by one, order by order: as columns over degrees give them.
    ByOrder,
}

/// Programs of solid harmonics of all degrees.
fn solid(
    marked: &Harmonics,
    (name, result): (&'static str, &'static str),
    lmax: usize,
    derivatives: Derivatives,
) -> Family {
    let program = |l| all_degrees(marked, l, Points::Solid, derivatives);
    Family::new(name, result, lmax, |l| (program(l), Stores::ByDegree))
}

impl Family {
    fn new(
        name: &'static str,
        result: &'static str,
        lmax: usize,
        program: impl Fn(usize) -> (Program, Stores),
    ) -> Self {
        Family { name, result, programs: (0..=lmax).map(program).collect() }
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
            let count = tokens::index(program.outputs[0].values.len());
            let l = tokens::index(l);
            quote!(#l => job.with::<#name, #count>(),)
        });
        let [first, second] = self.components().map(tokens::index);
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
        let reading = Reading::of_operations(program);
        let table = Table::new(program);
        let mut body = Body::new(&reading, table.writer());
        match order {
            Stores::ByDegree => body.by_degree(),
            Stores::ByOrder => body.by_order(l),
        }
        let lines = body.lines;
        let result = self.result.replace('L', &l.to_string());
        let doc = format!(" {result}: {}.", program.count());
        let name = format_ident!("{}{l}", self.name);
        let inputs = reading.elements(0).into_iter().map(tokens::pattern);
        let [first, second] = self.components();
        let [first, second] = [first, second].map(tokens::index);
        let (c, constants) = table.argument();
        let tables = table.text(&name);
        quote! {
            #[doc = #doc]
            pub(super) struct #name;
            #tables
            impl Program<#first, #second> for #name {
                #[inline(always)]
                fn run<A: Arithmetic>(
                    proof: A::Proof,
                    #c: &[HalfOf<A>],
                    [#(#inputs),*]: [A; 3],
                    out: &mut impl Sink<A>,
                ) {
                    #constants
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

/// The statements of a program with its stores.
struct Body<'a> {
    reading: &'a Reading<'a>,
    walk: Walk<'a, 'a>,
    writer: Writer,
    lines: Vec<TokenStream>,
}

impl<'a> Body<'a> {
    fn new(reading: &'a Reading<'a>, writer: Writer) -> Self {
        Body { reading, walk: Walk::new(reading), writer, lines: Vec::new() }
    }

    /// Stores the values one by one, order by order.
    fn by_order(&mut self, lmax: usize) {
        for index in column_order(lmax) {
            let value = self.value(Element { array: 0, index });
            let index = tokens::index(index);
            self.lines.push(quote!(out.one(0, #index, #value);));
        }
    }

    /// Stores all components four columns at a time, as soon as a degree has them.
    fn by_degree(&mut self) {
        let outputs = self.reading.outputs();
        let size = outputs[0].values.len();
        let components = outputs.iter().enumerate().flat_map(|(array, output)| {
            (0..output.values.len()).step_by(size).map(move |index| Element { array, index })
        });
        let components: Vec<Element> = components.collect();
        let mut ends: Vec<usize> = (1..).map(|l| l * l).take_while(|end| *end < size).collect();
        ends.push(size);
        let mut done = 0;
        for end in ends {
            let next = if end == size { size } else { end / 4 * 4 };
            for (component, start) in components.iter().enumerate() {
                for first in (done..next).step_by(4) {
                    self.columns(component, *start, first..size.min(first + 4));
                }
            }
            done = next;
        }
    }

    /// Stores up to four columns of one component, which begins at `start`.
    fn columns(&mut self, component: usize, start: Element, columns: Range<usize>) {
        let first = columns.start;
        let size = self.reading.outputs()[0].values.len();
        let element = |column| Element { array: start.array, index: start.index + column };
        let values: Vec<TokenStream> = columns.map(|column| self.value(element(column))).collect();
        let held = |first: usize| format_ident!("held_{component}_{first}");
        let name = tokens::index(component);
        let index = tokens::index(first);
        if values.len() < 4 {
            for (index, value) in (first..).zip(values) {
                let index = tokens::index(index);
                self.lines.push(quote!(out.one(#name, #index, #value);));
            }
        } else if first % 8 == 4 {
            let before = held(first - 4);
            self.lines.push(quote!(out.next_four(#name, #index, #before, [#(#values),*]);));
        } else if first + 8 <= size {
            let held = held(first);
            self.lines.push(quote!(let #held = out.first_four(#name, #index, [#(#values),*]);));
        } else {
            self.lines.push(quote!(out.four(#name, #index, [#(#values),*]);));
        }
    }

    /// A value, once the statements that it needs are written.
    fn value(&mut self, element: Element) -> TokenStream {
        let (steps, value) = self.walk.value(element);
        for step in steps {
            if let Step::Let(statement) = step {
                self.lines.push(self.writer.statement(&statement));
            }
        }
        self.writer.expression(&value)
    }
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
            let f64s = row.each_ref().map(tokens::wide);
            wide.push(quote!([#(#f64s),*]));
            let f32s = row.each_ref().map(tokens::narrow);
            narrow.push(quote!([#(#f32s),*]));
        }
    }
    let count = tokens::index(wide.len());
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
        rows.iter().map(|row| row.each_ref().map(tokens::wide)).map(|[c, n]| quote!([#c, #n]));
    let narrow =
        rows.iter().map(|row| row.each_ref().map(tokens::narrow)).map(|[c, n]| quote!([#c, #n]));
    let count = tokens::index(rows.len());
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
