//! The engine against a model: thousands of random plans with faults, limits, priorities, approvals
//! and stops, under paused time; each must end, in order, with what its script says.

#![expect(clippy::cast_precision_loss, reason = "a run's milliseconds are few")]

mod case;
mod coverage;
mod schedule;

use std::cell::RefCell;
use std::collections::HashMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use trawl_core::event::{EventKind, TaskStatus, WaitReason};
use trawl_core::request::Approval;
use trawl_tests::scripted::{Call, PanickingLog, Scripted};
use trawl_tests::stage::Played;
use uuid::Uuid;

use self::case::{Case, FAULTS, Spec, Stop, approves, case};
use self::coverage::{Coverage, LARGE, Rule};

/// Of 2,000 in all; four tests, so that they use the processors that there are.
const CASES: u32 = 500;

/// The variable that makes all four draw the cases of a failure again.
const SEED: &str = "TRAWL_TEST_SEED";

#[test]
fn random_plans_keep_the_rules_1() {
    check_many();
}

#[test]
fn random_plans_keep_the_rules_2() {
    check_many();
}

#[test]
fn random_plans_keep_the_rules_3() {
    check_many();
}

#[test]
fn random_plans_keep_the_rules_4() {
    check_many();
}

fn check_many() {
    let config = Config {
        cases: CASES,
        failure_persistence: None,
        max_shrink_iters: 400,
        ..Config::default()
    };
    let given = std::env::var(SEED).ok();
    let seed = given.unwrap_or_else(|| Uuid::new_v4().simple().to_string());
    // 32 hexadecimal digits are as many bytes.
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, seed.as_bytes());
    let coverage = RefCell::new(Coverage::default());
    let mut runner = TestRunner::new_with_rng(config, random);
    let checked = runner.run(&case(), |case| check(&case, &mut coverage.borrow_mut()));
    checked.unwrap_or_else(|failure| panic!("{SEED}={seed} finds this again: {failure}"));
    assert_covered(&coverage.into_inner(), &seed);
}

/// Far below what is usual, so that chance alone does not go under it; large plans are few.
#[expect(clippy::print_stdout, reason = "shown where the test fails, or where somebody asks")]
fn assert_covered(coverage: &Coverage, seed: &str) {
    println!("{SEED}={seed}\n{coverage}");
    for (rule, in_small, in_large) in [
        (Rule::Priorities, 0.6, 0.3),
        (Rule::ExactLimit, 0.5, 0.15),
        (Rule::NoRest, 0.5, 0.15),
        (Rule::Foretold, 0.3, 0.2),
    ] {
        coverage.assert_share(rule, in_small, in_large);
    }
    for fault in FAULTS {
        coverage.assert_cases(fault.name(), 8);
    }
    for what in ["Run", "Tasks", "RunLimit"] {
        coverage.assert_cases(what, 3);
    }
    for what in ["asked", "no fault", "large", "reached a limit"] {
        coverage.assert_cases(what, 8);
    }
}

fn check(case: &Case, coverage: &mut Coverage) -> Result<(), TestCaseError> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    PanickingLog::install();
    let (played, servers) = runtime.unwrap().block_on(case.play());
    let seen = Seen::new(case, &played, &servers);
    // `play` has checked the grammar: one end for each task, all counts right.
    prop_assert_eq!(played.executed.tasks.len(), case.tasks.len());
    for (position, outcome) in played.executed.tasks.iter().enumerate() {
        prop_assert_eq!(outcome.index, position);
        prop_assert_eq!(&outcome.id, &format!("t{position}"));
        seen.order(position)?;
        seen.calls(position)?;
        seen.ending(position, coverage)?;
    }
    for server in 0..case.servers.len() {
        seen.limit(server, coverage)?;
        schedule::order(&seen, server, coverage)?;
        schedule::no_rest(&seen, server, coverage)?;
    }
    seen.end()?;
    seen.tell(coverage);
    Ok(())
}

struct Seen<'a> {
    case: &'a Case,
    played: &'a Played,
    /// Each server's own log.
    logs: Vec<Vec<Call>>,
    /// Positions of events in the stream.
    finished_at: HashMap<usize, usize>,
    started_at: HashMap<usize, usize>,
}

impl<'a> Seen<'a> {
    fn new(case: &'a Case, played: &'a Played, servers: &[Scripted]) -> Self {
        let mut finished_at = HashMap::new();
        let mut started_at = HashMap::new();
        for (position, event) in played.events.iter().enumerate() {
            match event.kind {
                EventKind::TaskFinished { index, .. } => {
                    finished_at.insert(index, position);
                }
                EventKind::TaskStarted { index, .. } => {
                    started_at.entry(index).or_insert(position);
                }
                _ => {}
            }
        }
        let logs = servers.iter().map(Scripted::log).collect();
        Self { case, played, logs, finished_at, started_at }
    }

    /// The tasks of a server.
    fn of(&self, server: usize) -> impl Iterator<Item = &Spec> {
        self.case.tasks.iter().filter(move |spec| spec.server == server)
    }

