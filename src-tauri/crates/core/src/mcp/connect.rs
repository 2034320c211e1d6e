//! From an entry to a connected server with its tools, within the entry's connect limit.
//!
//! Opens the way (process, HTTP, in-process stream), goes through the first exchange, lists the
//! tools. A failure is told with what the server said last, without secrets; nothing is left
//! running after it.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indexmap::IndexMap;
use reqwest::header::{HeaderName, HeaderValue};
use rmcp::RoleClient;
use rmcp::service::{ClientInitializeError, RunningService};
use rmcp::transport::StreamableHttpClientTransport;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::reason::Reason;
use crate::settings::{ServerEntry, Transport};

use super::http::Http;
use super::http::reasons;
use super::process::stdio::{self, Order, Process};
use super::server::{Link, Server};
use super::tasks::Tasks;
use super::wire::calls::Calls;
use super::wire::lines::{Junk, Lines};
use super::wire::{answer, handshake};
use super::{MAX_MESSAGE, ServerError, builtin, tools, variables};
use crate::secrets::redact::Redactor;

/// An unanswered first question of the newest protocol is given up after this share of the connect
/// limit, and always before the library's own 10 s.
const PATIENCE_SHARE: u32 = 3;
const LONGEST_PATIENCE: Duration = Duration::from_secs(8);

/// How long the answers of a child that has ended are waited for; a server's own end closes its
/// stdout at once.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// How long a child that broke off may take to end and to say why.
const LAST_WORDS: Duration = Duration::from_millis(500);

type Running = RunningService<RoleClient, handshake::Client>;

/// A server and what wakes when its tools changed.
pub(super) struct Connected {
    pub(super) server: Server,
    pub(super) tools_changed: Arc<Notify>,
}

/// What one attempt needs.
pub(super) struct Attempt<'a> {
    pub(super) name: &'a str,
    pub(super) entry: &'a ServerEntry,
    pub(super) supervisor: Option<&'a Path>,
    pub(super) tasks: &'a Tasks,
}

/// What is known so far of the server that is being connected; told if the limit is reached.
#[derive(Default)]
struct Known {
    process: Mutex<Option<Arc<Process>>>,
    junk: Arc<Junk>,
    redactor: Mutex<Redactor>,
}

/// Where a server is, and what is sent with every request.
struct Target {
    /// As the person wrote it, filled.
    url: String,
    parsed: Url,
    headers: HashMap<HeaderName, HeaderValue>,
}

impl Known {
    /// The secrets that no message may repeat from now on.
    fn remember(&self, redactor: &Redactor) {
        *lock(&self.redactor) = redactor.clone();
    }
}

