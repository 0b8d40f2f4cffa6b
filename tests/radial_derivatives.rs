//! First and second derivatives of radial functions: against dual numbers of second order that go
//! through the definitions, at the ends and beyond, for batches and for NaN.

mod common {
    pub mod jet;
}

use std::f64::consts::PI;

use common::jet::Jet;
use tesseral::radial::{
    Bernstein, Bessel, Chebyshev, CosineCutoff, Envelope, Enveloped, Gaussian, OneHotFunction,
    PolynomialCutoff, RadialBasis, SoftOneHot, XplorCutoff,
};

const CUTOFF: f64 = 4.0;

fn number(value: f64) -> Jet {
    Jet::constant(value)
}

fn sin(x: Jet) -> Jet {
    x.chain([x.value.sin(), x.value.cos(), -x.value.sin()])
}

fn cos(x: Jet) -> Jet {
    x.chain([x.value.cos(), -x.value.sin(), -x.value.cos()])
}

fn exp(x: Jet) -> Jet {
    x.chain([x.value.exp(); 3])
}

fn powi(x: Jet, n: usize) -> Jet {
    (0..n).fold(number(1.0), |product, _| product * x)
}

/// Asserts that a function is its definition, in ε of the largest part of its jet.
#[track_caller]
fn assert_jet(what: &str, r: f64, found: [f64; 3], expected: Jet, bound: f64) {
    let expected = [expected.value, expected.first[0], expected.second[0][0]];
    for (order, (found, expected)) in found.into_iter().zip(expected).enumerate() {
        let error = (found - expected).abs() / f64::EPSILON;
        assert!(error <= bound, "{what} at {r}, order {order}: {found}, not {expected}: {error} ε");
    }
}

/// Compares with a definition of the i-th function.
fn check(what: &str, basis: &impl RadialBasis, at: &[f64], define: impl Fn(usize, Jet) -> Jet) {
    for &r in at {
        for (i, jet) in basis.jets(r).enumerate() {
            let expected = define(i, Jet::variable(0, r));
            // The definitions cancel where the functions do not, and frequencies add to the
            // derivatives.
            let size = expected.value.abs() + expected.first[0].abs() + expected.second[0][0].abs();
            assert_jet(&format!("{what} {i}"), r, jet, expected, 64.0 + 64.0 * size);
        }
    }
}

const AT: [f64; 6] = [0.6, 1.0, 1.7, 2.5, 3.3, 3.9];

fn bessel(i: usize, r: Jet) -> Jet {
    let angle = number(PI * (i + 1) as f64 / CUTOFF) * r;
    number((2.0 / CUTOFF).sqrt()) * sin(angle) / r
}

#[test]
fn bases_have_the_derivatives_of_their_definitions() {
    check("Bessel", &Bessel::new(5, CUTOFF).unwrap(), &AT, bessel);

    let gaussian = Gaussian::new(5, 0.5, 4.0).unwrap().with_width(0.7).unwrap();
    check("Gaussian", &gaussian, &AT, |i, r| {
        let z = (r - number(0.5 + 0.875 * i as f64)) / number(0.7);
        exp(number(-0.5) * z * z)
    });

    for count in 1..6 {
        let bernstein = Bernstein::new(count, 0.9).unwrap();
        check("Bernstein", &bernstein, &AT, |v, r| {
            let x = exp(number(-0.9) * r);
            let n = count - 1;
            let binomial = (0..v).fold(1.0, |c, k| c * (n - k) as f64 / (k + 1) as f64);
            number(binomial) * powi(x, v) * powi(number(1.0) - x, n - v)
        });
    }

    let chebyshev = Chebyshev::new(7, CUTOFF).unwrap();
    check("Chebyshev", &chebyshev, &AT, |n, r| {
        let x = number(2.0 / CUTOFF) * r - number(1.0);
        let (mut now, mut next) = (number(1.0), x);
        for _ in 0..n {
            (now, next) = (next, number(2.0) * x * next - now);
        }
        now
    });
}

