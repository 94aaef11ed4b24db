//! A disk with a memory of its own: what has been synced stands, what has not may be there, torn or
//! gone when the power is.
//!
//! Beside the real files it keeps what of each is durable: the bytes as they were at the last sync
//! of them, and the names of each folder as they were at its last sync. A crash gives an *image*,
//! all files as the next start finds them. After `kill -9` that is all that was written. After a
//! loss of power it is what was durable and, of all that was changed since, page by page (512 bytes
//! at a time where one is torn) and name by name, as much as chance wants. A sync that has failed
//! has written what chance wants, and no later one of that file writes any more, as the system
//! holds its pages for clean.
//!
//! The bytes of the reserve and of the lock mean nothing and are left where they are.

use crate::chance::Chance;
use crate::system::{Call, Verdict, file_of};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::os::unix::fs::{DirEntryExt as _, FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

const PAGE: usize = 4096;
const SECTOR: usize = 512;

/// How the machine ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// The process is killed.
    Killed,
    /// Power is lost.
    Power,
}

/// What goes wrong, and when: calls and moments are counted together, from 1.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Plan {
    /// The machine's last moment.
    pub(crate) crash: Option<(u64, End)>,
    /// From there on the next sync or write fails, once.
    pub(crate) fault: Option<u64>,
}

/// All files as a start finds them, by their path in the folder.
pub(crate) type Image = BTreeMap<PathBuf, Vec<u8>>;

/// Names of a folder, and whose they are.
type Names = BTreeMap<OsString, u64>;

#[derive(Debug)]
struct Held {
    /// Its bytes as they stand now; held, so that its number is given to no other file.
    file: File,
    /// Its bytes as they would outlive a loss of power.
    durable: Vec<u8>,
    /// A sync has failed: later ones write nothing.
    is_lost: bool,
}

/// The disk.
#[derive(Debug)]
pub(crate) struct Disk {
    root: PathBuf,
    chance: Chance,
    files: BTreeMap<u64, Held>,
    /// The durable names of each folder.
    folders: BTreeMap<PathBuf, Names>,
    maps: Vec<(usize, usize, u64)>,
    plan: Plan,
    moments: u64,
    faults: u64,
    image: Option<Image>,
}

fn is_plain(name: &OsStr) -> bool {
    name == "reserve" || name == "lock"
}

impl Disk {
    /// A disk on which all stands durably that is in that folder now.
    pub(crate) fn new(root: &Path, chance: Chance, plan: Plan) -> Self {
        let mut disk = Self {
            root: root.to_owned(),
            chance,
            files: BTreeMap::new(),
            folders: BTreeMap::new(),
            maps: Vec::new(),
            plan,
            moments: 0,
            faults: 0,
            image: None,
        };
        disk.settle(root);
        disk
    }

    fn settle(&mut self, folder: &Path) {
        let names = names_of(folder);
        for (name, inode) in &names {
            let path = folder.join(name);
            if path.is_dir() {
                self.settle(&path);
            } else if !is_plain(name) {
                let durable = fs::read(&path).expect("it was just listed");
                let file = File::open(&path).expect("it was just read");
                self.files.insert(*inode, Held { file, durable, is_lost: false });
            }
        }
        self.folders.insert(folder.to_owned(), names);
    }

    /// How many moments there were.
    pub(crate) const fn moments(&self) -> u64 {
        self.moments
    }

    /// How many calls have failed.
    pub(crate) const fn faults(&self) -> u64 {
        self.faults
    }

    /// Whether the machine has come to its end: whatever happens now never did.
    pub(crate) const fn is_dead(&self) -> bool {
        self.image.is_some()
    }

    /// What the next start finds.
    pub(crate) fn into_image(mut self, end: End) -> Image {
        self.image.take().unwrap_or_else(|| self.imaged(end))
    }

    /// Another moment at which the machine may end.
    pub(crate) fn moment(&mut self) {
        self.moments += 1;
        if let Some((at, end)) = self.plan.crash
            && self.moments >= at
            && self.image.is_none()
        {
            self.image = Some(self.imaged(end));
        }
    }

