//! The fake MCP server over streamable HTTP: sessions, JSON or event-stream answers, refusals.

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, Response, StatusCode};
use axum::routing::post;
use futures::StreamExt;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;

use super::{Client, Fake};

const SESSION: &str = "mcp-session-id";

/// A running HTTP server; ends when dropped.
pub struct HttpServer {
    /// Its endpoint.
    pub url: String,
    task: tokio::task::JoinHandle<()>,
}

/// What is remembered between requests.
#[derive(Default)]
pub(super) struct State {
    sessions: Mutex<HashSet<String>>,
    made: AtomicUsize,
    refusals: Mutex<Vec<(u16, Option<String>)>>,
    headers: Mutex<Vec<HeaderMap>>,
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
            .route("/mcp", post(posted).delete(async || StatusCode::OK))
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
        self.inner.http.sessions.lock().expect("no test panics here").clear();
    }

    /// The headers of every request so far.
    pub fn headers(&self) -> Vec<HeaderMap> {
        self.inner.http.headers.lock().expect("no test panics here").clone()
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn posted(Shared(fake): Shared<Fake>, headers: HeaderMap, body: String) -> Response<Body> {
    let state = &fake.inner.http;
    state.headers.lock().expect("no test panics here").push(headers.clone());
    let message: Value = serde_json::from_str(&body).unwrap_or_default();
    if let Some(status) = fake.inner.options.refuse {
        return refusal(status, None);
    }
    let method = message["method"].as_str().unwrap_or_default();
    if method == "tools/call"
        && let Some((status, retry_after)) =
            state.refusals.lock().expect("no test panics here").pop()
    {
        return refusal(status, retry_after.as_deref());
    }
    let session = headers.get(SESSION).and_then(|value| value.to_str().ok());
    if let Some(session) = session
        && !state.sessions.lock().expect("no test panics here").contains(session)
    {
        return refusal(404, None);
    }
    let (out, mut answers) = mpsc::unbounded_channel();
    // Request ids are a session's own; without one, a request is its own connection.
    let connection = session.and_then(|session| session.parse().ok());
    let client = match connection {
        Some(connection) => Client { connection, out },
        None => fake.client(out),
    };
    fake.receive(&body, &client);
    drop(client);
    if message.get("id").is_none() || message.get("method").is_none() {
        return with_status(202).body(Body::empty()).expect("it is well formed");
    }
    if fake.inner.options.events && method == "tools/call" {
        let events = UnboundedReceiverStream::new(answers)
            .map(|answer| Ok::<_, Infallible>(format!("event: message\ndata: {answer}\n\n")));
        let response = with_status(200).header("content-type", "text/event-stream");
        return response.body(Body::from_stream(events)).expect("it is well formed");
    }
    while let Some(answer) = answers.recv().await {
        if answer.contains("\"method\":\"notifications/") {
            continue;
        }
        let mut response = with_status(200).header("content-type", "application/json");
        if method == "initialize" {
            let made = 1_000_000 + state.made.fetch_add(1, Ordering::Relaxed);
            state.sessions.lock().expect("no test panics here").insert(made.to_string());
            response = response.header(SESSION, made.to_string());
        }
        return response.body(Body::from(answer)).expect("it is well formed");
    }
    // The call was cancelled, or the server is mute.
    if fake.inner.options.mute {
        std::future::pending::<()>().await;
    }
    with_status(204).body(Body::empty()).expect("it is well formed")
}

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
