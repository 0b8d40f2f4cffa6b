//! Positions: where they lie in memory, and how they become blocks of native coordinates.

use crate::Scalar;
use crate::parallel::Cut;
use crate::sh::evaluate::Polar;
use crate::sh::{Axes, Form};
use crate::simd::{Arithmetic, BlockOf, Blocks, Job, Lanes, Number, constant};

/// Positions of n points.
///
/// ```
/// use tesseral::sh::batch::Positions;
///
/// let rows = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
/// assert!(matches!(Positions::from(&rows), Positions::Rows([1.0, 2.0, ..])));
/// ```
#[derive(Clone, Copy, Debug)]
pub enum Positions<'a, T> {
    /// `[n][3]`: x, y, z of one point after the other.
    Rows(&'a [T]),
    /// `[n]` for each of x, y, z.
    Axes([&'a [T]; 3]),
}

impl<'a, T> From<&'a [T]> for Positions<'a, T> {
    fn from(rows: &'a [T]) -> Self {
        Positions::Rows(rows)
    }
}

impl<'a, T> From<&'a Vec<T>> for Positions<'a, T> {
    fn from(rows: &'a Vec<T>) -> Self {
        Positions::Rows(rows)
    }
}

impl<'a, T> From<&'a [[T; 3]]> for Positions<'a, T> {
    fn from(rows: &'a [[T; 3]]) -> Self {
        Positions::Rows(rows.as_flattened())
    }
}

impl<'a, T, const N: usize> From<&'a [[T; 3]; N]> for Positions<'a, T> {
    fn from(rows: &'a [[T; 3]; N]) -> Self {
        Positions::Rows(rows.as_flattened())
    }
}

impl<'a, T> From<&'a Vec<[T; 3]>> for Positions<'a, T> {
    fn from(rows: &'a Vec<[T; 3]>) -> Self {
        Positions::Rows(rows.as_flattened())
    }
}

impl<'a, T> From<[&'a [T]; 3]> for Positions<'a, T> {
    fn from(axes: [&'a [T]; 3]) -> Self {
        Positions::Axes(axes)
    }
}

impl<'a, T: Copy> Positions<'a, T> {
    /// The number of points, if the lengths make sense.
    pub(super) fn count(&self) -> Option<usize> {
        match self {
            Positions::Rows(rows) => rows.len().is_multiple_of(3).then_some(rows.len() / 3),
            Positions::Axes([x, y, z]) => {
                (x.len() == y.len() && y.len() == z.len()).then_some(x.len())
            }
        }
    }

    /// The point of an index.
    pub(super) fn at(&self, index: usize) -> [T; 3] {
        match self {
            Positions::Rows(rows) => [rows[3 * index], rows[3 * index + 1], rows[3 * index + 2]],
            Positions::Axes(axes) => axes.map(|axis| axis[index]),
        }
    }
}

impl<T> Cut for Positions<'_, T> {
    fn cut(self, at: usize) -> (Self, Self) {
        match self {
            Positions::Rows(rows) => {
                let (left, right) = rows.split_at(3 * at);
                (Positions::Rows(left), Positions::Rows(right))
            }
            Positions::Axes(axes) => {
                let halves = axes.map(|axis| axis.split_at(at));
                (Positions::Axes(halves.map(|h| h.0)), Positions::Axes(halves.map(|h| h.1)))
            }
        }
    }
}

/// How the caller's vectors become native arguments of solid harmonics.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame {
    pub form: Form,
    pub axes: Axes,
    /// Positions have length one.
    pub unit: bool,
    /// Vectors are turned by half a turn about the pole, which changes the sign of odd orders.
    pub turned: bool,
}

/// 1/|r| of a block as two factors, since their product may leave the range.
pub(super) type Inverse<B> = [B; 2];

/// Native arguments of solid harmonics.
#[derive(Clone, Copy)]
pub(super) struct Argument<A> {
    pub r: [A; 3],
    /// 1/|r| of the vectors whose directions these are, or one.
    pub inverse: Inverse<A>,
    /// Whether the second factor of `inverse` may not be one.
    pub is_careful: bool,
}

