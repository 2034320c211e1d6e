//! The tools of all connected servers, by qualified name.
//!
//! Comes in as each server's list, goes out as look-up by the name that a plan uses and as one
//! validation of arguments. Calls nothing.

pub(crate) mod kinds;
mod mistakes;
mod retype;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use indexmap::IndexMap;
use serde_json::Value;
use sha2::{Digest, Sha256};

pub(crate) use self::retype::retyped;
use crate::event::Object;

/// Longest qualified name that every model's server accepts.
const MAX_NAME: usize = 64;

/// A tool as its server describes it (MCP specification, "Tools").
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tool {
    /// Name of its server in the settings.
    pub server: String,
    /// Its name on that server.
    pub name: String,
    /// For people, where the server gives one.
    pub title: Option<String>,
    /// What it does; may be empty.
    pub description: String,
    /// JSON Schema of its arguments.
    pub input_schema: Object,
    /// JSON Schema of its `structuredContent`.
    pub output_schema: Option<Object>,
    /// What the server says about its effects, and the person's `readOnly`.
    pub hints: Hints,
    /// Fingerprint of all that its server says of it, and of where that server is: another one is
    /// another tool.
    pub definition: String,
    /// What validates its arguments.
    pub validator: Validator,
}

#[cfg(test)]
impl Tool {
    /// A server's tool, of which only its name and its schema matter.
    pub(crate) fn of(server: &str, name: &str, schema: &serde_json::Value) -> Self {
        let input_schema = schema.as_object().cloned().unwrap();
        Self { server: server.into(), name: name.into(), input_schema, ..Self::default() }
    }
}

/// A tool's `inputSchema`, compiled when it is first needed: compiling takes far longer than
/// validating. A clone compiles anew, since its schema may be changed.
#[derive(Debug, Default)]
pub struct Validator(OnceLock<Option<jsonschema::Validator>>);

impl Validator {
    /// `None` for a schema that is itself invalid.
    fn of(&self, schema: &Object) -> Option<&jsonschema::Validator> {
        let compile = || jsonschema::validator_for(&Value::Object(schema.clone())).ok();
        self.0.get_or_init(compile).as_ref()
    }
}

impl Clone for Validator {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Validator {
    /// What it validates is compared already.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// A tool's annotations; the specification's defaults where the server is silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hints {
    /// Changes nothing.
    pub read_only: bool,
    /// May destroy; of meaning only when not read-only.
    pub destructive: bool,
    /// A second equal call changes nothing more.
    pub idempotent: bool,
    /// Reaches out into the world.
    pub open_world: bool,
}

impl Default for Hints {
    fn default() -> Self {
        Self { read_only: false, destructive: true, idempotent: false, open_world: true }
    }
}

impl Hints {
    /// Whether a call that may have reached the server may be made again.
    pub fn repeatable(self) -> bool {
        self.read_only || self.idempotent
    }
}

/// Tools by qualified name, in the order of servers and of each server's list.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    tools: IndexMap<String, Arc<Tool>>,
}

/// Why a tool's name leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnknownTool {
    /// No connected server has it.
    #[error("no connected server has a tool \"{0}\"")]
    None(String),
    /// More than one has it; says which.
    #[error("\"{name}\" exists on {}; write {} instead", servers.join(" and "), qualified.join(" or "))]
    Ambiguous {
        /// What the plan wrote.
        name: String,
        /// Servers that have it.
        servers: Vec<String>,
        /// What it should have written.
        qualified: Vec<String>,
    },
}

impl Catalog {
    /// Qualifies every tool's name. Tools whose names would be the same (tool `b__c` of server `a`,
    /// tool `c` of server `a__b`) are told apart by a hash, each of them.
    pub fn new(tools: impl IntoIterator<Item = Arc<Tool>>) -> Self {
        let tools: Vec<Arc<Tool>> = tools.into_iter().collect();
        let mut owners: HashMap<String, HashSet<(&str, &str)>> = HashMap::new();
        for tool in &tools {
            let owner = (tool.server.as_str(), tool.name.as_str());
            owners.entry(qualified_name(owner.0, owner.1)).or_default().insert(owner);
        }
        let mut named = IndexMap::with_capacity(tools.len());
        for tool in &tools {
            let mut name = qualified_name(&tool.server, &tool.name);
            if owners.get(&name).is_some_and(|owners| owners.len() > 1) {
                name = hashed(&name, &format!("{}\0{}", tool.server, tool.name));
            }
            // A server may call a tool what another one's hash turned out to be.
            while named.get(&name).is_some_and(|other: &Arc<Tool>| !is_same(other, tool)) {
                name = hashed(&name, &name);
            }
            named.insert(name, Arc::clone(tool));
        }
        Self { tools: named }
    }

