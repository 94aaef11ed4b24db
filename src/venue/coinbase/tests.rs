//! What both protocols must hold when a message is broken: nothing is half-taken, the reason has a
//! name, and the next good message is read as if nothing had been.

use crate::event::{Body, Event, Level, Stale};
use crate::types::{InstrumentId, InstrumentTable, Nanos};
use crate::venue::decode::tests::parts_of;
use crate::venue::decode::{Decoder, Frame, Grammar, Origin, Wrong};

type Read = Vec<(Event, Vec<Level>)>;

fn read<G: Grammar>(decoder: &mut Decoder<G>, table: &InstrumentTable, bytes: &[u8]) -> Read {
    let origin = Origin::stream(Nanos(7));
    parts_of(decoder, &Frame { bytes, origin, table })
}

/// Cuts the message at every byte and lengthens it: each is one malformed message, whose parts
/// are some first ones of the whole and then a fault.
pub(super) fn check_cuts<G: Grammar>(
    make: impl Fn() -> G,
    table: &InstrumentTable,
    messages: &[&str],
) {
    let (mut fast, mut general) = (Decoder::new(make()), Decoder::new(make()).generally());
    for message in messages {
        let longer = [format!("{message}x"), format!("{message}}}"), format!("{message}{message}")];
        let cuts = (0..message.len()).map(|cut| &message[..cut]);
        for broken in cuts.chain(longer.iter().map(String::as_str)) {
            for decoder in [&mut fast, &mut general] {
                decoder.connected();
                let whole = read(decoder, table, message.as_bytes());
                decoder.connected();
                let malformed = decoder.counts().malformed;
                let parts = read(decoder, table, broken.as_bytes());
                let (fault, before) = parts.split_last().unwrap();
                assert_eq!(fault.0.body, Body::Fault(Stale::Malformed), "{broken}");
                assert!(whole.starts_with(before), "{broken}");
                assert_eq!(decoder.counts().malformed, malformed + 1, "{broken}");
                assert_eq!(decoder.last_wrong(), Some(Wrong::Json), "{broken}");
                assert_eq!(read(decoder, table, message.as_bytes()), whole, "after {broken}");
            }
        }
    }
}

/// Each message is wrong as named and harms the books of `culprit`, or nobody's, and the good one
/// is read behind it as before.
pub(super) fn check_wrong<G: Grammar>(
    make: impl Fn() -> G,
    table: &InstrumentTable,
    good: &str,
    cases: &[(&[u8], Wrong, Option<InstrumentId>)],
) {
    let (mut fast, mut general) = (Decoder::new(make()), Decoder::new(make()).generally());
    for (bytes, wrong, culprit) in cases {
        let text = String::from_utf8_lossy(&bytes[..bytes.len().min(300)]);
        for decoder in [&mut fast, &mut general] {
            decoder.connected();
            let whole = read(decoder, table, good.as_bytes());
            decoder.connected();
            let parts = read(decoder, table, bytes);
            assert_eq!(decoder.last_wrong(), Some(*wrong), "{text}");
            let stale = match wrong {
                Wrong::UnknownType => Stale::UnknownMessage,
                _ => Stale::Malformed,
            };
            let bodies: Vec<_> = parts.iter().map(|(e, _)| (e.instrument, e.body)).collect();
            let expected: Vec<_> = culprit.iter().map(|id| (*id, Body::Fault(stale))).collect();
            assert_eq!(bodies, expected, "{text}");
            assert_eq!(read(decoder, table, good.as_bytes()), whole, "after {text}");
        }
    }
    let counts = [fast.counts(), general.counts()]
        .map(|counts| (counts.malformed, counts.unknown, counts.unknown_symbol));
    let count = |is: fn(&Wrong) -> bool| cases.iter().filter(|case| is(&case.1)).count() as u64;
    let unknown = count(|wrong| *wrong == Wrong::UnknownType);
    let symbols = count(|wrong| *wrong == Wrong::UnknownSymbol);
    assert_eq!(counts, [(cases.len() as u64 - unknown - symbols, unknown, symbols); 2]);
}
