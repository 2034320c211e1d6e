//! The whole program as a run goes through it, with its history and its log on: a scripted model
//! gives the plan and the answer at once, and the tasks go to a real server process.

use std::process::{Child, Command, Stdio};
use std::{
    io::{BufRead as _, BufReader},
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;
use trawl_core::event::Event;
use trawl_core::history::History;
use trawl_core::logging::{self, Log, Results};
use trawl_tests::fake_llm::{FakeLlm, Protocol, Reply};
use trawl_tests::with_model::{WithModel, outcomes};

pub(crate) const FAKE: &str = env!("CARGO_BIN_EXE_fake-mcp");

/// The program with one server, `s`.
pub(crate) struct Whole {
    llm: FakeLlm,
    pub(crate) stage: WithModel,
    _folder: TempDir,
}

impl Whole {
    /// With the server of this entry.
    pub(crate) async fn new(entry: &Value) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let history = History::open(folder.path()).expect("a history");
        let llm = FakeLlm::start([]).await;
        let more = json!({"mcpServers": {"s": entry}, "limits": {"maxTasks": 2000}});
        let stage = WithModel::new(Protocol::Openai, &llm, &more).kept_in(history);
        Self { llm, stage, _folder: folder }
    }

    /// Asks for these tasks; all of the run's events.
    pub(crate) async fn ask(&self, tasks: &[Value]) -> Vec<Event> {
        let plan = json!({"tasks": tasks}).to_string();
        let at_once = json!({"choices": [{"message": {"content": plan}, "finish_reason": "stop"}]});
        self.llm.then(Reply::bytes(at_once.to_string()));
        self.llm.then(Reply::text(Protocol::Openai, "This is what was found [1]."));
        let events = self.stage.ask("What is found?").await;
        assert_eq!(outcomes(&events), vec!["completed"; tasks.len()]);
        events
    }

    pub(crate) async fn close(self) {
        self.stage.agent.connections.close().await;
    }
}

/// From the question to the end of the answer.
pub(crate) fn total(events: &[Event]) -> Duration {
    let last = events.last().expect("a run has events");
    Duration::from_secs_f64(last.at_ms / 1000.0)
}

/// The log of this process, in a folder that goes with it.
pub(crate) fn log() -> (Log, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    (logging::start(folder.path(), Results::Logged).expect("a log"), folder)
}

/// The fake server over HTTP, in a process of its own, and its address.
pub(crate) struct OverHttp {
    process: Child,
    pub(crate) url: String,
}

impl OverHttp {
    pub(crate) fn start() -> Self {
        let mut server = Command::new(FAKE);
        server.arg("--http").stdout(Stdio::piped()).stdin(Stdio::null());
        let mut process = server.spawn().expect("the server starts");
        let mut url = String::new();
        let out = process.stdout.take().expect("a pipe");
        BufReader::new(out).read_line(&mut url).expect("the server says where it is");
        Self { process, url: url.trim().to_owned() }
    }
}

impl Drop for OverHttp {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
