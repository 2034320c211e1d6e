//! A whole agent with a fake model at one end and a fake MCP server at the other.

#![expect(clippy::expect_used, clippy::panic, reason = "a test's own stage may end the test")]

use std::sync::Arc;

use futures::StreamExt;
use serde_json::{Value, json};
use trawl_core::event::{Event, EventKind, Finished, RunId};
use trawl_core::history::History;
use trawl_core::mcp::Connections;
use trawl_core::pipeline::Agent;
use trawl_core::request::Approval;
use trawl_core::request::Request;
use trawl_core::request::Wait;
use trawl_core::run::Run;
use trawl_core::settings::{ServerEntry, Settings};

use crate::fake_llm::{FakeLlm, Protocol};
use crate::fake_mcp::{Fake, Options};
use crate::{grammar, keychain};

/// The agent, its settings and what stands at its ends.
pub struct WithModel {
    /// What is asked.
    pub agent: Agent,
    /// The settings of every run.
    pub settings: Arc<Settings>,
    /// Its server `fake`, whose tools all count as reading only.
    pub mcp: Fake,
}

impl WithModel {
    /// An agent whose model is the fake; `more` is put over the settings' `model` and `limits`.
    pub fn new(protocol: Protocol, llm: &FakeLlm, more: &Value) -> Self {
        Self::at(protocol, &llm.url(), more)
    }

    /// The same for any address.
    pub fn at(protocol: Protocol, url: &str, more: &Value) -> Self {
        let mut file = json!({"mcpServers": {}, "limits": {},
            "model": {"provider": protocol.provider(), "baseUrl": url, "model": "m"}});
        for section in ["model", "limits", "mcpServers"] {
            let given = more.get(section).and_then(Value::as_object);
            for (key, value) in given.into_iter().flatten() {
                file[section][key] = value.clone();
            }
        }
        let settings = Settings::from_json(&file);
        assert_eq!(settings.warnings, Vec::<String>::new());
        let connections = Connections::new(None);
        connections.apply(&settings);
        let mcp = Fake::new(Options::default());
        let entry = ServerEntry { read_only: true, ..ServerEntry::builtin("fake") };
        connections.attach("fake", entry, mcp.connect());
        let agent = keychain::agent(connections, None);
        Self { agent, settings: Arc::new(settings), mcp }
    }

    /// With a history.
    #[must_use]
    pub fn kept_in(mut self, history: History) -> Self {
        self.agent.history = Some(history);
        self
    }

    /// Starts a run.
    pub fn start(&self, question: &str, continues: Option<RunId>) -> Run {
        let request = Request {
            question: question.to_owned(),
            continues,
            approval: Approval::ReadOnly,
            reuse: None,
            wait: Wait::Each,
            settings: Arc::clone(&self.settings),
        };
        self.agent.ask(request).expect("a question that is asked")
    }

    /// Asks, and returns the whole run's events, grammar checked.
    pub async fn ask(&self, question: &str) -> Vec<Event> {
        events(&self.start(question, None)).await
    }
}

/// A run's events up to its end, grammar checked.
pub async fn events(run: &Run) -> Vec<Event> {
    run.ended().await;
    let events: Vec<Event> = run.follow(None).map(|event| (*event).clone()).collect().await;
    grammar::check(&events).unwrap_or_else(|broken| panic!("{broken}\n{events:#?}"));
    events
}

/// Waits until an event of the run fits.
pub async fn seen(run: &Run, fits: impl Fn(&EventKind) -> bool) {
    let mut events = Box::pin(run.follow(None));
    while let Some(event) = events.next().await {
        if fits(&event.kind) {
            return;
        }
    }
    panic!("the run ended without the event that was waited for");
}

/// Waits until the answer's text so far ends like this.
pub async fn said(run: &Run, ending: &str) {
    let text = std::cell::RefCell::new(String::new());
    let ends = |kind: &EventKind| {
        if let EventKind::AnswerDelta { text: more } = kind {
            text.borrow_mut().push_str(more);
        }
        text.borrow().ends_with(ending)
    };
    seen(run, ends).await;
}

/// The end of a run that has an answer.
pub fn finished(events: &[Event]) -> &Finished {
    match &events.last().expect("a last event").kind {
        EventKind::Finished(finished) => finished,
        other => panic!("the run ended with {other:?}"),
    }
}

/// Code and message of a run that failed.
pub fn failed(events: &[Event]) -> (&str, &str) {
    match &events.last().expect("a last event").kind {
        EventKind::Failed { code, message, .. } => (code, message),
        other => panic!("the run ended with {other:?}"),
    }
}

/// What `planned` notes.
pub fn note(events: &[Event]) -> &str {
    let note = |event: &Event| match &event.kind {
        EventKind::Planned { note, .. } => Some(note.is_some()),
        _ => None,
    };
    let planned = events.iter().find(|event| note(event).is_some()).expect("a planned event");
    match &planned.kind {
        EventKind::Planned { note: Some(note), .. } => note,
        _ => "",
    }
}

/// How each task ended, in plan order: `completed`, or its error's code.
pub fn outcomes(events: &[Event]) -> Vec<String> {
    let mut ended: Vec<(usize, String)> = events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::TaskFinished { index, error: Some(error), .. } => {
                Some((*index, error.code.clone()))
            }
            EventKind::TaskFinished { index, status, .. } => {
                Some((*index, format!("{status:?}").to_lowercase()))
            }
            _ => None,
        })
        .collect();
    ended.sort();
    ended.into_iter().map(|(_, how)| how).collect()
}

/// The text of all `answerDelta`s.
pub fn streamed(events: &[Event]) -> String {
    let text = |event: &Event| match &event.kind {
        EventKind::AnswerDelta { text } => Some(text.clone()),
        _ => None,
    };
    events.iter().filter_map(text).collect()
}

/// Who planned, in order.
pub fn planners(events: &[Event]) -> Vec<&str> {
    let planner = |event: &'_ Event| matches!(event.kind, EventKind::PlanStarted { .. });
    events
        .iter()
        .filter(|event| planner(event))
        .map(|event| match &event.kind {
            EventKind::PlanStarted { planner } => planner.as_str(),
            _ => "",
        })
        .collect()
}

/// A plan of calls of the fake's `echo`, each with its own text.
pub fn echoes(texts: &[&str]) -> Value {
    let task = |text: &&str| {
        json!({"tool_name": "fake__echo", "tool_arguments": {"text": text}, "description": text,
            "depends_on": []})
    };
    json!({"tasks": texts.iter().map(task).collect::<Vec<_>>(), "answer": null, "reasoning": null})
}
