//! A stage for `execute`: servers, a planner that says what the test wants, and the whole run's
//! events afterwards, checked against the grammar.

#![expect(clippy::expect_used, clippy::panic, reason = "a test's own stage may end the test")]

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use trawl_core::catalog::Catalog;
use trawl_core::event::{Event, EventKind, Finished, NotConsulted, TaskStatus};
use trawl_core::execute::{Allowed, CallLimits, Context, Control, Reuse, execute};
use trawl_core::history::{History, Recorder};
use trawl_core::mcp::Connections;
use trawl_core::request::Approval;
use trawl_core::settings::ServerEntry;
use trawl_core::task::{Executed, Outcome, Planned, Rejected, Task};
use uuid::Uuid;

use crate::grammar;

/// Servers and the terms of a run.
pub struct Stage {
    /// Every server of the stage.
    pub connections: Connections,
    /// Shared by all runs of the stage.
    pub limits: CallLimits,
    /// What happens to calls that need approval.
    pub approval: Approval,
    /// What is always allowed.
    pub allowed: Allowed,
    /// What tools say of themselves counts, whatever `allowed` says.
    pub trusts: bool,
    /// Where the runs are kept.
    pub history: Option<History>,
    /// Whether results of earlier runs are used again.
    pub reuse: Option<Reuse>,
    /// The run's limit of time.
    pub run_limit: Duration,
}

/// A run under way: plan it, stop it, wait for its end.
pub struct Playing {
    /// The host's handle.
    pub control: Control,
    /// The run's record.
    pub recorder: Recorder,
    catalog: Arc<Catalog>,
    planned: Option<UnboundedSender<Planned>>,
    count: usize,
    executing: JoinHandle<Executed>,
}

/// A run that ended.
pub struct Played {
    /// What `execute` gave back.
    pub executed: Executed,
    /// All events, grammar checked.
    pub events: Vec<Arc<Event>>,
    /// For the results.
    pub recorder: Recorder,
}

impl Default for Stage {
    fn default() -> Self {
        Self {
            connections: Connections::new(None),
            limits: CallLimits::new(),
            approval: Approval::ReadOnly,
            allowed: Allowed::default(),
            trusts: true,
            history: None,
            reuse: None,
            run_limit: Duration::from_mins(10),
        }
    }
}

impl Stage {
    /// With one server at the other end of a stream.
    #[must_use]
    pub fn with(
        self,
        name: &str,
        entry: Value,
        io: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    ) -> Self {
        self.connections.attach(name, server_entry(entry), io);
        self
    }

    /// Begins a run without any task yet.
    pub async fn play(&self) -> Playing {
        let names = self.connections.names();
        let connecting = names.iter().map(|name| self.connections.connected(name));
        let servers = futures::future::join_all(connecting).await;
        let servers: Vec<_> =
            servers.into_iter().map(|server| server.expect("the fake connects")).collect();
        let tools = servers.iter().flat_map(|server| server.tools().to_vec());
        let catalog = Arc::new(Catalog::new(tools));
        if self.trusts {
            self.allowed.trust(names.iter().map(String::as_str));
        }
        let history = self.history.as_ref();
        let recorder = Recorder::start(history, Uuid::new_v4(), "What is there?", None);
        recorder.emit(EventKind::ToolsDiscovered { count: catalog.len(), elapsed_ms: 0.0 });
        recorder.emit(EventKind::PlanStarted { planner: "builtin".to_owned() });
        let control = Control::default();
        let (planned, tasks) = unbounded_channel();
        let context = Context {
            catalog: catalog.clone(),
            servers: names.into_iter().zip(servers).collect(),
            connections: self.connections.clone(),
            recorder: recorder.clone(),
            limits: self.limits.clone(),
            approval: self.approval,
            allowed: self.allowed.clone(),
            reuse: self.reuse.clone(),
            control: control.clone(),
            deadline: Instant::now() + self.run_limit,
        };
        let executing = tokio::spawn(execute(tasks, context));
        Playing { control, recorder, catalog, planned: Some(planned), count: 0, executing }
    }

    /// A whole run of a plan that is there at once.
    pub async fn run(&self, tasks: impl IntoIterator<Item = Task>) -> Played {
        let mut playing = self.play().await;
        for task in tasks {
            playing.plan(task);
        }
        playing.ended().await
    }
}

impl Playing {
    /// Plans one more task.
    pub fn plan(&mut self, task: Task) {
        self.announce(&task.id, &task.tool_name, &task.arguments, task.priority);
        let planned = Planned::Task(self.count, task);
        self.send(planned);
    }

    /// Plans one that cannot be run.
    pub fn reject(&mut self, rejected: Rejected) {
        self.announce(&rejected.id, &rejected.tool_name, &Value::Null, 0);
        let planned = Planned::Rejected(self.count, rejected);
        self.send(planned);
    }

    /// Says by which further id an earlier task is known.
    pub fn alias(&mut self, index: usize, name: &str) {
        self.sender().send(Planned::Alias(index, name.to_owned())).expect("execute listens");
    }

