//! Functions of scalars, [`BLOCK`] numbers at a time, in f64 whatever the features are.
//!
//! # The algorithm
//! Functions of exp run on lanes, all others number by number. With n = ⌊x/ln 2⌉ and r = x - n ln 2, which
//! is |r| ≤ ln 2 / 2, exp(x) = 2^n (1 + p), where p = exp(r) - 1 is the Taylor series to r^13, whose
//! remainder is below 2^-57. So exp(x) - 1 = 2^n p + (2^n - 1) has no cancellation: for n = 0 it is p, and
//! otherwise |x| > ln 2 / 2. n is rounded by adding 1.5 · 2^52 and then stands in the last bits of
//! the sum, from where it is moved to the exponent of 2^n.
//!
//! Arguments are never positive: σ(|x|) = 1/(1 + exp(-|x|)) and σ(-|x|) = exp(-|x|) σ(|x|) keep their
//! digits however small they are, and so does tanh |x| = -m/(2 + m) with m = exp(-2|x|) - 1.

use super::ScalarFunction;
use crate::simd::Lanes;

/// The numbers of a block of lanes of f64.
pub(super) const BLOCK: usize = 8;

/// A block of numbers.
pub(super) type Block = [f64; BLOCK];

/// A function that has code on lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnLanes {
    Silu,
    Sigmoid,
    Tanh,
}

/// The value and the first two derivatives of a function at every number.
#[inline(always)]
pub(super) fn derivatives<V: Lanes<Number = f64>>(
    proof: V::Proof,
    function: &ScalarFunction,
    x: &Block,
) -> [Block; 3] {
    match function.on_lanes {
        Some(OnLanes::Silu) => silu::<V>(proof, x),
        Some(OnLanes::Sigmoid) => sigmoid::<V>(proof, x),
        Some(OnLanes::Tanh) => tanh::<V>(proof, x),
        None => one_by_one(function, x),
    }
}

/// Not part of what is compiled for each kind of lanes.
#[inline(never)]
fn one_by_one(function: &ScalarFunction, x: &Block) -> [Block; 3] {
    let mut results = [[0.0; BLOCK]; 3];
    for (index, &x) in x.iter().enumerate() {
        for (result, value) in results.iter_mut().zip(function.derivatives(x)) {
            result[index] = value;
        }
    }
    results
}

/// With a = σ(x) and b = σ(-x): x a, a + x a b, 2 a b + x a b (b - a).
#[inline(always)]
fn silu<V: Lanes<Number = f64>>(proof: V::Proof, x: &Block) -> [Block; 3] {
    let [a, b] = logistic::<V>(proof, x);
    let x = V::load(proof, x);
    let slope = a.mul(b);
    let curvature = slope.mul(b.sub(a));
    blocks([x.mul(a), x.mul_add(slope, a), x.mul_add(curvature, slope.add(slope))])
}

/// With a = σ(x) and b = σ(-x): a, a b, a b (b - a).
#[inline(always)]
fn sigmoid<V: Lanes<Number = f64>>(proof: V::Proof, x: &Block) -> [Block; 3] {
    let [a, b] = logistic::<V>(proof, x);
    let slope = a.mul(b);
    blocks([a, slope, slope.mul(b.sub(a))])
}

/// With t = tanh(x): t, (1 - t)(1 + t), -2 t (1 - t)(1 + t).
#[inline(always)]
fn tanh<V: Lanes<Number = f64>>(proof: V::Proof, x: &Block) -> [Block; 3] {
    let [one, two] = [1.0, 2.0].map(|value| V::splat(proof, value));
    let mut argument = *x;
    for x in &mut argument {
        *x = -2.0 * x.abs();
    }
    let m = Exp::<V>::new(proof, &argument).minus_one(proof, &argument);
    let mut t = [0.0; BLOCK];
    m.neg().div(two.add(m)).store(&mut t);
    for (t, x) in t.iter_mut().zip(x) {
        *t = t.copysign(*x);
    }
    let t = V::load(proof, &t);
    let slope = one.sub(t).mul(one.add(t));
    blocks([t, slope, t.add(t).neg().mul(slope)])
}

