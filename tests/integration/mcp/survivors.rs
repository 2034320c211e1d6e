//! However the program ends, no server and no server's child survives it.

#![cfg(target_os = "linux")]

use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use uuid::Uuid;

use crate::mcp::setup::{FAKE, ask, code, connections, object, options, settings};

/// Far longer than a supervisor takes to end everything.
const LONGEST_END: Duration = Duration::from_mins(1);

/// Processes with `marker` among their arguments, supervisors not counted.
fn alive(marker: &str) -> Vec<String> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let commands = entries.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    commands
        .map(|command| String::from_utf8_lossy(&command).replace('\0', " "))
        .filter(|command| command.contains(marker) && !command.contains("--host"))
        .collect()
}

async fn until_alive(marker: &str, count: usize) {
    let start = Instant::now();
    while alive(marker).len() != count {
        let those = alive(marker);
        assert!(start.elapsed() < LONGEST_END, "{count} should be alive, not {those:#?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A program with two servers, one of which ignores all that can be ignored; both have children.
async fn host(marker: &str, ending: &str) -> Child {
    let servers = json!({"mcpServers": {
        "good": {"command": FAKE, "args": ["--marker", marker]},
        "stubborn": {"command": FAKE, "args": ["--ignore-eof", "--ignore-term", "--marker", marker]},
    }});
    let mut host = Command::new(FAKE)
        .args(["--host", &servers.to_string(), "--then", ending])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(host.stdout.take().unwrap()).lines();
    assert_eq!(lines.next_line().await.unwrap().unwrap(), "ready");
    host
}

#[tokio::test]
async fn nothing_survives_however_the_program_ends() {
    let endings = ["close", "exit", "panic", "SIGTERM", "SIGINT", "SIGKILL"];
    futures::future::join_all(endings.map(async |ending| {
        let marker = Uuid::new_v4().to_string();
        let mut host = host(&marker, ending).await;
        let signal = match ending {
            "SIGTERM" => Some(Signal::TERM),
            "SIGINT" => Some(Signal::INT),
            "SIGKILL" => Some(Signal::KILL),
            _ => None,
        };
        if let Some(signal) = signal {
            // Two servers, two children of each, and two supervisors.
            until_alive(&marker, 8).await;
            let id = i32::try_from(host.id().unwrap()).unwrap();
            kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
        }
        host.wait().await.unwrap();
        until_alive(&marker, 0).await;
    }))
    .await;
}

/// Were it not told by its stdin, it would be by a signal after 2 s, and killed after 4.
#[tokio::test]
async fn a_server_that_notices_the_end_of_its_stdin_is_not_waited_for() {
    let connections = connections();
    connections.apply(&settings(json!({"fake": {"command": FAKE, "args": ["--ignore-term"]}})));
    connections.connected("fake").await.unwrap();
    let start = Instant::now();
    connections.close().await;
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
}

#[tokio::test]
async fn what_a_server_that_ends_by_itself_leaves_behind_is_ended() {
    let marker = Uuid::new_v4().to_string();
    let connections = connections();
    connections.apply(&settings(json!({"fake": {"command": FAKE, "args": ["--marker", marker]}})));
    let server = connections.connected("fake").await.unwrap();
    ask(&server, "spawn_child", json!({"marker": marker})).await;
    until_alive(&marker, 4).await;
    assert!(server.call("panic_exit", &object(json!({})), options()).await.is_err());
    until_alive(&marker, 0).await;
    connections.close().await;
}

#[tokio::test]
async fn a_supervisor_that_is_told_to_end_takes_its_server_along() {
    let marker = Uuid::new_v4().to_string();
    let mut supervisor = Command::new(FAKE)
        .args([trawl_core::mcp::supervisor::ARGUMENT, FAKE, "--ignore-eof", "--marker", &marker])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    until_alive(&marker, 2).await;
    let id = i32::try_from(supervisor.id().unwrap()).unwrap();
    kill_process(Pid::from_raw(id).unwrap(), Signal::TERM).unwrap();
    supervisor.wait().await.unwrap();
    assert_eq!(alive(&marker), Vec::<String>::new());
}

/// Supervisors of what has `marker` among its arguments.
fn supervisors(marker: &str) -> Vec<Pid> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter_map(|process| {
            let command = std::fs::read(process.path().join("cmdline")).ok()?;
            let command = String::from_utf8_lossy(&command).into_owned();
            let is_one = command.contains(trawl_core::mcp::supervisor::ARGUMENT);
            let id = process.file_name().to_str()?.parse().ok()?;
            (is_one && command.contains(marker)).then(|| Pid::from_raw(id)).flatten()
        })
        .collect()
}

/// Nothing is left to end the server but the end of its stdin.
#[tokio::test]
async fn a_supervisor_that_is_killed_ends_its_calls_and_leaves_no_server_behind() {
    let marker = Uuid::new_v4().to_string();
    let connections = connections();
    connections.apply(&settings(json!({"fake": {"command": FAKE, "args": ["--marker", marker]}})));
    let server = connections.connected("fake").await.unwrap();
    let (arguments, options) = (object(json!({})), options());
    let killed = async {
        until_alive(&marker, 2).await;
        for supervisor in supervisors(&marker) {
            kill_process(supervisor, Signal::KILL).unwrap();
        }
    };
    let (hung, ()) = tokio::join!(server.call("hang", &arguments, options), killed);
    let error = hung.unwrap_err();
    assert_eq!(code(&error), "disconnected", "{error}");
    until_alive(&marker, 0).await;
    // The next question finds it connected anew.
    let again = connections.connected("fake").await.unwrap();
    assert_eq!(ask(&again, "echo", json!({"text": "back"})).await["content"][0]["text"], "back");
    connections.close().await;
    until_alive(&marker, 0).await;
}

#[tokio::test]
async fn an_exit_code_is_passed_on() {
    for code in [0, 7] {
        let status = Command::new(FAKE)
            .args([trawl_core::mcp::supervisor::ARGUMENT, FAKE, "--exit", &code.to_string()])
            .stdin(Stdio::piped())
            .status()
            .await
            .unwrap();
        assert_eq!(status.code(), Some(code));
    }
}
