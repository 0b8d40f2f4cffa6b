//! Programs as they are read: statements that name values, and expressions with the parentheses
//! that sums and products need in any language where products bind tighter than sums.
//!
//! Values that the mathematics names keep their names, values used once are written where they are
//! used, subtractions are subtractions.

use super::{Id, Node, Op, Output, Program};
use crate::tables::Surd;

/// An expression over named values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression<'a> {
    /// An input or a value that a statement has named.
    Name(&'a str),
    /// An exact constant.
    Constant(&'a Surd),
    /// `-a`.
    Neg(Box<Self>),
    /// `a · b`.
    Product(Box<Self>, Box<Self>),
    /// `a + b`.
    Sum(Box<Self>, Box<Self>),
    /// `a - b`.
    Difference(Box<Self>, Box<Self>),
    /// `(a)`.
    Parentheses(Box<Self>),
}

/// `name = value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement<'a> {
    /// The name.
    pub name: &'a str,
    /// Its value.
    pub value: Expression<'a>,
}

/// A program with a name for each value that needs one.
///
/// # Example
/// ```
/// use tesseral_codegen::ir::{Builder, Output, reading::{Expression, Reading}};
///
/// let mut builder = Builder::new(&["x", "y"]);
/// let [x, y] = [0, 1].map(|index| builder.input(index));
/// let square = builder.mul(x, x);
/// let difference = builder.sub(square, y);
/// let values = vec![difference];
/// let program = builder.finish(vec![Output { name: "values", shape: vec![1], values }]);
///
/// let reading = Reading::new(&program);
/// assert_eq!(reading.statements(), []);
/// let [Expression::Difference(square, y)] = &reading.values(&program.outputs[0])[..] else {
///     panic!("x · x - y is a difference");
/// };
/// assert_eq!(**y, Expression::Name("y"));
/// # let _ = square;
/// ```
pub struct Reading<'a> {
    program: &'a Program,
    /// The name of each node that has one; the others are written where they are used.
    names: Vec<Option<String>>,
}

impl<'a> Reading<'a> {
    /// Names the values of a program.
    pub fn new(program: &'a Program) -> Self {
        let (mut constants, mut temporaries) = (0, 0);
        let mut name = |node: &Node, uses: usize| match (&node.op, &node.label) {
            (Op::Input(index), _) => Some(program.inputs[*index].to_string()),
            (Op::Neg(_), _) => None,
            (Op::Constant(value), _) if uses > 1 && value.is_zero() => Some("zero".to_string()),
            (Op::Constant(_), _) if uses > 1 => {
                constants += 1;
                Some(format!("k{constants}"))
            }
            (Op::Constant(_), _) => None,
            (_, Some(label)) => Some(label.clone()),
            (_, None) if uses > 1 => {
                temporaries += 1;
                Some(format!("t{temporaries}"))
            }
            (_, None) => None,
        };
        let nodes = program.nodes.iter().zip(program.uses());
        let names = nodes.map(|(node, uses)| name(node, uses)).collect();
        Reading { program, names }
    }

    /// The names of the inputs, `None` where one is unused.
    pub fn inputs(&self) -> Vec<Option<&'static str>> {
        let used = |index: usize| self.program.nodes.iter().any(|n| n.op == Op::Input(index));
        let inputs = self.program.inputs.iter().enumerate();
        inputs.map(|(index, name)| used(index).then_some(*name)).collect()
    }

    /// The statements in order.
    pub fn statements(&self) -> Vec<Statement<'_>> {
        let named = self.program.nodes.iter().zip(&self.names);
        named
            .filter_map(|(node, name)| match (&node.op, name) {
                (Op::Input(_), _) | (_, None) => None,
                (op, Some(name)) => Some(Statement { name, value: self.operation(op) }),
            })
            .collect()
    }

    /// The values of an output, innermost axis contiguous.
    pub fn values(&self, output: &Output) -> Vec<Expression<'_>> {
        output.values.iter().map(|&id| self.value(id)).collect()
    }

    /// A value: its name, or its operation.
    fn value(&self, id: Id) -> Expression<'_> {
        match &self.names[id.index()] {
            Some(name) => Expression::Name(name),
            None => self.operation(&self.program.node(id).op),
        }
    }

    fn operation<'b>(&'b self, op: &'b Op) -> Expression<'b> {
        match op {
            Op::Input(index) => Expression::Name(self.program.inputs[*index]),
            Op::Constant(value) => Expression::Constant(value),
            Op::Neg(a) => negation(self.value(*a)),
            Op::Mul(a, b) => self.product(*a, *b),
            Op::Add(a, b) => sum(self.signed(*a), self.signed(*b)),
            Op::MulAdd(a, b, c) => {
                let (negative, factor) = self.sign(*a);
                sum((negative, self.product(factor, *b)), self.signed(*c))
            }
        }
    }

    fn product(&self, a: Id, b: Id) -> Expression<'_> {
        let a = self.value(a).within(Binding::Product);
        let b = self.value(b).within(Binding::Atom);
        Expression::Product(Box::new(a), Box::new(b))
    }

    /// Whether a value is negated, and what is.
    fn sign(&self, id: Id) -> (bool, Id) {
        match self.program.node(id).op {
            Op::Neg(inner) => (true, inner),
            _ => (false, id),
        }
    }

    fn signed(&self, id: Id) -> (bool, Expression<'_>) {
        let (negative, inner) = self.sign(id);
        (negative, self.value(inner))
    }
}

/// How tightly an expression binds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binding {
    Sum,
    Negation,
    Product,
    Atom,
}

impl<'a> Expression<'a> {
    fn binding(&self) -> Binding {
        match self {
            Expression::Sum(..) | Expression::Difference(..) => Binding::Sum,
            Expression::Neg(_) => Binding::Negation,
            Expression::Product(..) => Binding::Product,
            Expression::Name(_) | Expression::Constant(_) | Expression::Parentheses(_) => {
                Binding::Atom
            }
        }
    }

    /// The expression as an operand that must bind at least so tightly.
    fn within(self, binding: Binding) -> Expression<'a> {
        if self.binding() >= binding { self } else { Expression::Parentheses(Box::new(self)) }
    }
}

fn negation(a: Expression) -> Expression {
    Expression::Neg(Box::new(a.within(Binding::Product)))
}

/// `a + b` of values with signs, the signs as subtractions.
fn sum<'a>(a: (bool, Expression<'a>), b: (bool, Expression<'a>)) -> Expression<'a> {
    let operand = |expression: Expression<'a>| Box::new(expression.within(Binding::Product));
    match (a, b) {
        ((false, a), (false, b)) => Expression::Sum(Box::new(a), operand(b)),
        ((false, a), (true, b)) | ((true, b), (false, a)) => {
            Expression::Difference(Box::new(a), operand(b))
        }
        ((true, a), (true, b)) => Expression::Difference(Box::new(negation(a)), operand(b)),
    }
}
