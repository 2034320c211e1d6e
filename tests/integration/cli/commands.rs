//! `trawl history`, `servers`, `tools`, `mcp` and the help.

use serde_json::{Value, json};
use trawl_core::event::EventKind;
use trawl_core::history::{History, Recorder};
use trawl_core::mcp::ServerState;
use trawl_tests::programs;
use uuid::Uuid;

use crate::cli::setup::Home;
use crate::mcp::setup::{FAKE, connections, settings};

const UPSTREAM: &str = "How many stories have upstream keyword?";

#[test]
fn a_past_run_is_listed_searched_shown_exported_and_deleted() {
    let home = Home::new();
    assert_eq!(home.json(&["history", "list", "--json"]), json!({"runs": [], "total": 0}));
    let id = home.asked(UPSTREAM);
    let short = &id[..8];
    let line = home.ok(&["history", "list"]);
    assert!(line.contains(short) && line.contains("finished") && line.contains(UPSTREAM), "{line}");

    assert!(home.ok(&["history", "search", "UPSTREAM", "keyw"]).contains(short));
    let found = home.json(&["history", "search", "weir", "--json"]);
    assert_eq!((&found["total"], &found["runs"][0]["id"]), (&json!(1), &json!(id)));
    let none = home.trawl(&["history", "search", "c++"]);
    assert_eq!((none.code, none.out.as_str()), (1, ""));

    let shown = home.ok(&["history", "show", short]);
    assert!(
        shown.contains(UPSTREAM) && shown.contains("✓ [3]") && shown.contains("17 results"),
        "{shown}"
    );
    let record = home.json(&["history", "show", short, "--json"]);
    assert_eq!(
        (&record["state"], record["tasks"].as_array().unwrap().len()),
        (&json!("finished"), 3)
    );

    let raw = home.json(&["history", "show", short, "--task", "1", "--raw"]);
    assert_eq!(raw["structuredContent"]["total"], 17);
    let task = home.json(&["history", "show", short, "--task", "1", "--json"]);
    assert_eq!((&task["result"], &task["arguments"]["query"]), (&raw, &json!("upstream")));
    let task = home.ok(&["history", "show", short, "--task", "1"]);
    assert!(task.contains("Arguments") && task.contains("\"total\": 17"), "{task}");
    assert_eq!(home.trawl(&["history", "show", short, "--task", "9"]).code, 1);
    assert_eq!(home.trawl(&["history", "show", short, "--task", "0"]).code, 2);
    assert_eq!(home.trawl(&["history", "show", short, "--raw"]).code, 2);

    let document = home.ok(&["history", "export", short]);
    assert!(document.starts_with(&format!("# {UPSTREAM}\n")) && document.contains("## Task 3"));
    let export = home.json(&["history", "export", short, "--format", "json"]);
    assert_eq!(export["results"][0]["result"], raw);
    assert_eq!(export["events"][0]["question"], UPSTREAM);
    assert_eq!(home.trawl(&["history", "export", short, "--format", "pdf"]).code, 2);

    let unknown = home.trawl(&["history", "delete", short, "ffffffff"]);
    assert_eq!(unknown.code, 1);
    assert_eq!(home.json(&["history", "list", "--json"])["total"], 1, "none is deleted in part");
    let deleted = home.trawl(&["history", "delete", short]);
    assert!(deleted.code == 0 && deleted.err.contains("logs"), "{}", deleted.err);
    assert_eq!(home.json(&["history", "list", "--json"])["total"], 0);
    assert_eq!(home.trawl(&["history", "show", short]).code, 1);
    assert_eq!(home.trawl(&["history", "show", "abc"]).code, 2);
}

