//! Edits of `approvals`: the tools that are called without asking, by server and by name.
//!
//! They follow their server: renamed with it, gone with it. A section of the wrong shape allows
//! nothing, and is left as the person wrote it.

use serde_json::{Value, json};
use trawl_core::event::Object;

use crate::error::CommandError;

const SECTION: &str = "approvals";

/// The server is called otherwise from now on.
pub(crate) fn rename_server(file: &mut Object, before: &str, now: &str) {
    let Some(servers) = servers(file) else { return };
    if before == now || !servers.contains_key(before) {
        return;
    }
    // What was allowed to an earlier server of the new name is not meant for this one.
    servers.shift_remove(now);
    let renamed = std::mem::take(servers).into_iter().map(|(name, tools)| {
        let name = if name == before { now.to_owned() } else { name };
        (name, tools)
    });
    *servers = renamed.collect();
}

/// The server is gone; one that comes later under its name asks anew.
pub(crate) fn forget_server(file: &mut Object, server: &str) {
    if let Some(servers) = servers(file) {
        servers.shift_remove(server);
        drop_if_empty(file);
    }
}

/// The tool, as it is defined now, asks no more.
pub(crate) fn allow(
    file: &mut Object,
    server: &str,
    tool: &str,
    definition: &str,
) -> Result<(), CommandError> {
    let tools = [SECTION, server].into_iter().try_fold(file, |object, name| {
        object.entry(name).or_insert_with(|| json!({})).as_object_mut()
    });
    let Some(tools) = tools else {
        let message =
            "\"approvals\" in settings.json is not as it should be; correct the file first";
        return Err(CommandError::new("settings_unusable", message));
    };
    tools.insert(tool.to_owned(), definition.into());
    Ok(())
}

/// The tool asks again; one that is not allowed is no error.
pub(crate) fn withdraw(file: &mut Object, server: &str, tool: &str) {
    let Some(servers) = servers(file) else { return };
    if let Some(tools) = servers.get_mut(server).and_then(Value::as_object_mut) {
        tools.shift_remove(tool);
        if tools.is_empty() {
            servers.shift_remove(server);
        }
    }
    drop_if_empty(file);
}

fn servers(file: &mut Object) -> Option<&mut Object> {
    file.get_mut(SECTION)?.as_object_mut()
}

fn drop_if_empty(file: &mut Object) {
    if servers(file).is_some_and(|servers| servers.is_empty()) {
        file.shift_remove(SECTION);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(approvals: &Value) -> Object {
        json!({"approvals": approvals}).as_object().cloned().unwrap()
    }

    #[test]
    fn approvals_follow_their_server() {
        let both = json!({"files": {"write": "1", "move": "2"}, "mail": {"send": "3"}});
        let mut settings = file(&both);
        rename_server(&mut settings, "files", "disk");
        let names: Vec<_> = settings["approvals"].as_object().unwrap().keys().collect();
        assert_eq!(names, ["disk", "mail"]);
        rename_server(&mut settings, "none", "mail");
        rename_server(&mut settings, "disk", "mail");
        assert_eq!(settings, file(&json!({"mail": {"write": "1", "move": "2"}})));
        withdraw(&mut settings, "mail", "write");
        withdraw(&mut settings, "mail", "write");
        withdraw(&mut settings, "none", "write");
        assert_eq!(settings, file(&json!({"mail": {"move": "2"}})));
        withdraw(&mut settings, "mail", "move");
        assert_eq!(settings, Object::new());
    }

    #[test]
    fn what_is_allowed_is_written_down() {
        let mut settings = Object::new();
        allow(&mut settings, "files", "write", "1").unwrap();
        allow(&mut settings, "files", "move", "2").unwrap();
        allow(&mut settings, "files", "write", "3").unwrap();
        assert_eq!(settings, file(&json!({"files": {"write": "3", "move": "2"}})));
    }

    #[test]
    fn an_approval_goes_with_its_server() {
        let mut settings = file(&json!({"files": {"write": "1"}, "mail": {"send": "3"}}));
        forget_server(&mut settings, "files");
        forget_server(&mut settings, "files");
        assert_eq!(settings, file(&json!({"mail": {"send": "3"}})));
        forget_server(&mut settings, "mail");
        assert_eq!(settings, Object::new());
    }

    #[test]
    fn what_a_person_wrote_otherwise_is_left_alone() {
        for odd in [json!([1]), json!({"files": "all"})] {
            let mut settings = file(&odd);
            withdraw(&mut settings, "files", "write");
            rename_server(&mut settings, "mail", "post");
            forget_server(&mut settings, "mail");
            assert!(allow(&mut settings, "files", "write", "1").is_err());
            assert_eq!(settings, file(&odd));
        }
    }
}
