//! Real spherical harmonics from their definition, in about 30 digits: associated Legendre
//! functions by the recursion in l, normalized by factorials.

use super::double_double::DoubleDouble;

/// The harmonics to a degree.
pub struct Definition {
    lmax: usize,
    /// By l and m: the normalizing factor, and the factors a and b of the recursion
    /// P_{l,m} = a z P_{l-1,m} - b P_{l-2,m}.
    rows: Vec<Vec<[DoubleDouble; 3]>>,
}

/// The harmonics at a point.
pub struct Exact {
    /// Y_{lm}(r/|r|) at index l² + l + m.
    pub values: Vec<DoubleDouble>,
    /// |r|; meaningless outside the range of f64.
    pub length: DoubleDouble,
}

impl Exact {
    /// Y_{l,-l}, …, Y_{l,l}.
    pub fn degree(&self, l: usize) -> &[DoubleDouble] {
        &self.values[l * l..(l + 1) * (l + 1)]
    }

    /// The values of solid harmonics to degree `lmax`: those of degree l times |r|^l.
    pub fn solid(&self, lmax: usize) -> Vec<DoubleDouble> {
        let mut power = DoubleDouble::from(1.0);
        let mut values = Vec::with_capacity(self.values.len());
        for l in 0..=lmax {
            values.extend(self.degree(l).iter().map(|&value| value * power));
            power = power * self.length;
        }
        values
    }
}

impl Definition {
    pub fn new(lmax: usize) -> Definition {
        let row = |l| (0..=l).map(|m| factors(l, m)).collect();
        Definition { lmax, rows: (0..=lmax).map(row).collect() }
    }

    /// The harmonics at any finite vector but zero.
    pub fn at(&self, r: [f64; 3]) -> Exact {
        let (scaled, factor) = to_unit_range(r);
        let [x, y, z] = scaled.map(DoubleDouble::from);
        let scaled_length = (x * x + y * y + z * z).sqrt();
        let [x, y, z] = [x, y, z].map(|component| component / scaled_length);
        let mut values = vec![DoubleDouble::default(); (self.lmax + 1).pow(2)];
        // (x + iy)^m and (2m - 1)!!.
        let (mut cosine, mut sine) = (DoubleDouble::from(1.0), DoubleDouble::from(0.0));
        let mut diagonal = DoubleDouble::from(1.0);
        for m in 0..=self.lmax {
            let (mut below, mut legendre) = (DoubleDouble::from(0.0), diagonal);
            for l in m..=self.lmax {
                let [norm, a, b] = self.rows[l][m];
                if l > m {
                    (below, legendre) = (legendre, a * z * legendre - b * below);
                }
                let part = norm * legendre;
                values[l * l + l + m] = part * cosine;
                if m > 0 {
                    values[l * l + l - m] = part * sine;
                }
            }
            (cosine, sine) = (x * cosine - y * sine, x * sine + y * cosine);
            diagonal = diagonal * DoubleDouble::from((2 * m + 1) as f64);
        }
        Exact { values, length: scaled_length / factor.into() }
    }
}

/// The normalizing factor of (l, m) and the factors of the recursion to it.
fn factors(l: usize, m: usize) -> [DoubleDouble; 3] {
    let number = |n: usize| DoubleDouble::from(n as f64);
    // (l - m)! / (l + m)!.
    let ratio = (l - m + 1..=l + m).fold(number(1), |ratio, n| ratio / number(n));
    let multiple = if m == 0 { 2 * l + 1 } else { 2 * (2 * l + 1) };
    let norm = (number(multiple) * ratio / (number(4) * DoubleDouble::PI)).sqrt();
    if l == m {
        return [norm; 3];
    }
    [norm, number(2 * l - 1) / number(l - m), number(l + m - 1) / number(l - m)]
}

/// A vector times a power of two, so that its largest component is between 1 and 2, and that
/// power, which is infinite for subnormal vectors.
fn to_unit_range(r: [f64; 3]) -> ([f64; 3], f64) {
    let largest = r.into_iter().fold(0.0, |a: f64, b| a.max(b.abs()));
    assert!(largest > 0.0 && largest.is_finite(), "{r:?} has no direction");
    let exponent = if largest >= f64::MIN_POSITIVE {
        (largest.to_bits() >> 52) as i32 - 1023
    } else {
        -1074 + largest.to_bits().ilog2() as i32
    };
    // In two steps, since 2^1074 is out of range.
    let half = exponent / 2;
    let [first, second] = [half, exponent - half].map(|e| 2.0_f64.powi(-e));
    (r.map(|component| component * first * second), first * second)
}
