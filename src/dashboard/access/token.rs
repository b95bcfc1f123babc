//! The credentials of a request -> a token, and back into a cookie.
//!
//! A token is never printed: not by Debug, not in a URL, not in a log. Caches keep its hash. Start reading at
//! [`Token::read`].

use std::fmt;

use axum::http::{HeaderMap, HeaderValue, header};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::transport::Transport;

/// Browsers drop a cookie of more than 4,096 bytes, name and attributes included.
pub const LONGEST: usize = 3_800;
/// The longest life of a session, even if the token itself is valid for longer.
pub const SESSION: i64 = 12 * 3_600;

/// With TLS: the prefix makes browsers refuse a cookie that was set without TLS or by another host of the domain.
const SECURE: &str = "__Host-mission-control";
/// On a loopback address, without TLS.
const LOCAL: &str = "mission-control";

/// A bearer token.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// The hash of a token, which caches use as their key.
pub type TokenHash = [u8; 32];

/// Why a text is not a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoToken {
    #[error("the token is empty")]
    Empty,
    #[error("a token has only letters, digits and - . _ ~ + / =; something else was copied with it")]
    Letters,
    #[error(
        "the token is longer than a cookie may be (3,800 bytes); use a proxy that sends it as Authorization: Bearer"
    )]
    TooLong,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

impl Token {
    /// Removes the white space that copying leaves. The characters are those of RFC 6750; none of them ends a header
    /// or a cookie.
    pub fn read(text: &str) -> Result<Self, NoToken> {
        let text = text.trim();
        let fits = |c: char| c.is_ascii_alphanumeric() || "-._~+/=".contains(c);
        match text {
            "" => Err(NoToken::Empty),
            t if !t.chars().all(fits) => Err(NoToken::Letters),
            t => Ok(Self(t.into())),
        }
    }

    /// The same, for a token that must fit into a cookie.
    pub fn for_cookie(text: &str) -> Result<Self, NoToken> {
        Self::read(text).and_then(|t| if t.0.len() > LONGEST { Err(NoToken::TooLong) } else { Ok(t) })
    }

    pub fn hash(&self) -> TokenHash {
        Sha256::digest(self.0.as_bytes()).into()
    }

    /// The CSRF token of this session's forms. A page of another site can neither read nor guess it.
    pub fn csrf(&self) -> String {
        let hash = Sha256::digest([b"mission-control/csrf/", self.0.as_bytes()].concat());
        hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    /// `Bearer …`, marked as sensitive so that it is not printed with the headers.
    pub fn header(&self) -> Option<HeaderValue> {
        let mut value = HeaderValue::try_from(format!("Bearer {}", self.0)).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// The cookie of a new session. Browsers drop it when they are closed.
    pub fn cookie(&self, transport: Transport, now: Timestamp) -> String {
        format!("{}={}.{}; {}", name(transport), now.as_second(), self.0, attributes(transport))
    }
}

/// A cookie that ends the session.
pub fn no_cookie(transport: Transport) -> String {
    format!("{}=; Max-Age=0; {}", name(transport), attributes(transport))
}

fn name(transport: Transport) -> &'static str {
    if transport == Transport::Tls { SECURE } else { LOCAL }
}

fn attributes(transport: Transport) -> &'static str {
    match transport {
        Transport::Tls => "Path=/; HttpOnly; SameSite=Strict; Secure",
        Transport::Loopback | Transport::Plain => "Path=/; HttpOnly; SameSite=Strict",
    }
}

/// The credentials that a request carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// The header Authorization. A page of another site cannot send it.
    Header(Token),
    /// A cookie, which the browser adds by itself.
    Cookie(Token),
    Missing,
}

/// The header takes precedence over the cookie.
pub fn credentials(headers: &HeaderMap, transport: Transport, now: Timestamp) -> Credentials {
    if let Some(text) = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()) {
        let token = text.get(..7).filter(|w| w.eq_ignore_ascii_case("bearer ")).and_then(|_| text.get(7..));
        return token.and_then(|t| Token::read(t).ok()).map_or(Credentials::Missing, Credentials::Header);
    }
    session(headers, transport, now).map_or(Credentials::Missing, Credentials::Cookie)
}

fn session(headers: &HeaderMap, transport: Transport, now: Timestamp) -> Option<Token> {
    let wanted = name(transport);
    let all = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok());
    let mut pairs = all.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(name, _)| *name == wanted)?;
    let (since, token) = value.split_once('.')?;
    let age = now.as_second().checked_sub(since.parse().ok()?)?;
    // One minute, because the clocks of two replicas may differ.
    (-60..SESSION).contains(&age).then(|| Token::for_cookie(token).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn with(name: header::HeaderName, value: &str) -> HeaderMap {
        [(name, HeaderValue::from_str(value).unwrap())].into_iter().collect()
    }

    fn sent_back(cookie: &str) -> HeaderMap {
        with(header::COOKIE, &format!("other=1; {}", cookie.split(';').next().unwrap()))
    }

    #[test]
    fn a_token_is_not_printed() {
        let token = Token::read("secret-1").unwrap();
        assert!(
            !format!("{token:?} {:?} {:?}", Credentials::Cookie(token.clone()), token.header())
                .contains("secret")
        );
    }

    #[test]
    fn a_cookie_is_for_this_host_this_site_and_no_script() {
        let token = Token::read("abc.d-e_f").unwrap();
        let secure = token.cookie(Transport::Tls, at(100));
        assert_eq!(secure, "__Host-mission-control=100.abc.d-e_f; Path=/; HttpOnly; SameSite=Strict; Secure");
        let local = token.cookie(Transport::Loopback, at(100));
        assert_eq!(local, "mission-control=100.abc.d-e_f; Path=/; HttpOnly; SameSite=Strict");
        assert_eq!(credentials(&sent_back(&local), Transport::Loopback, at(101)), Credentials::Cookie(token));
        assert_eq!(credentials(&sent_back(&local), Transport::Tls, at(101)), Credentials::Missing);
    }

    #[test]
    fn a_session_ends_after_twelve_hours() {
        let token = Token::read("abc").unwrap();
        let sent = sent_back(&token.cookie(Transport::Tls, at(0)));
        let seen = |second| credentials(&sent, Transport::Tls, at(second)) != Credentials::Missing;
        assert_eq!([seen(1), seen(SESSION - 1), seen(SESSION)], [true, true, false]);
    }

    #[test]
    fn the_header_counts_before_the_cookie() {
        let mut headers = with(header::AUTHORIZATION, "bearer one");
        headers.extend(sent_back(&Token::read("two").unwrap().cookie(Transport::Tls, at(0))));
        assert_eq!(
            credentials(&headers, Transport::Tls, at(1)),
            Credentials::Header(Token::read("one").unwrap())
        );
    }

    #[test]
    fn what_is_no_token_says_what_is_wrong_with_it() {
        assert_eq!(Token::read(" \n"), Err(NoToken::Empty));
        for wrong in ["a b", "a;b", "a\r\nX: y", "ä", "\"a\""] {
            assert_eq!(Token::read(wrong), Err(NoToken::Letters), "{wrong:?}");
        }
        assert_eq!(Token::for_cookie(&"a".repeat(LONGEST + 1)), Err(NoToken::TooLong));
        assert_eq!(Token::read(" abc\n"), Token::read("abc"));
    }

    #[test]
    fn forms_of_two_sessions_carry_different_words() {
        let of = |text| Token::read(text).unwrap().csrf();
        assert_eq!(of("a"), of("a"));
        assert_ne!(of("a"), of("b"));
        assert_eq!(of("a").len(), 32);
    }
}
