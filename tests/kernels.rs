//! Kernels on slices: against naive sums, their derivatives, equivariance, variances, and errors.

use std::cmp::Ordering;
use std::ops::{Add, Div, Mul, Neg, Sub};

use tesseral::coupling::{COUPLING_LMAX, Tensor};
use tesseral::equivariance::{Equivariance, Random, Report};
use tesseral::kernels::{
    Channels, Gradients, KernelError, Linear, Mode, Path, Rows, TensorProduct,
};
use tesseral::{Irrep, Irreps, Parity, Real, Scalar};

/// A number and its derivative.
#[derive(Clone, Copy, Debug)]
struct Dual(f64, f64);

impl Add for Dual {
    type Output = Dual;
    fn add(self, b: Dual) -> Dual {
        Dual(self.0 + b.0, self.1 + b.1)
    }
}

impl Sub for Dual {
    type Output = Dual;
    fn sub(self, b: Dual) -> Dual {
        Dual(self.0 - b.0, self.1 - b.1)
    }
}

impl Mul for Dual {
    type Output = Dual;
    fn mul(self, b: Dual) -> Dual {
        Dual(self.0 * b.0, self.0 * b.1 + self.1 * b.0)
    }
}

impl Div for Dual {
    type Output = Dual;
    fn div(self, b: Dual) -> Dual {
        Dual(self.0 / b.0, (self.1 - self.0 / b.0 * b.1) / b.0)
    }
}

impl Neg for Dual {
    type Output = Dual;
    fn neg(self) -> Dual {
        Dual(-self.0, -self.1)
    }
}

impl PartialEq for Dual {
    fn eq(&self, b: &Dual) -> bool {
        self.0 == b.0
    }
}

impl PartialOrd for Dual {
    fn partial_cmp(&self, b: &Dual) -> Option<Ordering> {
        self.0.partial_cmp(&b.0)
    }
}

impl Scalar for Dual {
    fn constant(value: f64, _single: f32) -> Dual {
        Dual(value, 0.0)
    }
}

impl Real for Dual {
    fn sqrt(self) -> Dual {
        let root = self.0.sqrt();
        Dual(root, self.1 / (2.0 * root))
    }

    fn abs(self) -> Dual {
        if self.0 < 0.0 { -self } else { self }
    }

    fn range_factor(self) -> Dual {
        Dual(self.0.range_factor(), 0.0)
    }
}

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

/// The gradient of Σ cotangent · f(x), one entry of x after the other.
fn dual_gradient(x: &[f64], cotangent: &[f64], f: impl Fn(&[Dual]) -> Vec<Dual>) -> Vec<f64> {
    let entry = |place: usize| {
        let seed = |index: usize| if index == place { 1.0 } else { 0.0 };
        let x: Vec<Dual> = x.iter().enumerate().map(|(i, &x)| Dual(x, seed(i))).collect();
        f(&x).iter().zip(cotangent).map(|(y, c)| y.1 * c).sum()
    };
    (0..x.len()).map(entry).collect()
}

fn constants(values: &[f64]) -> Vec<Dual> {
    values.iter().map(|&value| Dual(value, 0.0)).collect()
}

/// A tensor product with the rows it is evaluated on.
struct Case {
    name: String,
    product: TensorProduct,
    paths: Vec<Path>,
    senders: Vec<usize>,
    receivers: Vec<usize>,
    edges: bool,
    first: Vec<f64>,
    second: Vec<f64>,
    weights: Vec<f64>,
    cotangent: Vec<f64>,
    count: usize,
}

