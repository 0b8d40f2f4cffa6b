//! Coupling tensors and complex coefficients: that they intertwine rotations, their conventions,
//! their symmetries and known values.
#![allow(
    clippy::absurd_extreme_comparisons,
    clippy::unnecessary_min_or_max,
    reason = "LMAX may be 0"
)]

mod common {
    pub mod degrees;
    pub mod rotations;
}

use common::degrees::above;
use common::rotations;
use tesseral::coupling::{
    COUPLING_LMAX, Convention, SignedRoot, Tensor, clebsch_gordan, tensors, three_j,
};
use tesseral::error::DegreeLimit;
use tesseral::irreps::{Irrep, Parity};
use tesseral::sh::Harmonics;
use tesseral::{LMAX, wigner};

/// The triples (l1, l2, l3) of this build, in lexical order.
fn triples() -> Vec<[usize; 3]> {
    let degrees = 0..=COUPLING_LMAX;
    let pairs = degrees.clone().flat_map(|l1| degrees.clone().map(move |l2| (l1, l2)));
    pairs
        .flat_map(|(l1, l2)| {
            (l1.abs_diff(l2)..=(l1 + l2).min(COUPLING_LMAX)).map(move |l3| [l1, l2, l3])
        })
        .collect()
}

fn tensor([l1, l2, l3]: [usize; 3]) -> Tensor {
    Tensor::new(l1, l2, l3).unwrap()
}

fn orders(l: usize) -> std::ops::RangeInclusive<i32> {
    -(l as i32)..=l as i32
}

/// Row-major index of an entry.
fn index(shape: [usize; 3], [i, j, k]: [usize; 3]) -> usize {
    (i * shape[1] + j) * shape[2] + k
}

// Views.

/// The square of the midpoint between two neighbouring f32, as a product of two integers, compared
/// with the square of a root.
fn square_of_midpoint(a: f32, b: f32, root: SignedRoot) -> std::cmp::Ordering {
    // 2^30 times a midpoint of numbers from 2^-5 on is an integer.
    let midpoint = (f64::from(a) + f64::from(b)) / 2.0 * 2_f64.powi(30);
    assert_eq!(midpoint.fract(), 0.0);
    let left = (midpoint as u128).pow(2) * u128::from(root.denominator());
    left.cmp(&(u128::from(root.numerator()) << 60))
}

#[test]
fn single_precision_is_rounded_once() {
    use std::cmp::Ordering::{Greater, Less};
    let mut checked = 0;
    for triple in triples() {
        for entry in tensor(triple).nonzeros() {
            let single = entry.exact.to_f32();
            assert_eq!(f64::from(single).is_sign_negative(), entry.value < 0.0);
            let size = single.abs();
            if size >= 1.0 / 32.0 {
                let below = square_of_midpoint(size.next_down(), size, entry.exact);
                let above = square_of_midpoint(size, size.next_up(), entry.exact);
                assert_eq!((below, above), (Less, Greater), "{}", entry.exact);
                checked += 1;
            }
        }
    }
    assert!(checked > 0);
    assert_eq!(SignedRoot::ZERO.to_f32(), 0.0);
}

#[test]
fn there_is_one_tensor_for_every_triple() {
    assert_eq!(COUPLING_LMAX, LMAX.min(8));
    let triples = triples();
    assert_eq!(tensors().len(), triples.len());
    assert!(tensors().map(|tensor| tensor.degrees()).eq(triples.iter().copied()));
    if COUPLING_LMAX == 8 {
        let nonzeros: usize = tensors().map(|tensor| tensor.nonzeros().len()).sum();
        assert_eq!((triples.len(), nonzeros), (369, 44171));
    }
    for triple in triples {
        assert_eq!(tensor(triple).degrees(), triple);
        assert_eq!(tensor(triple).shape(), triple.map(|l| 2 * l + 1));
    }
}

