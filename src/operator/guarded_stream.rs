//! Leadership -> connections that send nothing after it has ended.
//!
//! The layer of the client ([`crate::reconcile::leadership::guard`]) checks when a request starts. A process can be
//! stopped between that check and the first byte: while the request waits for a connection, is retried or is encrypted.
//! So this is the last check, right before the system call.

use std::io::{Error, IoSlice, Result};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};

use crate::reconcile::leadership::{Leadership, NotLeading};

/// A connection of a process that may act, or has not led yet.
#[derive(Debug)]
pub(crate) struct GuardedStream<S> {
    stream: S,
    leadership: Arc<Leadership>,
}

impl<S> GuardedStream<S> {
    pub(crate) fn new(stream: S, leadership: Arc<Leadership>) -> Self {
        Self { stream, leadership }
    }

    /// A process that does not lead may send: this layer cannot distinguish reads from writes, and such a process
    /// starts no write.
    fn check(&self) -> Result<()> {
        if self.leadership.is_over() { Err(Error::other(NotLeading)) } else { Ok(()) }
    }
}

impl<S: Read + Unpin> Read for GuardedStream<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: Write + Unpin> Write for GuardedStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }
}

impl<S: Connection> Connection for GuardedStream<S> {
    fn connected(&self) -> Connected {
        self.stream.connected()
    }
}