#[test]
fn servers_are_listed_and_tested() {
    let home = Home::with(&json!({"mcpServers": {
        "stories": {"builtin": "stories"},
        "fake": {"command": FAKE},
        "gone": {"command": "no-such-program-at-all"},
        "wrong": {"command": 3},
        "off": {"command": "x", "disabled": true}}}));
    let list = home.json(&["servers", "list", "--json"]);
    let names: Vec<&Value> =
        list.as_array().unwrap().iter().map(|server| &server["name"]).collect();
    assert_eq!(names, ["stories", "fake", "gone", "wrong", "off"]);
    assert!(list[3]["message"].as_str().unwrap().contains("command"));
    assert!(home.ok(&["servers", "list"]).contains("off      x  disabled"));

    let all = home.trawl(&["servers", "test", "--json"]);
    assert_eq!(all.code, 1);
    let statuses: Value = serde_json::from_str(&all.out).unwrap();
    let states: Vec<&Value> = statuses.as_array().unwrap().iter().map(|s| &s["state"]).collect();
    assert_eq!(states, ["connected", "connected", "failed", "invalid"]);
    let two = home.ok(&["servers", "test", "stories", "fake"]);
    assert!(two.contains("✓ stories: 6 tools") && two.contains("✓ fake: "), "{two}");
    let gone = home.trawl(&["servers", "test", "gone"]);
    assert!(gone.code == 1 && gone.out.contains("✗ gone: "), "{}", gone.out);
    let unknown = home.trawl(&["servers", "test", "nobody"]);
    assert!(unknown.code == 2 && unknown.err.contains("stories"), "{}", unknown.err);
}

/// A run with these results of its tasks; returns its id.
fn recorded<'a>(home: &Home, results: impl IntoIterator<Item = (usize, &'a str)>) -> String {
    let history = History::open(&home.path("")).unwrap();
    let recorder = Recorder::start(Some(&history), Uuid::new_v4(), "What is left?", None);
    for (index, result) in results {
        recorder.emit(EventKind::TaskPlanned {
            index,
            id: format!("t{index}"),
            server: None,
            tool: format!("tool_{index}"),
            arguments: json!({}),
            description: String::new(),
            depends_on: Vec::new(),
            priority: 0,
        });
        recorder.keep_result(index, result);
    }
    tokio::runtime::Runtime::new().unwrap().block_on(recorder.flush());
    recorder.run_id().to_string()
}

