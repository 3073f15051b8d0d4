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
    let out = env::var("OUT_DIR")?;
    fs::write(Path::new(&out).join("specs.rs"), list)?;
    let table = Path::new(&folder).join("accuracy.csv");
    println!("cargo::rerun-if-changed={}", table.display());
    fs::write(Path::new(&out).join("accuracy.rs"), accuracy(&fs::read_to_string(table)?)?)?;
    Ok(())
}

/// The table as Rust: every number is read here, so that a broken table does not compile.
fn accuracy(table: &str) -> Result<String, Box<dyn Error>> {
    let mut lines = String::from("&[\n");
    for (number, line) in (1..).zip(table.lines()).skip(1) {
        let cells: Vec<&str> = line.splitn(12, ',').collect();
        let [loss, dtype, quantity, budget, max, p999, raw_max, searched, points, seed, effort, worst] = cells[..]
        else {
            return Err(format!("accuracy.csv, line {number}: 12 cells are needed").into());
        };
        let real = |cell: &str| -> Result<String, Box<dyn Error>> {
            let value: f64 = cell.parse().map_err(|_| format!("accuracy.csv, line {number}: `{cell}` is no number"))?;
            // An infinite budget is one that was measured; a budget that is NaN would be none.
            match value {
                _ if value.is_nan() => Err(format!("accuracy.csv, line {number}: an error is no NaN").into()),
                f64::INFINITY => Ok("f64::INFINITY".to_owned()),
                _ if value < 0.0 => Err(format!("accuracy.csv, line {number}: `{cell}` is less than no error").into()),
                _ => Ok(format!("{value:?}")),
            }
        };
        let whole = |cell: &str| -> Result<u64, Box<dyn Error>> {
            Ok(cell.parse().map_err(|_| format!("accuracy.csv, line {number}: `{cell}` is no whole number"))?)
        };
        let worst = worst.trim_matches('"').replace("\"\"", "\"");
        writeln!(
            lines,
            "    AccuracyLine {{ loss: {loss:?}, dtype: {dtype:?}, quantity: {quantity:?}, budget: {}, max_ulp: {}, \
             p999_ulp: {}, raw_max_ulp: {}, searched_ulp: {}, points: {}, seed: {}, effort: {}, worst: {worst:?} }},",
            real(budget)?,
            real(max)?,
            real(p999)?,
            real(raw_max)?,
            real(searched)?,
            whole(points)?,
            whole(seed)?,
            whole(effort)?,
        )?;
    }
    lines.push(']');
    Ok(lines)
}
