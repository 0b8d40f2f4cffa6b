//! Nonlinearities, normalization and dropout: derivatives, precision, equivariance, values, errors,
//! and safetensors.

mod common {
    pub mod layer;
}

use burn::module::Module;
use burn::tensor::{DType, Device, Tensor};
use common::layer::*;
use tesseral::Irreps;
use tesseral::coupling::COUPLING_LMAX;
use tesseral::graph::{Batch, Graph, SelfEdges};
use tesseral::kernels::{ChannelNorm, GateConfig, ScalarFunction, SecondMoment};
use tesseral::nn::{
    Activation, BatchNorm, BatchNormConfig, CartesianTensor, Dropout, Features, Gate, Init,
    LayerNorm, Norm, NormActivation,
};

const SILU: Option<ScalarFunction> = Some(ScalarFunction::SILU);
const TANH: Option<ScalarFunction> = Some(ScalarFunction::TANH);

const CONFIG: BatchNormConfig =
    BatchNormConfig { epsilon: 1e-5, momentum: 0.1, affine: true, norm: ChannelNorm::Component };

fn mixed() -> Irreps {
    irreps("2x0e + 1x0o + 2x1o + 1x2e")
}

/// SiLU of the first block, tanh of the second, nothing of the others.
fn activation(irreps: &Irreps) -> Activation {
    let mut functions = vec![SILU, TANH];
    functions.resize(irreps.len(), None);
    Activation::new(irreps, &functions, SecondMoment::One).unwrap()
}

fn gate() -> Gate {
    let gated = irreps("2x1o + 1x2e");
    Gate::new(&GateConfig {
        scalars: irreps("2x0e + 1x0o"),
        scalar_functions: vec![SILU, TANH],
        gates: Irreps::scalars(gated.num_irreps()),
        gate_functions: vec![SILU],
        gated,
        moment: SecondMoment::E3nn,
    })
    .unwrap()
}

#[test]
fn nonlinearities() {
    let irreps = mixed();
    let x = vec![normal([3, irreps.dim()], 1)];
    Layer {
        name: "activation",
        make: |_: &mut Init| activation(&irreps),
        inputs: x.clone(),
        forward: |layer: &Activation, x: &[Tensor<2>]| {
            layer.forward(&features(&irreps, &x[0])).unwrap().into_values()
        },
    }
    .check();
    let input = gate().input().clone();
    Layer {
        name: "gate",
        make: |_: &mut Init| gate(),
        inputs: vec![normal([3, input.dim()], 2)],
        forward: |layer: &Gate, x: &[Tensor<2>]| {
            layer.forward(&features(&input, &x[0])).unwrap().into_values()
        },
    }
    .check();
    for (normalize, bias) in [(true, true), (true, false), (false, true)] {
        Layer {
            name: "norm activation",
            make: |init: &mut Init| {
                NormActivation::new(&irreps, ScalarFunction::TANH, normalize, bias, init)
            },
            inputs: x.clone(),
            forward: |layer: &NormActivation, x: &[Tensor<2>]| {
                layer.forward(&features(&irreps, &x[0])).unwrap().into_values()
            },
        }
        .check();
    }
}

#[test]
fn layer_norms() {
    let irreps = mixed();
    for affine in [true, false] {
        Layer {
            name: "layer norm",
            make: |init: &mut Init| LayerNorm::new(&irreps, affine, init),
            inputs: vec![normal([3, irreps.dim()], 3)],
            forward: |layer: &LayerNorm, x: &[Tensor<2>]| {
                layer.forward(&features(&irreps, &x[0])).unwrap().into_values()
            },
        }
        .check();
    }
}

