//! The benchmarks: `cargo xtask bench [NAME…]` measures, and prints tables for README.
//!
//! Without `--bench` among its arguments (as `cargo test --benches` runs it) each makes one cheap
//! round, so that none rots unseen. Each runs in a process of its own: what one leaves in memory, or
//! logs, touches no other.

#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::cast_precision_loss,
    reason = "a benchmark prints its table, of small numbers, or ends"
)]

mod ask;
mod dispatch;
mod large;
mod memory;
mod parallel;
mod scale;
mod whole;

use std::process::{Command, ExitCode};

use trawl_tests::bench::{Effort, SERVE, own_program, processor, serve};

/// The argument before the name of what this process is to measure.
const RUN: &str = "--run";

/// What cargo adds where it measures.
const MEASURE: &str = "--bench";

const ALL: [&str; 6] = ["parallel", "dispatch", "scale", "memory", "large", "ask"];

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let effort =
        if arguments.iter().any(|word| word == MEASURE) { Effort::Full } else { Effort::Cheap };
    arguments.retain(|word| word != MEASURE);
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        [SERVE] => serve(),
        [RUN, what @ ..] => {
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            runtime.block_on(run(what, effort));
        }
        wanted => {
            println!(
                "{} · {}",
                processor(),
                effort.pick("measured", "one cheap round: no figures")
            );
            for name in ALL.iter().filter(|name| wanted.is_empty() || wanted.contains(name)) {
                println!("\n### {name}\n");
                if !run_apart(&[name], effort) {
                    return ExitCode::FAILURE;
                }
            }
        }
    }
    ExitCode::SUCCESS
}

async fn run(what: &[&str], effort: Effort) {
    match what {
        ["parallel"] => parallel::run(effort).await,
        ["dispatch"] => dispatch::run(effort).await,
        ["scale"] => scale::run(effort).await,
        ["memory"] => memory::run(effort).await,
        ["large"] => large::run(effort),
        ["large", transport, form] => large::case(transport, form, effort).await,
        ["ask"] => ask::run(effort),
        other => panic!("there is no benchmark {other:?}"),
    }
}

/// Measures one thing in a process of its own; whether that went well.
fn run_apart(what: &[&str], effort: Effort) -> bool {
    let measure: &[&str] = effort.pick(&[MEASURE], &[]);
    let status = Command::new(own_program()).arg(RUN).args(what).args(measure).status();
    status.is_ok_and(|status| status.success())
}
