//! That the machine has the instructions of a path: made only by asking the processor.

/// That the machine has AVX2 and FMA.
#[derive(Clone, Copy)]
pub struct Avx2(());

impl Avx2 {
    /// Asks the processor.
    #[inline]
    pub fn detect() -> Option<Avx2> {
        let all = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        all.then_some(Avx2(()))
    }
}

/// That the machine has AVX-512 F, DQ and VL, AVX2 and FMA.
#[derive(Clone, Copy)]
pub struct Avx512(());

impl Avx512 {
    /// Asks the processor.
    #[inline]
    pub fn detect() -> Option<Avx512> {
        let all = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma");
        all.then_some(Avx512(()))
    }
}

/// A proof that the machine has AVX2 and FMA, among others.
pub trait HasAvx2: Copy {}

impl HasAvx2 for Avx2 {}
impl HasAvx2 for Avx512 {}
