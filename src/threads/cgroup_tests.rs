//! The kernel's texts, and whole trees of them in a folder of their own.

use super::*;
use std::sync::atomic::{AtomicU32, Ordering};

#[test]
fn quotas_of_both_versions_are_read_or_refused() {
    let two = |text, expected| assert_eq!(parse_cpu_max(text), expected, "{text}");
    two("max 100000\n", Some(None));
    two("max", Some(None));
    two("50000 100000\n", Some(Some(0.5)));
    two("500000 100000\n", Some(Some(5.0)));
    two("150000\n", Some(Some(1.5)));
    for text in ["", "maximum 100000", "0 100000", "100000 0", "-1 100000", "1 2 3", "x 1", "1.5 1"]
    {
        two(text, None);
    }
    let one = |text, expected| assert_eq!(parse_cfs(text), expected, "{text}");
    one("-1 100000", Some(None));
    one("20000 100000", Some(Some(0.2)));
    one("300000 100000", Some(Some(3.0)));
    for text in ["-2 100000", "0 100000", "100000 0", "100000", "max 100000"] {
        one(text, None);
    }
}

#[test]
fn lists_of_cores_are_read_or_refused() {
    let check = |text, expected: Option<&[usize]>| {
        assert_eq!(parse_cores(text).as_deref(), expected, "{text}");
    };
    check("", Some(&[]));
    check("0", Some(&[0]));
    check("0-3,8", Some(&[0, 1, 2, 3, 8]));
    check("2,4-5", Some(&[2, 4, 5]));
    for text in ["3-1", "a", "1,", "1,1", "2,1", "0-99999999", "-1", "1-", "0-3 ,5"] {
        check(text, None);
    }
}

#[test]
fn throttling_of_both_versions_is_read() {
    let expected = Some(Throttling { periods: 21, throttled: 20, throttled_ns: 1_640_000_000 });
    let one = "nr_periods 21\nnr_throttled 20\nthrottled_time 1640000000\n";
    let two = "usage_usec 9\nuser_usec 5\nsystem_usec 4\nnr_periods 21\nnr_throttled 20\n\
               throttled_usec 1640000\nnr_bursts 0\nburst_usec 0\n";
    assert_eq!(parse_cpu_stat(one), expected);
    assert_eq!(parse_cpu_stat(two), expected);
    assert_eq!(parse_cpu_stat("nr_periods\n"), None);
    assert_eq!(parse_cpu_stat("nr_periods many\n"), None);
}

#[test]
fn places_are_found_in_the_kernels_lists() {
    let membership = "9:name=systemd:/\n4:memory:/a\n3:cpuset:/b\n1:cpu,cpuacct:/c\n0::/d:e\n";
    let own = |version, controller| parse_membership(membership, version, controller);
    assert_eq!(own(Version::One, "cpu"), Some("/c"));
    assert_eq!(own(Version::One, "cpuset"), Some("/b"));
    assert_eq!(own(Version::One, "cp"), None);
    // A colon of the path is the path's.
    assert_eq!(own(Version::Two, "cpu"), Some("/d:e"));
    let mounts = "\
        22 27 0:21 / /proc rw,relatime - proc proc rw\n\
        32 31 0:29 /docker/x /sys/fs/cgroup/cpu,cpuacct rw master:1 - cgroup cgroup rw,cpu,cpuacct\n\
        41 31 0:38 / /sys/fs/cg\\040two rw shared:5 master:2 - cgroup2 cgroup2 rw\n";
    let mount = |version, controller| {
        let found = parse_mount(mounts, version, controller)?;
        Some(format!("{} {}", found.0.display(), found.1.display()))
    };
    let one = Some("/docker/x /sys/fs/cgroup/cpu,cpuacct".to_string());
    assert_eq!(mount(Version::One, "cpu"), one);
    assert_eq!(mount(Version::One, "cpuset"), None);
    assert_eq!(mount(Version::Two, "any"), Some("/ /sys/fs/cg two".to_string()));
}

/// A root with these files, gone at the end.
struct Tree(PathBuf);

