//! Features with their derivative along a direction: how to train on forces, with one level of
//! autodiff.

use std::sync::Arc;

use burn::tensor::Tensor;

use super::functions::{Functions, functions};
use super::operation::{Smooth, Tangent, apply1, apply2, check_tensors};
use super::{Features, NnError};
use crate::Irreps;
use crate::kernels::ScalarFunction;

/// Features and their derivative along a direction of the positions (forward-mode
/// differentiation). Both are tensors of burn's autodiff, so that one backward pass differentiates
/// the derivative again, with respect to parameters.
///
/// # Training on forces
/// Forces are F = -dE/dr, and a loss L(F) has the gradient dL/dθ = -d/dθ (dE along c), where
/// c = dL/dF is held constant and the derivative of the energy is taken along the direction c of
/// all positions. So one step is:
///
/// 1. Energies and forces by a plain forward and backward pass, from tracked positions.
/// 2. c = dL/dF, by hand or by the autodiff of the loss as a function of the forces.
/// 3. [`EdgeAttributes::dual`] along c, then `forward_dual` of every layer: the energy and its
///    derivative along c.
/// 4. The backward pass of (loss of the energies) - (sum of the derivatives), which has the
///    gradient of the whole loss with respect to parameters. Its value is no loss.
///
/// Positions are constants in steps 3 and 4. The first pass is that of a copy of the model, so that
/// layers which change in training, such as [`Dropout`] and [`BatchNorm`], do the same in the second,
/// and change once. [`Structures`](super::Structures) does all of this, for stress too.
///
/// [`EdgeAttributes::dual`]: super::EdgeAttributes::dual
/// [`BatchNorm`]: super::BatchNorm
/// [`Dropout`]: super::Dropout
///
/// # Example
/// ```
/// use burn::module::Module;
/// use burn::optim::GradientsParams;
/// use burn::tensor::{Device, Tensor};
/// use tesseral::Irreps;
/// use tesseral::graph::{Graph, SelfEdges};
/// use tesseral::nn::{Convolution, ConvolutionConfig, Dual, EdgeAttributes, Features, Init};
/// use tesseral::radial::Bessel;
///
/// let device = Device::flex().autodiff();
/// let config = ConvolutionConfig {
///     input: Irreps::scalars(1),
///     output: Irreps::scalars(1),
///     lmax: 0,
///     basis: 4,
///     hidden: vec![8],
///     neighbours: 2.0,
/// };
/// let model = Convolution::new(&config, &mut Init::new(1, &device))?;
/// let graph = Graph::complete(3, SelfEdges::Without);
/// let nodes = Features::new(Irreps::scalars(1), Tensor::ones([3, 1], &device))?;
/// let r = Tensor::from_data([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.5, 0.0]], &device);
/// let wanted = Tensor::<2>::zeros([3, 3], &device);
///
/// // 1. The energy is the sum over nodes; parameters need no gradients yet.
/// let r = r.require_grad();
/// let edges = EdgeAttributes::new(graph, r.clone(), None, 0, Bessel::new(4, 3.0)?)?;
/// let energy = model.clone().no_grad().forward(&nodes, &edges)?.into_values().sum();
/// let forces = r.grad(&energy.backward()).unwrap().neg();
/// let forces = Tensor::from_inner(forces);
///
/// // 2. The loss is the mean square error.
/// let error = forces - wanted;
/// let loss = error.clone().powf_scalar(2.0).mean();
/// let c = error.mul_scalar(2.0 / 9.0);
///
/// // 3. and 4.
/// let dual = model.forward_dual(&Dual::constant(nodes), &edges.dual(&c)?)?;
/// let gradients = dual.tangent().sum().neg().backward();
/// let gradients = GradientsParams::from_grads(gradients, &model);
/// assert!(gradients.len() > 0);
/// # let _ = loss;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[doc(alias = "forces")]
pub struct Dual {
    irreps: Arc<Irreps>,
    pub(super) tensors: DualTensor,
}

