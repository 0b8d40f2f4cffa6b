//! The kernel with channels on the lanes: for products in which every channel of a block of the
//! first input is multiplied with the one channel of a block of the second, as in a convolution.
//!
//! # The algorithm
//! With one channel in the second input, a path multiplies all channels u of a block with the same
//! matrix: `z[u, m3] = w[u] Σ_m1 M[m1, m3] x[u, m1]`, where `M[m1, m3] = scale · Σ_m2 C[m1, m2, m3]
//! y[m2]`. So, item by item and path by path, M is formed once, in numbers, and then 16 or 32
//! channels at a time go through it: M is broadcast, x and z are blocks of lanes, and the weight is
//! one multiplication more. Nothing is stored for an item, M least of all.
//!
//! Rows are `[channel][m]`, lanes want `[m][channel]`. What is turned, and how often:
//!
//! - *x*: along edges one row is read by many items, so all rows are turned beforehand. Row by row
//!   each is read once, so one is turned at a time, and is in the first cache when paths read it.
//! - *z* along edges: a whole row on the lanes sums the items of one receiver. It is turned back,
//!   added to the output and cleared where the next item has another receiver, so sorted edges pay
//!   once for a node, and unsorted ones still add up right.
//! - *z* row by row: paths are sorted by their block of the output, so that one tile, large enough
//!   for the largest block, holds all terms of a block before it is turned back. The tile is used
//!   for every block of every row: it never leaves the first cache.
//!
//! Backward, with `g[m1] = Σ M[m1, m3] dz[m3]`, dx is `w g` and dw is `x · g`. For dy,
//! `dM[m1, m3] = Σ_u w x[m1] dz[m3]` is summed over channels on the lanes, contracted with C once
//! for a path, and its lanes are summed once for an item.
//!
//! A path is found in two index spaces ([`ResolvedPath`]): what lies on the lanes by the number of
//! its block, since a block takes whole blocks of lanes there; y, w and all results in rows by the
//! number in the row.

use std::array;
use std::slice::{ChunksExact, ChunksExactMut};

use super::ahead::Ahead;
use super::arguments::ProductGradients;
use super::call::Call;
use super::channel_rows::{ChannelRows, ChannelTile};
use super::pairing::{Pairing, row, row_mut};
use super::resolved_path::ResolvedPath;
use super::triple::{Triple, Work, with_triple};
use crate::COUPLING_LMAX;
use crate::Scalar;
use crate::kernels::arithmetic::rounded;
use crate::parallel::RowsMut;
use crate::simd::{
    BlockMemory, Blocks, Compiled, Job, Lanes, Number, Path, Start, interleave, stream,
};

/// The largest 2l + 1.
const MOST: usize = 2 * COUPLING_LMAX + 1;

/// The most entries of a matrix M.
const MOST_ENTRIES: usize = MOST * MOST;

/// What this kernel reads of a call.
impl<'a, T: Number> Call<'a, T> {
    /// Where the row of weights of an item begins.
    fn weight_row(&self, item: usize) -> usize {
        if self.has_own_weights() { item * self.product.num_weights } else { 0 }
    }

    /// The row of the second input and the weights of an item.
    #[inline(always)]
    fn factors(&self, item: usize) -> (&'a [T], &'a [T]) {
        let y = row(self.inputs.second, item, self.product.second.dim());
        (y, &self.inputs.weights[self.weight_row(item)..])
    }

    /// All paths in the order of the blocks of the output, so that those to one block follow each
    /// other: it is then set or read once. The sort is stable, so that sums do not depend on it.
    fn paths_by_output(&self) -> Vec<&'a ResolvedPath> {
        let mut paths: Vec<&ResolvedPath> = self.paths().collect();
        paths.sort_by_key(|path| path.blocks[2]);
        paths
    }
}

/// Rows of the first input, to be turned to `[m][channel]`.
pub(super) struct Turn<'a, T: Number> {
    pub rows: &'a ChannelRows<T>,
    pub from: &'a [T],
    /// The blocks of lanes of as many rows as are given.
    pub to: &'a mut [T::Block],
}

/// [`Turn`], compiled for both number types.
pub(super) struct TurnKernel;

impl Compiled for TurnKernel {
    type Task<'a, T: Number> = Turn<'a, T>;

    fn f32(path: Path, task: Turn<'_, f32>) {
        f32::run(path, task);
    }

    fn f64(path: Path, task: Turn<'_, f64>) {
        f64::run(path, task);
    }
}

