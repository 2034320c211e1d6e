//! The planner that needs no model: 2 to 5 calls of read-only tools that match the question's words.
//!
//! Comes in: the question and the catalog. Goes out: calls in the order of their worth, as the same
//! [`RawTask`]s that a model's plan is read into. Works on any server's tools. Emits no events.

mod fit;
mod noise;
mod parameters;
mod question;
mod terms;

use serde_json::Value;

use self::{
    fit::Fit,
    question::{Question, words},
};
use super::RawTask;
use crate::catalog::{Catalog, Tool};

/// Calls of one plan.
const MAX_TASKS: usize = 5;

/// The calls that a question's words call for; empty when no read-only tool fits.
pub(super) fn choose(question: &str, catalog: &Catalog) -> Vec<RawTask> {
    let usable: Vec<(&str, &Tool)> = catalog
        .iter()
        .filter(|(_, tool)| tool.hints.read_only)
        .map(|(name, tool)| (name, &**tool))
        .collect();
    let question = understood(question, &usable);
    let mut tools: Vec<(&str, Vec<Fit>)> = usable
        .into_iter()
        .map(|(name, tool)| (name, fit::fit(tool, &question)))
        .filter(|(_, fits)| !fits.is_empty())
        .collect();
    // Stable: equal tools stay in the order of the settings.
    tools.sort_by_key(|(_, fits)| std::cmp::Reverse(fits[0].score));
    let best = tools.first().map_or(0, |(_, fits)| fits[0].score);
    tools.retain(|(_, fits)| fits[0].score * 2 >= best);

    let mut chosen: Vec<(&str, Fit)> = Vec::new();
    // The best call of each tool first, so that one talkative tool does not crowd out the others.
    let firsts = tools.iter().map(|(name, fits)| (*name, fits[0].clone()));
    chosen.extend(firsts.take(MAX_TASKS));
    let variants =
        tools.iter().flat_map(|(name, fits)| fits[1..].iter().map(|fit| (*name, fit.clone())));
    chosen.extend(variants.take(MAX_TASKS - chosen.len()));
    chosen.into_iter().map(|(name, fit)| raw_task(name, fit)).collect()
}

/// The question as far as the tools go: `Python 3` names a thing only where some tool looks up a
/// python by its number.
fn understood(question: &str, tools: &[(&str, &Tool)]) -> Question {
    let mut question = question::read(question);
    let names = tools.iter().flat_map(|(_, tool)| {
        words(&tool.name).into_iter().map(|word| (tool.server.clone(), word))
    });
    question.settle(names.collect(), |identifier| {
        tools.iter().any(|(_, tool)| {
            let name = words(&tool.name);
            let mut properties = parameters::properties(&tool.input_schema);
            properties.any(|(parameter, schema)| fit::takes(identifier, parameter, schema, &name))
        })
    });
    question
}

fn raw_task(tool_name: &str, fit: Fit) -> RawTask {
    RawTask {
        tool_name: tool_name.to_owned(),
        tool_arguments: Value::Object(fit.arguments),
        description: Some(fit.purpose),
        ..RawTask::default()
    }
}
