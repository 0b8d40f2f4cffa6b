//! Gradients and Hessians of harmonics, and their conventions, against dual numbers.

mod common {
    pub mod jet;
    pub mod points;
}

use common::jet::Jet;
use common::points;
use tesseral::LMAX;
use tesseral::sh::{Axes, Form, Harmonics, Normalization, Phase};

/// Every convention.
fn conventions() -> impl Iterator<Item = Harmonics> {
    let forms = [Form::Solid, Form::Spherical];
    let normalizations = [Normalization::Integral, Normalization::Component, Normalization::Norm];
    let axes = [Axes::ZPolar, Axes::YPolar];
    let phases = [Phase::None, Phase::CondonShortley];
    forms.into_iter().flat_map(move |form| {
        normalizations.into_iter().flat_map(move |normalization| {
            axes.into_iter().flat_map(move |axes| {
                phases.map(|phase| Harmonics { form, normalization, axes, phase })
            })
        })
    })
}

/// Points in general position, near a pole of either axis, and on the axes.
fn test_points() -> Vec<[f64; 3]> {
    let mut random = fastrand::Rng::with_seed(11);
    let mut points: Vec<_> = (0..6).map(|_| points::any(&mut random)).collect();
    points.extend((0..4).map(|_| points::near_a_pole(&mut random)));
    let [x, y, z] = points::near_a_pole(&mut random);
    points.extend([[y, z, x], [0.0, 0.0, 1.5], [0.0, -0.5, 0.0], [2.0, 0.0, 0.0]]);
    points
}

/// The point as variables.
fn variables(r: [f64; 3]) -> [Jet; 3] {
    [0, 1, 2].map(|axis| Jet::variable(axis, r[axis]))
}

fn values(harmonics: Harmonics, l: usize, r: [f64; 3]) -> Vec<f64> {
    let mut values = vec![0.0; 2 * l + 1];
    harmonics.degree(l, r, &mut values).unwrap();
    values
}

/// Compares arrays. Programs and their dual numbers round differently: the bound of values,
/// 6(l + 2) ε, with a factor 2 for each derivative, in units of `scale`.
#[track_caller]
fn assert_close(found: &[f64], expected: &[f64], l: usize, order: i32, scale: f64) -> f64 {
    assert_eq!(found.len(), expected.len());
    let bound = 6.0 * (l + 2) as f64 * 2.0_f64.powi(order) * f64::EPSILON * scale;
    let mut worst = 0.0_f64;
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let error = (found - expected).abs();
        assert!(error <= bound, "l = {l}, index {index}: {found} is not {expected}");
        worst = worst.max(if bound > 0.0 { error / bound } else { 0.0 });
    }
    worst
}

fn largest(array: &[f64]) -> f64 {
    array.iter().fold(0.0, |largest, value| value.abs().max(largest))
}

#[test]
fn derivatives_of_each_degree_are_those_of_dual_numbers() {
    let mut worst = [0.0_f64; 3];
    for harmonics in conventions() {
        for r in test_points() {
            let length = r.iter().map(|x| x * x).sum::<f64>().sqrt();
            for l in 0..=LMAX {
                let size = 2 * l + 1;
                let mut jets = vec![Jet::constant(0.0); size];
                harmonics.degree(l, variables(r), &mut jets).unwrap();
                let expected_values: Vec<f64> = jets.iter().map(|jet| jet.value).collect();
                let axes = 0..3;
                let expected_gradient: Vec<f64> =
                    axes.clone().flat_map(|i| jets.iter().map(move |jet| jet.first[i])).collect();
                let pairs = axes.clone().flat_map(|i| (0..3).map(move |j| (i, j)));
                let expected_hessian: Vec<f64> =
                    pairs.flat_map(|(i, j)| jets.iter().map(move |jet| jet.second[i][j])).collect();

                let [mut values, mut gradient, mut hessian] =
                    [1, 3, 9].map(|blocks| vec![0.0; blocks * size]);
                harmonics.degree_hess(l, r, &mut values, &mut gradient, &mut hessian).unwrap();
                // Derivatives of harmonics are at most about l and l² times as large.
                let scale = largest(&values);
                let slope = l as f64 / length * scale;
                let curvature = l as f64 / length * slope;
                worst[0] = worst[0].max(assert_close(&values, &expected_values, l, 0, scale));
                worst[1] = worst[1].max(assert_close(&gradient, &expected_gradient, l, 1, slope));
                worst[2] = worst[2].max(assert_close(&hessian, &expected_hessian, l, 2, curvature));

                // The program without Hessians.
                values.fill(0.0);
                gradient.fill(0.0);
                harmonics.degree_grad(l, r, &mut values, &mut gradient).unwrap();
                assert_close(&values, &expected_values, l, 0, scale);
                assert_close(&gradient, &expected_gradient, l, 1, slope);
            }
        }
    }
    println!("error / bound of values, gradients, Hessians: {worst:.2?}");
}

