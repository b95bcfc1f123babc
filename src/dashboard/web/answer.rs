//! The result of a handler -> a complete response: a page in its shell, JSON, or an error in the same layout.
//!
//! The reader and the shell of a page are added here, once. Every response gets the headers that restrict what a
//! browser may do with it.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::api::Stamp;
use crate::dashboard::access::Reader;
use crate::dashboard::page::{Page, Problem, json};
use crate::dashboard::parts::{Shell, page};

/// Whether an address is one for programs.
pub fn is_api(path: &str) -> bool {
    path.starts_with("/api/")
}

/// The response that the reader gets. `api`: in JSON.
pub fn render(mut response: Response, reader: Option<&Reader>, api: bool, now: Stamp) -> Response {
    let problem = response.extensions_mut().remove::<Problem>().or_else(|| Problem::of(&response));
    let allowed = response.headers_mut().remove(header::ALLOW);
    let mut rendered = if let Some(problem) = problem.as_ref().filter(|_| api) {
        let body =
            serde_json::json!({"error": {"code": problem.status().as_u16(), "message": problem.sentence()}});
        (problem.status(), json(&body)).into_response()
    } else {
        let given = problem.map(|p| p.page()).or_else(|| response.extensions_mut().remove::<Page>());
        let Some(given) = given else { return response };
        (response.status(), html_response(&given, reader, now)).into_response()
    };
    rendered.headers_mut().extend(allowed.map(|methods| (header::ALLOW, methods)));
    rendered
}

/// A page in its shell.
pub fn html_response(given: &Page, reader: Option<&Reader>, now: Stamp) -> Response {
    let shell = Shell {
        title: &given.title,
        reader: reader.map(|r| r.user.as_str()),
        nav: given.nav,
        live: given.live.as_deref(),
        now: Some(now),
        csrf: reader.map_or("", |r| &r.csrf),
        window: &given.window,
    };
    let text = page(&shell, given.main.clone()).into_string();
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response()
}

/// No external source, nothing inline, no frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// `same-origin` and not `no-referrer`: with `no-referrer` browsers send `Origin: null` with the dashboard's own
/// forms, and the check would refuse them. Neither sends anything to another host.
const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Every response, with or without a session.
pub async fn security_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // Nobody caches what a reader may see; the static files set their own cache time.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
