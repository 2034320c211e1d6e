//! Servers over HTTP that send their clients elsewhere: followed on the same origin alone, and only
//! where the message is kept, since headers carry secrets and a redirect may make a POST a GET.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Response, Uri};
use axum::routing::any;
use serde_json::{Value, json};
use trawl_core::mcp::{Connections, ServerError};

use crate::mcp::setup::{connections, settings};

/// A site whose `/mcp` is a server, and whose `/<status>` sends to an address.
#[derive(Clone)]
struct Site {
    address: String,
    sends_to: Arc<Mutex<String>>,
    /// Path and `authorization` of every request.
    asked: Arc<Mutex<Vec<(String, String)>>>,
}

impl Site {
    async fn serve() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let site = Self { address, sends_to: Arc::default(), asked: Arc::default() };
        let routes = Router::new()
            .route("/mcp", any(answered))
            .route("/{status}", any(sent_elsewhere))
            .with_state(site.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        site
    }

    fn note(&self, address: &Uri, headers: &HeaderMap) {
        let authorization = headers.get("authorization").and_then(|value| value.to_str().ok());
        let authorization = authorization.unwrap_or_default().to_owned();
        self.asked.lock().unwrap().push((address.path().to_owned(), authorization));
    }

    fn asked(&self) -> Vec<(String, String)> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

async fn sent_elsewhere(
    State(site): State<Site>,
    Path(status): Path<u16>,
    address: Uri,
    headers: HeaderMap,
) -> Response<Body> {
    site.note(&address, &headers);
    let location = site.sends_to.lock().unwrap().clone();
    let response = Response::builder().status(status).header("location", location);
    response.body(Body::empty()).unwrap()
}

async fn answered(
    State(site): State<Site>,
    address: Uri,
    headers: HeaderMap,
    body: String,
) -> Response<Body> {
    site.note(&address, &headers);
    let message: Value = serde_json::from_str(&body).unwrap_or_default();
    let result = match message["method"].as_str().unwrap_or_default() {
        "initialize" => json!({"protocolVersion": message["params"]["protocolVersion"],
            "capabilities": {"tools": {}}, "serverInfo": {"name": "site", "version": "1"}}),
        "tools/list" => json!({"tools": [{"name": "find", "inputSchema": {"type": "object"}}]}),
        _ if message["id"].is_null() => {
            return Response::builder().status(202).body(Body::empty()).unwrap();
        }
        _ => Value::Null,
    };
    let answer = if result.is_null() {
        let error = json!({"code": -32601, "message": "Method not found"});
        json!({"jsonrpc": "2.0", "id": message["id"], "error": error})
    } else {
        json!({"jsonrpc": "2.0", "id": message["id"], "result": result})
    };
    let response = Response::builder().header("content-type", "application/json");
    response.body(Body::from(answer.to_string())).unwrap()
}

/// Connects to a page of the site that answers with this status.
async fn connect(site: &Site, status: u16) -> (Connections, Result<usize, ServerError>) {
    let connections = connections();
    let entry = json!({"url": format!("{}/{status}", site.address),
        "headers": {"Authorization": "Bearer s3cr3t-token"}});
    connections.apply(&settings(json!({"site": entry})));
    let connected = connections.connected("site").await.map(|server| server.tools().len());
    (connections, connected)
}

#[tokio::test]
async fn a_server_that_moved_within_its_origin_is_followed() {
    let site = Site::serve().await;
    for location in ["/mcp".to_owned(), format!("{}/mcp", site.address)] {
        location.clone_into(&mut site.sends_to.lock().unwrap());
        for status in [307, 308] {
            let (connections, tools) = connect(&site, status).await;
            assert_eq!(tools.ok(), Some(1), "{status} to {location}");
            let asked = site.asked();
            assert!(asked.iter().any(|(path, _)| path == "/mcp"), "{asked:?}");
            assert!(asked.iter().all(|(_, key)| key == "Bearer s3cr3t-token"), "{asked:?}");
            connections.close().await;
        }
    }
}

#[tokio::test]
async fn a_redirect_that_drops_the_message_is_not_followed() {
    let site = Site::serve().await;
    "/mcp".clone_into(&mut site.sends_to.lock().unwrap());
    for status in [301, 302, 303] {
        let (connections, tools) = connect(&site, status).await;
        let error = tools.unwrap_err().to_string();
        assert!(error.contains(&status.to_string()), "{error}");
        let asked = site.asked();
        assert!(asked.iter().all(|(path, _)| *path == format!("/{status}")), "{asked:?}");
        connections.close().await;
    }
}

#[tokio::test]
async fn another_origin_is_told_nothing() {
    let (site, other) = (Site::serve().await, Site::serve().await);
    for status in [301, 302, 303, 307, 308] {
        format!("{}/mcp", other.address).clone_into(&mut site.sends_to.lock().unwrap());
        let (connections, tools) = connect(&site, status).await;
        let error = tools.unwrap_err().to_string();
        assert!(error.contains(&status.to_string()), "{error}");
        assert!(!error.contains("s3cr3t"), "{error}");
        assert_eq!(other.asked(), [], "{status}");
        connections.close().await;
    }
}

#[tokio::test]
async fn a_circle_of_redirects_ends() {
    let site = Site::serve().await;
    "/307".clone_into(&mut site.sends_to.lock().unwrap());
    let (connections, tools) = connect(&site, 307).await;
    assert!(tools.is_err());
    assert!(site.asked().len() < 100);
    connections.close().await;
}
