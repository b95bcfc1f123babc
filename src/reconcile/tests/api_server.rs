//! An API server in memory: it keeps what is created, and refuses what a test says.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use http_body_util::BodyExt;
use hyper::http::{Method, Request, Response};
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};
use tower::BoxError;

#[derive(Clone, Default)]
pub(super) struct ApiServer(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    objects: BTreeMap<String, Value>,
    answers: Vec<Answer>,
    asked: Vec<String>,
    uids: u32,
    /// What admission makes of a new Job.
    admission: Option<fn(&mut Value)>,
}

/// How requests of one kind are answered.
struct Answer {
    method: Method,
    /// The plural of the kind.
    kind: &'static str,
    code: u16,
    reason: &'static str,
    message: &'static str,
    /// It is carried out in spite of the answer.
    carried_out: bool,
}

impl ApiServer {
    pub(super) fn client(&self) -> Client {
        let server = self.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let server = server.clone();
            async move {
                let (head, body) = request.into_parts();
                let body = body.collect().await?.to_bytes();
                let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
                let (code, answer) = server.answer(&head.method, head.uri.path(), body);
                let answer = Body::from(answer.to_string().into_bytes());
                Response::builder().status(code).body(answer).map_err(BoxError::from)
            }
        });
        Client::new(service, "ns")
    }

    /// From now on requests of that kind are refused with these words.
    pub(super) fn refuse(
        &self,
        method: Method,
        kind: &'static str,
        code: u16,
        reason: &'static str,
        message: &'static str,
    ) {
        let refusal = Answer { method, kind, code, reason, message, carried_out: false };
        self.state().answers.push(refusal);
    }

    /// From now on requests of that kind are carried out, and their answers get lost.
    pub(super) fn lose_answers(&self, method: Method, kind: &'static str) {
        let (code, reason, message) = (504, "Timeout", "the server did not answer in time");
        self.state().answers.push(Answer { method, kind, code, reason, message, carried_out: true });
    }

    /// From now on admission does that to every new Job.
    pub(super) fn admit(&self, change: fn(&mut Value)) {
        self.state().admission = Some(change);
    }

    pub(super) fn answer_all(&self) {
        self.state().answers.clear();
    }

    /// Changes an object behind everybody's back.
    pub(super) fn edit(&self, kind: &str, name: &str, change: impl FnOnce(&mut Value)) {
        let mut state = self.state();
        let end = format!("/{kind}/{name}");
        let (_, object) = state.objects.iter_mut().find(|(path, _)| path.ends_with(&end)).unwrap();
        change(object);
    }

    pub(super) fn get(&self, kind: &str, name: &str) -> Option<Value> {
        let end = format!("/{kind}/{name}");
        self.state().objects.iter().find(|(path, _)| path.ends_with(&end)).map(|(_, object)| object.clone())
    }

    /// How often that was asked for.
    pub(super) fn times(&self, method: &Method, kind: &str) -> usize {
        let wanted = format!("{method} {kind}");
        self.state().asked.iter().filter(|a| **a == wanted).count()
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn answer(&self, method: &Method, path: &str, body: Value) -> (u16, Value) {
        let mut state = self.state();
        let parts: Vec<&str> = path.split('/').collect();
        let at = parts.iter().position(|p| *p == "namespaces").unwrap() + 2;
        let kind = parts[at].to_string();
        state.asked.push(format!("{method} {kind}"));
        let refusal = state.answers.iter().rev().find(|a| a.method == *method && a.kind == kind);
        let lost = refusal.map(|a| (a.carried_out, a.code, status(a.code, a.reason, a.message)));
        if let Some((false, code, answer)) = lost {
            return (code, answer);
        }
        let done = state.carry_out(method, path, body);
        lost.map_or(done, |(_, code, answer)| (code, answer))
    }
}

impl State {
    fn carry_out(&mut self, method: &Method, path: &str, mut body: Value) -> (u16, Value) {
        if *method == Method::POST {
            let path = format!("{path}/{}", body["metadata"]["name"].as_str().unwrap());
            if self.objects.contains_key(&path) {
                return (409, status(409, "AlreadyExists", "it exists"));
            }
            if let Some(admit) = self.admission.filter(|_| path.contains("/jobs/")) {
                admit(&mut body);
            }
            self.uids += 1;
            body["metadata"]["uid"] = json!(format!("uid-{}", self.uids));
            body["metadata"]["creationTimestamp"] = json!("2026-01-01T00:00:00Z");
            self.objects.insert(path, body.clone());
            return (201, body);
        }
        let found = self.objects.get(path).cloned();
        if *method == Method::DELETE {
            self.objects.remove(path);
        }
        found.map_or_else(|| (404, status(404, "NotFound", "not found")), |object| (200, object))
    }
}

fn status(code: u16, reason: &str, message: &str) -> Value {
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "code": code, "reason": reason, "message": message,
    })
}
