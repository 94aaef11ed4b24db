//! One seed: a venue, and one engine after another on the same disk, each but the last brought to
//! its end at a moment of chance; what stands on the disk then is held against what the venue knows.

use crate::audit::Told;
use crate::chance::Chance;
use crate::core_rig::loaded;
use crate::damage;
use crate::disk::{Disk, End, Image, Plan, restore};
use crate::law::Account;
use crate::life::{Life, World};
use crate::scratch::Scratch;
use crate::shore::Way;
use crate::system::{mount, unmount, with_disk};
use crate::whole;
use pinnaclemm::config::Loaded;
use pinnaclemm::engine::CoreParams;
use pinnaclemm::engine::risk::Opening;
use pinnaclemm::event::TradingState;
use pinnaclemm::journal::identity::{Account as AccountName, ModeName};
use pinnaclemm::journal::recovery::{Recovered, recover};
use pinnaclemm::journal::replay::replay;
use pinnaclemm::journal::{DataDirectory, Identity, SyncMode};
use pinnaclemm::threads::setup::setup;
use pinnaclemm::types::{Currency, InstanceTag, InstrumentId, InstrumentTable, Nanos, Venue};
use pinnaclemm::venue::simulated::{FaultKind, FaultParams, Simulated};
use serde_json::json;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

/// Where time begins: 2026-01-01T00:00:00Z.
const ORIGIN: Nanos = Nanos::from_seconds(1_767_225_600);
/// The venue's faults are over by then, as the time of the venue goes.
const FAULTS_OVER: i64 = 1_500;

/// What has happened in stories.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(crate) struct Counts {
    /// Inputs that were held against the law.
    pub(crate) inputs: u64,
    /// Requests that the venue was sent.
    pub(crate) requests: u64,
    /// Fills that it has told.
    pub(crate) fills: u64,
    /// Everything else, by its name.
    pub(crate) named: BTreeMap<&'static str, u64>,
}

impl Counts {
    pub(crate) fn count(&mut self, name: &'static str) {
        *self.named.entry(name).or_default() += 1;
    }

    /// Both together.
    pub(crate) fn add(&mut self, other: &Self) {
        self.inputs += other.inputs;
        self.requests += other.requests;
        self.fills += other.fills;
        for (name, count) in &other.named {
            *self.named.entry(name).or_default() += count;
        }
    }
}

/// What all stories have in common: read once.
struct Base {
    loaded: Loaded,
    core: CoreParams,
    currency: Currency,
}

fn base() -> &'static Base {
    static BASE: OnceLock<Base> = OnceLock::new();
    BASE.get_or_init(|| {
        let config = json!({
            "strategy": {
                "baseSpreadBps": 2, "minSpreadBps": 1, "edgeBps": 0, "volatilityFactor": 0,
                "requoteToleranceTicks": 5, "minQuoteLifeMs": 0, "volatilitySampleMs": 5,
                "volatilityWarmupMs": 10, "requestsPerSecond": 300,
                "requestsBurst": 300, "requestsKeptForCancels": 50
            },
            "risk_management": { "limits": { "max_orders_per_second": 500 } },
            "timing": { "orderTimeoutMs": 100 },
            "exchange": { "simulator": {
                "participants": {
                    "taker": { "count": 4, "ratePerMinute": 6000.0 },
                    "maker": { "count": 4, "ratePerMinute": 600 },
                    "noise": { "count": 2, "ratePerMinute": 600 },
                    "arbitrageur": { "count": 1, "ratePerMinute": 600 }
                }
            } }
        });
        let mut loaded = loaded(&config, None);
        let setup = setup(&loaded, None, None).unwrap_or_else(|fault| panic!("{fault}"));
        // Otherwise nobody reads behind the writer; the clock is the story's all the same.
        loaded.config.speed = "1".parse().expect("a speed");
        let (mut core, currency) = (setup.core, setup.currency);
        // A story makes many cores and writes many snapshots: they are as small as they may be.
        for one in &mut core.instruments {
            (one.book.window_ticks, one.book.far_levels_max) = (1 << 12, 1 << 9);
        }
        Base { loaded, core, currency }
    })
}

/// A story as it is told.
struct Story {
    loaded: Loaded,
    scratch: Scratch,
    way: Way,
    told: Told,
    now: Nanos,
    chance: Chance,
    stepped: bool,
    /// Each life is told in a line.
    is_told: bool,
    /// Power was lost before a sync: what was sent since is the venue's to tell.
    is_blind: bool,
    counts: Counts,
}

