//! The keyboard: commands by their names, themes, and what Tab reaches in a running timeline.

use serde_json::{Value, json};
use trawl_tests::fake_llm::{FakeLlm, Protocol, Reply};
use trawl_tests::programs;

use crate::page::Page;
use crate::profile::Profile;

const COMMANDS: &str = "\u{E009}k";
const ENTER: &str = "\u{E007}";
const QUESTION: &str = "[data-testid=question]";
const PALETTE: &str = ".palette-input";

/// Runs the command that these words find first.
async fn command(page: &Page, words: &str) {
    page.press(QUESTION, COMMANDS).await;
    page.until("!document.querySelector('command-palette').hidden").await;
    page.write(PALETTE, words).await;
    page.until("document.querySelector('.palette-row[aria-selected=true] mark') !== null").await;
    page.press(PALETTE, ENTER).await;
    page.until("document.querySelector('command-palette').hidden").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_is_found_by_its_name_and_themes_are_switched() {
    let profile = Profile::new();
    let window = profile.open().await;
    let page = &window.page;
    let ground = "return getComputedStyle(document.querySelector('.stage')).color;";
    let mut seen = Vec::new();
    for theme in ["dark", "light"] {
        command(page, theme).await;
        page.until(&format!("document.documentElement.dataset.theme === '{theme}'")).await;
        seen.push(page.run(ground, vec![]).await);
        let chosen = format!("\"theme\":\"{theme}\"");
        let file = profile.data_folder().join("settings.json");
        let kept = || std::fs::read_to_string(&file).unwrap_or_default().replace([' ', '\n'], "");
        page.eventually("the theme is kept", || kept().contains(&chosen)).await;
        page.reload().await;
        page.until(&format!("document.documentElement.dataset.theme === '{theme}'")).await;
    }
    assert_ne!(seen[0], seen[1]);
    page.picture("start").await;

    // It is told where the pointer finds it, and takes nothing away from whoever leaves it.
    page.click("[aria-label=Commands]").await;
    page.until("document.activeElement?.className === 'palette-input'").await;
    page.picture("palette").await;
    page.press(PALETTE, "\u{E00C}").await;
    page.until("document.querySelector('command-palette').hidden").await;
    command(page, "behaviour").await;
    page.until("location.hash === '#/settings/behaviour'").await;
    window.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tab_reaches_the_cancel_of_the_task_that_has_the_keyboard() {
    let hang = json!({"tool_name": "fake__hang", "tool_arguments": {}});
    let sleep = json!({"tool_name": "fake__sleep", "tool_arguments": {"ms": 600_000}});
    let tasks = json!({"tasks": [hang, sleep], "answer": null, "reasoning": null});
    let model = FakeLlm::start([Reply::json(Protocol::Openai, &tasks)]).await;
    let profile = Profile::with_settings(&json!({
        "mcpServers": {"fake": {"command": programs::fake_mcp(), "trusted": true}},
        "model": {"provider": "openai", "baseUrl": model.url(), "model": "scripted"},
    }));
    let window = profile.open().await;
    let page = &window.page;
    page.ask("Wait for ever").await;
    page.until("document.querySelectorAll('[data-testid=task][data-status=running]').length === 2")
        .await;
    page.press("[data-testid=task][data-index=\"0\"]", "\u{E015}").await;
    page.until("document.activeElement?.dataset.index === '1'").await;
    let reached = "return [...document.querySelectorAll('.row-cancel')].filter((button) => button.tabIndex === 0).map((button) => button.closest('.task-row').dataset.index);";
    assert_eq!(page.run(reached, vec![]).await, json!(["1"]));
    page.press("[data-testid=task][data-index=\"1\"]", "\u{E004}").await;
    page.until("document.activeElement?.closest('.task-row')?.dataset.index === '1'").await;
    page.press("[data-testid=task][data-index=\"1\"] .row-cancel", ENTER).await;
    page.find("[data-testid=task][data-index=\"1\"][data-status=cancelled]").await;
    let first = page.run(
        "return document.querySelector('[data-testid=task][data-index=\"0\"]').dataset.status;",
        vec![],
    );
    assert_eq!(first.await, Value::from("running"));

    // What was written and queued outlives a page that is loaded again.
    page.write(".dock [data-testid=question]", "And then?").await;
    page.click(".dock [data-testid=ask]").await;
    page.says(".queued", "And then?").await;
    page.write(".dock [data-testid=question]", "Half a th").await;
    page.reload().await;
    page.says(".queued", "And then?").await;
    page.until("document.querySelector('.dock [data-testid=question]').value === 'Half a th'")
        .await;
    page.find("[data-testid=task][data-index=\"0\"][data-status=running]").await;
    page.picture("queued").await;
    window.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follow_up_that_refers_back_is_told_what_it_needs() {
    let profile = Profile::new();
    let window = profile.open().await;
    let page = &window.page;
    page.ask("How many stories have upstream keyword?").await;
    page.find("[data-testid=history-item][data-state=finished]").await;
    page.write(".dock [data-testid=question]", "And who wrote it?").await;
    page.click(".dock [data-testid=ask]").await;
    page.says(".failure", "Choose a model").await;
    page.picture("refers-back").await;
    page.click(".failure .button.primary").await;
    page.until("location.hash === '#/settings/model'").await;
    window.close().await;
}
