//! The replay: recordings through the feed and the books, shown as they move.
//!
//! One loop turns both stages. Between two records the lane is drained and silence is judged by
//! the recording's own time, so the books at the end depend on the bytes alone: not on the speed,
//! not on the size of the lane. A recording answers nobody, so a book that broke stays stale until
//! the recording itself holds a snapshot. Nothing is quoted here.

mod fault;
mod view;

pub use fault::ReplayFault;

use super::books::BookStage;
use super::feed::{Feed, FeedParams, Recorded, Source};
use super::lane::lane;
use crate::config::ReplayConfig;
use crate::event::{Body, Event, PART_LEVELS_MAX};
use crate::types::{Instrument, InstrumentId, InstrumentTable, Nanos, Side, Symbol};
use crate::venue::recorded::Tape;
use crate::venue::recorded::replay::books_of;
use crate::venue::recorded::survey::{Survey, survey};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use view::View;

/// Levels that a turn of the feed decodes: some tens of microseconds.
const LEVELS_PER_TURN_MAX: usize = 16 * PART_LEVELS_MAX;
/// Parts that a turn of the books applies.
const PARTS_PER_TURN_MAX: usize = 64;
/// Turns between two looks at clock, signals and terminal: well below a millisecond.
const TURNS: usize = 64;
/// The longest sleep: what a signal waits at most.
const NAP: Nanos = Nanos::from_millis(50);

/// Both stages over one recording. Turned, without a clock of its own.
#[derive(Debug)]
pub struct Wire {
    feed: Feed,
    books: BookStage,
    table: InstrumentTable,
    /// The instruments that are shown.
    shown: Vec<InstrumentId>,
    /// Events by instrument; one of every instrument's is of none.
    events: Vec<u64>,
}

impl Wire {
    /// Stands at the beginning of the recordings.
    ///
    /// # Errors
    /// One of them cannot be opened, or does not hold a symbol that is to be shown.
    pub fn new(config: &ReplayConfig, survey: &Survey) -> Result<Self, ReplayFault> {
        let table = survey.table.clone();
        let shown = choose(config, &table)?;
        let tape = Tape::open(&config.inputs)?;
        let recorded = Recorded::new(config.venue, tape, config.speed);
        let (sender, receiver) = lane(config.lane_lines);
        let params = FeedParams {
            venue: config.venue,
            table: table.clone(),
            levels_per_turn_max: LEVELS_PER_TURN_MAX,
        };
        let books = books_of(config.venue, survey);
        Ok(Self {
            feed: Feed::new(params, Source::Recorded(Box::new(recorded)), sender),
            books: BookStage::new(receiver, books, PARTS_PER_TURN_MAX),
            events: vec![0; table.len()],
            shown,
            table,
        })
    }

    /// Goes on by at most a record, and leaves the lane drained.
    pub fn turn(&mut self, now: Nanos) {
        let Self { feed, books, events, .. } = self;
        feed.turn(now);
        let time = feed.source().received(now);
        // Before the parts are applied: they end the silence, and must not hide it.
        books.on_time(time);
        let mut count = |event: &Event| {
            if event.instrument != InstrumentId::ALL && is_message_end(event) {
                events[event.instrument.index()] += 1;
            }
        };
        while books.turn(time, |event, _, _| count(event)) == PARTS_PER_TURN_MAX {}
        for wish in books.take_wishes() {
            feed.heed(wish, now);
        }
    }

    /// How long the next turn has nothing to do.
    pub fn wait(&mut self, now: Nanos) -> Nanos {
        self.recorded().wait(now)
    }

    /// Whether everything was played.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.feed.is_finished()
    }

    /// The books and what made them.
    #[must_use]
    pub const fn books(&self) -> &BookStage {
        &self.books
    }

    fn recorded(&mut self) -> &mut Recorded {
        match self.feed.source() {
            Source::Recorded(recorded) => recorded,
            Source::Live(_) => unreachable!("it was made over recordings"),
        }
    }

    fn shown(&self) -> impl Iterator<Item = &Instrument> {
        self.shown.iter().map(|id| self.table.get(*id))
    }

    fn records(&mut self) -> u64 {
        let readers = self.recorded().tape().readers();
        readers.iter().map(|reader| reader.report().records.iter().sum::<u64>()).sum()
    }

    /// 64 bits of all levels of all books that are shown, prices in the first half and quantities
    /// in the second: to compare two runs, not to prove anything to an enemy.
    #[must_use]
    pub fn digest(&self) -> String {
        let (mut prices, mut quantities) = (crc32fast::Hasher::new(), crc32fast::Hasher::new());
        for instrument in self.shown() {
            let book = self.books.books().get(instrument.id);
            for side in Side::BOTH {
                // The head keeps levels from passing to another book or side unseen.
                let head = format!("{} {}\n", instrument.symbol, side.name());
                prices.update(head.as_bytes());
                quantities.update(head.as_bytes());
                for (price, qty) in book.side(side).iter() {
                    prices.update(format!("{}\n", instrument.tick.text(price.0)).as_bytes());
                    quantities.update(format!("{}\n", instrument.lot.text(qty.0)).as_bytes());
                }
            }
        }
        format!("{:08x}{:08x}", prices.finalize(), quantities.finalize())
    }

    /// All that could not be read on the way, in words.
    pub fn damage(&mut self) -> Vec<String> {
        let mut found = Vec::new();
        for reader in self.recorded().tape().readers() {
            let (path, report) = (reader.path().display(), reader.report());
            if let Some(bytes) = report.torn {
                found.push(format!("{path} stops inside a record; {bytes} bytes are left of it"));
            }
            if let Some((line, why)) = report.named.first() {
                let count = report.malformed;
                let why = why.name();
                found.push(format!("{path}: {count} lines are no records, first {line}: {why}"));
            }
        }
        let malformed: u64 = self.feed.decoded().map(|counts| counts.malformed).sum();
        if malformed > 0 {
            found.push(format!("{malformed} messages cannot be read"));
        }
        found
    }
}

