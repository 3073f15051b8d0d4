//! Lists the specs beside this file, so that adding a loss is adding a file.

use std::{env, fmt::Write, fs, path::Path};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = env::var("CARGO_MANIFEST_DIR")?;
    println!("cargo::rerun-if-changed={folder}");
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let file = entry?.path();
        if file.extension().is_some_and(|extension| extension == "yaml") {
            names.push(file.file_stem().ok_or("a spec without a name")?.to_string_lossy().into_owned());
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
