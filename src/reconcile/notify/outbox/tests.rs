//! Against real servers on this machine.

use std::collections::VecDeque;
use std::time::Instant;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;

use super::*;
use crate::api::workflow::NotifyEvent;
use crate::api::{WorkflowRun, WorkflowRunSpec, WorkflowRunStatus};
use crate::cluster::Name;
use crate::reconcile::notify::message::News;
use crate::reconcile::notify::target::Kind;

const SOON: Policy = Policy { tries: 5, wait: Duration::from_millis(1) };
const PATIENCE: Duration = Duration::from_secs(20);

/// What a server was sent, and what it answers; 200 when it has nothing more to say.
#[derive(Clone, Default)]
struct Server {
    answers: Arc<Mutex<VecDeque<u16>>>,
    got: Arc<Mutex<Vec<(HeaderMap, String)>>>,
}

impl Server {
    async fn start(answers: &[u16]) -> (Self, String) {
        let server = Self::default();
        server.answers.lock().unwrap().extend(answers);
        let routes = Router::new().route("/hook/secret", post(answer)).with_state(server.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook/secret", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        (server, url)
    }

    fn got(&self) -> Vec<(HeaderMap, String)> {
        self.got.lock().unwrap().clone()
    }
}

async fn answer(State(server): State<Server>, headers: HeaderMap, body: String) -> (StatusCode, HeaderMap) {
    server.got.lock().unwrap().push((headers, body));
    let code = server.answers.lock().unwrap().pop_front().unwrap_or(200);
    // A redirect leads to the same place: one that is followed would be seen as another request.
    let to = [(axum::http::header::LOCATION, "/hook/secret".parse().unwrap())];
    (StatusCode::from_u16(code).unwrap(), HeaderMap::from_iter(to))
}

/// A server that takes connections and never answers.
async fn hanging() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook/secret", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            held.push(stream);
        }
    });
    url
}

fn target(name: &str, url: &str, timeout: Duration) -> Target {
    let headers =
        HeaderMap::from_iter([("authorization".parse().unwrap(), "Bearer hunter2".parse().unwrap())]);
    Target { name: name.into(), kind: Kind::Webhook, url: url.parse().unwrap(), headers, timeout }
}

struct Sender {
    metrics: Metrics,
    outbox: Arc<Outbox>,
}

impl Sender {
    fn new(limits: Limits, targets: Vec<Target>) -> Self {
        let metrics = Metrics::default();
        let outbox = Arc::new(Outbox::with(&metrics, limits, SOON));
        outbox.set(Targets::of(targets));
        Self { metrics, outbox }
    }

    fn post(&self, target: &str) {
        let mut run = WorkflowRun::new("demo", WorkflowRunSpec::default());
        run.metadata.namespace = Some("ns".into());
        let news = News { event: NotifyEvent::Failed, escalation: None };
        let message = Message::new(&run, &WorkflowRunStatus::default(), &news, None);
        self.outbox.enqueue(Notification { workflow: Name::new("ns", "w"), target: target.into(), message });
    }

    /// sent, lost, retried
    fn counts(&self) -> (u64, u64, u64) {
        let of = |result| self.metrics.notifications.get(result);
        (of("sent"), of("lost"), of("retried"))
    }

    fn lost(&self, why: Lost) -> u64 {
        self.metrics.notifications_lost.get(why.as_str())
    }

