//! Explains the spec files named on the command line; with `--rust`, prints the code made of them instead.

use loss_codegen::compile::{compile, emit_all};
use loss_codegen::explain::explain;
use loss_codegen::source::SourceFile;

fn main() -> std::io::Result<()> {
    let (flags, paths): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|argument| argument.starts_with("--"));
    let mut sources = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path)?;
        sources.push(SourceFile { path, text });
    }
    match compile(&sources) {
        Ok(compiled) if flags.iter().any(|flag| flag == "--rust") => println!("{}", emit_all(&compiled)),
        Ok(compiled) => compiled.iter().for_each(|loss| {
            println!("{}\n{}", explain(loss), loss.warnings.render(&loss.source));
        }),
        Err(failures) => failures.iter().flat_map(|failure| failure.rendered()).for_each(|text| eprintln!("{text}\n")),
    }
    Ok(())
}
