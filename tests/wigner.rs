//! Wigner matrices: that they represent rotations and reflections, however these are given, and
//! their derivatives.

mod common {
    pub mod degrees;
    pub mod jet;
    pub mod precision;
    pub mod rotations;
}

use common::degrees::above;
use common::jet::Jet;
use common::precision::Precision;
use common::rotations;
use nalgebra::{DMatrix, DVector, Matrix3, RealField, Rotation3, Unit, UnitQuaternion, Vector3};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use tesseral::LMAX;
use tesseral::error::DegreeLimit;
use tesseral::irreps::{Irrep, Irreps, Parity};
use tesseral::sh::Harmonics;
use tesseral::wigner::{self, EulerAngles, Orthogonal};

/// The bound of D_l, in ε of every entry: the entries of a rotation are off by a few ε, D_l feels
/// them l-fold, and both sides of an equation do.
fn units(l: usize) -> f64 {
    8.0 * (l + 1) as f64
}

/// The largest difference of two matrices, in ε.
fn difference<T: RealField + Precision>(a: &DMatrix<T>, b: &DMatrix<T>) -> f64 {
    assert_eq!(a.shape(), b.shape());
    let errors = a.iter().zip(b.iter()).map(|(&a, &b)| {
        let error: f64 = (a - b).into();
        error.abs()
    });
    errors.fold(0.0, f64::max) / T::EPSILON
}

/// Asserts that matrices of degree `l` agree.
#[track_caller]
fn assert_same<T: RealField + Precision>(l: usize, a: &DMatrix<T>, b: &DMatrix<T>) {
    let error = difference(a, b);
    assert!(error <= units(l), "l = {l}: {error} ε");
}

/// Random generators for rotations.
fn rng() -> impl Strategy<Value = fastrand::Rng> {
    any::<u64>().prop_map(fastrand::Rng::with_seed)
}

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 16,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(31),
        ..ProptestConfig::default()
    }
}

fn harmonics<T: Precision + RealField>(l: usize, r: [T; 3]) -> DVector<T> {
    let mut values = DVector::zeros(2 * l + 1);
    Harmonics::default().degree(l, r, values.as_mut_slice()).unwrap();
    values
}

/// Y_l(R r) = D_l(R) Y_l(r), for a rotation and for it followed by the inversion. Gives the largest
/// error in units of the bound.
fn check_rotated_harmonics<T: Precision + RealField>(mut random: fastrand::Rng) -> f64 {
    let rotation = rotations::random::<T>(&mut random);
    let r = [(); 3].map(|()| T::nearest(2.0 * random.f64() - 1.0));
    let mut worst = 0.0;
    for operation in [Orthogonal::from(rotation), rotations::improper(rotation)] {
        for l in 0..=LMAX {
            let turned = wigner::d(l, operation).unwrap() * harmonics(l, r);
            let directly = harmonics(l, operation.apply(r));
            // The image of r is rounded, which harmonics feel l-fold: 6(l + 2) ε of their norm.
            let scale: f64 = directly.norm().into();
            let error: f64 = (turned - directly).norm().into();
            let ratio = error / (6.0 * (l + 2) as f64 * T::EPSILON * scale);
            assert!(ratio <= 1.0, "l = {l}: {ratio} of the bound");
            worst = f64::max(worst, ratio);
        }
    }
    worst
}

