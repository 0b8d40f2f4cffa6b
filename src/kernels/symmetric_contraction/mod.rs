//! The symmetric contraction of MACE: all products of up to four factors of the same features that
//! are equivariant, channel by channel.
//!
//! Batatia et al. 2022, arXiv:2206.07697, equations 10 and 11: for the features A of a node,
//!
//! `B[c, LM] = Σ_η w[species, η, c] Σ U_η[M; i1, …, iν] A[c, i1] … A[c, iν]`,
//!
//! where i runs over the components of all irreps of a channel, and η over a basis of the
//! equivariant symmetric tensors with ν = 1 … correlation factors.
//!
//! # Basis
//! For each block of the output, each ν, and each rising list of input blocks b1 ≤ … ≤ bν, in lexical
//! order, the factors are coupled one after the other with the tensors C(l1,l2→l3) of
//! [`crate::coupling`], through all irreps on the way, lower degrees first and the first coupling
//! outermost. The results are symmetrised, and brought by Gram and Schmidt, in this order, to
//! tensors that are orthonormal: Σ over (i1 … iν) of U_η U_η' is 1 for η = η' and 0 otherwise, for each
//! M. Those that depend on their predecessors are left out. So each tensor has the sign of its
//! coupling, and a tensor of one or two factors is the coupling tensor itself, symmetrised. The
//! number of paths is the multiplicity of the output in the symmetric power of the input.
//!
//! MACE keeps one weight for every way to couple ν blocks in any order, which are dependent once
//! the factors are the same: with 0e+1o+2e+3o, three factors and the output 0e, 23 where there are
//! 8. [`SymmetricContraction::mace_conversion`] is the matrix between the two.

mod arguments;
mod basis;
mod convert;
mod error;
mod evaluate;
mod parts;
mod polynomial;
mod ring;
mod scheme;
mod transfer;

pub use arguments::{ContractionCotangents, ContractionGradients, ContractionInputs};
pub use convert::Conversion;
pub use error::ContractionError;

use crate::COUPLING_LMAX;
use crate::coupling::Convention;
use crate::error::{DegreeError, DegreeLimit, check_length, check_rows};
use crate::kernels::unreached;
use crate::parallel::Threads;
use crate::simd::Path;
use crate::{Irrep, Irreps, Number};
use basis::Member;
use convert::Target;
use evaluate::{ContractionKernel, ContractionTwiceKernel};
use parts::Given;
use polynomial::{Channel, MOST};
use ring::{Derivatives, Values};
use scheme::Scheme;

use transfer::Layout;

/// The symmetric contraction of MACE. See the [module](self).
///
/// Features are `[node][irreps.dim()]` in the layout `mul_ir`, all blocks with one multiplicity, the
/// channels; weights are `[species][path][channel]`. It works in f32 and f64, over lanes of
/// channels on the fastest instructions of the machine.
///
/// The basis is derived when it is made and only the sparse polynomials are kept, never a dense
/// U: with 0e+1o+2e+3o, four factors and the output 0e+1o, 83 paths of 2091 terms, in 30 ms
/// (optimized, one core). Keep one for all calls. A call needs a block of 64 bytes for each path,
/// one or, for derivatives, two for each term, and the values of four nodes, however many nodes
/// there are.
///
/// # Example
/// ```
/// use tesseral::kernels::symmetric_contraction::{ContractionInputs, SymmetricContraction};
///
/// // Invariants of a vector v and a scalar s up to the second order: s, s², v·v/√3.
/// let contraction =
///     SymmetricContraction::new(&"2x0e+2x1o".parse()?, &"2x0e".parse()?, 2, 1)?;
/// assert_eq!(contraction.paths().len(), 3);
/// let inputs = ContractionInputs {
///     species: &[0],
///     input: &[2.0, 3.0, 1.0, 2.0, 2.0, 0.0, 0.0, 1.0],
///     weights: &[1.0, 1.0, 10.0, 10.0, 100.0 * 3f64.sqrt(), 0.0],
/// };
/// let mut b = [0.0; 2];
/// contraction.forward(inputs, &mut b)?;
/// assert!((b[0] - (2.0 + 40.0 + 900.0)).abs() < 1e-12);
/// assert_eq!(b[1], 3.0 + 90.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct SymmetricContraction {
    input: Irreps,
    output: Irreps,
    correlation: usize,
    channels: usize,
    species: usize,
    paths: Vec<ContractionPath>,
    channel: Channel,
    scheme: Scheme,
    layouts: [Layout; 2],
    path: Path,
    threads: Threads,
}

