//! How long and how much: all bounds of the dashboard's connections, and how two of them are held. `serve` holds the others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::dashboard::Dashboard;
use crate::dashboard::access::token::Mark;

use super::answer::{self, Problem};

/// What is asked of whoever connects. Tests have shorter ones.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Connections at once.
    pub connections: usize,
    /// How long a head may take, and how long a connection may be idle between two.
    pub head: Duration,
    /// The most bytes of a head.
    pub head_size: usize,
    /// How long an answer may take until it begins, the body of the request included.
    pub answer: Duration,
    /// How long nothing may be taken of an answer.
    pub taken: Duration,
    /// Connections for events, of all readers.
    pub ears: usize,
    /// And of one.
    pub ears_of_one: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connections: 256,
            head: Duration::from_secs(20),
            // A cookie with a token, and twice as much again.
            head_size: 16 * 1024,
            // Two questions to an API server that is slow.
            answer: Duration::from_secs(25),
            taken: Duration::from_secs(30),
            ears: 100,
            // A browser has six per host anyway.
            ears_of_one: 8,
        }
    }
}

pub async fn in_time(State(d): State<Arc<Dashboard>>, request: Request, next: Next) -> Response {
    let api = answer::is_api(request.uri().path());
    match tokio::time::timeout(d.bounds.answer, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let late = Problem::Away("This takes too long; try again.".into());
            answer::dressed(late.into_response(), None, api, (d.now)())
        }
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
    pub fn take(&self, mark: Mark, bounds: &Bounds) -> Option<Seat> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (all, own) = (taken.values().sum::<usize>(), taken.get(&mark).copied().unwrap_or(0));
        if all >= bounds.ears || own >= bounds.ears_of_one {
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
        let (seats, bounds) = (Seats::default(), Bounds::default());
        let mine: Vec<Seat> = (0..10).filter_map(|_| seats.take([1; 32], &bounds)).collect();
        assert_eq!(mine.len(), 8);
        let others: Vec<Seat> = (2..200_u8).filter_map(|n| seats.take([n; 32], &bounds)).collect();
        assert_eq!(others.len(), 92);
        drop(mine);
        assert!(seats.take([1; 32], &bounds).is_some());
        drop(others);
        assert!(seats.0.lock().unwrap().is_empty());
    }
}
