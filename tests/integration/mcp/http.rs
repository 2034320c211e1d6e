//! Servers over streamable HTTP: sessions, large results, refusals, and what they are in words.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Response;
use axum::routing::post;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;
use trawl_core::mcp::{CallError, CallOptions};
use trawl_tests::clock::Clock;
use trawl_tests::fake_mcp::{Era, Fake, HttpServer, Options};

use crate::mcp::setup::{ask, code, connections, object, only, options, settings};

async fn serve(options: Options) -> (Fake, HttpServer) {
    let fake = Fake::new(options);
    let server = fake.serve_http().await;
    (fake, server)
}

fn url(server: &HttpServer) -> Value {
    json!({"url": server.url, "connectTimeoutSeconds": 60})
}

async fn failure(entry: Value) -> String {
    let connections = connections();
    connections.apply(&settings(json!({"fake": entry})));
    connections.connected("fake").await.unwrap_err().to_string()
}

#[tokio::test]
async fn tools_are_listed_and_called_with_either_kind_of_answer_and_in_either_era() {
    for events in [false, true] {
        for era in [Era::Legacy, Era::Modern] {
            let (_, http) = serve(Options { events, era, ..Options::default() }).await;
            let (connections, server) = only(url(&http)).await;
            assert!(server.tools().len() > 10);
            let rich = ask(&server, "rich", json!({})).await;
            assert_eq!(rich["somethingNew"], json!({"kept": true}));
            let refused = server.call("rpc_error", &object(json!({})), options()).await;
            assert_eq!(code(&refused.unwrap_err()), "rpc_error");
            connections.close().await;
        }
    }
}

#[tokio::test]
async fn a_hundred_calls_are_in_flight_at_once_over_http() {
    for events in [false, true] {
        let (fake, http) = serve(Options { events, ..Options::default() }).await;
        let (connections, server) = only(url(&http)).await;
        let arguments = object(json!({"n": 100}));
        let calls = (0..100).map(|_| server.call("barrier", &arguments, options()));
        let results = futures::future::join_all(calls).await;
        assert!(results.iter().all(Result::is_ok));
        assert_eq!(fake.record().most_in_flight(), 100);
        connections.close().await;
    }
}

#[tokio::test]
async fn progress_and_cancellation_work_over_http() {
    let (fake, http) = serve(Options { events: true, ..Options::default() }).await;
    let (connections, server) = only(url(&http)).await;
    let (sender, mut progress) = mpsc::unbounded_channel();
    let listening = CallOptions { progress: Some(sender), ..options() };
    server.call("progress", &object(json!({"steps": 3, "ms": 1})), listening).await.unwrap();
    let seen: Vec<f64> =
        std::iter::from_fn(|| progress.try_recv().ok()).map(|told| told.progress).collect();
    assert_eq!(seen, [1.0, 2.0, 3.0]);

    let clock = Clock::stopped();
    let (arguments, record) = (object(json!({})), fake.record());
    let limited = CallOptions { timeout: Duration::from_secs(5), ..options() };
    let arrived = async {
        record.until(|record| record.calls("hang") == 1).await;
        clock.pass(Duration::from_secs(5)).await;
    };
    let (hung, ()) = tokio::join!(server.call("hang", &arguments, limited), arrived);
    let error = hung.unwrap_err();
    drop(clock);
    assert_eq!(code(&error), "timed_out");
    fake.record().until(|record| record.cancellations() == 1).await;
    connections.close().await;
}

/// A program that ends takes its calls back first: over HTTP nothing else would tell the server.
#[tokio::test]
async fn closing_waits_until_servers_know_what_is_not_wanted_any_longer() {
    let (fake, http) = serve(Options { events: true, ..Options::default() }).await;
    let (connections, server) = only(url(&http)).await;
    let calling = options();
    let cancel = calling.cancel.clone();
    let call = tokio::spawn(async move { server.call("hang", &object(json!({})), calling).await });
    fake.record().until(|record| record.calls("hang") == 1).await;
    cancel.cancel();
    assert!(call.await.unwrap().is_err());
    connections.close().await;
    assert_eq!(fake.record().cancellations(), 1);
}