/// The ids of the symbols that were asked for, or all.
fn choose(
    config: &ReplayConfig,
    table: &InstrumentTable,
) -> Result<Vec<InstrumentId>, ReplayFault> {
    if config.symbols.is_empty() {
        return Ok(table.iter().map(|instrument| instrument.id).collect());
    }
    let find = |symbol: &Symbol| match table.lookup(config.venue, symbol.as_bytes()) {
        Some(instrument) => Ok(instrument.id),
        None => {
            let held = table.iter().map(|instrument| instrument.symbol).collect();
            Err(ReplayFault::NoSymbol { symbol: *symbol, held })
        }
    };
    config.symbols.iter().map(find).collect()
}

/// A message in several parts counts once.
const fn is_message_end(event: &Event) -> bool {
    match event.body {
        Body::Levels(head) => head.last,
        _ => true,
    }
}

/// Looks over the recordings: whether they can be played at all, and what they hold.
///
/// # Errors
/// As [`ReplayFault`] names them.
pub fn look_over(config: &ReplayConfig) -> Result<Survey, ReplayFault> {
    for path in &config.inputs {
        if path.metadata().is_ok_and(|data| !data.is_file()) {
            return Err(ReplayFault::NoFile(path.clone()));
        }
    }
    let mut tape = Tape::open(&config.inputs)?;
    let is_empty = tape.advance()?.is_none();
    for reader in tape.readers() {
        if let Some(venue) = reader.venue().filter(|venue| *venue != config.venue) {
            return Err(ReplayFault::OtherVenue { path: reader.path().to_owned(), venue });
        }
    }
    if is_empty {
        return Err(ReplayFault::Empty);
    }
    let survey = survey(config.venue, &config.inputs)?;
    if survey.table.is_empty() {
        return Err(ReplayFault::NoInstrument(config.venue));
    }
    Ok(survey)
}

/// Plays until the end, the duration or `stop`; what could not be read is given back in words.
///
/// # Errors
/// As [`ReplayFault`] names them.
///
/// # Panics
/// The first pass panicked: our own fault.
pub fn run(config: &ReplayConfig, stop: &AtomicBool) -> Result<Vec<String>, ReplayFault> {
    let begun = Instant::now();
    let clock = || Nanos(i64::try_from(begun.elapsed().as_nanos()).expect("less than 292 years"));
    let is_over = |now: Nanos| {
        stop.load(Ordering::Relaxed) || config.duration.is_some_and(|duration| now >= duration)
    };
    let mut view = View::new(config.line_every);
    // The first pass reads everything and does not look up; a signal need not wait for it.
    let first_pass = std::thread::spawn({
        let config = config.clone();
        move || look_over(&config)
    });
    while !first_pass.is_finished() {
        if is_over(clock()) {
            view.stopped(None, clock()).map_err(ReplayFault::Output)?;
            return Ok(Vec::new());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let survey = first_pass.join().expect("the first pass does not panic")?;
    let mut wire = Wire::new(config, &survey)?;
    loop {
        let now = clock();
        if wire.is_finished() || is_over(now) {
            break;
        }
        view.show(&mut wire, now).map_err(ReplayFault::Output)?;
        let wait = wire.wait(now).0.min(NAP.0);
        if wait > 0 {
            std::thread::sleep(Duration::from_nanos(wait.unsigned_abs()));
        } else {
            (0..TURNS).for_each(|_| wire.turn(now));
        }
    }
    view.stopped(Some(&mut wire), clock()).map_err(ReplayFault::Output)?;
    match wire.recorded().take_failure() {
        Some(error) => Err(error.into()),
        None => Ok(wire.damage()),
    }
}
