//! Cartesian tensors and irreps: values, round trips, equivariance, formulas.

use nalgebra::{DMatrix, DVector};
use tesseral::coupling::{COUPLING_LMAX, CouplingError, Tensor};
use tesseral::equivariance::Random;
use tesseral::kernels::cartesian::{CartesianError, CartesianTensor};
use tesseral::wigner::{self, Orthogonal};
use tesseral::{LMAX, Parity, sh};

/// Formulas and their irreps (e3nn's `CartesianTensor` has the same).
const FORMULAS: [(&str, &str); 16] = [
    ("i", "1x1o"),
    ("ij", "1x0e+1x1e+1x2e"),
    ("ij=ji", "1x0e+1x2e"),
    ("ij=-ji", "1x1e"),
    ("ijk", "1x0o+3x1o+2x2o+1x3o"),
    ("ijk=jik", "2x1o+1x2o+1x3o"),
    ("ijk=jik=kij", "1x1o+1x3o"),
    ("ijk=-jik=-ikj", "1x0o"),
    ("ijk=-jik", "1x0o+1x1o+1x2o"),
    ("ijk=kij", "1x0o+1x1o+1x3o"),
    ("ij=ji=-ji", ""),
    ("ijkl", "3x0e+6x1e+6x2e+3x3e+1x4e"),
    ("ijkl=jikl=klij", "2x0e+2x2e+1x4e"),
    ("ijkl=-jikl=-ijlk=klij", "1x0e+1x2e"),
    ("ijkl=jikl=ikjl=ijlk", "1x0e+1x2e+1x4e"),
    ("zyx = xyz", "2x1o+1x2o+1x3o"),
];

/// The tensor, unless this build lacks its degrees.
fn tensor(formula: &str) -> Option<CartesianTensor> {
    match CartesianTensor::new(formula) {
        Err(CartesianError::Coupling(CouplingError::Degree { .. })) => None,
        tensor => Some(tensor.unwrap()).filter(|tensor| tensor.irreps().lmax() <= Some(LMAX)),
    }
}

fn tensors() -> impl Iterator<Item = (CartesianTensor, &'static str)> {
    FORMULAS.into_iter().filter_map(|(formula, irreps)| Some((tensor(formula)?, irreps)))
}

fn to_irreps(tensor: &CartesianTensor, components: &[f64]) -> Vec<f64> {
    let rows = components.len() / tensor.dim();
    let mut out = vec![7.0; rows * tensor.irreps().dim()];
    tensor.to_irreps(components, &mut out).unwrap();
    out
}

fn from_irreps(tensor: &CartesianTensor, irreps: &[f64], rows: usize) -> Vec<f64> {
    let mut out = vec![7.0; rows * tensor.dim()];
    tensor.from_irreps(irreps, &mut out).unwrap();
    out
}

fn assert_near(what: &str, found: &[f64], expected: &[f64], bound: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let error = (found - expected).abs();
        assert!(error <= bound, "{what} at {index}: {found}, expected {expected}");
    }
}

#[test]
fn formulas_have_their_irreps() {
    for (tensor, irreps) in tensors() {
        assert_eq!(tensor.irreps().to_string(), irreps, "{}", tensor.formula());
    }
    if let Ok(axial) = CartesianTensor::of_vectors("ijk=jik=kij", Parity::Even) {
        assert_eq!(axial.irreps().to_string(), "1x1e+1x3e");
    }
}

#[test]
fn the_change_of_basis_is_orthonormal() {
    for (tensor, _) in tensors() {
        let size = tensor.irreps().dim();
        let matrix = DMatrix::from_row_slice(size, tensor.dim(), &tensor.matrix());
        let product = &matrix * matrix.transpose();
        // Entries are correctly rounded roots, up to 81 in a row.
        let identity = DMatrix::identity(size, size);
        let bound = 4.0 * f64::EPSILON;
        assert_near(tensor.formula(), product.as_slice(), identity.as_slice(), bound);
        for &entry in matrix.iter().filter(|entry| **entry != 0.0) {
            assert!(entry.abs() > 1e-3, "{}: {entry} is rounding", tensor.formula());
        }
    }
}

#[test]
fn irreps_come_back() {
    for (tensor, _) in tensors() {
        let irreps = Random::new(1).normals(3 * tensor.irreps().dim());
        let components = from_irreps(&tensor, &irreps, 3);
        assert_near(tensor.formula(), &to_irreps(&tensor, &components), &irreps, 1e-14);
    }
}

