//! Planning that is stopped, and answers that are given without a plan: nothing of them is lost.

use std::time::Duration;

use futures::StreamExt;
use serde_json::{Value, json};
use trawl_core::event::{Event, EventKind};
use trawl_core::history::{History, RunState};
use trawl_core::mcp::Connections;
use trawl_tests::clock::Clock;
use trawl_tests::fake_llm::{End, FakeLlm, Protocol, Reply};
use trawl_tests::with_model::{
    WithModel, echoes, events, failed, finished, outcomes, said, seen, streamed,
};

const OPENAI: Protocol = Protocol::Openai;

/// Of a run, where the settings say so.
const LIMIT: Duration = Duration::from_secs(30);

fn broken_and_good() -> Reply {
    let broken = json!({"tool_name": "nothing__here", "tool_arguments": {}});
    let good = json!({"tool_name": "fake__echo", "tool_arguments": {"text": "one"}});
    Reply::json(
        OPENAI,
        &json!({"tasks": [broken, good, {"tool_name": "fake__sleep",
        "tool_arguments": {"ms": "soon"}}]}),
    )
}

/// Settings whose run has a limit of time below all others.
fn limited() -> Value {
    json!({"limits": {"runTimeoutSeconds": LIMIT.as_secs()}})
}

fn hanging(text: &str) -> Reply {
    Reply::text(OPENAI, text).unfinished(End::Hang)
}

/// Asks, and stops the tasks at an event, once so many requests are there.
async fn stopped_at(
    stage: &WithModel,
    llm: &FakeLlm,
    requests: usize,
    at: fn(&EventKind) -> bool,
) -> Vec<Event> {
    let run = stage.start("Echo.", None);
    let mut following = Box::pin(run.follow(None));
    while let Some(event) = following.next().await {
        if at(&event.kind) {
            llm.asked(requests).await;
            run.control().stop_tasks();
        }
    }
    events(&run).await
}

#[tokio::test]
async fn tasks_that_waited_for_their_repair_end_with_the_plan() {
    let llm = FakeLlm::start([
        broken_and_good(),
        hanging("{\"tasks\": ["),
        Reply::text(OPENAI, "One [2]."),
    ])
    .await;
    let stage = WithModel::new(OPENAI, &llm, &json!({}));
    let at = |kind: &EventKind| matches!(kind, EventKind::TaskFinished { index: 1, .. });
    let told = stopped_at(&stage, &llm, 2, at).await;
    assert_eq!(outcomes(&told), ["unknown_tool", "completed", "invalid_arguments"]);
    let finished = finished(&told);
    assert!(finished.answer.starts_with("One [2]."), "{}", finished.answer);
    let usage = finished.usage.unwrap();
    assert!(usage.calls >= 2 && usage.input_tokens >= 200, "the plan is paid for: {usage:?}");
    // The same at the run's limit of time.
    let llm = FakeLlm::start([
        broken_and_good(),
        hanging("{\"tasks\": ["),
        Reply::text(OPENAI, "One [2]."),
    ])
    .await;
    let clock = Clock::stopped();
    let run = WithModel::new(OPENAI, &llm, &limited()).start("Echo.", None);
    seen(&run, at).await;
    llm.asked(2).await;
    clock.pass(LIMIT).await;
    let told = events(&run).await;
    assert_eq!(outcomes(&told), ["unknown_tool", "completed", "invalid_arguments"]);
}

#[tokio::test]
async fn a_plan_that_is_cut_off_is_no_whole_answer() {
    let cut = || Reply::broken(OPENAI, &echoes(&["one", "two"]), "two", End::Hang);
    // Whoever writes it: the model, or the built-in writer where the model fails.
    let answers = [(Reply::text(OPENAI, "One [1]."), "One [1]."), (Reply::status(401, ""), "[1]")];
    let clock = Clock::stopped();
    for (answer, text) in answers {
        let folder = tempfile::tempdir().unwrap();
        let history = History::open(folder.path()).unwrap();
        let llm = FakeLlm::start([cut(), answer]).await;
        let stage = WithModel::new(OPENAI, &llm, &limited()).kept_in(history.clone());
        let run = stage.start("Echo.", None);
        seen(&run, |kind| matches!(kind, EventKind::TaskFinished { .. })).await;
        clock.pass(LIMIT).await;
        let told = events(&run).await;
        let done = finished(&told);
        assert_eq!((outcomes(&told), done.not_consulted.len()), (vec!["completed".to_owned()], 0));
        assert!(done.partial && done.answer.contains(text), "{}", done.answer);
        let why = "*The plan broke off: the run's limit of time passed;";
        assert!(done.answer.contains(why) && streamed(&told) == done.answer, "{}", done.answer);
        let kept = history.run(run.id()).unwrap().unwrap();
        assert_eq!(kept.listed.state, RunState::Partial);
    }
}

