//! What each endpoint says, as JSON: the fields of the original keep their names and are numbers;
//! what is new and must be exact is decimal text.

pub mod guards;
pub mod market;
pub mod risk;
pub mod status;
pub mod strategies;

use super::state::{InstrumentState, State};
use crate::types::InstrumentId;
use serde_json::Value;

/// A decimal text as a number.
#[must_use]
pub fn number(text: &str) -> Value {
    let whole = text.parse::<i64>().map(Value::from);
    whole.unwrap_or_else(|_| text.parse::<f64>().map_or(Value::Null, Value::from))
}

/// The data in the envelope.
#[must_use]
pub fn envelope(data: &Value, now_ns: i64) -> String {
    format!(r#"{{"success":true,"data":{data},"timestamp":{now_ns}}}"#)
}

/// The instrument of that id.
fn instrument(state: &State, id: InstrumentId) -> Option<&InstrumentState> {
    state.instruments.get(id.index())
}

/// Its name; nothing is shown of an instrument that is not known.
fn symbol(state: &State, id: InstrumentId) -> &str {
    instrument(state, id).map_or("", |one| one.instrument.symbol.as_str())
}
