//! An attempt -> its log: from its Pod, else from the run's status.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::{AsyncBufRead, AsyncBufReadExt};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{ListParams, LogParams};
use kube::{Api, ResourceExt};

use crate::api::labels;
use crate::cli::terminal::out;
use crate::job::result::is_excuse;

use super::pick::{Attempt, Kept};

/// Reads the logs of a run's attempts.
#[derive(Debug)]
pub(crate) struct Source {
    pods: Api<Pod>,
    /// The run's UID, since Pods of another run may have the same names.
    uid: String,
    /// The number of last lines to print.
    tail: Option<u32>,
    /// Whether the note about missing permission was printed.
    warned: AtomicBool,
}

/// Where a log came from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ReadOutcome {
    Pod,
    Status,
    /// There is none: the reason.
    Nothing(String),
    /// Stdout is closed.
    Closed,
}

impl Source {
    pub(crate) fn new(pods: Api<Pod>, uid: String, tail: Option<u32>) -> Self {
        Self { pods, uid, tail, warned: AtomicBool::new(false) }
    }

    /// Passes the attempt's log so far to `sink` line by line, until it returns false.
    pub(crate) async fn read(
        &self,
        attempt: &Attempt,
        sink: &mut impl FnMut(&[u8]) -> bool,
    ) -> Result<ReadOutcome, kube::Error> {
        let mut waits = None;
        match self.open(&attempt.job, false, None).await? {
            Opened::Log(mut lines) => {
                let (mut any, mut excused) = (false, false);
                // A log that breaks off is printed as far as it goes.
                while let Ok(Some(line)) = lines.next().await {
                    excused = !any && is_excuse(&String::from_utf8_lossy(&line.text));
                    if excused {
                        break;
                    }
                    any = true;
                    if !sink(&line.text) {
                        return Ok(ReadOutcome::Closed);
                    }
                }
                // With an empty log the output may be in the termination message, which the status has.
                if any || !(excused || matches!(attempt.kept, Kept::Text(_))) {
                    return Ok(ReadOutcome::Pod);
                }
            }
            Opened::NotYet(why) => waits = Some(why),
            Opened::NoPod => {}
        }
        Ok(self.status(attempt, waits, sink))
    }

    /// The same from the run's status alone.
    pub(crate) fn status(
        &self,
        attempt: &Attempt,
        waits: Option<String>,
        sink: &mut impl FnMut(&[u8]) -> bool,
    ) -> ReadOutcome {
        match &attempt.kept {
            Kept::Text(text) => {
                let lines: Vec<&str> = text.lines().collect();
                let skipped = self.tail.map_or(0, |n| lines.len().saturating_sub(n as usize));
                let mut rest = lines.iter().skip(skipped);
                if rest.all(|line| sink(line.as_bytes())) { ReadOutcome::Status } else { ReadOutcome::Closed }
            }
            Kept::Nothing(why) => ReadOutcome::Nothing(why.clone()),
            Kept::NotYet => ReadOutcome::Nothing(match waits {
                Some(why) => format!("{attempt}: not started yet: {why}"),
                None => format!("{attempt}: no output yet"),
            }),
        }
    }

    /// The log of the Job's Pod, with timestamps if it is followed. `after`: only later lines.
    pub(crate) async fn open(
        &self,
        job: &str,
        follow: bool,
        after: Option<Timestamp>,
    ) -> Result<Opened, kube::Error> {
        let Some(pod) = self.pod(job).await? else { return Ok(Opened::NoPod) };
        let params = LogParams {
            container: Some(labels::AGENT_CONTAINER.into()),
            follow,
            timestamps: follow,
            tail_lines: self.tail.map(i64::from).filter(|_| after.is_none()),
            // Whole seconds: the client would round to the nearest.
            since_time: after.and_then(|t| Timestamp::from_second(t.as_second()).ok()),
            ..LogParams::default()
        };
        match self.pods.log_stream(&pod, &params).await {
            Ok(stream) => Ok(Opened::Log(Lines::new(Box::pin(stream), follow, after))),
            // 400: the container has not started, or never did.
            Err(kube::Error::Api(status)) if status.code == 400 => Ok(Opened::NotYet(status.message.clone())),
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(Opened::NoPod),
            Err(kube::Error::Api(status)) if status.code == 403 => Ok(self.forbidden()),
            Err(e) => Err(e),
        }
    }

