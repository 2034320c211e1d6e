//! The gate before one server: who may call it now, who is next.
//!
//! Comes in: calls with their priority and place in their plan. Goes out: a [`Permit`] each, higher
//! priorities first, then plan order (which also lets a new run's first tasks in between a long
//! run's later ones). A server that says "too many requests" gets half as many calls at once, then
//! step by step more again. All state is under one mutex that is held for no await and for a few
//! instructions, each method one critical section: there is no order of operations to get wrong.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::settings::ServerEntry;

use super::rate::Rate;

/// A server that has not refused for so long gets its whole limit again.
const FORGIVEN_AFTER: Duration = Duration::from_mins(1);

/// Longest time for which one refusal holds back the calls of everybody.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// One server's gate.
pub(super) struct Gate {
    server: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// From the settings.
    configured: usize,
    slowed: Option<Slowed>,
    /// Counts the halvings, so that one burst of refusals halves once.
    round: u64,
    in_flight: usize,
    waiting: BTreeMap<Place, Arc<Notify>>,
    /// Let in, but not yet aware of it.
    granted: HashSet<Place>,
    arrivals: u64,
    rate: Option<Rate>,
    /// The server asked to be left alone until then.
    pause: Option<Instant>,
    /// Who looks again, and when: the first in the queue while the rate holds it back.
    alarm: Option<(Place, Instant)>,
}

/// A limit below the configured one.
struct Slowed {
    limit: usize,
    /// Good answers since the last change.
    good: usize,
    refused_at: Instant,
}

/// A place in the queue; smaller goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Place {
    priority: Reverse<i64>,
    index: usize,
    arrival: u64,
}

enum Held {
    Limit,
    Until(Instant),
}

impl Gate {
    pub(super) fn new(server: &str) -> Self {
        Self { server: server.to_owned(), state: Mutex::default() }
    }

    /// Takes over the limits of an entry.
    pub(super) fn configure(&self, entry: &ServerEntry) {
        let mut state = self.state();
        state.configured = entry.max_concurrent.max(1);
        if !state.rate.as_ref().is_some_and(|rate| rate.is(entry.requests_per_second)) {
            state.rate = entry.requests_per_second.and_then(Rate::new);
        }
        state.pump();
    }

    /// Takes a place in the queue, at once.
    pub(super) fn enter(self: &Arc<Self>, priority: i64, index: usize) -> Ticket {
        let mut state = self.state();
        state.arrivals += 1;
        let place = Place { priority: Reverse(priority), index, arrival: state.arrivals };
        let woken = Arc::new(Notify::new());
        state.waiting.insert(place, woken.clone());
        state.pump();
        Ticket { gate: self.clone(), place, woken }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn limit(&self) -> usize {
        self.slowed.as_ref().map_or(self.configured, |slowed| slowed.limit.min(self.configured))
    }

    /// Lets in whoever may go now.
    fn pump(&mut self) {
        let alarm = self.alarm.take();
        while let Some((&place, _)) = self.waiting.first_key_value() {
            match self.admit() {
                Ok(()) => {
                    if let Some(woken) = self.waiting.remove(&place) {
                        self.granted.insert(place);
                        woken.notify_one();
                    }
                }
                Err(Held::Limit) => break,
                Err(Held::Until(when)) => {
                    self.alarm = Some((place, when));
                    if alarm != self.alarm
                        && let Some(woken) = self.waiting.get(&place)
                    {
                        woken.notify_one();
                    }
                    break;
                }
            }
        }
    }

    fn admit(&mut self) -> Result<(), Held> {
        if self.in_flight >= self.limit() && !self.forgive() {
            return Err(Held::Limit);
        }
        if let Some(until) = self.pause {
            if until > Instant::now() {
                return Err(Held::Until(until));
            }
            self.pause = None;
        }
        if let Some(rate) = &self.rate {
            rate.pass().map_err(Held::Until)?;
        }
        self.in_flight += 1;
        Ok(())
    }

    /// Whether a place is free since the server's last refusal is long ago.
    fn forgive(&mut self) -> bool {
        let long_ago = |slowed: &Slowed| slowed.refused_at.elapsed() >= FORGIVEN_AFTER;
        if self.slowed.as_ref().is_some_and(long_ago) {
            self.slowed = None;
        }
        self.in_flight < self.limit()
    }

    fn leave(&mut self) {
        self.in_flight -= 1;
        self.pump();
    }
}

/// A place in a gate's queue, given up when dropped.
pub(super) struct Ticket {
    gate: Arc<Gate>,
    place: Place,
    woken: Arc<Notify>,
}

enum Seen {
    Granted(Permit),
    Held { by: HeldBy, alarm: Option<Instant> },
}

/// What a call waits for, as far as people can see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HeldBy {
    /// Its server takes no more than so many calls at once at present.
    Limit(usize),
    /// Its server's calls per second.
    Rate,
    /// Its server asked to be left alone until then.
    Pause(Instant),
}

