//! How the program gets at a server: over TLS, with header fields, behind redirections, through compression; and that no
//! secret is shown on the way.

mod encrypted;
mod redirected;
mod secrets;

use std::net::SocketAddr;
use std::path::Path;
use std::process::Output;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::recording::scripted::{Act, HEAD, events};

/// The CA that has signed the certificate of [`TlsFront`]. It is no CA of any system; its key was thrown away.
pub(crate) fn ca() -> String {
    format!("{}/tests/it/access/tls/ca.pem", env!("CARGO_MANIFEST_DIR"))
}

/// A port that ends TLS in front of another port. Its certificate is for `localhost` and 127.0.0.1.
pub(crate) struct TlsFront {
    pub(crate) address: SocketAddr,
    _runtime: Runtime,
}

impl TlsFront {
    pub(crate) fn of(behind: SocketAddr) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let acceptor = acceptor();
        runtime.spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    // A client that does not like the certificate is gone.
                    let Ok(mut client) = acceptor.accept(client).await else { return };
                    let Ok(mut server) = TcpStream::connect(behind).await else { return };
                    let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                });
            }
        });
        Self { address, _runtime: runtime }
    }
}

fn acceptor() -> TlsAcceptor {
    let certificate = CertificateDer::from_pem_slice(include_bytes!("tls/server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("tls/server.key")).unwrap();
    let config =
        ServerConfig::builder_with_provider(Arc::new(default_provider())).with_safe_default_protocol_versions();
    let config = config.unwrap().with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// A stream with some events that stays open.
fn stream() -> Vec<Act> {
    [&[Act::send(HEAD)], &events(4, 100)[..], &[Act::Hold]].concat()
}

/// A response that sends a client elsewhere.
fn redirect(status: u16, location: &str) -> Vec<Act> {
    vec![Act::send(&format!("HTTP/1.1 {status} Elsewhere\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n"))]
}

/// Everything that a command has written: both of its outputs, and the files in its folder.
fn written(folder: &Path, output: &Output) -> String {
    let mut all = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_none_or(|kind| kind != "headers") {
                all += &String::from_utf8_lossy(&std::fs::read(path).unwrap());
            }
        }
    }
    all
}
