//! Several processes on one history: crashes, writing at once, files that cannot be used.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;
use trawl_core::event::{EventKind, RunId};
use trawl_core::history::{History, HistoryError, ListQuery, Recorder, RunState};
use uuid::Uuid;

/// Tells this test's own program, started again, what to do: `ROLE:FOLDER`.
const ROLE: &str = "TRAWL_TEST_ROLE";

/// Runs written by each of the processes that write at once.
const RUNS: usize = 25;

/// This program as another process in a role; returns when it said that it is ready.
fn other_process(role: &str, folder: &Path) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "history::processes::the_other_process", "--nocapture"])
        .env(ROLE, format!("{role}:{}", folder.display()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let is_ready = |line: &Result<String, _>| line.as_ref().unwrap().contains("ready");
    assert!(lines.any(|line| is_ready(&line)), "the other process broke off");
    // Read on, so that it never waits for us.
    std::thread::spawn(move || lines.count());
    child
}

/// No test of its own: what the processes above do.
#[tokio::test]
async fn the_other_process() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let (role, folder) = role.split_once(':').unwrap();
    let history = History::open(Path::new(folder)).unwrap();
    match role {
        "breaks off" => {
            half_a_run(&history);
            println!("ready");
            let _ = std::io::stdin().read(&mut [0]);
        }
        "goes on" => {
            println!("ready");
            go_on(&history);
        }
        "writes" => {
            println!("ready");
            write_runs(&history).await;
        }
        other => panic!("no role {other}"),
    }
}

fn planned(recorder: &Recorder, index: usize) {
    recorder.emit(EventKind::TaskPlanned {
        index,
        id: format!("t{}", index + 1),
        server: Some("s".into()),
        tool: "search".into(),
        arguments: json!({"query": "x"}),
        description: String::new(),
        depends_on: Vec::new(),
        priority: 0,
    });
    recorder.emit(EventKind::TaskStarted { index, attempt: 1, arguments: None });
}

fn completed(recorder: &Recorder, index: usize, text: &str) {
    let result = json!({"content": [{"type": "text", "text": text}]}).to_string();
    recorder.keep_result(index, &result);
    recorder.emit(EventKind::completed(index, 1.0, result.len() as u64, text.into()));
}

/// Nobody waits until it is written.
fn half_a_run(history: &History) -> Recorder {
    let recorder = Recorder::start(Some(history), Uuid::new_v4(), "What breaks off?", None);
    recorder.emit(EventKind::PlanStarted { planner: "builtin".into() });
    planned(&recorder, 0);
    planned(&recorder, 1);
    completed(&recorder, 0, "periwinkle");
    recorder
}

/// Until it is killed.
fn go_on(history: &History) {
    let recorder = Recorder::start(Some(history), Uuid::new_v4(), "What breaks off?", None);
    for n in 0.. {
        recorder.emit(EventKind::AnswerDelta { text: format!("{n} ") });
        std::thread::sleep(Duration::from_micros(200));
    }
}

async fn write_runs(history: &History) {
    let recorders: Vec<Recorder> = (0..RUNS)
        .map(|n| Recorder::start(Some(history), Uuid::new_v4(), &format!("Run {n}?"), None))
        .collect();
    for recorder in &recorders {
        planned(recorder, 0);
        completed(recorder, 0, "words of a result");
        for n in 0..20 {
            recorder.emit(EventKind::AnswerDelta { text: n.to_string() });
        }
        recorder.emit(EventKind::Cancelled {});
        recorder.flush().await;
    }
}

fn every_run(history: &History) -> trawl_core::history::RunList {
    history.list(&ListQuery { words: String::new(), thread: None, limit: 1000, offset: 0 }).unwrap()
}

#[test]
fn a_run_whose_process_was_killed_is_interrupted_and_shows_what_had_finished() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = other_process("breaks off", folder.path());
    let history = History::open(folder.path()).unwrap();
    let states = || every_run(&history).runs.iter().map(|run| run.state).collect::<Vec<_>>();
    // It is written by itself, without a flush.
    until(|| every_run(&history).runs.first().map_or(0, |run| written(&history, run.id)) == 7);
    assert_eq!(states(), [RunState::Running]);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(states(), [RunState::Interrupted]);
    let id = every_run(&history).runs[0].id;
    let run = history.run(id).unwrap().unwrap();
    let statuses: Vec<_> = run.tasks.iter().map(|task| task.status.as_deref()).collect();
    assert_eq!(statuses, [Some("completed"), None]);
    assert!(history.result(id, 0).unwrap().unwrap().contains("periwinkle"));
    assert_eq!(history.events(id, None).unwrap().len(), 7);
    let query = ListQuery { words: "periwinkle".into(), thread: None, limit: 9, offset: 0 };
    assert_eq!(history.list(&query).unwrap().runs[0].id, id);
}

