//! A whole backtest of the Binance spot recording: ours from the packed form beside `hftbacktest`'s
//! from its rows, both from memory, interleaved.
//!
//! The like maker: one bid and one ask of 0.001 BTC ten ticks from the middle, within 0.05 BTC,
//! post-only, 5 ms to the venue and 5 ms back, a queue by logarithms, fees of −0.5 and 7 basis
//! points. Theirs cancels and places anew every 100 ms, as its own examples do; ours keeps an order
//! at least 100 ms, and moves it (by cancel and place, as this venue cannot replace) when the
//! middle moves. Ours judges every request by every limit, and turns each line into one input;
//! theirs takes one row a price level, keeps two books and no limits. Loading and making the rows
//! is not timed on either side. `cargo bench --bench backtest` in this folder.

#[path = "../harness.rs"]
mod harness;
#[path = "../recordings.rs"]
mod recordings;
#[path = "../runs.rs"]
mod runs;
#[path = "../sessions.rs"]
mod sessions;

use harness::{Arm, row};
use hftbacktest::backtest::assettype::LinearAsset;
use hftbacktest::backtest::data::{Data, DataSource};
use hftbacktest::backtest::models::{
    CommonFees, ConstantLatency, LogProbQueueFunc2, ProbQueueModel, TradingValueFeeModel,
};
use hftbacktest::backtest::{Backtest, ExchangeKind, L2AssetBuilder};
use hftbacktest::prelude::{Bot, MarketDepth, OrdType, ROIVectorMarketDepth, TimeInForce};
use hftbacktest::types::{
    BUY_EVENT, DEPTH_CLEAR_EVENT, DEPTH_EVENT, DEPTH_SNAPSHOT_EVENT, EXCH_EVENT, ElapseResult,
    Event as Row, LOCAL_EVENT, SELL_EVENT, TRADE_EVENT,
};
use pinnaclemm::event::{Body, Event, Level, Shape};
use pinnaclemm::threads::setup::Setup;
use pinnaclemm::types::Side;
use runs::Run;
use sessions::Spot;
use std::cell::RefCell;

/// What differs from the shipped config.
const CONFIG: &str = r#"{
  "strategy": {
    "fairValue": "mid", "baseSpreadBps": 0.0325, "minSpreadBps": 0.0325, "maxSpreadBps": 0.0325,
    "edgeBps": 0, "volatilityFactor": 0, "imbalanceFactor": 0, "inventorySkewFactor": 0,
    "orderQuantity": 0.001, "minOrderQuantity": 0.001, "maxOrderQuantity": 0.001,
    "maxPosition": 0.05, "maxLevels": 1, "requoteToleranceTicks": 0, "minQuoteLifeMs": 100,
    "requestsPerSecond": 1000, "requestsBurst": 1000, "requestsKeptForCancels": 10
  },
  "risk_management": { "limits": { "max_orders_per_second": 1000 } },
  "exchange": { "fills": { "queueModel": "log", "makerFeeBps": -0.5, "takerFeeBps": 7 } }
}"#;
/// The kind that their converter gives the lines that it keeps and nothing applies.
const QUOTE: u64 = 103;

/// The recording in their form: prices in ticks, quantities in lots, so that floats are exact.
fn rows(spot: &Spot) -> Vec<Row> {
    let mut rows = Vec::new();
    spot.events(|event, levels| rows_of(event, levels, &mut rows));
    rows
}

fn rows_of(event: &Event, levels: &[Level], rows: &mut Vec<Row>) {
    let at = event.received.0;
    let mut add = |kind: u64, side: Side, px: i64, qty: i64| {
        let side = if side == Side::Bid { BUY_EVENT } else { SELL_EVENT };
        let ev = kind | side | EXCH_EVENT | LOCAL_EVENT;
        let (px, qty) = (px as f64, qty as f64);
        let (exch_ts, local_ts) = (at, at);
        rows.push(Row { ev, exch_ts, local_ts, px, qty, order_id: 0, ival: 0, fval: 0.0 });
    };
    match event.body {
        Body::Levels(head) => {
            let kind = match head.shape {
                Shape::Snapshot => DEPTH_SNAPSHOT_EVENT,
                Shape::Update => DEPTH_EVENT,
                Shape::Top => QUOTE,
            };
            if head.shape == Shape::Snapshot && head.first {
                for (side, end) in [(Side::Bid, 0), (Side::Ask, i64::MAX >> 11)] {
                    add(DEPTH_CLEAR_EVENT, side, end, 0);
                }
            }
            for level in levels {
                add(kind, level.side(), level.price().0, level.qty().0);
            }
        }
        Body::Trade(trade) => add(TRADE_EVENT, trade.aggressor, trade.price.0, trade.qty.0),
        _ => {}
    }
}

