//! A feed and its books turned by a test against the TLS server, in the time of a recording.
//!
//! The test plays the server: record by record in step, so that after each one the books can be
//! looked at. Nothing passes but what the test lets pass; the clock stands between two records.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use pinnaclemm::engine::book::{BookState, Books, Top};
use pinnaclemm::event::{Part, Stale};
use pinnaclemm::threads::feed::{Feed, FeedParams, Source};
use pinnaclemm::threads::link::Wish;
use pinnaclemm::threads::resyncs;
use pinnaclemm::types::{Instrument, InstrumentId, Nanos, Venue};
use pinnaclemm::venue::binance::decode::is_rest_depth;
use pinnaclemm::venue::recorded::replay::{Replay, books_of};
use pinnaclemm::venue::recorded::report::book_report;
use pinnaclemm::venue::recorded::survey::{Survey, survey};
use pinnaclemm::venue::recorded::{Kind, Tape};
use pinnaclemm::venue::session::Session;
use pinnaclemm::venue::session::config::{Roots, SessionConfig};
use pinnaclemm::venue::session::facts::Content;
use pinnaclemm::venue::session::reason::Counters;

use crate::data;
use crate::tls_server::{PATIENCE, Peer, Server, Welcome, kraken_answer};

/// What a venue plays.
#[derive(Clone)]
pub(crate) struct Play {
    pub(crate) venue: Venue,
    pub(crate) path: PathBuf,
    pub(crate) survey: Survey,
    /// Stamp and text of every message, as far as it is played.
    pub(crate) records: Vec<(Nanos, String)>,
    /// The touch of the first book behind each message, as the replay has it.
    pub(crate) tops: Vec<Option<Top>>,
}

/// The recording of a venue up to so many messages; nothing where it is absent.
pub(crate) fn play_of(venue: Venue, records_max: usize) -> Option<Play> {
    let path = data::path(match venue {
        Venue::CoinbaseExchange => "coinbase-exchange/ws/level2_matches_ticker_20210417.txt.zst",
        Venue::CoinbaseAdvanced => "coinbase-advanced/ws/btcusd_ethusd_20260809_first690.jsonl.zst",
        Venue::Kraken => "kraken/v2_book_btcusd_d10_20260816.ndjson",
        _ => "binance/spot/btcusdt_20240808.gz",
    })?;
    let paths = [path.clone()];
    let survey = survey(venue, &paths).expect("the recording is whole");
    let mut tape = Tape::open(&paths).expect("the recording is there");
    let mut records = Vec::new();
    while let Some((_, record)) = tape.advance().expect("it reads on") {
        if record.kind == Kind::Received && records.len() < records_max {
            let text = String::from_utf8(record.payload.to_vec()).expect("a message is text");
            records.push((record.received, text));
        }
    }
    let mut play = Play { venue, path, survey, records, tops: Vec::new() };
    let mut replay = Replay::with(venue, &paths, &play.survey).expect("it opens");
    while play.tops.len() < play.records.len() {
        let received = count(&replay);
        assert!(replay.advance(|_, _, _| {}).expect("it reads on"));
        if count(&replay) > received {
            play.tops.push(replay.books().get(InstrumentId(0)).top());
        }
    }
    Some(play)
}

/// How many messages have been replayed.
fn count(replay: &Replay) -> usize {
    let report = replay.tape().readers()[0].report();
    usize::try_from(report.count(Kind::Received)).expect("few")
}

impl Play {
    /// The replay of the same messages, up to the n-th.
    pub(crate) fn replay(&self, count: usize) -> Replay {
        let paths = [self.path.clone()];
        let mut replay = Replay::with(self.venue, &paths, &self.survey).expect("it opens");
        while self::count(&replay) < count && replay.advance(|_, _, _| {}).expect("it reads on") {}
        replay
    }

    /// The books of the replay, whole, as text.
    pub(crate) fn expected(&self) -> String {
        let replay = self.replay(self.records.len());
        texts(&self.survey, replay.books())
    }
}

/// All levels of all books with their state.
pub(crate) fn texts(survey: &Survey, books: &Books) -> String {
    let text = |instrument: &Instrument| {
        let report = book_report(books.get(instrument.id), instrument, 0);
        format!("{} {}\n", instrument.symbol, serde_json::to_string(&report).expect("plain"))
    };
    survey.table.iter().map(text).collect()
}

pub(crate) struct Rig {
    pub(crate) play: Play,
    pub(crate) server: Server,
    pub(crate) rest: Server,
    pub(crate) feed: Feed,
    pub(crate) books: Books,
    part: Part,
    pub(crate) now: Nanos,
    pub(crate) wishes: Vec<Wish>,
    /// The states of the first book, one after the other, as a reader of the books saw them.
    pub(crate) states: Vec<&'static str>,
    parts_per_turn_max: usize,
    /// A message was lost and nobody can know it yet.
    pub(crate) is_deceived: bool,
}

/// Parts that a turn takes, where nothing is said of it.
pub(crate) const USUAL: usize = 64;

impl Rig {
    pub(crate) fn new(play: &Play, parts_per_turn_max: usize) -> Self {
        let (server, rest) = (Server::start([]), Server::start(vec![Welcome::Request; 8]));
        let depth = match play.venue {
            Venue::Kraken => 10,
            Venue::BinanceSpot => 1000,
            _ => 0,
        };
        let symbols = play.survey.table.iter().map(|instrument| instrument.symbol).collect();
        let mut config = SessionConfig::public(play.venue, symbols, depth, Content::All);
        config.feed = Some(server.endpoint());
        config.rest = Some(rest.endpoint());
        let both = vec![server.certificate.clone(), rest.certificate.clone()];
        config.roots = Roots::Only(both);
        let session = Session::new(config, 7).expect("the config is sound");
        let params = FeedParams { venue: play.venue, table: play.survey.table.clone() };
        Self {
            feed: Feed::new(params, Source::Live(Box::new(session))),
            books: books_of(play.venue, &play.survey),
            part: Part::empty(),
            now: play.records[0].0,
            play: play.clone(),
            server,
            rest,
            wishes: Vec::new(),
            states: vec!["no_snapshot"],
            parts_per_turn_max,
            is_deceived: false,
        }
    }

