//! A language model's server on loopback that says what it is told to say, byte for byte.
//!
//! Comes in: a script of replies, one a chat request in their order. Goes out: HTTP in any of the
//! three protocols, cut into packets of any size, with a chosen time to the first token and speed;
//! every request is recorded, and so is every client that hung up. It understands nothing: a test
//! that wants a plan writes the plan.

#![expect(clippy::expect_used, reason = "a test's own server may end the test")]

mod reply;

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

pub use self::reply::{End, Protocol, Reply, TOKEN};

/// For what a client does at once.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running fake; stops when dropped.
pub struct FakeLlm {
    address: SocketAddr,
    state: Arc<State>,
    server: JoinHandle<()>,
}

#[derive(Default)]
struct State {
    script: Mutex<VecDeque<Reply>>,
    requests: Mutex<Vec<Request>>,
    /// For each reply, when each of its packets left.
    sent: Mutex<Vec<Vec<Instant>>>,
    models: Mutex<Option<Value>>,
    hung_up: watch::Sender<usize>,
    asked: watch::Sender<usize>,
}

/// A chat request as it arrived.
#[derive(Debug, Clone)]
pub struct Request {
    /// Its path.
    pub path: String,
    /// Header lines, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Value,
    /// When it had arrived.
    pub at: Instant,
}

impl Request {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All text that the model is given to read.
    pub fn text(&self) -> String {
        let system = self.body["system"].as_str().unwrap_or_default().to_owned();
        let messages = self.body["messages"].as_array().cloned().unwrap_or_default();
        let texts = messages.iter().filter_map(|message| message["content"].as_str());
        std::iter::once(system.as_str()).chain(texts).collect::<Vec<_>>().join("\n")
    }
}

impl FakeLlm {
    /// Starts with a script; a request beyond it gets HTTP 400.
    pub async fn start(script: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(State::default());
        lock(&state.script).extend(script);
        let shared = Arc::clone(&state);
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { address, state, server }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address, without a path.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Adds to the script.
    pub fn then(&self, reply: Reply) {
        lock(&self.state.script).push_back(reply);
    }

    /// What a request for the list of models (or for one model) gets.
    pub fn offers(&self, models: Value) {
        *lock(&self.state.models) = Some(models);
    }

    /// The chat requests until now.
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.state.requests).clone()
    }

    /// When each packet of each chat reply left; without [`Reply::packets_of`], a packet is a token.
    pub fn sent(&self) -> Vec<Vec<Instant>> {
        lock(&self.state.sent).clone()
    }

    /// Replies of the script that were not asked for.
    pub fn left(&self) -> usize {
        lock(&self.state.script).len()
    }

    /// Waits until so many chat requests have arrived.
    pub async fn asked(&self, times: usize) {
        at_least(&self.state.asked, times).await;
    }

    /// Waits until a client hung up in the middle of a reply.
    pub async fn hung_up(&self) {
        at_least(&self.state.hung_up, 1).await;
    }
}

