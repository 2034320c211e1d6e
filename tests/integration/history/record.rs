//! What a recorder is told is what the history gives back: events, results, states, documents.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use proptest::prelude::*;
use serde_json::{Value, json};
use trawl_core::event::{Event, EventKind, Failure, RunId};
use trawl_core::history::{
    ExportFormat, History, HistoryError, Kept, ListQuery, Recorder, RunState,
};
use uuid::Uuid;

use crate::events::golden::golden;

/// Plays a stream's events (all but `started`, which the recorder writes) as a run of their own.
async fn play(history: &History, events: &[Event], results: &[(usize, String)]) -> Recorder {
    let EventKind::Started { question, continues, .. } = &events[0].kind else {
        panic!("{events:?}")
    };
    let recorder = Recorder::start(Some(history), Uuid::new_v4(), question, *continues);
    for (index, result) in results {
        recorder.keep_result(*index, result);
    }
    for event in &events[1..] {
        recorder.emit(event.kind.clone());
    }
    recorder.flush().await;
    recorder
}

fn told(recorder: &Recorder) -> Vec<Event> {
    recorder.events().iter().map(|event| Event::clone(event)).collect()
}

#[tokio::test]
async fn every_golden_run_reads_back_as_it_happened() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::open(folder.path()).unwrap();
    for (name, events) in golden() {
        let recorder = play(&history, &events, &[]).await;
        let stored = history.events(recorder.run_id(), None).unwrap();
        assert_eq!(stored, told(&recorder), "{name}");
        let kinds =
            |events: &[Event]| events[1..].iter().map(|e| e.kind.clone()).collect::<Vec<_>>();
        assert_eq!(kinds(&stored), kinds(&events), "{name}");
        trawl_tests::grammar::check(&stored).unwrap();
        let rest = history.events(recorder.run_id(), Some(2)).unwrap();
        assert_eq!(rest, stored[stored.len().min(3)..], "{name}");
    }
}

#[tokio::test]
async fn state_tasks_and_answer_stand_beside_the_events() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::open(folder.path()).unwrap();
    let mut states = Vec::new();
    for (_, events) in golden() {
        let recorder = play(&history, &events, &[]).await;
        let run = history.run(recorder.run_id()).unwrap().unwrap();
        states.push(run.listed.state);
        assert_eq!(run.listed.task_count, run.tasks.len());
        match &events.last().unwrap().kind {
            EventKind::Finished(finished) => {
                assert_eq!(run.answer.as_ref(), Some(&finished.answer));
            }
            EventKind::Failed { code, .. } => assert_eq!(&run.failure.unwrap().code, code),
            _ => assert_eq!((run.answer, run.failure), (None, None)),
        }
        for event in &events {
            let EventKind::TaskFinished { index, status, error, attempts, .. } = &event.kind else {
                continue;
            };
            let task = &run.tasks[*index];
            assert_eq!(json!(task.status), json!(status));
            // What is to be done is the event's alone; it stands in the message, too.
            let error = error.clone().map(|error| Failure { todo: None, ..error });
            assert_eq!((&task.error, task.attempts), (&error, Some(*attempts)));
        }
    }
    let expect = {
        use RunState::{Cancelled, Failed, Finished, Partial};
        [
            Finished, Partial, Failed, Failed, Failed, Failed, Cancelled, Cancelled, Finished,
            Finished, Partial, Partial, Finished, Partial, Finished, Failed,
        ]
    };
    assert_eq!(states, expect);
}

#[tokio::test]
async fn results_come_back_to_the_byte() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::open(folder.path()).unwrap();
    let odd = "{\"content\":[],  \"n\":12345678901234567890.10,\"é\":\"\\u00e9\"}".to_owned();
    let large = json!({"content": [{"type": "text", "text": "row, ".repeat(400_000)}]}).to_string();
    let (_, events) = golden().remove(0);
    let recorder = play(&history, &events, &[(0, odd.clone()), (1, large.clone())]).await;
    for (index, result) in [(0, Some(odd)), (1, Some(large)), (2, None)] {
        assert_eq!(recorder.result(index), result);
        assert_eq!(history.result(recorder.run_id(), index).unwrap(), result);
    }
}

#[tokio::test]
async fn a_record_without_a_history_is_whole_too() {
    let recorder = Recorder::start(None, Uuid::new_v4(), "q", None);
    recorder.keep_result(0, "{}");
    recorder.emit(EventKind::Cancelled {});
    recorder.emit(EventKind::Cancelled {});
    recorder.flush().await;
    assert_eq!(recorder.events().len(), 2, "nothing comes after the last event");
    assert_eq!(recorder.result(0).as_deref(), Some("{}"));
}

