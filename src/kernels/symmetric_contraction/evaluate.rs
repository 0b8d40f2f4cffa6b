//! Evaluation over lanes of channels, for the nodes of one species after those of another.
//!
//! # The algorithm
//! The output of a channel is a polynomial in its components whose coefficients are sums of weights
//! of the species: `c[term] = Σ factor · w[path]` over the paths that have the term ([`fold`]). So
//! nodes are sorted by species, and for each species and block of channels coefficients are folded
//! once and shared by all its nodes.
//!
//! Nodes then go through the [`Scheme`] a [`TILE`] at a time: their components are loaded as values
//! `[value][node]`, the products that several monomials share are formed as further values, and every
//! polynomial is `Σ outer · (Σ c · inner)` over its groups. A coefficient that is loaded is multiplied
//! with a value of each node of the tile, which hides what loading it takes. Nodes that a tile lacks
//! are zeros, and are not written.
//!
//! Backward goes the same way in reverse: from dz the gradient of the outer value takes the inner sum,
//! which is formed again, and with `dz · outer` those of the inner values and of the coefficients follow
//! term by term. Products pass theirs on to their two factors last, since they are values that other
//! terms had to fill first. Gradients of coefficients are summed over all nodes of the species, and
//! are brought to weights by the transpose of the fold at its end ([`unfold`]).
//!
//! All of this is written once for a [`Ring`]: over values it is the contraction and its gradient, over
//! dual numbers it gives the derivatives of both along a direction, as the last part of each number.

use std::marker::PhantomData;
use std::ops::Range;

use super::arguments::ContractionGradients;
use super::ring::{Derivatives, Kind, Ring, Values};
use super::scheme::Scheme;
use super::transfer::{Layout, Part, TILE, Window};
use crate::Scalar;
use crate::simd::{BlockMemory, BlockOf, Blocks, Compiled, Job, Lanes, Number, Path, Start};

/// The nodes, those of one species after those of another.
pub(super) struct Nodes {
    order: Vec<usize>,
    /// The part of each species.
    ranges: Vec<Range<usize>>,
}

impl Nodes {
    /// The nodes of species below `count`.
    pub fn new(species: &[usize], count: usize) -> Self {
        let mut order: Vec<usize> = (0..species.len()).collect();
        order.sort_by_key(|&node| species[node]);
        let mut end = 0;
        let range = |own: usize| {
            let start = end;
            end += order[start..].partition_point(|&node| species[node] == own);
            start..end
        };
        let ranges = (0..count).map(range).collect();
        Nodes { order, ranges }
    }
}

