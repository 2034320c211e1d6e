//! `trawl servers`: what the settings name, and whether it can be reached.

mod target;

use std::fmt::Write as _;

use anyhow::Context as _;
use futures::future::join_all;
use serde::Serialize;
use trawl_core::mcp::{ServerKind, ServerState, ServerStatus, test_server};
use trawl_core::settings::{ServerEntry, Settings};

use crate::arguments::{Place, Servers};
use crate::exit::{Exit, Usage};
use crate::output::{self, Style, one_line};
use crate::words::{counted, duration};

use self::target::target;

pub(crate) fn run(command: Servers, place: &Place) -> anyhow::Result<Exit> {
    let settings = place.settings()?.settings;
    match command {
        Servers::List { json } => list(&settings, json),
        Servers::Test { names, json } => test(&settings, names, json),
    }
}

/// One entry of the settings, without its secrets.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    name: &'a str,
    kind: Option<ServerKind>,
    disabled: bool,
    /// Program and arguments, or URL, with secrets covered.
    target: Option<String>,
    /// Why the entry cannot be used.
    message: Option<&'a str>,
}

fn list(settings: &Settings, json: bool) -> anyhow::Result<Exit> {
    let entries: Vec<Entry<'_>> =
        settings.servers.iter().map(|(name, entry)| described(name, entry)).collect();
    if json {
        output::answer(&serde_json::to_string_pretty(&entries)?)?;
        return Ok(Exit::Finished);
    }
    if entries.is_empty() {
        output::note("There is no server in the settings");
        return Ok(Exit::Finished);
    }
    let style = Style::of_stdout();
    let widest = entries.iter().map(|entry| entry.name.chars().count()).max().unwrap_or(0);
    let line = |entry: &Entry<'_>| {
        let state = match (entry.message, entry.disabled) {
            (Some(message), _) => style.bad(&format!("wrong: {}", one_line(message))),
            (None, true) => style.faint("disabled"),
            (None, false) => String::new(),
        };
        let name = format!("{:<widest$}", one_line(entry.name));
        let target = one_line(entry.target.as_deref().unwrap_or_default());
        let parts = [name, target, state].into_iter().filter(|part| !part.is_empty());
        parts.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    output::answer(&entries.iter().map(line).collect::<Vec<_>>().join("\n"))?;
    Ok(Exit::Finished)
}

fn described<'a>(name: &'a str, entry: &'a Result<ServerEntry, String>) -> Entry<'a> {
    match entry {
        Ok(entry) => Entry {
            name,
            kind: Some(ServerKind::of(entry)),
            disabled: entry.disabled,
            target: Some(target(&entry.transport)),
            message: None,
        },
        Err(message) => {
            Entry { name, kind: None, disabled: true, target: None, message: Some(message) }
        }
    }
}

fn test(settings: &Settings, names: Vec<String>, json: bool) -> anyhow::Result<Exit> {
    let names = if names.is_empty() { tested_by_default(settings) } else { names };
    let mut wrong = Vec::new();
    let mut right = Vec::new();
    for name in &names {
        match settings.servers.get(name) {
            Some(Ok(entry)) => right.push((name.as_str(), entry)),
            Some(Err(message)) => wrong.push((name.as_str(), message.as_str())),
            None => return Err(unknown(name, settings).into()),
        }
    }
    if names.is_empty() {
        output::note("There is no server to test");
    }
    let runtime = tokio::runtime::Runtime::new().context("the program cannot start its threads")?;
    let supervisor = std::env::current_exe().ok();
    let tests = right.iter().map(|(name, entry)| test_server(name, entry, supervisor.clone()));
    let statuses = runtime.block_on(join_all(tests));
    runtime.shutdown_background();
    let connected = |status: &ServerStatus| status.state == ServerState::Connected;
    let all_connected = wrong.is_empty() && statuses.iter().all(connected);
    if json {
        let mut all: Vec<serde_json::Value> =
            statuses.iter().map(serde_json::to_value).collect::<Result<_, _>>()?;
        for (name, message) in &wrong {
            all.push(serde_json::json!({"name": name, "state": "invalid", "message": message}));
        }
        output::answer(&serde_json::to_string_pretty(&all)?)?;
    } else {
        let style = Style::of_stdout();
        for status in &statuses {
            output::answer(&told(status, style))?;
        }
        for (name, message) in wrong {
            output::answer(&format!("{} {name}: {}", style.bad("✗"), one_line(message)))?;
        }
    }
    Ok(if all_connected { Exit::Finished } else { Exit::Failed })
}

/// Everything that is not switched off, wrong entries too.
fn tested_by_default(settings: &Settings) -> Vec<String> {
    let is_on =
        |entry: &Result<ServerEntry, String>| !entry.as_ref().is_ok_and(|entry| entry.disabled);
    settings
        .servers
        .iter()
        .filter(|(_, entry)| is_on(entry))
        .map(|(name, _)| name.clone())
        .collect()
}

fn unknown(name: &str, settings: &Settings) -> Usage {
    let known: Vec<&str> = settings.servers.keys().map(String::as_str).collect();
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    Usage(format!("there is no server \"{name}\" in the settings; there is {known}"))
}

fn told(status: &ServerStatus, style: Style) -> String {
    let time = duration(status.elapsed_ms.unwrap_or(0.0));
    let name = one_line(&status.name);
    if status.state == ServerState::Connected {
        let tools = counted(status.tool_count, "tool");
        let mut told = format!("{} {name}: {tools} · {time}", style.good("✓"));
        for note in &status.notes {
            let _ = write!(told, "\n    {}", one_line(note));
        }
        return told;
    }
    let message = status.message.as_deref().unwrap_or("cannot be asked");
    let mut told = format!("{} {name}: {} · {time}", style.bad("✗"), one_line(message));
    for line in &status.stderr {
        let _ = write!(told, "\n    {}", style.faint(&one_line(line)));
    }
    told
}
