//! What the tests of the command line have in common: the program with a data folder of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use trawl_tests::keychain::NO_BUS;
use trawl_tests::programs;

/// A person's computer with nothing on it yet.
pub(crate) struct Home {
    folder: tempfile::TempDir,
}

/// What a command left.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// With these settings.
    pub(crate) fn with(settings: &Value) -> Self {
        let home = Self::new();
        home.write("settings.json", &settings.to_string());
        home
    }

    /// A file in the data folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("data").join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::create_dir_all(self.path("")).unwrap();
        std::fs::write(self.path(name), text).unwrap();
    }

    /// Everything in the logs.
    pub(crate) fn log(&self) -> String {
        let files = std::fs::read_dir(self.path("logs")).unwrap();
        files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect()
    }

    /// The program, not yet started.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(programs::trawl());
        command
            .args(arguments)
            .env("TRAWL_DATA_DIR", self.path(""))
            .env("HOME", self.folder.path())
            .env(NO_BUS.0, NO_BUS.1)
            .env_remove("NO_COLOR")
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs it to its end.
    pub(crate) fn trawl(&self, arguments: &[&str]) -> Said {
        said(self.command(arguments).output().unwrap())
    }

    /// Runs it to its end and expects 0.
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        let said = self.trawl(arguments);
        assert_eq!(said.code, 0, "{arguments:?}\n{}\n{}", said.out, said.err);
        said.out
    }

    /// The same with JSON on standard output.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.ok(arguments)).unwrap()
    }

    /// Asks and returns the id of the run.
    pub(crate) fn asked(&self, question: &str) -> String {
        self.ok(&["ask", question]);
        let list = self.json(&["history", "list", "--json"]);
        list["runs"][0]["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

pub(crate) fn said(output: Output) -> Said {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let said = Said {
        code: output.status.code().unwrap_or(-1),
        out: text(output.stdout),
        err: text(output.stderr),
    };
    assert!(!said.err.contains("panicked"), "{}", said.err);
    // Nothing here is a terminal.
    assert!(
        !said.out.contains('\u{1b}') && !said.err.contains('\u{1b}'),
        "{}{}",
        said.out,
        said.err
    );
    said
}
