//! HTTP: requests -> pages, events, JSON. A client without a session gets the sign-in page, and nothing else.
//!
//! Start reading at [`router`]: a request passes limits, headers, the session, the page. [`public_routes`] and
//! [`authenticated_routes`] are all addresses: a test requests each of them without a token.

pub mod answer;
pub mod decide;
pub mod events;
pub mod serve;
pub mod session;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};

use super::page::Problem;
use super::{Dashboard, api, assets, pages, parts};

/// The largest body of a request.
const BODY: usize = 64 * 1024;

/// An address and its handler.
pub type Route = (&'static str, MethodRouter<Arc<Dashboard>>);

/// Routes that need no session.
pub fn public_routes() -> Vec<Route> {
    vec![
        (parts::SIGN_IN, get(session::page).post(session::sign_in)),
        ("/assets/{file}", get(asset)),
        ("/healthz", get(async || "ok\n")),
    ]
}

/// Routes that need a reader whom the API server knows.
pub fn authenticated_routes() -> Vec<Route> {
    let pages = vec![
        (parts::HOME, get(pages::overview::page)),
        (parts::RUNS, get(pages::runs::page)),
        ("/runs/{namespace}/{name}", get(pages::run::page)),
        ("/runs/{namespace}/{name}/decisions", get(decide::redirect_to_run).post(decide::decide)),
        (parts::WORKFLOWS, get(pages::workflows::page)),
        ("/workflows/{namespace}/{name}", get(pages::workflow::page)),
        ("/events", get(events::events)),
        (parts::SIGN_OUT, post(session::sign_out)),
    ];
    let data = vec![
        ("/api/v1/overview", get(api::overview)),
        ("/api/v1/runs", get(api::runs)),
        ("/api/v1/runs/{namespace}/{name}", get(api::run)),
        ("/api/v1/workflows", get(api::workflows)),
        ("/api/v1/workflows/{namespace}/{name}", get(api::workflow)),
    ];
    pages.into_iter().chain(data).collect()
}

/// Every address of the dashboard.
pub fn router(dashboard: Arc<Dashboard>) -> Router {
    let of =
        |all: Vec<Route>| all.into_iter().fold(Router::new(), |r, (path, answers)| r.route(path, answers));
    let authenticated = of(authenticated_routes())
        .fallback(async || Problem::NotFound)
        .layer(from_fn_with_state(Arc::clone(&dashboard), session::authenticate));
    of(public_routes())
        .fallback_service(authenticated.with_state(Arc::clone(&dashboard)))
        .with_state(Arc::clone(&dashboard))
        .layer(DefaultBodyLimit::max(BODY))
        .layer(from_fn_with_state(dashboard, with_timeout))
        .layer(from_fn(answer::security_headers))
}

/// A request whose answer does not start in time gets one that says so.
pub async fn with_timeout(State(d): State<Arc<Dashboard>>, request: Request, next: Next) -> Response {
    let api = answer::is_api(request.uri().path());
    match tokio::time::timeout(d.limits.response_timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let late = Problem::Unavailable("The answer takes too long; try again.".into());
            answer::render(late.into_response(), None, api, (d.now)())
        }
    }
}

/// The sign-in page needs the files, too. They contain nothing but what is in the repository.
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
