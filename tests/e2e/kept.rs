//! Runs of every kind in one history: asked in the window and on the command line, ended in every
//! way, killed, and found as they were by whoever opens it next.
//!
//! `TRAWL_TEST_KEEP=FILE` copies that history there: so a fixture of what a version of Trawl writes
//! is made (`tests/fixtures/histories/README.md`).

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trawl_core::event::EventKind;
use trawl_core::history::RunState::{Cancelled, Failed, Finished, Interrupted, Partial};
use trawl_core::history::{History, ListQuery, Listed};
use trawl_tests::fake_llm::{FakeLlm, Protocol, Reply};
use trawl_tests::programs;

use crate::page::Page;
use crate::profile::Profile;

const MANY: usize = 1000;

/// More text than is searched of one result (256 KiB).
const LARGE: usize = 350_000;

/// For a process to get somewhere.
const LIMIT: Duration = Duration::from_mins(1);

fn call(tool: &str, arguments: &Value) -> Value {
    json!({"tool_name": tool, "tool_arguments": arguments})
}

fn plan(tasks: &[Value]) -> Reply {
    Reply::json(Protocol::Openai, &json!({"tasks": tasks, "answer": null, "reasoning": null}))
}

fn says(answer: &str) -> Reply {
    Reply::timed(Protocol::Openai, answer, Duration::from_millis(20), 200.0)
}

/// A plan and, where it comes to that, an answer for each question that is asked below.
fn script() -> Vec<Reply> {
    let echo = |text: &str| call("fake__echo", &json!({"text": text}));
    let search = json!({"query": "upstream", "size": 3});
    let again = json!({"text": "once more: ${t1:/text}"});
    let many: Vec<Value> =
        (1..=MANY).map(|n| call("fake__sleep", &json!({"ms": 1, "text": n.to_string()}))).collect();
    let failing = json!({"text": "the shelf is locked"});
    let skipped = json!({"text": "${t2}"});
    vec![
        plan(&[echo("Größe, in c++"), call("stories__search_stories", &search)]),
        says("It's **17 stories** [2], says the *periwinkle* [1].\n\n- The first one is [2.1]."),
        plan(&[echo("lagoon"), call("fake__echo", &again)]),
        says("Once more: a lagoon [2]."),
        plan(&[
            echo("what is left"),
            call("fake__fail", &failing),
            call("fake__echo", &skipped),
            call("fake__progress", &json!({"steps": 2, "ms": 1})),
            call("fake__no_such_tool", &json!({})),
        ]),
        // A plan may be corrected once; what is wrong in it stays so here.
        Reply::json(Protocol::Openai, &json!({"tasks": []})),
        says("Only this is left [1]."),
        plan(&[call("fake__fail", &failing), call("fake__rpc_error", &json!({"text": "broken"}))]),
        plan(&[
            echo("only reads"),
            call("fake__append", &json!({"text": "one"})),
            call("fake__write", &json!({"text": "two"})),
        ]),
        says("One was appended [2]."),
        plan(&[call("fake__huge", &json!({"bytes": LARGE, "form": "structured"}))]),
        says("There are many items [1]; see [1.1500]."),
        plan(&[echo("before the end"), call("fake__hang", &json!({}))]),
        plan(&[echo("before the crash"), call("fake__hang", &json!({}))]),
        plan(&many),
        says("All slept [1], the last one too [1000]."),
    ]
}

/// Asks something new, and waits until it has ended as expected.
async fn ask(page: &Page, question: &str, ends: &str) {
    page.click("[data-testid=new-question]").await;
    page.ask(question).await;
    ended(page, question, ends).await;
}

