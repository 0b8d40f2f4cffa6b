//! Every program that any LMAX emits computes exactly what the tables say, compared as polynomials:
//! harmonics with their derivatives to the highest degree, pull-backs with their cotangents as
//! variables, and all maps of products as Σ C x y and its derivatives.
//!
//! What programs share is computed once (see `ir::exact`). In the profile `dev`, on two cores of an AMD
//! EPYC (Zen 4) that others used too, all of it takes 6 to 10 s; the harmonics are nearly all of that.

use std::collections::{HashMap, HashSet};
use std::slice::from_ref;

use num_rational::BigRational;
use tesseral_codegen::ir::Program;
use tesseral_codegen::ir::exact::{Evaluator, Known, Value};
use tesseral_codegen::ir::harmonics::{
    Derivatives, Points, all_degrees, pull_back, push_forward, single_degree,
};
use tesseral_codegen::ir::marked::{marked, program_with_factors};
use tesseral_codegen::ir::products::{Map, Triple};
use tesseral_codegen::tables::harmonics::{GradientTerm, Monomial};
use tesseral_codegen::tables::{Harmonics, LMAX_LIMIT, Surd, snapshot};
use tesseral_codegen::unroll::{HESSIAN_LMAX, PRODUCT_LMAX, PULL_BACK_LMAX, PUSH_FORWARD_LMAX};

fn orders(l: usize) -> impl Iterator<Item = i32> {
    -(l as i32)..=l as i32
}

/// Harmonics as polynomials, from the factors in the tables.
struct Definition {
    tables: Harmonics,
    evaluator: Evaluator,
    point: Vec<Known>,
    known: HashMap<(usize, i32), Known>,
}

impl Definition {
    /// With so many variables, of which the first three are x, y and z.
    fn new(variables: usize) -> Definition {
        let mut evaluator = Evaluator::new(variables);
        let point = (0..3).map(|axis| evaluator.variable(axis)).collect();
        let tables = snapshot::read(LMAX_LIMIT).expect("the snapshot is readable").harmonics;
        Definition { tables, evaluator, point, known: HashMap::new() }
    }

    fn power(&mut self, base: Known, exponent: u32) -> Known {
        let one = self.evaluator.constant(&Surd::one());
        (0..exponent).fold(one, |power, _| self.evaluator.mul(power, base))
    }

    /// A factor of a harmonic, in two variables.
    fn factor(&mut self, terms: &[Monomial], variables: [Known; 2]) -> Known {
        let mut sum = self.evaluator.constant(&Surd::zero());
        for term in terms {
            let coefficient = Surd::rational(&BigRational::from(term.coefficient.clone()));
            let mut product = self.evaluator.constant(&coefficient);
            for (variable, exponent) in variables.into_iter().zip(term.powers) {
                let power = self.power(variable, exponent);
                product = self.evaluator.mul(product, power);
            }
            sum = self.evaluator.add(sum, product);
        }
        sum
    }

    /// Y_{lm}.
    fn harmonic(&mut self, l: usize, m: i32) -> Known {
        if let Some(&known) = self.known.get(&(l, m)) {
            return known;
        }
        let [x, y, z] = self.point[..] else { unreachable!("a point has three coordinates") };
        let [x2, y2, z2] = [x, y, z].map(|axis| self.evaluator.mul(axis, axis));
        let rho2 = self.evaluator.add(x2, y2);
        let r2 = self.evaluator.add(rho2, z2);
        let z_part = self.tables.z_part(l, m.unsigned_abs() as usize).clone();
        let xy_part = self.tables.xy_part(m).to_vec();
        let z_factor = self.factor(&z_part.terms, [z, r2]);
        let xy_factor = self.factor(&xy_part, [x, y]);
        let product = self.evaluator.mul(z_factor, xy_factor);
        let norm = self.evaluator.constant(&z_part.norm);
        let harmonic = self.evaluator.mul(norm, product);
        self.known.insert((l, m), harmonic);
        harmonic
    }

