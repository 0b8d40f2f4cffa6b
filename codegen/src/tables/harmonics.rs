//! Exact tables of the real solid harmonics, in the factored form in which they are derived, and
//! of their derivatives.
//!
//! Y_{l,±m} = N_{lm} · Z_{lm}(z, r²) · {C_m, S_m}(x, y) for m ≥ 0, with C_m for +m and S_m for -m,
//! where C_m + i S_m = (x + iy)^m, Z_{lm} has coprime integer coefficients and N_{lm} = √(p/(qπ)).
//! The derivative of Y_{lm} along one axis is a combination of at most two harmonics of degree
//! l - 1.

use num_bigint::BigInt;
use num_rational::BigRational;

use super::polynomial::{Polynomial, write_sum};
use super::surd::Surd;

/// A monomial `coefficient · a^powers[0] · b^powers[1]` in the two variables of a factor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Monomial {
    /// The integer coefficient.
    pub coefficient: BigInt,
    /// The exponents: of z and r², or of x and y.
    pub powers: [u32; 2],
}

/// The factor of Y_{l,±m} that depends on z and r², with the normalization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZPart {
    /// N_{lm}, positive.
    pub norm: Surd,
    /// Z_{lm}, by falling powers of z.
    pub terms: Vec<Monomial>,
}

/// The factors C_m and S_m in x and y.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XyPart {
    /// C_m = Re (x + iy)^m, by falling powers of x.
    pub cosine: Vec<Monomial>,
    /// S_m = Im (x + iy)^m, by falling powers of x.
    pub sine: Vec<Monomial>,
}

/// `coefficient · Y_{l-1,m}`, one term of a derivative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GradientTerm {
    /// The order of the harmonic of the degree below.
    pub m: i32,
    /// Its coefficient.
    pub coefficient: Surd,
}

/// One entry of the isometry V_l → ℝ³ ⊗ V_{l-1}.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IsometryTerm {
    /// The axis x, y, z (0, 1, 2).
    pub axis: usize,
    /// The order of the harmonic of the degree below.
    pub m: i32,
    /// The entry.
    pub value: Surd,
    /// The entry divided by the sum of the squares of those of the row with the same |m|: one entry
    /// along z, two that raise |m| or two that lower it. With these factors a part of the row
    /// inverts itself.
    pub inverse: Surd,
}

/// One degree: its z-parts by m = 0..=l and its derivatives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Degree {
    /// Z_{lm} for m = 0..=l.
    pub z_parts: Vec<ZPart>,
    /// The derivative along axis x, y, z (0, 1, 2) of Y_{lm}: `gradient[axis][l + m]`.
    pub gradient: [Vec<Vec<GradientTerm>>; 3],
}

/// All harmonics up to a degree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Harmonics {
    /// By degree.
    pub degrees: Vec<Degree>,
    /// C_m and S_m by m.
    pub xy_parts: Vec<XyPart>,
}

impl Harmonics {
    /// The highest degree.
    pub fn lmax(&self) -> usize {
        self.degrees.len() - 1
    }

    /// The tables up to degree `lmax` only.
    ///
    /// # Panics
    /// If `lmax` is above [`Harmonics::lmax`].
    pub fn truncated(&self, lmax: usize) -> Harmonics {
        Harmonics {
            degrees: self.degrees[..=lmax].to_vec(),
            xy_parts: self.xy_parts[..=lmax].to_vec(),
        }
    }

    /// The z-part of Y_{l,±m}.
    pub fn z_part(&self, l: usize, m: usize) -> &ZPart {
        &self.degrees[l].z_parts[m]
    }

    /// C_m for m ≥ 0, S_|m| for m < 0.
    pub fn xy_part(&self, m: i32) -> &[Monomial] {
        let part = &self.xy_parts[m.unsigned_abs() as usize];
        if m < 0 { &part.sine } else { &part.cosine }
    }

    /// The derivative of Y_{lm} along an axis, in harmonics of degree l - 1.
    pub fn gradient(&self, l: usize, axis: usize, m: i32) -> &[GradientTerm] {
        &self.degrees[l].gradient[axis][(l as i32 + m) as usize]
    }

