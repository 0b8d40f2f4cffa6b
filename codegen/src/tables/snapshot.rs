//! The tables as text: the checked-in snapshot, and what a derivation in a child process hands
//! back. One table a line; numbers are exact.
//!
//! ```text
//! xy m : C terms : S terms              terms are coefficient,power of x,power of y
//! z l m norm : terms                    terms are coefficient,power of z,power of r²
//! d l axis m : m' coefficient ...       derivative of Y_{lm} in harmonics of degree l - 1
//! 3j l1 l2 l3 : m1,m2,value ...         symbols with l1 ≤ l2 ≤ l3
//! ```
//! Norms, coefficients of derivatives and symbols are written as signed squares, see
//! [`Surd::encode`].

use std::collections::BTreeMap;
use std::fmt::Write;

use thiserror::Error;

use super::coupling::{Coupling, Degrees, ThreeJ, triples};
use super::harmonics::{Degree, GradientTerm, Harmonics, Monomial, XyPart, ZPart};
use super::{COUPLING_LMAX, Surd, Tables};

/// The checked-in snapshot: harmonics to degree 20, coupling to degree 8.
const SNAPSHOT: &str = include_str!("../../snapshot.txt");

/// A snapshot that cannot be read.
#[derive(Debug, Error)]
#[error("snapshot line {line}: {reason}: `{text}`")]
pub struct SnapshotError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: &'static str,
    /// The start of the line.
    pub text: String,
}

/// The tables of the checked-in snapshot up to degree `lmax`.
pub fn read(lmax: usize) -> Result<Tables, SnapshotError> {
    decode(SNAPSHOT, lmax)
}

/// Writes tables as text.
pub fn encode(tables: &Tables) -> String {
    let mut text = String::new();
    let harmonics = &tables.harmonics;
    for (m, part) in harmonics.xy_parts.iter().enumerate() {
        push_line(&mut text, format!("xy {m} : {} : {}", terms(&part.cosine), terms(&part.sine)));
    }
    for (l, degree) in harmonics.degrees.iter().enumerate() {
        for (m, part) in degree.z_parts.iter().enumerate() {
            push_line(
                &mut text,
                format!("z {l} {m} {} : {}", part.norm.encode(), terms(&part.terms)),
            );
        }
        for (axis, rows) in degree.gradient.iter().enumerate() {
            for (row, combination) in rows.iter().enumerate() {
                let m = row as i32 - l as i32;
                let term = |t: &GradientTerm| format!(" {},{}", t.m, t.coefficient.encode());
                let combination: String = combination.iter().map(term).collect();
                push_line(&mut text, format!("d {l} {axis} {m} :{combination}"));
            }
        }
    }
    for ([l1, l2, l3], symbols) in tables.coupling.symbols() {
        let symbol = |s: &ThreeJ| format!(" {},{},{}", s.m[0], s.m[1], s.value.encode());
        let symbols: String = symbols.iter().map(symbol).collect();
        push_line(&mut text, format!("3j {l1} {l2} {l3} :{symbols}"));
    }
    text
}

fn push_line(text: &mut String, line: String) {
    writeln!(text, "{}", line.trim_end()).expect("writing to a string succeeds");
}

fn terms(terms: &[Monomial]) -> String {
    let term = |t: &Monomial| format!("{},{},{}", t.coefficient, t.powers[0], t.powers[1]);
    terms.iter().map(term).collect::<Vec<_>>().join(" ")
}

/// Reads tables up to degree `lmax` from text, ignoring those above.
///
/// # Errors
/// If a line cannot be read, or a table up to `lmax` is missing.
pub fn decode(text: &str, lmax: usize) -> Result<Tables, SnapshotError> {
    let mut reader = Reader::new(lmax);
    for (index, line) in text.lines().enumerate() {
        reader.line(line).map_err(|reason| SnapshotError {
            line: index + 1,
            reason,
            text: line.chars().take(40).collect(),
        })?;
    }
    if let Some(reason) = reader.missing() {
        let (line, text) = (text.lines().count(), "the end".to_string());
        return Err(SnapshotError { line, reason, text });
    }
    Ok(Tables {
        harmonics: Harmonics { degrees: reader.degrees, xy_parts: reader.xy_parts },
        coupling: Coupling::new(lmax.min(COUPLING_LMAX), reader.symbols),
    })
}

/// The tables read so far.
struct Reader {
    lmax: usize,
    xy_parts: Vec<XyPart>,
    degrees: Vec<Degree>,
    symbols: BTreeMap<Degrees, Vec<ThreeJ>>,
}

impl Reader {
    fn new(lmax: usize) -> Self {
        Reader { lmax, xy_parts: Vec::new(), degrees: Vec::new(), symbols: BTreeMap::new() }
    }

