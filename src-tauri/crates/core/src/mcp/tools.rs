//! A server's list of tools, in its order, as the catalog wants them.
//!
//! Leaves out what the entry's `disabledTools` names. A server whose pages never end is cut off. A
//! malformed tool was left out on the wire (`listing`); here it is told.

use std::collections::HashSet;
use std::sync::Arc;

use rmcp::model::{ErrorCode, PaginatedRequestParams, ToolAnnotations};
use rmcp::service::{Peer, RoleClient, ServiceError};

use serde_json::json;

use crate::catalog::{Hints, Tool, Validator};
use crate::digest::digest;
use crate::reason::Reason;
use crate::settings::{ServerEntry, Transport};

use super::http::reasons;
use super::wire::answer;
use super::wire::calls::Calls;
use crate::secrets::redact::Redactor;

/// More pages than any real server has.
const MAX_PAGES: usize = 200;

/// As many malformed tools are named.
const NAMED: usize = 20;

/// What a server offers.
#[derive(Clone)]
pub(super) struct Listed {
    pub(super) tools: Arc<[Arc<Tool>]>,
    /// What people should know of the list, a sentence each.
    pub(super) notes: Arc<[String]>,
}

/// Asks for every page. The reason goes on after the server's name.
pub(super) async fn list(
    peer: &Peer<RoleClient>,
    calls: &Calls,
    redactor: &Redactor,
    server: &str,
    entry: &ServerEntry,
) -> Result<Listed, Reason> {
    calls.take_left_out();
    let mut tools = Vec::new();
    let mut names = HashSet::new();
    let mut cursors = HashSet::new();
    let mut cursor: Option<String> = None;
    for _ in 0..MAX_PAGES {
        let asked = PaginatedRequestParams::default().with_cursor(cursor.take());
        let page = match peer.list_tools(Some(asked)).await {
            Ok(page) => page,
            // A server may offer prompts and resources only.
            Err(ServiceError::McpError(error)) if error.code == ErrorCode::METHOD_NOT_FOUND => {
                break;
            }
            Err(error) => return Err(unlisted(&error, redactor)),
        };
        for tool in page.tools {
            let disabled = entry.disabled_tools.iter().any(|name| *name == tool.name);
            if !disabled && names.insert(tool.name.to_string()) {
                tools.push(Arc::new(described(server, entry, tool)));
            }
        }
        match page.next_cursor {
            Some(next) if cursors.insert(next.clone()) => cursor = Some(next),
            Some(_) => {
                tracing::warn!(
                    server,
                    "the list of tools repeats itself; its first pages are used"
                );
                break;
            }
            None => break,
        }
    }
    let notes = notes(calls.take_left_out(), redactor);
    for note in &notes {
        tracing::warn!(server, note, "a list of tools is not whole");
    }
    Ok(Listed { tools: tools.into(), notes: notes.into() })
}

/// A sentence for each tool that was left out, but no more than are read.
fn notes(mut left_out: Vec<String>, redactor: &Redactor) -> Vec<String> {
    let more = left_out.len().saturating_sub(NAMED);
    left_out.truncate(NAMED);
    let mut notes: Vec<String> = left_out.iter().map(|note| redactor.clean(note)).collect();
    if more > 0 {
        notes.push(format!("{more} more malformed tools are left out"));
    }
    notes
}

/// Why there is no list. The library's own words name its types, and may repeat a URL.
fn unlisted(error: &ServiceError, redactor: &Redactor) -> Reason {
    let closed = || "closed the connection before it listed its tools".into();
    match error {
        ServiceError::McpError(error) => {
            answer::words("did not list its tools", error, redactor).into()
        }
        ServiceError::TransportSend(lost) => {
            reasons::connect_failure(lost.error.as_ref()).unwrap_or_else(closed)
        }
        ServiceError::TransportClosed => closed(),
        other => format!("did not list its tools: {other}").into(),
    }
}

fn described(server: &str, entry: &ServerEntry, tool: rmcp::model::Tool) -> Tool {
    let definition = definition(entry, &tool);
    let annotations = tool.annotations.unwrap_or_default();
    Tool {
        server: server.to_owned(),
        name: tool.name.into_owned(),
        title: tool.title.or_else(|| annotations.title.clone()),
        description: tool.description.unwrap_or_default().into_owned(),
        input_schema: Arc::unwrap_or_clone(tool.input_schema),
        output_schema: tool.output_schema.map(Arc::unwrap_or_clone),
        hints: hints(&annotations, entry.read_only),
        definition,
        validator: Validator::default(),
    }
}

/// Of the tool as its server tells it, annotations included, and of how the server is reached.
/// Without the environment and headers, which hold keys that are renewed.
fn definition(entry: &ServerEntry, tool: &rmcp::model::Tool) -> String {
    let place = match &entry.transport {
        Transport::Builtin { builtin } => json!([builtin]),
        Transport::Stdio { command, args, cwd, .. } => json!([command, args, cwd]),
        Transport::Http { url, .. } => json!([url]),
    };
    digest([&place, &serde_json::to_value(tool).unwrap_or_default()])
}

fn hints(annotations: &ToolAnnotations, all_read_only: bool) -> Hints {
    let silent = Hints::default();
    Hints {
        read_only: all_read_only || annotations.read_only_hint.unwrap_or(silent.read_only),
        destructive: annotations.destructive_hint.unwrap_or(silent.destructive),
        idempotent: annotations.idempotent_hint.unwrap_or(silent.idempotent),
        open_world: annotations.open_world_hint.unwrap_or(silent.open_world),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_server_gets_the_specifications_defaults_and_the_person_has_the_last_word() {
        let silent = ToolAnnotations::new();
        assert_eq!(hints(&silent, false), Hints::default());
        assert!(hints(&silent, true).read_only);
        assert!(hints(&silent.read_only(true), false).read_only);
    }

    #[test]
    fn a_tool_that_says_anything_else_is_another_tool() {
        let entry = |command: &str| {
            ServerEntry::from_json(&json!({"command": command, "env": {"KEY": command}})).unwrap()
        };
        let tool = |more: serde_json::Value| -> rmcp::model::Tool {
            let mut tool = json!({"name": "write", "description": "Writes",
                "inputSchema": {"type": "object", "properties": {"a": {}, "b": {}}}});
            tool.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            serde_json::from_value(tool).unwrap()
        };
        let known = definition(&entry("one"), &tool(json!({})));
        let reordered =
            json!({"inputSchema": {"properties": {"b": {}, "a": {}}, "type": "object"}});
        assert_eq!(definition(&entry("one"), &tool(reordered)), known);
        for change in [
            json!({"description": "Writes and deletes"}),
            json!({"inputSchema": {"type": "object", "properties": {"a": {}}}}),
            json!({"annotations": {"destructiveHint": false}}),
        ] {
            assert_ne!(definition(&entry("one"), &tool(change.clone())), known, "{change}");
        }
        assert_ne!(definition(&entry("two"), &tool(json!({}))), known);
    }
}
