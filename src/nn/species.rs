//! The species of nodes, such as the elements of atoms: one-hot features, embeddings, and energies of each
//! species.

use std::sync::Arc;

use burn::module::Module;
use burn::tensor::{DType, Int, Tensor, TensorCreationOptions, TensorData};
use nalgebra::{DMatrix, DVector};

use super::operation::check_tensors;
use super::weights::Matrix;
use super::{Features, Init, NnError};
use crate::Irreps;
use crate::error::check_length;
use crate::graph::Batch;
use crate::kernels::KernelError;

/// The species of each node, counted from 0.
///
/// # Example
/// ```
/// use burn::tensor::Device;
/// use tesseral::nn::Species;
///
/// // Water, by atomic numbers, of a model that knows hydrogen, carbon and oxygen.
/// let water = Species::from_table(&[1, 6, 8], &[8, 1, 1])?;
/// assert_eq!((water.indices(), water.count()), (&[2, 0, 0][..], 3));
/// let one_hot = water.one_hot(&Device::flex());
/// assert_eq!(one_hot.irreps().to_string(), "3x0e");
/// let rows = [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0];
/// assert_eq!(one_hot.values().to_data().as_slice::<f32>()?, rows);
///
/// let error = Species::from_table(&[1, 6, 8], &[8, 1, 7]).unwrap_err();
/// assert_eq!(error.to_string(), "node 2 is of the element 7, expected one of [1, 6, 8]");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Species {
    // Invariant: all are below the count.
    indices: Arc<[usize]>,
    count: usize,
}

impl Species {
    /// Species given by their indices, all below `count`.
    ///
    /// # Errors
    /// If one is not below `count`.
    pub fn new(indices: impl Into<Arc<[usize]>>, count: usize) -> Result<Self, NnError> {
        let indices = indices.into();
        match indices.iter().enumerate().find(|&(_, &index)| index >= count) {
            None => Ok(Species { indices, count }),
            Some((node, &found)) => Err(NnError::Species { node, found, expected: count }),
        }
    }

    /// Species as places in a table, such as that of the atomic numbers which a model knows.
    ///
    /// # Errors
    /// If an element is not in the table, or twice in it.
    pub fn from_table(table: &[u32], elements: &[u32]) -> Result<Self, NnError> {
        let repeats = |&(place, element): &(usize, &u32)| table[..place].contains(element);
        if let Some((_, &found)) = table.iter().enumerate().find(repeats) {
            return Err(NnError::RepeatedElement { found, table: table.to_vec() });
        }
        let place = |(node, &found): (usize, &u32)| {
            let place = table.iter().position(|&element| element == found);
            place.ok_or_else(|| NnError::Element { node, found, expected: table.to_vec() })
        };
        let indices: Arc<[usize]> =
            elements.iter().enumerate().map(place).collect::<Result<_, _>>()?;
        Ok(Species { indices, count: table.len() })
    }

    /// The species of each node.
    pub fn indices(&self) -> &[usize] {
        &self.indices
    }

    /// How many species there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Scalars that are 1 for the species of the node and 0 for the others, `[nodes][count]`.
    ///
    /// The type is that of the device unless it is given: `(&device, DType::F64)`.
    pub fn one_hot(&self, options: impl Into<TensorCreationOptions>) -> Features {
        let mut values = vec![0.0; self.indices.len() * self.count];
        for (row, &species) in values.chunks_exact_mut(self.count.max(1)).zip(&*self.indices) {
            row[species] = 1.0;
        }
        let values = TensorData::new(values, [self.indices.len(), self.count]);
        Features::of_shape(
            Arc::new(Irreps::scalars(self.count)),
            Tensor::from_data(values, options),
        )
    }

