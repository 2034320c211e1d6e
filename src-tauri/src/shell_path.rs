//! The PATH of the person's login shell, for servers started by a window that was not.
//!
//! A program started from a desktop does not get what a shell's start-up files set, so that `npx`
//! and `uvx` are not found. The shell is asked once, with a limit: its start-up files are the
//! person's own and may do anything. What it does not tell is no failure.

use std::ffi::OsString;

/// Asks the login shell, unless a terminal has given us its PATH already.
#[cfg(unix)]
pub(crate) async fn ask() -> Option<OsString> {
    use std::io::IsTerminal;
    let from_terminal = std::io::stdin().is_terminal() || std::io::stderr().is_terminal();
    if from_terminal {
        return None;
    }
    let shell = std::env::var_os("SHELL").filter(|shell| !shell.is_empty())?;
    let told = unix::told_by(&shell).await?;
    let own = std::env::var_os("PATH").unwrap_or_default();
    Some(joined(&told, &own))
}

/// Elsewhere every program gets the same PATH.
#[cfg(not(unix))]
#[expect(clippy::unused_async, reason = "the same signature everywhere")]
pub(crate) async fn ask() -> Option<OsString> {
    None
}

/// The shell's folders, then ours that it does not name.
#[cfg(unix)]
fn joined(told: &std::ffi::OsStr, own: &std::ffi::OsStr) -> OsString {
    let mut folders = Vec::new();
    for folder in std::env::split_paths(told).chain(std::env::split_paths(own)) {
        if !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    std::env::join_paths(folders).unwrap_or_else(|_| told.to_owned())
}

#[cfg(unix)]
mod unix {
    use std::ffi::{OsStr, OsString};
    use std::os::unix::ffi::OsStringExt;
    use std::process::Stdio;
    use std::time::Duration;

    use tokio::process::Command;
    use tokio::time::timeout;

    const LIMIT: Duration = Duration::from_secs(3);

    /// Start-up files print things too; what stands between these lines is ours. `env` says the same
    /// in every shell.
    const COMMAND: &str = "echo __trawl_path__; /usr/bin/env; echo __trawl_path__";

    /// Interactive, too, since many set their PATH in `.bashrc` or `.zshrc`.
    pub(super) async fn told_by(shell: &OsStr) -> Option<OsString> {
        let mut command = Command::new(shell);
        command.args(["-l", "-i", "-c", COMMAND]);
        // In a group of its own, so that an interactive shell leaves our terminal alone.
        command.process_group(0).kill_on_drop(true);
        command.stdin(Stdio::null()).stderr(Stdio::null());
        match timeout(LIMIT, command.output()).await {
            Ok(Ok(output)) => path_in(&output.stdout),
            Ok(Err(error)) => {
                tracing::warn!(%error, "the login shell could not be asked for its PATH");
                None
            }
            Err(_) => {
                tracing::warn!("the login shell did not tell its PATH in time");
                None
            }
        }
    }

    pub(super) fn path_in(output: &[u8]) -> Option<OsString> {
        let mut lines = output.split(|byte| *byte == b'\n');
        lines.by_ref().find(|line| line.ends_with(b"__trawl_path__"))?;
        let path = lines.find_map(|line| line.strip_prefix(b"PATH="))?;
        (!path.is_empty()).then(|| OsString::from_vec(path.to_vec()))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_found_among_what_start_up_files_print() {
        let output =
            b"PATH=/wrong\nhello\x1b[0m__trawl_path__\nHOME=/h\nPATH=/a:/b\n__trawl_path__\n";
        assert_eq!(unix::path_in(output), Some("/a:/b".into()));
        assert_eq!(unix::path_in(b"PATH=/a\n"), None);
        assert_eq!(unix::path_in(b""), None);
    }

    #[test]
    fn our_own_folders_are_not_lost() {
        assert_eq!(joined("/a:/b:/a".as_ref(), "/b:/c".as_ref()), "/a:/b:/c");
    }

    #[tokio::test]
    async fn a_shell_tells_its_path() {
        let told = unix::told_by("/bin/sh".as_ref()).await;
        assert!(told.is_some_and(|path| !path.is_empty()));
        assert_eq!(unix::told_by("/no/such/shell".as_ref()).await, None);
    }
}
