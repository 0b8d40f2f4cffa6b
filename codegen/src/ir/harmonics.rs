//! Programs for the real solid harmonics and their derivatives, built from the exact tables.
//!
//! Both families of programs climb a *column*: z-parts T_0, T_1, … of rising degree d in z with
//! T_d = z T_{d-1} - c_d w T_{d-2}, where w is the other variable.
//! - Solid: one column for each degree l over m = l, l-1, …, 0, with w = x² + y². It loses no
//!   digits: near the poles, where columns in z and r² lose l(l + 1)/2 times the error of r², w is
//!   small. A single degree costs O(l).
//! - Unit vectors: one column for each order m over l = m, m+1, …, with w = 1, which saves an
//!   operation for each z-part.
//!
//! The coefficients c_d are read off the tables; that the recursion holds is proved by evaluating
//! the programs exactly (see [`super::exact`]).

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::Zero;

use super::{Builder, Id, Input, Output, Program};
use crate::tables::harmonics::{GradientTerm, Monomial};
use crate::tables::{Harmonics, Surd};

/// Which derivatives a program computes beside the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Derivatives {
    /// Values only.
    None,
    /// Values and gradients `[3][..]`.
    First,
    /// Values, gradients and Hessians `[3][3][..]`.
    Second,
}

/// The points that a program of all degrees is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Points {
    /// Any vector: homogeneous polynomials.
    Solid,
    /// Vectors of length one: r² = 1 is used.
    Unit,
}

/// The solid harmonics of degree `l` alone.
pub fn single_degree(tables: &Harmonics, l: usize, derivatives: Derivatives) -> Program {
    let mut writer = Writer::new();
    let row = writer.row(tables, l);
    let values = writer.normalized(tables, l, &row);
    let mut outputs = vec![Output::new("values", vec![2 * l + 1], values)];
    if derivatives >= Derivatives::First {
        let below = writer.row_below(tables, l, 1);
        let values = (0..3).flat_map(|axis| orders(l).map(move |m| (axis, m)));
        let values = values
            .map(|(axis, m)| writer.combination(tables.gradient(l, axis, m), &below))
            .collect();
        outputs.push(Output::new("gradient", vec![3, 2 * l + 1], values));
    }
    if derivatives == Derivatives::Second {
        let below = writer.row_below(tables, l, 2);
        let values = writer.hessian(tables, l, &below);
        outputs.push(Output::new("hessian", vec![3, 3, 2 * l + 1], values));
    }
    writer.builder.finish(outputs)
}

/// All harmonics of degrees 0 to `lmax`, in order l² + l + m, with derivatives if asked.
///
/// # Panics
/// If derivatives for unit vectors are asked for: no such program is defined.
pub fn all_degrees(
    tables: &Harmonics,
    lmax: usize,
    points: Points,
    derivatives: Derivatives,
) -> Program {
    assert!(points == Points::Solid || derivatives == Derivatives::None, "unit vectors are fixed");
    let mut writer = Writer::new();
    let degrees: Vec<Vec<Id>> = match points {
        Points::Solid => (0..=lmax)
            .map(|l| {
                let row = writer.row(tables, l);
                writer.normalized(tables, l, &row)
            })
            .collect(),
        Points::Unit => writer.unit_rows(tables, lmax),
    };
    let size = (lmax + 1) * (lmax + 1);
    let values = degrees.concat();
    let mut outputs = vec![Output::new("values", vec![size], values)];
    if derivatives >= Derivatives::First {
        let mut values = Vec::with_capacity(3 * size);
        for axis in 0..3 {
            for l in 0..=lmax {
                let below = Row::of_degree(&degrees, l.checked_sub(1));
                values.extend(
                    orders(l).map(|m| writer.combination(tables.gradient(l, axis, m), &below)),
                );
            }
        }
        outputs.push(Output::new("gradient", vec![3, size], values));
    }
    if derivatives == Derivatives::Second {
        let mut components = vec![Vec::new(); 9];
        for l in 0..=lmax {
            let below = Row::of_degree(&degrees, l.checked_sub(2));
            let second = writer.hessian(tables, l, &below);
            for (all, own) in components.iter_mut().zip(second.chunks(2 * l + 1)) {
                all.extend_from_slice(own);
            }
        }
        let values = components.concat();
        outputs.push(Output::new("hessian", vec![3, 3, size], values));
    }
    writer.builder.finish(outputs)
}

