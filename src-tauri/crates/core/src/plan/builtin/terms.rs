//! What a search tool is asked: the question's words that did not choose the tool, and the same in
//! each field that its description documents.
//!
//! Comes in: a tool, its query parameter and the question. Goes out: query texts, best first, each
//! in a syntax that any search understands and no longer than the parameter takes.

use serde_json::Value;

use super::parameters::properties;
use super::question::{Question, singular, words};
use crate::catalog::Tool;

/// Queries on one tool; leaves room for other tools.
const MAX_QUERIES: usize = 4;

/// Words in a query; of a pasted page, the first ones say what it is about.
const MAX_TERMS: usize = 16;

/// Longest query where the schema names no length.
const MAX_LETTERS: usize = 500;

/// What to search for with one tool.
#[derive(Debug, PartialEq)]
pub(super) struct Queries {
    /// Never empty.
    pub(super) texts: Vec<String>,
    /// The question has no word beyond those that choose the tool.
    pub(super) is_guess: bool,
}

/// The texts to search for.
pub(super) fn queries(tool: &Tool, question: &Question, schema: &Value) -> Queries {
    let documented = documentation(tool, schema);
    let fields = fields(&documented);
    let Some(terms) = terms(tool, question, &fields) else {
        let text = in_place_of_a_subject(tool, question, &fields, &documented);
        return Queries { texts: vec![text], is_guess: true };
    };
    let room = schema.get("maxLength").and_then(Value::as_u64);
    let room = room.and_then(|most| usize::try_from(most).ok()).unwrap_or(MAX_LETTERS);
    let longest_field = fields.iter().map(|field| field.len() + 1).max().unwrap_or(0);
    let terms: Vec<String> =
        terms.iter().map(|term| cut(term, room.saturating_sub(longest_field))).collect();
    let joined = |between: &str, field: &str| join(&terms, between, field, room);
    let or = documented.split_whitespace().any(|word| word.trim_matches(',') == "OR");
    let mut texts = vec![joined(" ", "")];
    if terms.len() > 1 && or {
        texts.push(joined(" OR ", ""));
    } else if terms.len() > 1 && fields.is_empty() {
        texts.extend(terms.iter().filter(|term| term.parse::<i64>().is_err()).cloned());
    }
    // Who writes a field means that one.
    if !terms.iter().any(|term| term.contains(':')) {
        let between = if or { " OR " } else { " " };
        texts.extend(fields.iter().map(|field| joined(between, &format!("{field}:"))));
    }
    texts.retain(|text| !text.is_empty());
    texts.truncate(MAX_QUERIES);
    Queries { texts, is_guess: false }
}

/// As many terms as there is room for.
fn join(terms: &[String], between: &str, field: &str, room: usize) -> String {
    let mut text = String::new();
    for term in terms {
        let between = if text.is_empty() { "" } else { between };
        let longer = format!("{text}{between}{field}{term}");
        if longer.chars().count() <= room {
            text = longer;
        }
    }
    text
}

/// A term that fits alone: a page in quotation marks is searched for by its beginning.
fn cut(term: &str, room: usize) -> String {
    if term.chars().count() <= room {
        return term.to_owned();
    }
    let inner = term.trim_matches('"');
    let beginning: String = inner.chars().take(room.saturating_sub(2)).collect();
    let words = beginning.rsplit_once(char::is_whitespace).map_or(&*beginning, |(words, _)| words);
    if term.starts_with('"') { format!("\"{}\"", words.trim_end()) } else { beginning }
}

/// What the question is about: its words that choose none of the server's tools. `None` where that
/// is none of them.
fn terms(tool: &Tool, question: &Question, fields: &[String]) -> Option<Vec<String>> {
    let phrases = question.phrases.iter().filter_map(|phrase| quoted(phrase));
    let words = left(tool, question, fields).into_iter();
    let subject = words.filter(|word| !question.names_a_tool(&tool.server, word));
    let terms: Vec<String> =
        phrases.chain(subject.filter_map(|word| plain(word))).take(MAX_TERMS).collect();
    (!terms.is_empty()).then_some(terms)
}

/// The question's words without those that choose this very tool.
fn left<'q>(tool: &Tool, question: &'q Question, fields: &[String]) -> Vec<&'q String> {
    let known = own_words(tool);
    let amount = question.amount_of(&words(&tool.name)).map(|amount| amount.to_string());
    let is_about_the_tool = |word: &String| {
        let word = singular(word);
        known.contains(&word)
            || fields.iter().any(|field| speaks_of(&word, field))
            || amount.as_ref() == Some(&word)
    };
    question.keywords.iter().filter(|word| !is_about_the_tool(word)).collect()
}

/// `tagged` speaks of the field `tag`.
fn speaks_of(word: &str, field: &str) -> bool {
    word.strip_prefix(field).is_some_and(|ending| ["", "s", "ed", "ged", "ging"].contains(&ending))
}

/// Words that choose another tool; else all that this one has, where it can be asked for that; else
/// the question's own words.
fn in_place_of_a_subject(
    tool: &Tool,
    question: &Question,
    fields: &[String],
    documented: &str,
) -> String {
    let joined = |words: Vec<&String>| {
        words.into_iter().filter_map(|word| plain(word)).collect::<Vec<_>>().join(" ")
    };
    let others = joined(left(tool, question, fields));
    if !others.is_empty() {
        return others;
    }
    let mut signs = documented.split(|c: char| c.is_whitespace() || ",;()`".contains(c));
    if signs.any(|sign| sign == "*") {
        return "*".to_owned();
    }
    let known = own_words(tool);
    let outside = question.keywords.iter().filter(|word| !known.contains(&singular(word)));
    let outside = joined(outside.collect());
    if outside.is_empty() { joined(question.keywords.iter().collect()) } else { outside }
}

