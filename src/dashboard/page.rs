//! What a handler found: a [`Page`], JSON, or a [`Problem`] that says why there is neither.
//!
//! Handlers return these; [`super::web::answer`] adds the shell and the headers, once. Nothing here knows a route.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::access::AccessError;
use super::parts::{Nav, Tone, notice, page_head, words};

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
    pub fn of(response: &Response) -> Option<Self> {
        let status = response.status();
        (status.is_client_error() && status != StatusCode::UNAUTHORIZED)
            .then_some(Problem::BadRequest(status))
    }

    pub const fn status(&self) -> StatusCode {
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

    pub fn sentence(&self) -> &str {
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

    pub fn page(&self) -> Page {
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
    /// An empty answer, until [`super::web::answer::render`] has seen it.
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

/// JSON, with the same headers as a page.
pub fn json(value: &impl serde::Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(body) => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Where a page hears of what it is about (pairs of the query), when it was made of so many changes.
pub fn events_url(seen: u64, filter: &[(&str, &str)]) -> String {
    let pairs = filter.iter().map(|(name, value)| format!("&{name}={value}"));
    format!("/events?seen={seen}{}", pairs.collect::<String>())
}
