//! Commands of operators on their way into the core, and the core's answers on their way back.
//!
//! Whoever may command has a [`CommandDesk`]: it puts a request into a bounded channel, which the
//! sequencer polls once a turn, and looks for the answer among the last ones published. The answer
//! is published behind the record of it in the journal. The hot threads wake nobody: whoever waits
//! looks again. Who may command at all is not known here.

use super::view::{Publisher, View, Words, view};
use crate::engine::risk::{self, CommandVerdict};
use crate::event::{
    Asked, Command, LIMIT_CHANGES_MAX, Level, LimitChange, Line, Note, NoteError, PART_LEVELS_MAX,
};
use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Requests that wait for a turn: operators are slower than one.
const WAITING_MAX: usize = 16;
/// The last answers that can be looked for.
const ANSWERS: usize = 2 * WAITING_MAX;
/// Words of one answer: the number of its input, and what the line of an answer has that is not
/// always zero.
const ANSWER_WORDS: usize = 5;
/// How often whoever waits looks again.
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// A command with its number and its note, as the sequencer takes it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    pub(super) asked: Asked,
    pub(super) note: Option<Note>,
    pub(super) changes: [Option<LimitChange>; LIMIT_CHANGES_MAX],
}

impl Waiting {
    /// A command of the process itself.
    pub(super) const fn plain(command: Command) -> Self {
        Self { asked: Asked::plain(command), note: None, changes: [None; LIMIT_CHANGES_MAX] }
    }

    /// Writes the note and the changes into the places behind the event.
    pub(super) fn put(&self, places: &mut [Level; PART_LEVELS_MAX]) {
        let Some(note) = &self.note else { return };
        note.put(places);
        let changes = self.changes.iter().flatten();
        for (place, change) in places[usize::from(note.places())..].iter_mut().zip(changes) {
            *place = change.pack();
        }
    }
}

/// What became of a command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The number of the input that it has become.
    pub sequence: u64,
    /// What the core has said of it, as it stands in the journal.
    pub decided: risk::Answer,
}

impl Answer {
    /// Whether it was taken.
    #[must_use]
    pub fn is_taken(&self) -> bool {
        self.decided.verdict == CommandVerdict::Taken
    }
}

/// Why a command has no answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CommandFault {
    /// It cannot be said who asks, or why.
    Note(NoteError),
    /// Too many wait already: it was not taken.
    Busy,
    /// The engine has ended: it was not taken.
    Ended,
    /// No answer came in time: whether it will be taken is not known.
    NoAnswer {
        /// Its number in the journal.
        id: u64,
        /// How long the answer was awaited.
        waited: Duration,
    },
}

impl fmt::Display for CommandFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Note(error) => error.fmt(f),
            Self::Busy => {
                write!(f, "{WAITING_MAX} commands wait already and this was not taken: ask again")
            }
            Self::Ended => f.write_str("the engine has ended and the command was not taken"),
            Self::NoAnswer { id, waited } => write!(
                f,
                "command {id} had no answer within {} ms: look at the trading state whether it \
                 was taken",
                waited.as_millis()
            ),
        }
    }
}

impl std::error::Error for CommandFault {}

/// The last answers, the oldest first.
#[derive(Clone, Copy, Debug)]
struct Answers([Option<Answer>; ANSWERS]);

impl Words<{ ANSWERS * ANSWER_WORDS }> for Answers {
    fn to_words(&self) -> [u64; ANSWERS * ANSWER_WORDS] {
        let mut words = [0; ANSWERS * ANSWER_WORDS];
        let (places, _) = words.as_chunks_mut::<ANSWER_WORDS>();
        for (place, answer) in places.iter_mut().zip(self.0) {
            if let Some(Answer { sequence, decided }) = answer {
                let [head, id, low, high, ..] = decided.pack().0;
                *place = [sequence, head, id, low, high];
            }
        }
        words
    }

    fn from_words(words: &[u64; ANSWERS * ANSWER_WORDS]) -> Self {
        let places = words.as_chunks::<ANSWER_WORDS>().0;
        Self(std::array::from_fn(|at| {
            let [sequence, head, id, low, high] = places[at];
            let line = Line([head, id, low, high, 0, 0, 0, 0]);
            risk::Answer::unpack(&line).map(|decided| Answer { sequence, decided })
        }))
    }
}

