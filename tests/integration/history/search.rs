//! Finding a past run again by words of its question, its answer or its results.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::json;
use trawl_core::event::{EventKind, Finished, RunId};
use trawl_core::history::{FoundIn, History, ListQuery, Recorder, RunList};
use uuid::Uuid;

async fn asked(history: &History, question: &str, answer: &str, result: &str) -> RunId {
    let recorder = Recorder::start(Some(history), Uuid::new_v4(), question, None);
    let json = json!({"content": [{"type": "text", "text": result}]}).to_string();
    recorder.keep_result(0, &json);
    let finished = Finished { answer: answer.to_owned(), ..Finished::default() };
    recorder.emit(EventKind::Finished(Box::new(finished)));
    recorder.flush().await;
    recorder.run_id()
}

fn found(history: &History, words: &str) -> RunList {
    history
        .list(&ListQuery { words: words.to_owned(), thread: None, limit: 20, offset: 0 })
        .unwrap()
}

fn ids(list: &RunList) -> Vec<RunId> {
    list.runs.iter().map(|run| run.id).collect()
}

#[tokio::test]
async fn words_are_found_wherever_they_stand_in_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::open(folder.path()).unwrap();
    let first = asked(&history, "Night trains?", "There are **twelve**.", "Vienna to Rome").await;
    let second = asked(&history, "Is c++ old?", "It's from 1985, says Bjarne.", "naïve café").await;
    let check = |words: &str, expect: &[RunId]| {
        assert_eq!(ids(&found(&history, words)), expect, "{words:?}");
    };
    check("trains", &[first]);
    check("NIGHT", &[first]);
    check("twelve", &[first]);
    check("vienna", &[first]);
    // Every word, but not all of them in the same place; the last one may be a beginning.
    check("night rome", &[first]);
    check("night cafe", &[]);
    check("bjar", &[second]);
    check("bjar ", &[]);
    check("c++", &[second]);
    check("c+", &[second]);
    check("is c", &[second]);
    check("it's", &[second]);
    check("naive", &[second]);
    check("\"from 1985", &[second]);
    check("NOT", &[]);
    check("+", &[]);
    check("", &[second, first]);
    check("  ", &[second, first]);
}

#[tokio::test]
async fn the_question_counts_most_and_matches_are_marked() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::open(folder.path()).unwrap();
    let in_result =
        asked(&history, "Anything?", "Yes.", "a lagoon in a long text about harbours").await;
    let in_question = asked(&history, "What is a lagoon?", "Water.", "none").await;
    let in_answer = asked(&history, "Which water?", "The lagoon, of course.", "none").await;
    let list = found(&history, "lagoon");
    assert_eq!(ids(&list), [in_question, in_answer, in_result]);
    assert_eq!(list.total, 3);
    let places: Vec<_> = list.runs.iter().filter_map(|run| run.found_in).collect();
    assert_eq!(places, [FoundIn::Question, FoundIn::Answer, FoundIn::Results]);
    for run in &list.runs {
        let snippet = run.snippet.as_deref().unwrap();
        assert!(snippet.contains("\u{1}lagoon\u{2}"), "{snippet:?}");
    }
    let page = ListQuery { words: "lagoon".into(), thread: None, limit: 1, offset: 1 };
    let page = history.list(&page).unwrap();
    assert_eq!((ids(&page), page.total), (vec![in_answer], 3));
}

#[tokio::test]
async fn a_thread_is_listed_from_any_of_its_runs() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::open(folder.path()).unwrap();
    let ask = async |question: &str, continues: Option<RunId>| {
        let recorder = Recorder::start(Some(&history), Uuid::new_v4(), question, continues);
        recorder.emit(EventKind::Cancelled {});
        recorder.flush().await;
        recorder.run_id()
    };
    let first = ask("Which lagoons?", None).await;
    let other = ask("Which night trains?", None).await;
    let second = ask("How deep are they?", Some(first)).await;
    let third = ask("And how old?", Some(second)).await;
    let thread = |run: RunId, limit: usize| {
        let list =
            history.list(&ListQuery { thread: Some(run), limit, ..ListQuery::default() }).unwrap();
        (ids(&list), list.total)
    };
    for run in [first, second, third] {
        assert_eq!(thread(run, 9), (vec![third, second, first], 3));
    }
    assert_eq!(thread(first, 1), (vec![third], 3));
    assert_eq!(thread(other, 9), (vec![other], 1));
    assert_eq!(thread(Uuid::new_v4(), 9), (vec![], 0));
    // The thread stays one where its first run is gone.
    history.delete(&[first]).unwrap();
    assert_eq!(thread(third, 9), (vec![third, second], 2));
}

