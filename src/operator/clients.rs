//! The address of the API server -> the operator's two clients.

use std::sync::Arc;

use hyper::body::Incoming;
use hyper::http::{Method, Request, Response};
use hyper_timeout::TimeoutConnector;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use kube::client::retry::RetryPolicy;
use kube::client::{Body, ClientBuilder, ConfigExt};
use kube::{Client, Config};
use tower::retry::{Policy, RetryLayer};
use tower::util::{BoxService, MapResponse, ServiceExt};
use tower::{BoxError, ServiceBuilder};

use crate::metrics::Metrics;
use crate::reconcile::leadership::{self, Leadership};

use super::guarded_stream::GuardedStream;
use super::requests::Counting;

/// The two clients.
pub(super) struct Clients {
    /// Its writes require the lease.
    pub(crate) passes: Client,
    /// It writes the lease itself, so it works in a process that does not lead.
    pub(crate) lease: Client,
}

impl Clients {
    pub(crate) fn new(config: Config, leadership: &Arc<Leadership>, metrics: &Metrics) -> kube::Result<Self> {
        let counting = Counting::of(metrics);
        // First, because it reports the proxy if the cluster is behind one.
        let lease = ClientBuilder::try_from(config.clone())?.with_layer(&counting).build();
        let passes = guarded(config, leadership)?.with_layer(&counting);
        // Outside of the guard: a request that is not sent is not counted.
        let passes = passes.with_layer(&leadership::guard(leadership)).build();
        Ok(Self { passes, lease })
    }
}

type Stack = BoxService<Request<Body>, Response<Incoming>, BoxError>;

/// kube's own stack (without its spans), over connections that check the leadership: kube has no hook for them.
fn guarded(config: Config, leadership: &Arc<Leadership>) -> kube::Result<ClientBuilder<Stack>> {
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    let leadership = Arc::clone(leadership);
    let connector =
        MapResponse::new(connector, move |stream| GuardedStream::new(stream, Arc::clone(&leadership)));
    let mut connector = TimeoutConnector::new(config.rustls_https_connector_with_connector(connector)?);
    connector.set_connect_timeout(config.connect_timeout);
    connector.set_read_timeout(config.read_timeout);
    connector.set_write_timeout(config.write_timeout);
    connector.set_reset_reader_on_write(config.reset_reader_on_write);
    let stack = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .option_layer(config.default_retry.then(|| RetryLayer::new(RepeatableOnly::default())))
        .option_layer(config.auth_layer()?)
        .layer(config.extra_headers_layer()?)
        .map_err(BoxError::from)
        .service(legacy::Client::builder(TokioExecutor::new()).build(connector))
        .boxed();
    Ok(ClientBuilder::new(stack, config.default_namespace))
}

/// kube's own retries, of requests that may be repeated. A create or a replace that was carried out and answered with
/// 504 would meet its own result the second time, and take it for somebody else's; its caller finds that out by itself.
#[derive(Clone)]
struct RepeatableOnly(RetryPolicy);

impl Default for RepeatableOnly {
    fn default() -> Self {
        Self(RetryPolicy::server_retry())
    }
}

impl<Res> Policy<Request<Body>, Response<Res>, BoxError> for RepeatableOnly {
    type Future = tokio::time::Sleep;

    fn retry(
        &mut self,
        request: &mut Request<Body>,
        result: &mut Result<Response<Res>, BoxError>,
    ) -> Option<Self::Future> {
        self.0.retry(request, result)
    }

