//! Settings: a server that fails says why, one that is switched off is not asked.

use serde_json::Value;

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
