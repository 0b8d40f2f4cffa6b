//! Programs need no more operations than promised, and the recurrence of loops gives the z-parts.
//! That programs compute what the tables say is tested in `exact`.

use std::collections::HashSet;

use num_rational::BigRational;
use num_traits::One;
use tesseral_codegen::ir::harmonics::{Derivatives, Points, all_degrees, monic_row};
use tesseral_codegen::ir::products::{Map, Triple};
use tesseral_codegen::tables::{Harmonics, LMAX_LIMIT, Polynomial, snapshot};
use tesseral_codegen::unroll::PRODUCT_LMAX;

fn tables() -> Harmonics {
    snapshot::read(LMAX_LIMIT).expect("the snapshot is readable").harmonics
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

/// The operations of each map entry by entry, with the factor of the map on one input or on every
/// result: what the code of products needed before it was made from programs.
fn entry_by_entry(triple: &Triple) -> [usize; 7] {
    let [n1, n2, n3] = triple.sizes();
    let terms = triple.entries.len();
    let pairs = |sides: [usize; 2]| {
        let pairs = triple.entries.iter().map(|(m, _)| sides.map(|side| m[side]));
        pairs.collect::<HashSet<_>>().len()
    };
    let (matrix, inputs) = (pairs([0, 2]), pairs([0, 1]));
    [
        n2 + terms,
        matrix + n3,
        matrix + 2 * n1,
        n1 + matrix,
        terms + n2,
        inputs + terms + n3,
        n3 + terms + 2 * inputs,
    ]
}

#[test]
fn programs_of_products_hold_their_line() {
    let tables = snapshot::read(PRODUCT_LMAX).expect("the snapshot is readable").coupling;
    let (mut sums, mut sums_before) = ([0; 7], [0; 7]);
    for degrees in tables.triples() {
        let triple = Triple::new(&tables, degrees);
        let counts = Map::ALL.map(|map| triple.program(map).count().total());
        let before = entry_by_entry(&triple);
        println!("{degrees:?}: {before:?} -> {counts:?}, M has {} entries", triple.matrix.len());
        for index in 0..7 {
            assert!(counts[index] <= before[index], "{degrees:?}, {:?}", Map::ALL[index]);
            sums[index] += counts[index];
            sums_before[index] += before[index];
        }
    }
    println!("all: {sums_before:?} -> {sums:?}");
    assert_eq!(sums, [467, 653, 844, 653, 502, 964, 1551]);
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
