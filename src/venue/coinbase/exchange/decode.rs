//! Coinbase Exchange: level2, matches, ticker, heartbeat, status, and the order-by-order `full`
//! channel.
//!
//! Of the protocol's traps: `side` of a match is the maker's; `last_match` is history; level2 has
//! no sequence at all; in `full`, `done` and `change` may name orders that never rested, an order
//! leaves by its id whatever price is given, and a market order has no price.

use crate::event::{
    Body, Level, Levels, MarketStatus, OrderAction, OrderKey, OrderUpdate, PART_LEVELS_MAX, Shape,
    Trade,
};
use crate::types::time::StampReader;
use crate::types::{Instrument, InstrumentId, Nanos, Price, Qty, Side, Venue};
use crate::venue::decode::parts::Parts;
use crate::venue::decode::scan::{Scales, Scan};
use crate::venue::decode::tape::{Fields, Value, decimal, side};
use crate::venue::decode::{Frame, Grammar, Kind, Part, Scanned, Surprise, Wrong, culprit_by_key};

/// The words for bid and ask.
const SIDES: [&str; 2] = ["buy", "sell"];
const VENUE: Venue = Venue::CoinbaseExchange;

/// Where the scan of a frame stopped.
#[derive(Debug, Clone, Copy)]
struct Cursor {
    at: usize,
    rows: Option<Rows>,
}

/// The message of levels that is being scanned.
#[derive(Debug, Clone, Copy)]
struct Rows {
    instrument: InstrumentId,
    scales: Scales,
    shape: Shape,
    /// The side of a snapshot's rows; an update's rows name their own.
    side: Side,
    /// How many sides of a snapshot have ended.
    sides_ended: u8,
    first: bool,
}

/// Reads the feed of one connection.
#[derive(Debug)]
pub struct Exchange {
    cursor: Cursor,
    stamps: StampReader,
    /// The `full` channel is on: matches change orders, and are not only trades.
    full: bool,
    /// Sequence of the rendered order-by-order snapshot that is coming in.
    snapshot_id: u64,
}

impl Default for Exchange {
    fn default() -> Self {
        Self {
            cursor: Cursor { at: 0, rows: None },
            stamps: StampReader::default(),
            full: false,
            snapshot_id: 0,
        }
    }
}

impl Grammar for Exchange {
    fn connected(&mut self) {
        self.full = false;
        self.snapshot_id = 0;
    }

    #[inline]
    fn begin(&mut self) {
        self.cursor = Cursor { at: 0, rows: None };
    }

    #[inline]
    fn scan(&mut self, frame: &Frame<'_>, part: &mut Part) -> Result<Scanned, Surprise> {
        let mut scan = Scan::at(frame.bytes, self.cursor.at);
        if self.cursor.rows.is_some() {
            return self.scan_rows(frame, scan, part);
        }
        if frame.origin.rest.is_some() {
            return Err(Surprise);
        }
        scan.literal(b"{\"type\":\"")?;
        if scan.take(b"l2update\",\"product_id\":\"") {
            let instrument = lookup(frame, scan.text()?)?;
            scan.literal(b",\"changes\":[")?;
            self.cursor.rows = Some(Rows::begin(instrument, Shape::Update, Side::Bid));
            self.scan_rows(frame, scan, part)
        } else if scan.take(b"match\",\"trade_id\":") {
            self.scan_match(frame, scan, part)
        } else if scan.take(b"snapshot\",\"product_id\":\"") {
            let instrument = lookup(frame, scan.text()?)?;
            let side = if scan.take(b",\"asks\":[") {
                Side::Ask
            } else {
                scan.literal(b",\"bids\":[")?;
                Side::Bid
            };
            self.cursor.rows = Some(Rows::begin(instrument, Shape::Snapshot, side));
            self.scan_rows(frame, scan, part)
        } else if scan.take(b"open\",\"sequence\":") {
            self.scan_open(frame, scan, part)
        } else if scan.take(b"done\",\"order_type\":\"limit\",\"side\":\"") {
            self.scan_done(frame, scan, part)
        } else {
            Err(Surprise)
        }
    }