#[test]
fn sparse_dense_and_exact_views_agree() {
    for triple in triples() {
        let tensor = tensor(triple);
        let (dense, shape) = (tensor.dense(), tensor.shape());
        assert_eq!(dense.len(), shape.iter().product::<usize>());
        let entries = tensor.nonzeros();
        assert!(entries.iter().map(|entry| entry.m).is_sorted_by(|a, b| a < b), "{triple:?}");
        let mut next = entries.iter().peekable();
        for (i, m1) in orders(triple[0]).enumerate() {
            for (j, m2) in orders(triple[1]).enumerate() {
                for (k, m3) in orders(triple[2]).enumerate() {
                    let value = tensor.get(m1, m2, m3);
                    let exact = tensor.exact(m1, m2, m3);
                    assert_eq!(dense[index(shape, [i, j, k])], value);
                    match next.next_if(|entry| entry.m.map(i32::from) == [m1, m2, m3]) {
                        Some(entry) => {
                            assert_eq!((entry.value, entry.exact), (value, exact));
                            assert_ne!(exact.sign(), 0);
                            assert_within_one_ulp(exact, value);
                        }
                        None => assert_eq!((value, exact), (0.0, SignedRoot::ZERO)),
                    }
                }
            }
        }
        assert!(next.next().is_none());
    }
}

/// The entries outside the orders are zero.
#[test]
fn entries_outside_the_tensor_are_zero() {
    let scalar = tensor([0, 0, 0]);
    assert_eq!(scalar.get(0, 0, 0), 1.0);
    for [m1, m2, m3] in [[1, 0, 0], [0, -1, 0], [0, 0, 256], [i32::MIN, 0, i32::MAX]] {
        assert_eq!(scalar.get(m1, m2, m3), 0.0);
        assert_eq!(scalar.exact(m1, m2, m3), SignedRoot::ZERO);
    }
}

/// Asserts that the root is within one unit in the last place of its correctly rounded value.
fn assert_within_one_ulp(exact: SignedRoot, value: f64) {
    let found = exact.to_f64();
    let distance = found.abs().to_bits().abs_diff(value.abs().to_bits());
    assert!(distance <= 1, "{exact}: {found} is {distance} ulp from {value}");
    assert_eq!(found.is_sign_negative(), value.is_sign_negative(), "{exact}");
    // Half an ulp of the root is ε in its square, and both sides round once.
    let square = exact.numerator() as f64 / exact.denominator() as f64;
    assert!((value * value - square).abs() <= 2.0 * f64::EPSILON * square, "{exact}");
}

// Laws.

/// Rounding of a sum of up to (2l1 + 1)(2l2 + 1) products with Wigner matrices of degrees to 8,
/// which are themselves within about 10 ε.
const INTERTWINING: f64 = 24.0 * f64::EPSILON;

/// Σ_{m1,m2} D1[m1,n1] D2[m2,n2] C[m1,m2,m3] = Σ_{n3} D3[m3,n3] C[n1,n2,n3] for rotations and
/// reflections, with every parity of the factors.
#[test]
fn every_tensor_commutes_with_rotations_and_reflections() {
    let seed = 21;
    let mut random = fastrand::Rng::with_seed(seed);
    let mut worst = 0.0_f64;
    for round in 0..4 {
        let proper = rotations::random::<f64>(&mut random);
        let operation = if round % 2 == 0 { proper.into() } else { rotations::improper(proper) };
        let matrices = [Parity::Even, Parity::Odd].map(|parity| {
            let matrix = |l| wigner::d_irrep(Irrep::new(l, parity), operation).unwrap();
            (0..=COUPLING_LMAX).map(matrix).collect::<Vec<_>>()
        });
        for triple @ [l1, l2, l3] in triples() {
            let tensor = tensor(triple);
            let (dense, shape) = (tensor.dense(), tensor.shape());
            for (first, second) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                if (first, second) != (0, 0) && round % 2 == 0 {
                    continue;
                }
                let (d1, d2) = (&matrices[first][l1], &matrices[second][l2]);
                let d3 = &matrices[first ^ second][l3];
                // Both sides by n1, n2, m3.
                let [mut left, mut right] = [vec![0.0; dense.len()], vec![0.0; dense.len()]];
                for entry in tensor.nonzeros() {
                    let [i, j, k] =
                        [0, 1, 2].map(|n| (i32::from(entry.m[n]) + triple[n] as i32) as usize);
                    for n1 in 0..shape[0] {
                        let product = entry.value * d1[(i, n1)];
                        for n2 in 0..shape[1] {
                            left[index(shape, [n1, n2, k])] += product * d2[(j, n2)];
                        }
                    }
                    for m3 in 0..shape[2] {
                        right[index(shape, [i, j, m3])] += d3[(m3, k)] * entry.value;
                    }
                }
                for (left, right) in left.iter().zip(&right) {
                    worst = worst.max((left - right).abs());
                }
                assert!(worst <= INTERTWINING, "seed {seed}, round {round}: {triple:?} {worst:e}");
            }
        }
    }
    println!("largest error of intertwining: {:.1} ε", worst / f64::EPSILON);
}

