//! The whole way from a question to its answer, with real MCP at the far end of each wire.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use serde_json::json;
use tempfile::TempDir;
use trawl_core::event::{Event, EventKind, Finished, TaskStatus};
use trawl_core::history::{History, ListQuery, RunState};
use trawl_core::initialize::RefusedQuestion;
use trawl_core::mcp::Connections;
use trawl_core::pipeline::Agent;
use trawl_core::request::Approval;
use trawl_core::request::Request;
use trawl_core::request::Wait;
use trawl_core::settings::{ServerEntry, Settings};
use trawl_tests::fake_mcp::{Fake, Options};
use trawl_tests::{grammar, keychain};

const UPSTREAM: &str = "How many stories have upstream keyword?";

fn agent(settings: &Settings, folder: &TempDir) -> Agent {
    let connections = Connections::new(None);
    connections.apply(settings);
    let history = History::open(folder.path()).expect("a writable folder");
    keychain::agent(connections, Some(history))
}

fn request(question: &str, settings: &Settings) -> Request {
    Request {
        question: question.to_owned(),
        continues: None,
        approval: Approval::ReadOnly,
        reuse: None,
        wait: Wait::Each,
        settings: Arc::new(settings.clone()),
    }
}

async fn events_of(agent: &Agent, request: Request) -> Vec<Event> {
    let run = agent.ask(request).expect("a question that is asked");
    run.ended().await;
    let events: Vec<Event> = run.follow(None).map(|event| (*event).clone()).collect().await;
    grammar::check(&events).unwrap_or_else(|broken| panic!("{broken}\n{events:#?}"));
    events
}

fn finished(events: &[Event]) -> &Finished {
    match &events.last().expect("a last event").kind {
        EventKind::Finished(finished) => finished,
        other => panic!("the run ended with {other:?}"),
    }
}

fn failed(events: &[Event]) -> (&str, &str) {
    match &events.last().expect("a last event").kind {
        EventKind::Failed { code, message, .. } => (code, message),
        other => panic!("the run ended with {other:?}"),
    }
}

fn nobody() -> Settings {
    Settings::from_json(&json!({"mcpServers": {}}))
}

#[tokio::test]
async fn a_first_question_is_answered_with_nothing_configured() {
    let folder = TempDir::new().expect("a folder");
    let settings = Settings::default();
    let agent = agent(&settings, &folder);
    let events = events_of(&agent, request(UPSTREAM, &settings)).await;
    let finished = finished(&events);
    assert!(finished.answer.contains("**17 results"), "{}", finished.answer);
    assert!(finished.answer.contains("[1]") && !finished.citations.is_empty());
    assert!(!finished.partial && finished.not_consulted.is_empty());
    let queries: Vec<&str> = events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::TaskPlanned { arguments, .. } => arguments["query"].as_str(),
            _ => None,
        })
        .collect();
    assert_eq!(queries, ["upstream", "tag:upstream", "author:upstream"]);
}

#[tokio::test]
async fn a_past_run_is_the_events_that_happened() {
    let folder = TempDir::new().expect("a folder");
    let settings = Settings::default();
    let agent = agent(&settings, &folder);
    let run = agent.ask(request(UPSTREAM, &settings)).expect("a question");
    run.ended().await;
    let live: Vec<Event> = run.follow(None).map(|event| (*event).clone()).collect().await;

    let reopened = History::open(folder.path()).expect("the same folder");
    assert_eq!(reopened.events(run.id(), None).expect("events"), live);
    assert_eq!(reopened.events(run.id(), Some(2)).expect("events"), live[3..]);
    let listed = reopened.list(&ListQuery { limit: 10, ..ListQuery::default() }).expect("a list");
    assert_eq!((listed.total, listed.runs[0].state), (1, RunState::Finished));
    let kept = reopened.result(run.id(), 0).expect("a result").expect("one for task 1");
    assert_eq!(Some(kept), run.result(0));
}