/// D(R S) = D(R) D(S) and D Dᵀ = 1, with and without inversions. Gives the largest error in units
/// of the bound.
fn check_products<T: Precision + RealField>(mut random: fastrand::Rng) -> f64 {
    let [r, s] = [(); 2].map(|()| rotations::random::<T>(&mut random));
    let operations = |r: Rotation3<T>| [Orthogonal::from(r), rotations::improper(r)];
    let mut worst = 0.0;
    for r in operations(r) {
        for s in operations(s) {
            let product = r.after(&s);
            assert_eq!(product.is_improper(), r.is_improper() != s.is_improper());
            for l in 0..=LMAX {
                for parity in [Parity::Even, Parity::Odd] {
                    let d = |operation: Orthogonal<T>| {
                        wigner::d_irrep(Irrep::new(l, parity), operation).unwrap()
                    };
                    let size = 2 * l + 1;
                    for error in [
                        difference(&d(product), &(d(r) * d(s))),
                        difference(&(d(r) * d(r).transpose()), &DMatrix::identity(size, size)),
                    ] {
                        assert!(error <= units(l), "l = {l}: {error} ε");
                        worst = f64::max(worst, error / units(l));
                    }
                }
            }
        }
    }
    worst
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn harmonics_turn_with_their_matrices(random in rng()) {
        let worst = [
            check_rotated_harmonics::<f64>(random.clone()),
            check_rotated_harmonics::<f32>(random),
        ];
        println!("turned harmonics: error / bound {worst:.2?}");
    }

    #[test]
    fn matrices_are_orthogonal_and_multiply_as_rotations(random in rng()) {
        let worst = [check_products::<f64>(random.clone()), check_products::<f32>(random)];
        println!("products: error / bound {worst:.2?}");
    }

    /// An improper operation brings the parity to the matrix of the proper part.
    #[test]
    fn parity_is_the_sign_of_the_inversion(mut random in rng()) {
        let rotation = rotations::random::<f64>(&mut random);
        let inverted = rotations::improper(rotation);
        prop_assert!(inverted.is_improper());
        prop_assert!(!inverted.inverted().is_improper());
        for l in 0..=LMAX {
            let proper = wigner::d(l, rotation).unwrap();
            for (parity, sign) in [(Parity::Even, 1.0), (Parity::Odd, -1.0)] {
                let irrep = Irrep::new(l, parity);
                prop_assert_eq!(&wigner::d_irrep(irrep, rotation).unwrap(), &proper);
                prop_assert_eq!(wigner::d_irrep(irrep, inverted).unwrap(), &proper * sign);
            }
            let natural = if l % 2 == 0 { proper } else { -proper };
            prop_assert_eq!(wigner::d(l, inverted).unwrap(), natural);
        }
    }

    /// A quaternion, its negative and its rotation have one matrix.
    #[test]
    fn quaternions_and_rotations_have_the_same_matrices(mut random in rng()) {
        let rotation = rotations::random::<f64>(&mut random);
        let quaternion = UnitQuaternion::from_rotation_matrix(&rotation);
        let negative = UnitQuaternion::new_unchecked(-quaternion.into_inner());
        for l in 0..=LMAX {
            let expected = wigner::d(l, quaternion).unwrap();
            prop_assert_eq!(&wigner::d(l, negative).unwrap(), &expected);
            prop_assert_eq!(&wigner::d(l, quaternion.to_rotation_matrix()).unwrap(), &expected);
            assert_same(l, &wigner::d(l, rotation).unwrap(), &expected);
        }
    }

    #[test]
    fn an_operation_is_read_from_its_matrix(mut random in rng()) {
        let rotation = rotations::random::<f64>(&mut random);
        for operation in [Orthogonal::from(rotation), rotations::improper(rotation)] {
            let matrix = operation.matrix();
            let again = Orthogonal::from_matrix(Matrix3::from(matrix).transpose()).unwrap();
            prop_assert_eq!(again.matrix(), matrix);
            prop_assert_eq!(again.proper(), operation.proper());
            prop_assert_eq!(again.is_improper(), operation.is_improper());
            let r = [0.5, -2.0, 0.25];
            let image = Matrix3::from(matrix).transpose() * Vector3::from(r);
            prop_assert_eq!(Vector3::from(operation.apply(r)), image);
        }
    }

    /// R = R_z(α) R_y(β) R_z(γ), also where β is at the singular points 0 and π.
    #[test]
    fn euler_angles_are_three_rotations(
        alpha in -7.0..7.0_f64,
        beta in prop_oneof![-7.0..7.0_f64, Just(0.0), Just(std::f64::consts::PI)],
        gamma in -7.0..7.0_f64,
    ) {
        let angles = EulerAngles { alpha, beta, gamma };
        let about = |axis: usize, angle: f64| rotation_about(axis, angle);
        let expected = about(2, alpha) * about(1, beta) * about(2, gamma);
        let e3nn = about(1, alpha) * about(0, beta) * about(1, gamma);
        let close = |a: &Matrix3<f64>, b: &Matrix3<f64>| (a - b).amax() <= 4.0 * f64::EPSILON;
        prop_assert!(close(angles.to_rotation().matrix(), &expected));
        prop_assert!(close(angles.to_e3nn_rotation().matrix(), &e3nn));

        // P(x, y, z) = (z, x, y).
        let p = Matrix3::new(0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0);
        prop_assert!(close(&(p * e3nn * p.transpose()), &expected));
        let e3nn_in_native_axes = Rotation3::from_matrix_unchecked(
            p * angles.to_e3nn_rotation().matrix() * p.transpose(),
        );
        for l in 0..=LMAX {
            let found = wigner::d(l, angles).unwrap();
            let about_z = |angle| wigner::d(l, Rotation3::from_matrix_unchecked(about(2, angle)));
            let about_y = wigner::d(l, Rotation3::from_matrix_unchecked(about(1, beta)));
            let product = about_z(alpha).unwrap() * about_y.unwrap() * about_z(gamma).unwrap();
            assert_same(l, &found, &product);
            assert_same(l, &found, &wigner::d(l, e3nn_in_native_axes).unwrap());
        }
    }

    /// A reflection keeps the plane and inverts the normal.
    #[test]
    fn reflections_invert_their_normal(mut random in rng()) {
        let rotation = rotations::random::<f64>(&mut random);
        let [across, along] = [Vector3::z(), Vector3::x()].map(|axis| rotation * axis);
        let reflection = Orthogonal::reflection(Unit::new_normalize(across));
        prop_assert!(reflection.is_improper());
        for (r, expected) in [(across, -across), (along, along)] {
            let image = Vector3::from(reflection.apply(r.into()));
            prop_assert!((image - expected).amax() <= 4.0 * f64::EPSILON);
        }
        for l in 0..=LMAX {
            let size = 2 * l + 1;
            let d = wigner::d(l, reflection).unwrap();
            assert_same(l, &(&d * &d), &DMatrix::identity(size, size));
        }
    }

    /// The derivative by a further turn about each axis, by dual numbers, at a rotation about z,
    /// where that by Euler angles is wrong, and anywhere: ∂D = D L.
    #[test]
    fn derivatives_are_right_everywhere(mut random in rng(), about_z: bool) {
        let rotation = match about_z {
            true => Rotation3::from_matrix_unchecked(rotation_about(2, 7.0 * random.f64())),
            false => rotations::random(&mut random),
        };
        check_derivatives(&rotation);
    }
}

