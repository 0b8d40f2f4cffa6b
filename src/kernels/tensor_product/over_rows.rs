//! The kernel with rows on the lanes: a block of rows is gathered and transposed, every mode is
//! plain arithmetic on it, and the results go back.
//!
//! # The algorithm
//! One lane is one item. As many items as a block of lanes has numbers are taken together: their
//! rows of each input are gathered (through the pairing) and transposed, so that number k of all of
//! them is block k of a [`RowTile`]. From there on nothing knows of rows: a product of two numbers of a
//! row is one of two blocks, and no path needs a loop over lanes or a rest of it. Lanes without an
//! item are zeros, whose products are zeros and are not written back.
//!
//! Path by path, channel pairs (u, v) are coupled, `t[m3] = scale · Σ C[m1, m2, m3] x[u, m1] y[v, m2]`,
//! and the couplings are brought to channels of the output by the mode ([`super::combine`]). There may
//! be thousands of pairs, so they are taken in groups of [`GROUP`], whose couplings lie in the first
//! caches until they are combined. Where the couplings of a path are its block of the output
//! ([`ResolvedPath::writes_couplings`]), they are written there at once, which is why z needs no
//! zeros where all paths are of this kind.
//!
//! Backward the same in reverse: dz is gathered as the rows of the output are named; the gradient of
//! each group of couplings is formed from it, and goes to dx and dy at once. Only the gradient of
//! weights needs the couplings themselves, which are then formed again rather than kept.
//!
//! Weights that all items share are not in a tile but broadcast as they are read. Their gradient is
//! summed over the items of each lane during the whole call, and over lanes at its end.
//!
//! All tiles are made once for a call and used for every block of rows; of the two index spaces of a
//! path this kernel uses the one of numbers in a row, which are blocks here.

use std::ops::Range;

use super::TensorProduct;
use super::arguments::ProductGradients;
use super::call::Call;
use super::combine::{Pairs, Weights};
use super::pairing::{Pairing, row, row_mut};
use super::resolved_path::ResolvedPath;
use super::triple::{Triple, Work, with_triple};
use crate::kernels::arithmetic::rounded;
use crate::simd::{
    BlockMemory, BlockOf, Compiled, Job, Lanes, Number, Path, Start, from_rows, to_rows,
};

/// The most channel pairs whose couplings are in memory at once, so that they stay in the first
/// caches.
const GROUP: usize = 64;

/// What this kernel reads of a call.
impl<'a, T: Number> Call<'a, T> {
    /// The size of rows of weights to be transposed.
    fn weight_columns(&self) -> usize {
        if self.has_own_weights() { self.product.num_weights } else { 0 }
    }

    /// The items of blocks of lanes, (first, count).
    fn item_blocks(&self) -> impl Iterator<Item = [usize; 2]> + use<T> {
        let count = self.inputs.pairing.count();
        (0..count).step_by(T::WIDTH).map(move |first| [first, T::WIDTH.min(count - first)])
    }

    /// The weights of a path for a block of items.
    fn weights<'w, V: Lanes<Number = T>>(
        &self,
        path: &ResolvedPath,
        tile: &'w [T::Block],
    ) -> Weights<'w, V>
    where
        'a: 'w,
    {
        let Some(start) = path.weights else { return Weights::One };
        let range = start..start + path.num_weights();
        match self.has_own_weights() {
            true => Weights::Own(&tile[range]),
            false => Weights::Shared(&self.inputs.weights[range]),
        }
    }
}

/// Rows of one array on the lanes.
struct RowTile<T: Number> {
    blocks: BlockMemory<T>,
    /// Memory for as many rows.
    stage: Vec<T>,
    columns: usize,
    /// The columns of whole squares, which are transposed fastest.
    padded: usize,
}

impl<T: Number> RowTile<T> {
    fn new(columns: usize) -> RowTile<T> {
        let padded = columns.next_multiple_of(T::WIDTH);
        let stage = vec![T::default(); padded * T::WIDTH];
        RowTile { blocks: BlockMemory::new(padded), stage, columns, padded }
    }