/// Plays a seed to its end.
///
/// # Errors
/// What did not hold.
pub(crate) fn play(seed: u64, stepped: bool) -> Result<Counts, String> {
    let mut story = Story::new(seed, stepped);
    let lives = 1 + story.chance.below(6);
    let lived = (0..lives).try_for_each(|_| story.live()).and_then(|()| story.live_to_the_end());
    if let (Err(_), true) = (&lived, story.is_told) {
        println!("what is left lies in {}", story.scratch.keep().display());
    }
    lived.map(|()| story.counts)
}

impl Story {
    fn new(seed: u64, stepped: bool) -> Self {
        let Base { loaded, currency, .. } = base();
        let (mut loaded, mut chance) = (loaded.clone(), Chance::new(seed));
        let config = &mut loaded.config;
        config.seed = seed;
        config.journal.sync =
            chance.pick(&[SyncMode::Batch, SyncMode::Batch, SyncMode::Each, SyncMode::Process]);
        config.journal.segment_bytes = chance.pick(&[3 << 14, 1 << 16, 1 << 17]);
        config.journal.pack = false;
        config.journal.journal_bytes_max = chance.one_in(3).then_some(1 << 17).filter(|_| !stepped);
        config.snapshots.keep = 1 + chance.place(3);
        config.simulator.cancel_on_disconnect = chance.one_in(4);
        config.simulator.faults = (0..chance.below(5)).map(|_| fault(&mut chance)).collect();
        let mut table = InstrumentTable::new(config.simulator.markets.len());
        config.simulator.add_to(&mut table).expect("each symbol once");
        let venue = Simulated::new(&config.simulator, &table, (seed, ORIGIN), None);
        let scratch = Scratch::new();
        let identity = Identity {
            mode: ModeName::new(b"simulation").expect("a name"),
            venue: Venue::Simulated,
            account: AccountName::new(b"none").expect("a name"),
            settlement_currency: *currency,
            instance_tag: InstanceTag::new(seed),
        };
        // Before the first start, which would draw a tag.
        drop(DataDirectory::open(scratch.path(), &identity).expect("a folder of our own"));
        Self {
            loaded,
            scratch,
            way: Way::new(venue.expect("no truth is kept"), ORIGIN),
            told: Told::default(),
            now: ORIGIN,
            chance,
            stepped,
            is_told: std::env::var_os("PINNACLE_SEED").is_some(),
            is_blind: false,
            counts: Counts::default(),
        }
    }

    fn data(&self) -> &Path {
        self.scratch.path()
    }

    fn begin(&mut self) -> Result<Life, String> {
        // Each turn of the follower writes a snapshot, or none does.
        let every = if self.chance.one_in(4) { Duration::ZERO } else { Duration::from_secs(3600) };
        self.loaded.config.snapshots.every = every;
        let Base { core, currency, .. } = base();
        let world = World {
            loaded: &self.loaded,
            core,
            currency: *currency,
            data: self.scratch.path(),
            way: &self.way,
            stepped: self.stepped,
        };
        let begun = Life::begin(world, self.now, self.chance.fork(), &self.told);
        let (life, core) = begun.map_err(|fault| fault.to_string())?;
        let earlier = self.way.shore().placed.keys().next_back().map_or(0, |id| id >> 32);
        if u64::from(core.epoch) <= earlier || self.told.epochs().any(|one| one >= core.epoch) {
            return Err(format!("epoch {} is given again", core.epoch));
        }
        Ok(life)
    }

    /// A line of the story, where one seed is told alone.
    fn say(&self, what: &dyn std::fmt::Display) {
        if self.is_told {
            println!("{} ms: {what}", (self.now.0 - ORIGIN.0) / 1_000_000);
        }
    }

    /// One life, brought to its end.
    fn live(&mut self) -> Result<(), String> {
        let end = if self.chance.one_in(3) { End::Killed } else { End::Power };
        // Some end as they begin, and some before their next request.
        let moments = self.chance.pick(&[60, 400, 1500]);
        let crash = Some((1 + self.chance.below(moments), end));
        let fault = self.chance.one_in(4).then(|| 1 + self.chance.below(moments));
        mount(Disk::new(self.scratch.path(), self.chance.fork(), Plan { crash, fault }));
        let lived = self.turns();
        let disk = unmount().expect("it was mounted");
        let (was_dead, faults) = (disk.is_dead(), disk.faults());
        let sync = self.loaded.config.journal.sync;
        self.say(&format!("{end:?} (sync {sync:?}, {faults} faults, {} moments)", disk.moments()));
        let image = disk.into_image(end);
        match lived {
            // What a start says of a machine that was dying is no word on what it found.
            Err(what) if !what.is_start || !was_dead && faults == 0 => return Err(what.text),
            Err(_) => self.counts.count("died as it began"),
            Ok(()) => {}
        }
        let shore = self.way.shore();
        if shore.after_cancel > 0 {
            return Err(format!("{} requests behind the emergency", shore.after_cancel));
        }
        self.counts.count(match (end, faults) {
            (_, 1..) => "failed syncs and writes",
            (End::Killed, _) => "kills",
            (End::Power, _) => "losses of power",
        });
        drop(shore);
        self.way.hang_up(self.now);
        self.find(end, &image)
    }

