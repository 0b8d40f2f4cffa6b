//! The arguments of a call of a symmetric contraction by name, and the checks of their lengths.

use super::{ContractionError, SymmetricContraction};
use crate::error::{LengthError, check_length};

/// The inputs of [`SymmetricContraction::forward`] and its derivatives.
#[derive(Clone, Copy, Debug)]
pub struct ContractionInputs<'a, T> {
    /// The species of each node.
    pub species: &'a [usize],
    /// The features, `[node][input.dim()]`.
    pub input: &'a [T],
    /// The weights, `[species][path][channel]`.
    pub weights: &'a [T],
}

/// The gradients that the derivatives of a [`SymmetricContraction`] are added to, each as long as its
/// input; `None` where one is not needed.
#[derive(Debug)]
pub struct ContractionGradients<'a, T> {
    /// With respect to the features.
    pub input: Option<&'a mut [T]>,
    /// With respect to the weights.
    pub weights: Option<&'a mut [T]>,
}

/// What the gradients that [`SymmetricContraction::backward`] gives are multiplied with and summed in
/// its derivative, each as long as its input; `None` stands for zeros.
#[derive(Clone, Copy, Debug)]
pub struct ContractionCotangents<'a, T> {
    /// For the gradient of the features.
    pub input: Option<&'a [T]>,
    /// For the gradient of the weights.
    pub weights: Option<&'a [T]>,
}

impl<T> ContractionGradients<'_, T> {
    /// None of them.
    pub const NONE: Self = ContractionGradients { input: None, weights: None };

    /// Checks that each is as long as its input.
    pub(super) fn check(&self, inputs: &ContractionInputs<'_, T>) -> Result<(), LengthError> {
        let ContractionGradients { input, weights } = self;
        let names = ["the gradient of the input", "the gradient of the weights"];
        inputs.check_given(names, [input.as_deref(), weights.as_deref()])
    }
}

impl<T> ContractionCotangents<'_, T> {
    /// None of them.
    pub(super) const NONE: Self = ContractionCotangents { input: None, weights: None };

    /// Checks that each is as long as its input.
    pub(super) fn check(&self, inputs: &ContractionInputs<'_, T>) -> Result<(), LengthError> {
        let names = ["the cotangent of the input", "the cotangent of the weights"];
        inputs.check_given(names, [self.input, self.weights])
    }
}

impl<T> ContractionInputs<'_, T> {
    /// Checks the inputs, and an output or its gradient, against a contraction.
    pub(super) fn check(
        &self,
        contraction: &SymmetricContraction,
        (what, output): (&'static str, usize),
    ) -> Result<(), ContractionError> {
        let nodes = self.species.len();
        check_length("the input", nodes * contraction.input().dim(), self.input.len())?;
        contraction.check_weights("the weights", self.weights)?;
        check_length(what, nodes * contraction.output().dim(), output)?;
        contraction.check_species(self.species)
    }

    /// Checks the lengths of what belongs to inputs.
    fn check_given(
        &self,
        names: [&'static str; 2],
        found: [Option<&[T]>; 2],
    ) -> Result<(), LengthError> {
        let inputs = [self.input, self.weights];
        for ((name, input), found) in names.into_iter().zip(inputs).zip(found) {
            check_length(name, input.len(), found.map_or(input.len(), <[T]>::len))?;
        }
        Ok(())
    }
}
