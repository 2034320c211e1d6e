//! A server as a child process.

pub(super) mod command;
pub(super) mod environment;
pub(super) mod stderr;
pub(super) mod stdio;
pub mod supervisor;
