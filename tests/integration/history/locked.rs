//! Another process holds the history for long: nothing is lost by it, and nobody waits for ever.

use std::path::Path;
use std::time::Duration;

use futures::StreamExt as _;
use rusqlite::Connection;
use serde_json::json;
use trawl_core::event::{Event, EventKind};
use trawl_core::history::{History, HistoryError, Kept, ListQuery, Recorder, RunState};
use trawl_tests::fake_llm::{FakeLlm, Protocol, Reply};
use trawl_tests::with_model::{WithModel, echoes, events, finished};
use uuid::Uuid;

use crate::cli::setup::{Home, said};

/// Instead of seconds.
const MOMENT: Duration = Duration::from_millis(20);

/// More than one group holds.
const MANY: usize = 2000;

/// Another process that is in the middle of writing, until it is dropped.
struct Other(Connection);

impl Other {
    fn holds(folder: &Path) -> Self {
        let database = Connection::open(folder.join("history.db")).unwrap();
        database.busy_timeout(Duration::from_mins(1)).unwrap();
        database.execute_batch("BEGIN IMMEDIATE").unwrap();
        Self(database)
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        self.0.execute_batch("COMMIT").unwrap();
    }
}

fn told(recorder: &Recorder) -> Vec<Event> {
    recorder.events().iter().map(|event| Event::clone(event)).collect()
}

#[tokio::test]
async fn what_happens_meanwhile_is_all_there_once_the_file_is_free() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::open_waiting(folder.path(), MOMENT).unwrap();
    let other = Other::holds(folder.path());
    let recorder = Recorder::start(Some(&history), Uuid::new_v4(), "What is lost?", None);
    recorder.keep_result(0, r#"{"content":[{"type":"text","text":"periwinkle"}]}"#);
    for n in 0..MANY {
        recorder.emit(EventKind::ServerFailed {
            server: n.to_string(),
            message: "away".into(),
            todo: None,
        });
    }
    recorder.emit(EventKind::Cancelled {});
    // Longer than one try waits, so that the group was refused more than once.
    for _ in 0..3 {
        assert_eq!(recorder.flush().await, Kept::NotYet);
    }
    assert!(history.events(recorder.run_id(), None).unwrap().is_empty());
    drop(other);
    while recorder.flush().await == Kept::NotYet {}
    assert_eq!(recorder.flush().await, Kept::Whole);
    assert_eq!(history.events(recorder.run_id(), None).unwrap(), told(&recorder));
    assert!(history.result(recorder.run_id(), 0).unwrap().unwrap().contains("periwinkle"));
}

#[tokio::test]
async fn runs_that_cannot_be_deleted_now_are_not_deleted_later() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::open_waiting(folder.path(), MOMENT).unwrap();
    let recorder = Recorder::start(Some(&history), Uuid::new_v4(), "What stays?", None);
    recorder.emit(EventKind::Cancelled {});
    assert_eq!(recorder.flush().await, Kept::Whole);
    let other = Other::holds(folder.path());
    let refused = history.delete(&[recorder.run_id()]);
    let Err(HistoryError::Write(reason)) = refused else { panic!("{refused:?}") };
    assert!(reason.contains("another process"), "{reason}");
    drop(other);
    while recorder.flush().await == Kept::NotYet {}
    assert!(history.run(recorder.run_id()).unwrap().is_some());
    assert_eq!(history.delete(&[recorder.run_id()]).unwrap(), 1);
}

#[tokio::test]
async fn past_runs_are_read_meanwhile_also_those_that_broke_off() {
    let folder = tempfile::tempdir().unwrap();
    let broken_off = {
        let gone = History::open(folder.path()).unwrap();
        let recorder = Recorder::start(Some(&gone), Uuid::new_v4(), "What breaks off?", None);
        assert_eq!(recorder.flush().await, Kept::Whole);
        recorder.run_id()
    };
    let history = History::open_waiting(folder.path(), MOMENT).unwrap();
    let other = Other::holds(folder.path());
    let state = || {
        let list = history.list(&ListQuery { limit: 9, ..ListQuery::default() }).unwrap();
        assert_eq!(list.runs[0].id, broken_off);
        list.runs[0].state
    };
    assert_eq!(state(), RunState::Running, "that it is interrupted cannot be written yet");
    drop(other);
    while state() != RunState::Interrupted {}
}

#[tokio::test]
async fn a_follow_up_does_not_wait_for_what_cannot_be_written() {
    let answer = |text: &str| Reply::text(Protocol::Openai, text);
    let plan = || Reply::json(Protocol::Openai, &echoes(&["one"]));
    let llm = FakeLlm::start([plan(), answer("First [1]."), plan(), answer("Second [1].")]).await;
    let folder = tempfile::tempdir().unwrap();
    let history = History::open_waiting(folder.path(), MOMENT).unwrap();
    let stage = WithModel::new(Protocol::Openai, &llm, &json!({})).kept_in(history.clone());
    let other = Other::holds(folder.path());
    let first = stage.start("What is first?", None);
    assert_eq!(first.kept().await, Kept::NotYet);
    let second = stage.start("And then?", Some(first.id()));
    assert_eq!(finished(&events(&second).await).answer, "Second [1].");
    assert_eq!(second.kept().await, Kept::NotYet);
    drop(other);
    for run in [first, second] {
        while run.kept().await == Kept::NotYet {}
        let happened: Vec<Event> = run.follow(None).map(|event| (*event).clone()).collect().await;
        assert_eq!(history.events(run.id(), None).unwrap(), happened);
    }
}

#[test]
fn the_command_line_ends_after_its_answer_and_says_what_is_not_saved() {
    let home = Home::new();
    home.ok(&["history", "list"]);
    let other = Other::holds(&home.path(""));
    for json in [false, true] {
        let arguments: &[&str] =
            if json { &["ask", "--json", "Who is user 12?"] } else { &["ask", "Who is user 12?"] };
        let said = said(home.command(arguments).output().unwrap());
        assert_eq!(said.code, 0, "{}", said.err);
        assert!(said.out.contains("ines.okafor"), "{}", said.out);
        let note = said.err.lines().last().unwrap();
        assert!(note.contains("another process holds the history"), "{}", said.err);
        assert!(note.contains("not saved") && !said.err.contains("trawl history show"), "{note}");
    }
    drop(other);
    assert_eq!(home.json(&["history", "list", "--json"])["total"], 0);
    assert!(home.trawl(&["ask", "Who is user 12?"]).err.contains("trawl history show"));
}
