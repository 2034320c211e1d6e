//! A thousand tasks: the page holds only the rows that can be seen, and the last one can be reached.

use serde_json::{Value, json};
use trawl_tests::fake_llm::{FakeLlm, Protocol, Reply};
use trawl_tests::programs;

use crate::profile::Profile;

const TASKS: usize = 1000;

/// Far more than fit into the window, far fewer than there are.
const MOST_ROWS: usize = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_tasks_can_be_watched_and_walked_through() {
    let folder = tempfile::tempdir().unwrap();
    let go_on = folder.path().join("go-on");
    let call = |tool: &str, arguments: Value| json!({"tool_name": format!("fake__{tool}"), "tool_arguments": arguments});
    let sleep = |n: usize| call("sleep", json!({"ms": 500, "text": n.to_string()}));
    // One goes on until it was seen.
    let mut tasks = vec![call("until_file", json!({"path": &go_on, "text": "1"}))];
    tasks.extend((2..=TASKS).map(sleep));
    let plan = json!({"tasks": tasks, "answer": null, "reasoning": null});
    let model = FakeLlm::start([
        Reply::json(Protocol::Openai, &plan),
        Reply::text(Protocol::Openai, "All slept [1]."),
    ])
    .await;
    let profile = Profile::with_settings(&json!({
        "mcpServers": {"fake": {"command": programs::fake_mcp(), "trusted": true, "timeoutSeconds": 300}},
        "model": {"provider": "openai", "baseUrl": model.url(), "model": "scripted"},
        "limits": {"maxTasks": TASKS},
    }));
    let window = profile.open().await;
    let page = &window.page;
    // The most rows that were there in any frame.
    let watch = "window.mostRows = 0; const look = () => { \
        window.mostRows = Math.max(window.mostRows, document.querySelectorAll('[data-testid=task]').length); \
        requestAnimationFrame(look); }; look();";
    page.run(watch, vec![]).await;
    page.ask("Sleep a thousand times").await;
    page.find("[data-testid=task][data-status=running]").await;
    page.picture("many").await;
    std::fs::write(go_on, "").unwrap();
    page.until("document.querySelector('[data-testid=answer] .citation') !== null").await;
    page.says("[data-testid=summary]", "1,000 completed, 0 failed").await;
    // What has ended costs nothing further, also where nobody sees it.
    page.until("document.getAnimations().every((one) => one.playState !== 'running')").await;
    page.unfold().await;
    page.press("[data-testid=task][data-index=\"0\"]", "\u{E010}").await;
    let last = TASKS - 1;
    page.until(&format!("document.activeElement?.dataset.index === '{last}'")).await;
    page.press(&format!("[data-testid=task][data-index=\"{last}\"]"), "\u{E007}").await;
    page.until("document.querySelector('[data-testid=task-result]')?.textContent.includes('1000')")
        .await;
    // Back at the top, rows that were made since stand where they are seen, for Tab too.
    page.press(&format!("[data-testid=task][data-index=\"{last}\"]"), "\u{E011}").await;
    page.until("document.activeElement?.dataset.index === '0'").await;
    page.press("[data-testid=task][data-index=\"0\"]", "\u{E00F}").await;
    page.press("[data-testid=task]:focus", "\u{E00E}").await;
    let order = "[...document.querySelectorAll('[data-testid=task]')].map((row) => Number(row.dataset.index))";
    page.until(&format!(
        "({order}).every((index, place, all) => place === 0 || all[place - 1] < index)"
    ))
    .await;
    let most = page.run("return window.mostRows;", vec![]).await;
    let most = most.as_u64().and_then(|most| usize::try_from(most).ok()).unwrap();
    assert!((1..=MOST_ROWS).contains(&most), "{most} rows at once");
    window.close().await;
}
