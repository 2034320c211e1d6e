//! A person's search words as an FTS5 query that cannot be a syntax error.

/// Each word quoted, joined by AND; the last one is a beginning, since it may still be being typed,
/// unless a sign ends it. `None` where there is no word.
pub(super) fn fts_query(words: &str) -> Option<String> {
    // FTS5 reads no further than a NUL, and control characters are part of no word.
    let quoted: Vec<String> = words
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| word.chars().any(char::is_alphanumeric))
        .map(|word| format!("\"{}\"", word.replace('"', "\"\"")))
        .collect();
    let in_word = |c: char| c.is_alphanumeric() || c == '+';
    let is_open = words.trim_end_matches(char::is_control).ends_with(in_word);
    let star = if is_open { "*" } else { "" };
    (!quoted.is_empty()).then(|| quoted.join(" ") + star)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rusqlite::Connection;

    #[test]
    fn signs_are_searched_and_not_refused() {
        let check = |words: &str, expect: Option<&str>| {
            assert_eq!(fts_query(words).as_deref(), expect, "{words:?}");
        };
        check("c++ it's", Some("\"c++\" \"it's\"*"));
        check("it's c++", Some("\"it's\" \"c++\"*"));
        check("really?", Some("\"really?\""));
        check("say \"x", Some("\"say\" \"\"\"x\"*"));
        check("done ", Some("\"done\""));
        check("a\u{0}b", Some("\"a\" \"b\"*"));
        check(" ++ ", None);
    }

    proptest! {
        #[test]
        fn no_words_are_a_syntax_error(
            words in prop_oneof!["\\PC{0,40}", "[ -~\u{0}\n\"*():^+-]{0,20}", any::<String>()]
        ) {
            let Some(query) = fts_query(&words) else { return Ok(()) };
            let connection = Connection::open_in_memory().unwrap();
            connection.execute_batch("CREATE VIRTUAL TABLE s USING fts5(t)").unwrap();
            let select = "SELECT count(*) FROM s WHERE s MATCH ?1";
            let found = connection.query_row(select, [&query], |row| row.get::<_, i64>(0));
            prop_assert!(found.is_ok(), "{query}: {found:?}");
        }
    }
}
