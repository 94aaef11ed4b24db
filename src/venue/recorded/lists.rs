//! A venue's product list from a file: its answer as it came, or a recording that holds it.
//!
//! What an answer says is read by `venue::products`.

use super::{Kind, Reader, source};
use crate::types::{Product, Venue};
use crate::venue::products;
use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The longest answer that is looked at; the longest known one has 13 MB.
const ANSWER_MAX: u64 = 256 << 20;

/// Why there is no product list.
#[derive(Debug)]
pub enum ListFileError {
    /// The file cannot be read.
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// It is neither an answer nor a recording that holds one.
    None {
        /// The file.
        path: PathBuf,
        /// Whose list it should be.
        venue: Venue,
        /// What is wrong with it, read as an answer.
        wrong: String,
    },
    /// Nobody here reads the lists of that venue.
    Venue(Venue),
}

impl fmt::Display for ListFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read { path, cause } => write!(f, "cannot read {}: {cause}", path.display()),
            Self::None { path, venue, wrong } => write!(
                f,
                "{} holds no product list of {venue}, neither as the answer itself nor in a \
                 recording: {wrong}",
                path.display()
            ),
            Self::Venue(venue) => {
                write!(f, "no product list of {venue} is read: leave out --products")
            }
        }
    }
}

impl std::error::Error for ListFileError {}

/// The products of a list, by all names that the venue's feeds have for them.
///
/// # Errors
/// The file holds no list of that venue.
pub fn read(venue: Venue, path: &Path) -> Result<Vec<Product>, ListFileError> {
    if venue == Venue::Bitstamp {
        return Err(ListFileError::Venue(venue));
    }
    let fail = |cause| ListFileError::Read { path: path.to_owned(), cause };
    let mut bytes = Vec::new();
    let input = source::open(path).map_err(fail)?;
    input.take(ANSWER_MAX).read_to_end(&mut bytes).map_err(fail)?;
    let mut wrong = match products::read(venue, &bytes) {
        Ok(products) => return Ok(products),
        Err(wrong) => wrong,
    };
    drop(bytes);
    // A file that is no recording is told as the answer that it is not.
    let mut reader = Reader::open(path).ok();
    while let Some(reader) = &mut reader
        && let Ok(true) = reader.advance()
    {
        let Some(record) = reader.record().filter(|record| record.kind == Kind::Rest) else {
            continue;
        };
        match products::read(venue, record.payload) {
            Ok(products) => return Ok(products),
            Err(found) => wrong = found,
        }
    }
    Err(ListFileError::None { path: path.to_owned(), venue, wrong })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAIR: &str = r#"{"error":[],"result":{"XXBTZUSD":{"wsname":"XBT/USD","base":"XXBT",
"quote":"ZUSD","pair_decimals":1,"lot_decimals":8}}}"#;

    /// The symbols of a list, or why there is none.
    fn found(venue: Venue, name: &str, text: &str) -> String {
        let folder = std::env::temp_dir().join(format!("pmm-lists-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        let read = read(venue, &path);
        std::fs::remove_file(&path).unwrap();
        match read {
            Ok(products) => {
                products.iter().map(|p| p.symbol.to_string()).collect::<Vec<_>>().join(" ")
            }
            Err(error) => error.to_string().replace(&path.display().to_string(), "FILE"),
        }
    }

    #[test]
    fn a_list_is_an_answer_or_a_recording_of_one() {
        let line = PAIR.replace('\n', "");
        let recorded = format!(
            "https://x/time -> 1.5: {{\"error\":[]}}\nhttps://x/AssetPairs -> 2.5: {line}\n"
        );
        assert_eq!(found(Venue::Kraken, "answer", PAIR), "XBT/USD BTC/USD");
        assert_eq!(found(Venue::Kraken, "recorded", &recorded), "XBT/USD BTC/USD");
    }

    #[test]
    fn what_is_no_list_is_named() {
        assert_eq!(
            found(Venue::Kraken, "text", "no list"),
            "FILE holds no product list of kraken, neither as the answer itself nor in a \
             recording: the message is no JSON"
        );
        assert_eq!(
            found(Venue::Kraken, "other", "https://x/time -> 1.5: {\"error\":[]}\n"),
            "FILE holds no product list of kraken, neither as the answer itself nor in a \
             recording: the message has no result"
        );
        assert_eq!(
            found(Venue::Bitstamp, "bitstamp", PAIR),
            "no product list of bitstamp is read: leave out --products"
        );
    }
}
