//! The fake MCP server over streamable HTTP, as strict as the specification (2025-11-25, "Streamable
//! HTTP"; for the stateless protocol 2026-07-28): what breaks a rule is refused and written down.

mod rules;
mod sessions;

use std::convert::Infallible;
use std::sync::Mutex;

use axum::Router;
use axum::body::Body;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, Response};
use axum::routing::post;
use futures::StreamExt;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio_stream::wrappers::UnboundedReceiverStream;

use self::rules::Broken;
use self::sessions::Sessions;
use super::stream::on_the_wire;
use super::{Client, Era, Fake};

const SESSION: &str = "mcp-session-id";

/// A running HTTP server; when dropped, it takes no further connection, and answers what it has.
pub struct HttpServer {
    /// Its endpoint.
    pub url: String,
    task: tokio::task::JoinHandle<()>,
}

/// What is remembered between requests.
#[derive(Default)]
pub(super) struct State {
    sessions: Sessions,
    refusals: Mutex<Vec<(u16, Option<String>)>>,
    headers: Mutex<Vec<HeaderMap>>,
    broken: Mutex<Vec<String>>,
}

impl Fake {
    /// Serves on a free port of the loopback interface.
    pub async fn serve_http(&self) -> HttpServer {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        self.serve_http_on(listener)
    }

    /// Serves on a given listener.
    pub fn serve_http_on(&self, listener: TcpListener) -> HttpServer {
        let address = listener.local_addr().expect("a bound listener has an address");
        let routes = Router::new()
            .route("/mcp", post(posted).get(listened).delete(deleted))
            .with_state(self.clone())
            .layer(axum::extract::DefaultBodyLimit::disable());
        let task = tokio::spawn(async move {
            let _ = axum::serve(listener, routes).await;
        });
        HttpServer { url: format!("http://{address}/mcp"), task }
    }

    /// Refuses the next calls, one status each.
    pub fn refuse_next_call(&self, status: u16, retry_after: Option<&str>) {
        let refusal = (status, retry_after.map(str::to_owned));
        self.inner.http.refusals.lock().expect("no test panics here").push(refusal);
    }

    /// Forgets every session, as a restarted server does.
    pub fn forget_sessions(&self) {
        self.inner.http.sessions.clear();
    }

    /// How many sessions are open.
    pub fn sessions(&self) -> usize {
        self.inner.http.sessions.count()
    }

    /// The headers of every request so far.
    pub fn headers(&self) -> Vec<HeaderMap> {
        self.inner.http.headers.lock().expect("no test panics here").clone()
    }

    /// Every rule of the specification that a client broke, but for the one that nobody can keep: a
    /// server of an earlier protocol refuses the newest one's first question.
    pub fn broken_rules(&self) -> Vec<String> {
        self.inner.http.broken.lock().expect("no test panics here").clone()
    }

    /// Returns once a client listens.
    pub async fn listened(&self) {
        while self.inner.listeners.lock().expect("no test panics here").is_empty() {
            tokio::task::yield_now().await;
        }
    }

    fn note(&self, headers: &HeaderMap) {
        self.inner.http.headers.lock().expect("no test panics here").push(headers.clone());
    }