    /// Whether a task of this server had to wait for others of it.
    fn had_a_queue(&self, server: usize) -> bool {
        let waits = |kind: &EventKind| match kind {
            EventKind::TaskWaiting { index, reason: WaitReason::Limit, .. } => {
                self.case.tasks[*index].server == server
            }
            _ => false,
        };
        self.played.events.iter().any(|event| waits(&event.kind))
    }

    fn status(&self, index: usize) -> TaskStatus {
        self.played.status(index)
    }

    fn broken(&self, index: usize) -> bool {
        self.status(index) != TaskStatus::Completed
    }

    /// Nothing starts before what it needs has completed; what is skipped names who is to blame.
    fn order(&self, index: usize) -> Result<(), TestCaseError> {
        let needs = &self.case.tasks[index].needs;
        if let Some(started) = self.started_at.get(&index) {
            for (other, _) in needs {
                prop_assert!(!self.broken(*other), "{index} started, {other} did not complete");
                prop_assert!(self.finished_at[other] < *started, "{index} started before {other}");
            }
        }
        if self.status(index) == TaskStatus::Skipped {
            let words = self.played.failure(index).1;
            let blamed = needs.iter().find(|(other, _)| {
                self.broken(*other) && words.starts_with(&format!("because task {} ", other + 1))
            });
            prop_assert!(blamed.is_some(), "{index}: {words}");
            let (other, _) = blamed.unwrap();
            prop_assert!(self.finished_at[other] < self.finished_at[&index]);
        }
        if needs.iter().any(|(other, _)| self.broken(*other)) {
            let own_fault = ["dependency_cycle", "unknown_dependency", "needs_approval"];
            let fine = match self.status(index) {
                TaskStatus::Skipped | TaskStatus::Cancelled => true,
                TaskStatus::Failed => own_fault.contains(&self.played.failure(index).0),
                TaskStatus::Completed => false,
            };
            prop_assert!(fine, "{index} ended as {:?} on a broken task", self.status(index));
        }
        Ok(())
    }

    /// What arrived at the server: the right arguments, not too often, nothing unapproved.
    fn calls(&self, index: usize) -> Result<(), TestCaseError> {
        let spec = &self.case.tasks[index];
        let calls = self.calls_of(index);
        let attempts = self.played.executed.tasks[index].attempts as usize;
        prop_assert!(calls.len() <= attempts && attempts <= 3, "{} of {attempts}", calls.len());
        prop_assert!(spec.repeatable() || calls.len() <= 1, "task {index} was repeated");
        let words = self.case.words(index, true);
        for call in &calls {
            prop_assert_eq!(call.arguments["words"].as_str(), Some(words.as_str()));
            prop_assert_eq!(&call.tool, spec.tool);
        }
        let may = match self.case.approval {
            Approval::All => true,
            Approval::ReadOnly => spec.reads_only(),
            Approval::Ask => spec.reads_only() || approves(index),
        };
        prop_assert!(may || attempts == 0, "task {index} was called unapproved");
        Ok(())
    }

    fn calls_of(&self, index: usize) -> Vec<&Call> {
        let log = &self.logs[self.case.tasks[index].server];
        log.iter().filter(|call| call.task == index as u64).collect()
    }

    fn ending(&self, index: usize, coverage: &mut Coverage) -> Result<(), TestCaseError> {
        let stoppable = self.case.stop_some.iter().any(|(_, stopped)| *stopped == index);
        match self.status(index) {
            TaskStatus::Cancelled => {
                prop_assert!(stoppable || self.case.stop.is_some(), "nobody stopped {index}");
                let code = self.played.failure(index).0;
                prop_assert!(matches!(code, "cancelled" | "run_timed_out"), "{code}");
            }
            TaskStatus::Completed => {
                let calls = self.calls_of(index);
                let (act, _) = self.case.tasks[index].act(calls.len() - 1);
                prop_assert!(matches!(act, "ok" | "progress"), "{index} completed by {act}");
                let result = self.played.recorder.result(index).unwrap_or_default();
                prop_assert!(result.contains(&format!("\"words of {index}\"")), "{}", result);
            }
            TaskStatus::Failed | TaskStatus::Skipped => {}
        }
        let foretold =
            if stoppable || self.case.stop.is_some() { None } else { self.foretold(index) };
        coverage.count(Rule::Foretold, self.case.tasks.len(), foretold.is_some());
        if let Some((status, code)) = foretold {
            let failure = self.played.executed.tasks[index].failure.as_ref();
            let seen = (self.status(index), failure.map(|failure| failure.code.as_str()));
            prop_assert_eq!(seen, (status, code), "task {}", index);
        }
        Ok(())
    }

