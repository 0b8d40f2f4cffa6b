//! Constants as a rational multiple of the root of a squarefree number, so that sums of several
//! constants have one form only.

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, ToPrimitive, Zero};

use crate::tables::Surd;

/// The primes of which the constants of programs up to the highest degree are made.
const PRIMES: [u64; 25] = [
    2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
];

/// √(radicand · π^pi_power) for a squarefree radicand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Root {
    radicand: u64,
    pi_power: i32,
}

impl Root {
    pub const ONE: Root = Root { radicand: 1, pi_power: 0 };

    /// The product: a factor and a root.
    pub fn times(self, other: Root) -> (u64, Root) {
        let shared = self.radicand.gcd(&other.radicand);
        let radicand = (self.radicand / shared).checked_mul(other.radicand / shared);
        let radicand = radicand.expect("a product of different small primes fits u64");
        (shared, Root { radicand, pi_power: self.pi_power + other.pi_power })
    }
}

/// A constant that is not zero as factor and root.
///
/// # Panics
/// If its square has a prime factor above 97 to an odd power: no constant of a table has.
pub(super) fn split(value: &Surd) -> (BigRational, Root) {
    let (above, above_free) = split_square(value.square().numer());
    let (below, below_free) = split_square(value.square().denom());
    // √(1/f) = √f / f.
    let root = Root { radicand: above_free, pi_power: value.pi_power() };
    let (shared, root) = root.times(Root { radicand: below_free, pi_power: 0 });
    let factor = BigRational::new(above * shared, below * below_free);
    (factor * BigInt::from(value.sign()), root)
}

/// `value = square² · free` with squarefree `free`.
fn split_square(value: &BigInt) -> (BigInt, u64) {
    let (mut square, mut free, mut rest) = (BigInt::one(), 1, value.clone());
    for prime in PRIMES {
        let mut power = 0;
        loop {
            let (quotient, remainder) = rest.div_rem(&BigInt::from(prime));
            if !remainder.is_zero() {
                break;
            }
            rest = quotient;
            power += 1;
        }
        square *= BigInt::from(prime).pow(power / 2);
        if power % 2 == 1 {
            free *= prime;
        }
    }
    let root = rest.sqrt();
    assert!(&root * &root == rest, "{value} has a prime factor above 97");
    (square * root, free)
}

/// The quotient of two rationals as integers.
pub(super) fn quotient(a: &BigRational, b: &BigRational) -> [i128; 2] {
    let quotient = a / b;
    [quotient.numer(), quotient.denom()]
        .map(|part| part.to_i128().expect("quotients of scales in programs fit i128"))
}