    fn walk(
        &mut self,
        frame: &Frame<'_>,
        message: Value<'_, '_>,
        parts: &mut Parts,
    ) -> Result<Kind, Wrong> {
        let fields = Fields::of(message, "message")?;
        if let Some(id) = frame.origin.rest {
            return walk_rest_book(&fields, frame.table.get(id), parts);
        }
        match fields.text("type")? {
            "l2update" => {
                let instrument = fields.instrument("product_id", VENUE, frame.table, parts)?;
                walk_update(&fields, instrument, parts)
            }
            "snapshot" => {
                let instrument = fields.instrument("product_id", VENUE, frame.table, parts)?;
                walk_snapshot(&fields, instrument, parts)
            }
            "match" => self.walk_match(&fields, frame, parts, false),
            "last_match" => self.walk_match(&fields, frame, parts, true),
            "ticker" => walk_ticker(&fields, frame, parts),
            "heartbeat" => {
                let instrument = fields.instrument("product_id", VENUE, frame.table, parts)?;
                let (id, trade_id) = (fields.count("sequence")?, fields.count("last_trade_id")?);
                let body = Body::Heartbeat { id, trade_id };
                parts.event(instrument.id, fields.stamp("time")?, body);
                Ok(Kind::Heartbeat)
            }
            "received" => self.walk_order(&fields, frame, parts, OrderAction::Received),
            "open" => self.walk_order(&fields, frame, parts, OrderAction::Open),
            "done" => self.walk_order(&fields, frame, parts, OrderAction::Done),
            "change" => self.walk_order(&fields, frame, parts, OrderAction::Change),
            // An activated stop order has no sequence and rests nowhere.
            "activate" => Ok(Kind::OrderActivate),
            "status" => walk_status(&fields, frame, parts),
            "subscriptions" => {
                parts.event(InstrumentId::ALL, Nanos::UNKNOWN, Body::Subscribed { depth: 0 });
                Ok(Kind::Subscription)
            }
            "error" => {
                let fault = Body::Fault(crate::event::Stale::Unsubscribed);
                parts.event(InstrumentId::ALL, Nanos::UNKNOWN, fault);
                Ok(Kind::Error)
            }
            _ => Err(Wrong::UnknownType),
        }
    }

    fn culprit(&self, frame: &Frame<'_>) -> InstrumentId {
        culprit_by_key(frame, VENUE, b"\"product_id\":")
    }
}

#[inline]
fn lookup<'a>(frame: &Frame<'a>, symbol: &[u8]) -> Result<&'a Instrument, Surprise> {
    frame.table.lookup(VENUE, symbol).ok_or(Surprise)
}

impl Rows {
    #[inline]
    fn begin(instrument: &Instrument, shape: Shape, side: Side) -> Self {
        let scales = Scales::from(instrument);
        Self { instrument: instrument.id, scales, shape, side, sides_ended: 0, first: true }
    }

    /// Scans one row: a snapshot's `["p","q"]`, or an update's, which begins with its side.
    #[inline]
    fn row(&self, scan: &mut Scan<'_>) -> Result<Level, Surprise> {
        let side = match self.shape {
            Shape::Snapshot => {
                scan.literal(b"[\"")?;
                self.side
            }
            _ if scan.take(b"[\"buy\",\"") => Side::Bid,
            _ => {
                scan.literal(b"[\"sell\",\"")?;
                Side::Ask
            }
        };
        let price = scan.decimal()?;
        scan.literal(b"\",\"")?;
        let qty = scan.decimal()?;
        scan.literal(b"\"]")?;
        self.scales.level(side, price, qty).map_err(|_| Surprise)
    }

