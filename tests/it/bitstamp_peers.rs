//! Bitstamp's log of 2015, replayed order by order, against two witnesses: the best prices that the
//! venue published in the same log, and the trades that another program inferred from it.
//!
//! The log begins without a snapshot: orders from before it are missing from our book until they
//! are gone, so the first minutes cannot agree.

#![expect(clippy::unwrap_used, reason = "the checks of tests fail by panicking")]

use crate::data;
use crate::play::{paths, table, top_of};
use pinnaclemm::engine::book::Top;
use pinnaclemm::event::Body;
use pinnaclemm::types::{Nanos, Side, Venue};
use pinnaclemm::venue::recorded::replay::Replay;
use pinnaclemm::venue::recorded::survey::Survey;

const LOG: &str = "bitstamp/l3_events_trades_btcusd_20150501_first3h20.log.zst";
const PEER: &str = "bitstamp/peer_inferred_trades_20150501_first3h20.csv";
/// 2015-05-01 00:00 UTC.
const MIDNIGHT: i64 = 1_430_438_400_000_000_000;
const MINUTE: i64 = 60_000_000_000;

/// The only instrument of the log, which does not name it.
pub(crate) fn survey() -> Survey {
    let table = table(Venue::Bitstamp, &["btcusd"], 2, 8);
    Survey { table, orders: vec![40_000], prices: vec![None], utc: true, last: Nanos::UNKNOWN }
}

fn replay() -> Option<Replay> {
    Some(Replay::with(Venue::Bitstamp, &paths(&[LOG])?, &survey()).unwrap())
}

/// A published touch, ours as it was received, and all that ours was until the next one came.
struct Moment {
    received: Nanos,
    published: Top,
    ours: Option<Top>,
    around: Vec<Top>,
}

fn moments(replay: &mut Replay) -> Vec<Moment> {
    let mut moments: Vec<Moment> = Vec::new();
    let mut before: Vec<Top> = Vec::new();
    replay
        .run(|event, levels, books| {
            let ours = books.iter().next().unwrap().top();
            if let Some(published) = top_of(event, levels) {
                let around = std::mem::take(&mut before);
                moments.push(Moment { received: event.received, published, ours, around });
            } else if let Some(ours) = ours {
                before.push(ours);
                if let Some(last) = moments.last_mut() {
                    last.around.push(ours);
                }
            }
        })
        .unwrap();
    moments
}

#[test]
fn published_best_prices_are_those_of_our_orders() {
    let Some(mut replay) = replay() else { return };
    let moments = moments(&mut replay);
    let mut figures = [[0; 4]; 2];
    for moment in &moments {
        let warm = moment.received.0 >= MIDNIGHT + 20 * MINUTE;
        let [equal, passing, differ, none] = &mut figures[usize::from(warm)];
        *match moment.ours {
            Some(ours) if ours == moment.published => equal,
            // The frame and the order overtook each other on their way.
            Some(_) if moment.around.contains(&moment.published) => passing,
            Some(_) => differ,
            None => none,
        } += 1;
    }
    // Of 3,567 frames: in the first 20 minutes 54 show orders from before the log; behind them all
    // 3,220 agree but for 3 that an order overtook.
    assert_eq!(figures, [[291, 1, 54, 1], [3217, 3, 0, 0]]);
    let book = replay.books().iter().next().unwrap();
    assert_eq!(book.counts().absent, 5);
}

/// Time in milliseconds, ticks, satoshi and whether it was bought.
type Deal = (i64, i64, i64, bool);

fn peer_deals() -> Option<Vec<Deal>> {
    let text = std::fs::read_to_string(data::path(PEER)?).unwrap();
    let deal = |line: &str| {
        let fields: Vec<_> = line.split(',').collect();
        let stamp = format!("{}Z", fields[0].replace(' ', "T"));
        let received = Nanos::parse_rfc3339(stamp.as_bytes()).unwrap();
        // R wrote them: 2e+08 is a whole number, and prices have at most two decimals.
        let number = |text: &str, steps: f64| (text.parse::<f64>().unwrap() * steps).round();
        #[expect(clippy::cast_possible_truncation, reason = "whole numbers far below 2^53")]
        let (ticks, lots) = (number(fields[1], 100.0) as i64, number(fields[2], 1.0) as i64);
        (received.0 / 1_000_000, ticks, lots, fields[3] == "buy")
    };
    Some(text.lines().skip(1).map(deal).collect())
}

#[test]
fn trades_are_those_that_a_peer_inferred() {
    let (Some(mut replay), Some(peer)) = (replay(), peer_deals()) else { return };
    let mut ours: Vec<Deal> = Vec::new();
    replay
        .run(|event, _, _| {
            if let Body::Trade(trade) = event.body {
                let (price, qty) = (trade.price, trade.qty);
                let bought = trade.aggressor == Side::Bid;
                ours.push((event.received.0 / 1_000_000, price.ticks(), qty.lots(), bought));
            }
        })
        .unwrap();
    let counts = [ours.len(), peer.len()];
    let [mut exact, mut cut, mut same_side] = [0; 3];
    for (at, ticks, lots, bought) in &peer {
        // The peer went through floats, and once cut a satoshi off.
        for (counted, lots) in [(&mut exact, *lots), (&mut cut, lots + 1)] {
            let near =
                |deal: &Deal| (deal.1, deal.2) == (*ticks, lots) && (deal.0 - at).abs() < 10_000;
            if let Some(place) = ours.iter().position(near) {
                *counted += 1;
                same_side += usize::from(ours.remove(place).3 == *bought);
                break;
            }
        }
    }
    // The log names no aggressor: ours is told by the last published prices, the peer's by which
    // of the two orders came later.
    assert_eq!((counts, [exact, cut, same_side]), ([447, 367], [366, 1, 360]));
}
