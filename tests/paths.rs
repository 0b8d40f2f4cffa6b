//! Which lane paths a machine has, and that each of them is code of its own.

use tesseral::LMAX;
use tesseral::sh::Harmonics;
use tesseral::simd::{Number, Path};

#[test]
fn the_paths_are_those_of_the_processor() {
    let paths: Vec<Path> = Path::available().collect();
    assert_eq!(Path::best(), *paths.last().expect("the portable path"));
    if cfg!(target_arch = "aarch64") {
        assert_eq!(paths, [Path::Portable, Path::Neon]);
    } else {
        assert_eq!(paths[0], Path::Portable);
        assert!(!paths.contains(&Path::Neon), "{paths:?} outside of aarch64");
    }
}

/// Every path but plain Rust fuses multiplications with additions. So results differ in their last
/// digits, unless plain Rust was run in place of the path.
fn fuses<T: Number>(number: impl Fn(f64) -> T) {
    let mut random = fastrand::Rng::with_seed(5);
    let mut component = || number(2.0 * random.f64() - 1.0);
    let points: Vec<[T; 3]> = (0..64).map(|_| [component(), component(), component()]).collect();
    let values = |path| {
        let batch = Harmonics::default().batch(0..=LMAX).expect("degrees to LMAX").on(path);
        let mut values = vec![number(0.0); batch.length::<T>(points.len())];
        batch.values(&points, &mut values).expect("the lengths fit");
        values
    };
    let plain = values(Path::Portable);
    for path in Path::available().filter(|&path| path != Path::Portable) {
        assert_ne!(values(path), plain, "{path:?} computes as plain Rust does");
    }
}

#[test]
fn every_path_is_really_run() {
    if LMAX == 0 {
        // One constant, the same on every path.
        return;
    }
    fuses(|value| value);
    fuses(|value| value as f32);
}
