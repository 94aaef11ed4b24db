//! The venue's own memory, which the engine never reads: what a real venue would still know after
//! this process has died.
//!
//! `venue-truth.jsonl` in a directory of the caller's: a line of JSON for each thing that became
//! true, later lines over earlier ones. It is written before anybody can hear of it, so what we
//! were told stands in it after a kill at any instant; `persist` syncs it. Opening it folds the
//! lines and writes them anew, whole or not at all. A last line without its end is cut off: nobody
//! was told of it. There is room ahead of its end: a real venue does not go when our disk is full.

use super::account::{FILLS_MAX, Fill, Holding, Ours};
use super::ids::IdsUsed;
use super::market::Market;
use super::params::MarketParams;
use crate::sys;
use crate::types::{OrderId, Price, Qty, Scale, Side, Symbol};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The file's name.
pub(super) const NAME: &str = "venue-truth.jsonl";
const VERSION: u32 = 1;
/// A longer file is folded when it is next synced.
const FOLD_BYTES: usize = 16 << 20;
/// The room ahead of the end, where the file system can set some aside: some ten thousand lines.
const AHEAD_BYTES: usize = 2 << 20;

/// Something that became true.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Entry {
    /// The first line.
    Truth {
        /// Of this form.
        version: u32,
        /// How often the venue was started on it.
        starts: u64,
    },
    /// An instrument; its place is its number among these lines.
    Market {
        /// Its name.
        symbol: Symbol,
        /// What its prices count.
        tick: Scale,
        /// What its quantities count.
        lot: Scale,
        /// The order step.
        order_step: Scale,
    },
    /// The fair value of a market, in ticks.
    Fair {
        /// The market's place.
        market: u16,
        /// In ticks.
        ticks: f64,
    },
    /// No trade has had that number or a higher one.
    TradesBelow(u64),
    /// The ids of ours that were used.
    Ids(IdsUsed),
    /// An order of ours rests so.
    Order(Rested),
    /// An order of ours is gone.
    Gone(u64),
    /// We traded.
    Fill(Fill),
    /// What we hold in a market.
    Holding {
        /// The market's place.
        market: u16,
        /// What we hold.
        holding: Holding,
    },
}

/// An order of ours as it rests.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Rested {
    /// Its id.
    pub(super) id: u64,
    /// The market's place.
    pub(super) market: u16,
    /// Its side.
    pub(super) side: Side,
    /// Its limit.
    pub(super) price: Price,
    /// Its whole quantity.
    pub(super) whole: Qty,
    /// What it has traded.
    pub(super) traded: Qty,
}

impl Rested {
    /// As it rests now.
    pub(super) const fn of(order: &Ours) -> Self {
        let Ours { id, market, side, price, whole, traded, .. } = *order;
        Self { id: id.0, market, side, price, whole, traded }
    }

    /// It rests again, behind what was put back before it.
    pub(super) fn put_back(&self, at: &mut Market) -> Ours {
        let Self { id, market, side, price, whole, traded } = *self;
        let place = at.put_back(id, (side, price, Qty(whole.0 - traded.0)));
        Ours { id: OrderId(id), market, side, price, whole, traded, place }
    }
}

/// All entries, folded.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Memory {
    /// How often the venue was started before.
    pub(super) starts: u64,
    /// The markets by place.
    pub(super) markets: Vec<(Symbol, Scale, Scale, Scale)>,
    /// Their fair values.
    pub(super) fair: BTreeMap<u16, f64>,
    /// No trade has had that number.
    pub(super) trades_below: u64,
    /// The ids used.
    pub(super) ids: IdsUsed,
    /// Our orders that rest, in the order in which they came to rest.
    pub(super) orders: Vec<Rested>,
    /// Our last fills.
    pub(super) fills: VecDeque<Fill>,
    /// What we hold.
    pub(super) holdings: BTreeMap<u16, Holding>,
}

/// Why the truth cannot be had.
#[derive(Debug)]
pub enum TruthError {
    /// The file cannot be read or written.
    Io(PathBuf, io::Error),
    /// A line says nothing that is known.
    Line {
        /// Of which file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        wrong: String,
    },
    /// It was written for other instruments.
    Markets {
        /// Which file.
        path: PathBuf,
        /// The instrument that is missing or has other steps now.
        symbol: Symbol,
    },
}

