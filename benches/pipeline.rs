//! Whole recordings through decode and book on one core, and what each stage adds.
//!
//! Bytes are in memory before a pass begins. A pass is a new connection: books fall stale and take
//! the snapshot anew, nothing is made again. One session is made from a seed, so that the bench
//! says something on a bare clone; the others are recordings. `cargo bench --bench pipeline`.

#[allow(dead_code, reason = "the session alone is needed here")]
mod messages;

mod harness;
mod recordings;

use flate2::read::MultiGzDecoder;
use harness::{Arm, measuring, row};
use pinnaclemm::engine::book::{BookState, Books};
use pinnaclemm::event::{Body, Event, Level, Levels, Part, Shape, Stale};
use pinnaclemm::threads::lane::lane;
use pinnaclemm::types::{
    Currency, InstrumentId, InstrumentTable, Nanos, Price, Product, Qty, Scale, Side, Symbol, Venue,
};
use pinnaclemm::venue::decode::Next;
use pinnaclemm::venue::decoder::VenueDecoder;
use pinnaclemm::venue::recorded::replay::{books_of, frame_of};
use pinnaclemm::venue::recorded::survey::{Survey, survey};
use pinnaclemm::venue::recorded::{Kind, Reader, Tape};
use std::cell::RefCell;
use std::io::{Cursor, Read};
use std::sync::Arc;

/// One session in memory.
struct Session {
    name: String,
    venue: Venue,
    survey: Survey,
    /// The files as they lie on the disk, and unpacked.
    packed: Vec<Arc<[u8]>>,
    plain: Vec<Arc<[u8]>>,
}

impl Session {
    /// The recordings of those names; nothing where one is absent.
    fn read(venue: Venue, names: &[&str]) -> Option<Self> {
        let paths = recordings::find(names)?;
        let survey = survey(venue, &paths).expect("a recording that is whole");
        let packed: Vec<Arc<[u8]>> =
            paths.iter().map(|path| std::fs::read(path).expect("a file").into()).collect();
        let plain = packed.iter().map(|bytes| unpacked(bytes).into()).collect();
        Some(Self { name: format!("{venue}: {}", names.join(" + ")), venue, survey, packed, plain })
    }

    /// The session of `messages`.
    fn made(count: usize) -> Self {
        let name = Currency::new(b"X").expect("a name");
        let mut table = InstrumentTable::new(1);
        let product = Product {
            symbol: Symbol::new(b"BTCUSDT").expect("a symbol"),
            base: name,
            quote: name,
            tick: Scale::power_of_ten(2),
            lot: Scale::power_of_ten(8),
            order_step: Scale::power_of_ten(8),
            trading: true,
        };
        table.add(Venue::BinanceSpot, &product).expect("room");
        let plain: Arc<[u8]> = messages::binance_session(count).into();
        Self {
            name: "made from a seed".to_owned(),
            venue: Venue::BinanceSpot,
            survey: Survey {
                table,
                orders: vec![0],
                prices: vec![None],
                utc: true,
                last: Nanos::UNKNOWN,
            },
            packed: vec![Arc::clone(&plain)],
            plain: vec![plain],
        }
    }

    fn tape(&self, files: &[Arc<[u8]>]) -> Tape {
        let open = |bytes: &Arc<[u8]>| {
            Reader::from_read(&self.name, Cursor::new(Arc::clone(bytes))).expect("a recording")
        };
        Tape::over(files.iter().map(open).collect())
    }
}

fn unpacked(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    if bytes.starts_with(&[0x1f, 0x8b]) {
        MultiGzDecoder::new(bytes).read_to_end(&mut plain).expect("gzip");
        plain
    } else {
        zstd::stream::decode_all(bytes).expect("zstd")
    }
}

/// How far the parts of a message go.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// Records are cut and nothing is decoded.
    Cut,
    Decode,
    Book,
    /// Through a lane in between, in one thread.
    LaneAndBook,
}

/// What is made once and used by every pass.
struct Stages {
    decoders: Vec<VenueDecoder>,
    books: Books,
}

impl Stages {
    fn of(session: &Session) -> Self {
        let decoders = session.plain.iter().map(|_| VenueDecoder::new(session.venue)).collect();
        Self { decoders, books: books_of(session.venue, &session.survey) }
    }

    /// Plays a tape and sums what came of it.
    fn play(&mut self, session: &Session, mut tape: Tape, way: Way) -> u64 {
        let (mut sender, mut receiver) = lane(1 << 10);
        let (mut part, mut taken) = (Part::empty(), Part::empty());
        let mut sum = 0_u64;
        self.decoders.iter_mut().for_each(VenueDecoder::connected);
        self.books.apply(&event(Body::Fault(Stale::Disconnected), InstrumentId::ALL), &[]);
        while let Some((place, record)) = tape.advance().expect("a recording that is whole") {
            if way == Way::Cut {
                sum += record.payload.len() as u64;
                continue;
            }
            if record.kind == Kind::Up {
                self.decoders[place].connected();
            }
            let Some(frame) = frame_of(session.venue, &record, &session.survey.table) else {
                continue;
            };
            let decoder = &mut self.decoders[place];
            decoder.begin();
            while decoder.next(&frame, &mut part) == Next::Part {
                match way {
                    Way::Cut | Way::Decode => sum += part.levels().len() as u64 + 1,
                    Way::Book => _ = self.books.apply(&part.event, part.levels()),
                    Way::LaneAndBook => {
                        assert!(sender.has_room());
                        sender.push(&part.event, part.levels());
                        assert_eq!(receiver.pop(&mut taken), Ok(true));
                        self.books.apply(&taken.event, taken.levels());
                    }
                }
            }
        }
        if matches!(way, Way::Book | Way::LaneAndBook) { self.ends() } else { sum }
    }