impl<T: Number> Job<T> for Turn<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(self, proof: V::Proof) {
        let Turn { rows, from, to } = self;
        let to = to.chunks_exact_mut(rows.size.max(1));
        for (from, to) in from.chunks_exact(rows.columns.max(1)).zip(to) {
            rows.turn::<V>(proof, from, to);
        }
    }
}

/// The gradient of the first input, where parts of a call have rows of it on the lanes: the rows of
/// `target`, from `first` on, plus those of all parts that name them, in their order.
pub(super) struct TurnBack<'a, T: Number> {
    /// The rows that each part names, in ascending order, and its sums.
    pub parts: &'a [(Vec<usize>, ChannelRows<T>)],
    pub first: usize,
    pub target: RowsMut<'a, T>,
}

/// [`TurnBack`], compiled for both number types.
pub(super) struct TurnBackKernel;

impl Compiled for TurnBackKernel {
    type Task<'a, T: Number> = TurnBack<'a, T>;

    fn f32(path: Path, task: TurnBack<'_, f32>) {
        f32::run(path, task);
    }

    fn f64(path: Path, task: TurnBack<'_, f64>) {
        f64::run(path, task);
    }
}

impl<T: Number> Job<T> for TurnBack<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(self, proof: V::Proof) {
        let TurnBack { parts, first, target } = self;
        let Some((_, shape)) = parts.first() else { return };
        let mut sum = shape.like(1);
        let mut stage = vec![T::default(); target.size];
        // Where the next row of each part is.
        let start = |(named, _): &(Vec<usize>, _)| named.partition_point(|&row| row < first);
        let mut next: Vec<usize> = parts.iter().map(start).collect();
        for (offset, target) in target.iter().enumerate() {
            sum.clear(0);
            for ((named, rows), next) in parts.iter().zip(&mut next) {
                if named.get(*next) == Some(&(first + offset)) {
                    let terms = &rows.memory[*next * rows.size..][..rows.size];
                    for (sum, term) in sum.memory.iter_mut().zip(terms) {
                        V::load(proof, sum).add(V::load(proof, term)).store(sum);
                    }
                    *next += 1;
                }
            }
            sum.add::<V>(proof, 0, target, &mut stage);
        }
    }
}

/// The first input on the lanes: all rows, turned beforehand, or one at a time as items come.
enum First<'a, T> {
    All(&'a ChannelRows<T>),
    Each(ChannelRows<T>),
}

impl<'a, T: Number> First<'a, T> {
    fn new(call: &Call<'a, T>) -> Self {
        match call.turned {
            Some(rows) => First::All(rows),
            None => First::Each(ChannelRows::new(&call.product.first, 1)),
        }
    }

    /// The rows that hold an item, and which of them it is.
    #[inline(always)]
    fn at<V: Lanes<Number = T>>(
        &mut self,
        proof: V::Proof,
        call: &Call<T>,
        item: usize,
    ) -> (&ChannelRows<T>, usize) {
        let index = call.inputs.pairing.first(item);
        match self {
            First::All(rows) => (rows, index),
            First::Each(rows) => {
                let from = row(call.inputs.first, index, rows.columns);
                rows.take::<V>(proof, 0, from);
                (rows, 0)
            }
        }
    }
}

/// The value of many products.
pub(super) struct Forward<'a, 'b, T: Number> {
    pub call: Call<'a, T>,
    pub output: &'b mut [T],
    /// Whether separate rows are written past the caches.
    pub streams: bool,
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
        match self.call.inputs.pairing {
            Pairing::RowByRow { .. } => self.each::<V>(proof),
            Pairing::Edges { .. } => self.summed::<V>(proof),
        }
    }
}

