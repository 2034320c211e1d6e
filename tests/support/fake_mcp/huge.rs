//! Results of many megabytes, written by hand: as a JSON value, one would be copied several times.

use std::fmt::Write as _;

use crate::bench::noise;

/// The text of an item in a list.
const ITEM: usize = 160;

/// A result of about so many bytes: one text, or a list of items. With a seed it is noise, else all
/// one letter.
pub(super) fn result(bytes: usize, structured: bool, seed: Option<u64>) -> String {
    if !structured {
        let text = filling(bytes, seed);
        return format!(r#"{{"content":[{{"type":"text","text":"{text}"}}]}}"#);
    }
    let mut result = String::with_capacity(bytes + 1024);
    result.push_str(r#"{"content":[],"structuredContent":{"results":["#);
    for id in 0_u64.. {
        let (comma, text) = (if id == 0 { "" } else { "," }, filling(ITEM, seed.map(|s| s + id)));
        // Writing to a string does not fail.
        let _ = write!(result, r#"{comma}{{"id":{id},"title":"Item {id}","text":"{text}"}}"#);
        if result.len() >= bytes {
            break;
        }
    }
    result.push_str("]}}");
    result
}

fn filling(bytes: usize, seed: Option<u64>) -> String {
    match seed {
        Some(seed) => noise(seed).take(bytes).collect(),
        None => "x".repeat(bytes),
    }
}
