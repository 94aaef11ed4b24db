//! The token that a command needs: read from a file, read again when the file changes, or given by
//! the environment; compared in constant time; wrong ones are counted and slowed down.
//!
//! The right token always passes, so that nobody can lock an operator out with wrong ones.

use super::reply::Refusal;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};
use subtle::ConstantTimeEq as _;

const BYTES_MIN: usize = 16;
const BYTES_MAX: usize = 512;
/// The rights of those who are neither owner nor group.
const OTHERS: u32 = 0o007;
/// What stands in templates and must never open anything.
const PLACEHOLDERS: [&str; 6] =
    ["replaceme", "changeme", "placeholder", "yourtoken", "exampletoken", "insertyour"];
/// Wrong tokens that are answered at once, and how long one of them is remembered.
const WRONG_MAX: u32 = 10;
const FORGET_ONE_AFTER: Duration = Duration::from_secs(6);

/// The variable that gives the token itself, where no file has it.
pub const VARIABLE: &str = "PINNACLE_API_TOKEN";

/// Where the token comes from.
#[derive(Clone, PartialEq, Eq)]
pub enum TokenSource {
    /// A file of that name.
    File(PathBuf),
    /// The environment gave it at the start.
    Variable(String),
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What is secret stands in no log.
        write!(f, "{self}")
    }
}

impl fmt::Display for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Variable(_) => f.write_str(VARIABLE),
        }
    }
}

/// Why there is no token where one should be.
#[derive(Debug)]
pub enum TokenFault {
    /// The file cannot be read.
    Unreadable(PathBuf, io::Error),
    /// It is too short or too long.
    Length(TokenSource),
    /// It has characters that cannot stand in a header.
    Characters(TokenSource),
    /// It is what a template has in its place.
    Placeholder(TokenSource),
    /// Everybody on the machine can read it.
    Open(PathBuf),
}

impl fmt::Display for TokenFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(path, cause) => {
                write!(f, "the token file {} cannot be read: {cause}", path.display())
            }
            Self::Length(source) => write!(
                f,
                "the token in {source} must have from {BYTES_MIN} to {BYTES_MAX} characters"
            ),
            Self::Characters(source) => {
                write!(f, "the token in {source} must be one line of visible ASCII without spaces")
            }
            Self::Placeholder(source) => write!(
                f,
                "the token in {source} is a placeholder: make one of your own, for example with \
                 `openssl rand -hex 32`"
            ),
            Self::Open(path) => write!(
                f,
                "everybody can read the token file {0}: `chmod o= {0}`, and make another token",
                path.display()
            ),
        }
    }
}

impl std::error::Error for TokenFault {}

impl TokenSource {
    /// The token.
    ///
    /// # Errors
    /// There is none that may be used.
    pub fn read(&self) -> Result<String, TokenFault> {
        let text = match self {
            Self::File(path) => text_of(path)?,
            Self::Variable(text) => text.clone(),
        };
        let token = text.trim_end_matches(['\n', '\r']);
        if !(BYTES_MIN..=BYTES_MAX).contains(&token.len()) {
            return Err(TokenFault::Length(self.clone()));
        }
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(TokenFault::Characters(self.clone()));
        }
        let plain: String = token.chars().filter(char::is_ascii_alphanumeric).collect();
        let plain = plain.to_ascii_lowercase();
        let first = token.as_bytes()[0];
        let is_one_sign = token.bytes().all(|byte| byte == first);
        if is_one_sign || PLACEHOLDERS.iter().any(|known| plain.contains(known)) {
            return Err(TokenFault::Placeholder(self.clone()));
        }
        Ok(token.to_owned())
    }

    /// What tells one state of a file from another; nothing else changes.
    fn stamp(&self) -> Option<Stamp> {
        let Self::File(path) = self else { return None };
        let facts = fs::metadata(path).ok()?;
        Some((facts.modified().ok(), facts.len()))
    }
}

fn text_of(path: &Path) -> Result<String, TokenFault> {
    let unreadable = |cause| TokenFault::Unreadable(path.to_owned(), cause);
    let mut text = String::new();
    let file = File::open(path).map_err(unreadable)?;
    if file.metadata().map_err(unreadable)?.permissions().mode() & OTHERS != 0 {
        return Err(TokenFault::Open(path.to_owned()));
    }
    file.take(BYTES_MAX as u64 + 2).read_to_string(&mut text).map_err(unreadable)?;
    Ok(text)
}

/// What tells one state of a file from another.
type Stamp = (Option<SystemTime>, u64);

/// Who may command.
#[derive(Debug)]
pub struct Guard {
    source: Option<TokenSource>,
    token: Option<String>,
    stamp: Option<Stamp>,
    wrong: u32,
    forgotten: Instant,
}

impl Guard {
    /// The token of that source; nobody may command until it holds one that may be used.
    #[must_use]
    pub fn new(source: Option<TokenSource>) -> Self {
        let token = source.as_ref().and_then(|source| source.read().ok());
        let stamp = source.as_ref().and_then(TokenSource::stamp);
        Self { source, token, stamp, wrong: 0, forgotten: Instant::now() }
    }

