//! Reading `settings.json`, for both hosts.
//!
//! Comes in: the file. Goes out: the settings with the file's own JSON, unknown keys included, or an
//! error that names line and column. The command line only reads, and tries again when it may have
//! met the window in the middle of a save. The window calls [`prepare`] before it opens the file for
//! writing, since what it would then take as empty it would soon overwrite.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::Settings;
use crate::event::Object;
use crate::paths::{make_private, settings_file, write_private_file};

/// A save of the window is over after this.
const RETRY_AFTER: Duration = Duration::from_millis(200);

/// Settings, and the JSON they were read from.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Loaded {
    /// With every default filled in.
    pub settings: Settings,
    /// As the file has it, unknown keys included; empty without a file.
    pub file: Object,
}

/// Why settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// It is no JSON object.
    #[error(
        "the settings in {} cannot be used: {reason}, in line {line}, column {column}; correct the file",
        path.display()
    )]
    Invalid {
        /// Which file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// The parser's words.
        reason: String,
    },
    /// It cannot be read.
    #[error("the settings in {} cannot be read: {source}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
}

/// What the window finds at its start.
#[derive(Debug, Default)]
pub struct Prepared {
    /// The settings, the restored ones if need be.
    pub loaded: Loaded,
    /// What the person is to be told.
    pub notices: Vec<String>,
    /// The file cannot be used and stands in its place still: whoever writes it destroys it.
    pub stuck: bool,
}

/// Reads the data folder's settings, once more after 200 ms where they do not parse. Without a file
/// every default holds. Blocks.
pub fn load(data_folder: &Path) -> Result<Loaded, SettingsError> {
    let path = settings_file(data_folder);
    match read_twice(&path) {
        Err(SettingsError::Unreadable { source, .. }) if is_missing(&source) => {
            Ok(Loaded::default())
        }
        read => read,
    }
}

/// Reads a file that the person named, which therefore has to be there. Blocks.
pub fn load_file(path: &Path) -> Result<Loaded, SettingsError> {
    read_twice(path)
}

/// The window's first step: settings that parse, whatever is in the file.
///
/// A file that does not parse is set aside as `settings.json.bad-<time>`, and the last good copy
/// takes its place; where there is none, the defaults hold. One that cannot be set aside is left as
/// it is, and the same settings hold in memory alone. Blocks.
pub fn prepare(data_folder: &Path) -> Prepared {
    let path = settings_file(data_folder);
    match read(&path) {
        Ok(loaded) => {
            keep_good_copy(data_folder);
            Prepared { loaded, ..Prepared::default() }
        }
        Err(SettingsError::Unreadable { source, .. }) if is_missing(&source) => Prepared::default(),
        Err(error @ SettingsError::Unreadable { .. }) => Prepared {
            loaded: Loaded::default(),
            notices: vec![format!("{error}; the defaults are used")],
            stuck: true,
        },
        Err(error @ SettingsError::Invalid { .. }) => instead_of_bad(data_folder, &path, &error),
    }
}

fn instead_of_bad(data_folder: &Path, path: &Path, error: &SettingsError) -> Prepared {
    let good = good_settings(data_folder);
    let instead = match &good {
        Some(_) => "the last good copy is used instead",
        None => "the defaults are used instead",
    };
    let (stuck, notice) = match replace(path, good.as_ref().map(|(_, text)| text.as_slice())) {
        Ok(aside) => {
            let aside = aside.display();
            (false, format!("{error}. It was set aside as {aside}; {instead}"))
        }
        Err(reason) => (
            true,
            format!(
                "{error}. It could not be set aside ({reason}), so that no change is saved until \
                 then; {instead}"
            ),
        ),
    };
    let loaded = good.map(|(loaded, _)| loaded).unwrap_or_default();
    Prepared { loaded, notices: vec![notice], stuck }
}

/// Keeps a copy of settings that parse, for the day when they do not, and lets only the owner read
/// the settings. To be called after each save. That neither works is no reason not to go on.
pub fn keep_good_copy(data_folder: &Path) {
    let (path, copy) = (settings_file(data_folder), good_copy(data_folder));
    let Ok(text) = fs::read(&path) else { return };
    let _ = make_private(&path);
    if parse(&path, &text).is_err() || fs::read(&copy).is_ok_and(|kept| kept == text) {
        return;
    }
    if let Err(error) = write_private_file(&copy, &text) {
        tracing::warn!(%error, path = %copy.display(), "no copy of the settings could be kept");
    }
}

fn good_copy(data_folder: &Path) -> PathBuf {
    data_folder.join("settings.json.good")
}

/// The last good copy, with its text.
fn good_settings(data_folder: &Path) -> Option<(Loaded, Vec<u8>)> {
    let copy = good_copy(data_folder);
    let text = fs::read(&copy).ok()?;
    Some((parse(&copy, &text).ok()?, text))
}

fn read_twice(path: &Path) -> Result<Loaded, SettingsError> {
    match read(path) {
        Err(SettingsError::Invalid { .. }) => {
            thread::sleep(RETRY_AFTER);
            read(path)
        }
        read => read,
    }
}

fn read(path: &Path) -> Result<Loaded, SettingsError> {
    let text = fs::read(path)
        .map_err(|source| SettingsError::Unreadable { path: path.to_owned(), source })?;
    parse(path, &text)
}

fn parse(path: &Path, text: &[u8]) -> Result<Loaded, SettingsError> {
    let parsed: Result<Object, _> = serde_json::from_slice(text);
    let file = parsed.map_err(|error| {
        let (line, column) = (error.line().max(1), error.column().max(1));
        let whole = error.to_string();
        // The place is told apart from the words.
        let reason = whole.split(" at line ").next().unwrap_or(&whole).to_owned();
        SettingsError::Invalid { path: path.to_owned(), line, column, reason }
    })?;
    Ok(Loaded { settings: Settings::from_json(&Value::Object(file.clone())), file })
}

/// Sets the bad file aside, and returns where. At every moment either it or the good one stands in
/// its place.
fn replace(path: &Path, good: Option<&[u8]>) -> io::Result<PathBuf> {
    let bad = fs::read(path)?;
    let aside = unused_name(path);
    write_private_file(&aside, &bad)?;
    match good {
        Some(text) => write_private_file(path, text)?,
        None => fs::remove_file(path)?,
    }
    Ok(aside)
}

fn unused_name(path: &Path) -> PathBuf {
    let time = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let named = |suffix: &str| path.with_file_name(format!("settings.json.bad-{time}{suffix}"));
    let mut name = named("");
    let mut count = 1;
    while name.exists() {
        count += 1;
        name = named(&format!("-{count}"));
    }
    name
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_line_and_column() {
        let check = |text: &str, line, column| match parse(Path::new("s.json"), text.as_bytes()) {
            Err(SettingsError::Invalid { line: l, column: c, reason, .. }) => {
                assert_eq!((l, c), (line, column), "{text:?} {reason}");
                assert!(!reason.contains(" line "), "{reason}");
            }
            other => panic!("{text:?}: {other:?}"),
        };
        check("{\n  \"limits\": {,}\n}", 2, 14);
        check("", 1, 1);
        check("[]", 1, 1);
        check("{\"a\": 1", 1, 7);
    }
}
