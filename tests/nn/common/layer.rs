//! Layers as functions of tensors: derivatives, precision and records, checked in one go.
#![allow(dead_code, reason = "not every test uses all of it")]

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::optim::GradientsParams;
use burn::store::ModuleRecord;
use burn::tensor::{DType, Device, Tensor, TensorData};
use tesseral::Irreps;
use tesseral::coupling::COUPLING_LMAX;
use tesseral::equivariance::{Equivariance, Random, Report};
use tesseral::nn::{Features, Init};

pub const TYPES: [DType; 2] = [DType::F32, DType::F64];

/// Irreps without the degrees that this build cannot couple.
pub fn irreps(text: &str) -> Irreps {
    text.parse::<Irreps>().unwrap().filter_lmax(COUPLING_LMAX)
}

pub fn tensor(values: &[f64], shape: [usize; 2], dtype: DType, device: &Device) -> Tensor<2> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape), (device, dtype))
}

pub fn zeros(shape: [usize; 2], dtype: DType) -> Tensor<2> {
    Tensor::zeros(shape, (&Device::flex(), dtype))
}

pub fn values<const D: usize>(tensor: &Tensor<D>) -> Vec<f64> {
    match tensor.dtype() {
        DType::F64 => tensor.to_data().try_into_vec::<f64>().unwrap(),
        _ => {
            let values = tensor.to_data().try_into_vec::<f32>().unwrap();
            values.into_iter().map(f64::from).collect()
        }
    }
}

/// The parameters of a module, in order.
#[derive(Default)]
pub struct Parameters {
    pub ids: Vec<ParamId>,
    pub values: Vec<f64>,
}

impl ModuleVisitor for Parameters {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.ids.push(param.id);
        self.values.extend(values(&param.val()));
    }
}

pub fn parameters(module: &impl Module) -> Parameters {
    let mut parameters = Parameters::default();
    module.visit(&mut parameters);
    parameters
}

/// The gradients of all parameters; zeros for those, such as biases, that have none.
pub fn gradients_by_parameters(gradients: &GradientsParams, module: &impl Module) -> Vec<f64> {
    struct Visitor<'a>(&'a GradientsParams, Vec<f64>);
    impl ModuleVisitor for Visitor<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let zeros = || vec![0.0; param.val().shape().num_elements()];
            self.1.extend(self.0.get::<D>(param.id).map_or_else(zeros, |g| values(&g)));
        }
    }
    let mut visitor = Visitor(gradients, Vec::new());
    module.visit(&mut visitor);
    visitor.1
}

/// Sets the parameters of a module, in order.
pub struct Setter<'a>(pub &'a [f64]);

impl ModuleMapper for Setter<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|old| {
            let (new, rest) = self.0.split_at(old.shape().num_elements());
            self.0 = rest;
            let data = TensorData::new(new.to_vec(), old.dims());
            let new = Tensor::from_data(data, (&old.device(), old.dtype()));
            if old.is_require_grad() { new.require_grad() } else { new }
        })
    }
}

pub fn with_parameters<M: Module>(module: M, values: &[f64]) -> M {
    module.map(&mut Setter(values))
}

/// An input of a layer.
#[derive(Clone)]
pub struct Matrix {
    pub values: Vec<f64>,
    pub shape: [usize; 2],
}

pub fn normal(shape: [usize; 2], seed: u64) -> Matrix {
    Matrix { values: Random::new(seed).normals(shape[0] * shape[1]), shape }
}

/// A layer as a function of tensors.
pub struct Layer<G, F> {
    pub name: &'static str,
    pub make: G,
    pub inputs: Vec<Matrix>,
    pub forward: F,
}

/// The output of a layer, and Σ cotangent · output by everything that was tracked.
#[derive(Debug, PartialEq)]
pub struct Outcome {
    pub output: Vec<f64>,
    pub input_gradients: Vec<Option<Vec<f64>>>,
    pub parameter_gradients: Option<Vec<f64>>,
}

/// Where inputs and parameters are.
#[derive(Clone, Copy, PartialEq)]
pub enum Place {
    Tracked,
    Untracked,
    /// On the device without autodiff.
    Plain,
}