/// The matrix of a rotation about one axis, from its definition.
fn rotation_about(axis: usize, angle: f64) -> Matrix3<f64> {
    let (sine, cosine) = angle.sin_cos();
    let (next, last) = ((axis + 1) % 3, (axis + 2) % 3);
    let mut matrix = Matrix3::identity();
    matrix[(next, next)] = cosine;
    matrix[(last, last)] = cosine;
    matrix[(next, last)] = -sine;
    matrix[(last, next)] = sine;
    matrix
}

/// R exp(ω) to second order in the vector ω at 0, with ω as variables.
fn turned_further(rotation: &Rotation3<f64>) -> [[Jet; 3]; 3] {
    let zero = Jet::constant(0.0);
    let [x, y, z] = [0, 1, 2].map(|axis| Jet::variable(axis, 0.0));
    let product = |a: [[Jet; 3]; 3], b: [[Jet; 3]; 3]| {
        [0, 1, 2].map(|i| [0, 1, 2].map(|j| (0..3).fold(zero, |sum, k| sum + a[i][k] * b[k][j])))
    };
    let cross = [[zero, -z, y], [z, zero, -x], [-y, x, zero]];
    let square = product(cross, cross);
    let exponential = [0, 1, 2].map(|i| {
        [0, 1, 2].map(|j| {
            let one = Jet::constant(f64::from(i == j));
            one + cross[i][j] + Jet::constant(0.5) * square[i][j]
        })
    });
    let rotation = [0, 1, 2].map(|i| [0, 1, 2].map(|j| Jet::constant(rotation[(i, j)])));
    product(rotation, exponential)
}

