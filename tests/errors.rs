//! Errors and irreps as they are debugged: by a `main` that returns an error, by `unwrap` and by
//! `assert_eq!`.

use std::error::Error;

use tesseral::coupling::Tensor;
use tesseral::equivariance::Equivariance;
use tesseral::graph::{Graph, GraphError, SelfEdges};
use tesseral::irreps::{Irrep, MulIrrep};
use tesseral::kernels::cartesian::CartesianTensor;
use tesseral::kernels::symmetric_contraction::SymmetricContraction;
use tesseral::kernels::{Activation, ScalarFunction, SecondMoment, TensorProduct};
use tesseral::radial::Bessel;
use tesseral::sh::Harmonics;
use tesseral::{Irreps, LMAX, wigner};

fn irreps(text: &str) -> Irreps {
    text.parse().expect(text)
}

/// Asserts that a result is an error whose `Debug` is its text, in both forms of `Debug`.
#[track_caller]
fn assert_debugged<T, E: Error>(result: Result<T, E>) {
    let error = result.err().expect("an error");
    assert!(!error.to_string().is_empty());
    assert_eq!(format!("{error:?}"), error.to_string());
    assert_eq!(format!("{error:#?}"), error.to_string());
}

#[test]
fn errors_are_debugged_as_their_text() {
    let solid = Harmonics::SOLID;
    let scalar = irreps("0e");
    let silu = [Some(ScalarFunction::SILU)];
    assert_debugged(solid.degree(0, [0.0, 0.0, 1.0], &mut [0.0; 4]));
    assert_debugged(solid.batch(0..=LMAX + 1));
    assert_debugged(wigner::generators(LMAX + 1));
    assert_debugged(Tensor::new(0, 0, usize::MAX));
    assert_debugged("8x0f".parse::<Irreps>());
    assert_debugged(Graph::within_radius(&[[f64::NAN; 3]], 1.0, SelfEdges::Without));
    assert_debugged(Bessel::new(8, -5.0));
    assert_debugged(TensorProduct::elementwise(&scalar, &irreps("2x0e"), |_| true));
    assert_debugged(SymmetricContraction::new(&scalar, &scalar, 5, 1));
    assert_debugged(Activation::new(irreps("1o"), &silu, SecondMoment::One));
    assert_debugged(CartesianTensor::new("ij=jk"));
    assert_debugged(Equivariance::new(scalar.clone(), scalar).of_features(|_| Vec::new()));
}

#[test]
fn errors_that_others_carry_are_debugged_as_their_text() {
    let Err(wigner::WignerError::Degree(degree)) = wigner::generators(LMAX + 1) else {
        panic!("degrees above LMAX have no generators")
    };
    assert_debugged::<(), _>(Err(degree));
    let graph = Graph::complete(2, SelfEdges::Without);
    let Err(GraphError::Length(length)) = graph.displacements(&[[0.0; 3]]) else {
        panic!("two nodes have two positions")
    };
    assert_debugged::<(), _>(Err(length));
}

#[test]
fn a_main_that_returns_an_error_prints_its_text() {
    fn main() -> Result<(), Box<dyn Error>> {
        Ok(Harmonics::SOLID.degree(0, [0.0; 3], &mut [0.0; 4])?)
    }
    // The runtime prints it after `Error: `.
    let printed = format!("{:?}", main().expect_err("a slice that is too long"));
    assert_eq!(printed, "the slice of values has length 4, expected 1");
}

#[test]
fn irreps_are_debugged_as_their_text() {
    let (vector, block): (Irrep, MulIrrep) = ("1o".parse().unwrap(), "4x1o".parse().unwrap());
    assert_eq!(format!("{vector:?} {block:?}"), "\"1o\" \"4x1o\"");
    assert_eq!(format!("{:?}", irreps("8x0e + 4x1o")), "\"8x0e+4x1o\"");
    assert_eq!(format!("{:?}", [irreps(""), irreps("0e")]), "[\"\", \"1x0e\"]");
}
