//! Kernels on slices as differentiable operations on burn tensors.
//!
//! An [`Operation`] is a function of N matrices to one, with its vector-Jacobian product, written
//! once for f32 and f64. [`apply1`] to [`apply3`] run it on tensors and record it for autodiff.

use std::array;
use std::fmt::Debug;
use std::sync::Arc;

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::{FlexTensor, Layout};
use burn::backend::tensor::FloatTensor;
use burn::backend::{
    Autodiff, Backend, Dispatch, DispatchDevice, Flex, TensorMetadata, backend_extension,
};
use burn::tensor::{Bytes, DType, Tensor};

use super::NnError;
use crate::Number;

/// A number type of tensors.
pub trait Element: Number {
    /// The values of a contiguous tensor of this type.
    fn slice(tensor: &FlexTensor) -> &[Self];

    /// A tensor of given values.
    fn tensor(values: Vec<Self>, shape: [usize; 2]) -> FlexTensor;
}

impl Element for f32 {
    fn slice(tensor: &FlexTensor) -> &[f32] {
        tensor.as_slice().expect("the tensor was made contiguous and its type was matched")
    }

    fn tensor(values: Vec<f32>, shape: [usize; 2]) -> FlexTensor {
        FlexTensor::new(Bytes::from_elems(values), Layout::contiguous(shape.into()), DType::F32)
    }
}

impl Element for f64 {
    fn slice(tensor: &FlexTensor) -> &[f64] {
        tensor.as_slice().expect("the tensor was made contiguous and its type was matched")
    }

    fn tensor(values: Vec<f64>, shape: [usize; 2]) -> FlexTensor {
        FlexTensor::new(Bytes::from_elems(values), Layout::contiguous(shape.into()), DType::F64)
    }
}

/// A function of N matrices to one matrix. Shapes have been checked by the layer.
///
/// # Example
/// A kernel has these calls on slices. Here is one of two inputs, of which the gradient of the
/// second alone is asked for, and added to what is there:
/// ```
/// use tesseral::kernels::{Channels, ScaleGradients, ScaleInputs};
///
/// let channels = Channels::new("1o".parse()?);
/// let inputs = ScaleInputs { input: &[1.0, 2.0, 3.0], factors: &[10.0] };
/// let mut output = [7.0; 3];
/// channels.scale(inputs, &mut output)?;
/// assert_eq!(output, [10.0, 20.0, 30.0]);
/// let mut by_factors = [100.0];
/// let gradients = ScaleGradients { input: None, factors: Some(&mut by_factors) };
/// channels.scale_backward(inputs, &[1.0, 1.0, 1.0], gradients)?;
/// assert_eq!(by_factors, [106.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Operation<const N: usize>: Debug + Send + Sync + 'static {
    /// The shape of the output.
    fn output_shape(&self, shapes: [[usize; 2]; N]) -> [usize; 2];

    /// The output, which begins as zeros.
    fn forward<T: Element>(&self, inputs: [&[T]; N], output: &mut [T]);

    /// Adds the vector-Jacobian product to the gradients that are asked for.
    fn backward<T: Element>(
        &self,
        inputs: [&[T]; N],
        output_gradient: &[T],
        gradients: [Option<&mut [T]>; N],
    );
}

/// A function of one matrix whose vector-Jacobian product has a derivative too.
///
/// # Example
/// A kernel of one input has this call on slices:
/// ```
/// use tesseral::kernels::{Activation, ScalarFunction, SecondMoment};
///
/// // x³, whose vector-Jacobian product is 3 x² dz, at x = 2.
/// let cube = ScalarFunction::new("cube", |x| [x * x * x, 3.0 * x * x, 6.0 * x]);
/// let kernel = Activation::new("0e".parse()?, &[Some(cube)], SecondMoment::Free)?;
/// let (x, dz, cotangent) = ([2.0], [5.0], [10.0]);
/// let (mut by_x, mut by_dz) = ([0.0], [0.0]);
/// kernel.backward_twice(&x, &dz, &cotangent, Some(&mut by_x), Some(&mut by_dz))?;
/// // 6 x dz and 3 x², both times the cotangent.
/// assert_eq!((by_x, by_dz), ([600.0], [120.0]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Smooth: Operation<1> {
    /// The derivative of Σ `cotangent` · (the vector-Jacobian product): adds the gradients with
    /// respect to x and to the gradient of the output, those that are asked for. The latter is the
    /// derivative of the output along `cotangent`.
    fn backward_twice<T: Element>(
        &self,
        x: &[T],
        output_gradient: &[T],
        cotangent: &[T],
        by_x: Option<&mut [T]>,
        by_output_gradient: Option<&mut [T]>,
    );
}

