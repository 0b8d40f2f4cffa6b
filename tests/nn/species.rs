//! Species of nodes: embeddings, energies of atoms, and linear maps that depend on them.

#[path = "common/layer.rs"]
mod layer;

use burn::tensor::{DType, Device, Tensor};
use layer::{
    Layer, assert_close, assert_equivariant, features, irreps, normal, refused, tensor, values,
};
use tesseral::graph::{Batch, Graph, SelfEdges};
use tesseral::kernels;
use tesseral::nn::{
    Dual, Init, Linear, Species, SpeciesEmbedding, SpeciesLinear, SymmetricContraction,
    TensorProduct, WeightedProduct,
};

fn species() -> Species {
    Species::new([2, 0, 2, 1], 4).unwrap()
}

fn maps() -> [&'static str; 2] {
    ["3x0e+2x1o+1x2e", "2x0e+3x1o+2x2e"]
}

#[test]
fn a_linear_map_of_each_species_has_exact_derivatives() {
    let [input, output] = maps().map(irreps);
    Layer {
        name: "linear map by species",
        make: |init: &mut Init| SpeciesLinear::new(&input, &output, 4, init).unwrap(),
        inputs: vec![normal([4, input.dim()], 1)],
        forward: |layer: &SpeciesLinear, x: &[Tensor<2>]| {
            layer.forward(&features(&input, &x[0]), &species()).unwrap().into_values()
        },
    }
    .check();
    Layer {
        name: "embedding",
        make: |init: &mut Init| SpeciesEmbedding::new(4, 3, init),
        inputs: Vec::new(),
        forward: |layer: &SpeciesEmbedding, _: &[Tensor<2>]| {
            layer.forward(&species()).unwrap().into_values()
        },
    }
    .check();
}

#[test]
fn the_derivative_of_the_map_is_the_map_of_the_derivative() {
    let [input, output] = maps().map(irreps);
    let device = Device::flex();
    let init = &mut Init::new(1, &device).with_dtype(DType::F64).unwrap();
    let layer = SpeciesLinear::new(&input, &output, 4, init).unwrap();
    let rows = |seed| {
        tensor(&normal([4, input.dim()], seed).values, [4, input.dim()], DType::F64, &device)
    };
    let along = layer.forward(&features(&input, &rows(2)), &species()).unwrap();
    let dual = Dual::new(features(&input, &rows(1)), rows(2)).unwrap();
    let found = layer.forward_dual(&dual, &species()).unwrap().tangent();
    assert_eq!(values(&found), values(along.values()));
}

#[test]
fn maps_by_species_are_equivariant() {
    let [one, out] = maps().map(irreps);
    let four = |irreps| &(irreps + irreps) + &(irreps + irreps);
    assert_equivariant("linear map by species", &four(&one), &four(&out), |dtype, x| {
        let init = &mut Init::new(1, &Device::flex()).with_dtype(dtype).unwrap();
        let layer = SpeciesLinear::new(&one, &out, 4, init).unwrap();
        let x = tensor(x, [4, one.dim()], dtype, &Device::flex());
        values(layer.forward(&features(&one, &x), &species()).unwrap().values())
    });
}

#[test]
fn one_hot_features_have_the_type_asked_for() {
    for dtype in [DType::F32, DType::F64] {
        let found = species().one_hot((&Device::flex(), dtype));
        assert_eq!(found.values().dtype(), dtype);
        let rows = [0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0];
        assert_eq!(values(found.values()), rows);
    }
    assert_eq!(Species::new([], 0).unwrap().one_hot(&Device::flex()).values().dims(), [0, 0]);
}

