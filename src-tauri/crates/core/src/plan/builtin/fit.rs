//! Whether a tool fits a question, and with which arguments it is called.
//!
//! Comes in: one tool and a question taken apart. Goes out: the calls worth making on it, with a
//! score that compares tools. A tool whose required parameters cannot be filled goes out empty.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::parameters::{self, Role, is_required, properties, role};
use super::question::{Identifier, Question, singular, words};
use super::terms::{Queries, queries};
use crate::{catalog::Tool, event::Object};

/// Things of a kind that are looked up; a plan has no more tasks.
const MOST_THINGS: usize = 5;

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

/// The calls on `tool` that the question calls for, best first: the best one for each of several
/// things that it names before the others.
pub(super) fn fit(tool: &Tool, question: &Question) -> Vec<Fit> {
    let name = words(&tool.name);
    let mut things = properties(&tool.input_schema).map(|(parameter, schema)| {
        let taken = |thing: &&Identifier| takes(thing, parameter, schema, &name);
        question.identifiers.iter().filter(taken).collect::<Vec<_>>()
    });
    // Two parameters may each take one of two things; one parameter takes one at a time.
    let Some(things) = things.find(|things| things.len() > 1) else {
        return fit_one(tool, question, &name);
    };
    let calls = things
        .iter()
        .take(MOST_THINGS)
        .map(|thing| fit_one(tool, &question.about(thing, &things), &name));
    let (firsts, others): (Vec<_>, Vec<_>) =
        calls.flat_map(|fits| fits.into_iter().enumerate()).partition(|(place, _)| *place == 0);
    firsts.into_iter().chain(others).map(|(_, fit)| fit).collect()
}

/// Whether a tool's parameter is filled from an identifier.
pub(super) fn takes(
    identifier: &Identifier,
    parameter: &str,
    schema: &Value,
    tool_name: &[String],
) -> bool {
    role(parameter, schema) == Role::Identifier
        && parameters::identifies(identifier, parameter, schema, tool_name).is_some()
}

fn fit_one(tool: &Tool, question: &Question, name: &[String]) -> Vec<Fit> {
    let asked: Vec<String> = question.keywords.iter().map(|word| singular(word)).collect();
    let identified = question.identifiers.iter().map(|i| i.noun.clone());
    let qualified = question.qualifiers.iter().map(|word| singular(word));
    let said: Vec<String> = asked.into_iter().chain(identified).chain(qualified).collect();
    let described = words(&format!("{} {}", tool.title.as_deref().unwrap_or(""), tool.description));
    let in_name = count(&said, name);
    let in_description = count(&said, &described);

    let Some(filled) = fill(tool, question, name) else { return Vec::new() };
    let mut score = 4 * in_name + in_description + 6 * filled.identifiers;
    if described.iter().any(|word| word == "deprecated") {
        score /= 2;
    }
    let Some((parameter, schema)) = filled.query else {
        // Nothing to search for: the question must speak of the tool, or of what it looks up.
        let spoken_of = filled.identifiers > 0 || (in_name > 0 && filled.guessed == 0);
        let thing = question.identifiers.first().filter(|_| filled.identifiers > 0);
        let purpose = purpose(tool, thing.map_or("", |identifier| &identifier.value));
        return if spoken_of {
            vec![Fit { score, arguments: filled.arguments, purpose }]
        } else {
            vec![]
        };
    };
    let Queries { texts, is_guess } = queries(tool, question, &schema);
    let last = u32::try_from(texts.len()).unwrap_or(u32::MAX);
    (texts.iter().zip(0..))
        .map(|(text, position)| {
            let mut arguments = filled.arguments.clone();
            arguments.insert(parameter.clone(), parameters::query(text, &parameter, &schema));
            // A search is worth making on any question that has a subject; its variants follow it.
            let score = if is_guess { score.max(1) } else { score + 3 + (last - position) };
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
            Role::Size => Some(parameters::size(question.amount_of(tool_words), schema)),
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

    fn tool(name: &str, description: &str, schema: &Value) -> Tool {
        Tool { description: description.into(), ..Tool::of("s", name, schema) }
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
        let both = fit(&profile, &read("Compare @ann and user 7"));
        let ids: Vec<&Value> = both.iter().map(|fit| &fit.arguments["user_id"]).collect();
        assert_eq!(ids, [&json!("ann"), &json!(7)]);
        // Each parameter takes the thing that it names.
        let issue = tool(
            "get_issue",
            "One issue",
            &json!({"type": "object", "required": ["project_id", "issue_id"], "properties": {
                "project_id": {"type": "integer"}, "issue_id": {"type": "integer"}}}),
        );
        let found = fit(&issue, &read("Show issue 12 of project 7"));
        assert_eq!(found.len(), 1);
        assert_eq!(json!(found[0].arguments), json!({"project_id": 7, "issue_id": 12}));
        let tags = tool("list_tags", "All tags", &json!({"type": "object", "properties": {}}));
        assert_eq!(fit(&tags, &read("Which tags are there?")).len(), 1);
        assert_eq!(fit(&tags, &read("Which trains are there?")), []);
    }
}