impl Case {
    fn rows(&self) -> Rows<'_> {
        let (senders, receivers) = (&self.senders, &self.receivers);
        if self.edges { Rows::Edges { senders, receivers } } else { Rows::Each }
    }

    fn forward<T: Real>(&self, first: &[T], second: &[T], weights: &[T]) -> Vec<T> {
        let mut output = vec![T::constant(7.0, 7.0); self.cotangent.len()];
        self.product.forward(self.rows(), self.count, first, second, weights, &mut output).unwrap();
        output
    }

    /// The output and the sum of the magnitudes of its terms, by loops over everything.
    fn naive(&self) -> (Vec<f64>, Vec<f64>) {
        let (x, y, z) = (self.product.first(), self.product.second(), self.product.output());
        let mut terms = vec![0.0; z.len()];
        for path in &self.paths {
            let channels = [x[path.first].mul, y[path.second].mul];
            terms[path.output] += match path.mode {
                Mode::Uvu => channels[1] as f64,
                Mode::Uuu | Mode::Uvuv => 1.0,
            };
        }
        let mut output = vec![0.0; self.cotangent.len()];
        let mut magnitudes = output.clone();
        for item in 0..self.count {
            let sender = if self.edges { self.senders[item] } else { item };
            let receiver = if self.edges { self.receivers[item] } else { item };
            let shared = self.weights.len() == self.product.num_weights();
            let weight_row = if shared { 0 } else { item * self.product.num_weights() };
            let mut next_weight = weight_row;
            for path in &self.paths {
                let blocks = [x[path.first], y[path.second], z[path.output]];
                let [l1, l2, l3] = blocks.map(|block| block.irrep.l);
                let dense = Tensor::new(l1, l2, l3).unwrap().dense();
                let [n1, n2, n3] = blocks.map(|block| block.irrep.dim());
                let starts = [
                    sender * x.dim() + x.slices()[path.first].start,
                    item * y.dim() + y.slices()[path.second].start,
                    receiver * z.dim() + z.slices()[path.output].start,
                ];
                for u in 0..blocks[0].mul {
                    for v in 0..blocks[1].mul {
                        if path.mode == Mode::Uuu && u != v {
                            continue;
                        }
                        let w = if path.mode == Mode::Uvuv { u * blocks[1].mul + v } else { u };
                        let mut weight = 1.0;
                        if path.weighted {
                            weight = self.weights[next_weight];
                            next_weight += 1;
                        }
                        for (place, c) in dense.iter().enumerate() {
                            let (m1, m2, m3) = (place / (n2 * n3), place / n3 % n2, place % n3);
                            let a = self.first[starts[0] + u * n1 + m1];
                            let b = self.second[starts[1] + v * n2 + m2];
                            let term = c * a * b * weight / terms[path.output].sqrt();
                            output[starts[2] + w * n3 + m3] += term;
                            magnitudes[starts[2] + w * n3 + m3] += term.abs();
                        }
                    }
                }
            }
        }
        (output, magnitudes)
    }
}

/// How a case gets its rows and weights.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Setting {
    Each,
    EachShared,
    Edges,
    EdgesShared,
}

fn case(name: &str, irreps: [Irreps; 3], paths: Vec<Path>, setting: Setting, seed: u64) -> Case {
    let [first, second, output] = irreps;
    let product = TensorProduct::new(first, second, output, &paths).unwrap();
    let mut random = Random::new(seed);
    let edges = matches!(setting, Setting::Edges | Setting::EdgesShared);
    // Edges, if it is a graph: one node receives nothing, one sends nothing, one edge is twice.
    let (senders, receivers) = (vec![0, 2, 2, 0, 3, 3], vec![1, 1, 0, 3, 3, 3]);
    let count = if edges { senders.len() } else { 3 };
    let [rows_in, rows_out] = if edges { [4, 5] } else { [count; 2] };
    let shared = matches!(setting, Setting::EachShared | Setting::EdgesShared);
    let weight_rows = if shared { 1 } else { count };
    Case {
        name: format!("{name}, {setting:?}, seed {seed}"),
        first: random.normals(rows_in * product.first().dim()),
        second: random.normals(count * product.second().dim()),
        weights: random.normals(weight_rows * product.num_weights()),
        cotangent: random.normals(rows_out * product.output().dim()),
        product,
        paths,
        senders,
        receivers,
        edges,
        count,
    }
}

