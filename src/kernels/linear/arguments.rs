//! The arguments of a call of a linear map by name, and the checks of their lengths.

use crate::error::{LengthError, check_length};

/// The inputs of [`Linear::forward`](super::Linear::forward) and its derivatives.
#[derive(Clone, Copy, Debug)]
pub struct LinearInputs<'a, T> {
    /// The features, `[row][input.dim()]`.
    pub input: &'a [T],
    /// The weights, then the biases; the same for all rows.
    pub parameters: &'a [T],
}

/// The gradients that the derivatives of a [`Linear`](super::Linear) map are added to, each as long
/// as its input; `None` where one is not needed.
#[derive(Debug)]
pub struct LinearGradients<'a, T> {
    /// With respect to the features.
    pub input: Option<&'a mut [T]>,
    /// With respect to the parameters.
    pub parameters: Option<&'a mut [T]>,
}

impl<T> LinearGradients<'_, T> {
    /// None of them.
    pub const NONE: Self = LinearGradients { input: None, parameters: None };

    /// Checks that each is as long as its input.
    pub(super) fn check(&self, inputs: &LinearInputs<'_, T>) -> Result<(), LengthError> {
        let LinearGradients { input, parameters } = self;
        let names = ["the gradient of the input", "the gradient of the parameters"];
        inputs.check_given(names, [input.as_deref(), parameters.as_deref()])
    }
}

/// What the gradients that [`Linear::backward`](super::Linear::backward) gives are multiplied with
/// and summed in its derivative, each as long as its input; `None` stands for zeros.
#[derive(Clone, Copy, Debug)]
pub struct LinearCotangents<'a, T> {
    /// For the gradient of the features.
    pub input: Option<&'a [T]>,
    /// For the gradient of the parameters.
    pub parameters: Option<&'a [T]>,
}

impl<T> LinearCotangents<'_, T> {
    /// Checks that each is as long as its input.
    pub(super) fn check(&self, inputs: &LinearInputs<'_, T>) -> Result<(), LengthError> {
        let names = ["the cotangent of the input", "the cotangent of the parameters"];
        inputs.check_given(names, [self.input, self.parameters])
    }
}

impl<T> LinearInputs<'_, T> {
    /// Checks the lengths of what belongs to inputs.
    fn check_given(
        &self,
        names: [&'static str; 2],
        found: [Option<&[T]>; 2],
    ) -> Result<(), LengthError> {
        let inputs = [self.input, self.parameters];
        for ((name, input), found) in names.into_iter().zip(inputs).zip(found) {
            check_length(name, input.len(), found.map_or(input.len(), <[T]>::len))?;
        }
        Ok(())
    }
}
