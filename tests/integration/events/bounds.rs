//! However much a server or a model writes, an event stays small, says so, and the history has all.

use serde_json::{Value, json};
use trawl_core::event::{Event, EventKind, LONGEST};
use trawl_core::history::{ExportFormat, History, Kept, Recorder};
use trawl_core::request::Approval;
use trawl_tests::fake_mcp::{Fake, Options};
use trawl_tests::stage::{Stage, task};
use uuid::Uuid;

use crate::events::golden::golden;

/// Fields that hold what a server or a model wrote.
const TEXTS: [&str; 4] = ["message", "reason", "note", "description"];

/// Calls `each` with every text and every arguments of an event.
fn visit(value: &mut Value, each: &mut impl FnMut(&mut Value)) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                let is_text = TEXTS.contains(&name.as_str()) && field.is_string();
                if is_text || (name == "arguments" && field.is_object()) {
                    each(field);
                } else {
                    visit(field, each);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| visit(item, each)),
        _ => {}
    }
}

fn longest(event: &Value) -> usize {
    let mut longest = 0;
    visit(&mut event.clone(), &mut |part| {
        let length = part.as_str().map_or_else(|| part.to_string().len(), str::len);
        longest = longest.max(length);
    });
    longest
}

#[tokio::test]
async fn every_text_and_all_arguments_of_every_event_are_bounded_and_whole_in_the_history() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::open(folder.path()).unwrap();
    let mut changed = 0;
    for (name, events) in golden() {
        let EventKind::Started { question, .. } = &events[0].kind else { panic!("{name}") };
        let recorder = Recorder::start(Some(&history), Uuid::new_v4(), question, None);
        let mut whole = Vec::new();
        for event in &events[1..] {
            let mut event = serde_json::to_value(event).unwrap();
            // There, the reason is one of a few words.
            let is_wait = event["type"] == "taskWaiting";
            let mut lengthen = |part: &mut Value| {
                changed += 1;
                match part {
                    Value::String(text) => text.push_str(&"€".repeat(LONGEST)),
                    other => other["text"] = "\"\n".repeat(LONGEST).into(),
                }
            };
            if !is_wait {
                visit(&mut event, &mut lengthen);
            }
            whole.push(event.clone());
            recorder.emit(serde_json::from_value::<Event>(event).unwrap().kind);
        }
        assert_eq!(recorder.flush().await, Kept::Whole);
        let told: Vec<Value> = recorder.events().iter().map(|event| json!(**event)).collect();
        for event in &told {
            assert!(longest(event) <= LONGEST, "{name}: {} bytes in {event}", longest(event));
        }
        let stored = history.events(recorder.run_id(), None).unwrap();
        assert_eq!(json!(stored), json!(told), "{name}");
        let export = history.export(recorder.run_id(), ExportFormat::Json).unwrap();
        let export: Value = serde_json::from_str(&export).unwrap();
        for (exported, whole) in export["events"].as_array().unwrap()[1..].iter().zip(&whole) {
            let (mut exported, mut whole) = (exported.clone(), whole.clone());
            for place in ["runId", "seq", "atMs"] {
                exported[place] = Value::Null;
                whole[place] = Value::Null;
            }
            assert_eq!(exported, whole, "{name}");
        }
    }
    assert!(changed > 30, "{changed} texts were made long");
}

#[tokio::test]
async fn a_whole_result_as_an_argument_and_long_progress_are_cut_where_they_are_told() {
    const LONG: usize = 1 << 20;
    let fake = Fake::new(Options::default());
    let folder = tempfile::tempdir().unwrap();
    let history = History::open(folder.path()).unwrap();
    let stage = Stage { approval: Approval::Ask, history: Some(history), ..Stage::default() };
    let stage = stage.with("fake", json!({}), fake.connect());
    let mut playing = stage.play().await;
    playing.plan(task(1, "huge", json!({"bytes": LONG})));
    let mut copy = task(2, "write", json!({"text": "${t1}"}));
    copy.depends_on = vec!["t1".to_owned()];
    playing.plan(copy);
    playing.until(|kind| matches!(kind, EventKind::ApprovalRequested { .. })).await;
    playing.control.resolve(&[1], &[]);
    let played = playing.ended().await;
    let cut = |arguments: &Value| {
        let text = arguments["text"].as_str().unwrap();
        assert!(text.len() <= LONGEST && text.contains("cut here"), "{} bytes", text.len());
    };
    let mut seen = 0;
    for event in &played.events {
        match &event.kind {
            EventKind::ApprovalRequested { arguments, .. } => cut(&arguments[0].arguments),
            EventKind::TaskStarted { index: 1, arguments: Some(arguments), .. } => cut(arguments),
            _ => continue,
        }
        seen += 1;
    }
    assert_eq!(seen, 2);
    // What was sent is whole, of course.
    assert_eq!(played.text(1).len(), LONG);
}
