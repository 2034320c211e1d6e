//! Trawl started a second time: the window that is there comes to the front, and nothing else.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use trawl_tests::programs;

/// For a window to open, and for a second start to end.
const LIMIT: Duration = Duration::from_mins(1);

/// A session bus of this test's own, over which windows find each other.
struct Bus {
    process: Child,
    address: String,
}

impl Bus {
    fn start() -> Self {
        let mut process = Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--print-address"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("dbus-daemon is installed (Debian: dbus-daemon)");
        let mut address = String::new();
        let said = process.stdout.take().unwrap();
        BufReader::new(said).read_line(&mut address).unwrap();
        Self { process, address: address.trim().to_owned() }
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn started(home: &Path, bus: &Bus) -> Child {
    Command::new(programs::desktop())
        .env("XDG_DATA_HOME", home.join("data"))
        .env("XDG_CONFIG_HOME", home.join("config"))
        .env("XDG_CACHE_HOME", home.join("cache"))
        .env("DBUS_SESSION_BUS_ADDRESS", &bus.address)
        .env("LIBGL_ALWAYS_SOFTWARE", "1")
        .env("NO_AT_BRIDGE", "1")
        .env_remove("TRAWL_DATA_DIR")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < LIMIT, "{what}");
        std::thread::sleep(Duration::from_millis(40));
    }
}

fn end_of(process: &mut Child) -> ExitStatus {
    until("it does not end", || process.try_wait().unwrap())
}

#[test]
fn a_second_start_leaves_the_settings_that_the_first_one_is_saving() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("data/dev.trawl.desktop");
    let bus = Bus::start();
    let mut first = started(home.path(), &bus);
    until("the window does not open", || folder.join("history.db").is_file().then_some(()));

    // As a save would leave it in its middle.
    let settings = folder.join("settings.json");
    fs::write(&settings, r#"{"mcpServers": {"sto"#).unwrap();
    let second = end_of(&mut started(home.path(), &bus));
    assert!(second.success(), "{second}");
    assert_eq!(fs::read_to_string(&settings).unwrap(), r#"{"mcpServers": {"sto"#);
    let names = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name());
    let aside: Vec<_> = names.filter(|name| name.to_string_lossy().contains(".bad-")).collect();
    assert!(aside.is_empty(), "{aside:?}");

    let pid = Pid::from_raw(i32::try_from(first.id()).unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    end_of(&mut first);
}
