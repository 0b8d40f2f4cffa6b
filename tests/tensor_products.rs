//! Tensor products: every mode and normalization against the definition, on every lane path; first
//! and second derivatives against dual numbers; equivariance, variances, and errors.

#[path = "common/dual.rs"]
mod dual;

use std::ops::{Add, Mul, Neg, Range, Sub};

use dual::{Dual, fixed, gradient};
use tesseral::coupling::{COUPLING_LMAX, Tensor};
use tesseral::equivariance::{Equivariance, Random};
use tesseral::kernels::{
    Cotangents, FeatureNumber, Gradients, Instruction, IrrepNormalization, KernelError, Mode,
    Normalization, PathNormalization, Rows, TensorProduct,
};
use tesseral::simd::Path;
use tesseral::{Irrep, Irreps, Parity, Scalar};

/// Irreps without the degrees that this build cannot couple.
fn irreps(text: &str) -> Irreps {
    text.parse::<Irreps>().unwrap().filter_lmax(COUPLING_LMAX)
}

fn parsed(text: &str) -> Irreps {
    text.parse().unwrap()
}

fn singles(values: &[f64]) -> Vec<f32> {
    values.iter().map(|&value| value as f32).collect()
}

fn doubles(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| value.into()).collect()
}

/// Fails where a value differs by more than a share of the sum of the magnitudes of its terms.
fn assert_near(what: &str, found: &[f64], expected: &[f64], magnitudes: &[f64], share: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let error = (found - expected).abs();
        let allowed = share * magnitudes[index];
        assert!(
            error <= allowed,
            "{what} at {index}: {found:e}, expected {expected:e}: error {error:e} > {allowed:e}"
        );
    }
}

/// A tensor product with the rows it is evaluated on.
struct Case {
    name: String,
    product: TensorProduct,
    normalization: Normalization,
    senders: Vec<usize>,
    receivers: Vec<usize>,
    edges: bool,
    first: Vec<f64>,
    second: Vec<f64>,
    weights: Vec<f64>,
    cotangent: Vec<f64>,
    count: usize,
}

/// How a case gets its rows and weights.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Setting {
    Each,
    EachShared,
    Edges,
    EdgesShared,
}

const SETTINGS: [Setting; 4] =
    [Setting::Each, Setting::EachShared, Setting::Edges, Setting::EdgesShared];

const ALL_NORMALIZATIONS: [Normalization; 9] = {
    let irreps =
        [IrrepNormalization::Component, IrrepNormalization::Norm, IrrepNormalization::None];
    let paths = [PathNormalization::Element, PathNormalization::Path, PathNormalization::None];
    let mut all = [Normalization { irreps: irreps[0], paths: paths[0] }; 9];
    let mut index = 0;
    while index < 9 {
        all[index] = Normalization { irreps: irreps[index % 3], paths: paths[index / 3] };
        index += 1;
    }
    all
};

/// The channel pairs of a mode in the order of weights.
fn pairs(mode: Mode, [first, second]: [usize; 2]) -> Vec<[usize; 2]> {
    let all = (0..first).flat_map(|u| (0..second).map(move |v| [u, v]));
    let in_mode = |[u, v]: &[usize; 2]| match mode {
        Mode::Uvw | Mode::Uvu | Mode::Uvv | Mode::Uvuv => true,
        Mode::Uuw | Mode::Uuu => u == v,
        Mode::UvuLessV | Mode::ULessVw => u < v,
    };
    all.filter(in_mode).collect()
}

/// The channels of the output that a pair goes to.
fn targets(mode: Mode, [u, v]: [usize; 2], index: usize, output: usize) -> Vec<usize> {
    match mode {
        Mode::Uvw | Mode::Uuw | Mode::ULessVw => (0..output).collect(),
        Mode::Uvu | Mode::Uuu => vec![u],
        Mode::Uvv => vec![v],
        Mode::Uvuv | Mode::UvuLessV => vec![index],
    }
}

/// e3nn's `num_elements`.
fn elements(mode: Mode, [first, second]: [usize; 2]) -> f64 {
    let count = match mode {
        Mode::Uvw => first * second,
        Mode::Uvu => second,
        Mode::Uvv | Mode::Uuw => first,
        Mode::Uuu | Mode::Uvuv | Mode::UvuLessV => 1,
        Mode::ULessVw => first * first.saturating_sub(1) / 2,
    };
    count as f64
}

