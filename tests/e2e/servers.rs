//! Settings: a server that fails says why, one that is switched off is not asked.

use serde_json::{Value, json};
use trawl_tests::programs;

use crate::profile::Profile;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_server_says_why_and_is_kept_in_the_settings() {
    let profile = Profile::new();
    let window = profile.open().await;
    let page = &window.page;
    page.click("[data-testid=settings]").await;
    page.find("[data-testid=server][data-name=stories][data-state=connected]").await;
    page.until("[...document.querySelectorAll('button')].find((b) => b.textContent.trim() === 'Add server')?.click() ?? true")
        .await;
    page.write("server-form .field:nth-of-type(1) input", "broken").await;
    page.write("server-form input[placeholder=npx]", "no-such-command-anywhere").await;
    page.click("server-form button[type=submit]").await;
    page.find("[data-testid=server][data-name=broken][data-state=failed]").await;
    let words = page.text("[data-testid=server][data-name=broken]").await;
    assert!(words.contains("not found") || words.contains("cannot be started"), "{words}");
    page.picture("settings").await;

    // The good one still answers.
    let stories = "[data-testid=server][data-name=stories]";
    assert_eq!(page.count(&format!("{stories}[data-state=connected]")).await, 1);
    page.click(&format!("{stories} .toggle")).await;
    page.find(&format!("{stories}[data-state=disabled]")).await;

    let file = std::fs::read_to_string(profile.data_folder().join("settings.json")).unwrap();
    let file: Value = serde_json::from_str(&file).unwrap();
    assert_eq!(file["mcpServers"]["broken"]["command"], "no-such-command-anywhere");
    assert_eq!(file["mcpServers"]["stories"]["disabled"], true);
    window.close().await;
}

/// Presses keys where the focus is, with nothing in between that would move it.
const ESCAPE: &str = "\u{E00C}";
const SAVE: &str = "\u{E009}s\u{E000}";

const COMMAND: &str = "server-form input[placeholder=npx]";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edits_of_a_server_are_given_up_by_the_person_alone() {
    let entry = json!({"command": programs::fake_mcp(), "env": {"TOKEN": "hush-hush"}});
    let profile = Profile::with_settings(&json!({"mcpServers": {
        "notes": entry, "stories": {"builtin": "stories"}}}));
    let window = profile.open().await;
    let page = &window.page;
    let notes = "[data-testid=server][data-name=notes]";
    page.click("[data-testid=settings]").await;
    page.find(&format!("{notes}[data-state=connected]")).await;
    page.click(&format!("{notes} .server-edit")).await;
    page.picture("server-form").await;

    // Nothing was edited, so that nobody is asked.
    page.press(COMMAND, ESCAPE).await;
    page.find(".settings-aside[hidden]").await;

    // Each way out asks, and goes nowhere unless the person says so.
    page.click(&format!("{notes} .server-edit")).await;
    page.write(COMMAND, "no-such-command-anywhere").await;
    for leave in ["Escape", "Add server", "Another section", "Another server", "New question"] {
        match leave {
            "Escape" => page.press(COMMAND, ESCAPE).await,
            "Add server" => page.click(".settings-bar .button.primary").await,
            "Another section" => page.click("[data-section=model]").await,
            "Another server" => page.click("[data-name=stories] .server-edit").await,
            _ => page.press(COMMAND, "\u{E009}n\u{E000}").await,
        }
        page.find("[role=alertdialog]").await;
        page.picture("server-discard").await;
        page.click(".confirm .plain").await;
        page.until("document.querySelector('[role=alertdialog]') === null").await;
        let value = format!("document.querySelector('{COMMAND}').value");
        let value = page.run(&format!("return {value};"), vec![]).await;
        assert_eq!(value, "no-such-command-anywhere", "{leave}");
    }

    // Saved from wherever the focus is; what was not touched stays.
    page.run("document.activeElement.blur();", vec![]).await;
    page.press("body", SAVE).await;
    page.find(".settings-aside[hidden]").await;
    page.find(&format!("{notes}[data-state=failed]")).await;
    let saved = settings(&profile)["mcpServers"]["notes"].clone();
    assert_eq!(saved["command"], "no-such-command-anywhere");
    assert_eq!(saved["env"], json!({"TOKEN": "hush-hush"}));

    // One button tests what stands in the editor; none beside it tests what stands in the file.
    page.click(&format!("{notes} .server-details")).await;
    page.find("[data-testid=test-again]").await;
    page.click(&format!("{notes} .server-edit")).await;
    page.until("document.querySelector('[data-testid=test-again]') === null").await;

    // Given up.
    page.write(COMMAND, "something-else").await;
    page.press(COMMAND, ESCAPE).await;
    page.click(".confirm .danger").await;
    page.find(".settings-aside[hidden]").await;
    assert_eq!(settings(&profile)["mcpServers"]["notes"], saved);
    window.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_each_tool_may_do_stays_on_its_card_beside_long_descriptions() {
    let profile = Profile::with_settings(&json!({
        "mcpServers": {"stories": {"builtin": "stories"}},
        "approvals": {"stories": {"search_stories": "sha256:1"}},
    }));
    let window = profile.open().await;
    let page = &window.page;
    page.click("[data-testid=settings]").await;
    page.find("[data-testid=server][data-state=connected]").await;
    page.click(".server-details").await;
    page.find("[data-testid=withdraw-approval]").await;
    let words =
        "[...document.querySelectorAll('.tool-words')].map((one) => one.textContent.length)";
    let longest = page.run(&format!("return Math.max(...{words});"), vec![]).await;
    assert!(longest.as_u64().unwrap() > 120, "the descriptions are long: {longest}");
    // Also beside an open form, where the card is at its narrowest.
    for step in ["list", "form"] {
        if step == "form" {
            page.click(".server-edit").await;
            page.find(".settings-aside:not([hidden])").await;
        }
        page.picture(&format!("server-tools-{step}")).await;
        let out = page.run(OUT_OF_REACH, vec![]).await;
        assert_eq!(out, json!([]), "{step}");
    }
    page.click("[data-testid=withdraw-approval]").await;
    page.until("document.querySelector('[data-testid=withdraw-approval]') === null").await;
    assert_eq!(settings(&profile)["approvals"], Value::Null);
    window.close().await;
}

/// Rows of tools of which a part cannot be seen or clicked.
const OUT_OF_REACH: &str = "
    const card = document.querySelector('.server-cards-box');
    const box = card.getBoundingClientRect();
    if (card.scrollWidth > card.clientWidth) return ['the card scrolls'];
    return [...document.querySelectorAll('.tool-row')].filter((row) => [row.firstElementChild, row.lastElementChild].some((part) => {
      part.scrollIntoView({ block: 'center' });
      const { left, right, width, y, height } = part.getBoundingClientRect();
      const hit = document.elementFromPoint(left + width / 2, y + height / 2);
      return width < 30 || right > box.right || left < box.left || hit !== part;
    })).map((row) => row.textContent);
";

fn settings(profile: &Profile) -> Value {
    let file = std::fs::read_to_string(profile.data_folder().join("settings.json")).unwrap();
    serde_json::from_str(&file).unwrap()
}
