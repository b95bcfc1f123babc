//! A live run -> the logs of its attempts as they are written, until the run ends or needs a decision.
//!
//! Logs of ended attempts are printed as a whole, in order; running attempts are streamed line by line, a task per
//! attempt. A step's log starts only after the logs of the steps that ended before it. Start reading at [`Follow::go`].

use std::collections::{HashSet, VecDeque};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures::{Stream, StreamExt};
use kube::ResourceExt;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::api::{Phase, WorkflowRun};
use crate::cli::cluster::run;
use crate::cli::cluster::session::Session;
use crate::cli::terminal::exit::{Exit, Fault};
use crate::cli::terminal::{out, program};

use super::pick::{Attempt, Pick, Which};
use super::print::Printer;
use super::source::{Opened, ReadOutcome, Source};

/// Timeout for further lines of an ended attempt's log.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(10);
/// Delay before a log is opened again, unless the run changes.
const REOPEN_DELAY: Duration = Duration::from_millis(500);

type Run = Arc<WorkflowRun>;
type Line = (Arc<Attempt>, Vec<u8>);

struct Follow<'a> {
    session: &'a Session,
    /// The selection with all attempts, since others follow the newest.
    all: Pick,
    source: Arc<Source>,
    printer: &'a mut Printer,
    /// The latest state of the run.
    run: Run,
    run_sender: watch::Sender<Run>,
    line_sender: mpsc::Sender<Line>,
    lines: mpsc::Receiver<Line>,
    /// Jobs of the attempts that were seen.
    known_jobs: HashSet<String>,
    /// Seen, but not printed yet.
    waiting: VecDeque<Attempt>,
    open: Vec<Arc<Attempt>>,
    streams: JoinSet<(Arc<Attempt>, bool)>,
}

/// Prints logs to the end of the run.
pub(crate) async fn follow(
    session: &Session,
    run: WorkflowRun,
    pick: &Pick,
    source: Source,
    printer: &mut Printer,
) -> Result<Exit, Fault> {
    // A step or item that does not exist is an error at once.
    let begun = pick.of(&run).map_err(Fault::input)?;
    let which = if pick.which == Which::Newest { Which::All } else { pick.which };
    let all = Pick { which, ..pick.clone() };
    let known_jobs = all.of(&run).unwrap_or_default().into_iter().map(|a| a.job).collect();
    let changes = run::states(session, &run);
    let run = Arc::new(run);
    let (run_sender, _) = watch::channel(Arc::clone(&run));
    let (line_sender, lines) = mpsc::channel(256);
    let follow = Follow {
        session,
        all,
        source: Arc::new(source),
        printer,
        run,
        run_sender,
        line_sender,
        lines,
        known_jobs,
        waiting: begun.into(),
        open: Vec::new(),
        streams: JoinSet::new(),
    };
    let name = follow.run.name_any();
    tokio::select! {
        exit = follow.go(Box::pin(changes)) => exit,
        _ = tokio::signal::ctrl_c() => {
            out::note(format!("run {name} continues; to follow it again: {} workflow logs {name} -f", program::name()));
            Ok(Exit::Interrupted)
        }
    }
}

