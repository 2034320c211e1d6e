//! Everything that needs no window, against fakes at the far end of each wire.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::needless_pass_by_value,
    reason = "a helper may end its test, and takes `json!` as it comes"
)]

mod answer_model;
mod architecture;
mod cli_ask;
mod cli_commands;
#[cfg(unix)]
mod cli_processes;
mod cli_setup;
mod events_bounds;
mod events_golden;
mod execute_allowed;
mod execute_control;
mod execute_depend;
mod execute_limits;
mod execute_model;
mod execute_parallel;
mod execute_reuse;
mod execute_secrets;
mod history_locked;
mod history_old;
mod history_processes;
mod history_record;
mod history_search;
mod llm_errors;
mod llm_limits;
mod llm_replies;
mod llm_secrets;
mod llm_structure;
mod mcp_calls;
mod mcp_connect;
mod mcp_garbled;
mod mcp_http;
mod mcp_http_rules;
mod mcp_redirects;
mod mcp_retired;
mod mcp_setup;
mod mcp_survivors;
mod network;
mod pipeline;
mod plan_bounds;
mod plan_model;
mod plan_stopped;
mod settings_file;
mod sources;
mod stories;
