//! The symmetric contraction: basis, values, derivatives, equivariance, MACE's weights, errors.

#[path = "common/degrees.rs"]
mod degrees;
#[allow(dead_code, reason = "other tests use more of it")]
#[path = "common/jet.rs"]
mod jet;
#[path = "common/precision.rs"]
mod precision;

use std::collections::BTreeMap;

use degrees::above;
use jet::Jet;
use precision::Precision;
use serde_json::Value;
use tesseral::coupling::{COUPLING_LMAX, Convention, CouplingError};
use tesseral::equivariance::{Equivariance, Random};
use tesseral::error::DegreeLimit;
use tesseral::kernels::symmetric_contraction::{
    ContractionCotangents, ContractionError, ContractionGradients, ContractionInputs,
    SymmetricContraction, Term,
};
use tesseral::simd::Path;
use tesseral::{Irreps, Number, Real};

fn parsed(text: &str) -> Irreps {
    text.parse().unwrap()
}

/// The contraction, unless this build has no table for a degree of it.
fn contraction(
    input: &str,
    output: &str,
    correlation: usize,
    species: usize,
) -> Option<SymmetricContraction> {
    match SymmetricContraction::with_unreached(
        &parsed(input),
        &parsed(output),
        correlation,
        species,
    ) {
        Ok(contraction) => Some(contraction),
        Err(
            ContractionError::Degree { .. }
            | ContractionError::Coupling(CouplingError::Degree { .. }),
        ) => None,
        Err(error) => panic!("{input} to {output}: {error}"),
    }
}

/// Input, output, correlation and species.
const CASES: [(&str, &str, usize, usize); 10] = [
    ("1x0e", "1x0e", 4, 1),
    ("3x0e+3x0o", "3x0o+3x0e", 4, 2),
    ("2x1o", "2x0e+2x1o+2x1e", 4, 2),
    ("19x0e+19x1o", "19x0e+19x1o+19x1e", 3, 3),
    ("16x0e+16x1o+16x2e", "16x0e+16x1o+16x2e", 3, 2),
    ("5x1o+5x2e+5x1o", "5x0e+5x1e+5x2o+5x2o", 3, 2),
    ("3x0e+3x1o+3x2e+3x3o", "3x0e+3x1o", 3, 3),
    ("1x0e+1x1o+1x2e", "1x0e+1x1o", 4, 2),
    ("4x1o+4x2e", "4x3o+4x0o", 1, 2),
    ("2x2e", "2x0e+2x2e", 4, 1),
];

fn cases() -> impl Iterator<Item = SymmetricContraction> {
    CASES
        .into_iter()
        .filter_map(|(input, output, nu, species)| contraction(input, output, nu, species))
}

/// Nodes, features, weights and cotangents for a contraction.
struct Data {
    species: Vec<usize>,
    x: Vec<f64>,
    weights: Vec<f64>,
    out_gradient: Vec<f64>,
    x_tangent: Vec<f64>,
    weight_tangent: Vec<f64>,
}

impl Data {
    fn inputs(&self) -> ContractionInputs<'_, f64> {
        ContractionInputs { species: &self.species, input: &self.x, weights: &self.weights }
    }

    fn new(contraction: &SymmetricContraction, nodes: usize, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let [input, output] = [contraction.input(), contraction.output()].map(Irreps::dim);
        Data {
            species: (0..nodes).map(|node| (node * 7 + 1) % contraction.num_species()).collect(),
            x: random.normals(nodes * input),
            weights: random.normals(contraction.num_weights()),
            out_gradient: random.normals(nodes * output),
            x_tangent: random.normals(nodes * input),
            weight_tangent: random.normals(contraction.num_weights()),
        }
    }
}

fn nearest<P: Precision>(values: &[f64]) -> Vec<P> {
    values.iter().map(|&value| P::nearest(value)).collect()
}

fn all_terms(contraction: &SymmetricContraction) -> Vec<Vec<Term>> {
    (0..contraction.paths().len()).map(|path| contraction.terms(path).unwrap()).collect()
}

