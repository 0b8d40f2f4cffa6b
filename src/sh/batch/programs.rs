//! The generated programs: straight-line code for all degrees to a low one, over lanes of any kind
//! and for results of any place.

use super::points::Frame;
use crate::sh::Normalization;
use crate::simd::{
    Arithmetic, BlockOf, FewRows, Half, HalfOf, Lanes, Narrow, Number, RowsToRead, constant, half,
};

/// Where results go. Component 0 are the values, then come those of the gradient, then those of the
/// Hessian.
#[allow(dead_code, reason = "at LMAX = 0 and 1 no program has four columns")]
pub(super) trait Sink<A> {
    /// Takes the column `index`.
    fn one(&mut self, component: usize, index: usize, value: A);

    /// Takes the columns from `index` on.
    fn four(&mut self, component: usize, index: usize, columns: [A; 4]);

    /// Takes the columns from `index` on, or leaves them for when the next four are there.
    fn first_four(&mut self, component: usize, index: usize, columns: [A; 4]) -> [A; 4];

    /// Takes the columns from `index` on, and the four before them if they were left.
    fn next_four(&mut self, component: usize, index: usize, before: [A; 4], columns: [A; 4]);
}

/// The constants of a program that depend on the normalization, for each of them.
pub(super) trait Constants {
    const WIDE: [&'static [Half<f64, 4>]; 3];
    const NARROW: [&'static [Half<f32, 8>]; 3];

    /// Those of one normalization.
    #[inline(always)]
    fn of<T: Number>(normalization: Normalization) -> &'static [T::Half] {
        let index = match normalization {
            Normalization::Integral => 0,
            Normalization::Component => 1,
            Normalization::Norm => 2,
        };
        T::table(Self::WIDE[index], Self::NARROW[index])
    }
}

/// A generated program: constants of a normalization and lanes of x, y, z to values, G components
/// of the gradient and H of the Hessian, along the native axes.
pub(super) trait Program<const G: usize, const H: usize>: Constants {
    fn run<A: Arithmetic>(
        proof: A::Proof,
        constants: &[HalfOf<A>],
        r: [A; 3],
        out: &mut impl Sink<A>,
    );
}

/// Columns that are read.
#[allow(dead_code, reason = "at LMAX = 0 no program reads a column")]
pub(super) trait Columns<A> {
    /// The column `index`.
    fn one(&self, index: usize) -> A;

    /// The columns from `index` on.
    fn four(&self, index: usize) -> [A; 4];
}

/// A generated program: constants, lanes of x, y, z and of cotangents to the pull-back along the
/// native axes.
pub(super) trait PullBack: Constants {
    fn run<A: Arithmetic>(
        proof: A::Proof,
        constants: &[HalfOf<A>],
        r: [A; 3],
        cotangents: &impl Columns<A>,
    ) -> [A; 3];
}

/// A generated program: constants, lanes of x, y, z and of a vector w to the derivatives along w.
pub(super) trait PushForward: Constants {
    fn run<A: Arithmetic>(
        proof: A::Proof,
        constants: &[HalfOf<A>],
        r: [A; 3],
        w: [A; 3],
        out: &mut impl Sink<A>,
    );
}

/// What is done with the program of a push-forward once it is chosen.
pub(super) trait WithPushForward {
    fn with<P: PushForward, const K: usize>(self);
}

/// What is done with the program of a pull-back once it is chosen.
pub(super) trait WithPullBack {
    fn with<P: PullBack, const K: usize>(self);
}

impl<N: Narrow> Columns<N> for RowsToRead<'_, N> {
    #[inline(always)]
    fn one(&self, index: usize) -> N {
        RowsToRead::one(self, index)
    }

    #[inline(always)]
    fn four(&self, index: usize) -> [N; 4] {
        RowsToRead::four(self, index)
    }
}

/// What is done with a program once it is chosen. K is the number of its columns.
pub(super) trait WithProgram<const G: usize, const H: usize> {
    fn with<P: Program<G, H>, const K: usize>(self);
}

