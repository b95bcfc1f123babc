//! HTTP: `/healthz` (the loops run), `/readyz` (the caches are synced, whether the process leads or not).

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;

use crate::reconcile::Context;

/// Loops without an iteration for this long are stuck.
const STUCK: Duration = Duration::from_secs(60);

/// The time of the last iteration of each loop.
#[derive(Debug)]
pub(crate) struct Heartbeat(Mutex<Instant>);

impl Default for Heartbeat {
    fn default() -> Self {
        Self(Mutex::new(Instant::now()))
    }
}

impl Heartbeat {
    pub(crate) fn tick(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn is_alive(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).elapsed() < STUCK
    }
}

type Shared = (Arc<Context>, Arc<Heartbeat>);

/// Serves until the process ends.
pub(crate) async fn serve(
    bind: SocketAddr,
    ctx: Arc<Context>,
    heartbeat: Arc<Heartbeat>,
) -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind(bind).await?;
    tracing::info!(bind = %listener.local_addr()?, "serving health");
    let routes = Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .with_state((ctx, heartbeat));
    axum::serve(listener, routes).await
}

async fn healthz(State((_, heartbeat)): State<Shared>) -> (StatusCode, &'static str) {
    if heartbeat.is_alive() { (StatusCode::OK, "ok\n") } else { (StatusCode::SERVICE_UNAVAILABLE, "stuck\n") }
}

async fn readyz(State((ctx, _)): State<Shared>) -> (StatusCode, &'static str) {
    if ctx.is_ready() {
        (StatusCode::OK, "ok\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "the caches are not synced yet\n")
    }
}
