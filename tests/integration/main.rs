//! Everything that needs no window, against fakes at the far end of each wire.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::needless_pass_by_value,
    reason = "a helper may end its test, and takes `json!` as it comes"
)]

mod answer {
    mod model;
}
mod architecture;
mod cli {
    mod ask;
    mod commands;
    #[cfg(unix)]
    mod processes;
    pub(crate) mod setup;
}
mod events {
    mod bounds;
    pub(crate) mod golden;
}
mod execute {
    mod allowed;
    mod control;
    mod depend;
    mod limits;
    mod model;
    mod parallel;
    mod reuse;
    mod secrets;
}
mod history {
    mod locked;
    mod old;
    mod processes;
    mod record;
    mod search;
}
mod imports;
mod llm {
    mod errors;
    mod limits;
    mod replies;
    mod secrets;
    mod structure;
}
mod mcp {
    mod calls;
    mod connect;
    mod garbled;
    mod http;
    mod http_rules;
    mod redirects;
    mod retired;
    pub(crate) mod setup;
    mod survivors;
}
mod network;
mod pipeline;
mod plan {
    mod bounds;
    mod model;
    mod stopped;
}
mod settings_file;
mod sources;
mod stories;