    /// A call of the system.
    pub(crate) fn call(&mut self, call: Call) -> Verdict {
        self.moment();
        if self.is_dead() {
            return Verdict::Fail;
        }
        let fails = self.plan.fault.is_some_and(|at| self.moments >= at) && call != Call::Change;
        if fails {
            self.plan.fault = None;
            self.faults += 1;
        }
        match call {
            Call::Sync(fd) => self.sync(fd, fails),
            Call::MapSync(at, length) => self.sync_map(at, length, fails),
            Call::Change | Call::Write if fails => Verdict::Fail,
            Call::Change | Call::Write => Verdict::Pass,
        }
    }

    fn sync(&mut self, fd: i32, fails: bool) -> Verdict {
        let path = fs::read_link(format!("/proc/self/fd/{fd}")).expect("it is open");
        if path.file_name().is_some_and(is_plain) || !path.starts_with(&self.root) {
            return Verdict::Done;
        }
        if path.is_dir() {
            return if fails { Verdict::Fail } else { self.sync_folder(path) };
        }
        let file = file_of(fd).expect("it is open");
        let inode = self.hold(file);
        let held = self.files.get_mut(&inode).expect("it is held");
        let now = bytes_of(&held.file);
        take(held, &mut self.chance, now, fails)
    }

    fn sync_folder(&mut self, path: PathBuf) -> Verdict {
        let names = names_of(&path);
        for name in names.keys().filter(|name| !is_plain(name)) {
            let file = File::open(path.join(name)).expect("it was just listed");
            if file.metadata().is_ok_and(|facts| facts.is_file()) {
                self.hold(file);
            }
        }
        self.folders.insert(path, names);
        Verdict::Done
    }

    fn sync_map(&mut self, at: usize, length: usize, fails: bool) -> Verdict {
        let found =
            self.maps.iter().rev().find(|(from, whole, _)| (*from..from + whole).contains(&at));
        let (from, _, inode) = *found.expect("what is synced was mapped");
        let held = self.files.get_mut(&inode).expect("what is mapped is held");
        let mut now = held.durable.clone();
        // Whole pages, and no page beyond the length that is durable.
        let begin = (at - from) / PAGE * PAGE;
        let end = (at - from + length).next_multiple_of(PAGE).min(now.len());
        if begin < end {
            held.file.read_exact_at(&mut now[begin..end], begin as u64).expect("it is as long");
        }
        take(held, &mut self.chance, now, fails)
    }

    /// A file is mapped there.
    pub(crate) fn mapped(&mut self, (at, length): (usize, usize), file: File) {
        let inode = self.hold(file);
        self.maps.push((at, length, inode));
    }

    fn hold(&mut self, file: File) -> u64 {
        let inode = file.metadata().expect("it is open").ino();
        let fresh = || Held { file, durable: Vec::new(), is_lost: false };
        self.files.entry(inode).or_insert_with(fresh);
        inode
    }

    fn imaged(&mut self, end: End) -> Image {
        let mut image = Image::new();
        let root = self.root.clone();
        self.imaged_folder(&root, end, &mut image);
        image
    }

    fn imaged_folder(&mut self, folder: &Path, end: End, image: &mut Image) {
        let now = if folder.is_dir() { names_of(folder) } else { Names::new() };
        let names = match (end, self.folders.get(folder)) {
            (End::Power, Some(durable)) => resolved(durable, &now, &mut self.chance),
            (End::Power, None) if self.chance.one_in(2) => Names::new(),
            _ => now,
        };
        // Of all that was not synced, as much as one in so many.
        let share = self.chance.pick(&[0, 1, 2, 2, 4]);
        for (name, inode) in names.into_iter().filter(|(name, _)| !is_plain(name)) {
            let path = folder.join(&name);
            let is_folder = self.folders.contains_key(&path) || path.is_dir();
            if is_folder {
                self.imaged_folder(&path, end, image);
                continue;
            }
            let held = self.files.get(&inode);
            let now = match held {
                Some(held) => bytes_of(&held.file),
                None => fs::read(&path).expect("a file that is not held has its name"),
            };
            let bytes = match end {
                End::Killed => now,
                End::Power => {
                    let durable = held.map_or(&[][..], |held| &held.durable);
                    mixed(durable, now, share, &mut self.chance)
                }
            };
            let place = path.strip_prefix(&self.root).expect("it lies in it").to_owned();
            image.insert(place, bytes);
        }
    }
}

