//! Real solid harmonics from their definition, with proofs.
//!
//! Π_{lm}(u) = d^{l+m}/du^{l+m} (u² - 1)^l is homogenized in z and r² (Rodrigues' formula), made
//! primitive, and multiplied by Re or Im of (x + iy)^m. For every degree it is proved exactly that
//! the polynomials are homogeneous and harmonic, that they are orthogonal on the sphere, and that
//! each derivative is the combination of harmonics of the degree below that the table says.

use std::collections::BTreeMap;
use std::sync::Arc;

use num_rational::BigRational;
use symbolica::domains::integer::{Integer, IntegerRing, Z};
use symbolica::domains::rational::{Q, Rational};
use symbolica::poly::PolyVariable;
use symbolica::poly::polynomial::MultivariatePolynomial;
use symbolica::prelude::*;

use super::DeriveError;
use super::number::{big_int, big_rational};
use crate::tables::Surd;
use crate::tables::harmonics::{Degree, GradientTerm, Harmonics, Monomial, XyPart, ZPart};

/// A polynomial over the integers.
type Poly = MultivariatePolynomial<IntegerRing, u16>;

/// Index of r² among the variables x, y, z, r².
const R2: usize = 3;

/// One harmonic without its normalization: an integer polynomial in x, y, z.
struct Harmonic {
    m: i32,
    polynomial: Poly,
    /// ∫ polynomial² over the unit sphere, divided by π.
    square_integral: Rational,
}

/// Derives and proves all harmonics to degree `lmax`.
pub fn derive(lmax: usize) -> Result<Harmonics, DeriveError> {
    let variables = Variables::new();
    let xy: Vec<[Poly; 2]> = variables.xy_parts(lmax);
    let mut degrees = Vec::new();
    let mut below: Vec<Harmonic> = Vec::new();
    for l in 0..=lmax {
        let z_parts: Vec<Poly> = (0..=l).map(|m| variables.z_part(l, m)).collect();
        let harmonics = variables.harmonics(l, &z_parts, &xy)?;
        prove(l, &harmonics)?;
        degrees.push(Degree {
            z_parts: z_parts
                .iter()
                .enumerate()
                .map(|(m, part)| ZPart {
                    norm: norm(&harmonics[l + m]),
                    terms: monomials(part, [2, R2]),
                })
                .collect(),
            gradient: gradient(l, &harmonics, &below)?,
        });
        below = harmonics;
    }
    let xy_part = |[cosine, sine]: &[Poly; 2]| XyPart {
        cosine: monomials(cosine, [0, 1]),
        sine: monomials(sine, [0, 1]),
    };
    Ok(Harmonics { degrees, xy_parts: xy.iter().map(xy_part).collect() })
}

/// The variables of the derivation.
struct Variables {
    x: Poly,
    y: Poly,
    z: Poly,
    u: Poly,
}

impl Variables {
    fn new() -> Self {
        let (x, y, z, r2, u) = symbol!("x", "y", "z", "r2", "u");
        let space: Vec<PolyVariable> = [x, y, z, r2].map(PolyVariable::from).to_vec();
        let zero = Poly::new(&Z, None, Arc::new(space));
        let variable = |symbol: Symbol| {
            zero.variable(&symbol.into()).expect("the polynomial was made with this variable")
        };
        let line = Poly::new(&Z, None, Arc::new(vec![u.into()]));
        Variables {
            x: variable(x),
            y: variable(y),
            z: variable(z),
            u: line.variable(&u.into()).expect("the polynomial was made with this variable"),
        }
    }

    /// Re and Im of (x + iy)^m for m = 0..=mmax.
    fn xy_parts(&self, mmax: usize) -> Vec<[Poly; 2]> {
        let mut parts = vec![[self.x.one(), self.x.zero()]];
        for m in 0..mmax {
            let [cosine, sine] = &parts[m];
            let next_cosine = &(&self.x * cosine) - &(&self.y * sine);
            let next_sine = &(&self.x * sine) + &(&self.y * cosine);
            parts.push([next_cosine, next_sine]);
        }
        parts
    }

