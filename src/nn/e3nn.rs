//! The weights of e3nn's layers, from the files that burn's stores read.

use std::collections::{BTreeMap, BTreeSet};

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::store::{ModuleStore, bridge};
use burn::tensor::{Tensor, TensorData};
use thiserror::Error;

use super::weights::CONTAINER;
use crate::error::debug_is_text;
use crate::kernels::{KernelError, Linear, SpeciesLinear};

/// Weights of e3nn that do not fit a module.
#[derive(Clone, Error, PartialEq)]
#[non_exhaustive]
pub enum E3nnError {
    /// A store cannot read its file.
    #[error("the file cannot be read: {message}")]
    File {
        /// What the store says.
        message: String,
    },
    /// A parameter of the module has no tensor in the file.
    #[error("the file has no tensor `{tensor}`, expected for the parameter `{parameter}`")]
    Missing {
        /// The name of the tensor.
        tensor: String,
        /// The path of the parameter in the module.
        parameter: String,
    },
    /// A tensor of the file has another shape than its parameter needs.
    #[error(
        "the tensor `{tensor}` has the shape {found:?}, expected {expected:?} for the parameter \
         `{parameter}`{}", of(.irreps)
    )]
    Shape {
        /// The name of the tensor.
        tensor: String,
        /// The path of the parameter in the module.
        parameter: String,
        /// The irreps or paths that the parameter belongs to; empty if there are none.
        irreps: String,
        /// The shape it needs.
        expected: Vec<usize>,
        /// The shape it has.
        found: Vec<usize>,
    },
    /// Tensors of the file for which the module has no parameter.
    #[error("the module has no parameter for the tensors {tensors:?}, expected one for each")]
    Unused {
        /// Their names.
        tensors: Vec<String>,
    },
    /// The weights of a linear map cannot be brought to its order.
    #[error(transparent)]
    Kernel(#[from] KernelError),
}

debug_is_text!(E3nnError);

fn of(irreps: &str) -> String {
    if irreps.is_empty() { String::new() } else { format!(" of `{irreps}`") }
}

/// Loads into a module the state of a torch module whose layers are e3nn's, from a file that one of
/// burn's stores reads, such as `burn::store::SafetensorsStore`.
///
/// | e3nn | tensors | here |
/// | --- | --- | --- |
/// | `o3.Linear` | `weight`, `bias` | [`Linear`](super::Linear), its `parameters` |
/// | `o3.TensorProduct` | `weight` | [`TensorProduct`](super::TensorProduct), its `weights` |
/// | `o3.FullyConnectedTensorProduct` with one-hot vectors | `weight` | [`SpeciesLinear`](super::SpeciesLinear), its `parameters` |
/// | `nn.BatchNorm` | `weight`, `bias`, and `running_` `mean`, `var` | [`BatchNorm`](super::BatchNorm) |
/// | `nn.FullyConnectedNet` | `layer0.weight`, … | [`RadialNetwork`](super::RadialNetwork) |
/// | `nn.NormActivation` | `biases` | [`NormActivation`](super::NormActivation), its `bias` |
///
/// Fields of the module have the names of the torch module's, or the store renames the tensors
/// (`with_key_remapping`). Other parameters are taken by their own name and shape. Numbers are cast
/// to the type of the module. `output_mask`, coupling tensors and tensors without numbers are passed
/// over; other tensors that the module has no parameter for are an error, unless `ignore` says yes
/// to their name.
///
/// # Errors
/// If a tensor is missing, is left over or has another shape than its parameter, or the file cannot
/// be read. Then the module stays as it is.
///
/// # Example
/// ```
/// use burn::store::SafetensorsStore;
/// use burn::tensor::{Device, Tensor};
/// use tesseral::kernels::{ScalarFunction, SecondMoment};
/// use tesseral::nn::{Init, RadialNetwork, load_e3nn};
///
/// // In Python, of a module whose field `radial` is a network:
/// // safetensors.torch.save_file(model.state_dict(), "tests/data/e3nn.safetensors")
/// let file = SafetensorsStore::from_file("tests/data/e3nn.safetensors");
/// // That network alone.
/// let mut file = file.with_key_remapping("^radial\\.", "");
/// let init = &mut Init::new(0, &Device::flex());
/// let network = RadialNetwork::new(&[3, 4, 4, 2], init);
/// let mut network = network.with_activation(ScalarFunction::SILU, SecondMoment::E3nn)?;
/// load_e3nn(&mut network, &mut file, |name| !name.starts_with("layer"))?;
/// assert_eq!(network.forward(&Tensor::ones([1, 3], init.device()))?.dims(), [1, 2]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn load_e3nn<M: Module>(
    module: &mut M,
    file: &mut impl ModuleStore,
    ignore: impl Fn(&str) -> bool,
) -> Result<(), E3nnError> {
    // All is read before anything is set.
    let mut reader = Reader::new(file)?;
    module.visit(&mut reader);
    if let Some(error) = reader.error {
        return Err(error);
    }
    let unused = |(name, values): (String, Values)| {
        let known = values.numbers.is_empty() || is_constant(&name) || reader.used.contains(&name);
        (!known && !ignore(&name)).then_some(name)
    };
    let tensors: Vec<String> = reader.tensors.into_iter().filter_map(unused).collect();
    if !tensors.is_empty() {
        return Err(E3nnError::Unused { tensors });
    }
    *module = module.clone().map(&mut Setter { values: reader.values.into_iter() });
    Ok(())
}