/// The definition, by loops over everything.
fn naive<T: Real>(
    contraction: &SymmetricContraction,
    terms: &[Vec<Term>],
    species: &[usize],
    x: &[T],
    weights: &[T],
) -> Vec<T> {
    let (input, output) = (contraction.input(), contraction.output());
    let channels = contraction.channels();
    let zero = T::constant(0.0, 0.0);
    let mut out = vec![zero; species.len() * output.dim()];
    // The places of the components of a channel in a row, and how far those of the next are.
    let mut places = Vec::new();
    for (block, slice) in input.iter().zip(input.slices()) {
        places.extend((0..block.irrep.dim()).map(|m| (slice.start + m, block.irrep.dim())));
    }
    for (node, &species) in species.iter().enumerate() {
        for (index, path) in contraction.paths().iter().enumerate() {
            let start = output.slices()[path.output].start;
            let size = output[path.output].irrep.dim();
            for channel in 0..channels {
                let weight =
                    weights[(species * contraction.paths().len() + index) * channels + channel];
                for term in &terms[index] {
                    let mut product =
                        weight * T::constant(term.coefficient, term.coefficient as f32);
                    for &factor in &term.factors {
                        let (place, step) = places[factor];
                        product = product * x[node * input.dim() + place + channel * step];
                    }
                    let place = node * output.dim() + start + channel * size + term.m;
                    out[place] = out[place] + product;
                }
            }
        }
    }
    out
}

/// Fails where a value differs by more than a share of the largest.
fn assert_near<P: Precision>(what: &str, found: &[P], expected: &[f64], epsilons: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    for (index, (&found, &expected)) in found.iter().zip(expected).enumerate() {
        let found: f64 = found.into();
        let error = (found - expected).abs();
        let allowed = epsilons * P::EPSILON * scale;
        assert!(
            error <= allowed,
            "{what} at {index}: {found:e}, expected {expected:e}: error {error:e} > {allowed:e}"
        );
    }
}

/// The contraction's own name, for messages.
fn name(contraction: &SymmetricContraction) -> String {
    let (input, output) = (contraction.input(), contraction.output());
    format!("{input} to {output}, correlation {}", contraction.correlation())
}

// The basis.

/// The number of equivariant polynomials of a degree, by weights: those of order m = L less those
/// of order L + 1, of the right parity.
fn multiplicity(input: &Irreps, l: usize, sign: i32, factors: usize) -> usize {
    let variables: Vec<(i32, i32)> = input
        .iter()
        .flat_map(|block| {
            let l = block.irrep.l as i32;
            (-l..=l).map(|m| (m, block.irrep.parity.sign()))
        })
        .collect();
    // Monomials by degree, order and parity.
    let mut counts = BTreeMap::from([((0, 0, 1), 1_usize)]);
    for (m, parity) in variables {
        let mut next = BTreeMap::new();
        for (&(degree, order, sign), &count) in &counts {
            for power in 0..=(factors - degree) {
                let sign = if power % 2 == 1 { sign * parity } else { sign };
                let key = (degree + power, order + m * power as i32, sign);
                *next.entry(key).or_insert(0) += count;
            }
        }
        counts = next;
    }
    let of_order = |order| counts.get(&(factors, order, sign)).copied().unwrap_or(0);
    of_order(l as i32) - of_order(l as i32 + 1)
}

#[test]
fn the_basis_has_as_many_members_as_the_symmetric_power() {
    for contraction in cases() {
        for (index, block) in contraction.output().iter().enumerate() {
            for factors in 1..=contraction.correlation() {
                let found = contraction
                    .paths()
                    .iter()
                    .filter(|path| path.output == index && path.factors.len() == factors)
                    .count();
                let (l, sign) = (block.irrep.l, block.irrep.parity.sign());
                let expected = multiplicity(contraction.input(), l, sign, factors);
                assert_eq!(found, expected, "{}: {block}, {factors}", name(&contraction));
            }
        }
    }
}

