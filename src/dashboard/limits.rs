//! All limits and timeouts of the dashboard's connections, and the count of open event streams. [`super::web`]
//! enforces the others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::access::token::TokenHash;

/// Limits of every connection. Tests use shorter ones.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// Concurrent connections.
    pub max_connections: usize,
    /// Timeout of a request's head, and of an idle connection.
    pub header_timeout: Duration,
    /// The largest head in bytes.
    pub max_header_bytes: usize,
    /// Timeout until the answer starts, including the body of the request.
    pub response_timeout: Duration,
    /// Timeout of a client that reads nothing of its answer.
    pub write_timeout: Duration,
    /// Event streams of all readers.
    pub max_streams: usize,
    /// Event streams of one reader.
    pub max_streams_per_reader: usize,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            max_connections: 256,
            header_timeout: Duration::from_secs(20),
            // A cookie with a token, and twice that for the rest.
            max_header_bytes: 16 * 1024,
            // Two requests to a slow API server.
            response_timeout: Duration::from_secs(25),
            write_timeout: Duration::from_secs(30),
            max_streams: 100,
            // A browser opens six connections per host anyway.
            max_streams_per_reader: 8,
        }
    }
}

/// The readers with open event streams.
#[derive(Clone, Debug, Default)]
pub struct OpenStreams(Arc<Mutex<HashMap<TokenHash, usize>>>);

/// An open event stream; dropping it frees the slot.
#[derive(Debug)]
pub struct StreamSlot {
    streams: OpenStreams,
    reader: TokenHash,
}

impl OpenStreams {
    /// None if there are too many already.
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
