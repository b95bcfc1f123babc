//! Connections -> requests, each with a bound: of connections at once, of a head's size, and of the time it may take.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::dashboard::Dashboard;

/// Connections at once.
const AT_ONCE: usize = 256;
/// How long a head may take, and how long a connection may be idle between two.
const HEAD: Duration = Duration::from_secs(20);
/// The most bytes of a head: a cookie with a token, and twice as much again.
const HEAD_SIZE: usize = 16 * 1024;

/// Serves until the process ends.
pub async fn serve(bind: SocketAddr, dashboard: Arc<Dashboard>) -> std::io::Result<()> {
    let listener = TcpListener::bind(bind).await?;
    tracing::info!(bind = %listener.local_addr()?, actions = dashboard.actions, "serving the dashboard");
    let routes = super::router(dashboard);
    let places = Arc::new(Semaphore::new(AT_ONCE));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return Ok(()) };
        match listener.accept().await {
            Ok((stream, _)) => {
                let routes = routes.clone();
                tokio::spawn(async move {
                    connection(stream, routes).await;
                    drop(place);
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

async fn connection(stream: TcpStream, routes: Router) {
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(HEAD_SIZE)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes));
    // A browser that goes away is nothing to speak of.
    let _ = served.await;
}
