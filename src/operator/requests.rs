//! Requests of a client -> counters: a layer around kube's own.

use std::task::{Context, Poll};

use axum::http::{Request, Response};
use futures::future::BoxFuture;
use kube::client::Body;
use tower::{Layer, Service};

use crate::metrics::Metrics;
use crate::metrics::requests::{Requests, verb};

/// Counts all requests of a client.
#[derive(Clone, Debug)]
pub(crate) struct Counting(Requests);

impl Counting {
    pub(crate) fn of(metrics: &Metrics) -> Self {
        Self(metrics.requests.clone())
    }
}

impl<S> Layer<S> for Counting {
    type Service = Counted<S>;

    fn layer(&self, inner: S) -> Counted<S> {
        Counted { inner, requests: self.0.clone() }
    }
}

/// A service whose requests are counted.
#[derive(Debug)]
pub(crate) struct Counted<S> {
    inner: S,
    requests: Requests,
}

impl<S, B> Service<Request<Body>> for Counted<S>
where
    S: Service<Request<Body>, Response = Response<B>>,
    S::Future: Send + 'static,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Response<B>, S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let uri = request.uri();
        let what = verb(request.method().as_str(), uri.path(), uri.query().unwrap_or_default());
        let pending = self.requests.begin(what);
        let answer = self.inner.call(request);
        Box::pin(async move {
            // A caller that stops waiting for the answer drops this, which counts the request as unanswered.
            let answer = answer.await?;
            pending.answered(answer.status().as_u16());
            Ok(answer)
        })
    }
}
