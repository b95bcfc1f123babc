//! HTTP: requests -> pages, events, figures as JSON. Whoever is not signed in gets the page to sign in, and nothing else.
//!
//! Start reading at [`router`]: each route, in the order in which a request passes: limits, headers, who reads, the page.

pub mod answer;
pub mod decide;
pub mod events;
pub mod limits;
pub mod serve;
pub mod session;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use super::{Dashboard, api, assets, pages, parts};

/// The most that a request may send.
const BODY: usize = 64 * 1024;

/// Every address of the dashboard.
pub fn router(dashboard: Arc<Dashboard>) -> Router {
    let known = Router::new()
        .route(parts::HOME, get(pages::overview::page))
        .route(parts::RUNS, get(pages::runs::page))
        .route("/runs/{namespace}/{name}", get(pages::run::page))
        .route("/runs/{namespace}/{name}/decisions", get(decide::back).post(decide::decide))
        .route(parts::WORKFLOWS, get(pages::workflows::page))
        .route("/workflows/{namespace}/{name}", get(pages::workflow::page))
        .route("/events", get(events::listen))
        .route(parts::SIGN_OUT, post(session::sign_out))
        .nest("/api/v1", api::routes())
        .fallback(async || answer::Problem::NotFound)
        .layer(from_fn_with_state(Arc::clone(&dashboard), session::signed_in));
    Router::new()
        .route(parts::SIGN_IN, get(session::page).post(session::sign_in))
        .route("/assets/{file}", get(asset))
        .route("/healthz", get(async || "ok\n"))
        .fallback_service(known.with_state(Arc::clone(&dashboard)))
        .with_state(dashboard)
        .layer(DefaultBodyLimit::max(BODY))
        .layer(from_fn(limits::in_time))
        .layer(from_fn(answer::protected))
}

/// The files that the page to sign in needs, too; there is nothing in them that is not in the repository.
async fn asset(Path(file): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = assets::find(&format!("{}{file}", assets::FOLDER)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let about = [
        (header::CONTENT_TYPE, asset.content_type),
        (header::CACHE_CONTROL, assets::CACHE),
        (header::ETAG, asset.etag()),
    ];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|tag| tag == asset.etag()) {
        return (StatusCode::NOT_MODIFIED, about).into_response();
    }
    (about, asset.bytes).into_response()
}