#[tokio::test]
async fn a_server_that_fails_makes_the_answer_partial_and_is_named_in_it() {
    let folder = TempDir::new().expect("a folder");
    let settings = Settings::from_json(&json!({"mcpServers": {
        "stories": {"builtin": "stories"},
        "gone": {"command": "no-such-command-anywhere"},
    }}));
    let agent = agent(&settings, &folder);
    let events = events_of(&agent, request(UPSTREAM, &settings)).await;
    let finished = finished(&events);
    assert!(finished.partial);
    assert_eq!(finished.not_consulted[0].server.as_deref(), Some("gone"));
    assert!(finished.answer.contains("gone") && finished.answer.contains("**17 results"));
}

#[tokio::test]
async fn a_question_that_no_tool_fits_says_what_to_do() {
    let folder = TempDir::new().expect("a folder");
    let settings = nobody();
    let agent = agent(&settings, &folder);
    let events = events_of(&agent, request(UPSTREAM, &settings)).await;
    let (code, message) = failed(&events);
    assert_eq!(code, "no_tools");
    assert!(message.contains("add a server"), "{message}");
}

#[tokio::test]
async fn blank_and_huge_questions_start_no_run() {
    let folder = TempDir::new().expect("a folder");
    let settings = nobody();
    let agent = agent(&settings, &folder);
    assert_eq!(agent.ask(request(" \n ", &settings)).err(), Some(RefusedQuestion::Blank));
    let huge = "why ".repeat(20_000);
    assert_eq!(agent.ask(request(&huge, &settings)).err(), Some(RefusedQuestion::TooLong(80_000)));
    let listed = agent.history.expect("one").list(&ListQuery::default()).expect("a list");
    assert_eq!(listed.total, 0);
}

#[tokio::test]
async fn without_a_history_nothing_is_followed_up() {
    let agent = keychain::agent(Connections::new(None), None);
    let follow_up = Request { continues: Some(uuid::Uuid::new_v4()), ..request("why?", &nobody()) };
    assert_eq!(agent.ask(follow_up).err(), Some(RefusedQuestion::NoHistory));
}

/// One fake server whose only tool that fits is the one the question names.
fn with_fake(folder: &TempDir) -> (Agent, Fake) {
    let settings = nobody();
    let agent = agent(&settings, folder);
    let fake = Fake::new(Options::default());
    let entry = ServerEntry { read_only: true, ..ServerEntry::builtin("fake") };
    agent.connections.attach("fake", entry, fake.connect());
    (agent, fake)
}

#[tokio::test]
async fn a_run_fails_only_when_every_task_did() {
    let folder = TempDir::new().expect("a folder");
    let (agent, _fake) = with_fake(&folder);
    let events = events_of(&agent, request("fail", &nobody())).await;
    let (code, message) = failed(&events);
    assert_eq!(code, "all_tasks_failed", "{events:#?}");
    assert!(message.contains("task 1"), "{message}");
}

/// As the window waits: a question is asked without a server that takes its time, which goes on
/// connecting meanwhile and is there for the next one.
#[tokio::test(start_paused = true)]
async fn a_server_that_takes_its_time_is_left_out_and_there_for_the_next_question() {
    let agent = keychain::agent(Connections::new(None), None);
    for (name, seconds) in [("fake", 0), ("slow", 12)] {
        let slow_start = Duration::from_secs(seconds);
        let fake = Fake::new(Options { slow_start, ..Options::default() });
        let entry = ServerEntry { read_only: true, ..ServerEntry::builtin(name) };
        agent.connections.attach(name, entry, fake.connect());
    }
    let wait = Wait::AtMost(Duration::from_secs(3));
    let ask = async || {
        let request = Request { wait, ..request("echo \"hello there\"", &nobody()) };
        events_of(&agent, request).await
    };
    let first = ask().await;
    let left_out = finished(&first);
    assert!((left_out.timings.discover_ms - 3000.0).abs() < 1.0, "{:?}", left_out.timings);
    let gaps: Vec<_> = left_out.not_consulted.iter().map(|gap| gap.server.as_deref()).collect();
    assert_eq!((gaps, left_out.partial), (vec![Some("slow")], true));
    let reason = &left_out.not_consulted[0].reason;
    assert_eq!(reason, "slow was not ready within 3 s; it is still being connected");
    assert!(left_out.answer.contains("[1]"), "{}", left_out.answer);
    tokio::time::sleep(Duration::from_secs(20)).await;
    let second = ask().await;
    assert!(!finished(&second).partial, "{:?}", finished(&second).not_consulted);
    assert!(finished(&second).timings.discover_ms < 1.0);
    let ready = |event: &&Event| matches!(event.kind, EventKind::ServerReady { .. });
    assert_eq!(second.iter().filter(ready).count(), 2);
}

