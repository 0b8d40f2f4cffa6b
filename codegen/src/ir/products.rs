//! Programs for the coupling of one triple of degrees, z = Σ C x y, and for its derivatives.
//!
//! With channels on the lanes the second factor is the same for all lanes and becomes a matrix
//! first, `M[m1, m3] = scale · Σ C[m1, m2, m3] y[m2]`. Entries of M that are equal up to their sign
//! for every y are kept once, in the order of their first (m1, m3).
//!
//! Each map is linear in a factor (`scale`, or the weight `w`) that can be multiplied into one of its
//! inputs, into its constants or into its results: of these programs the one with the fewest
//! operations is taken. Entries of C of one magnitude are summed before they are multiplied where
//! that is no longer.

use super::{Builder, Id, Input, Output, Program};
use crate::tables::{Coupling, Surd};

/// A map of a triple.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Map {
    /// M from `scale` and y, all shared by the lanes.
    Matrix,
    /// `z += w M x`, with M shared.
    Forward,
    /// With g = M dz: `dx += w g`, and `dw = x · g`, which is set.
    Backward,
    /// `dM += w x dz`, summed over lanes.
    Outer,
    /// `dy += scale · Σ C dM`, summed over lanes, dM as one part of the sum for each lane.
    Contract,
    /// `z = scale · Σ C x y`.
    Couple,
    /// `dx += scale · Σ C y dz` and `dy += scale · Σ C x dz`.
    CoupleBack,
}

impl Map {
    /// All maps.
    pub const ALL: [Map; 7] = [
        Map::Matrix,
        Map::Forward,
        Map::Backward,
        Map::Outer,
        Map::Contract,
        Map::Couple,
        Map::CoupleBack,
    ];

    /// Its formula, as documentation of code.
    pub fn formula(self) -> &'static str {
        match self {
            Map::Matrix => "M[m1, m3] = scale · Σ C[m1, m2, m3] y[m2]",
            Map::Forward => "z[m3] += w · Σ M[m1, m3] x[m1]",
            Map::Backward => "g[m1] = Σ M[m1, m3] dz[m3], dx[m1] += w g[m1], dw = Σ x[m1] g[m1]",
            Map::Outer => "dM[m1, m3] += w x[m1] dz[m3]",
            Map::Contract => "dy[m2] += scale · Σ C[m1, m2, m3] dM[m1, m3]",
            Map::Couple => "z[m3] = scale · Σ C[m1, m2, m3] x[m1] y[m2]",
            Map::CoupleBack => {
                "q[m1, m2] = scale · Σ C[m1, m2, m3] dz[m3], dx[m1] += Σ q y[m2], dy[m2] += Σ q x[m1]"
            }
        }
    }
}

/// An entry of M that is kept: a combination of y, and where ± it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatrixEntry {
    /// (m2 + l2, C) of the combination; the first C is positive.
    pub terms: Vec<(usize, Surd)>,
    /// (m1 + l1, m3 + l3) and whether the entry there is the negative of this one.
    pub places: Vec<([usize; 2], bool)>,
}

/// The coupling of one triple of degrees.
#[derive(Clone, Debug)]
pub struct Triple {
    /// (l1, l2, l3).
    pub degrees: [usize; 3],
    /// The nonzero entries of C by index m + l.
    pub entries: Vec<([usize; 3], Surd)>,
    /// The entries of M.
    pub matrix: Vec<MatrixEntry>,
}

/// Where the factor of a map is multiplied in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Carrier {
    First,
    Second,
    /// Constants, or entries of M.
    Coefficients,
    Results,
}

impl Carrier {
    const ALL: [Carrier; 4] =
        [Carrier::Results, Carrier::First, Carrier::Second, Carrier::Coefficients];
}

/// A sum of products of coefficients, by the index of each output: what to multiply and its sign.
type Terms = Vec<Vec<(Id, bool)>>;

impl Triple {
    /// The coupling of `degrees`.
    ///
    /// # Panics
    /// If a degree is above those of the tables.
    pub fn new(tables: &Coupling, degrees: [usize; 3]) -> Triple {
        let index = |m: i32, side: usize| (m + degrees[side] as i32) as usize;
        let entries = tables.tensor(degrees).into_iter();
        let entries: Vec<([usize; 3], Surd)> =
            entries.map(|e| ([0, 1, 2].map(|side| index(e.m[side], side)), e.value)).collect();
        let matrix = matrix_entries(&entries);
        Triple { degrees, entries, matrix }
    }

