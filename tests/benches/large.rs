//! A result of 50 MB through a whole run, with history and log: the most memory that Trawl takes
//! meanwhile ÷ the result's size on the wire. Each case in a process of its own, its server in another.

use std::time::Duration;

use serde_json::json;
use trawl_core::event::EventKind;
use trawl_tests::bench::{Effort, forget_peak, resident};

use crate::run_apart;
use crate::whole::{FAKE, OverHttp, Whole, log};

pub(crate) fn run(effort: Effort) {
    println!("| result | over | wire | peak | peak ÷ wire |\n|---|---|---|---|---|");
    for form in ["text", "structured"] {
        for transport in ["stdio", "HTTP"] {
            assert!(run_apart(&["large", transport, form], effort), "{form} over {transport}");
        }
    }
}

/// A small run first, for what is only set up once; then the large one.
pub(crate) async fn case(transport: &str, form: &str, effort: Effort) {
    let bytes: u64 = effort.pick(50_000_000, 1_000_000);
    let _log = log();
    let patience = Duration::from_mins(5).as_secs();
    let server = (transport == "HTTP").then(OverHttp::start);
    let entry = match &server {
        Some(server) => json!({"url": server.url, "timeoutSeconds": patience}),
        None => json!({"command": FAKE, "timeoutSeconds": patience}),
    };
    let whole = Whole::new(&entry).await;
    let huge = |bytes: u64| {
        let arguments = json!({"bytes": bytes, "form": form, "seed": 7});
        [json!({"tool_name": "s__huge", "tool_arguments": arguments})]
    };
    whole.ask(&huge(1000)).await;
    let before = resident("VmRSS:");
    forget_peak();
    let events = whole.ask(&huge(bytes)).await;
    let peak = resident("VmHWM:") - before;
    let told = events.iter().find_map(|event| match event.kind {
        EventKind::TaskFinished { result_bytes, .. } => Some(result_bytes),
        _ => None,
    });
    let wire = told.unwrap_or_default() as f64 / 1e6;
    assert!(wire >= bytes as f64 / 1e6, "the result is whole");
    println!("| {form} | {transport} | {wire:.0} MB | {peak:.0} MB | {:.2} |", peak / wire);
    whole.close().await;
}
