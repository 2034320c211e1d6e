//! The fake MCP server's tools: each is one way in which a real tool behaves or fails.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;

use super::options::Options;
use super::{Fake, garbled, huge};

/// Name, whether it only reads, its parameters (all of them optional).
type Description<'a> = (&'a str, bool, &'a [(&'a str, &'a str)]);

const TOOLS: [Description<'static>; 20] = [
    ("echo", true, &[("text", "string"), ("items", "array")]),
    ("sleep", true, &[("ms", "integer"), ("text", "string")]),
    ("fail", true, &[("text", "string")]),
    ("rpc_error", true, &[("code", "integer"), ("text", "string")]),
    ("hang", true, &[]),
    ("panic_exit", true, &[]),
    ("huge", true, &[("bytes", "integer"), ("form", "string"), ("seed", "integer")]),
    ("progress", true, &[("steps", "integer"), ("ms", "integer"), ("total", "boolean")]),
    ("backwards", true, &[]),
    ("barrier", true, &[("n", "integer")]),
    ("until_file", true, &[("path", "string"), ("text", "string")]),
    ("write", false, &[("text", "string")]),
    ("append", false, &[("text", "string")]),
    ("spawn_child", true, &[("marker", "string")]),
    ("flaky", true, &[("key", "string"), ("n", "integer")]),
    ("environment", true, &[]),
    ("stats", true, &[]),
    ("rich", true, &[]),
    ("bare", true, &[]),
    ("garbled", true, &[("form", "string"), ("text", "string"), ("bytes", "integer")]),
];

/// What the tools remember.
pub(super) struct State {
    added: Mutex<Vec<String>>,
    flaky: Mutex<HashMap<String, u64>>,
    written: Mutex<Vec<String>>,
    waiting: watch::Sender<usize>,
    dead: watch::Sender<bool>,
    has_died: AtomicBool,
}

impl Default for State {
    fn default() -> Self {
        Self {
            added: Mutex::default(),
            flaky: Mutex::default(),
            written: Mutex::default(),
            waiting: watch::Sender::new(0),
            dead: watch::Sender::new(false),
            has_died: AtomicBool::new(false),
        }
    }
}

impl State {
    pub(super) fn add(&self, name: &str) {
        self.added.lock().expect("no test panics here").push(name.to_owned());
    }

    pub(super) fn open_barriers(&self) {
        self.waiting.send_replace(usize::MAX / 2);
    }

    /// Waits until a tool made the server die.
    pub(super) async fn died(&self) {
        let _ = self.dead.subscribe().wait_for(|dead| *dead).await;
        // The next connection finds a new process.
        self.dead.send_replace(false);
        self.has_died.store(true, Ordering::SeqCst);
    }

    pub(super) fn has_died(&self) -> bool {
        self.has_died.load(Ordering::SeqCst)
    }
}

/// The page of the list that `params.cursor` asks for.
pub(super) fn page(fake: &Fake, params: &Value) -> Value {
    let options = &fake.inner.options;
    let mut tools: Vec<Value> = TOOLS.iter().map(|tool| described(*tool)).collect();
    let added = fake.inner.tools.added.lock().expect("no test panics here");
    tools.extend(added.iter().map(|name| described((name, true, &[]))));
    if options.malformed_tools {
        tools.insert(0, json!({"name": "crooked", "inputSchema": "none"}));
        tools.insert(2, json!({"description": "a tool without a name", "inputSchema": {}}));
    }
    let size = options.page_size.unwrap_or(tools.len()).max(1);
    let start = params["cursor"].as_str().and_then(|cursor| cursor.parse().ok()).unwrap_or(0);
    let end = tools.len().min(start + size);
    let mut page = json!({"tools": tools[start.min(end)..end]});
    if options.repeat_cursor {
        page["nextCursor"] = json!("0");
    } else if end < tools.len() {
        page["nextCursor"] = json!(end.to_string());
    }
    if options.era == super::Era::Modern {
        page["resultType"] = json!("complete");
        page["ttlMs"] = json!(0);
        page["cacheScope"] = json!("private");
    }
    page
}

