//! The same code compiled a second time for wider registers, where the processor has them.
//!
//! JUSTIFICATION: the program is built for every x86-64, whose registers hold two floats; with four
//! a Monte Carlo run takes little more than half the time (`benches/var.rs`). A function that is
//! compiled for more than the rest of the program may only be called where the processor was
//! asked, and the language cannot see that it was.
//!
//! The results are the same to the last bit: each lane adds, multiplies, divides and takes roots as
//! IEEE 754 says, and the compiler never fuses a multiplication with an addition by itself.

/// Does the work, in the widest registers that this program knows and the processor has.
///
/// What is to gain from it has to be inlined into `work`.
#[inline]
pub fn widest<R>(work: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        #[expect(unsafe_code, reason = "see JUSTIFICATION")]
        // SAFETY: the processor has AVX2, as was just asked; nothing else is demanded.
        return unsafe { on_avx2(work) };
    }
    work()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn on_avx2<R>(work: impl FnOnce() -> R) -> R {
    work()
}
