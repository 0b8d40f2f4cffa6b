//! Dual numbers over any number type: a value and its derivative along one direction. Dual numbers
//! of dual numbers have second derivatives.

use std::cmp::Ordering;
use std::ops::{Add, Div, Mul, Neg, Sub};

use tesseral::{Real, Scalar};

/// A number and its derivative.
#[derive(Clone, Copy, Debug)]
pub struct Dual<T>(pub T, pub T);

impl<T: Scalar> Dual<T> {
    /// A number that does not change.
    pub fn fixed(value: T) -> Self {
        Dual(value, T::constant(0.0, 0.0))
    }
}

impl<T: Scalar> Add for Dual<T> {
    type Output = Self;
    fn add(self, b: Self) -> Self {
        Dual(self.0 + b.0, self.1 + b.1)
    }
}

impl<T: Scalar> Sub for Dual<T> {
    type Output = Self;
    fn sub(self, b: Self) -> Self {
        Dual(self.0 - b.0, self.1 - b.1)
    }
}

impl<T: Scalar> Mul for Dual<T> {
    type Output = Self;
    fn mul(self, b: Self) -> Self {
        Dual(self.0 * b.0, self.0 * b.1 + self.1 * b.0)
    }
}

impl<T: Real> Div for Dual<T> {
    type Output = Self;
    fn div(self, b: Self) -> Self {
        let quotient = self.0 / b.0;
        Dual(quotient, (self.1 - quotient * b.1) / b.0)
    }
}

impl<T: Scalar> Neg for Dual<T> {
    type Output = Self;
    fn neg(self) -> Self {
        Dual(-self.0, -self.1)
    }
}

impl<T: PartialEq> PartialEq for Dual<T> {
    fn eq(&self, b: &Self) -> bool {
        self.0 == b.0
    }
}

impl<T: PartialOrd> PartialOrd for Dual<T> {
    fn partial_cmp(&self, b: &Self) -> Option<Ordering> {
        self.0.partial_cmp(&b.0)
    }
}

impl<T: Scalar> Scalar for Dual<T> {
    fn constant(value: f64, single: f32) -> Self {
        Dual::fixed(T::constant(value, single))
    }
}

impl<T: Real> Real for Dual<T> {
    fn sqrt(self) -> Self {
        let root = self.0.sqrt();
        Dual(root, self.1 / (root + root))
    }

    fn abs(self) -> Self {
        if self.0 < T::constant(0.0, 0.0) { -self } else { self }
    }

    fn range_factor(self) -> Self {
        Dual::fixed(self.0.range_factor())
    }
}

/// The gradient of a function, one argument after the other.
pub fn gradient<T: Scalar>(x: &[T], f: impl Fn(&[Dual<T>]) -> Dual<T>) -> Vec<T> {
    let one = T::constant(1.0, 1.0);
    let mut duals: Vec<Dual<T>> = x.iter().map(|&x| Dual::fixed(x)).collect();
    let mut derivative = |place: usize| {
        duals[place].1 = one;
        let result = f(&duals).1;
        duals[place] = Dual::fixed(x[place]);
        result
    };
    (0..x.len()).map(&mut derivative).collect()
}

/// Numbers that do not change.
pub fn fixed<T: Scalar>(values: &[T]) -> Vec<Dual<T>> {
    values.iter().map(|&value| Dual::fixed(value)).collect()
}
