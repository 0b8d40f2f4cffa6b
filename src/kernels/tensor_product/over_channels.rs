//! The kernel with channels on the lanes: for products in which every channel of a block of the
//! first input is multiplied with the one channel of a block of the second, as in a convolution.
//!
//! Features are brought to channels on the lanes once for every row of the input, and back once for
//! every run of edges to one receiver; nothing is stored per edge.

use std::array;
use std::slice::{ChunksExact, ChunksExactMut};

use super::ahead::Ahead;
use super::channel_rows::{Channels, Tile};
use super::plan::Plan;
use super::rows::{Rows, row, row_mut};
use super::triple::{Triple, Work, with_triple};
use super::{Arguments, Gradients, TensorProduct};
use crate::Scalar;
use crate::coupling::COUPLING_LMAX;
use crate::kernels::arithmetic::rounded;
use crate::simd::{
    BlockMemory, Blocks, Compiled, Job, Lanes, Number, Path, Start, interleave, stream,
};

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
        match self.has_row_weights() {
            true => item * self.product.num_weights,
            false => 0,
        }
    }

    /// Whether each item has its own weights.
    fn has_row_weights(&self) -> bool {
        self.arguments.weights.len() != self.product.num_weights
    }

    /// The row of the second input and the weights of an item.
    #[inline(always)]
    fn factors(&self, item: usize) -> (&'a [T], &'a [T]) {
        let y = row(self.arguments.second, item, self.product.second.dim());
        (y, &self.arguments.weights[self.weight_row(item)..])
    }

    /// All paths in the order of the blocks of the output.
    fn plans_by_output(&self) -> Vec<&'a Plan> {
        let mut plans: Vec<&Plan> = self.product.plans_of(&self.arguments).collect();
        plans.sort_by_key(|plan| plan.blocks[2]);
        plans
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
pub(super) struct Forward<'a, 'b, T> {
    call: OverChannels<'a, T>,
    output: &'b mut [T],
}

/// [`Forward`], compiled for both number types.
pub(super) struct ForwardKernel;

impl Compiled for ForwardKernel {
    type Task<'a, T: Number> = Forward<'a, 'a, T>;

    fn f32(path: Path, task: Forward<'_, '_, f32>) {
        f32::run(path, task);
    }

    fn f64(path: Path, task: Forward<'_, '_, f64>) {
        f64::run(path, task);
    }
}

impl<T: Number> Job<T> for Forward<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(self, proof: V::Proof) {
        match self.call.arguments.rows {
            Rows::Each => self.each::<V>(proof),
            Rows::Edges { .. } => self.summed::<V>(proof),
        }
    }
}

impl<T: Number> Forward<'_, '_, T> {
    /// Writes a row for each item, block by block, so that what is on the lanes stays in the first
    /// cache.
    #[inline(always)]
    fn each<V: Lanes<Number = T>>(self, proof: V::Proof) {
        let Forward { call, output } = self;
        let OverChannels { product, arguments } = &call;
        let columns = product.output.dim();
        let mut x = First::new::<V>(proof, &call);
        let mut z = Tile::<T>::new(&product.output);
        let plans = call.plans_by_output();
        let mut matrix = [T::default(); MOST_ENTRIES];
        let streamed = size_of_val(output) >= product.streaming;
        let mut stage = vec![T::default(); if streamed { columns } else { 0 }];
        for item in 0..arguments.count {
            let x_row = x.at::<V>(proof, &call, item);
            let (y, weights) = call.factors(item);
            let output = row_mut(output, item, columns);
            let (mut plans, mut sent) = (plans.iter().peekable(), 0);
            for (index, block) in z.blocks.iter().enumerate() {
                let z = &mut z.memory[..block.lanes::<T>()];
                z.fill(T::ZERO);
                while let Some(plan) = plans.next_if(|plan| plan.blocks[2] == index) {
                    let x = x.channels.part(x_row, plan.blocks[0]);
                    let transform = Transform::new(plan, y, weights, x, z, &mut matrix);
                    with_triple::<V, _>(proof, &plan.table, transform);
                }
                if !streamed {
                    interleave::<V>(proof, block.shape(), z, &mut output[block.columns()]);
                    continue;
                }
                interleave::<V>(proof, block.shape(), z, &mut stage[block.columns()]);
                let end = whole(output, block.columns().end);
                stream::<V>(proof, &stage[sent..end], &mut output[sent..end]);
                sent = end;
            }
        }
        if streamed {
            V::fence(proof);
        }
    }

