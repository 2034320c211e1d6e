//! A running query: seen to run in parallel, found again by a reloaded page, cancelled.

use serde_json::json;
use trawl_tests::programs;
use uuid::Uuid;

use crate::profile::Profile;

const RUNNING: &str = "[data-testid=task][data-status=running]";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reloaded_page_finds_the_running_query_and_cancels_it() {
    let marker = Uuid::new_v4().to_string();
    let server =
        json!({"command": programs::fake_mcp(), "args": ["--marker", marker], "trusted": true});
    let settings = json!({"mcpServers": {"one": server, "two": server, "three": server}});
    let profile = Profile::with_settings(&settings);
    let window = profile.open().await;
    let page = &window.page;
    page.ask("hang").await;
    // Neither ever answers: both are seen running at the same time.
    page.until(&format!("document.querySelectorAll('{RUNNING}').length >= 2")).await;
    let running = page.count(RUNNING).await;
    page.picture("running").await;

    page.reload().await;
    page.click("[data-testid=history-item][data-state=running]").await;
    page.until(&format!("document.querySelectorAll('{RUNNING}').length === {running}")).await;

    // Escape goes one step back, and there is none; it ends nothing.
    page.press(".dock [data-testid=question]", "\u{E00C}").await;
    page.press("body", "\u{E00C}").await;
    page.reload().await;
    page.click("[data-testid=history-item][data-state=running]").await;
    page.until(&format!("document.querySelectorAll('{RUNNING}').length === {running}")).await;
    page.press(".dock [data-testid=question]", "\u{E009}.\u{E000}").await;
    page.find("[data-testid=history-item][data-state=cancelled]").await;
    page.until(&format!("document.querySelectorAll('{RUNNING}').length === 0")).await;
    page.picture("cancelled").await;

    assert!(alive(&marker) >= 3, "each server is a process, and so is its supervisor");
    window.close().await;
    assert_eq!(alive(&marker), 0, "a closed window leaves no server behind");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_changes_while_the_button_is_down_on_it_is_opened() {
    let server = json!({"command": programs::fake_mcp(), "trusted": true});
    let profile = Profile::with_settings(&json!({"mcpServers": {"one": server}}));
    let window = profile.open().await;
    let page = &window.page;
    page.ask("hang").await;
    page.find(RUNNING).await;
    page.click("[data-testid=new-question]").await;
    page.hold("[data-testid=history-item][data-state=running]").await;
    let cancel = "window.__TAURI__.core.invoke('cancel_run', { runId: document.querySelector('[data-testid=history-item]').dataset.runId })";
    page.resolve(cancel).await;
    page.find("[data-testid=history-item][data-state=cancelled]").await;
    page.let_go().await;
    page.says("run-view .question", "hang").await;
    window.close().await;
}

/// Processes with `marker` among their arguments.
fn alive(marker: &str) -> usize {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let commands = entries.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    commands.filter(|command| String::from_utf8_lossy(command).contains(marker)).count()
}
