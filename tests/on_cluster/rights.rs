//! The role that the chart gives the operator, compared with what the operators of the suite asked for: the audit log
//! of the cluster. `tests/on_cluster/run` calls it at the end of the suite, and of `--part`.
//!
//! In each variant of the suite, every right is used or listed in [`UNUSED`] with the reason. The role is one for all
//! variants, so a right that only one of them uses has to be used there. A part of the suite must use those rights that
//! the whole suite has no use for with operator-managed Jobs; the whole suite uses the others.

use std::collections::BTreeSet;

use k8s_openapi::api::rbac::v1::PolicyRule;

use crate::support::audit::{Request, requests, resource};
use crate::support::is_kubernetes;
use crate::support::rights::{Shipped, shipped};

/// In which variant of the suite a right is not used.
#[derive(Clone, Copy, PartialEq, Eq)]
enum In {
    Every,
    /// `--controller Operator` on a cluster that knows `spec.managedBy`.
    Operator,
    /// `--controller Kubernetes`, or a cluster that drops the field.
    Kubernetes,
}

/// Verb, resource, where it is not used, and why the role has it all the same.
const UNUSED: [(&str, &str, In, &str); 4] = [
    (
        "delete",
        "controllerrevisions.apps",
        In::Every,
        "a revision goes when it is more than an hour old, by the API server's clock",
    ),
    ("patch", "jobs.batch", In::Operator, "only a Job of the built-in controller is suspended"),
    ("create", "pods", In::Kubernetes, "the built-in controller creates them"),
    ("patch", "jobs/status.batch", In::Kubernetes, "the built-in controller writes it"),
];

/// Verb and resource, such as `patch jobs/status.batch`.
type Right = (String, String);

#[test]
#[ignore = "judges what the suite did: tests/on_cluster/run calls it at the end"]
fn the_operators_role_is_what_it_uses_and_no_more() {
    let asked =
        requests().expect("MISSION_CONTROL_AUDIT_LOG names no audit log: tests/on_cluster/run sets it");
    let Shipped { work, dashboard, lease } = shipped();
    let granted: BTreeSet<Right> = work.iter().chain(&dashboard).chain(&lease).flat_map(rights).collect();
    assert_modest(&granted);

    let (allowed, missing): (Vec<&Request>, Vec<&Request>) = asked.iter().partition(|r| r.allowed);
    assert!(missing.is_empty(), "the role lacks what the operator asked for: {missing:?}");
    let used: BTreeSet<Right> = allowed.iter().map(|r| (r.verb.clone(), r.what.clone())).collect();
    // A right that everybody has by the cluster's own roles.
    let beyond: Vec<&Right> = used.difference(&granted).collect();
    assert!(beyond.is_empty(), "allowed by another role than the chart's: {beyond:?}");

    let idle: BTreeSet<Right> = granted.difference(&used).cloned().collect();
    let known: BTreeSet<Right> = UNUSED
        .iter()
        .filter(|(_, _, variant, _)| *variant == In::Every || (*variant == In::Kubernetes) == is_kubernetes())
        .map(|(verb, what, ..)| (verb.to_string(), what.to_string()))
        .collect();
    let part = std::env::var("PART").is_ok_and(|part| part == "yes");
    let only_here = |(verb, what): &Right| {
        is_kubernetes()
            && UNUSED.iter().any(|u| (u.0, u.1, u.2) == (verb.as_str(), what.as_str(), In::Operator))
    };
    let never: Vec<&Right> = idle.difference(&known).filter(|right| !part || only_here(right)).collect();
    assert!(
        never.is_empty(),
        "granted and never used; take it from the chart, or give UNUSED a reason: {never:?}"
    );
    let after_all: Vec<&Right> = known.difference(&idle).collect();
    assert!(after_all.is_empty(), "in UNUSED and used after all: {after_all:?}");
    eprintln!("{} requests, {} rights granted, {} used", asked.len(), granted.len(), used.len());
    for (verb, what, variant, why) in UNUSED.iter().filter(|u| idle.contains(&(u.0.into(), u.1.into()))) {
        let here = if *variant == In::Every { "" } else { " with this controller" };
        eprintln!("not used{here}: {verb} {what}: {why}");
    }
}

/// No wildcard, nothing about secrets, nothing that runs in a Pod or speaks for others.
fn assert_modest(granted: &BTreeSet<Right>) {
    const NEVER: [&str; 9] =
        ["*", "secrets", "exec", "attach", "portforward", "proxy", "token", "escalate", "impersonate"];
    let words = |(verb, what): &Right| -> Vec<String> {
        what.split(['/', '.']).chain([verb.as_str()]).map(String::from).collect()
    };
    let grave: Vec<&Right> =
        granted.iter().filter(|right| words(right).iter().any(|w| NEVER.contains(&w.as_str()))).collect();
    assert!(grave.is_empty(), "the operator must never have {grave:?}");
}

/// Each verb of a rule with each resource.
fn rights(rule: &PolicyRule) -> Vec<Right> {
    let groups = rule.api_groups.iter().flatten();
    let whats = groups.flat_map(|g| rule.resources.iter().flatten().map(move |r| resource(g, r)));
    let whats: Vec<String> = whats.chain(rule.non_resource_urls.iter().flatten().cloned()).collect();
    rule.verbs.iter().flat_map(|verb| whats.iter().map(move |what| (verb.clone(), what.clone()))).collect()
}
