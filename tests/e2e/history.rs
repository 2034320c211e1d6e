//! The history: searched, opened from the keyboard, saved as a file, deleted.

use std::fs;

use crate::profile::Profile;

const STORIES: &str = "How many stories have upstream keyword?";
const TAGS: &str = "Which tags are used most?";
const SEARCH: &str = "[data-testid=history-search]";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_past_run_is_found_opened_saved_and_deleted() {
    let profile = Profile::new();
    let downloads = profile.downloads();
    let window = profile.open().await;
    let page = &window.page;
    for (question, ended) in [(STORIES, 1), (TAGS, 2)] {
        page.click("[data-testid=new-question]").await;
        page.ask(question).await;
        page.until(&format!("document.querySelectorAll('[data-testid=history-item][data-state=finished]').length === {ended}")).await;
    }

    page.write(SEARCH, "upstream keyword").await;
    page.until("document.querySelectorAll('[data-testid=history-item]').length === 1").await;
    page.find("[data-testid=history-item] mark").await;
    page.picture("history-searched").await;
    page.press(SEARCH, "\u{E015}").await;
    page.press("[data-testid=history-item]", "\u{E007}").await;
    page.says(".question", STORIES).await;
    page.until("document.querySelector('[data-testid=answer] .citation') !== null").await;
    page.write(SEARCH, "nothing-has-this-word").await;
    page.says(".history-empty-title", "nothing-has-this-word").await;
    page.press(SEARCH, "\u{E00C}").await;
    page.until("document.querySelectorAll('[data-testid=history-item]').length === 2").await;

    let answer = page.text("[data-testid=answer]").await;
    for (format, extension) in [("Markdown", "md"), ("JSON", "json")] {
        page.click("[title=Export]").await;
        page.click(&format!(".menu-item:has([title=\"Save as {format}\"])")).await;
        page.says(".toast", &format!(".{extension}")).await;
    }
    let saved = |extension: &str| {
        let name = format!("Trawl How many stories have upstream keyword.{extension}");
        fs::read_to_string(downloads.join(name)).unwrap()
    };
    assert!(saved("md").contains(STORIES));
    let json: serde_json::Value = serde_json::from_str(&saved("json")).unwrap();
    assert!(json.to_string().contains(STORIES) && answer.len() > 20);

    // Asked first; what is kept stays.
    page.click("[aria-label=\"Delete this run\"]").await;
    page.click(".confirm .plain").await;
    page.until("document.querySelector('.confirm') === null").await;
    assert_eq!(page.count("[data-testid=history-item]").await, 2);
    page.click("[aria-label=\"Delete this run\"]").await;
    page.click(".confirm .danger").await;
    page.until("document.querySelectorAll('[data-testid=history-item]').length === 1").await;
    page.until("location.hash === '#/'").await;
    page.reload().await;
    page.says("[data-testid=history-item]", TAGS).await;
    assert_eq!(page.count("[data-testid=history-item]").await, 1);
    window.close().await;
}
