//! Answers that a model writes: streamed, cut to what it reads, and held against the results.

use futures::StreamExt;
use serde_json::{Value, json};
use tempfile::TempDir;
use trawl_core::event::{CutUnit, EventKind};
use trawl_core::history::{ExportFormat, History};
use trawl_tests::fake_llm::{End, FakeLlm, Protocol, Reply};
use trawl_tests::with_model::{WithModel, echoes, events, finished, streamed};

const OPENAI: Protocol = Protocol::Openai;

fn planned() -> Reply {
    Reply::json(OPENAI, &echoes(&["The words that were really said"]))
}

/// An answer of the model to one echo.
async fn answered(reply: Reply, more: Value) -> (Vec<trawl_core::event::Event>, FakeLlm) {
    let llm = FakeLlm::start([planned(), reply]).await;
    let events = WithModel::new(OPENAI, &llm, &more).ask("What was said?").await;
    (events, llm)
}

#[tokio::test]
async fn citations_and_quotations_are_held_against_the_results() {
    let text = "It said “the words that were really said” [1], \"which was never said at all\" [1], \
        and more [2][1.7].";
    let (events, _llm) = answered(Reply::text(OPENAI, text), json!({})).await;
    let finished = finished(&events);
    assert_eq!(finished.citations_removed, 2);
    assert!(finished.answer.contains("really said” [1],"), "{}", finished.answer);
    assert!(
        finished.answer.contains("said at all\" *(not found in the sources)* [1]"),
        "{}",
        finished.answer
    );
    assert!(finished.answer.ends_with("and more."), "{}", finished.answer);
}

#[tokio::test]
async fn what_was_written_stays_when_the_model_fails_midway() {
    let broken = Reply::text(OPENAI, "It begins well [1]").unfinished(End::Cut);
    let silent = Reply::text(OPENAI, "It begins well [1]").unfinished(End::Hang);
    for reply in [broken, silent] {
        let (events, _llm) = answered(reply, json!({"model": {"idleTimeoutSeconds": 2}})).await;
        let finished = finished(&events);
        assert!(finished.partial && finished.answer.starts_with("It begins well [1]"));
        assert!(finished.answer.contains("could not finish the answer"), "{}", finished.answer);
        assert!(finished.answer.contains("no language model wrote this"), "{}", finished.answer);
        assert_eq!(streamed(&events), finished.answer);
    }
    let (events, _llm) = answered(Reply::status(500, "no"), json!({})).await;
    assert!(finished(&events).partial && finished(&events).answer.contains("really said"));
}

#[tokio::test]
async fn markup_in_an_answer_is_left_to_the_window_and_breaks_nothing() {
    let text = "<script>alert(1)</script> ![x](http://evil/p.png) <img src=x onerror=y> so [1].";
    let (events, _llm) = answered(Reply::text(OPENAI, text), json!({})).await;
    assert_eq!(finished(&events).answer, text);
    assert_eq!(finished(&events).citations.len(), 1);
}

#[tokio::test]
async fn results_beyond_the_context_are_cut_by_whole_items_and_it_is_said() {
    let items: Vec<Value> =
        (0..200).map(|n| json!({"id": n, "text": "Some words here. And more."})).collect();
    let task = json!({"tool_name": "fake__echo", "tool_arguments": {"items": items}});
    let llm = FakeLlm::start([
        Reply::json(OPENAI, &json!({"tasks": [task]})),
        Reply::text(OPENAI, "Some [1.1]."),
    ])
    .await;
    let events = WithModel::new(OPENAI, &llm, &json!({"limits": {"contextTokens": 4_000}}))
        .ask("Echo.")
        .await;
    let [cut] = finished(&events).cuts.as_slice() else { panic!("{events:#?}") };
    assert!(
        cut.read > 10 && cut.read < 100 && cut.of == 200 && cut.unit == CutUnit::Items,
        "{cut:?}"
    );
    let told = llm.requests()[1].text();
    assert!(told.contains(&format!("you see {} of 200 items", cut.read)), "{told}");
}

