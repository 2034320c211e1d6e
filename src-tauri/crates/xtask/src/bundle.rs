//! `cargo xtask bundle`: the package that people install.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{Failure, ask, fail, must, on_path, root, target};
use crate::{packages, say};

/// Makes the .deb with Tauri's own bundler, and checks what it made as far as tools are there.
pub(crate) fn bundle() -> Result<(), Failure> {
    packages::provide(&packages::TO_BUILD)?;
    if !on_path("npx") {
        return fail(
            "the bundler needs npx, which comes with Node 18 or newer; install nodejs and npm",
        );
    }
    say::step("Bundle", || {
        let bundler =
            ["--yes", "@tauri-apps/cli@2.12.5", "build", "--bundles", "deb", "--", "--locked"];
        must(Command::new(npx()).current_dir(root()).args(bundler))
    })?;
    let package = newest_package()?;
    if let Some(contents) = ask("dpkg-deb", &["--contents", &package.to_string_lossy()]) {
        check(&contents)?;
    }
    if on_path("dpkg-deb") && on_path("desktop-file-validate") {
        say::step("Menu entry", || check_menu_entry(&package))?;
    }
    say::line(&package.to_string_lossy());
    Ok(())
}

/// A package without these cannot be started from a menu.
fn check(contents: &str) -> Result<(), Failure> {
    let expected =
        ["usr/bin/trawl-desktop", "applications/Trawl.desktop", "128x128/apps/trawl-desktop.png"];
    match expected.iter().find(|file| !contents.contains(**file)) {
        Some(file) => fail(format!("the package has no {file}")),
        None => Ok(()),
    }
}

/// What the desktop's own check says of the entry in the menu.
fn check_menu_entry(package: &Path) -> Result<(), Failure> {
    let folder = package.with_extension("unpacked");
    must(Command::new("dpkg-deb").arg("--extract").args([package, &folder]))?;
    let entry = folder.join("usr/share/applications/Trawl.desktop");
    must(Command::new("desktop-file-validate").arg(entry))
}

fn newest_package() -> Result<PathBuf, Failure> {
    let folder = target().join("release/bundle/deb");
    let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
    let packages = entries.filter(|entry| entry.path().extension().is_some_and(|e| e == "deb"));
    packages
        .max_by_key(|entry| entry.metadata().and_then(|data| data.modified()).ok())
        .map(|entry| entry.path())
        .ok_or_else(|| Failure(format!("no package was made in {}", folder.display())))
}

fn npx() -> &'static str {
    if cfg!(windows) { "npx.cmd" } else { "npx" }
}
