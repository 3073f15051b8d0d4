//! Every spec that `new` writes compiles, with whatever it calls.

use std::fs;
use std::path::Path;

use loss_author::check::check;
use loss_author::files::{Sources, folder, stem};
use loss_author::new::{Kind, like, of_kind, write};
use loss_codegen::source::SourceFile;

fn library() -> Vec<SourceFile> {
    folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../specs")).expect("our specs can be read")
}

fn compiles(text: String) {
    let files = vec![SourceFile { path: "specs/fresh_loss.yaml".to_owned(), text }];
    let report = check(&Sources { files, beside: library() });
    assert_eq!((report.errors, report.warnings), (0, 0), "{}", report.text);
    let spec = &report.compiled[0].spec;
    assert!(!spec.examples.is_empty() && spec.name == "fresh_loss");
}

#[test]
fn every_kind_of_spec_compiles() {
    for kind in [Kind::Pointwise, Kind::Class, Kind::Pair] {
        compiles(of_kind("fresh_loss", kind));
    }
}

#[test]
fn a_spec_like_any_of_ours_compiles_and_says_what_each_key_is() {
    for source in library() {
        let text = like("fresh_loss", &stem(&source), &library()).expect("the model is there");
        assert!(!text.contains("differs_from_pytorch:") && text.contains("# Papers"), "{text}");
        compiles(text);
    }
    let message = like("fresh_loss", "hubr", &library()).expect_err("there is none");
    assert_eq!(message, "there is no loss `hubr`; did you mean `huber`?");
}

#[test]
fn nothing_is_overwritten_and_nothing_wrong_is_written() {
    let place = std::env::temp_dir().join(format!("loss-author-new-{}", std::process::id()));
    let text = || of_kind("fresh_loss", Kind::Pointwise);
    // The folder is made, and the schema that the first line of the spec names stands in it.
    let written = write("fresh_loss", text(), &place, &library()).expect("it is written");
    let path = written.spec;
    assert_eq!(written.schema, Some(place.join("schema.json")));
    assert_eq!(fs::read_to_string(place.join("schema.json")).expect("it can be read"), loss_author::schema::text());
    fs::write(place.join("schema.json"), "{}").expect("it can be edited");
    let second = write("second_loss", of_kind("second_loss", Kind::Class), &place, &library()).expect("it is written");
    assert_eq!(second.schema, None);
    assert_eq!(fs::read_to_string(place.join("schema.json")).expect("it can be read"), "{}");
    assert_eq!(fs::read_to_string(&path).expect("it can be read"), text());
    fs::write(&path, "mine").expect("it can be edited");
    let message = write("fresh_loss", text(), &place, &library()).expect_err("it is there");
    assert!(message.contains("is there already"), "{message}");
    assert_eq!(fs::read_to_string(&path).expect("it can be read"), "mine");
    for name in ["exp", "Fresh", "type"] {
        let message = write(name, of_kind(name, Kind::Pair), &place, &library()).expect_err("it is no name");
        assert!(message.contains("would not compile") && message.contains('^'), "{message}");
        assert!(!place.join(format!("{name}.yaml")).exists());
    }
    fs::remove_dir_all(&place).expect("it can be removed");
}
