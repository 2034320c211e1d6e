//! A person's folders, as one test has them: what is in them survives closing the window.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use fantoccini::ClientBuilder;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;
use trawl_tests::programs;

use crate::driver::Driver;
use crate::page::Page;

/// For the window to open, and to close.
const LIMIT: Duration = Duration::from_mins(1);

/// Data, configuration and cache of one person.
pub(crate) struct Profile {
    home: TempDir,
}

/// An open window.
pub(crate) struct Window {
    pub(crate) page: Page,
    driver: Driver,
    data_folder: PathBuf,
}

impl Profile {
    /// Of a person who never started Trawl.
    pub(crate) fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    /// Of a person who has these settings.
    pub(crate) fn with_settings(settings: &Value) -> Self {
        let profile = Self::new();
        fs::create_dir_all(profile.data_folder()).unwrap();
        fs::write(profile.data_folder().join("settings.json"), settings.to_string()).unwrap();
        profile
    }

    /// Where Trawl keeps this person's files.
    pub(crate) fn data_folder(&self) -> PathBuf {
        self.home.path().join("data/dev.trawl.desktop")
    }

    /// Where the desktop keeps this person's downloads.
    pub(crate) fn downloads(&self) -> PathBuf {
        let folder = self.home.path().join("downloads");
        let config = self.home.path().join("config");
        fs::create_dir_all(&folder).unwrap();
        fs::create_dir_all(&config).unwrap();
        let line = format!("XDG_DOWNLOAD_DIR=\"{}\"\n", folder.display());
        fs::write(config.join("user-dirs.dirs"), line).unwrap();
        folder
    }

    /// Starts Trawl.
    pub(crate) async fn open(&self) -> Window {
        let driver = Driver::start(self.home.path());
        let binary = programs::desktop();
        let options = json!({"binary": binary, "args": []});
        let capabilities = json!({"webkitgtk:browserOptions": options});
        let mut builder = ClientBuilder::rustls().unwrap();
        builder.capabilities(capabilities.as_object().cloned().unwrap());
        let connecting = tokio::time::timeout(LIMIT, builder.connect(&driver.url)).await;
        let client = connecting.expect("the window opens in time").expect("the window opens");
        let page = Page::new(client);
        page.find("[data-testid=question]").await;
        Window { page, driver, data_folder: self.data_folder() }
    }
}

impl Window {
    /// Asks Trawl to end, as a desktop does when a person logs out, and waits until it has.
    pub(crate) async fn close(self) {
        let own = processes_in(&self.data_folder);
        assert!(!own.is_empty(), "no process has its history open");
        for pid in &own {
            let _ = kill_process(*pid, Signal::TERM);
        }
        let began = Instant::now();
        while own
            .iter()
            .any(|pid| rustix::process::test_kill_process(*pid).is_ok() && !is_zombie(*pid))
        {
            assert!(began.elapsed() < LIMIT, "the window does not end");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        drop(self.driver);
    }

    /// Ends Trawl as a crash does.
    pub(crate) fn kill(self) {
        let own = processes_in(&self.data_folder);
        assert!(!own.is_empty(), "no process has its history open");
        for pid in own {
            let _ = kill_process(pid, Signal::KILL);
        }
        drop(self.driver);
    }
}

/// Other processes that have the history in this folder open.
fn processes_in(folder: &std::path::Path) -> Vec<Pid> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter_map(|entry| Pid::from_raw(entry.file_name().to_str()?.parse().ok()?))
        // A test may look into the history itself.
        .filter(|pid| *pid != rustix::process::getpid())
        .filter(|pid| {
            let files = fs::read_dir(format!("/proc/{}/fd", pid.as_raw_nonzero()));
            let files = files.into_iter().flatten().flatten();
            files
                .filter_map(|file| fs::read_link(file.path()).ok())
                .any(|path| path.starts_with(folder) && path.ends_with("history.db"))
        })
        .collect()
}

fn is_zombie(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    stat.is_ok_and(|stat| stat.rsplit(')').next().unwrap_or_default().trim().starts_with('Z'))
}