    /// The second derivative of Y_{lm} along two axes, in harmonics of degree l - 2: the
    /// composition of two gradients.
    pub fn hessian(&self, l: usize, axes: [usize; 2], m: i32) -> Vec<GradientTerm> {
        let mut terms: Vec<GradientTerm> = Vec::new();
        for first in self.gradient(l, axes[0], m) {
            for second in self.gradient(l - 1, axes[1], first.m) {
                add_term(&mut terms, second.m, &(&first.coefficient * &second.coefficient));
            }
        }
        terms.retain(|term| !term.coefficient.is_zero());
        terms
    }

    /// The row m of the isometry V_l → ℝ³ ⊗ V_{l-1}, which is the gradient divided by
    /// √(l(2l + 1)): its nonzero entries by axis and order. With D_0 = 1 it gives every Wigner
    /// matrix from the one below: D_l = Gᵀ (R ⊗ D_{l-1}) G, with column m of G this row.
    pub fn isometry(&self, l: usize, m: i32) -> Vec<IsometryTerm> {
        let norm = Surd::sqrt(BigRational::new(1.into(), (l * (2 * l + 1)).max(1).into()));
        let mut entries: Vec<((usize, i32), Surd)> = Vec::new();
        for axis in 0..3 {
            let terms = self.gradient(l, axis, m).iter();
            entries.extend(terms.map(|term| ((axis, term.m), &term.coefficient * &norm)));
        }
        let square = |order: i32| -> BigRational {
            let part = entries.iter().filter(|((_, m), _)| m.abs() == order.abs());
            part.map(|(_, value)| value.square()).sum()
        };
        let term = |&((axis, m), ref value): &((usize, i32), Surd)| IsometryTerm {
            axis,
            m,
            value: value.clone(),
            inverse: value * &Surd::rational(&square(m)).recip(),
        };
        entries.iter().map(term).collect()
    }

    /// Y_{lm} as its normalization and its polynomial in x, y, z.
    pub fn polynomial(&self, l: usize, m: i32) -> (Surd, Polynomial) {
        let part = self.z_part(l, m.unsigned_abs() as usize);
        let z_part = expand(&part.terms, &Polynomial::variable(2), &Polynomial::radius_squared());
        let [x, y] = [0, 1].map(Polynomial::variable);
        (part.norm.clone(), &z_part * &expand(self.xy_part(m), &x, &y))
    }

    /// Y_{lm} as text, such as `√(7/(16π)) · (5z³ - 3zr²)`.
    pub fn formula(&self, l: usize, m: i32) -> String {
        let part = self.z_part(l, m.unsigned_abs() as usize);
        let mut text = part.norm.to_string();
        for (terms, [a, b]) in [(&part.terms[..], ["z", "r"]), (self.xy_part(m), ["x", "y"])] {
            if is_one(terms) {
                continue;
            }
            // The second variable of the z-part is r², so its power of r is even.
            let step = if b == "r" { 2 } else { 1 };
            let named: Vec<_> = terms
                .iter()
                .map(|t| (t.coefficient.clone(), vec![(a, t.powers[0]), (b, step * t.powers[1])]))
                .collect();
            let mut sum = String::new();
            write_sum(&mut sum, &named).expect("writing to a string succeeds");
            let single = terms.len() == 1;
            text += &if single { format!(" · {sum}") } else { format!(" · ({sum})") };
        }
        text
    }
}

/// Whether a factor is the constant one.
fn is_one(terms: &[Monomial]) -> bool {
    matches!(terms, [term] if term.powers == [0, 0] && term.coefficient == BigInt::from(1))
}

/// Adds a term to a combination, merging it with one of the same order.
fn add_term(terms: &mut Vec<GradientTerm>, m: i32, coefficient: &Surd) {
    match terms.iter_mut().find(|term| term.m == m) {
        Some(term) => {
            term.coefficient = term
                .coefficient
                .checked_add(coefficient)
                .expect("coefficients of one harmonic have a rational quotient");
        }
        None => terms.push(GradientTerm { m, coefficient: coefficient.clone() }),
    }
}

/// A factor as a polynomial, with polynomials for its two variables.
fn expand(terms: &[Monomial], a: &Polynomial, b: &Polynomial) -> Polynomial {
    let mut sum = Polynomial::default();
    for term in terms {
        let coefficient = BigRational::from(term.coefficient.clone());
        let mut product = Polynomial::constant(coefficient);
        for (variable, power) in [a, b].into_iter().zip(term.powers) {
            for _ in 0..power {
                product = &product * variable;
            }
        }
        sum = &sum + &product;
    }
    sum
}
