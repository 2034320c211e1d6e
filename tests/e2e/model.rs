//! A language model: chosen, tested, asked, asked further, stopped in the middle of its answer.

use std::time::Duration;

use serde_json::json;
use trawl_tests::fake_llm::{FakeLlm, Protocol, Reply};

use crate::profile::Profile;

const OPENAI: Protocol = Protocol::Openai;

fn plan(query: &str) -> Reply {
    let arguments = json!({"query": query, "size": 5});
    let task = json!({"tool_name": "stories__search_stories", "tool_arguments": arguments});
    Reply::json(OPENAI, &json!({"tasks": [task], "answer": null, "reasoning": null}))
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

    // Chosen: a provider, its address, a model of its list.
    page.click("[data-testid=settings]").await;
    page.click("[data-section=model]").await;
    page.click(".card[data-id=other]").await;
    page.write("[data-testid=model-url]", &format!("{}/v1", model.url())).await;
    page.press("[data-testid=model-url]", "\u{E007}").await;
    page.click("[data-testid=model][title=scripted]").await;
    page.find("[data-testid=model][title=scripted][aria-selected=true]").await;
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
