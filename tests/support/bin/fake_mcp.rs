//! The fake MCP server as a program: over stdio, or over HTTP with `--http`.
//!
//! `--ignore-eof` and `--ignore-term` keep it alive where a server should end; `--exit CODE` ends it
//! at once, with `--stderr TEXT` said before; `--only-junk` prints and never answers. `--stubborn`
//! is a child that ignores everything, `--host` a program that uses servers as Trawl does and ends
//! in a chosen way. With the supervisor's hidden argument it is a supervisor, as Trawl's binaries
//! are.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::Value;
use signal_hook::consts::SIGINT;
use signal_hook::low_level::emulate_default_handler;
use tokio::signal::unix::{SignalKind, signal};
use trawl_core::mcp::{Connections, supervisor};
use trawl_core::settings::Settings;
use trawl_tests::fake_mcp::{Fake, Options, take, value};

/// Nothing that a failed test leaves behind stays for ever.
const LONGEST_LIFE: Duration = Duration::from_mins(2);

fn main() -> ExitCode {
    if let Some(code) = supervisor::run_if_asked() {
        return code;
    }
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let Ok(runtime) = runtime else { return ExitCode::from(70) };
    if let Some(settings) = value(&mut arguments, "--host") {
        let ending = value(&mut arguments, "--then").unwrap_or_default();
        return runtime.block_on(host(&settings, &ending));
    }
    runtime.block_on(serve(arguments))
}

async fn serve(mut arguments: Vec<String>) -> ExitCode {
    if take(&mut arguments, "--stubborn") {
        return stay().await;
    }
    if let Some(words) = value(&mut arguments, "--stderr") {
        let _ = writeln!(std::io::stderr(), "{words}");
    }
    if let Some(code) = value(&mut arguments, "--exit") {
        return ExitCode::from(code.parse::<u8>().unwrap_or(1));
    }
    if take(&mut arguments, "--only-junk") {
        let _ = writeln!(std::io::stdout(), "Welcome to my server!");
        let _ = tokio::io::copy(&mut tokio::io::stdin(), &mut tokio::io::sink()).await;
        std::process::exit(0);
    }
    let ignores_eof = take(&mut arguments, "--ignore-eof");
    if take(&mut arguments, "--ignore-term") {
        // A handler that is never read from: the signal has no effect.
        let ignored = signal(SignalKind::terminate());
        std::mem::forget(ignored);
    }
    let over_http = take(&mut arguments, "--http");
    let fake = Fake::new(Options::from_args(&mut arguments));
    if over_http {
        let server = fake.serve_http().await;
        let _ = writeln!(std::io::stdout(), "{}", server.url);
        return stay().await;
    }
    fake.serve(tokio::io::stdin(), tokio::io::stdout()).await;
    if fake.died() {
        let _ = writeln!(std::io::stderr(), "the fake server panicked");
        std::process::exit(101);
    }
    if ignores_eof {
        return stay().await;
    }
    // The reading thread of stdin is not waited for.
    std::process::exit(0);
}

/// Ignores SIGTERM, SIGINT and SIGHUP, and stays.
async fn stay() -> ExitCode {
    let ignored = [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()];
    std::mem::forget(ignored.map(signal));
    tokio::time::sleep(LONGEST_LIFE).await;
    ExitCode::SUCCESS
}

/// Connects the servers of the given settings as Trawl does, says `ready`, and ends as told.
async fn host(settings: &str, ending: &str) -> ExitCode {
    let settings: Value = serde_json::from_str(settings).unwrap_or_default();
    let supervisor: Option<PathBuf> = std::env::current_exe().ok();
    let connections = Connections::new(supervisor);
    connections.apply(&Settings::from_json(&settings));
    for name in connections.names() {
        match connections.connected(&name).await {
            Ok(server) => call_spawn_child(&server).await,
            Err(error) => {
                let _ = writeln!(std::io::stdout(), "{error}");
            }
        }
    }
    // Whoever started the tests may have had it ignored, as shells do for what runs in the background.
    let interrupt = signal(SignalKind::interrupt());
    let _ = writeln!(std::io::stdout(), "ready");
    let _ = std::io::stdout().flush();
    match ending {
        "close" => connections.close().await,
        "exit" => std::process::exit(0),
        "panic" => panic!("a test wants this"),
        "SIGINT" => {
            if let Ok(mut interrupt) = interrupt {
                interrupt.recv().await;
            }
            let _ = emulate_default_handler(SIGINT);
        }
        _ => std::future::pending().await,
    }
    ExitCode::SUCCESS
}

/// The servers of the survivors' test are told their marker by their own arguments.
async fn call_spawn_child(server: &trawl_core::mcp::Server) {
    let trawl_core::settings::Transport::Stdio { args, .. } = &server.entry().transport else {
        return;
    };
    let Some(at) = args.iter().position(|argument| argument == "--marker") else { return };
    let mut arguments = serde_json::Map::new();
    arguments.insert("marker".into(), args.get(at + 1).cloned().into());
    let options = trawl_core::mcp::CallOptions {
        timeout: Duration::from_secs(10),
        total_timeout: Duration::from_secs(10),
        cancel: tokio_util::sync::CancellationToken::new(),
        progress: None,
    };
    let _ = server.call("spawn_child", &arguments, options).await;
}
