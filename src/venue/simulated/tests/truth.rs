//! The truth over a restart, a kill and damage.

use super::super::truth::{Entry, NAME};
use super::crowd::lively;
use super::*;
use std::path::PathBuf;

/// A directory of the test's own, gone when it is dropped.
struct Own(PathBuf);

impl Own {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("pinnaclemm-truth-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn open(&self) -> Truth {
        Truth::open(&self.0).unwrap()
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.0.join(NAME)).unwrap()
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What two lives of the venue tell; the first ends without a word, as by a kill.
#[test]
fn what_was_told_is_still_true_after_a_kill() {
    let own = Own::new("kill");
    let mut first = venue(&quiet(), 1, Some(own.open()));
    play(
        &mut first,
        "10 place 1 bid 99 5
        12 place 2 bid 98 5
        14 place 3 bid 97 5
        20 them ask 99 2
        22 cancel 2
        24 replace 3 bid 96 4
        40 place 4 bid 95 1
        42 end
        < 3ms subscribed
        < 3ms status Trading
        < 3ms snapshot 0 []
        < 13ms update 1 [bid 99:5]
        < 15ms accepted 1 bid 99:5
        < 15ms update 2 [bid 98:5]
        < 17ms accepted 2 bid 98:5
        < 17ms update 3 [bid 97:5]
        < 19ms accepted 3 bid 97:5
        < 21ms trade #1 ask takes 2 at 99
        < 21ms update 4 [bid 99:3]
        < 23ms fill 1 bid 99:2 #1 maker fee 198e-4
        < 25ms update 5 [bid 98:0]
        < 27ms canceled 2 bid 98:5
        < 27ms update 6 [bid 97:0 bid 96:4]
        < 29ms replaced 3 bid 96:4",
    );
    let held = first.holding(instrument()).unwrap();
    assert_eq!((held.position, held.cash, held.fees), (2, -198_019_800_000_000, 19_800_000_000));
    // Order 4 rests, but nobody was told of it: a kill may lose it like a request on its way.
    std::mem::forget(first);
    let mut second = venue(&quiet(), 1, Some(own.open()));
    assert_eq!(second.holding(instrument()), Some(held));
    play(
        &mut second,
        "10 query all 0
        12 query 2
        14 query 4
        16 place 1 bid 90 1
        18 them ask 99 1
        40 end
        < 3ms subscribed
        < 3ms status Trading
        < 3ms snapshot 0 [bid 99:3 bid 96:4]
        < 15ms fill 1 bid 99:2 #1 maker fee 198e-4
        < 15ms open 1 bid 99:3
        < 15ms open 3 bid 96:4
        < 15ms absent 0 bid 0:0
        < 17ms absent 2 bid 0:0
        < 19ms absent 4 bid 0:0
        < 19ms trade #1000002 ask takes 1 at 99
        < 19ms update 1 [bid 99:2]
        < 21ms rejected 1 bid 90:1 duplicate_id
        < 21ms fill 1 bid 99:1 #1000002 maker fee 99e-4",
    );
    second.persist().unwrap();
    drop(second);
    let before = own.text();
    drop(own.open());
    let after = own.text();
    assert!(before.len() > after.len(), "opening folds the lines:\n{before}\n{after}");
    assert_eq!(own.open().settle_markets(&mut quiet().markets).unwrap().starts, 4);
}

#[test]
fn a_torn_end_is_cut_and_any_other_damage_is_named() {
    let own = Own::new("torn");
    let mut venue = venue(&quiet(), 1, Some(own.open()));
    play(
        &mut venue,
        "10 place 1 bid 99 5\n 14 end\n < 3ms subscribed\n < 3ms status Trading
        < 3ms snapshot 0 []\n < 13ms update 1 [bid 99:5]",
    );
    venue.persist().unwrap();
    drop(venue);
    let text = own.text();
    let orders = |truth: Truth| {
        let mut truth = truth;
        truth.settle_markets(&mut quiet().markets).map(|memory| memory.orders.len())
    };
    for cut in 0..text.len() {
        std::fs::write(own.0.join(NAME), &text[..cut]).unwrap();
        let whole = text[..cut].rfind('\n').map_or("", |at| &text[..=at]);
        let expected = usize::from(whole.contains("\"order\""));
        assert_eq!(orders(own.open()).unwrap(), expected, "cut at {cut}");
    }
    let wrong = |text: &str| {
        std::fs::write(own.0.join(NAME), text).unwrap();
        let error = Truth::open(&own.0).err().map(|error| error.to_string());
        let error = error.unwrap_or_else(|| panic!("{text} is taken"));
        error.rsplit_once('/').unwrap().1.to_string()
    };
    for (line, said) in [
        ("{\"truth\":{\"version\":2,\"starts\":1}}\n", "it is of version 2, and 1 is known"),
        ("{\"fair\":{\"market\":0,\"ticks\":1.0}}\n", "market 0 was not named before"),
        ("\n", "EOF"),
    ] {
        let told = wrong(line);
        assert!(told.starts_with(&format!("{NAME}:1: {said}")), "{told}");
    }
    assert!(wrong(&text.replace("\"order\"", "\"odour\"")).contains("unknown variant"));
}

#[test]
fn other_instruments_are_refused_and_more_are_not() {
    let own = Own::new("markets");
    let two = lively();
    drop(venue(&two, 1, Some(own.open())));
    let begin = |params: &SimulatorParams| {
        let mut table = InstrumentTable::new(8);
        params.add_to(&mut table).unwrap();
        let made = Simulated::new(params, &table, (1, Nanos(0)), Some(own.open()));
        made.map(drop).map_err(|error| error.to_string())
    };
    let mut turned = two.clone();
    turned.markets.reverse();
    turned.markets.insert(1, quiet().markets[0]);
    assert_eq!(begin(&turned), Ok(()));
    assert!(begin(&two).unwrap_err().contains("X-Y stands in it with other steps"));
    turned.markets[0].tick = Scale::power_of_ten(0);
    assert!(begin(&turned).unwrap_err().contains("ETH-USD stands in it with other steps"));
}

#[test]
fn there_is_room_ahead_of_the_truth() {
    use std::os::unix::fs::MetadataExt as _;
    let own = Own::new("ahead");
    let ahead = |truth: &Truth| {
        let facts = std::fs::metadata(truth.path()).unwrap();
        assert!(facts.len() < facts.blocks() * 512);
        facts.blocks() * 512 - facts.len()
    };
    let mut truth = own.open();
    assert!(ahead(&truth) >= 1 << 20);
    for line in 0..100_000 {
        truth.add(&Entry::TradesBelow(line));
        truth.write().unwrap();
        if line % 5_000 == 0 {
            assert!(ahead(&truth) >= 1 << 20, "{line}");
        }
    }
    assert!(std::fs::metadata(truth.path()).unwrap().len() > 2 << 20);
}

#[test]
fn a_venue_whose_truth_cannot_be_written_says_nothing_more() {
    let own = Own::new("full");
    let mut venue = venue(&quiet(), 1, Some(own.open()));
    // A file open for reading only takes no writes, as a full disk does not.
    venue.truth.as_mut().unwrap().break_file();
    play(
        &mut venue,
        "10 place 1 bid 99 5
        20 reconnect refused
        30 end
        < 3ms subscribed
        < 3ms status Trading
        < 3ms snapshot 0 []
        < 13ms update 1 [bid 99:5]
        < 20ms fault disconnected",
    );
    assert!(venue.persist().is_err() && venue.persist().is_err());
}
