//! The kernel with channels on the lanes: for products in which every channel of a block of the
//! first input is multiplied with the one channel of a block of the second, as in a convolution.
//!
//! Features are brought to channels on the lanes once for every row of the input, and back once for
//! every run of edges to one receiver; nothing is stored per edge. A block `mul x irrep` is
//! `[⌈mul/W⌉][m][W]` there.

use std::array;

use super::plan::Plan;
use super::rows::{Rows, row, row_mut};
use super::triple::{Triple, Work, number, with_triple};
use super::{Arguments, Gradients, TensorProduct};
use crate::coupling::COUPLING_LMAX;
use crate::simd::Blocks;
use crate::simd::{
    BlockMemory, Job, Lanes, Number, deinterleave, interleave, last_level_cache, stream,
};
use crate::{Irreps, Scalar};

/// The largest 2l + 1.
const MOST: usize = 2 * COUPLING_LMAX + 1;

/// The most entries of a matrix M.
const MOST_ENTRIES: usize = MOST * MOST;

/// A call to the kernel.
pub(super) struct OverChannels<'a, T> {
    pub product: &'a TensorProduct,
    pub arguments: Arguments<'a, T>,
}

impl<'a, T: Number> OverChannels<'a, T> {
    pub fn forward<'b>(self, output: &'b mut [T]) -> Forward<'a, 'b, T> {
        Forward { call: self, output }
    }

    pub fn backward<'b>(
        self,
        output_gradient: &'a [T],
        gradients: Gradients<'b, T>,
    ) -> Backward<'a, 'b, T> {
        Backward { call: self, output_gradient, gradients }
    }

    /// Where the row of weights of an item begins.
    fn weight_row(&self, item: usize) -> usize {
        match self.arguments.weights.len() == self.product.num_weights {
            true => 0,
            false => item * self.product.num_weights,
        }
    }
}

/// Rows of features with channels on the lanes.
struct Channels<T> {
    blocks: Vec<Block>,
    /// The blocks of lanes of a row.
    size: usize,
    /// The numbers of a row.
    columns: usize,
    memory: BlockMemory<T>,
}

/// One block of irreps.
#[derive(Clone, Copy)]
struct Block {
    mul: usize,
    /// 2l + 1.
    size: usize,
    /// Where it begins in a row.
    column: usize,
    /// Where it begins among the blocks of lanes.
    start: usize,
}

impl Block {
    /// The blocks of lanes.
    fn lanes<T: Number>(&self) -> usize {
        self.mul.div_ceil(T::WIDTH) * self.size
    }
}

impl<T: Number> Channels<T> {
    /// Memory for some rows, zeros at first.
    fn new(irreps: &Irreps, rows: usize) -> Self {
        let (mut blocks, mut column, mut start) = (Vec::new(), 0, 0);
        for block in irreps {
            let block = Block { mul: block.mul, size: block.irrep.dim(), column, start };
            column += block.mul * block.size;
            start += block.lanes::<T>();
            blocks.push(block);
        }
        Channels { blocks, size: start, columns: column, memory: BlockMemory::new(rows * start) }
    }

    /// The blocks of lanes of a block of a row.
    fn part(&self, row: usize, block: usize) -> &[T::Block] {
        let block = &self.blocks[block];
        &self.memory[row * self.size + block.start..][..block.lanes::<T>()]
    }

    fn part_mut(&mut self, row: usize, block: usize) -> &mut [T::Block] {
        let block = &self.blocks[block];
        &mut self.memory[row * self.size + block.start..][..block.lanes::<T>()]
    }

    /// Sets a row from one of an array.
    #[inline(always)]
    fn take<V: Lanes<Number = T>>(&mut self, proof: V::Proof, row: usize, from: &[T]) {
        let target = &mut self.memory[row * self.size..][..self.size];
        for block in &self.blocks {
            let numbers = &from[block.column..][..block.mul * block.size];
            let target = &mut target[block.start..][..block.lanes::<T>()];
            deinterleave::<V>(proof, block.size, numbers, target);
        }
    }

    /// Sets a row of an array.
    #[inline(always)]
    fn set<V: Lanes<Number = T>>(&self, proof: V::Proof, row: usize, to: &mut [T]) {
        let source = &self.memory[row * self.size..][..self.size];
        for block in &self.blocks {
            let numbers = &mut to[block.column..][..block.mul * block.size];
            let source = &source[block.start..][..block.lanes::<T>()];
            interleave::<V>(proof, block.size, source, numbers);
        }
    }

