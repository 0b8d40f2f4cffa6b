//! What a layer keeps from one pass to the next, and a pass changes through a shared reference: running
//! averages, the state of random numbers.
//!
//! It is the layer's own. A copy has a copy of it, so what the copy learns or draws stays there; records
//! hold what was kept last, whichever thread changed it. (burn's `RunningState` is shared by all copies
//! of a module, lags one step behind, and keeps apart what each thread learns.)

use std::sync::{Mutex, MutexGuard, PoisonError};

use burn::module::{
    Content, Module, ModuleDisplay, ModuleDisplayDefault, ModuleMapper, ModuleVisitor, Param,
    ParamId,
};
use burn::tensor::{DType, Device, Int, Tensor, TensorData};

use crate::Random;

/// A value behind a lock, of which a clone has its own.
#[derive(Debug)]
struct Own<V>(Mutex<V>);

impl<V> Own<V> {
    fn new(value: V) -> Self {
        Own(Mutex::new(value))
    }

    fn lock(&self) -> MutexGuard<'_, V> {
        // Whoever panicked had not yet replaced the value, or had done so wholly.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn into_inner(self) -> V {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V: Clone> Clone for Own<V> {
    fn clone(&self) -> Self {
        Own::new(self.lock().clone())
    }
}

/// Numbers without gradients.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    id: ParamId,
    value: Own<Tensor<2>>,
}

impl Kept {
    pub fn new(value: Tensor<2>) -> Self {
        Kept { id: ParamId::new(), value: Own::new(value) }
    }

    pub fn value(&self) -> Tensor<2> {
        self.value.lock().clone()
    }

    /// Replaces the value by a function of it; no other thread comes between.
    pub fn update(&self, change: impl FnOnce(Tensor<2>) -> Tensor<2>) {
        let mut value = self.value.lock();
        *value = change(value.clone()).detach();
    }

    fn mapped(self, change: impl FnOnce(Tensor<2>) -> Tensor<2>) -> Self {
        Kept { id: self.id, value: Own::new(change(self.value.into_inner())) }
    }
}

impl Module for Kept {
    fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
        visitor.visit_float(&Param::initialized(self.id, self.value()));
    }

    fn map<M: ModuleMapper>(self, mapper: &mut M) -> Self {
        let value = self.value.into_inner();
        // What is loaded is cast to the type of now, as with weights.
        let dtype = value.dtype();
        let param = Param::initialized(self.id, value).load_mapper(move |new| new.cast(dtype));
        let (id, value, _) = mapper.map_float(param).consume();
        // A mapper may ask for gradients of all it meets; these numbers have none.
        Kept { id, value: Own::new(value.set_require_grad(false)) }
    }

    fn to_device(self, device: &Device) -> Self {
        self.mapped(|value| value.to_device(device))
    }

    fn fork(self, device: &Device) -> Self {
        self.to_device(device)
    }

    fn collect_devices(&self, mut devices: Vec<Device>) -> Vec<Device> {
        let device = self.value().device();
        if !devices.contains(&device) {
            devices.push(device);
        }
        devices
    }

    fn materialize(self) -> Self {
        self
    }

    fn valid(&self) -> Self {
        self.clone().mapped(Tensor::without_autodiff)
    }

    fn train(self) -> Self {
        self.mapped(Tensor::from_inner)
    }
}

impl ModuleDisplayDefault for Kept {
    fn content(&self, content: Content) -> Option<Content> {
        content.add_formatted(&format!("Kept {{shape: {:?}}}", self.value().dims())).optional()
    }
}

impl ModuleDisplay for Kept {}

/// A sequence of random numbers.
#[derive(Clone, Debug)]
pub(super) struct KeptRandom {
    id: ParamId,
    random: Own<Random>,
}

impl KeptRandom {
    pub fn new(random: Random) -> Self {
        KeptRandom { id: ParamId::new(), random: Own::new(random) }
    }

    /// Draws from the sequence.
    pub fn draw<R>(&self, draw: impl FnOnce(&mut Random) -> R) -> R {
        draw(&mut self.random.lock())
    }

    /// The state as one integer, as records hold it.
    fn param(&self) -> Param<Tensor<1, Int>> {
        // The same bits with a sign.
        let state = self.random.lock().state() as i64;
        let data = TensorData::from([state]);
        Param::initialized(self.id, Tensor::from_data(data, (&Device::flex(), DType::I64)))
    }
}

impl Module for KeptRandom {
    fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
        visitor.visit_int(&self.param());
    }

    fn map<M: ModuleMapper>(self, mapper: &mut M) -> Self {
        let (id, state, _) = mapper.map_int(self.param()).consume();
        let state = state.to_data().iter::<i64>().next();
        let random = state.map_or_else(|| self.random.into_inner(), |s| Random::new(s as u64));
        KeptRandom { id, random: Own::new(random) }
    }

    fn to_device(self, _device: &Device) -> Self {
        self
    }

    fn fork(self, _device: &Device) -> Self {
        self
    }

    fn collect_devices(&self, devices: Vec<Device>) -> Vec<Device> {
        devices
    }

    fn materialize(self) -> Self {
        self
    }

    fn valid(&self) -> Self {
        self.clone()
    }

    fn train(self) -> Self {
        self
    }
}

impl ModuleDisplayDefault for KeptRandom {
    fn content(&self, content: Content) -> Option<Content> {
        content.add_formatted(&"KeptRandom".to_string()).optional()
    }
}

impl ModuleDisplay for KeptRandom {}
