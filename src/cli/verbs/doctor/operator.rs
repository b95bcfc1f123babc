//! Checks of the operator: its Deployment, and its leader. An operator outside the cluster is found by its lease.

use jiff::Timestamp;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::coordination::v1::Lease;
use kube::api::ListParams;
use kube::{Api, ResourceExt};

use crate::api::Stamp;
use crate::cli::cluster::installed::{self, NAMESPACE, SELECTOR};
use crate::cli::cluster::session::Session;
use crate::cluster::LEASE;
use crate::view::time::age;

use super::finding::Finding;

const CHECK: &str = "operator";
const LEADER: &str = "leader";
/// Seconds until a lease counts as expired. It is renewed every 5 seconds; clocks may differ.
const STALE: u64 = 60;

pub(crate) async fn check(session: &Session) -> Vec<Finding> {
    let now = Stamp(Timestamp::now());
    let leases = leases(session).await;
    match installed::deployments(session).await {
        Ok(found) if found.is_empty() => vec![elsewhere(session, leases, now)],
        Ok(found) => found.iter().flat_map(|d| [deployed(d), led(d, &leases, now)]).collect(),
        Err(error) => {
            let why = session.fault("list deployments", &error).message;
            vec![Finding::unchecked(CHECK, &why)]
        }
    }
}

/// The operator's leases, in all namespaces or in those that the caller may read.
async fn leases(session: &Session) -> Option<Vec<Lease>> {
    let named = ListParams::default().fields(&format!("metadata.name={LEASE}"));
    if let Ok(found) = Api::<Lease>::all(session.client.clone()).list(&named).await {
        return Some(found.items);
    }
    let mut leases = None;
    for namespace in [NAMESPACE, &session.namespace] {
        let there: Api<Lease> = Api::namespaced(session.client.clone(), namespace);
        if let Ok(lease) = there.get_opt(LEASE).await {
            leases.get_or_insert_with(Vec::new).extend(lease);
        }
    }
    leases
}

fn deployed(deployment: &Deployment) -> Finding {
    let path = installed::path(deployment);
    let namespace = deployment.namespace().unwrap_or_default();
    let wanted = deployment.spec.as_ref().and_then(|s| s.replicas).unwrap_or(1);
    let ready = deployment.status.as_ref().and_then(|s| s.ready_replicas).unwrap_or(0);
    let image = installed::image(deployment).unwrap_or_default();
    let described = format!("kubectl describe pods -n {namespace} -l {SELECTOR}");
    if wanted == 0 {
        let fix = format!("kubectl scale -n {namespace} deployment/{} --replicas=1", deployment.name_any());
        return Finding::bad(CHECK, format!("{path} is scaled to 0"), fix);
    }
    let message = format!("{path}: {ready} of {wanted} ready, {image}");
    match ready {
        0 => Finding::bad(CHECK, message, described),
        ready if ready < wanted => Finding::warn(CHECK, message, described),
        _ => Finding::ok(CHECK, message),
    }
}

/// Whether a Pod of that Deployment is the leader.
fn led(deployment: &Deployment, leases: &Option<Vec<Lease>>, now: Stamp) -> Finding {
    let namespace = deployment.namespace().unwrap_or_default();
    let logs = format!("kubectl logs -n {namespace} deployment/{} --tail 20", deployment.name_any());
    let Some(leases) = leases else {
        return Finding::unchecked(LEADER, &format!("you may not read the lease {namespace}/{LEASE}"));
    };
    match leases.iter().find(|l| l.namespace().as_deref() == Some(&namespace)) {
        Some(lease) => led_by(lease, now, &logs),
        None => Finding::bad(LEADER, format!("no leader: there is no lease {namespace}/{LEASE}"), logs),
    }
}

fn led_by(lease: &Lease, now: Stamp, logs: &str) -> Finding {
    let path = format!("{}/{LEASE}", lease.namespace().unwrap_or_default());
    match (holder(lease), renewed(lease, now)) {
        (None, _) => Finding::bad(LEADER, format!("no leader: the lease {path} was released"), logs),
        (Some(holder), Some((ago, text))) if ago <= STALE => {
            Finding::ok(LEADER, format!("{holder} is the leader (lease {path}, renewed {text} ago)"))
        }
        (Some(holder), renewed) => {
            let when = renewed.map_or("never".into(), |(_, text)| format!("{text} ago"));
            let message = format!("no leader: {holder} last renewed the lease {path} {when}");
            Finding::bad(LEADER, message, logs)
        }
    }
}

