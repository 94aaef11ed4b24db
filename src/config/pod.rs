//! What a pod says to the engine in it: whether it is the one that may trade, and where its token
//! is mounted.
//!
//! A second pod of a StatefulSet has a volume of its own, so neither the lock on the data directory
//! nor the claim can tell that there is a first. Its name can.

use super::Mode;
use std::fmt;

/// Where a pod has the token of commands mounted.
pub const MOUNTED_TOKEN: &str = "/etc/pinnaclemm/secrets/API_TOKEN";

/// A pod that is not the first of its set was to run an engine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SecondPod {
    name: String,
}

impl fmt::Display for SecondPod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "POD_NAME is {:?}: only pod 0 of its set runs an engine. A second one on the same \
             account trades with the first and takes its risk twice. Nothing was started; scale \
             the StatefulSet back to 1 replica",
            self.name
        )
    }
}

impl std::error::Error for SecondPod {}

/// Whether an engine of that mode may run in the pod of that name. What plays recordings may run
/// anywhere: it has no account.
pub(super) fn admit(name: Option<&str>, mode: Mode) -> Result<(), SecondPod> {
    match name {
        Some(name) if !mode.is_recorded() && !is_first(name) => {
            Err(SecondPod { name: name.to_owned() })
        }
        _ => Ok(()),
    }
}

/// A name that ends with no number is of no set, and may be the only one.
fn is_first(name: &str) -> bool {
    let last = name.rsplit('-').next().unwrap_or(name);
    let is_number = !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit());
    !is_number || last.bytes().all(|byte| byte == b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_pod_of_a_set_runs_an_engine() {
        let check = |name: &str, expected: bool| {
            assert_eq!(is_first(name), expected, "{name}");
            for mode in [Mode::Simulation, Mode::Paper] {
                assert_eq!(admit(Some(name), mode).is_ok(), expected, "{name}");
            }
            for mode in [Mode::Replay, Mode::Backtest] {
                assert_eq!(admit(Some(name), mode), Ok(()), "{name}");
            }
        };
        for name in ["pinnaclemm-0", "a-b-0", "pinnaclemm", "pinnaclemm-7d9f-x2x", "0", "a-1-b"] {
            check(name, true);
        }
        let huge = "pinnaclemm-99999999999999999999999";
        for name in ["pinnaclemm-1", "pinnaclemm-10", "a-0-1", "pinnaclemm-01", "7", huge] {
            check(name, false);
        }
        for mode in Mode::ALL {
            assert_eq!(admit(None, mode), Ok(()));
        }
    }
}
