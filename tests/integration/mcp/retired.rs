//! A link to an HTTP server that another one takes the place of: the calls on it end as they would
//! have.

use serde_json::json;
use tokio::net::TcpListener;
use trawl_core::event::{EventKind, TaskStatus};
use trawl_core::mcp::{CallError, Connections};
use trawl_tests::fake_mcp::{Fake, Options};
use trawl_tests::stage::{Played, Stage, task};

use crate::mcp::setup::{object, options, settings};

/// Three runs have 20 calls in flight when a new one cannot connect; the server is then connected
/// anew.
#[tokio::test]
async fn a_connect_that_fails_ends_no_call_that_is_in_flight() {
    for events in [false, true] {
        let fake = Fake::new(Options { events, ..Options::default() });
        let http = fake.serve_http().await;
        let address = http.url.trim_start_matches("http://").trim_end_matches("/mcp").to_owned();
        let connections = Connections::new(None);
        connections.apply(&settings(json!({"web": {"url": http.url}})));
        let stage = Stage { connections: connections.clone(), ..Stage::default() };

        let mut runs = Vec::new();
        for calls in [7, 7, 6] {
            let mut run = stage.play().await;
            (1..=calls).for_each(|k| run.plan(task(k, "barrier", json!({"n": 99}))));
            runs.push(run);
        }
        fake.record().until(|record| record.calls("barrier") == 20).await;
        while fake.record().in_flight() < 20 {
            tokio::task::yield_now().await;
        }
        let server = connections.connected("web").await.unwrap();

        // No further connection is taken; those that calls are on stay. One that is idle is closed a
        // moment later.
        drop(http);
        loop {
            match server.call("echo", &object(json!({})), options()).await {
                Err(CallError::Disconnected { sent: false, .. }) => break,
                _ => tokio::task::yield_now().await,
            }
        }
        // A task of one of the runs meets that, too, and has the server connected anew.
        runs[0].plan(task(8, "echo", json!({"text": "new"})));
        let first = |kind: &EventKind| matches!(kind, EventKind::TaskRetrying { index: 7, .. });
        runs[0].until(first).await;
        let listener = TcpListener::bind(&address).await.unwrap();
        let _again = fake.serve_http_on(listener);
        let renewed = connections.connected("web").await.unwrap();
        assert!(renewed.call("echo", &object(json!({})), options()).await.is_ok());
        let handshakes = |m: &serde_json::Value| m["method"] == "initialize";
        assert_eq!(fake.record().received().iter().filter(|m| handshakes(m)).count(), 2);

        // Nothing happened to the 20.
        assert_eq!(fake.record().in_flight(), 20);
        assert_eq!(fake.record().cancellations(), 0);
        fake.open_barriers();
        for (run, calls) in runs.into_iter().zip([7, 7, 6]) {
            let played: Played = run.ended().await;
            for index in 0..calls {
                assert_eq!(played.status(index), TaskStatus::Completed, "{events}");
                assert_eq!(
                    (played.text(index).as_str(), played.executed.tasks[index].attempts),
                    ("open", 1)
                );
            }
        }
        // And the link that was replaced is not kept: its session was ended when its last call had.
        while fake.sessions() > 1 {
            tokio::task::yield_now().await;
        }
        connections.close().await;
        assert_eq!(fake.sessions(), 0);
        assert_eq!(fake.broken_rules(), [""; 0]);
    }
}
