//! A fake MCP server for the far end of the wire: hand-written JSON-RPC, so that it can misbehave.
//!
//! The same server runs in-process over a stream (also with time paused), as the binary `fake-mcp`
//! over stdio, and over streamable HTTP. What it received and how many calls it had in flight at
//! once can be asked afterwards, so that tests assert on the server's own record.

#![expect(clippy::expect_used, reason = "a test's own server may end the test")]

mod garbled;
mod http;
mod huge;
mod options;
mod record;
mod stream;
mod tools;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::DuplexStream;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::AbortHandle;

pub use garbled::FORMS;
pub use http::HttpServer;
pub use options::{Era, Options, take, value};
pub use record::Record;

/// Bytes in flight each way on an in-process stream.
const BUFFER: usize = 1 << 20;

/// The server. Clones are the same server.
#[derive(Clone)]
pub struct Fake {
    inner: Arc<Inner>,
}

struct Inner {
    options: Options,
    record: Record,
    /// Calls that can be cancelled, by connection and request id.
    running: Mutex<HashMap<(usize, String), AbortHandle>>,
    connections: AtomicUsize,
    /// Where to announce a changed list of tools.
    listeners: Mutex<Vec<UnboundedSender<String>>>,
    tools: tools::State,
    http: http::State,
}

/// One client's way of getting answers.
#[derive(Clone)]
pub(crate) struct Client {
    connection: usize,
    out: UnboundedSender<String>,
}

impl Fake {
    /// A server that behaves as told.
    pub fn new(options: Options) -> Self {
        let record = Record::new(options.log.as_deref());
        Self {
            inner: Arc::new(Inner {
                options,
                record,
                running: Mutex::default(),
                connections: AtomicUsize::new(0),
                listeners: Mutex::default(),
                tools: tools::State::default(),
                http: http::State::default(),
            }),
        }
    }

    /// What it received and how much ran at once.
    pub fn record(&self) -> &Record {
        &self.inner.record
    }

    /// A stream with this server at its other end, served by a task of its own.
    pub fn connect(&self) -> DuplexStream {
        let (ours, theirs) = tokio::io::duplex(BUFFER);
        let (reader, writer) = tokio::io::split(ours);
        let fake = self.clone();
        tokio::spawn(async move { fake.serve(reader, writer).await });
        theirs
    }

    /// Offers one more tool from now on, and says so to those connected over a stream.
    pub fn add_tool(&self, name: &str) {
        self.inner.tools.add(name);
        let changed = json!({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"});
        for listener in self.inner.listeners.lock().expect("no test panics here").iter() {
            let _ = listener.send(changed.to_string());
        }
    }

    /// Whether a tool made it die.
    pub fn died(&self) -> bool {
        self.inner.tools.has_died()
    }

    /// Lets every barrier open at once, whatever it waits for.
    pub fn open_barriers(&self) {
        self.inner.tools.open_barriers();
    }

    fn client(&self, out: UnboundedSender<String>) -> Client {
        Client { connection: self.inner.connections.fetch_add(1, Ordering::Relaxed), out }
    }

    /// Acts on one message; answers go to the client, now or later.
    fn receive(&self, text: &str, client: &Client) {
        let Ok(message) = serde_json::from_str::<Value>(text) else { return };
        self.inner.record.note(&message);
        if self.inner.options.mute {
            return;
        }
        let method = message["method"].as_str().unwrap_or_default();
        let Some(id) = message.get("id").filter(|id| !id.is_null()) else {
            if method == "notifications/cancelled" {
                self.cancel(client, &message["params"]["requestId"]);
            }
            return;
        };
        let id = id.clone();
        let answer = match method {
            "server/discover" => match self.inner.options.era {
                Era::Mute => return,
                Era::Legacy => Err((-32601, "Method not found")),
                Era::Modern => Ok(discovery()),
            },
            "initialize" if self.inner.options.era != Era::Modern => Ok(json!({
                "protocolVersion": message["params"]["protocolVersion"],
                "capabilities": {"tools": {"listChanged": true}},
                "serverInfo": {"name": "fake-mcp", "version": "1.0.0"},
            })),
            "ping" => Ok(json!({})),
            "tools/list" => Ok(tools::page(self, &message["params"])),
            "tools/call" => return self.call(client, id, &message["params"]),
            _ => Err((-32601, "Method not found")),
        };
        let text = match answer {
            Ok(result) => tools::answer(&self.inner.options, &id, &result.to_string()),
            Err((code, words)) => tools::error(&id, code, words),
        };
        let _ = client.out.send(text);
    }

    fn call(&self, client: &Client, id: Value, params: &Value) {
        let key = (client.connection, id.to_string());
        let running = tools::run(self.clone(), client.out.clone(), id, params.clone());
        let mut table = self.inner.running.lock().expect("no test panics here");
        let fake = self.clone();
        let done = key.clone();
        let task = tokio::spawn(async move {
            running.await;
            fake.inner.running.lock().expect("no test panics here").remove(&done);
        });
        table.insert(key, task.abort_handle());
    }

    fn cancel(&self, client: &Client, id: &Value) {
        let key = (client.connection, id.to_string());
        if let Some(task) = self.inner.running.lock().expect("no test panics here").remove(&key) {
            task.abort();
        }
    }

    /// The client is gone: its calls end.
    fn left(&self, client: &Client) {
        let mut running = self.inner.running.lock().expect("no test panics here");
        running.retain(|(connection, _), task| {
            let theirs = *connection == client.connection;
            if theirs {
                task.abort();
            }
            !theirs
        });
    }
}

fn discovery() -> Value {
    json!({
        "resultType": "complete",
        "supportedVersions": ["2026-07-28"],
        "capabilities": {"tools": {}},
        "ttlMs": 0,
        "cacheScope": "private",
    })
}
