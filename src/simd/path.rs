//! The sets of instructions, and which of them this machine has.

#[cfg(target_arch = "x86_64")]
use super::x86;

/// A set of instructions. Which one is used changes the last digits of results, not more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Path {
    /// Plain Rust, on every machine.
    Portable,
    /// NEON, on aarch64.
    Neon,
    /// AVX2 with FMA, on x86-64.
    Avx2,
    /// AVX-512 (F, DQ and VL) with AVX2 and FMA, on x86-64.
    Avx512,
}

impl Path {
    /// The fastest path of this machine.
    ///
    /// ```
    /// use tesseral::simd::Path;
    ///
    /// assert!(Path::best().is_available());
    /// ```
    pub fn best() -> Path {
        let faster = [Path::Avx512, Path::Avx2, Path::Neon];
        faster.into_iter().find(|path| path.is_available()).unwrap_or(Path::Portable)
    }

    /// Whether this machine has the instructions.
    pub fn is_available(self) -> bool {
        match self {
            Path::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Path::Avx2 => x86::Avx2::detect().is_some(),
            #[cfg(target_arch = "x86_64")]
            Path::Avx512 => x86::Avx512::detect().is_some(),
            #[cfg(target_arch = "aarch64")]
            Path::Neon => true,
            #[allow(unreachable_patterns, reason = "which paths exist depends on the target")]
            _ => false,
        }
    }

    /// This path, or the portable one where the machine lacks it: what all that can be set to a path
    /// falls back to.
    ///
    /// ```
    /// use tesseral::simd::Path;
    ///
    /// assert!([Path::Neon, Path::Avx512].iter().all(|path| path.or_portable().is_available()));
    /// assert_eq!(Path::best().or_portable(), Path::best());
    /// ```
    pub fn or_portable(self) -> Path {
        if self.is_available() { self } else { Path::Portable }
    }

    /// All paths of this machine, the slowest first.
    pub fn available() -> impl Iterator<Item = Path> {
        let all = [Path::Portable, Path::Neon, Path::Avx2, Path::Avx512];
        all.into_iter().filter(|path| path.is_available())
    }
}
