//! The golden copy of every event type, and the checker of the grammar itself.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use trawl_core::event::{Event, EventKind, Finished, NotConsulted, TaskStatus};
use trawl_tests::grammar;

const GOLDEN: &str = include_str!("../../fixtures/events.json");

pub(crate) fn golden() -> Vec<(String, Vec<Event>)> {
    let streams: Vec<Value> = serde_json::from_str(GOLDEN).unwrap();
    let stream = |stream: &Value| {
        let name = stream["name"].as_str().unwrap().to_owned();
        let events = stream["events"].as_array().unwrap().iter();
        (name, events.map(|event| serde_json::from_value(event.clone()).unwrap()).collect())
    };
    streams.iter().map(stream).collect()
}

#[test]
fn every_golden_stream_keeps_the_grammar() {
    for (name, events) in golden() {
        grammar::check(&events).unwrap_or_else(|offence| panic!("{name}: {offence}"));
    }
}

#[test]
fn golden_events_are_read_and_written_without_a_change() {
    let streams: Vec<Value> = serde_json::from_str(GOLDEN).unwrap();
    for (stream, (_, events)) in streams.iter().zip(golden()) {
        assert_eq!(stream["events"], serde_json::to_value(events).unwrap());
    }
}

#[test]
fn the_golden_copy_has_every_type_of_event() {
    let streams: Vec<Value> = serde_json::from_str(GOLDEN).unwrap();
    let events = streams.iter().flat_map(|stream| stream["events"].as_array().unwrap());
    let types: BTreeSet<&str> = events.map(|event| event["type"].as_str().unwrap()).collect();
    // One line a variant, so that a new one does not compile until it is here.
    let all = |kind: &EventKind| match kind {
        EventKind::Started { .. }
        | EventKind::ServerReady { .. }
        | EventKind::ServerFailed { .. }
        | EventKind::ToolsDiscovered { .. }
        | EventKind::PlanStarted { .. }
        | EventKind::TaskPlanned { .. }
        | EventKind::Planned { .. }
        | EventKind::ApprovalRequested { .. }
        | EventKind::ApprovalResolved { .. }
        | EventKind::TaskWaiting { .. }
        | EventKind::TaskStarted { .. }
        | EventKind::TaskProgress { .. }
        | EventKind::TaskRetrying { .. }
        | EventKind::TaskFinished { .. }
        | EventKind::TasksFinished { .. }
        | EventKind::AnswerDelta { .. }
        | EventKind::Finished(_)
        | EventKind::Failed { .. }
        | EventKind::Cancelled {} => 19,
    };
    assert_eq!(types.len(), all(&EventKind::Cancelled {}), "{types:?}");
}

#[test]
fn a_stream_with_an_event_missing_twice_or_elsewhere_is_refused() {
    let renumbered = |mut events: Vec<Event>| {
        let mut at_ms = 0.0_f64;
        for (seq, event) in events.iter_mut().enumerate() {
            event.seq = seq as u64;
            at_ms = at_ms.max(event.at_ms);
            event.at_ms = at_ms;
        }
        events
    };
    // Without these the stream is a different one, but not a wrong one.
    let optional = |kind: &EventKind| {
        matches!(
            kind,
            EventKind::ServerReady { .. }
                | EventKind::ServerFailed { .. }
                | EventKind::TaskWaiting { .. }
                | EventKind::TaskProgress { .. }
                | EventKind::AnswerDelta { .. }
                | EventKind::ApprovalResolved { .. }
        )
    };
    let (_, events) = golden().remove(1);
    for position in 0..events.len() {
        let mut without = events.clone();
        let removed = without.remove(position).kind;
        if !optional(&removed) && !matches!(removed, EventKind::Planned { .. }) {
            assert!(grammar::check(&renumbered(without)).is_err(), "without {removed:?}");
        }
        let mut twice = events.clone();
        twice.insert(position, events[position].clone());
        if !optional(&events[position].kind) || position < 4 {
            assert!(grammar::check(&renumbered(twice)).is_err(), "twice {:?}", events[position]);
        }
        let mut late = events.clone();
        let moved = late.remove(position);
        late.insert(late.len() - 1, moved);
        let about_servers_or_answer = matches!(
            events[position].kind,
            EventKind::ServerReady { .. }
                | EventKind::ServerFailed { .. }
                | EventKind::AnswerDelta { .. }
        );
        if !about_servers_or_answer && position + 1 < events.len() {
            assert!(grammar::check(&renumbered(late)).is_err(), "late {:?}", events[position]);
        }
    }
    let mut gap = events.clone();
    gap.remove(2);
    assert!(grammar::check(&gap).is_err());
    let mut back = events;
    back[5].at_ms = 0.0;
    assert!(grammar::check(&back).is_err());
}

/// The whole stream of three tasks that all completed, after `edit`.
fn edited(edit: impl FnOnce(&mut Vec<Event>)) -> Result<(), String> {
    let (_, mut events) = golden().remove(0);
    edit(&mut events);
    for (seq, event) in events.iter_mut().enumerate() {
        event.seq = seq as u64;
    }
    grammar::check(&events)
}

fn end(events: &mut [Event]) -> &mut Finished {
    match &mut events.last_mut().unwrap().kind {
        EventKind::Finished(finished) => finished,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_answer_that_is_whole_needs_a_whole_plan() {
    let without_planned = |events: &mut Vec<Event>| {
        events.retain(|event| !matches!(event.kind, EventKind::Planned { .. }));
    };
    assert_eq!(edited(|_| ()), Ok(()));
    assert!(edited(without_planned).is_err());
    // Where planning was stopped there is none.
    let stopped = edited(|events| {
        without_planned(events);
        end(events).partial = true;
    });
    assert_eq!(stopped, Ok(()));
}

/// What is done to a stream of events before it is checked.
type Edit<'a> = &'a dyn Fn(&mut Vec<Event>);

#[test]
fn an_answer_cites_what_completed_and_names_all_that_did_not() {
    let fail_the_third = |events: &mut Vec<Event>| {
        for event in events {
            match &mut event.kind {
                EventKind::TaskFinished { index: 2, status, error, .. } => {
                    *status = TaskStatus::Failed;
                    let failure = json!({"code": "tool_error", "message": "no"});
                    *error = Some(serde_json::from_value(failure).unwrap());
                }
                EventKind::TasksFinished { completed, failed, .. } => {
                    (*completed, *failed) = (2, 1);
                }
                _ => {}
            }
        }
    };
    let named = |events: &mut Vec<Event>| {
        let (server, reason) = (None, "no".to_owned());
        end(events).not_consulted = vec![NotConsulted { server, index: Some(2), reason }];
        end(events).partial = true;
    };
    let uncited = |events: &mut Vec<Event>| end(events).citations.retain(|cited| cited.index != 2);
    let check = |expect: bool, edits: &[Edit<'_>]| {
        let checked = edited(|events| edits.iter().for_each(|edit| edit(events)));
        assert_eq!(checked.is_ok(), expect, "{checked:?}");
    };
    check(true, &[&fail_the_third, &named, &uncited]);
    check(false, &[&fail_the_third, &named]);
    check(false, &[&fail_the_third, &uncited]);
    check(false, &[&named, &uncited]);
}
