//! `trawl ask`: one question, its steps as they happen, its answer.

mod question;
mod signals;
mod steps;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use futures::StreamExt as _;
use trawl_core::event::{Event, EventKind};
use trawl_core::history::{History, Kept};
use trawl_core::logging::Results;
use trawl_core::mcp::Connections;
use trawl_core::pipeline::Agent;
use trawl_core::request::Approval;
use trawl_core::request::Request;
use trawl_core::request::Wait;
use trawl_core::run::Run;

use crate::arguments::{Approve, Ask, Place};
use crate::exit::{Exit, Usage};
use crate::output::{self, Style, harmless};
use crate::words::short_id;

use self::steps::Steps;

/// Servers end by themselves in this time, or their supervisors see to it.
const FAREWELL: Duration = Duration::from_millis(500);

pub(crate) fn run(ask: &Ask, place: &Place) -> anyhow::Result<Exit> {
    let question = question::read(&ask.question)?;
    let loaded = place.settings()?;
    let results = if ask.no_history { Results::LeftOut } else { Results::chosen(&loaded.file) };
    let _log = place.log(results);
    let history = if ask.no_history { None } else { place.history_if_possible() };
    let continues = match (&ask.continues, &history) {
        (Some(run), Some(history)) => Some(crate::history::resolved(history, run)?),
        (Some(_), None) => anyhow::bail!("without a history there is no run to continue"),
        (None, _) => None,
    };
    let request = Request {
        question,
        continues,
        approval: match ask.approve {
            Approve::ReadOnly => Approval::ReadOnly,
            Approve::All => Approval::All,
        },
        // Each call asks anew: a script that asks again wants to know how things are now.
        reuse: None,
        wait: Wait::Each,
        settings: Arc::new(loaded.settings),
    };
    let runtime = tokio::runtime::Runtime::new().context("the program cannot start its threads")?;
    let ended = runtime.block_on(async {
        let connections = Connections::new(std::env::current_exe().ok());
        connections.apply(&request.settings);
        let agent = Agent::new(connections, history);
        let run = agent.ask(request).map_err(Usage::of)?;
        let ended = follow(&run, ask.json).await;
        if let Some(history) = agent.history.clone() {
            say_what_is_kept(&run, history, ask.json).await;
        }
        // It takes no longer than it takes; the answer is out already.
        let _ = tokio::time::timeout(FAREWELL, agent.connections.close()).await;
        ended
    });
    runtime.shutdown_background();
    ended
}

/// Waits until the history has the run, or cannot have it, and says how it is opened again or what is
/// missing.
async fn say_what_is_kept(run: &Run, history: History, json: bool) {
    let (run_id, id) = (run.id(), short_id(run.id()));
    let why = match run.kept().await {
        Kept::Whole if json => return,
        Kept::Whole | Kept::Nowhere => {
            let hint = format!("Run {id} · trawl history show {id}");
            return output::note(&Style::of_stderr().faint(&hint));
        }
        Kept::NotYet => "another process holds the history",
        Kept::Part => "the history cannot be written",
    };
    let stored = tokio::task::spawn_blocking(move || history.events(run_id, None));
    let stored = stored.await.map_or(0, |events| events.map_or(0, |events| events.len()));
    let happened = run.follow(None).count().await;
    let missing = happened.saturating_sub(stored);
    let what = match stored {
        0 => format!("run {id} is not saved"),
        _ => format!("{missing} of {happened} events of run {id} are not saved"),
    };
    output::note(&format!("trawl: {why}: {what}"));
}

/// Prints the run until it has ended, and says how.
async fn follow(run: &Run, json: bool) -> anyhow::Result<Exit> {
    signals::cancel_on_signal(run.control().clone())?;
    let mut printer = Printer { json, steps: Steps::new(Style::of_stderr()) };
    let mut events = Box::pin(run.follow(None));
    let mut exit = Exit::Failed;
    let mut printed = Ok(());
    while let Some(event) = events.next().await {
        if printed.is_ok() {
            printed = printer.print(&event);
            if printed.is_err() {
                // Nobody reads any more; what was found until now is saved.
                run.control().cancel();
            }
        }
        exit = match event.kind {
            EventKind::Finished(_) => Exit::Finished,
            EventKind::Cancelled {} => Exit::Cancelled,
            _ => Exit::Failed,
        };
    }
    printed.map(|()| exit)
}

struct Printer {
    json: bool,
    steps: Steps,
}

impl Printer {
    fn print(&mut self, event: &Event) -> anyhow::Result<()> {
        if self.json {
            return Ok(output::answer(&serde_json::to_string(event)?)?);
        }
        for line in self.steps.lines(&event.kind) {
            output::note(&line);
        }
        if let EventKind::Finished(finished) = &event.kind {
            output::answer(&harmless(&finished.answer))?;
        }
        Ok(())
    }
}
