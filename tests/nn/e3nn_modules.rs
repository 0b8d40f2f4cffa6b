//! Agreement of layers on burn tensors with e3nn's, from the file that `tests/data/renew_e3nn.py`
//! makes.

mod common {
    #[path = "../../common/e3nn.rs"]
    pub mod e3nn;
    pub mod layer;
}

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::store::SafetensorsStore;
use burn::tensor::{DType, Device, Tensor};
use common::e3nn::{self, assert_near, cases, counts, numbers, text};
use common::layer::{features, parameters, tensor, values, with_parameters};
use serde_json::Value;
use tesseral::Irreps;
use tesseral::coupling::COUPLING_LMAX;
use tesseral::kernels::{self, ChannelNorm, GateConfig, ScalarFunction, SecondMoment};
use tesseral::nn::{
    BatchNorm, BatchNormConfig, E3nnError, Gate, Init, Linear, NormActivation, RadialNetwork,
    SpeciesLinear, TensorProduct, load_e3nn,
};

/// Sums of a few terms and a transcendental function.
const SUMS: f64 = 16.0;

fn init() -> Init {
    Init::new(1, &Device::flex().autodiff()).with_dtype(DType::F64).unwrap()
}

/// Compares a function of rows and the gradient of Σ cotangent · output with a part of a case.
fn compare(what: &str, part: &Value, columns: usize, f: impl Fn(&Tensor<2>) -> Tensor<2>) {
    let device = Device::flex().autodiff();
    let x = numbers(&part["x"]);
    let x = tensor(&x, [x.len() / columns, columns], DType::F64, &device).require_grad();
    let z = f(&x);
    assert_near(what, &values(&z), &numbers(&part["output"]), SUMS);
    let cotangent = tensor(&numbers(&part["cotangent"]), z.dims(), DType::F64, &device);
    let gradients = (z * cotangent).sum().backward();
    let gradient = values(&x.grad(&gradients).unwrap());
    assert_near(&format!("the gradient of {what}"), &gradient, &numbers(&part["d_x"]), 4.0 * SUMS);
}

#[test]
fn norm_activations() {
    for case in cases("norm_activations") {
        let irreps = e3nn::irreps(&case["irreps"]);
        let function = match text(&case["activation"]) {
            "sigmoid" => ScalarFunction::SIGMOID,
            "tanh" => ScalarFunction::TANH,
            _ => ScalarFunction::SILU,
        };
        let biases = numbers(&case["biases"]);
        let normalize = case["normalize"].as_bool().unwrap();
        let layer =
            NormActivation::new(&irreps, function, normalize, !biases.is_empty(), &mut init());
        let layer = with_parameters(layer, &biases);
        compare("norm activation", &case, irreps.dim(), |x| {
            layer.forward(&features(&irreps, x)).unwrap().into_values()
        });
    }
}

#[test]
fn networks() {
    for case in cases("networks") {
        let layers = case["weights"].as_array().unwrap();
        let weights: Vec<f64> = layers.iter().flat_map(numbers).collect();
        let widths = counts(&case["widths"]);
        let function = match text(&case["activation"]) {
            "silu" => ScalarFunction::SILU,
            "tanh" => ScalarFunction::TANH,
            other => panic!("no test for {other}"),
        };
        let network = RadialNetwork::new(&widths, &mut init());
        let network = network.with_activation(function, SecondMoment::E3nn).unwrap();
        let network = with_parameters(network, &weights);
        compare("network", &case, widths[0], |x| network.forward(x).unwrap());
    }
}

