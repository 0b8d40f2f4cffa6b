//! What emitters write, word for word, for a few functions of every kind: what is to change in
//! generated code is seen in a diff.
//!
//! The files in `tests/data/golden` are renewed by
//! `TESSERAL_RENEW=1 cargo test --manifest-path codegen/Cargo.toml --no-default-features --test golden`.

use std::path::Path;
use std::{env, fs};

use tesseral_codegen::emit::{javascript, rust};
use tesseral_codegen::ir::Program;
use tesseral_codegen::ir::harmonics::{Derivatives, pull_back, single_degree};
use tesseral_codegen::ir::products::{Map, Triple};
use tesseral_codegen::tables::{Tables, snapshot};

/// The degree of the tables.
const LMAX: usize = 2;

fn tables() -> Tables {
    snapshot::read(LMAX).expect("the snapshot is readable")
}

/// Compares a text with its file, or writes the file.
fn assert_golden(name: &str, text: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/golden");
    let path = folder.join(name);
    if env::var_os("TESSERAL_RENEW").is_some() {
        return fs::write(&path, text).expect("the file can be written");
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    if let Some(line) = golden.lines().zip(text.lines()).position(|(old, new)| old != new) {
        let [old, new] = [&golden, text].map(|text| text.lines().nth(line));
        panic!("{name}, line {}: {new:?} instead of {old:?}", line + 1);
    }
    assert_eq!(golden.lines().count(), text.lines().count(), "{name} has another length");
}

/// The items of a generated file, with their comments.
fn items(text: &str) -> Vec<String> {
    let (mut items, mut item) = (Vec::new(), String::new());
    for line in text.lines() {
        item += line;
        item.push('\n');
        if line == "}" || (!line.starts_with(' ') && line.ends_with(';')) {
            items.push(std::mem::take(&mut item));
        }
    }
    items
}

/// The first line of a generated file and the items in which one of some names is declared.
fn excerpt(file: &str, declarations: &[&str]) -> String {
    let files = rust::files(&tables());
    let text = &files.iter().find(|other| other.name == file).expect("the file is there").text;
    let (first, rest) = text.split_once('\n').expect("a file has lines");
    let mut excerpt = format!("{first}\n\n");
    for declaration in declarations {
        let found = items(rest).into_iter().filter(|item| item.contains(declaration));
        let found: Vec<String> = found.collect();
        assert_eq!(found.len(), 1, "{declaration} in {file}");
        excerpt += &found.concat();
    }
    excerpt
}

#[test]
fn functions_of_one_point() {
    let text = excerpt("harmonics.rs", &["fn y_2<", "fn y_2_grad<", "fn to_2_unit<"]);
    assert_golden("harmonics.rs", &text);
}

#[test]
fn programs_of_batches() {
    let names = [
        "Program<0, 0> for Unit2 ",
        "Constants for Unit2 ",
        "Program<3, 0> for SolidGradient2 ",
        "PullBack for PullBack2 ",
        "PushForward for PushForward1 ",
    ];
    assert_golden("batch.rs", &excerpt("batch.rs", &names));
}

#[test]
fn all_maps_of_a_triple() {
    let names = ["struct C112;", "for C112 ", "struct C211;", "for C211 "];
    assert_golden("products.rs", &excerpt("products.rs", &names));
}

fn assert_golden_script(name: &str, doc: &str, program: &Program) {
    let doc = format!("{doc}: {}.", program.count());
    assert_golden(&format!("{name}.js"), &javascript::function(name, &doc, program));
}

#[test]
fn scripts() {
    let Tables { harmonics, coupling } = tables();
    let program = single_degree(&harmonics, 2, Derivatives::None);
    assert_golden_script("y_2", "Degree 2", &program);
    assert_golden_script("pull_back_2", "Σ g ∂Y, degrees 0 to 2", &pull_back(&harmonics, 2));
    let triple = Triple::new(&coupling, [1, 1, 2]);
    assert_golden_script("couple_1_1_2", "1 x 1 → 2", &triple.program(Map::Couple));
    let doc = "The derivatives of 1 x 1 → 2";
    assert_golden_script("couple_back_1_1_2", doc, &triple.program(Map::CoupleBack));
}