/// The pull-back of one cotangent for each harmonic of degrees 0 to `lmax`: Σ g ∇Y, from the point
/// `r` and the cotangents `g` in order l² + l + m. Every harmonic of the degree below is multiplied by the
/// cotangents of those whose derivatives it is in; none of degree `lmax` is needed.
pub fn pull_back(tables: &Harmonics, lmax: usize) -> Program {
    let size = (lmax + 1) * (lmax + 1);
    let mut writer = Writer::with_inputs(vec![Input::point(), Input::array("g", vec![size])]);
    let zero = writer.builder.constant(&Surd::zero());
    let mut sums = [zero; 3];
    for l in 1..=lmax {
        let row = writer.row(tables, l - 1);
        let below = writer.normalized(tables, l - 1, &row);
        for (axis, sum) in sums.iter_mut().enumerate() {
            let mut factors = vec![zero; 2 * l - 1];
            for m in orders(l) {
                let g = writer.builder.input(1, ((l * l + l) as i32 + m) as usize);
                for term in tables.gradient(l, axis, m) {
                    let factor = &mut factors[(l as i32 - 1 + term.m) as usize];
                    let product = writer.builder.scale(&term.coefficient, g);
                    *factor = writer.builder.add(*factor, product);
                }
            }
            for (factor, harmonic) in factors.into_iter().zip(&below) {
                let product = writer.builder.mul(factor, *harmonic);
                *sum = writer.builder.add(*sum, product);
            }
        }
    }
    let output = Output::new("gradient", vec![3], sums.to_vec());
    writer.builder.finish(vec![output])
}

/// The derivatives along a vector `w` of the harmonics of degrees 0 to `lmax`, in order l² + l + m, at the
/// point `r`: every one is a combination of harmonics of the degree below with factors that are linear in w.
pub fn push_forward(tables: &Harmonics, lmax: usize) -> Program {
    let mut writer = Writer::with_inputs(vec![Input::point(), Input::array("w", vec![3])]);
    let zero = writer.builder.constant(&Surd::zero());
    let mut derivatives = vec![zero];
    for l in 1..=lmax {
        let row = writer.row(tables, l - 1);
        let below = writer.normalized(tables, l - 1, &row);
        for m in orders(l) {
            let mut factors = vec![zero; 2 * l - 1];
            for axis in 0..3 {
                let w = writer.builder.input(1, axis);
                for term in tables.gradient(l, axis, m) {
                    let factor = &mut factors[(l as i32 - 1 + term.m) as usize];
                    let product = writer.builder.scale(&term.coefficient, w);
                    *factor = writer.builder.add(*factor, product);
                }
            }
            let sum = factors.into_iter().zip(&below).fold(zero, |sum, (factor, harmonic)| {
                let product = writer.builder.mul(factor, *harmonic);
                writer.builder.add(sum, product)
            });
            derivatives.push(sum);
        }
    }
    let output = Output::new("derivatives", vec![(lmax + 1) * (lmax + 1)], derivatives);
    writer.builder.finish(vec![output])
}

/// For m = l, l-1, …, 0: (c, n) with the monic z-parts T_m = z T_{m+1} - c (x² + y²) T_{m+2} and
/// Y_{l,±m} = n T_m {C_m, S_m}; c is zero where T_{m+2} is not there.
pub fn monic_row(tables: &Harmonics, l: usize) -> Vec<[Surd; 2]> {
    let rungs = rungs_of_row(tables, l);
    let step = |d: usize| match d {
        0 | 1 => Surd::zero(),
        _ => Surd::rational(&(&rungs[d - 1].second - &rungs[d].second)),
    };
    (0..rungs.len()).map(|d| [step(d), rungs[d].factor.clone()]).collect()
}

