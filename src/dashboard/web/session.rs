//! Sessions: sign-in, sign-out, and the check of every other request.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Extension, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;

use crate::api::Stamp;
use crate::dashboard::Dashboard;
use crate::dashboard::access::token::{Credentials, Token, credentials, no_cookie};
use crate::dashboard::access::transport::{Transport, came_from, is_ours};
use crate::dashboard::access::{AccessError, Reader};
use crate::dashboard::page::{Page, Problem, json};
use crate::dashboard::parts::{self, Tone, command, notice};

use super::answer::{self, html_response, render};

/// How to get a token.
const WAY: &str = "kubectl create token NAME --namespace NAMESPACE --duration 8h";
/// How to reach the dashboard without TLS in front of it.
const FORWARD: &str = "mc dashboard";

/// Admits a request whose reader the API server knows; [`Reader`] is then among its extensions.
pub async fn authenticate(State(d): State<Arc<Dashboard>>, mut request: Request, next: Next) -> Response {
    let api = answer::is_api(request.uri().path());
    let transport = Transport::of(request.headers());
    let now = (d.now)();
    let (token, by_browser) = match credentials(request.headers(), transport, now.0) {
        Credentials::Header(token) => (token, false),
        Credentials::Cookie(token) => (token, true),
        Credentials::Missing => return unauthorized(api, transport, None, now),
    };
    if by_browser && !request.method().is_safe() && !is_ours(request.headers()) {
        let why = "The form came from a page of another host, so nothing was done.";
        return render(Problem::Forbidden(why.into()).into_response(), None, api, now);
    }
    match d.access.reader(&token).await {
        Ok(reader) => {
            request.extensions_mut().insert(reader.clone());
            render(next.run(request).await, Some(&reader), api, now)
        }
        Err(error @ AccessError::Unauthenticated) => {
            let mut response = unauthorized(api, transport, Some(&error.to_string()), now);
            set_cookie(&mut response, &no_cookie(transport));
            response
        }
        Err(other) => render(Problem::from(other).into_response(), None, api, now),
    }
}

/// The answer to a client without a session.
fn unauthorized(api: bool, transport: Transport, error: Option<&str>, now: Stamp) -> Response {
    let mut response = if api {
        let message = error.unwrap_or("send a token: Authorization: Bearer TOKEN");
        json(&serde_json::json!({"error": {"code": 401, "message": message}}))
    } else {
        html_response(&sign_in_page(transport, error), None, now)
    };
    *response.status_mut() = StatusCode::UNAUTHORIZED;
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

fn sign_in_page(transport: Transport, error: Option<&str>) -> Page {
    let main = match transport {
        Transport::Plain => without_tls(),
        Transport::Tls | Transport::Loopback => parts::sign_in(error, "", WAY),
    };
    Page { title: "Sign in".into(), nav: None, live: None, window: String::new(), main }
}

/// No form: a token that is typed here would be sent unencrypted.
fn without_tls() -> Markup {
    html! {
        h1 { "Sign in" }
        (notice(Tone::Bad, "This connection is not encrypted", html! {
            p { "Others on the network could read a token. Reach the dashboard through a proxy that ends TLS and sets "
                code { "X-Forwarded-Proto: https" } ", or from your own machine with:" }
            (command(FORWARD))
        }))
    }
}

pub async fn page(State(d): State<Arc<Dashboard>>, headers: HeaderMap) -> Response {
    html_response(&sign_in_page(Transport::of(&headers), None), None, (d.now)())
}

/// The fields of the sign-in form.
#[derive(Deserialize)]
#[allow(missing_debug_implementations, reason = "there is a token in it")]
pub struct SignIn {
    token: String,
}

pub async fn sign_in(
    State(d): State<Arc<Dashboard>>,
    headers: HeaderMap,
    Form(sent): Form<SignIn>,
) -> Response {
    let (transport, now) = (Transport::of(&headers), (d.now)());
    // A page of another site must not sign a user in under another name.
    if transport == Transport::Plain || !is_ours(&headers) {
        return unauthorized(
            false,
            transport,
            Some("the form did not come from this page; load the page again"),
            now,
        );
    }
    let token = match Token::for_cookie(&sent.token) {
        Ok(token) => token,
        Err(wrong) => return unauthorized(false, transport, Some(&wrong.to_string()), now),
    };
    match d.access.reader(&token).await {
        Ok(_) => {
            let back = came_from(&headers).filter(|p| !p.starts_with("/sign-")).unwrap_or(parts::HOME);
            let mut response = Redirect::to(back).into_response();
            set_cookie(&mut response, &token.cookie(transport, now.0));
            response
        }
        Err(error) => unauthorized(false, transport, Some(&error.to_string()), now),
    }
}

/// The fields of the sign-out form.
#[derive(Debug, Deserialize)]
pub struct SignOut {
    csrf: String,
}

pub async fn sign_out(
    Extension(reader): Extension<Reader>,
    headers: HeaderMap,
    Form(sent): Form<SignOut>,
) -> Response {
    if sent.csrf != reader.csrf {
        return Problem::Forbidden("The form belongs to another session, so nothing was done.".into())
            .into_response();
    }
    let mut response = Redirect::to(parts::SIGN_IN).into_response();
    set_cookie(&mut response, &no_cookie(Transport::of(&headers)));
    response
}

fn set_cookie(response: &mut Response, cookie: &str) {
    if let Ok(mut value) = HeaderValue::try_from(cookie) {
        value.set_sensitive(true);
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
}
