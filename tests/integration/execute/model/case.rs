//! A random plan on random servers under random orders, and how it is played.

use std::time::Duration;

use futures::StreamExt as _;
use proptest::prelude::*;
use proptest::strategy::Union;
use serde_json::{Value, json};
use tokio::time::sleep;
use trawl_core::event::EventKind;
use trawl_core::execute::Control;
use trawl_core::history::Recorder;
use trawl_core::mcp::Connections;
use trawl_core::request::Approval;
use trawl_core::task::Task;
use trawl_tests::scripted::Scripted;
use trawl_tests::stage::{Played, Stage, server_entry, task};

/// The time-out of every call, in seconds.
pub(super) const TIMEOUT: u64 = 3;

/// How long the person thinks, in milliseconds.
pub(super) const THINKING: u64 = 100;

#[derive(Debug, Clone)]
pub(super) struct Case {
    /// Which kinds of them its scripts may have; few, so that each rule is tried where it holds
    /// exactly, also in large plans.
    pub(super) faults: Vec<Fault>,
    pub(super) servers: Vec<Entry>,
    pub(super) tasks: Vec<Spec>,
    pub(super) approval: Approval,
    /// After so many milliseconds.
    pub(super) stop: Option<(u64, Stop)>,
    pub(super) stop_some: Vec<(u64, usize)>,
}

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) limit: usize,
    pub(super) per_second: Option<u32>,
    pub(super) retry_timeouts: bool,
    pub(super) retry_tool_errors: bool,
}

/// What can go wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Fault {
    ToolError,
    TooMany,
    RpcError,
    Hang,
    Drop,
    Panic,
}

pub(super) const FAULTS: [Fault; 6] =
    [Fault::ToolError, Fault::TooMany, Fault::RpcError, Fault::Hang, Fault::Drop, Fault::Panic];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Stop {
    Run,
    Tasks,
    RunLimit,
}

#[derive(Debug, Clone)]
pub(super) struct Spec {
    pub(super) server: usize,
    pub(super) tool: &'static str,
    /// One act an attempt; the last one goes on.
    pub(super) script: Vec<String>,
    /// Other tasks, by index; some through a placeholder.
    pub(super) needs: Vec<(usize, bool)>,
    pub(super) unknown: bool,
    pub(super) priority: i64,
    /// Milliseconds between the task before and this one.
    pub(super) gap: u64,
}

impl Spec {
    pub(super) fn repeatable(&self) -> bool {
        self.tool != "write"
    }

    pub(super) fn reads_only(&self) -> bool {
        matches!(self.tool, "read" | "fetch")
    }

    pub(super) fn drops(&self) -> bool {
        self.has("drop")
    }

    /// Whether an act of its script is of this kind.
    pub(super) fn has(&self, kind: &str) -> bool {
        self.script.iter().any(|act| act.starts_with(kind))
    }

    pub(super) fn act(&self, attempt: usize) -> (&str, u64) {
        let act = self.script.get(attempt).or(self.script.last()).unwrap();
        let (act, time) = act.split_once(':').unwrap_or((act, "0"));
        (act, time.parse().unwrap())
    }
}

fn act(faults: &[Fault]) -> impl Strategy<Value = String> + use<> {
    let good = prop_oneof![
        8 => Just("ok".to_owned()),
        8 => (1..2500_u64).prop_map(|time| format!("ok:{time}")),
        1 => Just("progress".to_owned()),
    ];
    let bad = faults.iter().map(|fault| (2, fault.act()));
    Union::new_weighted(std::iter::once((16, good.boxed())).chain(bad).collect())
}

impl Fault {
    fn act(self) -> BoxedStrategy<String> {
        match self {
            Self::ToolError => (0..50_u64).prop_map(|time| format!("tool_error:{time}")).boxed(),
            Self::TooMany => Just("too_many:5".to_owned()).boxed(),
            Self::RpcError => Just("rpc_error:5".to_owned()).boxed(),
            Self::Hang => Just("hang".to_owned()).boxed(),
            Self::Drop => (0..500_u64).prop_map(|time| format!("drop:{time}")).boxed(),
            Self::Panic => Just("panic:1".to_owned()).boxed(),
        }
    }

