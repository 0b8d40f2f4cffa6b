//! Training goes on from files as if it had not stopped. Alone in its process, since burn lets the
//! type of a device be chosen once.

mod common {
    pub mod layer;
}

use burn::module::Module;
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use burn::store::{BurnpackStore, ModuleRecord, ModuleSnapshot, SafetensorsStore};
use burn::tensor::{DType, Device, FloatDType};
use common::layer::*;
use tesseral::Irreps;
use tesseral::nn::{Init, Linear, NormGate};

type Model = (Linear, NormGate);

fn irreps() -> Irreps {
    "2x0e+1x1o".parse().unwrap()
}

fn model(seed: u64) -> Model {
    let init = &mut Init::new(seed, &Device::flex().autodiff()).with_dtype(DType::F64).unwrap();
    (Linear::new(&irreps(), &irreps(), init), NormGate::new(&irreps(), init))
}

fn adam() -> ModuleOptimizer {
    AdamConfig::new().init()
}

/// Some steps, after which the parameters are these.
fn train((mut model, mut adam): (Model, ModuleOptimizer), steps: u64) -> (Model, ModuleOptimizer) {
    for step in 0..steps {
        let x = normal([4, irreps().dim()], step);
        let x = tensor(&x.values, x.shape, DType::F64, &Device::flex().autodiff());
        let z = model.0.forward(&features(&irreps(), &x)).unwrap();
        let z = model.1.forward(&z).unwrap().into_values();
        let gradients = (z.clone() * z).sum().backward();
        let gradients = GradientsParams::from_grads(gradients, &model);
        model = adam.step(1e-2, model, gradients);
    }
    (model, adam)
}

#[test]
fn training_in_double_precision_goes_on() {
    // What burn's optimizers load has the type of the device, else f32.
    Device::flex().configure(FloatDType::F64).unwrap();
    let (half, adam_half) = train((model(1), adam()), 3);
    let (expected, _) = train((half.clone(), adam_half.clone()), 3);
    let expected = parameters(&expected).values;
    let saved_adam = adam_half.into_bytes().unwrap();
    let adam_loaded = || adam().from_bytes(saved_adam.clone()).unwrap();
    let goes_on = |model: Model| parameters(&train((model, adam_loaded()), 3).0).values;

    // Records have the names of parameters by which an optimizer knows them.
    let record = half.clone().into_record().into_bytes().unwrap();
    let record = ModuleRecord::from_bytes(record).unwrap();
    assert_eq!(goes_on(model(2).try_load_record(record).unwrap()), expected);
    let mut file = BurnpackStore::from_bytes(None);
    half.save_into(&mut file).unwrap();
    let mut file = BurnpackStore::from_bytes(Some(file.get_bytes().unwrap()));
    let mut loaded = model(2);
    loaded.load_from(&mut file).unwrap();
    assert_eq!(goes_on(loaded), expected);

    // Safetensors have not: the optimizer begins anew with a model that is new.
    let mut file = SafetensorsStore::from_bytes(None);
    half.save_into(&mut file).unwrap();
    let mut loaded = model(2);
    loaded.load_from(&mut SafetensorsStore::from_bytes(Some(file.get_bytes().unwrap()))).unwrap();
    assert_eq!(parameters(&loaded).values, parameters(&half).values);
    let anew = parameters(&train((half.clone(), adam()), 3).0).values;
    assert_eq!(goes_on(loaded), anew);
    assert_ne!(anew, expected);
}
