//! A server as a child process: started, watched, and ended with everything it started itself.
//!
//! On unix, a supervisor (our own binary, see `supervisor`) stands between us and the server, so
//! that it is ended whatever becomes of us. Without one, the child alone is ended.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use indexmap::IndexMap;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::stderr::Stderr;
use super::{command, environment, supervisor};
use crate::mcp::variables;
use crate::reason::Reason;
use crate::secrets::redact::Redactor;

/// How long a server without a supervisor has to end by itself once its stdin is closed.
const GRACE: Duration = Duration::from_secs(2);

/// A running child: what it said last and how it ended.
pub(in crate::mcp) struct Process {
    pub(in crate::mcp) stderr: Arc<Stderr>,
    status: OnceLock<ExitStatus>,
    /// Cancelled when its stderr was read to the end.
    drained: CancellationToken,
    /// Cancelled when the child has ended and its stderr was read.
    pub(in crate::mcp) ended: CancellationToken,
}

/// How long the stderr of a child that has ended is read on.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// What the entry says about the child.
pub(in crate::mcp) struct Order<'a> {
    pub(in crate::mcp) command: &'a str,
    pub(in crate::mcp) args: &'a [String],
    pub(in crate::mcp) env: &'a IndexMap<String, String>,
    pub(in crate::mcp) cwd: Option<&'a str>,
}

/// Starts the child. It is ended after `closed` is cancelled. The reason goes on after the
/// server's name.
pub(in crate::mcp) async fn start(
    server: &str,
    order: Order<'_>,
    through: Option<&Path>,
    redactor: &mut Redactor,
    closed: CancellationToken,
    tasks: &TaskTracker,
) -> Result<(ChildStdout, ChildStdin, Started), Reason> {
    let mut variables: IndexMap<OsString, OsString> = environment::inherited().collect();
    if let Some(path) = environment::path().await {
        variables.insert("PATH".into(), path);
    }
    for (name, value) in order.env {
        let value = variables::fill(value, redactor).await?;
        redactor.add_named(name, &value);
        variables.insert(name.into(), value.into());
    }
    let mut args = Vec::new();
    for argument in order.args {
        args.push(variables::fill(argument, redactor).await?);
    }
    redactor.add_arguments(&args);
    let cwd = order.cwd.map(Path::new);
    if let Some(folder) = cwd
        && !folder.is_dir()
    {
        return Err(format!(
            "cannot be started: its folder \"{}\" does not exist",
            folder.display()
        )
        .into());
    }
    let path = variables.get(OsStr::new("PATH")).cloned().unwrap_or_default();
    let found = command::find(order.command, &path, cwd)?;
    variables.insert("PATH".into(), found.path);

    let mut command = match through {
        Some(through) if cfg!(unix) => {
            let mut command = Command::new(through);
            command.arg(supervisor::ARGUMENT).arg(&found.program);
            command
        }
        _ => Command::new(&found.program),
    };
    command.args(args).env_clear().envs(variables);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if let Some(folder) = cwd {
        command.current_dir(folder);
    }
    #[cfg(unix)]
    command.process_group(0);
    // With a supervisor, a dropped child sees its stdin closed, and ends in order.
    command.kill_on_drop(through.is_none());
    let mut child = command
        .spawn()
        .map_err(|error| format!("cannot be started: \"{}\": {error}", order.command))?;
    let (Some(stdin), Some(stdout), Some(stderr)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err("cannot be started: its pipes could not be made".into());
    };
    let process = Arc::new(Process {
        stderr: Arc::default(),
        status: OnceLock::new(),
        drained: CancellationToken::new(),
        ended: CancellationToken::new(),
    });
    let grace = if through.is_some() { supervisor::LONGEST_END } else { GRACE };
    let started = Started { process: process.clone(), stderr_pipe: stderr };
    tasks.spawn(attend(child, process, closed, grace, server.to_owned()));
    Ok((stdout, stdin, started))
}

/// A child whose stderr is not read yet: the redactor must know every secret first.
pub(in crate::mcp) struct Started {
    process: Arc<Process>,
    stderr_pipe: tokio::process::ChildStderr,
}

impl Started {
    /// Reads its stderr from now on.
    pub(in crate::mcp) fn follow(self, server: &str, redactor: Arc<Redactor>) -> Arc<Process> {
        let drained = self.process.drained.clone().drop_guard();
        let stderr = self.process.stderr.clone();
        let following = stderr.follow(server.to_owned(), self.stderr_pipe, redactor);
        // Not waited for when Trawl closes: a stray process may hold the pipe open.
        tokio::spawn(async move {
            following.await;
            drop(drained);
        });
        self.process
    }
}

/// Waits for the child's end; after `closed`, not for ever.
async fn attend(
    mut child: Child,
    process: Arc<Process>,
    closed: CancellationToken,
    grace: Duration,
    server: String,
) {
    let status = tokio::select! {
        status = child.wait() => Some(status),
        () = closed.cancelled() => tokio::time::timeout(grace, child.wait()).await.ok(),
    };
    match status {
        Some(Ok(status)) => {
            let _ = process.status.set(status);
        }
        Some(Err(error)) => tracing::warn!(server, %error, "waiting for a server failed"),
        None => {
            let _ = child.kill().await;
        }
    }
    let _ = tokio::time::timeout(LAST_WORDS, process.drained.cancelled()).await;
    process.ended.cancel();
}

impl Process {
    /// How it ended, to go on after the server's name; `None` while it runs.
    pub(in crate::mcp) fn ending(&self) -> Option<String> {
        let status = self.status.get()?;
        Some(match status.code() {
            Some(code) => format!("ended with code {code}"),
            None => format!("was ended by a signal ({status})"),
        })
    }
}