/// The derivative of a function of x along a direction, as a function of both.
///
/// # Example
/// What a layer does with it: one backward pass gives the second derivative.
/// ```
/// use burn::tensor::{Device, Tensor};
/// use tesseral::Irreps;
/// use tesseral::kernels::{ScalarFunction, SecondMoment};
/// use tesseral::nn::{Activation, Dual, Features};
///
/// let (scalar, device) = (Irreps::scalars(1), Device::flex().autodiff());
/// let cube = ScalarFunction::new("cube", |x| [x * x * x, 3.0 * x * x, 6.0 * x]);
/// let layer = Activation::new(&scalar, &[Some(cube)], SecondMoment::Free)?;
/// let x = Tensor::<2>::from_data([[2.0]], &device).require_grad();
/// let dual = Dual::new(Features::new(scalar, x.clone())?, Tensor::ones([1, 1], &device))?;
/// // 3 x², and by x 6 x.
/// let slope = layer.forward_dual(&dual)?.tangent();
/// assert_eq!(slope.clone().into_scalar::<f32>(), 12.0);
/// assert_eq!(x.grad(&slope.sum().backward()).unwrap().into_scalar::<f32>(), 12.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Tangent<O>(pub Arc<O>);

impl<O: Smooth> Operation<2> for Tangent<O> {
    fn output_shape(&self, [x, _]: [[usize; 2]; 2]) -> [usize; 2] {
        self.0.output_shape([x])
    }

    fn forward<T: Element>(&self, [x, direction]: [&[T]; 2], output: &mut [T]) {
        // The derivative along a direction does not depend on the gradient.
        let zeros = vec![T::constant(0.0, 0.0); output.len()];
        self.0.backward_twice(x, &zeros, direction, None, Some(output));
    }

    fn backward<T: Element>(
        &self,
        [x, direction]: [&[T]; 2],
        output_gradient: &[T],
        [by_x, by_direction]: [Option<&mut [T]>; 2],
    ) {
        if by_x.is_some() {
            self.0.backward_twice(x, output_gradient, direction, by_x, None);
        }
        if by_direction.is_some() {
            Operation::backward(&self.0, [x], output_gradient, [by_direction]);
        }
    }
}

impl<O: Operation<1>> Operation<1> for Arc<O> {
    fn output_shape(&self, shapes: [[usize; 2]; 1]) -> [usize; 2] {
        (**self).output_shape(shapes)
    }

    fn forward<T: Element>(&self, inputs: [&[T]; 1], output: &mut [T]) {
        (**self).forward(inputs, output);
    }

    fn backward<T: Element>(&self, x: [&[T]; 1], dz: &[T], dx: [Option<&mut [T]>; 1]) {
        (**self).backward(x, dz, dx);
    }
}

/// An [`Operation`] on tensors of either type, as an object.
pub trait TensorOperation<const N: usize>: Debug + Send + Sync {
    /// The output.
    fn forward(&self, inputs: &[FlexTensor; N]) -> FlexTensor;

    /// The gradients of the inputs that are needed.
    fn backward(
        &self,
        inputs: &[FlexTensor; N],
        output_gradient: FlexTensor,
        needed: [bool; N],
    ) -> [Option<FlexTensor>; N];
}

impl<const N: usize, O: Operation<N>> TensorOperation<N> for O {
    fn forward(&self, inputs: &[FlexTensor; N]) -> FlexTensor {
        match inputs[0].dtype() {
            DType::F64 => forward::<f64, N>(self, inputs),
            _ => forward::<f32, N>(self, inputs),
        }
    }