/// Of structures that all have one composition only sums are known.
#[test]
fn energies_of_species_are_those_of_least_squares() {
    let batch = |sizes: &[usize]| {
        let graphs = sizes.iter().map(|n| Graph::complete(*n, SelfEdges::Without));
        Batch::new(&graphs.collect::<Vec<_>>())
    };
    let water = Species::new([0, 0, 1, 0, 1, 0], 3).unwrap();
    let found = water.fit_energies(&batch(&[3, 3]), &[-10.0, -20.0]).unwrap();
    // The mean is -15 = 2 E0 + E1, and the shortest solution is along (2, 1); nothing is of species 2.
    assert_close("energies", &found, &[-6.0, -3.0, 0.0], 1e-14);
    // More structures than species, which do not agree.
    let atoms = Species::new([0, 0, 0, 1, 1], 2).unwrap();
    let found = atoms.fit_energies(&batch(&[1, 1, 2, 1]), &[1.0, 3.0, 7.0, 5.0]).unwrap();
    // The gradients 2 E0 - 4 + (E0 + E1 - 7) and (E0 + E1 - 7) + E1 - 5 are zero.
    assert_close("energies", &found, &[2.0, 5.0], 1e-14);
    assert_eq!(Species::new([], 2).unwrap().fit_energies(&batch(&[]), &[]).unwrap(), [0.0, 0.0]);
    assert_eq!(
        refused(water.fit_energies(&batch(&[3]), &[1.0])),
        "the slice of species has length 6, expected 3"
    );
    assert_eq!(
        refused(water.fit_energies(&batch(&[3, 3]), &[1.0])),
        "the slice of energies has length 1, expected 2"
    );
}

#[test]
fn species_that_do_not_fit_are_refused() {
    let init = &mut Init::new(1, &Device::flex());
    let message = "node 1 is of the species 3, expected one below 3";
    assert_eq!(refused(Species::new([0, 3], 3)), message);
    // The two arguments the other way round.
    let message = "the table names the element 1 twice, expected each once: [8, 1, 1]";
    assert_eq!(refused(Species::from_table(&[8, 1, 1], &[1, 8])), message);
    let many = SpeciesLinear::new(&irreps("2x0e"), &irreps("2x0e"), usize::MAX, init);
    assert!(refused(many).ends_with("species of 4 weights are more than a usize counts"));
    let three = Species::new([0, 2], 3).unwrap();
    let message = "`SpeciesEmbedding`: nodes are of 3 species, expected 4";
    assert_eq!(refused(SpeciesEmbedding::new(4, 2, init).forward(&three)), message);
    let scalars = irreps("2x0e");
    let layer = SpeciesLinear::new(&scalars, &scalars, 4, init).unwrap();
    let x = features(&scalars, &Tensor::zeros([2, 2], &Device::flex()));
    let message = "`SpeciesLinear`: nodes are of 3 species, expected 4";
    assert_eq!(refused(layer.forward(&x, &three)), message);
    let message = "`SpeciesLinear`: the input has the shape [2, 2], expected [4, 2]";
    assert_eq!(refused(layer.forward(&x, &species())), message);
    assert_eq!(
        refused(layer.with_weights(vec![0.0; 3], init)),
        "the slice of the weights has length 3, expected 16"
    );
    let unreached = refused(SpeciesLinear::new(&scalars, &irreps("1x1o"), 4, init));
    assert!(unreached.starts_with("no path leads from `2x0e` to `1o`"), "{unreached}");
}

/// Of every layer with paths; the other layers reach all their outputs.
#[test]
fn layers_know_which_outputs_they_reach() {
    let init = &mut Init::new(1, &Device::flex());
    let (even, both) = (irreps("1x0e"), irreps("1x0e+1x0o"));
    let expected = [true, false];
    let linear = Linear::with_unreached(&even, &both, false, init).unwrap();
    assert_eq!(linear.output_mask(), expected);
    let linear = SpeciesLinear::with_unreached(&even, &both, 2, init).unwrap();
    assert_eq!(linear.output_mask(), expected);
    let product = || kernels::TensorProduct::with_unreached(&even, &even, &both).unwrap();
    assert_eq!(TensorProduct::new(product(), init).output_mask(), expected);
    assert_eq!(WeightedProduct::new(product()).output_mask(), expected);
    let kernel =
        kernels::symmetric_contraction::SymmetricContraction::with_unreached(&even, &both, 2, 1);
    let contraction = SymmetricContraction::of_kernel(kernel.unwrap(), init);
    assert_eq!(contraction.output_mask(), expected);
}