impl Case {
    fn rows(&self) -> Rows<'_> {
        let (senders, receivers) = (&self.senders, &self.receivers);
        if self.edges { Rows::Edges { senders, receivers } } else { Rows::Each }
    }

    fn forward<T: FeatureNumber>(
        &self,
        path: Path,
        first: &[T],
        second: &[T],
        weights: &[T],
    ) -> Vec<T> {
        let mut output = vec![T::constant(7.0, 7.0); self.cotangent.len()];
        let product = self.product.clone().on(path);
        product.forward(self.rows(), self.count, first, second, weights, &mut output).unwrap();
        output
    }

    fn blocks(&self, path: &Instruction) -> [tesseral::irreps::MulIrrep; 3] {
        let product = &self.product;
        [product.first()[path.first], product.second()[path.second], product.output()[path.output]]
    }

    /// The factor of a path on e3nn's `wigner_3j`.
    fn factor(&self, path: &Instruction) -> f64 {
        let [a, b, c] = self.blocks(path);
        let alpha = match self.normalization.irreps {
            IrrepNormalization::Component => c.irrep.dim(),
            IrrepNormalization::Norm => a.irrep.dim() * b.irrep.dim(),
            IrrepNormalization::None => 1,
        };
        let count = |other: &Instruction| {
            let [a, b, _] = self.blocks(other);
            elements(other.mode, [a.mul, b.mul])
        };
        let same =
            || self.product.instructions().iter().filter(|other| other.output == path.output);
        let shared = match self.normalization.paths {
            PathNormalization::Element => same().map(count).sum(),
            PathNormalization::Path => count(path) * same().count() as f64,
            PathNormalization::None => 1.0,
        };
        let shared = if shared > 0.0 { shared } else { 1.0 };
        (alpha as f64 / shared * path.path_weight).sqrt()
    }

    /// The definition, as a function of one product's rows.
    fn definition<T: Scalar>(&self, first: &[T], second: &[T], weights: &[T]) -> Vec<T> {
        let product = &self.product;
        let mut output = vec![T::constant(0.0, 0.0); self.cotangent.len()];
        for item in 0..self.count {
            let sender = if self.edges { self.senders[item] } else { item };
            let receiver = if self.edges { self.receivers[item] } else { item };
            let shared = weights.len() == product.num_weights();
            let mut next_weight = if shared { 0 } else { item * product.num_weights() };
            for path in product.instructions() {
                let blocks = self.blocks(path);
                let [l1, l2, l3] = blocks.map(|block| block.irrep.l);
                let tensor = Tensor::new(l1, l2, l3).unwrap();
                let [n1, n2, n3] = blocks.map(|block| block.irrep.dim());
                let starts = [
                    sender * product.first().dim() + product.first().slices()[path.first].start,
                    item * product.second().dim() + product.second().slices()[path.second].start,
                    receiver * product.output().dim()
                        + product.output().slices()[path.output].start,
                ];
                let factor = self.factor(path) / (n3 as f64).sqrt();
                for (index, pair) in
                    pairs(path.mode, [blocks[0].mul, blocks[1].mul]).into_iter().enumerate()
                {
                    for target in targets(path.mode, pair, index, blocks[2].mul) {
                        let mut weight = T::constant(1.0, 1.0);
                        if path.weighted {
                            weight = weights[next_weight];
                            next_weight += 1;
                        }
                        for entry in tensor.nonzeros() {
                            let place = |side: usize, l: usize| {
                                (i32::from(entry.m[side]) + l as i32) as usize
                            };
                            let a = first[starts[0] + pair[0] * n1 + place(0, l1)];
                            let b = second[starts[1] + pair[1] * n2 + place(1, l2)];
                            let value = entry.value * factor;
                            let term = T::constant(value, value as f32) * weight * a * b;
                            let sum = &mut output[starts[2] + target * n3 + place(2, l3)];
                            *sum = *sum + term;
                        }
                    }
                }
            }
        }
        output
    }

    /// The sums of the magnitudes of the terms of the definition, with constants too.
    fn magnitudes(&self, first: &[f64], second: &[f64], weights: &[f64]) -> Vec<f64> {
        let wrap = |values: &[f64]| values.iter().map(|x| Magnitude(x.abs())).collect::<Vec<_>>();
        let sums = self.definition(&wrap(first), &wrap(second), &wrap(weights));
        sums.into_iter().map(|sum| sum.0).collect()
    }
}