/// Writes an image in the place of what was there.
pub(crate) fn restore(root: &Path, image: &Image) {
    for (name, _) in names_of(root) {
        let path = root.join(&name);
        if path.is_dir() {
            fs::remove_dir_all(&path).expect("it is ours");
        } else if !is_plain(&name) {
            fs::remove_file(&path).expect("it is ours");
        }
    }
    for (place, bytes) in image {
        let path = root.join(place);
        fs::create_dir_all(path.parent().expect("it lies in the root")).expect("there is room");
        fs::write(path, bytes).expect("there is room");
    }
}

fn names_of(folder: &Path) -> Names {
    let entries = fs::read_dir(folder).expect("the folder is there");
    entries.map(|entry| entry.expect("it is read")).map(|e| (e.file_name(), e.ino())).collect()
}

fn bytes_of(file: &File) -> Vec<u8> {
    let length = file.metadata().expect("it is open").len();
    let mut bytes = vec![0; usize::try_from(length).expect("it fits into memory")];
    file.read_exact_at(&mut bytes, 0).expect("nobody shortens it meanwhile");
    bytes
}

/// The bytes become durable; where the sync fails, as many pages of them as chance wants.
fn take(held: &mut Held, chance: &mut Chance, now: Vec<u8>, fails: bool) -> Verdict {
    if fails {
        held.durable = mixed(&held.durable, now, 2, chance);
        held.is_lost = true;
        return Verdict::Fail;
    }
    if !held.is_lost {
        held.durable = now;
    }
    Verdict::Done
}

/// Each file under its old names or its new ones; a name that was given anew is one's or the
/// other's.
fn resolved(durable: &Names, now: &Names, chance: &mut Chance) -> Names {
    let mut is_new = BTreeMap::new();
    let mut new = |inode: u64| *is_new.entry(inode).or_insert_with(|| chance.one_in(2));
    let mut names = Names::new();
    for name in durable.keys().chain(now.keys()) {
        let inode = match (durable.get(name), now.get(name)) {
            (Some(old), Some(other)) if old == other || !new(*other) => Some(*old),
            (Some(_), Some(other)) => Some(*other),
            (Some(old), None) => (!new(*old)).then_some(*old),
            (None, other) => other.copied().filter(|other| new(*other)),
        };
        names.extend(inode.map(|inode| (name.clone(), inode)));
    }
    names
}

/// What was durable with some of what was changed since: `share` 0 for none of it, 1 for all, else
/// one page in so many.
fn mixed(durable: &[u8], now: Vec<u8>, share: u64, chance: &mut Chance) -> Vec<u8> {
    if now == durable {
        return now;
    }
    if share == 1 {
        return now;
    }
    let length = if share > 0 && chance.one_in(2) { now.len() } else { durable.len() };
    let mut bytes = durable.to_vec();
    bytes.resize(length, 0);
    let mut now = now;
    now.resize(length, 0);
    let pages = bytes.chunks_mut(PAGE).zip(now.chunks(PAGE));
    for (old, new) in pages.filter(|(old, new)| old != new) {
        if share == 0 || !chance.one_in(share) {
            continue;
        }
        if chance.one_in(2) {
            old.copy_from_slice(new);
            continue;
        }
        for (old, new) in old.chunks_mut(SECTOR).zip(new.chunks(SECTOR)) {
            if chance.one_in(2) {
                old.copy_from_slice(new);
            }
        }
    }
    bytes
}
