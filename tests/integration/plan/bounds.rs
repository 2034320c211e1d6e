//! Plans without an end, from servers that are none, in prompts that do not fit: each has its limit,
//! and what can be answered is answered.

use std::time::Duration;

use serde_json::{Value, json};
use trawl_core::event::EventKind;
use trawl_core::history::History;
use trawl_core::mcp::Connections;
use trawl_tests::fake_llm::{End, FakeLlm, Protocol, Reply};
use trawl_tests::with_model::{
    WithModel, echoes, events, failed, finished, note, outcomes, planners,
};

const OPENAI: Protocol = Protocol::Openai;

fn none() -> Value {
    json!({})
}

fn delta(delta: Value) -> Vec<u8> {
    format!("data: {}\n\n", json!({"choices": [{"delta": delta}]})).into_bytes()
}

fn endless(piece: Value) -> Reply {
    Reply::bytes("").only(0, End::Endless(delta(piece)))
}

#[tokio::test]
async fn prose_and_thinking_without_an_end_give_way_to_the_built_in_planner() {
    let words = "I would search for it in several places. ".repeat(100);
    for (reply, limit) in [
        (endless(json!({"content": words})), 64 * 1024 + 32 * 2 * 1024),
        (endless(json!({"reasoning_content": words})), 512 * 1024),
    ] {
        let llm = FakeLlm::start([reply, Reply::text(OPENAI, "Found [1].")]).await;
        let asking = WithModel::new(OPENAI, &llm, &none());
        let asked =
            tokio::time::timeout(Duration::from_mins(3), asking.ask("echo \"hello there\""));
        let events = asked.await.expect("an end");
        assert_eq!(planners(&events), ["m", "builtin"]);
        let note = note(&events);
        assert!(note.contains(&format!("wrote more than {limit} bytes")), "{note}");
        assert_eq!(finished(&events).answer, "Found [1].");
        llm.hung_up().await;
    }
}

#[tokio::test]
async fn what_is_no_models_server_costs_the_model_but_not_the_answer() {
    let page = "<!DOCTYPE html>\n<html><head><title>Hello</title></head></html>";
    for (reply, reason) in [
        (Reply::bytes(page).header("content-type", "text/html"), "web page"),
        (Reply::status(404, page), "Hello"),
        (Reply::raw("SSH-2.0-OpenSSH_9.2\r\n"), "does not speak http"),
        (Reply::raw(b"\xff\xfe\x00\x01".to_vec()), "does not"),
    ] {
        let llm = FakeLlm::start([reply]).await;
        let events = WithModel::new(OPENAI, &llm, &none()).ask("echo \"hello there\"").await;
        let note = note(&events);
        assert!(note.contains(reason) && note.contains("took over"), "{note}");
        let finished = finished(&events);
        assert!(finished.partial && finished.answer.contains("### Echo"), "{}", finished.answer);
        assert!(finished.answer.contains("was not asked to write"), "{}", finished.answer);
        assert_eq!(llm.requests().len(), 1, "nobody asks it again");
    }
}

#[tokio::test]
async fn bytes_that_are_no_utf8_cost_their_letters_alone() {
    let plan = echoes(&["one XX"]).to_string();
    let quoted = json!({"choices": [{"delta": {"content": plan}}]}).to_string();
    let mut bytes = format!("data: {quoted}\n\ndata: [DONE]\n\n").into_bytes();
    let at = bytes.windows(2).position(|pair| pair == b"XX").unwrap();
    bytes[at..at + 2].copy_from_slice(b"\xff\xfe");
    let llm = FakeLlm::start([Reply::bytes(bytes), Reply::text(OPENAI, "Echoed [1].")]).await;
    let events = WithModel::new(OPENAI, &llm, &none()).ask("Echo.").await;
    assert_eq!(outcomes(&events), ["completed"]);
    assert!(events.iter().any(|event| matches!(&event.kind,
        EventKind::TaskPlanned { arguments, .. } if arguments["text"] == "one \u{fffd}\u{fffd}")));
}

#[tokio::test]
async fn a_task_in_the_same_packet_as_an_error_runs() {
    let plan = echoes(&["one", "two"]).to_string();
    let begun = &plan[..plan.find("two").unwrap()];
    let mut bytes = delta(json!({"content": begun}));
    bytes.extend(format!("data: {}\n\n", json!({"error": {"code": 502}})).bytes());
    let llm = FakeLlm::start([Reply::bytes(bytes), Reply::text(OPENAI, "One [1].")]).await;
    let events = WithModel::new(OPENAI, &llm, &none()).ask("Echo.").await;
    assert_eq!((outcomes(&events), planners(&events)), (vec!["completed".to_owned()], vec!["m"]));
    assert!(note(&events).contains("the plan broke off"), "{}", note(&events));
    assert_eq!(finished(&events).answer, "One [1].");
}