#[test]
fn derivatives_of_all_degrees_are_those_of_dual_numbers() {
    for harmonics in conventions() {
        for r in test_points() {
            let length = r.iter().map(|x| x * x).sum::<f64>().sqrt();
            for lmax in 0..=LMAX {
                let size = (lmax + 1) * (lmax + 1);
                let mut jets = vec![Jet::constant(0.0); size];
                harmonics.up_to(lmax, variables(r), &mut jets).unwrap();
                let [mut values, mut gradient] = [1, 3].map(|blocks| vec![0.0; blocks * size]);
                harmonics.up_to_grad(lmax, r, &mut values, &mut gradient).unwrap();
                for l in 0..=lmax {
                    let row = l * l..(l + 1) * (l + 1);
                    let scale = largest(&values[row.clone()]);
                    let expected: Vec<f64> =
                        jets[row.clone()].iter().map(|jet| jet.value).collect();
                    assert_close(&values[row.clone()], &expected, l, 0, scale);
                    for axis in 0..3 {
                        let gradient = &gradient[axis * size..][row.clone()];
                        let expected: Vec<f64> =
                            jets[row.clone()].iter().map(|jet| jet.first[axis]).collect();
                        assert_close(gradient, &expected, l, 1, l as f64 / length * scale);
                    }
                }
            }
        }
    }
}

#[test]
fn all_degrees_are_the_single_degrees_in_every_convention() {
    for harmonics in conventions() {
        for r in test_points() {
            let mut all = vec![0.0; (LMAX + 1) * (LMAX + 1)];
            harmonics.up_to(LMAX, r, &mut all).unwrap();
            for l in 0..=LMAX {
                let expected = values(harmonics, l, r);
                let found = &all[l * l..(l + 1) * (l + 1)];
                assert_close(found, &expected, l, 1, largest(&expected));
            }
        }
    }
}

/// The values of every convention from the native ones.
#[test]
fn conventions_are_what_they_say() {
    for harmonics in conventions() {
        for [x, y, z] in test_points() {
            for l in 0..=LMAX {
                let native = Harmonics { form: harmonics.form, ..Harmonics::SOLID };
                let mut expected = match harmonics.axes {
                    Axes::ZPolar => values(native, l, [x, y, z]),
                    Axes::YPolar => values(native, l, [z, x, y]),
                };
                let sphere = 4.0 * std::f64::consts::PI;
                let factor = match harmonics.normalization {
                    Normalization::Integral => 1.0,
                    Normalization::Component => sphere.sqrt(),
                    Normalization::Norm => (sphere / (2 * l + 1) as f64).sqrt(),
                };
                for (m, value) in (-(l as i32)..).zip(&mut expected) {
                    *value *= factor;
                    if harmonics.phase == Phase::CondonShortley && m % 2 != 0 {
                        *value = -*value;
                    }
                }
                let found = values(harmonics, l, [x, y, z]);
                for (found, expected) in found.iter().zip(&expected) {
                    // The factor and the product are rounded.
                    assert!((found - expected).abs() <= 2.0 * f64::EPSILON * expected.abs());
                }
                if harmonics.form == Form::Spherical {
                    let square: f64 = found.iter().map(|value| value * value).sum();
                    let expected = match harmonics.normalization {
                        Normalization::Integral => (2 * l + 1) as f64 / sphere,
                        Normalization::Component => (2 * l + 1) as f64,
                        Normalization::Norm => 1.0,
                    };
                    // Twice the bound of values, by Cauchy and Schwarz.
                    let bound = 12.0 * (l + 2) as f64 * f64::EPSILON * expected;
                    assert!((square - expected).abs() <= bound, "l = {l}: {square}");
                }
            }
        }
    }
}

#[test]
fn degree_one_is_the_vector() {
    if LMAX == 0 {
        return;
    }
    let r @ [x, y, z] = [0.25, -0.5, 2.0];
    let norm = Harmonics { normalization: Normalization::Norm, ..Harmonics::SOLID };
    for (harmonics, expected) in [
        (norm, [y, z, x]),
        (Harmonics { axes: Axes::YPolar, ..norm }, [x, y, z]),
        (Harmonics { phase: Phase::CondonShortley, ..norm }, [-y, z, -x]),
    ] {
        assert_close(&values(harmonics, 1, r), &expected, 1, 0, 1.0);
    }
}

/// Solid harmonics are harmonic and homogeneous: Euler's theorem and the Laplacian.
#[test]
fn solid_harmonics_are_harmonic_and_homogeneous() {
    for r in test_points() {
        let length = r.iter().map(|x| x * x).sum::<f64>().sqrt();
        for l in 0..=LMAX {
            let size = 2 * l + 1;
            let [mut values, mut gradient, mut hessian] =
                [1, 3, 9].map(|blocks| vec![0.0; blocks * size]);
            Harmonics::SOLID.degree_hess(l, r, &mut values, &mut gradient, &mut hessian).unwrap();
            let scale = l as f64 * largest(&values);
            let radial: Vec<f64> = (0..size)
                .map(|m| (0..3).map(|axis| r[axis] * gradient[axis * size + m]).sum())
                .collect();
            let expected: Vec<f64> = values.iter().map(|value| l as f64 * value).collect();
            assert_close(&radial, &expected, l, 1, scale);
            let laplacian: Vec<f64> = (0..size)
                .map(|m| [0, 4, 8].into_iter().map(|pair| hessian[pair * size + m]).sum())
                .collect();
            let scale = l as f64 * scale / (length * length);
            assert_close(&laplacian, &vec![0.0; size], l, 2, scale);
        }
    }
}
