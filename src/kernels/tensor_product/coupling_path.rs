//! What a tensor product does: paths between blocks of irreps, how channels connect along each,
//! and how the terms are normalized. Names and formulas are those of e3nn.

use std::fmt;

/// Which channels of the inputs couple to which of the output, by the names of e3nn. u, v and w
/// are channels of the first input, the second input and the output, and `t[u, v]` is the coupling
/// of `x[u]` and `y[v]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// `z[w] = Σ_uv W[u, v, w] t[u, v]`, fully connected.
    Uvw,
    /// `z[u] = Σ_v W[u, v] t[u, v]`. With one channel v, that of a convolution.
    Uvu,
    /// `z[v] = Σ_u W[u, v] t[u, v]`.
    Uvv,
    /// `z[w] = Σ_u W[u, w] t[u, u]`.
    Uuw,
    /// `z[u] = W[u] t[u, u]`, channel by channel.
    Uuu,
    /// `z[u, v] = W[u, v] t[u, v]`, the outer product.
    Uvuv,
    /// `z[u, v] = W[u, v] t[u, v]` for u < v only, e3nn's `uvu<v`.
    UvuLessV,
    /// `z[w] = Σ_{u<v} W[u, v, w] t[u, v]`, e3nn's `u<vw`.
    ULessVw,
}

impl Mode {
    /// All of them.
    pub const ALL: [Mode; 8] = [
        Mode::Uvw,
        Mode::Uvu,
        Mode::Uvv,
        Mode::Uuw,
        Mode::Uuu,
        Mode::Uvuv,
        Mode::UvuLessV,
        Mode::ULessVw,
    ];

    /// e3nn's name.
    pub const fn name(self) -> &'static str {
        match self {
            Mode::Uvw => "uvw",
            Mode::Uvu => "uvu",
            Mode::Uvv => "uvv",
            Mode::Uuw => "uuw",
            Mode::Uuu => "uuu",
            Mode::Uvuv => "uvuv",
            Mode::UvuLessV => "uvu<v",
            Mode::ULessVw => "u<vw",
        }
    }

    /// The mode of e3nn's name.
    ///
    /// ```
    /// use tesseral::kernels::Mode;
    ///
    /// assert_eq!(Mode::from_name("uvu<v"), Some(Mode::UvuLessV));
    /// assert_eq!(Mode::from_name("uv"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<Mode> {
        Mode::ALL.into_iter().find(|mode| mode.name() == name)
    }

    /// Whether each channel pair goes to all channels of the output.
    pub(super) fn is_dense(self) -> bool {
        matches!(self, Mode::Uvw | Mode::Uuw | Mode::ULessVw)
    }

    /// Whether each channel pair is a channel of the output, in the order of pairs.
    pub(super) fn keeps_pairs(self) -> bool {
        matches!(self, Mode::Uvuv | Mode::UvuLessV)
    }

    /// The number of channel pairs (u, v), if a usize counts them.
    pub(super) fn pairs(self, [first, second]: [usize; 2]) -> Option<usize> {
        match self {
            Mode::Uvw | Mode::Uvu | Mode::Uvv | Mode::Uvuv => first.checked_mul(second),
            Mode::Uuw | Mode::Uuu => Some(first),
            Mode::UvuLessV | Mode::ULessVw => {
                first.checked_mul(first.saturating_sub(1)).map(|twice| twice / 2)
            }
        }
    }

    /// Whether three multiplicities fit the mode.
    pub(super) fn fits(self, [first, second, output]: [usize; 3]) -> bool {
        let pairs = || self.pairs([first, second]) == Some(output);
        match self {
            Mode::Uvw => true,
            Mode::Uvu => first == output,
            Mode::Uvv => second == output,
            Mode::Uuw | Mode::ULessVw => first == second,
            Mode::Uuu => first == second && first == output,
            Mode::Uvuv => pairs(),
            Mode::UvuLessV => first == second && pairs(),
        }
    }

    /// The multiplicities that fit.
    pub(super) const fn expectation(self) -> &'static str {
        match self {
            Mode::Uvw => "u x v to w",
            Mode::Uvu => "u x v to u",
            Mode::Uvv => "u x v to v",
            Mode::Uuw => "u x u to w",
            Mode::Uuu => "u x u to u",
            Mode::Uvuv => "u x v to u·v",
            Mode::UvuLessV => "u x u to u(u - 1)/2",
            Mode::ULessVw => "u x u to w",
        }
    }

    /// The number of terms in a channel of the output, in f64, which does not overflow and is
    /// exact as long as it matters.
    fn terms(self, [first, second]: [usize; 2]) -> f64 {
        let [u, v] = [first, second].map(|mul| mul as f64);
        match self {
            Mode::Uvw => u * v,
            Mode::Uvu => v,
            Mode::Uvv | Mode::Uuw => u,
            Mode::Uuu | Mode::Uvuv | Mode::UvuLessV => 1.0,
            Mode::ULessVw => u * (u - 1.0) / 2.0,
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One path: blocks of the two inputs, the block of the output, and how channels connect; an
/// instruction of e3nn.
///
/// ```
/// use tesseral::kernels::{CouplingPath, Mode};
///
/// let path = CouplingPath::new(0, 1, 2, Mode::Uvw).weighted();
/// assert!(path.weighted && path.path_weight == 1.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CouplingPath {
    /// The block of the first input.
    pub first: usize,
    /// The block of the second input.
    pub second: usize,
    /// The block of the output.
    pub output: usize,
    /// The connection of channels.
    pub mode: Mode,
    /// Whether the path has weights.
    pub weighted: bool,
    /// The variance that the path is multiplied with, as e3nn's `path_weight`: values are
    /// multiplied with its square root.
    pub path_weight: f64,
}

impl CouplingPath {
    /// A path without weights.
    pub const fn new(first: usize, second: usize, output: usize, mode: Mode) -> Self {
        CouplingPath { first, second, output, mode, weighted: false, path_weight: 1.0 }
    }

    /// The same with weights.
    pub const fn weighted(self) -> Self {
        CouplingPath { weighted: true, ..self }
    }

    /// The same with a path weight.
    ///
    /// ```
    /// use tesseral::kernels::{CouplingPath, Mode};
    ///
    /// // A variance: values are doubled.
    /// assert_eq!(CouplingPath::new(0, 0, 0, Mode::Uuu).with_path_weight(4.0).path_weight, 4.0);
    /// ```
    pub const fn with_path_weight(self, path_weight: f64) -> Self {
        CouplingPath { path_weight, ..self }
    }
}

/// What inputs are taken to be when the coupling is normalized, e3nn's `irrep_normalization`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum IrrepNormalization {
    /// Components of variance 1 give components of variance 1: the native coupling tensors.
    #[default]
    Component,
    /// Vectors of norm 1 give vectors of norm 1: those times √((2l1 + 1)(2l2 + 1)/(2l3 + 1)).
    Norm,
    /// e3nn's `wigner_3j`, the native coupling tensors divided by √(2l3 + 1).
    None,
}

