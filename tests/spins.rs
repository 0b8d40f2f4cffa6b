//! 3j symbols and Clebsch–Gordan coefficients of half-integer and of high spins: known values, those of
//! the tables, symmetries, sums, and that they are rounded once.
#![allow(clippy::unnecessary_min_or_max, reason = "LMAX may be 0")]

use std::cmp::Ordering::{Greater, Less};

use tesseral::coupling::{
    COUPLING_LMAX, SignedRoot, SpinCoefficient, clebsch_gordan, clebsch_gordan_of_spins, three_j,
    three_j_of_spins,
};

/// Everything here is given as twice its value, as the functions take it.
type Spins = [u16; 3];
type Orders = [i32; 3];

fn symbol(spins: Spins, orders: Orders) -> SpinCoefficient {
    three_j_of_spins(spins, orders).unwrap()
}

fn coefficient(spins: Spins, orders: Orders) -> SpinCoefficient {
    clebsch_gordan_of_spins(spins, orders).unwrap()
}

fn orders(spin: u16) -> impl Iterator<Item = i32> + Clone {
    (-i32::from(spin)..=i32::from(spin)).step_by(2)
}

/// The spins that two couple to.
fn coupled(j1: u16, j2: u16) -> impl DoubleEndedIterator<Item = u16> + Clone {
    (j1.abs_diff(j2)..=j1 + j2).step_by(2)
}

/// All spins that couple, the first two up to one, with all orders whose sum is zero.
fn symbols_to(highest: u16) -> Vec<(Spins, Orders)> {
    let mut all = Vec::new();
    for j1 in 0..=highest {
        for j2 in 0..=highest {
            for j3 in coupled(j1, j2) {
                for m1 in orders(j1) {
                    let pairs = orders(j2).map(|m2| [m1, m2, -m1 - m2]);
                    let inside = pairs.filter(|m| m[2].unsigned_abs() <= u32::from(j3));
                    all.extend(inside.map(|orders| ([j1, j2, j3], orders)));
                }
            }
        }
    }
    all
}

/// Asserts that the value is within one unit in the last place of that of the exact root.
#[track_caller]
fn assert_within_one_ulp(value: f64, exact: SignedRoot) {
    let found = exact.to_f64();
    assert!(value.to_bits().abs_diff(found.to_bits()) <= 1, "{exact}: {value}, {found}");
}

// Values.

#[test]
fn integer_spins_have_the_values_of_the_tables() {
    for l1 in 0..=COUPLING_LMAX {
        for l2 in 0..=COUPLING_LMAX {
            for l3 in l1.abs_diff(l2)..=(l1 + l2).min(COUPLING_LMAX) {
                let degrees = [l1, l2, l3];
                let spins = degrees.map(|l| 2 * l as u16);
                for m1 in orders(spins[0]) {
                    for m2 in orders(spins[1]).filter(|m2| (m1 + m2).abs() <= 2 * l3 as i32) {
                        for m3 in [-m1 - m2, m1 + m2] {
                            let twice = [m1, m2, m3];
                            let orders = twice.map(|m| m / 2);
                            let (found, expected) =
                                (symbol(spins, twice), three_j(degrees, orders).unwrap());
                            assert_eq!(found.exact, Some(expected), "{degrees:?} {orders:?}");
                            assert_within_one_ulp(found.value, expected);
                            let (found, expected) = (
                                coefficient(spins, twice),
                                clebsch_gordan(degrees, orders).unwrap(),
                            );
                            assert_eq!(found.exact, Some(expected), "{degrees:?} {orders:?}");
                            assert_within_one_ulp(found.value, expected);
                        }
                    }
                }
            }
        }
    }
}