    /// Σ coefficient · Y_{lm}.
    fn combination(&mut self, l: usize, terms: &[GradientTerm]) -> Known {
        let mut sum = self.evaluator.constant(&Surd::zero());
        for term in terms {
            let harmonic = self.harmonic(l, term.m);
            let coefficient = self.evaluator.constant(&term.coefficient);
            let product = self.evaluator.mul(coefficient, harmonic);
            sum = self.evaluator.add(sum, product);
        }
        sum
    }

    /// ∂Y_{lm} along axes: none, one or two.
    fn derivative(&mut self, l: usize, m: i32, axes: &[usize]) -> Known {
        let terms = match *axes {
            [] => return self.harmonic(l, m),
            _ if l < axes.len() => Vec::new(),
            [axis] => self.tables.gradient(l, axis, m).to_vec(),
            [first, second] => self.tables.hessian(l, [first, second], m),
            _ => unreachable!("programs have two derivatives"),
        };
        self.combination(l.saturating_sub(axes.len()), &terms)
    }
}

/// The axes of a component of an output: none, x y z, or pairs of them.
fn axes(output: usize, component: usize) -> Vec<usize> {
    match output {
        0 => Vec::new(),
        1 => vec![component],
        _ => vec![component / 3, component % 3],
    }
}

/// Pairs of values that have been compared: programs share most of theirs.
#[derive(Default)]
struct Comparison {
    done: HashSet<(Known, Known)>,
    compared: usize,
}

impl Comparison {
    /// Whether two values are equal everywhere, or on the unit sphere.
    fn agree(
        &mut self,
        evaluator: &Evaluator,
        pair: (Known, Known),
        sphere: Option<&Value>,
    ) -> bool {
        self.compared += 1;
        if pair.0 == pair.1 || self.done.contains(&pair) {
            return true;
        }
        let difference = evaluator.value(pair.0).plus(&evaluator.value(pair.1).negated());
        let zero = match sphere {
            Some(square) => difference.with_square(2, square).is_zero(),
            None => difference.is_zero(),
        };
        if zero {
            self.done.insert(pair);
        }
        zero
    }
}

/// Asserts that the outputs of a program are the harmonics of some degrees and their derivatives.
fn assert_harmonics(
    definition: &mut Definition,
    comparison: &mut Comparison,
    program: &Program,
    degrees: std::ops::RangeInclusive<usize>,
    sphere: Option<&Value>,
) {
    let outputs = definition.evaluator.evaluate(program, from_ref(&definition.point));
    let harmonics: Vec<(usize, i32)> =
        degrees.clone().flat_map(|l| orders(l).map(move |m| (l, m))).collect();
    for (output, values) in outputs.iter().enumerate() {
        assert_eq!(values.len(), [1, 3, 9][output] * harmonics.len());
        for (component, values) in values.chunks(harmonics.len()).enumerate() {
            for (&(l, m), &found) in harmonics.iter().zip(values) {
                let expected = definition.derivative(l, m, &axes(output, component));
                assert!(
                    comparison.agree(&definition.evaluator, (found, expected), sphere),
                    "degrees {degrees:?}: Y[{l}, {m}], derivative {:?}",
                    axes(output, component)
                );
            }
        }
    }
}

#[test]
fn harmonics_are_exact() {
    let mut definition = Definition::new(3);
    let mut comparison = Comparison::default();
    for l in 0..=LMAX_LIMIT {
        for derivatives in [Derivatives::None, Derivatives::First, Derivatives::Second] {
            let program = single_degree(&definition.tables, l, derivatives);
            assert_harmonics(&mut definition, &mut comparison, &program, l..=l, None);
            if derivatives < Derivatives::Second || l <= HESSIAN_LMAX {
                let program = all_degrees(&definition.tables, l, Points::Solid, derivatives);
                assert_harmonics(&mut definition, &mut comparison, &program, 0..=l, None);
            }
        }
    }
    println!("{} values, {} different", comparison.compared, comparison.done.len());
}

