//! Derives all tables to the highest degree and writes them to the checked-in snapshot:
//! `cargo run -p tesseral-codegen --example renew_snapshot`.

use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    tesseral_codegen::build::serve_child();
    let folder = std::env::temp_dir().join(format!("tesseral-snapshot-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let text = tesseral_codegen::build::fresh_snapshot(&folder);
    std::fs::remove_dir_all(&folder)?;
    let text = text?;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshot.txt");
    std::fs::write(&path, &text)?;
    println!("{}: {} lines, {} bytes", path.display(), text.lines().count(), text.len());
    Ok(())
}
