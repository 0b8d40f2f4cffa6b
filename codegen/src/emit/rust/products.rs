//! The file of the tensor products: for every triple of low degrees a type with straight-line code
//! over lanes, with the coupling tensor in its constants.
//!
//! B blocks of lanes at once share what is read of M; what all lanes share is read anew wherever it
//! is used, since a register holds a block. Sums are loaded before their first term and stored after
//! their last.

use std::collections::HashMap;

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::lanes::Writer;
use super::{scalar, tokens};
use crate::ir::products::{Map, Triple};
use crate::ir::reading::{Element, Order, Reading, Step, Term};
use crate::ir::{Program, Sharing};
use crate::tables::Coupling;
use crate::unroll::PRODUCT_LMAX;

/// The text of `products.rs`.
pub fn module(tables: &Coupling) -> TokenStream {
    let low = tables.triples().into_iter().filter(|l| l.iter().all(|&l| l <= PRODUCT_LMAX));
    let triples: Vec<Triple> = low.map(|degrees| Triple::new(tables, degrees)).collect();
    let definitions = triples.iter().map(definition);
    let names = triples.iter().map(name);
    let degrees = triples.iter().map(|triple| {
        let degrees = triple.degrees.map(tokens::index);
        quote!([#(#degrees),*])
    });
    quote! {
        #(#definitions)*
        /// Does some work with the straight-line code of a triple; gives it back where there is none.
        #[inline(always)]
        pub(super) fn with_unrolled<V: Unrolled, W: Work<V::Number>>(
            degrees: [usize; 3],
            ready: Ready<V, W>,
        ) -> Result<(), Ready<V, W>> {
            match degrees {
                #(#degrees => ready.enter(#names),)*
                _ => return Err(ready),
            }
            Ok(())
        }
    }
}

fn name(triple: &Triple) -> Ident {
    let [l1, l2, l3] = triple.degrees;
    format_ident!("C{l1}{l2}{l3}")
}

/// The type of a triple with its code.
fn definition(triple: &Triple) -> TokenStream {
    let [l1, l2, l3] = triple.degrees;
    let doc = format!(
        " C({l1},{l2}→{l3}): {} nonzeros, a matrix of {} entries that differ.",
        triple.entries.len(),
        triple.matrix.len()
    );
    let name = name(triple);
    let sizes = triple.sizes().map(tokens::index);
    let entries = tokens::index(triple.matrix.len());
    let methods = Map::ALL.map(|map| method(map, &triple.program(map)));
    quote! {
        #[doc = #doc]
        #[derive(Clone, Copy)]
        pub(super) struct #name;
        impl Triple for #name {
            fn sizes(&self) -> [usize; 3] {
                [#(#sizes),*]
            }
            fn entries(&self) -> usize {
                #entries
            }
            #(#methods)*
        }
    }
}

/// A method with its formula and its operations.
fn method(map: Map, program: &Program) -> TokenStream {
    let doc = format!(" `{}`: {}.", map.formula(), program.count());
    let code = match map {
        Map::Matrix => matrix(program),
        Map::Forward => forward(program),
        Map::Backward => backward(program),
        Map::Outer => outer(program),
        Map::Contract => contract(program),
        Map::Couple => couple(program),
        Map::CoupleBack => couple_back(program),
    };
    quote! {
        #[doc = #doc]
        #[inline(always)]
        #code
    }
}

fn matrix(program: &Program) -> TokenStream {
    let reading = Reading::new(program);
    let (patterns, statements) = (scalar::patterns(&reading), scalar::statements(&reading));
    let values = scalar::array(&reading, 0);
    quote! {
        fn matrix<T: Number>(&self, scale: T, y: &[T], m: &mut [T]) {
            let y = *sized(y);
            #patterns
            #statements
            *sized_mut(m) = #values;
        }
    }
}

fn forward(program: &Program) -> TokenStream {
    let body = Body::wide(program).steps(Order::Outputs);
    let lines = body.lines;
    let [m, x, z] = ["m", "x", "z"].map(|name| body.lengths[name].clone());
    quote! {
        fn forward<V: Lanes, const B: usize>(
            &self,
            proof: V::Proof,
            m: &[V::Number],
            w: [V; B],
            x: [&[BlockOf<V>]; B],
            z: [&mut [BlockOf<V>]; B],
        ) {
            let m: &[V::Number; #m] = sized(m);
            let w = Wide(w);
            let x: [&[BlockOf<V>; #x]; B] = x.map(sized);
            let mut z: [&mut [BlockOf<V>; #z]; B] = z.map(sized_mut);
            #(#lines)*
        }
    }
}

fn backward(program: &Program) -> TokenStream {
    let mut body = Body::wide(program).steps(Order::Outputs);
    // The first output is the derivative by w; what follows is for dx alone.
    let gradient = body.lines.split_off(body.set_at.expect("dw is set"));
    let lines = body.lines;
    let [m, x, dz, dx] = ["m", "x", "dz", "dx"].map(|name| body.lengths[name].clone());
    quote! {
        fn backward<V: Lanes, const B: usize>(
            &self,
            proof: V::Proof,
            m: &[V::Number],
            w: [V; B],
            inputs: [[&[BlockOf<V>]; B]; 2],
            dx: Option<[&mut [BlockOf<V>]; B]>,
        ) -> [V; B] {
            let [x, dz] = inputs;
            let m: &[V::Number; #m] = sized(m);
            let x: [&[BlockOf<V>; #x]; B] = x.map(sized);
            let dz: [&[BlockOf<V>; #dz]; B] = dz.map(sized);
            #(#lines)*
            if let Some(dx) = dx {
                let w = Wide(w);
                let mut dx: [&mut [BlockOf<V>; #dx]; B] = dx.map(sized_mut);
                #(#gradient)*
            }
            dw.0
        }
    }
}

fn outer(program: &Program) -> TokenStream {
    let body = Body::wide(program).steps(Order::Outputs);
    let lines = body.lines;
    let [x, dz, dm] = ["x", "dz", "dm"].map(|name| body.lengths[name].clone());
    quote! {
        fn outer<V: Lanes, const B: usize>(
            &self,
            proof: V::Proof,
            w: [V; B],
            inputs: [[&[BlockOf<V>]; B]; 2],
            dm: &mut [BlockOf<V>],
        ) {
            let [x, dz] = inputs;
            let w = Wide(w);
            let x: [&[BlockOf<V>; #x]; B] = x.map(sized);
            let dz: [&[BlockOf<V>; #dz]; B] = dz.map(sized);
            let dm: &mut [BlockOf<V>; #dm] = sized_mut(dm);
            #(#lines)*
        }
    }
}

fn contract(program: &Program) -> TokenStream {
    let body = Body::single(program, &["dm"]).steps(Order::Outputs);
    let lines = body.lines;
    let [dm, dy] = ["dm", "dy"].map(|name| body.lengths[name].clone());
    quote! {
        fn contract<V: Lanes>(
            &self,
            proof: V::Proof,
            scale: V,
            dm: &[BlockOf<V>],
            dy: &mut [BlockOf<V>],
        ) {
            let dm: &[BlockOf<V>; #dm] = sized(dm);
            let dy: &mut [BlockOf<V>; #dy] = sized_mut(dy);
            #(#lines)*
        }
    }
}

fn couple(program: &Program) -> TokenStream {
    let body = Body::single(program, &[]).steps(Order::Outputs);
    let lines = body.lines;
    let [x, y, z] = ["x", "y", "z"].map(|name| body.lengths[name].clone());
    quote! {
        fn couple<V: Lanes>(
            &self,
            proof: V::Proof,
            scale: V,
            x: &[BlockOf<V>],
            y: &[BlockOf<V>],
            z: &mut [BlockOf<V>],
        ) {
            let x: &[BlockOf<V>; #x] = sized(x);
            let y: &[BlockOf<V>; #y] = sized(y);
            let z: &mut [BlockOf<V>; #z] = sized_mut(z);
            #(#lines)*
        }
    }
}

fn couple_back(program: &Program) -> TokenStream {
    let body = Body::single(program, &[]).steps(Order::Operations);
    let lines = body.lines;
    let [x, y, dz, dx, dy] = ["x", "y", "dz", "dx", "dy"].map(|name| body.lengths[name].clone());
    quote! {
        fn couple_back<V: Lanes>(
            &self,
            proof: V::Proof,
            scale: V,
            inputs: [&[BlockOf<V>]; 3],
            dx: &mut [BlockOf<V>],
            dy: &mut [BlockOf<V>],
        ) {
            let [x, y, dz] = inputs;
            let x: &[BlockOf<V>; #x] = sized(x);
            let y: &[BlockOf<V>; #y] = sized(y);
            let dz: &[BlockOf<V>; #dz] = sized(dz);
            let dx: &mut [BlockOf<V>; #dx] = sized_mut(dx);
            let dy: &mut [BlockOf<V>; #dy] = sized_mut(dy);
            #(#lines)*
        }
    }
}

/// The statements of a map.
struct Body<'a> {
    program: &'a Program,
    writer: Writer,
    /// Whether a value is B blocks of lanes.
    is_wide: bool,
    /// The lengths of arrays.
    lengths: HashMap<&'static str, TokenStream>,
    lines: Vec<TokenStream>,
    /// The number of lines after the first output that is set.
    set_at: Option<usize>,
    /// The terms that were added to each element.
    added: HashMap<Element, usize>,
}

impl<'a> Body<'a> {
    /// With B blocks of lanes at once.
    fn wide(program: &'a Program) -> Self {
        let mut body = Body::new(program, quote!(Wide<V, B>), true);
        for input in program.inputs.iter().filter(|input| input.sharing == Sharing::Shared) {
            let name = format_ident!("{}", input.name);
            for (index, element) in input.elements.iter().enumerate() {
                let index = tokens::index(index);
                body.writer.read_anew(element, quote!(Wide::splat(proof, #name[#index])));
            }
        }
        body
    }

    /// With one block of lanes; the elements of some arrays are read anew where they are used.
    fn single(program: &'a Program, anew: &[&str]) -> Self {
        let mut body = Body::new(program, quote!(V), false);
        for input in program.inputs.iter().filter(|input| anew.contains(&input.name)) {
            let name = format_ident!("{}", input.name);
            for (index, element) in input.elements.iter().enumerate() {
                let index = tokens::index(index);
                body.writer.read_anew(element, quote!(V::load(proof, &#name[#index])));
            }
        }
        body
    }

    fn new(program: &'a Program, kind: TokenStream, is_wide: bool) -> Self {
        let inputs = program.inputs.iter().map(|input| (input.name, input.elements.len()));
        let outputs = program.outputs.iter().map(|output| (output.name, output.values.len()));
        let length = |(name, length): (&'static str, usize)| {
            let length = tokens::index(length);
            (name, quote!(#length))
        };
        Body {
            program,
            writer: Writer::new(kind),
            is_wide,
            lengths: inputs.chain(outputs).map(length).collect(),
            lines: Vec::new(),
            set_at: None,
            added: HashMap::new(),
        }
    }

    fn steps(mut self, order: Order) -> Self {
        let reading = Reading::of_operations(self.program);
        for step in reading.steps(order) {
            match step {
                Step::Read(element) => self.read(&reading, element),
                Step::Let(statement) => self.lines.push(self.writer.statement(&statement)),
                Step::Set(element, value) => {
                    let value = self.writer.expression(&value);
                    self.set(&reading, element, value);
                }
                Step::Add(element, term) => self.add(&reading, element, &term),
            }
        }
        self
    }

    /// Loads an element of an array that each lane has; numbers are there already.
    fn read(&mut self, reading: &Reading, element: Element) {
        let input = &reading.inputs()[element.array];
        let name = &input.elements[element.index];
        if input.shape.is_empty() || self.writer.is_read_anew(name) {
            return;
        }
        let (name, array) = (format_ident!("{name}"), format_ident!("{}", input.name));
        let index = tokens::index(element.index);
        self.lines.push(match self.is_wide {
            true => quote!(let #name = Wide::load(proof, &#array, #index);),
            false => quote!(let #name = V::load(proof, &#array[#index]);),
        });
    }

    fn set(&mut self, reading: &Reading, element: Element, value: TokenStream) {
        let output = &reading.outputs()[element.array];
        let (array, index) = (format_ident!("{}", output.name), tokens::index(element.index));
        self.lines.push(match output.shape.is_empty() {
            true => quote!(let #array = #value;),
            false => quote!(#value.store(&mut #array[#index]);),
        });
        self.set_at.get_or_insert(self.lines.len());
    }

    /// Adds a term; loads the sum before the first and stores it after the last.
    fn add(&mut self, reading: &Reading, element: Element, term: &Term) {
        let output = &reading.outputs()[element.array];
        let sum = format_ident!("{}{}", output.name, element.index);
        let (array, index) = (format_ident!("{}", output.name), tokens::index(element.index));
        // The sum over lanes is one block, whatever the width of its terms.
        let is_common = output.sharing == Sharing::Shared;
        let is_wide = self.is_wide && !is_common;
        let added = self.added.entry(element).or_default();
        *added += 1;
        if *added == 1 {
            self.lines.push(match is_wide {
                true => quote!(let #sum = Wide::load_mut(proof, &#array, #index);),
                false => quote!(let #sum = V::load(proof, &#array[#index]);),
            });
        }
        let value = match self.is_wide && is_common {
            true => self.writer.gathered(term, quote!(#sum)),
            false => self.writer.added(term, quote!(#sum)),
        };
        self.lines.push(quote!(let #sum = #value;));
        if *added == reading.terms(element).len() {
            self.lines.push(match is_wide {
                true => quote!(#sum.store(&mut #array, #index);),
                false => quote!(#sum.store(&mut #array[#index]);),
            });
        }
    }
}