/// The rungs of one degree in z and x² + y², from m = l down.
fn rungs_of_row(tables: &Harmonics, l: usize) -> Vec<Rung> {
    let parts = (0..=l).rev().map(|m| tables.z_part(l, m));
    parts.map(|part| rung_in_rho(&part.norm, &part.terms)).collect()
}

/// The orders -l..=l.
fn orders(l: usize) -> std::ops::RangeInclusive<i32> {
    -(l as i32)..=l as i32
}

/// A value known up to an exact factor, which is applied where it is used.
#[derive(Clone)]
struct Scaled {
    factor: Surd,
    id: Id,
}

impl Scaled {
    fn unscaled(id: Id) -> Self {
        Scaled { factor: Surd::one(), id }
    }
}

/// The harmonics of one degree by m = -l..=l.
struct Row(Vec<Scaled>);

impl Row {
    /// Those of one of the given degrees, empty if there is none.
    fn of_degree(degrees: &[Vec<Id>], l: Option<usize>) -> Row {
        let ids = l.map_or(&[][..], |l| &degrees[l]);
        Row(ids.iter().map(|&id| Scaled::unscaled(id)).collect())
    }

    fn at(&self, m: i32) -> &Scaled {
        &self.0[(self.0.len() as i32 / 2 + m) as usize]
    }
}

/// One rung of a column: the z-part is `factor · (z^d + second · z^(d-2) w + …)`.
struct Rung {
    factor: Surd,
    second: BigRational,
}

/// Writes the parts of a program of the point r.
struct Writer {
    builder: Builder,
    x: Id,
    y: Id,
    z: Id,
}

impl Writer {
    fn new() -> Self {
        Writer::with_inputs(vec![Input::point()])
    }

    /// With inputs of which the first is the point.
    fn with_inputs(inputs: Vec<Input>) -> Self {
        let mut builder = Builder::new(inputs);
        let [x, y, z] = [0, 1, 2].map(|axis| builder.input(0, axis));
        Writer { builder, x, y, z }
    }

    fn square(&mut self, id: Id, label: &str) -> Id {
        let square = self.builder.mul(id, id);
        self.builder.label(square, label)
    }

    /// x² + y².
    fn rho_squared(&mut self) -> Id {
        let (x2, y2) = (self.square(self.x, "x2"), self.square(self.y, "y2"));
        let sum = self.builder.add(x2, y2);
        self.builder.label(sum, "rho2")
    }

    /// (C_m, S_m), the real and imaginary parts of (x + iy)^m, for m = 0..=mmax.
    fn azimuthal(&mut self, mmax: usize) -> Vec<[Id; 2]> {
        let one = self.builder.constant(&Surd::one());
        let zero = self.builder.constant(&Surd::zero());
        let (x, y) = (self.x, self.y);
        let mut parts = vec![[one, zero], [x, y]];
        if mmax >= 2 {
            let (x2, y2) = (self.square(x, "x2"), self.square(y, "y2"));
            let cosine = self.builder.sub(x2, y2);
            // As a multiple of xy, so that a constant factor of S_2 swallows the 2.
            let xy = self.builder.mul(x, y);
            let sine = self.builder.scale(&Surd::ratio(2, 1), xy);
            parts.push([cosine, sine]);
        }
        for m in 3..=mmax {
            let [cosine, sine] = parts[m - 1];
            let (xc, ys) = (self.builder.mul(x, cosine), self.builder.mul(y, sine));
            let (xs, yc) = (self.builder.mul(x, sine), self.builder.mul(y, cosine));
            parts.push([self.builder.sub(xc, ys), self.builder.add(xs, yc)]);
        }
        parts.truncate(mmax + 1);
        for (m, [cosine, sine]) in parts.iter().enumerate().skip(2) {
            self.builder.label(*cosine, format!("c{m}"));
            self.builder.label(*sine, format!("s{m}"));
        }
        parts
    }

