//! The file of the batched harmonics: programs over lanes, which fill one block for each value,
//! and the coefficients of derivatives for the loops that climb down a degree.
//!
//! Unlike the generic functions, programs over lanes name every fused operation and store a value
//! as soon as it is known, column by column, so that few registers are needed.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

use crate::emit::rounding;
use crate::ir::harmonics::{Derivatives, Points, all_degrees, monic_column, single_degree};
use crate::ir::{Id, Op, Program};
use crate::tables::harmonics::GradientTerm;
use crate::tables::{Harmonics, Surd};

/// The highest degree for which programs are written: beyond it they are no faster than loops
/// over tables, and take long to compile.
const UNROLLED_LMAX: usize = 12;

/// The highest degree for which programs with gradients are written: beyond it loops are bound by
/// the same stores, and programs run out of registers.
const GRADIENT_LMAX: usize = 5;

/// The text of `batch.rs`.
pub fn module(tables: &Harmonics) -> TokenStream {
    let lmax = tables.lmax();
    let mut programs = Vec::new();
    for l in 0..=lmax.min(UNROLLED_LMAX) {
        let all = |points| all_degrees(tables, l, points, Derivatives::None);
        let order = column_order(l);
        programs.push(program(&format!("Solid{l}"), &all(Points::Solid), &order));
        programs.push(program(&format!("Unit{l}"), &all(Points::Unit), &order));
        let single = single_degree(tables, l, Derivatives::None);
        programs.push(program(&format!("Degree{l}"), &single, &(0..=2 * l).collect::<Vec<_>>()));
    }
    let highest = lmax.min(UNROLLED_LMAX);
    let with_gradients = lmax.min(GRADIENT_LMAX);
    for l in 0..=with_gradients {
        let program = all_degrees(tables, l, Points::Solid, Derivatives::First);
        programs.push(gradient_program(l, &program));
    }
    let gradient_dispatcher = gradient_dispatcher(with_gradients);
    let dispatchers = [("solid", "Solid"), ("unit", "Unit"), ("degree", "Degree")]
        .map(|(name, prefix)| dispatcher(highest, name, prefix));
    let recurrence = recurrence(tables);
    let small = small_dispatcher(highest, with_gradients);
    let coefficients = coefficients(tables);
    quote! {
        #(#programs)*
        #(#dispatchers)*
        #gradient_dispatcher
        #small
        /// The highest degree with programs for gradients; above it there are loops.
        pub(super) const GRADIENT_LMAX: usize = #with_gradients;
        /// The highest degree with programs of its own; above it there are loops.
        pub(super) const UNROLLED_LMAX: usize = #highest;
        #coefficients
        #recurrence
    }
}

/// Indices l² + l ± m, order by order.
fn column_order(lmax: usize) -> Vec<usize> {
    let pair = |l: usize, m: usize| {
        let center = l * l + l;
        if m == 0 { vec![center] } else { vec![center + m, center - m] }
    };
    (0..=lmax).flat_map(|m| (m..=lmax).flat_map(move |l| pair(l, m))).collect()
}

