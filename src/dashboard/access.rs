//! Requests -> who reads, and what that reader may see: by the reader's own token, never by the operator's rights.
//!
//! The API server is asked who a token is (SelfSubjectReview) and what it may (SelfSubjectAccessReview); an answer is
//! believed for half a minute. Nothing here reads an object: it only says which of those that the process knows may be
//! shown. Start reading at [`Access::reader`], then [`Access::sight`].

mod cluster;
mod memory;
pub mod rights;
pub mod token;
pub mod transport;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use futures::StreamExt;
use kube::Config;

use crate::api::WorkflowDecision;

use cluster::Cluster;
pub use cluster::Refusal;
use memory::Memory;
use rights::{Ask, Kind, Sight};
use token::Token;

/// Questions of one reader at once.
const AT_ONCE: usize = 8;

/// Who may see what.
#[derive(Debug)]
pub struct Access {
    cluster: Cluster,
    memory: Memory,
}

/// Who reads.
#[derive(Clone, Debug)]
pub struct Reader {
    pub user: String,
    pub token: Token,
    /// The word that forms of this session carry.
    pub csrf: String,
}

impl Access {
    pub fn new(config: &Config) -> Result<Self, kube::Error> {
        Ok(Self { cluster: Cluster::new(config)?, memory: Memory::default() })
    }

    /// Whose token it is.
    pub async fn reader(&self, token: &Token) -> Result<Reader, Refusal> {
        let mark = token.mark();
        let known = self.memory.user(&mark, Instant::now());
        let user = match known {
            Some(Some(user)) => user,
            Some(None) => return Err(Refusal::Unknown),
            None => {
                let asked = self.cluster.who(token).await;
                match &asked {
                    Ok(user) => self.memory.keep_user(mark, Some(user.clone()), Instant::now()),
                    // A token that is refused is refused for a while without asking again.
                    Err(Refusal::Unknown) => self.memory.keep_user(mark, None, Instant::now()),
                    Err(_) => {}
                }
                asked?
            }
        };
        Ok(Reader { user, token: token.clone(), csrf: token.csrf() })
    }

    /// Whether the reader may.
    pub async fn may(&self, reader: &Reader, ask: Ask) -> Result<bool, Refusal> {
        let mark = reader.token.mark();
        if let Some(answer) = self.memory.answer(&mark, &ask, Instant::now()) {
            return Ok(answer);
        }
        let answer = self.cluster.may(&reader.token, &ask).await?;
        self.memory.keep_answer(mark, ask, answer, Instant::now());
        Ok(answer)
    }

    /// Where the reader may list objects of a kind, of the namespaces that have any. Those are looked for only if the
    /// reader may not list everywhere: it means a look at every object.
    pub async fn sight(
        &self,
        reader: &Reader,
        kind: Kind,
        namespaces: impl FnOnce() -> Arc<BTreeSet<String>>,
    ) -> Result<Sight, Refusal> {
        if self.may(reader, Ask::list(kind, None)).await? {
            return Ok(Sight::All);
        }
        let namespaces = namespaces();
        let asked: Vec<_> = namespaces.iter().map(|n| self.lists(reader, kind, n)).collect();
        let answers: Vec<_> = futures::stream::iter(asked).buffer_unordered(AT_ONCE).collect().await;
        let seen: Result<Vec<Option<String>>, Refusal> = answers.into_iter().collect();
        Ok(Sight::Only(seen?.into_iter().flatten().collect()))
    }

    async fn lists(&self, reader: &Reader, kind: Kind, namespace: &str) -> Result<Option<String>, Refusal> {
        let may = self.may(reader, Ask::list(kind, Some(namespace))).await?;
        Ok(may.then(|| namespace.to_string()))
    }

    /// Whether the reader may see this object. Who may list a namespace sees what is in it; a role may also name objects.
    pub async fn sees(
        &self,
        reader: &Reader,
        kind: Kind,
        namespace: &str,
        name: &str,
    ) -> Result<bool, Refusal> {
        self.may(reader, Ask::get(kind, namespace, name)).await
    }

    /// Writes a decision in the reader's name.
    pub async fn decide(
        &self,
        reader: &Reader,
        namespace: &str,
        decision: &WorkflowDecision,
    ) -> Result<WorkflowDecision, Refusal> {
        self.cluster.decide(&reader.token, namespace, decision).await
    }

    /// What the API server is supposed to have said just now.
    #[cfg(test)]
    pub fn suppose(&self, token: &Token, user: Option<&str>, answers: &[(Ask, bool)]) {
        let mark = token.mark();
        self.memory.keep_user(mark, user.map(String::from), Instant::now());
        for (ask, answer) in answers {
            self.memory.keep_answer(mark, ask.clone(), *answer, Instant::now());
        }
    }
}
