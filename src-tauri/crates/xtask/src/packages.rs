//! What the system has to offer beyond the toolchain, and how it gets there.
//!
//! Each need is a question to the system, not to its package list: whatever way a thing was
//! installed, it counts. Only `apt-get` is run; elsewhere the packages are named.

use std::path::Path;
use std::process::Command;

use crate::command::{Failure, ask, fail, must, on_path};
use crate::say;

/// Something the system may lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// A C compiler, for the bundled database.
    Compiler,
    /// Headers of the web view.
    WebKit,
    /// A display without a screen.
    Xvfb,
    /// What drives the real window in a test.
    Driver,
    /// Over which a second start finds the first.
    Bus,
    /// What runs the UI's tests.
    Node,
    /// What fetches the checker of the page's types.
    Npm,
}

/// The window cannot be compiled without these.
pub(crate) const TO_BUILD: [Need; 2] = [Need::Compiler, Need::WebKit];

/// And cannot be tested without these.
pub(crate) const TO_TEST: [Need; 7] =
    [Need::Compiler, Need::WebKit, Need::Xvfb, Need::Driver, Need::Bus, Need::Node, Need::Npm];

impl Need {
    fn is_met(self) -> bool {
        // Elsewhere the system's own web view is used, and its tools come with the compiler.
        let linux = cfg!(target_os = "linux");
        match self {
            Self::Compiler => on_path("cc") || !linux,
            Self::WebKit => !linux || ask("pkg-config", &["--exists", "webkit2gtk-4.1"]).is_some(),
            Self::Xvfb => on_path("Xvfb"),
            Self::Driver => on_path("WebKitWebDriver"),
            Self::Bus => on_path("dbus-daemon"),
            Self::Node => on_path("node"),
            Self::Npm => on_path("npm"),
        }
    }

    fn debian(self) -> &'static str {
        match self {
            Self::Compiler => "build-essential",
            Self::WebKit => "libwebkit2gtk-4.1-dev",
            Self::Xvfb => "xvfb",
            Self::Driver => "webkit2gtk-driver",
            Self::Bus => "dbus-daemon",
            Self::Node => "nodejs",
            Self::Npm => "npm",
        }
    }

    fn fedora(self) -> &'static str {
        match self {
            Self::Compiler => "gcc",
            Self::WebKit => "webkit2gtk4.1-devel",
            Self::Xvfb => "xorg-x11-server-Xvfb",
            Self::Driver => "webkit2gtk-driver",
            Self::Bus => "dbus-daemon",
            Self::Node => "nodejs",
            Self::Npm => "npm",
        }
    }

    fn arch(self) -> &'static str {
        match self {
            Self::Compiler => "base-devel",
            Self::WebKit | Self::Driver => "webkit2gtk-4.1",
            Self::Xvfb => "xorg-server-xvfb",
            Self::Bus => "dbus",
            Self::Node => "nodejs",
            Self::Npm => "npm",
        }
    }
}

/// What the system lacks of `needs`.
pub(crate) fn missing(needs: &[Need]) -> Vec<Need> {
    needs.iter().copied().filter(|need| !need.is_met()).collect()
}

/// Installs what is missing of `needs`, or says what to install.
pub(crate) fn provide(needs: &[Need]) -> Result<(), Failure> {
    let lacking = missing(needs);
    if lacking.is_empty() {
        return Ok(());
    }
    if !on_path("apt-get") {
        return fail(by_hand(&lacking));
    }
    let names: Vec<&str> = lacking.iter().map(|need| need.debian()).collect();
    say::note(&format!("missing on this system: {}", names.join(", ")));
    must(apt()?.arg("update"))?;
    must(apt()?.args(["install", "--yes", "--no-install-recommends"]).args(&names))?;
    match missing(needs).as_slice() {
        [] => Ok(()),
        still => fail(format!("still missing after apt-get: {still:?}; {}", by_hand(still))),
    }
}

/// `apt-get` as root; what needs sudo is printed by [`must`] before it runs.
fn apt() -> Result<Command, Failure> {
    let is_root = ask("id", &["-u"]).as_deref() == Some("0");
    if is_root {
        let mut apt = Command::new("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive");
        return Ok(apt);
    }
    if !on_path("sudo") {
        return fail("packages are missing, and there is neither root nor sudo to install them");
    }
    let mut apt = Command::new("sudo");
    apt.args(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
    Ok(apt)
}

fn by_hand(lacking: &[Need]) -> String {
    let list = |name: fn(Need) -> &'static str| {
        let mut names: Vec<_> = lacking.iter().map(|need| name(*need)).collect();
        names.dedup();
        names.join(" ")
    };
    let install = if Path::new("/etc/fedora-release").exists() {
        format!("sudo dnf install {}", list(Need::fedora))
    } else if Path::new("/etc/arch-release").exists() {
        format!("sudo pacman -S {}", list(Need::arch))
    } else {
        format!("what Debian calls {}", list(Need::debian))
    };
    format!("install first: {install}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_install_is_named_once_each() {
        let words = by_hand(&TO_TEST);
        for need in TO_TEST {
            let known = [need.debian(), need.fedora(), need.arch()];
            assert!(known.iter().any(|name| words.contains(name)), "{need:?} in {words}");
        }
    }
}