    pub(crate) fn counters(&self) -> &Counters {
        self.feed.session().expect("it is live").counters()
    }

    /// The state of the first book.
    pub(crate) fn state(&self) -> &'static str {
        name(self.books.get(InstrumentId(0)).state())
    }

    /// All levels of all books with their state.
    pub(crate) fn text(&self) -> String {
        texts(&self.play.survey, &self.books)
    }

    /// One turn of feed and books; the work that was done.
    pub(crate) fn turn(&mut self) -> usize {
        let Self { feed, books, part, now, wishes, states, .. } = self;
        let now = *now;
        let mut see = |books: &Books| {
            let state = name(books.get(InstrumentId(0)).state());
            if states.last() != Some(&state) {
                states.push(state);
            }
        };
        let mut work = 0;
        let mut wished = Vec::new();
        while work < self.parts_per_turn_max && feed.hear(now, part) {
            let change = books.apply(&part.event, part.levels());
            see(books);
            resyncs::judge(&part.event, change, books, |wish| wished.push(wish));
            work += 1;
        }
        if work == 0 && books.on_time(now).state {
            see(books);
            wished.push(Wish::Reconnect);
        }
        for wish in wished {
            wishes.push(wish);
            feed.heed(wish, now);
        }
        work
    }

    /// Turns until `found` finds something and nothing is left to do.
    pub(crate) fn until<T>(
        &mut self,
        what: &str,
        mut found: impl FnMut(&mut Self) -> Option<T>,
    ) -> T {
        let patience = Instant::now() + PATIENCE;
        loop {
            let work = self.turn();
            if work == 0
                && let Some(found) = found(self)
            {
                return found;
            }
            let state = (self.state(), self.counters());
            assert!(Instant::now() < patience, "{what} never came: {state:?}");
            if work == 0
                && let Source::Live(session) = self.feed.source()
            {
                session.wait(Duration::from_millis(2));
            }
        }
    }

    /// Waits until the book is in that state.
    pub(crate) fn until_state(&mut self, state: &str) {
        self.until(state, |rig| (rig.state() == state).then_some(()));
    }

    /// The next connection, which says nothing yet.
    pub(crate) fn come_up_silent(&mut self) -> Peer {
        let ups = self.counters().ups;
        let due = self.feed.session().expect("it is live").next_due();
        self.now = self.now.max(due);
        self.until("a connection", |rig| (rig.counters().ups > ups).then_some(()));
        self.server.peer()
    }

    /// The next connection, with those answers that the recording does not hold.
    pub(crate) fn come_up(&mut self) -> Peer {
        let mut peer = self.come_up_silent();
        match self.play.venue {
            Venue::Kraken => ["ticker", "trade"].iter().for_each(|channel| {
                self.frame(&mut peer, &kraken_answer(channel, true));
            }),
            Venue::BinanceSpot => self.frame(&mut peer, r#"{"result":null,"id":1}"#),
            _ => {}
        }
        peer
    }

    /// Sends one text and turns until it is in the books.
    pub(crate) fn frame(&mut self, peer: &mut Peer, text: &str) {
        let frames = self.counters().frames;
        let has_come = |rig: &mut Self| (rig.counters().frames > frames).then_some(());
        if text.len() < 16_000 {
            peer.send(text);
            self.until("the frame", has_come);
            return;
        }
        // A frame of 5 MB does not fit the sockets.
        std::thread::scope(|scope| {
            scope.spawn(|| peer.send(text));
            self.until("the frame", has_come);
        });
    }

    /// Answers the next request for a snapshot and turns until it is in the books.
    pub(crate) fn answer(&mut self, body: &str) {
        let asked = self.until("a request", |rig| rig.rest.request());
        let bodies = self.counters().rest_bodies;
        asked.answer("200 OK", "", body.as_bytes());
        self.until("the snapshot", |rig| (rig.counters().rest_bodies > bodies).then_some(()));
    }

    /// Plays these messages of the recording; a snapshot by REST is asked for and answered. Behind
    /// each of them a book that passes for fresh must be the venue's.
    pub(crate) fn play(&mut self, peer: &mut Peer, range: std::ops::Range<usize>) {
        for at in range {
            let (stamp, text) = self.play.records[at].clone();
            self.now = self.now.max(stamp);
            if is_rest_depth(text.as_bytes()) {
                self.answer(&text);
            } else {
                self.frame(peer, &text);
            }
            if self.state() == "fresh" && !self.is_deceived {
                let top = self.books.get(InstrumentId(0)).top();
                assert_eq!(top, self.play.tops[at], "behind message {at}");
            }
        }
    }

    /// Time passes in steps of a tenth of a second.
    pub(crate) fn pass(&mut self, seconds: i64) {
        for _ in 0..10 * seconds {
            self.now = Nanos(self.now.0 + Nanos::from_millis(100).0);
            self.turn();
        }
    }
}

fn name(state: BookState) -> &'static str {
    match state {
        BookState::Fresh => "fresh",
        BookState::Stale(reason) => Stale::name(reason),
    }
}
