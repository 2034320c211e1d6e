//! Where Trawl keeps its files: one data folder, shared by the window and the command line.
//!
//! Comes in: what the person chose, or nothing. Goes out: the folder, made if it was missing, and
//! the places in it. What is in the files is not this module's business.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The application's identifier, under which the platform keeps its data.
const IDENTIFIER: &str = "dev.trawl.desktop";

/// Names the data folder where no `--data-dir` is given.
pub const DATA_DIR_VARIABLE: &str = "TRAWL_DATA_DIR";

const SETTINGS: &str = "settings.json";

/// This system has no place for applications' data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "this system names no folder for applications' data; choose one with --data-dir or TRAWL_DATA_DIR"
)]
pub struct NoDataFolder;

/// The data folder: `given`, else `TRAWL_DATA_DIR`, else the platform's folder for the application.
/// It need not exist yet.
pub fn data_folder(given: Option<&Path>) -> Result<PathBuf, NoDataFolder> {
    let variable = std::env::var_os(DATA_DIR_VARIABLE).map(PathBuf::from);
    chosen(given, variable.as_deref(), dirs::data_dir().as_deref())
}

fn chosen(
    given: Option<&Path>,
    variable: Option<&Path>,
    platform: Option<&Path>,
) -> Result<PathBuf, NoDataFolder> {
    let named = given.or(variable).filter(|path| !path.as_os_str().is_empty());
    let folder = named.map(Path::to_owned).or_else(|| platform.map(|data| data.join(IDENTIFIER)));
    let folder = folder.ok_or(NoDataFolder)?;
    Ok(std::path::absolute(&folder).unwrap_or(folder))
}

/// The settings in a data folder.
pub fn settings_file(data_folder: &Path) -> PathBuf {
    data_folder.join(SETTINGS)
}

/// The daily log files in a data folder.
pub fn logs_folder(data_folder: &Path) -> PathBuf {
    data_folder.join("logs")
}

/// Makes a folder that only its owner can look into, with the folders above it. One that is there
/// already is closed to others too if it is plainly Trawl's: empty, or holding settings or a history.
/// Any other is left as it is, since whoever names `/tmp` or a shared folder needs it as it is.
pub fn create_private_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    if folder.is_dir() {
        return close_own_folder(folder);
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(unix)]
fn close_own_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    const OTHERS: u32 = 0o077;
    const SHARED: u32 = 0o1000;
    let mut permissions = fs::metadata(folder)?.permissions();
    let mode = permissions.mode();
    if mode & OTHERS == 0 || mode & SHARED != 0 || !is_ours(folder) {
        return Ok(());
    }
    permissions.set_mode(mode & 0o700);
    match fs::set_permissions(folder, permissions) {
        // Somebody else's folder is theirs to close.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        closed => closed,
    }
}

#[cfg(unix)]
fn is_ours(folder: &Path) -> bool {
    let has = |name| folder.join(name).is_file();
    let is_empty = || fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none());
    has(SETTINGS) || has("history.db") || is_empty()
}

/// How to create a file that only its owner can read.
pub fn private_file() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    options.create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Lets only the owner read a file that another library made.
pub fn make_private(file: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mut permissions = fs::metadata(file)?.permissions();
        if permissions.mode() & 0o077 != 0 {
            permissions.set_mode(0o600);
            fs::set_permissions(file, permissions)?;
        }
    }
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}

/// Writes a whole private file such that a reader, or a crash, sees the old one or the new one.
pub fn write_private_file(file: &Path, contents: &[u8]) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    // Only its owner can read it, from the beginning.
    let mut new = tempfile::Builder::new().prefix(".new-").tempfile_in(folder)?;
    new.write_all(contents)?;
    new.as_file().sync_all()?;
    new.persist(file)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_choice_wins() {
        let path = |path: &'static str| Some(Path::new(path));
        let check = |given, variable, expect: &str| {
            assert_eq!(chosen(given, variable, path("/data")), Ok(PathBuf::from(expect)));
        };
        check(path("/a"), path("/b"), "/a");
        check(None, path("/b"), "/b");
        check(None, path(""), "/data/dev.trawl.desktop");
        check(None, None, "/data/dev.trawl.desktop");
        assert_eq!(chosen(None, None, None), Err(NoDataFolder));
        assert!(chosen(path("here"), None, None).unwrap().is_absolute());
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_looks_into_what_is_made() {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().join("one/two");
        create_private_folder(&folder).unwrap();
        create_private_folder(&folder).unwrap();
        assert_eq!((mode(&folder), mode(&base.path().join("one"))), (0o700, 0o700));
        let file = folder.join("f");
        write_private_file(&file, b"1").unwrap();
        write_private_file(&file, b"2").unwrap();
        assert_eq!((mode(&file), fs::read(&file).unwrap()), (0o600, b"2".to_vec()));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        make_private(&file).unwrap();
        assert_eq!(mode(&file), 0o600);
    }

    #[cfg(unix)]
    #[test]
    fn a_data_folder_that_was_open_is_closed_and_a_shared_one_left() {
        use std::os::unix::fs::PermissionsExt;
        let base = tempfile::tempdir().unwrap();
        let check = |name: &str, holds: Option<&str>, before: u32, after: u32| {
            let folder = base.path().join(name);
            fs::create_dir(&folder).unwrap();
            if let Some(file) = holds {
                fs::write(folder.join(file), "").unwrap();
            }
            fs::set_permissions(&folder, fs::Permissions::from_mode(before)).unwrap();
            create_private_folder(&folder).unwrap();
            let mode = fs::metadata(&folder).unwrap().permissions().mode() & 0o7777;
            assert_eq!(mode, after, "{name}: {mode:o}");
        };
        check("empty", None, 0o755, 0o700);
        check("settings", Some("settings.json"), 0o755, 0o700);
        check("history", Some("history.db"), 0o775, 0o700);
        check("others", Some("letter.txt"), 0o755, 0o755);
        check("sticky", Some("history.db"), 0o1777, 0o1777);
        check("closed", None, 0o700, 0o700);
    }
}
