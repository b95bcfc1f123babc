//! Clients without a session, sign-in and sign-out, and the headers of every response.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};

use super::data::two_namespaces;
use super::{Token, admin, ask, get, post, read};
use mission_control::dashboard::assets;

const PATHS: [&str; 9] = [
    "/",
    "/runs",
    "/runs/a/one",
    "/workflows",
    "/workflows/a/flow",
    "/events",
    "/missing",
    "/sign-out",
    "/runs?q=x",
];

#[tokio::test]
async fn a_stranger_gets_the_page_to_sign_in_and_nothing_else() {
    let d = two_namespaces();
    for path in PATHS {
        let answer = ask(&d, get(path).body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        assert!(answer.body.contains("<h1>Sign in</h1>"), "{path}");
        for word in ["one", "flow", "task of", "Succeeded"] {
            assert!(!answer.body.contains(&format!(">{word}")), "{path} tells {word}");
        }
    }
    for path in ["/api/v1/overview", "/api/v1/runs/a/one", "/api/v2"] {
        let answer = ask(&d, get(path).body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(body["error"]["code"], 401, "{path}");
    }
}

#[tokio::test]
async fn a_token_that_the_api_server_refuses_is_a_stranger_and_its_cookie_goes() {
    let d = two_namespaces();
    d.access.remember(&Token::read("old").unwrap(), None, &[]);
    let cookie = "mission-control=1772366400.old";
    let answer = ask(&d, get("/").header(header::COOKIE, cookie).body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(answer.body.contains("has expired"));
    assert_eq!(
        answer.headers[header::SET_COOKIE],
        "mission-control=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict"
    );
}

#[tokio::test]
async fn an_api_server_that_does_not_answer_lets_nobody_in() {
    let d = two_namespaces();
    let answer = read(&d, "unknown", "/").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.body.contains("does not answer") && !answer.body.contains("/runs/a/one"));
}

#[tokio::test]
async fn every_answer_keeps_the_browser_in_bounds() {
    let d = two_namespaces();
    let token = admin(&d);
    for path in
        ["/", "/runs/a/one", "/runs/a/missing", "/nowhere", "/api/v1/runs", "/sign-in", assets::style().url()]
    {
        let answer = read(&d, token, path).await;
        let of = |name: &str| answer.headers.get(name).map_or("", |v| v.to_str().unwrap()).to_string();
        let policy = of("content-security-policy");
        assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(of("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(of("referrer-policy"), "same-origin", "{path}");
        let cached = of("cache-control");
        assert_eq!(cached == "no-store", !path.starts_with("/assets/"), "{path}: {cached}");
        for inline in ["style=\"", "<style", "onclick", "onload", "javascript:"] {
            assert!(!answer.body.contains(inline) || path.starts_with("/assets/"), "{path} has {inline}");
        }
    }
}

#[tokio::test]
async fn signing_in_sets_a_cookie_and_leads_back() {
    let d = two_namespaces();
    admin(&d);
    let request = post("/sign-in").header(header::REFERER, "http://localhost:8081/runs?q=x");
    let answer = ask(&d, request.body(Body::from("token=+admin%0A&csrf=")).unwrap()).await;
    assert_eq!(
        (answer.status, answer.headers[header::LOCATION].to_str().unwrap()),
        (StatusCode::SEE_OTHER, "/runs?q=x")
    );
    let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap().to_string();
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict"), "{cookie}");
    let pair = cookie.split(';').next().unwrap().to_string();
    let page = ask(&d, get("/").header(header::COOKIE, pair).body(Body::empty()).unwrap()).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("root") && !page.body.contains("admin"), "the token is in the page");
}

#[tokio::test]
async fn a_form_of_another_host_signs_nobody_in() {
    let d = two_namespaces();
    admin(&d);
    let mut request = post("/sign-in").body(Body::from("token=admin&csrf=")).unwrap();
    request.headers_mut().insert(header::ORIGIN, "http://evil.example".parse().unwrap());
    let answer = ask(&d, request).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(!answer.headers.contains_key(header::SET_COOKIE));
}

#[tokio::test]
async fn without_tls_there_is_no_form_for_a_token() {
    let d = two_namespaces();
    admin(&d);
    let page = Request::get("/").header(header::HOST, "mc.example").body(Body::empty()).unwrap();
    let page = ask(&d, page).await;
    assert!(page.body.contains("not encrypted") && !page.body.contains("<form"), "{}", page.body);
    let sent = Request::post("/sign-in")
        .header(header::HOST, "mc.example")
        .header(header::ORIGIN, "http://mc.example")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from("token=admin&csrf="))
        .unwrap();
    assert!(!ask(&d, sent).await.headers.contains_key(header::SET_COOKIE));
}

#[tokio::test]
async fn signing_out_needs_the_word_of_the_session() {
    let d = two_namespaces();
    let token = Token::read(admin(&d)).unwrap();
    let cookie = "mission-control=1772366400.admin";
    let send = async |csrf: &str| {
        let request = post("/sign-out").header(header::COOKIE, cookie);
        ask(&d, request.body(Body::from(format!("csrf={csrf}"))).unwrap()).await
    };
    let wrong = send("nothing").await;
    assert_eq!(wrong.status, StatusCode::FORBIDDEN);
    assert!(!wrong.headers.contains_key(header::SET_COOKIE));
    let right = send(&token.csrf()).await;
    assert_eq!(right.status, StatusCode::SEE_OTHER);
    assert!(right.headers[header::SET_COOKIE].to_str().unwrap().contains("Max-Age=0"));
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let d = two_namespaces();
    let body = format!("token={}&csrf=", "a".repeat(70 * 1024));
    let answer = ask(&d, post("/sign-in").body(Body::from(body)).unwrap()).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}
