//! The worked example of the README compiles, as it stands there.

use loss_codegen::compile::compile;
use loss_codegen::source::SourceFile;

#[test]
fn the_readme_s_spec_compiles_without_a_word() {
    let readme = include_str!("../../README.md");
    let text = readme.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a YAML block");
    let source = SourceFile { path: "specs/log_cosh.yaml".to_owned(), text: text.to_owned() };
    match compile(&[source]) {
        Ok(compiled) => {
            assert!(compiled[0].warnings.is_empty(), "{}", compiled[0].warnings.render(&compiled[0].source))
        }
        Err(failures) => panic!("{}", failures.iter().flat_map(|failure| failure.rendered()).collect::<String>()),
    }
}
