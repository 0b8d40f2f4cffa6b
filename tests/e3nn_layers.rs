//! Agreement of activations, gates, normalizations and norms with e3nn's layers, from the file that
//! `tests/data/renew_e3nn.py` makes.

#[path = "common/e3nn.rs"]
mod e3nn;

use e3nn::{assert_near, cases, counts, irreps, numbers, reference, text};
use serde_json::Value;
use tesseral::Irreps;
use tesseral::irreps::Sorted;
use tesseral::kernels::{
    Activation, ChannelNorm, Channels, Gate, Groups, ScalarFunction, SecondMoment, Standardize,
};

/// Sums of a few terms and a transcendental function.
const SUMS: f64 = 16.0;

fn function(name: &str) -> Option<ScalarFunction> {
    Some(match name {
        "silu" => ScalarFunction::SILU,
        "tanh" => ScalarFunction::TANH,
        "sigmoid" => ScalarFunction::SIGMOID,
        "relu" => ScalarFunction::RELU,
        "abs" => ScalarFunction::ABS,
        "gelu" => ScalarFunction::GELU,
        "softplus" => ScalarFunction::SOFTPLUS,
        "shifted softplus" => ScalarFunction::SHIFTED_SOFTPLUS,
        "sin" => ScalarFunction::SIN,
        "cos" => ScalarFunction::COS,
        _ => return None,
    })
}

fn functions(names: &Value) -> Vec<Option<ScalarFunction>> {
    names.as_array().unwrap().iter().map(|name| name.as_str().and_then(function)).collect()
}

#[test]
fn constants_of_second_moments() {
    let moments = reference()["moments"].as_object().unwrap().clone();
    let mut compared = 0;
    for (name, constant) in &moments {
        let Some(function) = function(name) else { continue };
        let (stored, constant) = (function.e3nn_constant().unwrap(), constant.as_f64().unwrap());
        // A sum of a million terms, whose order depends on the machine that e3nn runs on.
        assert_near(name, &[stored], &[constant], 8.0);
        // It is an estimate: the exact one is within four standard deviations, about 0.4 %.
        assert!((function.normalizing_constant() / constant - 1.0).abs() < 4e-3, "{name}");
        compared += 1;
    }
    assert_eq!(compared, 10);
}

#[test]
fn activations() {
    for case in cases("activations") {
        let functions = functions(&case["activations"]);
        let layer =
            Activation::new(irreps(&case["irreps_in"]), &functions, SecondMoment::E3nn).unwrap();
        assert_eq!(layer.output(), &irreps(&case["irreps_out"]));
        let x = numbers(&case["x"]);
        let (mut z, mut dx) = (vec![f64::NAN; x.len()], vec![0.0; x.len()]);
        layer.forward(&x, &mut z).unwrap();
        layer.backward(&x, &numbers(&case["cotangent"]), &mut dx).unwrap();
        assert_near("activation", &z, &numbers(&case["output"]), SUMS);
        assert_near("its gradient", &dx, &numbers(&case["d_x"]), SUMS);
    }
}

/// Moves features in e3nn's order of irreps, odd ones first, to the order of this crate.
fn sorted(sorted: &Sorted, x: &[f64]) -> Vec<f64> {
    let mut out = vec![f64::NAN; x.len()];
    sorted.sort_features(x, &mut out).unwrap();
    out
}

#[test]
fn gates() {
    for case in cases("gates") {
        let [scalars, gates, gated] = ["scalars", "gates", "gated"].map(|part| irreps(&case[part]));
        let layer = Gate::new(
            (&scalars, &functions(&case["scalar_activations"])),
            (&gates, &functions(&case["gate_activations"])),
            &gated,
            SecondMoment::E3nn,
        )
        .unwrap();
        let order = irreps(&case["irreps_in"]).sort();
        assert_eq!(layer.input(), &order.irreps);
        assert_eq!(layer.output().simplify(), irreps(&case["irreps_out"]).simplify());
        let x = sorted(&order, &numbers(&case["x"]));
        let mut z = vec![f64::NAN; 2 * layer.output().dim()];
        layer.forward(&x, &mut z).unwrap();
        assert_near("gate", &z, &numbers(&case["output"]), SUMS);
        let mut dx = vec![0.0; x.len()];
        layer.backward(&x, &numbers(&case["cotangent"]), &mut dx).unwrap();
        assert_near("its gradient", &dx, &sorted(&order, &numbers(&case["d_x"])), SUMS);
    }
}

