//! What a person is not asked about any more: tools that they allowed once and for all, each bound to
//! the definition that it had then, and servers whose word about their own tools counts.
//!
//! Kept in the settings by the host, which tells of every change; runs under way see it at once.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};

use crate::catalog::Tool;
use crate::settings::{Settings, Transport};

/// What a person allowed and whom they trust. Clones are the same.
#[derive(Clone, Default)]
pub struct Allowed {
    /// Definitions by server and tool.
    tools: Arc<RwLock<HashMap<(String, String), String>>>,
    trusted: Arc<RwLock<HashSet<String>>>,
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
    /// Takes over what the settings say now. A server inside Trawl is trusted as Trawl is.
    pub fn apply(&self, settings: &Settings) {
        self.replace(settings.approvals.iter().flat_map(|(server, tools)| {
            let one = |(tool, definition)| (server.as_str(), tool, definition);
            tools.iter().map(|(tool, definition)| (tool.as_str(), definition.as_str())).map(one)
        }));
        self.trust(settings.servers.iter().filter_map(|(name, entry)| {
            let entry = entry.as_ref().ok()?;
            let is_ours = matches!(entry.transport, Transport::Builtin { .. });
            (entry.trusted || is_ours).then_some(name.as_str())
        }));
    }

    /// From now on these servers are trusted, and no others.
    pub fn trust<'a>(&self, servers: impl IntoIterator<Item = &'a str>) {
        let servers = servers.into_iter().map(str::to_owned).collect();
        *self.trusted.write().unwrap_or_else(PoisonError::into_inner) = servers;
    }

    /// Whether what a server's tools say of themselves counts (MCP specification, "Tool annotations":
    /// they are untrusted unless they come from a trusted server).
    pub fn trusts(&self, server: &str) -> bool {
        self.trusted.read().unwrap_or_else(PoisonError::into_inner).contains(server)
    }

    /// Takes over the tools that are always allowed: server, tool, definition.
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
