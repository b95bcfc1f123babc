//! The caller's permissions, by SelfSubjectAccessReviews. Without the first of them `mc` is of no use.

use futures::future::join_all;
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use kube::Api;
use kube::api::PostParams;

use crate::api::GROUP;
use crate::cli::cluster::session::Session;

use super::finding::{Finding, MAY, State};

/// A permission, and what it is needed for.
struct Right {
    verb: &'static str,
    group: &'static str,
    resource: &'static str,
    /// The verbs of the role that grants it.
    grant: &'static str,
    lets: &'static str,
    is_basic: bool,
}

const fn ours(verb: &'static str, resource: &'static str, lets: &'static str) -> Right {
    let grant = match verb.len() {
        // `list`
        4 => "get,list,watch",
        _ => "create",
    };
    Right { verb, group: GROUP, resource, grant, lets, is_basic: false }
}

const RIGHTS: &[Right] = &[
    Right { is_basic: true, ..ours("list", "workflowruns", "listing runs") },
    ours("create", "workflowruns", "starting runs"),
    ours("create", "workflowdecisions", "answering, pausing, resuming and aborting runs"),
    ours("list", "workflows", "listing workflows"),
    Right {
        verb: "get",
        group: "",
        resource: "pods/log",
        grant: "get",
        lets: "reading agents' logs",
        is_basic: false,
    },
];

pub(crate) async fn check(session: &Session, user: Option<&str>) -> Vec<Finding> {
    join_all(RIGHTS.iter().map(|right| one(session, right, user))).await
}

async fn one(session: &Session, right: &Right, user: Option<&str>) -> Finding {
    let check = format!("{MAY}{} {}", right.verb, right.resource);
    let reviews: Api<SelfSubjectAccessReview> = Api::all(session.client.clone());
    let namespace = (!session.everywhere).then(|| session.namespace.clone());
    match reviews.create(&PostParams::default(), &review(right, namespace)).await {
        Ok(answer) if answer.status.as_ref().is_some_and(|s| s.allowed) => Finding::ok(check, right.lets),
        Ok(_) => {
            let state = if right.is_basic { State::Bad } else { State::Warn };
            let place = if session.everywhere { None } else { Some(session.namespace.as_str()) };
            let fix = Some(granted(right, place, user.unwrap_or("USER")));
            Finding { check, state, message: right.lets.into(), fix }
        }
        Err(error) => Finding::unchecked(check, &session.fault("check your permissions", &error).message),
    }
}

fn review(right: &Right, namespace: Option<String>) -> SelfSubjectAccessReview {
    let (resource, subresource) = match right.resource.split_once('/') {
        Some((resource, below)) => (resource, Some(below.to_string())),
        None => (right.resource, None),
    };
    let attributes = ResourceAttributes {
        namespace,
        verb: Some(right.verb.into()),
        group: Some(right.group.into()),
        resource: Some(resource.into()),
        subresource,
        ..ResourceAttributes::default()
    };
    SelfSubjectAccessReview {
        spec: SelfSubjectAccessReviewSpec { resource_attributes: Some(attributes), ..Default::default() },
        ..SelfSubjectAccessReview::default()
    }
}

/// Two commands with which a cluster administrator grants the permission.
fn granted(right: &Right, namespace: Option<&str>, user: &str) -> String {
    let role = format!("mc-{}-{}", right.verb, right.resource.replace('/', "-"));
    let (kind, place) = match namespace {
        Some(namespace) => ("role", format!(" -n {namespace}")),
        None => ("clusterrole", String::new()),
    };
    let group = if right.group.is_empty() { String::new() } else { format!(".{}", right.group) };
    format!(
        "kubectl create {kind} {role} --verb={} --resource={}{group}{place} && kubectl create {kind}binding {role} \
         --{kind}={role} --user='{user}'{place}",
        right.grant, right.resource
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subresource_is_asked_for_as_such() {
        let attributes = review(&RIGHTS[4], Some("dev".into())).spec.resource_attributes.unwrap();
        assert_eq!(
            (attributes.resource.as_deref(), attributes.subresource.as_deref()),
            (Some("pods"), Some("log"))
        );
    }

    #[test]
    fn what_is_missing_is_granted_where_it_is_missing() {
        assert_eq!(
            granted(&RIGHTS[0], Some("dev"), "alice"),
            "kubectl create role mc-list-workflowruns --verb=get,list,watch \
             --resource=workflowruns.missioncontrol.dev -n dev && kubectl create rolebinding mc-list-workflowruns \
             --role=mc-list-workflowruns --user='alice' -n dev"
        );
        assert!(
            granted(&RIGHTS[4], None, "alice")
                .starts_with("kubectl create clusterrole mc-get-pods-log --verb=get")
        );
    }
}
