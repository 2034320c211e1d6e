//! Where the programs of other packages are: `cargo test` does not build another package's binary.
//!
//! `TRAWL_TEST_PROGRAMS` names a folder that has them already (`cargo xtask test` sets it);
//! without it they are built when the first test asks.

#![expect(clippy::unwrap_used, reason = "without its programs, a test may end at once")]

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The command line's program.
pub fn trawl() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| provided("trawl").unwrap_or_else(|| built("trawl", &[])))
}

/// The window's program. Building it needs `WebKit`.
pub fn desktop() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    let name = "trawl-desktop";
    PROGRAM.get_or_init(|| provided(name).unwrap_or_else(|| built(name, &["--workspace"])))
}

/// The fake MCP server's program.
pub fn fake_mcp() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    // A binary of the tests' own package is built with them.
    PROGRAM.get_or_init(|| folder().join(with_suffix("fake-mcp")))
}

fn provided(name: &str) -> Option<PathBuf> {
    let program = Path::new(&env::var_os("TRAWL_TEST_PROGRAMS")?).join(with_suffix(name));
    assert!(program.is_file(), "TRAWL_TEST_PROGRAMS has no {}", program.display());
    Some(program)
}

fn built(name: &str, selection: &[&str]) -> PathBuf {
    // As this program itself is built.
    let profile: &[&str] = if folder().ends_with("release") { &["--release"] } else { &[] };
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--bin", name])
        .args(selection)
        .args(profile)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap())
        .status();
    assert!(status.is_ok_and(|status| status.success()), "{name} could not be built");
    folder().join(with_suffix(name))
}

/// A test's own program is TARGET/PROFILE/deps/NAME-HASH.
fn folder() -> PathBuf {
    env::current_exe().unwrap().ancestors().nth(2).unwrap().to_owned()
}

fn with_suffix(name: &str) -> String {
    format!("{name}{}", env::consts::EXE_SUFFIX)
}