#[tokio::test]
async fn fifty_megabytes_arrive_over_http() {
    const SIZE: usize = 50 << 20;
    for events in [false, true] {
        let (_, http) = serve(Options { events, ..Options::default() }).await;
        let (connections, server) = only(url(&http)).await;
        let arguments = object(json!({"bytes": SIZE}));
        let result = server.call("huge", &arguments, options()).await.unwrap();
        assert_eq!(result.json.len(), SIZE + r#"{"content":[{"type":"text","text":""}]}"#.len());
        connections.close().await;
    }
}

#[tokio::test]
async fn more_than_the_limit_is_refused_over_http() {
    for events in [false, true] {
        let (_, http) = serve(Options { events, ..Options::default() }).await;
        let (connections, server) = only(url(&http)).await;
        let arguments = object(json!({"bytes": 257 << 20}));
        let error = server.call("huge", &arguments, options()).await.unwrap_err();
        assert_eq!(code(&error), "result_too_large", "{error}");
        assert!(server.call("echo", &object(json!({})), options()).await.is_ok());
        connections.close().await;
    }
}

#[tokio::test]
async fn a_refused_call_keeps_its_status_and_the_time_to_wait() {
    let (fake, http) = serve(Options::default()).await;
    let (connections, server) = only(url(&http)).await;
    for (status, wait) in [(429, Some(7)), (503, None), (502, Some(0)), (403, None), (418, None)] {
        fake.refuse_next_call(status, wait.map(|seconds: u64| seconds.to_string()).as_deref());
        let error = server.call("echo", &object(json!({})), options()).await.unwrap_err();
        let CallError::Http { status: seen, retry_after, reason } = &error else {
            panic!("{error:?}")
        };
        assert_eq!((*seen, *retry_after), (status, wait.map(Duration::from_secs)));
        let what = &reason.what;
        assert!(what.contains("server \"fake\"") && what.contains(&status.to_string()), "{what}");
    }
    assert!(server.call("echo", &object(json!({})), options()).await.is_ok());
    connections.close().await;
}

#[tokio::test]
async fn a_forgotten_session_is_made_again() {
    let (fake, http) = serve(Options::default()).await;
    let (connections, server) = only(url(&http)).await;
    assert!(server.call("echo", &object(json!({})), options()).await.is_ok());
    fake.forget_sessions();
    assert!(server.call("echo", &object(json!({})), options()).await.is_ok());
    connections.close().await;
}

#[tokio::test]
async fn a_server_that_went_away_is_connected_anew_when_it_is_back() {
    let (fake, http) = serve(Options::default()).await;
    let entry = url(&http);
    let address = http.url.trim_start_matches("http://").trim_end_matches("/mcp").to_owned();
    let (connections, server) = only(entry).await;
    drop(http);
    let nothing = object(json!({}));
    let error = loop {
        // Connections that are open already end a moment later.
        match server.call("echo", &nothing, options()).await {
            Ok(_) => tokio::task::yield_now().await,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, CallError::Disconnected { .. }), "{error:?}");
    let error = server.call("echo", &nothing, options()).await.unwrap_err();
    assert!(matches!(error, CallError::Disconnected { sent: false, .. }), "{error:?}");
    let gone = connections.connected("fake").await.unwrap_err().to_string();
    assert!(gone.contains("cannot be reached"), "{gone}");

    let listener = tokio::net::TcpListener::bind(&address).await.unwrap();
    let _http = fake.serve_http_on(listener);
    let again = connections.connected("fake").await.unwrap();
    assert!(again.call("echo", &nothing, options()).await.is_ok());
    connections.close().await;
}

#[tokio::test]
async fn headers_are_sent_with_every_request_and_never_told() {
    let (fake, http) = serve(Options::default()).await;
    let headers =
        json!({"Authorization": "Bearer s3cr3t-token", "X-Team": "${env:CARGO_PKG_NAME}"});
    let (connections, server) = only(json!({"url": http.url, "headers": headers})).await;
    ask(&server, "echo", json!({})).await;
    let seen = fake.headers();
    assert!(seen.len() >= 3);
    assert!(seen.iter().all(|headers| headers["authorization"] == "Bearer s3cr3t-token"));
    assert!(seen.iter().all(|headers| headers["x-team"] == "trawl-tests"));
    connections.close().await;
    let reserved = json!({"url": http.url, "headers": {"Accept": "s3cr3t-token"}});
    assert!(!failure(reserved).await.contains("s3cr3t"));
}

#[tokio::test]
async fn every_way_of_not_being_reached_is_said_in_words() {
    for (status, words) in [
        (401, "valid token"),
        (403, "permission"),
        (404, "check the path"),
        (500, "HTTP 500"),
        (503, "not available"),
    ] {
        let (_, http) = serve(Options { refuse: Some(status), ..Options::default() }).await;
        let error = failure(url(&http)).await;
        assert!(error.contains(words), "{status}: {error}");
    }
    let nobody = failure(json!({"url": "http://127.0.0.1:9/mcp?key=s3cr3t-key"})).await;
    assert!(nobody.contains("cannot be reached") && !nobody.contains("s3cr3t"), "{nobody}");
    assert!(failure(json!({"url": "not a url"})).await.contains("no URL"));
    assert!(failure(json!({"url": "ftp://host/mcp"})).await.contains("not HTTP but \"ftp\""));
}

/// Answers of a server that shakes hands, and then refuses to list its tools with a status; without
/// one, it breaks off in the middle of the list.
fn without_a_list(body: &str, status: Option<u16>) -> Response<Body> {
    let message: Value = serde_json::from_str(body).unwrap();
    let (id, version) = (&message["id"], &message["params"]["protocolVersion"]);
    let unknown = json!({"jsonrpc": "2.0", "id": id,
        "error": {"code": -32601, "message": "Method not found"}});
    let welcome = json!({"jsonrpc": "2.0", "id": id, "result": {"protocolVersion": version,
        "capabilities": {"tools": {}}, "serverInfo": {"name": "fake-mcp", "version": "1.0.0"}}});
    let broken = futures::stream::iter([Err::<String, _>(std::io::Error::other("broken off"))]);
    let (status, body) = match (message["method"].as_str().unwrap(), status) {
        ("server/discover", _) => (200, Body::from(unknown.to_string())),
        ("initialize", _) => (200, Body::from(welcome.to_string())),
        ("tools/list", Some(status)) => (status, Body::from("{}")),
        ("tools/list", None) => (200, Body::from_stream(broken)),
        _ => (202, Body::empty()),
    };
    let response = Response::builder().status(status).header("content-type", "application/json");
    response.body(body).unwrap()
}

#[tokio::test]
async fn a_list_that_does_not_come_is_told_in_words_and_without_the_url() {
    for (status, words) in [
        (Some(401), "valid token"),
        (Some(403), "permission"),
        (Some(503), "not available"),
        (None, "did not answer as an HTTP server"),
    ] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/s3cr3t/mcp?key=a%2Fs3cr3t", listener.local_addr().unwrap());
        let answer = move |body: String| async move { without_a_list(&body, status) };
        let routes = Router::new().route("/s3cr3t/mcp", post(answer));
        let serving = tokio::spawn(async move { axum::serve(listener, routes).await });
        let error = failure(json!({"url": url})).await;
        assert!(error.contains(words), "{status:?}: {error}");
        assert!(!error.contains("s3cr3t") && !error.contains("Transport"), "{status:?}: {error}");
        serving.abort();
    }
}

#[tokio::test]
async fn what_is_no_mcp_server_is_told_from_one() {
    let answers: [(&'static str, &str); 3] = [
        ("220 mail.example ESMTP\r\n", "did not answer as an HTTP server"),
        ("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 2\r\n\r\nhi", "text/html"),
        (
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}",
            "not as an MCP server",
        ),
    ];
    for (answer, words) in answers {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let answering = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.readable().await;
                let _ = stream.try_read(&mut [0; 4096]);
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        let error =
            failure(json!({"url": format!("http://{address}/"), "connectTimeoutSeconds": 60}));
        let error = error.await;
        assert!(error.contains(words), "{error}");
        answering.abort();
    }
}