/// Its own limit is 30 s, the run's is 10.
#[tokio::test(start_paused = true)]
async fn a_server_that_hangs_leaves_the_run_time_to_ask_the_others() {
    let limits = json!({"mcpServers": {}, "limits": {"runTimeoutSeconds": 10}});
    let agent = keychain::agent(Connections::new(None), None);
    for (name, mute) in [("fake", false), ("mute", true)] {
        let fake = Fake::new(Options { mute, ..Options::default() });
        let entry = ServerEntry { read_only: true, ..ServerEntry::builtin(name) };
        agent.connections.attach(name, entry, fake.connect());
    }
    let asked = request("echo \"hello there\"", &Settings::from_json(&limits));
    let events = events_of(&agent, asked).await;
    let finished = finished(&events);
    assert!(finished.partial, "{}", finished.answer);
    let gap = &finished.not_consulted[0];
    assert_eq!(gap.server.as_deref(), Some("mute"));
    assert!(gap.reason.contains("half of the run's limit of time"), "{}", gap.reason);
}

#[tokio::test(start_paused = true)]
async fn cancelling_ends_the_run_and_every_open_task() {
    let folder = TempDir::new().expect("a folder");
    let (agent, fake) = with_fake(&folder);
    let run = agent.ask(request("hang", &nobody())).expect("a question");
    let mut events = Box::pin(run.follow(None));
    while let Some(event) = events.next().await {
        if matches!(event.kind, EventKind::TaskStarted { .. }) {
            run.control().cancel();
            break;
        }
    }
    let rest: Vec<_> = events.collect().await;
    let ended = rest.iter().filter_map(|event| match &event.kind {
        EventKind::TaskFinished { status, .. } => Some(*status),
        _ => None,
    });
    assert!(
        ended.clone().count() > 0 && ended.clone().all(|status| status == TaskStatus::Cancelled)
    );
    assert_eq!(rest.last().map(|event| &event.kind), Some(&EventKind::Cancelled {}));
    tokio::time::timeout(Duration::from_secs(5), async {
        while fake.record().cancellations() == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("the server is told");
}

/// Nobody has said yet that the server is trusted.
#[tokio::test]
async fn a_run_whose_only_call_was_not_allowed_is_declined_and_not_failed() {
    let folder = TempDir::new().expect("a folder");
    let settings = Settings::default();
    let agent = agent(&settings, &folder);
    let request = Request { approval: Approval::Ask, ..request(UPSTREAM, &settings) };
    let run = agent.ask(request).expect("a question that is asked");
    let mut events = Box::pin(run.follow(None));
    while let Some(event) = events.next().await {
        if let EventKind::ApprovalRequested { indexes, tools, .. } = &event.kind {
            assert!(tools.iter().all(|call| run.asked().contains(call)), "{tools:?}");
            run.control().resolve(&[], indexes);
        }
    }
    run.ended().await;
    assert!(run.asked().is_empty());
    let events: Vec<Event> = run.follow(None).map(|event| (*event).clone()).collect().await;
    grammar::check(&events).unwrap_or_else(|broken| panic!("{broken}\n{events:#?}"));
    let (code, message) = failed(&events);
    assert_eq!(code, "declined");
    assert!(message.starts_with("you ") && !message.contains("fail"), "{message}");
    let listed =
        agent.history.expect("a history").list(&ListQuery { limit: 1, ..ListQuery::default() });
    let listed = listed.expect("a list").runs.remove(0);
    assert_eq!((listed.state, listed.code.as_deref()), (RunState::Failed, Some("declined")));
    assert_eq!(listed.declined_count, listed.task_count);
}
