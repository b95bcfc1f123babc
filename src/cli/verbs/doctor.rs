//! `mc doctor`: a cluster and the caller -> findings, each with its fix. It changes nothing.
//!
//! Each check is a function that returns findings: [`crds`], [`operator`], [`rights`], [`objects`]. A check that the
//! caller's permissions do not allow is a warning that says so.

mod crds;
mod finding;
mod objects;
mod operator;
mod rights;

use clap::Args;
use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use k8s_openapi::apimachinery::pkg::version::Info;
use kube::Api;
use kube::api::PostParams;

use crate::cli::cluster::session::{self, Session};
use crate::cli::terminal::arguments::{Format, Global};
use crate::cli::terminal::exit::{Exit, Fault};
use crate::cli::terminal::{out, program};
use finding::{Finding, State};

/// Check the cluster, the installation and your permissions.
#[derive(Args, Debug)]
#[command(after_help = "\
Changes nothing. -o json or yaml prints a list of {check, state, message, fix};
state is ok, warn or bad.

Example:
  mc doctor
  mc doctor -n my-team -o json

Exit codes: 0 no check failed, 1 a check failed, 3 no cluster.")]
pub(crate) struct Doctor {}

pub(crate) fn run(_: &Doctor, global: &Global) -> Result<Exit, Fault> {
    let findings = session::with(global, findings_of)?;
    match global.output {
        None | Some(Format::Wide) => finding::print(&findings),
        Some(Format::Name) => {
            return Err(Fault::input("doctor does not support -o name")
                .next(format!("{} doctor -o json", program::name())));
        }
        Some(format) => out::value(&findings, format)?,
    }
    let is_bad = findings.iter().any(|f| f.state == State::Bad);
    Ok(if is_bad { Exit::Failed } else { Exit::Done })
}

async fn findings_of(session: Session) -> Result<Vec<Finding>, Fault> {
    let info = session.client.apiserver_version().await;
    let info = info.map_err(|e| session.fault("read the API server's version", &e))?;
    let user = user(&session).await;
    let mut findings = vec![cluster(&session, &info, user.as_deref())];
    let (crds, operator, policy, storage, unobserved, invalid, rights) = futures::join!(
        crds::check(&session),
        operator::check(&session),
        objects::policy(&session),
        objects::storage(&session),
        objects::unobserved_runs(&session),
        objects::invalid_workflows(&session),
        rights::check(&session, user.as_deref()),
    );
    findings.extend(crds);
    findings.extend(operator);
    findings.extend([policy, storage, unobserved, invalid]);
    findings.extend(rights);
    Ok(findings)
}

/// The caller's user name in the API server.
async fn user(session: &Session) -> Option<String> {
    let reviews: Api<SelfSubjectReview> = Api::all(session.client.clone());
    let review = reviews.create(&PostParams::default(), &SelfSubjectReview::default()).await.ok()?;
    review.status?.user_info?.username
}

fn cluster(session: &Session, info: &Info, user: Option<&str>) -> Finding {
    let identity = user.map(|u| format!("; you are {u}")).unwrap_or_default();
    let server = session.server.trim_end_matches('/');
    let jobs = if knows_managed_by(&info.major, &info.minor) {
        ""
    } else {
        "; before 1.32 the Job controller of Kubernetes creates the Pods, more slowly"
    };
    Finding::ok("cluster", format!("Kubernetes {} at {server}{identity}{jobs}", info.git_version))
}

/// Whether `spec.managedBy` of Jobs is on by default: since 1.32.
fn knows_managed_by(major: &str, minor: &str) -> bool {
    let number = |text: &str| {
        let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<u32>().unwrap_or(0)
    };
    (number(major), number(minor)) >= (1, 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_write_a_plus_behind_their_version() {
        assert!(knows_managed_by("1", "32+"));
        assert!(knows_managed_by("1", "34"));
        assert!(!knows_managed_by("1", "31"));
    }
}
