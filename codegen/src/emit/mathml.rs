//! Exact constants and factored harmonics as MathML, to be put inside a `<math>` element.

use num_bigint::BigInt;
use num_traits::{One, Signed};

use crate::tables::harmonics::Monomial;
use crate::tables::{Harmonics, Surd};

/// A variable and the factor by which its exponents are multiplied: z-parts count powers of r².
type Variable = (&'static str, u32);

/// A formula as a `<math>` element, on a line of its own where `display`.
pub fn math(content: &str, display: bool) -> String {
    let display = if display { " display=\"block\"" } else { "" };
    format!("<math{display}>{content}</math>")
}

/// An exact constant, such as −√(3/10).
///
/// # Example
/// ```
/// use tesseral_codegen::{emit::mathml, tables::Surd};
///
/// let value = Surd::decode("-3/10").expect("a signed square");
/// assert_eq!(
///     mathml::surd(&value),
///     "<mo>−</mo><msqrt><mfrac><mn>3</mn><mn>10</mn></mfrac></msqrt>"
/// );
/// ```
pub fn surd(value: &Surd) -> String {
    let sign = if value.sign() < 0 { "<mo>−</mo>" } else { "" };
    if let Some(rational) = value.as_rational() {
        let numerator = number(&rational.numer().abs());
        return format!("{sign}{}", fraction(numerator, number(rational.denom())));
    }
    let square = value.square();
    let mut parts = [number(square.numer()), number(square.denom())];
    let power = value.pi_power();
    if power != 0 {
        let part = &mut parts[usize::from(power < 0)];
        *part = product(part, &power_of(("π", 1), power.unsigned_abs()));
    }
    let [numerator, denominator] = parts;
    format!("{sign}<msqrt>{}</msqrt>", fraction(numerator, denominator))
}

/// Y_{lm} = N · Z(z, r) · C(x, y), exact and factored.
pub fn harmonic(tables: &Harmonics, l: usize, m: i32) -> String {
    let order = m.unsigned_abs() as usize;
    let mut text = format!("{}<mo>=</mo>{}", name(l, m), surd(&tables.z_part(l, order).norm));
    for factor in [z_part(tables, l, order), xy_part(tables, m)] {
        if !factor.is_empty() {
            text += &format!("<mspace width=\"0.15em\"/>{factor}");
        }
    }
    text
}

/// The factor Z_{lm} of Y_{l,±m} in z and r, empty where it is one.
pub fn z_part(tables: &Harmonics, l: usize, m: usize) -> String {
    factor(&tables.z_part(l, m).terms, [("z", 1), ("r", 2)])
}

/// The factor C_m or S_|m| of Y_{lm} in x and y, empty where it is one.
pub fn xy_part(tables: &Harmonics, m: i32) -> String {
    factor(tables.xy_part(m), [("x", 1), ("y", 1)])
}

/// The name Y_{l,m}.
fn name(l: usize, m: i32) -> String {
    let sign = if m < 0 { "<mo>−</mo>" } else { "" };
    let m = m.abs();
    format!("<msub><mi>Y</mi><mrow><mn>{l}</mn><mo>,</mo>{sign}<mn>{m}</mn></mrow></msub>")
}

/// A sum as a factor: in parentheses if it has several terms, empty if it is one.
fn factor(terms: &[Monomial], variables: [Variable; 2]) -> String {
    match terms {
        [term] if term.powers == [0, 0] && term.coefficient.is_one() => String::new(),
        [_] => format!("<mrow>{}</mrow>", sum(terms, variables)),
        _ => format!("<mrow><mo>(</mo>{}<mo>)</mo></mrow>", sum(terms, variables)),
    }
}

fn sum(terms: &[Monomial], variables: [Variable; 2]) -> String {
    let mut text = String::new();
    for (index, term) in terms.iter().enumerate() {
        text += match (index, term.coefficient.is_negative()) {
            (0, false) => "",
            (_, false) => "<mo>+</mo>",
            (_, true) => "<mo>−</mo>",
        };
        let coefficient = term.coefficient.abs();
        if term.powers == [0, 0] || !coefficient.is_one() {
            text += &number(&coefficient);
        }
        let powers = variables.into_iter().zip(term.powers);
        text += &powers.map(|(variable, power)| power_of(variable, power)).collect::<String>();
    }
    text
}

/// A power of a variable, empty for exponent zero.
fn power_of((variable, step): Variable, power: u32) -> String {
    match power * step {
        0 => String::new(),
        1 => format!("<mi>{variable}</mi>"),
        exponent => format!("<msup><mi>{variable}</mi><mn>{exponent}</mn></msup>"),
    }
}

fn number(value: &BigInt) -> String {
    format!("<mn>{value}</mn>")
}

/// The product of a number and a symbol, without a factor of one.
fn product(number: &str, symbol: &str) -> String {
    if number == "<mn>1</mn>" {
        symbol.to_string()
    } else {
        format!("<mrow>{number}{symbol}</mrow>")
    }
}

fn fraction(numerator: String, denominator: String) -> String {
    if denominator == "<mn>1</mn>" {
        numerator
    } else {
        format!("<mfrac>{numerator}{denominator}</mfrac>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::snapshot;

    fn decoded(text: &str) -> String {
        surd(&Surd::decode(text).expect("a signed square"))
    }

    #[test]
    fn constants() {
        assert_eq!(decoded("0"), "<mn>0</mn>");
        assert_eq!(decoded("1"), "<mn>1</mn>");
        assert_eq!(decoded("-1/4"), "<mo>−</mo><mfrac><mn>1</mn><mn>2</mn></mfrac>");
        assert_eq!(decoded("7"), "<msqrt><mn>7</mn></msqrt>");
        assert_eq!(decoded("1/pi"), "<msqrt><mfrac><mn>1</mn><mi>π</mi></mfrac></msqrt>");
        assert_eq!(
            decoded("3/4/pi"),
            "<msqrt><mfrac><mn>3</mn><mrow><mn>4</mn><mi>π</mi></mrow></mfrac></msqrt>"
        );
    }

    #[test]
    fn factors_are_those_of_the_table() {
        let tables = snapshot::read(3).expect("the snapshot is readable").harmonics;
        assert_eq!(z_part(&tables, 1, 1), "");
        assert_eq!(xy_part(&tables, 0), "");
        assert_eq!(xy_part(&tables, -1), "<mrow><mi>y</mi></mrow>");
        assert_eq!(
            z_part(&tables, 3, 0),
            "<mrow><mo>(</mo><mn>5</mn><msup><mi>z</mi><mn>3</mn></msup><mo>−</mo><mn>3</mn>\
             <mi>z</mi><msup><mi>r</mi><mn>2</mn></msup><mo>)</mo></mrow>"
        );
        assert_eq!(
            xy_part(&tables, 2),
            "<mrow><mo>(</mo><msup><mi>x</mi><mn>2</mn></msup><mo>−</mo><msup><mi>y</mi>\
             <mn>2</mn></msup><mo>)</mo></mrow>"
        );
    }

    #[test]
    fn a_harmonic_is_its_name_and_its_factors() {
        let tables = snapshot::read(1).expect("the snapshot is readable").harmonics;
        assert_eq!(
            harmonic(&tables, 1, -1),
            "<msub><mi>Y</mi><mrow><mn>1</mn><mo>,</mo><mo>−</mo><mn>1</mn></mrow></msub><mo>=</mo>\
             <msqrt><mfrac><mn>3</mn><mrow><mn>4</mn><mi>π</mi></mrow></mfrac></msqrt>\
             <mspace width=\"0.15em\"/><mrow><mi>y</mi></mrow>"
        );
    }

    #[test]
    fn elements_are_balanced() {
        let tables = snapshot::read(12).expect("the snapshot is readable").harmonics;
        for l in 0..=12 {
            for m in -(l as i32)..=l as i32 {
                let text =
                    math(&harmonic(&tables, l, m), true).replace("<mspace width=\"0.15em\"/>", "");
                assert_eq!(text.matches("</").count() * 2, text.matches('<').count());
            }
        }
    }
}