/// A member of the basis: how its first term was coupled.
///
/// ```
/// use tesseral::Irrep;
/// use tesseral::kernels::symmetric_contraction::SymmetricContraction;
///
/// // s, s² and v·v.
/// let contraction = SymmetricContraction::new(&"0e + 1o".parse()?, &"0e".parse()?, 2, 1)?;
/// let path = &contraction.paths()[2];
/// assert_eq!(path.factors, [1, 1]);
/// assert_eq!(path.coupled, ["1o".parse()?, Irrep::SCALAR]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractionPath {
    /// The block of the output.
    pub output: usize,
    /// The blocks of the factors, in rising order.
    pub factors: Vec<usize>,
    /// The irreps that the factors were coupled to, one after the other: the first is that of the
    /// first factor, the last that of the output.
    pub coupled: Vec<Irrep>,
}

/// One term of a member of the basis.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// The order M of the output, counted from 0.
    pub m: usize,
    /// The components of a channel that are multiplied, in rising order.
    pub factors: Vec<usize>,
    /// The coefficient: the sum of the entries of U at all orders of the factors.
    pub coefficient: f64,
}

impl SymmetricContraction {
    /// The contraction of `input` to `output` with products of up to `correlation` factors and
    /// weights for `species` kinds of nodes.
    ///
    /// # Errors
    /// If the blocks have different multiplicities, the correlation is not 1 to 4, a degree, of
    /// the irreps or on the way (at most that of the output plus those of the factors to come), has
    /// no coupling tensor in this build, or no product reaches a block of the output: it would be zero for
    /// ever ([`SymmetricContraction::with_unreached`] allows it).
    pub fn new(
        input: &Irreps,
        output: &Irreps,
        correlation: usize,
        species: usize,
    ) -> Result<Self, ContractionError> {
        let contraction = Self::with_unreached(input, output, correlation, species)?;
        let inputs = format!("up to {correlation} factors `{input}`");
        unreached::check(output, &contraction.reached(), inputs)?;
        Ok(contraction)
    }

