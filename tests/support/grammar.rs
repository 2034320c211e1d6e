//! The grammar of a run's events (design: "Grammar of a stream"), as one check for every test.
//!
//! Comes in: a whole stream, as a program that reads `trawl ask --json` sees it. Goes out: nothing,
//! or the first place that breaks a rule, in words. Says nothing about whether the run did what it
//! should have done.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use trawl_core::event::{Event, EventKind, Finished, LONGEST, TaskStatus};

use crate::task_grammar::TaskLog;

/// Whether the events are a whole run that keeps the grammar; the first offence otherwise.
pub fn check<E: Borrow<Event>>(events: &[E]) -> Result<(), String> {
    let Some(first) = events.first() else { return Err("no event at all".to_owned()) };
    let first = first.borrow();
    let mut stream = Stream::default();
    let mut before = 0.0;
    for (position, event) in events.iter().map(Borrow::borrow).enumerate() {
        let kind = &event.kind;
        let offence = |words: String| format!("event {position} ({}): {words}", name(kind));
        let require = |met: bool, words: &str| {
            if met { Ok(()) } else { Err(offence(words.to_owned())) }
        };
        require(event.run_id == first.run_id, "another run's id")?;
        require(event.seq == position as u64, "seq has a gap or goes back")?;
        require(event.at_ms.is_finite() && event.at_ms >= before, "atMs goes back")?;
        require((position == 0) == matches!(kind, EventKind::Started { .. }), "started is first")?;
        require(
            (position + 1 == events.len()) == kind.is_terminal(),
            "finished, failed or cancelled is there once, as the last event",
        )?;
        before = event.at_ms;
        stream.take(event).map_err(offence)?;
    }
    Ok(())
}

/// Reads a stream as `trawl ask --json` prints it, one event a line.
pub fn read(lines: &str) -> Result<Vec<Event>, String> {
    let event = |line: &str| serde_json::from_str(line).map_err(|error| format!("{error}: {line}"));
    lines.lines().map(event).collect()
}

/// What has been seen of a run so far.
#[derive(Default)]
struct Stream {
    servers: Vec<String>,
    failed_servers: Vec<String>,
    discovered: bool,
    plans_started: usize,
    tasks: BTreeMap<usize, TaskLog>,
    planned: bool,
    asked: Vec<usize>,
    answered: Vec<usize>,
    tasks_finished: bool,
}