impl Attempt<'_> {
    /// Connects as the entry says.
    pub(super) async fn connect(&self) -> Result<Connected, ServerError> {
        let known = Known::default();
        self.limited(&known, async {
            match &self.entry.transport {
                Transport::Builtin { .. } => {
                    let streams = tokio::io::split(builtin::stories(&self.tasks.links));
                    self.over_streams(streams, Redactor::default(), None, &known).await
                }
                Transport::Stdio { command, args, env, cwd } => {
                    let order = Order { command, args, env, cwd: cwd.as_deref() };
                    self.over_child(order, &known).await
                }
                Transport::Http { url, headers } => self.over_http(url, headers, &known).await,
            }
        })
        .await
    }

    /// Connects over a stream that is there already.
    pub(super) async fn over(
        &self,
        io: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    ) -> Result<Connected, ServerError> {
        let known = Known::default();
        let streams = tokio::io::split(io);
        self.limited(&known, self.over_streams(streams, Redactor::default(), None, &known)).await
    }

    async fn limited(
        &self,
        known: &Known,
        connecting: impl Future<Output = Result<Connected, Reason>>,
    ) -> Result<Connected, ServerError> {
        let limit = self.entry.connect_timeout();
        let outcome = timeout(limit, connecting).await;
        let (process, redactor) = (lock(&known.process).clone(), lock(&known.redactor).clone());
        let mut reason = match outcome {
            Ok(Ok(connected)) => return Ok(connected),
            // Some of it is in the server's own words.
            Ok(Err(reason)) => reason.map(|words| redactor.clean(words)),
            Err(_) => Reason::new(
                format!("did not answer within {} s", limit.as_secs_f64()),
                "raise \"connectTimeoutSeconds\" in its entry if it needs longer to start",
            ),
        };
        if let Some(printed) = known.junk.first(&redactor) {
            reason.what.push_str("; it printed something else on stdout: ");
            reason.what.push_str(&printed);
        }
        let stderr = process.map(|process| process.stderr.lines()).unwrap_or_default();
        Err(ServerError::Failed { server: self.name.to_owned(), reason, stderr })
    }

    async fn over_child(&self, order: Order<'_>, known: &Known) -> Result<Connected, Reason> {
        let closed = CancellationToken::new();
        // Given up at any point, the child is told.
        let given_up = closed.clone().drop_guard();
        let mut redactor = Redactor::default();
        let started = stdio::start(
            self.name,
            order,
            self.supervisor,
            &mut redactor,
            closed,
            &self.tasks.links,
        )
        .await;
        known.remember(&redactor);
        let (stdout, stdin, started) = started?;
        let process = started.follow(self.name, Arc::new(redactor.clone()));
        *lock(&known.process) = Some(process.clone());
        let connected =
            self.over_streams((stdout, stdin), redactor, Some(process.clone()), known).await;
        let connected = match connected {
            Ok(connected) => connected,
            Err(reason) => {
                // A child that broke off has a reason, which comes a moment later.
                let _ = timeout(LAST_WORDS, process.ended.cancelled()).await;
                return Err(process.ending().map_or(reason, |ending| {
                    format!("{ending} before it answered as an MCP server does").into()
                }));
            }
        };
        let link = connected.server.link.clone();
        self.tasks.links.spawn(async move {
            let orphaned = async {
                process.ended.cancelled().await;
                sleep(LAST_ANSWERS).await;
            };
            tokio::select! {
                () = link.ended.cancelled() => {}
                // Its supervisor was killed: the end of its stdin is all that can still end it.
                () = orphaned => link.stop.cancel(),
            }
            link.ended.cancelled().await;
            drop(given_up);
        });
        Ok(connected)
    }

    async fn over_streams<R, W>(
        &self,
        streams: (R, W),
        redactor: Redactor,
        process: Option<Arc<Process>>,
        known: &Known,
    ) -> Result<Connected, Reason>
    where
        R: AsyncRead + Send + Unpin + 'static,
        W: AsyncWrite + Send + Unpin + 'static,
    {
        let calls = Arc::new(Calls::default());
        let patience = (self.entry.connect_timeout() / PATIENCE_SHARE).min(LONGEST_PATIENCE);
        let wire = Lines::new(streams, calls.clone(), known.junk.clone(), MAX_MESSAGE, patience);
        let shake =
            |tools_changed, stop| Box::pin(handshake::shake_over_lines(wire, tools_changed, stop));
        self.over_wire(shake, calls, redactor, process).await
    }

    async fn over_http(
        &self,
        url: &str,
        headers: &IndexMap<String, String>,
        known: &Known,
    ) -> Result<Connected, Reason> {
        let mut redactor = Redactor::default();
        let target = target(url, headers, &mut redactor).await;
        known.remember(&redactor);
        let Target { url, parsed, headers } = target?;
        let calls = Arc::new(Calls::default());
        let client = Http::new(&parsed, calls.clone(), self.entry.connect_timeout())?;
        let wire = StreamableHttpClientTransport::with_client(client, Http::config(&url, headers));
        let shake = |tools_changed, stop| Box::pin(handshake::shake(wire, tools_changed, stop));
        self.over_wire(shake, calls, redactor, None).await
    }

    async fn over_wire<F>(
        &self,
        shake: impl FnOnce(Arc<Notify>, CancellationToken) -> F,
        calls: Arc<Calls>,
        redactor: Redactor,
        process: Option<Arc<Process>>,
    ) -> Result<Connected, Reason>
    where
        F: Future<Output = Result<Running, ClientInitializeError>>,
    {
        let stop = CancellationToken::new();
        let given_up = stop.clone().drop_guard();
        let tools_changed = Arc::new(Notify::new());
        let running = shake(tools_changed.clone(), stop.clone())
            .await
            .map_err(|error| handshake_failure(&error, &redactor))?;
        let peer = running.peer().clone();
        let ended = CancellationToken::new();
        let told = ended.clone();
        self.tasks.links.spawn(async move {
            let _ = running.waiting().await;
            told.cancel();
        });
        let listed = tools::list(&peer, &calls, &redactor, self.name, self.entry).await?;
        given_up.disarm();
        let link = Link {
            name: self.name.to_owned(),
            entry: self.entry.clone(),
            peer,
            calls,
            redactor: Arc::new(redactor),
            process,
            notices: self.tasks.notices.clone(),
            under_way: TaskTracker::new(),
            stop,
            ended,
            unreachable: false.into(),
        };
        Ok(Connected { server: Server { link: Arc::new(link), listed }, tools_changed })
    }
}

