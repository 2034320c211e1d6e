//! The most memory that Trawl takes for very many results ÷ what the results have.

use trawl_tests::bench::{Effort, forget_peak, resident, stage};

use crate::scale::{all_completed, noise, own_server};

pub(crate) async fn run(effort: Effort) {
    let (tasks, bytes) = (effort.pick(10_000, 100), 10_000);
    let stage = stage(own_server()).await;
    all_completed(&stage.run(noise(100, 8)).await);
    let before = resident("VmRSS:");
    forget_peak();
    let played = stage.run(noise(tasks, bytes)).await;
    let peak = resident("VmHWM:") - before;
    all_completed(&played);
    let results = (tasks * bytes) as f64 / 1e6;
    println!("| what | measured |\n|---|---|");
    println!(
        "| memory at {tasks} tasks of {} KB: peak ÷ results | {peak:.0} MB ÷ {results:.0} MB = {:.2} |",
        bytes / 1000,
        peak / results
    );
}