/// Blocks of lanes, one for each column, of components along the native axes.
pub(super) struct BlockSink<'a, B, const G: usize, const H: usize, const K: usize> {
    pub values: &'a mut [B; K],
    pub gradient: [&'a mut [B; K]; G],
    pub hessian: [&'a mut [B; K]; H],
}

impl<V: Lanes, const G: usize, const H: usize, const K: usize> Sink<V>
    for BlockSink<'_, BlockOf<V>, G, H, K>
{
    #[inline(always)]
    fn one(&mut self, component: usize, index: usize, value: V) {
        let columns = match component {
            0 => &mut *self.values,
            1..=3 => &mut *self.gradient[component - 1],
            _ => &mut *self.hessian[component - 4],
        };
        value.store(&mut columns[index]);
    }

    #[inline(always)]
    fn four(&mut self, component: usize, index: usize, [a, b, c, d]: [V; 4]) {
        self.one(component, index, a);
        self.one(component, index + 1, b);
        self.one(component, index + 2, c);
        self.one(component, index + 3, d);
    }

    #[inline(always)]
    fn first_four(&mut self, component: usize, index: usize, columns: [V; 4]) -> [V; 4] {
        self.four(component, index, columns);
        columns
    }

    #[inline(always)]
    fn next_four(&mut self, component: usize, index: usize, _before: [V; 4], columns: [V; 4]) {
        self.four(component, index, columns);
    }
}

/// A few rows of K columns of each component along the native axes.
pub(super) struct RowSink<'a, N: Narrow, const G: usize, const H: usize, const K: usize> {
    pub values: FewRows<'a, N, 1, K>,
    pub gradient: [FewRows<'a, N, G, K>; G],
    pub hessian: [FewRows<'a, N, H, K>; H],
}

impl<N: Narrow, const G: usize, const H: usize, const K: usize> Sink<N>
    for RowSink<'_, N, G, H, K>
{
    #[inline(always)]
    fn one(&mut self, component: usize, index: usize, value: N) {
        match component {
            0 => self.values.one(index, value),
            1..=3 => self.gradient[component - 1].one(index, value),
            _ => self.hessian[component - 4].one(index, value),
        }
    }

    #[inline(always)]
    fn four(&mut self, component: usize, index: usize, columns: [N; 4]) {
        match component {
            0 => self.values.four(index, columns),
            1..=3 => self.gradient[component - 1].four(index, columns),
            _ => self.hessian[component - 4].four(index, columns),
        }
    }

    #[inline(always)]
    fn first_four(&mut self, component: usize, index: usize, columns: [N; 4]) -> [N; 4] {
        if !N::PAIRED {
            self.four(component, index, columns);
        }
        columns
    }

    #[inline(always)]
    fn next_four(&mut self, component: usize, index: usize, before: [N; 4], columns: [N; 4]) {
        if !N::PAIRED {
            return self.four(component, index, columns);
        }
        let ([a, b, c, d], [e, f, g, h]) = (before, columns);
        let eight = [a, b, c, d, e, f, g, h];
        match component {
            0 => self.values.eight(index - 4, eight),
            1..=3 => self.gradient[component - 1].eight(index - 4, eight),
            _ => self.hessian[component - 4].eight(index - 4, eight),
        }
    }
}

/// Turns gradients of solid harmonics at directions u into those of spherical ones, before they are
/// stored: ∂_i (Y / |r|^l) = (∂_i Y - l u_i Y) / |r|. Of a column the value comes first.
pub(super) struct Tangential<'a, A: Arithmetic, S, const K: usize> {
    proof: A::Proof,
    sink: &'a mut S,
    u: [A; 3],
    /// 1/|r|, negative along axes that are turned around.
    inverse: [A; 3],
    values: [A; K],
}

impl<'a, A: Arithmetic, S, const K: usize> Tangential<'a, A, S, K> {
    /// The degree of each column.
    const DEGREES: [usize; K] = degrees();

    #[inline(always)]
    pub fn new(proof: A::Proof, frame: Frame, (u, inverse): ([A; 3], A), sink: &'a mut S) -> Self {
        Tangential { proof, sink, u, inverse: frame.turn([inverse; 3]), values: [inverse; K] }
    }

    /// A column of a component.
    #[inline(always)]
    fn column(&mut self, component: usize, index: usize, column: A) -> A {
        if component == 0 {
            self.values[index] = column;
            return column;
        }
        let (axis, l) = (component - 1, Self::DEGREES[index]);
        if l == 0 {
            return column;
        }
        let l = constant::<A>(self.proof, l as f64, l as f32);
        let along = l.mul(self.u[axis]).neg_mul_add(self.values[index], column);
        along.mul(self.inverse[axis])
    }

    #[inline(always)]
    fn columns(&mut self, component: usize, index: usize, [a, b, c, d]: [A; 4]) -> [A; 4] {
        [
            self.column(component, index, a),
            self.column(component, index + 1, b),
            self.column(component, index + 2, c),
            self.column(component, index + 3, d),
        ]
    }
}

impl<A: Arithmetic, S: Sink<A>, const K: usize> Sink<A> for Tangential<'_, A, S, K> {
    #[inline(always)]
    fn one(&mut self, component: usize, index: usize, value: A) {
        let value = self.column(component, index, value);
        self.sink.one(component, index, value);
    }

    #[inline(always)]
    fn four(&mut self, component: usize, index: usize, columns: [A; 4]) {
        let columns = self.columns(component, index, columns);
        self.sink.four(component, index, columns);
    }

    #[inline(always)]
    fn first_four(&mut self, component: usize, index: usize, columns: [A; 4]) -> [A; 4] {
        let columns = self.columns(component, index, columns);
        self.sink.first_four(component, index, columns)
    }

    #[inline(always)]
    fn next_four(&mut self, component: usize, index: usize, before: [A; 4], columns: [A; 4]) {
        let columns = self.columns(component, index, columns);
        self.sink.next_four(component, index, before, columns);
    }
}

/// The degree of each of K columns of all degrees.
const fn degrees<const K: usize>() -> [usize; K] {
    let mut degrees = [0; K];
    let mut index = 0;
    while index < K {
        degrees[index] = index.isqrt();
        index += 1;
    }
    degrees
}

include!(concat!(env!("OUT_DIR"), "/batch.rs"));