/// From the tables of the Particle Data Group, whose phase is that of Condon and Shortley.
#[test]
fn coefficients_have_the_values_of_published_tables() {
    for (spins, orders, text) in [
        // 1/2 x 1/2.
        ([1, 1, 2], [1, 1, 2], "1"),
        ([1, 1, 2], [1, -1, 0], "√(1/2)"),
        ([1, 1, 2], [-1, 1, 0], "√(1/2)"),
        ([1, 1, 0], [1, -1, 0], "√(1/2)"),
        ([1, 1, 0], [-1, 1, 0], "-√(1/2)"),
        // 1 x 1/2.
        ([2, 1, 3], [2, -1, 1], "√(1/3)"),
        ([2, 1, 3], [0, 1, 1], "√(2/3)"),
        ([2, 1, 1], [2, -1, 1], "√(2/3)"),
        ([2, 1, 1], [0, 1, 1], "-√(1/3)"),
        ([2, 1, 1], [0, -1, -1], "√(1/3)"),
        ([2, 1, 1], [-2, 1, -1], "-√(2/3)"),
        // 3/2 x 1/2.
        ([3, 1, 4], [3, -1, 2], "1/2"),
        ([3, 1, 4], [1, 1, 2], "√(3/4)"),
        ([3, 1, 2], [3, -1, 2], "√(3/4)"),
        ([3, 1, 2], [1, 1, 2], "-1/2"),
        ([3, 1, 2], [1, -1, 0], "√(1/2)"),
        ([3, 1, 2], [-1, 1, 0], "-√(1/2)"),
        // 3/2 x 1.
        ([3, 2, 5], [3, -2, 1], "√(1/10)"),
        ([3, 2, 3], [3, -2, 1], "√(2/5)"),
        ([3, 2, 3], [1, 0, 1], "√(1/15)"),
        ([3, 2, 3], [-1, 2, 1], "-√(8/15)"),
        ([3, 2, 1], [3, -2, 1], "√(1/2)"),
        ([3, 2, 1], [1, 0, 1], "-√(1/3)"),
        ([3, 2, 1], [-1, 2, 1], "√(1/6)"),
        // 2 x 1/2.
        ([4, 1, 3], [4, -1, 3], "√(4/5)"),
        ([4, 1, 3], [2, 1, 3], "-√(1/5)"),
        // 3/2 x 3/2.
        ([3, 3, 6], [3, -3, 0], "√(1/20)"),
        ([3, 3, 4], [3, -3, 0], "1/2"),
        ([3, 3, 2], [3, -3, 0], "√(9/20)"),
        ([3, 3, 2], [1, -1, 0], "-√(1/20)"),
        ([3, 3, 0], [3, -3, 0], "1/2"),
        ([3, 3, 0], [1, -1, 0], "-1/2"),
        // 2 x 3/2.
        ([4, 3, 1], [4, -3, 1], "√(2/5)"),
        ([4, 3, 1], [2, -1, 1], "-√(3/10)"),
        ([4, 3, 1], [0, 1, 1], "√(1/5)"),
        ([4, 3, 1], [-2, 3, 1], "-√(1/10)"),
    ] {
        let exact = coefficient(spins, orders).exact.unwrap();
        assert_eq!(exact.to_string(), text, "{spins:?} {orders:?}");
    }
}

/// ⟨j m; 1/2 ±1/2 | j' m ± 1/2⟩, where M is the order of the result: √((j ± M + 1/2)/(2j + 1)) for
/// j' = j + 1/2, and ∓√((j ∓ M + 1/2)/(2j + 1)) for j' = j - 1/2.
#[test]
fn couplings_with_one_half_have_their_closed_form() {
    for j in (1..=40).chain([1000, 9999]) {
        for m in orders(j).step_by(1 + usize::from(j) / 40) {
            for sign in [1, -1] {
                let total = m + sign;
                // 2 (j + 1/2 ± M) and 2 (2j + 1).
                let part = |sign: i32| (i32::from(j) + 1 + sign * total) as u64;
                let whole = 2 * u64::from(j) + 2;
                for (result, negative, part) in
                    [(j + 1, false, part(sign)), (j - 1, sign > 0, part(-sign))]
                {
                    if total.unsigned_abs() > u32::from(result) {
                        continue;
                    }
                    let found = coefficient([j, 1, result], [m, sign, total]).exact.unwrap();
                    assert_eq!(found.sign(), if negative { -1 } else { 1 }, "{j} {m} {sign}");
                    assert_eq!(found.numerator() * whole, found.denominator() * part);
                }
            }
        }
    }
}

/// (j j 0; m -m 0) = (-1)^(j - m) / √(2j + 1).
#[test]
fn couplings_to_zero_have_their_closed_form() {
    for j in (0..=30).chain([199, 2000, u16::MAX]) {
        for m in orders(j).step_by(1 + usize::from(j) / 2) {
            let found = symbol([j, j, 0], [m, -m, 0]).exact.unwrap();
            let odd = (i32::from(j) - m) / 2 % 2 == 1;
            assert_eq!(found.sign(), if odd { -1 } else { 1 }, "{j} {m}");
            assert_eq!((found.numerator(), found.denominator()), (1, u64::from(j) + 1));
        }
    }
}