/// A number of which only the magnitude is kept, so that sums are those of magnitudes.
#[derive(Clone, Copy)]
struct Magnitude(f64);

impl Add for Magnitude {
    type Output = Magnitude;
    fn add(self, b: Magnitude) -> Magnitude {
        Magnitude(self.0 + b.0)
    }
}

#[expect(clippy::suspicious_arithmetic_impl, reason = "magnitudes add up")]
impl Sub for Magnitude {
    type Output = Magnitude;
    fn sub(self, b: Magnitude) -> Magnitude {
        Magnitude(self.0 + b.0)
    }
}

impl Mul for Magnitude {
    type Output = Magnitude;
    fn mul(self, b: Magnitude) -> Magnitude {
        Magnitude(self.0 * b.0)
    }
}

impl Neg for Magnitude {
    type Output = Magnitude;
    fn neg(self) -> Magnitude {
        self
    }
}

impl Scalar for Magnitude {
    fn constant(value: f64, _single: f32) -> Magnitude {
        Magnitude(value.abs())
    }
}

fn case(
    name: &str,
    irreps: [Irreps; 3],
    paths: Vec<Instruction>,
    normalization: Normalization,
    setting: Setting,
    seed: u64,
) -> Case {
    let [first, second, output] = irreps;
    let product =
        TensorProduct::with_normalization(first, second, output, &paths, normalization).unwrap();
    let mut random = Random::new(seed);
    let edges = matches!(setting, Setting::Edges | Setting::EdgesShared);
    // Edges, if it is a graph: one node receives nothing, one sends nothing, one edge is twice,
    // and edges to one receiver do not all follow each other.
    let (senders, receivers) = (vec![0, 2, 2, 0, 3, 3, 0], vec![1, 1, 0, 3, 3, 3, 1]);
    let count = if edges { senders.len() } else { 3 };
    let [rows_in, rows_out] = if edges { [4, 5] } else { [count; 2] };
    let shared = matches!(setting, Setting::EachShared | Setting::EdgesShared);
    let weight_rows = if shared { 1 } else { count };
    Case {
        name: format!("{name}, {normalization:?}, {setting:?}, seed {seed}"),
        first: random.normals(rows_in * product.first().dim()),
        second: random.normals(count * product.second().dim()),
        weights: random.normals(weight_rows * product.num_weights()),
        cotangent: random.normals(rows_out * product.output().dim()),
        product,
        normalization,
        senders,
        receivers,
        edges,
        count,
    }
}

/// Every path between the blocks that has a coupling tensor and fits a mode; weighted in turns
/// where the mode lets it, with path weights.
fn every_path(first: &Irreps, second: &Irreps, output: &Irreps) -> Vec<Instruction> {
    let mut paths = Vec::new();
    for (i, a) in first.iter().enumerate() {
        for (j, b) in second.iter().enumerate() {
            for (k, c) in output.iter().enumerate() {
                for mode in Mode::ALL {
                    let count = pairs(mode, [a.mul, b.mul]).len();
                    let fits = match mode {
                        Mode::Uvw => true,
                        Mode::Uvu => a.mul == c.mul,
                        Mode::Uvv => b.mul == c.mul,
                        Mode::Uuw | Mode::ULessVw => a.mul == b.mul,
                        Mode::Uuu => a.mul == b.mul && a.mul == c.mul,
                        Mode::Uvuv => count == c.mul,
                        Mode::UvuLessV => a.mul == b.mul && count == c.mul,
                    };
                    if fits && a.irrep.product_contains(b.irrep, c.irrep) {
                        let needed = matches!(mode, Mode::Uvw | Mode::ULessVw | Mode::Uuw);
                        let weighted = needed || paths.len() % 3 != 0;
                        let path_weight = 0.5 + (paths.len() % 4) as f64;
                        let path = Instruction::new(i, j, k, mode).with_path_weight(path_weight);
                        paths.push(Instruction { weighted, ..path });
                    }
                }
            }
        }
    }
    paths
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (seed, normalization) in ALL_NORMALIZATIONS.into_iter().enumerate() {
        let setting = SETTINGS[seed % 4];
        let all = [
            irreps("2x0e + 1x1o + 3x1e + 0x1o + 1x2e"),
            irreps("2x1o + 1x0e + 3x0o + 2x2e"),
            irreps("4x0e + 2x1o + 2x0e + 1x2o + 3x1e + 4x2e + 1x3o + 6x0o"),
        ];
        let paths = every_path(&all[0], &all[1], &all[2]);
        cases.push(case("every path", all, paths, normalization, setting, seed as u64));
    }
    for (seed, setting) in SETTINGS.into_iter().enumerate() {
        let seed = seed as u64;
        let normalization = Normalization::default();
        let top = Irrep::new(COUPLING_LMAX, Parity::Even);
        let tops: Irreps = [(2, top)].into_iter().collect();
        let paths = vec![
            Instruction::new(0, 0, 0, Mode::Uvu).weighted(),
            Instruction::new(0, 0, 0, Mode::Uvw).weighted(),
        ];
        let tops = [tops.clone(), tops.clone(), tops];
        cases.push(case("the top degree", tops, paths, normalization, setting, seed));
        let none = [parsed(""), irreps("2x1o + 0e"), irreps("0x1o + 3x0e")];
        cases.push(case("no path", none, vec![], normalization, setting, seed));
        // Wide enough to have channels on the lanes: whole blocks of them and parts.
        let wide = irreps("33x0e + 19x1o + 6x2e + 16x3o + 17x4e");
        let harmonics = Irreps::spherical_harmonics(COUPLING_LMAX.min(2));
        let kept = TensorProduct::convolution(&wide, &harmonics, |irrep| {
            irrep.l <= COUPLING_LMAX.min(4) && irrep.parity == Parity::of_degree(irrep.l)
        });
        let kept = kept.unwrap();
        let paths = kept.instructions().to_vec();
        let all = [wide, harmonics, kept.output().clone()];
        cases.push(case("a convolution", all, paths, normalization, setting, seed));
    }
    cases
}

