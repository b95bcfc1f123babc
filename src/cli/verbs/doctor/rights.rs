//! What the caller may do here, asked of the API server. Without the first right nothing of `mc` works.

use futures::future::join_all;
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use kube::Api;
use kube::api::PostParams;

use crate::api::GROUP;
use crate::cli::cluster::session::Session;

use super::finding::{Finding, MAY, State};

/// What is asked for, and what needs it.
struct Right {
    verb: &'static str,
    group: &'static str,
    resource: &'static str,
    /// Verbs that belong together in a role.
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
    Right { is_basic: true, ..ours("list", "workflowruns", "to see runs") },
    ours("create", "workflowruns", "to start runs"),
    ours("create", "workflowdecisions", "to answer, pause, resume and abort"),
    ours("list", "workflows", "to see workflows"),
    Right {
        verb: "get",
        group: "",
        resource: "pods/log",
        grant: "get",
        lets: "to read what agents print",
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
        Err(error) => Finding::unchecked(check, &session.fault("ask what you may do", &error).message),
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

/// Two commands of whoever runs the cluster.
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
