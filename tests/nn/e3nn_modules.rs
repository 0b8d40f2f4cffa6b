//! Agreement of layers on burn tensors with e3nn's, from the file that `tests/data/renew_e3nn.py`
//! makes.

mod common {
    #[path = "../../common/e3nn.rs"]
    pub mod e3nn;
    pub mod layer;
}

use burn::module::Module;
use burn::tensor::{DType, Device, Tensor};
use common::e3nn::{self, assert_near, cases, counts, numbers, text};
use common::layer::{features, tensor, values, with_parameters};
use serde_json::Value;
use tesseral::kernels::{ChannelNorm, ScalarFunction, SecondMoment};
use tesseral::nn::{BatchNorm, BatchNormConfig, Init, NormActivation, RadialNetwork};

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