#[test]
fn harmonics_of_unit_vectors_are_exact() {
    let mut definition = Definition::new(3);
    let mut comparison = Comparison::default();
    let evaluator = &mut definition.evaluator;
    let minus = evaluator.constant(&Surd::ratio(-1, 1));
    let one = evaluator.constant(&Surd::one());
    let mut square = evaluator.value(one).clone();
    for axis in 0..2 {
        let axis = evaluator.variable(axis);
        let axis2 = evaluator.mul(axis, axis);
        let negative = evaluator.mul(minus, axis2);
        square = square.plus(evaluator.value(negative));
    }
    for l in 0..=LMAX_LIMIT {
        let program = all_degrees(&definition.tables, l, Points::Unit, Derivatives::None);
        assert_harmonics(&mut definition, &mut comparison, &program, 0..=l, Some(&square));
    }
}

#[test]
fn pull_backs_are_exact() {
    let size = (PULL_BACK_LMAX + 1) * (PULL_BACK_LMAX + 1);
    let mut definition = Definition::new(3 + size);
    let cotangents: Vec<Known> =
        (0..size).map(|index| definition.evaluator.variable(3 + index)).collect();
    for lmax in 0..=PULL_BACK_LMAX {
        let program = pull_back(&definition.tables, lmax);
        let inputs = [definition.point.clone(), cotangents.clone()];
        let outputs = definition.evaluator.evaluate(&program, &inputs);
        for (axis, &found) in outputs[0].iter().enumerate() {
            let mut expected = definition.evaluator.constant(&Surd::zero());
            for l in 0..=lmax {
                for m in orders(l) {
                    let derivative = definition.derivative(l, m, &[axis]);
                    let cotangent = cotangents[((l * l + l) as i32 + m) as usize];
                    let product = definition.evaluator.mul(cotangent, derivative);
                    expected = definition.evaluator.add(expected, product);
                }
            }
            let [found, expected] =
                [found, expected].map(|known| definition.evaluator.value(known));
            assert!(found.equals(expected), "pull-back to {lmax}, axis {axis}");
        }
    }
}

#[test]
fn push_forwards_are_exact() {
    let mut definition = Definition::new(6);
    let w: Vec<Known> = (0..3).map(|axis| definition.evaluator.variable(3 + axis)).collect();
    for lmax in 0..=PUSH_FORWARD_LMAX {
        let program = push_forward(&definition.tables, lmax);
        let inputs = [definition.point.clone(), w.clone()];
        let outputs = definition.evaluator.evaluate(&program, &inputs);
        let harmonics = (0..=lmax).flat_map(|l| orders(l).map(move |m| (l, m)));
        for ((l, m), &found) in harmonics.zip(&outputs[0]) {
            let mut expected = definition.evaluator.constant(&Surd::zero());
            for (axis, &w) in w.iter().enumerate() {
                let derivative = definition.derivative(l, m, &[axis]);
                let product = definition.evaluator.mul(w, derivative);
                expected = definition.evaluator.add(expected, product);
            }
            let [found, expected] =
                [found, expected].map(|known| definition.evaluator.value(known));
            assert!(found.equals(expected), "push-forward to {lmax}, Y[{l}, {m}]");
        }
    }
}

/// Programs of batches are made from tables in which each degree has an unknown factor, and run with the
/// factors of a normalization in their place. With the factors 2, 3, 4, … all results are multiples.
#[test]
fn programs_with_factors_give_multiples() {
    let factor = |l: usize| Surd::ratio(l as i64 + 2, 1);
    let tables = snapshot::read(PULL_BACK_LMAX).expect("the snapshot is readable").harmonics;
    let multiples = with_factors(&tables, factor);
    let marked = marked(&tables);
    for l in 0..=PULL_BACK_LMAX {
        let mut pairs: Vec<[Program; 2]> = Vec::new();
        for derivatives in [Derivatives::None, Derivatives::First, Derivatives::Second] {
            pairs.push([&marked, &multiples].map(|tables| single_degree(tables, l, derivatives)));
            let all = |tables| all_degrees(tables, l, Points::Solid, derivatives);
            pairs.push([&marked, &multiples].map(all));
        }
        let unit = |tables| all_degrees(tables, l, Points::Unit, Derivatives::None);
        pairs.push([&marked, &multiples].map(unit));
        pairs.push([&marked, &multiples].map(|tables| pull_back(tables, l)));
        pairs.push([&marked, &multiples].map(|tables| push_forward(tables, l)));
        for [marked, expected] in pairs {
            let found = program_with_factors(&marked, factor);
            assert_same(&found, &expected, l);
            // That factors are unknown costs no operation.
            assert!(found.count().total() <= expected.count().total() + 1, "degree {l}");
        }
    }
}

