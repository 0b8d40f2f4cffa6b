//! Writes the code for the degrees up to LMAX into OUT_DIR.

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs, process};

use tesseral_codegen::{build, emit::rust};

fn main() {
    build::serve_child();
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=LMAX");
    println!("cargo::rerun-if-env-changed=DOCS_RS");
    if let Err(error) = generate() {
        println!("cargo::error={error}");
        process::exit(1);
    }
}

fn generate() -> Result<(), Box<dyn Error>> {
    let lmax = build::lmax(|name| env::var_os(name))?;
    // For the tests: which functions of a degree there are.
    println!("cargo::rustc-check-cfg=cfg(degree, values(any()))");
    (0..=lmax).for_each(|l| println!("cargo::rustc-cfg=degree=\"{l}\""));
    let folder = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    let built = build::tables(lmax, &folder)?;
    if let Some(warning) = built.warning {
        println!("cargo::warning={warning}");
    }
    for file in rust::files(&built.tables) {
        fs::write(folder.join(file.name), file.text)?;
    }
    Ok(())
}