/// A run that broke off may have lost an earlier task; its numbers are the plan's all the same.
#[test]
fn a_task_is_shown_by_its_number() {
    let home = Home::new();
    let results =
        [(0, r#"{"structuredContent":{"n":0}}"#), (2, r#"{"structuredContent":{"n":2}}"#)];
    let run = recorded(&home, results);
    let third = home.json(&["history", "show", &run, "--task", "3", "--json"]);
    assert_eq!(
        (&third["tool"], &third["result"]["structuredContent"]["n"]),
        (&json!("tool_2"), &json!(2))
    );
    assert_eq!(home.trawl(&["history", "show", &run, "--task", "2"]).code, 1);
}

/// Legal JSON all the same, which a server may send and a script may want.
#[test]
fn a_result_that_not_every_parser_reads_is_shown_as_it_came() {
    let home = Home::new();
    let cut = r#"{"content":[{"type":"text","text":"cut \ud83d"}]}"#;
    let large = r#"{"content":[],"structuredContent":{"n":1e999}}"#;
    let run = recorded(&home, [(0, cut), (1, large)]);
    let show = |task, how| home.ok(&["history", "show", &run, "--task", task, how]);
    for (task, result) in [("1", cut), ("2", large)] {
        assert_eq!(show(task, "--raw").trim_end(), result);
        let record = show(task, "--json");
        assert!(record.contains(result) && record.contains("\"tool\": \"tool_"), "{record}");
    }
    assert!(home.ok(&["history", "show", &run, "--task", "1"]).contains("cut \u{fffd}"));
}

#[test]
fn a_list_of_servers_shows_no_secret() {
    let home = Home::with(&json!({"mcpServers": {
        "local": {"command": "npx", "args": ["server", "--api-key", "hunter2", "${env:TOKEN}"]},
        "remote": {"url": "https://me:hunter2@example.com/mcp?token=hunter2"}}}));
    let (list, lines) = (home.json(&["servers", "list", "--json"]), home.ok(&["servers", "list"]));
    let local = "npx server --api-key ••• ${env:TOKEN}";
    let remote = "https://•••@example.com/mcp?token=•••";
    assert_eq!((&list[0]["target"], &list[1]["target"]), (&json!(local), &json!(remote)));
    assert!(lines.contains(local) && lines.contains(remote), "{lines}");
}

#[test]
fn tools_are_listed_under_the_names_that_plans_use() {
    let home = Home::with(
        &json!({"mcpServers": {"stories": {"builtin": "stories"}, "fake": {"command": FAKE}}}),
    );
    let tools = home.json(&["tools", "--json"]);
    let named = |name: &str| tools.as_array().unwrap().iter().find(|t| t["qualifiedName"] == name);
    assert_eq!(named("stories__search_stories").unwrap()["readOnly"], true);
    assert_eq!(named("fake__write").unwrap()["readOnly"], false);
    assert!(named("stories__get_story").unwrap()["inputSchema"]["properties"]["id"].is_object());
    assert!(home.ok(&["tools"]).contains("fake__write (needs approval)"));
    let none = Home::with(&json!({"mcpServers": {}})).trawl(&["tools"]);
    assert_eq!(none.code, 1);
}

#[tokio::test]
async fn the_sample_server_speaks_to_any_client() {
    let servers = json!({"sample": {"command": programs::trawl(), "args": ["mcp", "stories"]}});
    let connections = connections();
    connections.apply(&settings(servers));
    let server = connections.connected("sample").await.unwrap();
    assert_eq!(server.tools().len(), 6);
    assert_eq!(connections.status()[0].state, ServerState::Connected);
    connections.close().await;
}

#[test]
fn a_persons_own_stories_that_cannot_be_read_are_wrong_usage() {
    let home = Home::new();
    home.write("stories.jsonl", "{\"title\": 3}\n");
    for file in ["none.jsonl", home.path("stories.jsonl").to_str().unwrap()] {
        let said = home.trawl(&["mcp", "stories", "--data", file]);
        assert!(said.code == 2 && said.err.contains(".jsonl"), "{}", said.err);
    }
}

#[test]
fn a_persons_own_stories_are_served_in_place_of_the_sample() {
    let home = Home::new();
    let stories = [
        json!({"title": "Weirs and their keepers", "body": "The river upstream.", "author": "ann"}),
        json!({"title": "A bridge", "tags": ["upstream"]}),
        json!({"title": "Nothing of the kind"}),
    ];
    home.write("own.jsonl", &stories.map(|story| format!("{story}\n")).concat());
    let data = home.path("own.jsonl");
    let own = json!({"command": programs::trawl(), "args": ["mcp", "stories", "--data", data]});
    home.write("settings.json", &json!({"mcpServers": {"own": own}}).to_string());
    let answer = home.ok(&["ask", UPSTREAM]);
    assert!(answer.contains("**2 results"), "{answer}");
    assert!(answer.contains("Weirs and their keepers") && answer.contains("A bridge"), "{answer}");
}

#[test]
fn help_shows_examples_and_wrong_usage_is_told() {
    let home = Home::new();
    assert_eq!(home.ok(&["--version"]).trim(), format!("trawl {}", env!("CARGO_PKG_VERSION")));
    for command in ["", "ask", "history", "servers", "tools", "mcp stories"] {
        let arguments: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
        let help = home.ok(&arguments);
        assert!(help.contains("Example") && help.contains("trawl "), "{command}: {help}");
    }
    for wrong in
        [["ask"].as_slice(), &[], &["fish"], &["ask", "--approve", "some", "q"], &["history"]]
    {
        assert_eq!(home.trawl(wrong).code, 2, "{wrong:?}");
    }
}
