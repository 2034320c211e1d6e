//! Which process a running query belongs to: a file that the process keeps locked while it lives.
//!
//! A run is interrupted when its owner's lock can be taken. The system drops the lock however the
//! process ends, so that nothing needs to be tidied after a crash.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use uuid::Uuid;

use crate::paths::{create_private_folder, private_file};

/// A file this old whose lock is free was left by a process that crashed; a younger one may be about
/// to be locked.
const LEFTOVER: Duration = Duration::from_hours(24);

/// This process's lock.
#[derive(Debug)]
pub(super) struct Owner {
    id: String,
    path: PathBuf,
    _locked: File,
}

impl Owner {
    /// Takes a lock of a new name in the data folder.
    pub(super) fn claim(data_folder: &Path) -> io::Result<Self> {
        let id = Uuid::new_v4().to_string();
        let path = lock_path(data_folder, &id);
        if let Some(folder) = path.parent() {
            create_private_folder(folder)?;
            remove_leftovers(folder);
        }
        let file = private_file().write(true).open(&path)?;
        file.lock()?;
        Ok(Self { id, path, _locked: file })
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        // Only tidiness: a file that stays behind unlocked means the same.
        let _ = fs::remove_file(&self.path);
    }
}

/// Whether the process that owned this lock has ended.
pub(super) fn is_gone(data_folder: &Path, owner: &str) -> bool {
    let path = lock_path(data_folder, owner);
    match File::open(&path) {
        Ok(file) => match file.try_lock() {
            Ok(()) => {
                let _ = fs::remove_file(&path);
                true
            }
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => false,
        },
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

/// Only tidiness, for owners of which no run speaks any more.
fn remove_leftovers(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let age = entry.metadata().and_then(|data| data.modified()).map(|time| time.elapsed());
        if !matches!(age, Ok(Ok(age)) if age > LEFTOVER) {
            continue;
        }
        if File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn lock_path(data_folder: &Path, owner: &str) -> PathBuf {
    data_folder.join("owners").join(format!("{owner}.lock"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_is_gone_once_its_lock_is_free() {
        let folder = tempfile::tempdir().unwrap();
        let owner = Owner::claim(folder.path()).unwrap();
        let id = owner.id().to_owned();
        assert!(!is_gone(folder.path(), &id));
        drop(owner);
        assert!(is_gone(folder.path(), &id));
    }
}
