//! Tools that a person allowed once and for all, each bound to the definition that it had then.
//!
//! Kept in the settings by the host, which tells of every change; runs under way see it at once.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::catalog::Tool;

/// What is always allowed. Clones are the same.
#[derive(Clone, Default)]
pub struct Allowed {
    /// Definitions by server and tool.
    tools: Arc<RwLock<HashMap<(String, String), String>>>,
}

/// What a person's word about a tool is worth now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing was said.
    None,
    /// It was allowed with another definition, so that it is not any more.
    Changed,
    /// It is allowed.
    Allowed,
}

impl Allowed {
    /// Takes over what the settings say now: server, tool, definition.
    pub fn replace<'a>(&self, tools: impl IntoIterator<Item = (&'a str, &'a str, &'a str)>) {
        let tools = tools.into_iter().map(|(server, tool, definition)| {
            ((server.to_owned(), tool.to_owned()), definition.to_owned())
        });
        *self.tools.write().unwrap_or_else(PoisonError::into_inner) = tools.collect();
    }

    /// Whether the tool, as it is defined now, is always allowed.
    pub fn standing(&self, tool: &Tool) -> Standing {
        let tools = self.tools.read().unwrap_or_else(PoisonError::into_inner);
        match tools.get(&(tool.server.clone(), tool.name.clone())) {
            None => Standing::None,
            Some(definition) if *definition == tool.definition => Standing::Allowed,
            Some(_) => Standing::Changed,
        }
    }
}

impl std::fmt::Debug for Allowed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Allowed").finish_non_exhaustive()
    }
}
