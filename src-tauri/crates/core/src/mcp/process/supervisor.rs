//! The small process between Trawl and a server, which ends the server whatever becomes of Trawl.
//!
//! It is our own binary, started again with a hidden argument: `mcp-supervisor PROGRAM ARGS…`. The
//! server gets the same stdin, stdout and stderr, so that nothing is relayed; the supervisor only
//! watches. When the writing end of stdin closes (Trawl closed it, or died in any way), the server
//! has a moment to end by itself; then it and everything it started are asked to end (SIGTERM), then
//! made to (SIGKILL). On Linux that includes processes that left the server's group. When the server
//! ends by itself, what it left behind is ended, and its exit code passed on. No tokio here: the
//! process is to be small, and there is one per server.

use std::process::ExitCode;
use std::time::Duration;

/// The hidden argument.
pub const ARGUMENT: &str = "--supervise-mcp-server";

/// Everything has ended this long after stdin closed, at the latest.
pub const LONGEST_END: Duration = Duration::from_secs(7);

/// Does the supervisor's work if this process was started for it. To be called first thing in
/// `main`; the process is to exit with the returned code.
pub fn run_if_asked() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next()? != ARGUMENT {
        return None;
    }
    let Some(program) = arguments.next() else { return Some(ExitCode::from(2)) };
    Some(supervise(&program, arguments))
}

#[cfg(not(unix))]
fn supervise(
    program: &std::ffi::OsStr,
    arguments: impl Iterator<Item = std::ffi::OsString>,
) -> ExitCode {
    // Elsewhere children are started directly; this only keeps the argument from doing harm.
    let status = std::process::Command::new(program).args(arguments).status();
    let code =
        status.ok().and_then(|status| status.code()).and_then(|code| u8::try_from(code).ok());
    ExitCode::from(code.unwrap_or(1))
}

#[cfg(unix)]
use unix::supervise;

#[cfg(unix)]
mod unix {
    use std::ffi::{OsStr, OsString};
    use std::io::{self, Read, Write};
    use std::os::unix::net::UnixStream;
    use std::os::unix::process::CommandExt;
    use std::process::{Command, ExitCode};
    use std::time::{Duration, Instant};

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::process::{
        Pid, Signal, WaitOptions, getpid, kill_process, kill_process_group, wait,
    };

    /// For a server that notices the end of its stdin.
    const GRACE: Duration = Duration::from_secs(2);
    /// For one that notices SIGTERM.
    const TERM: Duration = Duration::from_secs(2);
    /// For leftovers of a server that ended by itself.
    const LEFTOVERS: Duration = Duration::from_secs(1);
    /// For SIGKILL to take effect.
    const KILL: Duration = Duration::from_secs(1);

    pub(in crate::mcp) fn supervise(
        program: &OsStr,
        arguments: impl Iterator<Item = OsString>,
    ) -> ExitCode {
        match Supervisor::start(program, arguments) {
            Ok(supervisor) => supervisor.run(),
            Err(error) => {
                let program = program.display();
                let _ = writeln!(io::stderr(), "cannot start {program}: {error}");
                ExitCode::from(127)
            }
        }
    }

    struct Supervisor {
        server: Pid,
        /// Readable after a SIGCHLD.
        child_ended: UnixStream,
        /// Readable after a signal that asks us to end.
        told_to_end: UnixStream,
        /// The server's exit code, once it has ended.
        code: Option<u8>,
    }

    impl Supervisor {
        fn start(program: &OsStr, arguments: impl Iterator<Item = OsString>) -> io::Result<Self> {
            let child_ended = signals(&[signal_hook::consts::SIGCHLD])?;
            let told_to_end = signals(&[
                signal_hook::consts::SIGTERM,
                signal_hook::consts::SIGINT,
                signal_hook::consts::SIGHUP,
            ])?;
            #[cfg(target_os = "linux")]
            {
                // Orphans of the server become our children, so that they can be found.
                rustix::process::set_child_subreaper(Some(getpid()))?;
                // `pkill trawl` means Trawl; we are still needed then.
                let _ = rustix::thread::set_name(c"mcp-supervisor");
            }
            let mut command = Command::new(program);
            command.args(arguments).process_group(0);
            let child = command.spawn()?;
            let server = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
            let server = server.ok_or(io::ErrorKind::InvalidData)?;
            // Trawl is to see the end of these when the server closes them, not when we do.
            if let Ok(null) = std::fs::OpenOptions::new().write(true).open("/dev/null") {
                let _ = rustix::stdio::dup2_stdout(&null);
                let _ = rustix::stdio::dup2_stderr(&null);
            }
            Ok(Self { server, child_ended, told_to_end, code: None })
        }