/// A crash loses at most the end: what was seen in the file stays, and nothing is missing before it.
#[test]
fn a_kill_at_any_moment_leaves_all_up_to_a_moment_before_it() {
    for seen in [1, 40, 300] {
        let folder = tempfile::tempdir().unwrap();
        let mut child = other_process("goes on", folder.path());
        let history = History::open(folder.path()).unwrap();
        let events = || every_run(&history).runs.first().map_or(0, |run| written(&history, run.id));
        until(|| events() >= seen);
        let before = events();
        child.kill().unwrap();
        child.wait().unwrap();
        let run = &every_run(&history).runs[0];
        assert_eq!(run.state, RunState::Interrupted);
        let events = history.events(run.id, None).unwrap();
        assert!(events.len() >= before, "{} of {before}", events.len());
        for (n, event) in events.iter().enumerate() {
            assert_eq!(event.seq, n as u64);
            if let EventKind::AnswerDelta { text } = &event.kind {
                assert_eq!(*text, format!("{} ", n - 1));
            }
        }
        let database = rusqlite::Connection::open(folder.path().join("history.db")).unwrap();
        let check = database.query_row("PRAGMA integrity_check", [], |row| row.get(0));
        assert_eq!(check, Ok("ok".to_owned()));
    }
}

fn written(history: &History, run: RunId) -> usize {
    history.events(run, None).unwrap().len()
}

fn until(condition: impl Fn() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < Duration::from_mins(1), "it never came to that");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[tokio::test]
async fn processes_that_write_at_once_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut children: Vec<Child> = (0..3).map(|_| other_process("writes", folder.path())).collect();
    let history = History::open(folder.path()).unwrap();
    write_runs(&history).await;
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    let list = every_run(&history);
    assert_eq!(list.total, 4 * RUNS);
    for run in list.runs {
        assert_eq!((run.state, run.task_count), (RunState::Cancelled, 1));
        let events = history.events(run.id, None).unwrap();
        assert_eq!(events.len(), 25);
        assert!(events.iter().enumerate().all(|(n, event)| event.seq == n as u64));
    }
}

#[test]
fn processes_that_start_at_once_open_the_same_new_file() {
    let folder = tempfile::tempdir().unwrap();
    let opened: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..8).map(|_| scope.spawn(|| History::open(folder.path()))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for history in opened {
        assert_eq!(every_run(&history.unwrap()).total, 0);
    }
}

#[test]
fn a_folder_that_cannot_be_used_is_said() {
    let base = tempfile::tempdir().unwrap();
    let file = base.path().join("file");
    std::fs::write(&file, "").unwrap();
    let Err(error) = History::open(&file.join("data")) else { panic!("it opened") };
    let words = error.to_string();
    assert!(matches!(error, HistoryError::Open { .. }) && words.contains("history.db"), "{words}");

    let broken = base.path().join("broken");
    std::fs::create_dir(&broken).unwrap();
    std::fs::write(broken.join("history.db"), "no database, but long enough to be looked at")
        .unwrap();
    let Err(error) = History::open(&broken) else { panic!("it opened") };
    assert!(error.to_string().contains("move it away"), "{error}");

    let newer = base.path().join("newer");
    drop(History::open(&newer).unwrap());
    let database = rusqlite::Connection::open(newer.join("history.db")).unwrap();
    database.pragma_update(None, "user_version", 99).unwrap();
    assert!(matches!(History::open(&newer), Err(HistoryError::Newer(_))));
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_reads_the_files() {
    use std::os::unix::fs::PermissionsExt as _;
    let base = tempfile::tempdir().unwrap();
    let folder = base.path().join("data");
    let history = History::open(&folder).unwrap();
    half_a_run(&history).flush().await;
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        assert_eq!(folder.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let mode = path.metadata().unwrap().permissions().mode() & 0o777;
                assert_eq!(mode, 0o600, "{}", path.display());
            }
        }
    }
}
