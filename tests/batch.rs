//! Batched harmonics against the scalar functions, on every lane path of the machine.

use tesseral::sh::batch::{Batch, BatchError, BatchNumber, Layout, Positions};
use tesseral::sh::{Axes, Form, Harmonics, Normalization, Phase};
use tesseral::simd::Path;
use tesseral::{LMAX, sh};

/// What the tests need of f32 and f64.
trait Tested: BatchNumber + std::fmt::Debug + Into<f64> {
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
            let solid = Harmonics::SOLID;
            let _ = solid;
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
    ranges.extend([(top, top), (top.min(1), top), (top.min(3), top.min(4))]);
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
                check::<f64>(Harmonics::SOLID, (0, lmax), layout, path, n);
                check::<f32>(Harmonics::SOLID, (0, lmax), layout, path, n);
            }
        }
    }
}
