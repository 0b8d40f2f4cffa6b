//! Wigner matrices of many rotations: values against the recursion of one rotation in twice the
//! digits, derivatives against products with generators, the action on features against
//! block-diagonal matrices; layouts, paths and bad input.

mod common {
    pub mod degrees;
    #[expect(dead_code, reason = "other tests take square roots and powers")]
    pub mod double_double;
    pub mod precision;
    pub mod rotations;
}

use common::degrees::above;
use common::double_double::DoubleDouble;
use common::precision::Precision;
use common::rotations;
use nalgebra::{DMatrix, DVector, RealField};
use tesseral::error::DegreeLimit;
use tesseral::simd::Path;
use tesseral::wigner::batch::{Action, Batch, Layout};
use tesseral::wigner::{self, Orthogonal};
use tesseral::{Irreps, LMAX, Number};

type Rotation<T> = [[T; 3]; 3];

/// Rotations, and every third followed by the inversion.
fn operations<T: Precision + RealField>(seed: u64, n: usize) -> Vec<Orthogonal<T>> {
    let mut random = fastrand::Rng::with_seed(seed);
    let operation = |index: usize| {
        let rotation = rotations::random::<T>(&mut random);
        if index % 3 == 2 { rotations::improper(rotation) } else { rotation.into() }
    };
    (0..n).map(operation).collect()
}

fn matrices_of<T: Precision + RealField>(operations: &[Orthogonal<T>]) -> Vec<Rotation<T>> {
    operations.iter().map(Orthogonal::matrix).collect()
}

fn numbers<T: Precision>(seed: u64, n: usize) -> Vec<T> {
    let mut random = fastrand::Rng::with_seed(seed);
    (0..n).map(|_| T::nearest(2.0 * random.f64() - 1.0)).collect()
}

fn matrices<T: Number>(batch: Batch, rotations: &[Rotation<T>]) -> Vec<T> {
    let mut matrices = vec![T::constant(9.0, 9.0); batch.length::<T>(rotations.len())];
    batch.matrices(rotations, &mut matrices).unwrap();
    matrices
}

/// Asserts that numbers are near f64 ones.
#[track_caller]
fn assert_near<T: Precision>(what: &str, found: &[T], expected: &[f64], bound: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (index, (&found, &expected)) in found.iter().zip(expected).enumerate() {
        let error = (found.into() - expected).abs() / T::EPSILON;
        assert!(error <= bound, "{what}, entry {index}: {found:?}, not {expected}: {error} ε");
    }
}

/// D_l of operations in f64, one after the other.
fn dense(operations: &[Orthogonal<f64>], l: usize) -> Vec<DMatrix<f64>> {
    operations.iter().map(|&operation| wigner::d(l, operation).unwrap()).collect()
}

fn check_values<T: Precision + Number + RealField>(path: Path) {
    let rotations = matrices_of(&operations::<T>(1, 37));
    let found = matrices(Batch::new(0..=LMAX).unwrap().on(path), &rotations);
    let size = wigner::all_len(LMAX);
    for (rotation, found) in rotations.iter().zip(found.chunks_exact(size)) {
        let exact = rotation.map(|row| row.map(|entry| DoubleDouble::from(entry.into())));
        let mut expected = vec![DoubleDouble::from(0.0); size];
        wigner::all_into(LMAX, exact, &mut expected).unwrap();
        for l in 0..=LMAX {
            let range = wigner::all_len(l) - (2 * l + 1).pow(2)..wigner::all_len(l);
            for (&found, expected) in found[range.clone()].iter().zip(&expected[range]) {
                let error = expected.distance(found.into()) / T::EPSILON;
                // R is orthogonal to a rounding, which each of the two functions of it feels in
                // its own way, l-fold.
                let bound = 2.0 * (l + 1) as f64;
                assert!(error <= bound, "{path:?}, l = {l}: {error} ε of at most {bound}");
            }
        }
    }
}

#[test]
fn values_are_those_of_the_exact_recursion() {
    for path in Path::available() {
        check_values::<f64>(path);
        check_values::<f32>(path);
    }
}

