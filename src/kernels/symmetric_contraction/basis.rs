//! The basis: orthonormal, linearly independent equivariant polynomials.

use std::collections::BTreeMap;

use super::polynomial::{Channel, Coupling, Equivariant, Monomial, Polynomial};
use crate::Irrep;
use crate::coupling::CouplingError;
use crate::kernels::orthonormal;

/// Coefficients below this are zeros with rounding: the others are square roots of rationals with
/// small denominators.
const ZERO: f64 = 1e-12;

/// A member of the basis.
#[derive(Clone, Debug)]
pub(super) struct Member {
    /// The blocks of the factors, in rising order.
    pub blocks: Vec<usize>,
    /// The irreps that the factors were coupled to, one after the other; the last is the output.
    pub coupled: Vec<Irrep>,
    /// The polynomials, one for each order of the output.
    pub components: Vec<Polynomial>,
}

/// All members for an output and a number of factors.
pub(super) fn basis(
    channel: &Channel,
    output: Irrep,
    factors: usize,
) -> Result<Vec<Member>, CouplingError> {
    let mut members = Vec::new();
    for_each_multiset(channel.irreps.len(), factors, &mut |blocks| {
        members.extend(of_blocks(channel, output, blocks)?);
        Ok(())
    })?;
    Ok(members)
}

/// Calls a function with every rising list of `length` numbers below `count`, in lexical order.
fn for_each_multiset(
    count: usize,
    length: usize,
    f: &mut impl FnMut(&[usize]) -> Result<(), CouplingError>,
) -> Result<(), CouplingError> {
    let mut list = vec![0; length];
    if count == 0 {
        return Ok(());
    }
    loop {
        f(&list)?;
        let Some(place) = list.iter().rposition(|&number| number + 1 < count) else {
            return Ok(());
        };
        let next = list[place] + 1;
        list[place..].fill(next);
    }
}

/// The members whose factors are of given blocks.
fn of_blocks(
    channel: &Channel,
    output: Irrep,
    blocks: &[usize],
) -> Result<Vec<Member>, CouplingError> {
    let parity = blocks.iter().map(|&block| channel.irreps[block].parity).reduce(|a, b| a * b);
    if parity != Some(output.parity) {
        return Ok(Vec::new());
    }
    let mut chains = Chains { channel, output, blocks, found: Vec::new() };
    let first = channel.variables(blocks[0]);
    let coupled = vec![first.irrep];
    chains.extend(first, &coupled)?;
    let chains = chains.found;

    let mut places = BTreeMap::new();
    for monomial in
        chains.iter().flat_map(|(_, chain)| chain.components.iter()).flat_map(|p| p.keys())
    {
        let next = places.len();
        places.entry(*monomial).or_insert(next);
    }
    let mut vectors = Vec::new();
    let mut members = Vec::new();
    for (coupled, chain) in chains {
        if orthonormal::extend(&mut vectors, to_vector(&chain, &places)) {
            let components = to_components(&vectors[vectors.len() - 1], &places, output.dim());
            members.push(Member { blocks: blocks.to_vec(), coupled, components });
        }
    }
    Ok(members)
}

/// A product of factors, coupled one after the other, and the irreps on the way.
type Chain = (Vec<Irrep>, Equivariant);

/// All ways to couple factors of given blocks to an output.
struct Chains<'a> {
    channel: &'a Channel,
    output: Irrep,
    blocks: &'a [usize],
    found: Vec<Chain>,
}

impl Chains<'_> {
    /// Adds every way to couple the remaining factors to the output.
    fn extend(&mut self, left: Equivariant, coupled: &[Irrep]) -> Result<(), CouplingError> {
        let Chains { channel, output, blocks, .. } = *self;
        let done = coupled.len();
        if done == blocks.len() {
            if left.irrep == output {
                self.found.push((coupled.to_vec(), left));
            }
            return Ok(());
        }
        let rest: usize = blocks[done + 1..].iter().map(|&block| channel.irreps[block].l).sum();
        let highest = output.l.saturating_add(rest);
        for next in left.irrep.product_up_to(channel.irreps[blocks[done]], highest) {
            if next.l + rest < output.l || (rest == 0 && next.l != output.l) {
                continue;
            }
            let product = channel.couple(&left, blocks[done], next, Coupling::Native)?;
            self.extend(product, &[coupled, &[next]].concat())?;
        }
        Ok(())
    }
}

/// The entries of the symmetric tensors, as one vector: each monomial of each component, times the
/// root of the number of entries that share its coefficient.
fn to_vector(chain: &Equivariant, places: &BTreeMap<Monomial, usize>) -> Vec<f64> {
    let mut vector = vec![0.0; chain.components.len() * places.len()];
    for (part, component) in vector.chunks_exact_mut(places.len().max(1)).zip(&chain.components) {
        for (monomial, coefficient) in component {
            part[places[monomial]] = coefficient / monomial.orderings().sqrt();
        }
    }
    vector
}

/// The inverse, scaled so that the symmetric tensor of each component has norm one.
fn to_components(
    vector: &[f64],
    places: &BTreeMap<Monomial, usize>,
    count: usize,
) -> Vec<Polynomial> {
    let scale = (count as f64).sqrt();
    let component = |part: &[f64]| {
        let entries = places.iter().map(|(monomial, &place)| {
            (*monomial, part[place] * scale * monomial.orderings().sqrt())
        });
        entries.filter(|(_, coefficient)| coefficient.abs() > ZERO).collect()
    };
    vector.chunks_exact(places.len()).map(component).collect()
}

/// The inner product of two families of symmetric tensors, Σ over all entries, divided by the
/// number of components.
pub(super) fn inner(a: &[Polynomial], b: &[Polynomial]) -> f64 {
    let of_component = |(a, b): (&Polynomial, &Polynomial)| -> f64 {
        let term = |(monomial, x): (&Monomial, &f64)| {
            b.get(monomial).map_or(0.0, |y| x * y / monomial.orderings())
        };
        a.iter().map(term).sum()
    };
    a.iter().zip(b).map(of_component).sum::<f64>() / a.len() as f64
}
