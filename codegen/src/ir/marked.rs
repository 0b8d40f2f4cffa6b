//! Programs for every normalization at once. Harmonics of degree l are multiplied by an unknown factor,
//! so that each constant of a program says which factors it holds; with known factors in their
//! place, one program has a table of constants for each normalization.
//!
//! The unknown factor of degree l is the root of a prime that divides no number of the tables, so
//! constants stay [`Surd`]s, and the power of a factor is that of its prime.

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Zero};

use super::{Op, Program};
use crate::tables::{Harmonics, Surd};

/// A prime for each degree, far above those that divide numbers of the tables.
const PRIMES: [u32; 21] = [
    1009, 1013, 1019, 1021, 1031, 1033, 1039, 1049, 1051, 1061, 1063, 1069, 1087, 1091, 1093, 1097,
    1103, 1109, 1117, 1123, 1129,
];

/// The unknown factor of a degree.
fn mark(l: usize) -> Surd {
    Surd::sqrt(BigRational::from(BigInt::from(PRIMES[l])))
}

/// The harmonics and their derivatives with unknown factors.
///
/// # Example
/// ```
/// use tesseral_codegen::ir::harmonics::{Derivatives, single_degree};
/// use tesseral_codegen::ir::marked::{constants, marked, with_factors};
/// use tesseral_codegen::tables::{Surd, snapshot};
///
/// let tables = snapshot::read(1)?.harmonics;
/// let program = single_degree(&marked(&tables), 1, Derivatives::None);
/// // Y_1 is √(3/4π) (y, z, x), and with the factor 2 it is twice that.
/// let [constant] = &constants(&program)[..] else { panic!("one constant") };
/// assert_eq!(with_factors(constant, |_| Surd::one()).to_string(), "√(3/(4π))");
/// assert_eq!(with_factors(constant, |_| Surd::ratio(2, 1)).to_string(), "√(3/π)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn marked(tables: &Harmonics) -> Harmonics {
    let mut tables = tables.clone();
    for (l, degree) in tables.degrees.iter_mut().enumerate() {
        for part in &mut degree.z_parts {
            part.norm = &part.norm * &mark(l);
        }
        // From degree l - 1 to degree l. Degree 0 has no derivatives.
        let step = if l == 0 { Surd::one() } else { &mark(l) * &mark(l - 1).recip() };
        for term in degree.gradient.iter_mut().flatten().flatten() {
            term.coefficient = &term.coefficient * &step;
        }
    }
    tables
}

/// The constants of a program that hold factors, each once, in the order of the program.
pub fn constants(program: &Program) -> Vec<Surd> {
    let mut found: Vec<Surd> = Vec::new();
    for node in &program.nodes {
        if let Op::Constant(value) = &node.op
            && is_marked(value)
            && !found.contains(value)
        {
            found.push(value.clone());
        }
    }
    found
}

/// Whether a constant holds a factor.
pub fn is_marked(value: &Surd) -> bool {
    (0..PRIMES.len()).any(|l| power(value, l) != 0)
}

/// A constant with known factors, by degree.
pub fn with_factors(value: &Surd, factor: impl Fn(usize) -> Surd) -> Surd {
    (0..PRIMES.len()).fold(value.clone(), |value, l| match power(&value, l) {
        0 => value,
        power => {
            let step = &factor(l) * &mark(l).recip();
            let step = if power < 0 { step.recip() } else { step };
            (0..power.abs()).fold(value, |value, _| &value * &step)
        }
    })
}

/// A program with known factors.
pub fn program_with_factors(program: &Program, factor: impl Fn(usize) -> Surd) -> Program {
    let mut program = program.clone();
    for node in &mut program.nodes {
        if let Op::Constant(value) = &node.op {
            node.op = Op::Constant(with_factors(value, &factor));
        }
    }
    program
}

/// The power of the factor of degree l in a constant.
fn power(value: &Surd, l: usize) -> i32 {
    let prime = BigInt::from(PRIMES[l]);
    if value.is_zero() {
        return 0;
    }
    count(value.square().numer(), &prime) - count(value.square().denom(), &prime)
}

/// How often a prime divides a number that is not zero.
fn count(number: &BigInt, prime: &BigInt) -> i32 {
    let (mut number, mut times) = (number.clone(), 0);
    while !number.is_one() {
        let (quotient, rest) = number.div_rem(prime);
        if !rest.is_zero() {
            break;
        }
        (number, times) = (quotient, times + 1);
    }
    times
}
