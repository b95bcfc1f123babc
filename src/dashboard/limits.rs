//! How long and how much: all limits of the dashboard's connections, and the count of open event streams. [`super::web`]
//! enforces the others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::access::token::TokenHash;

/// What is asked of whoever connects. Tests have shorter ones.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// Connections at once.
    pub max_connections: usize,
    /// How long a head may take, and how long a connection may be idle between two.
    pub header_timeout: Duration,
    /// The most bytes of a head.
    pub max_header_bytes: usize,
    /// How long an answer may take until it begins, the body of the request included.
    pub response_timeout: Duration,
    /// How long nothing may be taken of an answer.
    pub write_timeout: Duration,
    /// Connections for events, of all readers.
    pub max_streams: usize,
    /// And of one.
    pub max_streams_per_reader: usize,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            max_connections: 256,
            header_timeout: Duration::from_secs(20),
            // A cookie with a token, and twice as much again.
            max_header_bytes: 16 * 1024,
            // Two questions to an API server that is slow.
            response_timeout: Duration::from_secs(25),
            write_timeout: Duration::from_secs(30),
            max_streams: 100,
            // A browser has six per host anyway.
            max_streams_per_reader: 8,
        }
    }
}

/// Who has connections open.
#[derive(Clone, Debug, Default)]
pub struct OpenStreams(Arc<Mutex<HashMap<TokenHash, usize>>>);

/// A connection; its end gives the slot back.
#[derive(Debug)]
pub struct StreamSlot {
    streams: OpenStreams,
    reader: TokenHash,
}

impl OpenStreams {
    /// None where there are too many already.
    pub fn take(&self, reader: TokenHash, limits: &ConnectionLimits) -> Option<StreamSlot> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (all, own) = (taken.values().sum::<usize>(), taken.get(&reader).copied().unwrap_or(0));
        if all >= limits.max_streams || own >= limits.max_streams_per_reader {
            return None;
        }
        *taken.entry(reader).or_default() += 1;
        Some(StreamSlot { streams: self.clone(), reader })
    }
}

impl Drop for StreamSlot {
    fn drop(&mut self) {
        let mut taken = self.streams.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(n) = taken.get_mut(&self.reader) {
            *n -= 1;
            if *n == 0 {
                taken.remove(&self.reader);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_has_eight_streams_and_all_together_a_hundred() {
        let (streams, limits) = (OpenStreams::default(), ConnectionLimits::default());
        let mine: Vec<StreamSlot> = (0..10).filter_map(|_| streams.take([1; 32], &limits)).collect();
        assert_eq!(mine.len(), 8);
        let others: Vec<StreamSlot> = (2..200_u8).filter_map(|n| streams.take([n; 32], &limits)).collect();
        assert_eq!(others.len(), 92);
        drop(mine);
        assert!(streams.take([1; 32], &limits).is_some());
        drop(others);
        assert!(streams.0.lock().unwrap().is_empty());
    }
}
