//! Commands as the page calls them, on a real data folder and without a display.

use std::fs;

use futures::StreamExt;
use serde_json::{Value, json};
use tauri::async_runtime::block_on;
use tauri::test::{MockRuntime, mock_builder, mock_context, noop_assets};
use tauri::{App, AppHandle, Manager, State};
use trawl_core::catalog::Tool;
use trawl_core::event::{Effect, EventKind, Object};
use trawl_core::execute::Standing;
use trawl_core::paths::settings_file;

use super::{history, model, runs, servers, settings};
use crate::host::Host;
use crate::store::Store;

/// A window without a window. The app goes first: its servers write into the folder.
struct Window {
    app: App<MockRuntime>,
    folder: tempfile::TempDir,
}

impl Window {
    fn with(settings: &Value) -> Self {
        // The person's own keychain is left alone.
        keyring_core::set_default_store(keyring_core::mock::Store::new().unwrap());
        let folder = tempfile::tempdir().unwrap();
        fs::write(settings_file(folder.path()), settings.to_string()).unwrap();
        let host = Host::open(folder.path(), Store::open(folder.path()));
        let plugin = tauri_plugin_store::Builder::default().build();
        let app = mock_builder().plugin(plugin).manage(host);
        Self { app: app.build(mock_context(noop_assets())).unwrap(), folder }
    }

    fn handle(&self) -> AppHandle<MockRuntime> {
        self.app.handle().clone()
    }

    fn host(&self) -> State<'_, Host> {
        self.app.state()
    }

    fn file(&self) -> Object {
        serde_json::from_slice(&fs::read(settings_file(self.folder.path())).unwrap()).unwrap()
    }
}

fn object(value: &Value) -> Object {
    value.as_object().cloned().unwrap()
}

#[test]
fn choosing_a_model_keeps_time_outs_prices_and_the_rest_of_the_file() {
    let window = Window::with(&json!({"mcpServers": {}, "zebra": 1, "model": {
        "provider": "openai", "model": "old", "apiKeyEnv": "OLD", "idleTimeoutSeconds": 7}}));
    let given = json!({"provider": "ollama", "baseUrl": "http://127.0.0.1:11434", "model": "new"});
    model::save_model(object(&given), window.handle(), window.host()).unwrap();
    assert_eq!(
        window.file()["model"],
        json!({"provider": "ollama", "baseUrl": "http://127.0.0.1:11434", "model": "new",
            "idleTimeoutSeconds": 7})
    );
    assert_eq!(window.file()["zebra"], 1);
    let shown = serde_json::to_value(settings::get_settings(window.handle(), window.host()));
    assert_eq!(shown.unwrap()["modelName"], "new");
}

#[test]
fn a_wrong_limit_is_refused_in_words_and_a_right_one_holds_at_once() {
    let window = Window::with(&json!({"mcpServers": {}}));
    let save =
        |limits: Value| settings::save_limits(object(&limits), window.handle(), window.host());
    let refused = serde_json::to_value(save(json!({"maxTasks": 0})).unwrap_err()).unwrap();
    assert_eq!(refused["code"], "invalid_limits");
    let words = refused["message"].as_str().unwrap();
    assert!(words.contains("\"maxTasks\"") && words.contains("at least 1"), "{words}");
    save(json!({"maxTasks": 5, "waitForServersSeconds": 1.5})).unwrap();
    save(json!({"maxTasks": 6})).unwrap();
    assert_eq!(window.file()["limits"], json!({"maxTasks": 6, "waitForServersSeconds": 1.5}));
    assert_eq!(window.host().store.current().settings.limits.max_tasks, 6);
    assert!((window.host().longest_wait().as_secs_f64() - 1.5).abs() < 1e-9);
}

#[test]
fn one_preference_leaves_the_others() {
    let window = Window::with(&json!({"mcpServers": {}, "preferences": {"theme": "dark"}}));
    let save = |given: Value| {
        settings::save_preferences(object(&given), window.handle(), window.host()).unwrap();
    };
    save(json!({"logResults": false}));
    assert_eq!(window.file()["preferences"], json!({"theme": "dark", "logResults": false}));
    save(json!({"logResults": null}));
    assert_eq!(window.file()["preferences"], json!({"theme": "dark"}));
}

