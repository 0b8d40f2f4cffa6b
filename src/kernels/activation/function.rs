//! Scalar functions with their first two derivatives.

use std::f64::consts::{FRAC_1_SQRT_2, LN_2, PI};
use std::fmt;

use super::erf::erfc;
use super::lanes::OnLanes;
use crate::Parity;

/// A function of one number, with its first and second derivative.
///
/// The associated constants are the usual ones; make others with [`ScalarFunction::new`]. All
/// evaluate in f64.
///
/// # Example
/// ```
/// use tesseral::Parity;
/// use tesseral::kernels::ScalarFunction;
///
/// assert_eq!(ScalarFunction::TANH.parity(), Some(Parity::Odd));
/// assert_eq!(ScalarFunction::SILU.parity(), None);
/// let cube = ScalarFunction::new("cube", |x| [x * x * x, 3.0 * x * x, 6.0 * x]);
/// assert_eq!(cube.value(2.0), 8.0);
/// // 1/√E[x⁶] = 1/√15.
/// assert!((cube.normalizing_constant() - 15.0_f64.sqrt().recip()).abs() < 1e-16);
/// ```
#[derive(Clone, Copy)]
pub struct ScalarFunction {
    name: &'static str,
    derivatives: fn(f64) -> [f64; 3],
    /// Code for many numbers at once, if there is some.
    pub(super) on_lanes: Option<OnLanes>,
    e3nn_constant: Option<f64>,
}

impl ScalarFunction {
    /// x σ(x), where σ is the logistic function.
    pub const SILU: Self = Self::stored("silu", silu, 1.6791767923989418).on_lanes(OnLanes::Silu);
    /// tanh(x).
    pub const TANH: Self = Self::stored("tanh", tanh, 1.5937334472592695).on_lanes(OnLanes::Tanh);
    /// σ(x) = 1/(1 + exp(-x)).
    pub const SIGMOID: Self =
        Self::stored("sigmoid", sigmoid, 1.8467055342154763).on_lanes(OnLanes::Sigmoid);
    /// x if x is above zero, else 0; the derivative at zero is 0.
    pub const RELU: Self = Self::stored("relu", relu, 1.4163393446331365);
    /// |x|; the derivative at zero is 0.
    pub const ABS: Self = Self::stored("abs", abs, 1.001110600838467);
    /// x Φ(x), where Φ is the distribution function of the normal distribution: the exact form,
    /// not that with tanh.
    pub const GELU: Self = Self::stored("gelu", gelu, 1.5360642850770578);
    /// ln(1 + exp(x)).
    pub const SOFTPLUS: Self = Self::stored("softplus", softplus, 1.0426436590527184);
    /// ln(1 + exp(x)) - ln 2, which is zero at zero (SchNet).
    pub const SHIFTED_SOFTPLUS: Self =
        Self::stored("shifted softplus", shifted_softplus, 1.878204668541552);
    /// sin(x).
    pub const SIN: Self = Self::stored("sin", sin, 1.5218334864623193);
    /// cos(x).
    pub const COS: Self = Self::stored("cos", cos, 1.326609063570005);
    /// x itself.
    pub const IDENTITY: Self = Self::new("identity", |x| [x, 1.0, 0.0]);
    /// 1/x. Its second moment is infinite: it can be taken only as it is, with
    /// [`SecondMoment::Free`](super::SecondMoment::Free).
    pub const RECIPROCAL: Self = Self::new("reciprocal", reciprocal);

    /// A function that returns the value and the first two derivatives at a number.
    pub const fn new(name: &'static str, derivatives: fn(f64) -> [f64; 3]) -> Self {
        ScalarFunction { name, derivatives, on_lanes: None, e3nn_constant: None }
    }

    /// The same with the constant that e3nn finds for it; see [`SecondMoment::E3nn`].
    ///
    /// [`SecondMoment::E3nn`]: super::SecondMoment::E3nn
    ///
    /// ```
    /// use tesseral::kernels::ScalarFunction;
    ///
    /// let square = ScalarFunction::new("square", |x| [x * x, 2.0 * x, 2.0]);
    /// assert_eq!(square.e3nn_constant(), None);
    /// assert_eq!(square.with_e3nn_constant(0.577).e3nn_constant(), Some(0.577));
    /// ```
    pub const fn with_e3nn_constant(self, constant: f64) -> Self {
        ScalarFunction { e3nn_constant: Some(constant), ..self }
    }

    const fn stored(name: &'static str, derivatives: fn(f64) -> [f64; 3], constant: f64) -> Self {
        Self::new(name, derivatives).with_e3nn_constant(constant)
    }