/// The tables with known factors.
fn with_factors(tables: &Harmonics, factor: impl Fn(usize) -> Surd) -> Harmonics {
    let mut tables = tables.clone();
    for (l, degree) in tables.degrees.iter_mut().enumerate() {
        for part in &mut degree.z_parts {
            part.norm = &part.norm * &factor(l);
        }
        let step = if l == 0 { Surd::one() } else { &factor(l) * &factor(l - 1).recip() };
        for term in degree.gradient.iter_mut().flatten().flatten() {
            term.coefficient = &term.coefficient * &step;
        }
    }
    tables
}

/// Two programs with equal results, as polynomials of all their inputs.
fn assert_same(found: &Program, expected: &Program, l: usize) {
    let counts: Vec<usize> = found.inputs.iter().map(|input| input.elements.len()).collect();
    let mut evaluator = Evaluator::new(counts.iter().sum());
    let mut variables = 0..;
    let inputs: Vec<Vec<Known>> = counts
        .iter()
        .map(|&count| {
            variables.by_ref().take(count).map(|index| evaluator.variable(index)).collect()
        })
        .collect();
    let [found, expected] = [found, expected].map(|program| evaluator.evaluate(program, &inputs));
    for (found, expected) in found.iter().flatten().zip(expected.iter().flatten()) {
        assert!(evaluator.value(*found).equals(evaluator.value(*expected)), "degree {l}");
    }
}

/// The variables of products, and sums of them.
struct Products {
    evaluator: Evaluator,
    scale: Known,
    w: Known,
    /// x, y and dz.
    arrays: [Vec<Known>; 3],
}

impl Products {
    fn new() -> Products {
        const MOST: usize = 2 * PRODUCT_LMAX + 1;
        let mut evaluator = Evaluator::new(2 + 3 * MOST);
        let [scale, w] = [0, 1].map(|variable| evaluator.variable(variable));
        let arrays = [0, 1, 2].map(|side| {
            (0..MOST).map(|index| evaluator.variable(2 + side * MOST + index)).collect()
        });
        Products { evaluator, scale, w, arrays }
    }

    /// Σ factors · C · the variables of some sides, over the entries that are chosen.
    fn sum(
        &mut self,
        triple: &Triple,
        factors: &[Known],
        sides: &[usize],
        chosen: impl Fn([usize; 3]) -> bool,
    ) -> Known {
        let mut sum = self.evaluator.constant(&Surd::zero());
        for (m, value) in triple.entries.iter().filter(|(m, _)| chosen(*m)) {
            let mut product = self.evaluator.constant(value);
            for &side in sides {
                product = self.evaluator.mul(product, self.arrays[side][m[side]]);
            }
            for &factor in factors {
                product = self.evaluator.mul(product, factor);
            }
            sum = self.evaluator.add(sum, product);
        }
        sum
    }

    fn run(&mut self, triple: &Triple, map: Map, inputs: &[Vec<Known>]) -> Vec<Vec<Known>> {
        self.evaluator.evaluate(&triple.program(map), inputs)
    }

    fn assert_equal(&self, what: &str, triple: &Triple, found: Known, expected: Known) {
        let [found, expected] = [found, expected].map(|known| self.evaluator.value(known));
        assert!(found.equals(expected), "{what} of {:?}", triple.degrees);
    }