    /// Adds to a row of an array. `stage` is memory for a row.
    #[inline(always)]
    fn add<V: Lanes<Number = T>>(
        &self,
        proof: V::Proof,
        row: usize,
        to: &mut [T],
        stage: &mut [T],
    ) {
        self.set::<V>(proof, row, stage);
        for (sum, &term) in to.iter_mut().zip(stage.iter()) {
            *sum = *sum + term;
        }
    }

    fn clear(&mut self, row: usize) {
        self.memory[row * self.size..][..self.size].fill(T::ZERO);
    }
}

/// The first input: rows as items come, or all rows beforehand.
struct First<T> {
    channels: Channels<T>,
    is_whole: bool,
}

impl<T: Number> First<T> {
    #[inline(always)]
    fn new<V: Lanes<Number = T>>(proof: V::Proof, call: &OverChannels<T>) -> Self {
        let irreps = &call.product.first;
        let is_whole = matches!(call.arguments.rows, Rows::Edges { .. });
        let rows = call.arguments.first.len().checked_div(irreps.dim()).unwrap_or(0);
        let mut channels = Channels::new(irreps, if is_whole { rows } else { 1 });
        if is_whole && channels.columns > 0 {
            for (index, row) in call.arguments.first.chunks_exact(irreps.dim()).enumerate() {
                channels.take::<V>(proof, index, row);
            }
        }
        First { channels, is_whole }
    }

    /// The row of an item among the channels.
    #[inline(always)]
    fn at<V: Lanes<Number = T>>(
        &mut self,
        proof: V::Proof,
        call: &OverChannels<T>,
        item: usize,
    ) -> usize {
        let index = call.arguments.rows.first(item);
        if self.is_whole {
            return index;
        }
        let from = row(call.arguments.first, index, self.channels.columns);
        self.channels.take::<V>(proof, 0, from);
        0
    }
}

/// The value of many products.
pub(in crate::kernels) struct Forward<'a, 'b, T> {
    call: OverChannels<'a, T>,
    output: &'b mut [T],
}

impl<T: Number> Job<T> for Forward<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(self, proof: V::Proof) {
        let Forward { call, output } = self;
        let OverChannels { product, arguments } = &call;
        let second = product.second.dim();
        let mut x = First::new::<V>(proof, &call);
        let mut z = Channels::new(&product.output, 1);
        let mut stage = vec![T::default(); z.columns];
        let mut matrix = [T::default(); MOST_ENTRIES];
        let streamed = size_of_val(output) > last_level_cache() / 2;
        for item in 0..arguments.count {
            let x_row = x.at::<V>(proof, &call, item);
            let y = row(arguments.second, item, second);
            let weights = &arguments.weights[call.weight_row(item)..];
            for plan in product.plans_of(arguments) {
                let transform: Transform<T> = Transform {
                    plan,
                    y: &y[plan.starts[1]..],
                    weights: plan.weights.map(|start| &weights[start..][..plan.multiplicities[0]]),
                    x: x.channels.part(x_row, plan.blocks[0]),
                    z: z.part_mut(0, plan.blocks[2]),
                    matrix: &mut matrix,
                };
                with_triple::<V, _>(proof, &plan.table, transform);
            }
            let receiver = arguments.rows.output(item);
            let output = row_mut(output, receiver, z.columns);
            if matches!(arguments.rows, Rows::Each) && streamed {
                z.set::<V>(proof, 0, &mut stage);
                stream::<V>(proof, &stage, output);
                z.clear(0);
            } else if matches!(arguments.rows, Rows::Each) {
                z.set::<V>(proof, 0, output);
                z.clear(0);
            } else if item + 1 == arguments.count || arguments.rows.output(item + 1) != receiver {
                z.add::<V>(proof, 0, output, &mut stage);
                z.clear(0);
            }
        }
        if streamed {
            V::fence(proof);
        }
    }
}

/// One path of one item.
struct Transform<'a, T: Number> {
    plan: &'a Plan,
    y: &'a [T],
    weights: Option<&'a [T]>,
    x: &'a [T::Block],
    z: &'a mut [T::Block],
    matrix: &'a mut [T; MOST_ENTRIES],
}

impl<T: Number> Work<T> for Transform<'_, T> {
    #[inline(always)]
    fn run<V: Lanes<Number = T>, K: Triple>(self, proof: V::Proof, triple: K) {
        match V::REGISTERS >= 32 {
            true => self.parts::<V, K, 2>(proof, triple),
            false => self.parts::<V, K, 1>(proof, triple),
        }
    }
}

