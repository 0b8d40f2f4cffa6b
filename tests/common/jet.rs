//! Dual numbers of second order in three variables: values with first and second derivatives.

use std::cmp::Ordering;
use std::ops::{Add, Div, Mul, Neg, Sub};

use tesseral::{Real, Scalar};

/// A value with its gradient and Hessian in three variables.
#[derive(Clone, Copy, Debug)]
pub struct Jet {
    pub value: f64,
    pub first: [f64; 3],
    pub second: [[f64; 3]; 3],
}

impl Jet {
    pub fn constant(value: f64) -> Jet {
        Jet { value, first: [0.0; 3], second: [[0.0; 3]; 3] }
    }

    /// The variable of this axis at a value.
    #[allow(dead_code, reason = "not every test has variables of its own")]
    pub fn variable(axis: usize, value: f64) -> Jet {
        let mut jet = Jet::constant(value);
        jet.first[axis] = 1.0;
        jet
    }

    /// A function of this value, given it and its first and second derivative.
    pub fn chain(self, [value, slope, curvature]: [f64; 3]) -> Jet {
        let mut jet = Jet::constant(value);
        for i in 0..3 {
            jet.first[i] = slope * self.first[i];
            for j in 0..3 {
                let product = self.first[i] * self.first[j];
                jet.second[i][j] = slope * self.second[i][j] + curvature * product;
            }
        }
        jet
    }
}

impl Add for Jet {
    type Output = Jet;
    fn add(mut self, other: Jet) -> Jet {
        self.value += other.value;
        for i in 0..3 {
            self.first[i] += other.first[i];
            for j in 0..3 {
                self.second[i][j] += other.second[i][j];
            }
        }
        self
    }
}

impl Mul for Jet {
    type Output = Jet;
    fn mul(self, other: Jet) -> Jet {
        let (a, b) = (&self, &other);
        let mut product = Jet::constant(a.value * b.value);
        for i in 0..3 {
            product.first[i] = a.first[i] * b.value + a.value * b.first[i];
            for j in 0..3 {
                product.second[i][j] = a.second[i][j] * b.value
                    + a.first[i] * b.first[j]
                    + a.first[j] * b.first[i]
                    + a.value * b.second[i][j];
            }
        }
        product
    }
}

impl Neg for Jet {
    type Output = Jet;
    fn neg(self) -> Jet {
        self.chain([-self.value, -1.0, 0.0])
    }
}

impl Sub for Jet {
    type Output = Jet;
    fn sub(self, other: Jet) -> Jet {
        self + -other
    }
}

impl Div for Jet {
    type Output = Jet;
    fn div(self, other: Jet) -> Jet {
        let inverse = other.value.recip();
        let square = inverse * inverse;
        self * other.chain([inverse, -square, 2.0 * square * inverse])
    }
}

impl PartialEq for Jet {
    fn eq(&self, other: &Jet) -> bool {
        self.value == other.value
    }
}

impl PartialOrd for Jet {
    fn partial_cmp(&self, other: &Jet) -> Option<Ordering> {
        self.value.partial_cmp(&other.value)
    }
}

impl Scalar for Jet {
    fn constant(value: f64, _single: f32) -> Jet {
        Jet::constant(value)
    }
}

impl Real for Jet {
    fn sqrt(self) -> Jet {
        let root = self.value.sqrt();
        self.chain([root, 0.5 / root, -0.25 / (root * self.value)])
    }

    fn abs(self) -> Jet {
        if self.value < 0.0 { -self } else { self }
    }

    fn range_factor(self) -> Jet {
        Jet::constant(self.value.range_factor())
    }
}