/// Σ_{m1,m2} C[m1,m2,m3] C'[m1,m2,m3'] is 1 for one tensor and m3 = m3', otherwise 0.
#[test]
fn tensors_of_two_degrees_are_orthonormal() {
    for l1 in 0..=COUPLING_LMAX {
        for l2 in 0..=COUPLING_LMAX {
            let columns = columns(l1, l2);
            for (a, first) in columns.iter().enumerate() {
                for (b, second) in columns.iter().enumerate() {
                    let sum: f64 = first.iter().zip(second).map(|(a, b)| a * b).sum();
                    let expected = f64::from(a == b);
                    assert!((sum - expected).abs() <= 4.0 * f64::EPSILON, "({l1}, {l2}): {sum}");
                }
            }
        }
    }
}

/// Σ_{l3,m3} C[m1,m2,m3] C[n1,n2,m3] is 1 for m1 = n1 and m2 = n2, otherwise 0, where every l3 is
/// in the tables.
#[test]
fn tensors_of_two_degrees_are_complete() {
    for l1 in 0..=COUPLING_LMAX {
        for l2 in 0..=COUPLING_LMAX - l1 {
            let columns = columns(l1, l2);
            let size = (2 * l1 + 1) * (2 * l2 + 1);
            assert_eq!(columns.len(), size);
            for a in 0..size {
                for b in 0..size {
                    let sum: f64 = columns.iter().map(|column| column[a] * column[b]).sum();
                    let expected = f64::from(a == b);
                    assert!((sum - expected).abs() <= 4.0 * f64::EPSILON, "({l1}, {l2}): {sum}");
                }
            }
        }
    }
}

/// The columns C[·,·,m3] of all tensors of two degrees, each over (m1, m2).
fn columns(l1: usize, l2: usize) -> Vec<Vec<f64>> {
    let degrees = l1.abs_diff(l2)..=(l1 + l2).min(COUPLING_LMAX);
    degrees
        .flat_map(|l3| {
            let dense = tensor([l1, l2, l3]).dense();
            let size = 2 * l3 + 1;
            (0..size)
                .map(move |k| dense.iter().skip(k).step_by(size).copied().collect::<Vec<f64>>())
        })
        .collect()
}

/// Harmonics of one point couple to a multiple of harmonics of that point where l1 + l2 + l3 is
/// even: √((2l1 + 1)(2l2 + 1)/(4π (2l3 + 1))) ⟨l1 0; l2 0 | l3 0⟩ up to a sign. Otherwise to zero.
#[test]
fn harmonics_of_one_point_couple_to_harmonics() {
    let r = [0.3, -0.7, 0.4];
    let harmonics = |l: usize| {
        let mut values = vec![0.0; 2 * l + 1];
        Harmonics::default().degree(l, r, &mut values).unwrap();
        values
    };
    for triple @ [l1, l2, l3] in triples() {
        let mut coupled = vec![0.0; 2 * l3 + 1];
        tensor(triple).couple(&harmonics(l1), &harmonics(l2), &mut coupled).unwrap();
        let expected = harmonics(l3);
        let dims = triple.map(|l| (2 * l + 1) as f64);
        let norm = (dims[0] * dims[1] / (4.0 * std::f64::consts::PI * dims[2])).sqrt();
        let multiple = norm * clebsch_gordan(triple, [0, 0, 0]).unwrap().to_f64();
        if (l1 + l2 + l3) % 2 == 1 {
            assert_eq!(multiple, 0.0);
        }
        let dot: f64 = coupled.iter().zip(&expected).map(|(a, b)| a * b).sum();
        let multiple = multiple.abs().copysign(dot);
        // The harmonics are within about l ε of values up to 1, and there are 17 products for
        // each order.
        let bound = 40.0 * f64::EPSILON * norm;
        for (coupled, expected) in coupled.iter().zip(&expected) {
            let error = (coupled - multiple * expected).abs();
            assert!(error <= bound, "{triple:?}: {coupled}, {multiple} {expected}");
        }
    }
}

