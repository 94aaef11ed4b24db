//! What an output is, told apart without a look into its lines.

/// What was decided.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum OutputKind {
    /// Why the requests behind it are made.
    Explanation = 1,
    /// What is to be sent.
    Request = 2,
    /// What is not to be sent.
    Refusal = 3,
    /// The trading state has changed.
    State = 4,
}

impl OutputKind {
    /// Every kind, in the order of their numbers.
    pub const ALL: [Self; 4] = [Self::Explanation, Self::Request, Self::Refusal, Self::State];

    /// The kind of that number.
    #[must_use]
    pub fn of(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == number)
    }

    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Explanation => "explanation",
            Self::Request => "request",
            Self::Refusal => "refusal",
            Self::State => "state",
        }
    }
}
