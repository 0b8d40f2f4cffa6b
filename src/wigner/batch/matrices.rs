//! The matrices of a batch, block by block.

use super::recursion::{Recursion, lift};
use super::rows::{Entries, load_rotations};
use super::{Batch, Layout};
use crate::simd::{BlockMemory, Compiled, Job, Lanes, Number, Path};
use crate::wigner::all_len;

/// All matrices of the rotations.
pub(super) struct Matrices<'a, T> {
    pub batch: Batch,
    pub rotations: &'a [[[T; 3]; 3]],
    pub matrices: &'a mut [T],
}

/// [`Matrices`], compiled for both number types.
pub(super) struct MatricesKernel;

impl Compiled for MatricesKernel {
    type Task<'a, T: Number> = Matrices<'a, T>;

    fn f32(path: Path, task: Matrices<'_, f32>) {
        task.start(path);
    }

    fn f64(path: Path, task: Matrices<'_, f64>) {
        task.start(path);
    }
}

impl<T: Number> Matrices<'_, T> {
    fn start(self, path: Path) {
        let recursion = Recursion::new(self.batch.high);
        let needed = if self.is_direct() { 0 } else { all_len(self.batch.high) };
        let mut scratch = BlockMemory::<T>::new(needed);
        T::run(path, Run { task: self, recursion, scratch: &mut scratch });
    }

    /// Whether the caller's blocks are those of all degrees.
    fn is_direct(&self) -> bool {
        self.batch.layout == Layout::Lanes && self.batch.low == 0
    }
}

struct Run<'a, 'b, T: Number> {
    task: Matrices<'a, T>,
    recursion: Recursion<T>,
    scratch: &'b mut [T::Block],
}

impl<T: Number> Job<T> for Run<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(self, proof: V::Proof) {
        let Run { task, recursion, scratch } = self;
        let (batch, n, direct) = (task.batch, task.rotations.len(), task.is_direct());
        let columns = batch.columns();
        for block in 0..n.div_ceil(T::WIDTH) {
            let first = load_rotations::<V>(task.rotations, block);
            if direct {
                let blocks = T::blocks_mut(task.matrices).0;
                let own = &mut blocks[block * columns..(block + 1) * columns];
                for l in 0..=batch.high {
                    lift::<V>(proof, &recursion, l, &first, own);
                }
                continue;
            }
            for l in 0..=batch.high {
                lift::<V>(proof, &recursion, l, &first, scratch);
                if l >= batch.low {
                    let size = (2 * l + 1) * (2 * l + 1);
                    let tile = &scratch[all_len(l) - size..all_len(l)];
                    Entries::of_degree(&batch, n, l).write::<V>(proof, tile, task.matrices, block);
                }
            }
        }
    }
}
