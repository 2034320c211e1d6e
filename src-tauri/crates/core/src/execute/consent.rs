//! Whether a call needs a person's approval. Pure.
//!
//! A tool that is not marked read-only does; so does one that reaches out into the world with
//! results of another server in its arguments, since that server's data would leave through it. What
//! a result was made from travels with it through any number of tasks.

use std::collections::BTreeSet;

use crate::catalog::Tool;

/// Why the call needs approval, for people; `None` if it needs none. `carried` are the servers whose
/// results are in its arguments.
pub(super) fn why_approval(tool: &Tool, carried: &BTreeSet<String>) -> Option<String> {
    let Tool { server, name, hints, .. } = tool;
    if !hints.read_only {
        return Some(format!("the tool {name} of server \"{server}\" is not marked as read-only"));
    }
    let others: Vec<String> = carried
        .iter()
        .filter(|other| *other != server)
        .map(|other| format!("\"{other}\""))
        .collect();
    if others.is_empty() || !hints.open_world {
        return None;
    }
    let others = others.join(" and ");
    Some(format!(
        "results of server {others} would go to the tool {name} of server \"{server}\", which reaches out into the world"
    ))
}

/// How to allow what nobody can be asked about.
pub(super) fn how_to_allow(tool: &Tool) -> String {
    if tool.hints.read_only {
        return "ask in the window, or with --approve all, to allow it".to_owned();
    }
    format!(
        "ask in the window, or with --approve all, to allow it; if every tool of \"{}\" only reads, \
         say \"readOnly\": true in its entry",
        tool.server
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Hints, Validator};

    #[test]
    fn writing_and_carrying_out_need_approval() {
        let tool = |read_only, open_world| Tool {
            server: "web".into(),
            name: "fetch".into(),
            title: None,
            description: String::new(),
            input_schema: serde_json::Map::new(),
            output_schema: None,
            hints: Hints { read_only, open_world, ..Hints::default() },
            validator: Validator::default(),
        };
        let carried = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        let check = |tool: &Tool, names: &[&str], expect: bool| {
            assert_eq!(why_approval(tool, &carried(names)).is_some(), expect, "{tool:?} {names:?}");
        };
        check(&tool(false, true), &[], true);
        check(&tool(false, false), &[], true);
        check(&tool(true, true), &[], false);
        check(&tool(true, true), &["web"], false);
        check(&tool(true, true), &["notes", "web"], true);
        check(&tool(true, false), &["notes"], false);
    }
}
