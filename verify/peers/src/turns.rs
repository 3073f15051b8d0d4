//! Timing several things in turns, so that all meet the same machine.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// A turn is at least this long. The others have emptied the caches, so what is short is done often enough to fill them again.
const TURN: Duration = Duration::from_micros(200);
/// Fewer turns than this are no sample.
const FEWEST: usize = 5;

/// How long a call takes, in seconds.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
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

/// Times all of them for about so many milliseconds together.
pub fn in_turns(milliseconds: u64, calls: &mut [&mut dyn FnMut()]) -> Vec<Times> {
    let repeat: Vec<u32> = calls.iter_mut().map(|call| repetitions(*call)).collect();
    let until = Instant::now() + Duration::from_millis(milliseconds);
    let mut found = vec![Vec::new(); calls.len()];
    while found.iter().any(|turns| turns.len() < FEWEST) || Instant::now() < until {
        for ((call, &repeat), turns) in calls.iter_mut().zip(&repeat).zip(&mut found) {
            if repeat > 1 {
                // Finds its data where others have left it, which is not what is measured.
                call();
            }
            turns.push(turn(*call, repeat));
        }
    }
    found.into_iter().map(Times::of).collect()
}

/// How often to do something in a turn.
fn repetitions(call: &mut dyn FnMut()) -> u32 {
    // The first time meets pages that are not there yet.
    call();
    let mut times = 1;
    while turn(call, times) * f64::from(times) < TURN.as_secs_f64() {
        times *= 2;
    }
    times
}

/// The time of one, in seconds.
fn turn(call: &mut dyn FnMut(), times: u32) -> f64 {
    let start = Instant::now();
    for _ in 0..times {
        call();
    }
    start.elapsed().as_secs_f64() / f64::from(times)
}