/// What is computed. Inputs are values and, for dual numbers, their derivatives; `None` is zero.
/// The last part of results, the derivative of dual numbers, is added to what is there.
pub(super) struct Contraction<'a, T, K> {
    pub(super) scheme: &'a Scheme,
    pub(super) layouts: [&'a Layout; 2],
    pub(super) channels: usize,
    pub(super) paths: usize,
    pub(super) nodes: &'a Nodes,
    pub(super) input: [Option<&'a [T]>; 2],
    pub(super) weights: [Option<&'a [T]>; 2],
    /// Asks for the gradients; a constant.
    pub(super) output_gradient: Option<&'a [T]>,
    pub(super) output: Option<&'a mut [T]>,
    pub(super) gradients: ContractionGradients<'a, T>,
    /// The species that the gradient of weights is of, in ascending order; all if there are none.
    pub(super) gradient_species: Option<&'a [usize]>,
    pub(super) kind: PhantomData<K>,
}

/// The arrays of a call. Every number has the parts of its ring.
struct Memory<'a, B> {
    /// `[path]`.
    weights: &'a mut [B],
    /// `[term]`.
    coefficients: &'a mut [B],
    coefficient_gradients: &'a mut [B],
    /// `[value][node of the tile]`.
    values: &'a mut [B],
    value_gradients: &'a mut [B],
    /// `[component][node of the tile]`: outputs, or their gradients.
    outputs: &'a mut [B],
    stage: &'a mut [B],
}

/// [`Contraction`], compiled for both number types.
pub(super) struct ContractionKernel;

impl Compiled for ContractionKernel {
    type Task<'a, T: Number> = Contraction<'a, T, Values>;

    fn f32(path: Path, task: Contraction<'_, f32, Values>) {
        f32::run(path, task);
    }

    fn f64(path: Path, task: Contraction<'_, f64, Values>) {
        f64::run(path, task);
    }
}

/// [`Contraction`], compiled for both number types.
pub(super) struct ContractionTwiceKernel;

impl Compiled for ContractionTwiceKernel {
    type Task<'a, T: Number> = Contraction<'a, T, Derivatives>;

    fn f32(path: Path, task: Contraction<'_, f32, Derivatives>) {
        f32::run(path, task);
    }

    fn f64(path: Path, task: Contraction<'_, f64, Derivatives>) {
        f64::run(path, task);
    }
}

impl<T: Number, K: Kind> Job<T> for Contraction<'_, T, K> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(mut self, proof: V::Proof) {
        let scheme = self.scheme;
        let parts = K::Of::<V>::PARTS;
        let terms = scheme.inner.len() * parts;
        let values = scheme.values() * TILE * parts;
        let backward = usize::from(self.output_gradient.is_some());
        let [input, output] = self.layouts;
        let sizes = [
            self.paths * parts,
            terms,
            backward * terms,
            values,
            backward * values,
            output.components() * TILE * parts,
            input.stage().max(output.stage()),
        ];
        // One piece of memory for the call, cut into the arrays that all species and tiles reuse.
        let mut scratch = BlockMemory::<T>::new(sizes.iter().sum());
        let mut rest = &mut *scratch;
        let parts = sizes.map(|size| {
            let (first, others) = std::mem::take(&mut rest).split_at_mut(size);
            rest = others;
            first
        });
        let [weights, coefficients, coefficient_gradients, values, value_gradients, outputs, stage] =
            parts;
        let mut memory = Memory {
            weights,
            coefficients,
            coefficient_gradients,
            values,
            value_gradients,
            outputs,
            stage,
        };
        let nodes = self.nodes;
        for (species, range) in
            nodes.ranges.iter().enumerate().filter(|(_, nodes)| !nodes.is_empty())
        {
            for first in (0..self.channels).step_by(T::WIDTH) {
                let window = Window {
                    nodes: &nodes.order[range.clone()],
                    first_channel: first,
                    channels: T::WIDTH.min(self.channels - first),
                    parts: K::Of::<V>::PARTS,
                };
                self.species::<V>(proof, species, &window, &mut memory);
            }
        }
    }
}

impl<T: Number, K: Kind> Contraction<'_, T, K> {
    /// A block of channels of all nodes of a species.
    #[inline(always)]
    fn species<V: Lanes<Number = T>>(
        &mut self,
        proof: V::Proof,
        species: usize,
        window: &Window,
        memory: &mut Memory<'_, T::Block>,
    ) {
        let [input, output] = self.layouts;
        let scheme = self.scheme;
        self.load_weights(species, window, memory.weights);
        fold::<V>(proof, scheme, window.parts, memory.weights, memory.coefficients);
        memory.coefficient_gradients.fill(T::ZERO);
        for nodes in window.nodes.chunks(TILE) {
            let window = Window { nodes, ..*window };
            for (index, features) in self.input.into_iter().enumerate().take(window.parts) {
                let part = Part { features, index };
                input.load::<V>(proof, part, &window, memory.values, memory.stage);
            }
            products::<V, K::Of<V>>(proof, scheme, memory.values);
            if let Some(out) = self.output.as_deref_mut() {
                forward::<V, K::Of<V>>(proof, scheme, memory);
                output.add::<V>(proof, memory.outputs, &window, out, memory.stage);
            }
            if self.output_gradient.is_some() {
                // It is a constant: its derivative is zero.
                let parts = [self.output_gradient, None].into_iter().enumerate();
                for (index, features) in parts.take(window.parts) {
                    let part = Part { features, index };
                    output.load::<V>(proof, part, &window, memory.outputs, memory.stage);
                }
                memory.value_gradients.fill(T::ZERO);
                backward::<V, K::Of<V>>(proof, scheme, memory);
            }
            if let Some(gradient) = self.gradients.input.as_deref_mut() {
                input.add::<V>(proof, memory.value_gradients, &window, gradient, memory.stage);
            }
        }
        if self.gradients.weights.is_some() {
            unfold::<V>(proof, scheme, window.parts, memory);
            self.add_weight_gradient(species, window, memory.weights);
        }
    }

    /// The place of the weights of a path.
    fn place(&self, species: usize, path: usize, window: &Window) -> Range<usize> {
        let first = (species * self.paths + path) * self.channels + window.first_channel;
        first..first + window.channels
    }

    /// The place of a species in the gradient of weights.
    fn gradient_place(&self, species: usize) -> usize {
        let Some(own) = self.gradient_species else { return species };
        own.partition_point(|&other| other < species)
    }

    fn load_weights(&self, species: usize, window: &Window, to: &mut [T::Block]) {
        for (path, blocks) in to.chunks_exact_mut(window.parts).enumerate() {
            for (block, weights) in blocks.iter_mut().zip(self.weights) {
                *block = T::ZERO;
                if let Some(weights) = weights {
                    let weights = &weights[self.place(species, path, window)];
                    block.as_mut()[..weights.len()].copy_from_slice(weights);
                }
            }
        }
    }

    fn add_weight_gradient(&mut self, species: usize, window: &Window, from: &[T::Block]) {
        for (path, blocks) in from.chunks_exact(window.parts).enumerate() {
            let place = self.place(self.gradient_place(species), path, window);
            let added = blocks[window.parts - 1];
            if let Some(gradient) = self.gradients.weights.as_deref_mut() {
                let sums = gradient[place].iter_mut().zip(added.as_ref());
                sums.for_each(|(sum, &added)| *sum = *sum + added);
            }
        }
    }
}

