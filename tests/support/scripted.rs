//! A fake MCP server whose calls carry their own script, for tests of the engine with time paused.
//!
//! A call's arguments say what becomes of each attempt: `{"task": 3, "script": ["drop", "ok"]}`. The
//! server's own log says when which call ran, so that tests assert on what really arrived.

#![expect(clippy::expect_used, reason = "a test's own server may end the test")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, Once};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep};
use trawl_core::mcp::Connections;
use trawl_core::settings::ServerEntry;

/// The server. Clones are the same server.
#[derive(Clone)]
pub struct Scripted {
    inner: Arc<Inner>,
}

struct Inner {
    name: String,
    entry: ServerEntry,
    connections: Connections,
    log: Mutex<Vec<Call>>,
}

/// One call that arrived.
#[derive(Debug, Clone)]
pub struct Call {
    /// The task that the arguments name.
    pub task: u64,
    /// The tool's name.
    pub tool: String,
    /// All arguments.
    pub arguments: Value,
    /// When it arrived.
    pub start: Instant,
    /// When it was answered, or ended without an answer.
    pub end: Option<Instant>,
    /// Calls in flight, this one included, when it arrived.
    pub in_flight: usize,
    /// The client said that it does not want it any longer.
    pub cancelled: bool,
}

/// Name, and whether it only reads, may be repeated, reaches out.
const TOOLS: [(&str, bool, bool, bool); 5] = [
    ("read", true, false, false),
    ("put", false, true, false),
    ("write", false, false, false),
    ("fetch", true, false, true),
    ("send", false, false, true),
];

impl Scripted {
    /// Attaches the server under a name; it stays reachable when its connection breaks.
    pub fn attach(connections: &Connections, name: &str, entry: ServerEntry) -> Self {
        let inner = Inner {
            name: name.to_owned(),
            entry,
            connections: connections.clone(),
            log: Mutex::default(),
        };
        let server = Self { inner: Arc::new(inner) };
        server.connect();
        server
    }

    /// The calls that arrived, in order.
    pub fn log(&self) -> Vec<Call> {
        self.calls().clone()
    }

    /// A new connection under the same name; one that is open breaks.
    fn connect(&self) {
        let Inner { name, entry, connections, .. } = &*self.inner;
        let (ours, theirs) = tokio::io::duplex(1 << 20);
        tokio::spawn(self.clone().serve(ours));
        connections.attach(name, entry.clone(), theirs);
    }

