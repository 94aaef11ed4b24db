//! The recorded venue: files of messages that somebody received, played again.
//!
//! | file | what it is |
//! |---|---|
//! | `record` | what every framing is cut into |
//! | `source` | a file's bytes: plain, gzip or zstd, from one reused buffer |
//! | `framing` | how a recording marks stamp, direction and payload |
//! | `own` | our own framing, and the recorder that writes it |
//! | `record_live` | a live session written down |
//! | `reader` | one recording: source and framing joined, with its report |
//! | `tape` | several recordings merged by receive time |
//! | `pace` | `--speed`: when a record is due |
//! | `survey` | the first pass: instruments and their steps |
//! | `replay` | recordings through decoders into books |
//! | `played_events` | a packed file as what a replay plays |
//! | `stats` | what a recording holds, in figures |
//! | `lists` | the venue's product list from a file |
//! | `currencies` | what a symbol's name says it is traded in |
//! | `convert` | a replay written as a packed file |
//! | `report` | what a replay is told as, and whether a recording is whole |
//! | `packed` | decoded events as they lie in the journal, replayed without parsing |
//!
//! What a payload says is not known here: the venues' decoders read it.

pub mod convert;
pub mod currencies;
pub mod framing;
pub mod lists;
pub mod own;
pub mod pace;
pub mod packed;
pub mod played_events;
pub mod reader;
pub mod record;
pub mod record_live;
pub mod replay;
pub mod report;
pub(crate) mod sink;
pub mod source;
pub mod stats;
pub mod survey;
pub mod tape;

pub use framing::{Framing, Malformed};
pub use own::Recorder;
pub use pace::{Pace, Speed};
pub use packed::{PackedError, PackedReader, PackedWriter};
pub use reader::{Reader, RecordingError, Report};
pub use record::{Kind, Record};
pub use record_live::LiveRecorder;
pub use tape::Tape;

#[cfg(test)]
mod testing;