    /// Adds up the items of each row of the output.
    #[inline(always)]
    fn summed<V: Lanes<Number = T>>(self, proof: V::Proof) {
        let Forward { call, output } = self;
        let OverChannels { product, arguments } = &call;
        let mut x = First::new::<V>(proof, &call);
        let mut z = Channels::new(&product.output, 1);
        let plans = call.plans_by_output();
        let mut stage = vec![T::default(); z.columns];
        let mut matrix = [T::default(); MOST_ENTRIES];
        for item in 0..arguments.count {
            let x_row = x.at::<V>(proof, &call, item);
            let (y, weights) = call.factors(item);
            for &plan in &plans {
                let x = x.channels.part(x_row, plan.blocks[0]);
                let z = z.part_mut(0, plan.blocks[2]);
                let transform = Transform::new(plan, y, weights, x, z, &mut matrix);
                with_triple::<V, _>(proof, &plan.table, transform);
            }
            let receiver = arguments.rows.output(item);
            if item + 1 == arguments.count || arguments.rows.output(item + 1) != receiver {
                z.add::<V>(proof, 0, row_mut(output, receiver, z.columns), &mut stage);
                z.clear(0);
            }
        }
    }
}

/// The numbers of whole cache lines up to `end`, and of what lies before the first; all of them
/// for the last.
fn whole<T: Number>(numbers: &[T], end: usize) -> usize {
    let head = numbers.as_ptr().align_offset(64);
    if end == numbers.len() { end } else { end - end.saturating_sub(head) % T::WIDTH }
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
        // A constant block, so that only one of the two is compiled.
        if const { V::REGISTERS >= 32 } {
            self.parts::<V, K, 2>(proof, triple);
        } else {
            self.parts::<V, K, 1>(proof, triple);
        }
    }
}

impl<'a, T: Number> Transform<'a, T> {
    /// A path, given the rows of the second input and the weights of an item.
    #[inline(always)]
    fn new(
        plan: &'a Plan,
        y: &'a [T],
        weights: &'a [T],
        x: &'a [T::Block],
        z: &'a mut [T::Block],
        matrix: &'a mut [T; MOST_ENTRIES],
    ) -> Self {
        let weights = plan.weights.map(|start| &weights[start..][..plan.multiplicities[0]]);
        Transform { plan, y: &y[plan.starts[1]..], weights, x, z, matrix }
    }

    /// B blocks of channels at a time.
    #[inline(always)]
    fn parts<V: Lanes<Number = T>, K: Triple, const B: usize>(self, proof: V::Proof, triple: K) {
        let [n1, n2, n3] = triple.sizes();
        let matrix = &mut self.matrix[..triple.entries()];
        triple.matrix(rounded(self.plan.scale), &self.y[..n2], matrix);
        let (nothing, mut nowhere) = ([T::ZERO; MOST], [T::ZERO; MOST]);
        let mut xs = self.x.chunks_exact(n1);
        let mut zs = self.z.chunks_exact_mut(n3);
        let mut spare = Some(&mut nowhere[..n3]);
        let mut first = 0;
        while xs.len() > 0 {
            let x = next(&mut xs, &nothing[..n1]);
            let z = next_mut(&mut zs, &mut spare);
            let w = weights(proof, self.weights, first);
            triple.forward::<V, B>(proof, matrix, w, x, z);
            first += B * T::WIDTH;
        }
    }
}

// These are functions, not closures of their callers, which would be compiled for every triple.

/// The next parts, `nothing` beyond the last.
#[inline(always)]
fn next<'a, B, const N: usize>(parts: &mut ChunksExact<'a, B>, nothing: &'a [B]) -> [&'a [B]; N] {
    array::from_fn(|_| parts.next().unwrap_or(nothing))
}

