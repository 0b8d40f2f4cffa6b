//! Batches at their edges: vectors that are zero, extreme or no numbers, blocks of lanes that are
//! not full, results past the caches, positions by axis, and memory.

use allocation_counter::measure;
use tesseral::sh::batch::{Batch, Layout, Positions};
use tesseral::sh::{Axes, Harmonics, Normalization};
use tesseral::simd::Path;
use tesseral::{LMAX, Number};

fn conventions() -> [Harmonics; 3] {
    let component = Normalization::Component;
    [
        Harmonics::SOLID,
        Harmonics::default(),
        Harmonics { axes: Axes::YPolar, normalization: component, ..Harmonics::default() },
    ]
}

/// Batches of every convention, path and layout.
fn batches(lmax: usize) -> impl Iterator<Item = Batch> {
    let batches = conventions().map(|options| options.batch(0..=lmax).expect("a degree to LMAX"));
    let paths = Path::available().flat_map(|path| [(path, Layout::Rows), (path, Layout::Lanes)]);
    paths.flat_map(move |(path, layout)| batches.map(|batch| batch.on(path).layout(layout)))
}

/// Everything that a batch gives: values, gradients, Hessians, pull-back, push-forward, and the
/// second pull-back.
fn everything<'a, T: Number>(
    batch: &Batch,
    positions: impl Into<Positions<'a, T>> + Copy,
    n: usize,
    nan: T,
) -> Vec<Vec<T>> {
    let size = batch.length::<T>(n);
    let fill = |length: usize| vec![nan; length];
    let [mut values, mut gradients, mut hessians] = [1, 3, 9].map(|count| fill(count * size));
    batch.hessians(positions, &mut values, &mut gradients, &mut hessians).expect("lengths");
    let one = T::constant(1.0, 1.0);
    let (cotangents, vectors) = (vec![one; size], vec![one; 3 * n]);
    let [mut pulled, mut twice] = [fill(3 * n), fill(3 * n)];
    let [mut pushed, mut by_cotangents] = [fill(size), fill(size)];
    batch.pull_back(positions, &cotangents, &mut pulled).expect("lengths");
    batch.push_forward(positions, &vectors, &mut pushed).expect("lengths");
    batch
        .pull_back_twice(positions, &cotangents, &vectors, &mut twice, &mut by_cotangents)
        .expect("lengths");
    vec![values, gradients, hessians, pulled, pushed, twice, by_cotangents]
}

fn points<T: Number>(n: usize) -> Vec<[T; 3]> {
    let mut random = fastrand::Rng::with_seed(11);
    let mut component = || {
        let wide = 2.0 * random.f64() - 1.0;
        T::constant(wide, wide as f32)
    };
    (0..n).map(|_| [component(), component(), component()]).collect()
}

fn check_streaming_and_axes<T: Number + PartialEq + std::fmt::Debug>(n: usize) {
    let (points, nan) = (points::<T>(n), T::constant(f64::NAN, f32::NAN));
    let axes: [Vec<T>; 3] = std::array::from_fn(|axis| points.iter().map(|r| r[axis]).collect());
    let [x, y, z] = &axes;
    for lmax in [LMAX.min(3), LMAX] {
        for batch in batches(lmax) {
            let expected = everything(&batch, &points, n, nan);
            let streamed = everything(&batch.streaming_from(0), &points, n, nan);
            assert!(streamed == expected, "{batch:?}: streamed");
            let by_axis = everything(&batch, Positions::Axes([x, y, z]), n, nan);
            assert!(by_axis == expected, "{batch:?}: by axis");
            let both = everything(&batch.streaming_from(0), Positions::Axes([x, y, z]), n, nan);
            assert!(both == expected, "{batch:?}: streamed, by axis");
        }
    }
}

#[test]
fn streaming_and_slices_by_axis_change_nothing() {
    check_streaming_and_axes::<f64>(67);
    check_streaming_and_axes::<f32>(67);
}

#[test]
fn blocks_that_are_not_full_repeat_the_last_point() {
    let n = 11;
    let points = points::<f64>(n);
    let mut filled = points.clone();
    filled.resize(16, points[n - 1]);
    for batch in batches(LMAX.min(4)) {
        let found = everything(&batch, &points, n, f64::NAN);
        if found[0].len() == n * batch.columns() {
            continue;
        }
        let full = everything(&batch, &filled, 16, f64::NAN);
        for (array, (found, full)) in found.iter().zip(&full).enumerate().take(3) {
            assert_eq!(found, full, "{batch:?}: array {array}");
        }
    }
}

