//! What measuring programs share: the clock, the fastest sample, what the machine does at most, and the
//! memory of the process.

use std::error::Error;
use std::fs;
use std::hint::black_box;

use rustix::time::{ClockId, clock_gettime};
use tesseral::Number;
use tesseral::simd::{Path, limits};

/// How long one sample lasts at least, in nanoseconds.
const SAMPLE: f64 = 1e6;

/// The samples of which the fastest counts, fewer where they take longer than `ALL` nanoseconds.
const SAMPLES: usize = 15;
const FEWEST: usize = 3;
const ALL: f64 = 2e9;

/// Nanoseconds of thread CPU time of one call, the fastest sample.
pub fn fastest(mut call: impl FnMut()) -> f64 {
    let mut calls = 1;
    let mut best = loop {
        let time = sample(&mut call, calls);
        if time >= SAMPLE {
            break time / calls as f64;
        }
        calls = (calls as f64 * (1.2 * SAMPLE / time.max(1.0)).clamp(1.5, 100.0)).ceil() as usize;
    };
    let (mut samples, mut spent) = (1, 0.0);
    while samples < FEWEST || (samples < SAMPLES && spent < ALL) {
        let time = sample(&mut call, calls);
        best = best.min(time / calls as f64);
        spent += time;
        samples += 1;
    }
    best
}

fn sample(call: &mut impl FnMut(), calls: usize) -> f64 {
    let begun = thread_time();
    for _ in 0..calls {
        call();
    }
    thread_time() - begun
}

/// Nanoseconds of CPU time of this thread so far.
pub fn thread_time() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

/// Nanoseconds of one multiply-add in one lane of f32.
pub fn multiply_add_time() -> f64 {
    operation_time::<f32>(Path::best(), limits::multiply_adds)
}

/// Nanoseconds of one operation in one lane, of those that a function of [`limits`] runs.
pub fn operation_time<T: Number>(path: Path, run: fn(Path, usize) -> T) -> f64 {
    const ROUNDS: usize = 1000;
    let time = fastest(|| {
        black_box(run(path, black_box(ROUNDS)));
    });
    time / (ROUNDS * limits::CHAINS * T::WIDTH) as f64
}

/// Nanoseconds to write so many bytes to memory that is there, past the caches if that is faster.
pub fn store_time(bytes: f64) -> f64 {
    // Beyond this the time per byte stays the same.
    const MOST: f64 = (256 << 20) as f64;
    let length = (bytes.min(MOST) / size_of::<f32>() as f64).ceil() as usize;
    let mut memory = vec![0.0; length + 16];
    let start = memory.as_ptr().align_offset(64);
    let buffer = &mut memory[start..start + length / 16 * 16];
    let cached = fastest(|| limits::stores(Path::best(), 1.0_f32, black_box(&mut *buffer)));
    let streamed =
        fastest(|| limits::streaming_stores(Path::best(), 1.0_f32, black_box(&mut *buffer)));
    cached.min(streamed) * (bytes / MOST).max(1.0)
}

/// Bytes in a line of `/proc/self/status` or `/proc/meminfo`.
pub fn memory(file: &str, name: &str) -> Result<f64, Box<dyn Error>> {
    let text = fs::read_to_string(file)?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let number = line.and_then(|line| line.trim().strip_suffix("kB"));
    let number = number.ok_or_else(|| format!("{file} has no {name}"))?;
    Ok(number.trim().parse::<f64>()? * 1024.0)
}
