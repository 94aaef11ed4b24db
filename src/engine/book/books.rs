//! All books of a connection: an event goes to its book or to all of them, and silence is judged.

use super::{Book, BookParams, Change};
use crate::event::{Body, Event, Level, Stale};
use crate::types::{InstrumentId, Nanos};
use serde::{Deserialize, Serialize};

/// The books of one connection by instrument.
#[derive(Debug, Serialize, Deserialize)]
pub struct Books {
    books: Vec<Book>,
    silence_max: Nanos,
    /// When something was last received; unknown while the silence has been named.
    last_received: Nanos,
}

impl Books {
    /// No books yet; the connection is silent after that span without a message.
    #[must_use]
    pub const fn new(silence_max: Nanos) -> Self {
        Self { books: Vec::new(), silence_max, last_received: Nanos::UNKNOWN }
    }

    /// Adds the book of the next instrument.
    pub fn add(&mut self, params: &BookParams) -> InstrumentId {
        let id = u16::try_from(self.books.len()).expect("a table gives fewer ids");
        self.books.push(Book::new(params));
        InstrumentId(id)
    }

    /// The book of an instrument.
    ///
    /// # Panics
    /// It has none: our own fault.
    #[inline]
    #[must_use]
    pub fn get(&self, id: InstrumentId) -> &Book {
        &self.books[id.index()]
    }

    /// All books in the order of their instruments.
    pub fn iter(&self) -> std::slice::Iter<'_, Book> {
        self.books.iter()
    }

    /// Takes one event with its levels: to its book, or to all of them.
    #[inline]
    pub fn apply(&mut self, event: &Event, levels: &[Level]) -> Change {
        if event.body == Body::Fault(Stale::Disconnected) {
            // A connection that is down is not silent.
            self.last_received = Nanos::UNKNOWN;
        } else if event.received.is_known() {
            self.last_received = event.received;
        }
        if event.instrument != InstrumentId::ALL {
            return self.books[event.instrument.index()].apply(event, levels);
        }
        let mut change = Change::default();
        for book in &mut self.books {
            let one = book.apply(event, levels);
            change.top |= one.top;
            change.state |= one.state;
        }
        change
    }

    /// When the silence will be named, if nothing comes.
    #[must_use]
    pub fn deadline(&self) -> Option<Nanos> {
        self.last_received.is_known().then(|| Nanos(self.last_received.0 + self.silence_max.0))
    }

    /// Time has passed: after the deadline every book is stale, once.
    pub fn on_time(&mut self, now: Nanos) -> Change {
        if self.deadline().is_none_or(|deadline| now <= deadline) {
            return Change::default();
        }
        self.last_received = Nanos::UNKNOWN;
        for book in &mut self.books {
            book.fail(Stale::SilentFeed);
        }
        Change { top: false, state: true }
    }
}

impl<'a> IntoIterator for &'a Books {
    type Item = &'a Book;
    type IntoIter = std::slice::Iter<'a, Book>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