    fn backward(
        &self,
        inputs: &[FlexTensor; N],
        output_gradient: FlexTensor,
        needed: [bool; N],
    ) -> [Option<FlexTensor>; N] {
        match inputs[0].dtype() {
            DType::F64 => backward::<f64, N>(self, inputs, output_gradient, needed),
            _ => backward::<f32, N>(self, inputs, output_gradient, needed),
        }
    }
}

fn shape(tensor: &FlexTensor) -> [usize; 2] {
    let shape = tensor.shape();
    [shape[0], shape[1]]
}

fn forward<T: Element, const N: usize>(
    operation: &impl Operation<N>,
    inputs: &[FlexTensor; N],
) -> FlexTensor {
    let shape = operation.output_shape(array::from_fn(|i| shape(&inputs[i])));
    let contiguous: [FlexTensor; N] = array::from_fn(|i| inputs[i].to_contiguous());
    let mut output = vec![T::constant(0.0, 0.0); shape[0] * shape[1]];
    operation.forward(array::from_fn(|i| T::slice(&contiguous[i])), &mut output);
    T::tensor(output, shape)
}

fn backward<T: Element, const N: usize>(
    operation: &impl Operation<N>,
    inputs: &[FlexTensor; N],
    output_gradient: FlexTensor,
    needed: [bool; N],
) -> [Option<FlexTensor>; N] {
    let contiguous: [FlexTensor; N] = array::from_fn(|i| inputs[i].to_contiguous());
    let output_gradient = output_gradient.to_contiguous();
    let mut gradients: [Option<Vec<T>>; N] = array::from_fn(|i| {
        let [rows, columns] = shape(&inputs[i]);
        needed[i].then(|| vec![T::constant(0.0, 0.0); rows * columns])
    });
    let mut borrowed = gradients.iter_mut();
    operation.backward(
        array::from_fn(|i| T::slice(&contiguous[i])),
        T::slice(&output_gradient),
        array::from_fn(|_| borrowed.next().and_then(Option::as_deref_mut)),
    );
    let mut shapes = inputs.iter().map(shape);
    gradients.map(|gradient| {
        let shape = shapes.next()?;
        gradient.map(|values| T::tensor(values, shape))
    })
}

/// An operation of N tensors, shared with the recorded graph.
type Shared<const N: usize> = Arc<dyn TensorOperation<N>>;

/// The backends that operations run on.
#[backend_extension(Autodiff, Flex)]
pub trait Operations: Backend {
    /// Runs an operation of one tensor.
    fn operation1(x: FloatTensor<Self>, operation: Shared<1>) -> FloatTensor<Self>;

    /// Runs an operation of two tensors.
    fn operation2(
        x: FloatTensor<Self>,
        y: FloatTensor<Self>,
        operation: Shared<2>,
    ) -> FloatTensor<Self>;

    /// Runs an operation of three tensors.
    fn operation3(
        x: FloatTensor<Self>,
        y: FloatTensor<Self>,
        z: FloatTensor<Self>,
        operation: Shared<3>,
    ) -> FloatTensor<Self>;
}

impl Operations for Flex {
    fn operation1(x: FlexTensor, operation: Shared<1>) -> FlexTensor {
        operation.forward(&[x])
    }

    fn operation2(x: FlexTensor, y: FlexTensor, operation: Shared<2>) -> FlexTensor {
        operation.forward(&[x, y])
    }

    fn operation3(x: FlexTensor, y: FlexTensor, z: FlexTensor, operation: Shared<3>) -> FlexTensor {
        operation.forward(&[x, y, z])
    }
}

/// The backward step of any operation.
#[derive(Debug)]
struct OperationBackward;

impl<const N: usize> Backward<Flex, N> for OperationBackward {
    type State = ([FlexTensor; N], Shared<N>);

    fn backward(
        self,
        ops: Ops<Self::State, N>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let output_gradient = gradients.consume::<Flex>(&ops.node);
        let (inputs, operation) = ops.state;
        let needed = array::from_fn(|i| ops.parents[i].is_some());
        let results = operation.backward(&inputs, output_gradient, needed);
        for (parent, gradient) in ops.parents.into_iter().zip(results) {
            if let (Some(parent), Some(gradient)) = (parent, gradient) {
                gradients.register::<Flex>(parent.id, gradient);
            }
        }
    }
}

