//! Writes the gallery: one HTML file that draws every harmonic to LMAX, turns them, mixes them and
//! couples them, with the exact formulas. It needs no server and no network.
//!
//! ```text
//! cargo run --release --manifest-path examples/gallery/Cargo.toml -- [PATH] [--reference PATH]
//! ```
//!
//! Without a path the page is `gallery.html` in the target folder. `--reference` also writes the
//! values of the Rust functions at a hundred points as JSON, to compare the page with.

mod page;
mod reference;

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

use tesseral::LMAX;
use tesseral_codegen::tables::snapshot;

/// What the command line asks for.
struct Arguments {
    page: PathBuf,
    reference: Option<PathBuf>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = arguments()?;
    let tables = snapshot::read(LMAX)?;
    write(&arguments.page, page::html(&tables))?;
    if let Some(path) = &arguments.reference {
        write(path, reference::json()?)?;
    }
    println!("{}", arguments.page.display());
    Ok(())
}

fn arguments() -> Result<Arguments, Box<dyn Error>> {
    let (mut page, mut reference) = (None, None);
    let mut words = env::args_os().skip(1);
    while let Some(word) = words.next() {
        if word == "--reference" {
            reference = Some(words.next().ok_or("--reference needs a path")?.into());
        } else if word.to_string_lossy().starts_with('-') || page.is_some() {
            let word = word.to_string_lossy();
            return Err(format!("`{word}` is neither a path nor --reference PATH").into());
        } else {
            page = Some(word.into());
        }
    }
    let page = page.map_or_else(default_path, Ok)?;
    Ok(Arguments { page, reference })
}

/// `gallery.html` in the target folder: programs are built in `target/release`.
fn default_path() -> Result<PathBuf, Box<dyn Error>> {
    let program = env::current_exe()?;
    let target = program.ancestors().nth(2).ok_or("the program is not in a target folder")?;
    Ok(target.join("gallery.html"))
}

fn write(path: &PathBuf, text: String) -> Result<(), Box<dyn Error>> {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()).into())
}