impl<T: Number> Transform<'_, T> {
    /// B blocks of channels at a time.
    #[inline(always)]
    fn parts<V: Lanes<Number = T>, K: Triple, const B: usize>(self, proof: V::Proof, triple: K) {
        let [n1, n2, n3] = triple.sizes();
        let matrix = &mut self.matrix[..triple.entries()];
        triple.matrix(number(self.plan.scale), &self.y[..n2], matrix);
        let (nothing, mut nowhere) = ([T::ZERO; MOST], [T::ZERO; MOST]);
        let mut xs = self.x.chunks_exact(n1);
        let mut zs = self.z.chunks_exact_mut(n3);
        let mut spare = Some(&mut nowhere[..n3]);
        let mut first = 0;
        while xs.len() > 0 {
            let x = array::from_fn(|_| xs.next().unwrap_or(&nothing[..n1]));
            let z = array::from_fn(|_| next_or(&mut zs, &mut spare));
            let w = array::from_fn(|b| weight(proof, self.weights, first + b * T::WIDTH));
            triple.forward::<V, B>(proof, matrix, w, x, z);
            first += B * T::WIDTH;
        }
    }
}

/// The next part, or the spare one beyond the last. Of two parts at most one is missing.
#[inline(always)]
fn next_or<'a, B>(
    parts: &mut impl Iterator<Item = &'a mut [B]>,
    spare: &mut Option<&'a mut [B]>,
) -> &'a mut [B] {
    parts.next().or_else(|| spare.take()).unwrap_or_default()
}

/// The weights of the channels from `first` on; zero beyond the last.
#[inline(always)]
fn weight<V: Lanes>(proof: V::Proof, weights: Option<&[V::Number]>, first: usize) -> V {
    match weights {
        None => V::splat(proof, V::Number::constant(1.0, 1.0)),
        Some(weights) => load_numbers(proof, &weights[first.min(weights.len())..]),
    }
}

/// The first numbers of a slice on the lanes; zero beyond the last.
#[inline(always)]
fn load_numbers<V: Lanes>(proof: V::Proof, numbers: &[V::Number]) -> V {
    if let Some(block) = V::Number::blocks(numbers).0.first() {
        return V::load(proof, block);
    }
    let mut block = V::Number::ZERO;
    block.as_mut()[..numbers.len()].copy_from_slice(numbers);
    V::load(proof, &block)
}

/// Adds lanes to the first numbers of a slice.
#[inline(always)]
fn add_numbers<V: Lanes>(proof: V::Proof, lanes: V, numbers: &mut [V::Number]) {
    if let Some(block) = V::Number::blocks_mut(numbers).0.first_mut() {
        return V::load(proof, block).add(lanes).store(block);
    }
    let mut block = V::Number::ZERO;
    lanes.store(&mut block);
    for (number, &term) in numbers.iter_mut().zip(block.as_ref()) {
        *number = *number + term;
    }
}

/// The vector-Jacobian product of many products.
pub(in crate::kernels) struct Backward<'a, 'b, T> {
    call: OverChannels<'a, T>,
    output_gradient: &'a [T],
    gradients: Gradients<'b, T>,
}

impl<T: Number> Job<T> for Backward<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(self, proof: V::Proof) {
        let Backward { call, output_gradient, mut gradients } = self;
        let OverChannels { product, arguments } = &call;
        let second = product.second.dim();
        let mut x = First::new::<V>(proof, &call);
        let rows = x.channels.memory.len().checked_div(x.channels.size).unwrap_or(0);
        let asked = gradients.first.is_some();
        let mut dx = Channels::new(&product.first, if asked { rows } else { 0 });
        let mut dz = Channels::new(&product.output, 1);
        let mut dy = BlockMemory::<T>::new(second);
        let mut stage = vec![T::default(); dx.columns];
        let mut matrix = [T::default(); MOST_ENTRIES];
        let mut matrix_gradient = BlockMemory::<T>::new(MOST_ENTRIES);
        let mut receiver = None;
        for item in 0..arguments.count {
            let x_row = x.at::<V>(proof, &call, item);
            let y = row(arguments.second, item, second);
            if receiver != Some(arguments.rows.output(item)) {
                receiver = Some(arguments.rows.output(item));
                let from = row(output_gradient, arguments.rows.output(item), dz.columns);
                dz.take::<V>(proof, 0, from);
            }
            let weight_row = call.weight_row(item);
            for plan in product.plans_of(arguments) {
                let channels = plan.multiplicities[0];
                let own = |start: usize| weight_row + start..weight_row + start + channels;
                let weights = plan.weights.map(own);
                let block = plan.starts[1]..plan.starts[1] + plan.sizes[1];
                let back: Back<T> = Back {
                    plan,
                    y: &y[block.clone()],
                    weights: weights.clone().map(|own| &arguments.weights[own]),
                    x: x.channels.part(x_row, plan.blocks[0]),
                    dz: dz.part(0, plan.blocks[2]),
                    dx: asked.then(|| dx.part_mut(x_row, plan.blocks[0])),
                    dy: gradients.second.is_some().then(|| &mut dy[block]),
                    dw: gradients.weights.as_deref_mut().zip(weights).map(|(dw, own)| &mut dw[own]),
                    matrix: &mut matrix,
                    matrix_gradient: &mut matrix_gradient,
                };
                with_triple::<V, _>(proof, &plan.table, back);
            }
            if let Some(gradient) = gradients.second.as_deref_mut() {
                add_sums::<T>(&mut dy, row_mut(gradient, item, second));
            }
            if let (Some(gradient), false) = (gradients.first.as_deref_mut(), x.is_whole) {
                dx.add::<V>(proof, 0, row_mut(gradient, item, dx.columns), &mut stage);
                dx.clear(0);
            }
        }
        if let (Some(gradient), true) = (gradients.first, x.is_whole) {
            for (index, row) in gradient.chunks_exact_mut(dx.columns.max(1)).enumerate() {
                dx.add::<V>(proof, index, row, &mut stage);
            }
        }
    }
}