impl<T: Number> Forward<'_, '_, T> {
    /// Writes a row for each item, block by block, so that what is on the lanes stays in the first
    /// cache.
    #[inline(always)]
    fn each<V: Lanes<Number = T>>(self, proof: V::Proof) {
        let Forward { call, output, streams } = self;
        let Call { product, inputs, .. } = &call;
        let columns = product.output.dim();
        let mut x = First::new(&call);
        let mut z = ChannelTile::<T>::new(&product.output);
        let paths = call.paths_by_output();
        let mut matrix = [T::default(); MOST_ENTRIES];
        // Streaming stores fill whole cache lines, and blocks end anywhere: a row is put together
        // here, and leaves line by line as soon as it is whole.
        let mut stage = vec![T::default(); if streams { columns } else { 0 }];
        for item in 0..inputs.pairing.count() {
            let (x, x_row) = x.at::<V>(proof, &call, item);
            let (y, weights) = call.factors(item);
            let output = row_mut(output, item, columns);
            // Blocks and paths advance together: both are in the order of the output. A block
            // without paths is zeros.
            let (mut paths, mut sent) = (paths.iter().peekable(), 0);
            for (index, block) in z.blocks.iter().enumerate() {
                let z = &mut z.memory[..block.lanes::<T>()];
                z.fill(T::ZERO);
                while let Some(&path) = paths.next_if(|path| path.blocks[2] == index) {
                    let x = x.part(x_row, path.blocks[0]);
                    let transform = Transform { path, y, weights, x, z, matrix: &mut matrix };
                    with_triple::<V, _>(proof, &path.table, transform);
                }
                if !streams {
                    interleave::<V>(proof, block.shape(), z, &mut output[block.columns()]);
                    continue;
                }
                interleave::<V>(proof, block.shape(), z, &mut stage[block.columns()]);
                let end = whole(output, block.columns().end);
                stream::<V>(proof, &stage[sent..end], &mut output[sent..end]);
                sent = end;
            }
        }
        if streams {
            V::fence(proof);
        }
    }

