//! Queues, rates, retries, time-outs, progress: what happens between a task and its server.

#![expect(clippy::float_cmp, reason = "paused time is exact")]

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use trawl_core::event::{Event, EventKind, TaskStatus, WaitReason};
use trawl_core::mcp::Connections;
use trawl_core::request::Approval;
use trawl_core::settings::Settings;
use trawl_core::task::Task;
use trawl_tests::clock::Clock;
use trawl_tests::fake_mcp::{Fake, Options};
use trawl_tests::scripted::Scripted;
use trawl_tests::stage::{Played, Stage, server_entry, task};

fn scripted(entry: Value) -> (Stage, Scripted) {
    let connections = Connections::new(None);
    let server = Scripted::attach(&connections, "s", server_entry(entry));
    (Stage { connections, approval: Approval::All, ..Stage::default() }, server)
}

fn script(n: usize, tool: &str, script: &[&str]) -> Task {
    task(n, tool, json!({"task": n, "script": script}))
}

#[tokio::test(start_paused = true)]
async fn higher_priority_leaves_the_queue_first_then_plan_order() {
    let (stage, _) = scripted(json!({"maxConcurrent": 1}));
    let priorities = [0, 0, 5, -1, 5, 9];
    let tasks = priorities.iter().enumerate();
    let tasks = tasks
        .map(|(k, priority)| Task { priority: *priority, ..script(k + 1, "read", &["ok:10"]) });
    assert_eq!(stage.run(tasks).await.started(), [5, 2, 4, 0, 1, 3]);
}

#[tokio::test(start_paused = true)]
async fn calls_per_second_are_kept_and_the_wait_is_told() {
    let (stage, server) = scripted(json!({"requestsPerSecond": 4}));
    let played = stage.run((1..=9).map(|k| script(k, "read", &["ok"]))).await;
    let log = server.log();
    for (earlier, later) in log.iter().zip(&log[4..]) {
        assert!(later.start - earlier.start >= Duration::from_secs(1));
    }
    assert!(log[8].start - log[0].start < Duration::from_millis(2050));
    let waiting = EventKind::waiting(3, WaitReason::Rate);
    assert_eq!(played.of(3)[0], &waiting);
}

#[tokio::test(start_paused = true)]
async fn lost_connections_are_made_anew_and_repeatable_calls_repeated() {
    for (tool, repeated) in [("read", true), ("put", true), ("write", false)] {
        let (stage, server) = scripted(json!({}));
        let played = stage.run([script(1, tool, &["drop:50", "ok"])]).await;
        let expect = if repeated { TaskStatus::Completed } else { TaskStatus::Failed };
        assert_eq!(played.status(0), expect, "{tool}: {:?}", played.of(0));
        assert_eq!(server.log().len(), 1 + usize::from(repeated));
        if repeated {
            let EventKind::TaskRetrying { attempt, delay_ms, reason, .. } = played.of(0)[1] else {
                panic!("{:?}", played.of(0));
            };
            assert!(*attempt == 1 && *delay_ms <= 250.0 && reason.contains("\"s\""), "{reason}");
        } else {
            assert_eq!(played.failure(0).0, "disconnected");
        }
        // The next run finds the new connection.
        assert_eq!(stage.run([script(2, tool, &["ok"])]).await.status(0), TaskStatus::Completed);
    }
}

#[tokio::test(start_paused = true)]
async fn three_attempts_are_enough() {
    let (stage, server) = scripted(json!({}));
    let played = stage.run([script(1, "read", &["drop"])]).await;
    assert_eq!((server.log().len(), played.executed.tasks[0].attempts), (3, 3));
    assert!(played.failure(0).1.ends_with("(tried 3 times)"), "{:?}", played.failure(0));
    assert!(played.executed.wall_ms <= 750.0 && played.executed.sequential_ms == 0.0);
}

