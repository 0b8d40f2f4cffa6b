//! Batched harmonics against the scalar functions, on every lane path of the machine.

#[path = "common/degrees.rs"]
mod degrees;

use degrees::above;
use tesseral::error::DegreeLimit;
use tesseral::sh::batch::{Batch, BatchError, Layout, Positions};
use tesseral::sh::{Axes, Form, Harmonics, Normalization, Phase};
use tesseral::simd::Path;
use tesseral::{LMAX, Number};

/// What the tests need of f32 and f64.
trait Tested: Number {
    const EPSILON: f64;
    fn of(value: f64) -> Self;
}

impl Tested for f64 {
    const EPSILON: f64 = f64::EPSILON;
    fn of(value: f64) -> f64 {
        value
    }
}

impl Tested for f32 {
    const EPSILON: f64 = f32::EPSILON as f64;
    fn of(value: f64) -> f32 {
        value as f32
    }
}

/// Points of lengths around one: on axes, near the poles, anywhere.
fn points<T: Tested>(n: usize) -> Vec<[T; 3]> {
    let mut random = fastrand::Rng::with_seed(7);
    let mut component = || 2.0 * random.f64() - 1.0;
    let mut points: Vec<[f64; 3]> = vec![
        [0.3, -0.5, 0.8],
        [1.0, 0.0, 0.0],
        [0.0, -1.0, 0.0],
        [0.0, 0.0, 1.0],
        [1e-9, 1e-8, -1.0],
        [0.9, 0.4, 1e-7],
    ];
    points.resize_with(n.max(6), || [component(), component(), component()]);
    points.truncate(n);
    points.into_iter().map(|r| r.map(T::of)).collect()
}

fn conventions() -> Vec<Harmonics> {
    let spherical = Harmonics::default();
    vec![
        Harmonics::SOLID,
        spherical,
        Harmonics { axes: Axes::YPolar, normalization: Normalization::Component, ..spherical },
        Harmonics {
            axes: Axes::YPolar,
            normalization: Normalization::Norm,
            phase: Phase::CondonShortley,
            ..Harmonics::SOLID
        },
    ]
}

/// The results of a batch for one point and one component, whatever the layout.
fn get<T: Tested>(
    array: &[T],
    layout: Layout,
    [components, columns]: [usize; 2],
    [point, component, column]: [usize; 3],
) -> T {
    match layout {
        Layout::Rows => array[(point * components + component) * columns + column],
        Layout::Lanes => {
            let (block, lane) = (point / T::WIDTH, point % T::WIDTH);
            array[((block * components + component) * columns + column) * T::WIDTH + lane]
        }
    }
}

/// Compares an array with the expected `[components][2l + 1]` of each degree and point, within
/// `bound` units of the last place of the largest value of the degree.
fn compare<T: Tested>(
    batch: &Batch,
    layout: Layout,
    degrees: (usize, usize),
    array: &[T],
    (components, power): (usize, i32),
    points: &[[T; 3]],
    expected: impl Fn(usize, [T; 3]) -> Vec<f64>,
) {
    let columns = batch.columns();
    for (index, &r) in points.iter().enumerate() {
        let length = r.iter().map(|&c| c.into().powi(2)).sum::<f64>().sqrt();
        for l in degrees.0..=degrees.1 {
            let size = 2 * l + 1;
            let expected = expected(l, r);
            // A derivative of a harmonic is at most about (l + 1) times as large per length.
            let largest = scale(batch, l, length) * ((l + 1) as f64 / length).powi(power);
            let bound = 6.0 * (l + 2) as f64 * T::EPSILON * largest;
            for component in 0..components {
                for m in 0..size {
                    let column = l * l - degrees.0 * degrees.0 + m;
                    let at = [index, component, column];
                    let found = get(array, layout, [components, columns], at);
                    let (found, expected) = (found.into(), expected[component * size + m]);
                    assert!(
                        (found - expected).abs() <= bound,
                        "{batch:?} {r:?}: l = {l}, m = {m}, component {component}: {found} is not \
                         {expected} within {bound}"
                    );
                }
            }
        }
    }
}

/// The largest a harmonic of degree l can be on average: √((2l + 1)/(4π)) in the native
/// normalization, for solid ones times the power of the length.
fn scale(batch: &Batch, l: usize, length: f64) -> f64 {
    let options = batch.convention();
    let norm = match options.normalization {
        Normalization::Integral => ((2 * l + 1) as f64 / (4.0 * std::f64::consts::PI)).sqrt(),
        Normalization::Component => ((2 * l + 1) as f64).sqrt(),
        Normalization::Norm => 1.0,
    };
    match options.form {
        Form::Solid => norm * length.powi(l as i32),
        Form::Spherical => norm,
    }
}

