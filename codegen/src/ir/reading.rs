//! Programs as they are read: statements that name values, and expressions with the parentheses
//! that sums and products need in any language where products bind tighter than sums.
//!
//! A reading is all that an emitter needs; none looks at nodes itself. Values that the mathematics
//! names keep their names, and subtractions are subtractions. In a [`Reading::new`] values used once
//! are written where they are used, as in code by hand; in a [`Reading::of_operations`] each
//! operation has a statement of its own, for languages that name fused operations and for an order
//! of one's own. Arrays are [`Reading::inputs`] and [`Reading::outputs`]; what is added to an output
//! is added term by term ([`Reading::terms`]) or as a whole ([`Reading::values`]).

use super::terms::{self, Terms};
use super::{Id, Input, Node, Op, Output, Program};
use crate::tables::Surd;

/// An expression over named values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression<'a> {
    /// An element of an input, or a value that a statement has named.
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

/// `±first · second` or `±first`, which is added to an element of an output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term<'a> {
    /// Whether it is subtracted.
    pub negative: bool,
    /// The first factor, or the whole term.
    pub first: Expression<'a>,
    /// The second factor.
    pub second: Option<Expression<'a>>,
}

/// An element of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Element {
    /// The index of the input or output.
    pub array: usize,
    /// The index in it, innermost axis contiguous.
    pub index: usize,
}

/// One step of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// An element of an input is needed from here on.
    Read(Element),
    /// A value gets its name.
    Let(Statement<'a>),
    /// An element of an output is set.
    Set(Element, Expression<'a>),
    /// A term is added to an element of an output.
    Add(Element, Term<'a>),
}

/// The order of steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Output by output, each value as late as it can be.
    Outputs,
    /// The order in which the program was built; a term is added as soon as it is known, outputs are
    /// set at the end.
    Operations,
}

/// `±a · b ± c`, which is one operation where a language has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MultiplyAdd<'e, 'a> {
    /// Whether the product is subtracted.
    pub negative: bool,
    /// The factors.
    pub factors: [&'e Expression<'a>; 2],
    /// Whether `c` is subtracted.
    pub minus: bool,
    /// The other operand of the sum.
    pub other: &'e Expression<'a>,
}

/// A program with a name for each value that needs one.
///
/// # Example
/// ```
/// use tesseral_codegen::ir::{Builder, Input, Output, reading::{Expression, Reading}};
///
/// let mut builder = Builder::new(vec![Input::array("x", vec![2])]);
/// let [a, b] = [0, 1].map(|element| builder.input(0, element));
/// let square = builder.mul(a, a);
/// let difference = builder.sub(square, b);
/// let program = builder.finish(vec![Output::new("values", vec![1], vec![difference])]);
///
/// let reading = Reading::new(&program);
/// assert_eq!(reading.statements(), []);
/// let [Expression::Difference(square, b)] = &reading.values(0)[..] else {
///     panic!("x0 · x0 - x1 is a difference");
/// };
/// assert_eq!(**b, Expression::Name("x1"));
/// # let _ = square;
/// ```
pub struct Reading<'a> {
    program: &'a Program,
    /// The name of each node that has one; the others are written where they are used.
    names: Vec<Option<String>>,
    terms: Terms,
}

impl<'a> Reading<'a> {
    /// Names what the mathematics names, and values that are used more than once.
    pub fn new(program: &'a Program) -> Self {
        let mut temporaries = 0;
        Reading::named(program, |_, node, uses| {
            if uses < 2 || matches!(node.op, Op::Neg(_)) {
                return None;
            }
            temporaries += 1;
            Some(format!("t{temporaries}"))
        })
    }

    /// Names the result of each operation.
    pub fn of_operations(program: &'a Program) -> Self {
        let negations = read_negations(program);
        Reading::named(program, |index, node, _| {
            let needed = negations[index] || !matches!(node.op, Op::Neg(_));
            needed.then(|| format!("t{index}"))
        })
    }

