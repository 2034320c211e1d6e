//! What the benchmarks share: a server that answers at once, raw requests as the floor to measure
//! against, medians with their spread, and the time of an execute phase as its events tell it.

#![expect(clippy::expect_used, reason = "a benchmark without its server is none")]

use std::fmt;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trawl_core::event::EventKind;
use trawl_core::mcp::Connections;
use trawl_core::request::Approval;
use trawl_core::settings::Settings;

use crate::stage::{Played, Stage};

/// The argument that turns a benchmark into its own server.
pub const SERVE: &str = "--serve";

/// How thoroughly is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// Figures for people.
    Full,
    /// One cheap round, which only shows that the benchmark still runs.
    Cheap,
}

impl Effort {
    /// One of two sizes.
    pub fn pick<T>(self, full: T, cheap: T) -> T {
        match self {
            Self::Full => full,
            Self::Cheap => cheap,
        }
    }
}

/// Numbers measured again and again: the middle one, and in brackets the smallest and the largest.
#[derive(Debug, Clone)]
pub struct Spread(Vec<f64>);

impl Spread {
    /// Of at least one number.
    pub fn of(numbers: impl IntoIterator<Item = f64>) -> Self {
        let mut numbers: Vec<f64> = numbers.into_iter().collect();
        numbers.sort_by(f64::total_cmp);
        assert!(!numbers.is_empty(), "nothing was measured");
        Self(numbers)
    }

    /// Of times, in milliseconds.
    pub fn of_times(times: &[Duration]) -> Self {
        Self::of(times.iter().map(|time| time.as_secs_f64() * 1000.0))
    }

    /// Of each round's time ÷ the same round's floor.
    pub fn of_ratios(times: &[Duration], floors: &[Duration]) -> Self {
        let pairs = times.iter().zip(floors);
        Self::of(pairs.map(|(time, floor)| time.as_secs_f64() / floor.as_secs_f64()))
    }

    /// The middle one; the lower one of two.
    pub fn median(&self) -> f64 {
        self.0[(self.0.len() - 1) / 2]
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = out.precision().unwrap_or(1);
        let (least, most) = (self.0[0], self.0[self.0.len() - 1]);
        write!(out, "{:.digits$} ({least:.digits$}–{most:.digits$})", self.median())
    }
}

/// In which order so many things are measured in a round: each of them goes first in its turn, so
/// that what one does to the machine does not always meet the same other one.
pub fn in_turn(round: usize, things: usize) -> impl Iterator<Item = usize> {
    (0..things).map(move |place| (place + round) % things)
}

/// The processor, by name, and how many of it there are.
pub fn processor() -> String {
    let told = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = told.lines().find_map(|line| line.strip_prefix("model name"));
    let name = line.map(|rest| rest.trim_start_matches([':', ' ', '\t']).to_owned());
    let asked = || {
        let output =
            Command::new("sysctl").args(["-n", "machdep.cpu.brand_string"]).output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let name = name.or_else(asked).filter(|name| !name.is_empty());
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{}, {count} cores", name.unwrap_or_else(|| "a processor without a name".to_owned()))
}

/// The program of the benchmarks itself.
pub fn own_program() -> String {
    let program = std::env::current_exe().expect("a program knows itself");
    program.to_string_lossy().into_owned()
}

/// An MCP server on stdin and stdout that answers each call at once, one after the other. The tool
/// `noise` gives `bytes` of text that does not compress to nothing.
pub fn serve() {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { return };
        let Ok(message) = serde_json::from_str::<Value>(&line) else { return };
        let id = &message["id"];
        if id.is_null() {
            continue;
        }
        let params = &message["params"];
        let result = match message["method"].as_str().unwrap_or_default() {
            "initialize" => json!({"protocolVersion": params["protocolVersion"],
                "capabilities": {"tools": {}}, "serverInfo": {"name": "bench", "version": "1"}}),
            "tools/list" => json!({"tools": [{"name": "noise",
                "inputSchema": {"type": "object"}, "annotations": {"readOnlyHint": true}}]}),
            "tools/call" => {
                let arguments = &params["arguments"];
                let number = |key: &str, default| arguments[key].as_u64().unwrap_or(default);
                let bytes = usize::try_from(number("bytes", 8)).expect("it fits into memory");
                let text: String = noise(number("seed", 1)).take(bytes).collect();
                json!({"content": [{"type": "text", "text": text}]})
            }
            _ => {
                let error = json!({"code": -32601, "message": "Method not found"});
                let answer = json!({"jsonrpc": "2.0", "id": id, "error": error});
                writeln!(out, "{answer}").and_then(|()| out.flush()).expect("the client reads");
                continue;
            }
        };
        let answer = json!({"jsonrpc": "2.0", "id": id, "result": result});
        if writeln!(out, "{answer}").and_then(|()| out.flush()).is_err() {
            return;
        }
    }
}