    /// Steps over what follows a row; true when the rows of the whole message have ended.
    #[inline]
    fn ended(&mut self, scan: &mut Scan<'_>) -> Result<bool, Surprise> {
        if scan.take(b",") {
            return Ok(false);
        }
        scan.literal(b"]")?;
        if self.shape == Shape::Update || self.sides_ended == 1 {
            return Ok(true);
        }
        self.sides_ended = 1;
        self.side = self.side.opposite();
        scan.literal(if self.side == Side::Ask { b",\"asks\":[" } else { b",\"bids\":[" })?;
        if scan.peek() == Some(b']') { self.ended(scan) } else { Ok(false) }
    }
}

impl Exchange {
    /// Scans rows into one part; behind the last one, the rest of the message.
    #[inline]
    fn scan_rows(
        &mut self,
        frame: &Frame<'_>,
        mut scan: Scan<'_>,
        part: &mut Part,
    ) -> Result<Scanned, Surprise> {
        let mut rows = self.cursor.rows.ok_or(Surprise)?;
        let places = part.places();
        let mut count = 0;
        let mut ended = rows.first && scan.peek() == Some(b']') && rows.ended(&mut scan)?;
        while !ended && count < PART_LEVELS_MAX {
            places[count] = rows.row(&mut scan)?;
            count += 1;
            ended = rows.ended(&mut scan)?;
        }
        let mut venue_time = Nanos::UNKNOWN;
        if ended {
            if scan.take(b",\"time\":\"") {
                venue_time = self.stamps.rfc3339(scan.text()?).ok_or(Surprise)?;
            } else if rows.shape == Shape::Update {
                return Err(Surprise);
            }
            scan.literal(b"}")?;
            scan.end()?;
        }
        #[expect(clippy::cast_possible_truncation, reason = "at most 28 levels")]
        let count = count as u8;
        part.event.received = frame.origin.received;
        part.event.venue_time = venue_time;
        part.event.instrument = rows.instrument;
        part.event.body = Body::Levels(Levels {
            shape: rows.shape,
            first: rows.first,
            last: ended,
            count,
            follows: 0,
            id: 0,
            checksum: None,
        });
        rows.first = false;
        let kind = if rows.shape == Shape::Update { Kind::BookUpdate } else { Kind::BookSnapshot };
        self.cursor = Cursor { at: scan.place(), rows: Some(rows) };
        Ok(if ended { Scanned::LastPart(kind) } else { Scanned::Part })
    }

    /// Scans a match of the `matches` channel; in `full` it is two events and goes the other way.
    fn scan_match(
        &mut self,
        frame: &Frame<'_>,
        mut scan: Scan<'_>,
        part: &mut Part,
    ) -> Result<Scanned, Surprise> {
        if self.full {
            return Err(Surprise);
        }
        let id = scan.count()?;
        scan.literal(b",\"maker_order_id\":\"")?;
        scan.text()?;
        scan.literal(b",\"taker_order_id\":\"")?;
        scan.text()?;
        scan.literal(b",\"side\":\"")?;
        let maker = scan_side(&mut scan)?;
        scan.literal(b",\"size\":\"")?;
        let qty = scan.decimal()?;
        scan.literal(b"\",\"price\":\"")?;
        let price = scan.decimal()?;
        scan.literal(b"\",\"product_id\":\"")?;
        let instrument = lookup(frame, scan.text()?)?;
        scan.literal(b",\"sequence\":")?;
        scan.count()?;
        scan.literal(b",\"time\":\"")?;
        part.event.venue_time = self.stamps.rfc3339(scan.text()?).ok_or(Surprise)?;
        scan.literal(b"}")?;
        scan.end()?;
        let scales = Scales::from(instrument);
        part.event.received = frame.origin.received;
        part.event.instrument = instrument.id;
        part.event.body = Body::Trade(Trade {
            price: scales.price(price).map_err(|_| Surprise)?,
            qty: scales.qty(qty).map_err(|_| Surprise)?,
            id,
            aggressor: maker.opposite(),
            history: false,
        });
        Ok(Scanned::LastPart(Kind::Trade))
    }