/// ⟨j1 m1; j2 m2 | j1 + j2 M⟩² = C(2j1, j1 + m1) C(2j2, j2 + m2) / C(2j1 + 2j2, j1 + j2 + M).
#[test]
fn couplings_to_the_sum_have_their_closed_form() {
    // Of n factors, each rounded twice.
    let choose = |n: i32, k: i32| (1..=k).fold(1.0, |c, i| c * f64::from(n + 1 - i) / f64::from(i));
    for [j1, j2] in [[3, 2], [15, 15], [41, 40], [120, 99], [200, 201]] {
        for (m1, m2) in orders(j1).step_by(7).zip(orders(j2).step_by(5)) {
            let result = coefficient([j1, j2, j1 + j2], [m1, m2, m1 + m2]).value;
            let of_spin = |j: u16, m: i32| choose(i32::from(j), (i32::from(j) + m) / 2);
            let expected = of_spin(j1, m1) * of_spin(j2, m2) / of_spin(j1 + j2, m1 + m2);
            let error = (result * result / expected - 1.0).abs();
            let bound = f64::from(4 * (j1 + j2)) * f64::EPSILON;
            assert!(result > 0.0 && error <= bound, "{j1} {j2} {m1} {m2}: {error:e}");
        }
    }
}

/// With all orders zero and g = (j1 + j2 + j3)/2 an integer, the symbol is
/// (-1)^g √((2g - 2j1)! (2g - 2j2)! (2g - 2j3)! / (2g + 1)!) g! / ((g - j1)! (g - j2)! (g - j3)!).
/// The numbers come from this closed form by Python's integers, and 200 bits of the root:
///
/// ```python
/// q = Fraction(f(2*g - 2*a) * f(2*g - 2*b) * f(2*g - 2*c), f(2*g + 1)) \
///     * Fraction(f(g), f(g - a) * f(g - b) * f(g - c))**2
/// root = isqrt((q.numerator << 400) // q.denominator)
/// (-1)**g * ((2 * root + 1) / (1 << 201))
/// ```
#[test]
fn large_spins_with_orders_zero_have_their_closed_form() {
    for (spins, value) in [
        ([20, 20, 20], -0.05768853868256272),
        ([40, 40, 40], 0.02956688413461967),
        ([200, 200, 200], 0.006032391313465684),
        ([100, 140, 200], 0.009793250870699311),
        ([600, 600, 600], 0.0020175058555708314),
        ([2000, 2000, 2000], 0.0006059581243831523),
        ([2000, 1998, 2], 0.015811390277265806),
        ([20000, 20000, 20000], 6.0623085019659355e-05),
    ] {
        assert_eq!(symbol(spins, [0; 3]).value, value, "{spins:?}");
    }
}

/// The numbers come from Racah's formula as it is written (DLMF 34.2.4) by Python's fractions, and the
/// root as above.
#[test]
fn large_spins_have_the_values_of_fractions() {
    for (spins, orders, value) in [
        ([15, 15, 14], [1, -3, 2], 0.044061956836459644),
        ([41, 41, 40], [1, -1, 0], 0.025401640254655265),
        ([41, 39, 40], [-7, 27, -20], -0.03445597397431129),
        ([200, 200, 200], [2, -2, 0], -0.003016195656732842),
        ([200, 200, 200], [100, -60, -40], 0.0004371337921497181),
        ([201, 199, 200], [101, -99, -2], 0.0008197842926676425),
        ([401, 301, 200], [1, 1, -2], -0.0022410906097614374),
        ([999, 500, 501], [-3, 4, -1], -0.0011150741043784683),
    ] {
        assert_eq!(symbol(spins, orders).value, value, "{spins:?} {orders:?}");
    }
    for (spins, orders, value) in [
        ([41, 41, 40], [1, -1, 0], 0.16264985838513304),
        ([41, 40, 39], [-7, 20, 13], -0.1633727080356979),
        ([201, 200, 199], [101, -100, 1], 0.0633730502932816),
        ([1001, 1001, 2], [1001, -1001, 0], 0.05466298439013957),
        ([511, 511, 1022], [511, -511, 0], 9.44317476190992e-154),
        // Subnormal, and below.
        ([1060, 1060, 2118], [1060, -1060, 0], 2.830803e-317),
        ([1060, 1060, 2120], [1060, -1060, 0], 6.1496e-319),
        ([1070, 1070, 2140], [1070, -1070, 0], 6.03e-322),
        ([1200, 1200, 2400], [1200, -1200, 0], 0.0),
    ] {
        assert_eq!(coefficient(spins, orders).value, value, "{spins:?} {orders:?}");
    }
}