    /// One energy for each species, so that their sums over graphs are near given energies: those of
    /// least squares, and of these the smallest. What a model learns is then only the rest.
    ///
    /// # Errors
    /// If there is not one species for each node and one energy for each graph.
    ///
    /// # Example
    /// ```
    /// use tesseral::graph::{Batch, Graph, SelfEdges};
    /// use tesseral::nn::Species;
    ///
    /// // Hydrogen, water and hydrogen peroxide.
    /// let molecules = [2, 3, 4].map(|atoms| Graph::complete(atoms, SelfEdges::Without));
    /// let species = Species::new([0, 0, 1, 0, 0, 1, 1, 0, 0], 2)?;
    /// let energies = species.fit_energies(&Batch::new(&molecules), &[-2.0, -12.0, -22.0])?;
    /// assert!((energies[0] + 1.0).abs() < 1e-14 && (energies[1] + 10.0).abs() < 1e-13);
    /// # Ok::<(), tesseral::nn::NnError>(())
    /// ```
    pub fn fit_energies(&self, batch: &Batch, energies: &[f64]) -> Result<Vec<f64>, NnError> {
        let (nodes, graphs) = (batch.graph().num_nodes(), batch.num_graphs());
        check_length("species", nodes, self.indices.len()).map_err(KernelError::from)?;
        check_length("energies", graphs, energies.len()).map_err(KernelError::from)?;
        let mut counts = DMatrix::<f64>::zeros(graphs, self.count);
        for (&graph, &species) in batch.graph_of_node().iter().zip(&*self.indices) {
            counts[(graph, species)] += 1.0;
        }
        if graphs == 0 || self.count == 0 {
            return Ok(vec![0.0; self.count]);
        }
        let decomposed = counts.svd(true, true);
        // Species that always come in one ratio have a singular value of zero, but for rounding.
        let zero = decomposed.singular_values.max() * f64::EPSILON * graphs.max(self.count) as f64;
        let solution = decomposed.solve(&DVector::from_column_slice(energies), zero);
        Ok(solution.expect("both sides were computed").data.into())
    }

    /// The indices as a tensor.
    fn tensor(&self, like: &Tensor<2>) -> Tensor<1, Int> {
        let indices = self.indices.iter().map(|&index| index as i64).collect();
        let data = TensorData::new::<i64, _>(indices, [self.indices.len()]);
        Tensor::from_data(data, (&like.device(), DType::I64))
    }
}

/// Learnable scalars of each species: the first features of nodes, or energies of isolated atoms.
///
/// # Example
/// ```
/// use burn::module::Module;
/// use burn::tensor::Device;
/// use tesseral::nn::{Init, Species, SpeciesEmbedding};
///
/// let init = &mut Init::new(1, &Device::flex());
/// let water = Species::from_table(&[1, 6, 8], &[8, 1, 1])?;
/// let embedding = SpeciesEmbedding::new(water.count(), 16, init);
/// let x = embedding.forward(&water)?;
/// assert_eq!((x.rows(), x.irreps().to_string().as_str()), (3, "16x0e"));
///
/// // Energies of atoms that are not learned.
/// let energies = vec![-13.6, -1027.6, -2041.3];
/// let atoms = SpeciesEmbedding::new(3, 1, init).with_weights(energies, init)?.no_grad();
/// let found = atoms.forward(&water)?.into_values().into_data();
/// assert_eq!(found.to_vec::<f32>()?, [-2041.3, -13.6, -13.6]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Module, Debug)]
#[doc(alias = "elements")]
pub struct SpeciesEmbedding {
    table: Matrix,
}

impl SpeciesEmbedding {
    /// So many channels for each of so many species, normal numbers of variance 1.
    pub fn new(species: usize, channels: usize, init: &mut Init) -> Self {
        SpeciesEmbedding { table: Matrix::new(init.normal([species, channels])) }
    }

    /// The same with given values, `[species][channel]`.
    ///
    /// # Errors
    /// If their number is wrong.
    pub fn with_weights(self, weights: Vec<f64>, init: &Init) -> Result<Self, KernelError> {
        let shape = self.table.val().dims();
        check_length("the weights", shape[0] * shape[1], weights.len())?;
        Ok(SpeciesEmbedding { table: self.table.with_values(init.tensor(weights, shape)) })
    }

    /// The scalars of each node, `[nodes][channels]`. In training on forces they are constants of the
    /// positions: [`Dual::constant`](super::Dual::constant).
    ///
    /// # Errors
    /// If there are more or fewer species than the table was made for, or it is not on the CPU.
    pub fn forward(&self, species: &Species) -> Result<Features, NnError> {
        self.evaluate(species).map_err(NnError::in_layer("SpeciesEmbedding"))
    }

    fn evaluate(&self, species: &Species) -> Result<Features, NnError> {
        let table = self.table.val();
        check_tensors(&[&table])?;
        let [expected, channels] = table.dims();
        check_species(species, expected)?;
        let rows = table.clone().select(0, species.tensor(&table));
        Ok(Features::of_shape(Arc::new(Irreps::scalars(channels)), rows))
    }
}

/// Checks that species were counted as a layer counts them.
pub(super) fn check_species(species: &Species, expected: usize) -> Result<(), NnError> {
    match species.count == expected {
        true => Ok(()),
        false => Err(NnError::SpeciesCount { found: species.count, expected }),
    }
}
