//! A person's search words as an FTS5 query that cannot be a syntax error.

/// Each word quoted, joined by AND, the last one as a prefix since it may still be being typed;
/// `None` where there is no word.
pub(super) fn fts_query(words: &str) -> Option<String> {
    let mut quoted: Vec<String> = words
        .split_whitespace()
        .filter(|word| word.chars().any(char::is_alphanumeric))
        .map(|word| format!("\"{}\"", word.replace('"', "\"\"")))
        .collect();
    if let Some(last) = quoted.last_mut() {
        last.push('*');
    }
    (!quoted.is_empty()).then(|| quoted.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rusqlite::Connection;

    #[test]
    fn signs_are_searched_and_not_refused() {
        assert_eq!(fts_query("c++ it's"), Some("\"c++\" \"it's\"*".to_owned()));
        assert_eq!(fts_query("say \"x"), Some("\"say\" \"\"\"x\"*".to_owned()));
        assert_eq!(fts_query(" ++ "), None);
    }

    proptest! {
        #[test]
        fn no_words_are_a_syntax_error(words in "\\PC{0,40}") {
            let Some(query) = fts_query(&words) else { return Ok(()) };
            let connection = Connection::open_in_memory().unwrap();
            connection.execute_batch("CREATE VIRTUAL TABLE s USING fts5(t)").unwrap();
            let found = connection.query_row("SELECT count(*) FROM s WHERE s MATCH ?1", [&query], |row| {
                row.get::<_, i64>(0)
            });
            prop_assert!(found.is_ok(), "{query}: {found:?}");
        }
    }
}
