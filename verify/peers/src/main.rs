//! Our losses beside those of burn and candle, on the same numbers and in the same run, and beside what `torch_jax.py` has measured.

mod batch;
#[cfg(feature = "burn")]
mod burn;
mod candle;
#[path = "../../src/bench/limit.rs"]
mod limit;
mod ours;
mod table;
mod turns;

use std::collections::BTreeMap;
use std::error::Error;
use std::hint::black_box;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::{env, fs};

use clap::Parser;
use loss_runtime::lane::Isa;

use batch::{Batch, Loss, shape_name};
use limit::{Bytes, move_bytes};
use table::{Answer, CANDLE, Cell, LIMIT, OURS, Results, Row};
use turns::in_turns;

/// A value, and the gradients, which are kept where there is something to keep them in.
type Call<'b> = Box<dyn FnMut(Option<&mut Vec<f32>>) -> f32 + 'b>;

/// How the libraries' pools are told to have one thread. They read it when they start, and so it must be there before this program does.
const ONE_THREAD: [(&str, &str); 2] = [("RAYON_NUM_THREADS", "1"), ("CANDLE_NUM_THREADS", "1")];

/// Measures our losses beside those of burn and candle.
#[derive(Parser)]
struct Options {
    /// About how long a row takes, in milliseconds.
    #[arg(long, default_value_t = 1500)]
    milliseconds: u64,
    /// Only this loss, as `huber`, this shape, as `1000`, or this row, as `huber 1000`.
    #[arg(long)]
    only: Option<String>,
    /// What torch_jax.py wrote, to stand in the same table.
    #[arg(long)]
    python: Option<PathBuf>,
    /// Where peers.json and peers.md go.
    #[arg(long, default_value = "results")]
    out: PathBuf,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let told = if ONE_THREAD.iter().all(|(name, value)| env::var(name).is_ok_and(|found| found == *value)) {
        // On the pool's own thread, so that no library hands work to another and waits for it.
        rayon::scope(|_| measure(&options))
    } else {
        on_one_processor()
    };
    match told {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Starts this program again, where one thread is all that there is.
fn on_one_processor() -> Result<(), String> {
    // The last one: the system's own work is mostly on the first.
    let processor = core_affinity::get_core_ids().and_then(|ids| ids.last().copied());
    let pinned = processor.is_some_and(core_affinity::set_for_current);
    if !pinned {
        eprintln!(
            "this system lets no process keep to one processor: threads are limited by the libraries' settings alone"
        );
    }
    let program = env::current_exe().map_err(|error| error.to_string())?;
    let status = Command::new(program).args(env::args_os().skip(1)).envs(ONE_THREAD).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{status}")),
        Err(error) => Err(error.to_string()),
    }
}

fn measure(options: &Options) -> Result<(), String> {
    let mut rows = Vec::new();
    for loss in Loss::ALL {
        for shape in loss.shapes() {
            let size = shape_name(shape);
            let named = format!("{} {size}", loss.name());
            if options.only.as_ref().is_none_or(|only| [loss.name(), &size, &named].contains(&only.as_str())) {
                eprintln!("{named}");
                rows.push(row(&Batch::new(loss, shape), options.milliseconds));
            }
        }
    }
    let mut results = Results { machine: machine(), date: date(), notes: notes(), rows };
    if let Some(file) = &options.python {
        results.merge(read(file).map_err(|error| format!("{}: {error}", file.display()))?);
    }
    let markdown = results.markdown();
    print!("{markdown}");
    write(options, &results, &markdown).map_err(|error| format!("{}: {error}", options.out.display()))
}

fn read(file: &PathBuf) -> Result<Results, Box<dyn Error>> {
    Ok(serde_json::from_str(&fs::read_to_string(file)?)?)
}

fn write(options: &Options, results: &Results, markdown: &str) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(&options.out)?;
    let mut json = serde_json::to_string_pretty(results)?;
    json.push('\n');
    fs::write(options.out.join("peers.json"), json)?;
    fs::write(options.out.join("peers.md"), markdown)?;
    Ok(())
}

