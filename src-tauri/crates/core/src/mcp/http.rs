//! A server over streamable HTTP.
//!
//! The protocol library keeps the session; calls and lists of tools go through here, so that a tool's
//! result is kept as it came, whatever its size up to the limit, an answer that is not understood ends
//! its request at once, and a refusal keeps its status. What failures mean is `refusal`'s.

pub(super) mod reasons;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::BoxStream;
use reqwest::header::{
    ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
};
use reqwest::{Response, StatusCode};
use rmcp::model::{
    ClientJsonRpcMessage, ClientRequest, ErrorCode, ErrorData, JsonRpcMessage, RequestId,
    ServerJsonRpcMessage,
};
use rmcp::transport::streamable_http_client::{
    AuthRequiredError, HttpStatusError, InsufficientScopeError, SseError, StreamableHttpClient,
    StreamableHttpClientTransportConfig, StreamableHttpError, StreamableHttpPostResponse,
    StreamableHttpResponseLimits,
};
use sse_stream::{Sse, SseStream};
use url::Url;

use self::reasons::root;
use super::MAX_MESSAGE;
use super::wire::answer::{broken_answer_to, error_in, not_understood};
use super::wire::calls::{Call, Calls, Taken};
use super::wire::lines::stand_in;
use super::wire::lossy::Lossy;
use crate::loopback::is_loopback;

const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream";
/// As much of a refusal's body as is looked at.
const REFUSAL_BODY: usize = 64 << 10;

type Posted = Result<StreamableHttpPostResponse, StreamableHttpError<reqwest::Error>>;
type Events = BoxStream<'static, Result<Sse, SseError>>;

/// The HTTP client of one link.
#[derive(Clone)]
pub(super) struct Http {
    client: reqwest::Client,
    calls: Arc<Calls>,
}

impl Http {
    /// The reason goes on after the server's name.
    pub(super) fn new(
        to: &Url,
        calls: Arc<Calls>,
        connect_timeout: Duration,
    ) -> Result<Self, String> {
        let builder = reqwest::Client::builder();
        let builder = if is_loopback(to) { builder.no_proxy() } else { builder };
        let client = builder
            .connect_timeout(connect_timeout)
            .redirect(same_origin())
            .build()
            .map_err(|error| format!("cannot be reached: {}", root(&error)))?;
        Ok(Self { client, calls })
    }

    /// The transport's settings: no limit of ours on what runs at the same time.
    pub(super) fn config(
        url: &str,
        headers: HashMap<HeaderName, HeaderValue>,
    ) -> StreamableHttpClientTransportConfig {
        StreamableHttpClientTransportConfig::with_uri(url)
            .custom_headers(headers)
            .max_concurrent_requests(usize::MAX)
            .max_json_response_size(MAX_MESSAGE)
            .max_sse_event_size(MAX_MESSAGE)
    }

    /// Posts a request whose answer is looked at before the library gets it.
    async fn post_watched(
        &self,
        call: Option<&Call>,
        uri: &str,
        message: &ClientJsonRpcMessage,
        id: RequestId,
        session: Option<Arc<str>>,
        token: Option<String>,
        headers: HashMap<HeaderName, HeaderValue>,
    ) -> Posted {
        let mut request = self.client.post(uri).header(ACCEPT, format!("{EVENTS}, {JSON}"));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        request = request.headers(headers.into_iter().collect());
        let in_session = session.is_some();
        if let Some(session) = session {
            request = request.header("mcp-session-id", session.as_ref());
        }
        let sent = |sent| call.iter().for_each(|call| call.sent.store(sent, Ordering::Release));
        sent(true);
        let response = request.json(message).send().await.inspect_err(|error| {
            if error.is_connect() {
                sent(false);
            }
        })?;
        let status = response.status();
        if status == StatusCode::NOT_FOUND && in_session {
            return Err(StreamableHttpError::SessionExpired);
        }
        if !status.is_success() {
            return refused(response, id).await;
        }
        if matches!(status, StatusCode::ACCEPTED | StatusCode::NO_CONTENT) {
            return Ok(StreamableHttpPostResponse::Accepted);
        }
        let kind = content_type(response.headers());
        if kind.starts_with(EVENTS) {
            let events = self.watched(self.bounded_events(response, id.clone()), Some(id));
            return Ok(StreamableHttpPostResponse::Sse(events, None));
        }
        if !kind.starts_with(JSON) {
            return Err(StreamableHttpError::UnexpectedContentType(Some(kind)));
        }
        let Some(body) = bounded_body(response, MAX_MESSAGE).await? else {
            self.calls.refuse(&id);
            return Ok(StreamableHttpPostResponse::Json(too_large(id), None));
        };
        let message = self
            .answer(body, &id)
            .unwrap_or_else(|received| JsonRpcMessage::error(not_understood(&received), Some(id)));
        Ok(StreamableHttpPostResponse::Json(message, None))
    }

