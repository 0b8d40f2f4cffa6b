//! Tensor products whose paths follow from the irreps: full, fully connected, elementwise, of a
//! convolution, and the square.

use super::TensorProduct;
use super::coupling_path::{
    CouplingPath, IrrepNormalization, Mode, Normalization, PathNormalization,
};
use crate::coupling::Tensor;
use crate::irreps::MulIrrep;
use crate::kernels::{KernelError, unreached};
use crate::{Irrep, Irreps};

/// A path to an irrep of its own: the irrep, its multiplicity, and how it comes about.
struct Found {
    irrep: Irrep,
    mul: usize,
    blocks: [usize; 2],
    mode: Mode,
    path_weight: f64,
}

impl TensorProduct {
    /// Every channel of the first with every channel of the second, to all irreps in `keep`, each
    /// path to a block of its own in the order of irreps: e3nn's `FullTensorProduct`. As there,
    /// neighbouring blocks of equal irreps are one block.
    ///
    /// ```
    /// use tesseral::kernels::TensorProduct;
    ///
    /// let product = TensorProduct::full(&"2x1o".parse()?, &"3x1o".parse()?, |_| true)?;
    /// assert_eq!(product.output().to_string(), "6x0e+6x1e+6x2e");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If a degree has no coupling tensor, or the dimension of the output does not fit in a
    /// `usize`.
    pub fn full(
        first: &Irreps,
        second: &Irreps,
        keep: impl Fn(Irrep) -> bool,
    ) -> Result<Self, KernelError> {
        Self::all_paths(&first.simplify(), &second.simplify(), Mode::Uvuv, false, keep)
    }

    /// Every channel pair to every channel of the output, along every path that there is, one
    /// weight for each: e3nn's `FullyConnectedTensorProduct`.
    ///
    /// # Errors
    /// If a degree has no coupling tensor, the weights are more than a `usize` counts, or no path leads
    /// to a block of the output.
    ///
    /// ```
    /// use tesseral::kernels::TensorProduct;
    ///
    /// let (first, second, output) = ("2x0e + 5x1e".parse()?, "1o".parse()?, "3x1o".parse()?);
    /// let product = TensorProduct::fully_connected(&first, &second, &output)?;
    /// // 0e x 1o and 1e x 1o.
    /// assert_eq!(product.num_weights(), 2 * 3 + 5 * 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "FullyConnectedTensorProduct")]
    pub fn fully_connected(
        first: &Irreps,
        second: &Irreps,
        output: &Irreps,
    ) -> Result<Self, KernelError> {
        let product = Self::with_unreached(first, second, output)?;
        let inputs = format!("`{first}` x `{second}`");
        unreached::check(output, &product.reached(), inputs)?;
        Ok(product)
    }

    /// As [`TensorProduct::fully_connected`], where outputs that no path leads to are allowed: they are
    /// zero.
    ///
    /// # Errors
    /// If a degree has no coupling tensor, or the weights are more than a `usize` counts.
    pub fn with_unreached(
        first: &Irreps,
        second: &Irreps,
        output: &Irreps,
    ) -> Result<Self, KernelError> {
        let mut paths = Vec::new();
        for (i, a) in first.iter().enumerate() {
            for (j, b) in second.iter().enumerate() {
                for (k, c) in output.iter().enumerate() {
                    if a.irrep.product_contains(b.irrep, c.irrep) {
                        paths.push(CouplingPath::new(i, j, k, Mode::Uvw).weighted());
                    }
                }
            }
        }
        Self::new(first.clone(), second.clone(), output.clone(), &paths)
    }

