//! Many steps, many items, many params.

use std::collections::BTreeSet;

use mission_control::api::Phase;

use super::{Stage, stories};

/// Pseudo-random numbers, the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

fn random_graph(dice: &mut Dice, steps: usize) -> Vec<Vec<usize>> {
    (0..steps)
        .map(|i| {
            let needs: BTreeSet<usize> = (0..dice.roll(4)).filter(|_| i > 0).map(|_| dice.roll(i)).collect();
            needs.into_iter().collect()
        })
        .collect()
}

#[test]
fn fifty_steps_in_any_graph_run_in_its_order_to_the_end() {
    for seed in 1..=5 {
        let mut dice = Dice(seed);
        let graph = random_graph(&mut dice, 50);
        let step = |(i, needs): (usize, &Vec<usize>)| {
            let names: Vec<String> = needs.iter().map(|n| format!("s{n}")).collect();
            format!("s{i} dependsOn={}", names.join(","))
        };
        let workflow: Vec<String> = graph.iter().enumerate().map(step).collect();
        let mut stage = Stage::of(&workflow.join(" | "), "");
        let mut done = BTreeSet::new();
        while stage.phase() == Some(Phase::Running) {
            let places = stage.under_way();
            let due = |i: &usize| !done.contains(i) && graph[*i].iter().all(|n| done.contains(n));
            let expected: Vec<String> = (0..50).filter(due).map(|i| format!("s{i}")).collect();
            assert_eq!(places, expected, "seed {seed}");
            let next = &places[dice.roll(places.len())];
            stage.says(next, "STATUS: done");
            done.insert(next[1..].parse::<usize>().unwrap());
        }
        assert_eq!(stage.phase(), Some(Phase::Succeeded), "seed {seed}");
        assert_eq!((stage.cluster.launched.len(), done.len()), (50, 50));
        assert_eq!(stage.status().progress.as_deref(), Some("50/50"));
    }
}

#[test]
fn twenty_items_go_at_once_where_twenty_may() {
    let mut stage = Stage::of("plan | impl forEach=stories parallelism=20 | test", "");
    stage.says("plan", &stories(20));
    assert_eq!(stage.under_way().len(), 20);
    for place in stage.under_way().into_iter().rev() {
        assert_eq!(stage.cluster.step("test").unwrap().work.attempts, 0);
        stage.says(&place, "STATUS: done");
    }
    assert_eq!(stage.under_way(), ["test"]);
    stage.says("test", "STATUS: done");
    assert_eq!(stage.phase(), Some(Phase::Succeeded));
    assert_eq!(stage.cluster.launched.len(), 22);
}

#[test]
fn twenty_branches_meet_in_one_step() {
    let names: Vec<String> = (0..20).map(|i| format!("b{i}")).collect();
    let branches: Vec<String> = names.iter().map(|n| format!("{n} dependsOn=a")).collect();
    let mut stage =
        Stage::of(&format!("a | {} | end dependsOn={}", branches.join(" | "), names.join(",")), "");
    stage.says("a", "STATUS: done");
    assert_eq!(stage.under_way(), names);
    for name in &names {
        stage.says(name, "STATUS: done");
    }
    assert_eq!(stage.under_way(), ["end"]);
}

#[test]
fn as_many_params_as_a_workflow_may_have_are_rendered() {
    for n in [100, 128] {
        let numbers = || 0..n;
        let input: Vec<String> = numbers().map(|i| format!("{{{{ params.p{i} }}}}")).collect();
        let declared: Vec<String> = numbers().map(|i| format!("param=p{i}!")).collect();
        let given: Vec<String> = numbers().map(|i| format!("p{i}=v{i}")).collect();
        let workflow = format!("a input=\"{}\" | spec {}", input.join(" "), declared.join(" "));
        let stage = Stage::of(&workflow, &given.join(" "));
        let expected: Vec<String> = numbers().map(|i| format!("v{i}")).collect();
        assert_eq!(stage.input(), expected.join(" "));
    }
}

#[test]
fn a_param_that_is_required_and_missing_among_many_is_named_before_anything_runs() {
    let declared: Vec<String> = (0..100).map(|i| format!("param=p{i}!")).collect();
    let given: Vec<String> = (0..100).filter(|i| *i != 42).map(|i| format!("p{i}=v")).collect();
    let stage = Stage::of(&format!("a | spec {}", declared.join(" ")), &given.join(" "));
    assert_eq!(stage.phase(), Some(Phase::Failed));
    assert_eq!(stage.status().message.as_deref(), Some("params.p42: required, and not given"));
    assert!(stage.cluster.launched.is_empty());
}