#[tokio::test]
async fn who_follows_late_sees_the_same_as_who_was_there() {
    let recorder = Recorder::start(None, Uuid::new_v4(), "q", None);
    let early = tokio::spawn(recorder.follow(None).collect::<Vec<_>>());
    let emitting = tokio::task::spawn_blocking({
        let recorder = recorder.clone();
        move || {
            for n in 0..1000 {
                recorder.emit(EventKind::AnswerDelta { text: n.to_string() });
            }
            recorder.emit(EventKind::Cancelled {});
        }
    });
    let late: Vec<Arc<Event>> = recorder.follow(Some(9)).collect().await;
    emitting.await.unwrap();
    let early = early.await.unwrap();
    assert_eq!(early.len(), 1002);
    assert_eq!(early[10..], late[..]);
    assert!(early.iter().enumerate().all(|(position, event)| event.seq == position as u64));
    assert!(early.windows(2).all(|pair| pair[0].at_ms <= pair[1].at_ms));
}

#[tokio::test]
async fn a_deleted_run_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::open(folder.path()).unwrap();
    let (_, events) = golden().remove(0);
    let words: Vec<String> =
        (0..200_000).map(|n: u32| format!("{:x}", n.wrapping_mul(2_654_435_761))).collect();
    let filler = words.join(" ");
    let result =
        json!({"content": [{"type": "text", "text": format!("zanzibar {filler}")}]}).to_string();
    let gone = play(&history, &events, &[(0, result)]).await.run_id();
    let kept = play(&history, &events, &[]).await.run_id();
    assert_eq!(history.delete(&[gone, Uuid::new_v4()]).unwrap(), 1);
    assert_eq!(history.run(gone).unwrap(), None);
    assert!(history.events(gone, None).unwrap().is_empty());
    assert_eq!(history.result(gone, 0).unwrap(), None);
    let list = |words: &str| {
        history
            .list(&ListQuery { words: words.to_owned(), thread: None, limit: 10, offset: 0 })
            .unwrap()
    };
    assert_eq!(list("zanzibar").total, 0);
    assert_eq!(list("").runs.iter().map(|run| run.id).collect::<Vec<_>>(), [kept]);
    let database = rusqlite::Connection::open(folder.path().join("history.db")).unwrap();
    let rows = |table: &str| -> i64 {
        let select = format!("SELECT count(*) FROM {table} WHERE run NOT IN (SELECT n FROM runs)");
        database.query_row(&select, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(["tasks", "events", "results"].map(rows), [0, 0, 0]);
    // The space is given back in idle moments.
    let free =
        || -> i64 { database.query_row("PRAGMA freelist_count", [], |row| row.get(0)).unwrap() };
    let began = Instant::now();
    while free() > 0 {
        assert!(began.elapsed() < Duration::from_mins(1), "{} pages stay", free());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let check: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
}

#[tokio::test]
async fn a_run_that_is_deleted_while_it_runs_stays_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::open(folder.path()).unwrap();
    let recorder = Recorder::start(Some(&history), Uuid::new_v4(), "q", None);
    recorder.flush().await;
    assert_eq!(history.delete(&[recorder.run_id()]).unwrap(), 1);
    recorder.keep_result(0, "{}");
    recorder.emit(EventKind::Cancelled {});
    recorder.flush().await;
    assert_eq!(history.run(recorder.run_id()).unwrap(), None);
    assert_eq!(history.list(&ListQuery { limit: 9, ..ListQuery::default() }).unwrap().total, 0);
}

#[tokio::test]
async fn a_run_of_which_something_was_refused_is_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::open(folder.path()).unwrap();
    let begun = || Recorder::start(Some(&history), Uuid::new_v4(), "q", None);
    let (refused, written) = (begun(), begun());
    assert_eq!(refused.flush().await, Kept::Whole);
    // As with a full disk, which no test can have.
    let database = rusqlite::Connection::open(folder.path().join("history.db")).unwrap();
    let full = "CREATE TRIGGER no_space BEFORE INSERT ON results
        BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END";
    database.execute_batch(full).unwrap();
    refused.keep_result(0, "{}");
    for recorder in [&refused, &written] {
        recorder.emit(EventKind::Cancelled {});
    }
    assert_eq!((refused.flush().await, written.flush().await), (Kept::Part, Kept::Whole));
    database.execute_batch("DROP TRIGGER no_space").unwrap();
    assert_eq!(refused.flush().await, Kept::Part, "what is missing stays missing");
    assert_eq!(history.result(refused.run_id(), 0).unwrap(), None);
    assert_eq!(history.events(refused.run_id(), None).unwrap(), told(&refused));
    let nowhere = Recorder::start(None, Uuid::new_v4(), "q", None).flush().await;
    assert_eq!(nowhere, Kept::Nowhere);
}