    /// Turns an engine until its end.
    fn turns(&mut self) -> Result<(), Fault> {
        let begun = self.begin();
        let mut life = begun.map_err(|text| Fault { text, is_start: true })?;
        let mut turns = 0_u64;
        let most = 4000;
        loop {
            let goes_on = life.turn().map_err(|text| Fault { text, is_start: false })?;
            self.now = self.now.max(self.way.shore().latest);
            turns += 1;
            if !goes_on || turns > most {
                self.counts.inputs += life.inputs;
                return Ok(());
            }
            if self.chance.one_in(200) {
                life.trouble();
            }
            if self.chance.one_in(200) {
                // What is removed is read before.
                let read = self.told.read(self.scratch.path(), false);
                read.map_err(|text| Fault { text, is_start: false })?;
                life.prune();
            }
        }
    }

    /// Puts the image in its place and holds it against what is known.
    fn find(&mut self, end: End, image: &Image) -> Result<(), String> {
        restore(self.data(), image);
        // The first thing that a start makes.
        fs::create_dir_all(self.data().join("journal")).expect("there is room");
        let is_lost = end == End::Power && self.loaded.config.journal.sync != SyncMode::Each;
        self.is_blind |= is_lost;
        if end == End::Power && self.chance.one_in(3) {
            damage::behind_the_synced(self.scratch.path(), &mut self.chance, &mut self.counts)?;
        }
        let summary = self.told.read(self.scratch.path(), self.stepped)?;
        self.check_orders()?;
        let Some(summary) = summary else { return Ok(()) };
        self.counts.count(summary.case().name());
        self.say(&format!("{} at record {}", summary.case().name(), summary.last_record));
        let Some(left) = recovered(self.data())? else {
            // Not even the first start has come to stand.
            let has_begun = self.told.epochs().next().is_some();
            return if has_begun { Err("no epoch is found".into()) } else { Ok(()) };
        };
        self.check_left(&left)?;
        if self.chance.one_in(4) {
            damage::of_the_synced(self.scratch.path(), &left, &mut self.chance, &mut self.counts)?;
        }
        if left.snapshot.is_some() && self.told.first == 1 {
            self.counts.count("snapshots");
            let whole = damage::without_snapshots(self.data(), recovered)?;
            let whole = whole.ok_or("without its snapshots there is nothing")?;
            if compared(&whole.opening) != compared(&left.opening) {
                let (a, b) = (&left.opening, &whole.opening);
                return Err(format!("a snapshot comes to {a:?}, the journal to {b:?}"));
            }
        }
        // For how long nobody is there.
        self.now.0 += i64::try_from(self.chance.below(400_000_000)).expect("less than a second");
        Ok(())
    }

    /// Orders and fills of both sides.
    fn check_orders(&mut self) -> Result<(), String> {
        let shore = self.way.shore();
        let placed = self.told.placed();
        if let Some(id) = shore.twice.first() {
            return Err(format!("the id {id:x} was given twice"));
        }
        let unknown: BTreeSet<_> = shore.placed.keys().filter(|id| !placed.contains(id)).collect();
        if !unknown.is_empty() && !self.is_blind {
            return Err(format!("the venue has {unknown:x?}, and the journal does not"));
        }
        if !unknown.is_empty() {
            self.counts.count("orders sent before a sync and lost");
            self.say(&format!("only the venue has {unknown:x?}"));
        }
        // Faults of the venue may keep a cancel from it.
        if let (Some(trade), true) =
            (shore.left.first(), self.loaded.config.simulator.faults.is_empty())
        {
            return Err(format!("{trade:x?} of an order that an earlier epoch has left"));
        }
        for (trade, terms) in self.told.fills() {
            if shore.told.get(&trade) != Some(&terms) {
                return Err(format!("the fill {trade:x?} {terms:?} was never told so"));
            }
        }
        Ok(())
    }