#[test]
fn soft_one_hots_have_the_derivatives_of_their_definitions() {
    let (start, end, count) = (-0.5, 4.0, 4);
    for cutoff in [true, false] {
        let spacing = (end - start) / if cutoff { 5.0 } else { 3.0 };
        let first = if cutoff { start + spacing } else { start };
        let of_difference = |i: usize, r: Jet, shape: &dyn Fn(Jet) -> Jet| {
            let d = (r - number(first + i as f64 * spacing)) / number(spacing);
            shape(d)
        };
        let inside = |d: Jet, value: Jet| if d.value.abs() < 1.0 { value } else { number(0.0) };
        let basis = |function| SoftOneHot::new(start, end, count, function, cutoff).unwrap();
        check("Gaussian", &basis(OneHotFunction::Gaussian), &AT, |i, r| {
            of_difference(i, r, &|d| exp(-(d * d)) * number(1.0 / 1.12))
        });
        check("cosine", &basis(OneHotFunction::Cosine), &AT, |i, r| {
            of_difference(i, r, &|d| inside(d, cos(number(PI / 2.0) * d)))
        });
        check("smooth", &basis(OneHotFunction::SmoothFinite), &AT, |i, r| {
            of_difference(i, r, &|d| {
                let one = number(1.0);
                let exponent = number(2.0) - one / (one + d) - one / (one - d);
                inside(d, number(1.14136) * exp(exponent))
            })
        });
        let wave = |i: usize, r: Jet, add: usize| {
            number(PI * (i + add) as f64 / (end - start)) * (r - number(start))
        };
        check("Fourier", &basis(OneHotFunction::Fourier), &AT, |i, r| {
            let norm = number(1.0 / (0.25 + count as f64 / 2.0).sqrt());
            norm * if cutoff { sin(wave(i, r, 1)) } else { cos(wave(i, r, 0)) }
        });
        check("Bessel", &basis(OneHotFunction::Bessel), &AT, |i, r| {
            let scale = number((2.0 / (end - start)).sqrt());
            scale * sin(wave(i, r, 1)) / (r - number(start))
        });
    }
}

fn check_envelope(envelope: &impl Envelope, define: impl Fn(Jet) -> Jet) {
    for r in AT {
        // The sums of the definitions have terms of up to some hundreds.
        assert_jet("envelope", r, envelope.jet(r), define(Jet::variable(0, r)), 4096.0);
    }
    for r in [CUTOFF, 1.5 * CUTOFF, f64::INFINITY] {
        assert_eq!(envelope.jet(r), [0.0; 3]);
    }
    assert!(envelope.jet(f64::NAN).iter().all(|part| part.is_nan()));
}

#[test]
fn envelopes_have_the_derivatives_of_their_definitions() {
    for power in [1, 2, 3, 6] {
        let envelope = PolynomialCutoff::new(CUTOFF, power).unwrap();
        check_envelope(&envelope, |r| {
            let (x, n, p) = (r / number(CUTOFF), usize::from(power), f64::from(power));
            number(1.0) - number((p + 1.0) * (p + 2.0) / 2.0) * powi(x, n)
                + number(p * (p + 2.0)) * powi(x, n + 1)
                - number(p * (p + 1.0) / 2.0) * powi(x, n + 2)
        });
        // At zero u = 1 - (p + 1)(p + 2)/2 (r/c)^p: its derivatives are those of that term.
        let [value, first, second] = envelope.jet(0.0);
        let expected_first = if power == 1 { -3.0 / CUTOFF } else { 0.0 };
        let expected_second = match power {
            1 => 6.0 / (CUTOFF * CUTOFF),
            2 => -12.0 / (CUTOFF * CUTOFF),
            _ => 0.0,
        };
        assert_eq!((value, first, second), (1.0, expected_first, expected_second));
        // Smooth at the cutoff to the second derivative.
        assert!(envelope.jet(CUTOFF.next_down())[2].abs() < 1e-12);
    }
    check_envelope(&CosineCutoff::new(CUTOFF).unwrap(), |r| {
        number(0.5) * (number(1.0) + cos(number(PI / CUTOFF) * r))
    });
    for onset in [0.0, 0.9, 2.1] {
        let (c2, a2) = (CUTOFF * CUTOFF, onset * onset);
        check_envelope(&XplorCutoff::new(onset, CUTOFF).unwrap(), |r| {
            let fall = number(c2) - r * r;
            let polynomial = number(c2 - 3.0 * a2) + number(2.0) * r * r;
            let value = fall * fall * polynomial * number((c2 - a2).powi(-3));
            if r.value > onset { value } else { number(1.0) }
        });
    }
}

#[test]
fn an_enveloped_basis_has_the_derivatives_of_the_product() {
    let basis = Bessel::new(4, CUTOFF).unwrap();
    let product = Enveloped::new(basis, CosineCutoff::new(CUTOFF).unwrap());
    check("product", &product, &AT, |i, r| {
        bessel(i, r) * number(0.5) * (number(1.0) + cos(number(PI / CUTOFF) * r))
    });
    assert!(product.jets(CUTOFF).all(|jet| jet == [0.0; 3]));
    assert!(product.jets(f64::INFINITY).all(|jet| jet == [0.0; 3]));
}

