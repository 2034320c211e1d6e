//! An answer: its citations lead to their items whatever its text defines, its tables keep words whole.

use serde_json::json;
use trawl_tests::fake_llm::{FakeLlm, Protocol, Reply};

use crate::page::Page;
use crate::profile::Profile;

const OPENAI: Protocol = Protocol::Openai;

const ANSWER: &str = "\
Seventeen stories speak of upstream [1], the second one [1.2].\n\n\
| Story | Author | Date | Score | Comments | Subject | Source | Language | Remark |\n\
|---|---|---|---|---|---|---|---|---|\n\
| Forty million installs, one tired maintainer [1.1] | ines.okafor | 2026-03-04 | 412 | 187 | maintenance | stories | English | Three of five speak of who should pay her and of how much that is |\n\
| The grant that arrived after the fork [1.2] | tomas.reyl | 2026-03-05 | 388 | 142 | funding | stories | English | https://stories.example/a-very-long-address-without-a-single-space-in-it-that-no-cell-holds-whole |\n\n\
[1]: https://evil.example/one \"A title\"\n\n\
> [1.2]: https://evil.example/two";

/// A run that ended with this answer, over the sample stories.
async fn answered(profile: &Profile) -> crate::profile::Window {
    let window = profile.open().await;
    window.page.ask("Which stories speak of upstream?").await;
    window.page.find("[data-testid=history-item][data-state=finished]").await;
    window
}

async fn model() -> FakeLlm {
    let arguments = json!({"query": "upstream", "size": 5});
    let task = json!({"tool_name": "stories__search_stories", "tool_arguments": arguments});
    let plan = json!({"tasks": [task], "answer": null, "reasoning": null});
    FakeLlm::start([Reply::json(OPENAI, &plan), Reply::text(OPENAI, ANSWER)]).await
}

fn person(model: &FakeLlm) -> Profile {
    Profile::with_settings(&json!({
        "mcpServers": {"stories": {"builtin": "stories"}},
        "model": {"provider": "openai", "baseUrl": model.url(), "model": "scripted"},
    }))
}

async fn html(page: &Page) -> String {
    page.until("document.querySelectorAll('[data-testid=answer] .citation').length === 4").await;
    let html = page.run("return document.querySelector('[data-testid=answer]').innerHTML;", vec![]);
    html.await.as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn citations_and_wide_tables_are_the_same_live_and_opened_again() {
    let model = model().await;
    let profile = person(&model);
    let window = answered(&profile).await;
    let page = &window.page;
    let live = html(page).await;
    assert!(!live.contains("evil.example"), "{live}");
    page.until("[...document.querySelectorAll('[data-testid=answer] .citation')].map((link) => link.textContent).join() === '1,1.2,1.1,1.2'").await;
    page.picture("table").await;

    // Words that fit stand on one line each; the table scrolls, and nothing around it does.
    let lines = "(cell) => { const range = document.createRange(); range.selectNodeContents(cell); \
        return new Set([...range.getClientRects()].map((line) => Math.round(line.bottom))).size; }";
    let broken = format!(
        "return [...document.querySelectorAll('.answer th, .answer td:is(.short, .number)')].filter((cell) => ({lines})(cell) > 1).map((cell) => cell.textContent);"
    );
    assert_eq!(page.run(&broken, vec![]).await, json!([]));
    page.until(
        "((view) => view.scrollWidth <= view.clientWidth)(document.querySelector('.run-scroll'))",
    )
    .await;
    // Beside the evidence there is less room than it needs.
    page.click("[data-testid=answer] .citation").await;
    page.find(".table-scroll.scrolls[tabindex=\"0\"]").await;
    page.picture("table-evidence").await;
    assert_eq!(page.run(&broken, vec![]).await, json!([]));
    page.press(".table-scroll", "\u{E014}").await;
    page.until("document.querySelector('.table-scroll').scrollLeft > 0").await;

    page.reload().await;
    assert_eq!(html(page).await, live);
    window.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_citation_opens_its_item_and_its_card_goes() {
    let model = model().await;
    let profile = person(&model);
    let window = answered(&profile).await;
    let page = &window.page;
    html(page).await;
    let second = "[data-testid=answer] .citation[data-item=\"2\"]";
    let hover = format!(
        "document.querySelector('{second}').dispatchEvent(new PointerEvent('pointerover', {{ bubbles: true }}))"
    );
    // Longer than a pointer has to rest on a citation.
    let rested = "new Promise((done) => setTimeout(() => done('rested'), 700))";

    // A menu that is open stays.
    page.click("[title=Export]").await;
    page.find(".menu").await;
    page.run(&hover, vec![]).await;
    page.resolve(rested).await;
    assert_eq!((page.count(".menu").await, page.count(".hover-card").await), (1, 0));
    page.press("body", "\u{E00C}").await;
    page.until("document.querySelector('.menu') === null").await;

    page.run(
        "document.querySelector('.question').dispatchEvent(new PointerEvent('pointerover', { bubbles: true }))",
        vec![],
    )
    .await;
    page.run(&hover, vec![]).await;
    page.find(".hover-card").await;
    page.click(second).await;
    page.until("document.querySelector('.hover-card') === null").await;
    page.find(".result-row.open.cited").await;
    page.run(&hover, vec![]).await;
    page.resolve(rested).await;
    assert_eq!(page.count(".hover-card").await, 0);

    // A search that leaves the open item out leaves a row that Tab reaches.
    let first = page.text(".result-row[data-place=\"0\"] .result-cell").await;
    page.write("evidence-panel input[type=search]", &first).await;
    page.until("document.querySelector('.result-row') !== null && document.querySelector('.result-row.open') === null").await;
    assert_eq!(page.count(".result-row[tabindex=\"0\"]").await, 1);
    page.picture("evidence-searched").await;
    window.close().await;
}