#[test]
fn batch_normalization() {
    let mut compared = 0;
    for case in cases("batch_norms") {
        if text(&case["reduce"]) == "max" || case["instance"].as_bool().unwrap() {
            continue;
        }
        let irreps = e3nn::irreps(&case["irreps"]);
        let norm = match text(&case["normalization"]) {
            "norm" => ChannelNorm::Norm,
            _ => ChannelNorm::Component,
        };
        let [epsilon, momentum] = ["eps", "momentum"].map(|name| case[name].as_f64().unwrap());
        let config = BatchNormConfig { epsilon, momentum, affine: true, norm };
        let layer = BatchNorm::new(&irreps, config, &mut init());
        // Parameters, then running moments as they begin.
        let [weights, biases] = ["weight", "bias"].map(|name| numbers(&case[name]));
        let running = [vec![0.0; biases.len()], vec![1.0; weights.len()]].concat();
        let layer = with_parameters(layer, &[weights, biases, running].concat());
        let forward = |layer: &BatchNorm, x: &Tensor<2>| {
            layer.forward(&features(&irreps, x)).unwrap().into_values()
        };
        compare("batch norm", &case["train"], irreps.dim(), |x| forward(&layer, x));
        let [means, moments] = layer.running_moments();
        assert_near("running means", &means, &numbers(&case["running_mean"]), SUMS);
        assert_near("running moments", &moments, &numbers(&case["running_var"]), SUMS);
        let frozen = layer.freeze();
        compare("frozen batch norm", &case["eval"], irreps.dim(), |x| forward(&frozen, x));
        compared += 1;
    }
    assert!(compared > 0, "no case was compared");
}

/// A module of e3nn's layers with the names that the file has.
#[derive(Module, Debug)]
struct Saved {
    linear: Linear,
    product: TensorProduct,
    gate: Gate,
    norm: BatchNorm,
    radial: RadialNetwork,
    activation: NormActivation,
}

impl Saved {
    fn new(output: &str) -> Self {
        let irreps = |text: &str| text.parse::<Irreps>().unwrap();
        let (tanh, silu) = (ScalarFunction::TANH, ScalarFunction::SILU);
        let product = kernels::TensorProduct::fully_connected(
            &irreps("2x0e+1x1o"),
            &irreps("1x0e+2x1o"),
            &irreps("2x0e+1x1o+1x1e"),
        );
        let gate = GateConfig {
            scalars: irreps("2x0e"),
            scalar_functions: vec![Some(silu)],
            gates: irreps("3x0e"),
            gate_functions: vec![Some(ScalarFunction::SIGMOID)],
            gated: irreps("1x1o+2x1e"),
            moment: SecondMoment::E3nn,
        };
        let init = &mut init();
        let radial = RadialNetwork::new(&[3, 4, 4, 2], init);
        Saved {
            linear: Linear::new(&irreps("2x0e+2x1o+1x0e+1x1o+1x0o"), &irreps(output), init),
            product: TensorProduct::new(product.unwrap(), init),
            gate: Gate::new(&gate).unwrap(),
            norm: BatchNorm::new(&irreps("2x0e+1x0o+2x1o"), BatchNormConfig::default(), init),
            radial: radial.with_activation(silu, SecondMoment::E3nn).unwrap(),
            activation: NormActivation::new(&irreps("2x0e+2x1o"), tanh, true, true, init),
        }
    }

    fn forward(&self, layer: &str, inputs: &[Vec<f64>]) -> Vec<f64> {
        let matrix = |index: usize, columns: usize| {
            let x: &[f64] = &inputs[index];
            tensor(x, [x.len() / columns, columns], DType::F64, &Device::flex().autodiff())
        };
        let rows = |index: usize, irreps: &Irreps| features(irreps, &matrix(index, irreps.dim()));
        let z = match layer {
            "linear" => self.linear.forward(&rows(0, self.linear.kernel().input())),
            "product" => {
                let kernel = self.product.kernel();
                self.product.forward(&rows(0, kernel.first()), &rows(1, kernel.second()))
            }
            "gate" => self.gate.forward(&rows(0, self.gate.input())),
            // With running moments.
            "norm" => self.norm.clone().freeze().forward(&rows(0, self.norm.kernel().irreps())),
            "radial" => return values(&self.radial.forward(&matrix(0, 3)).unwrap()),
            "activation" => self.activation.forward(&rows(0, self.activation.kernel().irreps())),
            other => panic!("no test for {other}"),
        };
        values(z.unwrap().values())
    }
}

const LINEAR_OUTPUT: &str = "2x0e+2x1o+1x0o+1x0e";

/// The file that e3nn wrote, in which some names are others.
fn file(from: &str, to: &str) -> SafetensorsStore {
    let bytes = include_bytes!("../data/e3nn.safetensors").to_vec();
    SafetensorsStore::from_bytes(Some(bytes)).with_key_remapping(from, to)
}

