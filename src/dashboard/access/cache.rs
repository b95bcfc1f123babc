//! A cache of the API server's latest answers. It keeps the hash of a token, not the token.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::rights::Permission;
use super::token::TokenHash;

/// The cache's time to live. A revoked right or token keeps working for up to this long.
pub(super) const TTL: Duration = Duration::from_secs(30);
/// Answers of all readers. One takes about 200 bytes.
const MAX_ENTRIES: usize = 20_000;

#[derive(Debug, Default)]
pub(super) struct AnswerCache {
    users: Mutex<HashMap<TokenHash, Entry<Option<String>>>>,
    answers: Mutex<HashMap<(TokenHash, Permission), Entry<bool>>>,
}

#[derive(Clone, Debug)]
struct Entry<T> {
    value: T,
    at: Instant,
}

impl AnswerCache {
    /// `None`: no cached answer. `Some(None)`: the API server does not know the token.
    pub(super) fn user(&self, hash: &TokenHash, now: Instant) -> Option<Option<String>> {
        fresh(lock(&self.users).get(hash), now)
    }

    pub(super) fn keep_user(&self, hash: TokenHash, user: Option<String>, now: Instant) {
        keep(&mut lock(&self.users), hash, user, now);
    }

    pub(super) fn answer(&self, hash: &TokenHash, permission: &Permission, now: Instant) -> Option<bool> {
        fresh(lock(&self.answers).get(&(*hash, permission.clone())), now)
    }

    pub(super) fn keep_answer(&self, hash: TokenHash, permission: Permission, answer: bool, now: Instant) {
        keep(&mut lock(&self.answers), (hash, permission), answer, now);
    }
}

fn fresh<T: Clone>(entry: Option<&Entry<T>>, now: Instant) -> Option<T> {
    entry.filter(|e| now.saturating_duration_since(e.at) < TTL).map(|e| e.value.clone())
}

/// A full cache drops expired answers; if none has expired, it drops all.
fn keep<K: std::hash::Hash + Eq, T>(all: &mut HashMap<K, Entry<T>>, key: K, value: T, now: Instant) {
    if all.len() >= MAX_ENTRIES {
        all.retain(|_, e| now.saturating_duration_since(e.at) < TTL);
        if all.len() >= MAX_ENTRIES {
            all.clear();
        }
    }
    all.insert(key, Entry { value, at: now });
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::super::rights::ObjectKind;
    use super::*;

    fn hash(n: u32) -> TokenHash {
        let mut hash = [0; 32];
        hash[..4].copy_from_slice(&n.to_be_bytes());
        hash
    }

    #[test]
    fn an_answer_is_believed_for_half_a_minute_and_only_to_the_same_question() {
        let (cache, start) = (AnswerCache::default(), Instant::now());
        let permission = Permission::list(ObjectKind::Runs, Some("a"));
        cache.keep_answer(hash(1), permission.clone(), true, start);
        assert_eq!(cache.answer(&hash(1), &permission, start + TTL / 2), Some(true));
        assert_eq!(cache.answer(&hash(1), &permission, start + TTL), None);
        assert_eq!(cache.answer(&hash(2), &permission, start), None);
        assert_eq!(cache.answer(&hash(1), &Permission::list(ObjectKind::Runs, Some("b")), start), None);
        assert_eq!(cache.answer(&hash(1), &Permission::list(ObjectKind::Runs, None), start), None);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (cache, now) = (AnswerCache::default(), Instant::now());
        for n in 0..u32::try_from(MAX_ENTRIES).unwrap() + 10 {
            cache.keep_user(hash(n), None, now);
        }
        assert!(lock(&cache.users).len() <= MAX_ENTRIES);
    }
}
