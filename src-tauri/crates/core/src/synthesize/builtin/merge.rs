//! The items of all tasks as one list: equal ones merged, the best of each task first.

use std::collections::HashMap;

use serde_json::Value;

use crate::synthesize::Found;

/// One item and every place where it was found.
#[derive(Debug)]
pub(super) struct Merged<'a> {
    pub(super) item: &'a Value,
    /// Task index and item number (from 1).
    pub(super) cited: Vec<(usize, usize)>,
}

const IDENTITIES: &[&str] = &["id", "url", "uri", "link", "path", "key"];

/// Takes the first item of each task, then the second of each, and so on. Items found by several
/// tasks come before items found by one.
pub(super) fn merge<'a>(found: &[&'a Found]) -> Vec<Merged<'a>> {
    let lists: Vec<&[Value]> = found.iter().map(|task| task.evidence.items()).collect();
    let longest = lists.iter().map(|items| items.len()).max().unwrap_or(0);
    let mut merged: Vec<Merged<'_>> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for rank in 0..longest {
        for (task, items) in found.iter().zip(&lists) {
            let Some(item) = items.get(rank) else { continue };
            let place = *places.entry(identity(task, item)).or_insert(merged.len());
            if place == merged.len() {
                merged.push(Merged { item, cited: Vec::new() });
            }
            merged[place].cited.push((task.index, rank + 1));
        }
    }
    for entry in &mut merged {
        entry.cited.sort_unstable();
        entry.cited.dedup_by_key(|(task, _)| *task);
    }
    merged.sort_by_key(|entry| std::cmp::Reverse(entry.cited.len()));
    merged
}

/// Equal identifiers mean equal things only on one server and among items of one shape.
fn identity(task: &Found, item: &Value) -> String {
    let named = IDENTITIES.iter().find_map(|key| Some((*key, item.get(*key)?)));
    match named {
        Some((key, value)) => {
            let title = item.get("title").or_else(|| item.get("name")).unwrap_or(&Value::Null);
            format!("{}\u{0}{key}\u{0}{value}\u{0}{title}", task.server)
        }
        None => format!("{}\u{0}{item}", task.server),
    }
}