fn peer(rows: &Data<Row>) -> Backtest<ROIVectorMarketDepth> {
    let asset = L2AssetBuilder::new()
        .data(vec![DataSource::Data(rows.clone())])
        .latency_model(ConstantLatency::new(5_000_000, 5_000_000))
        .asset_type(LinearAsset::new(1.0))
        .fee_model(TradingValueFeeModel::new(CommonFees::new(-0.000_05, 0.0007)))
        .exchange(ExchangeKind::NoPartialFillExchange)
        .queue_model(ProbQueueModel::new(LogProbQueueFunc2::new()))
        .depth(|| ROIVectorMarketDepth::new(1.0, 1.0, 6_000_000.0, 6_400_000.0))
        .build()
        .expect("a whole asset");
    Backtest::builder().add_asset(asset).build().expect("one asset")
}

/// Their maker over the whole recording; how many orders it sent.
fn quote(bot: &mut Backtest<ROIVectorMarketDepth>, lot: f64) -> u64 {
    let (mut id, qty) = (0_u64, 0.001 / lot);
    while bot.elapse(100_000_000).expect("rows") == ElapseResult::Ok {
        bot.clear_inactive_orders(Some(0));
        let live: Vec<_> = bot.orders(0).values().filter(|order| order.cancellable()).collect();
        let live: Vec<_> = live.iter().map(|order| order.order_id).collect();
        for order in live {
            bot.cancel(0, order, false).expect("it is live");
        }
        let (bid, ask) = (bot.depth(0).best_bid(), bot.depth(0).best_ask());
        if !(bid.is_finite() && ask.is_finite()) {
            continue;
        }
        let (mid, position) = ((bid + ask) / 2.0, bot.position(0));
        let (form, limit) = (TimeInForce::GTX, OrdType::Limit);
        if position + qty <= 50.0 * qty {
            id += 1;
            let price = mid.floor() - 10.0;
            bot.submit_buy_order(0, id, price, qty, form, limit, false).expect("a new id");
        }
        if position - qty >= -50.0 * qty {
            id += 1;
            let price = mid.ceil() + 10.0;
            bot.submit_sell_order(0, id, price, qty, form, limit, false).expect("a new id");
        }
    }
    id
}

/// Puts what differs in place of what is there.
fn merge(base: &mut serde_json::Value, own: serde_json::Value) {
    match own {
        serde_json::Value::Object(own) => {
            own.into_iter().for_each(|(key, value)| merge(&mut base[key], value));
        }
        own => *base = own,
    }
}

fn main() {
    let shipped = include_str!("../../config/default_config.json");
    let mut whole = serde_json::from_str(shipped).expect("the shipped config");
    merge(&mut whole, serde_json::from_str(CONFIG).expect("JSON"));
    let folder = std::env::temp_dir().join(format!("pinnaclemm-peer-{}", std::process::id()));
    std::fs::write(&folder, whole.to_string()).expect("room for a file");
    let config = folder.to_str().expect("a name").to_string();
    let spot = Spot::read(&["--config", &config]);
    std::fs::remove_file(&folder).expect("it is ours");
    let Some(spot) = spot else { return };
    let rows = rows(&spot);
    println!("{} lines, {} rows of theirs", spot.lines(), rows.len());
    let data = Data::from_data(&rows);
    let (run, bot) = (RefCell::new(None), RefCell::new(None));
    let ours = || run.borrow_mut().as_mut().map_or(0, |run: &mut Run| run.take(u64::MAX));
    let before = |setup: fn(&Spot) -> Setup| *run.borrow_mut() = Some(Run::new(setup(&spot)));
    let theirs = || bot.borrow_mut().as_mut().map_or(0, |bot| quote(bot, 0.000_001));
    row(
        "backtest of Binance spot with a maker: one line",
        spot.lines(),
        &mut [
            Arm::new("hftbacktest, ROIVectorMarketDepth", theirs)
                .before(|| *bot.borrow_mut() = Some(peer(&data))),
            Arm::new("ours, from the packed form", ours).before(|| before(Spot::over_packed)),
            Arm::new("ours, from JSON", ours).before(|| before(Spot::over_lines)),
        ],
    );
    let bot = bot.borrow();
    let state = bot.as_ref().expect("it has run").state_values(0);
    println!("  theirs: {} trades, position {}", state.num_trades, state.position);
    let mut run = Run::new(spot.over_packed());
    run.take(u64::MAX);
    println!("  ours: {}", run.told());
}