impl<M, G, F> Layer<G, F>
where
    M: Module,
    G: Fn(&mut Init) -> M,
    F: Fn(&M, &[Tensor<2>]) -> Tensor<2>,
{
    /// Random parameters; those that a layer begins with may be zero.
    pub fn parameters(&self) -> Vec<f64> {
        let module = (self.make)(&mut Init::new(0, &Device::flex()));
        Random::new(21).normals(parameters(&module).values.len())
    }

    pub fn plain(&self, inputs: &[Matrix], parameters: &[f64], dtype: DType) -> Vec<f64> {
        let device = Device::flex();
        let module = (self.make)(&mut Init::new(1, &device).with_dtype(dtype).unwrap());
        let module = with_parameters(module, parameters);
        let inputs: Vec<_> =
            inputs.iter().map(|x| tensor(&x.values, x.shape, dtype, &device)).collect();
        values(&(self.forward)(&module, &inputs))
    }

    pub fn tracked(
        &self,
        dtype: DType,
        inputs: &[Place],
        parameter_place: Place,
        cotangent: &[f64],
    ) -> Outcome {
        let device =
            |place| if place == Place::Plain { Device::flex() } else { Device::flex().autodiff() };
        let init = Init::new(1, &device(parameter_place));
        let mut module = (self.make)(&mut init.with_dtype(dtype).unwrap());
        module = with_parameters(module, &self.parameters());
        if parameter_place == Place::Untracked {
            module = module.no_grad();
        }
        let inputs: Vec<_> = self
            .inputs
            .iter()
            .zip(inputs)
            .map(|(x, &place)| {
                let x = tensor(&x.values, x.shape, dtype, &device(place));
                if place == Place::Tracked { x.require_grad() } else { x }
            })
            .collect();
        let output = (self.forward)(&module, &inputs);
        let cotangent = tensor(cotangent, output.dims(), dtype, &Device::flex().autodiff());
        let gradients = (output.clone() * cotangent).sum().backward();
        let input_gradients =
            inputs.iter().map(|x| x.grad(&gradients).map(|gradient| values(&gradient))).collect();
        let of_module = GradientsParams::from_grads(gradients, &module);
        let ids = parameters(&module).ids;
        let each = ids.iter().map(|&id| of_module.get::<2>(id).map(|gradient| values(&gradient)));
        let parameter_gradients = each.collect::<Option<Vec<_>>>().map(|all| all.concat());
        Outcome { output: values(&output), input_gradients, parameter_gradients }
    }

    pub fn check(&self) {
        let name = self.name;
        let parameters = self.parameters();
        let reference = self.plain(&self.inputs, &parameters, DType::F64);
        let cotangent = Random::new(22).normals(reference.len());
        let everything = vec![Place::Tracked; self.inputs.len()];
        let double = self.tracked(DType::F64, &everything, Place::Tracked, &cotangent);

        // Autodiff does not change the values.
        assert_eq!(double.output, reference, "{name}");

        // Every derivative by central differences.
        let loss = |inputs: &[Matrix], parameters: &[f64]| -> f64 {
            let output = self.plain(inputs, parameters, DType::F64);
            output.iter().zip(&cotangent).map(|(z, c)| z * c).sum()
        };
        for (index, gradient) in double.input_gradients.iter().enumerate() {
            let differences = central_differences(&self.inputs[index].values, |x| {
                let mut inputs = self.inputs.clone();
                inputs[index].values = x.to_vec();
                loss(&inputs, &parameters)
            });
            let gradient = gradient.as_ref().unwrap_or_else(|| panic!("{name}: input {index}"));
            assert_close(&format!("{name}, input {index}"), gradient, &differences, 1e-9);
        }
        let differences = central_differences(&parameters, |p| loss(&self.inputs, p));
        let gradient = double.parameter_gradients.as_ref().expect(name);
        assert_close(&format!("{name}, parameters"), gradient, &differences, 1e-9);

        // In f32, sums of up to some hundred terms, one after another in up to six layers.
        let single = self.tracked(DType::F32, &everything, Place::Tracked, &cotangent);
        let share = 64.0 * f64::from(f32::EPSILON);
        assert_close(name, &single.output, &double.output, share);
        for (single, double) in single.input_gradients.iter().zip(&double.input_gradients) {
            let what = format!("{name}, gradients in f32");
            assert_close(&what, single.as_ref().expect(name), double.as_ref().unwrap(), share);
        }
        let of_parameters = single.parameter_gradients.as_ref().expect(name);
        assert_close(name, of_parameters, gradient, share);

        // What else is tracked, or on which device it is, does not matter.
        for rest in [Place::Untracked, Place::Plain] {
            for index in 0..self.inputs.len() {
                let mut places = vec![rest; self.inputs.len()];
                places[index] = Place::Tracked;
                let found = self.tracked(DType::F64, &places, rest, &cotangent);
                assert_eq!(found.output, double.output, "{name}");
                for (other, gradient) in found.input_gradients.iter().enumerate() {
                    let expected =
                        if other == index { double.input_gradients[index].clone() } else { None };
                    assert_eq!(*gradient, expected, "{name}, input {index} alone");
                }
                if !parameters.is_empty() {
                    assert_eq!(found.parameter_gradients, None, "{name}");
                }
            }
            if !parameters.is_empty() {
                let places = vec![rest; self.inputs.len()];
                let found = self.tracked(DType::F64, &places, Place::Tracked, &cotangent);
                assert_eq!(found.parameter_gradients, double.parameter_gradients, "{name}");
                assert!(found.input_gradients.iter().all(Option::is_none), "{name}");
            }
        }
        self.check_record(&parameters);
    }

    /// The layer loads what it saved.
    pub fn check_record(&self, parameters: &[f64]) {
        let device = Device::flex();
        for dtype in TYPES {
            let make = |seed| (self.make)(&mut Init::new(seed, &device).with_dtype(dtype).unwrap());
            let saved = with_parameters(make(1), parameters);
            let bytes = saved.clone().into_record().into_bytes().unwrap();
            let record = ModuleRecord::from_bytes(bytes).unwrap();
            let loaded = make(2).try_load_record(record).unwrap();
            let inputs: Vec<_> =
                self.inputs.iter().map(|x| tensor(&x.values, x.shape, dtype, &device)).collect();
            let [saved, loaded] = [saved, loaded].map(|module| (self.forward)(&module, &inputs));
            assert_eq!(loaded.dtype(), dtype, "{}", self.name);
            assert_eq!(values(&loaded), values(&saved), "{}", self.name);
        }
    }
}

