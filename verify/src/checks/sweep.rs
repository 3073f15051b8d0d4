//! Every `f32` there is through the formulas of one variable: a loss of single numbers, all but one of which are held.
//!
//! The `f64` kernel at the same numbers decides nearly all of them: its own error is a few units in its last place, some 1e-8 of one of
//! `f32`. What it says is far off, and a sample of its own answers, the oracle judges.

mod block;
mod judge;

use std::path::Path;
use std::{fs, io};

use rayon::iter::{IntoParallelIterator, ParallelIterator};
use serde::{Deserialize, Serialize};

use crate::audit::Quantity;
use crate::budgets::line as budget;
use crate::generators::{Extents, Family, Generator, Setting};
use crate::number::Number;
use crate::progress::build;
use crate::subject::{Effort, Subject};

use super::curves::{Line, bare_generators, lines};
use super::truth::certificate::is_pointwise;
use super::{Tally, tolerance};

use block::{BLOCK, Block, Pair, are_near, distance};
use judge::Asked;

/// A chunk holds so many bit patterns.
const CHUNK: u32 = 1 << 20;
const CHUNKS: u32 = 1 << 12;
/// So many numbers are looked at together.
const RUN: usize = 64;
/// So many chunks are done between two looks at the clock and the file.
const AT_ONCE: u32 = 64;
/// So many of the farthest values, and of the farthest gradients, of a chunk are kept for the oracle.
const DOUBTS: usize = 1;

/// How far a sweep of one loss has come; what the file of its progress holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// The program, which holds the kernels.
    pub build: String,
    /// One in so many bit patterns is looked at.
    pub every: u32,
    /// The formulas of one variable, in their order.
    pub cores: Vec<Core>,
}

/// A formula of one variable.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Core {
    /// What varies, and what all else is.
    pub words: String,
    /// The first chunk that is not done.
    pub next: u32,
    /// How many numbers were looked at.
    pub points: u64,
    /// How many numbers the kernels refused.
    pub refused: u64,
    /// The largest finite error of the value, and then of the gradient.
    pub worst: [Worst; 2],
    /// How many values and gradients are beyond the table of errors by the reference.
    pub beyond: u64,
    /// The numbers that the oracle is asked about, the farthest of each chunk: bit patterns.
    pub doubts: Vec<(Number, u32)>,
    /// What the oracle said when all was done.
    pub verdict: Option<Verdict>,
}

/// The largest error, in units in the last place of `f32`, and where.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Worst {
    /// The error.
    pub ulp: Number,
    /// The number, as bits.
    pub bits: u32,
}

/// What the oracle says of a core.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Of how many values and gradients it was asked.
    pub asked: u64,
    /// How many of them are further off than the table of errors allows, their condition regarded.
    pub wrong: u64,
    /// The largest error of the reference among its witnesses, in units in the last place of `f32`.
    pub reference: Number,
    /// The two largest errors, by the oracle.
    pub worst: [Number; 2],
}

/// Whether a loss has formulas of one variable.
#[must_use]
pub fn has_formulas(subject: &Subject) -> bool {
    subject.compiled().is_some_and(is_pointwise)
}

/// Sweeps a loss from where the file says that this program stopped; `tell` hears of every step.
///
/// # Errors
/// The file cannot be written, or this program cannot be read.
pub fn sweep(subject: &Subject, every: u32, file: &Path, tell: &mut dyn FnMut(&str)) -> io::Result<Option<Progress>> {
    let Some(compiled) = subject.compiled().filter(|compiled| is_pointwise(compiled)) else { return Ok(None) };
    let cores = cores(subject);
    let words = cores.iter().map(|(.., words)| Core { words: words.clone(), ..Core::default() });
    let mut progress = resumed(file, Progress { build: build()?, every, cores: words.collect() });
    for (at, (generator, line, words)) in cores.iter().enumerate() {
        while progress.cores[at].next < CHUNKS {
            let first = progress.cores[at].next;
            let chunks = (first..(first + AT_ONCE).min(CHUNKS)).into_par_iter();
            let parts: Vec<Part> = chunks.map(|chunk| Part::of(subject, line, chunk, every)).collect();
            parts.into_iter().for_each(|part| part.join(&mut progress.cores[at]));
            progress.cores[at].next = (first + AT_ONCE).min(CHUNKS);
            save(file, &progress)?;
            tell(&format!("{words}: {} of {CHUNKS}", progress.cores[at].next));
        }
        if progress.cores[at].verdict.is_none() {
            let asked = Asked { subject, compiled, generator, line };
            progress.cores[at].verdict = Some(asked.verdict(&progress.cores[at]));
            save(file, &progress)?;
        }
    }
    Ok(Some(progress))
}