    /// 2l + 1 of each degree.
    pub fn sizes(&self) -> [usize; 3] {
        self.degrees.map(|l| 2 * l + 1)
    }

    /// The program of a map. Its arrays have the names of the formula, in lower case.
    pub fn program(&self, map: Map) -> Program {
        let mut carriers = Carrier::ALL;
        if map == Map::Outer {
            // Where it is no longer, the weight meets x first: then no register need hold it.
            carriers.swap(0, 1);
        }
        let candidates = carriers.into_iter().flat_map(|carrier| match map {
            Map::Matrix => vec![self.matrix_program(carrier)],
            Map::Forward => vec![self.forward(carrier)],
            Map::Backward => vec![self.backward(carrier)],
            Map::Outer => vec![self.outer(carrier)],
            Map::Contract => vec![self.contract(carrier)],
            Map::Couple => vec![self.couple(carrier, true), self.couple(carrier, false)],
            Map::CoupleBack => vec![self.couple_back(carrier)],
        });
        // The first of those with the fewest operations.
        candidates.min_by_key(|program| program.count().total()).expect("there are carriers")
    }

    /// The arrays of a map, those with a size by the side of C that they belong to.
    fn array(&self, name: &'static str, side: usize) -> Input {
        Input::array(name, vec![self.sizes()[side]])
    }

    fn matrix_array(&self, name: &'static str) -> Input {
        Input::array(name, vec![self.matrix.len()])
    }

    fn matrix_program(&self, carrier: Carrier) -> Program {
        let inputs = vec![Input::number("scale").shared(), self.array("y", 1).shared()];
        let mut writer = Writer::new(inputs);
        let scale = writer.number(0);
        let y = writer.array(1);
        let y = writer.carried(carrier == Carrier::First, scale, y);
        let values = self.matrix.iter().map(|entry| {
            let constants = carrier == Carrier::Coefficients;
            let terms = entry.terms.iter().map(|(m2, value)| {
                let scaled = writer.coefficient(constants.then_some(scale), value);
                writer.builder.mul(scaled, y[*m2])
            });
            let terms: Vec<Id> = terms.collect();
            let sum = writer.sum(terms);
            let results = matches!(carrier, Carrier::Results | Carrier::Second);
            writer.carried(results, scale, vec![sum])[0]
        });
        let values = values.collect();
        let output = Output::new("m", vec![self.matrix.len()], values).shared();
        writer.builder.finish(vec![output])
    }

    fn forward(&self, carrier: Carrier) -> Program {
        let inputs = vec![self.matrix_array("m").shared(), Input::number("w"), self.array("x", 0)];
        let mut writer = Writer::new(inputs);
        let w = writer.number(1);
        let (m, x) = (writer.array(0), writer.array(2));
        let m = writer.carried(carrier == Carrier::Coefficients, w, m);
        let x = writer.carried(carrier == Carrier::First, w, x);
        let sums = writer.transform(self, &m, &x, 0);
        let sums = writer.carried(matches!(carrier, Carrier::Results | Carrier::Second), w, sums);
        let output = Output::new("z", vec![sums.len()], sums).added();
        writer.builder.finish(vec![output])
    }

    /// The weight meets either the results, or the entries of M: then the derivative by it is the sum
    /// over entries of M.
    fn backward(&self, carrier: Carrier) -> Program {
        let inputs = vec![
            self.matrix_array("m").shared(),
            Input::number("w"),
            self.array("x", 0),
            self.array("dz", 2),
        ];
        let mut writer = Writer::new(inputs);
        let w = writer.number(1);
        let [m, x, dz] = [0, 2, 3].map(|array| writer.array(array));
        let (slope, gradient) = match carrier {
            Carrier::Coefficients => {
                let outer = writer.outer(self, &x, &dz);
                let slope = writer.dot(&m, &outer);
                let m = writer.carried(true, w, m);
                (slope, writer.transform(self, &m, &dz, 1))
            }
            _ => {
                let g = writer.transform(self, &m, &dz, 1);
                (writer.dot(&x, &g), writer.carried(true, w, g))
            }
        };
        let slope = Output::new("dw", Vec::new(), vec![slope]);
        let gradient = Output::new("dx", vec![gradient.len()], gradient).added();
        writer.builder.finish(vec![slope, gradient])
    }

