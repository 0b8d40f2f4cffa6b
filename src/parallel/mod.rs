//! Who does the work of a large call: the calling thread, or the threads of rayon's pool.
//!
//! Work is cut into halves until a part is not worth a task of its own. Where it is cut follows from the
//! rows and from what one takes, never from the number of threads, and sums over parts are added
//! in the order of the cuts. So results are the same, bit for bit, on any number of threads.

mod named;

use std::ops::Range;
use std::slice::{ChunksExact, ChunksExactMut};

use crate::Scalar;
#[cfg(feature = "nn")]
pub(crate) use named::add_rows;
pub(crate) use named::{Named, add, add_named};

/// Who works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Threads {
    /// The calling thread.
    #[default]
    Caller,
    /// The threads of the pool that the caller is in, or of rayon's own.
    #[cfg_attr(not(feature = "rayon"), allow(dead_code, reason = "no one asks for it"))]
    Pool,
}

/// Rows, and about what one of them takes, in numbers that are read or written one by one; lanes do
/// some eight operations in that time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work {
    pub rows: usize,
    pub each: usize,
}

/// The least work of a task: some 25 µs of a convolution on AVX-512.
const TASK: usize = 1 << 17;

/// The most parts of a sum for which each part has memory of its own.
pub(crate) const MOST_PARTS: usize = 32;

/// Rows are cut at multiples of this, so that blocks of lanes stay whole.
const ALIGNED: usize = 16;

/// What a function such as exp takes.
const FUNCTION: usize = 16;

impl Work {
    /// Arrays of so many numbers in rows of a size, of which functions are taken of some.
    pub fn of_functions(length: usize, size: usize, functions: usize) -> Work {
        let rows = length.checked_div(size).unwrap_or(0);
        Work { rows, each: size + functions * FUNCTION }
    }

    /// The row in the middle, where two parts pay.
    fn middle(self) -> Option<usize> {
        let at = (self.rows / 2).next_multiple_of(ALIGNED);
        let pays = self.rows.saturating_mul(self.each) >= 2 * TASK;
        (pays && 0 < at && at < self.rows).then_some(at)
    }
}

impl Threads {
    /// Runs a function on all rows, or on parts of them.
    pub fn each<P: Cut + Send>(self, work: Work, rows: P, run: &(impl Fn(P) + Sync)) {
        self.sum::<P, f64>(work, rows, &mut [], &|part, _| run(part));
    }

    /// Runs a function that adds to sums over rows.
    pub fn sum<P: Cut + Send, T: Scalar + Send>(
        self,
        work: Work,
        rows: P,
        sums: &mut [T],
        run: &(impl Fn(P, &mut [T]) + Sync),
    ) {
        let (Threads::Pool, Some(at)) = (self, work.middle()) else { return run(rows, sums) };
        let (first, second) = rows.cut(at);
        let half = |rows| Work { rows, ..work };
        let mut others = vec![T::constant(0.0, 0.0); sums.len()];
        join(
            || self.sum(half(at), first, sums, run),
            || self.sum(half(work.rows - at), second, &mut others, run),
        );
        for (sum, term) in sums.iter_mut().zip(others) {
            *sum = *sum + term;
        }
    }

    /// Into how many parts of like size work that is not cut by halves is divided, at most
    /// [`MOST_PARTS`].
    pub fn parts(self, work: Work) -> usize {
        match self {
            Threads::Caller => 1,
            Threads::Pool => {
                let tasks = work.rows.saturating_mul(work.each) / TASK;
                let parts = tasks.min(work.rows / ALIGNED).clamp(1, MOST_PARTS);
                // A power of two, so that threads have the same number of them.
                1 << parts.ilog2()
            }
        }
    }

    /// The results of a function for each of some parts, in their order.
    pub fn map<P: Send, R: Send>(
        self,
        parts: Vec<P>,
        run: impl Fn(P) -> R + Send + Sync,
    ) -> Vec<R> {
        #[cfg(feature = "rayon")]
        if self == Threads::Pool {
            use rayon::iter::{IntoParallelIterator, ParallelIterator};
            return parts.into_par_iter().map(run).collect();
        }
        parts.into_iter().map(run).collect()
    }
}

/// Runs both, on two threads if there are.
fn join(first: impl FnOnce() + Send, second: impl FnOnce() + Send) {
    #[cfg(feature = "rayon")]
    rayon::join(first, second);
    #[cfg(not(feature = "rayon"))]
    {
        first();
        second();
    }
}

/// As many ranges of like size.
pub(crate) fn even_ranges(items: usize, count: usize) -> Vec<Range<usize>> {
    // Whole blocks of rows on the lanes, but for the last.
    let size = items.div_ceil(count).next_multiple_of(ALIGNED).max(ALIGNED);
    (0..items).step_by(size).map(|start| start..items.min(start + size)).collect()
}

/// Takes the first numbers away.
pub(crate) fn take_rows<'a, T>(rest: &mut &'a mut [T], length: usize) -> &'a mut [T] {
    let (own, others) = std::mem::take(rest).split_at_mut(length);
    *rest = others;
    own
}

/// What has rows, and can be cut between two of them.
pub(crate) trait Cut: Sized {
    /// What belongs to the rows before `at`, and the rest.
    fn cut(self, at: usize) -> (Self, Self);
}

/// The rows of an array.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a, T> {
    pub numbers: &'a [T],
    pub size: usize,
}

/// The rows of an array that is written.
pub(crate) struct RowsMut<'a, T> {
    pub numbers: &'a mut [T],
    pub size: usize,
}

impl<'a, T> Rows<'a, T> {
    /// One after the other; none if they are empty.
    pub fn iter(self) -> ChunksExact<'a, T> {
        self.numbers.chunks_exact(self.size.max(1))
    }
}

impl<'a, T> RowsMut<'a, T> {
    /// One after the other; none if they are empty.
    pub fn iter(self) -> ChunksExactMut<'a, T> {
        self.numbers.chunks_exact_mut(self.size.max(1))
    }
}

impl<T> Cut for Rows<'_, T> {
    fn cut(self, at: usize) -> (Self, Self) {
        let (first, second) = self.numbers.split_at(at * self.size);
        (Rows { numbers: first, ..self }, Rows { numbers: second, ..self })
    }
}

impl<T> Cut for RowsMut<'_, T> {
    fn cut(self, at: usize) -> (Self, Self) {
        let (first, second) = self.numbers.split_at_mut(at * self.size);
        (RowsMut { numbers: first, ..self }, RowsMut { numbers: second, ..self })
    }
}

/// The rows by their numbers.
impl Cut for Range<usize> {
    fn cut(self, at: usize) -> (Self, Self) {
        let middle = self.start + at;
        (self.start..middle, middle..self.end)
    }
}

impl<P: Cut> Cut for Option<P> {
    fn cut(self, at: usize) -> (Self, Self) {
        self.map(|part| part.cut(at)).unzip()
    }
}

impl<P: Cut, Q: Cut> Cut for (P, Q) {
    fn cut(self, at: usize) -> (Self, Self) {
        let (p, q) = (self.0.cut(at), self.1.cut(at));
        ((p.0, q.0), (p.1, q.1))
    }
}

impl<P: Cut, const N: usize> Cut for [P; N] {
    fn cut(self, at: usize) -> (Self, Self) {
        let mut second = Vec::with_capacity(N);
        let first = self.map(|part| {
            let (first, rest) = part.cut(at);
            second.push(rest);
            first
        });
        match second.try_into() {
            Ok(second) => (first, second),
            Err(_) => unreachable!("one for each of N"),
        }
    }
}
