//! Whether a tool fits a question, and with which arguments it is called.
//!
//! Comes in: one tool and a question taken apart. Goes out: the calls worth making on it, with a
//! score that compares tools. A tool whose required parameters cannot be filled goes out empty.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::parameters::{self, Role, is_required, properties, role};
use super::question::{Question, singular, words};
use crate::{catalog::Tool, event::Object};

/// A call worth making.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fit {
    /// Compares calls; higher is better.
    pub(super) score: u32,
    /// Filled from the question.
    pub(super) arguments: Object,
    /// What it is for, in a person's words.
    pub(super) purpose: String,
}

/// The calls on `tool` that the question calls for, best first.
pub(super) fn fit(tool: &Tool, question: &Question) -> Vec<Fit> {
    let name = words(&tool.name);
    let asked: Vec<String> = question.keywords.iter().map(|word| singular(word)).collect();
    let identified = question.identifiers.iter().map(|i| i.noun.clone());
    let qualified = question.qualifiers.iter().map(|word| singular(word));
    let said: Vec<String> = asked.into_iter().chain(identified).chain(qualified).collect();
    let described = words(&format!("{} {}", tool.title.as_deref().unwrap_or(""), tool.description));
    let in_name = count(&said, &name);
    let in_description = count(&said, &described);

    let Some(filled) = fill(tool, question, &name) else { return Vec::new() };
    let mut score = 4 * in_name + in_description + 6 * filled.identifiers;
    if described.iter().any(|word| word == "deprecated") {
        score /= 2;
    }
    let Some((parameter, schema)) = filled.query else {
        // Nothing to search for: the question must speak of the tool, or of what it looks up.
        let spoken_of = filled.identifiers > 0 || (in_name > 0 && filled.guessed == 0);
        let purpose = purpose(tool, "");
        return if spoken_of {
            vec![Fit { score, arguments: filled.arguments, purpose }]
        } else {
            vec![]
        };
    };
    let texts = query_texts(tool, question, &schema, &name);
    let last = u32::try_from(texts.len()).unwrap_or(u32::MAX);
    (texts.iter().zip(0..))
        .map(|(text, position)| {
            let mut arguments = filled.arguments.clone();
            arguments.insert(parameter.clone(), parameters::query(text, &parameter, &schema));
            // A search is worth making on any question; its variants follow it in order.
            let score = score + 3 + (last - position);
            Fit { score, arguments: in_schema_order(arguments, tool), purpose: purpose(tool, text) }
        })
        .collect()
}

struct Filled {
    arguments: Object,
    query: Option<(String, Value)>,
    identifiers: u32,
    /// Required parameters that got a value the question does not hold.
    guessed: u32,
}

fn fill(tool: &Tool, question: &Question, tool_words: &[String]) -> Option<Filled> {
    let mut numbers = operands(tool, question);
    let mut filled = Filled { arguments: Object::new(), query: None, identifiers: 0, guessed: 0 };
    for (name, schema) in properties(&tool.input_schema) {
        let required = is_required(&tool.input_schema, name);
        let role = role(name, schema);
        let value = match role {
            Role::Query if filled.query.is_none() && has_words(question) => {
                filled.query = Some((name.clone(), schema.clone()));
                continue;
            }
            Role::Identifier => {
                let value = parameters::identifier(question, name, schema, tool_words);
                filled.identifiers += u32::from(value.is_some());
                value
            }
            Role::Size => Some(parameters::size(schema)),
            Role::Other if required && !numbers.is_empty() && parameters::takes_number(schema) => {
                filled.identifiers += 1;
                numbers.pop_front()
            }
            _ => parameters::other(question, role, schema),
        };
        match value {
            Some(value) if required || !matches!(role, Role::Other) => {
                filled.arguments.insert(name.clone(), value);
            }
            None if required => return None,
            _ => {}
        }
        filled.guessed += u32::from(required && role == Role::Other);
    }
    Some(filled)
}

/// The question's numbers, where a tool requires exactly as many (`a` and `b` of a sum).
fn operands(tool: &Tool, question: &Question) -> VecDeque<Value> {
    let required = |name: &str| is_required(&tool.input_schema, name);
    let taken = properties(&tool.input_schema).filter(|(name, schema)| {
        required(name) && role(name, schema) == Role::Other && parameters::takes_number(schema)
    });
    let numbers = question.numbers.iter().map(|number| json!(number));
    if taken.count() == question.numbers.len() { numbers.collect() } else { VecDeque::new() }
}

/// What to search for: the words that did not choose the tool; then each documented field's variant.
fn query_texts(tool: &Tool, question: &Question, schema: &Value, name: &[String]) -> Vec<String> {
    let documented = documentation(tool, schema);
    let terms = search_terms(tool, question, name, &documented);
    let or = documented.split_whitespace().any(|word| word.trim_matches(',') == "OR");
    let all = terms.join(" ");
    let mut texts = vec![all];
    if terms.len() > 2 && or {
        texts.push(terms.join(" OR "));
    } else if terms.len() > 1 && fields(&documented).is_empty() {
        texts.extend(terms.iter().filter(|term| term.parse::<i64>().is_err()).cloned());
    }
    if terms.iter().any(|term| term.contains(':')) {
        return texts;
    }
    for field in fields(&documented) {
        let fielded: Vec<String> = terms.iter().map(|term| format!("{field}:{term}")).collect();
        texts.push(if or { fielded.join(" OR ") } else { fielded.join(" ") });
    }
    texts.truncate(MAX_QUERIES);
    texts
}