    /// Adds up the items of each row of the output.
    #[inline(always)]
    fn summed<V: Lanes<Number = T>>(self, proof: V::Proof) {
        let Forward { call, output, .. } = self;
        let Call { product, inputs, .. } = &call;
        let mut x = First::new(&call);
        let mut z = ChannelRows::new(&product.output, 1);
        let paths = call.paths_by_output();
        let mut stage = vec![T::default(); z.columns];
        let mut matrix = [T::default(); MOST_ENTRIES];
        let count = inputs.pairing.count();
        for item in 0..count {
            let (x, x_row) = x.at::<V>(proof, &call, item);
            let (y, weights) = call.factors(item);
            for &path in &paths {
                let x = x.part(x_row, path.blocks[0]);
                let z = z.part_mut(0, path.blocks[2]);
                let transform = Transform { path, y, weights, x, z, matrix: &mut matrix };
                with_triple::<V, _>(proof, &path.table, transform);
            }
            // z stays on the lanes while the receiver repeats. The same receiver may come again
            // later, so its sum is added to what is there.
            let receiver = call.output_row(item);
            if item + 1 == count || call.output_row(item + 1) != receiver {
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
    path: &'a ResolvedPath,
    /// The row of the second input, and the weights from those of the item on.
    y: &'a [T],
    weights: &'a [T],
    /// The blocks of the path, on the lanes.
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

impl<T: Number> Transform<'_, T> {
    /// B blocks of channels at a time, which share what is read of M.
    #[inline(always)]
    fn parts<V: Lanes<Number = T>, K: Triple, const B: usize>(self, proof: V::Proof, triple: K) {
        let [n1, n2, n3] = triple.sizes();
        let Transform { path, .. } = self;
        let own = path.weights.map(|start| &self.weights[start..][..path.multiplicities[0]]);
        let matrix = &mut self.matrix[..triple.entries()];
        triple.matrix(rounded(path.scale), &self.y[path.starts[1]..][..n2], matrix);
        // Where B does not divide the blocks, the last time zeros are multiplied into a spare block.
        let (nothing, mut nowhere) = ([T::ZERO; MOST], [T::ZERO; MOST]);
        let mut xs = self.x.chunks_exact(n1);
        let mut zs = self.z.chunks_exact_mut(n3);
        let mut spare = Some(&mut nowhere[..n3]);
        let mut first = 0;
        while xs.len() > 0 {
            let x = next(&mut xs, &nothing[..n1]);
            let z = next_mut(&mut zs, &mut spare);
            let w = weights(proof, own, first);
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
pub(super) struct Backward<'a, 'b, T: Number> {
    pub call: Call<'a, T>,
    pub output_gradient: &'a [T],
    pub gradients: ProductGradients<'b, T>,
    /// Along edges, where a sender is met again, the rows on the lanes that the gradient of the first
    /// input is added to, in place of that in `gradients`.
    pub turned_gradient: Option<&'b mut ChannelRows<T>>,
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
        let Backward { call, output_gradient, mut gradients, turned_gradient } = self;
        let Call { product, inputs, .. } = &call;
        let second = product.second.dim();
        let mut x = First::new(&call);
        // One row of dx at a time without edges.
        let mut dx_row = ChannelRows::new(&product.first, usize::from(gradients.first.is_some()));
        let along_edges = turned_gradient.is_some();
        let asked = along_edges || gradients.first.is_some();
        let dx = match turned_gradient {
            Some(rows) => rows,
            None => &mut dx_row,
        };
        let mut dz = ChannelRows::new(&product.output, 1);
        let mut dy = BlockMemory::<T>::new(second);
        let mut stage = vec![T::default(); dx.columns];
        let mut matrix = [T::default(); MOST_ENTRIES];
        let mut matrix_gradient = BlockMemory::<T>::new(MOST_ENTRIES);
        let paths = call.paths_by_output();
        let sizes = [product.first.dim(), product.num_weights, product.num_weights, dz.columns];
        let ahead = sizes.map(|size| Ahead::new(size, paths.len()));
        let mut receiver = None;
        for item in 0..inputs.pairing.count() {
            let (x, x_row) = x.at::<V>(proof, &call, item);
            let dx_row = if along_edges { call.gradient_row(item) } else { 0 };
            let y = row(inputs.second, item, second);
            let row_before = receiver.replace(inputs.pairing.output(item));
            let dz_row = row(output_gradient, inputs.pairing.output(item), dz.columns);
            let mut block_before = None;
            let weight_row = call.weight_row(item);
            for (part, &path) in paths.iter().enumerate() {
                if let Pairing::RowByRow { .. } = inputs.pairing {
                    let dw = gradients.weights.as_deref().unwrap_or_default();
                    let arrays = [inputs.first, inputs.weights, dw, output_gradient];
                    ask_all::<V>(proof, &ahead, arrays, [item + 1, part]);
                }
                // dz stays on the lanes while the receiver repeats. For a new one its blocks are
                // turned one by one, each with the first path that reads it, and is still in the
                // first cache for the others, as paths are sorted by it.
                if receiver != row_before
                    && block_before.replace(path.blocks[2]) != Some(path.blocks[2])
                {
                    dz.take_block::<V>(proof, path.blocks[2], dz_row);
                }
                let channels = path.multiplicities[0];
                let own = |start: usize| weight_row + start..weight_row + start + channels;
                let weights = path.weights.map(own);
                let block = path.starts[1]..path.starts[1] + path.sizes[1];
                let back: Back<T> = Back {
                    path,
                    y: &y[block.clone()],
                    weights: weights.clone().map(|own| &inputs.weights[own]),
                    x: x.part(x_row, path.blocks[0]),
                    dz: dz.part(0, path.blocks[2]),
                    dx: asked.then(|| dx.part_mut(dx_row, path.blocks[0])),
                    dy: gradients.second.is_some().then(|| &mut dy[block]),
                    dw: gradients.weights.as_deref_mut().zip(weights).map(|(dw, own)| &mut dw[own]),
                    matrix: &mut matrix,
                    matrix_gradient: &mut matrix_gradient,
                };
                with_triple::<V, _>(proof, &path.table, back);
            }
            // dy is summed over paths on the lanes, and over lanes only here.
            if let Some(gradient) = gradients.second.as_deref_mut() {
                add_sums::<T>(&mut dy, row_mut(gradient, item, second));
            }
            if let Some(gradient) = gradients.first.as_deref_mut() {
                dx.add::<V>(proof, 0, row_mut(gradient, item, dx.columns), &mut stage);
                dx.clear(0);
            }
        }
    }
}

/// Asks for a part of the row that the next item reads or adds to, of every array.
#[inline(always)]
fn ask_all<V: Lanes>(
    proof: V::Proof,
    ahead: &[Ahead; 4],
    arrays: [&[V::Number]; 4],
    [row, part]: [usize; 2],
) {
    for (ahead, array) in ahead.iter().zip(arrays) {
        ahead.ask::<V>(proof, array, row, part);
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
    path: &'a ResolvedPath,
    /// The block of the second input and the weights of the path.
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
    /// B blocks of channels at a time, as in [`Transform::parts`].
    #[inline(always)]
    fn parts<V: Lanes<Number = T>, K: Triple, const B: usize>(
        mut self,
        proof: V::Proof,
        triple: K,
    ) {
        let [n1, n2, n3] = triple.sizes();
        let matrix = &mut self.matrix[..triple.entries()];
        triple.matrix(rounded(self.path.scale), &self.y[..n2], matrix);
        let matrix_gradient = &mut self.matrix_gradient[..triple.entries()];
        // dM sums over all channels of the path before C is read again.
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
            let scale = V::splat(proof, rounded(self.path.scale));
            triple.contract(proof, scale, matrix_gradient, dy);
        }
    }
}