/// Σ over the entries of two symmetric tensors for one m.
fn inner(a: &[Term], b: &[Term], m: usize) -> f64 {
    let polynomial = |terms: &[Term]| -> BTreeMap<Vec<usize>, f64> {
        let of_m = terms.iter().filter(|term| term.m == m);
        of_m.map(|term| (term.factors.clone(), term.coefficient)).collect()
    };
    let (a, b) = (polynomial(a), polynomial(b));
    let term = |(factors, x): (&Vec<usize>, &f64)| {
        let mut orderings = (1..=factors.len()).product::<usize>();
        for run in factors.chunk_by(|a, b| a == b) {
            orderings /= (1..=run.len()).product::<usize>();
        }
        b.get(factors).map_or(0.0, |y| x * y / orderings as f64)
    };
    a.iter().map(term).sum()
}

#[test]
fn the_basis_is_orthonormal() {
    for contraction in cases() {
        let terms = all_terms(&contraction);
        let paths = contraction.paths();
        for i in 0..paths.len() {
            for j in 0..=i {
                let alike = paths[i].output == paths[j].output
                    && paths[i].factors.len() == paths[j].factors.len();
                let sizes = contraction.output()[paths[i].output].irrep.dim();
                for m in (0..sizes).filter(|_| alike) {
                    let expected = if i == j { 1.0 } else { 0.0 };
                    let found = inner(&terms[i], &terms[j], m);
                    let error = (found - expected).abs();
                    assert!(error < 1e-14, "{}: {i} {j} {m}: {found}", name(&contraction));
                }
            }
        }
    }
}

#[test]
fn paths_are_described_by_their_coupling() {
    let Some(contraction) = contraction("1x0e+1x1o", "1x1o+1x0e", 2, 1) else { return };
    let paths: Vec<(usize, Vec<usize>, String)> = contraction
        .paths()
        .iter()
        .map(|path| {
            let coupled: Vec<String> = path.coupled.iter().map(|irrep| irrep.to_string()).collect();
            (path.output, path.factors.clone(), coupled.join(" "))
        })
        .collect();
    let expected = [
        (0, vec![1], "1o"),
        (0, vec![0, 1], "0e 1o"),
        (1, vec![0], "0e"),
        (1, vec![0, 0], "0e 0e"),
        (1, vec![1, 1], "1o 0e"),
    ];
    assert_eq!(paths, expected.map(|(o, f, c)| (o, f, c.to_owned())));
    // x·y/√3 has the coefficients of C(1,1→0); a product of different blocks is symmetrised.
    let third = (1.0_f64 / 3.0).sqrt();
    let square = contraction.terms(4).unwrap();
    let expected: Vec<Term> =
        (1..4).map(|v| Term { m: 0, factors: vec![v, v], coefficient: third }).collect();
    assert_eq!(square.len(), 3);
    for (found, expected) in square.iter().zip(&expected) {
        assert_eq!((found.m, &found.factors), (expected.m, &expected.factors));
        assert!((found.coefficient - third).abs() < 1e-15);
    }
    for term in contraction.terms(1).unwrap() {
        assert!((term.coefficient - 2.0_f64.sqrt()).abs() < 1e-15, "{term:?}");
    }
}

// Values and derivatives.

fn check_values<P: Precision + Number>(contraction: &SymmetricContraction, path: Path) {
    let what = format!("{}, {path:?}, {}", name(contraction), std::any::type_name::<P>());
    let on_path = contraction.clone().on(path);
    let terms = all_terms(contraction);
    for nodes in [0, 1, 4, 11] {
        let data = Data::new(contraction, nodes, nodes as u64);
        let (x, weights) = (nearest::<P>(&data.x), nearest::<P>(&data.weights));
        let mut out = nearest::<P>(&vec![7.0; data.out_gradient.len()]);
        let inputs = ContractionInputs { species: &data.species, input: &x, weights: &weights };
        on_path.forward(inputs, &mut out).unwrap();
        let expected = naive(contraction, &terms, &data.species, &data.x, &data.weights);
        // Sums of some hundred terms of both signs.
        assert_near(&what, &out, &expected, 64.0);
    }
}