fn save(file: &Path, progress: &Progress) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    // What is written half is no progress: first beside it, then in its place.
    let beside = file.with_extension("part");
    fs::write(&beside, serde_json::to_string_pretty(progress)?)?;
    fs::rename(beside, file)
}

/// What the file says, if it is about the same sweep by the same program.
fn resumed(file: &Path, fresh: Progress) -> Progress {
    let words = |progress: &Progress| progress.cores.iter().map(|core| core.words.clone()).collect::<Vec<_>>();
    let known = fs::read_to_string(file).ok().and_then(|text| serde_json::from_str::<Progress>(&text).ok());
    let is_same =
        |known: &Progress| (&known.build, known.every, words(known)) == (&fresh.build, fresh.every, words(&fresh));
    known.filter(is_same).unwrap_or(fresh)
}

/// The formulas of one variable of a loss: one for each choice of parameters, of the input that varies and of what is held.
fn cores(subject: &Subject) -> Vec<(Generator, Line, String)> {
    /// What numbers that are held are.
    const HELD: [f64; 2] = [0.0, 0.75];
    let info = subject.loss.info();
    let mut tally = Tally::new(subject, &Effort::default());
    let extents = Extents::rows([1]);
    let mut cores = Vec::new();
    let mut known: Vec<Generator> = Vec::new();
    for generator in bare_generators(subject, &mut tally) {
        if known.iter().any(|known| round_alike(known.setting(), generator.setting())) {
            continue;
        }
        let inputs = (0..info.inputs.len()).filter(|&input| info.inputs[input].has_row_gradients());
        for input in inputs.filter(|&input| admits(generator.family(input), 0.75)) {
            for line in lines(info, &generator, input, &extents, &HELD) {
                let setting = generator.setting().describe(subject.loss);
                let words = if setting.is_empty() { line.words.clone() } else { format!("{}; {setting}", line.words) };
                cores.push((generator.clone(), line, words));
            }
        }
        known.push(generator);
    }
    cores
}

/// Whether results round alike under two settings: one has a power of two where the other has another.
fn round_alike(a: &Setting, b: &Setting) -> bool {
    let is_power_of_two = |x: f64| x.is_normal() && x.to_bits() << 12 == 0;
    let mut pairs = a.params.iter().zip(&b.params);
    pairs.all(|(&a, &b)| {
        a.to_bits() == b.to_bits() || is_power_of_two(a) && is_power_of_two(b) && a.signum() == b.signum()
    })
}

/// Whether a family has this number; of a family of a few numbers there is nothing to sweep.
fn admits(family: Family, x: f32) -> bool {
    match family {
        Family::Real => !x.is_nan(),
        Family::Nonnegative => x >= 0.0,
        Family::Positive => x > 0.0,
        Family::Probability => (0.0..=1.0).contains(&x),
        Family::Binary
        | Family::Sign
        | Family::Flag
        | Family::Count
        | Family::Simplex
        | Family::ClassIndex { .. }
        | Family::Group => false,
    }
}

/// What was seen of one chunk.
#[derive(Default)]
struct Part {
    points: u64,
    refused: u64,
    beyond: u64,
    worst: [Worst; 2],
    doubts: [Vec<(Number, u32)>; 2],
}

impl Part {
    fn of(subject: &Subject, line: &Line, chunk: u32, every: u32) -> Self {
        let mut part = Part::default();
        let mut block = Block::new(subject, line);
        let limits = limits(subject, line.input);
        let mut numbers = Vec::with_capacity(BLOCK);
        // The multiples of the stride in the chunk.
        let (mut bits, end) = (u64::from(chunk * CHUNK), u64::from(chunk * CHUNK) + u64::from(CHUNK));
        bits = bits.next_multiple_of(u64::from(every));
        while bits < end {
            numbers.clear();
            while bits < end && numbers.len() < BLOCK {
                let number = f32::from_bits(bits as u32);
                if admits(line.family(), number) {
                    numbers.push(number);
                }
                bits += u64::from(every);
            }
            if numbers.is_empty() {
                continue;
            }
            if !block.send(subject, &numbers) {
                part.refused += numbers.len() as u64;
                continue;
            }
            part.points += numbers.len() as u64;
            for (which, pair) in block.pairs().into_iter().enumerate() {
                part.look(which, pair, limits[which], &numbers);
            }
        }
        part
    }

