//! The programs compute exactly what the tables say, in no more operations than promised.

use num_rational::BigRational;
use num_traits::One;
use tesseral_codegen::ir::exact::{Value, evaluate};
use tesseral_codegen::ir::harmonics::{
    Derivatives, Points, all_degrees, monic_row, pull_back, single_degree,
};
use tesseral_codegen::ir::{Op, Program};
use tesseral_codegen::tables::harmonics::GradientTerm;
use tesseral_codegen::tables::{Harmonics, LMAX_LIMIT, Polynomial, Surd, snapshot};

fn tables() -> Harmonics {
    snapshot::read(LMAX_LIMIT).expect("the snapshot is readable").harmonics
}

fn orders(l: usize) -> impl Iterator<Item = i32> {
    -(l as i32)..=l as i32
}

/// Asserts that a value is Σ coefficient · Y_{l,m}, on the unit sphere or everywhere.
fn assert_combination(
    tables: &Harmonics,
    value: &Value,
    l: usize,
    terms: &[GradientTerm],
    points: Points,
    what: &str,
) {
    let scale = match terms {
        [first, ..] => &first.coefficient * &tables.polynomial(l, first.m).0,
        [] => Surd::one(),
    };
    let mut expected = Polynomial::default();
    for term in terms {
        let (norm, polynomial) = tables.polynomial(l, term.m);
        let quotient = &(&term.coefficient * &norm) * &scale.recip();
        let factor = quotient.as_rational().expect("terms of one derivative are commensurate");
        expected = &expected + &polynomial.scaled(&factor);
    }
    let found = value.polynomial_at(&scale).unwrap_or_else(|| panic!("{what}: another surd"));
    match points {
        Points::Solid => assert_eq!(found, expected, "{what}"),
        Points::Unit => assert_eq!(found.on_unit_sphere(), expected.on_unit_sphere(), "{what}"),
    }
}

fn itself(m: i32) -> Vec<GradientTerm> {
    let one = BigRational::one();
    vec![GradientTerm { m, coefficient: Surd::rational(&one) }]
}

#[test]
fn single_degrees_are_exact_with_both_derivatives() {
    let tables = tables();
    for l in 0..=12 {
        let program = single_degree(&tables, l, Derivatives::Second);
        let outputs = evaluate(&program).expect("all sums are commensurate");
        let size = 2 * l + 1;
        for (column, m) in orders(l).enumerate() {
            let what = format!("l = {l}, m = {m}");
            assert_combination(&tables, &outputs[0][column], l, &itself(m), Points::Solid, &what);
            for axis in 0..3 {
                let terms = tables.gradient(l, axis, m);
                let value = &outputs[1][axis * size + column];
                assert_combination(&tables, value, l.max(1) - 1, terms, Points::Solid, &what);
                for other in 0..3 {
                    let terms = match l {
                        0 | 1 => Vec::new(),
                        _ => tables.hessian(l, [axis, other], m),
                    };
                    let value = &outputs[2][(axis * 3 + other) * size + column];
                    assert_combination(&tables, value, l.max(2) - 2, &terms, Points::Solid, &what);
                }
            }
        }
    }
}

#[test]
fn single_degrees_are_exact_to_the_highest() {
    let tables = tables();
    for l in 13..=LMAX_LIMIT {
        let program = single_degree(&tables, l, Derivatives::None);
        let outputs = evaluate(&program).expect("all sums are commensurate");
        for (column, m) in orders(l).enumerate() {
            let what = format!("l = {l}, m = {m}");
            assert_combination(&tables, &outputs[0][column], l, &itself(m), Points::Solid, &what);
        }
    }
}

#[test]
fn all_degrees_are_exact() {
    let tables = tables();
    for (lmax, points, derivatives) in [
        (LMAX_LIMIT, Points::Solid, Derivatives::None),
        (LMAX_LIMIT, Points::Unit, Derivatives::None),
        (9, Points::Solid, Derivatives::First),
        (4, Points::Solid, Derivatives::Second),
        (1, Points::Solid, Derivatives::Second),
        (2, Points::Unit, Derivatives::None),
        (1, Points::Solid, Derivatives::First),
        (0, Points::Solid, Derivatives::First),
    ] {
        let program = all_degrees(&tables, lmax, points, derivatives);
        let outputs = evaluate(&program).expect("all sums are commensurate");
        let size = (lmax + 1) * (lmax + 1);
        for l in 0..=lmax {
            for (column, m) in orders(l).enumerate() {
                let what = format!("{points:?} to {lmax}: l = {l}, m = {m}");
                let index = l * l + column;
                assert_combination(&tables, &outputs[0][index], l, &itself(m), points, &what);
                for axis in 0..outputs.get(1).map_or(0, |_| 3) {
                    let terms = tables.gradient(l, axis, m);
                    let value = &outputs[1][axis * size + index];
                    assert_combination(&tables, value, l.max(1) - 1, terms, points, &what);
                }
                for component in 0..outputs.get(2).map_or(0, |_| 9) {
                    let terms = match l {
                        0 | 1 => Vec::new(),
                        _ => tables.hessian(l, [component / 3, component % 3], m),
                    };
                    let value = &outputs[2][component * size + index];
                    assert_combination(&tables, value, l.max(2) - 2, &terms, points, &what);
                }
            }
        }
    }
}

