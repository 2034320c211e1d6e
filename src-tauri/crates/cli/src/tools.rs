//! `trawl tools`: what every connected server offers, under the names that a plan uses.

use anyhow::Context as _;
use serde_json::json;
use trawl_core::catalog::Tool;
use trawl_core::discover::offered;
use trawl_core::mcp::Connections;
use trawl_core::request::Wait;

use crate::arguments::Place;
use crate::exit::Exit;
use crate::output::{self, Style, one_line};

pub(crate) fn run(json: bool, place: &Place) -> anyhow::Result<Exit> {
    let settings = place.settings()?.settings;
    let runtime = tokio::runtime::Runtime::new().context("the program cannot start its threads")?;
    let (catalog, notes) = runtime.block_on(async {
        let connections = Connections::new(std::env::current_exe().ok());
        connections.apply(&settings);
        let mut notes = Vec::new();
        let offered = offered(&connections, Wait::Each, None, |name, outcome| match outcome {
            Ok(server) => {
                let of = |note| format!("server \"{name}\": {note}");
                notes.extend(server.notes().iter().map(of));
            }
            Err(reason) => notes.push(reason.to_string()),
        });
        let catalog = offered.await.catalog;
        connections.close().await;
        (catalog, notes)
    });
    runtime.shutdown_background();
    for note in &notes {
        output::note(&format!("trawl: {}", one_line(note)));
    }
    if json {
        let tools: Vec<_> = catalog.iter().map(|(name, tool)| as_json(name, tool)).collect();
        output::answer(&serde_json::to_string_pretty(&tools)?)?;
    } else {
        let style = Style::of_stdout();
        let lines: Vec<String> =
            catalog.iter().map(|(name, tool)| line(name, tool, style)).collect();
        if !lines.is_empty() {
            output::answer(&lines.join("\n"))?;
        }
    }
    if catalog.is_empty() {
        output::note("No tool is connected; `trawl servers list` shows the servers");
        return Ok(Exit::Failed);
    }
    Ok(Exit::Finished)
}

fn as_json(name: &str, tool: &Tool) -> serde_json::Value {
    json!({
        "qualifiedName": name,
        "server": tool.server,
        "name": tool.name,
        "title": tool.title,
        "description": tool.description,
        "readOnly": tool.hints.read_only,
        "destructive": tool.hints.destructive && !tool.hints.read_only,
        "inputSchema": tool.input_schema,
    })
}

fn line(name: &str, tool: &Tool, style: Style) -> String {
    let mark = if tool.hints.read_only { "" } else { " (needs approval)" };
    // The first sentence; `--json` has all of it.
    let description = one_line(&tool.description);
    let first = description.split_inclusive(". ").next().unwrap_or_default().trim_end();
    format!("{}{mark}  {}", style.strong(name), style.faint(first)).trim_end().to_owned()
}