    /// Whether that header opens the way.
    ///
    /// # Errors
    /// It does not, or nothing does.
    pub fn check(&mut self, authorization: Option<&str>, now: Instant) -> Result<(), Refusal> {
        self.refresh();
        let Some(token) = &self.token else { return Err(Refusal::CommandsOff) };
        let given = authorization.and_then(|value| value.split_once(' '));
        let given = given.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let given = given.map_or("", |(_, given)| given.trim());
        if bool::from(given.as_bytes().ct_eq(token.as_bytes())) {
            return Ok(());
        }
        while self.wrong > 0 && now.duration_since(self.forgotten) >= FORGET_ONE_AFTER {
            self.forgotten += FORGET_ONE_AFTER;
            self.wrong -= 1;
        }
        if self.wrong == 0 {
            self.forgotten = now;
        }
        if self.wrong >= WRONG_MAX {
            return Err(Refusal::TooMany);
        }
        self.wrong += 1;
        Err(Refusal::Unauthorized)
    }

    /// Reads the file again if it was changed; what cannot be used shuts the way.
    fn refresh(&mut self) {
        let Some(source) = &self.source else { return };
        let stamp = source.stamp();
        if stamp != self.stamp || self.token.is_none() {
            self.stamp = stamp;
            self.token = source.read().ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, text: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("pinnaclemm-{}-{name}", std::process::id()));
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        path
    }

    #[test]
    fn what_is_no_secret_is_refused() {
        let check = |text: &str, expected: &str| {
            let path = file("token-read", text);
            for source in [TokenSource::File(path.clone()), TokenSource::Variable(text.to_owned())]
            {
                let got = source.read().unwrap_or_else(|fault| fault.to_string());
                assert!(got.contains(expected), "{text:?}: {got}");
                assert!(!format!("{source:?}").contains(text), "{source:?} shows it");
            }
            fs::remove_file(path).unwrap();
        };
        check("0123456789abcdef\n", "0123456789abcdef");
        check("short", "from 16 to 512");
        check(&"x1".repeat(300), "from 16 to 512");
        check("two words of sixteen", "visible ASCII");
        check("first-line-is-long\nsecond", "visible ASCII");
        check("REPLACE_ME_REPLACE_ME", "placeholder");
        check("please-change-me-now", "placeholder");
        check(&"a".repeat(32), "placeholder");
        let path = file("token-open", "0123456789abcdef");
        for others in 1..=0o7 {
            fs::set_permissions(&path, fs::Permissions::from_mode(0o640 | others)).unwrap();
            let source = TokenSource::File(path.clone());
            assert!(source.read().unwrap_err().to_string().contains("everybody can"), "{others}");
        }
        fs::remove_file(path).unwrap();
        let nowhere = TokenSource::File("/nowhere/at/all".into());
        assert!(nowhere.read().unwrap_err().to_string().contains("cannot be"));
    }

    #[test]
    fn the_right_token_passes_and_wrong_ones_are_slowed_down() {
        let path = file("token-guard", "0123456789abcdef");
        let mut guard = Guard::new(Some(TokenSource::File(path.clone())));
        let now = Instant::now();
        assert_eq!(guard.check(Some("Bearer 0123456789abcdef"), now), Ok(()));
        for wrong in [None, Some("Bearer x"), Some("Basic 0123456789abcdef"), Some("Bearer")] {
            assert_eq!(guard.check(wrong, now), Err(Refusal::Unauthorized));
        }
        for _ in 4..WRONG_MAX {
            assert_eq!(guard.check(None, now), Err(Refusal::Unauthorized));
        }
        assert_eq!(guard.check(None, now), Err(Refusal::TooMany));
        assert_eq!(guard.check(Some("bearer 0123456789abcdef"), now), Ok(()), "the operator may");
        let later = now + FORGET_ONE_AFTER;
        assert_eq!(guard.check(None, later), Err(Refusal::Unauthorized));
        assert_eq!(guard.check(None, later), Err(Refusal::TooMany));
        // Another token in the file counts from then on, and none shuts the way.
        fs::write(&path, "another-0123456789").unwrap();
        assert_eq!(guard.check(Some("Bearer another-0123456789"), later), Ok(()));
        fs::write(&path, "").unwrap();
        assert_eq!(
            guard.check(Some("Bearer another-0123456789"), later),
            Err(Refusal::CommandsOff)
        );
        fs::remove_file(&path).unwrap();
        assert_eq!(guard.check(Some("Bearer "), later), Err(Refusal::CommandsOff));
        let mut given = Guard::new(Some(TokenSource::Variable("given-0123456789".to_owned())));
        assert_eq!(given.check(Some("Bearer given-0123456789"), now), Ok(()));
        assert_eq!(given.check(Some("Bearer 0123456789abcdef"), now), Err(Refusal::Unauthorized));
        let mut none = Guard::new(None);
        assert_eq!(none.check(Some("Bearer x"), now), Err(Refusal::CommandsOff));
    }
}