    /// The primitive z-part: r^{l-m} d^{l+m}/du^{l+m} (u² - 1)^l at u = z/r, without its content.
    fn z_part(&self, l: usize, m: usize) -> Poly {
        let mut rodrigues = (&(&self.u * &self.u) - &self.u.one()).pow(l);
        for _ in 0..l + m {
            rodrigues = rodrigues.derivative(0);
        }
        let mut part = self.z.zero();
        for term in &rodrigues {
            let power = term.exponents[0];
            let radial = (l as u16 - m as u16 - power) / 2;
            part.append_monomial(term.coefficient.clone(), &[0, 0, power, radial]);
        }
        part.make_primitive()
    }

    /// The harmonics of degree `l` by m = -l..=l.
    fn harmonics(
        &self,
        l: usize,
        z_parts: &[Poly],
        xy: &[[Poly; 2]],
    ) -> Result<Vec<Harmonic>, DeriveError> {
        let squares = [&self.x, &self.y, &self.z].map(|v| v * v);
        let radius_squared = &(&squares[0] + &squares[1]) + &squares[2];
        let harmonic = |m: i32| {
            let order = m.unsigned_abs() as usize;
            let z_part = z_parts[order].replace_with_poly(R2, &radius_squared);
            let polynomial = &xy[order][usize::from(m < 0)] * &z_part;
            let square_integral = sphere_integral(&(&polynomial * &polynomial));
            Harmonic { m, polynomial, square_integral }
        };
        let harmonics: Vec<Harmonic> = (-(l as i32)..=l as i32).map(harmonic).collect();
        for m in 0..=l {
            let lead = z_parts[m].into_iter().map(|t| (t.exponents[2], t.coefficient)).max();
            if !lead.is_some_and(|(power, c)| power as usize == l - m && !c.is_negative()) {
                return law(l, m as i32, "a positive leading coefficient");
            }
            if harmonics[l + m].square_integral != harmonics[l - m].square_integral {
                return law(l, m as i32, "one normalization for both signs of m");
            }
        }
        Ok(harmonics)
    }
}

fn law<T>(l: usize, m: i32, law: &'static str) -> Result<T, DeriveError> {
    Err(DeriveError::Harmonic { l, m, law })
}

/// 1/√∫Y², the positive normalization.
fn norm(harmonic: &Harmonic) -> Surd {
    Surd::sqrt(big_rational(&harmonic.square_integral).recip()).times_sqrt_pi_power(-1)
}

/// Proves degree, harmonicity and orthogonality.
fn prove(l: usize, harmonics: &[Harmonic]) -> Result<(), DeriveError> {
    for harmonic in harmonics {
        let polynomial = &harmonic.polynomial;
        let degree = |exponents: &[u16]| exponents.iter().map(|&e| usize::from(e)).sum::<usize>();
        if polynomial.is_zero() || polynomial.exponents_iter().any(|e| degree(e) != l) {
            return law(l, harmonic.m, "homogeneity of its degree");
        }
        let second = |axis: usize| polynomial.derivative(axis).derivative(axis);
        if !(&(&second(0) + &second(1)) + &second(2)).is_zero() {
            return law(l, harmonic.m, "a vanishing Laplacian");
        }
    }
    for (index, a) in harmonics.iter().enumerate() {
        for b in &harmonics[..index] {
            if !inner_product(&a.polynomial, &b.polynomial).is_zero() {
                return law(l, a.m, "orthogonality");
            }
        }
    }
    Ok(())
}

/// The derivatives of degree `l` in the harmonics `below` it, proved as identities of polynomials.
fn gradient(
    l: usize,
    harmonics: &[Harmonic],
    below: &[Harmonic],
) -> Result<[Vec<Vec<GradientTerm>>; 3], DeriveError> {
    let mut table: [Vec<Vec<GradientTerm>>; 3] = Default::default();
    for (axis, rows) in table.iter_mut().enumerate() {
        for harmonic in harmonics {
            rows.push(derivative(l, axis, harmonic, below)?);
        }
    }
    Ok(table)
}