    /// How an act of this kind begins.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::ToolError => "tool_error",
            Self::TooMany => "too_many",
            Self::RpcError => "rpc_error",
            Self::Hang => "hang",
            Self::Drop => "drop",
            Self::Panic => "panic",
        }
    }
}

/// None for half of the cases.
fn faults() -> impl Strategy<Value = Vec<Fault>> {
    prop_oneof![
        3 => Just(Vec::new()),
        2 => prop::sample::subsequence(FAULTS.to_vec(), 1),
        1 => prop::sample::subsequence(FAULTS.to_vec(), 2..=6),
    ]
}

fn entry() -> impl Strategy<Value = Entry> {
    let limit = prop_oneof![1..6_usize, Just(64)];
    let rate = prop_oneof![4 => Just(None), 1 => (5..50_u32).prop_map(Some)];
    (limit, rate, any::<bool>(), any::<bool>()).prop_map(
        |(limit, per_second, retry_timeouts, retry_tool_errors)| Entry {
            limit,
            per_second,
            retry_timeouts,
            retry_tool_errors,
        },
    )
}

/// Needs are drawn as numbers between 0 and 1: a task later in a hidden order needs earlier ones, so
/// that plans refer forwards and backwards without a circle, except where `anywhere` says so.
type Draft = (usize, &'static str, Vec<String>, Vec<(f64, bool)>, (bool, bool), i64, u64, u32);

fn draft(servers: usize, faults: &[Fault]) -> impl Strategy<Value = Draft> + use<> {
    let tool =
        prop_oneof![4 => Just("read"), 1 => Just("put"), 1 => Just("write"), 1 => Just("fetch")];
    let needs = prop_oneof![
        2 => Just(Vec::new()),
        3 => prop::collection::vec((0.0..1.0, any::<bool>()), 1..4),
    ];
    let rarely = (prop::bool::weighted(0.02), prop::bool::weighted(0.02));
    let gap = prop_oneof![6 => Just(0), 1 => 1..300_u64];
    let script = prop::collection::vec(act(faults), 1..=3);
    (0..servers, tool, script, needs, rarely, -2..3_i64, gap, any::<u32>())
}

fn tasks(servers: usize, faults: Vec<Fault>) -> impl Strategy<Value = Vec<Spec>> {
    // Most plans are small, as real ones are; some have up to 200 tasks.
    let size = prop_oneof![12 => 1..12_usize, 4 => 12..50_usize, 1 => 50..=200_usize];
    let drafts =
        size.prop_flat_map(move |size| prop::collection::vec(draft(servers, &faults), size));
    drafts.prop_map(|drafts| {
        let order: Vec<u32> = drafts.iter().map(|draft| draft.7).collect();
        let count = drafts.len();
        let mut specs = Vec::new();
        for (server, tool, script, wanted, (anywhere, unknown), priority, gap, mine) in drafts {
            let before = |index: &usize| anywhere || order[*index] < mine;
            let candidates: Vec<usize> = (0..count).filter(before).collect();
            let mut needs: Vec<(usize, bool)> = Vec::new();
            for (share, by_placeholder) in wanted {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "0 to 200"
                )]
                let at = (share * candidates.len() as f64) as usize;
                if let Some(other) = candidates.get(at)
                    && needs.iter().all(|(index, _)| index != other)
                {
                    needs.push((*other, by_placeholder));
                }
            }
            specs.push(Spec { server, tool, script, needs, unknown, priority, gap });
        }
        specs
    })
}

pub(super) fn case() -> impl Strategy<Value = Case> {
    let approval = prop_oneof![3 => Just(Approval::All), 1 => Just(Approval::ReadOnly), 2 => Just(Approval::Ask)];
    let kind = prop_oneof![Just(Stop::Run), Just(Stop::Tasks), Just(Stop::RunLimit)];
    let stop = prop::option::weighted(0.25, (1..8000_u64, kind));
    let stop_some = prop_oneof![
        4 => Just(Vec::new()),
        1 => prop::collection::vec((1..4000_u64, 0..20_usize), 1..4),
    ];
    let servers = prop::collection::vec(entry(), 1..=3);
    (servers, faults()).prop_flat_map(move |(servers, faults)| {
        let tasks = tasks(servers.len(), faults.clone());
        (tasks, approval.clone(), stop.clone(), stop_some.clone()).prop_map(
            move |(tasks, approval, stop, stop_some)| Case {
                faults: faults.clone(),
                servers: servers.clone(),
                tasks,
                approval,
                stop,
                stop_some,
            },
        )
    })
}

