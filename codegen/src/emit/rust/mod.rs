//! The Rust that the `tesseral` crate includes: six files, formatted.

mod coupling;
mod function;
mod harmonics;
mod lanes;
mod lmax;
mod products;
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
    vec![
        SourceFile { name: "lmax.rs", text: format(lmax::module(tables.harmonics.lmax())) },
        SourceFile { name: "harmonics.rs", text: format(harmonics::module(&tables.harmonics)) },
        SourceFile { name: "batch.rs", text: format(lanes::module(&tables.harmonics)) },
        SourceFile { name: "coupling.rs", text: format(coupling::module(&tables.coupling)) },
        SourceFile { name: "products.rs", text: format(products::module(&tables.coupling)) },
        SourceFile { name: "wigner.rs", text: format(wigner::module(&tables.harmonics)) },
    ]
}

fn format(tokens: TokenStream) -> String {
    let file = syn::parse2(tokens).expect("generated tokens are a Rust file");
    prettyplease::unparse(&file)
}