    /// What is missing after the last line.
    fn missing(&self) -> Option<&'static str> {
        if self.xy_parts.len() != self.lmax + 1 || self.degrees.len() != self.lmax + 1 {
            return Some("it ends before the last degree");
        }
        for (l, degree) in self.degrees.iter().enumerate() {
            let rows = degree.gradient.iter().all(|rows| rows.len() == 2 * l + 1);
            if degree.z_parts.len() != l + 1 || !rows {
                return Some("a z-part or a derivative is missing");
            }
        }
        let mut sorted =
            triples(self.lmax.min(COUPLING_LMAX)).into_iter().filter(|d| d.is_sorted());
        let complete = sorted.all(|degrees| self.symbols.contains_key(&degrees));
        (!complete).then_some("3j symbols are missing")
    }

    fn line(&mut self, line: &str) -> Result<(), &'static str> {
        let (head, body) = line.split_once(':').ok_or("expected a `:`")?;
        let words: Vec<&str> = head.split_whitespace().collect();
        match words[..] {
            ["xy", m] => self.xy(number(m)?, body),
            ["z", l, m, norm] => self.z(number(l)?, number(m)?, norm, body),
            ["d", l, axis, m] => self.derivative(number(l)?, number(axis)?, number(m)?, body),
            ["3j", l1, l2, l3] => self.symbols([number(l1)?, number(l2)?, number(l3)?], body),
            _ => Err("expected a line of `xy`, `z`, `d` or `3j`"),
        }
    }

    fn xy(&mut self, m: usize, body: &str) -> Result<(), &'static str> {
        if m > self.lmax {
            return Ok(());
        }
        if m != self.xy_parts.len() {
            return Err("an xy-part is missing before this one");
        }
        let (cosine, sine) = body.split_once(':').ok_or("expected a second `:`")?;
        self.xy_parts.push(XyPart { cosine: monomials(cosine)?, sine: monomials(sine)? });
        Ok(())
    }

    fn z(&mut self, l: usize, m: usize, norm: &str, body: &str) -> Result<(), &'static str> {
        if l > self.lmax {
            return Ok(());
        }
        if m == 0 && l == self.degrees.len() {
            self.degrees.push(Degree { z_parts: Vec::new(), gradient: Default::default() });
        }
        let degree = self.degrees.get_mut(l).ok_or("a degree is missing before this one")?;
        if m != degree.z_parts.len() {
            return Err("a z-part is missing before this one");
        }
        degree.z_parts.push(ZPart { norm: surd(norm)?, terms: monomials(body)? });
        Ok(())
    }

    fn derivative(
        &mut self,
        l: usize,
        axis: usize,
        m: i32,
        body: &str,
    ) -> Result<(), &'static str> {
        if l > self.lmax {
            return Ok(());
        }
        let degree = self.degrees.get_mut(l).ok_or("a degree is missing before this one")?;
        let rows = degree.gradient.get_mut(axis).ok_or("expected an axis 0, 1 or 2")?;
        if m + l as i32 != rows.len() as i32 {
            return Err("a derivative is missing before this one");
        }
        let term = |word: &str| {
            let (m, coefficient) = word.split_once(',').ok_or("expected m',coefficient")?;
            Ok(GradientTerm { m: number(m)?, coefficient: surd(coefficient)? })
        };
        rows.push(body.split_whitespace().map(term).collect::<Result<_, &'static str>>()?);
        Ok(())
    }

    fn symbols(&mut self, degrees: Degrees, body: &str) -> Result<(), &'static str> {
        if degrees[2] > self.lmax.min(COUPLING_LMAX) {
            return Ok(());
        }
        let symbol = |word: &str| {
            let words: Vec<&str> = word.splitn(3, ',').collect();
            let [m1, m2, value] = words[..] else { return Err("expected m1,m2,value") };
            Ok(ThreeJ { m: [number(m1)?, number(m2)?], value: surd(value)? })
        };
        let symbols = body.split_whitespace().map(symbol).collect::<Result<_, _>>()?;
        self.symbols.insert(degrees, symbols);
        Ok(())
    }
}

fn number<T: std::str::FromStr>(word: &str) -> Result<T, &'static str> {
    word.parse().map_err(|_| "expected a number")
}

fn surd(word: &str) -> Result<Surd, &'static str> {
    Surd::decode(word).ok_or("expected a signed square")
}

fn monomials(body: &str) -> Result<Vec<Monomial>, &'static str> {
    let monomial = |word: &str| {
        let words: Vec<&str> = word.split(',').collect();
        let [coefficient, a, b] = words[..] else { return Err("expected coefficient,power,power") };
        Ok(Monomial { coefficient: number(coefficient)?, powers: [number(a)?, number(b)?] })
    };
    body.split_whitespace().map(monomial).collect()
}
