//! The settings: read with the core's own reader, written through tauri-plugin-store, explicitly.
//!
//! The plugin takes a file that does not parse as empty and would overwrite it, so the core's reader
//! looks first and sets such a file aside. The plugin's copy lives no longer than one change: what a
//! person wrote into the file meanwhile is never overwritten with what was read before. It writes
//! plainly, so that it writes a new file, which takes the place of the settings once it is whole and
//! on the disk: a full disk or a kill leaves them as they were. Keys that Trawl does not know are
//! kept.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value};
use tauri::{AppHandle, Runtime};
use tauri_plugin_store::StoreExt;
use tempfile::NamedTempFile;
use trawl_core::event::Object;
use trawl_core::paths::{create_private_folder, settings_file};
use trawl_core::settings::load::{Loaded, SettingsError, keep_good_copy, load, prepare};

use crate::error::CommandError;

/// The order in which people find the sections they know; others follow by name.
const SECTIONS: [&str; 5] = ["mcpServers", "model", "limits", "approvals", "preferences"];

/// The settings of the data folder.
pub(crate) struct Store {
    data_folder: PathBuf,
    current: Mutex<Arc<Loaded>>,
    notices: Mutex<Vec<String>>,
    /// One change at a time.
    changing: Mutex<()>,
}

impl Store {
    /// Reads the settings, after setting aside what cannot be read. Blocks.
    pub(crate) fn open(data_folder: &Path) -> Self {
        let prepared = prepare(data_folder);
        Self {
            data_folder: data_folder.to_owned(),
            current: Mutex::new(Arc::new(prepared.loaded)),
            notices: Mutex::new(prepared.notices),
            changing: Mutex::default(),
        }
    }

    /// As they are now.
    pub(crate) fn current(&self) -> Arc<Loaded> {
        lock(&self.current).clone()
    }

    /// What the person is to be told since the start.
    pub(crate) fn notices(&self) -> Vec<String> {
        lock(&self.notices).clone()
    }

    /// Adds to what the person is to be told.
    pub(crate) fn tell(&self, notices: Vec<String>) {
        lock(&self.notices).extend(notices);
    }

    /// Changes the file and saves it. On an error nothing has changed. Blocks.
    pub(crate) fn change<R: Runtime>(
        &self,
        app: &AppHandle<R>,
        edit: impl FnOnce(&mut Object) -> Result<(), CommandError>,
    ) -> Result<Arc<Loaded>, CommandError> {
        let _one_at_a_time = lock(&self.changing);
        let mut file = self.latest()?.file;
        edit(&mut file)?;
        self.write(app, file)?;
        keep_good_copy(&self.data_folder);
        let saved = Arc::new(load(&self.data_folder)?);
        *lock(&self.current) = saved.clone();
        Ok(saved)
    }

    /// The file as it is now; one that was broken since is set aside as at the start. Where that
    /// does not work, there is nothing to change: what a person wrote is never overwritten.
    fn latest(&self) -> Result<Loaded, CommandError> {
        match load(&self.data_folder) {
            Err(error @ SettingsError::Invalid { .. }) => {
                let prepared = prepare(&self.data_folder);
                if prepared.stuck {
                    return Err(error.into());
                }
                self.tell(prepared.notices);
                Ok(prepared.loaded)
            }
            read => Ok(read?),
        }
    }

    fn write<R: Runtime>(&self, app: &AppHandle<R>, file: Object) -> Result<(), CommandError> {
        let _ = create_private_folder(&self.data_folder);
        let place = settings_file(&self.data_folder);
        // Some people keep it elsewhere, and a link here.
        let place = fs::canonicalize(&place).unwrap_or(place);
        let new = beside(&place)?;
        let builder = app.store_builder(new.path());
        let store = builder.create_new().disable_auto_save().serialize(in_order).build()?;
        for (key, value) in file {
            store.set(key, value);
        }
        let saved = store.save();
        // Else the plugin would save it once more at exit.
        store.close_resource();
        saved?;
        new.as_file().sync_all()?;
        new.persist(&place).map_err(|error| error.error)?;
        Ok(())
    }
}

/// An empty file that only its owner can read, in the folder of another one. It has a short name,
/// since there is room for the other's at least.
fn beside(place: &Path) -> io::Result<NamedTempFile> {
    let folder = place.parent().unwrap_or(Path::new("."));
    tempfile::Builder::new().prefix(".new-").tempfile_in(folder)
}

type Unserialised = Box<dyn std::error::Error + Send + Sync>;

