//! Timing two things in turns.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// Shorter than this, a clock says little about what it measured.
const SHORTEST: Duration = Duration::from_micros(20);
/// Fewer turns than this are no sample.
const FEWEST: usize = 9;

/// How long something takes, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Times {
    /// The least of all turns: what else a machine does only ever adds.
    pub least: f64,
    /// The median.
    pub median: f64,
}

impl Times {
    fn of(mut seconds: Vec<f64>) -> Self {
        seconds.sort_by(f64::total_cmp);
        Self { least: seconds[0], median: seconds[seconds.len() / 2] }
    }
}

/// Times two things in turns, for about so many milliseconds, so that both meet the same machine.
pub(super) fn in_turns(milliseconds: u64, first: &mut dyn FnMut(), second: &mut dyn FnMut()) -> (Times, Times) {
    let repeat = [repetitions(first), repetitions(second)];
    let until = Instant::now() + Duration::from_millis(milliseconds);
    let mut found = [Vec::new(), Vec::new()];
    while found[0].len() < FEWEST || Instant::now() < until {
        found[0].push(turn(first, repeat[0]));
        found[1].push(turn(second, repeat[1]));
    }
    let [first, second] = found.map(Times::of);
    (first, second)
}

/// How often to do something between two looks at the clock.
fn repetitions(what: &mut dyn FnMut()) -> u32 {
    // The first time meets cold caches and pages that are not there yet.
    what();
    let mut times = 1;
    while turn(what, times) * f64::from(times) < SHORTEST.as_secs_f64() {
        times *= 2;
    }
    times
}

/// The time of one, in seconds.
fn turn(what: &mut dyn FnMut(), times: u32) -> f64 {
    let start = Instant::now();
    for _ in 0..times {
        what();
    }
    start.elapsed().as_secs_f64() / f64::from(times)
}
