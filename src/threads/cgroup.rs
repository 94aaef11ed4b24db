//! What the kernel's control groups grant this process: CPU quota, cpuset, and what they held back.
//!
//! Versions 1 and 2, and the mixture of both. The texts are read by pure functions; where they lie
//! is found through `/proc/self`, below a root that a test puts elsewhere. A file that is absent
//! grants all; one that cannot be understood is a fault by name.
//!
//! Formats: the kernel's `Documentation/admin-guide/cgroup-v2.rst` and `cgroup-v1/`, and
//! `proc_pid_mountinfo(5)`.

use std::fmt;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// A file of the kernel that could not be used.
#[derive(Debug)]
pub enum CgroupFault {
    /// It cannot be read.
    Read(PathBuf, io::Error),
    /// It does not say what such a file says.
    Text(PathBuf, String),
}

impl fmt::Display for CgroupFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(path, error) => write!(f, "{} cannot be read: {error}", path.display()),
            Self::Text(path, text) => {
                write!(f, "{} says {text:?}, which is not understood", path.display())
            }
        }
    }
}

impl std::error::Error for CgroupFault {}

/// Which rules a group follows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Version {
    One,
    Two,
}

/// A group of this process: its folder, and those above it as far as they are seen.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Place {
    version: Version,
    folders: Vec<PathBuf>,
}

/// The groups that this process is in.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Groups {
    cpu: Option<Place>,
    cpuset: Option<Place>,
}

/// How often the quota has stopped the process.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Throttling {
    /// Periods in which it ran.
    pub periods: u64,
    /// Periods in which it was stopped.
    pub throttled: u64,
    /// How long it stood still, all threads together.
    pub throttled_ns: u64,
}

impl Groups {
    /// Finds them below `root`, the system's own being `/`.
    ///
    /// # Errors
    /// The files of `/proc/self` are there and cannot be read.
    pub fn find(root: &Path) -> Result<Self, CgroupFault> {
        let membership = read(&root.join("proc/self/cgroup"))?;
        let mounts = read(&root.join("proc/self/mountinfo"))?;
        let (Some(membership), Some(mounts)) = (membership, mounts) else {
            return Ok(Self::default());
        };
        let place = |controller| place(root, &membership, &mounts, controller);
        Ok(Self { cpu: place("cpu"), cpuset: place("cpuset") })
    }

    /// The smallest quota on the way up, in cores, and the folder that sets it.
    ///
    /// # Errors
    /// A file cannot be read or understood.
    pub fn quota(&self) -> Result<Option<(f64, &Path)>, CgroupFault> {
        let mut least: Option<(f64, &Path)> = None;
        for (version, folder) in self.cpu.iter().flat_map(Place::folders) {
            let quota = match version {
                Version::Two => parsed(&folder.join("cpu.max"), parse_cpu_max)?,
                Version::One => {
                    let quota = read(&folder.join("cpu.cfs_quota_us"))?;
                    let period = read(&folder.join("cpu.cfs_period_us"))?;
                    let both = quota.zip(period).map(|(q, p)| format!("{} {}", q.trim(), p.trim()));
                    let parse = |both: String| {
                        let path = folder.join("cpu.cfs_quota_us");
                        parse_cfs(&both).ok_or(CgroupFault::Text(path, both))
                    };
                    both.map(parse).transpose()?
                }
            };
            if let Some(quota) = quota.flatten()
                && least.is_none_or(|(least, _)| quota < least)
            {
                least = Some((quota, folder));
            }
        }
        Ok(least)
    }

    /// The cores of the cpuset, ascending; none where no cpuset is seen.
    ///
    /// # Errors
    /// A file cannot be read or understood.
    pub fn cpuset(&self) -> Result<Option<Vec<usize>>, CgroupFault> {
        let Some((version, folder)) = self.cpuset.iter().flat_map(Place::folders).next() else {
            return Ok(None);
        };
        let name = match version {
            Version::Two => "cpuset.cpus.effective",
            Version::One => "cpuset.effective_cpus",
        };
        let cores = parsed(&folder.join(name), |text| parse_cores(text.trim()))?;
        // An empty set says nothing of its own: it takes over what stands above.
        Ok(cores.filter(|cores| !cores.is_empty()))
    }

    /// What the quota held back so far: for a thread off the path, about once a second. None where
    /// no group is seen.
    ///
    /// # Errors
    /// A file cannot be read or understood.
    pub fn throttling(&self) -> Result<Option<Throttling>, CgroupFault> {
        let own = self.cpu.iter().flat_map(Place::folders).next().map(|(_, folder)| folder);
        // The group that sets the quota counts; an own group without one never stops.
        let folder = self.quota()?.map(|(_, folder)| folder).or(own);
        folder.map_or(Ok(None), |folder| parsed(&folder.join("cpu.stat"), parse_cpu_stat))
    }
}

impl Place {
    fn folders(&self) -> impl Iterator<Item = (Version, &Path)> {
        self.folders.iter().map(|folder| (self.version, folder.as_path()))
    }
}

