//! `settings.json` as people, crashes and other programs leave it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use trawl_core::execute::ATTEMPTS;
use trawl_core::settings::Rules;
use trawl_core::settings::load::{SettingsError, keep_good_copy, load, load_file, prepare};

fn folder_with(settings: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(file(folder.path()), settings).unwrap();
    folder
}

fn file(folder: &Path) -> PathBuf {
    folder.join("settings.json")
}

fn set_aside(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.to_string_lossy().contains("settings.json.bad-")).collect()
}

#[test]
fn without_a_file_every_default_holds_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let loaded = load(folder.path()).unwrap();
    assert_eq!(loaded.settings.servers.keys().collect::<Vec<_>>(), ["stories"]);
    assert!(prepare(folder.path()).notices.is_empty());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    assert!(matches!(load_file(&file(folder.path())), Err(SettingsError::Unreadable { .. })));
}

#[test]
fn unknown_keys_are_kept_and_a_wrong_entry_is_wrong_alone() {
    let folder = folder_with(
        r#"{"theme": {"x": 1}, "limits": {"maxTasks": "many", "runTimeoutSeconds": 5},
            "mcpServers": {"good": {"command": "x", "alwaysAllow": true}, "bad": {"command": 3}}}"#,
    );
    let loaded = load(folder.path()).unwrap();
    assert_eq!(loaded.file["theme"]["x"], 1);
    assert_eq!(loaded.file["mcpServers"]["good"]["alwaysAllow"], true);
    assert!(loaded.settings.servers["good"].is_ok());
    assert!(loaded.settings.servers["bad"].as_ref().unwrap_err().contains("command"));
    assert_eq!(loaded.settings.limits.max_tasks, 32);
    assert!((loaded.settings.limits.run_timeout_seconds - 5.0).abs() < 1e-9);
    assert!(loaded.settings.warnings[0].contains("limits.maxTasks"));
}

#[test]
fn the_command_line_is_told_line_and_column_and_touches_nothing() {
    let folder = folder_with("{\n  \"mcpServers\": {,}\n}");
    let error = load(folder.path()).unwrap_err().to_string();
    assert!(error.contains("line 2, column 18") && error.contains("settings.json"), "{error}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_save_that_is_under_way_is_waited_for() {
    let folder = folder_with("{\"limits\": {\"maxTa");
    let path = file(folder.path());
    let saver = std::thread::spawn(move || fs::write(path, r#"{"limits": {"maxTasks": 7}}"#));
    assert_eq!(load(folder.path()).unwrap().settings.limits.max_tasks, 7);
    saver.join().unwrap().unwrap();
}

#[test]
fn a_corrupt_file_is_set_aside_and_the_last_good_copy_restored() {
    let good = r#"{"mcpServers": {"mine": {"command": "x"}}, "kept": [1, 2]}"#;
    let folder = folder_with(good);
    assert!(prepare(folder.path()).notices.is_empty());
    for corrupt in ["", "{\"mcpServers\": {", "[]", "\u{0}\u{0}"] {
        fs::write(file(folder.path()), corrupt).unwrap();
        let prepared = prepare(folder.path());
        assert!(prepared.loaded.settings.servers.contains_key("mine"), "{corrupt:?}");
        assert!(!prepared.stuck, "{corrupt:?}");
        assert_eq!(fs::read_to_string(file(folder.path())).unwrap(), good);
        let [notice] = prepared.notices.as_slice() else { panic!("{:?}", prepared.notices) };
        assert!(
            notice.contains("settings.json.bad-") && notice.contains("last good copy"),
            "{notice}"
        );
    }
    // Four in the same second are still four files.
    let mut aside: Vec<_> =
        set_aside(folder.path()).iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    aside.sort();
    assert_eq!(aside, ["", "\u{0}\u{0}", "[]", "{\"mcpServers\": {"]);
}

/// A folder so deep that `settings.json` can be in it, but no copy of a longer name. Unlike one
/// that may not be written, it stops the superuser too, as whom tests may run.
fn too_deep(base: &Path) -> PathBuf {
    // PATH_MAX without the zero at its end.
    let longest = if cfg!(target_os = "linux") { 4095 } else { 1023 };
    let length = longest - "/settings.json.bad-".len();
    let mut folder = base.to_owned();
    while length - folder.as_os_str().len() > 200 {
        folder.push("d".repeat(100));
    }
    folder.push("d".repeat(length - folder.as_os_str().len() - 1));
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn a_corrupt_file_that_cannot_be_set_aside_stays_and_the_good_copy_holds_in_memory() {
    let base = tempfile::tempdir().unwrap();
    let folder = too_deep(base.path());
    let good = r#"{"mcpServers": {"mine": {"command": "x"}}}"#;
    fs::write(folder.join("settings.json.good"), good).unwrap();
    fs::write(file(&folder), "{broken").unwrap();
    let prepared = prepare(&folder);
    assert!(prepared.stuck && prepared.loaded.settings.servers.contains_key("mine"));
    let [notice] = prepared.notices.as_slice() else { panic!("{:?}", prepared.notices) };
    assert!(notice.contains("could not be set aside") && notice.contains("good copy"), "{notice}");
    assert_eq!(fs::read_to_string(file(&folder)).unwrap(), "{broken");
}

#[test]
fn without_a_good_copy_the_defaults_hold() {
    let folder = folder_with("not JSON");
    let prepared = prepare(folder.path());
    assert!(prepared.loaded.file.is_empty());
    assert!(prepared.notices[0].contains("defaults"), "{:?}", prepared.notices);
    assert!(!file(folder.path()).exists());
    assert_eq!(set_aside(folder.path()).len(), 1);
}

#[test]
fn only_what_parses_becomes_the_good_copy() {
    let folder = folder_with(r#"{"preferences": {"n": 1}}"#);
    keep_good_copy(folder.path());
    fs::write(file(folder.path()), r#"{"preferences": {"n": 2}}"#).unwrap();
    keep_good_copy(folder.path());
    fs::write(file(folder.path()), "{\"pref").unwrap();
    keep_good_copy(folder.path());
    assert_eq!(prepare(folder.path()).loaded.file["preferences"]["n"], 2);
}

/// The page's tests and its preview work with this copy.
#[test]
fn what_the_numbers_may_be_is_told_as_the_page_knows_it() {
    let told = serde_json::to_value(Rules::new(ATTEMPTS)).unwrap();
    let copy: Value = serde_json::from_str(include_str!("../fixtures/rules.json")).unwrap();
    assert_eq!(told, copy);
}