/// A constant in every lane.
#[inline(always)]
fn constant<V: Lanes>(proof: V::Proof, value: f64) -> V {
    V::splat(proof, V::Number::constant(value, value as f32))
}

/// The coefficients of a species from its weights.
#[inline(always)]
fn fold<V: Lanes>(
    proof: V::Proof,
    scheme: &Scheme,
    parts: usize,
    weights: &[BlockOf<V>],
    coefficients: &mut [BlockOf<V>],
) {
    for (coefficient, bounds) in coefficients.chunks_exact_mut(parts).zip(scheme.starts.windows(2))
    {
        for (part, block) in coefficient.iter_mut().enumerate() {
            let mut sum = constant::<V>(proof, 0.0);
            for &(path, factor) in &scheme.addends[bounds[0]..bounds[1]] {
                let weight = V::load(proof, &weights[path as usize * parts + part]);
                sum = weight.mul_add(constant(proof, factor), sum);
            }
            sum.store(block);
        }
    }
}

/// The last part of the gradients of weights from those of coefficients; the transpose of [`fold`].
#[inline(always)]
fn unfold<V: Lanes>(
    proof: V::Proof,
    scheme: &Scheme,
    parts: usize,
    memory: &mut Memory<'_, BlockOf<V>>,
) {
    memory.weights.fill(V::Number::ZERO);
    let gradients = memory.coefficient_gradients.chunks_exact(parts);
    for (gradient, bounds) in gradients.zip(scheme.starts.windows(2)) {
        let gradient = V::load(proof, &gradient[parts - 1]);
        for &(path, factor) in &scheme.addends[bounds[0]..bounds[1]] {
            let sum = &mut memory.weights[path as usize * parts + parts - 1];
            gradient.mul_add(constant(proof, factor), V::load(proof, sum)).store(sum);
        }
    }
}

/// A number of each node of a tile.
#[inline(always)]
fn load_tile<V: Lanes, R: Ring<V>>(
    proof: V::Proof,
    blocks: &[BlockOf<V>],
    index: usize,
) -> [R; TILE] {
    let blocks = &blocks[index * TILE * R::PARTS..][..TILE * R::PARTS];
    let mut numbers = [R::zero(proof); TILE];
    for (node, number) in numbers.iter_mut().enumerate() {
        *number = R::load(proof, &blocks[node * R::PARTS..]);
    }
    numbers
}

#[inline(always)]
fn store_tile<V: Lanes, R: Ring<V>>(numbers: [R; TILE], blocks: &mut [BlockOf<V>], index: usize) {
    let blocks = &mut blocks[index * TILE * R::PARTS..][..TILE * R::PARTS];
    for (node, number) in numbers.into_iter().enumerate() {
        number.store(&mut blocks[node * R::PARTS..]);
    }
}

/// The products that the terms need.
#[inline(always)]
fn products<V: Lanes, R: Ring<V>>(proof: V::Proof, scheme: &Scheme, values: &mut [BlockOf<V>]) {
    for (index, &[a, b]) in scheme.products.iter().enumerate() {
        let a: [R; TILE] = load_tile(proof, values, a as usize);
        let b: [R; TILE] = load_tile(proof, values, b as usize);
        let mut product = a;
        for node in 0..TILE {
            product[node] = a[node].mul(b[node]);
        }
        store_tile(product, values, scheme.variables + index);
    }
}