/// The scalar functions in f64 at the same point.
fn scalar(options: &Harmonics, l: usize, r: [f64; 3]) -> [Vec<f64>; 3] {
    let size = 2 * l + 1;
    let mut arrays = [vec![0.0; size], vec![0.0; 3 * size], vec![0.0; 9 * size]];
    let [values, gradients, hessians] = &mut arrays;
    options.degree_hess(l, r, values, gradients, hessians).expect("the lengths fit");
    arrays
}

/// Values and derivatives of one batch against the scalar functions.
fn check<T: Tested>(
    options: Harmonics,
    degrees: (usize, usize),
    layout: Layout,
    path: Path,
    n: usize,
) {
    let batch = options.batch(degrees.0..=degrees.1).expect("degrees to LMAX");
    let batch = batch.layout(layout).on(path);
    let points = points::<T>(n);
    let length = batch.length::<T>(n);
    let fill = |components: usize| vec![T::of(f64::NAN); components * length];
    let wide = |r: [T; 3]| r.map(Into::into);
    let expected =
        |order: usize| move |l: usize, r: [T; 3]| scalar(&options, l, wide(r))[order].clone();
    let shapes = [(1, 0), (3, 1), (9, 2)];
    for order in 0..3 {
        let [mut values, mut gradients, mut hessians] = [fill(1), fill(3), fill(9)];
        match order {
            0 => batch.values(&points, &mut values),
            1 => batch.gradients(&points, &mut values, &mut gradients),
            _ => batch.hessians(&points, &mut values, &mut gradients, &mut hessians),
        }
        .expect("the lengths fit");
        for (which, array) in [values, gradients, hessians].iter().enumerate().take(order + 1) {
            compare(&batch, layout, degrees, array, shapes[which], &points, expected(which));
        }
    }
}

fn degree_ranges() -> Vec<(usize, usize)> {
    let top = LMAX;
    let mut ranges: Vec<_> = (0..=top).map(|high| (0, high)).collect();
    ranges.extend((1..=top).map(|l| (l, l)));
    ranges.extend([(top.min(1), top), (top.min(3), top.min(4)), (top.min(7), top.min(8))]);
    ranges
}

#[test]
fn every_degree_and_range_is_right() {
    for path in Path::available() {
        for degrees in degree_ranges() {
            for layout in [Layout::Rows, Layout::Lanes] {
                check::<f64>(Harmonics::SOLID, degrees, layout, path, 19);
                check::<f32>(Harmonics::SOLID, degrees, layout, path, 19);
            }
        }
    }
}

#[test]
fn every_convention_is_right() {
    for path in Path::available() {
        for options in conventions() {
            for layout in [Layout::Rows, Layout::Lanes] {
                for degrees in [(0, LMAX), (LMAX.min(2), LMAX)] {
                    check::<f64>(options, degrees, layout, path, 21);
                    check::<f32>(options, degrees, layout, path, 21);
                }
            }
        }
    }
}

#[test]
fn every_length_is_right() {
    let lmax = LMAX.min(4);
    for path in Path::available() {
        for n in 0..=70 {
            for layout in [Layout::Rows, Layout::Lanes] {
                // With a function for the whole batch, and block by block through tiles.
                let component = Normalization::Component;
                let tiled = Harmonics { normalization: component, ..Harmonics::default() };
                for options in [Harmonics::SOLID, tiled] {
                    check::<f64>(options, (0, lmax), layout, path, n);
                    check::<f32>(options, (0, lmax), layout, path, n);
                }
            }
        }
    }
}

