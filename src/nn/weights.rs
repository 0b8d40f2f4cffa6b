//! Parameters as files hold them: with what they belong to beside them, and in the type of the
//! layer once they are loaded.

use std::fmt::Write;
use std::sync::Arc;

use burn::module::{
    Content, Devices, Module, ModuleDisplay, ModuleDisplayDefault, ModuleMapper, ModuleVisitor,
    Param, ParamId,
};
use burn::tensor::{DType, Device, Int, Tensor, TensorData};

use super::Init;
use crate::error::check_length;
use crate::kernels::{self, KernelError};

/// The bytes of a file that say what a tensor belongs to. All are as long, since burn compares
/// shapes before it hands out what a file holds.
const LENGTH: usize = 256;

/// What weights belong to, such as `1x0e+2x1o -> 2x0e`. Files hold the text as bytes; where a file
/// has another one, loading is an error of burn's that has both.
#[derive(Clone, Debug)]
pub struct BelongsTo {
    id: ParamId,
    text: Arc<str>,
}

impl BelongsTo {
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        BelongsTo { id: ParamId::new(), text: text.into() }
    }

    /// A tensor product, path by path.
    pub fn product(kernel: &kernels::TensorProduct) -> Self {
        let mut text = format!("{} x {} -> {}:", kernel.first(), kernel.second(), kernel.output());
        for path in kernel.paths() {
            let weighted = if path.weighted { "" } else { " without weights" };
            let [i, j, k] = [path.first, path.second, path.output];
            let (mode, weight) = (path.mode, path.path_weight);
            write!(text, " {i} {j} {k} {mode} {weight}{weighted};").expect("text can be written");
        }
        BelongsTo::new(text)
    }

    fn param(&self) -> Param<Tensor<1, Int>> {
        let data = TensorData::new(bytes(&self.text).to_vec(), [LENGTH]);
        let tensor = Tensor::from_data(data, (&Device::flex(), DType::U8));
        Param::initialized(self.id, tensor)
    }

    /// What a visitor or mapper may know of it beside the bytes: all of the text.
    fn container(&self) -> String {
        format!("{CONTAINER}{}", self.text)
    }

    /// Whether what a mapper brings is of the same irreps. If not, the mapper is told, in the one
    /// way that burn has: it misses a tensor, and the name of that tensor is the message.
    fn is_that_of<M: ModuleMapper>(&self, mapper: &mut M) -> bool {
        mapper.enter_module("irreps", &self.container());
        let loaded = mapper.map_int(self.param()).val();
        mapper.exit_module("irreps", &self.container());
        let found: Vec<u8> = loaded.into_data().convert::<u8>().iter::<u8>().collect();
        let expected = bytes(&self.text);
        if found == expected {
            return true;
        }
        let [found, expected] = [found, expected.to_vec()].map(|bytes| text(&bytes));
        let message = format!("irreps of the file are `{found}`, expected `{expected}`");
        mapper.enter_module(&message, CONTAINER);
        mapper.map_int(self.param());
        mapper.exit_module(&message, CONTAINER);
        false
    }
}

/// How the containers begin in which texts are.
pub const CONTAINER: &str = "BelongsTo:";

/// A text as a file holds it, filled up with spaces. Of a longer one there are the beginning and a
/// hash of all.
fn bytes(text: &str) -> [u8; LENGTH] {
    let mut bytes = [b' '; LENGTH];
    if text.len() <= LENGTH {
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        return bytes;
    }
    let end = format!("... {:016x}", hash(text));
    let kept = LENGTH - end.len();
    bytes[..kept].copy_from_slice(&text.as_bytes()[..kept]);
    bytes[kept..].copy_from_slice(end.as_bytes());
    bytes
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end().to_owned()
}

/// FNV-1a, which is the same in every build.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