// Rounding.

/// Compares the midpoint of two neighbouring f64 from 2^-9 on with a root, by squares of integers
/// below 2^128.
fn compare_midpoint(a: f64, b: f64, root: SignedRoot) -> std::cmp::Ordering {
    // The lower one is mantissa / 2^places with 53 bits, and the midpoint is half a unit above.
    let lower = a.min(b);
    let places = 52 + 1023 - (lower.to_bits() >> 52);
    let mantissa = lower.to_bits() & ((1 << 52) - 1) | 1 << 52;
    let midpoint = u128::from(2 * mantissa + 1);
    let left = midpoint * midpoint * u128::from(root.denominator());
    left.cmp(&(u128::from(root.numerator()) << (2 * (places + 1))))
}

#[test]
fn values_are_rounded_once() {
    let mut checked = 0;
    for (spins, [m1, m2, m3]) in symbols_to(10) {
        for found in [symbol(spins, [m1, m2, m3]), coefficient(spins, [m1, m2, -m3])] {
            let (value, exact) = (found.value.abs(), found.exact.unwrap());
            assert_eq!(found.value.partial_cmp(&0.0), Some(exact.sign().cmp(&0)));
            if value >= 2_f64.powi(-9) && value < 1.0 && exact.denominator() < 1 << 19 {
                let below = compare_midpoint(value.next_down(), value, exact);
                let above = compare_midpoint(value, value.next_up(), exact);
                assert_eq!((below, above), (Less, Greater), "{exact}");
                checked += 1;
            }
        }
    }
    assert!(checked > 10_000);
}

/// The views of exact values whose parts are larger, and their magnitudes smaller, than those of the
/// tables: ⟨j m; j -m | 2j 0⟩ = C(2j, j + m) / √C(4j, 2j).
#[test]
fn roots_of_large_parts_are_rounded_once() {
    let mut large = 0;
    for j in 1..=33 {
        for m in orders(j) {
            let found = coefficient([j, j, 2 * j], [m, -m, 0]);
            let exact = found.exact.unwrap();
            if exact.numerator().max(exact.denominator()) >= 1 << 53 {
                assert_eq!(exact.to_f64(), found.value);
                large += 1;
            } else {
                assert_within_one_ulp(found.value, exact);
            }
            // None of these is so near to the middle of two f32 that rounding twice makes a difference.
            assert_eq!(exact.to_f32(), found.value as f32);
        }
    }
    assert!(large > 0);
    // C(66, 33).
    let smallest = coefficient([33, 33, 66], [33, -33, 0]).exact.unwrap();
    assert_eq!(smallest.to_string(), "√(1/7219428434016265740)");
}

/// All were counted to a sum of spins of 45; here are those of 45 with few other spins.
#[test]
fn exact_values_are_given_to_a_sum_of_spins_of_45() {
    for j1 in [15, 22, 30, 44] {
        for j2 in [30, 37, 45] {
            let j3 = 90 - j1 - j2;
            if !coupled(j1, j2).any(|spin| spin == j3) {
                continue;
            }
            for m1 in orders(j1) {
                for m2 in orders(j2).filter(|m2| (m1 + m2).unsigned_abs() <= u32::from(j3)) {
                    assert!(symbol([j1, j2, j3], [m1, m2, -m1 - m2]).exact.is_some());
                    assert!(coefficient([j1, j2, j3], [m1, m2, m1 + m2]).exact.is_some());
                }
            }
        }
    }
    // Its square has a numerator of 65 digits.
    assert_eq!(symbol([200, 200, 200], [0; 3]).exact, None);
}

// Laws.