/// The derivatives of f at x from four points. The error is about h⁴ of fifth derivatives and 10⁻¹⁶/h
/// of f.
pub fn central_differences(x: &[f64], f: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    const STEP: f64 = 1e-3;
    let at = |index: usize, steps: f64| {
        let mut x = x.to_vec();
        x[index] += steps * STEP;
        f(&x)
    };
    let slope = |index| {
        let [near, far] = [1.0, 2.0].map(|steps| at(index, steps) - at(index, -steps));
        (8.0 * near - far) / (12.0 * STEP)
    };
    (0..x.len()).map(slope).collect()
}

/// Fails where a value differs by more than a share of the largest magnitude, or of 1.
pub fn assert_close(what: &str, found: &[f64], expected: &[f64], share: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(1.0_f64, |a, b| a.max(b.abs()));
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let error = (found - expected).abs() / largest;
        assert!(
            error <= share,
            "{what} at {index}: {found:e}, expected {expected:e}: error {error:e} of {largest:e}"
        );
    }
}

pub fn features(irreps: &Irreps, values: &Tensor<2>) -> Features {
    Features::new(irreps.clone(), values.clone()).unwrap()
}

/// Tests a function of features in both precisions.
pub fn assert_equivariant(
    name: &str,
    input: &Irreps,
    output: &Irreps,
    f: impl Fn(DType, &[f64]) -> Vec<f64>,
) {
    let test = Equivariance::new(input.clone(), output.clone()).seed(31);
    for (dtype, allowed) in [(DType::F64, 1e-13), (DType::F32, 1e-5)] {
        let report: Report = test.of_features(|x| f(dtype, x)).unwrap();
        assert!(report.worst().relative() < allowed, "{name} in {dtype:?}: {report}");
    }
}

/// The message of an error, which is its `Debug` too.
pub fn refused<T: std::fmt::Debug, E: std::error::Error>(result: Result<T, E>) -> String {
    let error = result.unwrap_err();
    assert_eq!(format!("{error:?}"), error.to_string());
    error.to_string()
}
