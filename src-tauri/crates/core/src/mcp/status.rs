//! What people get to see of a server: in the settings view, in `trawl servers`.

use serde::Serialize;

use crate::settings::{ServerEntry, Transport};

use super::server::Server;

/// One server's state, as the window and the command line show it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServerStatus {
    /// Name in the settings.
    pub name: String,
    /// How it is reached; `null` for a wrong entry.
    pub kind: Option<ServerKind>,
    /// Where it stands.
    pub state: ServerState,
    /// How many tools it offers, those taken out by `disabledTools` not counted.
    pub tool_count: usize,
    /// Time it took to connect, or to fail; `null` before that.
    pub elapsed_ms: Option<f64>,
    /// Why it cannot be asked, and what to do.
    pub message: Option<String>,
    /// The part of that, at its end, that says what to do.
    pub todo: Option<String>,
    /// The last lines it wrote to stderr, oldest first.
    pub stderr: Vec<String>,
    /// Its tools, in its own order.
    pub tools: Vec<ToolSummary>,
    /// What people should know of that list, a sentence each: which tools are left out, and why.
    pub notes: Vec<String>,
}

/// How a server is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ServerKind {
    /// Inside Trawl.
    Builtin,
    /// A child process.
    Stdio,
    /// Streamable HTTP.
    Http,
}

/// Where a server stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ServerState {
    /// Switched off by the person.
    Disabled,
    /// On its way.
    Connecting,
    /// Can be asked.
    Connected,
    /// Cannot be asked; it is tried again when a question needs it.
    Failed,
    /// Its entry is wrong.
    Invalid,
}

/// A tool in a list for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolSummary {
    /// Its name on its server.
    pub name: String,
    /// For people, where the server gives one.
    pub title: Option<String>,
    /// What it does; may be empty.
    pub description: String,
    /// Changes nothing, by the server's or the person's word.
    pub read_only: bool,
    /// May destroy.
    pub destructive: bool,
    /// Fingerprint of its definition, to which a standing approval is bound.
    pub definition: String,
}

impl ServerKind {
    /// The kind of an entry.
    pub fn of(entry: &ServerEntry) -> Self {
        match entry.transport {
            Transport::Builtin { .. } => Self::Builtin,
            Transport::Stdio { .. } => Self::Stdio,
            Transport::Http { .. } => Self::Http,
        }
    }
}

impl ServerStatus {
    /// A status without tools.
    pub(super) fn new(name: &str, entry: Option<&ServerEntry>, state: ServerState) -> Self {
        Self {
            name: name.to_owned(),
            kind: entry.map(ServerKind::of),
            state,
            tool_count: 0,
            elapsed_ms: None,
            message: None,
            todo: None,
            stderr: Vec::new(),
            tools: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// With a connected server's tools.
    pub(super) fn with_tools(mut self, server: &Server) -> Self {
        self.tools = server
            .tools()
            .iter()
            .map(|tool| ToolSummary {
                name: tool.name.clone(),
                title: tool.title.clone(),
                description: tool.description.clone(),
                read_only: tool.hints.read_only,
                destructive: tool.hints.destructive && !tool.hints.read_only,
                definition: tool.definition.clone(),
            })
            .collect();
        self.tool_count = self.tools.len();
        self.notes = server.notes().to_vec();
        self
    }
}