/// The weight of every component of a row, and the bias, which scalars have.
fn weights_and_biases(irreps: &Irreps, weights: &[f64], biases: &[f64]) -> Vec<[f64; 2]> {
    let (mut weights, mut biases) = (weights.iter(), biases.iter());
    let mut row = Vec::new();
    for block in irreps {
        for _ in 0..block.mul {
            let weight = *weights.next().unwrap();
            let bias = if block.irrep.is_scalar() { *biases.next().unwrap() } else { 0.0 };
            row.resize(row.len() + block.irrep.dim(), [weight, bias]);
        }
    }
    row
}

#[test]
fn batch_normalization_in_training() {
    for case in cases("batch_norms") {
        // The largest sample of a batch entry has no counterpart.
        if text(&case["reduce"]) == "max" {
            continue;
        }
        let irreps = irreps(&case["irreps"]);
        let norm = match text(&case["normalization"]) {
            "norm" => ChannelNorm::Norm,
            _ => ChannelNorm::Component,
        };
        let layer = Standardize::of_channels(irreps.clone(), norm, case["eps"].as_f64().unwrap());
        let shape = counts(&case["shape"]);
        let runs = vec![shape[1]; shape[0]];
        let instance = case["instance"].as_bool().unwrap();
        let groups = if instance { Groups::Runs(&runs) } else { Groups::AllRows };
        let train = &case["train"];
        let x = numbers(&train["x"]);
        let (mut z, mut dx) = (vec![f64::NAN; x.len()], vec![0.0; x.len()]);
        layer.forward(groups, &x, &mut z).unwrap();
        let affine =
            weights_and_biases(&irreps, &numbers(&case["weight"]), &numbers(&case["bias"]));
        let mut dz = numbers(&train["cotangent"]);
        for ((z, dz), [weight, bias]) in z.iter_mut().zip(&mut dz).zip(affine.iter().cycle()) {
            *z = *z * weight + bias;
            *dz *= weight;
        }
        layer.backward(groups, &x, &dz, &mut dx).unwrap();
        assert_near("batch norm", &z, &numbers(&train["output"]), SUMS);
        assert_near("its gradient", &dx, &numbers(&train["d_x"]), 4.0 * SUMS);
        if !instance {
            let (mut means, mut moments) =
                (vec![0.0; layer.num_sets()], vec![0.0; layer.num_sets()]);
            layer.moments(groups, &x, &mut means, &mut moments).unwrap();
            let momentum = case["momentum"].as_f64().unwrap();
            let running: Vec<f64> =
                moments.iter().map(|moment| 1.0 - momentum + momentum * moment).collect();
            assert_near("running moments", &running, &numbers(&case["running_var"]), SUMS);
        }
    }
}

#[test]
fn norms() {
    for case in cases("norms") {
        if case["squared"].as_bool().unwrap() {
            continue;
        }
        let channels = Channels::with_norms_above(irreps(&case["irreps"]), 0.0);
        let (x, expected) = (numbers(&case["x"]), numbers(&case["output"]));
        let (mut norms, mut dx) = (vec![f64::NAN; expected.len()], vec![0.0; x.len()]);
        channels.invariants(&x, &mut norms).unwrap();
        channels.invariants_backward(&x, &numbers(&case["cotangent"]), &mut dx).unwrap();
        assert_near("norm", &norms, &expected, SUMS);
        assert_near("its gradient", &dx, &numbers(&case["d_x"]), SUMS);
    }
}
