//! MCP servers: connecting them, holding them open, calling their tools.
//!
//! Comes in: the settings' server entries. Goes out: [`Server`]s with their tools, results of
//! calls, and the state of each server for people. The only place that imports `rmcp`. Decides
//! neither what is called nor whether a call is made again; it only says whether a failed call may
//! have reached the server.
//!
//! The way of a call: [`Connections`] holds one link a server; [`Server::call`] puts a call into
//! the link's table (`calls`); the wire (`lines` for streams, `http` for streamable HTTP) keeps the
//! answer's text as it came and hands the protocol library a stand-in, or makes an error of an answer
//! that is not understood (`answer`).

mod builtin;
mod call;
mod connect;
mod connection;
mod connections;
mod error;
mod http;
mod process;
mod server;
mod status;
mod tasks;
mod tools;
mod variables;
mod wire;

pub use call::{CallOptions, Progress, ToolResult};
pub use connections::{Connections, test_server};
pub use error::{CallError, ServerError};
pub use process::{environment::use_path, supervisor};
pub use server::Server;
pub use status::{ServerKind, ServerState, ServerStatus, ToolSummary};

/// Largest message that is accepted from a server, in bytes.
pub const MAX_MESSAGE: usize = 256 << 20;

/// The protocol's library logs every message at INFO, with what is in it.
pub(crate) const LOG_FILTER: &str = "rmcp=warn";
