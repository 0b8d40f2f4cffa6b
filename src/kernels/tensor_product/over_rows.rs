//! The kernel with rows on the lanes: a block of rows is gathered and transposed, every mode is
//! plain arithmetic on it, and the results go back.
//!
//! Weights that rows share are broadcast; the gradients of theirs are summed over lanes at the
//! end.

use std::ops::Range;

use super::combine::{self, Pairs, Weights};
use super::plan::Plan;
use super::rows::{Rows, row, row_mut};
use super::triple::{Triple, Work, with_triple};
use super::{Arguments, Gradients, TensorProduct};
use crate::kernels::arithmetic::rounded;
use crate::simd::{
    BlockMemory, BlockOf, Compiled, Job, Lanes, Number, Path, Start, from_rows, to_rows,
};

/// The most channel pairs whose couplings are in memory at once, so that they stay in the first
/// caches.
const GROUP: usize = 64;

/// A call to the kernel.
pub(super) struct OverRows<'a, T> {
    pub product: &'a TensorProduct,
    pub arguments: Arguments<'a, T>,
}

impl<'a, T: Number> OverRows<'a, T> {
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

    /// Whether each row has its own weights.
    fn has_row_weights(&self) -> bool {
        self.arguments.weights.len() != self.product.num_weights
    }

    /// The size of rows of weights to be transposed.
    fn weight_columns(&self) -> usize {
        if self.has_row_weights() { self.product.num_weights } else { 0 }
    }

    /// The items of blocks of lanes, (first, count).
    fn blocks(&self) -> impl Iterator<Item = [usize; 2]> + use<T> {
        let count = self.arguments.count;
        (0..count).step_by(T::WIDTH).map(move |first| [first, T::WIDTH.min(count - first)])
    }

    /// The weights of a path for a block of rows.
    fn weights<'w, V: Lanes<Number = T>>(&self, plan: &Plan, rows: &'w [T::Block]) -> Weights<'w, V>
    where
        'a: 'w,
    {
        let Some(start) = plan.weights else { return Weights::One };
        let range = start..start + plan.num_weights();
        match self.has_row_weights() {
            true => Weights::Rows(&rows[range]),
            false => Weights::Shared(&self.arguments.weights[range]),
        }
    }
}

/// Rows of one array on the lanes.
struct Tile<T: Number> {
    blocks: BlockMemory<T>,
    /// Memory for as many rows.
    stage: Vec<T>,
    columns: usize,
    /// The columns of whole squares, which are transposed fastest.
    padded: usize,
}

impl<T: Number> Tile<T> {
    fn new(columns: usize) -> Tile<T> {
        let padded = columns.next_multiple_of(T::WIDTH);
        let stage = vec![T::default(); padded * T::WIDTH];
        Tile { blocks: BlockMemory::new(padded), stage, columns, padded }
    }

    /// Takes rows of an array; lanes without a row are zero.
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

/// The pairs of a path, a group at a time.
struct Groups<'a> {
    plan: &'a Plan,
    group: &'a mut [[usize; 2]; GROUP],
    next: Option<[usize; 2]>,
    first: usize,
    count: usize,
}

impl<'a> Groups<'a> {
    #[inline(always)]
    fn new(plan: &'a Plan, group: &'a mut [[usize; 2]; GROUP]) -> Self {
        Groups { plan, group, next: plan.first_pair(), first: 0, count: 0 }
    }

    /// The next group, if there is one.
    #[inline(always)]
    fn next(&mut self) -> Option<Pairs<'_>> {
        self.first += self.count;
        self.count = 0;
        while let (Some(pair), true) = (self.next, self.count < GROUP) {
            self.group[self.count] = pair;
            self.count += 1;
            self.next = self.plan.pair_after(pair);
        }
        let pairs = &self.group[..self.count];
        (self.count > 0).then_some(Pairs { first: self.first, pairs })
    }
}

/// The block of one input or output in a row.
fn block_of(plan: &Plan, side: usize) -> Range<usize> {
    let start = plan.starts[side];
    start..start + plan.multiplicities[side] * plan.sizes[side]
}

/// The largest 2l + 1 of the output.
fn largest_output(product: &TensorProduct) -> usize {
    product.plans.iter().map(|plan| plan.sizes[2]).max().unwrap_or(0)
}