impl Ticket {
    /// Waits to be let in; `told` hears what it waits for, whenever that changes.
    pub(super) async fn admitted(self, mut told: impl FnMut(HeldBy)) -> Permit {
        let mut said = None;
        loop {
            let alarm = match self.look() {
                Seen::Granted(permit) => return permit,
                Seen::Held { by, alarm } => {
                    if said.replace(by) != Some(by) {
                        told(by);
                    }
                    alarm
                }
            };
            match alarm {
                None => self.woken.notified().await,
                Some(when) => tokio::select! {
                    () = self.woken.notified() => {}
                    () = sleep_until(when) => self.gate.state().pump(),
                },
            }
        }
    }

    fn look(&self) -> Seen {
        let mut state = self.gate.state();
        if state.granted.remove(&self.place) {
            return Seen::Granted(Permit { gate: self.gate.clone(), round: state.round });
        }
        let limit = state.limit();
        let by = match state.pause.filter(|until| *until > Instant::now()) {
            _ if state.in_flight >= limit => HeldBy::Limit(limit),
            Some(until) => HeldBy::Pause(until),
            None => HeldBy::Rate,
        };
        let alarm = state.alarm.filter(|(place, _)| *place == self.place).map(|(_, when)| when);
        Seen::Held { by, alarm }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut state = self.gate.state();
        if state.waiting.remove(&self.place).is_some() {
            // If the alarm was its own, the next one in the queue takes it over.
            if state.alarm.is_some_and(|(place, _)| place == self.place) {
                state.pump();
            }
        } else if state.granted.remove(&self.place) {
            state.leave();
        }
    }
}

/// The right to have one call in flight, given back when dropped.
pub(super) struct Permit {
    gate: Arc<Gate>,
    round: u64,
}

impl Permit {
    /// The server said "too many requests": half as many calls at once, none before `retry_after`.
    /// Says so, unless other calls of the same burst already had this effect, or it gets one at a
    /// time anyway.
    pub(super) fn refused(&self, retry_after: Option<Duration>) -> Option<String> {
        let mut state = self.gate.state();
        let now = Instant::now();
        if let Some(until) = retry_after.and_then(|after| now.checked_add(after.min(LONGEST_PAUSE)))
        {
            state.pause = Some(state.pause.map_or(until, |pause| pause.max(until)));
        }
        if let Some(slowed) = &mut state.slowed {
            slowed.refused_at = now;
            slowed.good = 0;
        }
        if self.round != state.round {
            return None;
        }
        state.round += 1;
        let before = state.limit();
        let limit = (before / 2).max(1);
        state.slowed = Some(Slowed { limit, good: 0, refused_at: now });
        tracing::warn!(
            server = self.gate.server,
            limit,
            before,
            "a server refused a call as one too many"
        );
        let calls = if limit == 1 { "call" } else { "calls" };
        (limit < before).then(|| {
            format!(
                "server \"{}\" now gets {limit} {calls} at once instead of {before}, \
                 and step by step more again",
                self.gate.server
            )
        })
    }

    /// The server answered: after as many good answers as it gets calls at once, it gets one more.
    pub(super) fn answered(&self) {
        let mut state = self.gate.state();
        let configured = state.configured;
        let Some(slowed) = &mut state.slowed else { return };
        slowed.good += 1;
        if slowed.good < slowed.limit {
            return;
        }
        slowed.good = 0;
        slowed.limit += 1;
        tracing::info!(
            server = self.gate.server,
            limit = slowed.limit,
            "a server gets more calls at once again"
        );
        if slowed.limit >= configured {
            state.slowed = None;
        }
        state.pump();
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.gate.state().leave();
    }
}
