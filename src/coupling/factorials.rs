//! Quotients of products of factorials, by the exponents of their primes.

use super::natural::Natural;

/// A positive rational, the product of powers of primes.
pub(super) struct Quotient {
    /// Primes in ascending order, each with its exponent.
    powers: Vec<(u64, i64)>,
}

impl Quotient {
    /// The product of the factorials of some numbers, divided by that of others.
    pub(super) fn of_factorials(above: &[u64], below: &[u64]) -> Quotient {
        let highest = above.iter().chain(below).max().copied().unwrap_or(0);
        let power = |prime| {
            let sum = |numbers: &[u64]| numbers.iter().map(|&n| exponent(n, prime)).sum::<i64>();
            (prime, sum(above) - sum(below))
        };
        Quotient { powers: primes(highest).into_iter().map(power).collect() }
    }

    /// The numerator and denominator of this number times the square of another, in lowest terms.
    pub(super) fn times_square(&self, mut root: Natural) -> (Natural, Natural) {
        let [mut numerator, mut denominator] = [Product::one(), Product::one()];
        for &(prime, mut exponent) in &self.powers {
            while exponent < 0 && root.is_multiple_of(prime) {
                root.divide(prime);
                exponent += 2;
            }
            let side = if exponent < 0 { &mut denominator } else { &mut numerator };
            (0..exponent.abs()).for_each(|_| side.multiply(prime));
        }
        (root.product(&root).product(&numerator.finish()), denominator.finish())
    }
}

/// A product of many small factors, multiplied as many at once as fit.
struct Product {
    done: Natural,
    waiting: u64,
}

impl Product {
    fn one() -> Product {
        Product { done: Natural::from(1), waiting: 1 }
    }

    fn multiply(&mut self, factor: u64) {
        self.waiting = self.waiting.checked_mul(factor).unwrap_or_else(|| {
            self.done.multiply(self.waiting);
            factor
        });
    }

    fn finish(mut self) -> Natural {
        self.done.multiply(self.waiting);
        self.done
    }
}

/// How often a prime divides n!: Σ ⌊n / p^i⌋ (Legendre).
fn exponent(n: u64, prime: u64) -> i64 {
    let quotients = std::iter::successors(Some(n / prime), |quotient| Some(quotient / prime));
    quotients.take_while(|&quotient| quotient > 0).sum::<u64>() as i64
}

/// The primes up to a number, by the sieve of Eratosthenes.
fn primes(highest: u64) -> Vec<u64> {
    let mut composite = vec![false; highest as usize + 1];
    let mut primes = Vec::new();
    for number in 2..=highest {
        if !composite[number as usize] {
            primes.push(number);
            let multiples = (number * number..=highest).step_by(number as usize);
            multiples.for_each(|multiple| composite[multiple as usize] = true);
        }
    }
    primes
}
