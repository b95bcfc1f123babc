//! Leader election: one process acts, the holder of the Lease `mission-control`. A process that loses the lease exits.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::Lease;
use kube::api::PostParams;
use kube::{Api, Client};
use tokio::sync::watch;

use crate::cluster::{ErrorKind, Failure, LEASE, report, request, request_opt};
use crate::reconcile::leadership::Leadership;

use super::health::Heartbeat;
use super::lease::{DEADLINE, DURATION, LeaseAction, ObservedLease, RENEW, RETRY, held, released};

/// How long a request about the lease may take: one that hangs must leave time for another.
const TIMEOUT: Duration = Duration::from_secs(4);

/// This process as a candidate for the lease.
pub(crate) struct Election {
    pub(crate) client: Client,
    pub(crate) namespace: String,
    pub(crate) identity: String,
}

impl std::fmt::Debug for Election {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} for lease {}/{LEASE}", self.identity, self.namespace)
    }
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("lease {0}/{LEASE} was taken by another process")]
    Taken(String),
    #[error("lease {0}/{LEASE} could not be renewed for {secs} s", secs = DEADLINE.as_secs())]
    NotRenewed(String),
}

impl Election {
    /// True: the lease is held from now on. False: the process is to stop first. A running request is never dropped: it
    /// might take the lease for a process that has exited.
    pub(crate) async fn acquire(
        &self,
        leadership: &Leadership,
        heartbeat: &Heartbeat,
        mut stopped: watch::Receiver<bool>,
    ) -> bool {
        let mut observed = ObservedLease::default();
        loop {
            heartbeat.tick();
            let sent = Instant::now();
            match self.try_acquire(&mut observed).await {
                Ok(true) => {
                    leadership.extend(sent, DURATION);
                    return true;
                }
                Ok(false) => {}
                Err(failure) => {
                    tracing::warn!(election = ?self, error = report(&failure), "cannot take the lease")
                }
            }
            tokio::select! {
                () = tokio::time::sleep(RETRY) => {}
                _ = stopped.wait_for(|stop| *stop) => return false,
            }
        }
    }

    /// Renews the lease until it is lost.
    pub(crate) async fn renew(&self, leadership: &Leadership) -> Error {
        let mut renewed = Instant::now();
        let mut observed = ObservedLease::default();
        loop {
            let pause = if renewed.elapsed() < RENEW { RENEW } else { RETRY };
            tokio::time::sleep(pause).await;
            let sent = Instant::now();
            match self.try_acquire(&mut observed).await {
                Ok(true) => {
                    renewed = sent;
                    leadership.extend(sent, DURATION);
                }
                Ok(false) => {
                    leadership.end();
                    return Error::Taken(self.namespace.clone());
                }
                Err(failure) => {
                    tracing::warn!(election = ?self, error = report(&failure), "cannot renew the lease")
                }
            }
            if renewed.elapsed() > DEADLINE {
                leadership.end();
                return Error::NotRenewed(self.namespace.clone());
            }
        }
    }

    /// Releases the lease, so that a successor need not wait.
    pub(crate) async fn release(&self) {
        let leases = self.leases();
        let given = async {
            while let Some(lease) = request_opt(leases.get(LEASE)).await?
                && lease.spec.as_ref().and_then(|s| s.holder_identity.as_deref()) == Some(&*self.identity)
            {
                match request(leases.replace(LEASE, &PostParams::default(), &released(lease))).await {
                    // A renewal that was running when the passes ended came in between.
                    Err(failure) if failure.kind() == ErrorKind::Conflict => {}
                    Err(failure) => return Err(failure),
                    Ok(_) => break,
                }
            }
            Ok::<(), Failure>(())
        };
        match tokio::time::timeout(TIMEOUT, given).await {
            Ok(Ok(())) => {}
            // Expected when an installation is removed: the rights are deleted before the Pods have ended.
            Ok(Err(failure)) => tracing::warn!(
                election = ?self,
                error = report(&failure),
                "cannot release the lease; the next leader waits until it expires"
            ),
            Err(_) => tracing::warn!(
                election = ?self,
                "cannot release the lease in time; the next leader waits until it expires"
            ),
        }
    }

    /// True: the lease is held from now on.
    async fn try_acquire(&self, observed: &mut ObservedLease) -> Result<bool, Failure> {
        tokio::time::timeout(TIMEOUT, self.request(observed)).await.unwrap_or(Err(Failure::Timeout))
    }

    async fn request(&self, observed: &mut ObservedLease) -> Result<bool, Failure> {
        let leases = self.leases();
        let params = PostParams::default();
        let written = match request_opt(leases.get(LEASE)).await? {
            None => {
                let mut lease = held(Lease::default(), &self.identity, Timestamp::now());
                lease.metadata.name = Some(LEASE.into());
                request(leases.create(&params, &lease)).await
            }
            Some(lease) if observed.observe(&lease, &self.identity, Instant::now()) == LeaseAction::Take => {
                let lease = held(lease, &self.identity, Timestamp::now());
                request(leases.replace(LEASE, &params, &lease)).await
            }
            Some(_) => return Ok(false),
        };
        match written {
            Ok(_) => Ok(true),
            // Another process was faster; the next look shows which.
            Err(failure) if matches!(failure.kind(), ErrorKind::Conflict | ErrorKind::AlreadyExists) => {
                Err(failure)
            }
            Err(failure) => Err(failure),
        }
    }

    fn leases(&self) -> Api<Lease> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }
}
