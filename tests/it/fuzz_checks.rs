//! What must hold for any bytes whatever: one check for each fuzz target.
//!
//! `fuzz/` calls these with what libFuzzer makes up, `fuzz_corpus` with the seeds and fixed changes
//! of them. A check panics where something does not hold; it finds no meaning in the bytes.
//!
//! For a decoder the bytes are one connection, a message a line. `@up` is a new connection,
//! `@rest …` an answer about the first instrument, `@tag word …` a message that a recording marks
//! with a word.

use crate::agreement::Readings;
use pinnaclemm::engine::book::{BookParams, Books, Rules, WireScales};
use pinnaclemm::engine::risk::OUTPUT_LINES_MAX;
use pinnaclemm::event::{Event, Level, Line};
use pinnaclemm::journal::reader::SegmentReader;
use pinnaclemm::journal::record::{
    Content, Kind as RecordKind, PlainForm, RawRecord, Seed, Words, padded,
};
use pinnaclemm::types::{
    Currency, Decimal, InstrumentId, InstrumentTable, Nanos, Product, Scale, Symbol, Venue,
};
use pinnaclemm::venue::decode::{Frame, Origin};
use pinnaclemm::venue::recorded::{Kind, Malformed, PackedReader, Reader};
use std::io::{self, Read};

/// A check.
pub(crate) type Check = fn(&[u8]);

/// Every target by its name in `fuzz/`.
pub(crate) const TARGETS: [(&str, Check); 10] = [
    ("coinbase_exchange", |bytes| decoder(Venue::CoinbaseExchange, bytes)),
    ("coinbase_advanced", |bytes| decoder(Venue::CoinbaseAdvanced, bytes)),
    ("kraken", |bytes| decoder(Venue::Kraken, bytes)),
    ("binance_spot", |bytes| decoder(Venue::BinanceSpot, bytes)),
    ("binance_usdm", |bytes| decoder(Venue::BinanceUsdm, bytes)),
    ("bitstamp", |bytes| decoder(Venue::Bitstamp, bytes)),
    ("framing", framing),
    ("decimal", decimal),
    ("own_framing", own_framing),
    ("journal", journal),
];

/// The instruments of the seeds: symbol, tick and lot.
fn products(venue: Venue) -> &'static [[&'static str; 3]] {
    match venue {
        Venue::CoinbaseExchange => &[["BTC-USD", "0.01", "1e-8"], ["SKL-USD", "0.0001", "0.1"]],
        Venue::CoinbaseAdvanced => &[["BTC-USD", "0.01", "1e-8"], ["ETH-USD", "0.01", "1e-8"]],
        Venue::Kraken => {
            &[["BTC/USD", "0.1", "1e-8"], ["XBT/USD", "0.1", "1e-8"], ["ALGO/XBT", "1e-8", "1e-8"]]
        }
        Venue::BinanceSpot => &[["ABCUSDT", "0.01", "1e-8"], ["XUSDT", "0.05", "1"]],
        Venue::BinanceUsdm => &[["ABCUSDT", "0.1", "0.001"], ["XUSDT", "0.05", "1"]],
        // Rows of a recording name no symbol, so there is one instrument only.
        Venue::Bitstamp => &[["abcusd", "0.01", "1e-8"]],
        Venue::Simulated => &[],
    }
}

/// The table of the seeds' instruments.
pub(crate) fn table(venue: Venue) -> InstrumentTable {
    let mut table = InstrumentTable::new(4);
    for [symbol, tick, lot] in products(venue) {
        let symbol = Symbol::new(symbol.as_bytes()).expect("a short plain name");
        let name = Currency::new(b"ANY").expect("a short plain name");
        let [tick, lot] = [tick, lot].map(|text| Scale::parse(text.as_bytes()).expect("a number"));
        let (base, quote) = (name, name);
        let order_step = lot;
        let product = Product { symbol, base, quote, tick, lot, order_step, trading: true };
        table.add(venue, &product).expect("fewer than four, all different");
    }
    table
}

/// Books for those instruments, as small as they can be made: their bounds are met as well.
pub(crate) fn books(venue: Venue, table: &InstrumentTable) -> Books {
    let rules = Rules::of(venue);
    let mut books = Books::new(rules.silence_max);
    for instrument in table {
        let orders_max = match venue {
            Venue::CoinbaseExchange | Venue::Bitstamp => 8,
            _ => 0,
        };
        let usual = BookParams::new(rules, WireScales::from(instrument));
        let (window_ticks, far_levels_max) = (4096, 32);
        books.add(&BookParams { window_ticks, far_levels_max, orders_max, ..usual });
    }
    books
}