/// Derivatives of D(R exp(ω)) at ω = 0: ∂_i D = D L_i and ∂_i ∂_j D = D (L_i L_j + L_j L_i)/2.
fn check_derivatives(rotation: &Rotation3<f64>) {
    let mut matrices = vec![Jet::constant(0.0); wigner::all_len(LMAX)];
    wigner::all_into(LMAX, turned_further(rotation), &mut matrices).unwrap();
    for l in 0..=LMAX {
        let size = 2 * l + 1;
        let start = if l == 0 { 0 } else { wigner::all_len(l - 1) };
        let jets = &matrices[start..start + size * size];
        let part = |part: &dyn Fn(&Jet) -> f64| {
            DMatrix::from_row_iterator(size, size, jets.iter().map(part))
        };
        let d = wigner::d(l, *rotation).unwrap();
        assert_eq!(part(&|jet| jet.value), d);
        let generators = wigner::generators(l).unwrap();
        for i in 0..3 {
            let first = difference(&part(&|jet| jet.first[i]), &(&d * &generators[i]));
            // The norm of L_i is l: the bound of D grows so with every derivative.
            let scale = l.max(1) as f64;
            assert!(first <= units(l) * scale, "l = {l}, axis {i}: {first} ε");
            for j in 0..3 {
                let product = &generators[i] * &generators[j];
                let expected = &d * (&product + product.transpose()) * 0.5;
                let second = difference(&part(&|jet| jet.second[i][j]), &expected);
                assert!(second <= units(l) * scale * scale, "l = {l}, ({i}, {j}): {second} ε");
            }
        }
    }
}

#[test]
fn derivatives_at_the_identity_are_the_generators() {
    check_derivatives(&Rotation3::identity());
}

#[test]
fn the_identity_has_identity_matrices() {
    fn check<T: Precision + RealField>() {
        for l in 0..=LMAX {
            let size = 2 * l + 1;
            let identity = DMatrix::<T>::identity(size, size);
            let found = wigner::d(l, Rotation3::<T>::identity()).unwrap();
            assert_same(l, &found, &identity);
        }
    }
    check::<f32>();
    check::<f64>();
}

/// D_1 is R in the order (y, z, x).
#[test]
fn degree_one_is_the_rotation() {
    if LMAX == 0 {
        return;
    }
    let rotation = rotations::random::<f64>(&mut fastrand::Rng::with_seed(32));
    let d = wigner::d(1, rotation).unwrap();
    for (row, i) in [1, 2, 0].into_iter().enumerate() {
        for (column, j) in [1, 2, 0].into_iter().enumerate() {
            assert_eq!(d[(row, column)], rotation[(i, j)]);
        }
    }
}

/// A turn about z by θ mixes only m and -m, by the angle m θ.
#[test]
fn turns_about_z_are_known() {
    let angle = 0.7_f64;
    for l in 0..=LMAX {
        let size = 2 * l + 1;
        let mut expected = DMatrix::zeros(size, size);
        for m in 0..=l {
            let (sine, cosine) = (m as f64 * angle).sin_cos();
            let (plus, minus) = (l + m, l - m);
            expected[(plus, plus)] = cosine;
            expected[(minus, minus)] = cosine;
            if m > 0 {
                expected[(minus, plus)] = sine;
                expected[(plus, minus)] = -sine;
            }
        }
        let rotation = Rotation3::from_axis_angle(&Vector3::z_axis(), angle);
        assert_same(l, &wigner::d(l, rotation).unwrap(), &expected);
    }
}

