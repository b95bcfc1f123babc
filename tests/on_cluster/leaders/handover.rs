//! The leader ends in the middle of a run, by SIGTERM or by SIGKILL.

use std::time::{Duration, Instant};

use mission_control::operator::lease::{DURATION, RETRY};

use super::busy::{assert_whole, busy, start, until_at_work};
use super::lease::{gap, holder, lease, until_held};
use crate::support::{Fixture, PATIENCE, Recorder};

/// A run in the middle of its steps, the leader `operator-0`, and `operator-1` that stands by.
async fn two_at_work() -> (Fixture, crate::support::Operator, Recorder) {
    let mut f = Fixture::new().await;
    let recorder = Recorder::start(&f);
    f.workflow(busy()).await;
    until_held(&f, "operator-0").await;
    let second = f.another_operator("operator-1");
    start(&f, &["demo"]).await;
    until_at_work(&f, "demo").await;
    (f, second, recorder)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_is_told_to_end_gives_the_lease_back_and_loses_nothing() {
    let (mut f, second, recorder) = two_at_work().await;
    f.operator.terminate(PATIENCE);
    // Not after the time for which the lease was good: as soon as the process is gone.
    assert_ne!(holder(&f).await, "operator-0", "it ended with the lease in its hand");
    until_held(&f, "operator-1").await;
    f.operator = second;

    let tally = assert_whole(&f, &recorder).await;
    assert_eq!(tally.lost(), 0, "{:?}", tally.ends);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_kill_the_standby_leads_once_the_lease_has_run_out_and_the_run_goes_on() {
    let (mut f, second, recorder) = two_at_work().await;
    f.operator.kill();
    let (before, killed) = (lease(&f).await, Instant::now());
    let after = until_held(&f, "operator-1").await;
    f.operator = second;
    let took = killed.elapsed();

    let waited = gap(&before, &after);
    // The lower bound holds on any machine; the upper one needs a machine that has time, so it is only told.
    assert!(waited >= DURATION.as_secs_f64(), "the lease was taken {waited} s after a renewal");
    let most = DURATION + 2 * RETRY;
    let tally = assert_whole(&f, &recorder).await;
    eprintln!(
        "led {took:.1?} after the kill, {waited:.1} s after the last renewal (at most {most:?} where requests take no time); \
         {} of {} attempts lost between Job and Pod",
        tally.lost(),
        tally.ends.len()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn when_both_are_killed_and_started_again_the_run_goes_on() {
    let (mut f, mut second, recorder) = two_at_work().await;
    f.operator.kill();
    second.kill();
    // As a kubelet does it: under their names, the one that did not lead first.
    let second = f.another_operator("operator-1");
    tokio::time::sleep(Duration::from_millis(500)).await;
    f.operator = f.another_operator("operator-0");

    let tally = assert_whole(&f, &recorder).await;
    let leads = holder(&f).await;
    eprintln!("{leads} leads; {} of {} attempts lost", tally.lost(), tally.ends.len());
    drop(second);
}
