//! The fake HTTP server refuses what the specification refuses, so that a client which gets through
//! is a good one.

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use trawl_tests::fake_mcp::{Era, Fake, Options};

use crate::mcp::setup::{ask, only, until_there_is};

const BOTH: &str = "application/json, text/event-stream";
const VERSION: &str = "2025-11-25";

struct Raw {
    client: Client,
    url: String,
    session: Option<String>,
}

impl Raw {
    /// A request with the given changes to its headers; an empty value takes one out.
    fn request(&self, method: Method, changes: &[(&str, &str)]) -> RequestBuilder {
        let mut headers = vec![("accept", BOTH), ("mcp-protocol-version", VERSION)];
        if method == Method::POST {
            headers.push(("content-type", "application/json"));
        }
        headers.extend(self.session.as_deref().map(|session| ("mcp-session-id", session)));
        headers.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
        headers.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
        let request = self.client.request(method, &self.url);
        headers.into_iter().fold(request, |request, (name, value)| request.header(name, value))
    }

    async fn post(&self, message: &Value, changes: &[(&str, &str)]) -> u16 {
        let request = self.request(Method::POST, changes).body(message.to_string());
        request.send().await.unwrap().status().as_u16()
    }

    async fn send(&self, method: Method, changes: &[(&str, &str)]) -> u16 {
        self.request(method, changes).send().await.unwrap().status().as_u16()
    }
}

fn request(id: u64, method: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": {}})
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused() {
    let fake = Fake::new(Options::default());
    let http = fake.serve_http().await;
    let mut raw = Raw { client: Client::new(), url: http.url.clone(), session: None };
    let list = |id| request(id, "tools/list");

    // Before there is a session.
    assert_eq!(raw.post(&list(1), &[]).await, 400);
    assert_eq!(raw.post(&list(1), &[("mcp-session-id", "none")]).await, 404);
    assert_eq!(raw.send(Method::GET, &[]).await, 400);
    let mut hello = request(0, "initialize");
    hello["params"]["protocolVersion"] = VERSION.into();
    assert_eq!(raw.post(&hello, &[("accept", "application/json")]).await, 406);
    assert_eq!(raw.post(&hello, &[("accept", "*/*")]).await, 406);
    assert_eq!(raw.post(&hello, &[("content-type", "text/plain")]).await, 415);
    assert_eq!(raw.post(&json!([hello]), &[]).await, 400);
    assert_eq!(fake.sessions(), 0);

    let welcome = raw.request(Method::POST, &[("mcp-protocol-version", "")]);
    let welcome = welcome.body(hello.to_string()).send().await.unwrap();
    assert_eq!(welcome.status(), 200);
    raw.session = Some(welcome.headers()["mcp-session-id"].to_str().unwrap().to_owned());

    // Before `initialized`.
    assert_eq!(raw.post(&list(1), &[]).await, 400);
    assert_eq!(raw.post(&request(2, "ping"), &[]).await, 200);
    let initialized = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    assert_eq!(raw.post(&initialized, &[("mcp-session-id", "")]).await, 400);
    assert_eq!(raw.post(&initialized, &[]).await, 202);

    assert_eq!(raw.post(&list(3), &[]).await, 200);
    assert_eq!(raw.post(&list(3), &[]).await, 400, "an id is used once");
    for wrong in ["", "2024-01-01", "2025-06-18"] {
        assert_eq!(raw.post(&list(4), &[("mcp-protocol-version", wrong)]).await, 400, "{wrong:?}");
    }
    assert_eq!(raw.post(&list(4), &[("mcp-session-id", "")]).await, 400);
    assert_eq!(raw.post(&json!({"id": 5, "method": "ping"}), &[]).await, 400);

    assert_eq!(raw.send(Method::GET, &[("accept", "application/json")]).await, 406);
    assert_eq!(raw.send(Method::GET, &[]).await, 200);
    assert_eq!(raw.send(Method::DELETE, &[("mcp-session-id", "")]).await, 400);
    assert_eq!(raw.send(Method::DELETE, &[]).await, 200);
    assert_eq!(raw.post(&list(6), &[]).await, 404);
    assert!(fake.broken_rules().len() > 10, "{:?}", fake.broken_rules());

    let silent = Fake::new(Options { no_stream: true, ..Options::default() });
    let http = silent.serve_http().await;
    raw.url.clone_from(&http.url);
    assert_eq!(raw.send(Method::GET, &[]).await, 405);
}

#[tokio::test]
async fn trawl_breaks_no_rule_and_ends_its_session() {
    for (era, no_stream) in [(Era::Legacy, false), (Era::Legacy, true), (Era::Modern, false)] {
        let fake = Fake::new(Options { era, no_stream, ..Options::default() });
        let http = fake.serve_http().await;
        let (connections, server) = only(json!({"url": http.url})).await;
        for n in 0..3 {
            ask(&server, "echo", json!({"text": n.to_string()})).await;
        }
        connections.close().await;
        assert_eq!(fake.broken_rules(), [""; 0], "{era:?}");
        assert_eq!(fake.sessions(), 0, "{era:?}");
    }
}

#[tokio::test]
async fn a_changed_list_of_tools_is_noticed_on_the_stream_that_a_server_offers() {
    let fake = Fake::new(Options::default());
    let http = fake.serve_http().await;
    let (connections, _) = only(json!({"url": http.url})).await;
    fake.listened().await;
    fake.add_tool("brand_new");
    until_there_is(&connections, "brand_new").await;
    connections.close().await;
}