#[test]
fn what_e3nn_saved_is_loaded() {
    if COUPLING_LMAX == 0 {
        return;
    }
    let mut module = Saved::new(LINEAR_OUTPUT);
    load_e3nn(&mut module, &mut file("x", "x"), |_| false).unwrap();
    for case in cases("saved") {
        let layer = text(&case["layer"]);
        let inputs: Vec<_> = case["inputs"].as_array().unwrap().iter().map(numbers).collect();
        let found = module.forward(layer, &inputs);
        let expected = numbers(&case["output"]);
        assert_eq!(found.len(), expected.len(), "{layer}");
        for (found, expected) in found.iter().zip(&expected) {
            let error = (found - expected).abs();
            assert!(
                error <= 1e-12 * expected.abs().max(1.0),
                "{layer}: {found}, e3nn has {expected}"
            );
        }
    }
    // It is trained further.
    let x = tensor(&[1.0; 3], [1, 3], DType::F64, &Device::flex().autodiff());
    let gradients = module.radial.forward(&x).unwrap().sum().backward();
    assert_eq!(GradientsParams::from_grads(gradients, &module.radial).len(), 3);
}

#[test]
fn what_e3nn_saved_of_other_layers_is_refused() {
    if COUPLING_LMAX == 0 {
        return;
    }
    let refused = |output: &str, mut file: SafetensorsStore| {
        let mut module = Saved::new(output);
        let error = load_e3nn(&mut module, &mut file, |_| false).unwrap_err();
        assert_eq!(parameters(&module).values, parameters(&Saved::new(output)).values);
        error.to_string()
    };
    assert_eq!(
        refused("1x0e+2x1o+1x0o+1x0e", file("x", "x")),
        "the tensor `linear.weight` has the shape [16], expected [13] for the parameter \
         `linear.parameters` of `2x0e+2x1o+1x0e+1x1o+1x0o -> 1x0e+2x1o+1x0o+1x0e, with biases`"
    );
    assert_eq!(
        refused(LINEAR_OUTPUT, file("radial.layer1", "radial.other")),
        "the file has no tensor `radial.layer1.weight`, expected for the parameter \
         `radial.layers.1`"
    );
    let message = refused(LINEAR_OUTPUT, SafetensorsStore::from_bytes(Some(b"no file".to_vec())));
    assert!(message.starts_with("the file cannot be read: "), "{message}");

    // A tensor more, and the choice to pass over it.
    let mut radial = Saved::new(LINEAR_OUTPUT).radial;
    let error = load_e3nn(&mut radial, &mut file("^radial.", ""), |name| name != "linear.bias");
    let error = error.unwrap_err();
    assert_eq!(format!("{error:?}"), error.to_string());
    assert_eq!(error, E3nnError::Unused { tensors: vec!["linear.bias".to_owned()] });
    load_e3nn(&mut radial, &mut file("^radial.", ""), |_| true).unwrap();
}

/// A file in the format of safetensors with one vector of f64.
fn file_of(name: &str, values: &[f64]) -> Vec<u8> {
    let (count, end) = (values.len(), 8 * values.len());
    let head = format!(
        "{{\"{name}\":{{\"dtype\":\"F64\",\"shape\":[{count}],\"data_offsets\":[0,{end}]}}}}"
    );
    let mut bytes = (head.len() as u64).to_le_bytes().to_vec();
    bytes.extend(head.bytes());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

/// That the order of these weights is e3nn's is tested with the kernel.
#[test]
fn products_with_one_hot_vectors_become_maps_by_species() {
    #[derive(Module, Debug)]
    struct Model {
        skip: SpeciesLinear,
    }
    let (input, output): (Irreps, Irreps) =
        ("2x0e+1x1o".parse().unwrap(), "1x1o+3x0e".parse().unwrap());
    let skip = SpeciesLinear::new(&input, &output, 3, &mut init()).unwrap();
    let weights: Vec<f64> = (0..21).map(f64::from).collect();
    let expected = skip.kernel().parameters_from_e3nn(&weights).unwrap();
    let mut model = Model { skip };
    let mut file = SafetensorsStore::from_bytes(Some(file_of("skip.weight", &weights)));
    load_e3nn(&mut model, &mut file, |_| false).unwrap();
    assert_eq!(parameters(&model).values, expected);
    let mut file = SafetensorsStore::from_bytes(Some(file_of("skip.weight", &weights[1..])));
    assert!(load_e3nn(&mut model, &mut file, |_| false).is_err());
}
