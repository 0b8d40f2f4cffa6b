//! Agreement of activations, gates, normalizations and norms with e3nn's layers, from the file that
//! `tests/data/renew_e3nn.py` makes.

#[path = "common/e3nn.rs"]
mod e3nn;

use e3nn::{assert_near, cases, counts, irreps, numbers, reference, text};
use serde_json::Value;
use tesseral::irreps::Sorted;
use tesseral::kernels::{
    Activation, ChannelNorm, Channels, Gate, GateConfig, Groups, Linear, LinearGradients,
    LinearInputs, ScalarFunction, ScaleGradients, ScaleInputs, SecondMoment, Standardize,
    StandardizeInputs,
};
use tesseral::{Irrep, Irreps};

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
        let layer = Gate::new(&GateConfig {
            scalars,
            scalar_functions: functions(&case["scalar_activations"]),
            gates,
            gate_functions: functions(&case["gate_activations"]),
            gated,
            moment: SecondMoment::E3nn,
        })
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

fn irreps_of_channels(irreps: &Irreps) -> Vec<Irrep> {
    irreps.iter().flat_map(|block| std::iter::repeat_n(block.irrep, block.mul)).collect()
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
        let inputs = StandardizeInputs { groups, input: &x };
        layer.forward(inputs, &mut z).unwrap();
        let affine =
            weights_and_biases(&irreps, &numbers(&case["weight"]), &numbers(&case["bias"]));
        let mut dz = numbers(&train["cotangent"]);
        for ((z, dz), [weight, bias]) in z.iter_mut().zip(&mut dz).zip(affine.iter().cycle()) {
            *z = *z * weight + bias;
            *dz *= weight;
        }
        layer.backward(inputs, &dz, &mut dx).unwrap();
        assert_near("batch norm", &z, &numbers(&train["output"]), SUMS);
        assert_near("its gradient", &dx, &numbers(&train["d_x"]), 4.0 * SUMS);
        if !instance {
            let (mut means, mut moments) =
                (vec![0.0; layer.num_sets()], vec![0.0; layer.num_sets()]);
            layer.moments(inputs, &mut means, &mut moments).unwrap();
            let momentum = case["momentum"].as_f64().unwrap();
            let running: Vec<f64> =
                moments.iter().map(|moment| 1.0 - momentum + momentum * moment).collect();
            assert_near("running moments", &running, &numbers(&case["running_var"]), SUMS);
            let scalars = (0..layer.num_sets()).zip(irreps_of_channels(&irreps));
            let running: Vec<f64> = scalars
                .filter(|(_, irrep)| irrep.is_scalar())
                .map(|(set, _)| momentum * means[set])
                .collect();
            assert_near("running means", &running, &numbers(&case["running_mean"]), SUMS);
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

/// f(|x| + b) x/|x|, and its gradient by x from those of its steps.
#[test]
fn norm_activations() {
    for case in cases("norm_activations") {
        assert_eq!(case["normalize"].as_bool(), Some(true));
        let least = case["epsilon"].as_f64().unwrap();
        let channels = Channels::with_norms_above(irreps(&case["irreps"]), least);
        let function = function(text(&case["activation"])).unwrap();
        let biases = numbers(&case["biases"]);
        let bias = |index: usize| biases.get(index % channels.len()).copied().unwrap_or(0.0);
        let (x, dz) = (numbers(&case["x"]), numbers(&case["cotangent"]));
        let mut norms = vec![f64::NAN; 2 * channels.len()];
        channels.invariants(&x, &mut norms).unwrap();
        // The factors f(n + b)/n and their slopes.
        let factor = |(index, &n): (usize, &f64)| {
            let [value, slope, _] = function.derivatives(n + bias(index));
            [value / n, (slope - value / n) / n]
        };
        let factors: Vec<[f64; 2]> = norms.iter().enumerate().map(factor).collect();
        let [values, slopes] = [0, 1].map(|part| factors.iter().map(|f| f[part]).collect());
        let (values, slopes): (Vec<f64>, Vec<f64>) = (values, slopes);
        let mut z = vec![f64::NAN; x.len()];
        let inputs = ScaleInputs { input: &x, factors: &values };
        channels.scale(inputs, &mut z).unwrap();
        assert_near("norm activation", &z, &numbers(&case["output"]), SUMS);
        let (mut dx, mut dfactors) = (vec![0.0; x.len()], vec![0.0; values.len()]);
        let gradients = ScaleGradients { input: Some(&mut dx), factors: Some(&mut dfactors) };
        channels.scale_backward(inputs, &dz, gradients).unwrap();
        dfactors.iter_mut().zip(slopes).for_each(|(gradient, slope)| *gradient *= slope);
        channels.invariants_backward(&x, &dfactors, &mut dx).unwrap();
        assert_near("its gradient", &dx, &numbers(&case["d_x"]), SUMS);
    }
}

/// Linear maps of scalars with functions between them.
#[test]
fn networks() {
    for case in cases("networks") {
        let widths = counts(&case["widths"]);
        let function = function(text(&case["activation"]));
        let weights: Vec<_> = case["weights"].as_array().unwrap().iter().map(numbers).collect();
        let maps: Vec<Linear> = widths
            .windows(2)
            .map(|pair| Linear::new(Irreps::scalars(pair[0]), Irreps::scalars(pair[1]), false))
            .collect();
        let between: Vec<Activation> = widths[1..widths.len() - 1]
            .iter()
            .map(|&width| {
                let irreps = Irreps::scalars(width);
                Activation::new(irreps, &[function], SecondMoment::E3nn).unwrap()
            })
            .collect();
        // The values before each map, and those before the function in between.
        let mut values = vec![numbers(&case["x"])];
        let mut arguments = Vec::new();
        for (index, map) in maps.iter().enumerate() {
            let mut z = vec![f64::NAN; 2 * widths[index + 1]];
            let inputs = LinearInputs { input: &values[index], parameters: &weights[index] };
            map.forward(inputs, &mut z).unwrap();
            let mut next = z.clone();
            if let Some(activation) = between.get(index) {
                activation.forward(&z, &mut next).unwrap();
            }
            arguments.push(z);
            values.push(next);
        }
        let output = values.last().unwrap();
        assert_near("network", output, &numbers(&case["output"]), SUMS);
        let mut gradient = numbers(&case["cotangent"]);
        for (index, map) in maps.iter().enumerate().rev() {
            if let Some(activation) = between.get(index) {
                let mut before = vec![0.0; gradient.len()];
                activation.backward(&arguments[index], &gradient, &mut before).unwrap();
                gradient = before;
            }
            let mut dx = vec![0.0; values[index].len()];
            let inputs = LinearInputs { input: &values[index], parameters: &weights[index] };
            let gradients = LinearGradients { input: Some(&mut dx), ..LinearGradients::NONE };
            map.backward(inputs, &gradient, gradients).unwrap();
            gradient = dx;
        }
        assert_near("its gradient", &gradient, &numbers(&case["d_x"]), SUMS);
    }
}