    /// Channel by channel, to all irreps in `keep`: e3nn's `ElementwiseTensorProduct`. As there,
    /// neighbouring blocks of equal irreps are joined, then cut where those of the other input end,
    /// and [`TensorProduct::first`] and [`TensorProduct::second`] are what comes of it; blocks of
    /// the output follow the channels, unsorted.
    ///
    /// # Errors
    /// If the inputs have different numbers of channels, a degree has no coupling tensor, or the
    /// dimension of the output does not fit in a `usize`.
    ///
    /// ```
    /// use tesseral::kernels::TensorProduct;
    ///
    /// let (first, second) = ("2x0e + 1o".parse()?, "3x0o".parse()?);
    /// let product = TensorProduct::elementwise(&first, &second, |_| true)?;
    /// assert_eq!(product.output().to_string(), "2x0o+1x1e");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn elementwise(
        first: &Irreps,
        second: &Irreps,
        keep: impl Fn(Irrep) -> bool,
    ) -> Result<Self, KernelError> {
        let (a, b) = (first.num_irreps(), second.num_irreps());
        if a != b {
            return Err(KernelError::Channels { first: a, second: b });
        }
        let [first, second] = cut([&first.simplify(), &second.simplify()])?;
        let mut found = Vec::new();
        for (index, (a, b)) in first.iter().zip(&second).enumerate() {
            for irrep in kept(a.irrep, b.irrep, &keep)? {
                let blocks = [index; 2];
                found.push(Found { irrep, mul: a.mul, blocks, mode: Mode::Uuu, path_weight: 1.0 });
            }
        }
        Self::of_found(&first, &second, found, false, Normalization::default())
    }

    /// The product of features with harmonics of an edge, to the irreps in `keep`, one weight for
    /// every channel of every path: the convolution of Tensor Field Networks (Thomas et al. 2018,
    /// arXiv:1802.08219), e3nn's mode `uvu`.
    ///
    /// # Errors
    /// If a degree has no coupling tensor, or the number of weights or the dimension of the output
    /// does not fit in a `usize`.
    ///
    /// ```
    /// use tesseral::Irreps;
    /// use tesseral::kernels::TensorProduct;
    ///
    /// let (features, harmonics) = (Irreps::scalars(4), Irreps::spherical_harmonics(1));
    /// let product = TensorProduct::convolution(&features, &harmonics, |_| true)?;
    /// assert_eq!(product.output().to_string(), "4x0e+4x1o");
    /// assert_eq!(product.num_weights(), 8);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn convolution(
        features: &Irreps,
        harmonics: &Irreps,
        keep: impl Fn(Irrep) -> bool,
    ) -> Result<Self, KernelError> {
        Self::all_paths(features, harmonics, Mode::Uvu, true, keep)
    }

    /// The product of features with themselves, to all irreps in `keep`, every pair once: e3nn's
    /// `TensorSquare` without output irreps. As there, neighbouring blocks of equal irreps are one.
    /// To be evaluated with the same features as first and second input; their gradient is the sum
    /// of those of both.
    ///
    /// # Errors
    /// If a degree has no coupling tensor, or the dimension of the output does not fit in a
    /// `usize`.
    ///
    /// ```
    /// use tesseral::kernels::{IrrepNormalization, TensorProduct};
    ///
    /// // u·v, u·u and v·v, and so on: half of the 36 products of six numbers, and the squares.
    /// let vectors = "2x1o".parse()?;
    /// let square = TensorProduct::square(&vectors, IrrepNormalization::Component, |_| true)?;
    /// assert_eq!(square.output().to_string(), "1x0e+2x0e+1x1e+1x2e+2x2e");
    /// assert_eq!(square.output().dim(), 21);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn square(
        irreps: &Irreps,
        normalization: IrrepNormalization,
        keep: impl Fn(Irrep) -> bool,
    ) -> Result<Self, KernelError> {
        let irreps = &irreps.simplify();
        let mut found = Vec::new();
        for (i, a) in irreps.iter().enumerate() {
            for (j, b) in irreps.iter().enumerate().skip(i) {
                for irrep in kept(a.irrep, b.irrep, &keep)? {
                    for meeting in meetings(i == j, [*a, *b], irrep, normalization) {
                        let Meeting { outer: mode, variance: path_weight, .. } = meeting;
                        let too_many = KernelError::Weights { path: found.len() };
                        let mul = mode.pairs([a.mul, b.mul]).ok_or(too_many)?;
                        found.push(Found { irrep, mul, blocks: [i, j], mode, path_weight });
                    }
                }
            }
        }
        found.sort_by_key(|found| found.irrep);
        Self::of_found(irreps, irreps, found, false, SQUARE)
    }

    /// The product of features with themselves to given irreps, one weight for every pair and
    /// channel of the output: e3nn's `TensorSquare` with output irreps. As there, neighbouring
    /// blocks of equal irreps are one, of the output too. To be evaluated with the same features as
    /// first and second input; their gradient is the sum of those of both.
    ///
    /// # Errors
    /// If a degree has no coupling tensor, the weights are more than a `usize` counts, or no path leads
    /// to a block of the output.
    ///
    /// ```
    /// use tesseral::kernels::{IrrepNormalization, TensorProduct};
    ///
    /// let (vectors, scalars) = ("3x1o".parse()?, "2x0e".parse()?);
    /// let square = TensorProduct::square_to(&vectors, &scalars, IrrepNormalization::Component)?;
    /// // Three pairs and three squares, to two channels each.
    /// assert_eq!(square.num_weights(), 3 * 2 + 3 * 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn square_to(
        irreps: &Irreps,
        output: &Irreps,
        normalization: IrrepNormalization,
    ) -> Result<Self, KernelError> {
        let (irreps, output) = (irreps.simplify(), output.simplify());
        let mut paths = Vec::new();
        for (i, a) in irreps.iter().enumerate() {
            for (j, b) in irreps.iter().enumerate().skip(i) {
                for (k, c) in output.iter().enumerate() {
                    if !a.irrep.product_contains(b.irrep, c.irrep) {
                        continue;
                    }
                    for meeting in meetings(i == j, [*a, *b], c.irrep, normalization) {
                        let path = CouplingPath::new(i, j, k, meeting.dense).weighted();
                        paths.push(path.with_path_weight(meeting.variance));
                    }
                }
            }
        }
        let square = Self::with_normalization(irreps.clone(), irreps, output, &paths, SQUARE)?;
        unreached::check(&square.output, &square.reached(), format!("`{0} x {0}`", square.first))?;
        Ok(square)
    }

    /// A path from every pair of blocks to every irrep in their product that is kept, sorted by
    /// irrep.
    fn all_paths(
        first: &Irreps,
        second: &Irreps,
        mode: Mode,
        weighted: bool,
        keep: impl Fn(Irrep) -> bool,
    ) -> Result<Self, KernelError> {
        let mut found = Vec::new();
        for (i, a) in first.iter().enumerate() {
            for (j, b) in second.iter().enumerate() {
                for irrep in kept(a.irrep, b.irrep, &keep)? {
                    let mul = match mode {
                        Mode::Uvu => Some(a.mul),
                        _ => mode.pairs([a.mul, b.mul]),
                    };
                    let mul = mul.ok_or(KernelError::Weights { path: found.len() })?;
                    found.push(Found { irrep, mul, blocks: [i, j], mode, path_weight: 1.0 });
                }
            }
        }
        found.sort_by_key(|found| found.irrep);
        Self::of_found(first, second, found, weighted, Normalization::default())
    }

    /// The product along paths, each to a block of its own.
    fn of_found(
        first: &Irreps,
        second: &Irreps,
        found: Vec<Found>,
        weighted: bool,
        normalization: Normalization,
    ) -> Result<Self, KernelError> {
        let output = Irreps::new(found.iter().map(|found| (found.mul, found.irrep)))?;
        let path = |(output, found): (usize, &Found)| {
            let [first, second] = found.blocks;
            let path = CouplingPath::new(first, second, output, found.mode);
            CouplingPath { weighted, path_weight: found.path_weight, ..path }
        };
        let paths: Vec<CouplingPath> = found.iter().enumerate().map(path).collect();
        Self::with_normalization(first.clone(), second.clone(), output, &paths, normalization)
    }
}