/// A program of x, y, z: one with a cotangent of one for a single harmonic.
fn with_unit_cotangent(mut program: Program, harmonic: usize) -> Program {
    for node in &mut program.nodes {
        if let Op::Input(index @ 3..) = node.op {
            let value = if index == 3 + harmonic { Surd::one() } else { Surd::zero() };
            node.op = Op::Constant(value);
        }
    }
    program
}

#[test]
fn pull_backs_are_exact() {
    let tables = tables();
    for lmax in [0, 1, 2, 5] {
        let program = pull_back(&tables, lmax);
        for l in 0..=lmax {
            for (column, m) in orders(l).enumerate() {
                let what = format!("pull-back to {lmax}: l = {l}, m = {m}");
                let own = with_unit_cotangent(program.clone(), l * l + column);
                let outputs = evaluate(&own).expect("all sums are commensurate");
                for (axis, value) in outputs[0].iter().enumerate() {
                    let terms = tables.gradient(l, axis, m);
                    assert_combination(&tables, value, l.max(1) - 1, terms, Points::Solid, &what);
                }
            }
        }
    }
}

#[test]
fn solid_programs_hold_their_line() {
    let tables = tables();
    for lmax in 6..=LMAX_LIMIT {
        let count = all_degrees(&tables, lmax, Points::Solid, Derivatives::None).count().total();
        let per_value = count as f64 / ((lmax + 1) * (lmax + 1)) as f64;
        println!("solid to {lmax}: {count} operations, {per_value:.3} per value");
        assert!(per_value <= 2.8, "lmax = {lmax}: {per_value} operations per value");
    }
}

#[test]
fn unit_programs_are_no_longer_than_those_of_sloan() {
    let tables = tables();
    for (lmax, sloan) in [(2, 14), (4, 47), (6, 100), (9, 217)] {
        let count = all_degrees(&tables, lmax, Points::Unit, Derivatives::None).count().total();
        println!("unit to {lmax}: {count} operations, Sloan {sloan}");
        assert!(count <= sloan, "lmax = {lmax}: {count} operations, Sloan needs {sloan}");
    }
}

#[test]
fn the_monic_recurrence_gives_the_z_parts() {
    let tables = tables();
    let [x, y, z] = [0, 1, 2].map(Polynomial::variable);
    let rho2 = &(&x * &x) + &(&y * &y);
    for l in 0..=LMAX_LIMIT {
        let mut before = Polynomial::default();
        let mut part = Polynomial::constant(BigRational::one());
        for (d, [c, n]) in monic_row(&tables, l).iter().enumerate() {
            if d > 0 {
                let c = c.as_rational().expect("a rational coefficient");
                let next = &(&z * &part) + &(&rho2 * &before).scaled(&-c);
                (part, before) = (next, part);
            }
            let m = l - d;
            let (norm, expected) = tables.polynomial(l, m as i32);
            let found = &part * &cosine(m);
            let factor = (n * &norm.recip()).as_rational().expect("a rational quotient");
            assert_eq!(found.scaled(&factor), expected, "l = {l}, m = {m}");
        }
    }
}

/// Re (x + iy)^m.
fn cosine(m: usize) -> Polynomial {
    let [x, y] = [0, 1].map(Polynomial::variable);
    let minus = BigRational::from(num_bigint::BigInt::from(-1));
    let mut parts = (Polynomial::constant(BigRational::one()), Polynomial::default());
    for _ in 0..m {
        let real = &(&x * &parts.0) + &(&y * &parts.1).scaled(&minus);
        let imaginary = &(&x * &parts.1) + &(&y * &parts.0);
        parts = (real, imaginary);
    }
    parts.0
}