/// Runs an operation on tracked tensors and records its backward step.
fn record<C: CheckpointStrategy, const N: usize>(
    inputs: [FloatTensor<Autodiff<Flex, C>>; N],
    operation: Shared<N>,
) -> FloatTensor<Autodiff<Flex, C>> {
    let nodes = array::from_fn(|i| inputs[i].node());
    let inputs = inputs.map(|input| input.into_primitive());
    let output = operation.forward(&inputs);
    match OperationBackward.prepare::<C>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(preparation) => preparation.finish((inputs, operation), output),
        OpsKind::UnTracked(preparation) => preparation.finish(output),
    }
}

impl<C: CheckpointStrategy> Operations for Autodiff<Flex, C> {
    fn operation1(x: FloatTensor<Self>, operation: Shared<1>) -> FloatTensor<Self> {
        record::<C, 1>([x], operation)
    }

    fn operation2(
        x: FloatTensor<Self>,
        y: FloatTensor<Self>,
        operation: Shared<2>,
    ) -> FloatTensor<Self> {
        record::<C, 2>([x, y], operation)
    }

    fn operation3(
        x: FloatTensor<Self>,
        y: FloatTensor<Self>,
        z: FloatTensor<Self>,
        operation: Shared<3>,
    ) -> FloatTensor<Self> {
        record::<C, 3>([x, y, z], operation)
    }
}

/// Checks that tensors are on the CPU and of one type, f32 or f64.
///
/// ```
/// use burn::tensor::{DType, Device, Tensor};
/// use tesseral::Irreps;
/// use tesseral::nn::Features;
///
/// // Layers and sums go through this.
/// let rows = |dtype| Tensor::ones([1, 2], (&Device::flex(), dtype));
/// let features = |dtype| Features::new(Irreps::scalars(2), rows(dtype));
/// let (single, double) = (features(DType::F32)?, features(DType::F64)?);
/// assert_eq!(
///     single.add(&double).unwrap_err().to_string(),
///     "tensors of F32 and F64 meet, expected one type: cast one"
/// );
/// # Ok::<(), tesseral::nn::NnError>(())
/// ```
pub fn check_tensors(tensors: &[&Tensor<2>]) -> Result<(), NnError> {
    for tensor in tensors {
        check_device(tensor.device().inner().as_dispatch())?;
        let found = tensor.dtype();
        if !matches!(found, DType::F32 | DType::F64) {
            return Err(NnError::Type { found });
        }
        let first = tensors[0].dtype();
        if found != first {
            return Err(NnError::MixedTypes { first, second: found });
        }
    }
    Ok(())
}

/// Checks that a device, without autodiff, is burn's CPU backend.
fn check_device(device: &DispatchDevice) -> Result<(), NnError> {
    match device {
        DispatchDevice::Flex(_) => Ok(()),
        other => Err(NnError::NotCpu { device: format!("{other:?}") }),
    }
}

/// An operation of one tensor.
pub fn apply1(operation: impl Operation<1>, x: Tensor<2>) -> Result<Tensor<2>, NnError> {
    check_tensors(&[&x])?;
    let output = <Dispatch as Operations>::operation1(x.into_dispatch(), Arc::new(operation));
    Ok(Tensor::from_dispatch(output))
}

/// An operation of two tensors.
pub fn apply2(
    operation: impl Operation<2>,
    x: Tensor<2>,
    y: Tensor<2>,
) -> Result<Tensor<2>, NnError> {
    check_tensors(&[&x, &y])?;
    let (x, y) = (x.into_dispatch(), y.into_dispatch());
    let output = <Dispatch as Operations>::operation2(x, y, Arc::new(operation));
    Ok(Tensor::from_dispatch(output))
}

/// An operation of three tensors.
pub fn apply3(
    operation: impl Operation<3>,
    x: Tensor<2>,
    y: Tensor<2>,
    z: Tensor<2>,
) -> Result<Tensor<2>, NnError> {
    check_tensors(&[&x, &y, &z])?;
    let (x, y, z) = (x.into_dispatch(), y.into_dispatch(), z.into_dispatch());
    let output = <Dispatch as Operations>::operation3(x, y, z, Arc::new(operation));
    Ok(Tensor::from_dispatch(output))
}
