//! Derives all tables to the highest degree and writes them to the checked-in snapshot:
//! `cargo run -p tesseral-codegen --example renew_snapshot`.

use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    tesseral_codegen::build::serve_child();
    let text = tesseral_codegen::build::fresh_snapshot(&std::env::temp_dir())?;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshot.txt");
    std::fs::write(&path, &text)?;
    println!("{}: {} lines, {} bytes", path.display(), text.lines().count(), text.len());
    Ok(())
}
