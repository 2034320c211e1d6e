//! What the model says of time: who goes first, and how long it may take when work is done at once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use trawl_core::event::{EventKind, WaitReason};

use super::Seen;
use super::case::{Spec, THINKING, TIMEOUT};
use super::coverage::{Coverage, Rule};

/// What a server says that wants fewer calls.
const TOO_MANY: &str = "429 Too Many Requests";

/// Of the tasks that wait for a server, those with a higher priority go first, then the plan's
/// order. Where connections break, tasks leave the queue to connect anew, unseen.
pub(super) fn order(
    seen: &Seen<'_>,
    server: usize,
    coverage: &mut Coverage,
) -> Result<(), TestCaseError> {
    let own = |index: usize| seen.case.tasks[index].server == server;
    let can_be_told = !seen.of(server).any(Spec::drops);
    if seen.had_a_queue(server) {
        coverage.count(Rule::Priorities, seen.case.tasks.len(), can_be_told);
    }
    if !can_be_told {
        return Ok(());
    }
    // Since when a task stands in the queue.
    let mut queue: BTreeMap<usize, f64> = BTreeMap::new();
    let place = |index: usize| (-seen.case.tasks[index].priority, index);
    for event in &seen.played.events {
        match event.kind {
            EventKind::TaskWaiting { index, reason, .. } if own(index) => {
                if matches!(reason, WaitReason::Limit | WaitReason::Rate) {
                    queue.entry(index).or_insert(event.at_ms);
                }
            }
            EventKind::TaskFinished { index, .. } => {
                queue.remove(&index);
            }
            EventKind::TaskStarted { index, .. } if own(index) => {
                queue.remove(&index);
                // Who came at this very moment may have come after the decision.
                let passed = queue
                    .iter()
                    .find(|(other, since)| **since < event.at_ms && place(**other) < place(index));
                prop_assert!(passed.is_none(), "task {index} started before {passed:?}");
            }
            _ => {}
        }
    }
    Ok(())
}

/// While a task waits for its server's limit, the server has as many calls as it may. Told from the
/// events alone, at every moment between two of them. Each "too many" may have halved the limit, and
/// what a rate holds back does not wait for the limit.
pub(super) fn no_rest(
    seen: &Seen<'_>,
    server: usize,
    coverage: &mut Coverage,
) -> Result<(), TestCaseError> {
    let own = |index: usize| seen.case.tasks[index].server == server;
    let entry = &seen.case.servers[server];
    let can_be_told = entry.per_second.is_none() && !seen.of(server).any(Spec::drops);
    if seen.had_a_queue(server) {
        coverage.count(Rule::NoRest, seen.case.tasks.len(), can_be_told);
    }
    if !can_be_told {
        return Ok(());
    }
    let (mut waiting, mut running) = (BTreeSet::new(), BTreeSet::new());
    let mut refusals = 0;
    let mut now = 0.0;
    for event in &seen.played.events {
        if event.at_ms > now {
            let busy = entry.limit.checked_shr(refusals).unwrap_or_default().max(1);
            let rests = !waiting.is_empty() && running.len() < busy;
            prop_assert!(!rests, "{waiting:?} wait at {now} ms, only {running:?} run of {busy}");
            now = event.at_ms;
        }
        match &event.kind {
            EventKind::TaskWaiting { index, reason: WaitReason::Limit, .. } if own(*index) => {
                waiting.insert(*index);
            }
            EventKind::TaskStarted { index, .. } if own(*index) => {
                waiting.remove(index);
                running.insert(*index);
            }
            EventKind::TaskRetrying { index, reason, .. } if own(*index) => {
                running.remove(index);
                refusals += u32::from(reason.contains(TOO_MANY));
            }
            EventKind::TaskFinished { index, error, .. } if own(*index) => {
                waiting.remove(index);
                running.remove(index);
                let refused = error.as_ref().is_some_and(|error| error.message.contains(TOO_MANY));
                refusals += u32::from(refused);
            }
            _ => {}
        }
    }
    Ok(())
}

/// Longest time that a run may take, in milliseconds, if no server that could work ever rests: the
/// longest chain of tasks, and for each server its work divided by what it does at once (Graham's
/// bound for list scheduling).
pub(super) fn bound(seen: &Seen<'_>) -> u64 {
    let tasks = &seen.case.tasks;
    let mut arrivals = Vec::new();
    let mut arrived = 0;
    for spec in tasks {
        arrived += spec.gap;
        arrivals.push(arrived);
    }
    let mut chains = HashMap::new();
    let chain = (0..tasks.len()).map(|index| chain(seen, index, &arrivals, &mut chains)).max();
    let shares: u64 = (0..seen.case.servers.len()).map(|server| share(seen, server)).sum();
    let is_request = |kind: &EventKind| matches!(kind, EventKind::ApprovalRequested { .. });
    let asked = seen.played.events.iter().filter(|event| is_request(&event.kind)).count() as u64;
    chain.unwrap_or_default() + shares + asked * THINKING + 20
}

/// From the run's begin to a task's end, were it alone with those it needs.
fn chain(seen: &Seen<'_>, index: usize, arrivals: &[u64], known: &mut HashMap<usize, u64>) -> u64 {
    if seen.played.executed.tasks[index].attempts == 0 {
        return arrivals[index];
    }
    if let Some(known) = known.get(&index) {
        return *known;
    }
    let needs = seen.case.tasks[index].needs.iter().map(|(other, _)| *other);
    let ready = needs.map(|other| chain(seen, other, arrivals, known)).max().unwrap_or_default();
    let end = ready.max(arrivals[index]) + spent(seen, index);
    known.insert(index, end);
    end
}

/// How long a server's calls take when it does as many at once as it may.
fn share(seen: &Seen<'_>, server: usize) -> u64 {
    let entry = &seen.case.servers[server];
    let own = |index: &usize| seen.case.tasks[*index].server == server;
    let tasks: Vec<usize> = (0..seen.case.tasks.len()).filter(own).collect();
    let work: u64 = tasks.iter().map(|index| spent(seen, *index)).sum();
    let calls: u64 = tasks.iter().map(|i| u64::from(seen.played.executed.tasks[*i].attempts)).sum();
    // One that says "too many" gets fewer calls at once; how many it has is `no_rest`'s.
    let slowed = seen.of(server).any(|spec| spec.has("too_many"));
    let at_once = if slowed { 1 } else { entry.limit as u64 };
    let rate = entry.per_second.map_or(0, |rate| calls * (1000 / u64::from(rate) + 2));
    work / at_once + rate
}

/// At most, over the attempts that were made and the waits between them.
fn spent(seen: &Seen<'_>, index: usize) -> u64 {
    let spec = &seen.case.tasks[index];
    let attempts = seen.played.executed.tasks[index].attempts as usize;
    let call = |attempt| match spec.act(attempt) {
        ("hang" | "drop", _) => TIMEOUT * 1000,
        ("progress", _) => 1100,
        (_, time) => time + 1,
    };
    // Attempts that never reached the server do not use up the script.
    let calls = (0..attempts).map(|attempt| call(attempt).max(call(0)));
    // Stopped while it waits for its second attempt, a task has made one.
    let waited = seen.played.events.iter().any(|event| {
        matches!(event.kind, EventKind::TaskRetrying { index: waiting, .. } if waiting == index)
    });
    calls.sum::<u64>() + if waited { 750 } else { 0 }
}
