//! What a program owes those who read it. Every program that [`Builder::finish`](super::Builder)
//! gives passes [`check`]; emitters rely on it.
//!
//! - Operations read only values before them, and elements that inputs have.
//! - Every input has a name for each element; every output has one value for each element.
//! - No operation is there for nothing: each is read, none is there twice.
//! - Names are unique, and none is one that a [`Reading`](super::reading::Reading) gives.
//! - What can be folded is folded: constants, zeros and ones, negations, and products that only one
//!   addition reads.

use std::collections::{HashMap, HashSet};

use thiserror::Error;

use super::{Id, Op, Program};

/// A program that is not what it should be.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProgramError {
    /// An operation reads a value that is not before it.
    #[error("node {node} reads the value {operand}, which is not before it")]
    Order {
        /// The index of the node.
        node: usize,
        /// The index that it reads.
        operand: usize,
    },
    /// A node reads an element that no input has.
    #[error("node {node} reads element {element} of input {array}, which is not there")]
    Input {
        /// The index of the node.
        node: usize,
        /// The input.
        array: usize,
        /// The element.
        element: usize,
    },
    /// An array has too few or too many elements for its shape.
    #[error("the array `{array}` has {found} elements, but its shape {shape:?} has {expected}")]
    Shape {
        /// The name of the array.
        array: &'static str,
        /// Its shape.
        shape: Vec<usize>,
        /// The elements of the shape.
        expected: usize,
        /// The elements of the array.
        found: usize,
    },
    /// An output holds a value that is not in the program.
    #[error("the output `{output}` holds the value {value} of a program with {nodes} nodes")]
    Value {
        /// The name of the output.
        output: &'static str,
        /// The index of the value.
        value: usize,
        /// The number of nodes.
        nodes: usize,
    },
    /// Nobody reads a node.
    #[error("nobody reads node {node}")]
    Dead {
        /// The index of the node.
        node: usize,
    },
    /// Two nodes are equal.
    #[error("node {node} is the same as node {first}")]
    Repeated {
        /// The index of the node.
        node: usize,
        /// That of the first of the two.
        first: usize,
    },
    /// A name is not unique, or one that values without a name are given.
    #[error("the name `{name}` is taken")]
    Name {
        /// The name.
        name: String,
    },
    /// An operation that should have been folded.
    #[error("node {node} should have been folded: {reason}")]
    Unfolded {
        /// The index of the node.
        node: usize,
        /// What is left.
        reason: &'static str,
    },
}

/// Checks a program.
///
/// # Errors
/// The first thing that is wrong, in the order of the list at the head of this module.
pub fn check(program: &Program) -> Result<(), ProgramError> {
    nodes(program)?;
    shapes(program)?;
    readers(program)?;
    names(program)?;
    folding(program)
}

fn nodes(program: &Program) -> Result<(), ProgramError> {
    for (node, own) in program.nodes.iter().enumerate() {
        if let Op::Input { array, element } = own.op {
            let input = program.inputs.get(array);
            if input.is_none_or(|input| element >= input.elements.len()) {
                return Err(ProgramError::Input { node, array, element });
            }
        }
        for operand in own.op.operands().map(Id::index) {
            if operand >= node {
                return Err(ProgramError::Order { node, operand });
            }
        }
    }
    Ok(())
}

fn shapes(program: &Program) -> Result<(), ProgramError> {
    let inputs = program.inputs.iter().map(|i| (i.name, &i.shape, i.elements.len()));
    let outputs = program.outputs.iter().map(|o| (o.name, &o.shape, o.values.len()));
    for (array, shape, found) in inputs.chain(outputs) {
        let expected = shape.iter().product();
        if expected != found {
            return Err(ProgramError::Shape { array, shape: shape.clone(), expected, found });
        }
    }
    for output in &program.outputs {
        for value in output.values.iter().map(|id| id.index()) {
            if value >= program.nodes.len() {
                let nodes = program.nodes.len();
                return Err(ProgramError::Value { output: output.name, value, nodes });
            }
        }
    }
    Ok(())
}

fn readers(program: &Program) -> Result<(), ProgramError> {
    if let Some(node) = program.uses().iter().position(|&uses| uses == 0) {
        return Err(ProgramError::Dead { node });
    }
    let mut known = HashMap::new();
    for (node, own) in program.nodes.iter().enumerate() {
        if let Some(first) = known.insert(&own.op, node) {
            return Err(ProgramError::Repeated { node, first });
        }
    }
    Ok(())
}

fn names(program: &Program) -> Result<(), ProgramError> {
    let mut seen: HashSet<&str> = HashSet::new();
    let arrays = program.inputs.iter().filter(|input| !input.shape.is_empty());
    let arrays = arrays.map(|input| input.name).chain(program.outputs.iter().map(|o| o.name));
    let elements = program.inputs.iter().flat_map(|input| &input.elements).map(String::as_str);
    let labels = program.nodes.iter().filter_map(|node| node.label.as_deref());
    for name in arrays.chain(elements).chain(labels) {
        if is_reserved(name) || !seen.insert(name) {
            return Err(ProgramError::Name { name: name.to_string() });
        }
    }
    Ok(())
}

/// Whether a value without a name could be given this one.
fn is_reserved(name: &str) -> bool {
    let numbered = |prefix: char| {
        let digits = name.strip_prefix(prefix);
        digits.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()))
    };
    name == "zero" || numbered('k') || numbered('t')
}

fn folding(program: &Program) -> Result<(), ProgramError> {
    let uses = program.uses();
    for (node, own) in program.nodes.iter().enumerate() {
        if let Some(reason) = left_over(program, &uses, &own.op) {
            return Err(ProgramError::Unfolded { node, reason });
        }
    }
    Ok(())
}

/// Why an operation should not be there.
fn left_over(program: &Program, uses: &[usize], op: &Op) -> Option<&'static str> {
    let constant = |id: Id| match &program.node(id).op {
        Op::Constant(value) => Some(value),
        _ => None,
    };
    let is_zero = |id| constant(id).is_some_and(|value| value.is_zero());
    let is_one = |id| constant(id).is_some_and(|value| value.is_one());
    let is_single_product =
        |id: Id| matches!(program.node(id).op, Op::Mul(..)) && uses[id.index()] == 1;
    match *op {
        Op::Input { .. } | Op::Constant(_) => None,
        Op::Neg(a) => matches!(program.node(a).op, Op::Neg(_)).then_some("-(-a)"),
        Op::Mul(a, b) | Op::MulAdd(a, b, _) if is_zero(a) || is_zero(b) => {
            Some("a product of zero")
        }
        Op::Mul(a, b) | Op::MulAdd(a, b, _) if is_one(a) || is_one(b) => Some("a product of one"),
        Op::Mul(a, b) if constant(a).is_some() && constant(b).is_some() => {
            Some("a product of constants")
        }
        Op::Add(a, b) if is_zero(a) || is_zero(b) => Some("a sum with zero"),
        Op::MulAdd(_, _, c) if is_zero(c) => Some("a sum with zero"),
        Op::Add(a, b)
            if constant(a).zip(constant(b)).is_some_and(|(a, b)| a.checked_add(b).is_some()) =>
        {
            Some("a sum of constants")
        }
        Op::Add(a, b) if is_single_product(a) || is_single_product(b) => {
            Some("a product that only this addition reads")
        }
        Op::Mul(..) | Op::Add(..) | Op::MulAdd(..) => None,
    }
}
