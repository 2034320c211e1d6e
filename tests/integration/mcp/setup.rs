//! What the tests of MCP servers have in common: entries, options, connections.

use std::time::Duration;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use trawl_core::event::Object;
use trawl_core::failure::FailureCode;
use trawl_core::mcp::{CallError, CallOptions, Connections, Server};
use trawl_core::settings::{ServerEntry, Settings};
use trawl_tests::fake_mcp::{Fake, Options};

/// The fake server's program; also the supervisor.
pub(crate) const FAKE: &str = env!("CARGO_BIN_EXE_fake-mcp");

pub(crate) fn connections() -> Connections {
    Connections::new(Some(FAKE.into()))
}

/// An entry that starts the fake server.
pub(crate) fn stdio(args: &[&str]) -> Value {
    json!({"command": FAKE, "args": args, "connectTimeoutSeconds": 20})
}

pub(crate) fn settings(servers: Value) -> Settings {
    Settings::from_json(&json!({"mcpServers": servers}))
}

pub(crate) fn entry(value: Value) -> ServerEntry {
    ServerEntry::from_json(&value).unwrap()
}

/// An entry for a server at the other end of a stream; its transport is not looked at.
pub(crate) fn attached() -> ServerEntry {
    entry(json!({"builtin": "stories"}))
}

/// A fake server in this process, connected.
pub(crate) async fn in_process(options: Options) -> (Fake, Connections, Server) {
    let fake = Fake::new(options);
    let connections = Connections::new(None);
    connections.attach("fake", attached(), fake.connect());
    let server = connections.connected("fake").await.unwrap();
    (fake, connections, server)
}

/// The one server of these settings, connected.
pub(crate) async fn only(entry: Value) -> (Connections, Server) {
    let connections = connections();
    connections.apply(&settings(json!({"fake": entry})));
    let server = connections.connected("fake").await.unwrap();
    (connections, server)
}

pub(crate) fn options() -> CallOptions {
    CallOptions {
        timeout: Duration::from_secs(30),
        total_timeout: Duration::from_mins(1),
        cancel: CancellationToken::new(),
        progress: None,
    }
}

pub(crate) fn object(value: Value) -> Object {
    value.as_object().cloned().unwrap()
}

/// Until the fake server's list has this tool.
pub(crate) async fn until_there_is(connections: &Connections, tool: &str) {
    let mut changes = connections.changes();
    loop {
        let now = connections.connected("fake").await.unwrap();
        if now.tools().iter().any(|known| known.name == tool) {
            return;
        }
        changes.changed().await.unwrap();
    }
}

/// The code with which a task fails for this.
pub(crate) fn code(error: &CallError) -> &'static str {
    FailureCode::from(error).as_str()
}

/// A call that must bring a result.
pub(crate) async fn ask(server: &Server, tool: &str, arguments: Value) -> Value {
    let result = server.call(tool, &object(arguments), options()).await.unwrap();
    serde_json::from_str(&result.json).unwrap()
}