#[test]
fn generators_are_antisymmetric_and_commute_as_rotations() {
    for l in 0..=LMAX {
        let [x, y, z] = wigner::generators(l).unwrap();
        let size = 2 * l + 1;
        // Entries of products are up to l²; each is a sum of four.
        let bound = 4.0 * ((l * l) as f64).max(1.0) * f64::EPSILON;
        for (a, b, c) in [(&x, &y, &z), (&y, &z, &x), (&z, &x, &y)] {
            assert_eq!(a.transpose(), -a);
            assert!((a * b - b * a - c).amax() <= bound, "l = {l}");
        }
        let casimir = -(&x * &x + &y * &y + &z * &z);
        let expected = DMatrix::identity(size, size) * (l * (l + 1)) as f64;
        assert!((casimir - expected).amax() <= bound, "l = {l}");
    }
}

/// D(R_axis(θ)) = exp(θ L_axis).
#[test]
fn matrices_are_exponentials_of_the_generators() {
    let angle = 0.8;
    let axes = [Vector3::x_axis(), Vector3::y_axis(), Vector3::z_axis()];
    for l in 0..=LMAX {
        for (axis, generator) in axes.iter().zip(wigner::generators(l).unwrap()) {
            // Taylor at θ/64, where its terms are small, then six squarings, each of which about
            // doubles the error.
            let step = generator * (angle / 64.0);
            let size = 2 * l + 1;
            let mut term = DMatrix::identity(size, size);
            let mut sum = term.clone();
            for n in 1..24 {
                term = &term * &step / f64::from(n);
                sum += &term;
            }
            for _ in 0..6 {
                sum = &sum * &sum;
            }
            let d = wigner::d(l, Rotation3::from_axis_angle(axis, angle)).unwrap();
            let error = difference(&d, &sum);
            assert!(error <= 8.0 * units(l), "l = {l}, {axis:?}: {error} ε");
        }
    }
}

/// The matrices of irreps are blocks on the diagonal, one for every copy.
#[test]
fn matrices_of_irreps_are_block_diagonal() {
    let text = match LMAX {
        0 => "2x0e + 3x0o + 0x7e",
        1 => "2x0e + 3x1o + 0x7e + 1x1e",
        _ => "2x0e + 3x1o + 0x2e + 2x2o + 1x0o + 1x1e",
    };
    let irreps: Irreps = text.parse().unwrap();
    let rotation = rotations::random::<f64>(&mut fastrand::Rng::with_seed(33));
    for operation in [Orthogonal::from(rotation), rotations::improper(rotation)] {
        let found = wigner::d_irreps(&irreps, operation).unwrap();
        let mut expected = DMatrix::zeros(irreps.dim(), irreps.dim());
        let mut start = 0;
        for block in &irreps {
            for _ in 0..block.mul {
                let d = wigner::d_irrep(block.irrep, operation).unwrap();
                expected.view_mut((start, start), d.shape()).copy_from(&d);
                start += block.irrep.dim();
            }
        }
        assert_eq!(start, irreps.dim());
        assert_eq!(found, expected);
    }
    let none = wigner::d_irreps(&Irreps::default(), rotation).unwrap();
    assert_eq!(none.shape(), (0, 0));
}

#[test]
fn all_degrees_lie_one_after_the_other() {
    let rotation = rotations::random::<f64>(&mut fastrand::Rng::with_seed(34));
    let rows = Orthogonal::from(rotation).proper();
    for lmax in 0..=LMAX {
        let expected: Vec<f64> = (0..=lmax)
            .flat_map(|l| wigner::d(l, rotation).unwrap().transpose().as_slice().to_vec())
            .collect();
        assert_eq!(wigner::all_len(lmax), expected.len());
        let mut found = vec![f64::NAN; expected.len()];
        wigner::all_into(lmax, rows, &mut found).unwrap();
        assert_eq!(found, expected);
    }
}

