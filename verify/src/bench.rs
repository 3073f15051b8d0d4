//! How fast the kernels are: every loss against a kernel that moves the same bytes and computes nothing.
//!
//! A machine's speed drifts, so the two are timed in turns, and what counts is their ratio. 1 is as fast as memory allows.

pub mod instructions;
mod kept;
mod limit;
mod size;
mod timing;
mod workload;

use std::path::Path;
use std::{fs, io};

use half::{bf16, f16};
use loss_runtime::Loss;
use loss_runtime::lane::Isa;
use serde::{Deserialize, Serialize};

use crate::report::speed_page;
use crate::table::{Align, aligned};

use kept::Kept;
pub use size::Size;
pub use timing::Times;
use workload::Workload;

/// What to measure, and for how long.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The types.
    pub types: Vec<Type>,
    /// How many threads.
    pub threads: Vec<usize>,
    /// The instruction sets.
    pub isas: Vec<Isa>,
    /// About how long a line takes, in milliseconds.
    pub milliseconds: u64,
    /// The sizes by name; all, if none is named.
    pub sizes: Vec<String>,
}

impl Plan {
    /// How many batches are made: each is measured in every way.
    #[must_use]
    pub fn lines(&self, losses: &[&'static dyn Loss]) -> usize {
        let sizes = losses.iter().flat_map(|&loss| Size::of(loss)).filter(|size| self.measures(size)).count();
        sizes * self.types.len() * self.threads.len() * self.isas.len()
    }

    fn measures(&self, size: &Size) -> bool {
        self.sizes.is_empty() || self.sizes.contains(&size.name())
    }
}

/// The type that numbers are kept in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Type {
    /// 32 bits.
    F32,
    /// 64 bits.
    F64,
    /// The upper 16 bits of an `f32`.
    Bf16,
    /// 16 bits, as IEEE has them.
    F16,
}

impl Type {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::F32, Self::F64, Self::Bf16, Self::F16];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::Bf16 => "bf16",
            Self::F16 => "f16",
        }
    }

    /// The type of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }
}

/// Which outputs are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// The reduced value.
    Forward,
    /// The gradients of the predictions.
    Backward,
    /// Both in one call.
    Fused,
    /// The same, with the gradient of the first prediction in place of its values.
    InPlace,
}

impl Way {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Forward, Self::Backward, Self::Fused, Self::InPlace];
    /// Those that leave their inputs as they are.
    pub const APART: [Self; 3] = [Self::Forward, Self::Backward, Self::Fused];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::Backward => "backward",
            Self::Fused => "fused",
            Self::InPlace => "in_place",
        }
    }
}

/// One line of the table.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Measurement {
    /// The loss.
    pub loss: String,
    /// What was asked for.
    pub way: Way,
    /// The type that numbers are kept in.
    pub dtype: Type,
    /// The shape of the input that gives the layout.
    pub size: String,
    /// How many numbers that is.
    pub elements: usize,
    /// On how many threads.
    pub threads: usize,
    /// With which instruction set.
    pub isa: String,
    /// How many bytes go in and out.
    pub bytes: usize,
    /// How long a call takes.
    pub kernel: Times,
    /// How long it takes to move the same bytes.
    pub limit: Times,
}

impl Measurement {
    /// The time of a call over that of the limit.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        self.kernel.least / self.limit.least
    }
}

/// A run of the benchmark.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BenchRun {
    /// What the fields are; grows with every change of their meaning.
    pub version: u32,
    /// The machine.
    pub machine: String,
    /// When.
    pub date: String,
    /// The lines.
    pub measurements: Vec<Measurement>,
}

impl BenchRun {
    /// The file in the folder of the report.
    pub const FILE: &str = "bench.json";
    /// The page beside it.
    pub const PAGE: &str = "bench.html";
    const VERSION: u32 = 1;

    /// Writes the run to a folder, as data and as a page.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        let mut json = serde_json::to_string_pretty(self).map_err(io::Error::other)?;
        json.push('\n');
        fs::write(folder.join(Self::FILE), json)?;
        fs::write(folder.join(Self::PAGE), speed_page(self))
    }

    /// The run as a table.
    #[must_use]
    pub fn table(&self) -> String {
        let header =
            ["loss", "way", "type", "threads", "isa", "size", "ns/call", "ns/element", "limit", "ratio", "median"];
        let rows = self.measurements.iter().map(|line| {
            let per_element = |seconds: f64| seconds * 1e9 / line.elements as f64;
            [
                line.loss.clone(),
                line.way.name().to_owned(),
                line.dtype.name().to_owned(),
                line.threads.to_string(),
                line.isa.clone(),
                line.size.clone(),
                format!("{:.0}", line.kernel.least * 1e9),
                format!("{:.3}", per_element(line.kernel.least)),
                format!("{:.3}", per_element(line.limit.least)),
                format!("{:.2}", line.ratio()),
                format!("{:.2}", line.kernel.median / line.limit.median),
            ]
        });
        let rows: Vec<[String; 11]> = std::iter::once(header.map(str::to_owned)).chain(rows).collect();
        let (left, right) = (Align::Left, Align::Right);
        aligned(&rows, [left, left, left, right, left, left, right, right, right, right, right])
    }
}

/// Measures losses one after the other; `tell` hears of each line before it is measured.
pub fn measure(losses: &[&'static dyn Loss], plan: &Plan, tell: &mut dyn FnMut(&str)) -> Vec<Measurement> {
    let mut found = Vec::new();
    for &loss in losses {
        for dtype in &plan.types {
            match dtype {
                Type::F32 => measure_one::<f32>(loss, *dtype, plan, tell, &mut found),
                Type::F64 => measure_one::<f64>(loss, *dtype, plan, tell, &mut found),
                Type::Bf16 => measure_one::<bf16>(loss, *dtype, plan, tell, &mut found),
                Type::F16 => measure_one::<f16>(loss, *dtype, plan, tell, &mut found),
            }
        }
    }
    found
}

fn measure_one<S: Kept>(
    loss: &'static dyn Loss,
    dtype: Type,
    plan: &Plan,
    tell: &mut dyn FnMut(&str),
    found: &mut Vec<Measurement>,
) {
    for size in Size::of(loss) {
        if !plan.measures(size) {
            continue;
        }
        let mut workload = match Workload::<S>::new(loss, size) {
            Ok(workload) => workload,
            Err(error) => {
                tell(&format!("{}: {error}", loss.info().name));
                return;
            }
        };
        for &threads in &plan.threads {
            for &isa in &plan.isas {
                for way in Way::ALL {
                    tell(&format!("{} {} {} {}", loss.info().name, dtype.name(), size.name(), way.name()));
                    let times = workload.time(way, threads, isa, plan.milliseconds);
                    let Some((kernel, limit)) = times else { continue };
                    found.push(Measurement {
                        loss: loss.info().name.to_owned(),
                        way,
                        dtype,
                        size: size.name(),
                        elements: workload.elements(),
                        threads,
                        isa: isa.name().to_owned(),
                        bytes: workload.bytes(way),
                        kernel,
                        limit,
                    });
                }
            }
        }
    }
}

/// A run of these lines, here and now.
#[must_use]
pub fn run_of(measurements: Vec<Measurement>, machine: String, date: String) -> BenchRun {
    BenchRun { version: BenchRun::VERSION, machine, date, measurements }
}