    fn clone_request(&mut self, request: &Request<Body>) -> Option<Request<Body>> {
        let repeatable = !matches!(*request.method(), Method::POST | Method::PUT);
        // kube's policy is one for every kind of response.
        let policy: &mut dyn Policy<Request<Body>, Response<Res>, BoxError, Future = Self::Future> =
            &mut self.0;
        repeatable.then(|| policy.clone_request(request)).flatten()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use hyper::http::Uri;
    use k8s_openapi::api::core::v1::ConfigMap;
    use kube::Api;
    use kube::api::PostParams;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tower::util::MapRequestLayer;

    use super::*;

    /// A server that answers every request with an empty object, and lists the requests.
    struct Server {
        config: Config,
        heads: tokio::sync::mpsc::UnboundedReceiver<String>,
    }

    impl Server {
        async fn start() -> Self {
            Self::answering("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await
        }

        async fn answering(answer: &'static str) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address: Uri = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
            let (tell, heads) = tokio::sync::mpsc::unbounded_channel();
            tokio::spawn(async move {
                loop {
                    let (mut stream, _) = listener.accept().await.unwrap();
                    let tell = tell.clone();
                    tokio::spawn(async move {
                        let mut request = [0; 4096];
                        while let Ok(n @ 1..) = stream.read(&mut request).await {
                            tell.send(String::from_utf8_lossy(&request[..n]).into_owned()).unwrap();
                            stream.write_all(answer.as_bytes()).await.unwrap();
                        }
                    });
                }
            });
            Self { config: Config::new(address), heads }
        }

        fn asked(&mut self) -> Vec<String> {
            let mut all = Vec::new();
            while let Ok(head) = self.heads.try_recv() {
                all.push(head.lines().next().unwrap_or_default().to_string());
            }
            all
        }
    }

    fn maps(client: Client) -> Api<ConfigMap> {
        Api::namespaced(client, "ns")
    }

    #[tokio::test]
    async fn what_stands_by_reads_what_leads_writes_and_what_led_does_neither() {
        let mut server = Server::start().await;
        let leadership = Arc::new(Leadership::default());
        let clients = Clients::new(server.config.clone(), &leadership, &Metrics::default()).unwrap();
        let maps = maps(clients.passes);
        maps.get("m").await.unwrap();
        maps.create(&PostParams::default(), &ConfigMap::default()).await.unwrap_err();
        assert_eq!(server.asked(), ["GET /api/v1/namespaces/ns/configmaps/m HTTP/1.1"]);
        leadership.extend(Instant::now(), Duration::from_secs(60));
        maps.create(&PostParams::default(), &ConfigMap::default()).await.unwrap();
        assert_eq!(server.asked(), ["POST /api/v1/namespaces/ns/configmaps? HTTP/1.1"]);
        leadership.extend(Instant::now(), Duration::ZERO);
        maps.get("m").await.unwrap_err();
        maps.create(&PostParams::default(), &ConfigMap::default()).await.unwrap_err();
        assert_eq!(server.asked(), Vec::<String>::new());
    }

    #[tokio::test]
    async fn a_create_or_replace_whose_answer_got_lost_is_not_repeated_and_a_read_is() {
        let busy = "HTTP/1.1 504 Gateway Timeout\r\nretry-after: 0\r\ncontent-length: 2\r\n\r\n{}";
        let mut server = Server::answering(busy).await;
        let leadership = Arc::new(Leadership::default());
        leadership.extend(Instant::now(), Duration::from_secs(60));
        let maps =
            maps(Clients::new(server.config.clone(), &leadership, &Metrics::default()).unwrap().passes);
        maps.create(&PostParams::default(), &ConfigMap::default()).await.unwrap_err();
        assert_eq!(server.asked().len(), 1);
        maps.replace("m", &PostParams::default(), &ConfigMap::default()).await.unwrap_err();
        assert_eq!(server.asked().len(), 1);
        let read = tokio::time::timeout(Duration::from_millis(300), maps.get("m"));
        let _ = read.await;
        assert!(server.asked().len() > 1);
    }

    /// The process is stopped when its request has passed the first check, and wakes up when its term is over.
    #[tokio::test]
    async fn a_request_that_was_begun_in_time_is_not_sent_too_late() {
        for reused in [false, true] {
            let mut server = Server::start().await;
            let leadership = Arc::new(Leadership::default());
            leadership.extend(Instant::now(), Duration::from_secs(60));
            let stopped = Arc::clone(&leadership);
            let stop = MapRequestLayer::new(move |request: Request<Body>| {
                if request.method() == "POST" {
                    stopped.extend(Instant::now(), Duration::ZERO);
                }
                request
            });
            let stack = guarded(server.config.clone(), &leadership).unwrap().with_layer(&stop);
            let maps = maps(stack.with_layer(&leadership::guard(&leadership)).build());
            if reused {
                maps.get("m").await.unwrap();
                assert_eq!(server.asked().len(), 1);
            }
            let error = maps.create(&PostParams::default(), &ConfigMap::default()).await.unwrap_err();
            let error = crate::cluster::report(&error);
            assert!(error.contains("this process does not lead"), "{error}");
            tokio::time::sleep(Duration::from_millis(50)).await;
            assert_eq!(server.asked(), Vec::<String>::new());
        }
    }
}