/// The host trusts nobody: what is built in is asked about like any other server.
#[test]
fn only_what_was_asked_about_is_allowed_for_good_and_whom_it_came_from_is_trusted() {
    let window = Window::with(&json!({"mcpServers": {"stories": {"builtin": "stories"}}}));
    let host = window.host();
    block_on(async { host.agent.connections.apply(&host.store.current().settings) });
    host.agent.allowed.trust([]);
    let question = "How many stories have upstream keyword?".to_owned();
    let asked = block_on(runs::ask(question, None, None, window.host())).unwrap();
    let run_id = serde_json::from_value(serde_json::to_value(asked).unwrap()["runId"].clone());
    let run = host.runs.get(run_id.unwrap()).unwrap();
    let open = block_on(async {
        let mut events = Box::pin(run.follow(None));
        while let Some(event) = events.next().await {
            if matches!(event.kind, EventKind::Planned { .. }) {
                break;
            }
        }
        while run.asked().is_empty() {
            tokio::task::yield_now().await;
        }
        run.asked()
    });
    let call = &open[0];
    assert_eq!(call.effects, [Effect::Untrusted]);
    let resolve = |approved: Vec<usize>, always: Value| {
        let always = serde_json::from_value(always).unwrap();
        let (app, host) = (window.handle(), window.host());
        block_on(runs::resolve_approval(run.id(), approved, Vec::new(), Some(always), app, host))
    };
    let always = |tool: &str, definition: &str| json!({"server": "stories", "tool": tool, "definition": definition});
    // Of a task that nobody was asked about; of another tool; of one that changes nothing.
    let stranger = always("delete_everything", "sha256:1");
    resolve(vec![77], json!([stranger])).unwrap();
    assert_eq!(window.file(), object(&json!({"mcpServers": {"stories": {"builtin": "stories"}}})));
    let same = always(&call.tool, &call.definition);
    resolve(vec![call.index], json!([stranger, same])).unwrap();
    let trusted = json!({"mcpServers": {"stories": {"builtin": "stories", "trusted": true}}});
    assert_eq!(window.file(), object(&trusted));
    assert!(host.agent.allowed.trusts("stories"));
    block_on(host.close());
}

#[test]
fn a_citation_is_answered_with_its_one_item_until_its_run_is_deleted() {
    let window = Window::with(&json!({"mcpServers": {"stories": {"builtin": "stories"}}}));
    let host = window.host();
    block_on(async { host.agent.connections.apply(&host.store.current().settings) });
    let question = "How many stories have upstream keyword?".to_owned();
    let asked = block_on(runs::ask(question, None, None, window.host())).unwrap();
    let run_id = serde_json::to_value(asked).unwrap()["runId"].clone();
    let run = host.runs.get(serde_json::from_value(run_id).unwrap()).unwrap();
    let last = block_on(run.ended()).unwrap();
    let EventKind::Finished(finished) = &last.kind else { panic!("{last:?}") };
    let index = finished.citations[0].index;
    let cited = |item| {
        let cited = block_on(runs::cited(run.id(), index, item, window.host())).unwrap();
        serde_json::to_value(cited).unwrap()
    };
    block_on(runs::open_results(run.id(), vec![index, 99], window.host())).unwrap();
    let whole: Value = serde_json::from_str(&run.result(index).unwrap()).unwrap();
    let items = &whole["structuredContent"]["results"];
    assert_eq!(cited(Some(1))["item"], items[0]);
    assert_eq!(cited(Some(2))["item"], items[1]);
    for none in [None, Some(0), Some(1_000_000)] {
        assert_eq!(cited(none), json!({"item": null, "text": null}), "{none:?}");
    }
    block_on(history::delete_runs(vec![run.id()], window.host())).unwrap();
    assert_eq!(cited(Some(1)), json!({"item": null, "text": ""}));
    block_on(host.close());
}

#[test]
fn an_approval_can_be_withdrawn() {
    let window = Window::with(&json!({"mcpServers": {},
        "approvals": {"files": {"write": "sha256:1", "move": "sha256:2"}}}));
    let withdraw = |tool: &str| {
        let (server, tool) = ("files".to_owned(), tool.to_owned());
        servers::withdraw_approval(server, tool, window.handle(), window.host()).unwrap();
    };
    withdraw("write");
    let approvals = window.host().store.current().settings.approvals.clone();
    assert_eq!(approvals["files"].keys().collect::<Vec<_>>(), ["move"]);
    withdraw("move");
    assert!(!window.file().contains_key("approvals"));
}