fn described((name, read_only, parameters): Description<'_>) -> Value {
    let properties: serde_json::Map<String, Value> =
        parameters.iter().map(|(name, kind)| ((*name).to_owned(), json!({"type": kind}))).collect();
    let mut tool = json!({
        "name": name,
        "description": format!("The fake tool {name}"),
        "inputSchema": {"type": "object", "properties": properties},
        "annotations": {"readOnlyHint": read_only, "openWorldHint": false},
    });
    if name == "append" {
        tool["annotations"]["destructiveHint"] = json!(false);
        tool["annotations"]["idempotentHint"] = json!(true);
    }
    tool
}

/// Runs one call and sends its answer.
pub(super) async fn run(fake: Fake, out: UnboundedSender<String>, id: Value, params: Value) {
    let _in_flight = fake.inner.record.start();
    let name = params["name"].as_str().unwrap_or_default();
    let arguments = &params["arguments"];
    let number = |key: &str, default: u64| whole(&arguments[key]).unwrap_or(default);
    let words = arguments["text"].as_str().unwrap_or_default();
    let state = &fake.inner.tools;
    let options = &fake.inner.options;
    let result = match name {
        "echo" => {
            json!({"content": [text(words)], "structuredContent": arguments, "isError": false})
        }
        "sleep" => {
            tokio::time::sleep(Duration::from_millis(number("ms", 500))).await;
            json!({"content": [text(words)]})
        }
        "fail" => json!({"content": [text(words)], "isError": true}),
        "rpc_error" => {
            let code = arguments["code"].as_i64().unwrap_or(-32000);
            let _ = out.send(error(&id, code, words));
            return;
        }
        "garbled" => {
            let form = arguments["form"].as_str().unwrap_or_default();
            let size = usize::try_from(number("bytes", 0)).expect("it fits into memory");
            let words = format!("{words}{}", "x".repeat(size));
            let _ = out.send(garbled::answer(&id, form, &words));
            return;
        }
        "hang" => return std::future::pending().await,
        "panic_exit" => {
            state.dead.send_replace(true);
            return std::future::pending().await;
        }
        "huge" => {
            let size = usize::try_from(number("bytes", 1 << 20)).expect("it fits into memory");
            let structured = arguments["form"] == "structured";
            let result = huge::result(size, structured, whole(&arguments["seed"]));
            let _ = out.send(answer(options, &id, &result));
            return;
        }
        "progress" => {
            let (steps, ms) = (number("steps", 3), number("ms", 10));
            for step in 1..=steps {
                tokio::time::sleep(Duration::from_millis(ms)).await;
                let total = (arguments["total"] != json!(false)).then_some(steps);
                notify_progress(&out, &params, step, total);
            }
            json!({"content": [text("done")]})
        }
        "backwards" => {
            for step in [2, 1, 3] {
                notify_progress(&out, &params, step, None);
            }
            json!({"content": [text("done")]})
        }
        "barrier" => {
            let n = usize::try_from(number("n", 1)).expect("it is a small number");
            let mut waiting = state.waiting.subscribe();
            state.waiting.send_modify(|count| *count += 1);
            let _ = waiting.wait_for(|count| *count >= n).await;
            json!({"content": [text("open")]})
        }
        // For a test that drives this server from another process.
        "until_file" => {
            let path = PathBuf::from(arguments["path"].as_str().unwrap_or_default());
            while !path.exists() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            json!({"content": [text(words)]})
        }
        "write" | "append" => {
            let mut written = state.written.lock().expect("no test panics here");
            written.push(words.to_owned());
            json!({"content": [text(&written.join(","))]})
        }
        "spawn_child" => {
            let marker = arguments["marker"].as_str().unwrap_or("unmarked");
            json!({"content": [text(&spawn_stubborn_children(marker))]})
        }
        "flaky" => {
            let key = arguments["key"].as_str().unwrap_or_default().to_owned();
            let mut seen = state.flaky.lock().expect("no test panics here");
            let count = seen.entry(key).or_default();
            *count += 1;
            if *count <= number("n", 1) {
                json!({"content": [text(&format!("failure {count}"))], "isError": true})
            } else {
                json!({"content": [text(&format!("success after {count}"))]})
            }
        }
        "environment" => {
            let variables: serde_json::Map<String, Value> =
                std::env::vars().map(|(name, value)| (name, json!(value))).collect();
            let folder = std::env::current_dir().unwrap_or_default();
            json!({"content": [], "structuredContent": {"variables": variables,
                "folder": folder, "arguments": std::env::args().collect::<Vec<_>>()}})
        }
        "stats" => {
            let record = &fake.inner.record;
            json!({"content": [], "structuredContent": {
                "mostInFlight": record.most_in_flight(), "cancellations": record.cancellations(),
                "written": *state.written.lock().expect("no test panics here")}})
        }
        "rich" => json!({
            "content": [
                {"type": "text", "text": "a", "annotations": {"audience": ["user"], "future": 1}},
                {"type": "image", "data": "aGk=", "mimeType": "image/png"},
                {"type": "resource_link", "uri": "file:///a", "name": "a"},
                {"type": "hologram", "depth": 1.50},
            ],
            "structuredContent": {"big": 12_345_678_901_234_567_890_u64},
            "somethingNew": {"kept": true},
            "_meta": {"a/b": null},
        }),
        "bare" => json!({}),
        other if state.added.lock().expect("no test panics here").iter().any(|a| a == other) => {
            json!({"content": [text(other)]})
        }
        other => {
            let _ = out.send(error(&id, -32602, &format!("Unknown tool: {other}")));
            return;
        }
    };
    let _ = out.send(answer(options, &id, &result.to_string()));
}