/// Without a Deployment: the operator may run outside the cluster.
fn elsewhere(session: &Session, leases: Option<Vec<Lease>>, now: Stamp) -> Finding {
    let fresh = |l: &&Lease| holder(l).is_some() && renewed(l, now).is_some_and(|(ago, _)| ago <= STALE);
    let leases = leases.unwrap_or_default();
    let mut living: Vec<&Lease> = leases.iter().filter(fresh).collect();
    // The lease of the session's namespace first.
    living.sort_by_key(|l| l.namespace().as_deref() != Some(&session.namespace));
    let Some(lease) = living.first() else {
        let message =
            format!("not installed: there is no Deployment with the label {SELECTOR}, and no leader");
        return Finding::bad(
            CHECK,
            message,
            "kubectl get pods -A | grep mission-control   # if there is none, install the operator",
        );
    };
    let path = format!("{}/{LEASE}", lease.namespace().unwrap_or_default());
    let (holder, text) =
        (holder(lease).unwrap_or_default(), renewed(lease, now).map(|r| r.1).unwrap_or_default());
    let message = format!("no Deployment, but {holder} is the leader (lease {path}, renewed {text} ago)");
    Finding::ok(CHECK, message)
}

fn holder(lease: &Lease) -> Option<&str> {
    lease.spec.as_ref()?.holder_identity.as_deref().filter(|h| !h.is_empty())
}

/// The age of a time: in seconds, and as text.
fn renewed(lease: &Lease, now: Stamp) -> Option<(u64, String)> {
    let at = Stamp(lease.spec.as_ref()?.renew_time.as_ref()?.0);
    Some((now.since(at).as_secs(), age(at, now)))
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;

    fn lease(holder: &str) -> Lease {
        serde_json::from_value(serde_json::json!({
            "metadata": {"namespace": "mission-control", "name": LEASE},
            "spec": {"holderIdentity": holder, "renewTime": "2026-01-01T00:00:00.000000Z"},
        }))
        .unwrap()
    }

    fn deployment(replicas: i32, ready: i32) -> Deployment {
        serde_json::from_value(serde_json::json!({
            "metadata": {"namespace": "mission-control", "name": "mission-control"},
            "spec": {"replicas": replicas, "selector": {}, "template": {"spec": {"containers": [
                {"name": "proxy", "image": "p"}, {"name": "mission-control", "image": "mc:1"}]}}},
            "status": {"readyReplicas": ready},
        }))
        .unwrap()
    }

    fn at(text: &str) -> Stamp {
        Stamp(text.parse().unwrap())
    }

    #[test]
    fn a_deployment_is_as_good_as_its_replicas() {
        let of = |replicas, ready| deployed(&deployment(replicas, ready));
        assert_eq!(of(1, 1), Finding::ok(CHECK, "mission-control/mission-control: 1 of 1 ready, mc:1"));
        assert_eq!([of(2, 1).state, of(1, 0).state, of(0, 0).state], [State::Warn, State::Bad, State::Bad]);
        assert!(of(0, 0).fix.unwrap().contains("--replicas=1"));
    }

    #[test]
    fn a_leader_is_known_by_a_lease_that_is_renewed() {
        let of = |holder: &str, now: &str| led_by(&lease(holder), at(now), "logs");
        assert_eq!(
            of("a", "2026-01-01T00:00:04Z"),
            Finding::ok(LEADER, "a is the leader (lease mission-control/mission-control, renewed 4s ago)")
        );
        let gone = of("a", "2026-01-01T01:00:00Z");
        assert_eq!(gone.state, State::Bad);
        assert!(gone.message.ends_with("mission-control 60m ago"), "{}", gone.message);
        assert_eq!(of("", "2026-01-01T00:00:04Z").state, State::Bad);
        assert_eq!(led(&deployment(1, 1), &Some(vec![]), at("2026-01-01T00:00:04Z")).state, State::Bad);
        assert_eq!(led(&deployment(1, 1), &None, at("2026-01-01T00:00:04Z")).state, State::Warn);
    }
}