    /// The answer that a body is to the request `id`, or the body's text.
    fn answer(&self, body: Vec<u8>, id: &RequestId) -> Result<ServerJsonRpcMessage, String> {
        let text = String::from_utf8(body)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        match self.calls.take(text, Some(id)) {
            Taken::Result(id) => Ok(JsonRpcMessage::response(stand_in(), id)),
            Taken::Failed(id, error) => Ok(JsonRpcMessage::error(error, Some(id))),
            Taken::No(text) => match serde_json::from_str(&text) {
                Ok(answer @ (JsonRpcMessage::Response(_) | JsonRpcMessage::Error(_))) => Ok(answer),
                _ => Err(text),
            },
            Taken::Junk(text) => Err(text),
            Taken::Progress => Err("progress instead of an answer".to_owned()),
        }
    }

    /// The events of an answer; one that is too large becomes an error answer to `id`.
    fn bounded_events(&self, response: Response, id: RequestId) -> Events {
        let calls = self.calls.clone();
        // Bytes since the last whole event; bytes of the next one in the same chunk do not matter.
        let open = Arc::new(AtomicUsize::new(0));
        let counted = open.clone();
        let mut lossy = Lossy::default();
        let bytes = response.bytes_stream().map(move |chunk| {
            let chunk = lossy.decode(chunk.map_err(std::io::Error::other)?);
            let before = counted.fetch_add(chunk.len(), Ordering::Relaxed);
            if before + chunk.len() > MAX_MESSAGE {
                return Err(std::io::Error::other("an event is too large"));
            }
            Ok(chunk)
        });
        let events = SseStream::from_bytes_stream(bytes).map(move |event| {
            let unfinished = open.swap(0, Ordering::Relaxed);
            match event {
                Err(_) if unfinished > MAX_MESSAGE => {
                    calls.refuse(&id);
                    let answer = serde_json::to_string(&too_large(id.clone())).ok();
                    Ok(Sse { data: answer, ..Sse::default() })
                }
                event => event,
            }
        });
        events.boxed()
    }

    /// The events with each tool's result taken out and a stand-in in its place, and what is not
    /// understood as an error. `expected` is the request that they answer.
    fn watched(&self, events: Events, expected: Option<RequestId>) -> Events {
        let calls = self.calls.clone();
        let watched = events.map(move |event| {
            let mut event = event?;
            if let Some(data) = event.data.take() {
                let answer = |message| serde_json::to_string::<ServerJsonRpcMessage>(&message).ok();
                event.data = match calls.take(data, expected.as_ref()) {
                    Taken::Result(id) => answer(JsonRpcMessage::response(stand_in(), id)),
                    Taken::Failed(id, error) => answer(JsonRpcMessage::error(error, Some(id))),
                    Taken::Progress => None,
                    Taken::Junk(text) => match broken_answer_to(&text) {
                        Some(id) => answer(JsonRpcMessage::error(not_understood(&text), Some(id))),
                        None => Some(text),
                    },
                    Taken::No(text) => Some(text),
                };
            }
            Ok(event)
        });
        watched.boxed()
    }
}

impl StreamableHttpClient for Http {
    type Error = reqwest::Error;

    async fn post_message(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        token: Option<String>,
        headers: HashMap<HeaderName, HeaderValue>,
    ) -> Posted {
        let limits = StreamableHttpResponseLimits::default();
        self.post_message_with_response_limits(uri, message, session, token, headers, limits).await
    }

