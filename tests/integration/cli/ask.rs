//! `trawl ask` as people and scripts use it, and everything they can do wrong.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::{Value, json};
use trawl_core::event::EventKind;
use trawl_tests::fake_llm::{FakeLlm, Protocol, Reply};
use trawl_tests::{grammar, with_model};

use crate::cli::setup::{Home, said};
use crate::mcp::setup::FAKE;

const UPSTREAM: &str = "How many stories have upstream keyword?";

#[test]
fn the_answer_goes_to_one_place_and_the_steps_to_the_other() {
    let home = Home::new();
    let said = home.trawl(&["ask", UPSTREAM]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.contains("17 results") && said.out.contains("[1]"), "{}", said.out);
    for step in
        ["Executing 3 tasks concurrently", "✓ [1] ", "3 completed, 0 failed · ", " instead of "]
    {
        assert!(said.err.contains(step), "{step}: {}", said.err);
        assert!(!said.out.contains(step), "{step}: {}", said.out);
    }
}

#[test]
fn json_is_a_stream_that_keeps_the_grammar() {
    let home = Home::new();
    let said = home.trawl(&["ask", "--json", UPSTREAM]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    let events = grammar::read(&said.out).unwrap();
    grammar::check(&events).unwrap();
    let id = events[0].run_id.to_string();
    assert_eq!(home.json(&["history", "list", "--json"])["runs"][0]["id"], json!(id));
}

#[test]
fn questions_come_from_standard_input_too_and_have_limits() {
    let home = Home::new();
    let ask = |question: &[u8]| {
        let mut child = home.command(&["ask", "-"]).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(question).unwrap();
        said(child.wait_with_output().unwrap())
    };
    assert_eq!(ask(UPSTREAM.as_bytes()).code, 0);
    let long = ask(&vec![b'x'; 1_000_000]);
    assert_eq!(long.code, 2);
    assert!(long.err.contains("1000000") && long.err.contains("32 KiB"), "{}", long.err);
    for blank in [b"".as_slice(), b" \n\t ", b"\xff\xfe"] {
        let said = ask(blank);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{}", said.err);
    }
    assert_eq!(home.trawl(&["ask", "  "]).code, 2);
    assert_eq!(home.json(&["history", "list", "--json"])["total"], 1, "nothing else was run");
}

#[test]
fn unusable_settings_are_named_with_the_place_and_left_alone() {
    let home = Home::new();
    home.write("settings.json", "{\n  \"limits\": {,}\n}");
    let said = home.trawl(&["ask", UPSTREAM]);
    assert_eq!((said.code, said.out.as_str()), (2, ""));
    assert!(said.err.contains("line 2, column 14"), "{}", said.err);
    assert_eq!(
        std::fs::read_to_string(home.path("settings.json")).unwrap(),
        "{\n  \"limits\": {,}\n}"
    );
    // Another file in its place, for this call.
    home.write("other.json", "{}");
    let other = home.path("other.json");
    home.ok(&["ask", UPSTREAM, "--settings", other.to_str().unwrap()]);
    let missing = home.trawl(&["--settings", "none.json", "ask", UPSTREAM]);
    assert_eq!(missing.code, 2);
    assert!(missing.err.contains("none.json"), "{}", missing.err);
}

#[test]
fn without_a_server_the_run_fails_and_says_what_to_do() {
    let home = Home::with(&json!({"mcpServers": {}}));
    let said = home.trawl(&["ask", "--json", UPSTREAM]);
    assert_eq!(said.code, 1);
    let events = grammar::read(&said.out).unwrap();
    let last = &events.last().unwrap().kind;
    assert!(matches!(last, EventKind::Failed { code, .. } if code == "no_tools"), "{last:?}");
    let said = home.trawl(&["ask", UPSTREAM]);
    assert_eq!((said.code, said.out.as_str()), (1, ""));
    assert!(said.err.contains("Failed: "), "{}", said.err);
}

#[test]
fn ordinary_questions_are_answered_without_a_model() {
    let home = Home::new();
    for (question, answer) in [
        ("Who is user 12?", "name: ines.okafor [1]"),
        ("What does story 5 say?", "body: Three laboratories"),
        ("How many stories are there?", "**134 results"),
        ("How many stories are tagged sport?", "**6 results** for `sport`"),
        ("How many tags are there?", "**123 results** for `list_tags` [1]"),
        ("Compare user 3 and user 7", "### Look up a user: 7"),
        ("Are there stories on bees and beer?", "**2 results** for `bees OR beer`"),
        ("Which user(s) wrote about rivers?", "**8 results**"),
        ("How many stories mention Python 3?", "Nothing found for `python 3`"),
        ("what about f(x)", "in `search_stories`"),
    ] {
        let said = home.ok(&["ask", "--no-history", question]);
        assert!(said.contains(answer), "{question}\n{said}");
    }
    let pasted = "water and light and stone ".repeat(200);
    assert!(home.ok(&["ask", "--no-history", &pasted]).contains(" results"));
}

#[test]
fn a_server_that_fails_does_not_stop_the_others() {
    let home = Home::with(&json!({"mcpServers": {
        "stories": {"builtin": "stories"}, "gone": {"command": "no-such-program-at-all"}}}));
    let said = home.trawl(&["ask", UPSTREAM]);
    assert_eq!(said.code, 0);
    assert!(said.out.contains("17 results"), "{}", said.out);
    assert!(said.err.contains("no-such-program-at-all"), "{}", said.err);
    assert!(said.err.contains("The answer is partial: without 1 server"), "{}", said.err);
}

#[test]
fn a_run_can_leave_no_trace() {
    let home = Home::new();
    home.ok(&["ask", UPSTREAM]);
    assert!(home.log().contains("trawl::results"), "results are logged");
    let home = Home::new();
    home.ok(&["ask", "--no-history", UPSTREAM]);
    assert!(!home.path("history.db").exists());
    assert!(!home.log().contains("trawl::results"), "{}", home.log());
    let home = Home::with(&json!({"preferences": {"logResults": false}}));
    home.ok(&["ask", UPSTREAM]);
    assert!(!home.log().contains("trawl::results"), "{}", home.log());
}

#[test]
fn a_data_folder_that_cannot_be_written_is_said_and_the_question_answered() {
    let home = Home::new();
    std::fs::write(home.folder().join("file"), "").unwrap();
    let said = home.trawl(&["ask", UPSTREAM, "--data-dir", "file/data"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.contains("17 results") && said.err.contains("not kept"), "{}", said.err);
    assert!(!said.err.contains("history show"), "{}", said.err);
    let list = home.trawl(&["history", "list", "--data-dir", "file/data"]);
    assert_eq!(list.code, 1);
}

#[test]
fn a_follow_up_continues_a_run() {
    let home = Home::new();
    let first = home.asked(UPSTREAM);
    let second = home.trawl(&["ask", "--json", "--continue", &first[..6], "And about rivers?"]);
    assert_eq!(second.code, 0, "{}", second.err);
    let started: serde_json::Value =
        serde_json::from_str(second.out.lines().next().unwrap()).unwrap();
    assert_eq!(started["continues"], json!(first));
    assert_eq!(home.trawl(&["ask", "--continue", "ffffffff", "And?"]).code, 1);
    assert_eq!(home.trawl(&["ask", "--continue", "x", "And?"]).code, 2);
}

#[test]
fn nobody_reading_any_more_is_no_panic() {
    let home = Home::new();
    for arguments in [["ask", "--json", UPSTREAM].as_slice(), &["ask", UPSTREAM], &["tools"]] {
        let mut child = home.command(arguments).spawn().unwrap();
        drop(child.stdout.take());
        let said = said(child.wait_with_output().unwrap());
        assert_eq!(said.code, 0, "{arguments:?}: {}", said.err);
    }
}

/// What changes something is called only where the person said so, with the arguments of the plan.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_that_need_approval_are_made_where_all_are_approved() {
    let call = |tool: &str| json!({"tool_name": format!("fake__{tool}"), "tool_arguments": {"text": tool}});
    let plan = json!({"tasks": [call("echo"), call("append"), call("write")]});
    for (flags, outcomes) in [
        (&["--approve", "all"][..], ["completed", "completed", "completed"]),
        (&["--approve", "read-only"], ["completed", "needs_approval", "needs_approval"]),
        (&[], ["completed", "needs_approval", "needs_approval"]),
    ] {
        let model = FakeLlm::start([
            Reply::json(Protocol::Openai, &plan),
            Reply::text(Protocol::Openai, "It was done [1]."),
        ])
        .await;
        let home = Home::new();
        let received = home.path("received");
        let fake = json!({"command": FAKE, "args": ["--log", received]});
        let settings = json!({"mcpServers": {"fake": fake},
            "model": {"provider": "openai", "baseUrl": model.url(), "model": "m"}});
        home.write("settings.json", &settings.to_string());
        let asked = [&["ask", "--json"], flags, &["Change something"]].concat();
        let events = grammar::read(&home.ok(&asked)).unwrap();
        grammar::check(&events).unwrap();
        assert_eq!(with_model::outcomes(&events), outcomes, "{flags:?}");
        let received = std::fs::read_to_string(received).unwrap();
        let called: Vec<Value> = received
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .filter(|message: &Value| message["method"] == "tools/call")
            .map(|message| message["params"].clone())
            .collect();
        for (tool, outcome) in ["echo", "append", "write"].iter().zip(outcomes) {
            let its = called.iter().filter(|params| params["name"] == *tool);
            let sent: Vec<_> = its.map(|params| params["arguments"]["text"].clone()).collect();
            let expect = if outcome == "completed" { vec![json!(tool)] } else { Vec::new() };
            assert_eq!(sent, expect, "{flags:?}");
        }
    }
}