    /// The name by which [`Self::resolve`] finds a tool, alone.
    pub fn name_of(&self, tool: &Tool) -> String {
        let found = self.tools.iter().find(|(_, other)| is_same(other, tool));
        found.map_or_else(|| qualified_name(&tool.server, &tool.name), |(name, _)| name.clone())
    }

    /// Qualified names and tools.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Arc<Tool>)> {
        self.tools.iter().map(|(name, tool)| (name.as_str(), tool))
    }

    /// How many tools there are.
    pub fn len(&self) -> usize {
        self.tools.len()
    }

    /// Whether there is no tool at all.
    pub fn is_empty(&self) -> bool {
        self.tools.is_empty()
    }

    /// A tool by its qualified name, or by its bare one where only one server has it. A name that two
    /// would have qualifies neither.
    pub fn resolve(&self, name: &str) -> Result<&Arc<Tool>, UnknownTool> {
        if let Some(tool) = self.tools.get(name) {
            return Ok(tool);
        }
        let means =
            |tool: &Tool| tool.name == name || qualified_name(&tool.server, &tool.name) == name;
        let bare: Vec<_> = self.tools.iter().filter(|(_, tool)| means(tool)).collect();
        match bare.as_slice() {
            [] => Err(UnknownTool::None(name.to_owned())),
            [(_, tool)] => Ok(tool),
            several => Err(UnknownTool::Ambiguous {
                name: name.to_owned(),
                servers: several.iter().map(|(_, tool)| tool.server.clone()).collect(),
                qualified: several.iter().map(|(name, _)| (*name).clone()).collect(),
            }),
        }
    }
}

/// The arguments as the tool takes them, with put right what is of the wrong type but without doubt;
/// the validator's words where they do not fit all the same.
pub(crate) fn fitted<'a>(tool: &Tool, arguments: &'a Value) -> Result<Cow<'a, Value>, String> {
    let Err(words) = validate(tool, arguments) else { return Ok(Cow::Borrowed(arguments)) };
    let typed = retyped(&tool.input_schema, arguments);
    validate(tool, &typed).map(|()| Cow::Owned(typed)).map_err(|_| words)
}

/// Whether `arguments` fit the tool's `inputSchema`; the validator's words when they do not.
///
/// The only place where arguments are validated: before dispatch, and after placeholders are
/// replaced. A schema that is itself invalid validates nothing, since the server knows better.
pub fn validate(tool: &Tool, arguments: &Value) -> Result<(), String> {
    if !arguments.is_object() {
        return Err("the arguments are not a JSON object".to_owned());
    }
    let Some(validator) = tool.validator.of(&tool.input_schema) else { return Ok(()) };
    mistakes::of(validator.iter_errors(arguments)).map_or(Ok(()), Err)
}

/// `server__tool` in the characters `[A-Za-z0-9_-]`, at most 64 of them, hashed on overflow.
fn qualified_name(server: &str, tool: &str) -> String {
    let plain = format!("{server}__{tool}");
    let safe: String = plain
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '_' | '-') { c } else { '_' })
        .collect();
    // Two names that differ only in replaced or cut characters stay two names.
    if safe == plain && safe.len() <= MAX_NAME { safe } else { hashed(&safe, &plain) }
}

/// The beginning of a safe name, and a hash of what it stands for.
fn hashed(safe: &str, of: &str) -> String {
    let digest = Sha256::digest(of.as_bytes());
    let tail = format!("{:08x}", u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]));
    let head: String = safe.chars().take(MAX_NAME - tail.len() - 1).collect();
    format!("{head}_{tail}")
}