#[test]
fn values_are_those_of_the_definition() {
    for contraction in cases() {
        for path in Path::available() {
            check_values::<f64>(&contraction, path);
            check_values::<f32>(&contraction, path);
        }
    }
}

/// The derivatives of L = out_gradient · forward and of its derivative along the tangents, by every
/// entry of features and weights, and of the outputs along the tangents.
struct Expected {
    x: Vec<f64>,
    weights: Vec<f64>,
    x_twice: Vec<f64>,
    weights_twice: Vec<f64>,
    out_twice: Vec<f64>,
}

fn expected(contraction: &SymmetricContraction, data: &Data) -> Expected {
    let terms = all_terms(contraction);
    // The variable 0 goes along the tangents, the variable 1 is an entry.
    let jets = |values: &[f64], tangent: &[f64], entry: Option<usize>| -> Vec<Jet> {
        let jet = |(index, (&value, &along)): (usize, (&f64, &f64))| {
            let mut jet = Jet::constant(value);
            jet.first[0] = along;
            jet.first[1] = if entry == Some(index) { 1.0 } else { 0.0 };
            jet
        };
        values.iter().zip(tangent).enumerate().map(jet).collect()
    };
    let outputs = |x_entry, weight_entry| {
        let x = jets(&data.x, &data.x_tangent, x_entry);
        let weights = jets(&data.weights, &data.weight_tangent, weight_entry);
        naive(contraction, &terms, &data.species, &x, &weights)
    };
    let derivatives = |outputs: Vec<Jet>| -> (f64, f64) {
        let pairs = outputs.iter().zip(&data.out_gradient);
        pairs.fold((0.0, 0.0), |(first, second), (out, g)| {
            (first + g * out.first[1], second + g * out.second[0][1])
        })
    };
    let by_x = (0..data.x.len()).map(|i| derivatives(outputs(Some(i), None)));
    let by_weights = (0..data.weights.len()).map(|i| derivatives(outputs(None, Some(i))));
    let (x, x_twice) = by_x.unzip();
    let (weights, weights_twice) = by_weights.unzip();
    let out_twice = outputs(None, None).iter().map(|out| out.first[0]).collect();
    Expected { x, weights, x_twice, weights_twice, out_twice }
}

fn check_derivatives<P: Precision + Number>(
    contraction: &SymmetricContraction,
    data: &Data,
    expected: &Expected,
) {
    let what = format!("{}, {}", name(contraction), std::any::type_name::<P>());
    let [x, weights, out_gradient, x_tangent, weight_tangent] =
        [&data.x, &data.weights, &data.out_gradient, &data.x_tangent, &data.weight_tangent]
            .map(|values| nearest::<P>(values));
    let inputs = ContractionInputs { species: &data.species, input: &x, weights: &weights };
    // Each alone, and all together; what is not asked for does not change the rest.
    for asked in [[true, false, false], [false, true, false], [false, false, true], [true; 3]] {
        let [mut dx, mut dweights, mut dout] =
            [&x, &weights, &out_gradient].map(|values| nearest::<P>(&vec![0.0; values.len()]));
        let gradients = ContractionGradients {
            input: asked[0].then_some(&mut dx[..]),
            weights: asked[1].then_some(&mut dweights[..]),
        };
        contraction.backward(inputs, &out_gradient, gradients).unwrap();
        let zeros = |values: &[f64], asked| {
            if asked { values.to_vec() } else { vec![0.0; values.len()] }
        };
        assert_near(&what, &dx, &zeros(&expected.x, asked[0]), 64.0);
        assert_near(&what, &dweights, &zeros(&expected.weights, asked[1]), 64.0);

        for values in [&mut dx, &mut dweights] {
            values.fill(P::nearest(0.0));
        }
        let gradients = ContractionGradients {
            input: asked[0].then_some(&mut dx[..]),
            weights: asked[1].then_some(&mut dweights[..]),
        };
        let along =
            ContractionCotangents { input: Some(&x_tangent), weights: Some(&weight_tangent) };
        let out = asked[2].then_some(&mut dout[..]);
        contraction.backward_twice(inputs, &out_gradient, along, gradients, out).unwrap();
        assert_near(&what, &dx, &zeros(&expected.x_twice, asked[0]), 128.0);
        assert_near(&what, &dweights, &zeros(&expected.weights_twice, asked[1]), 128.0);
        assert_near(&what, &dout, &zeros(&expected.out_twice, asked[2]), 128.0);
    }
}

