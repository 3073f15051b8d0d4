//! Lists the specs beside this file, so that adding a loss is adding a file.

use std::{env, error::Error, fmt::Write, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = env::var("CARGO_MANIFEST_DIR")?;
    // The folder's own time changes when a file is added or removed, a file's when it is edited.
    println!("cargo::rerun-if-changed={folder}");
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let file = entry?.path();
        if file.extension().is_some_and(|extension| extension == "yaml") {
            let name = file.file_stem().and_then(|stem| stem.to_str()).ok_or("a spec's name is no text")?;
            println!("cargo::rerun-if-changed={}", file.display());
            names.push(name.to_owned());
        }
    }
    names.sort();
    let mut list = String::from("&[\n");
    for name in names {
        let file = Path::new(&folder).join(format!("{name}.yaml"));
        writeln!(
            list,
            "    SpecFile {{ name: {name:?}, path: \"specs/{name}.yaml\", text: include_str!({file:?}) }},"
        )?;
    }
    list.push(']');
    fs::write(Path::new(&env::var("OUT_DIR")?).join("specs.rs"), list)?;
    Ok(())
}
