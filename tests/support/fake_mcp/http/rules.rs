//! What the specification asks of each HTTP request, whatever its session.

use axum::http::HeaderMap;
use serde_json::Value;

pub(super) const VERSION: &str = "mcp-protocol-version";
const STATELESS: &str = "2026-07-28";

/// A rule that a request breaks, and the status that it gets for that.
pub(super) struct Broken {
    pub(super) status: u16,
    pub(super) rule: String,
}

impl Broken {
    pub(super) fn new(status: u16, rule: impl Into<String>) -> Self {
        Self { status, rule: rule.into() }
    }
}

/// Of every POST ("Sending Messages to the Server").
pub(super) fn of_a_post(headers: &HeaderMap, message: &Value) -> Result<(), Broken> {
    if !accepts(headers, "application/json") || !accepts(headers, "text/event-stream") {
        return Err(Broken::new(406, "a client accepts application/json and text/event-stream"));
    }
    if header(headers, "content-type").is_none_or(|kind| !kind.starts_with("application/json")) {
        return Err(Broken::new(415, "a message is application/json"));
    }
    if !message.is_object() || message["jsonrpc"] != "2.0" {
        return Err(Broken::new(400, "the body is one JSON-RPC 2.0 message"));
    }
    if message.get("id").is_some_and(Value::is_null) {
        return Err(Broken::new(400, "a request's id is not null"));
    }
    Ok(())
}

/// Of every GET ("Listening for Messages from the Server").
pub(super) fn of_a_get(headers: &HeaderMap) -> Result<(), Broken> {
    if accepts(headers, "text/event-stream") {
        return Ok(());
    }
    Err(Broken::new(406, "a client that listens accepts text/event-stream"))
}

/// Of every POST of the stateless protocol: each says of itself what it is.
pub(super) fn of_the_stateless(headers: &HeaderMap, message: &Value) -> Result<(), Broken> {
    if header(headers, VERSION) != Some(STATELESS) {
        return Err(Broken::new(400, format!("the header {VERSION} is {STATELESS}")));
    }
    if header(headers, "mcp-method") != message["method"].as_str() {
        return Err(Broken::new(400, "the header Mcp-Method is the message's method"));
    }
    let name = &message["params"]["name"];
    if message["method"] == "tools/call" && header(headers, "mcp-name") != name.as_str() {
        return Err(Broken::new(400, "the header Mcp-Name is the tool's name"));
    }
    Ok(())
}

pub(super) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Named, not by `*/*`: "include an Accept header, listing both".
fn accepts(headers: &HeaderMap, kind: &str) -> bool {
    let all = headers.get_all("accept").iter().filter_map(|value| value.to_str().ok());
    let mut kinds = all.flat_map(|value| value.split(','));
    kinds.any(|accepted| accepted.split(';').next().unwrap_or_default().trim() == kind)
}