/// The URL and the headers of an entry, filled. What is secret of them is remembered.
async fn target(
    url: &str,
    headers: &IndexMap<String, String>,
    redactor: &mut Redactor,
) -> Result<Target, Reason> {
    let url = variables::fill(url, redactor).await?;
    let parsed =
        Url::parse(&url).map_err(|error| format!("has a \"url\" that is no URL: {error}"))?;
    if !matches!(parsed.scheme(), "http" | "https") {
        return Err(format!("has a \"url\" that is not HTTP but \"{}\"", parsed.scheme()).into());
    }
    let raw = parsed.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    for ((name, value), raw) in parsed.query_pairs().zip(raw) {
        if redactor.add_named(&name, &value)
            && let Some((_, as_sent)) = raw.split_once('=')
        {
            // Which is how an error repeats it.
            redactor.add(as_sent);
        }
    }
    redactor.add_named("", parsed.username());
    redactor.add(parsed.password().unwrap_or_default());
    let mut sent = HashMap::new();
    for (name, value) in headers {
        let value = variables::fill(value, redactor).await?;
        redactor.add_named(name, &value);
        let wrong = || format!("has a header \"{name}\" that HTTP does not allow");
        let mut content = HeaderValue::from_str(&value).map_err(|_| wrong())?;
        content.set_sensitive(true);
        sent.insert(HeaderName::try_from(name).map_err(|_| wrong())?, content);
    }
    Ok(Target { url, parsed, headers: sent })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn handshake_failure(error: &ClientInitializeError, redactor: &Redactor) -> Reason {
    use ClientInitializeError as E;
    match error {
        E::ConnectionClosed(_) => "closed the connection before it answered".into(),
        E::JsonRpcError(error) => answer::words("refused the connection", error, redactor).into(),
        E::NoCompatibleProtocolVersion { server_supported, .. } => {
            let theirs: Vec<_> = server_supported.iter().map(ToString::to_string).collect();
            format!("speaks another version of the protocol ({})", theirs.join(", ")).into()
        }
        E::LegacyFallbackFailed { fallback, .. } => handshake_failure(fallback, redactor),
        E::TransportError { error, .. } => reasons::connect_failure(error.error.as_ref())
            .unwrap_or_else(|| "closed the connection before it answered".into()),
        other => format!("did not answer as an MCP server does: {other}").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_a_server_says_for_a_refusal_is_told_without_secrets() {
        let mut redactor = Redactor::default();
        redactor.remember("s3cr3t-value");
        let known = Known::default();
        known.remember(&redactor);
        let (entry, tasks) = (ServerEntry::builtin("stories"), Tasks::default());
        let attempt = Attempt { name: "fake", entry: &entry, supervisor: None, tasks: &tasks };
        let refused = async { Err("refused the connection: invalid key s3cr3t-value".into()) };
        let error = attempt.limited(&known, refused).await.err().unwrap();
        assert_eq!(error.bare_reason().what, "refused the connection: invalid key •••");
    }

    #[tokio::test]
    async fn a_querys_values_are_secret_as_they_are_written_too() {
        let mut redactor = Redactor::default();
        let url = "https://host/mcp?key=s3cr3t%2Fvalue&quiet";
        let target = target(url, &IndexMap::new(), &mut redactor).await.unwrap();
        assert_eq!(redactor.clean(target.parsed.as_str()), "https://host/mcp?key=•••&quiet");
        assert_eq!(redactor.clean("bad key s3cr3t/value"), "bad key •••");
    }
    #[tokio::test]
    async fn a_header_is_secret_by_its_name_or_its_looks() {
        let mut redactor = Redactor::default();
        let headers = [
            ("Authorization", "Bearer hush-hush"),
            ("Accept-Language", "en-GB,en"),
            ("X-Tenant", "ghp_16C7e42F292c6912E7710c838347Ae178B4a"),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        target("https://host/mcp?lang=german", &headers, &mut redactor).await.unwrap();
        let said = "hush-hush en-GB,en ghp_16C7e42F292c6912E7710c838347Ae178B4a german";
        assert_eq!(redactor.clean(said), "••• en-GB,en ••• german");
    }
}
