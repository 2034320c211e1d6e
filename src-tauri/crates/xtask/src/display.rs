//! Displays: whether a person's is there, and one without a screen for tests.

use std::env;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::command::{Failure, fail};

/// Whether a window can be opened where this runs.
pub(crate) fn is_there() -> bool {
    if !cfg!(all(unix, not(target_os = "macos"))) {
        return true;
    }
    let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let wayland = variable("WAYLAND_DISPLAY").is_some_and(|socket| {
        let folder = variable("XDG_RUNTIME_DIR").unwrap_or_default();
        Path::new(&folder).join(socket).exists()
    });
    wayland || variable("DISPLAY").is_some_and(|name| answers(&name))
}

/// A local display that a variable still names may be gone; a remote one is taken at its word.
fn answers(display: &str) -> bool {
    let Some(local) = display.strip_prefix(':') else { return true };
    let number = local.split('.').next().unwrap_or(local);
    Path::new(&format!("/tmp/.X11-unix/X{number}")).exists()
}

/// A display in memory, ended when dropped.
pub(crate) struct Virtual {
    server: Child,
    name: String,
}

impl Virtual {
    /// Starts Xvfb on a display that is free.
    pub(crate) fn start() -> Result<Self, Failure> {
        // `-displayfd` makes the server choose, so that two runs never fight for a number.
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| Failure(format!("Xvfb cannot be started: {error}")))?;
        let mut number = String::new();
        let read = server.stdout.take().map(|out| BufReader::new(out).read_line(&mut number));
        let started = Self { server, name: format!(":{}", number.trim()) };
        match read {
            Some(Ok(length)) if length > 0 => Ok(started),
            _ => fail("Xvfb ended before it had a display"),
        }
    }

    /// The value for `DISPLAY`.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Virtual {
    fn drop(&mut self) {
        // Asked to end, it removes its lock and socket; killed, it leaves them.
        let _ = Command::new("kill").arg(self.server.id().to_string()).status();
        let end = Instant::now() + Duration::from_secs(3);
        while Instant::now() < end {
            if matches!(self.server.try_wait(), Ok(Some(_)) | Err(_)) {
                return;
            }
            sleep(Duration::from_millis(20));
        }
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
