//! The one place that names the lanes of every path: work is started here.

#[cfg(target_arch = "aarch64")]
use super::aarch64::neon;
use super::lanes::{Job, Lanes};
use super::number::{Compiled, Start};
use super::path::Path;
use super::portable;
#[cfg(target_arch = "x86_64")]
use super::x86::{Avx2, Avx512, avx2, avx512};

impl Start for f64 {
    fn run<J: Job<f64>>(path: Path, job: J) -> J::Output {
        match path {
            #[cfg(target_arch = "x86_64")]
            Path::Avx512 if let Some(proof) = Avx512::detect() => avx512::Doubles::call(proof, job),
            #[cfg(target_arch = "x86_64")]
            Path::Avx2 if let Some(proof) = Avx2::detect() => avx2::Doubles::call(proof, job),
            #[cfg(target_arch = "aarch64")]
            Path::Neon => neon::Doubles::call(neon::Neon, job),
            _ => portable::Doubles::call((), job),
        }
    }

    fn start<K: Compiled>(path: Path, task: K::Task<'_, f64>) {
        K::f64(path, task);
    }
}

impl Start for f32 {
    fn run<J: Job<f32>>(path: Path, job: J) -> J::Output {
        match path {
            #[cfg(target_arch = "x86_64")]
            Path::Avx512 if let Some(proof) = Avx512::detect() => avx512::Singles::call(proof, job),
            #[cfg(target_arch = "x86_64")]
            Path::Avx2 if let Some(proof) = Avx2::detect() => avx2::Singles::call(proof, job),
            #[cfg(target_arch = "aarch64")]
            Path::Neon => neon::Singles::call(neon::Neon, job),
            _ => portable::Singles::call((), job),
        }
    }

    fn start<K: Compiled>(path: Path, task: K::Task<'_, f32>) {
        K::f32(path, task);
    }
}