    /// What must become of a task, where its script alone decides.
    fn foretold(&self, index: usize) -> Option<(TaskStatus, Option<&'static str>)> {
        let spec = &self.case.tasks[index];
        let failed = |code| Some((TaskStatus::Failed, Some(code)));
        if !spec.reads_only() && self.case.approval == Approval::ReadOnly {
            return failed("needs_approval");
        }
        if spec.needs.iter().any(|(other, _)| *other == index) {
            return None;
        }
        let neighbours = self.case.tasks.iter().filter(|other| other.server == spec.server);
        let may_drop = neighbours.into_iter().any(Spec::drops);
        if spec.unknown || may_drop || spec.needs.iter().any(|(other, _)| self.broken(*other)) {
            return None;
        }
        let foreign = |(other, by_placeholder): &(usize, bool)| {
            *by_placeholder && self.carries_more_than(*other, spec.server)
        };
        let leaks = spec.tool == "fetch" && spec.needs.iter().any(foreign);
        match self.case.approval {
            Approval::ReadOnly if leaks => return failed("needs_approval"),
            Approval::Ask if (leaks || !spec.reads_only()) && !approves(index) => {
                return failed("denied");
            }
            _ => {}
        }
        let entry = &self.case.servers[spec.server];
        let mut attempt = 0;
        loop {
            let (act, _) = spec.act(attempt);
            let (code, again) = match act {
                "tool_error" | "too_many" => ("tool_error", entry.retry_tool_errors),
                "hang" => ("timed_out", entry.retry_timeouts),
                "rpc_error" => ("rpc_error", false),
                "panic" => ("internal", false),
                _ => return Some((TaskStatus::Completed, None)),
            };
            attempt += 1;
            if !again || !spec.repeatable() || attempt == 3 {
                return failed(code);
            }
        }
    }

    /// Whether a result holds data of another server than this one, through any number of tasks.
    fn carries_more_than(&self, index: usize, server: usize) -> bool {
        let spec = &self.case.tasks[index];
        let mut sources = spec.needs.iter().filter(|(_, by_placeholder)| *by_placeholder);
        spec.server != server || sources.any(|(other, _)| self.carries_more_than(*other, server))
    }

    /// Never more calls at once than the entry allows. A call that the client gave up counts until
    /// then: at the same instant, its notice and the next call may cross.
    fn limit(&self, server: usize, coverage: &mut Coverage) -> Result<(), TestCaseError> {
        let log = &self.logs[server];
        let limit = self.case.servers[server].limit;
        let calm = log.iter().all(|call| !call.cancelled) && !self.of(server).any(Spec::drops);
        if log.iter().any(|call| call.in_flight >= limit) {
            coverage.count(Rule::ExactLimit, self.case.tasks.len(), calm);
            coverage.happened("reached a limit");
        }
        for call in log {
            prop_assert!(
                !calm || call.in_flight <= limit,
                "{} in flight of {limit}",
                call.in_flight
            );
            let then = |other: &&Call| {
                other.start <= call.start && other.end.is_none_or(|end| end > call.start)
            };
            let lasting = log.iter().filter(then).count();
            prop_assert!(lasting <= limit, "{lasting} at once, the limit is {limit}");
        }
        Ok(())
    }

    /// What happened in this case.
    fn tell(&self, coverage: &mut Coverage) {
        let called = |name: &str| {
            let mut acts = self.logs.iter().flatten().map(|call| &call.arguments["script"][0]);
            acts.any(|act| act.as_str().is_some_and(|act| act.starts_with(name)))
        };
        for fault in self.case.faults.iter().filter(|fault| called(fault.name())) {
            coverage.happened(fault.name());
        }
        if self.case.faults.is_empty() {
            coverage.happened("no fault");
        }
        if self.case.tasks.len() >= LARGE {
            coverage.happened("large");
        }
        let is_request = |kind: &EventKind| matches!(kind, EventKind::ApprovalRequested { .. });
        if self.played.events.iter().any(|event| is_request(&event.kind)) {
            coverage.happened("asked");
        }
        if let Some((after, stop)) = self.case.stop {
            let cut_short = self.played.executed.wall_ms >= after as f64 - 1.0;
            let open = |index| self.status(index) == TaskStatus::Cancelled;
            if cut_short || (0..self.case.tasks.len()).any(open) {
                coverage.happened(format!("{stop:?}"));
            }
        }
    }

    /// After a stop nothing starts, and the run ends within what its time-outs imply.
    fn end(&self) -> Result<(), TestCaseError> {
        let stop = self.case.stop.map(|(after, _)| after as f64);
        for event in &self.played.events {
            if let EventKind::TaskStarted { index, .. } = event.kind {
                let late = stop.is_some_and(|stop| event.at_ms > stop + 2.0);
                prop_assert!(!late, "task {index} started {} ms into the run", event.at_ms);
            }
        }
        let bound = schedule::bound(self);
        let wall = self.played.executed.wall_ms;
        prop_assert!(wall <= bound as f64, "{wall} ms, work that is done at once takes {bound}");
        let limited = matches!(self.case.stop, Some((_, Stop::RunLimit)));
        prop_assert!(limited || !self.played.executed.timed_out);
        if let Some(stop) = stop {
            let wall = self.played.executed.wall_ms;
            prop_assert!(wall <= stop + 10.0, "{wall} ms, stopped after {stop}");
        }
        Ok(())
    }
}
