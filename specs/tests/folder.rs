//! The list of specs is the folder.

use std::{fs, path::Path};

use loss_specs::SPECS;

#[test]
fn the_list_holds_every_file_of_the_folder_with_its_text() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("the folder of the specs can be read")
        .map(|entry| entry.expect("an entry of the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    let listed: Vec<_> = SPECS.iter().map(|spec| folder.join(format!("{}.yaml", spec.name))).collect();
    assert_eq!(listed, files);
    for (spec, file) in SPECS.iter().zip(&files) {
        assert_eq!(spec.text, fs::read_to_string(file).expect("a spec can be read"), "{}", spec.name);
        assert_eq!(spec.path, format!("specs/{}.yaml", spec.name));
    }
}

#[test]
fn a_spec_is_named_as_its_file() {
    for spec in SPECS {
        let first = spec.text.lines().find(|line| !line.starts_with('#'));
        assert_eq!(first, Some(format!("name: {}", spec.name).as_str()), "{}", spec.path);
    }
}

#[test]
fn the_specs_stand_in_the_order_of_their_names() {
    assert!(SPECS.is_sorted_by(|one, other| one.name < other.name));
}