    fn calls(&self) -> MutexGuard<'_, Vec<Call>> {
        self.inner.log.lock().expect("no test panics here")
    }

    async fn serve(self, stream: DuplexStream) {
        let (reader, mut writer) = tokio::io::split(stream);
        let (out, mut lines) = unbounded_channel::<String>();
        let mut calls = JoinSet::new();
        calls.spawn(async move {
            while let Some(mut line) = lines.recv().await {
                line.push('\n');
                if writer.write_all(line.as_bytes()).await.is_err() {
                    return;
                }
            }
        });
        let mut running: HashMap<String, (usize, AbortHandle)> = HashMap::new();
        let mut incoming = BufReader::new(reader).lines();
        while let Ok(Some(line)) = incoming.next_line().await {
            let message: Value = serde_json::from_str(&line).expect("the client writes JSON");
            let id = &message["id"];
            let params = &message["params"];
            match message["method"].as_str().unwrap_or_default() {
                "initialize" => answer(
                    &out,
                    id,
                    &json!({
                        "protocolVersion": params["protocolVersion"],
                        "capabilities": {"tools": {}},
                        "serverInfo": {"name": "scripted", "version": "1"},
                    }),
                ),
                "tools/list" => answer(&out, id, &json!({"tools": TOOLS.map(described)})),
                "tools/call" => {
                    let number = self.note(params);
                    let call = self.clone().call(number, id.clone(), params.clone(), out.clone());
                    let handle = calls.spawn(call);
                    running.insert(id.to_string(), (number, handle));
                }
                "notifications/cancelled" => {
                    if let Some((number, call)) = running.remove(&params["requestId"].to_string()) {
                        call.abort();
                        self.ended(number, true);
                    }
                }
                _ if !id.is_null() => {
                    let error = json!({"code": -32601, "message": "Method not found"});
                    let _ =
                        out.send(json!({"jsonrpc": "2.0", "id": id, "error": error}).to_string());
                }
                _ => {}
            }
        }
        for (number, _) in running.into_values() {
            self.ended(number, false);
        }
    }

    fn note(&self, params: &Value) -> usize {
        let mut log = self.calls();
        let in_flight = log.iter().filter(|call| call.end.is_none()).count() + 1;
        log.push(Call {
            task: params["arguments"]["task"].as_u64().unwrap_or_default(),
            tool: params["name"].as_str().unwrap_or_default().to_owned(),
            arguments: params["arguments"].clone(),
            start: Instant::now(),
            end: None,
            in_flight,
            cancelled: false,
        });
        log.len() - 1
    }

    fn ended(&self, number: usize, cancelled: bool) {
        let call = &mut self.calls()[number];
        if call.end.is_none() {
            call.end = Some(Instant::now());
            call.cancelled = cancelled;
        }
    }

    /// What the script says about this attempt; the last word is repeated.
    fn act(&self, number: usize, arguments: &Value) -> String {
        let log = self.calls();
        let same = |call: &&Call| call.task == log[number].task;
        let attempt = log[..number].iter().filter(same).count();
        let script = arguments["script"].as_array().map(Vec::as_slice).unwrap_or_default();
        let act = script.get(attempt).or(script.last()).and_then(Value::as_str);
        act.unwrap_or("ok").to_owned()
    }

    async fn call(self, number: usize, id: Value, params: Value, out: UnboundedSender<String>) {
        let arguments = &params["arguments"];
        let act = self.act(number, arguments);
        let (act, time) = act.split_once(':').unwrap_or((&act, "0"));
        let time = Duration::from_millis(time.parse().expect("a number of milliseconds"));
        if !time.is_zero() {
            sleep(time).await;
        }
        let task = &arguments["task"];
        match act {
            "tool_error" => answer(&out, &id, &result("the tool's own words", task, true)),
            "too_many" => answer(&out, &id, &result("429 Too Many Requests", task, true)),
            "panic" => answer(&out, &id, &result(MAKES_TRAWL_PANIC, task, false)),
            "rpc_error" => {
                let error = json!({"code": -32000, "message": "something broke"});
                let _ = out.send(json!({"jsonrpc": "2.0", "id": id, "error": error}).to_string());
            }
            "hang" => return std::future::pending().await,
            "drop" => {
                self.ended(number, false);
                self.connect();
                return std::future::pending().await;
            }
            "progress" => {
                for step in 1..=50 {
                    sleep(Duration::from_millis(20)).await;
                    let token = &params["_meta"]["progressToken"];
                    let params = json!({"progressToken": token, "progress": step, "total": 50});
                    let method = "notifications/progress";
                    let told = json!({"jsonrpc": "2.0", "method": method, "params": params});
                    let _ = out.send(told.to_string());
                }
                answer(&out, &id, &result("done", task, false));
            }
            _ => answer(&out, &id, &result("done", task, false)),
        }
        self.ended(number, false);
    }
}

/// A result that makes the log of [`PanickingLog`] panic.
pub const MAKES_TRAWL_PANIC: &str = "this text breaks the log";

fn result(words: &str, task: &Value, is_error: bool) -> Value {
    json!({
        "content": [{"type": "text", "text": words}],
        "structuredContent": {"n": task, "words": format!("words of {task}")},
        "isError": is_error,
    })
}

fn described((name, reads, repeatable, reaches_out): (&str, bool, bool, bool)) -> Value {
    json!({
        "name": name,
        "inputSchema": {"type": "object", "required": ["task"],
            "properties": {"task": {"type": "integer"}, "words": {"type": "string"}}},
        "annotations": {"readOnlyHint": reads, "idempotentHint": repeatable,
            "openWorldHint": reaches_out},
    })
}

fn answer(out: &UnboundedSender<String>, id: &Value, result: &Value) {
    let _ = out.send(json!({"jsonrpc": "2.0", "id": id, "result": result}).to_string());
}

/// A log that panics at the sight of one text: the only way in which a test can make the engine's
/// own code panic without the engine knowing of tests.
pub struct PanickingLog;

impl PanickingLog {
    /// From here on, for all tests of this process. One for each test would not do: whether a log
    /// wants an event is remembered for all of them together, and as one comes or goes on another
    /// thread, an event can be left out.
    pub fn install() {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            tracing::subscriber::set_global_default(Self).expect("no test has another one");
        });
    }
}

impl tracing::Subscriber for PanickingLog {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target() == "trawl::results"
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        struct Looks(bool);
        impl tracing::field::Visit for Looks {
            fn record_debug(&mut self, _: &tracing::field::Field, _: &dyn std::fmt::Debug) {}
            fn record_str(&mut self, _: &tracing::field::Field, value: &str) {
                self.0 |= value.contains(MAKES_TRAWL_PANIC);
            }
        }
        let mut looks = Looks(false);
        event.record(&mut looks);
        if looks.0 {
            // Not by `panic!`, whose words would fill the test's output.
            std::panic::resume_unwind(Box::new("the log broke"));
        }
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}