/// The repair never ends: what waits for it is not done when the tasks are stopped.
#[tokio::test]
async fn a_task_that_waits_for_a_tools_only_call_does_not_wait_for_the_repair() {
    let task = |id: &str, arguments: Value, depends_on: Value| {
        json!({"id": id, "tool_name": "fake__echo", "tool_arguments": arguments,
            "depends_on": depends_on})
    };
    let plan = json!({"tasks": [
        task("a", json!({"text": "one"}), json!([])),
        task("b", json!({"text": "two"}), json!(["fake__echo"])),
        {"id": "c", "tool_name": "fake__sleep", "tool_arguments": {"ms": "soon"}},
    ]});
    let llm = FakeLlm::start([
        Reply::json(OPENAI, &plan),
        hanging("{\"tasks\": ["),
        Reply::text(OPENAI, "Both [1][2]."),
    ])
    .await;
    let stage = WithModel::new(OPENAI, &llm, &json!({}));
    let at = |kind: &EventKind| matches!(kind, EventKind::TaskFinished { index: 1, .. });
    let told = stopped_at(&stage, &llm, 2, at).await;
    assert_eq!(outcomes(&told), ["completed", "completed", "invalid_arguments"]);
}

#[tokio::test]
async fn planning_that_takes_all_the_time_ends_as_timed_out() {
    let clock = Clock::stopped();
    // Planning and tasks see the limit at the same moment; which of them is the first is chance.
    let asked = (0..8).map(|_| async {
        let llm = FakeLlm::start([Reply::bytes("").only(0, End::Hang)]).await;
        let run = WithModel::new(OPENAI, &llm, &limited()).start("Echo.", None);
        llm.asked(1).await;
        (llm, run)
    });
    let asked = futures::future::join_all(asked).await;
    clock.pass(LIMIT).await;
    for (_llm, run) in asked {
        let told = events(&run).await;
        let (code, message) = failed(&told);
        assert_eq!(code, "timed_out", "{message}");
        assert!(message.contains("before it had a task; raise limits.runTimeoutSeconds"));
    }
}

#[tokio::test]
async fn a_run_that_is_cancelled_during_a_repair_has_no_open_task() {
    let llm = FakeLlm::start([broken_and_good(), hanging("{\"tasks\": [")]).await;
    let stage = WithModel::new(OPENAI, &llm, &json!({}));
    let run = stage.start("Echo.", None);
    let mut following = Box::pin(run.follow(None));
    while let Some(event) = following.next().await {
        if matches!(event.kind, EventKind::TaskFinished { .. }) {
            llm.asked(2).await;
            run.control().cancel();
        }
    }
    assert_eq!(outcomes(&events(&run).await).len(), 3);
    llm.hung_up().await;
}

#[tokio::test]
async fn a_repair_that_breaks_is_paid_for() {
    let half = Reply::text(OPENAI, "{\"tasks\": [{\"tool").unfinished(End::Cut);
    let llm = FakeLlm::start([broken_and_good(), half, Reply::text(OPENAI, "One [2].")]).await;
    let told = WithModel::new(OPENAI, &llm, &json!({})).ask("Echo.").await;
    let planned = told.iter().find_map(|event| match &event.kind {
        EventKind::Planned { usage: Some(usage), note: Some(note), .. } => Some((usage, note)),
        _ => None,
    });
    let (usage, note) = planned.unwrap();
    assert!(note.contains("could not be repaired") && usage.calls == 2, "{usage:?} {note}");
    assert_eq!(finished(&told).usage.unwrap().calls, 3);
}

/// A stage without a tool.
fn bare(llm: &FakeLlm, more: &Value) -> WithModel {
    let mut stage = WithModel::new(OPENAI, llm, more);
    stage.agent.connections = Connections::new(None);
    stage
}

#[tokio::test]
async fn an_answer_without_a_source_cites_none() {
    let direct = json!({"tasks": [], "answer": "As I said [1], \"it is four of them\" [2.1]."});
    let llm = FakeLlm::start([Reply::json(OPENAI, &direct)]).await;
    let told = WithModel::new(OPENAI, &llm, &json!({})).ask("2 + 2?").await;
    let done = finished(&told);
    assert_eq!(done.answer, "As I said, \"it is four of them\".");
    assert_eq!((done.citations_removed, done.citations.len(), done.partial), (2, 0, false));
    let llm = FakeLlm::start([Reply::text(OPENAI, "Nobody knows [1].")]).await;
    let told = bare(&llm, &json!({})).ask("Who knows?").await;
    assert_eq!(
        (finished(&told).answer.as_str(), finished(&told).citations_removed),
        ("Nobody knows.", 1)
    );
}