impl Dual {
    /// Features and their derivative.
    ///
    /// # Errors
    /// If a tensor has another shape than `[rows][irreps.dim()]`, or they differ in rows, type or
    /// are not on the CPU.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::Irreps;
    /// use tesseral::nn::{Dual, Features};
    ///
    /// let device = Device::flex();
    /// let x = Features::new(Irreps::scalars(2), Tensor::ones([3, 2], &device))?;
    /// let dual = Dual::new(x.clone(), Tensor::full([3, 2], 5.0, &device))?;
    /// assert_eq!(dual.value().values().to_data().as_slice::<f32>()?, [1.0; 6]);
    /// assert_eq!(dual.tangent().to_data().as_slice::<f32>()?, [5.0; 6]);
    /// let error = Dual::new(x, Tensor::zeros([3, 1], &device)).unwrap_err();
    /// assert_eq!(error.to_string(), "the tangent has the shape [3, 1], expected [3, 2]");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(value: Features, tangent: Tensor<2>) -> Result<Self, NnError> {
        let (expected, found) = (value.values().dims(), tangent.dims());
        if expected != found {
            return Err(NnError::Shape { what: "the tangent", expected, found });
        }
        check_tensors(&[value.values(), &tangent])?;
        let mut dual = Dual::constant(value);
        dual.tensors.tangent = Some(tangent);
        Ok(dual)
    }

    /// Features that do not depend on positions. Nothing is computed for their derivative.
    ///
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::Irreps;
    /// use tesseral::nn::{Dual, Features, Init, NormGate};
    ///
    /// // Such as the kinds of atoms: no layer gives them a derivative.
    /// let (irreps, device) = (Irreps::scalars(2), Device::flex());
    /// let gate = NormGate::new(&irreps, &mut Init::new(1, &device));
    /// let x = Dual::constant(Features::new(irreps, Tensor::ones([3, 2], &device))?);
    /// let z = gate.forward_dual(&x)?;
    /// assert_eq!(z.tangent().to_data().as_slice::<f32>()?, [0.0; 6]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn constant(value: Features) -> Self {
        let irreps = value.shared_irreps();
        Dual { irreps, tensors: DualTensor::constant(value.into_values()) }
    }

    /// The irreps of the features, and of the derivative.
    pub fn irreps(&self) -> &Irreps {
        &self.irreps
    }

    /// The features.
    pub fn value(&self) -> Features {
        self.features(self.tensors.value.clone())
    }

    /// The features, without the derivative.
    pub fn into_value(self) -> Features {
        Features::of_shape(self.irreps, self.tensors.value)
    }

    /// The derivative along the direction, `[rows][irreps.dim()]`.
    pub fn tangent(&self) -> Tensor<2> {
        self.tensors.tangent.clone().unwrap_or_else(|| self.tensors.value.zeros_like())
    }

    /// The sum, a skip connection.
    ///
    /// # Errors
    /// If irreps or numbers of rows differ.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::Irreps;
    /// use tesseral::nn::{Dual, Features};
    ///
    /// let device = Device::flex();
    /// let number =
    ///     |value: f32| Features::new(Irreps::scalars(1), Tensor::from_data([[value]], &device));
    /// // What is constant adds nothing to the derivative.
    /// let moving = Dual::new(number(1.0)?, Tensor::from_data([[10.0]], &device))?;
    /// let sum = moving.add(&moving)?.add(&Dual::constant(number(3.0)?))?;
    /// assert_eq!(sum.value().into_values().into_scalar::<f32>(), 5.0);
    /// assert_eq!(sum.tangent().into_scalar::<f32>(), 20.0);
    /// # Ok::<(), tesseral::nn::NnError>(())
    /// ```
    pub fn add(&self, other: &Dual) -> Result<Dual, NnError> {
        // What does not fit is told by the values.
        let value = self.value().add(&other.value())?.into_values();
        let tangent = match (self.tensors.tangent.clone(), other.tensors.tangent.clone()) {
            (Some(a), Some(b)) => Some(a + b),
            (a, b) => a.or(b),
        };
        Ok(Dual { irreps: self.irreps.clone(), tensors: DualTensor { value, tangent } })
    }

    /// A linear map of the features, to given irreps: `f` is applied to them and to their derivative,
    /// and must be linear, not only affine.
    ///
    /// # Errors
    /// If what `f` gives has not as many columns as the irreps, or another number of rows.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::Irreps;
    /// use tesseral::nn::{Dual, Features};
    ///
    /// let device = Device::flex();
    /// let x = Features::new(Irreps::scalars(2), Tensor::from_data([[1.0, 2.0]], &device))?;
    /// let x = Dual::new(x, Tensor::from_data([[10.0, 20.0]], &device))?;
    /// let sum = x.map_linear(Irreps::scalars(1), |x| x.sum_dim(1))?;
    /// assert_eq!(sum.value().values().to_data().iter::<f32>().next(), Some(3.0));
    /// assert_eq!(sum.tangent().to_data().iter::<f32>().next(), Some(30.0));
    /// # Ok::<(), tesseral::nn::NnError>(())
    /// ```
    pub fn map_linear(
        &self,
        irreps: impl Into<Arc<Irreps>>,
        f: impl Fn(Tensor<2>) -> Tensor<2>,
    ) -> Result<Dual, NnError> {
        Dual::checked(irreps.into(), self.tensors.linear(|x| Ok(f(x)))?)
    }

    /// A product with other features, to given irreps: `f` must be linear in both.
    ///
    /// # Errors
    /// As [`Dual::map_linear`].
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::Irreps;
    /// use tesseral::nn::{Dual, Features};
    ///
    /// // The square of a scalar, whose derivative is twice its product with that of the scalar.
    /// let device = Device::flex();
    /// let x = Features::new(Irreps::scalars(1), Tensor::from_data([[3.0]], &device))?;
    /// let x = Dual::new(x, Tensor::from_data([[10.0]], &device))?;
    /// let square = x.map_product(&x, Irreps::scalars(1), |a, b| a * b)?;
    /// assert_eq!(square.tangent().to_data().iter::<f32>().next(), Some(60.0));
    /// # Ok::<(), tesseral::nn::NnError>(())
    /// ```
    pub fn map_product(
        &self,
        other: &Dual,
        irreps: impl Into<Arc<Irreps>>,
        f: impl Fn(Tensor<2>, Tensor<2>) -> Tensor<2>,
    ) -> Result<Dual, NnError> {
        let product = self.tensors.product(&other.tensors, |x, y| Ok(f(x, y)))?;
        Dual::checked(irreps.into(), product)
    }

    /// A function of each of the scalars `0e`, such as [`ScalarFunction::SILU`], as it is: not normalized
    /// as [`Activation`](super::Activation) does.
    ///
    /// # Errors
    /// If there are other irreps than `0e`.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use tesseral::Irreps;
    /// use tesseral::kernels::ScalarFunction;
    /// use tesseral::nn::{Dual, Features};
    ///
    /// // tanh at 0 has the slope 1.
    /// let device = Device::flex();
    /// let x = Features::new(Irreps::scalars(1), Tensor::zeros([1, 1], &device))?;
    /// let x = Dual::new(x, Tensor::from_data([[10.0]], &device))?;
    /// let z = x.map_scalars(ScalarFunction::TANH)?;
    /// assert_eq!(z.tangent().to_data().iter::<f32>().next(), Some(10.0));
    /// # Ok::<(), tesseral::nn::NnError>(())
    /// ```
    pub fn map_scalars(&self, function: ScalarFunction) -> Result<Dual, NnError> {
        let count = self.irreps.dim();
        self.expect("the input", &Irreps::scalars(count))?;
        let values = self.tensors.smooth(Functions(functions(count, function)))?;
        Ok(Dual::of_shape(self.irreps.clone(), values))
    }

    /// Tensors that are checked to fit irreps.
    fn checked(irreps: Arc<Irreps>, tensors: DualTensor) -> Result<Dual, NnError> {
        Features::new(irreps.clone(), tensors.value.clone())?;
        Ok(Dual::of_shape(irreps, tensors))
    }

    /// Other tensors of given irreps, whose shape is right.
    pub(super) fn of_shape(irreps: impl Into<Arc<Irreps>>, tensors: DualTensor) -> Dual {
        Dual { irreps: irreps.into(), tensors }
    }

    /// Checks the irreps.
    pub(super) fn expect(&self, what: &'static str, irreps: &Irreps) -> Result<(), NnError> {
        self.value().expect(what, irreps)
    }

    fn features(&self, values: Tensor<2>) -> Features {
        Features::of_shape(self.irreps.clone(), values)
    }
}