impl Frame {
    /// Whether positions are divided by their lengths.
    pub fn divides(&self) -> bool {
        self.form == Form::Spherical && !self.unit
    }

    /// Whether vectors of the caller are native arguments as they are.
    pub fn is_native(&self) -> bool {
        !self.divides() && self.axes == Axes::ZPolar && !self.turned
    }

    /// Vectors of the caller along native axes.
    #[inline(always)]
    pub fn to_native<A: Arithmetic>(self, r: [A; 3]) -> [A; 3] {
        self.turn(self.axes.to_native(r))
    }

    /// Vectors along native axes as the caller's.
    #[inline(always)]
    pub fn to_caller<A: Arithmetic>(self, r: [A; 3]) -> [A; 3] {
        self.axes.to_caller(self.turn(r))
    }

    /// Half a turn about the pole, if there is one.
    #[inline(always)]
    pub fn turn<A: Arithmetic>(&self, [x, y, z]: [A; 3]) -> [A; 3] {
        if self.turned { [x.neg(), y.neg(), z] } else { [x, y, z] }
    }

    /// The native arguments for vectors of the caller.
    #[inline(always)]
    pub fn argument<A: Arithmetic>(&self, proof: A::Proof, r: [A; 3]) -> Argument<A> {
        let r = self.to_native(r);
        if self.divides() {
            return direction(proof, r);
        }
        Argument { r, inverse: [constant(proof, 1.0, 1.0); 2], is_careful: false }
    }

    /// The native arguments of the blocks of points from `first` on, as [`Frame::load`] gives them.
    #[inline(always)]
    pub fn load_many<V: Lanes>(
        &self,
        proof: V::Proof,
        positions: Positions<'_, V::Number>,
        first: usize,
        points: &mut [[BlockOf<V>; 3]],
        inverses: &mut [Inverse<BlockOf<V>>],
    ) {
        V::call(proof, LoadMany { frame: *self, positions, first, points, inverses });
    }

    /// The native arguments of the block of points that begins at `first`; a block that is not full
    /// repeats the last point. `inverse` receives 1/|r| for spherical harmonics.
    #[inline(always)]
    pub fn load<V: Lanes>(
        &self,
        proof: V::Proof,
        positions: Positions<'_, V::Number>,
        first: usize,
        point: &mut [BlockOf<V>; 3],
        inverse: &mut Inverse<BlockOf<V>>,
    ) {
        let argument = self.argument(proof, load_block::<V>(proof, positions, first));
        let ([x, y, z], [a, b, c]) = (argument.r, point);
        x.store(a);
        y.store(b);
        z.store(c);
        if self.divides() {
            let [first, second] = argument.inverse;
            first.store(&mut inverse[0]);
            second.store(&mut inverse[1]);
        }
    }
}

struct LoadMany<'a, T: Number> {
    frame: Frame,
    positions: Positions<'a, T>,
    first: usize,
    points: &'a mut [[T::Block; 3]],
    inverses: &'a mut [Inverse<T::Block>],
}

impl<T: Number> Job<T> for LoadMany<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(self, proof: V::Proof) {
        for (index, (point, inverse)) in self.points.iter_mut().zip(self.inverses).enumerate() {
            let at = (self.first + index) * T::WIDTH;
            self.frame.load::<V>(proof, self.positions, at, point, inverse);
        }
    }
}

/// x, y, z of the block that begins at the point `first`.
#[inline(always)]
pub(super) fn load_block<V: Lanes>(
    proof: V::Proof,
    positions: Positions<'_, V::Number>,
    first: usize,
) -> [V; 3] {
    let width = V::Number::WIDTH;
    match positions {
        Positions::Rows(rows) => {
            let rows = &rows[3 * first..];
            if rows.len() >= 3 * width {
                return V::load_points(proof, rows);
            }
        }
        Positions::Axes([x, y, z]) => {
            if x.len() >= first + width {
                let x = V::Number::blocks(&x[first..first + width]).0;
                let y = V::Number::blocks(&y[first..first + width]).0;
                let z = V::Number::blocks(&z[first..first + width]).0;
                return [V::load(proof, &x[0]), V::load(proof, &y[0]), V::load(proof, &z[0])];
            }
        }
    }
    let mut block = [V::Number::ZERO; 3];
    partial::<V::Number>(positions, first, &mut block);
    let [x, y, z] = &block;
    [V::load(proof, x), V::load(proof, y), V::load(proof, z)]
}