#[test]
fn misaligned_slices_and_slices_by_axis_are_right() {
    let n = 37;
    let batch = Harmonics::SOLID.batch(0..=LMAX.min(4)).expect("a degree to LMAX");
    let points = points::<f64>(n);
    let axes: [Vec<f64>; 3] = std::array::from_fn(|axis| points.iter().map(|r| r[axis]).collect());
    for path in Path::available() {
        for layout in [Layout::Rows, Layout::Lanes] {
            let batch = batch.on(path).layout(layout);
            let size = batch.length::<f64>(n);
            let mut expected = vec![0.0; size];
            batch.values(&points, &mut expected).expect("the lengths fit");
            for shift in 0..8 {
                let mut rows = vec![0.0; 3 * n + shift];
                rows[shift..].copy_from_slice(points.as_flattened());
                let mut found = vec![f64::NAN; size + shift];
                let found = &mut found[shift..];
                batch.values(&rows[shift..], found).expect("the lengths fit");
                assert_eq!(found, &expected[..], "{path:?} {layout:?} {shift}");
                // Past the caches, however the slice begins.
                found.fill(f64::NAN);
                let streamed = batch.streaming_from(0);
                streamed.values(&points, found).expect("the lengths fit");
                assert_eq!(found, &expected[..], "{path:?} {layout:?} {shift}, streamed");
            }
            let mut found = vec![f64::NAN; size];
            let [x, y, z] = &axes;
            let by_axis = Positions::Axes([x, y, z]);
            batch.values(by_axis, &mut found).expect("the lengths fit");
            assert_eq!(found, expected, "{path:?} {layout:?} by axis");
        }
    }
}

#[test]
fn misaligned_derivatives_are_right() {
    let n = 37;
    let points = points::<f32>(n);
    for lmax in 0..=LMAX.min(5) {
        for (path, layout) in paths_and_layouts() {
            let batch = Harmonics::SOLID.batch(0..=lmax).expect("a degree to LMAX");
            let batch = batch.on(path).layout(layout);
            let size = batch.length::<f32>(n);
            let evaluate = |shift: usize| {
                let mut arrays = [1, 3, 9].map(|count| vec![f32::NAN; count * size + shift]);
                let mut forces = vec![f32::NAN; 3 * n + shift];
                let mut rows = vec![0.0; 3 * n + shift];
                rows[shift..].copy_from_slice(points.as_flattened());
                let [values, gradients, hessians] = arrays.each_mut().map(|a| &mut a[shift..]);
                let rows = &rows[shift..];
                batch.gradients(rows, values, gradients).expect("the lengths fit");
                batch.hessians(rows, values, gradients, hessians).expect("the lengths fit");
                batch.pull_back(rows, values, &mut forces[shift..]).expect("the lengths fit");
                [values.to_vec(), gradients.to_vec(), hessians.to_vec(), forces[shift..].to_vec()]
            };
            let expected = evaluate(0);
            for shift in 1..16 {
                assert_eq!(evaluate(shift), expected, "{path:?} {layout:?} {lmax} {shift}");
            }
        }
    }
}

fn paths_and_layouts() -> impl Iterator<Item = (Path, Layout)> {
    Path::available().flat_map(|path| [(path, Layout::Rows), (path, Layout::Lanes)])
}

#[test]
fn streamed_derivatives_are_the_same() {
    let n = 45;
    let points = points::<f32>(n);
    for path in Path::available() {
        for layout in [Layout::Rows, Layout::Lanes] {
            let batch = Harmonics::default().batch(0..=LMAX.min(3)).expect("a degree to LMAX");
            let batch = batch.on(path).layout(layout);
            let size = batch.length::<f32>(n);
            let evaluate = |batch: Batch| {
                let mut arrays = [1, 3, 9].map(|components| vec![f32::NAN; components * size]);
                let [values, gradients, hessians] = &mut arrays;
                batch.hessians(&points, values, gradients, hessians).expect("the lengths fit");
                arrays
            };
            assert_eq!(evaluate(batch), evaluate(batch.streaming_from(0)), "{path:?} {layout:?}");
        }
    }
}

#[test]
fn unit_vectors_need_no_length() {
    for path in Path::available() {
        let batch = Harmonics::default().batch(0..=LMAX.min(9)).expect("a degree to LMAX").on(path);
        let points: Vec<[f64; 3]> =
            points::<f64>(20).into_iter().map(tesseral::sh::direction).collect();
        let size = batch.length::<f64>(20);
        let [mut expected, mut found] = [vec![0.0; size], vec![0.0; size]];
        batch.values(&points, &mut expected).expect("the lengths fit");
        batch.of_unit_vectors().values(&points, &mut found).expect("the lengths fit");
        for (found, expected) in found.iter().zip(&expected) {
            assert!((found - expected).abs() < 1e-13, "{path:?}: {found} is not {expected}");
        }
    }
}

