//! The same code compiled a second time for wider registers, where the processor has them.
//!
//! JUSTIFICATION: the program is built for every x86-64, whose registers hold two floats; with four
//! a Monte Carlo run takes little more than half the time (`benches/var.rs`). A function that is
//! compiled for more than the rest of the program may only be called where the processor was
//! asked, and the language cannot see that it was.
//!
//! The results are the same to the last bit: each lane adds, multiplies, divides and takes roots as
//! IEEE 754 says, and the compiler never fuses a multiplication with an addition by itself.

/// Work that gains from wide registers. Its `run`, and all that it calls in its loops, has to be
/// `inline(always)`: what is called is compiled for the rest of the program's registers.
pub trait Work {
    /// Does it.
    fn run(self);
}

/// Does the work, in the widest registers that this program knows and the processor has.
#[inline]
pub fn widest(work: impl Work) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        #[expect(unsafe_code, reason = "see JUSTIFICATION")]
        // SAFETY: the processor has AVX2, as was just asked; nothing else is demanded.
        return unsafe { on_avx2(work) };
    }
    work.run();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn on_avx2(work: impl Work) {
    work.run();
}
