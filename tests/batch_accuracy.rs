//! The accuracy of batched values on every lane path of the machine: the bound that single points
//! have, against the definition in double-double arithmetic.

mod common {
    pub mod definition;
    #[expect(dead_code, reason = "other tests parse numbers and take powers")]
    pub mod double_double;
    pub mod errors;
    pub mod points;
    pub mod precision;
}

use common::definition::Definition;
use common::double_double::DoubleDouble;
use common::errors::{Errors, unit_form_units, units};
use common::points;
use common::precision::Precision;
use tesseral::sh::batch::{Batch, Layout};
use tesseral::sh::{self, Harmonics};
use tesseral::simd::Path;
use tesseral::{LMAX, Number};

/// No multiple of the lanes; a third of them within 1 % of the poles.
const POINTS: usize = 3001;

/// The highest degrees of batches: with programs for all, with loops beyond 12.
fn highest() -> Vec<usize> {
    let mut highest: Vec<usize> = [1, 4, 12, 13, LMAX].into_iter().filter(|&l| l <= LMAX).collect();
    highest.dedup();
    highest
}

/// The forms of harmonics that a batch has.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    Solid,
    Spherical,
    Unit,
}

struct Points<T> {
    points: Vec<[T; 3]>,
    /// Values at each, of all degrees.
    exact: Vec<Vec<DoubleDouble>>,
}

/// Random points with the exact values of a form there.
fn points<T: Precision>(definition: &Definition, form: Form) -> Points<T> {
    let mut random = fastrand::Rng::with_seed(5);
    let points: Vec<[T; 3]> = (0..POINTS)
        .map(|index| match index % 3 {
            0 => points::near_a_pole(&mut random),
            _ => points::any(&mut random),
        })
        .map(|r| r.map(T::nearest))
        .map(|r| if form == Form::Unit { sh::direction(r) } else { r })
        .collect();
    let exact = |&r: &[T; 3]| {
        let exact = definition.at(r.map(Into::into));
        if form == Form::Solid { exact.solid(LMAX) } else { exact.values }
    };
    let exact = points.iter().map(exact).collect();
    Points { points, exact }
}

fn batch(form: Form, degrees: std::ops::RangeInclusive<usize>) -> Batch {
    match form {
        Form::Solid => Harmonics::SOLID.batch(degrees).unwrap(),
        Form::Spherical => Harmonics::NATIVE.batch(degrees).unwrap(),
        Form::Unit => Harmonics::SOLID.batch(degrees).unwrap().of_unit_vectors(),
    }
}

/// The values of one point, whatever the layout.
fn of_point<T: Number>(values: &[T], layout: Layout, point: usize, columns: usize) -> Vec<T> {
    match layout {
        Layout::Rows => values[point * columns..][..columns].to_vec(),
        Layout::Lanes => {
            let (block, lane) = (point / T::WIDTH, point % T::WIDTH);
            let columns = block * columns..(block + 1) * columns;
            columns.map(|column| values[column * T::WIDTH + lane]).collect()
        }
    }
}

fn check<T: Precision + Number>(what: &str, form: Form) {
    let definition = Definition::new(LMAX);
    let Points { points, exact } = points::<T>(&definition, form);
    let bound = if form == Form::Unit { unit_form_units } else { units };
    for path in Path::available() {
        for layout in [Layout::Rows, Layout::Lanes] {
            // All degrees, and one degree alone.
            let all = highest().into_iter().map(|high| (0, high));
            for (low, high) in all.chain((1..=LMAX).map(|l| (l, l))) {
                let batch = batch(form, low..=high).on(path).layout(layout);
                let columns = batch.columns();
                let mut values = vec![T::nearest(0.0); batch.length::<T>(POINTS)];
                batch.values(&points, &mut values).unwrap();
                let what =
                    format!("{what}, {form:?}, {path:?}, {layout:?}, degrees {low} to {high}");
                let mut errors = Errors::new(what);
                for (index, (&r, exact)) in points.iter().zip(&exact).enumerate() {
                    let values = of_point(&values, layout, index, columns);
                    for l in low..=high {
                        let place = l * l - low * low;
                        let exact = &exact[l * l..(l + 1) * (l + 1)];
                        errors.take(l, r, &values[place..][..2 * l + 1], exact, bound(l));
                    }
                }
                errors.finish();
            }
        }
    }
}

#[test]
fn f64_has_the_bound_on_every_path() {
    for form in [Form::Solid, Form::Spherical, Form::Unit] {
        check::<f64>("f64", form);
    }
}

#[test]
fn f32_has_the_bound_on_every_path() {
    for form in [Form::Solid, Form::Spherical, Form::Unit] {
        check::<f32>("f32", form);
    }
}