#[test]
fn tensors_have_the_symmetry() {
    let Some(elastic) = tensor("ijkl=jikl=klij") else { return };
    let t = from_irreps(&elastic, &Random::new(2).normals(21), 1);
    let at = |[i, j, k, l]: [usize; 4]| t[((i * 3 + j) * 3 + k) * 3 + l];
    for index in 0..81 {
        let [i, j, k, l] = [index / 27, index / 9 % 3, index / 3 % 3, index % 3];
        let value = at([i, j, k, l]);
        for other in [[j, i, k, l], [k, l, i, j], [i, j, l, k], [l, k, j, i]] {
            assert!((at(other) - value).abs() < 1e-15, "{i}{j}{k}{l} {other:?}");
        }
    }
    let Some(antisymmetric) = tensor("ij=-ji") else { return };
    let t = from_irreps(&antisymmetric, &[1.0, 2.0, 3.0], 1);
    for (i, j) in [(0, 0), (0, 1), (1, 2), (2, 0)] {
        assert_eq!(t[3 * i + j], -t[3 * j + i]);
    }
}

#[test]
fn a_stress_has_known_irreps() {
    let Some(stress) = tensor("ij=ji") else { return };
    let [xx, xy, xz, yy, yz, zz] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    let found = to_irreps(&stress, &[xx, xy, xz, xy, yy, yz, xz, yz, zz]);
    let root = f64::sqrt;
    let expected = [
        (xx + yy + zz) / root(3.0),
        root(2.0) * xy,
        root(2.0) * yz,
        (2.0 * zz - xx - yy) / root(6.0),
        root(2.0) * xz,
        (xx - yy) / root(2.0),
    ];
    assert_near("stress", &found, &expected, 4e-15);
    // A pressure has only a trace, and it is exact.
    let pressure = to_irreps(&stress, &[2.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 2.0]);
    assert_eq!(pressure[1..], [0.0; 5]);
}

#[test]
fn an_antisymmetric_tensor_is_its_dual_vector() {
    let Some(antisymmetric) = tensor("ij=-ji") else { return };
    let [x, y, z] = [1.0, 2.0, 3.0];
    // T_ij = ε_ijk v_k.
    let found = to_irreps(&antisymmetric, &[0.0, z, -y, -z, 0.0, x, y, -x, 0.0]);
    let expected = [y, z, x].map(|component| component * 2.0_f64.sqrt());
    assert_near("dual vector", &found, &expected, 2e-15);
}

#[test]
fn powers_of_a_vector_are_harmonics() {
    let r = [0.36, 0.48, 0.8];
    for (formula, l) in
        [("i", 1_usize), ("ij=ji", 2), ("ijk=jik=kij", 3), ("ijkl=jikl=ikjl=ijlk", 4)]
    {
        let Some(tensor) = tensor(formula).filter(|_| l <= LMAX) else { continue };
        let power: Vec<f64> = (0..tensor.dim())
            .map(|index| (0..l as u32).map(|place| r[index / 3_usize.pow(place) % 3]).product())
            .collect();
        let irreps = to_irreps(&tensor, &power);
        let top = &irreps[irreps.len() - (2 * l + 1)..];
        let mut harmonics = vec![0.0; (l + 1) * (l + 1)];
        let batch = sh::Harmonics::SOLID.batch(0..=l).unwrap();
        batch.values(&[r], &mut harmonics).unwrap();
        let harmonics = &harmonics[l * l..];
        // √(4π l!/(2l + 1)!!).
        let factor = (1..=l)
            .fold(4.0 * std::f64::consts::PI, |factor, k| factor * k as f64 / (2 * k + 1) as f64);
        let expected: Vec<f64> = harmonics.iter().map(|y| y * factor.sqrt()).collect();
        assert_near(formula, top, &expected, 1e-15);
    }
}

#[test]
fn two_indices_are_coupled_by_the_tensors() {
    let Some(tensor) = tensor("ij") else { return };
    let matrix = tensor.matrix();
    for l in 0..=2_usize {
        for entry in Tensor::new(1, 1, l).unwrap().nonzeros() {
            let [a, b, m] = entry.m.map(i32::from);
            let axis = |m: i32| [1, 2, 0][(m + 1) as usize];
            let row = (l * l + l) as i32 + m;
            let found = matrix[row as usize * 9 + 3 * axis(a) + axis(b)];
            assert!((found - entry.value).abs() <= f64::EPSILON / 2.0, "{l}: {:?}", entry.m);
        }
    }
}

/// R applied to every index.
fn turned(components: &[f64], rank: u32, r: [[f64; 3]; 3]) -> Vec<f64> {
    let mut result = components.to_vec();
    for place in 0..rank {
        let stride = 3_usize.pow(place);
        let before = result.clone();
        for (index, value) in result.iter_mut().enumerate() {
            let axis = index / stride % 3;
            let base = index - axis * stride;
            *value = (0..3).map(|other| r[axis][other] * before[base + other * stride]).sum();
        }
    }
    result
}

