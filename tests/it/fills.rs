//! The fill model on every recording with trades: no fill that the tape does not support.
//!
//! A simple maker keeps orders at, inside and behind the touch. Beside the model, each order's
//! bound is counted: what was traded at its price or beyond it, by takers of the other side, while
//! it rested. Nobody may get more, and all of ours together never more than a trade has. A report
//! listens, and its page and figures must agree with what the maker counted itself.

#![expect(clippy::unwrap_used, reason = "the checks of tests fail by panicking")]

use crate::play;
use pinnaclemm::engine::book::{Book, BookState, Books};
use pinnaclemm::engine::risk::OrderRequest;
use pinnaclemm::event::{Body, Event, Mark, Part, Proposal, ReportKind, RequestKind, Trade};
use pinnaclemm::report::{Account, Fact, InstrumentSummary, Report, ReportParams};
use pinnaclemm::types::{
    Instrument, InstrumentId, Nanos, OrderId, Origin, Price, Qty, Side, TimeInForce, Venue,
};
use pinnaclemm::venue::fills::{FeeRate, FillModel, FillParams, QueueModel};
use pinnaclemm::venue::recorded::replay::{Replay, books_of};
use pinnaclemm::venue::recorded::survey::survey;
use std::collections::BTreeMap;

pub(crate) const RECORDINGS: &[(Venue, &[&str])] = &[
    (Venue::BinanceSpot, &["binance/spot/btcusdt_20240808.gz", "binance/spot/btcusdt_20240809.gz"]),
    (Venue::BinanceUsdm, &["binance/usdm/btcusdt_20240808.gz"]),
    (Venue::BinanceSpot, &["binance/multi/10symbols_20210405.txt.zst"]),
    (Venue::CoinbaseExchange, &["coinbase-exchange/ws/level2_matches_ticker_20210417.txt.zst"]),
    (Venue::CoinbaseExchange, &["coinbase-exchange/full/btcusd_20160312_first10899.txt.zst"]),
    (Venue::CoinbaseAdvanced, &["coinbase-advanced/ws/btcusd_ethusd_20260809_first690.jsonl.zst"]),
    (
        Venue::Kraken,
        &[
            "kraken/v1/book1000_20210405_10pairs.txt.zst",
            "kraken/v1/trade_20210405_10pairs.txt.zst",
        ],
    ),
    (Venue::Bitstamp, &["bitstamp/l3_events_trades_btcusd_20150501_first3h20.log.zst"]),
    (
        Venue::Bitstamp,
        &[
            "bitstamp/l3_orders_btcusd_20260502_first20min.csv.zst",
            "bitstamp/trades_btcusd_20260502_first20min.csv",
        ],
    ),
];

/// The whole quantity of each order.
const ORDER_LOTS: i64 = 1000;

/// An order of ours, as the maker knows it.
#[derive(Debug)]
struct Ours {
    instrument: InstrumentId,
    side: Side,
    price: Price,
    filled: i64,
    /// Traded at its price or beyond it since the venue had it.
    supported: i64,
    rests: bool,
}

/// The maker, and the count of what the tape supports.
struct Maker {
    report: Report,
    /// Twice the middle of the first instrument's last fresh book.
    middle_twice: Option<i64>,
    /// Cash in ticks times lots, position in lots, fees as told, of the first instrument.
    cash: i128,
    position: i128,
    fees: i128,
    orders: BTreeMap<u64, Ours>,
    counter: u32,
    events: u64,
    fills: u64,
    accepted: u64,
    /// The last time on the tape.
    now: Nanos,
}

impl Maker {
    fn request(&self, id: OrderId, kind: RequestKind, qty: i64) -> OrderRequest {
        let order = &self.orders[&id.0];
        let proposal = Proposal {
            order: id,
            price: order.price,
            qty: Qty(qty),
            instrument: order.instrument,
            kind,
            side: order.side,
            time_in_force: TimeInForce::GoodTillCancel,
            post_only: true,
            reduce_only: false,
        };
        OrderRequest::unpack(&proposal.pack()).unwrap()
    }

    /// Every so often cancels what rests and places anew: behind, at or inside the touch.
    fn quote(&mut self, instrument: InstrumentId, book: &Book, model: &mut FillModel) {
        self.events += 1;
        let Some(top) = book.top().filter(|_| self.events.is_multiple_of(97)) else { return };
        let rest = self.orders.iter().filter(|(_, o)| o.instrument == instrument && o.rests);
        let old: Vec<_> = rest.map(|(id, _)| OrderId(*id)).collect();
        for id in old.iter().take(old.len().saturating_sub(4)) {
            self.send(*id, RequestKind::Cancel, 0, model);
        }
        let inside = (self.events / 97 % 3).cast_signed() - 1;
        let middle = (top.bid.0 + top.ask.0) / 2;
        for (side, price) in [
            (Side::Bid, (top.bid.0 + inside).min(middle)),
            (Side::Ask, (top.ask.0 - inside).max(middle + 1)),
        ] {
            self.counter += 1;
            let id = OrderId::new(1, Origin::Quoter, self.counter);
            let (price, rests) = (Price(price), false);
            let ours = Ours { instrument, side, price, filled: 0, supported: 0, rests };
            self.orders.insert(id.0, ours);
            self.send(id, RequestKind::Place, ORDER_LOTS, model);
        }
    }