    /// The z-parts of a column, in the variable `w` beside z.
    fn column(&mut self, w: Id, rungs: &[Rung], label: impl Fn(usize) -> String) -> Vec<Scaled> {
        let z = self.z;
        let mut parts: Vec<Scaled> = Vec::new();
        for (d, rung) in rungs.iter().enumerate() {
            let part = match d {
                0 => {
                    let id = self.builder.constant(&Surd::one());
                    Scaled { factor: rung.factor.clone(), id }
                }
                1 => Scaled { factor: rung.factor.clone(), id: z },
                2 | 3 => self.low_rung(w, rung, d),
                _ => self.step(w, &parts, rungs, d),
            };
            if d >= 2 {
                self.builder.label(part.id, label(d));
            }
            parts.push(part);
        }
        parts
    }

    /// factor · (z² + second · w), times z for d = 3: the factor costs nothing here.
    fn low_rung(&mut self, w: Id, rung: &Rung, d: usize) -> Scaled {
        let z2 = self.square(self.z, "z2");
        let first = self.builder.scale(&rung.factor, z2);
        let second = self.builder.scale(&(&rung.factor * &Surd::rational(&rung.second)), w);
        let even = self.builder.add(first, second);
        Scaled::unscaled(if d == 2 { even } else { self.builder.mul(self.z, even) })
    }

    /// T_d = z T_{d-1} - c w T_{d-2}, scaled so that T_{d-1} has no factor.
    fn step(&mut self, w: Id, parts: &[Scaled], rungs: &[Rung], d: usize) -> Scaled {
        // The factor from monic z-parts to the values that `parts` hold.
        let hold = |d: usize| &rungs[d].factor * &parts[d].factor.recip();
        let monic = Surd::rational(&(&rungs[d].second - &rungs[d - 1].second));
        let (above, below) = (hold(d - 1), hold(d - 2));
        let coefficient = &monic * &(&above * &below.recip());
        let first = self.builder.mul(self.z, parts[d - 1].id);
        let scaled_w = self.builder.scale(&coefficient, w);
        let second = self.builder.mul(scaled_w, parts[d - 2].id);
        let id = self.builder.add(first, second);
        Scaled { factor: &rungs[d].factor * &above.recip(), id }
    }

    /// All degrees to `lmax` at unit vectors, normalized: one column for each m.
    fn unit_rows(&mut self, tables: &Harmonics, lmax: usize) -> Vec<Vec<Id>> {
        let w = self.builder.constant(&Surd::one());
        let zero = self.builder.constant(&Surd::zero());
        let mut rows: Vec<Vec<Id>> = (0..=lmax).map(|l| vec![zero; 2 * l + 1]).collect();
        for (m, angular) in self.azimuthal(lmax).into_iter().enumerate() {
            let rungs: Vec<Rung> = (m..=lmax)
                .map(|l| rung_in_radius(&tables.z_part(l, m).norm, &tables.z_part(l, m).terms))
                .collect();
            let column = self.column(w, &rungs, |d| format!("p_{}_{m}", m + d));
            for (part, l) in column.iter().zip(m..) {
                for (order, value) in self.products(part, m, angular) {
                    rows[l][(l as i32 + order) as usize] = value;
                }
            }
        }
        rows
    }

    /// The values of orders ±m from their z-part.
    fn products(&mut self, part: &Scaled, m: usize, [cosine, sine]: [Id; 2]) -> Vec<(i32, Id)> {
        let z_part = self.builder.scale(&part.factor, part.id);
        let mut values = vec![(m as i32, self.builder.mul(z_part, cosine))];
        if m > 0 {
            values.push((-(m as i32), self.builder.mul(z_part, sine)));
        }
        values
    }