/// Letters, digits and marks that JSON writes as they are, in no order; never the same twice.
pub(crate) fn noise(seed: u64) -> impl Iterator<Item = char> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let next = move || {
        // xorshift; six bits a character, so that it compresses to about three quarters.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        Some(char::from(b'0' + u8::try_from(state % 64).unwrap_or_default()))
    };
    std::iter::from_fn(next).filter(|c| *c != '\\')
}

/// What the kernel says of this process's memory (`VmRSS`, `VmHWM`), in megabytes.
pub fn resident(name: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with(name)).expect("the kernel says it");
    let kilobytes: f64 = line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).unwrap_or(0.0);
    kilobytes * 1024.0 / 1e6
}

/// Lets the peak (`VmHWM`) begin anew.
pub fn forget_peak() {
    std::fs::write("/proc/self/clear_refs", "5").expect("Linux");
}

/// A server's process that is spoken to by hand.
pub struct Raw {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Raw {
    /// Starts it and goes through the handshake.
    pub fn start(program: &str, args: &[&str]) -> Self {
        let mut command = Command::new(program);
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the server starts");
        let stdin = child.stdin.take().expect("a pipe");
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut raw = Self { child, stdin, stdout };
        let hello = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
            "protocolVersion": "2025-11-25", "capabilities": {},
            "clientInfo": {"name": "raw", "version": "1"}}});
        raw.send(&format!("{hello}\n"));
        raw.answers(1);
        let ready = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        raw.send(&format!("{ready}\n"));
        raw
    }

    /// The requests of `n` equal calls, written at once; the time until the last answer.
    pub fn pipelined(&mut self, n: usize, tool: &str, arguments: &Value) -> Duration {
        let lines: String = (1..=n).map(|id| call(id, tool, arguments)).collect();
        let start = Instant::now();
        self.send(&lines);
        self.answers(n);
        start.elapsed()
    }

    /// `n` equal calls, each after the answer to the one before.
    pub fn sequential(&mut self, n: usize, tool: &str, arguments: &Value) -> Duration {
        let start = Instant::now();
        for id in 1..=n {
            self.send(&call(id, tool, arguments));
            self.answers(1);
        }
        start.elapsed()
    }

    fn send(&mut self, text: &str) {
        self.stdin.write_all(text.as_bytes()).expect("the server reads");
        self.stdin.flush().expect("the server reads");
    }

    fn answers(&mut self, n: usize) {
        let mut line = String::new();
        for _ in 0..n {
            line.clear();
            self.stdout.read_line(&mut line).expect("the server answers");
        }
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One `tools/call` as a line.
pub fn call(id: usize, tool: &str, arguments: &Value) -> String {
    let params = json!({"name": tool, "arguments": arguments});
    let request = json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params});
    format!("{request}\n")
}

/// A stage with the given `mcpServers`, connected.
pub async fn stage(servers: Value) -> Stage {
    let connections = Connections::new(None);
    connections.apply(&Settings::from_json(&json!({"mcpServers": servers})));
    for name in connections.names() {
        connections.connected(&name).await.expect("the server connects");
    }
    let run_limit = Duration::from_hours(1);
    Stage { connections, approval: Approval::All, run_limit, ..Stage::default() }
}

/// From the first task planned to the last one ended, as the events tell it.
pub fn execute_phase(played: &Played) -> Duration {
    let at = |wanted: fn(&EventKind) -> bool| {
        played.events.iter().find(|event| wanted(&event.kind)).map_or(0.0, |event| event.at_ms)
    };
    let start = at(|kind| matches!(kind, EventKind::TaskPlanned { .. }));
    let end = at(|kind| matches!(kind, EventKind::TasksFinished { .. }));
    Duration::from_secs_f64((end - start) / 1000.0)
}

/// The middle one of an odd number of durations.
pub fn median(mut durations: Vec<Duration>) -> Duration {
    durations.sort();
    durations[durations.len() / 2]
}
