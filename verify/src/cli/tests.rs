use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use super::{Arguments, Command, run, subject};
use crate::registry::Registry;
use crate::specimen::{REGISTRY, UNSTEADY};

fn parse(line: &str) -> Result<Arguments, clap::Error> {
    Arguments::try_parse_from(std::iter::once("loss-verify").chain(line.split_whitespace()))
}

#[test]
fn the_command_line_is_consistent() {
    Arguments::command().debug_assert();
}

#[test]
fn names_and_commands_stand_in_one_place() {
    let names = |line: &str| parse(line).expect(line).audit.names;
    assert_eq!(names(""), Vec::<String>::new());
    assert_eq!(names("smooth_l1 huber"), ["smooth_l1", "huber"]);
    let audit = parse("bent --seed 7 --points 50 --output out").expect("options follow names").audit;
    assert_eq!((audit.seed, audit.points, audit.output.to_str()), (7, 50, Some("out")));
    assert_eq!(names("--seed 7 bent"), ["bent"]);
    assert!(matches!(parse("list").expect("list").command, Some(Command::List)));
    assert!(matches!(parse("eval").expect("eval").command, Some(Command::Eval)));
    let explain = parse("explain bent --rust").expect("explain").command;
    assert!(matches!(explain, Some(Command::Explain { name, rust: true }) if name == "bent"));
    for wrong in ["--points 0", "--points -1", "--points 1.5", "--seed x", "--seed -1", "--seed 18446744073709551616"] {
        let message = parse(wrong).expect_err(wrong).to_string();
        assert!(message.contains("a whole number from"), "{message}");
    }
    assert!(parse("explain").is_err() && parse("--sead 7").is_err() && parse("list bent").is_err());
}

#[test]
fn a_misspelt_name_is_answered_with_the_nearest() {
    let message = subject(&REGISTRY, "bnet").err().expect("there is no such loss");
    assert_eq!(message, "there is no loss `bnet`; did you mean `bent`?");
    assert!(subject(&REGISTRY, "bent").is_ok());
}

#[test]
fn exit_codes_tell_a_wrong_loss_from_a_wrong_command() {
    let folder = std::env::temp_dir().join(format!("loss-verify-cli-{}", std::process::id()));
    let exit = |registry: &'static Registry, line: &str| {
        let line = format!("{line} --points 1 --output {}", folder.display());
        format!("{:?}", run(registry, &parse(&line).expect("the line is right")))
    };
    let leaked = |losses| &*Box::leak(Box::new(Registry::new(losses, &[])));
    let code = |code: u8| format!("{:?}", ExitCode::from(code));
    assert_eq!(exit(&REGISTRY, "nonsense"), code(2));
    for (line, expected) in [("explain bnet", 2), ("explain bent", 0), ("explain bent --rust", 2), ("list", 0)] {
        assert_eq!(format!("{:?}", run(&REGISTRY, &parse(line).expect("the line is right"))), code(expected), "{line}");
    }
    assert!(!folder.exists(), "nothing is written for a wrong command");
    std::fs::write(&folder, "a file").expect("a temporary file can be written");
    assert_eq!(exit(&REGISTRY, "signed"), code(2), "a file is no folder");
    std::fs::remove_file(&folder).expect("it can be removed");
    assert_eq!(exit(&REGISTRY, "signed signed"), code(0), "naming a loss twice audits it once");
    let json = std::fs::read_to_string(folder.join("audit.json")).expect("the data is written");
    let audit: crate::audit::Audit = serde_json::from_str(&json).expect("it is an audit");
    assert_eq!(audit.losses.len(), 1);
    assert_eq!(audit.losses[0].bitwise.as_ref().map(|bitwise| bitwise.threads.clone()), Some(vec![1, 2, 3, 7]));
    assert!(folder.join("index.html").exists());
    assert_eq!(exit(leaked(Box::leak(Box::new([UNSTEADY]))), ""), code(1));
    assert_eq!(exit(leaked(&[]), ""), code(2), "an audit of nothing is no pass");
    std::fs::remove_dir_all(&folder).expect("it can be removed");
}