    fn refuse(&self, broken: &Broken, method: &str) -> Response<Body> {
        if method != "server/discover" && broken.status != 404 {
            let rule = format!("{method}: {}", broken.rule);
            self.inner.http.broken.lock().expect("no test panics here").push(rule);
        }
        unnamed(broken.status, &format!("Bad Request: {}", broken.rule))
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn posted(Shared(fake): Shared<Fake>, headers: HeaderMap, body: String) -> Response<Body> {
    fake.note(&headers);
    if let Some(status) = fake.inner.options.refuse {
        return refusal(status, None);
    }
    let message: Value = serde_json::from_str(&body).unwrap_or_default();
    let method = message["method"].as_str().unwrap_or_default().to_owned();
    let http = &fake.inner.http;
    let mut checked = rules::of_a_post(&headers, &message);
    if fake.inner.options.era == Era::Modern {
        checked = checked.and_then(|()| rules::of_the_stateless(&headers, &message));
    } else if method != "initialize" {
        checked = checked.and_then(|()| http.sessions.check(&headers, &message));
    }
    if let Err(broken) = checked {
        return fake.refuse(&broken, &method);
    }
    if method == "tools/call" {
        let next = http.refusals.lock().expect("no test panics here").pop();
        if let Some((status, retry_after)) = next {
            return match status {
                400 => unnamed(status, "refused"),
                _ => refusal(status, retry_after.as_deref()),
            };
        }
    }
    let (out, answers) = mpsc::unbounded_channel();
    // Request ids are a session's own; without one, a request is its own connection.
    let client = match http.sessions.connection(&headers) {
        Some(connection) => Client { connection, out },
        None => fake.client(out),
    };
    fake.receive(&body, &client);
    let connection = client.connection;
    drop(client);
    if message.get("id").is_none() || message.get("method").is_none() {
        return with_status(202).body(Body::empty()).expect("it is well formed");
    }
    if fake.inner.options.events && method == "tools/call" {
        return events(answers);
    }
    let session = (method == "initialize").then_some((connection, &message));
    answered(&fake, answers, session).await
}

/// One answer as JSON. The one to `initialize` opens a session.
async fn answered(
    fake: &Fake,
    mut answers: UnboundedReceiver<String>,
    opens: Option<(usize, &Value)>,
) -> Response<Body> {
    while let Some(answer) = answers.recv().await {
        if answer.contains("\"method\":\"notifications/") {
            continue;
        }
        let mut response = with_status(200).header("content-type", "application/json");
        if let Some((connection, message)) = opens
            && fake.inner.options.era != Era::Modern
        {
            response = response.header(SESSION, fake.inner.http.sessions.open(connection, message));
        }
        return response.body(Body::from(on_the_wire(answer))).expect("it is well formed");
    }
    // The call was cancelled, or the server is mute.
    if fake.inner.options.mute {
        std::future::pending::<()>().await;
    }
    with_status(204).body(Body::empty()).expect("it is well formed")
}

/// The stream on which a server says something by itself, if it offers one.
async fn listened(Shared(fake): Shared<Fake>, headers: HeaderMap) -> Response<Body> {
    fake.note(&headers);
    if let Some(status) = fake.inner.options.refuse {
        return refusal(status, None);
    }
    if fake.inner.options.no_stream || fake.inner.options.era == Era::Modern {
        return with_status(405)
            .header("allow", "POST, DELETE")
            .body(Body::empty())
            .expect("it is well formed");
    }
    let checked = rules::of_a_get(&headers)
        .and_then(|()| fake.inner.http.sessions.check(&headers, &Value::Null));
    if let Err(broken) = checked {
        return fake.refuse(&broken, "GET");
    }
    let (out, told) = mpsc::unbounded_channel();
    fake.inner.listeners.lock().expect("no test panics here").push(out);
    events(told)
}

async fn deleted(Shared(fake): Shared<Fake>, headers: HeaderMap) -> Response<Body> {
    fake.note(&headers);
    let http = &fake.inner.http;
    match http.sessions.check(&headers, &Value::Null) {
        Ok(()) => {
            http.sessions.close(&headers);
            with_status(200).body(Body::empty()).expect("it is well formed")
        }
        Err(broken) => fake.refuse(&broken, "DELETE"),
    }
}

fn events(messages: UnboundedReceiver<String>) -> Response<Body> {
    let events = UnboundedReceiverStream::new(messages).map(|message| {
        Ok::<_, Infallible>(on_the_wire(format!("event: message\ndata: {message}\n\n")))
    });
    let response = with_status(200).header("content-type", "text/event-stream");
    response.body(Body::from_stream(events)).expect("it is well formed")
}

/// As the TypeScript SDK does: a request that is refused is not read for its id.
fn unnamed(status: u16, words: &str) -> Response<Body> {
    let error = json!({"code": -32000, "message": words});
    let body = json!({"jsonrpc": "2.0", "error": error, "id": null}).to_string();
    let response = with_status(status).header("content-type", "application/json");
    response.body(Body::from(body)).expect("it is well formed")
}

/// Not for a rule: the server has no time for it, or does not like it.
fn refusal(status: u16, retry_after: Option<&str>) -> Response<Body> {
    let mut response = with_status(status);
    if let Some(wait) = retry_after {
        response = response.header("retry-after", wait);
    }
    response.body(Body::from("refused")).expect("it is well formed")
}

fn with_status(status: u16) -> axum::http::response::Builder {
    Response::builder().status(status)
}
