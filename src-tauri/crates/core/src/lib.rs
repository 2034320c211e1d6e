//! The agent behind Trawl, without a window: ask a question, get an answer that can be checked.
//!
//! A run is five steps, called in order by [`pipeline`], which alone passes data between them:
//!
//! 1. [`initialize`]: the question, the conversation so far, the limit of time.
//! 2. [`discover`]: the tools of every connected server, as one [`catalog`].
//! 3. [`plan`]: which calls to make; each is sent on the moment it is known.
//! 4. [`execute`]: all calls at the same time, each isolated from the others.
//! 5. [`synthesize`]: one answer that cites what it rests on.
//!
//! What happens is told as [`event`]s, numbered and kept by [`history`]; servers are reached through
//! [`mcp`]. A host (the window, the command line) makes an [`pipeline::Agent`] and calls
//! [`pipeline::Agent::ask`]. Nothing here knows a window or a command line.

mod backoff;
pub mod catalog;
mod conversation;
mod digest;
pub mod discover;
pub mod error;
pub mod event;
pub mod execute;
pub mod failure;
mod fence;
pub mod history;
pub mod initialize;
pub mod llm;
pub mod logging;
mod loopback;
pub mod mcp;
pub mod paths;
pub mod pipeline;
mod placeholder;
pub mod plan;
pub mod reason;
pub mod request;
pub mod run;
pub mod secrets;
pub mod settings;
pub mod synthesize;
pub mod task;
pub mod value;
