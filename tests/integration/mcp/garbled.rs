//! Servers that answer otherwise than the protocol wants: each answer ends its own call at once, told
//! in words, and nothing else is touched.

use serde_json::{Value, json};
use trawl_core::event::{EventKind, LONGEST, TaskStatus};
use trawl_core::history::{History, Kept};
use trawl_core::mcp::{Connections, Server, test_server};
use trawl_tests::fake_mcp::{Era, FORMS, Fake, HttpServer, Options};
use trawl_tests::stage::{Stage, task};

use crate::mcp::setup::{FAKE, ask, code, entry, object, only, options, settings, stdio};

/// One server over each wire. What they stand on is kept alive.
async fn over_each_wire() -> Vec<(&'static str, Connections, Server, Option<HttpServer>)> {
    let (connections, server) = only(stdio(&[])).await;
    let mut all = vec![("stdio", connections, server, None)];
    for (name, events) in [("JSON", false), ("events", true)] {
        let http = Fake::new(Options { events, ..Options::default() }).serve_http().await;
        let (connections, server) = only(json!({"url": http.url})).await;
        all.push((name, connections, server, Some(http)));
    }
    all
}

#[tokio::test]
async fn an_answer_that_is_not_understood_ends_its_call_at_once_and_no_other() {
    for (wire, connections, server, _http) in over_each_wire().await {
        let pair = object(json!({"n": 2}));
        let waiting = server.call("barrier", &pair, options());
        let garbled = async {
            for (form, word) in FORMS {
                let arguments = object(json!({"form": form, "text": "the words"}));
                let error = server.call("garbled", &arguments, options()).await.unwrap_err();
                let words = error.to_string();
                assert_eq!(code(&error), "rpc_error", "{form} over {wire}: {words}");
                assert!(
                    words.starts_with("server \"fake\" answered"),
                    "{form} over {wire}: {words}"
                );
                assert!(words.contains(word), "{form} over {wire}: {words}");
            }
            server.call("barrier", &pair, options()).await
        };
        let (waited, last) = tokio::join!(waiting, garbled);
        assert!(waited.is_ok() && last.is_ok(), "{wire}: {waited:?} {last:?}");
        connections.close().await;
    }
}

#[tokio::test]
async fn a_code_is_a_number_however_it_is_written() {
    for (wire, connections, server, _http) in over_each_wire().await {
        for form in ["string_code", "no_message", "both"] {
            let arguments = object(json!({"form": form, "text": "no"}));
            let error = server.call("garbled", &arguments, options()).await.unwrap_err();
            let trawl_core::mcp::CallError::Rpc { code, .. } = error else { panic!("{error:?}") };
            assert_eq!(code, -32001, "{form} over {wire}");
        }
        connections.close().await;
    }
}

#[tokio::test]
async fn a_result_arrives_whatever_is_wrong_around_it() {
    for (wire, connections, server, _http) in over_each_wire().await {
        let text = async |form: &str| {
            let result = ask(&server, "garbled", json!({"form": form, "text": "au lait"})).await;
            result["content"][0]["text"].as_str().unwrap().to_owned()
        };
        assert_eq!(text("bad_bytes").await, "caf\u{fffd} au lait", "{wire}");
        assert_eq!(text("null_error").await, "au lait", "{wire}");
        connections.close().await;
    }
}

/// A refusal need not name the request that it refuses.
#[tokio::test]
async fn a_refusal_that_names_no_request_ends_the_one_that_was_posted() {
    let fake = Fake::new(Options::default());
    let http = fake.serve_http().await;
    let (connections, server) = only(json!({"url": http.url})).await;
    fake.refuse_next_call(400, None);
    let error = server.call("echo", &object(json!({})), options()).await.unwrap_err();
    assert_eq!(code(&error), "rpc_error", "{error}");
    assert!(error.to_string().contains("answered: refused"), "{error}");
    connections.close().await;
}

