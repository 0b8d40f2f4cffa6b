//! Times of the batched harmonics, one line for each case read from standard input: the side of
//! this library in `benches/compare.py`.
//!
//! A case is `what/type/L=l/layout/n=points`, such as `values/f64/L=6/row-major/n=1000`, with
//! `what` one of `values`, `gradients`, `hessians`, `pull-back` and `push-forward` of solid harmonics; `unit`,
//! values at vectors of length one; before one of the first five `spherical-`, harmonics of directions,
//! `component-` or `norm-`, those in conventions of e3nn; and layout `row-major` or `lanes`. The answer is the
//! time and the limit in nanoseconds of thread CPU time per point. A first argument names a lane path.
//!
//! The limit is the time of what the machine needs longest for: two multiply-adds for each number, or three
//! for a derivative of the spherical form; its store; or, for directions, a root and a division for each
//! point. A pull-back or push-forward has two multiply-adds for each harmonic, and a push-forward its
//! store.

use std::error::Error;
use std::hint::black_box;
use std::io::{self, BufRead, Write};

use tesseral::Number;
use tesseral::sh::batch::{Batch, Layout};
use tesseral::sh::{Axes, Form, Harmonics, Normalization};
use tesseral::simd::{Path, limits};
use timing::{fastest, operation_time};

struct Case {
    what: String,
    lmax: usize,
    layout: Layout,
    n: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = match std::env::args().nth(1).as_deref() {
        Some("portable") => Path::Portable,
        Some("neon") => Path::Neon,
        Some("avx2") => Path::Avx2,
        Some("avx512") => Path::Avx512,
        Some(other) => return Err(format!("`{other}` is no lane path").into()),
        None => Path::best(),
    };
    for line in io::stdin().lock().lines() {
        let line = line?;
        let (case, double) = parse(&line).ok_or_else(|| format!("`{line}` is no case"))?;
        let [ours, limit] = match double {
            true => measure::<f64>(&case, path)?,
            false => measure::<f32>(&case, path)?,
        };
        println!("{ours} {limit}");
        io::stdout().flush()?;
    }
    Ok(())
}

fn parse(line: &str) -> Option<(Case, bool)> {
    let parts: Vec<&str> = line.trim().split('/').collect();
    let [what, number, lmax, layout, n] = parts[..] else { return None };
    let double = match number {
        "f64" => true,
        "f32" => false,
        _ => return None,
    };
    let layout = match layout {
        "row-major" => Layout::Rows,
        "lanes" => Layout::Lanes,
        _ => return None,
    };
    let lmax = lmax.strip_prefix("L=")?.parse().ok()?;
    let n = n.strip_prefix("n=")?.parse().ok()?;
    Some((Case { what: what.to_string(), lmax, layout, n }, double))
}

