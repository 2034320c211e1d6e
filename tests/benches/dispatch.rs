//! What it brings that tasks start while the plan is still being written: the same scripted run, as
//! plan-then-execute and as it is, against the floor of each. The model writes 100 tokens a second
//! after 0.3 s; the server is at the other end of a socket and sleeps. History and log are on.
//!
//! The floor is what no program can go below: the model's own time for plan and answer, and what the
//! tasks need beyond the end of the plan, each counted from the moment its object closes.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::UnixStream;
use trawl_core::event::Event;
use trawl_core::history::History;
use trawl_core::settings::ServerEntry;
use trawl_tests::bench::{Effort, Spread, in_turn};
use trawl_tests::fake_llm::{FakeLlm, Protocol, Reply, TOKEN};
use trawl_tests::fake_mcp::{Fake, Options};
use trawl_tests::with_model::{WithModel, outcomes};

use crate::whole::{log, total};

const FIRST_TOKEN: Duration = Duration::from_millis(300);
const TOKENS_A_SECOND: f64 = 100.0;

const ANSWER: &str = "The first task says so [1], and every other one agrees with it [2], so that \
    there is nothing to add to what was found.";

/// One scripted run.
struct Script {
    name: &'static str,
    /// What each task takes, in milliseconds.
    tasks: Vec<u64>,
    plan: String,
}

/// What was measured of it.
#[derive(Default)]
struct Measured {
    one_after_the_other: Vec<Duration>,
    streaming: Vec<Duration>,
    /// From the closing bracket of a task to its call at the server.
    lags: Vec<Duration>,
}

pub(crate) async fn run(effort: Effort) {
    let _log = log();
    let scripts = effort.pick(
        vec![
            Script::new("3 tasks of 1.8, 1.2, 0.6 s", vec![1800, 1200, 600]),
            Script::new("10 tasks of 0.5 s", vec![500; 10]),
        ],
        vec![Script::new("1 task of 0.02 s", vec![20])],
    );
    let mut lags = Vec::new();
    println!(
        "| plan | model alone | plan, then execute: floor | measured | while it is written: floor | measured | ÷ floor |\n|---|---|---|---|---|---|---|"
    );
    for script in scripts {
        let mut measured = Measured::default();
        for round in 0..effort.pick(5, 1) {
            script.round(round, &mut measured).await;
        }
        script.row(&measured);
        lags.push((script.name, measured.lags));
    }
    println!(
        "\n| from a task's closing bracket to its call at the server | calls | median | 95 % | worst |\n|---|---|---|---|---|"
    );
    for (name, mut lags) in lags {
        lags.sort();
        let at = |share: usize| millis(lags[(lags.len() - 1) * share / 100]);
        println!(
            "| {name} | {} | {:.2} ms | {:.2} ms | {:.2} ms |",
            lags.len(),
            at(50),
            at(95),
            at(100)
        );
    }
}

impl Script {
    fn new(name: &'static str, tasks: Vec<u64>) -> Self {
        let task = |(place, ms): (usize, &u64)| {
            json!({"id": format!("t{}", place + 1), "tool_name": "wire__sleep",
                "tool_arguments": {"ms": ms, "text": place.to_string()},
                "description": format!("Wait for part {} of it", place + 1), "depends_on": []})
        };
        let list: Vec<Value> = tasks.iter().enumerate().map(task).collect();
        let plan = json!({"tasks": list, "answer": null, "reasoning": null}).to_string();
        Self { name, tasks, plan }
    }

    /// Once each way, so that both see the same machine.
    async fn round(&self, round: usize, measured: &mut Measured) {
        for turn in in_turn(round, 2) {
            if turn == 0 {
                let (events, _) = self.run(self.written().at_its_end()).await;
                measured.one_after_the_other.push(total(&events));
            } else {
                let (events, lags) = self.run(self.written()).await;
                measured.streaming.push(total(&events));
                measured.lags.extend(lags);
            }
        }
    }

    /// The plan as the model writes it.
    fn written(&self) -> Reply {
        Reply::timed(Protocol::Openai, &self.plan, FIRST_TOKEN, TOKENS_A_SECOND)
    }

    async fn run(&self, plan: Reply) -> (Vec<Event>, Vec<Duration>) {
        let answer = Reply::timed(Protocol::Openai, ANSWER, FIRST_TOKEN, TOKENS_A_SECOND);
        let llm = FakeLlm::start([plan, answer]).await;
        let folder = tempfile::tempdir().expect("a folder");
        let history = History::open(folder.path()).expect("a history");
        let stage = WithModel::new(Protocol::Openai, &llm, &json!({})).kept_in(history);
        let server = Fake::new(Options::default());
        let (near, far) = UnixStream::pair().expect("a pair of sockets");
        let (reader, writer) = far.into_split();
        let serving = server.clone();
        tokio::spawn(async move { serving.serve(reader, writer).await });
        let entry = ServerEntry { read_only: true, ..ServerEntry::builtin("wire") };
        stage.agent.connections.attach("wire", entry, near);
        stage.agent.connections.connected("wire").await.expect("the fake connects");

        let events = stage.ask("How long does it take?").await;
        assert_eq!(outcomes(&events), vec!["completed"; self.tasks.len()]);
        let sent = &llm.sent()[0];
        let lag = |place: usize| {
            let called = server.record().called_at("sleep", &place.to_string());
            let closed = sent[self.closes_in_token(place)];
            called.expect("every task was called").saturating_duration_since(closed)
        };
        let lags = (0..self.tasks.len()).map(lag).collect();
        stage.agent.connections.close().await;
        (events, lags)
    }

    /// The token that holds the closing bracket of a task.
    fn closes_in_token(&self, place: usize) -> usize {
        let ends = self.plan.match_indices("\"depends_on\":[]}");
        let (start, text) = ends.into_iter().nth(place).expect("one for each task");
        (start + text.len() - 1) / TOKEN
    }

    fn row(&self, measured: &Measured) {
        let (plan, answer) = (time_of_text(&self.plan), time_of_text(ANSWER));
        let longest =
            self.tasks.iter().max().map_or(Duration::ZERO, |ms| Duration::from_millis(*ms));
        let waits = self.tasks.iter().enumerate().map(|(place, ms)| {
            time_of_token(self.closes_in_token(place)) + Duration::from_millis(*ms)
        });
        let streamed = waits.max().map_or(plan, |last| last.max(plan));
        let (apart_floor, floor) = (plan + longest + answer, streamed + answer);
        let floors = vec![floor; measured.streaming.len()];
        println!(
            "| {} | {:.0} ms | {:.0} ms | {:.0} ms | {:.0} ms | {:.0} ms | {:.3} |",
            self.name,
            millis(plan + answer),
            millis(apart_floor),
            Spread::of_times(&measured.one_after_the_other),
            millis(floor),
            Spread::of_times(&measured.streaming),
            Spread::of_ratios(&measured.streaming, &floors)
        );
    }
}

fn time_of_text(text: &str) -> Duration {
    time_of_token(text.len().div_ceil(TOKEN) - 1)
}

fn time_of_token(place: usize) -> Duration {
    FIRST_TOKEN + Duration::from_secs_f64(place as f64 / TOKENS_A_SECOND)
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
