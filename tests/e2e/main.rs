//! The real window, driven as a person would: under a display, through WebKit's own driver.
//!
//! `cargo xtask test` starts a display and runs these. Every test has folders of its own, and a limit
//! on everything that it waits for. With `TRAWL_TEST_SCREENSHOTS=FOLDER` each test leaves pictures
//! of what it saw there.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what a test relies on may end it")]

mod answer;
mod approval;
mod driver;
mod files;
mod history;
mod kept;
mod keys;
mod many;
mod model;
mod page;
mod profile;
mod query;
mod remote;
mod second;
mod servers;
mod stop;