#[test]
fn zero_and_extreme_vectors_have_spherical_harmonics() {
    let points = [[0.0; 3], [3e-300, 0.0, 4e-300], [3e290, 0.0, 4e290], [0.6, 0.0, 0.8]];
    for path in Path::available() {
        let batch = Harmonics::default().batch(0..=LMAX).expect("a degree to LMAX").on(path);
        let size = batch.columns();
        let mut arrays = [1, 3, 9].map(|components| vec![f64::NAN; components * 4 * size]);
        let [values, gradients, hessians] = &mut arrays;
        batch.hessians(&points, values, gradients, hessians).expect("the lengths fit");
        for array in [&*values, &*gradients] {
            assert!(array.iter().all(|value| value.is_finite()), "{path:?}");
        }
        assert!(hessians[..9 * size].iter().all(|&value| value == 0.0), "{path:?}");
        assert!(gradients[..3 * size].iter().all(|&value| value == 0.0), "{path:?}");
        assert!(values[1..size].iter().all(|&value| value == 0.0), "{path:?}");
        for point in [1, 2] {
            for column in 0..size {
                let difference = values[point * size + column] - values[3 * size + column];
                assert!(difference.abs() < 1e-13, "{path:?}: point {point}, value {column}");
            }
        }
    }
}

/// Contractions against sums over stored derivatives.
fn check_contractions<T: Tested>(
    options: Harmonics,
    degrees: (usize, usize),
    path: Path,
    n: usize,
) {
    let mut random = fastrand::Rng::with_seed(3);
    let mut numbers =
        |count: usize| -> Vec<T> { (0..count).map(|_| T::of(2.0 * random.f64() - 1.0)).collect() };
    let points = points::<T>(n);
    for layout in [Layout::Rows, Layout::Lanes] {
        let batch = options.batch(degrees.0..=degrees.1).expect("degrees to LMAX");
        let batch = batch.layout(layout).on(path);
        let (size, columns) = (batch.length::<T>(n), batch.columns());
        let (cotangents, vectors) = (numbers(size), numbers(3 * n));
        let mut pulled = vec![T::of(f64::NAN); 3 * n];
        batch.pull_back(&points, &cotangents, &mut pulled).expect("the lengths fit");
        let mut pushed = vec![T::of(f64::NAN); size];
        batch.push_forward(&points, &vectors, &mut pushed).expect("the lengths fit");
        let mut twice = vec![T::of(f64::NAN); 3 * n];
        let mut by_cotangents = vec![T::of(f64::NAN); size];
        batch
            .pull_back_twice(&points, &cotangents, &vectors, &mut twice, &mut by_cotangents)
            .expect("the lengths fit");
        assert_eq!(
            by_cotangents.iter().map(|&v| v.into()).collect::<Vec<f64>>(),
            pushed.iter().map(|&v| v.into()).collect::<Vec<f64>>()
        );
        for (index, &r) in points.iter().enumerate() {
            let w: [f64; 3] = std::array::from_fn(|axis| vectors[3 * index + axis].into());
            // Sums, and sums of magnitudes for the bound.
            let [mut sums, mut sizes] = [[0.0; 6]; 2];
            let length = r.iter().map(|&c| c.into().powi(2)).sum::<f64>().sqrt();
            let speed = w.iter().map(|c| c * c).sum::<f64>().sqrt();
            for l in degrees.0..=degrees.1 {
                let wide = r.map(Into::into);
                let [_, gradients, hessians] = scalar(&options, l, wide);
                let width = 2 * l + 1;
                for m in 0..width {
                    let column = l * l - degrees.0 * degrees.0 + m;
                    let g = get(&cotangents, layout, [1, columns], [index, 0, column]).into();
                    let [mut along, mut along_size] = [0.0; 2];
                    // What a derivative may be, whose parts may cancel.
                    let largest = scale(&batch, l, length) * (l + 1) as f64 / length;
                    for i in 0..3 {
                        sizes[i] += g.abs() * largest;
                        sizes[3 + i] += g.abs() * largest * speed * (l + 1) as f64 / length;
                    }
                    for i in 0..3 {
                        let gradient = gradients[i * width + m];
                        sums[i] += g * gradient;
                        sizes[i] += (g * gradient).abs();
                        along += w[i] * gradient;
                        along_size += (w[i] * gradient).abs();
                        for j in 0..3 {
                            let second = g * w[i] * hessians[(3 * i + j) * width + m];
                            sums[3 + j] += second;
                            sizes[3 + j] += second.abs();
                        }
                    }
                    let found: f64 = get(&pushed, layout, [1, columns], [index, 0, column]).into();
                    let bound = 6.0 * (l + 2) as f64 * T::EPSILON * (along_size + largest);
                    assert!((found - along).abs() <= bound, "{batch:?} {r:?}: {found} {along}");
                }
            }
            let found = [&pulled, &twice].map(|array| array[3 * index..3 * index + 3].to_vec());
            for (found, (sum, size)) in found.concat().iter().zip(sums.iter().zip(sizes)) {
                let found: f64 = (*found).into();
                let bound = 6.0 * (degrees.1 + 2) as f64 * T::EPSILON * size;
                assert!((found - sum).abs() <= bound, "{batch:?} {r:?}: {found} is not {sum}");
            }
        }
    }
}