/// The difference of a rotation from that of its angles, in ε.
fn error_of_angles(rotation: &Rotation3<f64>) -> f64 {
    let angles = EulerAngles::from_rotation(rotation);
    assert!((0.0..=std::f64::consts::PI).contains(&angles.beta));
    (angles.to_rotation().matrix() - rotation.matrix()).amax() / f64::EPSILON
}

#[test]
fn angles_give_their_rotation_back() {
    let mut random = fastrand::Rng::with_seed(35);
    for _ in 0..100 {
        let rotation = rotations::random::<f64>(&mut random);
        assert!(error_of_angles(&rotation) <= 8.0, "{rotation}");
        let e3nn = EulerAngles::from_e3nn_rotation(&rotation).to_e3nn_rotation();
        assert!((e3nn.matrix() - rotation.matrix()).amax() <= 8.0 * f64::EPSILON);
    }
}

#[test]
fn angles_near_the_poles_give_their_rotation_back() {
    let pi = std::f64::consts::PI;
    for beta in [0.0, 1e-300, 1e-17, 1e-9, pi - 1e-9, pi] {
        for (alpha, gamma) in [(0.0, 0.0), (0.4, -1.1), (-2.0, 3.0)] {
            let rotation = EulerAngles { alpha, beta, gamma }.to_rotation();
            assert!(error_of_angles(&rotation) <= 8.0, "{alpha} {beta} {gamma}");
        }
    }
}

// Errors.

#[test]
fn degrees_above_lmax_are_refused() {
    let rotation = Rotation3::<f64>::identity();
    for l in [LMAX + 1, 1 << 40, Irrep::MAX_DEGREE] {
        let message = above(DegreeLimit::Lmax, l, "");
        let irrep = Irrep::new(l, Parity::Even);
        let irreps = Irreps::new([(1, irrep)]).unwrap();
        let errors = [
            wigner::d(l, rotation).unwrap_err(),
            wigner::d_irrep(irrep, rotation).unwrap_err(),
            wigner::d_irreps(&irreps, rotation).unwrap_err(),
            wigner::generators(l).unwrap_err(),
            wigner::all_into(l, [[0.0; 3]; 3], &mut []).unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.to_string(), message);
        }
    }
    assert!(wigner::generators(usize::MAX).is_err());
    assert!(wigner::all_into(usize::MAX, [[0.0; 3]; 3], &mut []).is_err());
}

#[test]
fn slices_of_other_lengths_are_refused() {
    let length = wigner::all_len(LMAX);
    for found in [0, length - 1, length + 1] {
        let error = wigner::all_into(LMAX, [[0.0; 3]; 3], &mut vec![0.0; found]).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("the slice of Wigner matrices has length {found}, expected {length}")
        );
    }
}

#[test]
fn matrices_that_are_not_orthogonal_are_refused() {
    let message = |matrix: Matrix3<f64>| Orthogonal::from_matrix(matrix).unwrap_err().to_string();
    let expected = |error: &str| {
        format!(
            "the matrix is not orthogonal: an entry of MᵀM differs from the identity by {error}"
        )
    };
    assert_eq!(message(Matrix3::identity() * 2.0), expected("3e0"));
    assert_eq!(message(Matrix3::zeros()), expected("1e0"));
    let mut shear = Matrix3::identity();
    shear[(0, 1)] = 0.5;
    assert_eq!(message(shear), expected("5e-1"));
    for entry in [f64::NAN, f64::INFINITY, f64::MAX] {
        for place in 0..9 {
            let mut matrix = Matrix3::identity();
            matrix[place] = entry;
            assert!(Orthogonal::from_matrix(matrix).is_err(), "{entry} at {place}");
        }
    }
    assert!(Orthogonal::from_matrix(Matrix3::<f32>::identity() * 1.001).is_err());
    assert!(Orthogonal::from_matrix(-Matrix3::<f32>::identity()).unwrap().is_improper());
}
