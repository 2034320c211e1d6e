//! TLS before a server on loopback, with a certificate that a new authority of its own signed.
//!
//! Comes in: a plain server's address. Goes out: an address with `https`, and the authority's
//! certificate, which a client's system has to trust before it connects.

#![expect(clippy::expect_used, reason = "a test's own server may end the test")]

use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// Relays until it is dropped.
pub struct Tls {
    /// Its address, without a path.
    pub url: String,
    /// The authority's certificate, as PEM.
    pub authority: String,
    relay: JoinHandle<()>,
}

impl Tls {
    /// Decrypts what comes in and hands it on to a server.
    pub async fn before(server: SocketAddr) -> Self {
        let (config, authority) = identity();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let relay = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(relay(acceptor.clone(), stream, server));
            }
        });
        Self { url: format!("https://localhost:{port}"), authority, relay }
    }
}

impl Drop for Tls {
    fn drop(&mut self) {
        self.relay.abort();
    }
}

/// A client that does not trust the certificate hangs up; nobody else need know.
async fn relay(acceptor: TlsAcceptor, stream: TcpStream, server: SocketAddr) {
    let Ok(mut client) = acceptor.accept(stream).await else { return };
    let Ok(mut server) = TcpStream::connect(server).await else { return };
    let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
}

/// A certificate for `localhost`, and that of the authority that signed it.
fn identity() -> (ServerConfig, String) {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().expect("a key");
    let root = authority.self_signed(&authority_key).expect("a certificate");
    let issuer = Issuer::new(authority, authority_key);
    let own = CertificateParams::new(["localhost".to_owned()]).expect("a name");
    let key = KeyPair::generate().expect("a key");
    let certificate = own.signed_by(&key, &issuer).expect("a certificate");
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions of TLS")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("a certificate and its key");
    (config, root.pem())
}
