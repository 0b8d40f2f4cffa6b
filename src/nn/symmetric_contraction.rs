//! The symmetric contraction of MACE.

use std::sync::Arc;

use burn::module::{Module, Param};
use burn::tensor::Tensor;

use super::operation::{Element, Operation, apply2};
use super::{Features, Init, NnError};
use crate::Irreps;
use crate::kernels::symmetric_contraction::{
    self as kernel, ContractionError, ContractionGradients,
};

/// All equivariant products of up to four factors of the features of a node, channel by channel,
/// with learnable weights for every element, product and channel; see [`kernel`].
///
/// The weights are one matrix `[elements][paths · channels]`.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use tesseral::nn::{Features, Init, SymmetricContraction};
///
/// let device = Device::flex();
/// let (input, output) = ("8x0e+8x1o".parse()?, "8x0e".parse()?);
/// let layer = SymmetricContraction::new(&input, &output, 2, 3, &mut Init::new(0, &device))?;
/// let x = Features::new(input, Tensor::ones([2, 32], &device))?;
/// let invariants = layer.forward(&x, &[0, 2])?;
/// assert_eq!(invariants.values().dims(), [2, 8]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Module, Debug)]
pub struct SymmetricContraction {
    weights: Param<Tensor<2>>,
    #[module(skip)]
    kernel: Arc<kernel::SymmetricContraction>,
}

impl SymmetricContraction {
    /// The contraction of `input` to `output` with products of up to `correlation` factors, for
    /// `elements` kinds of nodes.
    ///
    /// Weights begin as normal numbers, divided by √n for the n paths of the same output and number
    /// of factors.
    ///
    /// # Errors
    /// As [`kernel::SymmetricContraction::new`].
    pub fn new(
        input: &Irreps,
        output: &Irreps,
        correlation: usize,
        elements: usize,
        init: &mut Init,
    ) -> Result<Self, ContractionError> {
        let kernel = kernel::SymmetricContraction::new(input, output, correlation, elements)?;
        Ok(Self::of_kernel(kernel, init))
    }

    /// A layer of a given kernel.
    pub fn of_kernel(kernel: kernel::SymmetricContraction, init: &mut Init) -> Self {
        let paths = kernel.paths();
        let deviation = |path: &kernel::ContractionPath| {
            let alike = paths.iter().filter(|other| {
                other.output == path.output && other.factors.len() == path.factors.len()
            });
            (alike.count() as f64).sqrt().recip()
        };
        let deviations: Vec<f64> = paths
            .iter()
            .flat_map(|path| std::iter::repeat_n(deviation(path), kernel.channels()))
            .collect();
        let weights = init.normal_columns(kernel.elements(), &deviations);
        SymmetricContraction { weights, kernel: Arc::new(kernel) }
    }

    /// The same with given weights `[element][path][channel]`, such as those that
    /// [`kernel::SymmetricContraction::weights_from_mace`] gives.
    ///
    /// # Errors
    /// If their number is wrong.
    pub fn with_weights(self, weights: Vec<f64>, init: &Init) -> Result<Self, ContractionError> {
        self.kernel.check_weights("the weights", &weights)?;
        let shape = [self.kernel.elements(), self.kernel.paths().len() * self.kernel.channels()];
        let weights = Param::from_tensor(init.tensor(weights, shape));
        Ok(SymmetricContraction { weights, ..self })
    }

    /// The contraction on slices: its basis, and the conversion of weights.
    pub fn kernel(&self) -> &kernel::SymmetricContraction {
        &self.kernel
    }

    /// The irreps of the output.
    pub fn output(&self) -> &Irreps {
        self.kernel.output()
    }

    /// The products of the features of every node, given the element of each.
    ///
    /// # Errors
    /// If irreps, numbers of nodes, elements, types or devices do not fit.
    pub fn forward(&self, x: &Features, elements: &[usize]) -> Result<Features, NnError> {
        x.expect("the input", self.kernel.input())?;
        self.kernel.check_elements(elements)?;
        if elements.len() != x.rows() {
            let [found, columns] = x.values().dims();
            let (expected, found) = ([elements.len(), columns], [found, columns]);
            return Err(NnError::Shape { what: "the input", expected, found });
        }
        let operation =
            ContractionOperation { kernel: self.kernel.clone(), elements: elements.to_vec() };
        let values = apply2(operation, x.values().clone(), self.weights.val())?;
        Features::new(self.kernel.output().clone(), values)
    }
}

#[derive(Debug)]
struct ContractionOperation {
    kernel: Arc<kernel::SymmetricContraction>,
    elements: Vec<usize>,
}

impl Operation<2> for ContractionOperation {
    fn output_shape(&self, [[rows, _], _]: [[usize; 2]; 2]) -> [usize; 2] {
        [rows, self.kernel.output().dim()]
    }

    fn forward<T: Element>(&self, [x, weights]: [&[T]; 2], output: &mut [T]) {
        self.kernel
            .forward(&self.elements, x, weights, output)
            .expect("the layer checked the shapes");
    }

    fn backward<T: Element>(
        &self,
        [x, weights]: [&[T]; 2],
        output_gradient: &[T],
        [x_gradient, weight_gradient]: [Option<&mut [T]>; 2],
    ) {
        let gradients = ContractionGradients { x: x_gradient, weights: weight_gradient };
        self.kernel
            .backward(&self.elements, x, weights, output_gradient, gradients)
            .expect("the layer checked the shapes");
    }
}
