//! What must exist before a status, and is refused.

use hyper::http::Method;

use super::*;
use crate::engine::effect::{Before, Plan};
use crate::engine::snapshot::{Refusal, Refused};
use crate::reconcile::apply::{self, Surprise};

const QUOTA: &str = "exceeded quota: count";

async fn refused(bench: &Bench, step: Before) -> Option<Refused> {
    let status = bench.status().clone();
    let plan = Plan { before: vec![step], status, after: Vec::new(), wake: None };
    match apply::before(&bench.pass(), &plan).await.unwrap()? {
        Surprise::Refused(refused) => Some(refused),
        Surprise::Record(_) => panic!("a record was found"),
    }
}

#[tokio::test]
async fn a_refusal_of_what_must_exist_before_the_status_is_a_fact_with_the_servers_words() {
    let bench = Bench::new();
    let revision = || Before::EnsureRevision { name: "w-1".into(), spec: Box::default() };
    bench.server.refuse(Method::POST, "controllerrevisions", 403, "Forbidden", QUOTA);
    let said = refused(&bench, revision()).await.unwrap();
    assert_eq!(said.what, Refusal::Revision);
    assert_eq!(said.message, format!("ControllerRevision w-1 cannot be created: {QUOTA}"));
    bench.server.answer_all();
    assert_eq!(refused(&bench, revision()).await, None);

    let claim = || Before::DropWorkspace { claim: "c".into() };
    assert_eq!(refused(&bench, claim()).await, None, "it is gone");
    bench.server.refuse(Method::GET, "persistentvolumeclaims", 403, "Forbidden", "denied");
    let said = refused(&bench, claim()).await.unwrap();
    assert_eq!(
        (said.what, said.message.as_str()),
        (Refusal::Claim, "PersistentVolumeClaim c cannot be deleted: denied")
    );
}

#[tokio::test]
async fn a_refused_claim_keeps_an_attempt_waiting_with_the_servers_words() {
    let bench = Bench::new();
    let workspace = crate::api::workflow::Workspace { size: "1Mi".into(), ..Default::default() };
    let mount = crate::engine::effect::Mount { claim: "c".into(), workspace, read_only: false };
    let wanted = Launch { workspace: Some(mount), ..attempt() };
    bench.server.refuse(
        Method::POST,
        "persistentvolumeclaims",
        500,
        "InternalError",
        "etcdserver: timed out",
    );
    launch::launch(&bench.pass(), &wanted).await;
    assert!(bench.blocked().await.contains("etcdserver: timed out"));
}
