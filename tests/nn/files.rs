//! Files say what they belong to: what layers of other irreps saved is refused, and a file of
//! another type is cast. Weights can be given, too.

mod common {
    pub mod layer;
}

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::store::{BurnpackStore, ModuleRecord, ModuleSnapshot, SafetensorsStore};
use burn::tensor::{DType, Device, Tensor};
use common::layer::*;
use tesseral::Irreps;
use tesseral::coupling::COUPLING_LMAX;
use tesseral::kernels::{self, ScalarFunction};
use tesseral::nn::{
    BatchNorm, BatchNormConfig, Convolution, ConvolutionConfig, Init, LayerNorm, Linear,
    NormActivation, NormGate, RadialNetwork, SpeciesEmbedding, SpeciesLinear, SymmetricContraction,
    TensorProduct, WeightedProduct,
};

fn init(dtype: DType) -> Init {
    Init::new(1, &Device::flex()).with_dtype(dtype).unwrap()
}

fn safetensors(module: &impl Module) -> Vec<u8> {
    let mut file = SafetensorsStore::from_bytes(None);
    module.save_into(&mut file).unwrap();
    file.get_bytes().unwrap()
}

fn record(module: &impl Module) -> ModuleRecord {
    let bytes = module.clone().into_record().into_bytes().unwrap();
    ModuleRecord::from_bytes(bytes).unwrap()
}

/// That neither of two layers loads the other's files, nor is changed by them, and that the error
/// says which tensor it is, to what it belongs, and what was expected.
fn assert_apart<M: Module>(path: &str, [first, second]: [(M, &str); 2]) {
    assert_eq!(parameters(&first.0).values.len(), parameters(&second.0).values.len(), "{path}");
    for [(saved, found), (loading, expected)] in [[&first, &second], [&second, &first]] {
        let message = format!("{path} of the file are `{found}`, expected `{expected}`");
        let error = loading.clone().try_load_record(record(saved)).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains(&message), "{error}\nnot {message}");

        let mut loaded = loading.clone();
        let mut file = SafetensorsStore::from_bytes(Some(safetensors(saved)));
        let error = loaded.load_from(&mut file).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains(&message), "{error}\nnot {message}");
        // Also where a part is enough.
        let mut file = file.allow_partial(true);
        let result = loaded.load_from(&mut file).unwrap();
        assert!(result.missing.iter().any(|(path, _)| *path == message), "{result}");
        assert_eq!(parameters(&loaded).values, parameters(loading).values, "{path}");

        // Its own files it does load.
        loading.clone().try_load_record(record(loading)).unwrap();
        let mut file = SafetensorsStore::from_bytes(Some(safetensors(loading)));
        loaded.load_from(&mut file).unwrap();
    }
}

/// The same for a layer of irreps.
fn assert_knows<M: Module>(path: &str, make: impl Fn(&Irreps) -> M) {
    assert_apart(path, SAME_CHANNELS.map(|text| (make(&text.parse().unwrap()), text)));
}

/// As many channels and scalars `0e`.
const SAME_CHANNELS: [&str; 2] = ["2x0e+1x1o", "2x0e+1x1e"];

#[test]
fn linear_maps_know_their_irreps() {
    let linear = |input: &str, output: &str, biases| {
        let [input, output]: [Irreps; 2] = [input, output].map(|text| text.parse().unwrap());
        Linear::with_biases(&input, &output, biases, &mut init(DType::F32))
    };
    let path = "parameters.irreps";
    // As many weights, among other channels.
    assert_apart(
        path,
        [
            (linear("1x0e+2x1o", "1x0e+2x1o", false), "1x0e+2x1o -> 1x0e+2x1o"),
            (linear("2x0e+1x1o", "2x0e+1x1o", false), "2x0e+1x1o -> 2x0e+1x1o"),
        ],
    );
    assert_apart(
        path,
        [
            (linear("1x1o", "1x1o", true), "1x1o -> 1x1o"),
            (linear("1x5o", "1x5o", true), "1x5o -> 1x5o"),
        ],
    );
    // A bias is no weight.
    assert_apart(
        path,
        [
            (linear("1x0e", "1x0e", true), "1x0e -> 1x0e, with biases"),
            (linear("2x0e", "1x0e", false), "2x0e -> 1x0e"),
        ],
    );
}

