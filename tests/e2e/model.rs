//! A language model: chosen, tested, asked, asked further, stopped in the middle of its answer.

use std::time::Duration;

use serde_json::json;
use trawl_tests::fake_llm::{FakeLlm, Protocol, Reply};

use crate::page::Page;
use crate::profile::Profile;

const OPENAI: Protocol = Protocol::Openai;

fn plan(query: &str) -> Reply {
    let arguments = json!({"query": query, "size": 5});
    let task = json!({"tool_name": "stories__search_stories", "tool_arguments": arguments});
    Reply::json(OPENAI, &json!({"tasks": [task], "answer": null, "reasoning": null}))
}

/// Chosen: a provider, its address, a model of its list.
async fn choose(page: &Page, model: &FakeLlm) {
    page.click("[data-testid=settings]").await;
    page.click("[data-section=model]").await;
    page.click(".card[data-id=other]").await;
    page.write("[data-testid=model-url]", &format!("{}/v1", model.url())).await;
    page.press("[data-testid=model-url]", "\u{E007}").await;
    page.click("[data-testid=model][title=scripted]").await;
    page.find("[data-testid=model][title=scripted][aria-selected=true]").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_model_is_chosen_tested_asked_and_stopped() {
    let checked = "Seventeen stories speak of upstream [1], the first one [1.1], and [9].\n\n\
        More of them follow.\n\nThat is all.";
    let long = format!("Upstream is everywhere [1]. {}", "And on it goes. ".repeat(400));
    let model = FakeLlm::start([
        Reply::text(OPENAI, "One, two, three, four, five, six, seven, eight, nine, ten."),
        plan("upstream"),
        Reply::timed(OPENAI, checked, Duration::from_millis(50), 30.0),
        plan("tag:upstream"),
        Reply::timed(OPENAI, &long, Duration::from_millis(50), 20.0),
    ])
    .await;
    model.offers(json!({"object": "list", "data": [{"id": "other"}, {"id": "scripted"}]}));
    let profile = Profile::new();
    let window = profile.open().await;
    let page = &window.page;

    choose(page, &model).await;
    page.click("[data-testid=test-model]").await;
    page.says("[data-testid=model-outcome]", "One, two, three").await;
    page.picture("model").await;
    page.press("body", "\u{E00C}").await;

    // Asked: planned and written by it, with what that took.
    page.ask("Which stories speak of upstream?").await;
    page.until("document.querySelectorAll('[data-testid=answer] .citation').length === 2").await;
    page.says("main", "Seventeen stories speak of upstream").await;
    page.says("[data-testid=run-foot]", "Planning").await;
    page.says("[data-testid=run-foot]", "Writing").await;
    // The answer as it was checked stands alone, nothing of the streamed one beside it.
    let blocks = "[...document.querySelectorAll('[data-testid=answer] .block')]";
    page.until(&format!("{blocks}.length === 3")).await;
    page.until(&format!("!{blocks}.some((block) => block.textContent.includes('[9]'))")).await;
    page.picture("model-answered").await;

    // Asked further: the conversation so far goes along.
    page.write(".dock [data-testid=question]", "And by tag?").await;
    page.click(".dock [data-testid=ask]").await;
    page.says("[data-testid=answer]", "And on it goes.").await;
    let asked = model.requests();
    assert!(asked[3].text().contains("Seventeen stories speak of upstream"), "{asked:#?}");
    page.picture("model-writing").await;

    // Stopped in the middle of the answer: the model is not listened to any longer.
    page.click("[data-testid=cancel]").await;
    page.find("[data-testid=history-item][data-state=cancelled]").await;
    model.hung_up().await;
    page.says("[data-testid=answer]", "Upstream is everywhere").await;
    window.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_of_a_model_outlives_what_happens_meanwhile() {
    let slow = Reply::timed(OPENAI, "One, two, three.", Duration::from_secs(2), 30.0);
    let model = FakeLlm::start([slow]).await;
    model.offers(json!({"object": "list", "data": [{"id": "other"}, {"id": "scripted"}]}));
    let profile = Profile::new();
    let window = profile.open().await;
    let page = &window.page;

    // Nothing moves away under the pointer of whoever chooses a model and tests it.
    let place = "const { top } = document.querySelector('[data-testid=test-model]').getBoundingClientRect(); \
        return [top, document.querySelector('.model-said').getBoundingClientRect().height];";
    page.click("[data-testid=settings]").await;
    page.click("[data-section=model]").await;
    page.click(".card[data-id=other]").await;
    page.write("[data-testid=model-url]", &format!("{}/v1", model.url())).await;
    page.press("[data-testid=model-url]", "\u{E007}").await;
    page.find("[data-testid=model][title=scripted]").await;
    let goes_on = "document.body.innerText.includes('Until a model is chosen here')";
    page.until(goes_on).await;
    let before = page.run(place, vec![]).await;
    page.click("[data-testid=model][title=scripted]").await;
    page.until(&format!("!{goes_on}")).await;
    assert_eq!(page.run(place, vec![]).await, before);

    // The same address is told again, the model is kept, another section is looked at.
    page.click("[data-testid=test-model]").await;
    page.says("[data-testid=model-outcome]", "Asking").await;
    page.press("[data-testid=model-url]", "\u{E007}").await;
    page.click("[data-testid=model][title=scripted]").await;
    page.click("[data-section=servers]").await;
    page.find("[data-testid=server]").await;
    page.click("[data-section=model]").await;
    page.says("[data-testid=model-outcome]", "One, two, three").await;

    // Another model was not tested.
    page.click("[data-testid=model][title=other]").await;
    page.until("document.querySelector('[data-testid=model-outcome]').textContent === ''").await;
    window.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_composer_names_the_model_in_use_and_changes_it() {
    let model = FakeLlm::start([]).await;
    let long = "a-model-with-a-name-that-is-much-longer-than-anybody-would-want-2026-02-28-preview";
    model.offers(json!({"object": "list", "data": [{"id": long}, {"id": "scripted"}]}));
    let profile = Profile::new();
    let window = profile.open().await;
    let page = &window.page;
    page.says(".composer-row", "Built-in planner").await;
    choose(page, &model).await;
    page.press("body", "\u{E00C}").await;
    page.says(".start-model", "scripted plans and writes").await;
    let chip = ".composer-row .chip:nth-of-type(2)";
    assert_eq!(page.text(chip).await, "scripted");
    page.click(chip).await;
    page.says("[role=menuitemcheckbox][aria-checked=true]", "scripted").await;
    page.picture("model-menu").await;
    page.click("[role=menuitemcheckbox][aria-checked=false]").await;
    page.says(chip, long).await;
    let file = std::fs::read_to_string(profile.data_folder().join("settings.json")).unwrap();
    let file: serde_json::Value = serde_json::from_str(&file).unwrap();
    assert_eq!(file["model"]["model"], long);
    assert_eq!(file["model"]["baseUrl"], format!("{}/v1", model.url()));
    page.picture("model-chip").await;
    window.close().await;
}
