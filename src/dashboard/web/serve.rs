//! Connections -> requests, with limits: on concurrent connections, on the size of a head, and on the time to send a
//! request and to read its answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_io_timeout::TimeoutStream;

use crate::dashboard::Dashboard;
use crate::dashboard::limits::ConnectionLimits;

/// Serves until the process ends.
pub async fn serve(bind: SocketAddr, dashboard: Arc<Dashboard>) -> std::io::Result<()> {
    let listener = TcpListener::bind(bind).await?;
    tracing::info!(bind = %listener.local_addr()?, actions = dashboard.actions, "serving the dashboard");
    serve_on(listener, dashboard).await
}

/// The same on an open socket.
pub async fn serve_on(listener: TcpListener, dashboard: Arc<Dashboard>) -> std::io::Result<()> {
    let limits = dashboard.limits;
    let routes = super::router(dashboard);
    let permits = Arc::new(Semaphore::new(limits.max_connections));
    loop {
        let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return Ok(()) };
        match listener.accept().await {
            Ok((stream, _)) => {
                let routes = routes.clone();
                tokio::spawn(async move {
                    connection(stream, routes, limits).await;
                    drop(permit);
                });
            }
            Err(error) => {
                // Such as too many open files: without a pause, this would be a busy loop.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, routes: Router, limits: ConnectionLimits) {
    let mut stream = TimeoutStream::new(stream);
    // hyper limits what is read, but waits forever for a client that reads nothing.
    stream.set_write_timeout(Some(limits.write_timeout));
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_buf_size(limits.max_header_bytes)
        .serve_connection(TokioIo::new(Box::pin(stream)), TowerToHyperService::new(routes));
    // A browser that disconnects is not worth a log line.
    let _ = served.await;
}