#[test]
fn linear_maps_by_species_know_their_irreps() {
    let linear = |text: &'static str| {
        let irreps: Irreps = text.parse().unwrap();
        let layer = SpeciesLinear::new(&irreps, &irreps, 2, &mut init(DType::F32)).unwrap();
        (layer, text)
    };
    let texts = ["2x0e+1x1o -> 2x0e+1x1o, by species", "2x0e+1x1e -> 2x0e+1x1e, by species"];
    let pairs = SAME_CHANNELS.map(linear);
    let [one, other] = pairs.map(|(layer, _)| layer);
    assert_apart("parameters.irreps", [(one, texts[0]), (other, texts[1])]);
}

#[test]
fn layers_of_channels_know_their_irreps() {
    assert_knows("bias.irreps", |irreps| NormGate::new(irreps, &mut init(DType::F32)));
    assert_knows("bias.irreps", |irreps| {
        NormActivation::new(irreps, ScalarFunction::TANH, true, true, &mut init(DType::F32))
    });
    assert_knows("running.irreps", |irreps| {
        let config = BatchNormConfig { affine: false, ..BatchNormConfig::default() };
        BatchNorm::new(irreps, config, &mut init(DType::F32))
    });
    for path in ["affine.weight.irreps", "affine.bias.irreps"] {
        assert_knows(path, |irreps| LayerNorm::new(irreps, true, &mut init(DType::F32)));
        assert_knows(path, |irreps| {
            BatchNorm::new(irreps, BatchNormConfig::default(), &mut init(DType::F32))
        });
    }
}

#[test]
fn products_know_their_paths() {
    if COUPLING_LMAX == 0 {
        return;
    }
    let [one, other] = SAME_CHANNELS.map(|text| text.parse::<Irreps>().unwrap());
    let product = |irreps: &Irreps| {
        kernels::TensorProduct::fully_connected(irreps, &Irreps::scalars(1), irreps).unwrap()
    };
    let texts = [&one, &other]
        .map(|irreps| format!("{irreps} x 1x0e -> {irreps}: 0 0 0 uvw 1; 1 0 1 uvw 1;"));
    let layer = |irreps| TensorProduct::new(product(irreps), &mut init(DType::F32));
    let pair = [(layer(&one), texts[0].as_str()), (layer(&other), texts[1].as_str())];
    assert_apart("weights.irreps", pair);
    // The weights come from elsewhere.
    let layer = |irreps| WeightedProduct::new(product(irreps));
    let pair = [(layer(&one), texts[0].as_str()), (layer(&other), texts[1].as_str())];
    assert_apart("paths.irreps", pair);

    let contraction = |irreps: &str| {
        let irreps = irreps.parse().unwrap();
        SymmetricContraction::new(&irreps, &irreps, 1, 2, &mut init(DType::F32)).unwrap()
    };
    assert_apart(
        "weights.irreps",
        [
            (contraction("3x0e"), "3x0e -> 3x0e, up to 1 factors, 2 species"),
            (contraction("3x0o"), "3x0o -> 3x0o, up to 1 factors, 2 species"),
        ],
    );
}

#[test]
fn long_texts_are_told_apart() {
    let many = |last: &str| format!("{}+{last}", vec!["1x0e+1x1o"; 40].join("+"));
    let [one, other] = ["1x0o", "1x1e"].map(|last| many(last).parse::<Irreps>().unwrap());
    let layer = |irreps: &Irreps| NormGate::new(irreps, &mut init(DType::F32));
    let error = layer(&one).try_load_record(record(&layer(&other))).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("1x1o+1x0e+1... "), "{error}");
    layer(&one).try_load_record(record(&layer(&one))).unwrap();
}