/// Every path between the blocks that has a coupling tensor and fits its mode, weighted in turns.
fn every_path(first: &Irreps, second: &Irreps, output: &Irreps) -> Vec<Path> {
    let mut paths = Vec::new();
    for (i, a) in first.iter().enumerate() {
        for (j, b) in second.iter().enumerate() {
            for (k, c) in output.iter().enumerate() {
                for mode in [Mode::Uuu, Mode::Uvu, Mode::Uvuv] {
                    let fits = match mode {
                        Mode::Uuu => a.mul == b.mul && a.mul == c.mul,
                        Mode::Uvu => a.mul == c.mul,
                        Mode::Uvuv => a.mul * b.mul == c.mul,
                    };
                    if fits && a.irrep.product_contains(b.irrep, c.irrep) {
                        let weighted = paths.len() % 3 != 0;
                        paths.push(Path { first: i, second: j, output: k, mode, weighted });
                    }
                }
            }
        }
    }
    paths
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let settings = [Setting::Each, Setting::EachShared, Setting::Edges, Setting::EdgesShared];
    for (index, setting) in settings.into_iter().enumerate() {
        let seed = index as u64;
        let all = [
            irreps("2x0e + 1x1o + 2x1e + 0x1o + 1x2e"),
            irreps("2x1o + 1x0e + 1x0o + 2x2e"),
            irreps("4x0e + 2x1o + 2x0e + 1x2o + 2x1e + 4x2e + 1x3o + 2x0o"),
        ];
        let paths = every_path(&all[0], &all[1], &all[2]);
        cases.push(case("every path", all, paths, setting, seed));
        let top = Irrep::new(COUPLING_LMAX, Parity::Even);
        let tops: Irreps = [(1, top)].into_iter().collect();
        let path = Path { first: 0, second: 0, output: 0, mode: Mode::Uvu, weighted: true };
        cases.push(case(
            "the top degree",
            [tops.clone(), tops.clone(), tops],
            vec![path],
            setting,
            seed,
        ));
        let none = [parsed(""), irreps("2x1o + 0e"), irreps("0x1o + 3x0e")];
        cases.push(case("no path", none, vec![], setting, seed));
    }
    cases
}

// The tensor product.

#[test]
fn a_tensor_product_is_the_sum_over_its_paths() {
    for case in cases() {
        let found = case.forward(&case.first, &case.second, &case.weights);
        let (expected, magnitudes) = case.naive();
        // Sums of up to 200 terms in another order; errors of sums grow like the root.
        let share = 8.0 * f64::EPSILON;
        assert_near(&case.name, &found, &expected, &magnitudes, share);

        let [x, y, w] = [&case.first, &case.second, &case.weights].map(|values| singles(values));
        let found = doubles(&case.forward(&x, &y, &w));
        assert_near(&case.name, &found, &expected, &magnitudes, 8.0 * f64::from(f32::EPSILON));
    }
}

