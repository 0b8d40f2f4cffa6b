//! The linear map with weights of each species: against the product with one-hot vectors, its
//! derivatives against those of single rows, and errors.

use tesseral::Irreps;
use tesseral::coupling::COUPLING_LMAX;
use tesseral::equivariance::Random;
use tesseral::kernels::{
    Linear, LinearCotangents, LinearGradients, LinearInputs, Pairing, ProductInputs, SpeciesInputs,
    SpeciesLinear, TensorProduct,
};

fn parsed(text: &str) -> Irreps {
    text.parse().unwrap()
}

/// Species in any order, one without rows, and one whose rows are one run.
const SPECIES: [usize; 9] = [4, 0, 1, 1, 0, 4, 3, 3, 0];
const COUNT: usize = 5;

struct Case {
    map: SpeciesLinear,
    x: Vec<f64>,
    parameters: Vec<f64>,
}

fn case(input: &str, output: &str, biases: bool) -> Case {
    let map = Linear::with_unreached(parsed(input), parsed(output), biases).unwrap();
    let map = SpeciesLinear::new(map, COUNT).unwrap();
    let mut random = Random::new(7);
    let x = random.normals(SPECIES.len() * map.map().input().dim());
    let parameters = random.normals(map.num_parameters());
    Case { map, x, parameters }
}

/// Blocks that are joined and one that nothing reaches, with and without biases; nothing at all.
fn cases() -> Vec<Case> {
    let irreps = [("2x0e+3x1o+1x0e", "3x0e+2x1o+1x0o"), ("", "2x0e"), ("2x0e", "")];
    let both = |(input, output)| [true, false].map(|biases| case(input, output, biases));
    irreps.into_iter().flat_map(both).collect()
}

impl Case {
    fn inputs(&self) -> SpeciesInputs<'_, f64> {
        SpeciesInputs { species: &SPECIES, input: &self.x, parameters: &self.parameters }
    }

    /// Calls `f` with the numbers of a row and of its species in arrays of the length of x, z and parameters.
    fn for_each_row(&self, mut f: impl FnMut([std::ops::Range<usize>; 3])) {
        let map = self.map.map();
        let [dx, dz] = [map.input().dim(), map.output().dim()];
        let own = map.num_weights() + map.num_biases();
        for (row, species) in SPECIES.iter().enumerate() {
            let part = |at: usize, size: usize| at * size..(at + 1) * size;
            f([part(row, dx), part(row, dz), part(*species, own)]);
        }
    }
}

#[test]
fn a_product_with_one_hot_vectors_is_the_same() {
    // Those degrees that this build can couple.
    let [input, output] =
        ["2x0e+3x1o+1x0e", "3x0e+2x1o+1x0e"].map(|text| parsed(text).filter_lmax(COUPLING_LMAX));
    let map = SpeciesLinear::new(Linear::new(input.clone(), output.clone(), false), COUNT).unwrap();
    let one_hot = Irreps::scalars(COUNT);
    let product = TensorProduct::fully_connected(&input, &one_hot, &output).unwrap();
    let mut random = Random::new(3);
    let (x, weights) =
        (random.normals(SPECIES.len() * input.dim()), random.normals(product.num_weights()));
    let mut attributes = vec![0.0; SPECIES.len() * COUNT];
    for (row, species) in attributes.chunks_exact_mut(COUNT).zip(SPECIES) {
        row[species] = 1.0;
    }
    let mut expected = vec![0.0; SPECIES.len() * output.dim()];
    let pairing = Pairing::RowByRow { rows: SPECIES.len() };
    let inputs = ProductInputs { pairing, first: &x, second: &attributes, weights: &weights };
    product.forward(inputs, &mut expected).unwrap();

    let parameters = map.parameters_from_e3nn(&weights).unwrap();
    let mut found = vec![5.0; expected.len()];
    let inputs = SpeciesInputs { species: &SPECIES, input: &x, parameters: &parameters };
    map.forward(inputs, &mut found).unwrap();
    // Sums of at most three terms, in another order.
    for (found, expected) in found.iter().zip(&expected) {
        assert!((found - expected).abs() < 8.0 * f64::EPSILON, "{found:e}, expected {expected:e}");
    }
}

#[test]
fn every_row_is_mapped_by_its_species() {
    for case in cases() {
        let size = case.map.map().output().dim();
        let mut found = vec![5.0; SPECIES.len() * size];
        case.map.forward(case.inputs(), &mut found).unwrap();
        let mut expected = vec![5.0; found.len()];
        case.for_each_row(|[x, z, p]| {
            let inputs = LinearInputs { input: &case.x[x], parameters: &case.parameters[p] };
            case.map.map().forward(inputs, &mut expected[z]).unwrap();
        });
        assert_eq!(found, expected);
    }
}