    /// M as the program gives it, and every entry of it.
    fn matrix(&mut self, triple: &Triple) -> Vec<Known> {
        let inputs = [vec![self.scale], self.arrays[1].clone()];
        let matrix = self.run(triple, Map::Matrix, &inputs).remove(0);
        let mut seen = HashSet::new();
        for (entry, &found) in triple.matrix.iter().zip(&matrix) {
            for &([m1, m3], negative) in &entry.places {
                let factors = [self.scale];
                let expected = self.sum(triple, &factors, &[1], |m| m[0] == m1 && m[2] == m3);
                let sign = Surd::ratio(if negative { -1 } else { 1 }, 1);
                let sign = self.evaluator.constant(&sign);
                let found = self.evaluator.mul(sign, found);
                self.assert_equal("matrix", triple, found, expected);
                assert!(seen.insert([m1, m3]), "{m1}, {m3} of {:?} twice", triple.degrees);
            }
        }
        assert!(triple.entries.iter().all(|(m, _)| seen.contains(&[m[0], m[2]])));
        matrix
    }

    /// The maps that go through M.
    fn through_matrix(&mut self, triple: &Triple) {
        let (scale, w) = (self.scale, self.w);
        let matrix = self.matrix(triple);
        let [x, _, dz] = self.arrays.clone();
        let forward = self.run(triple, Map::Forward, &[matrix.clone(), vec![w], x.clone()]);
        for (m3, &found) in forward[0].iter().enumerate() {
            let expected = self.sum(triple, &[scale, w], &[0, 1], |m| m[2] == m3);
            self.assert_equal("forward", triple, found, expected);
        }
        let inputs = [matrix, vec![w], x.clone(), dz.clone()];
        let backward = self.run(triple, Map::Backward, &inputs);
        let slope = self.sum(triple, &[scale], &[0, 1, 2], |_| true);
        self.assert_equal("derivative by w", triple, backward[0][0], slope);
        for (m1, &found) in backward[1].iter().enumerate() {
            let expected = self.sum(triple, &[scale, w], &[1, 2], |m| m[0] == m1);
            self.assert_equal("backward", triple, found, expected);
        }
        let outer = self.run(triple, Map::Outer, &[vec![w], x, dz]).remove(0);
        let contract = self.run(triple, Map::Contract, &[vec![scale], outer]);
        for (m2, &found) in contract[0].iter().enumerate() {
            let expected = self.sum(triple, &[scale, w], &[0, 2], |m| m[1] == m2);
            self.assert_equal("outer and contract", triple, found, expected);
        }
    }

    /// The maps of both inputs.
    fn direct(&mut self, triple: &Triple) {
        let scale = self.scale;
        let [x, y, dz] = self.arrays.clone();
        let couple = self.run(triple, Map::Couple, &[vec![scale], x.clone(), y.clone()]);
        for (m3, &found) in couple[0].iter().enumerate() {
            let expected = self.sum(triple, &[scale], &[0, 1], |m| m[2] == m3);
            self.assert_equal("couple", triple, found, expected);
        }
        let back = self.run(triple, Map::CoupleBack, &[vec![scale], x, y, dz]);
        for side in [0, 1] {
            for (index, &found) in back[side].iter().enumerate() {
                let others = [1 - side, 2];
                let expected = self.sum(triple, &[scale], &others, |m| m[side] == index);
                self.assert_equal("couple_back", triple, found, expected);
            }
        }
    }
}

#[test]
fn products_are_exact() {
    let tables = snapshot::read(PRODUCT_LMAX).expect("the snapshot is readable").coupling;
    let mut products = Products::new();
    for degrees in tables.triples() {
        let triple = Triple::new(&tables, degrees);
        products.through_matrix(&triple);
        products.direct(&triple);
    }
}

#[test]
fn a_wrong_constant_is_found() {
    let tables = snapshot::read(1).expect("the snapshot is readable").harmonics;
    let mut program = single_degree(&tables, 1, Derivatives::None);
    for node in &mut program.nodes {
        if let tesseral_codegen::ir::Op::Constant(value) = &mut node.op {
            *value = &*value * &Surd::sqrt(BigRational::new(2.into(), 1.into()));
        }
    }
    let mut definition = Definition::new(3);
    let found = definition.evaluator.evaluate(&program, &[definition.point.clone()])[0][0];
    let expected = definition.harmonic(1, -1);
    let [found, expected] = [found, expected].map(|known| definition.evaluator.value(known));
    assert!(!found.equals(expected));
}