    /// Takes the rows of items, (first, count), of an array; lanes without an item are zero.
    #[inline(always)]
    fn gather<V: Lanes<Number = T>>(
        &mut self,
        proof: V::Proof,
        array: &[T],
        [first, count]: [usize; 2],
        row_of: impl Fn(usize) -> usize,
    ) {
        if self.columns == 0 {
            return;
        }
        let (columns, padded) = (self.columns, self.padded);
        let start = row_of(first);
        // Rows that follow each other without a gap between whole squares are transposed where they
        // are; all others are brought next to each other first.
        let in_order = |lane| row_of(first + lane) == start + lane;
        if columns == padded && count == T::WIDTH && (0..count).all(in_order) {
            let rows = &array[start * columns..];
            return from_rows::<V>(proof, rows, columns, &mut self.blocks);
        }
        for (lane, stage) in self.stage.chunks_exact_mut(padded).enumerate() {
            match lane < count {
                true => stage[..columns].copy_from_slice(row(array, row_of(first + lane), columns)),
                false => stage.fill(T::default()),
            }
        }
        from_rows::<V>(proof, &self.stage, padded, &mut self.blocks);
    }

    /// Brings what the lanes hold to rows of its stage, `padded` apart.
    #[inline(always)]
    fn unload<V: Lanes<Number = T>>(&mut self, proof: V::Proof) {
        to_rows::<V>(proof, &self.blocks, &mut self.stage, self.padded);
    }

    /// Sets rows of an array.
    #[inline(always)]
    fn set<V: Lanes<Number = T>>(
        &mut self,
        proof: V::Proof,
        array: &mut [T],
        [first, count]: [usize; 2],
    ) {
        let columns = self.columns;
        if columns == 0 {
            return;
        }
        let rows = &mut array[first * columns..(first + count) * columns];
        if count == T::WIDTH {
            return to_rows::<V>(proof, &self.blocks[..columns], rows, columns);
        }
        self.unload::<V>(proof);
        for (row, stage) in rows.chunks_exact_mut(columns).zip(self.stage.chunks(self.padded)) {
            row.copy_from_slice(&stage[..columns]);
        }
    }

    /// Adds to rows of an array.
    #[inline(always)]
    fn add<V: Lanes<Number = T>>(
        &mut self,
        proof: V::Proof,
        array: &mut [T],
        [first, count]: [usize; 2],
        row_of: impl Fn(usize) -> usize,
    ) {
        if self.columns == 0 {
            return;
        }
        self.unload::<V>(proof);
        for (lane, stage) in self.stage.chunks_exact(self.padded).enumerate().take(count) {
            let row = row_mut(array, row_of(first + lane), self.columns);
            for (sum, &term) in row.iter_mut().zip(stage) {
                *sum = *sum + term;
            }
        }
    }

    fn clear(&mut self) {
        self.blocks.fill(T::ZERO);
    }
}

/// The channel pairs of a path, a group at a time.
struct PairGroups<'a> {
    path: &'a ResolvedPath,
    /// The pairs of the group.
    group: &'a mut [[usize; 2]; GROUP],
    next: Option<[usize; 2]>,
    /// The index of the first pair of the group among all.
    first: usize,
    count: usize,
}

impl<'a> PairGroups<'a> {
    #[inline(always)]
    fn new(path: &'a ResolvedPath, group: &'a mut [[usize; 2]; GROUP]) -> Self {
        PairGroups { path, group, next: path.first_pair(), first: 0, count: 0 }
    }

    /// The next group, if there is one.
    #[inline(always)]
    fn next(&mut self) -> Option<Pairs<'_>> {
        self.first += self.count;
        self.count = 0;
        while let (Some(pair), true) = (self.next, self.count < GROUP) {
            self.group[self.count] = pair;
            self.count += 1;
            self.next = self.path.pair_after(pair);
        }
        let pairs = &self.group[..self.count];
        (self.count > 0).then_some(Pairs { path: self.path, first: self.first, pairs })
    }
}

/// The block of one input or output in a row.
fn block_of(path: &ResolvedPath, side: usize) -> Range<usize> {
    let start = path.starts[side];
    start..start + path.multiplicities[side] * path.sizes[side]
}

/// The largest 2l + 1 of the output.
fn largest_output(product: &TensorProduct) -> usize {
    product.resolved.iter().map(|path| path.sizes[2]).max().unwrap_or(0)
}

