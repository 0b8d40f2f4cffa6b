//! The generated programs: straight-line code for all degrees to a low one, over lanes of any kind
//! and for results of any place.

use crate::simd::{Arithmetic, BlockOf, FewRows, Lanes, Narrow, RowsToRead, constant};

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

/// A generated program: lanes of x, y, z to values, G components of the gradient and H of the
/// Hessian, along the native axes.
pub(super) trait Program<const G: usize, const H: usize> {
    fn run<A: Arithmetic>(proof: A::Proof, r: [A; 3], out: &mut impl Sink<A>);
}

/// Columns that are read.
#[allow(dead_code, reason = "at LMAX = 0 no program reads a column")]
pub(super) trait Columns<A> {
    /// The column `index`.
    fn one(&self, index: usize) -> A;

    /// The columns from `index` on.
    fn four(&self, index: usize) -> [A; 4];
}

/// A generated program: lanes of x, y, z and of cotangents to the pull-back along the native axes.
pub(super) trait PullBack {
    fn run<A: Arithmetic>(proof: A::Proof, r: [A; 3], cotangents: &impl Columns<A>) -> [A; 3];
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

/// Blocks of lanes, one for each column.
pub(super) struct BlockSink<'a, B, const G: usize, const H: usize, const K: usize> {
    pub values: &'a mut [B; K],
    pub gradient: &'a mut [[B; K]; G],
    pub hessian: &'a mut [[B; K]; H],
}

impl<V: Lanes, const G: usize, const H: usize, const K: usize> Sink<V>
    for BlockSink<'_, BlockOf<V>, G, H, K>
{
    #[inline(always)]
    fn one(&mut self, component: usize, index: usize, value: V) {
        let columns = match component {
            0 => &mut *self.values,
            1..=3 => &mut self.gradient[component - 1],
            _ => &mut self.hessian[component - 4],
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

/// A few rows of K columns for each component.
pub(super) struct RowSink<'a, T, const K: usize> {
    pub values: FewRows<'a, T>,
    pub gradient: FewRows<'a, T>,
    pub hessian: FewRows<'a, T>,
}

impl<'a, T, const K: usize> RowSink<'a, T, K> {
    /// The rows of a component, and the column of them where it begins.
    #[inline(always)]
    fn rows(&mut self, component: usize) -> (&mut FewRows<'a, T>, usize) {
        match component {
            0 => (&mut self.values, 0),
            1..=3 => (&mut self.gradient, (component - 1) * K),
            _ => (&mut self.hessian, (component - 4) * K),
        }
    }
}

impl<N: Narrow, const K: usize> Sink<N> for RowSink<'_, N::Number, K> {
    #[inline(always)]
    fn one(&mut self, component: usize, index: usize, value: N) {
        let (rows, start) = self.rows(component);
        rows.one(start + index, value);
    }

    #[inline(always)]
    fn four(&mut self, component: usize, index: usize, columns: [N; 4]) {
        let (rows, start) = self.rows(component);
        rows.four(start + index, columns);
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
        let (rows, start) = self.rows(component);
        let ([a, b, c, d], [e, f, g, h]) = (before, columns);
        rows.eight(start + index - 4, [a, b, c, d, e, f, g, h]);
    }
}

include!(concat!(env!("OUT_DIR"), "/batch.rs"));
