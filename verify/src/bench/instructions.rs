//! How many instructions a call takes: unlike a time, the same on every run, so that a kernel that became longer is told from a busy machine.
//!
//! Valgrind counts. It knows no AVX-512, so what is counted are the kernels of the best instruction set below that, as the tests build them: what is
//! done once a call is less in a release.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::{fs, io};

use half::{bf16, f16};
use loss_runtime::Loss;
use loss_runtime::lane::Isa;

use super::kept::Kept;
use super::workload::Workload;
use super::{Size, Type, Way};
use crate::table::{Align, aligned};

/// Larger calls take long under a counter, and tell nothing more.
const MOST_PLACES: usize = 50_000;
/// How much longer a call may become before it counts as slower: what a compiler's next version may do to code that did not change.
const TOLERANCE: f64 = 0.03;
/// What a call is known by to the counter.
const COUNTED: &str = "loss_verify::bench::instructions::counted";

/// What is counted: a loss, a direction, a type, a size.
type Case = (&'static dyn Loss, Way, Type, &'static Size);

/// Every case, in the order in which they are counted and written.
fn cases(losses: &[&'static dyn Loss]) -> Vec<Case> {
    let mut cases = Vec::new();
    for &loss in losses {
        let few = Size::of(loss).iter().filter(|size| size.places() <= MOST_PLACES);
        let smallest = Size::of(loss).iter().min_by_key(|size| size.places());
        let sizes: Vec<&'static Size> = few.collect();
        let sizes = if sizes.is_empty() { smallest.into_iter().collect() } else { sizes };
        for dtype in Type::ALL {
            for &size in &sizes {
                cases.extend(Way::APART.map(|way| (loss, way, dtype, size)));
            }
        }
    }
    cases
}

fn name(&(loss, way, dtype, size): &Case) -> String {
    format!("{},{},{},{}", loss.info().name, way.name(), dtype.name(), size.name())
}

/// Makes every call once, for a counter that watches.
pub fn make_calls(losses: &[&'static dyn Loss]) {
    for case in cases(losses) {
        match case.2 {
            Type::F32 => make_call::<f32>(case),
            Type::F64 => make_call::<f64>(case),
            Type::Bf16 => make_call::<bf16>(case),
            Type::F16 => make_call::<f16>(case),
        }
    }
}

fn make_call<S: Kept>((loss, way, _, size): Case) {
    // A loss that cannot be called has no line in the table, and that is seen.
    let Ok(mut workload) = Workload::<S>::new(loss, size) else { return };
    let isa = Isa::detect();
    // What is found out once a process is not the call's.
    workload.call_once(way, isa, &mut |call| call());
    workload.call_once(way, isa, &mut counted);
}

/// The counter looks for this function.
#[inline(never)]
fn counted(call: &mut dyn FnMut()) {
    black_box(call)();
}

/// How many instructions each call takes.
#[derive(Debug, Default)]
pub struct Counts(BTreeMap<String, u64>);

impl Counts {
    /// The file that they are kept in, from the top of the repository.
    pub const FILE: &str = "verify/benches/instructions.csv";
    const HEADER: &str = "loss,way,type,size,instructions";

    /// Counts, with this program under valgrind; `arguments` make it call [`make_calls`].
    ///
    /// # Errors
    /// If there is no valgrind, or it says nothing of a call.
    pub fn measure(losses: &[&'static dyn Loss], arguments: &[String], folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        for old in fs::read_dir(folder)? {
            fs::remove_file(old?.path())?;
        }
        let output = Command::new("valgrind")
            .args(["--tool=callgrind", "--collect-atstart=no", "--compress-strings=no", "--dump-instr=no"])
            .arg(format!("--callgrind-out-file={}", folder.join("calls").display()))
            .args([format!("--toggle-collect={COUNTED}"), format!("--dump-after={COUNTED}")])
            .arg(std::env::current_exe()?)
            .args(arguments)
            .output()
            .map_err(|error| io::Error::new(error.kind(), format!("valgrind counts the instructions: {error}")))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(io::Error::other(format!("valgrind failed:\n{said}")));
        }
        let mut counts = BTreeMap::new();
        for (number, case) in cases(losses).iter().enumerate() {
            let file = folder.join(format!("calls.{}", number + 1));
            let text = fs::read_to_string(&file)
                .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", file.display())))?;
            let total = text.lines().find_map(|line| line.strip_prefix("summary: ").or(line.strip_prefix("totals: ")));
            let total = total.and_then(|total| total.trim().parse().ok()).filter(|total| *total > 0);
            let total = total.ok_or_else(|| io::Error::other(format!("{}: no instructions", file.display())))?;
            counts.insert(name(case), total);
        }
        Ok(Self(counts))
    }

    /// What was counted before.
    ///
    /// # Errors
    /// If the file cannot be read, or a line of it is not a count.
    pub fn read(file: &Path) -> io::Result<Self> {
        let text = fs::read_to_string(file)
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", file.display())))?;
        let mut counts = BTreeMap::new();
        for (number, line) in text.lines().enumerate().skip(1) {
            let count = line.rsplit_once(',').and_then(|(name, count)| Some((name.to_owned(), count.parse().ok()?)));
            let (name, count) = count.ok_or_else(|| {
                let at = format!("{}:{}", file.display(), number + 1);
                io::Error::other(format!("{at}: `{line}` is not `{}`", Self::HEADER))
            })?;
            counts.insert(name, count);
        }
        Ok(Self(counts))
    }

    /// Keeps them; lines of losses that were not counted now stay.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, before: Self, file: &Path) -> io::Result<()> {
        let loss = |name: &str| name.split(',').next().unwrap_or_default().to_owned();
        let counted: Vec<String> = self.0.keys().map(|name| loss(name)).collect();
        let mut all = before.0;
        all.retain(|name, _| !counted.contains(&loss(name)));
        all.extend(self.0.iter().map(|(name, count)| (name.clone(), *count)));
        let mut text = format!("{}\n", Self::HEADER);
        for (name, count) in all {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{name},{count}");
        }
        fs::write(file, text)
    }

    /// The calls as a table, and how many of them take more instructions than before, or were not known.
    #[must_use]
    pub fn compare(&self, before: &Self) -> (String, usize) {
        let mut worse = 0;
        let header = ["call", "before", "now", "change", ""].map(str::to_owned);
        let rows = self.0.iter().map(|(name, &now)| {
            let Some(&before) = before.0.get(name) else {
                worse += 1;
                return [name.clone(), String::new(), now.to_string(), String::new(), "not known".to_owned()];
            };
            let change = now as f64 / before as f64 - 1.0;
            let verdict = if change > TOLERANCE {
                worse += 1;
                "more"
            } else if change < -TOLERANCE {
                "less"
            } else {
                ""
            };
            let change = format!("{:+.1} %", change * 100.0);
            [name.clone(), before.to_string(), now.to_string(), change, verdict.to_owned()]
        });
        let rows: Vec<[String; 5]> = std::iter::once(header).chain(rows).collect();
        (aligned(&rows, [Align::Left, Align::Right, Align::Right, Align::Right, Align::Left]), worse)
    }
}
