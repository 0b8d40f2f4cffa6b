//! A call in parts, for threads: each part is a call of its own, of items that follow each other.
//!
//! What belongs to items is cut between them: rows of the second input and of weights, and of their
//! gradients. So is the output of separate rows, and that of edges which are sorted by receiver, where
//! parts end where the receiver changes. Everything else is a *sum over parts*: the output of
//! other edges, the gradient of the first input along edges, and that of weights that items share.
//! Each part then has memory of its own, with a row for every row that its items name ([`Named`]),
//! and what the parts have is added up in their order. So no two threads write to one place,
//! and sums do not depend on who made them.

use std::ops::Range;

use super::TensorProduct;
use super::arguments::{ProductGradients, ProductInputs};
use super::call::Call;
use super::channel_rows::ChannelRows;
use super::over_channels::{TurnBack, TurnBackKernel};
use super::pairing::Pairing;
use super::resolved_path::ResolvedPath;
use crate::Number;
use crate::parallel::{Named, RowsMut, Work, add, add_named, even_ranges, take_rows};

/// Adds to the output.
pub(super) fn forward<T: Number>(call: Call<'_, T>, output: &mut [T], streams: bool) {
    let threads = call.product.threads;
    let count = threads.parts(work(&call));
    if count <= 1 {
        return call.run_forward(output, streams);
    }
    let size = call.product.output.dim();
    let Pairing::Edges { receivers, .. } = call.inputs.pairing else {
        let mut rest = &mut *output;
        let ranges = even_ranges(call.inputs.pairing.count(), count);
        let parts = ranges.into_iter().map(|range| {
            let own = take_rows(&mut rest, range.len() * size);
            (call.part(range), own)
        });
        threads.map(parts.collect(), |(part, output)| part.run_forward(output, streams));
        return;
    };
    if let Some(ranges) = ranges_of_receivers(receivers, count) {
        let (mut rest, mut start) = (&mut *output, 0);
        let parts = ranges.into_iter().map(|range| {
            // Rows up to the last receiver of the part.
            let first = start;
            start = receivers[range.end - 1] + 1;
            (range, first, take_rows(&mut rest, (start - first) * size))
        });
        threads.map(parts.collect(), |(range, first, output)| {
            let own = receivers[range.clone()].iter().map(|receiver| receiver - first);
            let rows: Vec<usize> = own.collect();
            Call { output_rows: Some(&rows), ..call.part(range) }.run_forward(output, streams);
        });
        return;
    }
    let ranges = even_ranges(receivers.len(), parts_of_sums(&call));
    let sums = threads.map(ranges, |range| {
        let named = Named::new(&receivers[range.clone()]);
        let mut numbers = vec![T::default(); named.rows.len() * size];
        let part = Call { output_rows: Some(&named.local), ..call.part(range) };
        part.run_forward(&mut numbers, streams);
        (named.rows, numbers)
    });
    add_named(threads, &sums, output, size);
}

/// What a part has of gradients that are summed over parts: that of the first input in the rows that it
/// names, as they are or on the lanes, and that of weights.
struct Sums<T> {
    named: Vec<usize>,
    plain: Vec<T>,
    turned: Option<ChannelRows<T>>,
    weights: Vec<T>,
}

/// Adds the vector-Jacobian product to the gradients.
pub(super) fn backward<T: Number>(
    call: Call<'_, T>,
    output_gradient: &[T],
    mut gradients: ProductGradients<'_, T>,
) {
    let pairing = call.inputs.pairing;
    let ranges = even_ranges(pairing.count(), parts_of_sums(&call));
    if let [_] = ranges[..] {
        return backward_in_one(call, output_gradient, gradients);
    }
    let along_edges = matches!(pairing, Pairing::Edges { .. });
    // What is summed over parts; the rest is cut.
    let first_sum = if along_edges { gradients.first.take() } else { None };
    let weight_sum = if call.has_own_weights() { None } else { gradients.weights.take() };
    let asked = [first_sum.is_some(), weight_sum.is_some()];
    let product = call.product;
    let parts = ranges.into_iter().map(|range| {
        let own = ProductGradients {
            first: take_given(&mut gradients.first, range.len() * product.first.dim()),
            second: take_given(&mut gradients.second, range.len() * product.second.dim()),
            weights: take_given(&mut gradients.weights, range.len() * product.num_weights),
        };
        (range, own)
    });
    let sums = product.threads.map(parts.collect(), |(range, own)| {
        let size = product.output.dim();
        let dz = match along_edges {
            true => output_gradient,
            false => &output_gradient[range.start * size..range.end * size],
        };
        backward_part(&call.part(range), dz, own, asked)
    });
    if let Some(gradient) = weight_sum {
        sums.iter().for_each(|part| add(gradient, &part.weights));
    }
    let Some(gradient) = first_sum else { return };
    if call.turned.is_some() {
        let turned = |part: Sums<T>| Some((part.named, part.turned?));
        let rows: Vec<_> = sums.into_iter().filter_map(turned).collect();
        turn_back(product, &rows, gradient);
    } else {
        let rows: Vec<_> = sums.into_iter().map(|part| (part.named, part.plain)).collect();
        add_named(product.threads, &rows, gradient, product.first.dim());
    }
}

/// The same on the calling thread.
fn backward_in_one<T: Number>(
    call: Call<'_, T>,
    output_gradient: &[T],
    mut gradients: ProductGradients<'_, T>,
) {
    let first = match call.turned {
        Some(_) => gradients.first.take(),
        None => None,
    };
    let (Some(turned), Some(first)) = (call.turned, first) else {
        return call.run_backward(output_gradient, gradients, None);
    };
    let rows = first.len().checked_div(call.product.first.dim()).unwrap_or(0);
    let mut sums = turned.like(rows);
    call.run_backward(output_gradient, gradients, Some(&mut sums));
    turn_back(call.product, &[((0..rows).collect(), sums)], first);
}

