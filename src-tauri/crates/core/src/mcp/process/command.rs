//! Where a server's command is, or advice on why it is nowhere.
//!
//! A program started from a desktop does not get the shell's PATH, so that `npx` and `uvx` are
//! often not on it: the places where people's installers put them are looked at too. Finds only;
//! starts nothing.

use std::cmp::Reverse;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::reason::Reason;

/// Installers' places, below the home folder and elsewhere, in the order of search.
const HOME_PLACES: [&str; 8] = [
    ".local/bin",
    ".cargo/bin",
    ".volta/bin",
    ".bun/bin",
    ".deno/bin",
    ".asdf/shims",
    ".local/share/mise/shims",
    ".nvm/versions/node",
];
const OTHER_PLACES: [&str; 4] =
    ["/usr/local/bin", "/opt/homebrew/bin", "/snap/bin", "/home/linuxbrew/.linuxbrew/bin"];

/// A command that was found.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::mcp) struct Found {
    /// The program, absolute: it is started from its own folder, not from ours.
    pub(in crate::mcp) program: PathBuf,
    /// The PATH its process should have: with the program's own folder where that was not on it,
    /// since `npx` looks for `node` beside itself.
    pub(in crate::mcp) path: OsString,
}

/// Finds `command` on `path`, in installers' places, or as a path of its own relative to `cwd`.
pub(in crate::mcp) fn find(
    command: &str,
    path: &OsString,
    cwd: Option<&Path>,
) -> Result<Found, Reason> {
    if command.trim().is_empty() {
        return Err("has an empty \"command\"".into());
    }
    let as_path = Path::new(command);
    if as_path.components().count() > 1 {
        let program = match cwd {
            Some(cwd) if as_path.is_relative() => cwd.join(as_path),
            _ => as_path.to_owned(),
        };
        return match is_program(&program) {
            true => Ok(found(program, path.clone())),
            false if program.exists() => {
                Err(format!("cannot be started: \"{command}\" is not an executable file").into())
            }
            false => Err(format!("cannot be started: there is no file \"{command}\"").into()),
        };
    }
    if let Some(program) = in_folders(command, std::env::split_paths(path)) {
        return Ok(found(program, path.clone()));
    }
    let Some(program) = in_folders(command, installers_places()) else {
        let what = format!(
            "cannot be started: the command \"{command}\" was not found in PATH ({})",
            path.to_string_lossy()
        );
        return Err(Reason::new(
            what,
            "install it, write its full path as \"command\", or add its folder to PATH in the \
             entry's \"env\"",
        ));
    };
    let folder = program.parent().map(Path::to_owned).unwrap_or_default();
    let extended = std::iter::once(folder).chain(std::env::split_paths(path));
    let path = std::env::join_paths(extended).unwrap_or_else(|_| path.clone());
    Ok(found(program, path))
}

fn found(program: PathBuf, path: OsString) -> Found {
    Found { program: std::path::absolute(&program).unwrap_or(program), path }
}

fn in_folders(command: &str, folders: impl Iterator<Item = PathBuf>) -> Option<PathBuf> {
    folders
        .filter(|folder| !folder.as_os_str().is_empty())
        .flat_map(|folder| with_extensions(&folder.join(command)))
        .find(|program| is_program(program))
}

fn with_extensions(program: &Path) -> Vec<PathBuf> {
    let mut names = vec![program.to_owned()];
    if cfg!(windows) {
        names.extend(["exe", "cmd", "bat"].map(|extension| program.with_extension(extension)));
    }
    names
}

fn installers_places() -> impl Iterator<Item = PathBuf> {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let below_home = home.into_iter().flat_map(|home| {
        HOME_PLACES.iter().flat_map(move |place| {
            let folder = home.join(place);
            // nvm keeps a folder a version.
            if place.ends_with("versions/node") { versions(&folder) } else { vec![folder] }
        })
    });
    below_home.chain(OTHER_PLACES.iter().map(PathBuf::from))
}

/// The programs' folders of every version, the newest first.
fn versions(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut versions: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    versions.sort_by_cached_key(|folder| Reverse(version(folder)));
    versions.into_iter().map(|folder| folder.join("bin")).collect()
}

/// `v22.11.0` as numbers; what is no version has none, and comes last.
fn version(folder: &Path) -> Vec<u64> {
    let name = folder.file_name().and_then(OsStr::to_str).unwrap_or_default();
    name.trim_start_matches('v').split('.').map_while(|part| part.parse().ok()).collect()
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn commands_are_found_or_the_reason_is_told() {
        let path = OsString::from("/usr/bin:/bin");
        let found = find("sh", &path, None).unwrap();
        assert!(found.program.ends_with("sh"));
        assert_eq!(found.path, path);
        assert_eq!(
            find("./sh", &path, Some(Path::new("/bin"))).unwrap().program,
            Path::new("/bin/./sh")
        );
        let up: PathBuf = std::env::current_dir().unwrap().components().map(|_| "..").collect();
        assert!(find("./sh", &path, Some(&up.join("bin"))).unwrap().program.is_absolute());
        let missing = find("no-such-command-x", &path, None).unwrap_err();
        assert!(
            missing.what.contains("\"no-such-command-x\" was not found in PATH (/usr/bin:/bin)")
        );
        assert!(
            find("/etc/passwd", &path, None).unwrap_err().what.contains("not an executable file")
        );
        assert!(find("/no/such", &path, None).unwrap_err().what.contains("there is no file"));
        assert!(find("", &path, None).is_err());
    }

    #[test]
    fn the_newest_node_is_looked_into_first() {
        let home = tempfile::tempdir().unwrap();
        for name in ["v8.17.0", "v22.2.0", "v22.11.0", "current"] {
            std::fs::create_dir(home.path().join(name)).unwrap();
        }
        let expect = ["v22.11.0", "v22.2.0", "v8.17.0", "current"]
            .map(|name| home.path().join(name).join("bin"));
        assert_eq!(versions(home.path()), expect);
    }
}
