use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use super::{Arguments, Command, run, subject, swept};
use crate::audit::{Audit, Status, sample};
use crate::checks::CHECKS;
use crate::progress::Journal;
use crate::registry::{Registry, losses};
use crate::specimen::{REGISTRY, UNSTEADY};
use crate::subject::{Effort, Subject};

fn parse(line: &str) -> Result<Arguments, clap::Error> {
    Arguments::try_parse_from(std::iter::once("loss-verify").chain(line.split_whitespace()))
}

#[test]
fn the_command_line_is_consistent() {
    Arguments::command().debug_assert();
}

#[test]
fn the_overview_that_is_shown_before_anything_is_built_names_every_command() {
    use clap::Subcommand;
    let answered = loss_author::cli::AuthorCommand::augment_subcommands(clap::Command::new("author"));
    let answered: Vec<&str> = answered.get_subcommands().map(clap::Command::get_name).collect();
    let ours = Arguments::command();
    let mut ours: Vec<&str> =
        ours.get_subcommands().map(clap::Command::get_name).filter(|name| !answered.contains(name)).collect();
    let mut shown: Vec<&str> = loss_author::overview::AUDIT.iter().map(|(name, _)| *name).collect();
    ours.sort_unstable();
    shown.sort_unstable();
    assert_eq!(ours, shown);
}

#[test]
fn names_and_commands_stand_in_one_place() {
    let names = |line: &str| parse(line).expect(line).audit.names;
    assert_eq!(names(""), Vec::<String>::new());
    assert_eq!(names("smooth_l1 huber"), ["smooth_l1", "huber"]);
    let audit = parse("bent --seed 7 --points 50 --output out").expect("options follow names").audit;
    assert_eq!((audit.effort().seed, audit.effort().points, audit.output.to_str()), (7, 50, Some("out")));
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
fn a_thorough_audit_looks_at_more_points_unless_told_how_many() {
    let points = |line: &str| parse(line).expect(line).audit.effort().points;
    assert_eq!(points(""), Effort::default().points);
    assert_eq!(points("--thorough"), Effort::THOROUGH);
    assert_eq!(points("--thorough --points 70"), 70);
    assert!(parse("--fresh").is_err(), "there is nothing to begin anew");
}

#[test]
fn a_thorough_audit_goes_on_where_it_was_cut_off() {
    let folder = std::env::temp_dir().join(format!("loss-verify-thorough-{}", std::process::id()));
    let line = |options: &str| {
        let line = format!("signed --points 1 --thorough {options} --output {}", folder.display());
        format!("{:?}", run(&REGISTRY, &parse(&line).expect("the line is right")))
    };
    let lines = || std::fs::read_to_string(folder.join(Journal::FILE)).expect("it is kept").lines().count();
    let (passed, misused) = (format!("{:?}", ExitCode::SUCCESS), format!("{:?}", ExitCode::from(2)));
    assert_eq!((line("--check threads_agree --check isas_agree"), lines()), (passed.clone(), 2));
    assert_eq!(
        (line("--check threads_agree --check isas_agree"), lines()),
        (passed.clone(), 2),
        "nothing is run again"
    );
    assert_eq!((line(""), lines()), (passed.clone(), CHECKS.len()), "only the rest is run");
    assert_eq!((line("--fresh --check threads_agree"), lines()), (passed, 1));
    assert_eq!(line("--check thread_agree"), misused, "a misspelt check is no audit");
    std::fs::remove_dir_all(&folder).expect("it can be removed");
}

#[test]
fn audits_are_compared() {
    let folder = std::env::temp_dir().join(format!("loss-verify-compare-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder can be made");
    let write = |name: &str, audit: &Audit| {
        std::fs::write(folder.join(name), serde_json::to_string(audit).expect("it is JSON"))
            .expect("it can be written");
    };
    let (old, mut new) = (sample::audit(), sample::audit());
    new.losses[0].checks[0].status = Status::Failed;
    write("old.json", &old);
    write("new.json", &new);
    new.losses.clear();
    write("none.json", &new);
    let exit = |old: &str, new: &str| {
        let line = format!("diff {} {}", folder.join(old).display(), folder.join(new).display());
        format!("{:?}", run(&REGISTRY, &parse(&line).expect("the line is right")))
    };
    let code = |code: u8| format!("{:?}", ExitCode::from(code));
    assert_eq!(exit("old.json", "old.json"), code(0));
    assert_eq!(exit("old.json", "new.json"), code(1));
    assert_eq!(exit("new.json", "old.json"), code(0), "better is no failure");
    assert_eq!(exit("old.json", "none.json"), code(2), "nothing is compared");
    assert_eq!(exit("old.json", "missing.json"), code(2));
    std::fs::remove_dir_all(&folder).expect("it can be removed");
}

#[test]
fn a_misspelt_name_is_answered_with_the_nearest() {
    let message = subject(&REGISTRY, "bnet").err().expect("there is no such loss");
    assert_eq!(message, "there is no loss `bnet`; did you mean `bent`?");
    assert!(subject(&REGISTRY, "bent").is_ok());
}

#[test]
fn what_cannot_be_swept_is_told_before_anything_is() {
    let of = |registry: &'static Registry, line: &str| {
        let names: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let names_of = |subjects: Vec<Subject>| subjects.iter().map(|subject| subject.name().to_owned()).collect();
        swept(registry, &names).map(names_of)
    };
    let all: Vec<String> = of(losses(), "").expect("there are some");
    let rows = Subject::all(losses()).into_iter().find(|subject| !all.contains(&subject.name().to_owned()));
    let rows = rows.expect("there are losses of whole rows").name();
    let one = all[0].as_str();
    assert_eq!(of(losses(), &format!("{one} {one}")), Ok(vec![one.to_owned()]));
    let refused = Err(format!("`{rows}` has no formula of one variable"));
    assert_eq!(of(losses(), &format!("{one} {rows}")), refused);
    assert_eq!(of(&REGISTRY, ""), Err("no loss has a formula of one variable".to_owned()));
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