    async fn post_message_with_response_limits(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        token: Option<String>,
        headers: HashMap<HeaderName, HeaderValue>,
        limits: StreamableHttpResponseLimits,
    ) -> Posted {
        let call = self.calls.register(&message);
        if let JsonRpcMessage::Request(request) = &message
            && (call.is_some() || matches!(request.request, ClientRequest::ListToolsRequest(_)))
        {
            let (call, id) = (call.as_deref(), request.id.clone());
            return self.post_watched(call, &uri, &message, id, session, token, headers).await;
        }
        let client = &self.client;
        client
            .post_message_with_response_limits(uri, message, session, token, headers, limits)
            .await
    }

    async fn delete_session(
        &self,
        uri: Arc<str>,
        session: Arc<str>,
        token: Option<String>,
        headers: HashMap<HeaderName, HeaderValue>,
    ) -> Result<(), StreamableHttpError<reqwest::Error>> {
        self.client.delete_session(uri, session, token, headers).await
    }

    async fn get_stream(
        &self,
        uri: Arc<str>,
        session: Option<Arc<str>>,
        last_event: Option<String>,
        token: Option<String>,
        headers: HashMap<HeaderName, HeaderValue>,
    ) -> Result<Events, StreamableHttpError<reqwest::Error>> {
        self.get_stream_with_max_sse_event_size(
            uri,
            session,
            last_event,
            token,
            headers,
            MAX_MESSAGE,
        )
        .await
    }

    async fn get_stream_with_max_sse_event_size(
        &self,
        uri: Arc<str>,
        session: Option<Arc<str>>,
        last_event: Option<String>,
        token: Option<String>,
        headers: HashMap<HeaderName, HeaderValue>,
        limit: usize,
    ) -> Result<Events, StreamableHttpError<reqwest::Error>> {
        let client = &self.client;
        let events = client
            .get_stream_with_max_sse_event_size(uri, session, last_event, token, headers, limit)
            .await?;
        Ok(self.watched(events, None))
    }
}

async fn refused(response: Response, id: RequestId) -> Posted {
    let status = response.status();
    let header = |name| {
        response
            .headers()
            .get(&name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
            .map(str::to_owned)
    };
    match (status, header(WWW_AUTHENTICATE)) {
        (StatusCode::UNAUTHORIZED, Some(challenge)) => {
            return Err(StreamableHttpError::AuthRequired(AuthRequiredError::new(challenge)));
        }
        (StatusCode::FORBIDDEN, Some(challenge)) => {
            let error = InsufficientScopeError::new(challenge, None);
            return Err(StreamableHttpError::InsufficientScope(error));
        }
        _ => {}
    }
    let refusal = HttpStatusError::new(status.as_u16(), header(RETRY_AFTER));
    // These are about the way, not about the call; anything else may explain itself. That it answers
    // this request is often not said: a server that refuses may not have read its id.
    let about_the_way = matches!(status.as_u16(), 401 | 403 | 429 | 502..=504);
    if !about_the_way
        && content_type(response.headers()).starts_with(JSON)
        && let Ok(Some(body)) = bounded_body(response, REFUSAL_BODY).await
        && let Some(error) = error_in(&body)
    {
        return Ok(StreamableHttpPostResponse::Json(JsonRpcMessage::error(error, Some(id)), None));
    }
    Err(refusal.into())
}

async fn bounded_body(
    response: Response,
    limit: usize,
) -> Result<Option<Vec<u8>>, StreamableHttpError<reqwest::Error>> {
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
    if announced.is_some_and(|length| length > limit) {
        return Ok(None);
    }
    let mut body = Vec::with_capacity(announced.unwrap_or_default());
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        body.extend_from_slice(&chunk?);
        if body.len() > limit {
            return Ok(None);
        }
    }
    Ok(Some(body))
}

fn too_large(id: RequestId) -> ServerJsonRpcMessage {
    let error = ErrorData::new(ErrorCode::INTERNAL_ERROR, "the answer is too large", None);
    JsonRpcMessage::error(error, Some(id))
}

fn content_type(headers: &HeaderMap) -> String {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_ascii_lowercase()
}

/// Follows a redirect only where it keeps the message and tells no other host our headers.
fn same_origin() -> reqwest::redirect::Policy {
    reqwest::redirect::Policy::custom(|attempt| {
        let keeps_the_body = matches!(
            attempt.status(),
            StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT
        );
        let same =
            attempt.previous().first().is_some_and(|url| url.origin() == attempt.url().origin());
        if keeps_the_body && same && attempt.previous().len() <= 10 {
            attempt.follow()
        } else {
            attempt.stop()
        }
    })
}
