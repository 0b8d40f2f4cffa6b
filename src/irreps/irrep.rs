//! One irreducible representation of O(3), and the product of two.

use std::cmp::Ordering;
use std::fmt;
use std::ops::{Mul, RangeInclusive};

/// How a representation behaves under inversion, `x -> -x`.
///
/// ```
/// use tesseral::irreps::Parity;
///
/// assert_eq!(Parity::Odd.sign(), -1);
/// assert_eq!(Parity::Odd * Parity::Odd, Parity::Even);
/// assert_eq!(Parity::of_degree(3), Parity::Odd);
/// assert_eq!(Parity::Even.to_string(), "e");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Parity {
    /// Unchanged by inversion: sign +1, written `e`.
    Even,
    /// Negated by inversion: sign -1, written `o`.
    Odd,
}

impl Parity {
    /// `1` or `-1`.
    pub const fn sign(self) -> i32 {
        match self {
            Parity::Even => 1,
            Parity::Odd => -1,
        }
    }

    /// The parity `(-1)^l` of the spherical harmonics of degree `l`.
    pub const fn of_degree(l: usize) -> Self {
        if l.is_multiple_of(2) { Parity::Even } else { Parity::Odd }
    }
}

/// The parity of a product: that of the product of the signs.
impl Mul for Parity {
    type Output = Parity;

    fn mul(self, other: Parity) -> Parity {
        if self == other { Parity::Even } else { Parity::Odd }
    }
}

impl fmt::Display for Parity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Parity::Even => "e",
            Parity::Odd => "o",
        })
    }
}

/// An irreducible representation of O(3): a degree and a parity, written `1o`.
///
/// The order is that of e3nn-jax: by degree, and within a degree the parity
/// `(-1)^l` of the spherical harmonics first:
/// `0e < 0o < 1o < 1e < 2e < 2o < ...`. (e3nn lists them so, but sorts odd
/// before even: `0o < 0e < 1o < 1e < 2o < 2e`.)
///
/// In text `y` stands for the parity of the harmonics, as in e3nn: `1y` is `1o`.
///
/// ```
/// use tesseral::irreps::{Irrep, Parity};
///
/// let vector: Irrep = "1o".parse()?;
/// assert_eq!(vector, Irrep::new(1, Parity::Odd));
/// assert_eq!(vector.dim(), 3);
/// assert!(vector < "1e".parse()?);
/// assert_eq!("2y".parse::<Irrep>()?, "2e".parse()?);
/// # Ok::<(), tesseral::irreps::IrrepsError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Irrep {
    /// The degree, 0 for scalars and 1 for vectors.
    pub l: usize,
    /// The sign under inversion.
    pub parity: Parity,
}

impl Irrep {
    /// The even scalar, `0e`: the representation of an invariant.
    pub const SCALAR: Irrep = Irrep::new(0, Parity::Even);

    /// The largest degree whose dimension fits in a `usize`.
    ///
    /// Parsing and [`Irreps`](super::Irreps) refuse larger ones.
    pub const MAX_DEGREE: usize = (usize::MAX - 1) / 2;

    /// The irrep of degree `l` and the given parity.
    pub const fn new(l: usize, parity: Parity) -> Self {
        Irrep { l, parity }
    }

    /// The irrep of the spherical harmonics of degree `l`: parity `(-1)^l`.
    pub const fn spherical_harmonic(l: usize) -> Self {
        Irrep::new(l, Parity::of_degree(l))
    }

    /// All irreps up to degree `lmax` in e3nn's order of counting, which within a
    /// degree begins with the parity of the harmonics: `0e 0o 1o 1e 2e 2o ...`.
    ///
    /// ```
    /// use tesseral::irreps::Irrep;
    ///
    /// let names: Vec<String> = Irrep::up_to(1).map(|irrep| irrep.to_string()).collect();
    /// assert_eq!(names, ["0e", "0o", "1o", "1e"]);
    /// ```
    pub fn up_to(lmax: usize) -> impl DoubleEndedIterator<Item = Irrep> {
        let parities = [Parity::Even, Parity::Odd];
        (0..=lmax).flat_map(move |l| parities.map(|p| Irrep::new(l, p * Parity::of_degree(l))))
    }