    async fn until(&self, holds: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !holds(self) {
            assert!(start.elapsed() < PATIENCE, "sent, lost, retried: {:?}", self.counts());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test]
async fn a_target_that_is_busy_twice_gets_it_the_third_time() {
    let (server, url) = Server::start(&[503, 503]).await;
    let t = Sender::new(Limits::default(), vec![target("a", &url, PATIENCE)]);
    t.post("a");
    t.until(|t| t.counts() == (1, 0, 2)).await;
    let got = server.got();
    assert_eq!(got.len(), 3);
    assert!(got.iter().all(|(headers, body)| {
        headers["idempotency-key"] == got[0].0["idempotency-key"]
            && headers["authorization"] == "Bearer hunter2"
            && headers["content-type"] == "application/json"
            && body.contains("\"event\":\"Failed\"")
    }));
}

#[tokio::test]
async fn what_a_target_refuses_is_lost_at_once() {
    for code in [400, 307] {
        let (server, url) = Server::start(&[code]).await;
        let t = Sender::new(Limits::default(), vec![target("a", &url, PATIENCE)]);
        t.post("a");
        t.until(|t| t.counts() == (0, 1, 0)).await;
        assert_eq!((t.lost(Lost::Refused), server.got().len()), (1, 1), "{code}");
    }
}

#[tokio::test]
async fn a_target_that_stays_broken_is_tried_five_times() {
    let (server, url) = Server::start(&[500; 20]).await;
    let t = Sender::new(Limits::default(), vec![target("a", &url, PATIENCE)]);
    t.post("a");
    t.until(|t| t.counts() == (0, 1, 4)).await;
    assert_eq!((t.lost(Lost::Unanswered), server.got().len()), (1, 5));
}

#[tokio::test]
async fn nobody_there_and_no_tls_there_are_tried_again_too() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let (_, plain) = Server::start(&[]).await;
    let targets = vec![
        target("nobody", &nobody, PATIENCE),
        target("plain", &plain.replace("http:", "https:"), PATIENCE),
    ];
    let t = Sender::new(Limits::default(), targets);
    t.post("nobody");
    t.post("plain");
    t.until(|t| t.counts() == (0, 2, 8)).await;
    assert_eq!(t.lost(Lost::Unanswered), 2);
}

#[tokio::test]
async fn a_target_that_hangs_costs_its_timeout_and_delays_no_other() {
    let (server, url) = Server::start(&[]).await;
    let slow = target("slow", &hanging().await, Duration::from_millis(200));
    let t = Sender::new(Limits::default(), vec![slow, target("a", &url, PATIENCE)]);
    let start = Instant::now();
    for _ in 0..20 {
        t.post("slow");
    }
    t.post("a");
    t.until(|t| t.counts().0 == 1).await;
    assert_eq!(t.counts().1, 0, "the other target had to wait for the slow one");
    assert_eq!(server.got().len(), 1);
    t.until(|t| t.counts() == (1, 20, 80)).await;
    // Eight at once, five tries each: three rounds of a second.
    assert!(start.elapsed() >= Duration::from_secs(3), "more than eight at once: {:?}", start.elapsed());
}

#[tokio::test]
async fn what_finds_no_room_is_lost() {
    let (_, url) = Server::start(&[]).await;
    let limits = Limits { notifications: 5, per_target: 3, at_once: 1 };
    let slow = target("slow", &hanging().await, PATIENCE);
    let t = Sender::new(limits, vec![slow, target("a", &url, PATIENCE)]);
    for _ in 0..10 {
        t.post("slow");
    }
    assert_eq!((t.counts(), t.lost(Lost::QueueFull)), ((0, 7, 0), 7));
    t.post("a");
    t.until(|t| t.counts() == (1, 7, 0)).await;
}

#[tokio::test]
async fn a_target_that_nobody_defined_is_counted_each_time_and_logged_once() {
    let log = Log::default();
    let _guard = log.start();
    let t = Sender::new(Limits::default(), Vec::new());
    t.post("nobody");
    t.post("nobody");
    assert_eq!((t.counts(), t.lost(Lost::UnknownTarget)), ((0, 2, 0), 2));
    assert_eq!(log.text().matches("spec.notify names a target").count(), 1, "{}", log.text());
}

#[tokio::test]
async fn at_the_end_what_is_under_way_has_its_time_and_the_rest_is_lost() {
    let (server, url) = Server::start(&[]).await;
    let slow = target("slow", &hanging().await, PATIENCE);
    let t = Sender::new(Limits::default(), vec![slow, target("a", &url, PATIENCE)]);
    t.post("a");
    for _ in 0..12 {
        t.post("slow");
    }
    let start = Instant::now();
    t.outbox.close(Duration::from_millis(500)).await;
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert_eq!((t.counts(), t.lost(Lost::Stopped), server.got().len()), ((1, 12, 0), 12, 1));
    t.post("a");
    assert_eq!(t.lost(Lost::Stopped), 13, "a notification after the end");
}

#[tokio::test]
async fn an_idle_outbox_closes_at_once() {
    let t = Sender::new(Limits::default(), Vec::new());
    let start = Instant::now();
    t.outbox.close(PATIENCE).await;
    assert!(start.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn a_target_that_is_removed_gets_nothing_that_waits() {
    let t = Sender::new(
        Limits { at_once: 1, ..Limits::default() },
        vec![target("slow", &hanging().await, Duration::from_millis(300))],
    );
    t.post("slow");
    t.post("slow");
    tokio::task::yield_now().await;
    t.outbox.set(Targets::default());
    t.until(|t| t.counts().1 == 2).await;
    assert_eq!((t.lost(Lost::Unanswered), t.lost(Lost::UnknownTarget)), (1, 1));
}

#[tokio::test]
async fn no_log_line_shows_a_url_or_a_header() {
    let log = Log::default();
    let _guard = log.start();
    let (_, refusing) = Server::start(&[400]).await;
    let targets = vec![
        target("refusing", &refusing, PATIENCE),
        target("tls", &refusing.replace("http:", "https:"), PATIENCE),
        target("slow", &hanging().await, Duration::from_millis(20)),
    ];
    let t = Sender::new(Limits::default(), targets);
    for name in ["refusing", "tls", "slow"] {
        t.post(name);
    }
    t.until(|t| t.counts().1 == 3).await;
    let text = log.text();
    assert_eq!(text.matches("a notification is lost").count(), 3, "{text}");
    assert!(!text.contains("secret") && !text.contains("hunter2"), "{text}");
}

/// Everything that this thread logs, down to the traces of the HTTP client.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn start(&self) -> tracing::subscriber::DefaultGuard {
        let log = self.clone();
        let lines = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE);
        tracing::subscriber::set_default(lines.with_writer(move || log.clone()).finish())
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
