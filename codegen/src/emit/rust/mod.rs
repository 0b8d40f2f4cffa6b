//! The Rust that the `tesseral` crate includes: six files, formatted.
//!
//! Programs are written by `scalar` for one number at a time and by `lanes` for many; the other
//! modules make a file each, of programs and tables.

mod batch;
mod coupling;
mod harmonics;
mod lanes;
mod lmax;
mod products;
mod scalar;
mod tokens;
mod wigner;

use proc_macro2::TokenStream;

use crate::tables::Tables;

/// A generated file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Its name.
    pub name: &'static str,
    /// Its text.
    pub text: String,
}

/// All files for the given tables.
pub fn files(tables: &Tables) -> Vec<SourceFile> {
    let lmax = tables.harmonics.lmax();
    let file = |name, what, module| SourceFile { name, text: text(lmax, what, module) };
    let harmonics = &tables.harmonics;
    vec![
        file("lmax.rs", "LMAX and its messages", lmax::module(lmax)),
        file("harmonics.rs", "programs for one point", harmonics::module(harmonics)),
        file("batch.rs", "programs and tables for many points", batch::module(harmonics)),
        file("coupling.rs", "coupling tensors and 3j symbols", coupling::module(&tables.coupling)),
        file("products.rs", "programs of tensor products", products::module(&tables.coupling)),
        file("wigner.rs", "the recursion of Wigner matrices", wigner::module(harmonics)),
    ]
}

/// A file with a first line that says what wrote it.
fn text(lmax: usize, what: &str, module: TokenStream) -> String {
    let file = syn::parse2(module).expect("generated tokens are a Rust file");
    let code = prettyplease::unparse(&file);
    format!(
        "// Written by tesseral-codegen from the exact tables for LMAX = {lmax}: {what}.\n\n{code}"
    )
}