/// σ(x) and σ(-x).
#[inline(always)]
fn logistic<V: Lanes<Number = f64>>(proof: V::Proof, x: &Block) -> [V; 2] {
    let one = V::splat(proof, 1.0);
    let mut argument = *x;
    for x in &mut argument {
        *x = -x.abs();
    }
    let e = Exp::<V>::new(proof, &argument).value(proof, &argument);
    let large = one.div(one.add(e));
    let [large, small] = [large, e.mul(large)].map(|value| {
        let mut block = [0.0; BLOCK];
        value.store(&mut block);
        block
    });
    // Two loops of one choice each are two instructions, one loop of both is a branch for each number.
    let [mut a, mut b] = [large, small];
    for index in 0..BLOCK {
        a[index] = if x[index] < 0.0 { small[index] } else { large[index] };
    }
    for index in 0..BLOCK {
        b[index] = if x[index] < 0.0 { large[index] } else { small[index] };
    }
    [V::load(proof, &a), V::load(proof, &b)]
}

#[inline(always)]
fn blocks<V: Lanes<Number = f64>>(values: [V; 3]) -> [Block; 3] {
    let mut results = [[0.0; BLOCK]; 3];
    for (value, result) in values.into_iter().zip(&mut results) {
        value.store(result);
    }
    results
}

/// exp(x) = 2^n (1 + p) of arguments that are not positive.
struct Exp<V> {
    power: V,
    p: V,
}

/// Below it 2^n is no normal number, and exp(x) is taken for 0.
const LOWEST: f64 = -708.0;

/// 1.5 · 2^52: sums with it are whole.
const ROUNDING: f64 = 6_755_399_441_055_744.0;

/// ln 2, of which the first part has so few digits that its product with n is exact.
const LN_2: [f64; 2] = [6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10];

/// 1/13!, 1/12!, …, 1/2!.
const SERIES: [f64; 12] = {
    let mut series = [0.0; 12];
    let (mut place, mut factorial) = (0, 1.0);
    while place < 12 {
        factorial *= (place + 2) as f64;
        series[11 - place] = 1.0 / factorial;
        place += 1;
    }
    series
};

impl<V: Lanes<Number = f64>> Exp<V> {
    #[inline(always)]
    fn new(proof: V::Proof, x: &Block) -> Self {
        let mut bounded = *x;
        for x in &mut bounded {
            // NaN stays.
            *x = if *x < LOWEST { LOWEST } else { *x };
        }
        let x = V::load(proof, &bounded);
        let rounding = V::splat(proof, ROUNDING);
        let sum = x.mul_add(V::splat(proof, std::f64::consts::LOG2_E), rounding);
        let n = sum.sub(rounding);
        let r = n.neg_mul_add(V::splat(proof, LN_2[0]), x);
        let r = n.neg_mul_add(V::splat(proof, LN_2[1]), r);
        let mut h = V::splat(proof, SERIES[0]);
        for &coefficient in &SERIES[1..] {
            h = h.mul_add(r, V::splat(proof, coefficient));
        }
        let p = h.mul_add(r.mul(r), r);
        let mut power = [0.0; BLOCK];
        sum.store(&mut power);
        for number in &mut power {
            *number = f64::from_bits((number.to_bits() << 52).wrapping_add(1.0_f64.to_bits()));
        }
        Exp { power: V::load(proof, &power), p }
    }

    /// exp(x).
    #[inline(always)]
    fn value(self, proof: V::Proof, x: &Block) -> V {
        chosen(proof, x, self.power.mul_add(self.p, self.power), 0.0)
    }

    /// exp(x) - 1.
    #[inline(always)]
    fn minus_one(self, proof: V::Proof, x: &Block) -> V {
        let rest = self.power.sub(V::splat(proof, 1.0));
        chosen(proof, x, self.power.mul_add(self.p, rest), -1.0)
    }
}

/// The value where exp(x) is more than 0, else the limit.
#[inline(always)]
fn chosen<V: Lanes<Number = f64>>(proof: V::Proof, x: &Block, value: V, limit: f64) -> V {
    let mut block = [0.0; BLOCK];
    value.store(&mut block);
    for (value, x) in block.iter_mut().zip(x) {
        *value = if *x < LOWEST { limit } else { *value };
    }
    V::load(proof, &block)
}