fn convolution(input: &str, output: &str) -> Convolution {
    let config = ConvolutionConfig {
        input: input.parse().unwrap(),
        output: output.parse().unwrap(),
        lmax: COUPLING_LMAX.min(1),
        basis: 2,
        hidden: vec![],
        neighbours: 1.0,
    };
    Convolution::new(&config, &mut init(DType::F32)).unwrap()
}

#[test]
fn convolutions_know_their_messages() {
    if COUPLING_LMAX == 0 {
        return;
    }
    let texts = ["1x0e", "1x0o"].map(|scalar| {
        let vector = if scalar == "1x0e" { "1x1o" } else { "1x1e" };
        format!("{scalar} x 1x0e+1x1o -> {vector}: 0 1 0 uvu 1;")
    });
    let [first, second] = [convolution("1x0e", "1x1o"), convolution("1x0o", "1x1e")];
    assert_apart("messages.irreps", [(first, &texts[0]), (second, &texts[1])]);
}

#[test]
fn parts_are_named_by_their_place() {
    let two = |text: &str| {
        let irreps = text.parse().unwrap();
        vec![
            Linear::new(&Irreps::scalars(2), &Irreps::scalars(2), &mut init(DType::F32)),
            Linear::new(&irreps, &irreps, &mut init(DType::F32)),
        ]
    };
    let pair = [(two("1x1o"), "1x1o -> 1x1o"), (two("1x1e"), "1x1e -> 1x1e")];
    assert_apart("1.parameters.irreps", pair);
}

#[test]
fn files_without_irreps_are_refused() {
    let layer = Linear::new(&Irreps::scalars(2), &Irreps::scalars(2), &mut init(DType::F32));
    let mut file = SafetensorsStore::from_bytes(None).with_full_path("parameters");
    layer.save_into(&mut file).unwrap();
    let mut file = SafetensorsStore::from_bytes(Some(file.get_bytes().unwrap()));
    let error = layer.clone().load_from(&mut file).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("parameters.irreps"), "{error}");
    // Unless a part is enough.
    layer.clone().load_from(&mut file.allow_partial(true)).unwrap();
}

/// Layers with every kind of parameter.
fn layers(dtype: DType) -> (Linear, NormGate, LayerNorm, RadialNetwork) {
    let irreps = "2x0e+1x1o".parse().unwrap();
    let init = &mut init(dtype);
    (
        Linear::new(&irreps, &irreps, init),
        NormGate::new(&irreps, init),
        LayerNorm::new(&irreps, true, init),
        RadialNetwork::new(&[3, 4, 2], init),
    )
}

/// The types of the parameters.
#[derive(Default)]
struct Types(Vec<DType>);

impl ModuleVisitor for Types {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.push(param.val().dtype());
    }
}

/// That a layer takes as many numbers as it has, in order, and says so of one more.
fn assert_takes<M: Module, E: std::error::Error>(
    what: &str,
    layer: M,
    with: impl Fn(M, Vec<f64>) -> Result<M, E>,
) {
    let count = parameters(&layer).values.len();
    let given: Vec<f64> = (0..count).map(|index| index as f64).collect();
    let taken = with(layer.clone(), given.clone()).unwrap();
    assert_eq!(parameters(&taken).values, given);
    let error = with(layer, vec![0.0; count + 1]).map(|_| ()).unwrap_err();
    let message = format!("the slice of {what} has length ");
    assert!(error.to_string().starts_with(&message), "{error}");
}