#[test]
fn derivatives_are_those_of_the_definition() {
    for (input, output, correlation) in [
        ("2x0e+2x1o", "2x0e+2x1o", 4),
        ("3x0e+3x1o+3x2e", "3x0e+3x2e", 3),
        ("1x1o+1x2e", "1x1e+1x2o", 3),
        ("2x0e+2x0o", "2x0o", 4),
    ] {
        let Some(contraction) = contraction(input, output, correlation, 2) else { continue };
        let data = Data::new(&contraction, 5, 3);
        let expected = expected(&contraction, &data);
        for path in Path::available() {
            let contraction = contraction.clone().on(path);
            check_derivatives::<f64>(&contraction, &data, &expected);
            check_derivatives::<f32>(&contraction, &data, &expected);
        }
    }
}

#[test]
fn gradients_are_added() {
    let Some(contraction) = contraction("3x0e+3x1o", "3x0e+3x1o", 3, 2) else { return };
    let data = Data::new(&contraction, 3, 5);
    let run = |before: f64| {
        let mut dx = vec![before; data.x.len()];
        let mut dweights = vec![before; data.weights.len()];
        let gradients = ContractionGradients { input: Some(&mut dx), weights: Some(&mut dweights) };
        contraction.backward(data.inputs(), &data.out_gradient, gradients).unwrap();
        [dx, dweights].concat()
    };
    for (added, alone) in run(1.0).iter().zip(run(0.0)) {
        assert_eq!(*added, 1.0 + alone);
    }
}

#[test]
fn nodes_do_not_depend_on_each_other() {
    let Some(contraction) = contraction("5x0e+5x1o", "5x0e+5x1o", 3, 3) else { return };
    let mut data = Data::new(&contraction, 9, 6);
    let (input, output) = (contraction.input().dim(), contraction.output().dim());
    let weights = data.weights.clone();
    let run = |species: &[usize], x: &[f64]| {
        let mut out = vec![0.0; species.len() * output];
        let inputs = ContractionInputs { species, input: x, weights: &weights };
        contraction.forward(inputs, &mut out).unwrap();
        out
    };
    let together = run(&data.species, &data.x);
    for node in 0..9 {
        let alone = run(&data.species[node..=node], &data.x[node * input..][..input]);
        assert_eq!(alone, together[node * output..][..output], "{node}");
    }
    data.x[4 * input] = f64::NAN;
    let with_nan = run(&data.species, &data.x);
    for (index, (before, after)) in together.iter().zip(&with_nan).enumerate() {
        if index / output != 4 {
            assert_eq!(before, after, "{index}");
        }
    }
    assert!(with_nan[4 * output].is_nan());
}

// Equivariance.

