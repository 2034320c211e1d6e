//! `trawl ask` as a person meets it: the whole process, from its start to its end, and how soon it
//! says something. The floor is the same program that only tells its version.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use trawl_tests::bench::{Effort, Spread, in_turn};
use trawl_tests::keychain::NO_BUS;
use trawl_tests::programs;

const QUESTION: &str = "How many stories have upstream keyword?";

/// What one process took.
struct Asked {
    whole: Duration,
    first_event: Duration,
    /// The most memory, in megabytes.
    peak: f64,
}

pub(crate) fn run(effort: Effort) {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut floors, mut wholes) = (Vec::new(), Vec::new());
    let (mut firsts, mut peaks) = (Vec::new(), Vec::new());
    // A person's folders are there; the first question of all makes them.
    ask(folder.path());
    for round in 0..effort.pick(10, 1) {
        for turn in in_turn(round, 2) {
            if turn == 0 {
                floors.push(only_started(folder.path()));
                continue;
            }
            let asked = ask(folder.path());
            wholes.push(asked.whole);
            firsts.push(asked.first_event);
            peaks.push(asked.peak);
        }
    }
    println!("| what | measured |\n|---|---|");
    println!("| `trawl --version`, the whole process | {} ms |", Spread::of_times(&floors));
    println!(
        "| `trawl ask --json`, from its start to its first event | {} ms |",
        Spread::of_times(&firsts)
    );
    println!(
        "| `trawl ask \"{QUESTION}\"`, the whole process | {} ms, {} MB |",
        Spread::of_times(&wholes),
        Spread::of(peaks)
    );
    println!("| the same ÷ `trawl --version` | {} |", Spread::of_ratios(&wholes, &floors));
}

fn trawl(folder: &Path) -> Command {
    let mut command = Command::new(programs::trawl());
    command.env("TRAWL_DATA_DIR", folder).env(NO_BUS.0, NO_BUS.1);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

fn only_started(folder: &Path) -> Duration {
    let began = Instant::now();
    let output = trawl(folder).arg("--version").output().expect("the program starts");
    assert!(output.status.success());
    began.elapsed()
}

fn ask(folder: &Path) -> Asked {
    let began = Instant::now();
    let mut process =
        trawl(folder).args(["ask", "--json", QUESTION]).spawn().expect("the program starts");
    let out = process.stdout.take().expect("a pipe");
    let mut first_event = None;
    let mut peak = 0.0;
    for line in BufReader::new(out).lines() {
        let line = line.expect("the program writes text");
        first_event.get_or_insert_with(|| began.elapsed());
        // Its end follows at once, so that it is looked at before.
        if line.contains("\"type\":\"tasksFinished\"") || line.contains("\"type\":\"finished\"") {
            peak = peak_of(process.id()).unwrap_or(peak);
        }
    }
    assert!(process.wait().expect("it was started").success());
    let first_event = first_event.expect("a run has events");
    Asked { whole: began.elapsed(), first_event, peak }
}

fn peak_of(process: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024.0 / 1e6)
}