fn row(batch: &Batch, milliseconds: u64) -> Row {
    let mut columns = vec![(OURS, ours::call(batch))];
    #[cfg(feature = "burn")]
    columns.extend(burn::call(batch).map(|call| (table::BURN, call)));
    match candle::call(batch) {
        Some(Ok(call)) => columns.push((CANDLE, call)),
        Some(Err(error)) => eprintln!("candle: {error}"),
        None => {}
    }
    let mut gradients = Vec::new();
    let mut answers = vec![None];
    for (_, call) in &mut columns {
        let value = call(Some(&mut gradients));
        answers.push(Some(Answer::new(value, &gradients)));
    }
    drop(gradients);

    let (names, calls): (Vec<&str>, Vec<Call<'_>>) = columns.into_iter().unzip();
    let mut limit = limit(batch);
    let mut timed: Vec<Box<dyn FnMut() + '_>> = vec![Box::new(&mut limit)];
    for mut call in calls {
        timed.push(Box::new(move || {
            black_box(call(None));
        }));
    }
    let mut turns: Vec<&mut dyn FnMut()> = timed.iter_mut().map(|call| &mut **call as &mut dyn FnMut()).collect();
    let times = in_turns(milliseconds, &mut turns);
    let cells: BTreeMap<String, Cell> = std::iter::once(LIMIT)
        .chain(names)
        .zip(times.into_iter().zip(answers))
        .map(|(name, (times, answer))| (name.to_owned(), Cell { times, answer }))
        .collect();
    Row { loss: batch.loss.name().to_owned(), shape: shape_name(batch.shape), elements: batch.input.len(), cells }
}

/// Moves the bytes of a call and computes nothing.
fn limit(batch: &Batch) -> impl FnMut() {
    // Signs and probabilities are numbers of the inputs' type, one for each place; classes are whole.
    let per_place = batch.labels.len() == batch.input.len();
    let numbers = if per_place { batch.float_labels() } else { Vec::new() };
    let labels = if per_place { Vec::new() } else { batch.labels.clone() };
    // The only loss that need not look at its input but at one number a row.
    let reads =
        if batch.loss == Loss::Nll { Vec::new() } else { vec![batch.input.clone(), batch.other.clone(), numbers] };
    let mut writes = vec![vec![0.0_f32; batch.input.len()]; if batch.predicts_both() { 2 } else { 1 }];
    move || {
        let reads: Vec<&[f32]> = reads.iter().filter(|read| !read.is_empty()).map(Vec::as_slice).collect();
        if reads.is_empty() {
            for write in &mut writes {
                write.fill(0.0);
                black_box(&mut *write);
            }
        } else {
            let writes = writes.iter_mut().map(Vec::as_mut_slice).collect();
            move_bytes(Bytes { reads, writes, overwrites: Vec::new(), labels: vec![&labels] }, Isa::detect(), 1);
        }
    }
}

fn notes() -> Vec<String> {
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let place =
        if processors == 1 { "one processor" } else { "the libraries' settings for one thread alone, unpinned" };
    let burn = if cfg!(feature = "burn") { format!("burn {} (flex, simd), ", version("burn")) } else { String::new() };
    vec![format!(
        "Ours {} ({}), {burn}candle {}: {place}, in turns with each other and the limit.",
        version("loss-runtime"),
        Isa::detect().name(),
        version("candle-nn"),
    )]
}

/// The version of a package that this program was built with.
fn version(package: &str) -> &'static str {
    let lock = include_str!("../Cargo.lock");
    let after = lock.split_once(&format!("name = \"{package}\"\nversion = \"")).map_or("", |(_, after)| after);
    after.split('"').next().unwrap_or_default()
}

fn machine() -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find(|line| line.starts_with("model name")).and_then(|line| line.split_once(": "));
    model.map_or(env::consts::ARCH, |(_, model)| model).to_owned()
}

fn date() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%d").to_string()
}