/// The next parts, the spare one beyond the last. At most one is missing of two.
#[inline(always)]
fn next_mut<'a, B, const N: usize>(
    parts: &mut ChunksExactMut<'a, B>,
    spare: &mut Option<&'a mut [B]>,
) -> [&'a mut [B]; N] {
    array::from_fn(|_| parts.next().or_else(|| spare.take()).unwrap_or_default())
}

/// The weights of N blocks of channels from `first` on; zero beyond the last.
#[inline(always)]
fn weights<V: Lanes, const N: usize>(
    proof: V::Proof,
    weights: Option<&[V::Number]>,
    first: usize,
) -> [V; N] {
    let Some(weights) = weights else {
        return [V::splat(proof, V::Number::constant(1.0, 1.0)); N];
    };
    let start = |n: usize| (first + n * V::Number::WIDTH).min(weights.len());
    array::from_fn(|n| load_numbers(proof, &weights[start(n)..]))
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
pub(super) struct Backward<'a, 'b, T> {
    call: OverChannels<'a, T>,
    output_gradient: &'a [T],
    gradients: Gradients<'b, T>,
}

/// [`Backward`], compiled for both number types.
pub(super) struct BackwardKernel;

impl Compiled for BackwardKernel {
    type Task<'a, T: Number> = Backward<'a, 'a, T>;

    fn f32(path: Path, task: Backward<'_, '_, f32>) {
        f32::run(path, task);
    }

    fn f64(path: Path, task: Backward<'_, '_, f64>) {
        f64::run(path, task);
    }
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
        let plans = call.plans_by_output();
        let sizes = [product.first.dim(), product.num_weights, dz.columns];
        let ahead = sizes.map(|size| Ahead::new(size, plans.len()));
        let mut receiver = None;
        for item in 0..arguments.count {
            let x_row = x.at::<V>(proof, &call, item);
            let y = row(arguments.second, item, second);
            let row_before = receiver.replace(arguments.rows.output(item));
            let dz_row = row(output_gradient, arguments.rows.output(item), dz.columns);
            let mut block_before = None;
            let weight_row = call.weight_row(item);
            for (part, &plan) in plans.iter().enumerate() {
                if let Rows::Each = arguments.rows {
                    let arrays = [arguments.first, arguments.weights, output_gradient];
                    for (ahead, array) in ahead.iter().zip(arrays) {
                        ahead.ask::<V>(proof, array, item + 1, part);
                    }
                    if let Some(dw) = gradients.weights.as_deref() {
                        ahead[1].ask::<V>(proof, dw, item + 1, part);
                    }
                }
                if receiver != row_before
                    && block_before.replace(plan.blocks[2]) != Some(plan.blocks[2])
                {
                    dz.take_block::<V>(proof, plan.blocks[2], dz_row);
                }
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
        // A constant block, so that only one of the two is compiled.
        if const { V::REGISTERS >= 32 } {
            self.parts::<V, K, 2>(proof, triple);
        } else {
            self.parts::<V, K, 1>(proof, triple);
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
        triple.matrix(rounded(self.plan.scale), &self.y[..n2], matrix);
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
            let x = next(&mut xs, &nothing[..n1]);
            let dz = next(&mut dzs, &nothing[..n3]);
            let dx = match &mut dxs {
                Some(dxs) => Some(next_mut(dxs, &mut spare)),
                None => None,
            };
            let w = weights(proof, self.weights, first);
            let sums = triple.backward::<V, B>(proof, matrix, w, [x, dz], dx);
            if let Some(dw) = &mut self.dw {
                for (b, sum) in sums.into_iter().enumerate() {
                    let first = (first + b * T::WIDTH).min(dw.len());
                    add_numbers(proof, sum, &mut dw[first..]);
                }
            }
            if self.dy.is_some() {
                triple.outer::<V, B>(proof, w, [x, dz], matrix_gradient);
            }
            first += B * T::WIDTH;
        }
        if let Some(dy) = self.dy {
            let scale = V::splat(proof, rounded(self.plan.scale));
            triple.contract(proof, scale, matrix_gradient, dy);
        }
    }
}