impl fmt::Display for TruthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Line { path, line, wrong } => write!(
                f,
                "{}:{line}: {wrong}; the simulated venue cannot go on from it: remove the file to \
                 begin a new venue",
                path.display()
            ),
            Self::Markets { path, symbol } => write!(
                f,
                "{}: {symbol} stands in it with other steps, or is no longer configured; use \
                 another data directory",
                path.display()
            ),
        }
    }
}

impl std::error::Error for TruthError {}

/// The file.
#[derive(Debug)]
pub struct Truth {
    path: PathBuf,
    file: File,
    buffer: Vec<u8>,
    memory: Memory,
    /// Bytes of the file.
    written: usize,
    /// Bytes that it has its place for.
    place: usize,
}

impl Truth {
    /// Reads the truth of that directory, or begins one.
    ///
    /// # Errors
    /// It cannot be read, or a line of it but the last, torn one is damaged.
    pub fn open(directory: &Path) -> Result<Self, TruthError> {
        let path = directory.join(NAME);
        let failed = |error| TruthError::Io(path.clone(), error);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(failed(error)),
        };
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let mut memory = Memory::default();
        for (at, line) in text[..whole].split_inclusive(|byte| *byte == b'\n').enumerate() {
            let wrong = |wrong| TruthError::Line { path: path.clone(), line: at + 1, wrong };
            let entry: Entry =
                serde_json::from_slice(line).map_err(|error| wrong(error.to_string()))?;
            memory.fold(&entry).map_err(wrong)?;
        }
        memory.starts += 1;
        let (file, written) = rewrite(&path, &memory).map_err(failed)?;
        let mut truth = Self { path, file, buffer: Vec::new(), memory, written, place: 0 };
        truth.set_aside();
        Ok(truth)
    }

    /// From here on nothing can be written, as on a full disk.
    #[cfg(test)]
    pub(super) fn break_file(&mut self) {
        self.file = File::open(&self.path).expect("it was just written");
    }

    /// Puts the markets in the order of the truth, and what is new behind it; gives what is known.
    ///
    /// # Errors
    /// An instrument of the truth is missing among them or has other steps, or it cannot be
    /// written.
    pub(super) fn settle_markets(
        &mut self,
        markets: &mut [MarketParams],
    ) -> Result<Memory, TruthError> {
        for (place, (symbol, tick, lot, order_step)) in self.memory.markets.iter().enumerate() {
            let same = |market: &MarketParams| {
                (market.symbol, market.tick, market.lot, market.order_step)
                    == (*symbol, *tick, *lot, *order_step)
            };
            let Some(at) = markets.iter().position(same) else {
                return Err(TruthError::Markets { path: self.path.clone(), symbol: *symbol });
            };
            markets[place..=at].rotate_right(1);
        }
        for market in &markets[self.memory.markets.len()..] {
            let MarketParams { symbol, tick, lot, order_step, .. } = *market;
            self.add(&Entry::Market { symbol, tick, lot, order_step });
        }
        self.write().map_err(|error| TruthError::Io(self.path.clone(), error))?;
        Ok(self.memory.clone())
    }

    /// Where it is.
    #[must_use]
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Something became true.
    pub(super) fn add(&mut self, entry: &Entry) {
        append(&mut self.buffer, entry);
        self.memory.fold(entry).expect("the venue says nothing that cannot be");
    }

    /// Hands all that became true to the system: it outlives this process.
    ///
    /// # Errors
    /// It cannot be written.
    #[inline]
    pub(super) fn write(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        self.file.write_all(&self.buffer)?;
        self.written += self.buffer.len();
        self.buffer.clear();
        self.set_aside();
        Ok(())
    }

    /// Half of the room ahead is used up: as much again. Where there is none, a write says so.
    #[inline]
    fn set_aside(&mut self) {
        if self.place < self.written + AHEAD_BYTES / 2 {
            let upto = self.written + AHEAD_BYTES;
            if sys::mmap::set_aside(&self.file, upto as u64).is_ok() {
                self.place = upto;
            }
        }
    }

    /// As [`Self::write`], and syncs it: it outlives the machine. A file grown long is folded.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn persist(&mut self) -> io::Result<()> {
        self.write()?;
        if self.written > FOLD_BYTES {
            (self.file, self.written) = rewrite(&self.path, &self.memory)?;
            self.place = 0;
            self.set_aside();
            return Ok(());
        }
        self.file.sync_data()
    }
}

