//! What tests of layers on graphs share: a graph, its attributes, a convolution.
#![allow(dead_code, reason = "not every test uses all of it")]

use burn::tensor::Tensor;
use tesseral::graph::Graph;
use tesseral::kernels::{self, CouplingPath, Mode};
use tesseral::nn::{ConvolutionConfig, EdgeAttributes, Init, TensorProduct, WeightedProduct};
use tesseral::radial::Bessel;
use tesseral::{Irreps, LMAX};

use super::layer::irreps;

/// The degree of the harmonics in these tests.
pub const DEGREE: usize = if LMAX < 2 { LMAX } else { 2 };

/// Four nodes with edges both ways, twice, from a node to itself, and none to node 3.
pub fn graph() -> Graph {
    Graph::from_edges(4, &[1, 0, 2, 2, 0, 2, 3, 3], &[0, 1, 1, 1, 2, 2, 0, 1]).unwrap().0
}

pub fn basis() -> Bessel {
    Bessel::new(2, 8.0).unwrap()
}

pub fn attributes(graph: Graph, positions: Tensor<2>) -> EdgeAttributes {
    EdgeAttributes::new(graph, positions, None, DEGREE, basis()).unwrap()
}

pub fn config() -> ConvolutionConfig {
    ConvolutionConfig {
        input: irreps("2x0e + 1x1o"),
        output: irreps("1x0e + 1x1o + 1x1e + 1x2e"),
        lmax: DEGREE,
        basis: 2,
        hidden: vec![3],
        neighbours: 2.0,
    }
}

pub fn full_product(first: &Irreps, second: &Irreps, init: &mut Init) -> TensorProduct {
    let kernel = kernels::TensorProduct::full(first, second, |_| true).unwrap();
    TensorProduct::new(kernel, init)
}

/// Products with given weights: of all paths, of one path of two, and of none.
pub fn weighted_products() -> [WeightedProduct; 3] {
    let (first, second) = (irreps("2x0e + 2x1o"), irreps("1x0e + 1x1o"));
    let all = kernels::TensorProduct::convolution(&first, &second, |irrep| irrep.l <= 1);
    let (one, two) = (Irreps::scalars(1), Irreps::scalars(2));
    let path = CouplingPath::new(0, 0, 0, Mode::Uvu);
    let some = kernels::TensorProduct::new(
        two.clone(),
        one.clone(),
        two.clone(),
        &[path.weighted(), path],
    );
    let none = kernels::TensorProduct::new(two.clone(), one, two, &[path]);
    [all, some, none].map(|kernel| WeightedProduct::new(kernel.unwrap()))
}