    /// The z-parts of one degree by m = 0..=l: one column in z and x² + y².
    fn row(&mut self, tables: &Harmonics, l: usize) -> Vec<Scaled> {
        let w = if l >= 2 { self.rho_squared() } else { self.z };
        let rungs = rungs_of_row(tables, l);
        let mut column = self.column(w, &rungs, |d| format!("p_{l}_{}", l - d));
        column.reverse();
        column
    }

    /// The normalized harmonics of one degree.
    fn normalized(&mut self, tables: &Harmonics, l: usize, row: &[Scaled]) -> Vec<Id> {
        debug_assert_eq!(row.len(), tables.degrees[l].z_parts.len());
        let azimuthal = self.azimuthal(l);
        let mut values = vec![row[0].id; 2 * l + 1];
        for (m, part) in row.iter().enumerate() {
            for (order, value) in self.products(part, m, azimuthal[m]) {
                values[(l as i32 + order) as usize] = value;
            }
        }
        values
    }

    /// The harmonics of degree `l - steps` up to factors, for derivatives; empty below degree 0.
    fn row_below(&mut self, tables: &Harmonics, l: usize, steps: usize) -> Row {
        let Some(l) = l.checked_sub(steps) else { return Row(Vec::new()) };
        let column = self.row(tables, l);
        let azimuthal = self.azimuthal(l);
        let harmonics = orders(l).map(|m| {
            let order = m.unsigned_abs() as usize;
            let angular = azimuthal[order][usize::from(m < 0)];
            let part = &column[order];
            Scaled { factor: part.factor.clone(), id: self.builder.mul(part.id, angular) }
        });
        Row(harmonics.collect())
    }

    /// Σ coefficient · Y_{l',m'}.
    fn combination(&mut self, terms: &[GradientTerm], below: &Row) -> Id {
        let mut sum = self.builder.constant(&Surd::zero());
        for term in terms {
            let harmonic = below.at(term.m);
            let factor = &term.coefficient * &harmonic.factor;
            let product = self.builder.scale(&factor, harmonic.id);
            sum = self.builder.add(sum, product);
        }
        sum
    }

    /// The second derivatives `[3][3][2l + 1]`, yy from the vanishing trace.
    fn hessian(&mut self, tables: &Harmonics, l: usize, below: &Row) -> Vec<Id> {
        let size = 2 * l + 1;
        let mut values = vec![self.builder.constant(&Surd::zero()); 9 * size];
        if l < 2 {
            return values;
        }
        for m in orders(l) {
            let column = (l as i32 + m) as usize;
            let mut second = |axes| self.combination(&tables.hessian(l, axes, m), below);
            let [xx, xy, xz, yz, zz] = [[0, 0], [0, 1], [0, 2], [1, 2], [2, 2]].map(&mut second);
            let trace = self.builder.add(xx, zz);
            let yy = self.builder.neg(trace);
            for (index, value) in [xx, xy, xz, xy, yy, yz, xz, yz, zz].into_iter().enumerate() {
                values[index * size + column] = value;
            }
        }
        values
    }
}

/// The rung of a z-part in z and r²: its two leading coefficients.
fn rung_in_radius(norm: &Surd, terms: &[Monomial]) -> Rung {
    let lead = &terms[0].coefficient;
    let second = terms.get(1).map_or(BigInt::zero(), |term| term.coefficient.clone());
    rung(norm, lead, &second)
}

/// The rung of a z-part in z and x² + y²: with r² = z² + (x² + y²), the leading coefficient is
/// the sum of all, the second counts each by its power of r².
fn rung_in_rho(norm: &Surd, terms: &[Monomial]) -> Rung {
    let lead: BigInt = terms.iter().map(|term| &term.coefficient).sum();
    let second: BigInt = terms.iter().map(|term| &term.coefficient * term.powers[1]).sum();
    rung(norm, &lead, &second)
}

fn rung(norm: &Surd, lead: &BigInt, second: &BigInt) -> Rung {
    let lead_root = Surd::rational(&BigRational::from(lead.clone()));
    Rung { factor: norm * &lead_root, second: BigRational::new(second.clone(), lead.clone()) }
}