#[test]
fn the_gradients_of_a_tensor_product_are_its_derivatives() {
    for case in cases() {
        let [x, y, w] = [&case.first, &case.second, &case.weights].map(|values| constants(values));
        let expected = [
            dual_gradient(&case.first, &case.cotangent, |x| case.forward(x, &y, &w)),
            dual_gradient(&case.second, &case.cotangent, |y| case.forward(&x, y, &w)),
            dual_gradient(&case.weights, &case.cotangent, |w| case.forward(&x, &y, w)),
        ];
        // Each alone, and all together: what is not asked for does not change the rest.
        for asked in [[true, false, false], [false, true, false], [false, false, true], [true; 3]] {
            // Gradients are added to what is there.
            let before = 1.0;
            let mut found = expected.clone().map(|gradient| vec![before; gradient.len()]);
            let [dx, dy, dw] = &mut found;
            let gradients = Gradients {
                first: asked[0].then_some(dx.as_mut_slice()),
                second: asked[1].then_some(dy.as_mut_slice()),
                weights: asked[2].then_some(dw.as_mut_slice()),
            };
            case.product
                .backward(
                    case.rows(),
                    case.count,
                    &case.first,
                    &case.second,
                    &case.weights,
                    &case.cotangent,
                    gradients,
                )
                .unwrap();
            for side in 0..3 {
                let sign = if asked[side] { 1.0 } else { 0.0 };
                let wanted: Vec<f64> = expected[side].iter().map(|g| before + sign * g).collect();
                let largest = wanted.iter().fold(1.0_f64, |a, b| a.max(b.abs()));
                let magnitudes = vec![largest; wanted.len()];
                let what = format!("{}, gradient {side} of {asked:?}", case.name);
                // Sums of up to 200 terms, some of which cancel.
                assert_near(&what, &found[side], &wanted, &magnitudes, 16.0 * f64::EPSILON);
            }
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

    let product =
        TensorProduct::channelwise(&parsed("2x0e + 2x1o"), &parsed("2x1e"), None, true).unwrap();
    assert_eq!(product.output().to_string(), "2x0o+2x1o+2x1e+2x2o");
    assert_eq!(product.num_weights(), 8);

    let product = TensorProduct::outer(&parsed("2x1o"), &parsed("3x1o"), Some(1), true).unwrap();
    assert_eq!(product.output().to_string(), "6x0e+6x1e");
    assert_eq!(product.num_weights(), 12);
}

#[test]
fn along_edges_rows_are_gathered_and_summed() {
    let product = TensorProduct::outer(&parsed("0e"), &parsed("0e"), None, false).unwrap();
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
    let report: Report = test.of_features(double).unwrap();
    assert!(report.worst().relative() < 1e-13, "{name}: {report}");
    let report: Report = test.of_features(|x| doubles(&single(&singles(x)))).unwrap();
    assert!(report.worst().relative() < 1e-5, "{name} in f32: {report}");
}

#[test]
fn tensor_products_are_equivariant() {
    for case in cases().iter().filter(|case| !case.edges) {
        // Both inputs are one feature vector: the rows of the first, then those of the second.
        let product = &case.product;
        let input = product.first() + product.second();
        let weights = &case.weights[..product.num_weights()];
        fn apply<T: Real>(product: &TensorProduct, weights: &[T], x: &[T]) -> Vec<T> {
            let (first, second) = x.split_at(product.first().dim());
            let mut output = vec![T::constant(0.0, 0.0); product.output().dim()];
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
    let of = |slice: std::ops::Range<usize>| {
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
    let paths: Vec<Path> = every_path(&first, &second, &output)
        .into_iter()
        .map(|path| Path { weighted: true, ..path })
        .collect();
    let all = [
        TensorProduct::new(first.clone(), second.clone(), output, &paths).unwrap(),
        TensorProduct::outer(&first, &second, Some(COUPLING_LMAX), true).unwrap(),
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

fn path(first: usize, second: usize, output: usize, mode: Mode) -> Path {
    Path { first, second, output, mode, weighted: true }
}

/// The message of a product that cannot be made.
fn refused(first: &str, second: &str, output: &str, paths: &[Path]) -> String {
    let [first, second, output] = [first, second, output].map(parsed);
    TensorProduct::new(first, second, output, paths).unwrap_err().to_string()
}

#[test]
fn paths_that_do_not_fit_are_refused() {
    let good = path(0, 0, 0, Mode::Uvu);
    let refused_with = |paths: &[Path]| refused("2x0e + 0o", "3x0e", "2x0e + 6x0e", paths);
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
        TensorProduct::channelwise(&parsed("2x0e"), &parsed("3x0o"), None, true)
            .unwrap_err()
            .to_string(),
        "path 0: mode uuu takes multiplicities u x u to u, found 2 x 3 to 2"
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
        TensorProduct::channelwise(&scalar, &high, None, false),
        TensorProduct::outer(&scalar, &high, None, false),
        TensorProduct::convolution(&scalar, &high, |_| true),
    ];
    for product in made {
        assert_eq!(product.unwrap_err().to_string(), message);
    }
    // What is not kept is not asked for.
    let kept = TensorProduct::outer(&scalar, &high, Some(COUPLING_LMAX), false).unwrap();
    assert!(kept.output().is_empty());
    // An error at once, not after a list of 10¹³ degrees.
    let huge: Irreps = parsed("10000000000000e");
    assert!(TensorProduct::outer(&huge, &huge, None, false).is_err());
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
    let free = twice.map(|path| Path { weighted: false, ..path });
    let product = TensorProduct::new(all.clone(), all.clone(), all.clone(), &free).unwrap();
    let error = product.forward(Rows::Each, 2, &[1.0], &[1.0], &[], &mut [1.0]).unwrap_err();
    let message = format!("the slice of the second input has length 1, expected {most}");
    assert_eq!(error.to_string(), message);

    let two = parsed("0e + 0o");
    let error = TensorProduct::outer(&all, &two, None, false).unwrap_err();
    assert!(matches!(error, KernelError::Irreps(_)), "{error}");
    let error = TensorProduct::outer(&some, &some, None, false).unwrap_err();
    assert!(matches!(error, KernelError::Multiplicity { .. }), "{error}");

    let linear = Linear::new(Irreps::scalars(1), parsed("18446744073709551615x0o"), false);
    let error = linear.forward(&[1.0, 2.0], &[], &mut [0.0]).unwrap_err();
    let message = format!("the slice of the output has length 1, expected {most}");
    assert_eq!(error.to_string(), message);
}

#[test]
#[should_panic(expected = "the weights are more than a usize counts")]
fn a_linear_map_of_too_many_weights_panics() {
    let many = Irreps::scalars(5_000_000_000);
    Linear::new(many.clone(), many, false);
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

// Channels.

const CHANNELS: [&str; 4] = ["2x0e + 2x1o + 1x0o + 1x2e", "0e", "", "0x1o + 0o + 0x0e"];

/// The invariants times the features: both operations at once, their factors the invariants.
fn gated<T: Real>(channels: &Channels, x: &[T]) -> Vec<T> {
    let zero = T::constant(0.0, 0.0);
    let rows = x.len().checked_div(channels.irreps().dim()).unwrap_or(0);
    let mut factors = vec![zero; rows * channels.len()];
    channels.invariants(x, &mut factors).unwrap();
    let mut scaled = vec![zero; x.len()];
    channels.scale(x, &factors, &mut scaled).unwrap();
    scaled
}

#[test]
fn an_invariant_is_a_value_or_a_norm() {
    let channels = Channels::new(parsed("2x0e + 0o"));
    assert_eq!(channels.len(), 3);
    let mut invariants = [0.0; 6];
    channels.invariants(&[-1.0, 2.0, -3.0, 0.5, 0.0, 0.0], &mut invariants).unwrap();
    assert_eq!(invariants, [-1.0, 2.0, f64::sqrt(9.0 + 1e-12), 0.5, 0.0, 1e-6]);
    if COUPLING_LMAX >= 1 {
        let channels = Channels::new(parsed("2x1o + 0e"));
        let mut invariants = [0.0; 3];
        channels.invariants(&[1.0, 2.0, 2.0, 0.0, -3.0, 4.0, 7.0], &mut invariants).unwrap();
        let expected = [f64::sqrt(9.0 + 1e-12), f64::sqrt(25.0 + 1e-12), 7.0];
        assert_near("norms", &invariants, &expected, &expected, 2.0 * f64::EPSILON);
        let mut scaled = [0.0; 7];
        let x = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];
        channels.scale(&x, &[2.0, -1.0, 10.0], &mut scaled).unwrap();
        assert_eq!(scaled, [2.0, 4.0, 6.0, -4.0, -5.0, -6.0, 70.0]);
    }
}

#[test]
fn the_gradients_of_channels_are_their_derivatives() {
    for text in CHANNELS {
        let channels = Channels::new(irreps(text));
        let mut random = Random::new(8);
        let rows = if channels.is_empty() { 0 } else { 3 };
        let x = random.normals(rows * channels.irreps().dim());
        let factors = random.normals(rows * channels.len());
        let invariants = |x: &[Dual]| {
            let mut invariants = vec![Dual(0.0, 0.0); factors.len()];
            channels.invariants(x, &mut invariants).unwrap();
            invariants
        };
        let cotangent = random.normals(factors.len());
        let mut found = vec![1.0; x.len()];
        channels.invariants_backward(&x, &cotangent, &mut found).unwrap();
        let wanted = dual_gradient(&x, &cotangent, invariants);
        let wanted: Vec<f64> = wanted.iter().map(|g| 1.0 + g).collect();
        let magnitudes = vec![10.0; wanted.len()];
        assert_near(text, &found, &wanted, &magnitudes, f64::EPSILON);

        let scale = |x: &[Dual], factors: &[Dual]| {
            let mut scaled = vec![Dual(0.0, 0.0); x.len()];
            channels.scale(x, factors, &mut scaled).unwrap();
            scaled
        };
        let cotangent = random.normals(x.len());
        let expected = [
            dual_gradient(&x, &cotangent, |x| scale(x, &constants(&factors))),
            dual_gradient(&factors, &cotangent, |factors| scale(&constants(&x), factors)),
        ];
        for asked in [[true, false], [false, true], [true, true]] {
            let mut found = [vec![1.0; x.len()], vec![1.0; factors.len()]];
            let [dx, df] = &mut found;
            let (dx, df) = (asked[0].then_some(&mut dx[..]), asked[1].then_some(&mut df[..]));
            channels.scale_backward(&x, &factors, &cotangent, dx, df).unwrap();
            for side in 0..2 {
                let sign = if asked[side] { 1.0 } else { 0.0 };
                let wanted: Vec<f64> = expected[side].iter().map(|g| 1.0 + sign * g).collect();
                let magnitudes = vec![10.0; wanted.len()];
                assert_near(text, &found[side], &wanted, &magnitudes, f64::EPSILON);
            }
        }
    }
}

#[test]
fn channels_are_equivariant() {
    for text in CHANNELS {
        let channels = Channels::new(irreps(text));
        let irreps = channels.irreps();
        assert_equivariant(
            text,
            irreps,
            irreps,
            |x| if x.is_empty() { vec![] } else { gated(&channels, x) },
            |x| if x.is_empty() { vec![] } else { gated(&channels, x) },
        );
    }
}

#[test]
fn gradients_at_zero_features_are_finite() {
    fn check<T: Real>(finite: impl Fn(T) -> bool) {
        let channels = Channels::new(irreps("0e + 0o + 1o + 2e"));
        let zero = T::constant(0.0, 0.0);
        let x = vec![zero; channels.irreps().dim()];
        let mut gradient = x.clone();
        let ones = vec![T::constant(1.0, 1.0); channels.len()];
        channels.invariants_backward(&x, &ones, &mut gradient).unwrap();
        assert!(gradient.iter().all(|&g| finite(g)));
        // Nothing but the scalar has a gradient there.
        assert!(gradient[0] == T::constant(1.0, 1.0) && gradient[1..].iter().all(|&g| g == zero));
    }
    check::<f32>(f32::is_finite);
    check::<f64>(f64::is_finite);
}

#[test]
fn wrong_lengths_of_channels_are_refused() {
    let channels = Channels::new(parsed("2x0e + 0o"));
    let values = [1.0; 12];
    let message = |result: Result<(), KernelError>| result.unwrap_err().to_string();
    let invariants =
        |x: usize, out: usize| channels.invariants(&values[..x], &mut [0.0; 12][..out]);
    assert_eq!(message(invariants(5, 3)), "the slice of the features has length 5, expected 3");
    assert_eq!(message(invariants(6, 3)), "the slice of the channels has length 3, expected 6");
    assert_eq!(
        message(channels.scale(&values[..6], &values[..6], &mut [0.0; 5])),
        "the slice of the output has length 5, expected 6"
    );
    assert_eq!(
        message(channels.invariants_backward(&values[..6], &values[..6], &mut [0.0; 7])),
        "the slice of the gradient of the features has length 7, expected 6"
    );
    let (x, f) = (&values[..6], &values[..6]);
    assert_eq!(
        message(channels.scale_backward(x, f, &values[..5], None, None)),
        "the slice of the gradient of the output has length 5, expected 6"
    );
    assert_eq!(
        message(channels.scale_backward(x, f, x, None, Some(&mut [0.0; 2]))),
        "the slice of the gradient of the factors has length 2, expected 6"
    );
    assert_eq!(
        message(Channels::new(parsed("")).invariants(&[1.0], &mut [])),
        "the slice of the features has length 1, expected 0"
    );
}