impl Follow<'_> {
    async fn go(
        mut self,
        mut changes: Pin<Box<dyn Stream<Item = Result<Option<WorkflowRun>, Fault>> + Send + '_>>,
    ) -> Result<Exit, Fault> {
        loop {
            if !self.settle().await? {
                return Ok(Exit::Done);
            }
            if let Some(exit) = self.end() {
                return Ok(exit);
            }
            tokio::select! {
                biased;
                Some((attempt, line)) = self.lines.recv() => {
                    if !self.printer.line(&attempt, &line) {
                        return Ok(Exit::Done);
                    }
                }
                Some(done) = self.streams.join_next() => self.ended(done.ok()),
                change = changes.next() => self.changed(change)?,
            }
        }
    }

    /// The next state of the run from the watch.
    fn changed(&mut self, change: Option<Result<Option<WorkflowRun>, Fault>>) -> Result<(), Fault> {
        match change {
            Some(Ok(Some(run))) if run.uid() == self.run.uid() => {
                self.run = Arc::new(run);
                self.run_sender.send_replace(Arc::clone(&self.run));
                self.take_up();
                Ok(())
            }
            Some(Ok(_)) => Err(Fault::input(format!("run {} was deleted", self.run.name_any()))),
            Some(Err(fault)) => Err(fault),
            None => Err(Fault::input("the watch of the run ended")),
        }
    }

    /// Adds attempts that were not seen before.
    fn take_up(&mut self) {
        // A step that is not in the status (any more) does not end the command.
        for attempt in self.all.of(&self.run).unwrap_or_default() {
            if self.known_jobs.insert(attempt.job.clone()) {
                self.waiting.push_back(attempt);
            }
        }
    }

    /// Starts the next logs, once those of ended attempts are printed. False: stdout is closed.
    async fn settle(&mut self) -> Result<bool, Fault> {
        while !self.open.iter().any(|a| a.is_over(&self.run)) {
            let Some(attempt) = self.waiting.pop_front() else { break };
            if attempt.is_over(&self.run) {
                let attempt = self.now(attempt);
                match self.printer.attempt(self.session, &self.source, &attempt).await? {
                    ReadOutcome::Nothing(why) => out::note(why),
                    ReadOutcome::Closed => return Ok(false),
                    ReadOutcome::Pod | ReadOutcome::Status => {}
                }
                continue;
            }
            let attempt = Arc::new(attempt);
            self.open.push(Arc::clone(&attempt));
            let (source, line_sender, runs) =
                (Arc::clone(&self.source), self.line_sender.clone(), self.run_sender.subscribe());
            self.streams.spawn(async move {
                let any = stream(&source, &attempt, runs, line_sender).await;
                (attempt, any)
            });
        }
        Ok(true)
    }

    /// The same attempt with its current output in the status.
    fn now(&self, attempt: Attempt) -> Attempt {
        let all = Pick { which: Which::Number(attempt.n), ..self.all.clone() };
        let same = all.of(&self.run).unwrap_or_default().into_iter().find(|a| a.job == attempt.job);
        same.unwrap_or(attempt)
    }

    /// Ends an attempt; if it had no log, prints its output from the status.
    fn ended(&mut self, done: Option<(Arc<Attempt>, bool)>) {
        while let Ok((attempt, line)) = self.lines.try_recv() {
            self.printer.line(&attempt, &line);
        }
        let Some((attempt, any)) = done else { return };
        self.open.retain(|a| a.job != attempt.job);
        if any {
            return;
        }
        let attempt = self.now((*attempt).clone());
        let (source, printer) = (&self.source, &mut *self.printer);
        if let ReadOutcome::Nothing(why) =
            source.status(&attempt, None, &mut |line| printer.line(&attempt, line))
        {
            out::note(why);
        }
    }

    /// The exit code of the run, once everything is printed and it does not continue.
    fn end(&self) -> Option<Exit> {
        if !self.open.is_empty() || !self.waiting.is_empty() {
            return None;
        }
        let now = self.run.status.as_ref()?;
        let name = self.run.name_any();
        let phase = now.phase.filter(|p| !matches!(p, Phase::Pending | Phase::Running))?;
        let exit = Exit::of_run(&self.run);
        let message = now.message.as_deref().map(crate::view::plain::one_line).unwrap_or_default();
        out::note(format!("run {name}: {phase} ({}): {message}", now.progress.clone().unwrap_or_default()));
        if exit == Exit::NeedsYou {
            out::note(format!("next:  {} workflow status {name}", program::name()));
        }
        Some(exit)
    }
}

/// Sends the attempt's lines until it has ended and its log is complete. True: there were lines.
async fn stream(
    source: &Source,
    attempt: &Arc<Attempt>,
    mut runs: watch::Receiver<Run>,
    line_sender: mpsc::Sender<Line>,
) -> bool {
    let mut last = None;
    let mut any = false;
    loop {
        // Checked before the log is opened, so that the log is complete.
        let over = attempt.is_over(&runs.borrow_and_update());
        if let Ok(Ok(Opened::Log(mut lines))) =
            timeout(SILENCE_TIMEOUT, source.open(&attempt.job, true, last)).await
        {
            loop {
                match timeout(SILENCE_TIMEOUT, lines.next()).await {
                    Ok(Ok(Some(line))) if any || line.at.is_some() => {
                        any = true;
                        last = line.at.or(last);
                        if line_sender.send((Arc::clone(attempt), line.text)).await.is_err() {
                            return any;
                        }
                    }
                    // A message of the kubelet has no timestamp: it is not a line of the agent.
                    Ok(_) => break,
                    Err(_) if attempt.is_over(&runs.borrow()) => return any,
                    Err(_) => {}
                }
            }
        }
        if over {
            return any;
        }
        if let Ok(Err(_)) = timeout(REOPEN_DELAY, runs.changed()).await {
            return any;
        }
    }
}
