//! One task is cancelled and the others go on; calls that change something wait for a person.

use serde_json::{Value, json};
use trawl_tests::fake_llm::{FakeLlm, Protocol, Reply};
use trawl_tests::programs;

use crate::page::Page;
use crate::profile::Profile;

/// A person whose model says what the test wants, and whose server can change something.
fn person(model: &FakeLlm) -> Profile {
    Profile::with_settings(&json!({
        "mcpServers": {"fake": {"command": programs::fake_mcp()}},
        "model": {"provider": "openai", "baseUrl": model.url(), "model": "scripted"},
    }))
}

fn plan(tasks: &Value) -> Reply {
    Reply::json(Protocol::Openai, &json!({"tasks": tasks, "answer": null, "reasoning": null}))
}

fn call(tool: &str, arguments: &Value) -> Value {
    json!({"tool_name": format!("fake__{tool}"), "tool_arguments": arguments})
}

fn answer(from: &str) -> Reply {
    Reply::text(Protocol::Openai, &format!("Here is what came of it {from}."))
}

async fn ended(page: &Page, index: usize, status: &str) {
    let task = format!("[data-testid=task][data-index=\"{index}\"]");
    page.find(&format!("{task}[data-status={status}]")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_task_is_cancelled_from_the_keyboard_and_the_others_go_on() {
    let tasks =
        json!([call("hang", &json!({})), call("sleep", &json!({"ms": 3000, "text": "slept"}))]);
    let model = FakeLlm::start([plan(&tasks), answer("[2]")]).await;
    let profile = person(&model);
    let window = profile.open().await;
    let page = &window.page;
    page.ask("What comes of it?").await;
    ended(page, 0, "running").await;
    page.press("[data-testid=task][data-index=\"0\"]", "\u{E017}").await;
    ended(page, 0, "cancelled").await;
    ended(page, 1, "running").await;
    page.picture("one-cancelled").await;
    page.until("document.querySelector('[data-testid=answer] .citation') !== null").await;
    page.says("[data-testid=summary]", "1 completed, 1 cancelled").await;
    window.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_that_change_something_wait_for_a_person_who_may_allow_them_for_good() {
    let first = json!([
        call("echo", &json!({"text": "read"})),
        call("append", &json!({"text": "one"})),
        call("write", &json!({"text": "two"})),
    ]);
    let again = json!([call("append", &json!({"text": "three"}))]);
    let model = FakeLlm::start([plan(&first), answer("[1]"), plan(&again), answer("[1]")]).await;
    let profile = person(&model);
    let window = profile.open().await;
    let page = &window.page;

    page.ask("Change something").await;
    page.find("[data-testid=approval]").await;
    // What only reads has run already; what may destroy starts unticked.
    ended(page, 0, "completed").await;
    let ticked = |index: usize| {
        format!(
            "document.querySelector('[data-testid=approval-tick][data-index=\"{index}\"]').checked"
        )
    };
    assert_eq!(page.run(&format!("return {};", ticked(1)), vec![]).await, json!(true));
    assert_eq!(page.run(&format!("return {};", ticked(2)), vec![]).await, json!(false));
    page.picture("approval").await;
    page.click("[data-testid=always-allow][data-index=\"1\"]").await;
    page.click("[data-testid=approve]").await;
    page.until("document.querySelector('[data-testid=answer] .citation') !== null").await;
    page.unfold().await;
    ended(page, 1, "completed").await;
    ended(page, 2, "failed").await;
    let kept = &settings(&profile)["approvals"]["fake"]["append"];
    assert!(kept.as_str().is_some_and(|hash| hash.starts_with("sha256:")), "{kept}");

    // The second time nobody is asked.
    page.click("[data-testid=new-question]").await;
    page.ask("Change it again").await;
    page.until("document.querySelector('[data-testid=answer] .citation') !== null").await;
    page.unfold().await;
    ended(page, 0, "completed").await;

    // Until that is taken back.
    page.click("[data-testid=settings]").await;
    page.click("[data-testid=server][data-name=fake] .server-details").await;
    page.click("[data-testid=withdraw-approval][data-tool=append]").await;
    page.until("document.querySelector('[data-testid=withdraw-approval]') === null").await;
    assert_eq!(settings(&profile)["approvals"]["fake"]["append"], Value::Null);
    model.then(plan(&again));
    page.press("body", "\u{E00C}").await;
    page.click("[data-testid=new-question]").await;
    page.ask("And once more").await;
    page.find("[data-testid=approval]").await;
    page.click("[data-testid=deny]").await;
    page.find("[data-testid=history-item][data-state=failed]").await;
    window.close().await;
}

fn settings(profile: &Profile) -> Value {
    let file = std::fs::read_to_string(profile.data_folder().join("settings.json")).unwrap();
    serde_json::from_str(&file).unwrap()
}
