//! x

pub mod fake_mcp;
