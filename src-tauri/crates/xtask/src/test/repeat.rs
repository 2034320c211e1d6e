//! One part again and again: how often it was green, and which tests failed how often.
//!
//! What a failed run printed is kept in a file; a green one leaves nothing.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Instant;

use super::{Part, system_packages};
use crate::command::{Failure, fail, target};
use crate::say;

/// Builds what the part needs once, then runs it so many times.
pub(crate) fn repeat(times: u32, part: Part) -> Result<(), Failure> {
    say::step("System packages", system_packages)?;
    say::step("Build", || part.build())?;
    let mut failed_runs = 0;
    let mut failed: BTreeMap<String, u32> = BTreeMap::new();
    for number in 1..=times {
        let began = Instant::now();
        let (status, log) = run(part, number)?;
        let took = say::seconds(began.elapsed());
        if status.success() {
            say::line(&format!("run {number} of {times} · green · {took}"));
            let _ = fs::remove_file(log);
            continue;
        }
        failed_runs += 1;
        let names = failed_tests(&String::from_utf8_lossy(&fs::read(&log).unwrap_or_default()));
        let told = if names.is_empty() { status.to_string() } else { names.join(", ") };
        say::line(&format!("run {number} of {times} · failed · {took} · {told}"));
        say::line(&format!("    what it printed: {}", log.display()));
        for name in names {
            *failed.entry(name).or_default() += 1;
        }
    }
    let count = format!("{times} runs: {} green, {failed_runs} failed", times - failed_runs);
    if failed_runs == 0 {
        say::line(&count);
        return Ok(());
    }
    let how_often: Vec<String> =
        failed.iter().map(|(name, count)| format!("{name} {count} ×")).collect();
    fail(format!("{count} ({})", how_often.join(", ")))
}

/// Runs it once, with what it prints in a file.
fn run(part: Part, number: u32) -> Result<(ExitStatus, PathBuf), Failure> {
    let mut ready = part.ready().map_err(Failure)?;
    let words = |error: io::Error| Failure(format!("a run cannot be started: {error}"));
    let (file, log) = log(&target().join("repeat"), part, number).map_err(words)?;
    let command = &mut ready.command;
    if part == Part::Rust {
        // All that fail are counted, not only those of the first program with a failure.
        command.arg("--no-fail-fast");
    }
    let output = file.try_clone().map_err(words)?;
    command.env("CARGO_TERM_COLOR", "never");
    command.stdin(Stdio::null()).stdout(output).stderr(file);
    Ok((command.status().map_err(words)?, log))
}

fn log(folder: &Path, part: Part, number: u32) -> io::Result<(File, PathBuf)> {
    fs::create_dir_all(folder)?;
    let path = folder.join(format!("{}-{number}.log", part.name()));
    Ok((File::create(&path)?, path))
}

/// Names of the tests that failed, as `cargo test` and both of Node's reporters print them.
fn failed_tests(output: &str) -> Vec<String> {
    let mut names: Vec<String> = output.lines().filter_map(failed_test).collect();
    names.sort();
    names.dedup();
    // Node counts a file as a test of its own; it says nothing where one of its tests failed.
    let is_file = |name: &String| name.ends_with(".test.mjs") || name.ends_with(".test.js");
    if names.iter().any(|name| !is_file(name)) {
        names.retain(|name| !is_file(name));
    }
    names
}

fn failed_test(line: &str) -> Option<String> {
    let line = line.trim();
    let name = if let Some(rest) = line.strip_prefix("not ok ") {
        rest.split_once(" - ")?.1
    } else if let Some(rest) = line.strip_prefix("✖ ").and_then(|rest| rest.strip_suffix("ms)")) {
        rest.rsplit_once(" (")?.0
    } else {
        line.strip_prefix("test ")?.strip_suffix(" ... FAILED")?
    };
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::failed_tests;

    #[test]
    fn names_of_failed_tests_are_read() {
        let rust = "running 3 tests\ntest a::good ... ok\ntest a::bad ... FAILED\n\
            test b::worse ... FAILED\nfailures:\n    a::bad\n    b::worse\n";
        assert_eq!(failed_tests(rust), ["a::bad", "b::worse"]);
        let node = "# Subtest: x.test.mjs\n    not ok 1 - says what is wrong\n    ok 2 - good\n\
            not ok 1 - /home/x.test.mjs\n";
        assert_eq!(failed_tests(node), ["says what is wrong"]);
        let newer = "✔ good (0.5ms)\n✖ says what is wrong (1.25ms)\n✖ failing tests:\n";
        assert_eq!(failed_tests(newer), ["says what is wrong"]);
        assert_eq!(failed_tests("not ok 1 - /home/x.test.mjs\n"), ["/home/x.test.mjs"]);
        assert_eq!(failed_tests("test a::good ... ok\n"), Vec::<String>::new());
    }
}
