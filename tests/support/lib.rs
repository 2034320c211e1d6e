//! What Trawl's tests stand on.

pub mod fake_mcp;
pub mod grammar;
mod task_grammar;
