//! Places in doubly linked lists: each place stands in one list at a time.

use serde::{Deserialize, Serialize};

/// No place.
pub(super) const NONE: u32 = u32::MAX;

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Link {
    list: u32,
    newer: u32,
    older: u32,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Ends {
    newest: u32,
    oldest: u32,
}

/// Lists over a fixed number of places; all begin in list 0.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Lists {
    links: Box<[Link]>,
    ends: Box<[Ends]>,
}

impl Lists {
    pub(super) fn new(places: usize, lists: usize) -> Self {
        let link = Link { list: 0, newer: NONE, older: NONE };
        let mut new = Self {
            links: vec![link; places].into(),
            ends: vec![Ends { newest: NONE, oldest: NONE }; lists].into(),
        };
        for place in 0..places {
            new.push(u32::try_from(place).expect("fewer places than 2^32"), 0);
        }
        new
    }

    #[inline]
    pub(super) fn oldest(&self, list: usize) -> Option<u32> {
        Some(self.ends[list].oldest).filter(|place| *place != NONE)
    }

    /// The places of a list, the newest first.
    #[inline]
    pub(super) fn iter(&self, list: usize) -> impl Iterator<Item = u32> {
        let first = Some(self.ends[list].newest).filter(|place| *place != NONE);
        std::iter::successors(first, |place| self.after(*place))
    }

    /// The place behind it, which is older.
    #[inline]
    pub(super) fn after(&self, place: u32) -> Option<u32> {
        Some(self.links[place as usize].older).filter(|place| *place != NONE)
    }

    #[inline]
    pub(super) fn newest(&self, list: usize) -> Option<u32> {
        Some(self.ends[list].newest).filter(|place| *place != NONE)
    }

    /// Takes the place out of its list and makes it the newest of another.
    #[inline]
    pub(super) fn shift(&mut self, place: u32, list: usize) {
        let Link { list: old, newer, older } = self.links[place as usize];
        match newer {
            NONE => self.ends[old as usize].newest = older,
            newer => self.links[newer as usize].older = older,
        }
        match older {
            NONE => self.ends[old as usize].oldest = newer,
            older => self.links[older as usize].newer = newer,
        }
        self.push(place, list);
    }

    #[inline]
    fn push(&mut self, place: u32, list: usize) {
        let older = self.ends[list].newest;
        let number = u32::try_from(list).expect("few lists");
        self.links[place as usize] = Link { list: number, newer: NONE, older };
        match older {
            NONE => self.ends[list].oldest = place,
            older => self.links[older as usize].newer = place,
        }
        self.ends[list].newest = place;
    }
}
