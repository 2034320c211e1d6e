//! Histories that earlier versions wrote: each run opens, exports and is found as it was then.
//!
//! Today's program may say more than that version's did, but nothing else and nothing less. How the
//! fixtures are made stands beside them; `tests/ui/old-history.test.mjs` replays the same events.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::Value;
use trawl_core::event::RunId;
use trawl_core::history::History;
use trawl_core::history::RunState::{Cancelled, Failed, Finished, Interrupted, Partial};
use trawl_tests::grammar;

use crate::cli::setup::Home;

const OLD: [&str; 1] = ["f72d6d0"];

fn fixture(version: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/histories").join(version)
}

/// What that version printed.
fn printed(version: &str) -> Value {
    let file = std::fs::File::open(fixture(version).join("printed.json.gz")).unwrap();
    let mut json = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut json).unwrap();
    serde_json::from_str(&json).unwrap()
}

/// A person's computer with a copy of that version's history.
fn home(version: &str) -> Home {
    let home = Home::new();
    std::fs::create_dir_all(home.path("")).unwrap();
    std::fs::copy(fixture(version).join("history.db"), home.path("history.db")).unwrap();
    home
}

/// Where `now` lacks something that `then` has: a field may have come, none may have gone or changed.
fn lost(then: &Value, now: &Value, place: &str) -> Option<String> {
    match (then, now) {
        (Value::Object(then), Value::Object(now)) => then.iter().find_map(|(key, value)| {
            lost(value, now.get(key).unwrap_or(&Value::Null), &format!("{place}/{key}"))
        }),
        (Value::Array(then), Value::Array(now)) if then.len() == now.len() => then
            .iter()
            .zip(now)
            .enumerate()
            .find_map(|(n, (then, now))| lost(then, now, &format!("{place}/{n}"))),
        _ => (then != now).then(|| format!("{place} was {then} and is {now}")),
    }
}

/// Whether all lines of `then` stand in `now`, in their order.
fn holds(then: &str, now: &str) -> bool {
    let mut now = now.lines();
    then.lines().all(|line| now.any(|other| other == line))
}

/// What was printed as JSON.
fn json(text: &Value) -> Value {
    serde_json::from_str(text.as_str().unwrap()).unwrap()
}

#[test]
fn every_old_run_is_listed_and_found_as_it_was() {
    for version in OLD {
        let (then, home) = (printed(version), home(version));
        let list = home.json(&["history", "list", "--limit", "99", "--json"]);
        assert_eq!(lost(&json(&then["list"]), &list, version), None);
        for search in then["searches"].as_array().unwrap() {
            let words = search["words"].as_str().unwrap();
            let found = home.trawl(&["history", "search", "--json", "--", words]);
            let found = serde_json::from_str(&found.out).unwrap();
            assert_eq!(lost(&json(&search["found"]), &found, words), None);
        }
    }
}

#[test]
fn every_old_run_is_shown_and_exported_as_it_was() {
    for version in OLD {
        let (then, home) = (printed(version), home(version));
        for run in then["runs"].as_array().unwrap() {
            let shown = json(&run["shown"]);
            let id = shown["id"].as_str().unwrap();
            let shown_now = home.json(&["history", "show", id, "--json"]);
            assert_eq!(lost(&shown, &shown_now, id), None);
            let record = home.json(&["history", "export", id, "--format", "json"]);
            assert_eq!(lost(&json(&run["record"]), &record, id), None);
            let markdown = home.ok(&["history", "export", id, "--format", "md"]);
            let lines = run["markdown"].as_str().unwrap();
            assert!(holds(lines, &markdown), "then:\n{lines}\nnow:\n{markdown}");
        }
    }
}

#[test]
fn every_old_run_opens_with_its_events_and_results() {
    for version in OLD {
        let (then, home) = (printed(version), home(version));
        let history = History::open(&home.path("")).unwrap();
        let mut states = Vec::new();
        for run in then["runs"].as_array().unwrap() {
            let id: RunId = json(&run["shown"])["id"].as_str().unwrap().parse().unwrap();
            let record = history.run(id).unwrap().unwrap();
            let events = history.events(id, None).unwrap();
            if record.listed.state != Interrupted {
                grammar::check(&events).unwrap_or_else(|offence| panic!("{id}: {offence}"));
            }
            for result in json(&run["record"])["results"].as_array().unwrap() {
                let index = usize::try_from(result["index"].as_u64().unwrap()).unwrap();
                let kept = history.result(id, index).unwrap().unwrap();
                assert_eq!(serde_json::from_str::<Value>(&kept).unwrap(), result["result"]);
            }
            states.push(record.listed.state);
        }
        for state in [Cancelled, Failed, Finished, Interrupted, Partial] {
            assert!(states.contains(&state), "{version} has no run that is {state:?}");
        }
    }
}

#[test]
fn what_is_lost_is_noticed() {
    let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let then = json(r#"{"a": [{"b": 1}], "c": null}"#);
    assert_eq!(lost(&then, &json(r#"{"a": [{"b": 1, "new": 2}], "c": null, "d": 1}"#), ""), None);
    for less in [
        r#"{"a": [{"b": 2}], "c": null}"#,
        r#"{"a": [{"new": 1}]}"#,
        r#"{"a": [], "c": null}"#,
        r#"{"a": [{"b": 1}, {"b": 1}], "c": null}"#,
        r#"{"a": [{"b": 1}], "c": 0}"#,
    ] {
        assert!(lost(&then, &json(less), "").is_some(), "{less}");
    }
    assert!(holds("a\nb", "a\nnew\nb") && !holds("a\nb", "b\na") && !holds("a\na", "a"));
}
