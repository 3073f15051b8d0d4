//! The worked example of the README compiles, as it stands there, and its table is that of the losses.

use loss_codegen::compile::compile;
use loss_codegen::source::SourceFile;
use loss_runtime::{SmoothL1, SmoothL1Gradients};

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

#[test]
fn the_readme_s_table_names_every_loss_and_its_function_in_pytorch() {
    let readme = include_str!("../../README.md");
    let table = readme.split("| loss |").nth(1).and_then(|rest| rest.split("\n\n").next()).expect("a table of losses");
    let rows: Vec<Vec<&str>> =
        table.lines().skip(2).map(|row| row.trim_matches(['|', ' ']).split('|').map(str::trim).collect()).collect();
    assert_eq!(rows.len(), loss_runtime::LOSSES.len(), "a row for each");
    for loss in loss_runtime::LOSSES {
        let info = loss.info();
        let own = info.name.replace('_', "");
        let row = rows.iter().find(|row| row[0].trim_matches('`').to_lowercase() == own);
        let row = row.unwrap_or_else(|| panic!("`{}` has no row", info.name));
        if let Some((function, _)) = info.pytorch {
            let last = row.last().expect("cells");
            assert!(last.starts_with(&format!("`{function}`")), "{}: {last}", info.name);
        }
    }
}

#[test]
fn gradients_of_several_inputs_are_asked_for_as_the_readme_says() -> Result<(), loss_runtime::Error> {
    let readme = include_str!("../../README.md");
    for words in ["(&mut by_input[..], &mut by_target[..])", "{ target: Some(&mut by_target), ..Default::default() }"] {
        assert!(readme.contains(words), "{words}");
    }
    let (input, target) = ([0.5f32, 3.0], [0.0f32, 1.0]);
    let (mut by_input, mut by_target) = ([0.0f32; 2], [0.0f32; 2]);
    let loss = SmoothL1::new();
    loss.forward_backward(&input, &target, (&mut by_input[..], &mut by_target[..]))?;
    assert_eq!((by_input, by_target), ([0.25, 0.5], [-0.25, -0.5]));
    let mut by_target = [0.0f32; 2];
    let gradients = SmoothL1Gradients { target: Some(&mut by_target), ..Default::default() };
    loss.forward_backward(&input, &target, gradients)?;
    assert_eq!(by_target, [-0.25, -0.5]);
    Ok(())
}
