//! The scheme of evaluation: which products are formed once, and how monomials share factors.
//!
//! Every polynomial is a sum of groups, `Σ outer · (Σ coefficient · inner)`, whose factors are
//! components or products of two of them; the products are formed once for all polynomials.

use std::collections::BTreeMap;

use super::basis::Member;
use super::polynomial::Monomial;

/// A polynomial of every output component with coefficients that depend on weights.
#[derive(Clone, Debug, Default)]
pub(super) struct Scheme {
    /// The components of a channel, the first values.
    pub variables: usize,
    /// The products of two components, the values that follow.
    pub products: Vec<[u32; 2]>,
    /// The groups of each polynomial.
    pub rows: Vec<std::ops::Range<usize>>,
    pub groups: Vec<Group>,
    /// The inner value of each term.
    pub inner: Vec<u32>,
    /// The coefficient of a term is a sum over some weights: where the addends of each begin.
    pub starts: Vec<usize>,
    /// A path and the number that its weight is multiplied with.
    pub addends: Vec<(u32, f64)>,
}

/// Terms that share their outer factor.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// The value of the outer factor; none for one.
    pub outer: Option<u32>,
    pub terms: std::ops::Range<usize>,
}

/// The polynomials of one output component: for each monomial the paths that have it.
type Row = BTreeMap<Monomial, Vec<(u32, f64)>>;

impl Scheme {
    /// The scheme for the outputs, each with its members and the path of the first of them.
    pub fn new(variables: usize, outputs: &[(usize, Vec<(usize, &Member)>)]) -> Self {
        let mut scheme = Scheme { variables, starts: vec![0], ..Scheme::default() };
        let mut values = BTreeMap::new();
        for (size, members) in outputs {
            for m in 0..*size {
                let mut row = Row::new();
                for (path, member) in members {
                    for (monomial, coefficient) in &member.components[m] {
                        row.entry(*monomial).or_default().push((*path as u32, *coefficient));
                    }
                }
                scheme.push_row(row, &mut values);
            }
        }
        scheme
    }

    /// The number of values: components and products.
    pub fn values(&self) -> usize {
        self.variables + self.products.len()
    }

    /// Adds the groups of a polynomial, the largest first.
    fn push_row(&mut self, mut row: Row, values: &mut BTreeMap<Monomial, u32>) {
        let begin = self.groups.len();
        while let Some(outer) = best_outer(row.keys()) {
            let start = self.inner.len();
            let members: Vec<Monomial> = row
                .keys()
                .filter(|monomial| quotient(monomial, &outer).is_some())
                .copied()
                .collect();
            for monomial in members {
                let inner = quotient(&monomial, &outer).map(|inner| self.value(inner, values));
                self.inner.extend(inner);
                self.addends.extend(row.remove(&monomial).into_iter().flatten());
                self.starts.push(self.addends.len());
            }
            let outer = (!outer.variables().is_empty()).then(|| self.value(outer, values));
            self.groups.push(Group { outer, terms: start..self.inner.len() });
        }
        self.rows.push(begin..self.groups.len());
    }

    /// The value that holds a monomial of degree 1 or 2.
    fn value(&mut self, monomial: Monomial, values: &mut BTreeMap<Monomial, u32>) -> u32 {
        match *monomial.variables() {
            [variable] => variable,
            [a, b] => {
                let next = self.values() as u32;
                *values.entry(monomial).or_insert_with(|| {
                    self.products.push([a, b]);
                    next
                })
            }
            _ => unreachable!("factors have degree 1 or 2"),
        }
    }
}

/// The outer factor that most monomials can have; one, if they are of degree 2 at most.
fn best_outer<'a>(monomials: impl Iterator<Item = &'a Monomial>) -> Option<Monomial> {
    let mut counts: BTreeMap<Monomial, usize> = BTreeMap::new();
    for monomial in monomials {
        for outer in outers(monomial) {
            *counts.entry(outer).or_insert(0) += 1;
        }
    }
    // The first of the largest: `max_by_key` alone would take the last.
    counts.into_iter().rev().max_by_key(|&(_, count)| count).map(|(outer, _)| outer)
}

/// What can be the outer factor of a monomial, so that degree 1 or 2 is left.
fn outers(monomial: &Monomial) -> Vec<Monomial> {
    let variables = monomial.variables();
    let mut outers = Vec::new();
    match variables.len() {
        1 | 2 => outers.push(Monomial::new([])),
        3 => {
            outers.extend(variables.iter().map(|&a| Monomial::new([a])));
            outers.extend([[0, 1], [0, 2], [1, 2]].map(|p| Monomial::new(p.map(|i| variables[i]))));
        }
        _ => {
            let pairs = [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]];
            outers.extend(pairs.map(|p| Monomial::new(p.map(|i| variables[i]))));
        }
    }
    outers.sort_unstable();
    outers.dedup();
    outers
}

/// A monomial without a factor, if degree 1 or 2 is left.
fn quotient(monomial: &Monomial, factor: &Monomial) -> Option<Monomial> {
    let mut rest = monomial.variables().to_vec();
    for variable in factor.variables() {
        rest.remove(rest.iter().position(|other| other == variable)?);
    }
    matches!(rest.len(), 1 | 2).then(|| Monomial::new(rest))
}
