//! What holds for any order of events: random runs in the toy cluster.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeMap;
use std::time::Duration;

use mission_control::api::agent::Agent;
use mission_control::api::decision::{Action, WorkflowDecisionSpec};
use mission_control::api::run::WorkflowRef;
use mission_control::api::step::{OnExhausted, Retry, Step};
use mission_control::api::{Phase, Span, StepPhase, WorkflowRunSpec, WorkflowRunStatus, WorkflowSpec};
use mission_control::engine::snapshot::{AttemptFact, Loss};
use mission_control::rehearse::world::World;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Event {
    Says(usize, &'static str),
    Exits(usize, i32),
    Loses(usize),
    Starts(usize),
    After(u64),
    Decide(Action, bool),
    Suspend(bool),
    EditWorkflow,
    DeleteWorkflow,
    Crash,
}

fn event() -> impl Strategy<Value = Event> {
    let step = 0..3usize;
    prop_oneof![
        4 => (step.clone(), prop_oneof![Just("STATUS: done\nKEY: v"), Just("STATUS: failed"), Just("STATUS: retry"), Just(""), Just("x")])
            .prop_map(|(s, t)| Event::Says(s, t)),
        1 => (step.clone(), 0..3i32).prop_map(|(s, c)| Event::Exits(s, c)),
        1 => step.clone().prop_map(Event::Loses),
        1 => step.prop_map(Event::Starts),
        3 => prop_oneof![Just(1u64), Just(30), Just(600), Just(7200)].prop_map(Event::After),
        2 => (prop_oneof![Just(Action::Retry), Just(Action::Skip), Just(Action::Pause), Just(Action::Resume), Just(Action::Abort)], any::<bool>())
            .prop_map(|(a, named)| Event::Decide(a, named)),
        1 => any::<bool>().prop_map(Event::Suspend),
        1 => Just(Event::EditWorkflow),
        1 => Just(Event::DeleteWorkflow),
        1 => Just(Event::Crash),
    ]
}

fn workflow(shape: u8, exhausted: OnExhausted) -> WorkflowSpec {
    let step = |name: &str, needs: Option<Vec<&str>>| Step {
        name: name.into(),
        agent: Some("x".into()),
        input: Some(format!("do {name}")),
        depends_on: needs.map(|n| n.into_iter().map(String::from).collect()),
        retry: Some(Retry { limit: Some(1), lost_limit: Some(1), ..Retry::default() }),
        on_exhausted: Some(exhausted),
        timeout: Some(Span::mins(10)),
        ..Step::default()
    };
    let steps = match shape {
        0 => vec![step("a", None), step("b", None), step("c", None)],
        1 => vec![step("a", Some(vec![])), step("b", Some(vec![])), step("c", Some(vec!["a", "b"]))],
        _ => vec![step("a", None), step("b", Some(vec!["a"])), step("c", Some(vec!["a"]))],
    };
    let agent = Agent { name: "x".into(), image: "x".into(), ..Agent::default() };
    WorkflowSpec { agents: vec![agent], steps, timeout: Some(Span::hours(3)), ..WorkflowSpec::default() }
}

const NAMES: [&str; 3] = ["a", "b", "c"];

fn happen(world: &mut World, event: &Event) {
    let with_job =
        |world: &World, s: usize| world.job_of(NAMES[s]).filter(|j| world.attempts.contains_key(j));
    match event {
        Event::Says(s, text) => {
            if let Some(job) = with_job(world, *s) {
                world.exits(&job, 0, text);
            }
        }
        Event::Exits(s, code) => {
            if let Some(job) = with_job(world, *s) {
                world.exits(&job, *code, "STATUS: done");
            }
        }
        Event::Loses(s) => {
            if let Some(job) = with_job(world, *s) {
                world.set_fact(&job, AttemptFact::Lost { cause: Loss::PodDeleted, message: "gone".into() });
            }
        }
        Event::Starts(s) => {
            if let Some(job) = with_job(world, *s) {
                let since = world.now;
                world.set_fact(&job, AttemptFact::Running { since });
            }
        }
        Event::After(seconds) => world.advance(Duration::from_secs(*seconds)),
        Event::Decide(action, named) => decide(world, *action, *named),
        Event::Suspend(value) => {
            if let Some(run) = world.run.as_mut() {
                run.spec.suspend = Some(*value);
            }
        }
        Event::EditWorkflow => world.apply_workflow(workflow(2, OnExhausted::Fail)),
        Event::DeleteWorkflow => world.workflow = None,
        Event::Crash => world.crash = true,
    }
}

fn decide(world: &mut World, action: Action, named: bool) {
    let status = world.run.as_ref().and_then(|r| r.status.clone()).unwrap_or_default();
    let id = status.escalations.first().map(|e| e.id.clone()).filter(|_| named);
    let name = format!("decision-{}", world.decisions.len());
    world.decide(
        &name,
        WorkflowDecisionSpec {
            run: "demo".into(),
            escalation: id,
            action,
            feedback: None,
            outputs: BTreeMap::new(),
            by: None,
        },
    );
}

fn status(world: &World) -> WorkflowRunStatus {
    world.run.as_ref().and_then(|r| r.status.clone()).unwrap_or_default()
}

fn total(s: &WorkflowRunStatus) -> u32 {
    s.totals.as_ref().map_or(0, |t| t.attempts)
}

fn check(world: &World, before: &WorkflowRunStatus) {
    let after = status(world);
    if before.phase.is_some_and(Phase::is_terminal) {
        assert_eq!(
            (after.phase, after.reason, &after.finished_at),
            (before.phase, before.reason, &before.finished_at)
        );
        assert_eq!(after.steps, before.steps, "a finished run's steps changed");
    }
    assert!(total(&after) >= total(before), "attempts fell");
    assert_eq!(
        total(&after),
        after.steps.iter().map(|s| s.work.attempts).sum::<u32>(),
        "totals and steps disagree"
    );
    for step in &after.steps {
        let running: Vec<&str> = world
            .launched
            .iter()
            .filter(|l| l.step == step.name)
            .filter(|l| {
                matches!(
                    world.attempts.get(&l.job),
                    Some(AttemptFact::Running { .. } | AttemptFact::Pending { .. })
                )
            })
            .map(|l| l.job.as_str())
            .collect();
        assert!(running.len() <= 1, "two live Pods of {}: {running:?}", step.name);
        if step.work.attempts > 0 && step.work.current.is_none() {
            assert_eq!(step.work.last.as_ref().map(|l| l.n), Some(step.work.attempts), "an attempt vanished");
        }
        assert_eq!(step.work.current.is_some(), step.work.phase == StepPhase::Running, "{step:?}");
    }
    let asked = after.steps.iter().filter(|s| s.work.phase == StepPhase::Escalated).count();
    assert_eq!(asked, after.escalations.len(), "one escalation per waiting step");
    let jobs: std::collections::BTreeSet<&str> = world.launched.iter().map(|l| l.job.as_str()).collect();
    assert!(jobs.len() as u32 <= total(&after), "a Job without an attempt");
}

fn order_held(world: &World, spec: &WorkflowSpec) {
    let s = status(world);
    for (i, step) in spec.steps.iter().enumerate() {
        let needs: Vec<String> = step
            .depends_on
            .clone()
            .unwrap_or_else(|| i.checked_sub(1).map(|k| spec.steps[k].name.clone()).into_iter().collect());
        let Some(own) = s.steps.iter().find(|x| x.name == step.name).filter(|x| x.work.attempts > 0) else {
            continue;
        };
        for need in needs {
            let dependency = s.steps.iter().find(|x| x.name == need).unwrap();
            assert!(dependency.work.phase.is_satisfied(), "{} started before {need}", own.name);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_must_hold_is_ever_broken(
        shape in 0..3u8,
        exhausted in prop_oneof![Just(OnExhausted::Escalate), Just(OnExhausted::Fail), Just(OnExhausted::Continue)],
        slow in any::<bool>(),
        events in proptest::collection::vec(event(), 1..40),
    ) {
        let spec = workflow(shape, exhausted);
        let mut world = World::new();
        world.slow_start = slow;
        world.apply_workflow(spec.clone());
        world.apply_run(WorkflowRunSpec {
            workflow_ref: WorkflowRef { name: "flow".into(), revision: None },
            ..WorkflowRunSpec::default()
        });
        prop_assert!(world.settle());
        for event in &events {
            let before = status(&world);
            happen(&mut world, event);
            prop_assert!(world.settle(), "never at rest after {event:?}");
            check(&world, &before);
            order_held(&world, &spec);
            // With nothing new there is nothing to do.
            let at_rest = status(&world);
            prop_assert!(!world.pass(), "a second pass did something after {event:?}");
            prop_assert_eq!(status(&world), at_rest);
        }
        // Faults stop, people answer, time goes by: every run ends.
        end(&mut world);
        prop_assert!(status(&world).phase.is_some_and(Phase::is_terminal), "{:?}", status(&world));
        prop_assert_eq!(world.records.len(), 1);
    }
}

fn end(world: &mut World) {
    if let Some(run) = world.run.as_mut() {
        run.spec.suspend = None;
    }
    if status(world).phase == Some(Phase::Pending) {
        world.apply_workflow(workflow(0, OnExhausted::Fail));
    }
    decide(world, Action::Resume, false);
    for _ in 0..60 {
        world.settle();
        if status(world).phase.is_some_and(Phase::is_terminal) {
            return;
        }
        for name in NAMES {
            if let Some(job) = world.job_of(name) {
                world.exits(&job, 0, "STATUS: done");
            }
        }
        if !status(world).escalations.is_empty() {
            decide(world, Action::Skip, true);
        }
        world.settle();
        world.advance(Duration::from_secs(60));
    }
}