/// A number without its fraction; JSON does not tell `1000` from `1000.0`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "beyond the range, a cast gives the nearest number"
)]
fn whole(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_f64().map(|number| number as u64))
}

/// An answer's text around a result's text.
pub(super) fn answer(options: &Options, id: &Value, result: &str) -> String {
    if options.id_last {
        format!(r#"{{"result":{result},"jsonrpc":"2.0","id":{id}}}"#)
    } else {
        format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#)
    }
}

/// An error answer's text.
pub(super) fn error(id: &Value, code: i64, words: &str) -> String {
    json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": words}}).to_string()
}

fn text(words: &str) -> Value {
    json!({"type": "text", "text": words})
}

fn notify_progress(
    out: &UnboundedSender<String>,
    params: &Value,
    progress: u64,
    total: Option<u64>,
) {
    let mut told = json!({"progressToken": params["_meta"]["progressToken"], "progress": progress,
        "message": format!("step {progress}")});
    if let Some(total) = total {
        told["total"] = json!(total);
    }
    let _ = out.send(
        json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": told}).to_string(),
    );
}

/// One child in the server's own process group and one that left it; both ignore everything.
#[expect(clippy::zombie_processes, reason = "they are to be left behind")]
fn spawn_stubborn_children(marker: &str) -> String {
    let program = std::env::current_exe().expect("a program knows itself");
    let mut ids = Vec::new();
    for leaves_the_group in [false, true] {
        let mut command = std::process::Command::new(&program);
        command.args(["--stubborn", "--marker", marker]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        #[cfg(unix)]
        if leaves_the_group {
            std::os::unix::process::CommandExt::process_group(&mut command, 0);
        }
        let _ = leaves_the_group;
        let child = command.spawn().expect("the fake server can start itself");
        ids.push(child.id().to_string());
    }
    ids.join(" ")
}