    /// Names constants that are used more than once, and operations without a label by a function
    /// of index, node and uses.
    fn named(
        program: &'a Program,
        mut operation: impl FnMut(usize, &Node, usize) -> Option<String>,
    ) -> Self {
        let terms = Terms::new(program);
        let uses = program.uses();
        let mut constants = 0;
        let mut name = |index: usize| {
            let node = &program.nodes[index];
            match (&node.op, &node.label) {
                (&Op::Input { array, element }, _) => {
                    Some(program.inputs[array].elements[element].clone())
                }
                (Op::Constant(value), _) if uses[index] > 1 && value.is_zero() => {
                    Some("zero".to_string())
                }
                (Op::Constant(_), _) if uses[index] > 1 => {
                    constants += 1;
                    Some(format!("k{constants}"))
                }
                (Op::Constant(_), _) => None,
                _ if terms.absorbed[index] => None,
                (_, Some(label)) => Some(label.clone()),
                (_, None) => operation(index, node, uses[index]),
            }
        };
        let names = (0..program.nodes.len()).map(&mut name).collect();
        Reading { program, names, terms }
    }

    /// The arrays that are read.
    pub fn inputs(&self) -> &'a [Input] {
        &self.program.inputs
    }

    /// The arrays that are written.
    pub fn outputs(&self) -> &'a [Output] {
        &self.program.outputs
    }

    /// The name of an element of an input; `None` if it is not used.
    pub fn element(&self, element: Element) -> Option<&'a str> {
        let Element { array, index } = element;
        let used =
            self.program.nodes.iter().any(|node| node.op == Op::Input { array, element: index });
        used.then(|| &self.program.inputs[array].elements[index][..])
    }

    /// The names of the elements of an input, `None` where one is not used.
    pub fn elements(&self, array: usize) -> Vec<Option<&'a str>> {
        let count = self.program.inputs[array].elements.len();
        (0..count).map(|index| self.element(Element { array, index })).collect()
    }

    /// The statements in the order in which the program was built.
    pub fn statements(&self) -> Vec<Statement<'_>> {
        (0..self.names.len()).filter_map(|index| self.statement(index)).collect()
    }

    /// The values of an output, innermost axis contiguous. For one that is added to they are what is
    /// added, as a whole.
    pub fn values(&self, output: usize) -> Vec<Expression<'_>> {
        self.program.outputs[output].values.iter().map(|&id| self.value(id)).collect()
    }

    /// The terms that are added to an element of an output; none for an output that is set.
    pub fn terms(&self, element: Element) -> Vec<Term<'_>> {
        let terms = self.terms.of_outputs[element.array].get(element.index);
        terms.into_iter().flatten().map(|term| self.term(term)).collect()
    }

    /// All steps in an order.
    pub fn steps(&self, order: Order) -> Vec<Step<'_>> {
        let mut walk = Walk::new(self);
        let mut steps = Vec::new();
        if order == Order::Operations {
            walk.operations(&mut steps);
        }
        for (array, output) in self.program.outputs.iter().enumerate() {
            for index in 0..output.values.len() {
                let element = Element { array, index };
                match self.terms.of_outputs[array].get(index) {
                    Some(terms) => walk.add(element, terms, &mut steps),
                    None => {
                        let (before, value) = walk.value(element);
                        steps.extend(before);
                        steps.push(Step::Set(element, value));
                    }
                }
            }
        }
        steps
    }

    fn statement(&self, index: usize) -> Option<Statement<'_>> {
        let op = &self.program.nodes[index].op;
        match (op, &self.names[index]) {
            (Op::Input { .. }, _) | (_, None) => None,
            (op, Some(name)) => Some(Statement { name, value: self.operation(op) }),
        }
    }

    fn term(&self, term: &terms::Term) -> Term<'_> {
        Term {
            negative: term.negative,
            first: self.value(term.first),
            second: term.second.map(|second| self.value(second)),
        }
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
            Op::Input { array, element } => {
                Expression::Name(&self.program.inputs[*array].elements[*element])
            }
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

/// The negations that are values of their own: not only the signs of terms of sums.
fn read_negations(program: &Program) -> Vec<bool> {
    let mut read = vec![false; program.nodes.len()];
    let factors = program.nodes.iter().filter(|n| matches!(n.op, Op::Mul(..) | Op::Neg(_)));
    let outputs = program.outputs.iter().flat_map(|output| output.values.iter().copied());
    for id in factors.flat_map(|node| node.op.operands()).chain(outputs) {
        read[id.index()] = true;
    }
    // The second factor of a multiply-add has no sign of its own.
    for node in &program.nodes {
        if let Op::MulAdd(_, b, _) = node.op {
            read[b.index()] = true;
        }
    }
    read
}