/// Every polynomial.
#[inline(always)]
fn forward<V: Lanes, R: Ring<V>>(
    proof: V::Proof,
    scheme: &Scheme,
    memory: &mut Memory<'_, BlockOf<V>>,
) {
    let (values, coefficients) = (&*memory.values, &*memory.coefficients);
    for (row, groups) in scheme.rows.iter().enumerate() {
        let mut sum = [R::zero(proof); TILE];
        for group in &scheme.groups[groups.clone()] {
            let inner: [R; TILE] =
                inner_sum(proof, scheme, group.terms.clone(), values, coefficients);
            match group.outer {
                None => {
                    for node in 0..TILE {
                        sum[node] = inner[node].add(sum[node]);
                    }
                }
                Some(outer) => {
                    let outer: [R; TILE] = load_tile(proof, values, outer as usize);
                    for node in 0..TILE {
                        sum[node] = outer[node].mul_add(inner[node], sum[node]);
                    }
                }
            }
        }
        store_tile(sum, memory.outputs, row);
    }
}

/// Σ coefficient · inner over the terms of a group.
#[inline(always)]
fn inner_sum<V: Lanes, R: Ring<V>>(
    proof: V::Proof,
    scheme: &Scheme,
    terms: Range<usize>,
    values: &[BlockOf<V>],
    coefficients: &[BlockOf<V>],
) -> [R; TILE] {
    let coefficients = &coefficients[terms.start * R::PARTS..terms.end * R::PARTS];
    let mut sum = [R::zero(proof); TILE];
    for (&value, coefficient) in scheme.inner[terms].iter().zip(coefficients.chunks_exact(R::PARTS))
    {
        let coefficient = R::load(proof, coefficient);
        let value: [R; TILE] = load_tile(proof, values, value as usize);
        for node in 0..TILE {
            sum[node] = coefficient.mul_add(value[node], sum[node]);
        }
    }
    sum
}

/// The gradients of values and coefficients, given those of the polynomials.
#[inline(always)]
fn backward<V: Lanes, R: Ring<V>>(
    proof: V::Proof,
    scheme: &Scheme,
    memory: &mut Memory<'_, BlockOf<V>>,
) {
    let (values, coefficients) = (&*memory.values, &*memory.coefficients);
    let gradients = &mut *memory.value_gradients;
    for (row, groups) in scheme.rows.iter().enumerate() {
        let out_gradient: [R; TILE] = load_tile(proof, memory.outputs, row);
        for group in &scheme.groups[groups.clone()] {
            let terms = group.terms.clone();
            let mut factor = out_gradient;
            if let Some(outer) = group.outer {
                let outer = outer as usize;
                let inner: [R; TILE] =
                    inner_sum(proof, scheme, terms.clone(), values, coefficients);
                let mut gradient: [R; TILE] = load_tile(proof, gradients, outer);
                let value: [R; TILE] = load_tile(proof, values, outer);
                for node in 0..TILE {
                    gradient[node] = out_gradient[node].mul_add(inner[node], gradient[node]);
                    factor[node] = out_gradient[node].mul(value[node]);
                }
                store_tile(gradient, gradients, outer);
            }
            let part = terms.start * R::PARTS..terms.end * R::PARTS;
            let sums = memory.coefficient_gradients[part.clone()].chunks_exact_mut(R::PARTS);
            let coefficients = coefficients[part].chunks_exact(R::PARTS);
            for ((&inner, coefficient), sum) in
                scheme.inner[terms].iter().zip(coefficients).zip(sums)
            {
                let inner = inner as usize;
                let coefficient = R::load(proof, coefficient);
                let value: [R; TILE] = load_tile(proof, values, inner);
                let mut gradient: [R; TILE] = load_tile(proof, gradients, inner);
                let mut total = R::load(proof, sum);
                for node in 0..TILE {
                    gradient[node] = factor[node].mul_add(coefficient, gradient[node]);
                    total = factor[node].mul_add(value[node], total);
                }
                store_tile(gradient, gradients, inner);
                total.store(sum);
            }
        }
    }
    for (index, &[a, b]) in scheme.products.iter().enumerate() {
        let product: [R; TILE] = load_tile(proof, gradients, scheme.variables + index);
        // One after the other: the two factors of a square are the same.
        for (factor, other) in [(a as usize, b as usize), (b as usize, a as usize)] {
            let other: [R; TILE] = load_tile(proof, values, other);
            let mut sum: [R; TILE] = load_tile(proof, gradients, factor);
            for node in 0..TILE {
                sum[node] = product[node].mul_add(other[node], sum[node]);
            }
            store_tile(sum, gradients, factor);
        }
    }
}
