//! What a child process finds in its environment: a few variables of ours and its entry's `env`.
//!
//! Nothing else is inherited, so that a model's key or another server's token never reaches it.

use std::ffi::OsString;
use std::sync::OnceLock;

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};

/// Inherited as they are, where set.
const INHERITED: [&str; 15] = [
    "HOME",
    "PATH",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "TMPDIR", //
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ALL_PROXY", //
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "all_proxy",
];

/// What Windows needs to run anything; inherited nowhere else.
const WINDOWS: [&str; 11] = [
    "SYSTEMROOT",
    "SYSTEMDRIVE",
    "WINDIR",
    "COMSPEC",
    "PATHEXT",
    "TEMP",
    "TMP",
    "USERPROFILE",
    "APPDATA",
    "LOCALAPPDATA",
    "PROGRAMFILES",
];

/// And every variable of these families.
const FAMILIES: [&str; 2] = ["LC_", "XDG_"];

/// Where the host gets a better PATH from than this process has.
static SEARCH_PATH: OnceLock<Shared<BoxFuture<'static, Option<OsString>>>> = OnceLock::new();

/// From now on children get the PATH that `path` yields, if it yields one, instead of ours; they are
/// not started before it does. Only a process's first word counts.
pub fn use_path(path: impl Future<Output = Option<OsString>> + Send + 'static) {
    let _ = SEARCH_PATH.set(path.boxed().shared());
}

/// The host's PATH, once it is known.
pub(in crate::mcp) async fn path() -> Option<OsString> {
    SEARCH_PATH.get()?.clone().await
}

/// The inherited part.
pub(in crate::mcp) fn inherited() -> impl Iterator<Item = (OsString, OsString)> {
    std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_inherited))
}

fn is_inherited(name: &str) -> bool {
    let in_family = FAMILIES.iter().any(|family| name.starts_with(family));
    // Windows does not tell `Path` from `PATH`; elsewhere nobody writes it in another case.
    let same = |known: &&str| {
        if cfg!(windows) { known.eq_ignore_ascii_case(name) } else { *known == name }
    };
    in_family || INHERITED.iter().any(same) || (cfg!(windows) && WINDOWS.iter().any(same))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_program_needs_is_inherited() {
        for name in ["HOME", "PATH", "LC_ALL", "XDG_RUNTIME_DIR", "https_proxy"] {
            assert!(is_inherited(name), "{name}");
        }
        for name in ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "LD_PRELOAD", "TRAWL_DATA_DIR", "X"] {
            assert!(!is_inherited(name), "{name}");
        }
        for name in WINDOWS {
            assert_eq!(is_inherited(name), cfg!(windows), "{name}");
        }
    }
}
