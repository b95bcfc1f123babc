//! Requests to the API server in a reader's own name: whose token is this, what may it do, create this decision.
//!
//! The client has no credentials. Each request carries the reader's token and no other, so nothing here can use the
//! operator's rights by mistake.

use std::time::Duration;

use axum::http::{Request, header};
use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use kube::config::AuthInfo;
use kube::{Client, Config};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;

use crate::api::WorkflowDecision;

use super::rights::Permission;
use super::token::Token;

/// Timeout of a request.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Concurrent requests of all readers: clients that guess tokens must not overload the API server.
const MAX_CONCURRENT: usize = 16;

/// The API server, without credentials.
pub(super) struct ApiServer {
    client: Client,
    slots: Semaphore,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The API server does not know the token, or no longer does.
    #[error("the API server does not accept the token; it is wrong or has expired")]
    Unauthenticated,
    #[error("the API server does not answer")]
    Unavailable(#[source] Option<kube::Error>),
    /// The API server's own message.
    #[error("{}", .0.message)]
    Rejected(Box<kube::core::Status>),
}

impl std::fmt::Debug for ApiServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ApiServer").finish_non_exhaustive()
    }
}

impl ApiServer {
    /// A client of `config` without any credentials.
    pub(super) fn new(config: &Config) -> Result<Self, kube::Error> {
        let mut bare = config.clone();
        bare.auth_info = AuthInfo::default();
        bare.headers = Vec::new();
        let client = Client::try_from(bare)?;
        Ok(Self { client, slots: Semaphore::new(MAX_CONCURRENT) })
    }

    /// The reader's user name.
    pub(super) async fn user(&self, token: &Token) -> Result<String, AccessError> {
        let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
        let review: SelfSubjectReview = self.post(token, path, &SelfSubjectReview::default()).await?;
        let user = review.status.and_then(|s| s.user_info).and_then(|u| u.username);
        // The user name that an API server with anonymous access gives to a request without credentials.
        user.filter(|u| !u.is_empty() && u != "system:anonymous").ok_or(AccessError::Unauthenticated)
    }

    /// Whether the reader has the permission.
    pub(super) async fn may(&self, token: &Token, permission: &Permission) -> Result<bool, AccessError> {
        let resource = ResourceAttributes {
            group: Some(permission.kind.group().into()),
            resource: Some(permission.kind.resource().into()),
            verb: Some(permission.verb.into()),
            namespace: permission.namespace.clone(),
            name: permission.name.clone(),
            ..ResourceAttributes::default()
        };
        let spec = SelfSubjectAccessReviewSpec {
            resource_attributes: Some(resource),
            ..SelfSubjectAccessReviewSpec::default()
        };
        let asked = SelfSubjectAccessReview { spec, ..SelfSubjectAccessReview::default() };
        let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        let review: SelfSubjectAccessReview = self.post(token, path, &asked).await?;
        Ok(review.status.is_some_and(|s| s.allowed))
    }

    /// Creates a decision. `namespace` is the run's.
    pub(super) async fn decide(
        &self,
        token: &Token,
        namespace: &str,
        decision: &WorkflowDecision,
    ) -> Result<WorkflowDecision, AccessError> {
        let path = format!("/apis/missioncontrol.dev/v1alpha1/namespaces/{namespace}/workflowdecisions");
        self.post(token, &path, decision).await
    }

    async fn post<A: Serialize, B: DeserializeOwned>(
        &self,
        token: &Token,
        path: &str,
        body: &A,
    ) -> Result<B, AccessError> {
        let authorization = token.header().ok_or(AccessError::Unauthenticated)?;
        let body = serde_json::to_vec(body)
            .map_err(|e| AccessError::Unavailable(Some(kube::Error::SerdeError(e))))?;
        let request = Request::post(path)
            .header(header::AUTHORIZATION, authorization)
            .header(header::CONTENT_TYPE, "application/json")
            .body(body)
            .map_err(|e| AccessError::Unavailable(Some(kube::Error::HttpError(e))))?;
        let asking = async {
            let _slot = self.slots.acquire().await;
            self.client.request::<B>(request).await
        };
        match tokio::time::timeout(TIMEOUT, asking).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(kube::Error::Api(status))) if status.code == 401 => Err(AccessError::Unauthenticated),
            Ok(Err(kube::Error::Api(status))) => Err(AccessError::Rejected(status)),
            Ok(Err(error)) => Err(AccessError::Unavailable(Some(error))),
            Err(_) => Err(AccessError::Unavailable(None)),
        }
    }
}