// The real tensors from the complex coefficients.

/// The nonzero entries (μ, re, im) of the row m of U in Y_real = U Y_complex.
fn to_complex(m: i32) -> Vec<(i32, f64, f64)> {
    let half = 0.5_f64.sqrt();
    let sign = if m % 2 == 0 { half } else { -half };
    match m {
        0 => vec![(0, 1.0, 0.0)],
        1.. => vec![(m, sign, 0.0), (-m, half, 0.0)],
        // ((-1)^m Y_|m| - Y_-|m|) / (i√2).
        _ => vec![(-m, 0.0, -sign), (m, 0.0, half)],
    }
}

/// C = (-1)^⌊k/2⌋ × (real part if k = l1 + l2 - l3 is even, imaginary part if odd) of
/// Σ U1* U2* U3 CG.
#[test]
fn tensors_are_the_complex_coefficients_in_the_real_basis() {
    for triple @ [l1, l2, l3] in triples() {
        let tensor = tensor(triple);
        let excess = l1 + l2 - l3;
        for m1 in orders(l1) {
            for m2 in orders(l2) {
                for m3 in orders(l3) {
                    let (mut re, mut im) = (0.0, 0.0);
                    for &(mu1, a, b) in &to_complex(m1) {
                        for &(mu2, c, d) in &to_complex(m2) {
                            for &(mu3, e, f) in &to_complex(m3) {
                                if mu1 + mu2 != mu3 {
                                    continue;
                                }
                                let cg = clebsch_gordan(triple, [mu1, mu2, mu3]).unwrap().to_f64();
                                // (a - ib)(c - id)(e + if).
                                let (g, h) = (a * c - b * d, -(a * d + b * c));
                                re += (g * e - h * f) * cg;
                                im += (g * f + h * e) * cg;
                            }
                        }
                    }
                    let (part, other) = if excess % 2 == 0 { (re, im) } else { (im, re) };
                    let expected = if excess / 2 % 2 == 0 { part } else { -part };
                    let error = (tensor.get(m1, m2, m3) - expected).abs().max(other.abs());
                    assert!(error <= 4.0 * f64::EPSILON, "{triple:?} ({m1}, {m2}, {m3})");
                }
            }
        }
    }
}

// Conventions.

#[test]
fn wigner_3j_has_norm_one() {
    for triple in triples() {
        let tensor = tensor(triple);
        let root = f64::from(2 * triple[2] as u32 + 1).sqrt();
        let wigner = tensor.dense_in(Convention::Wigner3j);
        let square: f64 = wigner.iter().map(|value| value * value).sum();
        // A sum of some hundred squares, all rounded.
        assert!((square - 1.0).abs() <= 16.0 * f64::EPSILON, "{triple:?}: {square}");
        assert_eq!(tensor.dense_in(Convention::Native), tensor.dense());
        for (wigner, native) in wigner.iter().zip(tensor.dense()) {
            let expected = native / root;
            assert!((wigner - expected).abs() <= 2.0 * f64::EPSILON * expected.abs());
        }
    }
}