    /// What recovery has found.
    fn check_left(&self, left: &Recovered) -> Result<(), String> {
        if left.tally.differences + left.tally.contradictions > 0 {
            return Err(format!("recovery decides otherwise: {:?}", left.tally));
        }
        if left.input != self.told.input() {
            return Err(format!("the last input is {}, not {}", left.input, self.told.input()));
        }
        let accounts = self.told.accounts_before(u64::MAX, &base().core);
        for (account, position) in accounts.each.iter().zip(&left.opening.positions) {
            if Account::of(position) != *account {
                return Err(format!("recovered {position:?}, and it is {account:?}"));
            }
        }
        let state = left.opening.trading.state;
        let said = self.told.state().unwrap_or(state);
        if state != said && (state == TradingState::Halted || said == TradingState::Halted) {
            return Err(format!("recovered as {state:?}, and it was {said:?}"));
        }
        Ok(())
    }

    /// The last life: nothing goes wrong any more, and it ends as it should.
    fn live_to_the_end(&mut self) -> Result<(), String> {
        mount(Disk::new(self.scratch.path(), self.chance.fork(), Plan::default()));
        let mut life = self.begin()?;
        life.calm();
        // Not before the venue has told all that it knows, however late the life begins.
        let over = ORIGIN.0 + Nanos::from_millis(FAULTS_OVER + 500).0;
        let over = over.max(self.now.0 + Nanos::from_millis(300).0);
        for turn in 0_u64.. {
            if turn > 300 && self.now.0 > over {
                life.request_end();
                break;
            }
            life.turn()?;
            self.now = self.now.max(self.way.shore().latest);
            if turn > 200_000 {
                return Err("the last life does not come to its end".into());
            }
        }
        for turn in 0_u64.. {
            if !life.turn()? {
                break;
            }
            if turn > 200_000 {
                return Err("it does not end".into());
            }
        }
        self.counts.inputs += life.inputs;
        let moments = with_disk(|disk| disk.moments()).unwrap_or(0);
        assert!(moments > 0, "the disk hears what is asked");
        let outcome = life.end();
        unmount();
        if outcome.journal_failure.is_some() || !outcome.open_orders.is_empty() {
            return Err(format!("it ends with {outcome:?}"));
        }
        self.now = self.now.max(self.way.shore().latest);
        self.judge()
    }

    /// At the end both sides know the same.
    fn judge(&mut self) -> Result<(), String> {
        self.told
            .read(self.scratch.path(), self.stepped)?
            .ok_or("nothing stands in the journal")?;
        self.check_orders()?;
        let accounts = self.told.accounts_before(u64::MAX, &base().core);
        for (id, account) in (0..).map(InstrumentId).zip(&accounts.each) {
            let held = self.way.holding(id);
            let own = (account.lots, account.cash(), account.fees);
            if own != (held.position, held.cash, held.fees) {
                return Err(format!("we hold {own:?}, and the venue says {held:?}"));
            }
        }
        let resting = self.way.resting(self.now);
        if !resting.is_empty() {
            return Err(format!("{resting:x?} rest at the venue, and nobody knows"));
        }
        if self.told.first == 1 {
            replay(self.data()).map_err(|error| error.to_string())?;
            self.counts.count("journals replayed from their first record");
            if self.chance.one_in(4) {
                whole::snapshots_come_to_the_whole(self.scratch.path(), &mut self.counts)?;
            }
        }
        let left = recovered(self.data())?.ok_or("the last epoch is not found")?;
        self.check_left(&left)?;
        let shore = self.way.shore();
        self.counts.inputs += self.told.inputs;
        self.counts.requests += shore.requests;
        self.counts.fills += shore.told.len() as u64;
        Ok(())
    }
}

/// Why a life is not as it should be.
struct Fault {
    text: String,
    /// It was told by the start, not found by us.
    is_start: bool,
}

/// What a start would find.
fn recovered(data: &Path) -> Result<Option<Recovered>, String> {
    recover(data, &mut |_| true).map_err(|error| error.to_string())
}

/// What of it must be the same however it was found: which orders may only reduce follows from
/// decisions, not from facts.
pub(crate) fn compared(opening: &Opening) -> Opening {
    let mut opening = opening.clone();
    opening.orders.iter_mut().for_each(|order| order.reduce_only = false);
    opening.orders.sort_by_key(|order| order.id);
    opening
}

fn fault(chance: &mut Chance) -> FaultParams {
    let millis = |below: u64, chance: &mut Chance| {
        Nanos::from_millis(i64::try_from(chance.below(below)).expect("some seconds"))
    };
    let kind = chance.pick(&FaultKind::ALL);
    let amount = match kind {
        FaultKind::LateFill => Nanos::from_millis(150),
        FaultKind::ClockOffset => Nanos::from_millis(-70_000),
        _ => Nanos(0),
    };
    let (at, lasts) = (millis(1_200, chance), millis(300, chance));
    FaultParams { kind, at, every: None, lasts, amount }
}
