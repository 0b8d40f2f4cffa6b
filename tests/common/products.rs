//! Tensor products to test, with what they are evaluated on, and their definition once more.
#![allow(dead_code, reason = "not every test that includes this file uses all of it")]

use std::ops::{Add, Mul, Neg, Sub};

use tesseral::coupling::{COUPLING_LMAX, Tensor};
use tesseral::equivariance::Random;
use tesseral::kernels::{
    Instruction, IrrepNormalization, Mode, Normalization, PathNormalization, Rows, TensorProduct,
};
use tesseral::simd::Path;
use tesseral::{Irrep, Irreps, Number, Parity, Scalar};

/// Irreps without the degrees that this build cannot couple.
pub fn irreps(text: &str) -> Irreps {
    text.parse::<Irreps>().unwrap().filter_lmax(COUPLING_LMAX)
}

pub fn parsed(text: &str) -> Irreps {
    text.parse().unwrap()
}

pub fn singles(values: &[f64]) -> Vec<f32> {
    values.iter().map(|&value| value as f32).collect()
}

pub fn doubles(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| value.into()).collect()
}

/// Fails where a value differs by more than a share of the sum of the magnitudes of its terms.
pub fn assert_near(what: &str, found: &[f64], expected: &[f64], magnitudes: &[f64], share: f64) {
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
pub struct Case {
    pub name: String,
    pub product: TensorProduct,
    pub normalization: Normalization,
    pub senders: Vec<usize>,
    pub receivers: Vec<usize>,
    pub edges: bool,
    pub first: Vec<f64>,
    pub second: Vec<f64>,
    pub weights: Vec<f64>,
    pub cotangent: Vec<f64>,
    pub count: usize,
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
    pub fn rows(&self) -> Rows<'_> {
        let (senders, receivers) = (&self.senders, &self.receivers);
        if self.edges { Rows::Edges { senders, receivers } } else { Rows::Each }
    }

    pub fn forward<T: Number>(
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
    pub fn definition<T: Scalar>(&self, first: &[T], second: &[T], weights: &[T]) -> Vec<T> {
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
    pub fn magnitudes(&self, first: &[f64], second: &[f64], weights: &[f64]) -> Vec<f64> {
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
pub fn every_path(first: &Irreps, second: &Irreps, output: &Irreps) -> Vec<Instruction> {
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

pub fn cases() -> Vec<Case> {
    let mut cases = small_cases();
    cases.extend(wide_convolutions());
    cases
}

/// The cases that are small enough for derivatives entry by entry of derivatives.
pub fn small_cases() -> Vec<Case> {
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
    }
    cases.extend(convolutions());
    cases
}

/// Wide products with channels on the lanes: whole blocks of them and parts.
fn wide_convolutions() -> Vec<Case> {
    let wide = irreps("33x0e + 19x1o + 6x2e + 16x3o + 17x4e");
    let harmonics = Irreps::spherical_harmonics(COUPLING_LMAX.min(2));
    let kept = TensorProduct::convolution(&wide, &harmonics, |irrep| {
        irrep.l <= COUPLING_LMAX.min(4) && irrep.parity == Parity::of_degree(irrep.l)
    });
    let kept = kept.unwrap();
    let case = |(seed, setting): (u64, Setting)| {
        let paths = kept.instructions().to_vec();
        let all = [wide.clone(), harmonics.clone(), kept.output().clone()];
        case("a wide convolution", all, paths, Normalization::default(), setting, seed)
    };
    (0..).zip(SETTINGS).map(case).collect()
}

/// Products with channels on the lanes, in f32 too, in which every second path has weights: of a
/// part of a block of channels, and of whole blocks of f64 and f32 with a part.
fn convolutions() -> Vec<Case> {
    let mut cases = Vec::new();
    for channels in [5, 20] {
        let features = irreps(&format!("{channels}x0e + {channels}x1o"));
        let harmonics = irreps("0e + 1o");
        let kept = |irrep: Irrep| irrep.l <= COUPLING_LMAX;
        let made = TensorProduct::convolution(&features, &harmonics, kept).unwrap();
        let alternating = |(index, &path): (usize, &Instruction)| Instruction {
            weighted: index % 2 == 0,
            path_weight: 0.5 + index as f64,
            ..path
        };
        let paths: Vec<_> = made.instructions().iter().enumerate().map(alternating).collect();
        for (seed, setting) in (0..).zip(SETTINGS) {
            let all = [features.clone(), harmonics.clone(), made.output().clone()];
            let name = format!("a convolution of {channels} channels");
            cases.push(case(&name, all, paths.clone(), Normalization::default(), setting, seed));
        }
    }
    cases
}