    /// The Pod has the Job's name if the operator creates Pods, and another if the Job controller does.
    async fn pod(&self, job: &str) -> Result<Option<String>, kube::Error> {
        let selector = format!("job-name={job},{}={}", labels::RUN_UID, self.uid);
        match self.pods.list_metadata(&ListParams::default().labels(&selector)).await {
            Ok(found) => Ok(found.items.first().map(ResourceExt::name_any)),
            Err(kube::Error::Api(status)) if status.code == 403 => {
                self.forbidden();
                Ok(None)
            }
            Err(e) => Err(e),
        }
    }

    fn forbidden(&self) -> Opened {
        if !self.warned.swap(true, Ordering::Relaxed) {
            out::note(
                "note: you may not read the logs of Pods (get pods/log); printing the output in the run's status instead",
            );
        }
        Opened::NoPod
    }
}

/// The result of opening a log.
pub(crate) enum Opened {
    Log(Lines),
    /// The agent has not started; the reason.
    NotYet(String),
    NoPod,
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Opened::Log(_) => "Log",
            Opened::NotYet(_) => "NotYet",
            Opened::NoPod => "NoPod",
        })
    }
}

/// A line of a log.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line {
    pub text: Vec<u8>,
    /// The timestamp, if requested.
    pub at: Option<Timestamp>,
}

/// A log, line by line.
pub(crate) struct Lines {
    reader: Pin<Box<dyn AsyncBufRead + Send>>,
    stamped: bool,
    after: Option<Timestamp>,
    buffer: Vec<u8>,
}

impl Lines {
    fn new(reader: Pin<Box<dyn AsyncBufRead + Send>>, stamped: bool, after: Option<Timestamp>) -> Self {
        Self { reader, stamped, after, buffer: Vec::new() }
    }

    /// The next line; `None` at the end. Safe to cancel: a partly read line is kept.
    pub(crate) async fn next(&mut self) -> std::io::Result<Option<Line>> {
        loop {
            self.reader.read_until(b'\n', &mut self.buffer).await?;
            if self.buffer.is_empty() {
                return Ok(None);
            }
            let mut text = std::mem::take(&mut self.buffer);
            if text.last() == Some(&b'\n') {
                text.pop();
            }
            let line = if self.stamped { stamped(text) } else { Line { text, at: None } };
            // After a lost connection the last second is read again.
            if line.at.is_none_or(|at| self.after.is_none_or(|after| at > after)) {
                return Ok(Some(line));
            }
        }
    }
}

/// `2026-01-01T00:00:00.123456789Z text`; messages of the kubelet have no timestamp.
fn stamped(text: Vec<u8>) -> Line {
    let blank = text.iter().position(|b| *b == b' ').unwrap_or(text.len());
    let time = text.get(..blank).and_then(|t| std::str::from_utf8(t).ok()).and_then(|t| t.parse().ok());
    match time {
        Some(at) => Line { text: text.get(blank + 1..).unwrap_or_default().to_vec(), at: Some(at) },
        None => Line { text, at: None },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &[u8] =
        b"2026-01-01T00:00:00.100000001Z a b\n2026-01-01T00:00:00.9Z \n2026-01-01T00:00:01.5Z end";

    async fn read(stamped: bool, after: Option<&str>) -> Vec<String> {
        let after = after.map(|t| t.parse().unwrap());
        let mut lines = Lines::new(Box::pin(LOG), stamped, after);
        let mut all = Vec::new();
        while let Some(line) = lines.next().await.unwrap() {
            all.push(String::from_utf8(line.text).unwrap());
        }
        all
    }

    #[tokio::test]
    async fn lines_come_without_their_times_and_the_last_needs_no_end() {
        assert_eq!(read(true, None).await, ["a b", "", "end"]);
        assert_eq!(read(false, None).await[0], "2026-01-01T00:00:00.100000001Z a b");
    }

    #[tokio::test]
    async fn what_was_read_before_a_broken_connection_is_not_read_twice() {
        assert_eq!(read(true, Some("2026-01-01T00:00:00.9Z")).await, ["end"]);
    }

    #[test]
    fn a_sentence_without_a_time_is_left_as_it_is() {
        let line = stamped(b"unable to retrieve container logs for containerd://x".to_vec());
        assert_eq!((line.at, line.text.len()), (None, 52));
    }
}