impl IrrepNormalization {
    /// The square of the factor on e3nn's `wigner_3j` of sizes 2l + 1.
    pub(super) fn variance(self, [n1, n2, n3]: [usize; 3]) -> f64 {
        match self {
            IrrepNormalization::Component => n3 as f64,
            IrrepNormalization::Norm => (n1 * n2) as f64,
            IrrepNormalization::None => 1.0,
        }
    }
}

/// How paths to one block of the output share its variance, e3nn's `path_normalization`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PathNormalization {
    /// Every term of the sum has the same variance.
    #[default]
    Element,
    /// Every path has the same variance.
    Path,
    /// Terms are summed as they are.
    None,
}

/// How a tensor product is normalized.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Normalization {
    /// Of the coupling.
    pub irreps: IrrepNormalization,
    /// Of the sums over paths.
    pub paths: PathNormalization,
}

impl Normalization {
    /// The variance that each path of some is divided by; the path of multiplicities `(mul1, mul2)`
    /// goes to the block `output`.
    pub(super) fn of_paths(self, paths: &[(CouplingPath, [usize; 2])]) -> Vec<f64> {
        let terms = |(path, mul): &(CouplingPath, [usize; 2])| path.mode.terms(*mul);
        let blocks = paths.iter().map(|(path, _)| path.output + 1).max().unwrap_or(0);
        let mut totals = vec![(0.0, 0.0); blocks];
        for path in paths {
            let total = &mut totals[path.0.output];
            *total = (total.0 + terms(path), total.1 + 1.0);
        }
        let variance = |path: &(CouplingPath, [usize; 2])| match self.paths {
            PathNormalization::Element => totals[path.0.output].0,
            PathNormalization::Path => terms(path) * totals[path.0.output].1,
            PathNormalization::None => 1.0,
        };
        // Where there is no term, there is nothing to normalize.
        paths.iter().map(variance).map(|v| if v > 0.0 { v } else { 1.0 }).collect()
    }
}
