//! What the engine costs: processor time a task, many servers, a chain.

use std::time::Duration;

use serde_json::{Value, json};
use trawl_core::event::TaskStatus;
use trawl_core::history::History;
use trawl_core::task::Task;
use trawl_tests::bench::{Effort, Raw, SERVE, Spread, execute_phase, in_turn, own_program, stage};
use trawl_tests::stage::{Played, Stage, task};

use crate::whole::FAKE;

pub(crate) async fn run(effort: Effort) {
    println!("| what | measured |\n|---|---|");
    processor_time(effort).await;
    chain(effort).await;
    many_servers(effort).await;
}

pub(crate) fn own_server() -> Value {
    json!({"s": {"command": own_program(), "args": [SERVE], "maxConcurrent": 64}})
}

pub(crate) fn all_completed(played: &Played) {
    let completed = played.executed.tasks.iter().filter(|t| t.status == TaskStatus::Completed);
    assert_eq!(completed.count(), played.executed.tasks.len());
}

pub(crate) fn noise(n: usize, bytes: usize) -> impl Iterator<Item = Task> {
    (1..=n).map(move |k| task(k, "noise", json!({"bytes": bytes, "seed": k})))
}

async fn processor_time(effort: Effort) {
    let alone = stage(own_server()).await;
    processor_time_a_task("", &alone, effort).await;
    let folder = tempfile::tempdir().expect("a folder");
    let history = History::open(folder.path()).expect("a writable folder");
    let kept = Stage { history: Some(history), ..stage(own_server()).await };
    processor_time_a_task(", kept in a history", &kept, effort).await;
}

async fn processor_time_a_task(how: &str, stage: &Stage, effort: Effort) {
    let (few, many) = effort.pick((1000, 10_000), (10, 100));
    let (mut of_few, mut of_many) = (Vec::new(), Vec::new());
    for round in 0..effort.pick(5, 1) {
        for turn in in_turn(round, 2) {
            let n = if turn == 0 { few } else { many };
            let before = processor_ticks();
            let played = stage.run(noise(n, 8)).await;
            // What writes to the history works on behind the run.
            played.recorder.flush().await;
            all_completed(&played);
            let spent = processor_ticks().saturating_sub(before);
            let a_task = spent.as_secs_f64() * 1e6 / n as f64;
            if turn == 0 { of_few.push(a_task) } else { of_many.push(a_task) }
        }
    }
    let (of_few, of_many) = (Spread::of(of_few), Spread::of(of_many));
    let growth = of_many.median() / of_few.median();
    println!(
        "| processor time a task at {few} → {many} tasks{how} | {of_few:.0} µs → {of_many:.0} µs ({growth:.2}×) |"
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

async fn many_servers(effort: Effort) {
    let (servers, tasks, limit, each_ms) = effort.pick((20, 10_000, 64, 1000), (2, 20, 5, 20));
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

async fn chain(effort: Effort) {
    let length = effort.pick(100, 10);
    let stage = stage(own_server()).await;
    let mut raw = Raw::start(&own_program(), &[SERVE]);
    let (mut floors, mut hops) = (Vec::new(), Vec::new());
    let micros = |total: Duration| total.as_secs_f64() * 1e6 / length as f64;
    for round in 0..effort.pick(21, 1) {
        for turn in in_turn(round, 2) {
            if turn == 0 {
                floors.push(micros(raw.sequential(length, "noise", &json!({"bytes": 8}))));
                continue;
            }
            let chain = noise(length, 8).enumerate().map(|(k, task)| {
                let depends_on = if k == 0 { Vec::new() } else { vec![format!("t{k}")] };
                Task { depends_on, ..task }
            });
            hops.push(micros(execute_phase(&stage.run(chain).await)));
        }
    }
    let (floor, hop) = (Spread::of(floors), Spread::of(hops));
    println!(
        "| chain of {length}, a hop: engine − the server's own round trip | {hop:.0} µs − {floor:.0} µs = {:.0} µs |",
        hop.median() - floor.median()
    );
}