/// Nanoseconds per point: of the case, and at least.
fn measure<T: Number>(case: &Case, path: Path) -> Result<[f64; 2], Box<dyn Error>> {
    let (options, what) = convention(&case.what);
    let batch = options.batch(0..=case.lmax)?.layout(case.layout).on(path);
    let batch = if case.what == "unit" { batch.of_unit_vectors() } else { batch };
    let points = points::<T>(case.n);
    let size = batch.length::<T>(case.n);
    let components = match what {
        "values" | "unit" | "pull-back" | "push-forward" => [1, 0, 0],
        "gradients" => [1, 3, 0],
        "hessians" => [1, 3, 9],
        other => return Err(format!("`{other}` is nothing to measure").into()),
    };
    let lengths = components.map(|count| count * size);
    let mut memory = lengths.map(memory::<T>);
    let [values, gradients, hessians] = &mut memory;
    let [values, gradients, hessians] = [
        aligned(values, lengths[0]),
        aligned(gradients, lengths[1]),
        aligned(hessians, lengths[2]),
    ];
    let mut forces = vec![T::constant(1.0, 1.0); 3 * case.n];
    let run = |batch: &Batch, arrays: &mut [&mut [T]; 3], forces: &mut [T]| {
        let [values, gradients, hessians] = arrays;
        match what {
            "gradients" => batch.gradients(&points, values, gradients),
            "hessians" => batch.hessians(&points, values, gradients, hessians),
            "pull-back" => batch.pull_back(&points, values, forces),
            "push-forward" => batch.push_forward(&points, forces, values),
            _ => batch.values(&points, values),
        }
    };
    let bytes = lengths.iter().sum::<usize>() * size_of::<T>();
    let mut arrays = [values, gradients, hessians];
    run(&batch, &mut arrays, &mut forces)?;
    let ours = fastest(|| {
        run(black_box(&batch), &mut arrays, &mut forces).expect("the lengths fit");
        black_box(&mut arrays);
        black_box(&mut forces);
    });
    let spherical = options.form == Form::Spherical && case.what != "unit";
    let for_derivative = if spherical { 3.0 } else { 2.0 };
    let [values, gradients, hessians] = components.map(|count| count as f64);
    let operations = 2.0 * values + for_derivative * (gradients + hessians);
    let operations = operations * ((case.lmax + 1) * (case.lmax + 1)) as f64;
    let operations = operations * operation_time::<T>(path, limits::multiply_adds);
    let stores = if what == "pull-back" { 0.0 } else { store_time::<T>(path, bytes) };
    let roots = match spherical {
        true => operation_time::<T>(path, limits::reciprocal_roots),
        false => 0.0,
    };
    Ok([ours / case.n as f64, operations.max(stores / case.n as f64).max(roots)])
}

/// The convention that a case names, and what is left of it.
fn convention(what: &str) -> (Harmonics, &str) {
    let spherical = Harmonics::default();
    if let Some(what) = what.strip_prefix("spherical-") {
        return (spherical, what);
    }
    let e3nn = [("component-", Normalization::Component), ("norm-", Normalization::Norm)];
    for (prefix, normalization) in e3nn {
        if let Some(what) = what.strip_prefix(prefix) {
            return (Harmonics { axes: Axes::YPolar, normalization, ..spherical }, what);
        }
    }
    if what == "unit" { (spherical, what) } else { (Harmonics::SOLID, what) }
}

/// Memory for so many numbers, and for moving them to the beginning of a cache line.
fn memory<T: Number>(length: usize) -> Vec<T> {
    vec![T::default(); length + T::WIDTH]
}

/// So many numbers that begin at a cache line.
fn aligned<T>(memory: &mut [T], length: usize) -> &mut [T] {
    let start = memory.as_ptr().align_offset(64);
    &mut memory[start..start + length]
}

/// Points in a cube; those of length one for `unit` serve as well, since times do not depend on
/// them.
fn points<T: Number>(n: usize) -> Vec<[T; 3]> {
    let mut random = fastrand::Rng::with_seed(1);
    let mut component = || {
        let value = 2.0 * random.f64() - 1.0;
        T::constant(value, value as f32)
    };
    (0..n).map(|_| [component(), component(), component()]).collect()
}

/// Nanoseconds to write so many bytes, again and again to the same place, or past the caches if
/// that is faster.
fn store_time<T: Number>(path: Path, bytes: usize) -> f64 {
    let length = bytes.div_ceil(64) * 64 / size_of::<T>();
    let mut memory = memory::<T>(length);
    let buffer = aligned(&mut memory, length);
    let value = T::constant(1.0, 1.0);
    let cached = fastest(|| {
        limits::stores(path, value, black_box(&mut *buffer));
        black_box(&mut *buffer);
    });
    if bytes < 8 << 20 {
        return cached;
    }
    let streamed = fastest(|| {
        limits::streaming_stores(path, value, black_box(&mut *buffer));
        black_box(&mut *buffer);
    });
    cached.min(streamed)
}
