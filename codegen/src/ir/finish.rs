//! The end of building: products are joined with the additions that read them, equal operations that
//! this leaves are shared again, and what no output needs is dropped.

use std::collections::HashMap;

use super::{Id, Node, Op, Output, Program};

/// The program in its final form.
pub(super) fn finished(program: Program) -> Program {
    without_unused(with_multiply_adds(without_unused(program)))
}

/// `±first · second`, as an operand of a sum.
#[derive(Clone, Copy)]
struct Product {
    first: Id,
    second: Id,
    negative: bool,
}

/// The product that an operand is, perhaps negated, and its node.
fn product(nodes: &[Node], id: Id) -> Option<(Product, Id)> {
    match nodes[id.index()].op {
        Op::Mul(first, second) => Some((Product { first, second, negative: false }, id)),
        Op::Neg(inner) => match nodes[inner.index()].op {
            Op::Mul(first, second) => Some((Product { first, second, negative: true }, inner)),
            _ => None,
        },
        _ => None,
    }
}

/// Joins additions with products, and each other negation with its constant.
fn with_multiply_adds(program: Program) -> Program {
    let uses = program.uses();
    let nodes = &program.nodes;
    let joined = Joining::new(&program, &uses).joined;
    let mut fused = Nodes::default();
    let mut renamed: Vec<Id> = Vec::new();
    for (node, joined) in nodes.iter().zip(joined) {
        let at = |id: Id| renamed[id.index()];
        let op = match node.op {
            Op::Add(a, b) => match joined {
                Some(operand) => {
                    let other = if operand == a { b } else { a };
                    let (product, _) = product(nodes, operand).expect("products are joined");
                    let mut first = at(product.first);
                    if product.negative {
                        first = fused.push(Op::Neg(first), None);
                    }
                    Op::MulAdd(first, at(product.second), at(other))
                }
                None => Op::Add(at(a), at(b)),
            },
            Op::Mul(a, b) => Op::Mul(at(a), at(b)),
            Op::MulAdd(a, b, c) => Op::MulAdd(at(a), at(b), at(c)),
            // A negated multiple that nobody else reads is a multiple of the negated constant.
            Op::Neg(a) => match nodes[a.index()].op {
                Op::Mul(b, c) if uses[a.index()] == 1 => match &nodes[b.index()].op {
                    Op::Constant(value) => {
                        let negated = fused.push(Op::Constant(-value), None);
                        Op::Mul(negated, at(c))
                    }
                    _ => Op::Neg(at(a)),
                },
                _ => Op::Neg(at(a)),
            },
            Op::Input { .. } | Op::Constant(_) => node.op.clone(),
        };
        renamed.push(fused.push(op, node.label.clone()));
    }
    let outputs = rename_outputs(program.outputs, &renamed);
    Program { inputs: program.inputs, nodes: fused.nodes, outputs }
}

/// Which operand each addition is joined with.
struct Joining<'a> {
    nodes: &'a [Node],
    uses: &'a [usize],
    joined: Vec<Option<Id>>,
}

impl<'a> Joining<'a> {
    fn new(program: &'a Program, uses: &'a [usize]) -> Self {
        let nodes = &program.nodes;
        let mut joining = Joining { nodes, uses, joined: vec![None; nodes.len()] };
        joining.join_own();
        joining.join_common(program);
        joining
    }

    /// Joins each addition with a product that only it reads: of two, the one that is ready last, so
    /// that the sum waits for one operation.
    fn join_own(&mut self) {
        let depths = depths(self.nodes);
        let own = |id: Id| {
            let (found, node) = product(self.nodes, id)?;
            let alone = self.uses[id.index()] == 1 && self.uses[node.index()] == 1;
            alone.then(|| depths[found.first.index()].max(depths[found.second.index()]))
        };
        for (index, node) in self.nodes.iter().enumerate() {
            let Op::Add(a, b) = node.op else { continue };
            self.joined[index] = match (own(a), own(b)) {
                (Some(early), Some(late)) if early > late => Some(a),
                (_, Some(_)) => Some(b),
                (Some(_), None) => Some(a),
                (None, None) => None,
            };
        }
    }

