//! Opens the window. The same program, started with a hidden argument, watches over one MCP server
//! of a running Trawl instead.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

use std::process::ExitCode;

fn main() -> ExitCode {
    trawl_core::mcp::supervisor::run_if_asked().unwrap_or_else(trawl_desktop::run)
}