#[test]
fn a_tensor_product_is_its_definition() {
    for case in cases() {
        let (x, y, w) = (&case.first, &case.second, &case.weights);
        let expected = case.definition(x, y, w);
        let magnitudes = case.magnitudes(x, y, w);
        let [x32, y32, w32] = [x, y, w].map(|values| singles(values));
        for path in Path::available() {
            let what = format!("{}, {path:?}", case.name);
            // Sums of up to 500 terms in another order; errors of sums grow like the root.
            let found = case.forward(path, x, y, w);
            assert_near(&what, &found, &expected, &magnitudes, 8.0 * f64::EPSILON);
            let found = doubles(&case.forward(path, &x32, &y32, &w32));
            assert_near(&what, &found, &expected, &magnitudes, 8.0 * f64::from(f32::EPSILON));
        }
    }
}

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

#[test]
fn second_derivatives_are_those_of_the_gradients() {
    for case in cases().into_iter().filter(|case| !case.name.starts_with("a convolution")) {
        let mut random = Random::new(99);
        let (x, y, w, dz) = (&case.first, &case.second, &case.weights, &case.cotangent);
        let [cx, cy, cw] = [x, y, w].map(|values| random.normals(values.len()));
        // S = d/dε Σ dz · output(x + ε cx, y + ε cy, w + ε cw).
        let along = |x: &[Dual<f64>], cx: &[f64]| -> Vec<Dual<Dual<f64>>> {
            x.iter().zip(cx).map(|(&x, &c)| Dual(x, Dual::fixed(c))).collect()
        };
        let sum = |x: &[Dual<f64>], y: &[Dual<f64>], w: &[Dual<f64>], dz: &[Dual<f64>]| {
            let z = case.definition(&along(x, &cx), &along(y, &cy), &along(w, &cw));
            let derivatives: Vec<Dual<f64>> = z.iter().map(|z| z.1).collect();
            dot(&derivatives, dz)
        };
        let [x1, y1, w1, dz1] = [x, y, w, dz].map(|values| fixed(values));
        let expected = [
            gradient(x, |x| sum(x, &y1, &w1, &dz1)),
            gradient(y, |y| sum(&x1, y, &w1, &dz1)),
            gradient(w, |w| sum(&x1, &y1, w, &dz1)),
            gradient(dz, |dz| sum(&x1, &y1, &w1, dz)),
        ];
        let mut found = expected.clone().map(|gradient| vec![0.0; gradient.len()]);
        let [dx, dy, dw, ddz] = &mut found;
        let cotangents = Cotangents { first: Some(&cx), second: Some(&cy), weights: Some(&cw) };
        let gradients = Gradients { first: Some(dx), second: Some(dy), weights: Some(dw) };
        case.product
            .backward_twice(case.rows(), case.count, x, y, w, dz, cotangents, gradients, Some(ddz))
            .unwrap();
        for side in 0..4 {
            let largest = expected[side].iter().fold(1.0_f64, |a, b| a.max(b.abs()));
            let magnitudes = vec![largest; expected[side].len()];
            let what = format!("{}, second derivative {side}", case.name);
            // Two sums of up to 500 terms each, some of which cancel.
            assert_near(&what, &found[side], &expected[side], &magnitudes, 64.0 * f64::EPSILON);
        }
    }
}