        fn run(mut self) -> ExitCode {
            let stdin = io::stdin();
            // The usual state: until the server, Trawl or somebody else ends it.
            let mut closed = false;
            let mut told = false;
            while self.code.is_none() && !closed && !told {
                // No flag is asked for: the data is the server's; the end is told regardless.
                let mut watched = [
                    PollFd::new(&stdin, PollFlags::empty()),
                    PollFd::new(&self.child_ended, PollFlags::IN),
                    PollFd::new(&self.told_to_end, PollFlags::IN),
                ];
                let _ = poll(&mut watched, None);
                closed = watched[0]
                    .revents()
                    .intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL);
                told = !watched[2].revents().is_empty();
                self.reap();
            }
            if closed && !told {
                self.wait_for_end(GRACE, |this| this.code.is_some());
            }
            let patience = if self.code.is_some() { LEFTOVERS } else { TERM };
            if !self.all_ended() {
                self.signal(Signal::TERM);
                self.wait_for_end(patience, Self::all_ended);
            }
            let end = Instant::now() + KILL;
            while !self.all_ended() && Instant::now() < end {
                // Again and again, since a process may start another one in between.
                self.signal(Signal::KILL);
                self.wait_for_end(Duration::from_millis(20), Self::all_ended);
            }
            ExitCode::from(self.code.unwrap_or(137))
        }

        /// Waits until `done` or the time is over; woken by ending children.
        fn wait_for_end(&mut self, limit: Duration, done: impl Fn(&Self) -> bool) {
            let end = Instant::now() + limit;
            loop {
                self.reap();
                let left = end.saturating_duration_since(Instant::now());
                if left.is_zero() || done(self) {
                    return;
                }
                // Processes that are not our children end unseen: look again every now and then.
                let nap = left.min(Duration::from_millis(50));
                let nap = Timespec { tv_sec: 0, tv_nsec: i64::from(nap.subsec_nanos()) };
                let mut watched = [PollFd::new(&self.child_ended, PollFlags::IN)];
                let _ = poll(&mut watched, Some(&nap));
            }
        }

        fn reap(&mut self) {
            let mut seen = [0; 64];
            while matches!(self.child_ended.read(&mut seen), Ok(64)) {}
            while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
                if pid != self.server {
                    continue;
                }
                let by_signal = status.terminating_signal().map(|signal| 128 + signal);
                let code = status.exit_status().or(by_signal);
                if let Some(code) = code {
                    self.code = Some(u8::try_from(code).unwrap_or(1));
                }
            }
        }

        fn all_ended(&self) -> bool {
            self.code.is_some()
                && rustix::process::test_kill_process_group(self.server).is_err()
                && descendants().is_empty()
        }

        fn signal(&self, signal: Signal) {
            let _ = kill_process_group(self.server, signal);
            for pid in descendants() {
                let _ = kill_process(pid, signal);
            }
        }
    }

    fn signals(wanted: &[i32]) -> io::Result<UnixStream> {
        let (reader, writer) = UnixStream::pair()?;
        reader.set_nonblocking(true)?;
        for signal in wanted {
            signal_hook::low_level::pipe::register(*signal, writer.try_clone()?)?;
        }
        Ok(reader)
    }

    /// Every living process below this one.
    #[cfg(target_os = "linux")]
    fn descendants() -> Vec<Pid> {
        let parents: Vec<(i32, i32)> = processes();
        let mut below = vec![getpid().as_raw_nonzero().get()];
        let mut next = 0;
        while let Some(parent) = below.get(next).copied() {
            below.extend(parents.iter().filter(|(_, its)| *its == parent).map(|(pid, _)| *pid));
            next += 1;
        }
        below[1..].iter().filter_map(|pid| Pid::from_raw(*pid)).collect()
    }

    /// Elsewhere only the server's group is known.
    #[cfg(not(target_os = "linux"))]
    fn descendants() -> Vec<Pid> {
        Vec::new()
    }

    /// Every process that is no zombie, with its parent.
    #[cfg(target_os = "linux")]
    fn processes() -> Vec<(i32, i32)> {
        let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
        let numbers =
            entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        numbers.filter_map(|pid| Some((pid, parent_of(pid)?))).collect()
    }

    /// `/proc/PID/stat`: pid, name in brackets (which may hold anything), state, parent.
    #[cfg(target_os = "linux")]
    fn parent_of(pid: i32) -> Option<i32> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let mut fields = stat[stat.rfind(')')? + 1..].split_ascii_whitespace();
        if fields.next()? == "Z" {
            return None;
        }
        fields.next()?.parse().ok()
    }
}