#[tokio::test(start_paused = true)]
async fn time_outs_and_tool_errors_are_repeated_only_where_the_entry_says_so() {
    let check = async |entry: Value, tool: &str, words: &[&str], expect: (TaskStatus, usize)| {
        let (stage, server) = scripted(entry.clone());
        let played = stage.run([script(1, tool, words)]).await;
        assert_eq!((played.status(0), server.log().len()), expect, "{entry} {tool} {words:?}");
    };
    let (good, bad) = (TaskStatus::Completed, TaskStatus::Failed);
    let (errors, times) = (json!({"retryToolErrors": true}), json!({"retryTimeouts": true}));
    check(json!({}), "read", &["tool_error", "ok"], (bad, 1)).await;
    check(errors.clone(), "read", &["tool_error", "ok"], (good, 2)).await;
    check(errors.clone(), "write", &["tool_error", "ok"], (bad, 1)).await;
    check(errors, "read", &["rpc_error", "ok"], (bad, 1)).await;
    check(json!({}), "read", &["hang", "ok"], (bad, 1)).await;
    check(times.clone(), "read", &["hang", "hang", "ok"], (good, 3)).await;
    check(times, "write", &["hang", "ok"], (bad, 1)).await;
}

#[tokio::test(start_paused = true)]
async fn progress_restarts_the_time_out_but_not_the_total() {
    // 50 steps of 20 ms.
    let (stage, server) = scripted(json!({"timeoutSeconds": 0.1}));
    let played = stage.run([script(1, "read", &["progress"]), script(2, "read", &["hang"])]).await;
    assert_eq!((played.status(0), played.failure(1).0), (TaskStatus::Completed, "timed_out"));
    assert_eq!(
        (played.executed.tasks[0].elapsed_ms, played.executed.tasks[1].elapsed_ms),
        (1000.0, 100.0)
    );
    assert!(server.log()[1].cancelled);
    let told: Vec<f64> = played
        .events
        .iter()
        .filter_map(|event| match event.kind {
            EventKind::TaskProgress { progress, total: Some(50.0), .. } => Some(progress),
            _ => None,
        })
        .collect();
    assert!(told.is_sorted() && (8..=11).contains(&told.len()), "{told:?}");

    let (stage, _) = scripted(json!({"timeoutSeconds": 0.1, "totalTimeoutSeconds": 0.5}));
    let played = stage.run([script(1, "read", &["progress"])]).await;
    assert_eq!(played.executed.tasks[0].elapsed_ms, 500.0);
}

#[tokio::test(start_paused = true)]
async fn late_and_unordered_progress_is_dropped() {
    let fake = Fake::new(Options::default());
    let stage = Stage::default().with("fake", json!({}), fake.connect());
    let played = stage.run([task(1, "backwards", json!({}))]).await;
    let told: Vec<f64> = played
        .of(0)
        .into_iter()
        .filter_map(|kind| match kind {
            EventKind::TaskProgress { progress, total, .. } => {
                assert_eq!(*total, None);
                Some(*progress)
            }
            _ => None,
        })
        .collect();
    assert!(told == [2.0] || told == [2.0, 3.0], "{told:?}");
}

