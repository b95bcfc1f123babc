//! A leader is stopped until its lease has expired, and wakes up when another one leads. It must do no harm, though
//! it still has requests to send that it decided on before.

use jiff::Timestamp;
use mission_control::operator::lease::DURATION;

use super::busy::{assert_whole, busy, start};
use super::lease::{gap, lease, until_held};
use crate::support::audit::{self, Request};
use crate::support::{Fixture, Operator, PATIENCE, Recorder, rights};

/// How often it is tried: each time the stop meets other requests under way.
const ROUNDS: usize = 3;
/// Attempts that a leader has started before it is stopped: of two runs, in the middle of them.
const BUSY: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_wakes_up_after_its_lease_writes_nothing_and_ends() {
    let mut f = Fixture::new().await;
    let recorder = Recorder::start(&f);
    f.workflow(busy()).await;
    until_held(&f, "operator-0").await;
    let [mut leader, mut other] = rights::OPERATORS;
    let mut standby = f.another_operator(other);
    let mut awake = Vec::new();
    for round in 0..ROUNDS {
        let runs = ["x", "y"].map(|n| format!("{n}-{round}"));
        let jobs = recorder.seen().jobs.len();
        start(&f, &runs.each_ref().map(String::as_str)).await;
        f.until_true("busy leader", async || recorder.seen().jobs.len() > jobs + BUSY).await;
        let from = stop_and_wake(&mut f, &recorder, other).await;
        // It is the one that stands by that is the fixture's from now on.
        std::mem::swap(&mut f.operator, &mut standby);
        let until = ends_by_itself(&mut standby);
        awake.push((rights::user(&f.namespace, leader), from, until));
        standby = f.another_operator(leader);
        (leader, other) = (other, leader);
    }
    // First: a Pod too many would be the consequence of a request that is reported here.
    match audit::requests() {
        Some(all) => assert_harmless(&all, &awake),
        None => {
            eprintln!("this cluster keeps no audit log: what the woken leaders asked for was not looked at")
        }
    }
    let tally = assert_whole(&f, &recorder).await;
    eprintln!("{ROUNDS} leaders woke up; {} of {} attempts lost", tally.lost(), tally.ends.len());
}

/// Stops the leader until the other one leads and has begun something new, then lets it go on. Gives when that was.
async fn stop_and_wake(f: &mut Fixture, recorder: &Recorder, other: &str) -> Timestamp {
    f.operator.signal("STOP");
    let before = lease(f).await;
    let after = until_held(f, other).await;
    let waited = gap(&before, &after);
    assert!(waited >= DURATION.as_secs_f64(), "the lease was taken {waited} s after a renewal");
    let jobs = recorder.seen().jobs.len();
    f.until_true("Job made by the other operator", async || recorder.seen().jobs.len() > jobs).await;
    let from = Timestamp::now();
    f.operator.signal("CONT");
    from
}

/// It ends with an error that says why. Gives when it was gone.
fn ends_by_itself(woken: &mut Operator) -> Timestamp {
    let status = woken.ended(PATIENCE);
    assert_eq!(status.code(), Some(1), "{status}");
    let log = woken.log();
    // Not the last line: a watch may break while the process ends.
    let why = log.lines().rfind(|line| line.contains("\"ERROR\"")).unwrap_or_default();
    assert!(why.contains("was taken by another process") || why.contains("could not be renewed"), "{why}");
    Timestamp::now()
}

/// No request of a woken leader changed anything. An Event is no exception to make light of, but no harm either: it
/// tells of a status that this process did write while it led.
fn assert_harmless(all: &[Request], awake: &[(String, Timestamp, Timestamp)]) {
    for (user, from, until) in awake {
        let asked: Vec<&Request> =
            all.iter().filter(|r| r.user == *user && r.at >= *from && r.at <= *until).collect();
        let writes = asked.iter().filter(|r| r.is_write());
        let (done, refused): (Vec<&Request>, Vec<&Request>) = writes.partition(|r| r.succeeded());
        let words = |all: &[&Request]| all.iter().map(|r| r.to_string()).collect::<Vec<_>>();
        eprintln!(
            "{user} awake: {} requests; changed: {:?}; refused: {:?}",
            asked.len(),
            words(&done),
            words(&refused)
        );
        let harm: Vec<&Request> = done.into_iter().filter(|r| r.what != "events.events.k8s.io").collect();
        assert!(harm.is_empty(), "{user} had lost its lease and wrote: {harm:?}");
    }
}