    /// The dimension, `2 l + 1`.
    ///
    /// # Panics
    ///
    /// If the degree is above [`Irrep::MAX_DEGREE`], which no irrep of an
    /// [`Irreps`](super::Irreps) is.
    pub fn dim(self) -> usize {
        let dim = self.checked_dim();
        dim.expect("the degree of an irrep is at most Irrep::MAX_DEGREE")
    }

    /// The dimension, or `None` above [`Irrep::MAX_DEGREE`].
    pub const fn checked_dim(self) -> Option<usize> {
        if self.l <= Irrep::MAX_DEGREE { Some(2 * self.l + 1) } else { None }
    }

    /// Whether this is `0e`.
    pub fn is_scalar(self) -> bool {
        self == Irrep::SCALAR
    }

    /// The irreps of the tensor product with `other`, by rising degree: one of
    /// each degree from `|l1 - l2|` to `l1 + l2`, of the product of the
    /// parities. `a * b` is the same.
    ///
    /// ```
    /// use tesseral::irreps::{Irrep, Parity};
    ///
    /// let vector = Irrep::new(1, Parity::Odd);
    /// let names: Vec<String> = vector.product(vector).map(|ir| ir.to_string()).collect();
    /// assert_eq!(names, ["0e", "1e", "2e"]);
    /// ```
    pub fn product(self, other: Irrep) -> IrrepProduct {
        self.product_up_to(other, usize::MAX)
    }

    /// The irreps of the tensor product with `other` whose degree is at most
    /// `lmax`, by rising degree.
    pub fn product_up_to(self, other: Irrep, lmax: usize) -> IrrepProduct {
        let largest = self.l.saturating_add(other.l).min(lmax);
        IrrepProduct {
            degrees: self.l.abs_diff(other.l)..=largest,
            parity: self.parity * other.parity,
        }
    }

    /// Whether `output` is one of the irreps of the product with `other`.
    ///
    /// ```
    /// use tesseral::irreps::{Irrep, Parity};
    ///
    /// let vector = Irrep::new(1, Parity::Odd);
    /// assert!(vector.product_contains(vector, Irrep::new(2, Parity::Even)));
    /// assert!(!vector.product_contains(vector, Irrep::new(2, Parity::Odd)));
    /// ```
    pub fn product_contains(self, other: Irrep, output: Irrep) -> bool {
        let product = self.product(other);
        product.parity == output.parity && product.degrees.contains(&output.l)
    }

    /// What the order compares: the degree, then whether the parity differs
    /// from that of the spherical harmonics.
    fn order_key(self) -> (usize, bool) {
        (self.l, self.parity != Parity::of_degree(self.l))
    }
}

impl Ord for Irrep {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order_key().cmp(&other.order_key())
    }
}

impl PartialOrd for Irrep {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Irrep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.l, self.parity)
    }
}

/// The text in quotes.
impl fmt::Debug for Irrep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// The irreps of the product; see [`Irrep::product`].
impl Mul for Irrep {
    type Output = IrrepProduct;

    fn mul(self, other: Irrep) -> IrrepProduct {
        self.product(other)
    }
}

/// The irreps of the product of two irreps, by rising degree; made by
/// [`Irrep::product`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IrrepProduct {
    degrees: RangeInclusive<usize>,
    parity: Parity,
}

impl Iterator for IrrepProduct {
    type Item = Irrep;

    fn next(&mut self) -> Option<Irrep> {
        let l = self.degrees.next()?;
        Some(Irrep::new(l, self.parity))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.degrees.size_hint()
    }
}

impl DoubleEndedIterator for IrrepProduct {
    fn next_back(&mut self) -> Option<Irrep> {
        let l = self.degrees.next_back()?;
        Some(Irrep::new(l, self.parity))
    }
}