    /// Scans a live `open`; one without a stamp is of a rendered snapshot and goes the other way.
    fn scan_open(
        &mut self,
        frame: &Frame<'_>,
        mut scan: Scan<'_>,
        part: &mut Part,
    ) -> Result<Scanned, Surprise> {
        let id = scan.count()?;
        scan.literal(b",\"side\":\"")?;
        let side = scan_side(&mut scan)?;
        scan.literal(b",\"price\":\"")?;
        let price = scan.decimal()?;
        scan.literal(b"\",\"order_id\":\"")?;
        let key = order_key(scan.text()?).ok_or(Surprise)?;
        scan.literal(b",\"remaining_size\":\"")?;
        let qty = scan.decimal()?;
        scan.literal(b"\",\"product_id\":\"")?;
        let instrument = lookup(frame, scan.text()?)?;
        scan.literal(b",\"time\":\"")?;
        let stamp = self.stamps.rfc3339(scan.text()?).ok_or(Surprise)?;
        scan.literal(b"}")?;
        scan.end()?;
        let level = Scales::from(instrument).level(side, price, qty).map_err(|_| Surprise)?;
        self.full = true;
        let order = live_order(key, OrderAction::Open, id);
        set_order(part, frame, (instrument.id, stamp), order, level);
        Ok(Scanned::LastPart(Kind::OrderOpen))
    }

    /// Scans the `done` of a limit order.
    fn scan_done(
        &mut self,
        frame: &Frame<'_>,
        mut scan: Scan<'_>,
        part: &mut Part,
    ) -> Result<Scanned, Surprise> {
        let side = scan_side(&mut scan)?;
        scan.literal(b",\"sequence\":")?;
        let id = scan.count()?;
        scan.literal(b",\"order_id\":\"")?;
        let key = order_key(scan.text()?).ok_or(Surprise)?;
        scan.literal(b",\"reason\":\"")?;
        scan.text()?;
        scan.literal(b",\"product_id\":\"")?;
        let instrument = lookup(frame, scan.text()?)?;
        scan.literal(b",\"time\":\"")?;
        let stamp = self.stamps.rfc3339(scan.text()?).ok_or(Surprise)?;
        scan.literal(b",\"price\":\"")?;
        let price = scan.decimal()?;
        scan.literal(b"\",\"remaining_size\":\"")?;
        scan.decimal()?;
        scan.literal(b"\"}")?;
        scan.end()?;
        let price = Scales::from(instrument).price(price).map_err(|_| Surprise)?;
        self.full = true;
        let order = live_order(key, OrderAction::Done, id);
        set_order(part, frame, (instrument.id, stamp), order, Level::new(side, price, Qty::ZERO));
        Ok(Scanned::LastPart(Kind::OrderDone))
    }

    fn walk_match(
        &mut self,
        fields: &Fields<'_, '_>,
        frame: &Frame<'_>,
        parts: &mut Parts,
        history: bool,
    ) -> Result<Kind, Wrong> {
        let instrument = fields.instrument("product_id", VENUE, frame.table, parts)?;
        let maker = fields.side("side", SIDES)?;
        let level = Scales::from(instrument).level(
            maker,
            fields.decimal("price")?,
            fields.decimal("size")?,
        )?;
        let stamp = fields.stamp("time")?;
        if self.full && !history {
            let key = fields.text("maker_order_id")?;
            let key = order_key(key.as_bytes()).ok_or(Wrong::Field("maker_order_id"))?;
            let order = live_order(key, OrderAction::Match, fields.count("sequence")?);
            parts.order(instrument.id, stamp, Body::Order(order), level);
        }
        let trade = Trade {
            price: level.price(),
            qty: level.qty(),
            id: fields.count("trade_id")?,
            aggressor: maker.opposite(),
            history,
        };
        parts.event(instrument.id, stamp, Body::Trade(trade));
        Ok(match (history, self.full) {
            (true, _) => Kind::TradeHistory,
            (false, true) => Kind::OrderMatch,
            (false, false) => Kind::Trade,
        })
    }

