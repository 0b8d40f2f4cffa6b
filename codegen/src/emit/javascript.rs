//! Programs as JavaScript functions, and tables as JavaScript arrays.
//!
//! A constant is printed with the fewest digits that read back as the same f64, and JavaScript's
//! arithmetic is that of f64, so a function computes what the Rust of the same program does.

use std::collections::BTreeMap;

use super::rounding;
use crate::ir::reading::{Expression, Reading};
use crate::ir::{Output, Program};
use crate::tables::{Coupling, Harmonics, Surd};

/// The longest line that a list is kept on.
const LINE: usize = 100;

/// The function of a program, with `doc` as its comment.
///
/// The point `r` gives three arguments, `x`, `y` and `z`; every other array is one argument, an array
/// whose nested lengths are put one after the other, and a number is itself. The function returns
/// the output if there is one, else an object with the outputs by name: nested arrays, or numbers.
/// It changes no argument: of an output that is added to it returns what is to be added.
///
/// # Example
/// ```
/// use tesseral_codegen::emit::javascript;
/// use tesseral_codegen::ir::harmonics::{Derivatives, pull_back, single_degree};
/// use tesseral_codegen::ir::products::{Map, Triple};
/// use tesseral_codegen::tables::snapshot;
///
/// let program = single_degree(&snapshot::read(1)?.harmonics, 1, Derivatives::None);
/// assert_eq!(
///     javascript::function("y_1", "Degree 1.", &program),
///     "/** Degree 1. */
/// function y_1(x, y, z) {
///   const k1 = 0.4886025119029199;
///   return [k1 * y, k1 * z, k1 * x];
/// }
/// "
/// );
///
/// // Of the pull-back of degrees 0 and 1, g0 has no derivative.
/// let program = pull_back(&snapshot::read(1)?.harmonics, 1);
/// let text = javascript::function("pull_back_1", "Σ g ∂Y.", &program);
/// assert!(text.starts_with("/** Σ g ∂Y. */\nfunction pull_back_1(x, y, z, g) {\n  const [, g1, g2, g3] = g;\n"));
///
/// // The dot product of two vectors, divided by √3.
/// let triple = Triple::new(&snapshot::read(1)?.coupling, [1, 1, 0]);
/// let text = javascript::function("couple", "1 x 1 → 0.", &triple.program(Map::Couple));
/// assert!(text.contains("function couple(scale, x, y) {\n  const [x0, x1, x2] = x;\n"));
/// # Ok::<(), tesseral_codegen::tables::snapshot::SnapshotError>(())
/// ```
pub fn function(name: &str, doc: &str, program: &Program) -> String {
    let reading = Reading::new(program);
    let arguments = reading.inputs().iter().map(|input| match input.is_indexed() {
        true => input.name.to_string(),
        false => input.elements.join(", "),
    });
    let arguments = arguments.collect::<Vec<_>>().join(", ");
    let mut text = format!("/** {doc} */\nfunction {name}({arguments}) {{\n");
    for (index, input) in reading.inputs().iter().enumerate().filter(|(_, i)| i.is_indexed()) {
        let names = elements(&reading, index);
        if !names.is_empty() {
            let pattern = list("[", names, "]");
            text += &format!("  const {} = {};\n", indented(&pattern), input.name);
        }
    }
    for statement in reading.statements() {
        text += &format!("  const {} = {};\n", statement.name, expression(&statement.value));
    }
    let result = match reading.outputs() {
        [_] => array(&reading, 0),
        outputs => {
            let members = outputs.iter().enumerate();
            let member = |(i, o): (usize, &Output)| format!("{}: {}", o.name, array(&reading, i));
            list("{ ", members.map(member).collect(), " }")
        }
    };
    text.push_str(&format!("  return {};\n}}\n", indented(&result)));
    text
}

/// The names of the elements of an array up to the last that is used, empty for those that are not.
fn elements(reading: &Reading, array: usize) -> Vec<String> {
    let mut names = reading.elements(array);
    while names.pop_if(|name| name.is_none()).is_some() {}
    names.into_iter().map(|name| name.unwrap_or_default().to_string()).collect()
}

/// A constant as the shortest text of the nearest f64.
pub fn number(value: &Surd) -> String {
    rounding::to_f64(value).to_string()
}

/// The isometries V_l → ℝ³ ⊗ V_{l-1} by degree, from degree 0 without entries: for each m the
/// nonzero entries `[axis, l - 1 + m', value]`, axes in the order x, y, z.
pub fn isometries(tables: &Harmonics) -> String {
    let row = |l: usize, m: i32| {
        let entries = tables.isometry(l, m).into_iter().map(|entry| {
            let column = entry.m + l as i32 - 1;
            format!("[{},{column},{}]", entry.axis, number(&entry.value))
        });
        format!("[{}]", entries.collect::<Vec<_>>().join(","))
    };
    let degrees = (0..=tables.lmax()).map(|l| {
        let rows: Vec<String> = (-(l as i32)..=l as i32).map(|m| row(l, m)).collect();
        format!("  [{}]", rows.join(","))
    });
    format!("[\n{}\n]", degrees.collect::<Vec<_>>().join(",\n"))
}

