//! What this program asks of the system about files, heard on its way: the calls of the C library
//! are answered here before they are the system's.
//!
//! A thread that has a [`Disk`] tells it of every call by which something becomes durable or a name
//! changes; such a call may fail, or be the last one of the machine. What is only to become durable
//! is not asked of the system at all: whether it is, the disk decides. A thread without a disk is
//! not touched. Nothing is simulated here: the files are real, and so is all that reads and writes
//! them.
//!
//! JUSTIFICATION: only in the place of the C library's own functions are all calls heard, those of
//! the standard library and of other crates included, without a door in the engine for its test.

#![expect(unsafe_code, reason = "functions of the C library, by their names")]

use crate::disk::Disk;
use libc::{c_char, c_int, c_void, off64_t, size_t, ssize_t};
use std::cell::RefCell;
use std::fs::File;

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Call {
    /// A file or folder is to become durable.
    Sync(c_int),
    /// A stretch of a mapping is.
    MapSync(usize, usize),
    /// A name is given, changed or taken away, or a length is.
    Change,
    /// Bytes are written.
    Write,
}

/// What becomes of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    /// The system does it.
    Pass,
    /// It is done already.
    Done,
    /// The system says that it cannot.
    Fail,
}

thread_local! {
    static DISK: RefCell<Option<Disk>> = const { RefCell::new(None) };
}

/// From here on this thread's files lie on that disk.
pub(crate) fn mount(disk: Disk) {
    DISK.with(|held| assert!(held.borrow_mut().replace(disk).is_none(), "one disk a thread"));
}

/// Memory that was given back is kept for the next core: all of them are as large.
pub(crate) fn keep_memory() {
    // SAFETY: two settings of the allocator, which it may be told at any time.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 1 << 30);
        libc::mallopt(libc::M_TRIM_THRESHOLD, 1 << 30);
    }
}

/// Gives the disk back.
pub(crate) fn unmount() -> Option<Disk> {
    DISK.with(|held| held.borrow_mut().take())
}

/// Asks the disk of this thread; nothing where it has none, or is asked by the disk itself.
pub(crate) fn with_disk<T>(ask: impl FnOnce(&mut Disk) -> T) -> Option<T> {
    // A thread that is ending has none any more.
    let asked = DISK.try_with(|held| held.try_borrow_mut().ok()?.as_mut().map(ask));
    asked.ok().flatten()
}

/// The answer to a call; nothing if it is the system's to give.
fn judged(call: Call) -> Option<c_int> {
    match with_disk(|disk| disk.call(call)).unwrap_or(Verdict::Pass) {
        Verdict::Pass => None,
        Verdict::Done => Some(0),
        Verdict::Fail => {
            // SAFETY: the place of this thread's error number, which is always there.
            unsafe { *libc::__errno_location() = libc::EIO };
            Some(-1)
        }
    }
}

fn result(done: libc::c_long) -> c_int {
    c_int::try_from(done).unwrap_or(-1)
}

/// `fsync` of the C library.
#[unsafe(no_mangle)]
extern "C" fn fsync(fd: c_int) -> c_int {
    judged(Call::Sync(fd)).unwrap_or_else(|| {
        // SAFETY: the system call of that name, with the argument as it came.
        result(unsafe { libc::syscall(libc::SYS_fsync, fd) })
    })
}

/// `fdatasync` of the C library.
#[unsafe(no_mangle)]
extern "C" fn fdatasync(fd: c_int) -> c_int {
    judged(Call::Sync(fd)).unwrap_or_else(|| {
        // SAFETY: the system call of that name, with the argument as it came.
        result(unsafe { libc::syscall(libc::SYS_fdatasync, fd) })
    })
}

/// `msync` of the C library.
#[unsafe(no_mangle)]
extern "C" fn msync(at: *mut c_void, length: size_t, flags: c_int) -> c_int {
    judged(Call::MapSync(at.addr(), length)).unwrap_or_else(|| {
        // SAFETY: the system call of that name, with the arguments as they came.
        result(unsafe { libc::syscall(libc::SYS_msync, at, length, flags) })
    })
}

/// `mmap64` of the C library: the disk is told which file lies where.
#[unsafe(no_mangle)]
extern "C" fn mmap64(
    at: *mut c_void,
    length: size_t,
    access: c_int,
    flags: c_int,
    fd: c_int,
    offset: off64_t,
) -> *mut c_void {
    // SAFETY: the system call of that name, with the arguments as they came.
    let map = unsafe { libc::syscall(libc::SYS_mmap, at, length, access, flags, fd, offset) };
    let place = usize::try_from(map).ok().filter(|_| fd >= 0);
    if let Some((place, file)) = place.zip(file_of(fd)) {
        with_disk(|disk| disk.mapped((place, length), file));
    }
    std::ptr::with_exposed_provenance_mut(usize::try_from(map).unwrap_or(usize::MAX))
}

/// `ftruncate64` of the C library.
#[unsafe(no_mangle)]
extern "C" fn ftruncate64(fd: c_int, length: off64_t) -> c_int {
    judged(Call::Change).unwrap_or_else(|| {
        // SAFETY: the system call of that name, with the arguments as they came.
        result(unsafe { libc::syscall(libc::SYS_ftruncate, fd, length) })
    })
}

/// `rename` of the C library.
#[unsafe(no_mangle)]
extern "C" fn rename(from: *const c_char, to: *const c_char) -> c_int {
    judged(Call::Change).unwrap_or_else(|| {
        let (here, renameat2) = (libc::AT_FDCWD, libc::SYS_renameat2);
        // SAFETY: the system call of that name in its newest form, with the paths as they came.
        result(unsafe { libc::syscall(renameat2, here, from, here, to, 0) })
    })
}

/// `linkat` of the C library.
#[unsafe(no_mangle)]
extern "C" fn linkat(
    at: c_int,
    from: *const c_char,
    to_at: c_int,
    to: *const c_char,
    flags: c_int,
) -> c_int {
    judged(Call::Change).unwrap_or_else(|| {
        // SAFETY: the system call of that name, with the arguments as they came.
        result(unsafe { libc::syscall(libc::SYS_linkat, at, from, to_at, to, flags) })
    })
}

/// `unlink` of the C library.
#[unsafe(no_mangle)]
extern "C" fn unlink(path: *const c_char) -> c_int {
    judged(Call::Change).unwrap_or_else(|| {
        // SAFETY: the system call of that name in its newer form, with the path as it came.
        result(unsafe { libc::syscall(libc::SYS_unlinkat, libc::AT_FDCWD, path, 0) })
    })
}

/// `pwrite64` of the C library.
#[unsafe(no_mangle)]
extern "C" fn pwrite64(fd: c_int, from: *const c_void, count: size_t, at: off64_t) -> ssize_t {
    judged(Call::Write).map_or_else(
        || {
            // SAFETY: the system call of that name, with the arguments as they came.
            let done = unsafe { libc::syscall(libc::SYS_pwrite64, fd, from, count, at) };
            ssize_t::try_from(done).unwrap_or(-1)
        },
        |_| -1,
    )
}

/// The same file, to be read by whoever asks later; nothing if it is none.
pub(crate) fn file_of(fd: c_int) -> Option<File> {
    File::open(format!("/proc/self/fd/{fd}")).ok()
}