    /// An order's life in the `full` channel.
    fn walk_order(
        &mut self,
        fields: &Fields<'_, '_>,
        frame: &Frame<'_>,
        parts: &mut Parts,
        action: OrderAction,
    ) -> Result<Kind, Wrong> {
        let instrument = fields.instrument("product_id", VENUE, frame.table, parts)?;
        let scales = Scales::from(instrument);
        let id = fields.count("sequence")?;
        let key = fields.text("order_id")?;
        let key = order_key(key.as_bytes()).ok_or(Wrong::Field("order_id"))?;
        let side = fields.side("side", SIDES)?;
        let (size, kind) = match action {
            OrderAction::Open => (Some("remaining_size"), Kind::OrderOpen),
            OrderAction::Change => (Some("new_size"), Kind::OrderChange),
            OrderAction::Done => (None, Kind::OrderDone),
            OrderAction::Received | OrderAction::Match => (None, Kind::OrderReceived),
        };
        let qty = match size {
            Some(name) => {
                scales.qty(fields.decimal(name)?).map_err(|error| Wrong::Number("size", error))?
            }
            None => Qty::ZERO,
        };
        // A modified order names its new price; a market order has none.
        let price = match fields.get("new_price")?.or(fields.get("price")?) {
            Some(value) => scales
                .price(decimal(value, "price")?)
                .map_err(|error| Wrong::Number("price", error))?,
            _ if size.is_none() => Price(0),
            _ => return Err(Wrong::Missing("price")),
        };
        // The REST snapshot of one recording is rendered as `open` messages without a stamp.
        let snapshot = action == OrderAction::Open && fields.text("time")?.is_empty();
        let stamp = if snapshot { Nanos::UNKNOWN } else { fields.stamp("time")? };
        let first = snapshot && self.snapshot_id != id;
        self.snapshot_id = if snapshot { id } else { 0 };
        self.full = true;
        let order = OrderUpdate { key, action, snapshot, first, id };
        parts.order(instrument.id, stamp, Body::Order(order), Level::new(side, price, qty));
        Ok(kind)
    }
}

#[inline]
fn scan_side(scan: &mut Scan<'_>) -> Result<Side, Surprise> {
    match scan.text()? {
        b"buy" => Ok(Side::Bid),
        b"sell" => Ok(Side::Ask),
        _ => Err(Surprise),
    }
}

fn live_order(key: OrderKey, action: OrderAction, id: u64) -> OrderUpdate {
    OrderUpdate { key, action, snapshot: false, first: false, id }
}

fn set_order(
    part: &mut Part,
    frame: &Frame<'_>,
    (instrument, stamp): (InstrumentId, Nanos),
    order: OrderUpdate,
    level: Level,
) {
    part.places()[0] = level;
    part.event.received = frame.origin.received;
    part.event.venue_time = stamp;
    part.event.instrument = instrument;
    part.event.body = Body::Order(order);
}

/// A UUID as one number: 32 hexadecimal digits, dashes aside.
fn order_key(text: &[u8]) -> Option<OrderKey> {
    let mut halves = [0_u64; 2];
    let mut digits = 0;
    for byte in text.iter().filter(|b| **b != b'-') {
        let digit = char::from(*byte).to_digit(16)?;
        let half = halves.get_mut(digits / 16)?;
        *half = *half << 4 | u64::from(digit);
        digits += 1;
    }
    (digits == 32).then_some(OrderKey { high: halves[0], low: halves[1] })
}

fn levels_head(shape: Shape, id: u64) -> Levels {
    Levels { shape, first: true, last: false, count: 0, follows: 0, id, checksum: None }
}

fn walk_update(
    fields: &Fields<'_, '_>,
    instrument: &Instrument,
    parts: &mut Parts,
) -> Result<Kind, Wrong> {
    let scales = Scales::from(instrument);
    let stamp = fields.stamp("time")?;
    parts.open(instrument.id, levels_head(Shape::Update, 0));
    for change in fields.array("changes")?.rows() {
        let change = change?;
        let side = side(change.text(0)?, "side", SIDES)?;
        parts.level(scales.level(side, change.decimal(1)?, change.decimal(2)?)?);
    }
    parts.close(stamp, None);
    Ok(Kind::BookUpdate)
}

