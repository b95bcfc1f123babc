//! Connections -> requests, each with a bound: of connections at once, of a head's size, and of the time
//! that it and taking the answer may need.

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

/// The same on a socket that is open.
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
                // Such as too many open files: a pause, or this would turn as fast as it can.
                tracing::warn!(%error, "a connection was not taken");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, routes: Router, limits: ConnectionLimits) {
    let mut stream = TimeoutStream::new(stream);
    // hyper bounds what is read, but waits for ever for somebody who takes nothing.
    stream.set_write_timeout(Some(limits.write_timeout));
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_buf_size(limits.max_header_bytes)
        .serve_connection(TokioIo::new(Box::pin(stream)), TowerToHyperService::new(routes));
    // A browser that goes away is nothing to speak of.
    let _ = served.await;
}