#[tokio::test]
async fn the_question_is_found_while_the_run_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::open(folder.path()).unwrap();
    let recorder = Recorder::start(Some(&history), Uuid::new_v4(), "Still harvesting", None);
    recorder.flush().await;
    assert_eq!(ids(&found(&history, "harvest")), [recorder.run_id()]);
}

/// The file as it is after years, filled without the recorder's thread for the test's sake.
fn large(folder: &std::path::Path, runs: u32) {
    drop(History::open(folder).unwrap());
    let mut database = rusqlite::Connection::open(folder.join("history.db")).unwrap();
    let change = database.transaction().unwrap();
    let subjects = ["tides", "trains", "bridges", "markets", "harbours", "forests", "bees"];
    for n in 0..runs {
        let subject = subjects[n as usize % subjects.len()];
        let question = format!("What is new about {subject} in district {}?", n % 997);
        let answer = format!("**{n}** results about {subject}, best of them number {}.", n / 3);
        change
            .prepare_cached(
                "INSERT INTO runs (id, thread, question, state, answer, started_at, ended_at, owner)
                 VALUES (?1, ?1, ?2, 'finished', ?3, '2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z', 'x')",
            )
            .unwrap()
            .execute((Uuid::new_v4().to_string(), &question, &answer))
            .unwrap();
        let row = change.last_insert_rowid();
        change
            .prepare_cached(
                "INSERT INTO found (rowid, question, answer, results) VALUES (?1, ?2, ?3, '')",
            )
            .unwrap()
            .execute((row, &question, &answer))
            .unwrap();
        for task in 0..3 {
            change
                .prepare_cached(
                    "INSERT INTO tasks (run, task_index, id, tool, arguments, description, status)
                     VALUES (?1, ?2, 't', 'search', '{}', '', 'completed')",
                )
                .unwrap()
                .execute((row, task))
                .unwrap();
        }
    }
    change.commit().unwrap();
}

#[test]
fn a_hundred_thousand_runs_are_listed_and_searched_at_once() {
    let folder = tempfile::tempdir().unwrap();
    large(folder.path(), 100_000);
    let history = History::open(folder.path()).unwrap();
    let timed = |words: &str, offset: usize| {
        let query = ListQuery { words: words.to_owned(), thread: None, limit: 50, offset };
        let began = Instant::now();
        let list = history.list(&query).unwrap();
        (list, began.elapsed())
    };
    // Warm first: what is measured is the query, not the disk.
    timed("", 0);
    for (words, offset, total) in [
        ("", 0, 100_000),
        ("", 50_000, 100_000),
        ("bees district", 0, 14_285),
        ("tid", 0, 14_286),
        ("new about", 0, 100_000),
    ] {
        let (list, took) = timed(words, offset);
        println!("{words:?} from {offset}: {took:?}");
        assert_eq!(list.total, total, "{words:?}");
        assert_eq!(list.runs.len(), 50);
        // Generous, since machines are busy; a scan of all results would be far above.
        assert!(took < Duration::from_secs(2), "{words:?} took {took:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_words_can_be_searched(words in any::<String>()) {
        thread_local! {
            static HISTORY: (tempfile::TempDir, History) = {
                let folder = tempfile::tempdir().unwrap();
                let history = History::open(folder.path()).unwrap();
                (folder, history)
            };
        }
        HISTORY.with(|(_, history)| {
            let query = ListQuery { words, thread: None, limit: 5, offset: 0 };
            prop_assert!(history.list(&query).is_ok());
            Ok(())
        })?;
    }
}