/// Σ_{m1} ⟨j1 m1; j2 (m - m1) | j m⟩ ⟨j1 m1; j2 (m - m1) | j' m⟩ is 1 for j = j', otherwise 0.
#[test]
fn coefficients_are_orthonormal() {
    for (j1, j2, totals) in [
        (1, 1, vec![0, 2]),
        (3, 2, vec![-5, -1, 1, 3]),
        (7, 5, vec![0, 4]),
        (40, 40, vec![0, 14]),
        (41, 41, vec![0, -20]),
        (41, 40, vec![1, 27]),
        (200, 199, vec![391]),
    ] {
        for m in totals {
            let inside = |m1: &i32| (m - m1).unsigned_abs() <= u32::from(j2);
            let firsts: Vec<i32> = orders(j1).filter(inside).collect();
            let vectors: Vec<Vec<f64>> = coupled(j1, j2)
                .filter(|&j| m.unsigned_abs() <= u32::from(j))
                .map(|j| {
                    let entry = |&m1: &i32| coefficient([j1, j2, j], [m1, m - m1, m]).value;
                    firsts.iter().map(entry).collect()
                })
                .collect();
            assert_eq!(vectors.len(), firsts.len());
            // Each of n products of a sum with absolute values to 1 has three roundings, and n - 1
            // sums round.
            let bound = (firsts.len() + 2) as f64 * f64::EPSILON / 2.0;
            for (a, first) in vectors.iter().enumerate() {
                for (b, second) in vectors.iter().enumerate() {
                    let sum: f64 = first.iter().zip(second).map(|(a, b)| a * b).sum();
                    let error = (sum - f64::from(a == b)).abs();
                    assert!(error <= bound, "{j1} {j2} {m}: {error:e} is above {bound:e}");
                }
            }
        }
    }
}

fn negated_if(odd: bool, found: SpinCoefficient) -> (Option<i32>, Option<[u64; 2]>, f64) {
    let sign = if odd { -1 } else { 1 };
    (
        found.exact.map(|root| sign * root.sign()),
        found.exact.map(|root| [root.numerator(), root.denominator()]),
        f64::from(sign) * found.value,
    )
}

/// Odd permutations and the change of all signs of m bring (-1)^(j1 + j2 + j3), to the last bit.
#[test]
fn symbols_have_their_symmetries() {
    let large = [
        ([41, 40, 39], [-7, 20, -13]),
        ([200, 200, 200], [2, 4, -6]),
        ([301, 200, 199], [-299, 150, 149]),
        ([1001, 1000, 1], [-501, 500, 1]),
    ];
    for (spins, orders) in symbols_to(5).into_iter().chain(large) {
        let odd = spins.iter().sum::<u16>() / 2 % 2 == 1;
        let expected = negated_if(false, symbol(spins, orders));
        for (slots, negated) in [
            ([1, 2, 0], false),
            ([2, 0, 1], false),
            ([1, 0, 2], odd),
            ([0, 2, 1], odd),
            ([2, 1, 0], odd),
        ] {
            let permuted = symbol(slots.map(|slot| spins[slot]), slots.map(|slot| orders[slot]));
            assert_eq!(negated_if(negated, permuted), expected, "{spins:?} {orders:?} {slots:?}");
        }
        let mirrored = symbol(spins, orders.map(|m| -m));
        assert_eq!(negated_if(odd, mirrored), expected, "{spins:?} {orders:?}");
    }
}

/// ⟨j1 m1; j2 m2 | j3 m3⟩ = (-1)^(j1 - j2 + m3) √(2j3 + 1) (j1 j2 j3; m1 m2 -m3), and
/// ⟨j1 j1; j2 (j3 - j1) | j3 j3⟩ is positive.
#[test]
fn coefficients_follow_from_symbols() {
    for (spins @ [j1, j2, j3], orders @ [m1, m2, m3]) in symbols_to(6) {
        let found = coefficient(spins, [m1, m2, -m3]);
        let exponent = (i32::from(j1) - i32::from(j2) - m3) / 2;
        let sign = if exponent % 2 == 0 { 1.0 } else { -1.0 };
        let expected = sign * (f64::from(j3) + 1.0).sqrt() * symbol(spins, orders).value;
        assert!((found.value - expected).abs() <= 2.0 * f64::EPSILON, "{spins:?} {orders:?}");
    }
    for (j1, j2) in [(1, 1), (3, 2), (7, 4), (41, 40), (200, 301)] {
        for j3 in coupled(j1, j2) {
            let [first, total] = [j1, j3].map(i32::from);
            let found = coefficient([j1, j2, j3], [first, total - first, total]);
            assert!(found.value > 0.0, "{j1} {j2} {j3}");
        }
    }
}

