//! Polynomials in the components of one channel, up to degree 4, and their coupling.

use std::collections::BTreeMap;

use crate::coupling::{Convention, CouplingError, Tensor};
use crate::{Irrep, Irreps};

/// The highest degree of a monomial.
pub(super) const MOST: usize = 4;

/// No variable.
const NONE: u32 = u32::MAX;

/// A product of at most [`MOST`] variables, in rising order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Monomial([u32; MOST]);

impl Monomial {
    /// The product of given variables.
    pub fn new(variables: impl IntoIterator<Item = u32>) -> Self {
        let mut sorted = [NONE; MOST];
        sorted.iter_mut().zip(variables).for_each(|(place, variable)| *place = variable);
        sorted.sort_unstable();
        Monomial(sorted)
    }

    /// The variables, in rising order.
    pub fn variables(&self) -> &[u32] {
        &self.0[..self.0.iter().position(|&variable| variable == NONE).unwrap_or(MOST)]
    }

    fn times(self, variable: u32) -> Self {
        let mut product = self.0;
        product[MOST - 1] = variable;
        product.sort_unstable();
        Monomial(product)
    }

    /// The number of ways to order the variables: how many entries of a symmetric tensor the
    /// monomial stands for.
    pub fn orderings(&self) -> f64 {
        let variables = self.variables();
        let mut count = 1;
        let mut run = 0;
        for (index, variable) in variables.iter().enumerate() {
            run = if index > 0 && variables[index - 1] == *variable { run + 1 } else { 1 };
            count = count * (index + 1) / run;
        }
        count as f64
    }
}

/// A homogeneous polynomial.
pub(super) type Polynomial = BTreeMap<Monomial, f64>;

/// Polynomials that transform as an irrep, one for each order m, in rising order.
#[derive(Clone, Debug)]
pub(super) struct Equivariant {
    pub irrep: Irrep,
    pub components: Vec<Polynomial>,
}

impl Equivariant {
    /// The components of one block of a channel, which begin at a variable.
    pub fn variables(irrep: Irrep, start: usize) -> Self {
        let variable = |m| Polynomial::from([(Monomial::new([(start + m) as u32]), 1.0)]);
        Equivariant { irrep, components: (0..irrep.dim()).map(variable).collect() }
    }

    /// The product with the components of a block, coupled to an irrep.
    pub fn couple(
        &self,
        block: Irrep,
        start: usize,
        output: Irrep,
        coupling: Coupling,
    ) -> Result<Self, CouplingError> {
        let mut components = vec![Polynomial::new(); output.dim()];
        for ([m1, m2, m3], value) in coupling.entries(self.irrep.l, block.l, output.l)? {
            for (monomial, coefficient) in &self.components[m1] {
                let product = monomial.times((start + m2) as u32);
                *components[m3].entry(product).or_insert(0.0) += value * coefficient;
            }
        }
        Ok(Equivariant { irrep: output, components })
    }
}

/// Which tensors couple two factors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coupling {
    /// C(l1,l2→l3) of this crate.
    Native,
    /// As MACE does: `wigner_3j(l3, l1, l2)` of e3nn, times √(2l3 + 1).
    Mace(Convention),
}

impl Coupling {
    /// The nonzero entries, with places from 0.
    fn entries(
        self,
        l1: usize,
        l2: usize,
        l3: usize,
    ) -> Result<Vec<([usize; 3], f64)>, CouplingError> {
        let place = |m: i8, l: usize| (i32::from(m) + l as i32) as usize;
        Ok(match self {
            Coupling::Native => Tensor::new(l1, l2, l3)?
                .nonzeros()
                .iter()
                .map(|entry| {
                    let [m1, m2, m3] = entry.m;
                    ([place(m1, l1), place(m2, l2), place(m3, l3)], entry.value)
                })
                .collect(),
            Coupling::Mace(convention) => {
                let tensor = Tensor::new(l3, l1, l2)?;
                let scale = ((2 * l3 + 1) as f64).sqrt();
                let entries = tensor.nonzeros().iter().map(|entry| {
                    let [m3, m1, m2] = entry.m;
                    let value = scale * tensor.value_in(entry, convention);
                    ([place(m1, l1), place(m2, l2), place(m3, l3)], value)
                });
                entries.collect()
            }
        })
    }
}

/// One channel of features: its irreps, and the variable at which each begins.
#[derive(Clone, Debug)]
pub(super) struct Channel {
    pub irreps: Vec<Irrep>,
    pub starts: Vec<usize>,
    pub size: usize,
}

impl Channel {
    pub fn new(irreps: &Irreps) -> Self {
        let irreps: Vec<Irrep> = irreps.iter().map(|block| block.irrep).collect();
        let mut starts = Vec::with_capacity(irreps.len());
        let mut size = 0;
        for irrep in &irreps {
            starts.push(size);
            size += irrep.dim();
        }
        Channel { irreps, starts, size }
    }

    /// The components of a block.
    pub fn variables(&self, block: usize) -> Equivariant {
        Equivariant::variables(self.irreps[block], self.starts[block])
    }

    /// The product of polynomials with the components of a block.
    pub fn couple(
        &self,
        left: &Equivariant,
        block: usize,
        output: Irrep,
        coupling: Coupling,
    ) -> Result<Equivariant, CouplingError> {
        left.couple(self.irreps[block], self.starts[block], output, coupling)
    }
}