#[test]
fn norms_and_cartesian_tensors() {
    let irreps = mixed();
    for (name, make) in [("norm", Norm::new as fn(&Irreps) -> Norm), ("smooth norm", Norm::smooth)]
    {
        Layer {
            name,
            make: |_: &mut Init| make(&irreps),
            inputs: vec![normal([3, irreps.dim()], 8)],
            forward: |layer: &Norm, x: &[Tensor<2>]| {
                layer.forward(&features(&irreps, &x[0])).unwrap().into_values()
            },
        }
        .check();
        assert_equivariant(name, &irreps, &make(&irreps).output(), |dtype, x| {
            let x = tensor(x, [1, irreps.dim()], dtype, &Device::flex());
            values(make(&irreps).forward(&features(&irreps, &x)).unwrap().values())
        });
    }
    let formula = if COUPLING_LMAX < 2 { "i" } else { "ij=ji" };
    let Ok(layer) = CartesianTensor::new(formula) else { return };
    let irreps = layer.irreps().clone();
    let size = layer.kernel().dim();
    Layer {
        name: "to features",
        make: |_: &mut Init| layer.clone(),
        inputs: vec![normal([3, size], 9)],
        forward: |layer: &CartesianTensor, x: &[Tensor<2>]| {
            layer.to_features(&x[0]).unwrap().into_values()
        },
    }
    .check();
    Layer {
        name: "from features",
        make: |_: &mut Init| layer.clone(),
        inputs: vec![normal([3, irreps.dim()], 10)],
        forward: |layer: &CartesianTensor, x: &[Tensor<2>]| {
            layer.from_features(&features(&irreps, &x[0])).unwrap()
        },
    }
    .check();
}

#[test]
fn symmetric_tensors_turn_with_both_indices() {
    let Ok(layer) = CartesianTensor::new("ij=ji") else { return };
    // A sum of outer products r rᵀ of three vectors, and its irreps.
    let vectors = irreps("3x1o");
    assert_equivariant("symmetric tensor", &vectors, layer.irreps(), |dtype, x| {
        let mut matrix = vec![0.0; 9];
        for r in x.chunks_exact(3) {
            // The orders -1, 0, 1 are y, z, x.
            let r = [r[2], r[0], r[1]];
            (0..9).for_each(|index| matrix[index] += r[index / 3] * r[index % 3]);
        }
        let matrix = tensor(&matrix, [1, 9], dtype, &Device::flex());
        let x = layer.to_features(&matrix).unwrap();
        // There and back it is the same.
        let again = layer.from_features(&x).unwrap();
        let share = if dtype == DType::F64 { 1e-15 } else { 1e-6 };
        assert_close("there and back", &values(&again), &values(&matrix), share);
        values(x.values())
    });
}

#[test]
fn batch_norms_and_dropout_are_equivariant() {
    let device = Device::flex().autodiff();
    let one = mixed();
    // Four samples, all turned; the layers are new in every call, with the same mask.
    let all = &(&one + &one) + &(&one + &one);
    let shape = [4, one.dim()];
    let init = |dtype| Init::new(1, &device).with_dtype(dtype).unwrap();
    let rows = |dtype, x: &[f64]| features(&one, &tensor(x, shape, dtype, &device));
    assert_equivariant("batch norm", &all, &all, |dtype, x| {
        let layer = BatchNorm::new(&one, CONFIG, &mut init(dtype));
        values(layer.forward(&rows(dtype, x)).unwrap().values())
    });
    assert_equivariant("frozen batch norm", &all, &all, |dtype, x| {
        let layer = BatchNorm::new(&one, CONFIG, &mut init(dtype)).freeze();
        values(layer.forward(&rows(dtype, x)).unwrap().values())
    });
    let batch = Batch::new(&[3, 1].map(|n| Graph::complete(n, SelfEdges::Without)));
    assert_equivariant("instances", &all, &all, |dtype, x| {
        let layer = BatchNorm::new(&one, CONFIG, &mut init(dtype));
        values(layer.forward_instances(&rows(dtype, x), &batch).unwrap().values())
    });
    assert_equivariant("dropout", &all, &all, |dtype, x| {
        let layer = Dropout::new(&one, 0.5, &mut init(dtype)).unwrap();
        let z = values(layer.forward(&rows(dtype, x)).unwrap().values());
        assert!(z.contains(&0.0) && z.iter().any(|z| *z != 0.0));
        z
    });
}

#[test]
fn layers_are_equivariant() {
    let device = Device::flex();
    let irreps = mixed();
    let init = |dtype| Init::new(1, &device).with_dtype(dtype).unwrap();
    let row = |irreps: &Irreps, dtype, x: &[f64]| {
        features(irreps, &tensor(x, [1, irreps.dim()], dtype, &device))
    };
    let result = |z: Result<Features, _>| -> Vec<f64> {
        let z: Features = z.unwrap_or_else(|error: tesseral::nn::NnError| panic!("{error}"));
        values(z.values())
    };
    assert_equivariant("activation", &irreps, activation(&irreps).output(), |dtype, x| {
        result(activation(&irreps).forward(&row(&irreps, dtype, x)))
    });
    assert_equivariant("gate", gate().input(), gate().output(), |dtype, x| {
        result(gate().forward(&row(gate().input(), dtype, x)))
    });
    assert_equivariant("norm activation", &irreps, &irreps, |dtype, x| {
        let layer =
            NormActivation::new(&irreps, ScalarFunction::TANH, true, true, &mut init(dtype));
        // Pseudoscalars keep their sign, scalars too.
        result(layer.forward(&row(&irreps, dtype, x)))
    });
    assert_equivariant("layer norm", &irreps, &irreps, |dtype, x| {
        result(LayerNorm::new(&irreps, true, &mut init(dtype)).forward(&row(&irreps, dtype, x)))
    });
}

