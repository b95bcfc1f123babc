//! The headers of a request -> its transport, and whether a page of this host sent it.
//!
//! The headers of a proxy (`X-Forwarded-Proto`, `X-Forwarded-Host`) are trusted. A client that forges them only gets
//! a cookie that its own browser does not send back. A page of another site cannot set them.

use axum::http::{HeaderMap, header};

/// The transport of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// TLS, according to the proxy in front.
    Tls,
    /// A loopback address: a port-forward, which is itself encrypted.
    Loopback,
    /// A network on which others could read a token: none is accepted.
    Plain,
}

impl Transport {
    pub fn of(headers: &HeaderMap) -> Self {
        let proto = text(headers, "x-forwarded-proto").map(|p| first(p).to_ascii_lowercase());
        match proto.as_deref() {
            Some("https") => Transport::Tls,
            None if text(headers, header::HOST.as_str()).is_some_and(is_loopback) => Transport::Loopback,
            _ => Transport::Plain,
        }
    }
}

/// Whether a page of this host sent the request. Every browser sends the header with a POST; a request without it is
/// refused.
pub fn is_ours(headers: &HeaderMap) -> bool {
    let Some((_, origin)) = text(headers, header::ORIGIN.as_str()).and_then(|o| o.split_once("://")) else {
        return false;
    };
    let hosts = [text(headers, header::HOST.as_str()), text(headers, "x-forwarded-host").map(first)];
    hosts.into_iter().flatten().any(|host| host.eq_ignore_ascii_case(origin))
}

/// The path and query of the page on which a form was filled in, if the browser sends them.
pub fn came_from(headers: &HeaderMap) -> Option<&str> {
    let (_, rest) = text(headers, header::REFERER.as_str())?.split_once("://")?;
    let path = rest.get(rest.find('/')?..)?;
    // `//host` would be the address of another host.
    (!path.starts_with("//") && !path.starts_with("/\\")).then_some(path)
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|v| v.to_str().ok())
}

/// Proxies append to the header.
fn first(list: &str) -> &str {
    list.split(',').next().unwrap_or_default().trim()
}

fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    fn headers(all: &[(&'static str, &str)]) -> HeaderMap {
        all.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_str(v).unwrap())).collect()
    }

    #[test]
    fn a_token_over_a_network_needs_tls() {
        let of = |all: &[(&'static str, &str)]| Transport::of(&headers(all));
        assert_eq!(of(&[("host", "mc.example")]), Transport::Plain);
        assert_eq!(of(&[("host", "mc.example"), ("x-forwarded-proto", "https")]), Transport::Tls);
        assert_eq!(of(&[("host", "localhost"), ("x-forwarded-proto", "http")]), Transport::Plain);
        for host in ["localhost:8081", "127.0.0.1:9", "[::1]:8081", "LOCALHOST"] {
            assert_eq!(of(&[("host", host)]), Transport::Loopback, "{host}");
        }
        for host in ["localhost.evil.example", "127.0.0.1.nip.io", "10.0.0.1"] {
            assert_eq!(of(&[("host", host)]), Transport::Plain, "{host}");
        }
    }

    #[test]
    fn a_form_of_another_host_is_not_ours() {
        let ours = |origin: &str| is_ours(&headers(&[("host", "mc.example"), ("origin", origin)]));
        assert!(ours("https://mc.example"));
        for other in
            ["https://evil.example", "null", "https://mc.example.evil.example", "https://mc.example:444"]
        {
            assert!(!ours(other), "{other}");
        }
        assert!(!is_ours(&headers(&[("host", "mc.example")])));
        let proxied =
            [("host", "10.0.0.1:8081"), ("x-forwarded-host", "mc.example"), ("origin", "https://mc.example")];
        assert!(is_ours(&headers(&proxied)));
    }

    #[test]
    fn the_way_back_never_leaves_this_host() {
        let back = |referer: &str| came_from(&headers(&[("referer", referer)])).map(String::from);
        assert_eq!(back("https://mc.example/runs?q=a"), Some("/runs?q=a".into()));
        assert_eq!(back("https://mc.example//evil.example/"), None);
        assert_eq!(back("https://mc.example"), None);
    }
}
