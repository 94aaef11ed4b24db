//! The Binance spot recording as runs of the engine: from its lines in memory, and from the packed
//! form in memory.

use crate::recordings;
use crate::runs::loaded;
use flate2::read::MultiGzDecoder;
use pinnaclemm::config::load::Loaded;
use pinnaclemm::event::{Event, Level};
use pinnaclemm::threads::feed::{Feed, FeedParams, Recorded, Source};
use pinnaclemm::threads::link::{Link, Market, Modelled, Packed};
use pinnaclemm::threads::setup::{Setup, setup};
use pinnaclemm::types::Venue;
use pinnaclemm::venue::fills::FillModel;
use pinnaclemm::venue::recorded::convert::convert;
use pinnaclemm::venue::recorded::replay::{Replay, books_of};
use pinnaclemm::venue::recorded::survey::{Survey, survey};
use pinnaclemm::venue::recorded::{Kind, PackedReader, Reader, Tape};
use std::io::{Cursor, Read as _};
use std::path::PathBuf;
use std::sync::Arc;

const VENUE: Venue = Venue::BinanceSpot;
const NAMES: [&str; 2] = ["binance/spot/btcusdt_20240808.gz", "binance/spot/btcusdt_20240809.gz"];

/// The recording, read and unpacked.
pub(crate) struct Spot {
    loaded: Loaded,
    survey: Survey,
    plain: Vec<Arc<[u8]>>,
    packed: Arc<[u8]>,
}

impl Spot {
    /// The recording with the shipped config and these flags, if it is there.
    pub(crate) fn read(flags: &[&str]) -> Option<Self> {
        let paths = recordings::find(&NAMES)?;
        let names: Vec<_> = paths.iter().map(|path| path.to_str().expect("a name")).collect();
        let mut all = vec!["--mode", "backtest", "--venue", VENUE.name(), "--speed", "max"];
        all.extend_from_slice(flags);
        all.push("--input");
        all.extend(names);
        let plain = paths.iter().map(|path| {
            let mut plain = Vec::new();
            let file = std::fs::File::open(path).expect("a file");
            MultiGzDecoder::new(file).read_to_end(&mut plain).expect("gzip");
            plain.into()
        });
        Some(Self {
            loaded: loaded(&all),
            survey: survey(VENUE, &paths).expect("a recording that is whole"),
            plain: plain.collect(),
            packed: packed(&paths),
        })
    }

    /// Each event of the recording with its levels.
    #[allow(dead_code, reason = "only beside the peers")]
    pub(crate) fn events(&self, mut take: impl FnMut(&Event, &[Level])) {
        let bytes = Cursor::new(Arc::clone(&self.packed));
        let mut reader = PackedReader::from_read("spot", bytes).expect("a packed file");
        while let Some((event, levels)) = reader.advance().expect("a packed file") {
            take(event, levels);
        }
    }

    /// How many lines were received.
    pub(crate) fn lines(&self) -> u64 {
        let (mut tape, mut count) = (self.tape(), 0);
        while let Some((_, record)) = tape.advance().expect("a recording that is whole") {
            count += u64::from(matches!(record.kind, Kind::Received | Kind::Rest));
        }
        count
    }

    fn tape(&self) -> Tape {
        let open = |bytes: &Arc<[u8]>| {
            Reader::from_read("spot", Cursor::new(Arc::clone(bytes))).expect("a recording")
        };
        Tape::over(self.plain.iter().map(open).collect())
    }

    /// A run over the lines.
    pub(crate) fn over_lines(&self) -> Setup {
        let source = Source::Recorded(Box::new(Recorded::new(VENUE, self.tape())));
        let params = FeedParams { venue: VENUE, table: self.survey.table.clone() };
        self.over(Market::Feed(Box::new(Feed::new(params, source))))
    }

    /// A run over the packed form.
    pub(crate) fn over_packed(&self) -> Setup {
        let bytes = Cursor::new(Arc::clone(&self.packed));
        let reader = PackedReader::from_read("spot", bytes).expect("a packed file");
        self.over(Market::Packed(Box::new(Packed::new(reader))))
    }

    fn over(&self, market: Market) -> Setup {
        let made = setup(&self.loaded, None, None).expect("a config that fits");
        let books = books_of(VENUE, &self.survey);
        let fills = FillModel::new(&self.loaded.config.fills, &self.survey.table, books);
        Setup { link: Link::Modelled(Box::new(Modelled::new(market, fills))), ..made }
    }
}

/// The packed form of those recordings, made by way of a file.
fn packed(paths: &[PathBuf]) -> Arc<[u8]> {
    let file = std::env::temp_dir().join(format!("pinnaclemm-bench-{}", std::process::id()));
    let mut replay = Replay::open(VENUE, paths).expect("recordings");
    convert(&mut replay, &file).expect("room for a file");
    let bytes = std::fs::read(&file).expect("the file just written");
    std::fs::remove_file(&file).expect("it is ours");
    bytes.into()
}
