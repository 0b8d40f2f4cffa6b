//! Results past the caches: parts of a batch are computed in a stage, 16 KiB or the results of one
//! block of points where those are more, and copied from there with stores that go to memory.

use super::Layout;
use super::evaluate::{Evaluate, MOST_SCRATCH};
use super::fill::DegreeTables;
use super::output::Output;
use super::plan::MOST;
use crate::parallel::Cut;
use crate::simd::{Aligned, Job, Lanes, Number, Path, stream};

/// The blocks of a stage, unless one block of points needs more.
const STAGE: usize = 256;

/// Evaluates part by part.
pub(super) fn staged<T: DegreeTables>(task: Evaluate<'_, T>, path: Path) {
    let columns = task.plan.columns() * [1, 4, 13][task.order()];
    if columns <= STAGE {
        with_stage::<T, STAGE>(task, path, STAGE / columns);
    } else {
        with_stage::<T, { 13 * MOST }>(task, path, 1);
    }
}

#[inline(never)]
fn with_stage<T: DegreeTables, const N: usize>(
    mut task: Evaluate<'_, T>,
    path: Path,
    blocks: usize,
) {
    let mut stage = Aligned([T::ZERO; N]);
    // Cleared once, not for every part.
    let mut scratch = Aligned([T::ZERO; MOST_SCRATCH]);
    let stage = T::numbers_mut(&mut stage.0);
    let part = blocks * T::WIDTH;
    for first in (0..task.n).step_by(part) {
        // The last part is whole too, where that is possible, so that every point is computed by
        // the same functions.
        let last = match task.plan.layout {
            Layout::Rows => task.n.saturating_sub(part),
            Layout::Lanes => task.n.next_multiple_of(T::WIDTH).saturating_sub(part),
        };
        let first = first.min(last);
        let count = part.min(task.n - first);
        copy_part(&mut task, path, [first, count], stage, &mut scratch.0);
    }
    T::run(path, Fence);
}

/// Evaluates the `count` points from `first` on in the stage and copies the results.
fn copy_part<T: DegreeTables>(
    task: &mut Evaluate<'_, T>,
    path: Path,
    [first, count]: [usize; 2],
    stage: &mut [T],
    scratch: &mut [T::Block],
) {
    let padded = match task.plan.layout {
        Layout::Rows => count,
        Layout::Lanes => count.next_multiple_of(T::WIDTH),
    };
    let sizes = [
        task.values.size(),
        task.gradients.as_ref().map_or(0, Output::size),
        task.hessians.as_ref().map_or(0, Output::size),
    ];
    let (values, rest) = stage.split_at_mut(padded * sizes[0]);
    let (gradients, rest) = rest.split_at_mut(padded * sizes[1]);
    let hessians = &mut rest[..padded * sizes[2]];
    let (_, positions) = task.positions.cut(first);
    let part = Evaluate {
        plan: task.plan,
        positions: positions.cut(count).0,
        n: count,
        values: task.values.with(values),
        gradients: task.gradients.as_ref().map(|output| output.with(gradients)),
        hessians: task.hessians.as_ref().map(|output| output.with(hessians)),
    };
    part.start_with(path, scratch);
    let outputs = [Some(&mut task.values), task.gradients.as_mut(), task.hessians.as_mut()];
    let mut rest = &*stage;
    for (output, size) in outputs.into_iter().zip(sizes) {
        let Some(output) = output else { continue };
        let (from, others) = rest.split_at(padded * size);
        rest = others;
        let to = &mut output.numbers[first * size..][..padded * size];
        T::run(path, Copy { from, to });
    }
}

struct Copy<'a, T> {
    from: &'a [T],
    to: &'a mut [T],
}

impl<T: Number> Job<T> for Copy<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(self, proof: V::Proof) {
        stream::<V>(proof, self.from, self.to);
    }
}

/// Orders what was copied before all that follows.
struct Fence;

impl<T: Number> Job<T> for Fence {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(self, proof: V::Proof) {
        V::fence(proof);
    }
}