fn in_order(settings: &HashMap<String, Value>) -> Result<Vec<u8>, Unserialised> {
    let mut keys: Vec<&String> = settings.keys().collect();
    let place = |key: &str| SECTIONS.iter().position(|s| *s == key).unwrap_or(SECTIONS.len());
    keys.sort_by_key(|key| (place(key), (*key).clone()));
    let ordered: Map<String, Value> =
        keys.into_iter().map(|key| (key.clone(), settings[key].clone())).collect();
    let mut text = serde_json::to_vec_pretty(&ordered)?;
    text.push(b'\n');
    Ok(text)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tauri::test::{MockRuntime, mock_builder, mock_context, noop_assets};

    use super::*;

    fn app() -> tauri::App<MockRuntime> {
        let plugin = tauri_plugin_store::Builder::default().build();
        mock_builder().plugin(plugin).build(mock_context(noop_assets())).unwrap()
    }

    fn theme(store: &Store, app: &tauri::App<MockRuntime>, theme: &str) {
        try_theme(store, app, theme).unwrap();
    }

    fn try_theme(
        store: &Store,
        app: &tauri::App<MockRuntime>,
        theme: &str,
    ) -> Result<Arc<Loaded>, CommandError> {
        let edit = |file: &mut Object| {
            file.insert("preferences".into(), json!({"theme": theme}));
            Ok(())
        };
        store.change(app.handle(), edit)
    }

    #[test]
    fn a_change_keeps_unknown_keys_and_what_was_written_by_hand() {
        let folder = tempfile::tempdir().unwrap();
        let path = settings_file(folder.path());
        fs::write(&path, r#"{"zebra": [1], "mcpServers": {"b": {"url": "x"}, "a": 5}}"#).unwrap();
        let (app, store) = (app(), Store::open(folder.path()));
        theme(&store, &app, "dark");
        let by_hand = fs::read_to_string(&path).unwrap().replace("\"x\"", "\"y\"");
        fs::write(&path, by_hand).unwrap();
        theme(&store, &app, "light");
        let text = fs::read_to_string(&path).unwrap();
        let file: Object = serde_json::from_str(&text).unwrap();
        assert_eq!(file.keys().collect::<Vec<_>>(), ["mcpServers", "preferences", "zebra"]);
        assert_eq!(file["zebra"], json!([1]));
        assert_eq!(file["mcpServers"]["b"], json!({"url": "y"}));
        assert_eq!(file["preferences"], json!({"theme": "light"}));
        assert_eq!(file["mcpServers"].as_object().unwrap().keys().collect::<Vec<_>>(), ["b", "a"]);
        assert_eq!(store.current().file, file);
        drop(app);
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }

    #[test]
    fn a_file_broken_meanwhile_is_set_aside_and_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let (app, store) = (app(), Store::open(folder.path()));
        assert!(store.notices().is_empty());
        theme(&store, &app, "dark");
        fs::write(settings_file(folder.path()), "{broken").unwrap();
        theme(&store, &app, "light");
        assert_eq!(store.notices().len(), 1, "{:?}", store.notices());
        let kept = fs::read_dir(folder.path()).unwrap().flatten().any(|entry| {
            entry.file_name().to_string_lossy().contains(".bad-")
                && fs::read_to_string(entry.path()).unwrap() == "{broken"
        });
        assert!(kept);
        assert_eq!(store.current().file["preferences"], json!({"theme": "light"}));
    }

    #[test]
    fn whoever_reads_while_it_is_saved_reads_all_of_one_version() {
        use std::io::Read;
        let folder = tempfile::tempdir().unwrap();
        let path = settings_file(folder.path());
        let (app, store) = (app(), Store::open(folder.path()));
        theme(&store, &app, "dark");
        let before = fs::read_to_string(&path).unwrap();
        let mut reader = fs::File::open(&path).unwrap();
        theme(&store, &app, "light");
        let mut read = String::new();
        reader.read_to_string(&mut read).unwrap();
        assert_eq!(read, before, "a file is replaced, never written into");
        let mut names: Vec<_> =
            fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["settings.json", "settings.json.good"]);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_reads_what_is_saved_and_a_link_stays_one() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let target = elsewhere.path().join("trawl.json");
        fs::write(&target, r#"{"mine": 1}"#).unwrap();
        symlink(&target, settings_file(folder.path())).unwrap();
        let (app, store) = (app(), Store::open(folder.path()));
        theme(&store, &app, "dark");
        assert!(settings_file(folder.path()).is_symlink());
        let file: Object = serde_json::from_slice(&fs::read(&target).unwrap()).unwrap();
        assert_eq!((&file["mine"], &file["preferences"]["theme"]), (&json!(1), &json!("dark")));
        assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o600);
    }

    /// A folder so deep that `settings.json` can be in it, but no copy of a longer name. Unlike one
    /// that may not be written, it stops the superuser too, as whom tests may run.
    #[cfg(unix)]
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

    #[cfg(unix)]
    #[test]
    fn a_file_that_cannot_be_set_aside_is_not_overwritten() {
        let base = tempfile::tempdir().unwrap();
        let folder = too_deep(base.path());
        let good = r#"{"preferences": {"theme": "dark"}}"#;
        fs::write(folder.join("settings.json.good"), good).unwrap();
        fs::write(settings_file(&folder), "{broken").unwrap();
        let (app, store) = (app(), Store::open(&folder));
        assert_eq!(store.current().file["preferences"], json!({"theme": "dark"}));
        assert!(try_theme(&store, &app, "light").is_err());
        assert_eq!(fs::read_to_string(settings_file(&folder)).unwrap(), "{broken");
        assert_eq!(store.current().file["preferences"], json!({"theme": "dark"}));
        fs::write(settings_file(&folder), "{}").unwrap();
        theme(&store, &app, "light");
        assert_eq!(store.current().file["preferences"], json!({"theme": "light"}));
    }
}
