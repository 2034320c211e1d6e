//! The server at one end of a stream: in this process, or on standard input and output.

use rmcp::ServiceExt as _;
use rmcp::service::{QuitReason, ServerInitializeError};
use rmcp::transport::io::stdio;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::server::StoriesServer;

/// Why serving ended otherwise than by the client.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// What came in is no MCP client's beginning.
    #[error("the client of the stories server did not begin as MCP says: {0}")]
    Handshake(#[source] Box<ServerInitializeError>),
    /// The task that served broke off.
    #[error("serving the stories broke off: {0}")]
    Broken(#[source] tokio::task::JoinError),
}

/// Serves on standard input and output, for any MCP client: `trawl mcp stories`.
///
/// Returns when standard input ends and everything that was asked is answered. Nothing else may
/// write to standard output meanwhile.
pub async fn serve_stdio(server: StoriesServer) -> Result<(), ServeError> {
    let (input, output) = stdio();
    serve_stream(server, tokio::io::join(input, output)).await
}

/// Serves one client at the other end of `stream`, until it closes its side.
pub async fn serve_stream(
    server: StoriesServer,
    stream: impl AsyncRead + AsyncWrite + Send + 'static,
) -> Result<(), ServeError> {
    let running = match server.serve(tokio::io::split(stream)).await {
        Ok(running) => running,
        // A client that leaves before it said anything is no failure of ours.
        Err(ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
        Err(error) => return Err(ServeError::Handshake(Box::new(error))),
    };
    match running.waiting().await {
        Ok(QuitReason::JoinError(error)) | Err(error) => Err(ServeError::Broken(error)),
        Ok(_) => Ok(()),
    }
}