    fn outer(&self, carrier: Carrier) -> Program {
        let inputs = vec![Input::number("w"), self.array("x", 0), self.array("dz", 2)];
        let mut writer = Writer::new(inputs);
        let w = writer.number(0);
        let (x, dz) = (writer.array(1), writer.array(2));
        let x = writer.carried(carrier == Carrier::First, w, x);
        let dz = writer.carried(carrier == Carrier::Second, w, dz);
        let sums = writer.outer(self, &x, &dz);
        let sums =
            writer.carried(matches!(carrier, Carrier::Results | Carrier::Coefficients), w, sums);
        let output = Output::new("dm", vec![sums.len()], sums).added().shared();
        writer.builder.finish(vec![output])
    }

    fn contract(&self, carrier: Carrier) -> Program {
        let inputs = vec![Input::number("scale").shared(), self.matrix_array("dm")];
        let mut writer = Writer::new(inputs);
        let scale = writer.number(0);
        let dm = writer.array(1);
        let dm = writer.carried(carrier == Carrier::First, scale, dm);
        let constants = (carrier == Carrier::Coefficients).then_some(scale);
        let mut sums = vec![Vec::new(); self.sizes()[1]];
        for (entry, &dm) in self.matrix.iter().zip(&dm) {
            for (m2, value) in &entry.terms {
                let coefficient = writer.coefficient(constants, value);
                sums[*m2].push(writer.builder.mul(coefficient, dm));
            }
        }
        let sums: Vec<Id> = sums.into_iter().map(|terms| writer.sum(terms)).collect();
        let sums =
            writer.carried(matches!(carrier, Carrier::Results | Carrier::Second), scale, sums);
        let output = Output::new("dy", vec![sums.len()], sums).added().shared();
        writer.builder.finish(vec![output])
    }

    /// With `grouped`, entries of one magnitude are summed first.
    fn couple(&self, carrier: Carrier, grouped: bool) -> Program {
        let [x, y] = [self.array("x", 0), self.array("y", 1)];
        let mut writer = Writer::new(vec![Input::number("scale").shared(), x, y]);
        let scale = writer.number(0);
        let (x, y) = (writer.array(1), writer.array(2));
        let x = writer.carried(carrier == Carrier::First, scale, x);
        let y = writer.carried(carrier == Carrier::Second, scale, y);
        let constants = (carrier == Carrier::Coefficients).then_some(scale);
        let sums = (0..self.sizes()[2]).map(|m3| {
            let mut groups: Vec<(Surd, Vec<Id>)> = Vec::new();
            for (m, value) in self.entries.iter().filter(|(m, _)| m[2] == m3) {
                let product = writer.builder.mul(x[m[0]], y[m[1]]);
                let magnitude = value.abs();
                let term = writer.signed(value.sign() < 0, product);
                match groups.iter_mut().find(|(own, _)| grouped && *own == magnitude) {
                    Some((_, terms)) => terms.push(term),
                    None => groups.push((magnitude, vec![term])),
                }
            }
            let mut terms = Vec::new();
            for (magnitude, group) in groups {
                let sum = writer.sum(group);
                let coefficient = writer.coefficient(constants, &magnitude);
                terms.push(writer.builder.mul(coefficient, sum));
            }
            writer.sum(terms)
        });
        let sums: Vec<Id> = sums.collect();
        let sums = writer.carried(carrier == Carrier::Results, scale, sums);
        let output = Output::new("z", vec![sums.len()], sums);
        writer.builder.finish(vec![output])
    }

    fn couple_back(&self, carrier: Carrier) -> Program {
        let [x, y, dz] = [self.array("x", 0), self.array("y", 1), self.array("dz", 2)];
        let mut writer = Writer::new(vec![Input::number("scale").shared(), x, y, dz]);
        let scale = writer.number(0);
        let [x, y, dz] = [1, 2, 3].map(|array| writer.array(array));
        let constants = (carrier == Carrier::Coefficients).then_some(scale);
        let dz = writer.carried(constants.is_none(), scale, dz);
        let [n1, n2, _] = self.sizes();
        let mut sums: [Terms; 2] = [vec![Vec::new(); n1], vec![Vec::new(); n2]];
        for entries in self.entries.chunk_by(|(a, _), (b, _)| a[..2] == b[..2]) {
            let mut terms = Vec::new();
            for (m, value) in entries {
                let coefficient = writer.coefficient(constants, value);
                terms.push(writer.builder.mul(coefficient, dz[m[2]]));
            }
            let q = writer.sum(terms);
            let [m1, m2, _] = entries[0].0;
            sums[0][m1].push((writer.builder.mul(q, y[m2]), false));
            sums[1][m2].push((writer.builder.mul(q, x[m1]), false));
        }
        let outputs = ["dx", "dy"].into_iter().zip(sums).map(|(name, sums)| {
            let sums: Vec<Id> = sums.into_iter().map(|terms| writer.signed_sum(terms)).collect();
            Output::new(name, vec![sums.len()], sums).added()
        });
        let outputs = outputs.collect();
        writer.builder.finish(outputs)
    }
}