#[tokio::test]
async fn an_answer_without_a_tool_is_asked_again_with_less_of_the_thread() {
    let folder = tempfile::tempdir().unwrap();
    let long = format!("It is so.{}", " And so it goes on and on.".repeat(400));
    let overflow = json!({"error": {"message": "the prompt exceeds the model's context length"}});
    let overflow = || Reply::status(400, &overflow.to_string());
    // Told before its first text that only a part was read.
    let part = Reply::text(Protocol::Anthropic, "Which one?").reading(100);
    for (protocol, again) in [(OPENAI, overflow()), (Protocol::Anthropic, part)] {
        let answer = |text: &str| Reply::text(protocol, text);
        let llm = FakeLlm::start([answer(&long), again, answer("It still is.")]).await;
        let stage = WithModel::new(protocol, &llm, &none());
        let mut stage = stage.kept_in(History::open(folder.path()).unwrap());
        stage.agent.connections = Connections::new(None);
        let first = stage.start("Is it so?", None);
        assert_eq!(finished(&events(&first).await).answer, long);
        let told = events(&stage.start("And now?", Some(first.id()))).await;
        assert_eq!(finished(&told).answer, "It still is.");
        let sizes: Vec<usize> = llm.requests().iter().map(|asked| asked.text().len()).collect();
        assert!(sizes[1] > long.len() && sizes[2] < long.len(), "{protocol:?}: {sizes:?}");
    }
    // A question alone does not become shorter.
    let llm = FakeLlm::start([overflow(), Reply::text(OPENAI, "Again.")]).await;
    let mut stage = WithModel::new(OPENAI, &llm, &none());
    stage.agent.connections = Connections::new(None);
    let told = stage.ask("Is it so?").await;
    assert_eq!((failed(&told).0, llm.left()), ("plan_failed", 1));
}

#[tokio::test]
async fn a_model_that_sent_no_plan_in_time_is_not_waited_for_again() {
    let silent = Reply::bytes("").only(0, End::Hang);
    let llm = FakeLlm::start([silent, Reply::text(OPENAI, "Too late [1].")]).await;
    let limits = json!({"model": {"firstTokenTimeoutSeconds": 2}});
    let events = WithModel::new(OPENAI, &llm, &limits).ask("echo \"hello there\"").await;
    let finished = finished(&events);
    assert!(finished.partial && finished.answer.contains("was not asked to write"));
    assert!(finished.answer.contains("firstTokenTimeoutSeconds"), "{}", finished.answer);
    assert!(finished.answer.contains("no language model wrote this"), "{}", finished.answer);
    assert_eq!((llm.requests().len(), llm.left()), (1, 1));
}

#[tokio::test]
async fn a_plan_full_of_broken_tasks_leaves_room_for_the_built_in_planner() {
    let broken = json!({"tool_name": "nothing__here", "tool_arguments": {}});
    let other = json!({"tool_name": "nor__here", "tool_arguments": {}});
    let llm = FakeLlm::start([
        Reply::json(OPENAI, &json!({"tasks": [broken, other]})),
        Reply::text(OPENAI, "{}"),
        Reply::text(OPENAI, "Found [3]."),
    ])
    .await;
    let limits = json!({"limits": {"maxTasks": 2}});
    let events = WithModel::new(OPENAI, &llm, &limits).ask("echo \"hello there\"").await;
    let outcomes = outcomes(&events);
    assert_eq!(outcomes[..2], ["unknown_tool", "unknown_tool"]);
    assert!(outcomes[2..].contains(&"completed".to_owned()), "{outcomes:?}");
    assert!(note(&events).contains("took over"), "{}", note(&events));
    assert_eq!(finished(&events).usage.unwrap().calls, 3);
}

#[tokio::test]
async fn broken_tasks_for_which_no_tool_steps_in_are_the_reason_of_the_failure() {
    let broken = json!({"tasks": [{"tool_name": "nothing__here", "tool_arguments": {}}]});
    let llm = FakeLlm::start([Reply::json(OPENAI, &broken), Reply::text(OPENAI, "{}")]).await;
    let events = WithModel::new(OPENAI, &llm, &none()).ask("zzz").await;
    assert!(note(&events).contains("the built-in planner found no read-only tool"));
    let (code, message) = failed(&events);
    assert!(code == "all_tasks_failed" && message.contains("nothing__here"), "{message}");
}