#[tokio::test]
async fn a_direct_answer_that_breaks_off_stays_and_is_partial() {
    let half =
        |end: End| Reply::text(OPENAI, "{\"tasks\": [], \"answer\": \"It is **fo").unfinished(end);
    let idle = json!({"model": {"idleTimeoutSeconds": 2}});
    for end in [End::Cut, End::Hang] {
        let planning = FakeLlm::start([half(end.clone())]).await;
        let planned = WithModel::new(OPENAI, &planning, &idle).ask("2 + 2?").await;
        let answering = FakeLlm::start([Reply::text(OPENAI, "It is **fo").unfinished(end)]).await;
        let bare = bare(&answering, &idle).ask("2 + 2?").await;
        for told in [planned, bare] {
            let done = finished(&told);
            assert!(
                done.partial && done.answer.starts_with("It is **fo\n\n*The answer broke off: ")
            );
            assert_eq!(streamed(&told), done.answer);
        }
    }
}

#[tokio::test]
async fn a_direct_answer_that_is_stopped_keeps_what_was_shown() {
    let at = |kind: &EventKind| matches!(kind, EventKind::AnswerDelta { .. });
    let llm = FakeLlm::start([hanging("It is")]).await;
    let told = stopped_at(&bare(&llm, &json!({})), &llm, 1, at).await;
    assert_eq!(finished(&told).answer, "It is\n\n*The answer broke off: it was stopped.*");
    let slow = End::Trickle(
        format!("data: {}\n\n", json!({"choices": [{"delta": {"content": " so"}}]})).into_bytes(),
        Duration::from_millis(20),
    );
    let llm = FakeLlm::start([Reply::text(OPENAI, "It is").unfinished(slow)]).await;
    let clock = Clock::stopped();
    let run = bare(&llm, &limited()).start("2 + 2?", None);
    said(&run, "It is so").await;
    clock.pass(LIMIT).await;
    let told = events(&run).await;
    let done = finished(&told);
    assert!(done.partial && done.answer.contains("limits.runTimeoutSeconds"), "{}", done.answer);
    assert!(done.answer.starts_with("It is so") && done.usage.is_some(), "{}", done.answer);
}

/// One piece of an answer, as a server of this protocol sends it.
fn piece(text: &str) -> String {
    format!("data: {}\n\n", json!({"choices": [{"delta": {"content": text}}]}))
}

#[tokio::test]
async fn an_answer_that_never_ends_is_stopped_at_its_size() {
    let words = "And more of it. ".repeat(60);
    let fast = Reply::text(OPENAI, "So [1]. ").unfinished(End::Endless(piece(&words).into_bytes()));
    let llm = FakeLlm::start([Reply::json(OPENAI, &echoes(&["one"])), fast]).await;
    let told = WithModel::new(OPENAI, &llm, &json!({})).ask("Echo one.").await;
    let done = finished(&told);
    assert!(done.partial && done.answer.starts_with("So [1]."));
    assert!(
        done.answer.contains("wrote more than 262144 bytes"),
        "{}",
        &done.answer[done.answer.len() - 600..]
    );
    llm.hung_up().await;
}

#[tokio::test]
async fn an_answer_that_never_ends_is_stopped_by_the_runs_limit_of_time() {
    let slow = End::Trickle(piece("on ").into_bytes(), Duration::from_millis(20));
    let planned = Reply::json(OPENAI, &echoes(&["one"]));
    let llm = FakeLlm::start([planned, Reply::text(OPENAI, "So [1] ").unfinished(slow)]).await;
    // In real time, in which it trickles; a busy machine makes it trickle less.
    let limit = json!({"limits": {"runTimeoutSeconds": 4}});
    let told = WithModel::new(OPENAI, &llm, &limit).ask("Echo one.").await;
    let done = finished(&told);
    assert!(done.partial && done.answer.starts_with("So [1] on"), "{}", done.answer);
    assert!(
        done.answer.contains("still writing when the run's limit of time passed"),
        "{}",
        done.answer
    );
    assert!(done.answer.contains("no language model wrote this"), "{}", done.answer);
    llm.hung_up().await;
}

#[tokio::test]
async fn tasks_that_used_up_the_time_leave_some_for_the_answer() {
    let task = |tool: &str| json!({"tool_name": tool, "tool_arguments": {"text": "one"}});
    let plan = json!({"tasks": [task("fake__echo"), task("fake__hang")]});
    let llm = FakeLlm::start([Reply::json(OPENAI, &plan), Reply::text(OPENAI, "So [1].")]).await;
    let clock = Clock::stopped();
    let stage = WithModel::new(OPENAI, &llm, &limited());
    let run = stage.start("Echo one.", None);
    seen(&run, |kind| matches!(kind, EventKind::TaskFinished { index: 0, .. })).await;
    stage.mcp.record().until(|record| record.calls("hang") == 1).await;
    clock.pass(LIMIT).await;
    let told = events(&run).await;
    assert_eq!(outcomes(&told)[0], "completed");
    assert_eq!(finished(&told).answer, "So [1].");
}