/// The writing end of the answers: whoever has written them down says them.
#[derive(Debug)]
pub struct Answering {
    publisher: Publisher<Answers, { ANSWERS * ANSWER_WORDS }>,
    last: Answers,
}

impl Answering {
    /// Says what became of the command that was that input.
    #[cold]
    pub fn answer(&mut self, sequence: u64, decided: &risk::Answer) {
        self.last.0.rotate_left(1);
        self.last.0[ANSWERS - 1] = Some(Answer { sequence, decided: *decided });
        self.publisher.publish(&self.last);
    }
}

/// Where commands are given. Copies are the same desk.
#[derive(Clone, Debug)]
pub struct CommandDesk {
    to: Sender<Waiting>,
    answers: View<Answers, { ANSWERS * ANSWER_WORDS }>,
    last_id: Arc<AtomicU64>,
}

impl CommandDesk {
    /// Asks for a command, and waits for what becomes of it.
    ///
    /// # Errors
    /// Why there is no answer; a command that was not taken has one.
    pub fn request(
        &self,
        command: Command,
        who: &str,
        why: &str,
        timeout: Duration,
    ) -> Result<Answer, CommandFault> {
        self.ask((command, &[]), (who, why), timeout)
    }

    /// Asks for a change of limits, and waits for what becomes of it. Of the changes no more are
    /// taken than an input holds.
    ///
    /// # Errors
    /// Why there is no answer; a change that was not taken has one.
    pub fn request_limits(
        &self,
        changes: &[LimitChange],
        (who, why): (&str, &str),
        timeout: Duration,
    ) -> Result<Answer, CommandFault> {
        self.ask((Command::Limits, changes), (who, why), timeout)
    }

    fn ask(
        &self,
        (command, wanted): (Command, &[LimitChange]),
        (who, why): (&str, &str),
        timeout: Duration,
    ) -> Result<Answer, CommandFault> {
        let note = Note::new(who, why).map_err(CommandFault::Note)?;
        let id = 1 + self.last_id.fetch_add(1, Ordering::Relaxed);
        let mut changes = [None; LIMIT_CHANGES_MAX];
        changes.iter_mut().zip(wanted).for_each(|(place, change)| *place = Some(*change));
        let count = u8::try_from(wanted.len().min(LIMIT_CHANGES_MAX)).expect("few changes");
        let asked = Asked { command, places: note.places() + count, changes: count, id };
        self.to.try_send(Waiting { asked, note: Some(note), changes }).map_err(
            |error| match error {
                TrySendError::Full(_) => CommandFault::Busy,
                TrySendError::Disconnected(_) => CommandFault::Ended,
            },
        )?;
        let begun = Instant::now();
        loop {
            if let Some(answer) = self.answer(id) {
                return Ok(answer);
            }
            if begun.elapsed() >= timeout {
                return Err(CommandFault::NoAnswer { id, waited: timeout });
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    fn answer(&self, id: u64) -> Option<Answer> {
        self.answers.read().0.into_iter().flatten().find(|answer| answer.decided.id == id)
    }
}

/// The other ends of a desk: the sequencer's, and that of whoever writes the journal.
#[derive(Debug)]
pub struct Commanded {
    from: Receiver<Waiting>,
    answering: Option<Answering>,
    desk: CommandDesk,
}

impl Commanded {
    /// A desk and its other ends.
    #[must_use]
    pub(super) fn new() -> Self {
        let (to, from) = bounded(WAITING_MAX);
        let last = Answers([None; ANSWERS]);
        let (publisher, answers) = view(last);
        let desk = CommandDesk { to, answers, last_id: Arc::default() };
        Self { from, answering: Some(Answering { publisher, last }), desk }
    }

    /// The desk.
    pub(super) fn desk(&self) -> CommandDesk {
        self.desk.clone()
    }

    /// The writing end of the answers, which there is once.
    pub(super) fn answering(&mut self) -> Answering {
        self.answering.take().expect("one stage writes the journal")
    }

    /// The next request, if one waits.
    #[inline]
    pub(super) fn poll(&mut self) -> Option<Waiting> {
        // An empty channel costs a barrier where something is received, and two loads here.
        if self.from.is_empty() { None } else { self.from.try_recv().ok() }
    }
}
