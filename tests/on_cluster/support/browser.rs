//! A reader of the dashboard: a token of a service account, and requests as a browser makes them.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use k8s_openapi::api::authentication::v1::TokenRequest;
use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::rbac::v1::{Role, RoleBinding};
use kube::Api;
use kube::api::{ObjectMeta, PostParams};
use serde_json::{Value, json};

use super::Fixture;
use super::wait::{PATIENCE, until_true};

/// An answer: the line of the status, the headers, the body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

#[derive(Debug)]
pub(crate) struct Browser {
    pub address: String,
    pub token: String,
    /// The API server's name for the reader.
    pub user: String,
}

impl Browser {
    /// A reader who may do in the test's namespace what these rules say, and nothing else.
    pub(crate) async fn new(f: &Fixture, name: &str, rules: Value) -> Self {
        let account = ServiceAccount {
            metadata: ObjectMeta { name: Some(name.into()), ..ObjectMeta::default() },
            ..ServiceAccount::default()
        };
        f.create(&account).await;
        let role: Role =
            serde_json::from_value(json!({"metadata": {"name": name}, "rules": rules})).expect("a role");
        f.create(&role).await;
        let binding: RoleBinding = serde_json::from_value(json!({
            "metadata": {"name": name},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": f.namespace}],
        }))
        .expect("a binding");
        f.create(&binding).await;
        let accounts: Api<ServiceAccount> = f.api();
        let (how, wanted) = (PostParams::default(), TokenRequest::default());
        let made = accounts.create_token_request(name, &how, &wanted).await.expect("no token");
        let token = made.status.expect("no token").token;
        let user = format!("system:serviceaccount:{}:{name}", f.namespace);
        Self { address: address(f).await, token, user }
    }

    /// The page at a path.
    pub(crate) fn read(&self, path: &str) -> Answer {
        self.ask(&format!("GET {path} HTTP/1.1\r\nAuthorization: Bearer {}\r\n", self.token), "")
    }

    /// The same without a token.
    pub(crate) fn read_as_stranger(&self, path: &str) -> Answer {
        self.ask(&format!("GET {path} HTTP/1.1\r\n"), "")
    }

    /// Signs in with the form; gives the cookie.
    pub(crate) fn sign_in(&self) -> String {
        let answer = self.post("/sign-in", "", &format!("token={}&csrf=", self.token));
        assert_eq!(answer.status, 303, "{answer:?}");
        let line =
            answer.head.lines().find(|l| l.to_lowercase().starts_with("set-cookie:")).expect("no cookie");
        line.split_once(": ").and_then(|(_, cookie)| cookie.split(';').next()).expect("no cookie").into()
    }

    /// Sends a form from a page of the dashboard.
    pub(crate) fn post(&self, path: &str, cookie: &str, form: &str) -> Answer {
        let head = format!(
            "POST {path} HTTP/1.1\r\nOrigin: http://{}\r\nCookie: {cookie}\r\nContent-Length: {}\r\nContent-Type: application/x-www-form-urlencoded\r\n",
            self.address,
            form.len()
        );
        self.ask(&head, form)
    }

    /// The page with a cookie.
    pub(crate) fn read_with(&self, cookie: &str, path: &str) -> Answer {
        self.ask(&format!("GET {path} HTTP/1.1\r\nCookie: {cookie}\r\n"), "")
    }

    /// Opens the events; what comes is read with [`Self::event`].
    pub(crate) fn listen(&self) -> TcpStream {
        let mut stream = self.connect();
        let head = format!(
            "GET /events HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n",
            self.address, self.token
        );
        stream.write_all(head.as_bytes()).expect("not sent");
        stream
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).expect("the dashboard does not listen");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("no timeout");
        stream
    }

    fn ask(&self, head: &str, body: &str) -> Answer {
        let mut stream = self.connect();
        let text = format!("{head}Host: {}\r\nConnection: close\r\n\r\n{body}", self.address);
        stream.write_all(text.as_bytes()).expect("not sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("no answer");
        let answer = String::from_utf8(answer).expect("no UTF-8");
        let (head, body) = answer.split_once("\r\n\r\n").expect("no head");
        let status = head.split(' ').nth(1).and_then(|n| n.parse().ok()).expect("no status");
        Answer { status, head: head.into(), body: body.into() }
    }
}

/// Reads until an event is there that contains `wanted`.
pub(crate) fn event(stream: &mut TcpStream, wanted: &str) -> String {
    let (mut seen, mut buffer) = (String::new(), [0; 4096]);
    while !(seen.contains("event: changed") && seen.contains(wanted)) {
        let n = stream.read(&mut buffer).expect("no event in time");
        assert!(n > 0, "the events ended: {seen}");
        seen.push_str(&String::from_utf8_lossy(&buffer[..n]));
    }
    seen
}

/// The log has the port: a free one, chosen at each start.
async fn address(f: &Fixture) -> String {
    let bound = || {
        let log = f.operator.log();
        let line = log.lines().find(|l| l.contains("serving the dashboard"))?;
        let line: Value = serde_json::from_str(line).ok()?;
        line["bind"].as_str().map(String::from)
    };
    until_true("address of the dashboard", PATIENCE, async || bound().is_some()).await;
    bound().expect("it was there a moment ago")
}