#[tokio::test]
async fn an_overflow_halves_what_is_read_twice_and_then_gives_up() {
    let overflow =
        || Reply::status(400, r#"{"error": {"message": "maximum context length is 1000"}}"#);
    let items: Vec<Value> =
        (0..2_000).map(|n| json!({"id": n, "text": "Some words here."})).collect();
    let task = json!({"tool_name": "fake__echo", "tool_arguments": {"items": items}});
    let plan = || Reply::json(OPENAI, &json!({"tasks": [task]}));
    let llm =
        FakeLlm::start([plan(), overflow(), overflow(), Reply::text(OPENAI, "Some [1.1].")]).await;
    let told = WithModel::new(OPENAI, &llm, &json!({})).ask("Echo.").await;
    assert_eq!(finished(&told).answer, "Some [1.1].");
    let sizes: Vec<usize> =
        llm.requests()[1..].iter().map(|request| request.text().len()).collect();
    assert!(sizes[1] < sizes[0] * 6 / 10 && sizes[2] < sizes[1] * 6 / 10, "{sizes:?}");
    let llm = FakeLlm::start([plan(), overflow(), overflow(), overflow()]).await;
    let told = WithModel::new(OPENAI, &llm, &json!({})).ask("Echo.").await;
    assert!(
        finished(&told).partial
            && finished(&told).answer.contains("longer than the model can read")
    );
}

#[tokio::test]
async fn a_server_that_read_plainly_less_than_was_sent_is_asked_with_less() {
    let items: Vec<Value> =
        (0..400).map(|n| json!({"id": n, "text": "Some words here."})).collect();
    let task = json!({"tool_name": "fake__echo", "tool_arguments": {"items": items}});
    for protocol in [Protocol::Ollama, OPENAI, Protocol::Anthropic] {
        let said = |text: &str| Reply::text(protocol, text).reading(100);
        let plan = Reply::json(protocol, &json!({"tasks": [task]}));
        let llm =
            FakeLlm::start([plan, said("One [1.1]."), said("Two [1.1]."), said("Three [1.1].")])
                .await;
        let events = WithModel::new(protocol, &llm, &json!({})).ask("Echo.").await;
        let answer = &finished(&events).answer;
        assert!(answer.starts_with("Three [1.1]."), "{answer}");
        assert!(streamed(&events).contains("Only a part of the results was read"));
        let sizes: Vec<usize> =
            llm.requests()[1..].iter().map(|request| request.text().len()).collect();
        assert!(sizes[1] < sizes[0] * 6 / 10 && sizes[2] < sizes[1] * 7 / 10, "{sizes:?}");
        if protocol == Protocol::Ollama {
            // The window is as wide as before: what did not fit is the text.
            assert!(llm.requests().iter().all(|it| it.body["options"]["num_ctx"] == 32_000));
        }
    }
}

/// Many items, planned by this protocol's model, for a server that reads a part of them.
fn planned_many(protocol: Protocol) -> Reply {
    let items: Vec<Value> =
        (0..400).map(|n| json!({"id": n, "text": "Some words here."})).collect();
    let task = json!({"tool_name": "fake__echo", "tool_arguments": {"items": items}});
    Reply::json(protocol, &json!({"tasks": [task]}))
}

#[tokio::test]
async fn an_answer_to_a_part_stays_when_asking_with_less_fails() {
    let whole = || Reply::text(Protocol::Ollama, "One [1.1].").reading(100);
    let half = Reply::text(Protocol::Ollama, "Tw").unfinished(End::Cut);
    for failing in [Reply::status(401, ""), Reply::text(Protocol::Ollama, ""), half] {
        let llm = FakeLlm::start([planned_many(Protocol::Ollama), whole(), failing]).await;
        let events = WithModel::new(Protocol::Ollama, &llm, &json!({})).ask("Echo.").await;
        let answer = &finished(&events).answer;
        assert!(
            answer.starts_with("One [1.1].\n\n*The model's server read only a part"),
            "{answer}"
        );
        assert_eq!(llm.requests().len(), 3);
    }
}

/// Anthropic counts what was read before the model writes.
#[tokio::test]
async fn an_answer_that_breaks_off_is_not_asked_for_again() {
    let half = Reply::text(Protocol::Anthropic, "It begins [1.1]").reading(100);
    let script = [planned_many(Protocol::Anthropic), half.unfinished(End::Cut)];
    let llm = FakeLlm::start(script).await;
    let events = WithModel::new(Protocol::Anthropic, &llm, &json!({})).ask("Echo.").await;
    let answer = &finished(&events).answer;
    assert!(answer.starts_with("It begins [1.1]\n\n*m could not finish the answer"), "{answer}");
    assert_eq!(llm.requests().len(), 2);
}

#[tokio::test]
async fn a_window_that_is_full_was_too_small() {
    let items: Vec<Value> =
        (0..400).map(|n| json!({"id": n, "text": "Some words here."})).collect();
    let task = json!({"tool_name": "fake__echo", "tool_arguments": {"items": items}});
    let said = |text: &str, read: usize| Reply::text(Protocol::Ollama, text).reading(read);
    let plan = Reply::json(Protocol::Ollama, &json!({"tasks": [task]}));
    let llm = FakeLlm::start([plan, said("One [1.1].", 7_990), said("Two [1.1].", 4_000)]).await;
    let limit = json!({"limits": {"contextTokens": 8_000}});
    let events = WithModel::new(Protocol::Ollama, &llm, &limit).ask("Echo.").await;
    assert_eq!(finished(&events).answer, "Two [1.1].");
    assert_eq!(llm.requests()[1].body["options"]["num_predict"], 8_000);
}

#[tokio::test]
async fn what_a_run_cost_and_how_fast_it_was_is_kept_and_exported() {
    let folder = TempDir::new().unwrap();
    let slow = |text: &str| Reply::timed(OPENAI, text, std::time::Duration::ZERO, 200.0);
    let words = "Some words that were really said. ".repeat(3);
    let plan = echoes(&[&words]).to_string();
    let llm = FakeLlm::start([slow(&plan), slow(&format!("{words} [1]"))]).await;
    let price = json!({"model": {"pricePerMillion": {"input": 2.0, "output": 10.0}}});
    let history = History::open(folder.path()).unwrap();
    let stage = WithModel::new(OPENAI, &llm, &price).kept_in(history.clone());
    let run = stage.start("What was said?", None);
    let told = events(&run).await;
    let (all, writing) = (finished(&told).usage.unwrap(), finished(&told).writing.unwrap());
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let cost = (all.input_tokens as f64 * 2.0 + all.output_tokens as f64 * 10.0) / 1e6;
    assert!((all.cost.unwrap() - cost).abs() < 1e-12 && all.calls == 2, "{all:?}");
    // How it is reckoned is the account's own test; here the clock is real.
    assert!(writing.tokens_per_second.is_some_and(|speed| speed > 0.0));
    assert_eq!((all.tokens_per_second, all.first_token_ms), (None, None), "of one call alone");
    let stored = history.events(run.id(), None).unwrap();
    assert_eq!(finished(&stored).usage, Some(all));
    assert_eq!(finished(&stored).writing, Some(writing));
    let exported = history.export(run.id(), ExportFormat::Json).unwrap();
    let exported: Value = serde_json::from_str(&exported).unwrap();
    let last = exported["events"].as_array().unwrap().last().unwrap();
    assert_eq!(last["usage"]["cost"].as_f64(), all.cost);
    assert_eq!(last["writing"]["tokensPerSecond"].as_f64(), writing.tokens_per_second);
    let mut planned = exported["events"].as_array().unwrap().iter();
    let planned = planned.rfind(|event| event["type"] == "planned").unwrap();
    assert!(planned["usage"]["tokensPerSecond"].is_f64() && planned["usage"]["cost"].is_f64());
}

#[tokio::test]
async fn a_follow_up_carries_questions_and_answers_only() {
    let folder = TempDir::new().unwrap();
    let llm = FakeLlm::start([planned(), Reply::text(OPENAI, "First answer [1].")]).await;
    let stage =
        WithModel::new(OPENAI, &llm, &json!({})).kept_in(History::open(folder.path()).unwrap());
    let first = stage.start("First question?", None);
    events(&first).await;
    llm.then(planned());
    llm.then(Reply::text(OPENAI, "Second answer [1]."));
    let second = stage.start("And then?", Some(first.id()));
    assert_eq!(finished(&events(&second).await).answer, "Second answer [1].");
    for request in &llm.requests()[2..] {
        let messages = request.body["messages"].as_array().unwrap();
        let said: Vec<&str> =
            messages.iter().map(|turn| turn["content"].as_str().unwrap()).collect();
        assert_eq!(said[1..3], ["First question?", "First answer [1]."]);
        assert!(said[3].starts_with("And then?"));
    }
    assert!(!llm.requests()[2].text().contains("really said"));
}

/// Another process holds the history until the follow-up is asked.
#[tokio::test]
async fn a_follow_up_knows_an_answer_that_is_not_written_yet() {
    let folder = TempDir::new().unwrap();
    let llm = FakeLlm::start([planned(), Reply::text(OPENAI, "First answer [1].")]).await;
    let stage =
        WithModel::new(OPENAI, &llm, &json!({})).kept_in(History::open(folder.path()).unwrap());
    let other = rusqlite::Connection::open(folder.path().join("history.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let first = stage.start("First question?", None);
    let told: Vec<_> = first.follow(None).collect().await;
    assert!(told.last().unwrap().kind.is_terminal());
    llm.then(planned());
    llm.then(Reply::text(OPENAI, "Second answer [1]."));
    let second = stage.start("And then?", Some(first.id()));
    other.execute_batch("COMMIT").unwrap();
    events(&second).await;
    let planning = llm.requests()[2].text();
    assert!(
        planning.contains("First question?") && planning.contains("First answer"),
        "{planning}"
    );
}

#[tokio::test]
async fn cancelling_in_the_middle_of_an_answer_closes_the_request() {
    let reply = Reply::text(OPENAI, "It begins").unfinished(End::Hang);
    let llm = FakeLlm::start([planned(), reply]).await;
    let stage = WithModel::new(OPENAI, &llm, &json!({}));
    let run = stage.start("What was said?", None);
    let mut following = Box::pin(run.follow(None));
    while let Some(event) = following.next().await {
        if matches!(event.kind, EventKind::AnswerDelta { .. }) {
            run.control().cancel();
        }
    }
    llm.hung_up().await;
    let events = events(&run).await;
    assert_eq!(events.last().map(|event| &event.kind), Some(&EventKind::Cancelled {}));
}
