//! That tasks really run at the same time, and that none can hurt another.

#![expect(clippy::float_cmp, reason = "paused time is exact")]

use serde_json::json;
use trawl_core::event::{EventKind, TaskStatus, WaitReason};
use trawl_core::mcp::Connections;
use trawl_tests::fake_mcp::{Fake, Options};
use trawl_tests::scripted::{PanickingLog, Scripted};
use trawl_tests::stage::{Stage, server_entry, task};

/// The barrier answers only when `n` calls are in flight: no clock is needed to prove it.
#[tokio::test(start_paused = true)]
async fn n_tasks_are_in_flight_at_once() {
    for n in [3, 10, 100] {
        let fake = Fake::new(Options::default());
        let entry = json!({"maxConcurrent": n + 1});
        let stage = Stage::default().with("fake", entry, fake.connect());
        let played = stage.run((1..=n).map(|k| task(k, "barrier", json!({"n": n})))).await;
        assert_eq!(fake.record().most_in_flight(), n);
        for index in 0..n {
            assert_eq!(played.status(index), TaskStatus::Completed);
        }
        assert_eq!(played.executed.sequential_ms, 0.0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_gets_64_calls_at_once_unless_its_entry_says_otherwise() {
    for (entry, expect) in [(json!({}), 64), (json!({"maxConcurrent": 5}), 5)] {
        let fake = Fake::new(Options::default());
        let stage = Stage::default().with("fake", entry, fake.connect());
        let played = stage.run((1..=200).map(|k| task(k, "sleep", json!({"ms": 100})))).await;
        assert_eq!(fake.record().most_in_flight(), expect);
        let limited = |kind: &&EventKind| {
            matches!(kind, EventKind::TaskWaiting { reason: WaitReason::Limit, .. })
        };
        let waiting = played.events.iter().map(|event| &event.kind).filter(limited).count();
        assert_eq!(waiting, 200 - expect);
        assert_eq!(played.started(), (0..200).collect::<Vec<_>>());
    }
}

#[tokio::test(start_paused = true)]
async fn two_runs_share_a_servers_limit() {
    let fake = Fake::new(Options::default());
    let stage = Stage::default().with("fake", json!({"maxConcurrent": 4}), fake.connect());
    let tasks = || (1..=20).map(|k| task(k, "sleep", json!({"ms": 100})));
    let (one, two) = tokio::join!(stage.run(tasks()), stage.run(tasks()));
    assert_eq!(fake.record().most_in_flight(), 4);
    assert_eq!(one.executed.tasks.len() + two.executed.tasks.len(), 40);
    // Neither waits for the other's end: both take about the whole time.
    assert!(one.executed.wall_ms >= 900.0 && two.executed.wall_ms >= 900.0);
}

#[tokio::test(start_paused = true)]
async fn a_failing_a_hanging_and_a_panicking_task_leave_the_others_in_place_and_in_order() {
    PanickingLog::install();
    let connections = Connections::new(None);
    let entry = server_entry(json!({"timeoutSeconds": 2}));
    Scripted::attach(&connections, "s", entry);
    let stage = Stage { connections, ..Stage::default() };
    // The later a task is planned, the sooner it ends.
    let scripts =
        ["ok:900", "tool_error:50", "ok:600", "hang", "panic:40", "ok:300", "rpc_error", "ok:1"];
    let tasks = scripts.iter().enumerate();
    let tasks =
        tasks.map(|(k, script)| task(k + 1, "read", json!({"task": k, "script": [script]})));
    let played = stage.run(tasks).await;
    let ended: Vec<_> = played.executed.tasks.iter().map(|task| task.status).collect();
    let (good, bad) = (TaskStatus::Completed, TaskStatus::Failed);
    assert_eq!(ended, [good, bad, good, bad, bad, good, bad, good]);
    let codes: Vec<_> = [1, 3, 4, 6].map(|index| played.failure(index).0).into();
    assert_eq!(codes, ["tool_error", "timed_out", "internal", "rpc_error"]);
    assert!(played.failure(4).1.contains("the log broke"), "{:?}", played.failure(4));
    assert_eq!(played.failure(1).1, "the tool's own words");
    for (position, outcome) in played.executed.tasks.iter().enumerate() {
        assert_eq!((outcome.index, outcome.id.clone()), (position, format!("t{}", position + 1)));
    }
    for index in [0, 2, 5, 7] {
        let result = played.recorder.result(index).unwrap();
        assert!(result.contains(&format!(r#""n":{index}"#)), "{result}");
    }
    // A tool's error is kept as it came.
    assert_eq!(played.text(1), "the tool's own words");
    assert_eq!(played.recorder.result(3), None);
}

/// A task starts the moment it is planned, while the plan is still being written.
#[tokio::test(start_paused = true)]
async fn tasks_do_not_wait_for_the_plan() {
    let fake = Fake::new(Options::default());
    let stage = Stage::default().with("fake", json!({}), fake.connect());
    let mut playing = stage.play().await;
    playing.plan(task(1, "echo", json!({"text": "first"})));
    playing.until(|kind| matches!(kind, EventKind::TaskFinished { index: 0, .. })).await;
    playing.plan(task(2, "echo", json!({"text": "second"})));
    playing.until(|kind| matches!(kind, EventKind::TaskFinished { index: 1, .. })).await;
    let played = playing.ended().await;
    assert_eq!([played.text(0), played.text(1)], ["first", "second"]);
}

#[tokio::test(start_paused = true)]
async fn times_count_what_ran() {
    let fake = Fake::new(Options::default());
    let stage = Stage::default().with("fake", json!({"maxConcurrent": 2}), fake.connect());
    let played = stage.run((1..=4).map(|k| task(k, "sleep", json!({"ms": 500})))).await;
    let executed = &played.executed;
    assert_eq!((executed.wall_ms, executed.sequential_ms), (1000.0, 2000.0));
    assert_eq!(executed.tasks[3].elapsed_ms, 500.0);
}
