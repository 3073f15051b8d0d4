//! `cargo verify bench`.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::SystemTime;

use clap::Args;
use loss_runtime::lane::Isa;

use super::{Bar, misused, named, positive, print};
use crate::audit_run::{Progress, machine, utc};
use crate::bench::{BenchRun, Plan, Type, Way, measure, run_of};
use crate::registry::Registry;

/// What to measure.
#[derive(Debug, Args)]
pub(super) struct BenchArguments {
    /// The losses; all if none is named
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// The types that numbers are kept in
    #[arg(long = "type", value_name = "TYPE", value_parser = Type::ALL.map(Type::name), default_values_t = Type::ALL.map(|one| one.name().to_owned()))]
    types: Vec<String>,
    /// How many threads
    #[arg(long, value_name = "N", default_values_t = [1, 2])]
    threads: Vec<usize>,
    /// The instruction sets; the best one if none is named
    #[arg(long, value_name = "ISA")]
    isa: Vec<String>,
    /// The sizes, as the table names them; all if none is named
    #[arg(long = "size", value_name = "SIZE")]
    sizes: Vec<String>,
    /// About how long to measure a line, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 100, value_parser = positive)]
    time: u64,
    /// The folder that bench.json and bench.html are written to
    #[arg(long, value_name = "DIR", default_value = "target/audit")]
    output: PathBuf,
}

/// Measures, prints the table, and writes it.
pub(super) fn bench(registry: &'static Registry, arguments: &BenchArguments) -> io::Result<ExitCode> {
    let subjects = match named(registry, &arguments.names) {
        Ok(subjects) => subjects,
        Err(message) => return Ok(misused(&message)),
    };
    let isas = match isas(&arguments.isa) {
        Ok(isas) => isas,
        Err(message) => return Ok(misused(&message)),
    };
    if arguments.threads.contains(&0) {
        return Ok(misused("there is no work on 0 threads"));
    }
    if cfg!(debug_assertions) {
        eprintln!("warning: this program was built for development; `cargo verify bench` builds it for speed");
    }
    std::fs::create_dir_all(&arguments.output)?;
    let plan = Plan {
        types: arguments.types.iter().filter_map(|name| Type::named(name)).collect(),
        threads: arguments.threads.clone(),
        isas,
        milliseconds: arguments.time,
        sizes: arguments.sizes.clone(),
    };
    let losses: Vec<_> = subjects.iter().map(|subject| subject.loss).collect();
    let lines = plan.lines(&losses);
    if lines == 0 {
        return Ok(misused(&format!("no loss here is measured at {}", arguments.sizes.join(", "))));
    }
    let bar = Bar::new(lines * Way::ALL.len());
    let measurements = measure(&losses, &plan, &mut |line| {
        bar.begins(line, "");
        bar.ends();
    });
    bar.0.finish_and_clear();
    let run = run_of(measurements, machine(), utc(SystemTime::now()));
    run.write(&arguments.output)?;
    let [data, page] = [BenchRun::FILE, BenchRun::PAGE].map(|file| arguments.output.join(file));
    print(&format!("{}data: {}\npage: {}\n", run.table(), data.display(), page.display()))
}

fn isas(names: &[String]) -> Result<Vec<Isa>, String> {
    if names.is_empty() {
        return Ok(vec![Isa::detect()]);
    }
    let one = |name: &String| {
        Isa::available().find(|isa| isa.name() == name).ok_or_else(|| {
            let there: Vec<&str> = Isa::available().map(Isa::name).collect();
            format!("there is no instruction set `{name}` here; there is {}", there.join(", "))
        })
    };
    names.iter().map(one).collect()
}
