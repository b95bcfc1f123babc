//! How long and how much: an answer's time, and the connections that stay open for events.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::dashboard::access::token::Mark;

/// How long an answer may take until it begins: two questions to an API server that is slow.
const PATIENCE: Duration = Duration::from_secs(25);
/// Connections for events, of all readers.
const EARS: usize = 100;
/// And of one: a browser has six per host anyway.
const EARS_OF_ONE: usize = 8;

pub async fn in_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(PATIENCE, next.run(request)).await {
        Ok(response) => response,
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "this takes too long; try again\n").into_response(),
    }
}

/// Who has connections open.
#[derive(Clone, Debug, Default)]
pub struct Seats(Arc<Mutex<HashMap<Mark, usize>>>);

/// A connection; its end gives the seat back.
#[derive(Debug)]
pub struct Seat {
    seats: Seats,
    mark: Mark,
}

impl Seats {
    /// None where there are too many already.
    pub fn take(&self, mark: Mark) -> Option<Seat> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.values().sum::<usize>() >= EARS || taken.get(&mark).is_some_and(|n| *n >= EARS_OF_ONE) {
            return None;
        }
        *taken.entry(mark).or_default() += 1;
        Some(Seat { seats: self.clone(), mark })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(n) = taken.get_mut(&self.mark) {
            *n -= 1;
            if *n == 0 {
                taken.remove(&self.mark);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_has_eight_seats_and_all_together_a_hundred() {
        let seats = Seats::default();
        let mine: Vec<Seat> = (0..10).filter_map(|_| seats.take([1; 32])).collect();
        assert_eq!(mine.len(), EARS_OF_ONE);
        let others: Vec<Seat> = (2..200_u8).filter_map(|n| seats.take([n; 32])).collect();
        assert_eq!(others.len(), EARS - EARS_OF_ONE);
        drop(mine);
        assert!(seats.take([1; 32]).is_some());
        drop(others);
        assert!(seats.0.lock().unwrap().is_empty());
    }
}