fn walk_snapshot(
    fields: &Fields<'_, '_>,
    instrument: &Instrument,
    parts: &mut Parts,
) -> Result<Kind, Wrong> {
    let scales = Scales::from(instrument);
    let (bids, asks) = (fields.array("bids")?, fields.array("asks")?);
    parts.open(instrument.id, levels_head(Shape::Snapshot, 0));
    // In the order of the text, as the scanner meets them.
    for (key, _) in fields.iter() {
        let (side, rows) = match key {
            "bids" => (Side::Bid, &bids),
            "asks" => (Side::Ask, &asks),
            _ => continue,
        };
        for row in rows.rows() {
            let row = row?;
            parts.level(scales.level(side, row.decimal(0)?, row.decimal(1)?)?);
        }
    }
    let stamp = match fields.get("time")? {
        Some(_) => fields.stamp("time")?,
        None => Nanos::UNKNOWN,
    };
    parts.close(stamp, None);
    Ok(Kind::BookSnapshot)
}

/// `GET /products/X/book?level=3`: the snapshot that the `full` channel is bridged with.
fn walk_rest_book(
    fields: &Fields<'_, '_>,
    instrument: &Instrument,
    parts: &mut Parts,
) -> Result<Kind, Wrong> {
    let scales = Scales::from(instrument);
    let id = fields.count("sequence")?;
    let mut first = true;
    for (side, name) in [(Side::Bid, "bids"), (Side::Ask, "asks")] {
        for row in fields.array(name)?.rows() {
            let row = row?;
            let key = order_key(row.text(2)?.as_bytes()).ok_or(Wrong::Field("order_id"))?;
            let order = OrderUpdate { key, action: OrderAction::Open, snapshot: true, first, id };
            let level = scales.level(side, row.decimal(0)?, row.decimal(1)?)?;
            parts.order(instrument.id, Nanos::UNKNOWN, Body::Order(order), level);
            first = false;
        }
    }
    Ok(Kind::BookSnapshot)
}

/// The ticker: its best prices, where their sizes are given (they were not in 2021).
fn walk_ticker(
    fields: &Fields<'_, '_>,
    frame: &Frame<'_>,
    parts: &mut Parts,
) -> Result<Kind, Wrong> {
    let instrument = fields.instrument("product_id", VENUE, frame.table, parts)?;
    if fields.get("best_bid_size")?.is_none() || fields.get("best_ask_size")?.is_none() {
        return Ok(Kind::Ticker);
    }
    let scales = Scales::from(instrument);
    let stamp = fields.stamp("time")?;
    parts.open(instrument.id, levels_head(Shape::Top, 0));
    for (side, price, size) in
        [(Side::Bid, "best_bid", "best_bid_size"), (Side::Ask, "best_ask", "best_ask_size")]
    {
        parts.level(scales.level(side, fields.decimal(price)?, fields.decimal(size)?)?);
    }
    parts.close(stamp, None);
    Ok(Kind::Ticker)
}

/// The state of every product, of which only the known ones matter.
fn walk_status(
    fields: &Fields<'_, '_>,
    frame: &Frame<'_>,
    parts: &mut Parts,
) -> Result<Kind, Wrong> {
    for product in fields.array("products")?.iter() {
        let product = Fields::of(product, "products")?;
        let Some(known) = frame.table.lookup(VENUE, product.text("id")?.as_bytes()) else {
            continue;
        };
        let status = match product.text("status")? {
            "online" if product.flag("cancel_only")? => MarketStatus::CancelOnly,
            "online" if product.flag("trading_disabled")? => MarketStatus::Halted,
            "online" if product.flag("post_only")? => MarketStatus::PostOnly,
            "online" => MarketStatus::Trading,
            _ => MarketStatus::Halted,
        };
        parts.event(known.id, Nanos::UNKNOWN, Body::Status(status));
    }
    Ok(Kind::Status)
}
