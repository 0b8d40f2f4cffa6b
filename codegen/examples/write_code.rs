//! Writes the code for the degrees up to LMAX into a folder, as a build script does: to read it, or to
//! include it elsewhere.
//!
//! ```text
//! cargo run -p tesseral-codegen --example write_code -- LMAX FOLDER
//! ```

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

use tesseral_codegen::{build, emit::rust};

fn main() -> Result<(), Box<dyn Error>> {
    build::serve_child();
    let words: Vec<String> = env::args().skip(1).collect();
    let [lmax, folder] = &words[..] else { return Err("expected: LMAX FOLDER".into()) };
    let lmax = build::lmax(|name| (name == "LMAX").then(|| lmax.into()))?;
    let folder = PathBuf::from(folder);
    fs::create_dir_all(&folder)?;
    let built = build::tables(lmax, &folder)?;
    if let Some(warning) = built.warning {
        eprintln!("warning: {warning}");
    }
    for file in rust::files(&built.tables) {
        fs::write(folder.join(file.name), file.text)?;
    }
    Ok(())
}