    fn look(&mut self, which: usize, Pair { actual, reference }: Pair<'_>, limit: f64, numbers: &[f32]) {
        let (worst, doubts) = (&mut self.worst[which], &mut self.doubts[which]);
        let runs = actual.chunks(RUN).zip(reference.chunks(RUN)).zip(numbers.chunks(RUN));
        for ((actual, reference), numbers) in runs {
            // Nearly all runs hold nothing that is farther than what is known.
            if are_near(actual, reference, worst.ulp.0.min(limit)) {
                continue;
            }
            for ((&actual, &reference), &number) in actual.iter().zip(reference).zip(numbers) {
                let distance = distance(actual, reference);
                if distance > worst.ulp.0 && distance.is_finite() {
                    *worst = Worst { ulp: Number(distance), bits: number.to_bits() };
                }
                if distance > limit {
                    self.beyond += 1;
                    if doubts.len() < DOUBTS || doubts.iter().any(|(known, _)| distance > known.0) {
                        doubts.push((Number(distance), number.to_bits()));
                        doubts.sort_by(|a, b| b.0.0.total_cmp(&a.0.0));
                        doubts.truncate(DOUBTS);
                    }
                }
            }
        }
    }

    fn join(self, core: &mut Core) {
        core.points += self.points;
        core.refused += self.refused;
        core.beyond += self.beyond;
        for (worst, found) in core.worst.iter_mut().zip(self.worst) {
            if found.ulp > worst.ulp {
                *worst = found;
            }
        }
        core.doubts.extend(self.doubts.into_iter().flatten());
    }
}

/// Beyond these the oracle is asked: of the value, and of the gradient.
fn limits(subject: &Subject, input: usize) -> [f64; 2] {
    let gradient = Quantity::Gradient(subject.loss.info().inputs[input].name.to_owned());
    [Quantity::Value, gradient]
        .map(|quantity| budget(subject, "f32", &quantity).map_or(tolerance::POINTWISE_GOAL, |line| line.bound()))
}

#[cfg(test)]
mod tests {
    use super::{Core, Part, resumed, round_alike};
    use crate::generators::Setting;

    #[test]
    fn a_sweep_goes_on_and_one_that_is_another_begins_anew() {
        let file = std::env::temp_dir().join(format!("sweep-{}.json", std::process::id()));
        let sweep = |build: &str, every, words: &str, next| super::Progress {
            build: build.to_owned(),
            every,
            cores: vec![Core { words: words.to_owned(), next, ..Core::default() }],
        };
        super::save(&file, &sweep("this", 7, "x", 5)).expect("a file can be written");
        let goes_on = |fresh| resumed(&file, fresh).cores[0].next == 5;
        assert!(goes_on(sweep("this", 7, "x", 0)));
        assert!(!goes_on(sweep("another", 7, "x", 0)), "of another program");
        assert!(!goes_on(sweep("this", 8, "x", 0)), "of other numbers");
        assert!(!goes_on(sweep("this", 7, "y", 0)), "of other formulas");
        std::fs::remove_file(&file).expect("it was written");
    }

    #[test]
    fn the_farthest_of_a_chunk_is_in_doubt_and_the_largest_finite_error_is_kept() {
        let mut part = Part::default();
        let (numbers, reference) = ([1.0, 2.0, 3.0, 4.0], [1.0; 4]);
        let actual = [1.0, 1.0 + 4.0 * f32::EPSILON, f32::INFINITY, 1.0 + 3.0 * f32::EPSILON];
        part.look(0, super::Pair { actual: &actual, reference: &reference }, 3.0, &numbers);
        assert_eq!((part.worst[0].ulp.0, f32::from_bits(part.worst[0].bits)), (4.0, 2.0));
        assert_eq!(part.beyond, 2);
        assert_eq!(f32::from_bits(part.doubts[0][0].1), 3.0, "an infinity is the farthest");
    }

    #[test]
    fn a_power_of_two_in_the_place_of_another_is_no_setting_of_its_own() {
        let setting = |param: f64| Setting { params: vec![param, f64::NAN], present: Vec::new() };
        let alike = |a, b| round_alike(&setting(a), &setting(b));
        assert!(alike(1.0, 1.0) && alike(2.0, 1.0) && alike(-0.5, -1.0) && alike(0.1, 0.1));
        assert!(!alike(0.1, 1.0) && !alike(0.0, 1.0) && !alike(10.0, 1.0) && !alike(-0.5, 1.0));
    }
}