#[test]
fn it_is_equivariant() {
    for (tensor, _) in tensors() {
        let mut random = Random::new(3);
        for operation in [random.rotation(), random.rotation().inverted()] {
            check_equivariance(&tensor, operation);
        }
    }
}

fn check_equivariance(tensor: &CartesianTensor, operation: Orthogonal<f64>) {
    let components = Random::new(4).normals(tensor.dim());
    let moved = turned(&components, tensor.rank() as u32, operation.matrix());
    let d = wigner::d_irreps(tensor.irreps(), operation).unwrap();
    let expected = d * DVector::from_vec(to_irreps(tensor, &components));
    assert_near(tensor.formula(), &to_irreps(tensor, &moved), expected.as_slice(), 2e-14);
}

#[test]
fn each_direction_is_the_transpose_of_the_other() {
    for (tensor, _) in tensors() {
        let mut random = Random::new(5);
        let (t, y) = (random.normals(tensor.dim()), random.normals(tensor.irreps().dim()));
        let forward: f64 = to_irreps(&tensor, &t).iter().zip(&y).map(|(a, b)| a * b).sum();
        let backward: f64 = from_irreps(&tensor, &y, 1).iter().zip(&t).map(|(a, b)| a * b).sum();
        assert!((forward - backward).abs() < 1e-13, "{}", tensor.formula());
    }
}

#[test]
fn single_precision_is_as_exact_as_it_can_be() {
    for (tensor, _) in tensors() {
        let components = Random::new(6).normals(tensor.dim());
        let singles: Vec<f32> = components.iter().map(|&value| value as f32).collect();
        let mut out = vec![0.0_f32; tensor.irreps().dim()];
        tensor.to_irreps(&singles, &mut out).unwrap();
        let out: Vec<f64> = out.into_iter().map(f64::from).collect();
        let bound = 16.0 * f64::from(f32::EPSILON);
        assert_near(tensor.formula(), &out, &to_irreps(&tensor, &components), bound);
    }
}

#[test]
fn formulas_that_are_none_say_why() {
    let message = |formula: &str| CartesianTensor::new(formula).unwrap_err().to_string();
    assert_eq!(message(""), "formula ``: `` has 0 indices, expected 1 to 4");
    assert_eq!(message("ij="), "formula `ij=`: `` has 0 indices, expected 1 to 4");
    assert_eq!(message("abcde"), "formula `abcde`: `abcde` has 5 indices, expected 1 to 4");
    assert_eq!(message("iJ"), "formula `iJ`: `J` in `iJ` is no index: expected letters a to z");
    assert_eq!(
        message("-ij=ji"),
        "formula `-ij=ji`: `-` in `-ij` is no index: expected letters a to z"
    );
    assert_eq!(message("ii"), "formula `ii`: the index `i` is twice in `ii`, expected each once");
    assert_eq!(
        message("ij=jj"),
        "formula `ij=jj`: the index `j` is twice in `jj`, expected each once"
    );
    assert_eq!(message("ij=jk"), "formula `ij=jk`: found `jk`, expected a permutation of `ij`");
    assert_eq!(message("ij=i"), "formula `ij=i`: found `i`, expected a permutation of `ij`");
    assert_eq!(message("ij=jik"), "formula `ij=jik`: found `jik`, expected a permutation of `ij`");
    if COUPLING_LMAX < 4 {
        let above = matches!(
            CartesianTensor::new("ijkl"),
            Err(CartesianError::Coupling(CouplingError::Degree { .. }))
        );
        assert!(above);
    }
}

#[test]
fn slices_that_do_not_fit_say_what_was_expected() {
    let vector = CartesianTensor::new("i").unwrap();
    let mut out = [7.0; 3];
    let error = vector.to_irreps(&[1.0; 4], &mut out).unwrap_err().to_string();
    assert_eq!(error, "the slice of the tensors has length 4, expected a multiple of 3");
    let error = vector.to_irreps(&[1.0; 6], &mut out).unwrap_err().to_string();
    assert_eq!(error, "the slice of the irreps has length 3, expected 6");
    let error = vector.from_irreps(&[1.0; 2], &mut out).unwrap_err().to_string();
    assert_eq!(error, "the slice of the irreps has length 2, expected 3");
    assert_eq!(out, [7.0; 3]);
    vector.to_irreps::<f64>(&[], &mut []).unwrap();
}