    fn send(&mut self, id: OrderId, kind: RequestKind, qty: i64, model: &mut FillModel) {
        let request = self.request(id, kind, qty);
        self.report.on_request(&request, self.now);
        model.send(&request, self.now);
    }

    /// The book of an instrument may have changed; the account is that of the first one alone.
    fn mark(&mut self, instrument: &Instrument, book: &Book) {
        let Some(top) = book.top() else { return };
        let stale = match book.state() {
            BookState::Fresh => None,
            BookState::Stale(reason) => Some(reason),
        };
        self.report.on_mark(&Mark {
            sequence: 0,
            received: self.now,
            bid: top.bid,
            bid_qty: top.bid_qty,
            ask: top.ask,
            ask_qty: top.ask_qty,
            traded: Qty(0),
            instrument: instrument.id,
            stale,
        });
        if instrument.id.0 == 0 && stale.is_none() {
            self.middle_twice = Some(top.bid.0 + top.ask.0);
        }
        self.account(instrument);
    }

    /// Valued at the last mark that could be trusted, as the report values it.
    fn account(&mut self, instrument: &Instrument) {
        if let (0, Some(middle_twice)) = (instrument.id.0, self.middle_twice) {
            let half_ticks = 2 * self.cash + self.position * i128::from(middle_twice);
            let decimals = instrument.tick.decimals() + instrument.lot.decimals();
            let steps = instrument.tick.increment() * instrument.lot.increment();
            // Money has twelve decimals; what is below them here is below every check.
            let unit = 10_i128.pow(24 - u32::from(decimals)) * i128::from(steps);
            let gross = half_ticks * unit / 2 / 10_i128.pow(12);
            self.report.on_account(self.now, &Account { gross, fees: self.fees });
        }
    }

    /// A trade is known to the count before the model sees it.
    fn see(&mut self, event: &Event, trade: &Trade) {
        let price = trade.price;
        for order in self.orders.values_mut().filter(|o| o.instrument == event.instrument) {
            let reaches = match order.side {
                Side::Bid => trade.aggressor == Side::Ask && price <= order.price,
                Side::Ask => trade.aggressor == Side::Bid && price >= order.price,
            };
            if order.rests && reaches {
                order.supported += trade.qty.0;
            }
        }
    }

    /// Hears all that is due; gives how much was filled.
    fn hear(&mut self, until: Nanos, model: &mut FillModel) -> i64 {
        let (mut part, mut sum) = (Part::empty(), 0);
        while model.hear(until, &mut part) {
            let Body::Report(report) = part.event.body else { panic!("no report") };
            self.report.on_report(&part.event, &part.levels()[0]);
            let order = self.orders.get_mut(&{ report.order }.0).unwrap();
            match report.kind {
                ReportKind::Accepted => {
                    order.rests = true;
                    self.accepted += 1;
                }
                ReportKind::Canceled => order.rests = false,
                ReportKind::Filled => {
                    assert!(report.maker && order.rests);
                    order.filled += part.levels()[0].qty().0;
                    sum += part.levels()[0].qty().0;
                    self.fills += 1;
                    order.rests = order.filled < ORDER_LOTS;
                    if order.instrument.0 == 0 {
                        let level = part.levels()[0];
                        let qty = i128::from(level.qty().0 * order.side.sign());
                        self.position += qty;
                        self.cash -= qty * i128::from(level.price().0);
                        let decimals = u32::from(12 - report.fee_decimals);
                        self.fees += i128::from(report.fee) * 10_i128.pow(decimals);
                    }
                    assert!(order.filled <= order.supported, "{order:?}");
                }
                ReportKind::Rejected | ReportKind::CancelRejected => {}
                kind => panic!("{}", kind.name()),
            }
        }
        sum
    }
}