/// Writes the file anew, whole or not at all, and gives it for more lines, with its length.
fn rewrite(path: &Path, memory: &Memory) -> io::Result<(File, usize)> {
    let mut buffer = Vec::new();
    memory.entries().for_each(|entry| append(&mut buffer, &entry));
    let next = path.with_extension("next");
    let mut file = File::create(&next)?;
    file.write_all(&buffer)?;
    file.sync_all()?;
    std::fs::rename(&next, path)?;
    if let Some(directory) = path.parent() {
        File::open(directory)?.sync_all()?;
    }
    Ok((OpenOptions::new().append(true).open(path)?, buffer.len()))
}

fn append(buffer: &mut Vec<u8>, entry: &Entry) {
    serde_json::to_writer(&mut *buffer, entry).expect("an entry is JSON, and memory takes it");
    buffer.push(b'\n');
}

impl Memory {
    /// What we hold in each of so many markets.
    pub(super) fn holdings(&self, markets: usize) -> Vec<Holding> {
        let of = |market| self.holdings.get(&market).copied().unwrap_or_default();
        (0..).take(markets).map(of).collect()
    }

    /// Another line.
    fn fold(&mut self, entry: &Entry) -> Result<(), String> {
        let known = self.markets.len();
        let place = |market: u16| {
            let known = usize::from(market) < known;
            known.then_some(market).ok_or_else(|| format!("market {market} was not named before"))
        };
        match *entry {
            Entry::Truth { version: VERSION, starts } => self.starts = starts,
            Entry::Truth { version, .. } => {
                return Err(format!("it is of version {version}, and {VERSION} is known"));
            }
            Entry::Market { symbol, tick, lot, order_step } => {
                self.markets.push((symbol, tick, lot, order_step));
            }
            Entry::Fair { market, ticks } => drop(self.fair.insert(place(market)?, ticks)),
            Entry::TradesBelow(id) => self.trades_below = id,
            Entry::Ids(used) => self.ids = used,
            Entry::Order(order) => {
                place(order.market)?;
                if order.traded >= order.whole || order.traded < Qty::ZERO || order.price.0 < 1 {
                    return Err("an order with nothing left, or without a price, rests".into());
                }
                match self.orders.iter_mut().find(|other| other.id == order.id) {
                    Some(other) => *other = order,
                    None => self.orders.push(order),
                }
            }
            Entry::Gone(id) => self.orders.retain(|order| order.id != id),
            Entry::Fill(fill) => {
                place(fill.market)?;
                if self.fills.len() == FILLS_MAX {
                    self.fills.pop_front();
                }
                self.fills.push_back(fill);
            }
            Entry::Holding { market, holding } => {
                self.holdings.insert(place(market)?, holding);
            }
        }
        Ok(())
    }

    /// The lines that fold to this.
    fn entries(&self) -> impl Iterator<Item = Entry> + '_ {
        let head = Entry::Truth { version: VERSION, starts: self.starts };
        let markets = self.markets.iter().map(|market| {
            let (symbol, tick, lot, order_step) = *market;
            Entry::Market { symbol, tick, lot, order_step }
        });
        let fair =
            self.fair.iter().map(|(market, ticks)| Entry::Fair { market: *market, ticks: *ticks });
        let holdings = self
            .holdings
            .iter()
            .map(|(market, holding)| Entry::Holding { market: *market, holding: *holding });
        std::iter::once(head)
            .chain(markets)
            .chain(fair)
            .chain([Entry::TradesBelow(self.trades_below), Entry::Ids(self.ids)])
            .chain(self.orders.iter().map(|order| Entry::Order(*order)))
            .chain(self.fills.iter().map(|fill| Entry::Fill(*fill)))
            .chain(holdings)
    }
}
