use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::{eval_lines, front_end, kernels};

/// A target by its name, which is that of its folder of regressions.
type Target = (&'static str, fn(&[u8]));

const TARGETS: [Target; 3] = [("front_end", front_end), ("eval_lines", eval_lines), ("kernels", kernels)];

/// Nothing that is this small takes this long, unless it never ends.
const LONGEST: Duration = Duration::from_secs(20);

#[test]
fn nothing_that_was_once_found_is_found_again() {
    for (name, target) in TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/regressions").join(name);
        let mut seen = 0;
        for entry in fs::read_dir(&folder).expect("every target has a folder of regressions") {
            let path = entry.expect("the folder can be read").path();
            let bytes = fs::read(&path).expect("a regression can be read");
            let start = Instant::now();
            target(&bytes);
            assert!(start.elapsed() < LONGEST, "{} takes {:?}", path.display(), start.elapsed());
            seen += 1;
        }
        assert!(seen > 0, "{} is empty", folder.display());
    }
}

/// Random bytes of these lengths, with any of the first bytes that choose what the others are.
fn smoke(target: fn(&[u8]), cases: u32, most: usize) {
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let bytes = (any::<u8>(), prop::collection::vec(any::<u8>(), 0..most));
    let done = runner.run(&bytes, |(first, rest)| {
        target(&[&[first], rest.as_slice()].concat());
        Ok(())
    });
    done.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn random_changes_to_specs_are_compiled_or_refused() {
    smoke(front_end, 96, 48);
}

#[test]
fn random_lines_are_answered() {
    smoke(eval_lines, 512, 256);
}

#[test]
fn random_bits_meet_the_oracle() {
    smoke(kernels, 96, 128);
}
