//! The arguments of a call of a tensor product by name, and the checks of their lengths.

use super::TensorProduct;
use super::pairing::Pairing;
use crate::error::check_length;
use crate::kernels::KernelError;

/// The inputs of [`TensorProduct::forward`] and its derivatives.
///
/// `first` is `[row][first.dim()]` with the rows that the pairing names, `second` is
/// `[item][second.dim()]`. `weights` are `[item][num_weights]`, or one row of them for all items, or
/// empty where no path is weighted.
#[derive(Clone, Copy, Debug)]
pub struct ProductInputs<'a, T> {
    /// Which rows are multiplied.
    pub pairing: Pairing<'a>,
    /// The first input.
    pub first: &'a [T],
    /// The second input.
    pub second: &'a [T],
    /// The weights.
    pub weights: &'a [T],
}

/// The gradients that the derivatives of a [`TensorProduct`] are added to, each as long as its
/// input; `None` where one is not needed.
#[derive(Debug)]
pub struct ProductGradients<'a, T> {
    /// With respect to the first input.
    pub first: Option<&'a mut [T]>,
    /// With respect to the second input.
    pub second: Option<&'a mut [T]>,
    /// With respect to the weights.
    pub weights: Option<&'a mut [T]>,
}

impl<T> ProductGradients<'_, T> {
    /// None of them.
    pub const NONE: Self = ProductGradients { first: None, second: None, weights: None };

    pub(super) fn reborrow(&mut self) -> ProductGradients<'_, T> {
        ProductGradients {
            first: self.first.as_deref_mut(),
            second: self.second.as_deref_mut(),
            weights: self.weights.as_deref_mut(),
        }
    }

    pub(super) fn is_none(&self) -> bool {
        self.first.is_none() && self.second.is_none() && self.weights.is_none()
    }

    /// Checks that each is as long as its input.
    pub(super) fn check(&self, inputs: &ProductInputs<'_, T>) -> Result<(), KernelError> {
        let ProductGradients { first, second, weights } = self;
        let found = [first, second, weights].map(|given| given.as_ref().map(|given| given.len()));
        let names = [
            "the gradient of the first input",
            "the gradient of the second input",
            "the gradient of the weights",
        ];
        inputs.check_given(names, found)
    }
}

/// What the gradients that [`TensorProduct::backward`] gives are multiplied with and summed in
/// [`TensorProduct::backward_twice`], each as long as its input; `None` stands for zeros.
#[derive(Clone, Copy, Debug)]
pub struct ProductCotangents<'a, T> {
    /// For the gradient of the first input.
    pub first: Option<&'a [T]>,
    /// For the gradient of the second input.
    pub second: Option<&'a [T]>,
    /// For the gradient of the weights.
    pub weights: Option<&'a [T]>,
}

impl<T> ProductCotangents<'_, T> {
    /// None of them.
    pub const NONE: Self = ProductCotangents { first: None, second: None, weights: None };

    /// Checks that each is as long as its input.
    pub(super) fn check(&self, inputs: &ProductInputs<'_, T>) -> Result<(), KernelError> {
        let ProductCotangents { first, second, weights } = self;
        let names = [
            "the cotangent of the first input",
            "the cotangent of the second input",
            "the cotangent of the weights",
        ];
        inputs.check_given(names, [first, second, weights].map(|given| given.map(<[T]>::len)))
    }
}

impl<T> ProductInputs<'_, T> {
    /// Checks the inputs, and an output or its gradient, against a product.
    pub(super) fn check(
        &self,
        product: &TensorProduct,
        output: usize,
        output_name: &'static str,
    ) -> Result<(), KernelError> {
        self.pairing.check_edges()?;
        let count = self.pairing.count();
        let second = count.saturating_mul(product.second.dim());
        check_length("the second input", second, self.second.len())?;
        if self.weights.len() != product.num_weights {
            let weights = count.saturating_mul(product.num_weights);
            check_length("the weights", weights, self.weights.len())?;
        }
        let first = [self.first.len(), product.first.dim()];
        self.pairing.check(first, [output, product.output.dim()], output_name)
    }

    /// Checks the lengths of what belongs to inputs.
    fn check_given(
        &self,
        names: [&'static str; 3],
        found: [Option<usize>; 3],
    ) -> Result<(), KernelError> {
        let inputs = [self.first, self.second, self.weights];
        for ((name, input), found) in names.into_iter().zip(inputs).zip(found) {
            check_length(name, input.len(), found.unwrap_or(input.len()))?;
        }
        Ok(())
    }
}