#[test]
fn made_products_have_the_paths_of_the_filter() {
    if COUPLING_LMAX < 2 {
        println!("skipped: LMAX is below 2");
        return;
    }
    let product =
        TensorProduct::convolution(&parsed("4x0e + 2x1o"), &parsed("0e + 1o + 2e"), |irrep| {
            irrep.l <= 1
        })
        .unwrap();
    assert_eq!(product.output().to_string(), "4x0e+2x0e+4x1o+2x1o+2x1o+2x1e");
    assert_eq!(product.num_weights(), 16);
    assert_eq!(product.weights_of(0), Some(0..4));

    // Blocks are cut where those of the other input end.
    let (first, second) = (parsed("2x0e + 2x1o"), parsed("3x1e + 0o"));
    let product = TensorProduct::elementwise(&first, &second, |_| true).unwrap();
    assert_eq!(product.output().to_string(), "2x1e+1x0o+1x1o+1x2o+1x1e");
    assert_eq!((product.first(), product.second()), (&first, &second));
    assert_eq!(product.num_weights(), 0);

    let product =
        TensorProduct::full(&parsed("2x1o"), &parsed("3x1o"), |irrep| irrep.l <= 1).unwrap();
    assert_eq!(product.output().to_string(), "6x0e+6x1e");

    let output = parsed("5x0e + 2x1e + 0o");
    let product =
        TensorProduct::fully_connected(&parsed("2x1o"), &parsed("3x1o"), &output).unwrap();
    assert_eq!(product.num_weights(), 30 + 12);

    let square = TensorProduct::square(&parsed("3x1o"), IrrepNormalization::Component, |_| true);
    let square = square.unwrap();
    assert_eq!(square.output().to_string(), "3x0e+3x0e+3x1e+3x2e+3x2e");
    let (irreps, output) = (parsed("3x1o"), parsed("2x0e + 1e"));
    let square = TensorProduct::square_to(&irreps, &output, IrrepNormalization::Norm).unwrap();
    assert_eq!(square.num_weights(), 6 + 6 + 3);
}

#[test]
fn along_edges_rows_are_gathered_and_summed() {
    let product = TensorProduct::full(&parsed("0e"), &parsed("0e"), |_| true).unwrap();
    let mut sums = [9.0; 4];
    let rows = Rows::Edges { senders: &[0, 1, 1], receivers: &[2, 2, 0] };
    product.forward(rows, 3, &[10.0, 20.0], &[1.0, 2.0, 3.0], &[], &mut sums).unwrap();
    // Node 1 and node 3 receive nothing.
    assert_eq!(sums, [60.0, 0.0, 50.0, 0.0]);
}

#[test]
fn zero_rows_are_possible() {
    for case in cases() {
        let none = Rows::Edges { senders: &[], receivers: &[] };
        let no_values: [f64; 0] = [];
        case.product.forward(Rows::Each, 0, &no_values, &[], &[], &mut []).unwrap();
        // No edges, but nodes: the sums are zero.
        let mut sums = vec![5.0; 3 * case.product.output().dim()];
        let x = vec![1.0; 2 * case.product.first().dim()];
        case.product.forward(none, 0, &x, &[], &[], &mut sums).unwrap();
        assert!(sums.iter().all(|&sum| sum == 0.0), "{}", case.name);
        let mut dx = vec![0.0; x.len()];
        let gradients = Gradients { first: Some(&mut dx), second: Some(&mut []), weights: None };
        case.product.backward(none, 0, &x, &[], &[], &sums, gradients).unwrap();
        assert!(dx.iter().all(|&dx| dx == 0.0), "{}", case.name);
    }
}

