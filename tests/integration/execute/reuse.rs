//! Results of earlier runs, used again instead of a call.

use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use trawl_core::event::{EventKind, Reused, TaskStatus};
use trawl_core::execute::Reuse;
use trawl_core::history::{History, Recorder};
use trawl_core::mcp::Connections;
use trawl_core::request::Approval;
use trawl_core::task::Task;
use trawl_tests::scripted::Scripted;
use trawl_tests::stage::{Played, Stage, server_entry, task};

/// A stage that keeps its runs and uses their results again.
fn stage(max_age: Duration) -> (Stage, Scripted, History, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let history = History::open(folder.path()).unwrap();
    let connections = Connections::new(None);
    let notes = Scripted::attach(&connections, "notes", server_entry(json!({})));
    let reuse = Some(Reuse { history: history.clone(), max_age });
    let stage = Stage {
        connections,
        approval: Approval::All,
        history: Some(history.clone()),
        reuse,
        ..Stage::default()
    };
    (stage, notes, history, folder)
}

async fn run(stage: &Stage, tasks: impl IntoIterator<Item = Task>) -> Played {
    let played = stage.run(tasks).await;
    // What was found is committed.
    played.recorder.flush().await;
    played
}

fn read(words: &str) -> Task {
    task(1, "notes__read", json!({"task": 1, "script": ["ok"], "words": words}))
}

fn reused(played: &Played, index: usize) -> Option<Reused> {
    let Some(EventKind::TaskFinished { reused, .. }) = played.of(index).pop().cloned() else {
        panic!("it has ended")
    };
    reused
}

const LONG: Duration = Duration::from_hours(1);

#[tokio::test]
async fn the_same_call_is_made_once() {
    let (stage, notes, history, _folder) = stage(LONG);
    let first = run(&stage, [read("a")]).await;
    assert_eq!(reused(&first, 0), None);
    // The order of keys makes no difference.
    let again = task(1, "notes__read", json!({"words": "a", "script": ["ok"], "task": 1}));
    let next = task(2, "notes__write", json!({"task": 2, "words": "${t1:/words}"}));
    let second = run(&stage, [again.clone(), next]).await;
    let Reused { run_id, age_ms } = reused(&second, 0).unwrap();
    assert_eq!(run_id, first.recorder.run_id());
    assert!((0.0..60_000.0).contains(&age_ms), "{age_ms}");
    assert_eq!(second.of(0).len(), 1, "no start: {:?}", second.of(0));
    assert_eq!(second.text(0), first.text(0));
    let EventKind::TaskFinished { result_bytes, preview, .. } = second.of(0)[0] else { panic!() };
    assert!(*result_bytes > 0 && !preview.is_empty());
    assert_eq!(second.executed.tasks[1].arguments["words"], "words of 1");
    assert_eq!(notes.log().iter().filter(|call| call.tool == "read").count(), 1);

    // A result that was itself used again is as old as its call; its copy outlives the first run.
    let third = run(&stage, [again]).await;
    assert_eq!(reused(&third, 0).unwrap().run_id, first.recorder.run_id());
    history.delete(&[first.recorder.run_id()]).unwrap();
    assert_eq!(history.result(third.recorder.run_id(), 0).unwrap(), third.recorder.result(0));
    let fourth = run(&stage, [read("a")]).await;
    assert_eq!(reused(&fourth, 0), None);
}

#[tokio::test]
async fn whatever_differs_is_called() {
    let (stage, notes, ..) = stage(LONG);
    run(&stage, [read("a")]).await;
    let other = |tool: &str, arguments: Value| task(1, tool, arguments);
    let arguments = json!({"task": 1, "script": ["ok"], "words": "a"});
    for task in [
        other("notes__read", json!({"task": 1, "script": ["ok"], "words": "b"})),
        other("notes__fetch", arguments.clone()),
        other("notes__write", arguments.clone()),
        other("notes__write", arguments),
    ] {
        let played = run(&stage, [task]).await;
        assert_eq!(reused(&played, 0), None);
        assert_eq!(played.status(0), TaskStatus::Completed);
    }
    assert_eq!(notes.log().len(), 5);
    // The same name, another server.
    let elsewhere = server_entry(json!({"args": ["--other"]}));
    Scripted::attach(&stage.connections, "notes", elsewhere);
    let played = run(&stage, [read("a")]).await;
    assert_eq!(reused(&played, 0), None);
}

#[tokio::test]
async fn errors_and_old_results_are_not_used() {
    let (stage, notes, history, _folder) = stage(LONG);
    let failing = || task(1, "notes__read", json!({"task": 1, "script": ["tool_error"]}));
    for _ in 0..2 {
        let played = run(&stage, [failing()]).await;
        assert_eq!((played.status(0), reused(&played, 0)), (TaskStatus::Failed, None));
    }
    run(&stage, [read("a")]).await;
    let stage = Stage { reuse: Some(Reuse { history, max_age: Duration::ZERO }), ..stage };
    tokio::time::sleep(Duration::from_millis(2)).await;
    let played = run(&stage, [read("a")]).await;
    assert_eq!(reused(&played, 0), None);
    let stage = Stage { reuse: None, ..stage };
    let played = run(&stage, [read("a")]).await;
    assert_eq!(reused(&played, 0), None);
    assert_eq!(notes.log().len(), 5);
}

#[tokio::test]
async fn limits_hold_for_calls_that_might_have_been_reused() {
    let (stage, notes, ..) = stage(LONG);
    let limited = server_entry(json!({"maxConcurrent": 2}));
    let notes_again = Scripted::attach(&stage.connections, "notes", limited);
    let tasks = (1..=6).map(|n| {
        let task = task(n, "notes__read", json!({"task": n, "script": ["ok:20"]}));
        Task { priority: i64::try_from(n).unwrap(), ..task }
    });
    let played = run(&stage, tasks).await;
    assert!(played.executed.tasks.iter().all(|task| task.status == TaskStatus::Completed));
    assert!(notes.log().is_empty());
    assert!(notes_again.log().iter().all(|call| call.in_flight <= 2));
    let recorded: &Recorder = &played.recorder;
    assert!(recorded.result(5).is_some());
}
