//! A Pod's log -> its tail, through a ring buffer: a log of fifty mebibytes never takes fifty mebibytes of memory.
//!
//! Reading happens beside the passes, never inside one: a pass starts it and a later one finds the result.

use std::sync::Arc;
use std::time::Duration;

use futures::{AsyncRead, AsyncReadExt};
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::LogParams;

use crate::api::labels::AGENT_CONTAINER;
use crate::cluster::{ErrorKind, Failure, Name, report};
use crate::engine::output::decode;
use crate::job::LogRead;
use crate::job::result::is_excuse;

use super::context::Context;
use super::pass::Pass;
use super::queue::Key;
use super::run_cache::LogState;

/// How much of a log is kept.
const TAIL: usize = 1024 * 1024;
/// The number of lines in the first request: a mebibyte of lines of 64 bytes.
const LINES: usize = 16 * 1024;
/// The kubelet counts a line in parts of 16 KiB; a mebibyte has at most this number of them.
const PARTS: usize = 2 * TAIL / (16 * 1024);
/// How long one try may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Pauses before each further try: a kubelet that restarts is back within some twenty seconds.
const PAUSES: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(3), Duration::from_secs(6), Duration::from_secs(10)];

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("the log cannot be opened")]
    Open(#[source] Failure),
    #[error("the log broke off")]
    Read(#[source] std::io::Error),
    #[error("the log did not end within {} s", TIMEOUT.as_secs())]
    Timeout,
    #[error("the kubelet does not have the log: {0}")]
    Excuse(String),
}

/// The last bytes that were pushed.
#[derive(Debug)]
struct Ring {
    bytes: Vec<u8>,
    limit: usize,
    cut: bool,
}

impl Ring {
    fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), limit, cut: false }
    }

    /// The buffer grows to twice the limit before its tail moves to the front: a byte is copied at most twice.
    fn push(&mut self, more: &[u8]) {
        self.bytes.extend_from_slice(more);
        if self.bytes.len() >= self.limit * 2 {
            self.trim();
        }
    }

    fn trim(&mut self) {
        let excess = self.bytes.len().saturating_sub(self.limit);
        if excess > 0 {
            self.cut = true;
            self.bytes.drain(..excess);
        }
    }

    /// As text; a character that was cut in the middle is dropped.
    fn finish(mut self) -> (String, bool) {
        self.trim();
        if self.cut {
            let broken = self.bytes.iter().take_while(|b| (0x80..0xC0).contains(*b)).take(3).count();
            self.bytes.drain(..broken);
        }
        (decode(&self.bytes), self.cut)
    }
}

/// Starts to read the log of a Pod unless that is done or under way; the run is queued afterwards.
pub(super) fn start(pass: &Pass<'_>, job: &str, pod: String) {
    {
        let mut cache = pass.cache.lock();
        if cache.logs.contains_key(job) {
            return;
        }
        cache.logs.insert(job.into(), LogState::Reading);
    }
    let (ctx, run, job) = (Arc::clone(pass.ctx), pass.name.clone(), job.to_string());
    let cache = Arc::clone(pass.cache);
    tokio::spawn(async move {
        let read = tries(&ctx, &run.beside(pod)).await;
        cache.lock().logs.insert(job, LogState::Read(Arc::new(read)));
        ctx.queue.add(Key::Run(run));
    });
}

async fn tries(ctx: &Context, pod: &Name) -> LogRead {
    let mut pauses = PAUSES.iter();
    loop {
        match once(ctx, pod).await {
            Ok(read) => return read,
            Err(error) => {
                let gone = matches!(&error, Error::Open(f) if f.kind() == ErrorKind::NotFound);
                let pause = pauses.next().filter(|_| !gone);
                tracing::warn!(pod = %pod, error = report(&error), last = pause.is_none(), "cannot read a log");
                match pause {
                    Some(pause) => tokio::time::sleep(*pause).await,
                    None => return LogRead::Failed { message: report(&error) },
                }
            }
        }
    }
}

/// One try, for a Pod that is about to be deleted.
pub(super) async fn read_now(ctx: &Context, pod: &Name) -> LogRead {
    once(ctx, pod).await.unwrap_or_else(|error| LogRead::Failed { message: report(&error) })
}

async fn once(ctx: &Context, pod: &Name) -> Result<LogRead, Error> {
    // More at once would only slow down the API server and this process. A closed semaphore is no reason to wait.
    let _slot = ctx.log_slots.acquire().await;
    let read = match tokio::time::timeout(TIMEOUT, tail(ctx, pod)).await {
        Ok(Ok((text, _))) if is_excuse(&text) => Err(Error::Excuse(text.trim_end().into())),
        Ok(read) => read,
        Err(_) => Err(Error::Timeout),
    };
    ctx.metrics.log_reads.count(if read.is_ok() { "read" } else { "failed" });
    read.map(|(text, cut)| LogRead::Text { text, cut })
}

/// The last mebibyte. The first request is for the last lines: they contain it, unless lines are very short.
async fn tail(ctx: &Context, pod: &Name) -> Result<(String, bool), Error> {
    let (text, cut) = lines(ctx, pod, Some(LINES)).await?;
    if cut || text.lines().count() + PARTS < LINES {
        return Ok((text, cut));
    }
    lines(ctx, pod, None).await
}

async fn lines(ctx: &Context, pod: &Name, last: Option<usize>) -> Result<(String, bool), Error> {
    let pods: Api<Pod> = ctx.api(&pod.namespace);
    let tail_lines = last.and_then(|n| i64::try_from(n).ok());
    let params = LogParams { container: Some(AGENT_CONTAINER.into()), tail_lines, ..LogParams::default() };
    let stream = pods.log_stream(&pod.name, &params).await.map_err(|e| Error::Open(Failure::from(e)))?;
    drain(stream).await.map_err(Error::Read)
}

async fn drain(stream: impl AsyncRead) -> std::io::Result<(String, bool)> {
    let mut stream = std::pin::pin!(stream);
    let mut ring = Ring::new(TAIL);
    let mut chunk = vec![0; 32 * 1024];
    loop {
        let n = stream.read(&mut chunk).await?;
        if n == 0 {
            return Ok(ring.finish());
        }
        ring.push(chunk.get(..n).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ring_keeps_the_tail_and_says_that_it_was_cut() {
        let mut ring = Ring::new(4);
        for chunk in ["ab", "cd", "ef", "ghi"] {
            ring.push(chunk.as_bytes());
            assert!(ring.bytes.len() < 8 + 3);
        }
        assert_eq!(ring.finish(), ("fghi".into(), true));
    }

    #[test]
    fn what_fits_is_whole() {
        let mut ring = Ring::new(8);
        ring.push(b"abc");
        assert_eq!(ring.finish(), ("abc".into(), false));
    }

    #[test]
    fn a_character_that_the_cut_went_through_is_dropped() {
        let mut ring = Ring::new(4);
        ring.push("xä€y".as_bytes());
        assert_eq!(ring.finish(), ("€y".into(), true));
        let mut ring = Ring::new(3);
        ring.push("x€y".as_bytes());
        assert_eq!(ring.finish(), ("y".into(), true));
    }

    #[tokio::test]
    async fn a_long_log_is_read_to_its_end() {
        let log = [vec![b'a'; 3 * TAIL], b"\nSTATUS: done\n".to_vec()].concat();
        let (text, cut) = drain(log.as_slice()).await.unwrap();
        assert_eq!((text.len(), cut, text.ends_with("\nSTATUS: done\n")), (TAIL, true, true));
    }
}