fn own_words(tool: &Tool) -> Vec<String> {
    let parameters = properties(&tool.input_schema).flat_map(|(parameter, _)| words(parameter));
    words(&tool.name).into_iter().chain(parameters).collect()
}

/// A phrase as every syntax has it: what stands in quotation marks is no operator.
fn quoted(phrase: &str) -> Option<String> {
    let inner = phrase.replace('"', " ");
    let inner = inner.trim();
    (!inner.is_empty()).then(|| format!("\"{inner}\""))
}

/// A word without signs that a syntax gives a meaning, but for a star at its end.
fn plain(word: &str) -> Option<String> {
    let bare = word.replace('*', "");
    let star = if word.ends_with('*') { "*" } else { "" };
    (!bare.is_empty()).then(|| format!("{bare}{star}"))
}

/// Names of fields in `tag:x` or `author:*`, as a description documents them.
fn fields(documented: &str) -> Vec<String> {
    let mut fields: Vec<String> = Vec::new();
    for word in documented.split(|c: char| c.is_whitespace() || "`'\"(),;".contains(c)) {
        let Some((field, example)) = word.split_once(':') else { continue };
        let named = !field.is_empty() && field.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        let shown = !example.is_empty() && !example.starts_with('/');
        if named && shown && !fields.iter().any(|f| f == field) {
            fields.push(field.to_owned());
        }
    }
    fields
}

fn documentation(tool: &Tool, schema: &Value) -> String {
    let of_parameter = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    format!("{} {of_parameter}", tool.description)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::question::read;
    use super::*;

    fn search(documented: &str, query: &Value) -> (Tool, Value) {
        let schema = json!({"type": "object", "required": ["query"],
            "properties": {"query": query, "size": {"type": "integer"}}});
        let tool =
            Tool { description: documented.into(), ..Tool::of("s", "search_stories", &schema) };
        (tool, query.clone())
    }

    fn texts(question: &str) -> Vec<String> {
        let (tool, query) = search(
            "Search the stories by keyword, the best first. Query syntax: words, \"phrases\", AND, \
             OR, NOT, (parentheses), prefix*, tag:x, author:x, tag:*, author:*; * finds every one.",
            &json!({"type": "string", "maxLength": 100,
                "description": "Words, such as: river, \"night train\", tag:science, solar OR wind"}),
        );
        queries(&tool, &read(question), &query).texts
    }

    #[test]
    fn documented_fields_are_asked_too() {
        let expected = ["upstream", "tag:upstream", "author:upstream"];
        assert_eq!(texts("How many stories have upstream keyword?"), expected);
        assert_eq!(texts("How many stories are tagged sport?")[..2], ["sport", "tag:sport"]);
    }

    #[test]
    fn an_example_in_the_documentation_is_no_word_of_the_tool() {
        assert_eq!(texts("How many stories about solar power?")[0], "solar power");
        assert_eq!(texts("Compare rivers and trains")[..2], ["rivers trains", "rivers OR trains"]);
        assert_eq!(texts("the best science")[0], "best science");
    }

    #[test]
    fn many_words_are_also_asked_apart() {
        let asked = texts("Which \"night trains\" cross borders in winter?");
        assert_eq!(asked[0], "\"night trains\" cross borders winter");
        assert_eq!(asked[1], "\"night trains\" OR cross OR borders OR winter");
    }

    #[test]
    fn a_question_without_a_subject_asks_for_everything() {
        for question in ["How many stories are there?", "latest stories", "stories by tag"] {
            assert_eq!(texts(question), ["*"], "{question}");
        }
        let (tool, query) = search("Searches the stories.", &json!({"type": "string"}));
        let guess = queries(&tool, &read("How many stories are there?"), &query);
        assert_eq!(guess, Queries { texts: vec!["stories".to_owned()], is_guess: true });
    }

    #[test]
    fn no_word_breaks_the_syntax_or_the_length() {
        assert_eq!(texts("Which user(s) wrote about rivers?")[0], "users rivers");
        assert_eq!(texts("**upstream** patches")[0], "upstream* patches");
        assert_eq!(texts("a 5\" pipe")[0], "5 pipe");
        assert_eq!(texts("Which contain \"NOT\"?")[0], "\"NOT\"");
        let long = "water ".to_owned() + &"meandering ".repeat(3) + &"ab cd ef gh ".repeat(90);
        assert!(texts(&long).iter().all(|text| !text.is_empty() && text.len() <= 100));
        let page = (0..900).map(|n| n.to_string()).collect::<Vec<_>>().join("o ");
        assert!(texts(&page).iter().all(|text| !text.is_empty() && text.len() <= 100));
    }

    #[test]
    fn a_page_in_quotation_marks_is_searched_for_by_its_beginning() {
        let trace = format!("Why does this fail? `{}`", "at frame thirteen ".repeat(60));
        let asked = texts(&trace);
        assert!(
            asked[0].starts_with("\"at frame") && asked[0].ends_with("thirteen\" fail"),
            "{asked:?}"
        );
        let (tool, query) = search("Searches the stories.", &json!({"type": "string"}));
        let plain = queries(&tool, &read(&trace), &query).texts;
        assert!(
            plain.iter().all(|text| text.len() <= MAX_LETTERS && !text.is_empty()),
            "{plain:?}"
        );
    }

    #[test]
    fn a_number_of_things_is_not_searched_for() {
        assert_eq!(texts("Show me 5 stories about energy")[0], "energy");
        assert_eq!(texts("How many stories mention Python 3?")[0], "python 3");
        assert_eq!(texts("Apollo 11 landing")[0], "apollo 11 landing");
    }
}
