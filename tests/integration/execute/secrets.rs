//! What a server says in a run reaches events without the secrets of its entry.

use serde_json::{Value, json};
use trawl_core::event::TaskStatus;
use trawl_tests::stage::{Stage, task};

use crate::mcp::setup::{connections, settings, stdio};

const TOKEN: &str = "t0ken-of-the-server";

/// A server that knows a token, a folder and a mode.
async fn played(tool: &str, text: &str) -> (trawl_tests::stage::Played, String) {
    let mut entry = stdio(&[]);
    entry["env"] = json!({"API_TOKEN": TOKEN, "NOTES": "${env:HOME}/notes", "MODE": "quietly"});
    let stage = Stage { connections: connections(), ..Stage::default() };
    stage.connections.apply(&settings(json!({"fake": entry})));
    let played = stage.run([task(1, tool, json!({"text": text}))]).await;
    stage.connections.close().await;
    let events = serde_json::to_string(&played.events[3..]).unwrap();
    (played, events)
}

/// After `taskPlanned`, whose arguments are the plan's own words.
fn told(events: &str) -> Value {
    let events: Vec<Value> = serde_json::from_str(events).unwrap();
    events.into_iter().filter(|event| event["type"] == "taskFinished").collect()
}

#[tokio::test]
async fn a_tools_own_error_is_told_without_the_servers_token() {
    let (played, events) = played("fail", &format!("bad token {TOKEN}; quietly")).await;
    assert_eq!(played.failure(0), ("tool_error", "bad token •••; quietly"));
    let told = told(&events);
    assert_eq!(told[0]["preview"], "bad token •••; quietly");
    assert_eq!(told[0]["error"]["message"], "bad token •••; quietly");
    // The result is kept as it came.
    assert!(played.text(0).contains(TOKEN));
}

#[tokio::test]
async fn no_part_of_a_token_is_left_where_an_error_is_cut() {
    for before in 2030..2048 {
        let (played, _) = played("fail", &format!("{}{TOKEN}", "x".repeat(before))).await;
        let told = played.failure(0).1.trim_start_matches('x');
        assert!(told.len() < 4 || told.starts_with('•'), "{before}: {told}");
        assert!(!told.contains("t0ken"), "{before}: {told}");
    }
}

#[tokio::test]
async fn a_folder_is_no_secret() {
    let home = std::env::var("HOME").unwrap();
    let said = format!("{home}/notes/a.md and {TOKEN}");
    let (played, events) = played("echo", &said).await;
    assert_eq!(played.status(0), TaskStatus::Completed);
    assert_eq!(told(&events)[0]["preview"], format!("{home}/notes/a.md and •••"));
    assert_eq!(played.text(0), said);
}