#[test]
fn old_wigner_3j_has_other_signs_for_exactly_these_tensors() {
    let mut flipped: Vec<[usize; 3]> = (2..=8).map(|k| [1, k, k]).collect();
    flipped.extend([[3, 4, 6], [3, 5, 7], [3, 6, 8], [4, 4, 5], [4, 5, 6], [4, 6, 7], [4, 7, 8]]);
    flipped.extend([[5, 5, 5], [5, 6, 6], [5, 7, 7], [5, 8, 8]]);
    let mut count = 0;
    for triple in triples() {
        let mut sorted = triple;
        sorted.sort_unstable();
        let expected = flipped.contains(&sorted);
        count += usize::from(expected);
        let tensor = tensor(triple);
        assert_eq!(tensor.is_flipped_in_old_e3nn(), expected, "{triple:?}");
        let sign = if expected { -1.0 } else { 1.0 };
        let new = tensor.dense_in(Convention::Wigner3j);
        let old = tensor.dense_in(Convention::OldWigner3j);
        assert!(new.iter().zip(&old).all(|(new, old)| new * sign == *old), "{triple:?}");
    }
    match COUPLING_LMAX {
        8 => assert_eq!(count, 70),
        // (1, 2, 2) and (1, 3, 3) in every order.
        3 => assert_eq!(count, 6),
        0 | 1 => assert_eq!(count, 0),
        _ => {}
    }
}

// Complex coefficients.

/// Values of tables, with the phase of Condon and Shortley.
#[test]
fn complex_coefficients_have_the_values_of_tables() {
    for (degrees, orders, text) in [
        ([0, 0, 0], [0, 0, 0], "1"),
        ([1, 1, 0], [0, 0, 0], "-√(1/3)"),
        ([1, 1, 0], [1, -1, 0], "√(1/3)"),
        ([1, 1, 1], [1, 0, 1], "√(1/2)"),
        ([1, 1, 1], [0, 1, 1], "-√(1/2)"),
        ([1, 1, 1], [0, 0, 0], "0"),
        ([1, 1, 2], [1, 1, 2], "1"),
        ([1, 1, 2], [0, 0, 0], "√(2/3)"),
        ([1, 1, 2], [1, 1, 1], "0"),
        ([2, 1, 1], [2, -1, 1], "√(3/5)"),
        ([2, 1, 1], [1, 0, 1], "-√(3/10)"),
        ([2, 1, 1], [0, 1, 1], "√(1/10)"),
        ([2, 1, 2], [2, 0, 2], "√(2/3)"),
        ([2, 1, 2], [1, 1, 2], "-√(1/3)"),
        ([2, 1, 3], [1, 1, 2], "√(2/3)"),
        ([2, 2, 0], [1, -1, 0], "-√(1/5)"),
        ([2, 2, 2], [0, 0, 0], "-√(2/7)"),
        ([2, 2, 4], [0, 0, 0], "√(18/35)"),
        ([2, 2, 3], [2, 0, 2], "√(1/2)"),
    ] {
        if degrees.iter().all(|&l| l <= COUPLING_LMAX) {
            let coefficient = clebsch_gordan(degrees, orders).unwrap();
            assert_eq!(coefficient.to_string(), text, "{degrees:?} {orders:?}");
        }
    }
    for (degrees, orders, text) in [
        ([0, 0, 0], [0, 0, 0], "1"),
        ([1, 1, 0], [0, 0, 0], "-√(1/3)"),
        ([1, 1, 1], [1, -1, 0], "√(1/6)"),
        ([1, 1, 2], [0, 0, 0], "√(2/15)"),
        ([1, 1, 2], [1, 1, -2], "√(1/5)"),
        ([2, 2, 2], [0, 0, 0], "-√(2/35)"),
        ([2, 2, 2], [2, -1, -1], "-√(3/35)"),
        ([2, 2, 4], [0, 0, 0], "√(2/35)"),
        ([4, 4, 4], [0, 0, 0], "√(18/1001)"),
    ] {
        if degrees.iter().all(|&l| l <= COUPLING_LMAX) {
            let symbol = three_j(degrees, orders).unwrap();
            assert_eq!(symbol.to_string(), text, "{degrees:?} {orders:?}");
        }
    }
}

/// The negated root where asked, since roots have no arithmetic.
fn same_up_to_sign(a: SignedRoot, b: SignedRoot, negated: bool) -> bool {
    let sign = if negated { -b.sign() } else { b.sign() };
    a.sign() == sign && a.numerator() == b.numerator() && a.denominator() == b.denominator()
}