#[test]
fn layer_norms_give_unit_second_moments() {
    let device = Device::flex();
    let irreps = mixed();
    let layer = LayerNorm::new(&irreps, true, &mut Init::new(1, &device));
    let x = tensor(&normal([2, irreps.dim()], 4).values, [2, irreps.dim()], DType::F32, &device);
    let z = values(layer.forward(&features(&irreps, &(x * 100.0))).unwrap().values());
    for row in z.chunks_exact(irreps.dim()) {
        for slice in irreps.slices() {
            let block = &row[slice];
            let moment = block.iter().map(|z| z * z).sum::<f64>() / block.len() as f64;
            assert!((moment - 1.0).abs() < 1e-5, "{moment}");
        }
        assert!((row[0] + row[1]).abs() < 1e-5, "scalars are centred");
    }
}

#[test]
fn batch_norms_train_and_evaluate() {
    let irreps = irreps("1x0e + 1x0o + 1x1o");
    let shape = [50, irreps.dim()];
    let matrix = normal(shape, 5);
    let trained = Device::flex().autodiff();
    for dtype in TYPES {
        let layer =
            BatchNorm::new(&irreps, CONFIG, &mut Init::new(1, &trained).with_dtype(dtype).unwrap());
        let shifted: Vec<f64> = matrix.values.iter().map(|x| 3.0 * x + 2.0).collect();
        let x = features(&irreps, &tensor(&shifted, shape, dtype, &trained));
        let z = values(layer.forward(&x).unwrap().values());
        let column = |z: &[f64], c: usize| -> Vec<f64> {
            z.chunks_exact(shape[1]).map(|row| row[c]).collect()
        };
        let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
        let squares = |x: &[f64]| x.iter().map(|x| x * x).collect::<Vec<_>>();
        assert!(mean(&column(&z, 0)).abs() < 1e-5);
        assert!((mean(&squares(&column(&z, 0))) - 1.0).abs() < 1e-5);
        // A pseudoscalar has no mean that it could keep under inversion.
        assert!(mean(&column(&z, 1)).abs() > 0.1);
        assert!((mean(&squares(&column(&z, 1))) - 1.0).abs() < 1e-5);

        // Running averages: 0.9 of the first value and 0.1 of the batch's.
        let [means, moments] = layer.running_moments();
        let scalars = column(&shifted, 0);
        let average = mean(&scalars);
        assert!((means[0] - 0.1 * average).abs() < 1e-5, "{means:?}");
        let centred: Vec<f64> = scalars.iter().map(|x| x - average).collect();
        assert!((moments[0] - (0.9 + 0.1 * mean(&squares(&centred)))).abs() < 1e-5, "{moments:?}");
        assert_eq!(
            (means.len(), moments.len()),
            (irreps.count("0e".parse().unwrap()), irreps.num_irreps())
        );

        // Evaluation uses them and changes nothing: frozen, or without autodiff.
        let frozen = layer.clone().freeze();
        let evaluated = values(frozen.forward(&x).unwrap().values());
        let factor = (moments[0] + 1e-5).sqrt().recip();
        let expected: Vec<f64> = scalars.iter().map(|x| (x - means[0]) * factor).collect();
        assert_close("evaluation", &column(&evaluated, 0), &expected, 1e-6);
        assert_eq!(layer.running_moments(), [means, moments]);
        let plain = features(&irreps, &tensor(&shifted, shape, dtype, &Device::flex()));
        let plain = layer.valid().forward(&plain).unwrap();
        assert_eq!(values(plain.values()), evaluated);
        // No rows: nothing to learn from.
        let none = features(&irreps, &tensor(&[], [0, shape[1]], dtype, &trained));
        assert_eq!(layer.forward(&none).unwrap().rows(), 0);
    }
}