fn check_layouts<T: Precision + Number + RealField>() {
    for path in Path::available() {
        for n in [0, 1, T::WIDTH - 1, T::WIDTH, 2 * T::WIDTH + 3] {
            let rotations = matrices_of(&operations::<T>(2, n));
            let all = Batch::new(0..=LMAX).unwrap().on(path);
            let expected = matrices(all, &rotations);
            for low in 0..=LMAX {
                for high in low..=LMAX {
                    let batch = Batch::new(low..=high).unwrap().on(path);
                    let start = all.columns() - Batch::new(low..=LMAX).unwrap().columns();
                    let rows = matrices(batch, &rotations);
                    let lanes = matrices(batch.layout(Layout::Lanes), &rotations);
                    let columns = batch.columns();
                    for rotation in 0..n.next_multiple_of(T::WIDTH) {
                        let given = rotation.min(n - 1);
                        let expected = &expected[given * all.columns() + start..][..columns];
                        let block = &lanes[rotation / T::WIDTH * T::WIDTH * columns..];
                        for column in 0..columns {
                            let lane = block[column * T::WIDTH + rotation % T::WIDTH];
                            assert_eq!(lane, expected[column], "{path:?} {low}..={high}");
                            let row = rows[given * columns + column];
                            assert_eq!(row, expected[column], "{path:?} {low}..={high}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn layouts_and_degrees_are_parts_of_the_same() {
    check_layouts::<f64>();
    check_layouts::<f32>();
}

/// The product Σ_a along_a L_a.
fn generator(l: usize, along: &[f64]) -> DMatrix<f64> {
    let [x, y, z] = wigner::generators(l).unwrap();
    x * along[0] + y * along[1] + z * along[2]
}

/// The torques of Σ c · D by their definition.
fn dense_torque(l: usize, cotangent: &DMatrix<f64>, d: &DMatrix<f64>) -> [f64; 3] {
    wigner::generators(l).unwrap().map(|generator| cotangent.dot(&(generator * d)))
}

/// Rows of a batch in f64 as one matrix for each rotation.
fn parts<T: Precision>(numbers: &[T], columns: usize, start: usize, l: usize) -> Vec<DMatrix<f64>> {
    let size = 2 * l + 1;
    let part = |row: &[T]| {
        let entries = row[start..].iter().take(size * size).map(|&entry| entry.into());
        DMatrix::from_row_iterator(size, size, entries)
    };
    numbers.chunks_exact(columns).map(part).collect()
}

fn check_derivatives<T: Precision + Number + RealField>(path: Path) {
    let n = T::WIDTH + 5;
    let operations = operations::<f64>(3, n);
    let rotations: Vec<Rotation<T>> =
        operations.iter().map(|o| o.matrix().map(|row| row.map(T::nearest))).collect();
    for l in 0..=LMAX {
        let batch = Batch::new(l..=l).unwrap().on(path);
        let columns = batch.columns();
        let cotangents = numbers::<T>(4, n * columns);
        let weights = numbers::<T>(5, 3 * n);
        let mut torques = vec![T::nearest(9.0); 3 * n];
        let mut gradient = vec![T::nearest(9.0); 9 * n];
        let mut along = vec![T::nearest(9.0); n * columns];
        let mut twice = vec![T::nearest(9.0); 3 * n];
        let mut by_cotangents = vec![T::nearest(9.0); n * columns];
        batch.torques(&rotations, &cotangents, &mut torques).unwrap();
        batch.pull_back(&rotations, &cotangents, &mut gradient).unwrap();
        batch.push_forward(&rotations, &weights, &mut along).unwrap();
        let (a, b) = (&mut twice, &mut by_cotangents);
        batch.torques_twice(&rotations, &cotangents, &weights, a, b).unwrap();
        assert_eq!(along, by_cotangents);

        let matrices = dense(&operations, l);
        let cotangents = parts(&cotangents, columns, 0, l);
        let along = parts(&along, columns, 0, l);
        // Entries of D and L times up to (2l + 1)² cotangents of at most one.
        let bound = 16.0 * ((l + 1) * (2 * l + 1)) as f64;
        for index in 0..n {
            let what = format!("{path:?}, l = {l}, rotation {index}");
            let (d, c) = (&matrices[index], &cotangents[index]);
            let tau = dense_torque(l, c, d);
            assert_near(&what, &torques[3 * index..][..3], &tau, bound);

            let cross = nalgebra::Vector3::from(tau).cross_matrix() * 0.5;
            let rotation = nalgebra::Matrix3::from(operations[index].matrix()).transpose();
            let tangent = (cross * rotation).transpose();
            assert_near(&what, &gradient[9 * index..][..9], tangent.as_slice(), bound);

            let w: Vec<f64> = weights[3 * index..][..3].iter().map(|&w| w.into()).collect();
            let turned = generator(l, &w) * d;
            let error = (&turned - &along[index]).amax() / T::EPSILON;
            assert!(error <= bound, "{what}: {error} ε");

            let second = dense_torque(l, &(generator(l, &w).transpose() * c), d);
            let bound = 2.0 * bound * l.max(1) as f64;
            assert_near(&what, &twice[3 * index..][..3], &second, bound);
        }
    }
}

#[test]
fn derivatives_are_products_with_generators() {
    for path in Path::available() {
        check_derivatives::<f64>(path);
        check_derivatives::<f32>(path);
    }
}

#[test]
fn the_gradient_is_the_slope_along_rotations() {
    // Central differences, with a truncation error of (l h)² and rounding of ε/h.
    let step = 1e-5;
    let batch = Batch::new(0..=LMAX).unwrap();
    let columns = batch.columns();
    let operations = operations::<f64>(6, 9);
    let rotations = matrices_of(&operations);
    let cotangents = numbers::<f64>(7, 9 * columns);
    let mut gradient = vec![0.0; 9 * 9];
    batch.pull_back(&rotations, &cotangents, &mut gradient).unwrap();
    for axis in 0..3 {
        let mut rotation_vector = nalgebra::Vector3::zeros();
        rotation_vector[axis] = step;
        let turned = |sign: f64| -> Vec<Rotation<f64>> {
            let further = nalgebra::Rotation3::new(rotation_vector * sign);
            operations.iter().map(|o| Orthogonal::from(further).after(o).matrix()).collect()
        };
        let (plus, minus) = (turned(1.0), turned(-1.0));
        let [ahead, behind] = [&plus, &minus].map(|turned| matrices(batch, turned));
        for index in 0..9 {
            let range = index * columns..(index + 1) * columns;
            let slopes = ahead[range.clone()].iter().zip(&behind[range.clone()]);
            let products = slopes.zip(&cotangents[range]).map(|((a, b), c)| c * (a - b));
            let expected: f64 = products.sum::<f64>() / (2.0 * step);
            let moved = plus[index].as_flattened().iter().zip(minus[index].as_flattened());
            let found = moved.zip(&gradient[9 * index..]).map(|((a, b), g)| g * (a - b));
            let found: f64 = found.sum::<f64>() / (2.0 * step);
            let bound = 1e-9 * columns as f64;
            assert!((found - expected).abs() < bound, "axis {axis}: {found}, not {expected}");
        }
    }
}

fn irreps() -> Irreps {
    let all: Irreps = "1o + 5x0e + 0x2e + 2x0o + 3x2o + 4x1e + 9x3o + 2x2e + 1o".parse().unwrap();
    all.filter_lmax(LMAX)
}

fn check_action<T: Precision + Number + RealField>(path: Path) {
    let irreps = irreps();
    let action = Action::new(&irreps).unwrap().on(path);
    let dim = action.dim();
    assert_eq!(dim, irreps.dim());
    for n in [0, 1, T::WIDTH, T::WIDTH + 3] {
        let operations = operations::<f64>(8, n);
        let rotations: Vec<Rotation<T>> =
            operations.iter().map(|o| o.matrix().map(|row| row.map(T::nearest))).collect();
        let x = numbers::<T>(9, n * dim);
        let cotangents = numbers::<T>(10, n * dim);
        let [mut y, mut back] = [(); 2].map(|()| vec![T::nearest(9.0); n * dim]);
        let mut torques = vec![T::nearest(9.0); 3 * n];
        action.apply(&rotations, &x, &mut y).unwrap();
        action.apply_transposed(&rotations, &x, &mut back).unwrap();
        action.torques(&rotations, &x, &cotangents, &mut torques).unwrap();
        for index in 0..n {
            let what = format!("{path:?}, rotation {index} of {n}");
            let row = |all: &[T]| {
                let row = all[index * dim..][..dim].iter().map(|&entry| entry.into());
                DVector::<f64>::from_iterator(dim, row)
            };
            let d = wigner::d_irreps(&irreps, operations[index]).unwrap();
            let turned = &d * row(&x);
            assert_near(&what, &y[index * dim..][..dim], turned.as_slice(), 16.0);
            let inverse = d.transpose() * row(&x);
            assert_near(&what, &back[index * dim..][..dim], inverse.as_slice(), 16.0);
            let expected = [0, 1, 2].map(|axis| {
                let mut along = [0.0; 3];
                along[axis] = 1.0;
                let mut sum = 0.0;
                let mut start = 0;
                for l in irreps.degrees() {
                    let size = 2 * l + 1;
                    let turned = generator(l, &along) * turned.rows(start, size);
                    sum += row(&cotangents).rows(start, size).dot(&turned);
                    start += size;
                }
                sum
            });
            assert_near(&what, &torques[3 * index..][..3], &expected, 16.0 * dim as f64);
        }
    }
}

#[test]
fn features_turn_by_block_diagonal_matrices() {
    for path in Path::available() {
        check_action::<f64>(path);
        check_action::<f32>(path);
    }
}

#[test]
fn irreps_without_copies_have_no_features() {
    for text in ["", "0x1o"] {
        let action = Action::new(&text.parse().unwrap()).unwrap();
        let mut torques = [9.0; 3];
        let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        action.apply(&[identity], &[], &mut []).unwrap();
        action.torques(&[identity], &[], &[], &mut torques).unwrap();
        assert_eq!(torques, [0.0; 3]);
    }
}

#[test]
fn nan_stays_with_its_rotation() {
    let mut rotations = matrices_of(&operations::<f32>(11, 40));
    let batch = Batch::new(0..=LMAX).unwrap();
    let before = matrices(batch, &rotations);
    rotations[3] = [[f32::NAN; 3]; 3];
    let after = matrices(batch, &rotations);
    let rows = before.chunks_exact(batch.columns()).zip(after.chunks_exact(batch.columns()));
    for (index, (before, after)) in rows.enumerate() {
        match index {
            3 => assert!(after[1..].iter().all(|entry| entry.is_nan())),
            _ => assert_eq!(before, after),
        }
    }
}

#[test]
fn wrong_degrees_and_lengths_are_refused() {
    let message = |result: Result<(), wigner::WignerError>| result.unwrap_err().to_string();
    let high = Batch::new(0..=LMAX + 1).map(|_| ());
    assert_eq!(message(high), above(DegreeLimit::Lmax, LMAX + 1, ""));
    #[expect(clippy::reversed_empty_ranges, reason = "that is what is refused")]
    let none = Batch::new(1..=0).map(|_| ());
    let expected = "the degrees 1..=0 are none: expected a range that is not empty";
    assert_eq!(message(none), expected);
    let irreps: Irreps = format!("{}x0e + {}o", 2, LMAX + 1).parse().unwrap();
    assert!(Action::new(&irreps).is_err());

    let two = [[[0.0_f64; 3]; 3]; 2];
    let batch = Batch::new(0..=0).unwrap();
    assert_eq!(
        message(batch.matrices(&two, &mut [0.0])),
        "the slice of matrices for 2 rotations has length 1, expected 2"
    );
    assert_eq!(
        message(batch.layout(Layout::Lanes).torques(&two, &[0.0; 2], &mut [0.0; 6])),
        "the slice of cotangents for 2 rotations has length 2, expected 8"
    );
    assert_eq!(
        message(batch.pull_back(&two, &[0.0; 2], &mut [0.0; 6])),
        "the slice of the gradient for 2 rotations has length 6, expected 18"
    );
    assert_eq!(
        message(batch.push_forward(&two, &[0.0; 2], &mut [0.0; 2])),
        "the slice of tangents for 2 rotations has length 2, expected 6"
    );
    let twice = batch.torques_twice(&two, &[0.0; 2], &[0.0; 6], &mut [0.0; 6], &mut [0.0; 3]);
    assert_eq!(
        message(twice),
        "the slice of the gradient by cotangents for 2 rotations has length 3, expected 2"
    );
    let action = Action::new(&Irreps::scalars(2)).unwrap();
    assert_eq!(
        message(action.apply(&two, &[0.0; 4], &mut [0.0; 5])),
        "the slice of results for 2 rotations has length 5, expected 4"
    );
    assert_eq!(
        message(action.torques(&two, &[0.0; 4], &[0.0; 4], &mut [0.0; 4])),
        "the slice of torques for 2 rotations has length 4, expected 6"
    );
}
