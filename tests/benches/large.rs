//! A result of 50 MB through a whole run, with history and log: the most memory that Trawl takes
//! meanwhile ÷ the result's size on the wire. Each case in a process of its own, its server in another.

#![expect(clippy::print_stdout, clippy::expect_used, reason = "a benchmark prints its table")]
#![expect(clippy::cast_precision_loss, reason = "the numbers are small")]

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use trawl_core::event::EventKind;
use trawl_core::history::History;
use trawl_core::logging::{self, Results};
use trawl_tests::bench::{forget_peak, resident};
use trawl_tests::fake_llm::{FakeLlm, Protocol, Reply};
use trawl_tests::with_model::WithModel;

const FAKE: &str = env!("CARGO_BIN_EXE_fake-mcp");
const BYTES: u64 = 50_000_000;

/// The argument that makes this program one case of its own table.
const CASE: &str = "--case";

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == CASE) {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        return runtime.block_on(case(&arguments[at + 1], &arguments[at + 2]));
    }
    println!("| result | over | wire | peak | peak ÷ wire |\n|---|---|---|---|---|");
    let program = std::env::current_exe().expect("a program knows itself");
    for form in ["text", "structured"] {
        for transport in ["stdio", "HTTP"] {
            let case = Command::new(&program).args([CASE, transport, form]).status();
            assert!(case.is_ok_and(|status| status.success()), "{form} over {transport}");
        }
    }
}

/// A small run first, for what is only set up once; then the large one.
async fn case(transport: &str, form: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let _log = logging::start(folder.path(), Results::Logged).expect("a log");
    let history = History::open(folder.path()).expect("a history");
    let answer = || Reply::text(Protocol::Openai, "There is much to read [1].");
    let script = [plan(1000, form), answer(), plan(BYTES, form), answer()];
    let llm = FakeLlm::start(script).await;
    let (entry, server) = server(transport);
    let more = json!({"mcpServers": {"s": entry}});
    let stage = WithModel::new(Protocol::Openai, &llm, &more).kept_in(history);

    stage.ask("What is small?").await;
    let before = resident("VmRSS:");
    forget_peak();
    let events = stage.ask("What is large?").await;
    let peak = resident("VmHWM:") - before;
    let bytes = events.iter().find_map(|event| match event.kind {
        EventKind::TaskFinished { result_bytes, .. } => Some(result_bytes),
        _ => None,
    });
    let wire = bytes.unwrap_or_default() as f64 / 1e6;
    assert!(wire >= BYTES as f64 / 1e6, "the result is whole");
    println!("| {form} | {transport} | {wire:.0} MB | {peak:.0} MB | {:.2} |", peak / wire);
    stage.agent.connections.close().await;
    if let Some(mut server) = server {
        let _ = server.kill();
        let _ = server.wait();
    }
}

fn plan(bytes: u64, form: &str) -> Reply {
    let arguments = json!({"bytes": bytes, "form": form, "seed": 7});
    let task = json!({"tool_name": "s__huge", "tool_arguments": arguments});
    Reply::json(Protocol::Openai, &json!({"tasks": [task]}))
}

/// The settings' entry of the server, and its process where Trawl does not start it.
fn server(transport: &str) -> (Value, Option<Child>) {
    let patience = Duration::from_mins(5).as_secs();
    if transport == "stdio" {
        return (json!({"command": FAKE, "timeoutSeconds": patience}), None);
    }
    let mut server = Command::new(FAKE);
    server.arg("--http").stdout(Stdio::piped()).stdin(Stdio::null());
    let mut server = server.spawn().expect("the server starts");
    let mut url = String::new();
    let out = server.stdout.take().expect("a pipe");
    BufReader::new(out).read_line(&mut url).expect("the server says where it is");
    (json!({"url": url.trim(), "timeoutSeconds": patience}), Some(server))
}
