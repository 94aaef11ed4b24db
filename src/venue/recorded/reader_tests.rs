//! Whole files: what is given out, what is counted, where they stop.

use super::*;
use std::io::Write;

/// The records as `stamp kind payload`, `~` behind a torn one, and the report.
fn read(text: &str) -> (Vec<String>, Report) {
    let mut reader = Reader::from_read("test", io::Cursor::new(text.to_owned())).unwrap();
    let mut out = Vec::new();
    while reader.advance().unwrap() {
        let record = reader.record().unwrap();
        let payload = std::str::from_utf8(record.payload).unwrap();
        let stamp = if record.received.is_known() { record.received.0 } else { -1 };
        let torn = if record.torn { "~" } else { "" };
        out.push(format!("{stamp} {} {payload}{torn}", record.kind.name()));
    }
    assert!(reader.record().is_none());
    (out, reader.report().clone())
}

#[test]
fn a_bad_line_is_counted_and_the_rest_goes_on() {
    let (records, report) = read("5 {\"a\":1}\n\nrubbish\n7 \n3 {\"a\":2}\r\n9 {}\n");
    assert_eq!(records, ["5 recv {\"a\":1}", "3 recv {\"a\":2}", "9 recv {}"]);
    assert_eq!((report.lines, report.blank, report.malformed), (6, 1, 2));
    assert_eq!(report.named, [(3, Malformed::NoPayload), (4, Malformed::NoPayload)]);
    assert_eq!((report.steps_back, report.first, report.last), (1, Nanos(5), Nanos(9)));
    assert_eq!(report.count(Kind::Received), 3);
    assert_eq!(report.torn, None);

    let (_, report) = read("5 {}\n1 {}\n2 {}\n");
    assert_eq!((report.steps_back, report.last), (1, Nanos(2)));

    let (_, report) = read(&format!("5 {{}}\n{}", "x\n".repeat(20)));
    assert_eq!((report.malformed, report.named.len()), (20, NAMED_MAX));
}

#[test]
fn an_unfinished_last_line_is_torn_unless_its_json_closes() {
    let check = |text: &str, last: Option<&str>, torn: Option<usize>| {
        let (records, report) = read(text);
        assert_eq!(records.last().map(String::as_str), last, "{text}");
        assert_eq!((report.torn, report.malformed), (torn, 0), "{text}");
    };
    check("1 {}\n2 {\"a\":1}", Some("2 recv {\"a\":1}"), None);
    check("1 {}\n2 {\"a\":", Some("2 recv {\"a\":~"), Some(7));
    check("1 {}\n2 ", Some("1 recv {}"), Some(2));
    check("1.5: {}\n1.6: {\"a\":\"}", Some("1600000000 recv {\"a\":\"}~"), Some(12));
    check("{\"a\":1}\n{\"a\"", Some("-1 recv {\"a\"~"), Some(4));
    check("{\"a\":1}", Some("-1 recv {\"a\":1}"), None);
    check("{\"rx_ns\":1,\"frame\":{}}", Some("1 recv {}"), None);
    check("{\"rx_ns\":1,\"frame\":{}", None, Some(21));
    let columns = "id,timestamp,exchange_timestamp,price,volume,action,direction";
    check(
        &format!("{columns}\n1,2,3,4,5,created,bid"),
        Some("2000000 recv 1,2,3,4,5,created,bid~"),
        Some(21),
    );
    check(columns, Some(&format!("-1 note {columns}~")), Some(columns.len()));
}

#[test]
fn a_document_is_one_record() {
    let check = |text: &str, expected: &str| {
        let (records, report) = read(text);
        assert_eq!(records, [format!("-1 recv {expected}")]);
        assert_eq!(report.torn.is_some(), expected.ends_with('~'));
    };
    check("{\n \"a\": [1,\n2]\n}\n", "{\n \"a\": [1,\n2]\n}\n");
    check("\n  [\n1]", "  [\n1]");
    check("{\n \"a\": [1,\n2]\n", "{\n \"a\": [1,\n2]\n~");
    check("{", "{~");
}

#[test]
fn an_unknown_file_is_refused_by_name() {
    let check = |text: &str, expected: Option<&str>| {
        let mut reader = Reader::from_read("a/b", io::Cursor::new(text.to_owned())).unwrap();
        let error = reader.advance().err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), expected, "{text}");
        assert!(!reader.advance().unwrap());
    };
    check("", None);
    check("\n \n", None);
    check(
        "date,BTC\n2014-01-01,1\n",
        Some("a/b begins with \"date,BTC\", which is no framing of a recording"),
    );
    let missing = Reader::open(Path::new("/no/such/file")).unwrap_err().to_string();
    assert!(missing.starts_with("cannot open /no/such/file: "), "{missing}");
}

#[test]
fn damage_in_a_packed_file_is_named() {
    let text: String = (0..1000).map(|n| format!("{n} {{}}\n")).collect();
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(text.as_bytes()).unwrap();
    let mut packed = encoder.finish().unwrap();
    let middle = packed.len() / 2;
    packed[middle] ^= 0xff;
    let mut reader = Reader::from_read("x", io::Cursor::new(packed)).unwrap();
    let error = loop {
        match reader.advance() {
            Ok(true) => {}
            Ok(false) => panic!("damage was not seen"),
            Err(error) => break error.to_string(),
        }
    };
    assert!(error.starts_with("x is damaged behind line "), "{error}");
    assert!(!reader.advance().unwrap());
}