/// Whether a tensor is one of those that e3nn makes from irreps: which outputs have paths, and
/// coupling tensors.
fn is_constant(name: &str) -> bool {
    name.split('.').any(|part| part == "output_mask" || part.starts_with("_compiled_"))
}

/// A tensor of the file.
struct Values {
    shape: Vec<usize>,
    numbers: Vec<f64>,
}

/// Finds what the file has for each parameter.
struct Reader {
    tensors: BTreeMap<String, Values>,
    /// The names of the tensors that parameters took.
    used: BTreeSet<String>,
    /// The numbers of the parameters, in order.
    values: Vec<Vec<f64>>,
    /// Names of fields, each with the container that it is in.
    path: Vec<(String, String)>,
    /// What the next parameter belongs to.
    irreps: String,
    /// The first one.
    error: Option<E3nnError>,
}

impl Reader {
    fn new(file: &mut impl ModuleStore) -> Result<Self, E3nnError> {
        let mut tensors = BTreeMap::new();
        let all = file.get_all_tensors().map_err(unreadable)?;
        for (name, tensor) in all {
            let data = bridge::to_data(tensor).map_err(unreadable)?;
            let shape = data.shape().to_vec();
            let numbers = data.convert::<f64>().iter::<f64>().collect();
            tensors.insert(name.clone(), Values { shape, numbers });
        }
        Ok(Reader {
            tensors,
            used: BTreeSet::new(),
            values: Vec::new(),
            path: Vec::new(),
            irreps: String::new(),
            error: None,
        })
    }

    /// The path of the field at hand without its last parts, and a name.
    fn beside(&self, parts: usize, name: &str) -> String {
        let kept = self.path.len().saturating_sub(parts);
        let names = self.path[..kept].iter().map(|(name, _)| name.as_str());
        names.chain([name]).collect::<Vec<_>>().join(".")
    }

    fn parameter(&self) -> String {
        self.beside(0, "").trim_end_matches('.').to_owned()
    }

    /// The numbers of the parameter at hand.
    fn read(&mut self, shape: &[usize]) -> Result<Vec<f64>, E3nnError> {
        let (field, owner) = self.path.last().cloned().unwrap_or_default();
        let name = match (owner.as_str(), field.as_str()) {
            ("Struct:Linear", "parameters") => return self.linear(),
            ("Struct:SpeciesLinear", "parameters") => return self.species_linear(shape),
            ("Struct:TensorProduct", "weights") => self.beside(1, "weight"),
            ("Struct:NormActivation", "bias") => self.beside(1, "biases"),
            ("Struct:BatchNorm", "running_moment") => self.beside(1, "running_var"),
            ("Struct:Affine", _) => self.beside(2, &field),
            ("Vec", _) if self.is_in_network() => self.beside(2, &format!("layer{field}.weight")),
            _ => self.parameter(),
        };
        self.take(name, shape)
    }

