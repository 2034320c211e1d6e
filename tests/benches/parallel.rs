//! n tasks of 500 ms at the same time on one server ÷ the floor of that server in the same run, over
//! stdio and over streamable HTTP. The floor: the same requests, written raw and all at once. Beside
//! it the execution of the tasks alone, and the whole program from the question to the answer.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trawl_tests::bench::{Effort, Raw, Spread, call, execute_phase, in_turn, stage};
use trawl_tests::stage::{Stage, task};

use crate::whole::{FAKE, OverHttp, Whole, log, total};

/// The same requests without Trawl.
enum Floor {
    Stdio(Raw),
    Http(Session),
}

/// A session of streamable HTTP ("Session Management") that is spoken to by hand.
struct Session {
    client: reqwest::Client,
    url: String,
    id: Option<String>,
    /// Calls until now.
    called: usize,
}

const VERSION: &str = "2025-11-25";

pub(crate) async fn run(effort: Effort) {
    let _log = log();
    let entry = json!({"command": FAKE, "maxConcurrent": 2000});
    table("one stdio server", &entry, effort, async || Floor::Stdio(Raw::start(FAKE, &[]))).await;
    let server = OverHttp::start();
    let entry = json!({"url": server.url, "maxConcurrent": 2000});
    table("streamable HTTP", &entry, effort, async || {
        Floor::Http(Session::start(&server.url).await)
    })
    .await;
}

async fn table(name: &str, entry: &Value, effort: Effort, floor: impl AsyncFn() -> Floor) {
    let ms = effort.pick(500, 20);
    println!(
        "| tasks of {ms} ms, {name} | floor, ms | execution, ms | ÷ floor | whole program, ms | ÷ floor |\n|---|---|---|---|---|---|"
    );
    for n in effort.pick(vec![3, 10, 100, 1000], vec![3]) {
        let stage = stage(json!({"s": entry})).await;
        let whole = Whole::new(entry).await;
        let mut raw = floor().await;
        // What is only set up once is set up.
        whole.ask(&plan(1, 1)).await;
        let (mut floors, mut phases, mut wholes) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..effort.pick(9, 1) {
            for turn in in_turn(round, 3) {
                match turn {
                    0 => floors.push(raw.measured(n, ms).await),
                    1 => phases.push(phase(&stage, n, ms).await),
                    _ => wholes.push(total(&whole.ask(&plan(n, ms)).await)),
                }
            }
        }
        println!(
            "| {n} | {} | {} | {:.3} | {} | {:.3} |",
            Spread::of_times(&floors),
            Spread::of_times(&phases),
            Spread::of_ratios(&phases, &floors),
            Spread::of_times(&wholes),
            Spread::of_ratios(&wholes, &floors),
        );
        whole.close().await;
        stage.connections.close().await;
    }
    println!();
}

async fn phase(stage: &Stage, n: usize, ms: u64) -> Duration {
    let played = stage.run((1..=n).map(|k| task(k, "sleep", json!({"ms": ms})))).await;
    execute_phase(&played)
}

/// As a model writes it; two equal calls would be one task.
fn plan(n: usize, ms: u64) -> Vec<Value> {
    let task = |k: usize| {
        let arguments = json!({"ms": ms, "text": k.to_string()});
        json!({"tool_name": "s__sleep", "tool_arguments": arguments})
    };
    (1..=n).map(task).collect()
}

impl Floor {
    async fn measured(&mut self, n: usize, ms: u64) -> Duration {
        let arguments = json!({"ms": ms});
        match self {
            Self::Stdio(raw) => raw.pipelined(n, "sleep", &arguments),
            Self::Http(session) => session.posted(n, &arguments).await,
        }
    }
}

impl Session {
    async fn start(url: &str) -> Self {
        let mut session =
            Self { client: reqwest::Client::new(), url: url.to_owned(), id: None, called: 0 };
        let hello = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
            "protocolVersion": VERSION, "capabilities": {},
            "clientInfo": {"name": "raw", "version": "1"}}});
        let answer = session.post(hello.to_string()).send().await.expect("an answer");
        let id = answer.headers().get("mcp-session-id").and_then(|id| id.to_str().ok());
        session.id = id.map(str::to_owned);
        let ready = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        let answer = session.post(ready.to_string()).send().await.expect("an answer");
        assert!(answer.status().is_success(), "{answer:?}");
        session
    }

    fn post(&self, body: String) -> reqwest::RequestBuilder {
        let post = self
            .client
            .post(&self.url)
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream");
        let post = match &self.id {
            Some(id) => post.header("mcp-session-id", id).header("mcp-protocol-version", VERSION),
            None => post,
        };
        post.body(body)
    }

    /// The same requests with a bare HTTP client, all at once.
    async fn posted(&mut self, n: usize, arguments: &Value) -> Duration {
        // A session's ids are used once.
        let first = self.called + 1;
        self.called += n;
        let start = Instant::now();
        let mut posts = tokio::task::JoinSet::new();
        for id in first..first + n {
            let post = self.post(call(id, "sleep", arguments));
            posts.spawn(async move {
                let answer = post.send().await.expect("an answer");
                answer.error_for_status().expect("no refusal").text().await
            });
        }
        while let Some(post) = posts.join_next().await {
            post.expect("no refusal").expect("an answer");
        }
        start.elapsed()
    }
}