/// The coupling tensors as an object of `values` and `tensors`.
///
/// `values` lists each magnitude that occurs once, as `[text, f64]` with the text that `formula` gives
/// it, such as MathML. `tensors` has for the key
/// `"l1,l2,l3"` a flat list of m1, m2, m3 and v, where v is ± (1 + the index of the magnitude).
pub fn coupling(tables: &Coupling, formula: impl Fn(&Surd) -> String) -> String {
    let mut magnitudes: BTreeMap<Surd, usize> = BTreeMap::new();
    let mut values = Vec::new();
    let mut tensors = Vec::new();
    for degrees in tables.triples() {
        let mut items = Vec::new();
        for entry in tables.tensor(degrees) {
            let magnitude = entry.value.abs();
            let number = *magnitudes.entry(magnitude.clone()).or_insert_with(|| {
                values.push(format!("[{:?},{}]", formula(&magnitude), number(&magnitude)));
                values.len()
            });
            let [m1, m2, m3] = entry.m;
            let sign = if entry.value.sign() < 0 { "-" } else { "" };
            items.push(format!("{m1},{m2},{m3},{sign}{number}"));
        }
        let [l1, l2, l3] = degrees;
        tensors.push(format!("\"{l1},{l2},{l3}\":[{}]", items.join(",")));
    }
    let (values, tensors) = (values.join(",\n"), tensors.join(",\n"));
    format!("{{\nvalues: [\n{values}\n],\ntensors: {{\n{tensors}\n}}\n}}")
}

fn array(reading: &Reading, output: usize) -> String {
    let mut items: Vec<String> = reading.values(output).iter().map(expression).collect();
    for length in reading.outputs()[output].shape.iter().rev() {
        items = items.chunks(*length).map(|chunk| list("[", chunk.to_vec(), "]")).collect();
    }
    items.concat()
}

/// A list on one line if it fits, else with one item a line.
fn list(open: &str, items: Vec<String>, close: &str) -> String {
    let line = format!("{open}{}{close}", items.join(", "));
    if line.len() <= LINE - "  return ;".len() && !line.contains('\n') {
        return line;
    }
    let items: String = items.iter().map(|item| format!("  {},\n", indented(item))).collect();
    format!("{}\n{items}{}", open.trim(), close.trim())
}

/// Text whose lines but the first are two columns further in.
fn indented(text: &str) -> String {
    text.replace('\n', "\n  ")
}

fn expression(value: &Expression) -> String {
    match value {
        Expression::Name(name) => name.to_string(),
        Expression::Constant(value) => number(value),
        Expression::Neg(a) => format!("-{}", expression(a)),
        Expression::Product(a, b) => format!("{} * {}", expression(a), expression(b)),
        Expression::Sum(a, b) => match &**b {
            Expression::Constant(b) if b.sign() < 0 => {
                format!("{} - {}", expression(a), number(&b.abs()))
            }
            _ => format!("{} + {}", expression(a), expression(b)),
        },
        Expression::Difference(a, b) => format!("{} - {}", expression(a), expression(b)),
        Expression::Parentheses(a) => format!("({})", expression(a)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::harmonics::{Derivatives, Points, all_degrees, single_degree};
    use crate::tables::snapshot;

    fn degree_two(derivatives: Derivatives) -> Program {
        single_degree(
            &snapshot::read(2).expect("the snapshot is readable").harmonics,
            2,
            derivatives,
        )
    }

    #[test]
    fn several_outputs_are_an_object_of_nested_arrays() {
        let text = function("y_2_grad", "Degree 2.", &degree_two(Derivatives::First));
        for part in ["return {\n", "\n    values: [", "\n    gradient: [\n      ["] {
            assert!(text.contains(part), "`{part}` is missing in\n{text}");
        }
        let count = |c: char| text.chars().filter(|&d| d == c).count();
        assert_eq!(count('['), count(']'));
        assert_eq!(count('['), 1 + 1 + 3);
    }

    #[test]
    fn the_operations_are_those_of_the_program() {
        let tables = snapshot::read(8).expect("the snapshot is readable").harmonics;
        for l in 2..=8 {
            for program in [
                single_degree(&tables, l, Derivatives::None),
                all_degrees(&tables, l, Points::Solid, Derivatives::None),
            ] {
                let text = function("f", "", &program);
                let body = text.split_once('{').expect("a function has a body").1;
                let count = program.count();
                let found = |operator: &str| body.matches(operator).count();
                assert_eq!(found(" * "), count.mul + count.mul_add);
                assert_eq!(found(" + ") + found(" - "), count.add + count.mul_add);
            }
        }
    }

    #[test]
    fn numbers_read_back_as_the_same_f64() {
        let tables = snapshot::read(12).expect("the snapshot is readable").harmonics;
        for part in tables.degrees.iter().flat_map(|degree| &degree.z_parts) {
            assert_eq!(number(&part.norm).parse(), Ok(rounding::to_f64(&part.norm)));
        }
        assert_eq!(number(&Surd::ratio(-3, 1)), "-3");
    }

    #[test]
    fn small_tables_are_literal() {
        let tables = snapshot::read(1).expect("the snapshot is readable");
        assert_eq!(
            isometries(&tables.harmonics),
            "[\n  [[]],\n  [[[1,0,1]],[[2,0,1]],[[0,0,1]]]\n]"
        );
        let text = coupling(&tables.coupling, |value| format!("<{value}>"));
        assert!(text.contains("\"0,0,0\":[0,0,0,1]"), "{text}");
        assert!(text.contains("[\"<1>\",1]"), "{text}");
        assert!(text.contains("\"1,1,1\":["), "{text}");
    }
}
