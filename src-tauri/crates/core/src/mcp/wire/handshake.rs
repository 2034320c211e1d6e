//! Our side of the protocol: who we are, what we can do, and the first exchange.
//!
//! Speaks the stateless protocol of 2026-07-28 where the server does, else the newest one with a
//! handshake. Offers a server nothing to call back (no sampling, no elicitation, no roots).

use std::sync::Arc;

use rmcp::model::{
    ClientCapabilities, ClientConfig, Implementation, ProtocolVersion, ServerNotification,
    ServerPeerInfo, SubscriptionFilter,
};
use rmcp::service::{
    ClientInitializeError, ClientLifecycleMode, NotificationContext, Peer, RoleClient,
    RunningService, serve_client_with_lifecycle_and_ct, serve_directly_with_ct,
};
use rmcp::transport::Transport;
use rmcp::{ClientHandler, transport::IntoTransport};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::lines::Lines;
use super::probe::Lent;

/// Hears what a server says by itself.
pub(in crate::mcp) struct Client {
    /// Woken when the server's list of tools changed.
    pub(in crate::mcp) tools_changed: Arc<Notify>,
}

impl ClientHandler for Client {
    async fn on_tool_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.tools_changed.notify_one();
    }

    fn get_info(&self) -> ClientConfig {
        let me = Implementation::new("trawl", env!("CARGO_PKG_VERSION"));
        ClientConfig::new(ClientCapabilities::default(), me)
            .with_protocol_version(ProtocolVersion::V_2025_11_25)
    }
}

/// The first exchange. The link lives until `stop` is cancelled or the other side ends.
pub(in crate::mcp) async fn shake<T>(
    transport: T,
    tools_changed: Arc<Notify>,
    stop: CancellationToken,
) -> Result<RunningService<RoleClient, Client>, ClientInitializeError>
where
    T: Transport<RoleClient> + 'static,
{
    let lifecycle = ClientLifecycleMode::Auto {
        preferred_versions: vec![ProtocolVersion::V_2026_07_28],
        legacy_version: Some(ProtocolVersion::V_2025_11_25),
    };
    let transport = IntoTransport::<RoleClient, _, _>::into_transport(transport);
    serve_client_with_lifecycle_and_ct(Client { tools_changed }, transport, lifecycle, stop).await
}

/// The first exchange over streams, where a slow server may answer an earlier question late.
pub(in crate::mcp) async fn shake_over_lines<R, W>(
    lines: Lines<R, W>,
    tools_changed: Arc<Notify>,
    stop: CancellationToken,
) -> Result<RunningService<RoleClient, Client>, ClientInitializeError>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    let (lent, returned) = Lent::new(lines);
    let error = match shake(lent, tools_changed.clone(), stop.clone()).await {
        Ok(running) => return Ok(running),
        Err(error) => error,
    };
    let Ok(mut lines) = returned.try_recv() else { return Err(error) };
    let newest = ProtocolVersion::V_2026_07_28;
    match lines.late_discovery() {
        Some(late) if late.supported_versions.contains(&newest) => {
            let info = ServerPeerInfo::from_discover_result(newest, late);
            Ok(serve_directly_with_ct(Client { tools_changed }, lines, Some(info), stop))
        }
        _ => Err(error),
    }
}

/// In the stateless protocol, a change of the tools must be asked for. Ends with the link.
pub(in crate::mcp) async fn listen_for_tools(peer: &Peer<RoleClient>, tools_changed: &Notify) {
    let Some(info) = peer.peer_info() else { return };
    let tells = info.capabilities.tools.as_ref().and_then(|tools| tools.list_changed);
    if info.protocol_version.has_initialize() || tells != Some(true) {
        return;
    }
    let mut wanted = SubscriptionFilter::new();
    wanted.tools_list_changed = Some(true);
    let Ok(mut changes) = peer.listen(wanted).await else { return };
    while let Ok(Some(notification)) = changes.next().await {
        if matches!(notification, ServerNotification::ToolListChangedNotification(_)) {
            tools_changed.notify_one();
        }
    }
}