/// The value of many products.
pub(super) struct Forward<'a, 'b, T: Number> {
    pub call: Call<'a, T>,
    pub output: &'b mut [T],
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
        let Forward { call, output } = self;
        let Call { product, inputs, .. } = &call;
        let pairing = inputs.pairing;
        let mut x = RowTile::new(product.first.dim());
        let mut y = RowTile::new(product.second.dim());
        let mut w = RowTile::new(call.weight_columns());
        let mut z = RowTile::new(product.output.dim());
        let mut couplings = BlockMemory::<T>::new(GROUP * largest_output(product));
        let mut group = [[0; 2]; GROUP];
        let writes_all =
            product.covers_output() && call.paths().all(ResolvedPath::writes_couplings);
        for block in call.item_blocks() {
            x.gather::<V>(proof, inputs.first, block, |item| pairing.first(item));
            y.gather::<V>(proof, inputs.second, block, |item| item);
            w.gather::<V>(proof, inputs.weights, block, |item| item);
            if !writes_all {
                z.clear();
            }
            for path in call.paths() {
                let weights = call.weights::<V>(path, &w.blocks);
                let output = &mut z.blocks[block_of(path, 2)];
                let mut groups = PairGroups::new(path, &mut group);
                while let Some(pairs) = groups.next() {
                    let inputs: [&[T::Block]; 2] = [&x.blocks, &y.blocks];
                    if path.writes_couplings() {
                        let output = &mut output[pairs.first * path.sizes[2]..];
                        couple::<V>(proof, pairs, inputs, output);
                        continue;
                    }
                    couple::<V>(proof, pairs, inputs, &mut couplings);
                    pairs.forward(proof, weights, &couplings, output);
                }
            }
            // Edges of one block may share a receiver: their lanes are added one after the other.
            match pairing {
                Pairing::RowByRow { .. } => z.set::<V>(proof, output, block),
                Pairing::Edges { .. } => {
                    z.add::<V>(proof, output, block, |item| call.output_row(item));
                }
            }
        }
    }
}

/// The vector-Jacobian product of many products.
pub(super) struct Backward<'a, 'b, T: Number> {
    pub call: Call<'a, T>,
    pub output_gradient: &'a [T],
    pub gradients: ProductGradients<'b, T>,
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
        let Call { product, inputs, .. } = &call;
        let pairing = inputs.pairing;
        let (first, second) = (product.first.dim(), product.second.dim());
        let [mut x, mut y, mut dx, mut dy] = [first, second, first, second].map(RowTile::new);
        let mut w = RowTile::new(call.weight_columns());
        let weights_asked = gradients.weights.is_some();
        let mut dw = RowTile::new(if weights_asked { product.num_weights } else { 0 });
        let mut dz = RowTile::new(product.output.dim());
        let size = GROUP * largest_output(product);
        let [mut couplings, mut gradient] = [size, size].map(BlockMemory::<T>::new);
        let mut group = [[0; 2]; GROUP];
        for block in call.item_blocks() {
            x.gather::<V>(proof, inputs.first, block, |item| pairing.first(item));
            y.gather::<V>(proof, inputs.second, block, |item| item);
            w.gather::<V>(proof, inputs.weights, block, |item| item);
            dz.gather::<V>(proof, output_gradient, block, |item| pairing.output(item));
            dx.clear();
            dy.clear();
            for path in call.paths() {
                let weights = call.weights::<V>(path, &w.blocks);
                let dz = &dz.blocks[block_of(path, 2)];
                let mut groups = PairGroups::new(path, &mut group);
                while let Some(pairs) = groups.next() {
                    let inputs: [&[T::Block]; 2] = [&x.blocks, &y.blocks];
                    if let (Some(start), true) = (path.weights, weights_asked) {
                        couple::<V>(proof, pairs, inputs, &mut couplings);
                        let dw = &mut dw.blocks[start..];
                        pairs.weight_gradient::<V>(proof, &couplings, dz, dw);
                    }
                    // Couplings that are the output, but for a weight, have its gradient.
                    let gradient: &[T::Block] = match (path.mode.keeps_pairs(), weights) {
                        (true, Weights::One) => &dz[pairs.first * path.sizes[2]..],
                        _ => {
                            pairs.backward(proof, weights, dz, &mut gradient);
                            &gradient
                        }
                    };
                    let results: [&mut [T::Block]; 2] = [&mut dx.blocks, &mut dy.blocks];
                    couple_back::<V>(proof, pairs, inputs, gradient, results);
                }
            }
            if let Some(gradient) = gradients.first.as_deref_mut() {
                dx.add::<V>(proof, gradient, block, |item| call.gradient_row(item));
            }
            if let Some(gradient) = gradients.second.as_deref_mut() {
                dy.add::<V>(proof, gradient, block, |item| item);
            }
            if let (Some(gradient), true) =
                (gradients.weights.as_deref_mut(), call.has_own_weights())
            {
                dw.add::<V>(proof, gradient, block, |item| item);
                dw.clear();
            }
        }
        // Shared weights have been summed in every lane over all blocks.
        if let (Some(gradient), false) = (gradients.weights, call.has_own_weights()) {
            for (sum, block) in gradient.iter_mut().zip(dw.blocks.iter()) {
                *sum = block.as_ref().iter().fold(*sum, |sum, &term| sum + term);
            }
        }
    }
}

