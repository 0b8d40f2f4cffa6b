//! Tensor products: first and second derivatives against dual numbers, on every lane path.

mod common {
    pub mod dual;
    pub mod products;
}

use common::dual::{Dual, fixed, gradient};
use common::products::*;
use tesseral::equivariance::Random;
use tesseral::kernels::{Cotangents, Gradients};
use tesseral::simd::Path;
use tesseral::{Number, Scalar};

/// Σ a · b.
fn dot<T: Scalar>(a: &[T], b: &[T]) -> T {
    a.iter().zip(b).fold(T::constant(0.0, 0.0), |sum, (&a, &b)| sum + a * b)
}

#[test]
fn the_gradients_of_a_tensor_product_are_its_derivatives() {
    for case in cases() {
        let (x, y, w) = (&case.first, &case.second, &case.weights);
        let [x1, y1, w1, dz] = [x, y, w, &case.cotangent].map(|values| fixed(values));
        let expected = [
            gradient(x, |x| dot(&case.definition(x, &y1, &w1), &dz)),
            gradient(y, |y| dot(&case.definition(&x1, y, &w1), &dz)),
            gradient(w, |w| dot(&case.definition(&x1, &y1, w), &dz)),
        ];
        // Each alone, and all together: what is not asked for does not change the rest.
        for asked in [[true, false, false], [false, true, false], [false, false, true], [true; 3]] {
            for path in Path::available() {
                // Gradients are added to what is there.
                let before = 1.0;
                let mut found = expected.clone().map(|gradient| vec![before; gradient.len()]);
                let [dx, dy, dw] = &mut found;
                let gradients = Gradients {
                    first: asked[0].then_some(dx.as_mut_slice()),
                    second: asked[1].then_some(dy.as_mut_slice()),
                    weights: asked[2].then_some(dw.as_mut_slice()),
                };
                let product = case.product.clone().on(path);
                let (rows, count) = (case.rows(), case.count);
                product.backward(rows, count, x, y, w, &case.cotangent, gradients).unwrap();
                for side in 0..3 {
                    let sign = if asked[side] { 1.0 } else { 0.0 };
                    let wanted: Vec<f64> =
                        expected[side].iter().map(|g| before + sign * g).collect();
                    let largest = wanted.iter().fold(1.0_f64, |a, b| a.max(b.abs()));
                    let magnitudes = vec![largest; wanted.len()];
                    let what = format!("{}, gradient {side} of {asked:?}, {path:?}", case.name);
                    // Sums of up to 500 terms, some of which cancel.
                    assert_near(&what, &found[side], &wanted, &magnitudes, 32.0 * f64::EPSILON);
                }
            }
        }
    }
}

/// Numbers of another type.
fn converted<T: Scalar>(values: &[f64]) -> Vec<T> {
    values.iter().map(|&value| T::constant(value, value as f32)).collect()
}

/// A case with what its gradients are multiplied with.
struct Twice {
    case: Case,
    /// For the gradients of the first input, the second, and the weights.
    cotangents: [Vec<f64>; 3],
    /// By the cotangent: the derivatives by the first input, the second, the weights, and the
    /// gradient of the output.
    expected: [[Vec<f64>; 4]; 3],
}

impl Twice {
    fn new(case: Case) -> Self {
        let mut random = Random::new(99);
        let inputs = [&case.first, &case.second, &case.weights];
        let cotangents = inputs.map(|values| random.normals(values.len()));
        let expected = [0, 1, 2].map(|side| second_derivatives(&case, &cotangents[side], side));
        Twice { case, cotangents, expected }
    }

    /// The sum over the cotangents that are given.
    fn expected(&self, given: [bool; 3], side: usize) -> Vec<f64> {
        let mut sum = vec![0.0; self.expected[0][side].len()];
        for (of_cotangent, _) in self.expected.iter().zip(given).filter(|(_, given)| *given) {
            sum.iter_mut().zip(&of_cotangent[side]).for_each(|(sum, term)| *sum += term);
        }
        sum
    }

