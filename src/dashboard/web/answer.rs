//! What a handler found -> a whole answer: a page in its shell, JSON, or what went wrong in the same looks.
//!
//! Handlers give a [`Page`] or a [`Problem`]; who reads and what surrounds the page is added here, once. Every answer gets
//! the headers that keep a browser from doing anything with it that we did not mean.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use crate::api::Stamp;
use crate::dashboard::access::{AccessError, Reader};
use crate::dashboard::parts::{Nav, Shell, Tone, notice, page, page_head, words};

/// A page without its shell.
#[derive(Clone, Debug)]
pub struct Page {
    pub title: String,
    pub nav: Option<Nav>,
    /// Where events come from that concern it.
    pub live: Option<String>,
    /// Which runs and records its figures are about.
    pub window: String,
    pub main: Markup,
}

/// Why there is no page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// It is not there, or not for this reader: the two look the same.
    NotFound,
    /// The reader may not do that. Why, in a sentence.
    Forbidden(String),
    /// What was sent makes no sense. Why, in a sentence.
    Invalid(String),
    /// It cannot be asked like that: the method, the size, or a field that cannot be read.
    BadRequest(StatusCode),
    /// Not as often.
    TooMany(String),
    /// The API server does not answer, or the caches are not full yet.
    Unavailable(String),
}

impl Problem {
    /// What axum said by itself, before a handler of ours was asked.
    fn of(response: &Response) -> Option<Self> {
        let status = response.status();
        (status.is_client_error() && status != StatusCode::UNAUTHORIZED)
            .then_some(Problem::BadRequest(status))
    }

    const fn status(&self) -> StatusCode {
        match self {
            Problem::NotFound => StatusCode::NOT_FOUND,
            Problem::Forbidden(_) => StatusCode::FORBIDDEN,
            Problem::Invalid(_) => StatusCode::BAD_REQUEST,
            Problem::BadRequest(status) => *status,
            Problem::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Problem::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    const fn title(&self) -> &'static str {
        match self {
            Problem::NotFound => "Not found",
            Problem::Forbidden(_) => "Not allowed",
            Problem::Invalid(_) | Problem::BadRequest(_) => "That makes no sense",
            Problem::TooMany(_) => "Too many at once",
            Problem::Unavailable(_) => "Not now",
        }
    }

    fn sentence(&self) -> &str {
        match self {
            Problem::NotFound => "There is nothing here, or nothing that your token may read.",
            Problem::BadRequest(StatusCode::METHOD_NOT_ALLOWED) => "This address is not for that method.",
            Problem::BadRequest(StatusCode::PAYLOAD_TOO_LARGE) => "What was sent is too large.",
            Problem::BadRequest(_) => "A part of the address or of what was sent can't be read.",
            Problem::Forbidden(why)
            | Problem::Invalid(why)
            | Problem::TooMany(why)
            | Problem::Unavailable(why) => why,
        }
    }

    fn page(&self) -> Page {
        let main = html! {
            (page_head(self.title(), html! {}, html! {}, ""))
            (notice(Tone::Bad, self.status().as_str(), html! { p { (words(self.sentence())) } }))
            p { a href="/" { "To the overview" } }
        };
        Page { title: self.title().into(), nav: None, live: None, window: String::new(), main }
    }
}

impl From<AccessError> for Problem {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Unauthenticated => Problem::Forbidden(error.to_string()),
            AccessError::Unavailable(_) => Problem::Unavailable(format!("{error}; try again in a moment.")),
            AccessError::Rejected(status) if status.code == 403 => Problem::Forbidden(status.message),
            AccessError::Rejected(status) => Problem::Invalid(status.message),
        }
    }
}

impl IntoResponse for Page {
    /// An empty answer, until [`render`] has seen it.
    fn into_response(self) -> Response {
        let mut response = StatusCode::OK.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Whether an address is one for programs.
pub fn is_api(path: &str) -> bool {
    path.starts_with("/api/")
}

/// The answer as the reader gets it. `api`: in JSON.
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

/// JSON, with the same headers as a page.
pub fn json(value: &impl serde::Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(body) => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
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

/// Nothing from elsewhere, nothing inline, in nobody's frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// `same-origin` and not `no-referrer`: with that browsers send `Origin: null` with our own forms, and their check would
/// refuse them. No other host is told anything by either.
const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Every answer, whoever gets it.
pub async fn security_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // What a reader may see is kept by no one; the files say for themselves how long they are good.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