#[tokio::test]
async fn a_model_that_counts_its_tasks_is_understood_whatever_became_of_them() {
    let echo = |text: &str| json!({"tool_name": "fake__echo", "tool_arguments": {"text": text}});
    let plan = json!({"tasks": [echo("one"), echo("one"), 7, echo("four"), echo("${t4:/text}!"),
        echo("${t2:/text}?")]});
    let llm = FakeLlm::start([Reply::json(OPENAI, &plan), Reply::text(OPENAI, "So [1].")]).await;
    let events = WithModel::new(OPENAI, &llm, &none()).ask("Echo.").await;
    assert_eq!(outcomes(&events), vec!["completed"; 4]);
    let filled = |wanted: usize| {
        events.iter().find_map(|event| match &event.kind {
            EventKind::TaskStarted { index, arguments: Some(arguments), .. }
                if *index == wanted =>
            {
                arguments["text"].as_str()
            }
            _ => None,
        })
    };
    assert_eq!((filled(2), filled(3)), (Some("four!"), Some("one?")));
}

#[tokio::test]
async fn a_prompt_that_was_read_in_part_is_asked_again_unless_tasks_came_of_it() {
    let answered = || Reply::text(OPENAI, "Echoed [1].");
    // The tools of a long list, of which a server read 100 tokens.
    let ask = async |script: Vec<Reply>| {
        let llm = FakeLlm::start(script).await;
        let stage = WithModel::new(OPENAI, &llm, &none());
        for n in 0..90 {
            let name = format!("a_tool_with_a_rather_long_name_{n}_that_is_told_in_full");
            stage.mcp.add_tool(&name);
        }
        (stage.ask("Please echo the one thing.").await, llm)
    };
    let part = Reply::text(OPENAI, "{\"tasks\": []}").reading(100);
    let (events, llm) = ask(vec![part, Reply::json(OPENAI, &echoes(&["one"])), answered()]).await;
    assert_eq!((finished(&events).answer.as_str(), planners(&events)), ("Echoed [1].", vec!["m"]));
    let sizes: Vec<usize> = llm.requests().iter().map(|request| request.text().len()).collect();
    assert!(sizes[0] > 8_000 && sizes[1] < sizes[0] * 7 / 10, "{sizes:?}");
    let part = Reply::json(OPENAI, &echoes(&["one"])).reading(100);
    let (events, llm) = ask(vec![part, answered()]).await;
    assert!(note(&events).contains("read only a part of the tools"), "{}", note(&events));
    assert_eq!(llm.requests().len(), 2);
}

#[tokio::test]
async fn a_long_thread_keeps_its_last_ten_turns_and_fits_into_what_the_model_reads() {
    let folder = tempfile::tempdir().unwrap();
    let long = |n: usize| format!("Answer {n}.{}", " And so it goes on and on.".repeat(300));
    let script = (0..11).map(|n| Reply::json(OPENAI, &json!({"tasks": [], "answer": long(n)})));
    let llm = FakeLlm::start(script).await;
    let kept = |stage: WithModel| stage.kept_in(History::open(folder.path()).unwrap());
    let wide = kept(WithModel::new(OPENAI, &llm, &json!({"limits": {"contextTokens": 1_000_000}})));
    let mut last = None;
    for n in 0..11 {
        let run = wide.start(&format!("Question {n}?"), last);
        assert_eq!(finished(&events(&run).await).answer, long(n));
        last = Some(run.id());
    }
    // Whole where there is room.
    llm.then(Reply::json(OPENAI, &echoes(&["one"])));
    llm.then(Reply::text(OPENAI, "So [1]."));
    events(&wide.start("And now?", last)).await;
    for request in &llm.requests()[11..] {
        let text = request.text();
        assert!(!text.contains("Question 0?") && text.contains("Question 1?"), "ten turns");
        assert!((1..11).all(|n| text.contains(&long(n))), "whole answers");
    }
    // Cut where there is little, at the first attempt, and said.
    let llm =
        FakeLlm::start([Reply::json(OPENAI, &echoes(&["one"])), Reply::text(OPENAI, "So [1].")])
            .await;
    let narrow = kept(WithModel::new(OPENAI, &llm, &json!({"limits": {"contextTokens": 4_000}})));
    let told = events(&narrow.start("And now?", last)).await;
    assert_eq!(finished(&told).answer, "So [1].");
    for (request, most) in llm.requests().iter().zip([12_000, 5_000]) {
        let text = request.text();
        assert!(text.len() < most, "{} bytes for 4,000 tokens", text.len());
        assert!(text.contains("earlier turns of this conversation are left out"), "{text}");
        assert!(text.contains("And now?"), "{text}");
    }
    let planning = llm.requests()[0].text();
    assert!(planning.contains("Answer 10.") && planning.contains("the rest is left out"));
}