/// The lines of a connection as frames; nothing for the line that begins a new one.
pub(crate) fn frames<'a>(
    bytes: &'a [u8],
    table: &'a InstrumentTable,
) -> impl Iterator<Item = Option<Frame<'a>>> {
    bytes.split(|byte| *byte == b'\n').map(move |line| {
        let stream = Origin::stream(Nanos(1_700_000_000_000_000_000));
        let (origin, bytes) = if line == b"@up" {
            return None;
        } else if let Some(rest) = line.strip_prefix(b"@rest ") {
            (Origin { rest: Some(InstrumentId(0)), ..stream }, rest)
        } else if let Some(tagged) = line.strip_prefix(b"@tag ") {
            let end = tagged.iter().position(|byte| *byte == b' ').unwrap_or(tagged.len());
            let (tag, text) = tagged.split_at(end);
            (Origin { tag, ..stream }, text.get(1..).unwrap_or_default())
        } else {
            (stream, line)
        };
        Some(Frame { bytes, origin, table })
    })
}

/// Both readings agree on every message, every event survives packing, and the books live on.
fn decoder(venue: Venue, bytes: &[u8]) {
    let table = table(venue);
    let mut books = books(venue, &table);
    let mut readings = Readings::new(venue);
    for frame in frames(bytes, &table) {
        let Some(frame) = frame else {
            readings.connected();
            continue;
        };
        for (event, levels) in readings.read(&frame) {
            assert_eq!(event.received, frame.origin.received);
            assert_eq!(Event::unpack(&event.pack()), Ok(event));
            books.apply(&event, &levels);
        }
    }
}

/// Gives a few bytes at a time, so that records straddle reads.
struct Sips(io::Cursor<Vec<u8>>, usize);

impl Read for Sips {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = into.len().min(self.1);
        self.0.read(&mut into[..most])
    }
}

/// A record with its bytes owned.
type Owned = (Nanos, Kind, Vec<u8>, Vec<u8>, bool);

/// What a recording of those bytes holds, and how it was left.
fn records(bytes: &[u8], sip: usize) -> (Vec<Owned>, Vec<(u64, Malformed)>, String) {
    let input = Sips(io::Cursor::new(bytes.to_vec()), sip);
    let mut all = Vec::new();
    let mut reader = match Reader::from_read("bytes", input) {
        Ok(reader) => reader,
        Err(error) => return (all, Vec::new(), error.to_string()),
    };
    let end = loop {
        match reader.advance() {
            Ok(true) => {}
            Ok(false) => break String::new(),
            Err(error) => break error.to_string(),
        }
        let record = reader.record().expect("there is one behind `true`");
        let (tag, payload) = (record.tag.to_vec(), record.payload.to_vec());
        all.push((record.received, record.kind, tag, payload, record.torn));
    };
    assert!(!reader.advance().expect("an error ends the recording"));
    let report = reader.report();
    assert_eq!(report.records.iter().sum::<u64>(), all.len() as u64);
    assert!(all.iter().rev().skip(1).all(|record| !record.4), "only the last can be torn");
    (all, report.named.clone(), end)
}

/// Any bytes are a recording or are refused, whole or a few at a time.
fn framing(bytes: &[u8]) {
    let (whole, sipped) = (records(bytes, usize::MAX), records(bytes, 3));
    // How much a damaged compressed stream gives before its error is its library's to say.
    let compressed = bytes.starts_with(&[0x1f, 0x8b]) || bytes.starts_with(&[0x28, 0xb5]);
    assert!(compressed || whole == sipped, "{whole:?}\n{sipped:?}");
}

/// What the digits of a text say, by the rule of `Decimal` said another way: digits, or digits, a
/// point and digits; at most eighteen of them but for zeros in front.
fn number(text: &[u8]) -> Option<(i128, usize)> {
    let text = std::str::from_utf8(text).ok()?;
    let (whole, behind) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(behind) {
        return None;
    }
    let decimals = if text.contains('.') { behind.len() } else { 0 };
    let all = format!("{}{}", whole.trim_start_matches('0'), &behind[..decimals]);
    if all.len() > 18 {
        return None;
    }
    Some((if all.is_empty() { 0 } else { all.parse().ok()? }, decimals))
}

/// A number is exactly what its digits say, and comes back from steps and text as it went.
fn decimal(bytes: &[u8]) {
    let read = Decimal::parse(bytes);
    let parts = read.map(|n| (i128::from(n.mantissa), usize::from(n.decimals))).ok();
    assert_eq!(parts, number(bytes), "{}", String::from_utf8_lossy(bytes));
    if let Ok((found, used)) = Decimal::prefix(bytes) {
        assert_eq!(Decimal::parse(&bytes[..used]), Ok(found));
    }
    let scale = Scale::parse(bytes);
    assert_eq!(scale.is_ok(), Decimal::parse_exponent(bytes).is_ok_and(|n| n.mantissa != 0));
    let words: Vec<_> = bytes.splitn(2, |byte| *byte == b' ').collect();
    if let [scale, number] = words[..]
        && let (Ok(scale), Ok(number)) = (Scale::parse(scale), Decimal::parse(number))
        && let Ok(steps) = scale.steps(number)
    {
        let value = i128::from(steps) * i128::from(scale.increment());
        let ten = |exponent: u8| 10_i128.pow(exponent.into());
        let (ours, wire) = (value * ten(number.decimals), ten(scale.decimals()));
        assert_eq!(ours, i128::from(number.mantissa) * wire, "{bytes:?}");
        let text = scale.text(steps).to_string();
        if let Ok(again) = Decimal::parse(text.as_bytes()) {
            assert_eq!(scale.steps(again), Ok(steps), "{text}");
        }
    }
}

