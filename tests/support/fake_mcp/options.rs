//! How the fake MCP server behaves, and the same as arguments of its binary.

use std::path::PathBuf;
use std::time::Duration;

/// How the server behaves. The default behaves well.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Which protocol it speaks.
    pub era: Era,
    /// Answers nothing at all.
    pub mute: bool,
    /// Reads nothing before this time has passed.
    pub slow_start: Duration,
    /// Prints lines that are no JSON-RPC between its messages.
    pub junk: bool,
    /// Writes the result before the id, as the TypeScript SDK does.
    pub id_last: bool,
    /// Tools on a page of its list; all on one by default.
    pub page_size: Option<usize>,
    /// Gives the same cursor again and again.
    pub repeat_cursor: bool,
    /// Every received message is appended to this file, one a line.
    pub log: Option<PathBuf>,
    /// Over HTTP, answers calls with an event stream, which carries progress too.
    pub events: bool,
    /// Over HTTP, every request is refused with this status.
    pub refuse: Option<u16>,
    /// Over HTTP, offers no stream to listen on.
    pub no_stream: bool,
    /// Puts malformed tools among its good ones.
    pub malformed_tools: bool,
}

/// Which protocol a server speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Era {
    /// With a handshake; says that it does not know the newest protocol's question.
    #[default]
    Legacy,
    /// With a handshake; leaves what it does not know unanswered.
    Mute,
    /// The stateless protocol of 2026-07-28 only.
    Modern,
}

impl Options {
    /// Takes what it knows from the binary's arguments and leaves the rest.
    pub fn from_args(arguments: &mut Vec<String>) -> Self {
        let mut flag = |name: &str| take(arguments, name);
        let mut options = Self {
            mute: flag("--mute"),
            junk: flag("--junk"),
            id_last: flag("--id-last"),
            repeat_cursor: flag("--repeat-cursor"),
            events: flag("--events"),
            no_stream: flag("--no-stream"),
            malformed_tools: flag("--malformed-tools"),
            ..Self::default()
        };
        options.era = match value(arguments, "--era").as_deref() {
            Some("modern") => Era::Modern,
            Some("mute") => Era::Mute,
            _ => Era::Legacy,
        };
        options.page_size = value(arguments, "--page-size").and_then(|size| size.parse().ok());
        options.refuse = value(arguments, "--refuse").and_then(|status| status.parse().ok());
        options.log = value(arguments, "--log").map(PathBuf::from);
        options
    }
}

/// Whether `name` is among the arguments; it is taken out.
pub fn take(arguments: &mut Vec<String>, name: &str) -> bool {
    let before = arguments.len();
    arguments.retain(|argument| argument != name);
    arguments.len() < before
}

/// What follows `name` among the arguments; both are taken out.
pub fn value(arguments: &mut Vec<String>, name: &str) -> Option<String> {
    let at = arguments.iter().position(|argument| argument == name)?;
    arguments.remove(at);
    (at < arguments.len()).then(|| arguments.remove(at))
}