    /// The plan is whole; waits for the end of the run.
    pub async fn ended(mut self) -> Played {
        let planned = EventKind::Planned {
            task_count: self.count,
            elapsed_ms: 0.0,
            usage: None,
            note: None,
            left_out: Vec::new(),
        };
        self.recorder.emit(planned);
        self.planned = None;
        let executed = (&mut self.executing).await.expect("execute never panics");
        let is_open = |task: &&Outcome| task.status != TaskStatus::Completed;
        let open: Vec<&Outcome> = executed.tasks.iter().filter(is_open).collect();
        let some = open.len() < executed.tasks.len();
        self.recorder.emit(match (some, executed.tasks.is_empty()) {
            (true, _) => EventKind::Finished(Box::new(Finished {
                partial: !open.is_empty(),
                not_consulted: open.into_iter().map(gap).collect(),
                ..Finished::default()
            })),
            (false, true) => EventKind::Cancelled {},
            (false, false) => EventKind::Failed {
                code: "all_tasks_failed".to_owned(),
                message: "none completed".to_owned(),
                todo: None,
            },
        });
        let events = self.recorder.events();
        grammar::check(&events).unwrap_or_else(|broken| panic!("{broken}\n{events:#?}"));
        Played { executed, events, recorder: self.recorder }
    }

    /// Waits for an event.
    pub async fn until(&self, wanted: impl Fn(&EventKind) -> bool) {
        let mut events = Box::pin(self.recorder.follow(None));
        while let Some(event) = futures::StreamExt::next(&mut events).await {
            if wanted(&event.kind) {
                return;
            }
        }
        panic!("the run ended without the event that was waited for");
    }

    fn announce(&mut self, id: &str, tool_name: &str, arguments: &Value, priority: i64) {
        let tool = self.catalog.resolve(tool_name).ok();
        self.recorder.emit(EventKind::TaskPlanned {
            index: self.count,
            id: id.to_owned(),
            server: tool.map(|tool| tool.server.clone()),
            tool: tool.map_or_else(|| tool_name.to_owned(), |tool| tool.name.clone()),
            arguments: arguments.clone(),
            description: String::new(),
            depends_on: Vec::new(),
            priority,
        });
    }

    fn send(&mut self, planned: Planned) {
        self.count += 1;
        self.sender().send(planned).expect("execute listens");
    }

    fn sender(&self) -> &UnboundedSender<Planned> {
        self.planned.as_ref().expect("the plan is not whole yet")
    }
}

fn gap(task: &Outcome) -> NotConsulted {
    let reason =
        task.failure.as_ref().map_or("it was cancelled", |failure| failure.message.as_str());
    NotConsulted { server: None, index: Some(task.index), reason: reason.to_owned() }
}

impl Played {
    /// How a task ended.
    pub fn status(&self, index: usize) -> TaskStatus {
        self.executed.tasks[index].status
    }

    /// The code and the words with which a task did not complete.
    pub fn failure(&self, index: usize) -> (&str, &str) {
        let failure = self.executed.tasks[index].failure.as_ref().expect("it did not complete");
        (&failure.code, &failure.message)
    }

    /// The text of a task's result.
    pub fn text(&self, index: usize) -> String {
        let result: Value = serde_json::from_str(&self.recorder.result(index).expect("a result"))
            .expect("a result is JSON");
        result["content"][0]["text"].as_str().unwrap_or_default().to_owned()
    }

    /// Events of one task, `taskPlanned` left out.
    pub fn of(&self, wanted: usize) -> Vec<&EventKind> {
        let is_its = |kind: &&EventKind| match kind {
            EventKind::TaskWaiting { index, .. }
            | EventKind::TaskStarted { index, .. }
            | EventKind::TaskProgress { index, .. }
            | EventKind::TaskRetrying { index, .. }
            | EventKind::TaskFinished { index, .. } => *index == wanted,
            _ => false,
        };
        self.events.iter().map(|event| &event.kind).filter(is_its).collect()
    }

    /// Indexes in the order in which they first started.
    pub fn started(&self) -> Vec<usize> {
        let first = |event: &Arc<Event>| match event.kind {
            EventKind::TaskStarted { index, attempt: 1, .. } => Some(index),
            _ => None,
        };
        self.events.iter().filter_map(first).collect()
    }
}

/// A task of the plan with the id `t<n>`.
pub fn task(n: usize, tool_name: &str, arguments: Value) -> Task {
    Task {
        id: format!("t{n}"),
        aliases: Vec::new(),
        tool_name: tool_name.to_owned(),
        arguments,
        depends_on: Vec::new(),
        priority: 0,
        description: String::new(),
    }
}

/// An entry as in the settings; how it is reached does not matter on a stage.
pub fn server_entry(mut more: Value) -> ServerEntry {
    more["command"] = json!("none");
    ServerEntry::from_json(&more).expect("a good entry")
}