    /// The touch of every book; each must be fresh.
    fn ends(&self) -> u64 {
        self.books.iter().fold(0, |sum, book| {
            assert_eq!(book.state(), BookState::Fresh);
            let top = book.top().expect("both sides");
            let words = [top.bid.0, top.bid_qty.0, top.ask.0, top.ask_qty.0];
            words.iter().fold(sum, |sum, word| sum * 31 % (1 << 56) + word.cast_unsigned())
        })
    }
}

fn event(body: Body, instrument: InstrumentId) -> Event {
    Event { sequence: 0, received: Nanos(1), venue_time: Nanos(1), instrument, body }
}

/// Every stage over one session, by the message.
fn stages(session: &Session) {
    let made = RefCell::new(Stages::of(session));
    let mut count = 0;
    let mut tape = session.tape(&session.plain);
    while let Some((_, record)) = tape.advance().expect("a recording that is whole") {
        count += u64::from(matches!(record.kind, Kind::Received | Kind::Rest));
    }
    let arm = |name, files: &'static str, way| {
        let made = &made;
        Arm::new(name, move || {
            let files = if files == "packed" { &session.packed } else { &session.plain };
            made.borrow_mut().play(session, session.tape(files), way)
        })
    };
    let sums = row(
        &session.name,
        count,
        &mut [
            arm("cut into records", "plain", Way::Cut),
            arm("cut, decode", "plain", Way::Decode),
            arm("cut, decode, book", "plain", Way::Book),
            arm("cut, decode, lane, book", "plain", Way::LaneAndBook),
            arm("unpack, cut, decode, book", "packed", Way::Book),
        ],
    );
    assert!(sums[2] == sums[3] && sums[2] == sums[4], "all end at the same touch");
}

/// One part handed over in one thread, beside a plain copy of it.
fn hand_over(count: u8) {
    let levels: Vec<_> = (0..i64::from(count))
        .map(|n| Level::new(Side::BOTH[usize::from(n % 2 == 0)], Price(n + 1), Qty(n + 1)))
        .collect();
    let shape = Shape::Update;
    let head = Levels { shape, first: true, last: true, count, follows: 0, id: 1, checksum: None };
    let event = event(Body::Levels(head), InstrumentId(0));
    let parts = if measuring() { 100_000 } else { 1000 };
    let (mut sender, mut receiver) = lane(1 << 10);
    let (mut copy, mut part) = (Part::empty(), Part::empty());
    let read = |part: &Part| part.levels().last().map_or(0, |level| level.qty().0.cast_unsigned());
    let copied = || {
        (0..parts).fold(0, |sum: u64, _| {
            copy.set(std::hint::black_box(&event), std::hint::black_box(&levels));
            sum + read(std::hint::black_box(&copy))
        })
    };
    let handed = || {
        (0..parts).fold(0, |sum: u64, _| {
            assert!(sender.has_room());
            sender.push(std::hint::black_box(&event), std::hint::black_box(&levels));
            assert_eq!(receiver.pop(&mut part), Ok(true));
            sum + read(std::hint::black_box(&part))
        })
    };
    let title = format!("hand over a part of {count} levels");
    let arms = &mut [Arm::new("copy", copied), Arm::new("lane: push and pop", handed)];
    let sums = row(&title, parts, arms);
    assert_eq!(sums[0], sums[1]);
}

fn main() {
    stages(&Session::made(if measuring() { 100_000 } else { 5000 }));
    let spot = ["binance/spot/btcusdt_20240808.gz", "binance/spot/btcusdt_20240809.gz"];
    let exchange = "coinbase-exchange/ws/level2_matches_ticker_20210417.txt.zst";
    let advanced = "coinbase-advanced/ws/btcusd_ethusd_20260809_first690.jsonl.zst";
    let kraken = "kraken/v1/book1000_20210405_10pairs.txt.zst";
    let read = [
        (Venue::BinanceSpot, &spot[..]),
        (Venue::CoinbaseExchange, &[exchange]),
        (Venue::CoinbaseAdvanced, &[advanced]),
        (Venue::Kraken, &[kraken]),
    ];
    for (venue, names) in read {
        if let Some(session) = Session::read(venue, names) {
            stages(&session);
        }
    }
    [1, 4, 28].into_iter().for_each(hand_over);
}
