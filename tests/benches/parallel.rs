//! n tasks of 500 ms at the same time on one server ÷ the floor of that server in the same run, over
//! stdio and over streamable HTTP. The floor: the same requests, written raw and all at once.

#![expect(clippy::print_stdout, clippy::expect_used, reason = "a benchmark prints its table")]

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trawl_tests::bench::{Raw, execute_phase, median, stage};
use trawl_tests::stage::{Stage, task};

const FAKE: &str = env!("CARGO_BIN_EXE_fake-mcp");
const ROUNDS: usize = 5;
const SIZES: [usize; 4] = [3, 10, 100, 1000];

#[tokio::main]
async fn main() {
    let over_stdio = json!({"s": {"command": FAKE, "maxConcurrent": 2000}});
    println!("| tasks of 500 ms, one stdio server | floor | execute | ratio |\n|---|---|---|---|");
    for n in SIZES {
        let stage = stage(over_stdio.clone()).await;
        let mut raw = Raw::start(FAKE, &[]);
        let (mut floors, mut phases) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            floors.push(raw.pipelined(n, "sleep", &arguments()));
            phases.push(phase(&stage, n).await);
        }
        row(n, floors, phases);
        stage.connections.close().await;
    }

    let mut server = Command::new(FAKE);
    server.arg("--http").stdout(Stdio::piped()).stdin(Stdio::null());
    let mut server = server.spawn().expect("the server starts");
    let mut url = String::new();
    let out = server.stdout.take().expect("a pipe");
    BufReader::new(out).read_line(&mut url).expect("the server says where it is");
    let url = url.trim().to_owned();
    println!("\n| tasks of 500 ms, streamable HTTP | floor | execute | ratio |\n|---|---|---|---|");
    for n in SIZES {
        let stage = stage(json!({"s": {"url": url, "maxConcurrent": 2000}})).await;
        let client = reqwest::Client::new();
        let (mut floors, mut phases) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            floors.push(posted(&client, &url, n).await);
            phases.push(phase(&stage, n).await);
        }
        row(n, floors, phases);
        stage.connections.close().await;
    }
    let _ = server.kill();
    let _ = server.wait();
}

async fn phase(stage: &Stage, n: usize) -> Duration {
    let played = stage.run((1..=n).map(|k| task(k, "sleep", arguments()))).await;
    execute_phase(&played)
}

fn arguments() -> Value {
    json!({"ms": 500})
}

/// The same requests with a bare HTTP client, all at once.
async fn posted(client: &reqwest::Client, url: &str, n: usize) -> Duration {
    let start = Instant::now();
    let mut posts = tokio::task::JoinSet::new();
    for id in 1..=n {
        let post = client
            .post(url)
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .body(trawl_tests::bench::call(id, "sleep", &arguments()));
        posts.spawn(async move { post.send().await.expect("an answer").text().await });
    }
    while posts.join_next().await.is_some() {}
    start.elapsed()
}

fn row(n: usize, floors: Vec<Duration>, phases: Vec<Duration>) {
    let (floor, phase) = (median(floors).as_secs_f64(), median(phases).as_secs_f64());
    let (low, high) = (floor * 1000.0, phase * 1000.0);
    println!("| {n} | {low:.1} ms | {high:.1} ms | {:.3} |", phase / floor);
}