    /// Checks the derivatives that are asked for, with the cotangents that are given; they are
    /// added to what is there.
    fn check<T: Number>(&self, path: Path, given: [bool; 3], asked: [bool; 4], share: f64) {
        let case = &self.case;
        let [x, y, w, dz] = [&case.first, &case.second, &case.weights, &case.cotangent]
            .map(|values| converted::<T>(values));
        let [cx, cy, cw] = self.cotangents.each_ref().map(|values| converted::<T>(values));
        let mut found =
            [x.len(), y.len(), w.len(), dz.len()].map(|length| vec![T::constant(1.0, 1.0); length]);
        let [dx, dy, dw, ddz] = &mut found;
        let cotangents = Cotangents {
            first: given[0].then_some(&cx[..]),
            second: given[1].then_some(&cy[..]),
            weights: given[2].then_some(&cw[..]),
        };
        let gradients = Gradients {
            first: asked[0].then_some(&mut dx[..]),
            second: asked[1].then_some(&mut dy[..]),
            weights: asked[2].then_some(&mut dw[..]),
        };
        let (rows, by_dz) = (case.rows(), asked[3].then_some(&mut ddz[..]));
        let product = case.product.clone().on(path);
        product
            .backward_twice(rows, case.count, &x, &y, &w, &dz, cotangents, gradients, by_dz)
            .unwrap();
        for side in 0..4 {
            let sign = if asked[side] { 1.0 } else { 0.0 };
            let wanted = self.expected(given, side);
            let wanted: Vec<f64> = wanted.iter().map(|value| 1.0 + sign * value).collect();
            let largest = wanted.iter().fold(1.0_f64, |a, b| a.max(b.abs()));
            let magnitudes = vec![largest; wanted.len()];
            let found: Vec<f64> = found[side].iter().map(|&value| value.into()).collect();
            let what = format!(
                "{}, second derivative {side} of {asked:?}, cotangents {given:?}, {path:?}",
                case.name
            );
            assert_near(&what, &found, &wanted, &magnitudes, share);
        }
    }
}

/// The gradients of S = d/dε Σ dz · output, where ε is the length of a step along the cotangent of
/// one input.
fn second_derivatives(case: &Case, cotangent: &[f64], moved: usize) -> [Vec<f64>; 4] {
    let (x, y, w, dz) = (&case.first, &case.second, &case.weights, &case.cotangent);
    let along = |side: usize, values: &[Dual<f64>]| -> Vec<Dual<Dual<f64>>> {
        let step = |index: usize| if side == moved { cotangent[index] } else { 0.0 };
        let dual = |(index, &value)| Dual(value, Dual::fixed(step(index)));
        values.iter().enumerate().map(dual).collect()
    };
    let sum = |x: &[Dual<f64>], y: &[Dual<f64>], w: &[Dual<f64>], dz: &[Dual<f64>]| {
        let z = case.definition(&along(0, x), &along(1, y), &along(2, w));
        let derivatives: Vec<Dual<f64>> = z.iter().map(|z| z.1).collect();
        dot(&derivatives, dz)
    };
    let [x1, y1, w1, dz1] = [x, y, w, dz].map(|values| fixed(values));
    [
        gradient(x, |x| sum(x, &y1, &w1, &dz1)),
        gradient(y, |y| sum(&x1, y, &w1, &dz1)),
        gradient(w, |w| sum(&x1, &y1, w, &dz1)),
        gradient(dz, |dz| sum(&x1, &y1, &w1, dz)),
    ]
}

/// Everything, everything but one, and one alone.
fn choices<const N: usize>() -> Vec<[bool; N]> {
    let mut choices = vec![[true; N]];
    for one in 0..N {
        choices.push(std::array::from_fn(|index| index != one));
        choices.push(std::array::from_fn(|index| index == one));
    }
    choices
}

#[test]
fn second_derivatives_are_those_of_the_gradients() {
    for case in small_cases() {
        let twice = Twice::new(case);
        for path in Path::available() {
            for given in choices::<3>() {
                for asked in choices::<4>() {
                    // Two sums of up to 500 terms each, some of which cancel.
                    twice.check::<f64>(path, given, asked, 64.0 * f64::EPSILON);
                    twice.check::<f32>(path, given, asked, 64.0 * f64::from(f32::EPSILON));
                }
            }
        }
    }
}