impl Tree {
    fn new(files: &[(&str, &str)]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("pinnaclemm-cgroup-{}-{n}", std::process::id());
        let root = std::env::temp_dir().join(name);
        for (path, text) in files {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self(root)
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

/// A tree; its quota, its cpuset and how often it was throttled, in one line.
fn check(files: &[(&str, &str)], expected: &str) {
    let tree = Tree::new(files);
    let said = || {
        let groups = Groups::find(&tree.0)?;
        let quota = groups.quota()?.map(|(quota, _)| quota);
        let throttled = groups.throttling()?.map(|throttling| throttling.throttled);
        Ok(format!("{quota:?} {:?} {throttled:?}", groups.cpuset()?))
    };
    let said = said().unwrap_or_else(|fault: CgroupFault| {
        let root = format!("{}/", tree.0.display());
        fault.to_string().replace(&root, "")
    });
    assert_eq!(said, expected, "{files:?}");
}

const CGROUP: &str = "proc/self/cgroup";
const MOUNTS: &str = "proc/self/mountinfo";
const TWO: &str = "29 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";

#[test]
fn a_system_without_groups_grants_all() {
    check(&[("etc/hosts", "")], "None None None");
    check(
        &[(CGROUP, "0::/\n"), (MOUNTS, "22 27 0:21 / /proc rw - proc proc rw\n")],
        "None None None",
    );
    // The topmost group of version 2 has no quota file.
    check(
        &[(CGROUP, "0::/\n"), (MOUNTS, TWO), ("sys/fs/cgroup/cgroup.procs", "")],
        "None None None",
    );
}

#[test]
fn version_two_is_read_from_the_own_group_upwards() {
    let pod = [
        (CGROUP, "0::/kubepods/pod1/main\n"),
        (MOUNTS, TWO),
        ("sys/fs/cgroup/kubepods/pod1/cpu.max", "250000 100000\n"),
        (
            "sys/fs/cgroup/kubepods/pod1/cpu.stat",
            "nr_periods 9\nnr_throttled 7\nthrottled_usec 1\n",
        ),
        ("sys/fs/cgroup/kubepods/pod1/main/cpu.max", "max 100000\n"),
        ("sys/fs/cgroup/kubepods/pod1/main/cpu.stat", "nr_periods 0\nnr_throttled 0\n"),
        ("sys/fs/cgroup/kubepods/pod1/main/cpuset.cpus.effective", "2-3,6\n"),
    ];
    check(&pod, "Some(2.5) Some([2, 3, 6]) Some(7)");
    // The own quota is the smaller one.
    let mut own = pod;
    own[4].1 = "200000 100000\n";
    check(&own, "Some(2.0) Some([2, 3, 6]) Some(0)");
    // A namespace of its own: the group is what is mounted.
    let inside = [
        (CGROUP, "0::/\n"),
        (MOUNTS, TWO),
        ("sys/fs/cgroup/cpu.max", "50000 100000\n"),
        ("sys/fs/cgroup/cpuset.cpus.effective", "1\n"),
        ("sys/fs/cgroup/cpu.stat", "nr_throttled 3\n"),
    ];
    check(&inside, "Some(0.5) Some([1]) Some(3)");
    let mut outside = inside;
    outside[0].1 = "0::/../../other\n";
    check(&outside, "Some(0.5) Some([1]) Some(3)");
}

#[test]
fn version_one_and_the_mixture_are_read() {
    // As a container sees it: the host's path, of which only the own part is mounted.
    let container = [
        (CGROUP, "4:cpuset:/docker/x\n1:cpu:/docker/x\n0::/\n"),
        (
            MOUNTS,
            "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n\
             32 31 0:29 /docker/x /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n\
             34 31 0:31 /docker/x /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n\
             41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
        ),
        ("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "150000\n"),
        ("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"),
        ("sys/fs/cgroup/cpu/cpu.stat", "nr_periods 9\nnr_throttled 4\nthrottled_time 12\n"),
        ("sys/fs/cgroup/cpuset/cpuset.effective_cpus", "1\n"),
        ("sys/fs/cgroup/unified/cpu.max", "10000 100000\n"),
    ];
    check(&container, "Some(1.5) Some([1]) Some(4)");
    let mut open = container;
    open[2].1 = "-1\n";
    check(&open, "None Some([1]) Some(4)");
    // An empty set takes over what stands above.
    open[5].1 = "\n";
    check(&open, "None None Some(4)");
}

#[test]
fn what_is_not_understood_is_named() {
    let with = |path, text| [(CGROUP, "0::/\n"), (MOUNTS, TWO), (path, text)];
    check(
        &with("sys/fs/cgroup/cpu.max", "much\n"),
        "sys/fs/cgroup/cpu.max says \"much\\n\", which is not understood",
    );
    check(
        &with("sys/fs/cgroup/cpuset.cpus.effective", "all\n"),
        "sys/fs/cgroup/cpuset.cpus.effective says \"all\\n\", which is not understood",
    );
    let tree = Tree::new(&with("sys/fs/cgroup/cpu.max/is-a-folder", ""));
    let groups = Groups::find(&tree.0).unwrap();
    let fault = groups.quota().unwrap_err().to_string();
    assert!(fault.contains("cpu.max cannot be read: "), "{fault}");
}
