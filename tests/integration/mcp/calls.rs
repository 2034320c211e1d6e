//! Calls to a server's tools: results as they came, cancellation, time-outs, progress, failures.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::Instant;
use trawl_core::mcp::{CallError, CallOptions};
use trawl_tests::fake_mcp::{Era, Options};

use crate::mcp::setup::{ask, code, in_process, object, only, options, stdio};

#[tokio::test]
async fn a_result_is_kept_whole_with_fields_nobody_knows() {
    for era in [Era::Legacy, Era::Modern] {
        let (_, _, server) = in_process(Options { era, ..Options::default() }).await;
        let result = server.call("rich", &object(json!({})), options()).await.unwrap();
        assert!(!result.is_error);
        assert!(result.json.contains(r#""depth":1.5"#), "{}", result.json);
        let value: Value = serde_json::from_str(&result.json).unwrap();
        assert_eq!(value["somethingNew"], json!({"kept": true}));
        assert_eq!(value["content"][3]["type"], "hologram");
        assert_eq!(value["structuredContent"]["big"], 12_345_678_901_234_567_890_u64);
    }
}

#[tokio::test]
async fn a_tools_own_error_is_a_result_and_a_protocol_error_is_not() {
    let (_, _, server) = in_process(Options::default()).await;
    let failed = server.call("fail", &object(json!({"text": "no"})), options()).await.unwrap();
    assert!(failed.is_error && failed.json.contains("\"no\""));
    let arguments = object(json!({"code": -32001, "text": "not today"}));
    let error = server.call("rpc_error", &arguments, options()).await.unwrap_err();
    let CallError::Rpc { code: -32001, reason } = &error else { panic!("{error:?}") };
    assert_eq!(reason.to_string(), "server \"fake\" answered: not today");
    let unknown = server.call("nothing", &object(json!({})), options()).await.unwrap_err();
    assert_eq!(code(&unknown), "rpc_error");
    assert_eq!(ask(&server, "bare", json!({})).await, json!({}));
}

#[tokio::test]
async fn a_hundred_calls_are_in_flight_at_once() {
    let (fake, _, server) = in_process(Options::default()).await;
    let arguments = object(json!({"n": 100}));
    let calls = (0..100).map(|_| server.call("barrier", &arguments, options()));
    let results = futures::future::join_all(calls).await;
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(fake.record().most_in_flight(), 100);
}

#[tokio::test]
async fn cancelling_and_dropping_a_call_tell_the_server() {
    let (fake, _, server) = in_process(Options::default()).await;
    let cancelled = options();
    let cancel = cancelled.cancel.clone();
    let nothing = object(json!({}));
    let call = server.call("hang", &nothing, cancelled);
    let and_cancel = async {
        fake.record().until(|record| record.calls("hang") == 1).await;
        cancel.cancel();
    };
    let (outcome, ()) = tokio::join!(call, and_cancel);
    assert_eq!(outcome, Err(CallError::Cancelled));
    fake.record().until(|record| record.cancellations() == 1).await;

    tokio::select! {
        _ = server.call("hang", &nothing, options()) => panic!("it hangs"),
        () = fake.record().until(|record| record.calls("hang") == 2) => {}
    }
    fake.record().until(|record| record.cancellations() == 2).await;
    // And the ids are those of the calls.
    let received = fake.record().received();
    let ids = |method: &str, pointer: &str| -> Vec<Value> {
        let of_method = received.iter().filter(|message| message["method"] == method);
        of_method.map(|message| message.pointer(pointer).cloned().unwrap_or_default()).collect()
    };
    assert_eq!(ids("tools/call", "/id"), ids("notifications/cancelled", "/params/requestId"));
}

#[tokio::test]
async fn nothing_is_sent_for_a_call_that_was_cancelled_before() {
    let (fake, _, server) = in_process(Options::default()).await;
    let cancelled = options();
    cancelled.cancel.cancel();
    let outcome = server.call("echo", &object(json!({})), cancelled).await;
    assert_eq!(outcome, Err(CallError::Cancelled));
    assert_eq!(fake.record().calls("echo"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_hangs_ends_at_its_time_out_and_the_server_is_told() {
    let (fake, _, server) = in_process(Options::default()).await;
    let start = Instant::now();
    let limited = CallOptions { timeout: Duration::from_secs(5), ..options() };
    let error = server.call("hang", &object(json!({})), limited).await.unwrap_err();
    assert_eq!(start.elapsed(), Duration::from_secs(5));
    assert!(matches!(error, CallError::TimedOut { total: false, .. }));
    assert!(error.to_string().contains("\"fake\" did not answer within 5 s"), "{error}");
    fake.record().until(|record| record.cancellations() == 1).await;
}

#[tokio::test(start_paused = true)]
async fn progress_restarts_the_time_out_but_not_the_total_limit() {
    let (_, _, server) = in_process(Options::default()).await;
    let arguments = object(json!({"steps": 10, "ms": 4000}));
    let limited = CallOptions { timeout: Duration::from_secs(5), ..options() };
    assert!(server.call("progress", &arguments, limited.clone()).await.is_ok());
    let start = Instant::now();
    let limited = CallOptions { total_timeout: Duration::from_secs(18), ..limited };
    let error = server.call("progress", &arguments, limited).await.unwrap_err();
    assert!(matches!(error, CallError::TimedOut { total: true, .. }), "{error:?}");
    assert_eq!(start.elapsed(), Duration::from_secs(18));
}

#[tokio::test]
async fn progress_arrives_in_increasing_order() {
    let (_, _, server) = in_process(Options::default()).await;
    let (sender, mut progress) = mpsc::unbounded_channel();
    let listening = CallOptions { progress: Some(sender.clone()), ..options() };
    let arguments = object(json!({"steps": 3, "ms": 1}));
    server.call("progress", &arguments, listening.clone()).await.unwrap();
    for step in [1.0, 2.0, 3.0] {
        let told = progress.try_recv().unwrap();
        assert_eq!((told.progress, told.total), (step, Some(3.0)));
        assert_eq!(told.message.unwrap(), format!("step {step}"));
    }
    // 2, 1, 3: what came late is dropped.
    server.call("backwards", &object(json!({})), listening).await.unwrap();
    let seen: Vec<f64> =
        std::iter::from_fn(|| progress.try_recv().ok()).map(|told| told.progress).collect();
    assert_eq!(seen, [2.0, 3.0]);
}

#[tokio::test]
async fn a_server_that_dies_fails_its_calls_and_says_how() {
    let (connections, server) = only(stdio(&[])).await;
    let nothing = object(json!({}));
    let (hanging, dying) = tokio::join!(
        server.call("hang", &nothing, options()),
        server.call("panic_exit", &nothing, options()),
    );
    for error in [hanging.unwrap_err(), dying.unwrap_err()] {
        assert!(matches!(error, CallError::Disconnected { sent: true, .. }), "{error:?}");
    }
    let gone = server.call("echo", &nothing, options()).await.unwrap_err();
    assert!(matches!(gone, CallError::Disconnected { sent: false, .. }), "{gone:?}");

    // The next question finds it connected anew.
    let again = connections.connected("fake").await.unwrap();
    assert_eq!(ask(&again, "echo", json!({"text": "back"})).await["content"][0]["text"], "back");
    connections.close().await;
}

#[tokio::test]
async fn fifty_megabytes_arrive_whatever_the_order_of_fields() {
    const SIZE: usize = 50 << 20;
    for flags in [&[][..], &["--id-last"]] {
        let (connections, server) = only(stdio(flags)).await;
        let arguments = object(json!({"bytes": SIZE}));
        let result = server.call("huge", &arguments, options()).await.unwrap();
        assert_eq!(result.json.len(), SIZE + r#"{"content":[{"type":"text","text":""}]}"#.len());
        connections.close().await;
    }
}

#[tokio::test]
async fn more_than_the_limit_fails_at_once_and_the_rest_goes_on() {
    for id_last in [false, true] {
        let (_, _, server) = in_process(Options { id_last, ..Options::default() }).await;
        let arguments = object(json!({"bytes": (256 << 20) + (1 << 20)}));
        let small = object(json!({"text": "small"}));
        let hang = object(json!({"n": 2}));
        let (large, beside) = tokio::join!(server.call("huge", &arguments, options()), async {
            // A second call in flight, so that the id must be found in the message itself.
            let waiting = server.call("barrier", &hang, options());
            tokio::pin!(waiting);
            let first = tokio::select! {
                _ = &mut waiting => panic!("it waits for another one"),
                echoed = server.call("echo", &small, options()) => echoed,
            };
            server.call("barrier", &hang, options()).await.and(waiting.await).and(first)
        },);
        assert_eq!(code(&large.unwrap_err()), "result_too_large");
        assert!(beside.is_ok(), "{beside:?}");
    }
}
