//! Clippy as the compiler of this workspace: what is built for the tests is checked on the way.
//!
//! `cargo clippy` reads every dependency once more, without building it, which took four of eighteen
//! minutes in a new checkout. Cargo can be told to compile a workspace's own packages with another
//! program (The Cargo Book, `build.rustc-workspace-wrapper`): it is this one, which hands on to
//! `clippy-driver` and makes warnings errors.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::OnceLock;

use crate::command::{Failure, target};

/// Set where this program is to be the compiler.
const AS_COMPILER: &str = "TRAWL_XTASK_COMPILES";

/// Whatever this command compiles of the workspace is checked.
pub(crate) fn checking(mut cargo: Command) -> Result<Command, Failure> {
    let compiler = compiler().map_err(|error| {
        Failure(format!("Clippy cannot be made the compiler of the workspace: {error}"))
    })?;
    cargo.env("RUSTC_WORKSPACE_WRAPPER", compiler).env(AS_COMPILER, "1");
    Ok(cargo)
}

/// This program under another name: the build replaces the one that runs.
fn compiler() -> io::Result<PathBuf> {
    static COPY: OnceLock<PathBuf> = OnceLock::new();
    if let Some(copy) = COPY.get() {
        return Ok(copy.clone());
    }
    let name = if cfg!(windows) { "checking-compiler.exe" } else { "checking-compiler" };
    let (copy, own) = (target().join(name), env::current_exe()?);
    // The same bytes are the same compiler; another process may be about to start it.
    let program = fs::read(own)?;
    if !fs::read(&copy).is_ok_and(|kept| kept == program) {
        let new = copy.with_extension("new");
        fs::copy(env::current_exe()?, &new)?;
        fs::rename(new, &copy)?;
    }
    Ok(COPY.get_or_init(|| copy).clone())
}

/// Compiles what Cargo asks for, if it is Cargo that started this.
pub(crate) fn compile() -> Option<ExitCode> {
    env::var_os(AS_COMPILER)?;
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    // Cargo also asks for the version.
    let compiles = arguments.iter().any(|argument| argument == "--crate-name");
    let deny = compiles.then_some("-Dwarnings");
    let status = Command::new("clippy-driver").args(arguments).args(deny).status();
    Some(match status {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            crate::say::failure(&format!(
                "clippy-driver cannot be started ({error}); `rustup component add clippy` brings it"
            ));
            ExitCode::FAILURE
        }
    })
}
