//! Stopping a task, the tasks, the run; asking a person.

use serde_json::{Value, json};
use trawl_core::event::{EventKind, TaskStatus};
use trawl_core::mcp::Connections;
use trawl_core::request::Approval;
use trawl_core::task::Task;
use trawl_tests::scripted::Scripted;
use trawl_tests::stage::{Stage, server_entry, task};

fn stage(approval: Approval) -> (Stage, Scripted, Scripted) {
    let connections = Connections::new(None);
    let notes = Scripted::attach(&connections, "notes", server_entry(json!({})));
    let web = Scripted::attach(&connections, "web", server_entry(json!({})));
    (Stage { connections, approval, ..Stage::default() }, notes, web)
}

fn call(n: usize, tool: &str, words: &str) -> Task {
    task(n, tool, json!({"task": n, "script": [words]}))
}

fn is_asked(kind: &EventKind) -> bool {
    matches!(kind, EventKind::ApprovalRequested { .. })
}

#[tokio::test(start_paused = true)]
async fn one_task_is_stopped_and_the_others_go_on() {
    let (stage, notes, _) = stage(Approval::ReadOnly);
    let mut playing = stage.play().await;
    playing.plan(call(1, "notes__read", "hang"));
    playing.plan(call(2, "notes__read", "ok:5000"));
    playing.plan(Task { depends_on: vec!["t1".into()], ..call(3, "notes__read", "ok") });
    playing.until(|kind| matches!(kind, EventKind::TaskStarted { index: 1, .. })).await;
    playing.control.stop_task(0);
    playing.control.stop_task(3);
    playing.until(|kind| matches!(kind, EventKind::TaskFinished { index: 2, .. })).await;
    playing.plan(call(4, "notes__read", "ok"));
    let played = playing.ended().await;
    let statuses = [0, 1, 2, 3].map(|index| played.status(index));
    let (stopped, good) = (TaskStatus::Cancelled, TaskStatus::Completed);
    assert_eq!(statuses, [stopped, good, TaskStatus::Skipped, stopped]);
    assert_eq!(played.failure(2).1, "because task 1 was cancelled");
    assert!(notes.log()[0].cancelled && !notes.log()[1].cancelled);
    assert_eq!(notes.log().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn stopping_keeps_what_finished_and_starts_nothing_more() {
    for whole_run in [false, true] {
        let (stage, notes, _) = stage(Approval::Ask);
        let mut playing = stage.play().await;
        playing.plan(call(1, "notes__read", "ok:10"));
        playing.plan(call(2, "notes__read", "hang"));
        playing.plan(Task { depends_on: vec!["t2".into()], ..call(3, "notes__read", "ok") });
        playing.plan(call(4, "notes__write", "ok"));
        playing.until(|kind| matches!(kind, EventKind::TaskFinished { index: 0, .. })).await;
        if whole_run {
            playing.control.cancel();
        } else {
            playing.control.stop_tasks();
        }
        playing.until(|kind| matches!(kind, EventKind::TaskFinished { index: 1, .. })).await;
        playing.plan(call(5, "notes__read", "ok"));
        let played = playing.ended().await;
        assert_eq!(played.status(0), TaskStatus::Completed);
        for index in 1..5 {
            let failure = played.failure(index);
            assert_eq!((played.status(index), failure.0), (TaskStatus::Cancelled, "cancelled"));
        }
        assert!(notes.log()[1].cancelled);
        assert_eq!(notes.log().len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_read_only_is_not_called_unasked() {
    let (stage, notes, _) = stage(Approval::ReadOnly);
    let played = stage.run([call(1, "notes__write", "ok"), call(2, "notes__read", "ok")]).await;
    let (code, words) = played.failure(0);
    assert_eq!(code, "needs_approval");
    assert!(words.contains("--approve all") && words.contains("\"readOnly\": true"), "{words}");
    assert_eq!(played.status(1), TaskStatus::Completed);
    assert!(notes.log().iter().all(|call| call.tool == "read"));
}

#[tokio::test(start_paused = true)]
async fn a_person_is_asked_once_for_all_calls_and_the_rest_already_runs() {
    let (stage, notes, _) = stage(Approval::Ask);
    let mut playing = stage.play().await;
    playing.plan(call(1, "notes__write", "ok"));
    playing.plan(call(2, "notes__read", "ok"));
    playing.plan(call(3, "notes__put", "ok"));
    playing.plan(Task { depends_on: vec!["t3".into()], ..call(4, "notes__read", "ok") });
    playing.until(|kind| matches!(kind, EventKind::TaskFinished { index: 1, .. })).await;
    playing.control.resolve(&[0, 1, 77], &[2]);
    playing.control.resolve(&[2], &[0]);
    let played = playing.ended().await;
    let asked: Vec<_> =
        played.events.iter().map(|event| &event.kind).filter(|k| is_asked(k)).collect();
    let [EventKind::ApprovalRequested { indexes, reason, arguments, .. }] = asked.as_slice() else {
        panic!("{asked:?}");
    };
    assert_eq!((indexes.as_slice(), arguments.len()), ([0, 2].as_slice(), 0));
    assert!(reason.contains("write") && reason.contains("put"), "{reason}");
    let resolved =
        EventKind::ApprovalResolved { approved: vec![0], denied: vec![2], always: vec![] };
    assert_eq!(played.events.iter().filter(|event| event.kind == resolved).count(), 1);
    assert_eq!(played.status(0), TaskStatus::Completed);
    assert_eq!(played.failure(2).0, "denied");
    assert_eq!(played.failure(3).1, "because task 3 was not allowed");
    assert_eq!(notes.log().iter().filter(|call| call.tool == "put").count(), 0);
}

#[tokio::test(start_paused = true)]
async fn placeholders_are_filled_before_a_person_is_asked() {
    let (stage, notes, _) = stage(Approval::Ask);
    let mut playing = stage.play().await;
    playing.plan(call(1, "notes__read", "ok:10"));
    playing.plan(task(2, "notes__write", json!({"task": 2, "words": "${t1:/words}"})));
    playing.until(is_asked).await;
    playing.control.resolve(&[1], &[]);
    let played = playing.ended().await;
    let asked = played.events.iter().find_map(|event| match &event.kind {
        EventKind::ApprovalRequested { arguments, .. } => Some(arguments.clone()),
        _ => None,
    });
    let asked = asked.unwrap();
    let real = json!({"task": 2, "words": "words of 1"});
    assert_eq!((asked[0].index, &asked[0].arguments), (1, &real));
    assert_eq!(notes.log()[1].arguments, real);
    let EventKind::TaskStarted { arguments, .. } = played.of(1)[2] else {
        panic!("{:?}", played.of(1))
    };
    assert_eq!(arguments.as_ref(), Some(&real));
}

/// From `notes` through `notes` again to `web`: the data is still that of `notes`.
#[tokio::test(start_paused = true)]
async fn one_servers_results_leave_through_another_one_only_with_approval() {
    let words = |n: usize, from: &str| json!({"task": n, "words": from});
    let plan = || {
        [
            call(1, "notes__read", "ok"),
            task(2, "web__read", words(2, "${t1:/words}")),
            task(3, "web__fetch", words(3, "${t1:/words}")),
            task(4, "web__fetch", words(4, "${t2:/words}")),
            call(5, "web__fetch", "ok"),
            task(6, "web__fetch", words(6, "${t5:/words}")),
            Task { depends_on: vec!["t1".into()], ..call(7, "web__fetch", "ok") },
        ]
    };
    let (stage, _, web) = stage(Approval::ReadOnly);
    let played = stage.run(plan()).await;
    for index in [2, 3] {
        let (code, why) = played.failure(index);
        assert_eq!(code, "needs_approval");
        assert!(why.contains("results of server \"notes\"") && why.contains("\"web\""), "{why}");
    }
    for index in [0, 1, 4, 5, 6] {
        assert_eq!(played.status(index), TaskStatus::Completed, "{:?}", played.of(index));
    }
    assert_eq!(web.log().len(), 4);

    let all = Stage { approval: Approval::All, ..stage };
    let played = all.run(plan()).await;
    assert!(played.executed.tasks.iter().all(|task| task.status == TaskStatus::Completed));
}

#[tokio::test(start_paused = true)]
async fn what_is_stopped_while_it_is_asked_about_is_not_called() {
    let (stage, notes, _) = stage(Approval::Ask);
    let mut playing = stage.play().await;
    playing.plan(call(1, "notes__write", "ok"));
    playing.until(is_asked).await;
    playing.control.stop_task(0);
    playing.until(|kind| matches!(kind, EventKind::TaskFinished { .. })).await;
    playing.control.resolve(&[0], &[]);
    let played = playing.ended().await;
    assert_eq!(played.status(0), TaskStatus::Cancelled);
    assert!(notes.log().is_empty());
    assert_eq!(played.executed.tasks[0].arguments["task"], Value::from(1));
}