impl Stream {
    fn take(&mut self, event: &Event) -> Result<(), String> {
        match &event.kind {
            EventKind::Started { question, started_at, continues } => {
                require(!question.trim().is_empty(), "a blank question")?;
                require(started_at.parse::<jiff::Timestamp>().is_ok(), "startedAt is no RFC 3339")?;
                require(*continues != Some(event.run_id), "the run continues itself")
            }
            EventKind::ServerReady { server, elapsed_ms, .. } => {
                milliseconds(&[*elapsed_ms])?;
                self.server(server)
            }
            EventKind::ServerFailed { server, message, todo } => {
                told(message, todo.as_deref())?;
                self.failed_servers.push(server.clone());
                self.server(server)
            }
            EventKind::ToolsDiscovered { elapsed_ms, .. } => {
                milliseconds(&[*elapsed_ms])?;
                require(self.plans_started == 0, "after planStarted")?;
                require(!std::mem::replace(&mut self.discovered, true), "a second time")
            }
            EventKind::PlanStarted { planner } => self.plan_started(planner),
            EventKind::TaskPlanned { index, depends_on, .. } => {
                require(self.plans_started > 0, "before planStarted")?;
                require(!self.planned, "after planned")?;
                // A repaired task comes after its neighbours; `planned` leaves no gap.
                let before = self.tasks.insert(*index, TaskLog::new(depends_on.clone()));
                require(before.is_none(), "a task is planned once")
            }
            EventKind::Planned { task_count, elapsed_ms, .. } => {
                milliseconds(&[*elapsed_ms])?;
                require(self.plans_started > 0, "before planStarted")?;
                require(!std::mem::replace(&mut self.planned, true), "a second time")?;
                require(!self.tasks_finished, "after tasksFinished")?;
                let whole = self.tasks.keys().copied().eq(0..*task_count);
                require(whole, "indexes do not count from 0 to taskCount")
            }
            EventKind::ApprovalRequested { indexes, reason, .. } => {
                require(!reason.trim().is_empty() && !indexes.is_empty(), "no task or no reason")?;
                for index in indexes {
                    require(!self.task(*index)?.is_finished(), "of a task that has ended")?;
                    require(!self.asked.contains(index), "a task is asked about once")?;
                    self.asked.push(*index);
                }
                Ok(())
            }
            EventKind::ApprovalResolved { approved, denied, .. } => {
                for index in approved.iter().chain(denied) {
                    require(self.asked.contains(index), "a task that was not asked about")?;
                    require(!self.answered.contains(index), "a task is decided once")?;
                    self.answered.push(*index);
                }
                Ok(())
            }
            EventKind::TaskWaiting { index, .. } => self.task(*index)?.waiting(),
            EventKind::TaskStarted { index, attempt, .. } => self.task(*index)?.started(*attempt),
            EventKind::TaskProgress { index, progress, total, .. } => {
                let finite = progress.is_finite() && total.is_none_or(f64::is_finite);
                require(finite, "progress is no number")?;
                self.task(*index)?.progressed()
            }
            EventKind::TaskRetrying { index, attempt, delay_ms, reason } => {
                milliseconds(&[*delay_ms])?;
                require(!reason.trim().is_empty(), "no reason")?;
                self.task(*index)?.retrying(*attempt)
            }
            EventKind::TaskFinished { index, .. } => self.task(*index)?.finished(&event.kind),
            EventKind::TasksFinished { wall_ms, sequential_ms, .. } => {
                milliseconds(&[*wall_ms, *sequential_ms])?;
                require(!self.tasks.is_empty(), "without a task")?;
                require(self.tasks.values().all(TaskLog::is_finished), "a task has not ended")?;
                require(!std::mem::replace(&mut self.tasks_finished, true), "a second time")?;
                self.counted(&event.kind)
            }
            EventKind::AnswerDelta { .. } => self.may_answer(),
            EventKind::Finished(finished) => self.finished(finished),
            EventKind::Failed { code, message, todo } => {
                let snake = code.chars().all(|c| c.is_ascii_lowercase() || c == '_');
                require(snake && !code.is_empty(), "the code is not snake_case")?;
                told(message, todo.as_deref())?;
                let completed = self.count(TaskStatus::Completed) > 0;
                let tasks = matches!(code.as_str(), "all_tasks_failed" | "timed_out");
                require(!(tasks && completed), "although a task completed")?;
                require(code != "all_tasks_failed" || !self.tasks.is_empty(), "without a task")?;
                require(
                    !matches!(code.as_str(), "no_tools" | "plan_failed") || self.tasks.is_empty(),
                    "although there was a task",
                )?;
                self.ended()
            }
            EventKind::Cancelled {} => self.ended(),
        }
    }

    fn server(&mut self, name: &str) -> Result<(), String> {
        require(!self.servers.iter().any(|known| known == name), "a server is told about once")?;
        self.servers.push(name.to_owned());
        Ok(())
    }

    fn plan_started(&mut self, planner: &str) -> Result<(), String> {
        require(self.discovered, "before toolsDiscovered")?;
        require(!self.planned, "after planned")?;
        self.plans_started += 1;
        match self.plans_started {
            1 => require(!planner.is_empty(), "no planner"),
            2 => {
                require(planner == "builtin", "only the built-in planner takes over")?;
                let untouched = self.tasks.values().all(TaskLog::was_never_started);
                require(untouched, "although a task of the plan before was started")
            }
            _ => Err("a third time".to_owned()),
        }
    }

    fn task(&mut self, index: usize) -> Result<&mut TaskLog, String> {
        self.tasks.get_mut(&index).ok_or_else(|| format!("task {index} was not planned before"))
    }

    fn count(&self, status: TaskStatus) -> usize {
        self.tasks.values().filter(|task| task.ended_as(status)).count()
    }