#[test]
fn it_is_equivariant() {
    for contraction in cases() {
        let weights = Random::new(1).normals(contraction.num_weights());
        let singles = nearest::<f32>(&weights);
        let species = contraction.num_species() - 1;
        let (input, output) = (contraction.input().clone(), contraction.output().clone());
        let test = Equivariance::new(input, output.clone());
        let report = test
            .of_features(|x| {
                let mut out = vec![0.0; output.dim()];
                let species = &[species];
                let inputs = ContractionInputs { species, input: x, weights: &weights };
                contraction.forward(inputs, &mut out).unwrap();
                out
            })
            .unwrap();
        assert!(report.worst().relative() < 1e-13, "{}: {report}", name(&contraction));
        let report = test
            .of_features(|x| {
                let mut out = vec![0.0; output.dim()];
                let (species, x) = (&[species], nearest::<f32>(x));
                let inputs = ContractionInputs { species, input: &x, weights: &singles };
                contraction.forward(inputs, &mut out).unwrap();
                out.into_iter().map(f64::from).collect()
            })
            .unwrap();
        assert!(report.worst().relative() < 1e-5, "{}: {report}", name(&contraction));
    }
}

// MACE.

fn reference() -> Vec<Value> {
    serde_json::from_str(include_str!("data/mace.json")).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

#[test]
fn weights_of_mace_give_its_values() {
    let mut compared = 0;
    for case in reference() {
        let [input, output] = ["input", "output"].map(|side| case[side].as_str().unwrap());
        let correlation = case["correlation"].as_u64().unwrap() as usize;
        let species: Vec<usize> =
            numbers(&case["species"]).into_iter().map(|species| species as usize).collect();
        let count = species.iter().max().unwrap() + 1;
        let Some(contraction) = contraction(input, output, correlation, count) else { continue };
        let theirs: Vec<Vec<Vec<f64>>> = case["weights"]
            .as_array()
            .unwrap()
            .iter()
            .map(|of_output| of_output.as_array().unwrap().iter().map(numbers).collect())
            .collect();
        let weights = contraction.weights_from_mace(Convention::OldWigner3j, |block, factors| {
            &theirs[block][factors - 1]
        });
        let weights = match weights {
            Err(ContractionError::Coupling(CouplingError::Degree { .. })) => continue,
            weights => weights.unwrap(),
        };
        let expected = numbers(&case["out"]);
        let mut out = vec![0.0; expected.len()];
        let x = numbers(&case["x"]);
        let inputs = ContractionInputs { species: &species, input: &x, weights: &weights };
        contraction.forward(inputs, &mut out).unwrap();
        // Their tables of e3nn have errors of 10⁻¹⁵, and so have sums of up to 55 paths.
        assert_near(input, &out, &expected, 64.0);
        compared += 1;
    }
    assert!(compared == reference().len() || COUPLING_LMAX < 4, "only {compared} compared");
}

#[test]
fn the_basis_of_mace_has_dependent_paths() {
    let Some(contraction) = contraction("1x0e+1x1o+1x2e+1x3o", "1x0e", 3, 1) else { return };
    let conversion = contraction.mace_conversion(0, 3, Convention::OldWigner3j).unwrap();
    assert_eq!((conversion.theirs(), conversion.ours()), (23, 8));
    // Where there is no path MACE keeps one of no effect.
    let none =
        SymmetricContraction::with_unreached(&parsed("2x1o"), &parsed("2x0e"), 1, 1).unwrap();
    let conversion = none.mace_conversion(0, 1, Convention::OldWigner3j).unwrap();
    assert_eq!((conversion.theirs(), conversion.ours()), (1, 0));
    conversion.apply(2, &[1.0, 1.0], &mut []).unwrap();
}

#[test]
fn outputs_without_a_product_are_refused() {
    let error = SymmetricContraction::new(&parsed("8x0e"), &parsed("8x0o"), 3, 1).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no path leads from up to 3 factors `8x0e` to `0o` of the output `8x0o`, expected one to \
         every block: it would be zero whatever the weights; the function `with_unreached` allows it"
    );
}

