//! What every request to a model's server has in common: why it failed, and what came back of it.

use std::{error::Error as _, time::Duration};

use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde_json::Value;
use tokio::time::timeout;

use super::{
    ModelError,
    endpoint::Endpoint,
    refusal::{self, Refusal},
};
use crate::backoff;

/// How much of an error body is read, and for how long.
const ERROR_BODY: usize = 64 * 1024;
const ERROR_TIME: Duration = Duration::from_secs(5);

/// The innermost cause, which is the one that says something.
pub(super) fn reason(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    // The outermost one would name the address with its query.
    match error.source() {
        Some(_) => cause.to_string(),
        None => "the connection failed".to_owned(),
    }
}

/// A body's JSON, or why it is none.
pub(super) async fn json(
    endpoint: &Endpoint,
    response: reqwest::Response,
) -> Result<Value, ModelError> {
    let status = response.status();
    let retry_after = retry_after(response.headers());
    let body = limited_text(response).await;
    if !status.is_success() {
        return Err(Refusal { status: status.as_u16(), retry_after, body: &body }.error(endpoint));
    }
    serde_json::from_str(&body).map_err(|_| ModelError::WrongAddress {
        server: endpoint.server.clone(),
        said: if refusal::looks_like_html(&body) {
            "it sent a web page".to_owned()
        } else {
            "it sent something else than JSON".to_owned()
        },
    })
}

/// The beginning of a body, as far as it comes in time.
pub(super) async fn limited_text(mut response: reqwest::Response) -> String {
    let most = if response.status().is_success() { 64 * ERROR_BODY } else { ERROR_BODY };
    let mut bytes = Vec::new();
    let read = async {
        while let Ok(Some(packet)) = response.chunk().await {
            bytes.extend_from_slice(&packet);
            if bytes.len() > most {
                break;
            }
        }
    };
    // What came until then says what there is to say.
    let _ = timeout(ERROR_TIME, read).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

/// When the server wants to be asked again.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    backoff::retry_after(headers.get(RETRY_AFTER)?.to_str().ok()?)
}