#[tokio::test]
async fn an_id_is_known_by_its_beginning() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::open(folder.path()).unwrap();
    let ids = ["aaaa1111-0000-4000-8000-000000000000", "aaaa2222-0000-4000-8000-000000000000"];
    for id in ids {
        Recorder::start(Some(&history), id.parse().unwrap(), "q", None).flush().await;
    }
    let first: RunId = ids[0].parse().unwrap();
    for beginning in ["aaaa1", "AAAA1111-", ids[0]] {
        assert_eq!(history.resolve(beginning).unwrap(), first);
    }
    assert!(matches!(history.resolve("aaaa"), Err(HistoryError::NoSuchRun(_))));
    assert!(matches!(history.resolve("bbbb"), Err(HistoryError::NoSuchRun(_))));
    for odd in ["aaa", "", "zzzz", "aa%_", "aaaa*"] {
        assert!(matches!(history.resolve(odd), Err(HistoryError::NotAnId(_))), "{odd}");
    }
}

#[tokio::test]
async fn follow_ups_share_their_thread() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::open(folder.path()).unwrap();
    let mut last = None;
    let mut threads = Vec::new();
    for _ in 0..3 {
        let recorder = Recorder::start(Some(&history), Uuid::new_v4(), "q", last);
        recorder.flush().await;
        last = Some(recorder.run_id());
        threads.push(history.run(recorder.run_id()).unwrap().unwrap().listed.thread);
    }
    assert!(threads.iter().all(|thread| *thread == threads[0]));
}

#[tokio::test]
async fn a_run_becomes_a_document() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::open(folder.path()).unwrap();
    let (_, events) = golden().remove(1);
    let text =
        json!({"content": [{"type": "text", "text": "## A lagoon\n```\nholds\n```"}]}).to_string();
    let precise = r#"{"structuredContent":{"n":1.10,"big":123456789012345678901}}"#.to_owned();
    let run = play(&history, &events, &[(1, text), (0, precise.clone())]).await.run_id();
    let document = history.export(run, ExportFormat::Markdown).unwrap();
    for part in [
        "# Compare what my notes and the stories say about tidal power",
        "- State: partial\n",
        "- Tasks: 3 completed, 3 failed, 1 skipped, 1 cancelled, 1796 ms",
        "Tidal power is predictable decades ahead [1.1], and a lagoon",
        "## Task 2: Search the notes\n",
        "\n````\n## A lagoon\n```\nholds\n```\n````\n",
        "- Reason: because task 3 failed (`dependency_failed`)",
        "\"query\": \"tidal power\"",
    ] {
        assert!(document.contains(part), "{part}\n---\n{document}");
    }
    let record = history.export(run, ExportFormat::Json).unwrap();
    assert!(record.contains(&precise), "a result is not rewritten: {record}");
    let record: Value = serde_json::from_str(&record).unwrap();
    assert_eq!(record["events"].as_array().unwrap().len(), events.len());
    assert_eq!(record["run"]["state"], "partial");
    let unknown = history.export(Uuid::new_v4(), ExportFormat::Json);
    assert!(matches!(unknown, Err(HistoryError::NoSuchRun(_))));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e12..1e12f64).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// The kinds that carry other people's text, numbers and JSON; the rest is in the golden copy.
fn any_kind() -> impl Strategy<Value = EventKind> {
    let text = any::<String>;
    prop_oneof![
        3 => text().prop_map(|text| EventKind::AnswerDelta { text }),
        1 => (text(), text(), prop::option::of(text())).prop_map(
            |(server, message, todo)| EventKind::ServerFailed { server, message, todo }
        ),
        1 => (0..9usize, any_json()).prop_map(|(index, arguments)| EventKind::TaskStarted {
            index,
            attempt: 1,
            arguments: (!arguments.is_null()).then_some(arguments),
        }),
        1 => (0..9usize, -1e9..1e9f64, prop::option::of(text())).prop_map(
            |(index, progress, message)| EventKind::TaskProgress { index, progress, total: None, message }
        ),
        1 => (0..9usize, any::<u64>(), text()).prop_map(
            |(index, result_bytes, preview)| EventKind::completed(index, 0.1, result_bytes >> 1, preview)
        ),
        1 => (text(), any_json()).prop_map(|(id, arguments)| EventKind::TaskPlanned {
            index: 0,
            id,
            server: None,
            tool: "t".into(),
            arguments,
            description: String::new(),
            depends_on: vec![1],
            priority: i64::MIN,
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_events_read_back_as_they_were(kinds in prop::collection::vec(any_kind(), 0..40), ends in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let history = History::open(folder.path()).unwrap();
        let recorder = Recorder::start(Some(&history), Uuid::new_v4(), "q", None);
        for kind in kinds {
            recorder.emit(kind);
        }
        if ends {
            recorder.emit(EventKind::Cancelled {});
        }
        runtime.block_on(recorder.flush());
        let stored = history.events(recorder.run_id(), None).unwrap();
        prop_assert_eq!(stored, told(&recorder));
    }
}