#[test]
fn every_number_of_rows_gives_the_same_rows() {
    // Full blocks of lanes and parts of them, in both kernels and past the caches.
    for (first, second) in [("9x0e + 9x1o", "0e + 1o"), ("2x0e + 1x1o", "1x0e + 2x1o")] {
        let (first, second) = (irreps(first), irreps(second));
        let product =
            TensorProduct::convolution(&first, &second, |irrep| irrep.l <= COUPLING_LMAX.min(1));
        let product = product.unwrap();
        let mut random = Random::new(4);
        let most = 70;
        let x = singles(&random.normals(most * first.dim()));
        let y = singles(&random.normals(most * second.dim()));
        let w = singles(&random.normals(most * product.num_weights()));
        let size = product.output().dim();
        let mut all = vec![0.0; most * size];
        product.forward(Rows::Each, most, &x, &y, &w, &mut all).unwrap();
        for count in 0..most {
            let mut some = vec![0.0; count * size];
            let (x, y) = (&x[..count * first.dim()], &y[..count * second.dim()]);
            let w = &w[..count * product.num_weights()];
            // One row of weights would be shared.
            product.forward(Rows::Each, count, x, y, w, &mut some).unwrap();
            assert_eq!(some, all[..count * size], "{count} rows");
        }
    }
}

/// Tests an f64 function and its f32 sibling.
fn assert_equivariant(
    name: &str,
    input: &Irreps,
    output: &Irreps,
    double: impl Fn(&[f64]) -> Vec<f64>,
    single: impl Fn(&[f32]) -> Vec<f32>,
) {
    let test = Equivariance::new(input.clone(), output.clone()).seed(3);
    let report = test.of_features(double).unwrap();
    assert!(report.worst().relative() < 1e-13, "{name}: {report}");
    let report = test.of_features(|x| doubles(&single(&singles(x)))).unwrap();
    assert!(report.worst().relative() < 1e-5, "{name} in f32: {report}");
}

#[test]
fn tensor_products_are_equivariant() {
    for case in cases().iter().filter(|case| !case.edges) {
        // Both inputs are one feature vector: the rows of the first, then those of the second.
        let product = &case.product;
        let input = product.first() + product.second();
        let weights = &case.weights[..product.num_weights()];
        fn apply<T: FeatureNumber>(product: &TensorProduct, weights: &[T], x: &[T]) -> Vec<T> {
            let (first, second) = x.split_at(product.first().dim());
            let mut output = vec![T::default(); product.output().dim()];
            product.forward(Rows::Each, 1, first, second, weights, &mut output).unwrap();
            output
        }
        let rounded = singles(weights);
        assert_equivariant(
            &case.name,
            &input,
            product.output(),
            |x| apply(product, weights, x),
            |x| apply(product, &rounded, x),
        );
    }
}

/// The mean square of each block of rows of features.
fn mean_squares(irreps: &Irreps, values: &[f64]) -> Vec<f64> {
    let rows = values.len() / irreps.dim();
    let of = |slice: Range<usize>| {
        let row = |row: usize| &values[row * irreps.dim()..][slice.clone()];
        let sum: f64 = (0..rows).flat_map(row).map(|x| x * x).sum();
        sum / (rows * slice.len()) as f64
    };
    irreps.slices().into_iter().filter(|slice| !slice.is_empty()).map(of).collect()
}

#[test]
fn products_of_unit_variance_have_unit_variance() {
    // Weights too: a row of them for each of 8000 rows. The square of a product of three normal
    // numbers has the variance 26, so a mean square of one channel and term deviates by
    // √(26/8000) = 5.7 %, others by less.
    let rows = 8000;
    let mut random = Random::new(11);
    let (first, second) = (irreps("2x0e + 3x1o + 1x2e"), irreps("2x0e + 2x1o"));
    let output = irreps("2x0e + 3x1o + 3x1e + 1x2e");
    let paths: Vec<Instruction> = every_path(&first, &second, &output)
        .into_iter()
        .map(|path| Instruction { path_weight: 1.0, ..path.weighted() })
        .collect();
    let all = [
        TensorProduct::new(first.clone(), second.clone(), output, &paths).unwrap(),
        TensorProduct::full(&first, &second, |irrep| irrep.l <= COUPLING_LMAX).unwrap(),
        TensorProduct::convolution(&first, &second, |irrep| irrep.l <= COUPLING_LMAX).unwrap(),
    ];
    for product in all {
        let x = random.normals(rows * first.dim());
        let y = random.normals(rows * second.dim());
        let w = random.normals(rows * product.num_weights());
        let mut z = vec![0.0; rows * product.output().dim()];
        product.forward(Rows::Each, rows, &x, &y, &w, &mut z).unwrap();
        for (block, mean) in mean_squares(product.output(), &z).into_iter().enumerate() {
            assert!((mean - 1.0).abs() < 0.2, "seed 11, block {block}: {mean}");
        }
    }
}

