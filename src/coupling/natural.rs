//! Natural numbers of any size: as much arithmetic as exact coefficients of spins need.

use std::cmp::Ordering;

/// A natural number, by limbs of 64 bits, the lowest first. The highest is not zero, so zero has
/// none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Natural {
    limbs: Vec<u64>,
}

/// The quotient and rest of high · 2^64 + low, for high below the divisor.
fn divide_wide(high: u64, low: u64, divisor: u64) -> (u64, u64) {
    let wide = u128::from(high) << 64 | u128::from(low);
    ((wide / u128::from(divisor)) as u64, (wide % u128::from(divisor)) as u64)
}

impl From<u64> for Natural {
    fn from(number: u64) -> Natural {
        Natural { limbs: vec![number] }.trimmed()
    }
}

impl Natural {
    /// Without zeros at the top.
    fn trimmed(mut self) -> Natural {
        self.trim();
        self
    }

    fn trim(&mut self) {
        let kept = self.limbs.iter().rposition(|&limb| limb != 0).map_or(0, |top| top + 1);
        self.limbs.truncate(kept);
    }

    pub(super) fn is_zero(&self) -> bool {
        self.limbs.is_empty()
    }

    /// The number of bits: 2^(bits - 1) ≤ self < 2^bits, and none for zero.
    pub(super) fn bits(&self) -> i64 {
        let top = self.limbs.last().map_or(0, |top| i64::from(top.ilog2()) + 1);
        top + 64 * (self.limbs.len().max(1) - 1) as i64
    }

    /// The number, where it is below 2^64.
    pub(super) fn to_u64(&self) -> Option<u64> {
        match self.limbs[..] {
            [] => Some(0),
            [number] => Some(number),
            _ => None,
        }
    }

    /// The highest 64 bits, zeros below them where there are fewer: ⌊self · 2^(64 - bits)⌋.
    pub(super) fn leading(&self) -> u64 {
        let [.., next, top] = self.limbs[..] else {
            return self.limbs.first().map_or(0, |top| top << top.leading_zeros());
        };
        let wide = u128::from(top) << 64 | u128::from(next);
        (wide << top.leading_zeros() >> 64) as u64
    }

    /// Multiplies by a small number.
    pub(super) fn multiply(&mut self, factor: u64) {
        let mut carry = 0;
        for limb in &mut self.limbs {
            (*limb, carry) = limb.carrying_mul(factor, carry);
        }
        self.limbs.push(carry);
        self.trim();
    }

    /// Divides by a small number, down to an integer.
    pub(super) fn divide(&mut self, divisor: u64) {
        let mut rest = 0;
        for limb in self.limbs.iter_mut().rev() {
            (*limb, rest) = divide_wide(rest, *limb, divisor);
        }
        self.trim();
    }

    pub(super) fn is_multiple_of(&self, divisor: u64) -> bool {
        let rest = |rest, &limb| divide_wide(rest, limb, divisor).1;
        self.limbs.iter().rev().fold(0, rest) == 0
    }

    /// Adds a number.
    pub(super) fn add(&mut self, other: &Natural) {
        let length = self.limbs.len().max(other.limbs.len()) + 1;
        self.limbs.resize(length, 0);
        let mut carry = false;
        for (place, limb) in self.limbs.iter_mut().enumerate() {
            let term = other.limbs.get(place).copied().unwrap_or(0);
            (*limb, carry) = limb.carrying_add(term, carry);
        }
        self.trim();
    }

    /// The distance between two numbers.
    pub(super) fn distance(&self, other: &Natural) -> Natural {
        let (mut larger, smaller) =
            if self < other { (other.clone(), self) } else { (self.clone(), other) };
        let mut borrow = false;
        for (place, limb) in larger.limbs.iter_mut().enumerate() {
            let term = smaller.limbs.get(place).copied().unwrap_or(0);
            (*limb, borrow) = limb.borrowing_sub(term, borrow);
        }
        larger.trimmed()
    }

    pub(super) fn product(&self, other: &Natural) -> Natural {
        let mut limbs = vec![0; self.limbs.len() + other.limbs.len()];
        for (place, &factor) in self.limbs.iter().enumerate() {
            let mut carry = 0;
            for (&limb, sum) in other.limbs.iter().zip(&mut limbs[place..]) {
                (*sum, carry) = factor.carrying_mul_add(limb, *sum, carry);
            }
            limbs[place + other.limbs.len()] = carry;
        }
        Natural { limbs }.trimmed()
    }

    /// The product with a power of two.
    pub(super) fn shifted(&self, shift: u64) -> Natural {
        let mut limbs = vec![0; (shift / 64) as usize];
        limbs.extend(&self.limbs);
        let mut shifted = Natural { limbs };
        shifted.multiply(1 << (shift % 64));
        shifted
    }
}

impl Ord for Natural {
    fn cmp(&self, other: &Natural) -> Ordering {
        let by_length = self.limbs.len().cmp(&other.limbs.len());
        by_length.then_with(|| self.limbs.iter().rev().cmp(other.limbs.iter().rev()))
    }
}

impl PartialOrd for Natural {
    fn partial_cmp(&self, other: &Natural) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
