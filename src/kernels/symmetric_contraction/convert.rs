//! Weights of another basis, that of MACE's checkpoints above all, brought to this one.

use super::ContractionError;
use super::basis::{Member, inner};
use super::polynomial::{Channel, Coupling, Equivariant, Monomial, Polynomial};
use crate::coupling::{Convention, CouplingError};
use crate::error::check_length;
use crate::kernels::arithmetic::rounded;
use crate::{Irrep, Parity, Real};

/// A matrix from the paths of another basis to those of this one, for one output and number of
/// factors.
#[derive(Clone, Debug, PartialEq)]
pub struct Conversion {
    theirs: usize,
    ours: usize,
    matrix: Vec<f64>,
}

impl Conversion {
    /// The number of paths of the other basis.
    pub fn theirs(&self) -> usize {
        self.theirs
    }

    /// The number of paths of this crate's.
    pub fn ours(&self) -> usize {
        self.ours
    }

    /// The matrix, row-major `[theirs][ours]`: the other path k is `Σ_η matrix[k][η]` times the path η
    /// of this crate, once the factors are the same features.
    pub fn matrix(&self) -> &[f64] {
        &self.matrix
    }

    /// Converts weights `[theirs][channels]` to `[ours][channels]`: matrixᵀ times the weights.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    pub fn apply<T: Real>(
        &self,
        channels: usize,
        theirs: &[T],
        ours: &mut [T],
    ) -> Result<(), ContractionError> {
        check_length("the weights to convert", self.theirs * channels, theirs.len())?;
        check_length("the converted weights", self.ours * channels, ours.len())?;
        ours.fill(T::constant(0.0, 0.0));
        for (path, row) in self.matrix.chunks_exact(self.ours.max(1)).enumerate() {
            let theirs = &theirs[path * channels..][..channels];
            for (&share, ours) in row.iter().zip(ours.chunks_exact_mut(channels.max(1))) {
                let share: T = rounded(share);
                ours.iter_mut().zip(theirs).for_each(|(w, &other)| *w = *w + share * other);
            }
        }
        Ok(())
    }

    /// The matrix for given families, which the members span.
    fn new(families: &[Family], members: &[Member]) -> Result<Self, ContractionError> {
        let mut matrix = Vec::with_capacity(families.len() * members.len());
        for (path, Family { components, square }) in families.iter().enumerate() {
            let shares: Vec<f64> =
                members.iter().map(|member| inner(components, &member.components)).collect();
            let spanned: f64 = shares.iter().map(|share| share * share).sum();
            let missing = (inner(components, components) - spanned).abs();
            // Both are squares: 10⁻⁵ of the norm may be missing, for tensors in f32.
            if missing > 1e-10 * square {
                let missing = (missing / square).sqrt();
                return Err(ContractionError::NotEquivariant { path, missing });
            }
            matrix.extend(shares);
        }
        Ok(Conversion { theirs: families.len(), ours: members.len(), matrix })
    }
}

/// What another basis is converted to: an output and a number of factors, with the members of this
/// crate's basis.
#[derive(Clone, Copy)]
pub(super) struct Target<'a> {
    pub channel: &'a Channel,
    pub output: Irrep,
    pub factors: usize,
    pub members: &'a [Member],
}

/// The symmetric part of tensors of another basis, one for each order of the output.
#[derive(Clone)]
struct Family {
    components: Vec<Polynomial>,
    /// Σ over all entries of the tensors before they were symmetrised, divided by their number.
    square: f64,
}

impl Family {
    fn zero(output: Irrep) -> Self {
        Family { components: vec![Polynomial::new(); output.dim()], square: 0.0 }
    }
}

/// The conversion from MACE's paths.
pub(super) fn from_mace(
    target: Target<'_>,
    convention: Convention,
) -> Result<Conversion, ContractionError> {
    let mut families = mace_families(target, convention)?;
    if families.is_empty() {
        // MACE keeps one path, of zeros.
        families.push(Family::zero(target.output));
    }
    Conversion::new(&families, target.members)
}

/// MACE's paths, in its order. Every tensor has the norm one.
fn mace_families(target: Target<'_>, convention: Convention) -> Result<Vec<Family>, CouplingError> {
    let Target { channel, output, factors, .. } = target;
    let highest = channel.irreps.iter().map(|irrep| irrep.l).max().unwrap_or(0);
    let mut chains: Vec<Equivariant> =
        (0..channel.irreps.len()).map(|block| channel.variables(block)).collect();
    for done in 1..factors {
        // With four factors MACE leaves out what spherical harmonics do not couple to.
        let natural = factors == 4;
        let rest = (factors - done - 1) * highest;
        let mut longer = Vec::new();
        for left in &chains {
            for (block, &irrep) in channel.irreps.iter().enumerate() {
                for next in left.irrep.product_up_to(irrep, output.l.saturating_add(rest)) {
                    let reaches =
                        if rest == 0 { next == output } else { next.l + rest >= output.l };
                    if reaches && (!natural || next.parity == Parity::of_degree(next.l)) {
                        longer.push(channel.couple(
                            left,
                            block,
                            next,
                            Coupling::Mace(convention),
                        )?);
                    }
                }
            }
        }
        // Python sorts tuples (l, parity), and keeps the order of equal ones.
        longer.sort_by_key(|chain| (chain.irrep.l, chain.irrep.parity.sign()));
        chains = longer;
    }
    let of_output = chains.into_iter().filter(|chain| chain.irrep == output);
    Ok(of_output.map(|chain| Family { components: chain.components, square: 1.0 }).collect())
}

/// The conversion from tensors `[2L + 1][size]…[size][paths]`.
pub(super) fn from_tensors(
    target: Target<'_>,
    paths: usize,
    tensors: &[f64],
) -> Result<Conversion, ContractionError> {
    let Target { channel, output, factors, members } = target;
    let size = channel.size;
    let entries = (0..factors).try_fold(output.dim(), |product, _| product.checked_mul(size));
    let entries = entries.and_then(|entries| entries.checked_mul(paths)).unwrap_or(usize::MAX);
    check_length("the tensors", entries, tensors.len())?;
    let mut families = vec![Family::zero(output); paths];
    let per_component = entries / output.dim();
    for (place, &value) in tensors.iter().enumerate().filter(|(_, value)| **value != 0.0) {
        let (m, rest) = (place / per_component, place % per_component);
        let (mut index, path) = (rest / paths, rest % paths);
        let variables = (0..factors).map(|_| {
            let variable = index % size;
            index /= size;
            variable as u32
        });
        let family = &mut families[path];
        family.square += value * value / output.dim() as f64;
        *family.components[m].entry(Monomial::new(variables)).or_insert(0.0) += value;
    }
    Conversion::new(&families, members)
}
