//! Commands as the page calls them, on a real data folder and without a display.

use std::fs;

use serde_json::{Value, json};
use tauri::async_runtime::block_on;
use tauri::test::{MockRuntime, mock_builder, mock_context, noop_assets};
use tauri::{App, AppHandle, Manager, State};
use trawl_core::catalog::Tool;
use trawl_core::event::Object;
use trawl_core::execute::Standing;
use trawl_core::paths::settings_file;

use super::{model, servers, settings};
use crate::host::Host;
use crate::store::Store;

/// A window without a window. The app goes first: its servers write into the folder.
struct Window {
    app: App<MockRuntime>,
    folder: tempfile::TempDir,
}

impl Window {
    fn with(settings: &Value) -> Self {
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
    let window = Window::with(&json!({"mcpServers": {}}));
    let chosen = |variable: &str| json!({"provider": "openai", "baseUrl": "http://127.0.0.1:9", "apiKeyEnv": variable});
    let status = |variable| {
        let status = block_on(model::key_status(chosen(variable), window.host())).unwrap();
        serde_json::to_value(status).unwrap()
    };
    let known = status("PATH");
    assert_eq!(known["source"], json!({"kind": "environment", "variable": "PATH"}));
    assert!(!known.to_string().contains(&std::env::var("PATH").unwrap()));
    let unknown = status("TRAWL_NO_SUCH_VARIABLE");
    assert_eq!(unknown["source"], Value::Null);
    assert!(unknown["problem"].as_str().unwrap().contains("TRAWL_NO_SUCH_VARIABLE"));
    let empty = block_on(model::save_key(chosen("PATH"), "  ".to_owned(), window.host()));
    assert!(empty.is_err());
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
