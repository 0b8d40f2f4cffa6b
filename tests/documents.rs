//! The page on e3nn, which is read in the repository and in the documentation: its links lead
//! somewhere in both.

use std::collections::BTreeMap;
use std::path::Path;

const PAGE: &str = include_str!("../docs/coming-from-e3nn.md");
const ITEMS: &str = include_str!("../src/pages.rs");

/// The labels of links in tables: `[text][label]`.
fn used() -> Vec<&'static str> {
    let after = PAGE.split("`][").skip(1);
    after.map(|rest| rest.split(']').next().expect("a split has a first part")).collect()
}

/// Where labels lead in the repository: `[label]: target`.
fn defined() -> BTreeMap<&'static str, &'static str> {
    let lines = PAGE.lines().filter_map(|line| line.strip_prefix('[')?.split_once("]: "));
    lines.collect()
}

#[test]
fn links_lead_to_files_in_the_repository() {
    let defined = defined();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    for label in used() {
        let target = defined.get(label).unwrap_or_else(|| panic!("[{label}] is defined nowhere"));
        assert!(folder.join(target).is_file(), "[{label}]: {target} is no file");
    }
}

#[test]
fn links_lead_to_items_in_the_documentation() {
    // That the items are there is up to rustdoc.
    for label in used() {
        assert!(ITEMS.contains(&format!("\"{label}\"")), "{label} is not in the list of pages.rs");
    }
}

/// Words of other libraries under which things are found.
const ALIASES: [&str; 12] = [
    "FullyConnectedTensorProduct",
    "radius_graph",
    "scatter",
    "softmax",
    "knn",
    "forces",
    "safetensors",
    "quaternion",
    "ylm",
    "clebsch",
    "spherical_harmonics",
    "wigner_d",
];

#[test]
fn what_people_search_for_is_found() {
    let mut text = String::new();
    read_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut text);
    for alias in ALIASES {
        assert!(text.contains(&format!("doc(alias = \"{alias}\")")), "{alias} is no alias");
    }
}

/// Appends the text of all files in a folder.
fn read_all(folder: &Path, text: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => read_all(&path, text),
            false => *text += &std::fs::read_to_string(&path).unwrap(),
        }
    }
}

#[test]
fn no_link_is_left_over() {
    let used = used();
    assert!(used.len() > 50);
    for label in defined().keys() {
        assert!(used.contains(label), "[{label}] is defined and not used");
    }
}