    fn counted(&self, kind: &EventKind) -> Result<(), String> {
        let EventKind::TasksFinished { completed, failed, skipped, cancelled, .. } = kind else {
            return Ok(());
        };
        let told = [*completed, *failed, *skipped, *cancelled];
        let seen =
            [TaskStatus::Completed, TaskStatus::Failed, TaskStatus::Skipped, TaskStatus::Cancelled]
                .map(|status| self.count(status));
        require(told == seen, &format!("counts {told:?} where the tasks ended as {seen:?}"))
    }

    fn may_answer(&self) -> Result<(), String> {
        if self.tasks.is_empty() {
            require(self.planned, "an answer before planned")
        } else {
            require(self.tasks_finished, "an answer before tasksFinished")
        }
    }

    fn finished(&self, finished: &Finished) -> Result<(), String> {
        self.may_answer()?;
        self.ended()?;
        // It is absent where planning was stopped, and then there is more that was not asked.
        require(self.planned || finished.partial, "without planned, and not partial")?;
        require(
            self.tasks.is_empty() || self.count(TaskStatus::Completed) > 0,
            "no task completed",
        )?;
        for cited in &finished.citations {
            let task = self.tasks.get(&cited.index);
            let completed = task.is_some_and(|task| task.ended_as(TaskStatus::Completed));
            require(completed, "a citation of no task that completed")?;
            require(cited.item != Some(0), "items are counted from 1")?;
        }
        self.gaps(finished)?;
        require(finished.partial || finished.not_consulted.is_empty(), "gaps but not partial")?;
        let t = &finished.timings;
        milliseconds(&[t.discover_ms, t.plan_ms, t.execute_ms, t.synthesize_ms, t.total_ms])?;
        require(t.first_token_ms.is_none_or(|ms| ms <= t.total_ms), "firstTokenMs after the end")
    }

    /// What was not consulted: servers that failed, tasks that did not complete, each of them once.
    fn gaps(&self, finished: &Finished) -> Result<(), String> {
        let (mut servers, mut tasks) = (Vec::new(), Vec::new());
        for gap in &finished.not_consulted {
            match (&gap.server, gap.index) {
                (Some(server), None) => servers.push(server.clone()),
                (None, Some(index)) => tasks.push(index),
                _ => return Err("notConsulted names either a server or a task".to_owned()),
            }
            require(!gap.reason.trim().is_empty(), "a gap without a reason")?;
        }
        let mut failed = self.failed_servers.clone();
        failed.sort();
        servers.sort();
        require(servers == failed, "notConsulted names other servers than those that failed")?;
        let open = self.tasks.iter().filter(|(_, task)| task.is_a_gap()).map(|(index, _)| *index);
        tasks.sort_unstable();
        require(tasks.into_iter().eq(open), "notConsulted names other tasks than those left open")
    }

    /// What holds at the end of every run.
    fn ended(&self) -> Result<(), String> {
        require(self.tasks.is_empty() || self.tasks_finished, "tasks but no tasksFinished")?;
        let known = |index: &usize| self.tasks.contains_key(index);
        let dependencies = self.tasks.values().flat_map(TaskLog::depends_on);
        require(dependencies.copied().all(|index| known(&index)), "dependsOn names no task")
    }
}

/// The tasks' part of the grammar says things the same way.
pub(crate) fn require(met: bool, words: &str) -> Result<(), String> {
    if met { Ok(()) } else { Err(words.to_owned()) }
}

/// What happened is said; what to do stands at its end, unless that was cut off.
pub(crate) fn told(message: &str, todo: Option<&str>) -> Result<(), String> {
    require(!message.trim().is_empty(), "no reason")?;
    let at_its_end = |todo: &str| message.ends_with(&format!("; {todo}"));
    let is_cut = message.len() + 64 > LONGEST;
    require(is_cut || todo.is_none_or(at_its_end), "what to do is not the end of what is told")
}

/// Durations are numbers that a clock can show.
pub(crate) fn milliseconds(durations: &[f64]) -> Result<(), String> {
    let fine = durations.iter().all(|ms| ms.is_finite() && *ms >= 0.0);
    require(fine, &format!("no duration: {durations:?}"))
}

fn name(kind: &EventKind) -> String {
    let json = serde_json::to_value(kind).unwrap_or_default();
    json.get("type").and_then(|name| name.as_str()).unwrap_or("?").to_owned()
}