fn derivative(
    l: usize,
    axis: usize,
    harmonic: &Harmonic,
    below: &[Harmonic],
) -> Result<Vec<GradientTerm>, DeriveError> {
    let derivative = harmonic.polynomial.derivative(axis);
    let mut rest: MultivariatePolynomial<Q, u16> = (&derivative).into();
    let mut terms = Vec::new();
    for candidate in below.iter().filter(|b| (b.m.abs() - harmonic.m.abs()).abs() <= 1) {
        let integral = inner_product(&derivative, &candidate.polynomial);
        if integral.is_zero() {
            continue;
        }
        let factor = &integral / &candidate.square_integral;
        let polynomial: MultivariatePolynomial<Q, u16> = (&candidate.polynomial).into();
        rest = &rest - &polynomial.mul_coeff(factor.clone());
        let ratio: BigRational =
            big_rational(&candidate.square_integral) / big_rational(&harmonic.square_integral);
        let coefficient = &Surd::rational(&big_rational(&factor)) * &Surd::sqrt(ratio);
        terms.push(GradientTerm { m: candidate.m, coefficient });
    }
    if !rest.is_zero() || terms.len() > 2 {
        return law(l, harmonic.m, "a derivative of at most two harmonics of the degree below");
    }
    Ok(terms)
}

/// ∫ a b over the unit sphere, divided by π.
fn inner_product(a: &Poly, b: &Poly) -> Rational {
    // Parities of exponents are the same in all monomials of one harmonic, and in its derivatives;
    // where they differ, every monomial of the product is odd in some variable.
    match (parity(a), parity(b)) {
        (Some(a), Some(b)) if a != b => Rational::zero(),
        _ => sphere_integral(&(a * b)),
    }
}

/// The parities of the exponents of x, y, z, if all monomials share them.
fn parity(polynomial: &Poly) -> Option<[u16; 3]> {
    let mut parities = polynomial.exponents_iter().map(|e| [e[0] % 2, e[1] % 2, e[2] % 2]);
    let first = parities.next()?;
    parities.all(|other| other == first).then_some(first)
}

/// ∫ over the unit sphere, divided by π: of x^a y^b z^c it is 4 (a-1)!! (b-1)!! (c-1)!! /
/// (a+b+c+1)!! for even exponents, and zero otherwise.
fn sphere_integral(polynomial: &Poly) -> Rational {
    // Monomials of one integral share their degree, so the sum is over integers.
    let mut sums: BTreeMap<u16, Integer> = BTreeMap::new();
    for term in polynomial {
        let exponents = &term.exponents[..3];
        if exponents.iter().any(|e| e % 2 == 1) {
            continue;
        }
        let mut weight = term.coefficient.clone();
        for &exponent in exponents {
            weight = &weight * &odd_factorial(exponent);
        }
        let sum = sums.entry(exponents.iter().sum()).or_insert_with(Integer::zero);
        *sum = &*sum + &weight;
    }
    let mut integral = Rational::zero();
    for (degree, sum) in sums {
        let denominator = odd_factorial(degree + 2);
        integral = &integral + &Rational::new(&sum * &Integer::from(4), denominator);
    }
    integral
}

/// (n - 1)!! for even n.
fn odd_factorial(n: u16) -> Integer {
    let mut product = Integer::from(1);
    for factor in (1..n).step_by(2) {
        product = &product * &Integer::from(i64::from(factor));
    }
    product
}

/// The monomials in two of the variables, by falling powers of the first.
fn monomials(polynomial: &Poly, variables: [usize; 2]) -> Vec<Monomial> {
    let mut terms: Vec<Monomial> = polynomial
        .into_iter()
        .map(|term| Monomial {
            coefficient: big_int(term.coefficient),
            powers: variables.map(|v| u32::from(term.exponents[v])),
        })
        .collect();
    terms.sort_by_key(|term| std::cmp::Reverse(term.powers));
    terms
}
