//! Which tools a model is told of when not all of them fit into its prompt.
//!
//! Comes in: every tool as a line of the prompt, the question and a budget. Goes out: the lines that
//! fit, the most relevant ones to the question, in the catalog's order. Relevance is SQLite's full
//! text search over names and descriptions, in memory.

use rusqlite::{Connection, params};

/// Tools that a model can still choose among with care.
const MOST_TOOLS: usize = 100;

/// Places of the lines that are told, in their order; all of them where they fit.
pub(super) fn shortlist(lines: &[String], question: &str, most_bytes: usize) -> Vec<usize> {
    let size: usize = lines.iter().map(|line| line.len() + 1).sum();
    if size <= most_bytes && lines.len() <= MOST_TOOLS {
        return (0..lines.len()).collect();
    }
    let mut order = relevant(lines, question).unwrap_or_default();
    order.extend((0..lines.len()).filter(|place| !order.contains(place)).collect::<Vec<_>>());
    let mut left = most_bytes;
    let mut chosen: Vec<usize> = Vec::new();
    for place in order {
        let needed = lines[place].len() + 1;
        // A model without a single tool could plan nothing.
        if chosen.len() < MOST_TOOLS && (needed <= left || chosen.is_empty()) {
            left = left.saturating_sub(needed);
            chosen.push(place);
        }
    }
    chosen.sort_unstable();
    chosen
}

/// Places of the lines that share a word with the question, the best first.
fn relevant(lines: &[String], question: &str) -> rusqlite::Result<Vec<usize>> {
    let words: Vec<String> = question
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| word.chars().count() > 1)
        // Quoted, since `AND` or `near` are words of a question too.
        .map(|word| format!("\"{word}\""))
        .collect();
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let mut database = Connection::open_in_memory()?;
    let transaction = database.transaction()?;
    transaction.execute_batch(
        "CREATE VIRTUAL TABLE tools USING fts5(line, tokenize = \"porter unicode61 separators '_-'\")",
    )?;
    {
        let mut insert = transaction.prepare("INSERT INTO tools (rowid, line) VALUES (?1, ?2)")?;
        for (place, line) in lines.iter().enumerate() {
            insert.execute(params![place, line])?;
        }
    }
    transaction.commit()?;
    let mut find =
        database.prepare("SELECT rowid FROM tools WHERE tools MATCH ?1 ORDER BY rank, rowid")?;
    let found = find.query_map([words.join(" OR ")], |row| row.get::<_, usize>(0))?;
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_relevant_tools_are_told_when_not_all_fit() {
        let mut lines: Vec<String> =
            (0..50).map(|n| format!("a__tool_{n}(x: string) — Does things")).collect();
        lines[30] = "b__search_stories(query: string) — Finds stories".into();
        lines[40] = "b__get_weather(city: string) — Tells the weather".into();
        let all: Vec<usize> = (0..50).collect();
        assert_eq!(shortlist(&lines, "any", 100_000), all);
        let few = shortlist(&lines, "Which story is near \"OR\" the WEATHER?", 120);
        assert_eq!(few, [30, 40]);
        assert_eq!(shortlist(&lines, "?", 0), [0]);
        assert_eq!(shortlist(&[], "any", 0), Vec::<usize>::new());
        let many = vec!["x()".to_owned(); 500];
        assert_eq!(shortlist(&many, "x", 100_000).len(), MOST_TOOLS);
    }
}
