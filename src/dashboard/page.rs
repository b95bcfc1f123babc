//! The result of a handler: a [`Page`], JSON, or a [`Problem`].
//!
//! [`super::web::answer`] adds the shell and the headers, once. Nothing here knows a route.

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
    /// The address of the events that concern it.
    pub live: Option<String>,
    /// The runs and records that its figures cover.
    pub window: String,
    pub main: Markup,
}

/// Why there is no page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The object does not exist, or the reader may not see it: the two look the same.
    NotFound,
    /// The reader may not do that; a sentence with the reason.
    Forbidden(String),
    /// The input is invalid; a sentence with the reason.
    Invalid(String),
    /// The request is malformed: its method, its size, or a field that cannot be parsed.
    BadRequest(StatusCode),
    /// Too many requests.
    TooMany(String),
    /// The API server does not answer, or the first lists are not complete yet.
    Unavailable(String),
}

impl Problem {
    /// A response of axum itself, without a handler.
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
            Problem::Invalid(_) | Problem::BadRequest(_) => "Bad request",
            Problem::TooMany(_) => "Too many requests",
            Problem::Unavailable(_) => "Temporarily unavailable",
        }
    }

    pub fn sentence(&self) -> &str {
        match self {
            Problem::NotFound => "This page does not exist, or your token may not read it.",
            Problem::BadRequest(StatusCode::METHOD_NOT_ALLOWED) => {
                "This address does not accept that method."
            }
            Problem::BadRequest(StatusCode::PAYLOAD_TOO_LARGE) => "The request is too large.",
            Problem::BadRequest(_) => "The address or the form has a part that cannot be read.",
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
            p { a href="/" { "Back to the overview" } }
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
    /// An empty response, until [`super::web::answer::render`] fills it.
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

/// The address of the events for a page (`filter`: pairs of the query) that includes the changes up to `seen`.
pub fn events_url(seen: u64, filter: &[(&str, &str)]) -> String {
    let pairs = filter.iter().map(|(name, value)| format!("&{name}={value}"));
    format!("/events?seen={seen}{}", pairs.collect::<String>())
}
