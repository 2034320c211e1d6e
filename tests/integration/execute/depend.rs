//! Tasks that wait for others: placeholders, order, circles, references that lead nowhere.

use serde_json::{Value, json};
use trawl_core::event::{EventKind, Failure, TaskStatus, WaitReason};
use trawl_core::task::{Rejected, Task};
use trawl_tests::fake_mcp::{Fake, Options};
use trawl_tests::stage::{Played, Stage, task};

fn after(task: Task, ids: &[&str]) -> Task {
    Task { depends_on: ids.iter().map(ToString::to_string).collect(), ..task }
}

async fn play(tasks: impl IntoIterator<Item = Task>) -> Played {
    let fake = Fake::new(Options::default());
    let stage = Stage::default().with("fake", json!({}), fake.connect());
    stage.run(tasks).await
}

fn echoed(played: &Played, index: usize) -> Value {
    let result = played.recorder.result(index).unwrap();
    serde_json::from_str::<Value>(&result).unwrap()["structuredContent"].clone()
}

#[tokio::test(start_paused = true)]
async fn placeholders_become_values_and_imply_the_order() {
    let played = play([
        task(1, "echo", json!({"text": "story ${t3:/items/1} of $${all}"})),
        task(2, "echo", json!({"items": "${t3:/items}", "text": "${t1:/text}"})),
        task(3, "echo", json!({"items": [7, 8], "text": "x"})),
    ])
    .await;
    assert_eq!(echoed(&played, 0), json!({"text": "story 8 of ${all}"}));
    assert_eq!(echoed(&played, 1), json!({"items": [7, 8], "text": "story 8 of ${all}"}));
    assert_eq!(played.started(), [2, 0, 1]);
    let waiting = EventKind::waiting(0, WaitReason::Dependency);
    assert_eq!(played.of(0)[0], &waiting);
    // Known by its place the moment it is planned.
    let EventKind::TaskWaiting { on, .. } = played.of(0)[1] else { panic!("waits for task 3") };
    assert_eq!(on, &[2]);
    let EventKind::TaskStarted { arguments, .. } = played.of(0)[2] else { panic!("started next") };
    assert_eq!(arguments, &Some(json!({"text": "story 8 of ${all}"})));
    let EventKind::TaskStarted { arguments, .. } = played.of(2)[0] else { panic!("started first") };
    assert_eq!(arguments, &None);
    assert_eq!(played.executed.tasks[1].arguments["items"], json!([7, 8]));
}