#[test]
fn both_derivatives_are_those_of_rows() {
    for case in cases() {
        let map = case.map.map();
        let mut random = Random::new(8);
        let dz = random.normals(SPECIES.len() * map.output().dim());
        let (ax, ap) = (random.normals(case.x.len()), random.normals(case.parameters.len()));
        // Gradients are added to.
        let start = |like: &[f64]| vec![2.0; like.len()];
        let fresh = || [start(&case.x), start(&case.parameters), start(&dz)];

        let [mut dx, mut dp, _] = fresh();
        let gradients = LinearGradients { input: Some(&mut dx), parameters: Some(&mut dp) };
        case.map.backward(case.inputs(), &dz, gradients).unwrap();
        let [mut ddx, mut ddp, mut ddz] = fresh();
        let gradients = LinearGradients { input: Some(&mut ddx), parameters: Some(&mut ddp) };
        let along = LinearCotangents { input: Some(&ax), parameters: Some(&ap) };
        case.map.backward_twice(case.inputs(), &dz, along, gradients, Some(&mut ddz)).unwrap();

        let [mut first, mut second] = [fresh(), fresh()];
        case.for_each_row(|[x, z, p]| {
            let inputs =
                LinearInputs { input: &case.x[x.clone()], parameters: &case.parameters[p.clone()] };
            let dz = &dz[z.clone()];
            let [dx, dp, _] = &mut first;
            let (dx, dp) = (Some(&mut dx[x.clone()]), Some(&mut dp[p.clone()]));
            map.backward(inputs, dz, LinearGradients { input: dx, parameters: dp }).unwrap();
            let [dx, dp, ddz] = &mut second;
            let (dx, dp) = (Some(&mut dx[x.clone()]), Some(&mut dp[p.clone()]));
            let gradients = LinearGradients { input: dx, parameters: dp };
            let along = LinearCotangents { input: Some(&ax[x]), parameters: Some(&ap[p]) };
            map.backward_twice(inputs, dz, along, gradients, Some(&mut ddz[z])).unwrap();
        });
        let all = [[dx, dp, dz.clone()], [ddx, ddp, ddz]];
        first[2] = dz;
        for (found, expected) in all.iter().flatten().zip([first, second].iter().flatten()) {
            // Sums over three rows, in another order.
            for (found, expected) in found.iter().zip(expected) {
                let error = (found - expected).abs();
                assert!(error < 32.0 * f64::EPSILON, "{found:e}, expected {expected:e}");
            }
        }
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let case = case("2x0e", "1x0e", false);
    let mut z = vec![0.0; SPECIES.len()];
    let refused = |inputs, z: &mut [f64]| case.map.forward(inputs, z).unwrap_err().to_string();
    let inputs = SpeciesInputs { species: &[0, 5], input: &case.x[..4], ..case.inputs() };
    assert_eq!(refused(inputs, &mut z[..2]), "row 1 is of the species 5, expected one below 5");
    let inputs = SpeciesInputs { species: &SPECIES[1..], ..case.inputs() };
    assert_eq!(refused(inputs, &mut z[1..]), "the slice of the input has length 18, expected 16");
    let inputs = SpeciesInputs { parameters: &case.parameters[1..], ..case.inputs() };
    let message = "the slice of the parameters has length 9, expected 10";
    assert_eq!(refused(inputs, &mut z), message);
    let message = "the slice of the output has length 8, expected 9";
    assert_eq!(refused(case.inputs(), &mut z[1..]), message);
    let with_biases = self::case("2x0e", "1x0e", true).map;
    let error = with_biases.parameters_from_e3nn(&[1.0; 10]).unwrap_err();
    let message =
        "the map has 1 biases, expected none: e3nn's product with one-hot vectors has none";
    assert_eq!(error.to_string(), message);
    let map = Linear::new(parsed("2x0e"), parsed("1x0e"), false);
    let error = SpeciesLinear::new(map, usize::MAX).unwrap_err();
    let message = format!("{} species of 2 weights are more than a usize counts", usize::MAX);
    assert_eq!(error.to_string(), message);
    let error = case.map.parameters_from_e3nn(&[1.0]).unwrap_err();
    assert_eq!(error.to_string(), "the slice of the weights has length 1, expected 10");
}
