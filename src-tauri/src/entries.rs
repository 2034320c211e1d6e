//! Edits of `mcpServers`, in the file's own JSON: order and unknown keys stay as they are.
//!
//! A file without the key means the sample server alone; the first edit writes that down, so that
//! adding a server does not take it away. Standing [`approvals`] follow the server that they are for.

use serde_json::{Map, Value, json};
use trawl_core::event::Object;
use trawl_core::settings::ServerEntry;

use crate::approvals;
use crate::covers;
use crate::error::CommandError;

/// Keys that the form of a server shows. The others are changed elsewhere, perhaps while it is open.
const SHOWN: [&str; 12] = [
    "builtin",
    "command",
    "args",
    "env",
    "cwd",
    "url",
    "headers",
    "timeoutSeconds",
    "maxConcurrent",
    "requestsPerSecond",
    "readOnly",
    "trusted",
];

/// Adds an entry, or changes the one of the same or of the previous name in its place.
pub(crate) fn save(
    file: &mut Object,
    name: &str,
    previous_name: Option<&str>,
    entry: Value,
) -> Result<(), CommandError> {
    let name = name.trim();
    if name.is_empty() {
        return Err(CommandError::new("invalid_entry", "the server needs a name"));
    }
    let servers = servers(file)?;
    let replaced = previous_name.unwrap_or(name);
    let entry = covers::uncover(entry, servers.get(replaced))?;
    checked(&entry)?;
    if name != replaced && servers.contains_key(name) {
        let message = format!("there is a server \"{name}\" already; choose another name");
        return Err(CommandError::new("name_taken", message));
    }
    let is_new = !servers.contains_key(replaced);
    let mut edited = Map::new();
    for (known, its) in std::mem::take(servers) {
        if known == replaced {
            edited.insert(name.to_owned(), merged(its, entry.clone()));
        } else {
            edited.insert(known, its);
        }
    }
    // New ones go to the end.
    edited.entry(name).or_insert(entry);
    *servers = edited;
    if is_new {
        approvals::forget_server(file, name);
    } else {
        approvals::rename_server(file, replaced, name);
    }
    Ok(())
}

/// The known entry with what the form shows as it was given. What else was given is new to it, but
/// never whether it is switched off: that is decided beside the form alone.
fn merged(known: Value, given: Value) -> Value {
    let (Value::Object(mut entry), Value::Object(given)) = (known, given.clone()) else {
        return given;
    };
    for key in SHOWN {
        if !given.contains_key(key) {
            entry.shift_remove(key);
        }
    }
    for (key, value) in given {
        let is_new = !entry.contains_key(&key) && key != "disabled";
        if is_new || SHOWN.contains(&key.as_str()) {
            entry.insert(key, value);
        }
    }
    Value::Object(entry)
}

/// Removes an entry; one that is gone already is no error.
pub(crate) fn remove(file: &mut Object, name: &str) -> Result<(), CommandError> {
    servers(file)?.shift_remove(name);
    approvals::forget_server(file, name);
    Ok(())
}

/// Switches a server on or off, and leaves the rest of its entry alone.
pub(crate) fn set_enabled(
    file: &mut Object,
    name: &str,
    enabled: bool,
) -> Result<(), CommandError> {
    let entry = servers(file)?.get_mut(name).and_then(Value::as_object_mut);
    let Some(entry) = entry else {
        let message = format!("there is no server \"{name}\" that could be switched");
        return Err(CommandError::new("no_such_server", message));
    };
    if enabled {
        entry.shift_remove("disabled");
    } else {
        entry.insert("disabled".to_owned(), Value::Bool(true));
    }
    Ok(())
}

/// What the server's tools say of themselves counts from now on. An entry that is not the one any more
/// whose tools a person saw (`seen`), or is gone, is left alone.
pub(crate) fn trust(file: &mut Object, name: &str, seen: &Object) {
    let entry = |file: &Object| file.get("mcpServers").and_then(|all| all.get(name)).cloned();
    if entry(file) != entry(seen) {
        return;
    }
    let servers = file.get_mut("mcpServers").and_then(Value::as_object_mut);
    if let Some(Value::Object(entry)) = servers.and_then(|servers| servers.get_mut(name)) {
        entry.insert("trusted".to_owned(), Value::Bool(true));
    }
}

/// An entry that is not saved yet, with what the page does not know of the one that it comes from.
pub(crate) fn whole(
    file: &Object,
    previous_name: Option<&str>,
    entry: Value,
) -> Result<ServerEntry, CommandError> {
    let known = previous_name.and_then(|name| file.get("mcpServers")?.get(name));
    checked(&covers::uncover(entry, known)?)
}

/// An entry of the right shape, or what is wrong with it.
fn checked(entry: &Value) -> Result<ServerEntry, CommandError> {
    ServerEntry::from_json(entry).map_err(|reason| CommandError::new("invalid_entry", reason))
}