/// Adds the sum of every block to a number, and clears the blocks.
#[inline(always)]
fn add_sums<T: Number>(blocks: &mut [T::Block], sums: &mut [T]) {
    for (block, sum) in blocks.iter_mut().zip(sums) {
        let mut lanes = *block;
        let mut width = T::WIDTH / 2;
        while width > 0 {
            for lane in 0..width {
                lanes[lane] = lanes[lane] + lanes[lane + width];
            }
            width /= 2;
        }
        *sum = *sum + lanes[0];
        *block = T::ZERO;
    }
}

/// One path of one item, backward.
struct Back<'a, T: Number> {
    plan: &'a Plan,
    y: &'a [T],
    weights: Option<&'a [T]>,
    x: &'a [T::Block],
    dz: &'a [T::Block],
    dx: Option<&'a mut [T::Block]>,
    dy: Option<&'a mut [T::Block]>,
    dw: Option<&'a mut [T]>,
    matrix: &'a mut [T; MOST_ENTRIES],
    matrix_gradient: &'a mut [T::Block],
}

impl<T: Number> Work<T> for Back<'_, T> {
    #[inline(always)]
    fn run<V: Lanes<Number = T>, K: Triple>(self, proof: V::Proof, triple: K) {
        match V::REGISTERS >= 32 {
            true => self.parts::<V, K, 2>(proof, triple),
            false => self.parts::<V, K, 1>(proof, triple),
        }
    }
}

impl<T: Number> Back<'_, T> {
    /// B blocks of channels at a time.
    #[inline(always)]
    fn parts<V: Lanes<Number = T>, K: Triple, const B: usize>(
        mut self,
        proof: V::Proof,
        triple: K,
    ) {
        let [n1, n2, n3] = triple.sizes();
        let matrix = &mut self.matrix[..triple.entries()];
        triple.matrix(number(self.plan.scale), &self.y[..n2], matrix);
        let matrix_gradient = &mut self.matrix_gradient[..triple.entries()];
        if self.dy.is_some() {
            matrix_gradient.fill(T::ZERO);
        }
        let (nothing, mut nowhere) = ([T::ZERO; MOST], [T::ZERO; MOST]);
        let mut xs = self.x.chunks_exact(n1);
        let mut dzs = self.dz.chunks_exact(n3);
        let mut dxs = self.dx.map(|dx| dx.chunks_exact_mut(n1));
        let mut spare = Some(&mut nowhere[..n1]);
        let mut first = 0;
        while xs.len() > 0 {
            let x = array::from_fn(|_| xs.next().unwrap_or(&nothing[..n1]));
            let dz = array::from_fn(|_| dzs.next().unwrap_or(&nothing[..n3]));
            let dx = dxs.as_mut().map(|dxs| array::from_fn(|_| next_or(dxs, &mut spare)));
            let w = array::from_fn(|b| weight(proof, self.weights, first + b * T::WIDTH));
            let sums = triple.backward::<V, B>(proof, matrix, w, x, dz, dx);
            if let Some(dw) = &mut self.dw {
                for (b, sum) in sums.into_iter().enumerate() {
                    let first = (first + b * T::WIDTH).min(dw.len());
                    add_numbers(proof, sum, &mut dw[first..]);
                }
            }
            if self.dy.is_some() {
                triple.outer::<V, B>(proof, w, x, dz, matrix_gradient);
            }
            first += B * T::WIDTH;
        }
        if let Some(dy) = self.dy {
            let scale = V::splat(proof, number(self.plan.scale));
            triple.contract(proof, scale, matrix_gradient, dy);
        }
    }
}