/// A block that the points do not fill: the last one is repeated.
fn partial<T: Number>(positions: Positions<'_, T>, first: usize, block: &mut [T::Block; 3]) {
    for lane in 0..T::WIDTH {
        for axis in 0..3 {
            block[axis][lane] = match positions {
                Positions::Rows(rows) => rows[3 * (first + lane).min(rows.len() / 3 - 1) + axis],
                Positions::Axes(axes) => axes[axis][(first + lane).min(axes[axis].len() - 1)],
            };
        }
    }
}

/// The directions of vectors and the reciprocals of their lengths.
#[inline(always)]
fn direction<A: Arithmetic>(proof: A::Proof, r: [A; 3]) -> Argument<A> {
    let [x, y, z] = r;
    let square = x.mul_add(x, y.mul_add(y, z.mul(z)));
    let [low, high] = plain_squares();
    if square.all_within(low, high) {
        let one = constant::<A>(proof, 1.0, 1.0);
        let reciprocal = one.div(square.sqrt());
        let r = [x.mul(reciprocal), y.mul(reciprocal), z.mul(reciprocal)];
        return Argument { r, inverse: [reciprocal, one], is_careful: false };
    }
    let [points, inverse] = careful_direction::<A::Number>(A::to_blocks(r));
    let [first, second, _] = A::from_blocks(proof, &inverse);
    Argument { r: A::from_blocks(proof, &points), inverse: [first, second], is_careful: true }
}

/// Between which squares of lengths are far inside the range, so that no digits are lost.
#[inline(always)]
fn plain_squares<T: Scalar>() -> [T; 2] {
    [T::constant(1e-200, 1e-20), T::constant(1e200, 1e20)]
}

/// The direction of a vector and 1/|r| as two factors, of which the second is one unless the length is
/// extreme; zeros for the zero vector.
pub(super) fn careful_polar<T: Number>(r: [T; 3]) -> ([T; 3], [T; 2]) {
    let [low, high] = plain_squares::<T>();
    let [x, y, z] = r;
    let is_plain = (low..=high).contains(&(x * x + y * y + z * z));
    match Polar::new(r) {
        Some(polar) => {
            let [scaled, factor] = polar.inverse_length();
            let plain = [scaled * factor, T::constant(1.0, 1.0)];
            (polar.direction, if is_plain { plain } else { [scaled, factor] })
        }
        None => ([T::default(); 3], [T::default(); 2]),
    }
}

/// The same, one vector at a time: those of any length, and the zero vector, whose direction and
/// reciprocal length are set to zero, so that spherical harmonics of l > 0 and all derivatives
/// vanish there.
#[cold]
#[inline(never)]
fn careful_direction<T: Number>(mut points: [T::Block; 3]) -> [[T::Block; 3]; 2] {
    let mut inverse = [T::ZERO; 3];
    for lane in 0..T::WIDTH {
        let r = [points[0][lane], points[1][lane], points[2][lane]];
        let (direction, factors) = careful_polar(r);
        for axis in 0..3 {
            points[axis][lane] = direction[axis];
        }
        inverse[0][lane] = factors[0];
        inverse[1][lane] = factors[1];
    }
    [points, inverse]
}

/// A · b.
#[inline(always)]
pub(super) fn dot<A: Arithmetic>([ax, ay, az]: [A; 3], [bx, by, bz]: [A; 3]) -> A {
    ax.mul_add(bx, ay.mul_add(by, az.mul(bz)))
}