fn fills_on(venue: Venue, names: &[&str], queue: QueueModel) -> Option<u64> {
    let paths = play::paths(names)?;
    let survey = survey(venue, &paths).unwrap();
    let mut replay = Replay::with(venue, &paths, &survey).unwrap();
    let params = FillParams {
        queue,
        order_latency: Nanos(0),
        report_latency: Nanos(0),
        feed_latency: Nanos(0),
        maker_fee: FeeRate { mantissa: 1, decimals: 0 },
        taker_fee: FeeRate { mantissa: 5, decimals: 0 },
    };
    let mut model = FillModel::new(&params, &survey.table, books_of(venue, &survey));
    let fact = |name: &str, value: String| Fact { name: name.to_string(), value };
    let params = ReportParams {
        currency: survey.table.get(InstrumentId(0)).quote,
        period: Nanos::from_seconds(1),
        facts: vec![fact("input", names.join(" ")), fact("queue", format!("{queue:?}"))],
    };
    let mut maker = Maker {
        report: Report::new(survey.table.iter(), params),
        cash: 0,
        position: 0,
        middle_twice: None,
        fees: 0,
        orders: BTreeMap::new(),
        counter: 0,
        events: 0,
        fills: 0,
        accepted: 0,
        now: Nanos(0),
    };
    let show = |event: &Event, levels: &[_], books: &Books| {
        maker.now = maker.now.max(event.received);
        let now = maker.now;
        assert_eq!(maker.hear(now, &mut model), 0, "only a trade fills");
        let trade = match event.body {
            Body::Trade(trade) if !trade.history => Some(trade),
            _ => None,
        };
        if let Some(trade) = &trade {
            maker.see(event, trade);
        }
        model.observe(event, levels);
        let filled = maker.hear(now, &mut model);
        assert!(filled <= trade.map_or(0, |trade| trade.qty.0), "{event:?}");
        if event.instrument != InstrumentId::ALL {
            let instrument = survey.table.get(event.instrument);
            let (step, lot) = (instrument.order_step, instrument.lot);
            assert_eq!(step, lot, "of a survey");
            maker.mark(instrument, books.get(event.instrument));
            maker.quote(event.instrument, books.get(event.instrument), &mut model);
        }
    };
    replay.run(show).unwrap();
    let counts = model.counts();
    assert_eq!((counts.taker_fills, counts.maker_fills), (0, maker.fills));
    assert!(maker.accepted > 0, "{names:?}");
    eprintln!(
        "{queue:?} {}: {} fills of {} orders, {} trades untrusted",
        names[0], maker.fills, maker.accepted, counts.trades_untrusted
    );
    agree(maker, names, queue);
    Some(counts.maker_fills)
}

/// The report says what the maker has counted.
fn agree(maker: Maker, names: &[&str], queue: QueueModel) {
    let Maker { report, fills, counter, now, position, .. } = maker;
    let told = report.finish(now);
    let summary = told.summary();
    let sum = |of: fn(&InstrumentSummary) -> u64| summary.instruments.iter().map(of).sum::<u64>();
    assert_eq!(sum(|i| i.total.fills), fills);
    assert_eq!(sum(|i| i.bid.fills + i.ask.fills), fills);
    assert_eq!(sum(|i| i.levels.iter().map(|level| level.fills).sum()), fills);
    assert_eq!(sum(|i| i.hours.iter().map(|hour| hour.sums.fills).sum()), fills);
    assert_eq!(sum(|i| i.orders.placed), u64::from(counter));
    assert!(sum(|i| i.total.markouts[3].fills + i.total.markouts[3].unmarked) == fills);
    let first = &summary.instruments[0];
    assert_eq!(first.inventory.last == 0.0, position == 0);
    // The instrument's own sums in floats are the account's exact ones.
    let net: f64 = summary.account.net.parse().unwrap();
    let own = first.net.unwrap_or_default();
    assert!((net - own).abs() <= 1e-9 * first.turnover.max(1.0), "{names:?}: {net} {own}");
    let page = told.html();
    assert!(!page.contains("NaN") && page.len() < 2_000_000, "{names:?} {}", page.len());
    let name = names[0].replace('/', "_");
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("reports");
    std::fs::create_dir_all(&path).unwrap();
    let model = format!("{queue:?}");
    let model = model.split(' ').next().unwrap_or_default();
    std::fs::write(path.join(format!("{name}.{model}.html")), page).unwrap();
}

#[test]
fn no_fill_that_the_tape_does_not_support() {
    for (venue, names) in RECORDINGS {
        let models = [QueueModel::RiskAverse, QueueModel::Power { exponent: 1 }, QueueModel::Log];
        let fills: Vec<_> =
            models.into_iter().filter_map(|queue| fills_on(*venue, names, queue)).collect();
        // The oldest of Bitstamp holds no snapshot, so its book is never to be trusted.
        let busy = names[0].starts_with("binance/");
        assert!(!busy || fills.iter().all(|fills| *fills > 20), "{names:?} {fills:?}");
    }
}