fn is_same(one: &Tool, other: &Tool) -> bool {
    (&one.server, &one.name) == (&other.server, &other.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(server: &str, name: &str) -> Arc<Tool> {
        let schema = serde_json::json!({"type": "object", "required": ["q"],
            "properties": {"q": {"type": "string"}}});
        Arc::new(Tool::of(server, name, &schema))
    }

    #[test]
    fn a_bare_name_is_enough_where_one_server_has_it() {
        let catalog = Catalog::new([tool("a", "find"), tool("b", "find"), tool("b", "list")]);
        assert_eq!(catalog.resolve("list").unwrap().server, "b");
        assert_eq!(catalog.resolve("a__find").unwrap().server, "a");
        let ambiguous = catalog.resolve("find").unwrap_err().to_string();
        assert!(ambiguous.contains("a__find or b__find"), "{ambiguous}");
        assert!(matches!(catalog.resolve("none"), Err(UnknownTool::None(_))));
    }

    #[test]
    fn qualified_names_are_safe_and_stay_distinct() {
        assert_eq!(qualified_name("stories", "search_stories"), "stories__search_stories");
        let long = "x".repeat(80);
        let names = [
            qualified_name("a b", "c"),
            qualified_name("a.b", "c"),
            qualified_name(&long, "one"),
            qualified_name(&long, "two"),
        ];
        for (i, name) in names.iter().enumerate() {
            assert!(name.len() <= MAX_NAME && !names[..i].contains(name), "{name}");
            assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)));
        }
    }

    #[test]
    fn names_that_would_be_the_same_are_told_apart_whichever_comes_first() {
        let tools = [tool("a", "b__c"), tool("a__b", "c"), tool("a", "find")];
        let catalog = Catalog::new(tools.clone());
        let names: Vec<String> = tools.iter().map(|tool| catalog.name_of(tool)).collect();
        assert_eq!(catalog.len(), 3);
        assert_eq!(names[2], "a__find", "others keep theirs");
        for (name, tool) in names.iter().zip(&tools) {
            assert!(is_same(catalog.resolve(name).unwrap(), tool), "{name}");
        }
        assert!(names[0].starts_with("a__b__c_") && names[1].starts_with("a__b__c_"), "{names:?}");
        let reversed = Catalog::new(tools.iter().rev().cloned());
        assert!(tools.iter().zip(&names).all(|(tool, name)| reversed.name_of(tool) == *name));
        // The name that both would have is either's, and the bare ones are nobody else's.
        let ambiguous = catalog.resolve("a__b__c").unwrap_err().to_string();
        assert!(names[..2].iter().all(|name| ambiguous.contains(name)), "{ambiguous}");
        assert_eq!(catalog.resolve("c").unwrap().server, "a__b");
        // Alone, each has the plain name.
        assert!(Catalog::new([tools[0].clone()]).resolve("a__b__c").is_ok());
        // And no server takes another one's tool away by calling its own after the hash.
        let copied = names[0].strip_prefix("a__").unwrap();
        let crowded = Catalog::new(tools.iter().cloned().chain([tool("a", copied)]));
        assert_eq!(crowded.len(), 4);
        assert!(is_same(crowded.resolve(&names[0]).unwrap(), &tools[0]));
    }

    #[test]
    fn arguments_are_validated_with_the_place_of_each_error() {
        let find = tool("a", "find");
        assert_eq!(validate(&find, &serde_json::json!({"q": "x"})), Ok(()));
        let wrong = validate(&find, &serde_json::json!({"q": 1})).unwrap_err();
        assert!(wrong.starts_with("/q:"), "{wrong}");
        assert!(validate(&find, &serde_json::json!([])).is_err());
        let mut other = Tool::clone(&find);
        other.input_schema = serde_json::Map::new();
        assert_eq!(validate(&other, &serde_json::json!({"q": 1})), Ok(()), "a clone compiles anew");
        other.input_schema.insert("type".into(), "nonsense".into());
        assert_eq!(validate(&Tool::clone(&other), &serde_json::json!({})), Ok(()));
    }
}