/// Odd permutations and the change of all signs of m bring (-1)^(l1 + l2 + l3).
#[test]
fn three_j_symbols_have_their_symmetries() {
    for triple @ [l1, l2, l3] in triples() {
        let odd = (l1 + l2 + l3) % 2 == 1;
        for m1 in orders(l1) {
            for m2 in orders(l2) {
                let m3 = -m1 - m2;
                if m3.unsigned_abs() as usize > l3 {
                    continue;
                }
                let orders = [m1, m2, m3];
                let symbol = three_j(triple, orders).unwrap();
                for (slots, permuted) in [
                    ([1, 2, 0], false),
                    ([2, 0, 1], false),
                    ([1, 0, 2], odd),
                    ([0, 2, 1], odd),
                    ([2, 1, 0], odd),
                ] {
                    let other = three_j(slots.map(|slot| triple[slot]), slots.map(|s| orders[s]));
                    let same = same_up_to_sign(symbol, other.unwrap(), permuted);
                    assert!(same, "{triple:?} {orders:?} {slots:?}");
                }
                let mirrored = three_j(triple, orders.map(|m| -m)).unwrap();
                assert!(same_up_to_sign(symbol, mirrored, odd), "{triple:?} {orders:?}");
                // (-1)^(l1 - l2 + m3) √(2l3 + 1) is the factor to ⟨l1 m1; l2 m2 | l3 -m3⟩.
                let coefficient = clebsch_gordan(triple, [m1, m2, -m3]).unwrap();
                let sign = if (l1 + l2) as i32 % 2 == m3.rem_euclid(2) { 1.0 } else { -1.0 };
                let expected = sign * ((2 * l3 + 1) as f64).sqrt() * symbol.to_f64();
                let error = (coefficient.to_f64() - expected).abs();
                assert!(error <= 2.0 * f64::EPSILON, "{triple:?} {orders:?}");
            }
        }
    }
}

/// Σ_{m1,m2} ⟨l1 m1; l2 m2 | l m⟩ ⟨l1 m1; l2 m2 | l' m'⟩ is 1 for l = l' and m = m', otherwise 0;
/// and ⟨l1 l1; l2 (l - l1) | l l⟩ is positive.
#[test]
fn clebsch_gordan_coefficients_are_orthonormal() {
    for l1 in 0..=COUPLING_LMAX {
        for l2 in 0..=COUPLING_LMAX {
            let degrees = l1.abs_diff(l2)..=(l1 + l2).min(COUPLING_LMAX);
            for m in orders(COUPLING_LMAX) {
                let pairs: Vec<[i32; 2]> = orders(l1)
                    .map(|m1| [m1, m - m1])
                    .filter(|[_, m2]| m2.unsigned_abs() as usize <= l2)
                    .collect();
                let vectors: Vec<Vec<f64>> = degrees
                    .clone()
                    .filter(|&l| m.unsigned_abs() as usize <= l)
                    .map(|l| {
                        let coefficient = |&[m1, m2]: &[i32; 2]| {
                            clebsch_gordan([l1, l2, l], [m1, m2, m]).unwrap().to_f64()
                        };
                        pairs.iter().map(coefficient).collect()
                    })
                    .collect();
                for (a, first) in vectors.iter().enumerate() {
                    for (b, second) in vectors.iter().enumerate() {
                        let sum: f64 = first.iter().zip(second).map(|(a, b)| a * b).sum();
                        let expected = f64::from(a == b);
                        assert!((sum - expected).abs() <= 4.0 * f64::EPSILON, "({l1}, {l2})");
                    }
                }
            }
            for l in degrees {
                let orders = [l1, l, l].map(|m| m as i32);
                let orders = [orders[0], orders[1] - orders[0], orders[2]];
                assert_eq!(clebsch_gordan([l1, l2, l], orders).unwrap().sign(), 1);
            }
        }
    }
}

// Coupling vectors.

