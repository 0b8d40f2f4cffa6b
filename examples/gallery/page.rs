//! The page as text: its parts put together, with the generated programs, formulas and tables.

use tesseral_codegen::emit::{javascript, mathml};
use tesseral_codegen::ir::harmonics::{self, Derivatives, single_degree};
use tesseral_codegen::ir::products::{Map, Triple};
use tesseral_codegen::tables::{Coupling, Harmonics, Tables};

/// The scripts in the order in which the page reads them, after the generated one.
const SCRIPTS: [&str; 14] = [
    include_str!("mesh.js"),
    include_str!("rotation.js"),
    include_str!("renderer.js"),
    include_str!("balls.js"),
    include_str!("controls.js"),
    include_str!("one.js"),
    include_str!("triangle.js"),
    include_str!("mixture.js"),
    include_str!("turn.js"),
    include_str!("entries.js"),
    include_str!("product.js"),
    include_str!("coupling.js"),
    include_str!("pieces.js"),
    include_str!("atoms.js"),
];

/// The script that starts the page, after all others.
const START: &str = include_str!("app.js");

/// The highest degree whose products the page computes and draws: their code grows with the fourth
/// power of the degree, and two features of degree 3 already have fourteen numbers to set.
pub const PRODUCT_LMAX: usize = 3;

/// The page for the given tables.
pub fn html(tables: &Tables) -> String {
    let script = [generated(tables), SCRIPTS.join("\n"), START.to_string()].join("\n");
    include_str!("page.html")
        .replace("{{lmax}}", &tables.harmonics.lmax().to_string())
        .replace("{{style}}", include_str!("style.css").trim_end())
        .replace("{{script}}", script.trim_end())
}

/// What the scripts take from the exact tables.
fn generated(tables: &Tables) -> String {
    let harmonics = &tables.harmonics;
    let lmax = harmonics.lmax();
    let degrees = 0..=lmax;
    let functions: String = degrees.clone().map(|l| functions(harmonics, l)).collect();
    let names = |suffix: &str| {
        let names = degrees.clone().map(|l| format!("y_{l}{suffix}"));
        names.collect::<Vec<_>>().join(", ")
    };
    let operations = degrees.clone().map(|l| {
        let program = single_degree(harmonics, l, Derivatives::None);
        format!("\"{}\"", program.count())
    });
    [
        format!("const LMAX = {lmax};"),
        format!("const COUPLING_LMAX = {};", tables.coupling.lmax()),
        functions,
        format!("const HARMONICS = [{}];", names("")),
        format!("const HARMONICS_AND_GRADIENTS = [{}];", names("_grad")),
        format!("const OPERATIONS = [{}];", operations.collect::<Vec<_>>().join(", ")),
        format!("const FORMULAS = [\n{}\n];", formulas(harmonics)),
        format!("const ISOMETRIES = {};", javascript::isometries(harmonics)),
        format!("const COUPLING = {};", javascript::coupling(&tables.coupling, mathml::surd)),
        products(&tables.coupling),
        pull_back(harmonics),
    ]
    .join("\n")
}

/// The functions of one degree, without and with gradients.
fn functions(tables: &Harmonics, l: usize) -> String {
    let text = |suffix: &str, doc: &str, derivatives| {
        let program = single_degree(tables, l, derivatives);
        javascript::function(
            &format!("y_{l}{suffix}"),
            &format!("{doc}: {}.", program.count()),
            &program,
        )
    };
    let values = text("", &format!("The solid harmonics of degree {l}"), Derivatives::None);
    let gradients = text(
        "_grad",
        &format!("The solid harmonics of degree {l} and their gradients"),
        Derivatives::First,
    );
    values + gradients.as_str()
}

/// The products of the degrees that the page couples: their functions, and `COUPLE`, which has for
/// `"l1,l2,l3"` the function and its operations.
fn products(tables: &Coupling) -> String {
    let mut functions = format!("const PRODUCT_LMAX = {};\n", PRODUCT_LMAX.min(tables.lmax()));
    let mut entries = Vec::new();
    let triples = tables.triples().into_iter();
    for degrees in triples.filter(|degrees| degrees.iter().all(|&l| l <= PRODUCT_LMAX)) {
        let program = Triple::new(tables, degrees).program(Map::Couple);
        let [l1, l2, l3] = degrees;
        let (name, count) = (format!("couple_{l1}_{l2}_{l3}"), program.count());
        let doc = format!("The product {l1} x {l2} → {l3}, {}: {count}.", Map::Couple.formula());
        functions += &javascript::function(&name, &doc, &program);
        entries
            .push(format!("  \"{l1},{l2},{l3}\": {{ couple: {name}, operations: \"{count}\" }}"));
    }
    format!("{functions}const COUPLE = {{\n{}\n}};", entries.join(",\n"))
}

/// The gradient of a sum of all harmonics, for the mixture, and its operations.
fn pull_back(tables: &Harmonics) -> String {
    let program = harmonics::pull_back(tables, tables.lmax());
    let count = program.count();
    let doc = format!("The gradient of Σ g Y for all degrees to {}: {count}.", tables.lmax());
    let function = javascript::function("pull_back", &doc, &program);
    format!("{function}const PULL_BACK_OPERATIONS = \"{count}\";")
}

/// The exact formulas by degree and order.
fn formulas(tables: &Harmonics) -> String {
    let formula = |l: usize, m: i32| format!("{:?}", mathml::harmonic(tables, l, m));
    let degree = |l: usize| {
        let orders: Vec<String> = (-(l as i32)..=l as i32).map(|m| formula(l, m)).collect();
        format!("[{}]", orders.join(",\n"))
    };
    (0..=tables.lmax()).map(degree).collect::<Vec<_>>().join(",\n")
}
