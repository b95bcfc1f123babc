//! Requests -> the reader, and what that reader may see: by the reader's own token, never by the operator's rights.
//!
//! The API server says whose a token is (SelfSubjectReview) and what it may do (SelfSubjectAccessReview). Answers are
//! cached for 30 seconds. Nothing here reads an object: it only decides which of the known objects may be shown.
//! Start reading at [`Access::reader`], then [`Access::visibility`].

mod api_server;
mod cache;
pub mod rights;
pub mod token;
pub mod transport;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use futures::StreamExt;
use kube::Config;

use crate::api::WorkflowDecision;

pub use api_server::AccessError;
use api_server::ApiServer;
use cache::AnswerCache;
use rights::{ObjectKind, Permission, Visibility};
use token::Token;

/// Concurrent reviews for one reader.
const MAX_CONCURRENT: usize = 8;

/// Decides who may see what.
#[derive(Debug)]
pub struct Access {
    api_server: ApiServer,
    cache: AnswerCache,
}

/// A signed-in user.
#[derive(Clone, Debug)]
pub struct Reader {
    pub user: String,
    pub token: Token,
    /// The CSRF token of this session's forms.
    pub csrf: String,
}

impl Access {
    pub fn new(config: &Config) -> Result<Self, kube::Error> {
        Ok(Self { api_server: ApiServer::new(config)?, cache: AnswerCache::default() })
    }

    /// The user of a token.
    pub async fn reader(&self, token: &Token) -> Result<Reader, AccessError> {
        let hash = token.hash();
        let known = self.cache.user(&hash, Instant::now());
        let user = match known {
            Some(Some(user)) => user,
            Some(None) => return Err(AccessError::Unauthenticated),
            None => {
                let asked = self.api_server.user(token).await;
                match &asked {
                    Ok(user) => self.cache.keep_user(hash, Some(user.clone()), Instant::now()),
                    // A refused token stays refused for a while without another request.
                    Err(AccessError::Unauthenticated) => self.cache.keep_user(hash, None, Instant::now()),
                    Err(_) => {}
                }
                asked?
            }
        };
        Ok(Reader { user, token: token.clone(), csrf: token.csrf() })
    }

    /// Whether the reader has this permission.
    pub async fn may(&self, reader: &Reader, permission: Permission) -> Result<bool, AccessError> {
        let hash = reader.token.hash();
        if let Some(answer) = self.cache.answer(&hash, &permission, Instant::now()) {
            return Ok(answer);
        }
        let answer = self.api_server.may(&reader.token, &permission).await?;
        self.cache.keep_answer(hash, permission, answer, Instant::now());
        Ok(answer)
    }

    /// The namespaces, of those that have objects, in which the reader may list a kind. They are looked up only if
    /// the reader may not list the whole cluster: the lookup scans every object.
    pub async fn visibility(
        &self,
        reader: &Reader,
        kind: ObjectKind,
        namespaces: impl FnOnce() -> Arc<BTreeSet<String>>,
    ) -> Result<Visibility, AccessError> {
        if self.may(reader, Permission::list(kind, None)).await? {
            return Ok(Visibility::All);
        }
        let namespaces = namespaces();
        let asked: Vec<_> = namespaces.iter().map(|n| self.lists(reader, kind, n)).collect();
        let answers: Vec<_> = futures::stream::iter(asked).buffer_unordered(MAX_CONCURRENT).collect().await;
        let seen: Result<Vec<Option<String>>, AccessError> = answers.into_iter().collect();
        Ok(Visibility::Only(seen?.into_iter().flatten().collect()))
    }

    async fn lists(
        &self,
        reader: &Reader,
        kind: ObjectKind,
        namespace: &str,
    ) -> Result<Option<String>, AccessError> {
        let may = self.may(reader, Permission::list(kind, Some(namespace))).await?;
        Ok(may.then(|| namespace.to_string()))
    }

    /// Whether the reader may see this object. A reader who may list a namespace sees what is in it; a role may also
    /// name single objects.
    pub async fn sees(
        &self,
        reader: &Reader,
        kind: ObjectKind,
        namespace: &str,
        name: &str,
    ) -> Result<bool, AccessError> {
        self.may(reader, Permission::get(kind, namespace, name)).await
    }

    /// Creates a decision in the reader's name.
    pub async fn decide(
        &self,
        reader: &Reader,
        namespace: &str,
        decision: &WorkflowDecision,
    ) -> Result<WorkflowDecision, AccessError> {
        self.api_server.decide(&reader.token, namespace, decision).await
    }

    /// Caches a user and permissions as if the API server had just answered: tests have no API server.
    pub fn remember(&self, token: &Token, user: Option<&str>, answers: &[(Permission, bool)]) {
        let hash = token.hash();
        self.cache.keep_user(hash, user.map(String::from), Instant::now());
        for (permission, answer) in answers {
            self.cache.keep_answer(hash, permission.clone(), *answer, Instant::now());
        }
    }
}