#[test]
fn what_was_written_by_hand_holds_from_the_next_change_on() {
    let changes: [fn(&Window); 3] = [
        |window| {
            let given = object(&json!({"theme": "dark"}));
            settings::save_preferences(given, window.handle(), window.host()).unwrap();
        },
        |window| {
            let given = object(&json!({"maxTasks": 5}));
            settings::save_limits(given, window.handle(), window.host()).unwrap();
        },
        |window| {
            let given = object(&json!({"provider": "ollama", "model": "m"}));
            model::save_model(given, window.handle(), window.host()).unwrap();
        },
    ];
    let (server, name, definition) = ("files".into(), "write".into(), "sha256:1".into());
    let write = Tool { server, name, definition, ..Tool::default() };
    for change in changes {
        let window = Window::with(&json!({"mcpServers": {},
            "approvals": {"files": {"write": "sha256:1"}}}));
        let standing = || window.host().agent.allowed.standing(&write);
        assert_eq!(standing(), Standing::Allowed);
        let by_hand = json!({"mcpServers": {"new": {"builtin": "stories", "disabled": true}}});
        fs::write(settings_file(window.folder.path()), by_hand.to_string()).unwrap();
        change(&window);
        assert_eq!(standing(), Standing::None);
        let servers = window.host().agent.connections.status();
        let names: Vec<&str> = servers.iter().map(|server| server.name.as_str()).collect();
        assert_eq!(names, ["new"]);
    }
}

#[test]
fn a_key_is_known_by_its_variable_and_never_sent_back() {
    let window = Window::with(&json!({"mcpServers": {}, "model": {"apiKeyEnv": "PATH"}}));
    let chosen = |variable: &str| json!({"provider": "openai", "baseUrl": "http://127.0.0.1:9", "apiKeyEnv": variable});
    let status = |variable| {
        let status = block_on(model::key_status(chosen(variable), window.host())).unwrap();
        serde_json::to_value(status).unwrap()
    };
    let known = status("PATH");
    assert_eq!(known["source"], json!({"kind": "environment", "variable": "PATH"}));
    assert!(!known.to_string().contains(&std::env::var("PATH").unwrap()));
    let unknown = status("TRAWL_NO_SUCH_KEY");
    assert_eq!(unknown["source"], Value::Null);
    assert!(unknown["problem"].as_str().unwrap().contains("TRAWL_NO_SUCH_KEY"));
    let empty = block_on(model::save_key(chosen("PATH"), "  ".to_owned(), window.host()));
    assert!(empty.is_err());
}

#[test]
fn the_page_has_no_variable_read_that_is_no_key_unless_the_file_names_it() {
    let window = Window::with(&json!({"mcpServers": {}}));
    let chosen =
        json!({"provider": "openai", "baseUrl": "http://127.0.0.1:9", "apiKeyEnv": "HOME"});
    let host = || window.host();
    let refusals = [
        block_on(model::key_status(chosen.clone(), host())).map(drop),
        block_on(model::list_models(chosen.clone(), host())).map(drop),
        block_on(model::test_model(chosen.clone(), None, host())).map(drop),
        model::save_model(object(&chosen), window.handle(), host()),
    ];
    for refused in refusals {
        let refused = serde_json::to_value(refused.unwrap_err()).unwrap();
        assert_eq!(refused["code"], "not_a_key", "{refused}");
        assert!(refused["message"].as_str().unwrap().contains("HOME"), "{refused}");
    }
    assert!(!window.file().contains_key("model"));
}

#[test]
fn secrets_of_entries_stay_out_of_the_page_and_in_the_file() {
    let entry = json!({"command": "n", "env": {"TOKEN": "hush-hush", "MODE": "fast"}});
    let window = Window::with(&json!({"mcpServers": {"notes": entry}}));
    let shown = settings::get_settings(window.handle(), window.host());
    let shown = serde_json::to_value(shown).unwrap();
    let start = crate::start::script(&window.handle(), &window.host());
    assert!(!shown.to_string().contains("hush") && !start.contains("hush"));
    let mut edited = shown["settings"]["mcpServers"]["notes"].clone();
    edited["env"]["MODE"] = json!("slow");
    let (name, previous) = ("notes".to_owned(), Some("notes".to_owned()));
    let save =
        async { servers::save_server(name, previous, edited, window.handle(), window.host()) };
    block_on(save).unwrap();
    let saved = window.file()["mcpServers"]["notes"]["env"].clone();
    assert_eq!(saved, json!({"TOKEN": "hush-hush", "MODE": "slow"}));
    block_on(window.host().close());
}

#[test]
fn a_server_is_connected_again_on_demand() {
    let window = Window::with(&json!({"mcpServers": {"stories": {"builtin": "stories"}}}));
    let reconnect = |name: &str| {
        let status = servers::reconnect_server(name.to_owned(), window.host());
        block_on(status).map(|status| serde_json::to_value(status).unwrap())
    };
    block_on(async {
        let host = window.host();
        host.agent.connections.apply(&host.store.current().settings);
    });
    let status = reconnect("stories").unwrap();
    assert_eq!(status["state"], "connected", "{status}");
    assert!(reconnect("gone").is_err());
    block_on(window.host().close());
}
