//! Sums over items into the rows that they name, part by part: as edges into nodes.

use super::{RowsMut, Threads, Work};
use crate::Number;

/// The rows that items name, and of each item its place among them.
#[derive(Default)]
pub(crate) struct Named {
    /// In ascending order.
    pub rows: Vec<usize>,
    pub local: Vec<usize>,
}

impl Named {
    pub fn new(items: &[usize]) -> Named {
        let first = items.iter().copied().min().unwrap_or(0);
        let last = items.iter().copied().max().unwrap_or(0);
        let mut places = vec![usize::MAX; last - first + 1];
        items.iter().for_each(|row| places[row - first] = 0);
        let mut rows = Vec::new();
        for (index, place) in places.iter_mut().enumerate().filter(|(_, place)| **place == 0) {
            *place = rows.len();
            rows.push(first + index);
        }
        let local = items.iter().map(|row| places[row - first]).collect();
        Named { rows, local }
    }
}

/// Adds the rows of all parts, in their order, to the rows of an array that they name.
pub(crate) fn add_named<T: Number>(
    threads: Threads,
    parts: &[(Vec<usize>, Vec<T>)],
    sums: &mut [T],
    size: usize,
) {
    let rows = sums.len().checked_div(size).unwrap_or(0);
    let work = Work { rows, each: size.saturating_mul(parts.len()) / 4 };
    let target = (0..rows, RowsMut { numbers: sums, size });
    threads.each(work, target, &|(range, target)| {
        for (named, terms) in parts {
            let start = named.partition_point(|&row| row < range.start);
            let end = named.partition_point(|&row| row < range.end);
            let terms = terms.chunks_exact(size.max(1)).skip(start);
            for (&row, term) in named[start..end].iter().zip(terms) {
                add(&mut target.numbers[(row - range.start) * size..][..size], term);
            }
        }
    });
}

/// Adds numbers to as many others.
pub(crate) fn add<T: Number>(sums: &mut [T], terms: &[T]) {
    for (sum, &term) in sums.iter_mut().zip(terms) {
        *sum = *sum + term;
    }
}

/// Adds every row to the row that it names.
#[cfg(feature = "nn")]
pub(crate) fn add_rows<T: Number>(
    threads: Threads,
    rows: &[T],
    names: &[usize],
    sums: &mut [T],
    size: usize,
) {
    let add_all = |rows: &[T], names: &[usize], sums: &mut [T]| {
        for (row, &name) in rows.chunks_exact(size.max(1)).zip(names) {
            add(&mut sums[name * size..][..size], row);
        }
    };
    let parts = threads.parts(Work { rows: names.len(), each: size });
    if parts <= 1 {
        return add_all(rows, names, sums);
    }
    let parts = threads.map(super::even_ranges(names.len(), parts), |range| {
        let named = Named::new(&names[range.clone()]);
        let mut own = vec![T::default(); named.rows.len() * size];
        add_all(&rows[range.start * size..range.end * size], &named.local, &mut own);
        (named.rows, own)
    });
    add_named(threads, &parts, sums, size);
}