#[tokio::test(start_paused = true)]
async fn text_results_have_values_too() {
    let played = play([
        task(1, "sleep", json!({"ms": 1, "text": r#"{"id": [5]}"#})),
        task(2, "sleep", json!({"ms": 1, "text": "plain words"})),
        task(3, "echo", json!({"items": "${t1:/id}", "text": "${t2} and ${t1}"})),
    ])
    .await;
    assert_eq!(echoed(&played, 2), json!({"items": [5], "text": r#"plain words and {"id":[5]}"#}));
}

/// A number of one server is another one's text.
#[tokio::test(start_paused = true)]
async fn values_take_the_type_that_the_tool_asks_for() {
    let played = play([
        task(1, "echo", json!({"items": [7], "text": "25"})),
        task(2, "echo", json!({"text": "${t1:/items/0}"})),
        task(3, "sleep", json!({"ms": "${t1:/text}", "text": "slept"})),
    ])
    .await;
    assert_eq!(echoed(&played, 1), json!({"text": "7"}));
    assert_eq!(played.executed.tasks[2].arguments["ms"], json!(25));
    assert_eq!(played.text(2), "slept");
}

#[tokio::test(start_paused = true)]
async fn a_pointer_that_finds_nothing_fails_its_task_with_what_was_there() {
    let played = play([
        task(1, "echo", json!({"text": "x", "items": []})),
        task(2, "echo", json!({"text": "${t1:/results/0}"})),
        task(3, "echo", json!({"text": "${t1:/items/0}"})),
    ])
    .await;
    let (code, words) = played.failure(1);
    assert_eq!(code, "placeholder_not_found");
    assert!(words.contains("\"/results/0\"") && words.contains("\"text\", \"items\""), "{words}");
    assert!(played.failure(2).1.ends_with("\"/items\" is an empty list"));
    assert_eq!(played.executed.tasks[1].attempts, 0);
}

#[tokio::test(start_paused = true)]
async fn filled_arguments_are_validated() {
    let played = play([
        task(1, "echo", json!({"text": "words"})),
        task(2, "sleep", json!({"ms": "${t1:/text}"})),
    ])
    .await;
    let (code, words) = played.failure(1);
    assert_eq!(code, "invalid_arguments");
    assert!(words.starts_with("/ms:"), "{words}");
    assert_eq!(played.executed.tasks[1].arguments, json!({"ms": "${t1:/text}"}));
}

#[tokio::test(start_paused = true)]
async fn whatever_depends_on_a_broken_task_is_skipped() {
    let fake = Fake::new(Options::default());
    let stage = Stage::default().with("fake", json!({}), fake.connect());
    let mut playing = stage.play().await;
    playing.plan(task(1, "fail", json!({"text": "no"})));
    playing.plan(after(task(2, "echo", json!({})), &["t1"]));
    playing.plan(after(task(3, "echo", json!({})), &["t2", "t4"]));
    playing.plan(task(4, "echo", json!({})));
    let failure =
        Failure { code: "duplicate_id".into(), message: "the id t4 is taken".into(), todo: None };
    let (id, tool_name) = ("t5".to_owned(), "echo".to_owned());
    playing.reject(Rejected { id, tool_name, description: String::new(), failure });
    playing.plan(after(task(6, "echo", json!({})), &["t5"]));
    let played = playing.ended().await;
    for (index, because) in [(1, 1), (2, 2), (5, 5)] {
        assert_eq!(played.status(index), TaskStatus::Skipped);
        let (code, words) = played.failure(index);
        assert_eq!(code, "dependency_failed");
        assert!(words.starts_with(&format!("because task {because} ")), "{words}");
    }
    assert_eq!(played.failure(1).1, "because task 1 failed");
    assert_eq!(played.failure(4), ("duplicate_id", "the id t4 is taken"));
    assert_eq!(played.status(3), TaskStatus::Completed);
    assert_eq!(fake.record().calls("echo"), 1);
}

#[tokio::test(start_paused = true)]
async fn circles_are_named_task_by_task() {
    let played = play([
        after(task(1, "echo", json!({})), &["t2"]),
        after(task(2, "echo", json!({})), &["t3"]),
        task(3, "echo", json!({"text": "${t1}"})),
        after(task(4, "echo", json!({})), &["t3"]),
        task(5, "echo", json!({"text": "${t5}"})),
        task(6, "echo", json!({})),
    ])
    .await;
    let circle = "task 1 (t1) waits for task 2 (t2), which waits for task 3 (t3), which waits for task 1 (t1)";
    for index in 0..3 {
        assert_eq!(played.failure(index), ("dependency_cycle", circle));
    }
    assert_eq!(played.status(3), TaskStatus::Skipped);
    assert_eq!(played.failure(4), ("dependency_cycle", "task 5 (t5) waits for task 5 (t5)"));
    assert_eq!(played.status(5), TaskStatus::Completed);
}

#[tokio::test(start_paused = true)]
async fn what_the_plan_never_brings_is_not_waited_for() {
    let played = play([
        task(1, "echo", json!({"text": "${HOME}"})),
        after(task(2, "echo", json!({})), &["t9", "t3"]),
        task(3, "echo", json!({})),
        after(task(4, "echo", json!({})), &["t2"]),
    ])
    .await;
    assert_eq!(played.failure(0).0, "unknown_dependency");
    assert!(played.failure(0).1.contains("\"HOME\""));
    assert!(played.failure(1).1.contains("\"t9\"") && !played.failure(1).1.contains("\"t3\""));
    assert_eq!(played.failure(3).1, "because task 2 failed");
}

#[tokio::test(start_paused = true)]
async fn the_ids_of_identical_calls_lead_to_one_task() {
    let fake = Fake::new(Options::default());
    let stage = Stage::default().with("fake", json!({}), fake.connect());
    let mut playing = stage.play().await;
    let once = task(1, "echo", json!({"text": "once"}));
    playing.plan(Task { aliases: vec!["also".to_owned()], ..once });
    playing.plan(task(2, "echo", json!({"text": "${also:/text}"})));
    playing.plan(task(3, "echo", json!({"text": "${later:/text} ${t1:/text}"})));
    playing.alias(0, "later");
    let played = playing.ended().await;
    assert_eq!(echoed(&played, 1), json!({"text": "once"}));
    assert_eq!(echoed(&played, 2), json!({"text": "once once"}));
    assert_eq!(fake.record().calls("echo"), 3);
}

#[tokio::test(start_paused = true)]
async fn a_chain_as_long_as_a_plan_neither_stalls_nor_overflows() {
    let chain = |first: &str| {
        let first = task(1, first, json!({"text": "x"}));
        let rest = (2..=3000).map(|n| after(task(n, "echo", json!({})), &[&format!("t{}", n - 1)]));
        std::iter::once(first).chain(rest).collect::<Vec<_>>()
    };
    let broken = play(chain("fail")).await;
    assert_eq!(broken.status(2999), TaskStatus::Skipped);
    let mut whole = chain("echo");
    whole.truncate(300);
    let whole = play(whole).await;
    assert_eq!(whole.started(), (0..300).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn unknown_tools_are_said_to_be_unknown() {
    let played = play([task(1, "nonsense", json!({})), task(2, "fake__echo", json!({}))]).await;
    assert_eq!(played.failure(0), ("unknown_tool", "no connected server has a tool \"nonsense\""));
    assert_eq!(played.status(1), TaskStatus::Completed);
    assert_eq!(played.executed.tasks[0].server, None);
}