#[test]
fn vectors_couple_to_their_products() {
    if COUPLING_LMAX < 1 {
        return;
    }
    // In the order y, z, x, which is an even permutation.
    let (a, b) = ([1.0, 2.0, -3.0], [0.5, -1.0, 4.0]);
    let dot: f64 = a.iter().zip(&b).map(|(a, b)| a * b).sum();
    let mut scalar = [f64::NAN];
    tensor([1, 1, 0]).couple(&a, &b, &mut scalar).unwrap();
    assert!((scalar[0] - dot / 3.0_f64.sqrt()).abs() <= 4.0 * f64::EPSILON * dot.abs());

    let cross = [0, 1, 2].map(|i| {
        let (j, k) = ((i + 1) % 3, (i + 2) % 3);
        a[j] * b[k] - a[k] * b[j]
    });
    let mut coupled = [f64::NAN; 3];
    tensor([1, 1, 1]).couple(&a, &b, &mut coupled).unwrap();
    for (coupled, cross) in coupled.iter().zip(cross) {
        assert!((coupled - cross / 2.0_f64.sqrt()).abs() <= 16.0 * f64::EPSILON);
    }

    let mut scaled = [f64::NAN; 3];
    tensor([0, 1, 1]).couple(&[2.0], &b, &mut scaled).unwrap();
    assert_eq!(scaled, b.map(|component| 2.0 * component));
}

// Errors.

#[test]
fn degrees_above_the_tables_are_refused() {
    for [l1, l2, l3] in
        [[COUPLING_LMAX + 1, 0, COUPLING_LMAX + 1], [0, usize::MAX, 0], [0, 0, 1 << 40]]
    {
        let place = format!(" of the coupling ({l1}, {l2}, {l3})");
        let message = |place: &str| above(DegreeLimit::Coupling, l1.max(l2).max(l3), place);
        let degrees = [l1, l2, l3];
        assert_eq!(Tensor::new(l1, l2, l3).unwrap_err().to_string(), message(&place));
        // Complex coefficients are there without tables, too.
        let way_out = " (three_j_of_spins and clebsch_gordan_of_spins have it)";
        let message = message(&format!("{place}{way_out}"));
        assert_eq!(three_j(degrees, [0; 3]).unwrap_err().to_string(), message);
        assert_eq!(clebsch_gordan(degrees, [0; 3]).unwrap_err().to_string(), message);
    }
}

#[test]
fn degrees_that_do_not_couple_are_refused() {
    for (degrees, range) in [([0, 1, 0], "1 to 1"), ([1, 1, 3], "0 to 2"), ([4, 1, 2], "3 to 5")] {
        let [l1, l2, l3] = degrees;
        if degrees.iter().any(|&l| l > COUPLING_LMAX) {
            continue;
        }
        let message = format!("degrees {l1} and {l2} do not couple to {l3}: expected {range}");
        assert_eq!(Tensor::new(l1, l2, l3).unwrap_err().to_string(), message);
        assert_eq!(three_j(degrees, [0; 3]).unwrap_err().to_string(), message);
        assert_eq!(clebsch_gordan(degrees, [0; 3]).unwrap_err().to_string(), message);
    }
}

#[test]
fn orders_beyond_the_degree_are_refused() {
    let error = three_j([0, 0, 0], [0, 1, -1]).unwrap_err();
    assert_eq!(error.to_string(), "order 1 of degree 0, expected one in -0..=0");
    if COUPLING_LMAX >= 2 {
        let error = three_j([2, 1, 1], [-3, 1, 0]).unwrap_err();
        assert_eq!(error.to_string(), "order -3 of degree 2, expected one in -2..=2");
    }
    // The order that is named is the one that was passed, whichever it is.
    for m in [i32::MIN, -1, 1, i32::MAX] {
        for slot in 0..3 {
            let orders = [0, 1, 2].map(|other| if other == slot { m } else { 0 });
            let message = format!("order {m} of degree 0, expected one in -0..=0");
            assert_eq!(three_j([0; 3], orders).unwrap_err().to_string(), message);
            assert_eq!(clebsch_gordan([0; 3], orders).unwrap_err().to_string(), message);
        }
    }
}

#[test]
fn vectors_of_other_lengths_are_refused() {
    let scalar = tensor([0, 0, 0]);
    for (lengths, message) in [
        ([2, 1, 1], "the slice of the first vector has length 2, expected 1"),
        ([1, 0, 1], "the slice of the second vector has length 0, expected 1"),
        ([1, 1, 3], "the slice of the result has length 3, expected 1"),
    ] {
        let [a, b, mut c] = lengths.map(|length| vec![0.0; length]);
        assert_eq!(scalar.couple(&a, &b, &mut c).unwrap_err().to_string(), message);
    }
}
