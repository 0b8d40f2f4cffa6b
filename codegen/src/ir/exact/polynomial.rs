//! Sparse polynomials with integer coefficients in up to 64 variables, made for speed: exponents are
//! packed into words, coefficients are i128, and an overflow of either is a panic, not a wrong
//! result.

use std::ops::Range;

use num_integer::Integer;

/// The most variables.
pub const MOST_VARIABLES: usize = 64;

/// The exponents of a monomial, packed. The order is that of the packed words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Monomial([u64; 4]);

/// How exponents are packed: with 32 variables or fewer in 8 bits each, else in 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Packing {
    bits: usize,
    /// The highest bit of each exponent, which stays zero.
    guard: u64,
}

impl Packing {
    /// For so many variables.
    pub fn new(variables: usize) -> Packing {
        assert!(variables <= MOST_VARIABLES, "{variables} variables, at most {MOST_VARIABLES}");
        match variables {
            0..=32 => Packing { bits: 8, guard: 0x8080_8080_8080_8080 },
            _ => Packing { bits: 4, guard: 0x8888_8888_8888_8888 },
        }
    }

    fn place(self, variable: usize) -> (usize, usize) {
        let each = 64 / self.bits;
        (variable / each, variable % each * self.bits)
    }

    pub fn variable(self, variable: usize) -> Monomial {
        let (word, shift) = self.place(variable);
        let mut words = [0; 4];
        words[word] = 1 << shift;
        Monomial(words)
    }

    /// The exponent of a variable, and the monomial without the variable's even power.
    fn split_even(self, monomial: Monomial, variable: usize) -> (u64, Monomial) {
        let (word, shift) = self.place(variable);
        let exponent = monomial.0[word] >> shift & ((1 << self.bits) - 1);
        let mut rest = monomial;
        rest.0[word] -= (exponent & !1) << shift;
        (exponent, rest)
    }

    fn product(self, a: Monomial, b: Monomial) -> Monomial {
        let mut words = a.0;
        for (word, other) in words.iter_mut().zip(b.0) {
            *word += other;
            assert!(*word & self.guard == 0, "an exponent does not fit {} bits", self.bits - 1);
        }
        Monomial(words)
    }
}

/// A polynomial: monomials in order with coefficients that are not zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Polynomial {
    terms: Vec<(Monomial, i128)>,
}

fn checked(value: Option<i128>) -> i128 {
    value.expect("coefficients of programs fit i128")
}

impl Polynomial {
    pub fn one() -> Polynomial {
        Polynomial { terms: vec![(Monomial([0; 4]), 1)] }
    }

    pub fn monomial(monomial: Monomial) -> Polynomial {
        Polynomial { terms: vec![(monomial, 1)] }
    }

    pub fn is_zero(&self) -> bool {
        self.terms.is_empty()
    }

    /// This polynomial times a number that is not zero.
    pub fn scaled(&self, factor: i128) -> Polynomial {
        let scaled = |&(m, c): &(Monomial, i128)| (m, checked(c.checked_mul(factor)));
        Polynomial { terms: self.terms.iter().map(scaled).collect() }
    }

    /// The greatest common divisor of the coefficients, one if they are all small; and the
    /// polynomial divided by it.
    pub fn primitive(self) -> (i128, Polynomial) {
        let small = self.terms.iter().all(|(_, c)| c.unsigned_abs() >> 60 == 0);
        if small {
            return (1, self);
        }
        let content = self.terms.iter().fold(0_i128, |divisor, (_, c)| divisor.gcd(c));
        let terms = self.terms.into_iter().map(|(m, c)| (m, c / content)).collect();
        (content, Polynomial { terms })
    }

    pub fn plus(&self, other: &Polynomial) -> Polynomial {
        let (mut a, mut b) = (&self.terms[..], &other.terms[..]);
        let mut terms = Vec::with_capacity(a.len() + b.len());
        while let (Some(first), Some(second)) = (a.first(), b.first()) {
            if first.0 < second.0 {
                terms.push(*first);
                a = &a[1..];
            } else if second.0 < first.0 {
                terms.push(*second);
                b = &b[1..];
            } else {
                let sum = checked(first.1.checked_add(second.1));
                if sum != 0 {
                    terms.push((first.0, sum));
                }
                (a, b) = (&a[1..], &b[1..]);
            }
        }
        terms.extend_from_slice(a);
        terms.extend_from_slice(b);
        Polynomial { terms }
    }

    pub fn times(&self, other: &Polynomial, packing: Packing) -> Polynomial {
        let (few, many) = match self.terms.len() <= other.terms.len() {
            true => (self, other),
            false => (other, self),
        };
        few.times_part(0..few.terms.len(), many, packing)
    }

    /// Some terms of this polynomial times another: halves are added up, so that sums are of
    /// polynomials of one length.
    fn times_part(&self, part: Range<usize>, other: &Polynomial, packing: Packing) -> Polynomial {
        if part.len() >= 2 {
            let middle = part.start.midpoint(part.end);
            let first = self.times_part(part.start..middle, other, packing);
            return first.plus(&self.times_part(middle..part.end, other, packing));
        }
        let Some((m, c)) = self.terms[part].first() else { return Polynomial::default() };
        let product =
            |&(n, d): &(Monomial, i128)| (packing.product(*m, n), checked(c.checked_mul(d)));
        Polynomial { terms: other.terms.iter().map(product).collect() }
    }

    /// The polynomial in which a variable occurs at most once in a product, `square` put for its
    /// square.
    pub fn with_square(&self, variable: usize, square: &Polynomial, packing: Packing) -> Self {
        let mut by_power: Vec<Polynomial> = Vec::new();
        for &(monomial, coefficient) in &self.terms {
            let (exponent, rest) = packing.split_even(monomial, variable);
            let power = (exponent / 2) as usize;
            by_power.resize(by_power.len().max(power + 1), Polynomial::default());
            by_power[power].terms.push((rest, coefficient));
        }
        by_power.iter().rev().fold(Polynomial::default(), |sum, part| {
            let mut part = part.clone();
            part.terms.sort_unstable();
            sum.times(square, packing).plus(&part)
        })
    }
}