fn servers(file: &mut Object) -> Result<&mut Object, CommandError> {
    let section =
        file.entry("mcpServers").or_insert_with(|| json!({"stories": {"builtin": "stories"}}));
    section.as_object_mut().ok_or_else(|| {
        let message = "\"mcpServers\" in settings.json is not an object; correct the file first";
        CommandError::new("settings_unusable", message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(servers: &Value) -> Object {
        json!({"mcpServers": servers}).as_object().cloned().unwrap()
    }

    fn names(file: &Object) -> Vec<&String> {
        file["mcpServers"].as_object().unwrap().keys().collect()
    }

    #[test]
    fn a_renamed_server_keeps_its_place() {
        let mut settings = file(&json!({"a": {"url": "x"}, "b": {"url": "y"}, "c": {"url": "z"}}));
        save(&mut settings, "d", Some("b"), json!({"command": "n"})).unwrap();
        assert_eq!(names(&settings), ["a", "d", "c"]);
        assert!(save(&mut settings, "a", Some("d"), json!({"command": "n"})).is_err());
        save(&mut settings, " e ", None, json!({"command": "n"})).unwrap();
        assert_eq!(names(&settings), ["a", "d", "c", "e"]);
        remove(&mut settings, "a").unwrap();
        assert_eq!(names(&settings), ["d", "c", "e"]);
    }

    #[test]
    fn what_was_changed_beside_the_form_stays_as_it_is() {
        let opened = json!({"command": "n", "cwd": "/a", "readOnly": true, "mine": 1});
        let mut settings = file(&json!({"a": opened}));
        // While the form is open, it is switched off, and a key is added by hand.
        set_enabled(&mut settings, "a", false).unwrap();
        servers(&mut settings).unwrap()["a"]["retryTimeouts"] = json!(true);
        save(&mut settings, "b", Some("a"), json!({"command": "m", "args": [], "mine": 1}))
            .unwrap();
        let saved = json!({"command": "m", "mine": 1, "disabled": true, "retryTimeouts": true,
            "args": []});
        assert_eq!(settings["mcpServers"], json!({"b": saved}));
        // And switched on while the form still has it off.
        set_enabled(&mut settings, "b", true).unwrap();
        save(&mut settings, "b", None, json!({"command": "m", "disabled": true, "trusted": true}))
            .unwrap();
        let saved = json!({"command": "m", "mine": 1, "retryTimeouts": true, "trusted": true});
        assert_eq!(settings["mcpServers"], json!({"b": saved}));
        // What the form shows is taken away in it.
        save(&mut settings, "b", None, json!({"command": "m"})).unwrap();
        assert_eq!(settings["mcpServers"]["b"].get("trusted"), None);
    }

    #[test]
    fn approvals_follow_a_renamed_server_and_go_with_a_removed_one() {
        let mut settings = file(&json!({"a": {"url": "x"}, "b": {"url": "y"}}));
        settings.insert("approvals".into(), json!({"a": {"send": "1"}, "b": {"post": "2"}}));
        save(&mut settings, "c", Some("a"), json!({"url": "x"})).unwrap();
        assert_eq!(settings["approvals"], json!({"c": {"send": "1"}, "b": {"post": "2"}}));
        remove(&mut settings, "c").unwrap();
        assert_eq!(settings["approvals"], json!({"b": {"post": "2"}}));
        save(&mut settings, "b", None, json!({"url": "z"})).unwrap();
        assert_eq!(settings["approvals"], json!({"b": {"post": "2"}}));
        servers(&mut settings).unwrap().shift_remove("b");
        save(&mut settings, "b", None, json!({"url": "z"})).unwrap();
        assert!(!settings.contains_key("approvals"), "{settings:?}");
    }

    #[test]
    fn the_sample_server_stays_when_the_first_one_is_added() {
        let mut settings = Object::new();
        save(&mut settings, "files", None, json!({"command": "n"})).unwrap();
        assert_eq!(names(&settings), ["stories", "files"]);
        set_enabled(&mut settings, "stories", false).unwrap();
        assert_eq!(
            settings["mcpServers"]["stories"],
            json!({"builtin": "stories", "disabled": true})
        );
        set_enabled(&mut settings, "stories", true).unwrap();
        assert_eq!(settings["mcpServers"]["stories"], json!({"builtin": "stories"}));
        assert!(set_enabled(&mut settings, "none", true).is_err());
    }

    #[test]
    fn only_the_entry_that_was_seen_is_trusted() {
        let seen = file(&json!({"a": {"url": "x", "mine": 1}, "b": {"url": "y"}}));
        let mut settings = seen.clone();
        trust(&mut settings, "a", &seen);
        trust(&mut settings, "none", &seen);
        let trusted = json!({"a": {"url": "x", "mine": 1, "trusted": true}, "b": {"url": "y"}});
        assert_eq!(settings, file(&trusted));
        let mut edited = file(&json!({"a": {"url": "elsewhere"}}));
        trust(&mut edited, "a", &seen);
        assert_eq!(edited, file(&json!({"a": {"url": "elsewhere"}})));
        let mut none = Object::new();
        trust(&mut none, "a", &Object::new());
        assert_eq!(none, Object::new());
    }

    #[test]
    fn wrong_entries_are_refused_with_the_reason() {
        let mut settings = Object::new();
        for (name, entry) in [("", json!({"command": "n"})), ("a", json!({})), ("a", json!(5))] {
            assert!(save(&mut settings, name, None, entry).is_err());
        }
        let mut wrong = file(&json!([]));
        assert!(remove(&mut wrong, "a").is_err());
        assert_eq!(wrong, file(&json!([])));
    }
}
