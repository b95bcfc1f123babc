//! The RunRecord, always by live requests: no cache may say that a run was not executed before.

use kube::ResourceExt;
use kube::api::{DeleteParams, Preconditions};

use crate::api::{RunRecord, RunRecordSpec, labels};
use crate::cluster::{ErrorKind, Name, post_params, request, request_opt};
use crate::engine::ids;
use crate::engine::snapshot::RecordFact;

use super::error::Error;
use super::pass::Pass;

/// The API server's answer about the run's record. It is read in every pass before the first attempt, and once by every
/// process that finds a run which has attempts already.
pub(super) async fn observe(pass: &Pass<'_>) -> Result<RecordFact, Error> {
    let status = pass.run.status.as_ref();
    if status.and_then(|s| s.phase).is_some_and(|p| p.is_terminal()) {
        return Ok(RecordFact::Unknown);
    }
    let begun = status.and_then(|s| s.totals.as_ref()).is_some_and(|t| t.attempts > 0);
    if begun && let Some(known) = pass.cache.lock().record.clone() {
        return Ok(known);
    }
    let name = pass.name.beside(ids::record_name(&pass.name.name, &ids::spec_hash(&pass.run.spec)));
    read(pass, &name).await
}

/// Reads the record of that name.
pub(super) async fn read(pass: &Pass<'_>, name: &Name) -> Result<RecordFact, Error> {
    let records = pass.api::<RunRecord>();
    let record =
        request_opt(records.get(&name.name)).await.map_err(|f| Error::ReadRecord(name.clone(), f))?;
    let fact = record.map_or(RecordFact::None, |r| RecordFact::Found(Box::new(r.spec)));
    pass.cache.lock().record = Some(fact.clone());
    Ok(fact)
}

/// Creates the record: the commit point of the run's end. False: it exists already.
pub(super) async fn create(pass: &Pass<'_>, name: &Name, record: &RunRecordSpec) -> Result<bool, Error> {
    let records = pass.api::<RunRecord>();
    match request(records.create(&post_params(), &object(&name.name, record))).await {
        Ok(_) => {
            pass.cache.lock().record = Some(RecordFact::Found(Box::new(record.clone())));
            Ok(true)
        }
        Err(failure) if failure.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(failure) => Err(Error::CreateRecord(name.clone(), failure)),
    }
}

/// Moves the record of that name, if it belongs to that run, to the name `aside`; a newer one stays. An object cannot
/// be renamed, so the copy comes first: a crash between leaves both, which have the same run UID and count once.
pub(super) async fn supersede(pass: &Pass<'_>, name: &Name, aside: &str, run_uid: &str) -> Result<(), Error> {
    let records = pass.api::<RunRecord>();
    let record =
        request_opt(records.get(&name.name)).await.map_err(|f| Error::ReadRecord(name.clone(), f))?;
    if let Some(record) = record.filter(|r| r.spec.run_uid == run_uid) {
        let mut copy = object(aside, &record.spec);
        copy.labels_mut().insert(labels::SUPERSEDED.into(), "true".into());
        match request(records.create(&post_params(), &copy)).await {
            Ok(_) => {}
            Err(failure) if failure.kind() == ErrorKind::AlreadyExists => {}
            Err(failure) => return Err(Error::CreateRecord(name.beside(aside), failure)),
        }
        let preconditions = Some(Preconditions { uid: record.uid(), resource_version: None });
        let params = DeleteParams { preconditions, ..DeleteParams::default() };
        request_opt(records.delete(&name.name, &params))
            .await
            .map_err(|f| Error::DeleteRecord(name.clone(), f))?;
    }
    pass.cache.lock().record = None;
    Ok(())
}

fn object(name: &str, record: &RunRecordSpec) -> RunRecord {
    let mut object = RunRecord::new(name, record.clone());
    object.labels_mut().insert(labels::MANAGED_BY.into(), labels::OPERATOR.into());
    object.labels_mut().insert(labels::WORKFLOW.into(), labels::label_value(&record.workflow).into());
    object
}
