//! What a person configured: MCP servers, the model, limits, standing approvals. Parsed leniently,
//! entry by entry.
//!
//! Comes in as the JSON of `settings.json`, goes out as typed values with every default filled in.
//! A server entry of the wrong shape disables that entry alone, with its reason. Reading the file is
//! `settings/load.rs`'s work; writing it belongs to the window, since it alone owns the file.

pub mod load;

mod limits;
mod model;
mod rules;
mod section;
mod server;

use indexmap::IndexMap;
use serde_json::{Value, json};

pub(crate) use self::limits::seconds;
pub use self::{
    limits::Limits,
    model::{ModelSettings, Price, Provider},
    rules::{NumberRule, Rules},
    server::{ServerEntry, Transport},
};

/// Tools that the person always allows: by server, by bare name, the digest of the definition that
/// was allowed (`sha256:…`).
pub type Approvals = IndexMap<String, IndexMap<String, String>>;

/// Everything a run needs to know of the settings.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Servers by name, in the file's order; a wrong entry is kept with its reason.
    pub servers: IndexMap<String, Result<ServerEntry, String>>,
    /// The language model.
    pub model: ModelSettings,
    /// Limits of a run.
    pub limits: Limits,
    /// Tools that are called without asking again.
    pub approvals: Approvals,
    /// What was wrong in the file outside of server entries, for people.
    pub warnings: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self::from_json(&json!({}))
    }
}

impl Settings {
    /// Reads what can be read; what cannot is told in `warnings` or in the server's own place.
    pub fn from_json(file: &Value) -> Self {
        let mut warnings = Vec::new();
        if !file.is_object() {
            warnings.push("settings.json is not a JSON object; the defaults are used".to_owned());
        }
        Self {
            servers: servers(file.get("mcpServers"), &mut warnings),
            model: section::lenient(file, "model", ModelSettings::checked, &mut warnings),
            limits: section::lenient(file, "limits", Limits::checked, &mut warnings),
            approvals: approvals(file.get("approvals"), &mut warnings),
            warnings,
        }
    }
}

fn servers(
    section: Option<&Value>,
    warnings: &mut Vec<String>,
) -> IndexMap<String, Result<ServerEntry, String>> {
    let stories = || IndexMap::from([("stories".to_owned(), Ok(ServerEntry::builtin("stories")))]);
    match section {
        None => stories(),
        Some(Value::Object(entries)) => entries
            .iter()
            .map(|(name, entry)| (name.clone(), ServerEntry::from_json(entry)))
            .collect(),
        Some(_) => {
            warnings.push("\"mcpServers\" is not an object; the sample server is used".to_owned());
            stories()
        }
    }
}

/// What is not of the right shape allows nothing.
fn approvals(section: Option<&Value>, warnings: &mut Vec<String>) -> Approvals {
    let Some(section) = section.filter(|section| !section.is_null()) else {
        return Approvals::new();
    };
    let Some(servers) = section.as_object() else {
        warnings.push("\"approvals\" is not an object; every tool asks again".to_owned());
        return Approvals::new();
    };
    let mut approvals = Approvals::new();
    for (server, tools) in servers {
        let Some(tools) = tools.as_object() else {
            warnings.push(format!("\"approvals.{server}\" is not an object; its tools ask again"));
            continue;
        };
        let allowed = approvals.entry(server.clone()).or_default();
        for (tool, digest) in tools {
            match digest.as_str() {
                Some(digest) => {
                    allowed.insert(tool.clone(), digest.to_owned());
                }
                None => warnings.push(format!(
                    "\"approvals.{server}.{tool}\" is not a string; the tool asks again"
                )),
            }
        }
    }
    approvals
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn approvals_of_the_wrong_shape_allow_nothing() {
        let read = |approvals: Value| Settings::from_json(&json!({"approvals": approvals}));
        let fine = json!({"files": {"write": "sha256:1", "move": "sha256:2"}, "mail": {}});
        let settings = read(fine);
        assert_eq!(settings.approvals["files"]["move"], "sha256:2");
        assert_eq!((settings.approvals.len(), settings.warnings.len()), (2, 0));
        assert_eq!(read(Value::Null), Settings::default());

        let partly = read(json!({"files": {"write": true, "move": "sha256:2"}, "mail": ["send"]}));
        assert_eq!(partly.approvals.keys().collect::<Vec<_>>(), ["files"]);
        assert_eq!(partly.approvals["files"].keys().collect::<Vec<_>>(), ["move"]);
        let [write, mail] = partly.warnings.as_slice() else { panic!("{:?}", partly.warnings) };
        assert!(write.contains("approvals.files.write") && mail.contains("approvals.mail"));

        let none = read(json!(["files"]));
        assert!(none.approvals.is_empty() && none.warnings[0].contains("approvals"));
    }
}