    const fn on_lanes(self, code: OnLanes) -> Self {
        ScalarFunction { on_lanes: Some(code), ..self }
    }

    /// The name, for messages.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The value at x.
    pub fn value(&self, x: f64) -> f64 {
        (self.derivatives)(x)[0]
    }

    /// The value and the first two derivatives at x.
    ///
    /// ```
    /// use tesseral::kernels::ScalarFunction;
    ///
    /// assert_eq!(ScalarFunction::RELU.derivatives(3.0), [3.0, 1.0, 0.0]);
    /// ```
    pub fn derivatives(&self, x: f64) -> [f64; 3] {
        (self.derivatives)(x)
    }

    /// e3nn's constant, where one is stored.
    pub fn e3nn_constant(&self) -> Option<f64> {
        self.e3nn_constant
    }

    /// Whether the function is even or odd, found as in e3nn by comparing f(x) and f(-x) at 256
    /// points from 0 to 10; `None` if neither. A function that vanishes there counts as even.
    ///
    /// ```
    /// use tesseral::Parity;
    /// use tesseral::kernels::ScalarFunction;
    ///
    /// assert_eq!(ScalarFunction::COS.parity(), Some(Parity::Even));
    /// assert_eq!(ScalarFunction::RECIPROCAL.parity(), Some(Parity::Odd));
    /// ```
    pub fn parity(&self) -> Option<Parity> {
        let pairs =
            || (0..256).map(|i| f64::from(i) / 25.5).map(|x| [self.value(x), self.value(-x)]);
        // Infinities of one sign are equal, but their difference is not a number.
        let equal = |[a, b]: [f64; 2]| a == b || (a - b).abs() <= 1e-12 * a.abs().max(b.abs());
        if pairs().all(equal) {
            return Some(Parity::Even);
        }
        pairs().all(|[a, b]| equal([a, -b])).then_some(Parity::Odd)
    }
}

impl fmt::Debug for ScalarFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ScalarFunction({})", self.name)
    }
}

/// σ(x) without overflow.
fn logistic(x: f64) -> f64 {
    if x < 0.0 {
        let e = x.exp();
        return e / (1.0 + e);
    }
    (1.0 + (-x).exp()).recip()
}

/// σ and its first two derivatives: σ' = σ(x) σ(-x), σ'' = -σ' tanh(x/2).
fn sigmoid(x: f64) -> [f64; 3] {
    let [a, b] = [logistic(x), logistic(-x)];
    [a, a * b, a * b * (b - a)]
}

fn silu(x: f64) -> [f64; 3] {
    let [s, ds, dds] = sigmoid(x);
    [x * s, s + x * ds, 2.0 * ds + x * dds]
}

fn tanh(x: f64) -> [f64; 3] {
    let t = x.tanh();
    let slope = (1.0 - t) * (1.0 + t);
    [t, slope, -2.0 * t * slope]
}

/// NaN stays NaN.
fn relu(x: f64) -> [f64; 3] {
    let slope = if x > 0.0 { 1.0 } else { 0.0 };
    [if x < 0.0 { 0.0 } else { x }, slope, 0.0]
}

fn abs(x: f64) -> [f64; 3] {
    let slope = if x == 0.0 { 0.0 } else { 1.0_f64.copysign(x) };
    [x.abs(), slope, 0.0]
}

/// With the density φ: f' = Φ + x φ, f'' = (2 - x²) φ.
fn gelu(x: f64) -> [f64; 3] {
    let distribution = 0.5 * erfc(-x * FRAC_1_SQRT_2);
    let density = (-0.5 * x * x).exp() / (2.0 * PI).sqrt();
    [x * distribution, distribution + x * density, (2.0 - x * x) * density]
}

fn softplus(x: f64) -> [f64; 3] {
    let [s, ds, _] = sigmoid(x);
    [x.max(0.0) + (-x.abs()).exp().ln_1p(), s, ds]
}

fn shifted_softplus(x: f64) -> [f64; 3] {
    let [value, slope, curvature] = softplus(x);
    [value - LN_2, slope, curvature]
}

fn sin(x: f64) -> [f64; 3] {
    let (sin, cos) = x.sin_cos();
    [sin, cos, -sin]
}

fn cos(x: f64) -> [f64; 3] {
    let (sin, cos) = x.sin_cos();
    [cos, -sin, -cos]
}

fn reciprocal(x: f64) -> [f64; 3] {
    let inverse = x.recip();
    [inverse, -inverse * inverse, 2.0 * inverse * inverse * inverse]
}
