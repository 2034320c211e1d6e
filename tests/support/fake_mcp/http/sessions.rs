//! The sessions of the fake HTTP server: each begins with a handshake and ends by DELETE, and what is
//! asked in one must fit it ("Session Management", "Protocol Version Header", "Lifecycle").

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard};

use axum::http::HeaderMap;
use serde_json::Value;

use super::SESSION;
use super::rules::{Broken, VERSION, header};

#[derive(Default)]
pub(super) struct Sessions {
    open: Mutex<HashMap<String, Session>>,
}

struct Session {
    connection: usize,
    version: String,
    initialized: bool,
    /// Of requests, which are used once.
    ids: HashSet<String>,
}

impl Sessions {
    /// Opens one for the client that sent this `initialize`; its id.
    pub(super) fn open(&self, connection: usize, message: &Value) -> String {
        let id = format!("session-{connection}");
        let version = message["params"]["protocolVersion"].as_str().unwrap_or_default().to_owned();
        let ids = HashSet::from([message["id"].to_string()]);
        let session = Session { connection, version, initialized: false, ids };
        self.sessions().insert(id.clone(), session);
        id
    }

    pub(super) fn close(&self, headers: &HeaderMap) {
        self.sessions().remove(header(headers, SESSION).unwrap_or_default());
    }

    pub(super) fn clear(&self) {
        self.sessions().clear();
    }

    pub(super) fn count(&self) -> usize {
        self.sessions().len()
    }

    /// Which client's session a request belongs to.
    pub(super) fn connection(&self, headers: &HeaderMap) -> Option<usize> {
        let sessions = self.sessions();
        Some(sessions.get(header(headers, SESSION)?)?.connection)
    }

    /// Whether a request fits its session. `message` is `null` for one without a body.
    pub(super) fn check(&self, headers: &HeaderMap, message: &Value) -> Result<(), Broken> {
        let Some(id) = header(headers, SESSION) else {
            return Err(Broken::new(400, "every request after the first names its session"));
        };
        let mut sessions = self.sessions();
        let Some(session) = sessions.get_mut(id) else {
            return Err(Broken::new(404, "the session is not known"));
        };
        if header(headers, VERSION) != Some(session.version.as_str()) {
            let version = &session.version;
            return Err(Broken::new(400, format!("the header {VERSION} is {version}, as agreed")));
        }
        let method = message["method"].as_str().unwrap_or_default();
        if method == "notifications/initialized" {
            session.initialized = true;
        }
        let Some(request) = message.get("id").filter(|_| !method.is_empty()) else { return Ok(()) };
        if !session.initialized && method != "ping" {
            return Err(Broken::new(400, "nothing but a ping comes before `initialized`"));
        }
        if !session.ids.insert(request.to_string()) {
            return Err(Broken::new(400, "a session's request ids are used once"));
        }
        Ok(())
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<String, Session>> {
        self.open.lock().expect("no test panics here")
    }
}