fn path(first: usize, second: usize, output: usize, mode: Mode) -> Instruction {
    Instruction::new(first, second, output, mode).weighted()
}

/// The message of a product that cannot be made.
fn refused(first: &str, second: &str, output: &str, paths: &[Instruction]) -> String {
    let [first, second, output] = [first, second, output].map(parsed);
    TensorProduct::new(first, second, output, paths).unwrap_err().to_string()
}

#[test]
fn paths_that_do_not_fit_are_refused() {
    let good = path(0, 0, 0, Mode::Uvu);
    let refused_with = |paths: &[Instruction]| refused("2x0e + 0o", "3x0e", "2x0e + 6x0e", paths);
    assert_eq!(
        refused_with(&[good, path(2, 0, 0, Mode::Uvu)]),
        "path 1: there is no block 2 in the first irreps `2x0e+1x0o`"
    );
    assert_eq!(
        refused_with(&[path(0, 1, 0, Mode::Uvu)]),
        "path 0: there is no block 1 in the second irreps `3x0e`"
    );
    assert_eq!(
        refused_with(&[path(0, 0, 7, Mode::Uvu)]),
        "path 0: there is no block 7 in the output irreps `2x0e+6x0e`"
    );
    assert_eq!(
        refused_with(&[good, good, path(1, 0, 0, Mode::Uvu)]),
        "path 2: 0o x 0e has no 0e: the parities do not multiply to it"
    );
    assert_eq!(
        refused_with(&[path(0, 0, 0, Mode::Uuu)]),
        "path 0: mode uuu takes multiplicities u x u to u, found 2 x 3 to 2"
    );
    assert_eq!(
        refused_with(&[path(0, 0, 1, Mode::Uvu)]),
        "path 0: mode uvu takes multiplicities u x v to u, found 2 x 3 to 6"
    );
    assert_eq!(
        refused_with(&[path(0, 0, 0, Mode::Uvuv)]),
        "path 0: mode uvuv takes multiplicities u x v to u·v, found 2 x 3 to 2"
    );
    assert_eq!(
        refused_with(&[Instruction::new(0, 0, 1, Mode::Uvw)]),
        "path 0: mode uvw needs weights, it would fill all channels alike"
    );
    assert_eq!(
        refused_with(&[good.with_path_weight(-1.0)]),
        "path 0: the path weight is -1, expected a finite number of at least zero"
    );
    assert_eq!(
        TensorProduct::elementwise(&parsed("2x0e"), &parsed("3x0o"), |_| true)
            .unwrap_err()
            .to_string(),
        "an elementwise product of 2 and 3 channels: expected as many in both"
    );
    if COUPLING_LMAX >= 2 {
        assert_eq!(
            refused("0e", "1e", "2e", &[good]),
            "degrees 0 and 1 do not couple to 2: expected 1 to 1"
        );
    }
}

#[test]
fn degrees_without_tables_are_refused() {
    let l = COUPLING_LMAX + 1;
    let message = format!(
        "coupling (0, {l}, {l}) is above this build's highest degree {COUPLING_LMAX}: tables go to \
         LMAX, at most to 8"
    );
    let high: Irreps = [Irrep::new(l, Parity::Even)].into_iter().collect();
    let scalar = Irreps::scalars(1);
    let paths = [path(0, 0, 0, Mode::Uvu)];
    let product = TensorProduct::new(scalar.clone(), high.clone(), high.clone(), &paths);
    assert_eq!(product.unwrap_err().to_string(), message);
    let made = [
        TensorProduct::elementwise(&scalar, &high, |_| true),
        TensorProduct::full(&scalar, &high, |_| true),
        TensorProduct::convolution(&scalar, &high, |_| true),
    ];
    for product in made {
        assert_eq!(product.unwrap_err().to_string(), message);
    }
    // What is not kept is not asked for.
    let kept = TensorProduct::full(&scalar, &high, |irrep| irrep.l <= COUPLING_LMAX).unwrap();
    assert!(kept.output().is_empty());
    // An error at once, not after a list of 10¹³ degrees.
    let huge: Irreps = parsed("10000000000000e");
    assert!(TensorProduct::full(&huge, &huge, |_| true).is_err());
}