/// A matrix and its derivative, which may be none.
#[derive(Clone, Debug)]
pub(super) struct DualTensor {
    pub value: Tensor<2>,
    pub tangent: Option<Tensor<2>>,
}

/// The result of an operation on tensors.
type Outcome = Result<Tensor<2>, NnError>;

impl DualTensor {
    pub fn constant(value: Tensor<2>) -> Self {
        DualTensor { value, tangent: None }
    }

    /// A linear map.
    pub fn linear(&self, f: impl Fn(Tensor<2>) -> Outcome) -> Result<Self, NnError> {
        let tangent = self.tangent.clone().map(&f).transpose()?;
        Ok(DualTensor { value: f(self.value.clone())?, tangent })
    }

    /// A product: linear in both.
    pub fn product(
        &self,
        other: &DualTensor,
        f: impl Fn(Tensor<2>, Tensor<2>) -> Outcome,
    ) -> Result<Self, NnError> {
        let (x, y) = (&self.value, &other.value);
        let terms = [
            self.tangent.clone().map(|dx| f(dx, y.clone())),
            other.tangent.clone().map(|dy| f(x.clone(), dy)),
        ];
        Ok(DualTensor { value: f(x.clone(), y.clone())?, tangent: sum(terms)? })
    }

    /// A function.
    pub fn smooth(&self, operation: impl Smooth) -> Result<Self, NnError> {
        let operation = Arc::new(operation);
        let along = |direction: &Tensor<2>| {
            apply2(Tangent(operation.clone()), self.value.clone(), direction.clone())
        };
        let tangent = self.tangent.as_ref().map(along).transpose()?;
        Ok(DualTensor { value: apply1(operation, self.value.clone())?, tangent })
    }
}

/// The sum of those terms that are there.
fn sum<const N: usize>(terms: [Option<Outcome>; N]) -> Result<Option<Tensor<2>>, NnError> {
    let mut total: Option<Tensor<2>> = None;
    for term in terms.into_iter().flatten() {
        let term = term?;
        total = Some(match total {
            Some(total) => total + term,
            None => term,
        });
    }
    Ok(total)
}