#[test]
fn tensors_of_another_basis_are_converted() {
    let Some(contraction) = contraction("1x0e+1x1o", "1x0e+1x1o", 3, 1) else { return };
    // Tensors that are not symmetric: all on the rising order of the factors.
    let size = 4_usize;
    for (block, dim) in [(0, 1), (1, 3)] {
        for factors in 1..=3_u32 {
            let of_block: Vec<usize> = (0..contraction.paths().len())
                .filter(|&path| contraction.paths()[path].output == block)
                .filter(|&path| contraction.paths()[path].factors.len() == factors as usize)
                .collect();
            let paths = of_block.len();
            let mut tensors = vec![0.0; dim * size.pow(factors) * paths];
            for (k, &path) in of_block.iter().enumerate() {
                for term in contraction.terms(path).unwrap() {
                    let index = term.factors.iter().fold(term.m, |index, v| index * size + v);
                    tensors[index * paths + k] = (k + 1) as f64 * term.coefficient;
                }
            }
            let conversion =
                contraction.tensor_conversion(block, factors as usize, paths, &tensors).unwrap();
            assert_eq!((conversion.theirs(), conversion.ours()), (paths, paths));
            for (index, share) in conversion.matrix().iter().enumerate() {
                let (row, column) = (index / paths, index % paths);
                let expected = if row == column { (row + 1) as f64 } else { 0.0 };
                assert!((share - expected).abs() < 1e-14, "{block} {factors}: {share}");
            }
        }
    }
    let mut wrong = vec![0.0; 3 * 4];
    wrong[0] = 1.0;
    let error = contraction.tensor_conversion(1, 1, 1, &wrong).unwrap_err();
    let message = "tensor 0 of the other basis is not equivariant: a share of 1e0 is missing, \
                   expected none but rounding";
    assert_eq!(error.to_string(), message);
}

#[test]
fn attributes_that_are_one_hot_are_species() {
    let contraction = contraction("1x0e", "1x0e", 1, 3).unwrap();
    let attributes = [0.0, 1.0, 0.0, 0.0, 0.0, 1.0_f32];
    assert_eq!(contraction.species_of(&attributes), Ok(vec![1, 2]));
    for wrong in [[0.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.5, 0.5, 0.0], [1.0, f64::NAN, 0.0]] {
        let error = contraction.species_of(&wrong).unwrap_err();
        assert_eq!(error, ContractionError::NotOneHot { node: 0 });
    }
    let message = "the slice of the attributes has length 4, expected a multiple of 3";
    assert_eq!(contraction.species_of(&[0.0; 4]).unwrap_err().to_string(), message);
}

// Edges of the definition, and errors.

#[test]
fn nothing_is_no_error() {
    for (input, output) in
        [("", ""), ("0x0e", "0x0e"), ("", "2x0e"), ("2x0e", ""), ("2x0o", "2x1e")]
    {
        let Some(contraction) = contraction(input, output, 3, 1) else { continue };
        let data = Data::new(&contraction, 2, 0);
        let mut out = vec![7.0; data.out_gradient.len()];
        contraction.forward(data.inputs(), &mut out).unwrap();
        assert!(out.iter().all(|&value| value == 0.0), "{input} to {output}");
        let mut dx = vec![0.0; data.x.len()];
        let gradients = ContractionGradients { input: Some(&mut dx), weights: None };
        contraction.backward(data.inputs(), &data.out_gradient, gradients).unwrap();
        assert!(dx.iter().all(|&value| value == 0.0), "{input} to {output}");
    }
    // No species, no node.
    let none = contraction("2x0e", "2x0e", 3, 0).unwrap();
    let inputs = ContractionInputs { species: &[], input: &[], weights: &[] };
    none.forward::<f64>(inputs, &mut []).unwrap();
}