/// Zero, subnormal, huge and ordinary vectors in one block.
fn check_extremes<T: Number>(tiny: f64, huge: f64, tolerance: f64) {
    let wide = [[0.0; 3], [3.0 * tiny, 0.0, 4.0 * tiny], [3.0 * huge, 0.0, 4.0 * huge]];
    let wide = [wide[0], wide[1], wide[2], [0.6, 0.0, 0.8]];
    let points = wide.map(|r| r.map(|c| T::constant(c, c as f32)));
    let nan = T::constant(f64::NAN, f32::NAN);
    for batch in batches(LMAX) {
        if batch.convention().form == tesseral::sh::Form::Solid {
            continue;
        }
        let columns = batch.columns();
        let [values, gradients, _, pulled, pushed, ..] = &everything(&batch, &points, 4, nan)[..]
        else {
            unreachable!("seven arrays")
        };
        let is_lanes = values.len() > 4 * columns;
        let at = |array: &[T], size: usize, point: usize, column: usize| -> f64 {
            match is_lanes {
                true => array[column * T::WIDTH + point].into(),
                false => array[point * size + column].into(),
            }
        };
        for column in 0..columns {
            let value = |point| at(values, columns, point, column);
            assert!(column == 0 || value(0) == 0.0, "{batch:?}: value {column} at zero");
            for point in [1, 2] {
                let difference = (value(point) - value(3)).abs();
                assert!(difference < tolerance, "{batch:?}: point {point}, value {column}");
            }
            assert_eq!(at(pushed, columns, 0, column), 0.0, "{batch:?}: push-forward at zero");
        }
        for column in 0..3 * columns {
            assert_eq!(at(gradients, 3 * columns, 0, column), 0.0, "{batch:?}: gradient at zero");
        }
        assert!(pulled[..3].iter().all(|&force| force.into() == 0.0), "{batch:?}: pull-back");
        // The ordinary point is as it is alone.
        let alone = &everything(&batch, &points[3..], 1, nan);
        for column in 0..columns {
            let (found, expected) =
                (at(values, columns, 3, column), at(&alone[0], columns, 0, column));
            assert!((found - expected).abs() < tolerance, "{batch:?}: value {column}");
        }
    }
}

#[test]
fn zero_and_extreme_vectors_are_right_in_every_layout() {
    check_extremes::<f64>(1e-300, 1e290, 1e-13);
    check_extremes::<f32>(1e-37, 1e36, 2e-5);
}

#[test]
fn what_is_no_number_stays_at_its_point() {
    let n = 19;
    let points = points::<f32>(n);
    let mut broken = points.clone();
    broken[5][1] = f32::NAN;
    broken[12] = [f32::INFINITY, 0.0, 1.0];
    for batch in batches(LMAX.min(4)) {
        let columns = batch.columns();
        let [found, expected] =
            [&broken, &points].map(|points| everything(&batch, points, n, f32::NAN));
        // Pull-backs are one vector for each point.
        for array in [3, 5] {
            for (index, (found, expected)) in found[array].iter().zip(&expected[array]).enumerate()
            {
                let is_broken = [5, 12].contains(&(index / 3));
                let difference = (found - expected).abs();
                let bound = 1e-4 * (1.0 + expected.abs());
                assert!(is_broken || difference <= bound, "{batch:?}: {array}, {index}");
            }
        }
        let is_rows = found[0].len() == n * columns;
        for (array, components) in [(0, 1), (1, 3), (2, 9), (4, 1)] {
            let size = components * columns;
            for (index, (found, expected)) in found[array].iter().zip(&expected[array]).enumerate()
            {
                let point = match is_rows {
                    true => index / size,
                    false => index / (16 * size) * 16 + index % 16,
                };
                let bound = 1e-4 * (1.0 + expected.abs());
                let is_broken = [5, 12].contains(&point);
                assert!(
                    is_broken || (found - expected).abs() <= bound,
                    "{batch:?}: {array}, {index}"
                );
            }
        }
    }
}

#[test]
fn calls_allocate_nothing() {
    let n = 100;
    let points = points::<f64>(n);
    for batch in batches(LMAX) {
        for batch in [batch, batch.streaming_from(0)] {
            let size = batch.length::<f64>(n);
            let [mut values, mut gradients, mut hessians] =
                [1, 3, 9].map(|count| vec![0.0; count * size]);
            let (cotangents, mut forces) = (vec![1.0; size], vec![0.0; 3 * n]);
            let (vectors, mut twice) = (vec![1.0; 3 * n], vec![0.0; 3 * n]);
            // What a process does once, such as asking for the caches, may allocate.
            batch.values(&points, &mut values).expect("lengths");
            let allocations = measure(|| {
                batch.values(&points, &mut values).expect("lengths");
                batch.gradients(&points, &mut values, &mut gradients).expect("lengths");
                batch
                    .hessians(&points, &mut values, &mut gradients, &mut hessians)
                    .expect("lengths");
                batch.pull_back(&points, &cotangents, &mut forces).expect("lengths");
                batch.push_forward(&points, &vectors, &mut values).expect("lengths");
                batch
                    .pull_back_twice(&points, &cotangents, &vectors, &mut twice, &mut values)
                    .expect("lengths");
            });
            assert_eq!(allocations.count_total, 0, "{batch:?}");
        }
    }
}

#[cfg(feature = "rayon")]
#[test]
fn threads_change_nothing_of_contractions_and_slices_by_axis() {
    let n = 20_003;
    let points = points::<f32>(n);
    let axes: [Vec<f32>; 3] = std::array::from_fn(|axis| points.iter().map(|r| r[axis]).collect());
    let [x, y, z] = &axes;
    for batch in batches(LMAX.min(2)) {
        for batch in [batch, batch.streaming_from(0)] {
            let expected = everything(&batch, Positions::Axes([x, y, z]), n, f32::NAN);
            let found = everything(&batch.in_parallel(), Positions::Axes([x, y, z]), n, f32::NAN);
            assert!(found == expected, "{batch:?}");
        }
    }
}
