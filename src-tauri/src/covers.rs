//! Secret values of servers' entries, which the page does not get.
//!
//! Comes in: the settings' file on its way to the page, an entry on its way back. In the place of a
//! secret in `env` and `headers` stands `{"kept": NAME}`, and where that comes back, the value that
//! the file has under that name. `${env:…}` and `${keychain:…}` are shown: they only name a secret.

use serde_json::{Value, json};
use trawl_core::event::Object;
use trawl_core::secrets::{is_named_secret, looks_like_key};
use url::Url;

use crate::error::CommandError;

/// Where secrets stand in an entry.
const PLACES: [&str; 2] = ["env", "headers"];

/// What may stand before a reference without being secret.
const SCHEMES: [&str; 3] = ["bearer", "basic", "token"];

/// The file without its secrets.
pub(crate) fn cover(mut file: Object) -> Object {
    let servers = file.get_mut("mcpServers").and_then(Value::as_object_mut);
    for entry in servers.into_iter().flat_map(|servers| servers.values_mut()) {
        for place in PLACES {
            let values = entry.get_mut(place).and_then(Value::as_object_mut);
            for (name, value) in values.into_iter().flatten() {
                if value.as_str().is_some_and(|text| is_secret(name, text)) {
                    *value = json!({"kept": name});
                }
            }
        }
    }
    file
}

/// An entry with the secrets that were covered, from the entry that it comes from.
pub(crate) fn uncover(mut entry: Value, known: Option<&Value>) -> Result<Value, CommandError> {
    let elsewhere = known.is_some_and(|known| is_elsewhere(&entry, known));
    for place in PLACES {
        let values = entry.get_mut(place).and_then(Value::as_object_mut);
        for (name, value) in values.into_iter().flatten() {
            let Some(kept) = value.get("kept").and_then(Value::as_str) else { continue };
            let again = |why: &str| {
                let message = format!("type the value of {name} again: {why}");
                CommandError::new("invalid_entry", message)
            };
            if elsewhere {
                return Err(again("it was kept for another address"));
            }
            let held = known.and_then(|known| known.get(place)?.get(kept)).cloned();
            *value = held.ok_or_else(|| again("it is not in the settings any more"))?;
        }
    }
    Ok(entry)
}

/// Whether an entry leads to another host than the one its headers were written for.
fn is_elsewhere(entry: &Value, known: &Value) -> bool {
    let origin = |entry: &Value| Some(Url::parse(entry.get("url")?.as_str()?).ok()?.origin());
    let same_text = entry.get("url") == known.get("url");
    entry.get("url").is_some() && !same_text && origin(entry) != origin(known)
}

fn is_secret(name: &str, value: &str) -> bool {
    let rest = without_references(value);
    let rest = rest.trim();
    let only_names_one = rest.is_empty() || SCHEMES.contains(&rest.to_lowercase().as_str());
    !only_names_one && (is_named_secret(name) || looks_like_key(value))
}

/// A value without its `${…}`.
fn without_references(value: &str) -> String {
    let mut parts = value.split("${");
    let mut rest = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        rest.push_str(part.split_once('}').map_or(part, |(_, after)| after));
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> Object {
        let entries = json!({"mcpServers": {
            "notes": {"command": "n", "env": {
                "MODE": "read-only", "TOKEN": "hush", "WHO": "ghp16C7e42F292c6912E",
                "API_KEY": "${env:OTHER}", "PORT": 8080}},
            "web": {"url": "https://example.com/mcp", "headers": {
                "Authorization": "Bearer abc", "X-Api-Key": "${keychain:web}", "Accept": "a/b"}},
            "odd": 5, "odder": {"env": [1]}}});
        entries.as_object().cloned().unwrap()
    }

    #[test]
    fn the_page_gets_no_secret_and_what_only_names_one() {
        let covered = cover(file());
        assert_eq!(
            covered["mcpServers"]["notes"]["env"],
            json!({"MODE": "read-only", "TOKEN": {"kept": "TOKEN"}, "WHO": {"kept": "WHO"},
                "API_KEY": "${env:OTHER}", "PORT": 8080})
        );
        assert_eq!(
            covered["mcpServers"]["web"]["headers"],
            json!({"Authorization": {"kept": "Authorization"}, "X-Api-Key": "${keychain:web}",
                "Accept": "a/b"})
        );
    }

    #[test]
    fn what_was_not_touched_is_saved_as_it_was() {
        let (known, covered) = (file(), cover(file()));
        for name in ["notes", "web", "odd", "odder"] {
            let known = &known["mcpServers"][name];
            let back = uncover(covered["mcpServers"][name].clone(), Some(known)).unwrap();
            assert_eq!(&back, known);
        }
        // Under another name, beside one that was typed anew.
        let edited = json!({"command": "m", "env": {"NAME": {"kept": "TOKEN"}, "WHO": "me"}});
        let back = uncover(edited, Some(&known["mcpServers"]["notes"])).unwrap();
        assert_eq!(back["env"], json!({"NAME": "hush", "WHO": "me"}));
    }

    #[test]
    fn a_secret_goes_nowhere_but_where_it_was_written_for() {
        let known = file()["mcpServers"]["web"].clone();
        let kept = json!({"Authorization": {"kept": "Authorization"}});
        let at = |url: &str| uncover(json!({"url": url, "headers": kept.clone()}), Some(&known));
        assert_eq!(
            at("https://example.com/other").unwrap()["headers"]["Authorization"],
            "Bearer abc"
        );
        for other in
            ["https://example.org/mcp", "http://example.com/mcp", "https://example.com:8/mcp"]
        {
            let refused = serde_json::to_value(at(other).unwrap_err()).unwrap();
            let words = refused["message"].as_str().unwrap();
            assert!(words.contains("Authorization") && !words.contains("abc"), "{words}");
        }
        assert!(uncover(json!({"url": "x", "headers": kept}), None).is_err());
    }
}