#[tokio::test]
async fn a_malformed_tool_hides_itself_alone_and_is_named() {
    let check = |server: &Server, connections: &Connections, which: &str| {
        assert!(server.tools().iter().any(|tool| tool.name == "echo"), "{which}");
        assert!(server.tools().iter().all(|tool| tool.name != "crooked"), "{which}");
        let [crooked, nameless] = server.notes() else { panic!("{which}: {:?}", server.notes()) };
        assert!(crooked.starts_with("the tool \"crooked\" is left out"), "{which}: {crooked}");
        assert!(nameless.contains("number 3 of its list is left out"), "{which}: {nameless}");
        assert_eq!(connections.status()[0].notes, server.notes(), "{which}");
    };
    let malformed = Options { malformed_tools: true, ..Options::default() };
    for era in [Era::Legacy, Era::Modern] {
        let fake = Fake::new(Options { era, ..malformed.clone() });
        let http = fake.serve_http().await;
        let (connections, server) = only(json!({"url": http.url})).await;
        check(&server, &connections, "HTTP");
        ask(&server, "echo", json!({})).await;
        connections.close().await;
    }
    let (connections, server) = only(stdio(&["--malformed-tools"])).await;
    check(&server, &connections, "stdio");
    connections.close().await;
    let (_, _, good) = crate::mcp::setup::in_process(Options::default()).await;
    assert_eq!(server.tools().len(), good.tools().len());
    assert!(good.notes().is_empty());

    let tested =
        test_server("fake", &entry(stdio(&["--malformed-tools"])), Some(FAKE.into())).await;
    let as_json = serde_json::to_value(&tested).unwrap();
    assert_eq!(
        (&as_json["state"], as_json["notes"].as_array().unwrap().len()),
        (&json!("connected"), 2)
    );
}

/// All of it in one run, beside a server that is well.
#[tokio::test]
async fn a_run_over_such_a_server_has_every_end_in_place_bounded_and_without_secrets() {
    const LONG: usize = 20 << 20;
    let folder = tempfile::tempdir().unwrap();
    let connections = Connections::new(Some(FAKE.into()));
    let odd = json!({"command": FAKE, "args": ["--malformed-tools"],
        "env": {"API_KEY": "s3cr3t-value"}});
    connections.apply(&settings(json!({"odd": odd, "good": {"command": FAKE}})));
    let history = History::open(folder.path()).unwrap();
    let stage = Stage { connections, history: Some(history.clone()), ..Stage::default() };
    let words = "the words and s3cr3t-value";
    let garbled = FORMS.iter().enumerate().map(|(k, (form, _))| {
        let bytes = if *form == "long_error" { LONG } else { 0 };
        let arguments = json!({"form": form, "text": words, "bytes": bytes});
        task(k + 1, "odd__garbled", arguments)
    });
    let count = FORMS.len();
    let echoes = (1..=3).map(|k| task(count + k, "good__echo", json!({"text": format!("{k}")})));
    let bad_bytes = task(count + 4, "odd__garbled", json!({"form": "bad_bytes", "text": words}));
    let played = stage.run(garbled.chain(echoes).chain([bad_bytes])).await;

    for (index, (form, word)) in FORMS.iter().enumerate() {
        let (code, message) = played.failure(index);
        assert_eq!(code, "rpc_error", "{form}: {message}");
        assert!(message.contains(word) && message.len() <= LONGEST, "{form}: {message}");
        assert_eq!(played.executed.tasks[index].attempts, 1, "{form}");
    }
    for event in &played.events {
        let told = serde_json::to_string(event).unwrap();
        let is_result = matches!(event.kind, EventKind::TaskFinished { error: None, .. });
        let planned = matches!(event.kind, EventKind::TaskPlanned { .. });
        assert!(is_result || planned || !told.contains("s3cr3t"), "{told}");
        assert!(told.len() < 2 * LONGEST, "{} bytes", told.len());
    }
    for index in count..count + 4 {
        assert_eq!(played.status(index), TaskStatus::Completed);
    }
    assert_eq!([played.text(count), played.text(count + 2)], ["1", "3"]);
    assert!(played.text(count + 3).starts_with("caf\u{fffd} the words"));

    // What was cut says so, and is whole in the history.
    let long = FORMS.iter().position(|(form, _)| *form == "long_error").unwrap();
    let told = played.failure(long).1;
    assert!(told.contains("cut here") && told.contains("the words and •••"), "{told}");
    assert_eq!(played.recorder.flush().await, Kept::Whole);
    let run = history.run(played.recorder.run_id()).unwrap().unwrap();
    let kept = &run.tasks[long].error.as_ref().unwrap().message;
    assert!(kept.len() > LONG && kept.ends_with("xxx"), "{} bytes", kept.len());
    let events: Vec<Value> = played.events.iter().map(|e| json!(**e)).collect();
    let again = history.events(played.recorder.run_id(), None).unwrap();
    assert_eq!(json!(again), json!(events));
    stage.connections.close().await;
}
