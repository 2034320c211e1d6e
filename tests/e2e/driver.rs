//! WebKit's driver: one process a window, ended in order.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use trawl_tests::keychain::NO_BUS;

/// For the driver to listen, and to end.
const LIMIT: Duration = Duration::from_mins(1);

/// A running driver.
pub(crate) struct Driver {
    process: Child,
    pub(crate) url: String,
}

impl Driver {
    /// Starts it with folders of its own below `home`; the window it opens inherits them.
    pub(crate) fn start(home: &Path) -> Self {
        // Free at this moment; the driver listens on it right away.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = Command::new("WebKitWebDriver")
            .args([format!("--port={port}"), "--host=127.0.0.1".to_owned()])
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .env("XDG_DATA_HOME", home.join("data"))
            .env("XDG_CONFIG_HOME", home.join("config"))
            .env("XDG_CACHE_HOME", home.join("cache"))
            .env("GTK_THEME", "Adwaita")
            // Neither the person's data, nor keychain, nor running Trawl.
            .env_remove("TRAWL_DATA_DIR")
            .env(NO_BUS.0, NO_BUS.1)
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            // Where no graphics card composes the page, painting it takes less than composing does.
            .env("WEBKIT_DISABLE_COMPOSITING_MODE", "1")
            .env("NO_AT_BRIDGE", "1")
            .stdin(Stdio::null())
            // A child that outlives the driver must not hold a pipe of ours.
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("WebKitWebDriver is installed (Debian: webkit2gtk-driver)");
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(began.elapsed() < LIMIT, "the driver does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { process, url: format!("http://127.0.0.1:{port}") }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // A window that a failed test left open does not end with its driver.
        for window in children_of(self.process.id()) {
            let _ = kill_process(window, Signal::TERM);
        }
        if let Some(pid) = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, Signal::TERM);
        }
        let began = Instant::now();
        while began.elapsed() < LIMIT {
            if matches!(self.process.try_wait(), Ok(Some(_)) | Err(_)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Processes that this one started.
fn children_of(parent: u32) -> Vec<Pid> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let processes = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    processes
        .filter(|process| {
            let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
            let fields = stat.rsplit(')').next().unwrap_or_default();
            fields.split_ascii_whitespace().nth(1) == Some(parent.to_string().as_str())
        })
        .filter_map(Pid::from_raw)
        .collect()
}