    /// Joins a product that several additions and nobody else read with all of them, where none is
    /// joined yet: that saves the product.
    fn join_common(&mut self, program: &Program) {
        let mut readers: Vec<Vec<usize>> = vec![Vec::new(); self.nodes.len()];
        for (index, node) in self.nodes.iter().enumerate() {
            node.op.operands().for_each(|id| readers[id.index()].push(index));
        }
        let mut written = vec![false; self.nodes.len()];
        for id in program.outputs.iter().flat_map(|output| &output.values) {
            written[id.index()] = true;
        }
        for (index, node) in self.nodes.iter().enumerate() {
            if !matches!(node.op, Op::Mul(..)) || self.uses[index] < 2 || node.label.is_some() {
                continue;
            }
            let Some(sums) = self.sums(Id::of_index(index), &readers, &written) else { continue };
            for (sum, operand) in sums {
                self.joined[sum] = Some(operand);
            }
        }
    }

    /// The additions that read a product, with the operand that it is; `None` if it has other
    /// readers, or one that is joined already.
    fn sums(
        &self,
        product: Id,
        readers: &[Vec<usize>],
        written: &[bool],
    ) -> Option<Vec<(usize, Id)>> {
        if written[product.index()] {
            return None;
        }
        let mut sums: Vec<(usize, Id)> = Vec::new();
        for &reader in &readers[product.index()] {
            match self.nodes[reader].op {
                Op::Add(..) => sums.push((reader, product)),
                Op::Neg(_) => {
                    let negation = Id::of_index(reader);
                    sums.extend(self.sums(negation, readers, written)?);
                }
                _ => return None,
            }
        }
        let mut seen: Vec<usize> = sums.iter().map(|(sum, _)| *sum).collect();
        seen.sort_unstable();
        seen.dedup();
        let free = seen.len() == sums.len() && seen.iter().all(|&sum| self.joined[sum].is_none());
        free.then_some(sums)
    }
}

/// The longest chain of operations that each node waits for.
fn depths(nodes: &[Node]) -> Vec<usize> {
    let mut depths: Vec<usize> = Vec::with_capacity(nodes.len());
    for node in nodes {
        let operands = node.op.operands().map(|id| depths[id.index()]).max();
        depths.push(operands.map_or(0, |depth| depth + 1));
    }
    depths
}

/// Nodes without repetitions.
#[derive(Default)]
struct Nodes {
    nodes: Vec<Node>,
    known: HashMap<Op, Id>,
}

impl Nodes {
    fn push(&mut self, op: Op, label: Option<String>) -> Id {
        if let Some(&id) = self.known.get(&op) {
            return id;
        }
        let id = Id::of_index(self.nodes.len());
        self.known.insert(op.clone(), id);
        self.nodes.push(Node { op, label });
        id
    }
}

/// Drops nodes that no output depends on.
fn without_unused(program: Program) -> Program {
    let mut needed = vec![false; program.nodes.len()];
    for id in program.outputs.iter().flat_map(|output| &output.values) {
        needed[id.index()] = true;
    }
    for (index, node) in program.nodes.iter().enumerate().rev() {
        if needed[index] {
            node.op.operands().for_each(|id| needed[id.index()] = true);
        }
    }
    let mut nodes = Vec::new();
    let mut renamed = vec![Id(u32::MAX); program.nodes.len()];
    for (index, node) in program.nodes.into_iter().enumerate().filter(|(i, _)| needed[*i]) {
        let at = |id: Id| renamed[id.index()];
        let op = match node.op {
            Op::Neg(a) => Op::Neg(at(a)),
            Op::Add(a, b) => Op::Add(at(a), at(b)),
            Op::Mul(a, b) => Op::Mul(at(a), at(b)),
            Op::MulAdd(a, b, c) => Op::MulAdd(at(a), at(b), at(c)),
            op => op,
        };
        renamed[index] = Id::of_index(nodes.len());
        nodes.push(Node { op, label: node.label });
    }
    let outputs = rename_outputs(program.outputs, &renamed);
    Program { inputs: program.inputs, nodes, outputs }
}

fn rename_outputs(mut outputs: Vec<Output>, renamed: &[Id]) -> Vec<Output> {
    for id in outputs.iter_mut().flat_map(|output| &mut output.values) {
        *id = renamed[id.index()];
    }
    outputs
}