#[test]
fn what_cannot_be_made_says_why() {
    let error = |input: &str, output: &str, correlation, species| {
        let made = SymmetricContraction::with_unreached(
            &parsed(input),
            &parsed(output),
            correlation,
            species,
        );
        made.unwrap_err().to_string()
    };
    assert_eq!(error("1x0e", "1x0e", 0, 1), "the correlation is 0, expected 1 to 4");
    assert_eq!(error("1x0e", "1x0e", 5, 1), "the correlation is 5, expected 1 to 4");
    assert_eq!(
        error("2x0e+1x0o", "2x0e", 2, 1),
        "the input irreps `2x0e+1x0o` have different multiplicities, expected 2 each"
    );
    assert_eq!(
        error("2x0e", "1x0e", 2, 1),
        "the output irreps `1x0e` have different multiplicities, expected 2 each"
    );
    for (input, output, side) in [("1x9o", "1x0e", "input"), ("1x0e", "1x9o", "output")] {
        let expected = above(DegreeLimit::Coupling, 9, &format!(" of `9o` in the {side} irreps"));
        assert_eq!(error(input, output, 2, 1), expected);
    }
    assert_eq!(
        error("2x0e", "2x0e", 1, usize::MAX),
        format!("{} x 1 x 2 weights are more than a usize counts", usize::MAX)
    );
    if COUPLING_LMAX > 0 {
        // Twice the highest degree is on the way to three factors.
        let top = format!("1x{COUPLING_LMAX}e");
        let above = COUPLING_LMAX + 1;
        let message = error(&top, &top, 3, 1);
        assert!(message.contains(&format!("{above}")) && message.contains("above"), "{message}");
    }
}

#[test]
fn arguments_that_do_not_fit_say_what_was_expected() {
    let contraction = contraction("2x0e", "2x0e", 2, 3).unwrap();
    let weights = vec![0.0; contraction.num_weights()];
    let forward = |species: &[usize], input: &[f64], weights: &[f64], out: usize| {
        let mut out = vec![7.0; out];
        let inputs = ContractionInputs { species, input, weights };
        let result = contraction.forward(inputs, &mut out);
        assert!(out.iter().all(|&value| value == 7.0), "written in spite of an error");
        result.unwrap_err().to_string()
    };
    assert_eq!(
        forward(&[0, 1], &[0.0; 3], &weights, 4),
        "the slice of the input has length 3, expected 4"
    );
    assert_eq!(
        forward(&[0, 1], &[0.0; 4], &weights[1..], 4),
        "the slice of the weights has length 11, expected 12"
    );
    assert_eq!(
        forward(&[0, 1], &[0.0; 4], &weights, 5),
        "the slice of the output has length 5, expected 4"
    );
    assert_eq!(
        forward(&[0, 3], &[0.0; 4], &weights, 4),
        "node 1 is of the species 3, expected one below 3"
    );
    let mut dx = [0.0; 3];
    let gradients = ContractionGradients { input: Some(&mut dx[..]), weights: None };
    let inputs = ContractionInputs { species: &[0, 1], input: &[0.0; 4], weights: &weights };
    let error = contraction.backward(inputs, &[0.0; 4], gradients);
    let message = "the slice of the gradient of the input has length 3, expected 4";
    assert_eq!(error.unwrap_err().to_string(), message);
    let along = ContractionCotangents { input: None, weights: Some(&weights[2..]) };
    let none = ContractionGradients::NONE;
    let error = contraction.backward_twice(inputs, &[0.0; 4], along, none, None);
    let message = "the slice of the cotangent of the weights has length 10, expected 12";
    assert_eq!(error.unwrap_err().to_string(), message);

    let of = |output, factors| {
        contraction.mace_conversion(output, factors, Convention::Wigner3j).unwrap_err().to_string()
    };
    assert_eq!(of(1, 1), "block 1 of the output irreps `2x0e`, expected one below 1");
    assert_eq!(of(0, 3), "products of 3 factors, expected 1 to 2");
    assert_eq!(of(0, 0), "products of 0 factors, expected 1 to 2");
    let error = contraction.terms(2).unwrap_err().to_string();
    assert_eq!(error, "path 2, expected one below 2");
    let error = contraction.tensor_conversion(0, 2, 1, &[0.0; 2]).unwrap_err().to_string();
    assert_eq!(error, "the slice of the tensors has length 2, expected 1");
}