impl Module for BelongsTo {
    fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
        visitor.enter_module("irreps", &self.container());
        visitor.visit_int(&self.param());
        visitor.exit_module("irreps", &self.container());
    }

    fn map<M: ModuleMapper>(self, mapper: &mut M) -> Self {
        self.is_that_of(mapper);
        self
    }

    fn to_device(self, _device: &Device) -> Self {
        self
    }

    fn fork(self, _device: &Device) -> Self {
        self
    }

    fn collect_devices(&self, devices: Devices) -> Devices {
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

impl ModuleDisplayDefault for BelongsTo {
    fn content(&self, content: Content) -> Option<Content> {
        content.add_formatted(&self.text).optional()
    }
}

impl ModuleDisplay for BelongsTo {}

/// A learnable matrix that keeps its type when a file is loaded into it; burn would take that of
/// the file.
#[derive(Clone, Debug)]
pub struct Matrix(Param<Tensor<2>>);

impl Matrix {
    pub fn new(values: Param<Tensor<2>>) -> Self {
        Matrix(values)
    }

    pub fn val(&self) -> Tensor<2> {
        self.0.val()
    }

    /// Other values, `[row][column]`.
    pub fn with_values(self, values: Tensor<2>) -> Self {
        Matrix(Param::from_tensor(values))
    }

    /// The parameter with the cast of what is loaded to the type of now, since a module may have
    /// been cast.
    fn keeping_type(self) -> Param<Tensor<2>> {
        match self.0.base().dtype() {
            dtype @ (DType::F32 | DType::F64) => {
                self.0.load_mapper(move |loaded| loaded.cast(dtype))
            }
            _ => self.0,
        }
    }
}

impl Module for Matrix {
    fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
        self.0.visit(visitor);
    }

    fn map<M: ModuleMapper>(self, mapper: &mut M) -> Self {
        Matrix(Module::map(self.keeping_type(), mapper))
    }

    fn to_device(self, device: &Device) -> Self {
        Matrix(self.0.to_device(device))
    }

    fn fork(self, device: &Device) -> Self {
        Matrix(self.0.fork(device))
    }

    fn collect_devices(&self, devices: Devices) -> Devices {
        self.0.collect_devices(devices)
    }

    fn materialize(self) -> Self {
        Matrix(self.0.materialize())
    }

    fn valid(&self) -> Self {
        Matrix(self.0.valid())
    }

    fn train(self) -> Self {
        Matrix(self.0.train())
    }
}

impl ModuleDisplayDefault for Matrix {
    fn content(&self, content: Content) -> Option<Content> {
        self.0.content(content)
    }
}

impl ModuleDisplay for Matrix {}

/// A learnable matrix whose shape does not say what it belongs to.
#[derive(Clone, Debug)]
pub struct Weights {
    matrix: Matrix,
    belongs_to: BelongsTo,
}

impl Weights {
    pub fn new(values: Param<Tensor<2>>, belongs_to: BelongsTo) -> Self {
        Weights { matrix: Matrix(values), belongs_to }
    }

    pub fn val(&self) -> Tensor<2> {
        self.matrix.val()
    }

    /// The same with one row of other values, of the type and on the device of an [`Init`].
    pub fn with_row(
        self,
        what: &'static str,
        values: Vec<f64>,
        init: &Init,
    ) -> Result<Self, KernelError> {
        let [_, expected] = self.val().dims();
        check_length(what, expected, values.len())?;
        Ok(self.with_values(init.tensor(values, [1, expected])))
    }

    /// The same with other values.
    pub fn with_values(self, values: Tensor<2>) -> Self {
        Weights { matrix: self.matrix.with_values(values), ..self }
    }
}

impl Module for Weights {
    fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
        self.belongs_to.visit(visitor);
        self.matrix.visit(visitor);
    }

    fn map<M: ModuleMapper>(self, mapper: &mut M) -> Self {
        // Of other irreps nothing is loaded.
        if !self.belongs_to.is_that_of(mapper) {
            return self;
        }
        Weights { matrix: self.matrix.map(mapper), ..self }
    }

    fn to_device(self, device: &Device) -> Self {
        Weights { matrix: self.matrix.to_device(device), ..self }
    }

    fn fork(self, device: &Device) -> Self {
        Weights { matrix: self.matrix.fork(device), ..self }
    }

    fn collect_devices(&self, devices: Devices) -> Devices {
        self.matrix.collect_devices(devices)
    }

    fn materialize(self) -> Self {
        Weights { matrix: self.matrix.materialize(), ..self }
    }

    fn valid(&self) -> Self {
        Weights { matrix: self.matrix.valid(), belongs_to: self.belongs_to.clone() }
    }

    fn train(self) -> Self {
        Weights { matrix: self.matrix.train(), ..self }
    }
}

impl ModuleDisplayDefault for Weights {
    fn content(&self, content: Content) -> Option<Content> {
        self.matrix.content(content)
    }
}

impl ModuleDisplay for Weights {}
