//! An answer's pieces in one row: written once a run has ended, read back as the very same events.
//!
//! A model's answer arrives in a thousand pieces of a few bytes; as rows of their own they would take
//! most of the file.

use rusqlite::{Transaction, params};
use serde::{Deserialize, Serialize};

use crate::event::{Event, EventKind, RunId};

/// Consecutive `answerDelta`s. The row has the first one's `seq` and time.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Packed {
    texts: Vec<String>,
    at_ms: Vec<f64>,
}

/// How the JSON of a packed row begins; no event's does.
const MARK: &str = "{\"texts\":";

/// Puts a run's consecutive `answerDelta`s into one row each time.
pub(super) fn pack(change: &Transaction<'_>, run: i64) -> rusqlite::Result<()> {
    let mut statement = change.prepare_cached(
        "SELECT seq, at_ms, json FROM events
         WHERE run = ?1 AND json >= '{\"type\":\"answerDelta\"' AND json < '{\"type\":\"answerDelta#'
         ORDER BY seq",
    )?;
    let mut rows = statement.query([run])?;
    let mut series: Vec<(i64, Packed)> = Vec::new();
    while let Some(row) = rows.next()? {
        let (seq, at_ms): (i64, f64) = (row.get(0)?, row.get(1)?);
        let Ok(EventKind::AnswerDelta { text }) = serde_json::from_str(row.get_ref(2)?.as_str()?)
        else {
            continue;
        };
        match series.last_mut() {
            Some((first, packed)) if *first + length(packed) == seq => {
                packed.texts.push(text);
                packed.at_ms.push(at_ms);
            }
            _ => series.push((seq, Packed { texts: vec![text], at_ms: vec![at_ms] })),
        }
    }
    for (first, packed) in series.iter().filter(|(_, packed)| packed.texts.len() > 1) {
        let json = serde_json::to_string(packed).unwrap_or_default();
        change
            .prepare_cached("DELETE FROM events WHERE run = ?1 AND seq > ?2 AND seq < ?2 + ?3")?
            .execute(params![run, first, length(packed)])?;
        change
            .prepare_cached("UPDATE events SET json = ?3 WHERE run = ?1 AND seq = ?2")?
            .execute(params![run, first, json])?;
    }
    Ok(())
}

/// The events of a row.
pub(super) fn unpack(
    run_id: RunId,
    seq: u64,
    at_ms: f64,
    json: &str,
    events: &mut Vec<Event>,
) -> serde_json::Result<()> {
    if !json.starts_with(MARK) {
        events.push(Event { run_id, seq, at_ms, kind: serde_json::from_str(json)? });
        return Ok(());
    }
    let Packed { texts, at_ms } = serde_json::from_str(json)?;
    for (seq, (text, at_ms)) in (seq..).zip(texts.into_iter().zip(at_ms)) {
        events.push(Event { run_id, seq, at_ms, kind: EventKind::AnswerDelta { text } });
    }
    Ok(())
}

fn length(packed: &Packed) -> i64 {
    i64::try_from(packed.texts.len()).unwrap_or(i64::MAX)
}