#[test]
fn the_gradients_of_batch_norms_are_its_derivatives() {
    let irreps = irreps("2x0e + 1x1o");
    let shape = [4, irreps.dim()];
    let (x, cotangent) = (normal(shape, 6).values, normal(shape, 7).values);
    let device = Device::flex().autodiff();
    let batch = Batch::new(&[3, 1].map(|n| Graph::complete(n, SelfEdges::Without)));
    let layer =
        BatchNorm::new(&irreps, CONFIG, &mut Init::new(1, &device).with_dtype(DType::F64).unwrap());
    for instances in [false, true] {
        let forward = |x: &Tensor<2>| {
            let x = features(&irreps, x);
            let z = match instances {
                true => layer.forward_instances(&x, &batch),
                false => layer.forward(&x),
            };
            z.unwrap().into_values()
        };
        let tracked = tensor(&x, shape, DType::F64, &device).require_grad();
        let weights = tensor(&cotangent, shape, DType::F64, &device);
        let gradients = (forward(&tracked) * weights).sum().backward();
        let found = values(&tracked.grad(&gradients).unwrap());
        let expected = central_differences(&x, |x| {
            let z = values(&forward(&tensor(x, shape, DType::F64, &device)));
            z.iter().zip(&cotangent).map(|(z, c)| z * c).sum()
        });
        // A graph of one node divides scalars of zero by √ε: differences are coarse there.
        assert_close("batch norm", &found, &expected, if instances { 1e-3 } else { 1e-8 });
    }
}

#[test]
fn dropout_drops_whole_channels_in_training() {
    let irreps = mixed();
    let shape = [200, irreps.dim()];
    let device = Device::flex().autodiff();
    let layer = |seed| Dropout::new(&irreps, 0.25, &mut Init::new(seed, &device)).unwrap();
    let ones = |device: &Device| features(&irreps, &Tensor::ones(shape, (device, DType::F32)));
    let dropped = values(layer(1).forward(&ones(&device)).unwrap().values());
    let mut kept = 0;
    let kept_value = f64::from((1.0_f64 / 0.75) as f32);
    let mut channels = 0;
    for row in dropped.chunks_exact(shape[1]) {
        for (block, slice) in irreps.iter().zip(irreps.slices()) {
            for channel in row[slice].chunks_exact(block.irrep.dim()) {
                assert!(channel.iter().all(|x| *x == channel[0]));
                assert!(channel[0] == 0.0 || channel[0] == kept_value, "{}", channel[0]);
                kept += usize::from(channel[0] != 0.0);
                channels += 1;
            }
        }
    }
    // Four standard deviations of a binomial.
    let share = kept as f64 / channels as f64;
    let deviation = 4.0 * (0.25 * 0.75 / channels as f64).sqrt();
    assert!((share - 0.75).abs() < deviation, "seed 1: {share}");
    // From one seed the same, from another something else, and something else the next time.
    let again = layer(1);
    assert_eq!(values(again.forward(&ones(&device)).unwrap().values()), dropped);
    assert_ne!(values(again.forward(&ones(&device)).unwrap().values()), dropped);
    assert_ne!(values(layer(2).forward(&ones(&device)).unwrap().values()), dropped);

    let everything = vec![1.0; shape[0] * shape[1]];
    let frozen = layer(1).freeze();
    assert_eq!(values(frozen.forward(&ones(&device)).unwrap().values()), everything);
    let plain = layer(1).forward(&ones(&Device::flex())).unwrap();
    assert_eq!(values(plain.values()), everything);
    let all = Dropout::new(&irreps, 1.0, &mut Init::new(1, &device)).unwrap();
    let nothing = vec![0.0; shape[0] * shape[1]];
    assert_eq!(values(all.forward(&ones(&device)).unwrap().values()), nothing);
    for found in [-0.1, 1.5, f64::NAN] {
        let error = Dropout::new(&irreps, found, &mut Init::new(1, &device));
        assert_eq!(
            refused(error),
            format!("`Dropout`: the probability is {found}, expected 0 to 1")
        );
    }
}

