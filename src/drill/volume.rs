//! A disk that can lose power: an ext4 image on a loop device. When power is lost the image is
//! copied as it is, so what nobody has synced is not in it, and the copy is mounted in its place.
//!
//! It is the loss of the page cache, not that of a drive that lies about its own. The mounts lie in
//! a mount namespace of this process's own, which the system takes down with the last process in
//! it, however that ends.

use super::DrillFault;
use rustix::fs::{major, minor};
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// The image has holes where nothing was written.
const BYTES: u64 = 4 << 30;
/// Nothing is written of its own accord, neither behind nor ahead of a sync.
const OPTIONS: &str = "loop,commit=300,noauto_da_alloc";
/// How often a copy is made anew when the disk was written meanwhile.
const COPIES_MAX: u32 = 20;

/// Runs this program again with those words more, in a mount namespace of its own.
///
/// # Errors
/// Why that cannot be, in words; where it can be, this process has become the other one.
pub fn in_own_mounts(words: &[&str]) -> Result<std::convert::Infallible, String> {
    let refused = |why: &str| {
        format!(
            "--power-loss mounts images by loop, which cannot be done here: {why}. It needs root \
             (CAP_SYS_ADMIN, loop devices) and mkfs.ext4, mount, umount, unshare, setpriv, cp"
        )
    };
    if !rustix::process::geteuid().is_root() {
        return Err(refused("this is not root"));
    }
    let private = ["--mount", "--propagation", "private", "--"];
    let tried = [
        ("unshare", [&private[..], &["setpriv", "--pdeathsig", "KILL", "true"]].concat()),
        ("mkfs.ext4", vec!["-V"]),
        ("mount", vec!["--version"]),
        ("umount", vec!["--version"]),
        ("cp", vec!["--version"]),
    ];
    for (program, words) in tried {
        let mut command = Command::new(program);
        let done = command.args(words).stdin(Stdio::null()).output();
        let done = done.map_err(|error| refused(&format!("{program}: {error}")))?;
        if !done.status.success() {
            let said = String::from_utf8_lossy(&done.stderr);
            return Err(refused(&format!("{program} says {}", said.trim())));
        }
    }
    let tool = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new("unshare");
    command.args(private).arg(tool).args(std::env::args_os().skip(1)).args(words);
    Err(refused(&format!("unshare: {}", command.exec())))
}

/// The program, which ends with the one that starts it, however that ends.
pub(super) fn bound(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).arg(program);
    command
}

/// The disk.
#[derive(Debug)]
pub(super) struct Volume {
    folder: PathBuf,
    /// How often power was lost: the number of the image.
    losses: u32,
    is_mounted: bool,
}

impl Drop for Volume {
    fn drop(&mut self) {
        if self.is_mounted {
            run(Command::new("umount").arg("-l").arg(self.path())).ok();
        }
    }
}

impl Volume {
    /// Makes an empty one and mounts it.
    pub(super) fn make(folder: &Path) -> Result<Self, DrillFault> {
        let mut volume = Self { folder: folder.to_owned(), losses: 0, is_mounted: false };
        let (image, path) = (volume.image(), volume.path());
        let failed = |error| DrillFault::Io(image.clone(), error);
        File::create(&image).and_then(|file| file.set_len(BYTES)).map_err(failed)?;
        fs::create_dir(&path).map_err(|error| DrillFault::Io(path, error))?;
        let mut make = Command::new("mkfs.ext4");
        make.args(["-q", "-F", "-m", "0", "-N", "8192", "-J", "size=16"]);
        make.args(["-E", "lazy_itable_init=0,lazy_journal_init=0"]);
        run(make.arg(&image))?;
        volume.mount()?;
        Ok(volume)
    }

    /// Where it is mounted.
    pub(super) fn path(&self) -> PathBuf {
        self.folder.join("volume")
    }

    fn image(&self) -> PathBuf {
        self.folder.join(format!("disk-{}.img", self.losses))
    }

    fn mount(&mut self) -> Result<(), DrillFault> {
        run(Command::new("mount").args(["-o", OPTIONS]).arg(self.image()).arg(self.path()))?;
        self.is_mounted = true;
        Ok(())
    }

    /// Goes on with what stands on the disk now. Nobody may be writing to it any more.
    pub(super) fn lose_power(&mut self) -> Result<(), DrillFault> {
        let old = self.image();
        self.losses += 1;
        let new = self.image();
        self.copy(&old, &new)?;
        run(Command::new("umount").arg(self.path()))?;
        self.is_mounted = false;
        self.mount()?;
        fs::remove_file(&old).map_err(|error| DrillFault::Io(old, error))
    }

    /// A picture of one instant: the copy counts only if nothing was written meanwhile.
    fn copy(&self, from: &Path, to: &Path) -> Result<(), DrillFault> {
        for _ in 0..COPIES_MAX {
            let before = self.written()?;
            let mut copy = Command::new("cp");
            run(copy.args(["--sparse=always", "--reflink=auto"]).arg(from).arg(to))?;
            if before.1 == 0 && self.written()? == before {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err(DrillFault::Program("cp".into(), "the disk does not come to rest".into()))
    }

    /// How many writes the device has done, and how many are on their way.
    fn written(&self) -> Result<(u64, u64), DrillFault> {
        let path = self.path();
        let device = fs::metadata(&path).map_err(|error| DrillFault::Io(path, error))?.dev();
        let path = format!("/sys/dev/block/{}:{}/stat", major(device), minor(device));
        let path = PathBuf::from(path);
        let text = fs::read_to_string(&path).map_err(|e| DrillFault::Io(path.clone(), e))?;
        let number = |at| text.split_whitespace().nth(at).and_then(|word| word.parse().ok());
        // Reads in flight are counted too, and there are none.
        let found = number(4).zip(number(8));
        found.ok_or_else(|| DrillFault::Program("stat".into(), text.clone()))
    }

    /// Puts a copy of what is on it beside, where it can be looked at without the mount.
    pub(super) fn copy_out(&self, name: &str) -> Result<(), DrillFault> {
        run(Command::new("cp").arg("-a").arg(self.path().join(name)).arg(&self.folder))
    }
}

fn run(command: &mut Command) -> Result<(), DrillFault> {
    let name = command.get_program().to_string_lossy().into_owned();
    let done = command.stdin(Stdio::null()).output();
    let done = done.map_err(|error| DrillFault::Program(name.clone(), error.to_string()))?;
    if done.status.success() {
        return Ok(());
    }
    Err(DrillFault::Program(name, String::from_utf8_lossy(&done.stderr).trim().to_owned()))
}
