//! One task is cancelled and the others go on; calls that change something wait for a person.

use serde_json::{Value, json};
use trawl_tests::fake_llm::{FakeLlm, Protocol, Reply};
use trawl_tests::programs;

use crate::page::Page;
use crate::profile::Profile;

/// What allows the calls on show, once it was there for long enough to be read.
const ALLOW: &str = "[data-testid=approve][aria-disabled=false]";
const DENY: &str = "[data-testid=deny][aria-disabled=false]";

/// A person whose model says what the test wants, and whose server can change something.
fn person(model: &FakeLlm) -> Profile {
    with_server(model, &json!({"command": programs::fake_mcp(), "trusted": true}), "light")
}

fn with_server(model: &FakeLlm, server: &Value, theme: &str) -> Profile {
    Profile::with_settings(&json!({
        "mcpServers": {"fake": server},
        "model": {"provider": "openai", "baseUrl": model.url(), "model": "scripted"},
        "preferences": {"theme": theme},
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
    let folder = tempfile::tempdir().unwrap();
    let go_on = folder.path().join("go-on");
    let waits = json!({"path": &go_on, "text": "went on"});
    let tasks = json!([call("hang", &json!({})), call("until_file", &waits)]);
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
    std::fs::write(go_on, "").unwrap();
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
    page.click(ALLOW).await;
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
    page.click(DENY).await;
    // What the person did not allow did not fail.
    page.find("[data-testid=history-item][data-state=declined]").await;
    page.says("[data-testid=declined]", "You declined its only call").await;
    page.says("[data-testid=task]", "You declined").await;
    assert_eq!(page.count(".failure, [data-testid=task] .tone-bad").await, 0);
    page.picture("declined").await;
    window.close().await;
}

/// Its entry was written by hand: nobody has seen its tools yet.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_is_trusted_with_its_first_call_by_keyboard_and_never_asked_about_again() {
    let tasks = json!([call("echo", &json!({"text": "safe\u{202e}txt.exe"}))]);
    let model = FakeLlm::start([plan(&tasks), answer("[1]"), plan(&tasks), answer("[1]")]).await;
    let profile = with_server(&model, &json!({"command": programs::fake_mcp()}), "dark");
    let window = profile.open().await;
    let page = &window.page;
    // The very moment that a button is there, it is clicked.
    let click_at_once = "window.early = null; new MutationObserver(() => { \
        const allow = document.querySelector('[data-testid=approve]'); \
        if (allow === null || window.early !== null) return; \
        window.early = allow.getAttribute('aria-disabled'); \
        allow.click(); \
    }).observe(document.body, { subtree: true, childList: true }); return true;";
    page.run(click_at_once, vec![]).await;
    page.ask("Echo something").await;
    page.says("[data-testid=untrusted]", "in its own words").await;
    page.find(ALLOW).await;
    assert_eq!(page.run("return window.early;", vec![]).await, json!("true"));
    ended(page, 0, "waiting").await;
    assert_eq!(page.count(".sheet-tool").await, 20);
    page.says("[data-testid=approval]", "safeU+202Etxt.exe").await;
    assert_eq!(page.count("[data-testid=approval-tick], [data-testid=always-allow]").await, 0);
    page.says(ALLOW, "Trust and allow").await;
    page.picture("approval-untrusted").await;
    // The sheet has the keys: Ctrl+Enter.
    page.press("[data-testid=approval]", "\u{E009}\u{E007}").await;
    page.until("document.querySelector('[data-testid=answer] .citation') !== null").await;
    assert_eq!(settings(&profile)["mcpServers"]["fake"]["trusted"], json!(true));

    page.click("[data-testid=new-question]").await;
    page.ask("Echo it again").await;
    page.until("document.querySelector('[data-testid=answer] .citation') !== null").await;
    page.unfold().await;
    ended(page, 0, "completed").await;
    window.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_call_has_two_verbs_and_an_equal_one_is_decided_anew() {
    let text = "A long text that goes on. ".repeat(40);
    let tasks = json!([call("write", &json!({"text": text}))]);
    let model = FakeLlm::start([plan(&tasks), plan(&tasks), answer("[1]")]).await;
    let profile = person(&model);
    let window = profile.open().await;
    let page = &window.page;
    page.ask("Write it down").await;
    page.says(ALLOW, "Allow once").await;
    page.says(DENY, "Deny").await;
    assert_eq!(page.count("[data-testid=approval-tick]").await, 0);
    page.says("[data-testid=approval] [data-effect=destroys]", "Destructive").await;
    page.picture("approval-one").await;
    // From the sheet: what is long, whether always, no.
    let focus = "document.activeElement.dataset.testid ?? document.activeElement.className";
    let tab = "\u{E004}";
    let mut visited = vec![json!("approval")];
    page.press("[data-testid=approval]", tab).await;
    for _ in 0..4 {
        visited.push(page.run(&format!("return {focus};"), vec![]).await);
        if visited.last() == Some(&json!("deny")) {
            break;
        }
        page.press(":focus", tab).await;
    }
    assert_eq!(visited, ["approval", "sheet-show", "always-allow", "deny"]);
    page.find(DENY).await;
    page.press(":focus", "\u{E007}").await;
    page.find("[data-testid=history-item][data-state=declined]").await;

    page.click("[data-testid=new-question]").await;
    page.ask("Write it down after all").await;
    page.click(ALLOW).await;
    page.until("document.querySelector('[data-testid=answer] .citation') !== null").await;
    assert_eq!(settings(&profile)["approvals"], Value::Null);
    window.close().await;
}

fn settings(profile: &Profile) -> Value {
    let file = std::fs::read_to_string(profile.data_folder().join("settings.json")).unwrap();
    serde_json::from_str(&file).unwrap()
}