impl Drop for FakeLlm {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Waits for a count, not for ever.
async fn at_least(count: &watch::Sender<usize>, times: usize) {
    let mut count = count.subscribe();
    let counted = count.wait_for(|count| *count >= times);
    let counted = tokio::time::timeout(PATIENCE, counted).await;
    counted.expect("the client does it in time").expect("the fake is alive");
}

async fn serve(mut stream: TcpStream, state: Arc<State>) {
    stream.set_nodelay(true).expect("a TCP option");
    let mut buffer = Vec::new();
    while let Some((method, request)) = read_request(&mut stream, &mut buffer).await {
        let is_chat = method == "POST" && !request.path.ends_with("/api/show");
        if !is_chat {
            let models = lock(&state.models).clone();
            let status = if models.is_some() { 200 } else { 404 };
            let body = models.unwrap_or_else(|| json!({"error": "no list"})).to_string();
            let head = head(status, &format!("content-length: {}\r\n", body.len()));
            if stream.write_all((head + &body).as_bytes()).await.is_err() {
                return;
            }
            continue;
        }
        let letters = request.text().chars().count();
        lock(&state.requests).push(request);
        state.asked.send_modify(|times| *times += 1);
        let reply = lock(&state.script).pop_front();
        let reply = reply.unwrap_or_else(|| Reply::status(400, "nothing further is scripted"));
        let number = {
            let mut sent = lock(&state.sent);
            sent.push(Vec::new());
            sent.len() - 1
        };
        let leaves = || lock(&state.sent)[number].push(Instant::now());
        if !say(&mut stream, reply, letters, leaves).await {
            state.hung_up.send_modify(|times| *times += 1);
            return;
        }
    }
}

/// Sends a reply to a request of so many letters; `false` when the client hung up. Closes the
/// connection where the reply says so.
async fn say(stream: &mut TcpStream, reply: Reply, letters: usize, leaves: impl Fn()) -> bool {
    let began = tokio::time::Instant::now();
    if let Some(bytes) = reply.raw {
        let sent = stream.write_all(&bytes).await.is_ok();
        let _ = stream.shutdown().await;
        return sent;
    }
    let mut head = head(reply.status, "transfer-encoding: chunked\r\n");
    for (name, value) in &reply.headers {
        head.insert_str(head.len() - 2, &format!("{name}: {value}\r\n"));
    }
    // Servers send the head with the first token or before it; the later one is the harder one.
    let mut unsent = head.into_bytes();
    for (after, bytes) in reply.packets(letters) {
        // What is due is sent, also while time stands still.
        if began + after > tokio::time::Instant::now() {
            tokio::select! {
                () = tokio::time::sleep_until(began + after) => {}
                () = gone(stream) => return false,
            }
        }
        unsent.extend(format!("{:x}\r\n", bytes.len()).bytes().chain(bytes).chain(*b"\r\n"));
        leaves();
        if stream.write_all(&std::mem::take(&mut unsent)).await.is_err() {
            return false;
        }
    }
    match reply.end {
        End::Whole => {
            unsent.extend(b"0\r\n\r\n");
            stream.write_all(&unsent).await.is_ok()
        }
        End::Cut => {
            let _ = stream.write_all(&unsent).await;
            let _ = stream.shutdown().await;
            true
        }
        End::Hang => {
            let _ = stream.write_all(&unsent).await;
            gone(stream).await;
            false
        }
        End::Endless(bytes) => {
            let _ = stream.write_all(&unsent).await;
            repeat(stream, &bytes, Duration::ZERO).await;
            false
        }
        End::Trickle(bytes, every) => {
            let _ = stream.write_all(&unsent).await;
            repeat(stream, &bytes, every).await;
            false
        }
    }
}

/// Sends the same bytes until the client hangs up.
async fn repeat(stream: &mut TcpStream, bytes: &[u8], every: Duration) {
    let frame = [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
    while stream.write_all(&frame).await.is_ok() {
        if !every.is_zero() {
            tokio::time::sleep(every).await;
        }
    }
}

/// Returns when the client has closed its side.
async fn gone(stream: &mut TcpStream) {
    let mut byte = [0; 1];
    while stream.peek(&mut byte).await.is_ok_and(|read| read > 0) {
        // A pipelined request; nobody sends one.
        tokio::task::yield_now().await;
    }
}

async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<(String, Request)> {
    let head_end = loop {
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        more(stream, buffer).await?;
    };
    let head = String::from_utf8_lossy(&buffer[..head_end]).into_owned();
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
    while buffer.len() < head_end + length {
        more(stream, buffer).await?;
    }
    let body = serde_json::from_slice(&buffer[head_end..head_end + length]).unwrap_or(Value::Null);
    buffer.drain(..head_end + length);
    Some((method, Request { path, headers, body, at: Instant::now() }))
}

async fn more(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<()> {
    let mut bytes = vec![0; 16 * 1024];
    let read = stream.read(&mut bytes).await.ok().filter(|read| *read > 0)?;
    buffer.extend_from_slice(&bytes[..read]);
    Some(())
}

fn head(status: u16, more: &str) -> String {
    format!("HTTP/1.1 {status} Said\r\n{more}\r\n")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
