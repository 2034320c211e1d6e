//! The agent behind Trawl.
//!
//! Five steps, joined by [`pipeline`]: initialize → discover → plan → execute → synthesize.

pub mod catalog;
pub mod error;
pub mod event;
pub mod mcp;
pub mod plan;
pub mod settings;