/// Couples channel pairs: `[pair][m3]`.
#[inline(always)]
fn couple<V: Lanes>(
    proof: V::Proof,
    pairs: Pairs,
    [x, y]: [&[BlockOf<V>]; 2],
    couplings: &mut [BlockOf<V>],
) {
    let (x, y) = (&x[block_of(pairs.path, 0)], &y[block_of(pairs.path, 1)]);
    let scale = rounded(pairs.path.scale);
    let couple: Couple<V::Number> = Couple { scale, pairs: pairs.pairs, x, y, couplings };
    with_triple::<V, _>(proof, &pairs.path.table, couple);
}

struct Couple<'a, T: Number> {
    scale: T,
    pairs: &'a [[usize; 2]],
    x: &'a [T::Block],
    y: &'a [T::Block],
    couplings: &'a mut [T::Block],
}

impl<T: Number> Work<T> for Couple<'_, T> {
    #[inline(always)]
    fn run<V: Lanes<Number = T>, K: Triple>(self, proof: V::Proof, triple: K) {
        let [n1, n2, n3] = triple.sizes();
        let scale = V::splat(proof, self.scale);
        for (&[u, v], z) in self.pairs.iter().zip(self.couplings.chunks_exact_mut(n3)) {
            let (x, y) = (&self.x[u * n1..][..n1], &self.y[v * n2..][..n2]);
            triple.couple(proof, scale, x, y, z);
        }
    }
}

/// Adds to the gradients of both inputs those of the couplings of channel pairs.
#[inline(always)]
fn couple_back<V: Lanes>(
    proof: V::Proof,
    pairs: Pairs,
    [x, y]: [&[BlockOf<V>]; 2],
    gradient: &[BlockOf<V>],
    [dx, dy]: [&mut [BlockOf<V>]; 2],
) {
    let [first, second] = [0, 1].map(|side| block_of(pairs.path, side));
    let (dx, dy) = (&mut dx[first.clone()], &mut dy[second.clone()]);
    let (x, y) = (&x[first], &y[second]);
    let scale = rounded(pairs.path.scale);
    let back: CoupleBack<V::Number> =
        CoupleBack { scale, pairs: pairs.pairs, x, y, gradient, dx, dy };
    with_triple::<V, _>(proof, &pairs.path.table, back);
}

struct CoupleBack<'a, T: Number> {
    scale: T,
    pairs: &'a [[usize; 2]],
    x: &'a [T::Block],
    y: &'a [T::Block],
    gradient: &'a [T::Block],
    dx: &'a mut [T::Block],
    dy: &'a mut [T::Block],
}

impl<T: Number> Work<T> for CoupleBack<'_, T> {
    #[inline(always)]
    fn run<V: Lanes<Number = T>, K: Triple>(self, proof: V::Proof, triple: K) {
        let [n1, n2, n3] = triple.sizes();
        let scale = V::splat(proof, self.scale);
        for (&[u, v], dz) in self.pairs.iter().zip(self.gradient.chunks_exact(n3)) {
            let (x, y) = (&self.x[u * n1..][..n1], &self.y[v * n2..][..n2]);
            let (dx, dy) = (&mut self.dx[u * n1..][..n1], &mut self.dy[v * n2..][..n2]);
            triple.couple_back::<V>(proof, scale, [x, y, dz], dx, dy);
        }
    }
}
