//! The stories that come with Trawl, written for it; each file holds one field of interest.

use crate::record::{Collection, LoadError, Reader};

macro_rules! files {
    ($($name:literal),* $(,)?) => { &[$(($name, include_str!(concat!("../data/", $name)))),*] };
}

/// Name and content of every file, embedded.
const FILES: &[(&str, &str)] = files![
    "users.jsonl",
    "stories/opensource.jsonl",
    "stories/software.jsonl",
    "stories/security.jsonl",
    "stories/science.jsonl",
    "stories/nature.jsonl",
    "stories/cities.jsonl",
    "stories/transport.jsonl",
    "stories/energy.jsonl",
    "stories/health.jsonl",
    "stories/food.jsonl",
    "stories/sport.jsonl",
    "stories/history.jsonl",
    "stories/books.jsonl",
    "stories/markets.jsonl",
    "comments/opensource.jsonl",
    "comments/software.jsonl",
    "comments/security.jsonl",
    "comments/science.jsonl",
    "comments/nature.jsonl",
    "comments/cities.jsonl",
    "comments/transport.jsonl",
    "comments/energy.jsonl",
    "comments/health.jsonl",
    "comments/food.jsonl",
    "comments/sport.jsonl",
    "comments/history.jsonl",
    "comments/books.jsonl",
    "comments/markets.jsonl",
];

/// Reads them all.
pub(crate) fn collection() -> Result<Collection, LoadError> {
    let mut reader = Reader::default();
    for (name, content) in FILES {
        reader.start_file(name);
        for (number, line) in (1..).zip(content.lines()) {
            reader.line(number, line)?;
        }
    }
    reader.finish()
}