/// The irreps in a product that are kept. That each has a coupling tensor is checked here, before
/// a list of all degrees up to any number is in memory.
fn kept(a: Irrep, b: Irrep, keep: &impl Fn(Irrep) -> bool) -> Result<Vec<Irrep>, KernelError> {
    let mut kept = Vec::new();
    for irrep in (a * b).filter(|irrep| keep(*irrep)) {
        Tensor::new(a.l, b.l, irrep.l)?;
        kept.push(irrep);
    }
    Ok(kept)
}

/// Two lists of blocks, cut so that they have the same multiplicities.
fn cut([first, second]: [&Irreps; 2]) -> Result<[Irreps; 2], KernelError> {
    let mut rest =
        [first, second].map(|irreps| irreps.iter().copied().rev().collect::<Vec<MulIrrep>>());
    let mut cut = [Vec::new(), Vec::new()];
    while let [Some(a), Some(b)] = [rest[0].pop(), rest[1].pop()] {
        let mul = a.mul.min(b.mul);
        for (side, block) in [a, b].into_iter().enumerate() {
            cut[side].push((mul, block.irrep));
            if block.mul > mul {
                rest[side].push(MulIrrep::new(block.mul - mul, block.irrep));
            }
        }
    }
    let [first, second] = cut;
    Ok([Irreps::new(first)?, Irreps::new(second)?])
}

/// Path weights of squares hold the normalization of the coupling.
const SQUARE: Normalization =
    Normalization { irreps: IrrepNormalization::None, paths: PathNormalization::Element };

/// One way in which the blocks of a square meet.
struct Meeting {
    /// The mode to a channel for every pair.
    outer: Mode,
    /// The mode to all channels.
    dense: Mode,
    /// The variance of the path.
    variance: f64,
}

/// The ways in which two blocks of a square meet, with their variances (e3nn's `TensorSquare`):
/// different blocks; different channels of one block; a channel with itself, which couples to even
/// degrees only.
fn meetings(
    same: bool,
    [a, b]: [MulIrrep; 2],
    output: Irrep,
    normalization: IrrepNormalization,
) -> Vec<Meeting> {
    let sizes = [a.irrep, b.irrep, output].map(Irrep::dim);
    let variance = normalization.variance(sizes);
    if !same {
        return vec![Meeting { outer: Mode::Uvuv, dense: Mode::Uvw, variance }];
    }
    let mut meetings = Vec::new();
    if a.mul > 1 {
        meetings.push(Meeting { outer: Mode::UvuLessV, dense: Mode::ULessVw, variance });
    }
    if output.l.is_multiple_of(2) {
        let [n1, _, n3] = sizes.map(|n| n as f64);
        let variance = match (normalization, output.l) {
            (IrrepNormalization::Component, 0) => n3 / (n1 + 2.0),
            (IrrepNormalization::Component, _) => n3 / 2.0,
            (IrrepNormalization::Norm, 0) => n3 * n1,
            (IrrepNormalization::Norm, _) => n1 * (n1 + 2.0) / 2.0,
            (IrrepNormalization::None, _) => 1.0,
        };
        meetings.push(Meeting { outer: Mode::Uuu, dense: Mode::Uuw, variance });
    }
    meetings
}
