//! What the API server answered lately. Of a token it keeps the hash.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::rights::Ask;
use super::token::Mark;

/// How long an answer is believed: so long a right that was taken away is still there.
pub const BELIEVED: Duration = Duration::from_secs(30);
/// Answers of all readers. One takes about 200 bytes.
const MOST: usize = 20_000;

#[derive(Debug, Default)]
pub struct Memory {
    users: Mutex<HashMap<Mark, Entry<Option<String>>>>,
    answers: Mutex<HashMap<(Mark, Ask), Entry<bool>>>,
}

#[derive(Clone, Debug)]
struct Entry<T> {
    said: T,
    at: Instant,
}

impl Memory {
    /// `None`: not asked lately. `Some(None)`: nobody that the API server knows.
    pub fn user(&self, mark: &Mark, now: Instant) -> Option<Option<String>> {
        fresh(lock(&self.users).get(mark), now)
    }

    pub fn keep_user(&self, mark: Mark, user: Option<String>, now: Instant) {
        keep(&mut lock(&self.users), mark, user, now);
    }

    pub fn answer(&self, mark: &Mark, ask: &Ask, now: Instant) -> Option<bool> {
        fresh(lock(&self.answers).get(&(*mark, ask.clone())), now)
    }

    pub fn keep_answer(&self, mark: Mark, ask: Ask, answer: bool, now: Instant) {
        keep(&mut lock(&self.answers), (mark, ask), answer, now);
    }
}

fn fresh<T: Clone>(entry: Option<&Entry<T>>, now: Instant) -> Option<T> {
    entry.filter(|e| now.saturating_duration_since(e.at) < BELIEVED).map(|e| e.said.clone())
}

/// A full memory forgets what is old, and everything where nothing is.
fn keep<K: std::hash::Hash + Eq, T>(all: &mut HashMap<K, Entry<T>>, key: K, said: T, now: Instant) {
    if all.len() >= MOST {
        all.retain(|_, e| now.saturating_duration_since(e.at) < BELIEVED);
        if all.len() >= MOST {
            all.clear();
        }
    }
    all.insert(key, Entry { said, at: now });
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::super::rights::Kind;
    use super::*;

    fn mark(n: u32) -> Mark {
        let mut mark = [0; 32];
        mark[..4].copy_from_slice(&n.to_be_bytes());
        mark
    }

    #[test]
    fn an_answer_is_believed_for_half_a_minute_and_only_to_the_same_question() {
        let (memory, start) = (Memory::default(), Instant::now());
        let ask = Ask::list(Kind::Runs, Some("a"));
        memory.keep_answer(mark(1), ask.clone(), true, start);
        assert_eq!(memory.answer(&mark(1), &ask, start + BELIEVED / 2), Some(true));
        assert_eq!(memory.answer(&mark(1), &ask, start + BELIEVED), None);
        assert_eq!(memory.answer(&mark(2), &ask, start), None);
        assert_eq!(memory.answer(&mark(1), &Ask::list(Kind::Runs, Some("b")), start), None);
        assert_eq!(memory.answer(&mark(1), &Ask::list(Kind::Runs, None), start), None);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (memory, now) = (Memory::default(), Instant::now());
        for n in 0..u32::try_from(MOST).unwrap() + 10 {
            memory.keep_user(mark(n), None, now);
        }
        assert!(lock(&memory.users).len() <= MOST);
    }
}