/// The text of a file, none if it is absent.
fn read(path: &Path) -> Result<Option<String>, CgroupFault> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(CgroupFault::Read(path.to_owned(), error)),
    }
}

fn parsed<T>(path: &Path, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, CgroupFault> {
    let Some(text) = read(path)? else { return Ok(None) };
    match parse(&text) {
        Some(value) => Ok(Some(value)),
        None => Err(CgroupFault::Text(path.to_owned(), text)),
    }
}

/// Where the group of that controller lies. Version 1 comes first: a controller that is mounted
/// there does nothing in version 2.
fn place(root: &Path, membership: &str, mounts: &str, controller: &str) -> Option<Place> {
    let own = |version| Some((version, parse_membership(membership, version, controller)?));
    let mounted = |(version, path)| {
        let (top, point) = parse_mount(mounts, version, controller)?;
        let point = root.join(point.strip_prefix("/").ok()?);
        // Inside a namespace of its own the process may be told a path that it cannot see.
        let inner = Path::new(path).strip_prefix(&top).ok().filter(|inner| {
            !inner.components().any(|part| part.as_os_str() == "..") && point.join(inner).is_dir()
        });
        let own = inner.map_or_else(|| point.clone(), |inner| point.join(inner));
        let seen = own.ancestors().take_while(|folder| folder.starts_with(&point));
        Some(Place { version, folders: seen.map(Path::to_owned).collect() })
    };
    let one = own(Version::One).and_then(mounted);
    one.or_else(|| own(Version::Two).and_then(mounted))
}

/// The path of this process in `/proc/self/cgroup`, a line `id:controllers:path` a hierarchy.
fn parse_membership<'a>(text: &'a str, version: Version, controller: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let (id, rest) = line.split_once(':')?;
        let (controllers, path) = rest.split_once(':')?;
        let is_it = match version {
            Version::One => controllers.split(',').any(|name| name == controller),
            Version::Two => id == "0" && controllers.is_empty(),
        };
        is_it.then_some(path)
    })
}

/// Which part of a hierarchy is mounted, and where, by `/proc/self/mountinfo`.
fn parse_mount(text: &str, version: Version, controller: &str) -> Option<(PathBuf, PathBuf)> {
    text.lines().find_map(|line| {
        let (mount, kind) = line.split_once(" - ")?;
        let mut kind = kind.split(' ');
        let is_it = match (version, kind.next()?) {
            (Version::One, "cgroup") => kind.nth(1)?.split(',').any(|name| name == controller),
            (Version::Two, "cgroup2") => true,
            _ => false,
        };
        let mut places = mount.split(' ').skip(3);
        let (top, point) = (places.next()?, places.next()?);
        is_it.then(|| (unescape(top).into(), unescape(point).into()))
    })
}

/// Blanks of a path are written as three octal digits.
fn unescape(path: &str) -> String {
    let codes = [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")];
    codes.iter().fold(path.to_owned(), |path, (code, sign)| path.replace(code, sign))
}

/// Cores, or no bound: outer `None` if it is neither.
fn parse_cpu_max(text: &str) -> Option<Option<f64>> {
    let mut words = text.split_whitespace();
    let quota = words.next()?;
    let period = words.next().unwrap_or("100000");
    if words.next().is_some() {
        return None;
    }
    if quota == "max" { ratio("1", period).map(|_| None) } else { ratio(quota, period).map(Some) }
}

/// Quota and period of version 1 in microseconds, one after the other; −1 is no bound.
fn parse_cfs(text: &str) -> Option<Option<f64>> {
    let (quota, period) = text.split_once(' ')?;
    if quota == "-1" { ratio("1", period).map(|_| None) } else { ratio(quota, period).map(Some) }
}

fn ratio(quota: &str, period: &str) -> Option<f64> {
    let number = |text: &str| text.parse::<u32>().ok().filter(|n| *n > 0).map(f64::from);
    Some(number(quota)? / number(period)?)
}

/// A list of cores such as `0-3,8`, ascending.
pub fn parse_cores(text: &str) -> Option<Vec<usize>> {
    let mut cores = Vec::new();
    for part in text.split(',').filter(|_| !text.is_empty()) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
        // No kernel counts further; a damaged text must not fill the memory.
        if first > last || last >= 1 << 16 || cores.last().is_some_and(|before| *before >= first) {
            return None;
        }
        cores.extend(first..=last);
    }
    Some(cores)
}

/// `cpu.stat` of either version: a name and a number a line; other names are passed over.
fn parse_cpu_stat(text: &str) -> Option<Throttling> {
    let mut throttling = Throttling::default();
    for line in text.lines() {
        let (name, number) = line.split_once(' ')?;
        let number: u64 = number.trim().parse().ok()?;
        match name {
            "nr_periods" => throttling.periods = number,
            "nr_throttled" => throttling.throttled = number,
            "throttled_time" => throttling.throttled_ns = number,
            "throttled_usec" => throttling.throttled_ns = number.saturating_mul(1_000),
            _ => {}
        }
    }
    Some(throttling)
}

#[cfg(test)]
#[path = "cgroup_tests.rs"]
mod tests;
