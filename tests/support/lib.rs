//! What Trawl's tests stand on: fakes for the far end of each wire, and the programs under test.

pub mod bench;
pub mod clock;
pub mod fake_llm;
pub mod fake_mcp;
pub mod grammar;
pub mod keychain;
pub mod programs;
pub mod scripted;
pub mod stage;
mod task_grammar;
pub mod tls;
pub mod with_model;