/// What a person says to a task that is asked about.
pub(super) fn approves(index: usize) -> bool {
    !index.is_multiple_of(3)
}

impl Case {
    /// The words that a task's arguments carry: from the task itself or from others.
    pub(super) fn words(&self, index: usize, filled: bool) -> String {
        let sources = self.tasks[index].needs.iter().filter(|(_, by_placeholder)| *by_placeholder);
        let words = sources.map(|(other, _)| {
            if filled { format!("words of {other}") } else { format!("${{t{other}:/words}}") }
        });
        words.collect::<Vec<_>>().join(" + ")
    }

    fn task(&self, index: usize) -> Task {
        let spec = &self.tasks[index];
        let words = self.words(index, false);
        let arguments = json!({"task": index, "script": spec.script, "words": words});
        let named = spec.needs.iter().filter(|(_, by_placeholder)| !by_placeholder);
        let mut depends_on: Vec<String> = named.map(|(other, _)| format!("t{other}")).collect();
        if spec.unknown {
            depends_on.push("nobody".to_owned());
        }
        let tool = format!("s{}__{}", spec.server, spec.tool);
        Task { depends_on, priority: spec.priority, ..task(index, &tool, arguments) }
    }

    fn entry(&self, server: usize) -> Value {
        let Entry { limit, per_second, retry_timeouts, retry_tool_errors } = &self.servers[server];
        json!({
            "maxConcurrent": limit,
            "requestsPerSecond": per_second,
            "timeoutSeconds": TIMEOUT,
            "retryTimeouts": retry_timeouts,
            "retryToolErrors": retry_tool_errors,
        })
    }

    pub(super) async fn play(&self) -> (Played, Vec<Scripted>) {
        let connections = Connections::new(None);
        let attach = |server: usize| {
            let entry = server_entry(self.entry(server));
            Scripted::attach(&connections, &format!("s{server}"), entry)
        };
        let servers: Vec<Scripted> = (0..self.servers.len()).map(attach).collect();
        let run_limit = match self.stop {
            Some((after, Stop::RunLimit)) => Duration::from_millis(after),
            _ => Duration::from_hours(1),
        };
        let stage = Stage { connections, approval: self.approval, run_limit, ..Stage::default() };
        let mut playing = stage.play().await;
        let (control, recorder) = (playing.control.clone(), playing.recorder.clone());
        let person = tokio::spawn(person(control.clone(), recorder));
        let orders = tokio::spawn(orders(control, self.stop, self.stop_some.clone()));
        for index in 0..self.tasks.len() {
            if self.tasks[index].gap > 0 {
                sleep(Duration::from_millis(self.tasks[index].gap)).await;
            }
            playing.plan(self.task(index));
        }
        let played = playing.ended().await;
        person.abort();
        orders.abort();
        // What was said to servers last is heard before their logs are read.
        sleep(Duration::from_millis(1)).await;
        (played, servers)
    }
}

async fn person(control: Control, recorder: Recorder) {
    let mut events = Box::pin(recorder.follow(None));
    while let Some(event) = events.next().await {
        if let EventKind::ApprovalRequested { indexes, .. } = &event.kind {
            sleep(Duration::from_millis(THINKING)).await;
            let (yes, no): (Vec<usize>, Vec<usize>) =
                indexes.iter().partition(|index| approves(**index));
            control.resolve(&yes, &no);
        }
    }
}

async fn orders(control: Control, stop: Option<(u64, Stop)>, some: Vec<(u64, usize)>) {
    let stop_all = async {
        let Some((after, stop)) = stop else { return };
        sleep(Duration::from_millis(after)).await;
        match stop {
            Stop::Run => control.cancel(),
            Stop::Tasks => control.stop_tasks(),
            Stop::RunLimit => {}
        }
    };
    let stop_some = some.into_iter().map(|(after, index)| {
        let control = control.clone();
        async move {
            sleep(Duration::from_millis(after)).await;
            control.stop_task(index);
        }
    });
    tokio::join!(stop_all, futures::future::join_all(stop_some));
}