/// With programs, with loops, and of single degrees.
fn contracted() -> Vec<(usize, usize)> {
    let mut ranges: Vec<_> = [0, 1, 3, 5, 6, 7, LMAX].map(|high| (0, high)).to_vec();
    ranges.extend([(3, 3), (LMAX, LMAX)]);
    ranges.retain(|&(_, high)| high <= LMAX);
    ranges.sort_unstable();
    ranges.dedup();
    ranges
}

#[test]
fn contractions_are_sums_over_derivatives() {
    for path in Path::available() {
        for options in conventions() {
            for degrees in contracted() {
                check_contractions::<f64>(options, degrees, path, 21);
                check_contractions::<f32>(options, degrees, path, 35);
            }
        }
    }
}

#[test]
fn contractions_of_every_length_are_right() {
    for path in Path::available() {
        for n in 0..=70 {
            check_contractions::<f64>(Harmonics::SOLID, (0, LMAX.min(2)), path, n);
            check_contractions::<f32>(Harmonics::SOLID, (0, LMAX.min(3)), path, n);
        }
    }
}

#[test]
fn wrong_arguments_are_told() {
    let harmonics = Harmonics::SOLID;
    let error = harmonics.batch(0..=LMAX + 1).expect_err("above LMAX");
    let message = above(DegreeLimit::Lmax, LMAX + 1, "");
    assert_eq!(error.to_string(), message);
    #[expect(clippy::reversed_empty_ranges, reason = "it is what is tested")]
    let empty = harmonics.batch(1..=0);
    assert_eq!(empty, Err(BatchError::NoDegrees { from: 1, to: 0 }));
    let batch = harmonics.batch(0..=0).expect("degree 0");
    let mut values = [0.0; 3];
    let error = batch.values(&[0.0; 4][..], &mut values).expect_err("not a number of points");
    assert_eq!(error, BatchError::Positions { found: vec![4] });
    let uneven: [&[f64]; 3] = [&[0.0], &[0.0, 1.0], &[0.0]];
    let error = batch.values(uneven, &mut values).expect_err("axes of different lengths");
    assert_eq!(error, BatchError::Positions { found: vec![1, 2, 1] });
    let error = batch.values(&[[0.0; 3]; 2], &mut values).expect_err("too long");
    assert_eq!(error.to_string(), "the slice of values for 2 points has length 3, expected 2");
    let lanes = batch.layout(Layout::Lanes);
    let error = lanes.values(&[[0.0_f32; 3]], &mut [0.0; 8]).expect_err("not a whole block");
    assert_eq!(error.to_string(), "the slice of values for 1 points has length 8, expected 16");
    let error = batch.pull_back(&[[0.0; 3]], &[1.0], &mut values[..2]).expect_err("too short");
    assert_eq!(
        error.to_string(),
        "the slice of the gradient for 1 points has length 2, expected 3"
    );
}

#[cfg(feature = "rayon")]
#[test]
fn threads_change_nothing() {
    let n = 20_003;
    let points = points::<f64>(n);
    for layout in [Layout::Rows, Layout::Lanes] {
        let batch = Harmonics::SOLID.batch(0..=LMAX.min(2)).expect("a degree").layout(layout);
        let size = batch.length::<f64>(n);
        let evaluate = |batch: Batch| {
            let mut arrays = [1, 3, 9].map(|components| vec![f64::NAN; components * size]);
            let [values, gradients, hessians] = &mut arrays;
            batch.hessians(&points, values, gradients, hessians).expect("the lengths fit");
            let mut forces = vec![f64::NAN; 3 * n];
            batch.pull_back(&points, values, &mut forces).expect("the lengths fit");
            (arrays, forces)
        };
        assert_eq!(evaluate(batch), evaluate(batch.in_parallel()), "{layout:?}");
    }
}