#[test]
fn bessel_functions_have_their_series_at_zero() {
    // sin(kr)/r = k - k³ r²/6 + k⁵ r⁴/120 - …
    for r in [0.0, 1e-300, 1e-9, 1e-4] {
        for (i, [value, first, second]) in Bessel::new(4, CUTOFF).unwrap().jets(r).enumerate() {
            let (k, scale) = (PI * (i + 1) as f64 / CUTOFF, (2.0 / CUTOFF).sqrt());
            let square = k * k * r * r;
            let tolerance = 4.0 * f64::EPSILON;
            let near = |found: f64, expected: f64| (found / expected - 1.0).abs() <= tolerance;
            assert!(near(value, scale * k * (1.0 - square / 6.0 + square * square / 120.0)));
            let curvature = -scale * k.powi(3) / 3.0 * (1.0 - 0.3 * square);
            assert!(near(second, curvature * (1.0 + square * square / 56.0)));
            let slope = -scale * k.powi(3) * r / 3.0 * (1.0 - square / 10.0);
            assert!(near(first, slope * (1.0 + square * square / 280.0)) || r < 1e-200);
        }
    }
    // Nothing jumps where the series ends.
    let basis = Bessel::new(1, PI).unwrap();
    let below: Vec<_> = basis.jets(1.0_f64.next_down()).collect();
    let above: Vec<_> = basis.jets(1.0).collect();
    for order in 0..3 {
        assert!((below[0][order] - above[0][order]).abs() < 4.0 * f64::EPSILON, "order {order}");
    }
}

#[test]
fn the_second_moment_of_bessel_functions_is_three() {
    // Over the ball of radius 1, whose points are at r with density 3r².
    let steps = 2000;
    let mut moments = [0.0; 3];
    for step in 1..steps {
        let r = f64::from(step) / f64::from(steps);
        for (moment, [value, ..]) in moments.iter_mut().zip(Bessel::new(3, 1.0).unwrap().jets(r)) {
            *moment += 3.0 * r * r * value * value / f64::from(steps);
        }
    }
    assert!(moments.iter().all(|moment| (moment - 3.0).abs() < 1e-12), "{moments:?}");
}

#[test]
fn nan_gives_nan() {
    fn all_nan(basis: &impl RadialBasis) -> bool {
        basis.jets(f64::NAN).all(|jet| jet.iter().all(|part| part.is_nan()))
    }
    assert!(all_nan(&Bessel::new(3, 1.0).unwrap()));
    assert!(all_nan(&Gaussian::new(3, 0.0, 1.0).unwrap()));
    // The first Chebyshev polynomial is the constant one, the second has no second derivative.
    assert!(Chebyshev::new(3, 1.0).unwrap().jets(f64::NAN).skip(2).all(|jet| jet[0].is_nan()));
    for cutoff in [true, false] {
        for function in [
            OneHotFunction::Gaussian,
            OneHotFunction::Cosine,
            OneHotFunction::SmoothFinite,
            OneHotFunction::Fourier,
            OneHotFunction::Bessel,
        ] {
            let basis = SoftOneHot::new(0.0, 1.0, 2, function, cutoff).unwrap();
            assert!(basis.jets(f64::NAN).all(|jet| jet[0].is_nan()), "{function:?}");
        }
    }
}

#[test]
fn batches_are_row_after_row() {
    fn check<T: tesseral::Real + Into<f64> + std::fmt::Debug>(distances: &[T]) {
        let basis = Enveloped::new(
            Bernstein::new(4, 0.5).unwrap(),
            PolynomialCutoff::new(CUTOFF, 3).unwrap(),
        );
        let nine = T::constant(9.0, 9.0);
        let mut values = vec![nine; 4 * distances.len()];
        let mut jets = [(); 3].map(|()| vec![nine; 4 * distances.len()]);
        basis.batch_into(distances, &mut values).unwrap();
        basis.batch_jets_into(distances, jets.each_mut().map(Vec::as_mut_slice)).unwrap();
        assert_eq!(values, jets[0]);
        for (index, &r) in distances.iter().enumerate() {
            for (i, jet) in basis.jets(r.into()).enumerate() {
                for order in 0..3 {
                    let rounded = T::constant(jet[order], jet[order] as f32);
                    assert_eq!(jets[order][4 * index + i], rounded);
                }
            }
        }
    }
    check(&[0.0_f32, 0.1, 2.0, 4.0, 5.0]);
    check(&[0.3_f64]);
    check::<f64>(&[]);
}

#[test]
fn batches_of_wrong_lengths_are_refused() {
    let basis = Bessel::new(3, 1.0).unwrap();
    let error = basis.batch_into(&[0.5, 0.6], &mut [0.0; 5]).unwrap_err();
    assert_eq!(error.to_string(), "the slice of values has length 5, expected 6");
    let [mut a, mut b, mut c] = [[0.0; 3], [0.0; 3], [0.0; 3]];
    let error = basis.batch_jets_into(&[0.5], [&mut a, &mut b, &mut c[..2]]).unwrap_err();
    assert_eq!(error.to_string(), "the slice of second derivatives has length 2, expected 3");
    let error = basis.batch_jets_into(&[0.5], [&mut a, &mut b[..1], &mut c]).unwrap_err();
    assert_eq!(error.to_string(), "the slice of first derivatives has length 1, expected 3");
}
