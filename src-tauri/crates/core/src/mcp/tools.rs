//! A server's list of tools, in its order, as the catalog wants them.
//!
//! Leaves out what the entry's `disabledTools` names. A server whose pages never end is cut off.

use std::collections::HashSet;
use std::sync::Arc;

use rmcp::model::{ErrorCode, PaginatedRequestParams, ToolAnnotations};
use rmcp::service::{Peer, RoleClient, ServiceError};

use crate::catalog::{Hints, Tool, Validator};
use crate::settings::ServerEntry;

/// More pages than any real server has.
const MAX_PAGES: usize = 200;

/// Asks for every page. The reason goes on after the server's name.
pub(super) async fn list(
    peer: &Peer<RoleClient>,
    server: &str,
    entry: &ServerEntry,
) -> Result<Arc<[Arc<Tool>]>, String> {
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
            Err(error) => return Err(format!("did not list its tools: {error}")),
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
    Ok(tools.into())
}

fn described(server: &str, entry: &ServerEntry, tool: rmcp::model::Tool) -> Tool {
    let annotations = tool.annotations.unwrap_or_default();
    Tool {
        server: server.to_owned(),
        name: tool.name.into_owned(),
        title: tool.title.or_else(|| annotations.title.clone()),
        description: tool.description.unwrap_or_default().into_owned(),
        input_schema: Arc::unwrap_or_clone(tool.input_schema),
        output_schema: tool.output_schema.map(Arc::unwrap_or_clone),
        hints: hints(&annotations, entry.read_only),
        validator: Validator::default(),
    }
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
}
