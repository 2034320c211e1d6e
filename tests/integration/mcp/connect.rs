//! Connecting servers: what they offer, what goes wrong, what a child finds around it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::json;
use trawl_core::mcp::{Connections, ServerError, ServerState, test_server};
use trawl_tests::fake_mcp::{Era, Fake, Options};

use crate::mcp::setup::{
    FAKE, ask, attached, connections, entry, in_process, only, options, settings, stdio,
    until_there_is,
};

/// The reason for which a server cannot be asked.
async fn failure(entry: serde_json::Value) -> ServerError {
    let connections = connections();
    connections.apply(&settings(json!({"fake": entry})));
    let error = connections.connected("fake").await.unwrap_err();
    connections.close().await;
    error
}

#[tokio::test]
async fn a_missing_command_is_named_with_the_path_that_was_searched() {
    let error = failure(json!({"command": "no-such-command"})).await.to_string();
    assert!(error.contains("server \"fake\" cannot be started"), "{error}");
    assert!(error.contains("\"no-such-command\" was not found in PATH ("), "{error}");
    let error = failure(json!({"command": FAKE, "cwd": "/no/such/folder"})).await.to_string();
    assert!(error.contains("its folder \"/no/such/folder\" does not exist"), "{error}");
    let error = failure(json!({"command": "/no/such/file"})).await.to_string();
    assert!(error.contains("there is no file \"/no/such/file\""), "{error}");
}

#[tokio::test]
async fn a_server_that_exits_at_once_is_failed_with_its_code_and_last_words() {
    let error = failure(stdio(&["--stderr", "the folder is missing", "--exit", "3"])).await;
    let ServerError::Failed { reason, stderr, .. } = &error else { panic!("{error:?}") };
    assert!(reason.what.starts_with("ended with code 3 before it answered"), "{reason}");
    assert_eq!(stderr, &["the folder is missing"]);
    assert!(error.to_string().ends_with("its last words: the folder is missing"), "{error}");
}

#[tokio::test]
async fn a_server_that_never_answers_fails_at_its_limit_and_the_others_go_on() {
    let connections = connections();
    let mute = json!({"command": FAKE, "args": ["--mute", "--stderr", "still loading"],
        "connectTimeoutSeconds": 5});
    let babbling = json!({"command": FAKE, "args": ["--only-junk"], "connectTimeoutSeconds": 5});
    connections.apply(&settings(json!({"mute": mute, "junk": babbling, "good": stdio(&[])})));
    let start = Instant::now();
    let good = connections.connected("good").await.unwrap();
    assert_eq!(ask(&good, "echo", json!({"text": "a"})).await["content"][0]["text"], "a");
    let error = connections.connected("mute").await.unwrap_err().to_string();
    assert!(error.contains("did not answer within 5 s"), "{error}");
    assert!(error.contains("still loading"), "{error}");
    let error = connections.connected("junk").await.unwrap_err().to_string();
    assert!(error.contains("on stdout: Welcome to my server!"), "{error}");
    // The limit that holds where an entry says nothing.
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    connections.close().await;
}

#[tokio::test]
async fn junk_between_messages_is_passed_over() {
    let (connections, server) = only(stdio(&["--junk"])).await;
    assert_eq!(ask(&server, "echo", json!({"text": "a"})).await["content"][0]["text"], "a");
    connections.close().await;
}

