//! What the engine costs: processor time a task, many servers, a chain, memory, the first event.

#![expect(clippy::print_stdout, clippy::expect_used, reason = "a benchmark prints its table")]
#![expect(clippy::cast_precision_loss, reason = "the numbers are small")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use serde_json::{Value, json};
use trawl_core::discover::Wait;
use trawl_core::event::TaskStatus;
use trawl_core::execute::Approval;
use trawl_core::history::History;
use trawl_core::mcp::Connections;
use trawl_core::pipeline::{Agent, Request};
use trawl_core::plan::Task;
use trawl_core::settings::Settings;
use trawl_tests::bench::{Raw, SERVE, execute_phase, forget_peak, median, resident, serve, stage};
use trawl_tests::stage::{Played, Stage, task};

const FAKE: &str = env!("CARGO_BIN_EXE_fake-mcp");

fn main() {
    if std::env::args().any(|argument| argument == SERVE) {
        return serve();
    }
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    println!("| what | measured |\n|---|---|");
    runtime.block_on(async {
        first_event().await;
        memory().await;
        processor_time().await;
        chain().await;
        many_servers().await;
    });
}

fn own_program() -> String {
    let program = std::env::current_exe().expect("a program knows itself");
    program.to_string_lossy().into_owned()
}

fn own_server() -> Value {
    json!({"s": {"command": own_program(), "args": [SERVE], "maxConcurrent": 64}})
}

fn all_completed(played: &Played) {
    let completed = played.executed.tasks.iter().filter(|t| t.status == TaskStatus::Completed);
    assert_eq!(completed.count(), played.executed.tasks.len());
}

fn noise(n: usize, bytes: usize) -> impl Iterator<Item = Task> {
    (1..=n).map(move |k| task(k, "noise", json!({"bytes": bytes, "seed": k})))
}

async fn processor_time() {
    let alone = stage(own_server()).await;
    processor_time_a_task("", &alone).await;
    let folder = tempfile::tempdir().expect("a folder");
    let history = History::open(folder.path()).expect("a writable folder");
    let kept = Stage { history: Some(history), ..stage(own_server()).await };
    processor_time_a_task(", kept in a history", &kept).await;
}

async fn processor_time_a_task(how: &str, stage: &Stage) {
    let mut a_task = Vec::new();
    for n in [1000, 10_000] {
        let mut spent = Vec::new();
        for _ in 0..5 {
            let before = processor_ticks();
            let played = stage.run(noise(n, 8)).await;
            // What writes to the history works on behind the run.
            played.recorder.flush().await;
            all_completed(&played);
            spent.push(processor_ticks().saturating_sub(before));
        }
        a_task.push(median(spent).as_secs_f64() * 1e6 / n as f64);
    }
    let (few, many) = (a_task[0], a_task[1]);
    println!(
        "| processor time a task at 1,000 → 10,000 tasks{how} | {few:.0} µs → {many:.0} µs ({:.2}×) |",
        many / few
    );
}

/// Time that all threads of this process have run.
fn processor_ticks() -> Duration {
    let mut nanoseconds = 0;
    for thread in std::fs::read_dir("/proc/self/task").expect("Linux").flatten() {
        let schedule = std::fs::read_to_string(thread.path().join("schedstat")).unwrap_or_default();
        let running = schedule.split_whitespace().next().and_then(|number| number.parse().ok());
        nanoseconds += running.unwrap_or(0);
    }
    Duration::from_nanos(nanoseconds)
}

async fn many_servers() {
    let (servers, tasks, limit, each_ms) = (20, 10_000, 64, 1000);
    let entry = json!({"command": FAKE, "maxConcurrent": limit});
    let all: serde_json::Map<String, Value> =
        (0..servers).map(|k| (format!("s{k}"), entry.clone())).collect();
    let stage = stage(Value::Object(all)).await;
    let plan = (0..tasks)
        .map(|k| task(k + 1, &format!("s{}__sleep", k % servers), json!({"ms": each_ms})));
    let played = stage.run(plan).await;
    all_completed(&played);
    let rounds = (tasks / servers).div_ceil(limit);
    let ideal = (rounds * each_ms) as f64 / 1000.0;
    let wall = execute_phase(&played).as_secs_f64();
    println!(
        "| {tasks} tasks of {each_ms} ms over {servers} servers, {limit} at once each ÷ ideal schedule | {wall:.2} s ÷ {ideal:.2} s = {:.3} |",
        wall / ideal
    );
    stage.connections.close().await;
}

async fn chain() {
    const LENGTH: usize = 100;
    let stage = stage(own_server()).await;
    let mut raw = Raw::start(&own_program(), &[SERVE]);
    let (mut floors, mut hops) = (Vec::new(), Vec::new());
    for _ in 0..21 {
        floors.push(raw.sequential(LENGTH, "noise", &json!({"bytes": 8})));
        let chain = noise(LENGTH, 8).enumerate().map(|(k, task)| {
            let depends_on = if k == 0 { Vec::new() } else { vec![format!("t{k}")] };
            Task { depends_on, ..task }
        });
        hops.push(execute_phase(&stage.run(chain).await));
    }
    let micros = |total: Duration| total.as_secs_f64() * 1e6 / LENGTH as f64;
    let (floor, hop) = (micros(median(floors)), micros(median(hops)));
    println!(
        "| chain of {LENGTH}, a hop: engine − the server's own round trip | {hop:.0} µs − {floor:.0} µs = {:.0} µs |",
        hop - floor
    );
}

async fn memory() {
    let (tasks, bytes) = (10_000, 10_000);
    let stage = stage(own_server()).await;
    all_completed(&stage.run(noise(100, 8)).await);
    let before = resident("VmRSS:");
    forget_peak();
    let played = stage.run(noise(tasks, bytes)).await;
    let peak = resident("VmHWM:") - before;
    all_completed(&played);
    let results = (tasks * bytes) as f64 / 1e6;
    println!(
        "| memory at {tasks} tasks of {} KB: peak ÷ results | {peak:.0} MB ÷ {results:.0} MB = {:.2} |",
        bytes / 1000,
        peak / results
    );
}

async fn first_event() {
    let connections = Connections::new(None);
    let settings = Arc::new(Settings::default());
    connections.apply(&settings);
    let agent = Agent::new(connections, None);
    let mut times = Vec::new();
    for _ in 0..21 {
        let request = Request {
            question: "How many stories have upstream keyword?".to_owned(),
            continues: None,
            approval: Approval::ReadOnly,
            reuse: None,
            wait: Wait::Each,
            settings: settings.clone(),
        };
        let start = Instant::now();
        let run = agent.ask(request).expect("a question");
        let first = Box::pin(run.follow(None)).next().await;
        times.push(start.elapsed());
        assert!(first.is_some());
        run.ended().await;
    }
    println!("| first event after Ask | {:.3} ms |", median(times).as_secs_f64() * 1000.0);
}
