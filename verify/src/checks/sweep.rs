//! Every `f32` there is through the formulas of one variable: a loss of single numbers, all but one of which are held.
//!
//! The `f64` kernel at the same numbers decides nearly all of them: its own error is a few units in its last place, some 1e-8 of one of
//! `f32`. What it says is far off, and a sample of its own answers, the oracle judges.

use std::path::Path;
use std::{fs, io};

use loss_codegen::compile::Compiled;
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use serde::{Deserialize, Serialize};

use crate::audit::Quantity;
use crate::budgets::line as budget;
use crate::generators::{Batch, Column, Extents, Family, Generator, Random, Values};
use crate::number::Number;
use crate::subject::{Effort, Subject};

use super::curves::{Line, bare_generators, lines};
use super::probe::{Found, Probe, find};
use super::sample::Sample;
use super::truth::certificate::{is_pointwise, judge};
use super::{Tally, tolerance};

/// A chunk holds so many bit patterns.
const CHUNK: u32 = 1 << 20;
const CHUNKS: u32 = 1 << 12;
/// So many chunks are done between two looks at the clock and the file.
const AT_ONCE: u32 = 64;
/// So many of the farthest numbers of a core are kept for the oracle.
const DOUBTS: usize = 64;
/// So many of the reference's own answers are held against the oracle.
const WITNESSES: usize = 200;

/// How far a sweep of one loss has come; what the file of its progress holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
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
    /// The largest error of the value, and then of the gradient.
    pub worst: [Worst; 2],
    /// The numbers that the oracle is asked about: bit patterns, the farthest first.
    pub doubts: Vec<(Number, u32)>,
    /// What the oracle said when all was done: how many points it looked at, and how many fail.
    pub judged: Option<(u64, u64)>,
}

/// The largest error, in units in the last place of `f32`, and where.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Worst {
    /// The error.
    pub ulp: Number,
    /// The number, as bits.
    pub bits: u32,
}

