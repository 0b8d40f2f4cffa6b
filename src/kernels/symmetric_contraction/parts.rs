//! A call in parts, for threads: each part is a call of its own, of nodes that follow each other.
//!
//! What belongs to nodes is cut between them. The gradient of the weights is a sum over parts: each
//! has memory for the weights of those species that its nodes have, and what the parts have is added
//! up in their order.

use std::marker::PhantomData;
use std::ops::Range;

use super::SymmetricContraction;
use super::arguments::{ContractionCotangents, ContractionGradients, ContractionInputs};
use super::evaluate::{Contraction, Nodes};
use super::ring::Kind;
use crate::Number;
use crate::parallel::{Named, Work, add, even_ranges, take_rows};

/// What a call has been given.
pub(super) struct Given<'a, T> {
    pub inputs: ContractionInputs<'a, T>,
    pub cotangents: ContractionCotangents<'a, T>,
    /// Asks for the gradients.
    pub output_gradient: Option<&'a [T]>,
    pub output: Option<&'a mut [T]>,
    pub gradients: ContractionGradients<'a, T>,
}

/// Runs a kernel on all nodes, or on parts of them.
pub(super) fn run<T: Number, K: Kind>(
    contraction: &SymmetricContraction,
    given: Given<'_, T>,
    start: impl Fn(Contraction<'_, T, K>) + Send + Sync,
) {
    let nodes = given.inputs.species.len();
    let threads = contraction.threads;
    let count = threads.parts(work(contraction, nodes));
    if count <= 1 {
        return contraction.start_part(given, None, &start);
    }
    let Given { inputs, cotangents, output_gradient, mut output, mut gradients } = given;
    let sizes = [contraction.input.dim(), contraction.output.dim()];
    let weight_sum = gradients.weights.take();
    let asked = weight_sum.is_some();
    let parts = even_ranges(nodes, count).into_iter().map(|range| Given {
        inputs: ContractionInputs {
            species: &inputs.species[range.clone()],
            input: rows(inputs.input, &range, sizes[0]),
            ..inputs
        },
        cotangents: ContractionCotangents {
            input: cotangents.input.map(|along| rows(along, &range, sizes[0])),
            ..cotangents
        },
        output_gradient: output_gradient.map(|array| rows(array, &range, sizes[1])),
        output: output.as_mut().map(|rest| take_rows(rest, range.len() * sizes[1])),
        gradients: ContractionGradients {
            input: gradients.input.as_mut().map(|rest| take_rows(rest, range.len() * sizes[0])),
            weights: None,
        },
    });
    let size = contraction.paths.len() * contraction.channels;
    let sums = threads.map(parts.collect(), |part: Given<'_, T>| {
        if !asked {
            contraction.start_part(part, None, &start);
            return (Vec::new(), Vec::new());
        }
        let species = Named::new(part.inputs.species).rows;
        let mut sums = vec![T::default(); species.len() * size];
        let gradients =
            ContractionGradients { weights: Some(&mut sums), input: part.gradients.input };
        contraction.start_part(Given { gradients, ..part }, Some(&species), &start);
        (species, sums)
    });
    let Some(gradient) = weight_sum else { return };
    for (species, terms) in sums {
        for (species, term) in species.into_iter().zip(terms.chunks_exact(size.max(1))) {
            add(&mut gradient[species * size..][..size], term);
        }
    }
}

impl SymmetricContraction {
    /// Runs a kernel on the nodes of a part. The gradient of weights is that of `species`, all if it is
    /// `None`.
    fn start_part<T: Number, K: Kind>(
        &self,
        given: Given<'_, T>,
        species: Option<&[usize]>,
        start: &impl Fn(Contraction<'_, T, K>),
    ) {
        let nodes = Nodes::new(given.inputs.species, self.species);
        start(Contraction {
            scheme: &self.scheme,
            layouts: [&self.layouts[0], &self.layouts[1]],
            channels: self.channels,
            paths: self.paths.len(),
            nodes: &nodes,
            input: [Some(given.inputs.input), given.cotangents.input],
            weights: [Some(given.inputs.weights), given.cotangents.weights],
            output_gradient: given.output_gradient,
            output: given.output,
            gradients: given.gradients,
            gradient_species: species,
            kind: PhantomData,
        });
    }
}

/// The nodes and what one takes. The coefficients of each species are found once for a part, so parts
/// are four times as large as others.
fn work(contraction: &SymmetricContraction, nodes: usize) -> Work {
    let moved = (contraction.input.dim() + contraction.output.dim()) / 4;
    Work { rows: nodes, each: moved + contraction.scheme.inner.len() * contraction.channels / 32 }
}

fn rows<'a, T>(array: &'a [T], range: &Range<usize>, size: usize) -> &'a [T] {
    &array[range.start * size..range.end * size]
}