/// The entries of M: combinations of y that differ by more than a sign.
fn matrix_entries(entries: &[([usize; 3], Surd)]) -> Vec<MatrixEntry> {
    let mut sorted: Vec<&([usize; 3], Surd)> = entries.iter().collect();
    sorted.sort_by_key(|(m, _)| [m[0], m[2], m[1]]);
    let mut matrix: Vec<MatrixEntry> = Vec::new();
    for own in sorted.chunk_by(|(a, _), (b, _)| (a[0], a[2]) == (b[0], b[2])) {
        let [m1, _, m3] = own[0].0;
        let negative = own[0].1.sign() < 0;
        let term = |(m, value): &&([usize; 3], Surd)| {
            (m[1], if negative { -value } else { value.clone() })
        };
        let terms: Vec<(usize, Surd)> = own.iter().map(term).collect();
        let place = ([m1, m3], negative);
        match matrix.iter_mut().find(|entry| entry.terms == terms) {
            Some(entry) => entry.places.push(place),
            None => matrix.push(MatrixEntry { terms, places: vec![place] }),
        }
    }
    matrix
}

/// Writes the parts of the maps.
struct Writer {
    builder: Builder,
}

impl Writer {
    fn new(inputs: Vec<Input>) -> Self {
        Writer { builder: Builder::new(inputs) }
    }

    /// The only element of an input.
    fn number(&mut self, array: usize) -> Id {
        self.builder.input(array, 0)
    }

    fn array(&mut self, array: usize) -> Vec<Id> {
        self.builder.elements(array)
    }

    /// Values, multiplied by a factor where they carry it.
    fn carried(&mut self, carries: bool, factor: Id, values: Vec<Id>) -> Vec<Id> {
        match carries {
            true => values.into_iter().map(|value| self.builder.mul(factor, value)).collect(),
            false => values,
        }
    }

    /// A constant, multiplied by a factor if there is one.
    fn coefficient(&mut self, factor: Option<Id>, value: &Surd) -> Id {
        match factor {
            Some(factor) => self.builder.scale(value, factor),
            None => self.builder.constant(value),
        }
    }

    fn signed(&mut self, negative: bool, value: Id) -> Id {
        if negative { self.builder.neg(value) } else { value }
    }

    fn sum(&mut self, terms: Vec<Id>) -> Id {
        let zero = self.builder.constant(&Surd::zero());
        terms.into_iter().fold(zero, |sum, term| self.builder.add(sum, term))
    }

    fn signed_sum(&mut self, terms: Vec<(Id, bool)>) -> Id {
        let terms = terms.into_iter().map(|(term, negative)| self.signed(negative, term));
        let terms = terms.collect();
        self.sum(terms)
    }

    /// Σ a b.
    fn dot(&mut self, a: &[Id], b: &[Id]) -> Id {
        let terms = a.iter().zip(b).map(|(&a, &b)| self.builder.mul(a, b)).collect();
        self.sum(terms)
    }

    /// Mᵀ x for `side` 0, M dz for 1: from that side of M to the other.
    fn transform(&mut self, triple: &Triple, m: &[Id], values: &[Id], side: usize) -> Vec<Id> {
        let [n1, _, n3] = triple.sizes();
        let mut places: Vec<([usize; 2], bool, Id)> = Vec::new();
        for (entry, &m) in triple.matrix.iter().zip(m) {
            places.extend(entry.places.iter().map(|&(place, negative)| (place, negative, m)));
        }
        places.sort_unstable_by_key(|(place, ..)| *place);
        let mut sums: Terms = vec![Vec::new(); [n3, n1][side]];
        for (place, negative, m) in places {
            let product = self.builder.mul(m, values[place[side]]);
            sums[place[1 - side]].push((product, negative));
        }
        sums.into_iter().map(|terms| self.signed_sum(terms)).collect()
    }

    /// Σ ± x dz over the places of each entry of M.
    fn outer(&mut self, triple: &Triple, x: &[Id], dz: &[Id]) -> Vec<Id> {
        let mut sums = Vec::new();
        for entry in &triple.matrix {
            let mut terms = Vec::new();
            for &([m1, m3], negative) in &entry.places {
                terms.push((self.builder.mul(x[m1], dz[m3]), negative));
            }
            sums.push(self.signed_sum(terms));
        }
        sums
    }
}