async fn ended(page: &Page, question: &str, ends: &str) {
    let item =
        format!("[...document.querySelectorAll('[data-testid=history-item][data-state={ends}]')]");
    page.until(&format!("{item}.some((item) => item.textContent.includes({question:?}))")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_of_every_kind_are_kept() {
    let model = FakeLlm::start(script()).await;
    let fake = json!({"command": programs::fake_mcp(), "trusted": true});
    let settings = json!({
        "mcpServers": {"fake": fake, "stories": {"builtin": "stories"}},
        "model": {"provider": "openai", "baseUrl": model.url(), "model": "scripted"},
        "limits": {"maxTasks": MANY},
    });
    let profile = Profile::with_settings(&settings);
    let window = profile.open().await;
    in_the_window(&window.page).await;
    let folder = profile.data_folder();
    until_kept(&folder, "What breaks off?").await;
    window.kill();

    let window = profile.open().await;
    ended(&window.page, "What breaks off?", "interrupted").await;
    window.close().await;

    on_the_command_line(&folder, settings).await;
    tidied(&folder);
    if let Some(file) = std::env::var_os("TRAWL_TEST_KEEP").map(PathBuf::from) {
        std::fs::copy(folder.join("history.db"), file).unwrap();
    }
    let states = every_run(&History::open(&folder).unwrap()).into_iter().map(|run| run.state);
    let expect = [
        Interrupted,
        Finished,
        Finished,
        Interrupted,
        Cancelled,
        Finished,
        Partial,
        Failed,
        Partial,
        Finished,
        Finished,
    ];
    assert_eq!(states.collect::<Vec<_>>(), expect, "newest first");
}

/// Ends in the middle of a run.
async fn in_the_window(page: &Page) {
    page.ask("What do both say of Größe, and of c++?").await;
    ended(page, "What do both say of Größe", "finished").await;
    page.write(".dock [data-testid=question]", "And once more?").await;
    page.click(".dock [data-testid=ask]").await;
    page.says("[data-testid=answer]", "a lagoon").await;
    ask(page, "What is left of it?", "partial").await;
    ask(page, "What cannot be done?", "failed").await;

    page.click("[data-testid=new-question]").await;
    page.ask("Change something").await;
    page.find("[data-testid=approval]").await;
    // What may destroy starts unticked, and is thereby denied. There is a moment to read first.
    page.click("[data-testid=approve]:not([aria-disabled=true])").await;
    ended(page, "Change something", "partial").await;

    ask(page, "Which items are there?", "finished").await;

    page.click("[data-testid=new-question]").await;
    page.ask("What is never answered?").await;
    one_of_two(page).await;
    page.click("[data-testid=cancel]").await;
    ended(page, "What is never answered?", "cancelled").await;

    page.click("[data-testid=new-question]").await;
    page.ask("What breaks off?").await;
    one_of_two(page).await;
}

async fn one_of_two(page: &Page) {
    page.find("[data-testid=task][data-index=\"0\"][data-status=completed]").await;
    page.find("[data-testid=task][data-index=\"1\"][data-status=running]").await;
}

/// The last one is killed, and nobody looks at it afterwards.
async fn on_the_command_line(folder: &Path, mut settings: Value) {
    let file = folder.join("other.json");
    let ask = |question: &str, settings: &Value| -> Child {
        std::fs::write(&file, settings.to_string()).unwrap();
        let mut command = Command::new(programs::trawl());
        command.args(["ask", question]).arg("--settings").arg(&file);
        command.env("TRAWL_DATA_DIR", folder).stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    assert!(ask("Sleep a thousand times", &settings).wait().unwrap().success());
    settings["model"] = Value::Null;
    assert!(ask("How many stories have upstream keyword?", &settings).wait().unwrap().success());
    let mut hanging = ask("hang", &settings);
    until_kept(folder, "hang").await;
    hanging.kill().unwrap();
    hanging.wait().unwrap();
    std::fs::remove_file(file).unwrap();
}

/// Waits until the history knows of a task of this question's run that is running.
async fn until_kept(folder: &Path, question: &str) {
    let history = History::open(folder).unwrap();
    let began = Instant::now();
    loop {
        let runs = every_run(&history);
        let run = runs.iter().find(|run| run.question == question).map(|run| run.id);
        let events = run.map(|run| history.events(run, None).unwrap()).unwrap_or_default();
        let started = |kind: &EventKind| matches!(kind, EventKind::TaskStarted { .. });
        if events.iter().any(|event| started(&event.kind)) {
            return;
        }
        assert!(began.elapsed() < LIMIT, "{question} has no running task");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn every_run(history: &History) -> Vec<Listed> {
    history.list(&ListQuery { limit: 99, ..ListQuery::default() }).unwrap().runs
}

/// All of it in one file, as after a clean end.
fn tidied(folder: &Path) {
    let database = rusqlite::Connection::open(folder.join("history.db")).unwrap();
    let whole = database.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
    assert_eq!(whole, Ok(0), "nobody is in the way");
}