#[test]
fn zero_features_have_finite_gradients() {
    let irreps = mixed();
    let device = Device::flex().autodiff();
    let x = tensor(&vec![0.0; irreps.dim()], [1, irreps.dim()], DType::F32, &device).require_grad();
    let init = &mut Init::new(1, &device);
    let first = NormActivation::new(&irreps, ScalarFunction::TANH, true, true, init);
    let second = NormActivation::new(&irreps, ScalarFunction::TANH, false, false, init);
    let third = LayerNorm::new(&irreps, true, init);
    let x_features = features(&irreps, &x);
    for z in [first.forward(&x_features), second.forward(&x_features), third.forward(&x_features)] {
        let z = z.unwrap().into_values();
        let gradient = x.grad(&z.sum().backward()).unwrap();
        assert!(values(&gradient).iter().all(|x| x.is_finite()));
    }
}

#[test]
fn features_that_do_not_fit_are_refused() {
    let device = Device::flex();
    let two = Irreps::scalars(2);
    let init = &mut Init::new(1, &device);
    let message =
        |layer: &str| format!("`{layer}`: the input has the irreps `3x0e`, expected `2x0e`");
    let three = features(&Irreps::scalars(3), &zeros([1, 3], DType::F32));
    let f = ScalarFunction::TANH;
    let gate = Gate::new(&GateConfig {
        scalars: two.clone(),
        scalar_functions: vec![SILU],
        gates: Irreps::scalars(0),
        gate_functions: vec![SILU],
        gated: irreps(""),
        moment: SecondMoment::One,
    });
    assert_eq!(refused(gate.unwrap().forward(&three)), message("Gate"));
    assert_eq!(
        refused(Activation::new(&two, &[SILU], SecondMoment::One).unwrap().forward(&three)),
        message("Activation")
    );
    assert_eq!(
        refused(NormActivation::new(&two, f, true, true, init).forward(&three)),
        message("NormActivation")
    );
    assert_eq!(refused(LayerNorm::new(&two, true, init).forward(&three)), message("LayerNorm"));
    assert_eq!(refused(Norm::new(&two).forward(&three)), message("Norm"));
    if let Ok(tensors) = CartesianTensor::new("ij=-ji") {
        assert_eq!(
            refused(tensors.from_features(&three)),
            "`CartesianTensor`: the input has the irreps `3x0e`, expected `1x1e`"
        );
        assert_eq!(
            refused(tensors.to_features(three.values())),
            "`CartesianTensor`: the matrix of Cartesian tensors has the shape [1, 3], expected \
             [1, 9]"
        );
    }
    let batch_norm = BatchNorm::new(&two, CONFIG, init);
    assert_eq!(refused(batch_norm.forward(&three)), message("BatchNorm"));
    assert_eq!(refused(Dropout::new(&two, 0.5, init).unwrap().forward(&three)), message("Dropout"));
    let batch = Batch::new(&[Graph::complete(2, SelfEdges::Without)]);
    let x = features(&two, &zeros([3, 2], DType::F32));
    assert_eq!(
        refused(batch_norm.forward_instances(&x, &batch)),
        "`BatchNorm`: the tensor of node features has the shape [3, 2], expected [2, 2]"
    );
    let x = features(&two, &zeros([3, 2], DType::F64));
    let mixed = |layer: &str| {
        format!("`{layer}`: tensors of F64 and F32 meet, expected one type: cast one")
    };
    assert_eq!(refused(batch_norm.forward(&x)), mixed("BatchNorm"));
    assert_eq!(refused(LayerNorm::new(&two, true, init).forward(&x)), mixed("LayerNorm"));
    assert_eq!(
        refused(NormActivation::new(&two, f, true, true, init).forward(&x)),
        mixed("NormActivation")
    );
}

#[test]
fn layers_are_saved_as_safetensors() {
    use burn::store::{ModuleSnapshot, SafetensorsStore};

    let device = Device::flex();
    let irreps = mixed();
    for dtype in TYPES {
        let init = |seed| Init::new(seed, &device).with_dtype(dtype).unwrap();
        let make = |seed| {
            let init = &mut init(seed);
            (
                tesseral::nn::Linear::new(&irreps, &irreps, init),
                BatchNorm::new(&irreps, CONFIG, init),
            )
        };
        let (saved, mut loaded) = (make(1), make(2));
        let mut file = SafetensorsStore::from_bytes(None);
        saved.save_into(&mut file).unwrap();
        let bytes = file.get_bytes().unwrap();
        loaded.load_from(&mut SafetensorsStore::from_bytes(Some(bytes))).unwrap();
        let [saved, loaded] = [saved, loaded].map(|module| parameters(&module).values);
        assert_eq!(saved, loaded);
    }
}