/// Sweeps a loss from where the file says it stopped; `tell` hears of every step.
///
/// # Errors
/// The file cannot be written.
pub fn sweep(subject: &Subject, every: u32, file: &Path, tell: &mut dyn FnMut(&str)) -> io::Result<Option<Progress>> {
    let Some(compiled) = subject.compiled().filter(|compiled| is_pointwise(compiled)) else { return Ok(None) };
    let cores = cores(subject);
    let mut progress = resumed(file, every, &cores);
    for (at, (generator, line, words)) in cores.iter().enumerate() {
        while progress.cores[at].next < CHUNKS {
            let first = progress.cores[at].next;
            let chunks = (first..(first + AT_ONCE).min(CHUNKS)).into_par_iter();
            let parts: Vec<Part> = chunks.map(|chunk| Part::of(subject, line, generator, chunk, every)).collect();
            parts.into_iter().for_each(|part| part.join(&mut progress.cores[at]));
            progress.cores[at].next = (first + AT_ONCE).min(CHUNKS);
            save(file, &progress)?;
            tell(&format!("{words}: {} of {CHUNKS}", progress.cores[at].next));
        }
        if progress.cores[at].judged.is_none() {
            progress.cores[at].judged = Some(judged(subject, compiled, generator, line, &progress.cores[at]));
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

/// What the file says, if it is about the same sweep.
fn resumed(file: &Path, every: u32, cores: &[(Generator, Line, String)]) -> Progress {
    let fresh = Progress {
        every,
        cores: cores.iter().map(|(.., words)| Core { words: words.clone(), ..Core::default() }).collect(),
    };
    let known = fs::read_to_string(file).ok().and_then(|text| serde_json::from_str::<Progress>(&text).ok());
    let is_same = |known: &Progress| {
        known.every == every && known.cores.iter().map(|core| &core.words).eq(cores.iter().map(|(.., words)| words))
    };
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
    for generator in bare_generators(subject, &mut tally) {
        let inputs = (0..info.inputs.len()).filter(|&input| info.inputs[input].gradient);
        for input in inputs.filter(|&input| admits(generator.family(input), 0.75)) {
            for line in lines(info, &generator, input, &extents, &HELD) {
                let setting = generator.setting().describe(subject.loss);
                let words = if setting.is_empty() { line.words.clone() } else { format!("{}; {setting}", line.words) };
                cores.push((generator.clone(), line, words));
            }
        }
    }
    cores
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
struct Part {
    points: u64,
    worst: [Worst; 2],
    doubts: Vec<(Number, u32)>,
}

impl Part {
    fn of(subject: &Subject, line: &Line, generator: &Generator, chunk: u32, every: u32) -> Self {
        let mut part = Part { points: 0, worst: Default::default(), doubts: Vec::new() };
        // The multiples of the stride in the chunk.
        let first = chunk * CHUNK;
        let ahead = (every - first % every) % every;
        let numbers = (0..CHUNK).skip(ahead as usize).step_by(every as usize).map(|at| first + at);
        let numbers = numbers.map(f32::from_bits).filter(|&x| admits(generator.family(line.input), x));
        let numbers: Vec<f32> = numbers.collect();
        let Some((found, reference)) = answers(subject, line, &numbers) else { return part };
        part.points = numbers.len() as u64;
        let limits = limits(subject, line.input);
        let own = (&found.gradients[line.input], &reference.gradients[line.input]);
        for (at, x) in numbers.iter().enumerate() {
            let mut pairs = vec![(found.elements[at], reference.elements[at])];
            if let (Some(found), Some(reference)) = own {
                pairs.push((found[at], reference[at]));
            }
            for (which, (actual, exact)) in pairs.into_iter().enumerate() {
                let distance = distance(actual, exact);
                let worst = &mut part.worst[which];
                if distance > worst.ulp.0 {
                    *worst = Worst { ulp: Number(distance), bits: x.to_bits() };
                }
                if distance > limits[which] {
                    part.doubts.push((Number(distance), x.to_bits()));
                }
            }
            if part.doubts.len() > 4 * DOUBTS {
                keep_farthest(&mut part.doubts);
            }
        }
        part
    }

    fn join(self, core: &mut Core) {
        core.points += self.points;
        for (worst, found) in core.worst.iter_mut().zip(self.worst) {
            if found.ulp > worst.ulp {
                *worst = found;
            }
        }
        core.doubts.extend(self.doubts);
        keep_farthest(&mut core.doubts);
    }
}

fn keep_farthest(doubts: &mut Vec<(Number, u32)>) {
    doubts.sort_by(|a, b| b.0.0.total_cmp(&a.0.0).then(a.1.cmp(&b.1)));
    doubts.truncate(DOUBTS);
}

/// Beyond these the oracle is asked: of the value, and of the gradient.
fn limits(subject: &Subject, input: usize) -> [f64; 2] {
    let gradient = Quantity::Gradient(subject.loss.info().inputs[input].name.to_owned());
    [Quantity::Value, gradient]
        .map(|quantity| budget(subject, "f32", &quantity).map_or(tolerance::POINTWISE_GOAL, |line| line.budget))
}

/// A batch of the line's row at each of the numbers.
fn batches(subject: &Subject, line: &Line, numbers: &[f32]) -> (Batch<f32>, Batch<f64>) {
    let info = subject.loss.info();
    let mut wide = line.at(0.75).rows(info, &Extents::rows([1]), &vec![0; numbers.len()]);
    wide.params.iter_mut().for_each(|param| *param = f64::from(*param as f32));
    if let Some(column) = &mut wide.inputs[line.input] {
        column.values = Values::Real(numbers.iter().map(|&number| f64::from(number)).collect());
    }
    let narrow = |column: &Column<f64>| Column {
        shape: column.shape.clone(),
        values: match &column.values {
            Values::Real(values) => Values::Real(values.iter().map(|&value| value as f32).collect()),
            Values::Whole(values) => Values::Whole(values.clone()),
            Values::Condition(values) => Values::Condition(values.clone()),
        },
    };
    let inputs = wide.inputs.iter().map(|input| input.as_ref().map(narrow)).collect();
    (Batch { inputs, params: wide.params.clone() }, wide)
}

/// What the kernels of both types say; nothing if there is no number, or all are outside a condition.
fn answers(subject: &Subject, line: &Line, numbers: &[f32]) -> Option<(Found<f32>, Found<f64>)> {
    if numbers.is_empty() {
        return None;
    }
    let (narrow, wide) = batches(subject, line, numbers);
    let found = find(subject.loss, &narrow, Probe::default()).ok()?;
    Some((found, find(subject.loss, &wide, Probe::default()).ok()?))
}

/// The distance in units in the last place of `f32` at the reference.
fn distance(actual: f32, reference: f64) -> f64 {
    let rounded = reference as f32;
    if !actual.is_finite() || !rounded.is_finite() {
        let same = actual == rounded || actual.is_nan() && rounded.is_nan();
        return if same { 0.0 } else { f64::INFINITY };
    }
    let size = reference.abs().max(f64::from(f32::MIN_POSITIVE));
    let power = f64::from_bits(size.to_bits() & (0x7ff << 52));
    (f64::from(actual) - reference).abs() / (power * f64::from(f32::EPSILON))
}

/// Asks the oracle about the numbers in doubt, and about a sample of what the reference says.
fn judged(
    subject: &Subject,
    compiled: &'static Compiled,
    generator: &Generator,
    line: &Line,
    core: &Core,
) -> (u64, u64) {
    let mut tally = Tally::new(subject, &Effort::default());
    let mut random = Random::named(1, &core.words);
    let mut numbers: Vec<f32> = core.doubts.iter().map(|(_, bits)| f32::from_bits(*bits)).collect();
    numbers.extend(core.worst.iter().map(|worst| f32::from_bits(worst.bits)));
    numbers.retain(|&x| admits(generator.family(line.input), x));
    let witnesses: Vec<f32> = std::iter::repeat_with(|| f32::from_bits(random.bits() as u32))
        .filter(|&x| admits(generator.family(line.input), x))
        .take(WITNESSES)
        .collect();
    let (loss, info) = (subject.loss, subject.loss.info());
    let extents = Extents::rows([numbers.len()]);
    let batch = batches(subject, line, &numbers).0;
    let doubted = Sample { loss, info, generator, extents: &extents, batch };
    judge(subject, compiled, &doubted, &mut random, &mut tally);
    let extents = Extents::rows([witnesses.len()]);
    let batch = batches(subject, line, &witnesses).1;
    let sampled = Sample { loss, info, generator, extents: &extents, batch };
    judge(subject, compiled, &sampled, &mut random, &mut tally);
    (tally.points(), tally.failed())
}

#[cfg(test)]
mod tests {
    use super::{Core, distance, resumed};

    #[test]
    fn distances_are_in_units_of_the_narrow_type() {
        assert_eq!(distance(1.0 + f32::EPSILON, 1.0), 1.0);
        assert_eq!(distance(1.0, 1.0 + 0.25 * f64::from(f32::EPSILON)), 0.25);
        assert_eq!(distance(0.0, 0.5 * f64::from(f32::from_bits(1))), 0.5, "below the normal numbers");
        assert_eq!(distance(f32::INFINITY, 1e300), 0.0);
        assert_eq!(distance(f32::MAX, f64::INFINITY), f64::INFINITY);
        assert_eq!(distance(f32::NAN, f64::NAN), 0.0);
        assert_eq!(distance(f32::NAN, 1.0), f64::INFINITY);
    }

    #[test]
    fn a_sweep_that_is_another_begins_anew() {
        let file = std::env::temp_dir().join(format!("sweep-{}.json", std::process::id()));
        let known = super::Progress { every: 7, cores: vec![Core { next: 5, ..Core::default() }] };
        super::save(&file, &known).expect("a file can be written");
        assert!(resumed(&file, 7, &[]).cores.is_empty(), "of other formulas");
        std::fs::remove_file(&file).expect("it was written");
    }
}