    /// The same, where blocks of the output that no product reaches are allowed: they are zero.
    ///
    /// # Errors
    /// As [`SymmetricContraction::new`] otherwise.
    ///
    /// ```
    /// use tesseral::kernels::symmetric_contraction::SymmetricContraction;
    ///
    /// // No product of even scalars is odd.
    /// let (input, output) = ("1x0e".parse()?, "1x0e + 1x0o".parse()?);
    /// let contraction = SymmetricContraction::with_unreached(&input, &output, 2, 1)?;
    /// assert_eq!(contraction.output_mask(), [true, false]);
    /// assert!(SymmetricContraction::new(&input, &output, 2, 1).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_unreached(
        input: &Irreps,
        output: &Irreps,
        correlation: usize,
        species: usize,
    ) -> Result<Self, ContractionError> {
        if !(1..=MOST).contains(&correlation) {
            return Err(ContractionError::Correlation { found: correlation });
        }
        let channels = input.iter().chain(output).map(|block| block.mul).next().unwrap_or(0);
        check_irreps("input", input, channels)?;
        check_irreps("output", output, channels)?;
        let channel = Channel::new(input);
        let mut paths = Vec::new();
        let mut members = Vec::new();
        for (index, block) in output.iter().enumerate() {
            let first = members.len();
            for factors in 1..=correlation {
                members.extend(basis::basis(&channel, block.irrep, factors)?);
            }
            paths.extend(members[first..].iter().map(|member: &Member| ContractionPath {
                output: index,
                factors: member.blocks.clone(),
                coupled: member.coupled.clone(),
            }));
        }
        let weights = species.checked_mul(paths.len()).and_then(|n| n.checked_mul(channels));
        if weights.is_none() {
            let paths = paths.len();
            return Err(ContractionError::Weights { species, paths, channels });
        }
        let outputs: Vec<(usize, Vec<(usize, &Member)>)> = output
            .iter()
            .enumerate()
            .map(|(index, block)| {
                let of_block =
                    members.iter().enumerate().filter(|&(path, _)| paths[path].output == index);
                (block.irrep.dim(), of_block.collect())
            })
            .collect();
        let scheme = Scheme::new(channel.size, &outputs);
        let layouts = [Layout::new(input), Layout::new(output)];
        let (input, output, path) = (input.clone(), output.clone(), Path::best());
        Ok(SymmetricContraction {
            input,
            output,
            correlation,
            channels,
            species,
            paths,
            channel,
            scheme,
            layouts,
            path,
            threads: Threads::Caller,
        })
    }

    /// On another lane path, or on the portable one if the machine lacks it: for tests and
    /// comparisons.
    pub fn on(self, path: Path) -> Self {
        let path = if path.is_available() { path } else { Path::Portable };
        SymmetricContraction { path, ..self }
    }

    /// Splits large calls among threads; see [`kernels`](crate::kernels#threads).
    #[cfg(feature = "rayon")]
    pub fn in_parallel(self) -> Self {
        SymmetricContraction { threads: Threads::Pool, ..self }
    }

    /// The irreps of the input.
    pub fn input(&self) -> &Irreps {
        &self.input
    }

    /// The irreps of the output.
    pub fn output(&self) -> &Irreps {
        &self.output
    }

    /// Whether each component of the output depends on the input; the others are zero.
    pub fn output_mask(&self) -> Vec<bool> {
        unreached::mask(&self.output, &self.reached())
    }

    /// Whether each block of the output has a product.
    fn reached(&self) -> Vec<bool> {
        let has_path = |block| self.paths.iter().any(|path| path.output == block);
        (0..self.output.len()).map(has_path).collect()
    }

    /// The most factors of a product.
    pub fn correlation(&self) -> usize {
        self.correlation
    }

    /// The number of channels.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// The number of species.
    pub fn num_species(&self) -> usize {
        self.species
    }

    /// The basis, in the order of the weights: by block of the output, then by number of factors.
    pub fn paths(&self) -> &[ContractionPath] {
        &self.paths
    }

    /// The number of weights: species × paths × channels.
    pub fn num_weights(&self) -> usize {
        self.species * self.paths.len() * self.channels
    }

    /// The polynomials of a path. They are derived anew, which takes as long as for
    /// [`SymmetricContraction::new`].
    ///
    /// # Errors
    /// If there is no such path.
    ///
    /// ```
    /// use tesseral::kernels::symmetric_contraction::SymmetricContraction;
    ///
    /// let contraction = SymmetricContraction::new(&"0e + 1o".parse()?, &"0e".parse()?, 2, 1)?;
    /// // (v_y² + v_z² + v_x²)/√3, where the components of a channel are s, v_y, v_z, v_x.
    /// let terms = contraction.terms(2)?;
    /// assert_eq!(terms[0].factors, [1, 1]);
    /// assert!(terms.iter().all(|term| (term.coefficient - 1.0 / 3.0_f64.sqrt()).abs() < 1e-15));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn terms(&self, path: usize) -> Result<Vec<Term>, ContractionError> {
        let paths = self.paths.len();
        let Some(found) = self.paths.get(path) else {
            return Err(ContractionError::Path { found: path, paths });
        };
        let members = self.members(found.output, found.factors.len())?;
        let same =
            |other: &&Member| other.blocks == found.factors && other.coupled == found.coupled;
        let polynomials = members.iter().find(same).map(|member| &member.components);
        let components = polynomials.into_iter().flatten().enumerate();
        Ok(components
            .flat_map(|(m, polynomial)| {
                polynomial.iter().map(move |(monomial, &coefficient)| {
                    let factors = monomial.variables().iter().map(|&v| v as usize).collect();
                    Term { m, factors, coefficient }
                })
            })
            .collect())
    }

    /// The species of each node from attributes `[node][species]` that are one-hot, as MACE has
    /// them.
    ///
    /// # Errors
    /// If the length is not a multiple of the number of species, or a row is not one-hot.
    ///
    /// ```
    /// use tesseral::kernels::symmetric_contraction::SymmetricContraction;
    ///
    /// let contraction = SymmetricContraction::new(&"0e".parse()?, &"0e".parse()?, 1, 2)?;
    /// assert_eq!(contraction.species_of(&[0.0, 1.0, 1.0, 0.0])?, [1, 0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn species_of<T: Number>(&self, attributes: &[T]) -> Result<Vec<usize>, ContractionError> {
        check_rows("the attributes", self.species, attributes.len())?;
        let (zero, one) = (T::constant(0.0, 0.0), T::constant(1.0, 1.0));
        let species = |(node, row): (usize, &[T])| {
            let hot = row.iter().position(|&value| value == one);
            let others = row.iter().filter(|&&value| value == zero).count();
            hot.filter(|_| others + 1 == row.len()).ok_or(ContractionError::NotOneHot { node })
        };
        attributes.chunks_exact(self.species.max(1)).enumerate().map(species).collect()
    }

    /// The outputs of nodes, `[node][output.dim()]`, given the species and the features of each.
    ///
    /// # Errors
    /// If a slice has the wrong length or a species is out of range.
    pub fn forward<T: Number>(
        &self,
        inputs: ContractionInputs<'_, T>,
        output: &mut [T],
    ) -> Result<(), ContractionError> {
        inputs.check(self, ("the output", output.len()))?;
        output.fill(T::default());
        self.run_values(Given {
            inputs,
            cotangents: ContractionCotangents::NONE,
            output_gradient: None,
            output: Some(output),
            gradients: ContractionGradients::NONE,
        });
        Ok(())
    }

    /// The vector-Jacobian product: adds to each gradient that is given the derivative of
    /// Σ `output_gradient` · output.
    ///
    /// # Errors
    /// If a slice has the wrong length or a species is out of range.
    ///
    /// # Example
    /// ```
    /// use tesseral::kernels::symmetric_contraction::{
    ///     ContractionGradients, ContractionInputs, SymmetricContraction,
    /// };
    ///
    /// // w0 s + w1 s², by s and by the weights.
    /// let contraction = SymmetricContraction::new(&"0e".parse()?, &"0e".parse()?, 2, 1)?;
    /// let inputs = ContractionInputs { species: &[0], input: &[3.0], weights: &[5.0, 7.0] };
    /// let (mut ds, mut dw) = ([0.0], [0.0; 2]);
    /// let gradients = ContractionGradients { input: Some(&mut ds), weights: Some(&mut dw) };
    /// contraction.backward(inputs, &[1.0], gradients)?;
    /// assert_eq!((ds, dw), ([5.0 + 2.0 * 7.0 * 3.0], [3.0, 9.0]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn backward<T: Number>(
        &self,
        inputs: ContractionInputs<'_, T>,
        output_gradient: &[T],
        gradients: ContractionGradients<'_, T>,
    ) -> Result<(), ContractionError> {
        inputs.check(self, ("the gradient of the output", output_gradient.len()))?;
        gradients.check(&inputs)?;
        self.run_values(Given {
            inputs,
            cotangents: ContractionCotangents::NONE,
            output_gradient: Some(output_gradient),
            output: None,
            gradients,
        });
        Ok(())
    }

    fn run_values<T: Number>(&self, given: Given<'_, T>) {
        parts::run::<T, Values>(self, given, |task| T::start::<ContractionKernel>(self.path, task));
    }

    /// The derivative of [`SymmetricContraction::backward`], as training on forces needs it: of
    /// S = Σ `cotangents` · (the gradients that it gives), adds to each gradient that is given the
    /// derivative of S with respect to that input, and to `by_output_gradient` that with respect to
    /// the gradient of the output, which is also the derivative of the output along the cotangents.
    ///
    /// # Errors
    /// If a slice has the wrong length or a species is out of range.
    pub fn backward_twice<T: Number>(
        &self,
        inputs: ContractionInputs<'_, T>,
        output_gradient: &[T],
        cotangents: ContractionCotangents<'_, T>,
        gradients: ContractionGradients<'_, T>,
        by_output_gradient: Option<&mut [T]>,
    ) -> Result<(), ContractionError> {
        inputs.check(self, ("the gradient of the output", output_gradient.len()))?;
        cotangents.check(&inputs)?;
        gradients.check(&inputs)?;
        if let Some(by) = by_output_gradient.as_deref() {
            let what = "the derivative by the gradient of the output";
            check_length(what, output_gradient.len(), by.len())?;
        }
        // S is the derivative of output_gradient · forward along the cotangents, so its gradient is
        // the derivative of the gradient along them: `backward` over dual numbers.
        let asked = gradients.input.is_some() || gradients.weights.is_some();
        let given = Given {
            inputs,
            cotangents,
            output_gradient: asked.then_some(output_gradient),
            output: by_output_gradient,
            gradients,
        };
        parts::run::<T, Derivatives>(self, given, |task| {
            T::start::<ContractionTwiceKernel>(self.path, task);
        });
        Ok(())
    }

    /// The matrix from the paths of MACE for a block of the output and a number of factors ν: those
    /// of `U_matrix_real` with the normalization `component`, in its order, as the buffers
    /// `U_matrix_ν` of a checkpoint have them.
    ///
    /// Checkpoints of MACE are made with e3nn 0.4.4: [`Convention::OldWigner3j`]. Those with
    /// `use_reduced_cg` have the basis of cuEquivariance instead:
    /// [`SymmetricContraction::tensor_conversion`] takes any basis. Where there is no path at all MACE
    /// keeps one weight, of no effect, and so does this.
    ///
    /// # Errors
    /// If there is no such block or number of factors, or a degree on the way has no coupling tensor
    /// in this build.
    ///
    /// ```
    /// use tesseral::coupling::Convention;
    /// use tesseral::kernels::symmetric_contraction::SymmetricContraction;
    ///
    /// let contraction = SymmetricContraction::new(&"1x0e + 1x1o".parse()?, &"1x0e".parse()?, 2, 1)?;
    /// let conversion = contraction.mace_conversion(0, 2, Convention::OldWigner3j)?;
    /// // s² and v·v are there in both bases.
    /// assert_eq!((conversion.theirs(), conversion.ours()), (2, 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn mace_conversion(
        &self,
        output: usize,
        factors: usize,
        convention: Convention,
    ) -> Result<Conversion, ContractionError> {
        let members = self.members(output, factors)?;
        convert::from_mace(self.target(output, factors, &members), convention)
    }

    /// The matrix from the paths of any other basis, given its tensors for a block of the output and
    /// a number of factors ν, `[2L + 1][i1]…[iν][path]`: a buffer `U_matrix_ν` of a checkpoint of
    /// MACE. They need not be symmetric.
    ///
    /// # Errors
    /// If there is no such block or number of factors, the length does not fit, or a tensor is not
    /// equivariant.
    pub fn tensor_conversion(
        &self,
        output: usize,
        factors: usize,
        paths: usize,
        tensors: &[f64],
    ) -> Result<Conversion, ContractionError> {
        let members = self.members(output, factors)?;
        convert::from_tensors(self.target(output, factors, &members), paths, tensors)
    }

    /// All weights from those of MACE. `theirs(block, ν)` are the weights
    /// `[species][path of MACE][channel]` of a block of the output and a number of factors: of a
    /// checkpoint, `contractions.{block}.weights_max` for ν = correlation, and
    /// `contractions.{block}.weights.{correlation - 1 - ν}` below it.
    ///
    /// # Errors
    /// As [`SymmetricContraction::mace_conversion`], and if a slice has the wrong length.
    pub fn weights_from_mace<'a, T: Number>(
        &self,
        convention: Convention,
        mut theirs: impl FnMut(usize, usize) -> &'a [T],
    ) -> Result<Vec<T>, ContractionError> {
        let mut weights = vec![T::default(); self.num_weights()];
        let mut first = 0;
        for output in 0..self.output.len() {
            for factors in 1..=self.correlation {
                let conversion = self.mace_conversion(output, factors, convention)?;
                let theirs = theirs(output, factors);
                let size = conversion.theirs() * self.channels;
                check_length("the weights of MACE", self.species * size, theirs.len())?;
                for species in 0..self.species {
                    let from = (species * self.paths.len() + first) * self.channels;
                    let ours = &mut weights[from..from + conversion.ours() * self.channels];
                    conversion.apply(self.channels, &theirs[species * size..][..size], ours)?;
                }
                first += conversion.ours();
            }
        }
        Ok(weights)
    }

    /// What another basis is converted to, given the members that there are.
    fn target<'a>(&'a self, output: usize, factors: usize, members: &'a [Member]) -> Target<'a> {
        Target { channel: &self.channel, output: self.output[output].irrep, factors, members }
    }

    /// The basis for a block of the output and a number of factors.
    fn members(&self, output: usize, factors: usize) -> Result<Vec<Member>, ContractionError> {
        let Some(block) = self.output.get(output) else {
            return Err(ContractionError::Output { found: output, irreps: self.output.clone() });
        };
        if !(1..=self.correlation).contains(&factors) {
            let correlation = self.correlation;
            return Err(ContractionError::Factors { found: factors, correlation });
        }
        Ok(basis::basis(&self.channel, block.irrep, factors)?)
    }

    /// Checks the number of weights.
    pub(crate) fn check_weights<T>(
        &self,
        what: &'static str,
        weights: &[T],
    ) -> Result<(), ContractionError> {
        Ok(check_length(what, self.num_weights(), weights.len())?)
    }

    /// Checks that every species is in range.
    pub(crate) fn check_species(&self, species: &[usize]) -> Result<(), ContractionError> {
        match species.iter().position(|&species| species >= self.species) {
            Some(node) => {
                let (found, species) = (species[node], self.species);
                Err(ContractionError::Species { node, found, species })
            }
            None => Ok(()),
        }
    }
}

fn check_irreps(
    side: &'static str,
    irreps: &Irreps,
    channels: usize,
) -> Result<(), ContractionError> {
    if irreps.iter().any(|block| block.mul != channels) {
        let irreps = irreps.clone();
        return Err(ContractionError::Multiplicities { side, expected: channels, irreps });
    }
    match irreps.iter().find(|block| block.irrep.l > COUPLING_LMAX) {
        Some(block) => Err(DegreeError {
            found: block.irrep.l,
            limit: DegreeLimit::Coupling,
            place: Some(format!("`{}` in the {side} irreps", block.irrep)),
        }
        .into()),
        None => Ok(()),
    }
}