#[tokio::test]
async fn both_eras_of_the_protocol_are_spoken() {
    for era in [Era::Legacy, Era::Modern] {
        let (_, _, server) = in_process(Options { era, ..Options::default() }).await;
        assert_eq!(ask(&server, "echo", json!({"text": "a"})).await["content"][0]["text"], "a");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_ignores_the_newest_question_is_asked_the_older_one_in_time() {
    let fake = Fake::new(Options { era: Era::Mute, ..Options::default() });
    let connections = Connections::new(None);
    let mut patient = attached();
    patient.connect_timeout_seconds = 3.0;
    connections.attach("fake", patient, fake.connect());
    let server = connections.connected("fake").await.unwrap();
    assert!(!server.tools().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_slow_server_of_either_era_is_waited_for() {
    for era in [Era::Legacy, Era::Modern] {
        let slow_start = Duration::from_secs(12);
        let fake = Fake::new(Options { era, slow_start, ..Options::default() });
        let connections = Connections::new(None);
        connections.attach("fake", attached(), fake.connect());
        let server = connections.connected("fake").await.unwrap();
        for words in ["a", "b", "c"] {
            let echoed = ask(&server, "echo", json!({"text": words})).await;
            assert_eq!(echoed["content"][0]["text"], words);
        }
        // Which question was answered first is what is spoken from then on.
        let received = fake.record().received();
        assert_eq!(received[0]["method"], "server/discover");
        assert_eq!(received[1]["method"], "initialize");
        let initialized = received.iter().any(|m| m["method"] == "notifications/initialized");
        assert_eq!(initialized, era == Era::Legacy);
    }
}

#[tokio::test]
async fn tools_come_in_order_over_pages_and_a_repeating_cursor_ends() {
    let (_, _, whole) = in_process(Options::default()).await;
    let names = |server: &trawl_core::mcp::Server| -> Vec<String> {
        server.tools().iter().map(|tool| tool.name.clone()).collect()
    };
    for page_size in [1, 4, 100] {
        let (_, _, paged) =
            in_process(Options { page_size: Some(page_size), ..Options::default() }).await;
        assert_eq!(names(&paged), names(&whole));
    }
    let (_, _, endless) =
        in_process(Options { page_size: Some(5), repeat_cursor: true, ..Options::default() }).await;
    assert_eq!(endless.tools().len(), 5);
}

#[tokio::test]
async fn the_persons_entry_takes_tools_out_and_marks_them_read_only() {
    let fake = Fake::new(Options::default());
    let connections = Connections::new(None);
    let mut own = attached();
    own.disabled_tools = vec!["echo".into()];
    connections.attach("plain", own.clone(), fake.connect());
    own.read_only = true;
    connections.attach("trusted", own, fake.connect());
    let hints = async |name: &str| {
        let server = connections.connected(name).await.unwrap();
        assert!(server.tools().iter().all(|tool| tool.name != "echo" && tool.server == name));
        server.tools().iter().find(|tool| tool.name == "write").unwrap().hints
    };
    assert!(!hints("plain").await.read_only);
    assert!(hints("trusted").await.read_only);
    let status = &connections.status()[0];
    assert_eq!((status.state, status.tool_count), (ServerState::Connected, status.tools.len()));
}

#[tokio::test]
async fn a_changed_list_of_tools_is_noticed() {
    let (fake, connections, server) = in_process(Options::default()).await;
    fake.add_tool("brand_new");
    until_there_is(&connections, "brand_new").await;
    // A snapshot stays what it was.
    assert!(server.tools().iter().all(|tool| tool.name != "brand_new"));
}

#[tokio::test]
async fn a_child_finds_its_own_variables_and_none_of_ours() {
    let entry = json!({"command": FAKE, "args": ["${env:CARGO_PKG_NAME}", "$HOME"], "cwd": "/tmp",
        "env": {"OWN": "1", "FROM_OURS": "x-${env:CARGO_PKG_NAME}-y"}});
    let (connections, server) = only(entry).await;
    let seen = ask(&server, "environment", json!({})).await["structuredContent"].clone();
    let variables = seen["variables"].as_object().unwrap();
    assert_eq!(variables["OWN"], "1");
    assert_eq!(variables["FROM_OURS"], "x-trawl-tests-y");
    assert!(variables.contains_key("PATH"));
    // Cargo sets these for us; they stand for any key of a model.
    assert!(variables.keys().all(|name| !name.starts_with("CARGO")), "{:?}", variables.keys());
    assert_eq!(seen["arguments"][1], "trawl-tests");
    assert_eq!(seen["arguments"][2], "$HOME");
    assert_eq!(seen["folder"], "/tmp");
    connections.close().await;
    let error = failure(json!({"command": FAKE, "args": ["${env:NOT_SET_ANYWHERE}"]})).await;
    assert!(error.to_string().contains("environment variable NOT_SET_ANYWHERE"), "{error}");
}

#[tokio::test]
async fn secrets_are_not_repeated_in_messages() {
    let entry = json!({"command": FAKE, "env": {"API_KEY": "s3cr3t-value"},
        "args": ["--stderr", "bad key s3cr3t-value", "--exit", "1"]});
    let error = failure(entry).await.to_string();
    assert!(error.contains("bad key •••") && !error.contains("s3cr3t"), "{error}");
}

#[tokio::test]
async fn secrets_are_taken_out_of_a_line_before_it_is_cut() {
    // On stdout 120 characters are told, on stderr 1000.
    for (before, stream) in [(8, 1), (115, 1), (995, 2)] {
        let printed = "x".repeat(before);
        let script = format!("read line; echo {printed}$API_KEY >&{stream}; exit 1");
        let environment = json!({"API_KEY": "s3cr3t-value"});
        let entry = json!({"command": "sh", "args": ["-c", script], "env": environment});
        let error = failure(entry).await.to_string();
        assert!(error.contains("xxx•••") && !error.contains("s3cr"), "{error}");
    }
}

/// Found from Trawl's folder, started from its own.
#[tokio::test]
async fn a_command_may_be_relative_to_a_folder_that_is_relative_itself() {
    let program = Path::new(FAKE).canonicalize().unwrap();
    let (folder, name) = (program.parent().unwrap(), program.file_name().unwrap());
    let here = std::env::current_dir().unwrap();
    let up: PathBuf = here.components().map(|_| "..").collect();
    let cwd = up.join(folder.strip_prefix("/").unwrap());
    let command = format!("./{}", name.display());
    let (connections, server) = only(json!({"command": command, "cwd": cwd})).await;
    let seen = ask(&server, "environment", json!({})).await["structuredContent"].clone();
    assert_eq!(seen["folder"], json!(folder));
    connections.close().await;
}

#[tokio::test]
async fn two_who_ask_at_once_start_one_server() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let connections = connections();
    let entry = stdio(&["--log", log.to_str().unwrap()]);
    connections.apply(&settings(json!({"fake": entry})));
    let asking = (0..10).map(|_| connections.connected("fake"));
    assert!(futures::future::join_all(asking).await.iter().all(Result::is_ok));
    connections.apply(&settings(json!({"fake": entry})));
    assert!(connections.connected("fake").await.is_ok());
    connections.close().await;
    let log = std::fs::read_to_string(log).unwrap();
    assert_eq!(log.matches("\"initialize\"").count(), 1);
}

#[tokio::test]
async fn changed_settings_touch_only_the_changed_servers() {
    let connections = connections();
    let (a, b) = (stdio(&["a"]), stdio(&["b"]));
    let wrong = json!({"command": 5});
    let off = json!({"command": FAKE, "disabled": true});
    connections.apply(&settings(json!({"a": a, "b": b, "wrong": wrong, "off": off})));
    assert_eq!(connections.names(), ["a", "b", "wrong"]);
    let process = async |name: &str| {
        let server = connections.connected(name).await.unwrap();
        ask(&server, "environment", json!({})).await["structuredContent"]["arguments"][1].clone()
    };
    let old_a = connections.connected("a").await.unwrap();
    assert_eq!(process("b").await, "b");
    assert!(matches!(connections.connected("wrong").await, Err(ServerError::Invalid { .. })));
    assert!(matches!(connections.connected("off").await, Err(ServerError::Unknown(_))));
    let states: Vec<ServerState> = connections.status().iter().map(|s| s.state).collect();
    let expected = ["connected", "connected", "invalid", "disabled"];
    assert_eq!(serde_json::to_value(states).unwrap(), json!(expected));

    connections.apply(&settings(json!({"b": stdio(&["b2"]), "a": a})));
    assert_eq!(connections.names(), ["b", "a"]);
    assert_eq!(process("b").await, "b2");
    // The unchanged one is the same connection still.
    let arguments = crate::mcp::setup::object(json!({}));
    assert!(old_a.call("echo", &arguments, options()).await.is_ok());
    connections.close().await;
    assert!(old_a.call("echo", &arguments, options()).await.is_err());
}

#[tokio::test]
async fn a_server_is_tested_apart_from_the_others() {
    let tested = entry(stdio(&["--stderr", "hello"]));
    let status = test_server("new", &tested, Some(FAKE.into())).await;
    assert_eq!(status.state, ServerState::Connected);
    assert_eq!(status.stderr, ["hello"]);
    let as_json = serde_json::to_value(&status).unwrap();
    assert_eq!(as_json["kind"], "stdio");
    assert_eq!(as_json["state"], "connected");
    assert_eq!(as_json["toolCount"], as_json["tools"].as_array().unwrap().len());
    assert_eq!(as_json["tools"][0]["readOnly"], true);

    let missing = entry(json!({"command": "no-such-command"}));
    let status = test_server("new", &missing, Some(FAKE.into())).await;
    assert_eq!(status.state, ServerState::Failed);
    assert!(status.message.unwrap().starts_with("cannot be started"));
}
