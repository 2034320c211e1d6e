//! Asking, watching and stopping runs.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tauri::ipc::Channel;
use tauri::{AppHandle, Runtime, State};
use tracing::instrument;
use trawl_core::event::{AskedTool, Effect, Event, RunId};
use trawl_core::execute::Control;
use trawl_core::request::{Approval, Request, Wait};

use super::Answer;
use crate::approvals;
use crate::entries;
use crate::error::CommandError;
use crate::host::Host;
use crate::watches::in_batches;

/// A run that has begun.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Asked {
    run_id: RunId,
}

#[tauri::command]
#[instrument(skip_all, err(Debug))]
pub(crate) async fn ask(
    question: String,
    continues: Option<RunId>,
    fresh: Option<bool>,
    host: State<'_, Host>,
) -> Answer<Asked> {
    // Whoever asks the same again wants to know how things are now.
    let fresh = fresh.unwrap_or(false);
    let settings = Arc::new(host.store.current().settings.clone());
    let wait = Wait::AtMost(host.longest_wait());
    let reuse = (!fresh).then(|| settings.limits.reuse()).flatten();
    let request = Request { question, continues, approval: Approval::Ask, reuse, wait, settings };
    let run = host.agent.ask(request)?;
    let run_id = run.id();
    host.runs.enter(run, host.agent.history.is_some(), &host.store);
    Ok(Asked { run_id })
}

#[tauri::command]
#[instrument(skip(after_seq, channel, host), err(Debug))]
pub(crate) async fn watch_run(
    run_id: RunId,
    after_seq: Option<u64>,
    channel: Channel<Vec<Arc<Event>>>,
    host: State<'_, Host>,
) -> Answer {
    let events = host.follow(run_id, after_seq).await?;
    host.watches.hold(in_batches(events, channel));
    Ok(())
}

#[tauri::command]
#[instrument(skip(host), err(Debug))]
pub(crate) async fn cancel_run(run_id: RunId, host: State<'_, Host>) -> Answer {
    control(&host, run_id)?.cancel();
    Ok(())
}

#[tauri::command]
#[instrument(skip(host), err(Debug))]
pub(crate) async fn stop_tasks(run_id: RunId, host: State<'_, Host>) -> Answer {
    control(&host, run_id)?.stop_tasks();
    Ok(())
}

#[tauri::command]
#[instrument(skip(host), err(Debug))]
pub(crate) async fn stop_task(run_id: RunId, index: usize, host: State<'_, Host>) -> Answer {
    control(&host, run_id)?.stop_task(index);
    Ok(())
}

/// A tool that a person wants to be asked about no more.
#[derive(Debug, Deserialize)]
pub(crate) struct Always {
    server: String,
    tool: String,
    /// As it was when the person was asked.
    definition: String,
}

impl Always {
    /// Whether this is what the person was asked about, and asking no more about it makes sense: a
    /// call that carries results elsewhere is asked about each time.
    fn fits(&self, call: &AskedTool) -> bool {
        let is_it = self.server == call.server && self.tool == call.tool;
        let changes = [Effect::Changes, Effect::Destroys];
        is_it
            && self.definition == call.definition
            && call.effects.iter().any(|effect| changes.contains(effect))
            && !call.effects.contains(&Effect::Sends)
    }
}

/// What is to be allowed for good, and whom the person trusts by what they allow, is kept first: where
/// that fails, nothing is decided. What nobody was asked about is not kept.
#[tauri::command]
#[instrument(skip(app, host), err(Debug))]
pub(crate) async fn resolve_approval<R: Runtime>(
    run_id: RunId,
    approved: Vec<usize>,
    denied: Vec<usize>,
    always: Option<Vec<Always>>,
    app: AppHandle<R>,
    host: State<'_, Host>,
) -> Answer {
    let run = host.runs.get(run_id).ok_or_else(|| CommandError::not_running(run_id))?;
    let mut asked = run.asked();
    asked.retain(|call| approved.contains(&call.index) && !denied.contains(&call.index));
    let mut always = always.unwrap_or_default();
    always.retain(|always| asked.iter().any(|call| always.fits(call)));
    let is_untrusted = |call: &&AskedTool| call.effects.contains(&Effect::Untrusted);
    let trusted: Vec<&str> =
        asked.iter().filter(is_untrusted).map(|call| call.server.as_str()).collect();
    if !always.is_empty() || !trusted.is_empty() {
        let seen = host.store.current();
        host.change_settings(&app, |file| {
            for server in trusted {
                entries::trust(file, server, &seen.file);
            }
            always.iter().try_for_each(|Always { server, tool, definition }| {
                approvals::allow(file, server, tool, definition)
            })
        })?;
    }
    run.control().resolve(&approved, &denied);
    Ok(())
}

#[tauri::command]
#[instrument(skip(host), err(Debug))]
pub(crate) async fn task_result(
    run_id: RunId,
    index: usize,
    host: State<'_, Host>,
) -> Answer<Option<String>> {
    host.result(run_id, index).await
}

/// What a citation points at: an item, or of a text its beginning.
#[derive(Debug, Serialize)]
pub(crate) struct Cited {
    item: Option<Box<RawValue>>,
    text: Option<String>,
}

/// Bytes of a text that a citation's card has room for.
const CARD: usize = 1_000;

/// One item of a result, counted from 1, without the rest of it.
#[tauri::command]
#[instrument(skip(host), err(Debug))]
pub(crate) async fn cited(
    run_id: RunId,
    index: usize,
    item: Option<usize>,
    host: State<'_, Host>,
) -> Answer<Cited> {
    let opened = host.opened(run_id, index).await?.unwrap_or_default();
    let json = item.and_then(|number| opened.item(number)).map(str::to_owned);
    let item = json.and_then(|json| RawValue::from_string(json).ok());
    Ok(Cited { item, text: opened.beginning(CARD).map(str::to_owned) })
}

/// Opens results that are about to be looked at, one after the other.
#[tauri::command]
#[instrument(skip(host), err(Debug))]
pub(crate) async fn open_results(
    run_id: RunId,
    indexes: Vec<usize>,
    host: State<'_, Host>,
) -> Answer {
    for index in indexes {
        host.opened(run_id, index).await?;
    }
    Ok(())
}

fn control(host: &Host, run: RunId) -> Answer<Control> {
    let live = host.runs.get(run).ok_or_else(|| CommandError::not_running(run))?;
    Ok(live.control().clone())
}