#[test]
fn weights_can_be_given() {
    let irreps: Irreps = "2x0e+1x1o".parse().unwrap();
    let mut init = init(DType::F32);
    let init = &mut init;
    let linear = Linear::new(&irreps, &irreps, init);
    assert_takes("the weights", linear, |layer, x| layer.with_weights(x, init));
    let by_species = SpeciesLinear::new(&irreps, &irreps, 3, init).unwrap();
    assert_takes("the weights", by_species, |layer, x| layer.with_weights(x, init));
    let embedding = SpeciesEmbedding::new(3, 2, init);
    assert_takes("the weights", embedding, |layer, x| layer.with_weights(x, init));
    let network = RadialNetwork::new(&[3, 4, 2], init);
    assert_takes("the weights", network, |layer, x| layer.with_weights(x, init));
    let gate = NormGate::new(&irreps, init);
    assert_takes("the biases", gate, |layer, x| layer.with_biases(x, init));
    let tanh = ScalarFunction::TANH;
    let activation = NormActivation::new(&irreps, tanh, true, true, init);
    assert_takes("the biases", activation, |layer, x| layer.with_biases(x, init));
    // Three channels, two of them scalars.
    let norm = LayerNorm::new(&irreps, true, init);
    assert_takes("the biases", norm, |layer, x| {
        layer.with_weights(x[..3].to_vec(), x[3..].to_vec(), &mut init.clone())
    });
    let given = [vec![1.0, 2.0, 3.0], vec![4.0, 5.0]];
    let without = BatchNormConfig { affine: false, ..BatchNormConfig::default() };
    let norm = BatchNorm::new(&irreps, without, init);
    let [weights, biases] = given.clone();
    let norm = norm.with_weights(weights, biases, init).unwrap();
    assert_eq!(parameters(&norm).values[..5], given.concat());
    let scalars = Irreps::scalars(2);
    let product = kernels::TensorProduct::elementwise(&scalars, &scalars, |_| true).unwrap();
    let paths: Vec<_> = product.paths().iter().map(|path| path.weighted()).collect();
    let product =
        kernels::TensorProduct::new(scalars.clone(), scalars, product.output().clone(), &paths);
    let product = TensorProduct::new(product.unwrap(), init);
    assert_takes("the weights", product, |layer, x| layer.with_weights(x, init));
    let convolution = convolution("2x0e", "2x0e");
    let sizes = [4, 4, 4];
    assert_takes("the weights of the skip connection", convolution, |layer, x| {
        let (first, rest) = x.split_at(sizes[0]);
        let (second, rest) = rest.split_at(sizes[1]);
        let (third, last) = rest.split_at(sizes[2]);
        layer.with_weights([first, second, third, last].map(<[f64]>::to_vec), init)
    });
}

/// Casts every parameter.
struct Cast(DType);

impl ModuleMapper for Cast {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|tensor| tensor.cast(self.0))
    }
}

#[test]
fn files_of_another_type_are_cast() {
    for (saved, loading) in [(DType::F32, DType::F64), (DType::F64, DType::F32)] {
        let saved = layers(saved);
        let rounded: Vec<f64> =
            parameters(&saved).values.iter().map(|x| f64::from(*x as f32)).collect();
        let check = |loaded: (Linear, NormGate, LayerNorm, RadialNetwork)| {
            let mut types = Types::default();
            loaded.visit(&mut types);
            assert!(types.0.iter().all(|dtype| *dtype == loading), "{:?}", types.0);
            assert_eq!(parameters(&loaded).values, rounded);
        };
        check(layers(loading).try_load_record(record(&saved)).unwrap());
        let mut loaded = layers(loading);
        let mut file = SafetensorsStore::from_bytes(Some(safetensors(&saved)));
        loaded.load_from(&mut file).unwrap();
        check(loaded);
        let mut loaded = layers(loading);
        let mut file = BurnpackStore::from_bytes(None);
        saved.save_into(&mut file).unwrap();
        let mut file = BurnpackStore::from_bytes(Some(file.get_bytes().unwrap()));
        loaded.load_from(&mut file).unwrap();
        check(loaded);
        // A module that was cast keeps that type.
        let cast = layers(if loading == DType::F32 { DType::F64 } else { DType::F32 });
        let cast = cast.map(&mut Cast(loading));
        check(cast.try_load_record(record(&saved)).unwrap());
    }
}