/// Goes through a program in an order of one's own: gives for each value the steps that it needs
/// and that were not given before.
pub struct Walk<'r, 'a> {
    reading: &'r Reading<'a>,
    given: Vec<bool>,
    /// By output and element: how many terms were given.
    added: Vec<Vec<usize>>,
}

impl<'r, 'a> Walk<'r, 'a> {
    /// Begins before the first step.
    pub fn new(reading: &'r Reading<'a>) -> Self {
        let added = reading.terms.of_outputs.iter().map(|output| vec![0; output.len()]);
        Walk { reading, given: vec![false; reading.names.len()], added: added.collect() }
    }

    /// The steps that a value of an output needs, and the value.
    pub fn value(&mut self, element: Element) -> (Vec<Step<'r>>, Expression<'r>) {
        let id = self.reading.program.outputs[element.array].values[element.index];
        let mut steps = Vec::new();
        self.need(id, &mut steps);
        (steps, self.reading.value(id))
    }

    fn need(&mut self, id: Id, steps: &mut Vec<Step<'r>>) {
        let index = id.index();
        if std::mem::replace(&mut self.given[index], true) {
            return;
        }
        let reading = self.reading;
        for operand in reading.program.nodes[index].op.operands() {
            self.need(operand, steps);
        }
        match reading.program.nodes[index].op {
            Op::Input { array, element } => {
                steps.push(Step::Read(Element { array, index: element }));
            }
            _ => steps.extend(reading.statement(index).map(Step::Let)),
        }
    }

    /// The terms of an element that were not added yet.
    fn add(&mut self, element: Element, terms: &[terms::Term], steps: &mut Vec<Step<'r>>) {
        let done = std::mem::replace(&mut self.added[element.array][element.index], terms.len());
        for term in &terms[done..] {
            self.add_term(element, term, steps);
        }
    }

    fn add_term(&mut self, element: Element, term: &terms::Term, steps: &mut Vec<Step<'r>>) {
        self.need(term.first, steps);
        if let Some(second) = term.second {
            self.need(second, steps);
        }
        steps.push(Step::Add(element, self.reading.term(term)));
    }

    /// All operations in the order of the program, and after each the terms that it completes.
    fn operations(&mut self, steps: &mut Vec<Step<'r>>) {
        let reading = self.reading;
        for (index, node) in reading.program.nodes.iter().enumerate() {
            // Inputs, constants and negations are read where they are needed.
            let waits = matches!(node.op, Op::Input { .. } | Op::Constant(_) | Op::Neg(_));
            if waits || reading.terms.absorbed[index] {
                continue;
            }
            self.need(Id::of_index(index), steps);
            self.add_ready(steps);
        }
    }

    /// Adds the next terms of outputs, as far as their operations are done.
    fn add_ready(&mut self, steps: &mut Vec<Step<'r>>) {
        let reading = self.reading;
        for (array, output) in reading.terms.of_outputs.iter().enumerate() {
            for (index, terms) in output.iter().enumerate() {
                while let Some(term) = terms.get(self.added[array][index])
                    && self.is_ready(term)
                {
                    self.added[array][index] += 1;
                    self.add_term(Element { array, index }, term, steps);
                }
            }
        }
    }

    fn is_ready(&self, term: &terms::Term) -> bool {
        let free = |id: Id| {
            let op = &self.reading.program.node(id).op;
            matches!(op, Op::Input { .. } | Op::Constant(_)) || self.given[id.index()]
        };
        free(term.first) && term.second.is_none_or(free)
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
    /// The expression as a product and a sum in one, if an operand of this sum is a product.
    pub fn as_multiply_add(&self) -> Option<MultiplyAdd<'_, 'a>> {
        let (a, b, minus) = match self {
            Expression::Sum(a, b) => (a, b, false),
            Expression::Difference(a, b) => (a, b, true),
            _ => return None,
        };
        let first = match &**a {
            Expression::Neg(product) => joined((true, product), (minus, b)),
            product => joined((false, product), (minus, b)),
        };
        first.or_else(|| joined((minus, b), (false, a)))
    }

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

fn joined<'e, 'a>(
    (negative, product): (bool, &'e Expression<'a>),
    (minus, other): (bool, &'e Expression<'a>),
) -> Option<MultiplyAdd<'e, 'a>> {
    match product {
        Expression::Product(a, b) => Some(MultiplyAdd { negative, factors: [a, b], minus, other }),
        _ => None,
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