/// Eight places, a burst of refusals: four places, one more after four good answers, and so on.
#[tokio::test(start_paused = true)]
async fn a_server_that_refuses_is_asked_less_and_step_by_step_more_again() {
    let (stage, server) = scripted(json!({"maxConcurrent": 8, "retryToolErrors": true}));
    let refused = |k| script(k, "read", &["too_many:10", "ok:10"]);
    let played = stage.run((1..=8).map(refused)).await;
    let slowed = |played: &Played| {
        let reasons = played.events.iter().filter_map(|event| match &event.kind {
            EventKind::TaskRetrying { reason, .. } => Some(reason.clone()),
            _ => None,
        });
        reasons.filter(|reason| reason.contains("calls at once")).collect::<Vec<_>>()
    };
    let said = slowed(&played);
    assert_eq!(said.len(), 1, "one burst halves once: {said:?}");
    assert!(said[0].contains("4 calls at once instead of 8"), "{said:?}");
    let most = |from: usize| server.log()[from..].iter().map(|call| call.in_flight).max();
    assert!(most(8) <= Some(4));
    let before = server.log().len();
    let played = stage.run((1..=60).map(|k| script(k + 100, "read", &["ok:10"]))).await;
    assert!(played.executed.tasks.iter().all(|task| task.status == TaskStatus::Completed));
    let log = server.log();
    let steps: Vec<usize> = log[before..].iter().map(|call| call.in_flight).collect();
    assert_eq!(steps.iter().max(), Some(&8));
    assert!(steps[..5].iter().all(|count| *count <= 6), "{steps:?}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_gets_one_call_at_a_time_is_not_said_to_get_fewer() {
    for (most, said) in [(2, Some("now gets 1 call at once instead of 2,")), (1, None)] {
        let (stage, _) = scripted(json!({"maxConcurrent": most, "retryToolErrors": true}));
        let played = stage.run([script(1, "read", &["too_many", "ok"])]).await;
        let EventKind::TaskRetrying { reason, .. } = played.of(0)[1] else {
            panic!("{:?}", played.of(0));
        };
        match said {
            Some(words) => assert!(reason.contains(words), "{reason}"),
            None => assert!(!reason.contains("at once"), "{reason}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_runs_limit_of_time_ends_what_is_open() {
    let (stage, server) = scripted(json!({"maxConcurrent": 2}));
    let stage = Stage { run_limit: Duration::from_secs(5), ..stage };
    let scripts = ["ok:1000", "hang", "hang", "ok"];
    let tasks = scripts.iter().enumerate().map(|(k, words)| script(k + 1, "read", &[words]));
    let waits = Task { depends_on: vec!["t2".into()], ..script(5, "read", &["ok"]) };
    let played = stage.run(tasks.chain([waits])).await;
    assert!(played.executed.timed_out);
    assert_eq!(played.status(0), TaskStatus::Completed);
    for index in 1..5 {
        assert_eq!(
            (played.status(index), played.failure(index).0),
            (TaskStatus::Cancelled, "run_timed_out")
        );
    }
    assert_eq!(played.executed.wall_ms, 5000.0);
    tokio::task::yield_now().await;
    assert!(server.log()[1].cancelled && server.log()[2].cancelled);
    assert_eq!(server.log().len(), 3);
}

/// Over HTTP: the server names the wait.
#[tokio::test]
async fn retry_after_is_obeyed_and_the_server_is_asked_less() {
    let fake = Fake::new(Options::default());
    let server = fake.serve_http().await;
    let connections = Connections::new(None);
    let settings = json!({"mcpServers": {"web": {"url": server.url}}});
    connections.apply(&Settings::from_json(&settings));
    let stage = Stage { connections, approval: Approval::All, ..Stage::default() };
    let mut playing = stage.play().await;
    fake.refuse_next_call(429, Some("1"));
    let clock = Clock::stopped();
    playing.plan(task(1, "echo", json!({"text": "x"})));
    playing.until(|kind| matches!(kind, EventKind::TaskRetrying { .. })).await;
    // The whole server is left alone meanwhile.
    playing.plan(task(2, "echo", json!({"text": "y"})));
    playing.until(|kind| matches!(kind, EventKind::TaskWaiting { index: 1, .. })).await;
    clock.pass(Duration::from_secs(1)).await;
    playing.until(|kind| matches!(kind, EventKind::TaskFinished { index: 0, .. })).await;
    fake.refuse_next_call(429, None);
    playing.plan(task(3, "write", json!({"text": "z"})));
    let played = playing.ended().await;
    let EventKind::TaskRetrying { delay_ms, reason, .. } = played.of(0)[1] else {
        panic!("{:?}", played.of(0));
    };
    assert_eq!(*delay_ms, 1000.0);
    assert!(
        reason.contains("429") && reason.contains("32 calls at once instead of 64"),
        "{reason}"
    );
    let EventKind::TaskWaiting { reason: WaitReason::Rate, until_ms: Some(until), .. } =
        played.of(1)[0]
    else {
        panic!("{:?}", played.of(1));
    };
    let told = |event: &&Arc<Event>| matches!(event.kind, EventKind::TaskRetrying { .. });
    let refused = played.events.iter().find(told).unwrap().at_ms;
    assert!((until - refused - 1000.0).abs() < 0.001, "{until}, refused at {refused}");
    assert!([0, 1].iter().all(|index| played.status(*index) == TaskStatus::Completed));
    assert_eq!((played.failure(2).0, played.executed.tasks[2].attempts), ("http_error", 1));
}

/// What a failed attempt gave back is not taken for the result of a later one.
#[tokio::test(start_paused = true)]
async fn only_the_last_attempts_result_is_kept() {
    let (stage, _) = scripted(json!({"retryToolErrors": true, "timeoutSeconds": 1}));
    let tasks = [
        script(1, "read", &["tool_error", "hang"]),
        script(2, "read", &["tool_error", "ok"]),
        script(3, "read", &["tool_error"]),
    ];
    let played = stage.run(tasks).await;
    assert_eq!((played.failure(0).0, played.recorder.result(0)), ("timed_out", None));
    assert_eq!([played.text(1), played.text(2)], ["done", "the tool's own words"]);
}
