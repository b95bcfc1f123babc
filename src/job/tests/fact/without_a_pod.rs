use super::*;

fn alone(job: Job, change: impl FnOnce(&mut Sight)) -> AttemptFact {
    let mut sight = Sight { job: Some(&job), ..sight() };
    change(&mut sight);
    fact(&sight, &OWNER)
}

#[test]
fn a_strangers_job_has_the_name() {
    let mut job = job();
    job.metadata.annotations = None;
    let message = format!("Job {NAME} was not created by the operator for this run; delete it, then retry");
    assert_eq!(alone(job, |_| ()), AttemptFact::NameTaken { message });
}

#[test]
fn no_job_is_absent() {
    assert_eq!(fact(&sight(), &OWNER), AttemptFact::Absent);
    let made = Sight { made_here: true, blocked: Some("quota"), ..sight() };
    assert_eq!(fact(&made, &OWNER), AttemptFact::Absent);
}

#[test]
fn a_refused_job_is_refused() {
    let refused = Sight { refused: Some("policy"), ..sight() };
    assert_eq!(fact(&refused, &OWNER), AttemptFact::Refused { message: "policy".into() });
}

#[test]
fn a_job_that_was_deleted_with_its_pod_does_not_run_again() {
    let gone = Sight { made_here: true, pod_seen_created: true, ..sight() };
    assert_eq!(fact(&gone, &OWNER), super::lost(Loss::PodDeleted, "its Job and its Pod were deleted"));
}

#[test]
fn a_job_of_another_process_without_pod_never_started() {
    let message = "its Job was found without a Pod after the operator was replaced";
    assert_eq!(alone(job(), |_| ()), super::lost(Loss::NeverStarted, message));
}

#[test]
fn a_pod_that_is_being_created_is_pending() {
    assert_eq!(alone(job(), |s| s.made_here = true), pending(None));
}

#[test]
fn a_suspended_job_says_so() {
    let mut job = job();
    job.spec.as_mut().unwrap().suspend = Some(true);
    assert_eq!(alone(job, |s| s.made_here = true), pending(Some("its Job is suspended")));
}

#[test]
fn a_job_of_the_built_in_controller_that_will_get_no_pod_never_started() {
    let mut job = job();
    let spec = job.spec.as_mut().unwrap();
    (spec.managed_by, spec.suspend) = (None, Some(true));
    let message = "its Job was suspended before it had a Pod";
    assert_eq!(alone(job, |s| s.pod_deleted = true), super::lost(Loss::NeverStarted, message));
}

#[test]
fn a_pod_under_a_spent_quota_is_blocked() {
    let blocked = alone(job(), |s| {
        s.made_here = true;
        s.blocked = Some("exceeded quota");
    });
    let since = at("2026-01-01T00:00:00Z");
    assert_eq!(blocked, AttemptFact::Blocked { since, message: "exceeded quota".into() });
}

#[test]
fn a_job_that_is_suspended_while_its_pod_waits_says_so() {
    let mut job = job();
    job.spec.as_mut().unwrap().suspend = Some(true);
    let blocked = alone(job, |s| {
        s.made_here = true;
        s.blocked = Some("exceeded quota");
    });
    let since = at("2026-01-01T00:00:00Z");
    assert_eq!(blocked, AttemptFact::Blocked { since, message: "its Job is suspended".into() });
}

#[test]
fn a_pod_against_a_policy_is_refused() {
    let refused = alone(job(), |s| {
        s.made_here = true;
        s.refused = Some("violates PodSecurity");
    });
    assert_eq!(refused, AttemptFact::Refused { message: "violates PodSecurity".into() });
}

#[test]
fn a_created_pod_that_is_gone_was_deleted() {
    let gone = alone(job(), |s| {
        s.made_here = true;
        s.pod_seen_created = true;
    });
    assert_eq!(gone, super::lost(Loss::PodDeleted, "its Pod was deleted"));
}

#[test]
fn the_built_in_controller_is_waited_for_until_its_job_is_finished() {
    let theirs = || stored(JobController::Kubernetes);
    assert_eq!(alone(theirs(), |_| ()), pending(None));
    for end in ["Failed", "Complete"] {
        let fact = alone(with_conditions(theirs(), &[end]), |_| ());
        assert_eq!(
            fact,
            super::lost(Loss::PodDeleted, &format!("its Job is {end}, but its Pod does not exist"))
        );
    }
}

#[test]
fn a_finished_job_of_ours_without_pod_lost_it() {
    let fact = alone(with_conditions(job(), &["FailureTarget", "Failed"]), |s| s.made_here = true);
    assert_eq!(fact, super::lost(Loss::PodDeleted, "its Job is Failed, but its Pod does not exist"));
}
