//! HTTP by hand on a socket: no client library between a test and the server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::PATIENCE;
use mission_control::dashboard::Dashboard;
use mission_control::dashboard::web::serve::serve_on;

/// A request on a connection that stays open.
pub(crate) fn get(path: &str, head: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{head}\r\n")
}

pub(crate) struct Server {
    at: SocketAddr,
    serving: JoinHandle<std::io::Result<()>>,
}

pub(crate) struct Answer {
    pub status: u16,
    head: String,
    pub body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut pairs = self.head.lines().filter_map(|line| line.split_once(": "));
        pairs.find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Server {
    pub(crate) async fn of(d: Arc<Dashboard>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        Self { at, serving: tokio::spawn(serve_on(listener, d)) }
    }

    pub(crate) async fn connect(&self) -> Wire {
        Wire(TcpStream::connect(self.at).await.unwrap())
    }

    /// A connection that has received one response and stays open.
    pub(crate) async fn opened(&self) -> Wire {
        let mut wire = self.connect().await;
        wire.send(&get("/healthz", "")).await;
        assert!(wire.head().await.starts_with("HTTP/1.1 200"));
        wire
    }

    /// `rest`: what follows the first line and the host header; a body follows an empty line in it.
    pub(crate) async fn ask(&self, line: &str, rest: &str) -> Answer {
        let mut wire = self.connect().await;
        let rest = if rest.is_empty() { String::new() } else { format!("\r\n{rest}") };
        // The server may refuse a large body before its end.
        wire.try_send(&format!("{line}\r\nHost: localhost\r\nConnection: close{rest}\r\n\r\n")).await;
        let text = wire.rest().await;
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|s| s.parse().ok());
        let status = status.unwrap_or_else(|| panic!("{line}: no answer but {text:?}"));
        Answer { status, head: head.into(), body: body.into() }
    }

    /// Subscribes to events. The connection stays open as long as the wire is kept.
    pub(crate) async fn listen(&self, token: &str) -> (u16, Wire) {
        let mut wire = self.connect().await;
        wire.send(&get("/events", &format!("Authorization: Bearer {token}\r\n"))).await;
        let head = wire.head().await;
        (head.split(' ').nth(1).unwrap().parse().unwrap(), wire)
    }
}

pub(crate) struct Wire(TcpStream);

impl Wire {
    pub(crate) async fn send(&mut self, text: &str) {
        assert!(self.try_send(text).await, "the connection is closed");
    }

    /// False: the peer has closed the connection.
    pub(crate) async fn try_send(&mut self, text: &str) -> bool {
        self.0.write_all(text.as_bytes()).await.is_ok()
    }

    /// Whether there is anything to read by then.
    pub(crate) async fn hears_within(&self, time: Duration) -> bool {
        tokio::time::timeout(time, self.0.readable()).await.is_ok()
    }

    /// Reads up to the first empty line.
    pub(crate) async fn head(&mut self) -> String {
        let mut text = Vec::new();
        while !text.ends_with(b"\r\n\r\n") {
            let byte = tokio::time::timeout(PATIENCE, self.0.read_u8()).await.expect("no answer");
            text.push(byte.expect("the connection ended in a head"));
        }
        String::from_utf8(text).unwrap()
    }

    /// Reads until the server closes.
    pub(crate) async fn rest(&mut self) -> String {
        let mut text = Vec::new();
        let read = tokio::time::timeout(PATIENCE, self.0.read_to_end(&mut text)).await;
        // A server that closes while a body is on its way resets the connection: data received before counts.
        let _ = read.expect("the server never closes");
        String::from_utf8(text).unwrap()
    }
}