/// The value of many products.
pub(super) struct Forward<'a, 'b, T> {
    call: OverRows<'a, T>,
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
        let Forward { call, output } = self;
        let OverRows { product, arguments } = &call;
        let rows = arguments.rows;
        let mut x = Tile::new(product.first.dim());
        let mut y = Tile::new(product.second.dim());
        let mut w = Tile::new(call.weight_columns());
        let mut z = Tile::new(product.output.dim());
        let mut couplings = BlockMemory::<T>::new(GROUP * largest_output(product));
        let mut group = [[0; 2]; GROUP];
        let mut plans = product.plans_of(arguments);
        let writes_all = product.covers_output() && plans.all(Plan::writes_couplings);
        for block in call.blocks() {
            x.gather::<V>(proof, arguments.first, block, |item| rows.first(item));
            y.gather::<V>(proof, arguments.second, block, |item| item);
            w.gather::<V>(proof, arguments.weights, block, |item| item);
            if !writes_all {
                z.clear();
            }
            for plan in product.plans_of(arguments) {
                let weights = call.weights::<V>(plan, &w.blocks);
                let output = &mut z.blocks[block_of(plan, 2)];
                let mut groups = Groups::new(plan, &mut group);
                while let Some(pairs) = groups.next() {
                    let inputs: [&[T::Block]; 2] = [&x.blocks, &y.blocks];
                    if plan.writes_couplings() {
                        let output = &mut output[pairs.first * plan.sizes[2]..];
                        couple::<V>(proof, plan, pairs, inputs, output);
                        continue;
                    }
                    couple::<V>(proof, plan, pairs, inputs, &mut couplings);
                    combine::forward(proof, plan, pairs, weights, &couplings, output);
                }
            }
            match rows {
                Rows::Each => z.set::<V>(proof, output, block),
                Rows::Edges { .. } => z.add::<V>(proof, output, block, |item| rows.output(item)),
            }
        }
    }
}

/// The vector-Jacobian product of many products.
pub(super) struct Backward<'a, 'b, T> {
    call: OverRows<'a, T>,
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
        let OverRows { product, arguments } = &call;
        let rows = arguments.rows;
        let (first, second) = (product.first.dim(), product.second.dim());
        let [mut x, mut y, mut dx, mut dy] = [first, second, first, second].map(Tile::new);
        let mut w = Tile::new(call.weight_columns());
        let weights_asked = gradients.weights.is_some();
        let mut dw = Tile::new(if weights_asked { product.num_weights } else { 0 });
        let mut dz = Tile::new(product.output.dim());
        let size = GROUP * largest_output(product);
        let [mut couplings, mut gradient] = [size, size].map(BlockMemory::<T>::new);
        let mut group = [[0; 2]; GROUP];
        for block in call.blocks() {
            x.gather::<V>(proof, arguments.first, block, |item| rows.first(item));
            y.gather::<V>(proof, arguments.second, block, |item| item);
            w.gather::<V>(proof, arguments.weights, block, |item| item);
            dz.gather::<V>(proof, output_gradient, block, |item| rows.output(item));
            dx.clear();
            dy.clear();
            for plan in product.plans_of(arguments) {
                let weights = call.weights::<V>(plan, &w.blocks);
                let dz = &dz.blocks[block_of(plan, 2)];
                let mut groups = Groups::new(plan, &mut group);
                while let Some(pairs) = groups.next() {
                    let inputs: [&[T::Block]; 2] = [&x.blocks, &y.blocks];
                    if let (Some(start), true) = (plan.weights, weights_asked) {
                        couple::<V>(proof, plan, pairs, inputs, &mut couplings);
                        let dw = &mut dw.blocks[start..];
                        combine::weight_gradient::<V>(proof, plan, pairs, &couplings, dz, dw);
                    }
                    let gradient: &[T::Block] = match (plan.mode.keeps_pairs(), weights) {
                        (true, Weights::One) => &dz[pairs.first * plan.sizes[2]..],
                        _ => {
                            combine::backward(proof, plan, pairs, weights, dz, &mut gradient);
                            &gradient
                        }
                    };
                    let results: [&mut [T::Block]; 2] = [&mut dx.blocks, &mut dy.blocks];
                    couple_back::<V>(proof, plan, pairs, inputs, gradient, results);
                }
            }
            if let Some(gradient) = gradients.first.as_deref_mut() {
                dx.add::<V>(proof, gradient, block, |item| rows.first(item));
            }
            if let Some(gradient) = gradients.second.as_deref_mut() {
                dy.add::<V>(proof, gradient, block, |item| item);
            }
            if let (Some(gradient), true) =
                (gradients.weights.as_deref_mut(), call.has_row_weights())
            {
                dw.add::<V>(proof, gradient, block, |item| item);
                dw.clear();
            }
        }
        if let (Some(gradient), false) = (gradients.weights, call.has_row_weights()) {
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
    plan: &Plan,
    pairs: Pairs,
    [x, y]: [&[BlockOf<V>]; 2],
    couplings: &mut [BlockOf<V>],
) {
    let (x, y) = (&x[block_of(plan, 0)], &y[block_of(plan, 1)]);
    let scale = rounded(plan.scale);
    let couple: Couple<V::Number> = Couple { scale, pairs: pairs.pairs, x, y, couplings };
    with_triple::<V, _>(proof, &plan.table, couple);
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
    plan: &Plan,
    pairs: Pairs,
    [x, y]: [&[BlockOf<V>]; 2],
    gradient: &[BlockOf<V>],
    [dx, dy]: [&mut [BlockOf<V>]; 2],
) {
    let [first, second] = [0, 1].map(|side| block_of(plan, side));
    let (dx, dy) = (&mut dx[first.clone()], &mut dy[second.clone()]);
    let (x, y) = (&x[first], &y[second]);
    let scale = rounded(plan.scale);
    let back: CoupleBack<V::Number> =
        CoupleBack { scale, pairs: pairs.pairs, x, y, gradient, dx, dy };
    with_triple::<V, _>(proof, &plan.table, back);
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
