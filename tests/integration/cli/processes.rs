//! `trawl ask` among other processes: signals, and several at once on one data folder.

use std::io::{BufRead as _, BufReader, Lines};
use std::process::{Child, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use trawl_tests::grammar;

use crate::cli::setup::{Home, said};
use crate::mcp::setup::FAKE;

const UPSTREAM: &str = "How many stories have upstream keyword?";

/// A question that is still waiting for its server, which never answers; the run's first event is
/// out.
fn waiting(home: &Home) -> (Child, Lines<BufReader<ChildStdout>>, String) {
    let mut command = home.command(&["ask", "--json", UPSTREAM]);
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap() + "\n";
    (child, lines, first)
}

fn mute() -> Home {
    Home::with(&json!({"mcpServers": {"mute": {"command": FAKE, "args": ["--only-junk"]}}}))
}

fn send(signal: Signal, child: &Child) {
    kill_process(Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap(), signal).unwrap();
}

#[test]
fn a_signal_cancels_the_run_and_saves_it() {
    for signal in [Signal::INT, Signal::TERM] {
        let home = mute();
        let (mut child, lines, mut printed) = waiting(&home);
        send(signal, &child);
        for line in lines {
            printed += &(line.unwrap() + "\n");
        }
        assert_eq!(child.wait().unwrap().code(), Some(130));
        grammar::check(&grammar::read(&printed).unwrap()).unwrap();
        assert!(printed.contains("\"cancelled\""), "{printed}");
        assert_eq!(home.json(&["history", "list", "--json"])["runs"][0]["state"], "cancelled");
    }
}

#[test]
fn a_second_signal_ends_at_once() {
    let home = mute();
    let (mut child, mut lines, _) = waiting(&home);
    // Somebody else writes, so that saving the end of the run takes as long as this is held.
    let other = rusqlite::Connection::open(home.path("history.db")).unwrap();
    other.busy_timeout(Duration::from_secs(10)).unwrap();
    let begun = || other.query_row("SELECT count(*) FROM runs", [], |row| row.get::<_, u32>(0));
    while begun().unwrap() == 0 {
        std::thread::yield_now();
    }
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    send(Signal::INT, &child);
    let is_last = |line: &Result<String, _>| line.as_ref().unwrap().contains("\"cancelled\"");
    assert!(lines.any(|line| is_last(&line)), "the first signal cancels");
    assert!(child.try_wait().unwrap().is_none(), "the run is not saved yet");
    let began = Instant::now();
    send(Signal::INT, &child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    // Far below the time for which a writer waits for another one.
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    drop(other);
    assert_eq!(home.json(&["history", "list", "--json"])["runs"][0]["state"], "interrupted");
}

#[test]
fn several_at_once_share_a_new_data_folder() {
    let home = Home::new();
    let asking: Vec<Child> =
        (0..4).map(|_| home.command(&["ask", UPSTREAM]).spawn().unwrap()).collect();
    for child in asking {
        let said = said(child.wait_with_output().unwrap());
        assert_eq!(said.code, 0, "{}", said.err);
        assert!(said.out.contains("17 results"), "{}", said.out);
        assert!(!said.err.contains("not kept"), "{}", said.err);
    }
    let list = home.json(&["history", "list", "--json"]);
    let runs = list["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 4);
    for run in runs {
        let id = run["id"].as_str().unwrap();
        assert_eq!((&run["state"], &run["taskCount"]), (&json!("finished"), &json!(3)));
        assert_eq!((&run["completedCount"], &run["failedCount"]), (&json!(3), &json!(0)));
        let result: Value = home.json(&["history", "show", id, "--task", "1", "--raw"]);
        assert_eq!(result["structuredContent"]["total"], 17);
    }
    // Each one's lines are whole.
    let log = home.log();
    assert_eq!(log.matches("trawl::results: run=").count(), 12);
    assert!(log.lines().all(|line| line.starts_with("20")), "{log}");
}