/// One part, with memory for the sums over parts that are asked for.
fn backward_part<T: Number>(
    part: &Call<'_, T>,
    output_gradient: &[T],
    gradients: ProductGradients<'_, T>,
    [sums_first, sums_weights]: [bool; 2],
) -> Sums<T> {
    let product = part.product;
    let named = match part.inputs.pairing {
        Pairing::Edges { senders, .. } if sums_first => Named::new(senders),
        _ => Named::default(),
    };
    let mut turned = part.turned.map(|rows| rows.like(named.rows.len()));
    let plain = if turned.is_some() { 0 } else { named.rows.len() * product.first.dim() };
    let mut plain = vec![T::default(); plain];
    let mut weights = vec![T::default(); if sums_weights { product.num_weights } else { 0 }];
    let own = ProductGradients {
        first: if sums_first && turned.is_none() { Some(&mut plain) } else { gradients.first },
        second: gradients.second,
        weights: if sums_weights { Some(&mut weights) } else { gradients.weights },
    };
    let gradient_rows = sums_first.then_some(&named.local[..]);
    let turned_gradient = if sums_first { turned.as_mut() } else { None };
    Call { gradient_rows, ..*part }.run_backward(output_gradient, own, turned_gradient);
    Sums { named: named.rows, plain, turned, weights }
}

/// Adds the rows of all parts, which have channels on the lanes, to those of the gradient.
fn turn_back<T: Number>(
    product: &TensorProduct,
    parts: &[(Vec<usize>, ChannelRows<T>)],
    gradient: &mut [T],
) {
    let size = product.first.dim();
    let rows = gradient.len().checked_div(size).unwrap_or(0);
    let work = Work { rows, each: size.saturating_mul(parts.len()) / 4 };
    let target = (0..rows, RowsMut { numbers: gradient, size });
    product.threads.each(work, target, &|(rows, target)| {
        let task = TurnBack { parts, first: rows.start, target };
        T::start::<TurnBackKernel>(product.lanes, task);
    });
}

impl<'a, T: Number> Call<'a, T> {
    /// Some of the items.
    fn part(&self, range: Range<usize>) -> Call<'a, T> {
        let ProductInputs { pairing, mut first, second, mut weights } = self.inputs;
        let rows = |array: &'a [T], size| &array[range.start * size..range.end * size];
        let pairing = match pairing {
            Pairing::RowByRow { .. } => {
                first = rows(first, self.product.first.dim());
                Pairing::RowByRow { rows: range.len() }
            }
            Pairing::Edges { senders, receivers } => Pairing::Edges {
                senders: &senders[range.clone()],
                receivers: &receivers[range.clone()],
            },
        };
        if self.has_own_weights() {
            weights = rows(weights, self.product.num_weights);
        }
        let second = rows(second, self.product.second.dim());
        Call { inputs: ProductInputs { pairing, first, second, weights }, ..*self }
    }
}

/// The number of parts where they have memory of their own for rows that edges name. Half a row for each
/// edge costs little beside the edge; but eight parts are worth it in any case.
fn parts_of_sums<T: Number>(call: &Call<'_, T>) -> usize {
    let parts = call.product.threads.parts(work(call));
    if matches!(call.inputs.pairing, Pairing::RowByRow { .. }) {
        return parts;
    }
    let rows = call.inputs.first.len().checked_div(call.product.first.dim()).unwrap_or(0);
    let cheap = call.inputs.pairing.count() / (2 * rows.max(1));
    parts.min(cheap.next_power_of_two().max(8))
}

/// The items of a call and what one takes. Without paths it is nothing: rows may then be empty, and edges
/// may name any of them.
fn work<T: Number>(call: &Call<'_, T>) -> Work {
    let rows = call.inputs.pairing.count();
    if call.paths().next().is_none() {
        return Work { rows, each: 0 };
    }
    let of_path = |path: &ResolvedPath| {
        let [n1, n2, n3] = path.sizes;
        path.checked_num_pairs().unwrap_or(usize::MAX).saturating_mul(n1 * n3 + n2) / 8
    };
    let product = call.product;
    let moved = product.first.dim() + product.second.dim() + product.output.dim();
    let each = call.paths().map(of_path).fold(moved / 4, usize::saturating_add);
    Work { rows, each }
}

/// Ranges that end where the receiver changes; none if receivers are not sorted, or one has so many
/// edges that parts would be of very unlike size.
fn ranges_of_receivers(receivers: &[usize], count: usize) -> Option<Vec<Range<usize>>> {
    if !receivers.is_sorted() {
        return None;
    }
    let size = receivers.len().div_ceil(count);
    let (mut ranges, mut start) = (Vec::with_capacity(count), 0);
    while start < receivers.len() {
        let last = receivers[(start + size).min(receivers.len()) - 1];
        let end = start + receivers[start..].partition_point(|&receiver| receiver <= last);
        if end - start > 2 * size {
            return None;
        }
        ranges.push(start..end);
        start = end;
    }
    Some(ranges)
}

/// Takes the first numbers away where there are any.
fn take_given<'a, T>(rest: &mut Option<&'a mut [T]>, length: usize) -> Option<&'a mut [T]> {
    rest.as_mut().map(|rest| take_rows(rest, length))
}
