//! What the page knows before its first paint: the settings, and how the servers stand.
//!
//! Comes in: the host, just before its window opens. Goes out: a script that runs ahead of the page's
//! own, with what `get_settings` and `watch_servers` would answer, so that nothing is shown that is
//! not so. What changes later the page is told by those commands.

use serde_json::{Value, json};
use tauri::{AppHandle, Runtime};

use crate::commands::settings::shown;
use crate::host::Host;

/// Which colours the person wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Theme {
    /// The desktop's.
    System,
    Light,
    Dark,
}

/// As the settings have it.
pub(crate) fn theme(host: &Host) -> Theme {
    let loaded = host.store.current();
    let preferences = loaded.file.get("preferences");
    match preferences.and_then(|all| all.get("theme")).and_then(|theme| theme.as_str()) {
        Some("light") => Theme::Light,
        Some("dark") => Theme::Dark,
        _ => Theme::System,
    }
}

/// Puts it where the page looks for it: `window.trawlStart`.
pub(crate) fn script<R: Runtime>(app: &AppHandle<R>, host: &Host) -> String {
    let known = json!({
        "settings": shown(app, host),
        "servers": host.agent.connections.status(),
    });
    // As a text that is parsed: a server may be called `__proto__`.
    let text = Value::String(known.to_string());
    format!("Object.defineProperty(window, \"trawlStart\", {{ value: JSON.parse({text}) }});")
}
