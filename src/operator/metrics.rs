//! HTTP on a port of its own: `/metrics`, in the format of Prometheus.
//!
//! A port of its own, so that a client of the metrics needs access to nothing else. Runs are aggregated at each scrape,
//! and only by the process that leads.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::Timestamp;

use crate::api::Stamp;
use crate::metrics::Format;
use crate::reconcile::Context;

/// Serves until the process ends.
pub(crate) async fn serve(bind: SocketAddr, ctx: Arc<Context>) -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind(bind).await.map_err(|e| {
        std::io::Error::new(e.kind(), format!("{bind}: {e}; --metrics-bind names another address"))
    })?;
    tracing::info!(bind = %listener.local_addr()?, "serving metrics");
    axum::serve(listener, Router::new().route("/metrics", get(metrics)).with_state(ctx)).await
}

async fn metrics(State(ctx): State<Arc<Context>>, headers: HeaderMap) -> Response {
    let accept = headers.get(header::ACCEPT).and_then(|a| a.to_str().ok()).unwrap_or_default();
    let format = Format::accepted(accept);
    let live = ctx.leadership.holds().then(|| ctx.stores.live(Stamp::of(Timestamp::now())));
    ctx.metrics.queue_depth.set(i64::try_from(ctx.queue.depth()).unwrap_or(i64::MAX));
    match ctx.metrics.text(format, live) {
        Ok(text) => ([(header::CONTENT_TYPE, format.content_type())], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