/// A type of that name which runs the program; values are stored in the order given.
fn program(name: &str, program: &Program, order: &[usize]) -> TokenStream {
    let doc = format!(" {}.", program.count());
    let name = format_ident!("{name}");
    let values = &program.outputs[0].values;
    let mut writer =
        Writer { program, written: vec![false; program.nodes.len()], lines: Vec::new() };
    for &index in order {
        writer.store(values[index], "out", index);
    }
    let lines = writer.lines;
    let inputs = program_inputs(program);
    let count = Literal::usize_unsuffixed(values.len());
    quote! {
        #[doc = #doc]
        struct #name;
        impl Program for #name {
            const VALUES: usize = #count;

            #[inline(always)]
            fn run<V: Lanes>(proof: V::Proof, [#(#inputs),*]: [V; 3], out: &mut [BlockOf<V>]) {
                let out: &mut [BlockOf<V>; #count] = out.try_into().expect("a block for each value");
                #(#lines)*
            }
        }
    }
}

/// A type `SolidGradient<l>` which runs a program of values and gradients. Derivatives of order m
/// follow the values of order m + 1, the last that they read.
fn gradient_program(l: usize, program: &Program) -> TokenStream {
    let doc = format!(" {}.", program.count());
    let name = format_ident!("SolidGradient{l}");
    let [values, gradients] = [0, 1].map(|index| &program.outputs[index].values);
    let mut writer =
        Writer { program, written: vec![false; program.nodes.len()], lines: Vec::new() };
    let order_of = |index: usize| {
        let l = index.isqrt();
        (l * l + l).abs_diff(index)
    };
    let order = column_order(l);
    let size = order.len();
    for m in 0..=l + 1 {
        for &index in order.iter().filter(|&&index| order_of(index) == m) {
            writer.store(values[index], "values", index);
        }
        for &index in order.iter().filter(|&&index| order_of(index) + 1 == m) {
            for (axis, array) in ["dx", "dy", "dz"].into_iter().enumerate() {
                writer.store(gradients[axis * size + index], array, index);
            }
        }
    }
    let lines = writer.lines;
    let inputs = program_inputs(program);
    let count = Literal::usize_unsuffixed(size);
    quote! {
        #[doc = #doc]
        struct #name;
        impl GradientProgram for #name {
            #[inline(always)]
            fn run<V: Lanes>(
                proof: V::Proof,
                [#(#inputs),*]: [V; 3],
                values: &mut [BlockOf<V>],
                [dx, dy, dz]: [&mut [BlockOf<V>]; 3],
            ) {
                const ENOUGH: &str = "a block for each value";
                let values: &mut [BlockOf<V>; #count] = values.try_into().expect(ENOUGH);
                let dx: &mut [BlockOf<V>; #count] = dx.try_into().expect(ENOUGH);
                let dy: &mut [BlockOf<V>; #count] = dy.try_into().expect(ENOUGH);
                let dz: &mut [BlockOf<V>; #count] = dz.try_into().expect(ENOUGH);
                #(#lines)*
            }
        }
    }
}

/// The function that chooses a program and a transposition in one.
fn small_dispatcher(highest: usize, with_gradients: usize) -> TokenStream {
    let arms = (0..=highest).map(|l| {
        let values = format_ident!("Solid{l}");
        let gradients = match l <= with_gradients {
            true => {
                let name = format_ident!("SolidGradient{l}");
                quote!(#name)
            }
            false => quote!(()),
        };
        let count = Literal::usize_unsuffixed((l + 1) * (l + 1));
        let l = Literal::usize_unsuffixed(l);
        quote! {
            #l => V::call(
                proof,
                SmallRows::<_, #values, #gradients, #count> { arguments, programs: PhantomData },
            ),
        }
    });
    quote! {
        /// Native solid values, and gradients if asked, of whole blocks of points as rows. The
        /// degree and the lengths have been checked.
        #[inline(always)]
        pub(super) fn small_rows<V: Lanes>(
            proof: V::Proof,
            l: usize,
            arguments: SmallArguments<'_, V::Number>,
        ) {
            match l {
                #(#arms)*
                _ => unreachable!("degree {l} has no program"),
            }
        }
    }
}

/// The pattern of the inputs, `_` where one is unused.
fn program_inputs(program: &Program) -> [TokenStream; 3] {
    [0, 1, 2].map(|axis| {
        let name = format_ident!("{}", program.inputs[axis]);
        let used = program.nodes.iter().any(|node| node.op == Op::Input(axis));
        if used { quote!(#name) } else { quote!(_) }
    })
}

/// The function that chooses a program with gradients by its degree.
fn gradient_dispatcher(highest: usize) -> TokenStream {
    let arms = (0..=highest).map(|l| {
        let program = format_ident!("SolidGradient{l}");
        let l = Literal::usize_unsuffixed(l);
        quote! {
            #l => V::call(
                proof,
                FillGradient { point, values, gradient, program: PhantomData::<#program> },
            ),
        }
    });
    quote! {
        /// Runs `SolidGradient<l>` on one block of points. The degree has been checked.
        #[inline(always)]
        pub(super) fn solid_gradient<V: Lanes>(
            proof: V::Proof,
            l: usize,
            point: &[BlockOf<V>; 3],
            values: &mut [BlockOf<V>],
            gradient: [&mut [BlockOf<V>]; 3],
        ) {
            match l {
                #(#arms)*
                _ => unreachable!("degree {l} has no program with gradients"),
            }
        }
    }
}

/// Writes the nodes that a value needs before the value itself.
struct Writer<'a> {
    program: &'a Program,
    written: Vec<bool>,
    lines: Vec<TokenStream>,
}

impl Writer<'_> {
    /// Writes a value and where it is stored.
    fn store(&mut self, id: Id, array: &str, index: usize) {
        let value = self.value(id);
        let array = format_ident!("{array}");
        let index = Literal::usize_unsuffixed(index);
        self.lines.push(quote!(#value.store(&mut #array[#index]);));
    }

    /// The expression of a value whose nodes have been written.
    fn value(&mut self, id: Id) -> TokenStream {
        let op = &self.program.node(id).op;
        match op {
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
    quote!(constant::<V>(proof, #wide, #narrow))
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

/// The function that chooses a program by its degree.
fn dispatcher(lmax: usize, name: &str, prefix: &str) -> TokenStream {
    let name = format_ident!("{name}");
    let arms = (0..=lmax).map(|l| {
        let program = format_ident!("{prefix}{l}");
        let l = Literal::usize_unsuffixed(l);
        quote!(#l => V::call(proof, Fill { points, out, stride, program: PhantomData::<#program> }),)
    });
    let doc = format!(" Runs `{prefix}<l>` on blocks of points. The degree has been checked.");
    quote! {
        #[doc = #doc]
        #[inline(always)]
        pub(super) fn #name<V: Lanes>(
            proof: V::Proof,
            l: usize,
            points: &[[BlockOf<V>; 3]],
            out: &mut [BlockOf<V>],
            stride: usize,
        ) {
            match l {
                #(#arms)*
                _ => unreachable!("degree {l} has no program"),
            }
        }
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

/// The tables `RECURRENCE_F64` and `RECURRENCE_F32`: for m = 0..=LMAX and l = m..=LMAX, order by
/// order, (c, n) with the monic z-parts T_l = z T_{l-1} - c r² T_{l-2} and Y_{l,±m} = n T_l {C_m,
/// S_m}. That the recurrence holds is proved by the programs of all degrees, which use it too.
fn recurrence(tables: &Harmonics) -> TokenStream {
    let mut rows = Vec::new();
    for m in 0..=tables.lmax() {
        rows.extend(monic_column(tables, m, tables.lmax()));
    }
    let wide =
        rows.iter().map(|row| row.each_ref().map(wide_literal)).map(|[c, n]| quote!([#c, #n]));
    let narrow =
        rows.iter().map(|row| row.each_ref().map(narrow_literal)).map(|[c, n]| quote!([#c, #n]));
    let count = Literal::usize_unsuffixed(rows.len());
    quote! {
        /// The recurrence of z-parts and the factors of values, order by order.
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
