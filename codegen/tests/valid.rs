//! Every program passes its check, and the check finds each thing that can be wrong with one.

use tesseral_codegen::ir::harmonics::{Derivatives, Points, all_degrees, pull_back, single_degree};
use tesseral_codegen::ir::products::{Map, Triple};
use tesseral_codegen::ir::valid::{ProgramError, check};
use tesseral_codegen::ir::{Builder, Id, Input, Node, Op, Output, Program};
use tesseral_codegen::tables::{Surd, snapshot};

#[test]
fn programs_are_valid() {
    let tables = snapshot::read(6).expect("the snapshot is readable");
    let harmonics = &tables.harmonics;
    for l in 0..=6 {
        assert_eq!(check(&pull_back(harmonics, l)), Ok(()));
        assert_eq!(check(&all_degrees(harmonics, l, Points::Unit, Derivatives::None)), Ok(()));
        for derivatives in [Derivatives::None, Derivatives::First, Derivatives::Second] {
            assert_eq!(check(&single_degree(harmonics, l, derivatives)), Ok(()));
            assert_eq!(check(&all_degrees(harmonics, l, Points::Solid, derivatives)), Ok(()));
        }
    }
    for degrees in tables.coupling.truncated(2).triples() {
        let triple = Triple::new(&tables.coupling, degrees);
        for map in Map::ALL {
            assert_eq!(check(&triple.program(map)), Ok(()), "{degrees:?}, {map:?}");
        }
    }
}

fn node(op: Op) -> Node {
    Node { op, label: None }
}

fn id(index: usize) -> Id {
    Id::of_index(index)
}

/// x0 x1 + x2, by hand.
fn sum() -> Program {
    let nodes = vec![
        node(Op::Input { array: 0, element: 0 }),
        node(Op::Input { array: 0, element: 1 }),
        node(Op::Input { array: 0, element: 2 }),
        node(Op::MulAdd(id(0), id(1), id(2))),
    ];
    let outputs = vec![Output::new("values", vec![1], vec![id(3)])];
    Program { inputs: vec![Input::array("x", vec![3])], nodes, outputs }
}

#[test]
fn the_program_by_hand_is_valid() {
    assert_eq!(check(&sum()), Ok(()));
}

#[test]
fn operands_come_first() {
    let mut program = sum();
    program.nodes.swap(2, 3);
    program.outputs[0].values = vec![id(2)];
    assert_eq!(check(&program), Err(ProgramError::Order { node: 2, operand: 2 }));
}

#[test]
fn inputs_have_their_elements() {
    let mut program = sum();
    program.nodes[1].op = Op::Input { array: 0, element: 3 };
    assert_eq!(check(&program), Err(ProgramError::Input { node: 1, array: 0, element: 3 }));
    program.nodes[1].op = Op::Input { array: 1, element: 0 };
    assert_eq!(check(&program), Err(ProgramError::Input { node: 1, array: 1, element: 0 }));
}

#[test]
fn shapes_fit() {
    let mut program = sum();
    program.outputs[0].shape = vec![2, 3];
    let expected =
        ProgramError::Shape { array: "values", shape: vec![2, 3], expected: 6, found: 1 };
    assert_eq!(check(&program), Err(expected));
    let mut program = sum();
    program.inputs[0].elements.push("x3".to_string());
    let expected = ProgramError::Shape { array: "x", shape: vec![3], expected: 3, found: 4 };
    assert_eq!(check(&program), Err(expected));
}

#[test]
#[should_panic = "the array `values` has 1 elements, but its shape [2] has 2"]
fn building_a_wrong_program_panics() {
    let mut builder = Builder::new(vec![Input::point()]);
    let x = builder.input(0, 0);
    builder.finish(vec![Output::new("values", vec![2], vec![x])]);
}

#[test]
fn outputs_hold_values() {
    let mut program = sum();
    program.outputs[0].values = vec![id(4)];
    assert_eq!(check(&program), Err(ProgramError::Value { output: "values", value: 4, nodes: 4 }));
}

#[test]
fn every_node_is_read() {
    let mut program = sum();
    program.nodes.push(node(Op::Add(id(0), id(1))));
    assert_eq!(check(&program), Err(ProgramError::Dead { node: 4 }));
}

#[test]
fn no_node_is_there_twice() {
    let mut program = sum();
    program.nodes.push(node(Op::MulAdd(id(0), id(1), id(2))));
    program.outputs[0].shape = vec![2];
    program.outputs[0].values.push(id(4));
    assert_eq!(check(&program), Err(ProgramError::Repeated { node: 4, first: 3 }));
}

#[test]
fn names_are_unique() {
    let taken = |name: &str| Err(ProgramError::Name { name: name.to_string() });
    // Of an element, of an array, and those that values without a name get.
    for name in ["x1", "values", "x", "t7", "k1", "zero"] {
        let mut program = sum();
        program.nodes[3].label = Some(name.to_string());
        assert_eq!(check(&program), taken(name));
    }
    for name in ["x10", "total", "kt", "t"] {
        let mut program = sum();
        program.nodes[3].label = Some(name.to_string());
        assert_eq!(check(&program), Ok(()));
    }
}

/// x0 · x1 + x2 with another operation for one node, and a node before the sum.
fn with(first: Op, last: Op) -> Program {
    let mut program = sum();
    program.nodes.insert(3, node(first));
    program.nodes[4].op = last;
    program.outputs[0].shape = vec![4];
    program.outputs[0].values = vec![id(0), id(1), id(2), id(4)];
    program
}

#[test]
fn what_can_be_folded_is() {
    let number = |value: i64| Op::Constant(Surd::ratio(value, 1));
    for (first, last, reason) in [
        (number(0), Op::Mul(id(3), id(1)), "a product of zero"),
        (number(0), Op::MulAdd(id(1), id(3), id(2)), "a product of zero"),
        (number(1), Op::Mul(id(3), id(1)), "a product of one"),
        (number(1), Op::MulAdd(id(3), id(1), id(2)), "a product of one"),
        (number(2), Op::Mul(id(3), id(3)), "a product of constants"),
        (number(0), Op::Add(id(1), id(3)), "a sum with zero"),
        (number(0), Op::MulAdd(id(0), id(1), id(3)), "a sum with zero"),
        (number(2), Op::Add(id(3), id(3)), "a sum of constants"),
        (Op::Neg(id(0)), Op::Neg(id(3)), "-(-a)"),
        (Op::Mul(id(0), id(1)), Op::Add(id(2), id(3)), "a product that only this addition reads"),
    ] {
        let program = with(first, last);
        assert_eq!(check(&program), Err(ProgramError::Unfolded { node: 4, reason }));
    }
    assert_eq!(check(&with(number(2), Op::Mul(id(3), id(1)))), Ok(()));
}
