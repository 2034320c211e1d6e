//! The bundled sample MCP server: a small, searchable collection of stories.
//!
//! A real server over a real protocol, so that Trawl has something to search from its first start:
//! in-process for `{"builtin": "stories"}`, over stdio for `trawl mcp stories` and any MCP client.
//! JSON Lines (`record`, embedded in `sample`) become an SQLite FTS5 index in memory
//! (`index`); a query (`query`) is parsed by us and translated (`fts`), so that a mistake is
//! answered with its place; `tools` describes what can be called and `server` answers the calls.
//!
//! It only reads: nothing here writes a file, and every tool says so.

mod answer;
mod arguments;
mod fts;
mod index;
mod look_up;
mod query;
mod record;
mod sample;
mod serve;
mod server;
mod tools;

pub use record::LoadError;
pub use serve::{ServeError, serve_stdio, serve_stream};
pub use server::StoriesServer;