#[test]
fn sizes_beyond_a_usize_are_refused() {
    let most = usize::MAX;
    let [all, some] = [Irreps::scalars(most), Irreps::scalars(5_000_000_000)];
    let weighted = [path(0, 0, 0, Mode::Uvu)];
    let error = TensorProduct::new(some.clone(), some.clone(), some.clone(), &weighted);
    assert_eq!(error.unwrap_err(), KernelError::Weights { path: 0 });
    let twice = [path(0, 0, 0, Mode::Uuu); 2];
    let error = TensorProduct::new(all.clone(), all.clone(), all.clone(), &twice).unwrap_err();
    assert_eq!(error.to_string(), "path 1: the weights are more than a usize counts");

    // Without weights they are possible, if useless.
    let free = twice.map(|path| Instruction { weighted: false, ..path });
    let product = TensorProduct::new(all.clone(), all.clone(), all.clone(), &free).unwrap();
    let error = product.forward(Rows::Each, 2, &[1.0], &[1.0], &[], &mut [1.0]).unwrap_err();
    let message = format!("the slice of the second input has length 1, expected {most}");
    assert_eq!(error.to_string(), message);

    let two = parsed("0e + 0o");
    let error = TensorProduct::full(&all, &two, |_| true).unwrap_err();
    assert!(matches!(error, KernelError::Irreps(_)), "{error}");
    let error = TensorProduct::full(&some, &some, |_| true).unwrap_err();
    assert!(matches!(error, KernelError::Weights { .. }), "{error}");
}

#[test]
fn slices_of_wrong_lengths_are_refused() {
    let product =
        TensorProduct::convolution(&parsed("2x0e"), &parsed("0e + 0o"), |_| true).unwrap();
    assert_eq!((product.output().dim(), product.num_weights()), (4, 4));
    let values = [1.0; 100];
    let forward = |[x, y, w, z]: [usize; 4], rows: Rows| {
        let mut output = [0.0; 100];
        let result =
            product.forward(rows, 3, &values[..x], &values[..y], &values[..w], &mut output[..z]);
        result.map_err(|error| error.to_string())
    };
    let each = |lengths| forward(lengths, Rows::Each);
    let message = |what: &str, found: usize, expected: usize| {
        Err(format!("the slice of {what} has length {found}, expected {expected}"))
    };
    assert_eq!(each([6, 6, 12, 12]), Ok(()));
    assert_eq!(each([6, 6, 4, 12]), Ok(()));
    assert_eq!(each([5, 6, 12, 12]), message("the first input", 5, 6));
    assert_eq!(each([6, 7, 12, 12]), message("the second input", 7, 6));
    assert_eq!(each([6, 6, 8, 12]), message("weights", 8, 12));
    assert_eq!(each([6, 6, 0, 12]), message("weights", 0, 12));
    assert_eq!(each([6, 6, 12, 0]), message("the output", 0, 12));

    let edges = |lengths, senders: &[usize], receivers: &[usize]| {
        forward(lengths, Rows::Edges { senders, receivers })
    };
    let nodes = [4, 6, 12, 8];
    assert_eq!(edges(nodes, &[0, 1, 1], &[1, 1, 0]), Ok(()));
    assert_eq!(edges(nodes, &[0, 1], &[1, 1, 0]), message("senders", 2, 3));
    assert_eq!(edges(nodes, &[0, 1, 1], &[1; 4]), message("receivers", 4, 3));
    assert_eq!(edges([5, 6, 12, 8], &[0; 3], &[0; 3]), message("the first input", 5, 4));
    assert_eq!(edges([4, 6, 12, 9], &[0; 3], &[0; 3]), message("the output", 9, 8));
    assert_eq!(
        edges(nodes, &[0, 2, 7], &[0; 3]),
        Err("edge 1: sender 2 is out of range for 2 rows".into())
    );
    assert_eq!(
        edges(nodes, &[0; 3], &[0, 1, usize::MAX]),
        Err(format!("edge 2: receiver {} is out of range for 2 rows", usize::MAX))
    );

    let mut wrong = [0.0; 1];
    let gradients = Gradients { first: None, second: Some(&mut wrong[..]), weights: None };
    let (x, y, z) = (&values[..6], &values[..6], &values[..12]);
    let error = product.backward(Rows::Each, 3, x, y, &values[..4], z, gradients).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the slice of the gradient of the second input has length 1, expected 6"
    );
}