    fn is_in_network(&self) -> bool {
        let outer = self.path.iter().rev().nth(1);
        outer.is_some_and(|(_, container)| container == "Struct:RadialNetwork")
    }

    /// Weights in the order of [`Linear`], then biases.
    fn linear(&mut self) -> Result<Vec<f64>, E3nnError> {
        let text = self.irreps.clone();
        let (pair, biases) = match text.strip_suffix(WITH_BIASES) {
            Some(pair) => (pair, true),
            None => (text.as_str(), false),
        };
        let (input, output) = pair.split_once(" -> ").expect("a linear map says so");
        let [input, output] = [input, output].map(|text| text.parse().expect("irreps are read"));
        let kernel = Linear::with_unreached(input, output, biases)?;
        let weights = self.take(self.beside(1, "weight"), &[kernel.num_weights()])?;
        let mut values = kernel.weights_from_e3nn(&weights)?;
        // Without biases, e3nn saves none of them.
        let bias = self.beside(1, "bias");
        if kernel.num_biases() > 0 || self.tensors.contains_key(&bias) {
            values.extend(self.take(bias, &[kernel.num_biases()])?);
        }
        Ok(values)
    }

    /// Weights in the order of [`SpeciesLinear`], of a product with one-hot vectors.
    fn species_linear(&mut self, shape: &[usize]) -> Result<Vec<f64>, E3nnError> {
        let text = self.irreps.clone();
        let pair = text.strip_suffix(BY_SPECIES).expect("a map by species says so");
        let (input, output) = pair.split_once(" -> ").expect("a linear map says so");
        let [input, output] = [input, output].map(|text| text.parse().expect("irreps are read"));
        let map = Linear::with_unreached(input, output, false)?;
        let kernel = SpeciesLinear::new(map, shape[0])?;
        let weights = self.take(self.beside(1, "weight"), &[kernel.num_parameters()])?;
        Ok(kernel.parameters_from_e3nn(&weights)?)
    }

    /// The numbers of a tensor. What is one row here is a vector in the file.
    fn take(&mut self, tensor: String, shape: &[usize]) -> Result<Vec<f64>, E3nnError> {
        let parameter = self.parameter();
        let Some(values) = self.tensors.get(&tensor) else {
            return Err(E3nnError::Missing { tensor, parameter });
        };
        let expected = match shape {
            [1, columns] if values.shape.len() < 2 => vec![*columns],
            shape => shape.to_vec(),
        };
        if values.shape != expected {
            let (irreps, found) = (self.irreps.clone(), values.shape.clone());
            return Err(E3nnError::Shape { tensor, parameter, irreps, expected, found });
        }
        self.used.insert(tensor);
        Ok(values.numbers.clone())
    }
}

/// How the text of a linear map by species ends.
const BY_SPECIES: &str = ", by species";

/// How the text of a linear map with biases ends.
const WITH_BIASES: &str = ", with biases";

fn unreadable(error: impl ToString) -> E3nnError {
    E3nnError::File { message: error.to_string() }
}

impl ModuleVisitor for Reader {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.push((name.to_owned(), container.to_owned()));
        if let Some(irreps) = container.strip_prefix(CONTAINER) {
            self.irreps = irreps.to_owned();
        }
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        match self.read(&param.lazy_shape()) {
            Ok(values) => self.values.push(values),
            Err(error) => {
                self.error.get_or_insert(error);
            }
        }
        self.irreps.clear();
    }
}

/// Gives the parameters their numbers, in order.
struct Setter {
    values: std::vec::IntoIter<Vec<f64>>,
}

impl ModuleMapper for Setter {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let values = self.values.next().expect("parameters are visited and mapped in one order");
        let data = TensorData::new(values, param.lazy_shape());
        let like = param.base();
        let tensor = Tensor::from_data(data, (&like.device(), like.dtype()));
        let id = param.id;
        param.transform_for_load(tensor, id)
    }
}