#[test]
fn zeros_are_exact() {
    let zero = |found: SpinCoefficient| (found.exact, found.value.to_bits());
    for (spins, orders) in [
        // m1 + m2 + m3 is not zero.
        ([1, 1, 2], [1, 1, 0]),
        ([3, 2, 1], [1, 0, 1]),
        // j1 + j2 + j3 is odd, and reversing all orders or exchanging equal columns changes nothing.
        ([2, 2, 2], [0, 0, 0]),
        ([202, 200, 200], [0, 0, 0]),
        ([65534, 65534, 65534], [0, 0, 0]),
        ([41, 41, 40], [1, 1, -2]),
        ([3, 3, 4], [1, 1, -2]),
        // 3m² = j (j + 1) for j = 3, m = 2 and for j = 48, m = 28.
        ([4, 6, 6], [0, 4, -4]),
        ([4, 96, 96], [0, 56, -56]),
    ] {
        assert_eq!(zero(symbol(spins, orders)), (Some(SignedRoot::ZERO), 0), "{spins:?}");
    }
    for (spins, orders) in [([1, 1, 2], [1, 1, 0]), ([3, 3, 4], [1, 1, 2]), ([6, 4, 6], [4, 0, 4])]
    {
        assert_eq!(zero(coefficient(spins, orders)), (Some(SignedRoot::ZERO), 0), "{spins:?}");
    }
}

// Errors.

#[test]
fn spins_that_do_not_couple_are_refused() {
    for (spins, message) in [
        ([1, 1, 4], "spins 1/2 and 1/2 do not couple to 2: expected 0 to 1 in steps of 1"),
        ([1, 1, 1], "spins 1/2 and 1/2 do not couple to 1/2: expected 0 to 1 in steps of 1"),
        ([3, 2, 2], "spins 3/2 and 1 do not couple to 1: expected 1/2 to 5/2 in steps of 1"),
        ([2, 7, 3], "spins 1 and 7/2 do not couple to 3/2: expected 5/2 to 9/2 in steps of 1"),
        (
            [u16::MAX, u16::MAX, u16::MAX],
            "spins 65535/2 and 65535/2 do not couple to 65535/2: expected 0 to 65535 in steps of 1",
        ),
    ] {
        for evaluate in [three_j_of_spins, clebsch_gordan_of_spins] {
            assert_eq!(evaluate(spins, [0; 3]).unwrap_err().to_string(), message);
        }
    }
}

#[test]
fn orders_that_a_spin_does_not_have_are_refused() {
    for (spins, orders, message) in [
        (
            [1, 1, 2],
            [3, -1, -2],
            "order 3/2 of spin 1/2, expected one from -1/2 to 1/2 in steps of 1",
        ),
        ([1, 1, 2], [1, 0, 0], "order 0 of spin 1/2, expected one from -1/2 to 1/2 in steps of 1"),
        ([3, 3, 2], [1, -1, 1], "order 1/2 of spin 1, expected one from -1 to 1 in steps of 1"),
        (
            [3, 3, 2],
            [-5, 1, 2],
            "order -5/2 of spin 3/2, expected one from -3/2 to 3/2 in steps of 1",
        ),
        ([0, 0, 0], [0, 0, 2], "order 1 of spin 0, expected one from 0 to 0 in steps of 1"),
    ] {
        for evaluate in [three_j_of_spins, clebsch_gordan_of_spins] {
            assert_eq!(evaluate(spins, orders).unwrap_err().to_string(), message);
        }
    }
    // Whichever was passed is named, and nothing overflows.
    for m in [i32::MIN, i32::MIN + 1, i32::MAX - 1, i32::MAX] {
        for slot in 0..3 {
            let orders = [0, 1, 2].map(|other| if other == slot { m } else { 0 });
            let half = if m % 2 == 0 { (m / 2).to_string() } else { format!("{m}/2") };
            let message = format!("order {half} of spin 0, expected one from 0 to 0 in steps of 1");
            for evaluate in [three_j_of_spins, clebsch_gordan_of_spins] {
                assert_eq!(evaluate([0; 3], orders).unwrap_err().to_string(), message);
            }
        }
    }
}