/// Queries on one tool; leaves room for other tools.
const MAX_QUERIES: usize = 4;

fn search_terms(
    tool: &Tool,
    question: &Question,
    name: &[String],
    documented: &str,
) -> Vec<String> {
    let parameters: Vec<String> =
        properties(&tool.input_schema).flat_map(|(parameter, _)| words(parameter)).collect();
    let described = words(documented);
    let quoted = |phrase: &String| {
        if phrase.contains(char::is_whitespace) { format!("\"{phrase}\"") } else { phrase.clone() }
    };
    let phrases = question.phrases.iter().map(quoted);
    let outside = |known: &[&[String]]| -> Vec<String> {
        let is_known = |word: &str| known.iter().any(|list| list.contains(&singular(word)));
        question.keywords.iter().filter(|word| !is_known(word)).cloned().collect()
    };
    // Words of the tool itself choose it and are not searched for, unless nothing would be left.
    let mut left = outside(&[name, &parameters, &described]);
    if left.is_empty() && question.phrases.is_empty() {
        left = outside(&[name, &parameters]);
    }
    if left.is_empty() && question.phrases.is_empty() {
        left.clone_from(&question.keywords);
    }
    phrases.chain(left).collect()
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

fn has_words(question: &Question) -> bool {
    !question.keywords.is_empty() || !question.phrases.is_empty()
}

fn count(said: &[String], known: &[String]) -> u32 {
    u32::try_from(said.iter().filter(|word| known.contains(word)).count()).unwrap_or(u32::MAX)
}

fn in_schema_order(mut arguments: Object, tool: &Tool) -> Object {
    let names = properties(&tool.input_schema).map(|(name, _)| name.clone());
    names.filter_map(|name| arguments.remove(&name).map(|value| (name, value))).collect()
}

fn purpose(tool: &Tool, text: &str) -> String {
    let verb = tool.title.clone().unwrap_or_else(|| words_as_said(&tool.name));
    if text.is_empty() { verb } else { format!("{verb}: {text}") }
}

fn words_as_said(name: &str) -> String {
    let spaced = name.replace(['_', '-'], " ");
    let mut chars = spaced.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::super::question::read;
    use super::*;
    use crate::catalog::{Hints, Validator};

    fn search() -> Tool {
        tool(
            "search_stories",
            "Searches the stories by keyword. Query syntax: words, \"phrases\", AND OR NOT, \
             prefix*, tag:x, author:x, tag:*, author:*.",
            &json!({"type": "object", "required": ["query"], "properties": {
                "query": {"type": "string", "description": "What to search for"},
                "size": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}}}),
        )
    }

    fn tool(name: &str, description: &str, schema: &Value) -> Tool {
        Tool {
            server: "s".into(),
            name: name.into(),
            title: None,
            description: description.into(),
            input_schema: schema.as_object().cloned().unwrap(),
            output_schema: None,
            hints: Hints { read_only: true, ..Hints::default() },
            validator: Validator::default(),
        }
    }

    fn queries(question: &str) -> Vec<String> {
        let fits = fit(&search(), &read(question));
        fits.iter().map(|fit| fit.arguments["query"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn documented_fields_are_asked_too() {
        let expected = ["upstream", "tag:upstream", "author:upstream"];
        assert_eq!(queries("How many stories have upstream keyword?"), expected);
    }

    #[test]
    fn many_words_are_also_asked_apart() {
        let asked = queries("Which \"night trains\" cross borders in winter?");
        assert_eq!(asked[0], "\"night trains\" cross borders winter");
        assert_eq!(asked[1], "\"night trains\" OR cross OR borders OR winter");
    }

    #[test]
    fn a_question_of_nothing_but_the_tools_words_still_searches() {
        assert_eq!(queries("stories by tag")[0], "tag");
    }

    #[test]
    fn required_parameters_that_nothing_fills_rule_a_tool_out() {
        let read_file = tool(
            "read_file",
            "Reads a file",
            &json!({"type": "object", "required": ["path"], "properties": {"path": {"type": "string"}}}),
        );
        assert_eq!(fit(&read_file, &read("What is in the file about trains?")), []);
        let named = fit(&read_file, &read("Read the file notes/trains.md"));
        assert_eq!(named[0].arguments["path"], "notes/trains.md");
    }

    #[test]
    fn lookups_need_their_identifier_or_their_name() {
        let profile = tool(
            "get_user_profile",
            "Profile of a user",
            &json!({"type": "object", "required": ["user_id"],
                "properties": {"user_id": {"type": ["integer", "string"]}}}),
        );
        assert_eq!(fit(&profile, &read("Who is user 12?"))[0].arguments["user_id"], json!(12));
        assert_eq!(fit(&profile, &read("Who is @ann?"))[0].arguments["user_id"], json!("ann"));
        assert_eq!(fit(&profile, &read("upstream")), []);
        let tags = tool("list_tags", "All tags", &json!({"type": "object", "properties": {}}));
        assert_eq!(fit(&tags, &read("Which tags are there?")).len(), 1);
        assert_eq!(fit(&tags, &read("Which trains are there?")), []);
    }
}