/// Any bytes behind our first line are records or named faults, and the records, written again,
/// read the same; any lines in a packed block with the right sum are events or a named fault.
fn own_framing(bytes: &[u8]) {
    const FIRST: &[u8] = b"pinnaclemm-recording 1 venue=kraken\n";
    let text = [FIRST, bytes].concat();
    let (found, ..) = records(&text, usize::MAX);
    assert_eq!(found, records(&text, 3).0);
    let mut again = FIRST.to_vec();
    for (received, kind, tag, payload, _) in &found {
        let stamp = if received.is_known() { received.0.to_string() } else { "-".to_owned() };
        let head = format!("{stamp} {} {} {} ", kind.name(), tag.len(), payload.len());
        again.extend([head.as_bytes(), tag, b" ", payload, b"\n"].concat());
    }
    assert_eq!(records(&again, usize::MAX), (found, Vec::new(), String::new()));
    unpacked(bytes.to_vec());
    unpacked(packed(bytes));
}

/// A packed file of one block that holds those lines, with the right sum.
fn packed(bytes: &[u8]) -> Vec<u8> {
    let lines = bytes.len() / size_of::<Line>();
    let lines = &bytes[..lines.min(4096) * size_of::<Line>()];
    let header = b"pinnaclemm-packed 1 venue=kraken instruments=1\nXBT/USD XBT USD 0.1 0.01\n";
    let mut head = [0; 56];
    head[..8].copy_from_slice(b"pmmBLOCK");
    head[8..16].copy_from_slice(&(lines.len() as u64 / 64).to_le_bytes());
    let mut sum = crc32fast::Hasher::new_with_initial(crc32fast::hash(header));
    sum.update(&head);
    sum.update(lines);
    let sum = u64::from(sum.finalize()).to_le_bytes();
    [header.as_slice(), &head, &sum, lines].concat()
}

/// Reads a packed file to its end or its fault.
fn unpacked(bytes: Vec<u8>) {
    let Ok(mut reader) = PackedReader::from_read("bytes", io::Cursor::new(bytes)) else { return };
    while let Ok(Some((event, levels))) = reader.advance() {
        assert_eq!(event.level_count(), levels.len());
        assert_eq!(Event::unpack(&event.pack()).as_ref(), Ok(event));
    }
    assert!(matches!(reader.advance(), Ok(None)), "a fault ends the file");
}

/// What a record of the journal says, as far as it is not plain text.
type Said = (Option<(Event, Vec<Level>)>, Option<Vec<Line>>);

/// What the record in those bytes says, if its content is one.
fn said(bytes: &[u8], seed: Seed) -> Option<Said> {
    let raw = RawRecord::at(bytes).expect("its length is right").expect("and it is there");
    match raw.check(seed, 7).ok()?.content {
        Content::Input(input) => Some((Some((input.event, input.levels().collect())), None)),
        Content::Output { output, .. } => {
            let mut lines = [Line::default(); OUTPUT_LINES_MAX];
            let count = output.pack_into(&mut lines);
            Some((None, Some(lines[..count].to_vec())))
        }
        Content::Start(_) | Content::End | Content::Seal { .. } => Some((None, None)),
    }
}

/// Any bytes are a segment or are refused. Behind a sound checksum they are a record or are
/// refused, and what was understood is understood again when it is written again.
fn journal(bytes: &[u8]) {
    if let Ok(mut reader) = SegmentReader::new(bytes) {
        while let Ok(Some(_)) = reader.next() {}
    }
    let [kind, detail, payload @ ..] = bytes else { return };
    let seed = Seed::new(3, 5);
    let kind = RecordKind::ALL[usize::from(*kind) % RecordKind::ALL.len()];
    let form = PlainForm { kind, detail: *detail, payload };
    let mut place = vec![0; padded(form.length())];
    form.write(&mut place, 7, seed);
    let Some(first) = said(&place, seed) else { return };
    let (mut words, mut again) = (Words::default(), Vec::new());
    match &first {
        (Some((event, levels)), _) => {
            words.lay_input(event, levels);
        }
        (_, Some(lines)) => {
            words.lay_output(1, lines);
        }
        (None, None) => return,
    }
    again.resize(words.length(), 0);
    words.write(&mut again, 7, seed);
    assert_eq!(said(&again, seed), Some(first));
}
