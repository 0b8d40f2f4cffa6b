//! The file of the tensor products: for every triple of low degrees straight-line code over lanes,
//! with the coupling tensor in its constants.
//!
//! With `M[m1, m3] = scale · Σ C[m1, m2, m3] y[m2]`, of which only the entries that C allows are
//! kept, one after the other by (m1, m3).

use std::collections::BTreeMap;

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

use crate::emit::rounding;
use crate::tables::{Coupling, Surd};

/// The highest degree of straight-line products: beyond it loops over tables take over, since code
/// grows with the fourth power of the degree and gains less.
const UNROLLED_LMAX: usize = 3;

/// The text of `products.rs`.
pub fn module(tables: &Coupling) -> TokenStream {
    let low = tables.triples().into_iter().filter(|l| l.iter().all(|&l| l <= UNROLLED_LMAX));
    let triples: Vec<Terms> = low.map(|degrees| Terms::new(tables, degrees)).collect();
    let definitions = triples.iter().map(Terms::definition);
    let names: Vec<Ident> = triples.iter().map(Terms::name).collect();
    let degrees = triples.iter().map(|triple| {
        let [l1, l2, l3] = triple.degrees.map(Literal::usize_unsuffixed);
        quote!([#l1, #l2, #l3])
    });
    quote! {
        #(#definitions)*
        /// Does a task with the straight-line code of a triple; gives it back where there is none.
        #[inline(always)]
        pub(super) fn with_unrolled<V: Lanes, W: Work<V::Number>>(
            degrees: [usize; 3],
            task: Task<V, W>,
        ) -> Result<(), Task<V, W>> {
            match degrees {
                #(#degrees => task.run(#names),)*
                _ => return Err(task),
            }
            Ok(())
        }
    }
}

/// The nonzero entries of one coupling tensor, by index m + l.
struct Terms {
    degrees: [usize; 3],
    entries: Vec<([usize; 3], Surd)>,
    /// The place of each (m1, m3) in the matrix.
    pairs: BTreeMap<(usize, usize), usize>,
}

impl Terms {
    fn new(tables: &Coupling, degrees: [usize; 3]) -> Terms {
        let place = |m: i32, l: usize| (m + l as i32) as usize;
        let entries = tables.tensor(degrees).into_iter().map(|entry| {
            ([0, 1, 2].map(|side| place(entry.m[side], degrees[side])), entry.value.clone())
        });
        let entries: Vec<([usize; 3], Surd)> = entries.collect();
        let mut pairs: BTreeMap<(usize, usize), usize> =
            entries.iter().map(|(m, _)| ((m[0], m[2]), 0)).collect();
        for (index, place) in pairs.values_mut().enumerate() {
            *place = index;
        }
        Terms { degrees, entries, pairs }
    }

    fn name(&self) -> Ident {
        let [l1, l2, l3] = self.degrees;
        format_ident!("C{l1}{l2}{l3}")
    }

    fn sizes(&self) -> [usize; 3] {
        self.degrees.map(|l| 2 * l + 1)
    }

    /// The type of the triple with its code.
    fn definition(&self) -> TokenStream {
        let [l1, l2, l3] = self.degrees;
        let doc = format!(
            " C({l1},{l2}→{l3}): {} nonzeros, a matrix of {} entries.",
            self.entries.len(),
            self.pairs.len()
        );
        let name = self.name();
        let sizes = self.sizes().map(Literal::usize_unsuffixed);
        let entries = Literal::usize_unsuffixed(self.pairs.len());
        let bodies = [
            self.matrix(),
            self.forward(),
            self.backward(),
            self.outer(),
            self.contract(),
            self.couple(),
            self.couple_back(),
        ];
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
                #(#bodies)*
            }
        }
    }

    /// The entries with a given (m1, m3).
    fn of_pair(&self, m1: usize, m3: usize) -> impl Iterator<Item = (usize, &Surd)> {
        let found = self.entries.iter().filter(move |(m, _)| m[0] == m1 && m[2] == m3);
        found.map(|(m, value)| (m[1], value))
    }

    fn matrix(&self) -> TokenStream {
        let [_, n2, _] = self.sizes();
        let scaled = (0..n2).map(|m2| {
            let (name, index) = (format_ident!("y{m2}"), Literal::usize_unsuffixed(m2));
            quote!(let #name = scale * y[#index];)
        });
        let rows = self.pairs.iter().map(|(&(m1, m3), &place)| {
            let place = Literal::usize_unsuffixed(place);
            let terms = self.of_pair(m1, m3).map(|(m2, value)| {
                let (y, value) = (format_ident!("y{m2}"), scalar(value));
                quote!(#value * #y)
            });
            quote!(m[#place] = #(#terms)+*;)
        });
        let (n2, count) =
            (Literal::usize_unsuffixed(n2), Literal::usize_unsuffixed(self.pairs.len()));
        quote! {
            #[inline(always)]
            fn matrix<T: Number>(&self, scale: T, y: &[T], m: &mut [T]) {
                let y: &[T; #n2] = sized(y);
                let m: &mut [T; #count] = sized_mut(m);
                #(#scaled)*
                #(#rows)*
            }
        }
    }

    /// `z[m3] += w · Σ M[m1, m3] x[m1]`.
    fn forward(&self) -> TokenStream {
        let [n1, _, n3] = self.sizes();
        let loads = loads("x", n1);
        let sums = (0..n3).map(|m3| {
            let factors = self.pairs.iter().filter(|((_, other), _)| *other == m3);
            let sum = matrix_sum("x", factors.map(|(&(m1, _), &place)| (place, m1)));
            let index = Literal::usize_unsuffixed(m3);
            sum.map(|sum| quote!(add_scaled(proof, w, #sum, &mut z, #index);))
        });
        let sums = sums.flatten();
        let n3 = Literal::usize_unsuffixed(n3);
        quote! {
            #[inline(always)]
            fn forward<V: Lanes, const B: usize>(
                &self,
                proof: V::Proof,
                m: &[V::Number],
                w: [V; B],
                x: [&[BlockOf<V>]; B],
                z: [&mut [BlockOf<V>]; B],
            ) {
                let mut z: [&mut [BlockOf<V>; #n3]; B] = z.map(sized_mut);
                #loads
                #(#sums)*
            }
        }
    }

    /// `g[m1] = Σ M[m1, m3] dz[m3]`, `dx[m1] += w g[m1]`, and gives `Σ x[m1] g[m1]`.
    fn backward(&self) -> TokenStream {
        let [n1, _, n3] = self.sizes();
        let (xs, dzs) = (loads("x", n1), loads("dz", n3));
        let mut lines = Vec::new();
        let mut products = Vec::new();
        let mut stores = Vec::new();
        for m1 in 0..n1 {
            let factors = self.pairs.iter().filter(|((other, _), _)| *other == m1);
            let Some(sum) = matrix_sum("dz", factors.map(|(&(_, m3), &place)| (place, m3))) else {
                continue;
            };
            let (g, x) = (format_ident!("g{m1}"), format_ident!("x{m1}"));
            lines.push(quote!(let #g = #sum;));
            products.push(quote!(#x, #g));
            let index = Literal::usize_unsuffixed(m1);
            stores.push(quote!(add_scaled(proof, w, #g, &mut dx, #index);));
        }
        let dot = match products.split_first() {
            None => quote!([V::splat(proof, V::Number::default()); B]),
            Some((first, others)) => others
                .iter()
                .fold(quote!(product(#first)), |sum, pair| quote!(multiply_add(#pair, #sum))),
        };
        let n1 = Literal::usize_unsuffixed(n1);
        quote! {
            #[inline(always)]
            fn backward<V: Lanes, const B: usize>(
                &self,
                proof: V::Proof,
                m: &[V::Number],
                w: [V; B],
                x: [&[BlockOf<V>]; B],
                dz: [&[BlockOf<V>]; B],
                dx: Option<[&mut [BlockOf<V>]; B]>,
            ) -> [V; B] {
                #xs
                #dzs
                #(#lines)*
                if let Some(dx) = dx {
                    let mut dx: [&mut [BlockOf<V>; #n1]; B] = dx.map(sized_mut);
                    #(#stores)*
                }
                #dot
            }
        }
    }

    /// `dM[m1, m3] += w x[m1] dz[m3]`.
    fn outer(&self) -> TokenStream {
        let [n1, _, n3] = self.sizes();
        let (xs, dzs) = (loads("x", n1), loads("dz", n3));
        let scaled = (0..n1).map(|m1| {
            let x = format_ident!("x{m1}");
            quote!(let #x = product(w, #x);)
        });
        let sums = self.pairs.iter().map(|(&(m1, m3), &place)| {
            let (x, dz) = (format_ident!("x{m1}"), format_ident!("dz{m3}"));
            let place = Literal::usize_unsuffixed(place);
            quote!(add_product(proof, #x, #dz, &mut dm[#place]);)
        });
        let count = Literal::usize_unsuffixed(self.pairs.len());
        quote! {
            #[inline(always)]
            fn outer<V: Lanes, const B: usize>(
                &self,
                proof: V::Proof,
                w: [V; B],
                x: [&[BlockOf<V>]; B],
                dz: [&[BlockOf<V>]; B],
                dm: &mut [BlockOf<V>],
            ) {
                let dm: &mut [BlockOf<V>; #count] = sized_mut(dm);
                #xs
                #dzs
                #(#scaled)*
                #(#sums)*
            }
        }
    }

    /// `dy[m2] += scale · Σ C[m1, m2, m3] dM[m1, m3]`.
    fn contract(&self) -> TokenStream {
        let [_, n2, _] = self.sizes();
        let sums = (0..n2).filter_map(|m2| {
            let terms = self.entries.iter().filter(|(m, _)| m[1] == m2).map(|(m, value)| {
                let place = Literal::usize_unsuffixed(self.pairs[&(m[0], m[2])]);
                (constant(value), quote!(V::load(proof, &dm[#place])))
            });
            let sum = sum_of_products(terms)?;
            let index = Literal::usize_unsuffixed(m2);
            Some(quote!(add_to(proof, scale, #sum, &mut dy[#index]);))
        });
        let (n2, count) =
            (Literal::usize_unsuffixed(n2), Literal::usize_unsuffixed(self.pairs.len()));
        quote! {
            #[inline(always)]
            fn contract<V: Lanes>(
                &self,
                proof: V::Proof,
                scale: V,
                dm: &[BlockOf<V>],
                dy: &mut [BlockOf<V>],
            ) {
                let dm: &[BlockOf<V>; #count] = sized(dm);
                let dy: &mut [BlockOf<V>; #n2] = sized_mut(dy);
                #(#sums)*
            }
        }
    }

    /// `z[m3] = scale · Σ C[m1, m2, m3] x[m1] y[m2]`.
    fn couple(&self) -> TokenStream {
        let [n1, n2, n3] = self.sizes();
        let (xs, ys) = (single_loads("x", n1), single_loads("y", n2));
        let mut lines = Vec::new();
        let mut written = BTreeMap::new();
        for m3 in 0..n3 {
            let entries: Vec<_> = self.entries.iter().filter(|(m, _)| m[2] == m3).collect();
            for (m, _) in &entries {
                let pair = (m[0], m[1]);
                written.entry(pair).or_insert_with(|| {
                    let [p, x, y] = product_names(pair);
                    lines.push(quote!(let #p = #x.mul(#y);));
                });
            }
            let terms = entries.iter().map(|(m, value)| {
                let [p, ..] = product_names((m[0], m[1]));
                (constant(value), quote!(#p))
            });
            let index = Literal::usize_unsuffixed(m3);
            let sum = sum_of_products(terms).expect("every component has a term");
            lines.push(quote!(scale.mul(#sum).store(&mut z[#index]);));
        }
        let n3 = Literal::usize_unsuffixed(n3);
        quote! {
            #[inline(always)]
            fn couple<V: Lanes>(
                &self,
                proof: V::Proof,
                scale: V,
                x: &[BlockOf<V>],
                y: &[BlockOf<V>],
                z: &mut [BlockOf<V>],
            ) {
                let z: &mut [BlockOf<V>; #n3] = sized_mut(z);
                #xs
                #ys
                #(#lines)*
            }
        }
    }

    /// Adds the derivatives of `couple` to `dx` and `dy`.
    fn couple_back(&self) -> TokenStream {
        let [n1, n2, n3] = self.sizes();
        let (xs, ys) = (single_loads("x", n1), single_loads("y", n2));
        let dzs = (0..n3).map(|m3| {
            let (name, index) = (format_ident!("dz{m3}"), Literal::usize_unsuffixed(m3));
            quote!(let #name = scale.mul(V::load(proof, &dz[#index]));)
        });
        let dys = single_loads_mut("dy", n2);
        let mut lines = Vec::new();
        for m1 in 0..n1 {
            let (x, dx) = (format_ident!("x{m1}"), format_ident!("dx{m1}"));
            let index = Literal::usize_unsuffixed(m1);
            lines.push(quote!(let mut #dx = V::load(proof, &dx[#index]);));
            for m2 in 0..n2 {
                let entries = self.entries.iter().filter(|(m, _)| m[0] == m1 && m[1] == m2);
                let terms = entries.map(|(m, value)| {
                    let dz = format_ident!("dz{}", m[2]);
                    (constant(value), quote!(#dz))
                });
                let Some(sum) = sum_of_products(terms) else { continue };
                let (y, dy) = (format_ident!("y{m2}"), format_ident!("dy{m2}"));
                lines.push(quote! {
                    let q = #sum;
                    #dx = q.mul_add(#y, #dx);
                    #dy = q.mul_add(#x, #dy);
                });
            }
            lines.push(quote!(#dx.store(&mut dx[#index]);));
        }
        let stores = (0..n2).map(|m2| {
            let (name, index) = (format_ident!("dy{m2}"), Literal::usize_unsuffixed(m2));
            quote!(#name.store(&mut dy[#index]);)
        });
        let sizes = [n1, n2, n3].map(Literal::usize_unsuffixed);
        let [n1, n2, n3] = sizes;
        quote! {
            #[inline(always)]
            fn couple_back<V: Lanes>(
                &self,
                proof: V::Proof,
                scale: V,
                [x, y, dz]: [&[BlockOf<V>]; 3],
                dx: &mut [BlockOf<V>],
                dy: &mut [BlockOf<V>],
            ) {
                let dz: &[BlockOf<V>; #n3] = sized(dz);
                let dx: &mut [BlockOf<V>; #n1] = sized_mut(dx);
                let dy: &mut [BlockOf<V>; #n2] = sized_mut(dy);
                #xs
                #ys
                #(#dzs)*
                #dys
                #(#lines)*
                #(#stores)*
            }
        }
    }
}

/// The names of x[m1] y[m2], x[m1] and y[m2].
fn product_names((m1, m2): (usize, usize)) -> [Ident; 3] {
    [format_ident!("p{m1}_{m2}"), format_ident!("x{m1}"), format_ident!("y{m2}")]
}

/// Loads of B blocks for each component of an array.
fn loads(array: &str, count: usize) -> TokenStream {
    let array_name = format_ident!("{array}");
    let size = Literal::usize_unsuffixed(count);
    let lines = (0..count).map(|m| {
        let (name, index) = (format_ident!("{array}{m}"), Literal::usize_unsuffixed(m));
        quote!(let #name: [V; B] = load(proof, &#array_name, #index);)
    });
    quote! {
        let #array_name: [&[BlockOf<V>; #size]; B] = #array_name.map(sized);
        #(#lines)*
    }
}

/// Loads of one block for each component of an array.
fn single_loads(array: &str, count: usize) -> TokenStream {
    let array_name = format_ident!("{array}");
    let size = Literal::usize_unsuffixed(count);
    let lines = (0..count).map(|m| {
        let (name, index) = (format_ident!("{array}{m}"), Literal::usize_unsuffixed(m));
        quote!(let #name = V::load(proof, &#array_name[#index]);)
    });
    quote! {
        let #array_name: &[BlockOf<V>; #size] = sized(#array_name);
        #(#lines)*
    }
}

/// The same for sums that go on.
fn single_loads_mut(array: &str, count: usize) -> TokenStream {
    let array_name = format_ident!("{array}");
    let lines = (0..count).map(|m| {
        let (name, index) = (format_ident!("{array}{m}"), Literal::usize_unsuffixed(m));
        quote!(let mut #name = V::load(proof, &#array_name[#index]);)
    });
    quote!(#(#lines)*)
}

/// `Σ M[place] array[m]` over pairs (place, m), if there are any.
fn matrix_sum(array: &str, terms: impl Iterator<Item = (usize, usize)>) -> Option<TokenStream> {
    let mut sum = None;
    for (place, m) in terms {
        let (name, place) = (format_ident!("{array}{m}"), Literal::usize_unsuffixed(place));
        let entry = quote!(V::splat(proof, m[#place]));
        sum = Some(match sum {
            None => quote!(times(#entry, #name)),
            Some(sum) => quote!(times_add(#entry, #name, #sum)),
        });
    }
    sum
}

/// Σ factor · value, if there are any.
fn sum_of_products(terms: impl Iterator<Item = (TokenStream, TokenStream)>) -> Option<TokenStream> {
    let mut sum = None;
    for (factor, value) in terms {
        sum = Some(match sum {
            None => quote!(#factor.mul(#value)),
            Some(sum) => quote!(#factor.mul_add(#value, #sum)),
        });
    }
    sum
}

/// A correctly rounded constant in every lane.
fn constant(value: &Surd) -> TokenStream {
    let (wide, narrow) = literals(value);
    quote!(constant::<V>(proof, #wide, #narrow))
}

/// A correctly rounded constant.
fn scalar(value: &Surd) -> TokenStream {
    let (wide, narrow) = literals(value);
    quote!(T::constant(#wide, #narrow))
}

fn literals(value: &Surd) -> (TokenStream, TokenStream) {
    let (wide, narrow) = (rounding::to_f64(value), rounding::to_f32(value));
    let wide_size = Literal::f64_unsuffixed(wide.abs());
    let narrow_size = Literal::f32_unsuffixed(narrow.abs());
    match wide < 0.0 {
        true => (quote!(-#wide_size), quote!(-#narrow_size)),
        false => (quote!(#wide_size), quote!(#narrow_size)),
    }
}
